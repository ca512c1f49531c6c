"""
How an output is divided: at the decision, and again whenever what it rests on has changed.

What is derived again is another version beside the ones before, with its reason and its entry; nothing is edited, and
the signed file goes on saying what it said. A version is only made where something came out differently. Licenses are
those that the output was cleared under, also where they ended since: what is out goes on earning under them.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from fingerprint import examine
from fingerprint.evidence import VOICE_MATCH, Evidence, NotEvidence
from ledger import log
from ledger.constraints import violated
from ledger.models import DivisionWatch, Entry
from rights import decisions, terms
from rights.case import Claim, LicenseTerm, Side, Terms
from rights.claims import Hold
from rights.models import (
    Decision,
    Influence,
    InfluenceWeight,
    Recording,
    RecordingAudio,
    RecordingWork,
    ReleaseRecording,
)
from rights.vocabulary import AssetKind, Outcome, RightType
from rights.vocabulary import Basis as Owned
from royalties import apportion, splits
from royalties.apportion import PlanTerms, Splits
from royalties.models import Division, Plan
from royalties.splits import Aimed, Resting
from royalties.vocabulary import Basis, DivisionReason, Scope
from royalties.weighing import Attributed, Known

_log = logging.getLogger(__name__)

AT_ONCE = 200
# A fact's moment lies before its commit: outputs are asked about once more within this time.
LATE = timedelta(minutes=10)


class NothingDivided(Exception):
    """Only a cleared output has splits; this one was not cleared."""


class BeforeItsRelease(Exception):
    """Splits are derived for the day of the release or a later one."""


# --- Dividing


def divide(
    claim: Claim,
    in_force: Terms,
    license_ids: Sequence[UUID],
    evidence: Evidence | None,
    *,
    known_at: datetime,
    plans: Mapping[UUID, PlanTerms] | None = None,
) -> Splits:
    """
    Divide an output that clears, by the rights in force and all that is known about it.

    :param plans: to count instead of those that were agreed
    :raises NothingToApportion, DoesNotAddUp, TooFine: see ``apportion.splits_of``
    """
    licenses = tuple(one for one in in_force.licenses if one.id in set(license_ids))
    return apportion.splits_of(
        claim,
        in_force,
        plans or plans_for(claim, in_force, licenses, known_at=known_at),
        known=known_about(claim, in_force, evidence, known_at=known_at),
    )


def divide_again(
    decision: Decision, *, on: date, known_at: datetime, plans: Mapping[UUID, PlanTerms] | None = None
) -> Splits:
    """Divide a cleared output as of a day; what is not owned whole by then is held."""
    claim = terms.claim_of(decision.submission, known_at=known_at)
    evidence = examine.read(decision.examination) if decision.examination else None
    references = [match.reference_id for match in evidence.matches if match.kind != VOICE_MATCH] if evidence else []
    in_force = terms.on(on, claim=claim, references=references, known_at=known_at)
    licenses = tuple(one for one in in_force.licenses if one.id in decision.licenses)
    agreed = plans_for(claim, in_force, licenses, known_at=known_at)
    return apportion.splits_of(
        claim,
        in_force,
        {**agreed, **{id: plan for id, plan in (plans or {}).items() if id in agreed}},
        known=known_about(claim, in_force, evidence, known_at=known_at),
        licenses=licenses,
        holds=holds(),
    )


def divided_on(decision_id: UUID, day: date, *, known_at: datetime) -> Splits | None:
    """
    Return how a cleared output is divided by the rights of a day, with where each part comes from; nothing is recorded.

    None where the licenses that it was cleared under say nothing of the day.

    :raises TooFine: see ``apportion.splits_of``
    """
    decision = Decision.objects.select_related("submission", "examination").get(pk=decision_id)
    try:
        return divide_again(decision, on=day, known_at=known_at)
    except apportion.NothingToApportion:
        return None


# Days on which the splits of outputs could come to differ, though nothing was recorded on them: shares begin and end,
# plans begin to count.
_DAYS = """
SELECT s.decision_id, d.day
  FROM (SELECT DISTINCT decision_id, COALESCE(recording_id, work_id) AS asset_id
          FROM royalties_split WHERE decision_id = ANY(%(decisions)s)) AS s
  JOIN rights_share AS h ON h.asset_id = s.asset_id AND h.recorded_at <= %(known_at)s
       AND h.right_type = %(right)s AND h.basis = %(basis)s
 CROSS JOIN LATERAL (SELECT h.active_from AS day UNION ALL SELECT h.active_to
                     UNION ALL SELECT e.effective_on FROM rights_shareevent AS e
                                WHERE e.share_id = h.id AND e.recorded_at <= %(known_at)s) AS d
 WHERE d.day > %(after)s AND d.day <= %(until)s
 UNION
