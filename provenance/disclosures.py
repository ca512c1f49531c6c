"""
What each recipient is told about how an output was made: statements derived from one record, by versioned profiles.

A profile is a data file (``data/disclosures``): which fields a recipient asks for, what is said in each under which
condition, from when on, and where that was read. A file that was used is never changed: other rules are another
version. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

import rfc8785

from provenance import ern
from provenance.contributions import (
    DIGITAL_SOURCE_TYPE,
    ContributionFact,
    Level,
    ai_disclosure,
    digital_source_type,
    fact_of,
    is_generative,
)
from rights.case import DeclaredContribution
from rights.vocabulary import SOUNDING, Component, HumanAct, Use

XML = "application/xml"
JSON = "application/json"

Value = bool | str | list[str]

WORDS: dict[str, str] = {
    Component.LYRICS: "lyrics",
    Component.MELODY: "melody and harmony",
    Component.ARRANGEMENT: "arrangement",
    Component.LEAD_VOCAL: "lead vocal performance",
    Component.BACKING_VOCAL: "backing vocal performance",
    Component.INSTRUMENTS: "instrumental performance",
    Component.PRODUCTION: "production and mix",
    Component.MASTERING: "mastering",
    Component.ARTWORK: "artwork",
    Component.VIDEO: "video",
}


class NoSuchProfile(Exception):
    """There is no profile of this name and version."""


class BadProfile(Exception):
    """A profile's file does not say what it must, or something that is not known."""


class NothingDeclared(Exception):
    """Nothing is on record about who or what made it, so there is nothing to derive a statement from."""


@dataclass(frozen=True)
class Making:
    """What statements are derived from: a record, and the uses that are made of others' material."""

    lines: tuple[DeclaredContribution, ...]
    uses: frozenset[str] = frozenset()

    @property
    def facts(self) -> tuple[ContributionFact, ...]:
        """The lines without their people."""
        return tuple(fact_of(line) for line in self.lines)


@dataclass(frozen=True)
class Choice:
    """What is said where a condition holds; without one, otherwise."""

    when: Mapping[str, Any] | None
    say: bool | str


@dataclass(frozen=True)
class Field:
    """One question of a recipient, and the answers in the order in which they are tried."""

    key: str
    title: str
    choose: tuple[Choice, ...]


@dataclass(frozen=True)
class Source:
    """Where the rules were read, and how far that is to be trusted."""

    what: str
    kind: str  # "primary" or "secondary"
    read_on: str


@dataclass(frozen=True)
class Profile:
    """One version of what one recipient asks for."""

    name: str
    version: str
    recipient: str
    title: str
    form: str  # "fields", "c2pa" or "ern"
    in_force_from: date
    source: Source
    fields: tuple[Field, ...] = ()
    silent_on: frozenset[str] = frozenset()  # components that the recipient has no word for


@dataclass(frozen=True)
class Answer:
    """One field of a statement."""

    key: str
    title: str
    value: Value

    @property
    def in_words(self) -> tuple[str, ...]:
        """The answer for people, a line each."""
        return in_words(self.value)


