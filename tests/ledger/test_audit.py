"""The audit of a large log, and of one under way. What it says of changed rows: ``tests/flows/test_log.py``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connections, transaction
from django.test import override_settings
from django.utils import timezone

from ledger import audit, log, merkle, people, receipts, report, sequencer
from ledger.audit import Fault
from ledger.checkpoints import signer
from ledger.models import Entry, Leaf, PendingEntry
from rights import parties
from rights.models import Party
from rights.vocabulary import PartyKind
from tests.flows.conftest import changed, tampering

SIZE = 600


@pytest.fixture(scope="module")
def large(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A log with two full tiles and an unfinished one."""
    file = tmp_path_factory.mktemp("audit") / "newest-checkpoint"
    with django_db_blocker.unblock(), override_settings(LEDGER_CHECKPOINT_FILE=file):
        with transaction.atomic():
            for number in range(SIZE):
                staged = parties.stage(id=uuid4(), kind=PartyKind.COMPANY, name=str(number))
                party = parties.register(staged, at=timezone.now())
                log.append(Entry.Kind.PARTY_REGISTERED, party, {}, at=timezone.now())
        while sequencer.step(at=timezone.now(), batch=250):
            pass
        yield
        call_command("flush", verbosity=0, interactive=False)


def faults() -> list[str]:
    return [fault.sentence for fault in audit.audit().faults]


def test_a_large_log_holds(large: None) -> None:
    assert audit.audit() == audit.Audit(entries=SIZE, pending=0, checkpoints=3, faults=())


def test_a_changed_tile_is_named_and_its_proofs_fail(large: None) -> None:
    leaf = Leaf.objects.select_related("entry").get(index=300)
    statement = "UPDATE ledger_tile SET data = sha256('x') || substr(data, 33) WHERE level = 0 AND number = 1"
    with changed(statement, "ledger_tile"):
        assert faults() == ["Tile 0/1 does not follow from the entries."]
        receipt = receipts.Receipt.from_text(report.receipt(leaf.entry))
        with pytest.raises(merkle.NotIncluded):
            receipts.verify(receipt, bytes(leaf.entry.body), signer().verifier)
    receipts.verify(receipts.Receipt.from_text(report.receipt(leaf.entry)), bytes(leaf.entry.body), signer().verifier)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM ledger_tile WHERE number = 0", "Tile 0/0 does not follow from the entries."),
        ("UPDATE ledger_tile SET number = 7 WHERE number = 0", "Tile 0/7 does not follow from the entries."),
        ("UPDATE ledger_tile SET level = 1 WHERE number = 0", "Tile 1/0 does not follow from the entries."),
    ],
)
def test_a_tile_out_of_place_is_named(statement: str, said: str, large: None) -> None:
    with changed(statement, "ledger_tile"):
        assert said in faults()


def test_each_missing_entry_is_named(large: None) -> None:
    with changed("DELETE FROM ledger_leaf WHERE index IN (0, 255, 256)", "ledger_leaf"):
        found = audit.audit().faults
    missing = [fault for fault in found if "is missing" in fault.sentence]
    assert missing == [Fault(index, f"Entry {index} is missing: the log has a gap there.") for index in (0, 255, 256)]


def test_two_entries_that_changed_places_are_named(large: None) -> None:
    with tampering("ledger_leaf") as cursor:
        for old, new in ((10, 9999), (11, 10), (9999, 11)):
            cursor.execute("UPDATE ledger_leaf SET index = %s WHERE index = %s", (new, old))
        found = faults()
    # Their own hashes fit; no root and no tile does.
    assert found[:1] == ["The checkpoint of size 250 names a root that does not follow from the entries."]
    assert "Tile 0/0 does not follow from the entries." in found


def test_a_row_that_nothing_vouches_for_is_counted(large: None) -> None:
    own, *columns = [str(field.column) for field in Party._meta.concrete_fields]
    listed = ", ".join(columns)
    statement = (
        f"INSERT INTO rights_party ({own}, {listed}) SELECT gen_random_uuid(), {listed} FROM rights_party LIMIT 3"
    )
    with changed(statement, "rights_party"):
        assert faults() == ["3 row(s) of rights_party have no entry: they were put in behind the log's back."]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_log_that_grows_meanwhile_holds() -> None:
    """What an audit reads is of one moment."""
    over, failures = threading.Event(), list[str]()

    def write() -> None:
        try:
            for number in range(120):
                people.register_party(id=uuid4(), kind=PartyKind.PERSON, name=str(number), at=timezone.now())
        finally:
            over.set()
            connections.close_all()

    def sequence() -> None:
        try:
            while not over.is_set():
                sequencer.step(at=timezone.now(), batch=5)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write), threading.Thread(target=sequence)]
    for thread in threads:
        thread.start()
    while not over.is_set():
        failures += faults()
    for thread in threads:
        thread.join()
    sequencer.drain(at=timezone.now())
    assert failures + faults() == []


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_an_empty_log_holds() -> None:
    assert audit.audit() == audit.Audit(entries=0, pending=0, checkpoints=0, faults=())


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_what_is_on_its_way_is_checked_too(tmp_path: Path) -> None:
    party = people.register_party(id=uuid4(), kind=PartyKind.PERSON, name="A", at=timezone.now())
    assert audit.audit() == audit.Audit(entries=0, pending=1, checkpoints=0, faults=())
    entry = Entry.objects.get(party=party)
    with changed("UPDATE rights_party SET registered_at = registered_at - interval '1 day'", "rights_party"):
        assert faults() == [
            f"The pending entry {entry.id} (party_registered): the rows of rights_party are not those that were logged."
        ]
    with changed("DELETE FROM ledger_pendingentry", "ledger_pendingentry"):
        assert faults() == ["1 entries are neither in the tree nor on their way to it."]
    assert PendingEntry.objects.count() == 1
    sequencer.drain(at=timezone.now())
    assert audit.audit() == audit.Audit(entries=1, pending=0, checkpoints=1, faults=())
