"""
Backups in two parts, putting one back, and the drill that shows that it can be done.

What cannot be erased (facts, the log, audio, usage, results) is one part, kept for as long as one likes. What can be
(keys and names of subjects, addresses, voices, files of imports) is another: it lies apart, and each backup removes
those older than ``LEDGER_BACKUP_DAYS``. So whoever was erased is gone from the backups too by the day that the answer
names, and a backup of any age can be put back with the newest people: who was erased since stays so.

Both are of one moment of the database. Files are copied once each, by their digest. Neither holds the installation's
own keys, without which no name is read and nothing signed: `manage.py backup_keys` puts those elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Protocol, cast
from uuid import uuid4

import psycopg
import pyrage
from django.apps import apps
from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection, connections, transaction
from psycopg import sql
from psycopg.conninfo import make_conninfo

from fingerprint import store
from ledger import __version__, audit, checkpoints, embedded, erasure, merkle, notes, receipts, sequencer
from ledger.models import Checkpoint, Erasure, Operation
from ledger.postgresql.snapshot import in_order_of_making
from rights import voices

FACTS, PEOPLE, POOL = "facts", "people", "files"
# The models of which an eraser deletes rows or empties columns. They may refer to facts; no fact refers to them.
ERASABLE = (
    "rights.PartyIdentity",
    "rights.NameToken",
    "rights.PartyContact",
    "rights.VoiceTemplate",
    "ledger.ImportProblem",
    "ledger.ImportNote",
    "ledger.RehearsedProblem",
    "ledger.SavedMapping",
    "ledger.Job",
    "royalties.UsageProblem",
    "royalties.UsageMapping",
)
KEPT_LONG = ("audio", "usage", "royalties")
# Static files come with the program; of the default nothing makes use; a catalogue is its organization's own.
LEFT_OUT = frozenset({"default", "staticfiles", "catalogue"})
STAMP = "%Y%m%dT%H%M%SZ"
VERSION = 1
CHUNK = 1 << 20
DRILL_WITHIN_S = 4 * 3600


class NotABackup(Exception):
    """There is no finished backup in this folder, or none of this moment."""


class Damaged(Exception):
    """A file of the backup is not the one that was written; use another backup."""


class NotEmpty(Exception):
    """Something is here already, and a backup is only put where nothing is: use an empty data folder and database."""


class KeysMissing(Exception):
    """The log's signing key is not in the data folder: put the installation's keys back first."""


class WouldFork(Exception):
    """Somebody holds a checkpoint that the backup does not lead to: to go on from it would tell another history."""


class Locked(Exception):
    """The backup is encrypted: give the file of an age identity that opens it."""


class NotAnIdentity(Exception):
    """An identity is a line of a file that begins with AGE-SECRET-KEY-1, as `age-keygen` writes it."""


class NotARecipient(Exception):
    """A recipient is a public key of age, such as age1…; `age-keygen` makes one with its identity."""


class NotWritten(Exception):
    """PostgreSQL's own program did not finish; the message is what it said."""


class NotAWitness(Exception):
    """A witness is a checkpoint or a receipt of this log, as it was handed out."""


@dataclass(frozen=True)
class Backup:
    """One finished backup: where its facts lie, and what is said of them."""

    folder: Path
    stamp: str
    said: dict[str, Any]

    @property
    def at(self) -> datetime:
        """Return the moment it is of."""
        return datetime.strptime(self.stamp, STAMP).replace(tzinfo=UTC)

    @property
    def checkpoint(self) -> str:
        """Return the newest signed tree head in it; empty where nothing was signed."""
        return str(self.said["checkpoint"])


@dataclass(frozen=True)
class Restored:
    """What was put back, and what was seen then."""

    stamp: str
    people_stamp: str  # of which moment the people are
    entries: int
    files: int
    erased_again: int  # parties that the newest people still had, erased since
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Drilled:
    """What came of trying a backup."""

    stamp: str
    findings: tuple[str, ...]  # what does not hold; none: it passed
    entries: int
    files: int
    size: int  # of the backup's tree, and of the living one
    living_size: int
    refused_to_sign: bool | None  # by the restored, older log; None where nothing newer was signed since


