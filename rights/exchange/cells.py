"""What stands in one cell of a sheet: text that no program may run, parts, dates. Pure.

A spreadsheet runs a cell that begins like a formula. We never do: such a cell is data on the way in, and gets an
apostrophe in front on the way out, which spreadsheets take as "this is text" and ``plain_cell`` takes off again.
"""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from functools import lru_cache

# OWASP, CSV Injection: = + - @, tab and carriage return, and the full-width forms that some programs take for them.
# Behind white space or apostrophes too, since some importers trim.
_RUNS = re.compile(r"['\s]*[=+\-@\t\r\n＝＋－＠]")
_ESCAPED = re.compile(r"'['\s]*[=+\-@\t\r\n＝＋－＠]")

_PART_OF_ONE = re.compile(r"([0-9]{1,9}) ?/ ?([0-9]{1,9})")
_MIXED = re.compile(r"([0-9]{1,3}) ([0-9]{1,9}) ?/ ?([0-9]{1,9})")
_DECIMAL = re.compile(r"([0-9]{1,9})(?:([.,])([0-9]{1,12}))?")
_SERIAL = re.compile(r"[0-9]{4,6}(?:[.,][0-9]+)?")  # days since 1900, as a spreadsheet stores dates
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+")


class BadCell(Exception):
    """A cell does not hold what its column should; the message says what would."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def safe_cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _RUNS.match(text) else text


def plain_cell(text: str) -> str:
    """Return the text of a cell that ``safe_cell`` may have written; any other text is returned as it is."""
    return text[1:] if _ESCAPED.match(text) else text


def is_scientific(text: str) -> bool:
    """Tell whether a spreadsheet has made a number out of a code, such as 4,00638E+12."""
    return _SCIENTIFIC.fullmatch(text) is not None


def part(text: str, *, decimal: str = "auto", unit: str = "percent") -> tuple[Fraction, bool]:
    """
    Return the exact part of one that a cell writes, and whether it is a decimal, which may have been rounded.

    ``33,33 %``, ``33.33``, ``1/3`` and ``33 1/3 %`` are read. With ``decimal`` "auto" either mark is the decimal mark:
    no share is so large that it needs another.

    :raises BadCell: it is not such a number, or not greater than 0 and at most 1
    """
    bare = re.sub(r"\s+", " ", text).strip()
    is_percent = bare.endswith("%")
    bare = bare.removesuffix("%").rstrip()
    found, is_decimal = _number(bare, is_percent=is_percent or unit == "percent", decimal=decimal, sign=is_percent)
    if not 0 < found <= 1:
        raise BadCell("not_a_part", "A share is more than 0 % and at most 100 %; leave out the row of a share of 0.")
    return found, is_decimal


def _number(bare: str, *, is_percent: bool, decimal: str, sign: bool) -> tuple[Fraction, bool]:
    if match := _PART_OF_ONE.fullmatch(bare):
        if sign:
            raise BadCell("not_a_share", "A fraction is a part of the whole: write 1/3, or 33 1/3 %, not 1/3 %.")
        return _fraction(match[1], match[2]), False
    if match := _MIXED.fullmatch(bare):
        return (int(match[1]) + _fraction(match[2], match[3])) / 100, False
    match = _DECIMAL.fullmatch(bare)
    if match is None:
        raise BadCell("not_a_share", "Write a share as 33.33, 33,33 %, or exactly as 1/3.")
    whole, mark, places = match[1], match[2], match[3] or ""
    if mark and decimal not in {"auto", mark}:
        other = "a point" if mark == "," else "a comma"
        raise BadCell("wrong_decimal_mark", f"The mapping says that decimals have {other}; change it or the cell.")
    number = Fraction(int(whole + places), 10 ** len(places))
    return (number / 100 if is_percent else number), True


def _fraction(above: str, below: str) -> Fraction:
    if int(below) == 0:
        raise BadCell("not_a_share", "A share cannot have 0 under the stroke.")
    return Fraction(int(above), int(below))


@lru_cache(maxsize=32)
def _date_pattern(format_: str) -> re.Pattern[str]:
    pattern = re.escape(format_)
    for token, group in (("YYYY", "(?P<y>[0-9]{4})"), ("MM", "(?P<m>[0-9]{1,2})"), ("DD", "(?P<d>[0-9]{1,2})")):
        pattern = pattern.replace(token, group.replace("{1,2}", "{2}") if format_ == "YYYYMMDD" else group)
    return re.compile(pattern)


def day(text: str, format_: str = "YYYY-MM-DD") -> date:
    """
    Return the date that a cell writes in a format of YYYY, MM and DD.

    :raises BadCell: it is another format, no day of the calendar, or a spreadsheet's day number
    """
    if match := _date_pattern(format_).fullmatch(text.strip()):
        try:
            return date(int(match["y"]), int(match["m"]), int(match["d"]))
        except ValueError as error:
            raise BadCell("no_such_day", f"{text.strip()[:20]} is no day of the calendar.") from error
    if _SERIAL.fullmatch(text.strip()):
        raise BadCell(
            "day_number",
            "This is a spreadsheet's day number, not a date, and day numbers count from different years in different"
            f" programs: format the column as a date, {format_}, and export the sheet again.",
        )
    raise BadCell("not_a_date", f"Write the date as {format_}, or change the mapping's date format.")
