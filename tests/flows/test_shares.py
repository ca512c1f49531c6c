"""Shares over HTTP: they end, are taken back and replaced; what they come to; and how a conflict opens and settles."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from ledger import clients, holding, people
from ledger.models import Entry
from rights import conflicts
from rights.models import Conflict, ConflictEvent, Share
from rights.registry import AssetRef
from rights.shares import GivenShare
from rights.vocabulary import RightType
from tests.flows.conftest import DOCUMENT, SINCE, WORLD, Api, World, key, row_counts, today
from tests.remembering import remembered

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

WORK = key("first")
EU = "2123"


@dataclass(frozen=True)
class Holders:
    """Two who hold parts of a work, and one who does not."""

    world: World
    publisher: Api
    writer: Api
    stranger: Api

    def claim(self, by: Api, party: str, part: str, name: str, **more: Any) -> Any:
        document = {"id": key(name), "work": WORK, "party": key(party), "part": part}
        return by.post("/v1/shares", document | {"territories": [WORLD], "active_from": SINCE} | more)

    def claimed(self, by: Api, party: str, part: str, name: str, **more: Any) -> str:
        answer = self.claim(by, party, part, name, **more)
        assert answer.status_code == 201, answer.content
        return str(answer.json()["id"])

    def position(self, **query: str) -> dict[str, dict[str, Any]]:
        """The zones, by the countries out of a few that are in them."""
        answer = self.world.label.get(f"/v1/works/{WORK}/position?" + "&".join(f"{k}={v}" for k, v in query.items()))
        assert answer.status_code == 200, answer.content
        return {country: zone for zone in answer.json()["zones"] for country in zone["countries"]}


@pytest.fixture
@remembered
def holders(songs: World) -> Holders:
    scopes = ["catalogue:read", "catalogue:write"]
    made = {
        name: Api(clients.create(name="own", party_id=UUID(key(name)), scopes=scopes))
        for name in ("publisher", "writer", "rival")
    }
    found = Holders(songs, made["publisher"], made["writer"], made["rival"])
    # The operator brings the two to the work, with parts of another right; from then on they claim for themselves.
    for name in ("publisher", "writer"):
        songs.share(f"way in of {name}", party=name, part="1/2", work=WORK, right_type="ai_training")
    return found


def over_claimed(holders: Holders) -> dict[str, Any]:
    """W2 of the requirements: 3/5 and 2/5 in the Union, and in the United States 3/5 and 1/2."""
    holders.claimed(holders.publisher, "publisher", "3/5", "publisher eu", territories=[EU])
    holders.claimed(holders.writer, "writer", "2/5", "writer eu", territories=[EU])
    holders.claimed(holders.publisher, "publisher", "3/5", "publisher us", territories=["US"])
    assert Conflict.objects.count() == 0
    holders.claimed(holders.writer, "writer", "1/2", "writer us", territories=["US"])
    (opened,) = holders.writer.get("/v1/conflicts").json()["results"]
    return dict(opened)


def change(by: Api, share: str, act: str, name: str, **more: Any) -> Any:
    return by.post(f"/v1/shares/{share}/events", {"id": key(name), "act": act} | more)


def say(by: Api, conflict: str, author: str, act: str, name: str, **more: Any) -> Any:
    return by.post(f"/v1/conflicts/{conflict}/events", {"id": key(name), "act": act, "author": key(author)} | more)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- what shares come to


def test_an_over_claim_opens_a_conflict_with_its_clocks(holders: Holders) -> None:
    opened = over_claimed(holders)
    days = [(date.fromisoformat(opened[name]) - today()).days for name in ("answer_by", "escalate_on", "close_by")]
    assert days == [30, 60, 90]
    assert (opened["state"], opened["territories"], opened["asset"]) == ("open", ["US"], {"work": WORK})
    shown = holders.publisher.get(f"/v1/conflicts/{opened['id']}").json()
    assert shown["claims"] == sorted([key("publisher us"), key("writer us")])
    assert shown["must_answer"] == sorted([key("publisher"), key("writer")])
    (zone,) = shown["zones"]
    assert (zone["countries"], zone["total"], zone["excess"], zone["held"]) == (["US"], "11/10", "1/10", "1/10")
    assert {one["party"]: (one["claimed"], one["payable"]) for one in zone["claimants"]} == {
        key("publisher"): ("3/5", "1/2"),
        key("writer"): ("1/2", "2/5"),
    }
    kinds = [entry.kind for entry in Entry.objects.filter(conflict=opened["id"])]
    assert kinds == [Entry.Kind.CONFLICT_OPENED]


def test_a_position_says_country_by_country_what_is_claimed(holders: Holders) -> None:
    over_claimed(holders)
    zones = holders.position()
    assert {country: zones[country]["sum"] for country in ("DE", "US", "BR")} == {
        "DE": "complete",
        "US": "over_claim",
        "BR": "under_claim",
    }
    assert (zones["BR"]["remainder"], zones["DE"]["size"], zones["US"]["size"]) == (
        "1",
        "CompleteClaim",
        "MajorOverClaim",
    )
    assert {claim["status"] for claim in zones["US"]["claims"]} == {"Conflict"}
    assert zones["US"]["in_words"] == "United States"
    assert holders.position(basis="collection")["US"]["remainder"] == "1"
    assert holders.position(right="ai_training")["US"]["sum"] == "complete"
    assert holders.position(on="2025-12-31")["US"]["total"] == "0"


def test_everything_is_held_of_those_assets_for_which_it_is_set(holders: Holders) -> None:
    over_claimed(holders)
    with override_settings(LEDGER_HOLD_EVERYTHING=frozenset({"work"})):
        zones = holders.position()
    assert (zones["US"]["held"], {one["payable"] for one in zones["US"]["claimants"]}) == ("1", {"0"})
    assert zones["DE"]["held"] == "0"


def test_under_the_whole_and_exactly_the_whole_open_nothing(holders: Holders) -> None:
    holders.claimed(holders.publisher, "publisher", "2/3", "one")
    holders.claimed(holders.writer, "writer", "1/3", "two")
    holders.claimed(holders.writer, "writer", "1", "another right", right_type="performing")
    holders.claimed(holders.writer, "writer", "1", "to collect", basis="collection")
    assert Conflict.objects.count() == 0


# --- what becomes of shares


def test_a_share_ends_on_a_day_and_is_known_to_end_from_now_on(holders: Holders) -> None:
    share = holders.claimed(holders.writer, "writer", "1", "share")
    before = timezone.now().isoformat().replace("+00:00", "Z")
    ends = today() + timedelta(days=10)
    answer = change(holders.writer, share, "ended", "end", effective_on=ends.isoformat(), reason="sold")
    assert answer.status_code == 201, answer.content
    assert change(holders.writer, share, "ended", "end", effective_on=ends.isoformat(), reason="sold").json() == (
        answer.json()
    )
    last, first_without = (ends - timedelta(days=1)).isoformat(), ends.isoformat()
    assert holders.position(on=last)["US"]["total"] == "1"
    assert holders.position(on=first_without)["US"]["total"] == "0"
    assert holders.position(on=first_without, known_at=before)["US"]["total"] == "1"
    shown = holders.writer.get(f"/v1/shares/{share}").json()
    assert [(event["act"], event["effective_on"]) for event in shown["events"]] == [("ended", first_without)]
    assert Entry.objects.get(share_event=UUID(key("end"))).kind == Entry.Kind.SHARE_CHANGED
    other = change(holders.writer, share, "ended", "second end", effective_on=last)
    assert code_of(other) == (409, "already_ended")
    assert (
        change(holders.writer, share, "retracted", "after all").status_code == 201
    )  # it turned out never to have been
    assert holders.position(on=last)["US"]["total"] == "0"


def test_a_share_that_was_retracted_never_was_and_nothing_becomes_of_it(holders: Holders) -> None:
    share = holders.claimed(holders.writer, "writer", "1", "share")
    before = timezone.now().isoformat().replace("+00:00", "Z")
    assert change(holders.writer, share, "retracted", "back").status_code == 201
    assert holders.position(on=SINCE)["US"]["total"] == "0"
    assert holders.position(on=SINCE, known_at=before)["US"]["total"] == "1"
    later = (today() + timedelta(days=1)).isoformat()
    answer = change(holders.writer, share, "ended", "end", effective_on=later)
    assert code_of(answer) == (409, "already_retracted")
    assert code_of(change(holders.writer, share, "retracted", "again")) == (409, "already_ended")


@pytest.mark.parametrize("day", [SINCE, "2025-01-01", "2027-01-01", "2027-06-01"])
def test_a_share_ends_within_its_period_or_not_at_all(day: str, holders: Holders) -> None:
    share = holders.claimed(holders.writer, "writer", "1", "share", active_to="2027-01-01")
    answer = change(holders.writer, share, "ended", "end", effective_on=day)
    assert code_of(answer) == (422, "ends_outside_its_period")


def test_a_share_is_replaced_by_another_in_one_step_or_not_at_all(holders: Holders) -> None:
    share = holders.claimed(holders.writer, "writer", "1", "share")
    successor = {"id": key("less"), "party": key("writer"), "part": "1/2", "territories": [WORLD], "active_from": SINCE}
    rows, entries = row_counts(), Entry.objects.count()
    for wrong, code in (
        ({"part": "3/2"}, "not_a_part"),
        ({"territories": ["XX"]}, "no_such_territory"),
        ({"role": "ZZ"}, "not_a_role"),
        ({"written": "51"}, "written_otherwise"),
        ({"party": key("publisher")}, "not_your_party"),
    ):
        answer = change(holders.writer, share, "retracted", "change", successor=successor | wrong)
        assert answer.json()["code"] == code
    assert (row_counts(), Entry.objects.count()) == (rows, entries)

    answer = change(holders.writer, share, "retracted", "change", successor=successor | {"role": "CA", "written": "50"})
    assert (answer.status_code, answer.json()["successor"]) == (201, key("less"))
    assert Conflict.objects.count() == 0  # for a moment there was more than the whole, and nobody saw it
    assert holders.position()["US"]["total"] == "1/2"
    shown = holders.writer.get(f"/v1/shares/{key('less')}").json()
    assert (shown["role"], shown["written"], shown["part"]) == ("CA", "50", "1/2")
    again = change(holders.writer, share, "retracted", "change", successor=successor)
    assert code_of(again) == (409, "id_taken")  # the role and the decimal were other ones


@pytest.mark.parametrize(
    "document",
    [
        {"act": "ended"},
        {"act": "retracted", "effective_on": "2026-06-01"},
        {"act": "sold"},
        {"act": "retracted", "reason": "x" * 301},
        {"act": "retracted", "successor": {"id": key("s"), "part": "1/0"}},
        {"act": "retracted", "successor": "1/2"},
        [],
    ],
)
def test_a_change_that_says_nothing_clear_is_refused(document: Any, holders: Holders) -> None:
    share = holders.claimed(holders.writer, "writer", "1", "share")
    given = {"id": key("change")} | document if isinstance(document, dict) else document
    answer = holders.writer.post(f"/v1/shares/{share}/events", given)
    assert code_of(answer) == (400, "malformed")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"written": "33.33"}, 201),
        ({"written": "33.39"}, 201),  # 0.0567 percent away
        ({"written": "33.40"}, 422),
        ({"role": "CA"}, 201),
        ({"role": "PRODUCER"}, 422),
        ({"basis": "collection", "right_type": "mechanical"}, 201),
        ({"right_type": "everything"}, 400),
        ({"written": "33.33 %"}, 400),
        ({"stem": key("nothing")}, 422),  # two assets
    ],
)
def test_a_share_carries_role_basis_and_what_was_written(more: dict[str, str], expected: int, holders: Holders) -> None:
    answer = holders.claim(holders.writer, "writer", "1/3", "share", **more)
    assert answer.status_code == expected, answer.content
    if expected == 201:
        assert {name: answer.json()[name] for name in more} == more


# --- conflicts


def test_claimants_talk_under_seal_and_answer_each_other(holders: Holders) -> None:
    id = over_claimed(holders)["id"]
    words = "We hold half by the contract of May."
    first = say(holders.writer, id, "writer", "message", "m", text=words)
    assert (first.status_code, first.json()["text"]) == (201, words)
    again = say(holders.writer, id, "writer", "message", "m", text=words)
    assert (again.status_code, again.json()) == (200, first.json())
    assert code_of(say(holders.writer, id, "writer", "message", "m", text="Other")) == (409, "id_taken")
    assert holders.publisher.get(f"/v1/conflicts/{id}").json()["must_answer"] == [key("publisher")]

    for act, more, expected in (
        ("message", {}, (422, "nothing_said")),
        ("evidence", {"text": "see there"}, (422, "nothing_said")),
        ("settled", {"text": "done"}, (422, "settled_by_shares")),
        ("acceptance", {}, (409, "nothing_to_accept")),
    ):
        assert code_of(say(holders.publisher, id, "publisher", act, "refused", **more)) == expected, act
    assert say(holders.writer, id, "writer", "proposal", "p", text="Half and half").status_code == 201
    own = say(holders.writer, id, "writer", "acceptance", "own")
    assert code_of(own) == (409, "nothing_to_accept")
    assert say(holders.publisher, id, "publisher", "acceptance", "yes").status_code == 201
    proof = say(holders.publisher, id, "publisher", "evidence", "e", evidence=DOCUMENT)
    assert proof.json()["evidence"] == f"sha256:{DOCUMENT}"

    shown = holders.publisher.get(f"/v1/conflicts/{id}").json()
    assert [(event["act"], event["text"]) for event in shown["events"]] == [
        ("message", words),
        ("proposal", "Half and half"),
        ("acceptance", None),
        ("evidence", None),
    ]
    assert shown["must_answer"] == []
    assert shown["state"] == "open"  # an agreement changes no share
    row = ConflictEvent.objects.get(pk=key("m"))
    assert words.encode() not in bytes(row.sealed or b"")
    assert not any(b"contract of May" in bytes(entry.body) for entry in Entry.objects.all())
    assert bytes(row.commitment or b"").hex().encode() in bytes(Entry.objects.get(conflict_event=row.pk).body)


def test_a_subject_gets_its_own_words_in_its_export(holders: Holders) -> None:
    id = over_claimed(holders)["id"]
    say(holders.writer, id, "writer", "message", "m", text="Ours since May")
    exporter = Api(clients.create(name="export", party_id=UUID(key("writer")), scopes=["rights:export"]))
    answer = exporter.get(f"/v1/parties/{key('writer')}/export")
    assert answer.status_code == 200, answer.content
    assert b"Ours since May" in answer.content


def test_whoever_claims_nothing_has_no_say(holders: Holders) -> None:
    id = over_claimed(holders)["id"]
    for path in (f"/v1/conflicts/{id}", f"/v1/conflicts/{key('nothing')}"):
        assert code_of(holders.stranger.get(path)) == (404, "not_found")
        unseen = holders.stranger.post(f"{path}/events", {"id": key("m"), "act": "message", "author": key("rival")})
        assert code_of(unseen) == (404, "no_such_conflict")
    assert holders.stranger.get("/v1/conflicts").json()["results"] == []
    for_other = say(holders.writer, id, "publisher", "message", "m", text="We give in")
    assert code_of(for_other) == (403, "not_your_party")
    by_operator = say(holders.world.label, id, "label", "message", "m", text="Calm down")
    assert code_of(by_operator) == (403, "not_a_claimant")


def test_a_conflict_settles_when_the_over_claim_goes(holders: Holders) -> None:
    id = over_claimed(holders)["id"]
    replaced = {"id": key("fair"), "party": key("writer"), "part": "2/5", "territories": ["US"], "active_from": SINCE}
    answer = change(holders.writer, key("writer us"), "retracted", "give in", successor=replaced)
    assert answer.status_code == 201, answer.content
    shown = holders.publisher.get(f"/v1/conflicts/{id}").json()
    assert (shown["state"], shown["zones"], Conflict.objects.count()) == ("settled", [], 1)
    (event,) = shown["events"]
    assert (event["act"], event["author"], event["text"]) == ("settled", key("writer"), None)
    assert Entry.objects.get(conflict_event=event["id"]).kind == Entry.Kind.CONFLICT_ACTED
    assert holders.position()["US"]["sum"] == "complete"
    late = say(holders.publisher, id, "publisher", "message", "late", text="Thank you")
    assert code_of(late) == (409, "already_settled")
    assert holders.publisher.get("/v1/conflicts?unsettled=true").json()["results"] == []
    assert len(holders.publisher.get("/v1/conflicts").json()["results"]) == 1


def test_an_end_settles_only_what_it_ends(holders: Holders) -> None:
    id = over_claimed(holders)["id"]
    soon = (today() + timedelta(days=5)).isoformat()
    assert change(holders.writer, key("writer us"), "ended", "end", effective_on=soon).status_code == 201
    # Until then more than the whole is claimed, and what is held of it waits for the two.
    assert holders.publisher.get(f"/v1/conflicts/{id}").json()["state"] == "open"
    assert change(holders.publisher, key("publisher us"), "retracted", "back").status_code == 201
    assert holders.publisher.get(f"/v1/conflicts/{id}").json()["state"] == "settled"


def test_escalating_is_an_act_or_a_matter_of_time(holders: Holders) -> None:
    opened = over_claimed(holders)
    conflict = Conflict.objects.get(pk=opened["id"])
    day_before = conflict.escalate_on - timedelta(days=1)
    assert conflicts.state_of(conflict, on=day_before) is conflicts.State.OPEN
    assert conflicts.state_of(conflict, on=conflict.escalate_on) is conflicts.State.ESCALATED
    assert say(holders.writer, opened["id"], "writer", "escalation", "up").status_code == 201
    assert conflicts.state_of(conflict, on=today()) is conflicts.State.ESCALATED


def test_a_late_claim_goes_on_with_the_same_conflict_and_stops_no_clock(holders: Holders) -> None:
    since = date.fromisoformat(SINCE)

    def claimed_ago(name: str, party: str, days: int) -> None:
        holding.register_share(
            GivenShare(
                id=UUID(key(name)),
                asset=AssetRef(work_id=UUID(WORK)),
                party_id=UUID(key(party)),
                right_type=RightType.AI_OUTPUT,
                part=Fraction(3, 5),
                territories=(WORLD,),
                active_from=since,
                active_to=None,
            ),
            at=timezone.now() - timedelta(days=days),
        )

    claimed_ago("one", "publisher", 50)
    claimed_ago("two", "writer", 40)
    (first,) = Conflict.objects.all()
    holders.claimed(holders.world.label, "rival", "1/2", "three")
    second = Conflict.objects.exclude(pk=first.pk).get()
    assert {str(claim.share_id) for claim in second.claims.all()} == {key("one"), key("two"), key("three")}
    assert second.answer_by == today() + timedelta(days=30)  # the one who joins has time to answer
    assert second.escalate_on == max(first.escalate_on, second.answer_by)
    assert second.close_by == first.close_by == today() + timedelta(days=50)
    shown = holders.writer.get(f"/v1/conflicts/{first.pk}").json()
    assert (shown["state"], shown["superseded_by"]) == ("superseded", str(second.pk))
    (zone,) = holders.writer.get(f"/v1/conflicts/{second.pk}").json()["zones"]
    # Beside 11/10 of the others the publisher's minimum is nothing, and the rival's is none beside 6/5.
    assert ({one["payable"] for one in zone["claimants"]}, zone["held"], zone["excess"]) == ({"0"}, "1", "7/10")

    assert change(holders.world.label, key("three"), "retracted", "back").status_code == 201
    # Two of the three still claim too much: they go on where they are, and the one who gave in owes no answer.
    shown = holders.writer.get(f"/v1/conflicts/{second.pk}").json()
    assert (shown["state"], shown["must_answer"]) == ("open", sorted([key("publisher"), key("writer")]))
    assert [(zone["total"], zone["held"]) for zone in shown["zones"]] == [("6/5", "1/5")]
    assert holders.writer.get(f"/v1/conflicts/{first.pk}").json()["state"] == "superseded"
    assert change(holders.writer, key("two"), "retracted", "back too").status_code == 201
    assert {row["state"] for row in holders.publisher.get("/v1/conflicts").json()["results"]} == {"settled"}


def test_two_over_claims_in_one_step_are_one_conflict(holders: Holders) -> None:
    base = holders.claimed(holders.publisher, "publisher", "1", "all of it")
    given = [
        GivenShare(
            id=UUID(key(name)),
            asset=AssetRef(work_id=UUID(WORK)),
            party_id=UUID(key(name)),
            right_type=RightType.AI_OUTPUT,
            part=Fraction(1, 2),
            territories=(WORLD,),
            active_from=date.fromisoformat(SINCE),
            active_to=None,
        )
        for name in ("writer", "rival")
    ]
    written = holding.save_shares(given, (), at=timezone.now())
    (opened,) = written.opened
    assert {str(claim.share_id) for claim in opened.claims.all()} == {base, key("writer"), key("rival")}


def test_parties_that_are_one_claim_and_speak_as_one(holders: Holders) -> None:
    id = over_claimed(holders)["id"]
    people.merge(
        id=UUID(key("merge")),
        duplicate_id=UUID(key("writer")),
        survivor_id=UUID(key("publisher")),
        reason="the same house",
        at=timezone.now(),
    )
    shown = holders.publisher.get(f"/v1/conflicts/{id}").json()
    assert shown["must_answer"] == [key("publisher")]
    (zone,) = shown["zones"]
    assert [(one["party"], one["claimed"], one["payable"]) for one in zone["claimants"]] == [
        (key("publisher"), "11/10", "1")
    ]
    assert {claim["status"] for claim in zone["claims"]} == {"DataInconsistent"}
    assert say(holders.writer, id, "writer", "message", "m", text="We look into it").status_code == 201
    assert holders.publisher.get(f"/v1/conflicts/{id}").json()["must_answer"] == []


def test_of_two_over_claims_at_once_none_goes_unseen(holders: Holders) -> None:
    holders.claimed(holders.publisher, "publisher", "1/2", "half")
    ready = threading.Barrier(2)
    statuses: list[int] = []

    def claim(party: str) -> None:
        api = Api(token=holders.world.label.token)
        ready.wait()
        try:
            statuses.append(holders.claim(api, party, "1/2", f"of {party}").status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=claim, args=(party,)) for party in ("writer", "rival")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201, 201]
    # Each alone makes a whole with the publisher; the second of them to come in sees all three.
    (opened,) = Conflict.objects.all()
    assert opened.claims.count() == 3


# --- whose shares they are


def test_a_share_is_claimed_and_changed_by_its_own_party_only(holders: Holders) -> None:
    own = holders.claimed(holders.publisher, "publisher", "1", "own")
    other = holders.claim(holders.writer, "publisher", "1/2", "for another")
    assert code_of(other) == (403, "not_your_party")
    for act, more in (("ended", {"effective_on": today().isoformat()}), ("retracted", {})):
        refused = change(holders.writer, own, act, "not mine", **more)  # the writer sees it
        assert code_of(refused) == (403, "not_your_party")
        unseen = change(holders.stranger, own, act, "not mine", **more)
        nothing = change(holders.stranger, key("nothing"), act, "not mine", **more)
        assert (unseen.status_code, unseen.json()) == (404, nothing.json())
    assert Share.objects.get(pk=own).events.count() == 0
    assert code_of(holders.claim(holders.stranger, "rival", "1/2", "x")) == (422, "unknown_reference")


def test_a_position_is_told_to_whoever_holds_a_part(holders: Holders) -> None:
    holders.claimed(holders.publisher, "publisher", "1", "own")
    path = f"/v1/works/{WORK}/position"
    assert holders.writer.get(path).status_code == 200
    unseen, nothing = holders.stranger.get(path), holders.stranger.get(f"/v1/works/{key('nothing')}/position")
    assert (unseen.status_code, unseen.json()) == (404, nothing.json())
    # To see a work is not to see who holds it: the stranger has a recording with it.
    recording = {"id": key("theirs"), "title": "Theirs", "works": [WORK]}
    assert holders.stranger.post("/v1/recordings", recording).status_code == 422
    holders.world.state("/v1/recordings", recording)
    holders.world.share("in it", party="rival", part="1", recording=key("theirs"))
    assert holders.stranger.get(f"/v1/works/{WORK}").status_code == 200
    assert code_of(holders.stranger.get(path)) == (403, "not_your_position")


# --- at the edges


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("on=0001-01-01", 200),
        ("on=9999-12-31", 200),
        ("on=2026-02-30", 400),
        ("on=x", 400),
        ("known_at=0001-01-01T00:00:00Z", 200),
        ("known_at=9999-12-31T23:59:59Z", 200),
        ("known_at=0001-01-01T00:00:00%2B14:00", 400),
        ("known_at=9999-12-31T23:59:59-12:00", 400),
        ("known_at=yesterday", 400),
        ("right=everything", 400),
        ("basis=%00", 400),
    ],
)
def test_a_position_is_asked_for_any_day_or_refused(query: str, expected: int, holders: Holders) -> None:
    holders.claimed(holders.writer, "writer", "1", "share", active_from="0001-01-01", active_to="9999-12-31")
    answer = holders.writer.get(f"/v1/works/{WORK}/position?{query}")
    assert answer.status_code == expected, answer.content


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"active_from": "0001-01-01", "active_to": None}, 201),
        ({"active_from": "9999-12-30", "active_to": None}, 201),
        ({"active_from": "9999-12-31", "active_to": None}, 422),  # no day is left
        ({"active_from": "9999-12-30", "active_to": "9999-12-31"}, 201),
        ({"active_from": "2026-06-01", "active_to": "2026-06-01"}, 422),
        ({"territories": ["2136"] * 301}, 400),
        ({"territories": ["2136"] * 300}, 201),
        ({"territories": ["2136", "-2136"]}, 422),
        ({"territories": ["X" * 7]}, 400),
        ({"part": f"{10**18 - 1}/{10**18 - 1}"}, 201),
        ({"part": f"1/{10**18 - 1}"}, 201),
        ({"part": f"1/{10**18}"}, 400),
        ({"part": "0"}, 422),
        ({"part": "-1/2"}, 400),
        ({"role": "C\0A"}, 400),
        ({"party": "x"}, 400),
        ({"work": "x"}, 400),
    ],
)
def test_a_share_at_its_edges_beside_a_whole(more: dict[str, Any], expected: int, holders: Holders) -> None:
    holders.claimed(holders.publisher, "publisher", "1", "whole", active_from="0001-01-01")
    document = {"id": key("share"), "work": WORK, "party": key("writer"), "part": "1/2"}
    answer = holders.writer.post("/v1/shares", document | {"territories": [WORLD], "active_from": SINCE} | more)
    assert answer.status_code == expected, answer.content
    assert Conflict.objects.exists() is (expected == 201)
    for row in holders.writer.get("/v1/conflicts").json()["results"]:
        shown = holders.writer.get(f"/v1/conflicts/{row['id']}").json()
        assert [zone["sum"] for zone in shown["zones"]] == ["over_claim"], shown


@pytest.mark.parametrize(
    "more",
    [
        {"text": "x" * 10_001},
        {"text": "a\0b"},
        {"text": "a\ud83d"},
        {"text": {"a": 1}},
        {"evidence": "sha256:zz"},
        {"act": "apology"},
        {"author": "me"},
    ],
)
def test_words_that_cannot_be_kept_are_refused(more: dict[str, Any], holders: Holders) -> None:
    id = over_claimed(holders)["id"]
    document = {"id": key("m"), "act": "message", "author": key("writer"), "text": "x"} | more
    assert code_of(holders.writer.post(f"/v1/conflicts/{id}/events", document)) == (400, "malformed")
    longest = document | {"act": "message", "author": key("writer"), "text": "ü" * 10_000, "evidence": DOCUMENT}
    assert holders.writer.post(f"/v1/conflicts/{id}/events", longest).status_code == 201


def test_a_share_that_is_ended_twice_at_once_ends_once(holders: Holders) -> None:
    share = holders.claimed(holders.writer, "writer", "1", "share")
    ready = threading.Barrier(2)
    statuses: list[int] = []

    def end(name: str) -> None:
        api = Api(token=holders.writer.token)
        ready.wait()
        try:
            answer = change(api, share, "ended", name, effective_on=(today() + timedelta(days=3)).isoformat())
            statuses.append(answer.status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=end, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409]
    assert Share.objects.get(pk=share).events.count() == 1
