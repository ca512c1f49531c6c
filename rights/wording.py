"""
Terms of a license as people read them and as programs do, from one source (LIC-4). Pure.

The source is a JSON object. What is left out takes the value in brackets; what is not named here is refused:

====================  ================================================================================================
title                 one line
uses                  codes of ``rights.vocabulary.Use``, at least one
territories           codes as contracts write them, read from left to right
period                ``{"from": day, "to": day or null}`` or ``{"months": number}``
barred                codes of ``rights.vocabulary.Purpose`` [none]
exclusive             true or false [false]
approval              ``blanket``, ``project`` or ``output`` [blanket]
notice_days           number [0]
max_outputs           number or null [null: not limited]
influence             the most that one output may owe to one asset, ``"1/4"``, or null [null: not limited]
release_window        ``{"from": day or null, "to": day or null}`` or null [null: any day of the period]
model_versions        ``[{"id": UUID, "label": one line}]`` [none]
compensation          ``{"plan": {"commission", "creators", "masters": "1/2"} or null, "reference": one line or null}``
mfn                   ``[{"reference_class", "measure", "looks_back_to": day}]``, see ``rights.mfn`` [none]
clauses               ``[{"heading": {language: one line}, "text": {language: lines}}]`` [none]
====================  ================================================================================================

The data is that object with nothing left out, as RFC 8785 writes it. The text is rendered from it by the templates of a
language, says every value in it, and prevails. The same terms give the same bytes for ever within one release; both
are stored and hashed, so a later release with other templates changes nothing that was published.
"""

from __future__ import annotations

import gettext
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pycountry
import rfc8785

from rights import mfn, territories
from rights.mfn import Favor
from rights.vocabulary import ApprovalMode, Purpose, Use

_TEMPLATES: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "data" / "wording.json").read_text(encoding="utf-8")
)
LANGUAGES = tuple(_TEMPLATES)

LONGEST_LINE = 300
LONGEST_TEXT = 20_000
MOST_ROWS = 300
MOST_CLAUSES = 100
GREATEST = 2**31 - 1

T = TypeVar("T")
Code = TypeVar("Code", bound=StrEnum)


class BadTerms(Exception):
    """These are not terms: the docs list the fields."""


class NoSuchLanguage(Exception):
    """Terms are rendered in English (en) and in German (de)."""


class ClauseNotTranslated(Exception):
    """A further clause has no wording in this language: give it one, since it cannot be translated by a template."""


@dataclass(frozen=True)
class Division:
    """How receipts are divided; each part is of what the one before leaves."""

    commission: Fraction
    creators: Fraction
    masters: Fraction


@dataclass(frozen=True)
class FreeClause:
    """A clause in people's own words, by language."""

    heading: Mapping[str, str]
    text: Mapping[str, str]


@dataclass(frozen=True)
class Wording:
    """The terms of a license, as agreed for any licensee and any schedule."""

    title: str
    uses: tuple[Use, ...]
    territories: tuple[str, ...]
    active_from: date | None  # either the days …
    active_to: date | None
    months: int | None  # … or a number of months
    barred: tuple[Purpose, ...] = ()
    is_exclusive: bool = False
    approval: ApprovalMode = ApprovalMode.BLANKET
    notice_days: int = 0
    max_outputs: int | None = None
    influence: Fraction | None = None
    has_window: bool = False
    release_from: date | None = None
    release_to: date | None = None
    model_versions: tuple[tuple[UUID, str], ...] = ()
    plan: Division | None = None
    reference: str | None = None
    mfn: tuple[Favor, ...] = ()
    clauses: tuple[FreeClause, ...] = field(default=())


def digest(content: str) -> str:
    """Return the SHA-256 of a text or of data, in UTF-8."""
    return hashlib.sha256(content.encode()).hexdigest()


# --- from JSON


