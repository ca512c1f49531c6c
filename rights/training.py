"""
What a provider declares about the training of a model: the questions of the Commission's template, answered. Pure.

The template is of 24 July 2025 (communication C(2025) 8311 of 5 December 2025) for the public summary that the AI Act
asks for in art. 53(1)(d). A declaration is the provider's own; it stands beside what the record says, and never in its
place. Where the two contradict each other, ``contradictions`` says so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from rights.permission import Code
from rights.vocabulary import Answer

TEMPLATE: Final = (
    "Template for the Public Summary of Training Content for general-purpose AI models, "
    "European Commission, 24 July 2025 (C(2025) 8311), AI Act art. 53(1)(d)"
)
LONGEST: Final = 4_000  # characters of an answer in words
LONGEST_LINE: Final = 300
MOST_LINES: Final = 100  # datasets, crawlers, models
_MS_AN_HOUR: Final = 3_600_000


class Modality(StrEnum):
    """In what training data is, in the template's order."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    OTHER = "other"


class Size(StrEnum):
    """Which of the template's three ranges."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


SIZES: Final[Mapping[Modality, tuple[str, str, str]]] = {
    Modality.TEXT: ("Less than 1 billion tokens", "1 billion to 10 trillion tokens", "More than 10 trillion tokens"),
    Modality.IMAGE: ("Less than 1 million images", "1 million to 1 billion images", "More than 1 billion images"),
    Modality.AUDIO: ("Less than 10,000 hours", "10,000 to 1 million hours", "More than 1 million hours"),
    Modality.VIDEO: ("Less than 10,000 hours", "10,000 to 1 million hours", "More than 1 million hours"),
}
# Hours [from, to) of each range of audio; None is without end.
AUDIO_HOURS: Final[Mapping[Size, tuple[int, int | None]]] = {
    Size.SMALL: (0, 10_000),
    Size.MEDIUM: (10_000, 1_000_000),
    Size.LARGE: (1_000_000, None),
}


class StatementUnclear(Exception):
    """The declaration cannot be taken: the sentence names the field and what to do."""

    def __init__(self, field: str, sentence: str) -> None:
        """Say what is wrong, and where."""
        super().__init__(f"{field}: {sentence}")
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True)
class Question:
    """One question of the template: where its answer stands in a declaration, and how it is written."""

    number: str  # of the section that it is in
    key: str  # section.field in the document
    asks: str  # in the template's words
    kind: str  # yes, text, lines, modalities, date, month
    is_needed: bool = False
    only_if: str = ""  # the yes or no that it depends on


# Section number → heading, in the template's own order.
SECTIONS: Final[Mapping[str, str]] = {
    "1": "General information",
    "1.1": "Provider identification",
    "1.2": "Model identification",
    "1.3": "Modalities, overall training data size and other characteristics",
    "2": "List of data sources",
    "2.1": "Publicly available datasets",
    "2.2": "Private non-publicly available datasets obtained from third parties",
    "2.2.1": "Datasets commercially licensed by rightsholders or their representatives",
    "2.2.2": "Private datasets obtained from other third parties",
    "2.3": "Data crawled and scraped from online sources",
    "2.4": "User data",
    "2.5": "Synthetic data",
    "2.6": "Other sources of data",
    "3": "Data processing aspects",
    "3.1": "Respect of reservation of rights from text and data mining exception or limitation",
    "3.2": "Removal of illegal content",
    "3.3": "Other information (optional)",
}
_MODALITIES = "If yes, specify the modality(ies) of the content covered by the datasets concerned"
_COMMENTS = "Additional comments (optional)"
_Q = Question
QUESTIONS: Final[tuple[Question, ...]] = (
    _Q("1.1", "general.contact", "Provider name and contact details", "text", is_needed=True),
    _Q("1.1", "general.representative", "Authorised representative name and contact details", "text"),
    _Q("1.2", "general.names", "Versioned model name(s)", "lines"),
    _Q("1.2", "general.dependencies", "Model dependencies", "text"),
    _Q("1.2", "general.placed_on", "Date of placement of the model on the Union market", "date"),
    _Q("1.3", "general.sizes", "Modality, training data size and types of content", "sizes", is_needed=True),
    _Q(
        "1.3",
        "general.latest_acquisition",
        "Latest date of data acquisition/collection for model training",
        "month",
    ),
    _Q(
        "1.3", "general.languages", "Description of the linguistic characteristics of the overall training data", "text"
    ),
    _Q("1.3", "general.characteristics", "Other relevant characteristics of the overall training data", "text"),
    _Q("1.3", "general.comments", _COMMENTS, "text"),
    _Q("2.1", "public.used", "Have you used publicly available datasets to train the model?", "yes", is_needed=True),
    _Q("2.1", "public.modalities", _MODALITIES, "modalities", only_if="public.used"),
    _Q("2.1", "public.large", "List of large publicly available datasets", "lines", only_if="public.used"),
    _Q(
        "2.1",
        "public.others",
        "General description of other publicly available datasets not listed above",
        "text",
        only_if="public.used",
    ),
    _Q("2.1", "public.comments", _COMMENTS, "text"),
    _Q(
        "2.2.1",
        "licensed.concluded",
        "Have you concluded transactional commercial licensing agreement(s) with rightsholder(s) or with their "
        "representatives?",
        "yes",
        is_needed=True,
    ),
    _Q("2.2.1", "licensed.modalities", _MODALITIES, "modalities", only_if="licensed.concluded"),
    _Q(
        "2.2.2",
        "private.obtained",
        "Have you obtained private datasets from third parties that are not licensed as described in Section 2.2.1, "
        "such as data obtained from providers of private databases, or data intermediaries?",
        "yes",
        is_needed=True,
    ),
    _Q("2.2.2", "private.modalities", _MODALITIES, "modalities", only_if="private.obtained"),
    _Q(
        "2.2.2",
        "private.known",
        "List of private datasets obtained from other third parties that are publicly known",
        "lines",
        only_if="private.obtained",
    ),
    _Q(
        "2.2.2",
        "private.description",
        "General description of non-publicly known private datasets obtained from third parties",
        "text",
        only_if="private.obtained",
    ),
    _Q("2.2.2", "private.comments", _COMMENTS, "text"),
    _Q("2.3", "crawled.used", "Were crawlers used by the provider or on its behalf?", "yes", is_needed=True),
    _Q("2.3", "crawled.crawlers", "Crawler name(s)/identifier(s)", "lines", only_if="crawled.used"),
    _Q("2.3", "crawled.purposes", "Purposes of the crawler(s)", "text", only_if="crawled.used"),
    _Q("2.3", "crawled.behaviour", "General description of crawler behaviour", "text", only_if="crawled.used"),
    _Q("2.3", "crawled.period", "Period of data collection", "text", only_if="crawled.used"),
    _Q(
        "2.3",
        "crawled.content",
        "Comprehensive description of the type of content and online sources crawled",
        "text",
        only_if="crawled.used",
    ),
    _Q("2.3", "crawled.modalities", "Type of modality covered", "modalities", only_if="crawled.used"),
    _Q("2.3", "crawled.domains", "Summary of the most relevant domain names crawled", "text", only_if="crawled.used"),
    _Q("2.3", "crawled.comments", _COMMENTS, "text"),
    _Q(
        "2.4",
        "users.from_model",
        "Was data from user interactions with the AI model (e.g. user input and prompts) used to train the model?",
        "yes",
        is_needed=True,
    ),
    _Q(
        "2.4",
        "users.from_services",
        "Was data collected from user interactions with the provider’s other services or products used to train the "
        "model?",
        "yes",
        is_needed=True,
    ),
    _Q("2.4", "users.modalities", "If yes, specify the modality(ies) of the user data", "modalities"),
    _Q(
        "2.4",
        "users.description",
        "General description of the provider’s services or products that were used to collect the user data",
        "text",
        only_if="users.from_services",
    ),
    _Q("2.4", "users.comments", _COMMENTS, "text"),
    _Q(
        "2.5",
        "synthetic.used",
        "Was synthetic AI-generated data created by the provider or on their behalf to train the model?",
        "yes",
        is_needed=True,
    ),
    _Q("2.5", "synthetic.modalities", "Modality(ies) of the synthetic data", "modalities", only_if="synthetic.used"),
    _Q(
        "2.5",
        "synthetic.models",
        "General-purpose AI model(s) used to generate the synthetic data, if available on the market",
        "lines",
        only_if="synthetic.used",
    ),
    _Q(
        "2.5",
        "synthetic.other_models",
        "Other AI models used to generate synthetic data, including the provider’s own not available on the market",
        "text",
        only_if="synthetic.used",
    ),
    _Q("2.5", "synthetic.comments", _COMMENTS, "text"),
    _Q(
        "2.6",
        "others.used",
        "Have data sources other than those described in Sections 2.1 to 2.5 been used to train the model?",
        "yes",
        is_needed=True,
    ),
    _Q(
        "2.6",
        "others.description",
        "Narrative description of these data sources and the data",
        "text",
        only_if="others.used",
    ),
    _Q("2.6", "others.comments", _COMMENTS, "text"),
    _Q(
        "3.1",
        "reservations.is_signatory",
        "Are you a Signatory to the Code of Practice for general-purpose AI models that includes commitments to "
        "respect reservations of rights from the TDM exception or limitation?",
        "yes",
        is_needed=True,
    ),
    _Q(
        "3.1",
        "reservations.measures",
        "Measures implemented before model training to respect reservations of rights from the TDM exception or "
        "limitation before and during data collection, including the opt-out protocols and solutions honoured",
        "text",
        is_needed=True,
    ),
    _Q("3.1", "reservations.comments", _COMMENTS, "text"),
    _Q("3.2", "illegal.measures", "General description of measures taken", "text", is_needed=True),
    _Q("3.2", "illegal.comments", _COMMENTS, "text"),
    _Q("3.3", "information.words", "Other relevant information about data processing (optional)", "text"),
)
_BY_KEY: Final = {question.key: question for question in QUESTIONS}
# Of what follows from a yes, one of these says what was used; a bare yes explains nothing.
_EXPLAINS: Final[Mapping[str, tuple[str, ...]]] = {
    "public.used": ("public.large", "public.others"),
    "private.obtained": ("private.known", "private.description"),
    "crawled.used": ("crawled.crawlers",),
    "users.from_services": ("users.description",),
    "synthetic.used": ("synthetic.models", "synthetic.other_models"),
    "others.used": ("others.description",),
}

Document = dict[str, dict[str, Any]]


def read(given: Any) -> Document:
    """
    Return a declaration with every question answered, as it is kept: what is not said is None, "" or empty.

    :raises StatementUnclear: a field is unknown, missing, of the wrong kind or too long, or a yes explains nothing
    """
    if not isinstance(given, dict):
        raise StatementUnclear("document", "send an object with the template's sections")
    wanted: dict[str, set[str]] = {}
    for question in QUESTIONS:
        section, _, name = question.key.partition(".")
        wanted.setdefault(section, set()).add(name)
    for section, fields in given.items():
        if section not in wanted:
            raise StatementUnclear(str(section)[:60], f"there is no such section; there are {', '.join(wanted)}")
        if not isinstance(fields, dict):
            raise StatementUnclear(section, "send an object")
        for name in fields:
            if name not in wanted[section]:
                raise StatementUnclear(f"{section}.{str(name)[:60]}", "there is no such question in the template")
    found: Document = {section: {} for section in wanted}
    for question in QUESTIONS:
        section, _, name = question.key.partition(".")
        found[section][name] = _answer(question, given.get(section, {}).get(name))
    for key, explaining in _EXPLAINS.items():
        if said(found, key) and not any(said(found, one) for one in explaining):
            raise StatementUnclear(explaining[0], f"say what was used, since {key} is yes")
    for question in QUESTIONS:
        if question.only_if and said(found, question.key) and said(found, question.only_if) is not True:
            raise StatementUnclear(question.key, f"leave it out, or answer {question.only_if} with yes")
    return found


def said(document: Mapping[str, Mapping[str, Any]], key: str) -> Any:
    """Return an answer by its key."""
    section, _, name = key.partition(".")
    return document[section][name]


def _answer(question: Question, value: Any) -> Any:
    is_missing = value is None or value == [] or (isinstance(value, str) and not value.strip())
    if is_missing and question.is_needed:
        raise StatementUnclear(question.key, "the template asks for it: answer it")
    match question.kind:
        case "yes":
            if not isinstance(value, bool):
                raise StatementUnclear(question.key, "answer true or false")
            return value
        case "text":
            return "" if is_missing else _text(question.key, value, LONGEST)
        case "lines":
            return [] if is_missing else _lines(question.key, value)
        case "modalities":
            return [] if is_missing else _modalities(question.key, value)
        case "sizes":
            return _sizes(question.key, value)
        case "date":
            return None if is_missing else _date(question.key, value, r"\d{4}-\d{2}-\d{2}", "2026-03-31", "")
        case _:
            return None if is_missing else _date(question.key, value, r"\d{4}-\d{2}", "2026-03", "-01")


def _text(key: str, value: Any, longest: int) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise StatementUnclear(key, "answer in words")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise StatementUnclear(key, "it holds half of a character: type it anew") from error
    text = value.replace("\r\n", "\n").strip()
    if len(text) > longest:
        raise StatementUnclear(key, f"say it in at most {longest:,} characters")
    return text


def _lines(key: str, value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MOST_LINES:
        raise StatementUnclear(key, f"send a list of at most {MOST_LINES} lines")
    return [line for line in (" ".join(_text(key, one, LONGEST_LINE).split()) for one in value) if line]


def _modalities(key: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise StatementUnclear(key, "send a list of modalities")
    if unknown := [one for one in value if one not in set(Modality)]:
        raise StatementUnclear(key, f"{unknown[0][:40]!r} is no modality: {', '.join(Modality)}")
    return [one.value for one in Modality if one in value]


def _sizes(key: str, value: Any) -> list[dict[str, str]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise StatementUnclear(key, "send a list of objects with modality, range, alternatively and content")
    found: dict[str, dict[str, str]] = {}
    for one in value:
        if strange := set(one) - {"modality", "range", "alternatively", "content"}:
            raise StatementUnclear(f"{key}.{str(min(strange, key=str))[:40]}", "there is no such field")
        [modality] = _modalities(key, [one.get("modality", "")])
        if modality in found:
            raise StatementUnclear(key, f"{modality} is there twice")
        chosen = one.get("range", "")
        other = _text(f"{key}.alternatively", one.get("alternatively", ""), LONGEST_LINE)
        if not isinstance(chosen, str) or chosen not in {"", *Size} or (chosen and modality == Modality.OTHER):
            raise StatementUnclear(f"{key}.range", f"choose {', '.join(Size)}, or say alternatively how much it is")
        if not chosen and not other:
            raise StatementUnclear(
                f"{key}.range", f"choose a range for {modality}, or say alternatively how much it is"
            )
        found[modality] = {
            "modality": modality,
            "range": str(chosen),
            "alternatively": other,
            "content": _text(f"{key}.content", one.get("content", ""), LONGEST),
        }
    return [found[one] for one in Modality if one in found]


def _date(key: str, value: Any, form: str, example: str, more: str) -> str:
    unclear = StatementUnclear(key, f"write it as {example}")
    if not isinstance(value, str) or not re.fullmatch(form, value, re.ASCII):
        raise unclear
    try:
        date.fromisoformat(value + more)
    except ValueError as error:
        raise unclear from error
    return value


def digest_of(document: str) -> str:
    """Return the SHA-256 of a declaration as it is kept."""
    return hashlib.sha256(document.encode()).hexdigest()


# --- How an answer is written


@dataclass(frozen=True)
class Answered:
    """One question with the provider's answer: in words, or not declared."""

    question: Question
    lines: tuple[str, ...]  # empty: not declared
    yes: bool | None = None


