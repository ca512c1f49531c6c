"""What is done with a published run at the desk: payments ordered, the bank's answers, refunds, guarantees, holds."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any, ClassVar
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from ledger import paying, remitting
from ledger.access import Verb
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, DateField, FractionField, pick
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.money import CurrencyField, MoneyField, amount, minor, percent
from ledger.admin.sheets import Shown
from ledger.api.access import caller_of
from ledger.constraints import violated
from ledger.statements import remittances, transfers
from rights.models import Party, Recording, Share, Work
from royalties import books
from royalties.models import Account, PaymentFile, RoyaltyRun, Statement

MOST_PARTS = 6
Pair = tuple[forms.BoundField, forms.BoundField]
WITHOUT_NAMES = "Without names. It stands in the record."


class ActForm(FactForm):
    """Something done with a fact; what it leaves behind is looked at there."""

    kept: ClassVar[str] = "This was recorded already."
    by_id = 0

    def act(self, *, id: UUID, at: datetime) -> None:
        """Call the use case."""
        raise NotImplementedError


def carried_out(
    desk: FactAdmin,
    request: HttpRequest,
    fact: Any,
    form: ActForm,
    *,
    title: str,
    action: str,
    to: str,
    template: str = "ledger/admin/form.html",
) -> HttpResponse:
    """Show a form about a fact; or do what it says, and go where that is looked at."""
    form.look_through(caller_of(request).sight)
    form.by_id = request.user.pk or 0
    if form.is_bound and form.is_valid():
        try:
            form.act(id=form.cleaned_data["id"], at=timezone.now())
        except IntegrityError as error:
            if not (violated(error) or "").endswith("_pkey"):
                raise
            messages.info(request, form.kept)
            return HttpResponseRedirect(to)
        except tuple(form.refusals) as error:
            form.add_error(form.field_of(error) or None, sentence_of(error))
        else:
            messages.success(request, form.done)
            return HttpResponseRedirect(to)
    context = {"form": form, "title": title, "action": action, "lead": form.lead}
    response = desk.page(request, template, fact, context)
    response.status_code = 422 if form.errors else 200
    return response


def _given(request: HttpRequest) -> dict[str, Any]:
    """Return how a form is made: bound to what was sent, or with a new id."""
    return {"data": request.POST} if request.method == "POST" else {"initial": {"id": uuid4()}}


# --- Holds


class HoldReleaseForm(ActForm):
    """To whom money on hold goes, now that the dispute is settled."""

    run = forms.ChoiceField(label="Of the period", widget=forms.Select(INPUT))
    units = MoneyField(label="How much", required=False, help_text="All of it, where this is empty")
    reason = forms.CharField(
        label="How it was settled", max_length=300, widget=forms.TextInput(INPUT), help_text=WITHOUT_NAMES
    )

    done = "Released. It comes with the next statements of those who have it now."
    kept = "This was released already."
    refusals = {
        paying.NothingOnHold: "run",
        paying.MoreThanHeld: "units",
        paying.NobodyToRelease: "part_1",
        paying.NoSuchHold: "run",
    }

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        """Offer the periods of which something is on hold, and whoever has a share on record."""
        super().__init__(*args, **options)
        self.account = account
        held = _held(account)
        self.lead = (
            f"{amount(sum(units for _, units in held), account.currency)} {account.currency} are on hold of"
            f" {_title_of(account.reference)}. Each party gets its exact part; together they are 1."
        )
        self.fields["run"].choices = [  # type: ignore[attr-defined]
            (str(run.pk), f"Run {run.number}, {run.period_from} to {run.period_to}: {amount(units, account.currency)}")
            for run, units in held
        ]
        claimants = _claimants(account.reference)
        self.claimants = len(claimants)
        names = []
        for number in range(1, MOST_PARTS + 1):
            first = claimants[number - 1] if number <= len(claimants) else None
            self.fields[f"party_{number}"] = pick(Party, label=f"Party {number}", required=False, initial=first)
            self.fields[f"part_{number}"] = FractionField(label="Its part", required=False, help_text="Such as 2/3")
            names += [f"party_{number}", f"part_{number}"]
        self.groups = (("What", ("run", "units")), ("To whom", tuple(names)), ("Why", ("reason",)))

    def pairs(self) -> tuple[list[Pair], list[Pair]]:
        """Return a party beside its part: those to be seen, and more of them."""
        found = [(self[f"party_{number}"], self[f"part_{number}"]) for number in range(1, MOST_PARTS + 1)]
        used = max((place + 1 for place, pair in enumerate(found) if pair[0].value() or pair[1].value()), default=0)
        seen = min(max(used, self.claimants, 1) + 1, MOST_PARTS)
        return found[:seen], found[seen:]

    def clean(self) -> dict[str, Any]:
        """Read who gets which part, and the amount in minor units."""
        given = super().clean() or self.cleaned_data
        to: dict[UUID, Fraction] = {}
        for number in range(1, MOST_PARTS + 1):
            party, part = given.get(f"party_{number}"), given.get(f"part_{number}")
            if part is None:
                continue  # a claimant who was offered and gets nothing
            if party is None:
                self.add_error(f"party_{number}", "Say whose part this is.")
            elif party.pk in to:
                self.add_error(f"party_{number}", "This party is named twice: give it one part.")
            else:
                to[party.pk] = part
        given["to"] = to
        if given.get("units") is not None:
            given["units"] = minor(self, "units", given["units"], self.account.currency)
        return given

    def act(self, *, id: UUID, at: datetime) -> None:
        """Release it."""
        given = self.cleaned_data
        paying.release_hold(
            id=id,
            account_id=self.account.pk,
            run_id=UUID(given["run"]),
            to=given["to"],
            units=given["units"],
            reason=given["reason"],
            by_id=self.by_id,
            at=at,
        )


def _held(account: Account) -> list[tuple[RoyaltyRun, int]]:
    rows = account.postings.values("transaction__of_run").annotate(units=Sum("units")).order_by()
    units = {row["transaction__of_run"]: int(row["units"]) for row in rows if row["units"]}
    runs = RoyaltyRun.objects.filter(pk__in=units).order_by("number")
    return [(run, units[run.pk]) for run in runs]


def _claimants(asset: str) -> list[Party]:
    try:
        id = UUID(asset)
    except ValueError:
        return []
    shares = Share.objects.filter(Q(recording=id) | Q(work=id)).values("party")
    return list(Party.objects.filter(pk__in=shares).order_by("registered_at", "pk")[:MOST_PARTS])


def _title_of(reference: str) -> str:
    try:
        id = UUID(reference)
    except ValueError:
        return reference
    row = Recording.objects.filter(pk=id).first() or Work.objects.filter(pk=id).first()
    return f"“{row.title}”" if row else reference


def asset_named(reference: str) -> Shown:
    """Return the asset that an account is for, by its title."""
    try:
        id = UUID(reference)
    except ValueError:
        return reference or sheets.NOTHING
    row = Recording.objects.filter(pk=id).first() or Work.objects.filter(pk=id).first()
    return sheets.link(row) if row else sheets.short_id(reference)


class Holds(FactAdmin):
    """Accounts, of which those on hold are released."""

    def get_urls(self) -> list[URLPattern]:
        """Add the release."""
        view = self.admin_site.admin_view(self.release_view)
        return [path("<uuid:id>/release/", view, name="royalties_account_release"), *super().get_urls()]

    def may_release(self, request: HttpRequest, account: Account) -> bool:
        """Whether this person may, and there is anything."""
        settles = caller_of(request).acts_for(account.payer_id, Verb.SETTLE)
        return account.kind == books.Kind.HOLD and settles and bool(_held(account))

    def release_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Release what is on hold."""
        row: Account = self.fact(request, id)
        if not self.may_release(request, row):
            raise PermissionDenied
        form = HoldReleaseForm(**_given(request), account=row)
        title = "Release what is on hold"
        template, to = "ledger/admin/release.html", sheets.address(row)
        return carried_out(self, request, row, form, title=title, action="Release", to=to, template=template)


