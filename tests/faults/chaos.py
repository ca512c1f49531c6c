"""
Chaos: writers, sequencers and the database are killed at random, and nothing that was acknowledged is lost.

Writers register parties: some transactions are rolled back, some are slow, and each that commits is noted in a file
that survives its writer. Sequencers race. Whoever is killed is replaced at once. They are forked from one process that
has loaded Django and has no connection, since loading it takes seconds; each is a process of its own all the same.

`run` does it, `check` says what came of it. The same is a test, seeded and short, and with a thousand kills
``python -m benchmarks chaos``.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from ledger import embedded
from tests.faults.processes import Folder, kill, postgres_of, wait_until

WRITERS = 4
SEQUENCERS = 3
TICK_MS = 20
ROLLED_BACK = 0.15  # of all transactions
SLOW = 0.03
SLOW_S = 0.05
OF_DATABASE = 0.05  # of all kills
NURSERY = (sys.executable, "-m", "tests.faults.chaos")


# --- What runs in the processes ---------------------------------------------------------------------------------------


def nursery() -> None:
    """Fork whoever is named on a line of the input, and say which process it is."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who was killed leaves nothing behind
    for line in sys.stdin:
        act, name, notes, seed = line.split()
        pid = os.fork()
        if pid:
            print(pid, flush=True)  # noqa: T201
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # what a database is started with waits for its children
        try:
            if act == "write":
                _write(name, Path(notes), random.Random(int(seed)))
            else:
                _sequence()
        finally:
            os._exit(0)


def _write(name: str, notes: Path, chance: random.Random) -> None:
    from django.db import IntegrityError, InterfaceError, OperationalError, connections, transaction
    from django.utils import timezone

    from ledger import log
    from ledger.models import Entry
    from rights import parties
    from rights.models import Party
    from rights.vocabulary import PartyKind
    from tests.faults import world

    file = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(id_: Any, what: str) -> None:
        os.write(file, f"{id_} {what}\n".encode())  # at once in the system's hands, whatever happens to this process

    number = 0
    while True:
        id_ = world.key(f"{name} {number}")
        is_taken_back, is_slow = chance.random() < ROLLED_BACK, chance.random() < SLOW
        note(id_, "begun")
        try:
            with transaction.atomic(durable=True):
                at = timezone.now()
                party = parties.register(parties.stage(id=id_, kind=PartyKind.COMPANY, name=f"{name} {number}"), at=at)
                log.append(Entry.Kind.PARTY_REGISTERED, party, {}, at=at)
                if is_slow:
                    time.sleep(SLOW_S)
                transaction.set_rollback(is_taken_back)
            note(id_, "rolled-back" if is_taken_back else "acknowledged")
        except IntegrityError:
            Party.objects.get(pk=id_)  # it had in truth happened, and we were not told
            note(id_, "acknowledged")
        except (OperationalError, InterfaceError):
            connections.close_all()
            note(id_, "lost")
            time.sleep(0.02)
            continue
        number += 1


def _sequence() -> None:
    from django.core.management import call_command

    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - of the system's
        call_command("sequence", every_ms=TICK_MS, stderr=nowhere)


# --- What kills them --------------------------------------------------------------------------------------------------


@dataclass
class Chaos:
    """What was done: who was killed how often, and which checkpoints were seen outside meanwhile."""

    kills: Counter[str] = field(default_factory=Counter)
    seen: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0
    notes: list[Path] = field(default_factory=list)


