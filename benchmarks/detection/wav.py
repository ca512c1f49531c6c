"""Samples as WAV files and back, for what benchmarks keep between two runs."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def encode(samples: NDArray[np.int16], rate_hz: int) -> bytes:
    """Write mono samples as a 16-bit WAV."""
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()


def load(path: Path) -> NDArray[np.int16]:
    """Read back what `encode` wrote."""
    with wave.open(str(path), "rb") as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(np.int16)
