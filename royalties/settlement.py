"""
A payee's balance, settled: which advances and charges it goes to, what reserves fall due, what is paid out. Pure.

The steps themselves are in ``account`` (ROY-6); here stands what goes into them where there are several advances in
groups (ROY-9), reserves of several periods (ROY-10), and another currency to pay in (ROY-5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from uuid import UUID

from royalties import money
from royalties.account import PayeeTerms, Settled, Withholding, settle

NOT_YET = money.LARGEST  # a threshold that nobody reaches: paid once there are terms


class NothingLeft(Exception):
    """A reserve is released in at least one part."""


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What is still open of an advance or a charge."""

    id: UUID
    units: int
    rate: Fraction = Fraction(1)  # of what may go to it
    priority: int = 0  # the lowest first
    since: date = date.min
    assets: frozenset[UUID] | None = None  # recouped from what these earn; None: from everything


@dataclass(frozen=True, slots=True)
class Balance:
    """What a payee has to be settled, in minor units."""

    earned: int  # held and all
    held: int = 0
    carried: int = 0
    released: int = 0  # out of reserves
    by_asset: Mapping[UUID, int] = field(default_factory=dict)
    fixed: int = 0  # of what was earned: by agreement and not by use, so that no reserve is kept of it
    advanced: int = 0  # of that: paid before it is earned, so that no other advance is recouped from it


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is agreed with a payee."""

    reserve_rate: Fraction = Fraction(0)
    withholding: Withholding = field(default_factory=lambda: Withholding(Fraction(0)))
    threshold: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """A statement's figures, and which advance and which charge took how much."""

    figures: Settled
    recouped: Mapping[UUID, int]
    deducted: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Payout:
    """What is paid, in the currency that it is paid in: rounded once, and what the rounding took."""

    currency: str
    units: int
    exact: Fraction  # minor units

    @property
    def remainder(self) -> Fraction:
        """What rounding took, or gave where it is negative: explained on the statement, and posted nowhere."""
        return self.exact - self.units


def settled(
    balance: Balance, agreed: Agreed, *, advances: Iterable[Outstanding], charges: Iterable[Outstanding], on: date
) -> Settlement:
    """
    Settle a payee's balance (ROY-6), advances in their order.

    An advance of a group is recouped from what the group's assets earned, and never from anything else (ROY-9).

    :param on: the day of payment
    """
    left = balance.earned - balance.held
    reserved = money.half_up(max(0, left - balance.fixed) * agreed.reserve_rate)
    left += balance.released + balance.carried - reserved
    recouped = _taken(left - balance.advanced, advances, balance.by_asset)
    rest = left - sum(recouped.values())
    deducted = _taken(rest, charges, balance.by_asset)
    figures = settle(
        balance.earned,
        PayeeTerms(
            reserve_rate=agreed.reserve_rate,
            reserve_released=balance.released,
            advance_balance=sum(recouped.values()),
            deductions=sum(deducted.values()),
            withholding=agreed.withholding,
            threshold=agreed.threshold,
            carried=balance.carried,
            unreserved=balance.fixed,
        ),
        held=balance.held,
        on=on,
    )
    if (figures.recouped, figures.deducted) != (sum(recouped.values()), sum(deducted.values())):
        raise AssertionError(f"advances and charges took other amounts than the statement says: {figures}")
    return Settlement(figures, recouped, deducted)


def _taken(left: int, open_: Iterable[Outstanding], by_asset: Mapping[UUID, int]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    spent: dict[UUID, int] = {}  # of what an asset earned, to former advances
    whole = left
    for one in sorted(open_, key=lambda one: (one.priority, one.since, str(one.id))):
        if left <= 0:
            break
        if one.assets is None:
            within = whole
        else:
            within = sum(by_asset.get(asset, 0) - spent.get(asset, 0) for asset in one.assets)
        units = min(one.units, left, int(max(0, within) * one.rate))
        if units <= 0:
            continue
        found[one.id] = units
        left -= units
        rest = units
        for asset in sorted(one.assets or (), key=str):
            here = min(rest, max(0, by_asset.get(asset, 0) - spent.get(asset, 0)))
            spent[asset] = spent.get(asset, 0) + here
            rest -= here
    return found


def due_of_reserve(reserved: int, *, parts: int, nth: int) -> int:
    """
    Return what of a reserve is released in the nth run after it, from 1: equal parts, the odd units first (ROY-10).

    :raises NothingLeft: no parts
    """
    if parts < 1:
        raise NothingLeft(NothingLeft.__doc__)
    if not 1 <= nth <= parts:
        return 0
    each, odd = divmod(reserved, parts)
    return each + (nth <= odd)


def paid_out(units: int, currency: str, *, into: str, rate: Fraction) -> Payout:
    """
    Convert what is payable to the currency that it is paid in: once, half to even (ROY-5).

    :param rate: units of ``into`` for one of ``currency``
    """
    exact = Fraction(units) / 10 ** money.exponent(currency) * rate * 10 ** money.exponent(into)
    return Payout(into, money.half_even(exact), exact)
