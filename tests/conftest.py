"""The database of the tests: the real one, embedded, with the real roles; a fresh log for each test that commits."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase

from tests import database


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """Make a database for this run, migrated by its owner, and connect to it as the runtime role."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    from ledger import embedded

    name = database.NAME
    data = Path(settings.EMBEDDED_POSTGRES)
    with django_db_blocker.unblock():
        if settings.DATABASE_URL:
            name += os.environ.get("PYTEST_XDIST_WORKER", "")
            admin = {key: str(value) for key, value in conninfo_to_dict(settings.DATABASE_URL).items() if value}
            embedded.provision(admin)
            statements = [f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} OWNER ledger_owner"]
        else:
            admin = database.start(data)
            statements = [f"ALTER DATABASE {embedded.DATABASE} RENAME TO {name}"]
        with psycopg.connect(make_conninfo(**{**admin, "dbname": "postgres"}), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)
        for alias in connections:
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = name
        if settings.DATABASE_URL:
            embedded.extend(admin, name)
            call_command("migrate", database="owner", verbosity=0)
        database.story.goes_on(())
        with pytest.MonkeyPatch.context() as django:
            django.setattr(TransactionTestCase, "_should_reload_connections", database.closes)
            yield
        for alias in connections:
            connections[alias].close()
        if not settings.DATABASE_URL:
            database.remove(data)  # also from under threads that never closed a connection


@pytest.fixture(autouse=True)
def _own_log(tmp_path: Path, settings: Any) -> None:
    """Keep each test's checkpoint outside the database apart: an emptied database would look like a fork."""
    settings.LEDGER_CHECKPOINT_FILE = tmp_path / "log" / "newest-checkpoint"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no server behind, also of workers that were stopped or killed."""
    if not hasattr(config, "workerinput"):
        database.sweep()


# --- side by side: `pytest -n auto`, where pytest-xdist is installed

_RANDOM_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}")
WORKERS = 4  # each has a PostgreSQL of its own


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Start a worker for each core that this process may use, and one while others wait for what they have started."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores + 1, WORKERS)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give whole modules to the workers, in the order in which they were collected: see below."""
    from xdist.scheduler import LoadScopeScheduling

    class ByModule(LoadScopeScheduling):  # type: ignore[misc]  # it is not typed
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.partition("::")[0]  # a parameter's name may have the separator, too

    config.option.loadscopereorder = False
    return ByModule(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let a worker's modules come by what they take, the longest first, so that nobody waits for the last one."""
    made_up = [item.nodeid for item in items if _is_made_up(item)]
    if made_up:
        why = "give these a fixed id: under another name each time, workers cannot share them out"
        raise pytest.UsageError("\n".join([why, *made_up]))
    if not hasattr(config, "workerinput"):
        return
    takes: dict[str, float] = {}
    for item in items:
        module = item.nodeid.partition("::")[0]
        takes[module] = takes.get(module, 0) + _takes(item)
    items.sort(key=lambda item: -takes[item.nodeid.partition("::")[0]])


def pytest_collection_finish() -> None:
    """Take what was loaded and collected, a million objects that stay, out of what is looked through for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _is_made_up(item: pytest.Item) -> bool:
    found = _RANDOM_ID.search(item.nodeid)
    return found is not None and found[0] not in item.path.read_text()


def _takes(item: pytest.Item) -> float:
    """Return roughly how many seconds a test takes."""
    if item.get_closest_marker("slow"):
        return 10
    if item.get_closest_marker("django_db"):
        return 0.5
    return 0.1 if "django_db_setup" in getattr(item, "fixturenames", ()) else 0.01
