"""What payers declare at the desk: how often was generated, and a service's net revenue; no report of usage says it."""

from __future__ import annotations

from datetime import datetime
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
from ledger.admin.money import CurrencyField, MoneyField, amount, minor
from ledger.admin.sheets import Sheet, Shown
from rights.models import License, Party
from royalties import money
from royalties.models import Declaration


class DeclarationForm(FactForm):
    """What terms of money of plans are worked out from."""

    payer = pick(Party, help_text="Your organization, which pays")
    kind = forms.ChoiceField(choices=Declaration.Kind.choices, widget=forms.Select(INPUT), label="What is declared")
    period_from = DateField(label="First day")
    period_to = DateField(
        label="Until", help_text="The first day after the period; a run takes what lies within its own"
    )
    license = pick(License, required=False, help_text="Of generations: under which license")
    count = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=money.LARGEST,
        label="How many generations",
        widget=forms.NumberInput({"class": "l-input is-short"}),
    )
    revenue = MoneyField(required=False, label="Net revenue", help_text="Of subscriptions, after tax")
    currency = CurrencyField(initial="EUR", help_text="Of the revenue; that of the run which is to book it")
    source = forms.CharField(
        max_length=200, widget=forms.TextInput(INPUT), label="Where it is from", help_text="Without names"
    )

    lead = (
        "Fees per generation and shares of subscriptions wait for this. Declared again of the same days, the newest"
        " counts, and the next run posts the difference."
    )
    done = "Declared. The next run books what follows from it."
    groups = (
        ("For whom", ("payer", "kind")),
        ("When", ("period_from", "period_to")),
        ("Generations", ("license", "count")),
        ("Revenue", ("revenue", "currency")),
        ("Source", ("source",)),
    )
    refusals = {
        paying.NotDeclared: "kind",
        paying.NotAnAmount: "revenue",
        paying.NotADeclaredPeriod: "period_from",
    }

    def clean(self) -> dict[str, Any]:
        """Ask for what its kind needs, and read revenue in minor units."""
        given = super().clean() or self.cleaned_data
        if given.get("kind") == Declaration.Kind.GENERATIONS:
            for name in ("license", "count"):
                if name not in self.errors and given.get(name) is None:
                    self.add_error(name, "Generations need it.")
        elif given.get("revenue") is not None and "currency" in given:
            given["revenue"] = minor(self, "revenue", given["revenue"], given["currency"])
        elif "revenue" not in self.errors:
            self.add_error("revenue", "Revenue needs an amount, such as 12000.00.")
        return given

    def write(self, *, id: UUID, at: datetime) -> Declaration:
        """Declare it."""
        given = self.cleaned_data
        is_count = given["kind"] == Declaration.Kind.GENERATIONS
        return paying.declare(
            id=id,
            payer_id=given["payer"].pk,
            kind=given["kind"],
            license_id=given["license"].pk if is_count else None,
            period_from=given["period_from"],
            period_to=given["period_to"],
            currency="" if is_count else given["currency"],
            amount=given["count"] if is_count else given["revenue"],
            source=given["source"],
            document_digest="",
            at=at,
        )


@admin.register(Declaration)
class DeclarationAdmin(FactAdmin):
    """What was declared; of the same days the newest counts."""

    fact_form = DeclarationForm
    list_display = ("shown_kind", "shown_amount", "shown_period", "shown_payer")
    list_select_related = ("payer", "license")
    ordering = ("-recorded_at",)
    called = "declaration"
    asked = ("Declare a count or revenue", "Declare")
    blank = "Nothing was declared. Fees per generation and shares of subscriptions wait until it is."
    has_filter_button = False

    @admin.display(description="What")
    def shown_kind(self, row: Declaration) -> str:
        """Show what is declared."""
        return row.get_kind_display()

    @admin.display(description="Amount")
    def shown_amount(self, row: Declaration) -> str:
        """Show how much."""
        return _said(row)

    @admin.display(description="Period")
    def shown_period(self, row: Declaration) -> str:
        """Show of which days."""
        return f"{row.period_from} to before {row.period_to}"

    @admin.display(description="Payer")
    def shown_payer(self, row: Declaration) -> str:
        """Show whose it is."""
        return str(row.payer)

    def sheet(self, request: HttpRequest, fact: Any) -> Sheet:  # noqa: ARG002 - seen by whoever sees the fact
        """Lay a declaration out."""
        license_: tuple[tuple[str, Shown], ...] = (("License", sheets.link(fact.license)),) if fact.license else ()
        return Sheet(
            title=fact.get_kind_display(),
            lead=_said(fact),
            facts=(
                ("Payer", sheets.link(fact.payer)),
                *license_,
                ("Period", f"{fact.period_from} to before {fact.period_to}"),
                ("Source", fact.source),
                ("Recorded", sheets.moment(fact.recorded_at)),
                ("Id", sheets.long_id(fact.pk)),
                sheets.entry_of(declaration=fact),
            ),
        )


def _said(row: Declaration) -> str:
    return (
        f"{amount(row.amount, row.currency)} {row.currency}"
        if row.currency
        else f"{row.amount:,}".replace(",", "\u202f")
    )