# --- Making -------------------------------------------------------------------------------------------------


def make(folder: Path, *, recipients: Sequence[str] = (), at: datetime) -> Backup:
    """
    Write a backup into a folder, beside those that are there, and remove people that are too old.

    :param recipients: public keys of age; with one, everything but the list is encrypted for them
    :raises NotARecipient: one of them is none
    :raises NotWritten: PostgreSQL's program failed
    """
    lock = _Lock.of(recipients)
    stamp = at.astimezone(UTC).strftime(STAMP)
    unfinished = [folder / part / f".{stamp}" for part in (FACTS, PEOPLE)]
    for one in unfinished:
        one.mkdir(parents=True, mode=0o700)
    try:
        with _snapshot() as (snapshot, counts, migrations, checkpoint):
            tables = [apps.get_model(name)._meta.db_table for name in ERASABLE]
            facts = _dump(unfinished[0], snapshot, [f"--exclude-table-data={name}" for name in tables], lock)
            data_only = ["--data-only", *(f"--table={name}" for name in tables)]
            people = _dump(unfinished[1], snapshot, data_only, lock)
        files = {part: _copy_files(folder / part / POOL, _stores(part), lock) for part in (FACTS, PEOPLE)}
        said = {
            "v": VERSION,
            "made_by": __version__,
            "at": at.astimezone(UTC).isoformat(),
            "origin": settings.LEDGER_ORIGIN,
            "is_encrypted": bool(recipients),
            "checkpoint": checkpoint,
            "counts": counts,
            "migrations": migrations,
        }
        for one, part, dump in zip(unfinished, (FACTS, PEOPLE), (facts, people), strict=True):
            document = {**said, "database": dump, "files": files[part]}
            _write(one / "backup.json", json.dumps(document, indent=1, sort_keys=True).encode())
        unfinished[1].replace(folder / PEOPLE / stamp)
        unfinished[0].replace(folder / FACTS / stamp)  # last: a backup is there when its facts are
    except BaseException:
        for one in unfinished:
            shutil.rmtree(one, ignore_errors=True)
        raise
    prune(folder, at=at)
    return Backup(folder / FACTS / stamp, stamp, _read(folder / FACTS / stamp))


def back_up(folder: Path, *, recipients: Sequence[str] = (), at: datetime, clock: Clock) -> Backup:
    """Make a backup and record that it was made, or that it was not."""
    try:
        made = make(folder, recipients=recipients, at=at)
    except Exception as error:
        record(Operation.Kind.BACKUP, {"failed": type(error).__name__}, has_passed=False, began_at=at, ended_at=clock())
        raise
    document = {
        "folder": str(folder.absolute()),
        "stamp": made.stamp,
        "rows": sum(made.said["counts"].values()),
        "database": made.said["database"]["digest"],
        "is_encrypted": made.said["is_encrypted"],
    }
    record(Operation.Kind.BACKUP, document, has_passed=True, began_at=at, ended_at=clock())
    return made


class Clock(Protocol):
    """What tells the time, after something that takes long."""

    def __call__(self) -> datetime:
        """Return now."""


def record(
    kind: Operation.Kind, document: dict[str, Any], *, has_passed: bool, began_at: datetime, ended_at: datetime
) -> Operation:
    """Insert what was done."""
    return Operation.objects.create(
        id=uuid4(),
        kind=kind,
        has_passed=has_passed,
        document=json.dumps(document, sort_keys=True),
        began_at=began_at,
        ended_at=ended_at,
    )


