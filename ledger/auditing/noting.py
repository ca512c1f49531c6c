"""What auditors write beside an entry, an output or a statement: a fact, and no part of what it is written beside."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from ledger import log
from ledger.models import AuditNote, Entry

MOST_LETTERS = 1000


class NoText(Exception):
    """A note says something, in at most a thousand letters and without names."""


def note(
    *,
    id: UUID,
    text: str,
    entry_id: UUID | None = None,
    submission_id: UUID | None = None,
    statement_id: UUID | None = None,
    organization_id: UUID | None,
    engagement_id: UUID | None,
    by_id: int,
    at: datetime,
) -> AuditNote:
    """
    Put a note on record beside one thing. The log has its digest, and no word of it.

    :raises NoText: it says nothing, or too much
    """
    said = text.strip()
    if not 1 <= len(said) <= MOST_LETTERS:
        raise NoText
    with transaction.atomic(durable=True):
        row = AuditNote.objects.create(
            id=id,
            organization_id=organization_id,
            engagement_id=engagement_id,
            entry_id=entry_id,
            submission_id=submission_id,
            statement_id=statement_id,
            text=said,
            noted_by_id=by_id,
            recorded_at=at,
        )
        beside = {"entry": entry_id, "submission": submission_id, "statement": statement_id}
        data = {name: str(of) for name, of in beside.items() if of is not None}
        log.append(Entry.Kind.AUDIT_NOTED, row, data, at=at)
    return row


def notes() -> QuerySet[AuditNote]:
    """Return all notes, the newest first."""
    return AuditNote.objects.select_related("noted_by").order_by("-recorded_at", "pk")
