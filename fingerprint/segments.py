"""
An index in files: sorted once, read through the page cache, replaced and never changed.

A folder holds *segments* and a *manifest*. A segment has the postings of some references, sorted by hash, and is not
written to again; what is enrolled later goes into a new one, and several small ones become a large one in the
background. The manifest names the segments that count, and is replaced whole. So a reader needs no lock: it opens
what the manifest names and goes on with that, whatever is written meanwhile. A process that dies leaves a file that
no manifest names, and the next writer removes it.

A posting takes five bytes in a large segment: the hash's last byte and a place in 32 bits; its other three bytes are
where it stands, which a directory of 2^24 beginnings tells. To look a hash up is one read there and a search within
about a page. Hashes are multiplied by an odd constant first, so that they spread evenly whatever they are made of.

Memory: what is in memory for a reference is its beginning, 8 bytes. Everything else is mapped, and given back to the
page cache again and again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import mmap
import os
import struct
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray

from fingerprint import snapshots
from fingerprint.postings import (
    AT_ONCE,
    Content,
    Hashes,
    NoItems,
    Portion,
    Positions,
    chunks,
    in_portions,
    ranges,
)
from fingerprint.snapshots import Sum

MAGIC = b"postings/1\n"
HEADER_BYTES = 4096
MOST_POSTINGS = 1 << 30  # in a segment that is made of others: a merge must end
MOST_PLACES = (1 << 32) - 1
WIDTH = 4  # so many segments of one size, within a factor of four, become one
_SMALL = 14  # bits of a number of postings, below which every size is one
_BLOCK = 1 << 22  # postings, or items, that are in memory while segments are merged
_SPREAD = 0x9E3779B1  # the golden ratio's
_KEPT = 1 << 22  # ends of keys that are kept from counting to reading: 32 MiB, and twice that for a while
# Entries before pages are given back. To map and to unmap them takes more than to read them, and a search comes back
# to many; how many are mapped until then is for the kernel, which maps their neighbors and takes back what it needs.
_READ_AT_ONCE = 1 << 25
_AHEAD = 1 << 22  # items, 16 MiB, that the disk reads while those before them are looked at
_INCOMING = ".incoming-"
_PAGE = mmap.PAGESIZE
_SAMPLED = 64  # stretches of a file by which it is known whether they are in the page cache

_TABLE = np.dtype(
    [("id", "u1", 16), ("content", "u1", 32), ("start", "<i8"), ("row", "<i8"), ("enrolled", "<i8")]
)  # `enrolled` in microseconds since 1970
_LOW: dict[int, np.dtype[Any]] = {
    8: np.dtype("<u4"),
    16: np.dtype("<u2"),
    24: np.dtype("u1"),
}  # bits of the directory → the rest of a hash

Mask = NDArray[np.bool_]
_Array = NDArray[Any]


class Damaged(Exception):
    """A file of the index is not what was written: it is set aside and made again from the database."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


class Gone(Exception):
    """A segment was replaced while it was about to be opened: read the manifest again."""


@dataclass(frozen=True)
class Enrolled:
    """One reference on its way into a segment."""

    id: UUID
    row: int
    enrolled_us: int
    digest: bytes  # SHA-256 of the stored fingerprint
    content: Content


def keys_of(hashes: Hashes) -> Hashes:
    """Return hashes as postings are sorted by them."""
    return (hashes * np.uint32(_SPREAD)).astype(np.uint32)


def _pages(size: int) -> int:
    return -size % HEADER_BYTES


def _bits(postings: int) -> int:
    # A directory of 2^24 takes 64 MiB, which pays where it saves as much: a byte of each posting.
    return 8 if postings < 1 << 14 else 16 if postings < 1 << 26 else 24


# --- One segment


