"""Soft bindings …"""

from __future__ import annotations

import base64
from pathlib import Path

import chromaprint
import iscc_core
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fingerprint import extract
from provenance import bindings
from provenance.bindings import CHROMAPRINT, ISCC, BadValue

ITEMS = (np.arange(1, 201, dtype=np.uint64) * 2_654_435_761 % 2**32).astype(np.uint32)
# IEP-0020, test vector 1: a Meta-Code, a Content-Code Text, a Data-Code and an Instance-Code of 256 bits.
VECTOR = [
    "ISCC:AADVPDD4R6733NMPFH3D57VTQ4KVH6VHL74XIWGUT37V5ZG56NV3NSI",
    "ISCC:EAD2RASIYU5IKLENP2OFI4CHZGRWYQCSW2WKX3Y6FJGOCXSYNYGLGBI",
    "ISCC:GADQLNA7GRZESMRF2J7NZPNWGI3II2ST5YUN5SS6GVQ2ZQGJXPPYDNI",
    "ISCC:IAD2KIVPJIWJZP3KQCESJL6SVT5APEZUPOJWM6HVTAXCF7OT3VFA4NY",
]


def test_are_an_audio_code_with_an_instance_code_and_the_fingerprint(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"any bytes")
    iscc, own = bindings.of(ITEMS, source)
    assert (iscc.algorithm, own.algorithm) == (ISCC, CHROMAPRINT)
    # Frozen: what left in manifests is looked up by others with their own software.
    assert iscc.value.hex() == FROZEN
    units = bindings.iscc_units(iscc.value)
    assert [len(code) for code in (*units.audio_codes, *units.instance_codes)] == [32, 32]
    assert np.array_equal(bindings.chromaprint_items(own.value), ITEMS)
    source.write_bytes(b"other bytes")
    other = bindings.iscc_units(bindings.of(ITEMS, source)[0].value)
    assert other.audio_codes == units.audio_codes
    assert other.instance_codes != units.instance_codes


FROZEN = (
    "22079e47ebf7bec7e1f3dd0faf67facbfe97c757bfef8ec79423db07ab977edc73f4"
    "4007910f0598dc9f6bd9d06d1089a23e06705304fff7bd0161791dac42cb8cb96cd2"
)


@pytest.mark.parametrize("items", [ITEMS[:0], ITEMS[:11], np.zeros(500, np.uint32), np.tile(ITEMS[:3], 99)])
def test_there_are_none_of_what_sounds_like_much_else(items: extract.Items, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    assert bindings.of(items, source) == ()


# --- values from outside


def test_of_an_iscc_seq_only_what_can_be_looked_up_is_taken() -> None:
    value = bytes(iscc_core.encode_seq(VECTOR))
    units = bindings.iscc_units(value)
    assert units.audio_codes == ()
    assert units.instance_codes == (value[-32:],)
    assert bindings.iscc_units(value[:34] + value).instance_codes == units.instance_codes


@pytest.mark.parametrize(
    "value",
    [
        "",
        "28000100000000",  # a nonzero nibble that pads the header
        "200800" + "00" * 36,  # a length of 8
        "3000000000",  # cut short
        "30000000000000",  # a byte behind
        "5005578c7c8fbfbdb58fa88248c53a852c8d05b41f3472493225a522af4a2c9cbf6a",  # an ISCC-CODE
        "60100000000000000000",  # an ISCC-ID
        "0007" + "00" * 32,  # a Meta-Code says nothing of a sound
        "2201" + "00" * 8,  # an Audio-Code of 64 bits meets others by chance
        "4007" + "00" * 31,
        "4007" + "00" * 32 + "4007",
        ("4007" + "00" * 32) * 65,
    ],
)
def test_a_value_that_is_no_iscc_is_refused(value: str) -> None:
    with pytest.raises(BadValue):
        bindings.iscc_units(bytes.fromhex(value))


@pytest.mark.parametrize("text", ["", " ", "not*base64", "A", "AAAAA", "é", "A" * (2 * bindings.MOST_VALUE_BYTES)])
def test_what_is_not_base64_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        bindings.decoded(text)


def test_base64_is_taken_in_both_alphabets_and_without_padding() -> None:
    value = bytes(range(255, -1, -1))
    standard = base64.b64encode(value).decode()
    urlsafe = base64.urlsafe_b64encode(value).decode()
    for text in (standard, standard.rstrip("="), urlsafe, urlsafe.rstrip("="), standard.replace("+", " ")):
        assert bindings.decoded(text) == value


@given(st.lists(st.integers(0, 2**32 - 1), max_size=60))
def test_a_fingerprint_is_read_as_libchromaprint_reads_it(numbers: list[int]) -> None:
    items = np.array(numbers, np.uint32)
    packed = extract.encoded(items)
    assert np.array_equal(extract.decoded(packed), items)
    assert chromaprint.decode_fingerprint(packed, base64=False) == (numbers, 1)


@given(st.binary(max_size=300))
def test_bytes_of_anybody_are_a_fingerprint_or_refused(data: bytes) -> None:
    try:
        items = extract.decoded(b"\x01" + data)
    except extract.NotPacked:
        return
    assert items.size == int.from_bytes(data[:3], "big") <= 8 * len(data)


def test_a_fingerprint_that_is_cut_short_or_lies_about_its_size_is_refused() -> None:
    packed = extract.encoded(ITEMS)
    for broken in (
        *(packed[:length] for length in range(0, len(packed) - 1, 7)),
        packed[:1] + b"\xff\xff\xff" + packed[4:],
        b"\x02" + packed[1:],
    ):
        with pytest.raises(extract.NotPacked):
            extract.decoded(broken)
    with pytest.raises(BadValue):
        bindings.chromaprint_items(extract.encoded(ITEMS[:5]))
