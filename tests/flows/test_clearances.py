""" "May I?" asked over HTTP …"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.utils import timezone

from ledger import audit, clearance, sequencer
from ledger.models import Entry
from rights import consents
from rights.models import Clearance, ConsentEvent, Submission
from tests.flows.conftest import USES, WORLD, Api, World, body, key, row_counts, today

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

IN_FORCE = "2027-03-01"


def question(*assets: dict[str, str], name: str = "question", **changes: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "id": key(name),
        "uses": USES,
        "territories": [WORLD],
        "at": IN_FORCE,
        "assets": list(assets) or [{"recording": key("country")}],
    }
    return asked | changes


def ask(api: Api, *assets: dict[str, str], **changes: Any) -> dict[str, Any]:
    answer = api.post("/v1/clearances", question(*assets, **changes))
    assert answer.status_code in {200, 201}, answer.content
    found: dict[str, Any] = answer.json()
    return found


def the_answer(found: dict[str, Any]) -> tuple[str, list[str], set[str]]:
    [one] = found["answers"]
    against = {reason["code"] for reason in one["reasons"]} - {"consented", "licensed"}
    return one["answer"], one["missing"], against


def withdraw(world: World, name: str, on: date) -> None:
    path = f"/v1/consents/{key(f'consent {name}')}/withdrawals"
    actor = key(name.rsplit(maxsplit=1)[-1])
    world.state(path, {"id": key(f"end {name}"), "actor": actor, "effective_on": on.isoformat()})


def reserve(world: World, holder: str, **of: str) -> None:
    document = {"id": key(f"reserved {holder}"), "holder": key(holder), "uses": ["infer.input"], "channel": "aipref"}
    world.state("/v1/reservations", document | {"territories": [WORLD], "active_from": "2026-01-01"} | of)


def double(world: World) -> None:
    world.share("too much", party="rival", part="1/2", recording=key("country"))
    world.consent("too much", grantor="rival", recording=key("country"))


# What is registered, what happens then, what is asked → the answer, the missing sides, and what speaks against.
WORLDS: dict[str, tuple[dict[str, Any], Callable[[World], None] | None, dict[str, Any], str, list[str], set[str]]] = {
    "all agreed": ({}, None, {}, "allow", [], set()),
    "not licensed": ({"licensed": False}, None, {}, "unknown", ["master", "publishing"], {"not_licensed"}),
    "another licensee": ({"licensee": key("rival")}, None, {}, "unknown", ["master", "publishing"], {"not_licensed"}),
    "licensed elsewhere": ({"territories": ["FR"]}, None, {"territories": ["DE"]}, "unknown",
                           ["master", "publishing"], {"not_covered_by_license"}),
    "licensed there": ({"territories": ["FR"]}, None, {"territories": ["FR"]}, "allow", [], set()),
    "another use": ({}, None, {"uses": ["train.gen"]}, "unknown", ["master", "publishing"],
                    {"nobody_registered", "not_covered_by_license"}),
    "a voice nobody registered": ({}, None, {"uses": ["voice.generate"]}, "unknown", ["voice"], {"side_unknown"}),
    "before the license": ({}, None, {"at": "2025-12-31"}, "unknown", ["master", "publishing"],
                           {"nobody_registered", "license_not_in_force"}),
    "on its first day": ({}, None, {"at": "2026-01-01"}, "allow", [], set()),
    "writer silent": ({"consenting": ["label", "publisher"]}, None, {}, "unknown", ["publishing"], {"not_consented"}),
    "no work": ({"has_work": False}, None, {}, "unknown", ["publishing"], {"side_unknown"}),
    "under-claimed": ({"parts": {"publisher": "2/3"}}, None, {}, "unknown", ["publishing"], {"under_claimed"}),
    "over-claimed": ({}, double, {}, "needs_approval", ["master"], {"over_claimed"}),
    "withdrawn": ({}, lambda world: withdraw(world, "country writer", today()), {}, "deny", ["publishing"],
                  {"withdrawn"}),
    "withdrawn later": ({}, lambda world: withdraw(world, "country writer", date(2028, 1, 1)), {}, "allow", [], set()),
    "reserved": ({}, lambda world: reserve(world, "publisher"), {}, "deny", ["publishing"], {"reserved"}),
}  # fmt: skip


@pytest.mark.parametrize("name", WORLDS)
def test_is_answered_with_its_reasons_and_the_missing_side(name: str, trade: World) -> None:
    registered, happens, asked, answer, missing, against = WORLDS[name]
    trade.register("country", audio=False, **registered)
    if happens:
        happens(trade)
    found = ask(trade.distributor, **asked)
    assert the_answer(found) == (answer, missing, against)
    assert found["policy"] == "permission/1"


def test_names_the_records_that_it_rests_on(trade: World) -> None:
    trade.register("country", audio=False)
    [one] = ask(trade.distributor)["answers"]
    rests_on = {id for reason in one["reasons"] for id in reason["rests_on"]}
    records = ["share country label", "share country publisher", "share country writer", "license of country"]
    records += ["consent country label", "consent country publisher", "consent country writer"]
    assert rests_on == {key(record) for record in records}
    assert one["valid_until"] is None


def test_says_until_when_a_yes_holds(trade: World) -> None:
    trade.register("country", audio=False, active_to="2027-06-01")
    withdraw(trade, "country label", date(2027, 5, 1))
    found = ask(trade.distributor)
    assert (found["answers"][0]["valid_until"], found["valid_until"]) == ("2027-05-01", "2027-05-01")


def test_is_answered_as_it_was_known(trade: World) -> None:
    """Question 8: what did the system believe on date D about date E?"""
    trade.register("country", audio=False)
    before = timezone.now()
    withdraw(trade, "country label", today())
    assert the_answer(ask(trade.distributor))[0] == "deny"
    believed = ask(trade.distributor, name="then", known_at=before.isoformat())
    assert the_answer(believed)[0] == "allow"
    unknown = ask(trade.distributor, name="long ago", known_at=(before - timedelta(days=400)).isoformat())
    assert the_answer(unknown) == ("unknown", [], {"no_such_asset"})


def test_is_recorded_with_its_answers(trade: World) -> None:
    trade.register("country", audio=False)
    found = ask(trade.distributor)
    sequencer.drain(at=timezone.now())
    entry = Entry.objects.get(clearance=found["id"])
    assert entry.kind == "clearance_answered"
    lines = body(trade.distributor.get(f"/v1/clearances/{found['id']}/answers")).splitlines(keepends=True)
    assert sha256(b"".join(lines[1:])).hexdigest() == found["answers_digest"].removeprefix("sha256:")
    assert [json.loads(line) for line in lines[1:]] == found["answers"]
    assert audit.audit().faults == ()


def test_the_same_question_gets_the_first_answer_again(trade: World) -> None:
    trade.register("country", audio=False)
    first = ask(trade.distributor)
    withdraw(trade, "country label", today())
    assert trade.distributor.post("/v1/clearances", question()).json() == first
    other = trade.distributor.post("/v1/clearances", question({"work": key("work of country")}))
    assert (other.status_code, other.json()["code"]) == (409, "id_taken")
    assert Clearance.objects.count() == 1


def test_assets_are_named_by_public_codes_too(trade: World) -> None:
    trade.register("country", audio=False)
    trade.state("/v1/works", {"id": key("coded"), "title": "Coded", "iswc": "T-034.524.680-1"})
    found = ask(trade.distributor, {"iswc": "T0345246801"}, {"isrc": "GBUV71200495"}, {"isrc": "nonsense"})
    codes = [[reason["code"] for reason in one["reasons"]] for one in found["answers"]]
    assert codes == [["nobody_registered", "not_licensed"], ["no_such_asset"], ["no_such_asset"]]
    assert [one["asset"] for one in found["answers"]][1:] == [{"isrc": "GBUV71200495"}, {"isrc": "nonsense"}]


BAD: dict[str, tuple[dict[str, Any], int, str]] = {
    "no assets": ({"assets": []}, 400, "malformed"),
    "two names for one asset": ({"assets": [{"isrc": "GBUV71200495", "work": key("x")}]}, 400, "malformed"),
    "no use": ({"uses": []}, 400, "malformed"),
    "unknown use": ({"uses": ["sing"]}, 400, "malformed"),
    "unknown territory": ({"territories": ["XX"]}, 422, "no_such_territory"),
    "the future's knowledge": ({"known_at": "2999-01-01T00:00:00Z"}, 422, "known_in_the_future"),
    "unknown model version": ({"model_version": key("none")}, 422, "no_such_model_version"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_asked_is_refused_and_leaves_nothing(name: str, trade: World) -> None:
    changes, status, code = BAD[name]
    before = row_counts()
    answer = trade.distributor.post("/v1/clearances", question() | changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert row_counts() == before


def test_nobody_asks_for_another_licensee(trade: World) -> None:
    """Whoever asks for others is answered about what they keep themselves; the rest is as if it did not exist."""
    trade.register("country", audio=False, licensee=key("rival"))
    found = ask(trade.distributor, licensee=key("rival"))
    assert the_answer(found) == ("unknown", [], {"no_such_asset"})
    assert the_answer(ask(trade.label, name="by the keeper", licensee=key("rival")))[0] == "allow"


def test_whoever_did_not_ask_does_not_read_it(trade: World, rival: Api) -> None:
    trade.register("country", audio=False)
    found = ask(trade.distributor)
    for path in ("", "/answers"):
        assert rival.get(f"/v1/clearances/{found['id']}{path}").status_code == 404
    assert rival.get("/v1/clearances").json()["results"] == []
    assert [one["id"] for one in trade.distributor.get("/v1/clearances").json()["results"]] == [found["id"]]


# --- in bulk


def send_lines(api: Api, first: Any, lines: list[bytes], *, cut: int = 0) -> Any:
    payload = b"".join([json.dumps(first).encode() + b"\n", *lines])
    return api.raw(
        "/v1/clearances",
        io.BytesIO(payload[: len(payload) - cut]),
        length=str(len(payload)),
        content_type="application/x-ndjson",
    )


def test_many_are_asked_and_answered_as_lines(trade: World) -> None:
    trade.register("country", audio=False)
    lines = [json.dumps({"recording": key("country")}).encode() + b"\n"]
    lines += [json.dumps({"recording": key(f"none {n}")}).encode() + b"\n" for n in range(12_000)]
    answer = send_lines(trade.distributor, {**question(), "assets": None}, lines)
    assert (answer.status_code, answer["Content-Type"]) == (201, "application/x-ndjson")
    summary, first, *rest = [json.loads(line) for line in body(answer).splitlines()]
    assert (summary["assets"], summary["allowed"], summary["unknown"]) == (12_001, 1, 12_000)
    assert (first["answer"], first["asset"]) == ("allow", {"recording": key("country")})
    assert [one["asset"]["recording"] for one in rest] == [key(f"none {n}") for n in range(12_000)]
    again = send_lines(trade.distributor, question(), lines)
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("lines", "cut", "status", "code"),
    [
        ([b'{"recording": "x"}\n'], 0, 400, "parse_error"),
        ([b"{}\n"], 0, 400, "parse_error"),
        ([b"[" * 5000 + b"\n"], 0, 400, "parse_error"),
        ([b'{"isrc": "' + b"A" * 30_000 + b'"}\n'], 0, 400, "parse_error"),
        ([b'{"isrc": "GBUV71200495"}\n'], 5, 400, "parse_error"),
        ([b"\xff\xfe\n"], 0, 400, "parse_error"),
        ([], 0, 422, "nothing_asked"),
        ([b'{"isrc": "GBUV71200495"}\n'] * 100_001, 0, 422, "too_many_assets"),
    ],
    ids=["no id", "nothing named", "deep", "long", "cut off", "no text", "none", "too many"],
)
def test_bad_lines_are_refused_and_leave_nothing(
    lines: list[bytes], cut: int, status: int, code: str, trade: World
) -> None:
    before = row_counts()
    answer = send_lines(trade.distributor, question(), lines, cut=cut)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (status, code)
    assert row_counts() == before


# --- races


def test_a_withdrawal_during_a_decision_is_heard(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The withdrawal commits after the terms were read and before the decision is: the decision hears of it."""
    found = world.submit("output", world.sounds.sung("flac"), key("country"), release_on=IN_FORCE)
    held = consents.lock_shared
    met: list[str] = []

    def meanwhile(ids: Any) -> None:
        if not met:
            met.append("withdrawn")
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
        held(ids)

    def elsewhere() -> None:
        try:
            withdraw(world, "country label", today())
        finally:
            connections.close_all()

    monkeypatch.setattr(consents, "lock_shared", meanwhile)
    decided = world.settle(found["id"])
    assert met == ["withdrawn"]
    assert decided["state"] == "refused"
    assert "withdrew consent" in " ".join(finding["sentence"] for finding in decided["decision"]["findings"])
    assert audit.audit().faults == ()