def prune(folder: Path, *, at: datetime) -> int:
    """Remove people older than ``LEDGER_BACKUP_DAYS``, with the files that only they have; return how many."""
    gone = 0
    before = at - timedelta(days=settings.LEDGER_BACKUP_DAYS)
    for one in _parts(folder / PEOPLE):
        if datetime.strptime(one.name, STAMP).replace(tzinfo=UTC) <= before:
            shutil.rmtree(one)
            gone += 1
    for part in (FACTS, PEOPLE):
        needed = {digest for one in _parts(folder / part) for digest in _digests(_read(one))}
        pool = folder / part / POOL
        for file in pool.rglob("*") if pool.is_dir() else ():
            # Of facts, what an unfinished backup beside this one has just copied must stay.
            is_old = part == PEOPLE or file.stat().st_mtime < before.timestamp()
            if file.is_file() and file.name[:64] not in needed and is_old:
                file.unlink()
    return gone


def newest(folder: Path, *, stamp: str = "") -> Backup:
    """
    Return the newest finished backup in a folder, or the one of a moment.

    :raises NotABackup: there is none
    """
    found = [one for one in _parts(folder / FACTS) if not stamp or one.name == stamp]
    if not found:
        raise NotABackup(f"{NotABackup.__doc__} ({folder})")
    return Backup(found[-1], found[-1].name, _read(found[-1]))


def _parts(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(one for one in folder.iterdir() if (one / "backup.json").is_file() and not one.name.startswith("."))


def _read(folder: Path) -> dict[str, Any]:
    try:
        found: Any = json.loads((folder / "backup.json").read_text())
    except (OSError, ValueError) as error:
        raise Damaged(f"{folder / 'backup.json'} cannot be read") from error
    if not isinstance(found, dict) or found.get("v") != VERSION:
        raise NotABackup(f"{folder} was not written by a release that this one understands")
    said: dict[str, Any] = found
    return said


def _digests(said: dict[str, Any]) -> Iterator[str]:
    for digests in said["files"].values():
        yield from digests


@contextmanager
def _snapshot() -> Iterator[tuple[str, dict[str, int], list[str], str]]:
    """Hold one moment of the database for all that reads it; give its name, the counts of rows and the checkpoint."""
    with _owner() as login:
        login.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        name = _one(login, "SELECT pg_export_snapshot()")
        tables = login.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        counts = {
            table: int(_one(login, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))))
            for (table,) in tables
        }
        applied = login.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1").fetchall()
        note = login.execute("SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1").fetchone()
        yield name, counts, [one for (one,) in applied], note[0] if note else ""


def _one(login: psycopg.Connection[Any], query: Any) -> Any:
    row = login.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate or a function: there is always one
    return row[0]


@contextmanager
def _owner() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(_conninfo()) as login:
        yield login


def _conninfo(**more: str) -> str:
    """Return how the owner of the tables reaches the database, as libpq reads it."""
    given = connections["owner"].get_connection_params()
    wanted = ("host", "port", "user", "password", "dbname", "options", "sslmode", "sslrootcert", "sslcert", "sslkey")
    return make_conninfo(**{name: str(given[name]) for name in wanted if given.get(name)} | more)


def _program(name: str) -> str:
    with suppress(embedded.EmbeddedPostgresError):
        return str(embedded.binaries() / name)
    return name  # of the system, where there is a server of one's own and no wheel


def _run(name: str, *arguments: str, out: IO[bytes] | None = None) -> None:
    # The password goes through the environment: arguments are shown to everybody on the machine.
    parameters = psycopg.conninfo.conninfo_to_dict(_conninfo())
    environment = {**os.environ, "PGPASSWORD": str(parameters.pop("password", "") or "")}
    where = make_conninfo(**{key: str(value) for key, value in parameters.items()})
    command = [_program(name), f"--dbname={where}", *arguments]
    done = subprocess.run(command, env=environment, stdout=out, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise NotWritten(f"{name}: {done.stderr.decode(errors='replace').strip()[-2000:]}")


def _dump(folder: Path, snapshot: str, what: Sequence[str], lock: _Lock) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".dump-") as plain:
        _run(
            "pg_dump", "--format=custom", "--no-comments", f"--snapshot={snapshot}", *what, out=cast("IO[bytes]", plain)
        )
        source = Path(plain.name)
        digest = store.digest_of(source)
        lock.close(source, folder / f"database.dump{lock.ending}")
        return {"digest": digest, "bytes": source.stat().st_size}