@dataclass(frozen=True)
class Statement:
    """What a recipient is told, for people as answers and for machines as a document."""

    profile: Profile
    answers: tuple[Answer, ...]
    notes: tuple[str, ...]
    problems: tuple[ern.Problem, ...]
    fragment: bytes | None = None  # where the recipient reads XML

    @property
    def document(self) -> bytes:
        """The canonical bytes of the statement: what is recorded once it is sent."""
        return rfc8785.dumps(
            {
                "v": 1,
                "profile": self.profile.name,
                "version": self.profile.version,
                "answers": {answer.key: answer.value for answer in self.answers},
            }
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the document, in hexadecimal."""
        return sha256(self.document).hexdigest()

    @property
    def media_type(self) -> str:
        """What machines are given."""
        return XML if self.fragment is not None else JSON

    @property
    def for_machines(self) -> bytes:
        """The fragment, or the document."""
        return self.document if self.fragment is None else self.fragment


@dataclass(frozen=True)
class Difference:
    """A field in which what was sent is not what would be said now; None where one of them does not have it."""

    key: str
    title: str
    sent: Value | None
    now: Value | None

    @property
    def sent_in_words(self) -> tuple[str, ...]:
        """What was sent, for people."""
        return in_words(self.sent)

    @property
    def now_in_words(self) -> tuple[str, ...]:
        """What would be said now, for people."""
        return in_words(self.now)


def in_words(value: Value | None) -> tuple[str, ...]:
    """Return an answer for people, a line each."""
    match value:
        case None:
            return ("not said",)
        case bool():
            return ("yes" if value else "no",)
        case str():
            return (value or "–",)
    return tuple(value)


# --- Profiles ---------------------------------------------------------------------------------------------------------


@cache
def profiles() -> tuple[Profile, ...]:
    """
    Return every version of every profile, by name and from the oldest on.

    :raises BadProfile: a file is not a profile
    """
    folder = resources.files("provenance") / "data" / "disclosures"
    found = [read(file.name, file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".json")]
    return tuple(sorted(found, key=lambda one: (one.name, one.in_force_from, one.version)))


def profile(name: str, version: str) -> Profile:
    """
    Return one version of a profile.

    :raises NoSuchProfile: there is none
    """
    for one in profiles():
        if (one.name, one.version) == (name, version):
            return one
    raise NoSuchProfile(f"There is no profile {name!r} of version {version!r}: {_known()}.")


def in_force(on: date) -> tuple[Profile, ...]:
    """Return the newest version of each profile that is in force on a day."""
    newest: dict[str, Profile] = {one.name: one for one in profiles() if one.in_force_from <= on}
    return tuple(newest.values())


def in_force_of(name: str, on: date) -> Profile:
    """
    Return the version of a profile that is in force on a day.

    :raises NoSuchProfile: there is none
    """
    for one in in_force(on):
        if one.name == name:
            return one
    raise NoSuchProfile(f"There is no profile {name!r} in force on {on}: {_known()}.")


def _known() -> str:
    return "there are " + ", ".join(f"{one.name} {one.version}" for one in profiles())


def read(file: str, data: bytes) -> Profile:
    """
    Return what a file says.

    :raises BadProfile: it does not say what it must, or something that is not known
    """
    try:
        given = json.loads(data)
        found = Profile(
            name=str(given.pop("profile")),
            version=str(given.pop("version")),
            recipient=str(given.pop("recipient")),
            title=str(given.pop("title")),
            form=str(given.pop("form")),
            in_force_from=date.fromisoformat(given.pop("in_force_from")),
            source=Source(**given.pop("source")),
            fields=tuple(_field(one) for one in given.pop("fields", [])),
            silent_on=frozenset(Component(one) for one in given.pop("silent_on", [])),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadProfile(f"{BadProfile.__doc__} In {file}: {type(error).__name__}: {error}") from error
    if given or found.form not in {"fields", "c2pa", "ern"} or (found.form == "fields") != bool(found.fields):
        raise BadProfile(f"{BadProfile.__doc__} In {file}: {sorted(given) or found.form}")
    return found


def _field(given: dict[str, Any]) -> Field:
    choices = tuple(Choice(one.pop("when", None), one.pop("say")) for one in given["choose"])
    if any(given["choose"]) or set(given) != {"key", "title", "choose"}:
        raise ValueError(f"a field has key, title and choose, and a choice has when and say: {given}")
    if not choices or any((one.when is None) != (one is choices[-1]) for one in choices):
        raise ValueError(f"the last choice of {given['key']}, and no other, is without a condition")
    nothing = Making(())
    for one in choices:
        if one.when is not None:
            holds(one.when, nothing)
        if not isinstance(one.say, bool | str):
            raise TypeError(f"{given['key']} says neither words nor yes or no")
        _spoken(one, nothing)
    return Field(given["key"], given["title"], choices)


# --- Conditions -------------------------------------------------------------------------------------------------------


def holds(when: Mapping[str, Any], making: Making) -> bool:
    """
    Whether a condition of a profile holds.

    ``{"generated": [components], "is": "some" | "all" | "none"}`` of those that are on record;
    ``{"authored": [components]}``: people made some of one, or chose and arranged what a machine gave;
    ``{"uses": [codes]}``: one of them is declared; ``{"all_of": […]}``, ``{"any_of": […]}``, ``{"not": …}``.

    :raises ValueError: it is none of these
    """
    match dict(when):
        case {"generated": list(names), "is": "some" | "all" | "none" as how, **rest} if not rest:
            return _is_generated(str(how), {fact.generated for fact in _among(names, making)})
        case {"authored": list(names), **rest} if not rest:
            return any(_is_authored(fact) or _is_chosen(fact) for fact in _among(names, making))
        case {"uses": list(names), **rest} if not rest:
            return bool(making.uses & {Use(name) for name in names})
        case {"all_of": list(parts), **rest} if not rest:
            return False not in [holds(part, making) for part in parts]  # each is read: so a file is checked
        case {"any_of": list(parts), **rest} if not rest:
            return True in [holds(part, making) for part in parts]
        case {"not": dict(part), **rest} if not rest:
            return not holds(part, making)
    raise ValueError(f"no such condition: {when}")


def _is_generated(how: str, levels: set[Level]) -> bool:
    if how == "all":
        return levels == {"all"}
    return (levels <= {"none"}) == (how == "none")


def _among(names: Sequence[str], making: Making) -> list[ContributionFact]:
    wanted = {Component(name) for name in names}
    return [fact for fact in making.facts if fact.component in wanted]


def _is_authored(fact: ContributionFact) -> bool:
    return fact.ai_level != "all"


def _is_chosen(fact: ContributionFact) -> bool:
    return fact.ai_level == "all" and HumanAct.SELECTION in fact.acts


def _spoken(choice: Choice, making: Making) -> bool | str:
    """Return what a choice says, with the components and tools that it speaks of."""
    if isinstance(choice.say, bool):
        return choice.say
    facts = [fact for fact in making.facts if fact.component in SOUNDING]
    generated = [fact for fact in facts if fact.generated != "none"]
    authored = [fact for fact in facts if fact.component != Component.MASTERING]
    return choice.say.format_map(
        {
            "generated": _list(_part(fact, fact.generated) for fact in generated),
            "authored": _list(
                [
                    *(_part(fact, fact.ai_level) for fact in authored if _is_authored(fact)),
                    *(
                        f"selection and arrangement of the {WORDS[fact.component]}"
                        for fact in authored
                        if _is_chosen(fact)
                    ),
                ]
            ),
            "tools": _list(sorted({fact.made_with for fact in generated if fact.tool})),
        }
    )


def _part(fact: ContributionFact, level: str) -> str:
    return f"part of the {WORDS[fact.component]}" if level == "partly" else WORDS[fact.component]


def _list(words: Iterator[str] | list[str]) -> str:
    *first, last = [*words] or [""]
    return f"{', '.join(first)} and {last}" if first else last


# --- Statements -------------------------------------------------------------------------------------------------------


def derive(asked: Profile, making: Making) -> Statement:
    """
    Return what a recipient is told about this record.

    :raises NothingDeclared: the record is empty
    """
    if not making.lines:
        raise NothingDeclared
    unasked = [
        WORDS[fact.component] for fact in making.facts if fact.component in asked.silent_on and fact.generated != "none"
    ]
    notes = [f"Generated, and not asked about here: {_list(unasked)}."] if unasked else []
    if asked.form == "c2pa":
        return Statement(asked, tuple(_c2pa(making)), tuple(notes), ())
    if asked.form == "ern":
        said = ern.say(making.lines)
        is_recorded = any(line.component in SOUNDING for line in making.lines)
        problems = ern.check(said, is_recorded=is_recorded)
        return Statement(asked, tuple(_ern(said)), tuple(notes), problems, ern.fragment(said))
    answers = tuple(
        Answer(
            one.key,
            one.title,
            next(_spoken(choice, making) for choice in one.choose if not choice.when or holds(choice.when, making)),
        )
        for one in asked.fields
    )
    return Statement(asked, answers, tuple(notes), ())


_C2PA = {
    "digitalSourceType": "Digital source type",
    "modelType": "Type of model",
    "modelName": "Models",
    "humanOversightLevel": "Human oversight",
}


def _c2pa(making: Making) -> Iterator[Answer]:
    said = {"digitalSourceType": DIGITAL_SOURCE_TYPE + digital_source_type(making.facts)}
    if is_generative(making.facts):
        data = ai_disclosure(making.facts)
        said |= data.pop("contentProfile", {}) | data
    for key, title in _C2PA.items():
        if key in said:
            yield Answer(key, title, said[key])


def _ern(said: ern.Said) -> Iterator[Answer]:
    for one in said.resources:
        if one.contains:
            yield Answer(f"{one.kind}/ContainsAI", f"{one.kind} contains AI", one.contains)
        if one.contributors:
            yield Answer(
                f"{one.kind}/Contributor",
                f"Contributors of the {one.kind}",
                [f"{by.party or by.special}, {by.role}: {by.level}" for by in one.contributors],
            )
    for contains in said.releases:
        yield Answer("Release/ContainsAI", "Release contains AI", contains)


def compare(sent: bytes, now: Statement) -> tuple[Difference, ...]:
    """Return in what a statement that was sent differs from what would be said now under the same profile."""
    before: dict[str, Value] = json.loads(sent)["answers"]
    after = {answer.key: answer.value for answer in now.answers}
    titles = {**_C2PA, **{answer.key: answer.title for answer in now.answers}}
    return tuple(
        Difference(key, titles.get(key, key), before.get(key), after.get(key))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    )
