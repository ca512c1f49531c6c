"""
A pack's records as PDF, to read: what happened, in the log's order, with the rows that each entry vouches for.

Everything is data to the template, so nothing of it is read as markup. The same records give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typst

from ledger.statements import fonts

_TEMPLATE = Path(__file__).parent / "records.typ"
_FONTS = fonts.folder()
MOST_ENTRIES: Final = 1_000  # the rest stands in the files: nobody reads more on paper
MOST_ROWS: Final = 12  # of one table in one entry
MOST_TEXT: Final = 240  # characters of one value


class NotWritten(Exception):
    """The PDF could not be written; the files of the pack say the same."""


@dataclass(frozen=True)
class Listed:
    """An entry, as it is shown."""

    index: int
    kind: str
    at: datetime
    subject: str
    said: Mapping[str, Any]
    tables: tuple[tuple[str, int, tuple[Mapping[str, Any], ...]], ...]  # table, how many rows, the first of them
    withheld: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """What the paper says."""

    title: str
    scope: str
    checkpoint: int
    root: str
    signed_at: datetime
    entries: int
    listed: tuple[Listed, ...]
    facts: tuple[tuple[str, str], ...]


def pdf(document: Document) -> bytes:
    """
    Write the records as PDF/A-2b, with the first thousand entries.

    :raises NotWritten: Typst refused
    """
    try:
        written = typst.compile(
            _TEMPLATE,
            root=_TEMPLATE.parent,
            font_paths=[_FONTS],
            format="pdf",
            pdf_standards="a-2b",
            sys_inputs={"data": json.dumps(_data(document))},
            timestamp=int(document.signed_at.timestamp()),
        )
    except typst.TypstError as error:
        raise NotWritten(f"{NotWritten.__doc__} {error}") from error
    return bytes(written)


def _data(document: Document) -> dict[str, Any]:
    it = document
    left = it.entries - len(it.listed)
    return {
        "title": it.title,
        "subtitle": f"{it.entries:,} entries of the log. {it.scope}",
        "facts": [
            {"name": "Checkpoint", "value": f"{it.checkpoint:,} entries, signed {it.signed_at:%Y-%m-%d %H:%M} UTC"},
            {"name": "Root", "value": it.root},
            *({"name": name, "value": value} for name, value in it.facts),
        ],
        "kinds": [{"name": kind, "count": f"{count:,}"} for kind, count in _kinds(it.listed)],
        "entries": [
            {
                "index": f"{one.index}",
                "kind": one.kind,
                "at": f"{one.at:%Y-%m-%d %H:%M:%S} UTC",
                "subject": one.subject,
                "said": _pairs(one.said),
                "tables": [
                    {
                        "name": f"{table}, {count} row{'s' if count != 1 else ''}"
                        + (f", the first {len(shown)}" if len(shown) < count else ""),
                        "rows": [_pairs(row) for row in shown],
                    }
                    for table, count, shown in one.tables
                ],
                "withheld": ", ".join(one.withheld),
            }
            for one in it.listed
        ],
        "left": f"{left:,} further entries are in the files of the pack." if left > 0 else "",
        "footer": f"{it.title} · checkpoint {it.checkpoint}",
    }


def _kinds(listed: Sequence[Listed]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for one in listed:
        counts[one.kind] = counts.get(one.kind, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _pairs(document: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"name": name, "value": _said(value)} for name, value in document.items() if value not in (None, "", [])]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}… ({len(text):,} characters)"
