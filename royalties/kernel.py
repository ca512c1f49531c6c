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

    ``starts`` has where each line's begin, and a last one where they end; slots count the leaves of all splits, and
    ``first`` has of each line the slot that its split begins with.
    """

    starts: Integers
    first: Integers
    units: Integers
    has_leftover: Flags

    @property
    def slot(self) -> Integers:
        """Return the slot of each allocation."""
        found: Integers = np.repeat(self.first - self.starts[:-1], np.diff(self.starts))
        found += np.arange(len(found), dtype=np.int64)
        return found


class Table:
    """Splits by number, ready to divide by. Their leaves lie in slots, split after split."""

    def __init__(self, splits: Sequence[Mapping[str, Fraction]]) -> None:
        """
        Lay splits out as arrays.

        :raises NotTheWhole, NotAKey: see ``allocation.allocate``
        """
        for weights in splits:
            allocation.allocate(0, weights)  # refuses what is not whole
        ordered = [sorted(weights.items(), key=lambda one: one[0].encode()) for weights in splits]
        self.leaves = sorted({leaf for weights in splits for leaf in weights}, key=str.encode)
        places = {leaf: place for place, leaf in enumerate(self.leaves)}
        self.leaf_of_slot = np.array([places[leaf] for one in ordered for leaf, _ in one], dtype=np.int64)
        counts = np.array([len(one) for one in ordered], dtype=np.int64)
        numerators, denominators, wide = [], [], {}
        for number, one in enumerate(ordered):
            whole = lcm(*(weight.denominator for _, weight in one))
            if whole > _LARGEST:
                wide[number] = [weight for _, weight in one]
                numerators += [0] * len(one)
                denominators.append(1)
            else:
                numerators += [int(weight * whole) for _, weight in one]
                denominators.append(whole)
        self._lay(counts, np.array(numerators, np.int64), np.array(denominators, np.int64), wide)

    @classmethod
    def laid(
        cls,
        counts: Integers,
        numerators: Integers,
        denominators: Integers,
        wide: Mapping[int, Sequence[Fraction]],
    ) -> Table:
        """
        Take splits that are arrays already, the leaves of each in the order of their keys; a leaf is its slot.

        :param numerators: of each slot
        :param denominators: of each split, which its numerators add up to
        :param wide: the weights of splits whose denominator no word holds, by number
        :raises NotTheWhole: a split that does not add up, or has a weight below nothing
        """
        table = cls(())
        table.leaf_of_slot = np.arange(len(numerators), dtype=np.int64)
        table._lay(counts, numerators, denominators, wide)
        table._refuse_parts()
        return table

    def _lay(
        self, counts: Integers, numerators: Integers, denominators: Integers, wide: Mapping[int, Sequence[Fraction]]
    ) -> None:
        self._counts, self._numerators, self._denominators, self._wide = counts, numerators, denominators, wide
        self._starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        # A split whose denominator needs more than a word is never divided as arrays.
        self._limits = _LARGEST // np.maximum(denominators, 1)
        self._limits[list(wide)] = -1
        # Who is first where remainders are equal: the larger weight, then the key in byte order, which slots lie in.
        splits = np.repeat(np.arange(len(counts)), counts)
        order = np.lexsort((np.arange(len(numerators)), -numerators, splits))
        self._rank = np.empty(len(numerators), dtype=np.int64)
        self._rank[order] = np.arange(len(numerators)) - self._starts[splits]

    def _refuse_parts(self) -> None:
        for number, weights in self._wide.items():
            if sum(weights, Fraction(0)) != 1 or min(weights) < 0:
                raise allocation.NotTheWhole(f"{allocation.NotTheWhole.__doc__} Split {number} does not.")
        if not len(self._counts):
            return
        is_plain = np.ones(len(self._counts), dtype=bool)
        is_plain[list(self._wide)] = False
        is_whole = (self._counts > 0) & (self._denominators > 0)
        if is_whole.all():
            starts = self._starts[:-1]
            least = np.minimum.reduceat(self._numerators, starts)
            most = np.maximum.reduceat(self._numerators, starts)
            # Parts from nothing to the whole, few enough that what they add up to cannot leave a word by much:
            # a sum that went round is negative, or is checked again one by one.
            is_whole = (least >= 0) & (most <= self._denominators)
            total = np.add.reduceat(self._numerators, starts)
            is_safe = self._denominators <= _LARGEST // self._counts
            for number in np.flatnonzero(is_plain & is_whole & ~is_safe).tolist():
                parts = self._numerators[self._starts[number] : self._starts[number + 1]].tolist()
                total[number] = self._denominators[number] if sum(parts) == int(self._denominators[number]) else -1
            is_whole &= total == self._denominators
        if (is_plain & ~is_whole).any():
            number = int(np.flatnonzero(is_plain & ~is_whole)[0])
            raise allocation.NotTheWhole(f"{allocation.NotTheWhole.__doc__} Split {number} does not.")

    def weights(self, split: int) -> list[Fraction]:
        """Return the weights of a split, in the order of its slots."""
        if split in self._wide:
            return list(self._wide[split])
        numerators = self._numerators[self._starts[split] : self._starts[split + 1]].tolist()
        return [Fraction(numerator, int(self._denominators[split])) for numerator in numerators]

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
        if split.size and (split.min() < 0 or split.max() >= len(self._counts)):
            raise NoSuchSplit(NoSuchSplit.__doc__)
        counts = self._counts[split]
        sizes = np.flatnonzero(np.bincount(counts)).tolist() if split.size else []
        if len(sizes) == 1:  # all have as many leaves
            starts = np.arange(0, (split.size + 1) * sizes[0], sizes[0], dtype=np.int64)
        else:
            starts = np.zeros(split.size + 1, dtype=np.int64)
            np.cumsum(counts, out=starts[1:])
        first = self._starts[split]
        whole = Spread(starts, first, np.empty(starts[-1], dtype=np.int64), np.empty(starts[-1], dtype=bool))
        is_large = np.abs(amount) > self._limits[split]
        has_large = bool(is_large.any())
        if has_large:
            self._one_by_one(np.flatnonzero(is_large), split, amount, whole)
        # Lines with as many leaves together: nobody's split makes the others' rows longer.
        for count in sizes:
            if len(sizes) == 1 and not has_large:
                for begin in range(0, split.size, LINES_AT_ONCE):
                    self._in_a_row(slice(begin, min(begin + LINES_AT_ONCE, split.size)), split, amount, count, whole)
                continue
            lines = np.flatnonzero((counts == count) & ~is_large)
            for begin in range(0, lines.size, LINES_AT_ONCE):
                self._scattered(lines[begin : begin + LINES_AT_ONCE], split, amount, count, whole)
        return whole

    def _in_a_row(self, lines: slice, split: Integers, amount: Integers, count: int, into: Spread) -> None:
        """Divide lines that follow each other, where all have as many leaves."""
        units, is_lucky = self._together(split[lines], amount[lines], count)
        into.units.reshape(-1, count)[lines] = units.T
        into.has_leftover.reshape(-1, count)[lines] = is_lucky.T

    def _scattered(self, lines: Integers, split: Integers, amount: Integers, count: int, into: Spread) -> None:
        """Divide lines with as many leaves, wherever they are."""
        units, is_lucky = self._together(split[lines], amount[lines], count)
        at = into.starts[lines]
        for leaf in range(count):
            into.units[at + leaf] = units[leaf]
            into.has_leftover[at + leaf] = is_lucky[leaf]

    def _together(self, chosen: Integers, amounts: Integers, count: int) -> tuple[Integers, Flags]:
        """Return units and leftovers: a row for each leaf."""
        size, denominator, first = np.abs(amounts), self._denominators[chosen], self._starts[chosen]
        floors = np.empty((count, amounts.size), dtype=np.int64)
        remainders = np.empty_like(floors)
        left = size.copy()
        for leaf in range(count):
            product = size * self._numerators[first + leaf]
            np.floor_divide(product, denominator, out=floors[leaf])
            np.subtract(product, floors[leaf] * denominator, out=remainders[leaf])
            left -= floors[leaf]
        ties = [self._rank[first + leaf] for leaf in range(count)]
        is_lucky = self._compared(remainders, ties, left) if count <= _FEW else self._sorted(remainders, ties, left)
        floors += is_lucky
        np.negative(floors, where=amounts < 0, out=floors)
        return floors, is_lucky

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
            # Keys that sort as the slots do stand for the leaves' own.
            weights = {f"{place:09}": weight for place, weight in enumerate(self.weights(number))}
            for place, found in enumerate(allocation.allocate(int(amount[line]), weights)):
                into.units[begin + place] = found.units
                into.has_leftover[begin + place] = found.has_leftover
