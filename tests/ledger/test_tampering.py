"""
Who can change history, and who notices: each attacker, and what stands in the way.

    the application's login                              the grants refuse it
    a superuser, also with the role of a replica         the triggers refuse it, which are always on
    a superuser who turns a trigger off and edits        the audit, and any monitor that reads entries, name the entry
    a superuser who turns a trigger off and deletes      the audit names the gap
    who owns the database and the key, and rebuilds all  the audit holds: an older checkpoint, a witness, a monitor and
                                                         a mirror, each outside the house, say that it is another log
    who restores an old backup                           nothing is signed, since the newest checkpoint is outside it;
                                                         and if that is gone too, witness, monitor and mirror say so
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from ledger import (
    audit,
    checkpoints,
    cosignatures,
    merkle,
    monitor,
    notes,
    sequencer,
    verify,
    witness,
    witness_service,
    witnessing,
)
from ledger.models import Entry, Leaf
from tests.flows.conftest import changed, superuser, tampering
from tests.ledger.test_cosignatures import cosigning
from tests.ledger.test_publishing import write
from tests.ledger.test_witnessing import serving

ALONE = pytest.mark.django_db(transaction=True, databases="__all__")
SIZE = 300  # one full tile, and an edge
APPENDED = ("ledger_entry", "ledger_leaf", "ledger_tile", "ledger_checkpoint", "ledger_cosignature")
WITNESS = cosigning(cosignatures.ED25519)


@dataclass
class Outside:
    """What left the house while the log was whole: an older checkpoint, a mirror, a witness, a monitor."""

    checkpoint: str
    mirror: Path
    monitor: Path
    key: Path
    say: Callable[..., tuple[int, str]]

    def watch(self, folder: Path | None = None, *more: str) -> tuple[int, str]:
        """Publish what the log is now into a folder of its own, and have the monitor look at it."""
        if folder is None:
            folder = self.mirror.with_name("now")
            call_command("publish_log", str(folder), "--entries")
        return self.say(str(folder), "--key", str(self.key), "--state", str(self.monitor), *more)


Say = Callable[..., tuple[int, str]]


@contextmanager
def seen(folder: Path, say: Say) -> Iterator[Outside]:
    """A log of some hundred entries, and those who saw it."""
    write(SIZE)
    log = checkpoints.signer().verifier
    (folder / "log.vkey").write_text(log.text)
    one = witness.Witness([WITNESS], {log.name: [log]}, folder / "witness")
    with serving(witness_service.served(one)) as url:
        policy = folder / "policy"
        policy.write_text(f"witness w {WITNESS.public.text} {url}\nquorum none\n")
        with override_settings(LEDGER_WITNESS_POLICY=policy, LEDGER_CHECKPOINT_FILE=configured.LEDGER_CHECKPOINT_FILE):
            assert witnessing.ask(at=timezone.now()) == 1
            call_command("publish_log", str(folder / "mirror"), "--entries")
            made = Outside(checkpoints.newest().note, folder / "mirror", folder / "seen.json", folder / "log.vkey", say)
            assert made.watch(made.mirror, "--entries")[0] == 0
            yield made


def said(*given: str) -> tuple[int, str]:
    """Run the monitor, and return its exit status and what it says."""
    with redirect_stdout(io.StringIO()) as out:
        status = monitor.main(given)
    return status, out.getvalue().strip()


@pytest.fixture(scope="module")
def standing(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outside]:
    """One for all that changes nothing, or changes it in a transaction that is undone."""
    folder = tmp_path_factory.mktemp("standing")
    with django_db_blocker.unblock(), override_settings(LEDGER_CHECKPOINT_FILE=folder / "newest-checkpoint"):
        with seen(folder, said) as made:
            yield made
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    """One of a test's own."""
    with seen(tmp_path, said) as made:
        yield made


def faults() -> list[str]:
    return [fault.sentence for fault in audit.audit().faults]


# --- The application's login ---


@pytest.mark.parametrize("role", ["ledger_app", "ledger_auditor"])
def test_the_applications_login_is_refused_by_the_grants(role: str, standing: Outside) -> None:
    statements = [
        *(f"UPDATE {table} SET id = id" for table in ("ledger_entry", "ledger_tile", "ledger_cosignature")),
        *("UPDATE ledger_leaf SET hash = hash", "UPDATE ledger_checkpoint SET note = note"),
        *(f"{verb} {table}" for table in APPENDED for verb in ("DELETE FROM", "TRUNCATE")),
        "INSERT INTO ledger_leaf (index, entry_id, hash) SELECT 9999, id, '' FROM ledger_entry LIMIT 1",
        "INSERT INTO ledger_checkpoint (size, root, note, at) VALUES (9999, '', '', now())",
        "INSERT INTO ledger_tile (level, number, data) VALUES (0, 9, '')",
        "UPDATE ledger_edge SET data = data",
        "DELETE FROM ledger_pendingentry",
        "TRUNCATE ledger_pendingentry",
    ]
    with superuser(role=role) as login:
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                login.execute(statement)
    assert faults() == []


