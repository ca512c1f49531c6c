"""What is heard of a track …"""

from __future__ import annotations

import numpy as np
import pytest

from fingerprint import melody
from fingerprint.melody import CLASSES, FRAME_SAMPLES, LEVELS, RATE_HZ, Ear, Melody, NotAMelody
from tests.fingerprint.sounds import noise
from tests.fingerprint.tunes import Score, composed, played


def strongest(rows: np.ndarray) -> set[int]:
    return {int(row.argmax()) for row in rows}


@pytest.mark.parametrize("key", [48, 57, 64, 71, 83])
def test_is_the_class_of_a_note(key: int) -> None:
    heard = melody.of(played(Score(tune=[(key, 0, 8)])))
    assert strongest(heard.harmony[1:14]) == {key % 12}
    if key >= 52:
        assert strongest(heard.lead[1:14]) == {key % 12}


def test_is_all_notes_of_a_chord_and_the_tune_above_it() -> None:
    heard = melody.of(played(Score(tune=[(79, 0, 8)], chords=[(48, 0, 8), (52, 0, 8), (57, 0, 8)])))
    for row in heard.harmony[1:12]:
        assert set(np.argsort(row)[-4:]) == {7, 0, 4, 9}
    assert strongest(heard.lead[1:12]) == {7}


@pytest.mark.parametrize("cents", [-45, -20, 20, 45])
def test_takes_the_tuning_out_and_says_it(cents: int) -> None:
    score = composed(3, bars=8)
    plain, tuned = melody.of(played(score)), melody.of(played(score, up=cents / 100))
    assert abs(plain.tuning_cents) <= 2
    assert tuned.tuning_cents == pytest.approx(cents, abs=6)
    same = (plain.harmony.argmax(axis=1) == tuned.harmony.argmax(axis=1)).mean()
    assert same > 0.9


def test_does_not_depend_on_how_the_samples_come() -> None:
    sound = played(composed(4, bars=6))
    whole = melody.of(sound)
    ear = Ear()
    for piece in np.array_split(sound, [1, 7, 919, 5_000, 5_000, 40_000]):
        ear.feed(piece)
    pieces = ear.melody()
    np.testing.assert_array_equal(pieces.harmony, whole.harmony)
    np.testing.assert_array_equal(pieces.lead, whole.lead)
    assert pieces.tuning_cents == whole.tuning_cents


def test_keeps_rows_and_no_samples() -> None:
    ear = Ear()
    second = noise(1, rate=RATE_HZ)
    for _ in range(60):
        ear.feed(second)
        assert ear._rest.nbytes < 20_000
    kept = sum(row.nbytes for rows in (ear._harmony, ear._lead) for row in rows)
    assert kept < 60 * second.nbytes / 10


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, np.int16),
        np.zeros(1, np.int16),
        np.zeros(RATE_HZ * 10, np.int16),
        np.full(RATE_HZ * 10, 12_000, np.int16),
        np.ones(RATE_HZ * 10, np.int16),
    ],
    ids=["nothing", "one sample", "silence", "a constant", "the least constant"],
)
def test_is_nothing_where_nothing_sounds(sound: np.ndarray) -> None:
    heard = melody.of(sound)
    # A constant is switched on, which is a click, and then nothing.
    assert not heard.harmony[2:].any()
    assert not heard.lead[2:].any()
    assert heard.frames == max(0, (sound.size - 4_096) // (FRAME_SAMPLES // 3) + 1) // 3


def test_full_scale_is_no_trouble() -> None:
    square = np.where(np.arange(RATE_HZ * 5) // 25 % 2, 32_767, -32_768).astype(np.int16)
    heard = melody.of(square)
    assert heard.harmony.max() == LEVELS
    assert heard.harmony.shape == heard.lead.shape == (heard.frames, CLASSES)


def test_is_read_back_as_it_was_written() -> None:
    heard = melody.of(played(composed(5, bars=4), up=0.3))
    read = Melody.from_bytes(heard.to_bytes())
    np.testing.assert_array_equal(read.harmony, heard.harmony)
    np.testing.assert_array_equal(read.lead, heard.lead)
    assert read.tuning_cents == heard.tuning_cents
    assert len(heard.to_bytes()) == 2 + 12 * heard.frames


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0", b"\0" * 13, b"\0" * 15])
def test_refuses_cut_rows(data: bytes) -> None:
    with pytest.raises(NotAMelody):
        Melody.from_bytes(data)


def test_is_of_the_times_it_says() -> None:
    score = Score(tune=[(60, 0, 20), (67, 20, 20)])  # ten seconds each
    heard = melody.of(played(score, beats_a_minute=120))
    (turn,) = [frame for frame in range(1, heard.frames) if heard.lead[frame, 7] > 7 >= heard.lead[frame - 1, 7]]
    # A frame listens a third of a second ahead.
    assert melody.ms_of(turn) == pytest.approx(10_000, abs=600)
