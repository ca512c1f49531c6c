"""Two workers on one submission: it is decided once, and whoever loses hears about it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.utils import timezone

from ledger import clearance, jobs
from ledger.models import Entry, Job
from rights.models import Decision
from tests.faults import edges, world
from tests.faults.edges import Fault, Killed
from tests.faults.world import Sounds

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "sequencer"])

HEARS = (clearance.AlreadyDecided, jobs.LostLease)
PATIENCE_S = 30


class Gate:
    """Lets through whoever comes, or holds them until it is opened; each thread is held once."""

    def __init__(self) -> None:
        self.came, self.opened = threading.Semaphore(0), threading.Event()
        self.known: set[int] = set()

    def meet(self) -> None:
        if threading.get_ident() in self.known:
            return
        self.known.add(threading.get_ident())
        self.came.release()
        assert self.opened.wait(PATIENCE_S)


def in_thread(pool: ThreadPoolExecutor, call: Callable[[], Any]) -> Future[Any]:
    """Run with connections of its own, and give them back."""

    def run() -> Any:
        try:
            return call()
        finally:
            connections.close_all()

    return pool.submit(run)


def clear(submission_id: UUID, at: Any) -> str:
    """Return what came of a try, in one word."""
    try:
        entry = clearance.clear(submission_id=submission_id, at=at)
    except HEARS as error:
        return type(error).__name__
    return "held" if entry is None else "decided"


def test_decides_once_when_eight_workers_hear_the_same_bell(submitted: UUID) -> None:
    start = threading.Barrier(8)

    def work() -> str:
        start.wait(PATIENCE_S)
        return clear(submitted, timezone.now())

    with ThreadPoolExecutor(8) as pool:
        heard = sorted(future.result(PATIENCE_S) for future in [in_thread(pool, work) for _ in range(8)])
    assert heard.count("decided") == 1
    assert set(heard) <= {"decided", "held", "AlreadyDecided"}
    world.assert_cleared_once(submitted)
    assert world.job_of(submitted).attempts == 1
    world.assert_log_is_whole()


@pytest.mark.parametrize("first_to_finish", ["the one that took over", "the one that was thought dead"])
def test_decides_once_when_a_worker_that_was_thought_dead_comes_back(
    submitted: UUID, monkeypatch: pytest.MonkeyPatch, first_to_finish: str
) -> None:
    gates = {1: Gate(), 2: Gate()}
    mine = threading.local()
    at = timezone.now()

    def meet() -> None:
        gates[mine.number].meet()

    edges.holding(monkeypatch, meet)

    def work(number: int, at: Any) -> str:
        mine.number = number
        return clear(submitted, at)

    with ThreadPoolExecutor(2) as pool:
        first = in_thread(pool, lambda: work(1, at))
        assert gates[1].came.acquire(timeout=PATIENCE_S)
        # As if its heartbeat had stood still: by now its lease has run out, and another measures the same.
        second = in_thread(pool, lambda: work(2, at + jobs.LEASE + timedelta(seconds=1)))
        assert gates[2].came.acquire(timeout=PATIENCE_S)
        if first_to_finish == "the one that took over":
            gates[2].opened.set()
            assert second.result(PATIENCE_S) == "decided"
            gates[1].opened.set()
            assert first.result(PATIENCE_S) in {"AlreadyDecided", "LostLease"}
        else:
            gates[1].opened.set()
            assert first.result(PATIENCE_S) == "LostLease"
            world.assert_undecided(submitted)  # it had measured, signed and stored, and none of it counts
            gates[2].opened.set()
            assert second.result(PATIENCE_S) == "decided"
    world.assert_cleared_once(submitted)
    assert world.job_of(submitted).attempts == 2
    world.assert_log_is_whole()


def test_decides_once_when_both_come_to_the_commit_together(submitted: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    edges.holding(monkeypatch, gate.meet)
    at = timezone.now()
    with ThreadPoolExecutor(2) as pool:
        first = in_thread(pool, lambda: clear(submitted, at))
        assert gate.came.acquire(timeout=PATIENCE_S)
        second = in_thread(pool, lambda: clear(submitted, at + jobs.LEASE + timedelta(seconds=1)))
        assert gate.came.acquire(timeout=PATIENCE_S)
        gate.opened.set()
        assert second.result(PATIENCE_S) == "decided"
        assert first.result(PATIENCE_S) in {"AlreadyDecided", "LostLease"}
    world.assert_cleared_once(submitted)
    world.assert_log_is_whole()


def test_lets_no_worker_of_before_finish_after_somebody_said_to_try_again(
    submitted: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    at = timezone.now()
    with ThreadPoolExecutor(1) as pool:
        with monkeypatch.context() as held:
            edges.holding(held, gate.meet)
            zombie = in_thread(pool, lambda: clear(submitted, at))
            assert gate.came.acquire(timeout=PATIENCE_S)
        for _ in range(jobs.MOST_ATTEMPTS - 1):
            at += jobs.LEASE + timedelta(seconds=1)
            with monkeypatch.context() as broken:
                edges.decoder(broken, Fault(happened=False, error=Killed()))
                with pytest.raises(Killed):
                    clearance.clear(submission_id=submitted, at=at)
        at += jobs.LEASE + timedelta(seconds=1)
        assert jobs.unheard(at=at) == []
        assert jobs.retry(Job.Kind.CLEAR, submitted, at=at)
        again = jobs.claim(Job.Kind.CLEAR, submitted, at=at)
        assert again is not None
        gate.opened.set()
        assert zombie.result(PATIENCE_S) == "LostLease"
    world.assert_undecided(submitted)
    assert world.job_of(submitted).lease_until is not None  # and it has not given away the new worker's lease
    assert clear(submitted, at + jobs.LEASE + timedelta(seconds=1)) == "decided"
    world.assert_cleared_once(submitted)


def test_decides_each_of_many_once_when_every_worker_tries_all(trade: Sounds) -> None:
    submissions = [world.submit(trade.output) for _ in range(6)]
    start = threading.Barrier(3)

    def work(number: int) -> list[str]:
        start.wait(PATIENCE_S)
        order = submissions[number:] + submissions[:number]
        return [clear(submission_id, timezone.now()) for submission_id in order]

    with ThreadPoolExecutor(3) as pool:
        tries = [in_thread(pool, partial(work, number)) for number in range(3)]
        heard = [word for one in tries for word in one.result(PATIENCE_S)]
    assert heard.count("decided") == len(submissions)
    assert Decision.objects.count() == len(submissions)
    assert Entry.objects.filter(kind=Entry.Kind.DECIDED).count() == len(submissions)
    for submission_id in submissions:
        world.assert_cleared_once(submission_id)
    world.assert_log_is_whole()
