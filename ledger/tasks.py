"""What workers do: one call each. A task may run twice, or its message may be lost; the job row knows."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from ledger import campaigning, clearance, jobs, keeping
from ledger.models import Job

log = logging.getLogger(__name__)


@shared_task(acks_late=True)
def clear_submission(*, submission_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Decide a submission."""
    try:
        clearance.clear(submission_id=UUID(submission_id), at=timezone.now())
    except (clearance.AlreadyDecided, jobs.LostLease):
        return  # somebody else was faster, which is what was wanted


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
def sweep(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Ring again for jobs that nobody heard."""
    for job in jobs.unheard(at=timezone.now()):
        _call(job.kind, job.subject_id)


def _call(kind: str, subject_id: UUID) -> None:
    match kind:
        case Job.Kind.CLEAR:
            clear_submission.delay(submission_id=str(subject_id))
        case Job.Kind.CAMPAIGN:
            ask_campaign.delay(campaign_id=str(subject_id))
        case Job.Kind.MAILING:
            send_mailing.delay(mailing_id=str(subject_id))
        case Job.Kind.CLOSING:
            close_campaign.delay(campaign_id=str(subject_id))


@shared_task
def collect(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Remove stored bytes that no row speaks of."""
    keeping.collect(stored_before=timezone.now() - timedelta(days=1))


def ring(submission_id: UUID) -> None:
    """
    Ring the bell for a submission that is committed.

    A broker that is down must not turn an accepted submission into an error: the job row is there, and the sweep rings
    again.
    """
    try:
        clear_submission.delay(submission_id=str(submission_id))
    except OperationalError:
        log.warning("the broker is not answering; the sweep will ring for submission %s", submission_id)


def ring_for(kind: Job.Kind, subject_id: UUID) -> None:
    """Ring the bell for a job of another kind that is committed; the sweep rings again where the broker is down."""
    try:
        _call(kind, subject_id)
    except OperationalError:
        log.warning("the broker is not answering; the sweep will ring for %s %s", kind, subject_id)
