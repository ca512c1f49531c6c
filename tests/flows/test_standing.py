"""What stands: what the audit says of rows that are not what the facts come to, and how they are stated anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from ledger import audit, restating, sequencer
from rights import contracts, restate
from rights.models import Consent, License, Reservation, Share
from tests import guards
from tests.flows.conftest import World, changed, row_counts, superuser, tampering
from tests.flows.facts import one_of_each

FACTS = {
    "rights_sharestanding": Share,
    "rights_permissionstanding": Consent,
    "rights_licensestanding": License,
    "rights_exclusiveright": License,
}
COLUMNS = {"rights_sharestanding": "share_id", "rights_permissionstanding": "consent_id"}


@pytest.fixture(scope="module")
def told(standing: World) -> World:
    """A world in which something stands of every kind."""
    standing.cleared()
    one_of_each(standing)
    sequencer.drain(at=timezone.now())
    return standing


@pytest.fixture(autouse=True)
def _as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    if "told" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("told")
    before = row_counts()
    yield
    assert row_counts() == before
    assert faults() == []


def faults() -> list[str]:
    return [fault.sentence for fault in audit.audit().faults]


def said(table: str, id_: Any) -> list[str]:
    """What the audit says of one fact."""
    fact = FACTS[table]._meta.db_table
    wrong = "not what is due to it" if table == "rights_exclusiveright" else "not what that fact comes to"
    name = f"{table} for {id_} of {fact}"
    return [f"What stands in {name} is {wrong}."]


def stated(table: str) -> Any:
    """A fact of which something stands."""
    column = COLUMNS.get(table, "license_id")
    where = "WHERE upper_inf(known)" if table in guards.STANDING else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} {where} ORDER BY ({column} IS NULL), id LIMIT 1")
        row = cursor.fetchone()
    assert row is not None
    assert row[0] is not None
    return row[0]


PROJECTIONS = [*guards.STANDING, *guards.EXCLUSIVE]
CHANGES = {
    "rights_sharestanding": {
        "asset_id": "gen_random_uuid()",
        "holder_id": "gen_random_uuid()",
        "right_type": "'voice'",
        "basis": "'reversed'",
        "units": "units - 1",
        "countries": "countries * '{[0,100)}'",
        "valid": "daterange(lower(valid), '2098-01-01')",
        "known": "tstzrange(lower(known), now())",
    },
    "rights_permissionstanding": {
        "stance": "abs(stance - 2)",
        "holder_id": "gen_random_uuid()",
        "asset_id": "NULL",
        "assets_from": "now()",
        "licensee_id": "gen_random_uuid()",
        "licensee_role": "'dsp'",
        "model_id": "gen_random_uuid()",
        "model_version_id": "gen_random_uuid()",
        "uses": "uses | 64",
        "barred": "barred | 64",
        "approval": "NOT approval",
        "overrides": "overrides || gen_random_uuid()",
        "countries": "'{}'",
        "valid": "daterange(lower(valid) - 1, upper(valid))",
        "known": "'empty'",
    },
    "rights_licensestanding": {
        "stance": "abs(stance - 2)",
        "licensee_id": "gen_random_uuid()",
        "uses": "uses | 64",
        "barred": "barred | 64",
        "model_versions": "model_versions || gen_random_uuid()",
        "countries": "'{}'",
        "valid": "daterange(lower(valid), '2098-01-01')",
        "known": "tstzrange(lower(known), now())",
    },
    "rights_exclusiveright": {
        "asset": "uuidrange(gen_random_uuid(), NULL)",
        "use": "use + 5",
        "countries": "'{}'",
        "valid": "daterange(lower(valid), '2098-01-01')",
    },
}


def test_every_column_of_what_stands_is_tried() -> None:
    named = {"id", "share_id", "consent_id", "reservation_id", "license_id"}
    for table in PROJECTIONS:
        with connection.cursor() as cursor:
            columns = {column.name for column in connection.introspection.get_table_description(cursor, table)}
        assert columns - named == set(CHANGES[table])


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in CHANGES for column in CHANGES[table]])
def test_the_audit_names_the_fact_whose_rows_were_changed(table: str, column: str, told: World) -> None:
    id_ = stated(table)
    of = COLUMNS.get(table, "license_id")
    known = "upper_inf(known) AND" if table in guards.STANDING else ""
    statement = (
        f"UPDATE {table} SET {column} = {CHANGES[table][column]}"
        f" WHERE id = (SELECT id FROM {table} WHERE {known} {of} = %s ORDER BY id LIMIT 1)"
    )
    with changed(statement, table, values=(id_,)):
        assert faults() == said(table, id_)


@pytest.mark.parametrize("table", PROJECTIONS)
def test_the_audit_names_the_fact_whose_rows_are_gone(table: str, told: World) -> None:
    id_ = stated(table)
    with changed(f"DELETE FROM {table} WHERE {COLUMNS.get(table, 'license_id')} = %s", table, values=(id_,)):
        assert faults() == said(table, id_)


@pytest.mark.parametrize("table", guards.STANDING)
def test_the_audit_names_the_fact_that_stands_twice_or_is_none(table: str, told: World) -> None:
    of = COLUMNS.get(table, "license_id")
    id_ = stated(table)
    with connection.cursor() as cursor:
        columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
    own = ", ".join(name for name in columns if name != "id")
    with tampering(table) as cursor:
        cursor.execute(f"INSERT INTO {table} ({own}) SELECT {own} FROM {table} WHERE {of} = %s", (id_,))
        assert faults() == said(table, id_)
    for stranger in ("00000000-0000-0000-0000-000000000001", "ffffffff-ffff-ffff-ffff-ffffffffffff"):
        with changed(f"UPDATE {table} SET {of} = %s WHERE {of} = %s", table, values=(stranger, id_)):
            assert sorted(faults()) == sorted(said(table, id_) + said(table, stranger))


def test_the_audit_names_a_reservation_that_does_not_stand(told: World) -> None:
    reservation = Reservation.objects.get()
    statement = "DELETE FROM rights_permissionstanding WHERE reservation_id = %s"
    with changed(statement, "rights_permissionstanding", values=(reservation.id,)):
        [sentence] = faults()
    assert f"{reservation.id} of rights_reservation" in sentence


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("rights_share", "territories = '{XX}'"),
        ("rights_consent", "uses = '{nonsense}'"),
        ("rights_reservation", "territories = '{XX}'"),
        ("rights_license", "uses = '{nonsense}'"),
    ],
)
def test_the_audit_goes_on_over_a_fact_that_cannot_be_folded(table: str, change: str, told: World) -> None:
    with changed(f"UPDATE {table} SET {change}", table):
        found = [sentence for sentence in faults() if "is not what that fact comes to" in sentence]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (len(found),)


def test_nothing_is_written_by_a_comparison(told: World) -> None:
    with changed("DELETE FROM rights_sharestanding", "rights_sharestanding"):
        assert {one.fact for one in restate.differences()} == {"rights_share"}
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM rights_sharestanding")
            assert cursor.fetchone() == (0,)
    assert list(contracts.misheld()) == []


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_what_an_older_release_stated_stands_after_the_upgrade(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restating.restate_if_behind(at=timezone.now()) == 0
    facts = sum(model.objects.count() for model in (Share, Consent, License))
    before = {table: held(table) for table in guards.STANDING}
    with superuser() as admin:
        for table in guards.STANDING:
            admin.execute(f"TRUNCATE {table}")
    assert len(faults()) == facts
    monkeypatch.setattr(restate, "CHUNK", 2)
    call_command("restate")
    assert capsys.readouterr().out == f"{facts} facts stand as they should.\n"
    assert {table: held(table) for table in guards.STANDING} == before
    assert faults() == []
    with superuser() as admin:
        admin.execute("TRUNCATE rights_licensestanding")
    assert restating.restate_if_behind(at=timezone.now()) == facts
    assert restating.restate_if_behind(at=timezone.now()) == 0
    assert {table: held(table) for table in guards.STANDING} == before


def held(table: str) -> list[Any]:
    """What stands, without when it became known."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t) - 'id' - 'known' AS row FROM {table} AS t ORDER BY 1")
        return cursor.fetchall()
