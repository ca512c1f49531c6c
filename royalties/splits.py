"""Plans and splits as rows, in their versions. Inserts and reads; the arithmetic is in ``apportion``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID, uuid5

from django.db.models import Q, QuerySet

from rights.case import Side
from rights.models import Decision
from royalties import plans, weighing
from royalties.apportion import LARGEST, Part, PlanTerms, Source, Splits, Zone
from royalties.models import Division, Plan, PlanModel, PlanQuantity, PlanTerm, Split, SplitSource
from royalties.plans import Term
from royalties.vocabulary import Basis, DivisionReason, MoneyTerm, Scope, WeighingModel
from royalties.weighing import Blend, Model


class NotAPart(Exception):
    """A part of a plan is a fraction from 0 to 1, of whole numbers of at most 18 digits."""


class NotAQuantity(Exception):
    """What was trained on is counted in whole numbers that are not negative, once an asset and basis."""


@dataclass(frozen=True)
class Quantity:
    """How much of an asset was trained on, as agreed."""

    basis: Basis
    side: Side
    asset_id: UUID
    amount: int


@dataclass(frozen=True)
class Aimed:
    """For which outputs of its license a plan is: all, or those within what is named."""

    scope: Scope = Scope.ACCOUNT
    id: UUID | None = None


@dataclass(frozen=True)
class Resting:
    """What an output rests on under a license: what the scopes of plans are compared with."""

    tracks: frozenset[UUID] = frozenset()
    releases: frozenset[UUID] = frozenset()  # that all of the tracks are on
    parties: frozenset[UUID] = frozenset()  # who own masters in all of the tracks


@dataclass(frozen=True)
class Version:
    """A version of an output's splits, and why there is one: from 2 on it was derived again."""

    number: int
    reason: DivisionReason | None  # None: attached at the decision
    note: str
    effective_on: date | None
    known_at: datetime | None
    digest: str
    recorded_at: datetime | None
    splits: Splits


@dataclass(frozen=True)
class Change:
    """A part that is not the same in two versions, in these territories; None: the leaf is not there."""

    territories: tuple[str, ...]
    leaf: str
    old: Fraction | None
    new: Fraction | None


AT_ONCE = 1_000  # outputs of a query
EVERYTHING = Aimed()
ORDER = {scope: place for place, scope in enumerate(Scope)}  # the narrowest is the last


def record_plan(
    *,
    license_id: UUID,
    commission: Fraction,
    creators: Fraction,
    masters: Fraction,
    at: datetime,
    id: UUID | None = None,
    number: int = 1,
    blends: Mapping[Side, Blend] | None = None,
    quantities: Sequence[Quantity] = (),
    terms: Sequence[Term] = (),
    aimed: Aimed = EVERYTHING,
    valid_from: date | None = None,
    reason: str = "",
) -> Plan:
    """
    Insert a version of the plan of a license, with what its sides are weighed by.

    :raises NotAPart: a part is not in [0, 1]
    :raises NotAQuantity: less than nothing
    :raises NotABlend, NoFallback: see ``weighing.check``
    :raises NotATerm, NotTiers, UnknownCurrency: see ``plans.check``
    """
    plans.check(terms)
    for part in (commission, creators, masters):
        _check_part(part)
    for blend in (blends or {}).values():
        weighing.check(blend)
        for model in (*blend.models, *blend.fallback):
            _check_part(model.part)
            _check_part(model.threshold or Fraction(0))
    counted = {(one.basis, one.asset_id) for one in quantities}
    if len(counted) != len(quantities) or any(not 0 <= one.amount <= LARGEST for one in quantities):
        raise NotAQuantity
    plan = Plan.objects.create(
        id=id or uuid5(license_id, "plan"),
        license_id=license_id,
        number=number,
        valid_from=valid_from,
        reason=reason,
        scope=aimed.scope,
        party_id=aimed.id if aimed.scope is Scope.PARTY else None,
        release_id=aimed.id if aimed.scope is Scope.RELEASE else None,
        recording_id=aimed.id if aimed.scope is Scope.TRACK else None,
        commission_numerator=commission.numerator,
        commission_denominator=commission.denominator,
        creator_numerator=creators.numerator,
        creator_denominator=creators.denominator,
        masters_numerator=masters.numerator,
        masters_denominator=masters.denominator,
        recorded_at=at,
    )
    for side, blend in (blends or {}).items():
        for is_fallback, models in ((False, blend.models), (True, blend.fallback)):
            for position, model in enumerate(models):
                PlanModel.objects.create(
                    id=uuid5(plan.id, f"model/{side.value}/{is_fallback}/{position}"),
                    plan=plan,
                    side=side.value,
                    is_fallback=is_fallback,
                    position=position,
                    model=model.model,
                    numerator=model.part.numerator,
                    denominator=model.part.denominator,
                    basis=model.basis or "",
                    provider_id=model.provider_id,
                    threshold_numerator=model.threshold.numerator if model.threshold is not None else None,
                    threshold_denominator=model.threshold.denominator if model.threshold is not None else None,
                )
    for one in quantities:
        PlanQuantity.objects.create(
            id=uuid5(plan.id, f"quantity/{one.basis}/{one.asset_id}"),
            plan=plan,
            basis=one.basis,
            amount=one.amount,
            **{"recording_id" if one.side is Side.MASTER else "work_id": one.asset_id},
        )
    for position, term in enumerate(terms):
        PlanTerm.objects.create(
            id=uuid5(plan.id, f"term/{position}"),
            plan=plan,
            position=position,
            kind=term.kind,
            side=term.side.value if term.side else "",
            party_id=term.party_id,
            amount_minor=term.amount_minor,
            currency=term.currency,
            rate_numerator=term.rate.numerator if term.rate is not None else None,
            rate_denominator=term.rate.denominator if term.rate is not None else None,
            from_count=term.from_count,
            is_recoupable=term.is_recoupable,
            group=term.group,
            priority=term.priority,
            period_from=term.period_from,
            period_to=term.period_to,
            source=term.source,
        )
    return plan


