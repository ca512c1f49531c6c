"""An alignment …"""

from __future__ import annotations

import numpy as np
import pytest

from fingerprint import alignment, melody
from fingerprint.alignment import Tune
from fingerprint.melody import RATE_HZ, Melody, ms_of
from tests.fingerprint.sounds import noise, tone
from tests.fingerprint.tunes import composed, played

ENOUGH = 390


def heard(sound: np.ndarray) -> Tune:
    return Tune(melody.of(sound))


@pytest.fixture(scope="module")
def catalogue() -> list[Tune]:
    return [heard(played(composed(seed))) for seed in range(6)]


@pytest.mark.parametrize(
    ("up", "tempo", "overtones", "chords", "tune"),
    [
        (0, 120, 0.5, 0.4, 0.8),
        (3, 100, 0.2, 0.4, 0.8),
        (-5, 140, 0.7, 0.3, 0.8),
        (6, 120, 0.5, 0.6, 0.5),
        (0.4, 112, 0.5, 0.4, 0.8),
        (2, 110, 0.5, 0.0, 0.8),  # the tune alone
        (-3, 125, 0.5, 0.4, 0.0),  # the chords alone
    ],
)
def test_finds_a_song_in_any_key_tempo_and_sound(
    catalogue: list[Tune], up: float, tempo: float, overtones: float, chords: float, tune: float
) -> None:
    sound = played(composed(2), up=up, beats_a_minute=tempo, overtones=overtones, chords=chords, tune=tune)
    scores = alignment.scores(heard(sound), catalogue)
    assert scores[2] > ENOUGH > max(score for index, score in enumerate(scores) if index != 2)
    (path,) = alignment.paths(heard(sound), catalogue[2], enough=ENOUGH)
    assert path.score >= ENOUGH
    assert path.key == round(-up) % 12
    assert path.time_ratio_millionths == pytest.approx(tempo / 120 * 1_000_000, rel=0.05)


def test_says_where_on_both_sides(catalogue: list[Tune]) -> None:
    other, song = played(composed(50, bars=12)), played(composed(2), up=1, beats_a_minute=132)
    sound = np.concatenate([other, song[10 * RATE_HZ : 50 * RATE_HZ], other])
    begin_s = other.size / RATE_HZ
    (path,) = alignment.paths(heard(sound), catalogue[2], enough=300)
    assert ms_of(path.output[0]) == pytest.approx(1_000 * begin_s, abs=4_000)
    assert ms_of(path.output[1]) == pytest.approx(1_000 * (begin_s + 40), abs=4_000)
    assert ms_of(path.reference[0]) == pytest.approx(10_000 * 1.1, abs=4_000)
    assert ms_of(path.reference[1]) == pytest.approx(50_000 * 1.1, abs=4_000)


def test_tells_two_places_apart(catalogue: list[Tune]) -> None:
    song, other = played(composed(2)), noise(24, rate=RATE_HZ)
    sound = np.concatenate([song[: 40 * RATE_HZ], other, song[20 * RATE_HZ : 60 * RATE_HZ]])
    first, second = sorted(alignment.paths(heard(sound), catalogue[2], enough=300), key=lambda path: path.output)
    assert first.output[1] <= second.output[0]
    assert ms_of(second.reference[0]) == pytest.approx(20_000, abs=4_000)


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, np.int16),
        np.zeros(60 * RATE_HZ, np.int16),
        tone(60, rate=RATE_HZ),
        noise(60, rate=RATE_HZ),
        np.full(60 * RATE_HZ, 9_000, np.int16),
        np.tile(played(composed(9, bars=1)), 25),
    ],
    ids=["nothing", "silence", "a tone", "noise", "a constant", "one bar over and over"],
)
def test_finds_nothing_where_nothing_is(catalogue: list[Tune], sound: np.ndarray) -> None:
    there = heard(sound)
    again = Tune(Melody(there.melody.harmony.copy(), there.melody.lead.copy(), 0))
    assert max(alignment.scores(there, [*catalogue])) < ENOUGH
    assert alignment.paths(there, catalogue[0], enough=ENOUGH) == []
    if not sound.any() or sound.min() == sound.max():
        # What holds nothing is not even like itself.
        assert alignment.scores(there, [again]) == [0]


def test_is_the_same_alone_and_among_others(catalogue: list[Tune]) -> None:
    query = heard(played(composed(4), up=2))
    together = alignment.scores(query, catalogue)
    assert together == [alignment.scores(query, [song])[0] for song in catalogue]
    assert together == alignment.scores(query, catalogue)


def test_a_path_scores_what_was_said(catalogue: list[Tune]) -> None:
    query = heard(played(composed(1), up=2, beats_a_minute=105))
    (path,) = alignment.paths(query, catalogue[1], enough=ENOUGH)
    assert [path.score] == alignment.scores(query, [catalogue[1]])
    assert 0 < path.alike <= path.length


def test_too_short_a_side_is_not_compared(catalogue: list[Tune]) -> None:
    short = heard(played(composed(2))[: 8 * RATE_HZ])
    assert alignment.scores(short, catalogue) == [0] * 6
    assert alignment.scores(catalogue[0], [short]) == [0]
    assert alignment.paths(short, catalogue[2], enough=1) == []
