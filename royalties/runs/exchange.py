"""
Amounts of usage lines into minor units of the settlement currency: each once, half to even (ROY-5). Pure.

An amount is ``mantissa / 10**scale`` and a rate a fraction, so the units are one product over one divisor. Where the
product could pass 63 bits it is worked out in whole numbers of any size, so no result depends on the size of a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from royalties import money
from royalties.money import LARGEST, BeyondMoney

Integers = NDArray[np.int64]
MOST_DIGITS = 12  # after the point
_SCALES = MOST_DIGITS + 1


class NotAScale(Exception):
    """An amount has from 0 to 12 digits after its point."""


class Exchange:
    """Rates into one currency, by number, ready to convert by."""

    def __init__(self, rates: Sequence[Fraction], currency: str) -> None:
        """
        Lay rates out as arrays.

        :param rates: units of the major unit of the settlement currency for one of each other, by number
        :raises UnknownCurrency: see ``royalties.money``
        """
        minor = 10 ** money.exponent(currency)
        self._factors = [
            Fraction(rate.numerator * minor, rate.denominator * 10**scale) for rate in rates for scale in range(_SCALES)
        ]
        is_wide = [max(factor.numerator, factor.denominator) > LARGEST for factor in self._factors]
        pairs = [
            (1, 1, 0)
            if wide
            # nothing but 0 is within its limit
            else (factor.numerator, factor.denominator, LARGEST // factor.numerator)
            for factor, wide in zip(self._factors, is_wide, strict=True)
        ]
        self._numerator, self._denominator, self._limit = np.array(pairs, dtype=np.int64).reshape(-1, 3).T.copy()

    def units(self, mantissa: Integers, scale: NDArray[np.int8], rate: Integers) -> Integers:
        """
        Convert amounts, each by the rate of its number.

        :raises NotAScale: a scale beyond what an amount has
        :raises BeyondMoney: more minor units than can be booked
        """
        if not mantissa.size:
            return np.zeros(0, np.int64)
        if scale.min() < 0 or scale.max() > MOST_DIGITS:
            raise NotAScale(NotAScale.__doc__)
        place = rate.astype(np.int64) * _SCALES + scale
        limit = self._limit[place]
        is_large = (mantissa > limit) | (mantissa < -limit)
        some_large = bool(is_large.any())
        size = np.abs(np.where(is_large, 0, mantissa) if some_large else mantissa)
        divisor = self._denominator[place]
        product = size * self._numerator[place]
        whole = product // divisor
        over = product - whole * divisor
        under = divisor - over
        whole += (over > under) | ((over == under) & (whole & 1 == 1))
        found: Integers = np.where(mantissa < 0, -whole, whole)
        if some_large:
            where = np.flatnonzero(is_large)
            for at, amount, which in zip(where.tolist(), mantissa[where].tolist(), place[where].tolist(), strict=True):
                units = money.half_even(amount * self._factors[which])
                if abs(units) > LARGEST:
                    raise BeyondMoney(BeyondMoney.__doc__)
                found[at] = units
        return found
