"""
Lyra V2, a neural codec: SoundStream in 3.2, 6 or 9.2 kbit/s (Google, Apache-2.0). It is made for speech, at 16 kHz.

Its weights are small and lie in its own repository, under `lyra/model_coeffs` of https://github.com/google/lyra;
DETECTION_LYRA names a folder with the three files. They are run by LiteRT (the extra `neural`). Which bits stand for
a frame is as in its `residual_vector_quantizer.cc`; packets, and what is done about lost ones, are left out.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
FRAME_SAMPLES = 320  # 20 ms
BITS_A_LEVEL = 4
_MOST_LEVELS = 46
# Of the newest release, 1.3.2 (commit 47698dad).
_DIGESTS = {
    "soundstream_encoder.tflite": "237da0b16226fb0a68d49551c81bebf614e42142af72764448359f68581e88f1",
    "quantizer.tflite": "841ee05989687d32d1f616a8ad1419fc7eda37599d3c05c7cf5a0d60ccf8ac5c",
    "lyragan.tflite": "50e7839cda4f30599a3a34cfaddcd9c98449b049eee884e1a74295780448ad06",
}

Samples = NDArray[np.int16]  # mono at 16 kHz


class NoLyra(Exception):
    """The codec cannot be run here."""


def missing() -> str | None:
    """Say what is missing to run it, and where to get it; None if nothing is."""
    given = os.environ.get("DETECTION_LYRA")
    if not given:
        return (
            "DETECTION_LYRA names no folder; copy soundstream_encoder.tflite, quantizer.tflite and lyragan.tflite "
            "there, from lyra/model_coeffs of https://github.com/google/lyra"
        )
    for name, digest in _DIGESTS.items():
        path = Path(given) / name
        if not path.is_file():
            return f"DETECTION_LYRA has no {name}"
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            return f"{name} in DETECTION_LYRA is not that of Lyra 1.3.2"
    if importlib.util.find_spec("ai_edge_litert") is None:
        return "LiteRT is not installed: pip install '.[neural]'"
    return None


def through(samples: Samples, bits_a_second: int) -> Samples:
    """
    Encode and decode once.

    :raises NoLyra: its weights or LiteRT are missing
    """
    lacking = missing()
    if lacking is not None:
        raise NoLyra(f"{NoLyra.__doc__} {lacking}.")
    return _Models(Path(os.environ["DETECTION_LYRA"])).through(samples, bits_a_second * FRAME_SAMPLES // RATE_HZ)


class _Models:
    """The three networks, for one sound: encoder and decoder remember what came before, and do not forget it."""

    def __init__(self, folder: Path) -> None:
        interpreter: Any = importlib.import_module("ai_edge_litert.interpreter").Interpreter
        encoder, quantizer, decoder = (interpreter(model_path=str(folder / name), num_threads=1) for name in _DIGESTS)
        encoder.allocate_tensors()
        decoder.allocate_tensors()
        self._encoder, self._decoder = encoder, decoder
        self._to_levels = quantizer.get_signature_runner("encode")
        self._from_levels = quantizer.get_signature_runner("decode")

    def through(self, samples: Samples, bits_a_frame: int) -> Samples:
        levels, rest = divmod(bits_a_frame, BITS_A_LEVEL)
        assert rest == 0
        assert levels <= _MOST_LEVELS
        padded = np.append(samples, np.zeros(-samples.size % FRAME_SAMPLES, np.int16)).astype(np.float32)
        padded *= np.float32(1 / 32_768)
        parts = [self._frame(frame, levels) for frame in padded.reshape(-1, 1, FRAME_SAMPLES)]
        sound = np.concatenate([np.zeros(0, np.float32), *parts])[: samples.size]
        decoded: Samples = np.clip(np.rint(32_768 * sound), -32_768, 32_767).astype(np.int16)
        return decoded

    def _frame(self, frame: NDArray[np.float32], levels: int) -> NDArray[np.float32]:
        features = _run(self._encoder, frame)
        chosen = self._to_levels(input_frames=features, num_quantizers=np.array(levels, np.int32))
        assert int(chosen["output_1"]) == BITS_A_LEVEL
        indices = np.full((_MOST_LEVELS, 1, 1), -1, np.int32)  # -1 is a level that was not sent
        indices[:levels] = chosen["output_0"].reshape(_MOST_LEVELS, 1, 1)[:levels]
        features = self._from_levels(encoding_indices=indices)["output_0"].reshape(1, 1, -1)
        decoded: NDArray[np.float32] = _run(self._decoder, features)[0]
        return decoded


def _run(model: Any, given: NDArray[np.float32]) -> NDArray[np.float32]:
    model.set_tensor(model.get_input_details()[0]["index"], given)
    model.invoke()
    out: NDArray[np.float32] = model.get_tensor(model.get_output_details()[0]["index"])
    return out
