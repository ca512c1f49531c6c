"""
Columns of cells, many at once: what is plain is read by Arrow, everything else by ``cells``, one by one.

Both ways give the same integers; the quick one is taken only where it cannot be wrong: text of plain digits that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy
import pyarrow as pa
import pyarrow.compute as pc

from royalties.usage import cells
from royalties.usage.problems import BadCell

_PLAIN_AMOUNT = r"^-?[0-9]{1,18}(?:\.[0-9]{1,12})?$"
_PLAIN_COUNT = r"^-?[0-9]{1,18}$"
_MOST_REMEMBERED = 100_000

Bad = Callable[[int, str, BadCell], None]  # row, raw cell, what is wrong with it


def amounts(column: Any, *, decimal: str, grouping: str, bad: Bad) -> tuple[Any, Any]:
    """Return mantissas and scales of a column of amounts."""
    text = pc.utf8_trim_whitespace(column)
    if decimal == "." and not grouping:
        pointed = text
    elif not grouping:
        # A point where a comma is meant is not plain.
        pointed = pc.if_else(pc.match_substring(text, "."), "", pc.replace_substring(text, decimal, "."))
    else:
        pointed = pc.if_else(pc.match_substring(text, grouping), "", pc.replace_substring(text, decimal, "."))
    digits = pc.replace_substring(pointed, ".", "")
    plain = pc.and_(pc.match_substring_regex(pointed, _PLAIN_AMOUNT), pc.less_equal(pc.utf8_length(digits), 18))
    mantissas = pc.cast(pc.if_else(plain, digits, "0"), pa.int64())
    point = pc.find_substring(pointed, ".")
    places = pc.subtract(pc.subtract(pc.cast(pc.utf8_length(pointed), pa.int32()), pc.cast(point, pa.int32())), 1)
    scales = pc.cast(pc.if_else(pc.and_(plain, pc.greater_equal(point, 0)), places, 0), pa.int8())
    odd = _where(pc.invert(plain))
    if not len(odd):
        return mantissas, scales
    some, some_scales = mantissas.to_numpy().copy(), scales.to_numpy().copy()
    for row in odd:
        raw = column[int(row)].as_py()
        try:
            some[row], some_scales[row] = cells.amount(raw, decimal=decimal, grouping=grouping)
        except BadCell as error:
            bad(int(row), raw, error)
    return pa.array(some), pa.array(some_scales)


def counts(column: Any, *, bad: Bad) -> Any:
    """Return a column of whole numbers; what is empty is 0."""
    text = pc.utf8_trim_whitespace(column)
    plain = pc.match_substring_regex(text, _PLAIN_COUNT)
    found = pc.cast(pc.if_else(plain, text, "0"), pa.int64())
    odd = _where(pc.invert(plain))
    if not len(odd):
        return found
    some = found.to_numpy().copy()
    for row in odd:
        raw = column[int(row)].as_py()
        try:
            some[row] = cells.count(raw)
        except BadCell as error:
            bad(int(row), raw, error)
    return pa.array(some)


@dataclass
class Words:
    """Columns of few different values: each value is read once, and remembered."""

    read: Callable[[str], Any]
    type: Any
    instead: Any  # of what cannot be read, which no one sees: the report is refused
    known: dict[str, Any] = field(default_factory=dict)

    def __call__(self, column: Any, *, bad: Bad) -> Any:
        """Return what a column says."""
        coded = column.dictionary_encode()
        values, wrong = [], []
        for number, raw in enumerate(coded.dictionary.to_pylist()):
            found = self._of(raw)
            if isinstance(found, BadCell):
                wrong.append((number, raw, found))
                found = self.instead
            values.append(found)
        for number, raw, error in wrong:
            for row in _where(pc.equal(coded.indices, number)):
                bad(int(row), raw, error)
        return pa.array(values, self.type).take(coded.indices)

    def _of(self, raw: str) -> Any:
        if (found := self.known.get(raw)) is None:
            try:
                found = self.read(raw)
            except BadCell as error:
                found = error
            if len(self.known) < _MOST_REMEMBERED:
                self.known[raw] = found
        return found


def days(column: Any, *, format: str, bad: Bad) -> Any:
    """Return a column of days."""
    return Words(lambda raw: cells.day(raw, format), pa.date32(), date(1970, 1, 1))(column, bad=bad)


def isrc_keys(column: Any) -> Any:
    """Return the keys of a column of ISRCs, empty where there is none."""
    bare = pc.replace_substring(pc.replace_substring(pc.utf8_upper(pc.utf8_trim_whitespace(column)), "-", ""), " ", "")
    bare = pc.replace_substring_regex(bare, r"^ISRC:*", "")
    is_one = pc.match_substring_regex(bare, r"^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$")
    return pc.if_else(is_one, pc.binary_join_element_wise("isrc:", bare, ""), "")


def each(column: Any, read: Callable[[str], str], *, bad: Bad) -> Any:
    """Return the key of each cell that is not empty."""
    return Words(lambda raw: read(raw) if raw.strip() else "", pa.string(), "")(column, bad=bad)


def first_of(*columns: Any) -> Any:
    """Return of each row the first text that is not empty."""
    found = columns[0]
    for other in columns[1:]:
        found = pc.if_else(pc.equal(found, ""), other, found)
    return found


def rows_where(mask: Any) -> Iterator[int]:
    """Go through the rows where something holds."""
    yield from map(int, _where(mask))


def _where(mask: Any) -> Any:
    return numpy.flatnonzero(mask.to_numpy(zero_copy_only=False))
