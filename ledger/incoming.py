"""Files that are handed in to be taken over: kept by digest, and read by their format, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID

import rfc8785
from django.conf import settings
from django.db import connection, transaction

from fingerprint import store
from ledger.models import Enrollment, ImportBatch
from rights.exchange import ack, cwr, ern, sheet
from rights.exchange.limits import Limits
from rights.exchange.lines import Heading, Line, Problem
from rights.vocabulary import PartyKind

ALIAS = "imports"
VERSION = "import/1"  # another one reads the same file to other facts: an entry names what read its import
SHEETS = frozenset(
    {ImportBatch.Format.CATALOGUE_SHEET, ImportBatch.Format.SHARES_SHEET, ImportBatch.Format.CONSENTS_SHEET}
)


class MappingMissing(Exception):
    """A sheet is read through a mapping: name a saved one or give one with the file."""


class MappingOfAnotherFormat(Exception):
    """The mapping is for another kind of sheet than the file is said to be."""


@dataclass(frozen=True)
class Reading:
    """What a file is read with, beside its format. Part of what makes an import the same."""

    mapping: sheet.Mapping | None = None  # of a sheet
    holds_from: date | None = None  # shares without a day of their own; empty: the day of receipt
    kind: PartyKind = PartyKind.PERSON  # of parties whose kind the file does not say
    again: UUID | None = None  # the refused or reversed import of the same file that this one follows

    def to_json(self) -> str:
        """Return it as it is stored and compared."""
        document: dict[str, Any] = {}
        if self.mapping:
            document["mapping"] = self.mapping.to_dict()
        if self.holds_from:
            document["holds_from"] = self.holds_from.isoformat()
        if self.kind is not PartyKind.PERSON:
            document["kind"] = self.kind.value
        if self.again:
            document["again"] = str(self.again)
        return rfc8785.dumps(document).decode() if document else ""

    @classmethod
    def of(cls, batch: ImportBatch) -> Reading:
        """Return what a batch is read with."""
        document = json.loads(batch.mapping or "{}")
        return cls(
            mapping=sheet.Mapping.from_dict(document["mapping"]) if "mapping" in document else None,
            holds_from=date.fromisoformat(document["holds_from"]) if "holds_from" in document else None,
            kind=PartyKind(document.get("kind", PartyKind.PERSON)),
            again=UUID(document["again"]) if "again" in document else None,
        )


def check(format: ImportBatch.Format, reading: Reading) -> None:
    """
    Refuse what no file of the format could be read with.

    :raises MappingMissing: it is a sheet, and nothing says what its columns hold
    :raises MappingOfAnotherFormat: the mapping is for another kind of sheet
    """
    if format in SHEETS:
        if reading.mapping is None:
            raise MappingMissing
        if reading.mapping.kind != format:
            raise MappingOfAnotherFormat(f"The mapping is for {reading.mapping.kind}, the file is said to be {format}")
        gaps = reading.mapping.gaps()
        if gaps:
            raise sheet.BadMapping("columns", "name a column for " + "; ".join(" or ".join(group) for group in gaps))
    elif reading.mapping is not None:
        raise MappingOfAnotherFormat(f"A file of the format {format} is read without a mapping")


def limits() -> Limits:
    """Return how much of a file is read."""
    return Limits(max_bytes=settings.LEDGER_MAX_IMPORT_BYTES)


class _Counted(FileIO):
    """A file that knows how far it was read; a second pass over it does not count back."""

    furthest = 0

    def readinto(self, buffer: Any) -> int | None:
        count = super().readinto(buffer)
        self.furthest = max(self.furthest, self.tell())
        return count


@dataclass
class OpenFile:
    """A file that is being read."""

    batch: ImportBatch
    reading: Reading
    raw: _Counted
    heading: Heading | None = None
    stream: BinaryIO = field(init=False)

    def __post_init__(self) -> None:
        self.stream = cast("BinaryIO", BufferedReader(self.raw, 1 << 16))

    @property
    def bytes_read(self) -> int:
        """How many of its bytes were read."""
        return min(self.raw.furthest, self.batch.size_bytes)

    def lines(self) -> Iterator[Line]:
        """Go through what it says, from the beginning; of acknowledgements see ``answers``."""
        self.stream.seek(0)
        bounds = limits()
        if self.batch.format in SHEETS:
            assert self.reading.mapping is not None  # noqa: S101 - checked as it was handed in
            yield from sheet.read(self.stream, self.reading.mapping, limits=bounds)
        elif self.batch.format == ImportBatch.Format.CWR:
            self.heading, lines = cwr.read(self.stream, limits=bounds)
            yield from lines
        else:
            for line in ern.read(self.stream, limits=bounds):
                if isinstance(line, Heading):
                    self.heading = line
                else:
                    yield line

    def answers(self) -> Iterator[ack.Acknowledgement | Problem]:
        """Go through a society's answers, from the beginning."""
        self.stream.seek(0)
        self.heading, answers = ack.read(self.stream, limits=limits())
        yield from answers


@contextmanager
def opened(batch: ImportBatch) -> Iterator[OpenFile]:
    """
    Open the file of a batch.

    :raises NoSuchAudio: its bytes are gone from the store
    """
    with store.local(batch.file_digest, alias=ALIAS) as path, _Counted(str(path), "rb") as raw:
        yield OpenFile(batch, Reading.of(batch), raw)


def hold(path: Path, digest: str) -> None:
    """Make sure, inside the transaction that will speak of them, that the bytes are stored and stay so."""
    _lock(digest)
    if not store.holds(digest, alias=ALIAS):
        store.put(path, alias=ALIAS)


def discard_unless_kept(digest: str) -> bool:
    """Remove stored bytes that no batch and no enrollment speaks of; return whether they were removed."""
    with transaction.atomic():
        _lock(digest)
        if ImportBatch.objects.filter(file_digest=digest).exists():
            return False
        if Enrollment.objects.filter(mapping_digest=digest).exists():
            return False
        return store.discard(digest, alias=ALIAS)


def collect(*, stored_before: datetime) -> int:
    """Remove files that no batch speaks of and that were stored before a moment; return how many."""
    unfinished = store.discard_unfinished(stored_before=stored_before, alias=ALIAS)
    return unfinished + sum(map(discard_unless_kept, store.digests(stored_before=stored_before, alias=ALIAS)))


def _lock(digest: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"import {digest}",))
