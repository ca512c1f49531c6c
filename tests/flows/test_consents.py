"""Consents, from the offer to what a withdrawal leaves to do; and reservations."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.utils import timezone

from ledger import approvals, audit, consenting, log, people, sequencer
from ledger.models import Entry, Proposal
from rights import consents, restate
from rights.models import (
    Consent,
    ConsentEvent,
    Dataset,
    DatasetMember,
    Model,
    ModelVersion,
    ModelVersionRetirement,
    OutputFlag,
    Party,
    PermissionStanding,
    RecordingVoice,
    Voice,
    WithdrawalTask,
)
from rights.vocabulary import Authority, ConsentAct, PartyKind, ProtectionKind
from tests.flows.conftest import DOCUMENT, SINCE, USES, WORLD, Api, World, key, row_counts, today
from tests.flows.test_bad_input import is_problem

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

PROOF = "ab" * 32
LABEL = "/v1/consents/" + key("consent country label")


def day(days: int) -> str:
    return (today() + timedelta(days=days)).isoformat()


def terms(name: str, **more: Any) -> dict[str, Any]:
    """A consent of the singer to uses of the song; what is None is left out."""
    given = {
        "id": key(name),
        "grantor": key("singer"),
        "actor": key("singer"),
        "recording": key("country"),
        "uses": USES,
        "territories": ["DE"],
        "active_from": SINCE,
        "document": DOCUMENT,
    } | more
    return {name: value for name, value in given.items() if value is not None}


def get(world: World, path: str, **asked: Any) -> Any:
    answer = world.label.get(f"{path}?{urlencode(asked)}" if asked else path)
    assert answer.status_code == 200, answer.content
    return answer.json()


def answered(world: World, consent: str, act: str, **more: Any) -> Any:
    """Send what became of an offer."""
    return world.label.post(
        f"/v1/consents/{consent}/events", {"id": str(uuid4()), "act": act, "actor": key("singer")} | more
    )


def withdraw(world: World, path: str = LABEL, **more: Any) -> Any:
    given = {"id": str(uuid4()), "actor": key("label"), "effective_on": day(0)} | more
    return world.label.post(f"{path}/withdrawals", given)


def mandate(principal: str, agent: str, authority: Authority = Authority.MANDATE, **more: Any) -> UUID:
    given: dict[str, Any] = {
        "id": UUID(key(f"{agent} for {principal}")),
        "principal_id": UUID(key(principal)),
        "agent_id": UUID(key(agent)),
        "authority": authority,
        "uses": [],
        "territories": [WORLD],
        "active_from": date.fromisoformat(SINCE),
        "active_to": None,
        "document_digest": DOCUMENT,
        "at": timezone.now(),
    }
    people.represent(**given | more)
    return UUID(str(given["id"]))


def protect(name: str, kind: ProtectionKind, jurisdiction: str = "DE") -> None:
    people.protect(
        id=UUID(key(f"{name} {kind}")),
        party_id=UUID(key(name)),
        kind=kind,
        jurisdiction=jurisdiction,
        active_from=date.fromisoformat(SINCE),
        active_to=None,
        evidence_digest=DOCUMENT,
        at=timezone.now(),
    )


def voice_of(name: str) -> str:
    """Register somebody's voice, and return its id."""
    at = timezone.now()
    with transaction.atomic(durable=True):
        voice = Voice.objects.create(
            id=UUID(key(f"voice of {name}")), person_id=UUID(key(name)), label="singing", registered_at=at
        )
        log.append(Entry.Kind.VOICE_REGISTERED, voice, {}, at=at)
    return str(voice.pk)


def holds() -> None:
    """The log vouches for every row, and what stands is what the facts come to."""
    sequencer.drain(at=timezone.now())
    assert audit.audit().faults == ()
    before = list(PermissionStanding.objects.order_by("pk").values())
    restate.everything(at=timezone.now())
    assert list(PermissionStanding.objects.order_by("pk").values()) == before


# --- the course


