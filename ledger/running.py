"""
A royalty run, in the order it happens: started, frozen, divided in partitions, reconciled, approved by a second person,
published.

Each step is a fact with its entry, and none happens twice. Slow work is in jobs: one freezes, one divides each
partition on whatever worker is free, the last of them asks for the reconciliation. What is killed in the middle is done
over: the bytes are the same. What does not add up stops the run with the name of what is wrong; the next one begins
anew.
"""

from __future__ import annotations

import hmac
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo, available_timezones

import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet, Sum

from fingerprint import store
from ledger import dividing, jobs, log, paying, terming
from ledger.approvals import NeedsASecondPerson
from ledger.constraints import violated
from ledger.models import Entry, Job
from ledger.paying import Dues
from rights import keys
from royalties import apportion, money, results, splits, usages
from royalties.models import (
    ExchangeRate,
    RoyaltyRun,
    RunEvent,
    RunPart,
    RunPartition,
    Statement,
    Transaction,
    UsageKey,
    UsageOutcome,
    UsageSum,
    UsageSupersession,
)
from royalties.money import Rate
from royalties.runs import engine, files, frozen, itemized, keeping, proofs, termed
from royalties.runs.frozen import Dated
from royalties.usages import Booked

Act = RunEvent.Act
OVER = (Act.STOPPED, Act.REJECTED, Act.PUBLISHED)


class NoSuchRun(Exception):
    """There is no such run."""


class NotAPeriod(Exception):
    """A run is over whole days: its last day lies behind its first, is over, and the day of payment comes after it."""


class NoSuchTimezone(Exception):
    """A timezone is a name of IANA's list, such as Europe/Berlin."""


class AnotherRunInWork(Exception):
    """Another run of this payer in this currency is in work: publish or reject it first."""


class PeriodPublished(Exception):
    """A published run covers days of this period; what changed there since is posted by the next run."""


class OutOfCourse(Exception):
    """A run is approved once it is reconciled, published once it is approved, and rejected before that."""


class NotPayable(Exception):
    """A payee is to be paid in a currency without a rate on or before the day of payment: record it first."""


# What stops a run, because doing it over would come to the same.
STOPS = (
    money.BeyondMoney,
    money.UnknownCurrency,
    engine.DoesNotReconcile,
    files.FileChanged,
    frozen.NotAUsageFile,
    apportion.DoesNotAddUp,
    apportion.TooFine,
    paying.NotConserved,
)


# --- Starting


def start(
    *,
    id: UUID,
    payer_id: UUID,
    period_from: date,
    period_to: date,
    timezone: str,
    currency: str,
    pay_on: date,
    started_by_id: int,
    at: datetime,
) -> RoyaltyRun:
    """
    Begin a run over a period [from, to); a job freezes what goes into it.

    :raises NotAPeriod, NoSuchTimezone, UnknownCurrency: it cannot be run like that
    :raises AnotherRunInWork: of a payer's runs one is in work, since each rests on the balances of the one before
    :raises PeriodPublished: a day belongs to one published run
    """
    money.exponent(currency)
    if timezone not in available_timezones():
        raise NoSuchTimezone
    if not period_from < period_to <= pay_on or period_to > at.astimezone(ZoneInfo(timezone)).date():
        raise NotAPeriod
    try:
        with transaction.atomic(durable=True):
            paying.one_at_a_time(payer_id)
            before = RoyaltyRun.objects.filter(payer=payer_id, currency=currency)
            if before.exclude(events__act__in=OVER).exists():
                raise AnotherRunInWork
            done = before.filter(events__act=Act.PUBLISHED)
            if done.filter(period_from__lt=period_to, period_to__gt=period_from).exists():
                raise PeriodPublished
            run = RoyaltyRun.objects.create(
                id=id,
                payer_id=payer_id,
                number=before.count() + 1,
                period_from=period_from,
                period_to=period_to,
                timezone=timezone,
                currency=currency,
                pay_on=pay_on,
                started_by_id=started_by_id,
                started_at=at,
            )
            jobs.enqueue(Job.Kind.FREEZE, run.pk, at=at)
            log.append(
                Entry.Kind.RUN_STARTED,
                run,
                {
                    "payer": str(payer_id),
                    "period_from": period_from.isoformat(),
                    "period_to": period_to.isoformat(),
                    "currency": currency,
                },
                at=at,
            )
    except IntegrityError as error:
        if violated(error) == "runs_of_a_payer_follow_each_other":
            raise AnotherRunInWork from error
        raise
    return run


# --- Freezing


