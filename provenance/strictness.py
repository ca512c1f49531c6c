"""
Holds a signed file to the one form that it can have, where no signature and no hash of C2PA reaches.

A C2PA signature covers the claim, the claim covers the statements, and one of those covers the file but for the place
where the manifest is. What is left are frames: of boxes, of the container's chunk, of the signature itself, and room
beside it that is kept for a time stamp. Readers pass over it, and hash boxes as they understood them rather than as
they are, so whatever is put there travels as if it were vouched for. Here every such byte must be what the standards
make it: a length that fits, a known name, or zero; and every hash must be that of the very bytes.

Not checked: responses about revocation, which of two valid forms an ECDSA signature has, the index of fragments of an
M4A that has one (where to jump to), and time stamps, which ``timestamps.read`` reads.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final

# What our own manifests say of the boxes of an M4A that the hash of C2PA leaves out: name, brand and room.
CONTAINER: Final = "org.ai-music-ledger.container"

_C2PA_BOX: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_UUID_END: Final = bytes.fromhex("00110010800000aa00389b71")
_LEFT_OUT: Final = (b"ftyp", b"free", b"skip", b"mfra")
_XPATHS: Final = frozenset({"/uuid", *(f"/{kind.decode()}" for kind in _LEFT_OUT)})
_MOST_BOXES: Final = 100_000
_LARGEST_LEFT_OUT: Final = 1 << 20
_DEEPEST: Final = 8

_LABELED: Final = 0x03  # a box that has a label and can be asked for by it
_CLAIMS: Final = frozenset({"c2pa.claim", "c2pa.claim.v2"})
_MEDIA_TYPES: Final = frozenset({b"application/c2pa", b"application/x-c2pa-manifest-store"})
_MALFORMED: Final = (struct.error, ValueError, IndexError, TypeError, KeyError, AttributeError)


class NotStrict(Exception):
    """Bytes that no signature covers are not what they should be."""

    code: ClassVar[str] = "notStrict"


class BoxesNotStrict(NotStrict):
    """The manifest's boxes are not in the one form that they can have."""

    code = "boxes"


class SignatureNotStrict(NotStrict):
    """What stands beside the signature is not room filled with zeros, a time stamp or a certificate."""

    code = "besideSignature"


class FrameNotStrict(NotStrict):
    """The place of the manifest in the file holds something beside it."""

    code = "place"


class MoreLeftOut(NotStrict):
    """The signature leaves out more of the file than the place of its manifest, as older versions of C2PA allow."""

    code = "moreLeftOut"


class ContainerChanged(NotStrict):
    """The boxes of the container that the hash leaves out are not what they were."""

    code = "container"


def check(path: Path, label: str, store: bytes, *, is_embedded: bool) -> None:
    """
    Check, in this order, what no signature covers of a file whose signature holds.

    1. The boxes of the manifest store, down to the statements, which are hashed.
    2. The room beside the signature.
    3. The place of the store in the file, and that nothing else is left out of the file's hash.

    :raises NotStrict: a subclass says which
    """
    try:
        manifests = _manifests(store)
        signature, claim, statements = _boxes_of(manifests[label], label)
        said, _ = _cbor(claim, 0, is_canonical=False)
        _check_statements(said, statements)
        if not said.get("redacted_assertions"):  # they change what was hashed, and the SDK follows that
            _check_ingredients(said, statements, manifests, label)
    except _MALFORMED as error:
        raise BoxesNotStrict(BoxesNotStrict.__doc__) from error
    try:
        _check_signature(signature)
    except _MALFORMED as error:
        raise SignatureNotStrict(SignatureNotStrict.__doc__) from error
    try:
        _check_place(path, store, _binding(manifests, label), is_embedded=is_embedded)
    except _MALFORMED as error:
        raise FrameNotStrict(FrameNotStrict.__doc__) from error


# --- 1. Boxes (ISO/IEC 19566-5)


