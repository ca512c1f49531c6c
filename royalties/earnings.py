"""
What receipts for an output come to for everybody who has a part in it. Pure; nothing is booked.

Each receipt is converted once (ROY-5); what a country earned is one pool, divided by the splits of the zone it lies in
with one rounding (ROY-2, ROY-3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from royalties import money
from royalties.allocation import Line, allocate
from royalties.apportion import Part, Splits
from royalties.money import Rate


class NotReleasedThere(Exception):
    """The output was not cleared for this country, so a receipt from there has nobody to be divided among."""


class RateMissing(Exception):
    """A receipt in another currency than the settlement's needs its exchange rate."""


class RateOfOthers(Exception):
    """An exchange rate is from the receipt's currency to the settlement's."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came in from a country, net, in the major unit of its currency."""

    country: str  # ISO 3166-1 alpha-2
    amount: Fraction
    currency: str
    rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """What a country earned in minor units of the settlement currency, and every leaf's line of it."""

    country: str
    units: int
    lines: tuple[tuple[Part, Line], ...]


@dataclass(frozen=True, slots=True)
class Earnings:
    """All pools, and what each party gets of all of them together."""

    currency: str
    pools: tuple[Pool, ...]

    @property
    def units(self) -> int:
        """Return what all countries earned."""
        return sum(pool.units for pool in self.pools)

    @property
    def by_party(self) -> dict[UUID | None, int]:
        """Return what each party gets, the most first; None is what is held."""
        sums: Counter[UUID | None] = Counter()
        for pool in self.pools:
            for part, line in pool.lines:
                sums[part.party_id] += line.units
        return dict(sorted(sums.items(), key=lambda item: (-item[1], str(item[0]))))


def earned(splits: Splits, receipts: Iterable[Receipt], *, currency: str) -> Earnings:
    """
    Divide receipts among the leaves of an output.

    :param currency: what it is settled in
    :return: pools in the order of their countries; the units of each add up to what came in
    :raises NotReleasedThere: a receipt from a country that no zone of the splits names
    :raises RateMissing, RateOfOthers: a receipt cannot be converted
    :raises UnknownCurrency, BeyondMoney: see ``royalties.money``
    """
    money.exponent(currency)
    zones = {country: zone for zone in splits.zones for country in zone.territories}
    sums: Counter[str] = Counter()
    for receipt in receipts:
        if receipt.country not in zones:
            raise NotReleasedThere(f"{NotReleasedThere.__doc__} It is {receipt.country}.")
        sums[receipt.country] += _converted(receipt, currency)
    pools = []
    for country, units in sorted(sums.items()):
        parts = {part.leaf: part for part in zones[country].parts}
        lines = allocate(units, {leaf: part.part for leaf, part in parts.items()})
        pools.append(Pool(country, units, tuple((parts[line.leaf], line) for line in lines)))
    return Earnings(currency, tuple(pools))


def _converted(receipt: Receipt, currency: str) -> int:
    if receipt.rate is None:
        if receipt.currency != currency:
            raise RateMissing(f"{RateMissing.__doc__} It is from {receipt.currency} to {currency}.")
        return money.minor(receipt.amount, currency)
    if (receipt.rate.base, receipt.rate.quote) != (receipt.currency, currency):
        raise RateOfOthers(RateOfOthers.__doc__)
    return money.converted(receipt.amount, receipt.rate)