def answered(document: Document | None, number: str) -> tuple[Answered, ...]:
    """Return the questions of a section with what was declared; what follows from a yes is left out after a no."""
    found = []
    for question in QUESTIONS:
        if question.number != number:
            continue
        if document is None:
            if not question.only_if and question.is_needed:
                found.append(Answered(question, ()))
            continue
        if question.only_if and said(document, question.only_if) is not True:
            continue
        value = said(document, question.key)
        if value in (None, "", []) and not question.is_needed:
            continue
        found.append(Answered(question, tuple(_written(value)), value if isinstance(value, bool) else None))
    return tuple(found)


def _written(value: Any) -> Iterator[str]:
    match value:
        case bool():
            yield "Yes" if value else "No"
        case str():
            yield from value.split("\n")
        case list():
            for one in value:
                yield _size(one) if isinstance(one, dict) else one[:1].upper() + one[1:] if one in MODALITIES else one


MODALITIES: Final = frozenset(one.value for one in Modality)


def _size(one: Mapping[str, str]) -> str:
    modality = Modality(one["modality"])
    chosen = SIZES[modality][list(Size).index(Size(one["range"]))] if one["range"] else ""
    parts = [part for part in (chosen, one["alternatively"]) if part]
    content = f" – {one['content']}" if one["content"] else ""
    return f"{modality.capitalize()}: {'; '.join(parts)}{content}"


