"""An answer as a file: CSV that is streamed, Parquet by pieces, a PDF with its pictures. Money is text in all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import typst

from ledger.auditing.asking import Answer, Column, Conclusion, Going, Is, Row, Summary, plain
from ledger.statements import fonts, plots, table
from ledger.statements.document import grouped

_TEMPLATE = Path(__file__).parent / "answer.typ"
_FONTS = fonts.folder()
_PIECE = 5_000
MOST_ON_PAPER = 1_000  # rows; all of them are in the tables
_TYPES = {
    Is.DAY: pa.date32(),
    Is.MOMENT: pa.timestamp("us", tz="UTC"),
    Is.COUNT: pa.int64(),
    Is.YES: pa.bool_(),
}


class NotWritten(Exception):
    """The PDF could not be written; the page and the tables say the same."""


def csv(answer: Answer) -> Iterator[str]:
    """Yield the lines of the table, and below an empty line what was asked, at which checkpoint, and the digest."""
    return csv_of(answer, Going(answer))


def csv_of(answer: Answer, going: Going) -> Iterator[str]:
    """Yield the same, of an answer that somebody goes through who wants to know what it came to."""
    columns = answer.question.columns
    yield table.line([column.name for column in columns])
    for row in going.rows():
        yield table.line([_cell(plain(row.get(column.name), column)) for column in columns])
    yield "\r\n"
    for name, value in stated(going.summary()):
        yield table.line([name, value])


def _cell(value: object) -> object:
    if value is None:
        return ""
    return ("yes" if value else "no") if isinstance(value, bool) else value


def stated(summary: Summary) -> list[tuple[str, str]]:
    """Return what an answer states about itself, name by name."""
    head = summary.answer.head
    checkpoint = head["checkpoint"]
    return [
        ("question", head["question"]),
        *((name, value) for name, value in head["parameters"].items()),
        ("seen_by", head["seen_by"]),
        ("checkpoint_size", checkpoint["size"] if checkpoint else ""),
        ("checkpoint_root", checkpoint["root"] if checkpoint else ""),
        ("rows", str(summary.tally.rows)),
        ("conclusion", summary.conclusion.sentence),
        ("digest", f"sha256:{summary.digest}"),
    ]


def parquet(answer: Answer, path: Path) -> Summary:
    """Write the answer as Parquet, with what it states about itself in the file's metadata."""
    columns = answer.question.columns
    schema = pa.schema([(column.name, _TYPES.get(column.kind, pa.string())) for column in columns])
    going = Going(answer)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        rows = going.rows()
        while piece := list(islice(rows, _PIECE)):
            writer.write_table(_table(piece, columns, schema))
        summary = going.summary()
        writer.add_key_value_metadata({"answer": json.dumps(dict(stated(summary)), ensure_ascii=False)})
    return summary


def _table(rows: list[Row], columns: tuple[Column, ...], schema: pa.Schema) -> pa.Table:
    arrays = []
    for column, kind in zip(columns, schema.types, strict=True):
        cells = [row.get(column.name) for row in rows]
        if pa.types.is_string(kind):
            cells = [None if cell is None else str(plain(cell, column)) for cell in cells]
        arrays.append(pa.array(cells, kind))
    return pa.Table.from_arrays(arrays, schema=schema)


def pdf(answer: Answer) -> bytes:
    """
    Write the answer as PDF/A-2b, with the first thousand rows. The same answer is the same bytes.

    :raises NotWritten: Typst refused
    """
    going = Going(answer)
    shown: list[Row] = []
    for row in going.rows():
        if len(shown) < MOST_ON_PAPER:
            shown.append(row)
    summary = going.summary()
    try:
        written = typst.compile(
            _TEMPLATE,
            root=_TEMPLATE.parent,
            font_paths=[_FONTS],
            format="pdf",
            pdf_standards="a-2b",
            sys_inputs={"data": json.dumps(_data(summary, shown))},
            timestamp=int(answer.asked.known_at.timestamp()),
        )
    except typst.TypstError as error:
        raise NotWritten(f"{NotWritten.__doc__} {error}") from error
    return bytes(written)


def _data(summary: Summary, shown: list[Row]) -> dict[str, Any]:
    question = summary.answer.question
    left = summary.tally.rows - len(shown)
    # Ids that nobody reads on paper are in the tables; of a row everything that has something in it is shown.
    columns = [column for column in question.columns if any(row.get(column.name) not in {None, ""} for row in shown)]
    return {
        "title": f"{question.number}. {question.title}",
        "lead": question.lead,
        "conclusion": {"look": look(summary.conclusion), "sentence": summary.conclusion.sentence},
        "plots": [
            {"title": title, "svg": draw(named, currency, title=title, is_over_time=is_over_time).decode()}
            for title, currency, named, is_over_time in summary.pictures()
        ],
        "columns": [{"label": column.label, "is_number": column.kind in _NUMBERS} for column in columns],
        "rows": [[said(row, column) for column in columns] for row in shown],
        "rows_note": f"{left} further rows are in the CSV and Parquet files." if left else "",
        "note": question.note,
        "facts": [{"name": name.replace("_", " "), "value": value or "not said"} for name, value in stated(summary)],
    }


_NUMBERS = {Is.COUNT, Is.MINOR, Is.AMOUNT}


def look(conclusion: Conclusion) -> str:
    """Return how a conclusion looks: as it should be, not so, or for a person to say."""
    return {True: "cleared", False: "refused", None: "review"}[conclusion.holds]


def draw(named: list[tuple[str, int]], currency: str, *, title: str, is_over_time: bool, **more: Any) -> bytes:
    """Draw names with their sums: columns where they follow each other in time, bars elsewhere."""
    return (plots.columns if is_over_time else plots.bars)(named, currency, title=title, **more)


def said(row: Row, column: Column) -> str:
    """Write a cell for people: money with its decimals, moments to the second, ids short."""
    cell = row.get(column.name)
    if cell is None or cell == "":
        return ""
    match column.kind:
        case Is.MINOR:
            return grouped(int(str(cell)), str(row["currency"]))
        case Is.MOMENT if isinstance(cell, datetime):
            return cell.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        case Is.YES:
            return "yes" if cell else "no"
        case Is.ID:
            return str(cell)[:8]
        case Is.COUNT if isinstance(cell, int):
            return f"{cell:,}".replace(",", "\u202f")
        case _:
            return str(cell)
