"""
Chaos: writers, sequencers, workers and the database are killed at random, and nothing that was acknowledged is lost.

Writers register parties: some transactions are rolled back, some are slow, and each that commits is noted in a file
that survives its writer. Sequencers race. Where there are workers, which are Celery's as the service starts them, a
clerk hands small catalogues in for them, and notes each that was taken. Whoever is killed is replaced at once. Writers,
clerk and sequencers are forked from one process that has loaded Django and has no connection, since loading it takes
seconds; each is a process of its own all the same.

`run` does it, `check` says what came of it. The same is a test, seeded and short and without workers, and with a
thousand kills ``python -m benchmarks chaos``.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from ledger import embedded
from ledger.management.commands.serve import _children
from tests.faults.processes import Folder, kill, kill_group, postgres_of, wait_until

WRITERS = 4
SEQUENCERS = 3
TICK_MS = 20
ROLLED_BACK = 0.15  # of all transactions
SLOW = 0.03
SLOW_S = 0.05
OF_DATABASE = 0.05  # of all kills
OF_WORKERS = 0.05  # which live for seconds before they work
SONGS = 5  # at most, of a catalogue that is handed in
HANDED_IN = 10.0  # seconds that the clerk waits for one to be read before he hands in the next
LEASE_S = "3"  # instead of fifteen, so that a dead worker's job is free soon
KILLED = {"write": "writer", "sequence": "sequencer", "hand-in": "clerk"}
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
            if act == "sequence":
                _sequence()
            else:
                {"write": _write, "hand-in": _hand_in}[act](name, Path(notes), random.Random(int(seed)))
        except BaseException:  # noqa: BLE001 - nobody else says why
            traceback.print_exc()
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


def _hand_in(name: str, notes: Path, chance: random.Random) -> None:
    from django.db import InterfaceError, OperationalError, connections
    from django.utils import timezone

    from ledger import importing, tasks
    from ledger.incoming import Reading
    from ledger.models import ImportBatch, ImportOutcome, Job
    from rights.exchange.mapping import Mapping
    from tests.faults import world

    file = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sheet = notes.with_suffix(".csv")
    reading = Reading(mapping=Mapping(kind="catalogue", columns={"title": "Title", "work_title": "Work"}))
    number = 0
    while True:
        id_, songs = world.key(f"{name} {number}"), chance.randint(1, SONGS)
        lines = (f"{name} {number} {song},{name} {number} {song} (work)\n" for song in range(songs))
        sheet.write_text("Title,Work\n" + "".join(lines))
        os.write(file, f"{id_} begun {songs}\n".encode())
        try:
            importing.hand_in(
                id=id_,
                organization_id=None,
                format=ImportBatch.Format.CATALOGUE_SHEET,
                path=sheet,
                reading=reading,
                is_partial=False,
                is_rehearsal=False,
                at=timezone.now(),
            )
            os.write(file, f"{id_} acknowledged {songs}\n".encode())
            tasks.ring_for(Job.Kind.IMPORT, id_)
            until = time.monotonic() + HANDED_IN
            while time.monotonic() < until and not ImportOutcome.objects.filter(batch=id_).exists():
                time.sleep(0.1)
        except (OperationalError, InterfaceError):
            connections.close_all()
            time.sleep(0.1)
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
    handed_in: list[Path] = field(default_factory=list)


class _House:
    def __init__(self, made: Folder, chance: random.Random) -> None:
        self.made, self.chance = made, chance
        self.chaos = Chaos()
        with (made.data.parent / "nursery.log").open("w") as said:
            self.process: subprocess.Popen[str] = subprocess.Popen(
                NURSERY,
                env=self._environment(),
                cwd=Path(__file__).resolve().parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                start_new_session=True,
            )
        made.started.append(self.process)
        self.who: dict[int, str] = {}
        self.workers: list[subprocess.Popen[str]] = []

    def _environment(self) -> dict[str, str]:
        from tests.faults.processes import environment

        return environment(self.made.data)

    def bear(self, act: str) -> None:
        """Start one more of a kind."""
        name = f"{act}-{len(self.chaos.notes)}-{len(self.chaos.handed_in)}"
        notes = self.made.data.parent / "notes" / name
        notes.parent.mkdir(exist_ok=True)
        if act != "sequence":
            (self.chaos.notes if act == "write" else self.chaos.handed_in).append(notes)
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
            while kill(postgres_of(self.made.data)):  # one that was forked meanwhile keeps the memory of the dead
                time.sleep(0.05)
            embedded.ensure(self.made.data / "pg18")
            return
        if self.workers and self.chance.random() < OF_WORKERS:
            kill_group(self.workers.pop(self.chance.randrange(len(self.workers))))
            self.chaos.kills["worker"] += 1
            self.workers += employ(self.made, "worker")
            return
        pid = self.chance.choice(list(self.who))
        act = self.who.pop(pid)
        os.kill(pid, signal.SIGKILL)
        self.chaos.kills[KILLED[act]] += 1
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
        for worker in self.workers:
            kill_group(worker)
        for pid in self.who:
            os.kill(pid, signal.SIGKILL)
        assert self.process.stdin is not None
        self.process.stdin.close()  # nobody is born any more


def employ(made: Folder, *names: str) -> list[subprocess.Popen[str]]:
    """Start processes as `serve` does."""
    children = {child.name: child for child in _children({"workers": 2, "host": "127.0.0.1", "port": 0})}
    return [made.start(*children[name].command, log=f"{name}.log", LEDGER_LEASE_SECONDS=LEASE_S) for name in names]


def run(made: Folder, *, seed: int, kills: int, seconds: float, pause_s: float = 0.05, workers: int = 0) -> Chaos:
    """Kill so many, or as many as there is time for, while everybody works; return what was done."""
    embedded.ensure(made.data / "pg18")
    house = _House(made, random.Random(seed))
    for act in ["write"] * WRITERS + ["sequence"] * SEQUENCERS + ["hand-in"] * bool(workers):
        house.bear(act)
    if workers:
        house.workers += employ(made, *["worker"] * workers)
        employ(made, "scheduler")
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

    handed_in: int  # catalogues that were taken, and the songs that were to come of them
    songs: int
    acknowledged: int
    rolled_back: int
    lost: int  # of which nobody was told: the database died, or the writer
    entries: int
    checkpoints: int
    seen: int

    def __str__(self) -> str:
        """Return them as a sentence."""
        read = (
            f"{self.handed_in:,} catalogues of {self.songs:,} songs taken, each read once; " if self.handed_in else ""
        )
        return read + (
            f"{self.acknowledged:,} acknowledged, each there once; {self.rolled_back:,} rolled back, none there; "
            f"{self.lost:,} of which nobody was told; {self.entries:,} entries without a gap, {self.checkpoints:,} "
            f"checkpoints that all hold, {self.seen:,} of them seen outside meanwhile"
        )


def check(made: Folder, chaos: Chaos) -> Outcome:
    """
    Check that nothing acknowledged is lost, nothing is there twice, no place is empty, and every checkpoint that was
    ever seen is of the tree there is.
    """
    handed_in = _handed_in(made, chaos)
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
        sql = (
            "SELECT entry.fact FROM ledger_leaf leaf JOIN ledger_entry entry ON entry.id = leaf.entry_id"
            " WHERE entry.subject = 'party'"
        )
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
    assert leaves == (found["entries"], 0, found["entries"] - 1), "the log has a gap"
    assert handed_in or found["entries"] == len(there), "an entry of nobody's"
    for size, note in chaos.seen.items():
        assert heads.get(size) == note, f"the checkpoint of size {size} that was seen is not one of the log"
    lost = told["lost"] + told["begun"]
    return Outcome(
        handed_in=len(handed_in),
        songs=sum(handed_in.values()),
        acknowledged=len(acknowledged),
        rolled_back=len(rolled_back),
        lost=lost,
        entries=found["entries"],
        checkpoints=len(heads),
        seen=len(chaos.seen),
    )


def _handed_in(made: Folder, chaos: Chaos) -> dict[str, int]:
    """Let what is left be read; return the songs of each catalogue that was taken, of which each is there once."""
    begun: dict[str, int] = {}
    acknowledged: dict[str, int] = {}
    for notes in chaos.handed_in:
        for line in notes.read_text().splitlines() if notes.exists() else ():
            id_, what, songs = line.split()
            (acknowledged if what == "acknowledged" else begun)[id_] = int(songs)
    if not chaos.handed_in:
        return {}
    server = embedded.ensure(made.data / "pg18")
    where = make_conninfo(**server.parameters(user="ledger_app", dbname="ledger"))
    last = employ(made, "worker")
    with psycopg.connect(where, autocommit=True) as asking:
        waiting = (
            "SELECT count(*) FROM ledger_importbatch AS b WHERE NOT EXISTS"
            " (SELECT 1 FROM ledger_importoutcome WHERE batch_id = b.id)"
        )
        wait_until(lambda: asking.execute(waiting).fetchone() == (0,), seconds=120, what="all that was taken is read")
        for process in last:
            kill_group(process)
        sql = "SELECT batch_id::text, is_taken, facts, problems FROM ledger_importoutcome"
        read = {id_: told for id_, *told in asking.execute(sql).fetchall()}
        became = 'SELECT batch_id::text, count(*) FROM ledger_importedfact WHERE is_new AND "table" = %s GROUP BY 1'
        tables = ("rights_recording", "rights_work")
        made_of: dict[str, dict[str, int]] = {
            table: dict(asking.execute(became, (table,)).fetchall()) for table in tables
        }
        titles = Counter(str(row[0]) for row in asking.execute("SELECT title FROM rights_recording").fetchall())
    assert acknowledged.keys() <= read.keys() <= begun.keys(), "a catalogue that was taken is lost"
    for id_, outcome in read.items():
        assert outcome == [True, 2 * begun[id_], 0], "a catalogue was read in part"
        for table, found in made_of.items():
            assert found[id_] == begun[id_], f"of a catalogue, rows of {table} are missing or there twice"
    assert set(titles.values()) <= {1}, "a song is there twice"
    assert titles.total() == sum(begun[id_] for id_ in read), "a song is there that nobody handed in"
    return {id_: begun[id_] for id_ in read}


if __name__ == "__main__":
    import django

    django.setup()
    # Loaded before the first child is there, and connected to nothing.
    from ledger import importing, log, sequencer, tasks  # noqa: F401
    from rights import parties  # noqa: F401
    from tests.faults import world  # noqa: F401

    nursery()