@dataclass(frozen=True)
class _Inputs:
    """What one period is divided from: reports, what their keys mean, rates, divisions."""

    of_run: RoyaltyRun
    reports: tuple[Booked, ...]
    corrections: tuple[Booked, ...]  # reports of later runs that correct use in this period
    without: tuple[tuple[date, date], ...]  # periods whose corrections in these reports belong to them
    matches: Mapping[str, UUID]
    rates: Mapping[str, ExchangeRate]
    divisions: Mapping[UUID, apportion.Splits | Dated]
    terms: termed.Terms

    @property
    def digest(self) -> str:
        """Return the digest of all of it: another one means that the period comes to something else."""
        document: dict[str, Any] = {
            "reports": {str(one.report_id): one.usage_digest for one in self.reports},
            "matches": {key: str(decision) for key, decision in self.matches.items()},
            "rates": {base: str(row.pk) for base, row in self.rates.items()},
            "divisions": {str(id): divided.digest for id, divided in self.divisions.items()},
        }
        if self.corrections:
            document["corrections"] = {str(one.report_id): one.usage_digest for one in self.corrections}
        if self.terms.digest:
            document["terms"] = {"sha256": self.terms.digest}
        return sha256(files.canonical(document)).hexdigest()


def freeze(*, id: UUID, at: datetime) -> tuple[UUID, ...]:
    """
    Fix what goes into a run, and ask for its partitions; return the ids of those, or none where somebody else is at it.

    :raises LostLease: another worker took the job over
    """
    job = jobs.claim(Job.Kind.FREEZE, id, at=at)
    if job is None:
        return ()
    run = RoyaltyRun.objects.get(pk=id)
    try:
        with jobs.held(job):
            parts = frozen_parts(run, at=at)
            with transaction.atomic(durable=True):
                jobs.finish(job, at=at)
                RunPart.objects.bulk_create(parts)
                ids = tuple(_partition_id(part, number) for part in parts for number in range(part.partitions))
                for partition in ids:
                    jobs.enqueue(Job.Kind.DIVIDE, partition, at=at)
                _step(run, Act.FROZEN, frozen_document(parts, known_at=at), at=at)
            return ids
    except jobs.LostLease:
        raise
    except STOPS as error:
        _stop(run, job, error, at=at)
        return ()
    except Exception as error:
        jobs.fail(job, error=f"{type(error).__name__}: {error}", at=at)
        raise


def frozen_parts(run: RoyaltyRun, *, at: datetime, until: int | None = None, is_kept: bool = True) -> list[RunPart]:
    """
    Return what goes into a run as known at a moment, frozen, not inserted yet.

    :param until: and by the books as they stood before this entry of the log
    :param is_kept: whether the frozen bytes go into the store
    """
    return [_freeze(run, inputs, at=at, is_kept=is_kept) for inputs in _inputs(run, at=at, until=until)]


def frozen_document(parts: Sequence[RunPart], *, known_at: datetime) -> dict[str, Any]:
    """Return what the step says that fixes what goes into a run."""
    return {
        "known_at": known_at.isoformat(),
        "parts": [{"of_run": str(one.of_run_id), "manifest": one.manifest_digest} for one in parts],
        "counts": results.read(parts[0].document)["counts"],
    }


def _inputs(run: RoyaltyRun, *, at: datetime, until: int | None = None) -> list[_Inputs]:
    """Return the run's own period first, then those published before of which something has changed."""
    counting = {one.report_id: one for one in usages.booked(run.payer_id, known_at=at)}
    meanings = usages.matches(run.payer_id, known_at=at)
    divisions = _Divisions(at)
    taken: set[UUID] = set()
    changed = []
    before = paying.published(run.payer_id, run.currency, until=until)
    periods = tuple((one.period_from, one.period_to) for one in before)
    for place, earlier in enumerate(before):
        basis = paying.basis_of(earlier, until=until)
        said = results.read(basis.document)
        reports = _standing([UUID(id) for id in said["reports"]], counting)
        taken.update(one.report_id for one in reports)
        later = [one for one in counting.values() if one.report_id not in taken]
        corrections = tuple(one for one in later if _corrects(one, periods[place]))
        rates = ExchangeRate.objects.in_bulk([UUID(id) for id in said["rates"].values()])
        kept = {base: rates[UUID(id)] for base, id in said["rates"].items()}
        asked = terming.Asked(run, earlier, before, frozenset(), at, until)
        inputs = _gathered(asked, _Usage(reports, corrections, periods[:place]), meanings, divisions, kept)
        if inputs.digest != basis.inputs_digest:
            changed.append(inputs)
    own = tuple(
        one
        for one in counting.values()
        if one.report_id not in taken and ((days := _days_of(one.usage_digest)) is None or days[0] < run.period_to)
    )
    asked = terming.Asked(run, run, before, frozenset(one.of_run.pk for one in changed), at, until)
    return [_gathered(asked, _Usage(own, (), periods), meanings, divisions, {}), *changed]


@dataclass(frozen=True)
class _Usage:
    """Which lines are a period's: its own reports', and of later ones' what corrects it."""

    reports: tuple[Booked, ...]
    corrections: tuple[Booked, ...]
    without: tuple[tuple[date, date], ...]

    @property
    def all(self) -> tuple[Booked, ...]:
        """Return the reports that any line is from."""
        return (*self.reports, *self.corrections)


