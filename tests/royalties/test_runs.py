"""A run over files comes out as exact fractions say, wherever and in whatever order it is worked out."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid5

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from royalties import money
from royalties.apportion import Part, Splits, Zone
from royalties.earnings import RateOfOthers
from royalties.money import BeyondMoney, Rate, UnknownCurrency
from royalties.runs import engine, frozen
from royalties.runs.engine import PartitionResult
from royalties.runs.files import FileChanged
from royalties.runs.frozen import Frozen, UsageFile
from tests.royalties import worked_example as example
from tests.royalties.test_allocation import wholes
from tests.royalties.usage_files import UsageLine, write

SPACE = UUID(int=7)
MARCH = date(2026, 3, 31)
RATES = [
    Rate("USD", "EUR", Fraction(9_217, 10_000), "ECB", MARCH),
    Rate("JPY", "EUR", Fraction(1_000, 163_457), "ECB", MARCH),
]
COUNTRIES = ("DE", "JP", "US")


def named(what: str) -> UUID:
    return uuid5(SPACE, what)


def paid(leaf: str) -> Any:
    return None if leaf.endswith("/HOLD") else named(leaf.rpartition("/")[2])


def zone(countries: Sequence[str], weights: dict[str, Fraction]) -> Zone:
    parts = [Part(leaf, paid(leaf), None, None, weight) for leaf, weight in weights.items()]
    return Zone(tuple(countries), tuple(parts))


@dataclass
class World:
    """What a run is made of."""

    lines: list[UsageLine]
    matches: dict[str, UUID] = field(default_factory=dict)
    divisions: dict[UUID, Splits] = field(default_factory=dict)
    rates: list[Rate] = field(default_factory=lambda: list(RATES))

    def freeze(
        self, folder: Path, *, partitions: int | None = None, reports: int = 1, backwards: bool = False
    ) -> Frozen:
        folder.mkdir()
        size = max(1, -(-len(self.lines) // reports))
        usage = []
        for number in range(reports):
            lines = self.lines[number * size : (number + 1) * size]
            path = write(folder.parent / f"{folder.name}-usage-{number}", lines, rows=3)
            usage.append(UsageFile(named(f"report {number}"), path))
        return frozen.freeze(
            folder,
            usage=reversed(usage) if backwards else usage,
            matches=self.matches,
            rates=reversed(self.rates) if backwards else self.rates,
            divisions=self.divisions,
            currency="EUR",
            partitions=partitions,
        )


def joined(folder: Path, number: int) -> list[dict[str, Any]]:
    path = folder / engine.result_names(number)[1]
    return [row for batch in engine.open_allocations(path) for row in batch.to_pylist()]


def run(folder: Path, found: Frozen) -> tuple[list[PartitionResult], dict[tuple[str, str, str], int]]:
    results, units = [], {}
    for number in range(found.partitions):
        results.append(engine.divide_partition(folder, number, digest=found.digest))
        for row in joined(folder, number):
            units[row["output"], row["country"], row["leaf"]] = row["units"]
            assert row["party"] == (
                None if row["leaf"].endswith("/HOLD") else str(named(row["leaf"].rpartition("/")[2]))
            )
    return results, units


def by_hand(world: World) -> tuple[dict[tuple[str, str, str], int], dict[tuple[str, str], int]]:
    """Work a run out line by line and pool by pool in fractions, with nothing of what is tested."""
    rates = {rate.base: rate.value for rate in world.rates} | {"EUR": Fraction(1)}
    pools: dict[tuple[str, str], int] = defaultdict(int)
    for line in world.lines:
        output = world.matches.get(line.key)
        if output is None or output not in world.divisions or line.currency not in rates:
            continue
        if any(line.country in one.territories for one in world.divisions[output].zones):
            exact = Fraction(line.mantissa, 10**line.scale) * rates[line.currency] * 100
            below = exact.numerator // exact.denominator
            over = exact - below
            is_up = over > Fraction(1, 2) or (over == Fraction(1, 2) and below % 2 == 1)
            pools[str(output), line.country] += below + is_up
    units: dict[tuple[str, str, str], int] = {}
    for (name, country), pool in pools.items():
        (there,) = [one for one in world.divisions[UUID(name)].zones if country in one.territories]
        exact_parts = {part.leaf: abs(pool) * part.part for part in there.parts}
        given_out = {leaf: exact.numerator // exact.denominator for leaf, exact in exact_parts.items()}
        weights = {part.leaf: part.part for part in there.parts}
        for _ in range(abs(pool) - sum(given_out.values())):
            waiting = [leaf for leaf in exact_parts if given_out[leaf] <= exact_parts[leaf]]
            first = min(
                (leaf for leaf in waiting if exact_parts[leaf] - given_out[leaf] < 1),
                key=lambda leaf: (given_out[leaf] - exact_parts[leaf], -weights[leaf], leaf.encode()),
            )
            given_out[first] += 1
        units |= {(name, country, leaf): -part if pool < 0 else part for leaf, part in given_out.items()}
    return units, pools


lines = st.builds(
    UsageLine,
    key=st.sampled_from(["isrc:A", "isrc:B", "submission:C", "isrc:NOBODY", "isrc:UNDIVIDED"]),
    country=st.sampled_from([*COUNTRIES, "FR"]),
    mantissa=st.integers(-(10**14), 10**14) | st.integers(-2_000, 2_000),
    scale=st.integers(0, 12),
    currency=st.sampled_from(["EUR", "USD", "JPY", "CHF"]),
    usages=st.integers(0, 10**6),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    outputs = {key: named(key) for key in ("isrc:A", "isrc:B", "submission:C")}
    divisions = {}
    for output in outputs.values():
        cut = draw(st.integers(0, len(COUNTRIES) - 1))
        groups = [group for group in (COUNTRIES[:cut], COUNTRIES[cut:]) if group]
        divisions[output] = Splits(tuple(zone(group, draw(wholes)) for group in groups))
    return World(draw(st.lists(lines, max_size=25)), outputs | {"isrc:UNDIVIDED": named("undivided")}, divisions)


@given(worlds(), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_every_leaf_gets_what_fractions_say(world: World, partitions: int) -> None:
    expected, pools = by_hand(world)
    with TemporaryDirectory() as name:
        found = world.freeze(Path(name) / "run", partitions=partitions)
        results, units = run(Path(name) / "run", found)
    assert units == expected
    assert sum(result.units for result in results) == sum(pools.values())
    assert sum(account.units for result in results for account in result.accounts) == sum(pools.values())
    assert (found.pools, found.lines + found.lines_left_out) == (len(pools), len(world.lines))
    for result in results:
        assert PartitionResult.read(result.document) == result


@given(worlds())
@settings(max_examples=15, deadline=None)
def test_the_order_of_reports_and_rates_changes_no_byte(world: World) -> None:
    with TemporaryDirectory() as name:
        one = world.freeze(Path(name) / "one", partitions=3, reports=3)
        other = world.freeze(Path(name) / "other", partitions=3, reports=3, backwards=True)
        assert one == other
        assert run(Path(name) / "one", one) == run(Path(name) / "other", other)


@given(worlds())
@settings(max_examples=15, deadline=None)
def test_in_how_many_partitions_changes_no_unit(world: World) -> None:
    with TemporaryDirectory() as name:
        found = {
            number: run(Path(name) / f"{number}", world.freeze(Path(name) / f"{number}", partitions=number))[1]
            for number in (1, 2, 7)
        }
    assert found[1] == found[2] == found[7]


def worked() -> World:
    """The worked example: three countries of one output, in three currencies."""
    output = named("output")
    return World(
        [UsageLine("isrc:O", country, pool) for country, pool in example.POOLS.items()],
        {"isrc:O": output},
        {output: Splits(tuple(zone([country], example.weights(country)) for country in example.POOLS))},
    )


def test_the_worked_example_comes_out_to_the_cent(tmp_path: Path) -> None:
    results, units = run(tmp_path / "run", worked().freeze(tmp_path / "run"))
    for country, expected in example.EXPECTED.items():
        assert {leaf: one for (_, there, leaf), one in units.items() if there == country} == expected
    totals = {(one.kind, one.party_id, one.asset): one.units for one in results[0].accounts}
    assert totals["commission", named("COMM"), ""] == example.TOTALS["COMM"]
    assert totals["hold", None, "W2"] == example.TOTALS["HOLD"]
    assert {payee: totals["payable", named(payee), ""] for payee in ("HC", "A", "B", "C", "D", "E")} == {
        payee: example.TOTALS[payee] for payee in ("HC", "A", "B", "C", "D", "E")
    }
    rows = joined(tmp_path / "run", 0)
    for country, bumped in example.BUMPED.items():
        assert {row["leaf"] for row in rows if row["country"] == country and row["has_leftover"]} == bumped
    assert {row["leaf"]: Fraction(row["numerator"], row["denominator"]) for row in rows if row["country"] == "DE"} == (
        example.weights("DE")
    )


def test_what_is_in_no_pool_is_counted_with_its_reason(tmp_path: Path) -> None:
    world = worked()
    world.matches["isrc:U"] = named("undivided")
    world.lines += [
        UsageLine("isrc:X", "DE", 150, usages=3),
        UsageLine("isrc:X", "US", 5, scale=1, usages=4),
        UsageLine("isrc:U", "DE", 7),
        UsageLine("isrc:O", "FR", -8),
        UsageLine("isrc:O", "XX1", 9),
        UsageLine("isrc:O", "DE", 10, currency="CHF"),
    ]
    found = world.freeze(tmp_path / "run")
    assert [
        (one.reason, one.key, one.country, one.currency, one.lines, one.first_line, one.amount)
        for one in found.left_out
    ] == [
        ("country_not_cleared", "isrc:O", "FR", "EUR", 1, 7, Fraction(-8, 100)),
        ("country_not_cleared", "isrc:O", "XX1", "EUR", 1, 8, Fraction(9, 100)),
        ("not_divided", "isrc:U", "", "EUR", 1, 6, Fraction(7, 100)),
        ("rate_missing", "isrc:O", "", "CHF", 1, 9, Fraction(10, 100)),
        ("unmatched", "isrc:X", "", "EUR", 2, 4, Fraction(2)),
    ]  # fmt: skip
    assert found.left_out[4].usages == 7
    assert (found.lines, found.lines_left_out) == (3, 6)


@pytest.mark.parametrize(
    "name", ["manifest.json", "lines-0000.parquet", "pools-0000.parquet", "divisions-0000.parquet", "rates.json"]
)
def test_a_frozen_file_that_was_changed_or_lost_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    found = worked().freeze(folder)
    whole = (folder / name).read_bytes()
    for at in (0, len(whole) // 2, len(whole) - 1):
        (folder / name).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(FileChanged, match=name):
            engine.divide_partition(folder, 0, digest=found.digest)
    (folder / name).unlink()
    with pytest.raises(FileChanged, match=name):
        engine.divide_partition(folder, 0, digest=found.digest)
    (folder / name).write_bytes(whole)
    assert engine.divide_partition(folder, 0, digest=found.digest).units == sum(example.POOLS.values())


def test_amounts_beyond_a_word_are_exact_or_refused(tmp_path: Path) -> None:
    world, number = worked(), count()

    def units(*amounts: UsageLine) -> int:
        world.lines = list(amounts)
        folder = tmp_path / f"{next(number)}"
        return engine.divide_partition(folder, 0, digest=world.freeze(folder).digest).units

    largest = money.LARGEST
    assert units(UsageLine("isrc:O", "DE", largest)) == largest  # in cents
    assert units(UsageLine("isrc:O", "DE", -largest)) == -largest
    assert units(UsageLine("isrc:O", "DE", -(2**63), scale=12)) == -922_337_204
    assert units(*[UsageLine("isrc:O", "DE", largest), UsageLine("isrc:O", "DE", -largest)] * 2) == 0
    assert units(UsageLine("isrc:O", "DE", largest), UsageLine("isrc:O", "US", largest)) == 2 * largest
    for refused in (
        [UsageLine("isrc:O", "DE", largest, scale=1)],
        [UsageLine("isrc:O", "DE", -(2**63))],
        [UsageLine("isrc:O", "DE", largest), UsageLine("isrc:O", "DE", 1)],
    ):
        with pytest.raises(BeyondMoney):
            units(*refused)


def test_what_no_run_is_made_of_is_refused(tmp_path: Path) -> None:
    world = worked()
    path = write(tmp_path / "usage", world.lines)
    good = UsageFile(named("report"), path)

    def freeze(usage: Sequence[UsageFile] = (good,), rates: Sequence[Rate] = (), **other: object) -> None:
        given = {"currency": "EUR", **other}
        with TemporaryDirectory() as name:
            frozen.freeze(
                Path(name),
                usage=usage,
                matches=world.matches,
                rates=rates,
                divisions=world.divisions,
                **given,  # type: ignore[arg-type]
            )

    freeze()
    with pytest.raises(frozen.TwiceInARun):
        freeze([good, good])
    with pytest.raises(RateOfOthers):
        freeze(rates=[Rate("USD", "CHF", Fraction(1), "ECB", MARCH)])
    with pytest.raises(RateOfOthers):
        freeze(rates=[RATES[0], Rate("USD", "EUR", Fraction(1), "ECB", MARCH)])
    with pytest.raises(UnknownCurrency):
        freeze(currency="XEU")
    for partitions in (0, 513):
        with pytest.raises(frozen.NotAPartitioning):
            freeze(partitions=partitions)
    whole = path.read_bytes()
    for data in (b"", b"PAR1", whole[: len(whole) // 2], whole[:-20]):
        (tmp_path / "broken").write_bytes(data)
        with pytest.raises(frozen.NotAUsageFile):
            freeze([UsageFile(named("report"), tmp_path / "broken")])
    table = pq.read_table(path)
    for wrong in (
        table.drop_columns(["scale"]),
        table.set_column(4, "mantissa", table.column("mantissa").cast("double")),
        table.set_column(4, "mantissa", [[None, 1, 2]]),
        table.set_column(5, "scale", pa.array([1, 13, 2], pa.int8())),
    ):
        pq.write_table(wrong, tmp_path / "wrong")
        with pytest.raises(frozen.NotAUsageFile):
            freeze([UsageFile(named("report"), tmp_path / "wrong")])
