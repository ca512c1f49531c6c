"""
Whose voice is heard, also under music, also of a clone: one vector for each 1.6 seconds of a longer sound. Pure.

The network is CAM++ (`campplus_network`) with its authors' weights, taught on speakers of Mandarin and English
(3D-Speaker, Apache-2.0; `training.campplus` makes our file of theirs). It hears up to ten windows at once, so that each
is understood by what is around it; then what it heard in one is pooled into its vector.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fingerprint.voice_encoder import FRAMES, HOP, N_FFT, RATE_HZ, read

ALGORITHM: Final = "voice-campplus/1"
MELS: Final = 80
DIMENSIONS: Final = 192
WINDOWS: Final = 10  # that are heard at once

WEIGHTS: Final = Path(__file__).parent / "data" / "voice-campplus-1.npz"
WEIGHTS_DIGEST: Final = "4693c11c67d507679a5053bbc3cb95ead8ccdc0148996028e251bb39d88363f4"
_BINS: Final = 512
_LEAST: Final = np.float32(np.finfo(np.float32).eps)
_FULL_SCALE: Final = np.float32(32_768)
_WINDOW: Final = (np.hanning(N_FFT) ** 0.85).astype(np.float32)


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float32]:
    """Return the 80 triangles of Kaldi's mel scale between 20 and 8,000 Hz, as (257, 80)."""

    def mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1_127.0 * np.log(1.0 + hz / 700.0))

    low, high = mel(np.array([20.0, RATE_HZ / 2]))
    edges = np.linspace(low, high, MELS + 2)
    bins = mel(np.arange(_BINS // 2 + 1) * RATE_HZ / _BINS)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), dtype=np.float32)


def bands(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return the 80 log mel bands of every whole frame as Kaldi computes them, as (frames, 80)."""
    if samples.size < N_FFT:
        return np.zeros((0, MELS), dtype=np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP].astype(np.float32) / _FULL_SCALE
    frames -= frames.mean(axis=1, keepdims=True)
    frames[:, 1:] -= np.float32(0.97) * frames[:, :-1]
    frames[:, 0] *= np.float32(0.03)
    spectrum = np.fft.rfft(frames * _WINDOW, _BINS, axis=1)
    power = np.asarray(spectrum.real**2 + spectrum.imag**2, dtype=np.float32)
    return np.asarray(np.log(np.maximum(power @ _filters(), _LEAST)), dtype=np.float32)


class Encoder:
    """A network that only answers."""

    def __init__(self, arrays: dict[str, NDArray[np.float32]]) -> None:
        """Load these weights."""
        # Torch takes seconds and hundreds of megabytes to load: only where something is really listened to.
        from fingerprint.campplus_network import Network

        self._network = Network(arrays)
        self._weight = arrays["dense.weight"][:, :, 0].T
        self._bias = arrays["dense.bias"]

    def listen(self, given: NDArray[np.float32], step: int) -> NDArray[np.float32]:
        """
        Return a vector for each window of 160 frames in `bands`, `step` apart, as (windows, 192).

        Their lengths say how sure the network is, so they are left: a mean weighs by them.
        """
        found = self._network.hear(given - given.mean(axis=0))
        starts = np.arange(0, len(given) - FRAMES + 1, step) // 2  # it hears in each second frame
        windows = found[starts[:, None] + np.arange(FRAMES // 2)]
        pooled = np.concatenate([windows.mean(axis=1), windows.std(axis=1, ddof=1)], axis=1)
        return np.asarray(pooled @ self._weight + self._bias, dtype=np.float32)


@lru_cache(maxsize=1)
def released() -> Encoder:
    """
    Return the encoder with the weights of this release, read once.

    :raises WeightsMissing: the file is not there
    :raises WeightsChanged: it is another file
    """
    return Encoder(read(WEIGHTS, digest=WEIGHTS_DIGEST))
