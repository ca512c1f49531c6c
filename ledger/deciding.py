"""
Judging what was measured, and recording what was decided: the one way from a verdict to a decision with its entry.

A machine decides first (``ledger.clearance``); people decide again what it could not settle (``ledger.reviewing``) or
got wrong (``ledger.appealing``). All of them judge on the terms in force, sign, split and commit here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid5

from fingerprint import examine, references, store
from fingerprint.evidence import VOICE_MATCH, Evidence
from fingerprint.models import Examination
from ledger import banding, dividing, identity, log, manifesting, marking, signers, timestamping
from ledger.models import Entry
from provenance import manifests
from provenance.assertions import ManifestFacts
from provenance.foreign import Claims, NotClaims
from provenance.guards import SignRefused
from provenance.manifests import StagedManifest
from provenance.signing import Original, State
from rights import consents, contracts, decisions, policy, terms
from rights.case import AllowanceTerm, Claim, SaidByOthers, Terms, Verdict
from rights.models import Decision, License, Submission
from royalties import apportion, splits
from royalties.apportion import Splits

Answer = TypeVar("Answer")
Weigh = Callable[[Verdict, Terms], Verdict]


class TermsMoved(Exception):
    """What a decision rests on changed while it was made."""

    def __init__(self, known_at: datetime) -> None:
        """Say up to which moment there is more to know."""
        self.known_at = known_at


@dataclass(frozen=True)
class Judged:
    """A verdict with everything that was staged for it: what is left to do is to commit it."""

    verdict: Verdict
    known_at: datetime
    in_force: Terms | None = None
    divided: Splits | None = None
    staged: StagedManifest | None = None


def judge(
    submission: Submission,
    claim: Claim,
    evidence: Evidence,
    *,
    known_at: datetime,
    at: datetime,
    supersedes: Decision | None = None,
    weigh: Weigh | None = None,
    allowances: Iterable[AllowanceTerm] = (),
    claims: Claims | None = None,
) -> Judged:
    """
    Judge what was measured on the terms in force, and where it clears, divide it and sign its file.

    Slow, and may run again: it writes no row.

    :param weigh: what people found about it, applied to what the rules found
    :param allowances: what is about to be recorded, and counts already
    :param claims: what others claim about the file; where it was kept before, it is found
    """
    in_force = in_force_on(claim, evidence, known_at=known_at)
    in_force = replace(in_force, allowances=(*in_force.allowances, *allowances))
    if claims is not None:
        first = decisions.decision_id(submission.id, supersedes_id=None)
        in_force = replace(in_force, others=said_by_others(manifests.claims_id(first), claims))
    verdict = policy.decide(claim, evidence, in_force)
    if weigh is not None:
        verdict = weigh(verdict, in_force)
    divided = staged = None
    if verdict.is_cleared:
        decision_id = decisions.decision_id(submission.id, supersedes_id=supersedes.id if supersedes else None)
        try:
            divided = dividing.divide(claim, in_force, verdict.licenses, evidence, known_at=known_at)
            facts = manifesting.facts(
                submission,
                claim,
                evidence,
                in_force,
                licenses=verdict.licenses,
                divided=divided,
                decision_id=decision_id,
                known_at=known_at,
            )
            staged = _stage(submission, facts, at=at)
        except apportion.TooFine as error:
            verdict, divided = policy.indivisible(verdict, str(error)), None
        except SignRefused as error:
            # Nothing wrong with the rights: somebody must look at the file, for example at the manifest it came with.
            verdict, divided = policy.unsignable(verdict, str(error)), None
    return Judged(verdict, known_at, in_force, divided, staged)


def in_force_on(claim: Claim, evidence: Evidence, *, known_at: datetime) -> Terms:
    """Return the terms and the bands that a claim is judged by, as far as they were recorded by ``known_at``."""
    found = terms.on(
        claim.release_on,
        claim=claim,
        references=[match.reference_id for match in evidence.matches if match.kind != VOICE_MATCH],
        enrollments=[match.reference_id for match in evidence.matches if match.kind == VOICE_MATCH],
        known_at=known_at,
    )
    kept = manifests.claims_of(claim.submission_id)
    return replace(
        found,
        bands=banding.in_force(at=known_at),
        others=said_by_others(kept.id, Claims(bytes(kept.document))) if kept else None,
    )


def said_by_others(id: UUID, claims: Claims) -> SaidByOthers:
    """Return claims by others as the rules see them."""
    try:
        return SaidByOthers(
            id=id,
            is_readable=claims.state != State.UNREADABLE,
            is_broken=claims.is_broken,
            machines=claims.machines,
            broken_parts=claims.broken_parts,
        )
    except NotClaims:  # somebody changed what was kept, which the log tells
        return SaidByOthers(id, is_readable=False, is_broken=False, machines=())


def when_still(attempt: Callable[[datetime], Answer], *, known_at: datetime) -> Answer:
    """
    Judge and commit, and again where what it rests on changed meanwhile.

    Somebody withdrew, or took the last place, while this was being decided: it is decided on what holds now.
    """
    while True:
        try:
            return attempt(known_at)
        except TermsMoved as moved:
            known_at = max(known_at, moved.known_at)


def record(
    judged: Judged,
    submission: Submission,
    *,
    evidence: Evidence | None = None,
    examination: Examination | None = None,
    supersedes: Decision | None = None,
    claims: Claims | None = None,
    at: datetime,
) -> tuple[Decision, Entry]:
    """
    Insert a decision with all that belongs to it and its entry, in the caller's transaction.

    :param evidence: to be kept with it; where it was kept before, ``examination`` is
    :param claims: by others, to be kept with it
    :raises TermsMoved: what a clearance rests on changed since it was judged; judge again
    """
    if judged.in_force is not None and judged.verdict.is_cleared:
        _hold_still(judged.verdict, judged.in_force, judged.known_at)
    if evidence is not None:
        examination = examine.record(
            evidence, id=uuid5(submission.id, "examination"), audio_digest=submission.audio_id, at=at
        )
    decision = decisions.record(
        submission=submission,
        verdict=judged.verdict,
        examination_id=examination.id if examination else None,
        known_at=judged.known_at,
        supersedes=supersedes,
        at=at,
    )
    if claims is not None:
        manifests.keep_claims(claims, decision_id=decision.id, at=at)
    if judged.staged is not None:
        manifest = manifests.attach(judged.staged, decision_id=decision.id, at=at)
        signers.note(manifest.certificate_digest, expires_at=judged.staged.certificate_expires_at, at=at)
        timestamping.enqueue(manifest, at=at)
    if judged.divided is not None:
        splits.record(judged.divided, decision_id=decision.id)
    described = _describe(decision, examination, judged.staged, judged.divided, claims)
    return decision, log.append(Entry.Kind.DECIDED, decision, described, at=at)


def _hold_still(verdict: Verdict, in_force: Terms, known_at: datetime) -> None:
    """
    Hold what a clearance rests on until it is committed.

    :raises TermsMoved: a consent went on, or a quota was used up, after it was read
    """
    seen: dict[UUID, int] = {}
    for term in in_force.consents:
        seen[term.id] = len(term.event_ids) - 1
    consents.lock_shared(seen)
    if moved := consents.changed_since(seen):
        raise TermsMoved(consents.last_moment(moved, known_at=known_at))
    contracts.take_turns_at(verdict.licenses)
    limited = License.objects.filter(pk__in=verdict.licenses, max_outputs__isnull=False)
    latest = contracts.last_output(verdict.licenses)
    if latest and terms.exhausted(limited, known_at=latest):
        raise TermsMoved(latest)


def _stage(
    submission: Submission,
    facts: ManifestFacts,
    *,
    at: datetime,
) -> StagedManifest:
    audio = references.facts_of(submission.audio)
    with store.local(audio.digest) as source, marking.marked(source, audio, facts.contributions) as given:
        return manifests.stage(
            facts,
            source=given.path,
            media_type=audio.media_type,
            signer=identity.signer(at=at),
            put=store.put,
            harmony=given.harmony,
            original=Original(source, audio.media_type),
            finishing=given.finishing,
            tagged=manifesting.tags_of(submission),
        )


def _describe(
    decision: Decision,
    examination: Examination | None,
    staged: StagedManifest | None,
    divided: Splits | None,
    claims: Claims | None,
) -> dict[str, object]:
    """Return what the entry says beside its rows: outcomes, digests and what would be needed to decide again."""
    return {
        "outcome": decision.outcome,
        "submission": str(decision.submission_id),
        "policy": decision.policy_version,
        "bands": str(decision.bands_id) if decision.bands_id else None,
        "evidence": f"sha256:{examination.digest}" if examination else None,
        "manifest": f"sha256:{staged.manifest_digest}" if staged else None,
        "output": f"sha256:{staged.output_digest}" if staged else None,
        "splits": f"sha256:{divided.digest}" if divided else None,
        "supersedes": str(decision.supersedes_id) if decision.supersedes_id else None,
        **({"claims_by_others": f"sha256:{claims.digest}"} if claims else {}),
    }
