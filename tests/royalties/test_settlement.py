"""Settlement: what advances, reserves, taxes and thresholds leave of what was earned, also in generated worlds."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from royalties.account import Certificate, Withholding
from royalties.apportion import Part, Splits, Zone
from royalties.money import Rate
from royalties.runs import engine, frozen
from royalties.settlement import (
    NOT_YET,
    Agreed,
    Balance,
    NothingLeft,
    Outstanding,
    due_of_reserve,
    paid_out,
    settled,
)
from tests.royalties import usage_files

PAY_ON = date(2026, 11, 20)
FULL = Withholding(Fraction(15825, 100_000))
A, B, C, D = (UUID(int=number) for number in range(1, 5))


@pytest.mark.parametrize(
    ("earned", "agreed", "advance", "expected"),
    [
        (18386, Agreed(reserve_rate=Fraction(1, 10)), 0, {"reserved": 1839, "base": 16547, "payable": 16547}),
        (34106, Agreed(), 20000, {"recouped": 20000, "base": 14106, "payable": 14106}),
        (21300, Agreed(withholding=FULL), 0, {"withheld": 3371, "payable": 17929}),
        (
            51558,
            Agreed(
                withholding=Withholding(
                    FULL.full_rate, (Certificate(Fraction(1, 10), date(2026, 1, 1), date(2027, 1, 1)),)
                )
            ),
            0,
            {"withheld": 5156, "payable": 46402},
        ),
        (999, Agreed(threshold=1000, withholding=FULL), 0, {"withheld": 0, "carried_out": 999, "payable": 0}),
        (5000, Agreed(threshold=NOT_YET, withholding=FULL), 0, {"withheld": 0, "carried_out": 5000, "payable": 0}),
        (-700, Agreed(reserve_rate=Fraction(1, 10)), 500, {"reserved": 0, "recouped": 0, "carried_out": -700}),
    ],
)
def test_settles_a_payee(earned: int, agreed: Agreed, advance: int, expected: dict[str, int]) -> None:
    advances = [Outstanding(A, advance)] if advance else []
    found = settled(Balance(earned), agreed, advances=advances, charges=[], on=PAY_ON).figures
    assert {name: getattr(found, name) for name in expected} == expected


def test_recoups_a_group_from_what_its_assets_earn_and_from_nothing_else() -> None:
    balance = Balance(1000, by_asset={C: 300, D: 700})
    of_c = Outstanding(A, 5000, assets=frozenset({C}))
    anywhere = Outstanding(B, 600, priority=1)
    found = settled(balance, Agreed(), advances=[anywhere, of_c], charges=[], on=PAY_ON)
    assert found.recouped == {A: 300, B: 600}
    assert found.figures.payable == 100


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Half of what is earned goes to the first; the second has the rest of it.
        (Outstanding(A, 900, Fraction(1, 2)), Outstanding(B, 900, priority=1), {A: 500, B: 500}),
        (Outstanding(A, 200, Fraction(1, 2)), Outstanding(B, 900, Fraction(1, 2), priority=1), {A: 200, B: 500}),
        # The lower number first, however old.
        (Outstanding(A, 900, priority=2), Outstanding(B, 900, priority=1, since=PAY_ON), {B: 900, A: 100}),
        # Two of one group share what its assets earned.
        (
            Outstanding(A, 250, assets=frozenset({C})),
            Outstanding(B, 250, assets=frozenset({C}), priority=1),
            {A: 250, B: 50},
        ),
    ],
)
def test_recoups_in_order(first: Outstanding, second: Outstanding, expected: dict[UUID, int]) -> None:
    balance = Balance(1000, by_asset={C: 300, D: 700})
    assert settled(balance, Agreed(), advances=[first, second], charges=[], on=PAY_ON).recouped == expected


def test_takes_charges_after_advances_and_before_tax() -> None:
    found = settled(
        Balance(10_000),
        Agreed(withholding=Withholding(Fraction(1, 10))),
        advances=[Outstanding(A, 4_000)],
        charges=[Outstanding(B, 1_000)],
        on=PAY_ON,
    )
    assert (found.recouped, found.deducted) == ({A: 4_000}, {B: 1_000})
    assert (found.figures.base, found.figures.withheld, found.figures.payable) == (5_000, 500, 4_500)


@pytest.mark.parametrize(
    ("reserved", "parts", "expected"),
    [(1839, 2, [0, 920, 919, 0]), (1839, 1, [0, 1839, 0]), (2, 3, [0, 1, 1, 0, 0]), (0, 2, [0, 0, 0])],
)
def test_releases_a_reserve_in_equal_parts(reserved: int, parts: int, expected: list[int]) -> None:
    assert [due_of_reserve(reserved, parts=parts, nth=nth) for nth in range(len(expected))] == expected
    with pytest.raises(NothingLeft):
        due_of_reserve(reserved, parts=0, nth=1)


@pytest.mark.parametrize(
    ("units", "into", "rate", "paid", "remainder"),
    [
        (12996, "JPY", "163.90", 21300, Fraction(444, 1000)),
        (14106, "USD", "1.0870", 15333, Fraction(222, 1000)),
        (1, "JPY", "150", 2, Fraction(-1, 2)),  # half to even
        (100, "KWD", "0.3333", 333, Fraction(3, 10)),
    ],
)
def test_converts_a_payout_once(units: int, into: str, rate: str, paid: int, remainder: Fraction) -> None:
    found = paid_out(units, "EUR", into=into, rate=Fraction(rate))
    assert (found.units, found.remainder) == (paid, remainder)


# --- Worlds nobody thought of, against arithmetic of another kind

RATES = {"EUR": Fraction(1), "USD": Fraction(92, 100), "JPY": Fraction(61, 10_000)}
COUNTRIES = ("DE", "US", "JP")
PARTIES = tuple(UUID(int=900 + number) for number in range(4))
amounts = st.integers(-(10**9), 10**12)
weights = st.lists(st.integers(1, 10**6), min_size=1, max_size=6)


@st.composite
def divided(draw: Any) -> Splits:
    """An output's splits: in each country a list of whole numbers, out of their sum."""
    zones = []
    for country in COUNTRIES:
        parts = draw(weights)
        names = [
            "COMM",
            *(f"{UUID(int=50 + n)}/{PARTIES[n % 4]}" for n in range(len(parts) - 2)),
            f"{UUID(int=49)}/HOLD",
        ]
        names = names[: len(parts)]
        owners = {"COMM": UUID(int=999)} | {
            name: UUID(name.split("/")[1]) for name in names if not name.endswith(("COMM", "HOLD"))
        }
        zones.append(
            Zone(
                (country,),
                tuple(
                    Part(name, owners.get(name), None, None, Fraction(part, sum(parts)))
                    for name, part in sorted(zip(names, parts, strict=True), key=lambda one: one[0].encode())
                ),
            )
        )
    return Splits(tuple(zones))


