"""
A pool of minor units, divided among leaves with one rounding and nothing lost (ROY-2, ROY-3, ROY-8). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction


class NotTheWhole(Exception):
    """The weights of a pool add up to exactly one; a run refuses rather than normalizes (§6.8)."""


class NotAKey(Exception):
    """A leaf's key is printable ASCII, so that it sorts alike everywhere (ROY-4)."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one leaf gets of a pool, and why it is that many units."""

    leaf: str
    weight: Fraction
    exact: Fraction  # units
    units: int
    has_leftover: bool  # one unit of what the floors left over


def allocate(pool: int, weights: Mapping[str, Fraction]) -> tuple[Line, ...]:
    """
    Divide a pool by exact weights: floors first, then a unit each by the largest remainder (ROY-3).

    Units that are left over go in the order of the larger fraction, then the larger weight, then the key in byte order.
    A negative pool is divided as its absolute value, and negated. A leaf without weight gets nothing.

    :return: a line per leaf in the order of their keys; the units add up to the pool
    :raises NotTheWhole: the weights do not add up to one, or one of them is negative
    :raises NotAKey: a key that does not sort alike everywhere
    """
    for leaf, weight in weights.items():
        if not leaf or not leaf.isascii() or not leaf.isprintable():
            raise NotAKey(f"{NotAKey.__doc__} It is {leaf!r}.")
        if weight < 0:
            raise NotTheWhole(f"{NotTheWhole.__doc__} {leaf} weighs {weight}.")
    total = sum(weights.values(), Fraction(0))
    if total != 1:
        raise NotTheWhole(f"{NotTheWhole.__doc__} They add up to {total}.")
    sign, size = (-1, -pool) if pool < 0 else (1, pool)
    exact = {leaf: size * weight for leaf, weight in weights.items()}
    floors = {leaf: int(share) for leaf, share in exact.items()}
    left = size - sum(floors.values())
    order = sorted(weights, key=lambda leaf: (floors[leaf] - exact[leaf], -weights[leaf], leaf.encode()))
    lucky = frozenset(order[:left])
    return tuple(
        Line(
            leaf=leaf,
            weight=weights[leaf],
            exact=sign * exact[leaf],
            units=sign * (floors[leaf] + (leaf in lucky)),
            has_leftover=leaf in lucky,
        )
        for leaf in sorted(weights, key=str.encode)
    )


def differences(old: Iterable[Line], new: Iterable[Line]) -> dict[str, int]:
    """
    Return what to post where a pool was divided again under other facts: leaf by leaf, new less old (ROY-8).

    The difference of the pools itself is never divided: it would give other units.
    """
    before = {line.leaf: line.units for line in old}
    after = {line.leaf: line.units for line in new}
    return {leaf: after.get(leaf, 0) - before.get(leaf, 0) for leaf in sorted(before | after, key=str.encode)}


def by_amounts(pool: int, amounts: Mapping[str, int]) -> tuple[Line, ...]:
    """
    Divide a pool by what its payees have earned already, as a shortfall of a minimum guarantee is (ROY-11).

    :raises NotTheWhole: nobody has earned anything, or somebody less than nothing
    """
    total = sum(amounts.values())
    if total <= 0:
        raise NotTheWhole(f"{NotTheWhole.__doc__} Nobody has earned anything to divide by.")
    return allocate(pool, {leaf: Fraction(amount, total) for leaf, amount in amounts.items()})