def _corrects(report: Booked, period: tuple[date, date]) -> bool:
    return any(period[0] <= day < period[1] for day in _corrected_days(report.usage_digest))


@lru_cache(maxsize=4096)  # of a file under its digest
def _corrected_days(usage_digest: str) -> tuple[date, ...]:
    """Return the last days of use of the adjustments and reversals in a report's file."""
    with store.local(usage_digest, alias=usages.STORE) as path:
        file = pq.ParquetFile(path)
        found: set[date] = set()
        for number in range(file.metadata.num_row_groups):
            kind = file.metadata.row_group(number).column(file.schema_arrow.get_field_index("kind")).statistics
            if kind is None or not kind.has_min_max or (kind.min, kind.max) != (0, 0):
                rows = file.read_row_group(number, columns=["kind", "used_to"])
                found.update(pc.unique(rows.filter(pc.not_equal(rows.column("kind"), 0)).column("used_to")).to_pylist())
        return tuple(sorted(day - timedelta(days=1) for day in found))


def _standing(reports: Iterable[UUID], counting: Mapping[UUID, Booked]) -> tuple[Booked, ...]:
    """Return what counts now of these reports: themselves, or what replaced them."""
    found: dict[UUID, Booked] = {}
    for id in reports:
        newest: UUID | None = id
        while newest is not None and newest not in counting:
            newest = _successor_of(newest)
        if newest is not None:
            found[newest] = counting[newest]
    return tuple(found.values())


def _successor_of(report_id: UUID) -> UUID | None:
    found = UsageSupersession.objects.filter(report=report_id).first()
    return None if found is None else found.successor_id


def _gathered(
    asked: terming.Asked,
    usage: _Usage,
    meanings: Mapping[str, UUID],
    divisions: _Divisions,
    kept: Mapping[str, ExchangeRate],
) -> _Inputs:
    of_run = asked.of_run
    ids = [one.report_id for one in usage.all]
    named = UsageKey.objects.filter(report__in=ids).values_list("key", flat=True).distinct()
    matches = {key: meanings[key] for key in named.iterator() if key in meanings}
    currencies = UsageSum.objects.filter(key__report__in=ids).values_list("currency", flat=True).distinct()
    rates = {}
    for base in sorted(set(currencies) - {of_run.currency}):
        if base in kept:
            rates[base] = kept[base]
        elif (
            found := paying.rate_between(of_run.payer_id, base, of_run.currency, on=asked.run.pay_on, until=asked.until)
        ) is not None:
            rates[base] = found[0]
    divided, plans = divisions.of(matches.values(), _days(usage.all))
    terms = terming.gather(asked, splits.plans_behind(divided, known_at=asked.known_at) | plans)
    return _Inputs(of_run, usage.reports, usage.corrections, usage.without, matches, rates, divided, terms)


class _Divisions:
    """How outputs are divided as known at a moment, each read once."""

    def __init__(self, known_at: datetime) -> None:
        self._known_at = known_at
        self._asked: set[UUID] = set()
        self._read: dict[UUID, apportion.Splits] = {}
        self._shown: dict[UUID, date] = {}
        self._on: dict[tuple[UUID, date], apportion.Splits] = {}

    def of(
        self, decisions: Iterable[UUID], days: tuple[date, date]
    ) -> tuple[dict[UUID, apportion.Splits | Dated], dict[UUID, frozenset[UUID]]]:
        """
        Return the divisions of these outputs, of those that are divided, as on days of use [first, last].

        The newest version shows the rights of its own day. Where they changed between that and a day of use the output
        is divided by the rights of the day of use, as known now; of those the plans are returned too, as of the last
        day.
        """
        wanted = set(decisions)
        self._read |= splits.of_many(wanted - self._asked, self._known_at)
        self._shown |= splits.days_of(wanted - self._asked, self._known_at)
        self._asked |= wanted
        found: dict[UUID, apportion.Splits | Dated] = {
            id: self._read[id] for id in sorted(wanted, key=str) if id in self._read
        }
        if not found:
            return found, {}
        shown = [self._shown[id] for id in found]
        changing = dividing.days_of_change(
            found, after=min(days[0], *shown), until=max(days[1], *shown), known_at=self._known_at
        )
        plans = {}
        for id, changes in changing.items():
            found[id], last = self._by_days(id, changes, days)
            if last is not self._read[id]:
                sources = [one for zone in last.zones for part in zone.parts for one in part.sources]
                plans[id] = frozenset(one.plan_id for one in sources if one.plan_id is not None)
        return found, plans

    def _by_days(
        self, id: UUID, changes: Sequence[date], days: tuple[date, date]
    ) -> tuple[apportion.Splits | Dated, apportion.Splits]:
        """Return how an output is divided on these days, and on the last of them."""
        first, last = days
        divided = self._read[id]
        spans: list[tuple[date, apportion.Splits]] = []
        for begins in [first, *(day for day in changes if first < day <= last)]:
            between = sorted((begins, self._shown[id]))
            same = not any(between[0] < day <= between[1] for day in changes)
            divided = self._read[id] if same else self._divided_on(id, begins)
            if not spans or spans[-1][1].digest != divided.digest:
                spans.append((begins, divided))
        if {one.digest for _, one in spans} == {self._read[id].digest}:
            return self._read[id], divided
        return Dated(tuple(spans)), divided

    def _divided_on(self, id: UUID, day: date) -> apportion.Splits:
        if (id, day) not in self._on:
            self._on[id, day] = dividing.divided_on(id, day, known_at=self._known_at) or self._read[id]
        return self._on[id, day]


