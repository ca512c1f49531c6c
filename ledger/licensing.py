"""Consents and licenses: granted, withdrawn, signed; each with its entry, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from django.db import IntegrityError, transaction

from ledger import log
from ledger.constraints import violated
from ledger.models import Entry
from rights import registry
from rights.models import Consent, ConsentEvent, License
from rights.registry import AlreadyWithdrawn, AssetRef
from royalties import splits


class NoSuchConsent(Exception):
    """There is no consent with this id."""


class WithdrawalReachesBack(Exception):
    """A withdrawal is prospective: its effect begins on the day it is made or later."""


@dataclass(frozen=True)
class GivenPlan:
    """How a license divides what an output earns; each part is of what the one before leaves."""

    commission: Fraction
    creators: Fraction
    masters: Fraction


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
    Record that a holder agreed to uses of an asset.

    :raises NothingAllowed: no use is named
    :raises NoSuchUse: a use is not in the vocabulary
    :raises NoSuchTerritory: a code is not in the tables
    """
    with transaction.atomic(durable=True):
        consent = registry.grant_consent(
            id=id,
            grantor_id=grantor_id,
            actor_id=actor_id,
            asset=asset,
            licensee_id=licensee_id,
            uses=uses,
            territories=territories,
            active_from=active_from,
            active_to=active_to,
            document_digest=document_digest,
            at=at,
        )
        log.append(
            Entry.Kind.CONSENT_GRANTED,
            consent,
            {"uses": consent.uses, "document": f"sha256:{consent.document_digest}"},
            at=at,
        )
    return consent


def withdraw_consent(*, id: UUID, consent_id: UUID, actor_id: UUID, effective_on: date, at: datetime) -> ConsentEvent:
    """
    Record that a holder withdrew a consent, from a day on.

    :raises NoSuchConsent: nothing was granted under this id
    :raises WithdrawalReachesBack: the day lies before today
    :raises AlreadyWithdrawn: it was withdrawn before
    """
    consent = Consent.objects.filter(pk=consent_id).first()
    if consent is None:
        raise NoSuchConsent
    if effective_on < at.date():
        raise WithdrawalReachesBack(f"{effective_on} lies before {at.date()}")
    try:
        with transaction.atomic(durable=True):
            event = registry.withdraw_consent(
                id=id, consent=consent, actor_id=actor_id, effective_on=effective_on, at=at
            )
            log.append(
                Entry.Kind.CONSENT_WITHDRAWN,
                event,
                {"consent": str(consent.id), "effective_on": effective_on.isoformat()},
                at=at,
            )
    except IntegrityError as error:
        # The course is looked at before the key: the same withdrawal sent twice at once is not one that came too late.
        if not ConsentEvent.objects.filter(pk=id).exists() and violated(error) in {
            "consent_follows_its_course",
            "consent_event_has_its_own_position",
            "consent_is_granted_and_withdrawn_once",
        }:
            raise AlreadyWithdrawn from error
        raise
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
