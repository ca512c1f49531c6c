"""
Sound made visible, for people who compare two pieces of it: waveforms, spectrograms, and what is alike in both.

Everything is drawn from samples and nothing is judged: a picture is for the eye, and no decision reads one. What comes
in may be as long as a track may be; what is kept of it, and what comes out, has a size that is known beforehand.
"""

from __future__ import annotations

import io
import struct
import wave
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

VERSION: Final = "pictures/1"  # in the names of what is kept: drawn in another way, it is another picture

Samples = NDArray[np.int16]  # one channel
Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

MOST_BINS = 2_000
MOST_COLUMNS = 1_200
MOST_FRAMES = 1_200  # of a chroma, so that a matrix of two has at most 1.4 million cells
FULL_SCALE = 32_768

LOWEST_HZ, HIGHEST_HZ = 50.0, 12_000.0
ROWS = 160  # of a spectrogram
RANGE_DB = 75.0
_WINDOW_S = 0.046

PITCHES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_CHROMA_WINDOW_S = 0.372
_CHROMA_LOW_HZ, _CHROMA_HIGH_HZ = 65.0, 2_100.0
_CONTEXT = 9  # frames that are compared together: one chord alone is alike in half of all music
_ALIKE = 0.75  # what the same stretch comes to, at the least

STEPS_PER_SEMITONE = 3
_LOWEST_NOTE, _HIGHEST_NOTE = 40, 88  # MIDI: E2 to E6, where melodies are
STEPS: Final = (_HIGHEST_NOTE - _LOWEST_NOTE) * STEPS_PER_SEMITONE + 1  # of a melody
_HARMONICS = 6
_MOST_JUMP = 4  # thirds of a semitone between two frames of one note

_HEAT = ((0, 0, 4), (26, 16, 66), (78, 18, 123), (130, 37, 129), (181, 54, 122), (229, 80, 100), (251, 135, 97),
         (254, 194, 135), (252, 253, 191))  # fmt: skip
_SEA = ((6, 17, 24), (8, 40, 54), (11, 74, 92), (14, 116, 144), (72, 169, 190), (160, 216, 226), (240, 250, 251))
_A, _B = np.array((60, 192, 214.0)), np.array((237, 140, 60.0))  # the colors of both sides, as on the pages


class NothingToDraw(Exception):
    """There is not enough sound in this stretch to draw it."""


@dataclass(frozen=True)
class Sound:
    """Samples of one channel."""

    samples: Samples
    rate_hz: int


@dataclass(frozen=True)
class Waveform:
    """The lowest and the highest sample of each of equal parts, from -127 to 127."""

    low: tuple[int, ...]
    high: tuple[int, ...]


def sound(wav: bytes) -> Sound:
    """Return what a 16-bit WAV of ours holds, mixed down to one channel."""
    with wave.open(io.BytesIO(wav)) as opened:
        channels, rate = opened.getnchannels(), opened.getframerate()
        samples = np.frombuffer(opened.readframes(opened.getnframes()), "<i2").reshape(-1, channels)
    return Sound(samples.mean(axis=1).astype(np.int16) if channels > 1 else samples[:, 0], rate)


# --- Waveforms and loudness ----------------------------------------------------------------------------------------


def waveform(blocks: Iterable[Samples], *, samples: int, bins: int) -> Waveform:
    """
    Return the outline of a sound in equal parts, of which there are at most as many as samples.

    :param samples: how many there are in all; what comes beyond them is left out, what is missing is silence
    """
    count = max(1, min(bins, samples, MOST_BINS))
    low, high = np.zeros(count, np.int64), np.zeros(count, np.int64)
    edges = np.arange(count, dtype=np.int64) * max(samples, 1) // count
    done = 0
    for block in blocks:
        piece = block[: max(0, samples - done)].astype(np.int64)
        if not piece.size:
            continue
        first = int(np.searchsorted(edges, done, "right")) - 1
        last = int(np.searchsorted(edges, done + piece.size - 1, "right")) - 1
        starts = np.maximum(edges[first : last + 1] - done, 0)
        low[first : last + 1] = np.minimum(low[first : last + 1], np.minimum.reduceat(piece, starts))
        high[first : last + 1] = np.maximum(high[first : last + 1], np.maximum.reduceat(piece, starts))
        done += piece.size
    return Waveform(_small(low), _small(high))


