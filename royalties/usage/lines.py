"""
What every reader of reports yields: lines of usage in columns, and the file and the counts that they come to.

The file is the same to the byte whenever it is made again from the same report: who was killed begins anew.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Context, Decimal
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from royalties.usage import cells
from royalties.usage.problems import Problem, Unreadable

ROWS_IN_A_GROUP = 131_072
MOST_KEYS = 2_000_000  # of one report, in each currency: they are counted in memory
_MERGED_AT = 1_000_000
_NAMED = 300  # characters of a title
_EXACT = Context(prec=60)

_words = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("line", pa.int64(), nullable=False),
        pa.field("key", _words, nullable=False),
        pa.field("country", _words, nullable=False),
        pa.field("currency", _words, nullable=False),
        pa.field("mantissa", pa.int64(), nullable=False),
        pa.field("scale", pa.int8(), nullable=False),
        pa.field("usages", pa.int64(), nullable=False),
        pa.field("used_from", pa.date32(), nullable=False),
        pa.field("used_to", pa.date32(), nullable=False),
        pa.field("kind", pa.int8(), nullable=False),
    ]
)
# What a reader yields: the same with plain words, and what people call the key.
COLUMNS = (*SCHEMA.names, "title", "artist")


@dataclass(frozen=True, slots=True)
class Counted:
    """What a report says of one key."""

    key: str
    first_line: int
    title: str
    artist: str
    lines: int
    usages: int
    sums: tuple[tuple[str, Decimal, int], ...]  # currency, exact amount, lines; in the order of the currencies


@dataclass(slots=True)
class Total:
    """Control totals of one currency and one of what it is counted by."""

    lines: int = 0
    usages: int = 0
    by_scale: dict[int, int] = field(default_factory=dict)

    def add(self, lines: int, usages: int, scale: int, mantissa: int) -> None:
        """Count some lines."""
        self.lines += lines
        self.usages += usages
        self.by_scale[scale] = self.by_scale.get(scale, 0) + mantissa

    @property
    def amount(self) -> Decimal:
        """The exact sum."""
        return exact(self.by_scale)


def exact(by_scale: dict[int, int]) -> Decimal:
    """Return the sum of mantissas of several scales."""
    finest = max(by_scale, default=0)
    whole = sum(mantissa * 10 ** (finest - scale) for scale, mantissa in by_scale.items())
    return Decimal(whole).scaleb(-finest, _EXACT)


class Keys:
    """What a report calls outputs, counted: in the order of the keys' bytes, however many there are."""

    def __init__(self) -> None:
        """Begin with none."""
        self._parts: list[Any] = []
        self._rows = 0
        self._most_at_once = _MERGED_AT

    def add(self, table: Any) -> None:
        """Count some lines, in the order of the report."""
        part = _grouped(_halved(table), ["key", "currency", "scale"])
        self._parts.append(part)
        self._rows += part.num_rows
        if self._rows > self._most_at_once:
            merged = self._merged()
            if merged.num_rows > MOST_KEYS:
                sentence = f"The report names more than {MOST_KEYS} things: split it."
                raise Unreadable(Problem(0, "", "too_many_keys", sentence))
            self._most_at_once = merged.num_rows + _MERGED_AT

    def __len__(self) -> int:
        """Count them."""
        merged = self._merged()
        return int(pc.count_distinct(merged.column("key")).as_py()) if merged is not None else 0

    def __iter__(self) -> Iterator[Counted]:
        """Go through them."""
        merged = self._merged()
        if merged is None:
            return
        ordered = merged.take(pc.sort_indices(merged, [("key", "ascending"), ("currency", "ascending")]))
        for _, rows in groupby(_rows_of(ordered), key=itemgetter("key")):
            yield _counted(list(rows))

    def digest(self) -> str:
        """Return the SHA-256 over key, lines, usages and sums of each, a line each."""
        digest = hashlib.sha256()
        for one in self:
            sums = " ".join(f"{currency}={plain(amount)}" for currency, amount, _ in one.sums)
            digest.update(f"{one.key}\t{one.lines}\t{one.usages}\t{sums}\n".encode())
        return digest.hexdigest()

    def _merged(self) -> Any:
        if len(self._parts) > 1:
            together = _grouped(pa.concat_tables(self._parts), ["key", "currency", "scale"])
            self._parts, self._rows = [together], together.num_rows
        return self._parts[0] if self._parts else None


def _halved(table: Any) -> Any:
    # Sums of 64-bit integers in two halves, since a sum of them may not fit into one.
    of = {name: table.column(name) for name in ("key", "currency", "scale", "title", "artist", "line")}
    for name, column in (("amount", table.column("mantissa")), ("usages", table.column("usages"))):
        of[f"{name}_low"] = pc.bit_wise_and(column, 0xFFFFFFFF)
        of[f"{name}_high"] = pc.shift_right(column, 32)
    of["lines"] = pa.repeat(pa.scalar(1, pa.int64()), table.num_rows)
    return pa.table(of)


