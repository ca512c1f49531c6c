"""How payees are paid, at the desk: terms, tax certificates, advances, and the exchange rates of runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from ledger import paying, remitting
from ledger.access import NotYourParty, Verb
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin, add_address
from ledger.admin.fields import INPUT, DateField, digest_of, pick, pick_several
from ledger.admin.forms import FactForm, sentence_of
from ledger.admin.money import CurrencyField, ExactField, MoneyField, amount, minor, percent
from ledger.admin.settling import ActForm, carried_out
from ledger.admin.sheets import Sheet, Shown, Step, Table
from ledger.api.access import caller_of
from ledger.statements.transfers import Account, NotAnAccount
from rights.models import Party, Recording, Work
from rights.parties import Erased, NotSealedYet
from royalties import money
from royalties.models import Advance, ExchangeRate, PayeeLink, PayeeTerms, Statement, TaxCertificate

SHORT_TEXT = {"class": "l-input is-short"}
PAYER = "Your organization, which pays"
_OF_ACCOUNT = "Record a bank account"


class PayeeTermsForm(FactForm):
    """How a payee is paid."""

    payer = pick(Party, help_text=PAYER)
    payee = pick(Party)
    currency = CurrencyField(initial="EUR", help_text="Of settlement")
    payout_currency = CurrencyField(label="Paid in", initial="EUR", help_text="Converted once, by your newest rate")
    threshold = MoneyField(initial="0", help_text="Below it nothing is paid, and carried forward")
    reserve = ExactField(initial="0 %", help_text="Of what is earned, kept back")
    reserve_periods = forms.IntegerField(
        label="Released over",
        min_value=1,
        max_value=60,
        initial=2,
        widget=forms.NumberInput({"class": "l-input is-short"}),
        help_text="Later runs, in equal parts",
    )
    withholding = ExactField(
        label="Withholding tax", help_text="The full rate, such as 15.825 %; a certificate lowers it"
    )
    income_type = forms.CharField(
        label="Type of income", max_length=32, initial="royalty", widget=forms.TextInput(SHORT_TEXT)
    )

    lead = "Newer terms supersede these. Without any, what a payee earns is carried forward and not paid."
    groups = (
        ("Between", ("payer", "payee")),
        ("Money", ("currency", "payout_currency", "threshold")),
        ("Reserve", ("reserve", "reserve_periods")),
        ("Tax", ("withholding", "income_type")),
    )
    refusals = {paying.NotAFraction: "withholding", paying.NotAnAmount: "threshold"}

    def clean(self) -> dict[str, Any]:
        """Read the threshold in its currency's minor units."""
        given = super().clean() or self.cleaned_data
        if "threshold" in given and "currency" in given:
            given["threshold"] = minor(self, "threshold", given["threshold"], given["currency"])
        return given

    def write(self, *, id: UUID, at: datetime) -> PayeeTerms:
        """Record the terms."""
        given = self.cleaned_data
        return paying.agree(
            id=id,
            payer_id=given["payer"].pk,
            payee_id=given["payee"].pk,
            currency=given["currency"],
            reserve=given["reserve"],
            reserve_periods=given["reserve_periods"],
            threshold=given["threshold"],
            payout_currency=given["payout_currency"],
            income_type=given["income_type"],
            withholding=given["withholding"],
            at=at,
        )


