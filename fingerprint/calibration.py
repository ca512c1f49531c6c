"""
How likely is a match with this score right?

A detector's score ranks; it is no probability. Where a detector was tried on songs whose answer is known, and on
songs that are in no catalogue, its scores are calibrated: of the matches with about this score, so many were right.
The table of that is a file in `data/calibration`, with what it was taken from. It is whole numbers, joined by
straight lines, so that a replay gives the same number on every machine.

A detector without a table, or with one that was taken with other parameters, has no probability: None, and not a
guess.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from fingerprint.evidence import Detection, Detector

FORMAT: Final = "fingerprint-calibration/1"
FOLDER: Final = Path(__file__).parent / "data" / "calibration"
MILLION: Final = 1_000_000


class NotCalibration(Exception):
    """The file is no calibration of a kind this release reads."""


@dataclass(frozen=True)
class Calibration:
    """
    What scores of one detector were worth, and on what that was seen.

    `points` are pairs of a score and the probability there, in millionths: both grow. Below the first and above the
    last the probability stays what it is there: more than was seen is not claimed.
    """

    algorithm: str
    parameters: tuple[tuple[str, str], ...]
    points: tuple[tuple[int, int], ...]
    source: str
    measured_on: str
    right: int
    wrong: int

    def probability_millionths(self, score_millionths: int) -> int:
        """How many of a million matches with this score are right."""
        after = bisect_right(self.points, (score_millionths, MILLION))
        if after == 0:
            return self.points[0][1]
        if after == len(self.points):
            return self.points[-1][1]
        (low, at_low), (high, at_high) = self.points[after - 1], self.points[after]
        return at_low + (at_high - at_low) * (score_millionths - low) // (high - low)

    def to_document(self) -> dict[str, object]:
        """Say the same in strings, integers, lists and objects."""
        return {
            "format": FORMAT,
            "algorithm": self.algorithm,
            "parameters": dict(self.parameters),
            "points": [list(point) for point in self.points],
            "source": self.source,
            "measured_on": self.measured_on,
            "right": self.right,
            "wrong": self.wrong,
        }

    @classmethod
    def from_document(cls, document: object) -> "Calibration":
        """
        Read a calibration back.

        :raises NotCalibration: another format, a value of the wrong type, or points that do not grow
        """
        try:
            given = dict(document)  # type: ignore[call-overload]
            if given.pop("format") != FORMAT:
                raise NotCalibration(f"The format is not {FORMAT}.")
            points = tuple((int(score), int(probability)) for score, probability in given.pop("points"))
            parameters = tuple(sorted((str(name), str(value)) for name, value in given.pop("parameters").items()))
            calibration = cls(points=points, parameters=parameters, **given)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise NotCalibration(f"{NotCalibration.__doc__} {error}") from error
        inside = all(0 <= score <= MILLION and 0 <= probability <= MILLION for score, probability in points)
        grows = all(one[0] < two[0] and one[1] <= two[1] for one, two in pairwise(points))
        if not points or not inside or not grows:
            raise NotCalibration("The points are none, outside of a million, or do not grow.")
        return calibration


@cache
def _known() -> tuple[Calibration, ...]:
    paths = sorted(FOLDER.glob("*.json")) if FOLDER.is_dir() else []
    return tuple(Calibration.from_document(json.loads(path.read_bytes())) for path in paths)


def of(detector: Detector) -> Calibration | None:
    """Return the calibration of a detector with just these parameters; None if there is none."""
    for calibration in _known():
        if detector.algorithm.startswith(calibration.algorithm) and detector.parameters == calibration.parameters:
            return calibration
    return None


def calibrated(detection: Detection, calibration: Calibration | None = None) -> Detection:
    """Give every match its probability, where its detector has a calibration; None elsewhere."""
    known = calibration or of(detection.detector)
    if known is None:
        return detection
    return replace(
        detection,
        matches=tuple(
            replace(match, probability_millionths=known.probability_millionths(match.score_millionths))
            for match in detection.matches
        ),
    )


def fitted(scored: Iterable[tuple[int, bool]]) -> tuple[tuple[int, int], ...]:
    """
    Fit points to scores whose answer is known: the monotone steps of least error, joined by straight lines.

    Pools adjacent violators (Ayer and others, 1955). Each step stands for `(right + 1) / (all + 2)`, Laplace's rule, so
    that a step without a wrong match is not a certainty: the more were seen, the nearer it comes.

    :raises ValueError: nothing was given
    """
    blocks: list[tuple[int, int, int, int]] = []  # the sum of scores, right, all, the highest score
    for score, is_right in sorted(scored):
        block = (score, int(is_right), 1, score)
        while blocks and (blocks[-1][3] == score or _share(blocks[-1]) >= _share(block)):
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1], before[2] + block[2], block[3])
        blocks.append(block)
    if not blocks:
        raise ValueError("There is nothing to fit to.")
    points: list[tuple[int, int]] = []
    for scores, right, count, _ in blocks:
        score, probability = scores // count, (right + 1) * MILLION // (count + 2)
        if points and score <= points[-1][0]:
            continue
        points.append((score, max(probability, points[-1][1] if points else 0)))
    return tuple(points)


def _share(block: Sequence[int]) -> float:
    return block[1] / block[2]
