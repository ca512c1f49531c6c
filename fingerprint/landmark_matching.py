"""
Where do the landmarks of this audio follow those of a reference, and for how long?

Two steps, as in `matching`. Votes: hashes that a stretch of the query shares with the index vote for a reference, a
place in it, and a tempo; rare hashes count more. Confirmation: along the line that won, the single peaks of the
reference are looked for in the query, one by one. Peaks survive where pairs of them do not, and there are thirty a
second, so a line that chance has made falls apart here.

A peak that is found counts by how surprising that is: `log(p1 / p0)`, and `log((1 - p1) / (1 - p0))` if it is missing.
`p0` is the chance to meet any peak at this pitch and in this moment of the query, taken from how often its pitch and
its moment are met at all: so notes of one key and beats of one tempo, which unrelated songs share, count for little.
`p1` adds the share of peaks that survives, as the line itself shows it. The sum over a line is its mass, and a line
is extended both ways for as long as that grows.

Transposed audio is asked for again at other pitches, where nothing was heard at its own.

What unrelated recordings share most often is one sound: a cymbal out of the same box has thirty peaks in a second. So
a line that touches few moments needs more mass than one that goes on, and in a longer output, which has more chances to
agree, every line does.

How the limits were chosen. On the tuning half of `benchmarks.detection` (songs that no figure is taken from): 77 pieces
of music and 35 whole songs that were played on the catalogue's own instruments and drums, against 669 recordings. In
outputs of a minute the heaviest wrong line had a mass of 40 nats if it was shorter than a second and a quarter; of
longer ones 21 on fewer than 8 moments, 19 on fewer than 12, and 13 on more. In 200 outputs of 2 to 10 seconds it was
20, 18, 11 and 10, and the lightest right one, under noise, a voice or drums, had 43, 24, 14 and 10.

Drums agree on every beat, so a line over drums has little mass, however much speaks for it, and so has one of which
noise or a voice has left little. It is weighed by its tones alone then, below two kilohertz, if it touches ten moments
and as many pitches. Of 1,835 innocent outputs of 2 to 60 seconds and 350 others of that half the heaviest wrong such
line had 3 nats; of the right ones that had been missed two in five had more than 6.

What is short is heard more finely than long audio (`landmarks.Query`) and asked for with more pairs of peaks; limits
stayed. Of 222 pieces of 2 and 5 seconds that were rendered on the catalogue's own sounds something wrong was reported
in 17 instead of 13, which may be chance; of real recordings in none.

Not found: what plays over and over the same in a longer output, since it agrees with itself moved aside; transposed by
other than whole semitones, or more than two; and in a longer output, much of what lies 6 dB under a voice for less than
10 seconds.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint import landmarks
from fingerprint.evidence import EXACT_MATCH, Match, Segment
from fingerprint.landmarks import FRACTIONS, HOP_SAMPLES, SAMPLE_RATE_HZ, SHIFTS, Hashes, Peaks, Positions
from fingerprint.postings import Divided, Known, Place, Postings

MATCHING = "5"  # the version of what is done here
MIN_EVIDENCE = 1_600  # hundredths of a nat, against chance
MIN_MASS = 1_200  # against the same stretch moved aside
MIN_MASS_BY_MOMENTS = ((8, 2_000), (12, 1_600))  # of a line that touches fewer quarters of a second
MIN_MASS_IF_TRANSPOSED = 2_200  # since there are four more pitches
MASS_PER_DOUBLING = 280  # more for an output that is twice as long,
COMMON_MS = 10_000  # from this length on
TONES_BELOW_BIN = 190  # two kilohertz; struck sounds have most of their peaks above
MIN_TONAL_EVIDENCE, MIN_TONAL_MASS = 1_000, 450  # of the tones alone,
MIN_TONAL_MOMENTS, MIN_TONAL_PITCHES = 10, 10  # of a line that touches so many quarters of a second, and bins
MIN_DURATION_MS, SHORT_MS = 1_000, 1_250
MIN_MASS_IF_SHORT, MASS_PER_DOUBLING_IF_SHORT = 2_400, 820
MIN_FOUND = 12  # peaks
MIN_FOUND_FRAMES = 8  # different moments
MIN_FOUND_BINS = 6  # different pitches
PITCHES_CENTS = (-200, -100, 100, 200)
MAX_RATIO_CHANGE = 0.12

_WINDOW_FRAMES, _WINDOW_STEP = 430, 215  # ten seconds, every five
_VOTES_PER_WINDOW = 400_000
MAX_POSTINGS = 20_000
_CANDIDATES, _CANDIDATES_TRANSPOSED = 12, 6  # of either width, for a window
_FAN_TRANSPOSED, _FINE_FAN_TRANSPOSED = 5, 12
_FINE, _COARSE = 2, 32  # frames in which votes are counted together
_LEAST_VOTES = 3
_APART = 16  # frames within which two places are one
_WEIGHT = 1 << 20  # of a vote that counts one whole; sums of integers are the same in every order
_NUMBER_BITS = 32  # a diagonal's reference is above them, its place in the reference below
_HALF = 1 << 31
_RATIO_STEP = 0.01
_SURVIVES = (0.1, 0.3)  # shares of a reference's peaks that may be left, to find a stretch with
_USUAL, _MOST_SURVIVES = 0.25, 0.8
_LEAST_CHANCE, _MOST_CHANCE = 0.004, 0.6
_DROP = 12.0  # nats that a line may lose before it has ended
_DENSITY_FRAMES = 215  # over which the chance of a pitch is taken
_OUTSIDE = -1_000.0
_MOVES = tuple(sorted((float(frames) for frames in range(-8, 9)), key=abs))  # that another's line may be off by
_LEAST_PEAKS = 6  # of a stretch that is asked about
_MOMENT_FRAMES = 11  # a quarter of a second
_ASIDE = np.array([*range(-260, -15, 3), *range(16, 261, 3)])  # frames: from a short note to six seconds

PARAMETERS: tuple[tuple[str, str], ...] = (
    ("candidates", str(_CANDIDATES)),
    ("candidates_transposed", str(_CANDIDATES_TRANSPOSED)),
    ("fan", str(landmarks.QUERY_FAN)),
    ("fan_transposed", str(_FAN_TRANSPOSED)),
    ("fine_fan", str(landmarks.FINE_FAN)),
    ("fine_fan_transposed", str(_FINE_FAN_TRANSPOSED)),
    ("fine_peaks_per_second", str(landmarks.FINE_PEAKS_PER_SECOND)),
    ("fine_reach", " ".join(map(str, landmarks.FINE_REACH))),
    ("fine_s", str(landmarks.FINE_S)),
    ("common_ms", str(COMMON_MS)),
    ("mass_per_doubling", str(MASS_PER_DOUBLING)),
    ("mass_per_doubling_if_short", str(MASS_PER_DOUBLING_IF_SHORT)),
    ("matching", MATCHING),
    ("max_postings", str(MAX_POSTINGS)),
    ("min_duration_ms", str(MIN_DURATION_MS)),
    ("min_evidence", str(MIN_EVIDENCE)),
    ("min_found", str(MIN_FOUND)),
    ("min_mass", str(MIN_MASS)),
    ("min_mass_if_short", str(MIN_MASS_IF_SHORT)),
    ("min_mass_by_moments", " ".join(f"{moments}:{mass}" for moments, mass in MIN_MASS_BY_MOMENTS)),
    ("min_mass_if_transposed", str(MIN_MASS_IF_TRANSPOSED)),
    ("min_tonal_evidence", str(MIN_TONAL_EVIDENCE)),
    ("min_tonal_mass", str(MIN_TONAL_MASS)),
    ("min_tonal_moments", str(MIN_TONAL_MOMENTS)),
    ("min_tonal_pitches", str(MIN_TONAL_PITCHES)),
    ("peaks_per_second", str(landmarks.QUERY_PEAKS_PER_SECOND)),
    ("pitches_cents", " ".join(map(str, (0, *PITCHES_CENTS)))),
    ("shifts", str(SHIFTS)),
    ("short_ms", str(SHORT_MS)),
    ("tones_below_bin", str(TONES_BELOW_BIN)),
    ("votes_per_window", str(_VOTES_PER_WINDOW)),
    ("warm_frames", str(landmarks.WARM_FRAMES)),
)


def search(
    index: Known,
    heard: Sequence[Peaks],
    *,
    algorithm: str = landmarks.ALGORITHM,
    pitches_cents: Sequence[int] = PITCHES_CENTS,
) -> tuple[Match, ...]:
    """
    Find where a query follows any reference of an index.

    `heard` are the query's peaks at each shift, as `landmarks.query` takes them. Matches of one reference do not share
    output; matches of different references may. They are ordered by their place in the output, then by their reference.
    """
    if isinstance(index, Divided):
        return index.peaks_heard(heard, algorithm=algorithm)
    asked = Search(heard)
    if asked.frames == 0 or len(index) == 0:
        return ()
    explained = np.zeros(asked.frames, bool)
    lines = asked.lines(index, 0, asked.windows(index, 0, explained, index.count))
    explained = asked.explained(lines)
    if pitches_cents and not explained.all():
        index.count(asked.hashes(pitches_cents))  # for all pitches in one reading
    for cents in pitches_cents:
        if explained.all():
            break
        lines += asked.lines(index, cents, asked.windows(index, cents, explained, index.count))
    return asked.matches(index, lines, algorithm)


def places(index: Known, heard: Sequence[Peaks]) -> tuple[Place, ...]:
    """
    Say where references are pointed at by most votes, at their own pitch and tempo, the heaviest first: nothing that
    is known to be there, but what is worth a look.
    """
    if isinstance(index, Divided):
        return index.places_heard(heard)
    asked = Search(heard)
    if asked.frames == 0 or len(index) == 0:
        return ()
    windows = asked.windows(index, 0, np.zeros(asked.frames, bool), index.count)
    return pointed_at((window.begin, window.cells) for window in windows)


def pointed_at(windows: Iterable[tuple[int, Sequence["Cell"]]]) -> tuple[Place, ...]:
    """
    Return the places of the heaviest fine cells, each once, of all stretches of a query, which begin somewhere in it:
    first the heaviest of each stretch, then the second of each.

    Coarse cells gather what was played at another tempo. Of 580 pieces of the tuning half that have a right cell at
    their own tempo, none had only a coarse one.
    """
    ranked = []
    for begin, cells in windows:
        fine = sorted((cell for cell in cells if cell.width == _FINE), key=lambda cell: cell.rank)
        ranked += [(rank, begin, cell.reference, cell.middle - begin) for rank, cell in enumerate(fine)]
    places: dict[tuple[UUID, int], Place] = {}
    for _, _, reference, frame in sorted(ranked):
        places.setdefault((reference, frame // _APART), Place(reference, frame))
    return tuple(places.values())


def order(match: Match) -> tuple[int, int, UUID, int]:
    """Return what matches are ordered by: their place in the output, then their reference."""
    return match.output.start_ms, match.output.end_ms, match.reference_id, match.reference.start_ms


# --- a second opinion


@dataclass(frozen=True)
class Opinion:
    """What the peaks of both sides say to a line that another listener found: as of a line that is found here."""

    evidence: int  # hundredths of a nat against chance, less than nothing where peaks are missing
    mass: int  # and against the same stretches moved aside
    found: int  # peaks
    sought: int


class Opinions:
    """The peaks of one piece of audio, to hold against them what another listener found in it."""

    def __init__(self, heard: Sequence[Peaks]) -> None:
        frames = max((int(peaks.frames[-1]) + 1 for peaks in heard if peaks.frames.size), default=0)
        self._query = _Query(heard, frames, 0) if frames else None

    def on(self, match: Match, items: Hashes) -> Opinion:
        """
        Say how many of the reference's peaks along a match are met, whose `items` are as an index keeps them.

        The other listener's times are coarser, so each ten seconds of the line may be moved by some frames and turned
        a little. That is done for the best, so a line of chance gets some evidence more than it has.
        """
        if self._query is None:
            return Opinion(0, 0, 0, 0)
        ratio = match.time_ratio_millionths / 1_000_000
        first, last = _frame(match.reference.start_ms), _frame(match.reference.end_ms)
        line = Line(0, ratio, first - ratio * _frame(match.output.start_ms), 0)
        pair = _Pair(items, self._query)
        stretches = max(1, round((last - first) / _WINDOW_FRAMES))
        edges = [first + (last - first) * number / stretches for number in range(stretches + 1)]
        evidence = mass = found = sought = 0
        for begin, end in pairwise(edges):
            low, high = np.searchsorted(pair.frames, [begin, end]).tolist()
            if high - low < _LEAST_PEAKS:
                continue
            step = max(0.0005, 1 / (end - begin + 1))
            tuned = pair.tuned(line, low, high, _MOVES, (0.0,))
            tuned = pair.tuned(tuned, low, high, (0.0, -0.5, 0.5, -1.0, 1.0), (0.0, -step, step, -2 * step, 2 * step))
            seen = pair.seen(tuned, low, high)
            gains = seen.gains(seen.survival(0, high - low))
            stretch = replace(
                tuned,
                first=int(pair.frames[low]),
                last=int(pair.frames[high - 1]),
                evidence=round(100 * float(gains[seen.inside].sum())),
                found=int(seen.met.sum()),
                sought=high - low,
            )
            evidence += stretch.evidence
            mass += pair.weighed(stretch).mass
            found += stretch.found
            sought += stretch.sought
        return Opinion(evidence, mass, found, sought)


def _frame(ms: int) -> float:
    """The frame that a moment is the middle of."""
    return (ms * SAMPLE_RATE_HZ / 1000 - landmarks.FRAME_SAMPLES / 2) / HOP_SAMPLES


# --- the query


class _Query:
    """One piece of audio, as it would sound without a transposition."""

    def __init__(self, heard: Sequence[Peaks], frames: int, cents: int) -> None:
        self.frames, self.cents, self.is_fine = frames, cents, landmarks.is_fine(heard)
        scale = 2.0 ** (-cents / 1200)
        self.shifts = [(peaks.frames, np.rint(peaks.pitches * (scale / FRACTIONS)).astype(np.int64)) for peaks in heard]
        grid = np.zeros((frames + 2, 514), bool)
        for shift, (at, bins) in enumerate(self.shifts):
            inside = (bins >= 1) & (bins <= 511)
            # A peak of a later shift lies between two frames and is met from both, and from their neighbors.
            late = at[inside] + (shift * 2 >= SHIFTS)
            for step in (0, 1, 2):
                row = np.minimum(late + step, frames + 1)
                for up in (0, 1, 2):
                    grid[row, bins[inside] + up] = True
        # Row 1 + frame, column 1 + bin; the margins are what is met from outside.
        grid = grid[1:-1, 1:513]
        self._packed = np.packbits(grid, axis=1)
        blocks = np.arange(0, frames, _DENSITY_FRAMES)
        per_block = np.add.reduceat(grid, blocks, axis=0, dtype=np.float32)
        smooth = per_block.copy()
        smooth[1:] += per_block[:-1]
        smooth[:-1] += per_block[1:]
        sizes = np.diff(np.append(blocks, frames)).astype(np.float32)
        around = sizes.copy()
        around[1:] += sizes[:-1]
        around[:-1] += sizes[1:]
        # How often a pitch is met, around each block. In a few seconds each note is heard once or twice, so the pitches
        # beside it are asked too, as if for some seconds more.
        usual = np.convolve(per_block.sum(axis=0) / frames, np.full(25, 1 / 25), "same").astype(np.float32)
        self._by_pitch = (smooth + _DENSITY_FRAMES * usual) / (around[:, None] + _DENSITY_FRAMES)
        filled = grid.sum(axis=1, dtype=np.float32)
        mean = np.repeat(self._by_pitch.sum(axis=1), sizes.astype(np.int64))
        self._by_moment = filled / np.maximum(mean, 1)  # how many pitches are met, against that

    def meets(self, at: Positions, bins: Positions) -> NDArray[np.bool_]:
        """Whether the query has a peak about there."""
        found: NDArray[np.bool_] = (self._packed[at, bins >> 3] >> (7 - (bins & 7)) & 1).astype(bool)
        return found

    def chance(self, at: Positions, bins: Positions) -> NDArray[np.float64]:
        """How likely it is to meet a peak about there, whatever is played."""
        expected = self._by_pitch[at // _DENSITY_FRAMES, bins] * self._by_moment[at]
        chance: NDArray[np.float64] = np.clip(expected.astype(np.float64), _LEAST_CHANCE, _MOST_CHANCE)
        return chance

    def hashes(self) -> tuple[Hashes, Positions]:
        """
        Hashes with their frames, each once: all of them, or where four pitches are asked for at once, fewer.
        """
        if self.is_fine:
            shifts, fan = self.shifts, landmarks.FINE_FAN if self.cents == 0 else _FINE_FAN_TRANSPOSED
        else:
            shifts, fan = (self.shifts, landmarks.QUERY_FAN) if self.cents == 0 else (self.shifts[::2], _FAN_TRANSPOSED)
        made = []
        for at, bins in shifts:
            inside = (bins >= landmarks.FIRST_BIN) & (bins <= landmarks.LAST_BIN)
            made.append(landmarks.hashes(at[inside], bins[inside], fan=fan))
        # Four rows that are in order already are merged; np.unique would make a table of them, for five times as long.
        both = np.concatenate([positions << 32 | hashed.astype(np.int64) for hashed, positions in made])
        both.sort(kind="stable")
        both = both[np.append(True, both[1:] != both[:-1])[: both.size]]
        return (both & 0xFFFFFFFF).astype(np.uint32), both >> 32


# --- votes


@dataclass(frozen=True)
class Line:
    """Frame `ratio * at + offset` of a reference against frame `at` of the query, from one frame to another."""

    number: int
    ratio: float
    offset: float
    cents: int
    first: int = 0  # frames of the reference
    last: int = 0
    evidence: int = 0  # hundredths of a nat that speak for it against chance
    mass: int = 0  # and against the same stretch moved aside,
    least: int = MIN_MASS  # which has to be so much
    found: int = 0  # peaks
    sought: int = 0
    is_by_tones: bool = False  # its mass is that of its tones alone

    @property
    def first_at(self) -> int:
        """The query's frame against the first of the reference."""
        return round((self.first - self.offset) / self.ratio)

    @property
    def last_at(self) -> int:
        """The query's frame against the last of the reference."""
        return round((self.last - self.offset) / self.ratio)


