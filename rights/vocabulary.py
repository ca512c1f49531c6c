"""The small frozen vocabularies of the trade that this path needs. Pure.

Use codes follow the project's table (DDEX UseType, CAWG and aipref are derived from them); right types follow CWR and
the AI rights negotiated since 2025.
"""

from __future__ import annotations

from enum import StrEnum


class Use(StrEnum):
    """What a licensee does with an asset."""

    INPUT = "infer.input"  # remix, cover, stem transform: the asset goes into a generated output
    DISTRIBUTE_OUTSIDE = "distribute.outside"  # the output leaves the licensee's own service
    DISTRIBUTE_INSIDE = "distribute.inside"  # the output stays within it


class RightType(StrEnum):
    """Which right a share is of."""

    AI_OUTPUT = "ai_output"


class PartyKind(StrEnum):
    """What a party is in law."""

    PERSON = "person"
    COMPANY = "company"
    SOCIETY = "society"
    ESTATE = "estate"


class Component(StrEnum):
    """A part of an output that somebody, or something, made (PRV-2)."""

    LYRICS = "lyrics"
    MELODY = "melody"
    ARRANGEMENT = "arrangement"
    LEAD_VOCAL = "lead_vocal"
    BACKING_VOCAL = "backing_vocal"
    INSTRUMENTS = "instruments"
    PRODUCTION = "production"
    MASTERING = "mastering"


class AiLevel(StrEnum):
    """How much of one component a machine made; never a percentage."""

    NONE = "none"
    PARTLY = "partly"
    ALL = "all"


class ConsentAct(StrEnum):
    """What happened to a consent."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What was decided about a submission."""

    CLEARED = "cleared"
    REFUSED = "refused"
    REVIEW = "review"
