"""Sheets of usage: read exactly, and refused with the line and the way out."""

from __future__ import annotations

import gzip
import zipfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from royalties.usage import cells, columns
from royalties.usage.lines import SCHEMA
from royalties.usage.mapping import BadMapping, UsageMapping, suggest
from royalties.usage.opening import Bounds
from royalties.usage.problems import BadCell
from royalties.usage.reading import Found, Source, read_sheets

COLUMNS = {
    "isrc": "ISRC",
    "proprietary": "Track",
    "title": "Title",
    "artist": "Artist",
    "amount": "Net",
    "currency": "Currency",
    "country": "Country",
    "usages": "Plays",
    "kind": "Kind",
    "day": "Day",
    "transaction": "Transaction",
}
HEADER = "ISRC,Track,Title,Artist,Net,Currency,Country,Plays,Kind,Day,Transaction"
ROW = "DEA812500001,,Song,Singer,1.25,EUR,DE,3,,2026-03-01,"


def mapping(**changes: Any) -> UsageMapping:
    return UsageMapping(**({"columns": COLUMNS} | changes))


def read(tmp_path: Path, *contents: bytes | str, like: UsageMapping | None = None, most: int = 10**9) -> Found:
    sources = []
    for number, content in enumerate(contents):
        path = tmp_path / f"usage-{number}.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        sources.append(Source(path))
    return read_sheets(
        sources, like or mapping(), sender="shop", target=tmp_path / "usage.parquet", bounds=Bounds(most_bytes=most)
    )


def lines_of(tmp_path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(tmp_path / "usage.parquet").to_pylist()
    return rows


def sheet(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


def refused(found: Found) -> list[tuple[int, str]]:
    return [(problem.line, problem.code) for problem in found.problems.kept]


# --- What is read


def test_reads_lines_to_exact_integers(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        sheet(
            ROW,
            "",
            "deA8-125-00001,T1,Song,Singer,-0.5,eur,de,-1,adjustment,2026-03-02,",
            ",T 2,Song,Singer,0.000000000001,USD,US,0,,2026-02-28,x",
            ",,Über uns,Singer,9223372036854775807,JPY,JP,7,,2026-03-31,y",
            "no code,,,,2,EUR,FR,,,2026-03-31,z",
        ),
    )
    assert refused(found) == []
    lines = lines_of(tmp_path)
    assert [line["line"] for line in lines] == [2, 4, 5, 6, 7]
    assert [line["key"] for line in lines] == [
        "isrc:DEA812500001",
        "isrc:DEA812500001",
        "proprietary:shop:T 2",
        "title:über uns|singer",
        "unknown:no code",
    ]
    assert [(line["mantissa"], line["scale"]) for line in lines] == [(125, 2), (-5, 1), (1, 12), (2**63 - 1, 0), (2, 0)]
    assert [line["kind"] for line in lines] == [0, 1, 0, 0, 0]
    assert [line["usages"] for line in lines] == [3, -1, 0, 7, 0]
    assert [(str(line["used_from"]), str(line["used_to"])) for line in lines][2] == ("2026-02-28", "2026-03-01")
    schema = pq.read_schema(tmp_path / "usage.parquet")
    assert schema.remove_metadata().equals(SCHEMA)


def test_counts_keys_and_control_totals(tmp_path: Path) -> None:
    largest = 2**63 - 1
    found = read(tmp_path, sheet(*[ROW.replace("1.25", str(largest))] * 3, ROW.replace("EUR,DE", "USD,US")))
    key = next(iter(found.keys))
    assert (key.key, key.first_line, key.lines, key.usages) == ("isrc:DEA812500001", 2, 4, 12)
    assert key.sums == (("EUR", Decimal(3 * largest), 3), ("USD", Decimal("1.25"), 1))
    said = found.document()
    assert said["totals"][0] == {"currency": "EUR", "lines": 3, "usages": "9", "amount": str(3 * largest)}
    assert [row["country"] for row in said["by_country"]] == ["DE", "US"]
    assert said["by_month"][0]["month"] == "2026-03"


def test_reads_files_one_after_another(tmp_path: Path) -> None:
    found = read(tmp_path, sheet(ROW, ROW), gzip.compress(sheet(ROW).encode()))
    assert found.file_lines == (3, 2)
    assert [line["line"] for line in lines_of(tmp_path)] == [2, 3, 5]


def test_reads_the_same_report_to_the_same_bytes(tmp_path: Path) -> None:
    content = sheet(*(ROW.replace("00001", f"{number % 77:05}") for number in range(3000)))
    first = read(tmp_path, content)
    written = (tmp_path / "usage.parquet").read_bytes()
    again = read(tmp_path, content)
    assert (tmp_path / "usage.parquet").read_bytes() == written
    assert again.keys.digest() == first.keys.digest()
    assert again.document() == first.document()


def test_reads_other_marks_days_and_defaults(tmp_path: Path) -> None:
    like = UsageMapping(
        columns={"title": "Titel", "amount": "Betrag", "month": "Monat"},
        defaults={"currency": "EUR", "country": "DE"},
        decimal=",",
        grouping=".",
        delimiter=";",
        encoding="windows-1252",
        skip_lines=1,
        is_correction=True,
    )
    found = read(
        tmp_path, "Bericht März\nTitel;Betrag;Monat\nÄrger;-1.234,50;2026-02\n".encode("windows-1252"), like=like
    )
    assert refused(found) == []
    line = lines_of(tmp_path)[0]
    assert (line["key"], line["mantissa"], line["scale"], line["kind"]) == ("title:ärger|", -123450, 2, 1)
    assert (str(line["used_from"]), str(line["used_to"])) == ("2026-02-01", "2026-03-01")
    assert line["line"] == 3


AMOUNTS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**5), max_value=10**5).map(str),
    st.integers(-(2**63) - 2, 2**63 + 2).map(str),
    st.text("0123456789.,-+e ", max_size=24),
    st.sampled_from(["1.0000000000000", "007.50", "--1", "\u0663", "1\u00a0000", "-0", "0.000000000000"]),
)