def test_an_offer_is_nothing_until_it_is_granted(world: World) -> None:
    offer = terms("offer", evidence=[{"kind": "signed_text", "digest": PROOF}], active_to=day(100))
    made = world.state("/v1/consents/offers", offer)
    assert [event["act"] for event in made["events"]] == ["offered"]
    assert get(world, f"/v1/consents/{offer['id']}")["state"] == "offered"
    assert get(world, "/v1/consents", grantor=key("singer"), in_force_on=day(0))["results"] == []

    for act in ("viewed", "viewed", "granted"):
        assert answered(world, offer["id"], act, channel="link").status_code == 201
    found = get(world, f"/v1/consents/{offer['id']}")
    assert (found["state"], found["is_in_force"]) == ("granted", True)
    assert [(event["position"], event["act"]) for event in found["events"]] == [
        (0, "offered"),
        (1, "viewed"),
        (2, "viewed"),
        (3, "granted"),
    ]
    assert found["events"][0]["evidence"] == [{"kind": "signed_text", "digest": f"sha256:{PROOF}"}]
    assert get(world, f"/v1/consents/{offer['id']}/events") == found["events"]
    in_force = get(world, "/v1/consents", grantor=key("singer"), in_force_on=day(0))["results"]
    assert [one["id"] for one in in_force] == [offer["id"]]
    for later in (day(100), day(-1)):  # the period is over; it was not granted yet
        assert get(world, "/v1/consents", grantor=key("singer"), in_force_on=later)["results"] == []
    holds()


def test_silence_is_a_no(world: World) -> None:
    offer = terms("offer")
    world.state("/v1/consents/offers", offer)
    assert answered(world, offer["id"], "expired", actor=key("label")).status_code == 201
    problem = is_problem(answered(world, offer["id"], "granted"), 409, "consent_out_of_course")
    assert problem["detail"] == "A consent that was expired cannot be granted"
    assert get(world, f"/v1/consents/{offer['id']}")["state"] == "expired"


def test_whoever_declined_may_think_again(world: World) -> None:
    offer = terms("offer")
    world.state("/v1/consents/offers", offer)
    is_problem(answered(world, offer["id"], "declined", actor=key("rival")), 422, "unauthorized_act")
    assert answered(world, offer["id"], "declined").status_code == 201
    assert answered(world, offer["id"], "granted").status_code == 201


def test_an_answer_sent_again_is_answered_again(world: World) -> None:
    offer = terms("offer")
    world.state("/v1/consents/offers", offer)
    assert world.label.post("/v1/consents/offers", offer).status_code == 200
    is_problem(world.label.post("/v1/consents/offers", offer | {"description": "Ads"}), 409, "id_taken")
    given = {"id": key("answer")}
    first = answered(world, offer["id"], "granted", **given)
    rows = row_counts()
    again = answered(world, offer["id"], "granted", **given)
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    is_problem(answered(world, offer["id"], "declined", **given), 409, "id_taken")
    assert row_counts() == rows


def test_reads_back_every_term(world: World) -> None:
    given = terms(
        "whole",
        licensee_role="ai_service",
        barred=["political", "advertising"],
        approval_mode="output",
        influence_cap="2/8",
        notice_days=30,
        description="Choirs in the background",
        compensation="Agreement of May",
        language="en-GB",
        evidence=[{"kind": "counsel", "digest": PROOF}],
        active_to=day(400),
    )
    found = world.state("/v1/consents", given)
    assert {name: found[name] for name in ("licensee_role", "approval_mode", "notice_days", "language")} == {
        "licensee_role": "ai_service",
        "approval_mode": "output",
        "notice_days": 30,
        "language": "en-GB",
    }
    assert (found["barred"], found["influence_cap"]) == (["advertising", "political"], "1/4")
    assert world.label.post("/v1/consents", given).status_code == 200
    changes: list[dict[str, Any]] = [
        {"barred": []},
        {"influence_cap": "1/3"},
        {"notice_days": 31},
        {"evidence": []},
        {"compensation": ""},
        {"licensee_role": ""},
    ]
    for change in changes:
        is_problem(world.label.post("/v1/consents", given | change), 409, "id_taken")
    assert world.label.get(f"/v1/consents/{uuid4()}").status_code == 404


def test_shows_what_was_known(world: World) -> None:
    before = timezone.now()
    assert withdraw(world).status_code == 201
    assert get(world, LABEL)["state"] == "withdrawn"
    known = get(world, LABEL, known_at=before.isoformat())
    assert (known["state"], known["is_in_force"], len(known["events"])) == ("granted", True, 1)
    listed = get(world, "/v1/consents", grantor=key("label"), in_force_on=day(0), known_at=before.isoformat())
    assert [one["id"] for one in listed["results"]] == [key("consent country label")]
    assert get(world, "/v1/consents", grantor=key("label"), in_force_on=day(0))["results"] == []
    long_ago = urlencode({"known_at": "2020-01-01T00:00:00Z"})
    is_problem(world.label.get(f"{LABEL}?{long_ago}"), 404, "no_such_consent")