# --- Where the declaration and the record contradict each other


@dataclass(frozen=True)
class Said:
    """What the policy answers about one member: the answer, its codes in their order, and what a no rests on."""

    answer: Answer
    codes: tuple[Code, ...]
    rests_on: tuple[UUID, ...] = ()

    @property
    def is_against(self) -> bool:
        """Whether something stands against it, which is more than that nothing stands for it."""
        return self.answer is Answer.DENY


@dataclass(frozen=True)
class Recorded:
    """What the record says of a version's training, in the numbers that a declaration is held against."""

    licensed_by_others: int  # members that came in under a license from somebody else than the provider
    unlicensed_of_others: int  # members of which others hold a share, without a license on record
    licenses_lapsed_in_training: int
    refused_in_training: int  # members that were reserved, withdrawn or unlicensed on the first day or the last
    audio_members: int
    text_members: int
    duration_ms: int
    untimed: int  # members with sound of which no audio is here
    trained_from: date | None
    trained_to: date | None
    is_whole: bool = True  # whether all members are there to be counted


@dataclass(frozen=True)
class Contradiction:
    """One thing that the declaration and the record do not agree about, or that the record alone speaks against."""

    code: str
    section: str
    sentence: str


def contradictions(document: Document | None, it: Recorded) -> tuple[Contradiction, ...]:
    """Return what does not agree, in the template's order. Silence of the provider is said as what it is."""
    return tuple(sorted(_contradictions(document, it), key=lambda one: list(SECTIONS).index(one.section)))


