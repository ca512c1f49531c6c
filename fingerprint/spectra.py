"""
How loud each pitch region is against the seconds around it, as 96 numbers a second that distortion barely changes.

Landmarks and waveforms need what a neural codec does not keep: where exactly a peak is, and its phase. It keeps how the
spectrum moves as a whole, and so does what lies under noise as loud. So each second and a half of music is taken as
one picture: the logarithms of 48 bands on the mel scale, less their mean over three seconds. What of that picture is
kept of a reference are the 96 directions in which music differs the most for how much distortions change it: oriented
principal components, learned from pairs of a clean and a distorted recording (Burges, Platt and Jana, "Distortion
Discriminant Analysis for Audio Fingerprinting", IEEE Transactions on Speech and Audio Processing 11, 2003).
`fingerprint.training.spectra` learns them; `data/SPECTRA_CARD.md` says from what.

A frame is 1,024 samples at 11,025 Hz, one every 512. A vector stands for 32 frames, 1.5 seconds; a reference has one
every 21, 0.98 seconds. What is looked up has one for every frame, since which of them a reference's lies on is chance.
A vector is whole numbers of a byte: inner products are the same on every machine, in whatever order they are added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fingerprint import embedding
from fingerprint.postings import Content, Family, Postings

SAMPLE_RATE_HZ: Final = 11_025
FRAME_SAMPLES: Final = 1_024
HOP_SAMPLES: Final = 512
VECTOR_FRAMES: Final = 32
STRIDE_FRAMES: Final = 21  # between two vectors of a reference
DIMENSIONS: Final = 96
BANDS: Final = 48

ALGORITHM: Final = "spectra/1"
WEIGHTS: Final = Path(__file__).parent / "data" / "spectra-1.npz"
WEIGHTS_SHA256: Final = "1d8bd5544ab40029a8b22bcc6a6850ea89041b376ded6f32a145b6dd7e35c3b7"

_FIRST_HZ, _LAST_HZ = 80.0, 5_000.0
_FLOOR = np.float32(3e4)  # of a band's power; below it lies what 16 bits round off
_BESIDE = np.float32(0.1)  # of the mean power of all bands around, below which a band counts as silent
_AROUND, _FURTHER = 32, 64  # frames on each side: of the mean that is taken off, and of the power around
_CONTEXT = _AROUND + _FURTHER
_FRAMES_AT_ONCE = 256
_LEAST_FRAMES = 2_048  # that vectors are made of at a time
_MOST = 127
_WORDS = DIMENSIONS // 4

Samples = NDArray[np.int16]
Floats = NDArray[np.float32]
Vectors = NDArray[np.int8]  # (vectors, 96)

_WINDOW: Final = np.hanning(FRAME_SAMPLES).astype(np.float32)


class NotSpectra(Exception):
    """The bytes are no spectra of this release."""


@dataclass(frozen=True)
class Weights:
    """
    What is learned: `projection` (32 x 48, 96) onto the directions, scaled to bytes; how the vectors of a recording
    vary by themselves, `together` (96, 96), and from one to the next, `following` (96, 96); and the mean of their
    squares.
    """

    projection: Floats
    together: NDArray[np.float64]
    following: NDArray[np.float64]
    energy: float


@cache
def weights() -> Weights:
    """
    Return the directions of this release, read once.

    :raises WeightsChanged: the file has another digest
    """
    arrays = embedding.read(WEIGHTS, WEIGHTS_SHA256)
    wide = {name: arrays[name].astype(np.float64) for name in ("together", "following")}
    return Weights(arrays["projection"].astype(np.float32), **wide, energy=float(arrays["energy"]))


@cache
def _bands() -> Floats:
    """Return the triangles of the mel scale (O'Shaughnessy) as (513, 48), each one high."""

    def hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(700 * (10 ** (mel / 2595) - 1))

    first, last = (2595 * np.log10(1 + edge / 700) for edge in (_FIRST_HZ, _LAST_HZ))
    edges = hz(np.linspace(first, last, BANDS + 2))[:, None]
    bins = np.fft.rfftfreq(FRAME_SAMPLES, 1 / SAMPLE_RATE_HZ)[None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(np.minimum(rising, falling), 0).T, dtype=np.float32)


def powers(samples: Samples) -> Floats:
    """Return the power in each band, of every whole frame: (frames, 48)."""
    if samples.size < FRAME_SAMPLES:
        return np.zeros((0, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::HOP_SAMPLES]
    spectrum = np.fft.rfft(frames.astype(np.float32) * _WINDOW, axis=1)
    squares = np.asarray(spectrum.real**2 + spectrum.imag**2, dtype=np.float32)
    return squares @ _bands()


def pictures(power: Floats) -> Floats:
    """
    Return the logarithm of each band against the seconds around it, frame by frame: (frames, 48).

    Where the first or the last is not that of the recording, the 96 frames beside them are not what they would be.
    """
    around = _means(power.mean(axis=1, keepdims=True), _FURTHER)
    logs = np.log(power + _BESIDE * around + _FLOOR)
    return logs - _means(logs, _AROUND)


def _means(rows: Floats, reach: int) -> Floats:
    """The mean of the rows that are no more than so many away from each, as far as there are any."""
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    at = np.arange(len(rows))
    low, high = np.maximum(0, at - reach), np.minimum(len(rows), at + reach + 1)
    return np.asarray((sums[high] - sums[low]) / (high - low)[:, None], dtype=np.float32)


def cut(shown: Floats, every: int) -> Floats:
    """Cut pictures of 32 frames, one every so many, that begin and end softly: (pictures, 32 x 48)."""
    if len(shown) < VECTOR_FRAMES:
        return np.zeros((0, VECTOR_FRAMES * BANDS), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(shown, VECTOR_FRAMES, axis=0)[::every]
    return np.asarray((windows * _TAPER).reshape(len(windows), -1), dtype=np.float32)


_TAPER: Final = np.sqrt(np.hanning(VECTOR_FRAMES + 2)[1:-1]).astype(np.float32)


def rounded(vectors: Floats) -> Vectors:
    """Round to whole numbers from -127 to 127."""
    return np.clip(np.rint(vectors), -_MOST, _MOST).astype(np.int8)


class Spectra:
    """
    Vectors of mono blocks at 11,025 Hz, taken while the blocks come, one every 21 frames.

    Keeps two minutes of band powers at most, and no audio. The same audio gives the same vectors, however it is cut
    into blocks.

    :raises WeightsChanged: the directions are not those of this release
    """

    def __init__(self) -> None:
        self._projection = weights().projection
        self._waiting: list[Samples] = []
        self._size = 0
        self._powers: list[Floats] = []
        self._held = self._begin = 0  # frames of those, and the number of the first
        self._made: list[Vectors] = []
        self._next = 0  # the vector that is made next

    def feed(self, block: Samples) -> None:
        """Take the next block, which may be empty."""
        self._waiting.append(block)
        self._size += block.size
        step = _FRAMES_AT_ONCE * HOP_SAMPLES
        if self._size < step + FRAME_SAMPLES - HOP_SAMPLES:
            return
        samples = np.concatenate(self._waiting)
        while samples.size >= step + FRAME_SAMPLES - HOP_SAMPLES:
            self._heard(samples[: step + FRAME_SAMPLES - HOP_SAMPLES])
            samples = samples[step:]
        self._waiting, self._size = [samples], samples.size

    def _heard(self, samples: Samples) -> None:
        self._powers.append(powers(samples))
        self._held += len(self._powers[-1])
        if self._held >= _LEAST_FRAMES:
            self._make(self._held - _CONTEXT)

    def _make(self, frames: int) -> None:
        """Make the vectors that lie in the first so many of the frames that are held."""
        held = np.concatenate([np.zeros((0, BANDS), np.float32), *self._powers])
        first = self._next * STRIDE_FRAMES - self._begin
        windows = cut(pictures(held)[first:frames], STRIDE_FRAMES)
        self._made.append(rounded(windows @ self._projection))
        self._next += len(windows)
        begin = max(self._begin, self._next * STRIDE_FRAMES - _CONTEXT)
        self._powers = [held[begin - self._begin :]]
        self._begin, self._held = begin, len(self._powers[0])

    def finish(self) -> Vectors:
        """Return all vectors: (vectors, 96); nothing may be fed afterwards."""
        self._heard(np.concatenate([np.zeros(0, np.int16), *self._waiting]))
        self._make(self._held)
        return np.concatenate([np.zeros((0, DIMENSIONS), np.int8), *self._made])


def reference(blocks: Iterable[Samples]) -> Vectors:
    """Return what a reference is kept with."""
    listener = Spectra()
    for block in blocks:
        listener.feed(block)
    return listener.finish()


def query(samples: Samples) -> Vectors:
    """Return one vector for every frame that a whole one begins with: (frames - 31, 96)."""
    return rounded(cut(pictures(powers(samples)), 1) @ weights().projection)


def read(data: bytes) -> Content:
    """
    Read stored vectors, each as twenty-four words.

    :raises NotSpectra: they are not whole
    """
    if len(data) % DIMENSIONS:
        raise NotSpectra
    items = np.frombuffer(data, "<u4").astype(np.uint32)
    return Content(np.zeros(0, np.uint32), np.zeros(0, np.int64), items.size, items)


def vectors_of(items: NDArray[np.uint32]) -> Vectors:
    """Return the vectors that an index's items are: (vectors, 96)."""
    return np.ascontiguousarray(items, "<u4").view(np.int8).reshape(-1, DIMENSIONS)


def count(view: Postings) -> int:
    """Return how many vectors an index has."""
    return int(view.starts[-1]) // _WORDS


FAMILY: Final = Family("spectra/", read, has_items=True)
