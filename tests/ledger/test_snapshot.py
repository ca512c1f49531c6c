"""The kept schema: what all migrations make, and left aside where it would not be that."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from ledger.management.commands.snapshot_schema import dumped
from ledger.postgresql import snapshot
from tests.faults import processes

# PostgreSQL writes a list in a check one way when it is first given, and another when that text was read again.
ONE_WAY = re.compile(r"\(ARRAY\[((?:'[^']*'::character varying(?:, )?)+)\]\)::text\[\]")
DUMP = """
import django
django.setup()
from django.db import connections
from ledger.management.commands.snapshot_schema import dumped
print(dumped(connections["owner"]))
"""


def as_read_again(dump: str) -> list[str]:
    def the_other(found: re.Match[str]) -> str:
        return f"ARRAY[{', '.join(f'({one})::text' for one in found[1].split(', '))}]"

    return ONE_WAY.sub(the_other, snapshot.statements(dump)).splitlines()


@pytest.mark.slow
@pytest.mark.django_db(databases="__all__")
def test_is_what_all_migrations_make(tmp_path: Path) -> None:
    with processes.folder(tmp_path / "data") as each:
        said = each.run(sys.executable, "manage.py", "migrate", "--each", seconds=300)
        assert "Applying ledger.0001_log_and_queue... OK" in said
        by_history = as_read_again(each.run(sys.executable, "-c", DUMP))
    assert len(by_history) > 5_000
    assert as_read_again(dumped(connections["owner"])) == by_history


def test_stands_for_migrations_that_are_here() -> None:
    """Made anew, or they are the ones that are not changed any more: else every new database goes the long way."""
    kept = json.loads(snapshot.FILE.read_text().partition("\n")[0].removeprefix(snapshot.HEAD))
    here = snapshot.stands_for(MigrationLoader(None))
    changed = [name for name, digest in kept["migrations"].items() if here.get(name) != digest]
    assert changed == [], "run 'manage.py migrate --each' on an empty folder, and then 'manage.py snapshot_schema'"
    assert len(here) - len(kept["migrations"]) < 20


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize("why", ["another release", "another migration", "tables are there"])
def test_is_left_aside(why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head, _, sql = snapshot.FILE.read_text().partition("\n")
    kept = json.loads(head.removeprefix(snapshot.HEAD))
    if why == "another release":
        kept["release"] -= 1
    if why == "another migration":
        kept["migrations"]["ledger.0001_log_and_queue"] = "0" * 16
    file = tmp_path / "schema.sql"
    file.write_text(f"{snapshot.HEAD}{json.dumps(kept)}\n{sql}")
    monkeypatch.setattr(snapshot, "FILE", file)
    connection: Any = connections["owner"]
    if why != "tables are there":
        monkeypatch.setattr(connection.introspection, "table_names", lambda _: [])
    assert snapshot.take(connection) == 0


def test_holds_statements_and_nothing_for_the_session() -> None:
    dump = "\\restrict abc\n--\n-- Name: f\n--\n\nSET a = 1;\nCREATE FUNCTION f() AS $$\nBEGIN\n\n  -- kept\nSET b = 2;\nEND $$;\n\nSELECT pg_catalog.set_config('search_path', '', false);\nCREATE SCHEMA public;\nCREATE TABLE t ();\n"  # noqa: E501
    assert snapshot.statements(dump) == (
        "CREATE FUNCTION f() AS $$\nBEGIN\n\n  -- kept\nSET b = 2;\nEND $$;\nCREATE TABLE t ();\n"
    )


def test_constraints_and_indexes_come_as_they_were_made() -> None:
    listing = """;
; Archive
218; 1259 16390 TABLE public t owner
5; 2606 900 CONSTRAINT public t a_later owner
6; 2606 400 CONSTRAINT public t t_pkey owner
7; 1259 600 INDEX public between owner
8; 2606 100 FK CONSTRAINT public t to_other owner
"""
    assert snapshot.in_order_of_making(listing).splitlines()[3:] == [
        "6; 2606 400 CONSTRAINT public t t_pkey owner",
        "7; 1259 600 INDEX public between owner",
        "5; 2606 900 CONSTRAINT public t a_later owner",
        "8; 2606 100 FK CONSTRAINT public t to_other owner",
    ]
