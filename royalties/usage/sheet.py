"""Sheets of usage, CSV or TSV, whatever their columns are called: read through a mapping, a few megabytes at once."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from rights.exchange.mapping import plain as plain_name
from royalties.usage import cells, columns
from royalties.usage.lines import COLUMNS
from royalties.usage.mapping import UsageMapping
from royalties.usage.met import Met
from royalties.usage.opening import MOST_IN_A_LINE, Bounds, Text
from royalties.usage.problems import BadCell, Problem, Problems, Unreadable, shown

BLOCK = 4 << 20
_ONE_DAY = timedelta(days=1)
_MOST_COLUMNS = 1000


@dataclass
class _Layout:
    names: list[str]
    at: dict[str, int]  # our field → number of its column
    delimiter: str
    header_line: int


PREVIEWED = 10  # rows


def first_rows(
    path: Path, *, delimiter: str = "auto", encoding: str = "auto", skip_lines: int = 0
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """
    Return the header of a sheet and its first rows, for a person to look at.

    :raises Unreadable: it is no text
    """
    with path.open("rb") as raw:
        text = Text(cast("BinaryIO", raw), encoding=encoding, bounds=Bounds())
        lines = [text.readline().rstrip(b"\r\n").decode() for _ in range(skip_lines + 1 + PREVIEWED)][skip_lines:]
    mark = max((",", ";", "\t", "|"), key=lines[0].count) if delimiter == "auto" else delimiter
    rows = [tuple(row) for row in csv.reader([line for line in lines if line.strip()], delimiter=mark)]
    return (rows[0], tuple(rows[1:])) if rows else ((), ())


@dataclass
class Sheet:
    """A sheet that is being read."""

    text: Text
    mapping: UsageMapping
    sender: str
    problems: Problems
    transactions: Met  # of all files of the report
    before: int = 0  # lines of the files before this one
    header: tuple[str, ...] = ()
    _layout: _Layout | None = None

    def tables(self) -> Iterator[Any]:
        """
        Go through the lines that can be read; what is wrong with others is put to the problems.

        :raises Unreadable: the file ends here
        """
        layout = self._layout = self._read_header()
        skipped: list[int] = []
        stated: dict[int, str] = {}

        def refuse(row: Any) -> str:
            line = row.number + layout.header_line
            skipped.append(line)
            stated[line] = row.text
            return "skip"

        reader = _open(self.text, layout, refuse)
        read = 0
        next_line = layout.header_line + 1
        given_up = 0
        while True:
            batch = _next(reader)
            while given_up < len(skipped):
                line = skipped[given_up]
                self._refuse_row(line, stated.pop(line), len(layout.names))
                given_up += 1
            if batch is None:
                break
            lines, next_line = _numbered(batch.num_rows, next_line, skipped)
            read += batch.num_rows
            yield self._table(batch, lines)
            if self.problems.is_full:
                return
        if layout.header_line + read + len(skipped) != self.text.lines:
            sentence = "A quoted cell goes over the end of its line: take line breaks out of the cells."
            raise Unreadable(Problem(0, "", "line_break_in_a_cell", sentence))

    # --- The beginning

    def _read_header(self) -> _Layout:
        for _ in range(self.mapping.skip_lines):
            self.text.readline()
        at = self.mapping.skip_lines + 1
        line = self.text.readline().rstrip(b"\r\n").decode()
        if not line.strip():
            raise Unreadable(Problem(at, "", "no_header", "The header is missing: the first line names the columns."))
        delimiter = self.mapping.delimiter
        if delimiter == "auto":
            delimiter = max((",", ";", "\t", "|"), key=line.count)
        names = next(csv.reader([line], delimiter=delimiter))
        if len(names) > _MOST_COLUMNS:
            raise Unreadable(Problem(at, "", "too_many_columns", f"At most {_MOST_COLUMNS} columns are read."))
        self.header = tuple(name.strip() for name in names)
        where: dict[str, list[int]] = {}
        for number, name in enumerate(names):
            where.setdefault(plain_name(name), []).append(number)
        found = {}
        for field_, name in self.mapping.columns.items():
            numbers = where.get(plain_name(name), [])
            if len(numbers) != 1:
                how = "is not in the header" if not numbers else "is there twice"
                heard = ", ".join(self.header[:20])
                sentence = f"The column {name!r} {how}. The header has: {heard}"[:590]
                raise Unreadable(Problem(at, field_, "no_such_column", sentence))
            found[field_] = numbers[0]
        return _Layout(names, found, delimiter, at)

    # --- Rows

    def _refuse_row(self, line: int, text: str, expected: int) -> None:
        sentence = (
            f"The row has more or fewer cells than the header, which has {expected}: quote cells that hold the mark."
        )
        self.problems.add(Problem(line, "", "wrong_number_of_cells", sentence, shown(text)))

    def _table(self, batch: Any, lines: Any) -> Any:
        assert self._layout is not None  # noqa: S101 - the header was read before
        blank = None
        for name in batch.schema.names:
            empty = pc.equal(pc.utf8_length(batch.column(name)), 0)
            blank = empty if blank is None else pc.and_(blank, empty)
        keep = pc.invert(blank)
        if not pc.all(keep).as_py():  # rows of nothing, as spreadsheets leave them
            batch, lines = batch.filter(keep), lines.filter(keep)
        given = {name: batch.column(f"c{number}") for name, number in self._layout.at.items()}
        return self._read(given, lines, batch.num_rows)

    def _read(self, given: dict[str, Any], lines: Any, rows: int) -> Any:
        mapping = self.mapping

        def bad(field_: str) -> columns.Bad:
            def add(row: int, raw: str, error: BadCell) -> None:
                problem = Problem(lines[row].as_py(), field_, error.code, str(error), shown(raw))
                self.problems.add(problem)

            return add

        def words(name: str) -> Any:
            default = mapping.defaults.get(name, "")
            column = given.get(name)
            if column is None:
                return pa.repeat(pa.scalar(default), rows)
            text = pc.utf8_trim_whitespace(column)
            return pc.if_else(pc.equal(text, ""), default, text) if default else text

        mantissa, scale = columns.amounts(
            given["amount"], decimal=mapping.decimal, grouping=mapping.grouping, bad=bad("amount")
        )
        usages = columns.counts(given["usages"], bad=bad("usages")) if "usages" in given else _zeros(rows)
        country = columns.Words(cells.country, pa.string(), "ZZ")(words("country"), bad=bad("country"))
        currency = columns.Words(cells.currency, pa.string(), "XXX")(words("currency"), bad=bad("currency"))
        kind = columns.Words(cells.kind, pa.int8(), 0)(words("kind"), bad=bad("kind"))
        if mapping.is_correction:
            kind = pc.if_else(pc.equal(kind, cells.USAGE), pa.scalar(cells.ADJUSTMENT, pa.int8()), kind)
        used_from, used_to = self._dates(words, given, bad)
        title = pc.utf8_trim_whitespace(given["title"]) if "title" in given else pa.repeat(pa.scalar(""), rows)
        artist = pc.utf8_trim_whitespace(given["artist"]) if "artist" in given else pa.repeat(pa.scalar(""), rows)
        key = self._keys(given, title, artist, rows, bad)
        self._check_lines(lines, key, mantissa, usages, kind, used_from, used_to, given)
        if "transaction" in given:
            self._remember(given["transaction"], lines, bad("transaction"))
        return pa.table(
            [lines, key, country, currency, mantissa, scale, usages, used_from, used_to, kind, title, artist],
            names=list(COLUMNS),
        )

    def _dates(self, words: Any, given: dict[str, Any], bad: Any) -> tuple[Any, Any]:
        format_ = self.mapping.date_format
        if "day" in given:
            first = columns.days(words("day"), format=format_, bad=bad("day"))
            return first, _day_after(first)
        if "month" in given:
            read = columns.Words(lambda raw: cells.month(raw)[0], pa.date32(), date(1970, 1, 1))
            last = columns.Words(lambda raw: cells.month(raw)[1], pa.date32(), date(1970, 1, 1))
            column = words("month")
            return read(column, bad=bad("month")), last(column, bad=_nobody)

        def of(name: str) -> Any:
            default = self.mapping.defaults.get(name)

            def read(raw: str) -> date:
                return date.fromisoformat(default) if default and raw == default else cells.day(raw, format_)

            return columns.Words(read, pa.date32(), date(1970, 1, 1))(words(name), bad=bad(name))

        return of("first_day"), _day_after(of("last_day"))

    def _keys(self, given: dict[str, Any], title: Any, artist: Any, rows: int, bad: Any) -> Any:
        ways = []
        if "submission" in given:
            ways.append(columns.each(given["submission"], cells.submission_key, bad=bad("submission")))
        if "isrc" in given:
            _refuse_formulas(given["isrc"], bad("isrc"))
            ways.append(columns.isrc_keys(given["isrc"]))
        if "proprietary" in given:
            sender = self.sender

            def own(raw: str) -> str:
                return cells.proprietary_key(raw, sender)

            ways.append(columns.each(given["proprietary"], own, bad=bad("proprietary")))
        found = columns.first_of(*ways) if ways else pa.repeat(pa.scalar(""), rows)
        if "title" in given:
            missing = pc.equal(found, "")
            if pc.any(missing).as_py():
                found = self._titled(found, title, artist, missing)
        if "isrc" in given and pc.any(pc.equal(found, "")).as_py():
            found = columns.first_of(
                found,
                columns.each(given["isrc"], cells.unknown_key, bad=_nobody),
            )
        return found

    def _titled(self, found: Any, title: Any, artist: Any, missing: Any) -> Any:
        some = found.to_pylist()
        for row in columns.rows_where(missing):
            if named := title[row].as_py():
                some[row] = cells.title_key(named, artist[row].as_py())
        return pa.array(some, pa.string())

    def _check_lines(
        self,
        lines: Any,
        key: Any,
        mantissa: Any,
        usages: Any,
        kind: Any,
        used_from: Any,
        used_to: Any,
        given: dict[str, Any],
    ) -> None:
        def refuse(mask: Any, field_: str, code: str, sentence: str) -> None:
            if pc.any(mask).as_py():
                for row in columns.rows_where(mask):
                    raw = shown(given[field_][row].as_py()) if field_ in given else ""
                    self.problems.add(Problem(lines[row].as_py(), field_, code, sentence, raw))

        refuse(
            pc.equal(key, ""), "isrc", "no_identifier", "The row says of nothing what it is: give it a code or a title."
        )
        is_usage = pc.equal(kind, cells.USAGE)
        for column, name in ((mantissa, "amount"), (usages, "usages")):
            refuse(
                pc.and_(is_usage, pc.less(column, 0)),
                name,
                "negative_usage",
                "A negative line is an adjustment or a reversal: say so in the column of the kind, or in the mapping.",
            )
        refuse(
            pc.and_(pc.equal(kind, cells.REVERSAL), pc.greater(mantissa, 0)),
            "amount",
            "positive_reversal",
            "A reversal takes away: write its amount with a minus, or call the line an adjustment.",
        )
        refuse(
            pc.greater_equal(used_from, used_to),
            "last_day" if "last_day" in given else "first_day",
            "ends_before_it_begins",
            "The last day lies before the first.",
        )

    # --- Transactions: none may be there twice

    def _remember(self, column: Any, lines: Any, bad: columns.Bad) -> None:
        texts = pc.utf8_trim_whitespace(column).to_pylist()
        for row in columns.rows_where(pc.starts_with(column, "=")):
            bad(row, texts[row], BadCell("formula", "An id does not begin like a formula: export the column as text."))
        self.transactions.add(texts, lines.to_numpy() + self.before)


def _open(text: Text, layout: _Layout, refuse: Any) -> Any:
    used = sorted(set(layout.at.values()))
    try:
        return pyarrow.csv.open_csv(
            text,
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False,
                block_size=BLOCK,
                column_names=[f"c{number}" for number in range(len(layout.names))],
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=layout.delimiter,
                quote_char='"',
                ignore_empty_lines=False,
                invalid_row_handler=refuse,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                check_utf8=False,  # it was screened
                include_columns=[f"c{number}" for number in used],
                column_types={f"c{number}": pa.string() for number in used},
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return None  # a header and no rows: nothing to report
        raise _unparsed(error) from error


def _next(reader: Any) -> Any:
    if reader is None:
        return None
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None
    except pa.ArrowInvalid as error:
        raise _unparsed(error) from error


def _unparsed(error: Exception) -> Unreadable:
    if "straddling" in str(error):
        sentence = f"A row has more than {MOST_IN_A_LINE} bytes: is a quote left open?"
    else:
        sentence = "The rows cannot be told apart from here on: is a quote left open?"
    return Unreadable(Problem(0, "", "unreadable_rows", sentence, shown(str(error))))


def _numbered(rows: int, next_line: int, skipped: list[int]) -> tuple[Any, int]:
    """Return the line of each row: those that were left out before it count."""
    among = [line for line in skipped if line >= next_line]
    if not among:
        return pa.array(numpy.arange(next_line, next_line + rows)), next_line + rows
    left_out = set(among)
    found: list[int] = []
    line = next_line
    while len(found) < rows:
        if line not in left_out:
            found.append(line)
        line += 1
    return pa.array(found, pa.int64()), line


def _refuse_formulas(column: Any, bad: columns.Bad) -> None:
    odd = pc.match_substring_regex(column, r"^\s*[=+@\-]")
    if pc.any(odd).as_py():
        for row in columns.rows_where(odd):
            sentence = "A code does not begin like a formula: export the column as text."
            bad(row, column[row].as_py(), BadCell("formula", sentence))


def _nobody(_row: int, _raw: str, _error: BadCell) -> None:
    """Say nothing: it is said already."""


def _zeros(rows: int) -> Any:
    return pa.repeat(pa.scalar(0, pa.int64()), rows)


def _day_after(days: Any) -> Any:
    return pc.cast(pc.add(pc.cast(days, pa.int32()), pa.scalar(1, pa.int32())), pa.date32())