class Segment:
    """
    An open segment.

    Its header, its table of references and its directory are checked when it is opened, by their digest; `verify`
    checks the rest. What they hold is believed after that, but no place outside is ever followed.

    :raises Damaged: it is cut short, of another format, or not what was written
    :raises Gone: there is no such file
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.is_damaged = False
        self._is_proven = False
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise Gone(self.name) from error
        weakref.finalize(self, os.close, self._file)  # held for as long as it is mapped
        size = os.fstat(self._file).st_size
        if size < HEADER_BYTES:
            raise Damaged(self.name, "it is shorter than a header")
        self._map = mmap.mmap(self._file, 0, access=mmap.ACCESS_READ)
        said = self._header(size)
        self.family: str = said["family"]
        self.postings: int = said["postings"]
        self.places: int = said["places"]
        self.references: int = said["references"]
        self.bits: int = said["bits"]
        self._digests: dict[str, str] = said["digests"]
        self._where: dict[str, list[int]] = said["sections"]
        digest = hashlib.sha256()
        for section in ("sum", "table", "directory"):
            digest.update(self._bytes(section))
        if digest.hexdigest() != self._digests["head"]:
            raise Damaged(self.name, "its table or its directory was changed")
        self.sum: Sum = np.frombuffer(self._bytes("sum"), "<u2")
        self.table = np.frombuffer(self._bytes("table"), _TABLE)
        self.directory = np.frombuffer(self._bytes("directory"), "<u4")
        self.starts: Positions = np.append(self.table["start"], self.places).astype(np.int64)
        self.entries = np.frombuffer(self._bytes("postings"), np.dtype([("low", _LOW[self.bits]), ("place", "<u4")]))
        self.items = np.frombuffer(self._bytes("items"), "<u4") if said["has_items"] else None

    def _header(self, size: int) -> dict[str, Any]:
        header = self._map[:HEADER_BYTES]
        if hashlib.sha256(header[:-32]).digest() != header[-32:] or not header.startswith(MAGIC):
            raise Damaged(self.name, "its header is not one")
        (length,) = struct.unpack_from("<I", header, len(MAGIC))
        said: dict[str, Any] = json.loads(header[len(MAGIC) + 4 :][:length])
        if said["size"] != size:
            raise Damaged(self.name, f"it has {size:,} bytes instead of {said['size']:,}")
        return said

    def _bytes(self, section: str) -> memoryview:
        begin, size = self._where[section]
        return memoryview(self._map)[begin : begin + size]

    def verify(self) -> None:
        """
        Read everything and compare it with its digest.

        :raises Damaged: it is not what was written
        """
        for section in ("items", "postings"):
            if hashlib.sha256(self._bytes(section)).hexdigest() != self._digests[section]:
                raise Damaged(self.name, f"its {section} were changed")
        self.release()

    def prove(self) -> None:
        """
        Do so once for as long as it is open, for what is read whole anyway; whoever opens the index next sets it aside.

        :raises Damaged: it is not what was written
        """
        if self._is_proven:
            return
        try:
            self.verify()
        except Damaged:
            self.is_damaged = True
            raise
        self._is_proven = True

    @property
    def bulk(self) -> int:
        """How many postings it has, or places, where nothing is found by hashes: how long it takes to write."""
        return self.postings or self.places

    def release(self) -> None:
        """Take the pages that were read out of this process's memory; they stay in the page cache."""
        self._map.madvise(mmap.MADV_DONTNEED)

    def expect(self, section: str, begins: Positions, ends: Positions, width: int) -> None:
        """
        Have the kernel read what will be looked at, if it is not in memory: all of it at once, and nothing else.

        Read as it is come to, each page waits for the disk, and brings along megabytes around it that nobody asks for.
        `begins` and `ends` are numbers of entries of so many bytes in a section, in order.
        """
        some = np.flatnonzero(begins < ends)
        if sys.platform != "linux" or not some.size:
            return
        where, _ = self._where[section]
        first = (where + begins[some] * width) // _PAGE
        last = np.maximum.accumulate((where + ends[some] * width - 1) // _PAGE)
        # What touches what came before is one with it.
        is_new = np.append(True, first[1:] > last[:-1] + 1)
        first, last = first[is_new], last[np.append(np.flatnonzero(is_new)[1:] - 1, last.size - 1)]
        some = np.linspace(0, first.size - 1, min(_SAMPLED, first.size), dtype=np.int64)
        if all(self._is_cached(page) for page in first[some].tolist()):
            return
        for page, size in zip(first.tolist(), ((last - first + 1) * _PAGE).tolist(), strict=True):
            os.posix_fadvise(self._file, page * _PAGE, size, os.POSIX_FADV_WILLNEED)

    def _is_cached(self, page: int) -> bool:
        try:
            return os.preadv(self._file, [bytearray(1)], page * _PAGE, os.RWF_NOWAIT) == 1
        except BlockingIOError:  # it would have to wait for the disk (preadv2)
            return False
        except OSError:  # this file system cannot say
            return True

    def id(self, number: int) -> UUID:
        """Return the id of a reference."""
        return UUID(bytes=self.table["id"][number].tobytes())

    def find(self, keys: Hashes) -> tuple[Positions, Positions]:
        """Return where the postings of each key, a spread hash, begin, and how many they are."""
        bucket = keys >> np.uint32(32 - self.bits)
        low = (keys & np.uint32((1 << (32 - self.bits)) - 1)).astype(_LOW[self.bits])
        begin = self.directory[bucket].astype(np.int64)
        end = self.directory[bucket + np.uint32(1)].astype(np.int64)
        self.expect("postings", begin, end, self.entries.itemsize)
        first = self._bound(begin, end, low, np.less)
        # Most keys of a query have no postings, and those are not asked for where they end.
        count = np.zeros(keys.size, np.int64)
        here = np.flatnonzero(first < end)
        here = here[self.entries["low"][first[here]] == low[here]]
        count[here] = self._bound(first[here], end[here], low[here], np.less_equal) - first[here]
        return first, count

    def _bound(self, begin: Positions, end: Positions, low: _Array, before: Callable[..., Any]) -> Positions:
        """Return the first entry in [begin, end) whose rest of the hash does not come before `low`, for each."""
        found = begin.copy()
        end = end.copy()
        left = np.flatnonzero(found < end)
        while left.size:
            middle = (found[left] + end[left]) >> 1
            is_before = before(self.entries["low"][middle], low[left])
            found[left[is_before]] = middle[is_before] + 1
            end[left[~is_before]] = middle[~is_before]
            left = left[found[left] < end[left]]
        return found

    def places_at(self, entries: Positions) -> Positions:
        """
        Return the places of some postings.

        :raises Damaged: one lies outside
        """
        places: Positions = self.entries["place"][entries].astype(np.int64)
        if places.size and int(places.max()) >= self.places:
            self.is_damaged = True  # what opens the index next sets it aside
            raise Damaged(self.name, "a place lies outside")
        return places

    def keys_between(self, begin: int, end: int) -> tuple[Hashes, Positions]:
        """Return keys and places of the postings whose key's first byte is in [begin, end)."""
        width = self.bits - 8
        edges = self.directory[begin << width : (end << width) + 1].astype(np.int64)
        first, last = int(edges[0]), int(edges[-1])
        bucket = np.repeat(np.arange(begin << width, end << width, dtype=np.uint32), np.diff(edges))
        keys = (bucket << np.uint32(32 - self.bits)) | self.entries["low"][first:last]
        return keys, self.places_at(np.arange(first, last))


def _write_segment(
    folder: Path,
    family: str,
    table: NDArray[Any],
    places: int,
    postings: int,
    items: Iterable[Hashes] | None,
    blocks: Iterable[tuple[Hashes, NDArray[np.uint32]]],
) -> str:
    """Write a segment whose postings come in blocks, sorted by key; return its name once it is on the disk."""
    bits = _bits(postings)
    sections: dict[str, list[int]] = {}
    digests: dict[str, str] = {}
    head = hashlib.sha256()
    name = f"{uuid4().hex}.seg"
    incoming = folder / f"{_INCOMING}{name}"
    total = snapshots.of_references(
        ((UUID(bytes=row["id"].tobytes()), row["content"].tobytes()) for row in table), family
    )
    try:
        with incoming.open("wb") as written:
            written.write(bytes(HEADER_BYTES))

            def section(title: str, parts: Iterable[bytes], *digests_of: Any) -> None:
                begin = written.tell()
                for part in parts:
                    written.write(part)
                    for digest in digests_of:
                        digest.update(part)
                sections[title] = [begin, written.tell() - begin]
                written.write(bytes(_pages(written.tell())))

            section("sum", [total.astype("<u2").tobytes()], head)
            section("table", [table.tobytes()], head)
            digest = hashlib.sha256()
            section("items", (part.astype("<u4").tobytes() for part in items or ()), digest)
            digests["items"] = digest.hexdigest()
            counts = np.zeros((1 << bits) + 1, np.int64)
            digest = hashlib.sha256()
            section("postings", (_packed(*block, bits, counts) for block in blocks), digest)
            digests["postings"] = digest.hexdigest()
            section("directory", [np.cumsum(counts).astype("<u4").tobytes()], head)
            said = {
                "family": family,
                "references": int(table.size),
                "places": places,
                "postings": int(counts.sum()),
                "bits": bits,
                "has_items": items is not None,
                "sections": sections,
                "digests": {**digests, "head": head.hexdigest()},
                "size": written.tell(),
            }
            text = json.dumps(said).encode()
            header = MAGIC + struct.pack("<I", len(text)) + text
            header += bytes(HEADER_BYTES - 32 - len(header))
            written.seek(0)
            written.write(header + hashlib.sha256(header).digest())
            written.flush()
            os.fsync(written.fileno())
        incoming.replace(folder / name)
    except BaseException:
        incoming.unlink(missing_ok=True)
        raise
    _sync(folder)
    return name


def _packed(keys: Hashes, places: NDArray[np.uint32], bits: int, counts: Positions) -> bytes:
    entries = np.empty(keys.size, np.dtype([("low", _LOW[bits]), ("place", "<u4")]))
    entries["low"] = keys & np.uint32((1 << (32 - bits)) - 1)
    entries["place"] = places
    if keys.size:
        bucket = keys >> np.uint32(32 - bits)
        first = int(bucket[0])
        found = np.bincount(bucket - np.uint32(first))
        counts[first + 1 : first + 1 + found.size] += found
    return entries.tobytes()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def build(folder: Path, family: str, references: Sequence[Enrolled]) -> str:
    """Write references into a new segment that no manifest names yet; return its name."""
    table = np.zeros(len(references), _TABLE)
    start = 0
    for row, one in zip(table, references, strict=True):
        row["id"] = np.frombuffer(one.id.bytes, "u1")
        row["content"] = np.frombuffer(one.digest, "u1")
        row["start"], row["row"], row["enrolled"] = start, one.row, one.enrolled_us
        start += one.content.length
    contents = [one.content for one in references]
    keys = keys_of(np.concatenate([np.zeros(0, np.uint32), *(one.hashes for one in contents)]))
    offsets = [begin + one.positions for begin, one in zip(table["start"].tolist(), contents, strict=True)]
    places = np.concatenate([np.zeros(0, np.int64), *offsets])
    both = np.sort(keys.astype(np.uint64) << np.uint64(32) | places.astype(np.uint64))
    items = [one.items for one in contents if one.items is not None]
    return _write_segment(
        folder,
        family,
        table,
        start,
        both.size,
        items if len(items) == len(contents) and items else None,
        [((both >> np.uint64(32)).astype(np.uint32), both.astype(np.uint32))],
    )


def merge(folder: Path, family: str, segments: Sequence[tuple[Segment, Mask | None]]) -> str:
    """Write what is left of some segments into one; return its name. `Mask` says which references stay."""
    tables, shifts, kept_places, kept_postings = [], [], 0, 0
    for segment, stays in segments:
        lengths = np.diff(segment.starts)
        if stays is not None:
            lengths = np.where(stays, lengths, 0)
        begins = kept_places + np.cumsum(lengths) - lengths
        shifts.append(begins - segment.starts[:-1])
        table = segment.table.copy()
        table["start"] = begins
        tables.append(table if stays is None else table[stays])
        kept_places += int(lengths.sum())
        kept_postings += segment.postings if stays is None else _kept(segment, stays)
    has_items = all(segment.items is not None for segment, _ in segments)
    steps = 1 << max(0, min(8, (kept_postings // _BLOCK).bit_length()))

    def items() -> Iterator[Hashes]:
        for segment, stays in segments:
            for begin, end in _stretches(segment, stays):
                for at in range(begin, end, _BLOCK):
                    if segment.items is not None:
                        yield segment.items[at : min(end, at + _BLOCK)]
            segment.release()

    def blocks() -> Iterator[tuple[Hashes, NDArray[np.uint32]]]:
        for step in range(steps):
            parts = []
            for (segment, stays), shift in zip(segments, shifts, strict=True):
                keys, places = segment.keys_between(step * 256 // steps, (step + 1) * 256 // steps)
                if stays is None:
                    places += int(shift[0]) if shift.size else 0
                else:
                    reference = np.searchsorted(segment.starts, places, side="right") - 1
                    stay = stays[reference]
                    keys, places = keys[stay], places[stay] + shift[reference[stay]]
                parts.append(keys.astype(np.uint64) << np.uint64(32) | places.astype(np.uint64))
                segment.release()
            both = np.concatenate(parts)
            both.sort(kind="stable")  # which sees that its parts are sorted
            yield (both >> np.uint64(32)).astype(np.uint32), both.astype(np.uint32)

    return _write_segment(
        folder, family, np.concatenate(tables), kept_places, kept_postings, items() if has_items else None, blocks()
    )


def _kept(segment: Segment, stays: Mask) -> int:
    kept = 0
    for begin in range(0, segment.postings, _BLOCK):
        places = segment.places_at(np.arange(begin, min(segment.postings, begin + _BLOCK)))
        kept += int(stays[np.searchsorted(segment.starts, places, side="right") - 1].sum())
    return kept


def _stretches(segment: Segment, stays: Mask | None) -> Iterator[tuple[int, int]]:
    """Give the stretches of places that stay, as long as they are."""
    if stays is None:
        yield 0, segment.places
        return
    edges = np.flatnonzero(np.diff(np.concatenate([[0], stays.astype(np.int8), [0]])))
    for first, last in edges.reshape(-1, 2).tolist():
        yield int(segment.starts[first]), int(segment.starts[last])


# --- What a search sees


class View:
    """
    The references of some segments at one moment, as `Postings`.

    `masks` say for each segment which references are to be found; None stands for all of them.
    """

    def __init__(self, family: str, segments: Sequence[Segment], masks: Sequence[Mask | None]) -> None:
        self.family = family
        self.segments = tuple(segments)
        self.masks = tuple(None if mask is None or mask.all() else mask for mask in masks)
        sizes = [segment.references for segment in segments]
        self._first_number = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
        places = [segment.places for segment in segments]
        self._first_place = np.concatenate([[0], np.cumsum(places, dtype=np.int64)]).astype(np.int64)
        self.starts: Positions = np.concatenate(
            [
                *(segment.starts[:-1] + first for segment, first in zip(segments, self._first_place[:-1], strict=True)),
                self._first_place[-1:],
            ]
        )
        self._size = sum(
            segment.references if mask is None else int(mask.sum())
            for segment, mask in zip(segments, self.masks, strict=True)
        )
        self._snapshot: str | None = None
        self._read = 0
        # What was counted last is read next, some of it at a time.
        self._counted: tuple[Hashes, list[tuple[Hashes, Hashes]]] | None = None

    def __len__(self) -> int:
        return self._size

    @property
    def snapshot(self) -> str:
        """The name of this content."""
        if self._snapshot is None:
            self._snapshot = snapshots.name(self.sum(), self._size)
        return self._snapshot

    def sum(self) -> Sum:
        """Return the sum of all references that are to be found."""
        total = snapshots.nothing()
        for segment, mask in zip(self.segments, self.masks, strict=True):
            if mask is None:
                total += segment.sum
            elif int(mask.sum()) * 2 < mask.size:
                total += self._sum_of(segment, mask)
            else:
                total += segment.sum - self._sum_of(segment, ~mask)
        return total

    def _sum_of(self, segment: Segment, mask: Mask) -> Sum:
        rows = segment.table[mask]
        return snapshots.of_references(
            ((UUID(bytes=row["id"].tobytes()), row["content"].tobytes()) for row in rows), self.family
        )

    def only(self, chosen: Callable[[NDArray[Any]], Mask]) -> View:
        """Return the view of those references alone whose rows of the table are chosen."""
        masks = [
            chosen(segment.table) if mask is None else chosen(segment.table) & mask
            for segment, mask in zip(self.segments, self.masks, strict=True)
        ]
        return View(self.family, self.segments, masks)

    def rows(self) -> NDArray[np.int64]:
        """Return the database's rows that are to be found, in no order."""
        parts = [
            segment.table["row"] if mask is None else segment.table["row"][mask]
            for segment, mask in zip(self.segments, self.masks, strict=True)
        ]
        return np.concatenate([np.zeros(0, np.int64), *parts])

    def enrolled(self) -> list[tuple[int, UUID, bytes]]:
        """Return what is to be found in the order of the database's rows: each row, its reference and its digest."""
        tables = [
            segment.table if mask is None else segment.table[mask]
            for segment, mask in zip(self.segments, self.masks, strict=True)
        ]
        found = np.concatenate([np.zeros(0, _TABLE), *tables])
        found = found[np.argsort(found["row"], kind="stable")]
        return [
            (row, UUID(bytes=id.tobytes()), content.tobytes())
            for row, id, content in zip(found["row"].tolist(), found["id"], found["content"], strict=True)
        ]

    def reference(self, number: int) -> UUID:
        """Return the id of a reference."""
        at = int(np.searchsorted(self._first_number, number, side="right")) - 1
        return self.segments[at].id(number - int(self._first_number[at]))

    def numbers(self, ids: Iterable[UUID]) -> dict[UUID, int]:
        """Return the numbers of some references, by their ids, as far as they are to be found."""
        wanted = np.array(sorted({id.bytes for id in ids}), dtype="S16")
        found: dict[UUID, int] = {}
        for segment, mask, first in zip(self.segments, self.masks, self._first_number.tolist(), strict=False):
            is_wanted = np.isin(np.ascontiguousarray(segment.table["id"]).view("S16")[:, 0], wanted)
            for number in np.flatnonzero(is_wanted if mask is None else is_wanted & mask).tolist():
                found[segment.id(number)] = first + number
        return found

    def ids(self) -> Iterator[UUID]:
        """Give the ids of all references that are to be found."""
        for segment, mask in zip(self.segments, self.masks, strict=True):
            for number in range(segment.references) if mask is None else np.flatnonzero(mask).tolist():
                yield segment.id(number)

    def count(self, hashes: Hashes) -> Positions:
        """Return how many places each hash has."""
        keys, back = np.unique(keys_of(hashes), return_inverse=True)
        total = np.zeros(keys.size, np.int64)
        known = self._counted_before(keys)
        kept: list[tuple[Hashes, Hashes]] = []
        for _, first, count in self._found(keys) if known is None else known:
            total += count
            if known is None and len(self.segments) * keys.size <= _KEPT:
                kept.append((first.astype(np.uint32), count.astype(np.uint32)))
        if keys.size and kept and len(kept) == len(self.segments) and all(mask is None for mask in self.masks):
            self._counted = keys, kept
        self._has_read(keys.size)
        return total[back]

    def _counted_before(self, keys: Hashes) -> list[tuple[int, Positions, Positions]] | None:
        """Return what was found of some keys, in order, if all of them were counted last."""
        counted = self._counted
        if counted is None:
            return None
        at = np.minimum(np.searchsorted(counted[0], keys), counted[0].size - 1)
        if not (counted[0][at] == keys).all():
            return None
        return [
            (number, first[at].astype(np.int64), count[at].astype(np.int64))
            for number, (first, count) in enumerate(counted[1])
        ]

    def _found(self, keys: Hashes) -> Iterator[tuple[int, Positions, Positions]]:
        """Give for each segment where the postings of each key begin, and how many of them are to be found."""
        for number, (segment, mask) in enumerate(zip(self.segments, self.masks, strict=True)):
            first, count = segment.find(keys)
            if mask is not None:
                visible = np.zeros(keys.size, np.int64)
                for which, _ in self._expanded(number, np.arange(keys.size), first, count):
                    visible += np.bincount(which, minlength=keys.size)
                count = visible
            yield number, first, count

    def _expanded(
        self, number: int, which: Positions, first: Positions, count: Positions
    ) -> Iterator[tuple[Positions, Positions]]:
        """Give the places, within a segment, of ranges of postings, each with its number in `which`; in portions."""
        segment, mask = self.segments[number], self.masks[number]
        for some in chunks(count, AT_ONCE):
            places = segment.places_at(ranges(first[some], count[some]))
            names = np.repeat(which[some], count[some])
            if mask is not None:
                seen = mask[np.searchsorted(segment.starts, places, side="right") - 1]
                places, names = places[seen], names[seen]
            yield names, places

    def votes(self, hashes: Hashes, positions: Positions, *, most: int) -> Iterator[tuple[Positions, Positions]]:
        """Give pairs of a query's position and a place with the same hash, in portions."""
        # Sorted by key, the files are read from their beginning to their end.
        spread = keys_of(hashes)
        order = np.argsort(spread, kind="stable")
        positions = positions[order]
        keys, begins, repeats = np.unique(spread[order], return_index=True, return_counts=True)
        total = np.zeros(keys.size, np.int64)
        kept: dict[int, tuple[Positions, Positions]] = {}
        for number, first, count in self._counted_before(keys) or self._found(keys):
            total += count
            # What is hidden is counted out, so it is found once more; and so is what would be too much to keep.
            if self.masks[number] is None and (len(kept) + 1) * keys.size <= _KEPT:
                kept[number] = first, count
        known = np.flatnonzero((total > 0) & (total <= most))
        try:
            for number, segment in enumerate(self.segments):
                if number in kept:
                    first, count = (found[known] for found in kept.pop(number))
                else:
                    first, count = segment.find(keys[known])
                here = np.flatnonzero(count)
                # The same hash at several positions of the query has the same places for each of them.
                again = repeats[known[here]]
                queries = positions[ranges(begins[known[here]], again)]
                firsts, counts = np.repeat(first[here], again), np.repeat(count[here], again)
                for at, places in self._expanded(number, queries, firsts, counts):
                    yield at, places + self._first_place[number]
        finally:
            self._has_read(hashes.size + int(total[known].sum()))

    def items(self, number: int) -> Hashes:
        """
        Return all items of one reference.

        :raises NoItems: the family keeps none
        """
        at = int(np.searchsorted(self._first_number, number, side="right")) - 1
        segment, inside = self.segments[at], number - int(self._first_number[at])
        if segment.items is None:
            raise NoItems(self.family)
        begin, end = segment.starts[inside : inside + 2]
        segment.expect("items", np.array([begin]), np.array([end]), segment.items.itemsize)
        return segment.items[begin:end].astype(np.uint32)

    def at(self, places: Positions) -> Hashes:
        """
        Return the items at many places.

        :raises NoItems: the family keeps none
        """
        found = np.zeros(places.shape, np.uint32)
        if not places.size:
            return found
        low, high = int(places.min()), int(places.max())
        first = int(np.searchsorted(self._first_place, low, side="right")) - 1
        last = int(np.searchsorted(self._first_place, high, side="right")) - 1
        for number in range(first, last + 1):
            segment, begin = self.segments[number], int(self._first_place[number])
            if segment.items is None:
                raise NoItems(self.family)
            if first == last:
                return segment.items[places - begin].astype(np.uint32)
            inside = (places >= begin) & (places < begin + segment.places)
            found[inside] = segment.items[places[inside] - begin]
        return found

    def portions(self, at_once: int) -> Iterator[Portion]:
        """
        Give all items of all references that are to be found, and keep no more in memory than some portions.

        :raises NoItems: the family keeps none
        """
        for segment, mask, first in zip(self.segments, self.masks, self._first_number.tolist(), strict=False):
            if segment.items is None:
                raise NoItems(self.family)
            for low, high in _runs(mask, segment.references):
                starts = segment.starts[low : high + 1]
                asked, last = int(starts[0]), int(starts[-1])
                for begin, end in in_portions(starts, at_once):
                    here = starts[begin : end + 1]
                    while asked < min(last, int(here[-1]) + _AHEAD):
                        until = min(last, asked + _AHEAD)
                        segment.expect("items", np.array([asked]), np.array([until]), segment.items.itemsize)
                        asked = until
                    yield first + low + begin, here - here[0], segment.items[here[0] : here[-1]]
                    self._has_read(int(here[-1] - here[0]))
        self.release()

    def _has_read(self, entries: int) -> None:
        self._read += entries
        if self._read > _READ_AT_ONCE:
            self.release()

    def release(self) -> None:
        """Take what was read out of this process's memory."""
        self._read = 0
        for segment in self.segments:
            segment.release()


def _runs(mask: Mask | None, count: int) -> list[tuple[int, int]]:
    """Which references in a row are to be found: the first, and the one behind the last."""
    if mask is None:
        return [(0, count)]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(low), int(high)) for low, high in edges.reshape(-1, 2)]


# --- The folder


@dataclass(frozen=True)
class Manifest:
    """
    Which segments count, and which rows of the database they stand for.

    `dead` are references that a later row replaced, by segment; `passed` rows that were replaced and are in no segment
    any more. `count`, `sum` and `last` are of all rows that were looked at, and `ending` is the digest of the last:
    the database is compared with them.
    """

    family: str
    generation: int = 0
    segments: tuple[str, ...] = ()
    dead: tuple[tuple[str, tuple[int, ...]], ...] = ()
    passed: tuple[int, ...] = ()
    count: int = 0
    sum: int = 0
    last: int = 0
    ending: str = ""

    def with_segment(self, name: str) -> Manifest:
        """Return the manifest that names one more segment."""
        return replace(self, generation=self.generation + 1, segments=(*self.segments, name))

    def with_rows(
        self, *, count: int, sum: int, last: int, ending: str, passed: Sequence[int], dead: Mapping[str, Sequence[int]]
    ) -> Manifest:
        """Return the manifest that stands for some more rows, and for which some references are dead."""
        all_dead = {name: set(numbers) for name, numbers in self.dead}
        for name, numbers in dead.items():
            all_dead[name] = all_dead.get(name, set()) | set(numbers)
        return replace(
            self,
            generation=self.generation + 1,
            dead=tuple((name, tuple(sorted(numbers))) for name, numbers in sorted(all_dead.items())),
            passed=tuple(sorted({*self.passed, *passed})),
            count=self.count + count,
            sum=self.sum + sum,
            last=last,
            ending=ending,
        )

    def of_rows(self, rows: NDArray[np.int64]) -> Manifest:
        """Return the manifest whose sums are those of exactly these rows."""
        return replace(self, count=int(rows.size), sum=int(rows.sum()))

    def without_segment(self, name: str) -> Manifest:
        """Return the manifest that does not name a segment; its sums are wrong then, so that its rows are missed."""
        return replace(
            self,
            generation=self.generation + 1,
            segments=tuple(one for one in self.segments if one != name),
            dead=tuple((one, numbers) for one, numbers in self.dead if one != name),
            count=-1,
        )

    def to_bytes(self) -> bytes:
        """Write it with its digest."""
        text = json.dumps(vars(self), separators=(",", ":")).encode()
        return hashlib.sha256(text).hexdigest().encode() + b"\n" + text

    @classmethod
    def from_bytes(cls, given: bytes) -> Manifest:
        """
        Read it back.

        :raises Damaged: it is not what was written
        """
        digest, _, text = given.partition(b"\n")
        if hashlib.sha256(text).hexdigest().encode() != digest:
            raise Damaged("manifest", "it is not what was written")
        said = json.loads(text)
        return cls(
            **{
                **said,
                "segments": tuple(said["segments"]),
                "dead": tuple((name, tuple(numbers)) for name, numbers in said["dead"]),
                "passed": tuple(said["passed"]),
            }
        )


@dataclass
class Folder:
    """An index in a folder: read by many, written by one at a time."""

    path: Path
    family: str
    _seen: tuple[int, int, int] | None = None
    _manifest: Manifest | None = None
    _view: View | None = None
    _open: dict[str, Segment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def read(self) -> tuple[Manifest, View]:
        """
        Return what counts now, opened.

        :raises Damaged: a file is not what was written
        """
        for _ in range(100):
            seen = self._stat()
            if self._manifest is not None and self._view is not None and seen == self._seen:
                if damaged := next((one for one in self._view.segments if one.is_damaged), None):
                    raise Damaged(damaged.name, "a search came upon it")
                return self._manifest, self._view
            manifest = self._read_manifest()
            try:
                self._view = self._opened(manifest)
            except Gone as error:
                if self._stat() == seen:
                    raise Damaged(str(error), "it is not there") from None
                continue  # a merge replaced it between two reads
            self._manifest, self._seen = manifest, seen
            return manifest, self._view
        raise Damaged("manifest", "it changes faster than it can be read")

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            found = (self.path / "manifest").stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read_manifest(self) -> Manifest:
        try:
            return Manifest.from_bytes((self.path / "manifest").read_bytes())
        except FileNotFoundError:
            return Manifest(self.family)

    def _opened(self, manifest: Manifest) -> View:
        opened = {name: self._open.get(name) or Segment(self.path / name) for name in manifest.segments}
        if other := next((segment for segment in opened.values() if segment.family != self.family), None):
            raise Damaged(other.name, f"it is an index of {other.family}")
        self._open = opened  # what is not named any more is closed when the last view of it goes
        dead = dict(manifest.dead)
        masks: list[Mask | None] = []
        for name, segment in opened.items():
            mask = None
            if name in dead:
                mask = np.ones(segment.references, dtype=bool)
                mask[list(dead[name])] = False
            masks.append(mask)
        return View(self.family, list(opened.values()), masks)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to change what counts, among all processes, for as long as the body runs."""
        with self._locked("write.lock", wait=True):
            yield

    @contextmanager
    def _locked(self, name: str, *, wait: bool) -> Iterator[bool]:
        with (self.path / name).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True  # closing the file gives it up, as the end of a process does

    def commit(self, manifest: Manifest) -> None:
        """Let a manifest count from now on, for every process. To be called while `writing`."""
        incoming = self.path / f"{_INCOMING}manifest"
        with incoming.open("wb") as written:
            written.write(manifest.to_bytes())
            written.flush()
            os.fsync(written.fileno())
        incoming.replace(self.path / "manifest")
        _sync(self.path)

    def begin_anew(self) -> None:
        """Let nothing count. While `writing`."""
        generation = self._read_manifest().generation
        self.commit(Manifest(self.family, generation=generation + 1))
        self._forget()
        self.sweep()

    def set_aside(self, name: str) -> None:
        """
        Move a damaged file out of the way, and keep it for whoever wants to know why; what it held is missed then.
        """
        with self.writing():
            kept = self.path / "damaged"
            kept.mkdir(exist_ok=True, mode=0o700)
            try:
                manifest = self._read_manifest()
            except Damaged:
                manifest = Manifest(self.family)
                name = "manifest"
            if name == "manifest":
                manifest = Manifest(self.family, generation=manifest.generation + 1)
            elif name in manifest.segments:
                manifest = manifest.without_segment(name)
            else:
                self._forget()
                return  # somebody else did
            for old in kept.iterdir():
                old.unlink()  # of an earlier time: many of them would fill the disk
            with contextlib.suppress(FileNotFoundError):
                (self.path / name).replace(kept / name)
            self.commit(manifest)
            self._forget()

    def _forget(self) -> None:
        self._manifest = self._view = self._seen = None
        self._open = {}

    def tidy(self, *, most: int = MOST_POSTINGS) -> bool:
        """
        Make several segments of about one size into one, if there are so many; return whether there were.

        Others read and write meanwhile. `most` is how many postings it may take on, or places where there are none.
        """
        with self._locked("merge.lock", wait=False) as is_mine:
            if not is_mine:
                return False
            manifest, view = self.read()
            chosen = _chosen(manifest, view, most)
            if not chosen:
                return False
            together = [
                (segment, mask)
                for segment, mask in zip(view.segments, view.masks, strict=True)
                if segment.name in chosen
            ]
            name = merge(self.path, self.family, together)
            try:
                with self.writing():
                    self._replace(together, name)
            except Gone:
                (self.path / name).unlink(missing_ok=True)
                return False
            except BaseException:
                (self.path / name).unlink(missing_ok=True)
                raise
            return True

    def _replace(self, together: Sequence[tuple[Segment, Mask | None]], name: str) -> None:
        manifest, _ = self.read()
        gone = {segment.name for segment, _ in together}
        if not gone <= set(manifest.segments):
            raise Gone(name)  # somebody began anew
        dead_now = dict(manifest.dead)
        dead: list[int] = []
        passed = list(manifest.passed)
        begin = 0
        for segment, mask in together:
            numbers = np.cumsum(np.ones(segment.references, int) if mask is None else mask) - 1
            for number in dead_now.pop(segment.name, ()):
                if mask is None or mask[number]:
                    dead.append(begin + int(numbers[number]))  # since the merge began
                else:
                    passed.append(int(segment.table["row"][number]))
            begin += int(numbers[-1]) + 1 if numbers.size else 0
        if dead:
            dead_now[name] = tuple(dead)
        kept = [one for one in manifest.segments if one not in gone]
        self.commit(
            replace(
                manifest,
                generation=manifest.generation + 1,
                segments=(name, *kept),
                dead=tuple(sorted(dead_now.items())),
                passed=tuple(sorted(passed)),
            )
        )
        for segment, _ in together:
            (self.path / segment.name).unlink(missing_ok=True)

    def sweep(self) -> int:
        """Remove what a process that died has left; return how many files. While `writing`."""
        with self._locked("merge.lock", wait=False) as is_mine:
            if not is_mine:
                return 0  # a merge is at it, and what it writes is not named yet
            named = set(self._read_manifest().segments)
            left = [path for path in self.path.glob("*.seg") if path.name not in named]
            left += self.path.glob(f"{_INCOMING}*")
            for path in left:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
            return len(left)


def _chosen(manifest: Manifest, view: View, most: int) -> set[str]:
    """Return which segments are to become one: as many of one size as are too many, the smallest first."""
    tiers: dict[int, list[Segment]] = {}
    for segment in view.segments:
        tiers.setdefault(max(segment.bulk.bit_length(), _SMALL) // 2, []).append(segment)
    for _, segments in sorted(tiers.items()):
        if len(segments) < WIDTH:
            continue
        chosen: set[str] = set()
        bulk = places = 0
        for segment in sorted(segments, key=lambda segment: segment.bulk):
            bulk, places = bulk + segment.bulk, places + segment.places
            if bulk > most or places > MOST_PLACES:
                break
            chosen.add(segment.name)
        if len(chosen) > 1:
            return chosen
    # What was replaced takes room and time: a segment that is mostly that is written again.
    dead = dict(manifest.dead)
    for segment in view.segments:
        if len(dead.get(segment.name, ())) * 4 > segment.references and segment.bulk <= most:
            return {segment.name}
    return set()
