"""`manage.py serve`: one command starts everything, one signal stops it, and a kill leaves nothing running on."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

from ledger import notes
from tests.faults import processes
from tests.faults.processes import PATIENCE, Folder, free_port, of_folder, postgres_of, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    """One data folder for all of them, as one installation is stopped and started again."""
    with processes.folder(tmp_path_factory.mktemp("serve") / "data") as made:
        yield made


@pytest.fixture(autouse=True)
def _end(home: Folder) -> Iterator[None]:
    yield
    home.end()


def serve(home: Folder, port: int, *more: str) -> subprocess.Popen[str]:
    return home.start(sys.executable, "manage.py", "serve", "--port", str(port), *more, log="serve.log")


def said(home: Folder) -> str:
    log = home.data.parent / "serve.log"
    return log.read_text() if log.exists() else ""


def answers(port: int) -> str:
    try:
        with urlopen(f"http://127.0.0.1:{port}/v1/log/key", timeout=2) as answer:
            return str(answer.read().decode())
    except (URLError, OSError):
        return ""


def names_of(home: Folder) -> list[str]:
    """Return what runs on the folder, in the words of its command lines."""
    found = []
    for process in of_folder(home.data):
        try:
            found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def test_starts_everything_and_stops_all_of_it_on_ctrl_c(home: Folder) -> None:
    port = free_port()
    supervisor = serve(home, port)
    key = wait_until(lambda: answers(port), seconds=60, what="the log's key")
    assert notes.Verifier.from_text(key.strip()).text == key.strip()
    wait_until(lambda: "Ctrl-C stops everything" in said(home), seconds=10, what="the addresses are told")
    running = "\n".join(names_of(home))
    for part in ("granian", "celery -A ledger.celery worker", "beat", "django sequence", "postgres"):
        assert part in running.replace("--quiet --skip-checks ", ""), running
    assert (home.data / "keys").stat().st_mode & 0o077 == 0

    since = time.monotonic()
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(30) == 0, said(home)
    took = time.monotonic() - since
    assert of_folder(home.data) == [], names_of(home)
    assert took < 30
    assert "Traceback" not in said(home)
    assert not (home.data / "pg18" / "postmaster.pid").exists()  # stopped, not killed


def test_leaves_no_orphans_when_it_or_its_children_are_killed(home: Folder) -> None:
    port = free_port()
    known = said(home).count("Ctrl-C stops everything") + 1
    supervisor = serve(home, port)
    wait_until(lambda: said(home).count("Ctrl-C stops everything") == known, seconds=60, what="it watches")
    first_key = answers(port)
    supervisor.kill()
    supervisor.wait()
    # The database is no child: it outlives a killed supervisor, and the next one finds it.
    wait_until(
        lambda: len(of_folder(home.data)) == len(postgres_of(home.data)),
        seconds=15,
        what="the children are gone",
    )
    assert postgres_of(home.data)

    again = serve(home, port)
    wait_until(lambda: answers(port) == first_key, seconds=60, what="the log's key, again")
    wait_until(lambda: said(home).count("Ctrl-C stops everything") == 1 + known, seconds=10, what="it watches")

    def main_of(word: str) -> psutil.Process | None:
        for process in psutil.Process(again.pid).children():
            try:
                if word in " ".join(process.cmdline()):
                    return process
            except psutil.NoSuchProcess:  # it ended as we asked
                continue
        return None

    def another(word: str, than: psutil.Process) -> psutil.Process | None:
        found = main_of(word)
        return found if found != than else None

    killed, orphans = {}, []
    for word in ("granian", "worker", "sequence"):
        before = main_of(word)
        assert before is not None, names_of(home)
        orphans += before.children(recursive=True)
        killed[word] = before
    assert len(orphans) >= 4  # two that serve, two that examine
    for before in killed.values():
        before.kill()
    for word, before in killed.items():
        # The killed one may be listed a moment longer: until its parent has buried it.
        wait_until(partial(another, word, before), seconds=20, what=f"another {word}")
    assert psutil.wait_procs(orphans, timeout=5 * PATIENCE)[1] == []
    # And the database, which is started by whoever looks first.
    assert processes.kill(postgres_of(home.data)) > 3
    wait_until(lambda: postgres_of(home.data), seconds=10, what="the database is back")
    wait_until(lambda: answers(port), seconds=30, what="the log's key")
    again.send_signal(signal.SIGTERM)
    assert again.wait(30 * PATIENCE) == 0
    assert of_folder(home.data) == [], names_of(home)


@pytest.mark.parametrize("after_s", [0, 2])
def test_leaves_nothing_when_it_is_told_to_stop_while_it_starts(home: Folder, after_s: int) -> None:
    before = len(said(home))
    supervisor = serve(home, free_port())
    wait_until(lambda: "Starting PostgreSQL" in said(home)[before:], seconds=20, what="it has begun")
    time.sleep(after_s)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(30 * PATIENCE) == 0
    assert of_folder(home.data) == [], names_of(home)
    assert "Traceback" not in said(home)[before:]


def test_says_why_it_cannot_start_where_somebody_else_listens(home: Folder) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        supervisor = serve(home, port)
        assert supervisor.wait(30 * PATIENCE) == 1
    assert f"port {port} is taken" in said(home)
    assert of_folder(home.data) == []
