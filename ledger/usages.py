"""
Reports of usage: handed in, read, booked or refused as a whole; and which output each of their keys means.

A report is read by a worker to a file of exact lines. With one problem nothing of it is booked; without one, all of it
is, in a single transaction with its entries. The reading is a function of the files alone, so a worker that was killed
is followed by another that comes to the same bytes. A dry run reads and books nothing.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import rfc8785
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Abs

from fingerprint import store
from ledger import jobs, log
from ledger.constraints import violated
from ledger.models import Entry, Job
from rights.models import Submission
from royalties import usages
from royalties.models import (
    UsageFile,
    UsageKey,
    UsageMapping,
    UsageMatch,
    UsageMatching,
    UsageOutcome,
    UsageProblem,
    UsageProgress,
    UsageReport,
    UsageSum,
    UsageSupersession,
)
from royalties.usage import cells, dsr, lines, reading, sheet
from royalties.usage.lines import plain
from royalties.usage.mapping import UsageMapping as Mapping
from royalties.usage.mapping import suggest
from royalties.usage.opening import Bounds
from royalties.usage.problems import BadCell, Problem, Unreadable
from royalties.usage.reading import Found, Source
from royalties.usages import MATCHED_TOGETHER, STORE, Means

FILES = "usage"  # alias of where reports lie as they were sent
MOST_FILES = 100
MOST_COMPARED = 20_000  # outputs whose titles are looked at for one key
MOST_CANDIDATES = 10
LIKE_ENOUGH = 55  # of 100: less alike is no help to a person
Stage = UsageProgress.Stage
Format = UsageReport.Format


class NoSuchReport(Exception):
    """There is no report of usage with this id."""


class AlreadyFinished(Exception):
    """This report was booked or refused; that is final. A correction is another report."""


class MessageTwice(Exception):
    """The sender's message of this id was booked already, with other content: a correction has an id of its own."""


class MappingNeeded(Exception):
    """A sheet is read through a mapping: name a saved one, or give one with the file."""


class MappingNotNeeded(Exception):
    """A DSR file says itself what it holds: leave the mapping out."""


class SenderNeeded(Exception):
    """Say who made the sheet: a code of the service, such as its DDEX party id or a short name."""


class NotReplaceable(Exception):
    """A report replaces one of the same sender that is booked and was not replaced or withdrawn before."""


class NotBooked(Exception):
    """Only a report that is booked, and was not replaced, can be withdrawn."""


class NoSuchKey(Exception):
    """There is no key of usage with this id."""


class NotAnOutputOfThePayer(Exception):
    """A key means a cleared output that the payer itself submitted."""


class NotACode(Exception):
    """A sender's own id of an output is text that does not begin like a formula."""


class MatchedMeanwhile(Exception):
    """Somebody else said at the same time what this key means: look at it again."""


class ReadOtherwise(Exception):
    """This release reads reports in another way than the one that read this report."""


@dataclass(frozen=True)
class Reading:
    """What a report is read with: part of what makes it the same."""

    format: UsageReport.Format
    sender: str = ""
    message: str = ""
    mapping: Mapping | None = None
    is_correction: bool = False  # of DSR files: every line is an adjustment; a mapping says so itself

    def to_json(self) -> str:
        """Return it as it is stored and compared."""
        document: dict[str, Any] = {"format": self.format.value}
        if self.mapping:
            document["mapping"] = self.mapping.to_dict()
            document["sender"] = self.sender
        if self.is_correction:
            document["is_correction"] = True
        return rfc8785.dumps(document).decode()


@dataclass(frozen=True)
class Given:
    """One file, as it was sent."""

    path: Path
    name: str = ""


@dataclass(frozen=True)
class HandedIn:
    """A report, and whether this call made it."""

    report: UsageReport
    is_new: bool


# --- Looking at a sheet before it is handed in


