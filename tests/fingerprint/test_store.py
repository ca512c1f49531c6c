"""The store of audio …"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, storages

from fingerprint import store
from fingerprint.store import BytesChanged, NoSuchAudio

CONTENT = b"some sound" * 100_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
UNKNOWN = "0" * 64


@pytest.fixture(params=["folder", "elsewhere"], autouse=True)
def place(request: pytest.FixtureRequest, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, or a storage whose files have no paths, as an object store's have none."""
    folder = tmp_path / "store"
    settings.STORAGES = {
        **settings.STORAGES,
        "audio": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder)},
        },
    }
    if request.param == "elsewhere":
        memory = InMemoryStorage()
        monkeypatch.setattr(type(storages), "__getitem__", lambda self, alias: memory)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(CONTENT)
    return path


def test_gives_back_what_was_put_in(source: Path) -> None:
    assert store.put(source) == DIGEST
    with store.open(DIGEST) as file:
        assert file.read() == CONTENT
    with store.local(DIGEST) as path:
        assert path.read_bytes() == CONTENT
    assert source.exists()


def test_takes_the_same_bytes_again(source: Path, place: Path) -> None:
    assert store.put(source) == store.put(source)
    if place.exists():
        assert [path.name for path in place.rglob("*") if path.is_file()] == [DIGEST]


def test_sorts_by_the_beginning_of_the_digest(source: Path, place: Path) -> None:
    store.put(source)
    if place.exists():
        assert (place / DIGEST[:2] / DIGEST[2:4] / DIGEST).read_bytes() == CONTENT


def test_leaves_nothing_behind_when_it_fails(source: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("fingerprint.store.shutil.copyfileobj", full)
    monkeypatch.setattr(InMemoryStorage, "_save", full)
    with pytest.raises(OSError, match="No space left"):
        store.put(source)
    monkeypatch.undo()
    assert not [path for path in place.rglob("*") if path.is_file()]


def test_says_what_it_does_not_have() -> None:
    with pytest.raises(NoSuchAudio):
        store.open(UNKNOWN)
    with pytest.raises(NoSuchAudio), store.local(UNKNOWN):
        pass


def test_notices_bytes_that_changed(source: Path) -> None:
    store.put(source)
    store.check(DIGEST)
    storage = storages["audio"]
    name = f"{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST}"
    storage.delete(name)
    storage.save(name, ContentFile(CONTENT[:-1] + b"!"))
    with pytest.raises(BytesChanged):
        store.check(DIGEST)
    with pytest.raises(NoSuchAudio):
        store.check(UNKNOWN)


def test_removes_what_was_begun_long_ago_and_nothing_else(source: Path, place: Path) -> None:
    store.put(source)
    if not place.exists():
        assert store.discard_unfinished(stored_before=datetime.now(UTC)) == 0
        return
    begun, fresh = place / "ab" / ".incoming-old", place / "ab" / ".incoming-new"
    begun.parent.mkdir(exist_ok=True)
    for path in (begun, fresh):
        path.write_bytes(b"half")
    os.utime(begun, (0, 0))
    assert store.discard_unfinished(stored_before=datetime.now(UTC) - timedelta(days=1)) == 1
    assert not begun.exists()
    assert fresh.exists()
    assert store.holds(DIGEST)
