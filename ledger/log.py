"""Writing to the log: the entry goes into the transaction of the fact that it is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model

from ledger import canonical, rows
from ledger.models import SUBJECTS, Entry

# A namespace of our own: one fact has one entry id, however often the writing is tried again.
NAMESPACE = UUID("5d0b7a0e-7f0d-5a3c-9f56-0b9a4e7c2d11")

SUBJECT_OF = {apps.get_model(model)._meta.db_table: subject for subject, model in SUBJECTS.items()}


class NotInTransaction(Exception):
    """An entry commits with its fact or not at all: call this inside the use case's transaction."""


def append(kind: Entry.Kind, subject: Model, data: Mapping[str, Any], *, at: datetime) -> Entry:
    """
    Insert the entry of a fact, pending: it gets its place in the tree once it is committed.

    ``data`` holds ids, digests and outcomes; never a name. The rows that the subject brings along are read back and
    digested here, so call this after the last of them is inserted.

    :raises NotInTransaction: there is no transaction that the entry could share
    :raises canonical.EntryTooLarge: the body exceeds what a leaf of the log may hold
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction
    name = SUBJECT_OF[subject._meta.db_table]
    entry = Entry(id=entry_id(kind, subject.pk), kind=kind, at=at, subject=name, fact=subject.pk)
    one = _Waiting(entry, subject, data)
    if (waiting := _together.get()) is not None:
        waiting.append(one)
    else:
        _write([one])
    return entry


def entry_id(kind: Entry.Kind, subject_id: Any) -> UUID:
    """Return the id that the entry of a fact has, or will have."""
    return uuid5(NAMESPACE, f"{kind.value}:{subject_id}")


@contextmanager
def together() -> Iterator[None]:
    """
    Write the entries that are appended within at the end of it, in a few statements for all of them.

    Their rows are read then: no fact may follow within that adds to the rows of one before it.

    :raises NotInTransaction: there is no transaction that the entries could share
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction
    waiting: list[_Waiting] = []
    token = _together.set(waiting)
    try:
        yield
    finally:
        _together.reset(token)
    _write(waiting)


@dataclass(frozen=True)
class _Waiting:
    entry: Entry
    subject: Model
    data: Mapping[str, Any]


_together: ContextVar[list[_Waiting] | None] = ContextVar("entries that are written together", default=None)


def _write(waiting: Sequence[_Waiting]) -> None:
    by_kind = defaultdict[str, list[UUID]](list)
    for one in waiting:
        by_kind[one.entry.kind].append(one.subject.pk)
    found = {kind: rows.collect_each(kind, ids) for kind, ids in by_kind.items()}
    for one in waiting:
        entry, pk = one.entry, one.subject.pk
        document = canonical.entry(
            id=entry.id,
            kind=str(entry.kind),
            at=entry.at,
            subject=canonical.Subject(table=one.subject._meta.db_table, id=str(pk)),
            data=one.data,
            rows=[group.vouched for group in found[entry.kind][pk]],
        )
        entry.body = canonical.encode(document)
    _insert(waiting)


def _insert(waiting: Sequence[_Waiting]) -> None:
    # The database puts them on their way in the order in which they are inserted, which is that in which they were
    # appended.
    if not waiting:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Entry._meta.db_table} (id, kind, body, at, subject, fact)"  # noqa: S608 - a table of ours
            " SELECT * FROM unnest(%s::uuid[], %s::text[], %s::bytea[], %s::timestamptz[], %s::text[], %s::uuid[])",
            [
                [one.entry.id for one in waiting],
                [str(one.entry.kind) for one in waiting],
                [one.entry.body for one in waiting],
                [one.entry.at for one in waiting],
                [one.entry.subject for one in waiting],
                [one.entry.fact for one in waiting],
            ],
        )
