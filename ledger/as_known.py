"""
The records of rights as they were known at a moment, for code that asks what is known now.

For as long as ``known`` lasts, each table of facts that has a time is hidden behind a temporary view of its name, which
leaves out what was recorded later: PostgreSQL is told to look for a name among what is temporary first. So the very
code that decided then decides again, and nothing of it need know. Nobody else sees the views; outside of ``known``
they hide nothing, and behind ``looking_back`` they are gone.

What hangs on a fact and has no time of its own is asked for by that fact, so it needs no view. What is worked out from
facts and changed in place (``NOT_KNOWN``) cannot be had as of a moment: code that rests on it must not be run here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final
from uuid import UUID

from django.apps import apps
from django.db import ProgrammingError, connection, transaction
from django.db.models import DateTimeField, Model, UUIDField
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from psycopg.pq import TransactionStatus

# Columns that say since when a fact is known, whatever its table calls it.
_SINCE: Final = (
    "recorded_at",
    "registered_at",
    "frozen_at",
    "answered_at",
    "submitted_at",
    "decided_at",
    "reviewed_at",
    "appealed_at",
    "rechecked_at",
    "opened_at",
    "enrolled_at",
)
# Tables that say how things stand, worked out anew whenever a fact changes them.
NOT_KNOWN: Final = frozenset(
    {"rights_sharestanding", "rights_permissionstanding", "rights_licensestanding", "rights_exclusiveright"}
)
_TODAY: Final = "public, pg_temp"  # named last, what is temporary hides nothing
_THEN: Final = "pg_temp, public"
_KEPT: Final = "facts_taken_again"  # a temporary table, with one column of ids


class MayNotLookBack(Exception):
    """The database's role may make no temporary views: GRANT TEMPORARY ON DATABASE … TO its role."""


@dataclass(frozen=True)
class Moment:
    """What was known: everything recorded before a time, or at any; but for what was recorded at some moments."""

    before: datetime | None
    without: Sequence[datetime] = ()


@contextmanager
def looking_back() -> Iterator[None]:
    """
    Make the views, and a place for facts that are known whenever they were recorded (``also``); see ``known``.

    :raises MayNotLookBack: the database's role may make no temporary views
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path')")
        (path,) = cursor.fetchone()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('search_path', %s, false)", [_TODAY])
            cursor.execute(_made())
    except ProgrammingError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            raise MayNotLookBack from error
        raise
    try:
        yield
    finally:
        if not _is_aborted():  # else they are gone with the transaction that they were made in
            with connection.cursor() as cursor:
                cursor.execute(_dropped())  # before the path leads to them again
                cursor.execute("SELECT set_config('search_path', %s, false)", [path])


def _is_aborted() -> bool:
    raw = connection.connection
    return raw is not None and raw.info.transaction_status is TransactionStatus.INERROR


def also(ids: Iterable[UUID]) -> None:
    """Let these facts be known as well, whenever they were recorded."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO pg_temp.{_KEPT} SELECT * FROM unnest(%s::uuid[]) ON CONFLICT DO NOTHING",  # noqa: S608
            [list(ids)],
        )


@contextmanager
def known(moment: Moment) -> Iterator[None]:
    """Hide what was recorded later, in a transaction, for as long as the body runs; it must write nothing."""
    with transaction.atomic():
        _look(_THEN)
        turn_to(moment)
        yield
        _look(_TODAY)  # the transaction may go on


def turn_to(moment: Moment) -> None:
    """Look at another moment from here on, within ``known``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('ledger.known_before', %s, true), set_config('ledger.known_without', %s, true)",
            [
                moment.before.isoformat() if moment.before else "infinity",
                "{" + ",".join(f'"{one.isoformat()}"' for one in moment.without) + "}",
            ],
        )


@contextmanager
def today() -> Iterator[None]:
    """Look at everything that is on record for as long as the body runs, within ``known``."""
    _look(_TODAY)
    yield
    _look(_THEN)


def _look(path: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('search_path', %s, true)", [path])


def since(model: type[Model]) -> str | None:
    """Return the column that says since when a fact of a table is known; None where it hangs on another fact."""
    times = {field.column for field in model._meta.concrete_fields if isinstance(field, DateTimeField)}
    return next((column for column in _SINCE if column in times), None)


def _models() -> list[tuple[type[Model], str]]:
    models = apps.get_app_config("rights").get_models()
    found = ((model, since(model)) for model in models if model._meta.db_table not in NOT_KNOWN)
    return [(model, column) for model, column in found if column is not None]


@cache
def _made() -> sql.Composed:
    made: list[sql.Composable] = [
        sql.SQL("CREATE TEMPORARY TABLE {} (id uuid PRIMARY KEY)").format(sql.Identifier(_KEPT))
    ]
    for model, column in _models():
        key = model._meta.pk
        also_known = sql.SQL(" OR EXISTS (SELECT FROM pg_temp.{kept} AS kept WHERE kept.id = fact.{key})").format(
            kept=sql.Identifier(_KEPT), key=sql.Identifier(str(key.column))
        )
        made.append(
            sql.SQL(
                "CREATE TEMPORARY VIEW {table} AS SELECT * FROM public.{table} AS fact WHERE"
                " (fact.{since} < current_setting('ledger.known_before')::timestamptz"
                " AND fact.{since} <> ALL (current_setting('ledger.known_without')::timestamptz[])){also}"
            ).format(
                table=sql.Identifier(model._meta.db_table),
                since=sql.Identifier(column),
                also=also_known if isinstance(key, UUIDField) else sql.SQL(""),
            )
        )
    return sql.SQL("; ").join(made)


@cache
def _dropped() -> sql.Composed:
    names = [sql.SQL("pg_temp.{}").format(sql.Identifier(model._meta.db_table)) for model, _ in _models()]
    return sql.SQL("DROP VIEW IF EXISTS {}; DROP TABLE IF EXISTS pg_temp.{}").format(
        sql.SQL(", ").join(names), sql.Identifier(_KEPT)
    )
