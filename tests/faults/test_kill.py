"""Real processes, killed without a word: every acknowledged fact is there once, and what was begun is finished once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import av
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger import embedded
from ledger.demo.catalogue import FOLDER
from ledger.management.commands.serve import _children
from tests import database
from tests.faults import processes, world
from tests.faults.processes import Folder, kill, kill_group, postgres_of, wait_until

pytestmark = pytest.mark.slow

LEASE_S = "3"  # instead of fifteen, so that a dead worker's job is free soon
DRIVER = (sys.executable, "-m", "tests.faults.driver")


def long_track(target: Path, *, times: int) -> Path:
    """Write a song many times over, without decoding it: real audio that takes a while to examine."""
    with av.open(str(target), "w", format="mp3") as output:
        stream: Any = None
        offset = 0
        for _ in range(times):
            with av.open(str(FOLDER / "country.mp3")) as song:
                source = song.streams.audio[0]
                stream = stream or output.add_stream_from_template(source)
                end = 0
                for packet in song.demux(source):
                    if packet.pts is None or packet.dts is None:
                        continue
                    end = packet.pts + (packet.duration or 0)
                    packet.pts += offset
                    packet.dts += offset
                    packet.stream = stream
                    output.mux(packet)
                offset += end
    return target


@contextmanager
def asking(made: Folder) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection to the folder's database, as the workers see it."""
    server = embedded.ensure(made.data / "pg18")
    where = make_conninfo(**server.parameters(user="ledger_app", dbname="ledger"))
    with psycopg.connect(where, autocommit=True) as connection:
        yield connection


def audited(made: Folder) -> dict[str, Any]:
    """Sequence what is pending, audit everything, and return what was found; there must be no fault."""
    made.manage("sequence", "--once")
    found: dict[str, Any] = json.loads(made.manage("verify_ledger", "--json"))
    assert found["faults"] == []
    assert found["pending"] == 0
    with asking(made) as connection:
        row = connection.execute("SELECT count(*), min(index), max(index) FROM ledger_leaf").fetchone()
    assert row == (found["entries"], 0, found["entries"] - 1)
    return found


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Folder]:
    """A data folder with its database, migrated."""
    with processes.folder(tmp_path / "data") as folder:
        (tmp_path / "tmp").mkdir()
        database.copy(folder.data / "pg18")
        yield folder


def start(made: Folder, *names: str) -> list[subprocess.Popen[str]]:
    """Start processes as `serve` does."""
    children = {child.name: child for child in _children({"workers": 2, "host": "127.0.0.1", "port": 0})}
    temporary = str(made.data.parent / "tmp")
    return [
        made.start(*children[name].command, log=f"{name}.log", LEDGER_LEASE_SECONDS=LEASE_S, TMPDIR=temporary)
        for name in names
    ]


def test_worker_with_its_children_in_the_middle_of_an_examination(made: Folder, tmp_path: Path) -> None:
    chance = random.Random(5_601_962)
    sounds = world.sounds(tmp_path)
    made.run(*DRIVER, "prepare", str(sounds.song))
    long = long_track(tmp_path / "long.mp3", times=6)
    start(made, "scheduler", "sequencer")
    (worker,) = start(made, "worker")
    ids = made.run(*DRIVER, "submit", str(long), *[str(sounds.output)] * 3).split()

    killed = 0
    with asking(made) as connection:

        def later_than(attempt: int) -> int:
            """Which attempt at the long track runs now; 0 where that is none, or no later one."""
            sql = "SELECT attempts FROM ledger_job WHERE subject_id = %s AND lease_until > now() AND done_at IS NULL"
            row = connection.execute(sql, (ids[0],)).fetchone()
            return int(row[0]) if row is not None and row[0] > attempt else 0

        attempt = 0  # on a busy machine a lease runs out by itself, so they do not go up one by one
        for _ in range(3):
            attempt = wait_until(
                partial(later_than, attempt), seconds=40, what=f"one after attempt {attempt} has begun"
            )
            time.sleep(chance.uniform(0.2, 1.5))
            in_the_middle = later_than(attempt - 1) == attempt
            kill_group(worker)
            killed += in_the_middle
            (worker,) = start(made, "worker")

        def decided() -> bool:
            row = connection.execute("SELECT count(*) FROM rights_decision").fetchone()
            return row == (len(ids),)

        wait_until(decided, seconds=60, what="all four are decided")
        assert killed >= 2
        outcomes = connection.execute("SELECT outcome FROM rights_decision").fetchall()
        assert outcomes == [("cleared",)] * len(ids)
        entries = connection.execute("SELECT kind, count(*) FROM ledger_entry GROUP BY kind").fetchall()
        assert dict(entries)["submitted"] == dict(entries)["decided"] == len(ids)
        sql = "SELECT done_at IS NOT NULL, given_up_at FROM ledger_job WHERE kind = 'clear'"
        jobs = connection.execute(sql).fetchall()
        assert jobs == [(True, None)] * len(ids)
        row = connection.execute("SELECT attempts FROM ledger_job WHERE subject_id = %s", (ids[0],)).fetchone()
        assert row is not None
        assert row[0] > killed
    kill_group(worker)
    audited(made)


