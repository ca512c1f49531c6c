"""
What people decide that no rule could (CHK-5): who is at it, what they found, and the decision that follows.

A decision is final. A review is a fact beside it, and where the reviewers came to an outcome, another decision
supersedes the first, made on the same way (``ledger.deciding``): judged on the terms that hold now, signed, split and
entered. So a consent that was withdrawn since refuses whatever a reviewer would let pass.

For pages: ``waiting`` is the queue, ``desk`` everything about one case, ``claim``, ``release`` and ``assign`` keep two
people from the same work, ``review`` is the act. ``part_of`` says what somebody may do about a decision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from fingerprint import examine
from ledger import deciding, log
from ledger.access import Caller, Verb
from ledger.constraints import violated
from ledger.models import Entry, ReviewClaim
from ledger.visibility import Sight, seen
from rights import decisions, policy, terms
from rights.case import Effect, Terms, Verdict
from rights.case import Finding as Found
from rights.models import Decision, Finding, Recording, Review, Submission
from rights.models.assets import heard_as
from rights.policy import Waiver
from rights.vocabulary import Outcome, ReviewReason
from royalties import apportion

CLEARING = frozenset(
    {
        ReviewReason.NOT_THE_SAME,
        ReviewReason.COMMON_MATERIAL,
        ReviewReason.HEARD_AFTER_ALL,
        ReviewReason.EXPLAINED,
        ReviewReason.CONSENT_EVIDENCED,
    }
)
REFUSING = frozenset(ReviewReason) - CLEARING
SAID: dict[ReviewReason, str] = {
    ReviewReason.NOT_THE_SAME: "what was matched is something else",
    ReviewReason.COMMON_MATERIAL: "the material is anybody's to use",
    ReviewReason.HEARD_AFTER_ALL: "the declared ingredient is there",
    ReviewReason.EXPLAINED: "what was missing was supplied",
    ReviewReason.CONSENT_EVIDENCED: "a document shows the consent",
    ReviewReason.SAME_MATERIAL: "it is the same material",
    ReviewReason.SAME_VOICE: "it is the same voice",
    ReviewReason.NOT_HEARD: "the declared ingredient is not there",
    ReviewReason.NOT_EXPLAINED: "what was missing was not supplied",
    ReviewReason.NOT_AGREED: "whoever had to be asked said no",
}
ENOUGH = 2  # of three who disagree, two agree
MOST_EARLIER = 20


class NoSuchDecision(Exception):
    """There is no decision with this id."""


class NotForReview(Exception):
    """Nobody is asked to look at this decision: it cleared the output, or refused it on what no reviewer may waive."""


class AlreadySettled(Exception):
    """Others came to an outcome about this decision meanwhile; look at the output again."""


class ReviewedMeanwhile(Exception):
    """Somebody else reviewed this decision at this moment; look at it again."""


class NeedsAnotherReviewer(Exception):
    """You reviewed this decision before: it takes somebody else now."""


class ClaimedByAnother(Exception):
    """Somebody else is at this decision now; take another one, or wait."""


class ReasonSpeaksOtherwise(Exception):
    """The reason speaks for the other outcome: choose one that speaks for yours."""


class EvidenceMissing(Exception):
    """This is let pass on a document only: give its digest."""


class NobodyVouches(Exception):
    """A voice passes only by somebody who may hold evidence of the singer's consent, with that document (CHK-4)."""


class NotYourReview(Exception):
    """Reviews are for the operator, and for reviewers of those who hold everything in question; never a submitter's."""


class StillStands(Exception):
    """Something stands against this output that no reviewer may let pass; refuse it, or have that settled first."""

    def __init__(self, findings: Sequence[Found]) -> None:
        """Keep what stands; the message says it."""
        said = " ".join(finding.sentence for finding in findings)
        super().__init__(f"{' '.join((type(self).__doc__ or '').split())} {said}".strip())
        self.findings = tuple(findings)


@dataclass(frozen=True)
class Part:
    """What somebody may do about a decision."""

    may_review: bool
    may_vouch: bool  # may let a voice pass, with a document


@dataclass(frozen=True)
class Earlier:
    """Another decision about the same pair, and which pair that is."""

    decision: Decision
    pair: str  # "reference and submitter" or "same audio"


@dataclass(frozen=True)
class Desk:
    """One case as a reviewer has it on the desk."""

    decision: Decision
    due_at: datetime
    is_overdue: bool
    claim: ReviewClaim | None  # only one that still holds
    reviews: tuple[Review, ...]
    takes_two: bool  # as far as is known before anybody said anything
    needs: frozenset[Waiver]  # what it would take to clear it
    earlier: tuple[Earlier, ...]


@dataclass(frozen=True)
class Reviewed:
    """A review, and the decision that followed, where the reviewers came to an outcome."""

    review: Review
    decision: Decision | None


