"""Arrays of lines come out as each line does alone."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from royalties import kernel
from royalties.allocation import NotTheWhole, allocate
from royalties.kernel import NoSuchSplit, Table
from royalties.money import BeyondMoney
from tests.royalties import worked_example as example
from tests.royalties.test_allocation import wholes


def alone(splits: list[dict[str, Fraction]], lines: list[tuple[int, int]]) -> list[tuple[int, str, int]]:
    return [
        (number, one.leaf, one.units)
        for number, (split, amount) in enumerate(lines)
        for one in allocate(amount, splits[split])
    ]


def together(splits: list[dict[str, Fraction]], lines: list[tuple[int, int]]) -> list[tuple[int, str, int]]:
    table = Table(splits)
    split, amount = np.array(lines, dtype=np.int64).reshape(-1, 2).T
    found = table.divide(split, amount)
    return [
        (line, table.leaves[leaf], units)
        for line, leaf, units in zip(found.line.tolist(), found.leaf.tolist(), found.units.tolist(), strict=True)
    ]


@given(st.lists(wholes, min_size=1, max_size=4), st.data())
def test_arrays_divide_as_each_line_alone(splits: list[dict[str, Fraction]], data: st.DataObject) -> None:
    line = st.tuples(st.integers(0, len(splits) - 1), st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-200, 200))
    lines = data.draw(st.lists(line, max_size=12))
    assert together(splits, lines) == alone(splits, lines)


def test_the_worked_example_as_three_lines() -> None:
    splits = [example.weights(country) for country in example.POOLS]
    found = together(splits, [(number, pool) for number, pool in enumerate(example.POOLS.values())])
    for number, country in enumerate(example.POOLS):
        assert {leaf: units for line, leaf, units in found if line == number} == example.EXPECTED[country]


def test_more_lines_than_are_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "LINES_AT_ONCE", 7)
    splits = [{"a": Fraction(1, 3), "b": Fraction(2, 3)}, {"c": Fraction(1)}]
    lines = [(number % 2, number - 10) for number in range(20)]
    assert together(splits, lines) == alone(splits, lines)


def test_weights_that_no_word_holds_are_divided_all_the_same() -> None:
    wide = {"a": Fraction(1, 2**64), "b": 1 - Fraction(1, 2**64)}
    lines = [(0, 2**62), (0, 1), (0, -5)]
    assert together([wide], lines) == alone([wide], lines)


def test_nothing_is_divided_by_what_is_not_there_or_not_whole() -> None:
    table = Table([{"a": Fraction(1)}])
    for number in (-1, 1):
        with pytest.raises(NoSuchSplit):
            table.divide(np.array([number]), np.array([5]))
    with pytest.raises(BeyondMoney):
        table.divide(np.array([0]), np.array([-(2**63)]))
    with pytest.raises(NotTheWhole):
        Table([{"a": Fraction(1, 2)}])
