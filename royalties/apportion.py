"""Dividing an output among those who are owed for it, as exact fractions. Pure.

One pool per zone (territories with the same ownership). Each license that the output rests on carries an equal part
of the pool; within it the plan says: commission, then human creators, then masters and publishing, within a side
equally over its assets, within an asset by ownership (ROY-2, models ``PARITY`` and ``TRAIN_EQUAL`` of §5.1). Influence
weights of an attribution provider, where a plan asks for them, take the place of the equal parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from uuid import UUID

import rfc8785

from rights.case import Asset, Claim, LicenseTerm, ShareTerm, Side, Terms
from rights.vocabulary import AiLevel, RightType

LARGEST = 2**63 - 1  # what a bigint column holds


class NothingToApportion(Exception):
    """The output rests on no license with a plan, so nobody said how to divide."""


class DoesNotAddUp(Exception):
    """The parts of a zone do not add up to one; the run refuses rather than normalizes (§6.8)."""


class TooFine(Exception):
    """A part cannot be stored: its denominator has more than eighteen digits."""


@dataclass(frozen=True)
class PlanTerms:
    """The plan of one license; each part is of what the one before leaves."""

    license_id: UUID
    commission: Fraction
    creators: Fraction
    masters: Fraction


@dataclass(frozen=True)
class Part:
    """One leaf of the pool."""

    leaf: str
    party_id: UUID
    recording_id: UUID | None
    work_id: UUID | None
    part: Fraction


@dataclass(frozen=True)
class Zone:
    """Territories where ownership of all material is the same, and how a receipt from there is divided."""

    territories: tuple[str, ...]
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        """Check that the parts are the whole."""
        total = sum((part.part for part in self.parts), Fraction(0))
        if total != 1:
            raise DoesNotAddUp(f"the parts of {self.territories[0]} add up to {total}")
        for part in self.parts:
            if part.part.denominator > LARGEST:
                raise TooFine(f"the part of {part.leaf} is {part.part}")


@dataclass(frozen=True)
class Splits:
    """How every receipt for one output is divided."""

    zones: tuple[Zone, ...]

    @property
    def canonical(self) -> bytes:
        """RFC 8785 bytes: what the digest in the signed file covers."""
        return rfc8785.dumps(
            [
                {
                    "territories": list(zone.territories),
                    "parts": [
                        {"leaf": part.leaf, "part": f"{part.part.numerator}/{part.part.denominator}"}
                        for part in zone.parts
                    ],
                }
                for zone in self.zones
            ]
        )

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical form, in hexadecimal."""
        return sha256(self.canonical).hexdigest()


def splits_of(claim: Claim, terms: Terms, plans: Mapping[UUID, PlanTerms]) -> Splits:
    """
    Divide an output that was cleared.

    :raises NothingToApportion: no license with a plan covers it
    :raises DoesNotAddUp: ownership of an asset is not whole somewhere, which a cleared output cannot have
    :raises TooFine: a fraction is beyond what can be stored
    """
    assets = _assets(claim, terms)
    if not assets:
        return Splits((Zone(tuple(sorted(claim.territories)), _own_parts(claim)),))
    licenses = [license_ for license_ in terms.covering(claim, set(assets)) if license_.id in plans]
    if not licenses:
        raise NothingToApportion
    return Splits(
        tuple(
            Zone(countries, _parts(claim, terms, plans, licenses, assets, countries[0]))
            for countries in _zones(claim, terms, set(assets))
        )
    )


def _creators(claim: Claim) -> list[UUID]:
    """Whoever did more than ask a machine for it, or let it do all of it; each once."""
    return sorted(
        {author for given in claim.contributions if given.ai_level != AiLevel.ALL for author in given.authors},
        key=str,
    )


def _own_parts(claim: Claim) -> tuple[Part, ...]:
    """An output of nobody else's material: all of it is its creators', or its submitter's where nobody is named."""
    creators = _creators(claim)
    if not creators:
        return (Part("COMM", claim.licensee_id, None, None, Fraction(1)),)
    return tuple(Part(f"HC/{creator}", creator, None, None, Fraction(1, len(creators))) for creator in creators)


def _assets(claim: Claim, terms: Terms) -> dict[UUID, Asset]:
    declared = {ingredient.recording_id for ingredient in claim.ingredients}
    return {
        asset.id: asset
        for material in terms.materials
        if material.recording.id in declared
        for asset in material.assets
    }


def _zones(claim: Claim, terms: Terms, assets: set[UUID]) -> list[tuple[str, ...]]:
    owners: dict[frozenset[UUID], list[str]] = defaultdict(list)
    for country in sorted(claim.territories):
        key = frozenset(
            share.id for share in _owned(terms) if share.asset_id in assets and country in share.territories
        )
        owners[key].append(country)
    return sorted((tuple(countries) for countries in owners.values()), key=lambda countries: countries[0])


def _parts(
    claim: Claim,
    terms: Terms,
    plans: Mapping[UUID, PlanTerms],
    licenses: Iterable[LicenseTerm],
    assets: Mapping[UUID, Asset],
    country: str,
) -> tuple[Part, ...]:
    licenses = sorted(licenses, key=lambda license_: str(license_.id))
    creators = _creators(claim)
    sums: dict[tuple[str, UUID, UUID | None, UUID | None], Fraction] = defaultdict(Fraction)
    for license_ in licenses:
        plan = plans[license_.id]
        pool = Fraction(1, len(licenses))
        sums["COMM", claim.licensee_id, None, None] += pool * plan.commission
        rest = pool * (1 - plan.commission)
        for creator in creators:
            sums[f"HC/{creator}", creator, None, None] += rest * plan.creators / len(creators)
        if creators:
            rest *= 1 - plan.creators
        scheduled = [assets[asset_id] for asset_id in sorted(license_.asset_ids & set(assets), key=str)]
        sides = {side: [asset for asset in scheduled if asset.side is side] for side in (Side.MASTER, Side.PUBLISHING)}
        for side, weight in ((Side.MASTER, plan.masters), (Side.PUBLISHING, 1 - plan.masters)):
            present = sides[side]
            # A license of one side only gives that side everything: there is nobody on the other to pay.
            share_of_side = Fraction(1) if not sides[_other(side)] else weight
            for asset in present:
                for owned in _owned(terms):
                    if owned.asset_id == asset.id and country in owned.territories:
                        recording = asset.id if side is Side.MASTER else None
                        work = asset.id if side is Side.PUBLISHING else None
                        key = (f"{asset.id}/{owned.party_id}", owned.party_id, recording, work)
                        sums[key] += rest * share_of_side * owned.part / len(present)
    return tuple(
        Part(leaf, party, recording, work, part)
        for (leaf, party, recording, work), part in sorted(sums.items(), key=lambda item: item[0][0].encode())
        if part
    )


def _owned(terms: Terms) -> Iterator[ShareTerm]:
    """What an output earns is divided by who holds the right in AI outputs; other rights earn elsewhere."""
    return (share for share in terms.shares if share.right_type == RightType.AI_OUTPUT)


def _other(side: Side) -> Side:
    return Side.PUBLISHING if side is Side.MASTER else Side.MASTER
