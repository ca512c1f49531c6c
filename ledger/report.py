"""Everything about one output: for people to read, and as a pack that checks itself without us."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db.models import Case, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from fingerprint import examine, store
from fingerprint.evidence import VOICE_MATCH, Evidence, Match, NotEvidence
from ledger import canonical, checkpoints, identity, merkle, packs, receipts, rows, sequencer
from ledger.clearance import NoSuchSubmission
from ledger.models import Checkpoint, Entry, Job, Leaf
from ledger.visibility import EVERYTHING, Sight, finds, seen
from provenance import certified, manifests
from provenance.models import Certificate, ForeignManifest, Manifest, SignerChange, Timestamp
from provenance.signing import Verification, verify
from rights import decisions
from rights.models import (
    Consent,
    ConsentEvent,
    Contribution,
    ContributionAct,
    ContributionEvidence,
    ContributionRecord,
    Decision,
    Finding,
    Influence,
    InfluenceWeight,
    Ingredient,
    License,
    OutputFlag,
    RecheckFinding,
    Recording,
    Share,
    Submission,
    Voice,
    VoiceEnrollment,
)
from rights.models.assets import heard_as
from rights.vocabulary import AssetKind
from royalties import splits
from royalties.apportion import DoesNotAddUp, Splits

MOST_WEIGHTS = 50  # that a page shows of a report

EXTENSIONS = {
    "audio/wav": "wav",
    "audio/aiff": "aiff",
    "audio/mpeg": "mp3",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
}


class NotSigned(Exception):
    """Only a cleared output has a signed file; this one was not cleared."""


class NotDivided(Exception):
    """Only a cleared output has splits to divide receipts by; this one was not cleared."""


class NotDecided(Exception):
    """This submission has no decision yet; ask again in a moment."""


class NoEvidence(Exception):
    """The audio broke off while it was decoded, so nothing was measured; the finding says where."""


class NotCertified(Exception):
    """The output has no certificate yet; it gets one within seconds of its entry in the log."""


class NothingClaimed(Exception):
    """The submitted file came with no manifest by others, so nothing is claimed in one."""


class NotSequenced(Exception):
    """The entry has no place in the tree yet; it gets one within a second."""


class NotYourOutput(Exception):
    """The file, the evidence and the proof of an output are for whoever submitted it."""


@dataclass(frozen=True)
class Heard:
    """A match with the recording that it is of."""

    position: int
    match: Match
    recording: Recording | None
    is_declared: bool
    voice_id: UUID | None = None  # of a match of a voice


MARKS = {
    "source_withdrawn": "A source of it was withdrawn",
    "quarantined": "In quarantine: a consent that it rests on never was",
    "found_later": "Something that was registered since is in it",
    "clears_no_more": "It would not clear any more",
}


@dataclass(frozen=True)
class Mark:
    """What became of a cleared output since, and why."""

    said: str
    at: datetime
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Attribution:
    """What one provider says went into it: a claim, beside those of others."""

    influence: Influence
    weights: tuple[tuple[str, str], ...]  # title and exact part, as far as they are seen
    objections: int

    @property
    def confidence(self) -> str:
        """How sure the provider is."""
        return str(Fraction(self.influence.confidence_numerator, self.influence.confidence_denominator))


@dataclass(frozen=True)
class Making:
    """Who or what made it, as far as it is seen: the record that counts, and those that corrected it, oldest first."""

    contributions: tuple[Contribution, ...]
    acts: tuple[ContributionAct, ...]
    evidence: tuple[ContributionEvidence, ...]
    corrections: tuple[ContributionRecord, ...]


@dataclass(frozen=True)
class Dossier:
    """Everything that is on record about one output."""

    submission: Submission
    state: str  # waiting, failed, or the decision's outcome
    job: Job | None
    decision: Decision | None
    findings: tuple[Finding, ...]
    evidence: Evidence | None
    heard: tuple[Heard, ...]
    manifest: Manifest | None
    splits: Splits | None  # as they were attached at the decision: what the signed file says
    splits_fault: str
    entries: tuple[Entry, ...]  # the submission's and the decision's
    marks: tuple[Mark, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    certificates: tuple[Certificate, ...] = ()  # the newest first
    claims: ForeignManifest | None = None  # the manifest that the submitted file came with
    making: Making | None = None  # by whom or what, as it was last stated
    sight: Sight = EVERYTHING  # of whoever reads it
    current: Splits | None = None  # the newest version, by which is paid
    is_own: bool = True  # the reader submitted it or keeps the house; others see what concerns their assets

    @property
    def is_signed(self) -> bool:
        """Whether there is a file to deliver."""
        return self.manifest is not None


def dossier(submission_id: UUID, sight: Sight = EVERYTHING) -> Dossier:
    """
    Return what is on record about a submission, as far as it is seen.

    Whoever submitted it sees all of it. Whoever holds something in it sees that it was submitted, what was decided, and
    the findings, matches and parts that are about what they hold.

    :raises NoSuchSubmission: nothing was submitted under this id, or nothing that is seen
    """
    submission = (
        seen(Submission.objects.select_related("audio", "submitter__identity", "model_version__model"), sight)
        .prefetch_related(
            Prefetch("ingredients", seen(Ingredient.objects.select_related("recording"), sight)),
        )
        .filter(pk=submission_id)
        .first()
    )
    if submission is None:
        raise NoSuchSubmission
    is_own = sight.parties is None or submission.submitter_id in sight.parties
    job = Job.objects.filter(kind=Job.Kind.CLEAR, subject_id=submission_id).first()
    decision = decisions.standing().select_related("examination").filter(submission=submission).first()
    # Whoever holds something in it sees that it was submitted and decided, and not what was said about it beside that.
    about = _about(submission) if is_own else Q(submission=submission) | Q(decision__submission=submission)
    entries = Entry.objects.select_related("leaf").filter(about).order_by("at", "leaf__index")
    if decision is None:
        state = "failed" if job and job.given_up_at else "waiting"
        return Dossier(
            submission,
            state,
            job,
            None,
            (),
            None,
            (),
            None,
            None,
            "",
            tuple(entries),
            making=_making(submission, sight),
            sight=sight,
            is_own=is_own,
        )
    evidence = _evidence(decision)
    divided, current, fault = None, None, ""
    try:
        divided = splits.decided(decision.id) if is_own else None
        current = splits.of(decision.id) if is_own else None
    except DoesNotAddUp as error:
        fault = str(error)
    heard = _heard(submission, evidence) if evidence else ()
    signed = Manifest.objects.select_related("timestamp").filter(decision=decision)
    manifest = signed.first() if is_own else None
    if not is_own:
        heard = tuple(
            one
            for one in heard
            if (one.recording and finds(Recording, one.recording.pk, sight))
            or (one.voice_id and finds(Voice, one.voice_id, sight))
        )
    return Dossier(
        submission=submission,
        state=decision.outcome,
        job=job,
        decision=decision,
        findings=tuple(seen(decision.findings.order_by("position"), sight)),
        evidence=evidence,
        heard=heard,
        manifest=manifest,
        splits=divided,
        current=current,
        splits_fault=fault,
        entries=tuple(entries),
        marks=_marks(submission, sight),
        attributions=_attributions(submission, sight),
        certificates=tuple(manifest.certificates.order_by("-number")) if manifest else (),
        claims=manifests.claims_of(submission.id) if is_own else None,
        making=_making(submission, sight),
        sight=sight,
        is_own=is_own,
    )


def _marks(submission: Submission, sight: Sight) -> tuple[Mark, ...]:
    flags = seen(OutputFlag.objects.select_related("recheck"), sight).filter(submission=submission)
    return tuple(
        Mark(
            MARKS.get(flag.kind, flag.kind),
            flag.recorded_at,
            tuple(
                seen(RecheckFinding.objects.filter(recheck=flag.recheck), sight)
                .order_by("position")
                .values_list("sentence", flat=True)
            )
            if flag.recheck
            else (),
        )
        for flag in flags.order_by("recorded_at", "id")
    )


def _making(submission: Submission, sight: Sight) -> Making:
    corrections = ContributionRecord.objects.filter(submission=submission).order_by("position")
    counts = corrections.last()

    def of_record(rows: QuerySet[Any]) -> QuerySet[Any]:
        return seen(rows, sight).filter(submission=submission, record=counts)

    return Making(
        tuple(of_record(Contribution.objects.select_related("actor__identity")).order_by("position")),
        tuple(of_record(ContributionAct.objects.select_related("party__identity")).order_by("party", "act")),
        tuple(of_record(ContributionEvidence.objects.all()).order_by("kind", "digest")),
        tuple(seen(corrections, sight).select_related("author__identity")),
    )


def _attributions(submission: Submission, sight: Sight) -> tuple[Attribution, ...]:
    rows = seen(Influence.objects.select_related("provider__identity"), sight).filter(submission=submission)
    return tuple(
        Attribution(
            row,
            tuple(
                (
                    str(next(filter(None, (getattr(one, kind.value) for kind in AssetKind)))),
                    str(Fraction(one.numerator, one.denominator)),
                )
                for one in seen(InfluenceWeight.objects.select_related(*AssetKind), sight)
                .filter(influence=row)
                .order_by("id")[:MOST_WEIGHTS]
            ),
            row.objections.count(),
        )
        for row in rows.order_by("recorded_at", "id")
    )


def own(submission_id: UUID, sight: Sight) -> Dossier:
    """
    Return what is on record about an output, for whoever submitted it.

    :raises NoSuchSubmission: nothing was submitted under this id, or nothing that is seen
    :raises NotYourOutput: somebody else submitted it
    """
    found = dossier(submission_id, sight)
    if not found.is_own:
        raise NotYourOutput
    return found


def with_state(submissions: QuerySet[Submission]) -> QuerySet[Any, Any]:
    """Annotate submissions with their ``state``, so that a list needs one query."""
    decided = decisions.standing().filter(submission=OuterRef("pk")).values("outcome")
    given_up = Job.objects.filter(kind=Job.Kind.CLEAR, subject_id=OuterRef("pk"), given_up_at__isnull=False)
    return submissions.annotate(
        state=Coalesce(Subquery(decided), Case(When(Exists(given_up), then=Value("failed")), default=Value("waiting")))
    )


def _evidence(decision: Decision) -> Evidence | None:
    """Return what was measured; None where nothing was, or where somebody made it unreadable, which the log tells."""
    if decision.examination is None:
        return None
    try:
        return examine.read(decision.examination)
    except NotEvidence:
        return None


def _heard(submission: Submission, evidence: Evidence) -> tuple[Heard, ...]:
    known = {
        sound.pk: recording
        for recording in Recording.objects.filter(heard_as(match.reference_id for match in evidence.matches))
        .select_related("reference")
        .prefetch_related("deliveries__reference")
        if (sound := recording.sound) is not None
    }
    declared = {ingredient.recording_id for ingredient in submission.ingredients.all()}
    enrollments = [match.reference_id for match in evidence.of_kind(VOICE_MATCH)]
    voices = dict(VoiceEnrollment.objects.filter(pk__in=enrollments).values_list("pk", "voice_id"))
    return tuple(
        Heard(
            position,
            match,
            recording,
            recording is not None and recording.id in declared,
            voices.get(match.reference_id) if match.kind == VOICE_MATCH else None,
        )
        for position, match in enumerate(evidence.matches)
        for recording in (known.get(match.reference_id),)
    )


def manifest_bytes(manifest: Manifest) -> bytes | None:
    """Return the manifest where it lies beside its file, None where it is inside."""
    if manifest.is_embedded:
        return None
    with store.local(manifest.newest.manifest_digest) as path:
        return path.read_bytes()


def verification(manifest: Manifest) -> Verification:
    """Return what the manifest of the delivered file proves today."""
    trust = identity.trust()
    with store.local(manifest.newest.output_digest) as path:
        return verify(
            path,
            manifest.media_type,
            roots_pem=trust.own,
            authorities_pem=trust.authorities,
            manifest=manifest_bytes(manifest),
        )


def head_over(index: int | None) -> tuple[Checkpoint, merkle.Tiles]:
    """
    Return the tree head that is shown, or the newest one where that does not reach to an entry yet, and its tree.

    :raises checkpoints.NoCheckpoint: nothing was sequenced yet
    """
    newest, tiles = sequencer.tree()
    head = checkpoints.shown()
    # The tiles of a larger tree begin with those of a smaller one.
    return (head if index is None or head.size > index else newest), tiles


def receipts_under(head: Checkpoint, tiles: merkle.Tiles) -> Callable[[Entry], str]:
    """Return what makes receipts that all lead to one checkpoint."""
    tiles, note = functools.lru_cache(maxsize=4096)(tiles), checkpoints.note_of(head)

    def receipt_of(entry: Entry) -> str:
        proof = merkle.inclusion_proof(entry.leaf.index, head.size, tiles)
        return str(receipts.Receipt(index=entry.leaf.index, proof=proof, checkpoint=note))

    return receipt_of


def receipt(entry: Entry) -> str:
    """
    Return the receipt of an entry: its inclusion proof under the checkpoint that is shown (c2sp.org/tlog-proof).

    :raises NotSequenced: it has no place in the tree yet
    """
    leaf = Leaf.objects.filter(entry=entry).first()
    if leaf is None:
        raise NotSequenced
    proved = sequencer.prove(leaf)
    return str(receipts.Receipt(index=leaf.index, proof=proved.proof, checkpoint=proved.note))


def _about(submission: Submission) -> Q:
    """Return the condition of the entries about an output: what was submitted, decided, said and found about it."""
    return (
        Q(submission=submission)
        | Q(decision__submission=submission)
        | Q(review__decision__submission=submission)
        | Q(appeal__decision__submission=submission)
        | Q(appeal_answer__appeal__decision__submission=submission)
        | Q(recheck__decision__submission=submission)
        | Q(influence__submission=submission)
        | Q(contribution_record__submission=submission)
        | Q(disclosure__submission=submission)
        | Q(disclosure_answer__disclosure__submission=submission)
        | Q(influence_objection__influence__submission=submission)
        | Q(certificate__manifest__decision__submission=submission)
        | Q(manifest_status__manifest__decision__submission=submission)
        | Q(soft_binding__decision__submission=submission)
        | Q(timestamp__manifest__decision__submission=submission)
        | Q(division__decision__submission=submission)
    )


def entries_behind(submission: Submission, decision: Decision) -> tuple[Entry, ...]:
    """
    Return every entry that a decision rests on, in the order of the log.

    The submission and the decision; the recordings declared or heard, their works; who holds shares of them; the
    consents that this submitter may rely on, with their withdrawals; the submitter's licenses; all their parties, as
    commitments and without names. Not what others agreed to.
    """
    evidence = _evidence(decision)
    references = [match.reference_id for match in evidence.matches] if evidence else []
    tracks = Recording.objects.filter(Q(ingredients__submission=submission) | heard_as(references)).distinct()
    works = {link.work_id for track in tracks.prefetch_related("work_links") for link in track.work_links.all()}
    about = Q(recording__in=tracks) | Q(work__in=works)
    shares = Share.objects.filter(about)
    consents = Consent.objects.filter(about).filter(Q(licensee=None) | Q(licensee=submission.submitter_id))
    licenses = License.objects.filter(
        Q(schedule__recording__in=tracks) | Q(schedule__work__in=works), licensee=submission.submitter_id
    )
    parties = {
        submission.submitter_id,
        *shares.values_list("party", flat=True),
        *consents.values_list("grantor", flat=True),
        *consents.values_list("actor", flat=True),
        *licenses.values_list("licensor", flat=True),
        *submission.contributions.filter(actor__isnull=False).values_list("actor", flat=True),
        *submission.contribution_acts.values_list("party", flat=True),
    }
    return tuple(
        Entry.objects.select_related("leaf")
        .filter(
            _about(submission)
            | Q(recording__in=tracks)
            | Q(work__in=works)
            | Q(share__in=shares)
            | Q(consent__in=consents)
            | Q(consent_event__in=ConsentEvent.objects.filter(consent__in=consents))
            | Q(license__in=licenses)
            | Q(plan__license__in=licenses)
            | Q(party__in=parties)
            | Q(signer_change__in=_who_signed(decision)),
            leaf__isnull=False,
        )
        .order_by("leaf__index")
        .distinct()
    )


def _who_signed(decision: Decision) -> QuerySet[SignerChange]:
    """Return since when, as the log has it, the certificate signs that signed a decision's file."""
    signed = Manifest.objects.filter(decision=decision)
    return SignerChange.objects.filter(
        certificate_digest__in=signed.values("certificate_digest"), active_from__lte=decision.decided_at
    )


