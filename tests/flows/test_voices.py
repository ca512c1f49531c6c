"""Voices are recognized under a consent to exactly that, by a template that nobody sees, as long as it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone

from fingerprint import audio
from fingerprint import voices as heard
from fingerprint.voice_encoder import RATE_HZ
from ledger import audit, clearance, clients, consenting, erasure, log, rechecking, sequencer, voices
from ledger.demo import material
from ledger.models import Entry, Erasure
from rights import voices as rights_voices
from rights.models import Decision, Voice, VoiceEnrollment, VoiceEnrollmentEnd, VoiceTemplate
from rights.sealing import Unreadable
from tests.flows.conftest import SINCE, WORLD, Api, World, key, superuser, today

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

ENROLLMENTS = f"/v1/voices/{key('voice')}/enrollments"


@pytest.fixture
def singing(trade: World) -> World:
    """The trade with the registered voice of the singer."""
    trade.state("/v1/voices", {"id": key("voice"), "person": key("singer"), "label": "singing"})
    return trade


def agree(world: World, name: str = "recognized", **changes: Any) -> str:
    """Let the singer consent to being recognized by the voice."""
    given = {"uses": ["identify"], "voice": key("voice"), "description": "To find copies of my voice"}
    return world.consent(name, grantor="singer", **{**given, **changes})


def send(api: Api, name: str, clips: Sequence[Path | bytes], **more: Any) -> Any:
    """Enroll the voice with clips."""
    files = [
        SimpleUploadedFile(f"clip-{at}.flac", clip.read_bytes() if isinstance(clip, Path) else clip, "audio/flac")
        for at, clip in enumerate(clips)
    ]
    return api.client.post(ENROLLMENTS, {"id": key(name), "clips": files, **more}, headers=api.headers)


def enrolled(world: World, name: str = "enrollment", **more: Any) -> VoiceEnrollment:
    """Enroll the voice, which must work."""
    answer = send(world.label, name, [world.sounds.own()], **more)
    assert answer.status_code == 201, answer.content
    return VoiceEnrollment.objects.get(pk=key(name))


def enrolled_by(encoder: str, name: str, sound: Path) -> None:
    """Enroll the voice as another release did, by the encoder of then."""
    at, id, voice = timezone.now(), UUID(key(name)), Voice.objects.get(pk=key("voice"))
    ear = heard.Ear(heard.COMPARISONS.get(encoder, heard.BY_STUDENT))
    for block in audio.decode(sound, "audio/flac", RATE_HZ):
        ear.feed(block)
    vectors = heard.unit(ear.finish().of_voice().vectors.mean(axis=0))[None]
    with transaction.atomic(durable=True):
        enrollment = rights_voices.enroll(
            id=id,
            voice=voice,
            consent=rights_voices.consent_to(voice, by_id=None, on=at.date(), known_at=at),
            algorithm=encoder,
            clip_digests=["0" * 64],
            voiced_ms=heard.LEAST_VOICE_MS,
            template=rights_voices.stage(enrollment_id=id, voice=voice, vectors=vectors),
            registrar_id=None,
            at=at,
        )
        named = {"voice": str(voice.pk), "consent": str(enrollment.consent_id), "algorithm": encoder, "clips": 1}
        log.append(Entry.Kind.VOICE_ENROLLED, enrollment, named, at=at)


def problem(answer: Any) -> tuple[int, str]:
    """Its status and its code."""
    return answer.status_code, answer.json()["code"]


def clean() -> bool:
    """Whether the log and the rows agree."""
    while sequencer.step(at=timezone.now(), batch=250):
        pass
    return audit.audit().faults == ()


def test_a_voice_is_enrolled_under_a_consent_and_its_template_is_sealed(singing: World) -> None:
    consent = agree(singing)
    answer = send(singing.label, "enrollment", [singing.sounds.own()])
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["voice"], told["consent"], told["algorithm"]) == (key("voice"), consent, heard.CURRENT.encoder)
    assert told["voiced_ms"] >= heard.LEAST_VOICE_MS
    assert told["end"] is None
    (template,) = voices.templates(at=timezone.now())
    assert str(template.id) == key("enrollment")
    assert template.vectors.shape == (1, heard.CURRENT.dimensions)
    sealed = bytes(VoiceTemplate.objects.get().sealed)
    assert template.vectors.astype("<f2").tobytes() not in sealed
    entry = Entry.objects.get(kind=Entry.Kind.VOICE_ENROLLED)
    assert b"recognized" not in bytes(entry.body)  # ids and digests
    assert clean()
    again = send(singing.label, "enrollment", [singing.sounds.own()])
    assert (again.status_code, again.json()) == (200, told)
    other = send(singing.label, "enrollment", [singing.sounds.sung("flac")])
    assert problem(other) == (409, "id_taken")
    assert [row["id"] for row in singing.label.get(ENROLLMENTS).json()["results"]] == [key("enrollment")]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (None, "not consented"),
        ({"uses": ["voice.train"], "territories": ["NL"], "active_to": "2028-01-01"}, "not consented"),
        ({"active_from": (today() + timedelta(days=1)).isoformat()}, "begins on"),
        ({"active_to": today().isoformat()}, "ended before"),
        ({"licensee": key("rival")}, "is for somebody else"),
        ({"licensee_role": "society"}, "in the role"),
        ({"approval_mode": "output"}, "approved each time"),
    ],
)
def test_refuses_what_the_person_did_not_agree_to(singing: World, changes: dict[str, Any] | None, says: str) -> None:
    if changes is not None:
        agree(singing, **changes)
    answer = send(singing.label, "enrollment", [singing.sounds.own()])
    assert problem(answer) == (422, "not_consented_to_be_recognized")
    assert says in answer.json()["detail"]
    assert not VoiceEnrollment.objects.exists()


def test_a_consent_to_whoever_enrolls_and_a_reservation_that_stands_against_it(singing: World) -> None:
    agree(singing, licensee=key("label"))
    reservation = {
        "id": key("reserved"),
        "holder": key("singer"),
        "voice": key("voice"),
        "uses": ["identify"],
        "territories": [WORLD],
        "active_from": SINCE,
        "channel": "letter",
    }
    singing.state("/v1/reservations", reservation)
    answer = send(singing.label, "enrollment", [singing.sounds.own()])
    assert problem(answer) == (422, "not_consented_to_be_recognized")
    assert key("reserved") in answer.json()["detail"]
    agree(singing, "in spite of it", licensee=key("label"), overrides=[key("reserved")])
    assert enrolled(singing).consent_id == UUID(key("consent in spite of it"))


def test_refuses_clips_without_enough_voice(singing: World, tmp_path: Path) -> None:
    agree(singing)
    short = material.write(material.cut(material.load(singing.sounds.own()), 0, 3), tmp_path / "short.flac")
    band = singing.sounds.song("country")
    for clips in ([short], [band]):
        answer = send(singing.label, "enrollment", clips)
        assert problem(answer) == (422, "too_little_voice")
        assert "5 are needed" in answer.json()["detail"]
    own = singing.sounds.own()
    assert problem(send(singing.label, "enrollment", [own, own])) == (422, "same_clip_twice")
    assert problem(send(singing.label, "enrollment", [own.read_bytes()[:-2000]])) == (422, "truncated_audio")
    assert problem(send(singing.label, "enrollment", [b"no sound"] * 11)) == (422, "too_many_clips")
    assert send(singing.label, "enrollment", []).status_code == 400
    assert not VoiceEnrollment.objects.exists()


def test_a_newer_enrollment_replaces_an_older_one(singing: World) -> None:
    agree(singing)
    first = enrolled(singing, "first")
    second = enrolled(singing, "second", replaces=str(first.pk))
    end = VoiceEnrollmentEnd.objects.get()
    assert (end.enrollment_id, end.kind, end.successor_id) == (first.pk, "replaced", second.pk)
    assert [template.id for template in voices.templates(at=timezone.now())] == [second.pk]
    again = send(singing.label, "third", [singing.sounds.own()], replaces=str(first.pk))
    assert problem(again) == (409, "enrollment_ended")
    assert clean()


def test_the_person_ends_an_enrollment_and_the_template_is_gone(singing: World) -> None:
    agree(singing)
    enrolled(singing)
    ends = f"/v1/voice-enrollments/{key('enrollment')}/ends"
    singer = Api(
        clients.create(name="singer", party_id=UUID(key("singer")), scopes=["catalogue:read", "catalogue:write"])
    )
    stranger = Api(
        clients.create(name="rival", party_id=UUID(key("rival")), scopes=["catalogue:read", "catalogue:write"])
    )
    assert problem(stranger.post(ends, {"id": key("end")})) == (404, "no_such_enrollment")
    answer = singer.post(ends, {"id": key("end")})
    assert (answer.status_code, answer.json()["kind"]) == (201, "withdrawal")
    assert singer.post(ends, {"id": key("end")}).status_code == 200
    assert problem(singer.post(ends, {"id": key("another end")})) == (409, "enrollment_ended")
    assert not VoiceTemplate.objects.exists()
    assert voices.templates(at=timezone.now()) == ()
    assert singer.get(ENROLLMENTS).json()["results"][0]["end"]["id"] == key("end")
    assert clean()


def test_a_withdrawn_consent_is_not_compared_with_and_the_sweep_destroys_the_template(singing: World) -> None:
    consent = agree(singing)
    enrolled(singing)
    at = timezone.now()
    assert voices.end_lapsed(at=at) == 0
    consenting.withdraw(
        id=uuid4(),
        consent_id=UUID(consent),
        actor_id=UUID(key("singer")),
        effective_on=at.date(),
        reason="",
        at=timezone.now(),
    )
    assert voices.templates(at=timezone.now()) == ()
    assert VoiceTemplate.objects.exists()
    assert (voices.end_lapsed(at=timezone.now()), voices.end_lapsed(at=timezone.now())) == (1, 0)
    assert not VoiceTemplate.objects.exists()
    assert VoiceEnrollmentEnd.objects.get().kind == "withdrawal"
    assert clean()


def test_an_erasure_destroys_templates_and_says_so(singing: World) -> None:
    agree(singing)
    enrolled(singing)
    sealed = bytes(VoiceTemplate.objects.get().sealed)
    one, other = (User.objects.create_user(name, is_staff=True) for name in ("one", "other"))
    erasure.request(
        id=UUID(key("asked")), party_id=UUID(key("singer")), channel=erasure.Channel.LETTER, at=timezone.now()
    )
    proposal = erasure.propose(
        id=uuid4(), party_id=UUID(key("singer")), reason="", proposed_by_id=one.pk, at=timezone.now()
    )
    erasure.answer(
        id=uuid4(), proposal_id=proposal.pk, answered_by_id=other.pk, is_agreed=True, reason="", at=timezone.now()
    )
    with superuser() as login:
        assert login.execute("SELECT count(*) FROM rights_voicetemplate").fetchone() == (0,)
    letter = erasure.letter(Erasure.objects.get())
    assert "1 record: what the voice was recognized by" in letter.erased
    assert any(line.startswith("1 record: enrollments of voices") for line in letter.stays)
    assert VoiceEnrollmentEnd.objects.get().kind == "erasure"
    assert sealed
    assert clean()
    assert problem(send(singing.label, "later", [singing.sounds.own()]))[1] in {
        "erased",
        "not_consented_to_be_recognized",
    }


def test_the_database_refuses_changes_and_templates_of_what_has_ended(singing: World) -> None:
    agree(singing)
    enrollment = enrolled(singing)
    with pytest.raises(Exception, match=r"facts are inserted|permission denied|append"), transaction.atomic():
        VoiceEnrollment.objects.update(algorithm="other")
    voices.end(id=uuid4(), enrollment_id=enrollment.pk, at=timezone.now())
    with pytest.raises(IntegrityError, match="gone for good"), transaction.atomic():
        VoiceTemplate.objects.create(enrollment=enrollment, sealed=b"x")
    with pytest.raises(Exception, match="permission denied"), connections["default"].cursor() as cursor:
        cursor.execute("UPDATE rights_voicetemplate SET sealed = ''")


def test_who_sees_an_enrollment(singing: World) -> None:
    agree(singing)
    enrolled(singing)
    for name, count in (("singer", 1), ("rival", None)):
        api = Api(clients.create(name=name, party_id=UUID(key(name)), scopes=["catalogue:read"]))
        answer = api.get(ENROLLMENTS)
        assert (len(answer.json()["results"]) if answer.status_code == 200 else None) == count


def test_a_template_moved_to_another_enrollment_does_not_open(singing: World) -> None:
    agree(singing)
    enrolled(singing, "first")
    enrolled(singing, "second")
    with superuser() as login:
        login.execute(
            "UPDATE rights_voicetemplate SET sealed ="
            " (SELECT sealed FROM rights_voicetemplate WHERE enrollment_id = %s) WHERE enrollment_id = %s",
            [key("first"), key("second")],
        )
    with pytest.raises(Unreadable):
        voices.templates(at=timezone.now())


def test_vectors_come_back_as_they_were_enrolled(singing: World) -> None:
    agree(singing)
    enrolled(singing)
    (template,) = voices.templates(at=timezone.now())
    found = heard.enroll([(singing.sounds.own(), "audio/flac")])
    assert np.allclose(template.vectors, found.vectors, atol=2e-3)


def test_an_output_with_an_enrolled_voice_is_examined_for_it(singing: World) -> None:
    agree(singing)
    enrolled(singing)
    for by, name in ((heard.BY_CAMPPLUS, "before"), (heard.BY_STUDENT, "long before")):
        enrolled_by(by.encoder, name, singing.sounds.own())
    submitted = singing.submit("sung", singing.sounds.sung("flac"))
    clearance.clear(submission_id=UUID(submitted["id"]), at=timezone.now())
    evidence = singing.distributor.get(f"/v1/submissions/{submitted['id']}/evidence").json()
    # Whoever was enrolled by an encoder before is looked for by that, until they are enrolled anew.
    assert {one["algorithm"]: one["index_size"] for one in evidence["detectors"] if one["kind"] == "voice_match"} == {
        heard.CURRENT.algorithm: 1,
        heard.BY_CAMPPLUS.algorithm: 1,
        heard.BY_STUDENT.algorithm: 1,
    }
    matches = [one for one in evidence["matches"] if one["kind"] == "voice_match"]
    assert {one["reference_id"] for one in matches} == {key("enrollment"), key("before"), key("long before")}
    repeated = rechecking.repeat(decision_id=Decision.objects.get().pk)
    assert (repeated.is_same_evidence, repeated.differences) == (True, ())
    longest = max(matches, key=lambda one: one["output"]["end_ms"] - one["output"]["start_ms"])["output"]
    assert longest["start_ms"] < 9_000  # it sings from 0:04 to 0:12
    assert longest["end_ms"] > 10_000
    User.objects.create_superuser("rights", password="a team of two")
    client = Client()
    assert client.login(username="rights", password="a team of two")
    page = client.get(f"/reports/submissions/{submitted['id']}").content.decode()
    assert "Registered voice" in page
    assert "unknown fact" not in page
    for name, says in (("long before", "Enroll anew"), ("before", "Enroll anew"), ("enrollment", "In use")):
        shown = client.get(f"/admin/rights/voiceenrollment/{key(name)}/change/").content.decode()
        assert says in shown
        assert ("enroll it anew from takes" in shown) is (name != "enrollment")


def test_whom_this_release_could_not_recognize_is_not_passed_over(singing: World) -> None:
    agree(singing)
    enrolled_by("voice-of-tomorrow/1", "later", singing.sounds.own())
    with pytest.raises(heard.UnknownEncoder, match=key("later")):
        voices.templates(at=timezone.now())


def test_many_enrollments_take_no_more_questions_than_one(singing: World, django_assert_max_num_queries: Any) -> None:
    agree(singing)
    for name in ("one", "two", "three"):
        enrolled(singing, name)
    with django_assert_max_num_queries(8):
        assert len(voices.templates(at=timezone.now())) == 3
