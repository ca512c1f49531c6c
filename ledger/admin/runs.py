"""Royalty runs at the desk: started, looked at, approved by a second person, published; and the balances of books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from ledger import approvals, paying, rendering, running, tasks, terming
from ledger.access import Verb
from ledger.admin import sheets
from ledger.admin.fields import INPUT, DateField, pick
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.money import amount
from ledger.admin.settling import Holds, Settling, asset_named
from ledger.admin.sheets import Sheet, Shown, Table
from ledger.api.access import caller_of
from ledger.models import Job
from ledger.statements import plots
from ledger.statements.document import TERMS, Step, country_name
from rights.models import Decision, Party, Recording, Submission, Work
from royalties import money, results
from royalties.models import Account, RoyaltyRun, RunEvent
from royalties.vocabulary import MoneyTerm

STATES: dict[str, tuple[str, str]] = {
    "freezing": ("waiting", "Freezing"),
    "dividing": ("waiting", "Dividing"),
    "reconciling": ("waiting", "Reconciling"),
    "reconciled": ("review", "Waits for approval"),
    "approved": ("review", "Approved, not published"),
    "published": ("cleared", "Published"),
    "rejected": ("refused", "Rejected"),
    "stopped": ("refused", "Stopped"),
    "failed": ("refused", "Given up"),
}
ACTS = {
    RunEvent.Act.FROZEN: "Inputs frozen",
    RunEvent.Act.RECONCILED: "Everything adds up",
    RunEvent.Act.STOPPED: "Stopped",
    RunEvent.Act.APPROVED: "Approved",
    RunEvent.Act.REJECTED: "Rejected",
    RunEvent.Act.PUBLISHED: "Published",
}
CAME = {
    "pools": "Receipts of the period",
    "adjusted": "Earlier periods, divided anew",
    "granted": "Out of holds and guarantees",
    "terms": "By terms of plans",
    "released": "Released from reserves",
    "carried_in": "Carried over from before",
}
WENT = {
    "commission": "Commission",
    "hold": "Held while owners disagree",
    "reserved": "Kept in reserve",
    "recouped": "Recouped against advances",
    "deducted": "Other deductions",
    "withheld": "Withholding tax",
    "carried_out": "Carried to the next statements",
    "payable": "Payable",
}
KINDS = {
    "receipts": "Receipts",
    "payable": "Owed to payees",
    "commission": "Commission",
    "hold": "On hold",
    "reserve": "Reserves",
    "advance": "Advances",
    "deduction": "Charges",
    "tax": "Withholding tax",
    "fx": "Rounding of currencies",
    "suspense": "In suspense",
    "bank": "Ordered to be paid",
}
LEFT_OUT = {
    "unmatched": "not matched to an output",
    "not_divided": "of an output without splits",
    "country_not_cleared": "from a country that the output is not cleared for",
    "rate_missing": "in a currency without a rate",
}
PROBLEMS = {paying.NO_TERMS: "no terms: carried", paying.NO_RATE: "no rate for the payout"}
MOST_ROWS = 50


class RunForm(FactForm):
    """A run to be started."""

    payer = pick(Party, help_text="Whose outputs earned; it pays")
    period_from = DateField(label="First day")
    period_to = DateField(label="Until", help_text="The first day after the period; it must be over")
    pay_on = DateField(label="Paid on", help_text="Certificates count that are valid on this day")
    currency = forms.CharField(max_length=3, initial="EUR", widget=forms.TextInput(INPUT), help_text="Such as EUR")
    zone = forms.CharField(
        label="Timezone",
        max_length=64,
        initial="Europe/Berlin",
        widget=forms.TextInput(INPUT),
        help_text="In which days begin",
    )

    lead = (
        "Everything that was reported and not yet settled is frozen, divided and reconciled. You see what it would come"
        " to; another person approves it before anything is booked."
    )
    done = "Started. This page shows how far it is."
    groups = (
        ("For whom", ("payer",)),
        ("When", ("period_from", "period_to", "pay_on", "zone")),
        ("Money", ("currency",)),
    )
    refusals = {
        running.NotAPeriod: "period_to",
        running.NoSuchTimezone: "zone",
        running.AnotherRunInWork: "payer",
        running.PeriodPublished: "period_from",
        money.UnknownCurrency: "currency",
    }
    user_id = 0

    def write(self, *, id: UUID, at: datetime) -> RoyaltyRun:
        """Start the run."""
        given = self.cleaned_data
        return running.start(
            id=id,
            payer_id=given["payer"].pk,
            period_from=given["period_from"],
            period_to=given["period_to"],
            timezone=given["zone"],
            currency=given["currency"].strip().upper(),
            pay_on=given["pay_on"],
            started_by_id=self.user_id,
            at=at,
        )


@admin.register(RoyaltyRun)
class RoyaltyRunAdmin(Settling):
    """Runs, each with what it came to."""

    counted = ("run", "runs")
    fact_form = RunForm
    list_display = ("shown_run", "shown_payer", "shown_state", sheets.column("pay_on", "Paid on"), "shown_id")
    list_select_related = ("payer",)
    ordering = ("-started_at",)
    called = "royalty run"
    asked = ("Start a royalty run", "Start")
    blank = "No run was started yet. Hand in what was reported, then start one over its period."
    has_filter_button = False

    def get_urls(self) -> list[URLPattern]:
        """Add what is done with a run."""
        view = self.admin_site.admin_view(require_POST(self.act_view))
        return [path("<uuid:id>/act/", view, name="royalties_royaltyrun_act"), *super().get_urls()]

    @admin.display(description="Run", ordering="number")
    def shown_run(self, row: RoyaltyRun) -> str:
        """Show which one it is."""
        return f"{row.number}: {row.period_from} to before {row.period_to}, {row.currency}"

    @admin.display(description="Payer")
    def shown_payer(self, row: RoyaltyRun) -> str:
        """Show who pays."""
        return str(row.payer)

    @admin.display(description="State")
    def shown_state(self, row: RoyaltyRun) -> Shown:
        """Say how far it is."""
        return sheets.chip(*STATES[running.standing(row).state])

    @admin.display(description="Id")
    def shown_id(self, row: RoyaltyRun) -> Shown:
        """Show the beginning of the id."""
        return sheets.short_id(row.pk)

    def _prepared(self, request: HttpRequest, form: Any) -> Any:
        form.user_id = request.user.pk or 0
        return super()._prepared(request, form)

    def added(self, request: HttpRequest, form: FactForm, fact: Any) -> HttpResponse:
        """Ring for the first job and show the run."""
        tasks.ring_for(Job.Kind.FREEZE, fact.pk)
        return super().added(request, form, fact)

    # --- One run.

    def change_view(self, request: HttpRequest, object_id: str, *_unused: Any, **_also: Any) -> HttpResponse:
        """Show how far a run is, what it comes to, and what may be done with it."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        row: RoyaltyRun = self.fact(request, object_id)
        found = running.standing(row)
        settles = caller_of(request).acts_for(row.payer_id, Verb.SETTLE)
        preview = running.preview(row.pk) if found.state in {"reconciled", "approved"} else None
        said = found.document(RunEvent.Act.PUBLISHED) or found.document(RunEvent.Act.RECONCILED)
        frozen = found.document(RunEvent.Act.FROZEN)
        lines = frozen["counts"]["lines"] if frozen else 0
        pictures = _pictures(row, said, lines=lines, waits="count" in request.GET)
        context = {
            "title": f"Royalty run {row.number}",
            "row": row,
            "chip": sheets.chip(*STATES[found.state]),
            "state": found.state,
            "found": found,
            "per_cent": 100 * found.divided // found.partitions if found.partitions else 0,
            "steps": _steps(found.events),
            "counts": _counts(row, found, said),
            "left_out": _left_out(found),
            "conservation": _conservation(row, said),
            "waterfall": _waterfall(row, said),
            "pictures": pictures,
            "is_counted": len(pictures) > 2,
            "fees": fees_in_words(running.waiting(row, at=timezone.now())),
            "payees": self._payees(row, preview),
            "problems": sum(bool(one.problem) for one in preview.dues.payees) if preview else 0,
            "variances": self._variances(row, preview),
            "compared_with": preview.compared_with if preview else None,
            "adjustments": _adjustments(row, preview),
            "settles": settles,
            "is_open": found.state not in {"published", "rejected", "stopped"},
            "may_approve": settles and found.state == "reconciled" and row.started_by_id != request.user.pk,
            "is_mine": row.started_by_id == request.user.pk,
            "facts": (
                ("Payer", sheets.link(row.payer)),
                ("Days begin in", row.timezone),
                ("Started", sheets.moment(row.started_at)),
                ("Id", sheets.long_id(row.pk)),
                sheets.entry_of(royalty_run=row),
            ),
        }
        return self.page(request, "ledger/admin/run.html", row, context)

    def _payees(self, row: RoyaltyRun, preview: running.Preview | None) -> list[dict[str, Any]]:
        """Return what each payee gets: as it would be, or as its statement says."""
        rows: Iterable[Any]
        if preview is not None:
            rows = [
                {
                    "payee_id": one.payee_id,
                    "figures": one.figures,
                    "payout": (one.payout.units, one.payout.currency),
                    "problem": PROBLEMS.get(one.problem, ""),
                }
                for one in preview.dues.payees
            ]
        else:
            newest: dict[UUID, Any] = {one.payee_id: one for one in row.statements.order_by("version")}
            rows = [
                {
                    "payee_id": one.payee_id,
                    "figures": one,
                    "payout": (one.payout_units, one.payout_currency),
                    "problem": "",
                }
                for one in newest.values()
            ]
        rows = sorted(rows, key=lambda one: -one["figures"].earned)[:MOST_ROWS]
        names = Party.objects.in_bulk([one["payee_id"] for one in rows])
        return [
            {
                "name": sheets.link(names[one["payee_id"]]),
                "problem": one["problem"],
                "cells": [
                    (label, _or_nothing(getattr(one["figures"], name), row.currency))
                    for label, name in (
                        ("Earned", "earned"),
                        ("Reserve", "reserved"),
                        ("Recouped", "recouped"),
                        ("Tax", "withheld"),
                        ("Carried", "carried_out"),
                        ("Payable", "payable"),
                    )
                ],
                "payout": f"{amount(*one['payout'])} {one['payout'][1]}" if one["payout"][1] != row.currency else "",
            }
            for one in rows
        ]

    def _variances(self, row: RoyaltyRun, preview: running.Preview | None) -> list[tuple[str, list[dict[str, Any]]]]:
        if preview is None:
            return []
        titles = (
            ("Payee", preview.by_payee),
            ("Asset", preview.by_asset),
            ("Territory", preview.by_territory),
            ("Service", preview.by_service),
        )
        return [(title, _compared(found, row.currency, _names(found))) for title, found in titles if found]

    def act_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Approve, reject or publish."""
        row: RoyaltyRun = self.fact(request, id)
        if not caller_of(request).acts_for(row.payer_id, Verb.SETTLE):
            raise PermissionDenied
        by_id, now = request.user.pk or 0, timezone.now()
        reason = request.POST.get("reason", "").strip()[:300]
        act = request.POST.get("act")
        try:
            if act == "approve":
                running.approve(run_id=row.pk, by_id=by_id, reason=reason, at=now)
                messages.success(request, "Approved. Nothing is booked before it is published.")
            elif act == "reject" and reason:
                running.reject(run_id=row.pk, by_id=by_id, reason=reason, at=now)
                messages.success(request, "Rejected: nothing was booked, and the period can be run again.")
            elif act == "publish":
                running.publish(run_id=row.pk, by_id=by_id, at=now)
                messages.success(request, "Published: the run is booked, and its statements are issued.")
            else:
                messages.error(request, "Say why it is rejected.")
        except (running.OutOfCourse, running.NotPayable, approvals.NeedsASecondPerson, paying.NotConserved) as error:
            messages.error(request, sentence_of(error))
        return HttpResponseRedirect(sheets.address(row))


def fees_in_words(waiting: Iterable[terming.Waiting]) -> list[dict[str, Any]]:
    """Return terms of money that wait as a page shows them, each with where to go to end that."""
    return [
        {
            "name": TERMS[one.term.kind.value] + sheets.of_side(one.term.side),
            "amount": f"{amount(one.term.amount_minor, one.currency)} {one.currency}" if one.term.amount_minor else "",
            "license": sheets.link(one.license),
            "plan_number": one.plan.number,
            "run": sheets.link(one.run, f"Run {one.run.number} of {one.run.payer}"),
            "todo": one.todo,
            "to": _where(one),
        }
        for one in waiting
    ]


def _where(one: terming.Waiting) -> Shown:
    match one.why:
        case terming.Why.NOT_DECLARED:
            is_count = one.term.kind is MoneyTerm.PER_GENERATION
            of = f"?payer={one.run.payer_id}" + (f"&license={one.license.pk}" if is_count else "")
            return sheets.to(reverse("admin:royalties_declaration_add") + of, "Declare it")
        case terming.Why.OTHER_CURRENCY:
            address = f"{reverse('admin:royalties_royaltyrun_add')}?payer={one.run.payer_id}"
            return sheets.to(address, f"Start a run in {one.currency}")
        case terming.Why.BEGAN_BEFORE:
            if not paying.is_published(one.run.pk):
                return "Once this run is published"
            return sheets.to(reverse("admin:royalties_royaltyrun_guarantee", args=[one.run.pk]), "Top it up")


def _steps(events: Sequence[RunEvent]) -> list[tuple[str, Shown, str]]:
    return [(ACTS[RunEvent.Act(one.act)], sheets.moment(one.recorded_at), one.reason) for one in events]


def _counts(row: RoyaltyRun, found: running.Standing, said: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    frozen = found.document(RunEvent.Act.FROZEN)
    if frozen is None:
        return []
    counts = frozen["counts"]
    shown = [
        ("Lines", f"{counts['lines']:,}"),
        ("Outputs", f"{counts['outputs']:,}"),
        ("Pools", f"{counts['pools']:,}"),
    ]
    if said is not None:
        conservation = said["conservation"]
        shown = [
            (f"Receipts, {row.currency}", amount(int(conservation["came"]["pools"]), row.currency)),
            (f"Payable, {row.currency}", amount(int(conservation["went"]["payable"]), row.currency)),
            *shown,
        ]
    return shown


def _left_out(found: running.Standing) -> list[str]:
    frozen = found.document(RunEvent.Act.FROZEN)
    if frozen is None:
        return []
    said = [
        f"{lines:,} {'line' if lines == 1 else 'lines'} {LEFT_OUT.get(reason, reason)}"
        for reason, lines in frozen["counts"]["left_out"].items()
    ]
    reconciled = found.document(RunEvent.Act.RECONCILED)
    suspense = reconciled["conservation"]["suspense"] if reconciled else {}
    sums = [f"{amount(int(units), currency)} {currency}" for currency, units in suspense.items() if int(units)]
    return [*said, *([f"together {' and '.join(sums)}, in suspense"] if sums else [])]


def _conservation(row: RoyaltyRun, said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if said is None:
        return None
    found = said["conservation"]

    def side(names: Mapping[str, str], given: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(names[name], amount(int(units), row.currency)) for name, units in given.items() if int(units)]

    return {
        "came": side(CAME, {name: found["came"][name] for name in CAME if name in found["came"]}),
        "went": side(WENT, {name: found["went"][name] for name in WENT}),
        "total": amount(int(found["total"]), row.currency),
    }


@dataclass(frozen=True)
class Picture:
    """A picture, and beside it a table that says the same."""

    title: str
    note: str
    picture: dict[str, str]
    rows: tuple[tuple[Shown, str, str], ...]  # name, amount, part of the whole


def _waterfall(row: RoyaltyRun, said: Mapping[str, Any] | None) -> dict[str, str]:
    """Return what becomes of what came in, once everything adds up; the table of both sides says the same."""
    if said is None:
        return {}
    went = {name: int(units) for name, units in said["conservation"]["went"].items()}
    steps = [
        Step("Came in", int(said["conservation"]["total"]), is_sum=True),
        *(Step(WENT[name], -units) for name, units in went.items() if name != "payable" and units),
        Step(WENT["payable"], went["payable"], is_sum=True),
    ]
    return rendering.drawn(plots.waterfall, steps, row.currency, title="What becomes of it")


def _pictures(row: RoyaltyRun, said: Mapping[str, Any] | None, *, lines: int, waits: bool) -> list[Picture]:
    """Return from where the money of the period came, once everything adds up."""
    if said is None:
        return []
    part = row.parts.get(of_run=row)
    outcome = results.outcome(part, row.currency)
    sources: Counter[UUID | None] = Counter()
    for one in outcome.sums:
        sources[one.asset_id] += one.units
    ids = {asset for asset in sources if asset}
    assets: dict[UUID | None, str] = {
        **{row.pk: f"{row.title} (recording)" for row in Recording.objects.filter(pk__in=ids)},
        **{row.pk: f"{row.title} (work)" for row in Work.objects.filter(pk__in=ids)},
        None: "Commission and creators",
    }
    countries = Counter({country_name(code): units for code, units in outcome.countries.items()})
    drawn = [
        _picture("By territory", "Where it was used", countries.most_common(), row.currency),
        _picture(
            "By source",
            "Whose material is in the outputs",
            [(assets.get(asset) or str(asset), units) for asset, units in sources.most_common()],
            row.currency,
        ),
    ]
    found = rendering.breakdown(part, currency=row.currency, lines=lines, waits=waits)
    if found is not None:
        decisions = Decision.objects.select_related("submission").in_bulk([id for id, _ in found.outputs])
        titles = Counter(decisions[id].submission.title for id, _ in found.outputs)
        outputs = [(_titled(decisions[id].submission, titles), units) for id, units in found.outputs]
        if found.others:
            outputs.append((_others(found.others), found.others_units))
        drawn += [
            _picture("By output", "What was used", outputs, row.currency),
            _picture("By month of use", "The month in which use began", found.months, row.currency, plots.columns),
        ]
    return drawn


def _picture(
    title: str,
    note: str,
    given: Sequence[tuple[str, int]],
    currency: str,
    draw: Callable[..., bytes] = plots.bars,
) -> Picture:
    shown = list(given)
    if draw is plots.bars and (rest := shown[plots.MOST_BARS - 1 :])[1:]:
        shown[plots.MOST_BARS - 1 :] = [(_others(len(rest)), sum(units for _, units in rest))]
    whole = sum(units for _, units in shown)
    return Picture(
        title=title,
        note=note,
        picture=rendering.drawn(draw, shown, currency, title=title) if len(shown) > 1 else {},
        rows=tuple((name, amount(units, currency), _part_of(units, whole)) for name, units in shown),
    )


def _titled(output: Submission, titles: Mapping[str, int]) -> str:
    """Return an output's title, with the beginning of its id where another one has the same."""
    return output.title if titles[output.title] == 1 else f"{output.title}, {str(output.pk)[:8]}"


