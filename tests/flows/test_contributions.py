"""Who or what made an output: stated, corrected, told to every recipient, and found where they were told otherwise."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone

from ledger import clients, contributing, disclosing, log, sequencer, today
from ledger.models import Entry
from provenance import disclosures, ern
from provenance.models import Disclosure, DisclosureAnswer
from rights import making, submissions, terms
from rights.case import DeclaredContribution
from rights.models import Contribution, ContributionAct, ContributionRecord, Submission
from royalties.models import Split
from tests.flows.conftest import SUBMISSIONS, Api, World, body, key
from tests.flows.test_reviews import assert_whole, code

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

PATH = f"/v1/submissions/{key('own')}"
PROMPTED = "prompt_only"
TOOL = {"tool": "Example Model", "tool_version": "3"}


def actor(party: str, *acts: str) -> dict[str, Any]:
    return {"party": key(party), "acts": list(acts)}


def lines(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    """A record of four components; ``lyrics={…}`` changes one of them."""
    given: dict[str, dict[str, Any]] = {
        "lyrics": {"ai_level": "partly", "actors": [actor("writer", "modification"), actor("rival", PROMPTED)]} | TOOL,
        "lead_vocal": {
            "ai_level": "none",
            "actors": [actor("singer", "perceptible_input")],
            "evidence": [{"kind": "take", "digest": f"sha256:{'ab' * 32}"}, {"kind": "stem", "digest": "cd" * 32}],
        },
        "instruments": {"ai_level": "all", "actors": [actor("rival", "prompt_only")]} | TOOL,
        "mastering": {"ai_level": "all", "tool": "Example Master", "is_generative": False},
    }  # fmt: skip
    return [{"component": component} | said | changes.get(component, {}) for component, said in given.items()]


def corrected(name: str = "correction", **said: Any) -> dict[str, Any]:
    given = lines(instruments={"ai_level": "none", "tool": "", "tool_version": "", "actors": []})
    return {"id": key(name), "reason": "The band played it", "contributions": given} | said


@pytest.fixture
def made(trade: World) -> World:
    """A cleared output with a whole record."""
    found = trade.settle(trade.submit("own", trade.sounds.own(), contributions=lines())["id"])
    assert found["state"] == "cleared", found
    return trade


@pytest.fixture
def desk(made: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("desk"))
    return client


def statement(profile: str, world: World) -> dict[str, Any]:
    answer = world.distributor.get(f"{PATH}/disclosures/statement?profile={profile}")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return {one["key"]: one["value"] for one in found["answers"]} | {"digest": found["digest"]}


def stranger() -> Api:
    return Api(clients.create(name="s", party_id=UUID(key("label")), scopes=SUBMISSIONS))


def as_xml(world: World, path: str) -> Any:
    api = world.distributor
    return api.client.get(path, headers=api.headers | {"Accept": "application/xml"})


def test_is_stated_with_people_acts_and_evidence(made: World, tmp_path: Path) -> None:
    (record,) = made.distributor.get(f"{PATH}/contributions").json()
    assert (record["id"], record["position"], record["author"]) == (None, 0, key("distributor"))
    by_component = {one["component"]: one for one in record["contributions"]}
    assert [*by_component] == ["lyrics", "lead_vocal", "instruments", "mastering"]
    assert sorted(by_component["lyrics"]["actors"], key=lambda one: one["acts"]) == [
        actor("writer", "modification"),
        actor("rival", "prompt_only"),
    ]
    assert by_component["lead_vocal"]["evidence"] == [
        {"kind": "stem", "digest": f"sha256:{'cd' * 32}"},
        {"kind": "take", "digest": f"sha256:{'ab' * 32}"},
    ]
    assert by_component["mastering"]["is_generative"] is False
    # Who only prompted is paid nothing, and neither is who let a machine do all of it.
    assert set(Split.objects.values_list("leaf", flat=True)) == {f"HC/{key(name)}" for name in ("singer", "writer")}
    # Sent again it is the same submission, and with another act it is not.
    again = made.distributor.upload(
        "/v1/submissions",
        {"id": key("own"), "declaration": json.dumps(made.declaration(contributions=lines()))},
        file=made.sounds.own(),
    )
    assert again.status_code == 202
    other = lines(lead_vocal={"actors": [actor("singer", "modification")]})
    answer = made.distributor.upload(
        "/v1/submissions",
        {"id": key("own"), "declaration": json.dumps(made.declaration(contributions=other))},
        file=made.sounds.own(),
    )
    assert code(answer) == (409, "id_taken")
    # No name is in the file: what was generated, and that somebody looked over all of it only as far as the least.
    signed = body(made.distributor.get(f"{PATH}/file"))
    assert b"prompt_guided" in signed
    assert b"Singer" not in signed
    assert key("rival").encode() not in signed  # paid nothing, so not in the splits either
    assert_whole()


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"lyrics": {"tool": "", "tool_version": ""}}, "tool", "Name the tool"),
        ({"lead_vocal": {"tool_version": "2"}}, "tool_version", "name the tool"),
        ({"lyrics": {"ai_level": "50%"}}, "ai_level", "not a valid choice"),
        ({"lead_vocal": {"actors": [actor("singer", "prompt_only")]}}, "actors", "nobody prompted"),
        ({"lead_vocal": {"actors": [actor("singer")]}}, "actors", "acts"),
        ({"lead_vocal": {"actor": key("singer")}}, "actor", "not both"),
        ({"instruments": {"actors": [actor("rival", "modification")]}}, "actors", "partly"),
        ({"lead_vocal": {"evidence": [{"kind": "take", "digest": "ab"}]}}, "evidence", "digest"),
        ({"lead_vocal": {"is_generative": True}}, "is_generative", "leave it out"),
    ],
)
def test_a_refusal_names_the_field(changes: Any, field: str, said: str, songs: World) -> None:
    answer = songs.distributor.upload(
        "/v1/submissions",
        {"id": key("bad"), "declaration": json.dumps(songs.declaration(contributions=lines(**changes)))},
        file=songs.sounds.own(),
    )
    assert answer.status_code == 400
    (wrong,) = answer.json()["fields"]["declaration"]["contributions"].values()
    assert [*wrong] == [field]
    assert said in json.dumps(wrong)
    assert not Submission.objects.exists()


def test_a_party_that_is_not_registered_is_refused(songs: World) -> None:
    given = lines(lead_vocal={"actors": [actor("nobody", "perceptible_input")]})
    answer = songs.distributor.upload(
        "/v1/submissions",
        {"id": key("bad"), "declaration": json.dumps(songs.declaration(contributions=given))},
        file=songs.sounds.own(),
    )
    assert code(answer) == (422, "unknown_reference")
    assert "contributions" in answer.json()["fields"]
    assert not Contribution.objects.exists()


def test_is_corrected_by_a_record_beside_it(made: World) -> None:
    api = made.distributor
    submission = Submission.objects.get(pk=key("own"))
    before, splits = terms.contributions_of(submission), list(Split.objects.order_by("id").values())
    signed = body(api.get(f"{PATH}/file"))
    answer = api.post(f"{PATH}/contributions", corrected())
    assert (answer.status_code, answer.json()["position"]) == (201, 1), answer.content
    assert api.post(f"{PATH}/contributions", corrected()).status_code == 200
    assert code(api.post(f"{PATH}/contributions", corrected(reason="Otherwise"))) == (409, "id_taken")
    assert code(api.post(f"{PATH}/contributions", corrected("again"))) == (422, "nothing_corrected")
    first, second = api.get(f"{PATH}/contributions").json()
    assert [first["contributions"][2]["ai_level"], second["contributions"][2]["ai_level"]] == ["all", "none"]
    record = ContributionRecord.objects.get()
    assert terms.contributions_of(submission) != before
    # What was known before the correction still is, and nothing that was decided on it moved.
    assert terms.contributions_of(submission, known_at=submission.submitted_at) == before
    assert terms.stated_in(submission, None) == before
    assert (list(Split.objects.order_by("id").values()), body(api.get(f"{PATH}/file"))) == (splits, signed)
    sequencer.drain(at=timezone.now())
    (entry,) = Entry.objects.filter(contribution_record=record)
    assert f'"position":1,"submission":"{key("own")}"' in bytes(entry.body).decode()
    assert "The band" not in bytes(entry.body).decode()
    assert str(entry.pk) in {one["id"] for one in api.get(f"{PATH}/entries").json()}
    assert_whole()


def test_only_a_decided_record_is_corrected_and_by_its_submitter(made: World, tmp_path: Path) -> None:
    assert code(stranger().get(f"{PATH}/contributions")) == (404, "no_such_submission")
    made.submit("waiting", made.sounds.own(), contributions=lines())
    waiting = f"/v1/submissions/{key('waiting')}/contributions"
    assert code(made.distributor.post(waiting, corrected())) == (409, "being_examined")
    for wrong, field in (({"contributions": lines() * 2}, "contributions"), ({"reason": ""}, "reason")):
        answer = made.distributor.post(f"{PATH}/contributions", corrected(**wrong))
        assert (code(answer), [*answer.json()["fields"]]) == ((400, "malformed"), [field])
    twice = [DeclaredContribution("lyrics", "none", "", None)] * 2
    with pytest.raises(making.ContradictoryRecord):
        contributing.correct(
            id=uuid4(),
            submission_id=UUID(key("own")),
            author_id=UUID(key("distributor")),
            contributions=twice,
            reason="x",
            at=timezone.now(),
        )
    assert not ContributionRecord.objects.exists()


def test_of_two_corrections_at_once_the_second_is_told(made: World) -> None:
    submission = Submission.objects.get(pk=key("own"))
    lines_now = (DeclaredContribution("lyrics", "none", "", None),)
    is_inserted, may_commit = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic(durable=True):
                record = submissions.correct(
                    id=UUID(key("first")),
                    submission=submission,
                    author_id=submission.submitter_id,
                    contributions=lines_now,
                    reason="First",
                    at=timezone.now(),
                )
                log.append(Entry.Kind.CONTRIBUTIONS_CORRECTED, record, {}, at=timezone.now())
                is_inserted.set()
                may_commit.wait(10)
        finally:
            connections.close_all()

    other = threading.Thread(target=first)
    other.start()
    assert is_inserted.wait(10)
    threading.Timer(0.3, may_commit.set).start()  # while the second waits for the row that the first has inserted
    with pytest.raises(contributing.CorrectedMeanwhile):
        contributing.correct(
            id=uuid4(),
            submission_id=submission.pk,
            author_id=submission.submitter_id,
            contributions=lines_now,
            reason="Second",
            at=timezone.now(),
        )
    other.join()
    assert [record.reason for record in ContributionRecord.objects.all()] == ["First"]
    assert_whole()


def test_a_record_and_what_is_in_it_are_of_one_output(made: World) -> None:
    made.distributor.post(f"{PATH}/contributions", corrected())
    made.submit("waiting", made.sounds.own())
    row = Contribution.objects.filter(record__isnull=False).first()
    assert row is not None
    row.pk, row.submission_id = uuid4(), UUID(key("waiting"))
    with pytest.raises(IntegrityError, match="about the same output"), transaction.atomic():
        row.save(force_insert=True)


def test_every_recipient_is_told_the_same_story(made: World) -> None:
    found = made.distributor.get(f"{PATH}/disclosures").json()
    assert (found["record"], found["agrees"]) == (None, True)
    told = {one["profile"]: one for one in found["statements"]}
    assert {name for name, one in told.items() if one["media_type"] == "application/xml"} == {"ddex-ern"}
    assert all(not one["problems"] and one["rules"] for one in told.values())
    assert statement("apple-music", made)["track"] is True
    assert statement("distrokid", made)["lyrics"] == "part"
    assert statement("us-copyright-office", made)["claim"] == "part"
    fragment = f"{PATH}/disclosures/statement?profile=ddex-ern"
    xml = as_xml(made, fragment)
    assert xml["Content-Type"] == "application/xml"
    said = ern.read(xml.content)
    assert said.sound.contains == "Partly"
    assert [(by.party or by.special, by.role, by.level) for by in said.sound.contributors] == [
        (ern.reference(key("writer")), "Lyricist", "Partly"),
        (ern.reference(key("singer")), "LeadVocalist", "None"),
        ("GenerativeAI", "Musician", "All"),
    ]
    assert b"Singer" not in xml.content
    api = made.distributor
    assert code(as_xml(made, f"{PATH}/disclosures/statement?profile=apple-music")) == (406, "not_acceptable")
    assert code(api.get(f"{PATH}/disclosures/statement?profile=tiktok")) == (404, "no_such_profile")
    assert code(api.get(f"{fragment}&version=9")) == (404, "no_such_profile")
    assert code(stranger().get(f"{PATH}/disclosures")) == (404, "no_such_submission")


def sent(name: str = "sent", **said: Any) -> dict[str, Any]:
    return {"id": key(name), "profile": "apple-music"} | said


def test_who_was_told_otherwise_is_found(made: World, desk: Client) -> None:
    api = made.distributor
    old = statement("ddex-ern", made)["digest"]
    for given in (
        sent(),
        sent("store", profile="ddex-ern", recipient="one.store", statement=old, message="MSG-1"),
        sent("words", profile="ascap-bmi-socan"),
    ):
        answer = api.post(f"{PATH}/disclosures", given)
        assert (answer.status_code, answer.json()["agrees"]) == (201, True), answer.content
        assert api.post(f"{PATH}/disclosures", given).status_code == 200
    assert code(api.post(f"{PATH}/disclosures", sent(message="other"))) == (409, "id_taken")
    assert not today.today(at=timezone.now()).outdated

    assert api.post(f"{PATH}/contributions", corrected()).status_code == 201
    found = api.get(f"{PATH}/disclosures").json()
    assert (found["record"], found["agrees"]) == (key("correction"), False)
    # The words are as before; the file, the shop and the store were told that the instruments were generated.
    assert {one["recipient"]: one["agrees"] for one in found["sent"]} == {
        "The signed file": False,
        "apple-music": False,
        "one.store": False,
        "ascap-bmi-socan": True,
    }
    apple = next(one for one in found["sent"] if one["recipient"] == "apple-music")
    assert apple["differences"] == [{"key": "track", "title": "Track", "sent": True, "now": False}]
    ((output, wrong),) = today.today(at=timezone.now()).outdated
    assert (str(output.pk), len(wrong)) == (key("own"), 3)
    assert "one.store" in desk.get("/admin/").content.decode()
    page = desk.get(f"/admin/rights/submission/{key('own')}/change/").content.decode()
    assert "Not so any more." in page
    assert "The band played it" in page

    # An old statement that went out late is recorded as what it was; nothing else passes for one of ours.
    late = api.post(f"{PATH}/disclosures", sent("late", profile="ddex-ern", recipient="late", statement=old))
    assert (late.status_code, late.json()["record"], late.json()["agrees"]) == (201, None, False)
    other = sent("other", statement="00" * 32)
    assert code(api.post(f"{PATH}/disclosures", other)) == (422, "not_our_statement")
    ahead = sent("ahead", sent_at="2099-01-01T00:00:00Z")
    assert code(api.post(f"{PATH}/disclosures", ahead)) == (422, "sent_in_the_future")
    for bad in ({"profile": "tiktok"}, {"version": "9"}):
        assert code(api.post(f"{PATH}/disclosures", sent("bad", **bad))) == (404, "no_such_profile")
    assert code(api.post(f"{PATH}/disclosures", sent("bad", recipient="A Store"))) == (400, "malformed")

    # Told anew, the shop is up to date; what it was told before is kept.
    assert api.post(f"{PATH}/disclosures", sent("anew")).json()["agrees"] is True
    shop = [one for one in api.get(f"{PATH}/disclosures").json()["sent"] if one["recipient"] == "apple-music"]
    assert [(one["is_latest"], one["agrees"]) for one in shop] == [(False, True), (True, True)]
    # What recipients answered stands beside it; the last answer counts.
    answers = f"{PATH}/disclosures/{key('anew')}/answers"
    refused = {"id": key("refused"), "answer": "rejected", "code": "AI_MISSING", "document": f"sha256:{'cd' * 32}"}
    assert api.post(answers, refused).status_code == 201
    assert api.post(answers, refused).status_code == 200
    assert code(api.post(answers, refused | {"answer": "accepted"})) == (409, "id_taken")
    assert api.post(answers, {"id": key("taken"), "answer": "changed"}).json()["document"] is None
    for when in ("2099-01-01T00:00:00Z", "2020-01-01T00:00:00Z"):
        early = {"id": key("early"), "answer": "accepted", "answered_at": when}
        assert code(api.post(answers, early)) == (422, "answered_in_the_future")
    assert code(api.post(answers, {"id": key("bad"), "answer": "perhaps"})) == (400, "malformed")
    assert code(stranger().post(answers, {"id": key("bad"), "answer": "accepted"}))[0] in {403, 404}
    last = {one["id"]: one["answer"] for one in api.get(f"{PATH}/disclosures").json()["sent"]}
    assert last[key("anew")]["answer"] == "changed"
    assert last[key("late")] is None
    page = desk.get(f"/admin/rights/submission/{key('own')}/change/").content.decode()
    assert 'data-label="Answer"><span>Changed' in page
    kinds = [one["kind"] for one in api.get(f"{PATH}/entries").json()]
    assert kinds.count("disclosure_answered") == 2
    row = Disclosure.objects.get(pk=key("anew"))
    assert json.loads(bytes(row.statement))["answers"]["track"] is False
    sequencer.drain(at=timezone.now())
    (entry,) = Entry.objects.filter(disclosure=row)
    assert f'"statement":"sha256:{row.statement_digest}"' in bytes(entry.body).decode()
    assert_whole()


def test_a_correction_while_a_statement_is_sent_is_not_taken_for_it(made: World) -> None:
    """The store was told by the old record, and the client says so with its digest."""
    old = statement("apple-music", made)["digest"]
    made.distributor.post(f"{PATH}/contributions", corrected())
    row = disclosing.send(
        id=uuid4(),
        submission_id=UUID(key("own")),
        sender_id=UUID(key("distributor")),
        profile=disclosures.in_force_of("apple-music", timezone.now().date()),
        recipient="shop",
        statement_digest=old.removeprefix("sha256:"),
        message="",
        sent_at=timezone.now(),
        at=timezone.now(),
    )
    assert row.record_id is None
    assert json.loads(bytes(row.statement))["answers"]["track"] is True


def test_messages_of_others_are_checked(made: World, settings: Any, tmp_path: Path) -> None:
    def check(document: bytes) -> Any:
        api = made.distributor
        return api.client.post("/v1/disclosure-checks", document, content_type="application/xml", headers=api.headers)

    good = as_xml(made, f"{PATH}/disclosures/statement?profile=ddex-ern").content
    assert check(good).json() == {"problems": [], "is_held_to_schema": False}
    bad = good.replace(b"<ContainsAI>Partly", b"<ContainsAI>None")
    assert {one["code"] for one in check(bad).json()["problems"]} == {"ai_v2"}
    assert code(check(good[:-9])) == (422, "not_a_fragment")
    assert code(check(b"")) == (422, "not_a_fragment")
    settings.LEDGER_DDEX_XSD = tmp_path / "gone.xsd"
    assert code(check(good)) == (500, "no_such_schema")


# --- at the desk


def test_is_corrected_at_the_desk(made: World, desk: Client) -> None:
    path = f"/admin/rights/submission/{key('own')}/making/"
    form = desk.get(path).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in shown.items() if value}
    assert (sent["lyrics-level"], sent["lyrics-tool_version"], sent["mastering-is_generative"]) == ("partly", "3", "no")
    assert sent["lead_vocal-evidence"].splitlines() == [f"stem sha256:{'cd' * 32}", f"take sha256:{'ab' * 32}"]
    sent |= {"id": str(uuid4()), "reason": "A choir was generated"}
    same = desk.post(path, sent)
    assert (same.status_code, [*same.context["form"].errors]) == (422, ["reason"])
    choir = {"backing_vocal-level": "all", "backing_vocal-tool": "Choir"}
    wrong = choir | {
        "backing_vocal-party_1": key("singer"),
        "backing_vocal-acts_1": ["modification"],
        "backing_vocal-evidence": "stem 12",
        "video-tool": "Cam",
    }
    answer = desk.post(path, sent | wrong)
    assert answer.status_code == 422
    assert {*answer.context["form"].errors} == {"backing_vocal-party_1", "backing_vocal-evidence", "video-level"}
    done = sent | choir | {"backing_vocal-party_1": key("singer"), "backing_vocal-acts_1": ["prompt_only"]}
    assert desk.post(path, done).status_code == 302
    assert desk.post(path, done).status_code == 302  # the same form again
    record = ContributionRecord.objects.get()
    assert ContributionAct.objects.get(record=record, component="backing_vocal").act == "prompt_only"
    now = terms.contributions_of(Submission.objects.get(pk=key("own")))
    before = terms.stated_in(Submission.objects.get(pk=key("own")), None)
    assert set(before) < set(now)  # everything else is as it was
    assert_whole()


def test_who_was_told_is_recorded_at_the_desk(made: World, desk: Client) -> None:
    path = f"/admin/rights/submission/{key('own')}/told/spotify-credits/"
    initial = desk.get(path).context["form"].initial
    sent = initial | {"id": str(initial["id"]), "recipient": "Spotify"}
    assert desk.post(path, sent).status_code == 422
    assert desk.post(path, sent | {"recipient": "spotify"}).status_code == 302
    assert desk.post(path, sent | {"recipient": "spotify"}).status_code == 302
    assert Disclosure.objects.get().statement_digest == initial["statement"]
    assert desk.get(path.replace("spotify-credits", "tiktok")).status_code == 404
    file = desk.get(f"/admin/rights/submission/{key('own')}/statements/ddex-ern/")
    assert (file["Content-Type"], ern.read(file.content).sound.contains) == ("application/xml", "Partly")

    # What it answered stands beside it; a later answer supersedes the first.
    answers = f"/admin/rights/submission/{key('own')}/answers/{Disclosure.objects.get().pk}/"
    output = f"/admin/rights/submission/{key('own')}/change/"
    assert answers in desk.get(output).content.decode()
    given = {"id": key("it said no"), "answer": "rejected", "code": "AI_MISSING", "on": timezone.now().date()}
    for wrong in ({"on": "2020-01-01"}, {"on": "2099-01-01"}, {"digest": "ab"}, {"answer": "perhaps"}):
        assert desk.post(answers, given | wrong).status_code == 422, wrong
    assert desk.post(answers, given).status_code == 302
    assert desk.post(answers, given).status_code == 302  # sent twice, recorded once
    assert desk.post(answers, given | {"id": key("it said yes"), "answer": "accepted"}).status_code == 302
    assert [one.answer for one in DisclosureAnswer.objects.order_by("answered_at")] == ["rejected", "accepted"]
    assert "Another answer…" in desk.get(output).content.decode()
    assert desk.get(answers.replace(str(Disclosure.objects.get().pk), key("nobody"))).status_code == 404
    assert_whole()
