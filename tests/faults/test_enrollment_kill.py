"""Workers killed in the middle of enrolling a folder: every file is enrolled once, and the index holds them all."""

from __future__ import annotations

import json
import random
import time
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from tests.faults.processes import kill_group, wait_until
from tests.faults.test_kill import asking, audited, start
from tests.faults.test_kill import made as made  # noqa: PLC0414 - a fixture
from tests.fingerprint.sounds import FORMS, encoded, noise

pytestmark = pytest.mark.slow

FILES = 60


def test_workers_in_the_middle_of_a_folder(made, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    chance = random.Random(20_261_129)
    folder = tmp_path / "catalogue"
    folder.mkdir()
    for number in range(FILES):
        sound = noise(4, rate=11_025, seed=number)
        (folder / f"{number:03d}.flac").write_bytes(encoded(sound, FORMS["flac"], rate=11_025))
    (tmp_path / "map.csv").write_text(
        "file,register,title\n" + "".join(f"{number:03d}.flac,yes,Song {number}\n" for number in range(FILES))
    )
    start(made, "scheduler", "sequencer")
    (worker,) = start(made, "worker")
    id = str(uuid4())
    made.manage("enroll_catalogue", str(folder), "--map", str(tmp_path / "map.csv"), "--id", id, "--no-wait")

    killed = 0
    with asking(made) as connection:

        def with_result() -> int:
            sql = "SELECT count(*) FROM ledger_enrollmentfile WHERE enrollment_id = %s AND result <> ''"
            row = connection.execute(sql, (id,)).fetchone()
            return row[0] if row else 0

        def is_further(than: int) -> bool:
            return with_result() > than

        for _ in range(2):
            before = with_result()
            wait_until(partial(is_further, before), seconds=60, what="files are enrolled")
            time.sleep(chance.uniform(0, 0.2))
            killed += with_result() < FILES
            kill_group(worker)
            (worker,) = start(made, "worker")
        wait_until(partial(is_further, FILES - 1), seconds=120, what="every file has its result")

        assert killed >= 1
        results = connection.execute("SELECT result, count(*) FROM ledger_enrollmentfile GROUP BY 1").fetchall()
        # A file whose worker was killed twice over it is left out, with that reason.
        counts = dict(results)
        assert set(counts) <= {"enrolled", "failed"}
        assert counts["enrolled"] >= FILES - 2
        died = connection.execute("SELECT count(*) FROM ledger_enrollmentfile WHERE code = 'worker_died'").fetchone()
        assert died == (counts.get("failed", 0),)
        for table in ("rights_recording", "fingerprint_reference"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (counts["enrolled"],), table
        waiting = "SELECT count(*) FROM ledger_job WHERE done_at IS NULL"
        wait_until(lambda: connection.execute(waiting).fetchone() == (0,), seconds=60, what="no job is left")
    said = made.manage("fingerprint_index", "--verify")
    assert f": {counts['enrolled']:,} references" in said
    assert json.loads(made.manage("verify_ledger", "--json"))["faults"] == []
    audited(made)
