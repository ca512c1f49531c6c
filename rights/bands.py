"""
From which strength on a match is let pass, looked at, or refused (CHK-3): a versioned fact, and a pure function.

A band is for one kind of match and one class of reference. Its thresholds are on the calibrated probability where the
detector has one, else on the detector's own score. Kinds are never mixed: each match is measured on its own band.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import rfc8785

from rights.vocabulary import MatchKind

FORMAT = "bands/1"
MILLION = 1_000_000
NEVER = MILLION + 1  # a threshold that no match reaches
_NAMESPACE = UUID("0f0c9a55-0b1e-5d0e-8d6a-5a4f8c1e7b21")


class BadBands(Exception):
    """These are no bands; the sentence says which row and what of it."""


class ReferenceClass(StrEnum):
    """Whose a reference is, as the submitter sees it."""

    ANY = "any"
    OWN = "own_catalogue"  # the submitter holds a share of it
    THIRD_PARTY = "third_party"


class Effect(StrEnum):
    """What becomes of a match that nothing covers."""

    PASS = "pass"  # noqa: S105 - it passes
    REVIEW = "review"
    BLOCK = "block"


class Measure(StrEnum):
    """On what a threshold stands."""

    PROBABILITY = "probability"
    SCORE = "score"


@dataclass(frozen=True)
class Thresholds:
    """From which value on, in millionths, somebody must look, and from which the output is refused."""

    review_from: int
    block_from: int

    def of(self, value: int) -> Effect:
        """Return what a value comes to; each threshold belongs to the stricter side."""
        if value >= self.block_from:
            return Effect.BLOCK
        return Effect.REVIEW if value >= self.review_from else Effect.PASS


@dataclass(frozen=True)
class Band:
    """The thresholds of one kind of match against one class of reference."""

    kind: MatchKind
    reference_class: ReferenceClass
    probability: Thresholds  # for matches of calibrated detectors
    score: Thresholds  # for matches of detectors without calibration


@dataclass(frozen=True)
class Measured:
    """Where one match lies: the effect, on which measure, at which value, and the threshold that it reached."""

    effect: Effect
    measure: Measure
    value: int
    reached: int | None  # the threshold, or None where it reached none


@dataclass(frozen=True)
class Bands:
    """One version: a band for each kind, and where it differs, for a class of references."""

    rows: tuple[Band, ...]

    def __post_init__(self) -> None:
        """Check that every kind has a band for any reference, once, and that thresholds are in order."""
        seen = [(row.kind, row.reference_class) for row in self.rows]
        for kind in MatchKind:
            if (kind, ReferenceClass.ANY) not in seen:
                raise BadBands(f"There is no band of {kind.value} for any reference: give one.")
        if len(seen) != len(set(seen)):
            raise BadBands("A kind has two bands for the same class of references: keep one.")
        for row in self.rows:
            for measure, given in ((Measure.PROBABILITY, row.probability), (Measure.SCORE, row.score)):
                if not 0 <= given.review_from <= given.block_from <= NEVER:
                    raise BadBands(
                        f"{row.kind.value}, {row.reference_class.value}, {measure.value}: the thresholds are millionths"
                        f" from 0 to {NEVER} (which no match reaches), and review_from is at most block_from."
                    )

    def band(self, kind: MatchKind, reference_class: ReferenceClass) -> Band:
        """Return the band of this class, or the one for any."""
        mine = {row.reference_class: row for row in self.rows if row.kind is kind}
        return mine.get(reference_class, mine[ReferenceClass.ANY])

    def measure(
        self,
        kind: MatchKind,
        reference_class: ReferenceClass,
        *,
        probability: int | None,
        score: int,
        is_common: bool = False,
    ) -> Measured:
        """
        Return where a match lies.

        What rests on common material alone is refused by no bands: it is in unrelated recordings too, or the same in
        whatever was made with one box, so however sure it is, it does not say that anything was taken.
        """
        band = self.band(kind, reference_class)
        measure, thresholds, value = (
            (Measure.SCORE, band.score, score)
            if probability is None
            else (Measure.PROBABILITY, band.probability, probability)
        )
        effect = thresholds.of(value)
        if effect is Effect.BLOCK and is_common:
            effect = Effect.REVIEW
        reached = {Effect.BLOCK: thresholds.block_from, Effect.REVIEW: thresholds.review_from}.get(effect)
        return Measured(effect, measure, value, reached)

    @property
    def document(self) -> str:
        """RFC 8785 JSON: what is stored, and what the digest covers."""
        rows = [
            {
                "kind": row.kind.value,
                "reference_class": row.reference_class.value,
                **{
                    measure.value: {"review_from": given.review_from, "block_from": given.block_from}
                    for measure, given in ((Measure.PROBABILITY, row.probability), (Measure.SCORE, row.score))
                },
            }
            for row in sorted(self.rows, key=lambda row: (row.kind.value, row.reference_class.value))
        ]
        return rfc8785.dumps({"format": FORMAT, "rows": rows}).decode()

    @property
    def digest(self) -> str:
        """SHA-256 over the document, in hexadecimal."""
        return sha256(self.document.encode()).hexdigest()

    @property
    def id(self) -> UUID:
        """The id of these very bands: equal bands have equal ids."""
        return uuid5(_NAMESPACE, self.digest)


def read(document: str) -> Bands:
    """
    Read a stored or given document.

    :raises BadBands: it is not one
    """
    try:
        given = json.loads(document)
    except ValueError as error:
        raise BadBands("The bands are not JSON.") from error
    if not isinstance(given, dict) or given.get("format") != FORMAT or set(given) != {"format", "rows"}:
        raise BadBands(f"Bands are an object with the format {FORMAT} and rows, and nothing else.")
    return of_rows(given["rows"])


def of_rows(rows: object) -> Bands:
    """
    Read rows as the API takes them.

    :raises BadBands: they are none
    """
    if not isinstance(rows, list) or not rows or len(rows) > len(MatchKind) * len(ReferenceClass):
        raise BadBands("Give a list of bands: one for each kind of match, and one for each class where it differs.")
    return Bands(tuple(_band(number, row) for number, row in enumerate(rows, 1)))


def _band(number: int, row: object) -> Band:
    names = {"kind", "reference_class", "probability", "score"}
    if not isinstance(row, Mapping) or set(row) != names:
        raise BadBands(f"Row {number} has these names, and no others: {', '.join(sorted(names))}.")
    try:
        kind, reference_class = MatchKind(row["kind"]), ReferenceClass(row["reference_class"])
    except ValueError as error:
        raise BadBands(f"Row {number}: {error}.") from error
    return Band(kind, reference_class, _thresholds(number, row["probability"]), _thresholds(number, row["score"]))


def _thresholds(number: int, given: Any) -> Thresholds:
    names = ("review_from", "block_from")
    if not isinstance(given, Mapping) or set(given) != set(names):
        raise BadBands(f"Row {number}: thresholds are review_from and block_from.")
    values = [given[name] for name in names]
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        raise BadBands(f"Row {number}: thresholds are whole millionths.")
    return Thresholds(*values)


def _any(kind: MatchKind, probability: tuple[int, int], score: tuple[int, int]) -> Band:
    return Band(kind, ReferenceClass.ANY, Thresholds(*probability), Thresholds(*score))


# As it was before there were bands: whatever recorded material was reported and not declared was refused.
BEFORE = Bands(
    (
        _any(MatchKind.EXACT, (0, 0), (0, 0)),
        _any(MatchKind.VERSION, (NEVER, NEVER), (NEVER, NEVER)),
        _any(MatchKind.VOICE, (NEVER, NEVER), (NEVER, NEVER)),
    )
)
# What is in force until two people activate something else. A machine refuses alone where at most one in a thousand
# such matches is wrong, and lets pass what is more likely wrong than right; a person looks at the rest. Where nothing
# says how often a detector errs, it accuses nobody alone, but for copied recordings, which are refused as they were.
SHIPPED = Bands(
    (
        _any(MatchKind.EXACT, (500_000, 999_000), (0, 0)),
        _any(MatchKind.VERSION, (500_000, 999_000), (0, NEVER)),
        _any(MatchKind.VOICE, (500_000, 999_000), (0, NEVER)),
    )
)
# Every version that a release shipped: decisions name them by id.
KNOWN: dict[UUID, Bands] = {bands.id: bands for bands in (BEFORE, SHIPPED)}
