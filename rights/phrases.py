"""
What artists read: the words of their page and of the letters that lead there, in each language. Pure.

One word after the other is data, ``rights/data/phrases.json``, so a language is added by adding words. They are plain
on purpose, since who agrees must know to what; the terms that bind are the full text, and stand in the terms.
"""

from __future__ import annotations

import gettext
import json
import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any, cast

import pycountry

from rights import territories

WORLD = "2136"


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((files("rights") / "data" / "phrases.json").read_text("utf-8")))


def languages() -> tuple[str, ...]:
    """Return the languages that there are words in; the first stands in for a missing one."""
    return tuple(_table()["languages"])


def language_of(tag: str) -> str:
    """Return the language nearest to a BCP 47 tag."""
    primary = _primary(tag)
    return primary if primary in languages() else languages()[0]


def language_asked(header: str) -> str:
    """Return the language that a browser asks for first of those that there are (RFC 9110, Accept-Language)."""
    tag, quality = r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)", r"(?:;\s*q=([01](?:\.\d{0,3})?))?"
    asked = re.findall(rf"{tag}\s*{quality}\s*(?:,|$)", header[:500])
    ranked = sorted(asked, key=lambda one: -Decimal(one[1] or "1"))
    known = [_primary(one) for one, weight in ranked if Decimal(weight or "1") and _primary(one) in languages()]
    return known[0] if known else languages()[0]


def _primary(tag: str) -> str:
    return tag.replace("_", "-").split("-")[0].lower()


class Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        """Speak the nearest language that there is."""
        self.language = language_of(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return a phrase with its gaps filled; a key that is not in the table is a defect."""
        return str(_table()["phrases"][key][self.language]).format(**values)

    def day(self, day: date) -> str:
        """Return a day as people write it."""
        month = str(_table()["phrases"]["months"][self.language]).split()[day.month - 1]
        return self("date", day=day.day, month=month, year=day.year)

    def period(self, active_from: date, active_to: date | None) -> str:
        """Return a period with its last day, where ours is the day after it."""
        if active_to is None:
            return self("when.open", begin=self.day(active_from))
        return self("when.both", begin=self.day(active_from), last=self.day(active_to - timedelta(days=1)))

    def places(self, codes: Sequence[str]) -> str:
        """Return a set of territories by the names of its codes."""
        there = ", ".join(self._place(code) for code in codes if not code.startswith("-"))
        others = ", ".join(self._place(code[1:]) for code in codes if code.startswith("-"))
        return self("where.except", places=there, others=others) if others else there

    def _place(self, code: str) -> str:
        if code == WORLD:
            return self("where.world")
        known = pycountry.countries
        country = known.get(numeric=code.zfill(3)) if code.isdigit() else known.get(alpha_2=code)
        if country is None or self.language == "en":  # groups, and states that have ended, have names in English only
            return territories.name(code)
        catalog = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[self.language])
        return catalog.gettext(country.name)

    def use(self, code: str) -> tuple[str, str]:
        """Return a use in a few words, and what it means."""
        return self(f"use.{code}"), self(f"use.{code}.more")


def letter(
    *,
    language: str,
    name: str,
    organization: str,
    campaign: str,
    closes_on: date,
    link: str,
    is_reminder: bool,
) -> tuple[str, str]:
    """Return the subject and the body of a letter with a personal link."""
    words = Words(language)
    subject = words("letter.reminder" if is_reminder else "letter.subject", organization=organization)
    body = words(
        "letter.body",
        name=name,
        organization=organization,
        campaign=campaign,
        link=link,
        day=words.day(closes_on),
    )
    # One line: a name with a line break must not become a header of the letter.
    return " ".join(subject.split()), body
