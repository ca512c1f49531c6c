"""
A statement as a document: every figure from what was earned to what is paid, and the lines that they come from. Pure.

Whoever shows one, on a page, on paper or as a table, shows the same figures in the same words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Literal
from uuid import UUID

import pycountry

from royalties import money
from royalties.account import Settled

Part = Literal["commission", "creator", "master", "publishing", "hold"]
By = Literal["country", "output", "asset", "part", "month"]
PARTS: dict[Part, str] = {
    "commission": "Commission",
    "creator": "Human creator",
    "master": "Master",
    "publishing": "Publishing",
    "hold": "Held",
}


@dataclass(frozen=True, slots=True)
class Line:
    """What a payee got of one pool through one leaf, with the arithmetic of it (ROY-15)."""

    output_id: UUID
    output_title: str
    country: str  # ISO 3166-1 alpha-2
    part: Part
    asset_id: UUID | None
    asset_title: str
    pool_units: int
    weight: Fraction
    units: int
    has_leftover: bool
    partition: int = 0  # where it stands in the run
    number: int = 0
    used_from: date | None = None
    used_to: date | None = None  # exclusive

    @property
    def exact(self) -> Fraction:
        """What the line came to before it was rounded, in minor units."""
        return self.pool_units * self.weight

    @property
    def country_name(self) -> str:
        """What the country is called."""
        return country_name(self.country)


TERMS = {
    "minimum": "Minimum guarantee",
    "advance": "Advance",
    "buyout": "Buyout",
    "training_fee": "Training fee",
    "per_generation": "Fee per generation",
    "sub_share": "Share of subscriptions",
    "downstream": "Share of receipts",
    "statutory": "Statutory rate",
}


@dataclass(frozen=True, slots=True)
class TermLine:
    """What a payee got by a term of money of a plan, and what that was worked out from."""

    term_id: UUID
    license_id: UUID
    plan_number: int
    kind: str
    side: str  # empty: both
    basis: str
    period_from: date  # whose it is
    period_to: date  # exclusive
    asset_titles: tuple[str, ...]
    weight: Fraction
    exact: Fraction  # minor units
    before: int  # booked by earlier runs
    units: int  # booked now

    @property
    def name(self) -> str:
        """What it is called among the steps."""
        of = {"master": ", masters", "publishing": ", publishing"}.get(self.side, "")
        return f"{TERMS[self.kind]}{of}"


@dataclass(frozen=True, slots=True)
class Payout:
    """What is paid in another currency: converted once, the remainder explained and never booked away (ROY-5)."""

    currency: str
    units: int
    rate: Fraction  # units of it for one unit of the settlement currency
    source: str
    on: date
    remainder: Fraction  # in the major unit of the payout currency


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the way from what was earned to what is paid."""

    name: str
    units: int  # signed: what it adds or takes
    note: str = ""
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """One statement of one payee."""

    id: UUID
    run_id: UUID
    version: int
    payer: str
    payee: str
    currency: str
    period_from: date
    period_to: date  # exclusive
    issued_at: datetime
    pay_on: date
    object_until: date | None
    allocated: int  # what the lines add up to
    adjusted: int  # of earlier periods, divided anew: new less old, leaf by leaf (ROY-8)
    granted: int  # out of holds and guarantees since the statement before
    figures: Settled  # of all three, and of what is held
    payout: Payout | None
    lines: Sequence[Line]  # may be read as they are asked for: a statement can have millions
    frozen_digest: str
    root_digest: str
    entry_index: int | None
    terms: tuple[TermLine, ...] = ()  # of plans, beside the lines
    summed: Mapping[By, Sequence[tuple[str, int]]] | None = None  # where lines were added up before, what they came to

    def said(self, units: int) -> str:
        """Write minor units with the currency after them."""
        return f"{grouped(units, self.currency)} {self.currency}"

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the way from earned to payable in the order of ROY-6; what is nothing is left out."""
        it = self.figures
        rate = percent(it.withholding_rate)
        found = [
            Step("Earned in this period", self.allocated, is_sum=True),
            Step("Earlier periods, divided anew", self.adjusted),
            Step("Out of holds and guarantees", self.granted),
            *(Step(one.name, one.units, f"plan {one.plan_number}: {one.basis}") for one in self.terms),
            Step("On hold in this period", it.held),
            Step("Held while owners disagree", -it.held),
            Step("Kept in reserve", -it.reserved),
            Step("Released from reserve", it.released),
            Step("Carried over from before", it.carried_in),
            Step("Recouped against advances", -it.recouped),
            Step("Other deductions", -it.deducted),
            Step("Base of withholding tax", it.base, is_sum=True),
            Step("Withholding tax", -it.withheld, f"{rate} of the base"),
            Step("Carried to the next statement", -it.carried_out),
            Step("Payable", it.payable, is_sum=True),
        ]
        # Without tax its base says nothing that the amount below it does not.
        left_out = {"Base of withholding tax"} if not it.withheld else set()
        return tuple(step for step in found if (step.units or step.is_sum) and step.name not in left_out)

    def sums(self, by: By) -> tuple[tuple[str, int], ...]:
        """Return what the lines add up to by what they share, the largest first; months in their order."""
        if self.summed is not None:
            return tuple(self.summed.get(by, ()))
        sums: Counter[str] = Counter()
        for line in self.lines:
            sums[_key(line, by)] += line.units
        if by == "month":
            return tuple(sorted(sums.items()))
        return tuple(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


def _key(line: Line, by: By) -> str:
    if by == "country":
        return line.country_name
    if by == "output":
        return line.output_title
    if by == "asset":
        return line.asset_title or PARTS[line.part]
    if by == "part":
        return PARTS[line.part]
    return f"{line.used_from:%Y-%m}" if line.used_from else "not said"


def country_name(code: str) -> str:
    """Return what a country of ISO 3166-1 is called."""
    found = pycountry.countries.get(alpha_2=code)
    return str(found.name) if found else code


def grouped(units: int, currency: str) -> str:
    """Write minor units as the major unit, thousands apart by a narrow space and a true minus."""
    whole, point, digits = money.written(abs(units), currency).partition(".")
    return f"{'−' if units < 0 else ''}{int(whole):,}".replace(",", "\u202f") + point + digits


def percent(rate: Fraction) -> str:
    """Write a part of the whole in percent: exactly if three decimals do, else to three."""
    thousandths = money.half_up(rate * 100_000)
    whole, rest = divmod(thousandths, 1_000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".") + " %"


def fraction(value: Fraction) -> str:
    """Write a fraction as two whole numbers."""
    return f"{value.numerator}/{value.denominator}"


def decimals(value: Fraction, places: int) -> str:
    """Write a number with so many decimals, half up."""
    units = money.half_up(value * 10**places)
    whole, rest = divmod(abs(units), 10**places)
    return f"{'−' if units < 0 else ''}{whole}" + (f".{rest:0{places}d}" if places else "")