def quantities_of(plan: Plan) -> tuple[Quantity, ...]:
    """Return what a version of a plan says was trained on, in the order of basis and asset."""
    found = [
        Quantity(Basis(row.basis), Side.MASTER if row.recording_id else Side.PUBLISHING, asset_id, row.amount)
        for row in plan.quantities.all()
        if (asset_id := row.recording_id or row.work_id) is not None
    ]
    return tuple(sorted(found, key=lambda one: (one.basis, str(one.asset_id))))


def money_of(plan: Plan) -> tuple[Term, ...]:
    """Return the terms of money of a version of a plan, in their order."""
    return tuple(
        Term(
            kind=MoneyTerm(row.kind),
            side=Side(row.side) if row.side else None,
            party_id=row.party_id,
            amount_minor=row.amount_minor,
            currency=row.currency,
            rate=Fraction(row.rate_numerator, row.rate_denominator)
            if row.rate_numerator is not None and row.rate_denominator is not None
            else None,
            from_count=row.from_count,
            is_recoupable=row.is_recoupable,
            group=row.group,
            priority=row.priority,
            period_from=row.period_from,
            period_to=row.period_to,
            source=row.source,
        )
        for row in sorted(plan.terms.all(), key=lambda row: row.position)
    )


def _check_part(part: Fraction) -> None:
    if not 0 <= part <= 1 or part.denominator > LARGEST:
        raise NotAPart(f"{part} is not a part of the whole, of whole numbers of at most 18 digits")


def plans_of(
    license_ids: Iterable[UUID],
    *,
    on: date | None = None,
    known_at: datetime | None = None,
    resting: Mapping[UUID, Resting] | None = None,
) -> Mapping[UUID, PlanTerms]:
    """
    Return the plan of each of these licenses that counts on a day for an output, by license.

    Of the plans that are valid by then the narrowest scope wins, and within it the newest version. Without a day, all
    that were stated count; without what an output rests on, only those for all of the license.
    """
    found: dict[UUID, Plan] = {}
    for plan in versions_of(license_ids, known_at=known_at):
        best = found.get(plan.license_id)
        begins = plan.valid_from
        if (begins is None or on is None or begins <= on) and _reaches(plan, (resting or {}).get(plan.license_id)):
            rank = (ORDER[Scope(plan.scope)], plan.number)
            if best is None or rank > (ORDER[Scope(best.scope)], best.number):
                found[plan.license_id] = plan
    return {license_id: terms_of(plan) for license_id, plan in found.items()}


def are_scoped(license_ids: Iterable[UUID]) -> bool:
    """Return whether any of these licenses has a plan for some of its outputs only."""
    return Plan.objects.filter(license__in=list(license_ids)).exclude(scope=Scope.ACCOUNT).exists()


def versions_of(license_ids: Iterable[UUID], *, known_at: datetime | None = None) -> QuerySet[Plan]:
    """Return all versions of the plans of these licenses, in their order."""
    rows = Plan.objects.filter(license__in=list(license_ids)).prefetch_related("models", "quantities", "terms")
    if known_at is not None:
        rows = rows.filter(recorded_at__lte=known_at)
    return rows.order_by("license_id", "number")


