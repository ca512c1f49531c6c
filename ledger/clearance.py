"""From a distributor's submission to an entry, in the order it happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from fingerprint import audio, examine, references, songs, store
from fingerprint.audio import AudioFacts, CorruptAudio
from fingerprint.evidence import Evidence
from ledger import deciding, gauges, identity, intake, jobs, keeping, log, searching, voices
from ledger.constraints import violated
from ledger.deciding import Judged
from ledger.models import Entry, Job
from provenance import foreign, tags
from provenance.foreign import Claims
from rights import identifiers, policy, submissions, terms
from rights.case import Claim, DeclaredContribution
from rights.models import Decision, Submission


class NoSuchSubmission(Exception):
    """There is no submission with this id."""


class AlreadyDecided(Exception):
    """A decision is final; send a new submission instead."""


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
    expected: tuple[int, str] | None = None  # what it should earn: smallest units, currency
    isrc: str = ""  # its own; written into the file before it is signed
    cover: Path | None = None  # a JPEG or PNG, likewise
    prompt_commitment: str = ""  # HMAC-SHA256 under a salt of the submitter's, hex


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
    :raises BadIsrc: its own ISRC is none
    :raises NotACover: the cover is neither JPEG nor PNG, or too large
    """
    if declaration.cover is not None:
        tags.check_cover(declaration.cover)
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
    cover_digest = store.put(declaration.cover) if declaration.cover else ""
    with transaction.atomic(durable=True):
        keeping.hold(audio_path, facts.digest)
        if declaration.cover:
            keeping.hold(declaration.cover, cover_digest)
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
            expected=declaration.expected,
            isrc=declaration.isrc,
            cover_digest=cover_digest,
            prompt_commitment=declaration.prompt_commitment,
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
        declaration.expected,
        identifiers.isrc(declaration.isrc) if declaration.isrc else "",
        store.digest_of(declaration.cover) if declaration.cover else "",
        declaration.prompt_commitment,
        store.digest_of(audio_path),
    )
    stored = (
        submission.submitter_id,
        submission.title,
        submission.uses,
        submission.territories,
        submission.release_on,
        sorted((row.recording_id for row in submission.ingredients.all()), key=str),
        list(terms.stated_in(submission, None)),
        submission.purposes,
        submission.model_version_id,
        None if submission.expected_minor is None else (submission.expected_minor, submission.expected_currency),
        submission.isrc,
        submission.cover_digest,
        submission.prompt_commitment,
        submission.audio_id,
    )
    return given == stored


def clear(*, submission_id: UUID, at: datetime) -> Entry | None:
    """
    Decide a submission and record what was decided; None where another worker is at it.

    :raises NoSuchSubmission: nothing was submitted under this id
    :raises AlreadyDecided: the submission has its decision
    :raises LostLease: another worker took the job over; nothing of this attempt remains
    :raises ShardSilent: a part of the index does not answer; the submission waits, and is tried again
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
    except searching.ShardSilent as error:
        jobs.put_off(job, until=timezone.now() + jobs.WAITS, error=str(error))
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
        # Slow; may run again. The index is asked first: where a part of it is silent, nothing is decoded in vain.
        with gauges.EXAMINATION_SECONDS.labels("examined").time():
            evidence = examine.examine(
                references.facts_of(submission.audio),
                against=searching.current(),
                known=songs.current(),
                voices=voices.templates(at=at),
            )
    except CorruptAudio as error:
        store.check(submission.audio_id)  # what broke in our own store is not the submitter's fault
        return _commit(submission, job, Judged(policy.unreadable(str(error)), at), None, at=at)
    claims = _claims_by_others(submission)
    return deciding.when_still(
        lambda known_at: _judge(submission, job, claim, evidence, claims, known_at=known_at, at=max(at, known_at)),
        known_at=at,
    )


def _claims_by_others(submission: Submission) -> Claims | None:
    """Read the manifest that the file came with, where it did: before anything else opens it, and at arm's length."""
    with store.local(submission.audio_id) as path:
        trust = identity.trust()
        return foreign.claims_about(
            path, submission.audio.media_type, roots_pem=trust.signers, authorities_pem=trust.authorities
        )


def _judge(
    submission: Submission,
    job: jobs.Claimed,
    claim: Claim,
    evidence: Evidence,
    claims: Claims | None = None,
    *,
    known_at: datetime,
    at: datetime,
) -> Entry:
    judged = deciding.judge(submission, claim, evidence, known_at=known_at, at=at, claims=claims)
    return _commit(submission, job, judged, evidence, claims, at=at)


def _commit(
    submission: Submission,
    job: jobs.Claimed,
    judged: Judged,
    evidence: Evidence | None,
    claims: Claims | None = None,
    *,
    at: datetime,
) -> Entry:
    try:
        with transaction.atomic(durable=True):  # the commit point
            # First of all: whoever lost the job hears so here, before a key that both use refuses the second.
            jobs.finish(job, at=at)
            _, entry = deciding.record(judged, submission, evidence=evidence, claims=claims, at=at)
            return entry
    except IntegrityError as error:
        # Two workers measured the same submission; the constraint let one in.
        if violated(error) in {"one_decision_per_submission", "rights_decision_pkey", "fingerprint_examination_pkey"}:
            raise AlreadyDecided from error
        raise
