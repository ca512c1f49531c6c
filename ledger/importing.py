"""
Files of catalogues, shares and consents: handed in, rehearsed, taken, and what came of them.

An import is read twice. The first reading finds what is wrong and writes nothing; an import that is not partial goes
no further if it finds anything. The second writes, a few hundred facts in a transaction, each with its entry. The ids
of new facts follow from the batch and the line, so an import that was killed goes on where it was, and no fact is
written twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from fingerprint import store
from ledger import consenting, holding, incoming, jobs, log, registration
from ledger.constraints import violated
from ledger.incoming import ALIAS, OpenFile, Reading
from ledger.models import (
    Entry,
    ImportBatch,
    ImportedFact,
    ImportNote,
    ImportOutcome,
    ImportProblem,
    ImportProgress,
    ImportRehearsal,
    Job,
    RehearsedProblem,
    SavedMapping,
    SocietyAnswer,
)
from ledger.resolving import (
    Answered,
    Keys,
    New,
    NewCode,
    NewConsent,
    NewDescription,
    NewLink,
    NewParty,
    NewRecording,
    NewRelease,
    NewShare,
    NewWork,
    Note,
    Plan,
    Resolver,
    answered,
    together,
)
from rights import assets, codes, parties
from rights.assets import GivenWork
from rights.exchange.lines import Problem
from rights.exchange.mapping import Mapping
from rights.parties import StagedParty
from rights.visibility import EVERYTHING, sight_of

FACTS_AT_ONCE = 500
MOST_PROBLEMS = 100_000  # that are kept; a file with more is not what it is said to be
_MOST_TRIES = 3  # of a piece whose lines somebody else registers at the same time
Stage = ImportProgress.Stage


class NoSuchImport(Exception):
    """There is no import with this id."""


class AlreadyTaken(Exception):
    """This import is over; its outcome is final."""


class NotOver(Exception):
    """Only an import that was refused or reversed can be followed by another of the same file."""


class BeingTaken(Exception):
    """This import is being taken already."""


# --- Handing in


@dataclass(frozen=True)
class HandedIn:
    """A batch, and whether this call made it."""

    batch: ImportBatch
    is_new: bool


def hand_in(
    *,
    id: UUID,
    organization_id: UUID | None,
    format: ImportBatch.Format,
    path: Path,
    reading: Reading,
    is_partial: bool,
    is_rehearsal: bool,
    at: datetime,
) -> HandedIn:
    """
    Keep a file and ask for it to be taken, or to be rehearsed first. The same file read the same way is the same batch.

    :raises MappingMissing: it is a sheet, and nothing says what its columns hold
    :raises MappingOfAnotherFormat: the mapping is for something else
    :raises NotOver: it is to follow an import that is not refused or reversed, or is of another file
    """
    incoming.check(format, reading)
    digest = store.digest_of(path)
    if reading.again:
        _check_again(reading.again, organization_id, digest)
    same = ImportBatch.objects.filter(
        organization=organization_id, format=format, file_digest=digest, mapping=reading.to_json()
    )
    if (found := same.first()) is not None:
        return HandedIn(found, is_new=False)
    store.put(path, alias=ALIAS)
    try:
        return HandedIn(
            _receive(id, organization_id, format, path, digest, reading, is_partial, is_rehearsal, at), True
        )
    except IntegrityError as error:
        if violated(error) == "file_is_imported_once":  # two at once: one was let in
            return HandedIn(same.get(), is_new=False)
        incoming.discard_unless_kept(digest)
        raise
    except BaseException:
        incoming.discard_unless_kept(digest)
        raise


def _check_again(before: UUID, organization_id: UUID | None, digest: str) -> None:
    found = ImportBatch.objects.filter(pk=before, organization=organization_id, file_digest=digest).first()
    outcome = getattr(found, "outcome", None)
    if outcome is None or (outcome.is_taken and not hasattr(found, "reversal")):
        raise NotOver


def _receive(
    id: UUID,
    organization_id: UUID | None,
    format: ImportBatch.Format,
    path: Path,
    digest: str,
    reading: Reading,
    is_partial: bool,  # noqa: FBT001 - handed on
    is_rehearsal: bool,  # noqa: FBT001
    at: datetime,
) -> ImportBatch:
    with transaction.atomic(durable=True):
        incoming.hold(path, digest)
        batch = ImportBatch.objects.create(
            id=id,
            organization_id=organization_id,
            format=format,
            file_digest=digest,
            size_bytes=path.stat().st_size,
            mapping=reading.to_json(),
            is_partial=is_partial,
            received_at=at,
        )
        ImportProgress.objects.create(batch=batch, changed_at=at)
        log.append(Entry.Kind.IMPORT_RECEIVED, batch, said_of_batch(batch), at=at)
        jobs.enqueue(Job.Kind.REHEARSE if is_rehearsal else Job.Kind.IMPORT, batch.id, at=at)
    return batch


def said_of_batch(batch: ImportBatch) -> dict[str, Any]:
    """Return what is logged of a file that was handed in."""
    return {"format": batch.format, "file": f"sha256:{batch.file_digest}", "size_bytes": batch.size_bytes}


def ask_to_rehearse(*, batch_id: UUID, at: datetime) -> ImportBatch:
    """
    Ask for a batch to be rehearsed, again if it was: what is registered may have changed.

    :raises NoSuchImport: nothing was handed in under this id
    :raises AlreadyTaken: it is over
    :raises BeingTaken: it is being taken
    """
    batch = _open(batch_id)
    with transaction.atomic(durable=True):
        if Job.objects.filter(kind=Job.Kind.IMPORT, subject_id=batch_id).exists():
            raise BeingTaken
        again = Job.objects.filter(kind=Job.Kind.REHEARSE, subject_id=batch_id)
        over = again.filter(done_at__isnull=False) | again.filter(given_up_at__isnull=False)
        if not over.update(done_at=None, given_up_at=None, run_at=at, rung_at=at, lease_until=None):
            with suppress(IntegrityError), transaction.atomic():  # it waits already
                jobs.enqueue(Job.Kind.REHEARSE, batch_id, at=at)
    return batch


def ask_to_take(*, batch_id: UUID, at: datetime) -> ImportBatch:
    """
    Ask for a batch to be taken, or for one that was given up to be tried again. Asking twice asks once.

    :raises NoSuchImport: nothing was handed in under this id
    :raises AlreadyTaken: it is over
    """
    batch = _open(batch_id)
    with transaction.atomic(durable=True):
        if not jobs.retry(Job.Kind.IMPORT, batch_id, at=at):
            with suppress(IntegrityError), transaction.atomic():
                jobs.enqueue(Job.Kind.IMPORT, batch_id, at=at)
    return batch


def _open(batch_id: UUID) -> ImportBatch:
    batch = ImportBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NoSuchImport
    if ImportOutcome.objects.filter(batch=batch).exists():
        raise AlreadyTaken
    return batch


# --- Reading


@dataclass
class Found:
    """What a reading of the whole file came to, in numbers and, as far as they are kept, problems."""

    lines: int = 0
    new: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    notes: int = 0
    over_claims: int = 0
    problems: list[Problem] = field(default_factory=list)
    is_fatal: bool = False

    def add(self, plan: Plan) -> None:
        self.lines = max(self.lines, plan.last_line)
        self.new.update(table_of(fact.model) for fact in plan.facts)
        self.known.update(table_of(fact.model) for fact in plan.known)
        self.notes += len(plan.notes)
        self.over_claims += plan.over_claims
        self.problems += plan.problems
        self.is_fatal = self.is_fatal or any(problem.is_fatal for problem in plan.problems)
        if len(self.problems) >= MOST_PROBLEMS:
            del self.problems[MOST_PROBLEMS:]
            sentence = f"There are {MOST_PROBLEMS} problems already: the rest of the file was not read."
            self.problems.append(Problem(self.lines, "", "too_many_problems", sentence, is_fatal=True))
            self.is_fatal = True

    @property
    def blocking(self) -> int:
        """How many problems keep something from being taken."""
        return sum(not problem.is_taken for problem in self.problems)


def _plans(source: OpenFile, keys: Keys, *, at: datetime) -> Iterator[Plan]:
    """Go through what the file comes to, a few hundred lines at once; nothing follows what is fatal."""
    batch = source.batch
    if batch.format == ImportBatch.Format.CWR_ACK:
        answers = source.answers()
        yield from answered(batch, answers, lambda: source.heading.sender if source.heading else "")
        return
    resolver = resolver_of(source, keys, at=at)
    for groups in together(source.lines(), batch.format):
        plan = resolver.plan(groups)
        yield plan
        if any(problem.is_fatal for problem in plan.problems):
            return
    yield from map(resolver.plan_releases, resolver.releases())


def resolver_of(source: OpenFile, keys: Keys, *, at: datetime) -> Resolver:
    """Return what says what the lines of a file come to, with the eyes that its organization has at a time."""
    batch = source.batch
    owner = batch.organization_id
    sight = EVERYTHING if owner is None else sight_of([owner], on=at.date())  # without one it is the operator's
    return Resolver(batch, source.reading, keys, received_on=batch.received_at.date(), sight=sight)


def _progress(source: OpenFile, *, stage: Stage, lines: int, facts: int, problems: int, at: datetime) -> None:
    ImportProgress.objects.filter(batch=source.batch).update(
        stage=stage, lines_read=lines, bytes_read=source.bytes_read, facts=facts, problems=problems, changed_at=at
    )


def _read_through(source: OpenFile, *, stage: Stage, at: datetime) -> Found:
    found = Found()
    with Keys() as keys:
        for plan in _plans(source, keys, at=at):
            found.add(plan)
            _progress(
                source, stage=stage, lines=found.lines, facts=found.new.total(), problems=len(found.problems), at=at
            )
            if found.is_fatal:
                break
    return found


def rehearse(*, batch_id: UUID, at: datetime) -> ImportRehearsal | None:
    """
    Look up what would come of a batch and write none of it; None where another worker is at it.

    :raises NoSuchImport: nothing was handed in under this id
    :raises AlreadyTaken: it is over
    :raises LostLease: another worker took the job over
    """
    batch = _open(batch_id)

    def work(job: jobs.Claimed) -> ImportRehearsal:
        with incoming.opened(batch) as source:
            found = _read_through(source, stage=Stage.REHEARSING, at=at)
        with transaction.atomic(durable=True):
            jobs.finish(job, at=at)
            RehearsedProblem.objects.filter(batch=batch).delete()
            RehearsedProblem.objects.bulk_create(problem_rows(RehearsedProblem, batch, found.problems), batch_size=1000)
            ImportProgress.objects.filter(batch=batch).update(stage=Stage.WAITING, changed_at=at)
            return ImportRehearsal.objects.update_or_create(
                batch=batch, defaults={"document": _effects(batch, found), "rehearsed_at": at}
            )[0]

    found: ImportRehearsal | None = _held(Job.Kind.REHEARSE, batch_id, work, at=at)
    return found


def _effects(batch: ImportBatch, found: Found) -> dict[str, Any]:
    would = not found.is_fatal and (batch.is_partial or not found.blocking)
    return {
        "lines": found.lines,
        "would_be_taken": would,
        "new": dict(sorted(found.new.items())),
        "known_before": dict(sorted(found.known.items())),
        "conflicts": found.over_claims,
        "notes": found.notes,
        "problems": len(found.problems),
        "problems_by_code": dict(Counter(problem.code for problem in found.problems).most_common(50)),
    }


def table_of(model: type[Model]) -> str:
    """Return the name under which facts of a kind are kept of an import."""
    return str(model._meta.db_table)


def problem_rows(model: Any, batch: ImportBatch, problems: Iterable[Problem]) -> Iterator[Any]:
    """Go through the rows that say what is wrong with a file."""
    for problem in problems:
        yield model(
            batch=batch,
            line=problem.line,
            field=_storable(problem.field)[:80],
            code=problem.code[:48],
            sentence=_storable(problem.sentence)[:600],
            raw=_storable(problem.raw)[:200],
        )


def _storable(text: str) -> str:
    return text.replace("\0", "␀").encode("utf-8", "replace").decode()


def _held(kind: Job.Kind, batch_id: UUID, work: Callable[[jobs.Claimed], Any], *, at: datetime) -> Any:
    job = jobs.claim(kind, batch_id, at=at)
    if job is None:
        return None
    try:
        with jobs.held(job):
            return work(job)
    except (AlreadyTaken, jobs.LostLease):
        raise
    except Exception as error:
        # Whatever went wrong is kept where people look, and the job is tried again. The class alone: a message may
        # hold what stands in the file.
        jobs.fail(job, error=type(error).__name__, at=at)
        raise


# --- Taking


def take(*, batch_id: UUID, at: datetime) -> ImportOutcome | None:
    """
    Take a batch over, or refuse it whole; None where another worker is at it. Called again, it goes on where it was.

    :raises NoSuchImport: nothing was handed in under this id
    :raises AlreadyTaken: it is over
    :raises LostLease: another worker took the job over
    """
    batch = _open(batch_id)

    def work(job: jobs.Claimed) -> ImportOutcome:
        with incoming.opened(batch) as source:
            if not _is_checked(batch):
                found = _read_through(source, stage=Stage.CHECKING, at=at)
                if found.is_fatal or (found.blocking and not batch.is_partial):
                    return _finish(batch, job, found.lines, is_taken=False, problems=found.problems, at=at)
                _keep_problems(batch, found.problems, at=at)
            lines = _write_all(source, job, at=at)
        return _finish(batch, job, lines, is_taken=True, problems=(), at=at)

    outcome: ImportOutcome | None = _held(Job.Kind.IMPORT, batch_id, work, at=at)
    return outcome


def _is_checked(batch: ImportBatch) -> bool:
    return ImportProgress.objects.filter(batch=batch, stage=Stage.WRITING).exists()


def _keep_problems(batch: ImportBatch, problems: Sequence[Problem], *, at: datetime) -> None:
    with transaction.atomic(durable=True):
        waiting = ImportProgress.objects.select_for_update().get(batch=batch)
        if waiting.stage == Stage.WRITING:
            return  # a worker that was thought dead had come as far
        ImportProblem.objects.bulk_create(problem_rows(ImportProblem, batch, problems), batch_size=1000)
        waiting.stage = Stage.WRITING
        waiting.changed_at = at
        waiting.save(update_fields=["stage", "changed_at"])


def _write_all(source: OpenFile, job: jobs.Claimed, *, at: datetime) -> int:
    lines = facts = 0
    batch = source.batch
    problems = ImportProblem.objects.filter(batch=batch).count()
    source.raw.furthest = 0
    with Keys() as keys:
        for plan in _plans(source, keys, at=at):
            lines = max(lines, plan.last_line)
            _write(source, job, plan, at=at)
            facts += len(plan.facts)
            _progress(source, stage=Stage.WRITING, lines=lines, facts=facts, problems=problems, at=at)
    return lines


def _write(source: OpenFile, job: jobs.Claimed, plan: Plan, *, at: datetime) -> None:
    """Write what some lines come to: what is there already, from an attempt that was cut short, is left as it is."""
    batch = source.batch
    for begin in range(0, len(plan.facts), FACTS_AT_ONCE):
        some = plan.facts[begin : begin + FACTS_AT_ONCE]
        for left in reversed(range(_MOST_TRIES)):
            try:
                _write_some(batch, job, some, at=at)
                break
            except IntegrityError:
                # A worker that was thought dead wrote the same ids meanwhile: look again at what is missing.
                if not left:
                    raise
    known = [
        ImportedFact(batch=batch, line=one.line, table=table_of(one.model), fact_id=one.id, is_new=False)
        for one in plan.known
    ]
    with transaction.atomic(durable=True):
        ImportedFact.objects.bulk_create(known, ignore_conflicts=True, batch_size=1000)
        ImportNote.objects.bulk_create(map(_note(batch), plan.notes), ignore_conflicts=True, batch_size=1000)
        SocietyAnswer.objects.bulk_create(map(answer_row(batch, source), plan.answers), ignore_conflicts=True)


def _note(batch: ImportBatch) -> Callable[[Note], ImportNote]:
    def row(note: Note) -> ImportNote:
        return ImportNote(
            batch=batch, line=note.line, kind=note.kind, table=table_of(note.model), fact_id=note.id, text=note.text
        )

    return row


def answer_row(batch: ImportBatch, source: OpenFile) -> Callable[[Answered], SocietyAnswer]:
    """Return what makes a society's answer the row that is kept of it."""
    society = source.heading.sender if source.heading else ""

    def row(one: Answered) -> SocietyAnswer:
        said = one.said
        return SocietyAnswer(
            batch=batch,
            line=one.line,
            work_id=one.work_id,
            society=society[:20],
            status=said.status.value,
            is_accepted=said.status.is_accepted,
            work_number=said.work_number[:20],
            recipient_number=said.recipient_work_number[:20],
            answered_file=said.created[:20],
            answered_group=said.group,
            answered_transaction=said.transaction,
            processed_on=said.processed_on,
            messages="; ".join(_storable(message.text) for message in said.messages)[:2000],
        )

    return row


