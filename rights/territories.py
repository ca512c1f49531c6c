"""Sets of territories as contracts write them: codes to include, then codes to exclude, read from left to right.

A code is a country of ISO 3166-1 (``DE``, ``276``) or a territory of the CISAC TIS (``2136`` or ``2WL`` is the world,
``2123`` the European Union); a leading ``-`` excludes. So ``["2136", "-US"]`` is the world except the United States.
States begin and end and unions change their members, so what codes mean is asked of a day. Pure.

Between two days on which anything in the table changes lies an *epoch*: within one, every code means the same.
"""

from __future__ import annotations

import itertools
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

WORLD = "2136"
LONGEST = 6  # characters of a code with its sign
NUMBERS = (1, 1000)  # every number of a country lies within [1, 1000)

_TABLE = json.loads((Path(__file__).parent / "data" / "territories.json").read_text(encoding="utf-8"))
VERSION: str = _TABLE["version"]


class NoSuchTerritory(Exception):
    """A territory is an ISO 3166-1 country or a CISAC TIS territory, in force on the day it is used for."""


class NoTerritory(Exception):
    """A set of territories must include at least one country."""


class BadTerritoryRows(Exception):
    """Rows of CWR are I or E, and an E takes away from the I before it."""


@dataclass(frozen=True)
class Stretch:
    """A period [from, to) in which codes mean the same countries."""

    active_from: date
    active_to: date | None
    countries: frozenset[str]


@dataclass(frozen=True)
class _Span:
    """That a country counts from a day until a day: as itself, or as part of a group."""

    alpha_2: str
    since: date
    until: date

    def holds(self, on: date) -> bool:
        return self.since <= on < self.until


def _span(alpha_2: str, row: dict[str, str]) -> _Span:
    return _Span(
        alpha_2,
        date.fromisoformat(row["since"]) if "since" in row else date.min,
        date.fromisoformat(row["until"]) if "until" in row else date.max,
    )


_STATES: list[_Span] = [_span(row["alpha_2"], row) for row in _TABLE["countries"]]
_BECAME: list[tuple[_Span, str, tuple[str, ...]]] = [
    (_span(row["alpha_2"], row), str(row["number"]), tuple(row["became"]))
    for row in _TABLE["countries"]
    if "became" in row
]


def _spans() -> dict[str, list[_Span]]:
    """Return what each code counts: a country's letters and number, a group's number and letters."""
    found: dict[str, list[_Span]] = {}
    for row in _TABLE["countries"]:
        for code in (row["alpha_2"], str(row["number"])):
            found.setdefault(code, []).append(_span(row["alpha_2"], row))
    for group in _TABLE["groups"]:
        members = _STATES
        if "everywhere" not in group:
            members = [_span(alpha_2, row) for row in group["members"] for alpha_2 in row["countries"].split()]
        for code in (str(group["number"]), *group["codes"]):
            found[code] = members
    return found


_SPANS = _spans()
# The first day of each epoch but the first, which reaches back for ever.
_CHANGES = sorted({day for spans in _SPANS.values() for span in spans for day in (span.since, span.until)})[1:-1]
_FIRST_DAYS = [date.min, *_CHANGES]
_WORLDS = [frozenset(span.alpha_2 for span in _STATES if span.holds(day)) for day in _FIRST_DAYS]
_WORLD_SETS = frozenset(_WORLDS)
# Of rows with the same letters the last one here counts: today's country, else the first that had them.
_ROWS = [
    *reversed([row for row in _TABLE["countries"] if "until" in row]),
    *(row for row in _TABLE["countries"] if "until" not in row),
]
_NUMBERS: dict[str, int] = {row["alpha_2"]: row["number"] for row in _ROWS}
_NAMES: dict[str, str] = {code: row["name"] for row in _ROWS for code in (row["alpha_2"], str(row["number"]))} | {
    code: group["name"] for group in _TABLE["groups"] for code in (str(group["number"]), *group["codes"])
}


def countries(on: date) -> frozenset[str]:
    """Return the letters (ISO 3166-1 alpha-2) of every country that there is on a day."""
    return _WORLDS[_epoch(on)]


def expand(codes: Iterable[str], on: date) -> frozenset[str]:
    """
    Return the countries that are meant on a day.

    :raises NoSuchTerritory: a code is not in the tables, or not in force on that day
    :raises NoTerritory: nothing is left
    """
    found, idle = _read(tuple(codes), _epoch(on))
    if idle:
        raise NoSuchTerritory(f"{idle[0]!r} is not a territory on {on}: {_way_out(idle[0], on)}")
    if not found:
        raise NoTerritory("the territories leave no country: include at least one")
    return found


