"""Another key of the log's: both sign for a while, the log says so, and what the old one signed holds for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from ledger import audit, canonical, checkpoints, log_keys, monitor, notes, receipts, report, sequencer
from ledger.models import Checkpoint, Entry, LogKeyChange
from tests.ledger.test_sequencer import write

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture(autouse=True)
def keys(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """A folder of keys of this test's own; whatever it did, the log is whole after it."""
    settings.KEYS_DIR = tmp_path / "keys"
    yield settings.KEYS_DIR
    assert audit.audit().faults == ()


def sequenced(count: int) -> Checkpoint:
    write(count)
    signed = sequencer.drain(at=timezone.now())
    assert signed is not None
    return signed


def signed_by(head: Checkpoint) -> list[str]:
    return [one.text for one in notes.verify(notes.parse(head.note), checkpoints.public_keys())]


def receipt_of(index: int) -> tuple[receipts.Receipt, bytes]:
    entry = Entry.objects.get(leaf__index=index)
    return receipts.Receipt.from_text(report.receipt(entry)), bytes(entry.body)


def test_a_whole_handover(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = sequenced(3)
    old = checkpoints.signer().verifier
    (tmp_path / "log.vkey").write_text(old.text + "\n")
    before = receipt_of(1)
    watch = [str(tmp_path / "mirror"), "--key", str(tmp_path / "log.vkey"), "--state", str(tmp_path / "state")]
    call_command("publish_log", watch[0], "--entries")
    assert monitor.main([*watch, "--entries", "--follow-keys"]) == 0

    call_command("rotate_log_key")
    new = checkpoints.signers()[1].verifier
    assert new.text in capsys.readouterr().out
    assert checkpoints.verifier_key() == old.text  # which still signs everything
    announced = sequenced(1)
    assert signed_by(announced) == [old.text, new.text]
    with pytest.raises(CommandError, match="retire the one before first"):
        call_command("rotate_log_key")
    entry = Entry.objects.get(kind=Entry.Kind.LOG_KEY_CHANGED)
    said = canonical.read(bytes(entry.body)).data
    assert said == {"act": "announced", "verifier": new.text, "replaces": old.text}
    assert notes.open_checkpoint(announced.note, old).size > entry.leaf.index  # under the old one
    call_command("publish_log", watch[0], "--entries")
    capsys.readouterr()
    assert monitor.main([*watch, "--entries", "--follow-keys"]) == 0
    assert new.text in capsys.readouterr().out

    call_command("rotate_log_key", "--retire")
    assert (checkpoints.verifier_key(), [one.text for one in checkpoints.former()]) == (new.text, [old.text])
    last = sequenced(2)
    assert signed_by(last) == [new.text]
    assert Client().get("/v1/log/key").content.decode().split() == [new.text, old.text]
    call_command("publish_log", watch[0], "--entries")
    assert monitor.main([*watch, "--entries", "--follow-keys"]) == 0
    # Whoever has only the old key: what it signed holds, and what it did not, does not.
    receipt, body = before
    assert receipts.verify(receipt, body, old).size == first.size
    assert receipts.verify(receipt, body, *checkpoints.public_keys()).size == first.size
    receipt, body = receipt_of(1)
    with pytest.raises(notes.NotSigned):
        receipts.verify(receipt, body, old)
    assert receipts.verify(receipt, body, new).size == last.size
    with pytest.raises(CommandError, match="announce another first"):
        call_command("rotate_log_key", "--retire")


def test_handovers_follow_one_another() -> None:
    sequenced(1)
    chain = [checkpoints.verifier_key()]
    for _ in range(2):
        log_keys.announce(at=timezone.now())
        log_keys.retire(at=timezone.now())
        chain.append(checkpoints.verifier_key())
        sequenced(1)
    assert len(set(chain)) == 3
    assert [key.text for key in checkpoints.public_keys()] == chain[::-1]
    assert LogKeyChange.objects.count() == 4


@pytest.mark.parametrize("step", range(3))
def test_an_announcement_that_was_stopped_is_finished(step: int, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sequenced(1)
    writing, done = checkpoints.HeldKeys.write, []

    def stopped(self: Any, name: str, lines: Any) -> None:
        if step == 0 and name == checkpoints.NEXT:
            raise KeyboardInterrupt
        if step == 1 and name == checkpoints.SIGNING:
            raise KeyboardInterrupt
        writing(self, name, lines)
        if step == 2 and name == checkpoints.SIGNING:
            raise KeyboardInterrupt  # and before the key that waited was removed
        done.append(name)

    with monkeypatch.context() as broken:
        broken.setattr(checkpoints.HeldKeys, "write", stopped)
        with pytest.raises(KeyboardInterrupt):
            log_keys.announce(at=timezone.now())
    waiting = keys / checkpoints.NEXT
    made = waiting.read_text() if waiting.exists() else None
    if step < 2:
        log_keys.announce(at=timezone.now())
    assert len(checkpoints.signers()) == 2
    if made is not None:
        assert checkpoints.signers()[1].secret_text == made.strip()
    assert LogKeyChange.objects.count() == 1
    log_keys.retire(at=timezone.now())
    log_keys.announce(at=timezone.now())
    assert len({one.secret_text for one in checkpoints.signers()}) == 2
    assert LogKeyChange.objects.filter(act="announced").count() == 2


@pytest.mark.parametrize("step", range(2))
def test_a_retirement_that_was_stopped_is_finished(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sequenced(1)
    old = checkpoints.signer().verifier
    log_keys.announce(at=timezone.now())
    writing = checkpoints.HeldKeys.write

    def stopped(self: Any, name: str, lines: Any) -> None:
        if step == (name == checkpoints.SIGNING):
            raise KeyboardInterrupt
        writing(self, name, lines)

    with monkeypatch.context() as broken:
        broken.setattr(checkpoints.HeldKeys, "write", stopped)
        with pytest.raises(KeyboardInterrupt):
            log_keys.retire(at=timezone.now())
    assert old in tuple(checkpoints.public_keys())
    assert audit.audit().faults == ()
    log_keys.retire(at=timezone.now())
    assert [one.text for one in checkpoints.former()] == [old.text]
    assert LogKeyChange.objects.count() == 2


def test_the_old_key_is_not_retired_before_both_have_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    sequenced(1)
    log_keys.announce(at=timezone.now())
    with monkeypatch.context() as broken:
        broken.setattr(sequencer, "drain", lambda **_: None)  # no sequencer runs
        with pytest.raises(log_keys.NotSealed):
            log_keys.retire(at=timezone.now(), patience_s=0.3)
    assert len(checkpoints.signers()) == 2
    log_keys.retire(at=timezone.now())
    assert len(checkpoints.signers()) == 1


def test_a_process_that_runs_on_signs_with_the_keys_of_now() -> None:
    first = sequenced(1)
    log_keys.announce(at=timezone.now())
    second = sequenced(1)
    log_keys.retire(at=timezone.now())
    third = sequenced(1)
    assert [len(signed_by(head)) for head in (first, second, third)] == [1, 2, 1]
    assert signed_by(first) != signed_by(third)


def test_a_stranger_among_the_former_keys_convinces_nobody_who_has_the_log(keys: Path) -> None:
    """The list of former keys is a file beside the private ones, and not a table: what is in the database is not it."""
    sequenced(1)
    stranger = notes.Signer.generate(configured.LEDGER_ORIGIN)
    forged = str(notes.sign_checkpoint(notes.Checkpoint(stranger.name, 1, bytes(32)), stranger))
    with pytest.raises(notes.NotSigned):
        notes.open_checkpoint(forged, *checkpoints.public_keys())
