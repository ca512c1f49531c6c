"""A worker killed in the middle of an import: what it had begun is finished, and every fact is there once."""

from __future__ import annotations

import json
import random
import time
from functools import partial
from pathlib import Path

import pytest

from tests.faults.processes import kill_group, wait_until
from tests.faults.test_kill import DRIVER, asking, audited, start
from tests.faults.test_kill import made as made  # noqa: PLC0414 - a fixture

pytestmark = pytest.mark.slow

ROWS = 1_500


def test_worker_in_the_middle_of_writing(made, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    chance = random.Random(20_261_123)
    sheet = tmp_path / "catalogue.csv"
    sheet.write_text(
        "Title,ISRC,Artist,Work\n"
        + "".join(f"Song {number},GBUV712{number:05d},Band {number % 7},Work {number}\n" for number in range(ROWS))
    )
    start(made, "scheduler", "sequencer")
    (worker,) = start(made, "worker")
    batch = made.run(*DRIVER, "hand-in", str(sheet)).strip()

    killed = 0
    with asking(made) as connection:

        def new() -> int:
            sql = "SELECT count(*) FROM ledger_importedfact WHERE batch_id = %s AND is_new"
            row = connection.execute(sql, (batch,)).fetchone()
            return row[0] if row else 0

        def is_over() -> bool:
            sql = "SELECT count(*) FROM ledger_importoutcome WHERE batch_id = %s"
            return connection.execute(sql, (batch,)).fetchone() == (1,)

        def is_further(than: int) -> bool:
            return new() > than or is_over()

        for _ in range(2):
            before = new()
            wait_until(partial(is_further, before), seconds=60, what="facts are written")
            time.sleep(chance.uniform(0, 0.3))
            in_the_middle = not is_over()
            kill_group(worker)
            killed += in_the_middle
            (worker,) = start(made, "worker")
        wait_until(is_over, seconds=120, what="the import is over")

        assert killed >= 1
        row = connection.execute(
            "SELECT is_taken, facts, known_before, problems FROM ledger_importoutcome WHERE batch_id = %s", (batch,)
        ).fetchone()
        assert row == (True, 2 * ROWS + 7, 0, 0)
        for table, count in (("recording", ROWS), ("work", ROWS), ("recordingwork", ROWS), ("party", 7)):
            assert connection.execute(f"SELECT count(*) FROM rights_{table}").fetchone() == (count,), table
        unlinked = "SELECT count(*) FROM ledger_importedfact f WHERE is_new AND NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE f.fact_id = e.fact)"  # noqa: E501
        assert connection.execute(unlinked).fetchone() == (0,)
    assert json.loads(made.manage("verify_ledger", "--json"))["faults"] == []
    audited(made)