def _write_some(batch: ImportBatch, job: jobs.Claimed, facts: Sequence[New], *, at: datetime) -> None:
    missing = _missing(facts)
    if not missing:
        return
    # Before the transaction: a key service may be slow.
    staged = [parties.stage(id=one.id, kind=one.kind, name=one.name) for one in missing if isinstance(one, NewParty)]
    with transaction.atomic(durable=True):
        _still_ours(job)
        with log.together():
            for sealed in staged:
                _write_party(sealed, batch, at=at)
        for kind in (NewWork, NewRecording, NewLink, NewRelease, NewCode, NewDescription):
            with log.together():  # a kind at a time: what came with a recording is told from what is linked to it here
                for fact in missing:
                    if isinstance(fact, kind):
                        _WRITERS[kind](fact, batch, at)
        claimed = [fact.given for fact in missing if isinstance(fact, NewShare)]
        if claimed:
            holding.write(claimed, (), at=at)
        with log.together():
            for fact in missing:
                if isinstance(fact, NewConsent):
                    _write_consent(fact, batch, at=at)
        ImportedFact.objects.bulk_create(
            [
                ImportedFact(batch=batch, line=fact.line, table=table_of(fact.model), fact_id=fact.id, is_new=True)
                for fact in missing
            ]
        )