# --- Guarantees and refunds


class GuaranteeForm(ActForm):
    """A side's minimum in the period of a run."""

    side = forms.ChoiceField(
        choices=[("master", "Masters"), ("publishing", "Publishing")], widget=forms.Select(INPUT)
    )  # fmt: skip
    minimum = MoneyField(label="Guaranteed", help_text="For the period; what is missing goes to the side’s payees")
    is_recoupable = forms.BooleanField(
        required=False, label="Later earnings go to the shortfall first", widget=forms.CheckboxInput
    )
    reason = forms.CharField(
        label="Which license says so", max_length=300, widget=forms.TextInput(INPUT), help_text=WITHOUT_NAMES
    )

    groups = (("Guarantee", ("side", "minimum", "is_recoupable")), ("Why", ("reason",)))
    done = "Topped up. It comes with the next statements."
    kept = "This was topped up already."
    refusals = {paying.NoShortfall: "minimum", paying.NotPublished: ""}

    def __init__(self, *args: Any, run: RoyaltyRun, **options: Any) -> None:
        """Say what each side earned."""
        super().__init__(*args, **options)
        self.run = run
        earned = {side: sum(paying.earned_of_side(run, side).values()) for side in ("master", "publishing")}
        self.lead = (
            f"In this period masters earned {amount(earned['master'], run.currency)} {run.currency} and publishing"
            f" {amount(earned['publishing'], run.currency)} {run.currency}. What is missing is given to those who"
            " earned on that side, by what they earned."
        )

    def clean(self) -> dict[str, Any]:
        """Read the minimum in minor units."""
        given = super().clean() or self.cleaned_data
        if given.get("minimum") is not None:
            given["minimum"] = minor(self, "minimum", given["minimum"], self.run.currency)
        return given

    def act(self, *, id: UUID, at: datetime) -> None:
        """Top it up."""
        given = self.cleaned_data
        paying.guarantee(
            id=id,
            run_id=self.run.pk,
            side=given["side"],
            units=given["minimum"],
            is_recoupable=given["is_recoupable"],
            reason=given["reason"],
            by_id=self.by_id,
            at=at,
        )