@dataclass(frozen=True)
class Preview:
    """The first rows of a sheet, and what its columns may hold by their names."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    suggested: dict[str, str]


def preview(path: Path) -> Preview:
    """Return the first rows of a sheet, or none where it is no text: reading it says why."""
    try:
        header, rows = sheet.first_rows(path)
    except Unreadable:
        header, rows = (), ()
    return Preview(header, rows, dict(suggest(header)))


def keep(files: Sequence[Given]) -> list[str]:
    """Keep files whose columns a person chooses next; they are collected after a day if nobody comes back."""
    return [store.put(given.path, alias=FILES) for given in files]


# --- What became of reports


class State(StrEnum):
    """What a report has come to."""

    WAITING = "waiting"
    READING = "reading"
    READ = "read"  # and not booked: a dry run
    BOOKED = "booked"
    REFUSED = "refused"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"

    @property
    def is_moving(self) -> bool:
        """Whether a worker is at it, or will be: somebody who waits should look again."""
        return self in {State.WAITING, State.READING}


@dataclass(frozen=True)
class Status:
    """How far a report has come."""

    state: State
    percent: int
    lines: int
    bytes: int
    problems: int
    error: str  # of a job that was given up


def status_of(report: UsageReport) -> Status:
    """Return how far a report has come."""
    progress = report.progress
    state, error = _state(report, progress)
    percent = min(99, progress.bytes_read * 100 // max(progress.bytes_in_all, 1)) if state is State.READING else 0
    return Status(
        state=state,
        percent=percent if state.is_moving else 100,
        lines=progress.lines_read,
        bytes=progress.bytes_read,
        problems=progress.problems,
        error=error,
    )


def _state(report: UsageReport, progress: UsageProgress) -> tuple[State, str]:
    if hasattr(report, "outcome"):
        if not report.outcome.is_booked:
            return State.REFUSED, ""
        if hasattr(report, "supersession"):
            return (State.REPLACED if report.supersession.successor_id else State.WITHDRAWN), ""
        return State.BOOKED, ""
    job = Job.objects.filter(kind=Job.Kind.USAGE, subject_id=report.pk, done_at=None).first()
    if job is None:
        return State.READ, ""
    if job.given_up_at is not None:
        return State.FAILED, job.error
    return (State.READING if progress.stage == Stage.READING else State.WAITING), ""


# --- Handing in


def hand_in(
    *,
    id: UUID,
    payer_id: UUID,
    files: Sequence[Given],
    reading: Reading,
    replaces_id: UUID | None = None,
    is_dry_run: bool,
    at: datetime,
) -> HandedIn:
    """
    Keep a report and ask for it to be read. The same files read in the same way are the same report.

    :raises MappingNeeded: it is a sheet, and nothing says what its columns hold
    :raises MappingNotNeeded: it is a DSR file
    :raises SenderNeeded: it is a sheet, and nobody says who made it
    :raises MessageTwice: its message was booked already, with other content
    :raises NotReplaceable: it is to replace what cannot be replaced
    """
    reading = _settled(reading, files)
    digests = [store.digest_of(given.path) for given in files]
    content = _content_digest(digests, reading.to_json(), reading.message, replaces_id)
    if not reading.message:
        reading = replace(reading, message=f"sha256:{content}")
    if (found := _known(payer_id, content)) is not None:
        return HandedIn(found, is_new=False)
    _check_message(payer_id, reading)
    _check_replaced(payer_id, reading.sender, replaces_id)
    for given in files:
        store.put(given.path, alias=FILES)
    try:
        return _receive(id, payer_id, files, digests, content, reading, replaces_id, is_dry_run, at)
    except BaseException:
        for digest in digests:
            discard_unless_kept(digest)
        raise


def _settled(reading: Reading, files: Sequence[Given]) -> Reading:
    if reading.format is Format.DSR:
        if reading.mapping is not None:
            raise MappingNotNeeded
        head = dsr.look_at(files[0].path)
        return replace(reading, sender=head.sender, message=head.message)
    if reading.mapping is None:
        raise MappingNeeded
    if not reading.sender.strip():
        raise SenderNeeded
    return reading


def _content_digest(digests: Sequence[str], reading: str, message: str, replaces_id: UUID | None) -> str:
    document = {
        "files": list(digests),
        "reading": json.loads(reading, parse_float=str),
        "message": message,
        "replaces": str(replaces_id) if replaces_id else None,
    }
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def _known(payer_id: UUID, content: str) -> UsageReport | None:
    same = UsageReport.objects.filter(payer=payer_id, content_digest=content).exclude(outcome__is_booked=False)
    return same.order_by("received_at").first()


def _check_message(payer_id: UUID, reading: Reading) -> None:
    of_message = UsageOutcome.objects.filter(
        payer=payer_id, sender=reading.sender, message=reading.message, is_booked=True
    )
    if of_message.exists():
        raise MessageTwice


def _check_replaced(payer_id: UUID, sender: str, replaces_id: UUID | None) -> None:
    if replaces_id is None:
        return
    countable = UsageReport.objects.filter(
        pk=replaces_id, payer=payer_id, sender=sender, outcome__is_booked=True, supersession__isnull=True
    )
    if not countable.exists():
        raise NotReplaceable


def _receive(
    id: UUID,
    payer_id: UUID,
    files: Sequence[Given],
    digests: Sequence[str],
    content: str,
    reading: Reading,
    replaces_id: UUID | None,
    is_dry_run: bool,  # noqa: FBT001 - handed on
    at: datetime,
) -> HandedIn:
    with transaction.atomic(durable=True):
        _lock(f"content {payer_id} {content}")
        if (found := _known(payer_id, content)) is not None:  # two at once: one was let in
            return HandedIn(found, is_new=False)
        for digest, given in zip(digests, files, strict=True):
            _lock(digest)
            if not store.holds(digest, alias=FILES):
                store.put(given.path, alias=FILES)
        report = UsageReport.objects.create(
            id=id,
            payer_id=payer_id,
            format=reading.format,
            sender=reading.sender,
            message=reading.message,
            content_digest=content,
            reading=reading.to_json(),
            replaces_id=replaces_id,
            received_at=at,
        )
        for number, (digest, given) in enumerate(zip(digests, files, strict=True), 1):
            UsageFile.objects.create(
                id=uuid5(id, f"file/{number}"),
                report=report,
                number=number,
                name=given.name[:200],
                digest=digest,
                size_bytes=given.path.stat().st_size,
            )
        UsageProgress.objects.create(
            report=report,
            is_wanted=not is_dry_run,
            bytes_in_all=sum(given.path.stat().st_size for given in files),
            changed_at=at,
        )
        log.append(Entry.Kind.USAGE_RECEIVED, report, _said_of_report(report, len(files)), at=at)
        jobs.enqueue(Job.Kind.USAGE, report.pk, at=at)
    return HandedIn(report, is_new=True)


def _said_of_report(report: UsageReport, files: int) -> dict[str, Any]:
    return {"format": report.format, "content": f"sha256:{report.content_digest}", "files": files}


def ask_to_read(*, report_id: UUID, is_dry_run: bool, at: datetime) -> UsageReport:
    """
    Ask for a report to be read again, and booked unless it is a dry run. Asking twice asks once.

    :raises NoSuchReport: nothing was handed in under this id
    :raises AlreadyFinished: it was booked or refused
    """
    report = _open(report_id)
    with transaction.atomic(durable=True):
        UsageProgress.objects.filter(report=report).update(is_wanted=not is_dry_run, changed_at=at)
        waiting = Job.objects.filter(kind=Job.Kind.USAGE, subject_id=report_id)
        over = waiting.filter(done_at__isnull=False) | waiting.filter(given_up_at__isnull=False)
        if not over.update(done_at=None, given_up_at=None, run_at=at, rung_at=at, lease_until=None):
            with suppress(IntegrityError), transaction.atomic():  # it waits already
                jobs.enqueue(Job.Kind.USAGE, report_id, at=at)
    return report


def _open(report_id: UUID) -> UsageReport:
    report = UsageReport.objects.filter(pk=report_id).first()
    if report is None:
        raise NoSuchReport
    if UsageOutcome.objects.filter(report=report).exists():
        raise AlreadyFinished
    return report


# --- Reading


def read(*, report_id: UUID, at: datetime) -> UsageOutcome | None:
    """
    Read a report, and book or refuse it; None where another worker is at it, and after a dry run.

    :raises NoSuchReport: nothing was handed in under this id
    :raises AlreadyFinished: it was booked or refused
    :raises LostLease: another worker took the job over
    """
    report = _open(report_id)
    job = jobs.claim(Job.Kind.USAGE, report_id, at=at)
    if job is None:
        return None
    try:
        with jobs.held(job), tempfile.TemporaryDirectory(prefix="usage-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
            target = Path(folder) / "usage.parquet"
            found = _read_files(report, target, progress=_told(report, at=at))
            if not _is_wanted(report):
                _keep_dry_run(report, job, found, at=at)
                return None
            if found.problems.count:
                return _refuse(report, job, found, at=at)
            return _book(report, job, found, target, at=at)
    except (AlreadyFinished, jobs.LostLease):
        raise
    except Exception as error:
        # Kept where people look, and tried again. The class alone: a message may hold what stands in the file.
        jobs.fail(job, error=type(error).__name__, at=at)
        raise


def _told(report: UsageReport, *, at: datetime) -> reading.Progress:
    def progress(lines: int, read_bytes: int, problems: int) -> None:
        UsageProgress.objects.filter(report=report).update(
            stage=Stage.READING, lines_read=lines, bytes_read=read_bytes, problems=problems, changed_at=at
        )

    progress(0, 0, 0)
    return progress


def _read_files(report: UsageReport, target: Path, *, progress: reading.Progress | None = None) -> Found:
    files = list(report.files.order_by("number"))
    said = json.loads(report.reading, parse_float=str)
    bounds = Bounds(most_bytes=settings.LEDGER_MAX_USAGE_BYTES)
    with ExitStack() as opened:
        sources = [Source(opened.enter_context(store.local(file.digest, alias=FILES)), file.name) for file in files]
        if report.format == Format.DSR:
            return dsr.read(
                sources,
                target=target,
                bounds=bounds,
                is_correction=said.get("is_correction", False),
                progress=progress,
            )
        return reading.read_sheets(
            sources,
            Mapping.from_dict(said["mapping"]),
            sender=report.sender,
            target=target,
            bounds=bounds,
            progress=progress,
        )


def _is_wanted(report: UsageReport) -> bool:
    return UsageProgress.objects.filter(report=report, is_wanted=True).exists()


def _keep_dry_run(report: UsageReport, job: jobs.Claimed, found: Found, *, at: datetime) -> None:
    document = found.document() | {"matching": _preview(report, found, at=at)}
    with transaction.atomic(durable=True):
        jobs.finish(job, at=at)
        _keep_problems(report, found.problems.kept)
        _keep_progress(report, Stage.READ, found, document, at=at)


def _keep_problems(report: UsageReport, problems: Sequence[Problem]) -> None:
    UsageProblem.objects.filter(report=report).delete()
    UsageProblem.objects.bulk_create(
        [
            UsageProblem(
                report=report,
                file=problem.file,
                line=problem.line,
                field=problem.field[:40],
                code=problem.code[:48],
                sentence=problem.sentence[:600],
                raw=problem.raw[:200],
            )
            for problem in problems
        ],
        batch_size=1000,
    )


def _keep_progress(
    report: UsageReport, stage: UsageProgress.Stage, found: Found, document: dict[str, Any], *, at: datetime
) -> None:
    progress = UsageProgress.objects.filter(report=report)
    progress.update(
        stage=stage,
        lines_read=sum(found.file_lines),
        bytes_read=sum(report.files.values_list("size_bytes", flat=True)),
        problems=found.problems.count,
        document=document,
        changed_at=at,
    )


def _preview(report: UsageReport, found: Found, *, at: datetime) -> dict[str, Any]:
    """Return what would be matched, in keys, lines and amounts."""
    counts = {"matched": 0, "suspense": 0, "unmatched": 0}
    sums: dict[tuple[str, str], Decimal] = {}
    keys = iter(found.keys)
    while some := list(islice(keys, MATCHED_TOGETHER)):
        led = usages.lead(report.payer_id, [one.key for one in some], known_at=at)
        for one in some:
            if one.key in led.found or led.known.get(one.key) is not None:
                what = "matched"
            else:
                what = "suspense" if one.key in led.known else "unmatched"
            counts[what] += 1
            for currency, amount, _ in one.sums:
                sums[what, currency] = sums.get((what, currency), Decimal(0)) + amount
    return {
        "keys": counts,
        "amounts": [
            {"what": what, "currency": currency, "amount": plain(amount)}
            for (what, currency), amount in sorted(sums.items())
        ],
    }


# --- Booking


def _refuse(report: UsageReport, job: jobs.Claimed, found: Found, *, at: datetime) -> UsageOutcome:
    document = found.document()
    with transaction.atomic(durable=True):
        jobs.finish(job, at=at)
        _keep_problems(report, found.problems.kept)
        outcome = _outcome(report, found, usage_digest="", keys_digest="", at=at)
        outcome.save(force_insert=True)
        _keep_progress(report, Stage.DONE, found, document, at=at)
        _enter(outcome, at=at)
    return outcome


def _book(report: UsageReport, job: jobs.Claimed, found: Found, target: Path, *, at: datetime) -> UsageOutcome:
    document, keys_digest = found.document(), found.keys.digest()
    usage_digest = store.put(target, alias=STORE)
    try:
        with transaction.atomic(durable=True):
            jobs.finish(job, at=at)
            UsageProblem.objects.filter(report=report).delete()
            outcome = _outcome(report, found, usage_digest=usage_digest, keys_digest=keys_digest, at=at)
            outcome.save(force_insert=True)
            usages.record_keys(report, found.keys)
            _enter(outcome, at=at)
            _match_by_ids(report, (one.key for one in found.keys), at=at)
            if report.replaces_id is not None:
                _supersede(report.replaces_id, successor_id=report.pk, reason="", at=at)
            _keep_progress(report, Stage.DONE, found, document, at=at)
            return outcome
    except IntegrityError as error:
        sentences = {
            "message_is_booked_once": ("message_twice", MessageTwice.__doc__),
            "usage_is_booked_once": ("booked_before", "These files were booked before."),
            "royalties_usagesupersession_report_id_key": ("not_replaceable", NotReplaceable.__doc__),
        }
        code, sentence = sentences.get(violated(error) or "", ("", ""))
        if not code:
            raise
        found.problems.add(Problem(0, "", code, str(sentence)))
        return _refuse(report, job, found, at=at)


def _outcome(report: UsageReport, found: Found, *, usage_digest: str, keys_digest: str, at: datetime) -> UsageOutcome:
    """Return the row that says what a reading came to."""
    return UsageOutcome(
        id=uuid5(report.pk, "outcome"),
        report=report,
        is_booked=bool(usage_digest),
        payer_id=report.payer_id,
        sender=report.sender,
        message=report.message,
        content_digest=report.content_digest,
        lines=found.lines,
        keys=len(found.keys),
        problems=found.problems.count,
        usage_digest=usage_digest,
        keys_digest=keys_digest,
        document=rfc8785.dumps(found.document()).decode(),
        finished_at=at,
    )


def _enter(outcome: UsageOutcome, *, at: datetime) -> None:
    log.append(Entry.Kind.USAGE_FINISHED, outcome, _said_of_outcome(outcome) | {"reader": reading.VERSION}, at=at)


def _said_of_outcome(outcome: UsageOutcome) -> dict[str, Any]:
    said: dict[str, Any] = {
        "report": str(outcome.report_id),
        "is_booked": outcome.is_booked,
        "lines": outcome.lines,
        "keys": outcome.keys,
        "problems": outcome.problems,
    }
    if outcome.is_booked:
        said |= {"usage": f"sha256:{outcome.usage_digest}", "keys_digest": f"sha256:{outcome.keys_digest}"}
    return said


def _supersede(report_id: UUID, *, successor_id: UUID | None, reason: str, at: datetime) -> UsageSupersession:
    superseded = UsageSupersession.objects.create(
        id=uuid5(report_id, "supersession"),
        report_id=report_id,
        successor_id=successor_id,
        reason=reason,
        recorded_at=at,
    )
    log.append(
        Entry.Kind.USAGE_SUPERSEDED,
        superseded,
        {"report": str(report_id), "by": str(successor_id) if successor_id else None},
        at=at,
    )
    return superseded


def withdraw(*, report_id: UUID, reason: str, at: datetime) -> UsageSupersession:
    """
    Say that a booked report counts no more, without another in its place.

    :raises NotBooked: it is not booked, or was replaced or withdrawn before
    """
    with transaction.atomic(durable=True):
        countable = UsageReport.objects.filter(pk=report_id, outcome__is_booked=True, supersession__isnull=True)
        if not countable.exists():
            raise NotBooked
        return _supersede(report_id, successor_id=None, reason=reason, at=at)


# --- Matching


def _match_by_ids(report: UsageReport, keys: Iterator[str], *, at: datetime) -> None:
    number = 0
    # One report of a payer at a time: two that bring the same new key would both say first what it means.
    _lock(f"matches {report.payer_id}")
    while some := list(islice(keys, MATCHED_TOGETHER)):
        led = usages.lead(report.payer_id, some, known_at=at)
        means = [Means(key, led.found[key]) for key in some if key in led.found]
        if means:
            matching = usages.record_matching(
                id=uuid5(report.pk, f"matching/{number}"),
                payer_id=report.payer_id,
                method=UsageMatching.Method.IDS,
                means=means,
                at=at,
            )
            _enter_matching(matching, len(means), at=at)
        number += 1


def _enter_matching(matching: UsageMatching, keys: int, *, at: datetime) -> None:
    log.append(
        Entry.Kind.USAGE_MATCHED,
        matching,
        {"method": matching.method, "keys": keys},
        at=at,
    )


def match_again(*, payer_id: UUID, at: datetime) -> int:
    """Look up again by ids what unmatched keys mean, since outputs were cleared meanwhile; return how many do now."""
    count = 0
    with transaction.atomic(durable=True):
        _lock(f"matches {payer_id}")
        rows = usages.unmatched(payer_id).values_list("key", flat=True).distinct().order_by("key")
        keys = rows.iterator(chunk_size=MATCHED_TOGETHER)
        while some := list(islice(keys, MATCHED_TOGETHER)):
            led = usages.lead(payer_id, some, known_at=at)
            means = [Means(key, led.found[key]) for key in some if key in led.found]
            if means:
                matching = usages.record_matching(
                    id=uuid5(payer_id, f"matching/{at.isoformat()}/{count}"),
                    payer_id=payer_id,
                    method=UsageMatching.Method.IDS,
                    means=means,
                    at=at,
                )
                _enter_matching(matching, len(means), at=at)
                count += len(means)
    return count


def match(
    *,
    id: UUID,
    payer_id: UUID,
    key: str,
    submission_id: UUID | None,
    method: UsageMatching.Method,
    matched_by_id: int | None = None,
    reason: str = "",
    at: datetime,
) -> UsageMatching:
    """
    Say which output a payer's key means, or, without one, that it is left in suspense; it holds for every report.

    :raises NotAnOutputOfThePayer: the output is not a cleared one that the payer submitted
    :raises MatchedMeanwhile: somebody else said so at the same time
    """
    if submission_id is not None:
        own = Submission.objects.filter(pk=submission_id, submitter=payer_id).exists()
        if not own or submission_id not in usages.cleared_of([submission_id], known_at=at):
            raise NotAnOutputOfThePayer
    try:
        with transaction.atomic(durable=True):
            before = usages.newest_match(payer_id, key)
            matching = usages.record_matching(
                id=id,
                payer_id=payer_id,
                method=method,
                means=[Means(key, submission_id, before.pk if before else None)],
                matched_by_id=matched_by_id,
                reason=reason,
                at=at,
            )
            _enter_matching(matching, 1, at=at)
            return matching
    except IntegrityError as error:
        if violated(error) in {"key_is_matched_first_once", "royalties_usagematch_supersedes_id_key"}:
            raise MatchedMeanwhile from error
        raise


def key_of(key_id: UUID) -> UsageKey:
    """
    Return a key of a report.

    :raises NoSuchKey: there is none of this id
    """
    found = UsageKey.objects.filter(pk=key_id).first()
    if found is None:
        raise NoSuchKey
    return found


# --- Reading again what was read before


@dataclass(frozen=True)
class ReceivedAgain:
    """What handing in the same files would say."""

    said: dict[str, Any]
    report: UsageReport
    files: tuple[UsageFile, ...]


@dataclass(frozen=True)
class FinishedAgain:
    """What reading the same files comes to."""

    said: dict[str, Any]
    outcome: UsageOutcome
    is_rewritten: bool  # the same lines in other bytes: another release of the library writes the file of lines


def received_again(report: UsageReport) -> ReceivedAgain:
    """
    Look again at the files of a report as they are kept.

    :raises store.NoSuchAudio: one is not kept any more
    :raises dsr.NotADsrFile: it was one, and is none now
    """
    files: list[UsageFile] = []
    sender, message = report.sender, report.message
    for row in report.files.order_by("number"):
        with store.local(row.digest, alias=FILES) as path:
            if report.format == Format.DSR and not files:
                head = dsr.look_at(path)
                sender, message = head.sender, head.message
            files.append(_with(row, digest=store.digest_of(path), size_bytes=path.stat().st_size))
    own = "" if message == f"sha256:{report.content_digest}" else message  # what nobody named has its content's digest
    content = _content_digest([row.digest for row in files], report.reading, own, report.replaces_id)
    again = _with(report, sender=sender, message=message if own else f"sha256:{content}", content_digest=content)
    return ReceivedAgain(_said_of_report(again, len(files)), again, tuple(files))


def finished_again(then: UsageOutcome, *, reader: str, was_there: Callable[[QuerySet[Any]], bool]) -> FinishedAgain:
    """
    Read the files of a report once more as they are kept; nothing is written.

    :param reader: that the report was read by, as its entry names it
    :param was_there: whether one of some outcomes or supersessions was in the log before this one
    :raises ReadOtherwise: this release reads in another way
    :raises store.NoSuchAudio: a file is not kept any more
    """
    if reader != reading.VERSION:
        raise ReadOtherwise
    report = then.report
    with tempfile.TemporaryDirectory(prefix="usage-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        target = Path(folder) / "usage.parquet"
        found = _read_files(report, target)
        if not found.problems.count and _stood_in_the_way(report, was_there):
            found.problems.add(Problem(0, "", "not_booked", "It was booked before, or what it replaces is replaced."))
        usage_digest, is_rewritten = "", False
        if not found.problems.count:
            usage_digest = store.digest_of(target)
            is_rewritten = usage_digest != then.usage_digest and _has_the_lines_of(then.usage_digest, target)
        outcome = _outcome(
            report,
            found,
            usage_digest=then.usage_digest if is_rewritten else usage_digest,
            keys_digest=found.keys.digest() if usage_digest else "",
            at=then.finished_at,
        )
    return FinishedAgain(_said_of_outcome(outcome), outcome, is_rewritten)


def _stood_in_the_way(report: UsageReport, was_there: Callable[[QuerySet[Any]], bool]) -> bool:
    """Whether the database's constraints refused to book it, as it stood then."""
    booked = UsageOutcome.objects.filter(payer=report.payer_id, is_booked=True).exclude(report=report)
    return (
        was_there(booked.filter(sender=report.sender, message=report.message))
        or was_there(booked.filter(content_digest=report.content_digest))
        or (report.replaces_id is not None and was_there(UsageSupersession.objects.filter(report=report.replaces_id)))
    )


