"""Terms of money: what each comes to by tables, and against fractions whatever is drawn."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.case import Side
from royalties import money, plans
from royalties.plans import NotAShare, NotATerm, NotTiers, Term
from royalties.vocabulary import Basis, MoneyTerm, WeighingModel
from royalties.weighing import EQUALLY, Blend, Known, Model

WORKS = [UUID(int=number) for number in range(1, 8)]
EUR = {"currency": "EUR"}


def term(kind: MoneyTerm, **said: Any) -> Term:
    return Term(kind, **said)


def tier(first: int, fee: int, **said: Any) -> Term:
    return term(MoneyTerm.PER_GENERATION, from_count=first, amount_minor=fee, **EUR | said)


TIERS = [tier(1, 10), tier(101, 7), tier(1_001, 5)]


@pytest.mark.parametrize(
    ("count", "fee"),
    [
        (0, 0), (1, 10), (100, 1_000), (101, 1_007), (1_000, 1_000 + 900 * 7), (1_001, 1_000 + 900 * 7 + 5),
    ],
)  # fmt: skip
def test_each_generation_costs_what_its_tier_says(count: int, fee: int) -> None:
    assert plans.per_generation(count, reversed(TIERS)) == fee


@given(
    st.integers(0, 3_000),
    st.dictionaries(st.integers(2, 2_000), st.integers(0, 10**6), max_size=6),
    st.integers(0, 10**6),
)
def test_tiers_add_up_to_every_generation_alone(count: int, later: dict[int, int], fee: int) -> None:
    steps = {1: fee, **later}
    alone = sum(steps[max(first for first in steps if first <= nth)] for nth in range(1, count + 1))
    assert plans.per_generation(count, [tier(first, each) for first, each in steps.items()]) == alone


@pytest.mark.parametrize(
    "tiers", [[], [tier(2, 1)], [tier(1, 1), tier(1, 2)], [tier(1, 1), tier(2, 1, currency="USD")]]
)
def test_tiers_begin_with_the_first_in_one_currency(tiers: list[Term]) -> None:
    with pytest.raises(NotTiers):
        plans.per_generation(1, tiers)
    with pytest.raises((NotTiers, NotATerm)):
        plans.check(tiers or [tier(2, 1)])


def test_a_fee_beyond_money_is_refused() -> None:
    with pytest.raises(money.BeyondMoney):
        plans.per_generation(2**62, [tier(1, 2**40)])
    with pytest.raises(NotAShare):
        plans.per_generation(-1, TIERS)


@pytest.mark.parametrize(
    ("revenue", "rate", "used", "total", "units"),
    [
        ("1000000", "3/10", 1, 3, 10_000_000),  # GEMA's proposal: 30 % of net revenue
        ("100.01", "3/10", 1, 1, 3_000),  # 30.003
        ("0.05", "1/2", 1, 1, 2),  # 2.5 cents: to the even
        ("0.15", "1/2", 1, 1, 8),  # 7.5
        ("1000", "1", 0, 5, 0),
        ("1000", "1", 0, 0, 0),  # without any usage there is nothing to share
        ("-10", "1/2", 1, 2, -250),
    ],
)
def test_a_share_of_subscriptions_is_rounded_once(revenue: str, rate: str, used: int, total: int, units: int) -> None:
    found = plans.sub_share(Fraction(revenue), Fraction(rate), used=used, total=total, currency="EUR")
    assert found == units


@pytest.mark.parametrize(("used", "total"), [(-1, 1), (2, 1), (1, 0)])
def test_a_share_of_usage_is_a_part_of_it(used: int, total: int) -> None:
    with pytest.raises(NotAShare):
        plans.sub_share(Fraction(1), Fraction(1), used=used, total=total, currency="EUR")


@given(st.integers(0, 10**12), st.fractions(0, 1, max_denominator=10**6), st.integers(0, 10**6), st.integers(1, 10**6))
def test_rates_are_exact_until_the_one_rounding(cents: int, rate: Fraction, used: int, more: int) -> None:
    total = used + more
    exact = Fraction(cents) * rate * Fraction(used, total)
    found = plans.sub_share(Fraction(cents, 100), rate, used=used, total=total, currency="EUR")
    assert abs(found - exact) <= Fraction(1, 2)
    if abs(found - exact) == Fraction(1, 2):
        assert found % 2 == 0
    assert plans.of_receipts(Fraction(cents, 100), rate, currency="EUR") == round(cents * rate)
    # Yen have no minor unit.
    assert plans.of_receipts(Fraction(cents), rate, currency="JPY") == round(cents * rate)


def test_the_training_fee_of_the_worked_example() -> None:
    found = plans.training_fee(term(MoneyTerm.TRAINING_FEE, amount_minor=1_000_000, **EUR), WORKS, EQUALLY)
    assert [line.units for line in found.lines] == [142_858, *[142_857] * 6]


@given(
    st.integers(0, 10**12),
    st.dictionaries(st.sampled_from(WORKS), st.integers(0, 10**9), min_size=1).filter(lambda one: sum(one.values())),
)
def test_a_training_fee_pro_rata_is_given_out_to_the_unit(fee: int, seconds: dict[UUID, int]) -> None:
    blend = Blend((Model(WeighingModel.TRAIN_PRORATA, basis=Basis.SECONDS),))
    known = Known(quantities={(Basis.SECONDS, asset): amount for asset, amount in seconds.items()})
    found = plans.training_fee(term(MoneyTerm.TRAINING_FEE, amount_minor=fee, **EUR), list(seconds), blend, known)
    assert sum(line.units for line in found.lines) == fee
    for line in found.lines:
        exact = Fraction(fee * seconds[UUID(line.leaf)], sum(seconds.values()))
        assert line.exact == exact
        assert 0 <= line.units - int(exact) <= 1


GUARANTEE = term(
    MoneyTerm.MINIMUM,
    amount_minor=70_000,
    is_recoupable=False,
    period_from=date(2026, 7, 1),
    period_to=date(2026, 10, 1),
    **EUR,
)


def test_the_guarantee_of_the_worked_example() -> None:
    found = plans.shortfall(GUARANTEE, {"C": 32_775, "D": 13_641, "E": 12_996, "HOLD": 741})
    assert found.units == 9_847
    assert {line.leaf: line.units for line in found.lines} == {"C": 5_365, "D": 2_233, "E": 2_128, "HOLD": 121}


@pytest.mark.parametrize(
    ("earned", "units", "lines"),
    [({"C": 70_000}, 0, 0), ({"C": 70_001}, 0, 0), ({"C": 69_999}, 1, 1), ({"C": 0}, 70_000, 0), ({}, 70_000, 0)],
)
def test_a_guarantee_tops_up_what_is_missing(earned: dict[str, int], units: int, lines: int) -> None:
    found = plans.shortfall(GUARANTEE, earned)
    assert (found.units, len(found.lines)) == (units, lines)


@pytest.mark.parametrize(
    ("earned", "balance", "rate", "taken"),
    [
        (34_106, 20_000, "1", 20_000),  # B's advance in the worked example
        (34_106, 20_000, "1/2", 17_053),
        (34_107, 20_000, "1/2", 17_053),  # never more than the rate
        (10, 20_000, "1", 10),
        (-10, 20_000, "1", 0),
        (10, 0, "1", 0),
    ],
)
def test_an_advance_takes_no_more_than_its_rate_and_balance(earned: int, balance: int, rate: str, taken: int) -> None:
    assert plans.recouped(earned, balance, Fraction(rate)) == taken


GOOD = [
    GUARANTEE,
    term(MoneyTerm.ADVANCE, amount_minor=20_000, rate=Fraction(1), group="all", priority=1, **EUR),
    term(MoneyTerm.BUYOUT, amount_minor=0, **EUR),
    term(MoneyTerm.TRAINING_FEE, amount_minor=1, side=Side.MASTER, **EUR),
    *TIERS,
    term(MoneyTerm.SUB_SHARE, rate=Fraction(3, 10)),
    term(MoneyTerm.DOWNSTREAM, rate=Fraction(0)),
    term(MoneyTerm.STATUTORY, rate=Fraction(1, 50), source="Committee of 2026"),
]
BAD = [
    term(MoneyTerm.MINIMUM, amount_minor=1, is_recoupable=True, **EUR),
    term(MoneyTerm.ADVANCE, amount_minor=1, **EUR),
    term(MoneyTerm.BUYOUT),
    term(MoneyTerm.BUYOUT, amount_minor=1),
    term(MoneyTerm.BUYOUT, amount_minor=-1, **EUR),
    term(MoneyTerm.BUYOUT, amount_minor=2**63, **EUR),
    term(MoneyTerm.BUYOUT, amount_minor=1, rate=Fraction(1), **EUR),
    term(MoneyTerm.PER_GENERATION, amount_minor=1, **EUR),
    term(MoneyTerm.SUB_SHARE, rate=Fraction(1), **EUR),
    term(MoneyTerm.SUB_SHARE, rate=Fraction(11, 10)),
    term(MoneyTerm.DOWNSTREAM, rate=Fraction(-1)),
    term(MoneyTerm.STATUTORY, rate=Fraction(1)),
    term(
        MoneyTerm.MINIMUM,
        amount_minor=1,
        is_recoupable=True,
        period_from=date(2026, 7, 1),
        period_to=date(2026, 7, 1),
        **EUR,
    ),
]


def test_terms_say_what_their_kinds_need() -> None:
    plans.check(GOOD)
    for bad in BAD:
        with pytest.raises(NotATerm):
            plans.check([bad])
    with pytest.raises(NotATerm):
        plans.check([GOOD[2]] * (plans.MOST_TERMS + 1))
    with pytest.raises(money.UnknownCurrency):
        plans.check([term(MoneyTerm.BUYOUT, amount_minor=1, currency="EUX")])
