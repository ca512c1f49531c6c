"""Dividing an output among those who are owed for it, as exact fractions. Pure.

One pool per zone (territories with the same ownership). Each license that the output rests on carries an equal part
of the pool; within it the plan says: commission, then human creators, then masters and publishing, within a side by the
models of the plan (``royalties.weighing``), within an asset by ownership (ROY-2). What was bought out stays with the
operator: its owners were paid once.

An output is cleared where every asset is owned whole. What is divided again later may meet an over-claim: then each
claimant has their undisputed minimum, and the rest is held on a leaf of the asset that is nobody's (SHR-3). So is what
nobody claims any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from hashlib import sha256
from uuid import UUID

import rfc8785

from rights.case import Asset, Claim, LicenseTerm, ShareTerm, Side, Terms
from rights.claims import WHOLE, Hold, minimums
from rights.vocabulary import AiLevel, RightType
from royalties.vocabulary import Basis
from royalties.weighing import EQUALLY, NOTHING_KNOWN, Blend, Known, Weighed, weigh

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
    id: UUID | None = None  # of the version of the plan; None: it is in no database
    number: int = 1
    blends: Mapping[Side, Blend] = field(default_factory=dict)  # a side without one is weighed equally
    quantities: Mapping[tuple[Basis, UUID], int] = field(default_factory=dict)  # as agreed in it
    # Sides and parties that one fee was paid to instead of shares; None: both, or everybody.
    bought: frozenset[tuple[Side | None, UUID | None]] = frozenset()

    def is_bought(self, side: Side, party_id: UUID | None) -> bool:
        """Whether somebody's part of a side is paid by a fee once: then the operator keeps it."""
        sides, parties = (side, None), (party_id, None)
        return any((one, party) in self.bought for one in sides for party in parties)


@dataclass(frozen=True)
class Source:
    """Where some of a leaf's part comes from, and by which model it was weighed."""

    plan_id: UUID | None
    share_id: UUID | None
    influence_id: UUID | None
    model: str  # empty: no side is weighed
    is_fallback: bool
    part: Fraction


@dataclass(frozen=True)
class Part:
    """One leaf of the pool; nobody's is what is held until those who claim it agree."""

    leaf: str
    party_id: UUID | None
    recording_id: UUID | None
    work_id: UUID | None
    part: Fraction
    sources: tuple[Source, ...] = field(default=(), compare=False)  # why; they add up to the part


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


def splits_of(
    claim: Claim,
    terms: Terms,
    plans: Mapping[UUID, PlanTerms],
    *,
    known: Known = NOTHING_KNOWN,
    licenses: Sequence[LicenseTerm] | None = None,
    holds: Mapping[Side, Hold] | None = None,
) -> Splits:
    """
    Divide an output that was cleared.

    :param known: what plans may weigh by
    :param licenses: those that it was cleared under; without them, those that cover it on the day
    :param holds: what is held where ownership is not whole; without it that is refused
    :raises NothingToApportion: no license with a plan covers it
    :raises DoesNotAddUp: ownership of an asset is not whole somewhere, which an output that is cleared cannot have
    :raises TooFine: a fraction is beyond what can be stored
    """
    assets = _assets(claim, terms)
    if not assets:
        return Splits((Zone(tuple(sorted(claim.territories)), _own_parts(claim)),))
    covering = terms.covering(claim, set(assets)) if licenses is None else licenses
    paying = sorted(
        (one for one in covering if one.id in plans and one.asset_ids & set(assets)), key=lambda one: str(one.id)
    )
    if not paying:
        raise NothingToApportion
    sides = [_Paying.of(license_, plans[license_.id], assets, known) for license_ in paying]
    return Splits(
        tuple(
            Zone(countries, _parts(claim, terms, sides, countries[0], holds))
            for countries in _zones(claim, terms, set(assets))
        )
    )


