"""The embedded PostgreSQL: one server a folder, found again after anything, stopped without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString

import psutil
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from ledger import embedded
from tests.faults import processes
from tests.faults.processes import Folder, kill, postgres_of, wait_until

pytestmark = pytest.mark.slow

ENSURE = """
import sys
from pathlib import Path
from ledger import embedded
server = embedded.ensure(Path(sys.argv[1]))
print(server.socket_folder)
"""


def ask(data: Path, sql: LiteralString, *, user: str = "postgres", dbname: str = "postgres") -> Any:
    """Return the one value that a statement gives."""
    server = embedded.ensure(data)
    with psycopg.connect(make_conninfo(**server.parameters(user=user, dbname=dbname)), autocommit=True) as connection:
        row = connection.execute(sql).fetchone()
    return row[0] if row else None


def do(data: Path, sql: LiteralString) -> None:
    """Run a statement that gives nothing."""
    server = embedded.ensure(data)
    with psycopg.connect(make_conninfo(**server.parameters(user="postgres", dbname="postgres"))) as connection:
        connection.execute(sql)


def postmaster(data: Path) -> int:
    """Return the number in the pid file."""
    return int((data / "postmaster.pid").read_text().split()[0])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    """A folder whose server the tests share, one after the other."""
    with processes.folder(tmp_path_factory.mktemp("embedded")) as made:
        yield made


@pytest.fixture
def data(home: Folder) -> Path:
    """The server's data, running and provisioned."""
    path = home.data / "pg18"
    embedded.ensure(path)
    return path


