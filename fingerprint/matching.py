"""
Where does this audio follow a reference, and for how long?

Matching is seed and extend, as in the alignment of genes. A fingerprint item of the query that equals one of
a reference, or differs from it in one bit, is a seed if the items around it agree as well. From a seed a line
is fitted, reference position over query position, whose slope is the tempo; it is extended both ways until
the agreement is lost, and fitted again over all it covers. So an excerpt is found wherever it lies in a
longer track, every place of every reference is found on its own, and a change of tempo up to twelve per cent
is measured.

A line counts for the bits by which each of its items stays under a limit, summed: its mass. The limit is what
two unrelated stretches of *these two* recordings differ in, times 0.65, and at most 10 of 32 bits. Music that
stands on one chord agrees with anything on that chord; measured against itself it agrees with every other
place as well, so little is left. Silence, tones, and hums fall out the same way, and because a line must hold
distinct items.

How the limits were chosen. The 26 songs of our collection that last 40 seconds or more were split in two by
name; the first half was used to choose, the second only to check. A query was 60 seconds of one song with 4,
5 or 10 seconds of another inside: clean, as MP3 at 64 kbit/s, as MP3 with its tempo changed by 4 to 6 per
cent, or under white noise at 10 dB. On the first half the lightest right line had a mass of 87 bits (4 s,
other tempo; 152 at 5 s), the heaviest wrong one 50. Every whole song against every other gave wrong lines up
to 84 bits at the same tempo and 125 at another, which set the limits of 90 and 135. Where a line begins and
ends follows from where the two sides agree as often as not: 0.63 s behind the beginning of its first item,
1.30 s behind that of its last.

On the second half, of 39 queries each: 5 s clean 39, MP3 39, MP3 and tempo 35, noise 36; 10 s 39 of each
kind; no wrong match in 585 queries. Nine in ten times are within 0.9 s; in noise a match
may begin seconds late.

Not found: pitch shifts, and music under a voice or drums as loud as itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint.evidence import EXACT_MATCH, Match, Segment
from fingerprint.extract import HOP_SAMPLES, ITEM_SAMPLES, SAMPLE_RATE_HZ, SHIFT_SAMPLES, SHIFTS, Items
from fingerprint.postings import Divided, Hashes, Known, Positions, Postings

MAX_BITS = 10  # of 32 that may differ before an item counts against a line
BACKGROUND_PERCENT = 65  # of the bits that unrelated stretches of the same two recordings differ in
MIN_MASS = 90  # bits
MIN_MASS_AT_OTHER_TEMPO = 135  # a slope is one more thing that chance may choose
SAME_TEMPO = 0.03  # the uncertainty of the slope of a short line
MIN_DURATION_MS = 3_000
MIN_ITEMS = 18
MIN_DISTINCT_ITEMS = 12
MIN_DISTINCT_PERCENT = 40
ENOUGH_DISTINCT_ITEMS = 24
MAX_RATIO_CHANGE = 0.12

_DROP = 100  # bits that a line may lose before it has ended: three seconds of unrelated audio
MAX_POSTINGS = 200  # a hash that is everywhere says nothing
_MAX_REPEATS = 512  # the same within the query
_SEED_ITEMS = 10  # looked at on each side of a seed
_SEED_BITS = 12  # a mean of more around a seed is chance
_SEED_CHANGES = 5  # distinct neighbors; fewer are silence or a tone
_MAX_LINES = 64  # tried in one reference; repetitive music offers thousands, and the longest come first
_VOTES_AT_ONCE = 1 << 14
_FIT_ITEMS = 512
_FIT_ROUNDS = 12
_OUTSIDE = -100_000  # worse than any item inside

# Samples from an item's beginning to where a line's first item begins to count and its last one ceases to.
_LEAD_SAMPLES = round(0.63 * SAMPLE_RATE_HZ)
_TAIL_SAMPLES = round(1.30 * SAMPLE_RATE_HZ)

ONE_BIT_AWAY = np.concatenate([[0], 1 << np.arange(32, dtype=np.uint64)]).astype(np.uint32)
_SLACK = np.array([0, -1, 1, -2, 2], dtype=np.float64)  # quarters of an item; the smallest first, so that it wins
_UNRELATED = np.array([*range(-64, -23, 4), *range(24, 65, 4)])  # items away: beyond what one item sees

PARAMETERS: tuple[tuple[str, str], ...] = (
    ("background_percent", str(BACKGROUND_PERCENT)),
    ("enough_distinct_items", str(ENOUGH_DISTINCT_ITEMS)),
    ("matching", "1"),
    ("max_bits", str(MAX_BITS)),
    ("min_distinct_items", str(MIN_DISTINCT_ITEMS)),
    ("min_distinct_percent", str(MIN_DISTINCT_PERCENT)),
    ("min_duration_ms", str(MIN_DURATION_MS)),
    ("min_items", str(MIN_ITEMS)),
    ("min_mass", str(MIN_MASS)),
    ("min_mass_at_other_tempo", str(MIN_MASS_AT_OTHER_TEMPO)),
    ("shifts", str(SHIFTS)),
)


def search(
    index: Known,
    shifted: Sequence[Items],
    *,
    algorithm: str,
    count: Callable[[Hashes], Positions] | None = None,
) -> tuple[Match, ...]:
    """
    Find where a query follows any reference of an index.

    `shifted` are the query's fingerprints, each a quarter of an item later than the one before, as
    `extract.query` makes them. Matches of one reference do not share output; matches of different references
    may. They are ordered by their place in the output, then by their reference, and name the `algorithm` that made
    the query. Says nothing of audio that was transposed. Where the index is a part of one, `count` says how many
    places a hash has in the whole.
    """
    if isinstance(index, Divided):
        return index.items_heard(shifted, algorithm=algorithm)
    query = interleaved(shifted)
    if query.size == 0:
        return ()
    seeds = _seeds(index, query, count)
    matches: list[Match] = []
    for number in np.unique(seeds.reference).tolist():
        chosen = seeds.of(number)
        pair = _Pair(index.items(number), query)
        lines = _lines(pair, chosen.query, chosen.place - int(index.starts[number]))
        reference_id = index.reference(number)
        found = (_match(pair, line, reference_id, algorithm) for line in _disjoint(pair, lines))
        matches += [match for match in found if match is not None]
    return tuple(sorted(matches, key=order))


def order(match: Match) -> tuple[int, int, UUID, int]:
    """Return what matches are ordered by: their place in the output, then their reference."""
    return match.output.start_ms, match.output.end_ms, match.reference_id, match.reference.start_ms


def interleaved(shifted: Sequence[Items]) -> Items:
    """Lay the fingerprints out by time: position 4i + s is item i of shift s."""
    # A shift that ends an item earlier than the first ends them all, so that the times stay in step.
    length = min((items.size for items in shifted), default=0)
    if length == 0:
        return np.zeros(0, np.uint32)
    return np.stack([items[:length] for items in shifted], axis=1).reshape(-1)


def _changes(items: Items, step: int = 1) -> NDArray[np.bool_]:
    """Where an item differs from the one `step` before it; the first ones count as different."""
    different = np.ones(items.size, dtype=bool)
    different[step:] = items[step:] != items[:-step]
    return different


# --- seeds


@dataclass(frozen=True)
class _Seeds:
    query: Positions
    place: Positions
    reference: Positions
    bits: Positions

    def of(self, reference: int) -> "_Seeds":
        """The seeds in one reference: on the busiest diagonals first, then the closest."""
        chosen = np.flatnonzero(self.reference == reference)
        diagonal = (SHIFTS * self.place[chosen] - self.query[chosen]) // (2 * SHIFTS)
        _, which, count = np.unique(diagonal, return_inverse=True, return_counts=True)
        order = np.lexsort((self.place[chosen], self.query[chosen], self.bits[chosen], -count[which]))
        chosen = chosen[order]
        return _Seeds(self.query[chosen], self.place[chosen], self.reference[chosen], self.bits[chosen])


def hashes(shifted: Sequence[Items]) -> Hashes:
    """Return every hash that a query asks an index for, once and in order."""
    query = interleaved(shifted)
    return np.unique(_asked(query)[0]) if query.size else query


def _asked(query: Items) -> tuple[Hashes, Positions]:
    positions = np.flatnonzero(_changes(query, SHIFTS))
    _, which, count = np.unique(query[positions], return_inverse=True, return_counts=True)
    positions = positions[count[which] <= _MAX_REPEATS]
    lively_query = np.concatenate([[0], np.cumsum(_changes(query, SHIFTS))])
    begin = np.maximum(0, positions - SHIFTS * _SEED_ITEMS)
    end = np.minimum(query.size, positions + SHIFTS * _SEED_ITEMS + 1)
    positions = positions[lively_query[end] - lively_query[begin] >= SHIFTS * _SEED_CHANGES]
    made: Hashes = (query[positions] ^ ONE_BIT_AWAY[:, None]).reshape(-1)
    return made, np.tile(positions, ONE_BIT_AWAY.size)


def _seeds(index: Postings, query: Items, count: Callable[[Hashes], Positions] | None) -> _Seeds:
    found: list[tuple[Positions, Positions, Positions, Positions]] = []
    made, positions = _asked(query)
    if count is not None:
        rare = count(made) <= MAX_POSTINGS
        made, positions = made[rare], positions[rare]
    # All at once: an index in files is read from its beginning to its end.
    for at, place in index.votes(made, positions, most=MAX_POSTINGS):
        portions = (slice(begin, begin + _VOTES_AT_ONCE) for begin in range(0, at.size, _VOTES_AT_ONCE))
        found += [_close(index, query, at[some], place[some]) for some in portions]
    empty = np.zeros(0, np.int64)
    at, place, reference, bits = (np.concatenate([empty, *(part[number] for part in found)]) for number in range(4))
    # Neighbors tell the same; the closest of each half second by half second stays.
    order = np.lexsort((place, at, bits))
    at, place, reference, bits = at[order], place[order], reference[order], bits[order]
    position = place - index.starts[reference]
    cells = np.stack([reference, position // 4, at // (4 * SHIFTS)])
    _, first = np.unique(cells, axis=1, return_index=True)
    first.sort()
    return _Seeds(at[first], place[first], reference[first], bits[first])


def _close(
    index: Postings, query: Items, at: Positions, place: Positions
) -> tuple[Positions, Positions, Positions, Positions]:
    """The votes around which something happens and few bits differ, with thousandths of a bit an item."""
    reference = np.searchsorted(index.starts, place, side="right") - 1
    low, high = index.starts[reference], index.starts[reference + 1]
    steps = np.arange(-_SEED_ITEMS - 1, _SEED_ITEMS + 1)  # one more before, to see whether the first is another
    there = place[:, None] + steps
    exists = (there >= low[:, None]) & (there < high[:, None])
    items = index.at(np.where(exists, there, place[:, None]))
    changes = (items[:, 1:] != items[:, :-1]) | ~exists[:, :-1]
    lively = (changes & exists[:, 1:]).sum(axis=1) >= _SEED_CHANGES
    here = at[:, None] + SHIFTS * steps[1:]
    both = exists[:, 1:] & (here >= 0) & (here < query.size)
    differing = np.bitwise_count(items[:, 1:] ^ query[np.where(both, here, 0)])
    bits = np.where(both, differing, 0).sum(axis=1, dtype=np.int64)
    count = both.sum(axis=1)
    good = lively & (count >= _SEED_ITEMS) & (bits <= _SEED_BITS * count)
    return at[good], place[good], reference[good], 1_000 * bits[good] // count[good]


# --- lines


@dataclass(frozen=True)
class _Line:
    """Reference item p against query position (4p - offset) / ratio, for the items from first to last."""

    ratio: float
    offset: float
    first: int
    last: int
    limit: int = 100 * MAX_BITS  # hundredths of a bit an item
    mass: int = 0  # hundredths of a bit


class _Pair:
    """One reference and the query, compared along lines."""

    def __init__(self, reference: Items, query: Items) -> None:
        self.reference, self.query = reference, query

    def along(self, line: _Line, items: Positions) -> tuple[Positions, Positions, NDArray[np.bool_]]:
        """Differing bits, query positions, and which of them exist."""
        at = np.rint((SHIFTS * items - line.offset) / line.ratio).astype(np.int64)
        inside = (at >= 0) & (at < self.query.size)
        bits = np.bitwise_count(self.reference[items] ^ self.query[np.where(inside, at, 0)])
        return bits.astype(np.int64), at, inside

    def gains(self, line: _Line) -> Positions:
        """What each item of the reference adds to a line's mass, in hundredths of a bit."""
        bits, _, inside = self.along(line, np.arange(self.reference.size))
        return np.where(inside, line.limit - 100 * bits, _OUTSIDE)

    def fitted(self, line: _Line, center: float, ratios: NDArray[np.float64]) -> _Line:
        """The line through about the same center whose items differ least; ratios given first win a tie."""
        items = np.arange(line.first, line.last + 1)
        if items.size > _FIT_ITEMS:
            items = items[np.linspace(0, items.size - 1, _FIT_ITEMS).astype(np.int64)]
        at_center = (SHIFTS * center - line.offset) / line.ratio
        offsets = SHIFTS * center - ratios[:, None] * at_center + _SLACK[None, :]
        at = np.rint((SHIFTS * items[None, None, :] - offsets[:, :, None]) / ratios[:, None, None])
        at = at.astype(np.int64)
        inside = (at >= 0) & (at < self.query.size)
        bits = np.bitwise_count(self.reference[items] ^ self.query[np.where(inside, at, 0)])
        count = inside.sum(axis=2)
        total = np.where(inside, bits, 0).sum(axis=2)
        enough = count >= max(8, int(count.max()) * 3 // 4)
        cost = np.where(enough, total / np.maximum(count, 1), 33.0)
        ratio, slack = np.unravel_index(int(np.argmin(cost)), cost.shape)
        return _Line(float(ratios[ratio]), float(offsets[ratio, slack]), line.first, line.last, line.limit)

    def extended(self, line: _Line, center: int) -> _Line:
        """The line made as long as its agreement lasts, around one of its items."""
        gains = self.gains(line)
        last = center + _lasting(gains[center:])
        first = center - _lasting(gains[: center + 1][::-1])
        mass = int(gains[first : last + 1].sum())
        return _Line(line.ratio, line.offset, first, last, line.limit, mass)

    def background(self, line: _Line) -> int:
        """
        Hundredths of a bit in which an item differs from this line's other side where they are unrelated.
        """
        items = np.arange(line.first, line.last + 1)
        _, at, _ = self.along(line, items)
        bits = count = 0
        # All moves at once: a large catalogue has thousands of lines that are asked this and come to nothing.
        away = _UNRELATED[:, None]
        for there, here in ((items + away, at[None, :]), (items[None, :], at + SHIFTS * away)):
            inside = (there >= 0) & (there < self.reference.size) & (here >= 0) & (here < self.query.size)
            inside &= (2 * inside.sum(axis=1) >= items.size)[:, None]
            sides = self.reference[np.where(inside, there, 0)] ^ self.query[np.where(inside, here, 0)]
            bits += int(np.bitwise_count(sides).sum(where=inside, dtype=np.int64))
            count += int(inside.sum())
        # Two clips too short to be moved against each other: about the least that two songs differed in.
        return 100 * bits // count if count else 1_050


def _lasting(gains: Positions) -> int:
    """How many items further the sum is highest, before it has dropped too far below that."""
    sums = np.cumsum(gains)
    ended = np.flatnonzero(np.maximum.accumulate(sums) - sums > 100 * _DROP)
    return int(np.argmax(sums[: ended[0]] if ended.size else sums))


def _ratios(center: float, step: float, reach: int) -> NDArray[np.float64]:
    steps = np.array(sorted(range(-reach, reach + 1), key=abs), dtype=np.float64)
    return center + step * steps


def _lines(pair: _Pair, at: Positions, place: Positions) -> list[_Line]:
    """
    Lines through the seeds, which come in the order to try them; a seed that a line explains is not tried.
    """
    lines: list[_Line] = []
    waiting = np.ones(at.size, dtype=bool)
    for _ in range(_MAX_LINES):
        left = np.flatnonzero(waiting)
        if left.size == 0:
            break
        seed = int(left[0])
        waiting[seed] = False
        line = _line(pair, int(at[seed]), int(place[seed]))
        if line is None:
            near = np.abs(at - at[seed]) <= 8 * SHIFTS
            same = np.abs(SHIFTS * (place - place[seed]) - (at - at[seed])) <= SHIFTS
            waiting &= ~(near & same)
            continue
        lines.append(line)
        begin, end = ((SHIFTS * item - line.offset) / line.ratio for item in (line.first, line.last))
        on_it = np.abs(SHIFTS * place - line.offset - line.ratio * at) <= 2 * SHIFTS
        waiting &= ~(on_it & (at >= begin - SHIFTS) & (at <= end + SHIFTS))
        # What lies well inside belongs to the longer line: a repetition of it, found again.
        waiting &= ~((at >= begin + 8 * SHIFTS) & (at <= end - 8 * SHIFTS))
    return lines


def _line(pair: _Pair, at: int, place: int) -> _Line | None:
    last_item = pair.reference.size - 1
    line = _Line(1.0, SHIFTS * place - at, max(0, place - _SEED_ITEMS - 6), min(last_item, place + _SEED_ITEMS + 6))
    line = pair.fitted(line, place, _ratios(1.0, 0.01, round(100 * MAX_RATIO_CHANGE)))
    center = place
    ends: tuple[int, int] | None = None
    for _ in range(_FIT_ROUNDS):
        line = pair.extended(line, center)
        if line.last - line.first < 8:
            return None
        if ends == (line.first, line.last):
            break
        ends = line.first, line.last
        # One position more or less over the length found is as fine as a slope can be told.
        step = max(0.0001, min(0.005, 0.5 / (line.last - line.first)))
        line = pair.fitted(line, (line.first + line.last) / 2, _ratios(line.ratio, step, 3))
    for _ in range(2):
        limit = min(100 * MAX_BITS, pair.background(line) * BACKGROUND_PERCENT // 100)
        line = _Line(line.ratio, line.offset, line.first, line.last, limit)
        gains = pair.gains(line)[line.first : line.last + 1]
        center = line.first + int(np.argmax(np.convolve(gains, np.ones(8, np.int64), "same")))
        line = pair.extended(line, center)
    if abs(line.ratio - 1) > MAX_RATIO_CHANGE + 0.005 or not _is_enough(pair, line):
        return None
    return line


def _is_enough(pair: _Pair, line: _Line) -> bool:
    items = np.arange(line.first, line.last + 1)
    enough = MIN_MASS if abs(line.ratio - 1) <= SAME_TEMPO else MIN_MASS_AT_OTHER_TEMPO
    if line.mass < 100 * enough or items.size < MIN_ITEMS:
        return False
    _, at, _ = pair.along(line, items)
    distinct = min(np.unique(pair.reference[items]).size, np.unique(pair.query[at]).size)
    # A loop has no more distinct items however long it plays, so a share of all is asked of short lines only.
    share = min(ENOUGH_DISTINCT_ITEMS, MIN_DISTINCT_PERCENT * items.size // 100)
    return distinct >= max(MIN_DISTINCT_ITEMS, share)


def _disjoint(pair: _Pair, lines: Sequence[_Line]) -> list[_Line]:
    """Lines that share no output: the heaviest whole, of the others what is left if it is still enough."""
    kept: list[_Line] = []
    taken = np.zeros(pair.query.size, dtype=bool)
    for line in sorted(lines, key=lambda line: (-line.mass, line.first, line.offset)):
        items = np.arange(line.first, line.last + 1)
        bits, at, _ = pair.along(line, items)
        free = np.flatnonzero(~taken[at])
        if free.size == 0:
            continue
        # The longest free stretch; a line cut in two leaves one worth showing.
        stretch = max(np.split(free, np.flatnonzero(np.diff(free) > 1) + 1), key=len)
        first, last = line.first + int(stretch[0]), line.first + int(stretch[-1])
        mass = int((line.limit - 100 * bits[stretch]).sum())
        rest = _Line(line.ratio, line.offset, first, last, line.limit, mass)
        if _is_enough(pair, rest):
            kept.append(rest)
            taken[at[stretch[0]] : at[stretch[-1]] + 1] = True
    return kept


# --- matches


def _match(pair: _Pair, line: _Line, reference_id: UUID, algorithm: str) -> Match | None:
    items = np.arange(line.first, line.last + 1)
    bits, at, _ = pair.along(line, items)
    before, after = np.rint((SHIFTS * np.array([line.first - 1, line.last + 1]) - line.offset) / line.ratio).tolist()
    # Where either side begins or ends, the line is as long as the audio and needs no judging of its end.
    lead = 0 if line.first == 0 or before < 0 else _LEAD_SAMPLES
    is_whole = line.last == pair.reference.size - 1 or after >= pair.query.size
    tail = ITEM_SAMPLES if is_whole else _TAIL_SAMPLES
    output = _segment(_samples(int(at[0])) + lead, _samples(int(at[-1])) + tail)
    reference = _segment(line.first * HOP_SAMPLES + lead, line.last * HOP_SAMPLES + tail)
    if output.end_ms - output.start_ms < MIN_DURATION_MS:
        return None
    return Match(
        kind=EXACT_MATCH,
        algorithm=algorithm,
        reference_id=reference_id,
        output=output,
        reference=reference,
        time_ratio_millionths=round(line.ratio * 1_000_000),
        pitch_shift_cents=0,
        score_millionths=line.mass * 1_000_000 // (line.mass + 100 * MIN_MASS),
        measures=(("bit_error_millionths", int(bits.sum()) * 1_000_000 // (32 * items.size)),),
    )


def _samples(position: int) -> int:
    return position // SHIFTS * HOP_SAMPLES + SHIFT_SAMPLES[position % SHIFTS]


def _segment(begin: int, end: int) -> Segment:
    return Segment(begin * 1000 // SAMPLE_RATE_HZ, end * 1000 // SAMPLE_RATE_HZ)
