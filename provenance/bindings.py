"""
Soft bindings: values that lead from audio whose manifest was stripped back to that manifest. Pure.

Two are taken from what is signed, before it is signed. ``io.iscc.v0`` is the one on C2PA's list that others can
compute too: an ISCC-SEQ (IEP-0020) of the Audio-Code and the Instance-Code, 256 bits each. The Audio-Code stands for
the whole and survives a transcoding; it is another one after a cut. Our own binding is the Chromaprint fingerprint of
the whole, as libchromaprint writes it, so that a piece of the audio is found as well; ``fpcalc`` makes its like.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import iscc_core
import numpy as np

from fingerprint import extract
from fingerprint.extract import Items

ISCC: Final = "io.iscc.v0"
CHROMAPRINT: Final = "org.ai-music-ledger.chromaprint.1"
ALGORITHMS: Final = (ISCC, CHROMAPRINT)

MANIFEST_ID: Final = re.compile(r"urn:c2pa:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CODE_BITS: Final = 256
MOST_VALUE_BYTES: Final = 1 << 18  # of a value that somebody asks about: about two hours of Chromaprint
LEAST_DISTINCT_ITEMS: Final = 12  # of a fingerprint that says something: silence and a held tone have one or two

_UNIT_BYTES: Final = 2 + CODE_BITS // 8
_AUDIO_CODE: Final = bytes.fromhex("2207")  # header: content, audio, version 0, 256 bits
_INSTANCE_CODE: Final = bytes.fromhex("4007")


class UnknownAlgorithm(Exception):
    """This soft binding is not supported here; /v1/services/supportedAlgorithms lists those that are."""


class BadValue(Exception):
    """This is no value of that soft binding: send it in base64 as the algorithm defines it."""


@dataclass(frozen=True, slots=True)
class SoftBindingFact:
    """One soft binding of an output, with its value as the algorithm defines it."""

    algorithm: str
    value: bytes


def of(items: Items, source: Path) -> tuple[SoftBindingFact, ...]:
    """
    Return the soft bindings of audio that is about to be signed, given its fingerprint from `extract.reference`.

    Silence, a tone and what is shorter than a few seconds have none: their values would be those of many others.
    """
    if not says_something(items):
        return ()
    return (SoftBindingFact(ISCC, iscc_of(items, source)), SoftBindingFact(CHROMAPRINT, extract.encoded(items)))


def says_something(items: Items) -> bool:
    """Whether a fingerprint tells its audio from other audio at all."""
    return bool(np.unique(items).size >= LEAST_DISTINCT_ITEMS)


def iscc_of(items: Items | None, source: Path) -> bytes:
    """Return the ISCC-SEQ of a file; without the fingerprint of its whole, of its bytes alone."""
    units = []
    if items is not None:
        vector = items.astype(np.uint32).view(np.int32).tolist()
        units.append(iscc_core.gen_audio_code_v0(vector, bits=CODE_BITS)["iscc"])
    with source.open("rb") as file:
        units.append(iscc_core.gen_instance_code_v0(file, bits=CODE_BITS)["iscc"])
    return bytes(iscc_core.encode_seq(units))


def decoded(text: str) -> bytes:
    """
    Return the bytes of a value in base64, in either alphabet, with its padding or without.

    :raises BadValue: it is not base64, or longer than any value is
    """
    # A "+" that was not percent-encoded arrives as a space.
    given = text.strip().replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    if not given or len(given) > MOST_VALUE_BYTES * 4 // 3 + 4:
        raise BadValue
    try:
        return base64.b64decode(given + "=" * (-len(given) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadValue from error


@dataclass(frozen=True, slots=True)
class IsccUnits:
    """What an ISCC-SEQ says that can be looked up: bodies of 32 bytes."""

    audio_codes: tuple[bytes, ...]
    instance_codes: tuple[bytes, ...]


def iscc_units(value: bytes) -> IsccUnits:
    """
    Read an ISCC-SEQ as IEP-0020 has it, and return its Audio-Codes and Instance-Codes of 256 bits.

    Other units and shorter ones are left out, as the document asks.

    :raises BadValue: it is malformed, or nothing in it can be looked up here
    """
    if len(value) > 64 * _UNIT_BYTES:
        raise BadValue
    try:
        units = [bytes(iscc_core.decode_base32(unit.removeprefix("ISCC:"))) for unit in iscc_core.decode_seq(value)]
    except ValueError as error:
        raise BadValue from error
    audio, instance = (_bodies(units, header) for header in (_AUDIO_CODE, _INSTANCE_CODE))
    if not audio and not instance:
        raise BadValue("There is no Audio-Code or Instance-Code of 256 bits in this ISCC-SEQ.")
    return IsccUnits(audio, instance)


def _bodies(units: Iterable[bytes], header: bytes) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(unit[2:] for unit in units if unit[:2] == header and len(unit) == _UNIT_BYTES))


def chromaprint_items(value: bytes) -> Items:
    """
    Read a fingerprint as libchromaprint writes it.

    :raises BadValue: it is none, of another of its algorithms, or says nothing
    """
    try:
        items = extract.decoded(value)
    except extract.NotPacked as error:
        raise BadValue from error
    if not says_something(items):
        raise BadValue("This fingerprint says nothing: it is of silence, of a tone, or of a second or two.")
    return items


def assertions(facts: Sequence[SoftBindingFact]) -> list[tuple[str, dict[str, Any]]]:
    """Return each soft binding as its assertion's label and data, over the whole of the audio."""
    # C2PA wants a byte string, and the SDK's JSON has none: a list of integers is what its own readers take for one. To
    # write the bytes afterwards means to hash and sign the claim anew, behind the back of what was just checked.
    return [
        (LABEL, {"alg": fact.algorithm, "pad": [], "blocks": [{"scope": {}, "value": list(fact.value)}]})
        for fact in facts
    ]


LABEL: Final = "c2pa.soft-binding"