def _stores(part: str) -> tuple[str, ...]:
    """Return the stores of a part: what is not known to hold nobody's data is not kept for long."""
    if part == FACTS:
        return KEPT_LONG
    return tuple(sorted(set(settings.STORAGES) - LEFT_OUT - set(KEPT_LONG)))


def _copy_files(pool: Path, aliases: Iterable[str], lock: _Lock) -> dict[str, list[str]]:
    """Copy what is not there yet; return the digests of everything that belongs to this backup, store by store."""
    found: dict[str, list[str]] = {}
    for alias in aliases:
        found[alias] = []
        for digest in store.digests(stored_before=datetime.max.replace(tzinfo=UTC), alias=alias):
            target = _in_pool(pool, digest, lock.ending)
            with suppress(store.NoSuchAudio):  # removed meanwhile: no row of the snapshot needs it, or it was erased
                if not target.exists():
                    with store.local(digest, alias=alias) as path:
                        if store.digest_of(path) != digest:
                            raise Damaged(f"the store of {alias} holds other bytes than those of {digest}")
                        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                        lock.close(path, target)
                found[alias].append(digest)
        found[alias].sort()
    return found


def _in_pool(pool: Path, digest: str, ending: str) -> Path:
    return pool / digest[:2] / f"{digest}{ending}"


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


# --- Under lock -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lock:
    """How files of a backup are written: as they are, or encrypted for whoever has the other keys (age)."""

    recipients: tuple[Any, ...]

    @classmethod
    def of(cls, recipients: Sequence[str]) -> _Lock:
        found = []
        for one in recipients:
            try:
                found.append(pyrage.x25519.Recipient.from_str(one.strip()))
            except pyrage.RecipientError as error:
                raise NotARecipient(f"{one!r}: {NotARecipient.__doc__}") from error
        return cls(tuple(found))

    @property
    def ending(self) -> str:
        return ".age" if self.recipients else ""

    def close(self, source: Path, target: Path) -> None:
        """Write a file, whole or not at all."""
        temporary = target.with_name(f".{target.name}.new")
        with source.open("rb") as reading, temporary.open("wb") as writing:
            if self.recipients:
                pyrage.encrypt_io(reading, writing, list(self.recipients))
            else:
                shutil.copyfileobj(reading, writing, CHUNK)
            writing.flush()
            os.fsync(writing.fileno())
        temporary.replace(target)


def read_identities(file: Path | None) -> tuple[Any, ...]:
    """
    Read what opens encrypted backups.

    :raises NotAnIdentity: a line is none
    """
    if file is None:
        return ()
    found = []
    for line in file.read_text().splitlines():
        if (text := line.strip()) and not text.startswith("#"):
            try:
                found.append(pyrage.x25519.Identity.from_str(text))
            except pyrage.IdentityError:  # without its cause, which may quote the secret
                raise NotAnIdentity(NotAnIdentity.__doc__) from None
    return tuple(found)


def _opened(source: Path, target: Path, digest: str, identities: Sequence[Any]) -> Path:
    """Write a file of the backup as it was, and check that it is."""
    locked = source.with_name(source.name + ".age")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if locked.exists():
        if not identities:
            raise Locked
        with locked.open("rb") as reading, target.open("wb") as writing:
            try:
                pyrage.decrypt_io(reading, writing, list(identities))
            except pyrage.DecryptError as error:
                raise Damaged(f"{locked}: it was changed, or is for another identity") from error
    elif source.exists():
        shutil.copyfile(source, target)
    else:
        raise Damaged(f"{source} is missing")
    if store.digest_of(target) != digest:
        raise Damaged(f"{source} is not what was written")
    return target


# --- Putting back -----------------------------------------------------------------------------------------------