class RefundForm(ActForm):
    """Tax that is given back, since a certificate came late."""

    reason = forms.CharField(max_length=300, widget=forms.TextInput(INPUT), help_text=WITHOUT_NAMES)

    groups = (("Why", ("reason",)),)
    done = "Refunded: a new version of the statement says so, and the difference is payable."
    kept = "This was refunded already."
    refusals = {paying.NothingToRefund: "", paying.NotTheNewest: ""}

    def __init__(self, *args: Any, statement: Statement, **options: Any) -> None:
        """Say what was withheld."""
        super().__init__(*args, **options)
        self.statement = statement
        rate = percent(statement.withholding_numerator, statement.withholding_denominator)
        self.lead = (
            f"{statement.payee}, paid on {statement.run.pay_on}: {amount(statement.withheld, statement.currency)}"
            f" {statement.currency} were withheld, {rate} of {amount(statement.base, statement.currency)}. A"
            " certificate on record that was valid on that day, with a lower rate, gives the difference back."
        )

    def act(self, *, id: UUID, at: datetime) -> None:  # noqa: ARG002 - the statement's version is what comes of it
        """Give it back."""
        paying.refund(
            statement_id=self.statement.pk, reason=self.cleaned_data["reason"], by_id=self.by_id, at=at
        )  # fmt: skip


# --- Payments


class OrderForm(ActForm):
    """Payments to be ordered."""

    currency = CurrencyField()
    pay_on = DateField(label="The bank pays on")

    groups = (("Order", ("currency", "pay_on")),)
    done = "Ordered. Download the file and hand it to your bank; every statement in it is ordered once."
    kept = "This was ordered already."
    refusals = {
        remitting.NoPayersAccount: "",
        paying.NotPublished: "",
        transfers.NothingToPay: "currency",
        transfers.NotAFile: "",
        remitting.OrderedBefore: "",
    }

    def __init__(self, *args: Any, run: RoyaltyRun, **options: Any) -> None:
        """Order those of one run."""
        super().__init__(*args, **options)
        self.run = run

    def act(self, *, id: UUID, at: datetime) -> None:
        """Order them."""
        given = self.cleaned_data
        remitting.order(
            id=id, run_id=self.run.pk, currency=given["currency"], pay_on=given["pay_on"], by_id=self.by_id, at=at
        )


