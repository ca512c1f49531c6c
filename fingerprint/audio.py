"""
The one place where bytes from outside meet a decoder.

A file passes three gates, each cheaper than the next: its structure is read (`containers`), its packets are
counted without decoding them (`probe`), and only then is it decoded, once, as a stream and never as a whole
(`decode_at`). FFmpeg sees a window of an open file, under the name of one container that the bytes have shown,
with the few decoders that we accept: no tag, playlist, or reference in a file can make it open anything else.
"""

import hashlib
import io
import math
import os
import wave
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, ClassVar, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter import Graph
from av.filter.context import FilterContext
from av.packet import Packet
from numpy.typing import NDArray

from fingerprint.containers import (
    AudioRefused,
    CorruptAudio,
    EmptyFile,
    ImplausibleFormat,
    Limits,
    NotAudio,
    OversizedTags,
    StreamingHeader,
    Structure,
    TooLarge,
    TooLong,
    TruncatedAudio,
    WrongMediaType,
    plausible_format,
    read_structure,
    too_long,
    whole_mpeg_frame,
)

__all__ = [
    "AudioFacts",
    "AudioRefused",
    "CorruptAudio",
    "Decoding",
    "EmptyFile",
    "ExcerptOutOfRange",
    "ImplausibleFormat",
    "Limits",
    "NotAudio",
    "OversizedTags",
    "StreamingHeader",
    "TooLarge",
    "TooLong",
    "TruncatedAudio",
    "WrongMediaType",
    "codec_of",
    "decode",
    "decode_at",
    "excerpt",
    "frames",
    "pcm_digest",
    "probe",
    "stretch",
]

FINGERPRINT_RATE_HZ = 11_025
MAX_EXCERPT_MS = 60_000
MAX_EXCERPT_RATE_HZ = 48_000
_PREROLL_S = 1  # a lossy codec needs some frames before it sounds right again
_LARGEST_SAMPLE = 1_000.0  # of a float file, where full scale is 1: 60 dB of headroom are more than any mixer leaves
_SILENT_CENTI_LUFS = -7_000  # below it, nothing passed the absolute gate of BS.1770 and there is no loudness

_DEMUXERS = {
    "audio/wav": "wav",
    "audio/aiff": "aiff",
    "audio/mpeg": "mp3",
    "audio/flac": "flac",
    "audio/mp4": "mov",
    "audio/ogg": "ogg",
}
_ALIASES = {
    "audio/wav": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-pn-wav": "audio/wav",
    "audio/aiff": "audio/aiff",
    "audio/x-aiff": "audio/aiff",
    "audio/aifc": "audio/aiff",
    "audio/x-aifc": "audio/aiff",
    "sound/aiff": "audio/aiff",
    "audio/mpeg": "audio/mpeg",
    "audio/mp3": "audio/mpeg",
    "audio/x-mp3": "audio/mpeg",
    "audio/mpeg3": "audio/mpeg",
    "audio/x-mpeg": "audio/mpeg",
    "audio/flac": "audio/flac",
    "audio/x-flac": "audio/flac",
    "audio/mp4": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/mp4a-latm": "audio/mp4",
    "video/mp4": "audio/mp4",  # what some browsers say of .m4a; a video track is refused by its bytes
    "audio/ogg": "audio/ogg",
    "application/ogg": "audio/ogg",
    "audio/vorbis": "audio/ogg",
    "audio/opus": "audio/ogg",
}
_CODECS = {
    "audio/wav": frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le"}),
    "audio/aiff": frozenset(
        {"pcm_s8", "pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_s16le", "pcm_f32be", "pcm_f64be"},
    ),
    "audio/mpeg": frozenset({"mp3"}),
    "audio/flac": frozenset({"flac"}),
    "audio/mp4": frozenset({"aac", "alac"}),
    "audio/ogg": frozenset({"vorbis", "opus"}),
}
# FFmpeg's names of the decoders it may load; a picture in the tags is never decoded.
_DECODERS = {
    **{media_type: ",".join(sorted(codecs)) for media_type, codecs in _CODECS.items()},
    "audio/mpeg": "mp3float,mp3",
}
# FFmpeg reports what it cannot parse as these; anything else is our own mistake and must surface.
_DECODER_ERRORS = (av.FFmpegError, EOFError, ValueError, OverflowError)

