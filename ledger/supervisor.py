"""Running the service's processes under one command: started together, restarted when they die, stopped by one Ctrl-C.

Needs no Django. The children live in sessions of their own, so the terminal's Ctrl-C reaches only us; on Linux they get
a signal when we die, so ``kill -9`` of this process leaves no orphans. The embedded database is not a child: it
outlives a killed supervisor and is found again by the next one.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

PATIENCE_S = 20.0  # what a worker gets to finish the job in its hands
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process: how to start it, and since when it runs."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    not_before: float = 0.0


@dataclass
class Supervisor:
    """The children, and the wish to stop."""

    children: list[Child]
    environment: Mapping[str, str] = field(default_factory=dict)
    stopping: bool = False

    def listen(self) -> None:
        """Take a signal that would end us for the wish to stop: from here on nothing is left half started."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def start(self) -> None:
        """Start every child."""
        for child in self.children:
            self._start(child)

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.stopping = True

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(
            list(child.command),
            env={**os.environ, **self.environment},
            start_new_session=True,
            # No threads run here, so what a fork may do between fork and exec is safe.
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )
        child.started_at = time.monotonic()

    def watch(self, *, each_turn: Callable[[], None], turn_s: float = 0.5) -> None:
        """Restart what dies until a signal comes. A child that keeps dying is tried ever more slowly, up to 30 s."""
        while not self.stopping:
            each_turn()
            for child in self.children:
                if child.process is not None and child.process.poll() is not None:
                    _kill_group(child.process)  # what a killed worker leaves over would hold its port and its jobs
                    lived = time.monotonic() - child.started_at
                    child.failures = 0 if lived > 60 else child.failures + 1
                    wait = min(30.0, 0.5 * 2**child.failures)
                    sys.stderr.write(
                        f"{child.name} ended ({child.process.returncode}) after {lived:.0f} s; again in {wait:.0f} s\n"
                    )
                    child.process, child.not_before = None, time.monotonic() + wait
                if child.process is None and time.monotonic() >= child.not_before:
                    self._start(child)
            time.sleep(turn_s)

    def end(self) -> None:
        """Ask every child to finish, and kill what has not after twenty seconds."""
        running = {
            child.name: child.process for child in self.children if child.process and child.process.poll() is None
        }
        for process in running.values():
            process.terminate()
        deadline = time.monotonic() + PATIENCE_S
        for name, process in running.items():
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                sys.stderr.write(f"{name} did not end within {PATIENCE_S:.0f} s and is killed\n")
            _kill_group(process)
            process.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
