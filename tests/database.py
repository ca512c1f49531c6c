"""The tests' database: migrated once for each state of the migrations, copied for each run, emptied after each test."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections, transaction

from ledger import embedded

ROOT = Path(__file__).resolve().parents[1]
NAME = "test_ledger"
KEPT = ("django_migrations", "django_content_type", "auth_permission")  # what migrations fill
PACKAGES = ("fingerprint", "rights", "provenance", "royalties", "ledger")
# What a migrated database is made of; with the versions of all that is installed.
MADE_OF = (
    *(f"{package}/{pattern}" for package in PACKAGES for pattern in ("migrations/*.py", "models.py", "models/**/*.py")),
    "ledger/settings.py",
    "ledger/embedded.py",
    "ledger/postgresql/*.py",
    "ledger/management/commands/migrate.py",
    "tests/database.py",
)
# Nothing that is tested on this server is about what survives a crash: see tests/faults for what is.
HASTY = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off\n"
LEFT_BEHIND = ("postmaster.*", ".s.PGSQL.*", "server.log")


# --- a migrated server


def _state() -> str:
    """What the migrations and all that they rest on come to."""
    found = hashlib.sha256()
    for pattern in MADE_OF:
        for path in sorted(ROOT.glob(pattern)):
            found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    installed = sorted(f"{each.name} {each.version}" for each in distributions())
    found.update("\n".join([sys.version, str(embedded.binaries()), *installed]).encode())
    return found.hexdigest()[:16]


def template() -> Path:
    """Return a stopped server's data, migrated as ``manage.py migrate`` does it; made where it is not there yet."""
    folder = settings.TESTS_DATA / "migrated"
    with Path(f"{folder}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / _state()
        if not (made / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)  # of other states: one is kept
            environment = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
            environment |= {"LEDGER_DATA": str(made), "DJANGO_SETTINGS_MODULE": "ledger.settings"}
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            try:
                subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
            finally:
                embedded.stop(made / "pg18")
            (made / "whole").touch()
    return made / "pg18"


def copy(target: Path) -> None:
    """Put a migrated server where there is none."""

    def with_owner(source: str, to: str) -> str:
        shutil.copy2(source, to)
        of = Path(source).stat()
        os.chown(to, of.st_uid, of.st_gid)
        return to

    source = template()
    shutil.copytree(source, target, copy_function=with_owner, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    for folder in (source, *(path for path in source.rglob("*") if path.is_dir())):
        of = folder.stat()
        os.chown(target / folder.relative_to(source), of.st_uid, of.st_gid)
    target.with_name(target.name + ".provisioned").touch()


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
            if self.times % EVERY and self._may_delete(cursor):
                self._delete(cursor)
            else:
                cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                tables = sorted({row[0] for row in cursor.fetchall()} - {*KEPT})
                cursor.execute("SET LOCAL ROLE ledger_owner")
                cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")  # waits for whoever still writes

    def _may_delete(self, cursor: Any) -> bool:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(_OTHERS)
        return bool(cursor.fetchone()[0] == 0)

    def _delete(self, cursor: Any) -> None:
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
