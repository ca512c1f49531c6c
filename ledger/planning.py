"""Plans of licenses: what was signed, and later versions with why there is one; each with its entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from django.db import IntegrityError, transaction

from ledger import log
from ledger.constraints import violated
from ledger.models import Entry
from rights import decisions
from rights.case import Side
from rights.models import License, LicenseAsset
from rights.vocabulary import Outcome
from royalties import splits
from royalties.models import Plan
from royalties.plans import Term
from royalties.splits import EVERYTHING, Aimed, Quantity
from royalties.vocabulary import Scope
from royalties.weighing import Blend


class NoSuchPlanned(Exception):
    """There is no license with this id."""


class ReasonMissing(Exception):
    """A later version of a plan says why there is one, without names."""


class BeforeItsLicense(Exception):
    """A version of a plan counts from a day of its license's period."""


class NotScheduled(Exception):
    """A quantity, or the track that a plan is for, is of an asset on the license's schedule."""


class StatedMeanwhile(Exception):
    """Another version of this plan was stated at this moment: look at it, and send yours again."""


@dataclass(frozen=True)
class GivenPlan:
    """How a license divides what an output earns; each part is of what the one before leaves."""

    commission: Fraction
    creators: Fraction
    masters: Fraction
    blends: Mapping[Side, Blend] = field(default_factory=dict)  # a side without one is divided equally
    quantities: tuple[Quantity, ...] = ()
    terms: tuple[Term, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether it says no more than the three parts."""
        return not (self.blends or self.quantities or self.terms)


def record_first(plan: GivenPlan, *, license_id: UUID, at: datetime) -> Plan:
    """
    Insert the plan that a license was signed with, in the caller's transaction and before the license's entry.

    :raises NotScheduled: see ``amend``; besides whatever ``splits.record_plan`` raises
    """
    return _record(plan, license_id=license_id, number=1, at=at)


def enter_first(row: Plan, plan: GivenPlan, *, at: datetime) -> None:
    """Append the entry of a plan that says more than three parts; those are in the license's entry."""
    if not plan.is_plain:
        _log(row, at=at)


def amend(
    *,
    id: UUID,
    license_id: UUID,
    plan: GivenPlan,
    valid_from: date,
    reason: str,
    aimed: Aimed = EVERYTHING,
    at: datetime,
) -> Plan:
    """
    Record another version of a license's plan. It says all there is to say: nothing is taken over from the one before.

    Outputs that rest on the license are divided again by whoever sweeps; what was paid is adjusted by the next run.

    :raises NoSuchPlanned: nothing was signed under this id
    :raises ReasonMissing: it does not say why
    :raises BeforeItsLicense: the day is none of the license's period
    :raises NotScheduled: something in it is not on the schedule
    :raises StatedMeanwhile: another version came first

    Besides, whatever ``splits.record_plan`` raises.
    """
    license_ = License.objects.filter(pk=license_id).first()
    if license_ is None:
        raise NoSuchPlanned
    if not reason.strip():
        raise ReasonMissing
    if valid_from < license_.active_from or (license_.active_to is not None and valid_from >= license_.active_to):
        raise BeforeItsLicense
    if aimed.scope is Scope.TRACK and not LicenseAsset.objects.filter(license=license_, recording=aimed.id).exists():
        raise NotScheduled
    number = 1 + Plan.objects.filter(license=license_).count()
    try:
        with transaction.atomic(durable=True):
            row = _record(
                plan,
                id=id,
                license_id=license_id,
                number=number,
                aimed=aimed,
                valid_from=valid_from,
                reason=reason.strip(),
                at=at,
            )
            _log(row, at=at)
    except IntegrityError as error:
        if violated(error) == "plan_has_its_own_number":
            raise StatedMeanwhile from error
        raise
    return row


def _record(
    plan: GivenPlan,
    *,
    license_id: UUID,
    number: int,
    at: datetime,
    id: UUID | None = None,
    aimed: Aimed = EVERYTHING,
    valid_from: date | None = None,
    reason: str = "",
) -> Plan:
    counted = {one.asset_id for one in plan.quantities}
    if counted - set(LicenseAsset.objects.filter(license=license_id).values_list("asset_id", flat=True)):
        raise NotScheduled
    return splits.record_plan(
        id=id,
        license_id=license_id,
        number=number,
        commission=plan.commission,
        creators=plan.creators,
        masters=plan.masters,
        blends=plan.blends,
        quantities=plan.quantities,
        terms=plan.terms,
        aimed=aimed,
        valid_from=valid_from,
        reason=reason,
        at=at,
    )


def _log(plan: Plan, *, at: datetime) -> None:
    log.append(
        Entry.Kind.PLAN_STATED,
        plan,
        {
            "license": str(plan.license_id),
            "number": plan.number,
            "scope": plan.scope,
            "valid_from": plan.valid_from.isoformat() if plan.valid_from else None,
        },
        at=at,
    )


def given(plan: Plan) -> GivenPlan:
    """Return a version of a plan as it was given: what an amendment changes."""
    terms = splits.terms_of(plan)
    return GivenPlan(
        terms.commission,
        terms.creators,
        terms.masters,
        terms.blends,
        splits.quantities_of(plan),
        splits.money_of(plan),
    )


def is_same(one: GivenPlan, other: GivenPlan) -> bool:
    """Whether two plans say the same, in whatever order they list what was trained on."""
    return (
        replace(one, quantities=()) == replace(other, quantities=())
        and len(one.quantities) == len(other.quantities)
        and set(one.quantities) == set(other.quantities)
    )


def newest(license_id: UUID) -> Plan | None:
    """Return the newest version of the plan for all of a license."""
    rows: Sequence[Plan] = list(splits.versions_of([license_id]).filter(scope=Scope.ACCOUNT))
    return rows[-1] if rows else None


def outputs_of(license_id: UUID) -> tuple[UUID, ...]:
    """Return the cleared submissions that rest on a license, in the order of their decisions."""
    rows = decisions.standing().filter(outcome=Outcome.CLEARED, licenses__contains=[license_id])
    return tuple(rows.order_by("decided_at", "id").values_list("submission_id", flat=True))
