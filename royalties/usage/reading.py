"""Reading a report from its first file to its last: a usage file, its counts, and whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc

from royalties.usage.lines import Keys, Total, Writer, plain, usage_words
from royalties.usage.mapping import UsageMapping
from royalties.usage.met import Met
from royalties.usage.opening import Bounds, Text
from royalties.usage.problems import Problem, Problems, Unreadable
from royalties.usage.sheet import Sheet

VERSION = "usage/1"  # another one reads the same files to other lines: an entry names what read its report
Progress = Callable[[int, int, int], None]  # lines, bytes as stored, problems


@dataclass(frozen=True)
class Source:
    """One file of a report."""

    path: Path
    name: str = ""


@dataclass(frozen=True)
class Found:
    """What a report comes to."""

    lines: int
    keys: Keys
    totals: dict[tuple[str, str, str], Total]
    problems: Problems
    file_lines: tuple[int, ...] = ()  # of each file, so that a line of the report leads to a file
    notes: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return counts and control totals as JSON can hold them: amounts as text."""
        by: dict[str, list[dict[str, Any]]] = {"country": [], "month": [], "kind": []}
        currencies: dict[str, Total] = {}
        for (what, which, currency), total in sorted(self.totals.items()):
            by[what].append(
                {
                    what: usage_words(which) if what == "kind" else which,
                    "currency": currency,
                    "lines": total.lines,
                    "usages": str(total.usages),
                    "amount": plain(total.amount),
                }
            )
            if what == "country":
                whole = currencies.setdefault(currency, Total())
                whole.lines += total.lines
                whole.usages += total.usages
                for scale, mantissa in total.by_scale.items():
                    whole.by_scale[scale] = whole.by_scale.get(scale, 0) + mantissa
        return {
            "lines": self.lines,
            "keys": len(self.keys),
            "problems": self.problems.count,
            "file_lines": list(self.file_lines),
            "totals": [
                {"currency": currency, "lines": total.lines, "usages": str(total.usages), "amount": plain(total.amount)}
                for currency, total in sorted(currencies.items())
            ],
            "by_country": by["country"],
            "by_month": by["month"],
            "by_kind": by["kind"],
            **self.notes,
        }


def read_sheets(
    sources: Sequence[Source],
    mapping: UsageMapping,
    *,
    sender: str,
    target: Path,
    bounds: Bounds,
    progress: Progress | None = None,
) -> Found:
    """Read sheets of usage to a usage file. With a problem that file is of no use, and whoever asked removes it."""
    problems = Problems()
    writer = Writer(target)
    file_lines: list[int] = []
    done = 0
    with ExitStack() as opened:
        transactions = opened.enter_context(Met(target.parent))
        opened.callback(_close, writer)
        for number, source in enumerate(sources, 1):
            own = Problems()
            before = sum(file_lines)
            text: Text | None = None
            try:
                with source.path.open("rb") as raw:
                    text = Text(cast("BinaryIO", raw), encoding=mapping.encoding, bounds=bounds)
                    sheet = Sheet(text, mapping, sender, own, transactions, before)
                    for table in sheet.tables():
                        writer.add(_moved(table, before))
                        if progress:
                            progress(before + text.lines, done + text.packed_bytes, problems.count + own.count)
            except Unreadable as error:
                own.add(error.problem)
            done += source.path.stat().st_size
            file_lines.append(text.lines if text else 0)
            _take(problems, own, number)
            if problems.is_full:
                break
        for line, earlier in transactions.twice():
            file, at = where(line, file_lines)
            there = place(earlier, file_lines, file)
            sentence = f"The same transaction is in {there}: take one of the two out."
            problems.add(Problem(at, "transaction", "transaction_twice", sentence, file=file))
    return Found(writer.lines, writer.keys, writer.totals, problems, tuple(file_lines))


def _close(writer: Writer) -> None:
    with suppress(pa.ArrowInvalid):
        writer.close()


def _moved(table: Any, by: int) -> Any:
    if not by:
        return table
    return table.set_column(0, "line", pc.add(table.column("line"), by))


def _take(problems: Problems, own: Problems, number: int) -> None:
    for problem in sorted(own.kept, key=lambda one: one.line):
        problems.add(replace(problem, file=number))
    problems.count += own.count - len(own.kept)


def where(line: int, file_lines: Sequence[int]) -> tuple[int, int]:
    """Return the file of a report's line, and the line within it."""
    for number, lines in enumerate(file_lines, 1):
        if line <= lines:
            return number, line
        line -= lines
    return len(file_lines), line


def place(line: int, file_lines: Sequence[int], file: int) -> str:
    """Say where a report's line is, as seen from one of its files."""
    other, at = where(line, file_lines)
    return f"line {at}" if other == file else f"line {at} of file {other}"
