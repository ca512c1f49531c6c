"""
What a question of an audit is asked with: which period, where, of whom, as at which day, as known at which moment.

Pure. Whatever comes in is text; what goes on is typed, or a sentence that names the field and the way out. A period may
be given in words, so that a question that is kept asks about another month each time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from rights import territories

MOST_LETTERS = 64
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WORD = re.compile(r"[A-Za-z0-9._:+/-]+")
_COUNTRY = re.compile(r"[A-Z]{2}")


class BadParameter(Exception):
    """What a question is asked with is not as it must be."""

    def __init__(self, field: str, sentence: str) -> None:
        """Keep the field that it is about."""
        super().__init__(sentence)
        self.field = field


class Kind(StrEnum):
    """What a parameter is."""

    DAY = "day"
    MOMENT = "moment"
    COUNTRY = "country"
    ID = "id"
    WORD = "word"
    COUNT = "count"


class Period(StrEnum):
    """A period in words, relative to the day on which it is asked."""

    LAST_MONTH = "last_month"
    THIS_MONTH = "this_month"
    LAST_QUARTER = "last_quarter"
    LAST_YEAR = "last_year"
    THIS_YEAR = "this_year"
    EVERYTHING = "everything"


PERIODS = {
    Period.LAST_MONTH: "Last month",
    Period.THIS_MONTH: "This month",
    Period.LAST_QUARTER: "Last quarter",
    Period.LAST_YEAR: "Last year",
    Period.THIS_YEAR: "This year",
    Period.EVERYTHING: "All time",
}
_EVER = (date(1900, 1, 1), date(2200, 1, 1))


@dataclass(frozen=True)
class Parameter:
    """One thing that a question may be asked with."""

    name: str
    label: str
    kind: Kind
    help: str = ""
    is_required: bool = False
    least: int = 0
    most: int = 1_000_000
    default: str = ""


PERIOD_FROM = Parameter("period_from", "From", Kind.DAY, "The first day", is_required=True)
PERIOD_TO = Parameter("period_to", "To before", Kind.DAY, "The first day after", is_required=True)
TERRITORY = Parameter("territory", "Country", Kind.COUNTRY, "Two letters, as DE; empty: everywhere")
PARTY = Parameter("party", "Party", Kind.ID, "Id of a party; empty: everybody")
AS_AT = Parameter("as_at", "As at", Kind.DAY, "The day that is asked about; empty: the day of knowledge")
KNOWN_AT = Parameter(
    "known_at",
    "As known at",
    Kind.MOMENT,
    "Only what was on record by then, in UTC; empty: at the newest checkpoint of the log",
)
PERIOD = (PERIOD_FROM, PERIOD_TO)


@dataclass(frozen=True)
class Asked:
    """A question's parameters, typed; those that it does not have are empty."""

    known_at: datetime
    period_from: date = _EVER[0]
    period_to: date = _EVER[1]
    territory: str = ""
    party: UUID | None = None
    as_at: date = _EVER[0]
    subject: UUID | None = None
    word: str = ""
    days: int = 0
    size: int = 0
    seed: str = ""
    size_from: int = 0
    size_to: int = 0

    def document(self, parameters: Sequence[Parameter]) -> dict[str, str]:
        """Say what was asked as text, each parameter of the question and when it was known."""
        names = [*(one.name for one in parameters if one.name != "known_at"), "known_at"]
        return {name: _said(getattr(self, FIELDS.get(name, name))) for name in names}


# What a question calls a parameter, where that is not what it is called in ``Asked``.
FIELDS = {"withdrawal": "subject", "dossier": "subject", "algorithm": "word"}
_NAMES = {one.name for one in fields(Asked)}


def _said(value: object) -> str:
    if value is None:
        return ""
    return moment(value) if isinstance(value, datetime) else str(value)


