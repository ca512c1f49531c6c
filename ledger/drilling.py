"""
From a cent to what it rests on (ROY-15): the lines of usage that made its pool, and the terms that made its weight.

Read from the frozen files of the run and from the facts that were known when they were frozen; nothing is worked out
anew but the two sums that must come to the pool and to the weight, and do, or the reader is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db.models import Q

from ledger import dividing
from ledger.visibility import seen
from rights.models import Consent, Decision, Share
from rights.visibility import Sight
from royalties import money, results, splits
from royalties.apportion import Source, Splits
from royalties.models import Plan, RunEvent, RunPart, Statement, UsageReport
from royalties.money import Rate
from royalties.results import Allocation
from royalties.runs import frozen, keeping
from royalties.runs.frozen import Way
from royalties.splits import Version

MOST_LINES = 500  # of usage, that are shown; the sum is over all


class NoSuchLine(Exception):
    """This statement has no such line."""


@dataclass(frozen=True, slots=True)
class Used:
    """One line of a report of usage, and what it came to in the run."""

    report_id: UUID
    sender: str
    message: str
    line: int
    amount: Fraction  # in the major unit of its currency
    currency: str
    rate: Rate | None
    units: int  # converted
    usages: int
    used_from: date | None
    used_to: date | None


@dataclass(frozen=True, slots=True)
class Ground:
    """Where some of a weight comes from."""

    part: Fraction
    plan: Plan | None
    share: Share | None
    source: Source


@dataclass(frozen=True, slots=True)
class Drilled:
    """A line of a statement, with everything that it follows from."""

    allocation: Allocation
    decision: Decision
    used: tuple[Used, ...]
    lines: int  # of usage, shown or not
    used_units: int  # what all of them come to
    version: Version | None
    ways: tuple[Way, ...]  # where rights changed while the output was used: by which day's, for which part
    grounds: tuple[Ground, ...]
    consents: tuple[Consent, ...]  # those that the reader may see

    @property
    def adds_up(self) -> bool:
        """Whether usage comes to the pool, and the grounds to the weight."""
        weighed = sum((ground.part for ground in self.grounds), Fraction(0))
        return self.used_units == self.allocation.pool_units and weighed in {self.allocation.weight, Fraction(0)}


def drill(statement: Statement, *, partition: int, line: int, sight: Sight) -> Drilled:
    """
    Return what a line of a statement follows from.

    :param sight: whose; consents of others are left out
    :raises NoSuchLine: the statement has no such line
    """
    part = statement.run.parts.get(of_run=statement.run_id)
    rows = results.allocations(part, party_id=statement.payee_id, after=(partition, line - 1))
    found = next(islice(rows, 1), None)
    if found is None or (found.partition, found.line) != (partition, line):
        raise NoSuchLine
    decision = Decision.objects.select_related("submission").get(pk=found.output)
    used, lines, units, ways = _used(part, found, statement.currency)
    version = None if ways else _version(part, found)
    sources = _sources_of(part, found, ways) if ways else _sources(version.splits if version else None, found)
    return Drilled(
        allocation=found,
        decision=decision,
        used=used,
        lines=lines,
        used_units=units,
        version=version,
        ways=ways,
        grounds=_grounds(sources),
        consents=_consents(decision, results.asset_of(found.leaf), sight),
    )


def _used(part: RunPart, found: Allocation, currency: str) -> tuple[tuple[Used, ...], int, int, tuple[Way, ...]]:
    with TemporaryDirectory(prefix="drill-") as name:
        folder = Path(name)
        manifest = keeping.bring_partition(part.manifest_digest, [found.partition], folder)
        rates = frozen.read_rates(folder, manifest)
        lines_name, pools_name, _ = frozen.names(found.partition)
        ways = frozen.read_ways(folder, manifest, output=found.output, zone=found.zone)
        pools = pq.read_table(folder / pools_name, columns=["output", "country", "zone"])
        here = pc.and_(
            pc.equal(pools.column("output").cast("string"), str(found.output)),
            pc.and_(
                pc.equal(pools.column("country").cast("string"), found.country),
                pc.equal(pools.column("zone"), found.zone),
            ),
        )
        pool = pc.index(here, value=True).as_py()  # its number is its place
        mine = pq.read_table(
            folder / lines_name, filters=[("pool", "==", pool)], columns=["currency", "mantissa", "scale"]
        )
        # Lines of the same amount are converted alike: once for all of them.
        alike = mine.group_by(["currency", "mantissa", "scale"]).aggregate([([], "count_all")]).to_pylist()
        rows = list(islice(_rows(folder / lines_name, pool), MOST_LINES))
    reports = UsageReport.objects.in_bulk(manifest.reports)

    def converted(row: Mapping[str, Any]) -> int:
        amount, rate = Fraction(row["mantissa"], 10 ** row["scale"]), rates.get(row["currency"])
        return money.minor(amount, currency) if rate is None else money.converted(amount, rate)

    shown = tuple(
        Used(
            report_id=report.pk,
            sender=report.sender,
            message=report.message,
            line=row["line"],
            amount=Fraction(row["mantissa"], 10 ** row["scale"]),
            currency=row["currency"],
            rate=rates.get(row["currency"]),
            units=converted(row),
            usages=row["usages"],
            used_from=row["used_from"],
            used_to=row["used_to"],
        )
        for row in rows
        for report in (reports[manifest.reports[row["report"]]],)
    )
    return shown, mine.num_rows, sum(converted(row) * row["count_all"] for row in alike), ways


def _rows(path: Path, pool: int) -> Iterator[dict[str, Any]]:
    """Go through the lines of a pool, a piece of the file at a time."""
    for batch in pq.ParquetFile(path).iter_batches():
        yield from batch.filter(pc.equal(batch.column("pool"), pool)).to_pylist()


def _version(part: RunPart, found: Allocation) -> Version | None:
    known = [
        one for one in splits.versions(found.output) if one.recorded_at is None or one.recorded_at <= part.recorded_at
    ]
    return known[-1] if known else None


def _sources_of(part: RunPart, found: Allocation, ways: Iterable[Way]) -> list[Source]:
    """Return the sources of a line that was divided by days, each for its part of them; the rights are read again."""
    event = part.run.events.get(act=RunEvent.Act.FROZEN)
    known_at = datetime.fromisoformat(results.read(event.document)["known_at"])
    known = {one.digest: one.splits for one in splits.versions(found.output)}
    rows = []
    for way in ways:
        divided = known.get(way.digest) or dividing.divided_on(found.output, way.day, known_at=known_at)
        if divided is not None and divided.digest == way.digest:
            rows += [replace(one, part=one.part * way.part) for one in _sources(divided, found)]
    return rows


def _sources(divided: Splits | None, found: Allocation) -> list[Source]:
    return [
        source
        for zone in (divided.zones if divided else ())
        if found.country in zone.territories
        for part in zone.parts
        if part.leaf == found.leaf
        for source in part.sources
    ]


def _grounds(sources: Sequence[Source]) -> tuple[Ground, ...]:
    plans = Plan.objects.select_related("license").in_bulk([one.plan_id for one in sources if one.plan_id])
    shares = Share.objects.in_bulk([one.share_id for one in sources if one.share_id])
    return tuple(
        Ground(
            source.part,
            plans.get(source.plan_id) if source.plan_id else None,
            shares.get(source.share_id) if source.share_id else None,
            source,
        )
        for source in sources
    )


def _consents(decision: Decision, asset_id: UUID | None, sight: Sight) -> tuple[Consent, ...]:
    """Return the consents about the line's asset that were on record when the output was cleared."""
    if asset_id is None:
        return ()
    about = Q(recording=asset_id) | Q(work=asset_id) | Q(assets__asset_id=asset_id)
    rows = Consent.objects.filter(about, recorded_at__lte=decision.known_at).distinct()
    return tuple(seen(rows, sight).select_related("grantor__identity").order_by("active_from", "pk"))
