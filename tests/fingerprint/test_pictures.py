"""Pictures of sound …"""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Iterator
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from fingerprint import pictures
from fingerprint.pictures import NothingToDraw, Sound
from tests.fingerprint import sounds

RATE = 44_100
Samples = NDArray[np.int16]


def tone(hz: float, seconds: float, *, rate: int = RATE, level: float = 1.0, harmonics: int = 1) -> Any:
    at = np.arange(int(seconds * rate)) / rate
    wave_ = sum(np.sin(2 * np.pi * hz * h * at) / h for h in range(1, harmonics + 1))
    return (wave_ / max(1.0, np.abs(wave_).max()) * level * 32_767).astype(np.int16)


def blocks(samples: Samples, size: int) -> Iterator[Samples]:
    for at in range(0, samples.size, size):
        yield samples[at : at + size]


def seen(png: bytes) -> Any:
    """What a decoder that shares nothing with our writer sees: height, width, color."""
    with av.open(io.BytesIO(png), "r") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def brightness(png: bytes) -> Any:
    return seen(png).astype(np.float64).sum(axis=2)


# --- waveforms


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_outlines_a_sound_whatever_its_blocks(size: int) -> None:
    samples = np.random.default_rng(1).integers(-32_768, 32_767, 1_003).astype(np.int16)
    found = pictures.waveform(blocks(samples, size), samples=samples.size, bins=10)
    for part in range(10):
        inside = samples[part * 1_003 // 10 : (part + 1) * 1_003 // 10].astype(int)
        assert found.low[part] == max(-127, round(int(inside.min()) * 127 / 32_768))
        assert found.high[part] == round(int(inside.max()) * 127 / 32_768)


@pytest.mark.parametrize(
    ("given", "samples", "bins", "parts"),
    [
        (0, 0, 100, 1),  # nothing at all
        (1, 1, 100, 1),
        (50, 50, 100, 50),  # never more parts than samples
        (500, 100, 10, 10),  # more came than was promised
        (100, 500, 10, 10),  # less came
        (100_000, 100_000, 10**9, pictures.MOST_BINS),
    ],
)
def test_has_a_size_that_is_known_beforehand(given: int, samples: int, bins: int, parts: int) -> None:
    found = pictures.waveform([np.full(given, 20_000, np.int16)], samples=samples, bins=bins)
    assert len(found.low) == len(found.high) == parts
    heard = -(-min(given, samples) * parts // samples) if samples else 0
    assert found.high == (78,) * heard + (0,) * (parts - heard)  # 20,000 of 32,768 are 78 of 127


# --- loudness


@pytest.mark.parametrize("rate", [44_100, 48_000, 8_000])
@pytest.mark.parametrize(("level", "expected"), [(1.0, -301), (0.1, -2301), (0.01, -4301)])
def test_measures_loudness_as_the_standard_says(rate: int, level: float, expected: int) -> None:
    # BS.1770-4: a sine of 997 Hz at full scale in one channel reads -3.01.
    found = pictures.loudness(Sound(tone(997, 5, rate=rate, level=level), rate))
    assert found == pytest.approx(expected, abs=10)


def test_leaves_silence_out_of_loudness() -> None:
    loud = tone(997, 5)
    paused = np.concatenate((loud, np.zeros(5 * RATE, np.int16)))
    assert pictures.loudness(Sound(paused, RATE)) == pytest.approx(-301, abs=25)
    assert pictures.loudness(Sound(np.zeros(RATE, np.int16), RATE)) is None
    assert pictures.loudness(Sound(np.zeros(0, np.int16), RATE)) is None


def test_weighs_a_deep_bass_less() -> None:
    bass, middle = (pictures.loudness(Sound(tone(hz, 3), RATE)) for hz in (30, 1_000))
    assert bass is not None
    assert middle is not None
    assert bass < middle - 500


# --- spectrograms


@pytest.mark.parametrize("hz", [100, 440, 3_000, 10_000])
def test_shows_a_tone_where_it_is(hz: int) -> None:
    shown = brightness(pictures.spectrogram(Sound(tone(hz, 2), RATE), columns=100))
    assert shown.shape == (pictures.ROWS, 100)
    place = np.log(hz / pictures.LOWEST_HZ) / np.log(pictures.HIGHEST_HZ / pictures.LOWEST_HZ)
    expected = pictures.ROWS - 1 - place * (pictures.ROWS - 1)
    assert abs(int(shown[:, 50].argmax()) - expected) <= 2


def test_shows_when_it_sounds() -> None:
    late = np.concatenate((np.zeros(RATE, np.int16), tone(440, 1)))
    shown = brightness(pictures.spectrogram(Sound(late, RATE), columns=100)).sum(axis=0)
    assert shown[60:95].min() > 3 * shown[5:40].max()


def test_keeps_what_a_file_has_no_room_for_dark() -> None:
    noise = np.random.default_rng(2).integers(-20_000, 20_000, 8_000 * 2).astype(np.int16)
    shown = brightness(pictures.spectrogram(Sound(noise, 8_000), columns=50))
    above = int(np.log(HALF / pictures.LOWEST_HZ) / np.log(pictures.HIGHEST_HZ / pictures.LOWEST_HZ) * pictures.ROWS)
    assert shown[: pictures.ROWS - above - 2].max() == shown.min()
    assert shown[-above:].mean() > 10 * max(1.0, float(shown.min()))


HALF = 4_000


@pytest.mark.parametrize("samples", [np.zeros(RATE, np.int16), np.full(RATE, 12_000, np.int16)], ids=["silence", "DC"])
def test_draws_nothing_where_nothing_sounds(samples: Samples) -> None:
    shown = seen(pictures.spectrogram(Sound(samples, RATE), columns=10_000))
    assert shown.shape == (pictures.ROWS, pictures.MOST_COLUMNS, 3)
    if not samples.any():
        assert len(np.unique(shown.reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize("count", [0, 1, 100])
def test_says_so_where_there_is_too_little(count: int) -> None:
    short = np.full(count, 3, np.int16)
    with pytest.raises(NothingToDraw):
        pictures.spectrogram(Sound(short, RATE), columns=10)
    with pytest.raises(NothingToDraw):
        pictures.chroma([short], rate_hz=RATE, samples=count, frames=10)
    with pytest.raises(NothingToDraw):
        pictures.contour(Sound(short, RATE), points=10)


# --- chroma


@pytest.mark.parametrize(("hz", "note"), [(440.0, "A"), (261.63, "C"), (92.5, "F♯"), (1_864.66, "A♯")])
def test_hears_which_note_it_is(hz: float, note: str) -> None:
    rows = pictures.chroma([tone(hz, 3, rate=11_025)], rate_hz=11_025, samples=3 * 11_025, frames=20)
    assert {pictures.PITCHES[place] for place in rows[2:-2].argmax(axis=1)} == {note}
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)


@pytest.mark.parametrize("size", [500, 4_096, 11_025, 10**6])
def test_hears_the_same_whatever_its_blocks(size: int, music: Callable[..., Samples]) -> None:
    samples = music("country.mp3", rate=11_025)[: 11_025 * 12]
    whole = pictures.chroma([samples], rate_hz=11_025, samples=samples.size, frames=60)
    cut = pictures.chroma(blocks(samples, size), rate_hz=11_025, samples=samples.size, frames=60)
    assert np.allclose(whole, cut)


def test_has_a_row_for_every_part_of_a_short_sound() -> None:
    rows = pictures.chroma([tone(440, 1, rate=11_025)], rate_hz=11_025, samples=11_025, frames=1_000)
    assert rows.shape == (1_000, 12)
    assert (np.linalg.norm(rows, axis=1) > 0.99).mean() > 0.9


def test_transposes() -> None:
    rows = pictures.chroma([tone(440, 2, rate=11_025)], rate_hz=11_025, samples=2 * 11_025, frames=10)
    assert set(pictures.transposed(rows, 310).argmax(axis=1)) == {0}  # A, three semitones higher, is C
    assert set(pictures.transposed(rows, -1_000).argmax(axis=1)) == {11}


def test_shows_the_copied_stretch_as_a_bright_line(music: Callable[..., Samples]) -> None:
    song, other = (music(name, rate=11_025)[: 11_025 * 60] for name in ("country.mp3", "creepy-piano.ogg"))
    output = np.concatenate((other[: 11_025 * 20], song[11_025 * 10 : 11_025 * 40]))
    mine, theirs = (pictures.chroma([sound], rate_hz=11_025, samples=sound.size, frames=sound.size // 11_025 * 4)
                    for sound in (output, song))  # fmt: skip
    shown = brightness(pictures.similarity(mine, theirs))
    assert shown.shape == (theirs.shape[0], mine.shape[0])
    # From second 20 on, the output is second 10 on of the song: four parts a second.
    along = np.array([shown[part - 40, part] for part in range(88, 192)])
    beside = np.array([shown[(part + 37) % shown.shape[0], part] for part in range(88, 192)])
    before = np.array([shown[part, part] for part in range(8, 72)])
    assert np.median(along) > 2 * np.median(beside)
    assert np.median(along) > 2 * np.median(before)


def test_lays_one_side_over_the_other() -> None:
    a, c = (
        pictures.chroma([tone(hz, 2, rate=11_025)], rate_hz=11_025, samples=22_050, frames=10) for hz in (440, 523.25)
    )
    shown = seen(pictures.overlay(a, c))
    assert shown.shape == (12, 10, 3)
    mine, theirs = shown[11 - 9, 5].astype(int), shown[11 - 0, 5].astype(int)
    assert mine[2] > mine[0] + 80  # A's color is blue
    assert theirs[0] > theirs[2] + 80  # B's is orange
    both = seen(pictures.overlay(a, a))[11 - 9, 5]
    assert both.min() > 200


# --- melody


@pytest.mark.parametrize(("hz", "step"), [(110.0, 15), (220.0, 51), (440.0, 87), (880.0, 123)])
def test_follows_a_note(hz: float, step: int) -> None:
    found = pictures.contour(Sound(tone(hz, 2, level=0.5, harmonics=8), RATE), points=20)
    assert all(place is not None and abs(place - step) <= 1 for place in found[1:-1])


def test_follows_a_melody() -> None:
    notes = [220.0, 246.94, 261.63, 220.0]
    melody = np.concatenate([tone(hz, 0.5, level=0.5, harmonics=8) for hz in notes])
    found = pictures.contour(Sound(melody, RATE), points=40)
    assert [found[place] for place in (5, 15, 25, 35)] == pytest.approx([51, 57, 60, 51], abs=1)


def test_follows_nothing_where_there_is_no_note() -> None:
    assert set(pictures.contour(Sound(np.zeros(RATE, np.int16), RATE), points=20)) == {None}
    noise = sounds.noise(2, level=0.3)
    found = pictures.contour(Sound(noise, RATE), points=50)
    assert sum(place is not None for place in found) < 15


# --- samples


@pytest.mark.parametrize("channels", [1, 2])
def test_reads_an_excerpt(channels: int) -> None:
    left = tone(440, 0.5)
    out = io.BytesIO()
    with wave.open(out, "wb") as written:
        written.setparams((channels, 2, RATE, 0, "NONE", "NONE"))
        written.writeframes(np.stack([left, left // 2][:channels], axis=1).tobytes())
    found = pictures.sound(out.getvalue())
    assert found.rate_hz == RATE
    expected = left if channels == 1 else (left.astype(int) + left // 2) / 2
    assert np.abs(found.samples - expected).max() <= 1
