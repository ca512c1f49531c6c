"""The monitor: it follows a log that grows, and names each way in which one that does not hold is wrong."""

from __future__ import annotations

import functools
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ledger import canonical, cosignatures, merkle, monitor, notes
from tests.ledger.test_cosignatures import AT, cosigning
from tests.ledger.test_merkle import Store
from tests.ledger.test_notes import ORIGIN, signer

WITNESS = cosigning(cosignatures.ML_DSA_44)


def body(number: int, world: str = "") -> bytes:
    return f'{{"n":{number},"in":"{world}"}}'.encode()


def announcement(key: str) -> bytes:
    document = canonical.entry(
        id=UUID(int=1),
        kind="log_key_changed",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        subject=canonical.Subject(table="ledger_logkeychange", id=str(UUID(int=2))),
        data={"act": "announced", "verifier": key, "replaces": ""},
        rows=[],
    )
    return canonical.encode(document)


class Mirror:
    """A folder with a log in it, written as ``publish_log`` does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(
        self,
        size: int,
        *,
        world: str = "",
        by: tuple[notes.Signer, ...] = (),
        witnesses: tuple[cosignatures.Cosigning, ...] = (),
        bodies: dict[int, bytes] | None = None,
    ) -> Mirror:
        entries = [(bodies or {}).get(number, body(number, world)) for number in range(size)]
        store = Store()
        store.append([merkle.leaf_hash(one) for one in entries])
        for (level, n), data in store.full.items():
            self.put(merkle.tile_path(str(level), n), data)
        for tile in store.edge.partial_tiles():
            self.put(tile.path, tile.data)
        for n in range(-(-size // 256)):
            some = entries[n * 256 : (n + 1) * 256]
            self.put(merkle.tile_path("entries", n, len(some)), merkle.entry_bundle(some))
        note = notes.sign_checkpoint(notes.Checkpoint(ORIGIN, size, store.edge.root()), *(by or (signer(),)))
        lines = [one.cosign(note.text, at=AT) for one in witnesses]
        self.put("checkpoint", str(notes.Note(note.text, (*note.signatures, *lines))).encode())
        return self

    def put(self, path: str, data: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


Look = Callable[..., tuple[int, str]]


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirror")


@pytest.fixture
def look(tmp_path: Path, capsys: pytest.CaptureFixture[str], mirror: Mirror) -> Look:
    key = tmp_path / "log.vkey"
    key.write_text(signer().verifier.text + "\n")

    def look(*more: str, at: str | None = None) -> tuple[int, str]:
        given = [at or str(mirror.folder), "--key", str(key), "--state", str(tmp_path / "state.json"), *more]
        status = monitor.main(given)
        return status, capsys.readouterr().out.strip()

    return look


@pytest.fixture
def address(mirror: Mirror) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    mirror.folder.mkdir(parents=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(mirror.folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


# --- What holds ---


@pytest.mark.parametrize("more", [[], ["--tiles"], ["--entries"]], ids=str)
def test_follows_a_log_that_grows(more: list[str], look: Look, mirror: Mirror) -> None:
    mirror.write(3)
    assert look(*more) == (0, f"{ORIGIN} has 3 entries. It was not seen before.")
    for before, size in ((3, 3), (3, 255), (255, 256), (256, 257), (257, 600), (600, 1024)):
        mirror.write(size)
        assert look(*more) == (0, f"{ORIGIN} has {size:,} entries, {size - before:,} more than before, and holds.")


def test_follows_an_address(look: Look, mirror: Mirror, address: str) -> None:
    for size in (300, 700):
        mirror.write(size)
        assert look("--entries", at=address)[0] == 0
    (mirror.folder / "checkpoint").unlink()
    assert look(at=address) == (2, f"{address} has no checkpoint.")


def test_a_partial_tile_that_became_full_is_read_from_it(look: Look, mirror: Mirror) -> None:
    mirror.write(200)
    stale = (mirror.folder / "checkpoint").read_bytes()
    mirror.write(512)
    (mirror.folder / "tile/0/000.p/200").unlink()
    (mirror.folder / "tile/entries/000.p/200").unlink()
    (mirror.folder / "checkpoint").write_bytes(stale)
    assert look("--entries")[0] == 0


def test_a_quorum_is_asked_for(look: Look, mirror: Mirror, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_text(f"log {signer().verifier.text}\nwitness w {WITNESS.public.text}\nquorum w\n")
    mirror.write(5)
    status, said = look("--policy", str(policy))
    assert (status, "quorum w of 1 witnesses" in said) == (1, True)
    mirror.write(5, witnesses=(WITNESS,))
    assert look("--policy", str(policy))[0] == 0


def test_mirrors_of_one_tree_agree_also_if_one_is_behind(look: Look, mirror: Mirror, tmp_path: Path) -> None:
    mirror.write(600)
    behind, ahead = Mirror(tmp_path / "behind").write(300), Mirror(tmp_path / "ahead").write(800)
    assert look("--also", str(behind.folder), "--also", str(ahead.folder))[0] == 0


# --- What does not ---


def test_a_log_that_shrank(look: Look, mirror: Mirror) -> None:
    mirror.write(300)
    look()
    mirror.write(299)
    assert look() == (1, f"The log shrank: {mirror.folder} shows 299 entries, and there were 300.")
    mirror.write(300)
    assert look()[0] == 0  # what was seen before is still known


@pytest.mark.parametrize("size", [300, 301, 900])
@pytest.mark.parametrize("more", [[], ["--tiles"]], ids=str)
def test_a_log_with_two_histories(more: list[str], size: int, look: Look, mirror: Mirror, tmp_path: Path) -> None:
    mirror.write(300)
    look()
    first = (mirror.folder / "checkpoint").read_text()
    mirror.write(size, bodies={77: b"changed"})
    status, said = look(*more)
    assert status == 1
    assert said.startswith(
        f"The log has two histories: its {size:,} entries at {mirror.folder} do not begin with the 300"
    )
    assert "\n" not in said
    proof = (tmp_path / "state.json.contradiction").read_text()
    assert first in proof
    assert (mirror.folder / "checkpoint").read_text() in proof


def test_mirrors_that_show_different_trees(look: Look, mirror: Mirror, tmp_path: Path) -> None:
    mirror.write(600)
    for size in (300, 600, 800):
        other = Mirror(tmp_path / f"other{size}").write(size, world="another")
        status, said = look("--also", str(other.folder))
        assert status == 1
        assert said.startswith(f"{mirror.folder} and {other.folder} show different trees of one log.")


def test_a_checkpoint_of_another_key_or_log(look: Look, mirror: Mirror) -> None:
    mirror.write(5, by=(signer(2),))
    who = f"{ORIGIN} (key {signer().verifier.key_id.hex()})"
    assert look() == (1, f"The checkpoint at {mirror.folder} does not hold: The note is not signed by {who}.")
    note = notes.sign("x\n1\n" + notes.to_base64(bytes(32)) + "\n", signer())
    mirror.put("checkpoint", str(note).encode())
    assert "is of x, not of" in look()[1]
    for junk in (b"", b"\xff", b"x" * 100):
        mirror.put("checkpoint", junk)
        assert look()[0] == 1


@pytest.mark.parametrize(
    ("path", "more", "said"),
    [
        ("tile/0/001", ["--tiles"], "does not follow"),
        ("tile/1/000.p/2", ["--tiles"], "does not follow"),
        ("tile/0/002.p/88", ["--tiles"], "do not lead to the root"),
        ("tile/entries/001", ["--entries"], "Entry 256 at .* was changed"),
        ("tile/entries/002.p/88", ["--entries"], "Entry 512 at .* was changed"),
    ],
)
def test_a_changed_file_is_named(path: str, more: list[str], said: str, look: Look, mirror: Mirror) -> None:
    mirror.write(600)
    file = mirror.folder / path
    data = bytearray(file.read_bytes())
    data[5] ^= 1
    file.write_bytes(data)
    status, found = look(*more)
    assert status == 1
    assert re.search(said, found), found
    data[5] ^= 1
    file.write_bytes(data[:-1])  # and one that is cut short
    assert look(*more)[0] == 1
    file.unlink()
    status, found = look(*more)
    assert (status, path in found or path.partition(".")[0] in found) == (2, True)


def test_a_changed_tile_that_an_old_tree_needs_is_named(look: Look, mirror: Mirror) -> None:
    mirror.write(300)
    look("--tiles")
    mirror.write(900)
    mirror.put("tile/0/001", bytes(8192))
    assert look("--tiles")[0] == 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"v":1}', '{"checkpoint":1,"keys":[]}', '{"checkpoint":null,"keys":1}']
)
def test_a_damaged_state_is_not_taken_for_a_new_one(text: str, look: Look, mirror: Mirror, tmp_path: Path) -> None:
    mirror.write(5)
    (tmp_path / "state.json").write_text(text)
    status, said = look()
    assert (status, "is not a state of this program" in said) == (2, True)
    (tmp_path / "state.json").write_text(json.dumps({"checkpoint": "junk", "keys": []}))
    assert look()[0] == 2


def test_arguments_that_lead_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = ["--state", str(tmp_path / "s")]
    assert monitor.main([str(tmp_path), *state]) == 2
    assert "Give the log's public key" in capsys.readouterr().out
    (tmp_path / "bad").write_text("nonsense")
    assert monitor.main([str(tmp_path), "--key", str(tmp_path / "bad"), *state]) == 2
    assert monitor.main([str(tmp_path), "--key", str(tmp_path / "none"), *state]) == 2
    assert monitor.main([str(tmp_path), "--policy", str(tmp_path / "bad"), *state, "--json"]) == 2
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["is_readable"] is False


# --- Another key of the log's ---


def test_a_key_that_the_log_announces_is_followed_only_if_asked(look: Look, mirror: Mirror) -> None:
    old, new = signer(), signer(2)
    bodies = {7: announcement(new.verifier.text)}
    mirror.write(5)
    look("--entries")
    mirror.write(9, bodies=bodies, by=(old, new))
    status, said = look("--entries")
    assert (status, said.splitlines()[0]) == (0, f"The log announced another key of its own: {new.verifier.text}")
    mirror.write(11, bodies=bodies, by=(new,))
    assert look("--entries")[0] == 1  # to be compared by a person, and given with --key


def test_a_key_that_the_log_announces_is_believed_if_asked(look: Look, mirror: Mirror) -> None:
    old, new = signer(), signer(2)
    bodies = {7: announcement(new.verifier.text)}
    mirror.write(9, bodies=bodies, by=(old, new))
    assert look("--entries", "--follow-keys")[0] == 0
    mirror.write(11, bodies=bodies, by=(new,))
    assert look("--entries", "--follow-keys")[0] == 0
    mirror.write(12, bodies=bodies, by=(signer(3),))
    assert look("--entries", "--follow-keys")[0] == 1
