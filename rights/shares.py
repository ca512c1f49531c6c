"""
Who holds which part of which right (SHR-1): shares, and what became of them. Inserts, and reads of what they come to.

A share that was wrong is retracted, which says that it never was; one that was right for a time ends on a day. Whether
shares add up is not checked here: an under- or over-claim is a fact too, and ``rights.conflicts`` takes it up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from django.db import connection
from django.db.models import Prefetch

from rights import claims, restate
from rights.claims import Holding, Zone
from rights.merges import survivors
from rights.models import Share, ShareEvent
from rights.registry import AssetRef, NotAPart
from rights.territories import check, stretches
from rights.vocabulary import Basis, RightType, ShareAct

# CWR's roles of writers and of publishers; PA is in both.
ROLES = frozenset({"A", "AD", "AM", "AQ", "AR", "C", "CA", "E", "ES", "PA", "SA", "SE", "SR", "TR"})


class NotARole(Exception):
    """A role is CWR's code of a writer or publisher, such as CA, E or SE; empty where there is none."""


class WrittenOtherwise(Exception):
    """The decimal that a part was written as is the part itself, but for rounding of at most 0.06 %."""


class EndsOutsideItsPeriod(Exception):
    """A share ends after its first day and before its agreed end; retract it if it never was."""


class AlreadyRetracted(Exception):
    """This share was retracted: it never was, so nothing more becomes of it."""


class SucceedsAnother(Exception):
    """The successor of a share is of the same asset, right and basis."""


@dataclass(frozen=True)
class GivenShare:
    """A share as somebody states it. ``written`` is the decimal percentage that the exact part came from."""

    id: UUID
    asset: AssetRef
    party_id: UUID
    right_type: RightType
    part: Fraction
    territories: tuple[str, ...]
    active_from: date
    active_to: date | None
    basis: Basis = Basis.OWNERSHIP
    role: str = ""
    written: str = ""
    registrar_id: UUID | None = None


@dataclass(frozen=True)
class Field:
    """Which shares are added up with each other: those of one right in one asset, on one basis."""

    asset: AssetRef
    right_type: RightType
    basis: Basis

    @property
    def columns(self) -> dict[str, object]:
        """The columns of the shares in it."""
        return {"asset_id": self.asset.id, "right_type": self.right_type, "basis": self.basis}


def field_of(share: Share) -> Field:
    """Return what a share is added up with."""
    return Field(asset_of(share), RightType(share.right_type), Basis(share.basis))


def asset_of(row: object) -> AssetRef:
    """Return the asset that a row is of."""
    names = ("recording_id", "work_id", "voice_id", "stem_id", "lyrics_id")
    return AssetRef(**{name: getattr(row, name) for name in names})


def keep_others_out(asset_ids: Iterable[UUID]) -> None:
    """
    Let one writer at a time change the shares of an asset, until the transaction ends.

    Two who claim more than the whole between them would each see only their own claim. The assets are locked in the
    order of their ids, so that two who change several wait for each other and not for ever.
    """
    names = [f"shares of {asset_id}" for asset_id in sorted(set(asset_ids), key=str)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(%s::text[]) AS name", [names]
        )


def register(given: Sequence[GivenShare], *, at: datetime) -> list[Share]:
    """
    Insert shares, in the order given.

    :raises NotAPart: the fraction is not in (0, 1]
    :raises NotARole: the role is not one of CWR's
    :raises WrittenOtherwise: the decimal is not the part
    :raises NoSuchTerritory: a code is not in the tables
    :raises NoTerritory: the codes mean no country in the period
    """
    registered = [_inserted(one, at) for one in given]
    restate.shares(registered, at=at)
    return registered


