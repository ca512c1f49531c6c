"""
Where a person left traces outside of what is sealed for them: in rows and files that repeat what others wrote.

Looked for by the person's names and addresses, which only whoever erases them can still read. Found is a text that has
all the words of a name, in any order, or an address: a trace more than there is does no harm to anybody, and a name
that others bear too is erased there with them.
"""

from __future__ import annotations

import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pyarrow.parquet as pq
from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.db import connection, transaction
from django.db.models import Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from fingerprint import store
from rights import parties, sealing
from rights.models import Identifier, PartyContact, PartyIdentity, PartyName
from rights.personal import PERSONAL, DataClass, Fate, Kept

IMPORTS = "imports"  # the store of files that were handed in
SHORTEST = 2  # letters of a word that is looked for
LONGEST_LINE = 1 << 16
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class Person:
    """Who is being erased: the parties that are one, and by what others may have named them."""

    party_ids: tuple[UUID, ...]
    names: frozenset[frozenset[str]]  # each the words of one name
    signs: frozenset[str]  # addresses, accounts and codes, without spaces

    @property
    def is_known(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.names or self.signs)

    def is_in(self, text: str) -> bool:
        """Whether a text names the person."""
        plain = _plain(text)
        words = set(_WORDS.findall(plain))
        if any(name <= words for name in self.names):
            return True
        bare = "".join(plain.split())
        return any(sign in bare for sign in self.signs)


def person(party_ids: Sequence[UUID]) -> Person:
    """Read by what a person may have been named; after an erasure there is nothing to read."""
    said: set[str] = set()
    signs: set[str] = set()
    for identity in PartyIdentity.objects.filter(party__in=party_ids):
        said.add(identity.name)
    for name in PartyName.objects.filter(party__in=party_ids):
        said.add(name.name or "")
    for contact in PartyContact.objects.filter(party__in=party_ids):
        place = sealing.place(table=PartyContact._meta.db_table, column="sealed", id=contact.pk)
        address = parties.open_for(contact.party_id, contact.sealed, context=place)
        if address is None:
            continue
        if contact.kind.startswith("bank:"):
            account = json.loads(address)
            said.add(account["name"])
            signs.add(account["iban"])
        else:
            signs.add(address)
    signs |= set(Identifier.objects.filter(party__in=party_ids).values_list("value", flat=True))
    names = {frozenset(_WORDS.findall(_plain(one))) for one in said}
    return Person(
        party_ids=tuple(party_ids),
        names=frozenset(one for one in names if any(len(word) >= SHORTEST for word in one)),
        signs=frozenset(bare for one in signs if len(bare := "".join(_plain(one).split())) > 5),
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


# --- In rows --------------------------------------------------------------------------------------------------


def rows_naming(model: type[Model], columns: Iterable[str], who: Person) -> list[Any]:
    """Return the keys of rows in whose text the person is named."""
    names = tuple(columns)
    if not who.is_known:
        return []
    # The database looks for one word of each name, the longest; whether it is the person is seen here.
    hints = [max(name, key=len) for name in who.names] + [sign[-6:] for sign in who.signs]
    rows: QuerySet[Any] = QuerySet(model).annotate(**{f"text_{name}": Cast(name, TextField()) for name in names})
    wanted = Q()
    for name in names:
        for hint in hints:
            wanted |= Q(**{f"text_{name}__icontains": hint})
    found = rows.filter(wanted).values_list("pk", *(f"text_{name}" for name in names))
    return [pk for pk, *texts in found.iterator(chunk_size=2000) if any(who.is_in(text) for text in texts if text)]


# Rows that only repeat what a file said, or what somebody typed to read one: deleted where they name the person.
REPEATING: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "rows of imports": (
        ("ledger.ImportProblem", ("raw", "sentence")),
        ("ledger.RehearsedProblem", ("raw", "sentence")),
        ("ledger.ImportNote", ("text",)),
        ("royalties.UsageProblem", ("raw", "sentence")),
    ),
    "saved mappings": (
        ("ledger.SavedMapping", ("name", "document")),
        ("royalties.UsageMapping", ("name", "document")),
    ),
}


def repeating() -> tuple[str, ...]:
    """Return the models of which rows are deleted for what they repeat."""
    return tuple(label for rows in REPEATING.values() for label, _ in rows)


def erase_rows(store_name: str, who: Person) -> int:
    """Delete the rows of one kind that name the person; return how many."""
    gone = 0
    for label, columns in REPEATING[store_name]:
        model: Any = apps.get_model(label)
        gone += model.objects.filter(pk__in=rows_naming(model, columns, who)).delete()[0]
    return gone


def erase_errors(who: Person) -> int:
    """Empty what failed jobs quoted, where it names the person; return how many."""
    job: Any = apps.get_model("ledger.Job")
    return int(job.objects.filter(pk__in=rows_naming(job, ("error",), who)).update(error=""))


@dataclass(frozen=True)
class Typed:
    """Rows of one column in which the person is named and which stay, and of which class that is."""

    what: str
    of: DataClass
    count: int


def typed(who: Person) -> tuple[Typed, ...]:
    """Return where the person is named in free text that stays: facts are never changed, so this is told."""
    found = []
    for column in PERSONAL:
        is_erased = column.model in repeating()
        if column.kept is not Kept.OPEN or column.fate is not Fate.STAYS or is_erased:
            continue
        model: Any = apps.get_model(column.model)
        if count := len(rows_naming(model, (column.name,), who)):
            table = model._meta.verbose_name_plural
            found.append(Typed(f"texts that name you: {column.name.replace('_', ' ')} of {table}", column.of, count))
    return tuple(found)


