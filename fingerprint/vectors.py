"""
The vectors of all references in files, and which of them are nearest: exactly, by looking at every one.

They are kept as `fingerprint.segments` keeps everything: each reference has a stretch of rows of 128 bytes. The first
says how many vectors follow of each side, the others are vectors, whole numbers of a byte. So nothing is rounded on
the way from the table into the files, and since an inner product is below 2^24, a float holds every sum on the way to
it, in whatever order they are added: a product of matrices is the whole number that PostgreSQL computes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint.embedding import DIMENSIONS, SCALE, SIDES, Side
from fingerprint.postings import Content, ranges
from fingerprint.segments import Damaged, Mask, Segment, View
from fingerprint.versions import Near

DIGEST_BYTES: Final = 32
_HEAD: Final = struct.Struct(f">{DIGEST_BYTES}sI")
_WIRE: Final = np.dtype([("dimensions", ">u2"), ("unused", ">u2"), ("values", ">f2", DIMENSIONS)])
_WORDS: Final = DIMENSIONS // 4  # in a row
_ROWS_AT_ONCE: Final = 1 << 13  # about; of both sides
_RELEASED_AFTER: Final = 1 << 19  # rows: 64 MiB

_Array = NDArray[Any]


class NotWhole(Exception):
    """A vector in the database is not 128 whole numbers from -127 to 127, as all are: look at where it came from."""

    def __str__(self) -> str:
        return self.__doc__ or ""


def digest(data: bytes) -> bytes:
    """Return the digest that a reference's vectors come with: that of the melody they are made of."""
    return data[:DIGEST_BYTES]


def read(data: bytes) -> Content:
    """
    Read the vectors of a reference as PostgreSQL sends them: a digest, how many are of the first side, and all of them.

    :raises NotWhole: they are not what this release keeps
    """
    if len(data) < _HEAD.size or (len(data) - _HEAD.size) % _WIRE.itemsize:
        raise NotWhole
    _, first = _HEAD.unpack_from(data)
    sent = np.frombuffer(data, _WIRE, offset=_HEAD.size)
    values = sent["values"].astype(np.float32)
    # Written so that what is no number fails too.
    if first > sent.size or not ((sent["dimensions"] == DIMENSIONS).all() and (np.abs(values) <= SCALE).all()):
        raise NotWhole
    rows = np.zeros((1 + sent.size, DIMENSIONS), np.int8)
    rows[1:] = values
    if not (rows[1:] == values).all():
        raise NotWhole
    rows[0].view("<u4")[0] = first
    items = rows.view("<u4").reshape(-1).astype(np.uint32)
    return Content(np.zeros(0, np.uint32), np.zeros(0, np.int64), items.size, items)


def nearest(view: View, side: Side, vectors: NDArray[np.int16], count: int) -> list[list[Near]]:
    """
    Return for each vector the nearest windows of that side, nearest first, equal ones by their reference.

    All vectors are looked up in one reading of the files, in memory that does not grow with them.

    :raises Damaged: a file holds no vectors; that it holds what was written is for the caller to prove
    """
    asked = vectors.astype(np.float32)
    best = [_Best(count) for _ in vectors]
    for segment, mask in zip(view.segments, view.masks, strict=True):
        for rows, owners in _of_side(segment, mask, SIDES.index(side)):
            products = asked @ rows.astype(np.float32).T
            for one, likeness in zip(best, products, strict=True):
                one.take(likeness, owners, segment.table["id"])
        segment.release()
    return [one.found() for one in best]


def count(view: View) -> int:
    """Return how many vectors the files of a view hold."""
    return sum(segment.places // _WORDS - segment.references for segment in view.segments)


def _of_side(segment: Segment, mask: Mask | None, side: int) -> Iterator[tuple[_Array, _Array]]:
    """Give the vectors of one side, and the number of the reference of each, in portions."""
    if segment.items is None:
        raise _damaged(segment)
    every = segment.items.view(np.int8).reshape(-1, DIMENSIONS)
    starts = segment.starts // _WORDS
    released = begin = 0
    while begin < segment.references:
        end = max(begin + 1, int(np.searchsorted(starts, starts[begin] + _ROWS_AT_ONCE, side="right")) - 1)
        block = every[starts[begin] : starts[end]]
        heads = starts[begin:end] - starts[begin]
        all_of_one = np.diff(starts[begin : end + 1]) - 1
        of_first = block[heads, :4].copy().view("<u4")[:, 0].astype(np.int64)
        if (of_first > all_of_one).any():
            raise _damaged(segment)
        counts = all_of_one - of_first if side else of_first
        firsts = heads + 1 + of_first if side else heads + 1
        if mask is not None:
            counts = np.where(mask[begin:end], counts, 0)
        if counts.any():
            yield block[ranges(firsts, counts)], np.repeat(np.arange(begin, end), counts)
        if starts[end] - released >= _RELEASED_AFTER:
            released = int(starts[end])
            segment.release()
        begin = end


def _damaged(segment: Segment) -> Damaged:
    segment.is_damaged = True
    return Damaged(segment.name, "it holds no vectors")


class _Best:
    """The nearest to one vector, so far."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._likeness = np.zeros(0, np.float32)
        self._ids = np.zeros((0, 2), np.uint64)  # in two halves, which are in order as the ids are
        self._least = -np.inf

    def take(self, likeness: _Array, owners: _Array, ids: _Array) -> None:
        """Look at some more, given the numbers of their references and the ids by number."""
        nearer = np.flatnonzero(likeness >= self._least)
        if nearer.size > self._count:
            # What is equal to the last that counts may have the smaller id.
            last = np.partition(likeness[nearer], nearer.size - self._count)[nearer.size - self._count]
            nearer = nearer[likeness[nearer] >= last]
        if not nearer.size:
            return
        mine = np.ascontiguousarray(ids[owners[nearer]]).view(">u8").astype(np.uint64)
        found, halves = np.concatenate([self._likeness, likeness[nearer]]), np.concatenate([self._ids, mine])
        order = np.lexsort((halves[:, 1], halves[:, 0], -found))[: self._count]
        self._likeness, self._ids = found[order], halves[order]
        if order.size == self._count:
            self._least = self._likeness[-1]

    def found(self) -> list[Near]:
        """Return them, the nearest first."""
        pairs = zip(self._ids.tolist(), self._likeness.tolist(), strict=True)
        return [Near(UUID(int=high << 64 | low), int(likeness)) for (high, low), likeness in pairs]