# --- by what right


def test_a_chain_is_asked_of_the_day(world: World) -> None:
    for_rival = {"actor": key("rival")}
    is_problem(world.label.post("/v1/consents", terms("one", **for_rival)), 422, "unauthorized_act")
    manager = mandate("singer", "publisher", uses=USES)
    agent = mandate("publisher", "rival", territories=["DE"])
    found = world.state("/v1/consents", terms("one", **for_rival))
    assert found["authority"] == str(agent)
    entry = Entry.objects.get(consent=found["id"])
    assert str(manager) in bytes(entry.body).decode()
    problem = is_problem(
        world.label.post("/v1/consents", terms("two", territories=["DE", "FR"], **for_rival)), 422, "unauthorized_act"
    )
    assert "does not cover France" in problem["detail"]
    people.end_representation(id=uuid4(), representation_id=manager, effective_on=today(), reason="", at=timezone.now())
    problem = is_problem(world.label.post("/v1/consents", terms("two", **for_rival)), 422, "unauthorized_act")
    assert f"{manager} ended on {today()}" in problem["detail"]
    # What was given under it stays, and neither may the agent take it back.
    assert get(world, f"/v1/consents/{found['id']}")["state"] == "granted"
    is_problem(withdraw(world, f"/v1/consents/{found['id']}", **for_rival), 422, "unauthorized_act")
    holds()


def test_whoever_is_one_after_a_merge_acts_in_person(world: World) -> None:
    people.register_party(id=UUID(key("alias")), kind=PartyKind.PERSON, name="Alias", at=timezone.now())
    is_problem(world.label.post("/v1/consents", terms("merged", actor=key("alias"))), 422, "unauthorized_act")
    users = [User.objects.create_user(name).pk for name in ("first", "second")]
    proposal = people.propose_merge(
        id=uuid4(),
        duplicate_id=UUID(key("alias")),
        survivor_id=UUID(key("singer")),
        reason="the same",
        proposed_by_id=users[0],
        at=timezone.now(),
    )
    people.answer_merge(
        id=uuid4(), proposal_id=proposal.pk, answered_by_id=users[1], is_agreed=True, reason="", at=timezone.now()
    )
    assert world.state("/v1/consents", terms("merged", actor=key("alias")))["authority"] is None


def test_a_guardian_acts_for_a_minor(world: World) -> None:
    protect("singer", ProtectionKind.MINOR)
    problem = is_problem(world.label.post("/v1/consents", terms("young")), 422, "unauthorized_act")
    assert "a guardian or a court acts" in problem["detail"]
    mandate("singer", "writer", Authority.GUARDIAN)
    assert world.state("/v1/consents", terms("young", actor=key("writer")))["actor"] == key("writer")


def test_a_voice_is_lent_by_its_person_for_a_time_and_a_purpose(world: World) -> None:
    voice = {"recording": None, "voice": voice_of("singer"), "uses": ["voice.generate"], "territories": ["US"]}
    said = {"description": "One duet", "active_to": "2035-01-01"}
    is_problem(world.label.post("/v1/consents", terms("v", **voice)), 422, "description_missing")
    problem = is_problem(
        world.label.post("/v1/consents", terms("v", **voice, description="One duet")), 422, "term_too_long"
    )
    assert "at most 10 years in United States" in problem["detail"]
    is_problem(world.label.post("/v1/consents", terms("v", **voice, **said)), 422, "evidence_missing")
    counsel = {"evidence": [{"kind": "counsel", "digest": PROOF}]}
    others = {"grantor": key("label"), "actor": key("label")}
    is_problem(
        world.label.post("/v1/consents", terms("v", **voice, **said, **counsel, **others)), 422, "not_their_voice"
    )
    assert world.state("/v1/consents", terms("v", **voice, **said, **counsel))["voice"] == voice["voice"]
    # Whoever is asked gives the evidence with the answer.
    world.state("/v1/consents/offers", terms("asked", **voice, **said))
    is_problem(answered(world, key("asked"), "granted"), 422, "evidence_missing")
    assert answered(world, key("asked"), "granted", **counsel).status_code == 201
    protect("singer", ProtectionKind.MINOR)
    problem = is_problem(
        world.label.post("/v1/consents/offers", terms("younger", **voice, **said)), 422, "term_too_long"
    )
    assert "a minor" in problem["detail"]
    holds()


