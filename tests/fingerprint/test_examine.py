"""An examination …"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from fingerprint import coherence, examine, extract, index, landmarks, references, spectra, store, traces
from fingerprint.agreement import told_once
from fingerprint.audio import AudioFacts, CorruptAudio, probe
from fingerprint.evidence import EXACT_MATCH
from fingerprint.examine import fingerprint
from fingerprint.models import Audio, Examination, Fingerprint, Reference, Trace
from fingerprint.postings import Postings
from tests.fingerprint.sounds import LIMITS, MUSIC, Sound, noise, tone, wav

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
COUNTRY = UUID("11111111-1111-4111-8111-111111111111")
VIBE = UUID("22222222-2222-4222-8222-222222222222")
OTHER = UUID("33333333-3333-4333-8333-333333333333")

Write = Callable[[bytes], Path]


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "audio": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "store")},
        },
    }


def taken_in(path: Path) -> AudioFacts:
    facts = probe(path, declared_media_type=None, limits=LIMITS)
    assert store.put(path) == facts.digest
    return facts


def enrolled(reference_id: UUID, facts: AudioFacts) -> Reference:
    return references.enroll(reference_id=reference_id, facts=facts, fingerprint=fingerprint(facts), at=AT)


@pytest.fixture
def output(music: Callable[..., Sound], write: Write) -> AudioFacts:
    """Ten seconds of a registered song inside one that is not."""
    host, song = music("two-hour-delay.ogg"), music("country.mp3")
    sound = np.concatenate([host[: 20 * 44_100], song[30 * 44_100 : 40 * 44_100], host[50 * 44_100 : 60 * 44_100]])
    return taken_in(write(wav(sound)))


@pytest.mark.django_db
def test_finds_registered_songs_and_says_with_what(output: AudioFacts) -> None:
    enrolled(COUNTRY, taken_in(MUSIC / "country.mp3"))
    enrolled(VIBE, taken_in(MUSIC / "vibe-ace.ogg"))
    evidence = examine.examine(output)
    (match,) = evidence.of_kind("exact_match")
    assert match.reference_id == COUNTRY
    assert (match.output.start_ms, match.output.end_ms) == pytest.approx((20_000, 30_000), abs=1_000)
    assert (match.reference.start_ms, match.reference.end_ms) == pytest.approx((30_000, 40_000), abs=1_000)
    assert evidence.audio_digest == output.digest
    assert evidence.duration_ms == output.duration_ms
    harmony, marks, _ = evidence.detectors
    assert (harmony.kind, harmony.algorithm) == ("exact_match", extract.algorithm())
    assert (marks.kind, marks.algorithm) == ("exact_match", landmarks.ALGORITHM)
    for detector, family in ((harmony, index.CHROMAPRINT), (marks, index.LANDMARKS)):
        assert detector.index_size == 2
        assert detector.index_snapshot == index.current(family).snapshot
    # Both heard it; it is told once.
    assert match.algorithm == harmony.algorithm
    assert match.measure("landmarks_score_millionths") is not None
    assert 0 < evidence.rms_millionths < evidence.peak_millionths <= 1_000_000


@pytest.mark.django_db
def test_is_the_same_every_time(output: AudioFacts) -> None:
    enrolled(COUNTRY, taken_in(MUSIC / "country.mp3"))
    assert examine.examine(output).to_bytes() == examine.examine(output).to_bytes()


@pytest.mark.django_db
def test_is_kept_as_the_bytes_that_were_hashed(output: AudioFacts) -> None:
    references.receive(facts=output, at=AT)
    evidence = examine.examine(output)
    examine.record(evidence, id=OTHER, audio_digest=output.digest, at=AT)
    kept = Examination.objects.get(id=OTHER)
    assert bytes(kept.document) == evidence.to_bytes()
    assert kept.digest == hashlib.sha256(bytes(kept.document)).hexdigest()
    assert examine.read(kept) == evidence


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sound", "peak", "rms", "lufs"),
    [
        (np.zeros(44_100, np.int16), 0, 0, None),
        (np.full(4_410, -32_768, np.int16), 1_000_000, 1_000_000, None),
        (tone(2), 488_000, 345_000, -990),
        (np.array([0], np.int16), 0, 0, None),
    ],
    ids=["silence", "full scale", "a tone", "one sample"],
)
def test_measures_how_loud_it_is(sound: Sound, peak: int, rms: int, lufs: int | None, write: Write) -> None:
    evidence = examine.examine(taken_in(write(wav(sound))))
    assert evidence.matches == ()
    # The first and last milliseconds are rounded off by the change of rate.
    assert evidence.peak_millionths == pytest.approx(peak, rel=0.12)
    assert evidence.rms_millionths == pytest.approx(rms, rel=0.05)
    assert evidence.loudness_centi_lufs == (lufs if lufs is None else pytest.approx(lufs, abs=30))
    assert (evidence.silence_ms > 0) is (lufs is None and sound.size > 1)


@pytest.mark.django_db
def test_hears_two_seconds_under_a_voice_and_listens_only_for_what_it_is_given(
    music: Callable[..., Sound], write: Write
) -> None:
    reference = enrolled(COUNTRY, taken_in(MUSIC / "country.mp3"))
    song = music("country.mp3")[40 * 44_100 : 48 * 44_100].astype(float)
    voice = np.tile(music("vocal.flac"), 3)[: song.size].astype(float)
    mix = song / song.std() * 3_000 + voice / voice.std() * 3_000
    facts = taken_in(write(wav(np.clip(mix, -32_768, 32_767).astype(np.int16))))
    both = examine.examine(facts)
    assert {match.reference_id for match in both.matches} == {COUNTRY}
    (match,) = both.matches
    # The waveform says it, and what landmarks hear of it stands beside that.
    assert match.algorithm == coherence.ALGORITHM
    assert match.measure("lag_microseconds") == pytest.approx(40_000_000, abs=100_000)
    assert match.measure("landmarks_score_millionths") is not None
    assert match.probability_millionths is not None
    assert match.probability_millionths > 950_000
    known = {index.LANDMARKS.name: index.current(index.LANDMARKS)}
    alone = examine.examine(facts, against=known)
    assert [detector.algorithm for detector in alone.detectors] == [landmarks.ALGORITHM, coherence.ALGORITHM]
    assert {match.algorithm for match in alone.matches} == {coherence.ALGORITHM}
    assert examine.examine(facts).to_bytes() == both.to_bytes()
    assert examine.examine(facts, against={}).matches == ()
    # What was heard is compared again: with the waveforms, as long as both are in the store.
    references.receive(facts=facts, at=AT)
    again = examine.again(facts.digest, against=known)
    assert tuple(told_once(match for one in again for match in one.matches)) == alone.matches
    for gone in (reference.audio_id, facts.digest):
        store.discard(gone)
        again = examine.again(facts.digest, against=known)
        assert {match.algorithm for one in again for match in one.matches} == {landmarks.ALGORITHM}
    assert [one.detector.algorithm for one in again] == [landmarks.ALGORITHM]


@pytest.mark.django_db
def test_is_refused_for_what_is_not_decoded_whole(write: Write) -> None:
    facts = taken_in(write(wav(noise(3))))
    longer = AudioFacts(**{**vars(facts), "duration_ms": 60_000})
    for refused in (examine.examine, examine.fingerprint):
        with pytest.raises(CorruptAudio, match="Only 3 of 60 seconds"):
            refused(longer)


# --- the index it is held against


def by_number(known: Postings) -> dict[int, UUID]:
    there = set(known.ids())
    return {number: id for number in range(known.starts.size - 1) if (id := known.reference(number)) in there}


@pytest.mark.django_db
def test_sees_what_was_enrolled_a_moment_ago(write: Write) -> None:
    empty = index.current()
    assert len(empty) == 0
    assert index.current() is empty
    first = taken_in(MUSIC / "vibe-ace.ogg")
    enrolled(VIBE, first)
    one = index.current()
    assert len(one) == 1
    assert index.current() is one
    enrolled(COUNTRY, taken_in(MUSIC / "country.mp3"))
    two = index.current()
    assert set(two.ids()) == {COUNTRY, VIBE}
    assert len({empty.snapshot, one.snapshot, two.snapshot}) == 3


@pytest.mark.django_db
def test_forgets_what_was_rolled_back(write: Write) -> None:
    facts = taken_in(write(wav(noise(5))))
    before = index.current()
    with transaction.atomic():
        enrolled(OTHER, facts)
        assert len(index.current()) == 1
        transaction.set_rollback(True)
    assert index.current().snapshot == before.snapshot
    enrolled(VIBE, facts)
    assert set(index.current().ids()) == {VIBE}


@pytest.mark.django_db
def test_takes_fingerprints_of_an_older_release_and_prefers_the_last(write: Write) -> None:
    facts = taken_in(write(wav(noise(5))))
    audio = references.receive(facts=facts, at=AT)
    reference = Reference.objects.create(id=OTHER, audio=audio, enrolled_at=AT)
    for release, value in (("1.4.3", 7), ("1.5.0", 8)):
        items = np.full(20, value, "<u4").tobytes()
        Fingerprint.objects.create(reference=reference, algorithm=extract.FAMILY + release, data=items)
        ((number, _),) = by_number(index.current()).items()
        assert index.current().items(number).tolist() == [value] * 20
    Fingerprint.objects.create(reference=reference, algorithm="another/1", data=b"")
    assert len(index.current()) == 1


# --- what the tables hold


@pytest.mark.django_db
def test_knows_audio_once(write: Write) -> None:
    facts = taken_in(write(wav(noise(1))))
    first = references.receive(facts=facts, at=AT)
    again = references.receive(facts=facts, at=datetime(2027, 1, 1, tzinfo=UTC))
    assert first == again
    assert Audio.objects.get().received_at == AT
    assert references.facts_of(first) == facts


@pytest.mark.django_db
def test_keeps_items_as_little_endian_numbers(write: Write) -> None:
    facts = taken_in(write(wav(noise(6))))
    enrolled(OTHER, facts)
    data = bytes(Fingerprint.objects.get(algorithm=extract.algorithm()).data)
    assert index.items_of(data).tolist() == [
        int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)
    ]


@pytest.mark.django_db
def test_keeps_one_fingerprint_of_a_reference_and_algorithm(write: Write) -> None:
    reference = enrolled(OTHER, taken_in(write(wav(noise(3)))))
    with pytest.raises(IntegrityError, match="one_fingerprint_per_reference_and_algorithm"), transaction.atomic():
        Fingerprint.objects.create(reference=reference, algorithm=extract.algorithm(), data=b"")


@pytest.mark.django_db
def test_knows_audio_by_a_digest_only() -> None:
    with pytest.raises(IntegrityError, match="audio_digest_is_sha256_hex"), transaction.atomic():
        Audio.objects.create(
            digest="A" * 64,
            media_type="audio/wav",
            codec="pcm_s16le",
            size_bytes=1,
            duration_ms=1,
            sample_rate_hz=8_000,
            channels=1,
            received_at=AT,
        )


# --- what was heard, compared again


@pytest.mark.django_db
def test_hears_how_the_spectrum_moves_where_nothing_else_is_left(music: Callable[..., Sound], write: Write) -> None:
    enrolled(VIBE, taken_in(MUSIC / "vibe-ace.ogg"))
    reference = enrolled(COUNTRY, taken_in(MUSIC / "country.mp3"))
    song = music("country.mp3")[31 * 44_100 : 37 * 44_100].astype(float)
    mix = song / song.std() * 2_000 + np.random.default_rng(5).standard_normal(song.size) * 6_000
    facts = taken_in(write(wav(np.clip(mix, -32_768, 32_767).astype(np.int16))))
    evidence = examine.examine(facts)
    assert [one.algorithm for one in evidence.detectors if one.kind == EXACT_MATCH] == [
        extract.algorithm(),
        landmarks.ALGORITHM,
        coherence.ALGORITHM,
        spectra.ALGORITHM,
    ]
    (match,) = evidence.of_kind(EXACT_MATCH)
    assert match.reference_id == reference.id
    known = {index.SPECTRA.name: index.current(index.SPECTRA)}
    (alone,) = examine.examine(facts, against=known).matches
    assert alone.algorithm == spectra.ALGORITHM
    assert alone.reference.start_ms - alone.output.start_ms == pytest.approx(31_000, abs=60)
    assert alone.probability_millionths is not None
    assert alone.probability_millionths > 900_000
    # What was heard is compared again, as long as it is in the store.
    references.receive(facts=facts, at=AT)
    (again,) = examine.again(facts.digest, against=known)
    assert again.matches == (alone,)
    assert store.discard(facts.digest)
    assert examine.again(facts.digest, against=known) == ()


@pytest.mark.django_db
def test_is_compared_again_without_being_decoded(write: Write) -> None:
    enrolled(COUNTRY, taken_in(MUSIC / "country.mp3"))
    facts = taken_in(MUSIC / "country.mp3")
    evidence = examine.examine(facts)
    assert evidence.matches
    store.discard(facts.digest)  # nobody needs the bytes
    known = {family.name: index.current(family) for family in index.FAMILIES}
    detections = examine.again(facts.digest, against=known)  # it is long, so spectra were not asked
    exact = tuple(detector for detector in evidence.detectors if detector.kind == EXACT_MATCH)
    assert tuple(detection.detector for detection in detections) == exact
    found = [match for detection in detections for match in detection.matches]
    assert set(told_once(found)) == set(evidence.of_kind(EXACT_MATCH))
    examine.examine(taken_in(MUSIC / "country.mp3"))
    assert {trace.algorithm for trace in Trace.objects.all()} == {extract.algorithm(), landmarks.ALGORITHM}
    assert sum(len(trace.data) for trace in Trace.objects.all()) < 400_000


@pytest.mark.django_db
def test_is_compared_with_what_came_since(write: Write) -> None:
    enrolled(VIBE, taken_in(MUSIC / "vibe-ace.ogg"))
    facts = taken_in(MUSIC / "country.mp3")
    before = examine.examine(facts)
    assert before.matches == ()
    enrolled(COUNTRY, taken_in(MUSIC / "country.mp3"))
    exact = [detector for detector in before.detectors if detector.kind == EXACT_MATCH]
    for family, detector in zip((index.CHROMAPRINT, index.LANDMARKS), exact, strict=True):
        assert list(index.since(detector.index_snapshot, family)) == [COUNTRY]
        (delta,) = index.delta(detector.index_snapshot, family)
        (detection,) = examine.again(facts.digest, against={family.name: delta})
        assert {match.reference_id for match in detection.matches} == {COUNTRY}
        assert detection.detector.index_size == 1


@pytest.mark.django_db
def test_says_that_nothing_was_kept(write: Write) -> None:
    with pytest.raises(examine.NoTrace):
        examine.again("0" * 64, against={index.CHROMAPRINT.name: index.current()})
    for family in index.FAMILIES:
        Trace.objects.create(audio_digest="1" * 64, algorithm=f"{family.name}1", data=traces.written([]))
        with pytest.raises(examine.NoTrace):
            examine.again("1" * 64, against={family.name: index.current(family)})


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "lost"), [(6, "short"), (20, None)])
def test_hears_anew_what_is_short_and_was_heard_coarsely(
    seconds: int, lost: str | None, music: Callable[..., Sound], write: Write
) -> None:
    """An earlier release kept fewer peaks of it than it is looked up by now; of what is long it kept as many."""
    facts = taken_in(write(wav(music("country.mp3")[: seconds * 44_100])))
    examine.examine(facts)
    known = {index.LANDMARKS.name: index.current(index.LANDMARKS)}
    assert examine.again(facts.digest, against=known)
    for trace in list(Trace.objects.all()):
        rows = traces.read(bytes(trace.data))
        earlier = rows[:-1] if trace.algorithm == landmarks.ALGORITHM else rows
        Trace.objects.create(audio_digest="1" * 64, algorithm=trace.algorithm, data=traces.written(earlier))
    if lost:
        with pytest.raises(examine.NoTrace):
            examine.again("1" * 64, against=known)
    else:
        assert examine.again("1" * 64, against=known) == examine.again(facts.digest, against=known)
