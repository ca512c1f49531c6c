"""
Most favored nation: whoever of a class gets better terms, the favored licensor gets them too (LIC-5). Pure.

A clause names what is compared (a measure), with whom (a reference class), and how far it looks back. The register
shows where a newer license is better and what amendment would follow; it changes nothing and moves no money.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from uuid import UUID


class Measure(StrEnum):
    """What is compared, from the licensor's side."""

    MASTERS_SHARE = "masters_share"  # of net receipts: more is better
    PUBLISHING_SHARE = "publishing_share"  # of net receipts: more is better
    COMMISSION = "commission"  # that the licensee keeps: less is better
    MAX_OUTPUTS = "max_outputs"  # fewer is better
    TERM = "term"  # in days: shorter is better


SAME_LICENSEE = "same_licensee"  # licenses that others give to the same licensee
SAME_LICENSEE_SAME_USES = "same_licensee_same_uses"
LICENSOR = "licensor:"  # and the id of a party, whose licenses are compared
CLASSES = (SAME_LICENSEE, SAME_LICENSEE_SAME_USES)

MORE_IS_BETTER = {Measure.MASTERS_SHARE, Measure.PUBLISHING_SHARE}


class NoSuchMeasure(Exception):
    """An MFN clause compares one of: masters_share, publishing_share, commission, max_outputs, term."""


class NoSuchReferenceClass(Exception):
    """A reference class is same_licensee, same_licensee_same_uses, or licensor: and the id of a party."""


@dataclass(frozen=True)
class Favor:
    """What a clause says: what is compared, with whom, and since when."""

    reference_class: str
    measure: Measure
    looks_back_to: date


@dataclass(frozen=True)
class Plan:
    """How receipts are divided; each part is of what the one before leaves."""

    commission: Fraction
    creators: Fraction
    masters: Fraction

    @property
    def creators_share(self) -> Fraction:
        """What the human creators have of net receipts."""
        return (1 - self.commission) * self.creators

    @property
    def masters_share(self) -> Fraction:
        """What the masters have of net receipts."""
        return (1 - self.commission) * (1 - self.creators) * self.masters

    @property
    def publishing_share(self) -> Fraction:
        """What publishing has of net receipts."""
        return (1 - self.commission) * (1 - self.creators) * (1 - self.masters)


@dataclass(frozen=True)
class Deal:
    """What of a license is compared; ``active_to`` is its real end, where an act ended it early."""

    license_id: UUID
    licensor_id: UUID
    licensee_id: UUID
    uses: frozenset[str]
    active_from: date
    active_to: date | None
    max_outputs: int | None  # None: any number
    plan: Plan | None
    recorded_at: datetime

    @property
    def term(self) -> int | None:
        """How many days it holds; None where no end is agreed."""
        return (self.active_to - self.active_from).days if self.active_to else None

    def overlaps(self, other: Deal) -> bool:
        """Whether there is a day on which both hold; one that ended before it began never does."""
        ends = [end for end in (self.active_to, other.active_to) if end is not None]
        return max(self.active_from, other.active_from) < min(ends, default=date.max)


@dataclass(frozen=True)
class Clause:
    """That a license's licensor is favored."""

    id: UUID
    license_id: UUID
    reference_class: str
    measure: Measure
    looks_back_to: date


@dataclass(frozen=True)
class Amendment:
    """What would make the favored license as good; what stays as it is, is empty."""

    plan: Plan | None = None
    max_outputs: int | None = None
    active_to: date | None = None


@dataclass(frozen=True)
class Trigger:
    """That a newer license is better than a favored one, in one measure."""

    clause: Clause
    favored: Deal
    better: Deal
    ours: Fraction | int | None  # None: unlimited, or without an agreed end
    theirs: Fraction | int
    proposal: Amendment | None  # None: nothing that the licensee keeps could pay for it, so people must agree
    reaches_back_to: date


def check_class(reference_class: str) -> str:
    """
    Return a reference class as it is stored.

    :raises NoSuchReferenceClass: it is none
    """
    if reference_class in CLASSES:
        return reference_class
    if found := re.fullmatch(rf"{LICENSOR}([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})", reference_class):
        return f"{LICENSOR}{UUID(found[1])}"
    raise NoSuchReferenceClass(f"{reference_class[:80]!r} is not a reference class: {NoSuchReferenceClass.__doc__}")