Further = Callable[[Checkpoint, Sequence[packs.Logged]], Mapping[str, bytes]]


def pack(submission_id: UUID, target: Path | BinaryIO, *, further: Further | None = None) -> None:
    """
    Write the evidence pack of a decided output: what ``ledger-verify`` checks on a machine that never heard of us.

    The rows are written as they stand in the database now, so that the log can contradict them. All receipts lead to
    one checkpoint.

    :param further: what else goes in, by the checkpoint and the entries
    :raises NoSuchSubmission: nothing was submitted under this id
    :raises NotDecided: there is no decision yet
    :raises NotSequenced: the decision's entry has no place in the tree yet
    """
    found = dossier(submission_id)
    decision = found.decision
    if decision is None:
        raise NotDecided
    entries = entries_behind(found.submission, decision)
    if not any((entry.subject, entry.fact) == ("decision", decision.id) for entry in entries):
        raise NotSequenced
    certificate = _shown_certificate(found.manifest, entries)
    head, tiles = head_over(max(entry.leaf.index for entry in entries))
    receipt_of = receipts_under(head, tiles)
    logged = tuple(_logged(entry, receipt_of) for entry in entries if entry.leaf.index < head.size)
    manifest = _proved(found.manifest, entries, certificate)
    delivered = manifest.output_digest if manifest else found.submission.audio_id
    media_type = found.manifest.media_type if found.manifest else found.submission.audio.media_type
    trust = identity.trust()
    with store.local(delivered) as source:
        packs.write(
            target,
            packs.Pack(
                subject=canonical.Subject(table="rights_submission", id=str(submission_id)),
                output=packs.Output(
                    name=f"{submission_id}.{EXTENSIONS[media_type]}",
                    media_type=media_type,
                    digest=delivered,
                    source=source,
                    manifest=_beside(found.manifest, manifest),
                ),
                entries=logged,
                splits=found.splits.canonical if found.splits else None,
                log_key=checkpoints.public_keys().text.removesuffix("\n"),
                certificate=certificate.token if certificate else None,
                c2pa_roots=trust.own.encode(),
                authorities=trust.authorities.encode() or None,
                further=further(head, logged) if further else {},
            ),
        )


