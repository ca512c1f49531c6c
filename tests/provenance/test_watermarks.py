"""A second layer of marking …"""

from __future__ import annotations

import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from provenance import perth, watermarks
from provenance.assertions import ACTIONS
from provenance.watermarks import ONE_LAYER, TWO_LAYERS, NotMarked


@pytest.mark.parametrize(
    ("assertions", "said"),
    [
        (None, ""),
        ({}, ONE_LAYER),
        ({ACTIONS: {"actions": [{"action": "c2pa.created"}]}}, ONE_LAYER),
        ({ACTIONS: {"actions": [{"action": "c2pa.created"}, {"action": "c2pa.watermarked.unbound"}]}}, TWO_LAYERS),
        ({ACTIONS: {"actions": [{"action": "c2pa.watermarked.bound"}]}}, TWO_LAYERS),
        # A stranger's, which may be anything.
        ({ACTIONS: [1, 2]}, ONE_LAYER),
        ({ACTIONS: {"actions": "c2pa.watermarked.bound"}}, ONE_LAYER),
        ({ACTIONS: {"actions": ["c2pa.watermarked.bound", None]}}, ONE_LAYER),
    ],
)
def test_is_counted_where_the_manifest_states_it(assertions: Any, said: str) -> None:
    assert watermarks.layers(assertions) == said


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes((np.sin(np.arange(88_200) / 20) * 9_000).astype("<i2").repeat(2).tobytes())
    return path


def test_samples_are_read_and_written_as_they_are(tone: Path) -> None:
    """What is not changed stays the same to the bit, at every depth, with what stands around it."""
    whole = bytearray(tone.read_bytes())
    form = perth.form_of(whole)
    again = bytearray(whole)
    perth.write_samples(again, form, perth.read_samples(whole, form))
    assert again == whole
    for bits, data in ((24, b"\x01\x02\x83\xff\xff\x7f"), (16, b"\x00\x80\xff\x7f")):
        head = b"RIFF\0\0\0\0WAVE" + b"bext\x03\0\0\0abc\0" + b"fmt \x10\0\0\0"
        made = bytearray(head + struct.pack("<HHIIHH", 1, 1, 48_000, 0, bits // 8, bits))
        made += b"data" + struct.pack("<I", len(data)) + data + b"LIST\0\0\0\0"
        form = perth.form_of(made)
        assert (form.bits, form.size, form.rate_hz) == (bits, len(data), 48_000)
        copied = bytearray(made)
        perth.write_samples(copied, form, perth.read_samples(made, form))
        assert copied == made


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 3, 1, 48_000, 0, 4, 32) + b"data\x04\0\0\0abcd",
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 1, 48_000, 0, 1, 8) + b"data\x04\0\0\0abcd",
        b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff" + bytes(16),
    ],
)
def test_what_is_no_plain_pcm_is_left_as_it_is(head: bytes) -> None:
    with pytest.raises(NotMarked):
        perth.form_of(bytearray(head))


def test_without_its_weights_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perth, "find_spec", lambda _: None)
    perth._net.cache_clear()
    with pytest.raises(perth.PerthMissing, match="pip install resemble-perth"):
        perth.Perth()
