"""
Copies of a cleared output in other containers: the same samples, each signed for itself from the one record.

A copy is made of what was submitted, and says of itself what the decision says, as it was known then. Nothing is
encoded again that lost something the first time: see ``fingerprint.copies``.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import IntegrityError, transaction

from fingerprint import copies, examine, references, store
from ledger import deciding, identity, jobs, log, manifesting, signers, timestamping
from ledger.constraints import violated
from ledger.models import CopyOrder, Entry, Job
from provenance import manifests
from provenance.guards import normalized
from provenance.manifests import StagedManifest
from provenance.models import Manifest, SignedCopy
from provenance.signing import Original
from rights import decisions, terms
from rights.models import Decision
from royalties import splits


class NothingToCopy(Exception):
    """Only a cleared output has a signed file, so only of such a one are copies made."""


class SameContainer(Exception):
    """This is the container that it was submitted in: download its signed file."""


class AlreadyOrdered(Exception):
    """A copy in this container was asked for under another id; the list of copies names it."""


class NoSuchCopy(Exception):
    """Nobody asked for a copy under this id."""


class CopyNotMade(Exception):
    """The copy is not made yet, or could not be; its state says which."""


def order(*, id: UUID, submission_id: UUID, media_type: str, at: datetime) -> CopyOrder:
    """
    Ask for a copy of an output in another container.

    :raises NothingToCopy: the output is not cleared
    :raises SameContainer: it was submitted in this container
    :raises copies.NoLosslessCopy: the container cannot hold its samples, or they lost something already
    :raises AlreadyOrdered: it was asked for before, under another id
    :raises provenance.guards.MediaTypeNotSignable: no such container is signed
    """
    media_type = normalized(media_type)
    decision = _decision(submission_id)
    audio = decision.submission.audio
    if normalized(audio.media_type) == media_type:
        raise SameContainer
    copies.check(audio.codec, media_type)
    try:
        with transaction.atomic(durable=True):
            row = CopyOrder.objects.create(id=id, decision=decision, media_type=media_type, ordered_at=at)
            jobs.enqueue(Job.Kind.COPY, id, at=at)
    except IntegrityError as error:
        if violated(error) == "copy_is_ordered_once":
            raise AlreadyOrdered from error
        raise
    return row


def make(*, order_id: UUID, at: datetime) -> Entry | None:
    """
    Make, sign and record a copy that was asked for; None where another worker is at it, or it is made.

    :raises LostLease: another worker took the job over; nothing of this attempt remains
    """
    job = jobs.claim(Job.Kind.COPY, order_id, at=at)
    if job is None:
        return None
    row = CopyOrder.objects.get(pk=order_id)
    try:
        with jobs.held(job):
            staged = _stage(_decision(row.decision.submission_id), row.media_type, at=at)
            with transaction.atomic(durable=True):
                jobs.finish(job, at=at)
                copy = manifests.attach_copy(staged, id=order_id, decision_id=row.decision_id, at=at)
                signers.note(copy.certificate_digest, expires_at=staged.certificate_expires_at, at=at)
                timestamping.enqueue(copy, at=at)
                return log.append(
                    Entry.Kind.COPY_SIGNED,
                    copy,
                    {
                        "decision": str(copy.decision_id),
                        "output": f"sha256:{copy.output_digest}",
                        "manifest": f"sha256:{copy.manifest_digest}",
                    },
                    at=at,
                )
    except jobs.LostLease:
        raise
    except Exception as error:
        # Whatever went wrong is kept where people look, and the job is tried again.
        jobs.fail(job, error=f"{type(error).__name__}: {error}", at=at)
        raise


@dataclass(frozen=True)
class Ordered:
    """A copy that was asked for, and what came of it."""

    order: CopyOrder
    copy: SignedCopy | None
    given_up_at: datetime | None
    error: str

    @property
    def state(self) -> str:
        """Return waiting, signed or failed."""
        return "signed" if self.copy else "failed" if self.given_up_at else "waiting"


def ordered(submission_id: UUID) -> tuple[Ordered, ...]:
    """Return what was asked for of an output, oldest first."""
    rows = list(CopyOrder.objects.filter(decision__submission=submission_id).order_by("ordered_at", "id"))
    made = SignedCopy.objects.in_bulk([row.pk for row in rows])
    found = {job.subject_id: job for job in Job.objects.filter(kind=Job.Kind.COPY, subject_id__in=[r.pk for r in rows])}
    return tuple(
        Ordered(row, made.get(row.pk), job.given_up_at if job else None, job.error if job else "")
        for row in rows
        for job in (found.get(row.pk),)
    )


def containers(submission_id: UUID) -> tuple[str, ...]:
    """Return in which containers a copy may still be asked for."""
    try:
        audio = _decision(submission_id).submission.audio
    except NothingToCopy:
        return ()
    taken = {normalized(audio.media_type), *(one.order.media_type for one in ordered(submission_id))}
    return tuple(one for one in copies.TARGETS if one not in taken and _may_hold(audio.codec, one))


def _may_hold(codec: str, media_type: str) -> bool:
    try:
        copies.check(codec, media_type)
    except copies.NoLosslessCopy:
        return False
    return True


def _decision(submission_id: UUID) -> Decision:
    rows = decisions.standing().select_related("submission__audio", "submission__model_version", "examination")
    decision = rows.filter(submission=submission_id).first()
    if decision is None or not Manifest.objects.filter(decision=decision).exists():
        raise NothingToCopy
    return decision


def _stage(decision: Decision, wanted: str, *, at: datetime) -> StagedManifest:
    submission, audio = decision.submission, decision.submission.audio
    divided = splits.decided(decision.id)
    if decision.examination is None or divided is None:
        raise NothingToCopy
    claim = terms.claim_of(submission, known_at=decision.known_at)
    evidence = examine.read(decision.examination)
    facts = manifesting.facts(
        submission,
        claim,
        evidence,
        deciding.in_force_on(claim, evidence, known_at=decision.known_at),
        licenses=tuple(decision.licenses),
        divided=divided,
        decision_id=decision.id,
        known_at=decision.known_at,
    )
    is_plain = audio.codec.startswith("pcm_") and wanted in {"audio/wav", "audio/aiff"}
    with store.local(submission.audio_id) as source, tempfile.TemporaryDirectory(prefix="copy-") as folder:
        copied = Path(folder, "copy")
        copies.copy(source, audio.media_type, copied, wanted)
        return manifests.stage(
            facts,
            source=copied,
            media_type=wanted,
            signer=identity.signer(at=at),
            put=store.put,
            harmony=examine.harmony(references.facts_of(audio)),
            tagged=manifesting.tags_of(submission),
            original=Original(source, audio.media_type),
            finishing=("c2pa.repackaged" if is_plain else "c2pa.transcoded",),
        )
