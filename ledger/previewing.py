"""
What another plan would have paid out of the receipts of a period, payee by payee; nothing is recorded or booked.

Beside the division stand its terms of money, as far as they can be known: what is fixed, what follows from counts and
revenue that were declared, and what is a part of the receipts that are divided here.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import QuerySet

from ledger import dividing, planning, terming
from ledger.planning import GivenPlan
from rights import decisions
from rights import terms as rights_terms
from rights.case import Side
from rights.models import License, Submission
from royalties import money, plans, results, splits
from royalties.allocation import allocate
from royalties.apportion import PlanTerms, Splits
from royalties.models import Declaration, RoyaltyRun, RunEvent, RunPart
from royalties.plans import Term
from royalties.runs import engine, keeping
from royalties.splits import EVERYTHING, Aimed
from royalties.vocabulary import MoneyTerm, Scope

MOST_POOLS = 10_000
MOST_OUTPUTS = 2_000


class NothingRunYet(Exception):
    """No run of the licensee in this currency was published yet: name the pools that are to be divided."""


class NotOfThisLicense(Exception):
    """A pool is of a cleared output that rests on the license, and of a country that it was cleared for."""


class TooManyOutputs(Exception):
    """More outputs rest on this license than a preview divides: name the pools that matter."""


@dataclass(frozen=True)
class GivenPool:
    """What an output earned in a country, in minor units."""

    submission_id: UUID
    country: str
    units: int


@dataclass(frozen=True)
class Difference:
    """What a payee has under the plan as it stands, and would have; None is what is held."""

    party_id: UUID | None
    old: int
    new: int

    @property
    def units(self) -> int:
        """Return what they would have more."""
        return self.new - self.old


@dataclass(frozen=True)
class Preview:
    """All payees together; the differences add up to nothing."""

    currency: str
    run: RoyaltyRun | None
    pools: int
    units: int
    payees: tuple[Difference, ...]
    terms: tuple[TermDifference, ...] = ()


@dataclass(frozen=True)
class Come:
    """What a term of money comes to; None where that is not known yet."""

    units: int | None  # minor units of the term's currency
    basis: str  # what it was worked out from, or what is missing
    is_at_most: bool = False


@dataclass(frozen=True)
class TermDifference:
    """A term of money under the plan as it stands, and under the other one; None where a plan does not have it."""

    kind: MoneyTerm
    side: Side | None
    party_id: UUID | None  # None: the owners of the license's assets
    currency: str
    old: Come | None
    new: Come | None


def preview(
    *,
    license_: License,
    plan: GivenPlan,
    aimed: Aimed = EVERYTHING,
    currency: str,
    pools: Sequence[GivenPool] = (),
    at: datetime,
) -> Preview:
    """
    Divide pools by the newest splits and by those that a plan would give, on the rights of today.

    :param aimed: for which outputs the plan would be; others, and those that a narrower plan reaches, stay as they are
    :param pools: without them, those of the last run of the licensee that was published
    :raises NothingRunYet: there is no such run
    :raises NotOfThisLicense: a pool is of something else
    :raises TooManyOutputs: there are more than are divided here
    :raises UnknownCurrency: see ``royalties.money``
    """
    money.exponent(currency)
    outputs = planning.outputs_of(license_.id)
    run = None
    if not pools:
        run = _last_run(license_.licensee_id, currency)
        pools = _pools_of(run, outputs)
    elif {one.submission_id for one in pools} - set(outputs):
        raise NotOfThisLicense
    earning = {one.submission_id for one in pools}
    if len(earning) > MOST_OUTPUTS:
        raise TooManyOutputs
    terms = _terms(plan, license_.id)
    reached = 0
    old: Counter[UUID | None] = Counter()
    new: Counter[UUID | None] = Counter()
    released = dict(Submission.objects.filter(pk__in=earning).values_list("pk", "release_on"))
    for submission_id in sorted(earning, key=str):
        day = max(released[submission_id], at.date())
        before, after = dividing.preview(submission_id, plans={license_.id: terms}, on=day, known_at=at)
        if not dividing.is_reached(submission_id, license_id=license_.id, aimed=aimed, on=day, known_at=at):
            after = before
        else:
            reached += sum(one.units for one in pools if one.submission_id == submission_id)
        for one in pools:
            if one.submission_id == submission_id:
                _add(old, before, one)
                _add(new, after, one)
    return Preview(
        currency=currency,
        run=run,
        pools=len(pools),
        units=sum(one.units for one in pools),
        payees=tuple(
            Difference(party_id, old[party_id], new[party_id])
            for party_id in sorted(old.keys() | new.keys(), key=lambda one: (-abs(new[one] - old[one]), str(one)))
        ),
        terms=_compared(plan, aimed, _Known.of(license_, run, reached, currency, aimed, at)),
    )


# --- Terms of money


@dataclass(frozen=True)
class _Known:
    """What terms of money are worked out from here."""

    currency: str
    receipts: int  # of the outputs that the plan is for
    count: int | None  # of generations under the license; None: not declared
    revenue: int | None  # of subscriptions, in minor units
    usages: tuple[int, int] | None  # of the plan's outputs, and of all
    period: str  # of what was declared
    stated: tuple[Term, ...]  # of the plan as it stands
    at: datetime

    @classmethod
    def of(
        cls, license_: License, run: RoyaltyRun | None, receipts: int, currency: str, aimed: Aimed, at: datetime
    ) -> _Known:
        """Read it: of the run's period, or without a run, the newest that was declared."""
        payers = rights_terms.duplicates_of(license_.licensee_id, at)
        rows = Declaration.objects.filter(payer__in=payers, recorded_at__lte=at).order_by("recorded_at", "id")
        counts = rows.filter(kind=Declaration.Kind.GENERATIONS, license=license_)
        revenues = rows.filter(kind=Declaration.Kind.SUBSCRIPTION_REVENUE, currency=currency)
        usages = None
        if run is not None:
            within = {"period_from__gte": run.period_from, "period_to__lte": run.period_to}
            counts, revenues = counts.filter(**within), revenues.filter(**within)
            own = results.outcome(RunPart.objects.get(run=run, of_run=run), run.currency)
            lane = terming.lane_name(license_.pk, aimed.scope, aimed.id)
            if own.all_usages and lane in own.usages:
                usages = min(max(0, own.usages[lane]), own.all_usages), own.all_usages
        return cls(
            currency,
            receipts,
            _declared(counts, is_all=run is not None),
            _declared(revenues, is_all=run is not None),
            usages,
            f"from {run.period_from} until before {run.period_to}" if run else "lately",
            _stated(license_.pk, aimed, at),
            at,
        )