@given(st.lists(AMOUNTS, min_size=1, max_size=40), st.sampled_from([(".", ""), (",", ""), (",", "."), (".", ",")]))
@settings(deadline=None, max_examples=200)
def test_many_at_once_are_read_like_one_by_one(texts: list[str], marks: tuple[str, str]) -> None:
    decimal, grouping = marks
    bad: dict[int, str] = {}
    found = columns.amounts(
        pa.array(texts), decimal=decimal, grouping=grouping, bad=lambda row, _raw, error: bad.update({row: error.code})
    )
    for row, text in enumerate(texts):
        expected = one(text, decimal, grouping)
        if isinstance(expected, str):
            assert bad[row] == expected, text
        else:
            assert row not in bad, text
            assert Fraction(found[0][row].as_py(), 10 ** found[1][row].as_py()) == expected, text


def one(text: str, decimal: str, grouping: str) -> Fraction | str:
    """The amount of one cell, or why it is none."""
    try:
        mantissa, scale = cells.amount(text, decimal=decimal, grouping=grouping)
    except BadCell as error:
        return error.code
    return Fraction(mantissa, 10**scale)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.25", (125, 2)),
        ("-0.5", (-5, 1)),
        ("1.0000000000000000", (1, 0)),
        ("9223372036854775807", (2**63 - 1, 0)),
        ("-9223372036854775807", (-(2**63) + 1, 0)),
        ("9223372036854775808", "beyond_money"),
        ("0.0000000000001", "too_fine"),
        ("1,25", "not_an_amount"),
        ("1e3", "not_an_amount"),
        ("(1.00)", "not_an_amount"),
        ("=1+1", "not_an_amount"),
        ("+1", "not_an_amount"),
        ("٣", "not_an_amount"),
        ("", "not_an_amount"),
        ("NaN", "not_an_amount"),
    ],
)
def test_reads_an_amount_or_says_why_not(text: str, expected: Any) -> None:
    if isinstance(expected, str):
        with pytest.raises(BadCell) as caught:
            cells.amount(text)
        assert caught.value.code == expected
    else:
        assert cells.amount(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.234.567,89", (123456789, 2)),
        ("1234,5", (12345, 1)),
        ("-1.000", (-1000, 0)),
        ("1.23,4", None),
        ("1.2345,6", None),
        ("1,5.0", None),
    ],
)
def test_groups_stand_in_threes(text: str, expected: Any) -> None:
    if expected is None:
        with pytest.raises(BadCell):
            cells.amount(text, decimal=",", grouping=".")
    else:
        assert cells.amount(text, decimal=",", grouping=".") == expected


