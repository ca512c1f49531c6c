"""
In which references does the spectrum move as in this audio, and where?

Every vector of the index is compared with every place of what is looked up: nothing has to survive but the likeness
itself, so material that is found nowhere by its peaks is found, as after a neural codec or under noise as loud. Four
seconds and a half are compared at once. That costs as many multiplications as there are places, and is done for short
audio alone.

How alike two stretches are is the sum of the inner products of their vectors. What it would be by chance follows from
how the vectors of music vary (`spectra.Weights`): the sum is told in deviations of that, so that a stretch that barely
changes, which is like any other that barely changes, needs more. Of the deviations, `z`, a match's evidence is
`z² / 2` nats.

How the limits were chosen. On the tuning half of `benchmarks.detection`, against 725 recordings, with what was copied
left out: of 498 outputs of 5 and 10 seconds of real music and speech one had something of 8.7 deviations, four had 8.5
and 91 had 7; of 1,080 that were rendered, many of them on the catalogue's own drums, 131 had 8.5. Outputs that are like
one recording are like others too, nearly as much, and copies are not. So a match has to be 2.5 deviations ahead of all
unrelated recordings but one: 0 and 4 of those were. Of the right places 98 of 100 were after the neural codec, 92 under
equally loud noise, 73 under a voice as loud. In a larger catalogue chance has more places: a wrong place is e times
rarer with half a deviation more, so from 1,500 recordings on each e times as many need so much more.

Sixty-four directions had been tried before, nine deviations and nothing about others, on both halves: then 93 of a
hundred were found after the codec and 92 under noise, by all detectors, on the half that counts. Ninety-six were taken,
and others looked at, for what that finds on the tuning half.

What was played a tenth faster or a semitone higher is found too, as if it were not. Not found: what was transposed by
more, or is shorter than three and a half seconds; most of what is shorter than four and a half; in audio of more than
15 seconds, nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fingerprint import landmarks, spectra
from fingerprint.evidence import EXACT_MATCH, Match, Segment
from fingerprint.postings import Divided, Known, Postings
from fingerprint.spectra import HOP_SAMPLES, SAMPLE_RATE_HZ, STRIDE_FRAMES, VECTOR_FRAMES, Vectors

EVIDENCE: Final = "spectral_centinats"  # a measure

MIN_DEVIATIONS: Final = 8.5
AHEAD_DEVIATIONS: Final = 2.5  # of unrelated references: see `agreement.outstanding`
LARGE: Final = 1_500  # references, from which on it takes more:
DEVIATIONS_A_FOLD: Final = 0.48  # for e times as many
MIN_CORRELATION: Final = 0.35
LESS_AT_ONCE: Final = 1.0  # deviations fewer of four vectors, by which a longer line is found
MIN_VECTORS: Final = 3  # in a row
AT_ONCE: Final = 4  # vectors that are compared together
PHASE_FRAMES: Final = 3  # between two places of what is looked up that are tried

_WORDS = spectra.DIMENSIONS // 4
_ROWS_AT_ONCE = 2_048  # with what becomes of them, about what a processor's own cache holds
_ALMOST = 1 - 1e-6  # of a limit, which more than makes up for what is rounded in 24 bits
_LEAST_ENERGY = 0.3  # of the usual; what varies less counts as if it varied so much
_GOES_ON = 0.25  # the correlation that a stretch needs where it is longer
_APART_FRAMES = 11  # half a second, within which two places are one
_MOST_PLACES = 6  # of one reference that are looked at

PARAMETERS: tuple[tuple[str, str], ...] = (
    ("ahead_deviations", str(AHEAD_DEVIATIONS)),
    ("at_once", str(AT_ONCE)),
    ("deviations_a_fold", str(DEVIATIONS_A_FOLD)),
    ("goes_on", str(_GOES_ON)),
    ("large", str(LARGE)),
    ("least_energy", str(_LEAST_ENERGY)),
    ("less_at_once", str(LESS_AT_ONCE)),
    ("min_correlation", str(MIN_CORRELATION)),
    ("min_deviations", str(MIN_DEVIATIONS)),
    ("min_vectors", str(MIN_VECTORS)),
    ("most_s", str(landmarks.FINE_S)),
    ("phase_frames", str(PHASE_FRAMES)),
    ("weights_sha256", spectra.WEIGHTS_SHA256),
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Line:
    """Vectors of a reference in a row that those of the query, from a frame on, are like."""

    row: int
    frame: int
    vectors: int
    correlation: float
    deviations: float

    @property
    def lag(self) -> int:
        """The reference's frame against the first of the query."""
        return STRIDE_FRAMES * self.row - self.frame


def is_heard(samples: NDArray[np.int16]) -> bool:
    """Whether audio is so short that it is compared in this way."""
    return samples.size <= landmarks.FINE_S * SAMPLE_RATE_HZ


def least(references: int) -> float:
    """How many deviations are enough, among so many references."""
    return MIN_DEVIATIONS + DEVIATIONS_A_FOLD * math.log(max(1.0, references / LARGE))


