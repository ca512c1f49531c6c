"""A document of evidence …"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fingerprint.evidence import Detector, Evidence, Match, NotEvidence, Segment

VECTOR = Path(__file__).parents[1] / "vectors" / "evidence.json"

CHROMAPRINT = Detector(
    kind="exact_match",
    algorithm="chromaprint-2/1.5.1",
    parameters=(("max_bits", "10"), ("min_mass", "90")),
    index_snapshot="51cf96ba0d3c3896c9327050b0f9c1543cf0659c62d5397055fdd28dcc1933a7",
    index_size=2,
)
VOICES = Detector(
    kind="voice_match",
    algorithm="voices/1",
    parameters=(("window_ms", "1600"),),
    index_snapshot="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    index_size=0,
)
EXCERPT = Match(
    kind="exact_match",
    algorithm="chromaprint-2/1.5.1",
    reference_id=UUID("6f1d7ac2-5c0d-4d27-9d0c-8c8f9b9f3d11"),
    output=Segment(31_250, 41_900),
    reference=Segment(12_000, 23_180),
    time_ratio_millionths=1_050_000,
    pitch_shift_cents=0,
    score_millionths=871_443,
    measures=(("bit_error_millionths", 61_250),),
)
LOOP = Match(
    kind="exact_match",
    algorithm="chromaprint-2/1.5.1",
    reference_id=UUID("0b4b6f54-21a5-4c34-8a6b-0a8a1c5f7e02"),
    output=Segment(60_000, 63_100),
    reference=Segment(0, 3_100),
    time_ratio_millionths=1_000_000,
    pitch_shift_cents=0,
    score_millionths=512_195,
    measures=(("bit_error_millionths", 0),),
)
FIRST = Evidence(
    audio_digest="13ca026f55e6a66889998bc857ac94e184bfa9cab7233a2eab726a170f8186c3",
    duration_ms=93_596,
    detectors=(CHROMAPRINT,),
    matches=(EXCERPT, LOOP),
    peak_millionths=981_232,
    rms_millionths=112_405,
)
EVIDENCE = replace(
    FIRST,
    loudness_centi_lufs=-1_423,
    silence_ms=2_998,
    leading_silence_ms=499,
    trailing_silence_ms=1_299,
    detectors=(CHROMAPRINT, VOICES),
    matches=(
        EXCERPT,
        replace(LOOP, pitch_shift_cents=-200),
        Match(
            kind="voice_match",
            algorithm="voices/1",
            reference_id=UUID("c1d3a0e2-7b19-4a35-9d64-0f2f6a1f7b55"),
            output=Segment(61_000, 70_000),
            reference=Segment(0, 0),
            time_ratio_millionths=1_000_000,
            pitch_shift_cents=0,
            score_millionths=700_000,
            probability_millionths=991_000,
        ),
    ),
)


def test_is_the_same_bytes_as_ever() -> None:
    frozen = json.loads(VECTOR.read_text())
    assert EVIDENCE.to_bytes().decode() == frozen["canonical"]
    assert hashlib.sha256(EVIDENCE.to_bytes()).hexdigest() == frozen["digest"]
    assert Evidence.from_document(json.loads(frozen["canonical"])) == EVIDENCE


def test_of_the_first_format_is_still_read() -> None:
    assert Evidence.from_document(json.loads(json.loads(VECTOR.read_text())["first_format"])) == FIRST


def test_gives_its_matches_by_kind() -> None:
    assert EVIDENCE.of_kind("exact_match") == EVIDENCE.matches[:2]
    assert EVIDENCE.of_kind("voice_match") == EVIDENCE.matches[2:]
    assert EVIDENCE.of_kind("version_match") == ()


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
        changed(("format",), "fingerprint-evidence/3"),
        changed(("format",), "fingerprint-evidence/1"),
        changed(("format",), ...),
        changed(("duration_ms",), ...),
        changed(("duration_ms",), "93596"),
        changed(("duration_ms",), 93_596.0),
        changed(("duration_ms",), True),
        changed(("duration_ms",), -1),
        changed(("duration_ms",), 2**53),
        changed(("audio_digest",), "13CA"),
        changed(("detectors", 0, "index_snapshot"), 5),
        changed(("detectors", 0, "parameters"), [["max_bits", "10"]]),
        changed(("detectors", 0, "parameters", "max_bits"), 10),
        changed(("matches",), {}),
        changed(("detectors", 0, "kind"), "version_match"),
        changed(("detectors", 0), ...),
        changed(("detectors", 0, "surprise"), 1),
        changed(("matches", 0, "kind"), "voice"),
        changed(("matches", 0, "kind"), "voice_match"),
        changed(("matches", 0, "algorithm"), "landmarks/1"),
        changed(("matches", 0, "pitch_shift_cents"), -(2**53)),
        changed(("matches", 0, "pitch_shift_cents"), None),
        changed(("matches", 0, "probability_millionths"), ...),
        changed(("matches", 0, "probability_millionths"), 1_000_001),
        changed(("matches", 0, "probability_millionths"), -1),
        changed(("matches", 0, "measures"), []),
        changed(("matches", 0, "measures", "bit_error_millionths"), 0.5),
        changed(("matches", 0, "reference_id"), "6f1d7ac2"),
        changed(("matches", 0, "reference_id"), "6F1D7AC2-5C0D-4D27-9D0C-8C8F9B9F3D11"),
        changed(("matches", 0, "output"), [1, 2]),
        changed(("matches", 0, "output", "end_ms"), 31_249),
        changed(("matches", 0, "surprise"), 1),
        changed(("loudness_centi_lufs",), ...),
        changed(("loudness_centi_lufs",), -14.2),
        changed(("silence_ms",), ...),
        changed(("silence_ms",), -1),
        changed(("leading_silence_ms",), None),
        changed(("trailing_silence_ms",), "0"),
        changed(("surprise",), 1),
    ],
)
def test_is_refused_in_another_shape(document: object) -> None:
    with pytest.raises(NotEvidence):
        Evidence.from_document(document)
