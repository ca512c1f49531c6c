"""Writers, sequencers and the database killed at random: seeded and short; with a thousand kills it is a benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import database
from tests.faults import chaos, processes

pytestmark = pytest.mark.slow

KILLS = 25
SECONDS = 40


def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with processes.folder(tmp_path / "data") as made:
        database.copy(made.data / "pg18")
        done = chaos.run(made, seed=5_601_962, kills=KILLS, seconds=SECONDS)
        found = chaos.check(made, done)
    with capsys.disabled():
        print(f" [{dict(done.kills)} in {done.seconds:.0f} s: {found}]", end="")  # noqa: T201 - what was seen
    assert done.kills.total() >= 3  # all of them in seconds, but for a machine that is busy with others
    assert found.acknowledged > 0
    assert found.seen > 1