# --- lists


def test_a_query_is_frozen_to_a_list(world: World) -> None:
    given = terms(
        "catalogue",
        grantor=key("label"),
        actor=key("label"),
        recording=None,
        find={"holder": key("label"), "kinds": ["recording", "work"], "title_contains": "count"},
        covers_future=True,
    )
    found = world.state("/v1/consents", given)
    assert (found["is_list"], found["covers_future"]) == (True, True)
    assert found["query"].startswith(f"recording, work held by {key('label')}")
    world.register("piano", audio=False, consenting=())
    assert get(world, f"/v1/consents/{found['id']}")["assets"] == [{"recording": key("country")}]
    assert world.label.post("/v1/consents", given).status_code == 200
    is_problem(world.label.post("/v1/consents", given | {"covers_future": False}), 409, "id_taken")
    listed = get(world, "/v1/consents", asset=key("country"), grantor=key("label"))["results"]
    assert {one["id"] for one in listed} == {found["id"], key("consent country label")}
    nothing = given | {"id": key("none"), "covers_future": False}
    nothing["find"] = nothing["find"] | {"title_contains": "nothing like it"}
    is_problem(world.label.post("/v1/consents", nothing), 422, "nothing_listed")
    holds()


def test_a_list_is_of_what_it_names(world: World) -> None:
    listed = [{"recording": key("country")}, {"work": key("work of country")}]
    given = terms("list", recording=None, assets=listed)
    found = world.state("/v1/consents", given)
    again = world.label.post("/v1/consents", given | {"assets": listed[::-1]})  # a set, in whatever order
    assert (again.status_code, again.json()) == (200, found)
    is_problem(world.label.post("/v1/consents", given | {"assets": listed[:1]}), 409, "id_taken")
    shown = get(world, f"/v1/consents/{found['id']}")["assets"]
    assert sorted(shown, key=str) == sorted(listed, key=str)


def test_an_output_is_cleared_on_a_list_and_not_on_an_offer(trade: World) -> None:
    trade.register("country", consenting=("label",))
    listed = {"recording": None, "assets": [{"work": key("work of country")}], "territories": [WORLD]}
    for holder in ("publisher", "writer"):
        trade.state("/v1/consents/offers", terms(f"of {holder}", grantor=key(holder), actor=key(holder), **listed))

    def settled(name: str) -> str:
        return str(trade.settle(trade.submit(name, trade.sounds.sung("flac"), key("country"))["id"])["state"])

    assert settled("asked") == "refused"
    for holder in ("publisher", "writer"):
        assert answered(trade, key(f"of {holder}"), "granted", actor=key(holder)).status_code == 201
    assert settled("granted") == "cleared"
    assert withdraw(trade, f"/v1/consents/{key('of writer')}", actor=key("writer")).status_code == 201
    assert settled("withdrawn") == "refused"
    assert [str(flag.submission_id) for flag in OutputFlag.objects.all()] == [key("granted")]
    holds()


# --- reservations


def test_a_reservation_stands_until_it_is_lifted_or_named(world: World) -> None:
    given = {
        "id": key("reserved"),
        "holder": key("singer"),
        "uses": ["train.gen", "tdm"],
        "territories": [WORLD],
        "active_from": SINCE,
        "channel": "tdmrep",
        "wording": "tdm-reservation: 1",
        "snapshot": PROOF,
    }
    found = world.state("/v1/reservations", given)
    assert (found["uses"], found["snapshot"], found["lifted_on"]) == (["tdm", "train.gen"], f"sha256:{PROOF}", None)
    assert world.label.post("/v1/reservations", given).status_code == 200
    is_problem(world.label.post("/v1/reservations", given | {"channel": "letter"}), 409, "id_taken")
    named = world.state("/v1/consents", terms("named", uses=["train.gen"], overrides=[given["id"]]))
    assert named["overrides"] == [given["id"]]
    other = terms("other", grantor=key("label"), actor=key("label"), overrides=[given["id"]])
    is_problem(world.label.post("/v1/consents", other), 422, "overrides_others")

    lift = {"id": key("lift"), "effective_on": day(3)}
    path = f"/v1/reservations/{given['id']}/lifts"
    is_problem(world.label.post(path, lift | {"effective_on": day(-1)}), 422, "lift_reaches_back")
    assert world.label.post(path, lift).status_code == 201
    assert world.label.post(path, lift).status_code == 200
    is_problem(world.label.post(path, lift | {"id": key("again")}), 409, "already_lifted")
    nowhere = lift | {"id": key("nowhere")}
    is_problem(world.label.post(f"/v1/reservations/{uuid4()}/lifts", nowhere), 404, "no_such_reservation")
    assert get(world, "/v1/reservations", holder=key("singer"))["results"][0]["lifted_on"] == day(3)
    assert get(world, "/v1/reservations", holder=key("rival"))["results"] == []
    holds()


