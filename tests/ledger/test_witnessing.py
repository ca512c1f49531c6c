"""Witnesses are asked over HTTP; what they answer is checked, kept and shown, whatever it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.test import Client
from django.utils import timezone

from ledger import (
    checkpoints,
    cosignatures,
    monitor,
    notes,
    policies,
    receipts,
    report,
    sequencer,
    witness,
    witness_service,
    witnessing,
)
from ledger.models import Checkpoint, Cosignature, Entry, WitnessState
from tests.ledger.test_cosignatures import cosigning
from tests.ledger.test_sequencer import write

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

KEYS = (
    cosigning(cosignatures.ML_DSA_44, name="witness.example/w1"),
    cosigning(cosignatures.ED25519, name="witness.example/w1"),
)
Answer = tuple[str, str, bytes]


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving(application: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answering(answer: Callable[[bytes], Answer]) -> Any:
    """Return an application that answers as it likes."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        status, media_type, body = answer(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start_response(status, [("Content-Type", media_type), ("Content-Length", str(len(body)))])
        return [body]

    return application


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "witness"


@pytest.fixture
def honest(folder: Path) -> Iterator[str]:
    log = checkpoints.signer().verifier
    with serving(witness_service.served(witness.Witness(KEYS, {log.name: [log]}, folder))) as url:
        yield url


@pytest.fixture
def asks(settings: Any, tmp_path: Path) -> Callable[..., Path]:
    """Say in a policy who is asked."""

    def asks(*urls: str, quorum: str = "w0", keys: tuple[cosignatures.Cosigning, ...] = KEYS) -> Path:
        lines = [f"log {checkpoints.signer().verifier.text}"]
        for number, (url, key) in enumerate(zip(urls, keys, strict=False)):
            lines.append(f"witness w{number} {key.public.text} {url}")
        file = tmp_path / f"policy{len(list(tmp_path.iterdir()))}"
        file.write_text("\n".join([*lines, f"quorum {quorum}", ""]))
        settings.LEDGER_WITNESS_POLICY = file
        settings.LEDGER_WITNESS_SECONDS = 3.0
        return file

    return asks


def sequenced(count: int) -> Checkpoint:
    write(count)
    signed = sequencer.drain(at=timezone.now())
    assert signed is not None
    return signed


def later(seconds: float = 0) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def problem() -> str:
    (one,) = [one for one in witnessing.standings() if one.name == "w0"]
    return one.problem


def cosigned(note: str, *keys: cosignatures.Cosigning) -> list[str]:
    known = [key.public for key in keys or KEYS]
    return [one.cosigner.text for one in cosignatures.verify(notes.parse(note), known)]


# --- One that does what it should ---