def test_starts_once_when_eight_processes_want_it_at_once(tmp_path: Path) -> None:
    with processes.folder(tmp_path / "raced") as raced:
        data = raced.data / "pg18"
        racers = [raced.start(sys.executable, "-c", ENSURE, str(data)) for _ in range(8)]
        told = [racer.communicate(timeout=90) for racer in racers]
        assert [racer.returncode for racer in racers] == [0] * 8, [error for _, error in told]
        assert {said.strip() for said, _ in told} == {str(data)}
        masters = [one for one in postgres_of(raced.data) if one.pid == postmaster(data)]
        assert len(masters) == 1
        assert all(one.ppid() == masters[0].pid for one in postgres_of(raced.data) if one.pid != masters[0].pid)
        # Provisioned once: the roles, and the two databases with their owners.
        assert ask(data, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'ledger%'") == len(embedded.ROLES)
        owners = "SELECT string_agg(pg_get_userbyid(datdba), ' ' ORDER BY datname) FROM pg_database"
        assert ask(data, owners + " WHERE datname LIKE 'ledger%'") == "ledger_owner ledger_broker"
        assert ask(data, "SELECT to_regclass('pgmq.meta')::text", dbname="ledger_broker") == "pgmq.meta"
        # A clean stop: nothing runs, and the next start has nothing to recover.
        embedded.stop(data)
        assert postgres_of(raced.data) == []
        assert not (data / "postmaster.pid").exists()
        embedded.stop(data)  # and again, which says nothing
        log = data / "server.log"
        length = log.stat().st_size
        assert ask(data, "SELECT 1") == 1
        assert "not properly shut down" not in log.read_text()[length:]


def test_is_found_again_and_not_started_anew(data: Path) -> None:
    before = postmaster(data)
    since = time.monotonic()
    assert embedded.ensure(data) == embedded.Server(str(data))
    assert time.monotonic() - since < 2 * processes.PATIENCE
    assert postmaster(data) == before


def test_keeps_what_was_committed_when_all_of_it_is_killed(data: Path) -> None:
    do(data, "CREATE TABLE IF NOT EXISTS kept (n int)")
    kept = ask(data, "INSERT INTO kept SELECT count(*) FROM kept RETURNING n")
    assert kill(postgres_of(data)) > 3
    assert ask(data, "SELECT max(n) FROM kept") == kept


def test_comes_back_when_only_the_postmaster_is_killed(data: Path) -> None:
    before = postmaster(data)
    os.kill(before, signal.SIGKILL)  # its children notice, and go one after the other
    assert ask(data, "SELECT 1") == 1
    assert postmaster(data) != before


def test_says_how_to_end_a_server_that_lost_its_socket(data: Path) -> None:
    assert ask(data, "SELECT 1") == 1
    number = postmaster(data)
    (data / f".s.PGSQL.{embedded.PORT}").unlink()
    with pytest.raises(embedded.EmbeddedPostgresError, match=f"kill -INT {number}"):
        embedded.ensure(data)
    os.kill(number, signal.SIGINT)
    psutil.Process(number).wait(30)
    assert ask(data, "SELECT 1") == 1


def test_names_what_is_left_of_a_killed_server_and_how_to_end_it(data: Path) -> None:
    assert ask(data, "SELECT 1") == 1
    parameters = make_conninfo(**embedded.ensure(data).parameters(user="postgres", dbname="postgres"))
    connection = psycopg.pq.PGconn.connect(parameters.encode())
    busy = connection.backend_pid
    # It computes, and looks at nothing but its own signals.
    connection.send_query(b"SELECT count(*) FROM generate_series(1, 3000000000) AS n WHERE n % 7 = 3")
    os.kill(postmaster(data), signal.SIGKILL)
    with pytest.raises(embedded.EmbeddedPostgresError, match=f"kill -TERM {busy}`") as told:
        embedded.ensure(data, wait_s=2)
    assert f"process {busy} (postgres: postgres postgres [local] SELECT)" in str(told.value)
    assert psutil.pid_exists(busy)  # what it did not start it does not end
    os.kill(busy, signal.SIGTERM)
    psutil.Process(busy).wait(30)
    connection.finish()
    assert ask(data, "SELECT 1") == 1


def with_pidfile(data: Path, first_line: str) -> None:
    """Stop the server, and leave a pid file as a crash would."""
    lines = (data / "postmaster.pid").read_text().splitlines()
    embedded.stop(data)
    (data / "postmaster.pid").write_text("\n".join([first_line, *lines[1:]]) + "\n")


def test_takes_no_other_process_for_its_own(data: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        with_pidfile(data, str(stranger.pid))  # as after a restart of the machine
        try:
            assert ask(data, "SELECT 1") == 1
            assert stranger.poll() is None
            assert postmaster(data) != stranger.pid
        finally:
            stranger.kill()


def test_takes_no_other_folders_server_for_its_own(data: Path, tmp_path: Path) -> None:
    with processes.folder(tmp_path / "other") as other:
        embedded.ensure(other.data / "pg18")
        theirs = postmaster(other.data / "pg18")
        with_pidfile(data, str(theirs))
        assert embedded.ensure(data, wait_s=30) == embedded.Server(str(data))
        assert postmaster(data) != theirs
        assert psutil.pid_exists(theirs)


def test_takes_no_zombie_for_a_server(data: Path) -> None:
    dead = subprocess.Popen(["true"])  # not waited for: it stays in the process table
    wait_until(lambda: psutil.Process(dead.pid).status() == psutil.STATUS_ZOMBIE, seconds=5, what="it has died")
    with_pidfile(data, str(dead.pid))
    try:
        assert ask(data, "SELECT 1") == 1
    finally:
        dead.wait()


@pytest.mark.parametrize("content", ["", "not a number\n", "999999999\n"])
def test_starts_over_a_pid_file_that_says_nothing(data: Path, content: str) -> None:
    embedded.stop(data)
    (data / "postmaster.pid").write_text(content)
    assert embedded.ensure(data, wait_s=30) == embedded.Server(str(data))
    assert ask(data, "SELECT 1") == 1


def test_leaves_the_pid_file_of_a_living_server_alone(data: Path) -> None:
    before = postmaster(data)
    embedded._drop_stale_pidfile(data)
    assert postmaster(data) == before


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A temporary folder whose own path leaves room for a socket's, which that of a worker's tests may not."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield


def test_takes_a_path_that_is_too_long_for_a_socket(short: None, tmp_path: Path) -> None:
    long = tmp_path / ("a folder with a rather long name, and blanks, " * 3)
    assert len(str(long / "pg18")) > 108
    with processes.folder(long) as made:
        data = made.data / "pg18"
        server = embedded.ensure(data)
        assert len(server.socket_folder) < embedded.SUN_PATH_ROOM
        folder = Path(server.socket_folder)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert ask(data, "SELECT 1") == 1
        assert kill(postgres_of(long)) > 3
        assert ask(data, "SELECT 1") == 1
        embedded.stop(data)
        # Somebody else's folder of that name is not used.
        folder.chmod(0o755)
        with pytest.raises(embedded.EmbeddedPostgresError, match="belongs to somebody else"):
            embedded.ensure(data)


def test_can_be_moved_with_its_folder(short: None, tmp_path: Path) -> None:
    with processes.folder(tmp_path / "it's here") as before:
        embedded.ensure(before.data / "pg18")
        do(before.data / "pg18", "CREATE TABLE moved (n int)")
        embedded.stop(before.data / "pg18")
        with processes.folder(tmp_path / "there, now") as after:
            before.data.rename(after.data)
            assert ask(after.data / "pg18", "SELECT count(*) FROM moved") == 0


def test_does_not_take_a_half_made_folder_for_a_server(tmp_path: Path) -> None:
    with processes.folder(tmp_path / "halfway") as made:
        data = made.data / "pg18"
        # initdb was killed: what it had made lies beside the place where it would have gone.
        (made.data / "pg18.init" / "base").mkdir(parents=True)
        assert ask(data, "SELECT 1") == 1
        assert not (made.data / "pg18.init").exists()
        # Provisioning was killed: it is done again, over what is there.
        (made.data / "pg18.provisioned").unlink()
        assert ask(data, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'ledger%'") == len(embedded.ROLES)


def test_says_what_postgresql_said_when_it_does_not_start(tmp_path: Path) -> None:
    with processes.folder(tmp_path / "broken") as made:
        data = made.data / "pg18"
        embedded.ensure(data)
        embedded.stop(data)
        with (data / "postgresql.conf").open("a") as conf:
            conf.write("no_such_setting = 1\n")
        with pytest.raises(embedded.EmbeddedPostgresError, match="no_such_setting"):
            embedded.ensure(data, wait_s=1)


def test_lets_the_runtime_role_in_and_no_other_account(data: Path) -> None:
    assert ask(data, "SELECT current_user::text", user="ledger_app", dbname="ledger") == "ledger_app"
    assert ask(data, "SELECT rolsuper FROM pg_roles WHERE rolname = 'ledger_app'") is False
    assert (data / f".s.PGSQL.{embedded.PORT}").stat().st_mode & 0o077 == 0
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(make_conninfo(**embedded.Server(str(data)).parameters(user="ledger_owner", dbname="ledger")))


def test_says_who_may_create_pgvector_where_the_login_may_not(data: Path) -> None:
    do(data, "CREATE ROLE house LOGIN CREATEDB")
    server = embedded.Server(str(data))
    with psycopg.connect(make_conninfo(**server.parameters(user="house", dbname="postgres")), autocommit=True) as login:
        login.execute("CREATE DATABASE label")
    with pytest.raises(embedded.MayNotExtend, match="As a superuser, in the database label: CREATE EXTENSION vector;"):
        embedded.extend(server.parameters(user="house", dbname="postgres"), "label")


def test_needs_no_django() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys, ledger.embedded; print('django' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "False"


def test_names_the_way_out_where_there_are_no_binaries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEDGER_POSTGRES_BIN", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(embedded.EmbeddedPostgresError, match="set DATABASE_URL"):
        embedded.binaries()
