"""Registering what the trade knows: works, recordings, shares, licenses. Inserts only."""

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
    License,
    LicenseAsset,
    Recording,
    RecordingWork,
    Share,
    Work,
)
from rights.territories import check
from rights.vocabulary import AssetKind, RightType, Use

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
