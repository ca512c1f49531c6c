"""Taking in audio …"""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import wave
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from fingerprint.audio import (
    AudioRefused,
    CorruptAudio,
    EmptyFile,
    ExcerptOutOfRange,
    ImplausibleFormat,
    NotAudio,
    OversizedTags,
    StreamingHeader,
    TooLarge,
    TooLong,
    TruncatedAudio,
    WrongMediaType,
    decode,
    decode_at,
    excerpt,
    pcm_digest,
    probe,
)
from tests.fingerprint.sounds import (
    FORMS,
    LIMITS,
    MEDIA_TYPES,
    MUSIC,
    box,
    chunk,
    common_chunk,
    encoded,
    format_chunk,
    id3,
    iff,
    iff_chunk,
    noise,
    riff,
    sound_chunk,
    synchsafe,
    tone,
    wav,
)

Write = Callable[[bytes], Path]

CODECS = {
    "wav-16": "pcm_s16le",
    "wav-24": "pcm_s24le",
    "wav-float": "pcm_f32le",
    "aiff-16": "pcm_s16be",
    "aiff-24": "pcm_s24be",
    "aiff-float": "pcm_f32be",
    "mp3": "mp3",
    "flac": "flac",
    "m4a-aac": "aac",
    "m4a-alac": "alac",
    "ogg-opus": "opus",
}
ALL_FORMS = [*FORMS, "ogg-vorbis"]


def refusal(path: Path, **changes: int) -> AudioRefused:
    with pytest.raises(AudioRefused) as caught:
        probe(path, declared_media_type=None, limits=replace(LIMITS, **changes))
    return caught.value


def is_a_sentence_with_a_way_out(error: AudioRefused) -> bool:
    text = str(error)
    return text[0].isupper() and text.endswith(".") and "; " in text and "\n" not in text


def _refused_or_taken(path: Path) -> AudioRefused | None:
    """Do everything that is ever done to a file from outside."""
    try:
        facts = probe(path, declared_media_type=None, limits=LIMITS)
        for _ in decode(path, facts.media_type):
            pass
        excerpt(path, facts.media_type, 100, 300)
        pcm_digest(path, facts.media_type)
    except AudioRefused as error:
        return error
    return None


# --- what is accepted


@pytest.mark.parametrize("form", FORMS)
def test_accepts(form: str, files: dict[str, bytes], write: Write) -> None:
    path = write(files[form])
    facts = probe(path, declared_media_type=None, limits=LIMITS)
    assert facts.media_type == MEDIA_TYPES[FORMS[form].suffix]
    assert facts.codec == CODECS[form]
    assert facts.channels == 2
    assert facts.sample_rate_hz == (48_000 if form == "ogg-opus" else 44_100)
    assert facts.size_bytes == len(files[form])
    assert facts.duration_ms == pytest.approx(3_000, abs=50)
    blocks = list(decode(path, facts.media_type))
    assert all(block.dtype == np.int16 and block.ndim == 1 for block in blocks)
    assert sum(block.size for block in blocks) / 11_025 == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize("path", sorted(p for p in MUSIC.iterdir() if p.suffix in MEDIA_TYPES), ids=lambda p: p.name)
def test_accepts_music_as_it_is_found(path: Path) -> None:
    facts = probe(path, declared_media_type=MEDIA_TYPES[path.suffix], limits=LIMITS)
    decoded = sum(block.size for block in decode(path, facts.media_type)) / 11_025 * 1000
    assert facts.duration_ms == pytest.approx(decoded, abs=100)


@pytest.mark.parametrize(
    ("form", "declared", "is_accepted"),
    [
        ("wav-16", "audio/wav", True),
        ("wav-16", "audio/x-wav", True),
        ("wav-16", "AUDIO/WAVE; codecs=1", True),
        ("wav-16", "application/octet-stream", True),
        ("wav-16", None, True),
        ("wav-16", "", True),
        ("wav-16", "audio/mpeg", False),
        ("wav-16", "text/plain", False),
        ("flac", "audio/x-flac", True),
        ("flac", "audio/wav", False),
        ("mp3", "audio/mp3", True),
        ("mp3", "audio/mpeg", True),
        ("mp3", "audio/mp4", False),
        ("m4a-aac", "audio/x-m4a", True),
        ("m4a-alac", "audio/m4a", True),
        ("ogg-opus", "application/ogg", True),
        ("ogg-opus", "audio/ogg; codecs=opus", True),
        ("ogg-opus", "audio/flac", False),
    ],
)
def test_holds_the_declared_type_against_the_bytes(
    form: str,
    declared: str | None,
    is_accepted: bool,  # noqa: FBT001 - a column of the table
    files: dict[str, bytes],
    write: Write,
) -> None:
    path = write(files[form])
    if is_accepted:
        assert probe(path, declared_media_type=declared, limits=LIMITS).codec
    else:
        with pytest.raises(WrongMediaType) as caught:
            probe(path, declared_media_type=declared, limits=LIMITS)
        assert is_a_sentence_with_a_way_out(caught.value)