class TaxCertificateForm(FactForm):
    """A certificate of tax residence."""

    payer = pick(Party, help_text=PAYER)
    payee = pick(Party)
    rate = ExactField(help_text="What the treaty gives, such as 0 % or 10 %")
    income_type = forms.CharField(
        label="Type of income", max_length=32, initial="royalty", widget=forms.TextInput(SHORT_TEXT)
    )
    valid_from = DateField()
    valid_to = DateField(label="Until", help_text="The first day on which it is not valid")
    document = forms.FileField(
        label="The certificate",
        required=False,
        widget=forms.FileInput(INPUT),
        help_text="Only its SHA-256 is kept; keep the certificate itself where you keep vouchers",
    )
    digest = forms.CharField(
        label="or its SHA-256", required=False, max_length=71, widget=forms.TextInput({"class": "l-input l-mono"})
    )

    one_of = frozenset({"document", "digest"})

    lead = (
        "Its rate counts for payments on days on which it is valid. Where tax was withheld before it came, refund it."
    )
    groups = (
        ("Between", ("payer", "payee")),
        ("Rate", ("rate", "income_type", "valid_from", "valid_to")),
        ("Proof", ("document", "digest")),
    )
    refusals = {paying.NotAFraction: "rate", paying.NotAPeriod: "valid_to"}

    def clean(self) -> dict[str, Any]:
        """Find the digest of the certificate."""
        given = super().clean() or self.cleaned_data
        try:
            given["document_digest"] = digest_of(given.get("document"), given.get("digest", ""))
        except forms.ValidationError as error:
            self.add_error("digest", error)
        return given

    def write(self, *, id: UUID, at: datetime) -> TaxCertificate:
        """Record the certificate."""
        given = self.cleaned_data
        return paying.certify(
            id=id,
            payer_id=given["payer"].pk,
            payee_id=given["payee"].pk,
            income_type=given["income_type"],
            rate=given["rate"],
            valid_from=given["valid_from"],
            valid_to=given["valid_to"],
            document_digest=given["document_digest"],
            at=at,
        )


class AdvanceForm(FactForm):
    """An advance or a charge, recouped from everything a payee earns, or from a group of assets."""

    payer = pick(Party, help_text=PAYER)
    payee = pick(Party)
    kind = forms.ChoiceField(choices=Advance.Kind.choices, widget=forms.Select(INPUT))
    amount = MoneyField(help_text="Such as 200.00")
    currency = CurrencyField(initial="EUR")
    rate = ExactField(label="Recouped by", initial="100 %", help_text="Of what may be taken from")
    priority = forms.IntegerField(
        min_value=0, max_value=1000, initial=0, widget=forms.NumberInput({"class": "l-input is-short"}),
        help_text="The lowest first",
    )  # fmt: skip
    paid_on = DateField()
    group = forms.CharField(
        required=False,
        max_length=40,
        widget=forms.TextInput(INPUT),
        help_text="A name for the assets below, such as Album 2. Empty: everything the payee earns",
    )
    recordings = pick_several(Recording, required=False, help_text="What it is recouped from, with the group’s name")
    works = pick_several(Work, required=False)

    lead = "An advance is booked as paid out; later earnings go to it first. A charge is booked as it is taken."
    groups = (
        ("Between", ("payer", "payee")),
        ("What", ("kind", "amount", "currency", "paid_on")),
        ("Recoupment", ("rate", "priority")),
        ("Recouped from", ("group", "recordings", "works")),
    )
    refusals = {paying.NotAnAmount: "amount", paying.NotAFraction: "rate", paying.GroupWithoutAssets: "group"}

    def clean(self) -> dict[str, Any]:
        """Read the amount in its currency's minor units."""
        given = super().clean() or self.cleaned_data
        if "amount" in given and "currency" in given:
            given["amount"] = minor(self, "amount", given["amount"], given["currency"])
        return given

    def write(self, *, id: UUID, at: datetime) -> Advance:
        """Record it."""
        given = self.cleaned_data
        return paying.pay_in_advance(
            id=id,
            payer_id=given["payer"].pk,
            payee_id=given["payee"].pk,
            kind=given["kind"],
            currency=given["currency"],
            units=given["amount"],
            group=given["group"].strip(),
            assets=[one.pk for one in (*given["recordings"], *given["works"])],
            priority=given["priority"],
            rate=given["rate"],
            paid_on=given["paid_on"],
            at=at,
        )


class ExchangeRateForm(FactForm):
    """An exchange rate, as its source quotes it."""

    payer = pick(Party, help_text=PAYER)
    base = CurrencyField(label="From", help_text="Such as USD")
    quote = CurrencyField(label="To", initial="EUR")
    value = ExactField(is_part=False, label="Rate", help_text="Such as 0.92")
    direction = forms.ChoiceField(choices=ExchangeRate.Direction.choices, widget=forms.Select(INPUT), label="It says")
    source = forms.CharField(max_length=120, widget=forms.TextInput(INPUT), help_text="Who said so")
    on = DateField(label="Of")

    lead = "Runs take the newest rate from one currency to another that is of the day of payment or before it."
    groups = (("For", ("payer",)), ("Rate", ("base", "quote", "value", "direction")), ("Source", ("source", "on")))
    refusals = {money.NotARate: "value"}

    def write(self, *, id: UUID, at: datetime) -> ExchangeRate:
        """Record the rate."""
        given = self.cleaned_data
        return paying.record_rate(
            id=id,
            payer_id=given["payer"].pk,
            base=given["base"],
            quote=given["quote"],
            value=given["value"],
            direction=given["direction"],
            source=given["source"],
            on=given["on"],
            at=at,
        )


