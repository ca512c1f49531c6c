"""
What stands in the way of a license, asset by asset, before anybody signs it.

The question is the one of a clearance, for a licensee who does not have the license yet: whatever it lacks but that
license is an obstacle. So are consents that end before the license does, and licenses that one of the two excludes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from rights import clearances, contracts
from rights.clearances import Asked
from rights.contracts import Reach
from rights.merges import survivor
from rights.models import LicenseAsset, ModelVersion, PermissionStanding
from rights.permission import Code, Question
from rights.standing import Stance
from rights.territories import covered
from rights.vocabulary import Answer


class Kind(StrEnum):
    """What stands in the way."""

    UNKNOWN = "unknown"  # nothing is registered under this id
    NO_SIDE = "no_side"  # one of its sides is not registered
    NO_SHARES = "no_shares"
    TOO_FEW_SHARES = "too_few_shares"
    CONTESTED = "contested"  # more than the whole is claimed
    RESERVED = "reserved"
    WITHDRAWN = "withdrawn"
    NARROWER_CONSENT = "narrower_consent"
    NO_CONSENT = "no_consent"
    ASKED_EACH_TIME = "asked_each_time"
    CONSENT_ENDS = "consent_ends"  # before the license does
    EXCLUSIVELY_LICENSED = "exclusively_licensed"
    LICENSED_TO_OTHERS = "licensed_to_others"  # which an exclusive license would have to know of


# What a consent or a share lacks. What the license itself lacks is no obstacle to signing it.
_KINDS = {
    Code.NO_SUCH_ASSET: Kind.UNKNOWN,
    Code.SIDE_UNKNOWN: Kind.NO_SIDE,
    Code.NOBODY_REGISTERED: Kind.NO_SHARES,
    Code.UNDER_CLAIMED: Kind.TOO_FEW_SHARES,
    Code.OVER_CLAIMED: Kind.CONTESTED,
    Code.RESERVED: Kind.RESERVED,
    Code.WITHDRAWN: Kind.WITHDRAWN,
    Code.NOT_COVERED_BY_CONSENT: Kind.NARROWER_CONSENT,
    Code.NOT_CONSENTED: Kind.NO_CONSENT,
    Code.APPROVAL_NEEDED: Kind.ASKED_EACH_TIME,
}


@dataclass(frozen=True)
class Obstacle:
    """One thing in the way: of which asset or side of it, the records it rests on, and from which day on."""

    kind: Kind
    asset_id: UUID
    rests_on: tuple[UUID, ...] = ()
    begins_on: date | None = None  # None: from the license's first day on


def explain(
    asked: Sequence[Asked],
    reach: Reach,
    *,
    purposes: Collection[str] = (),
    model_version_id: UUID | None = None,
    except_for: Collection[UUID] = (),
    known_at: datetime,
) -> dict[UUID, tuple[Obstacle, ...]]:
    """
    Return what stands in the way of each asset that has something in its way.

    Shares and reservations are looked at on the license's first day; consents up to its end.
    """
    found: dict[UUID, list[Obstacle]] = {}
    version = ModelVersion.objects.filter(pk=model_version_id).first() if model_version_id else None
    question = Question(
        licensee_id=survivor(reach.licensee_id),
        uses=frozenset(reach.uses),
        territories=covered(reach.territories, reach.active_from),
        on=reach.active_from,
        purposes=frozenset(purposes),
        model_id=version.model_id if version else None,
        model_version_id=model_version_id,
    )
    consents: dict[UUID, list[tuple[UUID, UUID]]] = {}  # consent → assets that rest on it, with their sides
    for ruling in clearances.answer(asked, question, known_at=known_at):
        for reason in ruling.reasons:
            if reason.code is Code.CONSENTED:
                consents.setdefault(reason.rests_on[-1], []).append((ruling.asset_id, reason.asset_id))
            elif reason.answer is not Answer.ALLOW and reason.code in _KINDS:
                obstacle = Obstacle(_KINDS[reason.code], reason.asset_id, reason.rests_on)
                found.setdefault(ruling.asset_id, []).append(obstacle)
    for consent_id, ends_on in _ending(consents, reach).items():
        for asset_id, side_id in consents[consent_id]:
            obstacle = Obstacle(Kind.CONSENT_ENDS, side_id, (consent_id,), ends_on)
            found.setdefault(asset_id, []).append(obstacle)
    for asset_id, obstacle in _licensed(reach, except_for):
        found.setdefault(asset_id, []).append(obstacle)
    return {asset_id: tuple(dict.fromkeys(obstacles)) for asset_id, obstacles in found.items()}


def _ending(consents: Mapping[UUID, object], reach: Reach) -> dict[UUID, date]:
    """Return the consents that end before the license does, with the first day without them."""
    ends: dict[UUID, date | None] = {}
    rows = PermissionStanding.objects.filter(
        consent__in=list(consents), stance=int(Stance.ALLOW), known__upper_inf=True
    ).values_list("consent_id", "valid")
    for consent_id, valid in rows:
        known = ends.get(consent_id, date.min)
        ends[consent_id] = None if valid.upper is None or known is None else max(known, valid.upper)
    return {
        consent_id: end
        for consent_id, end in ends.items()
        if end is not None and (reach.active_to is None or end < reach.active_to)
    }


def _licensed(reach: Reach, except_for: Collection[UUID]) -> Iterable[tuple[UUID, Obstacle]]:
    """Yield the assets that other licenses have, where one of the two is exclusive."""
    met = contracts.clashing(reach, except_for=except_for)
    lines = (
        LicenseAsset.objects.filter(license__in=met, asset_id__in=list(reach.asset_ids))
        .order_by("asset_id", "license")
        .values_list("asset_id", "license_id", "license__is_exclusive")
    )
    for asset_id, license_id, is_exclusive in lines:
        kind = Kind.EXCLUSIVELY_LICENSED if is_exclusive else Kind.LICENSED_TO_OTHERS
        yield asset_id, Obstacle(kind, asset_id, (license_id,))
