"""
Ids that a report must not have twice, with the lines that they stand in: on disk, so that memory does not grow with it.

Kept are two hashes of each id by Python's keyed hash, so nobody outside can make two ids meet. They lie in a file of
their own, in pieces by the first hash; what is there twice is in one piece, which is looked at whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

PIECES = 64
AT_ONCE = 131_072  # ids in hand
_ROW = 3 * 8  # bytes

Integers = NDArray[np.int64]


class Met:
    """Ids that were met."""

    def __init__(self, folder: Path) -> None:
        """
        Begin with none.

        :param folder: on a disk with room for 24 bytes of each id
        """
        self._folder = folder
        self._waiting: list[Integers] = []
        self._rows = 0
        self._file: IO[bytes] | None = None
        self._begins: list[Integers] = []  # of each spill: where its pieces begin, in rows of the file
        self._spilled = 0

    def __enter__(self) -> Self:
        """Keep what is met until the end of the body."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Forget it."""
        if self._file is not None:
            self._file.close()

    def add(self, ids: Sequence[str], lines: Any) -> None:
        """Remember ids, each with its line; an empty one is none."""
        rows = np.empty((len(ids), 3), np.int64)
        rows[:, 0] = np.fromiter(map(hash, ids), np.int64, len(ids))
        rows[:, 1] = np.fromiter((hash((one, 1)) for one in ids), np.int64, len(ids))
        rows[:, 2] = lines
        if not all(ids):
            rows = rows[np.fromiter(map(bool, ids), bool, len(ids))]
        self._waiting.append(rows)
        self._rows += len(rows)
        if self._rows >= AT_ONCE:
            self._spill()

    def twice(self) -> Iterator[tuple[int, int]]:
        """Go through the lines whose id was there before, in their order, each with the line where it was."""
        found = [pair for piece in self._pieces() if len(pair := _twice(piece))]
        if found:
            pairs = np.concatenate(found)
            for place in np.argsort(pairs[:, 0], kind="stable"):
                yield int(pairs[place, 0]), int(pairs[place, 1])

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder, prefix="met-")  # noqa: SIM115 - until the body ends
        rows = np.concatenate(self._waiting)
        piece = rows[:, 0] & (PIECES - 1)
        order = np.argsort(piece, kind="stable")
        self._file.write(rows[order].tobytes())
        begins = np.searchsorted(piece[order], np.arange(PIECES + 1))
        self._begins.append(begins + self._spilled)
        self._spilled += len(rows)
        self._waiting, self._rows = [], 0

    def _pieces(self) -> Iterator[Integers]:
        if self._file is None:
            if self._waiting:
                yield np.concatenate(self._waiting)
            return
        if self._waiting:
            self._spill()
        for piece in range(PIECES):
            parts = []
            for begins in self._begins:
                self._file.seek(int(begins[piece]) * _ROW)
                raw = self._file.read(int(begins[piece + 1] - begins[piece]) * _ROW)
                parts.append(np.frombuffer(raw, np.int64).reshape(-1, 3))
            yield np.concatenate(parts)


def _twice(rows: Integers) -> Integers:
    """Return the lines whose id was there before, and where."""
    ordered = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    same = (ordered[1:, 0] == ordered[:-1, 0]) & (ordered[1:, 1] == ordered[:-1, 1])
    at = np.flatnonzero(same)
    return np.stack([ordered[at + 1, 2], ordered[at, 2]], axis=1)
