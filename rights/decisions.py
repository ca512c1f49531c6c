"""Recording what was decided. Inserts only; a submission is decided once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from rights.case import Verdict
from rights.models import Decision, Finding, Submission
from rights.registry import LINKS


def decision_id(submission_id: UUID) -> UUID:
    """Return the id of a submission's only decision: known before it is made, so the signed file can carry it."""
    return uuid5(LINKS, f"{submission_id}/decision")


def record(
    *, submission: Submission, verdict: Verdict, examination_id: UUID | None, known_at: datetime, at: datetime
) -> Decision:
    """Insert a decision with its findings; the database refuses a second one for the same submission."""
    decision = Decision.objects.create(
        id=decision_id(submission.id),
        submission=submission,
        outcome=verdict.outcome,
        examination_id=examination_id,
        policy_version=verdict.policy_version,
        licenses=list(verdict.licenses),
        known_at=known_at,
        decided_at=at,
    )
    for position, finding in enumerate(verdict.findings):
        Finding.objects.create(
            id=uuid5(LINKS, f"{decision.id}/finding/{position}"),
            decision=decision,
            position=position,
            rule=finding.rule,
            effect=finding.effect,
            sentence=finding.sentence,
            rests_on=list(dict.fromkeys(finding.rests_on)),
            matches=list(finding.matches),
        )
    return decision
