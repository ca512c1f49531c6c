"""The index of what is registered …"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.db import connections, transaction

from fingerprint import extract, index
from fingerprint.index import CHROMAPRINT
from fingerprint.models import Audio, Fingerprint, IndexSnapshot, Reference
from fingerprint.postings import Index
from fingerprint.segments import Damaged, Folder, View

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALPHABET = np.random.default_rng(20_261_129).integers(0, 1 << 32, 60, dtype=np.uint32)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.FINGERPRINT_INDEX = tmp_path / "index"
    yield tmp_path / "index" / "chromaprint-2"
    index.forget()


def items(seed: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    return ALPHABET[chance.integers(0, ALPHABET.size, 50)]


def audio() -> Audio:
    facts = {"media_type": "audio/wav", "codec": "pcm_s16le", "size_bytes": 1, "duration_ms": 1}
    return Audio.objects.get_or_create(
        digest="0" * 64, defaults={**facts, "sample_rate_hz": 8_000, "channels": 1, "received_at": AT}
    )[0]


def enroll(seed: int, *, id: UUID | None = None, row: int | None = None, at: datetime = AT) -> UUID:
    reference = Reference.objects.create(id=id or uuid4(), audio=audio(), enrolled_at=at)
    Fingerprint.objects.create(
        id=row, reference=reference, algorithm=extract.FAMILY + "1.5.1", data=items(seed).astype("<u4").tobytes()
    )
    return reference.pk


def expected() -> Index:
    rows = Fingerprint.objects.filter(algorithm__startswith=extract.FAMILY).order_by("id")
    last = {reference_id: bytes(data) for reference_id, data in rows.values_list("reference_id", "data")}
    return Index.of(last.items(), CHROMAPRINT)


def holds_what_the_table_holds(view: View) -> None:
    memory = expected()
    assert view.snapshot == memory.snapshot
    assert set(view.ids()) == set(memory.ids())
    assert view.count(ALPHABET).tolist() == memory.count(ALPHABET).tolist()


# --- in step with the table


@pytest.mark.django_db
def test_grows_with_the_table() -> None:
    assert len(index.current()) == 0
    for seed in range(7):
        enroll(seed)
        holds_what_the_table_holds(index.current())
    assert index.current() is index.current()


@pytest.mark.django_db
def test_is_the_same_for_every_process(files: Path) -> None:
    ids = {enroll(seed) for seed in range(5)}
    first = index.current()
    written = {path.name: path.stat().st_mtime_ns for path in files.glob("*.seg")}
    index.forget()  # as a new process begins
    second = index.current()
    assert second is not first
    assert set(second.ids()) == ids
    assert {path.name: path.stat().st_mtime_ns for path in files.glob("*.seg")} == written


@pytest.mark.django_db
def test_holds_what_was_committed_late() -> None:
    """A number is given when a row is inserted, and the row is seen when it is committed."""
    enroll(1, row=1_000_001)
    enroll(2, row=1_000_005)
    before = index.current()
    enroll(3, row=1_000_003)
    now = index.current()
    holds_what_the_table_holds(now)
    assert len(now) == 3
    assert index.as_at(before.snapshot).snapshot == before.snapshot


@pytest.mark.django_db
def test_begins_anew_with_an_emptied_table() -> None:
    before = index.current()
    with transaction.atomic():
        for seed in range(4):
            enroll(seed)
        assert len(index.current()) == 4
        transaction.set_rollback(True)
    assert len(index.current()) == 0
    assert index.current().snapshot == before.snapshot
    enroll(9)
    holds_what_the_table_holds(index.current())


@pytest.mark.django_db
def test_is_not_deceived_by_a_restored_table_with_as_many_rows() -> None:
    """Restored to an earlier day and used since: the same numbers, as many of them, and other references."""
    with transaction.atomic():
        for row in (2_000_001, 2_000_002, 2_000_003):
            enroll(row, row=row)
        index.current()
        transaction.set_rollback(True)
    for row in (2_000_001, 2_000_002, 2_000_003):
        enroll(row + 50, row=row)
    index.forget()
    holds_what_the_table_holds(index.current())


@pytest.mark.django_db
def test_takes_the_last_fingerprint_of_a_reference() -> None:
    ids = [enroll(seed) for seed in range(5)]
    index.current()
    for release, seed in (("1.6.0", 70), ("1.7.0", 71)):
        data = items(seed).astype("<u4").tobytes()
        Fingerprint.objects.create(reference_id=ids[2], algorithm=extract.FAMILY + release, data=data)
        if seed == 70:
            holds_what_the_table_holds(index.current())
    holds_what_the_table_holds(index.current())
    index.tidy()
    holds_what_the_table_holds(index.current())
    index.forget()
    holds_what_the_table_holds(index.current())
    # Put in at once, from nothing.
    for path in (index._folder(CHROMAPRINT).folder.path).glob("*"):
        if path.is_file():
            path.unlink()
    index.forget()
    holds_what_the_table_holds(index.current())


@pytest.mark.django_db
def test_is_made_in_portions(monkeypatch: pytest.MonkeyPatch, files: Path) -> None:
    for seed in range(30):
        enroll(seed)
    monkeypatch.setattr(index, "AT_ONCE", 200)
    monkeypatch.setattr(index, "SOON", 0)
    view = index.current()
    holds_what_the_table_holds(view)
    assert len(view.segments) >= 6
    assert index.tidy() >= 1
    holds_what_the_table_holds(index.current())
    assert len(index.current().segments) < len(view.segments)
    assert {path.name for path in files.glob("*.seg")} == {segment.name for segment in index.current().segments}


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["*.seg", "manifest"])
@pytest.mark.parametrize("how", ["removed", "cut", "changed"])
def test_is_repaired_from_the_table(what: str, how: str, files: Path) -> None:
    for seed in range(6):
        enroll(seed)
        index.current()
    index.forget()
    path = min(files.glob(what))
    if how == "removed":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        path.write_bytes(b"\0" + path.read_bytes()[1:])
    holds_what_the_table_holds(index.current())
    index.forget()
    holds_what_the_table_holds(index.current())


@pytest.mark.django_db
def test_is_verified_to_the_last_byte(files: Path) -> None:
    for seed in range(6):
        enroll(seed)
    segment = index.current().segments[0]
    assert index.verify(CHROMAPRINT) == []
    begin, size = segment._where["postings"]
    with (files / segment.name).open("r+b") as opened:
        opened.seek(begin + size - 1)
        opened.write(b"\x77")
    assert index.verify(CHROMAPRINT) == [segment.name]
    holds_what_the_table_holds(index.current())
    assert index.verify(CHROMAPRINT) == []


@pytest.mark.django_db
def test_is_repaired_after_a_search_came_upon_damage(files: Path) -> None:
    for seed in range(6):
        enroll(seed)
    view = index.current()
    segment = view.segments[0]
    begin, size = segment._where["postings"]
    with (files / segment.name).open("r+b") as opened:
        opened.seek(begin)
        opened.write(b"\xff" * size)
    with pytest.raises(Damaged):
        segment.places_at(np.arange(segment.postings))
    holds_what_the_table_holds(index.current())


@pytest.mark.django_db
def test_gives_up_on_a_disk_that_damages_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    enroll(1)

    def always(*_: object) -> None:
        raise Damaged("manifest", "again")

    monkeypatch.setattr(Folder, "read", always)
    with pytest.raises(Damaged, match="look at the disk"):
        index.current()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_several_threads_ask_at_once() -> None:
    for seed in range(5):
        enroll(seed)
    found: list[str] = []

    def ask() -> None:
        try:
            found.append(index.current().snapshot)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected().snapshot] * 4


# --- as it was, and what came since


@pytest.mark.django_db
def test_is_put_together_as_it_was() -> None:
    then: list[tuple[str, set[UUID]]] = []
    for seed in range(9):
        enroll(seed)
        view = index.current()
        then.append((view.snapshot, set(view.ids())))
        index.tidy()
    for snapshot, ids in then:
        view = index.as_at(snapshot)
        assert view.snapshot == snapshot
        assert set(view.ids()) == ids
        assert view.count(ALPHABET).sum() == sum(index.CHROMAPRINT.read(_data(id)).hashes.size for id in ids)
    assert IndexSnapshot.objects.count() == 9


def _data(id: UUID) -> bytes:
    return bytes(Fingerprint.objects.get(reference_id=id).data)


@pytest.mark.django_db
def test_says_what_came_since() -> None:
    first = [enroll(seed) for seed in range(3)]
    snapshot = index.current().snapshot
    assert list(index.since(snapshot)) == []
    assert list(index.delta(snapshot)) == []
    second = [enroll(seed) for seed in range(3, 6)]
    assert list(index.since(snapshot)) == second
    (delta,) = index.delta(snapshot)
    assert set(delta.ids()) == set(second)
    assert set(index.current().ids()) == {*first, *second}


@pytest.mark.django_db
def test_compares_what_came_since_in_bounded_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = index.current().snapshot
    ids = {enroll(seed) for seed in range(7)}
    monkeypatch.setattr(index, "DELTA", 3)
    portions = list(index.delta(snapshot))
    assert [len(portion) for portion in portions] == [3, 3, 1]
    assert {id for portion in portions for id in portion.ids()} == ids


@pytest.mark.django_db
def test_counts_as_new_what_was_committed_late() -> None:
    enroll(1, row=3_000_001)
    enroll(2, row=3_000_005)
    snapshot = index.current().snapshot
    late = enroll(3, row=3_000_003)
    assert list(index.since(snapshot)) == [late]


@pytest.mark.django_db
def test_does_not_pretend_to_be_what_it_cannot_be_any_more() -> None:
    id = enroll(1)
    snapshot = index.current().snapshot
    Fingerprint.objects.create(reference_id=id, algorithm=extract.FAMILY + "1.6.0", data=items(2).tobytes())
    with pytest.raises(index.SnapshotLost, match="another fingerprint"):
        index.as_at(snapshot)
    for ask in (index.as_at, index.since, lambda name: list(index.delta(name))):
        with pytest.raises(index.SnapshotLost, match="ever called"):
            ask("0" * 64)


@pytest.mark.django_db
def test_is_put_together_as_at_a_moment() -> None:
    first = enroll(1, at=AT)
    second = enroll(2, at=AT + timedelta(hours=1))
    enroll(3, at=AT + timedelta(hours=2))
    assert set(index.at(AT).ids()) == {first}
    assert set(index.at(AT + timedelta(hours=1)).ids()) == {first, second}
    assert len(index.at(AT - timedelta(microseconds=1))) == 0