def _small(values: NDArray[np.int64]) -> tuple[int, ...]:
    scaled = np.clip(np.rint(values * 127 / FULL_SCALE), -127, 127)
    return tuple(int(value) for value in scaled)


def loudness(given: Sound) -> int | None:
    """
    Return how loud a sound is, in hundredths of LUFS, as ITU-R BS.1770-4 weights and gates it; None for silence.

    The weighting is applied to the spectrum of each block of 400 ms rather than by a filter over time, which differs
    by less than a tenth of a LU.
    """
    length, hop = int(given.rate_hz * 0.4), int(given.rate_hz * 0.1)
    x = given.samples.astype(np.float64) / FULL_SCALE
    if x.size < length:
        x = np.pad(x, (0, max(0, length - x.size)))
    # Blocks of a rectangle, as the standard has them: Parseval gives their energy from the spectrum.
    hz = np.fft.rfftfreq(length, 1 / given.rate_hz).astype(np.float64)
    gains = _k_weighting(hz, given.rate_hz)
    weights = np.full(gains.size, 2.0)
    weights[0] = 1.0
    if length % 2 == 0:
        weights[-1] = 1.0
    energies = np.array([
        float(np.sum(np.abs(np.fft.rfft(x[at : at + length])) ** 2 * gains * weights)) / length**2
        for at in range(0, x.size - length + 1, hop)
    ])  # fmt: skip
    loud = energies[energies > _energy_of(-70.0)]
    if not loud.size:
        return None
    gated = loud[loud > float(np.mean(loud)) * 0.1]  # ten LU below what is left
    return round(100 * (-0.691 + 10 * float(np.log10(np.mean(gated)))))


