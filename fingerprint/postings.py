"""
What an index answers, and the index that is kept in memory.

An index knows for each hash the places where it occurs. References have numbers, from 0; their places are laid end
to end, so that a place is the reference's `start` and a position in it: the number of an item (Chromaprint) or a
tick of time (landmarks). Numbers and places hold for this one object only: the next one may have others. What lasts
is the reference's id.

Every search asks an index through `Postings` and gets the same from the index in memory, from the one on disk
(`fingerprint.segments`), and from either as it was at an earlier moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint import snapshots

if TYPE_CHECKING:
    from fingerprint.evidence import Match
    from fingerprint.landmarks import Peaks

Hashes = NDArray[np.uint32]
Positions = NDArray[np.int64]

AT_ONCE = 1 << 18  # votes in a portion


class DuplicateReference(Exception):
    """A reference stands in an index once."""


@dataclass(frozen=True)
class Content:
    """
    One reference as an index holds it.

    `hashes` occur at `positions` (a hash may have many; what says nothing, like repeats, is left out by whoever
    makes the content). `length` is one more than the last position that exists. `items` are all 32-bit items in
    their order where a search compares item by item, with as many as `length`; otherwise None.
    """

    hashes: Hashes
    positions: Positions
    length: int
    items: Hashes | None = None


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


@dataclass(frozen=True)
class Family:
    """
    Fingerprints that can be compared: the beginning of their algorithms' names, and how to read one.

    `ids` are the first and the last id of the references that an index is about, where it is one of several parts.
    `digest` is what a reference's content counts as in the name of an index, and `folder` where its files are, if not
    under its own name.
    """

    name: str
    read: Callable[[bytes], Content]
    has_items: bool
    ids: tuple[UUID, UUID] | None = None
    digest: Callable[[bytes], bytes] = _digest
    folder: str = ""


# References in a row: the number of the first, where in the portion each begins and the last ends, and their items.
Portion = tuple[int, Positions, Hashes]


class Postings(Protocol):
    """What a search may ask of an index."""

    @property
    def snapshot(self) -> str:
        """The SHA-256 in hex that names this content (see `snapshots`): equal if and only if the content is."""

    def __len__(self) -> int:
        """How many references there are to be found."""

    @property
    def starts(self) -> Positions:
        """
        Where each reference begins, by its number, and at the end where the last one ends.

        `np.searchsorted(index.starts, place, side="right") - 1` is the number of the reference that a place is in;
        `place - index.starts[number]` the position in it. There may be numbers that no vote ever names.
        """

    def reference(self, number: int) -> UUID:
        """The id of a reference."""

    def ids(self) -> Iterator[UUID]:
        """The ids of all references there are to be found, in no order."""

    def count(self, hashes: Hashes) -> Positions:
        """How many places each hash has: 0 for unknown ones. Sorted hashes are several times faster."""

    def votes(self, hashes: Hashes, positions: Positions, *, most: int) -> Iterator[tuple[Positions, Positions]]:
        """
        Pairs of a query's position and an index's place with the same hash, in portions of about `AT_ONCE`.

        A hash with more than `most` places is everywhere and is left out. `positions` are the query's, one for each
        hash, handed through. The order of the pairs means nothing.
        """

    def items(self, number: int) -> Hashes:
        """
        All items of one reference, in their order.

        :raises NoItems: the family keeps none
        """

    def at(self, places: Positions) -> Hashes:
        """
        The items at many places, of any shape; neighbors side by side are fastest.

        :raises NoItems: the family keeps none
        """

    def portions(self, at_once: int) -> Iterator[Portion]:
        """
        All items of all references there are to be found, in portions of about so many.

        :raises NoItems: the family keeps none
        """


@dataclass(frozen=True)
class Place:
    """Where something points at: this frame of a reference lies against the first of the query, or near that."""

    reference_id: UUID
    frame: int


@runtime_checkable
class Divided(Protocol):
    """An index that is asked for matches and for nothing else: it is elsewhere, in several parts."""

    @property
    def snapshot(self) -> str:
        """The name of its content."""

    def __len__(self) -> int:
        """How many references there are to be found."""

    def items_heard(self, shifted: Sequence[Hashes], *, algorithm: str) -> tuple[Match, ...]:
        """Find where a query follows any reference, as `matching.search` does."""

    def peaks_heard(self, heard: Sequence[Peaks], *, algorithm: str) -> tuple[Match, ...]:
        """Find where a query follows any reference, as `landmark_matching.search` does."""

    def places_heard(self, heard: Sequence[Peaks]) -> tuple[Place, ...]:
        """Say where any reference may be, as `landmark_matching.places` does."""

    def spectra_heard(self, asked: NDArray[np.int8]) -> tuple[Match, ...]:
        """Find which references a query is like, as `spectra_matching.search` does."""


Known = Postings | Divided


class NoItems(Exception):
    """This family's fingerprints are not compared item by item, so the index keeps no items."""


def runs(items: Hashes) -> Content:
    """Read items in their order; a run of one is a held chord or silence, and its first place stands for all."""
    first = np.ones(items.size, dtype=bool)
    first[1:] = items[1:] != items[:-1]
    positions = np.flatnonzero(first)
    return Content(items[positions], positions, items.size, items)


def chunks(counts: Positions, at_once: int) -> Iterator[slice]:
    """Cut counts into stretches whose sums are about `at_once`."""
    ends = np.cumsum(counts)
    begin = 0
    while begin < counts.size:
        done = int(ends[begin - 1]) if begin else 0
        stop = max(begin + 1, int(np.searchsorted(ends, done + at_once)))
        yield slice(begin, stop)
        begin = stop