def _contradictions(document: Document | None, it: Recorded) -> Iterator[Contradiction]:
    if it.licenses_lapsed_in_training:
        yield Contradiction(
            "license_lapsed",
            "2.2.1",
            f"{_count(it.licenses_lapsed_in_training, 'license')} that training rests on "
            f"{'was' if it.licenses_lapsed_in_training == 1 else 'were'} not in force throughout, as known now.",
        )
    if it.refused_in_training:
        yield Contradiction(
            "trained_against_a_no",
            "3.1",
            f"Something stood against training on {_count(it.refused_in_training, 'member')} when it began or ended: a "
            "reservation, a withdrawal, or a license that had ended.",
        )
    if document is None:
        yield Contradiction("nothing_declared", "1", "The provider has declared nothing about this version.")
        return
    if it.licensed_by_others and not said(document, "licensed.concluded"):
        yield Contradiction(
            "licenses_denied",
            "2.2.1",
            f"No licensing agreement is declared, yet {_count(it.licensed_by_others, 'member')} came in under a "
            "license from somebody else.",
        )
    if said(document, "licensed.concluded") and not it.licensed_by_others and it.is_whole:
        yield Contradiction(
            "licenses_missing",
            "2.2.1",
            "Licensing agreements are declared, and no member of the dataset came in under one that is on record.",
        )
    if it.unlicensed_of_others and not any(
        said(document, key) for key in ("private.obtained", "public.used", "crawled.used", "others.used")
    ):
        yield Contradiction(
            "third_parties_denied",
            "2.2.2",
            f"Nothing from third parties without a license is declared, yet others hold shares in "
            f"{_count(it.unlicensed_of_others, 'member')} that came in without one.",
        )
    yield from _of_sizes(document, it)
    yield from _of_days(document, it)


