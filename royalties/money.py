"""
Money as integers of a currency's minor unit, and how it gets there from text (ROY-1, ROY-5). Pure.

Nothing here is a binary fraction: text is read to an exact rational, multiplied exactly and rounded once.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

import pycountry

LARGEST = 2**63 - 1  # minor units that a bigint column holds

_CODES = Path(__file__).parent / "data" / "currencies.json"
# Digits, and a point with more of them: no exponent, no grouping, no spaces, no digits of other scripts.
_DECIMAL = re.compile(r"-?[0-9]{1,24}(?:\.[0-9]{1,24})?\Z")


class UnknownCurrency(Exception):
    """A currency is three letters of ISO 4217, such as EUR."""


class NotAnAmount(Exception):
    """An amount is written with digits and at most one point, such as 1000.01; no grouping, no exponent."""


class BeyondMoney(Exception):
    """The amount has more minor units than can be booked."""


class NotARate(Exception):
    """An exchange rate is more than nothing, between two currencies, and says where it is from."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many units of one currency a unit of another was worth, and who said so (ROY-5)."""

    base: str
    quote: str
    value: Fraction
    source: str
    on: date

    def __post_init__(self) -> None:
        """Check that it can convert."""
        for currency in (self.base, self.quote):
            exponent(currency)
        if self.value <= 0 or not self.source or (self.base == self.quote and self.value != 1):
            raise NotARate(NotARate.__doc__)


@cache
def exponent(currency: str) -> int:
    """
    Return how many decimal digits the minor unit of a currency has.

    :raises UnknownCurrency: no currency of ISO 4217
    """
    found = pycountry.currencies.get(alpha_3=currency)
    if found is None or found.alpha_3 != currency:  # it also finds small letters
        raise UnknownCurrency(f"{UnknownCurrency.__doc__} It is {currency!r}.")
    table = json.loads(_CODES.read_text(), parse_float=Fraction)
    return int(table["exponents"].get(currency, table["default_exponent"]))


def read(text: str) -> Fraction:
    """
    Return the exact number that a decimal says.

    :raises NotAnAmount: anything but digits with at most one point
    """
    if not _DECIMAL.match(text):
        raise NotAnAmount(f"{NotAnAmount.__doc__} It is {text[:60]!r}.")
    return Fraction(text)


def minor(amount: Fraction, currency: str) -> int:
    """
    Return an amount of a currency's major unit in minor units, rounded half to even.

    :raises UnknownCurrency: no currency of ISO 4217
    :raises BeyondMoney: more than can be booked
    """
    return _booked(half_even(amount * 10 ** exponent(currency)))


def converted(amount: Fraction, rate: Rate) -> int:
    """
    Return an amount of ``rate.base`` in minor units of ``rate.quote``: once, half to even (ROY-5).

    :raises BeyondMoney: more than can be booked
    """
    return minor(amount * rate.value, rate.quote)


def written(units: int, currency: str) -> str:
    """Return minor units as a decimal of the major unit: the digits of the currency, a point, a minus before."""
    digits = exponent(currency)
    whole, rest = divmod(abs(units), 10**digits)
    return f"{'-' if units < 0 else ''}{whole}" + (f".{rest:0{digits}d}" if digits else "")


def half_even(value: Fraction) -> int:
    """Round to the nearest integer, and from the middle between two to the even one."""
    return round(value)


def half_up(value: Fraction) -> int:
    """Round to the nearest integer, and from the middle between two away from zero (ROY-6: reserves and tax)."""
    units = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return units if value >= 0 else -units


def _booked(units: int) -> int:
    if abs(units) > LARGEST:
        raise BeyondMoney(BeyondMoney.__doc__)
    return units