def _still_ours(job: jobs.Claimed) -> None:
    # The row stays locked until the facts are committed, so whoever takes the job over sees all of them or none.
    mine = Job.objects.select_for_update().filter(pk=job.id, attempts=job.attempt, done_at=None)
    if not mine.exists():
        raise jobs.LostLease


def _missing(facts: Sequence[New]) -> list[New]:
    by_model: dict[type[Model], list[UUID]] = defaultdict(list)
    for fact in facts:
        by_model[fact.model].append(fact.id)
    there: set[UUID] = set()
    for model, ids in by_model.items():
        rows: QuerySet[Any] = QuerySet(model)
        there |= set(rows.filter(pk__in=ids).values_list("pk", flat=True))
    return [fact for fact in facts if fact.id not in there]


def _write_party(staged: StagedParty, batch: ImportBatch, *, at: datetime) -> None:
    party = parties.register(staged, registrar_id=batch.organization_id, at=at)
    log.append(
        Entry.Kind.PARTY_REGISTERED,
        party,
        {"kind": party.kind, "commitment": bytes(party.commitment).hex()},
        at=at,
    )


def _write_work(new: NewWork, batch: ImportBatch, at: datetime) -> None:
    work = assets.register_work(id=new.id, title=new.title, iswc=new.iswc, registrar_id=batch.organization_id, at=at)
    log.append(Entry.Kind.WORK_REGISTERED, work, {"iswc": work.iswc}, at=at)