def _days(reports: Iterable[Booked]) -> tuple[date, date]:
    """Return the first and the last day of use in some reports."""
    found = [one for report in reports if (one := _days_of(report.usage_digest)) is not None]
    return min((one for one, _ in found), default=date.max), max((one for _, one in found), default=date.max)


@lru_cache(maxsize=4096)  # of a file under its digest
def _days_of(usage_digest: str) -> tuple[date, date] | None:
    """Return the first and the last day of use in a report's file, as the file says it of its row groups."""
    with store.local(usage_digest, alias=usages.STORE) as path:
        file = pq.ParquetFile(path)
        if not file.metadata.num_rows:
            return None
        column = {name: file.schema_arrow.get_field_index(name) for name in ("used_from", "used_to")}
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        said = {name: [group.column(place).statistics for group in groups] for name, place in column.items()}
        if any(one is None or not one.has_min_max for some in said.values() for one in some):
            rows = file.read(columns=list(column))
            begins, ends = (rows.column(name).to_pylist() for name in column)
        else:
            begins, ends = [one.min for one in said["used_from"]], [one.max for one in said["used_to"]]
        return min(begins), max(ends) - timedelta(days=1)


def _freeze(run: RoyaltyRun, inputs: _Inputs, *, at: datetime, is_kept: bool) -> RunPart:
    """Write down one period's inputs and put them into the store, if they are to be kept."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="run-")))
        period = inputs.of_run.period_from, inputs.of_run.period_to
        usage = []
        for report in (*inputs.reports, *inputs.corrections):
            path = stack.enter_context(store.local(report.usage_digest, alias=usages.STORE))
            if report in inputs.corrections:
                usage.append(frozen.UsageFile(report.report_id, path, corrects=period))
            else:
                without = tuple(other for other in inputs.without if _corrects(report, other))
                usage.append(frozen.UsageFile(report.report_id, path, without=without))
        made = frozen.freeze(
            folder,
            usage=usage,
            matches=inputs.matches,
            rates=[
                Rate(base, run.currency, paying.value_of(row), row.source, row.on) for base, row in inputs.rates.items()
            ],
            divisions=inputs.divisions,
            currency=run.currency,
            terms=inputs.terms.document if inputs.terms.clauses else None,
            lines_a_partition=settings.LEDGER_LINES_A_PARTITION,
        )
        if is_kept:
            keeping.keep(folder, made.files)
    left: defaultdict[str, int] = defaultdict(int)
    for one in made.left_out:
        left[one.reason] += one.lines
    document = {
        "reports": [str(one.report_id) for one in inputs.reports],
        **({"corrections": [str(one.report_id) for one in inputs.corrections]} if inputs.corrections else {}),
        "rates": {base: str(row.pk) for base, row in inputs.rates.items()},
        "counts": {"lines": made.lines, "pools": made.pools, "outputs": made.outputs, "left_out": dict(left)},
        "left_out_units": {currency: str(units) for currency, units in results.left_out_units(made.left_out).items()},
        "left_out": made.files["left-out.json"],
    }
    return RunPart(
        id=uuid5(run.pk, f"part/{inputs.of_run.pk}"),
        run=run,
        of_run=inputs.of_run,
        partitions=made.partitions,
        inputs_digest=inputs.digest,
        manifest_digest=made.digest,
        document=files.canonical(document).decode(),
        recorded_at=at,
    )


# --- Dividing


def divide(*, id: UUID, at: datetime) -> tuple[UUID, ...]:
    """
    Divide a partition; return the run after the last one, so that it can be reconciled, and nothing before.

    :raises LostLease: another worker took the job over; nothing of this attempt remains
    """
    job = jobs.claim(Job.Kind.DIVIDE, id, at=at)
    if job is None:
        return ()
    part, number = _partition(id)
    run = part.run
    try:
        with jobs.held(job):
            document = divided(part, number)
            with transaction.atomic(durable=True):
                # Of two that end at once the second waits here and finds the first one's result.
                Job.objects.select_for_update().get(kind=Job.Kind.FREEZE, subject_id=run.pk)
                jobs.finish(job, at=at)
                RunPartition.objects.create(
                    id=id,
                    part=part,
                    number=number,
                    allocations_digest=document["result"]["files"][engine.result_names(number)[1]],
                    result_digest=sha256(files.canonical(document["result"])).hexdigest(),
                    document=files.canonical(document).decode(),
                    divided_at=at,
                )
                if not _is_divided(run):
                    return ()
                jobs.enqueue(Job.Kind.RECONCILE, run.pk, at=at)
            return (run.pk,)
    except jobs.LostLease:
        raise
    except STOPS as error:
        _stop(run, job, error, at=at)
        return ()
    except Exception as error:
        jobs.fail(job, error=f"{type(error).__name__}: {error}", at=at)
        raise


def divided(part: RunPart, number: int, *, is_kept: bool = True) -> dict[str, Any]:
    """
    Divide what was frozen of a partition, and return what it came to.

    :param is_kept: whether the bytes go into the store
    """
    with TemporaryDirectory(prefix="partition-") as name:
        folder = Path(name)
        manifest = keeping.bring_partition(part.manifest_digest, [number], folder)
        result = engine.divide_partition(folder, number, digest=part.manifest_digest)
        tree = proofs.plant(folder, result, secret=secret_of(part))
        sums = results.sum_up(folder, result)
        kept = {**result.files, tree.file: tree.digest, results.sums_name(number): sums}
        document: dict[str, Any] = {"result": result.document, "tree": tree.document, "sums": sums}
        if termed.FILE in manifest.files:
            document["terms"] = kept[termed.sums_name(number)] = termed.sum_up(folder, manifest, result)
        if is_kept:
            keeping.keep(folder, kept)
    return document


def secret_of(part: RunPart) -> bytes:
    """Return what the salts of a part's tree are made with: it never leaves the house."""
    return hmac.digest(keys.link_key(), b"royalty run" + part.run_id.bytes + part.of_run_id.bytes, "sha256")