def test_a_witness_cosigns_and_everything_carries_it(
    honest: str, asks: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sequenced(3)
    policy = asks(honest, honest)
    assert witnessing.ask(at=later()) == 2
    newest = checkpoints.newest()
    for note in (
        checkpoints.note_of(newest),
        Client().get("/log/checkpoint").content.decode(),
        Client().get("/v1/log/checkpoint").content.decode(),
        receipts.Receipt.from_text(report.receipt(Entry.objects.filter(leaf__index=1).get())).checkpoint,
    ):
        assert cosigned(note) == [key.public.text for key in KEYS]
        assert notes.open_checkpoint(note, *checkpoints.public_keys()).size == 3
    # The same checkpoint is not asked for twice; a newer one extends it.
    assert witnessing.ask(at=later(60)) == 0
    sequenced(300)
    assert witnessing.ask(at=later(120)) == 2
    assert {one.size for one in witnessing.standings()} == {303}
    call = [str(tmp_path / "mirror"), "--policy", str(policy), "--state", str(tmp_path / "state")]
    from django.core.management import call_command

    call_command("publish_log", call[0])
    assert monitor.main(call) == 0


def test_receipts_go_on_while_a_witness_is_behind(honest: str, asks: Callable[..., Path], settings: Any) -> None:
    sequenced(3)
    asks(honest)
    witnessing.ask(at=later())
    sequenced(4)

    def size_of(index: int) -> tuple[int, int]:
        receipt = receipts.Receipt.from_text(report.receipt(Entry.objects.get(leaf__index=index)))
        entry = bytes(Entry.objects.get(leaf__index=index).body)
        return receipts.verify(receipt, entry, *checkpoints.public_keys()).size, len(cosigned(receipt.checkpoint))

    assert (size_of(0), size_of(2), size_of(3), size_of(6)) == ((3, 1), (3, 1), (7, 0), (7, 0))
    assert checkpoints.shown().size == 3
    settings.LEDGER_WITNESS_PATIENCE = 0  # away for too long: what is newest is shown
    assert checkpoints.shown().size == 7


def test_a_witness_that_is_elsewhere_is_asked_from_there(honest: str, asks: Callable[..., Path], folder: Path) -> None:
    sequenced(3)
    asks(honest)
    witnessing.ask(at=later())
    sequenced(5)
    WitnessState.objects.update(size=0)  # as if we had forgotten
    assert witnessing.ask(at=later(60)) == 1
    sequenced(2)
    WitnessState.objects.update(size=9)
    assert witnessing.ask(at=later(120)) == 1
    assert WitnessState.objects.get().size == 10
    assert (problem(), Cosignature.objects.count()) == ("", 3)


def test_a_quorum_that_is_not_met_is_not_shown(honest: str, asks: Callable[..., Path]) -> None:
    first = sequenced(3)
    policy = asks(honest, "http://127.0.0.1:1", quorum="g")
    with pytest.raises(policies.NotAPolicy):
        witnessing.ask(at=later())
    policy.write_text(policy.read_text().replace("quorum g", "group g all w0 w1\nquorum g"))
    assert witnessing.ask(at=later()) == 1
    sequenced(1)
    assert checkpoints.shown().size == 4
    assert Cosignature.objects.filter(checkpoint=first).count() == 1


def test_nobody_is_asked_without_a_policy(settings: Any) -> None:
    settings.LEDGER_WITNESS_POLICY = None
    sequenced(1)
    assert witnessing.ask(at=later()) == 0
    assert witnessing.standings() == ()


# --- Others ---


def liar(body: bytes) -> Answer:
    note = notes.parse(witness.Request.from_text(body.decode()).checkpoint)
    head = notes.Checkpoint.from_text(note.text)
    other = notes.Checkpoint(head.origin, head.size, bytes(32)).text
    return "200 OK", witness.TEXT, f"{KEYS[0].cosign(other, at=timezone.now())}\n".encode()


def ahead(body: bytes) -> Answer:
    note = notes.parse(witness.Request.from_text(body.decode()).checkpoint)
    return "200 OK", witness.TEXT, f"{KEYS[0].cosign(note.text, at=later(3600))}\n".encode()


def stranger(body: bytes) -> Answer:
    note = notes.parse(witness.Request.from_text(body.decode()).checkpoint)
    key = cosigning(seed=99, name="stranger.example")
    return "200 OK", witness.TEXT, f"{key.cosign(note.text, at=timezone.now())}\n".encode()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (liar, "does not fit the checkpoint"),
        (ahead, "Its clock is ahead"),
        (stranger, "without a cosignature of its key"),
        (lambda _: ("200 OK", witness.TEXT, b""), "something else than signature lines|without"),
        (lambda _: ("200 OK", "text/html", b"<html>\n"), "something else than signature lines"),
        (lambda _: ("200 OK", witness.TEXT, b"\xff" * 100), "something else than signature lines"),
        (lambda _: ("200 OK", witness.TEXT, b"x" * 100_000), "more than 65,536 bytes"),
        (lambda _: ("403 Forbidden", witness.TEXT, b"not you\x1b[2J"), r"It refuses: 403, not you \[2J"),
        (lambda _: ("404 Not Found", witness.TEXT, b""), "It refuses: 404"),
        (lambda _: ("302 Found", witness.TEXT, b""), "It refuses: 302"),
        (lambda _: ("500 Oh", witness.TEXT, b""), "It refuses: 500"),
        (lambda _: ("422 No", witness.TEXT, b""), "was forked.*does not extend"),
        (lambda _: ("409 No", witness.SIZE, b"99\n"), "was forked.*cosigned 99 entries, and there are 3"),
        (lambda _: ("409 No", witness.SIZE, b"1\n"), "twice that it is elsewhere"),
        (lambda _: ("409 No", witness.SIZE, b"-1\n"), "and not where"),
        (lambda _: ("409 No", witness.SIZE, b"9" * 40), "and not where"),
        (lambda _: ("409 No", witness.TEXT, b"1\n"), "and not where"),
    ],
)
def test_one_that_does_not_is_shown(answer: Callable[[bytes], Answer], said: str, asks: Callable[..., Path]) -> None:
    import re

    sequenced(3)
    with serving(answering(answer)) as url:
        asks(url)
        assert witnessing.ask(at=later()) == 0
    assert re.search(said, problem()), problem()
    assert not Cosignature.objects.exists()
    (one,) = witnessing.standings()
    assert one.failing_since is not None
    assert (checkpoints.shown().size, sequenced(1).size) == (3, 4)  # the log goes on


