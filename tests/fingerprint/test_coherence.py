"""A waveform …"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from fingerprint import audio, coherence
from fingerprint.coherence import MARGIN_SAMPLES, Samples
from fingerprint.evidence import Match
from fingerprint.landmarks import HOP_SAMPLES, SAMPLE_RATE_HZ
from fingerprint.postings import Place
from tests.fingerprint.sounds import FORMS, MEDIA_TYPES, MUSIC, Sound, encoded, music

SONG = UUID("6f1d7ac2-5c0d-4d27-9d0c-8c8f9b9f3d11")
RATE = SAMPLE_RATE_HZ


def cut(sound: Sound, start: int, size: int) -> Samples:
    wave = np.zeros(size, np.int16)
    there = sound[max(0, start) : max(0, start + size)]
    wave[max(0, -start) :][: there.size] = there
    return wave


def found(output: np.ndarray, reference: Sound, at: int) -> tuple[Match, ...]:
    """What is found in an output, where landmarks point about at a sample of a reference."""

    def waves(reference_id: UUID, starts: Sequence[int], size: int) -> list[Samples]:
        assert reference_id == SONG
        return [cut(reference, start, size) for start in starts]

    heard = np.clip(np.rint(output), -32_768, 32_767).astype(np.int16)
    return coherence.search(heard, [Place(SONG, (at + 900) // HOP_SAMPLES)], waves)


def notes(seed: int, seconds: float, *, of: int = 6, from_hz: float = 110) -> np.ndarray:
    """Struck notes of random pitch and moment, each with its overtones, and a little hiss."""
    chance = np.random.default_rng(seed)
    size = int(seconds * RATE)
    sound = chance.standard_normal(size) * 20
    for start in chance.integers(0, size, int(of * seconds)):
        length = min(size - int(start), int(chance.uniform(0.2, 0.8) * RATE))
        hertz, time = from_hz * 2 ** (chance.integers(0, 36) / 12), np.arange(length) / RATE
        fading = 2_000 * np.exp(-4 * time)
        for overtone in range(1, 6):
            sound[start : start + length] += fading / overtone * np.sin(2 * np.pi * hertz * overtone * time)
    return sound


SOUND = np.rint(notes(1, 12)).astype(np.int16)
AT = 4 * RATE + 123


@pytest.mark.parametrize(
    ("over", "seconds"),
    [("nothing", 2.0), ("noise", 6.0), ("others", 6.0), ("upside down", 2.0), ("half a sample later", 3.0)],
)
def test_of_a_copy_is_found_at_its_sample(over: str, seconds: float) -> None:
    output = SOUND[AT : AT + int(seconds * RATE)].astype(float)
    power = float(np.sqrt(np.mean(output**2)))
    if over == "noise":
        output = output + np.random.default_rng(3).standard_normal(output.size) * power
    elif over == "others":
        others = notes(9, seconds)[: output.size]
        output = output + 2 * others * power / np.sqrt(np.mean(others**2))
    elif over == "upside down":
        output = -0.3 * output
    elif over == "half a sample later":
        output = (output[1:] + output[:-1]) / 2
    (match,) = found(output, SOUND, AT)
    lag = (match.measure("lag_microseconds") or 0) * RATE / 1e6
    assert lag == pytest.approx(AT + (0.5 if over == "half a sample later" else 0), abs=0.13)
    assert match.measure("polarity_inverted") == (1 if over == "upside down" else None)
    assert match.output.end_ms - match.output.start_ms >= 800 * seconds
    assert match.reference.start_ms - match.output.start_ms == pytest.approx(AT * 1000 / RATE, abs=2)
    assert 500_000 <= match.score_millionths < 1_000_000


def test_is_found_in_a_part_of_an_output() -> None:
    output = np.concatenate([notes(5, 4), SOUND[AT : AT + 4 * RATE], notes(6, 4)])
    (match,) = found(output, SOUND, AT - 4 * RATE)
    assert (match.output.start_ms, match.output.end_ms) == pytest.approx((4_000, 8_000), abs=250)


def test_of_another_song_on_the_same_drums_is_none() -> None:
    """Every beat is the same to the sample; what is played to it is not."""
    chance = np.random.default_rng(8)
    hit = chance.standard_normal(2_000) * 6_000 * np.exp(-np.arange(2_000) / 400)
    beats = np.zeros(12 * RATE)
    for start in range(0, beats.size - hit.size, RATE * 3 // 5):
        beats[start : start + hit.size] += hit
    reference = np.rint(beats + notes(1, 12)[: beats.size]).astype(np.int16)
    other = (beats + notes(2, 12)[: beats.size])[: 5 * RATE]
    assert found(other, reference, 0) == ()
    (match,) = found(reference[: 5 * RATE].astype(float), reference, 0)
    assert match.reference_id == SONG


def tone(seconds: float, hertz: float = 440.0) -> np.ndarray:
    return 12_000 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


@pytest.mark.parametrize(
    ("output", "reference"),
    [
        (np.zeros(3 * RATE), np.zeros(9 * RATE)),
        (np.zeros(3 * RATE), SOUND),
        (SOUND[: 3 * RATE], np.zeros(9 * RATE)),
        (np.full(3 * RATE, 32_767), np.full(9 * RATE, 32_767)),
        (np.full(3 * RATE, -32_768), SOUND),
        (tone(3), tone(9)),
        (tone(3), tone(9, 441)),
        (np.sign(tone(3, 100)) * 30_000, np.sign(tone(9, 100)) * 30_000),
        (np.arange(3 * RATE) % 500 == 0, np.arange(9 * RATE) % 500 == 0),
        ((np.arange(3 * RATE) % 500 == 0) * 30_000, (np.arange(9 * RATE) % 500 == 0) * 30_000),
        (np.tile(SOUND[:1_000], 40), np.tile(SOUND[:1_000], 100)),
        (np.array([1]), SOUND),
        (np.zeros(0), SOUND),
        (SOUND[:RATE], SOUND),  # too short for sixteen moments
        (np.tile(SOUND, 2)[: 16 * RATE], SOUND),  # too long
        (notes(2, 4), SOUND),
        (np.random.default_rng(1).standard_normal(3 * RATE) * 9_000, SOUND),
    ],
)
def test_says_nothing_where_there_is_nothing_to_say(output: np.ndarray, reference: np.ndarray) -> None:
    assert found(output.astype(float), np.rint(reference).astype(np.int16), 0) == ()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("at", [-20 * RATE, -RATE, 11 * RATE, 40 * RATE])
def test_of_a_place_beyond_the_reference_is_none(at: int) -> None:
    assert found(SOUND[AT : AT + 3 * RATE].astype(float), SOUND, at) == ()


def test_that_cannot_be_had_is_left_out() -> None:
    output = SOUND[AT : AT + 3 * RATE]
    assert coherence.search(output, [Place(SONG, AT // HOP_SAMPLES)], lambda *_: None) == ()


def test_is_looked_at_in_so_many_places() -> None:
    asked: list[int] = []

    def waves(_: UUID, starts: Sequence[int], size: int) -> list[Samples]:
        asked.extend(starts)
        return [np.zeros(size, np.int16) for _ in starts]

    places = [Place(SONG, frame) for frame in range(0, 4_000, 40)]
    assert coherence.search(SOUND[: 2 * RATE], places, waves) == ()
    assert asked == [place.frame * HOP_SAMPLES - MARGIN_SAMPLES for place in places[: coherence.MOST_PLACES]]


@pytest.mark.parametrize("form", ["wav-16", "mp3", "flac", "m4a-aac", "ogg-opus"])
def test_is_cut_where_it_is_decoded(form: str, write: Callable[..., Path]) -> None:
    sound = music("country.mp3")[: 20 * 44_100]
    suffix = FORMS[form].suffix
    path = write(encoded(sound, FORMS[form]))
    whole = np.concatenate(list(audio.decode(path, MEDIA_TYPES[suffix], RATE))).astype(float)
    for start in (-RATE, 0, 7 * RATE + 77, 18 * RATE):
        piece = audio.stretch(path, MEDIA_TYPES[suffix], start, 3 * RATE, RATE).astype(float)
        assert piece.size == 3 * RATE
        wanted = cut(whole.astype(np.int16), start, 3 * RATE).astype(float)
        crossed = np.fft.irfft(np.conj(np.fft.rfft(wanted, 1 << 17)) * np.fft.rfft(piece, 1 << 17))
        off = int(np.argmax(crossed))
        assert min(off, crossed.size - off) < 1_200  # a frame of the codec, and far less than what is searched
    with pytest.raises(audio.ExcerptOutOfRange):
        audio.stretch(path, MEDIA_TYPES[suffix], 0, 0, RATE)
    assert not audio.stretch(path, MEDIA_TYPES[suffix], -4 * RATE, 3 * RATE, RATE).any()


def test_of_a_broken_file_is_refused(write: Callable[..., Path]) -> None:
    path = write((MUSIC / "vocal.flac").read_bytes()[:2_000])
    with pytest.raises(audio.AudioRefused):
        audio.stretch(path, "audio/flac", 0, RATE, RATE)
