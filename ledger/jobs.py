"""The queue: rows that say what must happen once. A Celery message rings the bell; a sweep finds what nobody heard.

A worker claims a row for the length of a lease, which it extends while it lives. The effect of a job and its
``done_at`` commit in one transaction, fenced by the attempt, so a worker that was thought dead cannot finish
a second time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Q
from django.db.models.functions import Mod
from django.utils import timezone

from ledger.models import Job

LEASE = timedelta(seconds=settings.LEDGER_LEASE_SECONDS)
HEARTBEAT_S = settings.LEDGER_LEASE_SECONDS / 4  # so that one slow beat does not give the job away
RING_AGAIN_AFTER = timedelta(seconds=5)
MOST_ATTEMPTS = 5
WAITS = timedelta(seconds=30)
AUTHORITY_FAILED = "Authority: "  # begins the error of a job that waits for an authority for time stamps


class LostLease(Exception):
    """Another worker has taken this job over; what this one did is rolled back."""


@dataclass(frozen=True)
class Claimed:
    """A job in this worker's hands, and the attempt that fences it."""

    id: int
    subject_id: UUID
    attempt: int


def enqueue(kind: Job.Kind, subject_id: UUID, *, at: datetime) -> Job:
    """Insert a job into the transaction of the fact that asks for it."""
    return Job.objects.create(kind=kind, subject_id=subject_id, run_at=at, rung_at=at)


def claim(kind: Job.Kind, subject_id: UUID, *, at: datetime) -> Claimed | None:
    """Take a job if it waits and nobody holds it; None where somebody does, or it is over, or the last attempt died."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE ledger_job SET attempts = attempts + 1, lease_until = %(until)s
             WHERE id = (SELECT id FROM ledger_job
                          WHERE kind = %(kind)s AND subject_id = %(subject)s AND run_at <= %(at)s
                            AND done_at IS NULL AND given_up_at IS NULL
                            AND (lease_until IS NULL OR lease_until < %(at)s AND attempts %% %(most)s <> 0)
                            FOR UPDATE SKIP LOCKED)
            RETURNING id, subject_id, attempts
            """,
            {"until": at + LEASE, "kind": kind.value, "subject": subject_id, "at": at, "most": MOST_ATTEMPTS},
        )
        row = cursor.fetchone()
    return Claimed(*row) if row else None


@contextmanager
def held(job: Claimed) -> Iterator[None]:
    """Extend the lease while the body runs, from a thread of its own."""
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(HEARTBEAT_S):
                try:
                    Job.objects.filter(pk=job.id, attempts=job.attempt, done_at=None).update(
                        lease_until=timezone.now() + LEASE
                    )
                except (OperationalError, InterfaceError):
                    # The database is away for a moment; without the next beat a long examination would be lost.
                    connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"lease of job {job.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def finish(job: Claimed, *, at: datetime) -> None:
    """
    Mark a job done, in the transaction of its effect.

    :raises LostLease: the attempt is not ours any more; let the transaction roll back
    """
    mine = Job.objects.filter(pk=job.id, attempts=job.attempt, done_at=None)
    if not mine.update(done_at=at, given_up_at=None, lease_until=None, error=""):
        raise LostLease


def fail(job: Claimed, *, error: str, at: datetime) -> None:
    """Give a job back to be tried again later, or give it up after the last attempt."""
    mine = Job.objects.filter(pk=job.id, attempts=job.attempt, done_at=None)
    nth = (job.attempt - 1) % MOST_ATTEMPTS + 1
    if nth == MOST_ATTEMPTS:
        mine.update(given_up_at=at, lease_until=None, error=error[:300])
    else:
        mine.update(run_at=at + timedelta(seconds=2**nth), lease_until=None, error=error[:300])


def put_off(job: Claimed, *, until: datetime, error: str) -> None:
    """Give a job back that is not at fault, to be tried again at a moment, however often: what it needs is away."""
    mine = Job.objects.filter(pk=job.id, attempts=job.attempt, done_at=None)
    mine.update(run_at=until, lease_until=None, error=error[:300])


def retry(kind: Job.Kind, subject_id: UUID, *, at: datetime) -> bool:
    """
    Put a job that was given up back into the queue for as many attempts again; False where it was not given up.

    Attempts are counted on: began they anew, a worker that was thought dead could be taken for a new one.
    """
    given_up = Job.objects.filter(kind=kind, subject_id=subject_id, given_up_at__isnull=False, done_at=None)
    return bool(given_up.update(given_up_at=None, run_at=at, rung_at=at, lease_until=None))


def unheard(*, at: datetime, most: int = 200) -> list[Job]:
    """
    Return jobs that wait although their bell was rung a while ago, and note that it is rung again.

    A worker that dies in the middle (a decoder crash, no memory) leaves its attempt counted: after the last one the
    job is given up here rather than tried for ever.
    """
    waiting = Job.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=at), done_at=None, given_up_at=None, run_at__lte=at
    )
    # A lease that ran out on the last attempt: a job that was put back since has none.
    last = waiting.alias(rest=Mod("attempts", MOST_ATTEMPTS)).filter(rest=0, lease_until__lt=at)
    last.update(given_up_at=at, lease_until=None, error="the worker died each time it tried")
    due = list(waiting.filter(rung_at__lt=at - RING_AGAIN_AFTER).order_by("run_at")[:most])
    Job.objects.filter(pk__in=[job.pk for job in due]).update(rung_at=at)
    return due
