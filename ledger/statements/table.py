"""A statement as CSV: every line, and below them the way from what was earned to what is paid."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from ledger.statements.document import Document, fraction
from royalties import money

_HEAD = (
    "statement", "version", "period_from", "period_to", "output", "output_title", "country", "part", "asset",
    "asset_title", "used_from", "used_to", "pool_minor", "weight", "exact_minor", "minor", "has_leftover", "amount",
    "currency",
)  # fmt: skip
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows(document: Document) -> Iterator[str]:
    """Yield the lines of the table, CRLF after each (RFC 4180), ready to be streamed."""
    yield line(_HEAD)
    frame = (document.id, document.version, document.period_from, document.period_to)
    for one in document.lines:
        yield line((
            *frame,
            one.output_id,
            one.output_title,
            one.country,
            one.part,
            one.asset_id or "",
            one.asset_title,
            one.used_from or "",
            one.used_to or "",
            one.pool_units,
            fraction(one.weight),
            fraction(one.exact),
            one.units,
            "yes" if one.has_leftover else "no",
            money.written(one.units, document.currency),
            document.currency,
        ))  # fmt: skip
    blank = ("",) * 7
    for step in document.steps:
        amount = money.written(step.units, document.currency)
        yield line((*frame, "", "", "", step.name, *blank, step.units, "", amount, document.currency))


def line(cells: Sequence[object]) -> str:
    """Write cells as a line, CRLF after it (RFC 4180); none of them is run as a formula."""
    out = io.StringIO()
    csv.writer(out).writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: object) -> object:
    """Keep a spreadsheet from running a title as a formula; amounts are written by us and stay numbers."""
    if isinstance(cell, str) and cell.startswith(_STARTS_A_FORMULA) and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).replace("/", "", 1).isdigit()
