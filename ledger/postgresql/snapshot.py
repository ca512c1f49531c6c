"""The tables as migrations make them, kept as one file of SQL: a new database takes them from there in a second.

Migrating from nothing goes through the whole history, for most of a minute: Django draws all models anew for nearly
each of its steps. The file names the migrations that it stands for with their digests, and is left aside where any of
them is another here, or the server is of another release; what came after it is migrated as ever. A test migrates
through all of them and compares. ``manage.py snapshot_schema`` writes it.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

FILE: Final = Path(__file__).with_name("schema.sql")
HEAD: Final = "-- Stands for: "
DUMP: Final = (
    "--format=custom",
    "--schema-only",
    "--schema=public",
    "--no-owner",
    "--no-comments",
    "--no-publications",
)
# Of a table of contents: "4321; 2606 16400 CONSTRAINT public party_pkey owner", with the OIDs of catalog and object.
_INDEXED: Final = re.compile(r"\d+; (2606|1259) \d+ (CONSTRAINT|INDEX) ")
# What the session or psql is told, and the schema, which is there.
_LEFT_OUT: Final = re.compile(r"^(--|SET |SELECT pg_catalog\.set_config|\\|CREATE SCHEMA |$)")


def stands_for(loader: MigrationLoader) -> dict[str, str]:
    """Return the digests of all migrations that are installed, by app and name."""
    return dict(sorted(_digests(loader)))


def _digests(loader: MigrationLoader) -> Iterator[tuple[str, str]]:
    for (app, name), migration in loader.disk_migrations.items():
        source = inspect.getsourcefile(sys.modules[type(migration).__module__])
        yield f"{app}.{name}", hashlib.sha256(Path(source or "").read_bytes()).hexdigest()[:16]


def in_order_of_making(listing: str) -> str:
    """
    Return pg_restore's list of an archive with constraints and indexes in the order in which they were made.

    Of the constraints that a row breaks PostgreSQL names the one whose index was made first; a dump has them by name.
    """
    lines = listing.splitlines()
    places = [number for number, line in enumerate(lines) if _INDEXED.match(line)]
    made = sorted((lines[number] for number in places), key=lambda line: int(line.split()[2]))
    for number, line in zip(places, made, strict=True):
        lines[number] = line
    return "\n".join(lines) + "\n"


def statements(dump: str) -> str:
    """Return what a dump does: no settings of a session, nothing for psql, no remarks."""
    body, inside = [], False
    for line in dump.splitlines():
        if inside or not _LEFT_OUT.match(line):
            body.append(line)
        if line.count("$body$") % 2 or line.count("$$") % 2 or line.count("$do$") % 2 or line.count("$_$") % 2:
            inside = not inside
    return "\n".join(body) + "\n"


def written(dump: str, *, of: Mapping[str, str], release: int) -> str:
    """Return the file's text for the dump of a server of a release."""
    return f"{HEAD}{json.dumps({'release': release, 'migrations': of}, sort_keys=True)}\n{statements(dump)}"


def take(connection: Any) -> int:
    """
    Fill an empty database from the file, all or nothing; return for how many migrations it stood, 0 where it was left
    aside.
    """
    head, _, sql = FILE.read_text().partition("\n")
    kept = json.loads(head.removeprefix(HEAD))
    with connection.cursor() as cursor:
        if connection.introspection.table_names(cursor) or connection.pg_version // 10_000 != kept["release"]:
            return 0
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'")
        if cursor.fetchone() is None:
            return 0  # the migration that needs it says what to do
    here = stands_for(MigrationLoader(None))
    if any(here.get(name) != digest for name, digest in kept["migrations"].items()):
        return 0
    from django.db import transaction

    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SET LOCAL check_function_bodies = off")
        cursor.execute(sql, None)
        recorder = MigrationRecorder(connection)
        for name in kept["migrations"]:
            recorder.record_applied(*name.split(".", 1))
    return len(kept["migrations"])
