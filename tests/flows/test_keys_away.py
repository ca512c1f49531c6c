"""While the key service is away: 503 with what is missing and when to come again, and nothing half written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

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