# --- A superuser ---


@pytest.mark.parametrize("is_replica", [False, True], ids=["", "replica"])
@pytest.mark.parametrize("table", APPENDED)
def test_a_superuser_is_refused_by_triggers_that_are_always_on(
    table: str,
    is_replica: bool,  # noqa: FBT001 - a table
    standing: Outside,
) -> None:
    column = "note" if table == "ledger_checkpoint" else "hash" if table == "ledger_leaf" else "id"
    with superuser() as admin:
        if is_replica:
            admin.execute("SET session_replication_role = replica")
        for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=f"append-only: .* on {table} is refused"):
                admin.execute(statement)
    assert faults() == []


@pytest.mark.parametrize("index", [0, 77, 255, 256, SIZE - 1])
def test_an_edited_entry_is_named(index: int, standing: Outside, tmp_path: Path) -> None:
    entry = Entry.objects.get(leaf__index=index)
    edited = "substr(body, 1, length(body) - 9) || 'x'::bytea || substr(body, length(body) - 7)"
    with changed(f"UPDATE ledger_entry SET body = {edited} WHERE id = %s", "ledger_entry", values=(entry.id,)):
        assert f"Entry {index} (party_registered) was changed: its bytes have another hash." in faults()
        # And whoever reads entries from outside finds the same.
        call_command("publish_log", str(tmp_path / "m"), "--entries")
    found = said(str(tmp_path / "m"), "--key", str(standing.key), "--state", str(tmp_path / "state"), "--entries")
    sentence = f"Entry {index} at {tmp_path / 'm'} was changed: its bytes have another hash than its leaf."
    assert found == (1, sentence)


def test_an_entry_that_was_edited_with_its_leaf_breaks_tiles_and_roots(standing: Outside) -> None:
    entry = Entry.objects.get(leaf__index=77)
    body = bytes(entry.body).replace(b"party_registered", b"party_registereD")
    with tampering("ledger_entry", "ledger_leaf") as cursor:
        cursor.execute("UPDATE ledger_entry SET body = %s WHERE id = %s", (body, entry.id))
        cursor.execute("UPDATE ledger_leaf SET hash = %s WHERE index = 77", (merkle.leaf_hash(body),))
        found = faults()
    assert "Tile 0/0 does not follow from the entries." in found
    assert f"The checkpoint of size {SIZE} names a root that does not follow from the entries." in found


@pytest.mark.parametrize("index", [0, 200, SIZE - 1])
def test_a_deleted_entry_leaves_a_gap_that_is_named(index: int, standing: Outside) -> None:
    entry = Entry.objects.get(leaf__index=index)
    with tampering("ledger_entry", "ledger_leaf") as cursor:
        cursor.execute("DELETE FROM ledger_leaf WHERE index = %s", (index,))
        cursor.execute("DELETE FROM ledger_entry WHERE id = %s", (entry.id,))
        found = faults()
    last = f"The checkpoint of size {SIZE} speaks of entries that are not there."
    assert (last if index == SIZE - 1 else f"Entry {index} is missing: the log has a gap there.") in found
    assert "1 row(s) of rights_party have no entry: they were put in behind the log's back." in found


def test_a_deleted_checkpoint_is_missed_by_the_copy_outside(standing: Outside, settings: Any) -> None:
    settings.LEDGER_CHECKPOINT_FILE = standing.mirror.with_name("newest-checkpoint")
    assert faults() == []
    with tampering("ledger_cosignature", "ledger_checkpoint") as cursor:
        cursor.execute("DELETE FROM ledger_cosignature")
        cursor.execute("DELETE FROM ledger_checkpoint WHERE size = %s", (SIZE,))
        assert any("was kept outside the database is not one of it" in sentence for sentence in faults())


# --- Who owns the database and the key ---


@pytest.fixture
def rebuilt(outside: Outside) -> Outside:
    """Everything is made anew with the log's own key: as many entries, of another history."""
    call_command("flush", verbosity=0, interactive=False)
    configured.LEDGER_CHECKPOINT_FILE.unlink()
    write(SIZE)
    return outside


@ALONE
def test_a_rebuilt_log_holds_for_itself(rebuilt: Outside) -> None:
    assert faults() == []
    notes.open_checkpoint(checkpoints.newest().note, notes.Verifier.from_text(rebuilt.key.read_text()))


