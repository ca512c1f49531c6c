"""A voice is recognized where it is, alone and over a band, and nothing else is: no noise, no tone, no instrument."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from fingerprint import audio, campplus, voice_encoder, voices
from fingerprint.evidence import VOICE_MATCH, Detection
from fingerprint.voice_encoder import FRAMES, RATE_HZ, WeightsChanged, WeightsMissing
from fingerprint.voices import ALONE, BAND, BY_CAMPPLUS, BY_STUDENT, CURRENT, Comparison, VoiceTemplate
from tests.fingerprint.sounds import MUSIC, Sound

VOCAL = MUSIC / "vocal.flac"
SINGER = UUID(int=1)


@pytest.fixture(scope="module")
def song() -> Sound:
    """The demo's singer, at the detector's rate."""
    return np.concatenate(list(audio.decode(VOCAL, "audio/flac", RATE_HZ)))


def template(id: UUID, sound: Sound, by: Comparison = CURRENT) -> VoiceTemplate:
    """Enroll whoever is heard in a sound."""
    ear = voices.Ear(by)
    ear.feed(sound)
    return VoiceTemplate(id, by.encoder, voices.unit(ear.finish().of_voice().vectors.mean(axis=0))[None])


@pytest.fixture(scope="module")
def singer(song: Sound) -> VoiceTemplate:
    """The singer, enrolled with the first half of the song."""
    return template(SINGER, song[: song.size // 2])


def listen(sound: Sound, *templates: VoiceTemplate, block: int = RATE_HZ) -> Detection:
    """Feed a sound to the listener for templates that are all of one encoder."""
    (listener,) = voices.listeners(templates)
    for at in range(0, max(1, sound.size), block):
        listener.feed(sound[at : at + block])
    return listener.search()


def over(voice: Sound, band: Sound, snr_db: float) -> Sound:
    """Lay a band under a voice."""
    one, other = voice.astype(np.float64), np.resize(band, voice.size).astype(np.float64)
    both = one + other * np.sqrt(np.mean(one**2) / np.mean(other**2)) * 10 ** (-snr_db / 20)
    return np.asarray(both / np.abs(both).max() * 24_000, dtype=np.int16)


def test_hears_an_enrolled_voice_where_it_is(song: Sound, singer: VoiceTemplate) -> None:
    quiet = np.zeros(6 * RATE_HZ, dtype=np.int16)
    found = listen(np.concatenate([quiet, song[song.size // 2 :], quiet]), singer)
    assert (found.detector.kind, found.detector.index_size) == (VOICE_MATCH, 1)
    best = max(found.matches, key=lambda match: match.score_millionths)
    assert best.reference_id == SINGER
    assert best.probability_millionths is not None
    assert best.probability_millionths > 800_000
    assert best.output.start_ms >= 6_000 - voices.WINDOW_MS
    assert best.output.end_ms <= 6_000 + song.size * 500 // RATE_HZ + voices.WINDOW_MS


def test_hears_it_over_a_band(song: Sound, singer: VoiceTemplate, music: Callable[..., Sound]) -> None:
    band = music("vibe-ace.ogg", rate=RATE_HZ)
    found = listen(over(song[song.size // 2 :], band, 5.0), singer)
    assert {match.reference_id for match in found.matches} == {SINGER}
    assert any(match.measure("over_band") for match in found.matches)


def test_the_same_sound_gives_the_same_evidence_in_whatever_blocks(song: Sound, singer: VoiceTemplate) -> None:
    quiet = np.zeros(28 * RATE_HZ, dtype=np.int16)  # so that it goes on where the next windows are listened to
    part = np.concatenate([quiet, song[: 9 * RATE_HZ + 77]])
    whole = listen(part, singer, block=part.size)
    assert any(match.output.start_ms < 32_800 < match.output.end_ms for match in whole.matches)
    assert listen(part, singer, block=1_111) == whole
    assert listen(part, singer, block=50_000) == whole


T = np.arange(12 * RATE_HZ) / RATE_HZ
RNG = np.random.default_rng(7)
NOTHING: dict[str, Sound] = {
    "nothing": np.zeros(0, dtype=np.int16),
    "one sample": np.array([12_000], dtype=np.int16),
    "silence": np.zeros(12 * RATE_HZ, dtype=np.int16),
    "full scale": np.full(12 * RATE_HZ, -32_768, dtype=np.int16),
    "noise": (RNG.standard_normal(T.size) * 8_000).astype(np.int16),
    "faint noise": (RNG.standard_normal(T.size) * 20).astype(np.int16),
    "clipped noise": np.where(RNG.standard_normal(T.size) > 0, 32_767, -32_768).astype(np.int16),
    "tone": (np.sin(2 * np.pi * 220 * T) * 20_000).astype(np.int16),
    "chord": (np.sin(2 * np.pi * np.outer((220, 277, 330), T)).sum(axis=0) * 8_000).astype(np.int16),
    "sweep": (np.sin(2 * np.pi * (100 * T + 60 * T**2)) * 20_000).astype(np.int16),
    "clicks": ((np.arange(T.size) % 1_600 == 0) * 30_000).astype(np.int16),
}


@pytest.mark.parametrize("name", NOTHING)
def test_hears_nobody_in_what_is_no_voice(name: str, singer: VoiceTemplate) -> None:
    assert listen(NOTHING[name], singer).matches == ()


@pytest.mark.parametrize("name", ["vibe-ace.ogg", "creepy-piano.ogg", "hungarian-dance-5.ogg"])
def test_hears_nobody_in_instruments(name: str, singer: VoiceTemplate, music: Callable[..., Sound]) -> None:
    assert listen(music(name, rate=RATE_HZ)[: 40 * RATE_HZ], singer).matches == ()


def test_does_not_take_one_for_another(song: Sound, singer: VoiceTemplate) -> None:
    from fingerprint.training.voice import at_speed

    others = [template(UUID(int=at), at_speed(song, speed)) for at, speed in ((2, 0.7), (3, 1.35))]
    found = listen(song[song.size // 2 :], singer, *others)
    likely = {match.reference_id for match in found.matches if (match.probability_millionths or 0) > 500_000}
    assert likely == {SINGER}


def test_who_was_enrolled_with_the_student_is_found_as_then(song: Sound) -> None:
    people = voices.cohort()
    then = template(SINGER, song[: song.size // 2], BY_STUDENT)
    others = [
        VoiceTemplate(UUID(int=at + 2), BY_STUDENT.encoder, (one + people.means[ALONE])[None])
        for at, one in enumerate(people.people[ALONE][:12])
    ]
    found = listen(song[song.size // 2 :], then, *others)
    likely = {match.reference_id for match in found.matches if (match.probability_millionths or 0) > 500_000}
    assert likely == {SINGER}


def test_each_enrollment_is_compared_by_its_own_encoder(song: Sound, singer: VoiceTemplate) -> None:
    half, rest = song[: song.size // 2], song[song.size // 2 :]
    of_then = [template(UUID(int=at), half, by) for at, by in ((2, BY_CAMPPLUS), (3, BY_STUDENT))]
    listeners = voices.listeners([*of_then, singer])
    for one in listeners:
        one.feed(rest)
    found = [one.search() for one in listeners]
    assert [{match.reference_id.int for match in one.matches} for one in found] == [{1}, {2}, {3}]
    assert all(max(match.probability_millionths or 0 for match in one.matches) > 800_000 for one in found)
    # What evidence names, of then too, so that it can be measured again.
    campplus_weights = "4693c11c67d507679a5053bbc3cb95ead8ccdc0148996028e251bb39d88363f4"
    student_weights = "e124c39e565b01803146254c4b6c049403a5e51df68d58c28ef46c7722618b8e"
    cohort = "3491873e07c9005fcad9361a72a6a9ff1c6e5761b1bcf855f92f49183e760dd4"
    assert {one.detector.algorithm: " ".join("=".join(pair) for pair in one.detector.parameters) for one in found} == {
        "voice-campplus+ge2e/1 weighed/1": (
            "window_ms=1600 step_ms=800 near=3.2 edge=2.2 windows_at_once=10 nearest=50 weight_of_student=0.3"
            f" least_windows=3 weights={campplus_weights} weights_of_student={student_weights} cohort={cohort}"
        ),
        "voice-campplus/1 cosine/1": (
            "window_ms=1600 step_ms=800 near=4.0 edge=3.0 windows_at_once=10 least_windows=3"
            f" weights={campplus_weights} weights_of_presence={student_weights} presence={cohort}"
        ),
        "voice-ge2e-student/1 compared/2": (
            "window_ms=1600 step_ms=800 near=2.0 edge=1.0 nearest=50 least_windows=3"
            f" weights={student_weights} cohort={cohort}"
        ),
    }


def test_a_vector_of_both_is_worth_what_both_say_by_their_weights(song: Sound) -> None:
    kinds = (CURRENT, BY_CAMPPLUS, BY_STUDENT)
    first, rest = ([template(SINGER, part, by) for by in kinds] for part in np.array_split(song, 2))
    # Each part is heard as it is alone, in whatever proportion to the other it comes.
    for both, larger, smaller in (first, rest):
        parts = both.vectors[:, : BY_CAMPPLUS.dimensions], both.vectors[:, BY_CAMPPLUS.dimensions :]
        for part, alone in zip(parts, (larger, smaller), strict=True):
            assert np.allclose(voices.unit(part), alone.vectors, atol=1e-5)
    for condition in (ALONE, BAND):
        of_both, of_larger, of_smaller = (
            float(voices.compared(one.vectors, voices.middles([other], by), condition, by)[0, 0])
            for one, other, by in zip(first, rest, kinds, strict=True)
        )
        assert of_both == pytest.approx(0.7 * of_larger + 0.3 * of_smaller, abs=1e-3)


def test_whom_no_encoder_of_ours_knows_is_not_left_out(singer: VoiceTemplate) -> None:
    with pytest.raises(voices.UnknownEncoder, match=r"voice-of-tomorrow/1"):
        voices.listeners([singer, VoiceTemplate(UUID(int=2), "voice-of-tomorrow/1", singer.vectors)])


def test_the_layers_say_what_those_of_their_authors_say() -> None:
    # By `speakerlab` 0.0.6 with campplus_cn_en_common.pt, and bands by `kaldi-native-fbank` 1.22, on the same sound.
    t = np.arange(160 * (FRAMES - 1) + 400) / RATE_HZ
    hum = np.sin(2 * np.pi * (120 * t + 40 * t**2)) * 6_000 + np.sin(2 * np.pi * 1_111 * t) * 3_000
    bands = campplus.bands((hum + (np.arange(t.size) % 133 == 0) * 20_000).astype(np.int16))
    assert bands.shape == (FRAMES, campplus.MELS)
    expected = [
        [-5.592, -5.582, -1.979, -0.818, 0.658, 1.844, 2.651],
        [-7.678, -5.667, -1.983, -0.834, 0.642, 1.827, 2.635],
        [-8.99, -5.727, -1.925, -0.85, 0.627, 1.812, 2.621],
        [-11.277, -5.573, -1.926, -0.837, 0.639, 1.824, 2.633],
    ]
    assert np.allclose(bands[::53, ::13], expected, atol=1e-3)
    (vector,) = campplus.released().listen(bands, voices.STEP)
    assert np.allclose(vector[:8], [-0.799, -0.335, 0.164, -0.822, -0.805, 0.985, 0.082, -0.296], atol=0.02)
    assert np.linalg.norm(vector) == pytest.approx(12.06, abs=0.05)  # in half precision, and theirs is in single
    assert campplus.bands(np.zeros(399, dtype=np.int16)).shape == (0, campplus.MELS)


def test_who_is_like_everybody_is_less_like_anybody() -> None:
    plane = np.eye(8, dtype=np.float32)
    crowd = voices.unit(plane[None, 0] + 0.3 * plane[2:])  # all on one side
    people = voices.Cohort(np.zeros((2, 8), np.float32), np.stack([crowd, crowd]), np.zeros((2, 9), np.float32), plane)
    usual, rare = plane[0], plane[1]
    assert voices.scores(usual[None], usual[None], ALONE, people) < voices.scores(rare[None], rare[None], ALONE, people)
    found = voices.scores(plane[:2], plane[:2], BAND, people)
    assert found[1, 1] == pytest.approx(1 / 0.1)  # the same voice, and nobody else's
    assert found[0, 0] == pytest.approx(float((1 - (crowd @ usual).mean()) / 0.1), abs=1e-4)
    assert found[0, 1] < found[1, 1]


def test_people_are_compared_where_they_differ_and_not_where_one_differs_from_oneself() -> None:
    from fingerprint.training import voice

    rng = np.random.default_rng(5)
    who, how = np.eye(256, dtype=np.float32)[:2]

    def said(pole: float) -> np.ndarray:
        changing = rng.choice([-1.0, 1.0], (12, 1)) * how
        return np.asarray(pole * who + changing + rng.normal(0, 0.01, (12, 256)), dtype=np.float32)

    readers = [voice.Reread(said(at), (said(at), said(at)), said(at)) for at in (-1.0, -0.5, 0.5, 1.0) * 4]
    apart = voice.told_apart(readers, np.zeros((2, 256), dtype=np.float32))
    assert apart.shape == (256, voice.DIRECTIONS)
    assert np.linalg.norm(who @ apart) > 5 * np.linalg.norm(how @ apart)


def test_a_vocoder_gives_a_voice_back_as_long_as_it_was_and_much_like_it(song: Sound) -> None:
    from fingerprint.training import voice

    part = song[5 * RATE_HZ : 8 * RATE_HZ + 123]
    again = voice.vocoded(part, np.random.default_rng(3))
    assert again.size == part.size
    assert not np.array_equal(again, part)
    bands = [voice_encoder.mel(voice_encoder.power(one))[:, :30] for one in (part, again)]
    one, other = (np.log(band + 1e-4).ravel() for band in bands)
    assert np.corrcoef(one, other)[0, 1] > 0.8


def test_without_templates_nothing_is_listened_to() -> None:
    script = (
        "import sys, numpy as np; from fingerprint import voices; one = voices.Listener(());"
        "one.feed(np.zeros(16000, np.int16)); found = one.search();"
        "assert not found.matches and found.detector.index_size == 0; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=MUSIC.parents[2])


def test_what_it_is_compared_with_has_a_name(singer: VoiceTemplate) -> None:
    nothing = NOTHING["nothing"]
    other = VoiceTemplate(UUID(int=2), singer.encoder, singer.vectors)
    one, both = listen(nothing, singer).detector, listen(nothing, singer, other).detector
    assert one.index_snapshot != both.index_snapshot
    assert both == listen(nothing, other, singer).detector


@pytest.mark.parametrize(
    ("own", "others", "enrolled", "expected"),
    [
        (500_000, (), 1, 500_000),
        (900_000, (), 1, 900_000),
        (900_000, (), 9, 500_000),  # nine times as many whom it may be
        (900_000, (900_000,), 1, 473_684),  # another is as likely
        (0, (), 1, 0),
        (999_000, (), 1_000, 499_749),
    ],
)
def test_the_more_are_enrolled_the_more_it_takes(
    own: int, others: tuple[int, ...], enrolled: int, expected: int
) -> None:
    assert voices.probability(own, others, enrolled) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("by", [CURRENT, BY_CAMPPLUS, BY_STUDENT])
@pytest.mark.parametrize("condition", [ALONE, BAND])
def test_a_higher_score_is_never_less_likely(condition: int, by: Comparison) -> None:
    said = [voices.alone_probability(score / 100, condition, by) for score in range(-200, 1_000)]
    assert said == sorted(said)
    assert 0 <= said[0] < 100_000
    assert 990_000 <= said[-1] < 1_000_000


def test_bands_are_of_whole_frames_and_windows_of_one_power() -> None:
    assert voice_encoder.power(np.zeros(399, dtype=np.int16)).shape == (0, 201)
    assert voice_encoder.power(np.zeros(400 + 160 * 2 + 159, dtype=np.int16)).shape == (3, 201)
    loud = NOTHING["noise"][: 160 * FRAMES + 400]
    bands = [voice_encoder.mel(voice_encoder.power(one)) for one in (loud, (loud // 8).astype(np.int16))]
    first, second = (voice_encoder.windows(one, np.array([0])) for one in bands)
    assert np.allclose(first, second, rtol=0.05, atol=1e-3)


def test_weights_are_read_whole_and_unchanged_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"none\.npz"):
        voice_encoder.read(tmp_path / "none.npz", digest="00")
    cut = tmp_path / "cut.npz"
    cut.write_bytes(voice_encoder.WEIGHTS.read_bytes()[:-1])
    with pytest.raises(WeightsChanged, match=r"cut\.npz"):
        voice_encoder.read(cut, digest=voice_encoder.WEIGHTS_DIGEST)
    with pytest.raises(WeightsChanged, match=r"voice-cohort-2\.npz"):
        voice_encoder.read(voices.COHORT, digest=voice_encoder.WEIGHTS_DIGEST)
    pickled = io.BytesIO()
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    hostile = tmp_path / "hostile.npz"
    hostile.write_bytes(pickled.getvalue())

    with pytest.raises(WeightsChanged, match="no plain arrays"):
        voice_encoder.read(hostile, digest=hashlib.sha256(pickled.getvalue()).hexdigest())


def test_takes_too_little_or_no_voice_for_no_enrollment(tmp_path: Path) -> None:
    with pytest.raises(voices.TooManyClips):
        voices.enroll([])
    with pytest.raises(voices.TooLittleVoice, match=r"0\.0 seconds .* 5 are needed"):
        voices.enroll([(MUSIC / "hungarian-dance-5.ogg", "audio/ogg")])
    found = voices.enroll([(VOCAL, "audio/flac")])
    assert found.vectors.shape == (1, CURRENT.dimensions)
    assert found.voiced_ms > 15_000


def test_nobody_is_taught_with_and_measured_with() -> None:
    from fingerprint.training import voice

    rows = [line.split("\t") for line in voice.SPLIT.read_text().splitlines()]
    used = {use: {reader for found, reader, _ in rows if found == use and reader != "music"} for use, _, _ in rows}
    assert {use: len(readers) for use, readers in used.items()} == {
        "train": 164,
        "calibrate": 44,
        "cohort": 34,
        "tested": 9,
        "tell": 0,
        "choose": 56,
        "choose-clone": 39,
    }
    assert used.pop("choose-clone") < used["choose"]
    assert len(set().union(*used.values())) == sum(map(len, used.values()))
    assert used["tested"] <= voice.TESTED
    assert not (used["train"] | used["calibrate"] | used["cohort"]) & voice.TESTED
    assert used["cohort"] == voice.COHORT
    assert len(voices.cohort().people[ALONE]) == len(used["cohort"] | used["train"])
    pieces = {use: set(voice.listed(use, music=True)) for use in ("train", "calibrate", "tell")}
    assert all(pieces.values())
    assert len(set().union(*pieces.values())) == sum(map(len, pieces.values()))


def test_the_same_arrays_are_written_as_the_same_bytes(tmp_path: Path) -> None:
    from fingerprint.training import voice

    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(3, dtype=np.float32)}
    digest = voice.write(tmp_path / "one.npz", arrays)
    assert voice.write(tmp_path / "other.npz", arrays) == digest
    read = voice_encoder.read(tmp_path / "one.npz", digest=digest)
    assert {name: array.tolist() for name, array in read.items()} == {n: a.tolist() for n, a in arrays.items()}


def test_a_voice_under_music_keeps_its_distance() -> None:
    from fingerprint.training import voice

    one = NOTHING["tone"][:RATE_HZ]
    other = NOTHING["noise"][:RATE_HZ]
    loud, soft = voice.mixed(one, other, -20.0), voice.mixed(one, other, 40.0)
    near = [abs(float(np.corrcoef(one, mix)[0, 1])) for mix in (loud, soft)]
    assert near[0] < 0.2
    assert near[1] > 0.99
    assert max(int(np.abs(mix).max()) for mix in (loud, soft)) <= 24_000
