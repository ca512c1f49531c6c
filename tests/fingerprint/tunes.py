"""Songs that are made up: a tune over chords, played by instruments that are sums of sines."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fingerprint.melody import RATE_HZ

Sound = NDArray[np.int16]

_SCALE = (0, 2, 4, 5, 7, 9, 11)
_TRIADS = ((0, 4, 7), (2, 5, 9), (4, 7, 11), (5, 9, 12), (7, 11, 14), (9, 12, 16))


@dataclass(frozen=True)
class Score:
    """Notes as key, beat they begin at, and beats they last."""

    tune: list[tuple[int, float, float]] = field(default_factory=list)
    chords: list[tuple[int, float, float]] = field(default_factory=list)


def composed(seed: int, *, bars: int = 32) -> Score:
    """Make up a song: each bar a chord, and a tune that walks up and down the scale."""
    rng = random.Random(seed)
    score = Score()
    degree, beat = rng.randrange(7), 0.0
    for bar in range(bars):
        for key in rng.choice(_TRIADS):
            score.chords.append((48 + key, 4.0 * bar, 4.0))
        while beat < 4 * (bar + 1):
            length = rng.choice([0.5, 1.0, 1.0, 2.0])
            degree = min(11, max(-3, degree + rng.choice([-3, -2, -1, -1, 1, 1, 2, 3])))
            score.tune.append((72 + 12 * (degree // 7) + _SCALE[degree % 7], beat, length))
            beat += length
    return score


def played(
    score: Score,
    *,
    up: float = 0.0,
    beats_a_minute: float = 120.0,
    overtones: float = 0.5,
    chords: float = 0.4,
    tune: float = 0.8,
) -> Sound:
    """Play a song, `up` semitones higher than it is written."""
    beat_s = 60 / beats_a_minute
    end = max(begin + length for _, begin, length in score.tune + score.chords) * beat_s
    sound = np.zeros(int((end + 0.5) * RATE_HZ))
    for notes, loudness in ((score.tune, tune), (score.chords, chords)):
        for key, begin, length in notes:
            if loudness:
                first, count = int(begin * beat_s * RATE_HZ), int(length * beat_s * RATE_HZ)
                sound[first : first + count] += loudness * _note(key + up, count, overtones)
    sound *= 12_000 / max(1e-9, float(np.abs(sound).max()))
    return np.rint(sound).astype(np.int16)


def _note(key: float, count: int, overtones: float) -> NDArray[np.float64]:
    at = np.arange(count) / RATE_HZ
    hz = 440 * 2 ** ((key - 69) / 12)
    partials = [n for n in range(1, 7) if n * hz < RATE_HZ / 2]
    wave = sum(overtones ** (n - 1) * np.sin(2 * np.pi * n * hz * at) for n in partials)
    return np.asarray(wave * np.exp(-at) * np.minimum(1, at * 50))
