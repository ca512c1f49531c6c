"""Drum machines …"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from fingerprint import agreement, drums, landmarks
from fingerprint.evidence import DRUM_MACHINE
from fingerprint.landmarks import Positions
from fingerprint.postings import Index
from tests.fingerprint.sounds import Sound
from tests.fingerprint.test_landmarks import id_of

RATE = 11_025
KICK, SNARE, HAT = (10, 55, 376, 411), (20, 130, 293, 473), (170, 296, 348, 435)
BELL, TOM = (30, 60, 90, 120), (15, 75, 140, 160)


def stroke(bins: Sequence[int]) -> Sound:
    """A few partials that die away, always the same."""
    at = np.arange(RATE // 8) / RATE
    partials = sum(np.sin(2 * np.pi * bin * RATE / landmarks.FRAME_SAMPLES * at) for bin in bins)
    return np.asarray(partials * np.exp(-30 * at) * 5_000)


def machine(seconds: int) -> Sound:
    sound = np.zeros(seconds * RATE)
    sounds = (216, 300, 376, 411), HAT, (202, 293, 330, 473)
    # What plays over and over the same is not found at all.
    pattern = [sounds[which] for which in np.random.default_rng(4).integers(0, 3, seconds * 4)]
    for begin, bins in zip(range(0, sound.size - RATE // 8, RATE // 4), pattern, strict=False):
        sound[begin : begin + RATE // 8] += stroke(bins)
    return sound.astype(np.int16)


def peaks_of(strokes: Sequence[Sequence[int]]) -> tuple[Positions, Positions]:
    pairs = [(13 * number, bin) for number, stroke in enumerate(strokes) for bin in stroke]
    frames, bins = np.array(pairs, np.int64).T
    return frames, bins


@pytest.mark.parametrize(
    ("strokes", "expected"),
    [
        ([KICK, HAT, SNARE, HAT] * 3, True),  # three sounds in twelve strokes
        ([KICK, HAT, SNARE, HAT] * 2 + [KICK], True),  # in nine
        ([KICK, HAT, SNARE, HAT] * 2, False),  # in eight, which is no pattern yet
        ([KICK, HAT] * 4, True),  # two in eight
        ([KICK, HAT] * 3 + [KICK], False),
        ([*[KICK, HAT, SNARE] * 6, BELL, TOM], True),  # two of twenty come once
        ([*[KICK, HAT, SNARE] * 5, BELL, TOM], False),  # two of seventeen
        ([tuple(bin + 4 * number for bin in BELL) for number in range(7)] * 3, False),  # seven sounds
        ([tuple(bin + 4 * number for bin in BELL) for number in range(6)] * 3, True),
        ([tuple(bin + 7 * number for bin in BELL) for number in range(24)], False),  # never the same again
        ([(200, 300, 400 + number) for number in range(4)], True),  # nothing below two kilohertz
        ([(50, 200, 300, 400 + 3 * number) for number in range(4)], True),  # a quarter is
        ([(50 + 9 * by, 70 + 9 * by, 200 + 9 * by, 300 + 9 * by, 400 + 9 * by) for by in range(4)], False),
        ([(300, 400)] * 2, False),  # four peaks say nothing
    ],
)
def test_are_told_from_what_is_played(strokes: Sequence[Sequence[int]], *, expected: bool) -> None:
    assert drums.is_machine(*peaks_of(strokes)) is expected


def test_nothing_is_no_drum_machine() -> None:
    assert not drums.is_machine(np.zeros(0, np.int64), np.zeros(0, np.int64))


def test_are_found_and_said_to_be_no_more(music: Callable[..., Sound]) -> None:
    """The pattern that begins a recording is in the output too; so is a piece of another one, which is music."""
    song, tail = (music(name, rate=RATE) for name in ("country.mp3", "creepy-piano.ogg"))
    registered = {id_of("box"): np.concatenate([machine(6), tail[: 12 * RATE]]), id_of("song"): song[20 * RATE :]}
    output = np.concatenate([machine(6), song[40 * RATE : 45 * RATE]])
    kept = {id: landmarks.written(landmarks.reference([sound])) for id, sound in registered.items()}
    index = Index.of(kept.items(), landmarks.FAMILY)
    found = agreement.by_landmarks(
        index, landmarks.query([output]), lambda known: landmarks.read(kept[known]).items
    ).matches
    assert {(match.reference_id, match.measure(DRUM_MACHINE)) for match in found} == {
        (id_of("box"), 1),
        (id_of("song"), None),
    }
    # Where the peaks of a reference are not known, nothing is said.
    assert agreement.marked(found, lambda _: None) == found