def test_one_that_hangs_or_is_away_delays_nobody(honest: str, asks: Callable[..., Path], settings: Any) -> None:
    sequenced(3)
    over = threading.Event()

    def hangs(body: bytes) -> Answer:
        over.wait(20)
        return "200 OK", witness.TEXT, b""

    with serving(answering(hangs)) as url:
        asks(url, honest, "http://127.0.0.1:1", quorum="w1", keys=(*KEYS, cosigning(seed=3, name="away.example")))
        settings.LEDGER_WITNESS_SECONDS = 0.5
        since = time.monotonic()
        assert witnessing.ask(at=later()) == 1
        assert time.monotonic() - since < 15  # of twenty that it hangs
        over.set()
    found = {one.name: one.problem for one in witnessing.standings()}
    assert found["w1"] == ""
    assert "longer than 0.5 seconds" in found["w0"]
    assert "ConnectionRefusedError" in found["w2"]
    # Who fails is asked ever less often, and is heard again when it answers.
    asked = WitnessState.objects.get(verifier=KEYS[0].public.text).asked_at
    assert witnessing.ask(at=later(0.1)) == 0
    assert WitnessState.objects.get(verifier=KEYS[0].public.text).asked_at == asked
    asks(honest, honest, "http://127.0.0.1:1", quorum="w1")
    assert witnessing.ask(at=later(60)) == 2
    assert next(one.problem for one in witnessing.standings() if one.name == "w0") == ""


def test_a_witness_that_saw_another_history_refuses_and_says_so(honest: str, asks: Callable[..., Path]) -> None:
    """As after the restoration of an old backup, with the copy outside the database gone too."""
    from django.conf import settings
    from django.core.management import call_command

    sequenced(5)
    asks(honest)
    witnessing.ask(at=later())
    call_command("flush", verbosity=0, interactive=False)
    settings.LEDGER_CHECKPOINT_FILE.unlink()
    sequenced(3)
    witnessing.ask(at=later(60))
    assert "was forked, or an old backup was restored: it has cosigned 5 entries, and there are 3." in problem()
    sequenced(4)
    witnessing.ask(at=later(900))
    assert "does not extend the one it saw" in problem()
    assert not Cosignature.objects.exists()


def test_two_that_ask_at_once_do_no_harm(honest: str, asks: Callable[..., Path]) -> None:
    sequenced(3)
    asks(honest, honest)
    at = later()
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(_ask(at))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == Cosignature.objects.count() == 2
    assert problem() == ""


def _ask(at: datetime) -> int:
    from django.db import connections

    try:
        return witnessing.ask(at=at)
    finally:
        connections.close_all()


def test_the_desk_shows_how_witnesses_stand(honest: str, asks: Callable[..., Path], admin_client: Client) -> None:
    head = sequenced(2)
    policy = asks(honest, "http://127.0.0.1:1")
    witnessing.ask(at=later())
    page = admin_client.get("/admin/ledger/checkpoint/").content.decode()
    for words in ("cosigned 2 entries", "ConnectionRefusedError", "Signs now", "1 witness"):
        assert words in page, words
    sheet = admin_client.get(f"/admin/ledger/checkpoint/{head.size}/change/").content.decode()
    assert "witness.example/w1" in sheet
    policy.write_text("nonsense")
    assert "nobody is asked" in admin_client.get("/admin/ledger/checkpoint/").content.decode()


def test_the_command_is_a_witness(tmp_path: Path, settings: Any) -> None:
    """A process of its own, killed without a word: it goes on where it was."""
    from tests.faults.processes import Folder, folder, free_port, kill_group, wait_until

    sequenced(3)
    key = tmp_path / "log.vkey"
    key.write_text(checkpoints.public_keys().text)
    port = free_port()

    def start(made: Folder) -> Any:
        import sys

        command = (sys.executable, "manage.py", "witness", "--log", str(key), "--name", "witness.example/process")
        process = made.start(*command, "--folder", str(tmp_path / "w"), "--port", str(port))
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        assert lines[3].startswith("It knows ")
        return process, [line.split()[2] for line in lines[1:3]]

    with folder(tmp_path / "data") as made:
        process, keys = start(made)
        policy = tmp_path / "policy"
        policy.write_text(f"witness w0 {keys[0]} http://127.0.0.1:{port}\nquorum w0\n")
        settings.LEDGER_WITNESS_POLICY = policy
        wait_until(lambda: witnessing.ask(at=later(600 * next(times))), seconds=20, what="it cosigns")
        kill_group(process)
        sequenced(2)
        process, again = start(made)
        assert again == keys
        wait_until(lambda: witnessing.ask(at=later(600 * next(times))), seconds=20, what="it goes on")
        assert {one.size for one in witnessing.standings()} == {5}


times = iter(range(1, 10**6))


def test_ledger_verify_asks_for_the_quorum(honest: str, asks: Callable[..., Path], tmp_path: Path) -> None:
    from ledger import verify

    sequenced(3)
    file = asks(honest)
    policy = policies.read(file.read_text())
    entry = Entry.objects.get(leaf__index=1)

    def said() -> list[tuple[str, str]]:
        found = verify.Report()
        verify.check_witnesses([report.receipt(entry)], policy, found, number=14)
        return [(check.state.value, check.sentence) for check in found.checks]

    ((state, sentence),) = said()
    assert (state, sentence.startswith("too_few_witnesses: The policy asks for the quorum w0")) == ("fails", True)
    witnessing.ask(at=later())
    assert said() == [("holds", "1 checkpoint is cosigned by the quorum w0 of your policy.")]
