"""
What a file's own structure says, read before any decoder sees it.

A hostile file does its damage while it is being opened: a tag that unpacks to gigabytes, a table that claims
four billion samples, a header that promises three hours. So the structure is walked here with plain reads of
a few bytes each, and only the part that holds audio is handed on.

Sources: RIFF/WAVE (Microsoft, Multimedia Data Standards Update, 1994), AIFF 1.3 and AIFF-C (Apple, 1989 and
1991), RFC 9639 (FLAC), RFC 3533 (Ogg),
Vorbis I, RFC 7845 (Opus in Ogg), ISO/IEC 14496-12 (boxes), ISO/IEC 11172-3 and 13818-3 (MPEG audio), ID3v2.3
and 2.4, the Xing and VBRI headers as LAME and Fraunhofer write them.
"""

import inspect
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 192_000
MAX_CHANNELS = 8

# No codec we accept packs more units than this into a second; a file with more is built to keep us busy.
MAX_UNITS_PER_SECOND = 1_000
MAX_PARTS = 10_000  # RIFF chunks, MP4 boxes, FLAC metadata blocks
_RESYNC_BYTES = 64 * 1024  # how far the first MPEG frame may lie behind the tags
_UNKNOWN_SIZE = 0xFFFFFFFF


class AudioRefused(Exception):
    """The file cannot be taken as audio."""

    code: ClassVar[str]
    status: ClassVar[int]

    def __str__(self) -> str:
        return super().__str__() or inspect.cleandoc(type(self).__doc__ or "")


class NotAudio(AudioRefused):
    """The file is no audio we can read; send WAV, AIFF, MP3, FLAC, M4A or Ogg."""

    code, status = "not_audio", 422


class EmptyFile(AudioRefused):
    """The file holds no audio; export it again."""

    code, status = "empty_file", 422


class TruncatedAudio(AudioRefused):
    """The file ends before the audio it declares; upload it again, whole."""

    code, status = "truncated_audio", 422


class TooLong(AudioRefused):
    """The audio is longer than this service accepts; split it."""

    code, status = "audio_too_long", 422


class TooLarge(AudioRefused):
    """The file is larger than this service accepts; send it compressed or split."""

    code, status = "audio_too_large", 413


class ImplausibleFormat(AudioRefused):
    """The audio's format cannot be right; export it again as ordinary PCM, MP3, FLAC, AAC or Ogg."""

    code, status = "implausible_format", 422


class StreamingHeader(AudioRefused):
    """The header was written for a stream and says no length; save the audio to a file."""

    code, status = "streaming_header", 422


class WrongMediaType(AudioRefused):
    """The declared media type and the bytes disagree; declare the type the file has."""

    code, status = "wrong_media_type", 415


class OversizedTags(AudioRefused):
    """The tags are larger than this service accepts; remove embedded pictures and send the file again."""

    code, status = "oversized_tags", 422


class CorruptAudio(AudioRefused):
    """The audio cannot be decoded; export it again from its source."""

    code, status = "corrupt_audio", 422


@dataclass(frozen=True)
class Limits:
    """What one file may ask of us."""

    max_bytes: int
    max_duration_ms: int
    max_tag_bytes: int

    @property
    def max_units(self) -> int:
        """How many packets, pages or table entries the longest allowed audio can have."""
        return self.max_duration_ms * MAX_UNITS_PER_SECOND // 1000 + 10_000


@dataclass(frozen=True)
class Structure:
    """
    Where the audio lies, and how much of it the container declares; None where it declares nothing.

    `start` and `end` bound the bytes a demuxer may see.
    """

    media_type: str
    start: int
    end: int
    samples: int | None = None
    packets: int | None = None
    samples_per_packet: int | None = None


