"""
What attribution providers say went into an output: claims beside each other, with who objects.

A report names its provider, method and version, weighs assets in exact fractions that add up to one on each side, and
says how confident the provider is. Nothing here judges it: similarity is no proof of influence (CHK-1). A plan may name
a provider; then its newest report divides a side, and another one after it makes another version of the splits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ledger import dividing, log
from ledger.constraints import violated
from ledger.models import Entry
from ledger.visibility import EVERYTHING, Sight, seen
from rights import identifiers
from rights.case import Side
from rights.models import Influence, InfluenceObjection, InfluenceWeight, Recording, Work
from rights.registry import LINKS, AssetRef
from rights.vocabulary import AssetKind
from royalties.attributions import Disagreement, Named, Weighing, Written, disagreements

MOST_WEIGHTS = 5_000
OWN = "own_similarity"
LARGEST = 2**63 - 1  # what a column holds
SIDES: dict[AssetKind, Side] = {
    AssetKind.RECORDING: Side.MASTER,
    AssetKind.STEM: Side.MASTER,
    AssetKind.WORK: Side.PUBLISHING,
    AssetKind.LYRICS: Side.PUBLISHING,
    AssetKind.VOICE: Side.VOICE,
}


class NoSuchInfluence(Exception):
    """There is no report with this id."""


class NothingWeighed(Exception):
    """A report weighs at least one asset."""


class TooManyWeights(Exception):
    """A report weighs at most 5,000 assets."""


class NotAWeight(Exception):
    """A weight is a fraction more than 0 and at most 1, of whole numbers of at most 18 digits."""


class WeighedTwice(Exception):
    """An asset is weighed once in a report."""


class SideNotWhole(Exception):
    """The weights of each side that a report speaks of add up to exactly 1."""


class NotAConfidence(Exception):
    """A confidence is a fraction from 0 to 1."""


class NothingNamed(Exception):
    """The report names an asset that is not registered here, or that is not yours to see."""


class NotSaid(Exception):
    """The file does not say the provider's method, version and confidence: say them beside it."""


class ReportedBefore(Exception):
    """This provider's report about this output is here already."""


class ObjectedBefore(Exception):
    """This party objected to this report before."""


@dataclass(frozen=True)
class Weight:
    """Which part of its side an asset is said to have."""

    asset: AssetRef
    part: Fraction


@dataclass(frozen=True)
class Report:
    """What a provider says, as it came."""

    provider_id: UUID
    method: str
    version: str
    confidence: Fraction
    digest: str  # SHA-256 of the provider's own document
    weights: tuple[Weight, ...]


@dataclass(frozen=True)
class Source:
    """Whose weights they are: a provider's report, or our own similarity, which is no influence."""

    influence: Influence | None
    weights: Mapping[Side, Mapping[UUID, Fraction]]

    @property
    def name(self) -> str:
        """How it is called where sources are compared."""
        return str(self.influence.id) if self.influence else OWN


@dataclass(frozen=True)
class Comparison:
    """One side of an output: what each source weighs in it, and how far each two of them are apart."""

    side: Side
    sources: tuple[Source, ...]
    disagreements: tuple[Disagreement, ...]


def compare(submission_id: UUID, *, at: datetime) -> tuple[Comparison, ...]:
    """
    Return what each provider's newest report and our own similarity say of an output, and how far they disagree.

    Similarity is a measurement of ours: how much of the output is like what. It is shown beside the reports, and no
    plan uses it that does not name it.
    """
    found = dict[UUID, Influence]()
    for row in Influence.objects.filter(submission=submission_id, recorded_at__lte=at).order_by("recorded_at", "id"):
        found[row.provider_id] = row
    said = dividing.attributed(submission_id, known_at=at)
    sides = dividing.sides_of(submission_id, known_at=at)
    sources = [Source(row, _by_side(said[row.provider_id].weights, sides)) for row in found.values()]
    own = dividing.similarity(submission_id, known_at=at)
    if own:
        sources.append(Source(None, _by_side({id: Fraction(ms) for id, ms in own.items()}, sides)))
    return tuple(
        Comparison(
            side,
            tuple(one for one in sources if one.weights.get(side)),
            disagreements(
                tuple(
                    Weighing(one.name, {str(id): part for id, part in one.weights[side].items()})
                    for one in sources
                    if one.weights.get(side)
                )
            ),
        )
        for side in (Side.MASTER, Side.PUBLISHING)
        if any(one.weights.get(side) for one in sources)
    )


def _by_side(weights: Mapping[UUID, Fraction], sides: Mapping[UUID, Side]) -> dict[Side, dict[UUID, Fraction]]:
    found: dict[Side, dict[UUID, Fraction]] = {}
    for asset_id, weight in weights.items():
        side = sides.get(asset_id) or (
            Side.MASTER if Recording.objects.filter(pk=asset_id).exists() else Side.PUBLISHING
        )
        found.setdefault(side, {})[asset_id] = weight
    return {
        side: {asset_id: Fraction(part, total) for asset_id, part in parts.items()}
        for side, parts in found.items()
        if (total := sum(parts.values(), Fraction(0)))
    }


