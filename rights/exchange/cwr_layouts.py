"""Where each field of a CWR record lies, for each version: read once from ``rights/data/cwr_*.json``. Pure.

A file of this format is lines of fixed columns. What the columns are is data; this module only cuts lines by them and
says which cuts are malformed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Final

VERSIONS: Final = ("2.1", "2.2", "3.0", "3.1")
CONTROL: Final = frozenset({"HDR", "GRH", "GRT", "TRL"})
# Records that begin a transaction, in any version; only some of them say who owns what.
HEADERS: Final = frozenset({"NWR", "REV", "WRK", "AGR", "ISW", "EXC", "ACK", "ISR", "ISA", "DRW", "LIC"})


class NoSuchVersion(Exception):
    """CWR is read and written in the versions 2.1, 2.2, 3.0 and 3.1."""


@dataclass(frozen=True)
class Field:
    """One field: its columns, counted from nought, and its kind (A text, N number, S share, D date, T time)."""

    name: str
    start: int
    size: int
    kind: str

    @property
    def end(self) -> int:
        return self.start + self.size


@dataclass(frozen=True)
class RecordLayout:
    """The fields of one type of record, its full length, and the shortest line that still says what it must."""

    type: str
    fields: dict[str, Field]
    least: int
    length: int


@dataclass(frozen=True)
class Layout:
    """One version of the format."""

    version: str
    character_set: str  # where the file names none
    group_version: str  # what a group's header says; empty where it says nothing
    records: dict[str, RecordLayout]

    @property
    def has_ownership(self) -> bool:
        """Whether parties carry ownership shares; since 3.0 they carry collection shares only."""
        return self.version.startswith("2")


@dataclass(frozen=True)
class Record:
    """One line, cut by its layout. ``text`` reaches the full length of the layout."""

    line: int
    layout: RecordLayout
    text: str

    @property
    def type(self) -> str:
        return self.text[:3]

    def raw(self, name: str) -> str:
        """Return the columns of a field, with their blanks."""
        field = self.layout.fields[name]
        return self.text[field.start : field.end]

    def __getitem__(self, name: str) -> str:
        """Return a field without the blanks around it; empty where this version has no such field."""
        field = self.layout.fields.get(name)
        return self.text[field.start : field.end].strip() if field else ""

    def malformed(self) -> Iterator[tuple[str, str]]:
        """Yield the name and kind of each field that is filled with something its kind does not allow."""
        for field in self.layout.fields.values():
            if field.kind != "A" and not _FITS[field.kind](self.text[field.start : field.end].strip()):
                yield field.name, field.kind


@lru_cache(maxsize=len(VERSIONS))
def layout(version: str) -> Layout:
    """
    Return the layout of a version.

    :raises NoSuchVersion: it is none of ``VERSIONS``
    """
    if version not in VERSIONS:
        raise NoSuchVersion
    name = f"cwr_{version.replace('.', '')}.json"
    data = json.loads(resources.files("rights").joinpath("data", name).read_text("utf-8"))
    return Layout(
        version=data["version"],
        character_set=data["character_set"],
        group_version=data["group_version"],
        records={type: _record(type, said["least"], said["fields"]) for type, said in data["records"].items()},
    )


def _record(type: str, least: int, fields: dict[str, tuple[int, int, str]]) -> RecordLayout:
    cut = {name: Field(name, start - 1, size, kind) for name, (start, size, kind) in fields.items()}
    return RecordLayout(type=type, fields=cut, least=least, length=max(field.end for field in cut.values()))


def day(raw: str) -> date | None:
    """Return a date of eight digits; None where the field is empty or no day of the calendar (`malformed` says so)."""
    if not re.fullmatch(r"[0-9]{8}", raw) or raw == "0" * 8:
        return None
    try:
        return date(int(raw[:4]), int(raw[4:6]), int(raw[6:]))
    except ValueError:
        return None


def _is_day(raw: str) -> bool:
    return raw in {"", "0" * 8} or day(raw) is not None


def _is_time(raw: str) -> bool:
    return raw == "" or (re.fullmatch(r"[0-9]{6}", raw) is not None and raw[2:4] < "60" and raw[4:] < "60")


def _is_number(raw: str) -> bool:
    return re.fullmatch(r"[0-9]*", raw) is not None


def _is_share(raw: str) -> bool:
    return re.fullmatch(r"|[0-9]{5}", raw) is not None


_FITS: Final = {"D": _is_day, "T": _is_time, "N": _is_number, "S": _is_share}