def _write_recording(new: NewRecording, batch: ImportBatch, at: datetime) -> None:
    recording = assets.register_recording(
        id=new.id,
        title=new.title,
        isrc=new.isrc,
        works=[GivenWork(work_id) for work_id in new.work_ids],
        reference_id=None,
        registrar_id=batch.organization_id,
        at=at,
    )
    log.append(Entry.Kind.RECORDING_REGISTERED, recording, {"isrc": recording.isrc, "audio": None}, at=at)


def _write_link(new: NewLink, _batch: ImportBatch, at: datetime) -> None:
    link = assets.link_work(id=new.id, recording_id=new.recording_id, given=GivenWork(new.work_id), at=at)
    log.append(Entry.Kind.WORK_LINKED, link, {"recording": str(new.recording_id), "work": str(new.work_id)}, at=at)


def _write_release(new: NewRelease, batch: ImportBatch, at: datetime) -> None:
    release = assets.register_release(
        id=new.id,
        title=new.title,
        icpn=new.icpn,
        grid=new.grid,
        recording_ids=new.recording_ids,
        registrar_id=batch.organization_id,
        at=at,
    )
    log.append(
        Entry.Kind.RELEASE_REGISTERED,
        release,
        {"icpn": release.icpn, "grid": release.grid},
        at=at,
    )


