"""
Objections to statements, and their answers: both are facts, and neither changes a figure.

A statement that was wrong is mended by what comes after it: a version of its own, or a difference in the next run.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from ledger import log, paying
from ledger.constraints import violated
from ledger.models import Entry
from royalties.models import ObjectionAnswer, Statement, StatementObjection

OBJECTION_DAYS = 60  # from the day a statement is issued

Outcome = ObjectionAnswer.Outcome


class NoSuchObjection(Exception):
    """There is no objection with this id."""


class TooLate(Exception):
    """Objections to this statement were taken until a day that is over; ask the payer."""


class ObjectedBefore(Exception):
    """This version of the statement was objected to before; its page shows the answer."""


class AnsweredBefore(Exception):
    """This objection has its answer."""


class NoReason(Exception):
    """An objection and its answer say why, in at most 600 characters and without names."""


def until(statement: Statement) -> datetime:
    """Return the moment until which objections are taken: the end of its day, UTC."""
    return statement.issued_at + timedelta(days=OBJECTION_DAYS)


def object_to(
    *,
    id: UUID,
    statement_id: UUID,
    reason: str,
    evidence_digest: str = "",
    by_id: int | None,
    link_id: UUID | None = None,
    at: datetime,
) -> StatementObjection:
    """
    Record that a payee says its statement is wrong.

    :param link_id: the payee's link, where it came by one and nobody signed in
    :raises NoSuchStatement: there is none
    :raises NoReason: it does not say why
    :raises TooLate: its day is over
    :raises ObjectedBefore: this version was objected to before
    """
    statement = Statement.objects.filter(pk=statement_id).first()
    if statement is None:
        raise paying.NoSuchStatement
    last = until(statement).date()
    if at.date() > last:
        raise TooLate(f"{TooLate.__doc__} It was {last}.")
    try:
        with transaction.atomic(durable=True):
            row = StatementObjection.objects.create(
                id=id,
                statement=statement,
                reason=_said(reason),
                evidence_digest=evidence_digest,
                object_until=last,
                objected_by_id=by_id,
                link_id=link_id,
                recorded_on=at.date(),
                recorded_at=at,
            )
            log.append(
                Entry.Kind.STATEMENT_OBJECTED,
                row,
                {
                    "statement": str(statement.pk),
                    "evidence": f"sha256:{evidence_digest}" if evidence_digest else None,
                },
                at=at,
            )
    except IntegrityError as error:
        if violated(error) == "statement_is_objected_to_once":
            raise ObjectedBefore from error
        raise
    return row


def answer(
    *, id: UUID, objection_id: UUID, outcome: Outcome, reason: str, by_id: int | None, at: datetime
) -> ObjectionAnswer:
    """
    Record what the payer says to an objection.

    :raises NoSuchObjection: there is none
    :raises NoReason: it does not say why
    :raises AnsweredBefore: it has its answer
    """
    if not StatementObjection.objects.filter(pk=objection_id).exists():
        raise NoSuchObjection
    try:
        with transaction.atomic(durable=True):
            row = ObjectionAnswer.objects.create(
                id=id,
                objection_id=objection_id,
                outcome=outcome,
                reason=_said(reason),
                answered_by_id=by_id,
                recorded_at=at,
            )
            log.append(
                Entry.Kind.OBJECTION_ANSWERED,
                row,
                {"objection": str(objection_id), "outcome": row.outcome},
                at=at,
            )
    except IntegrityError as error:
        if violated(error) == "royalties_objectionanswer_objection_id_key":
            raise AnsweredBefore from error
        raise
    return row


def _said(reason: str) -> str:
    found = reason.strip()
    if not found or len(found) > 600:
        raise NoReason
    return found
