"""
Outputs that are out, looked at again for what is new only (CHK-8); and examinations repeated to the byte (CHK-2).

When the index grew, an output is compared with what came since, and with nothing else; only what that finds is judged.
When a consent ended, the stored evidence is judged again on the terms of now. What would not clear any more is flagged,
with its findings and an entry. The decision stands: the file is out, and people decide what to do about it.

How far an output was compared is working state (``OutputWatch``): losing it costs one comparison with everything.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.db.models.functions import Coalesce

from fingerprint import examine, index, references, songs, store
from fingerprint.agreement import told_once
from fingerprint.audio import AudioFacts, AudioRefused
from fingerprint.evidence import EXACT_MATCH, VERSION_MATCH, VOICE_MATCH, Detector, Evidence, Match, NotEvidence
from fingerprint.models import Reference
from fingerprint.postings import Family, Known
from fingerprint.voices import UnknownEncoder
from ledger import deciding, log, searching, voices
from ledger.constraints import violated
from ledger.models import Entry, OutputWatch
from rights import decisions, policy, terms
from rights.case import Effect, Finding, Terms, Verdict
from rights.effects import Flag
from rights.models import ConsentEvent, Decision, OutputFlag, Recheck, RecheckFinding, VoiceEnrollment
from rights.registry import LINKS
from rights.vocabulary import Outcome, RecheckCause

_log = logging.getLogger(__name__)

AT_ONCE = 50
SONGS = "songs"  # beside the families of fingerprints, in what an output was compared with
# A reference's moment lies before its commit: outputs examined within this time after it are asked about once more.
LATE = timedelta(minutes=10)


class NoSuchDecision(Exception):
    """There is no decision with this id."""


class NothingToRepeat(Exception):
    """Nothing was measured, so nothing can be measured again."""


@dataclass(frozen=True)
class Repeated:
    """What came of measuring again what a decision rests on."""

    is_same_evidence: bool  # to the byte
    is_same_verdict: bool | None  # None: people decided it, and are not asked again
    differences: tuple[str, ...]


# --- What is due


def sweep(*, at: datetime, most: int = AT_ONCE) -> int:
    """Look again at outputs that something new may concern; return how many were flagged."""
    flagged = 0
    for decision in _behind_the_index(most):
        try:
            flagged += recheck_index(decision_id=decision, at=at) is not None
        except (AudioRefused, store.NoSuchAudio, OSError, NotEvidence) as error:
            # One file that cannot be read must not keep the others waiting: it is tried again when more is new.
            _log.warning("decision %s could not be looked at again: %s: %s", decision, type(error).__name__, error)
            OutputWatch.objects.update_or_create(
                decision_id=decision, defaults={"looked_at": at}, create_defaults={"looked_at": at, "snapshots": {}}
            )
    for decision, event in _of_ended_consents(most):
        found = recheck_consent(decision_id=decision, event_id=event, at=at)
        flagged += found is not None and found.outcome != Outcome.CLEARED
    return flagged


def _cleared() -> Q:
    return Q(outcome=Outcome.CLEARED, successor__isnull=True, examination__isnull=False)


def _behind_the_index(most: int) -> list[UUID]:
    newest = max(
        (
            found
            for found in (
                Reference.objects.aggregate(newest=Max("enrolled_at"))["newest"],
                VoiceEnrollment.objects.aggregate(newest=Max("enrolled_at"))["newest"],
            )
            if found is not None
        ),
        default=None,
    )
    if newest is None:
        return []
    rows = Decision.objects.filter(_cleared()).annotate(
        looked_at=Coalesce(F("watch__looked_at"), F("examination__measured_at"))
    )
    due = rows.filter(looked_at__lt=newest + LATE).order_by("looked_at", "id")
    return list(due.values_list("pk", flat=True)[:most])


def _of_ended_consents(most: int) -> list[tuple[UUID, UUID]]:
    asked = Recheck.objects.filter(event=OuterRef("event"), decision__submission=OuterRef("submission"))
    flags = OutputFlag.objects.filter(~Exists(asked), event__isnull=False).order_by("recorded_at", "id")
    standing = decisions.standing().filter(_cleared())
    found = []
    for submission, event in flags.values_list("submission", "event")[:most]:
        decision = standing.filter(submission=submission).values_list("pk", flat=True).first()
        if decision is not None and event is not None:
            found.append((decision, event))
    return found


def look_again() -> int:
    """
    Make every cleared output due, since references that it was compared with are known better now; return how many.

    What it was compared with is kept, so only what came since is looked for.
    """
    newest = Reference.objects.aggregate(newest=Max("enrolled_at"))["newest"]
    if newest is None:
        return 0
    cleared = Decision.objects.filter(_cleared())
    ahead = OutputWatch.objects.filter(decision__in=cleared, looked_at__gt=newest).update(looked_at=newest)
    unwatched = cleared.filter(watch__isnull=True, examination__measured_at__gt=newest).values_list("pk", flat=True)
    rows = [OutputWatch(decision_id=decision, looked_at=newest, snapshots={}) for decision in unwatched]
    OutputWatch.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    return ahead + len(rows)


# --- Looking again


def recheck_index(*, decision_id: UUID, at: datetime) -> Recheck | None:
    """
    Compare a cleared output with what was enrolled since it was compared last; flag it where that would stop it now.

    Decodes the audio only where songs or a voice are new, or an older release examined it. Returns None where nothing
    is new, or nothing of it is found.

    :raises NoSuchDecision: there is none that cleared anything
    """
    decision = _decision(decision_id)
    evidence = examine.read(decision.examination)  # type: ignore[arg-type]  # _decision asks for one
    watch = OutputWatch.objects.filter(decision=decision).first()
    looked_at = watch.looked_at if watch else decision.examination.measured_at  # type: ignore[union-attr]
    held = dict(watch.snapshots) if watch else {}
    newer, now = _new_matches(decision, evidence, held, looked_at=looked_at, at=at)
    recheck = None
    if newer is not None and newer.matches:
        recheck = _judge_new(decision, evidence, newer, at=at)
    values = {"looked_at": at, "snapshots": now}
    OutputWatch.objects.update_or_create(decision=decision, defaults=values)
    return recheck


def _new_matches(
    decision: Decision, evidence: Evidence, held: dict[str, str], *, looked_at: datetime, at: datetime
) -> tuple[Evidence | None, dict[str, str]]:
    """Return what is heard of what is new, and the names of the indexes that the output is compared with now."""
    facts = references.facts_of(decision.submission.audio)
    heard_before = _heard_before(decision, evidence)
    matches: list[Match] = []
    detectors: list[Detector] = []
    measured: Evidence | None = None
    now: dict[str, str] = {}
    for family in index.FAMILIES:
        whole = searching.current_of(family)
        now[family.name] = whole.snapshot
        then = held.get(family.name) or _snapshot_of(evidence, family.name)
        if then == whole.snapshot:
            continue
        found = 0
        for portion in _portions(then, family):
            measured = _measured(facts, evidence, family, portion)
            # A release that listens otherwise hears again what was judged already.
            matches += [match for match in measured.matches if (match.kind, match.reference_id) not in heard_before]
            found += len(portion)
        if measured is not None and found:
            detectors += [_since(one, then, whole.snapshot, len(whole)) for one in measured.detectors]
    catalogue = songs.current()
    now[SONGS] = catalogue.snapshot
    then = held.get(SONGS) or next(
        (one.index_snapshot for one in evidence.detectors if one.kind == VERSION_MATCH), None
    )
    if then != catalogue.snapshot and len(catalogue):
        # Its candidates compete with each other, so it is asked as a whole; what was found before is no news.
        try:
            heard = examine.examine(facts, against={}, known=catalogue)
        except store.NoSuchAudio:
            _log.warning("decision %s could not be compared with new songs: its audio is not in the store", decision.pk)
            # Copies were compared by what was kept of them. Songs need the file, and are asked again once it is back.
            now = {name: snapshot for name, snapshot in now.items() if name != SONGS}
            now |= {SONGS: then} if then else {}
        else:
            measured = heard
            matches += [match for match in heard.matches if (match.kind, match.reference_id) not in heard_before]
            detectors += [_since(one, then, catalogue.snapshot, len(catalogue)) for one in heard.detectors]
    fresh = [
        one
        for one in voices.templates(at=at)
        if VoiceEnrollment.objects.filter(pk=one.id, enrolled_at__gt=looked_at - LATE).exists()
    ]
    if fresh:
        measured = examine.examine(facts, against={}, voices=fresh)
        matches += [match for match in measured.matches if (match.kind, match.reference_id) not in heard_before]
        detectors += measured.detectors
    if measured is None:
        return None, now
    ordered = sorted(matches, key=lambda match: (match.output.start_ms, match.output.end_ms, str(match.reference_id)))
    unique = {(one.kind, one.algorithm): one for one in detectors}
    return replace(measured, detectors=tuple(unique.values()), matches=tuple(ordered)), now


def _heard_before(decision: Decision, evidence: Evidence) -> set[tuple[str, UUID]]:
    found = [evidence, *(examine.read(one.examination) for one in decision.rechecks.all() if one.examination)]
    return {(match.kind, match.reference_id) for one in found for match in one.matches}


def _measured(facts: AudioFacts, evidence: Evidence, family: Family, portion: Known) -> Evidence:
    """Return what is heard of some references: by what was kept when the output was examined, else by its audio."""
    try:
        found = examine.again(facts.digest, against={family.name: portion})
        matches = [match for one in found for match in one.matches]
        if matches:
            # What many unrelated recordings have is nobody's, and only the whole index knows how many have it.
            whole = examine.again(facts.digest, against={family.name: index.current(family)})
            told = {(match.algorithm, match.reference_id) for one in whole for match in one.matches}
            matches = [match for match in matches if (match.algorithm, match.reference_id) in told]
    except examine.NoTrace:
        return examine.examine(facts, against={family.name: portion})
    return replace(evidence, detectors=tuple(one.detector for one in found), matches=told_once(matches))


def _portions(then: str | None, family: Family) -> Iterator[Known]:
    if then is not None:
        try:
            yield from index.delta(then, family)
        except index.SnapshotLost:
            then = None
    if then is None:
        yield searching.current_of(family)  # nobody knows what it was compared with: with everything


def _snapshot_of(evidence: Evidence, family: str) -> str | None:
    return next(
        (
            detector.index_snapshot
            for detector in evidence.detectors
            if detector.kind == EXACT_MATCH and detector.algorithm.startswith(family)
        ),
        None,
    )


def _since(detector: Detector, then: str | None, snapshot: str, size: int) -> Detector:
    """Say of a detector that it compared with what one index has and another had not."""
    since = (("since", then),) if then else ()
    return replace(detector, parameters=(*detector.parameters, *since), index_snapshot=snapshot, index_size=size)


def _judge_new(decision: Decision, evidence: Evidence, newer: Evidence, *, at: datetime) -> Recheck | None:
    findings, in_force = _found_later(decision, evidence, newer, at=at)
    if not findings:
        return None
    id = uuid5(LINKS, f"{decision.id}/recheck/{'/'.join(sorted(one.index_snapshot for one in newer.detectors))}")
    return _record(
        id, decision, RecheckCause.INDEX_GREW, findings, in_force, evidence=newer, flag=Flag.FOUND_LATER, at=at
    )


def _found_later(
    decision: Decision, evidence: Evidence, newer: Evidence, *, at: datetime
) -> tuple[tuple[Finding, ...], Terms]:
    """Return what the rules find about matches that are new, and the terms of the moment."""
    before = len(evidence.matches)
    whole = replace(
        evidence, detectors=(*evidence.detectors, *newer.detectors), matches=(*evidence.matches, *newer.matches)
    )
    verdict, in_force = _judged(decision, whole, at=at)
    findings = tuple(
        replace(finding, matches=tuple(position - before for position in finding.matches if position >= before))
        for finding in verdict.findings
        if finding.effect is not Effect.PASS and any(position >= before for position in finding.matches)
    )
    return findings, in_force


def recheck_consent(*, decision_id: UUID, event_id: UUID, at: datetime) -> Recheck | None:
    """
    Judge a cleared output again on the terms of now, since a consent that it may rest on ended.

    It counts what holds on the day of its release: what was out before the end clears still, and is not flagged.

    :raises NoSuchDecision: there is none that cleared anything
    """
    decision = _decision(decision_id)
    verdict, in_force = _judged(decision, examine.read(decision.examination), at=at)  # type: ignore[arg-type]
    findings = tuple(finding for finding in verdict.findings if finding.effect is not Effect.PASS)
    event = ConsentEvent.objects.get(pk=event_id)
    id = uuid5(LINKS, f"{decision.id}/recheck/{event_id}")
    flag = Flag.CLEARS_NO_MORE
    return _record(id, decision, RecheckCause.CONSENT_ENDED, findings, in_force, event=event, flag=flag, at=at)


def _judged(decision: Decision, evidence: Evidence, *, at: datetime) -> tuple[Verdict, Terms]:
    claim = terms.claim_of(decision.submission, known_at=at)
    in_force = deciding.in_force_on(claim, evidence, known_at=at)
    # Its own place among the outputs of a license is taken: that is no reason to find the license used up.
    own = tuple(replace(one, is_exhausted=False) if one.id in decision.licenses else one for one in in_force.licenses)
    in_force = replace(in_force, licenses=own)
    verdict = policy.decide(claim, evidence, in_force)
    before = decisions.findings_of(decision)  # what people let pass is not found again
    findings = tuple(
        replace(finding, effect=Effect.PASS) if policy.was_let_pass(finding, before) else finding
        for finding in verdict.findings
    )
    return replace(verdict, findings=findings), in_force


def _decision(decision_id: UUID) -> Decision:
    found = (
        Decision.objects.select_related("submission__audio", "examination").filter(_cleared(), pk=decision_id).first()
    )
    if found is None:
        raise NoSuchDecision
    return found


def _record(
    id: UUID,
    decision: Decision,
    cause: RecheckCause,
    findings: tuple[Finding, ...],
    in_force: Terms,
    *,
    flag: Flag,
    evidence: Evidence | None = None,
    event: ConsentEvent | None = None,
    at: datetime,
) -> Recheck | None:
    verdict = Verdict(findings, (), policy.VERSION, in_force.bands.id)
    try:
        with transaction.atomic(durable=True):
            examination = None
            if evidence is not None:
                examination = examine.record(
                    evidence, id=uuid5(id, "examination"), audio_digest=decision.submission.audio_id, at=at
                )
            recheck = Recheck(
                id=id,
                decision=decision,
                cause=cause,
                event=event,
                examination=examination,
                outcome=verdict.outcome,
                policy_version=verdict.policy_version,
                bands_id=in_force.bands.id,
                known_at=at,
                rechecked_at=at,
            )
            rows = _rows(recheck, findings, flag)
            for row in rows:
                row.save(force_insert=True)
            log.append(Entry.Kind.RECHECKED, recheck, _described(recheck), at=at)
    except IntegrityError as error:
        if violated(error) in {"rights_recheck_pkey", "fingerprint_examination_pkey"}:
            return None  # another worker looked at the same
        raise
    return recheck


def _rows(
    recheck: Recheck, findings: tuple[Finding, ...], flag: Flag
) -> tuple[Recheck | RecheckFinding | OutputFlag, ...]:
    """Return a recheck with its findings, and with a mark where the output would not clear, not inserted yet."""
    rows: list[Recheck | RecheckFinding | OutputFlag] = [recheck]
    rows += [
        RecheckFinding(
            id=uuid5(recheck.id, f"finding/{position}"),
            recheck=recheck,
            position=position,
            rule=finding.rule,
            effect=finding.effect,
            sentence=finding.sentence,
            rests_on=list(dict.fromkeys(finding.rests_on)),
            matches=list(finding.matches),
        )
        for position, finding in enumerate(findings)
    ]
    if recheck.outcome != Outcome.CLEARED:
        rows.append(
            OutputFlag(
                id=uuid5(recheck.id, "flag"),
                submission=recheck.decision.submission,
                recheck=recheck,
                kind=flag,
                recorded_at=recheck.rechecked_at,
            )
        )
    return tuple(rows)


def _described(recheck: Recheck) -> dict[str, object]:
    return {
        "decision": str(recheck.decision_id),
        "cause": recheck.cause,
        "event": str(recheck.event_id) if recheck.event_id else None,
        "outcome": recheck.outcome,
        "evidence": f"sha256:{recheck.examination.digest}" if recheck.examination else None,
    }


def again(then: Recheck) -> tuple[dict[str, object], tuple[Recheck | RecheckFinding | OutputFlag, ...]]:
    """
    Judge again what a recheck judged, as known then, by what it measured; return what would be said and recorded.

    :raises NothingToRepeat: what was measured cannot be read
    """
    decision, at = then.decision, then.known_at
    if decision.examination is None:
        raise NothingToRepeat
    evidence = examine.read(decision.examination)
    if then.cause == RecheckCause.INDEX_GREW:
        if then.examination is None:
            raise NothingToRepeat
        findings, in_force = _found_later(decision, evidence, examine.read(then.examination), at=at)
        flag = Flag.FOUND_LATER
    else:
        verdict, in_force = _judged(decision, evidence, at=at)
        findings = tuple(finding for finding in verdict.findings if finding.effect is not Effect.PASS)
        flag = Flag.CLEARS_NO_MORE
    verdict = Verdict(findings, (), policy.VERSION, in_force.bands.id)
    row = Recheck(
        id=then.id,
        decision=decision,
        cause=then.cause,
        event_id=then.event_id,
        examination=then.examination,
        outcome=verdict.outcome,
        policy_version=verdict.policy_version,
        bands_id=in_force.bands.id,
        known_at=at,
        rechecked_at=then.rechecked_at,
    )
    return _described(row), _rows(row, findings, flag)


# --- Repeating


def repeat(*, decision_id: UUID) -> Repeated:
    """
    Measure again what a decision rests on, against the indexes of then, and judge it again as it was judged.

    Slow: it decodes the audio. Nothing is written.

    :raises NoSuchDecision: there is none
    :raises NothingToRepeat: nothing was measured
    """
    decision = Decision.objects.select_related("submission__audio", "examination").filter(pk=decision_id).first()
    if decision is None:
        raise NoSuchDecision
    if decision.examination is None:
        raise NothingToRepeat
    stored = bytes(decision.examination.document)
    evidence = examine.read(decision.examination)
    differences: list[str] = []
    try:
        against = {
            family.name: searching.as_at(snapshot, family)
            for family in index.FAMILIES
            if (snapshot := _snapshot_of(evidence, family.name)) is not None
        }
        listens = any(detector.kind == VOICE_MATCH for detector in evidence.detectors)
        templates = voices.templates(at=decision.examination.measured_at) if listens else ()
        played = next((one for one in evidence.detectors if one.kind == VERSION_MATCH), None)
        again = examine.examine(
            references.facts_of(decision.submission.audio),
            against=against,
            known=songs.as_at(played.index_snapshot) if played else None,
            voices=templates,
        )
        differences += _differences(evidence, again)
        is_same_evidence = again.to_bytes() == stored
    except (index.SnapshotLost, songs.SnapshotLost, UnknownEncoder) as error:
        is_same_evidence = False
        differences.append(f"The index of then cannot be put together: {error}")
    is_same_verdict = None
    if decision.supersedes_id is None:
        is_same_verdict = _is_judged_the_same(decision, evidence, differences)
    return Repeated(is_same_evidence, is_same_verdict, tuple(differences))


def _differences(then: Evidence, now: Evidence) -> Iterator[str]:
    before = {(one.kind, one.algorithm): one for one in then.detectors}
    after = {(one.kind, one.algorithm): one for one in now.detectors}
    for kind, algorithm in sorted(before.keys() | after.keys()):
        one, other = before.get((kind, algorithm)), after.get((kind, algorithm))
        if one is None or other is None:
            when = "now and not then" if one is None else "then and not now"
            yield f"{algorithm} listened {when}."
        elif dict(one.parameters) != dict(other.parameters):  # as JSON has them, they are in no order
            yield f"{algorithm} has other parameters now."
        elif one.index_snapshot != other.index_snapshot:
            yield f"{algorithm} compared with something else."
    if then.matches != now.matches:
        yield f"{len(then.matches)} matches then, {len(now.matches)} now, or other figures of them."


def _is_judged_the_same(decision: Decision, evidence: Evidence, differences: list[str]) -> bool:
    claim = terms.claim_of(decision.submission, known_at=decision.known_at)
    in_force = deciding.in_force_on(claim, evidence, known_at=decision.known_at)
    try:
        verdict = policy.decide_as(decision.policy_version, claim, evidence, in_force)
    except policy.NoSuchPolicy as error:
        differences.append(f"It cannot be judged as it was: {error}.")
        return False
    stored = decisions.findings_of(decision)
    judged = tuple(replace(one, rests_on=tuple(dict.fromkeys(one.rests_on))) for one in verdict.findings)
    # What a release adds where it stages the file is no rule's: that it could not be signed, or divided.
    by_rules = tuple(one for one in stored if one.rule not in {"output_can_be_signed", "output_can_be_split"})
    if judged == by_rules and verdict.bands_id == decision.bands_id:
        return True
    differences.append(f"{len(by_rules)} findings then, {len(judged)} now, or others.")
    return False
