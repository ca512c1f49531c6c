"""
Samples of money: how many, which, and what the errors in them say about the rest. Pure; amounts are whole minor units.

Monetary-unit sampling as the AICPA's Audit Guide "Audit Sampling" has it: every unit of money has the same chance, by
one random start and equal steps; sample size and upper limit by the Poisson distribution; an error counts by the part
of its line that is wrong (tainting). Stratified sampling after Cochran, "Sampling Techniques" (1977), chapters 5 and
5A: the difference estimator within strata, and its variance. Nothing here is a binary fraction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from heapq import heappush, heappushpop
from typing import TypeVar

from royalties.allocation import allocate

Item = TypeVar("Item")
_EXACTLY = Context(prec=60, rounding=ROUND_HALF_EVEN)
# Confidence in percent → the AICPA's expansion factor for expected misstatement, in tenths.
EXPANSION = {80: 13, 85: 14, 90: 15, 95: 16, 99: 19}
# Confidence in percent → the one-sided quantile of the normal distribution, in thousandths.
_QUANTILE = {80: 842, 85: 1036, 90: 1282, 95: 1645, 99: 2326}
CONFIDENCES = tuple(EXPANSION)
MOST_ITEMS = 2_000


class NotASample(Exception):
    """What a sample is drawn by does not lead to one."""


@lru_cache(maxsize=512)
def confidence_factor(errors: int, confidence: int) -> Fraction:
    """
    Return the Poisson upper limit for so many errors, in hundredths rounded up, as the published tables have it.

    It is the smallest mean under which so few errors are as unlikely as the risk allows.

    :raises NotASample: a confidence that no table has
    """
    if confidence not in EXPANSION:
        raise NotASample(f"Confidence is one of {', '.join(map(str, CONFIDENCES))} percent.")
    risk = Decimal(100 - confidence) / 100  # exact: decimals
    low, high = 0, 100 * (errors + 10) * 4
    while high - low > 1:
        middle = (low + high) // 2
        if _at_most(errors, Decimal(middle) / 100) <= risk:  # exact: decimals
            high = middle
        else:
            low = middle
    return Fraction(high, 100)


def _at_most(errors: int, mean: Decimal) -> Decimal:
    """Return how likely so many events or fewer are."""
    term = total = Decimal(1)
    for one in range(1, errors + 1):
        term = _EXACTLY.divide(_EXACTLY.multiply(term, mean), Decimal(one))
        total = _EXACTLY.add(total, term)
    return _EXACTLY.multiply(total, _EXACTLY.exp(-mean))


# --- Monetary-unit sampling


@dataclass(frozen=True)
class Steps:
    """By which steps money is gone through, and what that makes of a population."""

    interval: int
    size: int
    start: int  # which unit of the first interval, from 1
    factor: Fraction


def steps(*, book: int, tolerable: int, expected: int, confidence: int, seed: str) -> Steps:
    """
    Return interval and start of a monetary-unit sample.

    :param tolerable: the misstatement that would still be borne; :param expected: what is thought to be there
    :raises NotASample: there is nothing to draw from, or more is expected than borne, or too many lines would be drawn
    """
    factor = confidence_factor(0, confidence)
    if book <= 0:
        raise NotASample("There is no money to draw from.")
    if tolerable <= 0 or expected < 0:
        raise NotASample("Tolerable misstatement is more than nothing, expected is not less.")
    room = tolerable - Fraction(expected * EXPANSION[confidence], 10)
    if room <= 0:
        raise NotASample("So much misstatement is expected that no sample could show it to be borne: test everything.")
    interval = int(room / factor)
    if interval < 1 or -(-book // interval) > MOST_ITEMS:
        raise NotASample(f"More than {MOST_ITEMS:,} lines would be drawn: bear more, or take a shorter period.")
    start = 1 + int.from_bytes(sha256(f"monetary unit|{seed}".encode()).digest()) % interval
    return Steps(interval, -(-book // interval), start, factor)


@dataclass(frozen=True)
class Drawn:
    """One line that was drawn."""

    item: object
    units: int
    hits: int
    stratum: int


def by_money(items: Iterable[tuple[Item, int]], given: Steps) -> Iterator[tuple[Item, int, int]]:
    """Yield the items in which a chosen unit lies, with how many do; one without money has no chance."""
    passed, following = 0, given.start
    for item, units in items:
        if units <= 0:
            continue
        passed += units
        if following <= passed:
            hits = (passed - following) // given.interval + 1
            following += hits * given.interval
            yield item, units, hits


@dataclass(frozen=True)
class Checked:
    """A line of a sample, as booked and as it should be."""

    booked: int
    audited: int
    stratum: int = 0


@dataclass(frozen=True)
class Estimate:
    """What the errors of a sample say about everything: exact where the method is, limits to the unit, upwards."""

    found: int  # in the lines themselves
    projected: Fraction
    precision: Fraction  # what chance may have hidden where nothing was found
    allowance: Fraction  # and beside what was found
    upper: int
    understated: Fraction  # projected in the other direction, and not set off


def evaluate_by_money(tested: Sequence[Checked], *, interval: int, confidence: int) -> Estimate:
    """
    Return projected misstatement and its upper limit by the AICPA's evaluation of a monetary-unit sample.

    Lines as large as an interval are drawn for certain, so their errors count as they are. Of others the part that is
    wrong counts for an interval; parts are ordered, the largest first, and each further one widens the limit.
    """
    taintings, certain, under = [], 0, Fraction(0)
    for one in tested:
        error = one.booked - one.audited
        if one.booked >= interval:
            certain += max(error, 0)
            under += max(-error, 0)
        elif error > 0:
            taintings.append(Fraction(error, one.booked))
        else:
            under += Fraction(-error, one.booked) * interval
    taintings.sort(reverse=True)
    before = precision_factor = confidence_factor(0, confidence)
    projected, allowance = Fraction(certain), Fraction(0)
    for number, part in enumerate(taintings, start=1):
        factor = confidence_factor(number, confidence)
        projected += part * interval
        allowance += (factor - before - 1) * part * interval
        before = factor
    precision = precision_factor * interval
    upper = projected + precision + allowance
    found = sum(max(one.booked - one.audited, 0) for one in tested)
    return Estimate(found, projected, precision, allowance, _up(upper), under)


# --- Stratified sampling


@dataclass(frozen=True)
class Stratum:
    """Lines from an amount on, up to before the next: how many, what they come to, how many are drawn."""

    least: int
    lines: int
    units: int
    size: int


def stratum_of(units: int, boundaries: Sequence[int]) -> int:
    """Return in which stratum an amount is, without its sign; boundaries begin the second and each further one."""
    return sum(1 for boundary in boundaries if abs(units) >= boundary)


def shared_out(size: int, strata: Sequence[tuple[int, int]]) -> list[int]:
    """
    Return how many lines each stratum gives: by its money, at least two, and never more than it has.

    :param strata: lines and money of each
    """
    total = sum(abs(units) for lines, units in strata if lines)
    if total == 0 or size < 1:
        return [0] * len(strata)
    weights = {f"{n:04}": Fraction(abs(units), total) for n, (lines, units) in enumerate(strata) if lines}
    given = {line.leaf: line.units for line in allocate(size, weights)}
    return [min(lines, max(2, given.get(f"{n:04}", 0))) for n, (lines, _) in enumerate(strata)]


class Lots:
    """So many of each stratum by lot, holding no more than those; lots are digests, so that they can be drawn again."""

    def __init__(self, seed: str, sizes: Mapping[int, int]) -> None:
        """Draw by this seed, so many from each stratum."""
        self._seed, self._sizes = seed, sizes
        self._kept: dict[int, list[tuple[int, int, object]]] = {stratum: [] for stratum in sizes}

    def put_in(self, name: str, item: object, stratum: int, place: int) -> None:
        """Put an item in; it stays while its lot is among the smallest."""
        kept, most = self._kept[stratum], self._sizes[stratum]
        if most == 0:
            return
        lot = -int.from_bytes(sha256(f"lot|{self._seed}|{name}".encode()).digest())
        if len(kept) < most:
            heappush(kept, (lot, -place, item))
        else:
            heappushpop(kept, (lot, -place, item))

    def drawn(self) -> list[tuple[int, object]]:
        """Return what was drawn with its stratum, in the order in which it was put in."""
        found = [(-place, stratum, item) for stratum, kept in self._kept.items() for _, place, item in kept]
        return [(stratum, item) for _, stratum, item in sorted(found, key=lambda one: one[0])]


def evaluate_by_strata(tested: Sequence[Checked], strata: Sequence[Stratum], *, confidence: int) -> Estimate:
    """
    Return projected misstatement and its upper limit by the difference estimator within strata.

    The limit is a one-sided one under the normal distribution. It is worth what the number of errors is: with none in
    the sample it says nothing of what chance may have hidden, and the precision is nothing.
    """
    if confidence not in _QUANTILE:
        raise NotASample(f"Confidence is one of {', '.join(map(str, CONFIDENCES))} percent.")
    projected, variance, under = Fraction(0), Fraction(0), Fraction(0)
    for number, stratum in enumerate(strata):
        errors = [one.booked - one.audited for one in tested if one.stratum == number]
        if not errors:
            continue
        count = len(errors)
        mean = Fraction(sum(errors), count)
        projected += stratum.lines * mean
        under += Fraction(stratum.lines * sum(-error for error in errors if error < 0), count)
        if count > 1:
            spread = sum(((error - mean) ** 2 for error in errors), Fraction(0)) * Fraction(1, count - 1)
            variance += Fraction(stratum.lines * (stratum.lines - count), count) * spread
    precision = _root(variance) * _QUANTILE[confidence] / 1000
    found = sum(one.booked - one.audited for one in tested)
    return Estimate(found, projected, precision, Fraction(0), _up(projected + precision), under)


def _root(value: Fraction) -> Fraction:
    """Return the square root, to sixty digits."""
    whole = _EXACTLY.divide(Decimal(value.numerator), Decimal(value.denominator))
    return Fraction(_EXACTLY.sqrt(whole))


def _up(value: Fraction) -> int:
    return -((-value.numerator) // value.denominator)
