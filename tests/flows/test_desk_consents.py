"""Consents at the desk: a withdrawal is shown before it is made, and its tasks are closed with a proof."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ledger.models import Proposal
from rights.models import Consent, ConsentEvent, Reservation, WithdrawalTask
from tests.flows.conftest import SINCE, World, key, row_counts, today
from tests.flows.test_admin import add, staff, text
from tests.flows.test_consents import PROOF, answered, day, holds, mandate, terms, withdraw

__all__ = ["staff"]  # the fixture

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

CONSENT = key("consent country label")
PAGE = f"/admin/rights/consent/{CONSENT}"


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return text(answer)


def test_a_withdrawal_is_shown_before_it_is_made(world: World, staff: Client) -> None:
    world.cleared()
    before = row_counts()
    asked = page(staff, f"{PAGE}/withdraw/")
    assert "Outputs finished and not yet released" in asked
    assert "There is none of: " in asked
    assert "5 tasks follow; 3 of them by people" in asked
    later = staff.get(f"{PAGE}/withdraw/?effective_on={day(31)}")
    assert later.context["preview"].impact.effective_on.isoformat() == day(31)
    assert later.context["form"].initial["effective_on"].isoformat() == day(31)
    assert page(staff, f"{PAGE}/withdraw/?effective_on=tomorrow")
    assert row_counts() == before

    notice = SimpleUploadedFile("letter.txt", b"No more.")
    given = {"id": str(uuid4()), "effective_on": day(3), "reason": "moved on", "notice": notice}
    assert staff.post(f"{PAGE}/withdraw/", given)["Location"] == f"{PAGE}/change/"
    event = ConsentEvent.objects.get(consent=UUID(CONSENT), act="withdrawn")
    assert event.evidence.get().digest == hashlib.sha256(b"No more.").hexdigest()
    shown = page(staff, f"{PAGE}/change/")
    assert "What has to be done: 2 of 5 done" in shown
    assert "Withdraw…" not in shown
    cockpit = page(staff, "/admin/rights/consentevent/")
    assert f"In 3 days, {day(3)}" in cockpit
    assert "3 open" in cockpit
    assert "Outputs marked: 1" in page(staff, f"/admin/rights/consentevent/{event.pk}/change/")
    holds()


def test_a_withdrawal_by_whoever_may_not_is_refused(world: World, staff: Client) -> None:
    given = {"id": str(uuid4()), "effective_on": day(0), "actor": key("rival")}
    answer = staff.post(f"{PAGE}/withdraw/", given)
    assert answer.status_code == 422
    assert "Nobody recorded" in answer.context["form"].errors["actor"][0]
    mandate("label", "rival")
    assert staff.post(f"{PAGE}/withdraw/", given).status_code == 302


def test_a_task_is_closed_with_a_proof(world: World, staff: Client) -> None:
    world.cleared()
    withdraw(world)
    task = WithdrawalTask.objects.get(kind="notify_licensee")
    path = f"/admin/rights/withdrawaltask/{task.pk}"
    assert "Record the proof…" in page(staff, f"{path}/change/")
    given: dict[str, Any] = {"id": str(uuid4())}
    refused = staff.post(f"{path}/complete/", given)
    assert refused.status_code == 422
    assert "one of the two" in refused.context["form"].errors["document"][0]
    assert staff.post(f"{path}/complete/", given | {"digest": PROOF})["Location"] == f"{path}/change/"
    shown = page(staff, f"{path}/change/")
    assert f"sha256:{PROOF}" in shown
    assert "Record the proof…" not in shown
    again = staff.post(f"{path}/complete/", {"id": str(uuid4()), "digest": PROOF})
    assert "has been carried out" in again.context["form"].errors["document"][0]
    for state, expected in (("open", 2), ("done", 3), ("late", 0)):
        answer = staff.get(f"/admin/rights/withdrawaltask/?state={state}")
        assert answer.context["cl"].result_count == expected, state
    holds()


def test_an_annulment_takes_two_at_the_desk(world: World, staff: Client) -> None:
    assert "Propose that this consent be annulled?" in page(staff, f"{PAGE}/annul/")
    given = {"id": str(uuid4()), "reason": "no authority"}
    assert staff.post(f"{PAGE}/annul/", given).status_code == 302
    path = f"{PAGE}/annul/{Proposal.objects.get().pk}/"
    assert "Answer the proposed annulment…" not in page(staff, f"{PAGE}/change/")
    own = staff.post(path, {"id": str(uuid4()), "reason": "I looked", "answer": "agree"})
    assert "ask a second person" in own.context["form"].errors["reason"][0]

    second = Client()
    second.force_login(User.objects.create_superuser("second", password="team"))
    assert path in page(second, f"{PAGE}/change/")
    assert "no authority" in page(second, path)
    assert second.post(path, {"id": str(uuid4()), "reason": "I looked", "answer": "agree"}).status_code == 302
    assert "Void from the start" in page(second, f"{PAGE}/change/")
    late = second.post(path, {"id": str(uuid4()), "reason": "Again", "answer": "agree"})
    assert "Somebody has answered" in late.context["form"].errors["reason"][0]
    assert second.get(f"{PAGE}/annul/{uuid4()}/").status_code == 404


def test_a_reservation_is_added_and_lifted(world: World, staff: Client) -> None:
    given = {
        "holder": key("singer"),
        "uses": ["tdm"],
        "territories": "2136",
        "active_from": SINCE,
        "channel": "tdmrep",
        "document": SimpleUploadedFile("tdmrep.json", b"{}"),
    }
    assert add(staff, "reservation", given).status_code == 302
    reservation = Reservation.objects.get()
    path = f"/admin/rights/reservation/{reservation.pk}"
    assert reservation.snapshot_digest == hashlib.sha256(b"{}").hexdigest()
    assert "Reserved: everything of the holder" in page(staff, f"{path}/change/")
    assert "Everything of the holder" in page(staff, "/admin/rights/reservation/")
    early = staff.post(f"{path}/lift/", {"id": str(uuid4()), "effective_on": day(-1)})
    assert "lies before" in early.context["form"].errors["effective_on"][0]
    lift = {"id": str(uuid4()), "effective_on": day(0)}
    assert staff.post(f"{path}/lift/", lift).status_code == 302
    assert f"Lifted from {today()}" in page(staff, f"{path}/change/")
    assert staff.post(f"{path}/lift/", lift).status_code == 302  # the same form sent twice
    holds()


def test_a_consent_says_what_it_is_not_for(world: World, staff: Client) -> None:
    given = {
        "recording": key("country"),
        "grantor": key("label"),
        "uses": ["train.gen"],
        "barred": ["political"],
        "notice_days": "30",
        "description": "Choirs",
        "territories": "DE",
        "active_from": SINCE,
        "digest": PROOF,
    }
    assert add(staff, "consent", given).status_code == 302
    made = Consent.objects.get(description="Choirs")
    assert (made.barred, made.notice_days) == (["political"], 30)
    shown = page(staff, f"/admin/rights/consent/{made.pk}/change/")
    assert "Politics" in shown
    assert "30 days" in shown
    refused = add(staff, "consent", given | {"actor": key("rival")})
    assert "Nobody recorded" in refused.context["form"].errors["actor"][0]


def test_a_consent_to_a_voice_is_recorded_with_what_the_law_asks_for(world: World, staff: Client) -> None:
    world.state("/v1/voices", {"id": key("voice"), "person": key("singer"), "label": "singing"})
    given = {
        "voice": key("voice"),
        "grantor": key("singer"),
        "uses": ["voice.generate"],
        "territories": "US",
        "active_from": SINCE,
        "active_to": "2028-01-01",
        "digest": PROOF,
    }
    refused = add(staff, "consent", given)
    assert refused.status_code == 422
    assert "description" in refused.context["form"].errors["description"][0]
    described = given | {"description": "The chorus of one song, sung by a model of this voice"}
    lone = add(staff, "consent", described | {"backing_kind": "counsel"})
    assert "give the file" in lone.context["form"].errors["backing"][0]
    paper = SimpleUploadedFile("counsel.pdf", b"advised")
    assert add(staff, "consent", described | {"backing_kind": "counsel", "backing": paper}).status_code == 302
    made = Consent.objects.get(voice=UUID(key("voice")))
    assert made.uses == ["voice.generate"]
    (granted,) = made.events.all()
    assert set(granted.evidence.values_list("kind", "digest")) >= {("counsel", hashlib.sha256(b"advised").hexdigest())}


def test_a_list_is_offered_to_a_role_and_allows_nothing_yet(world: World, staff: Client) -> None:
    world.register("piano", audio=False, licensed=False, consenting=())
    given = {
        "stage": "offered",
        "recording": [key("country"), key("piano")],
        "work": key("work of country"),
        "grantor": key("label"),
        "licensee_role": "ai_service",
        "approval_mode": "project",
        "uses": ["infer.input"],
        "description": "Remixes",
        "territories": "DE",
        "active_from": SINCE,
        "digest": PROOF,
    }
    both = add(staff, "consent", given | {"licensee": key("distributor")})
    assert "not both" in both.context["form"].errors["licensee_role"][0]
    assert add(staff, "consent", given).status_code == 302
    made = Consent.objects.get(description="Remixes")
    assert (made.is_list, made.assets.count(), made.licensee_role, made.approval_mode) == (
        True, 3, "ai_service", "project",
    )  # fmt: skip
    assert [event.act for event in made.events.all()] == ["offered"]
    assert "Offered and not answered yet" in page(staff, f"/admin/rights/consent/{made.pk}/change/")
    assert add(staff, "consent", given | {"recording": [], "work": ""}).status_code == 422


def test_consents_are_found_by_what_became_of_them(world: World, staff: Client) -> None:
    world.state("/v1/consents/offers", terms("offer"))
    world.state("/v1/consents/offers", terms("declined"))
    assert answered(world, key("declined"), "declined").status_code == 201
    assert withdraw(world, effective_on=day(2)).status_code == 201
    found = {
        state: staff.get(f"/admin/rights/consent/?state={state}").context["cl"].result_count
        for state in ("granted", "offered", "noticed", "withdrawn", "annulled")
    }
    assert found == {"granted": 2, "offered": 1, "noticed": 1, "withdrawn": 0, "annulled": 0}
    assert "Offered and not answered yet" in page(staff, f"/admin/rights/consent/{key('offer')}/change/")
    assert "Declined: it allows nothing." in page(staff, f"/admin/rights/consent/{key('declined')}/change/")
