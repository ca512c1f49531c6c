"""A submitter says that a refusal was wrong: somebody else answers, and what was learned is remembered for the pair."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from ledger import appealing
from ledger.models import Membership
from rights.models import Allowance, Appeal, AppealAnswer, Decision
from rights.vocabulary import ReviewReason
from tests.flows.conftest import Api, World, admitted, key, today
from tests.flows.test_reviews import Person, assert_whole, code, operator, state, unheard

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

STEMS = {"kind": "stems", "digest": f"sha256:{'ab' * 32}"}


def refused(world: World, name: str = "undeclared") -> str:
    """An output in which “country” is heard and not declared; return the id of its decision."""
    found = world.settle(world.submit(name, world.sounds.sung("flac"))["id"])
    assert found["state"] == "refused", found["decision"]
    decision: str = found["decision"]["id"]
    return decision


def appeal(api: Api, name: str = "undeclared", **changes: Any) -> Any:
    document = {
        "id": key(f"appeal of {name}"),
        "ground": "not_the_same",
        "statement": "We played it ourselves.",
        "evidence": [STEMS, {"kind": "prior_isrc", "isrc": "GB-UV7-12-00495"}],
    }
    return api.post(f"/v1/submissions/{key(name)}/appeals", document | changes)


def answer(person: Person, name: str = "undeclared", *, is_upheld: bool = True, **changes: Any) -> Any:
    document = {
        "id": key(f"{person.user.username} on {name}"),
        "is_upheld": is_upheld,
        "reason": "not_the_same" if is_upheld else "same_material",
    }
    return person.post(f"/v1/appeals/{key(f'appeal of {name}')}/answers", document | changes)


def test_an_upheld_appeal_teaches_the_pair_and_clears_what_nothing_else_stops(world: World) -> None:
    first = refused(world)
    asked = appeal(world.distributor)
    assert asked.status_code == 201, asked.content
    assert [one["kind"] for one in asked.json()["evidence"]] == ["stems", "prior_isrc"] or len(
        asked.json()["evidence"]
    ) == 2
    assert appeal(world.distributor).status_code == 200  # sent again
    answered = answer(operator("second"), note="The stems bear it out.")
    assert answered.status_code == 201, answered.content
    given = answered.json()["answer"]
    assert (given["is_upheld"], len(given["allowances"])) == (True, 1)
    assert given["allowances"][0]["expires_on"] == (today() + timedelta(days=365)).isoformat()

    found = state(world, "undeclared")
    assert (found["state"], found["decision"]["id"]) == ("cleared", given["decision"])
    (passed,) = found["decision"]["findings"]
    allowance = Allowance.objects.get()
    assert passed["effect"] == "pass"
    assert str(allowance.pk) in passed["rests_on"]
    assert "An appeal found this pair" in passed["sentence"]
    assert str(Decision.objects.get(pk=found["decision"]["id"]).supersedes_id) == first

    # The same material by the same submitter is not stopped again, and by another it is.
    again = world.settle(world.submit("again", world.sounds.sung("mp3"))["id"])
    assert again["state"] == "cleared", again["decision"]
    assert_whole()
    kinds = [entry["kind"] for entry in world.distributor.get(f"/v1/submissions/{key('undeclared')}/entries").json()]
    assert kinds == ["submitted", "decided", "appealed", "appeal_answered", "decided"]
    bodies = world.distributor.get(f"/v1/submissions/{key('undeclared')}/entries").content.decode()
    assert "ourselves" not in bodies


def test_another_submitter_learns_nothing_from_it(world: World, rival: Api) -> None:
    refused(world)
    appeal(world.distributor)
    assert answer(operator("second")).status_code == 201
    theirs = world.settle(world.submit("theirs", world.sounds.sung("mp3"), by=rival)["id"], by=rival)
    assert theirs["state"] == "refused"


def test_what_was_learned_expires(world: World) -> None:
    refused(world)
    appeal(world.distributor)
    until = today() + timedelta(days=30)  # outputs are released in thirty days, so on that day it counts no more
    assert answer(operator("second"), expires_on=until.isoformat()).status_code == 201
    assert state(world, "undeclared")["state"] == "refused"
    again = world.settle(world.submit("again", world.sounds.sung("mp3"))["id"])
    assert again["state"] == "refused"


def test_a_dismissed_appeal_leaves_the_refusal(world: World) -> None:
    first = refused(world)
    appeal(world.distributor)
    answered = answer(operator("second"), is_upheld=False)
    assert (answered.status_code, answered.json()["answer"]["decision"]) == (201, None)
    assert state(world, "undeclared")["decision"]["id"] == first
    assert not Allowance.objects.exists()
    assert code(appeal(world.distributor, id=key("another"))) == (409, "already_appealed")
    assert code(answer(operator("third"))) == (409, "appeal_answered")
    assert_whole()


def test_what_stops_it_beside_the_pair_stops_it_still(world: World) -> None:
    # Declared, and on no license any more: the appeal is about what was heard, not about rights.
    world.register("spring", licensed=False)
    found = world.settle(world.submit("undeclared", world.sounds.sung("flac"), key("spring"))["id"])
    assert found["state"] == "refused"
    appeal(world.distributor)
    answered = answer(operator("second"))
    assert answered.status_code == 201
    now = state(world, "undeclared")
    assert now["state"] == "refused"
    assert "ingredients_are_licensed" in {finding["rule"] for finding in now["decision"]["findings"]}
    assert_whole()


def test_whoever_reviewed_it_does_not_answer_the_appeal(world: World) -> None:
    first = unheard(world)["decision"]["id"]
    reviewer, other = operator("first"), operator("other")
    assert reviewer.review(first, "refused", "not_heard").json()["outcome"] == "refused"
    assert appeal(world.distributor, "unheard").status_code == 201
    assert code(answer(reviewer, "unheard")) == (409, "needs_another_reviewer")
    row = Appeal.objects.get()
    with pytest.raises(IntegrityError, match="did not review"), transaction.atomic():
        AppealAnswer.objects.create(
            id=UUID(key("behind")),
            appeal=row,
            reviewer=reviewer.user,
            is_upheld=False,
            reason="same_material",
            answered_at=timezone.now(),
        )
    # The other upholds it: judged anew, it waits for review again, since nothing is heard still.
    assert answer(other, "unheard", reason="heard_after_all").status_code == 201
    assert state(world, "unheard")["state"] == "review"
    assert_whole()


def test_appeals_are_for_whoever_submitted_a_refused_output(world: World, rival: Api) -> None:
    refused(world)
    world.cleared("fine")
    assert appeal(rival).status_code == 404
    assert code(appeal(world.label)) == (403, "permission_denied")
    assert code(appeal(world.distributor, "fine")) == (409, "nothing_to_appeal")
    waiting = world.submit("waiting", world.sounds.own("mp3"))
    assert waiting["state"] == "waiting"
    assert code(appeal(world.distributor, "waiting")) == (409, "nothing_to_appeal")


def test_bad_appeals_are_told_apart(world: World) -> None:
    refused(world)
    digest = "ab" * 32
    for changes, expected in (
        ({"ground": "unfair"}, (400, "malformed")),
        ({"statement": ""}, (400, "malformed")),
        ({"statement": "x" * 1001}, (400, "malformed")),
        ({"evidence": [{"kind": "stems"}]}, (422, "evidence_unclear")),
        ({"evidence": [{"kind": "stems", "digest": "abc"}]}, (400, "malformed")),
        ({"evidence": [{"kind": "stems", "digest": digest, "isrc": "GBUV71200495"}]}, (422, "evidence_unclear")),
        ({"evidence": [{"kind": "prior_isrc", "isrc": "nonsense"}]}, (422, "bad_isrc")),
        ({"evidence": [{"kind": "prior_isrc", "digest": digest}]}, (422, "evidence_unclear")),
        ({"evidence": [STEMS] * 51}, (422, "too_much_evidence")),
    ):
        assert code(appeal(world.distributor, **changes)) == expected, changes
    assert not Appeal.objects.exists()


def test_bad_answers_are_told_apart(world: World) -> None:
    refused(world)
    appeal(world.distributor)
    person = operator("answers")
    for changes, expected in (
        ({"reason": "same_material"}, (422, "reason_speaks_otherwise")),
        ({"is_upheld": False, "reason": "not_the_same"}, (422, "reason_speaks_otherwise")),
        ({"expires_on": "2026-01-01"}, (422, "allowed_too_long")),
        ({"expires_on": "2126-01-01"}, (422, "allowed_too_long")),
    ):
        assert code(answer(person, **changes)) == expected, changes
    assert not AppealAnswer.objects.exists()


def test_an_appeal_has_a_clock_and_a_queue(world: World, settings: Any) -> None:
    from ledger.visibility import EVERYTHING

    refused(world)
    asked = appeal(world.distributor).json()
    row = appealing.waiting(EVERYTHING).get()
    assert appealing.due_at(row) == row.appealed_at + timedelta(days=settings.LEDGER_APPEAL_DAYS)
    assert asked["due_at"] == appealing.due_at(row).isoformat()
    assert [one["id"] for one in world.distributor.get("/v1/appeals").json()["results"]] == [asked["id"]]
    assert world.distributor.get(f"/v1/appeals/{asked['id']}").json()["ground"] == "not_the_same"
    appealing.answer(
        id=UUID(key("a")),
        appeal_id=row.pk,
        reviewer_id=User.objects.create_superuser("r").pk,
        is_upheld=False,
        reason=ReviewReason.SAME_MATERIAL,
        at=timezone.now(),
    )
    assert not appealing.waiting(EVERYTHING).exists()


def test_a_holders_reviewer_answers_and_the_submitters_does_not(world: World) -> None:
    refused(world)
    appeal(world.distributor)
    own = Person(admitted("distributor's", "distributor", Membership.Role.REVIEWER))
    assert code(answer(own)) == (403, "not_your_review")
    label = Person(admitted("label's", "label", Membership.Role.REVIEWER))
    assert answer(label).status_code == 201
    assert json.loads(json.dumps(state(world, "undeclared")))["state"] == "cleared"