def _energy_of(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _k_weighting(hz: Floats, rate_hz: int) -> Floats:
    # The two filters of BS.1770 for any rate (De Man's formulas), as gains of power.
    w = 2 * np.pi * hz / rate_hz
    gains = np.ones_like(hz)
    for frequency, quality, gain_db in ((1681.974450955533, 0.7071752369554196, 3.999843853973347),
                                        (38.13547087602444, 0.5003270373238773, None)):  # fmt: skip
        k = np.tan(np.pi * frequency / rate_hz)
        if gain_db is None:
            b: tuple[float, float, float] = (1.0, -2.0, 1.0)
        else:
            vh = 10 ** (gain_db / 20)
            vb = vh**0.4996667741545416
            b = (vh + vb * k / quality + k * k, 2 * (k * k - vh), vh - vb * k / quality + k * k)
        a0 = 1 + k / quality + k * k
        a = (1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0)
        if gain_db is not None:
            b = (b[0] / a0, b[1] / a0, b[2] / a0)
        z = np.exp(-1j * w)
        gains *= np.abs((b[0] + b[1] * z + b[2] * z * z) / (a[0] + a[1] * z + a[2] * z * z)) ** 2
    return gains


# --- Spectra -------------------------------------------------------------------------------------------------------


def _frames(x: Floats, length: int, hop: int) -> Iterator[Floats]:
    """Give the windowed frames of a sound, a thousand at a time: a minute takes no more memory than some seconds."""
    window = np.hanning(length)
    last = max(0, x.size - length)
    starts = np.arange(0, last + 1, hop)
    for begin in range(0, starts.size, 1000):
        at = starts[begin : begin + 1000]
        yield x[at[:, None] + np.arange(length)[None, :]] * window


def _pooled(values: Floats, columns: int) -> Floats:
    """Return the means of equal parts of the rows; rows are repeated where there are fewer."""
    count = values.shape[0]
    if count <= columns:
        repeated: Floats = values[np.arange(columns) * count // columns]
        return repeated
    edges = np.arange(columns) * count // columns
    sizes = np.diff(np.append(edges, count))
    pooled: Floats = np.add.reduceat(values, edges, axis=0) / sizes[:, None]
    return pooled


def _bands(centers_hz: Floats, length: int, rate_hz: int) -> Floats:
    """Return the weights that make bands of a spectrum: triangles between neighbors, never narrower than a bin."""
    hz = np.fft.rfftfreq(length, 1 / rate_hz)
    ratio = centers_hz[1] / centers_hz[0]
    width = np.maximum(centers_hz * (ratio - 1), rate_hz / length)
    weights = np.maximum(0.0, 1 - np.abs(hz[None, :] - centers_hz[:, None]) / width[:, None])
    summed: Floats = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    return summed


def spectrogram(given: Sound, *, columns: int) -> bytes:
    """
    Draw which frequencies sound when, as a PNG: low ones at the bottom, an octave as high as any other.

    Its frequencies are the same for every sound, so that two stand above each other; what a file has no room for
    (above half its rate) stays dark.

    :raises NothingToDraw: the sound is too short
    """
    width = max(1, min(columns, MOST_COLUMNS))
    length = 1 << round(np.log2(given.rate_hz * _WINDOW_S))
    x = given.samples.astype(np.float64) / FULL_SCALE
    if x.size < length // 2:
        raise NothingToDraw
    x = np.pad(x, length // 2)
    hop = max(1, min(length // 2, (x.size - length) // width or 1))
    centers = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** (np.arange(ROWS) / (ROWS - 1))
    bands = _bands(centers, length, given.rate_hz)
    power = np.concatenate([np.abs(np.fft.rfft(frames, axis=1)) ** 2 @ bands.T for frames in _frames(x, length, hop)])
    power[:, centers > given.rate_hz / 2] = 0
    level = 10 * np.log10(_pooled(power, width) + 1e-12)
    # Higher notes have less power in any music: three decibels an octave, else only the bass is seen.
    level += 3 * np.log2(centers / LOWEST_HZ)[None, :] * (level > -100)
    top = float(level.max())
    if top <= -100:
        return _indexed(np.zeros((ROWS, width), np.uint8), _HEAT)
    pixels = np.clip((level - top + RANGE_DB) / RANGE_DB * 255, 0, 255).astype(np.uint8)
    return _indexed(pixels.T[::-1], _HEAT)


# --- Chroma: which notes sound, whatever their octave --------------------------------------------------------------


def chroma(blocks: Iterable[Samples], *, rate_hz: int, samples: int, frames: int) -> Floats:
    """
    Return how strong each of twelve notes is in equal parts of a sound: one row a part, of length one or zero.

    It reads blocks as they come and keeps one window of them.

    :raises NothingToDraw: the sound is too short
    """
    length = 1 << round(np.log2(rate_hz * _CHROMA_WINDOW_S))
    count = max(1, min(frames, MOST_FRAMES))
    if samples < length // 4:
        raise NothingToDraw
    notes, window = _notes(length, rate_hz), np.hanning(length)
    hop = max(1, min(samples // count, length // 2) or 1)
    sums, sizes = np.zeros((count, 12)), np.zeros(count)
    buffered, start = np.zeros(length // 2), 0  # half a window of silence, so that the first one is around the start
    for block in _and_silence(blocks, length // 2):
        buffered = np.concatenate((buffered, block.astype(np.float64) / FULL_SCALE))
        many = (buffered.size - length) // hop + 1
        if many < 1:
            continue
        at = np.arange(many) * hop
        spectra = np.abs(np.fft.rfft(buffered[at[:, None] + np.arange(length)] * window, axis=1))
        places = np.minimum((start + at) * count // samples, count - 1)
        np.add.at(sums, places, spectra @ notes.T)
        np.add.at(sizes, places, 1)
        buffered, start = buffered[many * hop :], start + many * hop
    filled = np.flatnonzero(sizes)
    if not filled.size:
        raise NothingToDraw
    means = sums[filled] / sizes[filled, None]
    nearest = (
        filled[np.abs(np.arange(count)[:, None] - filled[None, :]).argmin(axis=1)] if filled.size < count else filled
    )
    rows = means[np.searchsorted(filled, nearest)]
    # What every note has is noise; what is left is the chord.
    rows = np.maximum(rows - np.median(rows, axis=1, keepdims=True), 0)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = np.where(norms > 1e-4, rows / np.maximum(norms, 1e-12), 0.0)
    return unit


def _and_silence(blocks: Iterable[Samples], count: int) -> Iterator[Samples]:
    yield from blocks
    yield np.zeros(count, np.int16)


def _notes(length: int, rate_hz: int) -> Floats:
    hz = np.fft.rfftfreq(length, 1 / rate_hz)
    within = (hz >= _CHROMA_LOW_HZ) & (hz <= _CHROMA_HIGH_HZ)
    note = 69 + 12 * np.log2(np.maximum(hz, 1) / 440)
    weights = np.zeros((12, hz.size))
    for pitch in range(12):
        off = (note - pitch + 6) % 12 - 6
        weights[pitch] = np.exp(-0.5 * (off / 0.35) ** 2) * within / np.sqrt(np.maximum(hz, 1))
    return weights


def transposed(rows: Floats, cents: int) -> Floats:
    """Return a chroma as it would be so much higher."""
    return np.roll(rows, round(cents / 100), axis=1)


def similarity(output: Floats, reference: Floats) -> bytes:
    """
    Draw where two chromas are alike, as a PNG: time of the output to the right, of the reference downward.

    A stretch that is in both is a bright line from its upper left to its lower right; music that repeats itself has
    several beside each other.
    """
    mine, theirs = _in_context(output), _in_context(reference)
    alike = theirs @ mine.T
    low, high = np.percentile(alike, (40, 99.8))
    high = max(high, _ALIKE)  # where nothing is alike, nothing is bright
    pixels = np.clip((alike - low) / (high - low), 0, 1) ** 1.6 * 255
    return _indexed(pixels.astype(np.uint8), _SEA)


def _in_context(rows: Floats) -> Floats:
    around = np.pad(rows, ((_CONTEXT // 2, _CONTEXT // 2), (0, 0)))
    stacked = np.concatenate([around[at : at + rows.shape[0]] for at in range(_CONTEXT)], axis=1)
    centered = stacked - stacked.mean(axis=0, keepdims=True)  # a key alone is no likeness
    norms = np.linalg.norm(centered, axis=1, keepdims=True)
    unit: Floats = np.where(norms > 1e-6, centered / np.maximum(norms, 1e-12), 0.0)
    return unit


def overlay(output: Floats, reference: Floats) -> bytes:
    """
    Draw two chromas of as many parts over each other, as a PNG of twelve rows, B at the top and C at the bottom.

    One side's notes have its color; where both sound, the two add up to white.
    """
    mine, theirs = (np.clip(rows / max(float(rows.max()), 1e-9), 0, 1) ** 0.8 for rows in (output, reference))
    added = mine[:, :, None] * _A + theirs[:, :, None] * _B + np.minimum(mine, theirs)[:, :, None] * 90
    pixels = np.clip(added + np.array((8, 12, 20)), 0, 255).astype(np.uint8)
    return _colored(pixels.transpose(1, 0, 2)[::-1])


# --- Melody: the one line that the ear follows ---------------------------------------------------------------------


def contour(given: Sound, *, points: int) -> tuple[int | None, ...]:
    """
    Return the melody in equal parts, in thirds of a semitone above E2; None where no note stands out.

    It follows the strongest series of harmonics and takes the smoothest way through them. Over a dense band it follows
    whatever is loudest, which need not be the singer.

    :raises NothingToDraw: the sound is too short
    """
    length = 1 << round(np.log2(given.rate_hz * 0.093))
    x = given.samples.astype(np.float64) / FULL_SCALE
    count = max(1, min(points, MOST_FRAMES))
    if x.size < length:
        raise NothingToDraw
    x = np.pad(x, length // 2)
    fundamentals = 440 * 2 ** ((_LOWEST_NOTE - 69 + np.arange(STEPS) / STEPS_PER_SEMITONE) / 12)
    bin_hz = given.rate_hz / length / 2  # spectra are padded to twice their length
    harmonics = [np.minimum(np.rint(fundamentals * h / bin_hz).astype(int), length) for h in range(1, _HARMONICS + 1)]
    hop = max(length // 4, (x.size - length) // MOST_FRAMES or 1)
    parts = []
    for frames in _frames(x, length, hop):
        spectra = np.sqrt(np.abs(np.fft.rfft(frames, n=2 * length, axis=1)))
        parts.append(np.sum([spectra[:, bins] * 0.8**h for h, bins in enumerate(harmonics)], axis=0))
    salience = np.concatenate(parts)
    salience /= max(float(salience.max()), 1e-9)
    path = _smoothest(salience)
    strength = salience[np.arange(path.size), path]
    floor = np.median(salience, axis=1)
    stands_out = (strength > 1.5 * floor) & (strength > 0.2)
    places = np.arange(count) * path.size // count
    return tuple(int(path[at]) if stands_out[at] else None for at in places)


def _smoothest(salience: Floats) -> NDArray[np.int64]:
    """Return the way through the frames with the most salience, where a jump costs as much as it gains little."""
    frames, steps = salience.shape
    jumps = np.abs(np.arange(steps)[:, None] - np.arange(steps)[None, :])
    cost = np.minimum(jumps, _MOST_JUMP * 3) / (_MOST_JUMP * 3) * 0.35
    best, back = salience[0], np.zeros((frames, steps), np.int64)
    for at in range(1, frames):
        ways = best[None, :] - cost
        back[at] = ways.argmax(axis=1)
        best = ways.max(axis=1) + salience[at]
    path = np.zeros(frames, np.int64)
    path[-1] = int(best.argmax())
    for at in range(frames - 1, 0, -1):
        path[at - 1] = back[at, path[at]]
    return path


# --- PNG -----------------------------------------------------------------------------------------------------------


def _palette(anchors: tuple[tuple[int, int, int], ...]) -> bytes:
    at = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(at, np.arange(len(anchors)), [anchor[c] for anchor in anchors]) for c in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8).tobytes()


def _indexed(pixels: Pixels, anchors: tuple[tuple[int, int, int], ...]) -> bytes:
    return _png(pixels, color_type=3, palette=_palette(anchors))


def _colored(pixels: Pixels) -> bytes:
    return _png(pixels.reshape(pixels.shape[0], -1), color_type=2, width=pixels.shape[1])


def _png(rows: Pixels, *, color_type: int, width: int | None = None, palette: bytes = b"") -> bytes:
    """Write a PNG (ISO/IEC 15948) of eight bits a sample, every row as it is."""
    height = rows.shape[0]
    lines = np.zeros((height, rows.shape[1] + 1), np.uint8)  # each begins with its filter: none
    lines[:, 1:] = rows
    header = struct.pack(">IIBBBBB", width or rows.shape[1], height, 8, color_type, 0, 0, 0)
    chunks = [(b"IHDR", header), *([(b"PLTE", palette)] if palette else []),
              (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b"")]  # fmt: skip
    out = [b"\x89PNG\r\n\x1a\n"]
    for name, data in chunks:
        out.append(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)))
    return b"".join(out)
