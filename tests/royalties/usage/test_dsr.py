"""DSR flat files: held to their counts, read by the cells of their version, and divided to the last digit."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from royalties.usage import dsr
from royalties.usage.opening import Bounds
from royalties.usage.reading import Found, Source
from royalties.usage.records import UnknownProfile, profile
from tests.royalties.usage.dsr_files import SENDER, Rows, basic, block, foot, head, royalties, summary, written


def read(tmp_path: Path, *files: Rows | bytes, names: tuple[str, ...] = (), is_correction: bool = False) -> Found:
    sources = []
    for number, rows in enumerate(files):
        path = tmp_path / f"report-{number}.tsv"
        path.write_bytes(rows if isinstance(rows, bytes) else written(rows))
        sources.append(Source(path, names[number] if names else ""))
    return dsr.read(sources, target=tmp_path / "usage.parquet", bounds=Bounds(10**8), is_correction=is_correction)


def lines_of(tmp_path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(tmp_path / "usage.parquet").to_pylist()
    return rows


def refused(found: Found) -> list[tuple[int, int, str]]:
    return [(problem.file, problem.line, problem.code) for problem in found.problems.kept]


def test_lines_of_a_summary_have_its_revenue_by_usages(tmp_path: Path) -> None:
    found = read(tmp_path, basic())
    assert refused(found) == []
    lines = lines_of(tmp_path)
    assert [line["key"] for line in lines] == ["isrc:DEA812500001", f"proprietary:{SENDER}:RB2"]
    assert [Fraction(line["mantissa"], 10 ** line["scale"]) for line in lines] == [Fraction("2.8"), Fraction("1.4")]
    assert [line["line"] for line in lines] == [7, 10]
    assert {(line["country"], line["currency"], line["kind"]) for line in lines} == {("DE", "EUR", 0)}
    assert {(str(line["used_from"]), str(line["used_to"])) for line in lines} == {("2026-04-01", "2026-05-01")}
    said = found.document()["dsr"]
    assert (said["profile"], said["confidence"]) == ("BasicAudioProfile 1.4", "secondary")
    key = next(iter(found.keys))
    assert (key.title, key.artist) == ("Title B1", "Singer")


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(sum))
@settings(deadline=None, max_examples=60)
def test_parts_add_up_to_the_revenue(revenue: int, usages: list[int]) -> None:
    of = dsr.Summary(1, "DE", "EUR", revenue, 8, Fraction(sum(usages)), ())
    parts = [of.cut(one) for one in usages]
    assert sum(parts) == revenue
    for part, one in zip(parts, usages, strict=True):
        assert abs(part - Fraction(revenue * one, sum(usages))) < 1


def test_usages_of_others_keep_their_part_of_the_revenue(tmp_path: Path) -> None:
    rows = [head(), summary(usages="1000", net="10"), *block("B1", usages="1"), *block("B2", usages="332")]
    found = read(tmp_path, [*rows, foot(rows)])
    assert refused(found) == []
    assert [Fraction(line["mantissa"], 10 ** line["scale"]) for line in lines_of(tmp_path)] == [
        Fraction("0.01"),
        Fraction("3.32"),
    ]
    assert found.document()["dsr"]["summaries_with_usages_of_others"] == 1


def test_what_bears_no_royalties_has_no_money_and_keeps_its_usages(tmp_path: Path) -> None:
    rows = [head(), summary(usages="300", net="3"), *block("B1", bearing="false"), *block("B2"), *block("B3")]
    found = read(tmp_path, [*rows, foot(rows)])
    assert [line["mantissa"] for line in lines_of(tmp_path)] == [0, 10**6, 10**6]
    assert found.document()["dsr"]["not_royalty_bearing"] == 1


def test_the_royalty_profile_says_what_each_line_earned(tmp_path: Path) -> None:
    found = read(tmp_path, royalties())
    assert refused(found) == []
    lines = lines_of(tmp_path)
    assert [(line["mantissa"], line["scale"], line["usages"]) for line in lines] == [(10000001, 7, 5), (84999999, 7, 7)]
    assert {(line["country"], line["currency"]) for line in lines} == {("US", "USD")}
    assert found.document()["dsr"]["records_passed_over"] == {"LI01.01": 1}
    assert found.document()["dsr"]["confidence"] == "official"


def test_cells_are_those_of_their_version() -> None:
    old, new = profile("BasicAudioProfile", "1.0"), profile("BasicAudioProfile", "1.4")
    assert old.layouts["SU02"].at("NumberOfStreams") == new.layouts["SU02.03"].at("NumberOfStreams") == 7
    assert old.layouts["AS01"].of("title") == new.layouts["AS01.03"].of("title") == 5
    assert old.layouts["SY01"].of("currency") == new.layouts["SY01.03"].of("currency") == 10
    assert "SU02.03" not in old.layouts
    with pytest.raises(UnknownProfile):
        profile("BasicAudioProfile", "9.9")


def test_every_record_has_the_cells_that_are_asked_for() -> None:
    table = json.loads((Path(dsr.__file__).parent.parent / "data" / "dsr_records.json").read_text())
    for name, versions in table["profiles"].items():
        for version in versions:
            layouts = profile(name, version).layouts
            for type_, layout in layouts.items():
                assert len(set(layout.cells)) == len(layout.cells), type_
                assert layout.cells[0] == "RecordType"
                if type_.startswith("SY"):
                    assert layout.at("SummaryRecordId") == 1
                    assert layout.at("Territory") == 6
                if type_.startswith(("SU", "SR0")):
                    assert min(layout.at("SalesTransactionId"), layout.at("SummaryRecordId"), layout.of("usages")) > 0
                if type_.startswith("AS"):
                    assert (layout.at("DspResourceId"), layout.of("isrc"), layout.of("title")) == (3, 4, 5)


def test_a_correction_may_take_away(tmp_path: Path) -> None:
    rows = royalties()
    rows[3][6] = "-1.5"
    assert refused(read(tmp_path, rows)) == [(1, 4, "negative_usage")]
    assert refused(read(tmp_path, rows, is_correction=True)) == []
    assert [line["kind"] for line in lines_of(tmp_path)] == [1, 1]


def test_returns_beyond_sales_are_reversals(tmp_path: Path) -> None:
    sold = [
        ["RE01.03", "B", "1", "R"],
        ["AS01.03", "B", "1", "R1", "DEA812500001", "T", "", "S", "", "", "SoundRecording"],
    ]
    lines = [
        ["SU01.03", "B", "S1", "T1", "", "1", "true", "false", "7", "1"],
        ["SU01.03", "B", "S1", "T2", "", "1", "true", "false", "0", "2"],
    ]
    rows = [head(), summary(usages="4", net="4"), *sold, *lines]
    found = read(tmp_path, [*rows, foot(rows)])
    assert refused(found) == []
    assert [(line["usages"], line["mantissa"], line["kind"]) for line in lines_of(tmp_path)] == [
        (6, 6 * 10**6, 0),
        (-2, -2 * 10**6, 2),
    ]


def test_a_report_without_blocks_reports_nothing(tmp_path: Path) -> None:
    rows = [head(), summary(usages="0", net="0")]
    found = read(tmp_path, [*rows, foot(rows)])
    assert (refused(found), found.lines) == ([], 0)


# --- Several files


def parts() -> tuple[Rows, Rows]:
    one = [head(number=1, files=2), summary(), *block("B1", isrc="DEA812500001", usages="200")]
    one = [*one, foot(one)]
    two = [head(number=2, files=2), summary(), *block("B2")]
    return one, [*two, foot(two, report=str(len(one) + len(two) + 1), blocks_in_report="2")]


def test_files_of_a_report_are_one(tmp_path: Path) -> None:
    one, two = parts()
    found = read(tmp_path, gzip.compress(written(two)), one)  # in whatever order
    assert refused(found) == []
    assert [line["line"] for line in lines_of(tmp_path)] == [5, len(one) + 5]
    assert [Fraction(line["mantissa"], 10 ** line["scale"]) for line in lines_of(tmp_path)] == [
        Fraction("2.8"),
        Fraction("1.4"),
    ]


def test_a_report_is_whole(tmp_path: Path) -> None:
    one, two = parts()
    assert (0, 0, "file_missing") in refused(read(tmp_path, one))
    assert (2, 1, "file_twice") in refused(read(tmp_path, one, one))
    two[0][4] = "M-2"
    assert (2, 1, "heads_differ") in refused(read(tmp_path, one, two))
    one, two = parts()
    two[-1][2] = "11"
    assert refused(read(tmp_path, one, two)) == [(2, 6, "wrong_count")]


def test_a_transaction_is_in_a_report_once(tmp_path: Path) -> None:
    one, two = parts()
    two[4][3] = one[4][3]
    found = read(tmp_path, one, two)
    assert refused(found) == [(2, 5, "transaction_twice")]
    assert "line 5 of file 1" in found.problems.kept[0].sentence


# --- What is refused


def changed(line: int, cell: int, value: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[line - 1][cell - 1] = value

    return change


@pytest.mark.parametrize(
    ("change", "line", "code"),
    [
        (changed(11, 2, "12"), 11, "wrong_count"),
        (changed(11, 2, ""), 11, "count_missing"),
        (changed(11, 3, "12"), 11, "wrong_count"),
        (changed(11, 4, "2"), 11, "wrong_count"),
        (changed(11, 5, "3"), 11, "wrong_count"),
        (changed(11, 5, "9" * 40), 11, "wrong_count"),
        (changed(11, 5, "٢"), 11, "wrong_count"),
        (lambda rows: rows.pop(), 10, "no_footer"),
        (lambda rows: rows.append(["SU02.03"]), 12, "after_the_footer"),
        (lambda rows: rows.insert(3, rows[0]), 4, "head_twice"),
        (changed(3, 7, "Worldwide"), 3, "unknown_country"),
        (changed(3, 7, ""), 3, "cell_missing"),
        (changed(3, 11, "EUX"), 3, "unknown_currency"),
        (changed(3, 9, "299"), 3, "usages_beyond_summary"),
        (changed(3, 9, "0"), 3, "revenue_without_usages"),
        (changed(3, 12, "1e9"), 3, "not_an_amount"),
        (changed(3, 12, "99999999999999999999"), 3, "beyond_money"),
        (changed(7, 3, "S9"), 7, "unknown_summary"),
        (changed(7, 6, "9"), 7, "unknown_resource"),
        (changed(7, 6, ""), 7, "nothing_transacted"),
        (changed(7, 7, "maybe"), 7, "not_a_boolean"),
        (changed(7, 8, "-5"), 7, "negative_usage"),
        (changed(7, 8, "2.5"), 7, "not_a_count"),
        (changed(10, 4, "T-B1"), 10, "transaction_twice"),
        (changed(7, 1, "SU99.01"), 7, "unknown_record"),
        (changed(7, 1, "nonsense"), 7, "not_a_record"),
        (lambda rows: rows[6].extend(["", "", "", "", "more"]), 7, "too_many_cells"),
        (changed(9, 4, "=cmd"), 9, "formula"),
    ],
)
def test_refuses_what_does_not_fit_with_its_line(
    change: Callable[[Rows], None], line: int, code: str, tmp_path: Path
) -> None:
    rows = basic()
    change(rows)
    found = read(tmp_path, rows)
    assert (1, line, code) in refused(found)
    assert all(problem.sentence.endswith((".", "?")) for problem in found.problems.kept)


def test_a_block_does_not_begin_again(tmp_path: Path) -> None:
    rows = [head(), summary(), *block("B1"), *block("B2"), *block("B1", transaction="T-9")]
    assert (1, 9, "block_twice") in refused(read(tmp_path, [*rows, foot(rows)]))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (1, "HEED"),
        (2, "3.0"),
        (3, "UgcProfile"),
        (4, "9.9"),
        (5, ""),
        (7, "2"),
        (8, "x"),
        (9, "2026-13"),
        (10, "2026-03"),
        (11, ""),
    ],
)
def test_a_head_says_what_is_needed(cell: int, value: str, tmp_path: Path) -> None:
    rows = basic()
    rows[0][cell - 1] = value
    path = tmp_path / "report.tsv"
    path.write_bytes(written(rows))
    with pytest.raises(dsr.NotADsrFile):
        dsr.look_at(path)
    assert (1, 1, "not_a_dsr_file") in refused(read(tmp_path, rows))


@pytest.mark.parametrize(
    ("name", "is_fine"),
    [
        (f"DSR_PADPIDA2011021601H_{SENDER}_App_2026-04_DE_20260501T000000.tsv", True),
        ("DSR_PADPIDA2011021601H_StreamShop_App_2026-04_DE_1of1_20260501T000000.tsv.gz", True),
        ("april.tsv", True),
        (f"DSR_PADPIDA2011021601H_{SENDER}_App_2026-04_DE_2of3_20260501T000000.tsv", False),
        ("DSR_PADPIDA2011021601H_PADPIDAOTHER_App_2026-04_DE_20260501T000000.tsv", False),
        ("DSR_nonsense.tsv", False),
    ],
)
def test_a_name_says_what_head_says(name: str, is_fine: bool, tmp_path: Path) -> None:  # noqa: FBT001
    codes = [code for _, _, code in refused(read(tmp_path, basic(), names=(name,)))]
    assert codes == ([] if is_fine else ["file_name"])


@given(st.binary(max_size=400), st.integers(0, 400))
@settings(deadline=None, max_examples=80)
def test_damaged_files_are_refused_and_crash_nothing(junk: bytes, at: int) -> None:
    whole = written(basic())
    with tempfile.TemporaryDirectory() as folder:
        found = read(Path(folder), whole[: at % len(whole)] + junk)
    assert found.problems.count


def test_both_ends_of_lines_are_read(tmp_path: Path) -> None:
    assert refused(read(tmp_path, written(basic(), end="\r\n"))) == []
