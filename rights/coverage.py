"""
What a dataset or the index of references covers (CHK-7): counted by genre, language, region, era, lead voice. Pure.

A recording that is of two genres counts in both, so groups may add up to more than the whole. What nobody described is
a group of its own, as is what two holders describe differently where only one of them can be right. Intervals are of
95 per cent (Wilson's), and below ten cases nothing is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from math import sqrt
from uuid import UUID

import pycountry

from rights import territories
from rights.describing import Description

UNKNOWN = ""
DIFFERENTLY = "?"
FEWEST_SHOWN = 5  # a group about people that is smaller is not shown apart
FEWEST_JUDGED = 10  # below it a rate says nothing
_Z = 1.959964  # of 95 per cent


class Dimension(StrEnum):
    """By what is counted."""

    GENRE = "genre"
    LANGUAGE = "language"
    REGION = "region"
    ERA = "era"
    LEAD_VOICE = "lead_voice"


NAMES = {
    Dimension.GENRE: "Genre",
    Dimension.LANGUAGE: "Language of the lyrics",
    Dimension.REGION: "Region",
    Dimension.ERA: "Era of the recording",
    Dimension.LEAD_VOICE: "Lead voice, as a holder describes it",
}
ABOUT_PEOPLE = frozenset({Dimension.LEAD_VOICE})  # where a small group could point to somebody
_ONE_TRUTH = frozenset({Dimension.ERA, Dimension.LEAD_VOICE})  # where two descriptions cannot both be right
_VOICES = {
    "female": "Female",
    "male": "Male",
    "several": "Several voices",
    "other": "Other",
    "none": "No voice: instrumental",
}


@dataclass(frozen=True)
class Unit:
    """Something that is counted: a recording with all that stands about it, or a work that is there as words alone."""

    id: UUID
    duration_ms: int | None = None  # None: no audio of it is here
    descriptions: tuple[Description, ...] = ()  # the newest one of each describer
    lyrics: tuple[str, ...] = ()  # languages in which its works have words
    is_recording: bool = True

    def groups(self, by: Dimension) -> frozenset[str]:
        """Return the groups that it is in: at least one."""
        said = frozenset(word for one in self.descriptions for word in _said(one, by))
        if by is Dimension.LANGUAGE:
            said |= {primary(tag) for tag in self.lyrics}
        if len(said) > 1 and by in _ONE_TRUTH:
            return frozenset({DIFFERENTLY})
        return said or frozenset({UNKNOWN})


def _said(one: Description, by: Dimension) -> tuple[str, ...]:
    match by:
        case Dimension.GENRE:
            return one.genres
        case Dimension.LANGUAGE:
            return tuple(primary(tag) for tag in one.languages)
        case Dimension.REGION:
            return one.regions
        case Dimension.ERA:
            return () if one.recorded_year is None else (f"{one.recorded_year // 10 * 10}",)
        case Dimension.LEAD_VOICE:
            return () if one.lead_voice is None else (one.lead_voice.value,)


def primary(tag: str) -> str:
    """Return the language of a tag without its script and country: pt of pt-BR."""
    return tag.partition("-")[0].lower()


@lru_cache(maxsize=4096)
def label(by: Dimension, group: str) -> str:
    """Return what people call a group."""
    if group == UNKNOWN:
        return "Unknown: nobody described it"
    if group == DIFFERENTLY:
        return "Described differently"
    match by:
        case Dimension.LANGUAGE:
            return _language(group)
        case Dimension.REGION:
            return territories.name(group)
        case Dimension.ERA:
            return f"{group}s"
        case Dimension.LEAD_VOICE:
            return _VOICES.get(group, group)
    return group[:1].upper() + group[1:]


def _language(code: str) -> str:
    if code == "zxx":
        return "No words"
    found = pycountry.languages.get(alpha_2=code) if len(code) == 2 else pycountry.languages.get(alpha_3=code)
    return str(found.name) if found else code


@dataclass
class Coverage:
    """Recordings counted by every dimension, one after the other: memory grows with the groups, not with them."""

    recordings: int = 0
    others: int = 0  # works and lyrics that are there without a recording: they have a language and no more
    timed: int = 0  # recordings whose audio is here
    duration_ms: int = 0
    described: int = 0
    counts: dict[Dimension, Counter[str]] = field(default_factory=lambda: {by: Counter() for by in Dimension})
    durations: dict[Dimension, Counter[str]] = field(default_factory=lambda: {by: Counter() for by in Dimension})

    def add(self, unit: Unit) -> None:
        """Count one."""
        if not unit.is_recording:
            self.others += 1
            self.counts[Dimension.LANGUAGE].update(unit.groups(Dimension.LANGUAGE))
            return
        self.recordings += 1
        self.described += bool(unit.descriptions)
        if unit.duration_ms is not None:
            self.timed += 1
            self.duration_ms += unit.duration_ms
        for by in Dimension:
            groups = unit.groups(by)
            self.counts[by].update(groups)
            if unit.duration_ms:
                self.durations[by].update(dict.fromkeys(groups, unit.duration_ms))

    def whole(self, by: Dimension) -> int:
        """Return of how many the groups of a dimension are."""
        return self.recordings + (self.others if by is Dimension.LANGUAGE else 0)


@dataclass(frozen=True)
class Row:
    """One group: how much of it there is, beside what it is compared with."""

    group: str | None  # None: several small groups together
    name: str
    count: int
    whole: int
    duration_ms: int
    compared: int | None
    compared_whole: int

    @property
    def share(self) -> tuple[int, int]:
        """Its part of the whole, exactly."""
        return self.count, self.whole

    @property
    def is_unknown(self) -> bool:
        """Whether it is what nobody described."""
        return self.group == UNKNOWN


def rows(of: Coverage, by: Dimension, *, beside: Coverage | None = None) -> tuple[Row, ...]:
    """
    Return the groups of a dimension, the largest first and what is unknown last; eras in their order.

    Small groups about people are added up, with as many more as it takes that none of them can be worked out.
    """
    compared = beside.counts[by] if beside else Counter[str]()
    names = set(of.counts[by]) | set(compared)
    found = [
        Row(
            name,
            label(by, name),
            of.counts[by][name],
            of.whole(by),
            of.durations[by][name],
            compared[name] if beside else None,
            beside.whole(by) if beside else 0,
        )
        for name in names
    ]
    found.sort(key=lambda row: (row.is_unknown, row.group if by is Dimension.ERA else -row.count, row.name))
    return _without_small(found) if by in ABOUT_PEOPLE else tuple(found)


def _without_small(found: Sequence[Row]) -> tuple[Row, ...]:
    def is_small(row: Row) -> bool:
        return 0 < row.count < FEWEST_SHOWN or (row.compared is not None and 0 < row.compared < FEWEST_SHOWN)

    known = [row for row in found if not row.is_unknown]
    small = [row for row in known if is_small(row)]
    if not small:
        return tuple(found)
    # What is left over must not be one small group's own number either: subtracting would tell it.
    large = sorted((row for row in known if row not in small), key=lambda row: (row.count, row.name))
    while large and (len(small) < 2 or sum(row.count for row in small) < FEWEST_SHOWN):
        small.append(large.pop(0))
    together = Row(
        None,
        f"Groups of fewer than {FEWEST_SHOWN}, together",
        sum(row.count for row in small),
        small[0].whole,
        sum(row.duration_ms for row in small),
        sum(row.compared or 0 for row in small) if small[0].compared is not None else None,
        small[0].compared_whole,
    )
    kept = [row for row in known if row not in small]
    return (*kept, together, *(row for row in found if row.is_unknown))


@dataclass(frozen=True)
class Flags:
    """How often matches on recordings of a group were found wrong by people, of those that people judged."""

    group: str | None
    name: str
    matches: int
    judged: int
    wrong: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return between which shares the rate lies with 95 per cent confidence; None where too few were judged."""
        return wilson(self.wrong, self.judged) if self.judged >= FEWEST_JUDGED else None


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return Wilson's interval of a share that was seen ``hits`` times of ``of``."""
    rate, z2 = hits / of, _Z * _Z
    middle = (rate + z2 / (2 * of)) / (1 + z2 / of)
    reach = _Z * sqrt(rate * (1 - rate) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True)