class RemittanceForm(forms.Form):
    """What a bank says."""

    payer = pick(Party, help_text="Your organization, whose account the file is about")
    file = forms.FileField(
        allow_empty_file=True,
        label="The bank’s file",
        widget=forms.FileInput({"class": "l-input", "accept": ".xml,.csv,text/csv,application/xml"}),
        help_text="camt.053, camt.054, or CSV with end_to_end_id, amount, currency and booked_on; at most 16 MiB",
    )

    def grouped(self) -> list[tuple[str, list[tuple[forms.BoundField, bool]]]]:
        """Return the fields under their heading."""
        return [("What the bank says", [(self["payer"], False), (self["file"], False)])]


class Settling(FactAdmin):
    """What is done with a run once it is published."""

    def get_urls(self) -> list[URLPattern]:
        """Add what is done, and the bank's answers."""
        view, name = self.admin_site.admin_view, "royalties_royaltyrun"
        return [
            path("from-the-bank/", view(self.remittance_view), name=f"{name}_remittance"),
            path("<uuid:id>/payments/", view(self.payments_view), name=f"{name}_payments"),
            path("<uuid:id>/payments/<uuid:file_id>.xml", view(self.file_view), name=f"{name}_file"),
            path("<uuid:id>/guarantee/", view(self.guarantee_view), name=f"{name}_guarantee"),
            path("statements/<uuid:statement_id>/refund/", view(self.refund_view), name=f"{name}_refund"),
            *super().get_urls(),
        ]

    def settled(self, request: HttpRequest, id: UUID) -> RoyaltyRun:
        """
        Return a published run for which this person settles.

        :raises Http404: it is not there, or not published
        """
        row: RoyaltyRun = self.fact(request, id)
        if not caller_of(request).acts_for(row.payer_id, Verb.SETTLE):
            raise PermissionDenied
        if not paying.is_published(row.pk):
            raise Http404
        return row

    def guarantee_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Top a side up to its minimum."""
        row = self.settled(request, id)
        form = GuaranteeForm(**_given(request), run=row)
        title = f"Top up to a guarantee, run {row.number}"
        return carried_out(self, request, row, form, title=title, action="Top up", to=sheets.address(row))

    def refund_view(self, request: HttpRequest, statement_id: UUID) -> HttpResponse:
        """Give tax back."""
        rows = self.seen(request, Statement.objects.select_related("run", "payee__identity"))
        statement = rows.filter(pk=statement_id).first()
        if statement is None:
            raise Http404
        row = self.settled(request, statement.run_id)
        form = RefundForm(**_given(request), statement=statement)
        to = _statement_address(statement.pk)  # which leads to the newer version
        return carried_out(self, request, row, form, title="Refund tax", action="Refund", to=to)

    # --- Payments

    def payments_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Show what is ordered and what is due, and order it."""
        row = self.settled(request, id)
        due, left = remitting.outlook(row.pk)
        initial = {"id": uuid4(), "pay_on": max(row.pay_on, timezone.now().date()), "currency": next(iter(due), "")}
        form = OrderForm(request.POST, run=row) if request.method == "POST" else OrderForm(initial=initial, run=row)
        here = reverse("admin:royalties_royaltyrun_payments", args=[row.pk])
        if form.is_bound:
            answer = carried_out(self, request, row, form, title="", action="", to=here)
            if not form.errors:
                return answer
        context = {
            "title": f"Payments of run {row.number}",
            "row": row,
            "form": form,
            "files": _files(row),
            "due": [
                {"currency": currency, "count": len(orders), "sum": amount(sum(one.units for one in orders), currency)}
                for currency, orders in due.items()
            ],
            "left": _left(row, left),
            "account": remitting.last_digits(payer_id=row.payer_id, party_id=row.payer_id),
            "account_address": _account_address(row.payer_id, row.payer_id),
        }
        response = self.page(request, "ledger/admin/payments.html", row, context)
        response.status_code = 422 if form.errors else 200
        return response

    def file_view(self, request: HttpRequest, id: UUID, file_id: UUID) -> HttpResponse:
        """Hand out the file for the bank."""
        row = self.settled(request, id)
        file = PaymentFile.objects.filter(pk=file_id, run=row).first()
        if file is None:
            raise Http404
        try:
            raw = remitting.again(file.pk)
        except remitting.AccountChanged as error:
            messages.error(request, sentence_of(error))
            return HttpResponseRedirect(reverse("admin:royalties_royaltyrun_payments", args=[row.pk]))
        answer = HttpResponse(raw, content_type="application/xml")
        answer["Content-Disposition"] = f'attachment; filename="payments-{file.pk}.xml"'
        return answer

    def remittance_view(self, request: HttpRequest) -> HttpResponse:
        """Take a bank's file in, and show what came of it."""
        if not request.user.has_perm("royalties.add_royaltyrun"):
            raise PermissionDenied
        own = set(caller_of(request).organizations(Verb.SETTLE))
        initial = {"payer": request.GET.get("payer") or (next(iter(own)) if len(own) == 1 else None)}
        if request.method == "POST":
            form = RemittanceForm(request.POST, request.FILES)
        else:
            form = RemittanceForm(initial=initial)
        sight = caller_of(request).sight
        payers: Any = form.fields["payer"]
        payers.queryset = self.seen(request, Party.objects.all()) if not sight.is_whole else Party.objects.all()
        payers.widget.rows = payers.queryset
        booked = None
        if request.method == "POST" and form.is_valid():
            booked = self._confirm(request, form)
        context = {
            "title": "From the bank",
            "form": form,
            "booked": booked,
            "payer": form.cleaned_data["payer"] if booked else None,
        }
        response = self.page(request, "ledger/admin/remittance.html", None, context)
        response.status_code = 422 if form.errors else 200
        return response

    def _confirm(self, request: HttpRequest, form: RemittanceForm) -> remitting.Booked | None:
        payer, file = form.cleaned_data["payer"], form.cleaned_data["file"]
        if not caller_of(request).acts_for(payer.pk, Verb.SETTLE):
            form.add_error("payer", "You do not settle for this organization.")
            return None
        try:
            raw = file.read(remittances.LARGEST_BYTES + 1)  # one more than is taken is refused as too large
            return remitting.confirm(raw=raw, payer_id=payer.pk, at=timezone.now())
        except (remittances.NotARemittance, remittances.TooLarge) as error:
            form.add_error("file", sentence_of(error))
            return None