def _partition_id(part: RunPart, number: int) -> UUID:
    return uuid5(part.pk, f"partition/{number}")


def _partition(id: UUID) -> tuple[RunPart, int]:
    """Return which partition a job is about: ids follow from the part and the number, and few runs are in work."""
    in_work = RunPart.objects.exclude(run__events__act__in=OVER).select_related("run", "of_run")
    for part in in_work:
        for number in range(part.partitions):
            if _partition_id(part, number) == id:
                return part, number
    raise NoSuchRun


def _is_divided(run: RoyaltyRun) -> bool:
    return all(part.results.count() == part.partitions for part in run.parts.all())


# --- Reconciling


def reconcile(*, id: UUID, at: datetime) -> tuple[UUID, ...]:
    """
    Check that everything of a run adds up, or stop it. Nothing comes after by itself: people look at it now.

    :raises LostLease: another worker took the job over
    """
    job = jobs.claim(Job.Kind.RECONCILE, id, at=at)
    if job is None:
        return ()
    run = RoyaltyRun.objects.get(pk=id)
    try:
        with jobs.held(job):
            document, said = reconciled_document(run, is_kept=True)
            with transaction.atomic(durable=True):
                jobs.finish(job, at=at)
                _step(run, Act.RECONCILED, document, at=at, data=said)
            return ()
    except jobs.LostLease:
        raise
    except STOPS as error:
        _stop(run, job, error, at=at)
        return ()
    except Exception as error:
        jobs.fail(job, error=f"{type(error).__name__}: {error}", at=at)
        raise