# --- amendments


def test_other_terms_take_the_place_of_a_consent(world: World) -> None:
    old = world.state("/v1/consents", terms("old", notice_days=10))["id"]
    new = terms("new", active_from=day(10), uses=["infer.input"])
    amendment = {"id": key("amendment"), "successor": new, "reason": "less"}
    path = f"/v1/consents/{old}/amendments"
    too_soon = amendment | {"successor": new | {"active_from": day(9)}}
    is_problem(world.label.post(path, too_soon), 422, "amendment_reaches_back")
    other = amendment | {"successor": new | {"grantor": key("label"), "actor": key("label")}}
    is_problem(world.label.post(path, other), 422, "other_holder")
    first = world.label.post(path, amendment)
    assert (first.status_code, first.json()["successor"]) == (201, new["id"])
    assert world.label.post(path, amendment).status_code == 200
    is_problem(world.label.post(path, amendment | {"reason": "more"}), 409, "id_taken")
    second = {"id": key("second"), "successor": new | {"id": key("newer")}}
    is_problem(world.label.post(path, second), 409, "consent_out_of_course")
    assert not Consent.objects.filter(pk=key("newer")).exists()  # not without its amendment
    assert get(world, f"/v1/consents/{old}")["state"] == "amending"
    assert get(world, f"/v1/consents/{old}", on=day(10))["state"] == "superseded"
    for on, expected in ((day(9), old), (day(10), new["id"])):
        listed = get(world, "/v1/consents", grantor=key("singer"), in_force_on=on)["results"]
        assert [one["id"] for one in listed] == [expected]
    holds()


# --- withdrawals


def test_a_notice_is_kept(world: World) -> None:
    found = world.state("/v1/consents", terms("noticed", notice_days=14))["id"]
    path, by = f"/v1/consents/{found}", {"actor": key("singer")}
    problem = is_problem(withdraw(world, path, effective_on=day(13), **by), 422, "notice_too_short")
    assert day(14) in problem["detail"]
    preview = get(world, f"{path}/withdrawal-preview")
    assert (preview["effective_on"], preview["earliest_on"], preview["notice_days"]) == (day(14), day(14), 14)
    assert withdraw(world, path, effective_on=day(14), **by).status_code == 201
    assert get(world, path)["state"] == "withdrawal_noticed"
    assert get(world, path, on=day(13))["is_in_force"]
    late = get(world, path, on=day(14))
    assert (late["state"], late["is_in_force"]) == ("withdrawn", False)


def test_an_offer_cannot_be_withdrawn(world: World) -> None:
    world.state("/v1/consents/offers", terms("offer"))
    path = f"/v1/consents/{key('offer')}"
    is_problem(withdraw(world, path, actor=key("singer")), 409, "consent_out_of_course")


