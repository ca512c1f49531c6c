"""What is known about one party, now or as known at a moment: a read of everything that was recorded about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
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
Seen = Callable[[QuerySet[Any]], QuerySet[Any]]


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


def profile(party_id: UUID, known_at: datetime | None = None, *, seen: Seen = lambda rows: rows) -> Profile:
    """
    Return what is known about a party, without what came after the moment; ``seen`` leaves what the reader may see.

    :raises NoSuchParty: nobody was registered under this id then
    """

    def known(rows: QuerySet[Row], column: str = "recorded_at") -> list[Row]:
        found = rows if known_at is None else rows.filter(**{f"{column}__lte": known_at})
        return list(seen(found).order_by(column, "pk"))

    registered = known(Party.objects.select_related("identity").filter(pk=party_id), "registered_at")
    if not registered:
        raise parties.NoSuchParty
    party = registered[0]
    identifiers = known(Identifier.objects.filter(party=party_id))
    represented_by = known(Representation.objects.select_related("agent__identity").filter(principal=party_id))
    represents = known(Representation.objects.select_related("principal__identity").filter(agent=party_id))
    ends = known(RepresentationEnd.objects.filter(representation__in=[*represented_by, *represents]))
    merges = PartyMerge.objects.filter(duplicate=party_id) | PartyMerge.objects.filter(survivor=party_id)
    identity = getattr(party, "identity", None)
    same = parties.same_as(party_id, known_at)
    shown = set(seen(Party.objects.filter(pk__in=same)).values_list("pk", flat=True))
    return Profile(
        party=party,
        known_at=known_at,
        name=identity.name if identity else None,
        counts_as=same[0] if same[0] in shown else party_id,
        same_as=tuple(one for one in same if one in shown),
        names=known(PartyName.objects.select_related("party__identity").filter(party=party_id)),
        roles=known(PartyInRole.objects.filter(party=party_id)),
        identifiers=identifiers,
        statuses=codes.statuses(identifiers, known_at),
        represented_by=represented_by,
        represents=represents,
        ends={end.representation_id: end for end in ends},
        protections=known(Protection.objects.filter(party=party_id)),
        merges=known(merges.select_related("undo", "duplicate__identity", "survivor__identity")),
    )
