"""Makes sounds and the files that hold them, so that no binary of unknown origin lies in the repository."""

from __future__ import annotations

import io
import struct
import tempfile
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from fingerprint.audio import decode
from fingerprint.containers import Limits

Sound = NDArray[np.int16]

MUSIC = Path(__file__).resolve().parents[2] / "ledger" / "demo" / "audio"
LIMITS = Limits(max_bytes=64 * 1024 * 1024, max_duration_ms=600_000, max_tag_bytes=1024 * 1024)

MEDIA_TYPES = {
    ".wav": "audio/wav",
    ".aiff": "audio/aiff",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
}


@dataclass(frozen=True)
class Form:
    """A way to write audio: FFmpeg's names of the container, the encoder, and its sample format."""

    suffix: str
    container: str
    encoder: str
    sample_format: str
    bit_rate: int | None = None


FORMS = {
    "wav-16": Form(".wav", "wav", "pcm_s16le", "s16"),
    "wav-24": Form(".wav", "wav", "pcm_s24le", "s32"),
    "wav-float": Form(".wav", "wav", "pcm_f32le", "flt"),
    "aiff-16": Form(".aiff", "aiff", "pcm_s16be", "s16"),
    "aiff-24": Form(".aiff", "aiff", "pcm_s24be", "s32"),
    "aiff-float": Form(".aiff", "aiff", "pcm_f32be", "flt"),
    "mp3": Form(".mp3", "mp3", "libmp3lame", "s16p", 128_000),
    "flac": Form(".flac", "flac", "flac", "s16"),
    "m4a-aac": Form(".m4a", "ipod", "aac", "fltp", 128_000),
    "m4a-alac": Form(".m4a", "ipod", "alac", "s16p"),
    "ogg-opus": Form(".ogg", "ogg", "libopus", "s16", 96_000),
}


def music(name: str, *, rate: int = 44_100) -> Sound:
    """One of the demo's songs as mono samples."""
    path = MUSIC / name
    samples: Sound = np.concatenate(list(decode(path, MEDIA_TYPES[path.suffix], rate)))
    return samples


def noise(seconds: float, *, rate: int = 44_100, seed: int = 7, level: float = 0.2) -> Sound:
    samples = np.random.default_rng(seed).standard_normal(int(seconds * rate)) * level * 32_767
    clipped: Sound = np.clip(samples, -32_768, 32_767).astype(np.int16)
    return clipped


def tone(seconds: float, *, hertz: float = 440, rate: int = 44_100) -> Sound:
    phase = np.arange(int(seconds * rate)) * (2 * np.pi * hertz / rate)
    wave_form: Sound = (np.sin(phase) * 16_000).astype(np.int16)
    return wave_form


def wav(sound: Sound, *, rate: int = 44_100, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(sound.astype("<i2").tobytes())
    return out.getvalue()


def encoded(
    sound: Sound,
    form: Form,
    *,
    rate: int = 44_100,
    options: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """A mono sound as stereo in a container."""
    # libopus knows no rate but 48 kHz and its fractions.
    target = 48_000 if form.encoder == "libopus" else rate
    # A file, since FFmpeg opens it anew to move an index to its front.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sound{form.suffix}"
        with av.open(path, "w", format=form.container, options=dict(options or {})) as container:
            container.metadata.update(metadata or {})
            stream = container.add_stream(form.encoder, rate=target, layout="stereo", format=form.sample_format)
            stream = cast("AudioStream", stream)
            if form.bit_rate:
                stream.bit_rate = form.bit_rate
            source = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16", layout="mono")
            source.sample_rate = rate
            resampler = av.AudioResampler(
                form.sample_format, "stereo", target, frame_size=stream.codec_context.frame_size or None
            )
            for frame in [*resampler.resample(source), *resampler.resample(None)]:
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path.read_bytes()


def box(name: bytes, body: bytes) -> bytes:
    """An MP4 box."""
    return struct.pack(">I4s", len(body) + 8, name) + body


def chunk(name: bytes, body: bytes) -> bytes:
    """A RIFF chunk."""
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) & 1)


def riff(*chunks: bytes) -> bytes:
    body = b"".join(chunks)
    return struct.pack("<4sI4s", b"RIFF", len(body) + 4, b"WAVE") + body


def format_chunk(**changes: int) -> bytes:
    given: dict[str, Any] = {"tag": 1, "channels": 2, "rate": 44_100, "align": 4, "bits": 16} | changes
    return chunk(
        b"fmt ",
        struct.pack(
            "<HHIIHH",
            given["tag"],
            given["channels"],
            given["rate"],
            given["rate"] * given["align"] & 0xFFFFFFFF,
            given["align"],
            given["bits"],
        ),
    )


def iff(kind: bytes, *chunks: bytes) -> bytes:
    """An AIFF file."""
    body = b"".join(chunks)
    return struct.pack(">4sI4s", b"FORM", len(body) + 4, kind) + body


def iff_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">4sI", name, len(body)) + body + b"\0" * (len(body) & 1)


def common_chunk(
    *,
    channels: int = 2,
    frames: int = 100,
    bits: int = 16,
    rate: bytes = b"\x40\x0e\xac\x44" + bytes(6),
    kind: bytes = b"",
) -> bytes:
    """An AIFF file's description of its samples; the rate is 44,100 as an 80-bit number."""
    return iff_chunk(b"COMM", struct.pack(">HIH", channels, frames, bits) + rate + kind)


def sound_chunk(samples: bytes, *, offset: int = 0) -> bytes:
    return iff_chunk(b"SSND", struct.pack(">II", offset, 0) + samples)


def synchsafe(value: int) -> bytes:
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3(frames: bytes, *, major: int = 4, flags: int = 0, size: int | None = None) -> bytes:
    return b"ID3" + bytes([major, 0, flags]) + synchsafe(len(frames) if size is None else size) + frames
