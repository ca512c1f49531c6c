"""
One vector a stretch of 1.6 seconds: what a voice sounds like, whatever it says and whatever plays along. Pure.

The network is a small LSTM over mel spectra (three layers of 256, the shape of the GE2E speaker encoder). Its weights
are ours: a student of that encoder, taught on voices under music (`fingerprint.training.voice`; figures and limits are
in `data/VOICE_CARD.md`). They are read from a file of plain arrays, and only if its digest is the one that stands here.
"""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

ALGORITHM: Final = "voice-ge2e-student/1"
RATE_HZ: Final = 16_000
N_FFT: Final = 400  # 25 ms
HOP: Final = 160  # 10 ms
MELS: Final = 40
FRAMES: Final = 160  # of one window: 1.6 s
DIMENSIONS: Final = 256

WEIGHTS: Final = Path(__file__).parent / "data" / "voice-ge2e-student-1.npz"
WEIGHTS_DIGEST: Final = "e124c39e565b01803146254c4b6c049403a5e51df68d58c28ef46c7722618b8e"
_LARGEST_FILE: Final = 16 * 2**20
_FULL_SCALE: Final = np.float32(32_768)
# The power of a window at -30 dB of full scale: every window is brought to it, so that loudness says nothing.
_POWER: Final = np.float32(30.0)
_LEAST_POWER: Final = np.float32(1e-6)


class WeightsMissing(Exception):
    """The weights of the voice encoder are not where they belong: install the package whole."""


class WeightsChanged(Exception):
    """The weights of the voice encoder are not the ones that were released: install the package anew."""


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float32]:
    """Return the 40 triangles of Slaney's mel scale, each of the same area, as (201, 40)."""

    def mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
        high = 15.0 + np.log(np.maximum(hz, 1.0) / 1000.0) / (np.log(6.4) / 27.0)
        return np.asarray(np.where(hz >= 1000.0, high, hz * 3.0 / 200.0))

    def hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
        high = 1000.0 * np.exp((np.log(6.4) / 27.0) * (mels - 15.0))
        return np.asarray(np.where(mels >= 15.0, high, mels * 200.0 / 3.0))

    edges = hz(np.linspace(0.0, float(mel(np.array([RATE_HZ / 2]))[0]), MELS + 2))
    bins = np.linspace(0.0, RATE_HZ / 2, N_FFT // 2 + 1)
    widths = np.diff(edges)
    ramps = edges[:, None] - bins[None, :]
    rising, falling = -ramps[:-2] / widths[:-1, None], ramps[2:] / widths[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return np.asarray(triangles.T, dtype=np.float32)


_WINDOW: Final = np.hanning(N_FFT + 1)[:-1].astype(np.float32)


def power(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """
    Return the power spectrum of every whole frame, as (frames, 201).

    A frame is 400 samples long and begins every 160; what is shorter than one has none.
    """
    if samples.size < N_FFT:
        return np.zeros((0, N_FFT // 2 + 1), dtype=np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP].astype(np.float32) / _FULL_SCALE
    spectrum = np.fft.rfft(frames * _WINDOW, axis=1)
    return np.asarray(spectrum.real**2 + spectrum.imag**2, dtype=np.float32)


def mel(spectra: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the encoder hears of power spectra: 40 bands and the power of the whole, as (frames, 41)."""
    return np.concatenate([spectra @ _filters(), spectra.sum(axis=1, keepdims=True)], axis=1)


def windows(bands: NDArray[np.float32], starts: NDArray[np.intp]) -> NDArray[np.float32]:
    """Cut windows out of what `mel` returned, and bring each to the same power: (windows, 160, 40)."""
    cut = bands[starts[:, None] + np.arange(FRAMES)]
    scale = _POWER / np.maximum(cut[:, :, MELS].mean(axis=1), _LEAST_POWER)
    return np.asarray(cut[:, :, :MELS] * scale[:, None, None], dtype=np.float32)


class Encoder:
    """A network that only answers."""

    def __init__(self, arrays: dict[str, NDArray[np.float32]]) -> None:
        """Load these weights."""
        # Torch takes seconds and hundreds of megabytes to load: only where something is really listened to.
        from fingerprint.voice_network import Network

        self._network = Network.of(arrays)

    def listen(
        self, given: NDArray[np.float32], *, at_once: int = 64
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return for each of `windows` one vector of length 1, and the state behind it; both (windows, 256)."""
        found = [self._network.answer(given[at : at + at_once]) for at in range(0, len(given), at_once)]
        if not found:
            nothing = np.zeros((0, DIMENSIONS), dtype=np.float32)
            return nothing, nothing
        vectors, states = zip(*found, strict=True)
        return np.concatenate(vectors), np.concatenate(states)


def read(path: Path, *, digest: str) -> dict[str, NDArray[np.float32]]:
    """
    Read arrays of half precision, whole and unchanged.

    :raises WeightsMissing: there is no such file
    :raises WeightsChanged: the bytes are not those of the digest, or are no plain arrays
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise WeightsMissing(f"{path.name} cannot be read: {type(error).__name__}") from error
    if len(content) > _LARGEST_FILE or hashlib.sha256(content).hexdigest() != digest:
        raise WeightsChanged(f"{path.name} is not the file of this release")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name].astype(np.float32) for name in arrays.files}
    except (ValueError, OSError) as error:
        raise WeightsChanged(f"{path.name} holds no plain arrays") from error


@lru_cache(maxsize=1)
def released() -> Encoder:
    """
    Return the encoder with the weights of this release, read once.

    :raises WeightsMissing: the file is not there
    :raises WeightsChanged: it is another file
    """
    return Encoder(read(WEIGHTS, digest=WEIGHTS_DIGEST))
