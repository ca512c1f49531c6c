"""Receipts divided among everybody with a part in an output: the worked example, through its splits."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from uuid import UUID, uuid5

import pytest

from royalties import earnings, money
from royalties.apportion import Part, Splits, Zone
from royalties.earnings import NotReleasedThere, RateMissing, RateOfOthers, Receipt
from royalties.money import Rate, UnknownCurrency
from tests.royalties import worked_example as example

SPACE = UUID("00000000-0000-4000-8000-000000000006")
DAY = date(2026, 7, 31)


def party(name: str) -> UUID:
    return uuid5(SPACE, name)


def parts(country: str) -> Iterator[Part]:
    for leaf, weight in sorted(example.weights(country).items()):
        yield Part(leaf, party(leaf.rpartition("/")[2]), None, None, weight)


SPLITS = Splits(tuple(Zone((country,), tuple(parts(country))) for country in example.POOLS))


def receipt(country: str, amount: str, currency: str, rate: str = "1") -> Receipt:
    return Receipt(country, money.read(amount), currency, Rate(currency, "EUR", money.read(rate), "contract", DAY))


def test_the_worked_example_from_receipts_to_totals() -> None:
    found = earnings.earned(
        SPLITS,
        [
            receipt("DE", "1000.01", "EUR"),
            receipt("US", "812.37", "USD", "0.92"),
            receipt("JP", "45003", "JPY", "0.0061"),
        ],
        currency="EUR",
    )
    assert {pool.country: pool.units for pool in found.pools} == example.POOLS
    for pool in found.pools:
        assert {line.leaf: line.units for _, line in pool.lines} == example.EXPECTED[pool.country]
    assert found.by_party == {party(name): units for name, units in example.TOTALS.items()}
    assert next(iter(found.by_party)) == party("HC")  # whoever gets most comes first
    assert found.units == 202_191


def test_receipts_of_a_country_are_rounded_each_and_divided_together() -> None:
    halves = [receipt("JP", "1", "JPY", "0.005")] * 3  # half a cent each, to even: none
    assert earnings.earned(SPLITS, halves, currency="EUR").units == 0
    both = [receipt("DE", "1000.00", "EUR"), receipt("DE", "0.01", "EUR")]
    (pool,) = earnings.earned(SPLITS, both, currency="EUR").pools
    assert {line.leaf: line.units for _, line in pool.lines} == example.EXPECTED["DE"]


def test_a_refund_is_divided_as_a_receipt_is() -> None:
    (pool,) = earnings.earned(SPLITS, [receipt("DE", "-1000.01", "EUR")], currency="EUR").pools
    assert {line.leaf: -line.units for _, line in pool.lines} == example.EXPECTED["DE"]


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (receipt("FR", "1", "EUR"), NotReleasedThere),
        (Receipt("DE", Fraction(1), "USD"), RateMissing),
        (Receipt("DE", Fraction(1), "USD", Rate("GBP", "EUR", Fraction(1), "x", DAY)), RateOfOthers),
        (Receipt("DE", Fraction(1), "USD", Rate("USD", "GBP", Fraction(1), "x", DAY)), RateOfOthers),
    ],
)
def test_what_cannot_be_divided_is_refused(bad: Receipt, error: type[Exception]) -> None:
    with pytest.raises(error):
        earnings.earned(SPLITS, [receipt("DE", "1", "EUR"), bad], currency="EUR")


def test_it_is_settled_in_a_currency_that_there_is() -> None:
    with pytest.raises(UnknownCurrency):
        earnings.earned(SPLITS, [], currency="EURO")
