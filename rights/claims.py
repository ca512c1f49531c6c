"""Shares added up: what is claimed of a right, where and when; what is missing, too much, or payable. Pure.

A country has the claims that hold in it, and countries with the same claims are one *zone*. What is claimed beyond the
whole is nobody's until the claimants agree; what no other claim touches is its claimant's in any case (SHR-3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

from rights.territories import WORLD, countries, covered, stretches

WHOLE = Fraction(1)
TOLERANCE = Fraction(6, 10_000)  # CWR's 00006: what two decimals of each claimant may miss the whole by
LONGEST_PART = 40  # characters of a part as written

_EXACT = re.compile(r"([0-9]{1,18})/([0-9]{1,18})")
_DECIMAL = re.compile(r"([0-9]{1,18})(?:[.,]([0-9]{1,18}))?")


class NotReadAsPart(Exception):
    """A part is an exact fraction such as 1/3, or a percentage such as 33.33 %."""


class Sum(StrEnum):
    """What the claims of a zone come to."""

    OVER_CLAIM = "over_claim"
    UNDER_CLAIM = "under_claim"
    COMPLETE = "complete"


class Hold(StrEnum):
    """What is kept back while more than the whole is claimed."""

    EXCESS = "excess"  # all but each claimant's undisputed minimum
    EVERYTHING = "everything"


class ClaimStatus(StrEnum):
    """What DDEX calls the state of a claim (SHR-4). We derive four of them; the others come in messages of others."""

    ACCEPTED = "Accepted"
    CONFLICT = "Conflict"
    DATA_INCONSISTENT = "DataInconsistent"
    NO_CONFLICT = "NoConflict"
    PENDING_REVIEW = "PendingReview"
    REJECTED = "Rejected"
    REVOKED = "Revoked"


class ClaimSize(StrEnum):
    """What DDEX calls the sum of claims. Minor is an excess that rounding explains: no more than CWR's tolerance."""

    COMPLETE = "CompleteClaim"
    UNDER = "UnderClaim"
    MINOR_OVER = "MinorOverClaim"
    MAJOR_OVER = "MajorOverClaim"
    OVER = "OverClaim"


class RevocationReason(StrEnum):
    """Why DDEX says a claim was revoked."""

    AI_GENERATED_WORK = "AiGeneratedWork"
    EXISTING_WORK = "ExistingWork"
    NON_EXISTING_WORK = "NonExistingWork"
    NON_MUSICAL_WORK = "NonMusicalWork"
    WORK_IN_PUBLIC_DOMAIN = "WorkInPublicDomain"


@dataclass(frozen=True)
class Holding:
    """A share as it stands: one that was retracted is no holding, one that ended is a shorter one."""

    share_id: UUID
    party_id: UUID
    part: Fraction
    territories: tuple[str, ...]
    active_from: date
    active_to: date | None


@dataclass(frozen=True)
class Claimant:
    """What one party claims in a zone, and what of it is payable now."""

    party_id: UUID
    claimed: Fraction
    payable: Fraction


@dataclass(frozen=True)
class Zone:
    """Countries in which the same shares hold."""

    countries: frozenset[str]
    holdings: tuple[Holding, ...]

    @property
    def total(self) -> Fraction:
        """How much is claimed."""
        return sum((holding.part for holding in self.holdings), Fraction(0))

    @property
    def sum(self) -> Sum:
        """Whether that is all, less or more."""
        if self.total == WHOLE:
            return Sum.COMPLETE
        return Sum.OVER_CLAIM if self.total > WHOLE else Sum.UNDER_CLAIM

    @property
    def size(self) -> ClaimSize:
        """The same in DDEX's words."""
        return size_of(self.total)

    @property
    def remainder(self) -> Fraction:
        """What nobody claims: it goes to suspense."""
        return max(Fraction(0), WHOLE - self.total)

    @property
    def excess(self) -> Fraction:
        """What is claimed beyond the whole."""
        return max(Fraction(0), self.total - WHOLE)

    def claimants(self, hold: Hold = Hold.EXCESS) -> tuple[Claimant, ...]:
        """Return what each party claims and is paid, in the order of their ids."""
        claimed: dict[UUID, Fraction] = {}
        for holding in self.holdings:
            claimed[holding.party_id] = claimed.get(holding.party_id, Fraction(0)) + holding.part
        payable = minimums(claimed)
        if hold is Hold.EVERYTHING and self.sum is Sum.OVER_CLAIM:
            payable = dict.fromkeys(claimed, Fraction(0))
        return tuple(Claimant(party, claimed[party], payable[party]) for party in sorted(claimed, key=str))

    def held(self, hold: Hold = Hold.EXCESS) -> Fraction:
        """Return what is kept back until the claimants agree: the whole less what is payable and what is unclaimed."""
        return WHOLE - self.remainder - sum((one.payable for one in self.claimants(hold)), Fraction(0))

    def status_of(self, holding: Holding) -> ClaimStatus:
        """Return what DDEX says of one claim here: too much by one party alone contradicts only itself."""
        if self.sum is not Sum.OVER_CLAIM:
            return ClaimStatus.NO_CONFLICT
        alone = all(other.party_id == holding.party_id for other in self.holdings)
        return ClaimStatus.DATA_INCONSISTENT if alone else ClaimStatus.CONFLICT