@ALONE
def test_a_rebuilt_log_is_another_to_who_has_an_older_checkpoint(rebuilt: Outside) -> None:
    report = verify.Report()
    head = checkpoints.newest()
    now = notes.open_checkpoint(head.note, *checkpoints.public_keys())
    verify.check_against(rebuilt.checkpoint, [now], checkpoints.public_keys(), report)
    (check,) = report.checks
    assert check.state is verify.State.FAILS
    assert check.sentence == f"Your checkpoint of {SIZE} entries has another root: the log was rewritten."
    write(5)
    sequencer.drain(at=timezone.now())
    old = notes.open_checkpoint(rebuilt.checkpoint, *checkpoints.public_keys())
    newest, tiles = sequencer.tree()
    with pytest.raises(merkle.NotConsistent):
        merkle.verify_consistency(
            old_size=old.size,
            size=newest.size,
            proof=merkle.consistency_proof(old.size, newest.size, tiles),
            old_root=old.root,
            root=bytes(newest.root),
        )


@ALONE
def test_a_rebuilt_log_is_another_to_a_witness(rebuilt: Outside) -> None:
    assert witnessing.ask(at=timezone.now()) == 0
    (standing,) = witnessing.standings()
    assert standing.problem.startswith("This log was forked, or an old backup was restored: ")


@ALONE
@pytest.mark.parametrize("more", [0, 7])
def test_a_rebuilt_log_is_another_to_a_monitor_and_to_a_mirror(more: int, rebuilt: Outside) -> None:
    if more:
        write(more)
        sequencer.drain(at=timezone.now())
    status, sentence = rebuilt.watch()
    assert status == 1
    assert sentence.startswith("The log has two histories: ")
    proof = rebuilt.monitor.with_name("seen.json.contradiction").read_text()
    assert rebuilt.checkpoint in proof
    assert checkpoints.newest().note in proof
    with pytest.raises(CommandError, match="does not extend"):
        call_command("publish_log", str(rebuilt.mirror), "--entries")
    both = rebuilt.say(
        *(str(rebuilt.mirror), "--also", str(rebuilt.mirror.with_name("now")), "--key", str(rebuilt.key)),
        *("--state", str(rebuilt.monitor.with_name("fresh"))),
    )
    assert both[0] == 1
    assert "show different trees of one log" in both[1]


# --- Who restores an old backup ---


def elsewhere(*statements: str) -> None:
    """Run these with nobody connected to the tests' database."""
    connections.close_all()
    with superuser() as admin:
        given: dict[str, Any] = {**admin.info.get_parameters(), "password": admin.info.password}
    with psycopg.connect(**(given | {"dbname": "postgres"}), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [given["dbname"]])
        for statement in statements:
            admin.execute(statement)


@pytest.fixture
def restored(outside: Outside) -> Outside:
    """The database of before is back, as a whole; what was written since is gone."""
    name = connections["default"].settings_dict["NAME"]
    elsewhere(f"CREATE DATABASE backup_of_{name} TEMPLATE {name}")
    write(20)
    sequencer.drain(at=timezone.now())
    witnessing.ask(at=timezone.now() + witnessing.LONGEST_WAIT)
    call_command("publish_log", str(outside.mirror), "--entries")
    assert outside.watch(outside.mirror)[0] == 0
    elsewhere(
        f"DROP DATABASE {name} WITH (FORCE)",
        f"ALTER DATABASE backup_of_{name} RENAME TO {name}",
    )
    assert Leaf.objects.count() == SIZE
    return outside


@ALONE
def test_a_restored_backup_signs_nothing(restored: Outside) -> None:
    assert any(f"The checkpoint of size {SIZE + 20} that was kept outside" in sentence for sentence in faults())
    with pytest.raises(checkpoints.Forked, match=f"the checkpoint of size {SIZE + 20}"):
        write(1)  # which is committed, and pending
    with pytest.raises(checkpoints.Forked):
        sequencer.drain(at=timezone.now())
    assert checkpoints.newest().size == SIZE


@ALONE
@pytest.mark.parametrize("more", [0, 5, 40])
def test_a_restored_backup_that_goes_on_is_another_log_to_others(more: int, restored: Outside) -> None:
    """With the copy outside the database lost too, or removed by somebody."""
    configured.LEDGER_CHECKPOINT_FILE.unlink()
    if more:
        write(more)
        sequencer.drain(at=timezone.now())
    assert faults() == []
    status, sentence = restored.watch()
    shorter = more < 20
    assert status == 1
    assert sentence.startswith("The log shrank: " if shorter else "The log has two histories: ")
    assert witnessing.ask(at=timezone.now() + 3 * witnessing.LONGEST_WAIT) == 0
    (standing,) = witnessing.standings()
    if not more:
        assert standing.problem == ""  # it is not asked for what it cosigned before
    elif shorter:
        assert f"it has cosigned {SIZE + 20} entries, and there are {SIZE + more}." in standing.problem
    else:
        assert "does not extend the one it saw" in standing.problem
    with pytest.raises(CommandError, match="does not extend"):
        call_command("publish_log", str(restored.mirror), "--entries")
