"""
Landmarks: the places in time and pitch where something begins, and pairs of them as hashes.

Chromaprint hears harmony as a whole; a voice or drums as loud as the music change it beyond recognition. A landmark
is one peak of the spectrum where its energy rises. Peaks of what lies underneath survive in part, and pairs of those
that survive are found again. So this is a second listener beside Chromaprint: for material under a new vocal or
drums, for loops too short to have a harmony, and for what was transposed.

A frame is 1,024 samples at 11,025 Hz, one every 256. A reference keeps its 30 strongest peaks a second; every peak is
paired with the 4 that follow. Audio that is looked up is heard at four shifts of a quarter hop, with 70 peaks a
second in 8 pairs each, since which frame a sound falls on is chance.

How far a bin has risen depends on seconds before. A piece that is cut out of a song has no such seconds, so its own
first two are played to the listener backwards before it begins: notes that sound are then no news. Of 52 pieces of two
seconds of the tuning half of `benchmarks.detection` the median evidence went from 42 to 65 nats by that, and those
below 17 from four to one.

A peak of a reference that something louder lies beside is no longer the highest around it. So where there is little to
hear, in audio of 15 seconds at most, what is the highest within fewer frames and bins is a peak already, of which there
are up to 120 a second in 20 pairs each. Of a hundred pieces each of that half, with the same limits, 97 were found
instead of 94 of 2 seconds, 88 instead of 83 under equally loud noise (5 s), 78 instead of 58 under a voice 6 dB louder
(5 s), and 95 instead of 89 under such drums (10 s). What is longer is heard as before: it would take twice as long.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from fingerprint.postings import Content, Family

SAMPLE_RATE_HZ = 11_025
FRAME_SAMPLES = 1_024
HOP_SAMPLES = 256
SHIFTS = 4
SHIFT_SAMPLES = HOP_SAMPLES // SHIFTS
FIRST_BIN, LAST_BIN = 8, 479  # 86 Hz to 5.2 kHz
FRACTIONS = 8  # of a bin, in which the pitch of a query's peak is kept

REFERENCE_PEAKS_PER_SECOND, REFERENCE_FAN = 30, 4
QUERY_PEAKS_PER_SECOND, QUERY_FAN = 70, 8
REACH = 5, 12  # frames and bins within which a peak is the highest
FINE_S = 15  # of audio that is looked up, up to which it is heard more finely:
FINE_REACH = 3, 8
FINE_PEAKS_PER_SECOND, FINE_FAN = 120, 20
WARM_FRAMES = 86  # two seconds that a query is heard backwards before it begins
PEAKS_PER_ITEM = 3  # of one frame that a search compares one by one

ALGORITHM = "landmarks/1"

_BINS = FRAME_SAMPLES // 2
_LEAST_RISE = np.float32(0.2)  # of the logarithm
_KEPT = np.float32(0.98)  # of what a bin has risen, a frame later
_FLOOR = np.float32(32.0)  # of a magnitude; below it lies the noise of 16 bits
_BELOW_LOUDEST = np.float32(np.log(1e-3))  # what is 60 dB below its surroundings is not heard
_LOUDEST_FADES = np.float32(0.01)  # of the logarithm, a frame
_FRAMES_AT_ONCE = 86  # two seconds; more leave the processor's cache, and take half as long again
_ROWS_AT_ONCE = 32  # transformed together; room for more is asked of the system each time, at four times the cost
_MIN_GAP, _MAX_GAP, _MAX_STEP = 2, 63, 63  # frames and bins from a peak to its partner
_LEAST_CANDIDATES, _CANDIDATES_A_PARTNER = 40, 5  # peaks behind one that are looked at for partners

_WINDOW = np.hanning(FRAME_SAMPLES).astype(np.float32)

Hashes = NDArray[np.uint32]
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Peaks:
    """Peaks in the order of time: the frame each is in, and its bin in eighths."""

    frames: Positions
    pitches: Positions

    @property
    def bins(self) -> Positions:
        """The nearest bin of each."""
        return (self.pitches + FRACTIONS // 2) // FRACTIONS


class Landmarks:
    """
    Peaks of mono blocks at 11,025 Hz, taken while the blocks come: of each of some shifts by a quarter hop.

    Keeps peaks and some seconds of spectrum, never the audio. The same audio gives the same peaks, however it is cut
    into blocks.
    """

    def __init__(
        self,
        shifts: int = SHIFTS,
        *,
        peaks_per_second: int = QUERY_PEAKS_PER_SECOND,
        warm_frames: int = WARM_FRAMES,
        reach: tuple[int, int] = REACH,
    ) -> None:
        self._shifts, self._rate, self._cold = shifts, peaks_per_second, warm_frames
        self._reach_frames, self._reach_bins = reach
        self._wide = _BINS + 2 * self._reach_bins
        self._blocks: list[NDArray[np.int16]] = []
        self._waiting = 0
        self._before: NDArray[np.float32] | None = None  # the last frame's logarithms,
        self._risen = np.zeros((shifts, _BINS), np.float32)  # and how far they have risen
        self._loudest = np.full(shifts, -np.inf, np.float32)
        # Of frames not looked at yet, with room for those that come; nothing reaches across the margin beside each.
        room = 2 * self._reach_frames + _FRAMES_AT_ONCE, shifts, self._wide
        self._rises = np.full(room, -np.inf, np.float32)
        self._unseen = self._reach_frames
        # To work in, so that no room has to be asked for again.
        self._rooms = np.empty_like(self._rises), np.empty_like(self._rises)
        self._logs = np.empty((_FRAMES_AT_ONCE * (SHIFTS if shifts > 1 else 1), _BINS), np.float32)
        # NumPy transforms in 64 bits whatever it is given, and what it is given so it need not make room for.
        self._heard = np.empty((_ROWS_AT_ONCE, FRAME_SAMPLES), np.float64)
        self._spectrum = np.empty((_ROWS_AT_ONCE, _BINS + 1), np.complex128)
        self._rounded = np.empty((_ROWS_AT_ONCE, _BINS + 1), np.complex64)
        self._looked_at = -self._reach_frames  # number of the first of those
        self._found: list[tuple[Positions, Positions, Positions, NDArray[np.float32]]] = []
        self._chosen: list[tuple[Positions, Positions, Positions]] = []

    def feed(self, block: NDArray[np.int16]) -> None:
        """Take the next block, which may be empty."""
        self._blocks.append(block)
        self._waiting += block.size
        if self._cold:
            if self._waiting < self._cold * HOP_SAMPLES:
                return
            self._warm()
        needed = self._needed(_FRAMES_AT_ONCE)
        if self._waiting < needed:
            return
        samples = np.concatenate(self._blocks)
        while samples.size >= needed:
            self._transform(samples, _FRAMES_AT_ONCE)
            samples = samples[_FRAMES_AT_ONCE * HOP_SAMPLES :]
        self._blocks, self._waiting = [samples], samples.size

    def _warm(self) -> None:
        """Put what has come before itself, backwards; its frames have numbers below 0, and their peaks are not kept."""
        samples = np.concatenate([np.zeros(0, np.int16), *self._blocks])
        frames = min(self._cold, samples.size // HOP_SAMPLES)
        self._blocks = [samples[: frames * HOP_SAMPLES][::-1], samples]
        self._waiting = frames * HOP_SAMPLES + samples.size
        self._looked_at -= frames
        self._cold = 0

    def finish(self) -> tuple[Peaks, ...]:
        """Return the peaks of each shift; nothing may be fed afterwards."""
        if self._cold:
            self._warm()
        samples = np.concatenate([np.zeros(0, np.int16), *self._blocks])
        rest = self._needed(1)
        # The last frames may not be there at every shift; what is missing is silence.
        frames = 0 if samples.size < FRAME_SAMPLES else (samples.size - FRAME_SAMPLES) // HOP_SAMPLES + 1
        padded = np.concatenate([samples, np.zeros(rest, np.int16)])
        for begin in range(0, frames, _FRAMES_AT_ONCE):
            self._transform(padded[begin * HOP_SAMPLES :], min(_FRAMES_AT_ONCE, frames - begin))
        self._rises[self._unseen : self._unseen + self._reach_frames] = -np.inf
        self._unseen += self._reach_frames
        self._look()
        self._choose(is_last=True)
        frame, shift, pitch = (
            np.concatenate([np.zeros(0, np.int64), *(part[which] for part in self._chosen)]) for which in range(3)
        )
        order = np.lexsort((pitch, frame))
        order = order[frame[order] >= 0]
        frame, shift, pitch = frame[order], shift[order], pitch[order]
        return tuple(Peaks(frame[shift == one], pitch[shift == one]) for one in range(self._shifts))

    def _needed(self, frames: int) -> int:
        return (frames - 1) * HOP_SAMPLES + FRAME_SAMPLES + (self._shifts - 1) * SHIFT_SAMPLES

    def _transform(self, samples: NDArray[np.int16], frames: int) -> None:
        step = SHIFT_SAMPLES if self._shifts > 1 else HOP_SAMPLES
        count = frames * (HOP_SAMPLES // step)
        # Made into floats once, and not once for each of the windows that a sample is in.
        windows = sliding_window_view(samples[: self._needed(frames)].astype(np.float32), FRAME_SAMPLES)[::step]
        logs = self._logs[:count]
        for begin in range(0, count, _ROWS_AT_ONCE):
            some = windows[begin : min(count, begin + _ROWS_AT_ONCE)]
            heard = np.multiply(some, _WINDOW, out=self._heard[: len(some)])
            np.copyto(
                self._rounded[: len(some)],
                np.fft.rfft(heard, axis=1, out=self._spectrum[: len(some)]),
                casting="same_kind",
            )
            parts = self._rounded[: len(some), :_BINS].view(np.float32)
            np.square(parts, out=parts)
            np.add(parts[:, ::2], parts[:, 1::2], out=logs[begin : begin + len(some)])
        np.maximum(logs, _FLOOR**2, out=logs)
        np.log(logs, out=logs)
        logs *= np.float32(0.5)
        logs = logs.reshape(frames, -1, _BINS)[:, : self._shifts]
        self._raise_floor(logs)
        self._rise(logs)
        self._look()
        self._choose(is_last=False)

    def _raise_floor(self, logs: NDArray[np.float32]) -> None:
        faded = (np.arange(1, len(logs) + 1, dtype=np.float32) * _LOUDEST_FADES)[:, None]
        loudest = np.maximum.accumulate(np.maximum(logs.max(axis=2) + faded, self._loudest), axis=0) - faded
        self._loudest = loudest[-1]
        np.maximum(logs, (loudest + _BELOW_LOUDEST)[:, :, None], out=logs)

    def _rise(self, logs: NDArray[np.float32]) -> None:
        before = logs[0] if self._before is None else self._before
        rises = self._rooms[0].reshape(-1)[: logs.size].reshape(logs.shape)
        np.subtract(logs[1:], logs[:-1], out=rises[1:])
        np.subtract(logs[0], before, out=rises[0])
        self._before = logs[-1].copy()
        risen, kept = self._risen.reshape(-1), np.empty(self._risen.size, np.float32)
        for rise in rises.reshape(len(rises), -1):
            np.multiply(risen, _KEPT, out=kept)
            risen = np.add(rise, kept, out=rise)
        self._risen = rises[-1].copy()
        self._rises[self._unseen : self._unseen + len(rises), :, self._reach_bins : -self._reach_bins] = rises
        self._unseen += len(rises)

    def _look(self) -> None:
        """Find the peaks of every frame whose surroundings are known by now."""
        rises = self._rises[: self._unseen]
        whole = len(rises) - 2 * self._reach_frames
        if whole <= 0:
            return
        one, other = (room[: len(rises)].reshape(-1) for room in self._rooms)
        # All in one row, which is several times as quick: a frame is so far from the next, a bin from its margin.
        row = self._shifts * self._wide
        highest = _highest(rises.reshape(-1), self._reach_frames, one, other, apart=row)
        if np.may_share_memory(highest, one):
            one, other = other, one
        highest = _highest(highest, self._reach_bins, one, other)
        middle = rises[self._reach_frames : self._reach_frames + whole, :, self._reach_bins : -self._reach_bins]
        is_peak = middle > _LEAST_RISE
        is_peak &= middle == highest[: whole * row].reshape(whole, self._shifts, self._wide)[:, :, :_BINS]
        is_peak[:, :, :FIRST_BIN] = is_peak[:, :, LAST_BIN + 1 :] = False
        # Several times as quick as np.nonzero of three dimensions.
        frame, shift, bin_ = np.unravel_index(np.flatnonzero(is_peak), is_peak.shape)
        here = middle[frame, shift, bin_]
        left, right = middle[frame, shift, bin_ - 1], middle[frame, shift, bin_ + 1]
        bend = np.maximum(2 * here - left - right, np.float32(1e-6))
        away = np.rint(FRACTIONS / 2 * (right - left) / bend).astype(np.int64)
        pitch = FRACTIONS * bin_ + np.clip(away, -FRACTIONS // 2, FRACTIONS // 2 - 1)
        self._found.append((frame + self._looked_at + self._reach_frames, shift, pitch, here))
        self._looked_at += whole
        self._rises[: 2 * self._reach_frames] = rises[-2 * self._reach_frames :].copy()
        self._unseen = 2 * self._reach_frames

    def _choose(self, *, is_last: bool) -> None:
        """Keep the strongest peaks of every second that is over."""
        if not self._found:
            return
        frame, shift, pitch, rise = (np.concatenate(parts) for parts in zip(*self._found, strict=True))
        second = frame * HOP_SAMPLES // SAMPLE_RATE_HZ
        over = (self._looked_at + self._reach_frames) * HOP_SAMPLES // SAMPLE_RATE_HZ
        done = np.ones(frame.size, bool) if is_last else second < over
        later = ~done
        self._found = [(frame[later], shift[later], pitch[later], rise[later])]
        frame, shift, pitch, rise, second = frame[done], shift[done], pitch[done], rise[done], second[done]
        order = np.lexsort((pitch, frame, -rise, shift, second))
        group = second[order] * self._shifts + shift[order]
        first = np.ones(order.size, bool)
        first[1:] = group[1:] != group[:-1]
        place = np.arange(order.size)
        kept = order[place - np.maximum.accumulate(np.where(first, place, 0)) < self._rate]
        self._chosen.append((frame[kept], shift[kept], pitch[kept]))


def _highest(
    values: NDArray[np.float32], reach: int, one: NDArray[np.float32], other: NDArray[np.float32], *, apart: int = 1
) -> NDArray[np.float32]:
    """
    The highest of each value and the `reach` following ones on both sides, each so far apart, from the first that has
    so many on; windows of doubling width, the last two overlapping. They are made in two rooms by turns, of which the
    first may not be where the values are; behind the last that has so many, what is left over stands.
    """
    highest, size, done, width = values, values.size, 1, 2 * reach + 1
    while done < width:
        step = min(done, width - done)
        size -= step * apart
        np.maximum(highest[:size], highest[step * apart : size + step * apart], out=one[:size])
        highest, one, other = one, other, one
        done += step
    return highest


def of_reference() -> Landmarks:
    """Make what takes the peaks that references are kept by: at one shift, and as it begins."""
    return Landmarks(1, peaks_per_second=REFERENCE_PEAKS_PER_SECOND, warm_frames=0)


def reference(blocks: Iterable[NDArray[np.int16]]) -> Peaks:
    """Take the peaks of mono blocks at 11,025 Hz, as references are kept."""
    landmarks = of_reference()
    for block in blocks:
        landmarks.feed(block)
    return landmarks.finish()[0]


class Query:
    """
    Peaks of mono blocks at 11,025 Hz at four shifts, as audio is looked up: more of them where it is short.

    Keeps what has come until it is known to be long, which is a third of a megabyte.
    """

    def __init__(self) -> None:
        self._blocks: list[NDArray[np.int16]] = []
        self._waiting = 0
        self._landmarks: Landmarks | None = None

    def feed(self, block: NDArray[np.int16]) -> None:
        """Take the next block, which may be empty."""
        if self._landmarks is not None:
            self._landmarks.feed(block)
            return
        self._blocks.append(block)
        self._waiting += block.size
        if self._waiting > FINE_S * SAMPLE_RATE_HZ:
            self._landmarks = self._fed(Landmarks())

    def finish(self) -> tuple[Peaks, ...]:
        """Return the peaks of each shift; nothing may be fed afterwards."""
        heard = self._landmarks or self._fed(Landmarks(peaks_per_second=FINE_PEAKS_PER_SECOND, reach=FINE_REACH))
        return heard.finish()

    def _fed(self, landmarks: Landmarks) -> Landmarks:
        for block in self._blocks:
            landmarks.feed(block)
        self._blocks = []
        return landmarks


def is_fine(heard: Sequence[Peaks]) -> bool:
    """Whether peaks end so early that what they are of is heard finely."""
    last = max((int(peaks.frames[-1]) for peaks in heard if peaks.frames.size), default=0)
    return last * HOP_SAMPLES <= FINE_S * SAMPLE_RATE_HZ


def query(blocks: Iterable[NDArray[np.int16]]) -> tuple[Peaks, ...]:
    """Take the peaks of mono blocks at 11,025 Hz at four shifts, as audio is looked up."""
    landmarks = Query()
    for block in blocks:
        landmarks.feed(block)
    return landmarks.finish()


def hashes(frames: Positions, bins: Positions, *, fan: int) -> tuple[Hashes, Positions]:
    """
    Pair every peak with the first `fan` that follow it within reach; peaks come in the order of time, then pitch.

    :returns: hashes, and the frame that each begins in
    """
    firsts: list[Positions] = []
    seconds: list[Positions] = []
    for step in range(1, min(max(_LEAST_CANDIDATES, _CANDIDATES_A_PARTNER * fan), frames.size)):
        gap = frames[step:] - frames[:-step]
        rise = bins[step:] - bins[:-step]
        pair = np.flatnonzero((gap >= _MIN_GAP) & (gap <= _MAX_GAP) & (np.abs(rise) <= _MAX_STEP))
        firsts.append(pair)
        seconds.append(pair + step)
    if not firsts:
        return np.zeros(0, np.uint32), np.zeros(0, np.int64)
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    is_new = np.ones(first.size, bool)
    is_new[1:] = first[1:] != first[:-1]
    place = np.arange(first.size)
    kept = place - np.maximum.accumulate(np.where(is_new, place, 0)) < fan
    first, second = first[kept], second[kept]
    step_up = bins[second] - bins[first] + _MAX_STEP + 1
    made = bins[first] << 13 | step_up << 6 | frames[second] - frames[first]
    return made.astype(np.uint32), frames[first]


# --- how references are kept


def written(peaks: Peaks) -> bytes:
    """Write the peaks of a reference: 32 bits each, little-endian, its frame above its 9 bits of bin."""
    return (peaks.frames << 9 | peaks.bins).astype("<u4").tobytes()


def read(data: bytes) -> Content:
    """
    Read the peaks of a reference for an index: its hashes at their frames, and an item for every frame.

    An item holds up to three of the frame's peaks in 9 bits each, the lowest first; of more, some are left out.
    """
    packed = np.frombuffer(bytes(data), "<u4").astype(np.int64)
    frames, bins = packed >> 9, packed & 511
    made, positions = hashes(frames, bins, fan=REFERENCE_FAN)
    length = int(frames[-1]) + 1 if frames.size else 0
    items = np.zeros((length, PEAKS_PER_ITEM), np.int64)
    is_new = np.ones(frames.size, bool)
    is_new[1:] = frames[1:] != frames[:-1]
    starts = np.flatnonzero(is_new)
    counts = np.diff(np.append(starts, frames.size))
    for slot in range(PEAKS_PER_ITEM):
        # Of five peaks the first, the third and the last.
        some = counts > slot
        chosen = starts[some] + np.where(
            counts[some] > PEAKS_PER_ITEM, slot * (counts[some] - 1) // (PEAKS_PER_ITEM - 1), slot
        )
        items[frames[chosen], slot] = bins[chosen]
    return Content(made, positions, length, (items[:, 0] | items[:, 1] << 9 | items[:, 2] << 18).astype(np.uint32))


def peaks_of(items: Hashes) -> Positions:
    """The bins of the peaks in items, three columns; 0 is none."""
    return np.stack([items & 511, items >> 9 & 511, items >> 18 & 511], axis=-1).astype(np.int64)


FAMILY = Family(name="landmarks/", read=read, has_items=True)
