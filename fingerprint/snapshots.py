"""
One name for the content of an index, whatever the order and the files it is kept in.

LtHash (Bellare and Micciancio's randomize-then-combine over a lattice, as in `lthash16`): each reference becomes
1,024 numbers of 16 bits, and a set is their sum. To add or take away a reference costs the same at ten references
and at a million, and two different sets with one sum are as hard to find as for a hash of 200 bits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

LANES = 1024
Sum = NDArray[np.uint16]


def nothing() -> Sum:
    """Return the sum of no reference."""
    return np.zeros(LANES, np.uint16)


def of_reference(reference_id: UUID, algorithm: str, content: bytes) -> Sum:
    """Return what one reference adds: its id, its family of fingerprints, and the SHA-256 of its fingerprint."""
    line = f"{reference_id} {algorithm} {content.hex()}\n".encode()
    return np.frombuffer(hashlib.shake_128(line).digest(2 * LANES), "<u2")


def of_references(references: Iterable[tuple[UUID, bytes]], algorithm: str) -> Sum:
    """Return the sum of references, each an id with the SHA-256 of its fingerprint."""
    total = nothing()
    for reference_id, content in references:
        total += of_reference(reference_id, algorithm, content)
    return total


def name(total: Sum, size: int) -> str:
    """Return the snapshot of a set of references, given their sum and their number."""
    return hashlib.sha256(b"lthash16 %d\n" % size + total.astype("<u2").tobytes()).hexdigest()
