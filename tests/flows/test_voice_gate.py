"""A voice without consent stops a release; nobody waves it through but two people who may vouch, with a document."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from fingerprint.evidence import Detector, Evidence, Match, Segment
from fingerprint.models import Reference
from ledger import clearance, jobs, sequencer
from ledger.models import Job, Membership
from rights import terms
from rights.models import Decision, Review, Submission
from tests.flows.conftest import DOCUMENT, World, admitted, key
from tests.flows.test_appeals import answer, appeal
from tests.flows.test_reviews import Person, assert_whole, code, operator, state
from tests.flows.test_voices import agree, enrolled

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

Role = Membership.Role
VOICE = {"uses": ["voice.generate"]}


@pytest.fixture
def gate(world: World) -> World:
    """The world with the enrolled voice of the singer, who holds it alone and is recognized by consent."""
    world.state("/v1/voices", {"id": key("voice"), "person": key("singer"), "label": "singing"})
    world.share("voice", party="singer", part="1", voice=key("voice"), right_type="voice")
    agree(world)
    enrolled(world)
    return world


def heard(world: World, name: str = "imitated", *, probability: int | None = 999_500) -> dict[str, Any]:
    """An output of “country” in which the voice is heard, as if a detector had measured it; decided on that."""
    submission = Submission.objects.select_related("audio").get(
        pk=world.submit(name, world.sounds.sung("flac"), key("country"))["id"]
    )
    at = timezone.now()
    job = jobs.claim(Job.Kind.CLEAR, submission.pk, at=at)
    assert job is not None

    def match(kind: Any, reference: Any, likely: int | None) -> Match:
        return Match(
            kind=kind,
            algorithm=f"{kind}/test",
            reference_id=reference,
            output=Segment(4_000, 12_000),
            reference=Segment(0, 8_000),
            time_ratio_millionths=1_000_000,
            pitch_shift_cents=0,
            score_millionths=900_000,
            probability_millionths=likely,
        )

    copy = match("exact_match", Reference.objects.get(recordings=UUID(key("country"))).pk, 1_000_000)
    voice = match("voice_match", enrollment(), probability)
    evidence = Evidence(
        audio_digest=submission.audio_id,
        duration_ms=submission.audio.duration_ms,
        detectors=tuple(Detector(one.kind, one.algorithm, (), "0" * 64, 1) for one in (copy, voice)),
        matches=(copy, voice),
        peak_millionths=900_000,
        rms_millionths=100_000,
    )
    clearance._judge(submission, job, terms.claim_of(submission), evidence, known_at=at, at=at)
    sequencer.drain(at=timezone.now())
    return state(world, name)


def enrollment() -> Any:
    from rights.models import VoiceEnrollment

    return VoiceEnrollment.objects.get().pk


def test_a_voice_without_consent_refuses_and_with_one_clears(gate: World) -> None:
    stopped = heard(gate)
    assert stopped["state"] == "refused"
    (finding,) = stopped["decision"]["findings"]
    assert finding["rule"] == "voices_are_consented"
    assert "does not cover this use" in finding["sentence"]  # to being recognized, and to nothing else
    assert finding["rests_on"][0] == key("voice")
    gate.consent(
        "to sing",
        grantor="singer",
        voice=key("voice"),
        description="One remix",
        active_to="2031-01-01",
        evidence=[{"kind": "counsel", "digest": DOCUMENT}],
        **VOICE,
    )
    unlicensed = heard(gate, "unlicensed")
    assert unlicensed["state"] == "refused"
    assert "on no license of the submitter" in unlicensed["decision"]["findings"][0]["sentence"]
    gate.license("voice license", licensor=key("singer"), schedule=[{"voice": key("voice")}], **VOICE)
    cleared = heard(gate, "allowed")
    assert cleared["state"] == "cleared", cleared["decision"]
    assert key("voice license") in cleared["decision"]["licenses"]
    assert_whole()


def test_below_the_band_a_reviewer_listens(gate: World) -> None:
    waiting = heard(gate, probability=None)
    assert waiting["state"] == "review"
    assert operator("first").review(waiting["decision"]["id"], "cleared", "not_the_same").json()["outcome"] == "cleared"
    assert_whole()


def test_two_who_may_vouch_let_a_voice_pass_with_a_document(gate: World) -> None:
    first = heard(gate)["decision"]["id"]
    one, other = operator("one"), operator("other")
    case = one.get(f"/v1/review-cases/{first}").json()
    assert (case["needs"], case["takes_two"]) == (["vouching"], True)
    assert code(one.review(first, "cleared", "consent_evidenced")) == (422, "evidence_missing")
    evidence = {"evidence": f"sha256:{DOCUMENT}"}
    assert one.review(first, "cleared", "consent_evidenced", **evidence).json()["decision"] is None
    assert state(gate, "imitated")["state"] == "refused"
    assert other.review(first, "cleared", "consent_evidenced", **evidence).json()["outcome"] == "cleared"
    (finding,) = state(gate, "imitated")["decision"]["findings"]
    assert (finding["rule"], finding["effect"]) == ("voices_are_consented", "pass")
    assert [review.evidence_digest for review in Review.objects.order_by("position")] == [DOCUMENT, DOCUMENT]
    assert_whole()


def test_a_reviewer_without_that_role_lets_no_voice_pass(gate: World) -> None:
    first = heard(gate)["decision"]["id"]
    evidence = {"evidence": f"sha256:{DOCUMENT}"}
    reviewer = Person(admitted("singer's reviewer", "singer", Role.REVIEWER))
    assert code(reviewer.review(first, "cleared", "consent_evidenced", **evidence)) == (403, "nobody_vouches")
    manager = Person(admitted("label's manager", "label", Role.RIGHTS_MANAGER))
    assert code(manager.review(first, "cleared", "consent_evidenced", **evidence)) == (403, "not_your_review")
    one = Person(admitted("singer's manager", "singer", Role.RIGHTS_MANAGER))
    assert one.review(first, "cleared", "consent_evidenced", **evidence).json()["decision"] is None
    assert one.review(first, "cleared", "consent_evidenced", **evidence).status_code == 200  # the same again
    assert Decision.objects.count() == 1
    assert_whole()


def test_no_appeal_opens_the_gate(gate: World) -> None:
    assert heard(gate)["state"] == "refused"
    assert appeal(gate.distributor, "imitated", ground="not_the_same").status_code == 201
    answered = answer(operator("second"), "imitated")
    assert answered.status_code == 201, answered.content
    assert answered.json()["answer"]["allowances"] == []
    assert state(gate, "imitated")["state"] == "refused"
    assert heard(gate, "again")["state"] == "refused"
    assert_whole()
