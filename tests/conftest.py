"""The database of the tests: the real one, embedded, with the real roles; a fresh log for each test that commits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """Make a database for this run, migrate it as its owner, and connect to it as the runtime role."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    from ledger import embedded

    with django_db_blocker.unblock():
        if settings.DATABASE_URL:
            from psycopg.conninfo import conninfo_to_dict

            admin = {name: str(value) for name, value in conninfo_to_dict(settings.DATABASE_URL).items() if value}
            embedded.provision(admin)
        else:
            admin = embedded.ensure(Path(settings.EMBEDDED_POSTGRES)).parameters(user="postgres", dbname="postgres")
        name = "test_ledger"
        with psycopg.connect(make_conninfo(**{**admin, "dbname": "postgres"}), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name} OWNER ledger_owner")
        for alias in connections:
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = name
        call_command("migrate", database="owner", verbosity=0)
        yield
        for alias in connections:
            connections[alias].close()
        if embedded.is_ours(Path(settings.EMBEDDED_POSTGRES)):
            embedded.stop(Path(settings.EMBEDDED_POSTGRES))  # also from under threads that never closed a connection


@pytest.fixture(autouse=True)
def _own_log(tmp_path: Path, settings: Any) -> None:
    """Keep each test's checkpoint outside the database apart: an emptied database would look like a fork."""
    settings.LEDGER_CHECKPOINT_FILE = tmp_path / "log" / "newest-checkpoint"