# MP3 is cut and joined without decoding, so a frame may refer to bits that are gone. Decoders play on; so do
# we, with silence in its place, as long as it stays one frame here and there. Others have no such frames.
_MAX_BAD_MP3_FRAMES_IN_A_ROW = 4
_MAX_BAD_MP3_FRAMES_PER_CENT = 1


@dataclass(frozen=True)
class AudioFacts:
    """What is known of a file whose structure and packets were found whole; nothing here was decoded."""

    digest: str
    media_type: str
    codec: str
    size_bytes: int
    duration_ms: int
    sample_rate_hz: int
    channels: int


class ExcerptOutOfRange(AudioRefused):
    """There is no such excerpt; ask for at most a minute that begins before it ends."""

    code: ClassVar[str] = "excerpt_out_of_range"
    status: ClassVar[int] = 400


def probe(path: Path, *, declared_media_type: str | None, limits: Limits) -> AudioFacts:
    """
    Check that a file is whole, plausible audio within the limits, and say what it is.

    Nothing is decoded: damage inside a packet is found by `decode`, not here. Memory stays bounded whatever
    the file claims. `declared_media_type` may carry parameters, which are ignored; None or
    application/octet-stream declare nothing.

    :raises AudioRefused: one of its kinds, with a sentence that names the way out
    """
    with path.open("rb") as file:
        structure = read_structure(file, limits=limits)
        _agree(declared_media_type, structure.media_type)
        with _opened(file, structure) as (container, stream):
            rate, channels, codec = _format(stream, structure)
            walk = _walk(container, stream, structure, limits)
        duration_ms = _checked_duration_ms(walk, structure, rate=rate, limits=limits)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return AudioFacts(
            digest=digest,
            media_type=structure.media_type,
            codec=codec,
            size_bytes=file.seek(0, os.SEEK_END),
            duration_ms=duration_ms,
            sample_rate_hz=rate,
            channels=channels,
        )


def tags(path: Path, facts: AudioFacts) -> dict[str, str]:
    """
    Return what a probed file says of itself, by names in lower case; what it says is not checked.

    :raises CorruptAudio: it cannot be opened
    """
    with path.open("rb") as file:
        structure = _structure_of(file, facts.media_type)
        with _opened(file, structure) as (container, stream):
            said = {**container.metadata, **stream.metadata}
    return {name.lower(): value for name, value in said.items()}


class Decoding:
    """
    One pass over a probed file: blocks of about a second, at every rate that was asked for.

    Each step yields for each rate what has become ready, which may be nothing. Up to one per cent of an MP3's
    frames, and at most four in a row, may be undecodable and become silence; any other container must decode
    without an error. Channels are mixed down to one, as FFmpeg does it: a center counts less than a front, and
    nothing clips. `loudness_centi_lufs` is known once the last block was taken.
    """

    def __init__(self, path: Path, media_type: str, rates_hz: Collection[int], *, with_loudness: bool) -> None:
        self._path, self._media_type = path, media_type
        self._rates = tuple(dict.fromkeys(rates_hz))
        self._with_loudness = with_loudness
        self._loudness: int | None = None

    @property
    def loudness_centi_lufs(self) -> int | None:
        """
        Hundredths of LUFS, integrated over the program (ITU-R BS.1770-4, as EBU R 128 gates it); measured at the
        file's own rate and channels. None: all of it is below the gate, or too short for it (0.4 s).
        """
        return self._loudness

    def __iter__(self) -> Iterator[dict[int, NDArray[np.int16]]]:
        chain: _Chain | None = None
        try:
            for frame in frames(self._path, self._media_type):
                if chain is None:
                    chain = _Chain(frame, self._rates, with_loudness=self._with_loudness)
                chain.push(frame)
                # A codec's frames are many to a second, and to ask in vain costs as much as a frame.
                if chain.is_due and (blocks := chain.ready()):
                    yield blocks
            if chain is None:
                raise CorruptAudio("Nothing in the file could be decoded; export it again from its source.")
            chain.push(None)
        except (av.FFmpegError, OverflowError) as error:
            raise CorruptAudio("The audio cannot be converted; export it again from its source.") from error
        if blocks := chain.ready():
            yield blocks
        self._loudness = chain.loudness_centi_lufs


