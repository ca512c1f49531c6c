"""Lines are divided by the rights of their days, as a count of the days says; and each correction is in one period."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from royalties.apportion import Splits, TooFine
from royalties.runs import engine, frozen
from royalties.runs.frozen import Dated, UsageFile
from tests.royalties.test_runs import World, joined, named, zone
from tests.royalties.usage_files import UsageLine, write

FIRST, DAYS = date(2026, 3, 1), 31
LEAVES = ("R/A", "R/B", "R/C")


def splits(weights: tuple[int, ...], *, countries: tuple[str, ...] = ("DE", "US")) -> Splits:
    total = sum(weights)
    parts = {leaf: Fraction(one, total) for leaf, one in zip(LEAVES, weights, strict=True) if one}
    return Splits((zone(countries, parts),))


def dated(ways: list[tuple[int, tuple[int, ...]]]) -> Dated:
    return Dated(tuple((FIRST + timedelta(days=day), splits(weights)) for day, weights in ways))


def day_by_day(ways: list[tuple[int, tuple[int, ...]]], line: UsageLine) -> dict[str, Fraction]:
    """The mean over the days of a line of what each leaf has on that day."""
    found: dict[str, Fraction] = defaultdict(Fraction)
    length = (line.used_to - line.used_from).days
    for number in range(length):
        day = (line.used_from - FIRST).days + number
        weights = [weights for begins, weights in ways if begins <= day][-1]
        for leaf, weight in zip(LEAVES, weights, strict=True):
            found[leaf] += Fraction(weight, sum(weights) * length)
    return {leaf: weight for leaf, weight in found.items() if weight}


def by_hand(pool: int, weights: dict[str, Fraction]) -> dict[str, int]:
    exact = {leaf: abs(pool) * weight for leaf, weight in weights.items()}
    found = {leaf: one.numerator // one.denominator for leaf, one in exact.items()}
    order = sorted(weights, key=lambda leaf: (found[leaf] - exact[leaf], -weights[leaf], leaf.encode()))
    for leaf in order[: abs(pool) - sum(found.values())]:
        found[leaf] += 1
    return {leaf: -units if pool < 0 else units for leaf, units in found.items()}


weights_ = st.tuples(*[st.integers(0, 5)] * len(LEAVES)).filter(any)
changes = st.lists(st.tuples(st.integers(1, DAYS - 1), weights_), min_size=1, max_size=3, unique_by=lambda one: one[0])


@st.composite
def used(draw: Any) -> UsageLine:
    begins = draw(st.integers(0, DAYS - 1))
    days = draw(st.integers(1, DAYS - begins))
    first = FIRST + timedelta(days=begins)
    until = first + timedelta(days=days)
    where, amount = draw(st.sampled_from(["DE", "US", "FR"])), draw(st.integers(-500, 5_000))
    return UsageLine("o", where, amount, used_from=first, used_to=until)


@settings(max_examples=40, deadline=None)
@given(first=weights_, later=changes, lines=st.lists(used(), min_size=1, max_size=12))
def test_days_are_what_counting_them_says(
    first: tuple[int, ...], later: list[tuple[int, tuple[int, ...]]], lines: list[UsageLine]
) -> None:
    ways = [(0, first), *sorted(later)]
    pools: dict[tuple[str, tuple[Fraction, ...]], int] = defaultdict(int)
    weights: dict[tuple[str, tuple[Fraction, ...]], dict[str, Fraction]] = {}
    left = sum(line.country == "FR" for line in lines)
    for line in lines:
        length = (line.used_to - line.used_from).days
        days = [(line.used_from - FIRST).days + number for number in range(length)]
        counted = [sum(1 for day in days if [b for b, _ in ways if b <= day][-1] == begins) for begins, _ in ways]
        pool = line.country, tuple(Fraction(count, length) for count in counted)
        if line.country != "FR":
            pools[pool] += line.mantissa
            weights[pool] = day_by_day(ways, line)
    expected = sorted(
        (country, sorted(by_hand(units, weights[country, mixed]).items())) for (country, mixed), units in pools.items()
    )
    digests = set()
    for partitions, backwards in ((1, False), (3, True)):
        with TemporaryDirectory() as name:
            world = World(lines, {"o": named("o")}, {named("o"): dated(ways)})  # type: ignore[dict-item]
            folder = Path(name) / "run"
            found = world.freeze(folder, partitions=partitions, reports=2, backwards=backwards)
            assert found.lines_left_out == left
            got: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
            countries = {}
            for number in range(partitions):
                engine.divide_partition(folder, number, digest=found.digest)
                for row in joined(folder, number):
                    got[number, row["pool"]][row["leaf"]] = row["units"]
                    countries[number, row["pool"]] = row["country"]
                    manifest = frozen.read_manifest(folder, digest=found.digest)
                    parts = frozen.read_ways(folder, manifest, output=named("o"), zone=row["zone"])
                    assert sum(one.part for one in parts) == 1
            assert sorted((countries[pool], sorted(leaves.items())) for pool, leaves in got.items()) == expected
            digests.add((partitions, found.digest))
    assert len(digests) == 2


def test_the_order_of_reports_changes_no_byte_of_days(tmp_path: Path) -> None:
    ways: list[tuple[int, tuple[int, ...]]] = [(0, (1, 1, 0)), (10, (0, 1, 2)), (20, (3, 0, 1))]
    lines = [
        UsageLine(
            "o", country, 100 + day, used_from=FIRST + timedelta(days=day), used_to=FIRST + timedelta(days=day + n)
        )
        for day, n, country in ((0, 31, "DE"), (5, 1, "US"), (5, 10, "DE"), (19, 2, "US"), (25, 5, "DE"), (0, 31, "DE"))
    ]
    world = World(lines, {"o": named("o")}, {named("o"): dated(ways)})  # type: ignore[dict-item]
    one = world.freeze(tmp_path / "one", reports=3)
    other = world.freeze(tmp_path / "other", reports=3, backwards=True)
    assert one.files == other.files
    assert "days.json" in one.files


def test_an_output_that_is_always_divided_alike_is_frozen_as_before(tmp_path: Path) -> None:
    lines = [UsageLine("o", "DE", 101), UsageLine("o", "US", 7)]
    same = splits((1, 2, 3))
    plain = World(lines, {"o": named("o")}, {named("o"): same}).freeze(tmp_path / "plain")
    days = Dated(((FIRST, same),))
    dated_ = World(lines, {"o": named("o")}, {named("o"): days}).freeze(tmp_path / "dated")  # type: ignore[dict-item]
    assert "days.json" not in plain.files
    for name in frozen.names(0):
        assert plain.files[name] == dated_.files[name]


def test_what_is_beyond_a_column_is_refused() -> None:
    primes = (999_999_999_989, 999_999_999_961)
    ways = [Splits((zone(["DE"], {"R/A": Fraction(1, prime), "R/B": Fraction(prime - 1, prime)}),)) for prime in primes]
    both = Dated(((FIRST, ways[0]), (FIRST + timedelta(days=10), ways[1])))
    with pytest.raises(TooFine):
        both.blended(both.mixed(FIRST, FIRST + timedelta(days=31)))


@settings(max_examples=30, deadline=None)
@given(lines=st.lists(used(), min_size=1, max_size=15), cuts=st.sets(st.integers(1, DAYS), min_size=1, max_size=3))
def test_each_correction_is_in_one_period(lines: list[UsageLine], cuts: set[int]) -> None:
    ends = sorted(cuts)
    periods = [
        (FIRST + timedelta(days=begin), FIRST + timedelta(days=end))
        for begin, end in zip([0, *ends[:-1]], ends, strict=True)
    ]
    with TemporaryDirectory() as name:
        path = write(Path(name) / "usage", lines, rows=3)
        ways = [UsageFile(named("r"), path, without=tuple(periods))]
        ways += [UsageFile(named("r"), path, corrects=period) for period in periods]
        batches = list(pq.ParquetFile(path).iter_batches(4))
        taken = [sorted(n for batch in batches for n in one.taken(batch).column("line").to_pylist()) for one in ways]
    assert sorted(number for some in taken for number in some) == list(range(1, len(lines) + 1))
    for some, (begins, until) in zip(taken[1:], periods, strict=True):
        for number in some:
            line = lines[number - 1]
            assert line.mantissa < 0
            assert begins <= line.used_to - timedelta(days=1) < until
    for number in taken[0]:
        assert lines[number - 1].mantissa >= 0 or lines[number - 1].used_to > periods[-1][1]