# --- the queue ---


def waiting(sight: Sight) -> QuerySet[Decision]:
    """Return the decisions that wait for people, of those that are seen, the one that waits longest first."""
    rows: QuerySet[Decision] = seen(decisions.standing().select_related("submission"), sight)
    return rows.filter(outcome=Outcome.REVIEW).order_by("decided_at", "id")


def overdue(sight: Sight, *, at: datetime) -> QuerySet[Decision]:
    """Return those that wait longer than they should."""
    return waiting(sight).filter(decided_at__lte=at - _patience())


def due_at(decision: Decision) -> datetime:
    """Return by when a decision should be reviewed."""
    return decision.decided_at + _patience()


def _patience() -> timedelta:
    return timedelta(days=settings.LEDGER_REVIEW_DAYS)


def desk(decision_id: UUID, *, at: datetime) -> Desk:
    """
    Return one case as a reviewer has it on the desk.

    :raises NoSuchDecision: there is none
    """
    decision = _decision(decision_id)
    findings = decisions.findings_of(decision)
    return Desk(
        decision=decision,
        due_at=due_at(decision),
        is_overdue=decision.outcome == Outcome.REVIEW and due_at(decision) <= at,
        claim=ReviewClaim.objects.select_related("reviewer").filter(decision=decision, until__gt=at).first(),
        reviews=tuple(decision.reviews.select_related("reviewer").order_by("position")),
        takes_two=any(takes_two(decision, outcome) for outcome in (Outcome.CLEARED, Outcome.REFUSED)),
        needs=frozenset(policy.waiver_of(finding) for finding in findings if finding.effect is not Effect.PASS),
        earlier=earlier(decision),
    )


def earlier(decision: Decision) -> tuple[Earlier, ...]:
    """Return earlier decisions about the same pair: this submitter with what is heard here, or this very audio."""
    others = (
        decisions.standing()
        .select_related("submission")
        .exclude(submission=decision.submission_id)
        .filter(decided_at__lte=decision.decided_at)
        .order_by("-decided_at", "-id")
    )
    heard = {id_ for row in decision.findings.all() if row.matches for id_ in row.rests_on}
    about = Recording.objects.filter(Q(pk__in=heard) | heard_as(heard)).values_list("pk", flat=True)
    named = Finding.objects.filter(decision=OuterRef("pk"), rests_on__overlap=[*about, *heard])
    same_audio = others.filter(submission__audio=decision.submission.audio_id)[:MOST_EARLIER]
    found = {one.pk: Earlier(one, "same audio") for one in same_audio}
    if heard:
        of_pair = others.filter(Exists(named), submission__submitter=decision.submission.submitter_id)[:MOST_EARLIER]
        for one in of_pair:
            found.setdefault(one.pk, Earlier(one, "reference and submitter"))
    return tuple(sorted(found.values(), key=lambda one: one.decision.decided_at, reverse=True))[:MOST_EARLIER]


# --- who may ---


def part_of(caller: Caller, decision: Decision) -> Part:
    """
    Return what somebody may do about a decision.

    The operator's people may review. Others may where everything in question is theirs: a label does not clear what
    another one holds. Nobody reviews what their own house submitted.
    """
    if caller.is_operator:
        return Part(may_review=True, may_vouch=True)
    if caller.sight.parties and decision.submission.submitter_id in caller.sight.parties:
        return Part(may_review=False, may_vouch=False)
    found = decision.findings.exclude(effect=Effect.PASS)
    voices = found.filter(rule="voices_are_consented")
    vouches = _concerned(caller, Verb.VOUCH, voices)
    only_voices = vouches and voices.count() == found.count()
    return Part(may_review=_concerned(caller, Verb.REVIEW, found) or only_voices, may_vouch=vouches)


def _concerned(caller: Caller, verb: Verb, findings: QuerySet[Finding]) -> bool:
    total = findings.count()
    return total > 0 and any(
        verb in duty.verbs and seen(findings, Sight(duty.parties)).count() == total for duty in caller.duties
    )


def check_part(caller: Caller, decision_id: UUID) -> Part:
    """
    Return what somebody may do about a decision that they may review.

    :raises NoSuchDecision: there is none, or none that is seen
    :raises NotYourReview: it is for others
    """
    decision = _decision(decision_id)
    if not seen(Decision.objects.filter(pk=decision_id), caller.sight).exists():
        raise NoSuchDecision
    part = part_of(caller, decision)
    if not part.may_review:
        raise NotYourReview
    return part


# --- one at a time ---