def test_database_with_its_children_in_the_middle_of_commits(made: Folder) -> None:
    chance = random.Random(9_162)
    writers = [made.start(*DRIVER, "write", f"writer {number}") for number in range(3)]
    said: list[list[str]] = [[] for _ in writers]

    def listen(number: int) -> None:
        stdout = writers[number].stdout
        assert stdout is not None
        said[number].extend(line for line in stdout if line.endswith("\n"))

    listeners = [threading.Thread(target=listen, args=(number,), daemon=True) for number in range(len(writers))]
    for listener in listeners:
        listener.start()
    start(made, "sequencer")

    def acknowledged() -> int:
        return sum("lost" not in line for lines in said for line in lines)

    def go_on(before: int) -> bool:
        return acknowledged() > before + 20

    kills = 0
    for _ in range(5):
        before = acknowledged()
        wait_until(partial(go_on, before), seconds=60, what="the writers go on")
        time.sleep(chance.uniform(0, 0.3))
        kills += kill(postgres_of(made.data)) > 3
        # Whoever connects next finds it dead and starts it; here, as the supervisor does.
        embedded.ensure(made.data / "pg18")
    before = acknowledged()
    wait_until(partial(go_on, before), seconds=60, what="the writers go on")
    for process in writers:
        kill_group(process)
    for listener in listeners:
        listener.join(10)
    lines = [line.strip().partition(" ") for one in said for line in one]
    assert kills == 5
    assert any(what == "lost" for _, _, what in lines)  # it was killed while they wrote

    acked = Counter(id_ for id_, _, what in lines if what != "lost")
    assert acked.most_common(1)[0][1] == 1
    with asking(made) as connection:
        there = Counter(str(row[0]) for row in connection.execute("SELECT id FROM rights_party").fetchall())
        entered = Counter(str(row[0]) for row in connection.execute("SELECT fact FROM ledger_entry").fetchall())
    assert acked.keys() <= there.keys()
    assert there == entered
    # Nothing beyond what was acknowledged but the last that each writer had in hand as it was killed.
    assert len(there) - len(acked) <= len(writers)
    assert audited(made)["entries"] == len(there)


def test_database_in_the_middle_of_a_decisions_commit(made: Folder, tmp_path: Path) -> None:
    sounds = world.sounds(tmp_path)
    made.run(*DRIVER, "prepare", str(sounds.song))
    serve = (sys.executable, "manage.py", "serve", "--port", str(processes.free_port()))
    service = made.start(*serve, log="serve.log", LEDGER_LEASE_SECONDS=LEASE_S, TMPDIR=str(tmp_path / "tmp"))
    wait_until(lambda: "Ctrl-C" in (tmp_path / "serve.log").read_text(), seconds=60, what="everything serves")
    submitted, killed = "", 0
    for _ in range(2):
        server = embedded.ensure(made.data / "pg18")
        where = make_conninfo(**server.parameters(user="postgres", dbname="ledger"))
        # The two connections end with the server, which they say as they close.
        dead = suppress(psycopg.OperationalError)
        with dead, psycopg.connect(where) as holder, psycopg.connect(where, autocommit=True) as looking:
            # Whoever decides gets as far as the splits: decision and manifest are inserted, and nothing is committed.
            holder.execute("LOCK TABLE royalties_split IN EXCLUSIVE MODE")
            submitted = submitted or made.run(*DRIVER, "submit", str(sounds.output)).strip()
            sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
            is_held = partial(_answer, looking, sql, 'INSERT INTO "royalties_split"%')
            wait_until(is_held, seconds=40, what="a decision is in the middle of its commit")
            assert _answer(looking, "SELECT count(*) FROM rights_decision") == 0
            killed += kill(postgres_of(made.data)) > 3
        # Here `serve` starts it again; the job's lease runs out, and somebody decides anew.
    assert killed == 2

    with asking(made) as connection:
        decided = partial(_answer, connection, "SELECT count(*) FROM rights_decision")
        assert wait_until(decided, seconds=60, what="it is decided") == 1
        assert _answer(connection, "SELECT count(*) FROM ledger_entry WHERE kind = 'decided'") == 1
        assert _answer(connection, "SELECT count(*) FROM provenance_manifest") == 1
        assert connection.execute("SELECT submission_id::text, outcome FROM rights_decision").fetchall() == [
            (submitted, "cleared")
        ]
        sql = "SELECT attempts >= 3, done_at IS NOT NULL, given_up_at FROM ledger_job WHERE kind = 'clear'"
        jobs = connection.execute(sql).fetchall()
        assert jobs == [(True, True, None)]
    service.terminate()  # it would go on to certify and to stamp, while the log is counted
    service.wait(timeout=40 * processes.PATIENCE)
    audited(made)


def _answer(connection: psycopg.Connection[Any], sql: str, *given: str) -> int:
    row = connection.execute(sql.encode(), given or None).fetchone()
    assert row is not None
    return int(row[0])
