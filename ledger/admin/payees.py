"""How payees are paid, at the desk: terms, tax certificates, advances, and the exchange rates of runs."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from ledger import paying
from ledger.admin import sheets
from ledger.admin.facts import FactAdmin
from ledger.admin.fields import INPUT, DateField, pick
from ledger.admin.forms import FactForm
from ledger.admin.runs import amount
from ledger.admin.sheets import Sheet, Shown
from rights.models import Party
from royalties import money
from royalties.models import Advance, ExchangeRate, PayeeTerms, TaxCertificate

SHORT = {"class": "l-input is-short", "inputmode": "decimal"}
_PAYER = "Your organization, which pays"


class ExactField(forms.CharField):
    """An exact number: a decimal, a fraction, or per cent."""

    def __init__(self, *, is_part: bool = True, **options: Any) -> None:
        """Show it as a short input."""
        self.is_part = is_part
        super().__init__(max_length=44, widget=forms.TextInput(SHORT), **options)

    def clean(self, value: Any) -> Any:
        """Read it exactly."""
        text = str(super().clean(value)).replace(" ", "").replace("\u202f", "")
        per, text = (100, text[:-1]) if text.endswith("%") else (1, text)
        numerator, _, denominator = text.partition("/")
        try:
            found = Fraction(money.read(numerator), (money.read(denominator) if denominator else 1) * per)
        except (money.NotAnAmount, ZeroDivisionError) as error:
            raise forms.ValidationError("Write 15.825 %, 0.92 or 1/10.") from error
        if found < 0 or (self.is_part and found > 1):
            raise forms.ValidationError("From 0 to 100 %." if self.is_part else "More than nothing.")
        return found


class MoneyField(forms.CharField):
    """An amount in the major unit, as it is written: 200.00."""

    def __init__(self, **options: Any) -> None:
        """Show it as a short input."""
        super().__init__(max_length=30, widget=forms.TextInput(SHORT), **options)

    def clean(self, value: Any) -> Any:
        """Read it exactly."""
        text = str(super().clean(value)).replace(" ", "").replace("\u202f", "")
        try:
            return money.read(text)
        except money.NotAnAmount as error:
            raise forms.ValidationError("Digits and at most one point, such as 200.00.") from error


class CurrencyField(forms.CharField):
    """A currency's code."""

    def __init__(self, **options: Any) -> None:
        """Show it as a short input."""
        super().__init__(max_length=3, widget=forms.TextInput({"class": "l-input is-short"}), **options)

    def clean(self, value: Any) -> Any:
        """Read it in capital letters, and check that there is such a currency."""
        code = str(super().clean(value)).strip().upper()
        try:
            money.exponent(code)
        except money.UnknownCurrency as error:
            raise forms.ValidationError(str(money.UnknownCurrency.__doc__)) from error
        return code


def _minor(form: forms.Form, name: str, amount: Fraction, currency: str) -> int | None:
    units: Fraction = amount * 10 ** money.exponent(currency)
    if units.denominator != 1 or abs(units) > money.LARGEST:
        form.add_error(name, f"{currency} has {money.exponent(currency)} digits behind the point.")
        return None
    return int(units)


class PayeeTermsForm(FactForm):
    """How a payee is paid."""

    payer = pick(Party, help_text=_PAYER)
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
    income_type = forms.CharField(max_length=32, initial="royalty", widget=forms.TextInput(INPUT))

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
            given["threshold"] = _minor(self, "threshold", given["threshold"], given["currency"])
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

    payer = pick(Party, help_text=_PAYER)
    payee = pick(Party)
    rate = ExactField(help_text="What the treaty gives, such as 0 % or 10 %")
    income_type = forms.CharField(max_length=32, initial="royalty", widget=forms.TextInput(INPUT))
    valid_from = DateField()
    valid_to = DateField(label="Until", help_text="The first day on which it is not valid")
    digest = forms.RegexField(
        r"^(sha256:)?[0-9a-f]{64}$",
        label="SHA-256",
        widget=forms.TextInput(INPUT),
        help_text="Of the certificate that you hold",
    )

    lead = (
        "Its rate counts for payments on days on which it is valid. Where tax was withheld before it came, refund it."
    )
    groups = (
        ("Between", ("payer", "payee")),
        ("Rate", ("rate", "income_type", "valid_from", "valid_to")),
        ("Proof", ("digest",)),
    )
    refusals = {paying.NotAFraction: "rate", paying.NotAPeriod: "valid_to"}

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
            document_digest=given["digest"].removeprefix("sha256:"),
            at=at,
        )


