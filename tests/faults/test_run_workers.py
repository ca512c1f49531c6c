"""A royalty run by one worker, and by three of which one is killed in the middle: the same bytes."""

from __future__ import annotations

import json
import random
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger import embedded
from ledger.management.commands.serve import _children
from tests.faults import world
from tests.faults.processes import Folder, kill_group, wait_until
from tests.faults.test_kill import DRIVER, LEASE_S, asking, audited
from tests.faults.test_kill import made as made  # noqa: PLC0414 - a fixture

pytestmark = pytest.mark.slow

OUTPUTS, LINES = 3, 600
COUNTRIES = ("AT", "CH", "DE", "ES", "FR", "GB", "IT", "JP", "NL", "PL", "SE", "US")
SPLIT_SMALL = {"LEDGER_LINES_A_PARTITION": "100", "LEDGER_LEASE_SECONDS": LEASE_S}


def start(made: Folder, *names: str) -> list[subprocess.Popen[str]]:
    """Start processes as `serve` does, each worker with one child."""
    children = {child.name: child for child in _children({"workers": 1, "host": "127.0.0.1", "port": 0})}
    temporary = str(made.data.parent / "tmp")
    return [made.start(*children[name].command, log=f"{name}.log", TMPDIR=temporary, **SPLIT_SMALL) for name in names]


def usage(path: Path, outputs: list[str]) -> Path:
    """Write a month of receipts."""
    chance = random.Random(20_261_129)
    rows = [
        f"{chance.choice(outputs)},{chance.choice(COUNTRIES)},{chance.randint(0, 9_000)}.{chance.randint(0, 9_999):04},"
        "EUR,2026-01-01,2026-01-31"
        for _ in range(LINES)
    ]
    path.write_text("\n".join(["output,country,amount,currency,from,to", *rows]) + "\n")
    return path


def came_out(connection: psycopg.Connection[Any], run: str) -> tuple[str, list[tuple[Any, ...]]]:
    """Return what was frozen for a run and what came of each partition: every digest but those of the salted trees."""
    sql = "SELECT id, manifest_digest FROM royalties_runpart WHERE run_id = %s"
    ((part, manifest),) = connection.execute(sql, (run,)).fetchall()
    sql = """SELECT number, allocations_digest, result_digest, document
               FROM royalties_runpartition WHERE part_id = %s ORDER BY number"""
    found = []
    for number, allocations, result, document in connection.execute(sql, (part,)).fetchall():
        said = json.loads(document)
        root = said["tree"]["root"]
        found.append((number, allocations, result, said["result"], said["sums"], root["credit"], root["debit"]))
    return manifest, found


def has_act(connection: psycopg.Connection[Any], run: str, act: str) -> bool:
    sql = "SELECT act FROM royalties_runevent WHERE run_id = %s"
    acts = {row[0] for row in connection.execute(sql, (run,)).fetchall()}
    assert "stopped" not in acts
    return act in acts


def test_one_worker_and_three_of_which_one_is_killed_come_to_the_same_bytes(made: Folder, tmp_path: Path) -> None:
    sounds = world.sounds(tmp_path)
    made.run(*DRIVER, "prepare", str(sounds.song))
    outputs = made.run(*DRIVER, "clear", *[str(sounds.output)] * OUTPUTS).split()
    made.run(*DRIVER, "usage", str(usage(tmp_path / "usage.csv", outputs)))
    start(made, "scheduler", "sequencer")
    server = embedded.ensure(made.data / "pg18")
    where = make_conninfo(**server.parameters(user="postgres", dbname="ledger"))

    with asking(made) as connection:
        (alone,) = start(made, "worker")
        first = made.run(*DRIVER, "run", "first").strip()
        wait_until(partial(has_act, connection, first, "reconciled"), seconds=60, what="one worker is through")
        kill_group(alone)
        made.run(*DRIVER, "reject", first)

        workers = start(made, *["worker"] * 3)
        with psycopg.connect(where) as holder, psycopg.connect(where, autocommit=True) as looking:
            # Each gets as far as what it came to: a partition is divided and its files are stored, but nothing says so.
            holder.execute("LOCK TABLE royalties_runpartition IN EXCLUSIVE MODE")
            second = made.run(*DRIVER, "run", "second").strip()
            sql = """SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'ledger_app'
                        AND query NOT LIKE 'UPDATE "ledger_job"%'"""  # which keeps a lease that is held
            wait_until(lambda: looking.execute(sql).fetchone() == (3,), seconds=60, what="all three are in the middle")
            kill_group(workers[0])
            holder.rollback()
        wait_until(partial(has_act, connection, second, "reconciled"), seconds=60, what="two go on without it")

        manifest, partitions = came_out(connection, first)
        assert (manifest, partitions) == came_out(connection, second)
        assert len(partitions) == LINES // 100
        assert sum(one[3]["lines"] > 0 for one in partitions) > 1
        sql = "SELECT attempts, done_at IS NOT NULL, given_up_at FROM ledger_job WHERE kind = 'divide'"
        jobs = connection.execute(sql).fetchall()
        assert len(jobs) == 2 * len(partitions)
        assert {job[1:] for job in jobs} == {(True, None)}
        assert max(job[0] for job in jobs) > 1  # what was begun by the one that was killed
    for worker in workers[1:]:
        kill_group(worker)
    audited(made)
