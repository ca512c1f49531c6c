"""Giving entries their places: gap-free, whoever writes and however many sequence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import OperationalError, connections, transaction
from django.utils import timezone

from ledger import audit, checkpoints, merkle, notes, people, receipts, report, sequencer
from ledger.models import Checkpoint, Edge, Entry, Leaf, PendingEntry, Tile
from rights.vocabulary import PartyKind
from tests.flows.conftest import superuser

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def write(count: int, *, of: UUID | None = None) -> None:
    """Register so many parties, each in a transaction of its own."""
    for number in range(count):
        id = uuid4() if of is None else uuid5(of, str(number))
        people.register_party(id=id, kind=PartyKind.COMPANY, name=str(number), at=timezone.now())


def drain(batch: int = sequencer.BATCH) -> Checkpoint | None:
    last = None
    while signed := sequencer.step(at=timezone.now(), batch=batch):
        last = signed
    return last


def test_bodies_are_found_by_their_index_however_old_the_statistics_are() -> None:
    write(3)
    with superuser() as login:
        # As after a vacuum while a million entries waited for their commit: many pages, and nothing in them.
        login.execute("UPDATE pg_class SET reltuples = 0, relpages = 70000 WHERE relname = 'ledger_entry'")
        login.execute("UPDATE pg_class SET reltuples = 0, relpages = 5000 WHERE relname = 'ledger_entry_pkey'")
        try:
            with transaction.atomic(using=sequencer.USING), connections[sequencer.USING].cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")  # which is right for the few that there are here
                cursor.execute("EXPLAIN " + sequencer.PLACE, [sequencer.BATCH, 0])
                plan = "\n".join(line for (line,) in cursor.fetchall())
        finally:
            login.execute("ANALYZE ledger_entry")
    assert "Index Cond: (id = numbered.entry_id)" in plan, plan


def in_threads(*acts: Callable[[], None]) -> None:
    failures: list[BaseException] = []

    def run(act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.fixture(autouse=True)
def whole() -> Iterator[None]:
    """Whatever a test did, the log is whole after it."""
    yield
    assert audit.audit().faults == ()


def indexes() -> list[int]:
    return list(Leaf.objects.order_by("index").values_list("index", flat=True))


# --- places


def test_nothing_to_do_signs_nothing() -> None:
    assert sequencer.step(at=timezone.now()) is None
    with pytest.raises(checkpoints.NoCheckpoint):
        checkpoints.newest()
    with pytest.raises(checkpoints.NoCheckpoint):
        sequencer.tree()
    assert not configured.LEDGER_CHECKPOINT_FILE.exists()


def test_a_place_is_given_once_in_the_order_of_writing() -> None:
    write(5)
    waiting = list(PendingEntry.objects.order_by("id").values_list("entry_id", flat=True))
    signed = sequencer.step(at=timezone.now())
    assert signed is not None
    assert signed.size == 5
    assert list(Leaf.objects.order_by("index").values_list("entry_id", flat=True)) == waiting
    assert PendingEntry.objects.count() == 0
    assert sequencer.step(at=timezone.now()) is None
    write(1)
    call_command("sequence", "--once")
    assert indexes() == [0, 1, 2, 3, 4, 5]


def test_a_batch_is_as_large_as_it_may_be() -> None:
    write(7)
    assert [step.size for step in iter(lambda: sequencer.step(at=timezone.now(), batch=3), None)] == [3, 6, 7]
    assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) == [3, 6, 7]


def test_what_is_not_committed_has_no_place() -> None:
    write(1)
    with suppress(ZeroDivisionError), transaction.atomic():
        Entry.objects.count()
        raise ZeroDivisionError
    committed = threading.Event()
    inserted = threading.Event()

    def slow() -> None:
        from ledger import log
        from rights import parties

        with transaction.atomic():
            staged = parties.stage(id=uuid4(), kind=PartyKind.COMPANY, name="slow")
            party = parties.register(staged, at=timezone.now())
            log.append(Entry.Kind.PARTY_REGISTERED, party, {}, at=timezone.now())
            inserted.set()
            assert committed.wait(20)

    def others() -> None:
        assert inserted.wait(20)
        write(3)
        signed = drain()
        assert signed is not None
        # The slow one's number is lower, and it is not waited for: no gap is left for it either.
        assert signed.size == 4
        committed.set()

    in_threads(slow, others)
    signed = drain()
    assert signed is not None
    assert (signed.size, indexes()) == (5, [0, 1, 2, 3, 4])


@pytest.mark.slow
def test_no_gap_with_many_writers_and_two_sequencers() -> None:
    over = threading.Event()
    left = threading.Semaphore(0)
    writers, each = 4, 15

    def writer() -> None:
        try:
            write(each)
        finally:
            left.release()

    def sequence() -> None:
        while not over.is_set():
            sequencer.step(at=timezone.now(), batch=4)

    def ender() -> None:
        for _ in range(writers):
            assert left.acquire(timeout=60)
        over.set()

    in_threads(*[writer] * writers, sequence, sequence, ender)
    drain(4)
    assert indexes() == list(range(writers * each))
    assert Leaf.objects.values("entry").distinct().count() == Entry.objects.count() == writers * each
    sizes = list(Checkpoint.objects.order_by("size").values_list("size", flat=True))
    assert sizes[-1] == writers * each
    assert all(1 <= after - before <= 4 for before, after in zip([0, *sizes], sizes, strict=False))
    kept = checkpoints.outside()
    assert kept is not None
    assert kept.size == writers * each


def test_one_sequencer_works_at_a_time() -> None:
    write(2)
    with transaction.atomic(using="sequencer"), connections["sequencer"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (sequencer.LOCK,))
        found: list[Any] = []
        in_threads(lambda: found.append(sequencer.step(at=timezone.now())))
        assert found == [None]
    assert drain() is not None


def test_a_step_that_fails_leaves_everything_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    write(3)
    drain()
    write(2)
    edges = [bytes(row.data) for row in Edge.objects.order_by("level")]

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise OperationalError("the key cannot be read")

    monkeypatch.setattr(checkpoints, "signers", lambda: (Broken(),))
    with pytest.raises(OperationalError):
        sequencer.step(at=timezone.now())
    monkeypatch.undo()
    assert (indexes(), PendingEntry.objects.count()) == ([0, 1, 2], 2)
    assert [bytes(row.data) for row in Edge.objects.order_by("level")] == edges
    assert checkpoints.newest().size == 3
    signed = drain()
    assert signed is not None
    assert signed.size == 5


def test_a_step_may_not_be_part_of_something_larger() -> None:
    write(1)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(using="sequencer"):
        sequencer.step(at=timezone.now())
    drain()


# --- forks


@pytest.fixture
def grown() -> Checkpoint:
    write(3)
    signed = drain()
    assert signed is not None
    return signed


def refused_as_fork() -> str:
    before = indexes()
    newest = Checkpoint.objects.count()
    with pytest.raises(checkpoints.Forked) as caught:
        sequencer.step(at=timezone.now())
    assert (indexes(), Checkpoint.objects.count()) == (before, newest)
    assert PendingEntry.objects.exists()
    return str(caught.value)


def test_the_copy_outside_follows_and_never_goes_back(grown: Checkpoint) -> None:
    file = configured.LEDGER_CHECKPOINT_FILE
    assert file.read_text() == grown.note
    write(1)
    newer = drain()
    assert newer is not None
    assert file.read_text() == newer.note
    checkpoints.publish(grown)
    assert file.read_text() == newer.note


def test_a_copy_that_is_newer_stops_the_signing(grown: Checkpoint) -> None:
    """As after the restoration of an old backup."""
    ahead = checkpoints.sign(size=9, root=bytes(grown.root))
    configured.LEDGER_CHECKPOINT_FILE.write_text(ahead)
    write(1)
    assert "size 9" in refused_as_fork()
    configured.LEDGER_CHECKPOINT_FILE.write_text(grown.note)
    assert drain() is not None


def test_a_copy_with_another_root_stops_the_signing(grown: Checkpoint) -> None:
    configured.LEDGER_CHECKPOINT_FILE.write_text(checkpoints.sign(size=3, root=bytes(32)))
    write(1)
    assert "size 3" in refused_as_fork()
    configured.LEDGER_CHECKPOINT_FILE.write_text(grown.note)
    assert drain() is not None


def test_a_copy_of_a_size_that_was_never_signed_stops_the_signing(grown: Checkpoint) -> None:
    configured.LEDGER_CHECKPOINT_FILE.write_text(checkpoints.sign(size=2, root=bytes(grown.root)))
    write(1)
    assert "size 2" in refused_as_fork()
    configured.LEDGER_CHECKPOINT_FILE.unlink()
    assert drain() is not None


@pytest.mark.parametrize("text", ["", "nonsense", "{note}x", "cut"])
def test_a_copy_that_is_not_ours_stops_the_signing(text: str, grown: Checkpoint) -> None:
    given = grown.note[:-30] if text == "cut" else text.replace("{note}", grown.note)
    configured.LEDGER_CHECKPOINT_FILE.write_text(given)
    write(1)
    with pytest.raises((notes.NotANote, notes.SignatureFails, notes.NotSigned, notes.NotACheckpoint)):
        sequencer.step(at=timezone.now())
    assert indexes() == [0, 1, 2]
    configured.LEDGER_CHECKPOINT_FILE.write_text(grown.note)
    assert drain() is not None


def test_an_emptied_database_does_not_begin_anew(grown: Checkpoint) -> None:
    call_command("flush", verbosity=0, interactive=False)
    write(1)
    assert "size 3" in refused_as_fork()
    configured.LEDGER_CHECKPOINT_FILE.unlink()
    drain()


def test_a_copy_that_lags_behind_is_caught_up(grown: Checkpoint) -> None:
    """As after a crash between the commit and the copy."""
    write(1)
    drain()
    configured.LEDGER_CHECKPOINT_FILE.write_text(grown.note)
    write(1)
    signed = drain()
    assert signed is not None
    assert configured.LEDGER_CHECKPOINT_FILE.read_text() == signed.note


# --- proofs


@pytest.mark.slow
def test_every_proof_holds_around_full_tiles() -> None:
    log = checkpoints.signer().verifier
    heads: list[Checkpoint] = []
    size = 0
    for wanted in (1, 2, 3, 255, 256, 257, 258, 511, 512, 513):
        write(wanted - size)
        signed = drain()
        assert signed is not None
        assert signed.size == wanted
        size = wanted
        heads.append(signed)
        newest, tiles = sequencer.tree()
        for index in sorted({0, 1, wanted // 2, 254, 255, 256, 257, 511, wanted - 1}):
            if index >= wanted:
                continue
            leaf = Leaf.objects.select_related("entry").get(index=index)
            text = report.receipt(leaf.entry)
            receipt = receipts.Receipt.from_text(text)
            assert receipts.verify(receipt, bytes(leaf.entry.body), log).size == wanted
            proved = sequencer.prove(leaf)
            assert (proved.checkpoint.size, proved.proof) == (wanted, receipt.proof)
        for head in heads:
            merkle.verify_consistency(
                old_size=head.size,
                size=newest.size,
                proof=merkle.consistency_proof(head.size, newest.size, tiles),
                old_root=bytes(head.root),
                root=bytes(newest.root),
            )
    assert list(Tile.objects.order_by("number").values_list("level", "number")) == [(0, 0), (0, 1)]
    assert all(len(bytes(tile.data)) == 8192 for tile in Tile.objects.all())
    assert [len(bytes(edge.data)) // 32 for edge in Edge.objects.order_by("level")] == [1, 2]


@pytest.mark.slow
def test_a_batch_may_reach_over_full_tiles() -> None:
    write(2)
    drain()
    with transaction.atomic():
        from ledger import log
        from rights import parties

        for number in range(600):
            staged = parties.stage(id=uuid4(), kind=PartyKind.COMPANY, name=str(number))
            party = parties.register(staged, at=timezone.now())
            log.append(Entry.Kind.PARTY_REGISTERED, party, {}, at=timezone.now())
    signed = drain()
    assert signed is not None
    assert (signed.size, Tile.objects.count()) == (602, 2)
    newest, tiles = sequencer.tree()
    assert bytes(newest.root) == merkle.root(602, tiles)