def _write_code(new: NewCode, _batch: ImportBatch, at: datetime) -> None:
    code = codes.record(
        id=new.id,
        of=codes.Named(**{f"{new.thing}_id": new.of}),
        scheme=new.code.scheme,
        raw=new.code.raw,
        namespace=new.code.namespace,
        at=at,
    )
    log.append(Entry.Kind.IDENTIFIER_RECORDED, code, {"scheme": code.scheme, "of": new.thing}, at=at)


def _write_description(new: NewDescription, batch: ImportBatch, at: datetime) -> None:
    registration.describe_within(
        id=new.id,
        recording_id=new.recording_id,
        describer_id=new.describer_id,
        said=new.said,
        registrar_id=batch.organization_id,
        at=at,
    )


_WRITERS: dict[type, Callable[[Any, ImportBatch, datetime], None]] = {
    NewWork: _write_work,
    NewRecording: _write_recording,
    NewLink: _write_link,
    NewRelease: _write_release,
    NewCode: _write_code,
    NewDescription: _write_description,
}


def _write_consent(new: NewConsent, batch: ImportBatch, *, at: datetime) -> None:
    consenting.grant_within(
        id=new.id,
        terms=new.terms,
        standing=new.standing,
        channel="import",
        registrar_id=batch.organization_id,
        at=at,
    )


