"""The log as static files: over HTTP and in a folder, the same tree, which others can check without us."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client, override_settings
from django.utils import timezone

from ledger import checkpoints, log, merkle, monitor, notes, publishing, sequencer
from ledger.models import Entry, Leaf
from ledger.publishing import Place
from rights import parties
from rights.vocabulary import PartyKind

SIZE = 600


def write(count: int) -> None:
    """Register so many parties in one transaction, and place them."""
    with transaction.atomic():
        for number in range(count):
            staged = parties.stage(id=uuid4(), kind=PartyKind.COMPANY, name=str(number))
            party = parties.register(staged, at=timezone.now())
            log.append(Entry.Kind.PARTY_REGISTERED, party, {}, at=timezone.now())
    while sequencer.step(at=timezone.now(), batch=250):
        pass


@pytest.fixture(scope="module")
def large(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A log with two full tiles and an unfinished one; it grows in the tests."""
    folder = tmp_path_factory.mktemp("published")
    with (
        django_db_blocker.unblock(),
        override_settings(LEDGER_CHECKPOINT_FILE=folder / "newest-checkpoint", LEDGER_PUBLISH_ENTRIES=False),
    ):
        write(SIZE)
        yield folder
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "log.vkey"
    file.write_text(checkpoints.public_keys().text)
    return file


def get(path: str, **headers: str) -> Any:
    return Client().get(path, headers=headers or None)


# --- Places ---


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("0/000", Place(0, 0, 256)),
        ("0/000.p/1", Place(0, 0, 1)),
        ("63/x001/x234/067.p/255", Place(63, 1234067, 255)),
        ("entries/x001/000", Place(None, 1000, 256)),
    ],
)
def test_a_path_names_a_place(path: str, place: Place) -> None:
    assert Place.from_path(path) == place
    assert place.path == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "0/0",
        "0/0000",
        "00/000",
        "64/000",
        "-1/000",
        "0/x000/001",  # 1 is 001
        "0/001/002",
        "0/000.p/0",
        "0/000.p/01",
        "0/000.p/256",
        "0/000.p/",
        "0/000/",
        "0/000.p/1/",
        "data/000",
        "0/../entries/000",
        "0/٠٠٠",
        "0/x999/x999/x999/x999/x999/x999/999",
    ],
)
def test_another_spelling_names_none(path: str) -> None:
    with pytest.raises(publishing.NoSuchTile):
        Place.from_path(path)


@pytest.mark.parametrize("old_size", [0, 1, 255, 256, 69_999, 70_000])
def test_what_has_to_be_written_is_what_the_specification_counts(old_size: int) -> None:
    places = list(publishing.places(old_size, 70_000, entries=True))
    full = [place for place in places if place.width == 256]
    assert [(place.level, place.n, place.width) for place in places if place not in full] == [
        (0, 273, 112), (1, 1, 17), (2, 0, 1), (None, 273, 112)
    ]  # fmt: skip
    assert sum(place.level == 0 for place in full) == 273 - old_size // 256
    assert sum(place.level is None for place in full) == 273 - old_size // 256
    assert sum(place.level == 1 for place in full) == 1 - old_size // 65_536


# --- Over HTTP ---


def test_the_tree_is_served_as_static_files(large: Path) -> None:
    head = get("/log/checkpoint")
    assert (head["Content-Type"], head["Cache-Control"]) == ("text/plain; charset=utf-8", "no-cache")
    said = notes.open_checkpoint(head.content.decode(), *checkpoints.public_keys())
    assert head.content == get("/v1/log/checkpoint").content
    fetched: dict[str, bytes] = {}

    def tiles(level: int, n: int) -> bytes:
        width = min(256, (said.size >> 8 * level) - n * 256)
        path = f"/log/{merkle.tile_path(str(level), n, width)}"
        answer = get(path)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/octet-stream")
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        fetched[path] = answer.content
        assert len(answer.content) == 32 * width
        return bytes(answer.content)

    assert merkle.root(said.size, tiles) == said.root
    assert "/log/tile/0/002.p/88" in fetched
    for older in (1, 88, 200):  # checkpoints of smaller trees were signed too
        assert get(f"/log/tile/0/001.p/{older}").content == tiles(0, 1)[: 32 * older]
    for path in ("0/002", "0/002.p/89", "0/003.p/1", "1/000", "1/000.p/3", "2/000.p/1", "9/000.p/1", "0/0", "x"):
        answer = get(f"/log/tile/{path}")
        assert (answer.status_code, answer["Cache-Control"]) == (404, "no-store"), path
    assert Client().post("/log/checkpoint").status_code == 405