def _grouped(table: Any, by: list[str]) -> Any:
    sums = [name for name in table.column_names if name.endswith(("_low", "_high")) or name == "lines"]
    firsts = [name for name in ("title", "artist") if name in table.column_names]
    least = [name for name in ("line",) if name in table.column_names]
    asked = [(name, "sum") for name in sums] + [(name, "first") for name in firsts] + [(name, "min") for name in least]
    found = pa.TableGroupBy(table, by, use_threads=False).aggregate(asked)
    return found.rename_columns([re.sub(r"_(sum|first|min)$", "", name) for name in found.column_names])


def _rows_of(table: Any) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=65_536):
        yield from batch.to_pylist()


def _counted(rows: list[dict[str, Any]]) -> Counted:
    first = min(rows, key=itemgetter("line"))
    sums: list[tuple[str, Decimal, int]] = []
    for currency, some in groupby(rows, key=itemgetter("currency")):
        of = list(some)
        by_scale: dict[int, int] = {}
        for row in of:
            by_scale[row["scale"]] = by_scale.get(row["scale"], 0) + _whole(row, "amount")
        sums.append((currency, exact(by_scale), sum(row["lines"] for row in of)))
    return Counted(
        key=first["key"],
        first_line=first["line"],
        title=first["title"][:_NAMED],
        artist=first["artist"][:_NAMED],
        lines=sum(row["lines"] for row in rows),
        usages=sum(_whole(row, "usages") for row in rows),
        sums=tuple(sums),
    )


def _whole(row: dict[str, Any], of: str) -> int:
    return (int(row[f"{of}_high"]) << 32) + int(row[f"{of}_low"])


class Writer:
    """Writes lines to a usage file and counts them."""

    def __init__(self, target: Path) -> None:
        """Begin the file."""
        self.keys = Keys()
        self.totals: dict[tuple[str, str, str], Total] = {}  # what, which, currency
        self.lines = 0
        self._target = target
        self._waiting: list[Any] = []
        self._rows = 0
        self._file = pq.ParquetWriter(target, SCHEMA, compression="zstd", version="2.6", store_schema=True)

    def add(self, table: Any) -> None:
        """
        Take some lines, in the order of the report.

        :raises Unreadable: there are more keys than can be counted
        """
        if not table.num_rows:
            return
        self._count(table)
        self.lines += table.num_rows
        self._waiting.append(table.select(SCHEMA.names))
        self._rows += table.num_rows
        while self._rows >= ROWS_IN_A_GROUP:
            self._write(ROWS_IN_A_GROUP)

    def close(self) -> None:
        """End the file."""
        if self._rows:
            self._write(self._rows)
        self._file.close()

    def _write(self, rows: int) -> None:
        whole = pa.concat_tables(self._waiting).combine_chunks()
        group = whole.slice(0, rows).combine_chunks()
        columns = [
            group.column(name).combine_chunks().dictionary_encode() if of.type == _words else group.column(name)
            for name, of in zip(SCHEMA.names, SCHEMA, strict=True)
        ]
        self._file.write_table(pa.table(columns, schema=SCHEMA), row_group_size=rows)
        rest = whole.slice(rows)
        self._waiting = [rest] if rest.num_rows else []
        self._rows = rest.num_rows

    def _count(self, table: Any) -> None:
        self.keys.add(table)
        halved = _halved(table).drop_columns(["title", "artist", "line", "key"])
        month = pc.strftime(table.column("used_from"), format="%Y-%m")
        for what, column in (("country", table.column("country")), ("month", month), ("kind", table.column("kind"))):
            for row in _grouped(halved.append_column(what, column), [what, "currency", "scale"]).to_pylist():
                total = self.totals.setdefault((what, str(row[what]), row["currency"]), Total())
                total.add(row["lines"], _whole(row, "usages"), row["scale"], _whole(row, "amount"))


def are_the_same(one: Path, other: Path) -> bool:
    """Whether two usage files have the same lines, in whatever bytes: a newer pyarrow may write them otherwise."""
    with pq.ParquetFile(one) as first, pq.ParquetFile(other) as second:
        groups = first.num_row_groups
        return groups == second.num_row_groups and all(
            first.read_row_group(n).equals(second.read_row_group(n)) for n in range(groups)
        )


def plain(amount: Decimal) -> str:
    """Write an amount without an exponent and without zeros that say nothing."""
    text = f"{amount:f}"  # exact: a decimal's own digits
    return text.rstrip("0").rstrip(".") if "." in text else text


def usage_words(kind: str) -> str:
    """Return what a kind of line is called."""
    return {cells.USAGE: "usage", cells.ADJUSTMENT: "adjustment", cells.REVERSAL: "reversal"}[int(kind)]
