"""Licenses: signed, each with its entry, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from django.db import transaction

from ledger import log
from ledger.models import Entry
from rights import registry
from rights.models import License
from rights.registry import AssetRef
from royalties import splits


@dataclass(frozen=True)
class GivenPlan:
    """How a license divides what an output earns; each part is of what the one before leaves."""

    commission: Fraction
    creators: Fraction
    masters: Fraction


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
    plan: GivenPlan,
    at: datetime,
) -> License:
    """
    Record a license with its schedule and its plan.

    :raises EmptySchedule: no asset is on it
    :raises NothingAllowed: no use is named
    :raises NoSuchUse: a use is not in the vocabulary
    :raises NotAPart: a part of the plan is not in [0, 1]
    """
    with transaction.atomic(durable=True):
        license_ = registry.sign_license(
            id=id,
            licensor_id=licensor_id,
            licensee_id=licensee_id,
            schedule=schedule,
            uses=uses,
            territories=territories,
            active_from=active_from,
            active_to=active_to,
            document_digest=document_digest,
            at=at,
        )
        splits.record_plan(
            license_id=license_.id,
            commission=plan.commission,
            creators=plan.creators,
            masters=plan.masters,
            at=at,
        )
        log.append(
            Entry.Kind.LICENSE_SIGNED,
            license_,
            {"document": f"sha256:{license_.document_digest}", "assets": len(schedule)},
            at=at,
        )
    return license_