@dataclass(frozen=True)
class Cell:
    """
    A stretch of neighboring diagonals of one reference, and the lines through its votes with what speaks for each.

    `width` says with which width it was found and `middle` where it lies; the heaviest of each width are looked at.
    """

    width: int
    weight: int
    reference: UUID
    middle: int
    seeds: tuple[tuple[int, Line], ...]

    @property
    def rank(self) -> tuple[int, UUID, int]:
        """Its place among those of its width, the heaviest first: the same wherever the index keeps its reference."""
        return -self.weight, self.reference, self.middle


@dataclass(frozen=True)
class Window:
    """A stretch of the query, and the cells that most of what is rare in it votes for; those of one width together."""

    begin: int
    end: int
    cells: tuple[Cell, ...]


def most_cells(cents: int) -> int:
    """How many cells of each width are looked at."""
    return _CANDIDATES if cents == 0 else _CANDIDATES_TRANSPOSED


class Search:
    """
    One query, and the steps of its search; `search` takes them one after another.

    Where an index is in several parts, each part takes each step, and is told what the steps before have found in all
    of them: how often a hash occurs, which cells are the heaviest, and what is explained.
    """

    def __init__(self, heard: Sequence[Peaks]) -> None:
        self._heard = heard
        self.frames = max((int(peaks.frames[-1]) + 1 for peaks in heard if peaks.frames.size), default=0)
        self._query: _Query | None = None

    def _at(self, cents: int) -> "_Query":
        if self._query is None or self._query.cents != cents:
            self._query = _Query(self._heard, self.frames, cents)
        return self._query

    def hashes(self, pitches_cents: Sequence[int] = (0, *PITCHES_CENTS)) -> Hashes:
        """Return every hash that is asked for at some pitches, once and in order."""
        made = [self._at(cents).hashes()[0] for cents in pitches_cents]
        return np.unique(np.concatenate(made))

    def windows(
        self,
        index: Postings,
        cents: int,
        explained: NDArray[np.bool_],
        count: Callable[[Hashes], Positions],
    ) -> Iterator[Window]:
        """
        Give what each stretch of the query votes for; what is explained is not asked for.

        `count` says how many places a hash has, in this index or in all of which it is a part.
        """
        query = self._at(cents)
        made, positions = query.hashes()
        counts: Positions | None = None
        for begin in range(0, max(1, self.frames - _WINDOW_STEP), _WINDOW_STEP):
            end = min(self.frames, begin + _WINDOW_FRAMES)
            if explained[begin:end].all():
                continue
            # Each is in two stretches, so all are counted at once; none, where everything is explained.
            counts = count(made) if counts is None else counts
            some = slice(*np.searchsorted(positions, [begin, end]).tolist())
            yield Window(begin, end, tuple(_cells(index, made[some], positions[some], begin, cents, counts[some])))

    def lines(self, index: Postings, cents: int, windows: Iterable[Window]) -> list[Line]:
        """Return the confirmed lines through what the stretches of the query vote for."""
        query = self._at(cents)
        lines: list[Line] = []
        pairs: dict[int, _Pair] = {}
        for window in windows:
            for seed in _ranked(window.cells):
                middle = (window.begin + window.end) / 2
                if any(_is_on(seed, line, middle) for line in lines):
                    continue
                pair = pairs.get(seed.number)
                if pair is None:
                    pair = pairs[seed.number] = _Pair(index.items(seed.number), query)
                line = pair.confirmed(seed, window.begin, window.end)
                if line is not None:
                    lines.append(line)
        return lines

    def explained(self, lines: Iterable[Line]) -> NDArray[np.bool_]:
        """Return which frames of the query lie on a line."""
        explained = np.zeros(self.frames, bool)
        for line in lines:
            explained[line.first_at : line.last_at + 1] = True
        return explained

    def matches(self, index: Postings, lines: Sequence[Line], algorithm: str) -> tuple[Match, ...]:
        """Return what all lines that were found come to, in order."""
        kept = _disjoint(lines, self.frames)
        return tuple(sorted((_match(index, line, algorithm) for line in kept), key=order))


