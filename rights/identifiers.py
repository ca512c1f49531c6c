"""Codes of recordings, works, parties and releases: what is well formed, and the one form that is stored. Pure.

A check digit proves typing, not existence: what a code names is found out elsewhere, by resolving it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from stdnum import ean
from stdnum.iso7064 import mod_11_2, mod_37_36

LONGEST = 64  # characters of a code as written, with its separators; what is longer is refused unread
LONGEST_OWN = 120  # of a proprietary code, and
LONGEST_NAMESPACE = 80  # of whose it is: what their columns hold

# What people and spreadsheets put between the groups of a code: blanks, hyphens, and the dashes they turn into.
_SEPARATORS = str.maketrans("", "", " \t\r\n\u00a0\u202f-\u2010\u2011\u2012\u2013\u2014\u2212")
_DOTS = str.maketrans("", "", ".")


class Scheme(StrEnum):
    """Which standard a code is of."""

    ISRC = "isrc"  # recordings (ISO 3901)
    ISWC = "iswc"  # works (ISO 15707)
    IPI_NAME = "ipi_name"  # one name of a writer or publisher
    IPI_BASE = "ipi_base"  # the writer or publisher behind the names
    ISNI = "isni"  # public identities (ISO 27729)
    GTIN = "gtin"  # products: ICPN, UPC, EAN
    GRID = "grid"  # releases
    DPID = "dpid"  # senders and recipients of DDEX messages
    PROPRIETARY = "proprietary"  # somebody's own, within their namespace


class CodeStatus(StrEnum):
    """What is known about a code. The last two follow from other facts and are never read off the code itself."""

    WELL_FORMED = "well_formed"  # its scheme has no check digit
    CHECK_OK = "check_ok"
    RESOLVED = "resolved"
    CONTRADICTED = "contradicted"


class BadCode(Exception):
    """A code has the length, the characters and the check digit of its scheme."""

    def __init__(self, scheme: Scheme, sentence: str) -> None:
        """Name the scheme, and say what is wrong and what the right form looks like."""
        super().__init__(sentence)
        self.scheme = scheme


class BadIsrc(BadCode):
    """An ISRC has two letters, three letters or digits, two digits of year and five digits, such as GBAYE0500001."""


class BadIswc(BadCode):
    """An ISWC is T, nine digits and a check digit, such as T-034.524.680-1."""


@dataclass(frozen=True)
class Code:
    """A code as it is stored, ``value``, and as it was written, ``raw``."""

    scheme: Scheme
    value: str
    raw: str
    status: CodeStatus
    namespace: str = ""  # whose own code it is; empty for the public schemes


@dataclass(frozen=True)
class _Form:
    """How the codes of one public scheme look once nothing stands between their characters."""

    said: str  # the scheme's name in a sentence, with its article
    lengths: tuple[int, ...]
    pattern: re.Pattern[str]
    characters: str  # what the pattern asks for, in words
    example: str
    word: str = ""  # the scheme's name where it is written before the code
    has_dots: bool = False
    fill: Callable[[str], str] = str  # makes up for what old files leave out
    checks: Callable[[str], bool] | None = None  # None: the scheme has no check digit
    placeholder: re.Pattern[str] | None = None  # passes the arithmetic and names nothing
    store: Callable[[str], str] = str
    refusal: type[BadCode] = BadCode


def _fill_iswc(bare: str) -> str:
    return f"T{bare}" if re.fullmatch(r"[0-9]{10}", bare) else bare  # files from before the prefix was written


def _fill_ipi_name(bare: str) -> str:
    return bare.zfill(11) if bare else bare


def _checks_iswc(bare: str) -> bool:
    # ISO 15707 Annex A: 1 + Σ position × digit, the check digit makes it a multiple of ten.
    return (1 + _weighted(bare[1:10]) + int(bare[10])) % 10 == 0


def _checks_ipi_base(bare: str) -> bool:
    return (2 + _weighted(bare[1:10]) + int(bare[10])) % 10 == 0


def _weighted(digits: str) -> int:
    return sum(position * int(digit) for position, digit in enumerate(digits, start=1))


def _checks_ipi_name(bare: str) -> bool:
    rest = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), bare[:9], strict=True)) % 101
    return int(bare[9:]) == ((101 - rest) % 100 if rest else 0)


def _checks_gtin(bare: str) -> bool:
    return str(ean.calc_check_digit(bare[:-1])) == bare[-1]


def _pad_gtin(bare: str) -> str:
    return bare.zfill(14)  # the 12 and the 13 digits of one product become the same code


def _hyphenate_ipi_base(bare: str) -> str:
    return f"I-{bare[1:10]}-{bare[10]}"


FORMS: dict[Scheme, _Form] = {
    # Any two letters may begin an ISRC: prefixes stopped being country codes, so no table of countries is asked.
    Scheme.ISRC: _Form(
        said="an ISRC",
        lengths=(12,),
        pattern=re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}"),
        characters="two letters, three letters or digits, then seven digits",
        example="US-S1Z-99-00001",
        word="ISRC",
        refusal=BadIsrc,
    ),
    Scheme.ISWC: _Form(
        said="an ISWC",
        lengths=(11,),
        pattern=re.compile(r"T[0-9]{10}"),
        characters="T, then ten digits",
        example="T-034.524.680-1",
        word="ISWC",
        has_dots=True,
        fill=_fill_iswc,
        checks=_checks_iswc,
        refusal=BadIswc,
    ),
    Scheme.IPI_NAME: _Form(
        said="an IPI name number",
        lengths=(11,),
        pattern=re.compile(r"[0-9]{11}"),
        characters="digits only",
        example="00132688075",
        word="IPI",
        has_dots=True,
        fill=_fill_ipi_name,
        checks=_checks_ipi_name,
        placeholder=re.compile(r"0{11}"),
    ),
    Scheme.IPI_BASE: _Form(
        said="an IPI base number",
        lengths=(11,),
        pattern=re.compile(r"I[0-9]{10}"),
        characters="I, then ten digits",
        example="I-001068130-6",
        word="IPI",
        has_dots=True,
        checks=_checks_ipi_base,
        placeholder=re.compile(r"I0{9}8"),
        store=_hyphenate_ipi_base,
    ),
    Scheme.ISNI: _Form(
        said="an ISNI",
        lengths=(16,),
        pattern=re.compile(r"[0-9]{15}[0-9X]"),
        characters="fifteen digits, then a digit or X",
        example="0000 0000 8126 6409",
        word="ISNI",
        checks=mod_11_2.is_valid,
        placeholder=re.compile(r"0{15}1"),
    ),
    Scheme.GTIN: _Form(
        said="a GTIN",
        lengths=(8, 12, 13, 14),
        pattern=re.compile(r"[0-9]+"),
        characters="digits only",
        example="4006381333931",
        checks=_checks_gtin,
        placeholder=re.compile(r"0+"),
        store=_pad_gtin,
    ),
    Scheme.GRID: _Form(
        said="a GRid",
        lengths=(18,),
        pattern=re.compile(r"A1[0-9A-Z]{16}"),
        characters="A1, then letters and digits",
        example="A1-2425G-ABC1234002-M",
        word="GRID",
        checks=mod_37_36.is_valid,
    ),
    Scheme.DPID: _Form(
        said="a DPID",
        lengths=(18,),
        pattern=re.compile(r"PADPIDA[0-9]{10}[0-9A-Z]"),
        characters="PADPIDA, ten digits, then a letter or digit",
        example="PADPIDA2008120501W",
        checks=mod_37_36.is_valid,
    ),
}


def read(scheme: Scheme, raw: str, namespace: str = "") -> Code:
    """
    Return a code as it is stored. It does not find out whether the code was ever given to anything.

    :raises BadCode: it is not a code of the scheme, or a placeholder; BadIsrc and BadIswc for these two
    """
    if scheme is Scheme.PROPRIETARY:
        return Code(
            scheme,
            _own(raw, "value", LONGEST_OWN),
            raw,
            CodeStatus.WELL_FORMED,
            _own(namespace, "namespace", LONGEST_NAMESPACE),
        )
    form = FORMS[scheme]
    if namespace:
        raise form.refusal(scheme, f"{form.said} has no namespace: only a proprietary code is within one")
    value = form.store(_checked(scheme, form, raw))
    return Code(scheme, value, raw, CodeStatus.CHECK_OK if form.checks else CodeStatus.WELL_FORMED)


def isrc(raw: str) -> str:
    """
    Return the stored form, twelve characters without hyphens (ISO 3901).

    :raises BadIsrc: it is not well formed
    """
    return read(Scheme.ISRC, raw).value


def iswc(raw: str) -> str:
    """
    Return the stored form, ``T`` and ten digits (ISO 15707).

    :raises BadIswc: it is not well formed, or the check digit does not fit
    """
    return read(Scheme.ISWC, raw).value


def display(scheme: Scheme, value: str) -> str:
    """Return a stored code as people write it."""
    match scheme:
        case Scheme.ISRC:
            return f"{value[:2]}-{value[2:5]}-{value[5:7]}-{value[7:]}"
        case Scheme.ISWC:
            return f"T-{value[1:4]}.{value[4:7]}.{value[7:10]}-{value[10:]}"
        case Scheme.ISNI:
            return f"{value[:4]} {value[4:8]} {value[8:12]} {value[12:]}"
        case Scheme.GTIN:
            return _shortest_gtin(value)
        case Scheme.GRID:
            return f"{value[:2]}-{value[2:7]}-{value[7:17]}-{value[17:]}"
        case Scheme.DPID:
            return f"PA-DPIDA-{value[7:17]}-{value[17:]}"
        case Scheme.IPI_NAME | Scheme.IPI_BASE | Scheme.PROPRIETARY:
            return value


def _checked(scheme: Scheme, form: _Form, raw: str) -> str:
    def refuse(why: str) -> BadCode:
        return form.refusal(scheme, f"{_shown(raw)} is not {form.said}: {why}; a right one is {form.example}")

    expected = " or ".join(str(length) for length in form.lengths)
    if len(raw) > LONGEST:
        raise refuse(f"it has {len(raw)} characters where there are {expected}")
    bare = raw.translate(_SEPARATORS)
    if not bare.isascii():  # before upper(), which turns some foreign letters into ours
        raise refuse(f"it has characters other than {form.characters}")
    bare = bare.upper()
    if form.has_dots:
        bare = bare.translate(_DOTS)
    if form.word and len(bare) > max(form.lengths):  # an Icelandic ISRC may itself begin with ISRC
        bare = bare.removeprefix(form.word).removeprefix(":")
    bare = form.fill(bare)
    if len(bare) not in form.lengths:
        raise refuse(f"it has {len(bare)} characters where there are {expected}")
    if not form.pattern.fullmatch(bare):
        raise refuse(f"its characters are not {form.characters}")
    if form.checks and not form.checks(bare):
        raise refuse("it has a wrong check digit, so it is mistyped somewhere")
    if form.placeholder and form.placeholder.fullmatch(bare):
        raise refuse("it is a placeholder that names nothing")
    return bare


def _own(raw: str, what: str, longest: int) -> str:
    """Return a proprietary value or namespace: whatever its owner writes, in one line that can be shown."""
    bare = unicodedata.normalize("NFC", raw.strip()) if len(raw) <= longest else raw
    if not bare or len(bare) > longest:
        why = f"has {len(bare)} characters where there are 1 to {longest}"
    elif not bare.isprintable():
        why = "holds characters that do not show, such as a tab or a no-break space"
    else:
        return bare
    raise BadCode(
        Scheme.PROPRIETARY,
        f"the {what} of a proprietary code {why}: write whose it is and the code, as in PADPIDA2008120501W and CAT-001",
    )


def _shown(raw: str) -> str:
    return repr(raw if len(raw) <= LONGEST else f"{raw[:LONGEST]}…")


def _shortest_gtin(value: str) -> str:
    for digits in (8, 12, 13):
        if value.startswith("0" * (14 - digits)):
            return value[-digits:]
    return value
