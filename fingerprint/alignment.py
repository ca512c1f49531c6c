"""
Whether two tracks play the same song, and where: local alignment of what they play.

Each side becomes a sequence of items, one every half a second, that each hold four and a half seconds of pitch
classes. Two items are alike when each is among the other side's nearest, so that it does not matter how
loud, how dense or how noisy a track is (a cross recurrence plot). The longest run of likeness that goes forward on
both sides, faster here and slower there, with a price for every item that is not alike, is the alignment: Serrà's
Qmax. It is computed twice, from the harmony and from the lead, in the keys in which the two sides agree best;
the sum of both ranks, the lead counted twice, since songs that share their chords seldom share their tune as well.

Everything here is whole numbers, or floats that hold whole numbers exactly: the same rows give the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fingerprint.melody import CLASSES, Melody, ms_of

ALGORITHM: Final = "qmax-1"
FRAMES_AN_ITEM: Final = 2
STACKED: Final = 9
KEYS: Final = 4
NEAREST_PER_MILLE: Final = 95
MIN_ITEMS: Final = 8  # beyond those that one stack holds
MAX_PATHS: Final = 4
LEAD_COUNTS: Final = 2

_LEVEL = 60  # what the strongest class of an item is set to
_ALIKE, _GAP = 2, 1  # what a pair of items that are alike adds, and one that is not takes away
_AUDIBLE = 5  # frames of a stack that must hold anything
_PAIRS_AT_ONCE = 2_000_000  # cells of recurrence plots held at once

Items = NDArray[np.int32]
Plot = NDArray[np.bool_]


@dataclass(frozen=True)
class Path:
    """
    One stretch that both sides play: frames on both sides, from the first to the one behind the last.

    `key` is how many semitones the output would have to be raised to sound as the reference does, 0 to 11.
    `harmony` and `lead` are what each of the two alignments scores, `alike` the items of the better one that are
    alike among the `length` items of its path.
    """

    output: tuple[int, int]
    reference: tuple[int, int]
    key: int
    harmony: int
    lead: int
    alike: int
    length: int
    time_ratio_millionths: int

    @property
    def score(self) -> int:
        """What ranks: both alignments, the lead's counted twice."""
        return self.harmony + LEAD_COUNTS * self.lead


