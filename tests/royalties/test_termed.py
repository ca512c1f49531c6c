"""Terms of money come to what fractions say, once; worked out again they post nothing."""

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights.case import Side
from royalties.account import Withholding
from royalties.allocation import NotTheWhole
from royalties.money import BeyondMoney
from royalties.runs import files, termed
from royalties.runs.termed import Clause, Lane, NotTerms, Payee, Period, Terms
from royalties.settlement import Agreed, Balance, Outstanding, settled
from royalties.vocabulary import MoneyTerm
from tests.royalties.test_runs import named

RUN, BEFORE = named("run"), named("run before")
A, B, W = named("A"), named("B"), named("W")
HELD = f"{W}/HOLD"
OWNERS = (
    Payee(f"{W}/{A}", A, W, Fraction(1, 2)),
    Payee(f"{W}/{B}", B, W, Fraction(1, 3)),
    Payee(HELD, None, W, Fraction(1, 6)),
)


def clause(kind: MoneyTerm, **more: Any) -> Clause:
    said: dict[str, Any] = {"payees": OWNERS, "assets": frozenset({W}), "runs": (RUN,)}
    return Clause(named("term"), named("plan"), 3, named("license"), "lane", kind, "EUR", **{**said, **more})


def period(earned: dict[str, int] | None = None, **more: Any) -> Period:
    sums = [
        (None if leaf.endswith("/HOLD") else UUID(leaf.rpartition("/")[2]), leaf, units)
        for leaf, units in (earned or {}).items()
    ]
    return Period(sums, **more)


def posted(one: Clause, of: Period = Period(), others: dict[UUID, Period] | None = None) -> dict[str, int]:  # noqa: B008
    found = termed.worked_out(Terms((), (one,)), of_run=RUN, period=of, others=others)
    return dict(found[0].posted) if found else {}


ALONE = {"party_id": A, "payees": (Payee(str(A), A, None, Fraction(1)),)}
TIERS = ((1, 50), (101, 30))
EARNED = period({f"{W}/{A}": 600, f"{W}/{B}": 300, HELD: 100, f"{named('other')}/{A}": 9_999})
RECEIVED = Period(receipts={"lane": 202_191}, usages={"lane": 3}, all_usages=4)


@pytest.mark.parametrize(
    ("one", "of", "expected"),
    [
        # Paid once: the odd cents by the largest remainder; what was booked before is not paid again.
        (clause(MoneyTerm.BUYOUT, amount=101), Period(), {str(A): 50, str(B): 34, HELD: 17}),
        (clause(MoneyTerm.TRAINING_FEE, amount=101, booked={str(A): 101}), Period(), {}),
        (clause(MoneyTerm.TRAINING_FEE, amount=107, booked={str(A): 101}), Period(), {str(A): 3, str(B): 2, HELD: 1}),
        (clause(MoneyTerm.ADVANCE, amount=90, booked={str(A): 101}), Period(), {}),
        # A guarantee: by what was earned on its assets, holds among them; enough is enough.
        (clause(MoneyTerm.MINIMUM, amount=1_100), EARNED, {str(A): 60, str(B): 30, HELD: 10}),
        (clause(MoneyTerm.MINIMUM, amount=1_000), EARNED, {}),
        (clause(MoneyTerm.MINIMUM, amount=600), Period(), {str(A): 300, str(B): 200, HELD: 100}),
        (clause(MoneyTerm.MINIMUM, amount=700, **ALONE), EARNED, {str(A): 100}),
        # What was topped up is taken back where more was earned since.
        (clause(MoneyTerm.MINIMUM, amount=1_000, booked={str(A): 60, HELD: 10}), EARNED, {str(A): -60, HELD: -10}),
        (clause(MoneyTerm.MINIMUM, amount=1_000, runs=()), EARNED, {str(A): 500, str(B): 333, HELD: 167}),
        # Fees per generation: each at the fee of its tier.
        (
            clause(MoneyTerm.PER_GENERATION, tiers=TIERS, declared=100),
            EARNED,
            {str(A): 2_500, str(B): 1_667, HELD: 833},
        ),
        (clause(MoneyTerm.PER_GENERATION, tiers=TIERS, declared=102, **ALONE), EARNED, {str(A): 5_060}),
        # Rates: half to even, once.
        (clause(MoneyTerm.DOWNSTREAM, rate=Fraction(1, 50), **ALONE), RECEIVED, {str(A): 4_044}),
        (clause(MoneyTerm.SUB_SHARE, rate=Fraction(1, 10), declared=100), RECEIVED, {str(A): 4, str(B): 3, HELD: 1}),
        (clause(MoneyTerm.SUB_SHARE, rate=Fraction(1, 10), declared=100), Period(usages={"lane": -3}), {}),
        (
            clause(MoneyTerm.SUB_SHARE, rate=Fraction(1), declared=7),
            Period(usages={"lane": 9}, all_usages=4),
            {str(A): 4, str(B): 2, HELD: 1},
        ),
        # What was taken back of receipts is taken back of the rate.
        (
            clause(MoneyTerm.STATUTORY, rate=Fraction(1, 2)),
            Period(receipts={"lane": -12}),
            {str(A): -3, str(B): -2, HELD: -1},
        ),
    ],
)
def test_terms_come_to(one: Clause, of: Period, expected: dict[str, int]) -> None:
    assert posted(one, of) == expected


def test_payees_that_are_not_the_whole_are_refused() -> None:
    with pytest.raises(NotTheWhole):
        posted(clause(MoneyTerm.BUYOUT, amount=100, payees=OWNERS[:2]))


