"""
Whose turn it is where two acts bear on what a signed file stands for: an end of a consent, and somebody's statement.

A statement with evidence replaces everything before it, so it must never replace what nobody had seen: what was begun
before it and committed after it. One waits for the other, and whatever comes second is recorded as the second.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Max

from provenance.models import ManifestStatus

_STATUSES: Final = 0x73746174  # an advisory lock


def take_for_statement() -> None:
    """Let no consent end until the transaction does; what ends was committed before, and is seen from here on."""
    _lock("pg_advisory_xact_lock")


def take_for_end(submissions: Collection[UUID], *, at: datetime) -> dict[UUID, datetime]:
    """
    Let nobody state a status until the transaction ends, and return when each of these outputs is to be flagged.

    That is at the moment of the end, and behind whatever was stated about it while the end was on its way.
    """
    _lock("pg_advisory_xact_lock_shared")
    stated = (
        ManifestStatus.objects.filter(manifest__decision__submission__in=submissions, recorded_at__gte=at)
        .values_list("manifest__decision__submission")
        .annotate(last=Max("recorded_at"))
    )
    return dict.fromkeys(submissions, at) | {id: last + timedelta(microseconds=1) for id, last in stated}


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_STATUSES])