def restore(
    folder: Path,
    *,
    stamp: str = "",
    identities: Sequence[Any] = (),
    witnesses: Sequence[str] = (),
    is_drill: bool = False,
) -> Restored:
    """
    Put a backup where nothing is, check it against its log, and refuse to go on with a fork.

    People are always the newest there are, and who was erased by the facts is erased again. Whatever is newer outside
    (the checkpoint of ``LEDGER_CHECKPOINT_FILE``, checkpoints and receipts that somebody kept) must follow from what
    was put back; where it does not, it is kept as the copy outside, so that the sequencer refuses to sign too.

    :param witnesses: texts of signed checkpoints or receipts
    :param is_drill: leave the comparison with what is newer to whoever runs the drill
    :raises NotABackup, Damaged, Locked: it cannot be read
    :raises NotEmpty: there is something where it would go
    :raises KeysMissing: the log's key is not here
    :raises WouldFork: a witness does not follow
    """
    chosen = newest(folder, stamp=stamp)
    if not (Path(settings.KEYS_DIR) / checkpoints.SIGNING).exists():
        raise KeysMissing
    kept = [_checkpoint_of(text) for text in witnesses]
    _expect_nothing()
    people = _parts(folder / PEOPLE)
    people_said = _read(people[-1]) if people else None
    with tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix=".restore-") as name:
        room = Path(name)
        facts = _opened(chosen.folder / "database.dump", room / "facts", chosen.said["database"]["digest"], identities)
        _pg_restore(facts, "--section=pre-data")
        _pg_restore(facts, "--section=data")
        if people and people_said:
            digest = people_said["database"]["digest"]
            _pg_restore(_opened(people[-1] / "database.dump", room / "people", digest, identities), "--data-only")
        _drop_what_refers_to_nothing()
        _pg_restore(facts, "--section=post-data", f"--use-list={_in_order(facts, room / 'contents')}")
        with _owner() as login:
            login.execute("ANALYZE")
        files = _put_files(folder / FACTS / POOL, chosen.said, room, identities)
        if people_said:
            files += _put_files(folder / PEOPLE / POOL, people_said, room, identities)
    again = _erase_again()
    if not is_drill:
        _refuse_a_fork(kept)
    faults = [one.sentence for one in audit.audit().faults]
    faults += _miscounted(chosen.said["counts"])
    newest_one = Checkpoint.objects.order_by("-size").first()
    if newest_one is not None and not is_drill:
        checkpoints.publish(newest_one)
    return Restored(
        stamp=chosen.stamp,
        people_stamp=people[-1].name if people else "",
        entries=newest_one.size if newest_one else 0,
        files=files,
        erased_again=again,
        faults=tuple(faults),
    )