def _has_the_lines_of(digest: str, target: Path) -> bool:
    try:
        with store.local(digest, alias=STORE) as path:
            return lines.are_the_same(path, target)
    except store.NoSuchAudio:
        return False


def _with(row: Any, **changes: Any) -> Any:
    return type(row)(**{one.attname: getattr(row, one.attname) for one in row._meta.concrete_fields} | changes)


# --- The queue: what is not matched


class KeyState(StrEnum):
    """What is known of a key."""

    OPEN = "open"  # unmatched or in suspense
    UNMATCHED = "unmatched"
    SUSPENSE = "suspense"
    MATCHED = "matched"
    ALL = "all"


def keys(seen: QuerySet[UsageKey], state: KeyState) -> QuerySet[UsageKey]:
    """Return those keys of counting reports of which this is known."""
    counting = seen.filter(report__outcome__is_booked=True, report__supersession__isnull=True)
    said = UsageMatch.objects.filter(payer=OuterRef("payer"), key=OuterRef("key"), successor__isnull=True)
    match state:
        case KeyState.OPEN:
            return counting.exclude(Exists(said.filter(submission__isnull=False)))
        case KeyState.UNMATCHED:
            return counting.exclude(Exists(said))
        case KeyState.SUSPENSE:
            return counting.filter(Exists(said.filter(submission__isnull=True)))
        case KeyState.MATCHED:
            return counting.filter(Exists(said.filter(submission__isnull=False)))
        case KeyState.ALL:
            return counting