def terms_of(plan: Plan) -> PlanTerms:
    """Return a version of a plan as a value."""
    blends: dict[Side, tuple[list[Model], list[Model]]] = defaultdict(lambda: ([], []))
    for row in sorted(plan.models.all(), key=lambda row: row.position):
        threshold = None
        if row.threshold_numerator is not None and row.threshold_denominator is not None:
            threshold = Fraction(row.threshold_numerator, row.threshold_denominator)
        blends[Side(row.side)][row.is_fallback].append(
            Model(
                WeighingModel(row.model),
                Fraction(row.numerator, row.denominator),
                Basis(row.basis) if row.basis else None,
                row.provider_id,
                threshold,
            )
        )
    return PlanTerms(
        license_id=plan.license_id,
        commission=Fraction(plan.commission_numerator, plan.commission_denominator),
        creators=Fraction(plan.creator_numerator, plan.creator_denominator),
        masters=Fraction(plan.masters_numerator, plan.masters_denominator),
        id=plan.id,
        number=plan.number,
        blends={side: Blend(tuple(main), tuple(fallback)) for side, (main, fallback) in blends.items()},
        quantities={
            (Basis(row.basis), asset_id): row.amount
            for row in plan.quantities.all()
            if (asset_id := row.recording_id or row.work_id) is not None
        },
        bought=frozenset(
            (Side(row.side) if row.side else None, row.party_id)
            for row in plan.terms.all()
            if row.kind == MoneyTerm.BUYOUT
        ),
    )


def _reaches(plan: Plan, resting: Resting | None) -> bool:
    match Scope(plan.scope):
        case Scope.ACCOUNT:
            return True
        case Scope.PARTY:
            return resting is not None and plan.party_id in resting.parties
        case Scope.RELEASE:
            return resting is not None and plan.release_id in resting.releases
        case Scope.TRACK:
            return resting is not None and resting.tracks == {plan.recording_id}


def record(splits: Splits, *, decision_id: UUID, division: Division | None = None) -> None:
    """Insert a version of the splits of a cleared output. The database checks once more that each zone is the whole."""
    rows, sources = rows_of(splits, decision_id=decision_id, division_id=division.id if division else None)
    Split.objects.bulk_create(rows)
    SplitSource.objects.bulk_create(sources)


def rows_of(
    splits: Splits, *, decision_id: UUID, division_id: UUID | None = None
) -> tuple[list[Split], list[SplitSource]]:
    """Return what splits are recorded as: their parts, and where each comes from, not inserted yet."""
    of = decision_id if division_id is None else division_id
    rows, sources = [], []
    for zone_number, zone in enumerate(splits.zones):
        for part in zone.parts:
            rows.append(
                Split(
                    id=uuid5(of, f"split/{zone_number}/{part.leaf}"),
                    decision_id=decision_id,
                    division_id=division_id,
                    zone=zone_number,
                    territories=list(zone.territories),
                    leaf=part.leaf,
                    party_id=part.party_id,
                    recording_id=part.recording_id,
                    work_id=part.work_id,
                    numerator=part.part.numerator,
                    denominator=part.part.denominator,
                )
            )
            sources += [
                SplitSource(
                    id=uuid5(of, f"source/{zone_number}/{part.leaf}/{position}"),
                    decision_id=decision_id,
                    division_id=division_id,
                    zone=zone_number,
                    leaf=part.leaf,
                    position=position,
                    plan_id=_stored(source.plan_id),
                    share_id=source.share_id,
                    influence_id=source.influence_id,
                    model=source.model,
                    is_fallback=source.is_fallback,
                    numerator=source.part.numerator,
                    denominator=source.part.denominator,
                )
                for position, source in enumerate(part.sources)
            ]
    return rows, sources


def _stored(plan_id: UUID | None) -> UUID:
    if plan_id is None:
        raise AssertionError("a part comes from a plan that is stored")
    return plan_id


def of_many(decision_ids: Iterable[UUID], known_at: datetime | None = None) -> dict[UUID, Splits]:
    """
    Return the newest version of the splits of many decisions, of those that have any, in two queries a thousand.

    :raises DoesNotAddUp: somebody changed a row behind the log's back
    """
    found: dict[UUID, Splits] = {}
    for some in _batched(sorted(set(decision_ids), key=str)):
        newest = _newest(some, known_at)
        rows: defaultdict[UUID, list[Split]] = defaultdict(list)
        undivided = [one for one in some if one not in newest]
        wanted = Q(division__in=newest.values()) | Q(decision__in=undivided, division=None)
        for row in Split.objects.filter(wanted):
            rows[row.decision_id].append(row)
        found |= {decision: read for decision, of_one in rows.items() if (read := _read(of_one)) is not None}
    return found


def of(decision_id: UUID, known_at: datetime | None = None) -> Splits | None:
    """
    Return the newest version of a decision's splits that was known at a moment, or None where nothing was cleared.

    :raises DoesNotAddUp: somebody changed a row behind the log's back
    """
    divisions = Division.objects.filter(decision=decision_id)
    if known_at is not None:
        divisions = divisions.filter(recorded_at__lte=known_at)
    newest = divisions.order_by("-number").first()
    return _read(Split.objects.filter(decision=decision_id, division=newest))


