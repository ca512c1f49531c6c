"""Samples of money: sizes, draws and limits, against published tables and by counting."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.auditing.sampling import (
    Checked,
    Lots,
    NotASample,
    Steps,
    Stratum,
    by_money,
    confidence_factor,
    evaluate_by_money,
    evaluate_by_strata,
    shared_out,
    steps,
    stratum_of,
)

# AICPA, Audit Guide "Audit Sampling", Table C.4: confidence factors for monetary-unit sample evaluation.
PUBLISHED = {
    95: ("3.00", "4.75", "6.30", "7.76", "9.16", "10.52", "11.85", "13.15", "14.44", "15.71", "16.97"),
    90: ("2.31", "3.89", "5.33", "6.69", "8.00", "9.28", "10.54", "11.78", "13.00", "14.21", "15.41"),
    80: ("1.61", "3.00", "4.28", "5.52", "6.73", "7.91", "9.08", "10.24", "11.38", "12.52", "13.66"),
}


@pytest.mark.parametrize("confidence", PUBLISHED)
def test_factors_are_those_of_the_published_tables(confidence: int) -> None:
    for errors, written in enumerate(PUBLISHED[confidence]):
        # The tables round up in the second decimal; some editions round two of them to the nearest.
        assert abs(confidence_factor(errors, confidence) - Fraction(written)) <= Fraction(1, 100), errors


def test_sizes_follow_from_what_is_borne_and_expected() -> None:
    # 3.00 over a tolerable 5 %: sixty lines, the number that every textbook has.
    assert steps(book=1_200_000, tolerable=60_000, expected=0, confidence=95, seed="s").size == 60
    wider = steps(book=1_000_000, tolerable=50_000, expected=10_000, confidence=95, seed="s")
    assert (wider.interval, wider.size) == (11_333, 89)
    assert steps(book=1_000_000, tolerable=50_000, expected=0, confidence=99, seed="s").size == 93
    for wrong in (
        {"book": 0},
        {"tolerable": 0},
        {"expected": -1},
        {"expected": 40_000},
        {"confidence": 42},
        {"tolerable": 1, "book": 10**9},
    ):
        with pytest.raises(NotASample):
            steps(**{"book": 1_000_000, "tolerable": 50_000, "expected": 0, "confidence": 95, "seed": "s"} | wrong)  # type: ignore[arg-type]


AMOUNTS = st.lists(st.integers(-50, 5_000), min_size=1, max_size=80)


@given(AMOUNTS, st.integers(1, 3_000), st.data())
@settings(max_examples=200, deadline=None)
def test_every_chosen_unit_lies_in_a_drawn_line_and_large_lines_are_certain(
    amounts: list[int], interval: int, data: st.DataObject
) -> None:
    start = data.draw(st.integers(1, interval))
    drawn = list(by_money(enumerate(amounts), Steps(interval, 0, start, Fraction(3))))
    units: list[int] = []
    for number, amount in enumerate(amounts):
        units += [number] * max(amount, 0)
    chosen = units[start - 1 :: interval]
    assert [(item, hits) for item, _, hits in drawn] == [(item, chosen.count(item)) for item in dict.fromkeys(chosen)]
    assert {number for number, amount in enumerate(amounts) if amount >= interval} <= {item for item, _, _ in drawn}


def test_the_upper_limit_is_that_of_the_guides_evaluation() -> None:
    # Worked by hand: interval 1,000; a line of 200 that should be 100 (tainting 1/2), one of 500 that should be 490
    # (1/50), and one of 4,000 drawn for certain that should be 3,700.
    tested = [Checked(200, 100), Checked(500, 490), Checked(4_000, 3_700), Checked(300, 300)]
    found = evaluate_by_money(tested, interval=1_000, confidence=95)
    assert found.projected == 300 + 500 + 20
    assert found.precision == 3_000
    first, second = Fraction("4.75") - 3 - 1, Fraction("6.30") - Fraction("4.75") - 1
    assert found.allowance == first * 500 + second * 20
    assert found.upper == 4206  # 820 + 3000 + 375 + 11
    assert found.found == 410
    clean = evaluate_by_money([Checked(200, 200)], interval=1_000, confidence=95)
    assert (clean.projected, clean.upper) == (Fraction(0), 3_000)
    # Too little booked is shown, and does not make up for too much.
    under = evaluate_by_money([Checked(200, 300)], interval=1_000, confidence=95)
    assert (under.projected, under.understated, under.upper) == (Fraction(0), Fraction(500), 3_000)


def test_the_limit_grows_with_each_error_and_no_amount_is_a_binary_fraction() -> None:
    limits = [
        evaluate_by_money([Checked(100, 0)] * errors, interval=10_007, confidence=90).upper for errors in range(8)
    ]
    assert all(more > less for less, more in pairwise(limits))
    found = evaluate_by_money([Checked(3, 2)], interval=10_007, confidence=90)
    assert found.projected == Fraction(10_007, 3)
    assert "float" not in json.dumps([type(value).__name__ for value in vars(found).values()])


def test_strata_share_the_sample_by_money_and_give_at_least_two() -> None:
    boundaries = [100, 1_000]
    assert [stratum_of(units, boundaries) for units in (0, 99, 100, -100, 999, 1_000)] == [0, 0, 1, 1, 1, 2]
    assert shared_out(20, [(500, 10_000), (50, 30_000), (5, 60_000)]) == [2, 6, 5]
    assert shared_out(20, [(1, 5), (0, 0), (3, 95)]) == [1, 0, 3]
    assert shared_out(0, [(1, 5)]) == [0]


def test_lots_are_the_same_for_a_seed_and_others_for_another() -> None:
    def draw(seed: str) -> list[tuple[int, object]]:
        lots = Lots(seed, {0: 5, 1: 2, 2: 0})
        for place in range(300):
            lots.put_in(f"line {place}", place, place % 3, place)
        return lots.drawn()

    first = draw("a")
    assert first == draw("a")
    assert first != draw("b")
    assert [item for _, item in first] == sorted(item for _, item in first)  # type: ignore[type-var]
    assert [stratum for stratum, _ in first].count(0) == 5
    assert all(item % 3 == stratum for stratum, item in first)  # type: ignore[operator]
    counts = [0] * 30
    for seed in range(600):
        lots = Lots(str(seed), {0: 3})
        for place in range(30):
            lots.put_in(str(place), place, 0, place)
        for _, item in lots.drawn():
            counts[item] += 1  # type: ignore[call-overload]
    assert min(counts) > 30  # of 60 expected: nobody is left out
    assert max(counts) < 95


def test_the_difference_estimator_is_cochrans() -> None:
    strata = [Stratum(0, 100, 5_000, 4), Stratum(100, 10, 9_000, 2)]
    tested = [
        Checked(50, 50),
        Checked(50, 46),
        Checked(50, 50),
        Checked(50, 50),
        Checked(900, 900, 1),
        Checked(900, 890, 1),
    ]
    found = evaluate_by_strata(tested, strata, confidence=95)
    assert found.projected == 100 * 1 + 10 * 5
    variance = Fraction(100 * 96, 4) * 4 + Fraction(10 * 8, 2) * 50
    assert abs(found.precision - Fraction(1645, 1000) * Fraction(10_770_329_614_269, 10**11)) < Fraction(1, 1000)
    assert variance == 11_600
    assert found.upper == 328  # 150 + 1.645 × √11600, upwards
    clean = evaluate_by_strata([Checked(5, 5)] * 3, strata[:1], confidence=95)
    assert (clean.projected, clean.upper) == (Fraction(0), 0)