def _manifests(store: bytes) -> dict[str, bytes]:
    """Return what is in each manifest of a store, by its label."""
    [(kind, inside)] = _tiled(store)
    parts = [inside for kind, inside in _described(kind, inside, b"c2pa", "c2pa") if kind != b"free"]
    return _named(parts)


def _boxes_of(manifest: bytes, label: str) -> tuple[bytes, bytes, dict[str, bytes]]:
    """Return the signature, the claim, and the statements of a manifest by their labels."""
    if manifest[8:12] not in {b"c2ma", b"c2um"}:
        raise ValueError("this is no manifest")
    parts = _described(b"jumb", manifest, manifest[8:12], label)
    found = _named([inside for kind, inside in parts if kind != b"free"])
    [claim] = [name for name in found if name in _CLAIMS]
    for name, uuid in (("c2pa.credentials", b"c2vc"), ("c2pa.databoxes", b"c2db")):
        if name in found:
            _described(b"jumb", found.pop(name), uuid, name)
    if found.keys() != {claim, "c2pa.signature", "c2pa.assertions"}:
        raise ValueError("there is a box of another name")
    statements = _described(b"jumb", found["c2pa.assertions"], b"c2as", "c2pa.assertions")
    return (
        _only_cbor(found["c2pa.signature"], b"c2cs", "c2pa.signature"),
        _only_cbor(found[claim], b"c2cl", claim),
        _named([inside for kind, inside in statements if kind != b"free"]),
    )


