"""
Millions of pools, each divided among the leaves of its split: ``allocation.allocate`` over arrays. Pure.

Whole numbers only. A split's weights are put over one denominator; a pool's exact parts are its amount times the
numerators, whose quotients are the floors and whose remainders say who gets what is left over. Where that product could
pass 63 bits the pool is divided by ``allocation`` itself, one by one, so no result depends on the size of a word.
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
Flags = NDArray[np.bool_]
LINES_AT_ONCE = 1 << 15  # what the processor's own memory holds
_FEW = 6  # leaves of which each is compared with each; more are sorted


class NoSuchSplit(Exception):
    """A line names a split that is not there."""


@dataclass(frozen=True, slots=True)
class Shares:
    """A split in whole numbers: leaves in the order of their keys, their numerators, and what those add up to."""

    leaves: tuple[str, ...]
    numerators: tuple[int, ...]
    denominator: int

    def __post_init__(self) -> None:
        """Check that it is the whole, each leaf once and in its place."""
        for leaf in self.leaves:
            if not leaf or not leaf.isascii() or not leaf.isprintable():
                raise allocation.NotAKey(f"{allocation.NotAKey.__doc__} It is {leaf!r}.")
        if any(one >= other for one, other in zip(self.leaves, self.leaves[1:], strict=False)):
            raise allocation.NotAKey(f"{allocation.NotAKey.__doc__} {self.leaves[0]} is not in its place.")
        total = sum(self.numerators)
        if total != self.denominator or total < 1 or min(self.numerators) < 0:
            raise allocation.NotTheWhole(
                f"{allocation.NotTheWhole.__doc__} They add up to {total} of {self.denominator}."
            )
        if len(self.numerators) != len(self.leaves):
            raise allocation.NotTheWhole(f"{allocation.NotTheWhole.__doc__} A leaf has no weight.")

    @classmethod
    def of(cls, weights: Mapping[str, Fraction]) -> Shares:
        """
        Put weights over one denominator.

        :raises NotTheWhole, NotAKey: see ``allocation.allocate``
        """
        allocation.allocate(0, weights)  # refuses what is not whole
        leaves = tuple(sorted(weights, key=str.encode))
        denominator = lcm(*(weight.denominator for weight in weights.values()))
        return cls(leaves, tuple(int(weights[leaf] * denominator) for leaf in leaves), denominator)

    @property
    def weights(self) -> dict[str, Fraction]:
        """Return them as fractions again."""
        pairs = zip(self.leaves, self.numerators, strict=True)
        return {leaf: Fraction(numerator, self.denominator) for leaf, numerator in pairs}


@dataclass(frozen=True)
class Divided:
    """Allocations: the line each belongs to, the leaf by its place in ``Table.leaves``, and its minor units."""

    line: Integers
    leaf: Integers
    units: Integers


@dataclass(frozen=True)
class Spread:
    """
    Allocations in the order of the lines, and within a line of the leaves' keys.

    ``starts`` has where each line's begin, and a last one where they end; ``slot`` counts the leaves of all splits.
    """

    starts: Integers
    slot: Integers
    units: Integers
    has_leftover: Flags


class Table:
    """Splits by number, ready to divide by."""

    def __init__(self, splits: Sequence[Mapping[str, Fraction] | Shares]) -> None:
        """
        Lay splits out as arrays.

        :raises NotTheWhole, NotAKey: see ``allocation.allocate``
        """
        self._splits = shares = [one if isinstance(one, Shares) else Shares.of(one) for one in splits]
        self.leaves = sorted({leaf for one in shares for leaf in one.leaves}, key=str.encode)
        self._places = {leaf: place for place, leaf in enumerate(self.leaves)}
        self._counts = np.array([len(one.leaves) for one in shares], dtype=np.int64)
        self._starts = np.concatenate([[0], np.cumsum(self._counts)]).astype(np.int64)
        # A split whose denominator needs more than a word is never divided as arrays: one stands in for it.
        is_wide = [one.denominator > _LARGEST for one in shares]
        self._denominators = np.array([min(one.denominator, _LARGEST) for one in shares], dtype=np.int64)
        self._limits = np.array(
            [-1 if wide else _LARGEST // one.denominator for one, wide in zip(shares, is_wide, strict=True)],
            dtype=np.int64,
        )
        #: The place in ``leaves`` of every slot.
        self.leaf_of_slot = np.array([self._places[leaf] for one in shares for leaf in one.leaves], dtype=np.int64)
        self._numerator = np.array(
            [min(numerator, _LARGEST) for one in shares for numerator in one.numerators], dtype=np.int64
        )
        # Who is first where remainders are equal: the larger weight, then the key in byte order, which slots lie in.
        ranks = []
        for one in shares:
            order = sorted(range(len(one.leaves)), key=lambda slot, one=one: (-one.numerators[slot], slot))  # type: ignore[misc]
            rank = [0] * len(order)
            for place, slot in enumerate(order):
                rank[slot] = place
            ranks += rank
        self._rank = np.array(ranks, dtype=np.int64)

    def divide(self, split: Integers, amount: Integers) -> Divided:
        """
        Divide lines: each amount, in minor units, by the split of that number.

        :return: an allocation per line and leaf, in the order of the lines and within one of the leaves' keys
        :raises NoSuchSplit: a number that no split has
        :raises BeyondMoney: an amount that no column holds
        """
        spread = self.spread(split, amount)
        line = np.repeat(np.arange(split.size, dtype=np.int64), np.diff(spread.starts))
        return Divided(line, self.leaf_of_slot[spread.slot], spread.units)

    def spread(self, split: Integers, amount: Integers) -> Spread:
        """
        Divide lines, and say of each allocation which leaf of which split it is for and whether it has a leftover unit.

        :raises NoSuchSplit: a number that no split has
        :raises BeyondMoney: an amount that no column holds
        """
        if amount.size and amount.min() < -_LARGEST:
            raise BeyondMoney(BeyondMoney.__doc__)
        if split.size and (split.min() < 0 or split.max() >= len(self._splits)):
            raise NoSuchSplit(NoSuchSplit.__doc__)
        counts = self._counts[split]
        starts = np.zeros(split.size + 1, dtype=np.int64)
        np.cumsum(counts, out=starts[1:])
        slot = np.empty(starts[-1], dtype=np.int64)
        units = np.empty(starts[-1], dtype=np.int64)
        has_leftover = np.empty(starts[-1], dtype=bool)
        whole = Spread(starts, slot, units, has_leftover)
        is_large = np.abs(amount) > self._limits[split]
        if is_large.any():
            self._one_by_one(np.flatnonzero(is_large), split, amount, whole)
        # Lines with as many leaves together: nobody's split makes the others' rows longer.
        for count in np.flatnonzero(np.bincount(counts)).tolist() if split.size else ():
            lines = np.flatnonzero((counts == count) & ~is_large)
            for begin in range(0, lines.size, LINES_AT_ONCE):
                self._together(lines[begin : begin + LINES_AT_ONCE], split, amount, count, whole)
        return whole

    def _together(self, lines: Integers, split: Integers, amount: Integers, count: int, into: Spread) -> None:
        chosen, amounts = split[lines], amount[lines]
        size, denominator, first = np.abs(amounts), self._denominators[chosen], self._starts[chosen]
        floors = np.empty((count, lines.size), dtype=np.int64)
        remainders = np.empty_like(floors)
        left = size.copy()
        for leaf in range(count):
            product = size * self._numerator[first + leaf]
            np.floor_divide(product, denominator, out=floors[leaf])
            np.subtract(product, floors[leaf] * denominator, out=remainders[leaf])
            left -= floors[leaf]
        ties = [self._rank[first + leaf] for leaf in range(count)]
        is_lucky = self._compared(remainders, ties, left) if count <= _FEW else self._sorted(remainders, ties, left)
        floors += is_lucky
        np.negative(floors, where=amounts < 0, out=floors)
        at = into.starts[lines]
        for leaf in range(count):
            place = at + leaf
            into.slot[place] = first + leaf
            into.units[place] = floors[leaf]
            into.has_leftover[place] = is_lucky[leaf]

    @staticmethod
    def _compared(remainders: Integers, ties: Sequence[Integers], left: Integers) -> Flags:
        """Return who gets one of what is left: whoever has fewer before itself than there are units."""
        count = len(ties)
        before = np.zeros(remainders.shape, dtype=np.int8)
        for one in range(count):
            for other in range(one):
                is_one = remainders[one] > remainders[other]
                is_one |= (remainders[one] == remainders[other]) & (ties[one] < ties[other])
                before[other] += is_one
                before[one] += ~is_one
        found: Flags = before < left
        return found

    @staticmethod
    def _sorted(remainders: Integers, ties: Sequence[Integers], left: Integers) -> Flags:
        order = np.lexsort((np.stack(ties), -remainders), axis=0)
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.broadcast_to(np.arange(len(ties))[:, None], order.shape), axis=0)
        found: Flags = rank < left
        return found

    def _one_by_one(self, lines: Integers, split: Integers, amount: Integers, into: Spread) -> None:
        for line in lines.tolist():
            number, begin = int(split[line]), int(into.starts[line])
            for place, found in enumerate(allocation.allocate(int(amount[line]), self._splits[number].weights)):
                into.slot[begin + place] = self._starts[number] + place
                into.units[begin + place] = found.units
                into.has_leftover[begin + place] = found.has_leftover
