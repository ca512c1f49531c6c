"""Levels …"""

from __future__ import annotations

import numpy as np
import pytest

from fingerprint.levels import Meter
from tests.fingerprint.sounds import Sound, noise, tone

RATE = 11_025


def measured(*sounds: Sound, size: int = 4_000) -> Meter:
    meter = Meter()
    whole = np.concatenate([np.zeros(0, np.int16), *sounds])
    for start in range(0, whole.size, size):
        meter.feed(whole[start : start + size])
    return meter


def silence(seconds: float) -> Sound:
    return np.zeros(int(seconds * RATE), np.int16)


@pytest.mark.parametrize(
    ("sounds", "silent", "leading", "trailing"),
    [
        ([silence(2)], 2_000, 2_000, 2_000),
        ([noise(2, rate=RATE)], 0, 0, 0),
        ([silence(1), noise(2, rate=RATE), silence(0.5)], 1_500, 1_000, 500),
        ([noise(1, rate=RATE), silence(3), noise(1, rate=RATE)], 3_000, 0, 0),
        ([np.full(RATE, 12_000, np.int16)], 1_000, 1_000, 1_000),  # standing still is no sound
        ([np.array([9], np.int16)], 0, 0, 0),  # too short to say
        ([], 0, 0, 0),
    ],
)
def test_say_where_it_is_silent(sounds: list[Sound], silent: int, leading: int, trailing: int) -> None:
    meter = measured(*sounds)
    assert meter.silence_ms == pytest.approx(silent, abs=250)
    assert meter.leading_silence_ms == pytest.approx(leading, abs=110)
    assert meter.trailing_silence_ms == pytest.approx(trailing, abs=110)


@pytest.mark.parametrize(("amplitude", "is_silent"), [(45, True), (47, False)])  # 46.3 peaks at -60 dB as a sine
def test_draw_the_line_at_60_db(amplitude: int, is_silent: bool) -> None:  # noqa: FBT001 - a column
    wave = np.rint(np.sin(np.arange(10 * RATE) * 0.3) * amplitude).astype(np.int16)
    assert (measured(wave).silence_ms > 9_000) is is_silent


@pytest.mark.parametrize("size", [1, 777, 1_102, 50_000])
def test_depend_on_no_block_size(size: int) -> None:
    sounds = (silence(0.7), noise(1.3, rate=RATE), silence(0.9), tone(0.5, rate=RATE), silence(0.3))
    one, other = measured(*sounds, size=size), measured(*sounds)
    names = ("samples", "peak_millionths", "rms_millionths", "silence_ms", "leading_silence_ms", "trailing_silence_ms")
    assert [getattr(one, name) for name in names] == [getattr(other, name) for name in names]
