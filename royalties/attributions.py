"""
Reports of attribution providers as files, and how far several disagree about one output. Pure.

A report is JSON (``{"method", "version", "confidence", "weights": [{"isrc", "part"}]}``, where an asset is named by one
of recording, work, isrc and iswc) or a table in CSV with the columns ``asset`` and ``part``, where an asset is
``recording:<id>``, ``work:<id>``, ``isrc:<code>`` or ``iswc:<code>``. Parts are exact: fractions such as 1/3, or
decimals, which are read digit by digit.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

MOST_BYTES = 1 << 20
MOST_LINES = 5_000
LARGEST = 2**63 - 1
KINDS = ("recording", "work", "isrc", "iswc")
CSV, JSON = "text/csv", "application/json"

_PART = re.compile(r"([0-9]{1,18})(?:/([0-9]{1,18})|\.([0-9]{1,17}))?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class NotAReport(Exception):
    """The file is no attribution report: JSON with weights, or a CSV table with the columns asset and part."""


@dataclass(frozen=True)
class Named:
    """An asset as a report names it, and which part of its side it is said to have."""

    kind: str
    value: str
    part: Fraction


@dataclass(frozen=True)
class Written:
    """A report as it was written; what the file does not say is empty."""

    method: str
    version: str
    confidence: Fraction | None
    weights: tuple[Named, ...]


def read(data: bytes, media_type: str) -> Written:
    """
    Read a report.

    :raises NotAReport: anything is wrong with it; the message says where
    """
    if len(data) > MOST_BYTES:
        raise NotAReport(f"A report has at most {MOST_BYTES:,} bytes.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotAReport(f"The file is not UTF-8: byte {error.start} is none of it.") from error
    if not text.strip():
        raise NotAReport("The file is empty.")
    return _of_csv(text) if media_type == CSV else _of_json(text)


def _of_csv(text: str) -> Written:
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        names = [name.strip().lower() for name in rows.fieldnames or []]
        if not {"asset", "part"} <= set(names) or len(set(names)) != len(names):
            raise NotAReport("The first line names the columns, asset and part among them, each once.")
        rows.fieldnames = names
        weights = tuple(_of_rows(rows))
    except csv.Error as error:
        raise NotAReport(f"The table breaks off or is damaged: {error}.") from error
    return Written("", "", None, weights)


def _of_rows(rows: csv.DictReader[str]) -> Iterator[Named]:
    for row in rows:
        where = f"line {rows.line_num}"
        if rows.line_num > MOST_LINES + 1:
            raise NotAReport(f"A report weighs at most {MOST_LINES:,} assets.")
        if None in row or any(value is None for value in row.values()):
            raise NotAReport(f"{where}: it has not as many cells as the first one.")
        kind, _, value = row["asset"].strip().partition(":")
        yield _named(kind.strip().lower(), value.strip(), row["part"], where)


def _of_json(text: str) -> Written:
    try:
        # A decimal stays the text that it is: a float would say something else.
        document = json.loads(text, parse_float=_Number, parse_int=_Number, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise NotAReport(f"The file is not JSON: {str(error)[:120]}.") from error
    if not isinstance(document, dict):
        raise NotAReport("The file is a JSON object with weights.")
    weights = document.get("weights")
    if not isinstance(weights, list) or not weights:
        raise NotAReport("weights: a list of at least one asset.")
    if len(weights) > MOST_LINES:
        raise NotAReport(f"A report weighs at most {MOST_LINES:,} assets.")
    confidence = document.get("confidence")
    return Written(
        _text(document, "method", 120),
        _text(document, "version", 60),
        None if confidence is None else _part(confidence, "confidence"),
        tuple(_of_object(one, f"weights[{place}]") for place, one in enumerate(weights)),
    )


def _of_object(one: Any, where: str) -> Named:
    if not isinstance(one, dict):
        raise NotAReport(f"{where}: an object with an asset and its part.")
    named = [kind for kind in KINDS if one.get(kind) is not None]
    if len(named) != 1 or not _is_text(one[named[0]]):
        raise NotAReport(f"{where}: name one of {', '.join(KINDS)}.")
    return _named(named[0], one[named[0]], one.get("part"), where)


def _named(kind: str, value: str, part: Any, where: str) -> Named:
    if value.startswith(_FORMULA):
        raise NotAReport(f"{where}: {value[:20]!r} is a formula and no asset.")
    if kind not in KINDS or not 0 < len(value) <= 60 or not value.isprintable():
        raise NotAReport(f"{where}: an asset is written as recording:<id>, work:<id>, isrc:<code> or iswc:<code>.")
    return Named(kind, value, _part(part, where))


def _part(given: Any, where: str) -> Fraction:
    found = _PART.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None or (found[2] is not None and not int(found[2])):
        raise NotAReport(f"{where}: {str(given)[:40]!r} is no part; write 1/3 or 0.25.")
    if found[2] is not None:
        return Fraction(int(found[1]), int(found[2]))
    return Fraction(f"{found[1]}.{found[3]}" if found[3] else found[1])


class _Number(str):
    """A number as it was written: a part may be one, a name may not."""

    __slots__ = ()


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _text(document: Mapping[str, Any], name: str, most: int) -> str:
    value = document.get(name, "")
    if not _is_text(value) or len(value) > most or (value and not value.isprintable()):
        raise NotAReport(f"{name}: a text of at most {most} characters.")
    return str(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, _Number)


# --- How far they disagree


@dataclass(frozen=True)
class Weighing:
    """What one source says of the assets of a side; they add up to one."""

    source: str
    weights: Mapping[str, Fraction]


@dataclass(frozen=True)
class Disagreement:
    """Two sources, and the total variation distance between them: 0 where they say the same, 1 where nothing agrees."""

    one: str
    other: str
    distance: Fraction


def distance(one: Mapping[str, Fraction], other: Mapping[str, Fraction]) -> Fraction:
    """Return the total variation distance of two weighings: half of what they differ by, asset by asset."""
    return sum(
        (abs(one.get(asset, Fraction(0)) - other.get(asset, Fraction(0))) for asset in one.keys() | other.keys()),
        Fraction(0),
    ) * Fraction(1, 2)


def disagreements(weighings: tuple[Weighing, ...]) -> tuple[Disagreement, ...]:
    """Return each two of several weighings with their distance, those that differ most first."""
    found = [
        Disagreement(one.source, other.source, distance(one.weights, other.weights))
        for place, one in enumerate(weighings)
        for other in weighings[place + 1 :]
    ]
    return tuple(sorted(found, key=lambda pair: (-pair.distance, pair.one, pair.other)))