def _tiled(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and the inside of boxes that fill these bytes to the last; none is longer than four GiB."""
    start = 0
    while start < len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        if size < 8 or start + size > len(data):
            raise ValueError("a box does not fit")
        yield kind, data[start + 8 : start + size]
        start += size


def _described(kind: bytes, inside: bytes, uuid: bytes, label: str) -> list[tuple[bytes, bytes]]:
    """Return the boxes in a superbox whose description is this one and no more; each is one too, or room of zeros."""
    first, *boxes = _tiled(inside)
    if kind != b"jumb" or first != (b"jumd", _description(uuid, label)):
        raise ValueError("a description says something else")
    if any(kind not in {b"jumb", b"free"} or (kind == b"free" and any(content)) for kind, content in boxes):
        raise ValueError("a box has no place here")
    return boxes


def _description(uuid: bytes, label: str) -> bytes:
    return uuid + _UUID_END + bytes([_LABELED]) + label.encode() + b"\0"


def _only_cbor(inside: bytes, uuid: bytes, label: str) -> bytes:
    first, (kind, content), *room = _tiled(inside)
    is_room = all(kind == b"free" and not any(content) for kind, content in room)
    if first != (b"jumd", _description(uuid, label)) or kind != b"cbor" or not is_room:
        raise ValueError("there is something else than one piece of CBOR")
    return content


def _named(superboxes: Sequence[bytes]) -> dict[str, bytes]:
    """Return superboxes by their labels, of which each has its own."""
    found = {}
    for inside in superboxes:
        described, content = next(_tiled(inside))
        if described != b"jumd" or content[16] & _LABELED != _LABELED:
            raise ValueError("a box has no name")
        found[content[17 : content.index(0, 17)].decode()] = inside
    if len(found) != len(superboxes):
        raise ValueError("two boxes have one name")
    return found


def _check_statements(claim: Mapping[str, Any], statements: Mapping[str, bytes]) -> None:
    """Check that the claim names every statement that is there, by the hash of its very bytes."""
    named = {}
    for member in ("assertions", "created_assertions", "gathered_assertions"):
        for one in claim.get(member) or ():
            name = str(one["url"]).rpartition("c2pa.assertions/")[2]
            named[name] = (str(one.get("alg") or claim["alg"]), one["hash"])
    for name, inside in statements.items():
        if _hash(named[name][0], inside) != named[name][1]:
            raise ValueError("a statement is not the one that the claim names")


def _check_ingredients(
    claim: Mapping[str, Any], statements: Mapping[str, bytes], manifests: Mapping[str, bytes], label: str
) -> None:
    """Check that every other manifest in the store is an ingredient's, by the hash of its very bytes."""
    reached, waiting = {label}, [(claim, statements)]
    while waiting:
        above, said = waiting.pop()
        for name, inside in said.items():
            if not name.startswith("c2pa.ingredient"):
                continue
            ingredient = _read(inside)
            one = ingredient.get("activeManifest") or ingredient.get("c2pa_manifest")
            other = str(one["url"]).rpartition("/")[2] if one else ""
            if not one or other in reached:
                continue
            if _hash(str(one.get("alg") or above["alg"]), manifests[other]) != one["hash"]:
                raise ValueError("an ingredient's manifest is not the one that was taken in")
            reached.add(other)
            _, below, statements = _boxes_of(manifests[other], other)
            waiting.append((_cbor(below, 0, is_canonical=False)[0], statements))
    if reached != manifests.keys():
        raise ValueError("there is a manifest that nothing leads to")


def _content(inside: bytes) -> bytes:
    _, (_, content), *_ = _tiled(inside)
    return content


def _read(inside: bytes) -> Any:
    """Return what a statement in CBOR says."""
    return _cbor(_content(inside), 0, is_canonical=False)[0]


def _hash(algorithm: str, inside: bytes) -> bytes:
    if algorithm not in {"sha256", "sha384", "sha512"}:
        raise ValueError("this algorithm is not allowed")
    return hashlib.new(algorithm, inside).digest()


# --- 2. Beside the signature (RFC 9052, C2PA 2.4 §13.2)


def _check_signature(content: bytes) -> None:
    if content[:2] != b"\xd2\x84":  # tag 18, four parts
        raise ValueError("this is no signature")
    protected, at = _cbor(content, 2)
    unprotected, at = _cbor(content, at)
    payload, at = _cbor(content, at)
    signature, at = _cbor(content, at)
    is_whole = isinstance(protected, bytes) and isinstance(signature, bytes) and payload in {None, b""}
    if not is_whole or at != len(content):
        raise ValueError("this is no signature")
    if not all(_is_known(name, value) for name, value in unprotected.items()):
        raise ValueError("something else is beside the signature")


def _is_known(name: object, value: object) -> bool:
    match name, value:
        case "pad" | "pad2", bytes():
            return not any(value)
        case "sigTst" | "sigTst2", {"tstTokens": [_, *_] as tokens, **more}:
            return not more and all(
                isinstance(one, dict) and one.keys() == {"val"} and isinstance(one["val"], bytes) for one in tokens
            )
        case "rVals", {"ocspVals": list() as responses, **more}:
            return not more and all(isinstance(one, bytes) for one in responses)
        case "x5chain" | 33, bytes():
            return True
        case "x5chain" | 33, list():
            return all(isinstance(one, bytes) for one in value)
    return False


def _cbor(data: bytes, at: int, depth: int = 0, *, is_canonical: bool = True) -> tuple[Any, int]:
    """Decode one item of definite lengths, each in its shortest form."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    major, count, at = _head(data, at, is_canonical=is_canonical)
    if major in {0, 1}:
        return (count if major == 0 else -1 - count), at
    if major in {2, 3}:
        raw = _slice(data, at, count)
        return (raw if major == 2 else raw.decode()), at + count
    if major == 4:
        items: list[Any] = []
        for _ in range(count):
            item, at = _cbor(data, at, depth + 1, is_canonical=is_canonical)
            items.append(item)
        return items, at
    if major == 5:
        pairs: dict[Any, Any] = {}
        for _ in range(count):
            key, at = _cbor(data, at, depth + 1, is_canonical=is_canonical)
            if key in pairs:
                raise ValueError("a name comes twice")
            pairs[key], at = _cbor(data, at, depth + 1, is_canonical=is_canonical)
        return pairs, at
    if major == 6 and not is_canonical:
        return _cbor(data, at, depth + 1, is_canonical=False)  # the tag of a date, in a statement
    if major == 7 and (not is_canonical or count in _SIMPLE):
        return _SIMPLE.get(count), at
    raise ValueError("this is not used here")


_SIMPLE: Final = {20: False, 21: True, 22: None}


def _head(data: bytes, at: int, *, is_canonical: bool) -> tuple[int, int, int]:
    """Return an item's major type, its count or value, and the position behind both (RFC 8949 §3)."""
    major, count = data[at] >> 5, data[at] & 0x1F
    at += 1
    if count > 27:
        raise ValueError("a length is not definite")
    if count >= 24:
        width = 1 << (count - 24)
        count = int.from_bytes(_slice(data, at, width), "big")
        at += width
        if is_canonical and count < (24 if width == 1 else 1 << 4 * width):
            raise ValueError("a length is not in its shortest form")
    return major, count, at


def _slice(data: bytes, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise ValueError("cut short")
    return data[at : at + length]


# --- 3. The place in the file


def _binding(manifests: Mapping[str, bytes], label: str) -> dict[str, bytes]:
    """Return the statements of the manifest that binds the file: of an update, that is the one that it updates."""
    for _ in manifests:
        _, _, statements = _boxes_of(manifests[label], label)
        if any(name.startswith("c2pa.hash.") for name in statements):
            return statements
        ingredients = [_read(inside) for name, inside in statements.items() if name.startswith("c2pa.ingredient")]
        [parent] = [one for one in ingredients if one["relationship"] == "parentOf"]
        label = str((parent.get("activeManifest") or parent["c2pa_manifest"])["url"]).rpartition("/")[2]
    raise ValueError("no manifest binds the file")


def _check_place(path: Path, store: bytes, statements: Mapping[str, bytes], *, is_embedded: bool) -> None:
    [(name, inside)] = [(name, inside) for name, inside in statements.items() if name.startswith("c2pa.hash.")]
    said = _read(inside)
    with path.open("rb") as file:
        if name.startswith("c2pa.hash.bmff"):
            ours = json.loads(_content(statements[CONTAINER])) if CONTAINER in statements else None
            _check_boxes(file, store, said, ours, is_embedded=is_embedded)
        elif name.startswith("c2pa.hash.data"):
            _check_exclusion(file, store, said.get("exclusions") or (), is_embedded=is_embedded)
        else:
            raise MoreLeftOut(MoreLeftOut.__doc__)  # collections and parts of pictures; no sound is signed so


def _check_exclusion(
    file: BinaryIO, store: bytes, exclusions: Sequence[Mapping[str, int]], *, is_embedded: bool
) -> None:
    if len(exclusions) != int(is_embedded):
        raise MoreLeftOut(MoreLeftOut.__doc__)
    for one in exclusions:
        if not len(store) <= one["length"] <= len(store) + 1024:
            raise MoreLeftOut(MoreLeftOut.__doc__)
        file.seek(one["start"])
        excluded = file.read(one["length"])
        if excluded not in {store, _wave_chunk(store)[: len(excluded)]} and not _is_id3_frame(excluded, store):
            raise FrameNotStrict(FrameNotStrict.__doc__)


def _wave_chunk(store: bytes) -> bytes:
    return b"C2PA" + struct.pack("<I", len(store)) + store + b"\0" * (len(store) % 2)


def _is_id3_frame(excluded: bytes, store: bytes) -> bool:
    """Whether this is the whole frame of an ID3v2 tag around a manifest (general encapsulated object)."""
    frame, content = excluded[:10], excluded[10:]
    size = int.from_bytes(frame[4:8], "big")
    synchsafe = sum((byte & 0x7F) << shift for byte, shift in zip(frame[4:8], (21, 14, 7, 0), strict=False))
    head = content[: len(content) - len(store)]
    parts = head[1:].split(b"\0")
    return (
        frame[:4] == b"GEOB"
        and frame[8:] == b"\0\0"
        and len(content) in {size, synchsafe}
        and content.endswith(store)
        and head[:1] in {b"\0", b"\3"}
        and len(parts) == 4
        and parts[0] in _MEDIA_TYPES
        and parts[3] == b""
        and all(part.isascii() and part.decode().isprintable() for part in parts)
    )


def _check_boxes(
    file: BinaryIO, store: bytes, said: Mapping[str, Any], container: object, *, is_embedded: bool
) -> None:
    """Check the boxes that a hash of boxes leaves out (C2PA 2.4 §9.2.4, ISO/IEC 14496-12)."""
    allowed = _XPATHS | ({"/mdat"} if said.get("merkle") else frozenset())
    for given in said.get("exclusions") or ():
        one = {name: value for name, value in given.items() if value is not None}
        is_plain = one.keys() - {"data"} == {"xpath"} and ("data" not in one or one["xpath"] == "/uuid")
        if not is_plain or one["xpath"] not in allowed or (one["xpath"] == "/uuid" and "data" not in one):
            raise MoreLeftOut(MoreLeftOut.__doc__)
    found: dict[str, dict[str, bytes]] = {}
    for kind, start, size in _top_boxes(file):
        file.seek(start + 8)
        if kind != b"uuid" or file.read(16) != _C2PA_BOX:
            continue
        content = file.read(min(size - 24, len(store) + 64))
        flags, (purpose, _, rest) = content[:4], content[4:].partition(b"\0")
        if said.get("merkle") and purpose == b"merkle":
            continue  # what is in it is needed for the hash to come out
        is_offset_known = rest[:8] == bytes(8) or said.get("merkle")
        if any(flags) or purpose.decode() in found or not is_offset_known or size - 24 != len(content):
            raise FrameNotStrict(FrameNotStrict.__doc__)
        found[purpose.decode()] = _manifests(rest[8:])
    if list(found) not in ([["manifest"], ["original", "update"]] if is_embedded else [[]]):
        raise FrameNotStrict(FrameNotStrict.__doc__)
    together = [item for one in found.values() for item in one.items()]
    if is_embedded and (dict(together) != _manifests(store) or len(dict(together)) != len(together)):
        raise FrameNotStrict(FrameNotStrict.__doc__)
    if isinstance(container, dict):
        if container.get("digest") != digest_of_left_out(file):
            raise ContainerChanged(ContainerChanged.__doc__)
    elif not _are_plain(file):
        raise MoreLeftOut(MoreLeftOut.__doc__)


def digest_of_left_out(file: BinaryIO) -> str:
    """
    Return the SHA-256 over the boxes of an M4A that the hash of C2PA leaves out, one behind the other, as hex.

    But for the index of fragments (mfra): the SDK writes it anew when it signs. It only says where to jump to.

    :raises ValueError: they are not formed as they should be, or there is too much of them
    """
    whole, length = hashlib.sha256(), 0
    for kind, start, size in _top_boxes(file):
        if kind in _LEFT_OUT:
            length += size
            if length > _LARGEST_LEFT_OUT:
                raise ValueError("too much is left out")
            file.seek(start)
            whole.update(file.read(size) if kind != b"mfra" else struct.pack(">I4s", size, kind))
    return whole.hexdigest()


def _are_plain(file: BinaryIO) -> bool:
    """
    Whether what others left out is what it usually is: brands, and room with zeros or a line of text.

    More cannot be known of what they did not sign.
    """
    for kind, start, size in _top_boxes(file):
        file.seek(start + 8)
        content = file.read(min(size - 8, _LARGEST_LEFT_OUT)) if kind in _LEFT_OUT else b""
        if kind == b"ftyp" and (start or size % 4 or not content[:4].isascii() or not content[8:].isascii()):
            return False
        if kind in {b"free", b"skip"} and any(content) and not (content.isascii() and len(content) < 256):
            return False
    return True


def _top_boxes(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start and size of the boxes of a file, which they must fill to the last byte."""
    file.seek(0, 2)
    end, start = file.tell(), 0
    for _ in range(_MOST_BOXES):
        if start == end:
            return
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            (size,), head = struct.unpack(">Q", file.read(8)), 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end or (head == 16 and kind in {*_LEFT_OUT, b"uuid"}):
            raise ValueError("a box does not fit")
        yield kind, start, size
        start += size
    raise ValueError("there are too many boxes")