def _files(run: RoyaltyRun) -> list[dict[str, Any]]:
    rows = (
        PaymentFile.objects.filter(run=run)
        .annotate(count=Count("orders"), units=Sum("orders__units"))
        .order_by("recorded_at", "pk")
    )
    said = {
        row["pk"]: row
        for row in PaymentFile.objects.filter(run=run)
        .values("pk")
        .annotate(
            paid=Count("orders__payments", filter=Q(orders__payments__is_return=False)),
            back=Count("orders__payments", filter=Q(orders__payments__is_return=True)),
        )
        .order_by()
    }
    return [
        {
            "file": row,
            "sum": f"{amount(row.units or 0, row.currency)} {row.currency}",
            "count": row.count,
            "paid": said[row.pk]["paid"],
            "back": said[row.pk]["back"],
        }
        for row in rows
    ]


def _left(run: RoyaltyRun, left: tuple[transfers.Unpayable, ...]) -> list[dict[str, Any]]:
    rows = Statement.objects.select_related("payee__identity").in_bulk([one.statement_id for one in left])
    return [
        {
            "payee": row.payee,
            "statement": _statement_address(row.pk),
            "amount": f"{amount(row.payout_units, row.payout_currency)} {row.payout_currency}",
            "reason": one.reason,
            "account": _account_address(run.payer_id, row.payee_id) if "account" in one.reason else "",
        }
        for one in left
        for row in (rows[one.statement_id],)
    ]


def _statement_address(id: UUID) -> str:
    return reverse("reports:statement", args=[id])


def _account_address(payer_id: UUID, party_id: UUID) -> str:
    return f"{reverse('admin:royalties_payeeterms_account')}?payer={payer_id}&party={party_id}"
