"""
Reads a file of CISAC's Common Works Registration (2.1, 2.2, 3.0, 3.1), transaction by transaction. Pure.

A work is taken whole or not at all: what the rules of the format refuse (`cwr_rules`) yields its problems and no other
line. A wrong code, date or side record (ALT, PER, REC, ORN) yields a problem and is left out of a work that stands.

Shares come as decimals of two places, so a third cannot be written. Where the decimals of one right make 100 % within
0.06 %, they are taken for the exact parts behind them, which make exactly 1:

1. A decimal that can only be a cut or rounded part with a denominator up to 12 stands for that part (33.33 and 33.34
   for 1/3, 16.66 and 16.67 for 1/6, 14.28 and 14.29 for 1/7), if all parts then make exactly 1.
2. Otherwise each part is its decimal divided by the sum of the decimals.

Any other total is left as written. Ownership is normalized over the work; collection over everything that is collected
at the same place, and left as written where a claim would be a different part in different places. ``ShareLine.part``
is the exact part, ``written`` the decimal, and ``is_normalized`` says that they differ.

What a version of the format cannot say is not invented: since 3.0 nobody has ownership shares. The manuscript shares of
3.1 (who wrote how much, before anything was assigned) come with the basis ``manuscript``. Collection that the submitter
reports of others (OPT, OWT) counts in the checks and yields no line: the format calls it not authoritative. Nor do
parties that are marked unknown: their part is nobody's claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import BinaryIO, Final

from rights.exchange.cwr_frames import UNREAD, Transaction, frames
from rights.exchange.cwr_layouts import Layout, layout
from rights.exchange.cwr_rules import TOLERANCE, judge, percent
from rights.exchange.cwr_works import (
    ASIDE,
    RIGHTS,
    WHOLE,
    WORK_TYPES,
    Collection,
    Publisher,
    Shares,
    Work,
    Writer,
    fells,
    places,
    work_of,
)
from rights.exchange.limits import Limits
from rights.exchange.lines import (
    Heading,
    Line,
    PartyLine,
    Problem,
    RecordingLine,
    ShareLine,
    WorkLine,
    WrittenCode,
)
from rights.identifiers import BadIsrc, BadIswc, isrc, iswc

_LARGEST_DENOMINATOR: Final = 12  # twelve equal co-writers; beyond, a decimal would stand for too many parts


def read(stream: BinaryIO, *, limits: Limits) -> tuple[Heading, Iterator[Line]]:
    """
    Return what the file says about itself, and its lines in their order.

    Never raises for what the bytes are; a fatal ``Problem`` is the last line, and then nothing of the file may be
    taken. The counts of the heading are filled while the lines are read: what the trailers promise, and
    ``unread_XXX`` for each type of record that says nothing to us.
    """
    heading, transactions = frames(stream, limits=limits)
    return heading, _lines(heading, transactions)


def _lines(heading: Heading, transactions: Iterable[Transaction | Problem]) -> Iterator[Line]:
    for transaction in transactions:
        if isinstance(transaction, Problem):
            yield transaction
        elif transaction.type == "ACK":
            sentence = "This is a file of acknowledgements; read it as one."
            yield Problem(transaction.line, "GRH.transaction_type", "acknowledgements", sentence, "ACK", is_fatal=True)
            return
        elif transaction.type == "DRW":
            sentence = "A retraction is not taken from a file; end the claims of this work by hand."
            yield Problem(transaction.line, "DRW", "retraction", sentence)
        elif transaction.type in WORK_TYPES:
            yield from _registered(transaction, layout(heading.version), heading)
        elif transaction.header is not None:  # otherwise it was counted where it was passed over
            _count(heading, transaction.type)


def _count(heading: Heading, type: str) -> None:
    heading.counts[UNREAD + type] = heading.counts.get(UNREAD + type, 0) + 1


def _registered(transaction: Transaction, version: Layout, heading: Heading) -> Iterator[Line]:
    work, problems = work_of(transaction, version)
    # With a line, share or territory missing that could not be read, all else would find what is not there.
    if any(fells(each) for each in transaction.problems):
        work, problems = None, list(transaction.problems)
    elif work is not None and not any(each.code in {"bad_share", "bad_territory"} for each in problems):
        problems += judge(work)
    yield from sorted(problems, key=lambda each: each.line)
    for record in transaction.details:
        if record.type in ASIDE - {"REC"} or record.type in {"OPT", "OWT"}:
            _count(heading, record.type)
    if work is not None and not any(fells(each) for each in problems):
        yield from _taken(work, namespace=heading.sender)


def _taken(work: Work, *, namespace: str) -> Iterator[Line]:
    codes, problems = _code("iswc", work.iswc, iswc, BadIswc, work.line, f"{work.type}.iswc")
    yield from problems
    yield WorkLine(work.line, work.key, work.title, (*codes, WrittenCode("proprietary", work.number, namespace)))
    named: set[str] = set()
    for party in work.parties:
        if not party.is_unknown and _key(party, work) not in named:
            named.add(_key(party, work))
            yield _party(party, work, namespace)
    yield from _owned(work)
    yield from _collected(work)
    yield from _recorded(work, namespace)


def _code(
    scheme: str, raw: str, check: Callable[[str], str], bad: type[Exception], line: int, name: str
) -> tuple[tuple[WrittenCode, ...], list[Problem]]:
    if not raw.strip("0"):
        return (), []
    try:
        check(raw)
    except bad as error:
        sentence = f"{error}; correct it, or leave the field blank."
        return (), [Problem(line, name, f"bad_{scheme}", sentence, raw)]
    return (WrittenCode(scheme, raw),), []


def _key(party: Publisher | Writer, work: Work) -> str:
    """Return the party's key: its number where it has one, since that is the submitter's for every file."""
    return f"ip:{party.number}" if party.number else f"{work.key}:{party.line}"


def _party(party: Publisher | Writer, work: Work, namespace: str) -> PartyLine:
    written = [("ipi_name", party.ipi_name, ""), ("ipi_base", party.ipi_base, "")]
    written.append(("proprietary", party.number, namespace))
    if isinstance(party, Writer):
        name, kind = f"{party.first_name} {party.last_name}".strip(), "person"
    else:
        name, kind = party.name, "company"
    codes = tuple(WrittenCode(scheme, raw, space) for scheme, raw, space in written if raw.strip("0"))
    return PartyLine(party.line, _key(party, work), name, kind, codes)


def exact_parts(written: Sequence[int]) -> list[Fraction]:
    """Return the exact parts behind hundredths of a percent of one right (the rule stands above)."""
    total = sum(written)
    if abs(total - WHOLE) > TOLERANCE:
        return [Fraction(each, WHOLE) for each in written]
    behind = [_BEHIND.get(each, Fraction(each, WHOLE)) for each in written]
    return behind if sum(behind) == 1 else [Fraction(each, total) for each in written]


def _parts_behind() -> dict[int, Fraction]:
    """Return the part for each decimal that can only be a cut one, such as 1/3 for 33.33 and 33.34."""
    found: dict[int, Fraction] = {}
    for denominator in range(2, _LARGEST_DENOMINATOR + 1):
        for numerator in range(1, denominator):
            part = Fraction(numerator, denominator)
            below = part * WHOLE // 1
            if below != part * WHOLE:
                found[below] = found[below + 1] = part
    return found


_BEHIND: Final = _parts_behind()


def _owned(work: Work) -> Iterator[ShareLine]:
    yield from _shares(work, [(party, party.line, party.ownership) for party in work.parties], basis="ownership")
    written: list[tuple[Publisher | Writer, int, Shares]] = [
        (each, each.line, each.manuscript) for each in work.writers if each.manuscript is not None
    ]
    yield from _shares(work, written, basis="manuscript")


def _shares(work: Work, claims: Sequence[tuple[Publisher | Writer, int, Shares]], *, basis: str) -> Iterator[ShareLine]:
    parts = [exact_parts([shares[position] for _, _, shares in claims]) for position in range(len(RIGHTS))]
    for index, (party, line, shares) in enumerate(claims):
        for position, right in enumerate(RIGHTS):
            if shares[position] and not party.is_unknown:
                yield ShareLine(
                    line=line,
                    asset_kind="work",
                    asset_key=work.key,
                    party_key=_key(party, work),
                    right_type=right,
                    part=parts[position][index],
                    written=percent(shares[position]),
                    basis=basis,
                    role=party.role,
                    is_normalized=parts[position][index] != Fraction(shares[position], WHOLE),
                )


def _collected(work: Work) -> Iterator[ShareLine]:
    claims = list(work.collections())
    parts = _parts_collected([collection for _, collection in claims])
    for index, (party, collection) in enumerate(claims):
        for position, right in enumerate(RIGHTS):
            share = collection.shares[position]
            if share and collection.is_controlled and not party.is_unknown:
                yield ShareLine(
                    line=collection.line,
                    asset_kind="work",
                    asset_key=work.key,
                    party_key=_key(party, work),
                    right_type=right,
                    part=parts[position][index],
                    written=percent(share),
                    basis="collection",
                    role=party.role,
                    territories=collection.codes,
                    is_normalized=parts[position][index] != Fraction(share, WHOLE),
                )


def _parts_collected(claims: Sequence[Collection]) -> list[list[Fraction]]:
    """Return, for each right, the part of each claim: what it is at every place it reaches, or else as written."""
    found: list[list[set[Fraction]]] = [[set() for _ in claims] for _ in RIGHTS]
    for place in places(claims):
        for position in range(len(RIGHTS)):
            here = exact_parts([claims[index].shares[position] for index in place.collections])
            for index, part in zip(place.collections, here, strict=True):
                found[position][index].add(part)
    return [
        [
            next(iter(parts)) if len(parts) == 1 else Fraction(claims[index].shares[position], WHOLE)
            for index, parts in enumerate(of_right)
        ]
        for position, of_right in enumerate(found)
    ]


def _recorded(work: Work, namespace: str) -> Iterator[Line]:
    for recording in work.recordings:
        codes: tuple[WrittenCode, ...] = ()
        if recording.validity != "N":
            codes, problems = _code("isrc", recording.isrc, isrc, BadIsrc, recording.line, "REC.isrc")
            yield from problems
        if recording.number:
            codes = (*codes, WrittenCode("proprietary", recording.number, namespace))
        if codes or recording.title:
            yield RecordingLine(
                line=recording.line,
                key=f"{work.key}:{recording.line}",
                title=recording.title or work.title,
                codes=codes,
                work_keys=() if recording.validity == "U" else (work.key,),
            )