def deviations(match: Match) -> float:
    """How far from chance a match is."""
    return math.sqrt((match.measure(EVIDENCE) or 0) / 50)


def search(known: Known, asked: Vectors, *, among: int | None = None) -> tuple[Match, ...]:
    """
    Find which references what is looked up is like, and where: also those that are not alike enough, up to
    `AHEAD_DEVIATIONS` less, since what is alike enough has to be ahead of them.

    `asked` has a vector for every frame, as `spectra.query` makes them. Matches of one reference share no output.
    `among` says how many references there are, where those known are a part of them.
    """
    if isinstance(known, Divided):
        return known.spectra_heard(asked)
    query = _Query(asked, least(len(known) if among is None else among) - AHEAD_DEVIATIONS)
    if not query.phases or len(known) == 0:
        return ()
    lines = ((number, line) for number, rows, places in _alike(known, query) for line in query.lines(rows, places))
    return tuple(sorted((_match(known, number, line) for number, line in lines), key=order))


def order(match: Match) -> tuple[int, int, str, int]:
    """Order matches by their place in the output; which of two equal ones comes first is settled too."""
    return match.output.start_ms, match.output.end_ms, str(match.reference_id), match.reference.start_ms


def _alike(known: Postings, query: _Query) -> Iterator[tuple[int, Vectors, list[tuple[float, int, int]]]]:
    """Give each reference that some stretch is like: its number, its vectors, and those places, the likest first."""
    for first, starts, items in known.portions(_ROWS_AT_ONCE * _WORDS):
        rows = spectra.vectors_of(items)
        begins = starts // _WORDS
        found = query.like(rows.astype(np.float32))
        if not found:
            continue
        owner = np.repeat(np.arange(len(begins) - 1), np.diff(begins))
        of_one: dict[int, list[tuple[float, int, int]]] = {}
        for deviations, row, frame, vectors in found:
            number = int(owner[row])
            if owner[row + vectors - 1] == number:
                of_one.setdefault(number, []).append((-deviations, row - int(begins[number]), frame))
        for number, places in sorted(of_one.items()):
            yield first + number, rows[begins[number] : begins[number + 1]], sorted(places)


