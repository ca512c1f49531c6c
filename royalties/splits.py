"""Plans and splits as rows. Inserts and reads; the arithmetic is in ``apportion``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from uuid import UUID, uuid5

from royalties.apportion import Part, PlanTerms, Splits, Zone
from royalties.models import Plan, Split


class NotAPart(Exception):
    """A part of a plan is a fraction from 0 to 1."""


def record_plan(*, license_id: UUID, commission: Fraction, creators: Fraction, masters: Fraction, at: datetime) -> Plan:
    """
    Insert the plan of a license.

    :raises NotAPart: a part is not in [0, 1]
    """
    for part in (commission, creators, masters):
        if not 0 <= part <= 1:
            raise NotAPart(f"{part} is not a part of the whole")
    return Plan.objects.create(
        id=uuid5(license_id, "plan"),
        license_id=license_id,
        commission_numerator=commission.numerator,
        commission_denominator=commission.denominator,
        creator_numerator=creators.numerator,
        creator_denominator=creators.denominator,
        masters_numerator=masters.numerator,
        masters_denominator=masters.denominator,
        recorded_at=at,
    )


def plans_of(license_ids: Iterable[UUID]) -> Mapping[UUID, PlanTerms]:
    """Return the plans of these licenses, by license."""
    return {
        plan.license_id: PlanTerms(
            license_id=plan.license_id,
            commission=Fraction(plan.commission_numerator, plan.commission_denominator),
            creators=Fraction(plan.creator_numerator, plan.creator_denominator),
            masters=Fraction(plan.masters_numerator, plan.masters_denominator),
        )
        for plan in Plan.objects.filter(license__in=list(license_ids))
    }


def record(splits: Splits, *, decision_id: UUID) -> None:
    """Insert the splits of a cleared output. The database checks once more that each zone is the whole."""
    for zone_number, zone in enumerate(splits.zones):
        for part in zone.parts:
            Split.objects.create(
                id=uuid5(decision_id, f"split/{zone_number}/{part.leaf}"),
                decision_id=decision_id,
                zone=zone_number,
                territories=list(zone.territories),
                leaf=part.leaf,
                party_id=part.party_id,
                recording_id=part.recording_id,
                work_id=part.work_id,
                numerator=part.part.numerator,
                denominator=part.part.denominator,
            )


def of(decision_id: UUID) -> Splits | None:
    """
    Return the splits of a decision as they stand in the database, or None where nothing was cleared.

    :raises DoesNotAddUp: somebody changed a row behind the log's back
    """
    zones: dict[int, list[Split]] = {}
    for row in Split.objects.filter(decision=decision_id):
        zones.setdefault(row.zone, []).append(row)
    if not zones:
        return None
    return Splits(
        tuple(
            Zone(
                territories=tuple(zones[number][0].territories),
                parts=tuple(
                    Part(
                        row.leaf,
                        row.party_id,
                        row.recording_id,
                        row.work_id,
                        Fraction(row.numerator, row.denominator),
                    )
                    for row in sorted(zones[number], key=lambda row: row.leaf.encode())
                ),
            )
            for number in sorted(zones)
        )
    )
