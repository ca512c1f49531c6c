"""Real processes of a data folder of their own: started, found, killed, and never left behind."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 6  # times as long as an idle machine takes at most: what is waited for comes late on one that is busy
OURS = ("LEDGER_", "DJANGO_", "DATABASE_", "CELERY_", "OMP_")


class TookTooLong(AssertionError):
    """What was waited for did not come."""


def environment(data: Path, **more: str) -> dict[str, str]:
    """Return the environment of a process that works on a data folder, and on nothing that this run is set up for."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {
        **inherited,
        "LEDGER_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "ledger.settings",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def free_port() -> int:
    """Return a port that nobody listens on, below those that are given to whoever asks for any."""
    chance = random.SystemRandom()
    while True:
        port = chance.randrange(12_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(is_so: Callable[[], Any], *, seconds: float, what: str, every_s: float = 0.05) -> Any:
    """
    Return what the question answers, as soon as it is true.

    :raises TookTooLong: it was not within that time
    """
    until = time.monotonic() + seconds * PATIENCE
    while not (answer := is_so()):
        if time.monotonic() > until:
            raise TookTooLong(f"not within {seconds * PATIENCE:.0f} s: {what}")
        time.sleep(every_s)
    return answer


def _is_of(process: psutil.Process, data: Path) -> bool:
    with contextlib.suppress(psutil.Error, FileNotFoundError):
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.environ().get("LEDGER_DATA") == str(data):
            return True
    with contextlib.suppress(psutil.Error, FileNotFoundError):
        # PostgreSQL writes its titles over its environment, but lives in its data folder.
        return Path(process.cwd()).is_relative_to(data)
    return False


def of_folder(data: Path) -> list[psutil.Process]:
    """Return every living process that works on a data folder, the database's among them."""
    return [process for process in psutil.process_iter() if _is_of(process, data)]


def postgres_of(data: Path) -> list[psutil.Process]:
    """Return the postmaster and its children."""
    found = []
    for process in of_folder(data):
        with contextlib.suppress(psutil.Error):
            if process.name() == "postgres":
                found.append(process)
    return found


def kill(processes: list[psutil.Process]) -> int:
    """Kill all of them at once, without a word; return how many there were."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    return len(processes)


def kill_group(process: subprocess.Popen[Any]) -> None:
    """Kill a process and all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass
class Folder:
    """A data folder, and what was started on it."""

    data: Path
    started: list[subprocess.Popen[Any]] = field(default_factory=list)

    def start(self, *command: str, log: str | None = None, **more: str) -> subprocess.Popen[str]:
        """Start a program in a session of its own; its output goes into a file, or comes through a pipe."""
        self.data.mkdir(parents=True, exist_ok=True)
        output: int | IO[str] = subprocess.PIPE if log is None else (self.data.parent / log).open("a")
        try:
            process = subprocess.Popen(
                command,
                env=environment(self.data, **more),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if log else subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        finally:
            if log is not None:
                output.close()  # type: ignore[union-attr]
        self.started.append(process)
        return process

    def run(self, *command: str, seconds: float = 60, **more: str) -> str:
        """Run a program to its end and return what it said; it must succeed."""
        done = subprocess.run(
            command,
            env=environment(self.data, **more),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds * PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-3000:]}"
        return done.stdout

    def manage(self, *arguments: str, seconds: float = 60, **more: str) -> str:
        """Run one of Django's commands."""
        return self.run(sys.executable, "manage.py", *arguments, seconds=seconds, **more)

    def end(self) -> None:
        """Leave nothing behind."""
        for _ in range(3):  # a process may have been about to start another
            kill(of_folder(self.data))
            for process in self.started:
                kill_group(process)
            time.sleep(0.05)
        for process in self.started:
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()


@contextmanager
def folder(path: Path) -> Iterator[Folder]:
    """Give a data folder for as long as the body runs."""
    made = Folder(path)
    try:
        yield made
    finally:
        made.end()
