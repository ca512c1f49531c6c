"""Who or what made an output, stated anew once it was decided: the record before stays, and what rests on it too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from ledger import log
from ledger.constraints import violated
from ledger.models import Entry
from rights import making, submissions, terms
from rights.case import DeclaredContribution
from rights.models import ContributionRecord, Decision, Submission


class NotDecidedYet(Exception):
    """It is being examined on what was submitted: correct it once it is decided."""


class NothingCorrected(Exception):
    """This is what is on record already: a correction says something else."""


class CorrectedMeanwhile(Exception):
    """Somebody else corrected it at this moment: read it again, and correct what it says now."""


def correct(
    *,
    id: UUID,
    submission_id: UUID,
    author_id: UUID,
    contributions: Sequence[DeclaredContribution],
    reason: str,
    at: datetime,
) -> ContributionRecord:
    """
    Record who or what made an output in place of what was recorded before.

    What was decided, signed and divided stays as it is, and so does what recipients were told: that it does not agree
    any more is shown (``ledger.disclosing``).

    :raises ContradictoryRecord: the record contradicts itself
    :raises NotDecidedYet: a decision is being made on what was submitted
    :raises NothingCorrected: it says what is on record
    :raises CorrectedMeanwhile: another correction came first
    """
    making.check(contributions)
    submission = Submission.objects.get(pk=submission_id)
    if not Decision.objects.filter(submission=submission).exists():
        raise NotDecidedYet
    try:
        with transaction.atomic(durable=True):
            before = terms.contributions_of(submission)
            if tuple(contributions) == before:
                raise NothingCorrected
            record = submissions.correct(
                id=id,
                submission=submission,
                author_id=author_id,
                contributions=contributions,
                reason=reason,
                at=at,
            )
            log.append(
                Entry.Kind.CONTRIBUTIONS_CORRECTED,
                record,
                {
                    "submission": str(submission_id),
                    "position": record.position,
                    "author": str(author_id),
                    "components": len(contributions),
                },
                at=at,
            )
    except IntegrityError as error:
        if violated(error) == "contribution_record_has_its_own_place":
            raise CorrectedMeanwhile from error
        raise
    return record
