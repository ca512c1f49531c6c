"""
Writes what an output is called into a copy of its file, before it is signed: title, ISRC and cover.

After signing it would break the signature. All else in the file stays as it is, other tags among it: WAV and AIFF get
or keep a chunk with an ID3 tag, MP3 an ID3v2 tag in front, FLAC a comment and a picture, M4A its list of items. Ogg
holds its comments among the audio's pages and is left alone: its manifest says the same beside it.

Sources: ID3v2.3 and 2.4 (id3.org), RFC 9639 (FLAC), Vorbis I comments, ISO/IEC 14496-12 and Apple's item list.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from provenance.guards import SignRefused

LARGEST_COVER: Final = 2 << 20
_LARGEST_TAG: Final = 64 << 20  # of what is read whole: an ID3 tag, FLAC's metadata, an M4A's tables
_MOST_PARTS: Final = 10_000
_COVER_IS_FRONT: Final = 3
_CHUNK: Final = 1 << 20


class NotACover(Exception):
    """A cover is a JPEG or PNG image of at most 2 MiB."""

    code = "not_a_cover"


class TagsNotWritable(SignRefused):
    """The tags in this file are of a kind that cannot be added to without losing some; export it again without."""

    code = "tags_not_writable"


@dataclass(frozen=True, slots=True)
class Tags:
    """What is written into a file."""

    title: str
    isrc: str = ""
    cover: bytes = b""


def cover_type(image: bytes) -> str:
    """
    Return the media type of a cover, by its bytes; what is in the picture is not looked at.

    :raises NotACover: neither JPEG nor PNG, or too large
    """
    if len(image) <= LARGEST_COVER:
        if image.startswith(b"\xff\xd8\xff"):
            return "image/jpeg"
        if image.startswith(b"\x89PNG\r\n\x1a\n"):
            return "image/png"
    raise NotACover(NotACover.__doc__)


def check_cover(path: Path) -> None:
    """
    Check that a file is a cover, without reading one that is too large.

    :raises NotACover: neither JPEG nor PNG, or too large
    """
    if path.stat().st_size > LARGEST_COVER:
        raise NotACover(NotACover.__doc__)
    cover_type(path.read_bytes())


def writes(media_type: str) -> bool:
    """Tell whether tags are written into files of this type."""
    return media_type in _WRITERS


def write(source: Path, destination: Path, media_type: str, tags: Tags) -> None:
    """
    Write a copy of a file with these tags in place of its own title, ISRC and front cover.

    :raises TagsNotWritable: what is there cannot be kept beside them
    :raises NotACover: the cover is none
    """
    with source.open("rb") as before, destination.open("wb") as after:
        try:
            _WRITERS[media_type](before, after, tags)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise TagsNotWritable(TagsNotWritable.__doc__) from error


def _copy(before: BinaryIO, after: BinaryIO, start: int, length: int) -> None:
    before.seek(start)
    while length > 0:
        block = before.read(min(_CHUNK, length))
        if not block:
            raise TagsNotWritable(TagsNotWritable.__doc__)
        after.write(block)
        length -= len(block)


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    if length > _LARGEST_TAG:
        raise TagsNotWritable(f"{TagsNotWritable.__doc__} They have {length:,} bytes.")
    file.seek(offset)
    found = file.read(length)
    if len(found) != length:
        raise TagsNotWritable(TagsNotWritable.__doc__)
    return found


# --- ID3v2


def _synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _from_synchsafe(raw: bytes) -> int:
    return raw[0] << 21 | raw[1] << 14 | raw[2] << 7 | raw[3]


def _id3_length(head: bytes) -> int:
    """Return how many bytes a tag takes that begins like this; 0 where there is none."""
    return 10 + _from_synchsafe(head[6:10]) if len(head) == 10 and head[:3] == b"ID3" else 0


def _id3(existing: bytes, tags: Tags) -> bytes:
    """Return a tag with what was in another, of the same version, and these in place of its own."""
    version = existing[3] if existing else 4
    if existing and (version not in {3, 4} or existing[5]):
        raise TagsNotWritable(TagsNotWritable.__doc__)  # 2.2, or unsynchronized, or with an extended header
    kept = [
        raw
        for name, body, raw in _frames(existing, version)
        if name not in {b"TIT2", b"TSRC"} and not (name == b"APIC" and tags.cover and _is_front(body))
    ]
    made = [_frame(b"TIT2", _text(tags.title, version), version)]
    if tags.isrc:
        made.append(_frame(b"TSRC", b"\0" + tags.isrc.encode("ascii"), version))
    if tags.cover:
        picture = b"\0" + cover_type(tags.cover).encode() + b"\0" + bytes([_COVER_IS_FRONT]) + b"\0" + tags.cover
        made.append(_frame(b"APIC", picture, version))
    body = b"".join([*made, *kept])
    return b"ID3" + bytes([version, 0, 0]) + _synchsafe(len(body)) + body


def _frames(tag: bytes, version: int) -> Iterator[tuple[bytes, bytes, bytes]]:
    position = 10
    while position + 10 <= len(tag) and tag[position]:
        name, raw, flags = (
            tag[position : position + 4],
            tag[position + 4 : position + 8],
            tag[position + 8 : position + 10],
        )
        size = _from_synchsafe(raw) if version == 4 else int.from_bytes(raw, "big")
        end = position + 10 + size
        if end > len(tag) or flags[1]:  # compressed, encrypted, grouped: what is in it is not known
            raise TagsNotWritable(TagsNotWritable.__doc__)
        yield name, tag[position + 10 : end], tag[position:end]
        position = end


def _frame(name: bytes, body: bytes, version: int) -> bytes:
    size = _synchsafe(len(body)) if version == 4 else len(body).to_bytes(4, "big")
    return name + size + b"\0\0" + body


def _text(text: str, version: int) -> bytes:
    return b"\x03" + text.encode() if version == 4 else b"\x01" + b"\xff\xfe" + text.encode("utf-16-le")


def _is_front(picture: bytes) -> bool:
    kind = picture.index(b"\0", 1) + 1
    return kind < len(picture) and picture[kind] == _COVER_IS_FRONT


def _mpeg(before: BinaryIO, after: BinaryIO, tags: Tags) -> None:
    size = os.fstat(before.fileno()).st_size
    length = _id3_length(before.read(10))
    after.write(_id3(_at(before, 0, length) if length else b"", tags))
    _copy(before, after, length, size - length)


# --- RIFF and IFF


def _chunked(before: BinaryIO, after: BinaryIO, tags: Tags, *, order: str, name: bytes) -> None:
    """Copy every chunk but the one with the tag, which comes last."""
    size = os.fstat(before.fileno()).st_size
    after.write(_at(before, 0, 12))
    position, existing = 12, b""
    for _ in range(_MOST_PARTS):
        if position + 8 > size:
            break
        found, length = struct.unpack(f"{order}4sI", _at(before, position, 8))
        if found.upper() == name.upper():
            existing = _at(before, position + 8, length)
        else:
            _copy(before, after, position, min(8 + length, size - position))
            after.write(b"\0" * (length & 1))
        position += 8 + length + (length & 1)
    else:
        raise TagsNotWritable(TagsNotWritable.__doc__)
    tag = _id3(existing[: _id3_length(existing[:10])], tags)
    after.write(struct.pack(f"{order}4sI", name, len(tag)) + tag + b"\0" * (len(tag) & 1))
    whole = after.tell() - 8
    after.seek(4)
    after.write(struct.pack(f"{order}I", whole))


def _wave(before: BinaryIO, after: BinaryIO, tags: Tags) -> None:
    _chunked(before, after, tags, order="<", name=b"id3 ")


def _aiff(before: BinaryIO, after: BinaryIO, tags: Tags) -> None:
    _chunked(before, after, tags, order=">", name=b"ID3 ")


# --- FLAC

_COMMENT, _PICTURE, _PADDING = 4, 6, 1


def _flac(before: BinaryIO, after: BinaryIO, tags: Tags) -> None:
    size = os.fstat(before.fileno()).st_size
    start = _id3_length(before.read(10))  # some writers put one in front, the C2PA SDK among them
    if _at(before, start, 4) != b"fLaC":
        raise TagsNotWritable(TagsNotWritable.__doc__)
    position, is_last, blocks = start + 4, False, list[tuple[int, bytes]]()
    while not is_last:
        head = _at(before, position, 4)
        is_last, kind, length = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
        blocks.append((kind, _at(before, position + 4, length)))
        position += 4 + length
        if len(blocks) > _MOST_PARTS:
            raise TagsNotWritable(TagsNotWritable.__doc__)
    comments = next((body for kind, body in blocks if kind == _COMMENT), struct.pack("<II", 0, 0))
    kept = [
        (kind, body)
        for kind, body in blocks
        if kind not in {_COMMENT, _PADDING}
        and not (kind == _PICTURE and tags.cover and body[:4] == _COVER_IS_FRONT.to_bytes(4, "big"))
    ]
    made = [(_COMMENT, _commented(comments, tags)), *([(_PICTURE, _pictured(tags.cover))] if tags.cover else [])]
    _copy(before, after, 0, start + 4)
    written = [*kept[:1], *made, *kept[1:]]  # STREAMINFO stays the first
    for number, (kind, body) in enumerate(written, start=1):
        after.write(bytes([kind | (0x80 if number == len(written) else 0)]) + len(body).to_bytes(3, "big") + body)
    _copy(before, after, position, size - position)


def _commented(block: bytes, tags: Tags) -> bytes:
    (vendor,) = struct.unpack_from("<I", block, 0)
    (count,) = struct.unpack_from("<I", block, 4 + vendor)
    if count > _MOST_PARTS:
        raise TagsNotWritable(TagsNotWritable.__doc__)
    position, kept = 8 + vendor, []
    for _ in range(count):
        (length,) = struct.unpack_from("<I", block, position)
        comment = block[position + 4 : position + 4 + length]
        if len(comment) != length:
            raise TagsNotWritable(TagsNotWritable.__doc__)
        if comment.partition(b"=")[0].upper() not in {b"TITLE", b"ISRC"}:
            kept.append(comment)
        position += 4 + length
    made = [f"TITLE={tags.title}".encode(), *([f"ISRC={tags.isrc}".encode()] if tags.isrc else []), *kept]
    listed = b"".join(struct.pack("<I", len(comment)) + comment for comment in made)
    return block[: 4 + vendor] + struct.pack("<I", len(made)) + listed


def _pictured(cover: bytes) -> bytes:
    media_type = cover_type(cover).encode()
    # Width, height, depth and colors are left at zero: unknown.
    return (
        struct.pack(">II", _COVER_IS_FRONT, len(media_type))
        + media_type
        + bytes(4 + 16)
        + struct.pack(">I", len(cover))
    ) + cover


# --- M4A

_DATA_TYPE = {"image/jpeg": 13, "image/png": 14}
_HOLDS_BOXES: Final = frozenset({b"trak", b"mdia", b"minf", b"stbl"})


def _mp4(before: BinaryIO, after: BinaryIO, tags: Tags) -> None:
    size = os.fstat(before.fileno()).st_size
    top = list(_top(before, size))
    kinds = [kind for kind, _, _ in top]
    if kinds.count(b"moov") != 1 or b"moof" in kinds:
        raise TagsNotWritable(f"{TagsNotWritable.__doc__} It is fragmented.")
    start, length = next((start, length) for kind, start, length in top if kind == b"moov")
    old = _at(before, start, length)
    inner = old[8:] if int.from_bytes(old[:4], "big") != 1 else old[16:]
    content = _listed(inner, tags)
    delta = 8 + len(content) - length
    new = _box(b"moov", _moved(content, after_offset=start, delta=delta))
    _copy(before, after, 0, start)
    after.write(new)
    _copy(before, after, start + length, size - start - length)


def _top(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    position = 0
    for _ in range(_MOST_PARTS):
        if position >= size:
            return
        length, kind = struct.unpack(">I4s", _at(file, position, 8))
        if length == 1:
            (length,) = struct.unpack(">Q", _at(file, position + 8, 8))
        elif length == 0:
            length = size - position
        if length < 8 or position + length > size:
            break
        yield kind, position, length
        position += length
    raise TagsNotWritable(TagsNotWritable.__doc__)


def _inside(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        if length == 0 and not any(content[position:]):
            return  # four zero bytes end a list of user data
        if length < 8 or position + length > len(content):
            raise TagsNotWritable(TagsNotWritable.__doc__)
        yield kind, content[position + 8 : position + length]
        position += length


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _listed(moov: bytes, tags: Tags) -> bytes:
    """Return what is in the movie box, with the items in its list."""
    boxes = list(_inside(moov))
    user = next((content for kind, content in boxes if kind == b"udta"), b"")
    metas = [content for kind, content in _inside(user) if kind == b"meta"]
    meta = metas[0] if metas else bytes(4) + _box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    items = next((content for kind, content in _inside(meta[4:]) if kind == b"ilst"), b"")
    gone = {b"\xa9nam", *([b"covr"] if tags.cover else [])}
    kept = [_box(kind, content) for kind, content in _inside(items) if kind not in gone and not _is_isrc(kind, content)]
    made = [_item(b"\xa9nam", 1, tags.title.encode())]
    if tags.isrc:
        named = _box(b"mean", bytes(4) + b"com.apple.iTunes") + _box(b"name", bytes(4) + b"ISRC")
        made.append(_box(b"----", named + _data(1, tags.isrc.encode())))
    if tags.cover:
        made.append(_item(b"covr", _DATA_TYPE[cover_type(tags.cover)], tags.cover))
    new_meta = meta[:4] + b"".join(
        [
            *(_box(kind, content) for kind, content in _inside(meta[4:]) if kind not in {b"ilst", b"free"}),
            _box(b"ilst", b"".join([*made, *kept])),
        ]
    )
    new_user = b"".join(
        [*(_box(kind, content) for kind, content in _inside(user) if kind != b"meta"), _box(b"meta", new_meta)]
    )
    return b"".join([*(_box(kind, content) for kind, content in boxes if kind != b"udta"), _box(b"udta", new_user)])


def _item(kind: bytes, data_type: int, value: bytes) -> bytes:
    return _box(kind, _data(data_type, value))


def _data(data_type: int, value: bytes) -> bytes:
    return _box(b"data", struct.pack(">II", data_type, 0) + value)


def _is_isrc(kind: bytes, content: bytes) -> bool:
    return kind == b"----" and any(name == b"name" and value[4:].upper() == b"ISRC" for name, value in _inside(content))


def _moved(content: bytes, *, after_offset: int, delta: int) -> bytes:
    """Return tables whose offsets into what lies behind the movie box follow it."""
    made = []
    for kind, inner in _inside(content):
        new = inner
        if kind in _HOLDS_BOXES:
            new = _moved(inner, after_offset=after_offset, delta=delta)
        elif kind in {b"stco", b"co64"}:
            form, width = ("I", 4) if kind == b"stco" else ("Q", 8)
            (count,) = struct.unpack_from(">I", inner, 4)
            if 8 + count * width != len(inner):
                raise TagsNotWritable(TagsNotWritable.__doc__)
            offsets = struct.unpack_from(f">{count}{form}", inner, 8)
            moved = [offset + delta if offset > after_offset else offset for offset in offsets]
            new = inner[:8] + struct.pack(f">{count}{form}", *moved)
        made.append(_box(kind, new))
    return b"".join(made)


_WRITERS = {
    "audio/wav": _wave,
    "audio/aiff": _aiff,
    "audio/mpeg": _mpeg,
    "audio/flac": _flac,
    "audio/mp4": _mp4,
}
