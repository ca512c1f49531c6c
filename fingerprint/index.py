"""The index of everything registered, kept per process and refreshed when something was enrolled."""

from __future__ import annotations

import threading
from uuid import UUID

import numpy as np

from fingerprint import extract
from fingerprint.extract import Items
from fingerprint.matching import Index
from fingerprint.models import Fingerprint

_lock = threading.Lock()
_held: tuple[str, int, int, Index] | None = None  # algorithm, highest row, rows, index


def items_of(data: bytes | memoryview) -> Items:
    """Read stored items: 32 bits each, little-endian."""
    return np.frombuffer(bytes(data), dtype="<u4").astype(np.uint32)


def current() -> Index:
    """
    Return the index over every reference that is committed now.

    Only what was enrolled since the last call is read. An index that would have lost rows (another database, an emptied
    one) is built anew.
    """
    global _held  # noqa: PLW0603 - one index per process is the point
    algorithm = extract.algorithm()
    rows = Fingerprint.objects.filter(algorithm=algorithm).order_by("id")
    with _lock:
        count = rows.count()
        if _held is not None and _held[0] == algorithm:
            _, highest, held, index = _held
            fresh = list(rows.filter(id__gt=highest).values_list("id", "reference_id", "data"))
            if held + len(fresh) == count and _still_there(highest):
                if fresh:
                    index = index.with_references(_pairs(fresh))
                    _held = (algorithm, fresh[-1][0], count, index)
                return index
        everything = list(rows.values_list("id", "reference_id", "data"))
        index = Index(_pairs(everything), algorithm=algorithm)
        _held = (algorithm, everything[-1][0] if everything else 0, len(everything), index)
        return index


def _still_there(row: int) -> bool:
    return row == 0 or Fingerprint.objects.filter(id=row).exists()


def _pairs(rows: list[tuple[int, UUID, bytes]]) -> list[tuple[UUID, Items]]:
    return [(reference_id, items_of(data)) for _, reference_id, data in rows]
