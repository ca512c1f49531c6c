"""Bands: drafted by one, tried on past outputs, and put in force by two; decisions name the ones they used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from fingerprint import error_rates
from ledger import activating, banding, canonical, simulating
from ledger.models import BandsActivation, BandsVersion, Entry, Membership
from rights import bands
from rights.bands import NEVER, SHIPPED
from rights.models import Decision
from tests.flows.conftest import World, admitted, key
from tests.flows.test_reviews import Person, assert_whole, code, operator, state

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def rows(**exact: int) -> list[dict[str, Any]]:
    """Bands of every kind, with the thresholds of copies changed: they are on the score, since none is calibrated."""
    score = {"review_from": 0, "block_from": NEVER} | exact
    return [
        {
            "kind": kind,
            "reference_class": "any",
            "probability": score if kind == "exact_match" else {"review_from": 500_000, "block_from": 999_000},
            "score": score if kind == "exact_match" else {"review_from": 0, "block_from": NEVER},
        }
        for kind in ("exact_match", "version_match", "voice_match")
    ]


def drafted(person: Person, **exact: int) -> str:
    answer = person.post("/v1/bands", {"rows": rows(**exact), "note": "After the figures."})
    assert answer.status_code == 201, answer.content
    id: str = answer.json()["id"]
    return id


def activated(proposer: Person, other: Person, bands_id: str) -> Any:
    proposal = key(f"proposal of {bands_id}")
    answer = proposer.post(f"/v1/bands/{bands_id}/proposals", {"id": proposal, "reason": "Fewer false refusals."})
    assert answer.status_code == 201, answer.content
    return other.post(f"/v1/bands-proposals/{proposal}/answers", {"id": key("agreed"), "is_agreed": True})


def test_two_people_put_bands_in_force_and_decisions_name_them(world: World) -> None:
    one, other = operator("one"), operator("other")
    before = world.settle(world.submit("before", world.sounds.sung("flac"))["id"])
    assert before["state"] == "refused"
    assert Decision.objects.get().bands_id == SHIPPED.id
    id = drafted(one)
    after = world.settle(world.submit("drafted only", world.sounds.sung("mp3"))["id"])
    assert after["state"] == "refused"  # a draft decides nothing

    proposal = key(f"proposal of {id}")
    assert one.post(f"/v1/bands/{id}/proposals", {"id": proposal, "reason": "x"}).status_code == 201
    own = one.post(f"/v1/bands-proposals/{proposal}/answers", {"id": key("own"), "is_agreed": True})
    assert code(own) == (409, "needs_a_second_person")
    agreed = other.post(f"/v1/bands-proposals/{proposal}/answers", {"id": key("agreed"), "is_agreed": True})
    assert (agreed.status_code, agreed.json()["is_in_force"]) == (201, True), agreed.content

    now = world.settle(world.submit("now", world.sounds.sung("m4a"))["id"])
    assert now["state"] == "review"
    assert str(Decision.objects.get(pk=now["decision"]["id"]).bands_id) == id
    for kind in (Entry.Kind.PROPOSED, Entry.Kind.BANDS_ACTIVATED):  # neither could say that they did not know
        body: Any = canonical.read(bytes(Entry.objects.get(kind=kind).body)).data
        tried = body["tried"]
        assert (tried["against"], tried["outputs"], tried["changed"]) == (str(SHIPPED.id), 2, 2)
        assert (tried["before"], tried["after"]) == ({"refused": 2}, {"review": 2})
    listed = {row["id"]: row["is_in_force"] for row in world.distributor.get("/v1/bands").json()}
    assert listed == {str(SHIPPED.id): False, id: True}
    assert state(world, "before")["state"] == "refused"  # what was decided stays
    assert_whole()


def test_a_simulation_lists_what_would_come_out_otherwise(world: World) -> None:
    one = operator("one")
    world.settle(world.submit("undeclared", world.sounds.sung("flac"))["id"])
    world.settle(world.submit("declared", world.sounds.sung("mp3"), key("country"))["id"])
    id = drafted(one)
    found = one.get(f"/v1/bands/{id}/simulation").json()
    assert (found["outputs"], found["changed"], found["against"]) == (2, 1, str(SHIPPED.id))
    assert found["before"] == {"refused": 1, "cleared": 1}
    assert found["after"] == {"review": 1, "cleared": 1}
    (change,) = found["changes"]
    assert (change["submission"], change["before"], change["after"]) == (key("undeclared"), "refused", "review")
    assert "may be in the output" in change["sentences"][0]
    assert BandsActivation.objects.count() == 0
    assert Decision.objects.count() == 2  # nothing was written


def test_a_simulation_says_how_many_innocent_tracks_would_be_stopped(trade: World) -> None:
    negatives = {"n": 100, "stopped": 2, "low": 0.005, "high": 0.07, "strongest": [[None, 400_000], [None, 900_000]]}
    measured = error_rates.of_document(
        {
            "algorithm": "test/1",
            "date": "2026-11-29",
            "corpus": "test",
            "rows": [],
            "negatives": [{"genre": genre} | negatives for genre in ("jazz", "rock")],
        }
    )
    other = bands.of_rows(rows(review_from=300_000, block_from=800_000))
    found = simulating.simulate(other, rates=measured, at=timezone.now())
    assert found.innocent == (simulating.Innocent("exact_match", 200, 4, 2, 0, 2),)


def test_bands_that_let_everything_pass_say_so_in_the_decision(world: World) -> None:
    one, other = operator("one"), operator("other")
    assert activated(one, other, drafted(one, review_from=NEVER)).status_code == 201
    found = world.settle(world.submit("undeclared", world.sounds.sung("flac"))["id"])
    assert found["state"] == "cleared"
    (finding,) = found["decision"]["findings"]
    assert finding["effect"] == "pass"
    assert "let pass by the bands in force" in finding["sentence"]


def test_bands_are_the_operators(world: World, rival: Any) -> None:
    manager = Person(admitted("manager", "label", Membership.Role.RIGHTS_MANAGER))
    reviewer = Person(admitted("reviewer", "label", Membership.Role.REVIEWER))
    for person in (manager, reviewer):
        assert code(person.post("/v1/bands", {"rows": rows()})) == (403, "permission_denied")
    assert code(rival.post("/v1/bands", {"rows": rows()})) == (403, "permission_denied")
    assert rival.get("/v1/bands").status_code == 200  # by what one is judged is no secret
    id = drafted(operator("one"))
    assert code(manager.get(f"/v1/bands/{id}/simulation")) == (403, "permission_denied")


def test_bands_begin_later_and_never_backwards(world: World) -> None:
    one, other = operator("one"), operator("other")
    id = UUID(drafted(one))
    now = timezone.now()
    proposal = activating.propose(id=UUID(key("p")), bands_id=id, reason="x", proposed_by_id=one.user.pk, at=now)
    with pytest.raises(activating.ActivatedBackwards):
        activating.answer(
            id=UUID(key("a")),
            proposal_id=proposal.pk,
            answered_by_id=other.user.pk,
            is_agreed=True,
            effective_from=now - timedelta(seconds=1),
            at=now,
        )
    begins = now + timedelta(days=1)
    activating.answer(
        id=UUID(key("a")),
        proposal_id=proposal.pk,
        answered_by_id=other.user.pk,
        is_agreed=True,
        effective_from=begins,
        at=now,
    )
    assert banding.in_force(at=begins - timedelta(microseconds=1)) == SHIPPED
    assert banding.in_force(at=begins).id == id
    activation = BandsActivation.objects.get()
    with pytest.raises(IntegrityError, match="bands_are_not_activated_backwards"), transaction.atomic():
        BandsActivation.objects.create(
            id=UUID(key("x")),
            bands=activation.bands,
            approval=activation.approval,
            effective_from=now - timedelta(days=1),
            recorded_at=now,
        )


def test_refused_bands_are_not_in_force(world: World) -> None:
    one, other = operator("one"), operator("other")
    id = drafted(one)
    proposal = key("proposal")
    one.post(f"/v1/bands/{id}/proposals", {"id": proposal, "reason": "x"})
    answer = other.post(f"/v1/bands-proposals/{proposal}/answers", {"id": key("no"), "is_agreed": False})
    assert (answer.status_code, answer.json()["is_in_force"]) == (201, False)
    assert banding.in_force(at=timezone.now()) == SHIPPED
    again = other.post(f"/v1/bands-proposals/{proposal}/answers", {"id": key("yes"), "is_agreed": True})
    assert code(again) == (409, "already_answered")


def test_the_same_bands_are_drafted_once(world: World) -> None:
    one = operator("one")
    drafted(one)
    assert code(one.post("/v1/bands", {"rows": rows()})) == (409, "already_drafted")
    shipped = [
        {
            "kind": row.kind.value,
            "reference_class": row.reference_class.value,
            "probability": {"review_from": row.probability.review_from, "block_from": row.probability.block_from},
            "score": {"review_from": row.score.review_from, "block_from": row.score.block_from},
        }
        for row in SHIPPED.rows
    ]
    assert code(one.post("/v1/bands", {"rows": shipped})) == (409, "shipped_already")
    assert code(one.post("/v1/bands", {"rows": rows()[:2]})) == (422, "bad_bands")
    assert code(one.post("/v1/bands", {"rows": rows(review_from=NEVER + 1)})) == (400, "malformed")
    assert code(one.get(f"/v1/bands/{key('none')}/simulation")) == (404, "no_such_bands")
    assert bands.read(BandsVersion.objects.get().document).id == BandsVersion.objects.get().pk
