"""
What was measured in one piece of audio: values that pass between rooms, and the document they are kept as.

A document holds strings, integers, lists and objects only, so that its RFC 8785 form is the same bytes
everywhere. Times are milliseconds, shares and ratios are millionths.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast
from uuid import UUID

import rfc8785

FORMAT: Final = "fingerprint-evidence/1"
EXACT_MATCH: Final = "exact_match"

_Json = dict[str, Any]  # its values are checked while they are written
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LARGEST_INTEGER = 2**53 - 1  # beyond it, RFC 8785 numbers are no longer exact


class NotEvidence(Exception):
    """The document is no evidence of a kind this release reads."""


@dataclass(frozen=True)
class Segment:
    """A stretch of audio, from its first millisecond to the one behind its last."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Match:
    """
    A stretch of the examined audio that sounds like a stretch of a reference, position by position.

    `time_ratio_millionths` is how much of the reference passes while a million units of the output do:
    1,050,000 when the output plays five per cent faster. `bit_error_millionths` is the share of fingerprint
    bits that differ, about half a million for unrelated audio. `score_millionths` grows with length and
    closeness, from half a million, the least that is reported, toward a million; it ranks matches and is no
    probability.
    """

    kind: Literal["exact_match"]
    reference_id: UUID
    output: Segment
    reference: Segment
    time_ratio_millionths: int
    bit_error_millionths: int
    score_millionths: int


@dataclass(frozen=True)
class Evidence:
    """
    Everything one examination measured, and what it measured with.

    `matches` stand in the order of their place in the output. No match means that nothing in this index was
    found by this algorithm, not that nothing is there.
    """

    audio_digest: str
    duration_ms: int
    algorithm: str
    parameters: tuple[tuple[str, str], ...]
    index_snapshot: str
    index_size: int
    matches: tuple[Match, ...]
    peak_millionths: int
    rms_millionths: int

    def to_document(self) -> dict[str, object]:
        """Say the same in strings, integers, lists and objects."""
        return {
            "format": FORMAT,
            "audio_digest": self.audio_digest,
            "duration_ms": self.duration_ms,
            "algorithm": self.algorithm,
            "parameters": dict(self.parameters),
            "index_snapshot": self.index_snapshot,
            "index_size": self.index_size,
            "matches": [
                {
                    "kind": match.kind,
                    "reference_id": str(match.reference_id),
                    "output": {"start_ms": match.output.start_ms, "end_ms": match.output.end_ms},
                    "reference": {"start_ms": match.reference.start_ms, "end_ms": match.reference.end_ms},
                    "time_ratio_millionths": match.time_ratio_millionths,
                    "bit_error_millionths": match.bit_error_millionths,
                    "score_millionths": match.score_millionths,
                }
                for match in self.matches
            ],
            "peak_millionths": self.peak_millionths,
            "rms_millionths": self.rms_millionths,
        }

    def to_bytes(self) -> bytes:
        """Write the document as RFC 8785 canonical JSON, the bytes that are kept and hashed."""
        return rfc8785.dumps(cast("_Json", self.to_document()))

    @classmethod
    def from_document(cls, document: object) -> "Evidence":
        """
        Read a document back.

        Checks its shape and nothing else: whether it is the document that was logged is for its digest to
        say.

        :raises NotEvidence: another format, a missing or an additional name, or a value of the wrong type
        """
        given = _Reader(document, "evidence")
        if given.text("format") != FORMAT:
            raise NotEvidence(f"The document's format is not {FORMAT}.")
        evidence = cls(
            audio_digest=given.digest("audio_digest"),
            duration_ms=given.integer("duration_ms"),
            algorithm=given.text("algorithm"),
            parameters=given.texts("parameters"),
            index_snapshot=given.digest("index_snapshot"),
            index_size=given.integer("index_size"),
            matches=tuple(_match(item) for item in given.items("matches")),
            peak_millionths=given.integer("peak_millionths"),
            rms_millionths=given.integer("rms_millionths"),
        )
        given.end()
        return evidence


def _match(document: object) -> Match:
    given = _Reader(document, "match")
    if given.text("kind") != EXACT_MATCH:
        raise NotEvidence("A match is of a kind this release does not know.")
    match = Match(
        kind=EXACT_MATCH,
        reference_id=given.uuid("reference_id"),
        output=_segment(given.value("output")),
        reference=_segment(given.value("reference")),
        time_ratio_millionths=given.integer("time_ratio_millionths"),
        bit_error_millionths=given.integer("bit_error_millionths"),
        score_millionths=given.integer("score_millionths"),
    )
    given.end()
    return match


def _segment(document: object) -> Segment:
    given = _Reader(document, "segment")
    segment = Segment(given.integer("start_ms"), given.integer("end_ms"))
    given.end()
    if segment.end_ms < segment.start_ms:
        raise NotEvidence("A segment ends before it begins.")
    return segment


class _Reader:
    """Takes every name of an object once, and knows what is left."""

    def __init__(self, document: object, what: str) -> None:
        if not isinstance(document, Mapping):
            raise NotEvidence(f"The {what} is not an object.")
        self._left = dict(document)
        self._what = what

    def value(self, name: str) -> object:
        if name not in self._left:
            raise NotEvidence(f"The {self._what} has no {name}.")
        return self._left.pop(name)

    def text(self, name: str) -> str:
        value = self.value(name)
        if not isinstance(value, str):
            raise NotEvidence(f"The {self._what}'s {name} is not a string.")
        return value

    def integer(self, name: str) -> int:
        value = self.value(name)
        # JSON's true is Python's 1.
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_INTEGER:
            raise NotEvidence(f"The {self._what}'s {name} is not a whole number from zero to 2^53 - 1.")
        return value

    def digest(self, name: str) -> str:
        value = self.text(name)
        if not _DIGEST.fullmatch(value):
            raise NotEvidence(f"The {self._what}'s {name} is not a SHA-256 digest in hexadecimal.")
        return value

    def uuid(self, name: str) -> UUID:
        value = self.text(name)
        try:
            found = UUID(value)
        except ValueError as error:
            raise NotEvidence(f"The {self._what}'s {name} is not a UUID.") from error
        if str(found) != value:
            raise NotEvidence(f"The {self._what}'s {name} is not written as UUIDs are.")
        return found

    def texts(self, name: str) -> tuple[tuple[str, str], ...]:
        given = _Reader(self.value(name), name)
        return tuple((key, given.text(key)) for key in sorted(given._left))

    def items(self, name: str) -> Sequence[object]:
        value = self.value(name)
        if not isinstance(value, list | tuple):
            raise NotEvidence(f"The {self._what}'s {name} is not a list.")
        return value

    def end(self) -> None:
        if self._left:
            raise NotEvidence(f"The {self._what} has a name this release does not know: {min(self._left)!r}.")
