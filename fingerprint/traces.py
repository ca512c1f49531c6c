"""
What an examination heard, kept small: so that what is enrolled later is compared with it without decoding again.

A trace is what a query is made of (items at every shift, peaks at every shift), packed. It is derived from the audio
by an algorithm that it names, and of no use for anything else: neither sound nor a reference.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"trace/1\n"
_MOST_BYTES = 1 << 28  # of one that is unpacked: sixteen hours of audio
_MOST_ROWS = 64

Row = NDArray[np.int64]


class NotATrace(Exception):
    """The stored bytes are no trace that this release can read: the audio is examined again from its bytes."""


def written(rows: Sequence[NDArray[np.generic]]) -> bytes:
    """Pack rows of whole numbers, each below 2^32; what rises slowly takes little."""
    parts = [struct.pack("<I", len(rows))]
    for row in rows:
        values = row.astype("<u4")
        parts.append(struct.pack("<I", values.size))
        # Differences, a byte's worth of each together: times rise by little, so three of four bytes are zeros.
        change = np.diff(values, prepend=np.zeros(1, "<u4")).astype("<u4")
        parts.append(change.view(np.uint8).reshape(-1, 4).T.tobytes())
    return _MAGIC + zlib.compress(b"".join(parts), 6)


def read(data: bytes) -> tuple[NDArray[np.uint32], ...]:
    """
    Unpack rows.

    :raises NotATrace: the bytes are none, or longer than any trace is
    """
    if not data.startswith(_MAGIC):
        raise NotATrace
    unpacker = zlib.decompressobj()
    try:
        packed = unpacker.decompress(data[len(_MAGIC) :], _MOST_BYTES)
    except zlib.error as error:
        raise NotATrace from error
    if not unpacker.eof or unpacker.unused_data:
        raise NotATrace
    rows: list[NDArray[np.uint32]] = []
    try:
        (count,) = struct.unpack_from("<I", packed)
        at = 4
        if count > _MOST_ROWS:
            raise NotATrace
        for _ in range(count):
            (size,) = struct.unpack_from("<I", packed, at)
            at += 4
            if at + 4 * size > len(packed):
                raise NotATrace
            planes = np.frombuffer(packed, np.uint8, 4 * size, at).reshape(4, size)
            change = np.ascontiguousarray(planes.T).view("<u4").reshape(-1)
            rows.append(np.cumsum(change, dtype=np.uint32))
            at += 4 * size
    except struct.error as error:
        raise NotATrace from error
    if at != len(packed):
        raise NotATrace
    return tuple(rows)