def _of_sizes(document: Document, it: Recorded) -> Iterator[Contradiction]:
    sizes = {one["modality"]: one for one in said(document, "general.sizes")}
    if it.audio_members and Modality.AUDIO not in sizes:
        yield Contradiction(
            "audio_not_declared",
            "1.3",
            f"No audio is declared, yet {_count(it.audio_members, 'member')} of the dataset "
            f"{'is' if it.audio_members == 1 else 'are'} sound.",
        )
    elif it.audio_members and (chosen := sizes[Modality.AUDIO]["range"]):
        least, most = AUDIO_HOURS[Size(chosen)]
        hours = f"{it.duration_ms // 360_000 / 10:,.1f}"
        if most is not None and it.duration_ms >= most * _MS_AN_HOUR:
            yield Contradiction(
                "more_hours_than_declared",
                "1.3",
                f"Less than {most:,} hours of audio are declared; the members whose length is known have {hours}.",
            )
        elif it.duration_ms < least * _MS_AN_HOUR and not it.untimed and it.is_whole and not _has_more(document):
            yield Contradiction(
                "fewer_hours_than_declared",
                "1.3",
                f"At least {least:,} hours of audio are declared and no other source of it; the members have {hours}.",
            )
    if it.text_members and Modality.TEXT not in sizes:
        yield Contradiction(
            "text_not_declared",
            "1.3",
            f"No text is declared, yet {_count(it.text_members, 'member')} of the dataset "
            f"{'is' if it.text_members == 1 else 'are'} lyrics.",
        )