def check_measure(measure: str) -> Measure:
    """
    Return the measure of a code.

    :raises NoSuchMeasure: it is none
    """
    try:
        return Measure(measure)
    except ValueError as error:
        raise NoSuchMeasure(f"{measure[:24]!r} is not a measure: {NoSuchMeasure.__doc__}") from error


def triggers(clauses: Iterable[Clause], deals: Sequence[Deal]) -> tuple[Trigger, ...]:
    """Return where a newer license is better than a favored one, in the order of the clauses and of the signings."""
    by_license = {deal.license_id: deal for deal in deals}
    return tuple(
        trigger
        for clause in clauses
        if (favored := by_license.get(clause.license_id)) is not None
        for trigger in _of(clause, favored, deals)
    )


def _of(clause: Clause, favored: Deal, deals: Sequence[Deal]) -> Iterator[Trigger]:
    for other in sorted(deals, key=lambda deal: (deal.recorded_at, str(deal.license_id))):
        is_newer = (other.recorded_at, str(other.license_id)) > (favored.recorded_at, str(favored.license_id))
        if not is_newer or not favored.overlaps(other) or not _is_of_class(clause.reference_class, favored, other):
            continue
        if other.active_to is not None and other.active_to <= clause.looks_back_to:
            continue
        ours, theirs = _value(favored, clause.measure), _value(other, clause.measure)
        if theirs is None or not _is_better(clause.measure, theirs, ours):
            continue
        yield Trigger(
            clause=clause,
            favored=favored,
            better=other,
            ours=ours,
            theirs=theirs,
            proposal=_proposal(favored, clause.measure, theirs),
            reaches_back_to=max(clause.looks_back_to, favored.active_from, other.active_from),
        )


def _is_of_class(reference_class: str, favored: Deal, other: Deal) -> bool:
    if reference_class.startswith(LICENSOR):
        return str(other.licensor_id) == reference_class.removeprefix(LICENSOR)
    if favored.licensee_id != other.licensee_id or favored.licensor_id == other.licensor_id:
        return False  # what the licensor itself got is not what others got
    return reference_class == SAME_LICENSEE or bool(favored.uses & other.uses)


def _value(deal: Deal, measure: Measure) -> Fraction | int | None:
    match measure:
        case Measure.MAX_OUTPUTS:
            return deal.max_outputs
        case Measure.TERM:
            return deal.term
        case Measure.MASTERS_SHARE:
            return deal.plan.masters_share if deal.plan else None
        case Measure.PUBLISHING_SHARE:
            return deal.plan.publishing_share if deal.plan else None
        case Measure.COMMISSION:
            return deal.plan.commission if deal.plan else None


def _is_better(measure: Measure, theirs: Fraction | int, ours: Fraction | int | None) -> bool:
    if ours is None:  # unlimited, which any limit beats; a license without a plan has nothing to compare
        return measure in {Measure.MAX_OUTPUTS, Measure.TERM}
    return theirs > ours if measure in MORE_IS_BETTER else theirs < ours


def _proposal(favored: Deal, measure: Measure, theirs: Fraction | int) -> Amendment | None:
    if measure is Measure.MAX_OUTPUTS:
        return Amendment(max_outputs=int(theirs))
    if measure is Measure.TERM:
        return Amendment(active_to=favored.active_from + timedelta(days=int(theirs)))
    if favored.plan is None:  # such a measure found a value, so there is one
        return None
    if measure is Measure.COMMISSION:
        return Amendment(plan=Plan(Fraction(theirs), favored.plan.creators, favored.plan.masters))
    return _lifted(favored.plan, measure, Fraction(theirs))


def _lifted(plan: Plan, measure: Measure, to: Fraction) -> Amendment | None:
    """Return the plan in which one side has more of net receipts and the commission pays for it."""
    masters = to if measure is Measure.MASTERS_SHARE else plan.masters_share
    publishing = to if measure is Measure.PUBLISHING_SHARE else plan.publishing_share
    commission = 1 - plan.creators_share - masters - publishing
    if commission < 0:
        return None
    # What is left is never 0: ``to`` is more than the side had.
    left = 1 - commission
    return Amendment(plan=Plan(commission, plan.creators_share / left, masters / (masters + publishing)))