def _others(count: int) -> str:
    return f"{count:,} other" if count == 1 else f"{count:,} others"


def _part_of(units: int, whole: int) -> str:
    if not whole or units < 0:
        return sheets.NOTHING
    tenths = money.half_up(Fraction(1000 * units, whole))
    return f"{tenths // 10}.{tenths % 10} %"


def _adjustments(row: RoyaltyRun, preview: running.Preview | None) -> list[tuple[Shown, str, str, str]]:
    if preview is None:
        return []
    return [
        (
            sheets.link(one.of_run),
            amount(one.old.units, row.currency),
            amount(one.new.units, row.currency),
            amount(one.units, row.currency),
        )
        for one in preview.dues.adjustments
    ]


def _names(found: Sequence[running.Variance]) -> dict[str, Shown]:
    ids = []
    for one in found[:MOST_ROWS]:
        try:
            ids.append(UUID(one.of))
        except ValueError:
            continue
    names: dict[str, Shown] = {}
    for model, kind in ((Party, ""), (Work, "work"), (Recording, "recording")):
        rows: QuerySet[Any] = QuerySet(model).filter(pk__in=ids)
        names |= {str(row.pk): sheets.link(row, f"{row} ({kind})" if kind else row) for row in rows}
    return names


def _per_cent(one: running.Variance) -> str:
    if one.before <= 0:
        return "new" if not one.before else sheets.NOTHING
    return f"{money.half_up(Fraction(100 * one.change, one.before)):+d} %".replace("-", "−")


