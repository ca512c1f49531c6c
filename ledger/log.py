"""Writing to the log: the entry goes into the transaction of the fact that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.apps import apps
from django.db import transaction
from django.db.models import Model

from ledger import canonical, rows
from ledger.models import SUBJECTS, Entry, PendingEntry

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
    table = subject._meta.db_table
    entry_id = uuid5(NAMESPACE, f"{kind.value}:{subject.pk}")
    document = canonical.entry(
        id=entry_id,
        kind=kind.value,
        at=at,
        subject=canonical.Subject(table=table, id=str(subject.pk)),
        data=data,
        rows=[group.vouched for group in rows.collect(kind, subject.pk)],
    )
    body = canonical.encode(document)
    entry = Entry.objects.create(id=entry_id, kind=kind, body=body, at=at, **{SUBJECT_OF[table]: subject})
    PendingEntry.objects.create(entry=entry)
    return entry
