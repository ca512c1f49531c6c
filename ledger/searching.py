"""
Asking the index: the one in this process's files, or one in shards, by questions that workers of their queues answer.

A question is a row with a job, and the message only rings the bell, like everywhere. Whoever asks waits for the answers
of all shards, and for no longer than is configured: a shard that is silent makes an examination wait and begin again,
never end with less. Workers of a shard's queue do nothing but answer and wait for nobody, so nobody waits in a circle.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from fingerprint import index, sharding, shards
from fingerprint.postings import Family, Known
from fingerprint.shards import Shard
from ledger import jobs
from ledger.models import Job, ShardQuestion

_log = logging.getLogger(__name__)

ANSWER, TIDY = "ledger.tasks.answer_question", "ledger.tasks.tidy_shard"  # tasks of the shards' queues
TIDY_WITHIN = timedelta(minutes=1)
_SHORTEST_S, _LONGEST_S = 0.01, 0.2  # between two looks at whether the answers are there


class ShardSilent(Exception):
    """A shard of the index does not answer: start a worker of its queue."""


class ShardFailed(Exception):
    """A shard of the index cannot answer."""


def current() -> dict[str, Known]:
    """
    Return the index over every reference that is committed now, by the families of fingerprints.

    :raises ShardSilent: a shard does not answer
    :raises ShardFailed: one cannot
    """
    return {family.name: current_of(family) for family in index.FAMILIES}


def current_of(family: Family) -> Known:
    """
    Return the index of one family over every reference that is committed now.

    :raises ShardSilent: a shard does not answer
    :raises ShardFailed: one cannot
    """
    parts = settings.LEDGER_INDEX_SHARDS
    return sharding.current(family, _ask, count=len(parts)) if parts else index.current(family)


def as_at(snapshot: str, family: Family) -> Known:
    """
    Return the index of one family as it was when it had this name.

    :raises SnapshotLost: there was no such index, or a reference's fingerprint was replaced since
    :raises ShardSilent: a shard does not answer
    :raises ShardFailed: one cannot
    """
    parts = settings.LEDGER_INDEX_SHARDS
    return sharding.as_at(snapshot, family, _ask, count=len(parts)) if parts else index.as_at(snapshot, family)


# --- Asking


def _ask(questions: Sequence[bytes]) -> list[bytes]:
    parts: Sequence[Shard] = settings.LEDGER_INDEX_SHARDS
    at = timezone.now()
    asked = [
        ShardQuestion(id=uuid4(), shard=part.name, question=question, asked_at=at)
        for question, part in zip(questions, parts, strict=True)
    ]
    ids = [one.id for one in asked]
    with transaction.atomic():
        ShardQuestion.objects.bulk_create(asked)
        for id in ids:
            jobs.enqueue(Job.Kind.SEARCH, id, at=at)
    try:
        for one in asked:
            ring(one.id)
        _wait(asked)
        rows = ShardQuestion.objects.filter(pk__in=ids, answer__isnull=False)
        answers = {id: bytes(answer or b"") for id, answer in rows.values_list("id", "answer")}
    finally:
        _remove(ids)
    if len(answers) != len(ids):
        raise ShardSilent("The questions to the shards of the index were removed before all were answered.")
    return [answers[id] for id in ids]


def _wait(asked: Sequence[ShardQuestion]) -> None:
    until = time.monotonic() + settings.LEDGER_SHARD_PATIENCE_SECONDS
    pause = _SHORTEST_S
    while True:
        open_ones = ShardQuestion.objects.filter(pk__in=[one.id for one in asked], answer=None)
        silent = dict(open_ones.values_list("id", "shard"))
        if not silent:
            return
        of_silent = Job.objects.filter(kind=Job.Kind.SEARCH, subject_id__in=silent)
        given_up = of_silent.filter(given_up_at__isnull=False).first()
        if given_up is not None:
            raise ShardFailed(f"Shard {silent[given_up.subject_id]} cannot answer: {given_up.error}")
        if time.monotonic() > until:
            said = "; ".join(sorted({job.error for job in of_silent if job.error}))
            names = ", ".join(sorted(silent.values()))
            raise ShardSilent(f"No answer from shard {names} of the index{f' ({said})' if said else ''}.")
        time.sleep(pause)
        pause = min(_LONGEST_S, 1.5 * pause)


def _remove(ids: Sequence[UUID]) -> None:
    with transaction.atomic():
        Job.objects.filter(kind=Job.Kind.SEARCH, subject_id__in=ids).delete()
        ShardQuestion.objects.filter(pk__in=ids).delete()


def ring(question_id: UUID) -> None:
    """Ring the bell for a question; the sweep rings again where the broker is down, and nobody does once it is gone."""
    name = ShardQuestion.objects.filter(pk=question_id).values_list("shard", flat=True).first()
    if name is not None:
        _send(ANSWER, shards.named(settings.LEDGER_INDEX_SHARDS, name), question_id=str(question_id))


def _send(task: str, shard: Shard, **arguments: str) -> None:
    # Nobody wants to know the answer after an hour; a worker that comes back has no heap of old bells to hear.
    try:
        current_app.send_task(task, kwargs=arguments, queue=shard.queue, expires=3600)
    except OperationalError:
        _log.warning("the broker is not answering; shard %s is rung for again", shard.name)


def collect(*, asked_before: datetime) -> int:
    """Remove questions whose asker died before it could read the answers; return how many."""
    ids = list(ShardQuestion.objects.filter(asked_at__lt=asked_before).values_list("id", flat=True))
    _remove(ids)
    return len(ids)


# --- Answering, in a worker of the shard's queue


def answer(*, question_id: UUID, at: datetime) -> bool:
    """
    Answer a question from this machine's files; False where it was answered, is being answered, or is asked no more.

    :raises LostLease: another worker took it over, or whoever asked has gone
    """
    asked = ShardQuestion.objects.filter(pk=question_id).first()
    job = jobs.claim(Job.Kind.SEARCH, question_id, at=at)
    if asked is None or job is None:
        return False
    try:
        with jobs.held(job):
            shard = shards.named(settings.LEDGER_INDEX_SHARDS, asked.shard)
            answered = sharding.answer(bytes(asked.question), shard)
            with transaction.atomic(durable=True):
                jobs.finish(job, at=at)
                ShardQuestion.objects.filter(pk=question_id).update(answer=answered)
    except jobs.LostLease:
        raise
    except Exception as error:
        jobs.fail(job, error=f"{type(error).__name__}: {error}", at=at)
        raise
    return True


def tidy() -> None:
    """Make many files of the index into few, here or by who has them."""
    parts: Sequence[Shard] = settings.LEDGER_INDEX_SHARDS
    if not parts:
        index.tidy()
        return
    index.tidy(index.others())  # they are no references, and here
    for part in parts:
        try:
            current_app.send_task(TIDY, kwargs={"shard": part.name}, queue=part.queue, expires=TIDY_WITHIN.seconds)
        except OperationalError:
            _log.warning("the broker is not answering; shard %s is tidied later", part.name)


def tidy_shard(*, name: str) -> None:
    """Put a shard's files in step with what was enrolled, and make many of them into few."""
    families = sharding.families_of(shards.named(settings.LEDGER_INDEX_SHARDS, name))
    for family in families:
        index.current(family)
    index.tidy(families)
