"""What attribution providers say stands side by side, exact and contestable, and moves no money."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from fingerprint.advice import Advice, ErrorRateMissing
from ledger import clients, influencing, people, sequencer
from rights.case import Claim
from rights.models import Influence, InfluenceWeight
from rights.vocabulary import PartyKind
from royalties.models import Split
from tests.flows.conftest import SUBMISSIONS, Api, World, key
from tests.flows.test_reviews import assert_whole, code

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

SCOPES = ["influences:read", "influences:write"]


def speaking(party: str) -> Api:
    return Api(clients.create(name="i", party_id=UUID(key(party)), scopes=[*SUBMISSIONS, *SCOPES]))


@pytest.fixture
def told(world: World) -> World:
    """A cleared output, and a provider that the distributor registered."""
    world.cleared()
    people.register_party(
        id=UUID(key("provider")),
        kind=PartyKind.COMPANY,
        name="Provider",
        registrar_id=UUID(key("distributor")),
        at=timezone.now(),
    )
    return world


def report(name: str = "report", **changes: Any) -> dict[str, Any]:
    return {
        "id": key(name),
        "provider": key("provider"),
        "method": "output-boundary attribution",
        "version": "3.1",
        "confidence": "9/10",
        "report": f"sha256:{'cd' * 32}",
        "weights": [{"recording": key("country"), "part": "1"}, {"work": key("work of country"), "part": "1"}],
    } | changes


PATH = f"/v1/submissions/{key('output')}/influences"


def test_two_providers_stand_side_by_side_and_move_no_money(told: World) -> None:
    distributor = speaking("distributor")
    before = list(Split.objects.order_by("id").values())
    assert distributor.post(PATH, report()).status_code == 201
    assert distributor.post(PATH, report()).status_code == 200
    other = report("other", provider=key("rival"), report="ee" * 32, confidence="1/3", version="0.1")
    answer = distributor.post(PATH, other)
    assert code(answer) == (422, "unknown_reference")  # a party that the distributor does not see
    own = report("other", provider=key("distributor"), report="ee" * 32, confidence="1/3", version="0.1")
    assert distributor.post(PATH, own).status_code == 201
    found = distributor.get(PATH).json()
    assert [(one["provider"], one["confidence"]) for one in found] == [
        (key("provider"), "9/10"),
        (key("distributor"), "1/3"),
    ]
    assert {tuple(weight.items())[1] for weight in found[0]["weights"]} == {("part", "1/1")}
    assert list(Split.objects.order_by("id").values()) == before
    assert not any("influence" in name for name in Claim.__dataclass_fields__)  # no rule knows of it
    sequencer.drain(at=timezone.now())
    assert_whole()


def test_who_is_weighed_sees_their_own_weights_and_objects(told: World) -> None:
    distributor, label, publisher, rival = (speaking(name) for name in ("distributor", "label", "publisher", "rival"))
    assert distributor.post(PATH, report()).status_code == 201
    (of_label,) = label.get(PATH).json()
    assert [sorted(weight) for weight in of_label["weights"]] == [["part", "recording"]]
    (of_publisher,) = publisher.get(PATH).json()
    assert [sorted(weight) for weight in of_publisher["weights"]] == [["part", "work"]]
    assert [row["id"] for row in label.get("/v1/influences").json()["results"]] == [key("report")]
    assert rival.get(PATH).status_code == 404
    objection = {"id": key("objection"), "reason": "Our drums are not in it."}
    path = f"/v1/influences/{key('report')}/objections"
    assert code(rival.post(path, objection)) == (404, "no_such_influence")
    assert label.post(path, objection).status_code == 201
    assert label.post(path, objection).status_code == 200
    assert code(label.post(path, objection | {"id": str(uuid4())})) == (409, "objected_before")
    (seen,) = distributor.get(PATH).json()
    assert [(one["party"], one["reason"]) for one in seen["objections"]] == [(key("label"), objection["reason"])]
    assert_whole()


def test_only_the_submitter_and_the_provider_state_a_report(told: World) -> None:
    label = speaking("label")  # sees the output, and its recording is weighed
    assert code(label.post(PATH, report())) == (403, "not_your_party")
    assert label.post(PATH, report(provider=key("label"))).status_code == 201
    only_reading = Api(clients.create(name="r", party_id=UUID(key("distributor")), scopes=["influences:read"]))
    assert code(only_reading.post(PATH, report())) == (403, "permission_denied")


def test_a_report_that_does_not_add_up_is_refused(told: World) -> None:
    distributor = speaking("distributor")
    recording, work = key("country"), key("work of country")
    for weights, expected in (
        ([], (422, "nothing_weighed")),
        ([{"recording": recording, "part": "999/1000"}], (422, "side_not_whole")),
        ([{"recording": recording, "part": "1"}, {"work": work, "part": "1/2"}], (422, "side_not_whole")),
        ([{"recording": recording, "part": "0"}], (422, "not_a_weight")),
        ([{"recording": recording, "part": "2"}], (422, "not_a_weight")),
        ([{"recording": recording, "part": "0.5"}], (400, "malformed")),
        ([{"recording": recording, "part": "1/2"}] * 2, (422, "weighed_twice")),
        ([{"part": "1"}], (422, "not_one_asset")),
        ([{"recording": recording, "work": work, "part": "1"}], (422, "not_one_asset")),
        ([{"recording": key("nobody's"), "part": "1"}], (422, "unknown_reference")),
    ):
        assert code(distributor.post(PATH, report(weights=weights))) == expected, weights
    assert code(distributor.post(PATH, report(confidence="3/2"))) == (422, "not_a_confidence")
    assert not Influence.objects.exists()
    assert distributor.post(PATH, report()).status_code == 201
    assert code(distributor.post(PATH, report("same again"))) == (409, "reported_before")


def test_the_database_adds_up_the_sides_itself(told: World) -> None:
    assert speaking("distributor").post(PATH, report()).status_code == 201
    row = InfluenceWeight.objects.filter(recording__isnull=False).get()
    with pytest.raises(IntegrityError), transaction.atomic():
        InfluenceWeight.objects.create(
            id=uuid4(), influence=row.influence, stem=None, work_id=None, voice=None, numerator=1, denominator=2
        )
    assert influencing.MOST_WEIGHTS >= 5_000


class Detector:
    """An outside detector, as one might be installed."""

    def advise(self, path: Path, media_type: str) -> Advice:
        assert path.read_bytes()[:4] == b"fLaC"
        return Advice("Example", media_type, 870_000, 12_000, "2,000 songs by people; example.org/figures")


class Boastful:
    def advise(self, path: Path, media_type: str) -> Advice:
        return Advice("Boastful", "1", 999_999, 0, "")


def test_no_ai_detector_is_shipped_and_one_that_is_installed_says_how_often_it_errs(told: World, settings: Any) -> None:
    path = f"/v1/submissions/{key('output')}/advice"
    found = told.distributor.get(path).json()
    assert found["advice"] is None
    assert not found["is_part_of_the_verdict"]
    assert "No AI detector is shipped" in found["sentence"]
    settings.LEDGER_AI_DETECTOR = "tests.flows.test_influences.Detector"
    found = told.distributor.get(path).json()
    assert (found["advice"]["probability_millionths"], found["advice"]["false_positive_millionths"]) == (
        870_000,
        12_000,
    )
    assert not found["is_part_of_the_verdict"]
    settings.LEDGER_AI_DETECTOR = "tests.flows.test_influences.Boastful"
    assert code(told.distributor.get(path)) == (503, "error_rate_missing")


@pytest.mark.parametrize(("rate", "measured_on"), [(0, "x"), (1_000_001, "x"), (1, " ")])
def test_advice_without_an_error_rate_is_none(rate: int, measured_on: str) -> None:
    with pytest.raises(ErrorRateMissing):
        Advice("x", "1", 1, rate, measured_on)
