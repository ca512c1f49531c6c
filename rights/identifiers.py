"""Codes of recordings and works: what is well formed, and the one form that is stored. Pure."""

from __future__ import annotations

import re

from stdnum import isrc as _isrc
from stdnum.exceptions import ValidationError


class BadIsrc(Exception):
    """An ISRC has two letters, three letters or digits, two digits of year and five digits, such as GBAYE0500001."""


class BadIswc(Exception):
    """An ISWC is T, nine digits and a check digit, such as T-034524680-1."""


def isrc(raw: str) -> str:
    """
    Return the canonical form, twelve characters without hyphens (ISO 3901).

    :raises BadIsrc: it is not well formed
    """
    try:
        return str(_isrc.validate(raw)).upper()
    except ValidationError as error:
        raise BadIsrc(f"{raw!r} is not an ISRC") from error


def iswc(raw: str) -> str:
    """
    Return the canonical form, ``T`` and ten digits (ISO 15707).

    :raises BadIswc: it is not well formed, or the check digit does not fit
    """
    bare = re.sub(r"[\s.\-]", "", raw).upper()
    if not re.fullmatch(r"T[0-9]{10}", bare):
        raise BadIswc(f"{raw!r} is not an ISWC")
    # ISO 15707 Annex A: 1 + Σ position × digit, the check digit makes it a multiple of ten.
    total = 1 + sum(position * int(digit) for position, digit in enumerate(bare[1:10], start=1))
    if (total + int(bare[10])) % 10:
        raise BadIswc(f"{raw!r} has a wrong check digit")
    return bare