def _proved(
    manifest: Manifest | None, entries: tuple[Entry, ...], certificate: Certificate | None
) -> Manifest | Timestamp | None:
    """
    Return what says under which digests the file is.

    That is the time stamp only once its entry can be shown as well, and the certificate knows of it.
    """
    if manifest is None:
        return None
    stamped = manifest.newest
    is_shown = isinstance(stamped, Timestamp) and any(
        (entry.subject, entry.fact) == ("timestamp", stamped.pk) for entry in entries
    )
    return stamped if is_shown and (certificate is None or _names(certificate, stamped.output_digest)) else manifest


def _names(certificate: Certificate, output_digest: str) -> bool:
    try:
        return any(file.digest == output_digest for file in certified.unchecked(certificate.token).files)
    except certified.NotCertified:
        return False  # the row was damaged, which the pack's verifier says


def _beside(manifest: Manifest | None, stored: Manifest | Timestamp | None) -> bytes | None:
    if manifest is None or stored is None or manifest.is_embedded:
        return None
    with store.local(stored.manifest_digest) as path:
        return path.read_bytes()


def _shown_certificate(manifest: Manifest | None, entries: tuple[Entry, ...]) -> Certificate | None:
    """Return the newest certificate whose entry is in the pack: it is vouched for there."""
    if manifest is None:
        return None
    logged = {entry.fact for entry in entries if entry.subject == "certificate"}
    return manifest.certificates.filter(pk__in=logged).order_by("-number").first()


def _logged(entry: Entry, receipt_of: Callable[[Entry], str] = receipt) -> packs.Logged:
    body = bytes(entry.body)
    versions = {group.table: group.version for group in canonical.read(body).rows}
    groups = rows.collect(entry.kind, subject_id(entry), versions=versions)
    return packs.Logged(
        index=entry.leaf.index,
        entry=body,
        receipt=receipt_of(entry),
        records={group.table: group.documents for group in groups},
    )


def subject_id(entry: Entry) -> UUID:
    """Return the id of the fact that an entry is about."""
    return UUID(canonical.read(bytes(entry.body)).subject.id)


def public_url(submission_id: UUID) -> str:
    """Return the address of the report for people."""
    return f"{settings.LEDGER_PUBLIC_URL}/reports/submissions/{submission_id}"