def decode_at(path: Path, media_type: str, rates_hz: Collection[int], *, with_loudness: bool = False) -> Decoding:
    """
    Decode a probed file once into mono 16-bit blocks at several rates.

    Memory stays bounded, however long the file is. Iterating raises:

    :raises CorruptAudio: the decoder gave up, nothing could be decoded, or samples are no numbers
    :raises AudioRefused: the file is not what it was when it was probed
    """
    return Decoding(path, media_type, rates_hz, with_loudness=with_loudness)


def decode(path: Path, media_type: str, sample_rate_hz: int = FINGERPRINT_RATE_HZ) -> Iterator[NDArray[np.int16]]:
    """
    Decode a probed file once, as blocks of mono 16-bit samples of about a second.

    :raises AudioRefused: as `decode_at`
    """
    for blocks in decode_at(path, media_type, (sample_rate_hz,)):
        if blocks[sample_rate_hz].size:
            yield blocks[sample_rate_hz]


def excerpt(path: Path, media_type: str, start_ms: int, end_ms: int) -> bytes:
    """
    Cut a range of at most a minute out of a probed file, as a 16-bit WAV for a player.

    Keeps the rate up to 48 kHz, and mono; anything wider than stereo is mixed down to it. An end behind the
    end of the audio is taken as its end.

    :raises ExcerptOutOfRange: no such range, or a longer one
    :raises AudioRefused: the file is not what it was when it was probed
    """
    if not 0 <= start_ms < end_ms or end_ms - start_ms > MAX_EXCERPT_MS:
        raise ExcerptOutOfRange
    with path.open("rb") as file:
        structure = _structure_of(file, media_type)
        with _opened(file, structure) as (container, stream):
            rate, channels, _ = _format(stream, structure)
            rate, channels = min(rate, MAX_EXCERPT_RATE_HZ), min(channels, 2)
            resampler = AudioResampler(format="s16", layout="mono" if channels == 1 else "stereo", rate=rate)
            first, last = start_ms * rate // 1000, end_ms * rate // 1000
            samples = _cut(container, stream, structure, resampler, first=first, last=last)
    if not samples:
        raise ExcerptOutOfRange("The audio ends before this excerpt begins; ask for an earlier range.")
    out = io.BytesIO()
    with closing(wave.open(out, "wb")) as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(samples)
    return out.getvalue()


def stretch(path: Path, media_type: str, start: int, size: int, sample_rate_hz: int) -> NDArray[np.int16]:
    """
    Cut so many mono samples, counted at a rate, out of a probed file; where it is not yet or no more, is silence.

    What comes before is skipped, not decoded, so a place in a lossy file may be some samples off.

    :raises ExcerptOutOfRange: of no length, or more than a minute
    :raises AudioRefused: as `decode`
    """
    if not 0 < size <= MAX_EXCERPT_MS * sample_rate_hz // 1000:
        raise ExcerptOutOfRange
    samples = np.zeros(size, np.int16)
    first, last = max(0, start), start + size
    if first >= last:
        return samples
    with path.open("rb") as file:
        structure = _structure_of(file, media_type)
        with _opened(file, structure) as (container, stream):
            _format(stream, structure)
            resampler = AudioResampler(format="s16", layout="mono", rate=sample_rate_hz)
            there = np.frombuffer(_cut(container, stream, structure, resampler, first=first, last=last), "<i2")
    samples[first - start : first - start + there.size] = there
    return samples


