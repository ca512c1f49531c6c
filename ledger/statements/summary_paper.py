"""
The summary of a version's training as PDF, written by Typst from a template of ours and the summary's figures as JSON.

Names, titles and declarations are data to the template, so none of them is read as its markup.
"""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import typst

from ledger.statements import fonts, plots, summary
from ledger.statements.paper import NotWritten
from ledger.statements.summary import Summary
from rights import coverage, training
from rights.coverage import Dimension, Row

_TEMPLATE = Path(__file__).parent / "training.typ"
_FONTS = fonts.folder()
MOST_ROWS = 40  # groups of one dimension


def pdf(it: Summary) -> bytes:
    """
    Write a summary as PDF/A-2b.

    :raises NotWritten: Typst refused
    """
    try:
        written = typst.compile(
            _TEMPLATE,
            root=_TEMPLATE.parent,
            font_paths=[_FONTS],
            format="pdf",
            pdf_standards="a-2b",
            sys_inputs={"data": json.dumps(_data(it))},
            timestamp=int(it.known_at.timestamp()),
        )
    except typst.TypstError as error:
        raise NotWritten(f"{NotWritten.__doc__} {error}") from error
    return bytes(written)


def moment(it: Summary) -> str:
    """Return as of when it is known, as an address asks for it: with it and the day, the same bytes come again."""
    return it.known_at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def shares(rows: tuple[Row, ...]) -> list[plots.Share]:
    """Return groups as a plot takes them."""
    return [(row.name, _millionths(row.count, row.whole), _compared(row)) for row in rows if row.count or row.compared]


def _compared(row: Row) -> int | None:
    return None if row.compared is None else _millionths(row.compared, row.compared_whole)


def _millionths(part: int, whole: int) -> int:
    return part * 1_000_000 // whole if whole else 0


def _version(it: Summary) -> str:
    if not it.statement_number:
        return ""
    updated = f", last update {it.stated_at:%d/%m/%Y}" if it.stated_at else ""  # as the template writes it
    return f"; version of the declaration: {it.statement_number}{updated}"


def _data(it: Summary) -> dict[str, Any]:
    as_at = f"As at {it.valid_at}, as known at {it.known_at:%Y-%m-%d %H:%M} UTC"
    return {
        "title": f"Public summary of training content: {it.name}",
        "provider": it.provider,
        "heading": f"Public summary of training content for {it.name}",
        "subheading": as_at + _version(it),
        "template": training.TEMPLATE,
        "sections": [
            {
                "number": one.number,
                "heading": one.heading,
                "depth": one.depth,
                "declared": [
                    {"asks": said.question.asks, "lines": list(said.lines) or ["Not declared"]} for said in one.declared
                ],
                "recorded": list(one.recorded),
                "is_silent": one.is_silent,
            }
            for one in summary.sections(it)
        ],
        "contradictions": [{"section": one.section, "sentence": one.sentence} for one in it.contradictions],
        "coverage": [
            {
                "title": coverage.NAMES[by],
                "svg": plots.shares(shares(rows), ("The dataset", it.compared_with), title=coverage.NAMES[by]).decode(),
                "rows": [
                    [
                        row.name,
                        f"{row.count:,}",
                        summary.percent(row.count, row.whole),
                        summary.hours(row.duration_ms),
                        "" if row.compared is None else summary.percent(row.compared, row.compared_whole),
                    ]
                    for row in rows[:MOST_ROWS]
                ],
            }
            for by in Dimension
            if (rows := it.rows(by)) and it.coverage.whole(by)
        ],
        "coverage_note": f"Of {it.coverage.recordings:,} recordings in the dataset, {it.coverage.described:,} are "
        f"described by a holder; the share of each group stands beside its share of {it.compared_with} "
        f"({it.compared.recordings:,} recordings). A recording may be in several groups.",
        "facts": [
            {"name": "Model version", "value": str(it.version_id)},
            *(
                [
                    {"name": "Dataset", "value": str(it.dataset_id)},
                    {"name": "Members", "value": f"sha256:{it.members_digest}"},
                ]
                if it.dataset_id
                else []
            ),
            *([{"name": "Declaration", "value": f"sha256:{it.statement_digest}"}] if it.statement_digest else []),
            *(
                {"name": one.name, "value": "pending" if one.index is None else f"entry {one.index}"}
                for one in it.entries
            ),
            {
                "name": "Checkpoint",
                "value": f"size {it.checkpoint_size}, root {it.checkpoint_root}"
                if it.checkpoint_root
                else "none is signed yet",
            },
            {"name": "The same again", "value": f"at={it.valid_at}, known_at={moment(it)}"},
        ],
        "footer": f"{it.provider} · {it.name} · {as_at}",
    }