def _is_on(seed: Line, line: Line, at: float) -> bool:
    if seed.number != line.number or not line.first_at <= at <= line.last_at:
        return False
    return abs(seed.ratio * at + seed.offset - line.ratio * at - line.offset) <= 6


def _cells(
    index: Postings,
    made: Hashes,
    positions: Positions,
    begin: int,
    cents: int,
    count: Positions,
) -> list[Cell]:
    """The cells that most of what is rare votes for: of each width, the heaviest first."""
    known = np.flatnonzero((count > 0) & (count <= MAX_POSTINGS))
    order = known[np.argsort(count[known], kind="stable")]
    # What is rare comes first, so that a large catalogue costs no more than a small one.
    order = order[np.cumsum(count[order]) <= _VOTES_PER_WINDOW]
    if order.size == 0:
        return []
    weight_of = np.rint(_WEIGHT / np.log2(2 + count)).astype(np.int64)
    votes = list(index.votes(made[order], order, most=MAX_POSTINGS))
    if not votes:
        return []
    which = np.concatenate([hashed for hashed, _ in votes])
    place = np.concatenate([places for _, places in votes])
    if place.size == 0:
        return []
    # Sorted by about what they will be: what is alone is seen then, and to find the reference of each is quick.
    along = place - positions[which] + begin
    sorting = _order_of(along)
    sorting = sorting[_in_company(along[sorting])]
    if sorting.size == 0:
        return []
    which, place = which[sorting], place[sorting]
    at, weight = positions[which], weight_of[which]
    number = np.searchsorted(index.starts, place, side="right") - 1
    place -= index.starts[number]
    # Diagonals lie within their reference, whatever lies beside it in this index: the cells are the same in another.
    diagonal = (number << _NUMBER_BITS) + place - at + begin
    sorting = np.argsort(diagonal, kind="stable")
    diagonal, at, place, weight = diagonal[sorting], at[sorting], place[sorting], weight[sorting]
    cells: list[Cell] = []
    fitted: dict[int, tuple[tuple[int, Line], ...]] = {}
    for width, least in ((_FINE, _LEAST_VOTES - 1), (_COARSE, _LEAST_VOTES)):
        for weighs, reference, middle in _heaviest(index, diagonal, weight, width, least, most=most_cells(cents)):
            if middle not in fitted:
                low, high = np.searchsorted(diagonal, [middle - _COARSE, middle + _COARSE + 1]).tolist()
                one = _number(middle)
                fitted[middle] = tuple(_fitted(one, at[low:high], place[low:high], weight[low:high], cents))
            inside = middle - (_number(middle) << _NUMBER_BITS)
            cells.append(Cell(width, weighs, reference, inside, fitted[middle]))
    return cells