def test_a_withdrawal_shows_what_it_touches_and_makes_others_do(world: World) -> None:
    found = world.cleared()
    license_id = key("license of country")
    preview = get(world, f"{LABEL}/withdrawal-preview", effective_on=day(0))
    assert (preview["outputs"], preview["licenses"]) == ([found["id"]], [license_id])
    assert preview["counts"]["payees"] == len(preview["payees"]) > 1
    effects = {row["thing"]: row["count"] for row in preview["effects"]}
    assert (effects["finished_output"], effects["unreleased_output"], effects["license"]) == (0, 1, 1)
    assert get(world, f"{LABEL}/withdrawal-preview", effective_on=day(31))["effects"][6]["count"] == 1
    planned = [task["kind"] for task in preview["tasks"]]
    assert planned == ["refuse_clearance", "flag_outputs", "clear_again", "notify_licensee", "update_deliveries"]

    before = row_counts()
    get(world, f"{LABEL}/withdrawal-preview", act="annulled")
    assert row_counts() == before  # looking does nothing
    event = withdraw(world, reason="changed mind", evidence=[{"kind": "notice", "digest": PROOF}]).json()
    tasks = get(world, "/v1/withdrawal-tasks", event=event["id"])["results"]
    assert sorted(task["kind"] for task in tasks) == sorted(planned)
    assert {task["kind"] for task in tasks if task["done"]} == {"refuse_clearance", "flag_outputs"}
    flag = OutputFlag.objects.get(event=event["id"])
    assert (str(flag.submission_id), flag.kind) == (found["id"], "source_withdrawn")

    opened = get(world, "/v1/withdrawal-tasks", consent=key("consent country label"), is_open="true")["results"]
    assert len(opened) == 3
    path = f"/v1/withdrawal-tasks/{opened[0]['id']}/completions"
    proof = {"id": key("proof"), "evidence": f"sha256:{PROOF}", "note": "told"}
    first = world.label.post(path, proof)
    assert (first.status_code, first.json()["evidence"]) == (201, f"sha256:{PROOF}")
    assert world.label.post(path, proof).status_code == 200
    is_problem(world.label.post(path, proof | {"id": key("again")}), 409, "task_already_done")
    is_problem(world.label.post(path, {"id": key("none")}), 400, "malformed")
    is_problem(world.label.post(f"/v1/withdrawal-tasks/{uuid4()}/completions", proof | {"id": key("x")}), 404,
               "no_such_task")  # fmt: skip
    assert len(get(world, "/v1/withdrawal-tasks", is_open="true")["results"]) == 2
    assert Entry.objects.filter(kind=Entry.Kind.WITHDRAWAL_TASK_DONE).count() == 3
    holds()


def test_a_withdrawal_does_not_touch_what_it_does_not_name(world: World) -> None:
    world.cleared()
    elsewhere = {"grantor": key("label"), "actor": key("label")}
    untouched: dict[str, dict[str, Any]] = {
        "another licensee": {"licensee": key("rival"), "territories": [WORLD]},
        "another role": {"licensee_role": "ai_service", "territories": [WORLD]},
        "another use": {"uses": ["tdm"], "territories": [WORLD]},
        "over before": {"active_from": "2026-01-01", "active_to": day(30), "territories": [WORLD]},
    }
    for name, change in untouched.items():
        made = world.state("/v1/consents", terms(name, **elsewhere, **change))["id"]
        assert get(world, f"/v1/consents/{made}/withdrawal-preview")["outputs"] == [], name
    touched: dict[str, dict[str, Any]] = {
        "a work": {"recording": None, "work": key("work of country")},
        "one of the places": {"territories": ["AT"]},
        "that licensee": {"licensee": key("distributor")},
    }
    for name, change in touched.items():
        made = world.state("/v1/consents", terms(name, **elsewhere, **change))["id"]
        assert len(get(world, f"/v1/consents/{made}/withdrawal-preview")["outputs"]) == 1, name


def trained(world: World, *, on: dict[str, str], sings: bool) -> tuple[str, str]:
    """Freeze a dataset with one asset and train a model version on it; return the ids of both."""
    at = timezone.now()
    members, versions = UUID(key("dataset")), UUID(key("version"))
    with transaction.atomic(durable=True):
        model = Model.objects.create(
            id=UUID(key("model")), provider_id=UUID(key("rival")), name="Model A", registered_at=at
        )
        log.append(Entry.Kind.MODEL_REGISTERED, model, {}, at=at)
        dataset = Dataset.objects.create(
            id=members,
            keeper_id=UUID(key("rival")),
            name="Set A",
            members_digest=DOCUMENT,
            member_count=1,
            frozen_at=at,
        )
        DatasetMember.objects.create(id=uuid4(), dataset=dataset, **{f"{kind}_id": id for kind, id in on.items()})
        log.append(Entry.Kind.DATASET_FROZEN, dataset, {}, at=at)
        version = ModelVersion.objects.create(
            id=versions, model=model, label="1", dataset=dataset, has_identity_features=sings, registered_at=at
        )
        log.append(Entry.Kind.MODEL_VERSION_REGISTERED, version, {}, at=at)
    return str(members), str(versions)


def retire(version: str) -> None:
    at = timezone.now()
    with transaction.atomic(durable=True):
        retired = ModelVersionRetirement.objects.create(
            id=uuid4(), model_version_id=UUID(version), effective_on=today(), recorded_at=at
        )
        log.append(Entry.Kind.MODEL_VERSION_RETIRED, retired, {}, at=at)


