"""What receipts would pay whom: asked over the API and at the desk, and nothing is booked."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from django.test import Client

from ledger.models import Entry
from tests.flows.conftest import World, key
from tests.flows.test_reviews import code

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

PATH = f"/v1/submissions/{key('output')}/earnings-preview"


def receipts(*given: dict[str, Any], settlement: str = "EUR") -> dict[str, Any]:
    return {"settlement": settlement, "receipts": list(given)}


GERMANY = {"country": "DE", "amount": "1000.01", "currency": "EUR"}
RATE = {"value": "0.92", "quoted_by": "contract", "on": "2026-07-31"}


def test_receipts_are_divided_to_the_cent_with_every_step(world: World) -> None:
    world.cleared()
    splits = world.distributor.get(f"/v1/submissions/{key('output')}").json()["splits"]
    before = Entry.objects.count()
    usa = {"country": "US", "amount": "812.37", "currency": "USD", "rate": RATE}
    found = world.distributor.post(PATH, receipts(GERMANY, usa))
    assert found.status_code == 200, found.content
    told = found.json()
    assert (told["currency"], told["exponent"], told["minor"]) == ("EUR", 2, 100_001 + 74_738)
    for pool in told["pools"]:
        (zone,) = (zone for zone in splits if pool["country"] in zone["territories"])
        weights = {part["leaf"]: part["part"] for part in zone["parts"]}
        assert {line["leaf"]: Fraction(line["weight"]) for line in pool["lines"]} == {
            leaf: Fraction(weight) for leaf, weight in weights.items()
        }
        assert sum(line["minor"] for line in pool["lines"]) == pool["minor"]
        for line in pool["lines"]:
            assert Fraction(line["exact"]) == pool["minor"] * Fraction(line["weight"])
            assert line["minor"] - int(Fraction(line["exact"])) == int(line["has_leftover"])
    assert sum(party["minor"] for party in told["parties"]) == told["minor"]
    assert Entry.objects.count() == before


REFUSED = [
    (receipts(GERMANY | {"country": "XX"}), (422, "not_released_there")),
    (receipts(GERMANY | {"currency": "USD"}), (422, "rate_missing")),
    (receipts(GERMANY | {"amount": "1,000.01"}), (422, "not_an_amount")),
    (receipts(GERMANY | {"amount": "1e9"}), (422, "not_an_amount")),
    (receipts(GERMANY | {"amount": "9" * 20}), (422, "beyond_money")),
    (receipts(GERMANY | {"currency": "EUX"}, settlement="EUX"), (422, "unknown_currency")),
    (receipts(GERMANY | {"rate": RATE | {"value": "0"}}), (422, "not_a_rate")),
    (receipts(), (400, "malformed")),
    (receipts(GERMANY | {"amount": 1000.01}, settlement="euro"), (400, "malformed")),
]


@pytest.fixture
def cleared(world: World) -> World:
    world.cleared()
    return world


def test_receipts_that_cannot_be_divided_say_why(cleared: World) -> None:
    answers = [(body, code(cleared.distributor.post(PATH, body))) for body, _ in REFUSED]
    assert answers == REFUSED


def test_the_desk_shows_the_same(cleared: World, admin_client: Client) -> None:
    page = f"/admin/rights/submission/{key('output')}/earnings/"
    assert (
        "What would it pay?" in admin_client.get(f"/admin/rights/submission/{key('output')}/change/").content.decode()
    )
    asked = admin_client.get(page, {"amount": "1000.01", "currency": "EUR", "country": "DE"})
    told = cleared.distributor.post(PATH, receipts(GERMANY)).json()
    for line in told["pools"][0]["lines"]:
        assert f"{line['minor'] // 100}.{line['minor'] % 100:02}" in asked.content.decode()
    bad = admin_client.get(page, {"amount": "1,000", "currency": "EUR", "country": "DE"})
    assert (bad.status_code, "digits and at most one point" in bad.content.decode()) == (422, True)
    assert admin_client.get(page, {"amount": "1", "currency": "EUR", "country": "XX"}).status_code == 422


def test_an_output_that_was_not_cleared_divides_nothing(world: World) -> None:
    world.settle(world.submit("output", world.sounds.sung("flac"))["id"])
    assert code(world.distributor.post(PATH, receipts(GERMANY))) == (404, "not_divided")


def test_whoever_does_not_own_the_output_is_not_told(cleared: World, rival: Any) -> None:
    assert code(rival.post(PATH, receipts(GERMANY))) == (404, "no_such_submission")