def _or_nothing(units: int, currency: str) -> Shown:
    return amount(units, currency) if units else sheets.NOTHING


def _compared(found: Sequence[running.Variance], currency: str, names: Mapping[str, Shown]) -> list[dict[str, Any]]:
    return [
        {
            "of": names.get(one.of, one.of),
            "before": amount(one.before, currency),
            "now": amount(one.now, currency),
            "change": ("+" if one.change > 0 else "") + amount(one.change, currency),
            "per_cent": _per_cent(one),
        }
        for one in found[:MOST_ROWS]
    ]


@admin.register(Account)
class AccountAdmin(Holds):
    """Balances: each account of the books, and what is in it."""

    list_display = ("shown_kind", "shown_party", "shown_reference", "shown_balance", "shown_id")
    list_select_related = ("party", "payer")
    ordering = ("payer", "kind", "currency", "id")
    called = "account"
    about = "A balance is a sum of postings: above zero is owed, kept or ordered to be paid; receipts are below."
    blank = "The books are empty: they are opened by the first published run, or the first advance."
    has_filter_button = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the accounts with their balances."""
        rows: QuerySet[Any] = super().get_queryset(request)
        found: QuerySet[Any] = rows.annotate(balance=Sum("postings__units"))
        return found

    @admin.display(description="Kind", ordering="kind")
    def shown_kind(self, row: Account) -> str:
        """Show what the money is."""
        return KINDS[row.kind]

    @admin.display(description="Party")
    def shown_party(self, row: Account) -> str:
        """Show whose it is."""
        return str(row.party) if row.party else sheets.NOTHING

    @admin.display(description="For")
    def shown_reference(self, row: Account) -> Shown:
        """Show what it is for."""
        return sheets.short_id(row.reference) if len(row.reference) == 36 else row.reference or sheets.NOTHING

    @admin.display(description="Balance", ordering="balance")
    def shown_balance(self, row: Any) -> str:
        """Show what is in it."""
        return f"{amount(row.balance or 0, row.currency)} {row.currency}"

    @admin.display(description="Id")
    def shown_id(self, row: Account) -> Shown:
        """Show the beginning of the id."""
        return sheets.short_id(row.pk)

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:
        """Lay an account out with its latest postings."""
        rows = fact.postings.select_related("transaction").order_by("-transaction__recorded_at", "id")[:MOST_ROWS]
        postings = tuple(
            (
                one.transaction.get_kind_display().capitalize(),
                one.transaction.value_on.isoformat(),
                f"{amount(one.units, fact.currency)} {fact.currency}",
                one.transaction.reason or sheets.NOTHING,
            )
            for one in rows
        )
        return Sheet(
            title=KINDS[fact.kind],
            lead=f"{amount(fact.balance or 0, fact.currency)} {fact.currency}",
            steps=(
                (sheets.Step("Release", reverse("admin:royalties_account_release", args=[fact.pk]), is_main=True),)
                if self.may_release(request, fact)
                else ()
            ),
            facts=(
                ("Payer", sheets.link(fact.payer)),
                ("Party", sheets.link(fact.party)),
                ("For", asset_named(fact.reference)),
                ("Opened", sheets.moment(fact.recorded_at)),
                ("Id", sheets.long_id(fact.pk)),
            ),
            tables=(
                Table("Latest postings", ("What", "Value date", "Amount", "Why"), postings, "Nothing was posted."),
            ),
        )
