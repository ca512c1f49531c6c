"""The supervisor, on small programs: starts, starts again, ends, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from ledger import supervisor
from ledger.supervisor import Child, Supervisor
from tests.faults.processes import wait_until

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")
DIES = (sys.executable, "-c", "raise SystemExit(3)")
# It starts another and says so, and does not hear SIGTERM.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(str(other.pid))
time.sleep(60)
"""


@pytest.fixture
def watched() -> Iterator[list[Child]]:
    """Children that are gone when the test is over."""
    children: list[Child] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield children
    for number, handler in before.items():
        signal.signal(number, handler)
    for child in children:
        if child.process:
            supervisor._kill_group(child.process)
            child.process.wait()


def alive(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_starts_what_ended_again_and_ever_more_slowly(watched: list[Child], capfd: pytest.CaptureFixture[str]) -> None:
    watched += [Child("good", SLEEPS), Child("bad", DIES)]
    ours = Supervisor(watched)
    ours.start()
    good, bad = watched
    first = good.process
    starts: list[float] = []

    def each_turn() -> None:
        if bad.process is not None and bad.started_at not in starts:
            starts.append(bad.started_at)
        ours.stopping = len(starts) == 3

    ours.watch(each_turn=each_turn, turn_s=0.02)
    first_gap, second_gap = (later - earlier for earlier, later in pairwise(starts))
    assert first_gap >= 1
    assert second_gap >= 2
    assert good.process is first
    said = capfd.readouterr().err
    assert "bad ended (3) after 0 s; again in 1 s" in said
    assert "again in 2 s" in said
    ours.end()
    assert first is not None
    assert first.returncode == -signal.SIGTERM


def test_waits_at_most_half_a_minute_and_forgives_who_lived_long(watched: list[Child]) -> None:
    watched.append(Child("bad", DIES, failures=40))
    ours = Supervisor(watched)
    ours.start()
    (bad,) = watched

    def stop_after_the_first() -> None:
        ours.stopping = bad.process is None

    since = time.monotonic()
    ours.watch(each_turn=stop_after_the_first, turn_s=0.02)
    assert since + 30 <= bad.not_before <= time.monotonic() + 30
    bad.not_before, ours.stopping = 0, False
    ours._start(bad)
    bad.started_at -= 61
    ours.watch(each_turn=stop_after_the_first, turn_s=0.02)
    assert bad.failures == 0


def test_kills_what_does_not_end_and_all_that_it_started(
    watched: list[Child], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE_S", 0.5)
    note = tmp_path / "pid"
    watched += [Child("stubborn", (sys.executable, "-c", STUBBORN, str(note))), Child("good", SLEEPS)]
    ours = Supervisor(watched)
    ours.start()
    wait_until(lambda: note.exists() and note.read_text(), seconds=10, what="it has started another")
    since = time.monotonic()
    ours.end()
    assert time.monotonic() - since < 30  # of a minute that both would sleep
    assert [child.process.returncode for child in watched if child.process] == [-signal.SIGKILL, -signal.SIGTERM]
    wait_until(lambda: not alive(int(note.read_text())), seconds=5, what="the other is gone")
    assert "stubborn did not end within 0 s and is killed" in capfd.readouterr().err


def test_leaves_nothing_over_of_what_was_killed(watched: list[Child], tmp_path: Path) -> None:
    note = tmp_path / "pid"
    watched.append(Child("stubborn", (sys.executable, "-c", STUBBORN, str(note))))
    ours = Supervisor(watched)
    ours.start()
    wait_until(lambda: note.exists() and note.read_text(), seconds=10, what="it has started another")
    (child,) = watched
    assert child.process is not None
    child.process.kill()

    def each_turn() -> None:
        ours.stopping = child.process is None

    ours.watch(each_turn=each_turn, turn_s=0.02)
    wait_until(lambda: not alive(int(note.read_text())), seconds=5, what="the other is gone")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_takes_a_signal_for_the_wish_to_stop(watched: list[Child], number: signal.Signals) -> None:
    watched.append(Child("good", SLEEPS))
    ours = Supervisor(watched)
    ours.listen()
    ours.start()
    turns = 0

    def each_turn() -> None:
        nonlocal turns
        turns += 1
        if turns == 2:
            os.kill(os.getpid(), number)

    ours.watch(each_turn=each_turn, turn_s=0.02)
    assert ours.stopping
    assert turns <= 3
    ours.end()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_takes_its_children_along_when_it_is_killed() -> None:
    program = (
        "import sys, time\nfrom ledger.supervisor import Child, Supervisor\n"
        "ours = Supervisor([Child('good', (sys.executable, '-c', 'import time; time.sleep(60)'))])\n"
        "ours.start()\nprint(ours.children[0].process.pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
        wait_until(lambda: not alive(child), seconds=10, what="the child is gone")


def test_gives_its_children_their_environment(watched: list[Child], tmp_path: Path) -> None:
    note = tmp_path / "said"
    tells = f"import os; open({str(note)!r}, 'w').write(os.environ['SAID'] + os.environ['PATH'])"
    watched.append(Child("tells", (sys.executable, "-c", tells)))
    Supervisor(watched, environment={"SAID": "hello "}).start()
    assert watched[0].process is not None
    watched[0].process.wait(10)
    assert note.read_text() == "hello " + os.environ["PATH"]


def test_ends_what_never_started() -> None:
    Supervisor([Child("never", SLEEPS)]).end()
