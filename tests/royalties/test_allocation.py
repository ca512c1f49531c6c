"""Pools divided with one rounding: the worked example to the cent, and what holds of any pool."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from royalties import allocation
from royalties.allocation import NotAKey, NotTheWhole, allocate
from tests.royalties import worked_example as example


def units(lines: tuple[allocation.Line, ...]) -> dict[str, int]:
    return {line.leaf: line.units for line in lines}


@pytest.mark.parametrize("territory", example.POOLS)
def test_the_worked_example_comes_out_to_the_cent(territory: str) -> None:
    lines = allocate(example.POOLS[territory], example.weights(territory))
    assert units(lines) == example.EXPECTED[territory]
    assert {line.leaf for line in lines if line.has_leftover} == example.BUMPED[territory]


def test_the_totals_of_the_worked_example() -> None:
    totals: Counter[str] = Counter()
    for territory, pool in example.POOLS.items():
        for line in allocate(pool, example.weights(territory)):
            totals[line.leaf.rpartition("/")[2]] += line.units
    assert totals == example.TOTALS


@pytest.mark.parametrize(
    ("weights", "expected", "left"),
    [
        (example.weights("DE", example.FALLBACK), example.FALLBACK_DE, {"W2/E", "W3/C", "W3/D", "W3/E"}),
        (
            example.weights("DE", commission=Fraction(21, 200), side=Fraction(32, 100)),
            example.LIFTED_DE,
            {"W3/C", "W3/D", "W3/E", "W2/E", "R2/D"},
        ),
    ],
    ids=["attribution unreliable", "most favored nation"],
)
def test_its_variants(weights: dict[str, Fraction], expected: dict[str, int], left: set[str]) -> None:
    lines = allocate(example.POOLS["DE"], weights)
    assert units(lines) == expected
    assert {line.leaf for line in lines if line.has_leftover} == left


def test_a_corrected_receipt_is_posted_as_differences_and_not_divided_itself() -> None:
    weights = example.weights("DE")
    old, new = allocate(100_001, weights), allocate(94_000, weights)
    assert units(new) == example.ADJUSTED_DE
    posted = allocation.differences(old, new)
    assert posted == {leaf: example.ADJUSTED_DE[leaf] - example.EXPECTED["DE"][leaf] for leaf in example.EXPECTED["DE"]}
    assert sum(posted.values()) == -6_001
    itself = units(allocate(-6_001, weights))
    apart = {leaf: itself[leaf] for leaf in itself if itself[leaf] != posted[leaf]}
    assert apart == {"R1/A": -1103, "R2/B": -455, "R2/D": -228, "W1/C": -670, "W3/D": -99, "W3/E": -99}


def test_a_minimum_guarantee_is_topped_up_by_what_was_earned() -> None:
    earned = {"C": 32_775, "D": 13_641, "E": 12_996, "HOLD": 741}
    lines = allocation.by_amounts(70_000 - sum(earned.values()), earned)
    assert units(lines) == {"C": 5365, "D": 2233, "E": 2128, "HOLD": 121}
    assert [line.leaf for line in lines if line.has_leftover] == ["E"]


def test_a_training_fee_is_equal_for_every_work() -> None:
    fee = units(allocate(1_000_000, {f"W{n:02}": Fraction(1, 7) for n in range(1, 8)}))
    assert fee == {"W01": 142_858} | {f"W{n:02}": 142_857 for n in range(2, 8)}


THIRD = Fraction(1, 3)


@pytest.mark.parametrize(
    ("pool", "weights", "expected"),
    [
        (100, {"a": THIRD, "b": THIRD, "c": THIRD}, {"a": 34, "b": 33, "c": 33}),
        (-100, {"a": THIRD, "b": THIRD, "c": THIRD}, {"a": -34, "b": -33, "c": -33}),
        (1, {"a": THIRD, "b": 2 * THIRD}, {"a": 0, "b": 1}),
        (0, {"a": THIRD, "b": 2 * THIRD}, {"a": 0, "b": 0}),
        (10_000, {"C": THIRD, "D": THIRD, "E": THIRD}, {"C": 3_334, "D": 3_333, "E": 3_333}),
        (7, {"a": Fraction(0), "b": Fraction(1)}, {"a": 0, "b": 7}),
        # A settled hold, §6.5 (c).
        (741, {"C": Fraction(2, 3), "E": THIRD}, {"C": 494, "E": 247}),
    ],
)
def test_small_pools(pool: int, weights: dict[str, Fraction], expected: dict[str, int]) -> None:
    assert units(allocate(pool, weights)) == expected


@pytest.mark.parametrize(
    "weights", [{}, {"a": THIRD}, {"a": Fraction(4, 3), "b": -THIRD}, {"a": Fraction(1), "b": THIRD}]
)
def test_what_is_not_whole_is_refused(weights: dict[str, Fraction]) -> None:
    with pytest.raises(NotTheWhole):
        allocate(100, weights)


@pytest.mark.parametrize("key", ["", "ö", "a\n"])
def test_a_key_that_does_not_sort_alike_everywhere_is_refused(key: str) -> None:
    with pytest.raises(NotAKey):
        allocate(100, {key: Fraction(1)})


pools = st.integers(-(10**15), 10**15)
wholes = st.dictionaries(st.text("ab/C1", min_size=1, max_size=4), st.integers(0, 10**6), min_size=1, max_size=12).map(
    lambda parts: (
        {key: Fraction(part, total) for key, part in parts.items()}
        if (total := sum(parts.values()))
        else {key: Fraction(1, len(parts)) for key in parts}
    )
)


@given(pools, wholes)
def test_any_pool_is_divided_by_the_rule(pool: int, weights: dict[str, Fraction]) -> None:
    lines = allocate(pool, weights)
    assert sum(line.units for line in lines) == pool
    for line in lines:
        assert abs(line.units - pool * line.weight) < 1
        assert line.weight or not line.units
    # Written another way: units are handed out one by one, each to whoever is furthest below what is exact.
    size, given_out = abs(pool), {leaf: abs(pool) * weight // 1 for leaf, weight in weights.items()}
    waiting = dict(weights)
    while sum(given_out.values()) < size:
        furthest = max(
            waiting,
            key=lambda leaf: (
                size * weights[leaf] - given_out[leaf],
                weights[leaf],
                [-byte for byte in leaf.encode().ljust(8, b"\0")],
            ),
        )
        given_out[furthest] += 1
        del waiting[furthest]
    assert {line.leaf: abs(line.units) for line in lines} == given_out


@given(pools, wholes, pools)
def test_differences_bring_the_old_to_the_new(pool: int, weights: dict[str, Fraction], other: int) -> None:
    old, new = allocate(pool, weights), allocate(other, weights)
    posted = allocation.differences(old, new)
    assert {line.leaf: line.units + posted[line.leaf] for line in old} == units(new)