class _House:
    def __init__(self, made: Folder, chance: random.Random) -> None:
        self.made, self.chance = made, chance
        self.chaos = Chaos()
        self.process: subprocess.Popen[str] = subprocess.Popen(
            NURSERY,
            env=self._environment(),
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        made.started.append(self.process)
        self.who: dict[int, str] = {}

    def _environment(self) -> dict[str, str]:
        from tests.faults.processes import environment

        return environment(self.made.data)

    def bear(self, act: str) -> None:
        """Start one more of a kind."""
        name = f"{act}-{len(self.chaos.notes)}"
        notes = self.made.data.parent / "notes" / name
        notes.parent.mkdir(exist_ok=True)
        if act == "write":
            self.chaos.notes.append(notes)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{act} {name} {notes} {self.chance.randrange(2**32)}\n")
        self.process.stdin.flush()
        self.who[int(self.process.stdout.readline())] = act

    def kill_one(self) -> None:
        """Kill somebody at random, and replace him; the database is started by whoever finds it dead."""
        if self.chance.random() < OF_DATABASE:
            if kill(postgres_of(self.made.data)):
                self.chaos.kills["database"] += 1
            embedded.ensure(self.made.data / "pg18")
            return
        pid = self.chance.choice(list(self.who))
        act = self.who.pop(pid)
        os.kill(pid, signal.SIGKILL)
        self.chaos.kills["writer" if act == "write" else "sequencer"] += 1
        self.bear(act)

    def look(self) -> None:
        """Keep the checkpoint that somebody outside sees now."""
        file = self.made.data / "log" / "newest-checkpoint"
        if file.exists():
            note = file.read_text()
            size = int(note.split("\n")[1])
            assert self.chaos.seen.setdefault(size, note) == note, "two checkpoints of one size"

    def end(self) -> None:
        """Kill everybody who is left."""
        for pid in self.who:
            os.kill(pid, signal.SIGKILL)
        assert self.process.stdin is not None
        self.process.stdin.close()  # nobody is born any more


def run(made: Folder, *, seed: int, kills: int, seconds: float, pause_s: float = 0.05) -> Chaos:
    """Kill so many, or as many as there is time for, while everybody works; return what was done."""
    embedded.ensure(made.data / "pg18")
    house = _House(made, random.Random(seed))
    for act in ["write"] * WRITERS + ["sequence"] * SEQUENCERS:
        house.bear(act)
    chaos = house.chaos
    wait_until((made.data / "log" / "newest-checkpoint").exists, seconds=40, what="the log grows")
    since = time.monotonic()
    while chaos.kills.total() < kills and time.monotonic() - since < seconds:
        time.sleep(house.chance.uniform(0, 2 * pause_s))
        house.look()
        house.kill_one()
    time.sleep(0.5)
    house.look()
    house.end()
    chaos.seconds = time.monotonic() - since
    return chaos


# --- What must have come of it ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """The figures; every one that must be zero is."""

    acknowledged: int
    rolled_back: int
    lost: int  # of which nobody was told: the database died, or the writer
    entries: int
    checkpoints: int
    seen: int

    def __str__(self) -> str:
        """Return them as a sentence."""
        return (
            f"{self.acknowledged:,} acknowledged, each there once; {self.rolled_back:,} rolled back, none there; "
            f"{self.lost:,} of which nobody was told; {self.entries:,} entries without a gap, {self.checkpoints:,} "
            f"checkpoints that all hold, {self.seen:,} of them seen outside meanwhile"
        )


def check(made: Folder, chaos: Chaos) -> Outcome:
    """
    Check that nothing acknowledged is lost, nothing is there twice, no place is empty, and every checkpoint that was
    ever seen is of the tree there is.
    """
    made.manage("sequence", "--once", seconds=600)
    found: dict[str, Any] = json.loads(made.manage("verify_ledger", "--json", seconds=3600))
    assert found["faults"] == [], found["faults"][:5]
    assert found["pending"] == 0
    last: dict[str, str] = {}
    for notes in chaos.notes:
        for line in notes.read_text().splitlines() if notes.exists() else ():
            id_, _, what = line.partition(" ")
            assert last.get(id_) not in {"acknowledged", "rolled-back"}, "a writer goes on after an answer"
            last[id_] = what
    told = Counter(last.values())
    server = embedded.ensure(made.data / "pg18")
    where = make_conninfo(**server.parameters(user="ledger_app", dbname="ledger"))
    with psycopg.connect(where, autocommit=True) as asking:
        there = {str(row[0]) for row in asking.execute("SELECT id FROM rights_party").fetchall()}
        sql = "SELECT entry.fact FROM ledger_leaf leaf JOIN ledger_entry entry ON entry.id = leaf.entry_id"
        placed = Counter(str(row[0]) for row in asking.execute(sql).fetchall())
        leaves = asking.execute("SELECT count(*), min(index), max(index) FROM ledger_leaf").fetchone()
        heads: dict[int, str] = dict(asking.execute("SELECT size, note FROM ledger_checkpoint").fetchall())
    acknowledged = {id_ for id_, what in last.items() if what == "acknowledged"}
    rolled_back = {id_ for id_, what in last.items() if what == "rolled-back"}
    assert acknowledged <= there, "something acknowledged is lost"
    assert not rolled_back & there, "something that was taken back is there"
    assert placed.keys() == there, "a fact has no place, or a place no fact"
    assert set(placed.values()) <= {1}, "something is there twice"
    assert there <= last.keys(), "something is there that nobody wrote"
    assert leaves == (len(there), 0, len(there) - 1), "the log has a gap"
    for size, note in chaos.seen.items():
        assert heads.get(size) == note, f"the checkpoint of size {size} that was seen is not one of the log"
    lost = told["lost"] + told["begun"]
    return Outcome(len(acknowledged), len(rolled_back), lost, len(there), len(heads), len(chaos.seen))


if __name__ == "__main__":
    import django

    django.setup()
    # Loaded before the first child is there, and connected to nothing.
    from ledger import log, sequencer  # noqa: F401
    from rights import parties  # noqa: F401
    from tests.faults import world  # noqa: F401

    nursery()
