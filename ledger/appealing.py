"""
What a submitter says against a refusal, and what another person than the first answers (CHK-6).

An appeal that is upheld teaches: the pairs of reference and submitter that it was about are allowed until a day. The
output is then judged again with what was taught, on the terms that hold now, and that decision supersedes the first.
Whatever else stood against it stands; a voice is never allowed in advance, see ``ledger.reviewing``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from fingerprint import examine
from fingerprint.evidence import VOICE_MATCH, Evidence
from fingerprint.models import Reference
from ledger import deciding, log
from ledger.constraints import violated
from ledger.models import Entry, ReviewClaim
from ledger.visibility import Sight, seen
from rights import terms
from rights.case import AllowanceTerm, Effect
from rights.identifiers import isrc as check_isrc
from rights.models import Allowance, Appeal, AppealAnswer, AppealEvidence, Decision, Finding, Review
from rights.registry import LINKS
from rights.vocabulary import AppealEvidenceKind, AppealGround, Outcome, ReviewReason

MOST_EVIDENCE = 50
LONGEST_ALLOWANCE = timedelta(days=5 * 366)
UPHOLDING = frozenset(
    {
        ReviewReason.NOT_THE_SAME,
        ReviewReason.COMMON_MATERIAL,
        ReviewReason.EXPLAINED,
        ReviewReason.CONSENT_EVIDENCED,
        ReviewReason.HEARD_AFTER_ALL,
    }
)
_TAUGHT_BY = ("matches_are_declared", "versions_are_declared")


class NoSuchAppeal(Exception):
    """There is no appeal with this id."""


class NothingToAppeal(Exception):
    """Only a refusal that stands can be appealed against, by whoever submitted the output."""


class NothingMeasured(Exception):
    """The audio broke off, so there is nothing to judge again: submit a whole file instead."""


class AlreadyAppealed(Exception):
    """There is an appeal against this decision; each is heard once."""


class TooMuchEvidence(Exception):
    """Fifty pieces of evidence at most: put several files into one archive."""


class EvidenceUnclear(Exception):
    """Each piece of evidence is the digest of a document, or for a prior release its ISRC."""


class AlreadyAnswered(Exception):
    """The appeal was answered; its outcome is a decision of its own."""


class NeedsAnotherPerson(Exception):
    """Whoever reviewed this output does not answer the appeal: it takes somebody else."""


class AnsweredOtherwise(Exception):
    """The reason speaks for the other answer: choose one that speaks for yours."""


class AllowedTooLong(Exception):
    """What an appeal teaches expires: after today, and within five years."""


@dataclass(frozen=True)
class Piece:
    """One piece of evidence: a document by its digest, or the ISRC of a prior release."""

    kind: AppealEvidenceKind
    digest: str = ""
    isrc: str = ""


@dataclass(frozen=True)
class Answered:
    """An answer, and the decision that followed where the appeal was upheld."""

    answer: AppealAnswer
    decision: Decision | None


def waiting(sight: Sight) -> QuerySet[Appeal]:
    """Return the appeals that wait for an answer, of those that are seen, the oldest first."""
    rows: QuerySet[Appeal] = seen(Appeal.objects.select_related("decision__submission", "appellant"), sight)
    return rows.filter(answer__isnull=True).order_by("appealed_at", "id")


def due_at(appeal: Appeal) -> datetime:
    """Return by when an appeal should be answered."""
    return appeal.appealed_at + timedelta(days=settings.LEDGER_APPEAL_DAYS)


def appeal(
    *,
    id: UUID,
    decision_id: UUID,
    appellant_id: UUID,
    ground: AppealGround,
    statement: str,
    evidence: Sequence[Piece] = (),
    at: datetime,
) -> Appeal:
    """
    Record that a submitter says a refusal was wrong, with what shows it.

    :raises NothingToAppeal: it is no refusal, does not stand any more, or somebody else submitted the output
    :raises NothingMeasured: the audio broke off
    :raises AlreadyAppealed: it was appealed against before
    :raises TooMuchEvidence: more pieces than anybody reads
    :raises EvidenceUnclear: a piece is neither a document nor an ISRC
    :raises BadIsrc: an ISRC is none
    """
    decision = Decision.objects.select_related("submission").filter(pk=decision_id).first()
    if (
        decision is None
        or decision.outcome != Outcome.REFUSED
        or decision.submission.submitter_id != appellant_id
        or Decision.objects.filter(supersedes=decision).exists()
    ):
        raise NothingToAppeal
    if decision.examination_id is None:
        raise NothingMeasured
    if len(evidence) > MOST_EVIDENCE:
        raise TooMuchEvidence
    pieces = [_checked(piece) for piece in evidence]
    try:
        with transaction.atomic(durable=True):
            row = Appeal.objects.create(
                id=id,
                decision=decision,
                appellant_id=appellant_id,
                ground=ground,
                statement=statement,
                appealed_at=at,
            )
            for number, piece in enumerate(pieces):
                AppealEvidence.objects.create(
                    id=uuid5(LINKS, f"{id}/evidence/{number}"),
                    appeal=row,
                    kind=piece.kind,
                    digest=piece.digest,
                    isrc=piece.isrc,
                )
            log.append(
                Entry.Kind.APPEALED,
                row,
                {"decision": str(decision_id), "ground": row.ground, "evidence": len(pieces)},
                at=at,
            )
    except IntegrityError as error:
        if violated(error) == "rights_appeal_decision_id_key":
            raise AlreadyAppealed from error
        raise
    return row


def _checked(piece: Piece) -> Piece:
    if piece.kind is AppealEvidenceKind.PRIOR_ISRC:
        if not piece.isrc or piece.digest:
            raise EvidenceUnclear
        return Piece(piece.kind, isrc=check_isrc(piece.isrc))
    if not piece.digest or piece.isrc:
        raise EvidenceUnclear
    return piece


def answer(
    *,
    id: UUID,
    appeal_id: UUID,
    reviewer_id: int,
    is_upheld: bool,
    reason: ReviewReason,
    note: str = "",
    expires_on: date | None = None,
    at: datetime,
) -> Answered:
    """
    Answer an appeal. Where it is upheld, record what it teaches and judge the output again; that decision counts.

    The decision that follows is whatever the rules say now: cleared, still refused for another reason, or for review.

    :param expires_on: the first day on which what it teaches does not count any more; a year from now unless said
    :raises NoSuchAppeal: there is none
    :raises AlreadyAnswered: somebody answered it
    :raises NothingToAppeal: people came to another outcome meanwhile
    :raises NeedsAnotherPerson: this person reviewed the output
    :raises AnsweredOtherwise: the reason is one for the other answer
    :raises AllowedTooLong: the day lies behind, or too far ahead
    """
    found = Appeal.objects.select_related("decision__submission__audio", "decision__examination").filter(pk=appeal_id)
    asked = found.first()
    if asked is None:
        raise NoSuchAppeal
    if AppealAnswer.objects.filter(appeal=asked).exists():
        raise AlreadyAnswered
    decision = asked.decision
    if Decision.objects.filter(supersedes=decision).exists():
        raise NothingToAppeal
    if Review.objects.filter(decision__submission=decision.submission_id, reviewer=reviewer_id).exists():
        raise NeedsAnotherPerson
    if (reason in UPHOLDING) != is_upheld:
        raise AnsweredOtherwise
    until = expires_on or at.date() + timedelta(days=settings.LEDGER_ALLOWANCE_DAYS)
    if not at.date() < until <= at.date() + LONGEST_ALLOWANCE:
        raise AllowedTooLong
    given = AppealAnswer(
        id=id, appeal=asked, reviewer_id=reviewer_id, is_upheld=is_upheld, reason=reason, note=note, answered_at=at
    )
    if not is_upheld:
        return _commit(given, None, (), at=at)
    if decision.examination is None:
        raise NothingMeasured
    evidence = examine.read(decision.examination)
    references = _references(decision, evidence)
    submitter = decision.submission.submitter_id

    def attempt(known_at: datetime) -> Answered:
        moment = max(at, known_at)
        claim = terms.claim_of(decision.submission, known_at=known_at)
        taught = [
            Allowance(
                id=uuid5(LINKS, f"{id}/{reference_id}"),
                answer=given,
                reference_id=reference_id,
                submitter_id=submitter,
                expires_on=until,
                recorded_at=at,
            )
            for reference_id in references
        ]
        judged = deciding.judge(
            decision.submission,
            claim,
            evidence,
            known_at=known_at,
            at=moment,
            supersedes=decision,
            allowances=[AllowanceTerm(one.id, one.reference_id, claim.licensee_id, until) for one in taught],
        )
        return _commit(given, judged, taught, at=moment)

    return deciding.when_still(attempt, known_at=at)


def _references(decision: Decision, evidence: Evidence) -> list[UUID]:
    """Return the registered references whose matches stopped the output, where they were of recorded material."""
    stopping = Finding.objects.filter(decision=decision, rule__in=_TAUGHT_BY).exclude(effect=Effect.PASS)
    matches = {evidence.matches[position] for row in stopping for position in row.matches}
    ids = {match.reference_id for match in matches if match.kind != VOICE_MATCH}
    return sorted(Reference.objects.filter(pk__in=ids).values_list("pk", flat=True), key=str)


def _commit(
    given: AppealAnswer, judged: deciding.Judged | None, taught: Sequence[Allowance], *, at: datetime
) -> Answered:
    decision = given.appeal.decision
    following = None
    try:
        with transaction.atomic(durable=True):
            row = AppealAnswer.objects.create(
                **{field.attname: getattr(given, field.attname) for field in AppealAnswer._meta.concrete_fields}
            )
            for one in taught:
                Allowance.objects.create(
                    **{field.attname: getattr(one, field.attname) for field in Allowance._meta.concrete_fields}
                )
            log.append(
                Entry.Kind.APPEAL_ANSWERED,
                row,
                {
                    "appeal": str(given.appeal_id),
                    "is_upheld": row.is_upheld,
                    "reason": row.reason,
                    "allowances": len(taught),
                },
                at=at,
            )
            if judged is not None:
                following, _ = deciding.record(
                    judged, decision.submission, examination=decision.examination, supersedes=decision, at=at
                )
            ReviewClaim.objects.filter(decision=decision).delete()
    except IntegrityError as error:
        match violated(error):
            case "rights_appealanswer_appeal_id_key":
                raise AlreadyAnswered from error
            case "rights_decision_pkey" | "rights_decision_supersedes_id_key":
                raise NothingToAppeal from error
            case "appeal_goes_to_another_reviewer":
                raise NeedsAnotherPerson from error
        raise
    return Answered(row, following)
