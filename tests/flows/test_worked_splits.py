"""The splits of the worked example through the API: every weight of it, in every version and variant."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from django.utils import timezone

from ledger import sequencer
from ledger.models import Entry
from royalties import splits
from royalties.allocation import allocate
from royalties.models import Division
from tests.flows import worked
from tests.flows.conftest import Sounds, key
from tests.flows.test_reviews import assert_whole, code
from tests.flows.worked import O1, Worked
from tests.royalties import worked_example as example

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def o1(sounds: Sounds, transactional_db: None) -> Worked:
    return worked.cleared(sounds)


def cents(weights: dict[str, Fraction], country: str = "DE") -> dict[str, int]:
    return {line.leaf: line.units for line in allocate(example.POOLS[country], weights)}


def before_overclaim(country: str) -> dict[str, Fraction]:
    found = example.weights(country)
    if country == "US":
        w2 = sum((found.pop(f"W2/{who}") for who in ("C", "E", "HOLD")), Fraction(0))
        found |= {"W2/C": w2 * Fraction(3, 5), "W2/E": w2 * Fraction(2, 5)}
    return found


def test_every_weight_of_the_example_in_every_version(o1: Worked) -> None:
    # No report yet: the fallback of the plan, which the source of each part says.
    assert cents(o1.weights("DE")) == example.FALLBACK_DE
    (first,) = o1.versions
    assert (first["number"], first["reason"], first["changes"]) == (1, None, [])
    assert models(first) == {"": False, "train_prorata": True, "train_equal": True}
    # Below the confidence that the plan takes, nothing changes.
    o1.report("doubtful", confidence="79/100")
    assert (o1.divide(), len(o1.versions)) == (0, 1)
    o1.report()
    assert o1.divide() == 1
    for country in worked.COUNTRIES:
        assert o1.weights(country) == before_overclaim(country)
    assert models(o1.versions[-1]) == {"": False, "output_influence": False}
    o1.overclaim()
    assert o1.divide() == 1
    for country in worked.COUNTRIES:
        assert o1.weights(country) == example.weights(country), country
        assert cents(o1.weights(country), country) == example.EXPECTED[country]
    assert cents(o1.weights("DE", version=0)) == example.FALLBACK_DE  # what was is still there
    third = o1.versions[-1]
    assert (third["number"], third["reason"]) == (3, "rights")
    assert [
        (one["territories"], worked.leaf_of(one["leaf"]), one["old"], one["new"]) for one in third["changes"]
    ] == sorted(
        [
            (["US"], "W2/C", "119/2000", "119/2400"),
            (["US"], "W2/HOLD", None, "119/12000"),
        ],
        key=lambda change: key("W2") + "/" + (key("C") if change[1] == "W2/C" else "HOLD"),
    )
    assert o1.divide() == 0
    # A run asks for the newest, or for what was known at a moment.
    decision = Division.objects.earliest("number").decision
    newest, known = splits.of(decision.id), splits.of(decision.id, decision.decided_at)
    assert newest is not None
    assert known is not None
    assert f"sha256:{newest.digest}" == third["digest"]
    assert f"sha256:{known.digest}" == first["digest"]
    assert known == splits.decided(decision.id)
    assert list(Entry.objects.filter(kind="splits_redivided").values_list("division__number", flat=True)) == [2, 3]
    shown = o1.payer.get(f"/v1/submissions/{O1}").json()
    assert shown["splits"][0]["parts"][0]["part"] == first["zones"][0]["parts"][0]["part"]
    sequencer.drain(at=timezone.now())
    assert_whole()


def models(version: dict[str, Any]) -> dict[str, bool]:
    parts = [part for zone in version["zones"] for part in zone["parts"]]
    for part in parts:
        assert sum(Fraction(source["part"]) for source in part["sources"]) == Fraction(part["part"])
        held = part["leaf"].endswith("/HOLD")
        assert (part["party"] is None) == held
        for source in part["sources"]:
            assert (source["share"] is None) == (held or not source["model"])
            assert (source["influence"] is not None) == (source["model"] == "output_influence")
    return {source["model"]: source["is_fallback"] for part in parts for source in part["sources"]}


def test_a_lift_of_the_favored_license_gives_the_lifted_splits(o1: Worked) -> None:
    o1.report()
    o1.divide()
    # Another license gives masters and publishing 32 % of net receipts each.
    world = o1.world
    world.state("/v1/works", {"id": key("W9"), "title": "W9"})
    generous = {"commission": "21/200", "creators": "51/179", "masters": "1/2"}
    world.license("better", licensor=key("B"), schedule=[{"work": key("W9")}], plan=generous)
    for number, measure in enumerate(("masters_share", "publishing_share"), start=2):
        register = world.label.get("/v1/mfn-triggers").json()
        (trigger,) = (one for one in register if one["measure"] == measure)
        lift = {"id": key(f"lift {number}"), "clause": trigger["clause"], "better": key("better")}
        answer = world.label.post("/v1/mfn-lifts", lift)
        assert answer.status_code == 201, answer.content
        assert world.label.post("/v1/mfn-lifts", lift).status_code == 200
        assert (answer.json()["plan"]["number"], answer.json()["outputs"]) == (number, [O1])
    assert world.label.get("/v1/mfn-triggers").json() == []
    assert code(world.label.post("/v1/mfn-lifts", lift | {"id": key("again")})) == (404, "no_such_trigger")
    assert o1.divide() == 1
    assert o1.versions[-1]["reason"] == "plan"
    assert cents(o1.weights("DE")) == example.LIFTED_DE
    assert o1.weights("DE")["COMM"] == Fraction(21, 200)
    (first, *lifted) = world.label.get(f"/v1/licenses/{key('license')}/plans").json()
    assert [plan["valid_from"] for plan in lifted] == ["2026-01-01"] * 2
    assert lifted[-1]["masters_by"] == first["masters_by"]
    assert lifted[-1]["quantities"] == first["quantities"]
    sequencer.drain(at=timezone.now())
    assert_whole()