class BetweenTwoAdmin(FactAdmin):
    """What is between a payer and a payee."""

    list_select_related: tuple[str, ...] = ("payer", "payee")
    ordering = ("-recorded_at",)
    has_filter_button = False

    @admin.display(description="Payee")
    def shown_payee(self, row: Any) -> str:
        """Show who is paid."""
        return str(row.payee)

    @admin.display(description="Payer")
    def shown_payer(self, row: Any) -> str:
        """Show who pays."""
        return str(row.payer)

    def _sheet(
        self,
        row: Any,
        title: str,
        lead: str,
        *facts: tuple[str, Shown],
        chip: Shown = "",
        tables: tuple[Table, ...] = (),
        steps: tuple[Step, ...] = (),
        **entry: Any,
    ) -> Sheet:
        return Sheet(
            title=title,
            lead=lead,
            chip=chip,
            tables=tables,
            steps=steps,
            facts=(
                ("Payer", sheets.link(row.payer)),
                ("Payee", sheets.link(row.payee)),
                *facts,
                ("Recorded", sheets.moment(row.recorded_at)),
                ("Id", sheets.long_id(row.pk)),
                sheets.entry_of(**entry),
            ),
        )


class BankAccountForm(ActForm):
    """Where a party is paid, or pays from."""

    payer = pick(Party, help_text="Your organization; each keeps its own accounts")
    party = pick(Party, help_text="Whose account it is: a payee’s, or your own to pay from")
    name = forms.CharField(
        label="Held by", max_length=140, widget=forms.TextInput({**INPUT, "autocomplete": "off"})
    )  # fmt: skip
    iban = forms.CharField(
        label="IBAN", max_length=42, widget=forms.TextInput({"class": "l-input l-mono", "autocomplete": "off"})
    )
    bic = forms.CharField(
        label="BIC",
        required=False,
        max_length=11,
        widget=forms.TextInput({"class": "l-input is-short l-mono", "autocomplete": "off"}),
        help_text="Only where your bank asks for one",
    )

    lead = (
        "In place of the one before. It is sealed under the party’s key, erased with it, and never shown again but for"
        " its country and last four digits."
    )
    done = "Recorded and sealed."
    hint = "A later one takes its place."
    groups = (("Whose", ("payer", "party")), ("Account", ("name", "iban", "bic")))
    refusals = {NotAnAccount: "iban", NotSealedYet: "party", Erased: "party"}

    def act(self, *, id: UUID, at: datetime) -> None:  # noqa: ARG002 - the newest one counts
        """Keep it."""
        given = self.cleaned_data
        remitting.record_account(
            payer_id=given["payer"].pk,
            party_id=given["party"].pk,
            account=Account(given["name"].strip(), given["iban"].strip(), given["bic"].strip()),
            at=at,
        )


