"""A statement as a document says every figure, the same on the page, on paper and in the table."""

import csv
import io
from fractions import Fraction

import pytest

from ledger.statements import paper, plots, table
from ledger.statements.document import By, Step, decimals, grouped, percent
from tests.ledger.statements.documents import document


def test_leads_from_what_was_earned_to_what_is_paid() -> None:
    found = document()
    taken = [step.units for step in found.steps if not step.is_sum]
    assert found.figures.earned + sum(taken) == found.figures.payable
    assert [step.name for step in found.steps] == [
        "Earned in this period",
        "Kept in reserve",
        "Recouped against advances",
        "Base of withholding tax",
        "Withholding tax",
        "Payable",
    ]


@pytest.mark.parametrize("by", ["country", "output", "asset", "part", "month"])
def test_adds_up_to_what_was_earned_by_whatever_it_is_grouped(by: By) -> None:
    found = document(count=3)
    assert sum(units for _, units in found.sums(by)) == found.figures.earned


@pytest.mark.parametrize(
    ("units", "currency", "said"),
    [
        (0, "EUR", "0.00"),
        (-5, "EUR", "−0.05"),
        (123_456_789, "EUR", "1\u202f234\u202f567.89"),
        (45_003, "JPY", "45\u202f003"),
        (-1_234_567, "KWD", "−1\u202f234.567"),
    ],
)
def test_writes_money_with_the_digits_of_its_currency(units: int, currency: str, said: str) -> None:
    assert grouped(units, currency) == said


def test_writes_rates_exactly_where_three_decimals_do() -> None:
    assert percent(Fraction(15825, 100_000)) == "15.825 %"
    assert percent(Fraction(1, 10)) == "10 %"
    assert percent(Fraction(0)) == "0 %"
    assert decimals(Fraction(-1, 3), 4) == "−0.3333"


def test_has_every_line_and_every_step_in_the_table() -> None:
    found = document(count=2)
    rows = list(csv.reader(io.StringIO("".join(table.rows(found)))))
    assert {len(row) for row in rows} == {19}
    assert len(rows) == 1 + len(found.lines) + len(found.steps)
    head = rows[0]
    lines = [dict(zip(head, row, strict=True)) for row in rows[1 : 1 + len(found.lines)]]
    assert sum(int(line["minor"]) for line in lines) == found.figures.earned
    assert all(Fraction(line["weight"]) * int(line["pool_minor"]) == Fraction(line["exact_minor"]) for line in lines)
    assert rows[-1][7] == "Payable"
    assert int(rows[-1][15]) == found.figures.payable


@pytest.mark.parametrize("title", ["=cmd|'/c calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1"])
def test_runs_no_title_as_a_formula_in_a_spreadsheet(title: str) -> None:
    rows = list(csv.reader(io.StringIO("".join(table.rows(document(title=title))))))
    assert rows[1][9] == f"'{title}"


@pytest.mark.parametrize(
    "title",
    ["Harbour Song", "#panic()", "*b* _x_ $x$ @label <b>", ']) #read("/etc/passwd")', "夜の歌", "\u202eabc", "x" * 500],
)
def test_is_written_on_paper_whatever_a_title_says(title: str) -> None:
    written = paper.pdf(document(title=title))
    assert written.startswith(b"%PDF-1.")
    assert b"%%EOF" in written[-64:]


def test_is_the_same_paper_each_time() -> None:
    assert paper.pdf(document()) == paper.pdf(document())


def test_stops_lines_on_paper_and_says_where_the_rest_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "MOST_LINES", 3)
    data = paper._data(document(count=3))
    assert len(data["lines"]) == 3
    assert "3 further lines are in the CSV" in data["lines_note"]


def test_holds_totals_on_paper_where_lines_are_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "TOO_MANY", 5)
    found = document(count=3)
    data = paper._data(found)
    assert data["lines"] == []
    assert "This statement has 6 lines" in data["lines_note"]
    assert "in the CSV" in data["lines_note"]
    assert data["steps"][0]["amount"] == found.said(found.allocated)
    assert paper.pdf(found).startswith(b"%PDF-1.")


def test_draws_amounts_that_are_written_below_them() -> None:
    svg = plots.bars([("Germany", 100_001), ("Japan", -5)], "EUR", title="By country").decode()
    assert "1\u202f000.01" in svg
    assert "−0.05" in svg
    assert svg == plots.bars([("Germany", 100_001), ("Japan", -5)], "EUR", title="By country").decode()


def test_draws_what_is_beyond_twelve_as_one() -> None:
    svg = plots.bars([(f"c{n:02}", 100) for n in range(15)], "EUR", title="x").decode()
    assert "3 others" in svg
    assert "c12" not in svg


@pytest.mark.parametrize("steps", [(), (Step("Earned", 0, is_sum=True),), document().steps])
def test_draws_a_way_of_any_length(steps: tuple[Step, ...]) -> None:
    assert plots.waterfall(steps, "EUR", title="x").startswith(b"<?xml")


def test_escapes_titles_in_pictures() -> None:
    svg = plots.bars([("</text><script>alert(1)</script>", 1), ("$\\frac{1}{2}$", 2)], "EUR", title="<x>").decode()
    assert "<script>" not in svg
