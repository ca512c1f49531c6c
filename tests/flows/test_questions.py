"""The questions that the record of rights must answer without a spreadsheet beside it, each asked over HTTP."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.flows.conftest import USES, WORLD, World, body, key, today

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

DAY = "2027-03-01"
VOICE_TERMS = {
    "active_from": "2026-01-01",
    "active_to": "2030-01-01",
    "description": "Backing vocals generated in the singer's voice, for songs of the label's own roster.",
    "evidence": [{"kind": "counsel", "digest": "c0" * 32}],
}


def ask(world: World, name: str, asset: dict[str, str], **changes: Any) -> dict[str, Any]:
    question = {"id": key(f"question {name}"), "uses": USES, "territories": [WORLD], "at": DAY, "assets": [asset]}
    answer = world.distributor.post("/v1/clearances", question | changes)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()["answers"][0]
    return found


def test_1_may_this_licensee_and_on_whose_authority(trade: World) -> None:
    recording = trade.register("country", audio=False)
    found = ask(trade, "may I", {"recording": recording})
    assert found["answer"] == "allow"
    consent_ids = [id for reason in found["reasons"] if reason["code"] == "consented" for id in reason["rests_on"][1:]]
    assert sorted(consent_ids) == sorted(
        key(f"consent country {holder}") for holder in ("label", "publisher", "writer")
    )
    for id in consent_ids:  # under which document, signed by whom
        consent = trade.label.get(f"/v1/consents/{id}").json()
        assert consent["document"] == "sha256:" + "d0" * 32
        assert consent["actor"] == consent["grantor"]


def test_2_what_went_into_this_output(world: World) -> None:
    found = world.cleared()
    assert found["decision"]["licenses"] == [key("license of country")]
    pack = zipfile.ZipFile(io.BytesIO(body(world.distributor.get(found["links"]["pack"]))))
    carried = b"".join(pack.read(name) for name in pack.namelist())
    for fact in ("consent country label", "consent country publisher", "consent country writer", "license of country"):
        assert key(fact).encode() in carried


def test_4_whose_voice_is_in_it_and_was_it_agreed_to(trade: World) -> None:
    recording = trade.register("country", audio=False, uses=[*USES, "voice.generate"])
    voice = key("voice")
    asked: dict[str, Any] = {"uses": ["voice.generate"]}
    assert ask(trade, "no voice known", {"recording": recording}, **asked)["missing"] == ["voice"]
    trade.state("/v1/voices", {"id": voice, "person": key("singer"), "label": "singing"})
    trade.state(f"/v1/recordings/{recording}/voices", {"id": key("voice link"), "voice": voice})
    trade.share("voice", party="singer", part="1", voice=voice, right_type="voice")
    trade.license("license of the voice", schedule=[{"voice": voice}], uses=["voice.generate"])
    found = ask(trade, "not agreed", {"recording": recording}, **asked)
    assert (found["answer"], found["missing"]) == ("unknown", ["voice"])
    assert {reason["code"] for reason in found["reasons"]} == {"not_consented", "licensed"}
    trade.consent("to the voice", grantor="singer", voice=voice, uses=["voice.generate"], **VOICE_TERMS)
    found = ask(trade, "agreed", {"recording": recording}, **asked)
    assert (found["answer"], found["valid_until"]) == ("allow", "2030-01-01")
    assert ask(trade, "the voice itself", {"voice": voice}, **asked)["answer"] == "allow"


def test_8_what_was_believed_on_a_day_about_another(trade: World) -> None:
    recording = trade.register("country", audio=False)
    then = timezone.now()
    share = key("share country publisher")
    trade.state(f"/v1/shares/{share}/events", {"id": key("retraction"), "act": "retracted", "reason": "never theirs"})
    assert ask(trade, "now", {"recording": recording})["answer"] == "unknown"
    assert ask(trade, "then", {"recording": recording}, known_at=then.isoformat())["answer"] == "allow"
    work = key("work of country")
    path = f"/v1/works/{work}/position?on={DAY}"
    assert trade.label.get(path).json()["zones"][0]["sum"] == "under_claim"
    believed = trade.label.get(f"{path}&known_at={then.isoformat().replace('+00:00', 'Z')}").json()
    assert believed["zones"][0]["sum"] == "complete"


def test_10_an_artist_withdraws(world: World) -> None:
    output = world.cleared()["id"]
    consent = key("consent country writer")
    preview = world.label.get(f"/v1/consents/{consent}/withdrawal-preview").json()
    assert preview["outputs"] == [output]
    assert preview["licenses"] == [key("license of country")]
    on = today() + timedelta(days=7)
    event = {"id": key("withdrawal"), "actor": key("writer"), "effective_on": on.isoformat()}
    world.state(f"/v1/consents/{consent}/withdrawals", event)
    tasks = world.label.get("/v1/withdrawal-tasks").json()["results"]
    assert {task["kind"] for task in tasks} == {task["kind"] for task in preview["tasks"]}
    work = {"work": key("work of country")}
    assert ask(world, "before it", work, at=(on - timedelta(days=1)).isoformat())["answer"] == "allow"
    assert ask(world, "from then on", work, at=on.isoformat())["answer"] == "deny"


def test_12_two_parties_claim_more_than_all(trade: World) -> None:
    recording = trade.register("country", audio=False)
    trade.share("too much", party="rival", part="1/10", recording=recording)
    [conflict] = trade.label.get("/v1/conflicts").json()["results"]
    found = trade.label.get(f"/v1/conflicts/{conflict['id']}").json()
    assert set(found["must_answer"]) == {key("label"), key("rival")}
    assert found["answer_by"] == (today() + timedelta(days=30)).isoformat()
    [zone] = found["zones"]
    payable = {one["party"]: one["payable"] for one in zone["claimants"]}
    assert payable == {key("label"): "9/10", key("rival"): "0"}
    assert (zone["total"], zone["held"]) == ("11/10", "1/10")
    assert ask(trade, "contested", {"recording": recording})["answer"] in {"unknown", "needs_approval"}