def covered(codes: Iterable[str], on: date) -> frozenset[str]:
    """
    Return the countries that are meant on a day by codes that were agreed on another; it may be none.

    What is not in force that day includes nothing. A country that is excluded and has ended takes what it became with
    it: whoever kept Czechoslovakia back did not give Slovakia.

    :raises NoSuchTerritory: a code is not in the tables
    """
    return _read(tuple(codes), _epoch(on))[0]


def check(codes: Iterable[str]) -> None:
    """
    Check that codes are territories and mean at least one country, on whatever day.

    :raises NoSuchTerritory: a code is not in the tables
    :raises NoTerritory: they mean no country on any day
    """
    _checked(tuple(codes))


def stretches(codes: Iterable[str], active_from: date, active_to: date | None) -> tuple[Stretch, ...]:
    """
    Return the longest periods within [active_from, active_to) in which codes mean the same countries, in order.

    A time in which they mean none is left out.

    :raises NoSuchTerritory: a code is not in the tables
    :raises NoTerritory: they mean no country on any day of the period
    """
    return _stretches(tuple(codes), active_from, active_to)


def number(alpha_2: str) -> int:
    """
    Return the number of a country (ISO 3166-1 numeric); on any one day no two countries have the same.

    :raises NoSuchTerritory: there is and was no such country
    """
    found = _NUMBERS.get(alpha_2)
    if found is None:
        raise _unknown(alpha_2)
    return found


@lru_cache(maxsize=4096)
def numbers(countries: frozenset[str]) -> tuple[tuple[int, int], ...]:
    """
    Return a set of countries as ranges [first, end) of their numbers, in order and apart.

    Two sets that hold on a common day have a number in common exactly if they have a country in common. A set of most
    of the world is the whole range less the numbers of the others, so that the world is one range; others are those
    that there are on any day on which the whole set exists.

    :raises NoSuchTerritory: there is and was no such country
    """
    held = sorted(number(country) for country in countries)
    if not held:
        return ()
    worlds = [world for world in _WORLDS if countries <= world] or [frozenset(_NUMBERS)]
    others = frozenset().union(*worlds) - countries
    if len(others) >= len(countries):
        return tuple(_runs(held))
    walls = sorted({NUMBERS[0] - 1, *(number(country) for country in others), NUMBERS[1]})
    return tuple((wall + 1, following) for wall, following in itertools.pairwise(walls) if wall + 1 < following)


