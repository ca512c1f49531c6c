"""Splits as rows: what a decision was divided by, read back as it was promised."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, connection, connections, transaction
from django.utils import timezone

from ledger import clearance
from rights.models import Decision
from royalties import splits
from royalties.apportion import DoesNotAddUp
from royalties.models import Split
from tests.faults import world

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "sequencer"])


@pytest.fixture
def decision(tmp_path: Path) -> Decision:
    """The decision of an output that was cleared."""
    sounds = world.sounds(tmp_path)
    world.register(sounds.song)
    submission_id = world.submit(sounds.output)
    clearance.clear(submission_id=submission_id, at=timezone.now())
    return Decision.objects.get(submission=submission_id)


def test_are_read_as_they_were_recorded(decision: Decision) -> None:
    found = splits.of(decision.id)
    assert found is not None
    (zone,) = found.zones
    assert {
        part.leaf.partition("/")[0] if part.leaf.startswith(("COMM", "HC")) else part.party_id: part.part
        for part in zone.parts
    } == {
        "COMM": Fraction(3, 20),
        "HC": Fraction(51, 200),
        world.key("label"): Fraction(119, 400),
        world.key("publisher"): Fraction(119, 600),
        world.key("writer"): Fraction(119, 1200),
    }
    # The log names them by the digest of what is read back.
    entry = decision.entries.get()
    assert f'"splits":"sha256:{found.digest}"' in bytes(entry.body).decode()


def test_are_none_where_nothing_was_cleared(decision: Decision) -> None:
    assert splits.of(uuid4()) is None


def test_refuse_rows_that_were_changed_behind_the_logs_back(decision: Decision) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE royalties_split DISABLE TRIGGER royalties_split_is_append_only")
        cursor.execute("UPDATE royalties_split SET numerator = numerator + 1 WHERE leaf = 'COMM'")
        cursor.execute("ALTER TABLE royalties_split ENABLE ALWAYS TRIGGER royalties_split_is_append_only")
    with pytest.raises(DoesNotAddUp):
        splits.of(decision.id)


def test_are_not_added_to_once_they_are_logged(decision: Decision) -> None:
    row = Split.objects.filter(decision=decision, leaf="COMM").get()
    row.pk, row.leaf = uuid4(), "COMM/again"
    with pytest.raises(IntegrityError, match="commits with its entry"), transaction.atomic():
        Split.objects.bulk_create([row])


def test_are_whole_or_not_committed(decision: Decision) -> None:
    row = Split.objects.filter(decision=decision, leaf="COMM").get()
    row.pk, row.leaf = uuid4(), "COMM/again"

    def add() -> None:
        with transaction.atomic(using="owner"):
            # Without the guard before it, so that this one is heard.
            with connections["owner"].cursor() as cursor:
                cursor.execute("ALTER TABLE royalties_split DISABLE TRIGGER royalties_split_has_its_entry")
            Split.objects.using("owner").bulk_create([row])

    with pytest.raises(IntegrityError, match="add up to 23/20, not to the whole"):
        add()


@pytest.mark.parametrize("sql", ["UPDATE royalties_split SET numerator = 1", "DELETE FROM royalties_split"])
def test_are_never_changed(decision: Decision, sql: str) -> None:
    for refused in (lambda: connection.cursor().execute(sql), Split.objects.all().delete):
        with pytest.raises(ProgrammingError, match="permission denied"):
            refused()


def test_take_no_plan_that_is_not_a_part() -> None:
    for part in (Fraction(-1, 2), Fraction(3, 2)):
        with pytest.raises(splits.NotAPart):
            splits.record_plan(
                license_id=uuid4(), commission=part, creators=Fraction(0), masters=Fraction(0), at=timezone.now()
            )
