"""
What a track plays, as far as another recording of the same song would play it too: its pitch classes.

Two rows of twelve are kept for every quarter of a second. `harmony` is how strongly each pitch class sounds;
`lead` is the same for what stands out as a tune: pitches whose overtones are there too, higher ones before lower
ones. Octave, loudness and instruments are left out on purpose. How far the track is tuned from 440 Hz is
estimated from all of it and taken out, so that the rows are those of whole semitones.

Both rows of a frame are whole numbers from 0 to 15: whoever compares them computes exactly.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 11_025
ALGORITHM: Final = "chroma-1"
FRAME_SAMPLES: Final = 2_757  # a quarter of a second
CLASSES: Final = 12
LEVELS: Final = 15

_HOP = FRAME_SAMPLES // 3
_WINDOW = 4_096
_BINS_A_SEMITONE = 3
_BINS_AN_OCTAVE = CLASSES * _BINS_A_SEMITONE
_OCTAVES = 6
_LOWEST_HZ = 55.0  # an A: what is class 0 here is class 9 on a keyboard
_LOWEST_CLASS = 9
_FLOOR_DB = -80.0
_QUIET_DB = -62.0  # a frame whose loudest bin is below this is silence
_NEIGHBORS = 49  # bins on whose mean a bin must stand out
# The share that the first overtones have in a pitch's salience, and where they lie.
_PARTIALS: Final = tuple((round(_BINS_AN_OCTAVE * float(np.log2(n))), 0.8 ** (n - 1)) for n in range(1, 7))
_LEAD_LOWEST_BIN = 50  # E3
_LEAD_HIGHEST_BIN = 160  # about C6
_BATCH = 256

_HEADER = 2  # bytes

Rows = NDArray[np.uint8]


class NotAMelody(Exception):
    """The stored rows are cut or of another release; make them again from the reference's audio."""


@dataclass(frozen=True)
class Melody:
    """Twelve pitch classes a frame, from C, twice; and how far from 440 Hz the track is tuned."""

    harmony: Rows
    lead: Rows
    tuning_cents: int

    @property
    def frames(self) -> int:
        """How many quarters of a second there are."""
        return len(self.harmony)

    @property
    def duration_ms(self) -> int:
        """How long the frames last."""
        return ms_of(self.frames)

    def part(self, first: int, last: int) -> Melody:
        """Return the frames from one to the one before another."""
        return Melody(self.harmony[first:last], self.lead[first:last], self.tuning_cents)

    def to_bytes(self) -> bytes:
        """Write it as it is kept: the tuning in two bytes, then a byte a class and frame, half for each row."""
        return struct.pack(">h", self.tuning_cents) + ((self.harmony << 4) | self.lead).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Melody:
        """
        Read it back.

        :raises NotAMelody: the bytes are none that `to_bytes` writes
        """
        if len(data) < _HEADER or (len(data) - _HEADER) % CLASSES:
            raise NotAMelody
        rows = np.frombuffer(data, np.uint8, offset=_HEADER).reshape(-1, CLASSES)
        return cls(rows >> np.uint8(4), rows & np.uint8(LEVELS), struct.unpack(">h", data[:_HEADER])[0])


def ms_of(frame: int) -> int:
    """Say when a frame begins."""
    return frame * FRAME_SAMPLES * 1000 // RATE_HZ


