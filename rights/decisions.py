"""Recording what was decided. Inserts only; a submission is decided once, and again where people said so."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from django.db.models import QuerySet

from rights.case import Effect, Verdict
from rights.case import Finding as Found
from rights.models import Decision, Finding, Submission
from rights.registry import LINKS


def decision_id(submission_id: UUID, *, supersedes_id: UUID | None = None) -> UUID:
    """Return the id of a decision: known before it is made, so the signed file can carry it."""
    if supersedes_id is not None:
        return uuid5(LINKS, f"{supersedes_id}/successor")
    return uuid5(LINKS, f"{submission_id}/decision")


def made(
    *,
    submission_id: UUID,
    verdict: Verdict,
    examination_id: UUID | None,
    known_at: datetime,
    supersedes_id: UUID | None = None,
    at: datetime,
) -> tuple[Decision, list[Finding]]:
    """Return what a verdict is recorded as: a decision with its findings, not inserted yet."""
    decision = Decision(
        id=decision_id(submission_id, supersedes_id=supersedes_id),
        submission_id=submission_id,
        outcome=verdict.outcome,
        examination_id=examination_id,
        policy_version=verdict.policy_version,
        licenses=list(verdict.licenses),
        known_at=known_at,
        decided_at=at,
        supersedes_id=supersedes_id,
        bands_id=verdict.bands_id,
    )
    return decision, [
        Finding(
            id=uuid5(LINKS, f"{decision.id}/finding/{position}"),
            decision=decision,
            position=position,
            rule=finding.rule,
            effect=finding.effect,
            sentence=finding.sentence,
            rests_on=list(dict.fromkeys(finding.rests_on)),
            matches=list(finding.matches),
        )
        for position, finding in enumerate(verdict.findings)
    ]


def record(
    *,
    submission: Submission,
    verdict: Verdict,
    examination_id: UUID | None,
    known_at: datetime,
    at: datetime,
    supersedes: Decision | None = None,
) -> Decision:
    """Insert a decision with its findings; the database refuses a second one in the same place."""
    decision, findings = made(
        submission_id=submission.id,
        verdict=verdict,
        examination_id=examination_id,
        known_at=known_at,
        supersedes_id=supersedes.id if supersedes else None,
        at=at,
    )
    decision.submission = submission
    decision.save(force_insert=True)
    for finding in findings:
        finding.save(force_insert=True)
    return decision


def standing() -> QuerySet[Decision]:
    """Return the decisions that count: the last one about each output."""
    return Decision.objects.filter(successor__isnull=True)


def findings_of(decision: Decision) -> tuple[Found, ...]:
    """Return the findings of a decision as values, in their order."""
    return tuple(
        Found(row.rule, Effect(row.effect), row.sentence, tuple(row.rests_on), tuple(row.matches))
        for row in decision.findings.order_by("position")
    )