def test_a_guarantee_counts_the_periods_that_it_names() -> None:
    one = clause(MoneyTerm.MINIMUM, amount=2_000, runs=(BEFORE, RUN))
    assert sum(posted(one, EARNED, {BEFORE: EARNED}).values()) == 0
    assert sum(posted(one, EARNED, {BEFORE: period({f"{W}/{A}": 400})}).values()) == 600


def test_more_than_can_be_booked_is_refused() -> None:
    one = clause(MoneyTerm.PER_GENERATION, tiers=((1, 2**62),), declared=3)
    with pytest.raises(BeyondMoney):
        posted(one)


parts = st.lists(st.integers(1, 50), min_size=1, max_size=6)
kinds = st.sampled_from([MoneyTerm.PER_GENERATION, MoneyTerm.DOWNSTREAM, MoneyTerm.STATUTORY])


@settings(max_examples=80, deadline=None)
@given(kind=kinds, weights=parts, amounts=st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=4))
def test_whatever_changes_the_books_end_where_the_last_working_out_is(
    kind: MoneyTerm, weights: list[int], amounts: list[int]
) -> None:
    parties = [named(f"party {number}") for number in range(len(weights))]
    owners = tuple(
        Payee(f"{W}/{party}", party, W, Fraction(weight, sum(weights)))
        for party, weight in zip(parties, weights, strict=True)
    )
    books: dict[str, int] = {}
    for amount in [*amounts, amounts[-1]]:
        one = clause(kind, payees=owners, assets=frozenset(), booked=dict(books), rate=Fraction(1, 7))
        of = Period(receipts={"lane": amount})
        if kind is MoneyTerm.PER_GENERATION:
            one = replace(one, rate=None, tiers=((1, 3), (10, 2)), declared=abs(amount))
        change = posted(one, of)
        books = {name: books.get(name, 0) + change.get(name, 0) for name in books | change}
    assert not change  # the same again posts nothing
    last = amounts[-1]
    if kind is MoneyTerm.PER_GENERATION:
        whole = sum(3 if number < 10 else 2 for number in range(1, min(abs(last), 9) + 1)) + 2 * max(0, abs(last) - 9)
    else:
        exact = Fraction(abs(last), 7)
        whole = exact.numerator // exact.denominator
        whole += exact - whole > Fraction(1, 2)
        whole = -whole if last < 0 else whole
    assert sum(books.values()) == whole
    for party, weight in zip(parties, weights, strict=True):
        assert abs(books.get(str(party), 0) - Fraction(whole * weight, sum(weights))) < 1


def test_what_is_frozen_is_read_back(tmp_path: Path) -> None:
    every = Terms(
        (Lane("lane", frozenset({W, A})), Lane("none", frozenset())),
        (
            clause(MoneyTerm.MINIMUM, amount=5, side=Side.PUBLISHING, period_from=date(2026, 1, 1), is_recoupable=True),
            clause(MoneyTerm.STATUTORY, rate=Fraction(1, 3), source="a committee", booked={str(A): 3, HELD: -2}),
            clause(MoneyTerm.PER_GENERATION, tiers=((1, 2), (3, 1)), declared=4, declarations=(B,), group="g"),
        ),
    )
    path = tmp_path / termed.FILE
    path.write_bytes(files.canonical(every.document))
    assert termed.read(path) == every
    assert termed.read(path).digest == every.digest
    # What was booked is no reason to divide a period again; whom it pays is.
    again = replace(every, clauses=tuple(replace(one, booked={}) for one in every.clauses))
    assert again.digest == every.digest
    other = replace(every, clauses=tuple(replace(one, payees=OWNERS[:1]) for one in every.clauses))
    assert other.digest != every.digest
    assert Terms((), every.clauses[:1]).digest == ""  # a guarantee is the run's own


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.update(v=2),
        lambda it: it.pop("lanes"),
        lambda it: it.update(lanes=[1]),
        lambda it: it["clauses"][0].update(kind="gift"),
        lambda it: it["clauses"][0].update(rate="1/0"),
        lambda it: it["clauses"][0].update(amount=1.5),
        lambda it: it["clauses"][0].update(amount="1.5"),
        lambda it: it["clauses"][0]["payees"].append(["a", None]),
        lambda it: it["clauses"][0].pop("booked"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, change: Any) -> None:
    document = json.loads(files.canonical(Terms((), (clause(MoneyTerm.BUYOUT, amount=1),)).document))
    change(document)
    path = tmp_path / termed.FILE
    path.write_text(json.dumps(document))
    with pytest.raises(NotTerms):
        termed.read(path)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(NotTerms):
        termed.read(path)


def test_of_fees_nothing_is_kept_back_and_from_an_advance_none_is_recouped() -> None:
    agreed = Agreed(reserve_rate=Fraction(1, 10), withholding=Withholding(Fraction(1, 4)))
    open_ = [Outstanding(A, 10_000)]
    # 1,000 by use, a fee of 500, an advance of 2,000.
    found = settled(
        Balance(earned=3_500, fixed=2_500, advanced=2_000), agreed, advances=open_, charges=(), on=date(2026, 2, 1)
    )
    assert (found.figures.reserved, found.recouped) == (100, {A: 1_400})
    assert (found.figures.base, found.figures.withheld, found.figures.payable) == (2_000, 500, 1_500)
    # What has to be paid back of a fee is no reason to keep more in reserve than of what was earned by use.
    taken = settled(Balance(earned=900, fixed=-100), agreed, advances=(), charges=(), on=date(2026, 2, 1))
    assert taken.figures.reserved == 100