# --- In files -------------------------------------------------------------------------------------------------


def files_naming(who: Person) -> tuple[str, ...]:
    """Return the digests of files of imports in which the person is named."""
    if not who.is_known:
        return ()
    found = []
    for digest in store.digests(stored_before=datetime.max.replace(tzinfo=UTC), alias=IMPORTS):
        with suppress(store.NoSuchAudio), store.local(digest, alias=IMPORTS) as path:
            if names(path, who):
                found.append(digest)
    return tuple(sorted(found))


def names(path: Path, who: Person) -> bool:
    """Whether a line of a file names the person; two lines count together, as a record may be broken between them."""
    before = ""
    for line in _lines(path):
        if who.is_in(f"{before} {line}"):
            return True
        before = line
    return False


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as opened:
        mark = opened.read(2)
        encoding = "utf-16" if mark in {b"\xff\xfe", b"\xfe\xff"} else None
        opened.seek(0)
        if encoding:
            yield from opened.read(64 << 20).decode(encoding, errors="replace").splitlines()
            return
        while raw := opened.readline(LONGEST_LINE):
            try:
                yield raw.decode()
            except UnicodeDecodeError:
                yield raw.decode("latin-1")


def erase_file(digest: str) -> bool:
    """Remove a file although an import speaks of it; return whether it was there. Nobody puts it in meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"import {digest}",))
        return store.discard(digest, alias=IMPORTS)


def discard_files(digests: Iterable[str]) -> int:
    """Remove files of imports, whether or not an import speaks of them; return how many were there."""
    return sum(erase_file(digest) for digest in digests)


SOUND_AND_PAPER = (".pdf", ".wav", ".mp3", ".flac", ".m4a", ".aiff", ".ogg", ".mp4", ".c2pa")
PIECE = 1 << 20  # of a text that is looked through
LONGEST_NAME = 1_000  # what two pieces have in common, so that nothing is missed between them
# Stores of files that are made of what is on record when somebody asks, and may name anybody.
MADE_TO_TAKE_AWAY = ("packs", "answers")


def archives() -> tuple[tuple[str, str], ...]:
    """Return evidence packs and kept answers, each as a store and a digest: packed, so that none is searched."""
    return tuple(
        (alias, digest)
        for alias in MADE_TO_TAKE_AWAY
        if alias in settings.STORAGES
        for digest in store.digests(stored_before=datetime.max.replace(tzinfo=UTC), alias=alias)
    )


def archives_holding(who: Person) -> tuple[tuple[str, str], ...]:
    """Return those that hold the person, by an id or a name, or that cannot be read."""
    return tuple((alias, digest) for alias, digest in archives() if _is_held(alias, digest, who))


def discard_archives(found: Iterable[tuple[str, str]]) -> int:
    """Remove some of them; they are made again when somebody asks. Return how many were there."""
    return sum(store.discard(digest, alias=alias) for alias, digest in found)


def _is_held(alias: str, digest: str, who: Person) -> bool:
    with suppress(store.NoSuchAudio), store.local(digest, alias=alias) as path:
        try:
            return any(_says(pieces, who) for pieces in _texts(path))
        except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
            return True
    return False


def _texts(path: Path) -> Iterator[Iterable[str]]:
    """
    Yield the texts of an archive or a table, each in pieces. A PDF in a pack is written from the records in it, and
    what sounds is looked at elsewhere: both are left out.
    """
    with path.open("rb") as opened:
        mark = opened.read(4)
    if mark == b"PK\x03\x04":
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.filename.endswith(SOUND_AND_PAPER):
                    with archive.open(info) as member:
                        yield iter(lambda member=member: member.read(PIECE).decode("utf-8", "replace"), "")  # type: ignore[misc]
    elif mark == b"PAR1":
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(batch_size=10_000):
                yield (str(cell) for column in batch.columns for cell in column.to_pylist() if isinstance(cell, str))
    else:
        with path.open(encoding="utf-8", errors="replace") as text:
            yield iter(lambda: text.read(PIECE), "")


def _says(pieces: Iterable[str], who: Person) -> bool:
    ids = tuple(str(one) for one in who.party_ids)
    before = ""
    for piece in pieces:
        text = before + piece
        if any(one in text for one in ids) or who.is_in(text):
            return True
        before = piece[-LONGEST_NAME:]
    return False


def count_pictures() -> int:
    """Return how many pictures of sound are in the cache."""
    folder = Path(str(cast("dict[str, Any]", settings.CACHES["pictures"])["LOCATION"]))
    return len(list(folder.glob("*.djcache"))) if folder.is_dir() else 0


def forget_pictures() -> int:
    """Empty the cache of pictures, which are drawn again when somebody looks; return how many there were."""
    count = count_pictures()
    caches["pictures"].clear()
    return count


def logs_naming(who: Person) -> tuple[Path, ...]:
    """Return the log files of the data folder in which the person is named."""
    return tuple(file for file in _logs() if names(file, who)) if who.is_known else ()


def erase_from_logs(who: Person) -> int:
    """
    Empty log files of the data folder in which the person is named; return how many.

    Our own name nobody (`ledger.journal`); the database's may quote a row, of older releases.
    """
    found = logs_naming(who)
    for file in found:
        with file.open("r+b") as opened:  # whoever writes it appends, so what follows lies where it should
            opened.truncate(0)
    return len(found)


def _logs() -> Iterator[Path]:
    for folder in (Path(settings.DATA_DIR), Path(settings.EMBEDDED_POSTGRES), Path(settings.DATA_DIR) / "logs"):
        if folder.is_dir():
            yield from (file for file in folder.glob("*.log") if file.is_file())
