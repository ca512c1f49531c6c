"""A calibration …"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fingerprint import calibration
from fingerprint.calibration import Calibration, NotCalibration, calibrated, fitted
from fingerprint.evidence import Detection, Detector, Match, Segment

TABLE = Calibration(
    algorithm="landmarks/1",
    parameters=(("matching", "1"),),
    points=((500_000, 200_000), (600_000, 700_000), (900_000, 999_000)),
    source="songs of the tuning half",
    measured_on="2026-11-29",
    right=500,
    wrong=40,
)
MATCH = Match(
    kind="exact_match",
    algorithm="landmarks/1",
    reference_id=UUID(int=1),
    output=Segment(0, 1),
    reference=Segment(0, 1),
    time_ratio_millionths=1_000_000,
    pitch_shift_cents=0,
    score_millionths=550_000,
)
DETECTOR = Detector("exact_match", "landmarks/1", (("matching", "1"),), "0" * 64, 1)


@pytest.mark.parametrize(
    ("score", "probability"),
    [
        (0, 200_000),
        (499_999, 200_000),
        (500_000, 200_000),
        (500_001, 200_005),
        (550_000, 450_000),
        (600_000, 700_000),
        (750_000, 849_500),
        (900_000, 999_000),
        (1_000_000, 999_000),
    ],
)
def test_joins_its_points_by_straight_lines(score: int, probability: int) -> None:
    assert TABLE.probability_millionths(score) == probability


def test_never_falls() -> None:
    found = [TABLE.probability_millionths(score) for score in range(0, 1_000_001, 997)]
    assert found == sorted(found)


def test_gives_each_match_its_probability() -> None:
    (match,) = calibrated(Detection(DETECTOR, (MATCH,)), TABLE).matches
    assert match == replace(MATCH, probability_millionths=450_000)


@pytest.mark.parametrize(
    "detector",
    [replace(DETECTOR, algorithm="landmarks/9"), replace(DETECTOR, parameters=(("matching", "other"),))],
)
def test_claims_nothing_of_what_was_never_tried(detector: Detector) -> None:
    assert calibration.of(detector) is None
    assert calibrated(Detection(detector, (MATCH,))).matches == (MATCH,)
    assert MATCH.probability_millionths is None


def test_comes_back_whole() -> None:
    assert Calibration.from_document(json.loads(json.dumps(TABLE.to_document()))) == TABLE


@pytest.mark.parametrize(
    "change",
    [
        {"format": "fingerprint-calibration/2"},
        {"points": []},
        {"points": [[500_000, 200_000], [500_000, 300_000]]},
        {"points": [[500_000, 200_000], [600_000, 100_000]]},
        {"points": [[-1, 0]]},
        {"points": [[0, 1_000_001]]},
        {"points": [[0]]},
        {"points": 5},
        {"parameters": ["matching"]},
        {"surprise": 1},
    ],
)
def test_is_refused_in_another_shape(change: dict[str, Any]) -> None:
    with pytest.raises(NotCalibration):
        Calibration.from_document({**TABLE.to_document(), **change})
    with pytest.raises(NotCalibration):
        Calibration.from_document(None)


def test_is_fitted_to_what_was_right() -> None:
    chance = random.Random(1)
    truth = {score: score / 1_000_000 for score in range(0, 1_000_000, 500)}
    points = fitted((score, chance.random() < share) for score, share in truth.items())
    assert [point[0] for point in points] == sorted({point[0] for point in points})
    assert [point[1] for point in points] == sorted(point[1] for point in points)
    table = replace(TABLE, points=points)
    for score in (100_000, 300_000, 500_000, 700_000, 900_000):
        assert table.probability_millionths(score) == pytest.approx(score, abs=100_000)


def test_is_never_certain() -> None:
    points = fitted([(score, True) for score in range(100)])
    assert points == ((49, 101 * 1_000_000 // 102),)
    with pytest.raises(ValueError, match="nothing"):
        fitted([])


def test_shipped_is_readable_and_of_detectors_we_have() -> None:
    for path in Path(calibration.FOLDER).glob("*.json"):
        table = Calibration.from_document(json.loads(path.read_bytes()))
        assert table.right > 0
        assert table.source