def open_sums(seen: QuerySet[UsageKey]) -> QuerySet[Any]:
    """Return what open keys earned, in each currency the largest sums first."""
    suspended = UsageMatch.objects.filter(
        payer=OuterRef("key__payer"), key=OuterRef("key__key"), successor__isnull=True
    )
    rows = UsageSum.objects.filter(key__in=keys(seen, KeyState.OPEN).values("pk"))
    return (
        rows.annotate(is_suspended=Exists(suspended))
        .select_related("key__report")
        .order_by("currency", Abs("amount").desc(), "key__key", "pk")
    )


def open_rows(seen: QuerySet[UsageKey]) -> Iterator[tuple[object, ...]]:
    """Go through what open keys earned, as rows of a sheet."""
    rows: Iterator[Any] = open_sums(seen).iterator(chunk_size=1000)
    for row in rows:
        key = row.key
        yield (
            row.currency,
            plain(row.amount),
            "suspense" if row.is_suspended else "unmatched",
            key.key,
            key.title,
            key.artist,
            row.lines,
            plain(key.usages),
            key.report.sender,
            key.report.message,
            str(key.pk),
        )


@dataclass(frozen=True)
class Candidate:
    """An output that a key may mean."""

    submission: UUID
    title: str
    isrc: str
    likeness: int  # 0 to 100: to sort by, and no proof


