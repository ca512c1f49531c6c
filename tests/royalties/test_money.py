"""Amounts from text to minor units, without a binary fraction on the way."""

from datetime import date
from fractions import Fraction

import pytest

from royalties import money
from royalties.money import BeyondMoney, NotAnAmount, NotARate, Rate, UnknownCurrency

DAY = date(2026, 7, 31)


@pytest.mark.parametrize(
    ("received", "currency", "rate", "cents"),
    [("1000.01", "EUR", "1", 100_001), ("812.37", "USD", "0.92", 74_738), ("45003", "JPY", "0.0061", 27_452)],
)
def test_the_receipts_of_the_worked_example(received: str, currency: str, rate: str, cents: int) -> None:
    given = Rate(currency, "EUR", money.read(rate), "contract", DAY)
    assert money.converted(money.read(received), given) == cents


@pytest.mark.parametrize(
    ("cents", "currency", "rate", "paid"), [(12_996, "JPY", "163.90", 21_300), (14_106, "USD", "1.0870", 15_333)]
)
def test_the_payouts_of_the_worked_example(cents: int, currency: str, rate: str, paid: int) -> None:
    given = Rate("EUR", currency, money.read(rate), "bank", DAY)
    assert money.converted(Fraction(cents, 100), given) == paid


@pytest.mark.parametrize(
    ("text", "currency", "units"),
    [
        ("1.005", "EUR", 100),
        ("1.015", "EUR", 102),
        ("-1.005", "EUR", -100),
        ("1.5", "JPY", 2),
        ("2.5", "JPY", 2),
        ("0.0005", "BHD", 0),
        ("1.23456", "CLF", 12346),
    ],
)
def test_what_is_finer_than_the_minor_unit_is_rounded_half_to_even(text: str, currency: str, units: int) -> None:
    assert money.minor(money.read(text), currency) == units


@pytest.mark.parametrize(("value", "units"), [("0.5", 1), ("-0.5", -1), ("1.4", 1), ("2.5", 3), ("-2.4", -2)])
def test_reserves_and_tax_are_rounded_half_up(value: str, units: int) -> None:
    assert money.half_up(money.read(value)) == units


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "+1",
        "1,5",
        "1e3",
        "0x1",
        "NaN",
        "Infinity",
        "1.",
        ".5",
        "1.2.3",
        "--1",
        "١",
        "1\n",
        "=1+1",
        "1_000",
        "9" * 25,
    ],
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(NotAnAmount):
        money.read(text)


def test_money_that_no_column_holds_is_refused() -> None:
    assert money.minor(Fraction(2**63 - 1), "JPY") == 2**63 - 1
    with pytest.raises(BeyondMoney):
        money.minor(Fraction(2**63), "JPY")


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XYZ", "E€R"])
def test_unknown_currencies_are_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        money.exponent(code)


@pytest.mark.parametrize(
    ("units", "currency", "text"),
    [
        (100_001, "EUR", "1000.01"),
        (-5, "EUR", "-0.05"),
        (27_452, "JPY", "27452"),
        (7, "BHD", "0.007"),
        (0, "EUR", "0.00"),
    ],
)
def test_minor_units_are_written_with_the_digits_of_their_currency(units: int, currency: str, text: str) -> None:
    assert money.written(units, currency) == text
    assert money.minor(money.read(text), currency) == units


@pytest.mark.parametrize(
    ("base", "quote", "value", "source"), [("EUR", "USD", 0, "x"), ("EUR", "USD", 1, ""), ("EUR", "EUR", 2, "x")]
)
def test_a_rate_that_cannot_be_is_refused(base: str, quote: str, value: int, source: str) -> None:
    with pytest.raises(NotARate):
        Rate(base, quote, Fraction(value), source, DAY)