# --- What is refused


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (ROW.replace("1.25", "-1.25"), "negative_usage"),
        (ROW.replace(",3,", ",-3,"), "negative_usage"),
        (ROW.replace(",3,,", ",3,reversal,"), "positive_reversal"),
        (ROW.replace(",3,,", ",3,gift,"), "unknown_kind"),
        (ROW.replace("EUR", "EUX"), "unknown_currency"),
        (ROW.replace("EUR", ""), "unknown_currency"),
        (ROW.replace(",DE,", ",XX,"), "unknown_country"),
        (ROW.replace(",DE,", ",Worldwide,"), "unknown_country"),
        (ROW.replace("1.25", "9223372036854775808"), "beyond_money"),
        (ROW.replace("1.25", "1.0000000000001"), "too_fine"),
        (ROW.replace("1.25", "1,25"), "wrong_number_of_cells"),
        (ROW.replace("1.25", "=1+1"), "not_an_amount"),
        (ROW.replace(",3,", ",3.5,"), "not_a_count"),
        (ROW.replace(",3,", ",99999999999999999999,"), "beyond_counting"),
        (ROW.replace("2026-03-01", "2026-02-30"), "no_such_day"),
        (ROW.replace("2026-03-01", "46082"), "day_number"),
        (ROW.replace("DEA812500001", "=HYPERLINK(1)"), "formula"),
        (ROW.replace("DEA812500001,", ",@SUM(A1)"), "formula"),
        (ROW.replace("DEA812500001,,Song", ",,"), "no_identifier"),
        (ROW + "extra,cell", "wrong_number_of_cells"),
        ('"unclosed,' + ROW, "wrong_number_of_cells"),
    ],
)
def test_refuses_a_line_with_its_number(row: str, code: str, tmp_path: Path) -> None:
    found = read(tmp_path, sheet(ROW, "", row, ROW.replace(",,2026", "x,,2026")))
    assert (4, code) in refused(found)
    problem = next(problem for problem in found.problems.kept if problem.line == 4)
    assert problem.file == 1
    assert problem.sentence.endswith((".", "?"))


def test_names_lines_after_rows_that_have_other_cells(tmp_path: Path) -> None:
    found = read(tmp_path, sheet(ROW, "a,b", ROW, ROW.replace("EUR", "EUX")))
    assert refused(found) == [(3, "wrong_number_of_cells"), (5, "unknown_currency")]


def test_a_transaction_is_there_once(tmp_path: Path) -> None:
    found = read(tmp_path, sheet(ROW + "a", ROW + "b", ROW, ROW, ROW + "a"))
    assert refused(found) == [(6, "transaction_twice")]
    assert "line 2" in found.problems.kept[0].sentence


def test_a_transaction_is_there_once_in_all_files_of_a_report(tmp_path: Path) -> None:
    found = read(tmp_path, sheet(ROW + "a", ROW + "b"), sheet(ROW, ROW + "b"))
    assert [(problem.file, problem.line, problem.code) for problem in found.problems.kept] == [
        (2, 3, "transaction_twice")
    ]
    assert "line 3 of file 1" in found.problems.kept[0].sentence


