"""What workers do: one call each. A task may run twice, or its message may be lost; the job row knows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from ledger import (
    campaigning,
    certifying,
    checkpoints,
    clearance,
    copying,
    dividing,
    enrolling,
    importing,
    incoming,
    jobs,
    keeping,
    measuring,
    packing,
    rechecking,
    replaying,
    retention,
    reversing,
    running,
    searching,
    timestamping,
    transparency,
    usages,
    voices,
    witnessing,
)
from ledger.auditing import saving
from ledger.models import Job

log = logging.getLogger(__name__)

IMPORT_TIME_LIMIT_S = 12 * 3600  # of millions of lines; one that is cut short goes on where it was


@shared_task(acks_late=True)
def clear_submission(*, submission_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Decide a submission."""
    try:
        clearance.clear(submission_id=UUID(submission_id), at=timezone.now())
    except (clearance.AlreadyDecided, jobs.LostLease):
        return  # somebody else was faster, which is what was wanted
    except searching.ShardSilent as error:
        log.warning("submission %s waits: %s", submission_id, error)


@shared_task(acks_late=True)
def answer_question(*, question_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Answer a question to a shard of the index, in a worker of its queue."""
    try:
        searching.answer(question_id=UUID(question_id), at=timezone.now())
    except jobs.LostLease:
        return  # somebody else answers it, or nobody asks any more


@shared_task(acks_late=True)
def ask_campaign(*, campaign_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Ask everybody on a campaign's roster."""
    try:
        campaigning.ask_everybody(campaign_id=UUID(campaign_id), at=timezone.now())
    except jobs.LostLease:
        return  # another worker asks them


@shared_task(acks_late=True)
def send_mailing(*, mailing_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Write to everybody who has not answered."""
    try:
        campaigning.send_mailing(mailing_id=UUID(mailing_id), at=timezone.now())
    except jobs.LostLease:
        return  # another worker writes them


@shared_task(acks_late=True)
def close_campaign(*, campaign_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Let everything expire that was not granted in a campaign that the desk closed."""
    try:
        campaigning.expire_closed(campaign_id=UUID(campaign_id), at=timezone.now())
    except jobs.LostLease:
        return  # another worker closes it


@shared_task
def close_campaigns(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Let offers of campaigns expire that are past their last day: silence is a no."""
    campaigning.close_due(at=timezone.now())


@shared_task
def end_voice_enrollments(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Destroy what voices were recognized by, where the consent to it holds no longer."""
    voices.end_lapsed(at=timezone.now())


@shared_task(acks_late=True, time_limit=IMPORT_TIME_LIMIT_S)
def work_on_import(*, kind: str, import_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Rehearse, take or reverse an import."""
    try:
        _OF_IMPORTS[Job.Kind(kind)](batch_id=UUID(import_id), at=timezone.now())
    except (importing.AlreadyTaken, jobs.LostLease):
        return  # somebody else was faster, which is what was wanted


_OF_IMPORTS: dict[Job.Kind, Callable[..., object]] = {
    Job.Kind.REHEARSE: importing.rehearse,
    Job.Kind.IMPORT: importing.take,
    Job.Kind.REVERSE: reversing.reverse,
}


@shared_task(acks_late=True, time_limit=IMPORT_TIME_LIMIT_S)
def read_usage(*, report_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Read a report of usage, and book or refuse it."""
    try:
        usages.read(report_id=UUID(report_id), at=timezone.now())
    except (usages.AlreadyFinished, jobs.LostLease):
        return  # somebody else was faster, which is what was wanted


@shared_task(acks_late=True, time_limit=IMPORT_TIME_LIMIT_S)
def list_enrollment(*, enrollment_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Write down what is in a folder that is to be enrolled, and ring for each part of it."""
    try:
        parts = enrolling.list_files(enrollment_id=UUID(enrollment_id), at=timezone.now())
    except jobs.LostLease:
        return  # another worker lists it
    for part in parts:
        ring_for(Job.Kind.ENROLL, part)


@shared_task(acks_late=True, time_limit=IMPORT_TIME_LIMIT_S)
def enroll_part(*, part: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Enroll the files of one part of a folder."""
    try:
        enrolling.enroll_part(part=UUID(part), at=timezone.now())
    except jobs.LostLease:
        return  # another worker enrolls them


@shared_task(acks_late=True)
def sign_copy(*, order_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Make and sign a copy in another container."""
    try:
        copying.make(order_id=UUID(order_id), at=timezone.now())
    except jobs.LostLease:
        return  # another worker makes it


@shared_task(acks_late=True)
def stamp_manifest(*, manifest_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Get a signed file's time stamp."""
    try:
        timestamping.stamp(manifest_id=UUID(manifest_id), at=timezone.now())
    except jobs.LostLease:
        return  # another worker gets it


@shared_task(acks_late=True, time_limit=IMPORT_TIME_LIMIT_S)
def make_pack(*, order_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Make an evidence pack that was ordered."""
    try:
        packing.make(order_id=UUID(order_id), at=timezone.now())
    except jobs.LostLease:
        return  # another worker makes it


@shared_task(acks_late=True, time_limit=IMPORT_TIME_LIMIT_S)
def work_on_run(*, kind: str, subject_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Freeze a royalty run, divide a partition of it, or reconcile it; and ring for what comes after."""
    work, after = _OF_RUNS[Job.Kind(kind)]
    try:
        following = work(id=UUID(subject_id), at=timezone.now())
    except jobs.LostLease:
        return  # another worker is at it
    for id in following:
        ring_for(after, id)


_OF_RUNS: dict[Job.Kind, tuple[Callable[..., tuple[UUID, ...]], Job.Kind]] = {
    Job.Kind.FREEZE: (running.freeze, Job.Kind.DIVIDE),
    Job.Kind.DIVIDE: (running.divide, Job.Kind.RECONCILE),
    Job.Kind.RECONCILE: (running.reconcile, Job.Kind.RECONCILE),
}


@shared_task
def ask_for_missing_stamps(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Ask for the time stamps of files that were signed while nobody stamped."""
    timestamping.ask_for_missing(at=timezone.now())


@shared_task(acks_late=True)
def answer_audit_question(*, answer_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Answer a question of an audit that was put into the queue."""
    saving.answer(id=UUID(answer_id), at=timezone.now())


@shared_task
def order_answers(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Put the answers that are due into the queue, and ring for them."""
    for answer_id in saving.order_due(at=timezone.now()):
        ring_for(Job.Kind.ANSWER, answer_id)


@shared_task
def forget_audits(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Remove answers whose time is over, and reads of dossiers that are two years old."""
    saving.forget(on=timezone.now().date())
    saving.forget_reads(at=timezone.now())


@shared_task
def ask_witnesses(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Ask witnesses to cosign the newest checkpoint."""
    witnessing.ask(at=timezone.now())


@shared_task
def sweep(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Ring again for jobs that nobody heard."""
    for job in jobs.unheard(at=timezone.now()):
        _call(job.kind, job.subject_id)


# Kind → what does it, and what it calls the id.
_DONE_BY: dict[str, tuple[Any, str]] = {
    Job.Kind.CLEAR: (clear_submission, "submission_id"),
    Job.Kind.CAMPAIGN: (ask_campaign, "campaign_id"),
    Job.Kind.MAILING: (send_mailing, "mailing_id"),
    Job.Kind.CLOSING: (close_campaign, "campaign_id"),
    Job.Kind.LIST: (list_enrollment, "enrollment_id"),
    Job.Kind.ENROLL: (enroll_part, "part"),
    Job.Kind.COPY: (sign_copy, "order_id"),
    Job.Kind.PACK: (make_pack, "order_id"),
    Job.Kind.USAGE: (read_usage, "report_id"),
    Job.Kind.STAMP: (stamp_manifest, "manifest_id"),
    Job.Kind.ANSWER: (answer_audit_question, "answer_id"),
}


def _call(kind: str, subject_id: UUID) -> None:
    if kind in _DONE_BY:
        task, named = _DONE_BY[kind]
        task.delay(**{named: str(subject_id)})
        return
    match kind:
        case Job.Kind.SEARCH:
            searching.ring(subject_id)
        case Job.Kind.FREEZE | Job.Kind.DIVIDE | Job.Kind.RECONCILE:
            work_on_run.delay(kind=kind, subject_id=str(subject_id))
        case _:
            work_on_import.delay(kind=kind, import_id=str(subject_id))


@shared_task
def collect(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Remove stored bytes that no row speaks of."""
    keeping.collect(stored_before=timezone.now() - timedelta(days=1))
    incoming.collect(stored_before=timezone.now() - timedelta(days=1))
    usages.collect(stored_before=timezone.now() - timedelta(days=1))
    packing.collect(at=timezone.now())
    searching.collect(asked_before=timezone.now() - timedelta(hours=1))


@shared_task(time_limit=IMPORT_TIME_LIMIT_S)
def retain(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Remove what may go, each night."""
    retention.sweep(at=timezone.now(), ended=timezone.now)


@shared_task(time_limit=IMPORT_TIME_LIMIT_S)
def count_index(
    *,
    sight: dict[str, object],
    known_at: str,
    **future: object,  # noqa: ARG001 - tomorrow's arguments
) -> None:
    """Count what a large index covers, and its flags, for somebody who waits."""
    moment = datetime.fromisoformat(known_at) if known_at else None
    transparency.count_index(sight=sight, known_at=moment, at=timezone.now())


@shared_task(time_limit=IMPORT_TIME_LIMIT_S)
def sum_up_training(
    *,
    version_id: str,
    sight: dict[str, object],
    valid_at: str,
    known_at: str,
    **future: object,  # noqa: ARG001 - tomorrow's arguments
) -> None:
    """Go through the members of a large dataset for somebody who waits."""
    transparency.sum_up(
        version_id=UUID(version_id),
        sight=sight,
        valid_at=date.fromisoformat(valid_at),
        known_at=datetime.fromisoformat(known_at) if known_at else None,
        at=timezone.now(),
    )


@shared_task(time_limit=IMPORT_TIME_LIMIT_S)
def rewrite_erased(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Write anew what somebody was erased from; the nightly sweep does it where this is not heard."""
    retention.rewrite_erased(at=timezone.now())


@shared_task
def tidy_counts(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Add up what processes that ended have counted."""
    measuring.tidy()


@shared_task
def certify_outputs(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Issue the certificates that are due: of outputs that were cleared, and of those that run out."""
    certifying.sweep(at=timezone.now())


@shared_task
def recheck_outputs(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Look again at cleared outputs that something new may concern."""
    rechecking.sweep(at=timezone.now())


@shared_task(time_limit=IMPORT_TIME_LIMIT_S)
def replay_sample(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Decide again what the newest checkpoint draws, and record what came of it."""
    try:
        replaying.sample(at=timezone.now(), clock=timezone.now)
    except checkpoints.NoCheckpoint:
        return  # nothing is in the log yet


@shared_task
def redivide_outputs(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Derive splits again where what they rest on changed."""
    dividing.sweep(at=timezone.now())


@shared_task(time_limit=IMPORT_TIME_LIMIT_S)
def tidy_index(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Make many small files of the index of fingerprints into few large ones; a second worker at it does nothing."""
    searching.tidy()


@shared_task(time_limit=IMPORT_TIME_LIMIT_S)
def tidy_shard(*, shard: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Do the same for a shard of the index, in a worker of its queue, and put in what was enrolled."""
    searching.tidy_shard(name=shard)


def ring(submission_id: UUID) -> None:
    """
    Ring the bell for a submission that is committed.

    A broker that is down must not turn an accepted submission into an error: the job row is there, and the sweep rings
    again. What a broker raises then is its own: Kombu's over PostgreSQL ends in an AttributeError once its connection
    is gone.
    """
    try:
        clear_submission.delay(submission_id=str(submission_id))
    except (OperationalError, AttributeError):
        log.warning("the broker is not answering; the sweep will ring for submission %s", submission_id)


def ring_for(kind: Job.Kind, subject_id: UUID) -> None:
    """Ring the bell for a job of another kind that is committed; the sweep rings again where the broker is down."""
    try:
        _call(kind, subject_id)
    except (OperationalError, AttributeError):  # see ring()
        log.warning("the broker is not answering; the sweep will ring for %s %s", kind, subject_id)