def pcm_digest(path: Path, media_type: str) -> str:
    """
    Hash what a probed file sounds like: SHA-256 over format, rate, channels, and every sample, interleaved.

    Two files with one digest differ in tags and container at most. The digest of a lossy codec depends on the
    decoder, so compare two files with one release of the software and do not publish it.

    :raises AudioRefused: as `decode`
    """
    digest = hashlib.sha256()
    described = ""
    for frame in frames(path, media_type):
        description = f"{frame.format.packed.name} {frame.sample_rate} {len(frame.layout.channels)}\n"
        if description != described:
            digest.update(description.encode())
            described = description
        samples = frame.to_ndarray()
        digest.update(np.ascontiguousarray(samples.T if frame.format.is_planar else samples).data)
    return digest.hexdigest()


# --- opening


class _Window(io.RawIOBase):
    """A part of a file that reads like a whole one, so that a demuxer sees no tags."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file, self._start, self._length, self._position = file, start, end - start, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        left = max(0, self._length - self._position)
        self._file.seek(self._start + self._position)
        got = self._file.read(left if size < 0 else min(size, left))
        self._position += len(got)
        return got

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position


@contextmanager
def _opened(file: BinaryIO, structure: Structure) -> Iterator[tuple[InputContainer, AudioStream]]:
    media_type = structure.media_type
    options = {"codec_whitelist": _DECODERS[media_type], "format_whitelist": _demuxer_names(media_type)}
    try:
        container = av.open(
            _Window(file, structure.start, structure.end),
            mode="r",
            format=_DEMUXERS[media_type],
            container_options=options,
            metadata_errors="replace",
        )
    except _DECODER_ERRORS as error:
        raise CorruptAudio(f"The {_NAMES[media_type]} file cannot be opened; export it again.") from error
    with container:
        pictures = [s for s in container.streams.video if s.disposition & s.disposition.attached_pic]
        if len(container.streams.video) > len(pictures):
            raise ImplausibleFormat("The file holds a video track; export the audio alone.")
        if len(container.streams.audio) != 1:
            raise ImplausibleFormat(
                f"The {_NAMES[media_type]} file has {len(container.streams.audio)} audio streams and needs "
                "one; export a single mixed stream."
            )
        yield container, container.streams.audio[0]


_NAMES = {
    "audio/wav": "WAV",
    "audio/aiff": "AIFF",
    "audio/mpeg": "MP3",
    "audio/flac": "FLAC",
    "audio/mp4": "M4A",
    "audio/ogg": "Ogg",
}


def _demuxer_names(media_type: str) -> str:
    return "mov,mp4,m4a,3gp,3g2,mj2" if media_type == "audio/mp4" else _DEMUXERS[media_type]


def _structure_of(file: BinaryIO, media_type: str) -> Structure:
    # Limits were checked when the file was taken in; its structure is read anew only to find the audio.
    anything = Limits(max_bytes=1 << 62, max_duration_ms=1 << 40, max_tag_bytes=1 << 40)
    structure = read_structure(file, limits=anything)
    _agree(media_type, structure.media_type)
    return structure


def _agree(declared: str | None, actual: str) -> None:
    name = (declared or "").split(";")[0].strip().lower()
    if name in ("", "application/octet-stream", "binary/octet-stream") or _ALIASES.get(name) == actual:
        return
    raise WrongMediaType(f"The file was declared as {name[:60]!r} and is {actual}; declare the type it has.")


def _format(stream: AudioStream, structure: Structure) -> tuple[int, int, str]:
    # FFmpeg makes no context for what it has no permitted decoder for; its stub says otherwise.
    context = cast("AudioCodecContext | None", stream.codec_context)
    codec = context.codec.canonical_name if context is not None else "an unknown codec"
    if context is None or codec not in _CODECS[structure.media_type]:
        raise ImplausibleFormat(
            f"The {_NAMES[structure.media_type]} file holds {codec}; "
            f"export it as {' or '.join(sorted(_CODECS[structure.media_type]))}."
        )
    rate, channels = context.sample_rate or 0, context.channels or 0
    plausible_format(f"{_NAMES[structure.media_type]} file", rate_hz=rate, channels=channels)
    return rate, channels, codec


# --- walking


@dataclass
class _Walk:
    packets: int = 0
    duration: Fraction = Fraction(0)
    last: bytes = b""


def _walk(container: InputContainer, stream: AudioStream, structure: Structure, limits: Limits) -> _Walk:
    time_base = stream.time_base or Fraction(1, 1)
    limit_ticks = Fraction(limits.max_duration_ms, 1000) / time_base
    # In MP4 the times are a table that may lie; the packets themselves cannot hold less than this.
    frame_ticks = Fraction(0)
    if structure.media_type == "audio/mp4" and stream.codec_context.sample_rate:
        frame_ticks = Fraction(stream.codec_context.frame_size, stream.codec_context.sample_rate) / time_base
    ticks = packets = 0
    last: Packet[AudioStream] | None = None
    try:
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            packets += 1
            ticks += max(0, packet.duration or 0)
            last = packet
            # Encoders put some frames around the sound that the times leave out.
            too_many = packets > limits.max_units or (packets - 8) * frame_ticks > limit_ticks
            if too_many or ticks > limit_ticks:
                raise too_long(limits)
    except _DECODER_ERRORS as error:
        raise CorruptAudio(
            f"The {_NAMES[structure.media_type]} file is damaged after packet {packets:,}; export it again."
        ) from error
    return _Walk(packets, ticks * time_base, bytes(last) if last is not None else b"")


def _checked_duration_ms(walk: _Walk, structure: Structure, *, rate: int, limits: Limits) -> int:
    name = _NAMES[structure.media_type]
    if walk.packets == 0:
        raise EmptyFile(f"The {name} file holds no audio; export it again.")
    duration = walk.duration
    if structure.media_type == "audio/ogg" and structure.samples is not None:
        # FFmpeg's packets of Vorbis fall short at every change of block size; the page times are exact, and
        # read_structure has bounded them by what the packets can hold.
        duration = max(duration, Fraction(structure.samples, rate))
    elif structure.samples is not None and duration * rate < structure.samples:
        raise TruncatedAudio(
            f"The {name} file declares {structure.samples * 1000 // rate:,} ms of audio and "
            f"{int(duration * 1000):,} are there; upload it again, whole."
        )
    # Encoders disagree on whether the frame that holds the count is counted.
    if structure.packets is not None and walk.packets + 1 < structure.packets:
        raise TruncatedAudio(
            f"The {name} file declares {structure.packets:,} frames and {walk.packets:,} are there; "
            "upload it again, whole."
        )
    if structure.media_type == "audio/mpeg" and not whole_mpeg_frame(walk.last):
        raise TruncatedAudio("The MP3 file ends inside a frame; upload it again, whole.")
    if structure.media_type == "audio/flac" and _crc16(walk.last) != 0:
        raise TruncatedAudio("The FLAC file's last frame is damaged or cut; upload it again, whole.")
    if duration * 1000 > limits.max_duration_ms:
        raise too_long(limits)
    return max(1, int(duration * 1000))


def _crc16_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x8005) & 0xFFFF if crc & 0x8000 else crc << 1
        table.append(crc)
    return tuple(table)


_CRC16 = _crc16_table()


def _crc16(frame: bytes) -> int:
    """CRC-16 of a FLAC frame with its trailing checksum: zero when it is whole (RFC 9639 §9.3)."""
    crc = 0
    for byte in frame:
        crc = (crc << 8 & 0xFF00) ^ _CRC16[crc >> 8 ^ byte]
    return crc


# --- decoding


def codec_of(file: BinaryIO, media_type: str) -> str:
    """
    Return FFmpeg's name of the codec of a probed file.

    :raises AudioRefused: the file is not what it was when it was probed
    """
    structure = _structure_of(file, media_type)
    with _opened(file, structure) as (_, stream):
        return _format(stream, structure)[2]


def frames(path: Path, media_type: str) -> Iterator[AudioFrame]:
    """
    Decode a probed file into the frames that its decoder gives.

    :raises AudioRefused: as `decode`
    """
    with path.open("rb") as file:
        structure = _structure_of(file, media_type)
        with _opened(file, structure) as (container, stream):
            _format(stream, structure)
            yield from _decoded(container, stream, structure)


def _decoded(container: InputContainer, stream: AudioStream, structure: Structure) -> Iterator[AudioFrame]:
    name = _NAMES[structure.media_type]
    may_repair = structure.samples_per_packet is not None
    if structure.media_type == "audio/flac":
        # FLAC carries a checksum for each frame; without this its decoder plays a damaged one as noise.
        stream.codec_context.options = {"err_detect": "crccheck+explode"}
    is_float = stream.codec_context.name.startswith("pcm_f")
    packets = bad = bad_in_a_row = 0
    try:
        for packet in container.demux(stream):
            packets += 1
            try:
                frames = list(stream.codec_context.decode(packet))
            except av.error.EOFError:
                return
            except _DECODER_ERRORS as error:
                bad, bad_in_a_row = bad + 1, bad_in_a_row + 1
                if not may_repair or bad_in_a_row > _MAX_BAD_MP3_FRAMES_IN_A_ROW:
                    raise _damaged(name, packet) from error
                frames = [_silence(stream, structure.samples_per_packet or 0)]
            else:
                bad_in_a_row = 0
            if is_float:
                _check_samples(name, frames)
            yield from frames
    except _DECODER_ERRORS as error:
        raise CorruptAudio(f"The {name} file is damaged after packet {packets:,}; export it again.") from error
    if bad > 1 and bad * 100 > packets * _MAX_BAD_MP3_FRAMES_PER_CENT:
        raise CorruptAudio(
            f"Of the MP3's {packets:,} frames {bad:,} cannot be decoded; export it again from its source."
        )


def _check_samples(name: str, frames: list[AudioFrame]) -> None:
    # One NaN makes a resampler answer NaN for as long as its filter is, and a spectrum for as long as a frame.
    for frame in frames:
        samples = frame.to_ndarray()
        # The comparison is false for NaN, and for what is infinite.
        if not bool(np.all(np.abs(samples) <= _LARGEST_SAMPLE)):
            raise CorruptAudio(
                f"The {name} file holds samples that are no numbers, or a thousand times full scale; "
                "export it again, as 24 bit."
            )


def _damaged(name: str, packet: "Packet[AudioStream]") -> CorruptAudio:
    if packet.pts is None or packet.time_base is None:
        return CorruptAudio(f"The {name} file is damaged; export it again from its source.")
    seconds = float(packet.pts * packet.time_base)
    return CorruptAudio(f"The {name} file is damaged at {seconds:.1f} s; export it again from its source.")


def _silence(stream: AudioStream, samples: int) -> AudioFrame:
    context = stream.codec_context
    frame = AudioFrame(format=context.format.name, layout=context.layout.name, samples=samples)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate = context.sample_rate
    return frame


class _Chain:
    """What decoded frames run through, all of it inside FFmpeg: one branch a rate, and one that listens."""

    def __init__(self, first: AudioFrame, rates_hz: tuple[int, ...], *, with_loudness: bool) -> None:
        self._form = _form(first)
        self._samples = self._asked_at = 0
        self._time_base = Fraction(1, first.sample_rate)
        self._metadata: dict[str, str] = {}
        self._graph = Graph()
        self._source = self._graph.add_abuffer(
            format=first.format.name,
            layout=first.layout.name,
            sample_rate=first.sample_rate,
            time_base=self._time_base,
        )
        split = self._graph.add("asplit", str(len(rates_hz) + with_loudness))
        self._source.link_to(split)
        self._sinks: dict[int, FilterContext] = {}
        for branch, rate_hz in enumerate(rates_hz):
            self._sinks[rate_hz] = self._branch(
                split,
                branch,
                ("aformat", f"sample_fmts=s16:channel_layouts=mono:sample_rates={rate_hz}"),
                ("asetnsamples", f"n={rate_hz}:p=0"),
            )
        # The meter counts in tenths of a second, and answers nothing at a rate that has none.
        rate_hz = first.sample_rate if first.sample_rate % 10 == 0 else 48_000
        meter = (("aformat", f"sample_rates={rate_hz}"), ("ebur128", "metadata=1:framelog=quiet"))
        self._listener = self._branch(split, len(rates_hz), *meter) if with_loudness else None
        self._graph.configure()

    def _branch(self, split: FilterContext, branch: int, *filters: tuple[str, str]) -> FilterContext:
        contexts = [*(self._graph.add(name, given) for name, given in filters), self._graph.add("abuffersink")]
        split.link_to(contexts[0], branch, 0)
        for context, following in pairwise(contexts):
            context.link_to(following)
        return contexts[-1]

    def push(self, frame: AudioFrame | None) -> None:
        """Take a frame; None ends the audio."""
        if frame is not None:
            if _form(frame) != self._form:
                raise CorruptAudio(
                    "The audio changes its rate or its channels midway; export it again with one format."
                )
            # Samples follow each other; nothing may fill a gap in the times of a damaged file.
            frame.time_base, frame.pts = self._time_base, self._samples
            self._samples += frame.samples
        self._source.push(frame)

    @property
    def is_due(self) -> bool:
        """Whether a second has come since anybody asked what is ready."""
        return self._samples - self._asked_at >= self._form[2]

    def ready(self) -> dict[int, NDArray[np.int16]]:
        """What every branch has ready; empty if none has anything."""
        self._asked_at = self._samples
        if self._listener is not None:
            for heard in _pulled(self._listener):
                # The last frame may be too short to have been measured.
                self._metadata = heard.metadata or self._metadata
        parts = {rate: [frame.to_ndarray()[0] for frame in _pulled(sink)] for rate, sink in self._sinks.items()}
        if not any(parts.values()):
            return {}
        return {rate: np.concatenate(ready) if ready else np.zeros(0, np.int16) for rate, ready in parts.items()}

    @property
    def loudness_centi_lufs(self) -> int | None:
        lufs = float(self._metadata.get("lavfi.r128.I", "nan"))
        centi = round(100 * lufs) if math.isfinite(lufs) else _SILENT_CENTI_LUFS
        return centi if centi > _SILENT_CENTI_LUFS else None


def _form(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _pulled(sink: FilterContext) -> Iterator[AudioFrame]:
    while True:
        try:
            yield cast("AudioFrame", sink.pull())
        except (av.BlockingIOError, av.EOFError):
            return


def _resample(resampler: AudioResampler, frame: AudioFrame | None) -> list[AudioFrame]:
    if frame is not None:
        # Samples follow each other; the resampler must not fill a gap in the times of a damaged file.
        frame.pts = None
    try:
        return resampler.resample(frame)
    except _DECODER_ERRORS as error:
        raise CorruptAudio(
            "The audio changes its rate or its channels midway; export it again with one format."
        ) from error


def _cut(
    container: InputContainer,
    stream: AudioStream,
    structure: Structure,
    resampler: AudioResampler,
    *,
    first: int,
    last: int,
) -> bytes:
    """The samples from `first` to `last`, counted at the resampler's rate from the first one that sounds."""
    time_base = stream.time_base or Fraction(1, 1)
    origin = stream.start_time or 0
    begin = Fraction(first, resampler.rate) - _PREROLL_S
    if begin > 0:
        try:
            container.seek(origin + int(begin / time_base), stream=stream)
        except av.FFmpegError as error:
            raise CorruptAudio("This place in the file cannot be reached; export it again.") from error
    position: int | None = None
    parts: list[bytes] = []
    for frame in _decoded(container, stream, structure):
        if position is None:
            at = frame.pts if frame.pts is not None else origin
            position = max(0, round((at - origin) * time_base * resampler.rate))
        position = _keep(_resample(resampler, frame), parts, position, first=first, last=last)
        if position >= last:
            return b"".join(parts)
    if position is not None:
        _keep(_resample(resampler, None), parts, position, first=first, last=last)
    return b"".join(parts)


def _keep(frames: list[AudioFrame], parts: list[bytes], position: int, *, first: int, last: int) -> int:
    for frame in frames:
        samples = frame.to_ndarray().reshape(frame.samples, -1)
        parts.append(samples[max(0, first - position) : max(0, last - position)].tobytes())
        position += frame.samples
    return position
