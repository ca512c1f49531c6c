"""What facts come to: shares, consents, reservations and licenses folded into stretches of days. Pure.

A fact says one thing for a period in a set of territories, later facts end it or void it, and sets of territories
change members on their own dates. Folded, each stretch has one meaning and one set of countries. The rows of
``rights.models.standing`` are these stretches; the policy reads them too, so both see the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from rights.territories import NoTerritory, stretches
from rights.vocabulary import ConsentAct, LicenseAct, ShareAct

# 2^8·3^4·5^6·7·11·13·17: shares of every usual denominator, percents with four decimals among them, are whole numbers
# of it, so that the database can add them up exactly. A share that is not has no units and is added up as a fraction.
UNITS = 5_513_508_000_000


class Stance(IntEnum):
    """What a stretch says."""

    DENY = 0  # reserved
    LAPSED = 1  # was allowed, and ended by an act
    ALLOW = 2


@dataclass(frozen=True)
class Span:
    """Days [begin, end) in which something holds in these countries."""

    begin: date
    end: date | None
    countries: frozenset[str]

    def holds_on(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.begin <= day and (self.end is None or day < self.end)


@dataclass(frozen=True)
class Happening:
    """An act and the first day of its effect."""

    act: str
    effective_on: date


def units(numerator: int, denominator: int) -> int | None:
    """Return a fraction in ``UNITS``, or None where it is no whole number of them."""
    whole, rest = divmod(numerator * UNITS, denominator)
    return None if rest else whole


def _spans(territories: Sequence[str], begin: date, end: date | None) -> tuple[Span, ...]:
    if end is not None and end <= begin:
        return ()
    try:
        return tuple(Span(one.active_from, one.active_to, one.countries) for one in stretches(territories, begin, end))
    except NoTerritory:
        return ()  # the part of a period that is left may lie where the set has no country


def _earlier(one: date | None, other: date | None) -> date | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def of_share(
    territories: Sequence[str], active_from: date, active_to: date | None, happenings: Iterable[tuple[str, date | None]]
) -> tuple[Span, ...]:
    """Return when and where a share is held, after what became of it."""
    end = active_to
    for act, effective_on in happenings:
        if act == ShareAct.RETRACTED:
            return ()
        end = _earlier(end, effective_on)
    return _spans(territories, active_from, end)


def of_consent(
    territories: Sequence[str], active_from: date, active_to: date | None, course: Iterable[Happening]
) -> tuple[tuple[Stance, Span], ...]:
    """
    Return when and where a consent allows, and from when on it was withdrawn.

    A withdrawal acts from its day on; an amended consent ends where its successor begins; an annulled one never
    allowed anything (CON-5). An offer that nobody granted says nothing: silence is no.
    """
    acts = {one.act: one.effective_on for one in course}
    if ConsentAct.GRANTED not in acts:
        return ()
    begin = max(active_from, acts[ConsentAct.GRANTED])
    if ConsentAct.ANNULLED in acts:
        return tuple((Stance.LAPSED, span) for span in _spans(territories, begin, active_to))
    withdrawn = acts.get(ConsentAct.WITHDRAWN)
    end = _earlier(active_to, _earlier(withdrawn, acts.get(ConsentAct.AMENDED)))
    allowed = [(Stance.ALLOW, span) for span in _spans(territories, begin, end)]
    if withdrawn is None:
        return tuple(allowed)
    lapsed = _spans(territories, max(begin, withdrawn), active_to)
    return (*allowed, *((Stance.LAPSED, span) for span in lapsed))


def of_reservation(
    territories: Sequence[str], active_from: date, active_to: date | None, lifted_on: date | None
) -> tuple[Span, ...]:
    """Return when and where a reservation stands."""
    return _spans(territories, active_from, _earlier(active_to, lifted_on))


def of_license(
    territories: Sequence[str], active_from: date, active_to: date | None, course: Iterable[Happening]
) -> tuple[tuple[Stance, Span], ...]:
    """Return when and where a license is in force, and when it is suspended or was terminated."""
    found: list[tuple[Stance, Span]] = []
    begin, stance = active_from, Stance.ALLOW
    for one in course:
        day = max(begin, one.effective_on)
        if active_to is not None:
            day = min(day, active_to)
        found += [(stance, span) for span in _spans(territories, begin, day)]
        begin = day
        stance = Stance.ALLOW if one.act == LicenseAct.RESUMED else Stance.LAPSED
        if one.act == LicenseAct.AMENDED:
            return tuple(found)  # the successor goes on from here
    return (*found, *((stance, span) for span in _spans(territories, begin, active_to)))