def read(document: object) -> Wording:
    """
    Return the terms that a JSON object states.

    It does not ask whether model versions and parties in it are registered.

    :raises BadTerms: a field is missing, unknown or malformed; the message names it
    :raises NoSuchTerritory: a code is not in the tables
    :raises NoTerritory: the territories leave no country
    """
    given = _object("terms", document, required={"title", "uses", "territories", "period"}, also=_OPTIONAL)
    codes = _list("territories", given["territories"], _code)
    if not codes:
        raise BadTerms("territories: name at least one")
    territories.check(codes)
    begin, end, months = _period(given["period"])
    window = given.get("release_window")
    release_from, release_to = (None, None) if window is None else _window(window)
    plan, reference = _compensation(given.get("compensation"))
    uses = _list("uses", given["uses"], _one_of(Use))
    if not uses:
        raise BadTerms("uses: name at least one; what is not named is not allowed")
    return Wording(
        title=_line("title", given["title"]),
        uses=tuple(sorted(set(uses))),
        territories=codes,
        active_from=begin,
        active_to=end,
        months=months,
        barred=tuple(sorted(set(_list("barred", given.get("barred", []), _one_of(Purpose))))),
        is_exclusive=_truth("exclusive", given.get("exclusive", False)),
        approval=_one_of(ApprovalMode)("approval", given.get("approval", "blanket")),
        notice_days=_number("notice_days", given.get("notice_days", 0), least=0, most=3650),
        max_outputs=_optional("max_outputs", given.get("max_outputs"), _count),
        influence=_optional("influence", given.get("influence"), _cap),
        has_window=window is not None,
        release_from=release_from,
        release_to=release_to,
        model_versions=_list("model_versions", given.get("model_versions", []), _model_version),
        plan=plan,
        reference=reference,
        mfn=_list("mfn", given.get("mfn", []), _favor),
        clauses=_list("clauses", given.get("clauses", []), _clause, most=MOST_CLAUSES),
    )


def parse(content: str) -> Wording:
    """
    Return the terms that JSON as text states.

    :raises BadTerms: it is not JSON, or as ``read`` says
    """
    try:
        document = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadTerms(f"terms: this is not JSON: {error}") from error
    return read(document)


