"""
From what a payee earned in a period to what is paid, in the order of ROY-6. Pure.

Earnings, holds, reserves, recoupment, other deductions, withholding, threshold, payable. Each step takes from what the
one before left and says what it took; together with what is paid they are what was earned, to the unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from royalties import money


class NotTerms(Exception):
    """Rates are from 0 to 1, balances and thresholds are not negative."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A tax residence certificate, and the rate that the treaty gives while it is valid: [from, to)."""

    rate: Fraction
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Withholding:
    """What the payer's country takes of this kind of income (ROY-13)."""

    full_rate: Fraction
    certificates: tuple[Certificate, ...] = ()

    def rate_on(self, day: date) -> Fraction:
        """Return the rate on the day of payment: the treaty's if a certificate is valid then, else the full one."""
        valid = [one.rate for one in self.certificates if one.valid_from <= day < one.valid_to]
        return min(valid, default=self.full_rate)


@dataclass(frozen=True, slots=True)
class PayeeTerms:
    """What is agreed with a payee, and what is open from before; amounts in minor units."""

    reserve_rate: Fraction = Fraction(0)
    reserve_released: int = 0  # of earlier periods, due now
    advance_balance: int = 0  # not recouped yet
    recoupment_rate: Fraction = Fraction(1)  # of what may be recouped from
    deductions: int = 0
    withholding: Withholding = Withholding(Fraction(0))
    threshold: int = 0
    carried: int = 0  # brought forward: not taxed yet, or negative
    unreserved: int = 0  # of what was earned: fees, of which nothing is kept back

    def __post_init__(self) -> None:
        """Check what a contract cannot say."""
        rates = [self.reserve_rate, self.recoupment_rate, self.withholding.full_rate]
        rates += [one.rate for one in self.withholding.certificates]
        amounts = (self.reserve_released, self.advance_balance, self.deductions, self.threshold)
        if any(not 0 <= rate <= 1 for rate in rates) or min(amounts) < 0:
            raise NotTerms(NotTerms.__doc__)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a payee's earnings, step by step, in minor units."""

    earned: int
    held: int
    reserved: int
    released: int
    carried_in: int
    recouped: int
    deducted: int
    base: int  # what withholding is a part of
    withholding_rate: Fraction
    withholding_exact: Fraction
    withheld: int
    carried_out: int  # below the threshold, or owed by the payee
    payable: int

    @property
    def is_whole(self) -> bool:
        """What came in is what was kept, taken, carried and paid."""
        came = self.earned + self.released + self.carried_in
        went = self.held + self.reserved + self.recouped + self.deducted + self.withheld + self.carried_out
        return came == went + self.payable


def settle(earned: int, terms: PayeeTerms, *, held: int = 0, on: date) -> Settled:
    """
    Work out a statement (ROY-6).

    Reserves and tax round half up. Tax is due on what is paid: what stays below the threshold is carried before tax. A
    period in which a payee owes more than it earned pays nothing, and what is owed is carried.

    :param held: of what was earned, in dispute
    :param on: the day of payment, on which certificates must be valid
    """
    left = earned - held
    reserved = money.half_up(max(0, left - terms.unreserved) * terms.reserve_rate)
    left += terms.reserve_released + terms.carried - reserved
    recouped = min(terms.advance_balance, int(left * terms.recoupment_rate)) if left > 0 else 0
    left -= recouped
    deducted = min(terms.deductions, left) if left > 0 else 0
    base = left - deducted
    rate = terms.withholding.rate_on(on)
    exact = base * rate if base > 0 else Fraction(0)
    withheld = money.half_up(exact)
    payable = base - withheld
    if payable <= 0 or payable < terms.threshold:
        exact, withheld, payable = Fraction(0), 0, 0
    settled = Settled(
        earned=earned,
        held=held,
        reserved=reserved,
        released=terms.reserve_released,
        carried_in=terms.carried,
        recouped=recouped,
        deducted=deducted,
        base=base,
        withholding_rate=rate,
        withholding_exact=exact,
        withheld=withheld,
        carried_out=base - withheld - payable,
        payable=payable,
    )
    if not settled.is_whole:
        raise AssertionError(f"a statement does not add up: {settled}")
    return settled
