"""
A statement as PDF, written by Typst from a template of ours and the document's figures as JSON.

Names and titles are data to the template, so none of them is read as its markup. Without packages and without the
network; the same document gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typst

from ledger.statements import fonts, plots
from ledger.statements.document import PARTS, By, Document, decimals, fraction, grouped

_TEMPLATE = Path(__file__).parent / "statement.typ"
# The plots' own fonts, which have Latin, Greek, Cyrillic, Arabic and Hebrew; others come from the machine.
_FONTS = fonts.folder()
MOST_LINES = 2_000  # the rest stands in the CSV: nobody reads more on paper
TOO_MANY = 100_000  # of which a beginning says nothing: the paper then holds totals


class NotWritten(Exception):
    """The PDF could not be written; the page and the CSV say the same."""


def pdf(document: Document) -> bytes:
    """
    Write a statement as PDF/A-2b, with the first two thousand lines; with totals alone where there are very many.

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
            timestamp=int(document.issued_at.timestamp()),
        )
    except typst.TypstError as error:
        raise NotWritten(f"{NotWritten.__doc__} {error}") from error
    return bytes(written)


def _data(document: Document) -> dict[str, Any]:
    it = document
    count = len(it.lines)
    shown = it.lines[:MOST_LINES] if count <= TOO_MANY else ()
    payout = it.payout
    note = f"To be paid on {it.pay_on:%-d %B %Y}"
    if payout:
        note += (
            f": {grouped(payout.units, payout.currency)} {payout.currency} at {decimals(payout.rate, 6)} "
            f"({payout.source}, {payout.on}). What rounding left, {decimals(payout.remainder, 6)} {payout.currency}, "
            "is in no account."
        )
    drawn: list[tuple[str, By, Callable[..., bytes]]] = [
        ("By country", "country", plots.bars),
        ("By source", "asset", plots.bars),
        ("By output", "output", plots.bars),
        ("By month of use", "month", plots.columns),
    ]
    return {
        "title": f"Royalty statement {it.period_from} to {it.period_to}",
        "payer": it.payer,
        "heading": f"Royalty statement for {it.payee}",
        "subheading": f"{it.period_from:%-d %B %Y} until before {it.period_to:%-d %B %Y}, version {it.version}, "
        f"issued {it.issued_at:%-d %B %Y}",
        "payable": {"label": "Payable", "amount": it.said(it.figures.payable), "note": note},
        "steps": [
            {"name": step.name, "note": step.note, "amount": it.said(step.units), "is_sum": step.is_sum}
            for step in it.steps
        ],
        "waterfall": plots.waterfall(it.steps, it.currency, title="From earned to payable").decode(),
        "plots": [
            {"title": title, "svg": draw(it.sums(by), it.currency, title=title).decode()}
            for title, by, draw in drawn
            if len(it.sums(by)) > 1
        ],
        "lines": [
            {
                "output": line.output_title,
                "asset": f"{line.asset_title}, {PARTS[line.part].lower()}" if line.asset_title else PARTS[line.part],
                "country": line.country,
                "pool": grouped(line.pool_units, it.currency),
                "weight": fraction(line.weight),
                "amount": grouped(line.units, it.currency) + ("*" if line.has_leftover else ""),
            }
            for line in shown
        ],
        "terms": [
            {
                "term": one.name,
                "plan": f"{str(one.license_id)[:8]}, version {one.plan_number}",
                "basis": one.basis,
                "weight": fraction(one.weight),
                "amount": grouped(one.units, it.currency),
            }
            for one in it.terms
        ],
        "lines_note": _lines_note(it, count, len(shown)),
        "total": {
            "label": "Earned in this period",
            "amount": grouped(it.allocated, it.currency),
        },
        "check": [
            "Amount of a line = its pool × its weight, rounded down; units that are left go to the largest remainders.",
            "The lines add up to what was earned in this period; the steps above lead from there to what is paid.",
            "The run's root, in the log, covers every line of every payee.",
            "Ask for the proof of yours: ledger-verify checks it, and needs neither this service nor its operator.",
            *([f"Objections are taken until {it.object_until:%-d %B %Y}."] if it.object_until else []),
        ],
        "facts": [
            {"name": "Statement", "value": str(it.id)},
            {"name": "Run", "value": str(it.run_id)},
            {"name": "Inputs", "value": f"sha256:{it.frozen_digest}"},
            {"name": "Root", "value": f"sha256:{it.root_digest}"},
            {"name": "Log entry", "value": "pending" if it.entry_index is None else str(it.entry_index)},
        ],
        "footer": f"{it.payer} · {it.payee} · {it.period_from} to {it.period_to} · version {it.version}",
    }


def _lines_note(it: Document, count: int, shown: int) -> str:
    if count > shown == 0:
        return (
            f"This statement has {count} lines, which no paper holds: here are the totals of all of them. "
            f"Each line is in the CSV, with its output, country, pool, weight and amount; they add up to "
            f"{it.said(it.allocated)}."
        )
    return (
        "Each pool is what one output earned in one country, divided once. "
        f"Amounts in {it.currency}; with * one unit of what rounding left over."
    ) + (f" {count - shown} further lines are in the CSV." if count > shown else "")
