"""
The index of everything registered: files in the data folder, made from the table of fingerprints and kept in step.

The table is the truth. Whoever asks for the index compares it with the table first and puts in what is missing, so an
examination sees every reference that is committed when it begins. The files may be deleted at any time: they are
made again. Several processes read them; whoever finds something missing takes the one right to write.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db.models import Func, Max, QuerySet, Sum
from django.db.models.aggregates import Count

from fingerprint import extract, landmarks, segments, spectra
from fingerprint.models import Fingerprint, IndexSnapshot
from fingerprint.postings import Content, Family, Hashes, Index, Postings, runs
from fingerprint.segments import Damaged, Enrolled, Folder, Manifest, Segment, View

_log = logging.getLogger(__name__)

AT_ONCE = 1 << 22  # postings in memory while they are put in
SOON = 1 << 21  # postings that are made into one segment at once, and not in the background
_COMPARED_AT_ONCE = 200  # references whose rows are compared with what a file holds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATE = 500  # rows below the highest that may still be committed
DELTA = 500  # references that are compared with one output together


@dataclass(frozen=True)
class Cut:
    """What counts of a table that grows: rows up to one, without those that came late."""

    last: int
    absent: tuple[int, ...]

    def of(self, view: View) -> View:
        """Return the view of nothing else."""
        absent = np.array(self.absent, np.int64)
        return view.only(lambda table: (table["row"] <= self.last) & ~np.isin(table["row"], absent))


class Moved(Exception):
    """What was asked about has changed since: a reference has another fingerprint by now. Ask again."""


class SnapshotLost(Exception):
    """What the index held then cannot be put together any more: a reference has another fingerprint by now."""


def items_of(data: bytes | memoryview) -> Hashes:
    """Read stored items: 32 bits each, little-endian."""
    return np.frombuffer(bytes(data), dtype="<u4").astype(np.uint32)


def _chromaprint(data: bytes) -> Content:
    return runs(items_of(data))


# Fingerprints of all releases of libchromaprint are taken together: its releases differ in rounding and keep their
# algorithms. To leave the older ones out would clear an output because its reference was enrolled before an upgrade.
# If a reference has several, the last one counts.
CHROMAPRINT = Family(extract.FAMILY, _chromaprint, has_items=True)
LANDMARKS = landmarks.FAMILY
SPECTRA = spectra.FAMILY
FAMILIES: tuple[Family, ...] = (CHROMAPRINT, LANDMARKS, SPECTRA)


@dataclass(frozen=True)
class Source:
    """A table whose rows an index is made of, and its columns: what is found, since when it is known, what it holds."""

    rows: Callable[[], QuerySet[Any, Any]]
    found: str
    known: str
    data: str | Func[Any]


_others: dict[Family, Source] = {}


def keep(family: Family, source: Source) -> None:
    """
    Keep an index of rows of another table than that of fingerprints; it is asked for with ``current(family)``.

    What its names stood for is not kept here.
    """
    _others[family] = source


def others() -> tuple[Family, ...]:
    """Return the families whose rows are no fingerprints of references."""
    return tuple(_others)


def _source(family: Family) -> Source:
    return _others.get(family) or Source(
        lambda: Fingerprint.objects.filter(algorithm__startswith=family.name),
        "reference_id",
        "reference__enrolled_at",
        "data",
    )


@dataclass
class _Held:
    """What this process holds of one family."""

    folder: Folder
    noted: str = ""  # the snapshot that is in the database for certain
    lock: threading.Lock = field(default_factory=threading.Lock)


_held: dict[tuple[Path, str], _Held] = {}
_holding = threading.Lock()


def _folder(family: Family) -> _Held:
    path = Path(settings.FINGERPRINT_INDEX)
    if family.ids is not None:
        first, last = (id.hex.rstrip(end) for id, end in zip(family.ids, "0f", strict=True))
        path = path / "shards" / f"{first:0<2}-{last:f<2}"
    path = path / (family.folder or family.name.strip("/").replace("/", "-"))
    with _holding:
        if (path, family.name) not in _held:
            _held[path, family.name] = _Held(Folder(path, family.name))
        return _held[path, family.name]


def current(family: Family = CHROMAPRINT) -> View:
    """
    Return the index over every reference that is committed now.

    Only what was enrolled since anybody last called is read. What would have lost rows (another database, an emptied
    or restored one) is begun anew; a file that is damaged is set aside and its references are read again.
    """
    held = _folder(family)
    with held.lock:
        for _ in range(8):
            try:
                manifest, view = _in_step(held.folder, family)
                break
            except Damaged as error:
                _log.warning("%s: the index is repaired from the table: %s", family.name, error)
                held.folder.set_aside(error.name)
        else:
            raise Damaged(str(held.folder.path), "it is damaged again and again: look at the disk")
        if family not in _others and family.ids is None:
            _note(held, manifest, view)
        return view


def forget() -> None:
    """Drop what this process holds; what is in the files stays."""
    with _holding:
        _held.clear()


# --- Keeping in step


def _rows(family: Family) -> QuerySet[Any, Any]:
    source = _source(family)
    if family.ids is None:
        return source.rows()
    first, last = family.ids
    return source.rows().filter(**{f"{source.found}__gte": first, f"{source.found}__lte": last})


def _counted(family: Family, *, up_to: int | None = None) -> tuple[int, int, int]:
    rows = _rows(family) if up_to is None else _rows(family).filter(id__lte=up_to)
    found = rows.aggregate(rows=Count("id"), total=Sum("id"), last=Max("id"))
    return found["rows"], int(found["total"] or 0), found["last"] or 0


def _in_step(folder: Folder, family: Family) -> tuple[Manifest, View]:
    manifest, view = folder.read()
    if not _is_in_step(manifest, family):
        with folder.writing():
            folder.sweep()
            manifest, view = folder.read()  # whoever wrote before us may have put it in
            if not _is_in_step(manifest, family):
                _put_in(folder, family)
        while folder.tidy(most=SOON):
            pass
        manifest, view = folder.read()
    return manifest, view


def _is_in_step(manifest: Manifest, family: Family) -> bool:
    return _counted(family) == (manifest.count, manifest.sum, manifest.last) and _ends_alike(manifest, family)


def _ends_alike(manifest: Manifest, family: Family) -> bool:
    """
    Whether the last row is the one that was put in.

    A database that was restored and went on from there may have as many rows with the same numbers, and others.
    """
    if not manifest.last:
        return True
    source = _source(family)
    row = source.rows().filter(id=manifest.last).values_list(source.found, source.data).first()
    return row is not None and manifest.ending == _ending(row[0], bytes(row[1]))


def _ending(reference_id: UUID, data: bytes) -> str:
    return hashlib.sha256(reference_id.bytes + data).hexdigest()


def _put_in(folder: Folder, family: Family) -> None:
    manifest, view = folder.read()
    late: list[int] = []
    is_behind = _counted(family, up_to=manifest.last)[:2] == (manifest.count, manifest.sum)
    if not (is_behind and _ends_alike(manifest, family)):
        known = _known(manifest, view)
        ids = _rows(family).filter(id__lte=manifest.last).order_by("id").values_list("id", flat=True)
        there = np.fromiter(ids.iterator(chunk_size=20_000), np.int64)
        if np.setdiff1d(known, there).size or (manifest.ending and not _ends_alike(manifest, family)):
            folder.begin_anew()
            manifest, view = folder.read()
        else:
            late = np.setdiff1d(there, known).tolist()
            manifest = manifest.of_rows(known)
    for some in _portions(late):
        manifest = _add(folder, family, manifest, _rows(family).filter(id__in=some))
    while True:
        grown = _add(folder, family, manifest, _rows(family).filter(id__gt=manifest.last))
        if grown.count == manifest.count:
            return
        manifest = grown


def _known(manifest: Manifest, view: View) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    rows = [segment.table["row"] for segment in view.segments]
    return np.unique(np.concatenate([np.array(manifest.passed, np.int64), *rows]))


def _portions(ids: Sequence[int], at_once: int = 1000) -> Iterator[Sequence[int]]:
    return (ids[begin : begin + at_once] for begin in range(0, len(ids), at_once))


def _add(folder: Folder, family: Family, manifest: Manifest, rows: QuerySet[Any, Any]) -> Manifest:
    """Put the first of some rows in, as many as memory allows; return the manifest that counts now."""
    given: dict[UUID, Enrolled] = {}
    passed: list[int] = []
    count = total = postings = 0
    last, ending = manifest.last, manifest.ending
    for row, reference_id, enrolled_at, data in _paged(family, rows):
        content = family.read(data)
        if reference_id in given:
            passed.append(given[reference_id].row)
        given[reference_id] = Enrolled(reference_id, row, _microseconds(enrolled_at), family.digest(data), content)
        count, total, postings = count + 1, total + row, postings + (content.hashes.size or content.length)
        if row > last:
            last, ending = row, _ending(reference_id, data)
        if postings >= AT_ONCE:
            break
    if not count:
        return manifest
    replaced, overtaken = _earlier(folder, family, given)
    passed += [given.pop(reference_id).row for reference_id in overtaken]
    manifest = manifest.with_rows(count=count, sum=total, last=last, ending=ending, passed=passed, dead=replaced)
    if given:
        manifest = manifest.with_segment(segments.build(folder.path, family.name, list(given.values())))
    folder.commit(manifest)
    return manifest


def _paged(family: Family, rows: QuerySet[Any, Any], at_once: int = 200) -> Iterator[tuple[int, UUID, datetime, bytes]]:
    """Read rows in the order of their numbers, a page at a time: a cursor would copy all of them to a file first."""
    source = _source(family)
    wanted = rows.order_by("id").values_list("id", source.found, source.known, source.data)
    last = 0
    while page := list(wanted.filter(id__gt=last)[:at_once]):
        for row, reference_id, enrolled_at, data in page:
            yield row, reference_id, enrolled_at, bytes(data)
        last = page[-1][0]


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _earlier(folder: Folder, family: Family, given: dict[UUID, Enrolled]) -> tuple[dict[str, list[int]], list[UUID]]:
    """Return where references stand that have an older fingerprint, and those that have a newer one already."""
    replaced: dict[str, list[int]] = {}
    overtaken: list[UUID] = []
    ids = list(given)
    found = _source(family).found
    several = [
        reference_id
        for some in (ids[begin : begin + 1000] for begin in range(0, len(ids), 1000))
        for reference_id in _rows(family)
        .filter(**{f"{found}__in": some})
        .values(found)
        .annotate(rows=Count("id"))
        .filter(rows__gt=1)
        .values_list(found, flat=True)
    ]
    if not several:
        return replaced, overtaken
    _, view = folder.read()
    for reference_id in several:
        for segment, mask in zip(view.segments, view.masks, strict=True):
            same = (segment.table["id"] == np.frombuffer(reference_id.bytes, "u1")).all(axis=1)
            for number in np.flatnonzero(same if mask is None else same & mask).tolist():
                if int(segment.table["row"][number]) < given[reference_id].row:
                    replaced.setdefault(segment.name, []).append(number)
                else:
                    overtaken.append(reference_id)
    return replaced, overtaken


def tidy(families: Sequence[Family] | None = None) -> int:
    """Make many small segments into few large ones, and remove what dead processes left; return how many merges."""
    merges = 0
    for family in (*FAMILIES, *others()) if families is None else families:
        folder = Folder(_folder(family).folder.path, family.name)  # its own: a merge must not hold up a search
        try:
            while folder.tidy():
                merges += 1
            with folder.writing():
                folder.sweep()
        except Damaged as error:
            _log.warning("%s: the index is repaired from the table: %s", family.name, error)
            folder.set_aside(error.name)
    return merges


def rebuild(family: Family) -> View:
    """Make the index of a family from the table, whatever is in its files; others go on with what they hold."""
    folder = Folder(_folder(family).folder.path, family.name)
    with folder.writing():
        folder.begin_anew()
    return current(family)


def size_bytes(family: Family) -> int:
    """Return how much room the files of a family take."""
    return sum(path.stat().st_size for path in _folder(family).folder.path.glob("*.seg"))


def verify(family: Family) -> list[str]:
    """Read every byte of the index, set aside what is not what was written, and return the names of that."""
    folder = Folder(_folder(family).folder.path, family.name)
    damaged: list[str] = []
    while True:
        try:
            _, view = folder.read()
            for segment in view.segments:
                segment.verify()
        except Damaged as error:
            damaged.append(error.name)
            folder.set_aside(error.name)
        else:
            return damaged


@dataclass(frozen=True)
class Apart:
    """One row about which a file and the table do not agree, though the file is as it was written."""

    file: str
    row: int
    reference: UUID
    why: str

    def __str__(self) -> str:
        return f"{self.file}: row {self.row:,} of reference {self.reference}: {self.why}"


def compare(family: Family) -> Iterator[Apart]:
    """
    Go through everything the files hold and say where the table holds something else; nothing is changed.

    What the table has and no file yet is put in by whoever asks for the index next, and not said here. Of families
    whose items are not kept, digests of what was put in are compared.
    """
    _, view = Folder(_folder(family).folder.path, family.name).read()
    for segment, mask in zip(view.segments, view.masks, strict=True):
        numbers = np.arange(segment.references) if mask is None else np.flatnonzero(mask)
        for begin in range(0, numbers.size, _COMPARED_AT_ONCE):
            yield from _apart(family, segment, numbers[begin : begin + _COMPARED_AT_ONCE].tolist())
        segment.release()


def _apart(family: Family, segment: Segment, numbers: Sequence[int]) -> Iterator[Apart]:
    source = _source(family)
    rows = [int(segment.table["row"][number]) for number in numbers]
    wanted = _rows(family).filter(id__in=rows).values_list("id", source.found, source.data)
    stored = {row: (reference_id, bytes(data)) for row, reference_id, data in wanted}
    for number, row in zip(numbers, rows, strict=True):
        reference_id = segment.id(number)
        why = ""
        if row not in stored:
            why = "the table has no such row"
        elif stored[row][0] != reference_id:
            why = f"in the table it is of reference {stored[row][0]}"
        elif segment.table["content"][number].tobytes() != family.digest(stored[row][1]):
            why = "it was made of something else than the table holds"
        elif segment.items is not None:
            held = segment.items[segment.starts[number] : segment.starts[number + 1]]
            items = family.read(stored[row][1]).items
            if items is None or not np.array_equal(held, items):
                own = 0 if items is None else items.nbytes
                why = f"{held.nbytes:,} bytes in the file are not the {own:,} of the table"
        if why:
            yield Apart(segment.name, row, reference_id, why)


# --- The index as it was, and what came since


def _note(held: _Held, manifest: Manifest, view: View) -> None:
    """Keep what a snapshot stands for: an examination names it, and a replay asks for it."""
    if held.noted == view.snapshot:
        return
    note(view.snapshot, len(view), view.family, _cut(manifest.last))
    held.noted = view.snapshot


def note(snapshot: str, size: int, family: str, cut: Cut) -> None:
    """Keep what a snapshot stands for."""
    IndexSnapshot.objects.bulk_create(
        [IndexSnapshot(snapshot=snapshot, family=family, size=size, last_row=cut.last, absent_rows=list(cut.absent))],
        ignore_conflicts=True,
    )


def _cut(last: int) -> Cut:
    existing = Fingerprint.objects.filter(id__gt=last - LATE, id__lte=last)
    first = max(1, last - LATE + 1)
    return Cut(last, tuple(sorted(set(range(first, last + 1)) - set(existing.values_list("id", flat=True)))))


def cut_now(family: Family) -> Cut:
    """Return what counts of a family now: the same for every part of its index, whenever it is asked."""
    return _cut(_rows(family).aggregate(last=Max("id"))["last"] or 0)


def cut_of(snapshot: str, family: Family) -> Cut:
    """
    Return what counted when an index had this name.

    :raises SnapshotLost: there was no such index
    """
    then = IndexSnapshot.objects.filter(snapshot=snapshot, family=family.name).first()
    if then is None:
        raise SnapshotLost(f"No index of this ledger was ever called {snapshot}.")
    return Cut(then.last_row, tuple(then.absent_rows))


def at_cut(family: Family, cut: Cut) -> View:
    """
    Return the index of what counts, put in step with the table first.

    :raises Moved: a reference of it has another fingerprint by now, which does not count
    """
    whole = current(family)
    view = cut.of(whole)
    if len(view) != len(whole):
        rows = _rows(family).filter(id__lte=cut.last).exclude(id__in=cut.absent)
        if rows.aggregate(found=Count("reference_id", distinct=True))["found"] != len(view):
            raise Moved
    return view


def as_at(snapshot: str, family: Family = CHROMAPRINT) -> View:
    """
    Return the index as it was when it had this name: an examination is repeated against what it was made against.

    :raises SnapshotLost: there was no such index, or a reference's fingerprint was replaced since
    """
    view = cut_of(snapshot, family).of(current(family))
    if view.snapshot != snapshot:
        raise SnapshotLost(SnapshotLost.__doc__)
    return view


def at(moment: datetime, family: Family = CHROMAPRINT) -> View:
    """Return the index of what was enrolled up to a moment, that moment included."""
    until = _microseconds(moment)
    return current(family).only(lambda table: table["enrolled"] <= until)


def since(snapshot: str, family: Family = CHROMAPRINT) -> Iterator[UUID]:
    """
    Give the references that the index has now and did not have when it had this name, as they were committed.

    :raises SnapshotLost: there was no such index
    """
    return (reference_id for reference_id, _ in _since(snapshot, family))


def delta(snapshot: str, family: Family = CHROMAPRINT) -> Iterator[Postings]:
    """
    Give what came since as small indexes, to examine what was examined then against nothing else.

    :raises SnapshotLost: there was no such index
    """
    portion: dict[UUID, bytes] = {}
    for reference_id, data in _since(snapshot, family):
        portion[reference_id] = data
        if len(portion) == DELTA:
            yield Index.of(portion.items(), family)
            portion = {}
    if portion:
        yield Index.of(portion.items(), family)


def _since(snapshot: str, family: Family) -> Iterable[tuple[UUID, bytes]]:
    then = cut_of(snapshot, family)
    new = _rows(family).filter(id__gt=then.last) | _rows(family).filter(id__in=then.absent)
    return ((reference_id, data) for _, reference_id, _, data in _paged(family, new))
