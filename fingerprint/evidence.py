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

FORMAT: Final = "fingerprint-evidence/2"
_FIRST_FORMAT: Final = "fingerprint-evidence/1"  # one detector, Chromaprint; still read

Kind = Literal["exact_match", "version_match", "voice_match"]
EXACT_MATCH: Final = "exact_match"
VERSION_MATCH: Final = "version_match"
VOICE_MATCH: Final = "voice_match"
DRUM_MACHINE: Final = "drum_machine"  # a measure: all that the match rests on is the pattern of a drum machine
SHARED_WITH: Final = "shared_with"  # a measure: in how many unrelated recordings the same is heard as well
COMMON: Final = "common_material"
KINDS: Final[tuple[Kind, ...]] = (EXACT_MATCH, VERSION_MATCH, VOICE_MATCH)

_Json = dict[str, Any]  # its values are checked while they are written
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LARGEST_INTEGER = 2**53 - 1  # beyond it, RFC 8785 numbers are no longer exact
_MILLION = 1_000_000


class NotEvidence(Exception):
    """The document is no evidence of a kind this release reads."""


@dataclass(frozen=True)
class Segment:
    """A stretch of audio, from its first millisecond to the one behind its last."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Detector:
    """
    What looked for one kind of match, and against what: enough to look again (CHK-2).

    `index_snapshot` is a SHA-256 that names the content of everything it was compared with, `index_size` counts it.
    """

    kind: Kind
    algorithm: str
    parameters: tuple[tuple[str, str], ...]
    index_snapshot: str
    index_size: int


@dataclass(frozen=True)
class Match:
    """
    A stretch of the examined audio that is like a stretch of a reference, as one detector measured it.

    `reference_id` is a reference's, or for a voice that of its enrollment. `time_ratio_millionths` is how much of the
    reference passes while a million units of the output do: 1,050,000 when the output plays five per cent faster.
    `pitch_shift_cents` is how much higher the output sounds. `score_millionths` ranks the matches of one algorithm
    and is no probability; `probability_millionths` is one: how many of a million such matches are right where the
    detector was calibrated, and None where it was not. `measures` are further figures by name, such as the share of
    fingerprint bits that differ.
    """

    kind: Kind
    algorithm: str
    reference_id: UUID
    output: Segment
    reference: Segment
    time_ratio_millionths: int
    pitch_shift_cents: int
    score_millionths: int
    probability_millionths: int | None = None
    measures: tuple[tuple[str, int], ...] = ()

    def measure(self, name: str) -> int | None:
        """Return a further figure, or None where this algorithm has none of that name."""
        return dict(self.measures).get(name)

    @property
    def is_common(self) -> bool:
        """Whether what it rests on is in unrelated recordings too, or in whatever was made with the same box."""
        return bool(self.measure(DRUM_MACHINE) or self.measure(SHARED_WITH))

    def to_document(self) -> dict[str, object]:
        """Say the same in strings, integers and objects."""
        return {
            "kind": self.kind,
            "algorithm": self.algorithm,
            "reference_id": str(self.reference_id),
            "output": {"start_ms": self.output.start_ms, "end_ms": self.output.end_ms},
            "reference": {"start_ms": self.reference.start_ms, "end_ms": self.reference.end_ms},
            "time_ratio_millionths": self.time_ratio_millionths,
            "pitch_shift_cents": self.pitch_shift_cents,
            "score_millionths": self.score_millionths,
            "probability_millionths": self.probability_millionths,
            "measures": dict(self.measures),
        }

    @classmethod
    def from_document(cls, document: object) -> "Match":
        """
        Read it back.

        :raises NotEvidence: a missing or an additional name, or a value of the wrong type
        """
        return _match(document)


@dataclass(frozen=True)
class Detection:
    """What one detector has to say about one piece of audio."""

    detector: Detector
    matches: tuple[Match, ...]


@dataclass(frozen=True)
class Evidence:
    """
    Everything one examination measured, and what it measured with.

    `matches` stand in the order of their place in the output. No match means that nothing was found by these
    detectors in what they were compared with, not that nothing is there. Levels are those of the sound in mono;
    `loudness_centi_lufs` is the loudness of the whole program as it came (ITU-R BS.1770), in hundredths, and None where
    it was not measured or nothing is loud enough to have one.
    """

    audio_digest: str
    duration_ms: int
    detectors: tuple[Detector, ...]
    matches: tuple[Match, ...]
    peak_millionths: int
    rms_millionths: int
    loudness_centi_lufs: int | None = None
    silence_ms: int = 0
    leading_silence_ms: int = 0
    trailing_silence_ms: int = 0

    def of_kind(self, kind: Kind) -> tuple[Match, ...]:
        """Return the matches of one kind."""
        return tuple(match for match in self.matches if match.kind == kind)

    def to_document(self) -> dict[str, object]:
        """Say the same in strings, integers, lists and objects."""
        return {
            "format": FORMAT,
            "audio_digest": self.audio_digest,
            "duration_ms": self.duration_ms,
            "detectors": [
                {
                    "kind": detector.kind,
                    "algorithm": detector.algorithm,
                    "parameters": dict(detector.parameters),
                    "index_snapshot": detector.index_snapshot,
                    "index_size": detector.index_size,
                }
                for detector in self.detectors
            ],
            "matches": [match.to_document() for match in self.matches],
            "peak_millionths": self.peak_millionths,
            "rms_millionths": self.rms_millionths,
            "loudness_centi_lufs": self.loudness_centi_lufs,
            "silence_ms": self.silence_ms,
            "leading_silence_ms": self.leading_silence_ms,
            "trailing_silence_ms": self.trailing_silence_ms,
        }

    def to_bytes(self) -> bytes:
        """Write the document as RFC 8785 canonical JSON, the bytes that are kept and hashed."""
        return rfc8785.dumps(cast("_Json", self.to_document()))

    @classmethod
    def from_document(cls, document: object) -> "Evidence":
        """
        Read a document back, of this format or of the first one.

        Checks its shape and nothing else: whether it is the document that was logged is for its digest to
        say.

        :raises NotEvidence: another format, a missing or an additional name, or a value of the wrong type
        """
        given = _Reader(document, "evidence")
        loudness, silences = None, (0, 0, 0)
        match given.text("format"):
            case str(name) if name == FORMAT:
                detectors = tuple(_detector(item) for item in given.items("detectors"))
                matches = tuple(_match(item) for item in given.items("matches"))
                loudness = given.loudness("loudness_centi_lufs")
                silences = (
                    given.integer("silence_ms"),
                    given.integer("leading_silence_ms"),
                    given.integer("trailing_silence_ms"),
                )
            case str(name) if name == _FIRST_FORMAT:
                detectors = (_detector_of_first_format(given),)
                matches = tuple(_match_of_first_format(item, detectors[0]) for item in given.items("matches"))
            case _:
                raise NotEvidence(f"The document's format is neither {FORMAT} nor {_FIRST_FORMAT}.")
        evidence = cls(
            audio_digest=given.digest("audio_digest"),
            duration_ms=given.integer("duration_ms"),
            detectors=detectors,
            matches=matches,
            peak_millionths=given.integer("peak_millionths"),
            rms_millionths=given.integer("rms_millionths"),
            loudness_centi_lufs=loudness,
            silence_ms=silences[0],
            leading_silence_ms=silences[1],
            trailing_silence_ms=silences[2],
        )
        given.end()
        known = {(detector.kind, detector.algorithm) for detector in detectors}
        if any((match.kind, match.algorithm) not in known for match in matches):
            raise NotEvidence("A match is by an algorithm that is not among the detectors.")
        return evidence


def _detector(document: object) -> Detector:
    given = _Reader(document, "detector")
    detector = Detector(
        kind=given.kind(),
        algorithm=given.text("algorithm"),
        parameters=given.texts("parameters"),
        index_snapshot=given.digest("index_snapshot"),
        index_size=given.integer("index_size"),
    )
    given.end()
    return detector


def _match(document: object) -> Match:
    given = _Reader(document, "match")
    match = Match(
        kind=given.kind(),
        algorithm=given.text("algorithm"),
        reference_id=given.uuid("reference_id"),
        output=_segment(given.value("output")),
        reference=_segment(given.value("reference")),
        time_ratio_millionths=given.integer("time_ratio_millionths"),
        pitch_shift_cents=given.integer("pitch_shift_cents", least=-_LARGEST_INTEGER),
        score_millionths=given.integer("score_millionths"),
        probability_millionths=given.probability("probability_millionths"),
        measures=given.integers("measures"),
    )
    given.end()
    return match


def _detector_of_first_format(given: "_Reader") -> Detector:
    return Detector(
        kind=EXACT_MATCH,
        algorithm=given.text("algorithm"),
        parameters=given.texts("parameters"),
        index_snapshot=given.digest("index_snapshot"),
        index_size=given.integer("index_size"),
    )


def _match_of_first_format(document: object, detector: Detector) -> Match:
    given = _Reader(document, "match")
    if given.text("kind") != EXACT_MATCH:
        raise NotEvidence("A match is of a kind that its format does not know.")
    match = Match(
        kind=EXACT_MATCH,
        algorithm=detector.algorithm,
        reference_id=given.uuid("reference_id"),
        output=_segment(given.value("output")),
        reference=_segment(given.value("reference")),
        time_ratio_millionths=given.integer("time_ratio_millionths"),
        pitch_shift_cents=0,
        score_millionths=given.integer("score_millionths"),
        measures=(("bit_error_millionths", given.integer("bit_error_millionths")),),
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

    def integer(self, name: str, *, least: int = 0) -> int:
        value = self.value(name)
        # JSON's true is Python's 1.
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _LARGEST_INTEGER:
            start = "zero" if least == 0 else "1 - 2^53"
            raise NotEvidence(f"The {self._what}'s {name} is not a whole number from {start} to 2^53 - 1.")
        return value

    def probability(self, name: str) -> int | None:
        if self._left.get(name, ...) is None:
            self._left.pop(name)
            return None
        value = self.integer(name)
        if value > _MILLION:
            raise NotEvidence(f"The {self._what}'s {name} is more than a million.")
        return value

    def loudness(self, name: str) -> int | None:
        if self._left.get(name, ...) is None:
            self._left.pop(name)
            return None
        return self.integer(name, least=-_LARGEST_INTEGER)

    def kind(self) -> Kind:
        value = self.text("kind")
        for kind in KINDS:
            if value == kind:
                return kind
        raise NotEvidence(f"The {self._what} is of a kind this release does not know.")

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

    def integers(self, name: str) -> tuple[tuple[str, int], ...]:
        given = _Reader(self.value(name), name)
        return tuple((key, given.integer(key, least=-_LARGEST_INTEGER)) for key in sorted(given._left))

    def items(self, name: str) -> Sequence[object]:
        value = self.value(name)
        if not isinstance(value, list | tuple):
            raise NotEvidence(f"The {self._what}'s {name} is not a list.")
        return value

    def end(self) -> None:
        if self._left:
            raise NotEvidence(f"The {self._what} has a name this release does not know: {min(self._left)!r}.")
