"""What is heard and seen of a match …"""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import av
import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from fingerprint.evidence import Detector, Evidence, Match, Segment
from fingerprint.models import Examination, Reference
from ledger import clearance, deciding, jobs, sequencer
from ledger.models import Job, Membership
from rights import terms
from rights.models import Recording, Submission
from tests.flows.conftest import World, admitted, key

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

ZERO = "0" * 64


@pytest.fixture(autouse=True)
def fresh_pictures() -> Iterator[None]:
    caches["pictures"].clear()
    yield
    caches["pictures"].clear()


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("rights"))
    return client


def examined(world: World, *matches: Match, name: str = "found", title: str = "Found") -> Submission:
    """An output that is judged on evidence of the test's own making, as if a detector had found it."""
    found = world.submit(name, world.sounds.sung("flac"), key("country"), title=title)
    submission = Submission.objects.select_related("audio").get(pk=found["id"])
    at = timezone.now()
    job = jobs.claim(Job.Kind.CLEAR, submission.pk, at=at)
    assert job is not None
    evidence = Evidence(
        audio_digest=submission.audio_id,
        duration_ms=submission.audio.duration_ms,
        detectors=tuple(
            Detector(match.kind, match.algorithm, (("threshold", "test"),), ZERO, 1)
            for match in {(match.kind, match.algorithm): match for match in matches}.values()
        ),
        matches=matches,
        peak_millionths=900_000,
        rms_millionths=100_000,
    )
    judged = deciding.judge(submission, terms.claim_of(submission), evidence, known_at=at, at=at)
    clearance._commit(submission, job, judged, evidence, at=at)
    sequencer.drain(at=timezone.now())
    return submission


def a_match(reference_id: UUID, kind: Any = "exact_match", **changes: Any) -> Match:
    given: dict[str, Any] = {
        "kind": kind,
        "algorithm": {"exact_match": "marks/1", "version_match": "tunes/1", "voice_match": "voices/1"}[kind],
        "reference_id": reference_id,
        "output": Segment(2_000, 10_000),
        "reference": Segment(4_000, 12_000),
        "time_ratio_millionths": 1_000_000,
        "pitch_shift_cents": 0,
        "score_millionths": 912_345,
        "probability_millionths": 987_600,
        "measures": (),
    }
    return Match(**given | changes)


def country() -> UUID:
    reference = Recording.objects.get(pk=key("country")).reference_id
    assert reference is not None
    return reference


def of_match(submission: Submission, position: int, name: str) -> str:
    return f"/reports/submissions/{submission.pk}/matches/{position}/{name}"


def pixels(content: bytes) -> Any:
    with av.open(io.BytesIO(content), "r") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


# --- what there is


def test_draws_both_sides(world: World, staff: Client) -> None:
    submission = examined(world, a_match(country()))
    whole = staff.get(f"/reports/submissions/{submission.pk}/outline.json")
    assert (whole.status_code, whole["Cache-Control"]) == (200, "private, max-age=86400")
    assert len(whole.json()["low"]) == len(whole.json()["high"]) == 1_000
    assert staff.get(of_match(submission, 0, "outline.json")).json() != whole.json()
    for side in ("output", "reference"):
        part = staff.get(of_match(submission, 0, f"{side}.json")).json()
        assert -127 <= min(part["low"]) < -20 < 20 < max(part["high"]) <= 127
        assert -4_000 < part["loudness"] < 0
        drawn = staff.get(of_match(submission, 0, f"{side}.png"))
        assert drawn["Content-Type"] == "image/png"
        assert pixels(drawn.content).shape == (160, 800, 3)
        assert np.ptp(pixels(drawn.content)) > 200
    assert pixels(staff.get(of_match(submission, 0, "notes.png")).content).shape[0] == 12
    melodies = staff.get(of_match(submission, 0, "melodies.json")).json()
    assert len(melodies["output"]) == len(melodies["reference"]) == 400
    assert max(at for at in melodies["output"] if at is not None) < melodies["steps"]


