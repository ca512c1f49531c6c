"""The catalogue: what is registered is read back as it was given, and is registered once."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.utils import timezone

from ledger import people
from ledger.models import Entry
from rights.models import Consent, License, Share
from rights.vocabulary import Authority
from royalties.models import Plan
from tests.flows.conftest import DOCUMENT, SINCE, USES, WORLD, Api, World, key, row_counts, today

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

TERMS = {"territories": [WORLD, "-US"], "active_from": SINCE, "active_to": "2030-01-01"}


def facts(world: World) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """By name: where it is stated, the statement, and for each of its fields what else it could say."""
    asset = {"recording": key("country")}
    later = today() + timedelta(days=9)
    return {
        "party": (
            "/v1/parties",
            {"id": key("new party"), "kind": "estate", "name": "Åsa's heirs"},
            {"kind": "society", "name": "Other"},
        ),
        "work": (
            "/v1/works",
            {"id": key("new work"), "title": "Work", "iswc": "T-034.524.680-1"},
            {"title": "Other", "iswc": None},
        ),
        "recording": (
            "/v1/recordings",
            {"id": key("new recording"), "title": "R", "isrc": "gb-aye-05-00001", "works": [key("work of country")]},
            {"title": "Other", "isrc": "GBAYE0500002", "works": []},
        ),
        "share": (
            "/v1/shares",
            {"id": key("new share"), "party": key("rival"), "right_type": "ai_output", "part": "2/6"} | asset | TERMS,
            {
                "party": key("label"),
                "part": "1/2",
                "territories": [WORLD],
                "active_from": "2026-02-01",
                "active_to": None,
            },
        ),
        "consent": (
            "/v1/consents",
            {
                "id": key("new consent"),
                "grantor": key("label"),
                "actor": key("rival"),
                "licensee": key("distributor"),
                "uses": USES,
                "document": f"sha256:{DOCUMENT}",
            }
            | asset
            | TERMS,
            {
                "grantor": key("rival"),
                "actor": key("label"),
                "licensee": None,
                "uses": ["infer.input"],
                "document": "11" * 32,
                "territories": [WORLD],
                "active_from": "2026-02-01",
                "active_to": None,
            },
        ),
        "license": (
            "/v1/licenses",
            {
                "id": key("new license"),
                "licensor": key("label"),
                "licensee": key("rival"),
                "schedule": [asset, {"work": key("work of country")}],
                "uses": USES,
                "document": DOCUMENT,
                "plan": {"commission": "1/7", "creators": "2/7", "masters": "3/7"},
            }
            | TERMS,
            {
                "licensor": key("rival"),
                "licensee": key("distributor"),
                "schedule": [asset],
                "uses": ["infer.input"],
                "document": "11" * 32,
                "territories": [WORLD],
                "active_from": "2026-02-01",
                "active_to": None,
                "plan": {"commission": "1/8", "creators": "2/7", "masters": "3/7"},
            },
        ),
        "withdrawal": (
            f"/v1/consents/{key('consent country label')}/withdrawals",
            {"id": key("new withdrawal"), "actor": key("label"), "effective_on": later.isoformat()},
            {"actor": key("rival"), "effective_on": today().isoformat()},
        ),
    }


def mandated(world: World) -> None:
    """The rival acts for the label, and may sign and withdraw for it."""
    people.represent(
        id=UUID(key("mandate")),
        principal_id=UUID(world.party("label")),
        agent_id=UUID(world.party("rival")),
        authority=Authority.MANDATE,
        uses=[],
        territories=[WORLD],
        active_from=date.fromisoformat(SINCE),
        active_to=None,
        document_digest=DOCUMENT,
        at=timezone.now(),
    )


NAMES = ["party", "work", "recording", "share", "consent", "license", "withdrawal"]


def state(world: World, name: str, path: str, document: dict[str, Any]) -> Any:
    if name == "recording" and "with audio" in document:
        fields = {field: value for field, value in document.items() if field != "with audio" and value is not None}
        return world.label.upload(path, fields, file=document["with audio"])
    return world.label.post(path, document)


@pytest.mark.parametrize("name", NAMES)
def test_a_fact_stated_again_is_answered_again(name: str, world: World) -> None:
    mandated(world)
    path, document, changes = facts(world)[name]
    first = world.label.post(path, document)
    assert first.status_code == 201, first.content
    entries = Entry.objects.count()
    rows = row_counts()
    again = world.label.post(path, document)
    assert (again.status_code, again.json()) == (200, first.json())
    for field, value in changes.items():
        answer = world.label.post(path, document | {field: value})
        assert (answer.status_code, answer.json()["code"]) == (409, "id_taken"), field
    assert (row_counts(), Entry.objects.count()) == (rows, entries)


@pytest.mark.parametrize("name", NAMES)
def test_one_of_two_statements_at_once_is_let_in(name: str, world: World) -> None:
    mandated(world)
    path, document, changes = facts(world)[name]
    other = document | dict([next(iter(changes.items()))])
    documents = [document, document, other, other]
    ready = threading.Barrier(len(documents))
    answers: list[tuple[bool, int]] = []

    def send(given: dict[str, Any]) -> None:
        api = Api(token=world.label.token)
        ready.wait()
        try:
            answers.append((given is document, api.post(path, given).status_code))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=(given,)) for given in documents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = next(is_first for is_first, status in answers if status == 201)
    lost = 409
    assert sorted(status for is_first, status in answers if is_first is winner) == [200, 201]
    assert [status for is_first, status in answers if is_first is not winner] == [lost, lost]


def test_a_recording_with_audio_is_the_same_only_with_the_same_audio(world: World) -> None:
    fields = {"id": key("sung"), "title": "Sung", "works": [key("work of country")]}
    own, other = world.sounds.own("flac"), world.sounds.own("mp3")
    first = world.label.upload("/v1/recordings", fields, file=own)
    assert first.status_code == 201
    assert first.json()["audio"].startswith("sha256:")
    again = world.label.upload("/v1/recordings", fields, file=own)
    assert (again.status_code, again.json()) == (200, first.json())
    for answer in (
        world.label.upload("/v1/recordings", fields, file=other),
        world.label.post("/v1/recordings", fields),
        world.label.upload("/v1/recordings", {**fields, "title": "Other"}, file=own),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")
    assert world.label.get(f"/v1/recordings/{key('sung')}").json() == first.json()


def test_a_code_belongs_to_one(world: World) -> None:
    for path, code, value, refusal in (
        ("/v1/recordings", "isrc", "GBAYE0500001", "isrc_taken"),
        ("/v1/works", "iswc", "T0345246801", "iswc_taken"),
    ):
        assert world.label.post(path, {"id": key("one"), "title": "One", code: value}).status_code == 201
        answer = world.label.post(path, {"id": key("two"), "title": "Two", code: value})
        assert (answer.status_code, answer.json()["code"]) == (409, refusal)


def test_a_consent_is_withdrawn_once(world: World) -> None:
    consent = key("consent country label")
    path = f"/v1/consents/{consent}/withdrawals"
    document = {"id": key("one"), "actor": key("label"), "effective_on": today().isoformat()}
    world.state(path, document)
    answer = world.label.post(path, document | {"id": key("two")})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_withdrawn")
    # A withdrawal under the id that the grant has is no repetition of it.
    events = Consent.objects.get(pk=consent).events
    granted = events.get(act="granted")
    answer = world.label.post(path, {"id": str(granted.id), "actor": key("label"), "effective_on": SINCE})
    assert answer.status_code in {409, 422}
    shown = next(row for row in world.label.get("/v1/consents").json()["results"] if row["id"] == consent)
    assert [event["act"] for event in shown["events"]] == ["granted", "withdrawn"]


def test_what_is_registered_is_read_back(world: World) -> None:
    mandated(world)
    given = facts(world)
    answers = {name: world.label.post(path, document).json() for name, (path, document, _) in given.items()}
    assert answers["party"]["name"] == "Åsa's heirs"
    assert answers["work"]["iswc"] == "T0345246801"
    assert answers["recording"]["isrc"] == "GBAYE0500001"
    assert answers["recording"]["works"] == [key("work of country")]
    assert (answers["share"]["part"], answers["share"]["work"]) == ("1/3", None)
    assert answers["consent"]["document"] == f"sha256:{DOCUMENT}"
    assert answers["license"]["schedule"] == [{"recording": key("country")}, {"work": key("work of country")}] or (
        answers["license"]["schedule"] == [{"work": key("work of country")}, {"recording": key("country")}]
    )
    for name in ("share", "consent", "license"):
        assert {field: answers[name][field] for field in TERMS} == TERMS
    for name in ("party", "work", "recording", "share", "consent", "license"):
        listed = world.label.get(f"{given[name][0]}?limit=500").json()
        assert listed["results"][-1] == answers[name]
        assert (listed["next"], listed["previous"]) == (None, None)
    plan = Plan.objects.get(license=UUID(key("new license")))
    assert (plan.commission_numerator, plan.commission_denominator) == (1, 7)
    assert (Share.objects.get(pk=key("new share")).denominator, License.objects.count()) == (3, 2)


def test_a_list_goes_a_page_at_a_time_and_stays_right_while_it_grows(world: World) -> None:
    for number in range(4):
        world.state("/v1/works", {"id": key(f"w{number}"), "title": str(number)})
    first = world.label.get("/v1/works?limit=3").json()
    world.state("/v1/works", {"id": key("w4"), "title": "4"})
    second = world.label.get(first["next"]).json()
    assert [row["title"] for row in (*first["results"], *second["results"])] == ["Work of country", *"01234"]
    assert world.label.get(second["previous"]).json()["results"] == first["results"]


def test_a_name_stays_out_of_the_log(trade: World) -> None:
    name = "Somebody Unmistakable"
    trade.state("/v1/parties", {"id": key("person"), "kind": "person", "name": name})
    assert trade.label.get("/v1/parties?limit=500").json()["results"][-1]["name"] == name
    assert not any(name.encode() in bytes(entry.body) for entry in Entry.objects.all())
