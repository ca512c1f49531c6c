"""The queue's rows, by tables: who may take a job and when, who may finish it, when it is rung again and given up."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from ledger import jobs
from ledger.jobs import LEASE, MOST_ATTEMPTS, RING_AGAIN_AFTER, Claimed, LostLease
from ledger.models import Job
from tests.faults import edges

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "sequencer"])

NOW = timezone.now()
TICK = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
CLEAR = Job.Kind.CLEAR


def job(**changed: Any) -> Job:
    """A job that waits since a minute."""
    given: dict[str, Any] = {
        "kind": CLEAR,
        "subject_id": uuid4(),
        "run_at": NOW - 60 * SECOND,
        "rung_at": NOW - 60 * SECOND,
    }
    return Job.objects.create(**given | changed)


def again(one: Job) -> Job:
    return Job.objects.get(pk=one.pk)


def claim(one: Job, at: datetime = NOW) -> Claimed | None:
    return jobs.claim(CLEAR, one.subject_id, at=at)


def taken(one: Job, at: datetime = NOW) -> Claimed:
    held = claim(one, at)
    assert held is not None
    return held


@pytest.mark.parametrize(
    ("changed", "is_free"),
    [
        ({}, True),
        ({"run_at": NOW}, True),
        ({"run_at": NOW + TICK}, False),
        # A lease is over when its last moment has passed.
        ({"lease_until": NOW + TICK, "attempts": 1}, False),
        ({"lease_until": NOW, "attempts": 1}, False),
        ({"lease_until": NOW - TICK, "attempts": 1}, True),
        ({"attempts": MOST_ATTEMPTS - 1, "lease_until": NOW - TICK}, True),
        # The last attempt died: whoever hears a late bell leaves it to the sweep, which gives it up.
        ({"attempts": MOST_ATTEMPTS, "lease_until": NOW - TICK}, False),
        ({"attempts": MOST_ATTEMPTS, "lease_until": None}, True),  # put back since
        ({"attempts": 2 * MOST_ATTEMPTS, "lease_until": NOW - TICK}, False),
        ({"done_at": NOW - SECOND}, False),
        ({"given_up_at": NOW - SECOND}, False),
    ],
)
def test_give_a_free_job_to_whoever_asks(changed: dict[str, Any], is_free: bool) -> None:  # noqa: FBT001 - a table's column
    one = job(**changed)
    held = claim(one)
    assert (held is not None) == is_free
    if held:
        assert held == Claimed(one.pk, one.subject_id, one.attempts + 1)
        assert (again(one).attempts, again(one).lease_until) == (one.attempts + 1, NOW + LEASE)
    else:
        assert again(one).attempts == one.attempts


def test_know_nothing_of_a_job_that_was_never_made() -> None:
    assert jobs.claim(CLEAR, uuid4(), at=NOW) is None


def test_do_not_wait_for_somebody_who_is_just_taking_it() -> None:
    one = job()
    locked, over = threading.Event(), threading.Event()

    def take_your_time() -> None:
        try:
            with transaction.atomic():
                Job.objects.select_for_update().get(pk=one.pk)
                locked.set()
                over.wait(30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=take_your_time)
    thread.start()
    assert locked.wait(30)
    assert claim(one) is None
    over.set()
    thread.join(30)
    assert claim(one) is not None


def test_are_made_once_for_a_subject() -> None:
    subject = uuid4()
    jobs.enqueue(CLEAR, subject, at=NOW)
    with pytest.raises(IntegrityError, match="one_job_per_kind_and_subject"):
        jobs.enqueue(CLEAR, subject, at=NOW)


def test_are_made_with_the_fact_or_not_at_all() -> None:
    class Elsewhere(Exception):
        """Something else in the transaction goes wrong."""

    def fails() -> None:
        with transaction.atomic():
            jobs.enqueue(CLEAR, uuid4(), at=NOW)
            raise Elsewhere

    with pytest.raises(Elsewhere):
        fails()
    assert Job.objects.count() == 0


def test_are_finished_by_whoever_holds_them() -> None:
    one = job(error="what went wrong before")
    jobs.finish(taken(one), at=NOW + SECOND)
    done = again(one)
    assert (done.done_at, done.lease_until, done.given_up_at, done.error) == (NOW + SECOND, None, None, "")
    assert claim(one, NOW + 60 * SECOND) is None


def test_are_not_finished_twice() -> None:
    held = taken(job())
    jobs.finish(held, at=NOW)
    with pytest.raises(LostLease):
        jobs.finish(held, at=NOW)


def test_are_not_finished_by_whoever_was_thought_dead() -> None:
    one = job()
    zombie = taken(one)
    later = NOW + LEASE + TICK
    heir = taken(one, later)
    with pytest.raises(LostLease):
        jobs.finish(zombie, at=later)
    jobs.fail(zombie, error="too late", at=later)  # nor given back: another works on it
    assert (again(one).lease_until, again(one).error) == (later + LEASE, "")
    jobs.finish(heir, at=later)


def test_are_finished_after_all_by_whoever_was_given_up() -> None:
    one = job(attempts=MOST_ATTEMPTS - 1)
    slow = taken(one)
    later = NOW + LEASE + TICK
    jobs.unheard(at=later)
    assert again(one).given_up_at == later
    jobs.finish(slow, at=later)
    assert (again(one).done_at, again(one).given_up_at, again(one).error) == (later, None, "")


@pytest.mark.parametrize(
    ("attempts_before", "waits_s"),
    [(0, 2), (1, 4), (2, 8), (3, 16), (4, None), (5, 2), (8, 16), (9, None)],
)
def test_wait_ever_longer_and_are_given_up_after_five(attempts_before: int, waits_s: int | None) -> None:
    one = job(attempts=attempts_before)
    jobs.fail(taken(one), error="x" * 1000, at=NOW)
    failed = again(one)
    assert failed.error == "x" * 300
    assert failed.lease_until is None
    assert failed.attempts == attempts_before + 1
    if waits_s is None:
        assert failed.given_up_at == NOW
    else:
        assert failed.given_up_at is None
        assert failed.run_at == NOW + waits_s * SECOND


@pytest.mark.parametrize(
    ("changed", "is_put_back"),
    [
        ({"given_up_at": NOW - SECOND, "attempts": MOST_ATTEMPTS}, True),
        ({}, False),
        ({"lease_until": NOW + LEASE, "attempts": 1}, False),
        ({"done_at": NOW - SECOND}, False),
        ({"done_at": NOW - SECOND, "given_up_at": NOW - SECOND}, False),
    ],
)
def test_are_put_back_if_they_were_given_up(changed: dict[str, Any], is_put_back: bool) -> None:  # noqa: FBT001
    one = job(**changed)
    assert jobs.retry(CLEAR, one.subject_id, at=NOW) == is_put_back
    if not is_put_back:
        assert again(one).rung_at == one.rung_at
        return
    # Its attempts are counted on, so that no worker of before has the number of a new one.
    assert taken(one).attempt == MOST_ATTEMPTS + 1
    assert not jobs.retry(CLEAR, one.subject_id, at=NOW)


@pytest.mark.parametrize(
    ("changed", "is_rung"),
    [
        ({}, True),
        ({"rung_at": NOW - RING_AGAIN_AFTER - TICK}, True),
        ({"rung_at": NOW - RING_AGAIN_AFTER}, False),
        ({"run_at": NOW}, True),
        ({"run_at": NOW + TICK}, False),
        ({"lease_until": NOW - TICK, "attempts": 1}, True),
        ({"lease_until": NOW, "attempts": 1}, False),
        ({"lease_until": NOW + TICK, "attempts": 1}, False),
        ({"attempts": MOST_ATTEMPTS, "lease_until": None}, True),
        ({"attempts": MOST_ATTEMPTS, "lease_until": NOW - TICK}, False),
        ({"done_at": NOW}, False),
        ({"given_up_at": NOW}, False),
    ],
)
def test_are_rung_again_where_nobody_heard(changed: dict[str, Any], is_rung: bool) -> None:  # noqa: FBT001
    one = job(**changed)
    assert jobs.unheard(at=NOW) == ([one] if is_rung else [])
    assert jobs.unheard(at=NOW) == []  # and not again at once
    if is_rung:
        assert jobs.unheard(at=NOW + RING_AGAIN_AFTER + TICK) == [one]


@pytest.mark.parametrize(
    ("changed", "is_given_up"),
    [
        ({"attempts": MOST_ATTEMPTS, "lease_until": NOW - TICK}, True),
        ({"attempts": MOST_ATTEMPTS, "lease_until": NOW}, False),
        ({"attempts": MOST_ATTEMPTS, "lease_until": None}, False),
        ({"attempts": MOST_ATTEMPTS - 1, "lease_until": NOW - TICK}, False),
        ({"attempts": MOST_ATTEMPTS + 1, "lease_until": NOW - TICK}, False),
        ({"attempts": 2 * MOST_ATTEMPTS, "lease_until": NOW - TICK}, True),
        ({"attempts": MOST_ATTEMPTS, "lease_until": NOW - TICK, "done_at": NOW - TICK}, False),
    ],
)
def test_are_given_up_when_the_last_worker_died(changed: dict[str, Any], is_given_up: bool) -> None:  # noqa: FBT001
    one = job(**changed)
    jobs.unheard(at=NOW)
    assert (again(one).given_up_at == NOW) == is_given_up
    assert again(one).error == ("the worker died each time it tried" if is_given_up else "")


def test_are_rung_oldest_first_and_so_many_at_once() -> None:
    waiting = [job(run_at=NOW - number * SECOND) for number in (3, 1, 2)]
    assert jobs.unheard(at=NOW, most=2) == [waiting[0], waiting[2]]
    assert jobs.unheard(at=NOW, most=2) == [waiting[1]]


# --- the heartbeat


def lease_of(one: Job) -> datetime:
    lease = again(one).lease_until
    assert lease is not None
    return lease


def test_are_kept_while_the_work_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_S", 0.02)
    one = job()
    held = taken(one, timezone.now() - LEASE + SECOND)  # a second more, and it would be over
    first = lease_of(one)
    with jobs.held(held):
        wait_for(lambda: lease_of(one) > first)
        second = lease_of(one)
        wait_for(lambda: lease_of(one) > second)
        assert second > first + 5 * SECOND
        assert claim(one, timezone.now()) is None
    last = lease_of(one)
    threading.Event().wait(0.1)
    assert lease_of(one) == last  # nobody beats on
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lease of job")]


def test_are_kept_although_the_database_is_away_for_a_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_S", 0.02)
    fault = edges.Fault(happened=False)
    beating: list[Any] = []
    real = timezone.now

    def now() -> datetime:
        # Called in the thread that beats, just before it writes.
        if threading.current_thread().name.startswith("lease of job"):
            wrapper = connections["default"]
            if wrapper.connection is not None and fault.is_due():
                edges.terminate(wrapper)
                beating.append(True)
        return real()

    monkeypatch.setattr(timezone, "now", now)
    one = job()
    with jobs.held(taken(one)):
        wait_for(lambda: beating)
        after = lease_of(one)
        wait_for(lambda: lease_of(one) > after)


def test_are_not_kept_from_an_heir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_S", 0.02)
    one = job()
    zombie = taken(one)
    heir = taken(one, NOW + LEASE + TICK)
    with jobs.held(zombie):
        threading.Event().wait(0.2)
        assert lease_of(one) == NOW + LEASE + TICK + LEASE
    jobs.finish(heir, at=NOW)


def test_are_let_go_of_when_the_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT_S", 0.02)
    with pytest.raises(ZeroDivisionError), jobs.held(taken(job())):
        raise ZeroDivisionError
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lease of job")]


def wait_for(is_so: Any) -> None:
    """Wait a moment for something that another thread does."""
    for _ in range(500):
        if is_so():
            return
        threading.Event().wait(0.02)
    pytest.fail("it did not happen within ten seconds")


def test_speak_of_their_subject() -> None:
    subject = UUID(int=7)
    assert str(job(subject_id=subject)) == f"clear {subject}"