def named_in(written: Written, *, sight: Sight = EVERYTHING) -> tuple[Weight, ...]:
    """
    Return the assets that a file names, as they are registered here.

    :raises NothingNamed: one is not, or is not seen
    """
    return tuple(Weight(_named(one, sight), one.part) for one in written.weights)


def _named(one: Named, sight: Sight) -> AssetRef:
    table: type[Recording | Work] = Recording if one.kind in {"recording", "isrc"} else Work
    rows = seen(QuerySet(table), sight)
    try:
        match one.kind:
            case "isrc":
                rows = rows.filter(isrc=identifiers.isrc(one.value))
            case "iswc":
                rows = rows.filter(iswc=identifiers.iswc(one.value))
            case _:
                rows = rows.filter(pk=UUID(one.value))
    except (ValueError, identifiers.BadCode) as error:
        raise NothingNamed(f"{one.kind}:{one.value} names nothing that is registered here.") from error
    found = rows.first()
    if found is None:
        raise NothingNamed(f"{one.kind}:{one.value} names nothing that is registered here.")
    return AssetRef(recording_id=found.pk) if table is Recording else AssetRef(work_id=found.pk)


def kind_of(asset: AssetRef) -> AssetKind:
    """Return what kind of asset is named."""
    return next(kind for kind in AssetKind if getattr(asset, f"{kind.value}_id") is not None)


def state(*, id: UUID, submission_id: UUID, report: Report, stated_by_id: UUID, at: datetime) -> Influence:
    """
    Record what a provider says went into an output.

    :raises NothingWeighed: no asset is weighed
    :raises TooManyWeights: more than anybody reads
    :raises NotAWeight: a weight is not in (0, 1]
    :raises WeighedTwice: an asset is named twice
    :raises SideNotWhole: the weights of a side do not add up to 1
    :raises NotAConfidence: the confidence is not in [0, 1]
    :raises ReportedBefore: the same report was handed in under another id
    """
    _check(report)
    try:
        with transaction.atomic(durable=True):
            row = Influence.objects.create(
                id=id,
                submission_id=submission_id,
                provider_id=report.provider_id,
                stated_by_id=stated_by_id,
                method=report.method,
                version=report.version,
                confidence_numerator=report.confidence.numerator,
                confidence_denominator=report.confidence.denominator,
                report_digest=report.digest,
                recorded_at=at,
            )
            InfluenceWeight.objects.bulk_create(
                InfluenceWeight(
                    id=uuid5(LINKS, f"{id}/weight/{weight.asset.id}"),
                    influence=row,
                    numerator=weight.part.numerator,
                    denominator=weight.part.denominator,
                    **{f"{kind_of(weight.asset).value}_id": weight.asset.id},
                )
                for weight in report.weights
            )
            log.append(
                Entry.Kind.INFLUENCE_STATED,
                row,
                {
                    "submission": str(submission_id),
                    "provider": str(report.provider_id),
                    "report": f"sha256:{report.digest}",
                    "weights": len(report.weights),
                },
                at=at,
            )
    except IntegrityError as error:
        if violated(error) == "report_is_received_once_an_output":
            raise ReportedBefore from error
        raise
    return row


def _check(report: Report) -> None:
    if not report.weights:
        raise NothingWeighed
    if len(report.weights) > MOST_WEIGHTS:
        raise TooManyWeights
    if not 0 <= report.confidence <= 1 or report.confidence.denominator > LARGEST:
        raise NotAConfidence
    if len({weight.asset.id for weight in report.weights}) != len(report.weights):
        raise WeighedTwice
    sums: dict[Side, Fraction] = {}
    for weight in report.weights:
        if not 0 < weight.part <= 1 or weight.part.denominator > LARGEST:
            raise NotAWeight
        side = SIDES[kind_of(weight.asset)]
        sums[side] = sums.get(side, Fraction(0)) + weight.part
    for side, total in sums.items():
        if total != 1:
            raise SideNotWhole(f"the weights of the {side.value} side add up to {total}, not to 1")


def object_to(
    *, id: UUID, influence_id: UUID, party_id: UUID, reason: str, evidence_digest: str = "", at: datetime
) -> InfluenceObjection:
    """
    Record that somebody says a report is wrong. Both are shown; nothing is taken back.

    :raises NoSuchInfluence: there is none
    :raises ObjectedBefore: they objected before
    """
    if not Influence.objects.filter(pk=influence_id).exists():
        raise NoSuchInfluence
    try:
        with transaction.atomic(durable=True):
            row = InfluenceObjection.objects.create(
                id=id,
                influence_id=influence_id,
                party_id=party_id,
                reason=reason,
                evidence_digest=evidence_digest,
                recorded_at=at,
            )
            log.append(
                Entry.Kind.INFLUENCE_OBJECTED,
                row,
                {
                    "influence": str(influence_id),
                    "party": str(party_id),
                    "evidence": f"sha256:{evidence_digest}" if evidence_digest else None,
                },
                at=at,
            )
    except IntegrityError as error:
        if violated(error) == "party_objects_once_to_a_report":
            raise ObjectedBefore from error
        raise
    return row
