"""Registering what the trade knows: works, recordings, shares, consents, licenses. Inserts only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID, uuid5

from rights import restate
from rights.identifiers import isrc as canonical_isrc
from rights.identifiers import iswc as canonical_iswc
from rights.models import (
    Consent,
    ConsentEvent,
    License,
    LicenseAsset,
    Recording,
    RecordingWork,
    Share,
    Work,
)
from rights.territories import check
from rights.vocabulary import ConsentAct, RightType, Use

LINKS = UUID("0f3f6f0c-6a60-5d0e-8f6a-1f6b1b8b7f55")  # the namespace of ids that follow from other ids


class NotOneAsset(Exception):
    """Name either a recording or a work, not both and not neither."""


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
    """A recording or a work, by id."""

    recording_id: UUID | None = None
    work_id: UUID | None = None

    def __post_init__(self) -> None:
        """Check that exactly one is named."""
        if (self.recording_id is None) == (self.work_id is None):
            raise NotOneAsset


def register_work(*, id: UUID, title: str, iswc: str | None, at: datetime) -> Work:
    """
    Insert a work.

    :raises BadIswc: the code is not one
    """
    return Work.objects.create(id=id, title=title, iswc=canonical_iswc(iswc) if iswc else None, registered_at=at)


def register_recording(
    *,
    id: UUID,
    title: str,
    isrc: str | None,
    work_ids: Sequence[UUID],
    reference_id: UUID | None,
    at: datetime,
) -> Recording:
    """
    Insert a recording with the works that are in it; its reference audio is enrolled before.

    :raises BadIsrc: the code is not one
    """
    recording = Recording.objects.create(
        id=id,
        title=title,
        isrc=canonical_isrc(isrc) if isrc else None,
        reference_id=reference_id,
        registered_at=at,
    )
    for work_id in work_ids:
        RecordingWork.objects.create(
            id=uuid5(LINKS, f"{id}/{work_id}"), recording=recording, work_id=work_id, recorded_at=at
        )
    return recording


def register_share(
    *,
    id: UUID,
    asset: AssetRef,
    party_id: UUID,
    right_type: RightType,
    part: Fraction,
    territories: Sequence[str],
    active_from: date,
    active_to: date | None,
    at: datetime,
) -> Share:
    """
    Insert a share. It does not check that the shares of the asset add up: an under- or over-claim is a fact too.

    :raises NotAPart: the fraction is not in (0, 1]
    :raises NoSuchTerritory: a code is not in the tables
    """
    if not 0 < part <= 1:
        raise NotAPart(f"{part} is not a part of the whole")
    check(territories)
    share = Share.objects.create(
        id=id,
        recording_id=asset.recording_id,
        work_id=asset.work_id,
        party_id=party_id,
        right_type=right_type,
        numerator=part.numerator,
        denominator=part.denominator,
        territories=list(territories),
        active_from=active_from,
        active_to=active_to,
        recorded_at=at,
    )
    restate.share(share, at=at)
    return share


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