_OPTIONAL = {
    "barred", "exclusive", "approval", "notice_days", "max_outputs", "influence", "release_window", "model_versions",
    "compensation", "mfn", "clauses",
}  # fmt: skip


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def _object(name: str, value: object, *, required: set[str], also: set[str] | None = None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadTerms(f"{name}: write an object")
    known = required | (also or set())
    for key in value:
        if key not in known:
            raise BadTerms(f"{name}: {str(key)[:40]!r} is not a field; there are {', '.join(sorted(known))}")
    for key in sorted(required):
        if key not in value:
            raise BadTerms(f"{name}: {key} is missing")
    return value


def _list(name: str, value: object, of: Callable[[str, Any], T], *, most: int = MOST_ROWS) -> tuple[T, ...]:
    if not isinstance(value, list):
        raise BadTerms(f"{name}: write a list")
    if len(value) > most:
        raise BadTerms(f"{name}: at most {most}")
    return tuple(of(f"{name}[{position}]", one) for position, one in enumerate(value))


def _optional(name: str, value: object, of: Callable[[str, Any], T]) -> T | None:
    return None if value is None else of(name, value)


def _one_of(kind: type[Code]) -> Callable[[str, Any], Code]:
    known = {code.value: code for code in kind}

    def read_one(name: str, value: object) -> Code:
        if not isinstance(value, str) or value not in known:
            raise BadTerms(f"{name}: {str(value)[:40]!r} is not one of {', '.join(known)}")
        return known[value]

    return read_one


def _printable(name: str, text: str, *, lines: bool) -> str:
    # What prevails must read as it looks: no control, no invisible and no reordering character, nothing unassigned.
    for character in text:
        if unicodedata.category(character)[0] == "C" and not (lines and character == "\n"):
            raise BadTerms(f"{name}: the character U+{ord(character):04X} cannot be printed")
    if unicodedata.category(text[0])[0] == "Z" or unicodedata.category(text[-1])[0] == "Z" or text.strip() != text:
        raise BadTerms(f"{name}: begin and end with a character that is not blank")
    if any(unicodedata.category(character) in {"Zl", "Zp"} for character in text):
        raise BadTerms(f"{name}: break lines with a line feed")
    return unicodedata.normalize("NFC", text)


def _line(name: str, value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_LINE:
        raise BadTerms(f"{name}: write one line of 1 to {LONGEST_LINE} characters")
    return _printable(name, value, lines=False)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_TEXT:
        raise BadTerms(f"{name}: write 1 to {LONGEST_TEXT} characters")
    kept = "\n".join(line.rstrip(" ") for line in value.split("\n"))  # blanks that nobody could see in the text
    return _printable(name, kept, lines=True) if kept else _line(name, kept)


def _truth(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadTerms(f"{name}: write true or false")
    return value


def _number(name: str, value: object, *, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadTerms(f"{name}: write a whole number from {least} to {most}")
    return value


def _count(name: str, value: object) -> int:
    return _number(name, value, least=1, most=GREATEST)


def _day(name: str, value: object) -> date:
    # date.fromisoformat also reads 20260101 and weeks.
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # the 30th of February
    raise BadTerms(f"{name}: write a day as 2026-01-31")


def _fraction(name: str, value: object) -> Fraction:
    found = re.fullmatch(r"([0-9]{1,18})(?:/([0-9]{1,18}))?", value, re.ASCII) if isinstance(value, str) else None
    if found is None or int(found[2] or 1) == 0 or int(found[1]) > int(found[2] or 1):
        raise BadTerms(f"{name}: write an exact fraction from 0 to 1 such as 1/3")
    return Fraction(int(found[1]), int(found[2] or 1))


def _cap(name: str, value: object) -> Fraction:
    part = _fraction(name, value)
    if part == 0:
        raise BadTerms(f"{name}: nothing at all could be owed; leave the use out instead")
    return part


def _code(name: str, value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"-?[A-Z0-9]{1,5}", value, re.ASCII):
        raise BadTerms(f"{name}: write a code such as DE, 2136 or -US")
    return value


def _period(value: object) -> tuple[date | None, date | None, int | None]:
    if isinstance(value, dict) and "months" in value:
        given = _object("period", value, required={"months"})
        return None, None, _number("period.months", given["months"], least=1, most=1200)
    given = _object("period", value, required={"from"}, also={"to"})
    begin = _day("period.from", given["from"])
    end = _optional("period.to", given.get("to"), _day)
    if end is not None and end <= begin:
        raise BadTerms("period.to: it is the first day outside the period, so it lies after period.from")
    return begin, end, None


def _window(value: object) -> tuple[date | None, date | None]:
    given = _object("release_window", value, required=set(), also={"from", "to"})
    begin = _optional("release_window.from", given.get("from"), _day)
    end = _optional("release_window.to", given.get("to"), _day)
    if begin is None and end is None:
        raise BadTerms("release_window: name a first or a last day, or leave the window out")
    if begin is not None and end is not None and end <= begin:
        raise BadTerms("release_window.to: it is the first day outside the window, so it lies after its first day")
    return begin, end


def _compensation(value: object) -> tuple[Division | None, str | None]:
    if value is None:
        return None, None
    given = _object("compensation", value, required=set(), also={"plan", "reference"})
    plan = given.get("plan")
    if plan is not None:
        parts = _object("compensation.plan", plan, required={"commission", "creators", "masters"})
        division = Division(**{name: _fraction(f"compensation.plan.{name}", part) for name, part in parts.items()})
    return (division if plan is not None else None), _optional("compensation.reference", given.get("reference"), _line)


def _model_version(name: str, value: object) -> tuple[UUID, str]:
    given = _object(name, value, required={"id", "label"})
    text = given["id"]
    if not isinstance(text, str) or not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text, re.ASCII):
        raise BadTerms(f"{name}.id: write a UUID in lower case with its hyphens")
    return UUID(text), _line(f"{name}.label", given["label"])


def _favor(name: str, value: object) -> Favor:
    given = _object(name, value, required={"reference_class", "measure", "looks_back_to"})
    try:
        reference_class = mfn.check_class(str(given["reference_class"]))
        measure = mfn.check_measure(str(given["measure"]))
    except (mfn.NoSuchReferenceClass, mfn.NoSuchMeasure) as error:
        raise BadTerms(f"{name}: {error}") from error
    return Favor(reference_class, measure, _day(f"{name}.looks_back_to", given["looks_back_to"]))


def _clause(name: str, value: object) -> FreeClause:
    given = _object(name, value, required={"heading", "text"})
    words = {}
    for part, of in (("heading", _line), ("text", _text)):
        inner = _object(f"{name}.{part}", given[part], required=set(), also=set(LANGUAGES))
        words[part] = {language: of(f"{name}.{part}.{language}", text) for language, text in inner.items()}
    if set(words["heading"]) != set(words["text"]) or not words["heading"]:
        raise BadTerms(f"{name}: give heading and text in the same languages, at least one")
    return FreeClause(**words)


# --- to JSON


def data(terms: Wording) -> str:
    """Return the terms as programs read them: RFC 8785 JSON with nothing left out."""
    period: dict[str, Any] = {"from": _iso(terms.active_from), "to": _iso(terms.active_to)}
    plan = terms.plan
    document = {
        "title": terms.title,
        "uses": [use.value for use in terms.uses],
        "territories": list(terms.territories),
        "period": period if terms.months is None else {"months": terms.months},
        "barred": [purpose.value for purpose in terms.barred],
        "exclusive": terms.is_exclusive,
        "approval": terms.approval.value,
        "notice_days": terms.notice_days,
        "max_outputs": terms.max_outputs,
        "influence": _exact(terms.influence) if terms.influence is not None else None,
        "release_window": {"from": _iso(terms.release_from), "to": _iso(terms.release_to)}
        if terms.has_window
        else None,
        "model_versions": [{"id": str(id), "label": label} for id, label in terms.model_versions],
        "compensation": {
            "plan": {
                "commission": _exact(plan.commission),
                "creators": _exact(plan.creators),
                "masters": _exact(plan.masters),
            }
            if plan
            else None,
            "reference": terms.reference,
        },
        "mfn": [
            {
                "reference_class": favor.reference_class,
                "measure": favor.measure.value,
                "looks_back_to": favor.looks_back_to.isoformat(),
            }
            for favor in terms.mfn
        ],
        "clauses": [{"heading": dict(clause.heading), "text": dict(clause.text)} for clause in terms.clauses],
    }
    return rfc8785.dumps(document).decode()


def document(content: str) -> dict[str, Any]:
    """Return the object that data was written from."""
    found: dict[str, Any] = json.loads(content)
    return found


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _exact(part: Fraction) -> str:
    return f"{part.numerator}/{part.denominator}"


# --- a license under these terms


@dataclass(frozen=True)
class Scope:
    """What one license allows."""

    uses: frozenset[str]
    barred: frozenset[str]
    territories: tuple[str, ...]
    active_from: date
    active_to: date | None
    is_exclusive: bool
    max_outputs: int | None
    influence: Fraction | None
    release_from: date | None
    release_to: date | None
    model_version_ids: frozenset[UUID]


def exceeded(terms: Wording, license_: Scope) -> str | None:
    """Return the field in which a license goes beyond its terms, or None where it stays within them."""
    versions = {id for id, _ in terms.model_versions}
    fields = {
        "uses": license_.uses <= set(terms.uses),
        "barred": license_.barred >= set(terms.barred),
        "territories": all(
            stretch.countries <= territories.covered(terms.territories, stretch.active_from)
            for stretch in territories.stretches(license_.territories, license_.active_from, license_.active_to)
        ),
        "active_from": terms.active_from is None or license_.active_from >= terms.active_from,
        "active_to": _ends_by(license_.active_to, _end_of(terms, license_.active_from)),
        "is_exclusive": license_.is_exclusive == terms.is_exclusive,  # the text promises one or the other
        "max_outputs": _at_most(license_.max_outputs, terms.max_outputs),
        "influence": _at_most(license_.influence, terms.influence),
        "release_from": terms.release_from is None
        or (license_.release_from is not None and license_.release_from >= terms.release_from),
        "release_to": _ends_by(license_.release_to, terms.release_to),
        "model_versions": not versions or (bool(license_.model_version_ids) and license_.model_version_ids <= versions),
    }
    return next((name for name, holds in fields.items() if not holds), None)


def end_after(months: int, begin: date) -> date:
    """Return the first day outside a term of months: the same day of the month, or the first of the month after."""
    year, month = divmod(begin.year * 12 + begin.month - 1 + months, 12)
    try:
        return date(year, month + 1, begin.day)
    except ValueError:  # there is no 31st
        year, month = divmod(begin.year * 12 + begin.month + months, 12)
        return date(year, month + 1, 1)


def _end_of(terms: Wording, begin: date) -> date | None:
    return terms.active_to if terms.months is None else end_after(terms.months, begin)


def _ends_by(end: date | None, latest: date | None) -> bool:
    return latest is None or (end is not None and end <= latest)


def _at_most(value: int | Fraction | None, most: int | Fraction | None) -> bool:
    return most is None or (value is not None and value <= most)


# --- to text


def text(terms: Wording, language: str) -> str:
    """
    Return the terms as people read them.

    A further clause is indented, so that no line of it can pass for one of ours.

    :raises NoSuchLanguage: there are no templates for it
    :raises ClauseNotTranslated: a further clause has no wording in it
    """
    if language not in _TEMPLATES:
        raise NoSuchLanguage
    say = _Language(language)
    lines = [terms.title, ""]
    for number, (heading, body) in enumerate(_sections(terms, say), start=1):
        lines += [f"{number}. {say(f'heading.{heading}')}", *(f"   {line}".rstrip(" ") for line in body), ""]
    return "\n".join(lines)


def said(of: str, code: str, language: str = "en") -> str:
    """Return what terms call a use, a purpose, an approval mode or a measure, such as ``("use", "tdm")``."""
    return _TEMPLATES[language][f"{of}.{code}"]


class _Language:
    """The templates of one language; free text goes into them as a value and is never read as a template."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.templates = _TEMPLATES[code]

    def __call__(self, key: str, **values: object) -> str:
        return self.templates[key].format(**values) if values else self.templates[key]

    def day(self, on: date) -> str:
        return self("date", day=on.day, month=self.templates["months"].split()[on.month - 1], year=f"{on.year:04}")

    def part(self, part: Fraction) -> str:
        hundredths = part * 10_000
        if hundredths.denominator != 1:
            return _exact(part)
        whole, rest = divmod(hundredths.numerator, 100)
        point = "," if self.code == "de" else "."
        percent = f"{whole}{point}{rest:02}".rstrip("0").rstrip(point) if rest else str(whole)
        return f"{_exact(part)} ({percent} %)"

    def place(self, code: str) -> str:
        bare = code.removeprefix("-")
        name = self("world") if bare in {"2136", "2WL"} else _place_name(bare, self.code)
        return self("territory.except" if code.startswith("-") else "territory", name=name, code=bare)

    def items(self, lead: str, items: list[str]) -> list[str]:
        return [self(lead), *(self("item", item=item) for item in items)]


def _sections(terms: Wording, say: _Language) -> Iterator[tuple[str, list[str]]]:
    yield "parties", [say("parties"), say("prevails", digest=f"sha256:{digest(data(terms))}")]
    yield "uses", say.items("uses", [say(f"use.{use}") for use in terms.uses])
    barred = say.items("barred", [say(f"purpose.{purpose}") for purpose in terms.barred])
    yield "barred", barred if terms.barred else [say("barred.none")]
    yield "territories", say.items("territories", [say.place(code) for code in terms.territories])
    yield "period", [_said_period(terms, say)]
    yield "exclusive", [say("exclusive.yes" if terms.is_exclusive else "exclusive.no")]
    yield "approval", [say(f"approval.{terms.approval}")]
    yield (
        "limits",
        [
            say("max_outputs.none") if terms.max_outputs is None else say("max_outputs", count=terms.max_outputs),
            say("influence.none") if terms.influence is None else say("influence", part=say.part(terms.influence)),
            _said_window(terms, say),
        ],
    )
    versions = say.items("model_versions", [f"{label} ({id})" for id, label in terms.model_versions])
    yield "model_versions", versions if terms.model_versions else [say("model_versions.none")]
    yield "compensation", _said_money(terms, say)
    favors = say.items("mfn", [_said_favor(favor, say) for favor in terms.mfn])
    yield "mfn", favors if terms.mfn else [say("mfn.none")]
    yield "notice", [say("notice", days=terms.notice_days)]
    yield "clauses", list(_said_clauses(terms, say)) or [say("clauses.none")]


def _said_period(terms: Wording, say: _Language) -> str:
    if terms.active_from is None:
        return say("period.months", months=terms.months)
    begin = say.day(terms.active_from)
    if terms.active_to is None:
        return say("period.from", begin=begin)
    return say("period.both", begin=begin, end=say.day(terms.active_to))


def _said_window(terms: Wording, say: _Language) -> str:
    begin = say.day(terms.release_from) if terms.release_from else ""
    end = say.day(terms.release_to) if terms.release_to else ""
    if begin and end:
        return say("window", begin=begin, end=end)
    if begin:
        return say("window.from", begin=begin)
    return say("window.to", end=end) if end else say("window.none")


def _said_money(terms: Wording, say: _Language) -> list[str]:
    plan = terms.plan
    said = say("plan.none")
    if plan is not None:
        parts = {"commission": plan.commission, "creators": plan.creators, "masters": plan.masters}
        said = say("plan", **{name: say.part(part) for name, part in parts.items()})
    reference = say("reference", reference=terms.reference) if terms.reference else say("reference.none")
    return [said, reference]


def _said_favor(favor: Favor, say: _Language) -> str:
    party = favor.reference_class.removeprefix(mfn.LICENSOR)
    compared = (
        say(f"class.{favor.reference_class}")
        if favor.reference_class in mfn.CLASSES
        else say("class.licensor", party=party)
    )
    return say(
        "mfn.item",
        measure=say(f"measure.{favor.measure}"),
        code=favor.measure.value,
        reference_class=compared,
        day=say.day(favor.looks_back_to),
    )


def _said_clauses(terms: Wording, say: _Language) -> Iterator[str]:
    for number, clause in enumerate(terms.clauses, start=1):
        if say.code not in clause.text:
            raise ClauseNotTranslated(
                f"the further clause {number} has no wording in {say.code}: give it one, since no template can"
            )
        yield f"({number}) {clause.heading[say.code]}"
        yield from (f"    {line}" for line in clause.text[say.code].split("\n"))


@lru_cache(maxsize=2048)
def _place_name(code: str, language: str) -> str:
    english = territories.name(code)
    if language == "en":
        return english
    countries = pycountry.countries
    country = countries.get(numeric=code.zfill(3)) if code.isdigit() else countries.get(alpha_2=code)
    if country is None:  # a group, or a state that has ended: they have no names in other languages here
        return english
    catalog = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language])
    return catalog.gettext(country.name)
