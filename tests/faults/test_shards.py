"""An index in shards: whoever examines waits for every one of them, and decides once, on what one index would say."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from fingerprint import examine, index, shards
from fingerprint.models import Reference
from ledger import jobs, rechecking, searching, tasks
from ledger.models import Job, ShardQuestion
from ledger.searching import ShardFailed, ShardSilent
from rights.models import Decision
from tests.faults import world
from tests.faults.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "sequencer"])

THREE = shards.read("a=00-55, b=56-aa, c=ab-ff")
PATIENCE_S = 30.0


@pytest.fixture(autouse=True)
def _three(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.LEDGER_INDEX_SHARDS = THREE
    settings.LEDGER_SHARD_PATIENCE_SECONDS = PATIENCE_S
    settings.FINGERPRINT_INDEX = tmp_path / "index"
    yield
    index.forget()
    for queue in (shard.queue for shard in THREE):
        for _ in rung(queue):
            pass


def rung(queue: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Take messages off a queue: each a task's name and what it is called with."""
    with current_app.connection_for_read() as connection:
        taken = connection.SimpleQueue(queue)
        while len(taken):
            message = taken.get_nowait()
            message.ack()
            yield message.headers["task"], json.loads(message.body or b"")[1]
        taken.close()


def lost(shard: shards.Shard) -> list[tuple[str, dict[str, str]]]:
    return list(rung(shard.queue))


@contextmanager
def workers(*served: shards.Shard) -> Iterator[list[str]]:
    """Work on the queues of some shards, each in a thread; gives the shards whose bells were heard."""
    over = threading.Event()
    heard: list[str] = []

    def work(shard: shards.Shard) -> None:
        try:
            while True:
                is_last = over.wait(0.01)
                for task, arguments in rung(shard.queue):
                    heard.append(shard.name)
                    current_app.tasks[task](**arguments)
                if is_last:
                    return
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(shard,)) for shard in served]
    for thread in threads:
        thread.start()
    try:
        yield heard
    finally:
        over.set()
        for thread in threads:
            thread.join()


def nothing_is_left() -> bool:
    return not ShardQuestion.objects.exists() and not Job.objects.filter(kind=Job.Kind.SEARCH).exists()


def test_decide_on_what_one_index_would_say(submitted: UUID) -> None:
    with workers(*THREE) as heard:
        tasks.clear_submission(submission_id=str(submitted))
        world.assert_cleared_once(submitted)
        decision = Decision.objects.get(submission_id=submitted)
        # Again, in shards: to the byte (CHK-2).
        assert rechecking.repeat(decision_id=decision.pk).is_same_evidence
    assert set(heard) == {"a", "b", "c"}
    assert nothing_is_left()
    assert decision.examination is not None
    found = examine.read(decision.examination)
    assert [match.reference_id for match in found.of_kind("exact_match")]
    assert {one.index_size for one in found.detectors if one.kind == "exact_match"} == {Reference.objects.count()}
    # And by one index, by its name of then.
    django_settings.LEDGER_INDEX_SHARDS = ()
    assert rechecking.repeat(decision_id=decision.pk).is_same_evidence


def test_wait_while_one_of_them_is_silent(submitted: UUID, settings: Any) -> None:
    settings.LEDGER_SHARD_PATIENCE_SECONDS = 0.5
    for _ in range(jobs.MOST_ATTEMPTS + 1):
        Job.objects.filter(subject_id=submitted).update(run_at=timezone.now())
        with workers(*THREE[:2]):
            tasks.clear_submission(submission_id=str(submitted))  # is not the worker's fault: it does not raise
        job = world.job_of(submitted)
        assert job.error == "No answer from shard c of the index."
        assert (job.done_at, job.given_up_at, job.lease_until) == (None, None, None)
        assert job.run_at > timezone.now()
        assert not Decision.objects.exists()
        assert nothing_is_left()
    settings.LEDGER_SHARD_PATIENCE_SECONDS = PATIENCE_S
    Job.objects.filter(subject_id=submitted).update(run_at=timezone.now())
    with workers(*THREE):
        tasks.clear_submission(submission_id=str(submitted))
    world.assert_cleared_once(submitted)


@contextmanager
def asking() -> Iterator[tuple[list[UUID], list[Any]]]:
    """Ask for the index in a thread of its own; gives the questions, and in the end what came of it."""
    came: list[Any] = []

    def ask() -> None:
        try:
            came.append(searching.current_of(index.CHROMAPRINT))
        except (ShardFailed, ShardSilent) as error:
            came.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        while ShardQuestion.objects.count() < len(THREE):
            assert thread.is_alive()
        yield list(ShardQuestion.objects.order_by("shard").values_list("id", flat=True)), came
    finally:
        thread.join()


def test_are_answered_once_when_a_worker_died_over_a_question(registered: None) -> None:
    with asking() as (questions, came):
        dead = jobs.claim(Job.Kind.SEARCH, questions[0], at=timezone.now())
        assert dead is not None
        # Nobody hears the bells.
        for shard, question in zip(THREE, questions, strict=True):
            bells = wait_until(partial(lost, shard), seconds=PATIENCE_S, what="the bell is rung")
            assert bells == [(searching.ANSWER, {"question_id": str(question)})]
        # The sweep rings again for what waits, and for what is held no more.
        long_ago = timezone.now() - timedelta(minutes=1)
        Job.objects.filter(kind=Job.Kind.SEARCH).update(rung_at=long_ago)
        Job.objects.filter(pk=dead.id).update(lease_until=long_ago)
        tasks.sweep()
        with workers(*THREE):
            wait_until(lambda: came, seconds=PATIENCE_S, what="all shards have answered")
    assert came[0].size == Reference.objects.count()
    with pytest.raises(jobs.LostLease):
        jobs.finish(dead, at=timezone.now())
    assert nothing_is_left()


def test_say_why_one_cannot_answer(registered: None, settings: Any) -> None:
    with asking() as (questions, came):
        ShardQuestion.objects.filter(pk=questions[1]).update(question=b"of another release")
        for attempt in range(1, jobs.MOST_ATTEMPTS + 1):
            with pytest.raises(Exception, match="can read"):
                searching.answer(question_id=questions[1], at=timezone.now())
            Job.objects.filter(subject_id=questions[1]).update(run_at=timezone.now())
            assert Job.objects.get(subject_id=questions[1]).attempts == attempt
    assert isinstance(came[0], ShardFailed)
    assert str(came[0]).startswith("Shard b cannot answer: NotAMessage")
    assert nothing_is_left()


def test_answer_nobody_who_has_gone(registered: None) -> None:
    assert not searching.answer(question_id=uuid4(), at=timezone.now())
    with asking() as (questions, came):
        long_ago = timezone.now() + timedelta(hours=2)
        assert searching.collect(asked_before=long_ago) == len(THREE)
        assert not searching.answer(question_id=questions[0], at=timezone.now())
    assert len(came) == 1
    assert nothing_is_left()


def test_are_tidied_by_who_has_them(registered: None) -> None:
    tasks.tidy_index()
    with workers(*THREE):
        pass
    folders = django_settings.FINGERPRINT_INDEX / "shards"
    held = [shard for shard in THREE if list((folders / f"{shard.first.hex[:2]}-{shard.last.hex[:2]}").glob("*/*.seg"))]
    (reference,) = Reference.objects.all()
    assert held == [shard for shard in THREE if shard.first <= reference.pk <= shard.last]
    whole = {family.name.strip("/") for family in index.FAMILIES}
    assert not whole & {path.name for path in django_settings.FINGERPRINT_INDEX.iterdir()}