def test_a_formula_in_a_title_is_text(tmp_path: Path) -> None:
    found = read(tmp_path, sheet(ROW.replace("Song", "=1+1")))
    assert refused(found) == []
    assert next(iter(found.keys)).title == "=1+1"


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (b"", 0, "empty"),
        (b"\n\n", 1, "no_header"),
        (b"ISRC,Net\nx,1\n", 1, "no_such_column"),
        (sheet(ROW).replace("Net", "Day").encode(), 1, "no_such_column"),
        (sheet(ROW, ROW).encode() + b"\0\n", 4, "nul"),
        (sheet(ROW, ROW).encode("utf-16"), 1, "encoding"),
        (sheet(ROW, ROW, ROW.replace("Singer", "Sängerin")).encode("latin-1"), 4, "encoding"),
        (sheet(ROW).encode() + ROW.encode() + b"\xc3", 3, "encoding"),
        (sheet(ROW).encode() + b"x" * 70_000 + b"\n", 3, "line_too_long"),
        (sheet(ROW).replace("\n", "\r").encode() * 9000, 1, "line_too_long"),
        (sheet(ROW, '"a\nb",,Song,S,1,EUR,DE,3,,2026-03-01,').encode(), 0, "line_break_in_a_cell"),
        (gzip.compress(sheet(ROW).encode())[:-9], 3, "truncated"),
        (gzip.compress(sheet(ROW).encode())[:40] + b"junk" * 40, 1, "damaged"),
        (gzip.compress(sheet(ROW).encode()) + b"more", 3, "trailing"),
        (gzip.compress(gzip.compress(sheet(ROW).encode())), 0, "packed_twice"),
        (b"PK\x03\x04" + b"\0" * 100, 0, "zip"),
        (b"%PDF-1.7", 0, "not_text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_none_is_refused_whole(content: bytes, line: int, code: str, tmp_path: Path) -> None:
    assert (line, code) in refused(read(tmp_path, content))


def test_a_zip_is_no_gzip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("usage.csv", sheet(ROW))
    assert refused(read(tmp_path, (tmp_path / "a.zip").read_bytes())) == [(0, "zip")]


def test_what_unpacks_without_end_is_not_read(tmp_path: Path) -> None:
    bomb = gzip.compress((sheet(ROW) + ROW + "\n").encode() + (ROW + "\n").encode() * 1_500_000)
    assert refused(read(tmp_path, bomb))[0][1] == "packed_too_well"


def test_no_more_is_read_than_allowed(tmp_path: Path) -> None:
    assert refused(read(tmp_path, sheet(*[ROW] * 1000), most=1000))[0][1] == "too_large"


def test_a_mark_of_utf_8_and_both_ends_of_lines_are_no_problem(tmp_path: Path) -> None:
    assert refused(read(tmp_path, b"\xef\xbb\xbf" + sheet(ROW, ROW).replace("\n", "\r\n").encode())) == []
    assert len(lines_of(tmp_path)) == 2


def test_a_sheet_without_rows_reports_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + "\n")
    assert (refused(found), found.lines, len(found.keys)) == ([], 0, 0)
    assert lines_of(tmp_path) == []


def test_the_first_problems_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    found = read(tmp_path, sheet(*[ROW.replace("EUR", "EUX")] * 12_000))
    assert found.problems.count == 12_000
    assert len(found.problems.kept) == 10_000


# --- Mappings


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"columns": {"isrc": "ISRC"}}, "columns"),
        ({"columns": COLUMNS | {"color": "C"}}, "columns.color"),
        ({"columns": {name: COLUMNS[name] for name in COLUMNS if name != "country"}}, "columns"),
        ({"defaults": {"country": "XX"}}, "defaults.country"),
        ({"defaults": {"first_day": "1.3.2026"}}, "defaults.first_day"),
        ({"decimal": ";"}, "decimal"),
        ({"decimal": ",", "grouping": ","}, "grouping"),
        ({"date_format": "YYYY"}, "date_format"),
        ({"skip_lines": -1}, "skip_lines"),
        ({"is_correction": "yes"}, "is_correction"),
        ({"encoding": "utf-7"}, "encoding"),
    ],
)
def test_a_mapping_that_reads_nothing_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadMapping) as caught:
        mapping(**changes)
    assert caught.value.field == field


def test_suggests_columns_by_their_usual_names() -> None:
    found = suggest(["Track ISRC", "Song Title", "Net Revenue", "Currency", "Territory", "Streams", "Sales Period"])
    assert found == {
        "isrc": "Track ISRC",
        "title": "Song Title",
        "amount": "Net Revenue",
        "currency": "Currency",
        "country": "Territory",
        "usages": "Streams",
        "month": "Sales Period",
    }


def test_sums_are_those_of_fractions(tmp_path: Path) -> None:
    amounts = [f"{number}.{number % 13:0{1 + number % 11}}" for number in range(1, 400)]
    found = read(tmp_path, sheet(*(ROW.replace("1.25", amount) for amount in amounts)))
    assert Fraction(next(iter(found.keys)).sums[0][1]) == sum(map(Fraction, amounts), Fraction(0))
