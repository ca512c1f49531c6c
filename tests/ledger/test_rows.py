"""Which rows an entry vouches for …"""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ledger import canonical, people, registration, rows
from ledger.log import SUBJECT_OF
from ledger.models import SUBJECTS, Entry
from rights.models import Party
from rights.vocabulary import PartyKind
from tests import guards


@pytest.mark.parametrize("model", rows.COLUMNS, ids=lambda model: model._meta.db_table)
def test_the_newest_version_has_every_column(model: Any) -> None:
    newest = rows.COLUMNS[model][-1]
    assert set(newest) == {field.attname for field in model._meta.concrete_fields if not field.generated}
    assert len(newest) == len(set(newest))
    assert newest[0] == model._meta.pk.attname


@pytest.mark.parametrize("model", rows.COLUMNS, ids=lambda model: model._meta.db_table)
def test_a_version_only_adds_columns(model: Any) -> None:
    versions = rows.COLUMNS[model]
    for older, newer in pairwise(versions):
        assert set(older) < set(newer)


def test_what_may_not_change_is_vouched_for() -> None:
    assert {model._meta.db_table for model in rows.COLUMNS} | {"ledger_entry"} == set(guards.VOUCHED)
    assert len(guards.VOUCHED) == len(set(guards.VOUCHED))


def test_what_is_vouched_for_is_looked_for_when_nothing_vouches() -> None:
    assert set(rows._ORPHANS) == set(rows.COLUMNS)


def test_every_kind_covers_its_subject() -> None:
    assert set(rows.COVERED) == set(Entry.Kind)
    covered = [one.model for brought in rows.COVERED.values() for one in brought]
    assert set(covered) == set(rows.COLUMNS)
    assert {model._meta.db_table for model in covered} >= set(SUBJECT_OF)
    assert sorted(SUBJECT_OF.values()) == sorted(SUBJECTS)


def test_nothing_that_can_be_erased_is_vouched_for() -> None:
    assert set(guards.ERASABLE).isdisjoint(model._meta.db_table for model in rows.COLUMNS)
    erasable = (
        "rights.PartyIdentity",
        "rights.NameToken",
        "rights.PartyContact",
        "rights.VoiceTemplate",
        "ledger.ImportProblem",
        "ledger.ImportNote",
    )
    assert {apps.get_model(name)._meta.db_table for name in erasable} == set(guards.ERASABLE)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        ("Åska", "Åska"),
        (0, 0),
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (-(2**53) + 1, -(2**53) + 1),
        (-(2**53), "-9007199254740992"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01T12:00:00.000000Z"),
        (b"\x00\xff", "00ff"),
        (memoryview(b"\x01"), "01"),
        ([], []),
        (["DE", "FR"], ["DE", "FR"]),
        ([UUID(int=1), 2**60], ["00000000-0000-0000-0000-000000000001", "1152921504606846976"]),
    ],
)
def test_a_column_has_one_form(value: object, plain: object) -> None:
    found = rows._plain(value)
    assert (found, type(found)) == (plain, type(plain))


@pytest.mark.parametrize("value", [1.0, 1j, {"a": 1}, {1}, object()])
def test_a_column_of_no_known_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no canonical form"):
        rows._plain(value)


def a_party() -> Party:
    return people.register_party(id=uuid4(), kind=PartyKind.PERSON, name="Somebody", at=timezone.now())


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_an_entry_carries_the_digest_of_the_rows_bytes() -> None:
    party = a_party()
    [group] = rows.collect("party_registered", party.id)
    entry = canonical.read(bytes(Entry.objects.get(party=party).body))
    assert entry.rows == (group.vouched,)
    assert group.vouched.digest == sha256(group.bytes).hexdigest()
    assert (group.table, group.version, group.vouched.count) == ("rights_party", 2, 1)
    assert group.documents == (
        {
            "id": str(party.id),
            "kind": "person",
            "commitment": bytes(party.commitment).hex(),
            "registered_at": canonical.timestamp(party.registered_at),
            "registrar_id": None,
        },
    )


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_an_old_entry_is_checked_under_its_own_version(monkeypatch: pytest.MonkeyPatch) -> None:
    party = a_party()
    before = rows.collect("party_registered", party.id)
    # As a migration would do that adds a column: the versions that there were stay as they are.
    first, second = rows.COLUMNS[Party]
    monkeypatch.setattr(rows, "COLUMNS", rows.COLUMNS | {Party: (first[:2], first, second)})
    versions = [rows.collect("party_registered", party.id, versions={"rights_party": number}) for number in (1, 2)]
    [[oldest], [old]] = versions
    [new] = rows.collect("party_registered", party.id)
    assert (oldest.version, list(oldest.documents[0])) == (1, ["id", "kind"])
    assert (old.version, list(old.documents[0])) == (2, list(first))
    assert (new.version, new.documents) == (3, before[0].documents)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_audio_is_looked_for_where_there_is_some(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = registration.register_recording(
        id=uuid4(), title="Without", isrc=None, works=[], audio_path=None, media_type=None, at=timezone.now()
    )
    entry = canonical.read(bytes(Entry.objects.get(recording=plain).body))
    with CaptureQueriesContext(connection) as asked:
        found = rows.collect("recording_registered", plain.pk)
    assert [group.table for group in found] == ["rights_recording"]
    assert not any("fingerprint_" in query["sql"] for query in asked)
    monkeypatch.setattr(rows, "WITH_AUDIO", frozenset())
    assert rows.collect("recording_registered", plain.pk) == found
    assert entry.rows == tuple(group.vouched for group in found)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_subject_that_is_not_there_has_no_rows() -> None:
    assert [rows.collect(kind, uuid4()) for kind in Entry.Kind] == [()] * len(Entry.Kind)
    assert rows.uncovered() == {}