def test_a_withdrawal_during_an_answer_is_heard(trade: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The withdrawal commits after the question was answered and before the answer is: it is answered again."""
    trade.register("country", audio=False)
    held = consents.lock_shared
    met: list[set[UUID]] = []

    def meanwhile(ids: Any) -> None:
        met.append(set(ids))
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        held(ids)

    def elsewhere() -> None:
        try:
            withdraw(trade, "country label", today())
        finally:
            connections.close_all()

    monkeypatch.setattr(consents, "lock_shared", meanwhile)
    found = ask(trade.distributor)
    assert the_answer(found) == ("deny", ["master"], {"withdrawn"})
    assert met == [{UUID(key(f"consent country {name}")) for name in ("label", "publisher", "writer")}]
    recorded = Clearance.objects.get()
    assert (recorded.denied, recorded.allowed) == (1, 0)
    withdrawal = ConsentEvent.objects.get(act="withdrawn")
    assert recorded.known_at == withdrawal.recorded_at  # what was known then says the same again
    again = ask(trade.distributor, name="again", known_at=recorded.known_at.isoformat())
    assert again["answers_digest"] == found["answers_digest"]
    assert audit.audit().faults == ()


def test_what_is_asked_as_known_before_is_not_moved_by_a_withdrawal(
    trade: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    trade.register("country", audio=False)
    before = timezone.now()
    held = consents.lock_shared

    def meanwhile(ids: Any) -> None:
        if not ConsentEvent.objects.filter(act="withdrawn").exists():
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
        held(ids)

    def elsewhere() -> None:
        try:
            withdraw(trade, "country label", today())
        finally:
            connections.close_all()

    monkeypatch.setattr(consents, "lock_shared", meanwhile)
    assert the_answer(ask(trade.distributor, known_at=before.isoformat()))[0] == "allow"
    assert ConsentEvent.objects.filter(act="withdrawn").count() == 1


def test_the_last_place_of_a_quota_is_taken_once(trade: World) -> None:
    trade.register("country", max_outputs=1)
    first = trade.submit("first", trade.sounds.sung("flac"), key("country"))
    second = trade.submit("second", trade.sounds.sung("wav"), key("country"))
    errors: list[BaseException] = []

    def decide(id: str) -> None:
        try:
            clearance.clear(submission_id=UUID(id), at=timezone.now())
        except BaseException as error:  # noqa: BLE001 - shown below
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=(one["id"],)) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    outcomes = sorted(one.decisions.get().outcome for one in Submission.objects.all())
    assert outcomes == ["cleared", "refused"]
    assert the_answer(ask(trade.distributor)) == ("deny", ["master", "publishing"], {"license_exhausted"})