def test_a_voice_is_taken_back_from_models_and_outputs(world: World) -> None:
    found = world.cleared()
    voice = voice_of("singer")
    at = timezone.now()
    with transaction.atomic(durable=True):
        heard = RecordingVoice.objects.create(
            id=uuid4(),
            recording_id=UUID(key("country")),
            voice_id=UUID(voice),
            component="lead_vocal",
            recorded_at=at,
        )
        log.append(Entry.Kind.VOICE_LINKED, heard, {}, at=at)
    dataset, version = trained(world, on={"voice": voice}, sings=True)
    lent = {"recording": None, "voice": voice, "uses": [*USES, "voice.train"], "description": "One duet"}
    path = f"/v1/consents/{world.state('/v1/consents', terms('lent', **lent))['id']}"
    assert get(world, f"{path}/withdrawal-preview")["outputs"] == [found["id"]]  # its places are the world's

    preview = get(world, f"{path}/withdrawal-preview", effective_on=day(40))
    assert (preview["datasets"], preview["models"]) == ([dataset], [version])
    effects = {row["thing"]: row["count"] for row in preview["effects"]}
    assert effects["identity_features"] == effects["voice_output"] == effects["finished_output"] == 1
    assert effects["voice_templates"] is None
    assert withdraw(world, path, actor=key("singer"), effective_on=day(40)).status_code == 201
    due = dict(WithdrawalTask.objects.values_list("kind", "due_on"))
    assert due["identity_features_stop"] == due["stop_ingestion"] == today() + timedelta(days=40)
    assert due["erase_voice_templates"] == today() + timedelta(days=70)
    assert WithdrawalTask.objects.get(kind="territorial_stop").submission_id == UUID(found["id"])
    holds()


def test_a_retired_model_is_not_stopped_again(world: World) -> None:
    dataset, version = trained(world, on={"recording": key("country")}, sings=False)
    assert get(world, f"{LABEL}/withdrawal-preview")["models"] == [version]
    retire(version)
    preview = get(world, f"{LABEL}/withdrawal-preview")
    assert (preview["models"], preview["datasets"]) == ([], [dataset])


def test_an_estate_lends_the_voice_of_the_dead(world: World) -> None:
    lent = {"recording": None, "voice": voice_of("singer"), "uses": ["voice.generate"], "description": "One duet"}
    by_estate = terms("late", **lent, grantor=key("estate"), actor=key("estate"))
    people.register_party(id=UUID(key("estate")), kind=PartyKind.ESTATE, name="Estate", at=timezone.now())
    protect("singer", ProtectionKind.DECEASED)
    is_problem(world.label.post("/v1/consents", by_estate), 422, "not_their_voice")
    mandate("singer", "estate", Authority.ESTATE)
    assert world.state("/v1/consents", by_estate)["authority"] is None  # the estate is the holder
    by_mandate = world.state("/v1/consents", terms("later", **lent, actor=key("estate")))
    assert by_mandate["authority"] == key("estate for singer")
    holds()


def test_what_comes_later_is_touched_where_the_future_is_covered(world: World) -> None:
    given = {"grantor": key("label"), "actor": key("label"), "recording": None, "covers_future": True}
    path = f"/v1/consents/{world.state('/v1/consents', terms('future', **given, territories=[WORLD]))['id']}"
    world.cleared()
    assert get(world, f"{path}/withdrawal-preview")["counts"]["licenses"] == 0  # what was there before is not
    world.register("piano", audio=False, consenting=())
    assert get(world, f"{path}/withdrawal-preview")["licenses"] == [key("license of piano")]


def _users() -> tuple[int, int]:
    first, second = (User.objects.create_user(name) for name in ("first", "second"))
    return first.pk, second.pk


def propose(by: int) -> Proposal:
    return consenting.propose_annulment(
        id=uuid4(),
        consent_id=UUID(key("consent country label")),
        reason="no authority",
        proposed_by_id=by,
        at=timezone.now(),
    )


def agree(proposal: Proposal, by: int, *, is_agreed: bool = True) -> None:
    consenting.answer_annulment(
        id=uuid4(), proposal_id=proposal.pk, answered_by_id=by, is_agreed=is_agreed, reason="", at=timezone.now()
    )


