"""
What stands in the cells of a report, exactly: text is read to integers and their scale, never to binary fractions.

A function here reads one cell; ``columns`` reads many at once and asks these wherever a cell is not plain.
"""

from __future__ import annotations

import hashlib
import re
from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from uuid import UUID

import pycountry

from rights.exchange import cells as sheets
from royalties import money
from royalties.usage.problems import BadCell

LARGEST = 2**63 - 1
FINEST = 12  # digits after the point
LONGEST_KEY = 300

USAGE, ADJUSTMENT, REVERSAL = 0, 1, 2

_KINDS = {
    **dict.fromkeys(("", "usage", "sale", "sales", "stream", "false", "n", "no", "0"), USAGE),
    **dict.fromkeys(("adjustment", "adj", "correction", "true", "y", "yes", "1"), ADJUSTMENT),
    **dict.fromkeys(("reversal", "refund", "return", "chargeback", "2"), REVERSAL),
}
_NUMBER = re.compile(r"-?[0-9]{1,60}(?:\.[0-9]{1,60})?\Z")
_COUNT = re.compile(r"-?[0-9]{1,60}(?:\.0{1,12})?\Z")
_MONTH = re.compile(r"([0-9]{4})-?(0[1-9]|1[0-2])\Z")
_FORMULA = ("=", "+", "@", "-", "\t", "\r", "＝", "＋", "－", "＠")  # OWASP, CSV Injection


def amount(text: str, *, decimal: str = ".", grouping: str = "") -> tuple[int, int]:
    """
    Return the mantissa and the scale of an amount: it is ``mantissa / 10**scale``, exactly.

    :raises BadCell: it is not an amount, finer than can be booked, or beyond 64 bits
    """
    bare = text.strip()
    if grouping:
        whole, mark, rest = bare.partition(decimal)
        if grouping in whole:
            first, *others = whole.removeprefix("-").split(grouping)
            if not 1 <= len(first) <= 3 or any(len(part) != 3 for part in others):
                raise BadCell("not_an_amount", f"Digits stand in threes between {grouping!r}: write 1{grouping}000.")
        bare = whole.replace(grouping, "") + mark + rest
    if decimal != ".":
        if "." in bare:
            raise BadCell("not_an_amount", f"The mapping says that decimals have {decimal!r}: change it or the cell.")
        bare = bare.replace(decimal, ".")
    if not _NUMBER.match(bare):
        if bare.startswith("(") and bare.endswith(")"):
            raise BadCell("not_an_amount", "Write a negative amount with a minus before it, not in brackets.")
        if re.fullmatch(r"-?[0-9.]+[eE][-+]?[0-9]+", bare):
            raise BadCell("not_an_amount", "A spreadsheet rounded this amount: export the column as plain numbers.")
        if "," in bare:
            raise BadCell("not_an_amount", "Write 1000.01, or say in the mapping which mark decimals and groups have.")
        raise BadCell("not_an_amount", "Write an amount with digits and at most one decimal mark, such as 1000.01.")
    whole, _, rest = bare.partition(".")
    rest = rest if len(rest) <= FINEST else rest.rstrip("0")
    if len(rest) > FINEST:
        raise BadCell("too_fine", f"An amount has at most {FINEST} digits after the point: round it where it is made.")
    mantissa = int(whole + rest)
    if abs(mantissa) > LARGEST:
        raise BadCell(
            "beyond_money", "The amount does not fit into 64 bits: is the decimal mark what it is said to be?"
        )
    return mantissa, len(rest)


def count(text: str) -> int:
    """
    Return how many usages there were.

    :raises BadCell: it is not a whole number of 64 bits
    """
    bare = text.strip()
    if not bare:
        return 0
    if not _COUNT.match(bare):
        raise BadCell("not_a_count", "Usages are a whole number, such as 1200.")
    found = int(bare.partition(".")[0])
    if abs(found) > LARGEST:
        raise BadCell("beyond_counting", "The number of usages does not fit into 64 bits.")
    return found


@lru_cache(maxsize=4096)
def country(text: str) -> str:
    """
    Return a country's two letters.

    :raises BadCell: it is no country of ISO 3166-1
    """
    code = text.strip().upper()
    if len(code) == 2 and code.isascii() and pycountry.countries.get(alpha_2=code) is not None:
        return code
    if code in {"WORLDWIDE", "WW", "2136"}:
        raise BadCell("unknown_country", "Money is divided by country: ask the sender to report each country.")
    raise BadCell("unknown_country", "A country is two letters of ISO 3166-1, such as DE.")


@lru_cache(maxsize=4096)
def currency(text: str) -> str:
    """
    Return a currency's three letters.

    :raises BadCell: it is no currency of ISO 4217
    """
    code = text.strip().upper()
    try:
        money.exponent(code)
    except money.UnknownCurrency as error:
        raise BadCell("unknown_currency", "A currency is three letters of ISO 4217, such as EUR.") from error
    return code


def kind(text: str) -> int:
    """
    Return whether it is usage, an adjustment or a reversal.

    :raises BadCell: it is another word
    """
    found = _KINDS.get(text.strip().casefold())
    if found is None:
        raise BadCell("unknown_kind", "A line is a usage, an adjustment or a reversal.")
    return found


def day(text: str, format: str) -> date:
    """
    Return a day.

    :raises BadCell: it is not one in this format
    """
    try:
        return sheets.day(text, format)
    except sheets.BadCell as error:
        raise BadCell(error.code, str(error)) from error


def month(text: str) -> tuple[date, date]:
    """
    Return the days of a month, the last excluded.

    :raises BadCell: it is not a month such as 2026-03
    """
    found = _MONTH.match(text.strip())
    if not found:
        raise BadCell("not_a_month", "Write a month as 2026-03.")
    first = date(int(found[1]), int(found[2]), 1)
    return first, first + timedelta(days=monthrange(first.year, first.month)[1])


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run this."""
    return text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA)


def submission_key(text: str) -> str:
    """
    Return the key of one of our outputs by its id.

    :raises BadCell: it is no id
    """
    try:
        return f"submission:{UUID(text.strip())}"
    except ValueError as error:
        raise BadCell("not_an_id", "The id of an output is a UUID, as this service gave it.") from error


_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}\Z")


def isrc_key(text: str) -> str:
    """Return the key of an ISRC; empty where it is none, so that another code counts."""
    bare = text.strip().upper().replace("-", "").replace(" ", "").removeprefix("ISRC").lstrip(":")
    return f"isrc:{bare}" if _ISRC.match(bare) else ""


def proprietary_key(text: str, sender: str) -> str:
    """
    Return the key of a sender's own id.

    :raises BadCell: it is a formula
    """
    bare = text.strip()
    if is_formula(bare):
        raise BadCell("formula", "An id does not begin like a formula: export the column as text.")
    return fitting(f"proprietary:{sender}:{bare}")


def title_key(title: str, artist: str) -> str:
    """Return the key of what has only a title: it goes to the queue, and people say what it is."""
    return fitting(f"title:{' '.join(title.casefold().split())}|{' '.join(artist.casefold().split())}")


def unknown_key(text: str) -> str:
    """Return the key of what has a code that is none."""
    return fitting(f"unknown:{text.strip()}")


def fitting(key: str) -> str:
    """Return a key as it is stored: of a very long one, the beginning and a digest."""
    if len(key) <= LONGEST_KEY:
        return key
    return key[: LONGEST_KEY - 33] + "~" + hashlib.sha256(key.encode()).hexdigest()[:32]