def claim(*, decision_id: UUID, reviewer_id: int, assigned_by_id: int | None = None, at: datetime) -> ReviewClaim:
    """
    Take a decision, or keep it, for a while; nobody else reviews it meanwhile.

    :raises NoSuchDecision: there is none
    :raises NotForReview: nobody is asked to look at it
    :raises AlreadySettled: it was settled
    :raises ClaimedByAnother: somebody else has it
    """
    _open(decision_id)
    values = {
        "reviewer_id": reviewer_id,
        "assigned_by_id": assigned_by_id,
        "claimed_at": at,
        "until": at + timedelta(minutes=settings.LEDGER_REVIEW_CLAIM_MINUTES),
    }
    free = ReviewClaim.objects.filter(Q(reviewer=reviewer_id) | Q(until__lte=at), decision=decision_id)
    if not free.update(**values):
        try:
            with transaction.atomic():
                ReviewClaim.objects.create(decision_id=decision_id, **values)
        except IntegrityError as error:
            if violated(error) == "ledger_reviewclaim_pkey":
                raise ClaimedByAnother from error
            raise
    return ReviewClaim.objects.select_related("reviewer").get(decision=decision_id)


def assign(*, decision_id: UUID, to_id: int, by_id: int, at: datetime) -> ReviewClaim:
    """
    Give a decision to somebody, whoever has it now.

    :raises NoSuchDecision: there is none
    :raises NotForReview: nobody is asked to look at it
    :raises AlreadySettled: it was settled
    """
    ReviewClaim.objects.filter(decision=decision_id).delete()
    return claim(decision_id=decision_id, reviewer_id=to_id, assigned_by_id=by_id, at=at)


def release(*, decision_id: UUID, reviewer_id: int) -> None:
    """Give a decision back to whoever comes next; it is nothing to give back what one has not."""
    ReviewClaim.objects.filter(decision=decision_id, reviewer=reviewer_id).delete()


# --- the act ---


def review(
    *,
    id: UUID,
    decision_id: UUID,
    reviewer_id: int,
    outcome: Outcome,
    reason: ReviewReason,
    note: str = "",
    evidence_digest: str = "",
    may_vouch: bool = False,
    at: datetime,
) -> Reviewed:
    """
    Record what a person found about a decision; where that settles it, decide again.

    To clear it, everything that stood for review is judged anew on the terms that hold now; what the reviewers saw and
    may let pass passes, and what else stands raises. Slow where it clears: the file is signed.

    :raises NoSuchDecision: there is none
    :raises NotForReview: it cleared the output, or refused it on what no reviewer may waive
    :raises AlreadySettled: others came to an outcome before
    :raises ReviewedMeanwhile: another review was recorded at this moment
    :raises NeedsAnotherReviewer: this person reviewed it before
    :raises ClaimedByAnother: somebody else is at it
    :raises ReasonSpeaksOtherwise: the reason is one for the other outcome
    :raises EvidenceMissing: it is let pass on a document only
    :raises NobodyVouches: a voice passes by somebody who may vouch only
    :raises StillStands: something stands against it that no reviewer may let pass
    """
    decision = _open(decision_id)
    if ReviewClaim.objects.filter(decision=decision, until__gt=at).exclude(reviewer=reviewer_id).exists():
        raise ClaimedByAnother
    before = tuple(decision.reviews.order_by("position"))
    if any(one.reviewer_id == reviewer_id for one in before):
        raise NeedsAnotherReviewer
    if reason not in (CLEARING if outcome is Outcome.CLEARED else REFUSING):
        raise ReasonSpeaksOtherwise
    saw = decisions.findings_of(decision)
    if outcome is Outcome.CLEARED:
        _check_waivers(saw, evidence_digest=evidence_digest, may_vouch=may_vouch)
    given = Review(
        id=id,
        decision=decision,
        reviewer_id=reviewer_id,
        position=len(before),
        outcome=outcome,
        reason=reason,
        note=note,
        evidence_digest=evidence_digest,
        reviewed_at=at,
    )
    agreed = settled(decision, [*before, given])
    if agreed is Outcome.CLEARED:
        return deciding.when_still(
            lambda known_at: _clear(decision, given, before, saw, known_at=known_at, at=max(at, known_at)), known_at=at
        )
    judged = None
    if agreed is Outcome.REFUSED:
        judged = deciding.Judged(refused(decision, (*before, given)), at)
    return _commit(given, judged, at=at)


def refused(decision: Decision, reviews: Iterable[Review]) -> Verdict:
    """Return the verdict on an output that these reviews of a decision refuse: what was found, and why they agree."""
    found = Verdict(decisions.findings_of(decision), (), decision.policy_version, decision.bands_id)
    agreeing = [one for one in reviews if one.outcome == Outcome.REFUSED]
    reasons = ", and ".join(dict.fromkeys(SAID[ReviewReason(one.reason)] for one in agreeing))
    return policy.refused_on_review(found, [one.id for one in agreeing], reasons)


