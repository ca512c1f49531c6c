"""A document of evidence …"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fingerprint.evidence import Evidence, Match, NotEvidence, Segment

VECTOR = Path(__file__).parents[1] / "vectors" / "evidence.json"

EVIDENCE = Evidence(
    audio_digest="13ca026f55e6a66889998bc857ac94e184bfa9cab7233a2eab726a170f8186c3",
    duration_ms=93_596,
    algorithm="chromaprint-2/1.5.1",
    parameters=(("max_bits", "10"), ("min_mass", "90")),
    index_snapshot="51cf96ba0d3c3896c9327050b0f9c1543cf0659c62d5397055fdd28dcc1933a7",
    index_size=2,
    matches=(
        Match(
            kind="exact_match",
            reference_id=UUID("6f1d7ac2-5c0d-4d27-9d0c-8c8f9b9f3d11"),
            output=Segment(31_250, 41_900),
            reference=Segment(12_000, 23_180),
            time_ratio_millionths=1_050_000,
            bit_error_millionths=61_250,
            score_millionths=871_443,
        ),
        Match(
            kind="exact_match",
            reference_id=UUID("0b4b6f54-21a5-4c34-8a6b-0a8a1c5f7e02"),
            output=Segment(60_000, 63_100),
            reference=Segment(0, 3_100),
            time_ratio_millionths=1_000_000,
            bit_error_millionths=0,
            score_millionths=512_195,
        ),
    ),
    peak_millionths=981_232,
    rms_millionths=112_405,
)


def test_is_the_same_bytes_as_ever() -> None:
    frozen = json.loads(VECTOR.read_text())
    assert EVIDENCE.to_bytes().decode() == frozen["canonical"]
    assert hashlib.sha256(EVIDENCE.to_bytes()).hexdigest() == frozen["digest"]
    assert Evidence.from_document(json.loads(frozen["canonical"])) == EVIDENCE


def test_comes_back_whole() -> None:
    assert Evidence.from_document(EVIDENCE.to_document()) == EVIDENCE
    assert Evidence.from_document(json.loads(EVIDENCE.to_bytes())) == EVIDENCE


def _holds_no_float(value: object) -> bool:
    match value:
        case dict():
            return all(isinstance(key, str) and _holds_no_float(item) for key, item in value.items())
        case list():
            return all(_holds_no_float(item) for item in value)
    return value is None or isinstance(value, str | int)


def test_holds_nothing_that_canonical_json_cannot() -> None:
    assert _holds_no_float(EVIDENCE.to_document())


def changed(path: tuple[str | int, ...], value: Any) -> Any:
    document: Any = json.loads(EVIDENCE.to_bytes())
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return document


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "evidence",
        changed(("format",), "fingerprint-evidence/2"),
        changed(("format",), ...),
        changed(("duration_ms",), ...),
        changed(("duration_ms",), "93596"),
        changed(("duration_ms",), 93_596.0),
        changed(("duration_ms",), True),
        changed(("duration_ms",), -1),
        changed(("duration_ms",), 2**53),
        changed(("audio_digest",), "13CA"),
        changed(("index_snapshot",), 5),
        changed(("parameters",), [["max_bits", "10"]]),
        changed(("parameters", "max_bits"), 10),
        changed(("matches",), {}),
        changed(("matches", 0, "kind"), "voice"),
        changed(("matches", 0, "reference_id"), "6f1d7ac2"),
        changed(("matches", 0, "reference_id"), "6F1D7AC2-5C0D-4D27-9D0C-8C8F9B9F3D11"),
        changed(("matches", 0, "output"), [1, 2]),
        changed(("matches", 0, "output", "end_ms"), 31_249),
        changed(("matches", 0, "surprise"), 1),
        changed(("surprise",), 1),
    ],
)
def test_is_refused_in_another_shape(document: object) -> None:
    with pytest.raises(NotEvidence):
        Evidence.from_document(document)