class _Query:
    """What is looked up, at every phase."""

    def __init__(self, asked: Vectors, enough: float) -> None:
        self._enough = enough  # deviations
        self._asked = asked.astype(np.float64)
        learned = spectra.weights()
        self._together, self._following = learned.together, learned.following
        self._energy = learned.energy
        self._least = _LEAST_ENERGY * learned.energy
        whole = [range(phase, len(asked), STRIDE_FRAMES) for phase in range(0, STRIDE_FRAMES, PHASE_FRAMES)]
        self.phases = [list(frames) for frames in whole if len(frames) >= MIN_VECTORS]
        self._frames = [frame for frames in self.phases for frame in frames]
        self._vectors = asked[self._frames].astype(np.float32)
        self._limits = self._limits_by_width()
        self._roughly = {width: (limits * _ALMOST).astype(np.float32) for width, limits in self._limits.items()}

    def _limits_by_width(self) -> dict[int, Floats]:
        """The likeness that windows of each width need, by their first vector, beside a reference of unit energy."""
        found: dict[int, Floats] = {}
        first = 0
        for frames in self.phases:
            width = self._width(frames)
            # Where none begins, since another phase does before it would end, nothing is enough.
            limits = found.setdefault(width, np.full(len(self._frames) - width + 1, np.inf))
            for at in range(len(frames) - width + 1):
                limits[first + at] = self._limit(frames[at : at + width])
            first += len(frames)
        return found

    @staticmethod
    def _width(frames: Sequence[int]) -> int:
        return min(AT_ONCE, len(frames))

    def _deviation(self, frames: Sequence[int]) -> float:
        """The deviation of what chance makes of some vectors, beside a reference of unit energy."""
        some = self._asked[frames]
        energy = float((some**2).sum())
        varies = float(((some @ self._together) * some).sum())
        varies += 2 * float(((some[:-1] @ self._following) * some[1:]).sum())
        least = self._least * len(frames)
        # What varies less than music does is taken to be as much of the same.
        varies = max(varies, 0.2 * energy * self._energy / spectra.DIMENSIONS) * max(1.0, least / max(energy, 1e-9))
        return float(np.sqrt(max(varies, 1e-9) / (len(frames) * self._energy)))

    def _limit(self, frames: Sequence[int]) -> float:
        energy = max(float((self._asked[frames] ** 2).sum()), self._least * len(frames))
        enough = self._enough - LESS_AT_ONCE
        return max(enough * self._deviation(frames), MIN_CORRELATION * float(np.sqrt(energy)))

    def like(self, rows: NDArray[np.float32]) -> list[tuple[float, int, int, int]]:
        """Return where rows are like a window: by how many deviations, the row, the frame, and how many vectors."""
        found: list[tuple[float, int, int, int]] = []
        products = self._vectors @ rows.T  # whole numbers, below 2^24 also in sums of four: no order rounds them
        squares = np.concatenate([[0.0], np.cumsum(np.einsum("ij,ij->i", rows, rows), dtype=np.float64)])
        for width, limits in self._limits.items():
            windows, count = len(limits), len(rows) - width + 1
            if count <= 0:
                continue
            sums = products[:windows, :count].copy()
            for at in range(1, width):
                sums += products[at : at + windows, at : at + count]
            beside = np.sqrt(np.maximum(squares[width:] - squares[:-width], self._least * width))
            # Nearly all is told apart by half as many digits, and the rest exactly.
            near = sums >= self._roughly[width][:, None] * beside.astype(np.float32)
            for place in np.flatnonzero(near).tolist():
                window, row = divmod(place, count)
                likeness, needed = float(sums[window, row]), float(beside[row] * limits[window])
                if likeness >= needed:
                    found.append((likeness / needed, row, self._frames[window], width))
        return found

    def lines(self, rows: Vectors, places: Sequence[tuple[float, int, int]]) -> list[_Line]:
        """Return the lines through the likest places of one reference that share no output, the likest first."""
        seeds: list[tuple[int, int]] = []
        for _, row, frame in places:
            lag = STRIDE_FRAMES * row - frame
            if all(abs(lag - other) > _APART_FRAMES for other, _ in seeds):
                seeds.append((lag, frame))
            if len(seeds) == _MOST_PLACES:
                break
        wide = rows.astype(np.float64)
        lines = [line for lag, frame in seeds for line in [self._line(wide, lag, frame)] if line is not None]
        kept: list[_Line] = []
        for line in sorted(lines, key=lambda line: (-line.deviations, line.frame, line.row)):
            begin, end = _frames(line)
            if all(end <= _frames(other)[0] or begin >= _frames(other)[1] for other in kept):
                kept.append(line)
        return kept

    def _line(self, rows: Floats, lag: int, frame: int) -> _Line | None:
        """The best line about a lag, which holds a vector that begins near a frame of the query."""
        tried = [self._along(rows, lag + by, frame - by) for by in range(-PHASE_FRAMES, PHASE_FRAMES + 1)]
        best = max((line for line in tried if line is not None), key=lambda line: line.deviations, default=None)
        if best is None or best.deviations < self._enough or best.correlation < MIN_CORRELATION:
            return None
        return best

    def _along(self, rows: Floats, lag: int, through: int) -> _Line | None:
        """The stretch of a lag that is likest, of those that hold a frame of the query where a vector begins."""
        first = max(0, -(lag // -STRIDE_FRAMES))
        frames = np.arange(first * STRIDE_FRAMES - lag, len(self._asked), STRIDE_FRAMES)[: len(rows) - first]
        if len(frames) < MIN_VECTORS or not frames[0] <= through <= frames[-1]:
            return None
        mine, theirs = self._asked[frames], rows[first : first + len(frames)]
        products = (mine * theirs).sum(axis=1)
        energies = np.maximum((mine**2).sum(axis=1), self._least), np.maximum((theirs**2).sum(axis=1), self._least)
        gains = products - _GOES_ON * np.sqrt(energies[0] * energies[1])
        at = int(through - frames[0]) // STRIDE_FRAMES
        before, after = np.cumsum(gains[: at + 1][::-1]), np.cumsum(gains[at:])
        begin, end = at - int(np.argmax(before)), at + int(np.argmax(after)) + 1
        if end - begin < MIN_VECTORS:
            return None
        inside = slice(begin, end)
        total = float(products[inside].sum())
        beside = float(energies[1][inside].sum())
        return _Line(
            first + begin,
            int(frames[begin]),
            end - begin,
            total / float(np.sqrt(energies[0][inside].sum() * beside)),
            total / (self._deviation(frames[inside].tolist()) * float(np.sqrt(beside))),
        )


def _frames(line: _Line) -> tuple[int, int]:
    """The first frame of the query that a line holds, and the one behind its last."""
    return line.frame, line.frame + STRIDE_FRAMES * (line.vectors - 1) + VECTOR_FRAMES


def _match(known: Postings, number: int, line: _Line) -> Match:
    begin, end = _frames(line)
    nats = round(50 * line.deviations**2)
    enough = round(50 * MIN_DEVIATIONS**2)
    return Match(
        kind=EXACT_MATCH,
        algorithm=spectra.ALGORITHM,
        reference_id=known.reference(number),
        output=Segment(_ms(begin), _ms(end)),
        reference=Segment(_ms(begin + line.lag), _ms(end + line.lag)),
        time_ratio_millionths=1_000_000,
        pitch_shift_cents=0,
        score_millionths=nats * 1_000_000 // (nats + enough),
        measures=tuple(
            sorted(
                (
                    (EVIDENCE, nats),
                    ("correlation_millionths", round(1_000 * line.correlation) * 1_000),
                    ("vectors", line.vectors),
                )
            )
        ),
    )


def _ms(frames: int) -> int:
    return frames * HOP_SAMPLES * 1000 // SAMPLE_RATE_HZ
