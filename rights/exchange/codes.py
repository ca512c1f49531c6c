"""The codes of the trade as files write them, in the one form that keys compare. Pure."""

from __future__ import annotations

import re

from stdnum import ean
from stdnum.iso7064 import mod_11_2, mod_37_36

from rights import identifiers
from rights.exchange.cells import BadCell, is_scientific


def isrc(raw: str) -> str:
    """
    Return twelve characters without hyphens.

    :raises BadCell: it is none
    """
    try:
        return identifiers.isrc(raw)
    except identifiers.BadIsrc as error:
        raise BadCell("bad_isrc", str(identifiers.BadIsrc.__doc__)) from error


def iswc(raw: str) -> str:
    """
    Return ``T`` and ten digits.

    :raises BadCell: it is none
    """
    try:
        return identifiers.iswc(raw)
    except identifiers.BadIswc as error:
        raise BadCell("bad_iswc", str(identifiers.BadIswc.__doc__)) from error


def icpn(raw: str) -> str:
    """
    Return a UPC or EAN padded to 14 digits, so that the 12 and the 13 digits of one product are one release.

    :raises BadCell: it is none
    """
    if is_scientific(raw):
        raise BadCell(
            "damaged_number",
            "A spreadsheet has rounded this code: format the column as text, enter the code anew and export again.",
        )
    bare = re.sub(r"[\s\-]", "", raw)
    if not re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", bare):
        raise BadCell(
            "bad_icpn", "A UPC has 12 digits, an EAN 13 or 8. If the first is missing, a program took away its 0."
        )
    if ean.calc_check_digit(bare.zfill(14)[:-1]) != bare[-1]:
        raise BadCell("bad_icpn", "The check digit is wrong: compare the code with the product.")
    return bare.zfill(14)


def grid(raw: str) -> str:
    """
    Return eighteen characters without hyphens.

    :raises BadCell: it is none
    """
    bare = re.sub(r"[\s\-]", "", raw).upper().removeprefix("GRID:")
    if not re.fullmatch(r"A1[0-9A-Z]{16}", bare) or not mod_37_36.is_valid(bare):
        raise BadCell("bad_grid", "A GRid is A1 and 16 letters and digits, the last a check, as A1-2425G-ABC1234002-M.")
    return bare


def ipi(raw: str) -> str:
    """
    Return the eleven digits of an IPI name number.

    :raises BadCell: it is none
    """
    bare = re.sub(r"[\s.\-]", "", raw)
    digits = bare.zfill(11)
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(digits[:9])) % 101 if bare.isdecimal() else 0
    is_right = re.fullmatch(r"[0-9]{11}", digits) and int(digits[9:]) == ((101 - rest) % 100 if rest else 0)
    if not is_right or digits == "0" * 11:
        raise BadCell("bad_ipi", "An IPI name number has up to 11 digits, the last two a check, as 00132688075.")
    return digits


def isni(raw: str) -> str:
    """
    Return sixteen characters without spaces.

    :raises BadCell: it is none
    """
    bare = re.sub(r"[\s\-]", "", raw).upper()
    if not re.fullmatch(r"[0-9]{15}[0-9X]", bare) or not mod_11_2.is_valid(bare):
        raise BadCell("bad_isni", "An ISNI has 16 digits, the last a check that may be X, as 0000 0000 8126 6409.")
    return bare


def dpid(raw: str) -> str:
    """
    Return a DDEX party id without hyphens.

    :raises BadCell: it is none
    """
    bare = re.sub(r"[\s\-]", "", raw).upper()
    if not re.fullmatch(r"PADPIDA[0-9]{10}[0-9A-Z]", bare) or not mod_37_36.is_valid(bare):
        raise BadCell("bad_dpid", "A DPID is PADPIDA, ten digits and a check, as PADPIDA2008120501W.")
    return bare