class Flagged:
    """One recording that an output was flagged for, and what people made of it."""

    unit: Unit
    is_wrong: bool | None  # None: nobody judged the match


def flags(found: Iterable[Flagged]) -> Mapping[Dimension, tuple[Flags, ...]]:
    """Count matches by every dimension; about people, groups with fewer than five matches are added up."""
    counts: dict[Dimension, dict[str, list[int]]] = {by: {} for by in Dimension}
    for one in found:
        for by in Dimension:
            for group in one.unit.groups(by):
                row = counts[by].setdefault(group, [0, 0, 0])
                row[0] += 1
                row[1] += one.is_wrong is not None
                row[2] += one.is_wrong is True
    return {by: _flags(by, counts[by]) for by in Dimension}


def _flags(by: Dimension, counts: Mapping[str, Sequence[int]]) -> tuple[Flags, ...]:
    found = [Flags(group, label(by, group), *numbers) for group, numbers in counts.items()]
    if by in ABOUT_PEOPLE:
        small = [row for row in found if row.matches < FEWEST_SHOWN and row.group != UNKNOWN]
        if small:
            found = [row for row in found if row not in small]
            found.append(
                Flags(
                    None,
                    f"Groups of fewer than {FEWEST_SHOWN}, together",
                    sum(row.matches for row in small),
                    sum(row.judged for row in small),
                    sum(row.wrong for row in small),
                )
            )
    return tuple(sorted(found, key=lambda row: (row.group == UNKNOWN, row.group is None, -row.matches, row.name)))
