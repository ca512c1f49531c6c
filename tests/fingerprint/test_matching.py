"""Matching …"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
import pytest

from fingerprint import extract, matching
from fingerprint.audio import decode
from fingerprint.evidence import Match
from fingerprint.matching import search
from fingerprint.postings import DuplicateReference, Index
from tests.fingerprint.sounds import FORMS, Sound, encoded, noise, tone

RATE = extract.SAMPLE_RATE_HZ
SPACE = UUID("5b0d8a0e-0d7c-4f1e-9f59-6a1a9d3f2c01")
SONGS = ["country.mp3", "creepy-piano.ogg", "spring-on-the-horizon.ogg", "vibe-ace.ogg", "hungarian-dance-5.ogg"]

Music = Callable[..., Sound]


def id_of(name: str) -> UUID:
    return uuid5(SPACE, name)


@pytest.fixture(scope="module")
def songs(music: Music) -> dict[str, Sound]:
    return {name: music(name, rate=RATE) for name in [*SONGS, "two-hour-delay.ogg"]}


@pytest.fixture(scope="module")
def index(songs: dict[str, Sound]) -> Index:
    return Index([(id_of(name), extract.reference([songs[name]])) for name in SONGS], algorithm="test")


@pytest.fixture(scope="module")
def host(songs: dict[str, Sound]) -> Sound:
    """A song that is not registered."""
    return songs["two-hour-delay.ogg"]


def found(index: Index, *sounds: Sound) -> tuple[Match, ...]:
    return search(index, extract.query([np.concatenate(sounds)]), algorithm="test/1")


def part(sound: Sound, begin: float, end: float) -> Sound:
    return sound[int(begin * RATE) : int(end * RATE)]


def near(match: Match, output: tuple[float, float], reference: tuple[float, float], *, slack: float = 0.8) -> bool:
    given = (match.output.start_ms, match.output.end_ms, match.reference.start_ms, match.reference.end_ms)
    return all(abs(ms / 1000 - expected) < slack for ms, expected in zip(given, (*output, *reference), strict=True))


def same_level(sound: Sound, other: Sound) -> Sound:
    def loudness(samples: Sound) -> float:
        return float(np.sqrt(np.mean(samples.astype(float) ** 2)))

    scaled: Sound = np.clip(sound * (loudness(other) / loudness(sound)), -32_768, 32_767).astype(np.int16)
    return scaled


# --- what is found


@pytest.mark.parametrize("name", SONGS)
def test_finds_a_song_in_itself_whole_and_once(name: str, index: Index, songs: dict[str, Sound]) -> None:
    (match,) = found(index, songs[name])
    seconds = songs[name].size / RATE
    assert match.reference_id == id_of(name)
    assert near(match, (0, seconds), (0, seconds), slack=0.3)
    assert (match.measure("bit_error_millionths"), match.time_ratio_millionths) == (0, 1_000_000)
    assert match.output == match.reference


@pytest.mark.parametrize("name", SONGS)
@pytest.mark.parametrize("seconds", [5, 10])
def test_finds_an_excerpt_inside_another_song(
    name: str, seconds: int, index: Index, songs: dict[str, Sound], host: Sound
) -> None:
    excerpt = same_level(part(songs[name], 20, 20 + seconds), host)
    (match,) = found(index, part(host, 0, 17.3), excerpt, part(host, 60, 80))
    assert match.reference_id == id_of(name)
    # One song plays the same bars again 49 seconds later; either place is right.
    begin = 20 if match.reference.start_ms < 50_000 else match.reference.start_ms / 1000
    assert near(match, (17.3, 17.3 + seconds), (begin, begin + seconds), slack=1.5)
    assert match.time_ratio_millionths == pytest.approx(1_000_000, abs=30_000)


def test_finds_every_place_of_every_reference(index: Index, songs: dict[str, Sound], host: Sound) -> None:
    matches = found(
        index,
        part(host, 0, 10),
        part(songs["country.mp3"], 30, 40),
        part(host, 20, 30),
        part(songs["vibe-ace.ogg"], 5, 15),
        part(songs["country.mp3"], 60, 70),
        part(songs["country.mp3"], 30, 40),
    )
    expected = [
        ("country.mp3", (10, 20), (30, 40)),
        ("vibe-ace.ogg", (30, 40), (5, 15)),
        ("country.mp3", (40, 50), (60, 70)),
        ("country.mp3", (50, 60), (30, 40)),
    ]
    assert [match.reference_id for match in matches] == [id_of(name) for name, _, _ in expected]
    for match, (_, output, reference) in zip(matches, expected, strict=True):
        assert near(match, output, reference, slack=1.2), match


def test_finds_two_references_in_the_same_place(songs: dict[str, Sound]) -> None:
    song = songs["country.mp3"]
    twice = Index(
        [(id_of("whole"), extract.reference([song])), (id_of("part"), extract.reference([part(song, 10, 50)]))],
        algorithm="test",
    )
    matches = found(twice, part(song, 0, 60))
    assert {match.reference_id for match in matches} == {id_of("whole"), id_of("part")}


@pytest.mark.parametrize("percent", [-10, -5, 5, 10])
def test_finds_a_song_played_faster_or_slower(percent: int, songs: dict[str, Sound], index: Index) -> None:
    """Without a change of pitch; so time is stretched by repeating and leaving out, as tempo changers do."""
    song = part(songs["country.mp3"], 20, 50)
    stretched = _stretched(song, 1 + percent / 100)
    matches = found(index, stretched)
    assert {match.reference_id for match in matches} == {id_of("country.mp3")}
    longest = max(matches, key=lambda match: match.score_millionths)
    assert longest.time_ratio_millionths == pytest.approx(1_000_000 + percent * 10_000, abs=8_000)
    assert sum(match.output.end_ms - match.output.start_ms for match in matches) > 0.8 * 30_000 / (1 + percent / 100)


def _stretched(sound: Sound, faster: float) -> Sound:
    """Overlap and add, with each piece moved to where it fits what stands before it."""
    size, step = 1_024, 512
    window = np.hanning(size + 1)[:-1]
    out = np.zeros(int(sound.size / faster) + 2 * size)
    signal = np.concatenate([np.zeros(size), sound.astype(float), np.zeros(2 * size)])
    follow = signal[size : size + size]
    for begin in range(0, int(sound.size / faster) - size, step):
        at = int(begin * faster) + size
        around = signal[at - 200 : at + 200 + size]
        at += int(np.argmax(np.correlate(around, follow, "valid"))) - 200
        out[begin : begin + size] += window * signal[at : at + size]
        follow = signal[at + step : at + step + size]
    return out.astype(np.int16)


def test_finds_a_song_as_mp3_under_noise(index: Index, music: Music, tmp_path: Path) -> None:
    song = music("country.mp3")[44_100 * 30 : 44_100 * 40]
    loudness = float(np.sqrt(np.mean(song.astype(float) ** 2))) / 32_767
    noisy = np.clip(song.astype(int) + noise(10, level=loudness * 10**-0.5), -32_768, 32_767).astype(np.int16)
    path = tmp_path / "noisy.mp3"
    path.write_bytes(encoded(noisy, FORMS["mp3"]))
    (match,) = search(index, extract.query(decode(path, "audio/mpeg")), algorithm="test/1")
    assert match.reference_id == id_of("country.mp3")
    assert near(match, (0, 10), (30, 40))


def test_finds_what_is_left_beside_a_voice(index: Index, songs: dict[str, Sound], music: Music) -> None:
    song = part(songs["country.mp3"], 10, 50)
    voice = same_level(part(music("vocal.flac", rate=RATE), 5, 20), song)
    mixed = song.astype(int)
    mixed[15 * RATE : 15 * RATE + voice.size] += voice
    matches = found(index, np.clip(mixed, -32_768, 32_767).astype(np.int16))
    assert {match.reference_id for match in matches} == {id_of("country.mp3")}
    assert sum(match.output.end_ms - match.output.start_ms for match in matches) > 22_000
    for match in matches:
        assert match.reference.start_ms - match.output.start_ms == pytest.approx(10_000, abs=300)


# --- what is not found


def test_finds_nothing_in_other_music(index: Index, host: Sound) -> None:
    assert found(index, host) == ()


@pytest.mark.parametrize("name", SONGS)
def test_tells_songs_apart(name: str, songs: dict[str, Sound]) -> None:
    others = Index(
        [(id_of(other), extract.reference([songs[other]])) for other in SONGS if other != name], algorithm="test"
    )
    assert found(others, songs[name]) == ()


DULL: dict[str, Sound] = {
    "silence": np.zeros(30 * RATE, np.int16),
    "a constant": np.full(30 * RATE, 9_000, np.int16),
    "nearly silence": np.random.default_rng(1).integers(-1, 2, 30 * RATE).astype(np.int16),
    "a tone": tone(30, rate=RATE),
    "a higher tone": tone(30, hertz=452, rate=RATE),
    "a chord": (tone(30, rate=RATE) // 3 + tone(30, hertz=554, rate=RATE) // 3 + tone(30, hertz=659, rate=RATE) // 3),
    "a hum": tone(30, hertz=50, rate=RATE) // 8,
    "clicks": (np.arange(30 * RATE) % (RATE // 2) == 0).astype(np.int16) * 20_000,
    "full scale": np.where(np.arange(30 * RATE) % 100 < 50, 32_767, -32_768).astype(np.int16),
}


@pytest.mark.parametrize("kind", DULL)
def test_finds_nothing_where_nothing_happens(kind: str, index: Index, songs: dict[str, Sound]) -> None:
    """Neither in music nor in itself: what is everywhere is no evidence of anything."""
    sound = DULL[kind]
    assert found(index, sound) == ()
    dull = Index([(id_of(name), extract.reference([other])) for name, other in DULL.items()], algorithm="test")
    assert found(dull, sound[: 20 * RATE]) == ()
    assert found(dull, songs["country.mp3"]) == ()


def test_finds_no_noise_in_other_noise() -> None:
    index = Index([(id_of("noise"), extract.reference([noise(60, rate=RATE, seed=1)]))], algorithm="test")
    assert found(index, noise(60, rate=RATE, seed=2)) == ()


def test_finds_no_silence_between_songs(index: Index, songs: dict[str, Sound]) -> None:
    gap = np.zeros(10 * RATE, np.int16)
    silent = Index(
        [(id_of("gap"), extract.reference([np.concatenate([part(songs["vibe-ace.ogg"], 0, 20), gap])]))],
        algorithm="test",
    )
    assert found(silent, gap, part(songs["country.mp3"], 0, 30), gap) == ()


@pytest.mark.parametrize("seconds", [0, 0.001, 1, 2.6])
def test_finds_nothing_in_too_little(seconds: float, index: Index, songs: dict[str, Sound]) -> None:
    assert found(index, part(songs["country.mp3"], 30, 30 + seconds)) == ()


def test_finds_nothing_in_an_empty_index(songs: dict[str, Sound]) -> None:
    assert found(Index([], algorithm="test"), songs["country.mp3"]) == ()
    nothing = Index([(id_of("nothing"), np.zeros(0, np.uint32))], algorithm="test")
    assert found(nothing, songs["country.mp3"]) == ()


# --- what is promised of an index


def test_says_the_same_in_any_order(index: Index, songs: dict[str, Sound], host: Sound) -> None:
    references = [(index.reference(number), index.items(number)) for number in range(len(index))]
    other = Index(reversed(references), algorithm="test")
    grown = Index(references[3:], algorithm="test").with_references(references[:3])
    sound = (part(host, 0, 10), part(songs["vibe-ace.ogg"], 5, 15), part(songs["country.mp3"], 30, 40))
    assert found(index, *sound) == found(other, *sound) == found(grown, *sound)
    assert index.snapshot == other.snapshot == grown.snapshot
    assert len(index) == len(grown) == len(SONGS)


def test_names_its_content(index: Index) -> None:
    references = [(index.reference(number), index.items(number)) for number in range(len(index))]
    assert Index(references[1:], algorithm="test").snapshot != index.snapshot
    assert Index(references, algorithm="other").snapshot != index.snapshot
    first_id, first_items = references[0]
    changed = first_items.copy()
    changed[5] ^= 1
    assert Index([(first_id, changed), *references[1:]], algorithm="test").snapshot != index.snapshot
    assert Index([], algorithm="test").snapshot == Index([], algorithm="other").snapshot


def test_takes_a_reference_once(index: Index) -> None:
    with pytest.raises(DuplicateReference):
        index.with_references([(index.reference(0), index.items(0))])


def test_reports_within_its_own_limits(index: Index, songs: dict[str, Sound], host: Sound) -> None:
    excerpt = part(songs["spring-on-the-horizon.ogg"], 40, 44)
    for match in found(index, part(host, 0, 20), excerpt, part(host, 20, 40)):
        assert match.output.end_ms - match.output.start_ms >= matching.MIN_DURATION_MS
        assert 500_000 <= match.score_millionths < 1_000_000
        assert 0 <= dict(match.measures)["bit_error_millionths"] < 32_000 * matching.MAX_BITS


def test_stands_music_that_repeats_itself(songs: dict[str, Sound]) -> None:
    """A loop offers a line for each of its repetitions; one comes out, and soon."""
    loop = np.concatenate([part(songs["country.mp3"], 30, 34)] * 45)
    index = Index([(id_of("loop"), extract.reference([loop]))], algorithm="test")
    (match,) = found(index, loop)
    assert near(match, (0, 180), (0, 180), slack=0.2)
    repeated = found(index, part(songs["country.mp3"], 0, 60))
    assert {(match.output.start_ms + 500) // 4_000 for match in repeated} == {7}
