"""
Writers, sequencers, workers and the database killed at random, a thousand times: ``python -m benchmarks chaos``.

See ``tests.faults.chaos``, of which the suite has a short run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Kill, check, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks chaos")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause-ms", type=float, default=100, help="between two kills, on average")
    parser.add_argument("--workers", type=int, default=2, help="Celery's, of two processes each, that read catalogues")
    given = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from tests import database
    from tests.faults import chaos, processes

    folder = Path("var/bench-chaos").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with processes.folder(folder / "data") as made:
        database.copy(made.data / "pg18")
        done = chaos.run(
            made,
            seed=given.seed,
            kills=given.kills,
            seconds=86_400,
            pause_s=given.pause_ms / 1000,
            workers=given.workers,
        )
        kills = ", ".join(f"{number} of a {who}" for who, number in sorted(done.kills.items()))
        sys.stdout.write(f"{done.kills.total():,} kills in {done.seconds:,.0f} s ({kills}), seed {given.seed}\n")
        sys.stdout.write(f"{chaos.check(made, done)}\n")