class Ear:
    """Takes mono blocks at 11,025 Hz and keeps rows, never samples."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, dtype=np.int16)
        self._harmony: list[NDArray[np.float16]] = []
        self._lead: list[NDArray[np.float16]] = []
        self._pending: list[NDArray[np.float32]] = []
        self._samples = 0

    def feed(self, block: NDArray[np.int16]) -> None:
        """Listen to the next samples."""
        self._samples += block.size
        self._rest = np.concatenate([self._rest, block])
        frames = (self._rest.size - _WINDOW) // _HOP + 1
        while frames > 0:
            some = min(frames, _BATCH)
            windows = np.lib.stride_tricks.sliding_window_view(self._rest, _WINDOW)[: some * _HOP : _HOP]
            self._hear(_spectra(windows))
            self._rest = self._rest[some * _HOP :]
            frames -= some

    def melody(self) -> Melody:
        """Say what was heard since the beginning."""
        harmony = np.concatenate(self._harmony) if self._harmony else np.zeros((0, _BINS_AN_OCTAVE), np.float16)
        lead = np.concatenate(self._lead) if self._lead else np.zeros((0, _BINS_AN_OCTAVE), np.float16)
        tuning = _tuning(harmony)
        return Melody(_classes(harmony, tuning), _classes(lead, tuning), round(tuning * 100 / _BINS_A_SEMITONE))

    def _hear(self, spectra: NDArray[np.float32]) -> None:
        self._pending.append(spectra)
        waiting = np.concatenate(self._pending)
        whole = len(waiting) // 3
        self._pending = [waiting[3 * whole :]]
        if whole:
            pooled = waiting[: 3 * whole].reshape(whole, 3, -1).mean(axis=1)
            self._harmony.append(_folded(pooled).astype(np.float16))
            self._lead.append(_folded(_leading(pooled)).astype(np.float16))


def of(blocks: NDArray[np.int16]) -> Melody:
    """Say what is heard in samples that are all there."""
    ear = Ear()
    ear.feed(blocks)
    return ear.melody()


@cache
def _bank() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    frequencies = np.arange(_WINDOW // 2 + 1) * RATE_HZ / _WINDOW
    centers = _LOWEST_HZ * 2 ** (np.arange(_BINS_AN_OCTAVE * _OCTAVES) / _BINS_AN_OCTAVE)
    widths = np.maximum(centers * (2 ** (1 / _BINS_AN_OCTAVE) - 1), RATE_HZ / _WINDOW)
    bank = np.maximum(0, 1 - np.abs(frequencies[:, None] - centers) / widths)
    bank /= bank.sum(axis=0) + 1e-9
    window = np.hanning(_WINDOW + 1)[:-1] / 32_768
    return bank.astype(np.float32), window.astype(np.float32)


def _spectra(windows: NDArray[np.int16]) -> NDArray[np.float32]:
    """How far each of three bins a semitone stands out of its neighborhood, in decibels."""
    bank, window = _bank()
    spectra = np.abs(np.fft.rfft(windows * window)).astype(np.float32) @ bank
    decibels = np.maximum(20 * np.log10(spectra / (_WINDOW / 4) + 1e-9), _FLOOR_DB).astype(np.float32)
    half = _NEIGHBORS // 2
    sums = np.cumsum(np.pad(decibels, ((0, 0), (half + 1, half)), mode="edge"), axis=1, dtype=np.float64)
    mean = (sums[:, _NEIGHBORS:] - sums[:, :-_NEIGHBORS]) / _NEIGHBORS
    heard = np.maximum(decibels - mean, 0).astype(np.float32)
    heard[decibels.max(axis=1) < _QUIET_DB] = 0
    return np.asarray(heard, dtype=np.float32)


def _leading(spectra: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keep of each frame the pitches that stand out as a tune."""
    bins = spectra.shape[1]
    salience = np.zeros_like(spectra)
    for offset, weight in _PARTIALS:
        salience[:, : bins - offset] += np.float32(weight) * spectra[:, offset:]
    salience[:, :_LEAD_LOWEST_BIN] = 0
    salience[:, _LEAD_HIGHEST_BIN:] = 0
    salience *= np.linspace(0.6, 1.4, bins, dtype=np.float32)
    strongest = salience.max(axis=1, keepdims=True)
    return np.asarray((salience / np.maximum(strongest, 1e-6)) ** 8, dtype=np.float32)


def _folded(spectra: NDArray[np.float32]) -> NDArray[np.float32]:
    octaves = spectra.reshape(len(spectra), _OCTAVES, _BINS_AN_OCTAVE)
    return np.asarray(octaves.sum(axis=1), dtype=np.float32)


def _tuning(harmony: NDArray[np.float16]) -> float:
    """How many of the three bins a semitone the track lies above 440 Hz, at most one and a half either way."""
    thirds = harmony.astype(np.float64).reshape(len(harmony), CLASSES, _BINS_A_SEMITONE).sum(axis=(0, 1))
    circle = np.dot(thirds, np.exp(2j * np.pi * np.arange(_BINS_A_SEMITONE) / _BINS_A_SEMITONE))
    return 0.0 if abs(circle) < 1e-9 else float(np.angle(circle) / (2 * np.pi) * _BINS_A_SEMITONE)


def _classes(folded: NDArray[np.float16], tuning: float) -> Rows:
    """Thirds of semitones to pitch classes from C, each frame's strongest at the highest level."""
    wide = folded.astype(np.float32)
    down = int(np.floor(tuning))
    part = np.float32(tuning - down)
    turned = np.roll(wide, -down, axis=1) * (1 - part) + np.roll(wide, -down - 1, axis=1) * part
    middle = turned + 0.5 * (np.roll(turned, 1, axis=1) + np.roll(turned, -1, axis=1))
    classes = np.roll(middle[:, ::_BINS_A_SEMITONE], _LOWEST_CLASS, axis=1)
    strongest = classes.max(axis=1, keepdims=True, initial=0)
    scaled = np.where(strongest > 0, classes / np.maximum(strongest, 1e-6) * LEVELS, 0)
    return np.rint(scaled).astype(np.uint8)


def digest_of(data: bytes) -> bytes:
    """Return the SHA-256 of a melody as it is kept."""
    return hashlib.sha256(data).digest()
