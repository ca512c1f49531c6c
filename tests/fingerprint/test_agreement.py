"""What two listeners hear …"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID, uuid5

import numpy as np
import pytest

from fingerprint import agreement, extract, landmarks, matching, spectra_matching
from fingerprint.agreement import confirmed, outstanding, told_once, uncommon
from fingerprint.evidence import SHARED_WITH, Match, Segment
from fingerprint.postings import Index
from tests.fingerprint.sounds import Sound, noise

SONG = UUID("6f1d7ac2-5c0d-4d27-9d0c-8c8f9b9f3d11")
HARMONY = Match(
    kind="exact_match",
    algorithm="chromaprint-2/1.5.1",
    reference_id=SONG,
    output=Segment(10_000, 30_000),
    reference=Segment(50_000, 70_000),
    time_ratio_millionths=1_000_000,
    pitch_shift_cents=0,
    score_millionths=900_000,
    measures=(("bit_error_millionths", 50_000),),
)
MARKS = replace(
    HARMONY,
    algorithm="landmarks/1",
    output=Segment(10_400, 29_800),
    reference=Segment(50_400, 69_800),
    score_millionths=700_000,
    probability_millionths=990_000,
    measures=(("peaks_found", 90),),
)


def test_is_told_once_by_chromaprint() -> None:
    (kept,) = told_once([MARKS, HARMONY])
    # Chromaprint's own word on how sure it is stays what it was.
    assert kept == replace(
        HARMONY, measures=(("bit_error_millionths", 50_000), ("landmarks_score_millionths", 700_000))
    )


def test_is_told_once_by_the_waveform_where_chromaprint_hears_nothing() -> None:
    waveform = replace(HARMONY, algorithm="coherence/1", score_millionths=800_000, measures=(("coherent_moments", 90),))
    told = ("landmarks_score_millionths", 700_000)
    for given in ([MARKS, waveform], [waveform, MARKS]):
        assert told_once(given) == (replace(waveform, measures=(("coherent_moments", 90), told)),)
    both = ("coherence_score_millionths", 800_000)
    for given in ([MARKS, waveform, HARMONY], [HARMONY, waveform, MARKS]):
        assert told_once(given) == (replace(HARMONY, measures=(*HARMONY.measures, both, told)),)
    elsewhere = replace(MARKS, reference=Segment(20_000, 39_400))
    assert set(told_once([elsewhere, waveform])) == {elsewhere, waveform}


SPECTRA = replace(
    MARKS, algorithm="spectra/1", score_millionths=650_000, probability_millionths=998_000, measures=(("vectors", 9),)
)


def test_is_as_likely_as_the_surest_listener_says() -> None:
    too = ("spectra_score_millionths", 650_000)
    unsure = replace(MARKS, probability_millionths=400_000)
    for given in ([unsure, SPECTRA], [SPECTRA, unsure]):
        assert told_once(given) == (
            replace(unsure, probability_millionths=998_000, measures=(("peaks_found", 90), too)),
        )
    (kept,) = told_once([replace(MARKS, probability_millionths=999_000), SPECTRA])
    assert kept.probability_millionths == 999_000
    # Chromaprint has none, and gets none.
    waveform = replace(HARMONY, algorithm="coherence/1", probability_millionths=980_000)
    (kept,) = told_once([waveform, MARKS])  # as it always was
    assert kept.probability_millionths == 980_000
    (kept,) = told_once([HARMONY, MARKS, SPECTRA])
    assert kept.probability_millionths is None
    assert dict(kept.measures).keys() == {"bit_error_millionths", "landmarks_score_millionths", too[0]}


def test_of_spectra_tells_what_was_transposed_too() -> None:
    higher = replace(MARKS, pitch_shift_cents=100)
    (kept,) = told_once([higher, SPECTRA])
    assert (kept.algorithm, kept.pitch_shift_cents) == ("landmarks/1", 100)
    elsewhere = replace(SPECTRA, reference=Segment(20_000, 39_400))
    assert set(told_once([higher, elsewhere])) == {higher, elsewhere}


def like(deviations: float, number: int, *, output: Segment = MARKS.output) -> Match:
    evidence = (spectra_matching.EVIDENCE, round(50 * deviations**2))
    return replace(SPECTRA, reference_id=UUID(int=number), output=output, measures=(evidence,))


@pytest.mark.parametrize(
    ("others", "is_told"),
    [
        ([], True),
        ([9.9], True),  # one may be the same, cut otherwise
        ([9.9, 7.4], True),
        ([9.9, 7.6], False),
        ([7.6, 7.6, 7.6], False),
    ],
)
def test_of_spectra_tells_what_is_ahead_of_unrelated_recordings(others: list[float], *, is_told: bool) -> None:
    items = {UUID(int=number): items_of(noise(80, rate=RATE, seed=number)) for number in range(1 + len(others))}
    match = like(10.0, 0)
    matches = [match, *(like(other, number) for number, other in enumerate(others, start=1))]
    assert (match in outstanding(matches, 8.5, items.get)) is is_told
    assert outstanding(matches, 10.1, items.get) == ()
    # Elsewhere in the output they are as good as they like.
    elsewhere = Segment(match.output.end_ms, match.output.end_ms + 20_000)
    apart = [match, *(replace(other, output=elsewhere) for other in matches[1:])]
    assert match in outstanding(apart, 8.5, items.get)
    # The same recording may be registered as often as it likes.
    same = dict.fromkeys(items, items[UUID(int=0)])
    registered = [replace(other, reference=match.reference) for other in matches]
    assert match in outstanding(registered, 8.5, same.get)


def test_never_leaves_out_what_chromaprint_hears() -> None:
    longer = replace(MARKS, output=Segment(0, 60_000), reference=Segment(40_000, 100_000))
    assert set(told_once([HARMONY, longer])) == {HARMONY, longer}


def test_says_the_same_in_any_order() -> None:
    piece = replace(MARKS, output=Segment(40_000, 42_000), reference=Segment(80_000, 82_000))
    assert set(told_once([HARMONY, MARKS, piece])) == set(told_once([piece, MARKS, HARMONY]))
    assert len(told_once([HARMONY, MARKS, piece])) == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(MARKS, reference_id=UUID(int=1)),
        replace(MARKS, reference=Segment(20_000, 39_400)),  # another place
        replace(MARKS, pitch_shift_cents=100),
        replace(MARKS, kind="version_match"),
        replace(MARKS, algorithm=HARMONY.algorithm),  # one detector's own matches are its own affair
        replace(MARKS, algorithm="other/1"),
        replace(MARKS, output=Segment(25_000, 40_000), reference=Segment(65_000, 80_000)),  # a third of it
    ],
)
def test_is_told_twice_where_it_differs(other: Match) -> None:
    assert set(told_once([HARMONY, other])) == {HARMONY, other}


def test_tells_of_many_pieces_in_a_long_match() -> None:
    pieces = [
        replace(MARKS, output=Segment(at, at + 2_000), reference=Segment(at + 40_000, at + 42_000))
        for at in range(11_000, 27_000, 4_000)
    ]
    (kept,) = told_once([*pieces, HARMONY])
    assert kept.output == HARMONY.output


def test_follows_a_match_that_plays_faster() -> None:
    slow = replace(HARMONY, time_ratio_millionths=1_100_000, reference=Segment(50_000, 72_000))
    end = replace(MARKS, output=Segment(26_000, 30_000), reference=Segment(67_600, 72_000))
    assert len(told_once([slow, end])) == 1
    assert len(told_once([HARMONY, end])) == 2


# --- what peaks confirm

RATE = extract.SAMPLE_RATE_HZ
NAMES = ("country.mp3", "creepy-piano.ogg", "hungarian-dance-5.ogg", "vibe-ace.ogg", "two-hour-delay.ogg")
Music = Callable[..., Sound]


def id_of(name: str) -> UUID:
    return uuid5(SONG, name)


def items_of(sound: Sound) -> landmarks.Hashes:
    items = landmarks.read(landmarks.written(landmarks.reference([sound]))).items
    assert items is not None
    return items


def harmony_of(sound: Sound, *heard: Sound) -> tuple[tuple[Match, ...], tuple[Match, ...]]:
    """What Chromaprint says of one sound in another, and what is left of it."""
    index = Index([(SONG, extract.reference([sound]))], algorithm="test")
    output = np.concatenate(heard).astype(np.int16)
    items, peaks = extract.query([output]), landmarks.query([output])
    alone = matching.search(index, items, algorithm=extract.algorithm())
    both = agreement.by_harmony(index, items, peaks, lambda _: items_of(sound), algorithm=extract.algorithm())
    assert both.detector.parameters == agreement.PARAMETERS_OF_HARMONY
    return alone, both.matches


def chords(rhythm: float, octaves: tuple[int, ...], seed: int) -> Sound:
    """Twenty-four seconds of one succession of chords, in some octaves, struck by some rhythm."""
    chance = np.random.default_rng(seed)
    out = np.zeros(25 * RATE)
    roots = (0, 9, 5, 7, 2, 4, 11, 0, 5, 2, 7, 4)
    for number, root in enumerate(roots):
        begin = 2.0 * number
        while begin < 2.0 * number + 1.9:
            length = rhythm * float(chance.uniform(0.7, 1.3))
            at = np.arange(int(length * RATE)) / RATE
            for step in (0, 4 if root in {0, 5, 7} else 3, 7):
                hertz = 220 * 2 ** ((root + step) / 12 + int(chance.choice(octaves)))
                struck = sum(np.sin(2 * np.pi * hertz * over * at) / over for over in (1, 2, 3)) * np.exp(-2 * at)
                first = int(begin * RATE)
                out[first : first + at.size] += struck[: out.size - first]
            begin += length
    sound: Sound = (out / np.abs(out).max() * 20_000).astype(np.int16)
    return sound


def test_does_not_take_the_same_chords_for_the_same_recording() -> None:
    one, other = chords(0.9, (0,), 1), chords(0.31, (0, 1), 2)
    alone, both = harmony_of(one, other)
    assert alone  # so this is what it guards against
    assert both == ()
    _, same = harmony_of(one, one)
    assert len(same) == 1


@pytest.mark.parametrize("name", NAMES[:3])
def test_confirms_a_copy_under_noise_and_says_by_what(name: str, music: Music) -> None:
    song = music(name, rate=RATE)
    piece = song[20 * RATE : 30 * RATE].astype(float)
    loud = float(np.sqrt(np.mean(piece**2))) / 32_767
    noisy = np.clip(piece + noise(10, level=loud * 10**-0.25, rate=RATE), -32_768, 32_767).astype(np.int16)
    alone, both = harmony_of(song, noisy)
    assert len(alone) == len(both) > 0
    for before, after in zip(alone, both, strict=True):
        assert replace(after, measures=before.measures) == before
        assert (after.measure("mass_centinats") or 0) >= agreement.CONFIRMED_FROM
        assert 10 <= (after.measure("peaks_found") or 0) <= (after.measure("peaks_sought") or 0)


def test_keeps_only_what_is_certain_of_a_reference_without_peaks(music: Music) -> None:
    peaks = landmarks.query([music(NAMES[0], rate=RATE)[: 5 * RATE]])
    at = agreement.CERTAIN_FROM
    given = [replace(HARMONY, score_millionths=score) for score in (at - 1, at)]
    assert confirmed(given, peaks, lambda _: None) == (given[1],)
    # With peaks that deny it, not even that.
    assert confirmed(given, peaks, lambda _: items_of(music(NAMES[3], rate=RATE))) == ()
    assert confirmed(given, [landmarks.Peaks(np.zeros(0, np.int64), np.zeros(0, np.int64))] * 4, items_of_all) == ()


def items_of_all(_: UUID) -> landmarks.Hashes:
    return np.zeros(4, np.uint32)


# --- what belongs to nobody


@pytest.mark.parametrize(("songs", "is_told"), [(2, True), (3, True), (4, False)])
def test_does_not_tell_what_many_unrelated_recordings_have(songs: int, *, is_told: bool, music: Music) -> None:
    """Four seconds of the last song stand in the middle of all others; an output has them too."""
    loop = music(NAMES[4], rate=RATE)[40 * RATE : 44 * RATE]
    sounds = {}
    for name in NAMES[:songs]:
        song = music(name, rate=RATE)
        sounds[id_of(name)] = np.concatenate([song[5 * RATE : 17 * RATE], loop, song[17 * RATE : 29 * RATE]])
    found = told_of(sounds, loop)
    assert {match.reference_id for match in found} == (set(sounds) if is_told else set())


def test_tells_a_recording_however_often_it_is_registered(music: Music) -> None:
    song = music(NAMES[0], rate=RATE)[: 40 * RATE]
    sounds = {id_of(str(number)): song[number * 700 : song.size - number * 5_000] for number in range(6)}
    found = told_of(sounds, song[20 * RATE : 24 * RATE])
    assert {match.reference_id for match in found} == set(sounds)


def test_tells_a_loop_that_is_registered_alone_many_times(music: Music) -> None:
    loop = music(NAMES[0], rate=RATE)[20 * RATE : 24 * RATE]
    sounds = {id_of(str(number)): np.concatenate([np.zeros(number * 900, np.int16), loop]) for number in range(5)}
    assert {match.reference_id for match in told_of(sounds, loop)} == set(sounds)


def told_of(sounds: dict[UUID, Sound], output: Sound) -> tuple[Match, ...]:
    kept = {id: landmarks.written(landmarks.reference([sound])) for id, sound in sounds.items()}
    index = Index.of(kept.items(), landmarks.FAMILY)
    peaks = landmarks.query([output])
    detection = agreement.by_landmarks(index, peaks, lambda known: landmarks.read(kept[known]).items)
    assert detection.detector.parameters == agreement.PARAMETERS_OF_LANDMARKS
    return detection.matches


def test_does_not_say_by_waveform_whose_it_is_what_unrelated_recordings_have(music: Music) -> None:
    loop, *songs = (music(name, rate=RATE)[20 * RATE : 40 * RATE] for name in NAMES[:3])
    loop = loop[: 4 * RATE]
    mixed = {
        id_of(str(number)): np.concatenate([song[: 8 * RATE], loop, song[8 * RATE :]])
        for number, song in enumerate(songs)
    }
    assert by_waveform(mixed, loop) == ()
    alone = dict(list(mixed.items())[:1])
    (match,) = by_waveform(alone, loop)
    assert match.reference_id in alone
    assert match.reference.start_ms == pytest.approx(8_000, abs=150)
    # Registered twice, it is in both of them.
    assert len(by_waveform({**alone, id_of("again"): mixed[match.reference_id][500:]}, loop)) == 2


def by_waveform(sounds: dict[UUID, Sound], output: Sound) -> tuple[Match, ...]:
    kept = {id: landmarks.written(landmarks.reference([sound])) for id, sound in sounds.items()}

    def waves(id: UUID, starts: Sequence[int], size: int) -> list[Sound]:
        padded = np.concatenate([np.zeros(size, np.int16), sounds[id], np.zeros(2 * size, np.int16)])
        return [padded[start + size :][:size] for start in starts]

    index = Index.of(kept.items(), landmarks.FAMILY)
    detection = agreement.by_coherence(
        index, landmarks.query([output]), output, waves, lambda known: landmarks.read(kept[known]).items
    )
    assert detection.detector.parameters == agreement.PARAMETERS_OF_COHERENCE
    return detection.matches


def test_counts_what_fits_half_as_well_and_half_as_long() -> None:
    others = [replace(HARMONY, reference_id=id_of(str(number))) for number in range(3)]
    strong, weak = (("evidence_centinats", 9_000),), (("evidence_centinats", 4_499),)
    # Peaks all over, nowhere the same: unrelated.
    chance = np.random.default_rng(2)
    items = {
        id: (chance.integers(8, 479, 5_000) | chance.integers(8, 479, 5_000) << 9).astype(np.uint32)
        for id in (SONG, *(other.reference_id for other in others))
    }
    mine = replace(HARMONY, measures=strong)
    alike = [replace(other, measures=strong) for other in others]
    assert uncommon([mine, *alike], items.get) == ()
    weaker = [*alike[:2], replace(others[2], measures=weak)]
    assert shared(mine, weaker, items.get) is None  # too long to be bars of the same drums
    short = Segment(10_000, 25_000)
    mine, *alike = (replace(one, output=short) for one in (mine, *alike))
    weaker = [*alike[:2], replace(alike[2], measures=weak)]
    assert shared(mine, weaker, items.get) == 2
    shorter = [*alike[:2], replace(alike[2], output=Segment(10_000, 17_499))]
    assert shared(mine, shorter, items.get) == 2
    assert shared(mine, alike[:1], items.get) == 1
    assert shared(mine, [], items.get) is None
    assert shared(mine, [replace(other, reference_id=SONG) for other in alike], items.get) is None
    # The same recording registered again is no other one.
    assert shared(mine, alike, dict.fromkeys(items, items[SONG]).get) is None


def shared(mine: Match, others: Sequence[Match], items_of: agreement.ItemsOf) -> int | None:
    """With how many unrelated recordings a match is said to be shared."""
    found = next(match for match in uncommon([mine, *others], items_of) if match.reference_id == mine.reference_id)
    assert (found == mine) == (not found.is_common)
    return found.measure(SHARED_WITH)