def ranges(first: Positions, counts: Positions) -> Positions:
    """Lay ranges end to end, given where each begins and how long it is."""
    total = int(counts.sum())
    return np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(total)


def in_portions(starts: Positions, at_once: int) -> Iterator[tuple[int, int]]:
    """Cut references into runs of about so many items, one at least: the number of the first, and that behind."""
    begin = 0
    while begin < len(starts) - 1:
        end = max(begin + 1, int(np.searchsorted(starts, starts[begin] + at_once, side="right")) - 1)
        yield begin, end
        begin = end


class Index:
    """
    The fingerprints of references in memory: for hundreds, not for a catalogue.

    Two indexes of the same references are equal in every result, in whatever order they were given. Given as 32-bit
    items; `of` takes them as they are stored, of any family.

    :raises DuplicateReference: an id was given twice
    """

    def __init__(self, references: Iterable[tuple[UUID, Hashes]], *, algorithm: str) -> None:
        self._take([(id, _digest(items.astype("<u4").tobytes()), runs(items)) for id, items in references], algorithm)

    @classmethod
    def of(cls, references: Iterable[tuple[UUID, bytes]], family: Family) -> Index:
        """
        Make the index of references, each an id with its stored fingerprint.

        :raises DuplicateReference: an id was given twice
        """
        index = cls((), algorithm=family.name)
        index._take([(id, family.digest(data), family.read(data)) for id, data in references], family.name)
        return index

    def _take(self, references: Sequence[tuple[UUID, bytes, Content]], algorithm: str) -> None:
        self.algorithm = algorithm
        self._known = tuple(sorted(references, key=lambda reference: reference[0]))
        ids = [id for id, _, _ in self._known]
        if len(set(ids)) != len(ids):
            raise DuplicateReference(f"{len(ids) - len(set(ids))} ids were given more than once.")
        contents = [content for _, _, content in self._known]
        total = snapshots.of_references(((id, digest) for id, digest, _ in self._known), algorithm)
        self.snapshot = snapshots.name(total, len(ids))
        self.starts: Positions = np.concatenate(
            [np.zeros(1, np.int64), np.cumsum([content.length for content in contents], dtype=np.int64)]
        )
        self._items = (
            None
            if any(content.items is None for content in contents)
            else np.concatenate(
                [np.zeros(0, np.uint32), *(content.items for content in contents if content.items is not None)]
            )
        )
        hashes = np.concatenate([np.zeros(0, np.uint32), *(content.hashes for content in contents)])
        places = np.concatenate(
            [
                np.zeros(0, np.int64),
                *(start + one.positions for start, one in zip(self.starts[:-1], contents, strict=True)),
            ]
        )
        order = np.argsort(hashes, kind="stable")
        self._places: Positions = places[order]
        self._hashes, self._first, self._count = np.unique(hashes[order], return_index=True, return_counts=True)

    def __len__(self) -> int:
        return len(self._known)

    def with_references(self, more: Iterable[tuple[UUID, Hashes]]) -> Index:
        """
        Make the index that has these references too.

        :raises DuplicateReference: an id was given twice, or is there already
        """
        index = Index(more, algorithm=self.algorithm)
        index._take([*self._known, *index._known], self.algorithm)
        return index

    def reference(self, number: int) -> UUID:
        """Return the id of a reference."""
        return self._known[number][0]

    def ids(self) -> Iterator[UUID]:
        """Give the ids of all references."""
        return (id for id, _, _ in self._known)

    def _entries(self, hashes: Hashes) -> tuple[Positions, Positions]:
        if self._hashes.size == 0:
            return np.zeros(hashes.size, np.int64), np.zeros(hashes.size, np.int64)
        entry = np.searchsorted(self._hashes, hashes)
        entry[entry == self._hashes.size] = 0
        return entry, np.where(self._hashes[entry] == hashes, self._count[entry], 0)

    def count(self, hashes: Hashes) -> Positions:
        """Return how many places each hash has."""
        return self._entries(hashes)[1]

    def votes(self, hashes: Hashes, positions: Positions, *, most: int) -> Iterator[tuple[Positions, Positions]]:
        """Give pairs of a query's position and a place with the same hash, in portions."""
        entry, count = self._entries(hashes)
        known = (count > 0) & (count <= most)
        entry, count, positions = entry[known], count[known], positions[known]
        for some in chunks(count, AT_ONCE):
            yield (
                np.repeat(positions[some], count[some]),
                self._places[ranges(self._first[entry[some]], count[some])],
            )

    def items(self, number: int) -> Hashes:
        """
        Return all items of one reference.

        :raises NoItems: the family keeps none
        """
        return self._all()[self.starts[number] : self.starts[number + 1]]

    def at(self, places: Positions) -> Hashes:
        """
        Return the items at many places.

        :raises NoItems: the family keeps none
        """
        return self._all()[places]

    def portions(self, at_once: int) -> Iterator[Portion]:
        """
        Give all items of all references.

        :raises NoItems: the family keeps none
        """
        items = self._all()
        for begin, end in in_portions(self.starts, at_once):
            yield begin, self.starts[begin : end + 1] - self.starts[begin], items[self.starts[begin] : self.starts[end]]

    def _all(self) -> Hashes:
        if self._items is None:
            raise NoItems(self.algorithm)
        return self._items
