"""Reading what became of imports: how far they are, what is wrong with which line, rows given back for correction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from django.db.models import QuerySet

from fingerprint import store
from ledger import incoming
from ledger.incoming import SHEETS
from ledger.models import ImportBatch, ImportProblem, ImportProgress, Job, RehearsedProblem
from rights.exchange import sheet
from rights.exchange.lines import Problem

PREVIEWED = 10  # rows


class State(StrEnum):
    """What an import has come to."""

    WAITING = "waiting"
    REHEARSING = "rehearsing"
    REHEARSED = "rehearsed"
    CHECKING = "checking"
    WRITING = "writing"
    TAKEN = "taken"
    REFUSED = "refused"
    REVERSING = "reversing"
    REVERSED = "reversed"
    FAILED = "failed"

    @property
    def is_moving(self) -> bool:
        """Whether a worker is at it, or will be: somebody who waits should look again."""
        return self in {State.WAITING, State.REHEARSING, State.CHECKING, State.WRITING, State.REVERSING}


@dataclass(frozen=True)
class Status:
    """How far an import has come."""

    state: State
    percent: int  # of the reading that is under way; taking one reads the file twice
    lines: int
    bytes: int
    facts: int
    problems: int
    error: str  # of a job that was given up


def status_of(batch: ImportBatch) -> Status:
    """Return how far an import has come."""
    progress = batch.progress
    state, error = _state(batch, progress)
    if state is State.WRITING or state in {State.CHECKING, State.REHEARSING}:
        percent = min(99, progress.bytes_read * 100 // max(batch.size_bytes, 1))
    else:
        percent = 100 if not state.is_moving else 0
    return Status(
        state=state,
        percent=percent,
        lines=progress.lines_read,
        bytes=progress.bytes_read,
        facts=progress.facts,
        problems=progress.problems,
        error=error,
    )


def _state(batch: ImportBatch, progress: ImportProgress) -> tuple[State, str]:
    under_way = Job.objects.filter(subject_id=batch.pk, done_at=None).exclude(kind=Job.Kind.CLEAR)
    given_up = next((job for job in under_way if job.given_up_at is not None), None)
    if given_up is not None:
        return State.FAILED, given_up.error
    if hasattr(batch, "reversal"):
        return (State.REVERSING if under_way else State.REVERSED), ""
    if hasattr(batch, "outcome"):
        return (State.TAKEN if batch.outcome.is_taken else State.REFUSED), ""
    if any(job.kind == Job.Kind.IMPORT for job in under_way):
        stages = {ImportProgress.Stage.CHECKING: State.CHECKING, ImportProgress.Stage.WRITING: State.WRITING}
        return stages.get(ImportProgress.Stage(progress.stage), State.WAITING), ""
    if under_way:
        return (State.REHEARSING if progress.stage == ImportProgress.Stage.REHEARSING else State.WAITING), ""
    return State.REHEARSED, ""


def problems_of(batch: ImportBatch) -> QuerySet[ImportProblem] | QuerySet[RehearsedProblem]:
    """Return what is wrong with which line: as it was taken or refused, before that as it was rehearsed."""
    if hasattr(batch, "outcome") or batch.progress.stage == ImportProgress.Stage.WRITING:
        return ImportProblem.objects.filter(batch=batch)
    return RehearsedProblem.objects.filter(batch=batch)


def errors_csv(batch: ImportBatch) -> Iterator[str]:
    """
    Go through the rows that were not taken, as a sheet that can be corrected and handed in with the same mapping.

    Of a file that is no sheet, only line, field, code and sentence.
    """
    rows = problems_of(batch).order_by("line", "pk").iterator(chunk_size=1000)
    found = (Problem(row.line, row.field, row.code, row.sentence, row.raw) for row in rows)
    # Once the file is gone (its time has come, or somebody whom it names was erased), there are no cells to give back.
    if batch.format not in SHEETS or not store.holds(batch.file_digest, alias=incoming.ALIAS):
        yield from sheet.errors_csv(found)
        return
    with incoming.opened(batch) as source:
        mapping = source.reading.mapping
        assert mapping is not None  # noqa: S101 - checked as it was handed in
        source.stream.seek(0)
        cells = sheet.cells(source.stream, mapping, limits=incoming.limits())
        yield from sheet.errors_csv(_with_cells(found, cells), mapping=mapping)


def _with_cells(
    problems: Iterator[Problem], rows: Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]
) -> Iterator[Problem]:
    row = next(rows, None)
    for problem in problems:
        while row is not None and row[0] < problem.line:
            row = next(rows, None)
        header, cells = row[1:] if row is not None and row[0] == problem.line else ((), ())
        yield Problem(
            problem.line, problem.field, problem.code, problem.sentence, problem.raw, False, False, header, cells
        )


@dataclass(frozen=True)
class Preview:
    """The first rows of a sheet, and a mapping by the names of its columns, for a person to look at."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    suggested: sheet.Mapping


def preview(path: Path, kind: str) -> Preview:
    """
    Return the first rows of a sheet.

    :raises BadMapping: there is no such kind of sheet
    """
    with path.open("rb") as opened:
        found = list(islice(sheet.cells(cast("BinaryIO", opened), sheet.Mapping(kind=kind)), PREVIEWED))
    header = found[0][1] if found else ()
    return Preview(header, tuple(cells for _, _, cells in found), sheet.suggest(header, kind))