def read_structure(file: BinaryIO, *, limits: Limits) -> Structure:
    """
    Recognize the container by its bytes and check its structure, without decoding.

    :raises AudioRefused: one of its kinds, with a sentence that names the way out
    """
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        raise EmptyFile("The file is empty; upload it again.")
    if size > limits.max_bytes:
        raise TooLarge(
            f"The file has {size:,} bytes and at most {limits.max_bytes:,} are accepted; send it as FLAC, or in parts."
        )
    head = _at(file, 0, 12)
    for matches, read in _CONTAINERS:
        if matches(head):
            return read(file, size, limits)
    for prefix, name in _NAMED:
        if head.startswith(prefix):
            raise NotAudio(f"The file is {name}; send WAV, AIFF, MP3, FLAC, M4A or Ogg.")
    return _mpeg(file, size, limits)


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


# --- RIFF/WAVE


def _wav(file: BinaryIO, size: int, limits: Limits) -> Structure:
    riff_size = struct.unpack("<I", _at(file, 4, 4).ljust(4, b"\0"))[0]
    if riff_size in (0, _UNKNOWN_SIZE):
        raise StreamingHeader(
            "The WAV header says no length, as a recorder writes it into a pipe; save the audio to a file."
        )
    form = data = b""
    data_bytes, others, end = 0, 0, 12
    for name, body, length in _wav_chunks(file):
        end = body + length + (length & 1)
        if name == b"data" and not data:
            data, data_bytes = name, _wav_data(body, length, size)
            continue
        others += length + 8
        if others > limits.max_tag_bytes:
            raise OversizedTags(f"The WAV file's other chunks exceed {limits.max_tag_bytes:,} bytes; remove pictures.")
        if name == b"fmt " and not form:
            form = _at(file, body, min(length, 40))
    if not form:
        raise ImplausibleFormat("The WAV file has no format chunk; export it again.")
    align = _wav_format(form)
    if not data:
        raise TruncatedAudio("The WAV file has no data chunk; upload it again, whole.")
    # Some writers count the eight bytes of the RIFF header too.
    if riff_size > size or end > size + 1:
        raise TruncatedAudio("The WAV file is shorter than its header declares; upload it again, whole.")
    if data_bytes < align:
        raise EmptyFile("The WAV file holds no samples; export it again.")
    return Structure("audio/wav", 0, size, samples=data_bytes // align)


def _wav_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    position = 12
    for _ in range(MAX_PARTS):
        header = _at(file, position, 8)
        if len(header) < 8:
            return
        name, length = struct.unpack("<4sI", header)
        yield name, position + 8, length
        position += 8 + length + (length & 1)
    raise OversizedTags(f"The WAV file has more than {MAX_PARTS:,} chunks; export it again without them.")


def _wav_data(body: int, length: int, size: int) -> int:
    if length == _UNKNOWN_SIZE or (length == 0 and body < size):
        raise StreamingHeader(
            "The WAV file's data chunk says no length, as a recorder writes it into a pipe; save the audio to a file."
        )
    if body + length > size:
        raise TruncatedAudio(
            f"The WAV file declares {length:,} bytes of audio and {max(0, size - body):,} are there; "
            "upload it again, whole."
        )
    return length


def _wav_format(body: bytes) -> int:
    """:returns: bytes that one sample of all channels takes"""
    if len(body) < 16:
        raise ImplausibleFormat("The WAV file's format chunk is too short; export it again.")
    tag, channels, rate, _, align, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == 0xFFFE and len(body) >= 26:
        tag = struct.unpack("<H", body[24:26])[0]
    plausible_format("WAV file", rate_hz=rate, channels=channels)
    if tag not in (1, 3):
        raise ImplausibleFormat(f"The WAV file is not PCM (its format tag is {tag:#06x}); export it as PCM.")
    if bits not in ((32, 64) if tag == 3 else (8, 16, 24, 32)) or align != channels * bits // 8:
        raise ImplausibleFormat(
            f"The WAV file declares {bits} bits a sample in blocks of {align} bytes, which do not fit; "
            "export it as 16, 24 or 32 bit PCM."
        )
    return int(align)


def _refuse_long_wav(_file: BinaryIO, _size: int, _limits: Limits) -> Structure:
    raise NotAudio("The file is RF64 or BW64, WAV for more than 4 GB; send it as FLAC, or as plain WAV.")


# --- AIFF

# Kinds of AIFF-C that are plain samples, and the bits each sample then has; None: as the common chunk says.
_AIFF_C = {
    b"NONE": None,
    b"twos": None,
    b"sowt": None,
    b"in24": 24,
    b"in32": 32,
    b"fl32": 32,
    b"FL32": 32,
    b"fl64": 64,
    b"FL64": 64,
}


def _aiff(file: BinaryIO, size: int, limits: Limits) -> Structure:
    form_size, form = struct.unpack(">I4s", _at(file, 4, 8))
    common = b""
    sound: tuple[int, int] | None = None
    others, position = 0, 12
    for _ in range(MAX_PARTS):
        header = _at(file, position, 8)
        if len(header) < 8:
            break
        name, length = struct.unpack(">4sI", header)
        if name == b"SSND" and sound is None:
            sound = position + 8, length
        else:
            others += length + 8
            if others > limits.max_tag_bytes:
                raise OversizedTags(
                    f"The AIFF file's other chunks exceed {limits.max_tag_bytes:,} bytes; remove pictures."
                )
            if name == b"COMM" and not common:
                common = _at(file, position + 8, min(length, 40))
        position += 8 + length + (length & 1)
    else:
        raise OversizedTags(f"The AIFF file has more than {MAX_PARTS:,} chunks; export it again without them.")
    if not common:
        raise ImplausibleFormat("The AIFF file has no common chunk; export it again.")
    frames, align = _aiff_format(common, is_compressed=form == b"AIFC")
    if sound is None:
        if frames == 0:
            raise EmptyFile("The AIFF file holds no samples; export it again.")
        raise TruncatedAudio("The AIFF file has no sound chunk; upload it again, whole.")
    body, length = sound
    offset = int.from_bytes(_at(file, body, 4).ljust(4, b"\0"))
    if form_size + 8 > size or position > size + 1 or 8 + offset + frames * align > length:
        raise TruncatedAudio("The AIFF file is shorter than its header declares; upload it again, whole.")
    if frames == 0:
        raise EmptyFile("The AIFF file holds no samples; export it again.")
    return Structure("audio/aiff", 0, size, samples=frames)


def _aiff_format(common: bytes, *, is_compressed: bool) -> tuple[int, int]:
    """:returns: samples of each channel, and the bytes that one of all channels takes"""
    if len(common) < (22 if is_compressed else 18):
        raise ImplausibleFormat("The AIFF file's common chunk is too short; export it again.")
    channels, frames, bits = struct.unpack(">HIH", common[:8])
    plausible_format("AIFF file", rate_hz=_extended(common[8:18]), channels=channels)
    kind = common[18:22] if is_compressed else b"NONE"
    if kind not in _AIFF_C:
        raise ImplausibleFormat(f"The AIFF file is compressed (as {kind!r}); export it as PCM, or send FLAC.")
    bits = _AIFF_C[kind] or bits
    if bits not in (8, 16, 24, 32, 64) or (bits == 64 and kind not in (b"fl64", b"FL64")):
        raise ImplausibleFormat(f"The AIFF file declares {bits} bits a sample; export it as 16, 24 or 32 bit PCM.")
    return frames, channels * bits // 8


def _extended(raw: bytes) -> int:
    """The whole part of an 80-bit extended number (IEEE 754), as AIFF writes its rate; 0 for what is no rate."""
    exponent, mantissa = struct.unpack(">HQ", raw)
    shift = 16_383 + 63 - exponent
    return mantissa >> shift if 0 <= shift < 64 else 0


# --- FLAC


def _flac(file: BinaryIO, size: int, limits: Limits, *, start: int = 0) -> Structure:
    position, tags, samples = start + 4, 0, 0
    for part in range(MAX_PARTS + 1):
        header = _at(file, position, 4)
        if len(header) < 4:
            raise TruncatedAudio("The FLAC file ends inside its header; upload it again, whole.")
        kind, length = header[0] & 0x7F, int.from_bytes(header[1:4])
        if part == 0:
            info = _at(file, position + 4, 18)
            if kind != 0 or length != 34 or len(info) < 18:
                raise TruncatedAudio("The FLAC file has no stream information; upload it again, whole.")
            packed = int.from_bytes(info[10:18])
            rate, channels = packed >> 44, ((packed >> 41) & 7) + 1
            samples = packed & ((1 << 36) - 1)
            plausible_format("FLAC file", rate_hz=rate, channels=channels)
        else:
            tags += length + 4
        if tags > limits.max_tag_bytes or part == MAX_PARTS:
            raise OversizedTags(
                f"The FLAC file's metadata exceeds {limits.max_tag_bytes:,} bytes; remove embedded pictures."
            )
        position += 4 + length
        if header[0] & 0x80:
            break
    if position > size:
        raise TruncatedAudio("The FLAC file ends inside its metadata; upload it again, whole.")
    if not samples:
        raise StreamingHeader("The FLAC file does not say how long it is, as written into a pipe; encode it to a file.")
    return Structure("audio/flac", start, _without_id3v1(file, size), samples=samples)


# --- Ogg


def _ogg(file: BinaryIO, size: int, limits: Limits) -> Structure:
    walk = _OggWalk(file, limits)
    for page in _ogg_pages(file, size, limits):
        walk.take(page)
    if not walk.headers:
        raise TruncatedAudio("The Ogg file ends inside its header; upload it again, whole.")
    if walk.last is None or not walk.last.ends:
        raise TruncatedAudio("The Ogg file has no last page; upload it again, whole.")
    rate, largest, lead_in = _ogg_format(walk.headers[0])
    capacity = walk.packets * largest
    if walk.granule > capacity + walk.first_granule:
        raise TruncatedAudio("The Ogg file declares more audio than it holds; export it again.")
    # A live recording may begin at any time; what comes before its first page's end is at most that page.
    begin = lead_in if walk.granule <= capacity else walk.first_granule
    samples = max(0, walk.granule - begin)
    if samples * 1000 > limits.max_duration_ms * rate:
        raise too_long(limits)
    return Structure("audio/ogg", 0, size, samples=samples)


class _OggWalk:
    """What the pages of one logical stream add up to."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file, self._limits = file, limits
        self._packet = bytearray()
        self.headers: list[bytes] = []
        self.packets = 0
        self.granule = self.first_granule = -1
        self.last: _Page | None = None

    def take(self, page: "_Page") -> None:
        if self.last is not None and (page.serial != self.last.serial or page.begins):
            raise ImplausibleFormat("The Ogg file holds more than one stream; export a single Vorbis or Opus stream.")
        if self.last is not None and page.sequence != (self.last.sequence + 1) & _UNKNOWN_SIZE:
            raise TruncatedAudio("Pages are missing from the middle of the Ogg file; upload it again, whole.")
        self.last = page
        offset = page.body
        for length in page.lacing:
            if len(self.headers) < 2:
                self._take_header(offset, length)
            elif length < 255:
                self.packets += 1
            offset += length
        if page.granule > 0:
            if page.granule < self.granule:
                raise CorruptAudio("The Ogg file's time runs backward; export it again from its source.")
            self.first_granule = page.granule if self.first_granule < 0 else self.first_granule
            self.granule = page.granule

    def _take_header(self, offset: int, length: int) -> None:
        self._packet += _at(self._file, offset, length)
        if len(self._packet) > self._limits.max_tag_bytes:
            raise OversizedTags(
                f"The Ogg file's comments exceed {self._limits.max_tag_bytes:,} bytes; remove pictures."
            )
        if length < 255:
            self.headers.append(bytes(self._packet[:64]))
            self._packet.clear()
            if len(self.headers) == 1:
                _ogg_format(self.headers[0])


@dataclass(frozen=True)
class _Page:
    serial: int
    sequence: int
    granule: int
    begins: bool
    ends: bool
    lacing: bytes
    body: int


def _ogg_pages(file: BinaryIO, size: int, limits: Limits) -> Iterator[_Page]:
    position, count, ended = 0, 0, False
    while position < size:
        header = _at(file, position, 27)
        if not header.startswith(b"OggS"):
            if ended:
                return  # what players ignore behind the last page, we ignore too
            if len(header) < 27:
                raise TruncatedAudio("The Ogg file ends inside a page; upload it again, whole.")
            raise CorruptAudio("The Ogg file is damaged between two pages; export it again from its source.")
        if len(header) < 27:
            raise TruncatedAudio("The Ogg file ends inside a page; upload it again, whole.")
        _, version, flags, granule, serial, sequence, checksum, segments = struct.unpack("<4sBBqIIIB", header)
        if version != 0:
            raise CorruptAudio("The Ogg file has a page of an unknown version; export it again from its source.")
        lacing = _at(file, position + 27, segments)
        body = position + 27 + segments
        position = body + sum(lacing)
        count += 1
        if len(lacing) < segments or position > size:
            raise TruncatedAudio("The Ogg file ends inside a page; upload it again, whole.")
        if count > limits.max_units:
            raise too_long(limits)
        if _ogg_checksum(_at(file, body - 27 - segments, position - body + 27 + segments)) != checksum:
            raise CorruptAudio(f"Page {count:,} of the Ogg file is damaged; export it again from its source.")
        ended = bool(flags & 4)
        yield _Page(serial, sequence, granule, bool(flags & 2), ended, lacing, body)


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 of a page without its checksum (RFC 3533 §6): zlib's polynomial, bits in the other order."""
    # zlib inverts what it begins and ends with; Ogg does neither.
    mirrored = zlib.crc32((page[:22] + bytes(4) + page[26:]).translate(_MIRRORED), _UNKNOWN_SIZE) ^ _UNKNOWN_SIZE
    return int(f"{mirrored:032b}"[::-1], 2)


def _ogg_format(header: bytes) -> tuple[int, int, int]:
    """:returns: ticks a second of the page times, the most ticks of a packet, ticks to skip at the start"""
    if header.startswith(b"\x01vorbis") and len(header) >= 29:
        channels, rate = struct.unpack("<BI", header[11:16])
        plausible_format("Ogg file", rate_hz=rate, channels=channels)
        return rate, 1 << (header[28] >> 4), 0
    if header.startswith(b"OpusHead") and len(header) >= 19:
        channels, skip = struct.unpack("<BH", header[9:12])
        plausible_format("Ogg file", rate_hz=48_000, channels=channels)
        return 48_000, 5_760, skip
    raise NotAudio("The Ogg file holds neither Vorbis nor Opus; export it as one of them.")


# --- MP4

_BOXES_WITH_BOXES = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"}
_TABLES = {b"stts", b"stsz", b"stz2", b"stsc", b"stco", b"co64", b"ctts", b"stss", b"sbgp", b"sgpd", b"elst"}


@dataclass
class _Mp4Facts:
    """What the walk over the boxes gathers."""

    limits: Limits
    boxes: int = 0
    tag_bytes: int = 0
    audio_tracks: int = 0
    has_movie: bool = False
    has_media: bool = False


def _mp4(file: BinaryIO, size: int, limits: Limits) -> Structure:
    facts = _Mp4Facts(limits)
    _mp4_boxes(file, 0, size, facts, path=())
    if not facts.has_movie or not facts.has_media:
        raise TruncatedAudio("The M4A file was never finished: its index is missing; export it again.")
    if facts.audio_tracks != 1:
        raise ImplausibleFormat(
            f"The M4A file has {facts.audio_tracks} audio tracks and needs one; export a single mixed track."
        )
    return Structure("audio/mp4", 0, size)


def _mp4_boxes(file: BinaryIO, position: int, end: int, facts: _Mp4Facts, *, path: tuple[bytes, ...]) -> None:
    while position + 8 <= end:
        facts.boxes += 1
        if facts.boxes > MAX_PARTS:
            raise OversizedTags(f"The M4A file has more than {MAX_PARTS:,} boxes; export it again without tags.")
        length, name = struct.unpack(">I4s", _at(file, position, 8))
        body = position + 8
        if length == 1:
            length = int.from_bytes(_at(file, body, 8).ljust(8, b"\0"))
            body += 8
        elif length == 0 and not path:
            length = end - position
        if length < body - position or position + length > end:
            if path:
                raise CorruptAudio("The M4A file's index is damaged; export it again from its source.")
            raise TruncatedAudio("The M4A file ends inside a box; upload it again, whole.")
        _mp4_box(file, name, body, position + length, facts, path=path)
        position += length
    if position != end and not path:
        raise TruncatedAudio("The M4A file ends inside a box; upload it again, whole.")


def _mp4_box(  # noqa: PLR0912 - one branch a kind of box is the shape of the format
    file: BinaryIO, name: bytes, body: int, end: int, facts: _Mp4Facts, *, path: tuple[bytes, ...]
) -> None:
    limits = facts.limits
    if name in (b"moof", b"mvex"):
        raise StreamingHeader("The M4A file is cut into fragments for streaming; save it as one plain file.")
    if name == b"cmov":
        raise OversizedTags("The M4A file's index is compressed; export it again with a plain index.")
    if name == b"moov" and path == ():
        if facts.has_movie:
            raise CorruptAudio("The M4A file has two indexes; export it again from its source.")
        facts.has_movie = True
    elif name == b"mdat" and path == ():
        facts.has_media = True
    elif name == b"hdlr" and path[-1:] == (b"mdia",):
        handler = _at(file, body + 8, 4)
        if handler == b"vide":
            raise ImplausibleFormat("The file holds a video track; export the audio alone.")
        facts.audio_tracks += handler == b"soun"
    elif name == b"stsd":
        for entry in _entries(file, body, end):
            if entry in (b"drms", b"enca"):
                raise ImplausibleFormat("The M4A file is encrypted; export it without copy protection.")
    elif name in (b"stsz", b"stz2") and _u32(file, body + 8) > limits.max_units:
        # One entry may stand for any number of equal samples; a demuxer would allocate an index for them all.
        raise too_long(limits)
    elif name == b"stts":
        _mp4_times(file, body, end, limits)
    if name in _BOXES_WITH_BOXES:
        _mp4_boxes(file, body, end, facts, path=(*path, name))
        return
    if name in _TABLES:
        if end - body > 16 * limits.max_units:
            raise too_long(limits)
    elif name not in (b"mdat", b"free", b"skip", b"wide") or path:
        facts.tag_bytes += end - body
        if facts.tag_bytes > limits.max_tag_bytes:
            raise OversizedTags(f"The M4A file's tags exceed {limits.max_tag_bytes:,} bytes; remove embedded pictures.")


def _entries(file: BinaryIO, body: int, end: int) -> Iterator[bytes]:
    position = body + 8
    for _ in range(min(_u32(file, body + 4), 16)):
        if position + 8 > end:
            return
        yield _at(file, position + 4, 4)
        position += max(8, _u32(file, position))


def _mp4_times(file: BinaryIO, body: int, end: int, limits: Limits) -> None:
    count = _u32(file, body + 4)
    if count > (end - body - 8) // 8 or count > limits.max_units:
        raise CorruptAudio("The M4A file's table of times is damaged; export it again from its source.")


def _u32(file: BinaryIO, offset: int) -> int:
    return int.from_bytes(_at(file, offset, 4).ljust(4, b"\0"))


# --- MPEG audio, behind its tags


def _mpeg(file: BinaryIO, size: int, limits: Limits) -> Structure:
    start = _after_id3v2(file, size, limits)
    if _at(file, start, 4) == b"fLaC":
        return _flac(file, size, limits, start=start)
    end = _without_trailing_tags(file, size, limits)
    window = _at(file, start, _RESYNC_BYTES)
    for offset in range(max(0, len(window) - 4)):
        frame = _mpeg_frame(window[offset : offset + 4])
        if frame and _frames_follow(file, start + offset, end, frame, may_end=offset == 0):
            return _mpeg_layer_3(file, start + offset, end, frame)
    if start:
        if start >= size:
            raise TruncatedAudio("The file ends inside its ID3 tag; upload it again, whole.")
        raise NotAudio("The file has an ID3 tag and no MP3 behind it; send WAV, AIFF, MP3, FLAC, M4A or Ogg.")
    raise NotAudio("The file is no audio we know; send WAV, AIFF, MP3, FLAC, M4A or Ogg.")


@dataclass(frozen=True)
class _Frame:
    """An MPEG audio layer III frame header; `length` is None for the free format."""

    version: int  # 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
    rate_hz: int
    is_mono: bool
    has_crc: bool
    length: int

    @property
    def side_bytes(self) -> int:
        if self.version == 3:
            return 17 if self.is_mono else 32
        return 9 if self.is_mono else 17


_KBITS = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _mpeg_frame(header: bytes) -> _Frame | None:
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bit_rate, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer != 1 or bit_rate in (0, 15) or rate == 3:
        return None
    rate_hz = _RATES[version][rate]
    kbits = _KBITS[3 if version == 3 else 2][bit_rate]
    length = (144_000 if version == 3 else 72_000) * kbits // rate_hz + padding
    return _Frame(version, rate_hz, header[3] >> 6 == 3, not header[1] & 1, length)


def whole_mpeg_frame(packet: bytes) -> bool:
    """Whether a packet holds the whole frame its header announces."""
    frame = _mpeg_frame(packet[:4])
    return frame is None or len(packet) >= frame.length


def _frames_follow(file: BinaryIO, position: int, end: int, first: _Frame, *, may_end: bool) -> bool:
    """Whether frames of one kind follow each other, as they do in MP3 and by chance nearly never."""
    frame: _Frame | None = first
    for count in range(4):
        if count and position >= end - 3:
            return may_end or position == end
        frame = _mpeg_frame(_at(file, position, 4))
        if frame is None or (frame.version, frame.rate_hz) != (first.version, first.rate_hz):
            return False
        position += frame.length
    return True


def _mpeg_layer_3(file: BinaryIO, start: int, end: int, frame: _Frame) -> Structure:
    head = _at(file, start, min(frame.length, 256))
    declared = _declared_frames(head, frame)
    length = _declared_bytes(head, frame)
    if length is not None and length > end - start + frame.length:
        raise TruncatedAudio(
            f"The MP3 file declares {length:,} bytes of audio and {end - start:,} are there; upload it again, whole."
        )
    return Structure("audio/mpeg", start, end, packets=declared, samples_per_packet=1152 if frame.version == 3 else 576)


def _declared_frames(head: bytes, frame: _Frame) -> int | None:
    """How many frames follow the one with the Xing, Info or VBRI header; None without such a header."""
    xing = 4 + frame.side_bytes
    if head[xing : xing + 4] in (b"Xing", b"Info") and head[xing + 7] & 1 and len(head) >= xing + 12:
        return int.from_bytes(head[xing + 8 : xing + 12]) or None
    if head[36:40] == b"VBRI" and len(head) >= 54:
        return int.from_bytes(head[50:54]) or None
    return None


def _declared_bytes(head: bytes, frame: _Frame) -> int | None:
    xing = 4 + frame.side_bytes
    if head[xing : xing + 4] in (b"Xing", b"Info") and len(head) >= xing + 16:
        flags = head[xing + 7]
        offset = xing + 8 + (4 if flags & 1 else 0)
        if flags & 2:
            return int.from_bytes(head[offset : offset + 4]) or None
    return None


def _after_id3v2(file: BinaryIO, size: int, limits: Limits) -> int:
    position = unpacked = 0
    while position < size:
        header = _at(file, position, 10)
        if len(header) < 10 or not header.startswith(b"ID3") or header[3] == 0xFF or header[4] == 0xFF:
            break
        length = _synchsafe(header[6:10])
        total = 10 + length + (10 if header[5] & 0x10 else 0)
        position += total
        if position <= limits.max_tag_bytes:
            unpacked += _unpacked_bytes(_at(file, position - total, 10 + length))
        if max(position, unpacked) > limits.max_tag_bytes:
            raise OversizedTags(
                f"The ID3 tag takes {max(position, unpacked):,} bytes and at most {limits.max_tag_bytes:,} "
                "are accepted; remove embedded pictures."
            )
    return position


def _unpacked_bytes(tag: bytes) -> int:
    """How many bytes the tag's compressed frames say they unpack to (ID3v2.3 §3.3.1, v2.4 §4.1)."""
    major, flags = tag[3], tag[5]
    body = tag[10:]
    if flags & 0x80 and major == 3:
        body = body.replace(b"\xff\x00", b"\xff")
    position = total = 0
    if flags & 0x40 and len(body) >= 4:
        position = _synchsafe(body[:4]) if major == 4 else 4 + int.from_bytes(body[:4])
    while major in (3, 4) and position + 10 <= len(body) and body[position]:
        raw = body[position + 4 : position + 8]
        form = body[position + 9]
        length = _synchsafe(raw) if major == 4 else int.from_bytes(raw)
        content = position + 10
        if form & (0x08 if major == 4 else 0x80):
            if major == 4:
                content += 1 if form & 0x40 else 0
                content += 1 if form & 0x04 else 0
                total += _synchsafe(body[content : content + 4])
            else:
                total += int.from_bytes(body[content : content + 4])
        position += 10 + length
    return total


def _synchsafe(raw: bytes) -> int:
    value = 0
    for byte in raw:
        value = value << 7 | byte & 0x7F
    return value


def _without_id3v1(file: BinaryIO, size: int) -> int:
    if size >= 128 and _at(file, size - 128, 3) == b"TAG":
        return size - 128
    return size


def _without_trailing_tags(file: BinaryIO, size: int, limits: Limits) -> int:
    """Where the audio ends before an ID3v1 tag and an APE tag (APEv2 specification, footer of 32 bytes)."""
    end = _without_id3v1(file, size)
    footer = _at(file, max(0, end - 32), 32)
    if end >= 32 and footer.startswith(b"APETAGEX"):
        _, _, length, _, flags = struct.unpack("<8sIIII", footer[:24])
        length += 32 if flags & 0x80000000 else 0
        if length > limits.max_tag_bytes:
            raise OversizedTags(
                f"The APE tag takes {length:,} bytes and at most {limits.max_tag_bytes:,} are accepted; "
                "remove embedded pictures."
            )
        end = max(0, end - max(32, length))
    return end


# --- what all containers share


def plausible_format(what: str, *, rate_hz: int, channels: int) -> None:
    """
    Refuse a rate or a number of channels that no release has.

    :raises ImplausibleFormat: outside 8,000–192,000 Hz or 1–8 channels
    """
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ or not 1 <= channels <= MAX_CHANNELS:
        raise ImplausibleFormat(
            f"The {what} declares {channels} channels at {rate_hz:,} Hz; "
            f"export it with 1 to {MAX_CHANNELS} channels at {MIN_RATE_HZ:,} to {MAX_RATE_HZ:,} Hz."
        )


def too_long(limits: Limits) -> TooLong:
    """The refusal of audio beyond the limit."""
    return TooLong(
        f"The audio is longer than the {limits.max_duration_ms // 1000:,} seconds accepted; send it in parts."
    )


_CONTAINERS: tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO, int, Limits], Structure]], ...] = (
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"WAVE", _wav),
    (lambda head: head[:4] in (b"RF64", b"BW64"), _refuse_long_wav),
    (lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"), _aiff),
    (lambda head: head[:4] == b"fLaC", _flac),
    (lambda head: head[:4] == b"OggS", _ogg),
    (lambda head: head[4:8] == b"ftyp", _mp4),
)
_NAMED = (
    (b"RIFX", "big-endian WAV"),
    (b"RIFF", "RIFF but not WAV"),
    (b"FORM", "IFF but not AIFF"),
    (b"\x1aE\xdf\xa3", "Matroska or WebM"),
    (b"MThd", "MIDI, notes without sound"),
    (b"wvpk", "WavPack"),
    (b"MAC ", "Monkey's Audio"),
    (b"#EXTM3U", "a playlist"),
    (b"[playlist]", "a playlist"),
    (b"ffconcat", "a playlist"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "an archive"),
    (b"0&\xb2u\x8ef\xcf\x11", "Windows Media"),
)
