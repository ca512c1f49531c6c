"""What a page of one fact shows: values for the template, and how ids, periods and sets are put into words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ledger import report
from ledger.models import Entry
from ledger.reports.presentation import PURPOSES
from rights.case import Side
from rights.territories import NoSuchTerritory, NoTerritory, expand, phrase

NOTHING = "–"

USES = {
    "infer.input": "goes into a generated output",
    "distribute.outside": "the output leaves the licensee’s service",
    "distribute.inside": "the output stays in the licensee’s service",
    "tdm": "is mined for text and data",
    "train.nongen": "trains machines that do not generate",
    "train.gen": "trains machines that generate",
    "finetune.artist": "tunes a model to the artist",
    "voice.train": "trains a voice model",
    "voice.generate": "the voice is generated",
    "voice.convert": "other voices are turned into it",
    "style.prompt": "the name stands in a prompt",
    "identify": "is recognized, by its fingerprint or as a voice",
}
STATES = {"failed": "Given up", "review": "For review"}

Shown = str | SafeString


@dataclass(frozen=True)
class Table:
    """Facts that belong to the one on the page; ``empty`` says what it means that there are none."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Shown, ...], ...]
    empty: str
    add: str = ""  # the address where one more is added, empty where nobody may
    add_label: str = ""

    @property
    def labelled(self) -> list[list[tuple[str, Shown]]]:
        """Return the rows with each cell beside its column's name, which narrow screens show in place of the head."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Step:
    """Something to do from a page: a link, or a button that posts."""

    label: str
    url: str
    is_post: bool = False
    is_grave: bool = False
    is_main: bool = False


@dataclass(frozen=True)
class Sheet:
    """One fact, laid out to be read."""

    title: str
    lead: str
    facts: tuple[tuple[str, Shown], ...]
    tables: tuple[Table, ...] = ()
    steps: tuple[Step, ...] = ()
    chip: Shown = ""
    texts: tuple[tuple[str, str], ...] = ()  # longer ones, folded away


def address(row: Model) -> str:
    """Return the page of a fact."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def of_side(side: Side | None) -> str:
    """Return which side a term of a plan is of, after its name; nothing where it is of both."""
    return {None: "", Side.MASTER: ", masters", Side.PUBLISHING: ", publishing"}[side]


def link(row: Model | None, text: object = None) -> Shown:
    """Return a link to the page of a fact, or a dash where there is none."""
    if row is None:
        return NOTHING
    return format_html('<a href="{}">{}</a>', address(row), text if text is not None else row)


def to(url: str, text: object) -> SafeString:
    """Return a link to any other page."""
    return format_html('<a href="{}">{}</a>', url, text)


def links(rows: Iterable[Model]) -> Shown:
    """Return links to several facts, one after the other."""
    found = [link(row) for row in rows]
    return format_html(", ".join(["{}"] * len(found)), *found) if found else NOTHING


def short_id(value: object) -> SafeString:
    """Return the first characters of an id or digest; all of it on hover, and copied with a click."""
    text = str(value)
    return format_html(
        '<button type="button" class="l-id" data-copy="{}" title="Copy {}">{}</button>', text, text, text[:8]
    )


def long_id(value: object) -> SafeString:
    """Return all of an id or digest, which may break anywhere."""
    return format_html('<span class="l-mono l-break">{}</span>', value)


def moment(at: datetime | None) -> Shown:
    """Return a time to the second, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else NOTHING


def column(name: str, title: str) -> Callable[[Any], Shown]:
    """Return a column of a list: a day as it is, a time to the minute."""

    @admin.display(description=title, ordering=name)
    def shown(row: Any) -> Shown:
        value = getattr(row, name)
        if value is None:
            return NOTHING
        said = f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value.isoformat()
        return format_html('<span class="l-date">{}</span>', said)

    shown.__name__ = name
    return shown


def period(row: Any) -> str:
    """Return the period [from, to) of a fact."""
    return f"{row.active_from} to before {row.active_to}" if row.active_to else f"From {row.active_from}, open"


def territories(codes: list[str], on: date) -> Shown:
    """Return what a set of territories means on a day in words, with its codes on hover."""
    try:
        said = phrase(expand(codes, on))
    except (NoSuchTerritory, NoTerritory):
        said = " ".join(codes)  # a country that there was not yet, or no longer
    return format_html('<span title="{}">{}</span>', " ".join(codes), said[:1].upper() + said[1:])


def purposes(codes: Iterable[str]) -> str:
    """Say what an output is for, or may not be for, in words."""
    return "; ".join(PURPOSES.get(code, code) for code in codes)


def uses(codes: list[str]) -> str:
    """Return uses in words."""
    said = "; ".join(USES.get(code, code) for code in codes)
    return said[:1].upper() + said[1:]


def chip(state: str, text: str = "") -> SafeString:
    """Return a state as a chip."""
    return format_html('<span class="l-chip is-{}">{}</span>', state, text or STATES.get(state, state.capitalize()))


def entry_of(**subject: Model) -> tuple[str, Shown]:
    """Return the log entry of a fact as a line of its sheet."""
    entry = Entry.objects.select_related("leaf").filter(**subject).first()
    if entry is None:
        return "Log entry", NOTHING
    index = entry.leaf.index if hasattr(entry, "leaf") else None
    return "Log entry", link(entry, f"Entry {index}" if index is not None else "pending, placed within a second")


def receipt_of(entry: Entry) -> str:
    """Return the receipt of an entry, empty while it has no place in the tree."""
    try:
        return report.receipt(entry)
    except report.NotSequenced:
        return ""