@pytest.mark.parametrize(
    ("rate", "channels"),
    [
        (8_000, 1),
        (11_025, 8),
        (22_050, 2),
        (44_100, 3),
        (48_000, 4),
        (48_000, 5),
        (96_000, 6),
        (176_400, 7),
        (192_000, 8),
    ],
)
def test_accepts_every_rate_and_number_of_channels(rate: int, channels: int, write: Write) -> None:
    sound = np.repeat(tone(1.5, rate=rate), channels)
    path = write(wav(sound, rate=rate, channels=channels))
    facts = probe(path, declared_media_type=None, limits=LIMITS)
    assert (facts.sample_rate_hz, facts.channels) == (rate, channels)
    assert facts.duration_ms == pytest.approx(1_500, abs=1)
    decoding = decode_at(path, facts.media_type, (11_025, 16_000), with_loudness=True)
    got: dict[int, list[np.ndarray]] = {11_025: [], 16_000: []}
    for blocks in decoding:
        assert set(blocks) == {11_025, 16_000}
        for rate_hz, block in blocks.items():
            got[rate_hz].append(block)
    for rate_hz, parts in got.items():
        whole = np.concatenate(parts)
        assert whole.size / rate_hz == pytest.approx(1.5, abs=0.01)
        spectrum = np.abs(np.fft.rfft(whole[rate_hz // 4 : rate_hz // 4 + rate_hz]))
        assert int(spectrum.argmax()) == 440
    assert decoding.loudness_centi_lufs is not None


@pytest.mark.parametrize(
    "kind", [b"NONE\0\0", b"twos\0\0", b"sowt\0\0", b"in24\0\0", b"fl32\0\0", b"FL32\0\0", b"fl64\0\0"]
)
def test_accepts_aiff_c_that_is_not_compressed(kind: bytes, write: Write) -> None:
    samples = tone(1).astype(np.float64) / 32_768
    whole = {
        b"NONE": (samples * 32_768).astype(">i2").tobytes(),
        b"twos": (samples * 32_768).astype(">i2").tobytes(),
        b"sowt": (samples * 32_768).astype("<i2").tobytes(),
        b"in24": b"".join(int(s * 2**23).to_bytes(3, "big", signed=True) for s in samples),
        b"fl32": samples.astype(">f4").tobytes(),
        b"FL32": samples.astype(">f4").tobytes(),
        b"fl64": samples.astype(">f8").tobytes(),
    }[kind[:4]]
    common = common_chunk(channels=1, frames=samples.size, kind=kind)
    version = iff_chunk(b"FVER", b"\xa2\x80\x51\x40")
    path = write(iff(b"AIFC", version, common, sound_chunk(whole)))
    facts = probe(path, declared_media_type="audio/x-aiff", limits=LIMITS)
    assert (facts.media_type, facts.duration_ms) == ("audio/aiff", 1_000)
    decoded = np.concatenate(list(decode(path, facts.media_type, 44_100)))
    assert np.abs(decoded - tone(1)).max() <= 2


def test_accepts_one_sample(write: Write) -> None:
    path = write(wav(np.array([1], np.int16)))
    assert probe(path, declared_media_type=None, limits=LIMITS).duration_ms == 1
    assert sum(block.size for block in decode(path, "audio/wav", 44_100)) == 1


def test_takes_tags_on_every_side_of_an_mp3(files: dict[str, bytes], write: Write) -> None:
    tag = id3(b"TIT2" + synchsafe(5) + b"\0\0" + b"\3Song" + b"\0" * 2000)
    ape = b"APETAGEX" + struct.pack("<IIIIQ", 2000, 32, 0, 0, 0)
    tagged = write(tag + tag + files["mp3"] + ape + b"TAG" + b"\0" * 125)
    plain = probe(tagged, declared_media_type="audio/mpeg", limits=LIMITS)
    assert plain.duration_ms == pytest.approx(3_030, abs=30)


def test_says_the_same_of_the_same_sound(files: dict[str, bytes], write: Write) -> None:
    digests = {form: pcm_digest(write(files[form]), MEDIA_TYPES[FORMS[form].suffix]) for form in ALL_LOSSLESS}
    assert len(set(digests.values())) == 1
    tagged = id3(b"TIT2" + synchsafe(5) + b"\0\0" + b"\3Song") + files["mp3"]
    before = pcm_digest(write(files["mp3"]), "audio/mpeg")
    assert pcm_digest(write(tagged), "audio/mpeg") == before
    assert before not in digests.values()


ALL_LOSSLESS = ["wav-16", "flac", "m4a-alac"]


# --- what is cut short


@pytest.mark.parametrize("form", ALL_FORMS)
@pytest.mark.parametrize("kept", [0.999, 0.9, 0.5, 0.1, 0.01, -1, -2, -100])
def test_refuses_what_is_cut_short(form: str, kept: float, files: dict[str, bytes], write: Write) -> None:
    content = files[form]
    path = write(content[: int(kept) if kept < 0 else int(len(content) * kept)])
    error = refusal(path)
    assert isinstance(error, TruncatedAudio)
    assert is_a_sentence_with_a_way_out(error)


def test_refuses_a_moved_index_cut_short(write: Write) -> None:
    content = encoded(noise(3), FORMS["m4a-aac"], options={"movflags": "faststart"})
    assert probe(write(content), declared_media_type=None, limits=LIMITS).codec
    assert isinstance(refusal(write(content[: len(content) // 2])), TruncatedAudio)


def test_refuses_a_hole_in_the_middle_of_ogg(files: dict[str, bytes], write: Write) -> None:
    content = files["ogg-vorbis"]
    page = content.index(b"OggS", len(content) // 2)
    after = content.index(b"OggS", page + 4)
    assert isinstance(refusal(write(content[:page] + content[after:])), TruncatedAudio)


# --- what is built to deceive


def _flac(content: bytes, *, rate: int | None = None, samples: int | None = None, extra: bytes = b"") -> bytes:
    info = bytearray(content[:42])
    packed = int.from_bytes(info[18:26])
    if rate is not None:
        packed = packed & ((1 << 44) - 1) | rate << 44
    if samples is not None:
        packed = packed >> 36 << 36 | samples
    info[18:26] = packed.to_bytes(8)
    return bytes(info) + extra + content[42:]


def _ogg_page(
    packets: list[bytes],
    *,
    sequence: int,
    flags: int = 0,
    granule: int = 0,
    serial: int = 1,
    whole: bool = True,
) -> bytes:
    lacing = b"".join(b"\xff" * (len(p) // 255) + bytes([len(p) % 255] if whole else []) for p in packets)
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, serial, sequence, 0, len(lacing))
    body = head + lacing + b"".join(packets)
    return body[:22] + struct.pack("<I", _ogg_crc(body)) + body[26:]


def _ogg_crc(page: bytes) -> int:
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7) & 0xFFFFFFFF if crc & 0x80000000 else crc << 1
    return crc


def _opus_head(*, channels: int = 2) -> bytes:
    return b"OpusHead" + struct.pack("<BBHIhB", 1, channels, 312, 48_000, 0, 0)


def _opus(*, granule: int = 960, flags: int = 4, comments: bytes | None = None) -> bytes:
    tags = comments or b"OpusTags" + struct.pack("<I", 0) + struct.pack("<I", 0)
    return (
        _ogg_page([_opus_head()], sequence=0, flags=2)
        + _ogg_page([tags], sequence=1)
        + _ogg_page([b"\xfc\xff\xfe"], sequence=2, flags=flags, granule=granule)
    )


def _big_ogg_comments() -> bytes:
    pages = [_ogg_page([_opus_head()], sequence=0, flags=2)]
    pages += [
        _ogg_page([b"\0" * 255 * 255], sequence=sequence, flags=sequence > 1, whole=False) for sequence in range(1, 24)
    ]
    return b"".join(pages)


def _mp3_frames(count: int) -> bytes:
    # MPEG-2 layer III, 8 kbit/s, 22,050 Hz, mono, all zero: 26 bytes of silence for 26 ms.
    return (b"\xff\xf3\x10\xc0" + b"\0" * 22) * count


def _xing(frames: int, *, size: int = 0) -> bytes:
    # An MPEG-1 frame at 128 kbit/s, 44,100 Hz, stereo, whose body is a Xing header.
    body = b"\xff\xfb\x90\x00" + b"\0" * 32 + b"Xing" + struct.pack(">III", 3 if size else 1, frames, size)
    return body.ljust(417, b"\0")


def _moov(*children: bytes) -> bytes:
    return box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", b"".join(children)) + box(b"mdat", b"\0" * 100)


def _track(*tables: bytes, handler: bytes = b"soun") -> bytes:
    return box(
        b"trak",
        box(
            b"mdia",
            box(b"hdlr", b"\0" * 8 + handler + b"\0" * 12) + box(b"minf", box(b"stbl", b"".join(tables))),
        ),
    )


def _stsd(entry: bytes) -> bytes:
    return box(b"stsd", struct.pack(">II", 0, 1) + box(entry, b"\0" * 28))


def _compressed_frame(major: int, unpacked: int) -> bytes:
    packed = zlib.compress(b"\0" * 1000)
    if major == 4:
        body = synchsafe(unpacked) + packed
        return id3(b"APIC" + synchsafe(len(body)) + b"\x00\x09" + body, major=4)
    body = struct.pack(">I", unpacked) + packed
    return id3(b"APIC" + struct.pack(">I", len(body)) + b"\x00\x80" + body, major=3)


FMT, DATA = format_chunk(), chunk(b"data", b"\1\2\3\4" * 100)
SOUND = sound_chunk(b"\1\2\3\4" * 100)

HOSTILE: dict[str, tuple[bytes, type[AudioRefused]]] = {
    "nothing": (b"", EmptyFile),
    "one byte": (b"R", NotAudio),
    "text": (b"This is not a song, this is a text about one. " * 50, NotAudio),
    "zeros": (bytes(100_000), NotAudio),
    "PDF": (b"%PDF-1.7\n" * 100, NotAudio),
    "archive": (b"PK\x03\x04" * 100, NotAudio),
    "playlist": (b"#EXTM3U\nhttp://127.0.0.1/secret.mp3\n", NotAudio),
    "concatenation script": (b"ffconcat version 1.0\nfile /etc/passwd\n", NotAudio),
    "IFF of a picture": (b"FORM\0\0\1\0ILBM" + bytes(300), NotAudio),
    "Matroska": (b"\x1aE\xdf\xa3" + bytes(300), NotAudio),
    "RIFF of a film": (b"RIFF\0\1\0\0AVI " + bytes(300), NotAudio),
    "raw AAC": (b"\xff\xf1\x50\x80\x01\x3f\xfc" + bytes(200), NotAudio),
    # WAV
    "WAV, RF64": (b"RF64\xff\xff\xff\xffWAVE" + bytes(100), NotAudio),
    "WAV, size zero": (b"RIFF\0\0\0\0WAVE" + FMT + DATA, StreamingHeader),
    "WAV, size unknown": (b"RIFF\xff\xff\xff\xffWAVE" + FMT + DATA, StreamingHeader),
    "WAV, data unknown": (riff(FMT, b"data\xff\xff\xff\xff" + bytes(400)), StreamingHeader),
    "WAV, data zero but there": (riff(FMT, b"data\0\0\0\0" + bytes(400)), StreamingHeader),
    "WAV, data overrun": (riff(FMT, b"data\0\0\0\x10" + bytes(400)), TruncatedAudio),
    "WAV, RIFF overrun": (b"RIFF\0\0\0\x10WAVE" + FMT + DATA, TruncatedAudio),
    "WAV, three hours claimed": (riff(FMT, struct.pack("<4sI", b"data", 1_905_120_000)), TruncatedAudio),
    "WAV, no samples": (riff(FMT, chunk(b"data", b"")), EmptyFile),
    "WAV, less than a sample": (riff(FMT, chunk(b"data", b"\1\2")), EmptyFile),
    "WAV, no data": (riff(FMT), TruncatedAudio),
    "WAV, no format": (riff(DATA), ImplausibleFormat),
    "WAV, short format": (riff(chunk(b"fmt ", b"\1\0\2\0"), DATA), ImplausibleFormat),
    "WAV, 0 Hz": (riff(format_chunk(rate=0), DATA), ImplausibleFormat),
    "WAV, 7,999 Hz": (riff(format_chunk(rate=7_999), DATA), ImplausibleFormat),
    "WAV, 192,001 Hz": (riff(format_chunk(rate=192_001), DATA), ImplausibleFormat),
    "WAV, 4 GHz": (riff(format_chunk(rate=0xFFFFFFFF), DATA), ImplausibleFormat),
    "WAV, 0 channels": (riff(format_chunk(channels=0, align=0), DATA), ImplausibleFormat),
    "WAV, 9 channels": (riff(format_chunk(channels=9, align=18), DATA), ImplausibleFormat),
    "WAV, blocks of nothing": (riff(format_chunk(align=0), DATA), ImplausibleFormat),
    "WAV, 3 bits": (riff(format_chunk(bits=3), DATA), ImplausibleFormat),
    "WAV, ADPCM": (riff(format_chunk(tag=2, bits=4), DATA), ImplausibleFormat),
    "WAV, MP3 inside": (riff(format_chunk(tag=0x55), DATA), ImplausibleFormat),
    "WAV, fat note": (riff(FMT, chunk(b"LIST", bytes(1024 * 1024)), DATA), OversizedTags),
    "WAV, fat note behind": (riff(FMT, DATA, chunk(b"id3 ", bytes(1024 * 1024))), OversizedTags),
    "WAV, countless notes": (riff(FMT, chunk(b"note", b"") * 20_000, DATA), OversizedTags),
    # AIFF
    "AIFF, only its name": (b"FORM\0\0\1\0AIFF", ImplausibleFormat),
    "AIFF, zeros": (b"FORM\0\0\1\0AIFF" + bytes(300), ImplausibleFormat),
    "AIFF, no format": (iff(b"AIFF", SOUND), ImplausibleFormat),
    "AIFF, short format": (iff(b"AIFF", iff_chunk(b"COMM", bytes(10)), SOUND), ImplausibleFormat),
    "AIFF, AIFF-C without a kind": (iff(b"AIFC", common_chunk(), SOUND), ImplausibleFormat),
    "AIFF, compressed": (iff(b"AIFC", common_chunk(kind=b"ima4\0\0"), SOUND), ImplausibleFormat),
    "AIFF, no sound": (iff(b"AIFF", common_chunk()), TruncatedAudio),
    "AIFF, no samples": (iff(b"AIFF", common_chunk(frames=0), sound_chunk(b"")), EmptyFile),
    "AIFF, neither": (iff(b"AIFF", common_chunk(frames=0)), EmptyFile),
    "AIFF, more declared": (iff(b"AIFF", common_chunk(frames=101), SOUND), TruncatedAudio),
    "AIFF, four billion samples": (iff(b"AIFF", common_chunk(frames=0xFFFFFFFF), SOUND), TruncatedAudio),
    "AIFF, samples begin behind the end": (
        iff(b"AIFF", common_chunk(), sound_chunk(bytes(400), offset=1)),
        TruncatedAudio,
    ),
    "AIFF, sound overrun": (iff(b"AIFF", common_chunk(), SOUND)[:-1], TruncatedAudio),
    "AIFF, form overrun": (b"FORM\x10\0\0\0AIFF" + common_chunk() + SOUND, TruncatedAudio),
    "AIFF, 0 channels": (iff(b"AIFF", common_chunk(channels=0), SOUND), ImplausibleFormat),
    "AIFF, 9 channels": (iff(b"AIFF", common_chunk(channels=9), SOUND), ImplausibleFormat),
    "AIFF, 0 Hz": (iff(b"AIFF", common_chunk(rate=bytes(10)), SOUND), ImplausibleFormat),
    "AIFF, endless Hz": (iff(b"AIFF", common_chunk(rate=b"\x7f\xff" + b"\xff" * 8), SOUND), ImplausibleFormat),
    "AIFF, 3 bits": (iff(b"AIFF", common_chunk(bits=3), SOUND), ImplausibleFormat),
    "AIFF, fat note": (iff(b"AIFF", iff_chunk(b"ID3 ", bytes(1024 * 1024)), common_chunk(), SOUND), OversizedTags),
    "AIFF, countless notes": (iff(b"AIFF", iff_chunk(b"ANNO", b"") * 20_000, common_chunk(), SOUND), OversizedTags),
    # FLAC
    "FLAC, only its name": (b"fLaC", TruncatedAudio),
    "FLAC, no information": (b"fLaC\x84\0\0\x01\0", TruncatedAudio),
    # Ogg
    "Ogg, only its name": (b"OggS", TruncatedAudio),
    "Ogg, neither Vorbis nor Opus": (_ogg_page([b"\x80theora" + bytes(40)], sequence=0, flags=2), NotAudio),
    "Ogg, fat comments": (_big_ogg_comments(), OversizedTags),
    "Ogg, no end": (_opus(flags=0), TruncatedAudio),
    "Ogg, claims a year": (
        _opus(flags=0) + _ogg_page([b"\xfc\xff\xfe"], sequence=3, flags=4, granule=48_000 * 86_400 * 365),
        TruncatedAudio,
    ),
    "Ogg, time runs backward": (
        _opus(flags=0) + _ogg_page([b"\xfc\xff\xfe"], sequence=3, flags=4, granule=1),
        CorruptAudio,
    ),
    "Ogg, wrong checksum": (_opus()[:-1] + b"\0", CorruptAudio),
    "Ogg, 0 channels": (_ogg_page([_opus_head(channels=0)], sequence=0, flags=2), ImplausibleFormat),
    "Ogg, Vorbis at 0 Hz": (
        _ogg_page([b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 2, 0, 0, 0, 0, 0xB8, 1)], sequence=0, flags=2),
        ImplausibleFormat,
    ),
    "Ogg, two streams": (
        _opus(flags=0) + _ogg_page([_opus_head()], sequence=0, flags=2, serial=2),
        ImplausibleFormat,
    ),
    "Ogg, rubbish between": (_opus(flags=0) + b"x" * 100, CorruptAudio),
    "Ogg, countless pages": (_opus(flags=0) + _ogg_page([], sequence=3) * 10, TruncatedAudio),
    # MP3
    "MP3, tag alone": (id3(bytes(500)), TruncatedAudio),
    "MP3, tag and text": (id3(bytes(500)) + b"words " * 200, NotAudio),
    "MP3, tag of 256 MB claimed": (id3(bytes(500), size=0x0FFFFFFF), OversizedTags),
    "MP3, tag unpacks to 200 MB (2.3)": (_compressed_frame(3, 200_000_000) + _mp3_frames(50), OversizedTags),
    "MP3, tag unpacks to 200 MB (2.4)": (_compressed_frame(4, 200_000_000) + _mp3_frames(50), OversizedTags),
    "MP3, many tags": (id3(bytes(200_000)) * 6 + _mp3_frames(50), OversizedTags),
    "MP3, fat APE tag": (
        _mp3_frames(50) + b"APETAGEX" + struct.pack("<IIIIQ", 2000, 0x7FFFFFFF, 1, 0, 0),
        OversizedTags,
    ),
    "MP3, three hours claimed": (_xing(413_438) + _xing(0)[:4].ljust(417, b"\0") * 20, TruncatedAudio),
    "MP3, bytes claimed": (
        _xing(20, size=9_000_000) + _xing(0)[:4].ljust(417, b"\0") * 20,
        TruncatedAudio,
    ),
    # M4A
    "M4A, no index": (box(b"ftyp", b"M4A ") + box(b"mdat", bytes(500)), TruncatedAudio),
    "M4A, no media": (box(b"ftyp", b"M4A ") + box(b"moov", b""), TruncatedAudio),
    "M4A, overrun": (box(b"ftyp", b"M4A ") + struct.pack(">I4s", 1 << 30, b"mdat"), TruncatedAudio),
    "M4A, huge box": (box(b"ftyp", b"M4A ") + struct.pack(">I4sQ", 1, b"mdat", 1 << 62), TruncatedAudio),
    "M4A, box smaller than its head": (
        box(b"ftyp", b"M4A ") + struct.pack(">I4s", 3, b"moov"),
        TruncatedAudio,
    ),
    "M4A, no audio track": (_moov(), ImplausibleFormat),
    "M4A, two audio tracks": (_moov(_track(), _track()), ImplausibleFormat),
    "M4A, a film": (_moov(_track(), _track(handler=b"vide")), ImplausibleFormat),
    "M4A, protected": (_moov(_track(_stsd(b"drms"))), ImplausibleFormat),
    "M4A, fragments": (_moov(box(b"mvex", bytes(20)), _track()), StreamingHeader),
    "M4A, fragment behind": (_moov(_track()) + box(b"moof", bytes(20)), StreamingHeader),
    "M4A, packed index": (_moov(box(b"cmov", bytes(20))), OversizedTags),
    "M4A, fat tags": (_moov(_track(), box(b"udta", bytes(1024 * 1024 + 1))), OversizedTags),
    "M4A, fat box behind": (_moov(_track()) + box(b"uuid", bytes(1024 * 1024 + 1)), OversizedTags),
    "M4A, four billion samples": (
        _moov(_track(box(b"stsz", struct.pack(">III", 0, 1, 0xFFFFFFFF)))),
        TooLong,
    ),
    "M4A, table overrun": (_moov(_track(box(b"stts", struct.pack(">II", 0, 0x7FFFFFFF)))), CorruptAudio),
    "M4A, two indexes": (_moov(_track()) + box(b"moov", b""), CorruptAudio),
    "M4A, index overrun": (_moov(struct.pack(">I4s", 500, b"trak")), CorruptAudio),
    "M4A, countless boxes": (_moov(box(b"free", b"") * 20_000), OversizedTags),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_refuses(case: str, write: Write) -> None:
    content, kind = HOSTILE[case]
    error = refusal(write(content))
    assert type(error) is kind, str(error)
    assert is_a_sentence_with_a_way_out(error)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"samples": 0}, StreamingHeader),
        ({"samples": 44_100 * 3 * 3600}, TruncatedAudio),
        ({"samples": (1 << 36) - 1}, TruncatedAudio),
        ({"rate": 0}, ImplausibleFormat),
        ({"rate": 655_350}, ImplausibleFormat),
        ({"extra": b"\x06\x10\0\x01" + bytes(0x100001)}, OversizedTags),
        ({"extra": b"\x01\0\0\0" * 20_000}, OversizedTags),
    ],
)
def test_refuses_flac(changes: dict[str, int], kind: type[AudioRefused], files: dict[str, bytes], write: Write) -> None:
    content = files["flac"]
    blocks = bytearray(_flac(content, **changes))  # type: ignore[arg-type]
    assert content[4] & 0x80 == 0  # more metadata follows the stream information
    error = refusal(write(bytes(blocks)))
    assert type(error) is kind, str(error)
    assert is_a_sentence_with_a_way_out(error)


def test_refuses_a_lossless_file_whose_last_frame_is_wrong(files: dict[str, bytes], write: Write) -> None:
    content = bytearray(files["flac"])
    content[-20] ^= 0xFF
    assert isinstance(refusal(write(bytes(content))), TruncatedAudio)


def test_refuses_a_film(write: Write) -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        sound = container.add_stream("aac", rate=44_100, layout="mono")
        for number in range(5):
            picture = av.VideoFrame(64, 64, "yuv420p")
            picture.pts = number
            container.mux(video.encode(picture))
        frame = av.AudioFrame.from_ndarray(tone(1).reshape(1, -1)[:, :1024], format="s16", layout="mono")
        frame.sample_rate = 44_100
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
        container.mux(video.encode(None))
    assert isinstance(refusal(write(out.getvalue())), ImplausibleFormat)


# --- what is too much


def test_refuses_two_gigabytes_before_reading_them(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write(riff(FMT, DATA)[:44])
        file.truncate(2 * 1024**3)
    error = refusal(path)
    assert type(error) is TooLarge
    assert is_a_sentence_with_a_way_out(error)
    allowed = replace(LIMITS, max_bytes=4 * 1024**3)
    assert type(refusal(path, max_bytes=allowed.max_bytes)) is not TooLarge


@pytest.mark.parametrize("spare", [-1, 0])
def test_takes_as_many_bytes_as_allowed(spare: int, files: dict[str, bytes], write: Write) -> None:
    path = write(files["wav-16"])
    limits = replace(LIMITS, max_bytes=len(files["wav-16"]) + spare)
    if spare < 0:
        with pytest.raises(TooLarge):
            probe(path, declared_media_type=None, limits=limits)
    else:
        assert probe(path, declared_media_type=None, limits=limits).codec


@pytest.mark.parametrize("form", ALL_FORMS)
def test_refuses_more_time_than_allowed(form: str, files: dict[str, bytes], write: Write) -> None:
    path = write(files[form])
    facts = probe(path, declared_media_type=None, limits=LIMITS)
    exact = replace(LIMITS, max_duration_ms=facts.duration_ms + 1)
    assert probe(path, declared_media_type=None, limits=exact) == facts
    error = refusal(path, max_duration_ms=facts.duration_ms - 1)
    assert type(error) is TooLong
    assert is_a_sentence_with_a_way_out(error)


def test_counts_three_hours_whatever_the_header_says(write: Write) -> None:
    frames = _mp3_frames(413_438)
    head = b"\xff\xf3\x80\xc0" + b"\0" * 9 + b"Xing" + struct.pack(">II", 1, 100)
    path = write(head.ljust(208, b"\0") + frames)
    assert type(refusal(path)) is TooLong
    hours = probe(path, declared_media_type=None, limits=replace(LIMITS, max_duration_ms=4 * 3_600_000))
    assert hours.duration_ms == pytest.approx(3 * 3_600_000, abs=1_000)


def test_counts_packets_where_the_table_of_times_lies(write: Write) -> None:
    content = bytearray(encoded(tone(20), FORMS["m4a-aac"]))
    table = content.index(b"stts")
    entries = int.from_bytes(content[table + 8 : table + 12])
    for entry in range(entries):
        content[table + 16 + 8 * entry : table + 20 + 8 * entry] = (1).to_bytes(4)
    assert type(refusal(write(bytes(content)), max_duration_ms=10_000)) is TooLong


MEMORY = """
import resource, sys
from pathlib import Path
from fingerprint import audio, extract
from fingerprint.containers import Limits
path = Path(sys.argv[1])
limits = Limits(max_bytes=1 << 30, max_duration_ms=4 * 3_600_000, max_tag_bytes=1 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
facts = audio.probe(path, declared_media_type=None, limits=limits)
extract.query(audio.decode(path, facts.media_type))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // (1 if sys.platform != "darwin" else 1024))
"""


def test_holds_no_file_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    seconds = 1_800
    with path.open("wb") as file:
        body = seconds * 44_100 * 4
        head = struct.pack("<4sI4s", b"RIFF", body + 36, b"WAVE")
        file.write(head + FMT + struct.pack("<4sI", b"data", body))
        file.truncate(44 + body)  # 300 MB of silence that take no room
    grown = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)], check=True, capture_output=True, text=True, timeout=120
    )
    assert int(grown.stdout) < 48 * 1024, f"grew by {int(grown.stdout) // 1024} MiB"


# --- one decode, several rates


def test_decodes_once_what_decoding_twice_would_give(files: dict[str, bytes], write: Write) -> None:
    path = write(files["mp3"])
    both: dict[int, list[np.ndarray]] = {11_025: [], 22_050: []}
    for blocks in decode_at(path, "audio/mpeg", (11_025, 22_050, 11_025), with_loudness=True):
        for rate, block in blocks.items():
            both[rate].append(block)
    for rate, parts in both.items():
        assert np.array_equal(np.concatenate(parts), np.concatenate(list(decode(path, "audio/mpeg", rate))))


# EBU Tech 3341 (2023), table 1: its first five cases are tones that can be made here. In dBFS and seconds.
EBU = [
    ([(-23.0, 20)], -23.0),
    ([(-33.0, 20)], -33.0),
    ([(-36.0, 10), (-23.0, 60), (-36.0, 10)], -23.0),
    ([(-72.0, 10), (-36.0, 10), (-23.0, 60), (-36.0, 10), (-72.0, 10)], -23.0),
    ([(-26.0, 20), (-20.0, 20.1), (-26.0, 20)], -23.0),
]


def _steps(steps: list[tuple[float, float]]) -> np.ndarray:
    parts = []
    for level, seconds in steps:
        phase = np.arange(int(seconds * 48_000)) * (2 * np.pi * 1_000 / 48_000)
        parts.append(np.sin(phase) * 10 ** (level / 20) * 32_767)
    samples: np.ndarray = np.rint(np.concatenate(parts)).astype(np.int16)
    return samples


@pytest.mark.parametrize(("steps", "lufs"), EBU)
def test_measures_loudness_as_the_standard_asks(steps: list[tuple[float, float]], lufs: float, write: Write) -> None:
    # What is left over behind the last tenth of a second changes nothing.
    path = write(wav(np.repeat(_steps(steps)[:-1_234], 2), rate=48_000, channels=2))
    decoding = decode_at(path, "audio/wav", (11_025,), with_loudness=True)
    assert decoding.loudness_centi_lufs is None
    for _ in decoding:
        pass
    assert decoding.loudness_centi_lufs == pytest.approx(100 * lufs, abs=10)


@pytest.mark.parametrize("sound", [np.zeros(48_000, np.int16), np.full(4_000, 8_000, np.int16), np.ones(1, np.int16)])
def test_measures_no_loudness_where_there_is_none(sound: np.ndarray, write: Write) -> None:
    decoding = decode_at(write(wav(sound, rate=48_000)), "audio/wav", (11_025,), with_loudness=True)
    for _ in decoding:
        pass
    assert decoding.loudness_centi_lufs is None


# --- what is damaged inside


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -1_001.0])
@pytest.mark.parametrize("form", ["wav-32", "wav-64", "aiff-32"])
def test_refuses_samples_that_are_no_numbers(form: str, value: float, write: Write) -> None:
    sound = np.sin(np.arange(44_100) / 10)
    sound[30_000] = value
    if form == "aiff-32":
        common = common_chunk(channels=1, frames=sound.size, kind=b"fl32\0\0")
        path = write(iff(b"AIFC", common, sound_chunk(sound.astype(">f4").tobytes())))
    else:
        bits = int(form[-2:])
        fmt = format_chunk(tag=3, channels=1, align=bits // 8, bits=bits)
        path = write(riff(fmt, chunk(b"data", sound.astype(f"<f{bits // 8}").tobytes())))
    error = _refused_or_taken(path)
    assert type(error) is CorruptAudio
    assert is_a_sentence_with_a_way_out(error)


def test_takes_a_float_file_that_overshoots(write: Write) -> None:
    sound = np.sin(np.arange(44_100) / 10) * 8  # 18 dB over full scale: what a mixer leaves, clipped here
    fmt = format_chunk(tag=3, channels=1, align=4, bits=32)
    path = write(riff(fmt, chunk(b"data", sound.astype("<f4").tobytes())))
    assert int(np.concatenate(list(decode(path, "audio/wav"))).max()) == 32_767


@pytest.mark.parametrize("form", ["flac", "ogg-vorbis"])
def test_refuses_to_decode_damage(form: str, files: dict[str, bytes], write: Write) -> None:
    content = bytearray(files[form])
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    path = write(bytes(content))
    error = _refused_or_taken(path)
    assert error is not None
    assert is_a_sentence_with_a_way_out(error)


def test_plays_on_over_a_bad_mp3_frame_and_keeps_the_time(files: dict[str, bytes], write: Write) -> None:
    sound = noise(20)
    content = bytearray(encoded(sound, FORMS["mp3"]))
    path = write(bytes(content))
    whole = sum(block.size for block in decode(path, "audio/mpeg"))
    # A frame in the middle whose side information asks for more bits than there are.
    middle = content.index(b"\xff\xfb", len(content) // 2)
    content[middle + 4 : middle + 36] = b"\xff" * 32
    path.write_bytes(bytes(content))
    assert sum(block.size for block in decode(path, "audio/mpeg")) == pytest.approx(whole, abs=700)


def test_refuses_an_mp3_of_bad_frames(files: dict[str, bytes], write: Write) -> None:
    content = bytearray(encoded(noise(10), FORMS["mp3"]))
    position = len(content) // 3
    for _ in range(50):
        position = content.index(b"\xff\xfb", position + 36)
        content[position + 4 : position + 36] = b"\xff" * 32
    with pytest.raises(CorruptAudio) as caught:
        list(decode(write(bytes(content)), "audio/mpeg"))
    assert is_a_sentence_with_a_way_out(caught.value)


def _mutated(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 12)):
        # Structure stands at the beginning and the end; that is where a mutation does something.
        span = chance.choice([64, 512, 4096, len(changed)])
        at = chance.randrange(min(span, len(changed)))
        at = at if chance.random() < 0.8 else len(changed) - 1 - at
        match chance.randrange(5):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                changed[at] ^= 1 << chance.randrange(8)
            case 2:
                changed[at : at + 4] = chance.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"])
            case 3:
                del changed[at : at + chance.randrange(1, 64)]
            case _:
                changed[at:at] = chance.randbytes(chance.randrange(1, 64))
    return bytes(changed)


@pytest.mark.parametrize("form", [*FORMS, "ogg-vorbis"])
def test_refuses_or_takes_whatever_it_is_given(form: str, write: Write) -> None:
    """Only refusals escape, whatever the bytes; 9 forms by 120 mutations, the same in every run."""
    if form == "ogg-vorbis":
        content = (MUSIC / "hungarian-dance-5.ogg").read_bytes()[:40_000]
    else:
        content = encoded(tone(0.4) + noise(0.4, level=0.02), FORMS[form], metadata={"title": "A song"})
    chance = random.Random(form)
    for _ in range(120):
        error = _refused_or_taken(write(_mutated(content, chance)))
        assert error is None or is_a_sentence_with_a_way_out(error), str(error)


@pytest.mark.parametrize("first", ["wav-16", "aiff-16", "mp3", "flac", "m4a-aac", "ogg-opus"])
@pytest.mark.parametrize("second", ["zip", "html", "wav-16", "mp3", "flac"])
def test_refuses_or_takes_a_file_that_is_two_things(
    first: str, second: str, files: dict[str, bytes], write: Write
) -> None:
    others = {"zip": b"PK\x03\x04" * 300, "html": b"<script>alert(1)</script>" * 50} | files
    for content in (files[first] + others[second], others[second] + files[first]):
        error = _refused_or_taken(write(content))
        # What is taken is one of the two, whole.
        if error is None:
            facts = probe(write(content), declared_media_type=None, limits=LIMITS)
            # Two MP3 or two FLAC in a row play on, and then both are examined.
            assert facts.duration_ms == pytest.approx(3_000, abs=60) or first == second
        else:
            assert is_a_sentence_with_a_way_out(error)


def test_refuses_ten_hours_before_decoding_them(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    body = 36_000 * 8_000 * 2
    head = struct.pack("<4sI4s", b"RIFF", body + 36, b"WAVE")
    with path.open("wb") as file:
        file.write(head + format_chunk(channels=1, rate=8_000, align=2) + struct.pack("<4sI", b"data", body))
        file.truncate(44 + body)
    error = refusal(path, max_bytes=1 << 40, max_duration_ms=3_600_000)
    assert type(error) is TooLong


def test_refuses_random_bytes(write: Write) -> None:
    chance = random.Random(1)
    names = [
        b"",
        b"RIFF....WAVE",
        b"fLaC",
        b"OggS",
        b"\0\0\0\x20ftyp",
        b"ID3\4\0\0\0\0\2\0",
        b"\xff\xfb\x90\0",
    ]
    for _ in range(400):
        error = _refused_or_taken(write(chance.choice(names) + chance.randbytes(chance.randrange(1, 3000))))
        assert error is None or is_a_sentence_with_a_way_out(error), str(error)


def test_says_a_way_out_even_without_a_message() -> None:
    for kind in AudioRefused.__subclasses__():
        assert is_a_sentence_with_a_way_out(kind()), kind
        assert kind.status in (400, 413, 415, 422)
    assert len({kind.code for kind in AudioRefused.__subclasses__()}) == len(AudioRefused.__subclasses__())


# --- excerpts


@pytest.mark.parametrize("form", ["wav-24", "mp3", "flac", "m4a-alac", "ogg-opus"])
@pytest.mark.parametrize(("start_ms", "end_ms"), [(0, 500), (4_321, 5_000), (7_000, 8_000)])
def test_cuts_the_very_samples(form: str, start_ms: int, end_ms: int, write: Write) -> None:
    path = write(encoded(noise(8, seed=3), FORMS[form]))
    media_type = MEDIA_TYPES[FORMS[form].suffix]
    with wave.open(io.BytesIO(excerpt(path, media_type, start_ms, end_ms))) as reader:
        rate = reader.getframerate()
        assert (reader.getsampwidth(), reader.getnchannels()) == (2, 2)
        got = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)[:, 0]
    assert got.size == pytest.approx((end_ms - start_ms) * rate // 1000, abs=1)
    whole = np.concatenate(list(decode(path, media_type, rate)))
    expected = whole[start_ms * rate // 1000 :][: got.size]
    # A lossy decoder that starts in the middle differs in the last bits.
    assert np.abs(got.astype(int) - expected.astype(int)).mean() < 200


def test_cuts_a_mono_excerpt_at_its_own_rate(write: Write) -> None:
    path = write(wav(tone(3, rate=22_050), rate=22_050))
    with wave.open(io.BytesIO(excerpt(path, "audio/wav", 1_000, 99_000 - 38_000))) as reader:
        assert (reader.getframerate(), reader.getnchannels(), reader.getnframes()) == (22_050, 1, 44_100)


def test_cuts_no_more_than_48_khz(write: Write) -> None:
    path = write(wav(tone(1, rate=96_000), rate=96_000))
    with wave.open(io.BytesIO(excerpt(path, "audio/wav", 0, 500))) as reader:
        assert (reader.getframerate(), reader.getnframes()) == (48_000, 24_000)


@pytest.mark.parametrize(("start_ms", "end_ms"), [(-1, 5), (5, 5), (6, 5), (0, 60_001), (3_500, 4_000)])
def test_refuses_an_excerpt_that_is_not_there(
    start_ms: int, end_ms: int, files: dict[str, bytes], write: Write
) -> None:
    with pytest.raises(ExcerptOutOfRange) as caught:
        excerpt(write(files["wav-16"]), "audio/wav", start_ms, end_ms)
    assert is_a_sentence_with_a_way_out(caught.value)