def moment(value: datetime) -> str:
    """Write a moment in UTC, to the microsecond."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(parameters: Sequence[Parameter], given: Mapping[str, str], *, now: datetime, settled_at: datetime) -> Asked:
    """
    Return what is asked.

    :param settled_at: the newest moment of which the log has said everything: as known at it, unless asked otherwise
    :raises BadParameter: something is missing, or not as it must be, or no parameter of this question
    """
    known = {one.name for one in parameters} | {"known_at"}
    given = {name: value.strip() for name, value in given.items() if value.strip()}
    if "period" in given and {"period_from", "period_to"} <= known:
        if {"period_from", "period_to"} & given.keys():
            raise BadParameter("period", "Say the period in words or by its days, not both.")
        first, last = days_of(given.pop("period"), on=now.date())
        given |= {"period_from": first.isoformat(), "period_to": last.isoformat()}
    for name in given:
        if name not in known:
            raise BadParameter(name, f"This question has no parameter {name[:40]}. It has: {', '.join(sorted(known))}.")
    known_at = _moment(given["known_at"]) if "known_at" in given else settled_at
    if known_at > now:
        raise BadParameter("known_at", "This moment is still to come: nothing is known at it yet.")
    values: dict[str, object] = {}
    for one in parameters:
        if one.name == "known_at":
            continue
        text = given.get(one.name) or one.default
        if not text and one.is_required:
            raise BadParameter(one.name, f"{one.label}: this question needs it. {one.help}".strip())
        if text:
            values[FIELDS.get(one.name, one.name)] = _typed(one, text, now.date())
    if "as_at" in known:
        values.setdefault("as_at", known_at.date())
    asked = Asked(known_at=known_at, **values)  # type: ignore[arg-type]
    if asked.period_to <= asked.period_from:
        raise BadParameter("period_to", "The end lies behind the beginning: it is the first day after the period.")
    if "size_to" in values and asked.size_to < asked.size_from:
        raise BadParameter("size_to", "The later checkpoint is the larger one.")
    return asked


def _typed(one: Parameter, text: str, on: date) -> object:
    match one.kind:
        case Kind.DAY:
            return _day(one.name, text)
        case Kind.MOMENT:
            return _moment(text)
        case Kind.COUNTRY:
            if not _COUNTRY.fullmatch(text) or text not in territories.countries(on):
                raise BadParameter(one.name, "A country is two letters of ISO 3166-1, as DE.")
            return text
        case Kind.ID:
            try:
                return UUID(text)
            except ValueError as error:
                raise BadParameter(one.name, "An id is a UUID, as it stands at the top of a page.") from error
        case Kind.WORD:
            if len(text) > MOST_LETTERS or not _WORD.fullmatch(text):
                raise BadParameter(
                    one.name, f"{one.label}: at most {MOST_LETTERS} letters, digits and . _ : + / - without spaces."
                )
            return text
        case Kind.COUNT:
            if not re.fullmatch(r"\d{1,15}", text) or not one.least <= int(text) <= one.most:
                raise BadParameter(one.name, f"{one.label}: a whole number from {one.least} to {one.most}.")
            return int(text)


def _day(field: str, text: str) -> date:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError(text)  # noqa: TRY301
        found = date.fromisoformat(text)
    except ValueError as error:
        raise BadParameter(field, "A day is written as 2026-11-30.") from error
    if not _EVER[0] <= found <= _EVER[1]:
        raise BadParameter(field, f"A day lies between {_EVER[0]} and {_EVER[1]}.")
    return found


def _moment(text: str) -> datetime:
    """Read a moment; without an offset it is in UTC, and a day alone is its end."""
    try:
        if _DAY.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        if not _MOMENT.fullmatch(text):
            raise ValueError(text)  # noqa: TRY301
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadParameter("known_at", "A moment is written as 2026-11-30T12:00:00Z.") from error
    if not _EVER[0] <= found.date() <= _EVER[1]:
        raise BadParameter("known_at", f"A moment lies between {_EVER[0]} and {_EVER[1]}.")
    return found


def days_of(text: str, *, on: date) -> tuple[date, date]:
    """
    Return the days [from, to) of a period in words.

    :raises BadParameter: it is none of them
    """
    try:
        period = Period(text)
    except ValueError as error:
        raise BadParameter("period", f"A period in words is one of {', '.join(Period)}.") from error
    this = on.replace(day=1)
    match period:
        case Period.LAST_MONTH:
            return (this - timedelta(days=1)).replace(day=1), this
        case Period.THIS_MONTH:
            return this, (this + timedelta(days=31)).replace(day=1)
        case Period.LAST_QUARTER:
            begin = on.replace(month=(on.month - 1) // 3 * 3 + 1, day=1)
            before = begin - timedelta(days=1)
            return before.replace(month=(before.month - 1) // 3 * 3 + 1, day=1), begin
        case Period.LAST_YEAR:
            return date(on.year - 1, 1, 1), date(on.year, 1, 1)
        case Period.THIS_YEAR:
            return date(on.year, 1, 1), date(on.year + 1, 1, 1)
        case Period.EVERYTHING:
            return _EVER
