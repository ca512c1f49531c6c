"""
One vector for forty-five seconds of music that barely changes with its key, tempo and instruments.

The network is small and ours: `fingerprint/training` has its training and its card. What comes out is rounded to
whole numbers before anything is compared, so that the same audio gives the same candidates.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from fingerprint.melody import CLASSES, Melody, Rows, ms_of

if TYPE_CHECKING:
    from fingerprint.song_network import Network

ALGORITHM: Final = "net-1"
WEIGHTS: Final = Path(__file__).parent / "data" / "embedding-1.npz"
WEIGHTS_SHA256: Final = "836beaa68d409155f0eb51c4e6ed7450486681da992d994fb27efd39b707d803"
SCALE: Final = 127

FRAMES_A_SECOND = 2
WINDOW_FRAMES = 90
HOP_FRAMES = 45
DIMENSIONS = 128

Side = Literal["harmony", "lead"]
SIDES: Final[tuple[Side, ...]] = ("harmony", "lead")

_ROWS_A_FRAME = 2
_MIN_FRAMES = 20  # of a window that must hold anything
_AT_ONCE = 32


class WeightsChanged(Exception):
    """The network's weights are not those of this release; install the package again."""


@dataclass(frozen=True)
class Window:
    """A stretch of one side of a melody, as whole numbers from -127 to 127 whose inner products say how near."""

    side: Side
    start_ms: int
    end_ms: int
    vector: NDArray[np.int16]

    @property
    def algorithm(self) -> str:
        """Name what made it: vectors of different names cannot be compared."""
        return algorithm(self.side)


def algorithm(side: Side) -> str:
    """Name the vectors of one side."""
    return f"{ALGORITHM}/{side}"


def read(path: Path, sha256: str) -> Mapping[str, NDArray[np.float32]]:
    """
    Read weights, plain arrays without code, if they are the ones that are meant.

    :raises WeightsChanged: the file has another digest
    """
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise WeightsChanged
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


@cache
def network() -> Network:
    """
    Return the network of this release.

    :raises WeightsChanged: its weights are not those of this release
    """
    # Torch takes a second and hundreds of megabytes to load: only where something is really embedded.
    from fingerprint.song_network import Network

    try:
        return Network.of(read(WEIGHTS, WEIGHTS_SHA256))
    except KeyError as error:
        raise WeightsChanged from error


def windows(melody: Melody, *, net: Network | None = None) -> list[Window]:
    """
    Embed a melody: a window every 22.5 seconds of each side, and one at its end.

    Windows that are almost silent have no vector.

    :raises WeightsChanged: the network's weights are not those of this release
    """
    made = net or network()
    found: list[Window] = []
    for side in SIDES:
        rows: Rows = melody.harmony if side == "harmony" else melody.lead
        frames = _frames(rows)
        starts = [start for start in _starts(len(frames)) if _is_audible(frames[start : start + WINDOW_FRAMES])]
        for some in _batches(starts):
            shown = np.zeros((len(some), CLASSES, WINDOW_FRAMES), dtype=np.float32)
            for index, start in enumerate(some):
                part = frames[start : start + WINDOW_FRAMES]
                shown[index, :, : len(part)] = part.T
            vectors = made.answer(shown)
            for start, vector in zip(some, np.rint(vectors * SCALE).astype(np.int16), strict=True):
                end = min(len(frames), start + WINDOW_FRAMES)
                found.append(Window(side, ms_of(start * _ROWS_A_FRAME), ms_of(end * _ROWS_A_FRAME), vector))
    return found


def _frames(rows: Rows) -> NDArray[np.float32]:
    count = len(rows) // _ROWS_A_FRAME
    summed = rows[: count * _ROWS_A_FRAME].reshape(count, _ROWS_A_FRAME, CLASSES).astype(np.float32).sum(axis=1)
    return np.asarray(summed / np.maximum(summed.max(axis=1, keepdims=True, initial=0), 1), dtype=np.float32)


def _is_audible(frames: NDArray[np.float32]) -> bool:
    return int((frames.max(axis=1, initial=0) > 0).sum()) >= _MIN_FRAMES


def _starts(frames: int) -> list[int]:
    starts = list(range(0, max(1, frames - WINDOW_FRAMES + 1), HOP_FRAMES))
    if starts[-1] + WINDOW_FRAMES < frames:
        starts.append(frames - WINDOW_FRAMES)
    return starts


def _batches(starts: list[int]) -> Iterator[list[int]]:
    for first in range(0, len(starts), _AT_ONCE):
        yield starts[first : first + _AT_ONCE]