@dataclass(frozen=True)
class _Paying:
    """A license with its plan, and how its assets weigh: the same in every zone."""

    plan: PlanTerms
    weighed: tuple[tuple[Side, Fraction, tuple[Asset, ...], Weighed], ...]  # with the part that a side has of the rest

    @classmethod
    def of(cls, license_: LicenseTerm, plan: PlanTerms, assets: Mapping[UUID, Asset], known: Known) -> _Paying:
        scheduled = [assets[asset_id] for asset_id in sorted(license_.asset_ids & set(assets), key=str)]
        sides = {side: [asset for asset in scheduled if asset.side is side] for side in (Side.MASTER, Side.PUBLISHING)}
        stated = {basis for basis, _ in plan.quantities}  # whose own count is all or nothing: it may be in other units
        counted = {key: amount for key, amount in known.quantities.items() if key[0] not in stated}
        agreed = Known(known.reports, known.heard_ms, {**counted, **plan.quantities})
        return cls(
            plan,
            tuple(
                (
                    side,
                    # A license of one side only gives that side everything: there is nobody on the other to pay.
                    Fraction(1) if not sides[_other(side)] else part,
                    tuple(sides[side]),
                    weigh([asset.id for asset in sides[side]], plan.blends.get(side, EQUALLY), agreed),
                )
                for side, part in ((Side.MASTER, plan.masters), (Side.PUBLISHING, 1 - plan.masters))
                if sides[side]
            ),
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


_Leaf = tuple[str, UUID | None, UUID | None, UUID | None]


def _parts(
    claim: Claim, terms: Terms, licenses: Sequence[_Paying], country: str, holds: Mapping[Side, Hold] | None
) -> tuple[Part, ...]:
    creators = _creators(claim)
    sources: dict[_Leaf, list[Source]] = defaultdict(list)
    for license_ in licenses:
        plan = license_.plan
        pool = Fraction(1, len(licenses))
        agreed = Source(plan.id, None, None, "", is_fallback=False, part=pool * plan.commission)
        sources["COMM", claim.licensee_id, None, None].append(agreed)
        rest = pool * (1 - plan.commission)
        for creator in creators:
            sources[f"HC/{creator}", creator, None, None].append(
                replace(agreed, part=rest * plan.creators / len(creators))
            )
        if creators:
            rest *= 1 - plan.creators
        for side, part_of_side, assets, weighed in license_.weighed:
            for asset in assets:
                part = rest * part_of_side * weighed.weights[asset.id]
                why = Source(plan.id, None, weighed.influence_id, weighed.model, weighed.is_fallback, part)
                columns = (asset.id, None) if side is Side.MASTER else (None, asset.id)
                owned = [one for one in _owned(terms) if one.asset_id == asset.id and country in one.territories]
                for leaf, party_id, share_id, of_asset in payable(asset, owned, holds):
                    kept = ("COMM", claim.licensee_id, None, None)
                    to = kept if plan.is_bought(side, party_id) else (leaf, party_id, *columns)
                    sources[to].append(replace(why, share_id=share_id, part=part * of_asset))
    return tuple(
        Part(*leaf, sum((one.part for one in found), Fraction(0)), tuple(one for one in found if one.part))
        for leaf, found in sorted(sources.items(), key=lambda item: item[0][0].encode())
        if any(one.part for one in found)
    )


def payable(
    asset: Asset, owned: Sequence[ShareTerm], holds: Mapping[Side, Hold] | None
) -> Iterator[tuple[str, UUID | None, UUID | None, Fraction]]:
    """
    Yield leaf, party, share and part of the asset: what each share is paid, and what is held.

    :param holds: what is held where ownership is not whole; without it nothing is, and the parts may not add up
    """
    claimed: dict[UUID, Fraction] = defaultdict(Fraction)
    for share in owned:
        claimed[share.party_id] += share.part
    total = sum(claimed.values(), Fraction(0))
    payable = dict(claimed)
    if total > WHOLE and holds is not None:
        hold = holds.get(asset.side, Hold.EXCESS)
        payable = dict.fromkeys(claimed, Fraction(0)) if hold is Hold.EVERYTHING else minimums(claimed)
    for share in owned:
        paid = payable[share.party_id] * share.part / claimed[share.party_id]
        yield f"{asset.id}/{share.party_id}", share.party_id, share.id, paid
    if holds is not None:
        yield f"{asset.id}/HOLD", None, None, WHOLE - sum(payable.values(), Fraction(0))


def _owned(terms: Terms) -> Iterator[ShareTerm]:
    """What an output earns is divided by who holds the right in AI outputs; other rights earn elsewhere."""
    return (share for share in terms.shares if share.right_type == RightType.AI_OUTPUT)


def _other(side: Side) -> Side:
    return Side.PUBLISHING if side is Side.MASTER else Side.MASTER