def from_cwr(rows: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """
    Return CWR's rows of an indicator (I or E) and a TIS code as codes that mean the same read from left to right.

    In CWR an exclude takes away from the include before it and from no other: I DE, I 2120, E DE leaves Germany in.
    The order is changed, or countries are added, until both readings agree on every day of the table.

    :raises BadTerritoryRows: a row is neither I nor E, an E has no I before it, or no order says the same
    :raises NoSuchTerritory: a code is not in the tables
    :raises NoTerritory: they mean no country on any day
    """
    return _from_cwr(tuple((indicator, code) for indicator, code in rows))


def codes() -> tuple[str, ...]:
    """Return every code of the tables: letters and numbers of countries and of groups."""
    return tuple(_SPANS)


def name(code: str) -> str:
    """Return what people call a territory."""
    return _NAMES.get(_bare(code), code)


def phrase(codes: frozenset[str]) -> str:
    """Return a short phrase for a sentence about countries: up to three names, then a count."""
    if codes in _WORLD_SETS:
        return "the world"
    listed = sorted(codes)
    if len(listed) <= 3:
        return ", ".join(name(code) for code in listed)
    return f"{name(listed[0])} and {len(listed) - 1} more territories"


def _epoch(on: date) -> int:
    return bisect_right(_CHANGES, on)


def _bare(code: str) -> str:
    """Return a code as the table has it: CWR writes 0840 and ISO 3166 writes 004."""
    return str(int(code)) if re.fullmatch(r"[0-9]{1,4}", code) else code


def _known(code: str) -> str:
    bare = _bare(code)
    if bare not in _SPANS:
        raise _unknown(code)
    return bare


def _unknown(code: str) -> NoSuchTerritory:
    shown = code if len(code) <= LONGEST else f"{code[:LONGEST]}…"
    return NoSuchTerritory(f"{shown!r} is not a territory: use an ISO 3166-1 code such as DE, or {WORLD} for the world")


def _way_out(code: str, on: date) -> str:
    spans = _SPANS[code]
    if begins := [span.since for span in spans if span.since > on]:
        only = {span.alpha_2 for span in spans}
        before = sorted({ended.alpha_2 for ended, _, heirs in _BECAME if only <= set(heirs) and ended.holds(on)})
        return f"it begins on {min(begins)}" + (f"; use {', '.join(before)} before" if before else "")
    ended = max(span.until for span in spans)
    heirs = sorted(_heirs(code, _epoch(on)))
    return f"it ended on {ended}" + (f"; use {', '.join(heirs)} from then on" if heirs else "")


@lru_cache(maxsize=1 << 16)
def _meant(code: str, epoch: int) -> frozenset[str]:
    day = _FIRST_DAYS[epoch]
    return frozenset(span.alpha_2 for span in _SPANS[_known(code)] if span.holds(day)) & _WORLDS[epoch]


def _heirs(code: str, epoch: int) -> frozenset[str]:
    """Return what became of a country that has ended."""
    found: set[str] = set()
    pending = [ended for ended in _BECAME if code in {ended[0].alpha_2, ended[1]}]
    while pending:
        ended, _, heirs = pending.pop()
        if ended.until <= _FIRST_DAYS[epoch]:
            found |= set(heirs)
            pending += [later for later in _BECAME if later[0].alpha_2 in heirs and later[0].holds(ended.until)]
    return frozenset(found) & _WORLDS[epoch]


@lru_cache(maxsize=4096)  # a set of most of the world takes 16 KB
def _read(codes: tuple[str, ...], epoch: int) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return what codes mean in an epoch, and those of them that are not in force in it."""
    found: frozenset[str] = frozenset()
    idle: list[str] = []
    for code in codes:
        bare = code.removeprefix("-")
        meant = _meant(bare, epoch)
        if not meant:
            idle.append(_bare(bare))
        if code.startswith("-"):
            found -= meant or _heirs(_bare(bare), epoch)
        else:
            found |= meant
    return found, tuple(idle)


@lru_cache(maxsize=4096)
def _checked(codes: tuple[str, ...]) -> None:
    if not any(_read(codes, epoch)[0] for epoch in reversed(range(len(_FIRST_DAYS)))):
        raise NoTerritory("the territories leave no country: include at least one")


@lru_cache(maxsize=4096)
def _stretches(codes: tuple[str, ...], active_from: date, active_to: date | None) -> tuple[Stretch, ...]:
    _checked(codes)
    end = len(_CHANGES) if active_to is None else bisect_left(_CHANGES, active_to)
    found: list[Stretch] = []
    for epoch in range(_epoch(active_from), end + 1):
        begins = max(active_from, _FIRST_DAYS[epoch])
        ends = min(_CHANGES[epoch] if epoch < len(_CHANGES) else date.max, active_to or date.max)
        meant = _read(codes, epoch)[0]
        if not meant or begins >= ends:
            continue
        if found and found[-1].active_to == begins and found[-1].countries == meant:
            begins = found.pop().active_from
        found.append(Stretch(begins, None if ends == date.max else ends, meant))
    if not found:
        period = f"from {active_from} to before {active_to}" if active_to else f"from {active_from} on"
        raise NoTerritory(f"the territories leave no country {period}: include at least one that there is then")
    return tuple(found)


@lru_cache(maxsize=4096)
def _from_cwr(rows: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    blocks: list[list[str]] = []
    for indicator, code in rows:
        if indicator == "I":
            blocks.append([_known(code)])
        elif indicator == "E" and blocks:
            blocks[-1].append(f"-{_known(code)}")
        else:
            raise BadTerritoryRows(f"{indicator} {code[:LONGEST]}: write I, or E after the I that it takes away from")
    meant = [
        frozenset().union(*(_read(tuple(block), epoch)[0] for block in blocks)) for epoch in range(len(_FIRST_DAYS))
    ]
    for codes in _orders(blocks, meant):
        if all(_read(codes, epoch)[0] == right for epoch, right in enumerate(meant)):
            check(codes)
            return codes
    raise BadTerritoryRows("no order of these rows means the same on every day: exclude countries one by one")


def _runs(held: list[int]) -> Iterator[tuple[int, int]]:
    first = last = held[0]
    for one in held[1:]:
        if one > last + 1:
            yield first, last + 1
            first = one
        last = one
    yield first, last + 1


def _orders(blocks: list[list[str]], meant: list[frozenset[str]]) -> Iterator[tuple[str, ...]]:
    """Return orders in which rows may mean what CWR means, the likeliest first."""
    taking = [block for block in blocks if len(block) > 1]
    giving = [block for block in blocks if len(block) == 1]
    yield tuple(code for block in blocks for code in block)
    for order in itertools.islice(itertools.permutations(taking), 24):  # all of four; nobody was seen to write five
        first = tuple(code for block in (*order, *giving) for code in block)
        yield first
        yield first + tuple(_repairs(first, meant))


def _repairs(codes: tuple[str, ...], meant: list[frozenset[str]]) -> Iterator[str]:
    """Return countries to add or take away at the end, where codes say of one what is never meant."""
    said = [_read(codes, epoch)[0] for epoch in range(len(_FIRST_DAYS))]
    for country in sorted(frozenset().union(*(a ^ b for a, b in zip(said, meant, strict=True)))):
        yield country if any(country in right for right in meant) else f"-{country}"