def _declared(rows: QuerySet[Declaration], *, is_all: bool) -> int | None:
    """Add up what was declared, of the same days the newest; or return the newest of all."""
    newest = {(one.period_from, one.period_to): one for one in rows}
    if not newest:
        return None
    if is_all:
        return sum(one.amount for one in newest.values())
    return newest[max(newest, key=lambda days: days[1])].amount


def _stated(license_id: UUID, aimed: Aimed, at: datetime) -> tuple[Term, ...]:
    found = [
        plan
        for plan in splits.versions_of([license_id], known_at=at)
        if plan.scope == aimed.scope
        and (plan.party_id or plan.release_id or plan.recording_id) == aimed.id
        and (plan.valid_from is None or plan.valid_from <= at.date())
    ]
    return splits.money_of(found[-1]) if found else ()


def _compared(plan: GivenPlan, aimed: Aimed, known: _Known) -> tuple[TermDifference, ...]:
    old, new = _come(known.stated, known), _come(plan.terms, known)
    return tuple(
        TermDifference(
            kind,
            side,
            party_id or (aimed.id if aimed.scope is Scope.PARTY else None),
            currency or known.currency,
            old.get(key),
            new.get(key),
        )
        for key in {**new, **old}
        for kind, side, party_id, currency, *_ in (key,)
    )


_Named = tuple[MoneyTerm, Side | None, UUID | None, str, str, date | None, date | None]
_Key = tuple[MoneyTerm, Side | None, UUID | None, str, str, date | None, date | None, int]


def _come(terms: Sequence[Term], known: _Known) -> dict[_Key, Come]:
    """Return what each term comes to; the tiers of a fee are one."""
    found: dict[_Key, Come] = {}
    seen: Counter[_Named] = Counter()
    tiers: dict[_Key, list[Term]] = {}
    for term in terms:
        name = (term.kind, term.side, term.party_id, term.currency, term.group, term.period_from, term.period_to)
        if term.kind is MoneyTerm.PER_GENERATION:
            tiers.setdefault((*name, 1), []).append(term)
            continue
        seen[name] += 1
        found[(*name, seen[name])] = _amount(term, known)
    for key, some in tiers.items():
        if known.count is None:
            found[key] = Come(None, f"how often was generated {known.period} is not declared")
        else:
            units = plans.per_generation(known.count, some)
            found[key] = Come(units, f"{known.count} generations, declared {known.period}")
    return found


