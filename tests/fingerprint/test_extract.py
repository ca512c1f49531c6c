"""Fingerprinting …"""

from __future__ import annotations

import numpy as np
import pytest

from fingerprint import extract
from fingerprint.extract import ChromaprintMissing
from tests.fingerprint.sounds import Sound, noise, tone


def blocks(sound: Sound, size: int = 4_000) -> list[Sound]:
    return [sound[start : start + size] for start in range(0, sound.size, size)]


@pytest.fixture(scope="module")
def sound() -> Sound:
    rate = extract.SAMPLE_RATE_HZ
    return np.concatenate([tone(2, hertz=hertz, rate=rate) for hertz in (220, 330, 440, 294, 523)]) // 2 + noise(
        10, rate=rate, level=0.05
    )


def test_names_algorithm_and_release() -> None:
    assert extract.algorithm().startswith("chromaprint-2/1.")


@pytest.mark.parametrize("size", [1, 341, 1_365, 4_096, 200_000])
def test_depends_on_no_block_size(size: int, sound: Sound) -> None:
    short = sound[: extract.ITEM_SAMPLES + 4 * extract.HOP_SAMPLES]
    whole = extract.query([short])
    for one, other in zip(whole, extract.query(blocks(short, size)), strict=True):
        assert one.tolist() == other.tolist()


def test_shifts_by_a_quarter_of_an_item(sound: Sound) -> None:
    shifted = extract.query([sound])
    assert len(shifted) == extract.SHIFTS == 4
    for items, samples in zip(shifted, extract.SHIFT_SAMPLES, strict=True):
        assert items.tolist() == extract.reference([sound[samples:]]).tolist()
    assert shifted[0].tolist() == extract.reference([sound]).tolist()


@pytest.mark.parametrize(("missing", "items"), [(-1, 2), (0, 1), (1, 0)])
def test_needs_the_samples_of_an_item(missing: int, items: int, sound: Sound) -> None:
    # Chromaprint smooths before it looks: an item wants the samples it sees and no more.
    samples = extract.ITEM_SAMPLES - missing + (extract.HOP_SAMPLES - 1 if missing < 0 else 0)
    assert extract.reference([sound[:samples]]).size == items


@pytest.mark.parametrize("samples", [0, 1, 4_095])
def test_finds_nothing_in_hardly_anything(samples: int) -> None:
    assert [items.size for items in extract.query([np.zeros(samples, np.int16)])] == [0, 0, 0, 0]
    assert [items.size for items in extract.query([])] == [0, 0, 0, 0]


def test_says_what_to_do_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract, "chromaprint", None)
    with pytest.raises(ChromaprintMissing, match="make system"):
        extract.reference([])
    with pytest.raises(ChromaprintMissing, match="make system"):
        extract.algorithm()