@st.composite
def worlds(draw: Any) -> tuple[dict[UUID, Splits], list[usage_files.UsageLine]]:
    outputs = {UUID(int=100 + number): draw(divided()) for number in range(draw(st.integers(1, 3)))}
    lines = draw(
        st.lists(
            st.builds(
                usage_files.UsageLine,
                key=st.sampled_from([f"submission:{id}" for id in outputs]),
                country=st.sampled_from(COUNTRIES),
                mantissa=amounts,
                scale=st.integers(0, 6),
                currency=st.sampled_from(tuple(RATES)),
            ),
            min_size=1,
            max_size=12,
        )
    )
    return outputs, lines


def by_hand(outputs: dict[UUID, Splits], lines: list[usage_files.UsageLine]) -> dict[tuple[UUID, str, str], int]:
    """What every leaf of every pool gets: decimals for the rates, long division for the parts."""
    pools: defaultdict[tuple[UUID, str], int] = defaultdict(int)
    with localcontext() as context:
        context.prec = 60
        for line in lines:
            rate = Decimal(RATES[line.currency].numerator) / Decimal(RATES[line.currency].denominator)
            cents = Decimal(line.mantissa).scaleb(-line.scale) * rate * 100
            pools[UUID(line.key.partition(":")[2]), line.country] += int(cents.quantize(Decimal(1), ROUND_HALF_EVEN))
    found: dict[tuple[UUID, str, str], int] = {}
    for (output, country), units in pools.items():
        (zone,) = (zone for zone in outputs[output].zones if country in zone.territories)
        size, sign = abs(units), -1 if units < 0 else 1
        whole = {part.leaf: divmod(size * part.part.numerator, part.part.denominator) for part in zone.parts}
        rests = {part.leaf: Fraction(whole[part.leaf][1], part.part.denominator) for part in zone.parts}
        given = {leaf: quotient for leaf, (quotient, _) in whole.items()}
        weight = {part.leaf: part.part for part in zone.parts}
        for _ in range(size - sum(given.values())):
            luckiest = min(rests, key=lambda leaf: (-rests[leaf], -weight[leaf], leaf.encode()))
            given[luckiest] += 1
            del rests[luckiest]
        found |= {(output, country, leaf): sign * amount for leaf, amount in given.items()}
    return found