def _inserted(given: GivenShare, at: datetime) -> Share:
    if not 0 < given.part <= 1:
        raise NotAPart(f"{given.part} is not a part of the whole")
    if given.role and given.role not in ROLES:
        raise NotARole(f"{given.role!r} is not a role: {', '.join(sorted(ROLES))}")
    if given.written and abs(Fraction(given.written) / 100 - given.part) > claims.TOLERANCE:
        raise WrittenOtherwise(f"{given.written} % is not {given.part}: they differ by more than rounding")
    check(given.territories)
    if given.active_to is None or given.active_from < given.active_to:
        stretches(given.territories, given.active_from, given.active_to)
    return Share.objects.create(
        id=given.id,
        party_id=given.party_id,
        right_type=given.right_type,
        basis=given.basis,
        role=given.role,
        numerator=given.part.numerator,
        denominator=given.part.denominator,
        written=given.written,
        territories=list(given.territories),
        active_from=given.active_from,
        active_to=given.active_to,
        registrar_id=given.registrar_id,
        recorded_at=at,
        **given.asset.columns,
    )


def end(
    *, id: UUID, share: Share, effective_on: date, reason: str, successor: Share | None = None, at: datetime
) -> ShareEvent:
    """
    Insert that a share ends on a day, the first one without it. That it ended before is for the database to say.

    :raises EndsOutsideItsPeriod: the day is not within the period of the share
    :raises AlreadyRetracted: the share never was
    :raises SucceedsAnother: the successor is of something else
    """
    if effective_on <= share.active_from or (share.active_to is not None and effective_on >= share.active_to):
        raise EndsOutsideItsPeriod(
            f"{effective_on} is not between {share.active_from} and {share.active_to or 'an open end'}"
        )
    if share.events.filter(act=ShareAct.RETRACTED).exists():
        raise AlreadyRetracted
    return _happen(id, share, ShareAct.ENDED, effective_on, reason, successor, at)


def retract(*, id: UUID, share: Share, reason: str, successor: Share | None = None, at: datetime) -> ShareEvent:
    """
    Insert that a share never was. That it was retracted before is for the database to say.

    :raises SucceedsAnother: the successor is of something else
    """
    return _happen(id, share, ShareAct.RETRACTED, None, reason, successor, at)


def _happen(
    id: UUID, share: Share, act: ShareAct, on: date | None, reason: str, successor: Share | None, at: datetime
) -> ShareEvent:
    if successor is not None and field_of(successor) != field_of(share):
        raise SucceedsAnother
    event = ShareEvent.objects.create(
        id=id, share=share, act=act, effective_on=on, successor=successor, reason=reason, recorded_at=at
    )
    restate.share(share, at=at)
    return event


def holdings(field: Field, *, known_at: datetime | None = None) -> tuple[Holding, ...]:
    """Return the shares of a right as they stand, or as they were known at a moment; by party after merges."""
    rows = Share.objects.filter(**field.columns).order_by("recorded_at", "id")
    events = ShareEvent.objects.all()
    if known_at is not None:
        rows, events = rows.filter(recorded_at__lte=known_at), events.filter(recorded_at__lte=known_at)
    shares = list(rows.prefetch_related(Prefetch("events", queryset=events)))
    parties = survivors({share.party_id for share in shares}, known_at=known_at)
    found = []
    for share in shares:
        holding = replace(as_stated(share), party_id=parties[share.party_id])
        acts = {event.act: event.effective_on for event in share.events.all()}
        if ShareAct.RETRACTED in acts:
            continue
        if ends := acts.get(ShareAct.ENDED):
            holding = replace(holding, active_to=ends)
        found.append(holding)
    return tuple(found)


def as_stated(share: Share) -> Holding:
    """Return a share as it was stated, whatever became of it."""
    return Holding(
        share_id=share.id,
        party_id=share.party_id,
        part=Fraction(share.numerator, share.denominator),
        territories=tuple(share.territories),
        active_from=share.active_from,
        active_to=share.active_to,
    )


def position(field: Field, *, on: date, known_at: datetime | None = None) -> tuple[Zone, ...]:
    """Return what the shares of a right come to on a day, country by country, as it was known at a moment (SHR-2)."""
    return claims.position(holdings(field, known_at=known_at), on)
