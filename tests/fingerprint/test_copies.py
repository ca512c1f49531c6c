"""A copy in another container …"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from fingerprint import copies
from fingerprint.audio import pcm_digest, probe
from fingerprint.containers import Limits
from fingerprint.copies import TARGETS, NoLosslessCopy, copy

LIMITS = Limits(max_bytes=1 << 30, max_duration_ms=600_000, max_tag_bytes=1 << 20)
SOURCES: dict[str, tuple[str, str, str, str]] = {
    "wav 16": ("audio/wav", "wav", "pcm_s16le", "s16"),
    "wav 24": ("audio/wav", "wav", "pcm_s24le", "s32"),
    "wav 32": ("audio/wav", "wav", "pcm_s32le", "s32"),
    "wav float": ("audio/wav", "wav", "pcm_f32le", "flt"),
    "aiff 16": ("audio/aiff", "aiff", "pcm_s16be", "s16"),
    "flac 16": ("audio/flac", "flac", "flac", "s16"),
    "flac 24": ("audio/flac", "flac", "flac", "s32"),
    "alac 16": ("audio/mp4", "ipod", "alac", "s16p"),
    "mp3": ("audio/mpeg", "mp3", "libmp3lame", "s16p"),
    "aac": ("audio/mp4", "ipod", "aac", "fltp"),
    "opus": ("audio/ogg", "ogg", "libopus", "s16"),
}
LOSSY = ("mp3", "aac", "opus")


def make(path: Path, name: str, *, channels: int = 2) -> Path:
    """Write noise of full width, so that no bit of a sample is left out of the comparison."""
    _, container, codec, form = SOURCES[name]
    rate, layout = 48_000, {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    noise = np.random.default_rng(3)
    count = rate * 2
    if name in {"wav float", *LOSSY}:
        samples: Any = noise.uniform(-0.5, 0.5, (1, count * channels)).astype(np.float32)
        given = "flt"
    elif form.startswith("s32"):
        samples = noise.integers(-(2**31), 2**31, (1, count * channels), dtype=np.int64).astype(np.int32)
        given = "s32"
    else:
        samples = noise.integers(-(2**15), 2**15, (1, count * channels), dtype=np.int64).astype(np.int16)
        given = "s16"
    with av.open(str(path), "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate)
        stream.layout = layout
        if codec in {"flac", "alac"}:
            stream.codec_context.format = av.AudioFormat(form)
        frame = av.AudioFrame.from_ndarray(samples, format=given, layout=layout)
        frame.sample_rate = rate
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sources")
    return {name: make(folder / name, name) for name in SOURCES}


@pytest.mark.parametrize("wanted", TARGETS)
@pytest.mark.parametrize("name", ["wav 16", "wav 24", "aiff 16", "flac 16", "flac 24", "alac 16"])
def test_has_the_same_samples(sources: dict[str, Path], tmp_path: Path, name: str, wanted: str) -> None:
    media_type = SOURCES[name][0]
    copy(sources[name], media_type, tmp_path / "copy", wanted)
    assert pcm_digest(tmp_path / "copy", wanted) == pcm_digest(sources[name], media_type)
    found, was = (probe(path, declared_media_type=None, limits=LIMITS) for path in (tmp_path / "copy", sources[name]))
    assert (found.media_type, found.sample_rate_hz, found.channels) == (wanted, was.sample_rate_hz, was.channels)
    assert found.duration_ms == was.duration_ms


@pytest.mark.parametrize("channels", [1, 6])
def test_has_the_same_channels(tmp_path: Path, channels: int) -> None:
    source = make(tmp_path / "source", "wav 24", channels=channels)
    copy(source, "audio/wav", tmp_path / "copy", "audio/flac")
    assert probe(tmp_path / "copy", declared_media_type=None, limits=LIMITS).channels == channels
    assert pcm_digest(tmp_path / "copy", "audio/flac") == pcm_digest(source, "audio/wav")


@pytest.mark.parametrize("wanted", TARGETS)
@pytest.mark.parametrize("name", LOSSY)
def test_is_never_made_of_what_lost_something(sources: dict[str, Path], tmp_path: Path, name: str, wanted: str) -> None:
    with pytest.raises(NoLosslessCopy, match="encoding it again would lose more"):
        copy(sources[name], SOURCES[name][0], tmp_path / "copy", wanted)
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    ("name", "wanted", "words"),
    [
        ("wav 32", "audio/flac", "at most 24 bits"),
        ("wav 32", "audio/mp4", "at most 24 bits"),
        ("wav float", "audio/flac", "f32le"),
        ("wav float", "audio/aiff", "f32le"),
        ("wav 16", "audio/mpeg", "WAV, AIFF, FLAC, M4A"),
        ("wav 16", "audio/ogg", "WAV, AIFF, FLAC, M4A"),
    ],
)
def test_is_refused_where_a_bit_would_be_lost(
    sources: dict[str, Path], tmp_path: Path, name: str, wanted: str, words: str
) -> None:
    with pytest.raises(NoLosslessCopy, match=words):
        copy(sources[name], SOURCES[name][0], tmp_path / "copy", wanted)


def test_of_32_bits_goes_where_32_bits_go(sources: dict[str, Path], tmp_path: Path) -> None:
    copy(sources["wav 32"], "audio/wav", tmp_path / "copy", "audio/aiff")
    assert pcm_digest(tmp_path / "copy", "audio/aiff") == pcm_digest(sources["wav 32"], "audio/wav")


def test_that_came_out_otherwise_is_refused(
    sources: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An encoder that drops the lowest bits is found by the comparison alone."""
    monkeypatch.setitem(copies._TARGETS, "audio/flac", ("flac", {24: "flac", 32: "flac"}))
    with pytest.raises(NoLosslessCopy, match="came out otherwise"):
        copy(sources["wav 32"], "audio/wav", tmp_path / "copy", "audio/flac")
