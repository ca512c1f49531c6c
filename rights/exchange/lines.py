"""What a file of the trade says, line by line, whatever its format: values that an import turns into facts. Pure.

A reader yields these in the order of the file, and a ``Problem`` wherever a line cannot be taken. Keys are the file's
own: they join the lines of one file to each other and mean nothing outside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from rights.describing import Description

RAW_CHARACTERS = 200  # how much of a bad value is kept, so that somebody can find it in the file


@dataclass(frozen=True)
class Problem:
    """Why one line is not taken: which field, a stable code, a sentence with the way out, and what stood there."""

    line: int  # 1 is the first line of the file; of XML, the line of the element
    field: str
    code: str
    sentence: str
    raw: str = ""
    is_fatal: bool = False  # nothing behind it can be trusted: nothing of the file is taken
    is_taken: bool = False  # the line is taken all the same; somebody should look at it
    header: tuple[str, ...] = ()  # of a sheet: its columns, so that the row can be given back for correction
    cells: tuple[str, ...] = ()  # of a sheet: the row as it was read


@dataclass(frozen=True)
class WrittenCode:
    """An identifier as it was written, under the name of its scheme (``rights.identifiers.Scheme``)."""

    scheme: str
    raw: str
    namespace: str = ""  # of a proprietary identifier


@dataclass(frozen=True)
class PartyLine:
    """Somebody that a file names."""

    line: int
    key: str
    name: str
    kind: str = ""  # a PartyKind, empty where the file does not say
    codes: tuple[WrittenCode, ...] = ()


@dataclass(frozen=True)
class WorkLine:
    """A composition."""

    line: int
    key: str
    title: str
    codes: tuple[WrittenCode, ...] = ()


@dataclass(frozen=True)
class Contributor:
    """Who made what in a recording, in the words of the format. What the file does not say is empty, never "None"."""

    party_key: str  # empty: no party, see special
    roles: tuple[str, ...] = ()
    ai_contribution: str = ""  # DDEX AiContribution: All, Partly or None
    special: str = ""  # DDEX SpecialContributor: GenerativeAI, Traditional, VariousArtists or UserDefined


@dataclass(frozen=True)
class RecordingLine:
    """A recording, with the works that the file says are in it."""

    line: int
    key: str
    title: str
    codes: tuple[WrittenCode, ...] = ()
    work_keys: tuple[str, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    duration_ms: int | None = None  # as the file says, not measured
    contains_ai: str = ""  # DDEX ContainsAI: All, Partly or None; empty is unknown, which is not None
    description: Description = field(default_factory=Description)  # as the holder describes it


@dataclass(frozen=True)
class ReleaseLine:
    """A release, with its recordings in their order. A second line of a key adds recordings behind those before it."""

    line: int
    key: str
    title: str
    codes: tuple[WrittenCode, ...] = ()
    recording_keys: tuple[str, ...] = ()
    is_continued: bool = False  # a line before this one had the same key


@dataclass(frozen=True)
class ShareLine:
    """A claim: a part of a right in an asset. ``part`` is exact; ``written`` is the decimal as the file had it."""

    line: int
    asset_kind: str  # "recording" or "work"
    asset_key: str
    party_key: str
    right_type: str
    part: Fraction
    written: str
    basis: str = "ownership"  # or "collection" (CWR keeps them apart, SHR-1), or "manuscript": who wrote how much
    role: str = ""  # the writer's or publisher's role code, as the format has it
    territories: tuple[str, ...] = ("2136",)
    active_from: date | None = None
    active_to: date | None = None
    is_normalized: bool = False  # part is not what is written: rounded decimals of a set were made exact


@dataclass(frozen=True)
class ConsentLine:
    """A grant that was made on paper and is now written down."""

    line: int
    key: str
    grantor_key: str
    actor_key: str
    asset_kind: str
    asset_key: str
    licensee_key: str  # empty: any licensee
    uses: tuple[str, ...]
    territories: tuple[str, ...]
    active_from: date
    active_to: date | None
    document_digest: str


Line = PartyLine | WorkLine | RecordingLine | ReleaseLine | ShareLine | ConsentLine | Problem


@dataclass(frozen=True)
class Heading:
    """What a file says about itself."""

    format: str
    version: str
    sender: str = ""
    recipient: str = ""
    message_id: str = ""
    created: str = ""  # as written
    counts: dict[str, int] = field(default_factory=dict)  # what its trailers promise
