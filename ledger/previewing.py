"""What another plan would have paid out of the receipts of a period, payee by payee; nothing is recorded or booked."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from ledger import dividing, planning
from ledger.planning import GivenPlan
from rights import decisions
from rights.models import License, Submission
from royalties import money, results, splits
from royalties.allocation import allocate
from royalties.apportion import PlanTerms, Splits
from royalties.models import RoyaltyRun, RunEvent, RunPart
from royalties.runs import engine, keeping
from royalties.splits import EVERYTHING, Aimed

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
    old: Counter[UUID | None] = Counter()
    new: Counter[UUID | None] = Counter()
    released = dict(Submission.objects.filter(pk__in=earning).values_list("pk", "release_on"))
    for submission_id in sorted(earning, key=str):
        day = max(released[submission_id], at.date())
        before, after = dividing.preview(submission_id, plans={license_.id: terms}, on=day, known_at=at)
        if not dividing.is_reached(submission_id, license_id=license_.id, aimed=aimed, on=day, known_at=at):
            after = before
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
    )


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
