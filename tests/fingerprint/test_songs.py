"""The songs of references …"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock
from uuid import UUID

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction

from fingerprint import embedding, examine, index, melody, references, songs, store
from fingerprint.audio import AudioFacts, probe
from fingerprint.evidence import VERSION_MATCH
from fingerprint.melody import RATE_HZ
from fingerprint.models import Embedding, Melody, Reference
from fingerprint.versions import HeldSongs, VersionsListener, candidates
from tests.fingerprint.sounds import LIMITS, wav
from tests.fingerprint.tunes import composed, played

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BARS = 36

Write = Callable[[bytes], Path]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.STORAGES = {
        **settings.STORAGES,
        "audio": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "store")},
        },
    }
    settings.FINGERPRINT_INDEX = tmp_path / "index"
    index.forget()
    yield
    index.forget()


def id_of(number: int) -> UUID:
    return UUID(int=number + 1)


def taken_in(path: Path) -> AudioFacts:
    facts = probe(path, declared_media_type=None, limits=LIMITS)
    store.put(path)
    return facts


def enrolled(write: Write, number: int, *, heard: bool = True) -> Reference:
    facts = taken_in(write(wav(played(composed(number, bars=BARS)), rate=RATE_HZ)))
    return references.enroll(
        reference_id=id_of(number),
        facts=facts,
        fingerprint=examine.fingerprint(facts),
        song=songs.hear(facts) if heard else None,
        at=AT,
    )


def test_are_found_again_in_an_output(write: Write) -> None:
    for number in range(3):
        enrolled(write, number)
    output = taken_in(write(wav(played(composed(1, bars=BARS), up=-2, beats_a_minute=130), rate=RATE_HZ)))
    evidence = examine.examine(output)
    (match,) = evidence.of_kind(VERSION_MATCH)
    assert match.reference_id == id_of(1)
    assert match.pitch_shift_cents == pytest.approx(-200, abs=10)
    (detector,) = [detector for detector in evidence.detectors if detector.kind == VERSION_MATCH]
    assert detector.index_size == 3
    assert detector.index_snapshot == songs.current().snapshot
    assert examine.examine(output).to_bytes() == evidence.to_bytes()


def test_are_in_the_database_what_they_are_in_memory(write: Write) -> None:
    for number in range(5):
        enrolled(write, number)
    kept = songs.current()
    ids = [id_of(number) for number in range(5)]
    melodies = kept.melodies(ids)
    assert list(melodies) == ids
    held = HeldSongs(melodies, {id: embedding.windows(one) for id, one in melodies.items()})
    assert (kept.snapshot, len(kept)) == (held.snapshot, len(held))
    asked = embedding.windows(melody.of(played(composed(3, bars=BARS), up=4)))
    for side in embedding.SIDES:
        vectors = np.stack([window.vector for window in asked if window.side == side])
        assert kept.nearest(side, vectors, 7) == held.nearest(side, vectors, 7)
    assert candidates(kept, asked) == candidates(held, asked)
    assert candidates(kept, asked)[0] == id_of(3)
    listener, other = VersionsListener(kept), VersionsListener(held)
    for one in (listener, other):
        one.feed(played(composed(3, bars=BARS), up=4))
    assert listener.search() == other.search()


def test_are_named_anew_when_something_is_enrolled(write: Write) -> None:
    empty = songs.current()
    enrolled(write, 0)
    one = songs.current()
    enrolled(write, 1)
    two = songs.current()
    assert [len(each) for each in (empty, one, two)] == [0, 1, 2]
    assert len({each.snapshot for each in (empty, one, two)}) == 3
    index.forget()
    assert songs.current().snapshot == two.snapshot


def test_are_what_they_were_when_they_had_a_name(write: Write) -> None:
    none = songs.current()
    for number in range(2):
        enrolled(write, number)
    two = songs.current()
    asked = embedding.windows(melody.of(played(composed(2, bars=BARS))))
    before = candidates(two, asked)
    enrolled(write, 2)
    assert candidates(songs.current(), asked)[0] == id_of(2)
    then = songs.as_at(two.snapshot)
    assert (then.snapshot, len(then)) == (two.snapshot, 2)
    assert candidates(then, asked) == before
    assert len(songs.as_at(none.snapshot)) == 0
    assert candidates(songs.as_at(none.snapshot), asked) == []
    with pytest.raises(songs.SnapshotLost, match="no songs of this name"):
        songs.as_at("0" * 64)


def test_are_noticed_when_they_came_late(write: Write) -> None:
    """A transaction that took its number first may be seen last."""
    first, late = enrolled(write, 0), enrolled(write, 1, heard=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('fingerprint_melody_id_seq')")
        (number,) = cursor.fetchone()
    enrolled(write, 2)
    before = songs.current()
    song = songs.hear(references.facts_of(late.audio))
    Melody.objects.create(id=number, reference=late, algorithm=melody.ALGORITHM, data=song.melody.to_bytes())
    Embedding.objects.bulk_create(
        Embedding(reference=late, algorithm=one.algorithm, start_ms=one.start_ms, end_ms=one.end_ms, vector=one.vector)
        for one in song.windows
    )
    whole = songs.current()
    assert (len(before), len(whole)) == (2, 3)
    assert candidates(whole, song.windows)[0] == late.id
    assert late.id not in candidates(before, song.windows)  # what an examination began with is what it ends with
    index.rebuild(songs.FAMILY)
    assert songs.current().snapshot == whole.snapshot
    with pytest.raises(songs.SnapshotLost):
        songs.as_at(before.snapshot)
    assert first.id in candidates(whole, song.windows)


def test_can_be_added_later_and_once(write: Write) -> None:
    heard, unheard = enrolled(write, 0), enrolled(write, 1, heard=False)
    assert list(songs.unheard()) == [unheard]
    with pytest.raises(IntegrityError, match="one_melody_per_reference_and_algorithm"), transaction.atomic():
        songs.keep(heard.id, songs.hear(references.facts_of(heard.audio)))
    assert Embedding.objects.filter(reference=heard, algorithm="net-1/lead").count() == 3


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_are_heard_by_a_command(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    unheard = enrolled(write, 1, heard=False)
    call_command("hear_references")
    assert capsys.readouterr().out == "1 heard\n"
    assert Melody.objects.get().reference == unheard
    snapshot = songs.current().snapshot
    call_command("hear_references")
    assert capsys.readouterr().out == "0 heard\n"
    assert songs.current().snapshot == snapshot

    lost = enrolled(write, 2, heard=False)
    Path(store._storage().path(store._name(lost.audio_id))).unlink()
    with pytest.raises(CommandError, match="1 could not be heard"):
        call_command("hear_references")
    assert str(lost.id) in capsys.readouterr().err


@pytest.mark.parametrize("table", ["fingerprint_melody", "fingerprint_embedding"])
def test_are_never_changed(write: Write, table: str) -> None:
    enrolled(write, 0)
    for statement in (f"UPDATE {table} SET algorithm = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(Exception, match=r"permission denied|append-only"), transaction.atomic():
            connection.cursor().execute(statement)


@pytest.mark.parametrize("found", [None, ("0.6.2",)])
def test_need_pgvector_and_say_how_to_get_it(found: tuple[str] | None) -> None:
    migration = importlib.import_module("fingerprint.migrations.0003_melodies_and_embeddings")

    database = MagicMock()  # one without it, or with an old one
    database.connection.cursor.return_value.__enter__.return_value.fetchone.return_value = found
    with pytest.raises(migration.NoVectors, match="CREATE EXTENSION vector"):
        migration.need_vectors(None, database)