def test_shows_the_copied_stretch_where_the_match_says_it_is(world: World, staff: Client) -> None:
    # The output is seconds 10 to 24 of the song, with a voice, and the registered recording 8 to 28: two seconds apart.
    submission = examined(world, a_match(country(), output=Segment(0, 14_000), reference=Segment(2_000, 16_000)))
    drawn = pixels(staff.get(of_match(submission, 0, "similarity.png")).content).astype(int).sum(axis=2)
    down, across = drawn.shape
    on = [drawn[(at + 2) * down // 20, at * across // 14] for at in range(1, 13)]
    off = [drawn[(at + 5) % 20 * down // 20, at * across // 14] for at in range(1, 13)]
    assert np.median(on) > 1.5 * np.median(off)


def test_draws_once(world: World, staff: Client) -> None:
    submission = examined(world, a_match(country()))
    path = of_match(submission, 0, "output.png")
    first = staff.get(path).content
    shelf: Any = caches["pictures"]
    kept = list(shelf._list_cache_files())
    assert len(kept) == 1
    assert staff.get(path).content == first
    assert list(shelf._list_cache_files()) == kept


def test_plays_the_recording_as_high_as_the_output(world: World, staff: Client) -> None:
    submission = examined(world, a_match(country(), "version_match", pitch_shift_cents=-300))
    plain, tuned, output = (
        _samples(staff.get(of_match(submission, 0, name)).content)
        for name in ("reference.wav", "reference.wav?tuned=1", "output.wav?tuned=1")
    )
    assert plain[1] == tuned[1]  # the same samples, played more slowly
    assert tuned[0] == pytest.approx(plain[0] * 2 ** (-300 / 1200), abs=1)
    assert output[0] == plain[0]


def _samples(content: bytes) -> tuple[int, bytes]:
    with wave.open(io.BytesIO(content)) as opened:
        return opened.getframerate(), opened.readframes(opened.getnframes())


def test_transposes_what_it_draws_of_the_recording(world: World, staff: Client) -> None:
    same = examined(world, a_match(country()), name="same")
    higher = examined(world, a_match(country(), "version_match", pitch_shift_cents=500), name="higher")
    for name in ("notes.png", "similarity.png"):
        assert staff.get(of_match(same, 0, name)).content != staff.get(of_match(higher, 0, name)).content
    lines = [staff.get(of_match(one, 0, "melodies.json")).json() for one in (same, higher)]
    moved = [a - b for a, b in zip(lines[1]["reference"], lines[0]["reference"], strict=True) if a is not None]
    assert set(moved) == {15}  # five semitones, in thirds
    assert lines[0]["output"] == lines[1]["output"]


def test_hands_out_one_picture_to_keep(world: World, staff: Client) -> None:
    submission = examined(world, a_match(country()), title="<Found> & kept")
    answer = staff.get(of_match(submission, 0, "picture.svg"))
    assert answer["Content-Type"].startswith("image/svg+xml")
    assert answer["Content-Disposition"] == f'attachment; filename="{submission.pk}-match-1.svg"'
    said = answer.content.decode()
    assert "&lt;Found&gt; &amp; kept" in said
    assert said.count("data:image/png;base64,") == 4
    assert f"sha256:{Examination.objects.get().digest}" in said


# --- what there is not


def test_has_one_side_of_a_voice(world: World, staff: Client) -> None:
    submission = examined(world, a_match(uuid4(), "voice_match"))
    there = ("output.png", "output.json", "output.wav", "picture.svg")
    absent = ("reference.wav", "reference.json", "reference.png", "outline.json", "similarity.png", "notes.png")
    for name, status in [*((name, 200) for name in there), *((name, 404) for name in (*absent, "melodies.json"))]:
        assert staff.get(of_match(submission, 0, name)).status_code == status, name


def test_is_about_matches_parts_and_sides_that_exist(world: World, staff: Client) -> None:
    submission = examined(world, a_match(country()), a_match(country(), output=Segment(3_000, 3_001)))
    for name in ("both.png", "output.png?part=1", "output.png?part=-1", "output.png?part=x", "output.json?part=9999",
                 "notes.png?part=1", "melodies.json?part=1", "picture.svg?part=1"):  # fmt: skip
        assert staff.get(of_match(submission, 0, name)).status_code == 404, name
    assert staff.get(of_match(submission, 7, "similarity.png")).status_code == 404
    assert staff.get(of_match(submission, 1, "output.png")).status_code == 404  # a millisecond cannot be drawn
    assert staff.post(of_match(submission, 0, "output.png")).status_code == 405
    assert Client().get(of_match(submission, 0, "output.png")).status_code == 302


@pytest.mark.parametrize(("party", "seen"), [("distributor", True), ("label", True), ("rival", False)])
def test_is_for_whoever_sees_the_match(party: str, seen: bool, world: World) -> None:  # noqa: FBT001
    submission = examined(world, a_match(country()))
    client = Client()
    client.force_login(admitted(f"of {party}", party, Membership.Role.REVIEWER))
    for name in ("output.png", "reference.json", "similarity.png", "notes.png", "melodies.json", "picture.svg"):
        assert client.get(of_match(submission, 0, name)).status_code == (200 if seen else 404), name
    # The whole output is its submitter's.
    whole = client.get(f"/reports/submissions/{submission.pk}/outline.json").status_code
    assert whole == (200 if party == "distributor" else 404)


# --- the page


def test_shows_four_kinds_apart(world: World, staff: Client) -> None:
    voice = uuid4()
    submission = examined(
        world,
        a_match(country(), measures=(("bit_error_millionths", 53_000), ("aligned_ms", 8_000))),
        a_match(country(), "version_match", pitch_shift_cents=-250, time_ratio_millionths=1_040_000),
        a_match(country(), "version_match", output=Segment(11_000, 13_000), probability_millionths=None),
        a_match(voice, "voice_match", probability_millionths=999_990),
        a_match(voice, "voice_match", output=Segment(0, 1_500), probability_millionths=420_000),
    )
    page = staff.get(f"/admin/rights/submission/{submission.pk}/change/")
    shown = page.context["page"].comparisons
    assert [(one.kind, len(one.rows), one.is_audible) for one in shown] == [
        ("voice_match", 2, False), ("exact_match", 1, True), ("version_match", 2, True)]  # fmt: skip
    said = page.content.decode()
    assert "4.0 % faster than the recording, 2.5 semitones lower" in said
    assert "98.8 %" in said
    assert "over 99.9 %" in said
    assert "tunes/1 is not calibrated" in said
    assert "A voice is kept as numbers that cannot be played back" in said
    assert "8,000 ms" in said
    report = staff.get(f"/reports/submissions/{submission.pk}").content.decode()
    assert "A registered voice" in report
    assert "over 99.9 % likely right" in report
    assert Reference.objects.filter(pk=voice).count() == 0
    assert json.loads(bytes(Examination.objects.get().document))["format"] == "fingerprint-evidence/2"
