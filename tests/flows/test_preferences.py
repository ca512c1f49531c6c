"""Preferences in public …"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ledger import log
from ledger.models import Entry
from rights import reservations
from rights.models import Identifier, Recording
from rights.registry import AssetRef
from rights.reservations import Channel
from tests.flows.conftest import WORLD, World, key, today
from tests.remembering import remembered

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

ISRC, ISWC, ISCC = "GBAYE0500001", "T0345246801", "KACYPXW445FTYNJ3CYSXHAFJMA2HUWULUNRFE3BLHRSCXYH2M5AEGQY"
TRAIN = ["tdm", "train.nongen", "train.gen", "finetune.artist"]


@pytest.fixture
@remembered
def catalogue(trade: World) -> World:
    """A recording and its work, whole; nothing is granted."""
    trade.state("/v1/works", {"id": key("work"), "title": "Work", "iswc": ISWC})
    answer = trade.label.upload(
        "/v1/recordings", {"id": key("track"), "title": "Track", "isrc": ISRC, "works": [key("work")]}, file=None
    )
    assert answer.status_code == 201, answer.content
    for name, side in (("label", "recording"), ("writer", "work")):
        asset = key("track") if side == "recording" else key("work")
        trade.share(f"{name} trains", party=name, part="1", right_type="ai_training", **{side: asset})
    return trade


def allow(world: World, name: str = "public", **more: Any) -> tuple[str, str]:
    """Let the holders of both sides agree."""
    return (
        world.consent(f"{name} label", grantor="label", uses=TRAIN, recording=key("track"), **more),
        world.consent(f"{name} writer", grantor="writer", uses=TRAIN, work=key("work"), **more),
    )


def ask(query: str, **headers: Any) -> Any:
    return Client().get(f"/v1/preferences?{query}", headers=headers)


def stances(query: str = f"isrc={ISRC}") -> dict[str, str]:
    [result] = ask(query).json()["results"]
    assert result["status"] == 200, result
    return {use: said["stance"] for use, said in result["preferences"]["uses"].items()}


def reserve(holder: str, **more: Any) -> None:
    with transaction.atomic(durable=True):
        found = reservations.reserve(
            id=uuid4(), holder_id=UUID(key(holder)), asset=more.get("asset"), uses=["tdm"],
            territories=more.get("territories", [WORLD]), active_from=today(), active_to=None,
            channel=Channel.LETTER, wording="", snapshot_digest="", at=timezone.now(),
        )  # fmt: skip
        log.append(Entry.Kind.RIGHTS_RESERVED, found, {}, at=timezone.now())


def test_denies_by_default(catalogue: World) -> None:
    assert set(stances().values()) == {"not_allowed"}
    answer = ask(f"isrc={ISRC}")
    document = answer.json()["results"][0]["preferences"]
    assert document["aipref"]["content_usage"] == answer["Content-Usage"] == "train-ai=n"
    assert document["tdmrep"]["tdm-reservation"] == answer["tdm-reservation"] == "1"
    assert document["cawg"]["data"]["entries"]["cawg.data_mining"] == {"use": "notAllowed"}
    assert document["ddex"]["deal_terms"] == []
    assert document["asset"] == {"isrc": ISRC}


def test_says_what_is_free_to_all_on_both_sides(catalogue: World) -> None:
    allow(catalogue)
    assert {use: stances()[use] for use in TRAIN} == dict.fromkeys(TRAIN, "allowed")
    assert stances()["infer.input"] == "not_allowed"
    answer = ask(f"isrc={ISRC}")
    document = answer.json()["results"][0]["preferences"]
    assert answer["Content-Usage"] == "train-ai=y"
    assert answer["tdm-reservation"] == "0"
    assert document["ddex"]["deal_terms"][0]["UseType"] == [
        "UseForDataMining", "UseForTrainingGenerativeAI", "UseForTrainingNonGenerativeAI",
    ]  # fmt: skip
    # The work alone, by its own code.
    assert stances(f"iswc={ISWC}")["tdm"] == "allowed"


def test_a_consent_to_one_licensee_is_no_public_one(catalogue: World) -> None:
    allow(catalogue, licensee=key("distributor"))
    assert stances()["tdm"] == "constrained"
    answer = ask(f"isrc={ISRC}")
    assert answer["Content-Usage"] == "train-ai=n"
    body = answer.content.decode()
    assert key("distributor") not in body
    assert not any(name in body for name in ("Distributor", "Label", "Writer", key("label"), key("writer")))


def test_one_side_alone_frees_nothing(catalogue: World) -> None:
    catalogue.consent("label only", grantor="label", uses=TRAIN, recording=key("track"))
    assert stances()["tdm"] == "constrained"


def test_a_withdrawal_shows_at_once(catalogue: World) -> None:
    consent, _ = allow(catalogue)
    answer = catalogue.label.post(
        f"/v1/consents/{consent}/withdrawals",
        {"id": str(uuid4()), "actor": key("label"), "effective_on": today().isoformat()},
    )
    assert answer.status_code == 201, answer.content
    assert stances()["tdm"] == "constrained"  # the writer still agrees


def test_a_reservation_wins(catalogue: World) -> None:
    allow(catalogue)
    reserve("writer", territories=["DE"])  # of all that the writer has, in one country
    assert stances()["tdm"] == "not_allowed"
    assert stances()["train.gen"] == "allowed"
    assert ask(f"isrc={ISRC}")["tdm-reservation"] == "1"


def test_a_strangers_reservation_is_not_about_it(catalogue: World) -> None:
    allow(catalogue)
    reserve("rival")
    assert stances()["tdm"] == "allowed"
    reserve("rival", asset=AssetRef(recording_id=UUID(key("track"))))
    assert stances()["tdm"] == "not_allowed"  # but one that names it is


def test_deals_end_with_what_they_rest_on(catalogue: World) -> None:
    end = today() + timedelta(days=90)
    allow(catalogue, active_to=end.isoformat())
    [deal] = ask(f"isrc={ISRC}").json()["results"][0]["preferences"]["ddex"]["deal_terms"]
    assert deal["ValidityPeriod"]["EndDate"] == (end - timedelta(days=1)).isoformat()


def test_finds_by_iscc(catalogue: World) -> None:
    recording = Recording.objects.get(pk=key("track"))
    with transaction.atomic(durable=True):
        found = Identifier.objects.create(
            id=uuid4(), scheme="proprietary", namespace="ISCC", value=f"ISCC:{ISCC}", raw=f"ISCC:{ISCC}",
            checked="well_formed", recording=recording, recorded_at=timezone.now(),
        )  # fmt: skip
        log.append(Entry.Kind.IDENTIFIER_RECORDED, found, {}, at=timezone.now())
    for spelled in (ISCC, f"ISCC:{ISCC}", f"iscc:{ISCC.lower()}"):
        assert stances(f"iscc={spelled}")["tdm"] == "not_allowed"


def test_answers_each_code_in_its_order(catalogue: World) -> None:
    query = f"iswc={ISWC}&isrc=GB-AYE-05-00001&isrc=GBAYE0500002&isrc=nonsense&iscc=!!"
    results = ask(query).json()["results"]
    assert [(one["asked"], one["status"], one.get("code")) for one in results] == [
        ({"isrc": "GB-AYE-05-00001"}, 200, None),
        ({"isrc": "GBAYE0500002"}, 404, "no_such_asset"),
        ({"isrc": "nonsense"}, 422, "bad_isrc"),
        ({"iswc": ISWC}, 200, None),
        ({"iscc": "!!"}, 422, "bad_iscc"),
    ]
    assert "Content-Usage" not in ask(query)  # a header speaks of one asset


@pytest.mark.parametrize(("count", "status"), [(0, 422), (1, 200), (100, 200), (101, 422)])
def test_takes_up_to_a_hundred_codes(catalogue: World, count: int, status: int) -> None:
    answer = ask("&".join(f"isrc=GBAYE05{number:05}" for number in range(count)))
    assert answer.status_code == status
    if status == 422:
        assert answer.json()["code"] == ("no_code" if count == 0 else "too_many_codes")


def test_asks_the_database_as_often_for_many_as_for_one(catalogue: World) -> None:
    counts = []
    for query in (f"isrc={ISRC}&iswc={ISWC}", "&".join([f"isrc={ISRC}"] * 50 + [f"iswc={ISWC}"] * 50)):
        with CaptureQueriesContext(connection) as captured:
            ask(query)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12


@pytest.mark.parametrize("raw", ["%00", "A" * 5000, "%F0%9F%8E%B5", "'%20OR%201=1--", "%3Cscript%3E"])
@pytest.mark.parametrize("kind", ["isrc", "iswc", "iscc"])
def test_reads_hostile_codes(catalogue: World, kind: str, raw: str) -> None:
    answer = ask(f"{kind}={raw}")
    [result] = answer.json()["results"]
    assert (answer.status_code, result["status"] in {404, 422}) == (200, True)


def test_is_open_to_all_and_cached(catalogue: World) -> None:
    answer = ask(f"isrc={ISRC}", Authorization="Bearer nonsense")
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "public" in answer["Cache-Control"]


def test_shows_owners_what_the_public_is_told(catalogue: World) -> None:
    answer = catalogue.label.get(f"/v1/recordings/{key('track')}/preferences")
    assert answer.json()["uses"]["tdm"] == {"stance": "not_allowed"}
    assert answer["Content-Usage"] == "train-ai=n"
    assert catalogue.label.get(f"/v1/recordings/{uuid4()}/preferences").status_code == 404
    assert Client().get(f"/v1/recordings/{key('track')}/preferences").status_code == 401


def test_reserves_the_site_itself() -> None:
    [rule] = Client().get("/.well-known/tdmrep.json").json()
    assert rule == {"location": "/", "tdm-reservation": 1, "tdm-policy": "http://testserver/v1/preferences"}
    robots = Client().get("/robots.txt").content.decode().splitlines()
    assert "Content-Usage: / train-ai=n" in robots
    assert {"Disallow: /artist/", "Disallow: /payee/"} <= set(robots)