@admin.register(PayeeTerms)
class PayeeTermsAdmin(BetweenTwoAdmin):
    """How payees are paid."""

    counted = ("payee’s terms", "payees’ terms")
    fact_form = PayeeTermsForm
    list_display = ("shown_payee", "shown_payer", "currency", "shown_tax", sheets.column("recorded_at", "Recorded"))
    called = "payee’s terms"
    blank = "Nothing is agreed with any payee, so nobody is paid: what they earn is carried."

    def get_urls(self) -> list[URLPattern]:
        """Add bank accounts."""
        view = self.admin_site.admin_view(self.account_view)
        return [path("account/", view, name="royalties_payeeterms_account"), *super().get_urls()]

    def account_view(self, request: HttpRequest) -> HttpResponse:
        """Record a bank account."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            form = BankAccountForm(request.POST)
        else:
            form = BankAccountForm(initial=self._initial(request, BankAccountForm))
        form.look_through(caller_of(request).sight)
        if form.is_bound and form.is_valid():
            payer, party = form.cleaned_data["payer"], form.cleaned_data["party"]
            if caller_of(request).acts_for(payer.pk, Verb.SETTLE):
                here = f"{reverse('admin:royalties_payeeterms_account')}?payer={payer.pk}&party={party.pk}"
                return carried_out(self, request, None, form, title=_OF_ACCOUNT, action="Record", to=here)
            form.add_error("payer", sentence_of(NotYourParty()))
        form.lead += self._on_record(request)
        context = {"form": form, "title": _OF_ACCOUNT, "action": "Record", "lead": form.lead}
        response = self.page(request, "ledger/admin/form.html", None, context)
        response.status_code = 422 if form.errors else 200
        return response

    def _on_record(self, request: HttpRequest) -> str:
        """Say which account the address is about is on record, to whoever keeps it."""
        given = self._initial(request, BankAccountForm)
        payer_id, party_id = given.get("payer"), given.get("party")
        if not (payer_id and party_id and caller_of(request).acts_for(payer_id, Verb.SETTLE)):
            return ""
        digits = remitting.last_digits(payer_id=payer_id, party_id=party_id)
        return f" On record is {digits}." if digits else " None is on record so far."

    @admin.display(description="Full tax")
    def shown_tax(self, row: PayeeTerms) -> str:
        """Show the full rate."""
        return percent(row.withholding_numerator, row.withholding_denominator)

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:
        """Lay terms out; the bank account only to whoever keeps it."""
        settles = caller_of(request).acts_for(fact.payer_id, Verb.SETTLE)
        between = {"payer": fact.payer_id, "payee": fact.payee_id}
        account = f"{reverse('admin:royalties_payeeterms_account')}?payer={fact.payer_id}&party={fact.payee_id}"
        return self._sheet(
            fact,
            f"Terms in {fact.currency}",
            "The newest of a payer, a payee and a currency count.",
            ("Paid in", fact.payout_currency),
            ("Threshold", f"{amount(fact.threshold_units, fact.currency)} {fact.currency}"),
            ("Reserve", percent(fact.reserve_numerator, fact.reserve_denominator)),
            ("Released over", f"{fact.reserve_periods} later run{'s' if fact.reserve_periods > 1 else ''}"),
            ("Withholding tax", percent(fact.withholding_numerator, fact.withholding_denominator)),
            ("Type of income", fact.income_type),
            *(
                (("Bank account", remitting.last_digits(payer_id=fact.payer_id, party_id=fact.payee_id) or "none yet"),)
                if settles
                else ()
            ),
            payee_terms=fact,
            steps=(
                (
                    Step("Newer terms", add_address(request, PayeeTerms, **between)),
                    Step("Bank account", account),
                    Step("Link to its statements", add_address(request, PayeeLink, **between)),
                )
                if settles
                else ()
            ),
        )


@admin.register(TaxCertificate)
class TaxCertificateAdmin(BetweenTwoAdmin):
    """Certificates of tax residence."""

    fact_form = TaxCertificateForm
    list_display = (
        "shown_payee", "shown_payer", "shown_rate",
        sheets.column("valid_from", "From"), sheets.column("valid_to", "Until"),
    )  # fmt: skip
    called = "tax certificate"
    asked = ("Record a tax certificate", "Record")
    blank = "No certificate is on record: tax is withheld at the full rate."

    @admin.display(description="Rate")
    def shown_rate(self, row: TaxCertificate) -> str:
        """Show the treaty's rate."""
        return percent(row.numerator, row.denominator)

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:
        """Lay a certificate out, with what was withheld before it came."""
        settles = caller_of(request).acts_for(fact.payer_id, Verb.SETTLE)
        return self._sheet(
            fact,
            "Tax certificate",
            f"{percent(fact.numerator, fact.denominator)} for {fact.income_type}.",
            ("Valid", f"{fact.valid_from} to before {fact.valid_to}"),
            ("Document", sheets.long_id(f"sha256:{fact.document_digest}")),
            tax_certificate=fact,
            tables=(
                Table(
                    "Paid while it was valid, with more withheld",
                    ("Paid on", "Withheld", "At", "Statement", ""),
                    tuple(_withheld(fact, settles=settles)),
                    "Nothing was withheld at a higher rate on a day on which it is valid.",
                ),
            ),
        )