def candidates(key: UsageKey) -> list[Candidate]:
    """
    Return cleared outputs of the payer whose title or ISRC is like what a report says, the likeliest first.

    Titles are compared by their words and letters; an ISRC counts as like where one character differs.
    """
    kind, _, value = key.key.partition(":")
    found = []
    rows = usages.cleared(key.payer_id).order_by("-submitted_at")[:MOST_COMPARED]
    for id_, title, isrc in rows.values_list("id", "title", "isrc"):
        by_title = likeness(key.title, title) if key.title else 0
        by_code = 95 if kind in {"isrc", "unknown"} and isrc and _differs_by_one(value.upper(), isrc) else 0
        same = 100 if kind == "isrc" and value == isrc else 0
        best = max(by_title, by_code, same)
        if best >= LIKE_ENOUGH:
            found.append(Candidate(id_, title, isrc, best))
    return sorted(found, key=lambda one: (-one.likeness, one.title, str(one.submission)))[:MOST_CANDIDATES]


def likeness(one: str, other: str) -> int:
    """Return how alike two titles are, from 0 to 100, whatever their case, marks and order of words."""
    first, second = _words(one), _words(other)
    if not first or not second:
        return 0
    in_order = SequenceMatcher(None, first, second, autojunk=False).ratio()
    sorted_ = SequenceMatcher(None, sorted(first.split()), sorted(second.split()), autojunk=False).ratio()
    return round(100 * max(in_order, sorted_))