def plans_behind(decision_ids: Iterable[UUID], *, known_at: datetime) -> dict[UUID, frozenset[UUID]]:
    """Return the plans that the newest splits of outputs rest on, as known at a moment."""
    found: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for some in _batched(sorted(set(decision_ids), key=str)):
        newest = _newest(some, known_at)
        rows = SplitSource.objects.filter(decision__in=some).values_list("decision_id", "division_id", "plan_id")
        for decision, division, plan in rows.distinct().order_by():
            if newest.get(decision) == division:
                found[decision].add(plan)
    return {decision: frozenset(plans_) for decision, plans_ in found.items()}


def days_of(decision_ids: Iterable[UUID], known_at: datetime | None = None) -> dict[UUID, date]:
    """Return whose day's rights the newest splits of outputs show: of the release, or of the division."""
    found: dict[UUID, date] = {}
    for some in _batched(sorted(set(decision_ids), key=str)):
        found |= dict(Decision.objects.filter(pk__in=some).values_list("id", "submission__release_on"))
        newest = Division.objects.filter(pk__in=_newest(some, known_at).values())
        found |= dict(newest.values_list("decision_id", "effective_on"))
    return found


def _newest(decision_ids: Sequence[UUID], known_at: datetime | None) -> dict[UUID, UUID]:
    """Return the newest division of decisions that was known at a moment; those without one keep what was decided."""
    divisions = Division.objects.filter(decision__in=decision_ids)
    if known_at is not None:
        divisions = divisions.filter(recorded_at__lte=known_at)
    rows = divisions.order_by("decision_id", "-number").distinct("decision_id")
    return dict(rows.values_list("decision_id", "id"))


def _batched(ids: Sequence[UUID]) -> Iterator[list[UUID]]:
    for begin in range(0, len(ids), AT_ONCE):
        yield list(ids[begin : begin + AT_ONCE])


def decided(decision_id: UUID) -> Splits | None:
    """
    Return the splits that were attached at the decision: what the signed file says, whatever became of them later.

    :raises DoesNotAddUp: somebody changed a row behind the log's back
    """
    return _read(Split.objects.filter(decision=decision_id, division=None))


def versions(decision_id: UUID) -> tuple[Version, ...]:
    """
    Return all versions of a decision's splits with where each part comes from, the first one first.

    :raises DoesNotAddUp: somebody changed a row behind the log's back
    """
    first = _read(Split.objects.filter(decision=decision_id, division=None), _sources(decision_id, None))
    if first is None:
        return ()
    found = [Version(1, None, "", None, None, first.digest, None, first)]
    for division in Division.objects.filter(decision=decision_id).order_by("number"):
        rows = _read(Split.objects.filter(division=division), _sources(decision_id, division))
        if rows is not None:
            found.append(
                Version(
                    division.number,
                    DivisionReason(division.reason),
                    division.note,
                    division.effective_on,
                    division.known_at,
                    division.digest,
                    division.recorded_at,
                    rows,
                )
            )
    return tuple(found)


def changes(old: Splits, new: Splits) -> tuple[Change, ...]:
    """Return what differs between two versions, country by country, with countries of the same differences together."""
    before = {country: zone for zone in old.zones for country in zone.territories}
    after = {country: zone for zone in new.zones for country in zone.territories}
    alike: dict[tuple[tuple[str, Fraction | None, Fraction | None], ...], list[str]] = defaultdict(list)
    for country in sorted(before | after):
        was = {part.leaf: part.part for part in before[country].parts} if country in before else {}
        now = {part.leaf: part.part for part in after[country].parts} if country in after else {}
        differing = tuple(
            (leaf, was.get(leaf), now.get(leaf))
            for leaf in sorted(was | now, key=str.encode)
            if was.get(leaf) != now.get(leaf)
        )
        alike[differing].append(country)
    return tuple(Change(tuple(where), *one) for differing, where in alike.items() for one in differing)


def _sources(decision_id: UUID, division: Division | None) -> dict[tuple[int, str], list[Source]]:
    found = defaultdict[tuple[int, str], list[Source]](list)
    for row in SplitSource.objects.filter(decision=decision_id, division=division).order_by("position"):
        found[row.zone, row.leaf].append(
            Source(
                row.plan_id,
                row.share_id,
                row.influence_id,
                row.model,
                row.is_fallback,
                Fraction(row.numerator, row.denominator),
            )
        )
    return found


def _read(rows: Iterable[Split], sources: Mapping[tuple[int, str], Sequence[Source]] | None = None) -> Splits | None:
    zones: dict[int, list[Split]] = {}
    for row in rows:
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
                        tuple((sources or {}).get((number, row.leaf), ())),
                    )
                    for row in sorted(zones[number], key=lambda row: row.leaf.encode())
                ),
            )
            for number in sorted(zones)
        )
    )
