"""From earned to paid, in the order of the rule: the worked example's statements, and what holds of any."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from royalties.account import Certificate, NotTerms, PayeeTerms, Withholding, settle

DAY = date(2026, 7, 31)
YEAR = (date(2026, 1, 1), date(2027, 1, 1))
FULL = Fraction(15825, 100_000)


def treaty(rate: Fraction) -> Withholding:
    return Withholding(FULL, (Certificate(rate, *YEAR),))


@pytest.mark.parametrize(
    ("earned", "terms", "reserved", "recouped", "base", "exact", "withheld", "payable"),
    [
        (18_386, PayeeTerms(reserve_rate=Fraction(1, 10)), 1_839, 0, 16_547, Fraction(0), 0, 16_547),
        (
            34_106,
            PayeeTerms(advance_balance=20_000, withholding=treaty(Fraction(0))),
            0,
            20_000,
            14_106,
            Fraction(0),
            0,
            14_106,
        ),
        (32_775, PayeeTerms(withholding=treaty(Fraction(0))), 0, 0, 32_775, Fraction(0), 0, 32_775),
        (21_300, PayeeTerms(withholding=Withholding(FULL)), 0, 0, 21_300, Fraction(3_370_725, 1_000), 3_371, 17_929),
        (12_996, PayeeTerms(withholding=treaty(Fraction(0))), 0, 0, 12_996, Fraction(0), 0, 12_996),
        (51_558, PayeeTerms(withholding=treaty(Fraction(1, 10))), 0, 0, 51_558, Fraction(51_558, 10), 5_156, 46_402),
    ],
    ids=["A reserve", "B advance", "C", "D no certificate", "E", "HC treaty"],
)
def test_the_statements_of_the_worked_example(
    earned: int,
    terms: PayeeTerms,
    reserved: int,
    recouped: int,
    base: int,
    exact: Fraction,
    withheld: int,
    payable: int,
) -> None:
    found = settle(earned, terms, on=DAY)
    assert (found.reserved, found.recouped, found.base) == (reserved, recouped, base)
    assert (found.withholding_exact, found.withheld, found.payable) == (exact, withheld, payable)


@pytest.mark.parametrize(
    ("day", "rate"), [(YEAR[0], Fraction(1, 10)), (date(2026, 12, 31), Fraction(1, 10)), (YEAR[1], FULL)]
)
def test_a_certificate_counts_on_the_days_of_payment_that_it_covers(day: date, rate: Fraction) -> None:
    assert settle(1_000, PayeeTerms(withholding=treaty(Fraction(1, 10))), on=day).withholding_rate == rate


def test_below_the_threshold_nothing_is_paid_and_nothing_taxed() -> None:
    terms = PayeeTerms(withholding=Withholding(Fraction(1, 10)), threshold=1_000)
    first = settle(1_100, terms, on=DAY)
    assert (first.payable, first.withheld, first.carried_out) == (0, 0, 1_100)  # 990 are left after tax
    next_terms = PayeeTerms(withholding=terms.withholding, threshold=1_000, carried=first.carried_out)
    second = settle(100, next_terms, on=DAY)
    assert (second.base, second.withheld, second.payable, second.carried_out) == (1_200, 120, 1_080, 0)


def test_what_a_payee_owes_is_carried_and_neither_reserved_nor_taxed() -> None:
    terms = PayeeTerms(
        reserve_rate=Fraction(1, 10), advance_balance=50, deductions=20, withholding=Withholding(Fraction(1, 4))
    )
    found = settle(-300, terms, on=DAY)
    assert (found.reserved, found.recouped, found.deducted, found.withheld, found.payable) == (0, 0, 0, 0, 0)
    assert found.carried_out == -300


def test_part_of_earnings_is_held_and_part_of_an_advance_recouped() -> None:
    terms = PayeeTerms(advance_balance=10_000, recoupment_rate=Fraction(1, 2), deductions=100, reserve_released=50)
    found = settle(1_001, terms, held=100, on=DAY)
    assert (found.recouped, found.deducted, found.payable) == (475, 100, 376)


@pytest.mark.parametrize(
    "terms",
    [
        lambda rate: PayeeTerms(reserve_rate=rate),
        lambda rate: PayeeTerms(recoupment_rate=rate),
        lambda rate: PayeeTerms(withholding=Withholding(rate)),
        lambda rate: PayeeTerms(withholding=treaty(rate)),
    ],
)
@pytest.mark.parametrize("rate", [Fraction(-1, 100), Fraction(101, 100)])
def test_terms_that_no_contract_can_say_are_refused(terms: Callable[[Fraction], PayeeTerms], rate: Fraction) -> None:
    with pytest.raises(NotTerms):
        terms(rate)


rates = st.fractions(0, 1, max_denominator=10_000)
amounts = st.integers(0, 10**12)


@given(
    st.integers(-(10**12), 10**12),
    st.builds(
        PayeeTerms,
        reserve_rate=rates,
        reserve_released=amounts,
        advance_balance=amounts,
        recoupment_rate=rates,
        deductions=amounts,
        withholding=rates.map(Withholding),
        threshold=amounts,
        carried=st.integers(-(10**12), 10**12),
    ),
)
def test_nothing_is_lost_on_the_way(earned: int, terms: PayeeTerms) -> None:
    found = settle(earned, terms, on=DAY)
    assert found.is_whole
    assert found.payable == 0 or found.payable >= max(1, terms.threshold)
    assert 0 <= found.recouped <= terms.advance_balance
    assert abs(found.withheld - found.withholding_exact) <= Fraction(1, 2)