def _in_company(along: Positions) -> Positions:
    """
    Which votes may be told apart from none, of all in the order of their diagonals: most of a large index are alone.

    A cell that counts has two votes, where it is fine, or three; lines are laid through what is near to those. So a
    vote is left out if it has no second one within a fine cell and the next, nor two more within a coarse one and the
    next; which is as far as from the middle of one to the last vote that a line is laid through.
    """
    company = np.zeros(along.size, bool)
    three = along[2:] - along[:-2] <= 2 * _COARSE
    for first in range(3):
        company[first : first + three.size] |= three
    two = along[1:] - along[:-1] < 2 * _FINE
    company[:-1] |= two
    company[1:] |= two
    return np.flatnonzero(company)


def _order_of(numbers: Positions) -> Positions:
    """The order of numbers, equal ones as they come: by 16 bits at a time, which NumPy counts instead of comparing."""
    apart = numbers - int(numbers.min())
    order = np.argsort(apart.astype(np.uint16), kind="stable")
    for shift in range(16, int(apart.max()).bit_length(), 16):
        order = order[np.argsort((apart >> shift).astype(np.uint16)[order], kind="stable")]
    return order


def _number(diagonal: int) -> int:
    """The number of a diagonal's reference; within it, a diagonal may be negative."""
    return diagonal + _HALF >> _NUMBER_BITS