class Tune:
    """A track's rows, as they are compared."""

    def __init__(self, melody: Melody) -> None:
        self.melody = melody

    @cached_property
    def sides(self) -> tuple[Items, Items]:
        """The items' rows, of the harmony and of the lead."""
        return _items(self.melody.harmony), _items(self.melody.lead)

    @cached_property
    def stacks(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The same in stacks of nine: one long row for every item."""
        harmony, lead = self.sides
        return _stacked(harmony), _stacked(lead)

    @cached_property
    def audible(self) -> Plot:
        """Which stacks hold more than silence."""
        heard = (self.sides[0].sum(axis=1) > 0).astype(np.int64)
        sums = np.cumsum(np.concatenate([np.zeros(1, np.int64), heard]))
        if len(heard) < STACKED:
            return np.zeros(0, dtype=np.bool_)
        return np.asarray(sums[STACKED:] - sums[:-STACKED] >= _AUDIBLE)

    @property
    def is_long_enough(self) -> bool:
        """Whether there is enough to compare."""
        return int(self.audible.sum()) >= MIN_ITEMS

    @cached_property
    def turned(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The stacks in all twelve keys: (keys, items, classes of nine items)."""
        harmony, lead = (
            np.stack([_stacked(np.roll(side, key, axis=1)) for key in range(CLASSES)]) for side in self.sides
        )
        return harmony, lead


def _items(rows: NDArray[np.uint8]) -> Items:
    count = len(rows) // FRAMES_AN_ITEM
    summed = rows[: count * FRAMES_AN_ITEM].reshape(count, FRAMES_AN_ITEM, CLASSES).astype(np.int32).sum(axis=1)
    strongest = summed.max(axis=1, keepdims=True, initial=0)
    return np.asarray(summed * _LEVEL // np.maximum(strongest, 1), dtype=np.int32)


def _stacked(items: Items) -> NDArray[np.float32]:
    count = max(0, len(items) - STACKED + 1)
    parts = [items[first : first + count] for first in range(STACKED)]
    return np.concatenate(parts, axis=1).astype(np.float32)


def keys_of(output: Tune, reference: Tune) -> tuple[int, ...]:
    """Say in which keys the output agrees best with the reference, over all its length."""
    agreement = np.zeros(CLASSES, dtype=np.int64)
    for mine, theirs in zip(output.sides, reference.sides, strict=True):
        one, other = _profile(mine), _profile(theirs)
        agreement += np.array([int(np.dot(np.roll(one, key), other)) for key in range(CLASSES)])
    return tuple(int(key) for key in np.argsort(-agreement, kind="stable")[:KEYS])


def _profile(side: Items) -> NDArray[np.int64]:
    total = side.astype(np.int64).sum(axis=0)
    return np.asarray(total * 1_000 // max(1, int(total.sum())))


def scores(output: Tune, references: Sequence[Tune]) -> list[int]:
    """Score the output against each reference, in the best of the keys tried; zero where one side is too short."""
    found = [0] * len(references)
    waiting: list[tuple[int, Plot, Plot]] = []
    cells = 0
    for index, reference in enumerate(references):
        if not output.is_long_enough or not reference.is_long_enough:
            continue
        harmony, lead = _plots(output, reference, keys_of(output, reference))
        waiting.append((index, harmony, lead))
        cells += 2 * harmony.size
        if cells >= _PAIRS_AT_ONCE:
            _settle(found, waiting)
            waiting, cells = [], 0
    _settle(found, waiting)
    return found


def _settle(found: list[int], waiting: Sequence[tuple[int, Plot, Plot]]) -> None:
    if not waiting:
        return
    best = _best([plot for _, harmony, lead in waiting for plot in (*harmony, *lead)])
    for position, (index, _, _) in enumerate(waiting):
        mine = best[position * 2 * KEYS : (position + 1) * 2 * KEYS]
        found[index] = int((mine[:KEYS] + LEAD_COUNTS * mine[KEYS:]).max())


def paths(output: Tune, reference: Tune, *, enough: int) -> list[Path]:
    """Trace what both play, heaviest first: stretches of the output that share nothing and score enough."""
    if not output.is_long_enough or not reference.is_long_enough:
        return []
    keys = keys_of(output, reference)
    harmony, lead = _plots(output, reference, keys)
    found: list[Path] = []
    while len(found) < MAX_PATHS:
        best = _best([*harmony, *lead])
        sums = best[:KEYS] + LEAD_COUNTS * best[KEYS:]
        index = int(np.argmax(sums))
        if int(sums[index]) < enough:
            break
        of_harmony, of_lead = int(best[index]), int(best[KEYS + index])
        plot = harmony[index] if of_harmony >= of_lead else lead[index]
        rows, columns = _trimmed(plot, *_traced(plot))
        found.append(_path(plot, rows, columns, keys[index], of_harmony, of_lead))
        for plots in (harmony, lead):
            plots[:, rows[0] : rows[-1] + 1] = False
    return found


def _path(
    plot: Plot,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    key: int,
    harmony: int,
    lead: int,
) -> Path:
    output, reference = (_stretch(side, count) for side, count in zip((rows, columns), plot.shape, strict=True))
    # Least squares in whole numbers: how many items of the reference pass for one of the output.
    away, along = rows * rows.size - rows.sum(), columns * rows.size - columns.sum()
    ratio = int(np.dot(away, along)) * 1_000_000 // max(1, int(np.dot(away, away)))
    return Path(output, reference, key, harmony, lead, int(plot[rows, columns].sum()), rows.size, max(1, ratio))


def _trimmed(
    plot: Plot, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Leave the ends of a path away where less is alike than not.

    A path gathers what chance puts before its beginning and behind its end; that would accuse music beside the song.
    """
    gains = np.where(plot[rows, columns], 2, -3)
    sums = np.concatenate([[0], np.cumsum(gains)])
    low = np.minimum.accumulate(sums)
    end = int(np.argmax(sums - low))
    begin = int(np.argmin(sums[: end + 1]))
    return rows[begin:end], columns[begin:end]


def _stretch(side: NDArray[np.int64], count: int) -> tuple[int, int]:
    """Say which frames a path is about: from the middle of its first stack to that of its last, or to the very end."""
    first, last = int(side[0]), int(side[-1])
    begin = first + STACKED // 2 if first > 0 else 0
    end = last + STACKED // 2 + 1 if last < count - 1 else last + STACKED
    return begin * FRAMES_AN_ITEM, end * FRAMES_AN_ITEM


# --- recurrence plots


def _plots(output: Tune, reference: Tune, keys: Sequence[int]) -> tuple[Plot, Plot]:
    hushed = ~(output.audible[:, None] & reference.audible[None, :])
    harmony, lead = (
        _plot(mine[list(keys)], theirs, hushed) for mine, theirs in zip(output.turned, reference.stacks, strict=True)
    )
    return harmony, lead


def _plot(output: NDArray[np.float32], reference: NDArray[np.float32], hushed: Plot) -> Plot:
    """Mark the pairs of items that are each among the other's nearest, in every key; (keys, output, reference)."""
    rows, columns = hushed.shape
    # At most 9 * 12 * 60 squared: far below 2^24, so that floats hold these sums exactly, in any order.
    mine, theirs = (output[0] * output[0]).sum(axis=1), (reference * reference).sum(axis=1)
    far = (output.reshape(-1, output.shape[2]) @ (-2 * reference.T)).reshape(-1, rows, columns)
    far += mine[:, None] + theirs[None, :]
    if hushed.any():
        far[:, hushed] = np.float32(1 << 24)
    in_row, in_column = max(1, NEAREST_PER_MILLE * columns // 1000), max(1, NEAREST_PER_MILLE * rows // 1000)
    near = np.partition(far, in_row, axis=2)[:, :, in_row, None]
    across = np.ascontiguousarray(far.transpose(0, 2, 1))
    across.partition(in_column, axis=2)
    plot = far <= np.minimum(near, across[:, None, :, in_column])
    if hushed.any():
        plot &= ~hushed
    # Where everything is equally far, as in one sustained sound, nothing is near.
    for axis, most in ((2, in_row), (1, in_column)):
        crowded = np.add.reduce(plot, axis=axis, dtype=np.int16, keepdims=True) > 2 * most + 2
        if crowded.any():
            plot &= ~crowded
    return np.asarray(plot)


# --- alignment


def _best(plots: Sequence[Plot]) -> NDArray[np.int64]:
    """What the best path of each plot scores. All advance together, one row of the output at a time."""
    rows, columns = max(plot.shape[0] for plot in plots), max(plot.shape[1] for plot in plots)
    all_plots = np.zeros((rows, len(plots), columns), dtype=np.bool_)
    for index, plot in enumerate(plots):
        all_plots[: plot.shape[0], index, : plot.shape[1]] = plot
    gains = np.where(all_plots, np.int16(_ALIKE), np.int16(-_GAP))
    before = np.zeros((len(plots), columns + 2), dtype=np.int16)
    last, best = before.copy(), np.zeros(len(plots), dtype=np.int16)
    for row in range(rows):
        now = np.zeros_like(last)
        now[:, 2:] = np.maximum(np.maximum(last[:, 1:-1], before[:, 1:-1]), last[:, :-2]) + gains[row]
        np.maximum(now, 0, out=now)
        np.maximum(best, now.max(axis=1), out=best)
        before, last = last, now
    return best.astype(np.int64)


def _traced(plot: Plot) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Walk the best path of one plot back from its end; the items it touches on both sides, in order."""
    rows, columns = plot.shape
    table = np.zeros((rows + 2, columns + 2), dtype=np.int16)
    gains = np.where(plot, np.int16(_ALIKE), np.int16(-_GAP))
    for row in range(rows):
        here = table[row + 2]
        one, two = table[row + 1], table[row]
        here[2:] = np.maximum(0, np.maximum(np.maximum(one[1:-1], two[1:-1]), one[:-2]) + gains[row])
    row, column = (int(at) for at in np.unravel_index(int(np.argmax(table)), table.shape))
    steps: list[tuple[int, int]] = []
    while table[row, column] > 0:
        steps.append((row - 2, column - 2))
        row, column = max(
            ((row - 1, column - 1), (row - 2, column - 1), (row - 1, column - 2)),
            key=lambda at: int(table[at]),
        )
    path = np.array(steps[::-1], dtype=np.int64)
    return path[:, 0], path[:, 1]


def segment_ms(frames: tuple[int, int]) -> tuple[int, int]:
    """Say from when to when a stretch of frames lasts."""
    return ms_of(frames[0]), ms_of(frames[1])
