"""A cell of a sheet is text that no program runs, an exact part or a date."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rights.exchange.cells import BadCell, day, part, plain_cell, safe_cell

_DANGER = "=+-@\t\r\n＝＋－＠"


@given(st.one_of(st.text(), st.text(alphabet="'=+-@ \t\r\nA1")))
@example("'=1")
@example("''=1")
@example("' =1")
@example("'Twas")
@example("''Cause")
@settings(max_examples=500, deadline=None, derandomize=True)
def test_an_escaped_cell_reads_back_as_it_was(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text
    assert plain_cell(safe_cell(plain_cell(text))) == plain_cell(text)  # what a corrected file goes through
    assert safe_cell(text).lstrip(" ")[:1] not in set(_DANGER)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('=HYPERLINK("http://example.invalid")', '\'=HYPERLINK("http://example.invalid")'),
        ("+49 30", "'+49 30"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("'Twas", "'Twas"),
        ("1=1", "1=1"),
        ("", ""),
    ],
)
def test_a_cell_that_would_run_gets_an_apostrophe(text: str, written: str) -> None:
    assert safe_cell(text) == written


@pytest.mark.parametrize(
    ("text", "decimal", "unit", "expected", "is_decimal"),
    [
        ("33.33", "auto", "percent", Fraction(3333, 10_000), True),
        ("33,33 %", "auto", "percent", Fraction(3333, 10_000), True),
        ("33,33\u00a0%", ",", "percent", Fraction(3333, 10_000), True),
        ("33.333333", ".", "percent", Fraction(33_333_333, 100_000_000), True),
        ("1/3", "auto", "percent", Fraction(1, 3), False),
        ("1 / 3", "auto", "fraction", Fraction(1, 3), False),
        ("33 1/3 %", "auto", "percent", Fraction(1, 3), False),
        ("100", "auto", "percent", Fraction(1), True),
        ("100 %", "auto", "fraction", Fraction(1), True),
        ("0.5", "auto", "percent", Fraction(1, 200), True),
        ("0.5", "auto", "fraction", Fraction(1, 2), True),
        ("0.5 %", "auto", "fraction", Fraction(1, 200), True),
        ("0.000000000001", "auto", "percent", Fraction(1, 10**14), True),
    ],
)
def test_a_part_is_exact(text: str, decimal: str, unit: str, expected: Fraction, is_decimal: bool) -> None:  # noqa: FBT001
    assert part(text, decimal=decimal, unit=unit) == (expected, is_decimal)


@pytest.mark.parametrize(
    ("text", "decimal", "code"),
    [
        ("0", "auto", "not_a_part"),
        ("0.00", "auto", "not_a_part"),
        ("100.01", "auto", "not_a_part"),
        ("4/3", "auto", "not_a_part"),
        ("-5", "auto", "not_a_share"),
        ("1/0", "auto", "not_a_share"),
        ("1/3 %", "auto", "not_a_share"),
        ("33,33", ".", "wrong_decimal_mark"),
        ("33.33", ",", "wrong_decimal_mark"),
        ("1.000,00", "auto", "not_a_share"),
        ("5e1", "auto", "not_a_share"),
        ("nan", "auto", "not_a_share"),
        ("inf", "auto", "not_a_share"),
        ("٣٣", "auto", "not_a_share"),
        ("½", "auto", "not_a_share"),
        ("01. Mrz", "auto", "not_a_share"),  # what a spreadsheet makes of 1/3
        ("0." + "3" * 13, "auto", "not_a_share"),
        ("9" * 4000, "auto", "not_a_share"),
        ("=1/3", "auto", "not_a_share"),
        ("", "auto", "not_a_share"),
    ],
)
def test_refuses_what_is_no_part(text: str, decimal: str, code: str) -> None:
    with pytest.raises(BadCell) as refused:
        part(text, decimal=decimal)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "format_", "expected"),
    [
        ("2026-01-31", "YYYY-MM-DD", date(2026, 1, 31)),
        ("31.1.2026", "DD.MM.YYYY", date(2026, 1, 31)),
        ("01/02/2026", "DD/MM/YYYY", date(2026, 2, 1)),
        ("01/02/2026", "MM/DD/YYYY", date(2026, 1, 2)),
        ("20260131", "YYYYMMDD", date(2026, 1, 31)),
        (" 2024-02-29 ", "YYYY-MM-DD", date(2024, 2, 29)),
    ],
)
def test_a_date_is_read_by_its_format(text: str, format_: str, expected: date) -> None:
    assert day(text, format_) == expected


@pytest.mark.parametrize(
    ("text", "format_", "code"),
    [
        ("46023", "YYYY-MM-DD", "day_number"),
        ("46023.5", "DD.MM.YYYY", "day_number"),
        ("46023,0", "DD.MM.YYYY", "day_number"),
        ("2026-02-29", "YYYY-MM-DD", "no_such_day"),
        ("2026-13-01", "YYYY-MM-DD", "no_such_day"),
        ("0000-01-01", "YYYY-MM-DD", "no_such_day"),
        ("31/01/2026", "MM/DD/YYYY", "no_such_day"),
        ("31.01.26", "DD.MM.YYYY", "not_a_date"),
        ("2026/01/31", "YYYY-MM-DD", "not_a_date"),
        ("2026131", "YYYYMMDD", "not_a_date"),
        ("2026-01-31T00:00", "YYYY-MM-DD", "not_a_date"),
        ("٢٠٢٦-٠١-٣١", "YYYY-MM-DD", "not_a_date"),
        ("soon", "YYYY-MM-DD", "not_a_date"),
    ],
)
def test_refuses_what_is_no_date(text: str, format_: str, code: str) -> None:
    with pytest.raises(BadCell) as refused:
        day(text, format_)
    assert refused.value.code == code
    assert format_ in str(refused.value) or code == "no_such_day"
