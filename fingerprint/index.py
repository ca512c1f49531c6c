"""The index of everything registered, kept per process and refreshed when something was enrolled."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from uuid import UUID

import numpy as np

from fingerprint import extract
from fingerprint.extract import Items
from fingerprint.models import Fingerprint
from fingerprint.postings import Index

_Row = tuple[int, UUID, bytes | memoryview]

_lock = threading.Lock()
_held: tuple[int, int, Index] | None = None  # highest row, rows, index


def items_of(data: bytes | memoryview) -> Items:
    """Read stored items: 32 bits each, little-endian."""
    return np.frombuffer(bytes(data), dtype="<u4").astype(np.uint32)


def current() -> Index:
    """
    Return the index over every reference that is committed now.

    Only what was enrolled since the last call is read. An index that would have lost rows (another database,
    an emptied one), or missed one (committed late, under an older number), is built anew.

    Fingerprints of all releases of libchromaprint are taken together: its releases differ in rounding and
    keep their algorithms. To leave the older ones out would clear an output because its reference was
    enrolled before an upgrade. If a reference has several, the last one counts.
    """
    global _held  # noqa: PLW0603 - one index per process is the point
    rows = Fingerprint.objects.filter(algorithm__startswith=extract.FAMILY).order_by("id")
    with _lock:
        count = rows.count()
        if _held is not None:
            highest, held, index = _held
            fresh = list(rows.filter(id__gt=highest).values_list("id", "reference_id", "data"))
            known = set(index.ids()) if fresh else set()
            if (
                held + len(fresh) == count
                and _still_there(highest)
                and known.isdisjoint(reference_id for _, reference_id, _ in fresh)
            ):
                if fresh:
                    index = index.with_references(_pairs(fresh))
                    _held = (fresh[-1][0], count, index)
                return index
        everything = list(rows.values_list("id", "reference_id", "data"))
        index = Index(_pairs(everything), algorithm=extract.FAMILY)
        _held = (everything[-1][0] if everything else 0, len(everything), index)
        return index


def _still_there(row: int) -> bool:
    return row == 0 or Fingerprint.objects.filter(id=row).exists()


def forget() -> None:
    """Drop what this process holds: after rows were taken away, which only a restore or a test does."""
    global _held  # noqa: PLW0603 - see above
    with _lock:
        _held = None


def _pairs(rows: Sequence[_Row]) -> list[tuple[UUID, Items]]:
    return list({reference_id: items_of(data) for _, reference_id, data in rows}.items())