def _words(text: str) -> str:
    plain_text = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in plain_text if not unicodedata.combining(c)).split())


def _differs_by_one(one: str, other: str) -> bool:
    bare = one.replace("-", "").replace(" ", "")
    return len(bare) == len(other) and sum(a != b for a, b in zip(bare, other, strict=True)) <= 1


def own_key(code: str, sender: str) -> str:
    """
    Return the key of a sender's own id.

    :raises NotACode: it is none
    """
    try:
        return cells.proprietary_key(code, sender)
    except BadCell as error:
        raise NotACode(str(error)) from error


# --- Saved mappings. No facts, so they are changed in place.


def save_mapping(*, id: UUID, payer_id: UUID, name: str, mapping: Mapping, at: datetime) -> UsageMapping:
    """Keep a mapping for the next sheet of the same sender."""
    with transaction.atomic(durable=True):
        return UsageMapping.objects.create(
            id=id, payer_id=payer_id, name=name, document=mapping.to_dict(), changed_at=at
        )


def change_mapping(saved: UsageMapping, *, name: str, mapping: Mapping, at: datetime) -> UsageMapping:
    """Change a saved mapping; reports keep the one that they were read with."""
    saved.name, saved.document, saved.changed_at = name, mapping.to_dict(), at
    with transaction.atomic(durable=True):
        saved.save(update_fields=["name", "document", "changed_at"])
    return saved


def delete_mapping(saved: UsageMapping) -> None:
    """Forget a saved mapping."""
    with transaction.atomic(durable=True):
        saved.delete()


# --- Keeping files


def discard_unless_kept(digest: str) -> bool:
    """Remove the stored bytes of a report that no row speaks of; return whether they were removed."""
    with transaction.atomic():
        _lock(digest)
        if UsageFile.objects.filter(digest=digest).exists():
            return False
        return store.discard(digest, alias=FILES)


def collect(*, stored_before: datetime) -> int:
    """Remove files of reports that no row speaks of and that were stored before a moment; return how many."""
    unfinished = store.discard_unfinished(stored_before=stored_before, alias=FILES)
    return unfinished + sum(map(discard_unless_kept, store.digests(stored_before=stored_before, alias=FILES)))


def _lock(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"usage {name}",))