def test_an_annulment_takes_two_and_reaches_back(world: World) -> None:
    found = world.cleared()
    first, second = _users()
    proposal = propose(first)
    with pytest.raises(approvals.NeedsASecondPerson):
        agree(proposal, first)
    agree(proposal, second, is_agreed=False)
    assert get(world, LABEL)["state"] == "granted"
    with pytest.raises(approvals.AlreadyAnswered):
        agree(proposal, second)
    again = propose(first)
    agree(again, second)
    assert get(world, LABEL)["state"] == "annulled"
    flag = OutputFlag.objects.get()
    assert (str(flag.submission_id), flag.kind) == (found["id"], "quarantined")
    kinds = set(WithdrawalTask.objects.values_list("kind", flat=True))
    assert kinds >= {"takedown_notice", "hold_money", "notify_licensee"}
    assert get(world, "/v1/consents", grantor=key("label"), in_force_on=SINCE)["results"] == []
    is_problem(withdraw(world), 409, "consent_out_of_course")
    with pytest.raises(consenting.OutOfCourse):
        agree(propose(first), second)
    holds()


# --- races


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do these at the same time, each on a connection of its own; return what came of them, in their order."""
    ready = threading.Barrier(len(acts))
    found: dict[int, Any] = {}

    def run(position: int, act: Callable[[], Any]) -> None:
        ready.wait()
        try:
            found[position] = act()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(position, act)) for position, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[position] for position in range(len(acts))]


def test_one_of_two_withdrawals_is_let_in_and_the_other_told(world: World) -> None:
    def send() -> Any:
        api = Api(token=world.label.token)
        given = {"id": str(uuid4()), "actor": key("label"), "effective_on": day(0)}
        return api.post(f"{LABEL}/withdrawals", given)

    answers = at_once(send, send, send)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already_withdrawn"}
    assert ConsentEvent.objects.filter(consent=UUID(key("consent country label"))).count() == 2
    holds()


def test_a_withdrawal_and_an_annulment_come_one_after_the_other(world: World) -> None:
    first, second = _users()
    proposal = propose(first)

    def send() -> int:
        api = Api(token=world.label.token)
        given = {"id": str(uuid4()), "actor": key("label"), "effective_on": day(0)}
        return int(api.post(f"{LABEL}/withdrawals", given).status_code)

    status, _ = at_once(send, lambda: agree(proposal, second))
    course = list(
        ConsentEvent.objects.filter(consent=UUID(key("consent country label")))
        .order_by("position")
        .values_list("position", "act")
    )
    if status == 201:
        assert course == [(0, "granted"), (1, "withdrawn"), (2, "annulled")]
    else:
        assert (status, course) == (409, [(0, "granted"), (1, "annulled")])
    holds()


def test_a_withdrawal_waits_for_whoever_holds_the_course(world: World) -> None:
    consent = UUID(key("consent country label"))
    holding, let_go = threading.Event(), threading.Event()

    def decide() -> list[UUID]:
        with transaction.atomic():
            consents.lock_shared([consent])
            seen = consents.positions([consent])
            holding.set()
            assert let_go.wait(20)
            return consents.changed_since(seen)

    def send() -> Any:
        assert holding.wait(20)
        seen = consents.positions([consent])
        with connection.cursor() as cursor:  # whoever withdraws would wait for longer than this
            cursor.execute("SET lock_timeout = '200ms'")
        api = Api(token=world.label.token)
        given = {"id": str(uuid4()), "actor": key("label"), "effective_on": day(0)}
        try:
            with pytest.raises(Exception, match="lock timeout"):
                api.post(f"{LABEL}/withdrawals", given)
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
        finally:
            let_go.set()
        status = api.post(f"{LABEL}/withdrawals", given).status_code
        return status, consents.changed_since(seen)

    changed, (status, late) = at_once(decide, send)
    assert changed == []  # nobody came in between
    assert (status, late) == (201, [consent])  # and who read before hears of it


def test_an_act_nobody_foresaw_is_put_at_the_next_place_or_refused(world: World) -> None:
    consent = Consent.objects.get(pk=key("consent country label"))
    assert consents.positions([consent.pk, uuid4()]) == {consent.pk: 0}
    with pytest.raises(consenting.OutOfCourse, match="cannot be withdrawn"):
        consenting.answer(
            id=uuid4(),
            consent_id=consent.pk,
            act=ConsentAct.WITHDRAWN,
            actor_id=consent.actor_id,
            at=timezone.now(),
        )
    assert Party.objects.filter(pk=consent.actor_id).exists()