def _amount(term: Term, known: _Known) -> Come:
    major = 10 ** money.exponent(known.currency)
    rate = term.rate or Fraction(0)
    match term.kind:
        case MoneyTerm.MINIMUM:
            days = f"from {term.period_from} until before {term.period_to}"
            return Come(term.amount_minor, f"guaranteed {days}: what is earned is topped up to it", is_at_most=True)
        case MoneyTerm.SUB_SHARE if known.revenue is None:
            return Come(None, f"revenue of subscriptions in {known.currency} {known.period} is not declared")
        case MoneyTerm.SUB_SHARE:
            revenue = Fraction(known.revenue or 0, major)
            used, total = known.usages or (1, 1)
            units = plans.sub_share(revenue, rate, used=used, total=total, currency=known.currency)
            said = f"revenue declared {known.period}, "
            if known.usages is None:
                return Come(units, said + "if all usage were of this license", is_at_most=True)
            return Come(units, said + f"{used} of {total} usages")
        case MoneyTerm.DOWNSTREAM | MoneyTerm.STATUTORY:
            units = plans.of_receipts(Fraction(known.receipts, major), rate, currency=known.currency)
            return Come(units, "of the receipts that are divided here")
        case _:
            return Come(term.amount_minor, "paid once; what was paid before counts")


def _terms(plan: GivenPlan, license_id: UUID) -> PlanTerms:
    current = planning.newest(license_id)
    if current is None:
        raise NotOfThisLicense
    return replace(
        splits.terms_of(current),
        commission=plan.commission,
        creators=plan.creators,
        masters=plan.masters,
        blends=plan.blends,
        quantities={(one.basis, one.asset_id): one.amount for one in plan.quantities},
    )


def _add(sums: Counter[UUID | None], divided: Splits, pool: GivenPool) -> None:
    zone = next((zone for zone in divided.zones if pool.country in zone.territories), None)
    if zone is None:
        raise NotOfThisLicense
    parties = {part.leaf: part.party_id for part in zone.parts}
    for line in allocate(pool.units, {part.leaf: part.part for part in zone.parts}):
        sums[parties[line.leaf]] += line.units


def _last_run(payer_id: UUID, currency: str) -> RoyaltyRun:
    published = RunEvent.objects.filter(act=RunEvent.Act.PUBLISHED, run__payer=payer_id, run__currency=currency)
    found = published.select_related("run").order_by("-run__period_to", "-recorded_at").first()
    if found is None:
        raise NothingRunYet
    return found.run


def _pools_of(run: RoyaltyRun, outputs: Sequence[UUID]) -> list[GivenPool]:
    """Return what a run divided of these outputs, country by country: the sums of its allocations."""
    # A run knows an output by its decision.
    submissions = dict(decisions.standing().filter(submission__in=outputs).values_list("pk", "submission_id"))
    wanted = pa.array([str(one) for one in submissions], pa.string())
    sums: Counter[tuple[str, str]] = Counter()
    own = RunPart.objects.filter(run=run, of_run=run).first()  # and not what it divided of earlier periods anew
    for result in results.outcome(own, run.currency).results if own else ():
        with tempfile.TemporaryDirectory(prefix="preview-") as folder:
            keeping.bring(result.files, Path(folder))
            for batch in engine.open_allocations(Path(folder, engine.result_names(result.number)[1])):
                _count(sums, batch, wanted)
    if len(sums) > MOST_POOLS:
        raise TooManyOutputs
    return [GivenPool(submissions[UUID(of)], country, units) for (of, country), units in sorted(sums.items())]


def _count(sums: Counter[tuple[str, str]], batch: pa.RecordBatch, wanted: pa.Array) -> None:
    output = batch.column("output").cast(pa.string())
    table = pa.table({"output": output, "country": batch.column("country").cast(pa.string()), "units": batch["units"]})
    found = table.filter(pc.is_in(output, wanted)).group_by(["output", "country"]).aggregate([("units", "sum")])
    for row in found.to_pylist():
        sums[row["output"], row["country"]] += row["units_sum"]