def _expect_nothing() -> None:
    with _owner() as login:
        if _one(login, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"):
            raise NotEmpty(f"the database {connections['owner'].settings_dict['NAME']} has tables: {NotEmpty.__doc__}")
    for alias in (*_stores(FACTS), *_stores(PEOPLE)):
        storage = storages[alias]
        if isinstance(storage, FileSystemStorage) and not Path(storage.location).exists():
            continue
        if any(storage.listdir("")):
            raise NotEmpty(f"the store of {alias} has files: {NotEmpty.__doc__}")


def _pg_restore(dump: Path, *what: str) -> None:
    _run("pg_restore", "--exit-on-error", "--single-transaction", *what, str(dump))


def _in_order(dump: Path, contents: Path) -> Path:
    """Write what there is to restore in the order in which it was made: answers name what is broken by that."""
    listing = subprocess.run([_program("pg_restore"), "--list", dump], check=True, capture_output=True, text=True)
    contents.write_text(in_order_of_making(listing.stdout))
    return contents


def _drop_what_refers_to_nothing() -> None:
    """Leave out people of facts that came after an older backup; foreign keys are not there yet to refuse them."""
    with _owner() as login:
        for name in ERASABLE:
            model = apps.get_model(name)
            for field in model._meta.concrete_fields:
                if field.is_relation and field.related_model is not None:
                    other = field.related_model._meta
                    assert other.pk is not None  # noqa: S101 - every table has a key
                    login.execute(
                        sql.SQL(
                            "DELETE FROM {table} WHERE {column} IS NOT NULL AND NOT EXISTS"
                            " (SELECT 1 FROM {other} WHERE {other}.{key} = {table}.{column})"
                        ).format(
                            table=sql.Identifier(model._meta.db_table),
                            column=sql.Identifier(field.column),
                            other=sql.Identifier(other.db_table),
                            key=sql.Identifier(other.pk.column),
                        )
                    )


def _put_files(pool: Path, said: dict[str, Any], room: Path, identities: Sequence[Any]) -> int:
    count = 0
    for alias, digests in said["files"].items():
        for digest in digests:
            path = _opened(_in_pool(pool, digest, ""), room / "file", digest, identities)
            store.put(path, alias=alias)
            count += 1
    return count


def _erase_again() -> int:
    """Erase whom the facts say was erased, where the people that were put back are from before."""
    again = 0
    voices.destroy_leftovers()
    for done in Erasure.objects.order_by("erased_at"):
        again += erasure.repeat(done)
    return again


def _miscounted(counts: dict[str, int]) -> Iterator[str]:
    people = {apps.get_model(name)._meta.db_table for name in ERASABLE}
    with _owner() as login:
        for table, count in counts.items():
            if table in people:  # newer than the facts, or fewer since somebody was erased
                continue
            found = _one(login, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            if found != count:
                yield f"{table} has {found} rows, and had {count}"


def _checkpoint_of(text: str) -> tuple[notes.Checkpoint, str]:
    """
    Read a checkpoint of this log, alone or in a receipt, and return it with its note.

    :raises NotAWitness: it is neither
    """
    with suppress(receipts.NotAReceipt):
        text = receipts.Receipt.from_text(text).checkpoint
    try:
        return notes.open_checkpoint(text, *checkpoints.public_keys()), text
    except (notes.NotANote, notes.SignatureFails, notes.NotSigned, notes.NotACheckpoint, notes.WrongOrigin) as error:
        raise NotAWitness(f"{NotAWitness.__doc__} ({type(error).__name__})") from error


def _refuse_a_fork(kept: Sequence[tuple[notes.Checkpoint, str]]) -> None:
    outside = checkpoints.outside()
    for witness, note in [*kept, *([(outside, "")] if outside else [])]:
        if _follows(witness):
            continue
        if outside is None or witness.size > outside.size:
            file = Path(settings.LEDGER_CHECKPOINT_FILE)
            file.parent.mkdir(parents=True, exist_ok=True)
            _write(file, note.encode())
        here = Checkpoint.objects.order_by("-size").first()
        raise WouldFork(
            f"{WouldFork.__doc__} It is of {witness.size} entries, and the backup has {here.size if here else 0}."
            " Restore a newer backup; nothing is signed from this one."
        )


def _follows(witness: notes.Checkpoint) -> bool:
    """Whether the tree that is here begins with what a witness saw."""
    if witness.size == 0:
        return True
    try:
        head, tiles = sequencer.tree()
    except checkpoints.NoCheckpoint:
        return False
    return witness.size <= head.size and merkle.root(witness.size, tiles) == witness.root


# --- Trying -----------------------------------------------------------------------------------------------------


def drill(folder: Path, *, stamp: str = "", identity: Path | None = None, at: datetime, clock: Clock) -> Drilled:
    """
    Put a backup into a server and a folder of their own, look whether all of it is there and holds, and remove them.

    Beside what `restore` checks: the backup's tree is the beginning of the living one (proven, not compared), so the
    log was not forked since; and the restored log refuses to sign where something newer was signed.
    """
    chosen = newest(folder, stamp=stamp)
    findings: list[str] = []
    told: dict[str, Any] = {}
    refused: bool | None = None
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        size, living = _compare_with_the_living(chosen, findings)
    with tempfile.TemporaryDirectory(prefix="ledger-drill-") as name:
        room = Path(name)
        (room / "keys").symlink_to(Path(settings.KEYS_DIR).absolute(), target_is_directory=True)
        try:
            arguments = ["restore", str(folder.absolute()), "--at", chosen.stamp, "--drill", "--json"]
            arguments += ["--identity", str(identity.absolute())] if identity else []
            done = _manage(room, arguments)
            told = _told(done)
            if done.returncode not in {0, 1} or not told:
                findings.append(f"it could not be put back: {_last_line(done.stderr)}")
            findings += told.get("faults", [])
            outside = Path(settings.LEDGER_CHECKPOINT_FILE)
            if told and size < living and outside.exists():
                (room / "log").mkdir(exist_ok=True)
                shutil.copyfile(outside, room / "log" / "newest-checkpoint")
                tried = _manage(room, ["sequence", "--once"])
                refused = tried.returncode != 0 and "Forked" in tried.stderr
                if not refused:
                    findings.append("the restored, older log did not refuse to sign another history")
        finally:
            embedded.stop(room / Path(settings.EMBEDDED_POSTGRES).name, mode="immediate")
    found = Drilled(
        stamp=chosen.stamp,
        findings=tuple(findings),
        entries=int(told.get("entries", 0)),
        files=int(told.get("files", 0)),
        size=size,
        living_size=living,
        refused_to_sign=refused,
    )
    document = {
        "stamp": found.stamp,
        "findings": len(found.findings),
        "entries": found.entries,
        "files": found.files,
        "size": found.size,
        "living_size": found.living_size,
        "refused_to_sign": found.refused_to_sign,
    }
    record(Operation.Kind.DRILL, document, has_passed=not findings, began_at=at, ended_at=clock())
    return found


def _compare_with_the_living(chosen: Backup, findings: list[str]) -> tuple[int, int]:
    """Return both trees' sizes, after proving that one is the beginning of the other."""
    try:
        head, tiles = sequencer.tree()
    except checkpoints.NoCheckpoint:
        if chosen.checkpoint:
            findings.append("the backup has a checkpoint and the living log has none")
        return 0, 0
    if not chosen.checkpoint:
        return 0, head.size
    try:
        old = notes.open_checkpoint(chosen.checkpoint, *checkpoints.public_keys())
        merkle.verify_consistency(
            old_size=old.size,
            size=head.size,
            proof=merkle.consistency_proof(old.size, head.size, tiles) if old.size <= head.size else (),
            old_root=old.root,
            root=bytes(head.root),
        )
    except (notes.NotANote, notes.SignatureFails, notes.NotSigned, notes.NotACheckpoint, notes.WrongOrigin) as error:
        findings.append(f"the backup's checkpoint is not one of this log ({type(error).__name__})")
        return 0, head.size
    except merkle.NotConsistent:
        findings.append(f"the log was forked: the tree of {head.size} does not begin with the backup's of {old.size}")
    return old.size, head.size


def _manage(room: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command on the drill's own folder and server, with this installation's keys and settings."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "LEDGER_CHECKPOINT", "LEDGER_STORES"))
    }
    return subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        env={
            **own,
            "DJANGO_SETTINGS_MODULE": "ledger.settings",
            "LEDGER_DATA": str(room),
            "PYTHONPATH": os.pathsep.join([str(settings.BASE_DIR), *filter(None, [os.environ.get("PYTHONPATH")])]),
        },
        capture_output=True,
        text=True,
        timeout=DRILL_WITHIN_S,
        check=False,
    )


def _told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"


# --- Keys -----------------------------------------------------------------------------------------------------


def write_keys(file: Path, *, recipients: Sequence[str]) -> str:
    """
    Write the installation's own keys into one encrypted archive, to be kept apart from every backup; return its digest.

    :raises NotARecipient: none is given, or one is no recipient: keys are never written in the open
    :raises NotEmpty: the file is there
    """
    lock = _Lock.of(recipients)
    if not lock.recipients:
        raise NotARecipient(f"keys are never written in the open. {NotARecipient.__doc__}")
    if file.exists():
        raise NotEmpty(f"{file} is there already")
    with tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix=".keys-") as name:
        plain = Path(name) / "keys.tar"
        with tarfile.open(plain, "w") as archive:
            archive.add(settings.KEYS_DIR, arcname="keys", filter=_no_locks)
        lock.close(plain, file)
    with file.open("rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()


def _no_locks(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if member.name.endswith((".lock", ".new")) else member