def reconciled_document(
    run: RoyaltyRun, *, until: int | None = None, is_kept: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Return what the step says that checks that everything adds up, and what its entry says of the run's own period.

    :param until: by the books as they stood before this entry of the log
    :param is_kept: whether what terms of money come to goes into the store
    """
    said = _reconciled(run)
    found = paying.dues(run, until=until)
    if found.terms and _is_itemized(run):
        rows = [one.document for one in found.terms]
        root = itemized.tree(rows, secret=secret_of(run.parts.get(of_run=run))).root
        said[str(run.pk)] |= {"v": itemized.VERSION, "terms": proofs.node_document(root)}
    document = {"conservation": found.conservation, "parts": said, "payees": len(found.payees)}
    if found.terms:
        document["terms"] = found.terms_digest
        if is_kept:
            paying.keep_terms(found)
    return document, said[str(run.pk)]


def _is_itemized(run: RoyaltyRun) -> bool:
    """Whether a run's terms are leaves of a tree: those of each new one, and of one worked out again as it was then."""
    event = run.events.filter(act=Act.RECONCILED).first()
    return event is None or terms_root(run) is not None


def terms_root(run: RoyaltyRun) -> dict[str, str] | None:
    """Return the root over a reconciled run's terms of money, as its entry names it; None where it names none."""
    said = results.read(run.events.get(act=Act.RECONCILED).document)["parts"][str(run.pk)]
    found: dict[str, str] | None = said.get("terms")
    return found


def _reconciled(run: RoyaltyRun) -> dict[str, Any]:
    """Return what is proven of each part, checked against what was frozen."""
    found = {}
    in_all: Counter[UUID] = Counter()
    for part in run.parts.all():
        with TemporaryDirectory(prefix="manifest-") as name:
            manifest = keeping.bring_partition(part.manifest_digest, (), Path(name))
        came = results.outcome(part, run.currency)
        found[str(part.of_run_id)] = proofs.reconciled(manifest, came.results, came.trees)
        left = sum(results.read(part.document)["counts"]["left_out"].values())
        if sum(manifest.taken) != manifest.lines + left:
            raise engine.DoesNotReconcile(f"{engine.DoesNotReconcile.__doc__} Lines were lost on the way into pools.")
        in_all.update(dict(zip(manifest.reports, manifest.taken, strict=True)))
    # Of a report that is new here each line is in one period: of this run, or of an earlier one that it corrects.
    own = [UUID(id) for id in results.read(run.parts.get(of_run=run).document)["reports"]]
    booked = {one.report_id: one.lines for one in UsageOutcome.objects.filter(report__in=list(in_all), is_booked=True)}
    if set(booked) != set(in_all) or any(in_all[report] != booked[report] for report in own):
        raise engine.DoesNotReconcile(f"{engine.DoesNotReconcile.__doc__} Lines were lost on the way into periods.")
    return found


def _stop(run: RoyaltyRun, job: jobs.Claimed, error: Exception, *, at: datetime) -> None:
    """End a run that cannot come to anything, with the name of what is wrong."""
    sentence = str(error) or (type(error).__doc__ or "").strip()
    with transaction.atomic(durable=True):
        Job.objects.select_for_update().get(kind=Job.Kind.FREEZE, subject_id=run.pk)
        jobs.finish(job, at=at)
        if not run.events.filter(act__in=OVER).exists():
            document = {"error": type(error).__name__, "sentence": sentence[:600]}
            _step(run, Act.STOPPED, document, reason=sentence[:300], at=at)
        # What waits for the run's other partitions would find nothing to do.
        _jobs_of(run).filter(done_at=None).update(done_at=at, lease_until=None)


# --- Two people


def approve(*, run_id: UUID, by_id: int, reason: str = "", at: datetime) -> RunEvent:
    """
    Agree to a reconciled run, as somebody else than who started it (LED-6).

    :raises NoSuchRun, OutOfCourse: there is nothing to approve
    :raises NeedsASecondPerson: whoever started it cannot approve it
    """
    return _decide(run_id, Act.APPROVED, by_id=by_id, reason=reason, at=at)


def reject(*, run_id: UUID, by_id: int, reason: str, at: datetime) -> RunEvent:
    """
    Refuse a run before it is published, also one that is stuck: it is over, and nothing of it was booked.

    :raises NoSuchRun, OutOfCourse: there is none, or it is over already
    """
    return _decide(run_id, Act.REJECTED, by_id=by_id, reason=reason, at=at)


def _decide(run_id: UUID, act: RunEvent.Act, *, by_id: int, reason: str, at: datetime) -> RunEvent:
    run = _run(run_id)
    if act is Act.APPROVED and run.started_by_id == by_id:
        raise NeedsASecondPerson
    with transaction.atomic(durable=True):
        paying.one_at_a_time(run.payer_id)
        # Whatever a worker is at meanwhile commits before this, or finds its job gone.
        Job.objects.select_for_update().get(kind=Job.Kind.FREEZE, subject_id=run.pk)
        acts = set(run.events.values_list("act", flat=True))
        if acts & set(OVER) or (act is Act.APPROVED and acts != {Act.FROZEN, Act.RECONCILED}):
            raise OutOfCourse
        if act is Act.REJECTED:
            _jobs_of(run).filter(done_at=None).update(done_at=at, given_up_at=None, lease_until=None)
        reconciled = run.events.filter(act=Act.RECONCILED).first()
        document = {"reconciled": f"sha256:{reconciled.digest}" if reconciled else None}
        return _step(run, act, document, by_id=by_id, reason=reason, at=at)


def _jobs_of(run: RoyaltyRun) -> QuerySet[Job]:
    ids = [_partition_id(part, number) for part in run.parts.all() for number in range(part.partitions)]
    return Job.objects.filter(
        Q(kind__in=[Job.Kind.FREEZE, Job.Kind.RECONCILE], subject_id=run.pk)
        | Q(kind=Job.Kind.DIVIDE, subject_id__in=ids)
    )


def _run(run_id: UUID) -> RoyaltyRun:
    run = RoyaltyRun.objects.filter(pk=run_id).first()
    if run is None:
        raise NoSuchRun
    return run


# --- Publishing


def publish(*, run_id: UUID, by_id: int, at: datetime) -> RunEvent:
    """
    Book a run that was approved, and issue its statements.

    :raises NoSuchRun, OutOfCourse: it is not approved, or over
    :raises NotPayable: a payee's payout currency has no rate
    :raises NotConserved: something got lost, which is a defect of ours; nothing is booked
    """
    run = _run(run_id)
    with transaction.atomic(durable=True):
        paying.one_at_a_time(run.payer_id)
        acts = set(run.events.values_list("act", flat=True))
        if acts != {Act.FROZEN, Act.RECONCILED, Act.APPROVED}:
            raise OutOfCourse
        found = paying.dues(run)  # by the books as they are now
        if missing := sorted({str(one.payee_id) for one in found.payees if one.problem == paying.NO_RATE}):
            raise NotPayable(f"{NotPayable.__doc__} It is so for {', '.join(missing[:5])}.")
        reconciled = results.read(run.events.get(act=Act.RECONCILED).document)
        if reconciled.get("terms", "") != found.terms_digest:
            raise paying.NotConserved(f"{paying.NotConserved.__doc__} Terms of money come to something else now.")
        with log.together():
            statements = paying.book(found, at=at)
        document, data = published_document(found, statements)
        return _step(run, Act.PUBLISHED, document, by_id=by_id, at=at, data=data)


def published_document(found: Dues, statements: Sequence[Statement]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the step says that issues a run's statements, and what its entry says beside that."""
    run = found.run
    said = results.read(run.events.get(act=Act.RECONCILED).document)["parts"]
    part = run.parts.get(of_run=run)
    root = proofs.tree_of_statements([proven(one) for one in statements], secret=secret_of(part)).root
    document = {"conservation": found.conservation, "parts": said, "statements": proofs.node_document(root)}
    if found.terms:
        document["terms"] = found.terms_digest
    return document, proofs.published(said[str(run.pk)], root)


def proven(row: Statement) -> proofs.Statement:
    """Return what is proven of a statement: what came, of it what its lines add up to, and what it went to."""
    came = {"earned": row.allocated, "adjusted": row.adjusted, "granted": row.granted}
    if row.termed:
        came["terms"] = row.termed
    came |= {"released": row.released, "carried": row.carried_in}
    names = ("held", "reserved", "recouped", "deducted", "withheld")
    went = {name: getattr(row, name) for name in names} | {"carried": row.carried_out, "payable": row.payable}
    return proofs.Statement(row.run_id, row.payee_id, row.version, row.currency, came, went, row.digest)


def _step(
    run: RoyaltyRun,
    act: RunEvent.Act,
    document: Mapping[str, Any],
    *,
    by_id: int | None = None,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
    at: datetime,
) -> RunEvent:
    written = files.canonical(document)
    event = RunEvent.objects.create(
        id=uuid5(run.pk, f"event/{act.value}"),
        run=run,
        act=act,
        position=run.events.count(),
        started_by_id=run.started_by_id,
        by_id=by_id,
        reason=reason,
        document=written.decode(),
        digest=sha256(written).hexdigest(),
        recorded_at=at,
    )
    log.append(Entry.Kind.RUN_WENT_ON, event, said_of(event, data), at=at)
    return event


def said_of(event: RunEvent, data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what the entry of a step says beside its row."""
    said = {"run": str(event.run_id), "act": str(event.act), "document": f"sha256:{event.digest}"}
    return {**said, **(data or {})}


# --- How it stands


@dataclass(frozen=True)
class Standing:
    """How far a run has come."""

    state: str
    partitions: int
    divided: int
    error: str
    events: tuple[RunEvent, ...]

    def document(self, act: RunEvent.Act) -> dict[str, Any] | None:
        """Return what a step says, or None where it was not taken."""
        found = next((event for event in self.events if event.act == act), None)
        return None if found is None else dict(results.read(found.document))


def standing(run: RoyaltyRun) -> Standing:
    """Return how far a run has come, and what holds it up."""
    events = tuple(run.events.order_by("position"))
    parts = list(run.parts.all())
    partitions = sum(part.partitions for part in parts)
    divided = RunPartition.objects.filter(part__run=run).count()
    failed = _jobs_of(run).filter(given_up_at__isnull=False).first()
    acts = {event.act for event in events}
    if failed is not None and not acts & set(OVER):
        return Standing("failed", partitions, divided, failed.error, events)
    last = events[-1].act if events else None
    state = "freezing" if last is None else str(last)
    if last == Act.FROZEN:
        state = "dividing" if divided < partitions else "reconciling"
    reason = next((event.reason for event in events if event.act in {Act.STOPPED, Act.REJECTED}), "")
    return Standing(state, partitions, divided, reason, events)


# --- What waits


def waiting(run: RoyaltyRun, *, at: datetime) -> tuple[terming.Waiting, ...]:
    """Return the terms of money of a run's period that no run booked, as known at a moment; of a void run none."""
    if run.events.filter(act__in=[Act.STOPPED, Act.REJECTED]).exists():
        return ()
    earlier = [one for one in paying.published(run.payer_id, run.currency) if one.number < run.number]
    currencies = RoyaltyRun.objects.filter(payer=run.payer_id).exclude(currency=run.currency)
    return terming.waiting(
        terming.Asked(run, run, earlier, frozenset(), at),
        {one: paying.published(run.payer_id, one) for one in set(currencies.values_list("currency", flat=True))},
        is_topped_up=Transaction.objects.filter(of_run=run, kind=Transaction.Kind.GUARANTEED).exists(),
    )


def waiting_of(runs: Iterable[RoyaltyRun], *, at: datetime) -> tuple[terming.Waiting, ...]:
    """Return the same of several runs, the newest first; what waits for another currency's run is said once."""
    found: dict[tuple[object, ...], terming.Waiting] = {}
    for run in runs:
        for one in waiting(run, at=at):
            of_run = run.pk if one.why is terming.Why.NOT_DECLARED else run.payer_id
            found.setdefault((one.term_id, one.why, of_run), one)
    return tuple(found.values())


# --- Before it is approved (ROY-17)


@dataclass(frozen=True)
class Variance:
    """What one payee, asset or territory comes to, beside what it came to in the last published run."""

    of: str
    before: int
    now: int

    @property
    def change(self) -> int:
        """Return by how much it changed."""
        return self.now - self.before


@dataclass(frozen=True)
class Preview:
    """What a run would come to if it were published now."""

    dues: Dues
    compared_with: RoyaltyRun | None
    by_payee: tuple[Variance, ...]
    by_asset: tuple[Variance, ...]
    by_territory: tuple[Variance, ...]
    by_service: tuple[Variance, ...]


def preview(run_id: UUID) -> Preview:
    """
    Return what a reconciled run would come to, and how that differs from the last one that was published.

    :raises OutOfCourse: it is not reconciled
    """
    run = _run(run_id)
    if not run.events.filter(act=Act.RECONCILED).exists():
        raise OutOfCourse
    found = paying.dues(run)
    before = [one for one in paying.published(run.payer_id, run.currency) if one.number < run.number]
    last = before[-1] if before else None
    old = results.outcome(last.parts.get(of_run=last), run.currency) if last else None
    return Preview(
        found,
        last,
        _compared(_payees(found.own), _payees(old)),
        _compared(_assets(found.own), _assets(old)),
        _compared(dict(found.own.countries), dict(old.countries) if old else {}),
        _compared(_services(run), _services(last)),
    )


def _payees(outcome: results.Outcome | None) -> dict[str, int]:
    return {str(payee): units for payee, (units, _) in outcome.allocated().items()} if outcome else {}


def _assets(outcome: results.Outcome | None) -> dict[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for one in outcome.sums if outcome else ():
        if (asset := one.asset_id) is not None:
            found[str(asset)] += one.units
    return dict(found)


def _services(run: RoyaltyRun | None) -> dict[str, int]:
    """Return what each service reported in a run, all of it, each currency's sum converted once."""
    if run is None:
        return {}
    part = run.parts.get(of_run=run)
    said = results.read(part.document)
    rates = ExchangeRate.objects.in_bulk([UUID(id) for id in said["rates"].values()])
    values = {base: paying.value_of(rates[UUID(id)]) for base, id in said["rates"].items()}
    found: defaultdict[str, Fraction] = defaultdict(Fraction)
    rows = UsageSum.objects.filter(key__report__in=[UUID(id) for id in said["reports"]])
    sums = rows.values_list("key__report__sender", "currency").annotate(sum=Sum("amount")).order_by()
    for sender, currency, amount in sums:
        value = Fraction(1) if currency == run.currency else values.get(currency)
        if value is not None:
            found[sender] += Fraction(amount) * value
    return {sender: money.minor(amount, run.currency) for sender, amount in found.items()}


def _compared(now: Mapping[str, int], before: Mapping[str, int]) -> tuple[Variance, ...]:
    found = [Variance(of, before.get(of, 0), now.get(of, 0)) for of in {*now, *before}]
    return tuple(sorted(found, key=lambda one: (-abs(one.change), one.of)))


def leaves_changed(run: RoyaltyRun, of_run: RoyaltyRun) -> list[dict[str, Any]]:
    """Return of an earlier period divided anew every leaf that changed: what it got, what it gets, the difference."""
    part = run.parts.get(of_run=of_run)
    before = RunPart.objects.filter(of_run=of_run, run__number__lt=run.number, run__events__act=Act.PUBLISHED)
    old = before.order_by("-run__number").first()
    if old is None:
        return []
    units: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for place, one in ((0, old), (1, part)):
        for line in results.allocations(one):
            units[str(line.output), line.country, line.leaf][place] += line.units
    return [
        {"output": output, "country": country, "leaf": leaf, "old": old_, "new": new, "posted": new - old_}
        for (output, country, leaf), (old_, new) in sorted(units.items())
        if new != old_
    ]