def _has_more(document: Document) -> bool:
    """Whether audio from elsewhere than the dataset is declared."""
    return any(
        said(document, key) for key in ("public.used", "private.obtained", "crawled.used", "others.used")
    ) or any(said(document, key) for key in ("users.from_model", "users.from_services", "synthetic.used"))


def _of_days(document: Document, it: Recorded) -> Iterator[Contradiction]:
    latest = said(document, "general.latest_acquisition")
    if latest and it.trained_to and latest > f"{it.trained_to:%Y-%m}":
        yield Contradiction(
            "acquired_after_training",
            "1.3",
            f"Data is declared to have been acquired until {latest}; training ended on {it.trained_to}.",
        )
    placed = said(document, "general.placed_on")
    if placed and it.trained_to and placed < it.trained_to.isoformat():
        yield Contradiction(
            "placed_before_trained",
            "1.2",
            f"The model is declared to have been placed on the market on {placed}; training ended on {it.trained_to}.",
        )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


EXAMPLE: Final[Mapping[str, Mapping[str, Any]]] = {
    "general": {
        "contact": "Example Models, https://models.example/contact",
        "sizes": [{"modality": "audio", "range": "small", "content": "Musical compositions: recordings with vocals"}],
        "latest_acquisition": "2026-01",
        "placed_on": "2026-06-01",
        "languages": "Mostly English",
    },
    "public": {"used": False},
    "licensed": {"concluded": True, "modalities": ["audio"]},
    "private": {"obtained": False},
    "crawled": {"used": False},
    "users": {"from_model": False, "from_services": False},
    "synthetic": {"used": False},
    "others": {"used": False},
    "reservations": {
        "is_signatory": True,
        "measures": "Each recording is asked about here before it becomes a member; what is reserved is left out.",
    },
    "illegal": {"measures": "Members are recordings that rightsholders delivered; nothing is taken from the open web."},
}
