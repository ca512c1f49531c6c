"""Sequencing and publishing, with a fault at each step: no gap, no place given twice, nothing signed that forks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connections, transaction
from django.utils import timezone

from ledger import audit, checkpoints, clearance, people, sequencer
from ledger.models import Checkpoint, Entry, Leaf, PendingEntry
from rights.vocabulary import PartyKind
from tests.faults import edges, world
from tests.faults.edges import Fault

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "sequencer"])


def register(*names: str) -> None:
    """Write an entry for each name."""
    for name in names:
        people.register_party(id=world.key(name), kind=PartyKind.COMPANY, name=name, at=timezone.now())


def step() -> Checkpoint | None:
    return sequencer.step(at=timezone.now())


def published() -> int:
    """Return the size that the copy outside the database names."""
    kept = checkpoints.outside()
    return kept.size if kept else 0


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    connections.close_all()


def test_places_nothing_when_the_commit_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    register("a", "b", "c")
    with monkeypatch.context() as broken:
        edges.commit(broken, Fault(happened=False), using="sequencer")
        with pytest.raises(OperationalError):
            step()
    assert (Leaf.objects.count(), PendingEntry.objects.count(), Checkpoint.objects.count()) == (0, 3, 0)
    assert published() == 0  # published after the commit, never before it
    signed = step()
    assert signed is not None
    assert signed.size == published() == 3
    world.assert_log_is_whole()


def test_places_everything_once_when_the_commit_had_in_truth_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    register("a", "b", "c")
    with monkeypatch.context() as broken:
        edges.commit(broken, Fault(happened=True), using="sequencer")
        with pytest.raises(OperationalError):
            step()
    assert (Leaf.objects.count(), PendingEntry.objects.count()) == (3, 0)
    assert published() == 0  # the copy outside is behind, which is no fork
    assert step() is None
    register("d")
    signed = step()
    assert signed is not None
    assert signed.size == published() == 4
    world.assert_log_is_whole()


def test_goes_on_when_publishing_fails(settings: Any) -> None:
    register("a")
    file: Path = settings.LEDGER_CHECKPOINT_FILE
    in_the_way = file.with_name(file.name + ".new")
    in_the_way.mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        step()
    assert (Leaf.objects.count(), published()) == (1, 0)
    in_the_way.rmdir()
    register("b")
    step()
    assert published() == 2
    world.assert_log_is_whole()


def test_publishes_no_older_checkpoint_over_a_newer() -> None:
    register("a")
    first = step()
    register("b")
    second = step()
    assert first is not None
    assert second is not None
    for late in (second, first):  # in truth it had happened, and two sequencers may come here in any order
        checkpoints.publish(late)
        assert published() == 2
        assert checkpoints.newest().size == 2


def test_signs_nothing_on_a_database_that_is_older_than_what_was_published(settings: Any, tmp_path: Path) -> None:
    register("a")
    step()
    register("b", "c")
    step()
    newer = settings.LEDGER_CHECKPOINT_FILE.read_bytes()
    # A backup of before is restored: here, the same entries under another order of events.
    with connections["owner"].cursor() as cursor:
        cursor.execute("TRUNCATE ledger_cosignature, ledger_checkpoint, ledger_leaf, ledger_edge, ledger_tile")
        cursor.execute("INSERT INTO ledger_pendingentry (entry_id) SELECT id FROM ledger_entry")
    with pytest.raises(checkpoints.Forked, match="the checkpoint of size 3"):
        step()
    assert (Leaf.objects.count(), Checkpoint.objects.count()) == (0, 0)
    assert settings.LEDGER_CHECKPOINT_FILE.read_bytes() == newer


def test_gives_each_entry_one_place_when_sequencers_race_with_writers() -> None:
    over = threading.Event()

    def write(writer: int) -> None:
        try:
            register(*(f"{writer}/{number}" for number in range(25)))
        finally:
            connections.close_all()

    def sequence() -> int:
        signed = 0
        try:
            while not over.is_set():
                signed += sequencer.step(at=timezone.now(), batch=7) is not None
        finally:
            connections.close_all()
        return signed

    with ThreadPoolExecutor(7) as pool:
        sequencers = [pool.submit(sequence) for _ in range(3)]
        for writer in [pool.submit(write, writer) for writer in range(4)]:
            writer.result(60)
        over.set()
        assert sum(one.result(60) for one in sequencers) > 1
    world.assert_log_is_whole()
    assert Leaf.objects.count() == Entry.objects.count() == 100
    assert published() == 100


def test_places_a_cause_before_its_effect(submitted: UUID) -> None:
    clearance.clear(submission_id=submitted, at=timezone.now())
    world.assert_log_is_whole()
    places = dict(Entry.objects.filter(kind__in=["submitted", "decided"]).values_list("kind", "leaf__index"))
    assert places["submitted"] < places["decided"]


def test_leaves_what_is_not_committed_for_later() -> None:
    register("a")
    started, placed = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                entry = Entry.objects.get(party=world.key("a"))
                PendingEntry.objects.filter(entry=entry).count()
                started.set()
                assert placed.wait(30)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(slow)
        assert started.wait(30)
        signed = step()
        assert signed is not None
        assert signed.size == 1
        placed.set()
        holder.result(30)
    assert audit.audit().faults == ()