def _ranked(cells: Iterable[Cell]) -> list[Line]:
    """The lines of some cells, each once, the best first."""
    seeds: dict[tuple[int, int, int], tuple[int, Line]] = {}
    for cell in cells:
        for votes, seed in cell.seeds:
            key = seed.number, round(seed.ratio * 100), round(seed.offset / 4)
            if key not in seeds or seeds[key][0] < votes:
                seeds[key] = votes, seed
    ranked = sorted(seeds.values(), key=lambda one: (-one[0], one[1].number, one[1].offset, one[1].ratio))
    return [seed for _, seed in ranked]


def _heaviest(
    index: Postings, diagonal: Positions, weight: Positions, width: int, least: int, *, most: int
) -> list[tuple[int, UUID, int]]:
    """
    The diagonals on which most votes lie, and at least some, counted in cells joined with the next.

    :returns: the weight, the reference, and the middle of each, the heaviest first
    """
    cell = diagonal // width
    first = np.flatnonzero(np.append(True, cell[1:] != cell[:-1]))
    cell, sums = cell[first], np.add.reduceat(weight, first)
    counts = np.diff(np.append(first, diagonal.size))
    joined = sums.copy()
    follows = np.flatnonzero(cell[1:] == cell[:-1] + 1)
    joined[follows] += sums[follows + 1]
    counted = counts.copy()
    counted[follows] += counts[follows + 1]
    enough = np.flatnonzero(counted >= least)
    cell, joined = cell[enough], joined[enough]
    if joined.size > most:
        # Of equally heavy ones those of the first references: what is left out is settled too.
        limit = np.partition(joined, joined.size - most)[joined.size - most]
        chosen = np.flatnonzero(joined >= limit)
        cell, joined = cell[chosen], joined[chosen]
    middles = cell * width + width
    found = [
        (weighs, index.reference(_number(middle)), middle)
        for weighs, middle in zip(joined.tolist(), middles.tolist(), strict=True)
    ]
    return sorted(found, key=lambda one: (-one[0], one[1], one[2]))[:most]


