"""What workers do: one call each. A task may run twice, or its message may be lost; the job row knows."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from ledger import clearance, jobs, keeping

log = logging.getLogger(__name__)


@shared_task(acks_late=True)
def clear_submission(*, submission_id: str, **future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Decide a submission."""
    try:
        clearance.clear(submission_id=UUID(submission_id), at=timezone.now())
    except (clearance.AlreadyDecided, jobs.LostLease):
        return  # somebody else was faster, which is what was wanted


@shared_task
def sweep(**future: object) -> None:  # noqa: ARG001 - tomorrow's arguments
    """Ring again for jobs that nobody heard."""
    for job in jobs.unheard(at=timezone.now()):
        clear_submission.delay(submission_id=str(job.subject_id))


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
