"""
Finds the signer's certificates inside a C2PA manifest store.

The SDK's reports name the signer but hold no certificate, and without it nobody can see that a
time-stamping certificate signed a claim, or which of two certificates with one name it was. Only what leads
there is read: boxes of ISO/IEC 19566-5 (JUMBF), the CBOR of RFC 8949 that has definite lengths, and the
header of a COSE_Sign1 (RFC 9052, x5chain of RFC 9360). Nothing is verified here; that is the SDK's work.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_X5CHAIN: Final = (33, "x5chain")  # the text is how claims before version 2 wrote it
_DEEPEST: Final = 16


class NoSignerFound(Exception):
    """The manifest store does not hold the signer's certificates where they belong."""


class NoSuchBox(Exception):
    """The manifest store does not hold a manifest with this label."""


def signer_certificates(store: bytes, label: str) -> tuple[bytes, ...]:
    """
    Return the certificates, each as DER and the leaf first, that the manifest ``label`` was signed with.

    :raises NoSignerFound: the store, the manifest or its signature is not formed as it should be
    """
    try:
        content = _descend(store, ("c2pa", label, "c2pa.signature"))
        message, _ = _cbor(content, 0)
        if not isinstance(message, list) or len(message) != 4 or not isinstance(message[0], bytes):
            raise NoSignerFound(NoSignerFound.__doc__)
        protected, _ = _cbor(message[0], 0)
    except (struct.error, ValueError, IndexError, TypeError, RecursionError) as error:
        raise NoSignerFound(NoSignerFound.__doc__) from error
    for header in (protected, message[1]):  # the protected one first: it is what the signature covers
        for name in _X5CHAIN:
            chain = header.get(name) if isinstance(header, dict) else None
            if isinstance(chain, bytes):
                return (chain,)
            if isinstance(chain, list) and chain and all(isinstance(der, bytes) for der in chain):
                return tuple(chain)
    raise NoSignerFound(NoSignerFound.__doc__)


def only(store: bytes, label: str) -> bytes:
    """
    Return a manifest store that holds the manifest ``label`` of this one and no other.

    What it says of other manifests, its ingredients', cannot be followed in it.

    :raises NoSuchBox: the store is not formed as it should be, or has no such manifest
    """
    try:
        [(kind, inside, end)] = _boxes(store, 0, len(store))
        if kind != b"jumb":
            raise NoSuchBox
        parts = [(kind, start, stop) for kind, start, stop in _boxes(store, inside, end)]
        kept = [
            struct.pack(">I4s", stop - start + 8, kind) + store[start:stop]
            for kind, start, stop in parts
            if kind == b"jumd" or (kind == b"jumb" and _label(store, start, stop) == label)
        ]
    except (struct.error, ValueError, IndexError) as error:
        raise NoSuchBox from error
    if len(kept) != 2:
        raise NoSuchBox
    content = b"".join(kept)
    return struct.pack(">I4s", len(content) + 8, b"jumb") + content


@dataclass(frozen=True, slots=True)
class Signature:
    """The COSE_Sign1 of a manifest: where it is in the store, and its four parts."""

    start: int
    end: int
    protected: bytes
    unprotected: dict[object, object]
    signature: bytes


def signature_of(store: bytes, label: str) -> Signature:
    """
    Return the signature of the manifest ``label``, whose payload is the claim and not repeated in it.

    :raises NoSignerFound: the store, the manifest or its signature is not formed as it should be
    """
    try:
        start, end = _span(store, ("c2pa", label, "c2pa.signature"))
        message, behind = _cbor(store[start:end], 0)
    except (struct.error, ValueError, IndexError, TypeError, RecursionError) as error:
        raise NoSignerFound(NoSignerFound.__doc__) from error
    match message:
        case [bytes() as protected, dict() as unprotected, None, bytes() as signature] if behind == end - start:
            return Signature(start, end, protected, unprotected, signature)
    raise NoSignerFound(NoSignerFound.__doc__)


def _descend(store: bytes, labels: tuple[str, ...]) -> bytes:
    """Return the content of the CBOR box below the superboxes with these labels."""
    start, end = _span(store, labels)
    return store[start:end]


def _span(store: bytes, labels: tuple[str, ...]) -> tuple[int, int]:
    start, end = 0, len(store)
    for label in labels:
        start, end = next(
            ((s, e) for kind, s, e in _boxes(store, start, end) if kind == b"jumb" and _label(store, s, e) == label),
            (end, end),
        )
    for kind, s, e in _boxes(store, start, end):
        if kind == b"cbor":
            return s, e
    raise NoSignerFound(NoSignerFound.__doc__)


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the type of each box between two positions, with the start and the end of what it holds."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        inside = start + 8
        if size == 1:  # the real size follows in eight bytes
            (size,) = struct.unpack_from(">Q", data, inside)
            inside += 8
        elif size == 0:  # up to the end
            size = end - start
        if start + size > end or start + size < inside:
            raise ValueError("a box is longer than what holds it")
        yield kind, inside, start + size
        start += size


def _label(data: bytes, start: int, end: int) -> str | None:
    """Return the label in a superbox's description box: sixteen bytes, toggles, text ending in zero."""
    kind, inside, stop = next(_boxes(data, start, end), (b"", 0, 0))
    if kind != b"jumd" or stop - inside < 18 or not data[inside + 16] & 0x02:
        return None
    return data[inside + 17 : data.index(0, inside + 17, stop)].decode()


def _cbor(data: bytes, position: int, depth: int = 0) -> tuple[object, int]:
    """Decode one item, and return it with the position behind it; tags are dropped, simple values None."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    major, count, position = _cbor_head(data, position)
    if major in {2, 3}:
        raw = _slice(data, position, count)
        return (raw if major == 2 else raw.decode()), position + count
    if major == 4:
        items: list[object] = []
        for _ in range(count):
            item, position = _cbor(data, position, depth + 1)
            items.append(item)
        return items, position
    if major == 5:
        pairs: dict[object, object] = {}
        for _ in range(count):
            key, position = _cbor(data, position, depth + 1)
            pairs[key], position = _cbor(data, position, depth + 1)
        return pairs, position
    if major == 6:
        return _cbor(data, position, depth + 1)
    return {0: count, 1: -1 - count}.get(major), position


def _cbor_head(data: bytes, position: int) -> tuple[int, int, int]:
    """Return an item's major type, its count or value, and the position behind both (RFC 8949 §3)."""
    major, count = data[position] >> 5, data[position] & 0x1F
    position += 1
    if 24 <= count <= 27:
        width = 1 << (count - 24)
        return major, int.from_bytes(_slice(data, position, width), "big"), position + width
    if count > 27:
        raise ValueError("a length that is not definite")
    return major, count, position


def _slice(data: bytes, position: int, length: int) -> bytes:
    if position + length > len(data):
        raise ValueError("cut short")
    return data[position : position + length]
