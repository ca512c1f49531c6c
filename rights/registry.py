"""Registering what the trade knows: consents, licenses. Inserts only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from rights import restate
from rights.models import (
    Consent,
    ConsentEvent,
    License,
    LicenseAsset,
)
from rights.territories import check
from rights.vocabulary import AssetKind, ConsentAct, Use

LINKS = UUID("0f3f6f0c-6a60-5d0e-8f6a-1f6b1b8b7f55")  # the namespace of ids that follow from other ids


class NotOneAsset(Exception):
    """Name one asset: a recording, a work, a voice, a stem or lyrics; not several and not none."""


class NothingAllowed(Exception):
    """Name at least one use: what is not named is not allowed."""


class NoSuchUse(Exception):
    """This is not a use code; the API's docs list them."""


class EmptySchedule(Exception):
    """A license needs at least one recording or work on its schedule."""


class NotAPart(Exception):
    """A share is a fraction greater than 0 and at most 1."""


class AlreadyWithdrawn(Exception):
    """This consent has been withdrawn; a withdrawal is final, a new consent may be granted."""


@dataclass(frozen=True)
class AssetRef:
    """A recording, a work, a voice, a stem or lyrics, by id."""

    recording_id: UUID | None = None
    work_id: UUID | None = None
    voice_id: UUID | None = None
    stem_id: UUID | None = None
    lyrics_id: UUID | None = None

    def __post_init__(self) -> None:
        """Check that exactly one is named."""
        if sum(id is not None for id in self.columns.values()) != 1:
            raise NotOneAsset

    @property
    def columns(self) -> dict[str, UUID | None]:
        """The columns of a row that is of this asset."""
        return {f"{kind.value}_id": getattr(self, f"{kind.value}_id") for kind in AssetKind}

    @property
    def id(self) -> UUID:
        """The id of the asset, whichever kind it is."""
        return next(id for id in self.columns.values() if id is not None)


def grant_consent(
    *,
    id: UUID,
    grantor_id: UUID,
    actor_id: UUID,
    asset: AssetRef,
    licensee_id: UUID | None,
    uses: Sequence[str],
    territories: Sequence[str],
    active_from: date,
    active_to: date | None,
    document_digest: str,
    at: datetime,
) -> Consent:
    """
    Insert a consent and the event that it was granted.

    :raises NothingAllowed: no use is named
    :raises NoSuchUse: a use is not in the vocabulary
    :raises NoSuchTerritory: a code is not in the tables
    """
    check(territories)
    consent = Consent.objects.create(
        id=id,
        grantor_id=grantor_id,
        actor_id=actor_id,
        recording_id=asset.recording_id,
        work_id=asset.work_id,
        licensee_id=licensee_id,
        uses=_uses(uses),
        territories=list(territories),
        active_from=active_from,
        active_to=active_to,
        document_digest=document_digest,
        recorded_at=at,
    )
    ConsentEvent.objects.create(
        id=uuid5(LINKS, f"{id}/granted"),
        consent=consent,
        position=0,
        act=ConsentAct.GRANTED,
        actor_id=actor_id,
        effective_on=active_from,
        recorded_at=at,
    )
    restate.consent(consent, at=at)
    return consent


def withdraw_consent(*, id: UUID, consent: Consent, actor_id: UUID, effective_on: date, at: datetime) -> ConsentEvent:
    """Insert the withdrawal of a consent: prospective, from a day on. A second one is refused by the database."""
    event = ConsentEvent.objects.create(
        id=id,
        consent=consent,
        position=consent.events.count(),
        act=ConsentAct.WITHDRAWN,
        actor_id=actor_id,
        effective_on=effective_on,
        recorded_at=at,
    )
    restate.consent(consent, at=at)
    return event


def sign_license(
    *,
    id: UUID,
    licensor_id: UUID,
    licensee_id: UUID,
    schedule: Sequence[AssetRef],
    uses: Sequence[str],
    territories: Sequence[str],
    active_from: date,
    active_to: date | None,
    document_digest: str,
    at: datetime,
) -> License:
    """
    Insert a license with its schedule.

    :raises EmptySchedule: no asset is on it
    :raises NothingAllowed: no use is named
    :raises NoSuchUse: a use is not in the vocabulary
    :raises NoSuchTerritory: a code is not in the tables
    """
    if not schedule:
        raise EmptySchedule
    check(territories)
    license_ = License.objects.create(
        id=id,
        licensor_id=licensor_id,
        licensee_id=licensee_id,
        uses=_uses(uses),
        territories=list(territories),
        active_from=active_from,
        active_to=active_to,
        document_digest=document_digest,
        recorded_at=at,
    )
    for asset in schedule:
        LicenseAsset.objects.create(
            id=uuid5(LINKS, f"{id}/{asset.recording_id or asset.work_id}"),
            license=license_,
            recording_id=asset.recording_id,
            work_id=asset.work_id,
        )
    restate.license(license_, at=at)
    return license_


def _uses(codes: Sequence[str]) -> list[str]:
    if not codes:
        raise NothingAllowed
    known = {use.value for use in Use}
    for code in codes:
        if code not in known:
            raise NoSuchUse(f"{code!r} is not a use: {', '.join(sorted(known))}")
    return sorted(set(codes))
