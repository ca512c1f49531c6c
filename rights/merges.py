"""Which parties are one: reads of merges, as they were known at a moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from rights.models import PartyMerge


def survivors(party_ids: Iterable[UUID], *, known_at: datetime | None = None) -> dict[UUID, UUID]:
    """
    Return the party that each one counts as: itself, or what it was merged into.

    ``known_at`` asks what was known at that moment; without it, what is known now.
    """
    wanted = set(party_ids)
    merges = PartyMerge.objects.filter(duplicate__in=wanted)
    if known_at is None:
        merges = merges.filter(undo__isnull=True)
    else:
        merges = merges.filter(
            Q(undo__isnull=True) | Q(undo__recorded_at__gt=known_at),
            recorded_at__lte=known_at,
        )
    return {party: party for party in wanted} | dict(merges.values_list("duplicate_id", "survivor_id"))


def survivor(party_id: UUID, *, known_at: datetime | None = None) -> UUID:
    """Return the party that one counts as."""
    return survivors([party_id], known_at=known_at)[party_id]