@dataclass(frozen=True)
class OverClaim:
    """Shares that together are more than the whole: where, and in which period [from, to)."""

    territories: tuple[str, ...]
    active_from: date
    active_to: date | None
    holdings: tuple[Holding, ...]


@dataclass(frozen=True)
class Normalized:
    """Written percentages as exact parts, and by how much their sum missed the whole: null if nothing was changed."""

    parts: tuple[Fraction, ...]
    missed_by: Fraction | None


def size_of(total: Fraction) -> ClaimSize:
    """Return what DDEX calls a sum of claims."""
    if total == WHOLE:
        return ClaimSize.COMPLETE
    if total < WHOLE:
        return ClaimSize.UNDER
    return ClaimSize.MINOR_OVER if total - WHOLE <= TOLERANCE else ClaimSize.MAJOR_OVER


def minimums(claimed: Mapping[UUID, Fraction]) -> dict[UUID, Fraction]:
    """Return each party's undisputed minimum: the whole less what all others claim, and no more than its own claim."""
    total = sum(claimed.values(), Fraction(0))
    return {party: min(own, max(Fraction(0), WHOLE - (total - own))) for party, own in claimed.items()}


def position(holdings: Iterable[Holding], on: date) -> tuple[Zone, ...]:
    """Return every country that there is on a day, in zones: what is claimed too often first, then what is missing."""
    meant = [
        (holding, covered(holding.territories, on))
        for holding in holdings
        if holding.active_from <= on and (holding.active_to is None or on < holding.active_to)
    ]
    order = list(Sum)
    zones = [Zone(where, which) for where, which in _zones(meant, countries(on))]
    return tuple(sorted(zones, key=lambda zone: (order.index(zone.sum), sorted(zone.countries))))


def over_claims(holdings: Iterable[Holding], *, about: UUID | None = None) -> tuple[OverClaim, ...]:
    """
    Return where and when more than the whole is claimed, once per set of shares and unbroken period.

    ``about`` keeps those that a share has part in.
    """
    spans = [
        (holding, stretch.active_from, stretch.active_to or date.max, stretch.countries)
        for holding in holdings
        for stretch in stretches(holding.territories, holding.active_from, holding.active_to)
    ]
    days = sorted({day for _, begins, ends, _ in spans for day in (begins, ends)})
    runs: dict[tuple[Holding, ...], list[_Run]] = {}
    for begins, ends in pairwise(days):
        meant = [(holding, where) for holding, since, until, where in spans if since <= begins and until >= ends]
        active = tuple(holding for holding, _ in meant)
        for where, which in _zones(meant, frozenset()):
            if sum((holding.part for holding in which), Fraction(0)) <= WHOLE:
                continue
            if about is not None and all(holding.share_id != about for holding in which):
                continue
            found = runs.setdefault(which, [])
            if found and found[-1].goes_on(begins, where, active):
                found[-1] = _Run(found[-1].begins, ends, (*found[-1].where, (begins, where)), active)
            else:
                found.append(_Run(begins, ends, ((begins, where),), active))
    return tuple(
        OverClaim(_codes(run.where), run.begins, None if run.ends == date.max else run.ends, which)
        for which, several in runs.items()
        for run in several
    )


def contains(outer: OverClaim, inner: OverClaim) -> bool:
    """Whether one over-claim is about everything that another is about: its shares, its countries, its days."""
    shares = {holding.share_id for holding in outer.holdings}
    return (
        shares >= {holding.share_id for holding in inner.holdings}
        and outer.active_from <= inner.active_from
        and (outer.active_to or date.max) >= (inner.active_to or date.max)
        and _everywhere(outer) >= _everywhere(inner)
    )


