"""From a distributor's submission to an entry, in the order it happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction

from fingerprint import audio, examine, references, store
from fingerprint.audio import AudioFacts, CorruptAudio
from fingerprint.evidence import Evidence
from fingerprint.models import Examination
from ledger import identity, intake, jobs, keeping, log, voices
from ledger.constraints import violated
from ledger.models import Entry, Job
from provenance import manifests
from provenance.assertions import ContributionFact, IngredientFact, ManifestFacts, SplitFact
from provenance.guards import SignRefused
from provenance.manifests import StagedManifest
from rights import consents, contracts, decisions, policy, submissions, terms
from rights.case import Claim, DeclaredContribution, Terms, Verdict
from rights.models import Decision, License, Submission
from rights.vocabulary import AiLevel
from royalties import apportion, splits
from royalties.apportion import Splits


class NoSuchSubmission(Exception):
    """There is no submission with this id."""


class AlreadyDecided(Exception):
    """A decision is final; send a new submission instead."""


class TermsMoved(Exception):
    """What a decision rests on changed while it was made."""

    def __init__(self, known_at: datetime) -> None:
        """Say up to which moment there is more to know."""
        self.known_at = known_at


@dataclass(frozen=True)
class Declaration:
    """What a submitter says about an output."""

    title: str
    uses: Sequence[str]
    territories: Sequence[str]
    release_on: date
    ingredient_ids: Sequence[UUID]
    contributions: Sequence[DeclaredContribution]
    purposes: Sequence[str] = ()
    model_version_id: UUID | None = None


def submit(
    *,
    id: UUID,
    submitter_id: UUID,
    declaration: Declaration,
    audio_path: Path,
    media_type: str | None,
    at: datetime,
) -> Submission:
    """
    Take in an output and what is declared about it, and ask for its examination.

    :raises AudioRefused: the file is not audio that can be examined; nothing is kept
    :raises ReleaseInThePast: the release date lies before today
    :raises NoSuchModelVersion: the model version is not registered
    :raises NoSuchTerritory: a code is not in the tables
    """
    facts = audio.probe(audio_path, declared_media_type=media_type, limits=intake.limits())
    store.put(audio_path)
    try:
        return _receive(id, submitter_id, declaration, facts, audio_path, at=at)
    except BaseException:
        keeping.discard_unless_kept(facts.digest)  # a refused submission leaves nothing behind
        raise


def _receive(
    id: UUID, submitter_id: UUID, declaration: Declaration, facts: AudioFacts, audio_path: Path, *, at: datetime
) -> Submission:
    with transaction.atomic(durable=True):
        keeping.hold(audio_path, facts.digest)
        references.receive(facts=facts, at=at)
        submission = submissions.receive(
            id=id,
            submitter_id=submitter_id,
            title=declaration.title,
            audio_digest=facts.digest,
            uses=declaration.uses,
            territories=declaration.territories,
            release_on=declaration.release_on,
            ingredient_ids=declaration.ingredient_ids,
            contributions=declaration.contributions,
            purposes=declaration.purposes,
            model_version_id=declaration.model_version_id,
            at=at,
        )
        log.append(Entry.Kind.SUBMITTED, submission, {"audio": f"sha256:{facts.digest}"}, at=at)
        jobs.enqueue(Job.Kind.CLEAR, submission.id, at=at)
    return submission


def is_same(submission: Submission, *, submitter_id: UUID, declaration: Declaration, audio_path: Path) -> bool:
    """Whether a submission sent again under the same id says what the first one said."""
    given = (
        submitter_id,
        declaration.title,
        sorted(set(declaration.uses)),
        list(declaration.territories),
        declaration.release_on,
        sorted(set(declaration.ingredient_ids), key=str),
        list(declaration.contributions),
        sorted(set(declaration.purposes)),
        declaration.model_version_id,
        store.digest_of(audio_path),
    )
    stored = (
        submission.submitter_id,
        submission.title,
        submission.uses,
        submission.territories,
        submission.release_on,
        sorted((row.recording_id for row in submission.ingredients.all()), key=str),
        list(terms.claim_of(submission).contributions),
        submission.purposes,
        submission.model_version_id,
        submission.audio_id,
    )
    return given == stored


def clear(*, submission_id: UUID, at: datetime) -> Entry | None:
    """
    Decide a submission and record what was decided; None where another worker is at it.

    :raises NoSuchSubmission: nothing was submitted under this id
    :raises AlreadyDecided: the submission has its decision
    :raises LostLease: another worker took the job over; nothing of this attempt remains
    """
    submission = _undecided(submission_id)
    job = jobs.claim(Job.Kind.CLEAR, submission_id, at=at)
    if job is None:
        return None
    try:
        with jobs.held(job):
            return _decide(submission, job, at)
    except (AlreadyDecided, jobs.LostLease):
        raise
    except Exception as error:
        # Whatever went wrong is kept where people look, and the job is tried again.
        jobs.fail(job, error=f"{type(error).__name__}: {error}", at=at)
        raise


def _undecided(submission_id: UUID) -> Submission:
    submission = Submission.objects.select_related("audio", "model_version").filter(pk=submission_id).first()
    if submission is None:
        raise NoSuchSubmission
    if Decision.objects.filter(submission=submission).exists():
        raise AlreadyDecided
    return submission


def _decide(submission: Submission, job: jobs.Claimed, at: datetime) -> Entry:
    claim = terms.claim_of(submission)
    try:
        # Slow; may run again.
        evidence = examine.examine(references.facts_of(submission.audio), voices=voices.templates(at=at))
    except CorruptAudio as error:
        store.check(submission.audio_id)  # what broke in our own store is not the submitter's fault
        return _commit(submission, job, policy.unreadable(str(error)), None, None, None, None, known_at=at, at=at)
    known_at = at
    while True:
        try:
            return _judge(submission, job, claim, evidence, known_at=known_at, at=max(at, known_at))
        except TermsMoved as moved:
            # Somebody withdrew, or took the last place, while this was being decided: it is decided on what holds now.
            known_at = max(known_at, moved.known_at)


def _judge(
    submission: Submission, job: jobs.Claimed, claim: Claim, evidence: Evidence, *, known_at: datetime, at: datetime
) -> Entry:
    in_force = terms.on(
        claim.release_on,
        claim=claim,
        references=[match.reference_id for match in evidence.matches],
        known_at=known_at,
    )
    verdict = policy.decide(claim, evidence, in_force)
    divided = staged = None
    if verdict.is_cleared:
        try:
            divided = apportion.splits_of(claim, in_force, splits.plans_of(verdict.licenses))
            staged = _stage(submission, claim, in_force, verdict, divided, at=at)  # may run again
        except apportion.TooFine as error:
            verdict, divided = policy.indivisible(verdict, str(error)), None
        except SignRefused as error:
            # Nothing wrong with the rights: somebody must look at the file, for example at the manifest it came with.
            verdict, divided = policy.unsignable(verdict, str(error)), None
    return _commit(submission, job, verdict, evidence, staged, divided, in_force, known_at=known_at, at=at)


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


def _commit(
    submission: Submission,
    job: jobs.Claimed,
    verdict: Verdict,
    evidence: Evidence | None,
    staged: StagedManifest | None,
    divided: Splits | None,
    in_force: Terms | None,
    *,
    known_at: datetime,
    at: datetime,
) -> Entry:
    try:
        with transaction.atomic(durable=True):  # the commit point
            # First of all: whoever lost the job hears so here, before a key that both use refuses the second.
            jobs.finish(job, at=at)
            if in_force is not None and verdict.is_cleared:
                _hold_still(verdict, in_force, known_at)
            examination = None
            if evidence is not None:
                examination = examine.record(
                    evidence, id=uuid5(submission.id, "examination"), audio_digest=submission.audio_id, at=at
                )
            decision = decisions.record(
                submission=submission,
                verdict=verdict,
                examination_id=examination.id if examination else None,
                known_at=known_at,
                at=at,
            )
            if staged is not None:
                manifests.attach(staged, decision_id=decision.id, at=at)
            if divided is not None:
                splits.record(divided, decision_id=decision.id)
            return log.append(Entry.Kind.DECIDED, decision, _describe(decision, examination, staged, divided), at=at)
    except IntegrityError as error:
        # Two workers measured the same submission; the constraint let one in.
        if violated(error) in {"one_decision_per_submission", "fingerprint_examination_pkey"}:
            raise AlreadyDecided from error
        raise


def _stage(
    submission: Submission, claim: Claim, in_force: Terms, verdict: Verdict, divided: Splits, *, at: datetime
) -> StagedManifest:
    facts = ManifestFacts(
        submission_id=submission.id,
        decision_id=decisions.decision_id(submission.id),
        title=submission.title,
        log_origin=settings.LEDGER_ORIGIN,
        ingredients=tuple(
            IngredientFact(
                recording_id=material.recording.id,
                title=material.recording.title,
                isrc=material.isrc,
                audio_digest=material.audio_digest or "",
                license_id=in_force.covering(claim, {material.recording.id})[0].id,
            )
            for material in in_force.materials
            if any(material.recording.id == ingredient.recording_id for ingredient in claim.ingredients)
        ),
        contributions=tuple(
            ContributionFact(given.component, AiLevel(given.ai_level).value, given.tool)
            for given in claim.contributions
        ),
        licenses=verdict.licenses,
        splits=tuple(
            SplitFact(
                part.leaf,
                part.part.numerator,
                part.part.denominator,
                territories=zone.territories if len(divided.zones) > 1 else (),
            )
            for zone in divided.zones
            for part in zone.parts
        ),
        splits_digest=divided.digest,
    )
    with store.local(submission.audio_id) as source:
        return manifests.stage(
            facts,
            source=source,
            media_type=submission.audio.media_type,
            signer=identity.signer(at=at),
            put=store.put,
        )


def _describe(
    decision: Decision, examination: Examination | None, staged: StagedManifest | None, divided: Splits | None
) -> dict[str, object]:
    """Return what the entry says beside its rows: outcomes, digests and what would be needed to decide again."""
    return {
        "outcome": decision.outcome,
        "submission": str(decision.submission_id),
        "policy": decision.policy_version,
        "evidence": f"sha256:{examination.digest}" if examination else None,
        "manifest": f"sha256:{staged.manifest_digest}" if staged else None,
        "output": f"sha256:{staged.output_digest}" if staged else None,
        "splits": f"sha256:{divided.digest}" if divided else None,
    }