_RATIOS = np.array(
    sorted(
        np.round(np.arange(1 - MAX_RATIO_CHANGE, 1 + MAX_RATIO_CHANGE + 1e-9, _RATIO_STEP), 4), key=lambda r: abs(r - 1)
    )
)


def _fitted(number: int, at: Positions, place: Positions, weight: Positions, cents: int) -> Iterator[tuple[int, Line]]:
    """The line through most of the votes in one cell of a reference, and the one of unchanged tempo."""
    if at.size < _LEAST_VOTES:
        return
    middle = (int(at.min()) + int(at.max())) / 2
    away = place[None, :] - _RATIOS[:, None] * (at - middle)[None, :]
    lowest = math.floor(float(away.min())) - 2
    cells = ((away - lowest) / 1.5).astype(np.int64)
    width = int(cells.max()) + 2
    flat = cells + width * np.arange(len(_RATIOS))[:, None]
    counts = np.bincount(flat.ravel(), np.tile(weight, len(_RATIOS)), width * len(_RATIOS))
    joined = counts.reshape(len(_RATIOS), width)
    joined = joined[:, :-1] + joined[:, 1:]
    best = int(np.argmax(joined.max(axis=1)))
    for which in dict.fromkeys((0, best)):
        cell = int(np.argmax(joined[which]))
        offset = lowest + 1.5 * (cell + 1) - _RATIOS[which] * middle
        yield int(joined[which, cell]), Line(number, float(_RATIOS[which]), float(offset), cents)


# --- confirmation


