"""While the key service or the database is away: 503, what is missing, when to come again, and nothing half written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connections
from django.http import HttpResponse
from django.test import Client, RequestFactory

from ledger.reports.away import Away
from tests.flows.conftest import Api, World, build_trade, key, row_counts

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

PAGE = {"Accept": "text/html,application/xhtml+xml"}


class Service:
    """A key service that goes away when it is told to."""

    is_away = False

    def name(self) -> bytes:
        return b"test service"

    def wrap(self, key: bytes, context: Any) -> bytes:
        return self._answer(key)

    def unwrap(self, blob: bytes, context: Any) -> bytes:
        return self._answer(blob)

    def _answer(self, given: bytes) -> bytes:
        if Service.is_away:
            raise ConnectionError(f"refused for {given!r}")
        return given


@pytest.fixture
def away(transactional_db: None, settings: Any, sounds: Any) -> Iterator[World]:
    """A trade whose names were sealed under a service that does not answer any more."""
    settings.LEDGER_KEK_CALLBACK = f"{__name__}:Service"
    world = build_trade(sounds)
    Service.is_away = True
    yield world
    Service.is_away = False


@pytest.fixture
def desk(away: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


@pytest.mark.parametrize("path", ["/admin/rights/party/", f"/admin/rights/party/{key('label')}/change/"])
def test_a_page_says_what_is_missing_and_when_to_come_again(desk: Client, path: str) -> None:
    answer = desk.get(path, headers=PAGE)
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "30", "no-store")
    text = answer.content.decode()
    assert "Names cannot be opened now" in text
    assert "LEDGER_KEK_CALLBACK" in text
    assert "refused for" not in text  # the service's own words may quote a key
    german = desk.get(path, headers={**PAGE, "Accept-Language": "fr;q=0.9, de-AT, en;q=0.7"}).content.decode()
    assert '<html lang="de">' in german
    assert "Namen lassen sich gerade nicht öffnen" in german
    assert "Names" not in german
    Service.is_away = False
    assert desk.get(path, headers=PAGE).status_code == 200


def test_programs_get_a_problem_at_every_door(away: World, desk: Client) -> None:
    for answer in (
        away.label.get(f"/v1/parties/{key('label')}"),
        desk.get(f"/admin/rights/party/{key('label')}/export/"),
    ):
        assert (answer.status_code, answer["Retry-After"]) == (503, "30")
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "key_service_away"


def test_what_needs_no_name_goes_on(away: World) -> None:
    assert Api().get("/log/checkpoint").status_code in {200, 404}  # 404: nothing was signed in this test
    assert away.label.get("/v1/works").status_code == 200


def test_nothing_is_half_written(away: World, desk: Client) -> None:
    before = row_counts()
    new = {"id": str(uuid4()), "kind": "company", "name": "Nobody Records"}
    assert away.label.post("/v1/parties", new).status_code == 503
    form = {"id": str(uuid4()), "kind": "company", "name": "Nobody"}
    sent = desk.post("/admin/rights/party/add/", form, headers=PAGE)
    assert sent.status_code == 503
    assert "kept whole or not at all" in sent.content.decode()
    assert row_counts() == before
    Service.is_away = False
    assert away.label.post("/v1/parties", new).status_code == 201
    assert desk.post("/admin/rights/party/add/", form, headers=PAGE).status_code == 302


# --- The database


@contextmanager
def no_database(folder: Path) -> Iterator[None]:
    """Let every connection that is opened from now on find nobody."""
    before = {one.alias: one.settings_dict for one in connections.all()}
    for one in connections.all():
        one.close()
        options = {name: value for name, value in one.settings_dict["OPTIONS"].items() if name != "embedded_data"}
        one.settings_dict = {**one.settings_dict, "HOST": str(folder), "PORT": "1", "OPTIONS": options}
    try:
        yield
    finally:
        for one in connections.all():
            one.close()
            one.settings_dict = before[one.alias]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_database_everybody_reads_it_in_their_language(
    transactional_db: None, tmp_path: Path, method: str
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("operator"))
    german = {**PAGE, "Accept-Language": "de,en;q=0.5"}
    with no_database(tmp_path):
        for path in ("/admin/", "/reports/index", f"/artist/{'a' * 43}", f"/payee/{'a' * 43}", f"/status/{uuid4()}"):
            answer = client.generic(method, path, headers=german)
            if answer.status_code in {403, 405}:
                continue  # that is said without a database
            assert answer.status_code == 503, (path, answer.status_code, answer.content[-500:])
            assert (answer["Retry-After"], answer["Referrer-Policy"]) == ("30", "no-referrer")
            text = answer.content.decode()
            assert "Die Datenbank antwortet nicht" in text, path
            assert ("/readyz" in text) is path.startswith(("/admin/", "/reports/"))
            english = client.generic(method, f"{path}?lang=en", headers=german).content.decode()
            assert "The database does not answer" in english
        for path in ("/v1/works", "/reports/index"):
            answer = client.generic(method, path, headers={"Accept": "application/json"})
            if answer.status_code != 405:
                assert (answer.status_code, answer.json()["code"]) == (503, "database_away"), path
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
    assert client.get("/admin/", headers=german).status_code == 200


def test_another_fault_of_the_database_stays_what_it_is() -> None:
    cases = {"57P03": True, "08006": True, "53300": True, None: True, "40P01": False, "57014": False}
    for state, expected in cases.items():
        error = OperationalError("it failed")
        error.__cause__ = psycopg.OperationalError()
        error.__cause__.sqlstate = state
        answer = Away(lambda _: HttpResponse()).process_exception(RequestFactory().get("/"), error)
        assert (answer is not None) is expected, state
    assert Away(lambda _: HttpResponse()).process_exception(RequestFactory().get("/"), KeyError("x")) is None