SELECT d.id, p.valid_from
  FROM rights_decision AS d JOIN royalties_plan AS p ON p.license_id = ANY(d.licenses) AND p.recorded_at <= %(known_at)s
 WHERE d.id = ANY(%(decisions)s) AND p.valid_from > %(after)s AND p.valid_from <= %(until)s
"""


def days_of_change(
    decision_ids: Iterable[UUID], *, after: date, until: date, known_at: datetime
) -> dict[UUID, tuple[date, ...]]:
    """Return the days in (after, until] on which outputs may be divided otherwise than on the day before."""
    found: defaultdict[UUID, set[date]] = defaultdict(set)
    ids = sorted(set(decision_ids), key=str)
    with connection.cursor() as cursor:
        for begin in range(0, len(ids), splits.AT_ONCE):
            given: dict[str, Any] = {"decisions": ids[begin : begin + splits.AT_ONCE], "after": after, "until": until}
            given |= {"known_at": known_at, "right": RightType.AI_OUTPUT.value, "basis": Owned.OWNERSHIP.value}
            cursor.execute(_DAYS, given)
            for decision_id, day in cursor.fetchall():
                found[decision_id].add(day)
    return {decision_id: tuple(sorted(days)) for decision_id, days in found.items()}


def holds() -> Mapping[Side, Hold]:
    """Return what is held of each side where more than the whole is claimed."""
    return {Side.MASTER: _hold_of(AssetKind.RECORDING), Side.PUBLISHING: _hold_of(AssetKind.WORK)}


def _hold_of(kind: AssetKind) -> Hold:
    return Hold.EVERYTHING if kind.value in settings.LEDGER_HOLD_EVERYTHING else Hold.EXCESS


def plans_for(
    claim: Claim, in_force: Terms, licenses: Iterable[LicenseTerm], *, known_at: datetime
) -> Mapping[UUID, PlanTerms]:
    """Return the plan of each license that counts for an output on the day."""
    found = tuple(licenses)
    ids = [one.id for one in found]
    resting = None
    if splits.are_scoped(ids):
        resting = {one.id: _resting(claim, in_force, one) for one in found}
    return splits.plans_of(ids, on=in_force.on, known_at=known_at, resting=resting)


def _resting(claim: Claim, in_force: Terms, license_: LicenseTerm) -> Resting:
    tracks = frozenset(one.recording_id for one in claim.ingredients) & license_.asset_ids
    if not tracks:
        return Resting()
    listed = set(ReleaseRecording.objects.filter(recording__in=tracks).values_list("release_id", "recording_id"))
    on_release = Counter(release_id for release_id, _ in listed)
    owners: dict[UUID, set[UUID]] = defaultdict(set)
    for share in in_force.shares:
        owners[share.asset_id].add(share.party_id)
    return Resting(
        tracks,
        frozenset(release for release, count in on_release.items() if count == len(tracks)),
        frozenset.intersection(*(frozenset(owners[track]) for track in tracks)),
    )


def known_about(claim: Claim, in_force: Terms, evidence: Evidence | None, *, known_at: datetime) -> Known:
    """Return what plans may weigh an output's assets by: reports, what was heard, and what was trained on."""
    declared = {one.recording_id for one in claim.ingredients}
    materials = [one for one in in_force.materials if one.recording.id in declared]
    recordings = [one.recording.id for one in materials]
    reports = attributed(claim.submission_id, known_at=known_at)
    lasting = _durations_ms(recordings, known_at=known_at)
    quantities: Counter[tuple[Basis, UUID]] = Counter()
    for material in materials:
        for asset in material.assets:
            quantities[Basis.TRACKS, asset.id] += 1
            if material.recording.id in lasting:
                quantities[Basis.SECONDS, asset.id] += lasting[material.recording.id]  # in thousandths, all of them
    silent = {asset.id for one in materials if one.recording.id not in lasting for asset in one.assets}
    for asset_id in silent:  # how long it lasts is not known, and so neither is how much of it there is
        quantities.pop((Basis.SECONDS, asset_id), None)
    return Known(reports, heard_ms(in_force, evidence), dict(quantities))