def takes_two(decision: Decision, outcome: str) -> bool:
    """
    Whether it takes two people for an outcome: a voice let pass, a costly refusal, or what the settings say.

    A value in a currency that the settings do not name counts as costly.
    """
    if outcome in settings.LEDGER_TWO_REVIEWERS:
        return True
    if outcome == Outcome.CLEARED:
        return any(policy.waiver_of(finding) is Waiver.VOUCHING for finding in decisions.findings_of(decision))
    submission = decision.submission
    if submission.expected_minor is None:
        return False
    threshold = settings.LEDGER_REVIEW_VALUES.get(submission.expected_currency)
    return threshold is None or submission.expected_minor >= threshold


def settled(decision: Decision, reviews: Iterable[Review]) -> Outcome | None:
    """Return the outcome that reviews come to together, or None while it takes more of them."""
    votes = Counter(Outcome(one.outcome) for one in reviews)
    needed = ENOUGH if any(takes_two(decision, outcome) for outcome in votes) else 1
    return next((outcome for outcome, count in votes.items() if count >= needed), None)


def _decision(decision_id: UUID) -> Decision:
    found = Decision.objects.select_related("submission__audio", "examination").filter(pk=decision_id).first()
    if found is None:
        raise NoSuchDecision
    return found


def _open(decision_id: UUID) -> Decision:
    decision = _decision(decision_id)
    if Decision.objects.filter(supersedes=decision).exists():
        raise AlreadySettled
    if not is_open(decision):
        raise NotForReview
    return decision


def is_open(decision: Decision) -> bool:
    """Whether people may come to another outcome: it waits for them, or was refused by the voice gate alone."""
    if decision.outcome == Outcome.REVIEW:
        return True
    refusals = [one for one in decisions.findings_of(decision) if one.effect is Effect.REFUSE]
    return decision.outcome == Outcome.REFUSED and all(
        policy.waiver_of(finding) is Waiver.VOUCHING for finding in refusals
    )


def _check_waivers(findings: Sequence[Found], *, evidence_digest: str, may_vouch: bool) -> None:
    against = [finding for finding in findings if finding.effect is not Effect.PASS]
    if never := [finding for finding in against if policy.waiver_of(finding) is Waiver.NEVER]:
        raise StillStands(never)
    needs = {policy.waiver_of(finding) for finding in against}
    if Waiver.VOUCHING in needs and not may_vouch:
        raise NobodyVouches
    if needs & {Waiver.VOUCHING, Waiver.EVIDENCE} and not evidence_digest:
        raise EvidenceMissing


def _clear(
    decision: Decision,
    given: Review,
    before: Sequence[Review],
    saw: Sequence[Found],
    *,
    known_at: datetime,
    at: datetime,
) -> Reviewed:
    submission: Submission = decision.submission
    if decision.examination is None:
        raise StillStands(saw)
    claim = terms.claim_of(submission, known_at=known_at)
    evidence = examine.read(decision.examination)
    agreeing = [one.id for one in (*before, given) if one.outcome == Outcome.CLEARED]

    def weigh(verdict: Verdict, in_force: Terms) -> Verdict:
        # Who may what was checked before anybody's review was taken, on what they saw; the rest is asked here.
        weighed = policy.let_pass(verdict, saw, agreeing, has_evidence=bool(given.evidence_digest), vouches=True)
        if weighed.standing:
            raise StillStands(weighed.standing)
        return replace(weighed.verdict, licenses=policy.licenses_of(claim, evidence, in_force))

    try:
        judged = deciding.judge(submission, claim, evidence, known_at=known_at, at=at, supersedes=decision, weigh=weigh)
    except (apportion.DoesNotAddUp, apportion.NothingToApportion) as error:
        why = Found("output_can_be_split", Effect.REVIEW, f"What it earns cannot be divided: {error}")
        raise StillStands([why]) from error
    if not judged.verdict.is_cleared:
        raise StillStands([one for one in judged.verdict.findings if one.effect is not Effect.PASS])
    return _commit(given, judged, at=at)


def _commit(given: Review, judged: deciding.Judged | None, *, at: datetime) -> Reviewed:
    decision = given.decision
    following = None
    try:
        with transaction.atomic(durable=True):
            review = Review.objects.create(
                **{field.attname: getattr(given, field.attname) for field in Review._meta.concrete_fields}
            )
            log.append(
                Entry.Kind.REVIEWED,
                review,
                {
                    "decision": str(decision.id),
                    "outcome": review.outcome,
                    "reason": review.reason,
                    "evidence": f"sha256:{review.evidence_digest}" if review.evidence_digest else None,
                    "settles": judged is not None,
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
            case "rights_decision_pkey" | "rights_decision_supersedes_id_key":
                raise AlreadySettled from error
            case "review_has_its_own_position":
                raise ReviewedMeanwhile from error
            case "nobody_reviews_twice":
                raise NeedsAnotherReviewer from error
        raise
    return Reviewed(review, following)
