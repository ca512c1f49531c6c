"""Backups: put back whole and proven, never forked, and without whom was erased; and the drill that shows it."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.apps import apps
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.utils import timezone

from ledger import backups, checkpoints, notes, sequencer
from ledger.models import Operation
from rights.personal import PERSONAL, Fate
from tests.faults import processes
from tests.faults.processes import Folder
from tests.flows.conftest import World, key
from tests.flows.test_erasure import answer, ask, propose, team  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__"), pytest.mark.slow]


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    """Where backups lie; the copy of the checkpoint outside is this test's own, and so are the stores."""
    settings.LEDGER_CHECKPOINT_FILE = tmp_path / "log" / "newest-checkpoint"
    settings.STORAGES = {
        **configured.STORAGES,
        **{
            alias: {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": str(tmp_path / "stores" / alias)},
            }
            for alias in set(configured.STORAGES) - {"default", "staticfiles"}
        },
    }
    return tmp_path / "backups"


def drain() -> None:
    sequencer.drain(at=timezone.now())


def told(command: str, *arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command(command, *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, f"{out.getvalue()}{error}"
    return 0, out.getvalue()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Folder]:
    """An empty data folder with this installation's keys, as after a fire."""
    with processes.folder(tmp_path / "elsewhere" / "data") as made:
        made.data.mkdir(parents=True)
        checkpoints.signer()  # which a new installation makes when it first signs
        shutil.copytree(configured.KEYS_DIR, made.data / "keys")
        yield made
        made.run("true")


def restored(home: Folder, folder: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "manage.py", "restore", str(folder), "--json", *more],
        env=processes.environment(home.data),
        cwd=processes.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else {}, done.stderr


def test_a_backup_is_tried_beside_the_living_log_and_put_back_after_it_is_lost(
    trade: World, kept: Path, elsewhere: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where the living service's audio lies elsewhere, the drill stays away from it.
    living = tmp_path / "stores.json"
    living.write_text(json.dumps({"audio": configured.STORAGES["audio"]}))
    monkeypatch.setenv("LEDGER_STORES", str(living))
    trade.register("country", audio=False)
    sound = trade.sounds.own("wav")
    from fingerprint import store

    digest = store.put(sound)
    drain()
    identity = pyrage.x25519.Identity.generate()
    opener = tmp_path / "identity"
    opener.write_text(f"# made by nobody\n{identity}\n")
    code, said = told("backup", str(kept), "--recipient", str(identity.to_public()))
    assert code == 0, said
    first = backups.newest(kept)
    assert Operation.objects.get(kind=Operation.Kind.BACKUP).has_passed
    everything = b"".join(file.read_bytes() for file in kept.rglob("*") if file.is_file())
    assert b"PGDMP" not in everything  # encrypted
    assert sound.read_bytes()[:64] not in everything

    # Nothing newer: the backup's tree is the living one's.
    assert told("restore_drill", str(kept))[0] == 1  # locked
    assert not Operation.objects.filter(kind=Operation.Kind.DRILL).latest("ended_at").has_passed
    # Something newer was signed since: proven to go on from the backup, and the backup alone may not sign.
    trade.state("/v1/works", {"id": key("later"), "title": "Later"})
    drain()
    code, said = told("restore_drill", str(kept), "--identity", str(opener))
    assert code == 0, said
    assert "refuses to sign" in said
    drilled = Operation.objects.filter(kind=Operation.Kind.DRILL).latest("ended_at")
    document = json.loads(drilled.document)
    assert drilled.has_passed
    assert document["refused_to_sign"] is True
    assert document["size"] + 1 == document["living_size"]
    assert document["files"] == 1

    # The house burned; somebody kept a receipt of the later entry, and the backup does not lead to it.
    newest = sequencer.tree()[0]
    witness = tmp_path / "witness"
    witness.write_text(newest.note)
    lost = ("--identity", str(opener), "--witness", str(witness))
    code, _, why = restored(elsewhere, kept, *lost)
    assert code == 2, why
    assert "would tell another history" in why
    assert f"of {newest.size} entries" in why
    # And the folder is left in a state that signs nothing.
    import subprocess
    import sys

    tried = subprocess.run(
        [sys.executable, "manage.py", "sequence", "--once"],
        env=processes.environment(elsewhere.data),
        cwd=processes.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Forked" in tried.stderr
    code, _, why = restored(elsewhere, kept, *lost)
    assert (code, "a backup is only put where nothing is" in why) == (3, True)

    # The backup of today leads to it.
    told("backup", str(kept), "--recipient", str(identity.to_public()))
    assert backups.newest(kept).stamp > first.stamp
    with processes.folder(tmp_path / "third" / "data") as third:
        third.data.mkdir(parents=True)
        shutil.copytree(configured.KEYS_DIR, third.data / "keys")
        code, found, why = restored(third, kept, *lost)
        assert (code, found.get("faults")) == (0, []), why
        assert found["entries"] == newest.size
        assert digest in {file.name for file in (third.data / "audio").rglob("*")}
        assert json.loads(third.manage("verify_ledger", "--json"))["faults"] == []
        out = notes.open_checkpoint((third.data / "log" / "newest-checkpoint").read_text(), *checkpoints.public_keys())
        assert out.size == newest.size
        third.manage("sequence", "--once")  # and goes on


def test_a_damaged_or_missing_backup_is_not_put_back(
    trade: World, kept: Path, elsewhere: Folder, tmp_path: Path
) -> None:
    drain()
    code, _, why = restored(elsewhere, tmp_path)
    assert (code, "no finished backup" in why) == (3, True)
    made = backups.make(kept, at=timezone.now())
    code, _, why = restored(elsewhere, kept, "--at", "20200101T000000Z")
    assert (code, "no finished backup" in why) == (3, True)
    dump = made.folder / "database.dump"
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    code, _, why = restored(elsewhere, kept)
    assert (code, "is not what was written" in why) == (3, True)
    dump.write_bytes(whole)
    not_ours = tmp_path / "witness"
    not_ours.write_text("not a checkpoint")
    code, _, why = restored(elsewhere, kept, "--witness", str(not_ours))
    assert (code, "A witness is a checkpoint" in why) == (3, True)
    shutil.rmtree(elsewhere.data / "keys")
    code, _, why = restored(elsewhere, kept)
    assert (code, "keys back first" in why) == (3, True)


def test_a_log_that_was_forked_since_is_named_by_the_drill(trade: World, kept: Path) -> None:
    drain()
    made = backups.make(kept, at=timezone.now())
    said = json.loads((made.folder / "backup.json").read_text())
    other = checkpoints.sign(size=sequencer.tree()[0].size, root=b"\x01" * 32)
    (made.folder / "backup.json").write_text(json.dumps({**said, "checkpoint": other}))
    trade.state("/v1/works", {"id": key("later"), "title": "Later"})
    drain()
    findings: list[str] = []
    backups._compare_with_the_living(backups.newest(kept), findings)
    assert len(findings) == 1
    assert "the log was forked" in findings[0]
    (made.folder / "backup.json").write_text(json.dumps({**said, "checkpoint": other.replace("\n", " ")}))
    findings.clear()
    backups._compare_with_the_living(backups.newest(kept), findings)
    assert "not one of this log" in findings[0]


def test_people_leave_the_backups_in_time_and_facts_stay(trade: World, kept: Path, settings: Any) -> None:
    drain()
    now = timezone.now()
    settings.LEDGER_BACKUP_DAYS = 35
    for days in (40, 36, 34, 0):
        backups.make(kept, at=now - timedelta(days=days))
    facts, people = (
        sorted(one.name for one in (kept / part).iterdir() if one.name != "files") for part in ("facts", "people")
    )
    assert (len(facts), len(people)) == (4, 2)
    assert people == facts[2:]
    assert backups.prune(kept, at=now + timedelta(days=36)) == 2
    assert [one.name for one in (kept / "people").iterdir() if one.name != "files"] == []


def test_keys_are_written_under_lock_or_not_at_all(tmp_path: Path) -> None:
    (configured.KEYS_DIR / "log-signing-key").exists() or checkpoints.signer()
    file = tmp_path / "keys.age"
    code, said = told("backup_keys", str(file))
    assert (code, "never written in the open" in said) == (1, True)
    code, said = told("backup_keys", str(file), "--recipient", "age1nobody")
    assert (code, "is a public key of age" in said, file.exists()) == (1, True, False)
    identity = pyrage.x25519.Identity.generate()
    code, said = told("backup_keys", str(file), "--recipient", str(identity.to_public()))
    assert code == 0
    assert "reads every name, signs as this log" in said
    secret = (configured.KEYS_DIR / "django-secret").read_bytes()
    assert secret not in file.read_bytes()
    assert secret in pyrage.decrypt(file.read_bytes(), [identity])
    assert told("backup_keys", str(file), "--recipient", str(identity.to_public()))[0] == 1


def test_what_an_eraser_changes_is_in_the_part_that_is_not_kept_for_long() -> None:
    changed = {column.model for column in PERSONAL if column.fate is Fate.DELETED}
    assert changed == set(backups.ERASABLE)
    for label in backups.ERASABLE:
        for model in apps.get_models():
            refers = [field for field in model._meta.concrete_fields if field.related_model is apps.get_model(label)]
            assert refers == [], "a fact that is kept may not refer to what may be gone"