def attributed(submission_id: UUID, *, known_at: datetime) -> Mapping[UUID, Attributed]:
    """Return each provider's newest report about an output; stems count as their recordings, lyrics as their works."""
    found: dict[UUID, Influence] = {}
    rows = Influence.objects.filter(submission=submission_id, recorded_at__lte=known_at)
    for row in rows.order_by("recorded_at", "id"):
        found[row.provider_id] = row
    weights: dict[UUID, dict[UUID, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for weight in InfluenceWeight.objects.filter(influence__in=found.values()).select_related("stem", "lyrics"):
        asset_id = weight.recording_id or weight.work_id
        if weight.stem is not None:
            asset_id = weight.stem.recording_id
        if weight.lyrics is not None:
            asset_id = weight.lyrics.work_id
        if asset_id is not None:
            weights[weight.influence_id][asset_id] += Fraction(weight.numerator, weight.denominator)
    return {
        provider_id: Attributed(
            row.id, Fraction(row.confidence_numerator, row.confidence_denominator), dict(weights[row.id])
        )
        for provider_id, row in found.items()
    }


def heard_ms(in_force: Terms, evidence: Evidence | None) -> Mapping[UUID, int]:
    """
    Return how many milliseconds of an output are like each recording, and so like the works in it.

    That is similarity, and no influence: a plan uses it only where it says so.
    """
    stretches: dict[UUID, list[tuple[int, int]]] = defaultdict(list)
    for match in evidence.matches if evidence else ():
        material = in_force.of_reference(match.reference_id) if match.kind != VOICE_MATCH else None
        for asset in material.assets if material else ():
            stretches[asset.id].append((match.output.start_ms, match.output.end_ms))
    return {asset_id: _covered(found) for asset_id, found in stretches.items()}


def similarity(submission_id: UUID, *, known_at: datetime) -> Mapping[UUID, int]:
    """Return how much of a decided output is like each declared asset, in milliseconds; similarity, no influence."""
    decision = decisions.standing().select_related("submission", "examination").filter(submission=submission_id).first()
    if decision is None or decision.examination is None:
        return {}
    evidence = examine.read(decision.examination)
    references = [match.reference_id for match in evidence.matches if match.kind != VOICE_MATCH]
    claim = terms.claim_of(decision.submission, known_at=known_at)
    declared = {one.recording_id for one in claim.ingredients}
    in_force = terms.on(claim.release_on, claim=claim, references=references, known_at=known_at)
    assets = {asset.id for one in in_force.materials if one.recording.id in declared for asset in one.assets}
    return {asset_id: ms for asset_id, ms in heard_ms(in_force, evidence).items() if asset_id in assets}


def sides_of(submission_id: UUID, *, known_at: datetime) -> Mapping[UUID, Side]:
    """Return the declared assets of an output with their sides."""
    tracks = Recording.objects.filter(ingredients__submission=submission_id)
    works = RecordingWork.objects.filter(recording__in=tracks, recorded_at__lte=known_at)
    return {
        **dict.fromkeys(tracks.values_list("pk", flat=True), Side.MASTER),
        **dict.fromkeys(works.values_list("work_id", flat=True), Side.PUBLISHING),
    }


def _covered(stretches: Iterable[tuple[int, int]]) -> int:
    total, reached = 0, 0
    for start, end in sorted(stretches):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total


def _durations_ms(recording_ids: Sequence[UUID], *, known_at: datetime) -> Mapping[UUID, int]:
    delivered = dict(
        RecordingAudio.objects.filter(recording__in=recording_ids, recorded_at__lte=known_at)
        .order_by("recorded_at", "id")
        .values_list("recording_id", "reference__audio__duration_ms")
    )
    own = Recording.objects.filter(pk__in=recording_ids, reference__isnull=False)
    return {**dict(own.values_list("id", "reference__audio__duration_ms")), **delivered}


# --- Dividing again


def redivide(
    *,
    submission_id: UUID,
    reason: DivisionReason,
    note: str = "",
    on: date | None = None,
    at: datetime,
) -> Division | None:
    """
    Derive the splits of a cleared output again, by the rights of a day as they are known now.

    :param on: the day; without it, today or the day of the release, if that is later
    :returns: the new version, or None where everything comes out as it is
    :raises NothingDivided: the output was not cleared
    :raises BeforeItsRelease: the day lies before the release
    :raises NothingToApportion, TooFine: see ``apportion.splits_of``
    """
    decision = _decision(submission_id)
    released = decision.submission.release_on
    if on is not None and on < released:
        raise BeforeItsRelease
    day = on or max(released, at.date())
    divided = divide_again(decision, on=day, known_at=at)
    newest = splits.of(decision.id)
    if newest is not None and newest.digest == divided.digest:
        return None
    number = 2 + Division.objects.filter(decision=decision).count()
    try:
        with transaction.atomic(durable=True):
            division = Division.objects.create(
                id=uuid5(decision.id, f"division/{number}"),
                decision=decision,
                number=number,
                reason=reason,
                note=note,
                effective_on=day,
                known_at=at,
                digest=divided.digest,
                recorded_at=at,
            )
            splits.record(divided, decision_id=decision.id, division=division)
            log.append(
                Entry.Kind.SPLITS_REDIVIDED,
                division,
                said_of(division, before=newest.digest if newest else None),
                at=at,
            )
    except IntegrityError as error:
        if violated(error) in {"royalties_division_pkey", "division_has_its_own_number"}:
            return Division.objects.filter(decision=decision).order_by("-number").first()  # another did the same
        raise
    return division


def said_of(division: Division, *, before: str | None) -> dict[str, object]:
    """Return what the entry of a version of splits says beside its rows."""
    return {
        "decision": str(division.decision_id),
        "submission": str(division.decision.submission_id),
        "number": division.number,
        "reason": division.reason,
        "effective_on": division.effective_on.isoformat(),
        "before": f"sha256:{before}" if before else None,
        "splits": f"sha256:{division.digest}",
    }


def preview(
    submission_id: UUID, *, plans: Mapping[UUID, PlanTerms], on: date, known_at: datetime
) -> tuple[Splits, Splits]:
    """
    Return how an output is divided on a day, and how it would be if these plans counted; nothing is recorded.

    :raises NothingDivided: the output was not cleared
    """
    decision = _decision(submission_id)
    return (
        divide_again(decision, on=on, known_at=known_at),
        divide_again(decision, on=on, known_at=known_at, plans=plans),
    )


def is_reached(submission_id: UUID, *, license_id: UUID, aimed: Aimed, on: date, known_at: datetime) -> bool:
    """Whether a plan so aimed would count for an output: it reaches it, and none that is narrower does."""
    if aimed.scope is Scope.ACCOUNT and not splits.are_scoped([license_id]):
        return True
    decision = _decision(submission_id)
    claim = terms.claim_of(decision.submission, known_at=known_at)
    in_force = terms.on(on, claim=claim, references=[], known_at=known_at)
    license_ = next((one for one in in_force.licenses if one.id == license_id), None)
    if license_ is None:
        return False
    counts = plans_for(claim, in_force, [license_], known_at=known_at).get(license_id)
    now = Plan.objects.get(pk=counts.id) if counts is not None and counts.id else None
    if now is not None and splits.ORDER[Scope(now.scope)] > splits.ORDER[aimed.scope]:
        return False
    resting = _resting(claim, in_force, license_)
    return {
        Scope.ACCOUNT: True,
        Scope.PARTY: aimed.id in resting.parties,
        Scope.RELEASE: aimed.id in resting.releases,
        Scope.TRACK: resting.tracks == {aimed.id},
    }[aimed.scope]


def _decision(submission_id: UUID) -> Decision:
    found = (
        decisions.standing()
        .select_related("submission", "examination")
        .filter(submission=submission_id, outcome=Outcome.CLEARED, splits__isnull=False)
        .distinct()
        .first()
    )
    if found is None:
        raise NothingDivided
    return found


# --- What is due

# What an output's splits rest on, and whether any of it changed since they were looked at: by its moment, or because a
# day came from which it counts.
_DUE = """
WITH looked AS (
    SELECT d.id, d.submission_id, d.licenses, COALESCE(w.looked_at, d.decided_at) AS at,
           COALESCE((SELECT max(v.recorded_at) FROM royalties_division AS v WHERE v.decision_id = d.id),
                    d.decided_at) AS divided_at
      FROM rights_decision AS d LEFT JOIN ledger_divisionwatch AS w ON w.decision_id = d.id
     WHERE d.outcome = 'cleared' AND NOT EXISTS (SELECT 1 FROM rights_decision AS n WHERE n.supersedes_id = d.id)
), found AS (
    SELECT l.id, l.submission_id, l.licenses, l.at, l.divided_at,
           EXISTS (SELECT 1 FROM royalties_plan AS p WHERE p.license_id = ANY(l.licenses)
                      AND (p.recorded_at > l.at OR p.valid_from > l.at::date AND p.valid_from <= %(today)s)) AS plan,
           EXISTS (SELECT 1 FROM rights_influence AS i
                    WHERE i.submission_id = l.submission_id AND i.recorded_at > l.at) AS influence,
           EXISTS (SELECT 1 FROM rights_contributionrecord AS c
                    WHERE c.submission_id = l.submission_id AND c.recorded_at > l.at) AS creators,
           EXISTS (SELECT 1 FROM royalties_split AS s JOIN rights_share AS h
                       ON h.asset_id = COALESCE(s.recording_id, s.work_id)
                    WHERE s.decision_id = l.id
                      AND (h.recorded_at > l.at OR h.active_from > l.at::date AND h.active_from <= %(today)s
                           OR h.active_to > l.at::date AND h.active_to <= %(today)s
                           OR EXISTS (SELECT 1 FROM rights_shareevent AS e WHERE e.share_id = h.id
                                         AND (e.recorded_at > l.at
                                              OR e.effective_on > l.at::date AND e.effective_on <= %(today)s))))
        OR EXISTS (SELECT 1 FROM royalties_split AS s JOIN rights_partymerge AS m
                       ON m.duplicate_id = s.party_id OR m.survivor_id = s.party_id
                     LEFT JOIN rights_partymergeundo AS u ON u.merge_id = m.id
                    WHERE s.decision_id = l.id AND (m.recorded_at > l.at OR u.recorded_at > l.at))
        OR EXISTS (SELECT 1 FROM rights_ingredient AS g
                     JOIN rights_recordingwork AS k ON k.recording_id = g.recording_id
                    WHERE g.submission_id = l.submission_id AND k.recorded_at > l.at) AS rights
      FROM looked AS l
     WHERE EXISTS (SELECT 1 FROM royalties_split AS s WHERE s.decision_id = l.id)
)
SELECT id, submission_id,
       plan AND EXISTS (SELECT 1 FROM royalties_plan AS p WHERE p.license_id = ANY(f.licenses)
                           AND GREATEST(p.recorded_at, p.valid_from) > f.divided_at),
       influence AND EXISTS (SELECT 1 FROM rights_influence AS i
                              WHERE i.submission_id = f.submission_id AND i.recorded_at > f.divided_at),
       creators AND EXISTS (SELECT 1 FROM rights_contributionrecord AS c
                             WHERE c.submission_id = f.submission_id AND c.recorded_at > f.divided_at)
  FROM found AS f WHERE plan OR influence OR creators OR rights ORDER BY at, id LIMIT %(most)s
"""


@dataclass(frozen=True)
class Due:
    """An output that something changed for, and what."""

    decision_id: UUID
    submission_id: UUID
    reason: DivisionReason


def due(*, at: datetime, most: int = AT_ONCE) -> tuple[Due, ...]:
    """
    Return outputs whose splits may come out differently now, those that were looked at longest ago first.

    The reason is what came since the newest version; where that is nothing else, it is the rights.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"today": at.date(), "most": most})
        rows = cursor.fetchall()
    reasons = (DivisionReason.PLAN, DivisionReason.INFLUENCE, DivisionReason.CREATORS)
    return tuple(
        Due(
            decision_id,
            submission_id,
            next((reason for reason, is_so in zip(reasons, said, strict=True) if is_so), DivisionReason.RIGHTS),
        )
        for decision_id, submission_id, *said in rows
    )


def sweep(*, at: datetime, most: int = AT_ONCE) -> int:
    """Derive splits again of outputs whose shares, plans, creators or influences changed; return how many differ."""
    made = 0
    for one in due(at=at, most=most):
        try:
            made += redivide(submission_id=one.submission_id, reason=one.reason, at=at) is not None
        except (NotEvidence, apportion.NothingToApportion, apportion.TooFine) as error:
            # One that cannot be divided again keeps the splits that it has, and the others from waiting.
            _log.warning("decision %s keeps its splits: %s: %s", one.decision_id, type(error).__name__, error)
        seen_at = at - LATE
        DivisionWatch.objects.update_or_create(decision_id=one.decision_id, defaults={"looked_at": seen_at})
    return made
