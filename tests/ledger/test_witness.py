"""A witness: against the published exchange, against each refusal of the protocol, and against a race."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import cosignatures, merkle, notes, witness, witness_service
from tests.ledger.test_cosignatures import AT, cosigning
from tests.ledger.test_merkle import MANY, Store
from tests.ledger.test_notes import ORIGIN, signer

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "witness.json").read_text())
KEYS = (cosigning(cosignatures.ML_DSA_44), cosigning(cosignatures.ED25519))


@pytest.fixture
def one(tmp_path: Path) -> witness.Witness:
    return witness.Witness(KEYS, {ORIGIN: [signer().verifier]}, tmp_path / "witness")


def head(size: int, *, fork: bytes = b"", by: notes.Signer | None = None) -> str:
    """Return a signed checkpoint of the first leaves; a fork is another tree of the same size."""
    root = merkle.root(size, tiles(size)) if not fork else sha256(fork).digest()
    return str(notes.sign_checkpoint(notes.Checkpoint(ORIGIN, size, root), by or signer()))


def tiles(size: int) -> merkle.Tiles:
    store = Store()
    store.append(MANY[:size])
    return store.tiles()


def request(old: int, new: int, **how: Any) -> bytes:
    proof = merkle.consistency_proof(old, new, tiles(new))
    return str(witness.Request(old, proof, head(new, **how))).encode()


def statuses(one: witness.Witness, *bodies: bytes) -> list[int]:
    return [one.add_checkpoint(body, at=AT).status for body in bodies]


# --- What others published ---


def test_answers_the_published_exchange(tmp_path: Path) -> None:
    log = notes.Verifier(VECTORS["log"]["origin"], bytes.fromhex(VECTORS["log"]["public"]))
    one = witness.Witness(KEYS, {log.name: [log]}, tmp_path)
    for step in VECTORS["requests"]:
        answer = one.add_checkpoint(step["body"].encode(), at=AT)
        # Since then the protocol says 404 of a log that is not known; and the signature that is invalid there is no
        # base64 for us, since bits are left over in it.
        expected = {"unknown log": 404, "invalid signature": 400}.get(step["says"], step["status"])
        assert answer.status == expected, step["says"]
        if answer.status == 409:
            assert (answer.body, answer.media_type) == (step["says"], "text/x.tlog.size")


def test_cosigns_a_checkpoint_of_the_go_checksum_database(tmp_path: Path) -> None:
    log = VECTORS["sumdb"]
    one = witness.Witness(KEYS, {log["origin"]: [notes.Verifier.from_text(log["vkey"])]}, tmp_path)
    answer = one.add_checkpoint(log["body"].encode(), at=AT)
    assert answer.status == 200
    note = notes.parse(log["body"].partition("\n\n")[2] + answer.body)
    assert len(cosignatures.verify(note, [key.public for key in KEYS])) == 2


# --- The protocol ---


def test_cosigns_a_log_that_grows(one: witness.Witness) -> None:
    for old, new in ((0, 3), (3, 3), (3, 300), (300, 1000)):
        answer = one.add_checkpoint(request(old, new), at=AT)
        assert answer.status == 200, answer
        lines = notes.parse(head(new) + answer.body)
        assert len(cosignatures.verify(lines, [key.public for key in KEYS])) == len(KEYS)
    shown = one.shows(sha256(ORIGIN.encode()).hexdigest())
    kept = notes.parse(shown.body)
    assert notes.open_checkpoint(shown.body, signer().verifier).size == 1000
    assert len(cosignatures.verify(kept, [key.public for key in KEYS])) == len(KEYS)
    assert one.shows(sha256(b"another").hexdigest()).status == 404


def test_says_how_far_it_is(one: witness.Witness) -> None:
    statuses(one, request(0, 3))
    for old in (0, 2, 4):
        answer = one.add_checkpoint(request(old, 7), at=AT)
        assert (answer.status, answer.body, answer.media_type) == (409, "3\n", "text/x.tlog.size")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"old 3\n" + b"\n" + b"no note", 400),
        (request(3, 7).replace(b"old 3", b"old 03"), 400),
        (request(3, 7).replace(b"old 3", b"old -3"), 400),
        (request(3, 7).replace(b"old 3", b"Old 3"), 400),
        (request(3, 7).replace(b"old 3\n", b"old 3\n!\n"), 400),
        (request(3, 7).replace(b"old 3\n", b"old 3\nAAAA\n"), 400),
        (b"old 3\n" + b"A" * 43 + b"=\n" * 1 + (b"A" * 43 + b"=\n") * 63 + b"\n" + head(7).encode(), 400),
        (str(witness.Request(8, (), head(7))).encode(), 400),  # larger than the checkpoint
        (request(3, 7).replace(ORIGIN.encode(), b"example.com/other"), 404),
        (request(3, 7).replace(b"old 3\n", b"old 3\n\n", 1), 404),  # what follows the empty line is the checkpoint
        (request(3, 7, by=signer(2)), 403),
        (request(3, 7).replace(b"\n7\n", b"\n8\n"), 403),  # what was signed is another
        (request(3, 7, fork=b"another"), 422),
        (str(witness.Request(3, (), head(7))).encode(), 422),
        (str(witness.Request(3, (bytes(32),) * 3, head(7))).encode(), 422),
        (str(witness.Request(3, (bytes(32),), head(3))).encode(), 422),
        (request(3, 3, fork=b"another"), 422),
    ],
)
def test_refuses(body: bytes, status: int, one: witness.Witness) -> None:
    assert statuses(one, request(0, 3)) == [200]
    before = one.note(sha256(ORIGIN.encode()).hexdigest())
    answer = one.add_checkpoint(body, at=AT)
    assert answer.status == status, answer
    assert "—" not in answer.body
    assert one.note(sha256(ORIGIN.encode()).hexdigest()) == before


def test_an_empty_tree_has_the_root_of_an_empty_tree(one: witness.Witness) -> None:
    empty = notes.sign_checkpoint(notes.Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT), signer())
    wrong = notes.sign_checkpoint(notes.Checkpoint(ORIGIN, 0, bytes(32)), signer())
    bodies = [str(witness.Request(0, (), str(note))).encode() for note in (wrong, empty)]
    assert statuses(one, *bodies, request(0, 3)) == [422, 200, 200]
    first = str(witness.Request(0, (bytes(32),), head(3))).encode()
    assert statuses(witness.Witness(KEYS, one.logs, one.folder / "new"), first) == [422]


def test_it_remembers_after_it_was_killed(one: witness.Witness) -> None:
    statuses(one, request(0, 5))
    again = witness.Witness(KEYS, one.logs, one.folder)
    assert statuses(again, request(0, 7), request(5, 7)) == [409, 200]
    file = one.folder / f"{sha256(ORIGIN.encode()).hexdigest()}.checkpoint"
    file.write_text(file.read_text()[:40])
    with pytest.raises(notes.NotANote):  # damaged: it answers nobody, rather than begin anew
        again.add_checkpoint(request(7, 9), at=AT)


def test_of_two_that_race_from_one_size_one_is_cosigned(one: witness.Witness) -> None:
    statuses(one, request(0, 5))
    bodies = [request(5, new) for new in range(6, 26)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda body: one.add_checkpoint(body, at=AT).status, bodies))
    assert sorted(found) == [200] + [409] * 19
    kept = one.kept(ORIGIN)
    assert kept is not None
    assert kept.size == 6 + found.index(HTTPStatus.OK)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_junk_is_refused_and_nothing_else_happens(body: bytes) -> None:
    with pytest.raises(witness.NotARequest):
        witness.Request.from_text(body.decode(errors="replace"))


# --- Behind HTTP ---


class Served:
    """The application, asked without a network."""

    def __init__(self, one: witness.Witness) -> None:
        self.application = witness_service.served(one)

    def ask(self, method: str, path: str, body: bytes = b"", length: str | None = None) -> tuple[int, dict, bytes]:
        said: list[Any] = []
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(body)) if length is None else length,
            "wsgi.input": io.BytesIO(body),
        }
        answer = b"".join(self.application(environ, lambda status, headers: said.extend([status, dict(headers)])))
        return int(said[0].split()[0]), said[1], answer


@pytest.fixture
def served(one: witness.Witness) -> Served:
    return Served(one)


def test_it_is_asked_over_http(served: Served) -> None:
    status, headers, body = served.ask("POST", "/add-checkpoint", request(0, 5))
    assert (status, body.decode().count("— witness.example/w1 ")) == (200, 2)
    status, headers, body = served.ask("POST", "/add-checkpoint", request(0, 7))
    assert (status, headers["Content-Type"], body) == (409, "text/x.tlog.size", b"5\n")
    where = f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    status, headers, body = served.ask("GET", where)
    assert (status, notes.open_checkpoint(body.decode(), signer().verifier).size) == (200, 5)
    assert served.ask("HEAD", where)[2] == b""


@pytest.mark.parametrize(
    ("method", "path", "body", "length", "status"),
    [
        ("GET", "/add-checkpoint", b"", None, 405),
        ("POST", "/add-checkpoint", b"", "", 411),
        ("POST", "/add-checkpoint", b"", "-1", 411),
        ("POST", "/add-checkpoint", b"", "²", 411),
        ("POST", "/add-checkpoint", b"x", str(witness.MAX_REQUEST_BYTES + 1), 413),
        ("POST", "/add-checkpoint", b"x", "100", 400),
        ("POST", "/add-entries", b"x", None, 404),
        ("GET", "/", b"", None, 404),
        ("GET", "/../keys/checkpoint", b"", None, 404),
        ("GET", f"/{'A' * 64}/checkpoint", b"", None, 404),
        ("GET", f"/{'0' * 64}/checkpoint", b"", None, 404),
    ],
)
def test_over_http_it_refuses(
    method: str, path: str, body: bytes, length: str | None, status: int, served: Served
) -> None:
    assert served.ask(method, path, body, length)[0] == status


def test_its_keys_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    with pytest.raises(witness_service.NoName):
        witness_service.keys_in(tmp_path, name=None)
    made = witness_service.keys_in(tmp_path, name="witness.example/w1")
    assert [key.kind for key in made] == [cosignatures.ML_DSA_44, cosignatures.ED25519]
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0
    again = witness_service.keys_in(tmp_path, name="witness.example/another")
    assert [key.secret_text for key in again] == [key.secret_text for key in made]


def test_it_starts_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    witness_service.keys_in(tmp_path / "w", name="witness.example/w1")
    keys = tmp_path / "log.vkey"
    keys.write_text(f"{signer().verifier.text}\n{signer(2).verifier.text}\n")
    monkeypatch.setenv(witness_service.FOLDER, str(tmp_path / "w"))
    monkeypatch.setenv(witness_service.LOGS, str(keys))
    one = Served.__new__(Served)
    one.application = witness_service.application()
    # A log whose key is followed by another goes on under either.
    assert one.ask("POST", "/add-checkpoint", request(0, 5))[0] == 200
    assert one.ask("POST", "/add-checkpoint", request(5, 7, by=signer(2)))[0] == 200
