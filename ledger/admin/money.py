"""Money on the desk: exact numbers and amounts, as they are typed and as they are shown."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from django import forms

from royalties import money

SHORT = {"class": "l-input is-short", "inputmode": "decimal"}


def amount(units: int, currency: str) -> str:
    """Return minor units as people read them: thousands apart, a true minus."""
    whole, point, digits = money.written(abs(units), currency).partition(".")
    return f"{'−' if units < 0 else ''}{int(whole):,}".replace(",", "\u202f") + point + digits


def percent(numerator: int, denominator: int) -> str:
    """Return a part of the whole in per cent, exactly if three places do."""
    rate = Fraction(numerator, denominator) * 100
    thousandths = rate * 1000
    if thousandths.denominator != 1:
        return f"{numerator}/{denominator}"
    whole, rest = divmod(thousandths.numerator, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".") + " %"


class ExactField(forms.CharField):
    """An exact number: a decimal, a fraction, or per cent."""

    def __init__(self, *, is_part: bool = True, **options: Any) -> None:
        """Show it as a short input."""
        self.is_part = is_part
        super().__init__(max_length=44, widget=forms.TextInput(SHORT), **options)

    def clean(self, value: Any) -> Any:
        """Read it exactly."""
        text = str(super().clean(value)).replace(" ", "").replace("\u202f", "")
        per, text = (100, text[:-1]) if text.endswith("%") else (1, text)
        numerator, _, denominator = text.partition("/")
        try:
            found = Fraction(money.read(numerator), (money.read(denominator) if denominator else 1) * per)
        except (money.NotAnAmount, ZeroDivisionError) as error:
            raise forms.ValidationError("Write 15.825 %, 0.92 or 1/10.") from error
        if found < 0 or (self.is_part and found > 1):
            raise forms.ValidationError("From 0 to 100 %." if self.is_part else "More than nothing.")
        return found


class MoneyField(forms.CharField):
    """An amount in the major unit, as it is written: 200.00."""

    def __init__(self, **options: Any) -> None:
        """Show it as a short input."""
        super().__init__(max_length=30, widget=forms.TextInput(SHORT), **options)

    def clean(self, value: Any) -> Any:
        """Read it exactly."""
        text = str(super().clean(value)).replace(" ", "").replace("\u202f", "")
        if not text:
            return None  # where it need not be said
        try:
            return money.read(text)
        except money.NotAnAmount as error:
            raise forms.ValidationError("Digits and at most one point, such as 200.00.") from error


class CurrencyField(forms.CharField):
    """A currency's code."""

    def __init__(self, **options: Any) -> None:
        """Show it as a short input."""
        super().__init__(max_length=3, widget=forms.TextInput({"class": "l-input is-short"}), **options)

    def clean(self, value: Any) -> Any:
        """Read it in capital letters, and check that there is such a currency."""
        code = str(super().clean(value)).strip().upper()
        try:
            money.exponent(code)
        except money.UnknownCurrency as error:
            raise forms.ValidationError(str(money.UnknownCurrency.__doc__)) from error
        return code


def minor(form: forms.Form, name: str, amount: Fraction, currency: str) -> int | None:
    """Return an amount in minor units; where its currency has none so small, say so beside it."""
    units: Fraction = amount * 10 ** money.exponent(currency)
    if units.denominator != 1 or abs(units) > money.LARGEST:
        form.add_error(name, f"{currency} has {money.exponent(currency)} digits behind the point.")
        return None
    return int(units)