def test_entries_are_public_only_where_the_operator_says_so(large: Path, settings: Any) -> None:
    for path in ("/log/tile/entries/000", "/log/tile/entries/000.p/3"):
        assert get(path).status_code == 404
    settings.LEDGER_PUBLISH_ENTRIES = True
    bodies = [bytes(leaf.entry.body) for leaf in Leaf.objects.select_related("entry").order_by("index")]
    plain, packed = get("/log/tile/entries/001"), get("/log/tile/entries/001", **{"Accept-Encoding": "gzip"})
    assert plain.content == merkle.entry_bundle(bodies[256:512]) == gzip.decompress(packed.content)
    assert (packed["Content-Encoding"], packed["Content-Length"]) == ("gzip", str(len(packed.content)))
    assert get("/log/tile/entries/002.p/88").content == merkle.entry_bundle(bodies[512:])
    assert get("/log/tile/entries/002").status_code == 404


def test_proofs_are_given_by_index_and_by_hash(large: Path) -> None:
    for index in (0, 255, 256, 599):
        leaf = Leaf.objects.get(index=index)
        by_index = get(f"/v1/log/proofs/inclusion?index={index}").json()
        by_hash = get(f"/v1/log/proofs/inclusion?hash={bytes(leaf.hash).hex()}").json()
        assert by_index == by_hash
        head = notes.open_checkpoint(by_index["checkpoint"], *checkpoints.public_keys())
        proof = [notes.from_base64(sibling) for sibling in by_index["proof"]]
        merkle.verify_inclusion(bytes(leaf.hash), index=index, size=head.size, proof=proof, root=head.root)
        older = get(f"/v1/log/proofs/inclusion?index={index}&size={index + 1}").json()
        assert (older["size"], older["checkpoint"]) == (index + 1, None)
    newest = checkpoints.newest()
    for old in (0, 250, 500, newest.size):
        said = get(f"/v1/log/proofs/consistency?old_size={old}").json()
        head = notes.open_checkpoint(said["checkpoint"], *checkpoints.public_keys())
        proof = [notes.from_base64(node) for node in said["proof"]]
        _, tiles = sequencer.tree()
        merkle.verify_consistency(
            old_size=old, size=head.size, proof=proof, old_root=merkle.root(old, tiles), root=head.root
        )
    assert get("/v1/log/proofs/consistency?old_size=3&size=7").json()["size"] == 7


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("inclusion", 400, "malformed"),
        ("inclusion?index=1&hash=" + "0" * 64, 400, "malformed"),
        ("inclusion?index=-1", 400, "malformed"),
        ("inclusion?index=x", 400, "malformed"),
        ("inclusion?hash=xyz", 400, "malformed"),
        ("inclusion?index=1000000", 404, "no_such_leaf"),
        ("inclusion?hash=" + "0" * 64, 404, "no_such_leaf"),
        ("inclusion?index=5&size=5", 404, "no_such_leaf"),
        ("inclusion?index=5&size=100000", 404, "no_such_tree"),
        ("consistency", 400, "malformed"),
        ("consistency?old_size=99999", 404, "no_such_tree"),
        ("consistency?old_size=9&size=8", 404, "no_such_tree"),
        ("consistency?old_size=9&size=99999", 404, "no_such_tree"),
    ],
)
def test_a_question_that_has_no_answer(query: str, status: int, code: str, large: Path) -> None:
    answer = get(f"/v1/log/proofs/{query}")
    assert answer.status_code == status, answer.content
    assert code in {answer.json()["code"], "malformed"}


