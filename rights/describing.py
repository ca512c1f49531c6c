"""
How a recording is described: genres, languages, regions, the year, whose voice leads. Pure.

Descriptions are what holders say. Nothing is inferred from audio, and what nobody says is unknown, a group of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from rights import territories
from rights.vocabulary import LeadVoice

MOST = 12  # genres, languages or regions of one recording
YEARS = (1857, 2199)  # since there are recordings
_LONGEST_GENRE = 60


class NotAGenre(Exception):
    """A genre is a word or a few, up to 60 printable characters."""


class NotALanguage(Exception):
    """A language is a tag of BCP 47, such as en, pt-BR or zh-Hant; zxx where no words are sung."""


class NotARegion(Exception):
    """A region is a country such as BR, or a TIS territory such as 2130, one a code."""


class NotAYear(Exception):
    """The year of a recording has four digits, from 1857 to 2199."""


class TooManyWords(Exception):
    """A recording has at most twelve genres, languages or regions."""


@dataclass(frozen=True)
class Description:
    """What somebody says about a recording, in one way of writing it; what is empty is not known."""

    genres: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    recorded_year: int | None = None
    lead_voice: LeadVoice | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return self == Description()


def description(
    *,
    genres: Iterable[str] = (),
    languages: Iterable[str] = (),
    regions: Iterable[str] = (),
    recorded_year: int | None = None,
    lead_voice: LeadVoice | None = None,
) -> Description:
    """
    Return a description with everything written in one way, in order, and once.

    :raises NotAGenre: a genre is empty, too long or not printable
    :raises NotALanguage: a language is no well-formed tag
    :raises NotARegion: a region is not in the tables
    :raises NotAYear: the year is none in which there were recordings
    :raises TooManyWords: more than twelve of a kind are named
    """
    if recorded_year is not None and not YEARS[0] <= recorded_year <= YEARS[1]:
        raise NotAYear
    return Description(
        genres=_few(genre(one) for one in genres),
        languages=_few(language(one) for one in languages),
        regions=_few(region(one) for one in regions),
        recorded_year=recorded_year,
        lead_voice=lead_voice,
    )


def _few(words: Iterable[str]) -> tuple[str, ...]:
    found = sorted(set(words))
    if len(found) > MOST:
        raise TooManyWords
    return tuple(found)


def genre(text: str) -> str:
    """
    Return a genre in small letters with single spaces: the same word is the same group.

    :raises NotAGenre: it is empty, too long or not printable
    """
    plain = " ".join(unicodedata.normalize("NFC", text).split()).lower()
    if not plain or len(plain) > _LONGEST_GENRE or not plain.isprintable():
        raise NotAGenre
    return plain


def language(tag: str) -> str:
    """
    Return a language tag as BCP 47 writes it: pt-BR, zh-Hant.

    :raises NotALanguage: the tag is not well formed
    """
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}", tag) or len(tag) > 35:
        raise NotALanguage(f"{tag[:40]!r} is not a language: write a tag such as en or pt-BR")
    first, *rest = tag.split("-")
    return "-".join([first.lower(), *(_subtag(one) for one in rest)])


def _subtag(text: str) -> str:
    if len(text) == 4 and text.isalpha():
        return text.title()  # a script
    return text.upper() if len(text) == 2 else text.lower()  # a country, or whatever else


def region(code: str) -> str:
    """
    Return the code of a country or of a group of them.

    :raises NotARegion: it is in no table
    """
    plain = code.strip().upper()
    if not re.fullmatch(r"[A-Z]{2}|[0-9]{1,4}", plain):
        raise NotARegion(f"{code[:20]!r} is no region: write a country such as BR or a TIS territory such as 2130")
    try:
        territories.check([plain])
    except (territories.NoSuchTerritory, territories.NoTerritory) as error:
        raise NotARegion(str(error)) from error
    return plain