class _Pair:
    """One reference and the query, compared peak by peak."""

    def __init__(self, items: Hashes, query: _Query) -> None:
        bins = landmarks.peaks_of(items)
        self.frames, slot = np.nonzero(bins)
        self.bins = bins[self.frames, slot]
        self.query = query

    def seen(self, line: Line, low: int, high: int) -> "_Seen":
        """What becomes of the reference's peaks from one number to another along a line."""
        frames, bins = self.frames[low:high], self.bins[low:high]
        at = np.rint((frames - line.offset) / line.ratio).astype(np.int64)
        inside = (at >= 0) & (at < self.query.frames)
        there = np.where(inside, at, 0)
        return _Seen(at, inside, self.query.meets(there, bins) & inside, self.query.chance(there, bins))

    def confirmed(self, seed: Line, begin: int, end: int) -> Line | None:
        """The line made exact and as long as it lasts; None if its peaks are not there."""
        low, high = self._between(seed, begin, end)
        if high - low < MIN_FOUND:
            return None
        begun = self._extended(self.tuned(seed, low, high, (0.0, -1.0, 1.0), (0.0,)), low, high)
        if begun is None or begun.evidence < MIN_EVIDENCE * 5 // 8:
            return None
        line = begun
        for _ in range(2):
            low, high = np.searchsorted(self.frames, [line.first, line.last + 1]).tolist()
            step = min(0.01, max(0.0005, 1.5 / (line.last - line.first + 1)))
            before = line
            line = self.tuned(line, low, high, (0.0, -0.5, 0.5, -1.0, 1.0), (0.0, -step, step, -2 * step, 2 * step))
            extended = self._extended(line, low, high)
            if extended is None:
                return None
            line = extended
            if (line.first, line.last, line.ratio) == (before.first, before.last, before.ratio):
                break
        if abs(line.ratio - 1) > MAX_RATIO_CHANGE + 0.005 or not self._is_enough(line):
            return None
        line = self.weighed(line)
        line = replace(line, least=self._least(line))
        return line if line.mass >= line.least else self._by_its_tones(line)

    def _by_its_tones(self, line: Line) -> Line | None:
        """
        The line weighed by its tones alone, of which less is enough; None if that is not there either.

        What unrelated recordings share is drums, which agree a beat aside as well. Under a voice or noise little is
        left of either; what is left of the tones, over many moments and pitches, is of this recording.
        """
        if line.cents:
            return None
        low, high = np.searchsorted(self.frames, [line.first, line.last + 1]).tolist()
        seen = self.seen(line, low, high)
        is_tone = self.bins[low:high] < TONES_BELOW_BIN
        met = seen.met & is_tone
        evidence = round(100 * float(seen.gains(seen.survival(0, high - low))[is_tone].sum()))
        moments = np.unique(seen.at[seen.met] // _MOMENT_FRAMES).size
        pitches = np.unique(self.bins[low:high][met]).size
        if evidence < MIN_TONAL_EVIDENCE or moments < MIN_TONAL_MOMENTS or pitches < MIN_TONAL_PITCHES:
            return None
        found, sought = int(met.sum()), int(is_tone.sum())
        mass = min(evidence, self._against_itself(line, low, high, found, sought, below=TONES_BELOW_BIN))
        least = MIN_TONAL_MASS + self._more(MASS_PER_DOUBLING)
        return replace(line, mass=mass, least=least, is_by_tones=True) if mass >= least else None

    def _least(self, line: Line) -> int:
        """The mass that is enough for such a line in such an output."""
        low, high = np.searchsorted(self.frames, [line.first, line.last + 1]).tolist()
        seen = self.seen(line, low, high)
        moments = np.unique(seen.at[seen.met] // _MOMENT_FRAMES).size
        least = next((mass for fewer, mass in MIN_MASS_BY_MOMENTS if moments < fewer), MIN_MASS)
        more = MASS_PER_DOUBLING
        if (line.last - line.first) * HOP_SAMPLES * 1000 < SHORT_MS * SAMPLE_RATE_HZ * line.ratio:
            least, more = MIN_MASS_IF_SHORT, MASS_PER_DOUBLING_IF_SHORT
        if line.cents:
            least = max(least, MIN_MASS_IF_TRANSPOSED)
        return least + self._more(more)

    def _more(self, per_doubling: int) -> int:
        """The mass that a longer output asks for, since it has more chances to agree."""
        times = self.query.frames * HOP_SAMPLES * 1000 / (SAMPLE_RATE_HZ * COMMON_MS)
        return round(per_doubling * math.log2(max(1.0, times)))

    def _between(self, line: Line, begin: int, end: int) -> tuple[int, int]:
        edges = [line.ratio * begin + line.offset, line.ratio * end + line.offset]
        low, high = np.searchsorted(self.frames, edges).tolist()
        return low, high

    def tuned(self, line: Line, low: int, high: int, offsets: Sequence[float], slopes: Sequence[float]) -> Line:
        """The line through about the same middle along which most is met; what is given first wins a tie."""
        middle = float(self.frames[(low + high) // 2 if high > low else low])
        at = (middle - line.offset) / line.ratio
        best, most = line, -math.inf
        for slope in slopes:
            ratio = line.ratio + slope
            for offset in offsets:
                tried = replace(line, ratio=ratio, offset=middle - ratio * at + offset)
                total = float(np.maximum(self.seen(tried, low, high).gains(_USUAL), -10).sum())
                if total > most + 1e-6:
                    best, most = tried, total
        return best

    def _extended(self, line: Line, low: int, high: int) -> Line | None:
        """The line from where its sum begins to grow to where it ceases to."""
        start, stop = self._between(line, 0, self.query.frames)
        seen = self.seen(line, start, stop)
        # The best stretch of what was looked at is what the line stands on.
        low, high = max(0, low - start), high - start
        first, last, evidence = max(
            (_heaviest_stretch(seen.gains(survives)[low:high]) for survives in _SURVIVES),
            key=lambda stretch: stretch[2],
        )
        if last <= first or 100 * evidence < MIN_EVIDENCE // 3:
            return None
        first, last = first + low, last + low
        for _ in range(2):
            gain = seen.gains(seen.survival(first, last))
            middle = first + int(np.argmax(np.convolve(gain[first:last], np.ones(8), "same")))
            last = middle + _lasting(gain[middle:])
            first = middle - _lasting(gain[:middle][::-1])
            if last - first < MIN_FOUND:
                return None
        survives = seen.survival(first, last)
        return replace(
            line,
            first=int(self.frames[start + first]),
            last=int(self.frames[start + last - 1]),
            evidence=round(100 * float(seen.gains(survives)[first:last].sum())),
            found=int(seen.met[first:last].sum()),
            sought=last - first,
        )

    def weighed(self, line: Line) -> Line:
        """
        The line with its mass: how much better it explains what is met than the same stretch moved aside does.

        What plays the same drums at the same tempo agrees on every beat, so it agrees as well a beat or a bar away.
        Where a reference is there from its beginning to its end, it may be a loop, and repeat itself.
        """
        low, high = np.searchsorted(self.frames, [line.first, line.last + 1]).tolist()
        mass = self._against_itself(line, low, high, line.found, line.sought)
        here = line.found / line.sought
        if line.last - line.first >= 0.8 * float(self.frames[-1] - self.frames[0]) and here > 0.5:
            mass = max(mass, line.evidence // 2)
        return replace(line, mass=min(mass, line.evidence))

    def _against_itself(
        self, line: Line, low: int, high: int, found: int, sought: int, *, below: int = landmarks.LAST_BIN + 1
    ) -> int:
        """How much better what is met of the peaks below a bin fits this line than the same line moved aside."""
        bins = self.bins[low:high]
        chosen = bins < below
        bins, at = bins[chosen], np.rint((self.frames[low:high][chosen] - line.offset) / line.ratio).astype(np.int64)
        there = at[None, :] + _ASIDE[:, None]
        inside = (there >= 0) & (there < self.query.frames)
        met = self.query.meets(np.where(inside, there, 0), np.broadcast_to(bins, there.shape)) & inside
        count = inside.sum(axis=1)
        enough = count >= 0.7 * at.size
        elsewhere = float((met.sum(axis=1)[enough] / count[enough]).max()) if enough.any() else 0.0
        here = found / sought
        elsewhere = min(max(elsewhere, 0.01), 0.99)
        mass = 0.0
        if here > elsewhere:
            mass = here * math.log(here / elsewhere)
            mass += (1 - here) * math.log((1 - here) / (1 - elsewhere)) if here < 1 else 0.0
        return round(100 * sought * mass)

    def _is_enough(self, line: Line) -> bool:
        if line.evidence < MIN_EVIDENCE or line.found < MIN_FOUND:
            return False
        if (line.last - line.first) * HOP_SAMPLES * 1000 < MIN_DURATION_MS * SAMPLE_RATE_HZ * line.ratio:
            return False
        low, high = np.searchsorted(self.frames, [line.first, line.last + 1]).tolist()
        seen = self.seen(line, low, high)
        bins = self.bins[low:high][seen.met]
        return np.unique(seen.at[seen.met]).size >= MIN_FOUND_FRAMES and np.unique(bins).size >= MIN_FOUND_BINS


@dataclass(frozen=True)
class _Seen:
    """Peaks of a reference along a line: the query's frame, if it exists, if a peak is met there, its chance."""

    at: Positions
    inside: NDArray[np.bool_]
    met: NDArray[np.bool_]
    chance: NDArray[np.float64]

    def gains(self, survives: float) -> NDArray[np.float64]:
        """What each counts, in nats, if a share of the peaks survives."""
        likely = self.chance + (1 - self.chance) * survives
        gain = np.where(self.met, np.log(likely / self.chance), np.log((1 - likely) / (1 - self.chance)))
        return np.where(self.inside, gain, _OUTSIDE)

    def survival(self, first: int, last: int) -> float:
        """The share of a stretch's peaks that is met beyond chance."""
        met, chance = float(self.met[first:last].mean()), float(self.chance[first:last].mean())
        return min(_MOST_SURVIVES, max(_SURVIVES[0], (met - chance) / (1 - chance)))


def _heaviest_stretch(gain: NDArray[np.float64]) -> tuple[int, int, float]:
    """From where to where the sum is largest, and that sum; nothing, if all of it is negative."""
    sums = np.concatenate([[0.0], np.cumsum(gain)])
    rises = sums - np.minimum.accumulate(sums)
    last = int(np.argmax(rises))
    first = int(np.argmin(sums[: last + 1]))
    return first, last, float(rises[last])


def _lasting(gain: NDArray[np.float64]) -> int:
    """How many peaks further the sum is highest, before it has dropped too far below that."""
    if gain.size == 0:
        return 0
    sums = np.cumsum(gain)
    ended = np.flatnonzero(np.maximum(np.maximum.accumulate(sums), 0) - sums > _DROP)
    within = sums[: ended[0]] if ended.size else sums
    if within.size == 0 or float(within.max()) <= 0:
        return 0
    return int(np.argmax(within)) + 1


def _disjoint(lines: Sequence[Line], frames: int) -> list[Line]:
    """Lines of one reference that share no output: the heaviest whole, what others share with it is theirs no more."""
    kept: list[Line] = []
    taken: dict[int, NDArray[np.bool_]] = {}
    for line in sorted(lines, key=lambda one: (-one.mass, one.number, one.first_at, one.first, one.cents)):
        used = taken.setdefault(line.number, np.zeros(frames, bool))
        first, last = max(0, line.first_at), min(frames - 1, line.last_at)
        if used[first : last + 1].mean() > 0.2:
            continue
        free = np.flatnonzero(~used[first : last + 1]) + first
        line_first, line_last = int(free[0]), int(free[-1])
        used[first : last + 1] = True
        if (line_first, line_last) != (first, last):
            line = replace(  # noqa: PLW2901 - the same line, cut
                line,
                first=max(line.first, round(line.ratio * line_first + line.offset)),
                last=min(line.last, round(line.ratio * line_last + line.offset)),
            )
        kept.append(line)
    return kept


# --- matches


def _match(index: Postings, line: Line, algorithm: str) -> Match:
    return Match(
        kind=EXACT_MATCH,
        algorithm=algorithm,
        reference_id=index.reference(line.number),
        output=_segment(max(0.0, (line.first - line.offset) / line.ratio), (line.last - line.offset) / line.ratio),
        reference=_segment(line.first, line.last),
        time_ratio_millionths=round(line.ratio * 1_000_000),
        pitch_shift_cents=line.cents,
        score_millionths=line.mass * 1_000_000 // (line.mass + line.least),
        measures=(
            ("evidence_centinats", line.evidence),
            ("peaks_found", line.found),
            ("peaks_sought", line.sought),
            *((("tones_alone", 1),) if line.is_by_tones else ()),
        ),
    )


def _segment(first: float, last: float) -> Segment:
    # A peak stands for the middle of its frame.
    begin = first * HOP_SAMPLES + landmarks.FRAME_SAMPLES // 2
    end = (last + 1) * HOP_SAMPLES + landmarks.FRAME_SAMPLES // 2
    return Segment(int(begin) * 1000 // SAMPLE_RATE_HZ, int(end) * 1000 // SAMPLE_RATE_HZ)
