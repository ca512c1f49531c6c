"""People decide what no rule could: who may, in which order, and what follows from it."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone

from ledger import audit, consenting, reviewing, sequencer
from ledger.models import Entry, Membership
from provenance.models import Manifest
from rights.models import Decision, Review
from rights.vocabulary import Outcome, ReviewReason
from royalties.models import Split
from tests.flows.conftest import DOCUMENT, World, admitted, key, today

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

Role = Membership.Role


class Person:
    """Somebody who signed in at the desk and uses the API from there."""

    def __init__(self, user: User) -> None:
        self.user, self.client = user, Client()
        self.client.force_login(user)

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def post(self, path: str, document: Any = None) -> Any:
        return self.client.post(path, json.dumps(document or {}), content_type="application/json")

    def review(self, decision: str, outcome: str, reason: str, **more: Any) -> Any:
        name = f"{self.user.username} on {decision}"
        return self.post(
            f"/v1/review-cases/{decision}/reviews", {"id": key(name), "outcome": outcome, "reason": reason} | more
        )


def operator(name: str) -> Person:
    return Person(User.objects.create_superuser(name))


def code(answer: Any) -> tuple[int, str]:
    assert answer["Content-Type"] == "application/problem+json", answer.content
    return answer.status_code, answer.json()["code"]


def unheard(world: World, name: str = "unheard", **changes: Any) -> dict[str, Any]:
    """An output that waits for review: its ingredient is licensed, and not found in it."""
    found = world.settle(world.submit(name, world.sounds.own(), key("country"), **changes)["id"])
    assert found["state"] == "review", found["decision"]
    return found


def state(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = world.distributor.get(f"/v1/submissions/{key(name)}").json()
    return found


def assert_whole() -> None:
    sequencer.drain(at=timezone.now())
    assert [fault.sentence for fault in audit.audit().faults] == []


def test_what_a_reviewer_clears_is_signed_split_and_entered_like_any_other(world: World) -> None:
    waiting = unheard(world)
    first = waiting["decision"]["id"]
    reviewer = operator("first")
    [row] = reviewer.get("/v1/review-cases").json()["results"]
    assert (row["id"], row["submission"], row["outcome"]) == (first, key("unheard"), "review")
    case = reviewer.get(f"/v1/review-cases/{first}").json()
    assert case["needs"] == ["judgment"]
    assert not case["takes_two"]
    assert [finding["rule"] for finding in case["findings"]] == ["ingredients_are_heard"]

    answer = reviewer.review(first, "cleared", "heard_after_all", note="Under the second verse.")
    assert answer.status_code == 201, answer.content
    assert answer.json()["outcome"] == "cleared"

    found = state(world, "unheard")
    assert found["state"] == "cleared"
    assert found["decision"]["id"] == answer.json()["decision"] != first
    assert [(one["rule"], one["effect"]) for one in found["decision"]["findings"]] == [
        ("ingredients_are_heard", "pass")
    ]
    assert key(f"first on {first}") in found["decision"]["findings"][0]["rests_on"]
    assert found["splits"]
    decision = Decision.objects.get(pk=found["decision"]["id"])
    assert str(decision.supersedes_id) == first
    assert Manifest.objects.filter(decision=decision).count() == 1
    assert Split.objects.filter(decision=decision).exists()
    assert reviewer.get("/v1/review-cases").json()["results"] == []

    sequencer.drain(at=timezone.now())
    entries = world.distributor.get(f"/v1/submissions/{key('unheard')}/entries").json()
    assert [entry["kind"] for entry in entries] == ["submitted", "decided", "reviewed", "decided"]
    last = json.loads(entries[-1]["body"])["data"]
    assert (last["outcome"], last["supersedes"]) == ("cleared", first)
    assert "verse" not in "".join(entry["body"] for entry in entries)  # a note is vouched for by its digest alone
    assert_whole()


def test_the_pack_of_what_was_cleared_on_review_holds(world: World, tmp_path: Any) -> None:
    from ledger import packs, verify
    from tests.flows.conftest import body

    waiting = unheard(world)
    assert operator("first").review(waiting["decision"]["id"], "cleared", "heard_after_all").status_code == 201
    sequencer.drain(at=timezone.now())
    file = tmp_path / "pack.zip"
    file.write_bytes(body(world.distributor.get(f"/v1/submissions/{key('unheard')}/pack")))
    with packs.open_pack(file) as pack:
        report = verify.verify(pack)
    assert report.is_clean, [check.sentence for check in report.checks]
    assert any("was cleared" in check.sentence for check in report.checks)


def test_what_a_reviewer_refuses_is_refused_and_says_why(world: World) -> None:
    first = unheard(world)["decision"]["id"]
    answer = operator("first").review(first, "refused", "not_heard")
    assert answer.json()["outcome"] == "refused"
    found = state(world, "unheard")
    assert found["state"] == "refused"
    assert found["decision"]["findings"][-1]["sentence"] == "Refused on review: the declared ingredient is not there."
    assert found["splits"] is None
    assert not Manifest.objects.exists()
    assert_whole()


def test_a_consent_that_was_withdrawn_since_refuses_what_a_reviewer_would_clear(world: World) -> None:
    first = unheard(world)["decision"]["id"]
    withdrawal = {"id": key("withdrawal"), "actor": key("label"), "effective_on": today().isoformat()}
    world.state(f"/v1/consents/{key('consent country label')}/withdrawals", withdrawal)
    reviewer = operator("first")
    answer = reviewer.review(first, "cleared", "heard_after_all")
    assert code(answer) == (409, "still_stands")
    assert "withdrew consent" in answer.json()["detail"]
    assert not Review.objects.exists()
    assert state(world, "unheard")["state"] == "review"
    assert reviewer.review(first, "refused", "not_agreed").status_code == 201
    assert_whole()


def test_a_withdrawal_that_commits_while_the_file_is_signed_refuses_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provenance import manifests

    first = unheard(world)["decision"]["id"]
    signed = manifests.stage

    def stage(*args: Any, **kwargs: Any) -> Any:
        staged = signed(*args, **kwargs)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(withdraw).result(30)
        return staged

    def withdraw() -> None:
        try:
            consenting.withdraw(
                id=UUID(key("withdrawal")),
                consent_id=UUID(key("consent country label")),
                actor_id=UUID(key("label")),
                effective_on=today(),
                at=timezone.now(),
            )
        finally:
            connections.close_all()

    monkeypatch.setattr(manifests, "stage", stage)
    assert code(operator("first").review(first, "cleared", "heard_after_all")) == (409, "still_stands")
    assert not Review.objects.exists()
    assert Decision.objects.count() == 1
    assert_whole()


def test_one_reviewer_wins_where_two_act_at_once(world: World) -> None:
    first = UUID(unheard(world)["decision"]["id"])
    users = [User.objects.create_superuser(name) for name in ("one", "other")]

    def act(user: User) -> str:
        try:
            reviewing.review(
                id=UUID(key(f"race {user.pk}")),
                decision_id=first,
                reviewer_id=user.pk,
                outcome=Outcome.REFUSED,
                reason=ReviewReason.NOT_HEARD,
                at=timezone.now(),
            )
        except (reviewing.AlreadySettled, reviewing.ReviewedMeanwhile) as error:
            return type(error).__name__
        finally:
            connections.close_all()
        return "won"

    with ThreadPoolExecutor(2) as pool:
        tries: list[Future[str]] = [pool.submit(act, user) for user in users]
        heard = [one.result(60) for one in tries]
    assert heard.count("won") == 1
    assert Review.objects.count() == 1
    assert Decision.objects.count() == 2
    assert_whole()


def test_a_costly_refusal_takes_a_second_person_and_not_the_same(world: World) -> None:
    unheard(world, expected={"minor": 1_000_000, "currency": "EUR"})
    first = str(Decision.objects.get().pk)
    one, other = operator("one"), operator("other")
    assert one.get(f"/v1/review-cases/{first}").json()["takes_two"]
    answer = one.review(first, "refused", "not_heard")
    assert (answer.status_code, answer.json()["decision"]) == (201, None)
    assert state(world, "unheard")["state"] == "review"
    again = one.post(
        f"/v1/review-cases/{first}/reviews", {"id": key("again"), "outcome": "refused", "reason": "not_heard"}
    )
    assert code(again) == (409, "needs_another_reviewer")
    with pytest.raises(IntegrityError, match="nobody_reviews_twice"), transaction.atomic():
        Review.objects.create(
            id=UUID(key("behind")),
            decision_id=first,
            reviewer=one.user,
            position=1,
            outcome="refused",
            reason="not_heard",
            reviewed_at=timezone.now(),
        )
    assert other.review(first, "refused", "not_heard").json()["outcome"] == "refused"
    assert_whole()


@pytest.mark.parametrize(
    ("minor", "currency", "takes_two"),
    [(999_999, "EUR", False), (1_000_000, "EUR", True), (1, "XAU", True), (0, "USD", False)],
)
def test_what_is_costly(minor: int, currency: str, *, takes_two: bool, world: World) -> None:
    unheard(world, expected={"minor": minor, "currency": currency})
    assert reviewing.takes_two(Decision.objects.get(), "refused") is takes_two
    assert not reviewing.takes_two(Decision.objects.get(), "cleared")


def test_of_three_who_disagree_two_agree(world: World, settings: Any) -> None:
    settings.LEDGER_TWO_REVIEWERS = frozenset({"cleared", "refused"})
    first = unheard(world)["decision"]["id"]
    one, two, three = (operator(name) for name in ("one", "two", "three"))
    assert one.review(first, "cleared", "heard_after_all").json()["decision"] is None
    assert two.review(first, "refused", "not_heard").json()["decision"] is None
    assert three.review(first, "cleared", "heard_after_all").json()["outcome"] == "cleared"
    assert Review.objects.count() == 3
    assert Entry.objects.filter(kind="reviewed").count() == 3
    assert_whole()


def test_the_same_review_again_gets_the_first_answer_and_another_is_refused(world: World) -> None:
    first = unheard(world)["decision"]["id"]
    reviewer = operator("first")
    assert reviewer.review(first, "refused", "not_heard").status_code == 201
    assert reviewer.review(first, "refused", "not_heard").status_code == 200
    assert code(reviewer.review(first, "cleared", "heard_after_all")) == (409, "id_taken")
    late = operator("late").review(first, "cleared", "heard_after_all")
    assert code(late) == (409, "already_settled")


@pytest.mark.parametrize(
    ("outcome", "reason", "expected"),
    [
        ("cleared", "not_heard", (422, "reason_speaks_otherwise")),
        ("refused", "not_the_same", (422, "reason_speaks_otherwise")),
        ("review", "not_heard", (400, "malformed")),
        ("cleared", "because", (400, "malformed")),
    ],
)
def test_bad_reviews_are_told_apart(outcome: str, reason: str, expected: tuple[int, str], world: World) -> None:
    first = unheard(world)["decision"]["id"]
    assert code(operator("first").review(first, outcome, reason)) == expected
    assert not Review.objects.exists()


def test_nobody_reviews_what_was_settled_by_rule(world: World) -> None:
    cleared = world.cleared()["decision"]["id"]
    refused = world.settle(world.submit("undeclared", world.sounds.sung("mp3"))["id"])["decision"]["id"]
    reviewer = operator("first")
    for decision in (cleared, refused):
        assert code(reviewer.review(decision, "cleared", "not_the_same")) == (409, "not_for_review")
    assert code(reviewer.review(key("none"), "cleared", "not_the_same")) == (404, "no_such_decision")


def test_only_one_is_at_a_case_for_a_while(world: World, settings: Any) -> None:
    first = unheard(world)["decision"]["id"]
    one, other = operator("one"), operator("other")
    claimed = one.post(f"/v1/review-cases/{first}/claims")
    assert claimed.status_code == 200
    assert claimed.json()["claim"]["is_yours"] is True
    assert other.get(f"/v1/review-cases/{first}").json()["claim"]["is_yours"] is False
    assert code(other.post(f"/v1/review-cases/{first}/claims")) == (409, "claimed_by_another")
    assert code(other.review(first, "refused", "not_heard")) == (409, "claimed_by_another")
    assert one.post(f"/v1/review-cases/{first}/claims").status_code == 200  # keeps it
    assert other.post(f"/v1/review-cases/{first}/releases").json()["claim"] is not None  # not theirs to give back
    assert one.post(f"/v1/review-cases/{first}/releases").json()["claim"] is None
    assert other.post(f"/v1/review-cases/{first}/claims").status_code == 200
    assigned = other.post(f"/v1/review-cases/{first}/assignments", {"username": "one"})
    assert assigned.json()["claim"]["is_yours"] is False
    later = timezone.now() + timedelta(minutes=settings.LEDGER_REVIEW_CLAIM_MINUTES, seconds=1)
    reviewing.claim(decision_id=UUID(first), reviewer_id=other.user.pk, at=later)  # the first one's time is over


def test_the_clock_runs_from_the_decision(world: World, settings: Any) -> None:
    waiting = unheard(world)
    decision = Decision.objects.get(pk=waiting["decision"]["id"])
    from ledger.visibility import EVERYTHING

    due = reviewing.due_at(decision)
    assert due - decision.decided_at == timedelta(days=settings.LEDGER_REVIEW_DAYS)
    assert not reviewing.overdue(EVERYTHING, at=due - timedelta(seconds=1)).exists()
    assert reviewing.overdue(EVERYTHING, at=due).get() == decision
    assert reviewing.desk(decision.pk, at=due).is_overdue


def test_reviews_are_for_people_and_not_for_machines_or_submitters(world: World) -> None:
    first = unheard(world)["decision"]["id"]
    body = {"id": key("r"), "outcome": "cleared", "reason": "heard_after_all"}
    for api in (world.label, world.distributor):
        assert code(api.post(f"/v1/review-cases/{first}/reviews", body)) == (403, "permission_denied")
    assert Client().post(f"/v1/review-cases/{first}/reviews", body).status_code == 401
    own = Person(admitted("distributor's reviewer", "distributor", Role.REVIEWER))
    assert code(own.review(first, "cleared", "heard_after_all")) == (403, "not_your_review")
    for role in (Role.FINANCE, Role.AUDITOR, Role.DISTRIBUTOR, Role.ARTIST):
        someone = Person(admitted(f"a {role}", "label", role))
        refusal = "auditors_only_read" if role is Role.AUDITOR else "permission_denied"
        assert code(someone.review(first, "cleared", "heard_after_all")) == (403, refusal)
    manager = Person(admitted("a manager", "label", Role.RIGHTS_MANAGER))
    assert code(manager.review(first, "cleared", "heard_after_all")) == (403, "not_your_review")
    stranger = Person(admitted("a stranger", "rival", Role.REVIEWER))
    assert code(stranger.review(first, "cleared", "heard_after_all")) == (404, "no_such_decision")
    assert not Review.objects.exists()


def test_a_holders_reviewer_decides_where_all_in_question_is_the_holders(world: World) -> None:
    first = unheard(world)["decision"]["id"]
    label = Person(admitted("label's reviewer", "label", Role.REVIEWER))
    publisher = Person(admitted("publisher's reviewer", "publisher", Role.REVIEWER))
    assert [row["id"] for row in label.get("/v1/review-cases").json()["results"]] == [first]
    # The finding rests on the recording, which is the label's; the publisher holds the work in it.
    assert code(publisher.review(first, "cleared", "heard_after_all")) == (403, "not_your_review")
    assert label.review(first, "cleared", "heard_after_all").json()["outcome"] == "cleared"


def test_reviews_are_seen_by_whom_they_concern(world: World, rival: Any) -> None:
    first = unheard(world)["decision"]["id"]
    assert operator("first").review(first, "refused", "not_heard", note="Listened twice.").status_code == 201
    case = world.distributor.get(f"/v1/review-cases/{first}").json()
    assert [(one["outcome"], one["note"]) for one in case["reviews"]] == [("refused", "Listened twice.")]
    assert code(rival.get(f"/v1/review-cases/{first}")) == (404, "no_such_decision")


def test_earlier_decisions_about_the_same_pair_are_told(world: World) -> None:
    unheard(world, "before")
    first = unheard(world, "again")["decision"]["id"]
    case = operator("first").get(f"/v1/review-cases/{first}").json()
    assert [(one["submission"], one["pair"], one["outcome"]) for one in case["earlier"]] == [
        (key("before"), "same audio", "review")
    ]


def test_evidence_is_asked_for_where_a_holder_wants_to_be_asked(world: World) -> None:
    # The label consents anew, and wants to be asked about each output.
    withdrawal = {"id": key("withdrawal"), "actor": key("label"), "effective_on": today().isoformat()}
    world.state(f"/v1/consents/{key('consent country label')}/withdrawals", withdrawal)
    world.consent("asks", grantor="label", recording=key("country"), approval_mode="output")
    waiting = world.settle(world.submit("asked", world.sounds.sung("flac"), key("country"))["id"])
    assert waiting["state"] == "review", waiting["decision"]
    first = waiting["decision"]["id"]
    reviewer = operator("first")
    assert reviewer.get(f"/v1/review-cases/{first}").json()["needs"] == ["evidence"]
    assert code(reviewer.review(first, "cleared", "consent_evidenced")) == (422, "evidence_missing")
    answer = reviewer.review(first, "cleared", "consent_evidenced", evidence=f"sha256:{DOCUMENT}")
    assert answer.json()["outcome"] == "cleared", answer.content
    assert answer.json()["review"]["evidence"] == f"sha256:{DOCUMENT}"
    assert_whole()


def test_a_cleared_decision_is_never_superseded(world: World) -> None:
    world.cleared()
    decision = Decision.objects.get()
    with pytest.raises(IntegrityError, match="cleared"), transaction.atomic():
        Decision.objects.create(
            id=UUID(key("behind")),
            submission=decision.submission,
            outcome="refused",
            policy_version="x",
            licenses=[],
            known_at=timezone.now(),
            decided_at=timezone.now(),
            supersedes=decision,
        )