class AdvanceForm(FactForm):
    """An advance or a charge, recouped from everything a payee earns; groups are for the API."""

    payer = pick(Party, help_text=_PAYER)
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

    lead = "An advance is booked as paid out; later earnings go to it first. A charge is booked as it is taken."
    groups = (
        ("Between", ("payer", "payee")),
        ("What", ("kind", "amount", "currency", "paid_on")),
        ("Recoupment", ("rate", "priority")),
    )
    refusals = {paying.NotAnAmount: "amount", paying.NotAFraction: "rate"}

    def clean(self) -> dict[str, Any]:
        """Read the amount in its currency's minor units."""
        given = super().clean() or self.cleaned_data
        if "amount" in given and "currency" in given:
            given["amount"] = _minor(self, "amount", given["amount"], given["currency"])
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
            group="",
            assets=(),
            priority=given["priority"],
            rate=given["rate"],
            paid_on=given["paid_on"],
            at=at,
        )


class ExchangeRateForm(FactForm):
    """An exchange rate, as its source quotes it."""

    payer = pick(Party, help_text=_PAYER)
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


def percent(numerator: int, denominator: int) -> str:
    """Return a part of the whole in per cent, exactly if three places do."""
    rate = Fraction(numerator, denominator) * 100
    thousandths = rate * 1000
    if thousandths.denominator != 1:
        return f"{numerator}/{denominator}"
    whole, rest = divmod(thousandths.numerator, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".") + " %"


class _BetweenTwo(FactAdmin):
    """What is between a payer and a payee."""

    list_select_related = ("payer", "payee")
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

    def _sheet(self, row: Any, title: str, lead: str, *facts: tuple[str, Shown], **entry: Any) -> Sheet:
        return Sheet(
            title=title,
            lead=lead,
            facts=(
                ("Payer", sheets.link(row.payer)),
                ("Payee", sheets.link(row.payee)),
                *facts,
                ("Recorded", sheets.moment(row.recorded_at)),
                ("Id", sheets.long_id(row.pk)),
                sheets.entry_of(**entry),
            ),
        )


@admin.register(PayeeTerms)
class PayeeTermsAdmin(_BetweenTwo):
    """How payees are paid."""

    fact_form = PayeeTermsForm
    list_display = ("shown_payee", "shown_payer", "currency", "shown_tax", sheets.column("recorded_at", "Recorded"))
    called = "payee’s terms"
    blank = "Nothing is agreed with any payee, so nobody is paid: what they earn is carried."

    @admin.display(description="Full tax")
    def shown_tax(self, row: PayeeTerms) -> str:
        """Show the full rate."""
        return percent(row.withholding_numerator, row.withholding_denominator)

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:  # noqa: ARG002 - seen by whoever sees the fact
        """Lay terms out."""
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
            payee_terms=fact,
        )


@admin.register(TaxCertificate)
class TaxCertificateAdmin(_BetweenTwo):
    """Certificates of tax residence."""

    fact_form = TaxCertificateForm
    list_display = (
        "shown_payee", "shown_payer", "shown_rate",
        sheets.column("valid_from", "From"), sheets.column("valid_to", "Until"),
    )  # fmt: skip
    called = "tax certificate"
    blank = "No certificate is on record: tax is withheld at the full rate."

    @admin.display(description="Rate")
    def shown_rate(self, row: TaxCertificate) -> str:
        """Show the treaty's rate."""
        return percent(row.numerator, row.denominator)

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:  # noqa: ARG002 - seen by whoever sees the fact
        """Lay a certificate out."""
        return self._sheet(
            fact,
            "Tax certificate",
            f"{percent(fact.numerator, fact.denominator)} for {fact.income_type}.",
            ("Valid", f"{fact.valid_from} to before {fact.valid_to}"),
            ("Document", sheets.long_id(f"sha256:{fact.document_digest}")),
            tax_certificate=fact,
        )


@admin.register(Advance)
class AdvanceAdmin(_BetweenTwo):
    """Advances and charges."""

    fact_form = AdvanceForm
    list_display = ("shown_payee", "shown_payer", "kind", "shown_amount", sheets.column("paid_on", "Paid on"))
    called = "advance"
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
            ("Within", fact.group or "everything the payee earns"),
            ("Priority", str(fact.priority)),
            advance=fact,
        )


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
