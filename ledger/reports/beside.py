"""What auditors wrote beside an output or a statement, for the page of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from ledger.api.access import caller_of, seen_by
from ledger.auditing import acting
from ledger.models import AuditNote


def may_audit(request: HttpRequest) -> bool:
    """Whether whoever asks may leave notes, samples and exceptions on record."""
    return acting.is_auditing(request.user, caller_of(request), at=timezone.now())


def notes_beside(request: HttpRequest, **of: UUID) -> dict[str, Any]:
    """Return the notes beside a page's output or statement, and where another is written."""
    ((name, id),) = of.items()
    rows = seen_by(request, AuditNote.objects.filter(**{name: id})).select_related("noted_by").order_by("recorded_at")
    address = f"{reverse('reports:notes')}?{name}={id}" if may_audit(request) else ""
    return {"audit_notes": list(rows), "audit_note_address": address}