def _finish(
    batch: ImportBatch,
    job: jobs.Claimed,
    lines: int,
    *,
    is_taken: bool,
    problems: Sequence[Problem],
    at: datetime,
) -> ImportOutcome:
    with transaction.atomic(durable=True):
        jobs.finish(job, at=at)
        ImportProblem.objects.bulk_create(problem_rows(ImportProblem, batch, problems), batch_size=1000)
        counts = {
            "facts": ImportedFact.objects.filter(batch=batch, is_new=True).count(),
            "known_before": ImportedFact.objects.filter(batch=batch, is_new=False).count(),
            "problems": ImportProblem.objects.filter(batch=batch).count(),
        }
        outcome = ImportOutcome.objects.create(
            id=uuid5(batch.id, "outcome"),
            batch=batch,
            is_taken=is_taken,
            lines=lines,
            facts_digest=facts_digest(batch),
            finished_at=at,
            **counts,
        )
        ImportProgress.objects.filter(batch=batch).update(
            stage=Stage.DONE,
            lines_read=lines,
            bytes_read=batch.size_bytes,
            facts=counts["facts"],
            problems=counts["problems"],
            changed_at=at,
        )
        log.append(Entry.Kind.IMPORT_FINISHED, outcome, said_of_outcome(outcome) | {"reader": incoming.VERSION}, at=at)
    return outcome


def said_of_outcome(outcome: ImportOutcome) -> dict[str, Any]:
    """Return what is logged of an import that is over, but for what read it."""
    return {
        "import": str(outcome.batch_id),
        "is_taken": outcome.is_taken,
        "lines": outcome.lines,
        "facts": outcome.facts,
        "known_before": outcome.known_before,
        "problems": outcome.problems,
        "facts_digest": f"sha256:{outcome.facts_digest}",
    }


def facts_digest(batch: ImportBatch) -> str:
    """Return the SHA-256 over line, table and id of each fact that a batch brought, a line each, in that order."""
    digest = hashlib.sha256()
    rows = ImportedFact.objects.filter(batch=batch, is_new=True).order_by("line", "table", "fact_id")
    for line, table, id in rows.values_list("line", "table", "fact_id").iterator(chunk_size=5000):
        digest.update(f"{line} {table} {id}\n".encode())
    return digest.hexdigest()


# --- Saved mappings: how one sender's sheets are read. No facts, so they are changed in place.


def save_mapping(*, id: UUID, organization_id: UUID | None, name: str, mapping: Mapping, at: datetime) -> SavedMapping:
    """Keep a mapping for the next file of the same sender."""
    with transaction.atomic(durable=True):
        return SavedMapping.objects.create(
            id=id,
            organization_id=organization_id,
            name=name,
            format=mapping.kind,
            document=mapping.to_dict(),
            changed_at=at,
        )


def change_mapping(saved: SavedMapping, *, name: str, mapping: Mapping, at: datetime) -> SavedMapping:
    """Change a saved mapping; imports keep the one that they were read with."""
    saved.name, saved.format, saved.document, saved.changed_at = name, mapping.kind, mapping.to_dict(), at
    with transaction.atomic(durable=True):
        saved.save(update_fields=["name", "format", "document", "changed_at"])
    return saved


def delete_mapping(saved: SavedMapping) -> None:
    """Forget a saved mapping."""
    with transaction.atomic(durable=True):
        saved.delete()
