"""
Millions of usage lines, each divided among the leaves of its split: ``allocation.allocate`` over arrays. Pure.

Whole numbers only. A split's weights are put over one denominator; a line's exact parts are its amount times the
numerators, whose quotients are the floors and whose remainders say who gets what is left over. Where that product could
pass 63 bits the line is divided by ``allocation`` itself, one by one, so no result depends on the size of a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from royalties import allocation
from royalties.money import LARGEST as _LARGEST
from royalties.money import BeyondMoney

Integers = NDArray[np.int64]
LINES_AT_ONCE = 1 << 17


class NoSuchSplit(Exception):
    """A line names a split that is not there."""


@dataclass(frozen=True)
class Divided:
    """Allocations: the line each belongs to, the leaf by its place in ``Table.leaves``, and its minor units."""

    line: Integers
    leaf: Integers
    units: Integers


class Table:
    """Splits by number, ready to divide by."""

    def __init__(self, splits: Sequence[Mapping[str, Fraction]]) -> None:
        """
        Lay splits out as arrays.

        :raises NotTheWhole, NotAKey: see ``allocation.allocate``
        """
        for weights in splits:
            allocation.allocate(0, weights)  # refuses what is not whole
        self.leaves = sorted({leaf for weights in splits for leaf in weights}, key=str.encode)
        places = {leaf: place for place, leaf in enumerate(self.leaves)}
        self._splits = splits
        counts = [len(weights) for weights in splits]
        self._starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)
        denominators = [lcm(*(weight.denominator for weight in weights.values())) for weights in splits]
        # A split whose denominator needs more than a word is never divided as arrays: one stands in for it.
        self._is_wide = np.array([denominator > _LARGEST for denominator in denominators], dtype=bool)
        self._denominators = np.array([min(d, _LARGEST) for d in denominators], dtype=np.int64)
        leaf, numerator = [], []
        for weights, denominator in zip(splits, denominators, strict=True):
            # Larger weights first, then keys in byte order: so a stable sort by remainder settles every tie.
            for name, weight in sorted(weights.items(), key=lambda one: (-one[1], one[0].encode())):
                leaf.append(places[name])
                numerator.append(min(int(weight * denominator), _LARGEST))
        self._leaf = np.array(leaf, dtype=np.int64)
        self._numerator = np.array(numerator, dtype=np.int64)
        self._places = places

    def divide(self, split: Integers, amount: Integers) -> Divided:
        """
        Divide lines: each amount, in minor units, by the split of that number.

        :return: an allocation per line and leaf, in the order of the lines and within one of the leaves' keys
        :raises NoSuchSplit: a number that no split has
        :raises BeyondMoney: an amount that no column holds
        """
        if amount.size and amount.min() < -_LARGEST:
            raise BeyondMoney(BeyondMoney.__doc__)
        if split.size and (split.min() < 0 or split.max() >= len(self._splits)):
            raise NoSuchSplit(NoSuchSplit.__doc__)
        parts = [
            self._some(np.arange(begin, min(begin + LINES_AT_ONCE, split.size)), split, amount)
            for begin in range(0, split.size, LINES_AT_ONCE)
        ]
        empty = np.zeros(0, np.int64)
        line, leaf, units = (np.concatenate([empty, *(part[n] for part in parts)]) for n in range(3))
        return Divided(line, leaf, units)

    def _some(self, lines: Integers, split: Integers, amount: Integers) -> tuple[Integers, Integers, Integers]:
        chosen, amounts = split[lines], amount[lines]
        counts = self._starts[chosen + 1] - self._starts[chosen]
        is_large = self._is_wide[chosen] | (np.abs(amounts) > _LARGEST // self._denominators[chosen])
        found = [self._one_by_one(lines[is_large], chosen[is_large], amounts[is_large])]
        # Lines with as many leaves together: nobody's split makes the others' rows longer.
        for count in np.unique(counts[~is_large]).tolist():
            here = ~is_large & (counts == count)
            found.append(self._together(lines[here], chosen[here], amounts[here], int(count)))
        line, leaf, units = (np.concatenate([part[n] for part in found]) for n in range(3))
        order = np.lexsort((leaf, line))
        return line[order], leaf[order], units[order]

    def _together(
        self, lines: Integers, chosen: Integers, amounts: Integers, count: int
    ) -> tuple[Integers, Integers, Integers]:
        at = self._starts[chosen][:, None] + np.arange(count)
        size = np.abs(amounts)
        floors, remainders = np.divmod(size[:, None] * self._numerator[at], self._denominators[chosen][:, None])
        left = size - floors.sum(axis=1)
        rank = np.empty_like(at)
        order = np.argsort(-remainders, axis=1, kind="stable")
        np.put_along_axis(rank, order, np.broadcast_to(np.arange(count), at.shape), axis=1)
        units = np.sign(amounts)[:, None] * (floors + (rank < left[:, None]))
        return np.repeat(lines, count), self._leaf[at].reshape(-1), units.reshape(-1)

    def _one_by_one(self, lines: Integers, chosen: Integers, amounts: Integers) -> tuple[Integers, Integers, Integers]:
        rows = [
            (line, self._places[found.leaf], found.units)
            for line, split, amount in zip(lines.tolist(), chosen.tolist(), amounts.tolist(), strict=True)
            for found in allocation.allocate(amount, self._splits[split])
        ]
        array = np.array(rows, dtype=np.int64).reshape(-1, 3)
        return array[:, 0], array[:, 1], array[:, 2]
