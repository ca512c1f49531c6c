"""What is known about one party, now or as known at a moment: a read of everything that was recorded about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from rights import codes, parties
from rights.identifiers import CodeStatus
from rights.models import (
    Identifier,
    Party,
    PartyInRole,
    PartyMerge,
    PartyName,
    Protection,
    Representation,
    RepresentationEnd,
)

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Profile:
    """A party with its facts, oldest first."""

    party: Party
    known_at: datetime | None
    name: str | None  # None: erased
    counts_as: UUID
    same_as: tuple[UUID, ...]  # every party that is this one, the survivor first
    names: Sequence[PartyName]
    roles: Sequence[PartyInRole]
    identifiers: Sequence[Identifier]
    statuses: dict[UUID, CodeStatus]
    represented_by: Sequence[Representation]
    represents: Sequence[Representation]
    ends: dict[UUID, RepresentationEnd]
    protections: Sequence[Protection]
    merges: Sequence[PartyMerge]


def profile(party_id: UUID, known_at: datetime | None = None) -> Profile:
    """
    Return what is known about a party, without what came after the moment.

    :raises NoSuchParty: nobody was registered under this id then
    """
    party = _known(Party.objects.select_related("identity").filter(pk=party_id), "registered_at", known_at)
    if not party:
        raise parties.NoSuchParty
    identifiers = _recorded(Identifier.objects.filter(party=party_id), known_at)
    represented_by = _recorded(Representation.objects.filter(principal=party_id), known_at)
    represents = _recorded(Representation.objects.filter(agent=party_id), known_at)
    ends = _recorded(RepresentationEnd.objects.filter(representation__in=[*represented_by, *represents]), known_at)
    merges = PartyMerge.objects.filter(duplicate=party_id) | PartyMerge.objects.filter(survivor=party_id)
    identity = getattr(party[0], "identity", None)
    return Profile(
        party=party[0],
        known_at=known_at,
        name=identity.name if identity else None,
        counts_as=parties.canonical([party_id], known_at)[party_id],
        same_as=parties.same_as(party_id, known_at),
        names=_recorded(PartyName.objects.select_related("party__identity").filter(party=party_id), known_at),
        roles=_recorded(PartyInRole.objects.filter(party=party_id), known_at),
        identifiers=identifiers,
        statuses=codes.statuses(identifiers, known_at),
        represented_by=represented_by,
        represents=represents,
        ends={end.representation_id: end for end in ends},
        protections=_recorded(Protection.objects.filter(party=party_id), known_at),
        merges=_recorded(merges.select_related("undo"), known_at),
    )


def _recorded(rows: QuerySet[Row], known_at: datetime | None) -> list[Row]:
    return _known(rows, "recorded_at", known_at)


def _known(rows: QuerySet[Row], column: str, known_at: datetime | None) -> list[Row]:
    if known_at is not None:
        rows = rows.filter(**{f"{column}__lte": known_at})
    return list(rows.order_by(column, "pk"))