def run(outputs: dict[UUID, Splits], lines: list[usage_files.UsageLine], partitions: int) -> dict[Any, int]:
    """The same by the engine, with its sums by account checked on the way."""
    found: dict[Any, int] = {}
    sums: defaultdict[tuple[str, UUID | None], int] = defaultdict(int)
    with TemporaryDirectory() as name:
        folder = Path(name)
        made = frozen.freeze(
            folder,
            usage=[frozen.UsageFile(UUID(int=7), usage_files.write(folder / "usage.parquet", lines))],
            matches={f"submission:{id}": id for id in outputs},
            rates=[Rate(base, "EUR", value, "oracle", PAY_ON) for base, value in RATES.items() if base != "EUR"],
            divisions=outputs,
            currency="EUR",
            partitions=partitions,
        )
        for number in range(made.partitions):
            result = engine.divide_partition(folder, number, digest=made.digest)
            for account in result.accounts:
                sums[account.kind, account.party_id] += account.units
            for batch in engine.open_allocations(folder / engine.result_names(number)[1]):
                for row in batch.to_pylist():
                    found[UUID(row["output"]), row["country"], row["leaf"]] = row["units"]
    for payee in PARTIES:
        own = sum(units for (_, _, leaf), units in found.items() if leaf.endswith(f"/{payee}"))
        assert sums["payable", payee] == own
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    world=worlds(),
    partitions=st.integers(1, 3),
    reserve=st.fractions(0, 1, max_denominator=1000),
    tax=st.fractions(0, 1, max_denominator=1000),
    advance=st.integers(0, 10**12),
    threshold=st.integers(0, 10**9),
    carried=st.integers(-(10**10), 10**10),
)
def test_a_run_and_its_statements_agree_with_arithmetic_by_hand(
    world: tuple[dict[UUID, Splits], list[usage_files.UsageLine]],
    partitions: int,
    reserve: Fraction,
    tax: Fraction,
    advance: int,
    threshold: int,
    carried: int,
) -> None:
    outputs, lines = world
    expected = by_hand(outputs, lines)
    assert run(outputs, lines, partitions) == expected
    for payee in PARTIES:
        earned = sum(units for (_, _, leaf), units in expected.items() if leaf.endswith(f"/{payee}"))
        terms = Agreed(reserve_rate=reserve, withholding=Withholding(tax), threshold=threshold)
        advances = [Outstanding(A, advance)] if advance else []
        found = settled(Balance(earned, carried=carried), terms, advances=advances, charges=[], on=PAY_ON).figures
        assert (found.reserved, found.recouped, found.withheld, found.carried_out, found.payable) == statement_by_hand(
            earned, carried, reserve, advance, tax, threshold
        )


def half_up(units: int, rate: Fraction) -> int:
    """Of a positive amount, by whole numbers: the middle goes up."""
    return (2 * units * rate.numerator + rate.denominator) // (2 * rate.denominator)


def statement_by_hand(
    earned: int, carried: int, reserve: Fraction, advance: int, tax: Fraction, threshold: int
) -> tuple[int, int, int, int, int]:
    kept = half_up(earned, reserve) if earned > 0 else 0
    left = earned + carried - kept
    recouped = max(0, min(advance, left))
    left -= recouped
    taxed = half_up(left, tax) if left > 0 else 0
    paid = left - taxed
    if paid <= 0 or paid < threshold:
        return kept, recouped, 0, left, 0
    return kept, recouped, taxed, 0, paid