def meets(one: OverClaim, other: OverClaim) -> bool:
    """Whether two over-claims have a country and a day in common."""
    begins = max(one.active_from, other.active_from)
    ends = _earlier(one.active_to, other.active_to)
    return begins < (ends or date.max) and bool(_everywhere(one) & _everywhere(other))


def read_part(text: str) -> tuple[Fraction, str]:
    """
    Return a part as somebody wrote it, exactly, and the decimal that it came from, empty for an exact fraction.

    ``1/3`` and ``1`` are exact; ``33.33 %``, ``33,33`` and ``50`` are percentages. A decimal up to 1 without a percent
    sign may mean either and is refused.

    :raises NotReadAsPart: it is neither
    """
    bare = "".join(text.split())
    if len(bare) <= LONGEST_PART and (exact := _EXACT.fullmatch(bare)) and int(exact[2]):
        return Fraction(int(exact[1]), int(exact[2])), ""
    if bare == "1":
        return WHOLE, ""
    is_percent = bare.endswith("%")
    found = _DECIMAL.fullmatch(bare.removesuffix("%")) if len(bare) <= LONGEST_PART else None
    if found is None:
        raise NotReadAsPart(f"{text[:LONGEST_PART]!r} is no part: write 1/3 or 33.33 %")
    written = found[1] if found[2] is None else f"{found[1]}.{found[2]}"
    if not is_percent and Fraction(written) <= 1:
        raise NotReadAsPart(f"{text[:LONGEST_PART]!r} may be a part or a percentage: write 1/2 or 0.5 %")
    return Fraction(written) / 100, written


def normalize(percentages: Sequence[Fraction], *, whole: Fraction = WHOLE) -> Normalized:
    """
    Return written percentages as exact parts of the right.

    Where their sum misses the whole by no more than CWR's tolerance it is rounding, and each is scaled so that they
    add up: 33.33, 33.33 and 33.33 are thirds. ``whole`` is 1/2 for a side that may hold no more than half.
    """
    parts = tuple(Fraction(one) / 100 for one in percentages)
    total = sum(parts, Fraction(0))
    missed_by = total - whole
    if not parts or missed_by == 0 or abs(missed_by) > TOLERANCE:
        return Normalized(parts, None)
    return Normalized(tuple(part * whole / total for part in parts), missed_by)


@dataclass(frozen=True)
class _Run:
    begins: date
    ends: date
    where: tuple[tuple[date, frozenset[str]], ...]  # by the day from which it is so
    active: tuple[Holding, ...]  # all that hold meanwhile, wherever

    def goes_on(self, begins: date, where: frozenset[str], active: tuple[Holding, ...]) -> bool:
        # Where the same shares hold as before, what changed is the map of the world and not the claims.
        return self.ends == begins and (self.where[-1][1] == where or self.active == active)


def _zones(
    meant: Sequence[tuple[Holding, frozenset[str]]], everywhere: frozenset[str]
) -> list[tuple[frozenset[str], tuple[Holding, ...]]]:
    """Split countries until the same shares hold in all of a zone; outside ``everywhere`` only where some hold."""
    zones: list[tuple[frozenset[str], tuple[Holding, ...]]] = [(everywhere.union(*(where for _, where in meant)), ())]
    for holding, where in meant:
        split = []
        for known, which in zones:
            split += [(known & where, (*which, holding)), (known - where, which)]
        zones = [(known, which) for known, which in split if known]
    return [(known, which) for known, which in zones if which or everywhere]


def _codes(where: tuple[tuple[date, frozenset[str]], ...]) -> tuple[str, ...]:
    """Return codes for what is meant from each of some days on: the world less a few, or country by country."""
    everywhere = frozenset().union(*(known for _, known in where))
    others = frozenset().union(*(countries(day) - known for day, known in where)) - everywhere
    short = (WORLD, *(f"-{code}" for code in sorted(others)))
    if len(short) <= len(everywhere) and all(covered(short, day) == known for day, known in where):
        return short
    return tuple(sorted(everywhere))


def _everywhere(one: OverClaim) -> frozenset[str]:
    return frozenset().union(*(s.countries for s in stretches(one.territories, one.active_from, one.active_to)))


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)
