"""How the spectrum moves …"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
import pytest

from fingerprint import calibration, embedding, snapshots, spectra, spectra_matching
from fingerprint.agreement import PARAMETERS_OF_SPECTRA, outstanding
from fingerprint.evidence import EXACT_MATCH, Detector, Match
from fingerprint.postings import Index, Known
from fingerprint.spectra import SAMPLE_RATE_HZ as RATE
from fingerprint.spectra import Samples
from tests.fingerprint.sounds import music

SONGS = ("country.mp3", "creepy-piano.ogg", "hungarian-dance-5.ogg", "two-hour-delay.ogg", "vibe-ace.ogg")
IDS = {name: uuid5(UUID(int=5), name) for name in SONGS}
COUNTRY = IDS["country.mp3"]


@cache
def song(name: str) -> Samples:
    samples: Samples = music(name, rate=RATE)
    return samples


@cache
def stored(name: str) -> bytes:
    return spectra.reference([song(name)]).tobytes()


@cache
def catalogue() -> Index:
    return Index.of([(id, stored(name)) for name, id in IDS.items()], spectra.FAMILY)


def piece(seconds: float = 6, *, name: str = "country.mp3", at: float = 31.37) -> np.ndarray:
    begin = int(at * RATE)
    cut: np.ndarray = song(name)[begin : begin + int(seconds * RATE)].astype(float)
    return cut


def rounded(sound: np.ndarray) -> Samples:
    samples: Samples = np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16)
    return samples


def found(sound: np.ndarray, known: Known | None = None) -> tuple[Match, ...]:
    """What is alike enough."""
    among = known or catalogue()
    matches = spectra_matching.search(among, spectra.query(rounded(sound)))
    return outstanding(matches, spectra_matching.least(len(among)), lambda _: None)


def without_phases(sound: np.ndarray) -> np.ndarray:
    """Keep how loud each region of pitch is, in steps of 23 ms, and nothing of the phases, as a vocoder does."""
    chance = np.random.default_rng(4)
    made, window = np.zeros(sound.size + 1_024), np.hanning(512)
    for begin in range(0, sound.size - 512, 128):
        magnitudes = np.abs(np.fft.rfft(sound[begin : begin + 512] * window))
        turned = magnitudes * np.exp(2j * np.pi * chance.random(magnitudes.size))
        made[begin : begin + 512] += np.fft.irfft(turned, 512) * window
    return made[: sound.size]


def under_noise(sound: np.ndarray, *, decibels: float = 0) -> np.ndarray:
    noise = np.random.default_rng(8).standard_normal(sound.size)
    mixed: np.ndarray = sound + noise * np.sqrt(np.mean(sound**2)) * 10 ** (-decibels / 20)
    return mixed


@pytest.mark.parametrize("changed", ["not", "without phases", "under noise", "soft", "loud"])
def test_are_recognized_after_what_peaks_do_not_survive(changed: str) -> None:
    sound = piece()
    changes = {
        "not": sound,
        "without phases": without_phases(sound),
        "under noise": under_noise(sound),
        "soft": sound / 30,
        "loud": np.clip(sound * 4, -30_000, 30_000),
    }
    (match,) = found(changes[changed])
    assert match.reference_id == COUNTRY
    assert match.kind == EXACT_MATCH
    assert match.reference.start_ms - match.output.start_ms == pytest.approx(31_370, abs=60)
    assert match.reference.end_ms - match.reference.start_ms == match.output.end_ms - match.output.start_ms >= 4_400
    assert 500_000 <= match.score_millionths < 1_000_000
    assert (match.measure("correlation_millionths") or 0) >= 350_000
    assert (match.measure("vectors") or 0) >= 4


def test_are_recognized_in_a_part_of_an_output() -> None:
    output = np.concatenate([piece(5, name="vibe-ace.ogg"), piece(6), np.zeros(3 * RATE)])
    by = {match.reference_id: match for match in found(output)}
    assert by.keys() == {COUNTRY, IDS["vibe-ace.ogg"]}
    match = by[COUNTRY]
    # A picture lasts a second and a half, and is like the other one where they share most of it.
    assert (match.output.start_ms, match.output.end_ms) == pytest.approx((5_000, 11_000), abs=1_200)
    assert match.reference.start_ms - match.output.start_ms == pytest.approx(31_370 - 5_000, abs=60)


def test_of_another_song_are_not() -> None:
    others = Index.of([(id, stored(name)) for name, id in IDS.items() if id != COUNTRY], spectra.FAMILY)
    for at in range(2, 40, 6):
        assert found(piece(10, at=at), others) == ()
        assert found(under_noise(piece(5, at=at)), others) == ()


def tone(seconds: float, hertz: float = 440.0) -> np.ndarray:
    return 12_000 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


NOTHING: dict[str, np.ndarray] = {
    "nothing": np.zeros(0),
    "one sample": np.ones(1),
    "too short": np.zeros(3 * RATE),
    "silence": np.zeros(8 * RATE),
    "full scale": np.full(8 * RATE, 32_767.0),
    "least scale": np.full(8 * RATE, -32_768.0),
    "tone": tone(8),
    "square": np.sign(tone(8, 100)) * 30_000,
    "clicks": (np.arange(8 * RATE) % 500 == 0) * 30_000.0,
    "one click": (np.arange(8 * RATE) == 40_000) * 30_000.0,
    "noise": np.random.default_rng(1).standard_normal(8 * RATE) * 9_000,
}


@pytest.mark.parametrize("name", list(NOTHING))
def test_of_what_does_not_move_say_nothing(name: str) -> None:
    """Neither in songs, nor in the like of it."""
    like = {key: spectra.reference([rounded(sound)]).tobytes() for key, sound in NOTHING.items() if key != name}
    ids = {key: uuid5(UUID(int=6), key) for key in like}
    known = Index.of(
        [*((ids[key], data) for key, data in like.items()), *((IDS[one], stored(one)) for one in SONGS)],
        spectra.FAMILY,
    )
    assert found(NOTHING[name], known) == ()


@pytest.mark.parametrize("name", ["silence", "full scale", "tone", "square", "clicks", "noise"])
def test_of_what_does_not_move_say_nothing_of_a_later_part_of_it(name: str) -> None:
    sound = NOTHING[name]
    known = Index.of([(COUNTRY, spectra.reference([rounded(np.tile(sound, 3))]).tobytes())], spectra.FAMILY)
    other = sound if name != "noise" else np.random.default_rng(2).standard_normal(8 * RATE) * 9_000
    assert found(other[RATE // 3 :], known) == ()


# --- what is kept


@pytest.mark.parametrize("seconds", [0.0, 0.05, 1.4, 1.6, 3.0, 30.0, 200.0])
def test_are_the_same_however_the_sound_is_cut(seconds: float) -> None:
    sound = np.resize(song("country.mp3"), int(seconds * RATE))
    whole = spectra.reference([sound])
    cuts = np.sort(np.random.default_rng(3).integers(0, sound.size + 1, 40))
    assert (spectra.reference(np.split(sound, cuts)) == whole).all()
    frames = max(0, (sound.size - spectra.FRAME_SAMPLES) // spectra.HOP_SAMPLES + 1)
    assert len(whole) == max(0, (frames - spectra.VECTOR_FRAMES) // spectra.STRIDE_FRAMES + 1)
    assert whole.dtype == np.int8


def test_of_a_long_sound_are_those_of_the_whole() -> None:
    """What is made in portions is what would be made at once, but for the rounding of sums."""
    sound = np.resize(song("vibe-ace.ogg"), 180 * RATE)
    at_once = spectra.query(sound)[:: spectra.STRIDE_FRAMES].astype(int)
    made = spectra.reference([sound]).astype(int)
    assert np.abs(made - at_once).max() <= 1


def test_are_stored_as_words_and_read_back() -> None:
    vectors = spectra.reference([song("country.mp3")])
    content = spectra.read(vectors.tobytes())
    assert content.length == 24 * len(vectors)
    assert content.items is not None
    assert (spectra.vectors_of(content.items) == vectors).all()
    assert spectra.read(b"").length == 0
    for size in (1, 95, 97):
        with pytest.raises(spectra.NotSpectra):
            spectra.read(bytes(size))


def test_need_the_directions_of_this_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(spectra.WEIGHTS.read_bytes())
    content[len(content) // 2] ^= 1
    changed = tmp_path / "changed.npz"
    changed.write_bytes(content)
    monkeypatch.setattr(spectra, "WEIGHTS", changed)
    spectra.weights.cache_clear()
    with pytest.raises(embedding.WeightsChanged):
        spectra.weights()
    monkeypatch.undo()
    spectra.weights.cache_clear()
    learned = spectra.weights()
    assert learned.projection.shape == (32 * 48, 96)
    assert np.trace(learned.together) == pytest.approx(learned.energy, rel=1e-4)


# --- what an index answers


@pytest.mark.parametrize("at_once", [1, 1_000, 1 << 20])
def test_portions_are_all_items(at_once: int) -> None:
    view = catalogue()
    seen: dict[UUID, bytes] = {}
    for first, starts, items in view.portions(at_once):
        assert len(starts) == 2 or items.size <= at_once
        for number in range(len(starts) - 1):
            seen[view.reference(first + number)] = items[starts[number] : starts[number + 1]].astype("<u4").tobytes()
    assert seen == {id: stored(name) for name, id in IDS.items()}


def test_more_is_needed_in_a_large_catalogue() -> None:
    assert spectra_matching.least(0) == spectra_matching.least(1_500) == spectra_matching.MIN_DEVIATIONS
    assert spectra_matching.least(1_000_000) == pytest.approx(11.62, abs=0.01)
    asked = spectra.query(rounded(without_phases(piece())))
    (match,) = found(without_phases(piece()))
    many = round(1_500 * np.exp((spectra_matching.deviations(match) - 8.5 + 2.5) / 0.48))
    assert spectra_matching.search(catalogue(), asked, among=many * 9 // 10) == (match,)
    assert spectra_matching.search(catalogue(), asked, among=many * 11 // 10) == ()


def test_the_score_has_a_probability() -> None:
    table = calibration.of(
        Detector(EXACT_MATCH, spectra.ALGORITHM, PARAMETERS_OF_SPECTRA, snapshots.name(snapshots.nothing(), 0), 0)
    )
    assert table is not None
    assert table.right > 500
    assert table.probability_millionths(500_000) < table.probability_millionths(700_000)