@admin.register(Advance)
class AdvanceAdmin(BetweenTwoAdmin):
    """Advances and charges."""

    fact_form = AdvanceForm
    list_display = ("shown_payee", "shown_payer", "kind", "shown_amount", sheets.column("paid_on", "Paid on"))
    called = "advance"
    asked = ("Record an advance or a charge", "Record")
    blank = "No advance was paid, and nothing is charged."

    @admin.display(description="Amount")
    def shown_amount(self, row: Advance) -> str:
        """Show how much."""
        return f"{amount(row.units, row.currency)} {row.currency}"

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:  # noqa: ARG002 - seen by whoever sees the fact
        """Lay an advance out."""
        return self._sheet(
            fact,
            fact.get_kind_display(),
            f"{amount(fact.units, fact.currency)} {fact.currency}",
            ("Paid on", fact.paid_on.isoformat()),
            ("Recouped by", percent(fact.numerator, fact.denominator)),
            ("Recouped from", fact.group or "everything the payee earns"),
            *((("In the group", sheets.links(_assets(fact.assets))),) if fact.group else ()),
            ("Priority", str(fact.priority)),
            advance=fact,
        )


def _withheld(fact: TaxCertificate, *, settles: bool) -> Iterator[tuple[Shown, ...]]:
    """Yield the statements that hold, of which tax could be given back by a certificate."""
    rows = Statement.objects.select_related("run").filter(
        run__payer=fact.payer_id,
        payee=fact.payee_id,
        run__pay_on__gte=fact.valid_from,
        run__pay_on__lt=fact.valid_to,
    )
    newest = {row.run_id: row for row in rows.order_by("run__pay_on", "version")}
    for row in newest.values():
        rate = Fraction(row.withholding_numerator, row.withholding_denominator)
        if row.withheld and rate > Fraction(fact.numerator, fact.denominator):
            yield (
                row.run.pay_on.isoformat(),
                f"{amount(row.withheld, row.currency)} {row.currency}",
                percent(row.withholding_numerator, row.withholding_denominator),
                sheets.to(reverse("reports:statement", args=[row.pk]), f"Version {row.version}"),
                sheets.to(reverse("admin:royalties_royaltyrun_refund", args=[row.pk]), "Refund") if settles else "",
            )


def _assets(ids: Sequence[UUID]) -> list[Any]:
    rows = [*Recording.objects.filter(pk__in=ids), *Work.objects.filter(pk__in=ids)]
    return sorted(rows, key=str)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(FactAdmin):
    """Exchange rates with their sources."""

    fact_form = ExchangeRateForm
    list_display = ("shown_pair", "shown_value", "source", sheets.column("on", "Of"), "shown_payer")
    list_select_related = ("payer",)
    ordering = ("-on", "-recorded_at")
    called = "exchange rate"
    blank = "No rate is on record: receipts in other currencies wait in suspense."
    has_filter_button = False

    @admin.display(description="From and to")
    def shown_pair(self, row: ExchangeRate) -> str:
        """Show of what."""
        return f"{row.base} to {row.quote}"

    @admin.display(description="Rate")
    def shown_value(self, row: ExchangeRate) -> str:
        """Show it as it is quoted."""
        return quoted(row)

    @admin.display(description="Payer")
    def shown_payer(self, row: ExchangeRate) -> str:
        """Show whose it is."""
        return str(row.payer)

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:  # noqa: ARG002 - seen by whoever sees the fact
        """Lay a rate out."""
        return Sheet(
            title=f"{fact.base} to {fact.quote}",
            lead=quoted(fact),
            facts=(
                ("Payer", sheets.link(fact.payer)),
                ("Of", fact.on.isoformat()),
                ("Source", fact.source),
                ("It says", fact.get_direction_display()),
                ("Recorded", sheets.moment(fact.recorded_at)),
                ("Id", sheets.long_id(fact.pk)),
                sheets.entry_of(exchange_rate=fact),
            ),
        )


def quoted(row: ExchangeRate) -> str:
    """Return a rate as a decimal where it is one, else as a fraction."""
    value = Fraction(row.numerator, row.denominator)
    for places in range(13):
        units = value * 10**places
        if units.denominator == 1:
            digits = f"{units.numerator:0{places + 1}d}"
            return digits if not places else f"{digits[:-places]}.{digits[-places:]}"
    return f"{value.numerator}/{value.denominator}"