# --- In a folder ---


def look(folder: Path, key: Path, state: Path, *more: str) -> int:
    return monitor.main([str(folder), "--key", str(key), "--state", str(state), *more])


def test_a_folder_grows_with_the_log_and_a_monitor_follows(
    large: Path, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, state = tmp_path / "mirror", tmp_path / "state"
    call_command("publish_log", str(folder), "--entries")
    assert look(folder, key, state, "--entries") == 0
    before = checkpoints.newest().size
    first = (folder / "checkpoint").read_text()
    write(300)
    size = checkpoints.newest().size
    # Stopped after any number of files, the folder still shows the tree that it showed.
    written = publishing._write
    for most in (0, 1, 3):
        left = most

        def stopped(file: Path, data: bytes) -> None:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            written(file, data)

        with monkeypatch.context() as broken:
            broken.setattr(publishing, "_write", stopped)
            with pytest.raises(KeyboardInterrupt):
                call_command("publish_log", str(folder), "--entries")
        assert (folder / "checkpoint").read_text() == first
        assert look(folder, key, state, "--entries") == 0
    capsys.readouterr()
    call_command("publish_log", str(folder), "--entries")
    assert capsys.readouterr().out.startswith(f"{before:,} entries were there, {size:,} are now; ")
    assert look(folder, key, state, "--entries") == 0
    assert "300 more than before" in capsys.readouterr().out
    assert not (folder / "tile/0/002.p").exists()  # its full tile is there
    assert not list(folder.rglob("*.new"))
    call_command("publish_log", str(folder), "--entries")
    assert look(folder, key, tmp_path / "fresh", "--entries") == 0
    for served in ("tile/0/000", f"tile/0/003.p/{size - 768}", "checkpoint"):
        assert get(f"/log/{served}").content == (folder / served).read_bytes()


def test_a_folder_of_hashes_alone_has_no_entries(large: Path, tmp_path: Path, key: Path) -> None:
    folder = tmp_path / "mirror"
    call_command("publish_log", str(folder))
    assert not (folder / "tile/entries").exists()
    assert look(folder, key, tmp_path / "state", "--tiles") == 0
    assert look(folder, key, tmp_path / "another", "--entries") == 2
    call_command("publish_log", str(folder), "--entries")  # they may follow later
    assert look(folder, key, tmp_path / "another", "--entries") == 0
    with pytest.raises(CommandError, match="holds entries"):
        call_command("publish_log", str(folder))


def test_a_folder_is_not_overwritten_with_another_history(large: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mirror"
    call_command("publish_log", str(folder))
    newest = checkpoints.newest()
    for size, root in ((newest.size, bytes(32)), (newest.size + 5, bytes(newest.root)), (7, bytes(newest.root))):
        forked = checkpoints.sign(size=size, root=root)
        (folder / "checkpoint").write_text(forked)
        with pytest.raises(CommandError, match="does not extend"):
            call_command("publish_log", str(folder))
        assert (folder / "checkpoint").read_text() == forked
    stranger = notes.Signer.generate(configured.LEDGER_ORIGIN)
    note = notes.sign_checkpoint(notes.Checkpoint(configured.LEDGER_ORIGIN, 7, bytes(32)), stranger)
    for text in (str(note), "junk", ""):
        (folder / "checkpoint").write_text(text)
        with pytest.raises(CommandError, match="is not a checkpoint of this log"):
            call_command("publish_log", str(folder))


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_an_empty_log_has_nothing_to_publish(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no checkpoint yet"):
        call_command("publish_log", str(tmp_path))
    assert get("/log/checkpoint").status_code == 404
    assert get("/log/tile/0/000.p/1").status_code == 404
    assert get("/v1/log/proofs/consistency?old_size=0").json()["code"] == "no_checkpoint_yet"
