"""
What the rows of a clearance come to: worked out once for all assets whose rows are alike but for their ids. Pure.

The database says of each asset who holds what, what their permissions say and which licenses cover it, a line each.
Assets of a catalogue differ in their ids and seldom in anything else; so an answer is an *outline*, which depends on
how the lines hang together, filled with the ids of the asset. A hundred thousand answers have some hundred outlines.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from rights.case import Side
from rights.permission import ANSWERS, Code, Reason, Ruling, combine
from rights.standing import UNITS
from rights.vocabulary import Answer

SIDES = {"1": Side.MASTER, "2": Side.PUBLISHING, "3": Side.VOICE}


class Says(IntEnum):
    """What a permission or a license comes to, for the question."""

    DENIES = 0
    LAPSED = 1
    GIVEN = 2  # agrees to something else
    ALLOWS = 3
    ALLOWS_IF_ASKED = 4
    NAMES_RESERVATIONS = 5  # allows, and may win over a reservation
    LICENSES = 6
    EXHAUSTED = 7
    LICENSES_OTHERS = 8
    ENDED = 9
    NOT_IN_FORCE = 10
    NAMES_ROLE = 11  # holds for licensees in a role, and the roles were not looked up


class Grounds(NamedTuple):
    """A reason whose ids are places in a list."""

    code: Code
    side: Side | None
    asset: int
    rests_on: tuple[int, ...]


@dataclass(frozen=True)
class Outline:
    """An answer without its ids."""

    answer: Answer
    missing: tuple[Side, ...]
    grounds: tuple[Grounds, ...]
    days: tuple[int, ...]  # places of the days on which a yes may end
    written: str  # the reasons as JSON, with %s for each id
    pick: Callable[[Sequence[str]], tuple[str, ...]]  # the ids in the order of ``written``


class Answered(NamedTuple):
    """The answer about one asset; ``ids`` are as text, because text is what most answers are made for."""

    asset_id: UUID
    outline: Outline
    ids: Sequence[str]
    valid_until: str  # ISO 8601; empty for none

    @property
    def answer(self) -> Answer:
        """The answer alone."""
        return self.outline.answer

    @property
    def reasons(self) -> str:
        """The reasons as JSON, with sorted keys and without spaces."""
        return self.outline.written % self.outline.pick(self.ids)

    @property
    def ruling(self) -> Ruling:
        """The answer in the words of the policy."""
        ids = [UUID(id_) if id_ else None for id_ in self.ids]
        reasons = tuple(
            Reason(one.code, one.side, _there(ids[one.asset]), tuple(_there(ids[place]) for place in one.rests_on))
            for one in self.outline.grounds
        )
        until = date.fromisoformat(self.valid_until) if self.valid_until else None
        return Ruling(self.asset_id, self.outline.answer, reasons, until)

    @classmethod
    def of(cls, ruling: Ruling) -> Answered:
        """Return a ruling of the policy as an answer."""
        places: dict[str, int] = {}
        grounds = tuple(
            Grounds(
                reason.code,
                reason.side,
                places.setdefault(str(reason.asset_id), len(places)),
                tuple(places.setdefault(str(id_), len(places)) for id_ in reason.rests_on),
            )
            for reason in ruling.reasons
        )
        until = ruling.valid_until.isoformat() if ruling.valid_until else ""
        return cls(ruling.asset_id, _outline(grounds, ()), list(places), until)


def _there(id_: UUID | None) -> UUID:
    if id_ is None:
        raise AssertionError("a reason of an answer has no id")
    return id_


FIELDS = 9  # of a line: side, asset, right, share, what said it, what it says with units and territories, holder, days
_NOTHING = ""


def read(asset_id: UUID, text: str, needed: tuple[Side, ...]) -> Answered | None:
    """
    Return the answer that the lines about an asset come to; None where the policy must be asked.

    A line is fields with bars between them: the side; the asset on it; the right, by its number; of a share its id; the
    id of what says something of it, or a license of the asset; what that says, how much the share is in ``UNITS`` and
    which part of the question's territories it covers, empty for all of them; the holder; the last days of both.
    """
    lines = text.split("\n")
    lines.sort()
    fields = "|".join(lines).split("|")
    # Ids by the order in which they come: the same numbers mean that the same of them are equal.
    numbers = {_NOTHING: 0}
    same = tuple(
        [
            numbers.setdefault(id_, len(numbers))
            for id_ in fields[1::FIELDS] + fields[3::FIELDS] + fields[4::FIELDS] + fields[6::FIELDS]
        ]
    )
    outline = _of_lines(needed, tuple(fields[0::FIELDS] + fields[2::FIELDS] + fields[5::FIELDS]), same)
    if outline is None:
        return None
    until = _NOTHING
    if outline.days:
        days = fields[7::FIELDS] + fields[8::FIELDS]
        until = min((day for place in outline.days if (day := days[place])), default=_NOTHING)
    return Answered(asset_id, outline, tuple(numbers), until)


class _Line(NamedTuple):
    number: int
    side: str
    asset: int
    right: str
    share: int
    said: int
    says: str
    units: str
    cut: str
    holder: int


_PART = itemgetter(1, 2, 3)
_SHARE = itemgetter(4)


@lru_cache(maxsize=4096)
def _of_lines(needed: tuple[Side, ...], heads: tuple[str, ...], same: tuple[int, ...]) -> Outline | None:
    count = len(heads) // 3
    lines = []
    for n in range(count):
        says, units, cut = heads[2 * count + n].split(" ", 2)
        lines.append(
            _Line(
                number=n,
                side=heads[n],
                asset=same[n],
                right=heads[count + n],
                share=same[count + n],
                said=same[2 * count + n],
                says=says,
                units=units,
                cut=cut,
                holder=same[3 * count + n],
            )
        )
    there = {SIDES[line.side] for line in lines}
    asked = lines[0].asset  # the asset itself is on the first of its sides
    grounds = [Grounds(Code.SIDE_UNKNOWN, side, asked, ()) for side in needed if side not in there]
    days: list[int] = []
    for (side, asset, right), part in itertools.groupby(lines, _PART):
        if right:  # empty: the question needs no right on this side
            found = _of_part(SIDES[side], asset, list(part), count)
            if found is None:
                return None
            grounds += found[0]
            days += found[1]
    return _outline(tuple(grounds), tuple(days))


def _of_part(side: Side, asset: int, lines: list[_Line], count: int) -> tuple[list[Grounds], list[int]] | None:
    """Return what a right in an asset comes to, and the places of the days on which it may be otherwise."""
    held: list[tuple[Grounds, tuple[int, ...]]] = []
    shares: list[int] = []
    holders: set[int] = set()
    total = 0
    cuts: set[str] = set()
    license_: tuple[Grounds, tuple[int, ...]] = (Grounds(Code.NOT_LICENSED, side, asset, ()), ())
    for share, group in itertools.groupby(lines, _SHARE):
        of_share = list(group)
        if not share:
            license_ = _licensed(side, asset, of_share, count)
            continue
        first = of_share[0]
        cuts.add(first.cut)
        consented = _consented(side, asset, of_share, count)
        if not first.units or len(cuts) > 1 or consented is None:
            return None  # no sum that is the same in every country, or reservations to be held against their names
        total += int(first.units)
        shares.append(share)
        if first.holder not in holders:
            holders.add(first.holder)
            held.append(consented)
    grounds = []
    if cuts != {""}:  # nobody at all, or nobody in the countries that the shares leave out
        grounds.append(Grounds(Code.NOBODY_REGISTERED, side, asset, tuple(shares)))
    if total and total != UNITS:
        code = Code.UNDER_CLAIMED if total < UNITS else Code.OVER_CLAIMED
        grounds.append(Grounds(code, side, asset, tuple(shares)))
    return [*grounds, *(one for one, _ in (*held, license_))], [day for _, ends in (*held, license_) for day in ends]


def _consented(side: Side, asset: int, lines: list[_Line], count: int) -> tuple[Grounds, tuple[int, ...]] | None:
    said: dict[Says, list[_Line]] = {}
    for line in lines:
        if line.said:
            said.setdefault(Says(int(line.says)), []).append(line)
    share = lines[0]

    def because(code: Code, found: Iterable[_Line]) -> tuple[Grounds, tuple[int, ...]]:
        # Lines of a share come in the order of what says something of it.
        return Grounds(code, side, asset, (share.share, *dict.fromkeys(line.said for line in found))), ()

    if Says.NAMES_RESERVATIONS in said or Says.NAMES_ROLE in said:
        return None
    if Says.DENIES in said:
        return because(Code.RESERVED, said[Says.DENIES])
    if Says.ALLOWS in said:
        chosen = said[Says.ALLOWS][0]
        return because(Code.CONSENTED, [chosen])[0], (share.number, count + chosen.number)
    if Says.ALLOWS_IF_ASKED in said:
        return because(Code.APPROVAL_NEEDED, said[Says.ALLOWS_IF_ASKED][:1])
    if Says.LAPSED in said:
        return because(Code.WITHDRAWN, said[Says.LAPSED])
    if Says.GIVEN in said:
        return because(Code.NOT_COVERED_BY_CONSENT, said[Says.GIVEN])
    return because(Code.NOT_CONSENTED, ())


def _licensed(side: Side, asset: int, lines: list[_Line], count: int) -> tuple[Grounds, tuple[int, ...]]:
    said: dict[Says, list[int]] = {}
    for line in lines:
        if line.said:
            if int(line.says) == Says.LICENSES:
                return Grounds(Code.LICENSED, side, asset, (line.said,)), (count + line.number,)
            said.setdefault(Says(int(line.says)), []).append(line.said)
    about = [line.said for line in lines if line.said]
    for code, found in (
        (Code.LICENSE_EXHAUSTED, said.get(Says.EXHAUSTED)),
        (Code.NOT_COVERED_BY_LICENSE, said.get(Says.LICENSES_OTHERS)),
        (Code.LICENSE_LAPSED, about if Says.ENDED in said else None),
        (Code.LICENSE_NOT_IN_FORCE, about),
    ):
        if found:
            return Grounds(code, side, asset, tuple(dict.fromkeys(found))), ()
    return Grounds(Code.NOT_LICENSED, side, asset, ()), ()


@lru_cache(maxsize=4096)
def _outline(grounds: tuple[Grounds, ...], days: tuple[int, ...]) -> Outline:
    answers = [ANSWERS[one.code] for one in grounds]
    answer = combine(answers)
    against = {one.side for one, alone in zip(grounds, answers, strict=True) if alone is not Answer.ALLOW}
    places = [place for one in grounds for place in (one.asset, *one.rests_on)]
    return Outline(
        answer=answer,
        missing=tuple(side for side in Side if side in against),
        grounds=grounds,
        days=days if answer is Answer.ALLOW else (),
        written="[" + ",".join(map(_written, grounds)) + "]",
        pick=_picker(places),
    )


def _written(one: Grounds) -> str:
    """
    Return a reason as JSON in which %s stands for its ids.

    Ids and codes are ASCII and need no escaping, and have no percent sign.
    """
    rests_on = ",".join(['"%s"'] * len(one.rests_on))
    side = json.dumps(one.side.value if one.side else None)
    return f'{{"asset":"%s","code":"{one.code.value}","rests_on":[{rests_on}],"side":{side}}}'


def _picker(places: list[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda ids: tuple(ids[place] for place in places)
