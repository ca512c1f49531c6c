"""What recipients are told about how an output was made, that they were told, and where it is not so any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch

from ledger import log
from ledger.models import Entry
from ledger.visibility import EVERYTHING, Sight, seen
from provenance import disclosures, ern
from provenance.disclosures import Difference, Making, Profile, Statement
from provenance.models import Disclosure, DisclosureAnswer, Manifest
from rights import decisions, terms
from rights.models import ContributionRecord, Submission

SIGNED_FILE = "The signed file"
C2PA = "c2pa"
MOST_LOOKED_AT = 200  # outputs with a correction, the newest first


class NotOurStatement(Exception):
    """No record of this output, today's or an earlier one, says that: read the statement again, and send that."""


class SentInTheFuture(Exception):
    """A disclosure is recorded once it was sent: this moment is still to come."""


class AnsweredInTheFuture(Exception):
    """An answer is recorded once it was given: not before the statement was sent, nor at a moment still to come."""


@dataclass(frozen=True)
class Told:
    """What somebody was told, in what it differs from today's record, and whether their rules are others by now."""

    recipient: str
    profile: Profile
    statement_digest: str
    at: datetime
    differences: tuple[Difference, ...]
    newer: Profile | None
    is_latest: bool  # the last of this kind to this recipient: an earlier one was corrected by it
    disclosure: Disclosure | None  # None: it is in the signed file
    answer: DisclosureAnswer | None = None  # the recipient's last one

    @property
    def agrees(self) -> bool:
        """Whether it is still so, as far as it counts."""
        return not self.is_latest or not self.differences


def making_of(submission: Submission, *, known_at: datetime | None = None) -> Making:
    """Return what statements are derived from, as corrected up to then."""
    return _making(submission, terms.record_of(submission, known_at=known_at))


def _making(submission: Submission, record: ContributionRecord | None) -> Making:
    return Making(terms.stated_in(submission, record), frozenset(submission.uses))


def statements(submission: Submission, *, on: date) -> tuple[Statement, ...]:
    """
    Return what every recipient is told, by the rules that are in force on a day.

    :raises NothingDeclared: nothing is on record about who or what made it
    """
    making = making_of(submission)
    return tuple(disclosures.derive(one, making) for one in disclosures.in_force(on))


def schema() -> Path | None:
    """Return where the official schema of DDEX ERN 4.3.2 lies; None where nobody said."""
    found: Path | None = settings.LEDGER_DDEX_XSD
    return found


def against_schema(statement: Statement) -> tuple[str, ...] | None:
    """
    Return what the official schema has against a fragment; None where there is none to hold it to.

    :raises NoSuchSchema: what is configured is not that schema
    """
    found = schema()
    return None if statement.fragment is None or found is None else ern.validate(statement.fragment, found)


def send(
    *,
    id: UUID,
    submission_id: UUID,
    sender_id: UUID,
    profile: Profile,
    recipient: str,
    statement_digest: str,
    message: str,
    sent_at: datetime,
    at: datetime,
) -> Disclosure:
    """
    Record that a recipient was told.

    :param statement_digest: of what was sent, which may be derived from an earlier record; empty is today's
    :raises NotOurStatement: no record says that
    :raises NothingDeclared: nothing is on record about who or what made it
    :raises SentInTheFuture: it was not sent yet
    """
    if sent_at > at:
        raise SentInTheFuture
    submission = Submission.objects.get(pk=submission_id)
    with transaction.atomic(durable=True):
        record, statement = _said(submission, profile, statement_digest)
        row = Disclosure.objects.create(
            id=id,
            submission=submission,
            sender_id=sender_id,
            recipient=recipient,
            profile=profile.name,
            profile_version=profile.version,
            record=record,
            statement=statement.document,
            statement_digest=statement.digest,
            message=message,
            sent_at=sent_at,
            recorded_at=at,
        )
        log.append(
            Entry.Kind.DISCLOSURE_SENT,
            row,
            {
                "submission": str(submission_id),
                "sender": str(sender_id),
                "recipient": recipient,
                "profile": f"{profile.name} {profile.version}",
                "record": str(record.pk) if record else None,
                "statement": f"sha256:{statement.digest}",
            },
            at=at,
        )
    return row


def answer(
    *, id: UUID, disclosure_id: UUID, answer: str, code: str, document_digest: str, answered_at: datetime, at: datetime
) -> DisclosureAnswer:
    """
    Record what a recipient answered; a later answer supersedes an earlier one.

    :raises AnsweredInTheFuture: it was not given yet, or before anything was sent
    """
    disclosure = Disclosure.objects.get(pk=disclosure_id)
    if not disclosure.sent_at <= answered_at <= at:
        raise AnsweredInTheFuture
    with transaction.atomic(durable=True):
        row = DisclosureAnswer.objects.create(
            id=id,
            disclosure=disclosure,
            answer=answer,
            code=code,
            document_digest=document_digest,
            answered_at=answered_at,
            recorded_at=at,
        )
        log.append(
            Entry.Kind.DISCLOSURE_ANSWERED,
            row,
            {
                "disclosure": str(disclosure_id),
                "recipient": disclosure.recipient,
                "answer": answer,
                "document": f"sha256:{document_digest}" if document_digest else None,
            },
            at=at,
        )
    return row


def _said(submission: Submission, profile: Profile, digest: str) -> tuple[ContributionRecord | None, Statement]:
    records = [*ContributionRecord.objects.filter(submission=submission).order_by("-position"), None]
    for record in records:
        statement = disclosures.derive(profile, _making(submission, record))
        if not digest or statement.digest == digest:
            return record, statement
    raise NotOurStatement


def derived(then: Disclosure) -> Statement:
    """Return what follows again from the record that a disclosure was derived from, by the profile that it was of."""
    return disclosures.derive(
        disclosures.profile(then.profile, then.profile_version), _making(then.submission, then.record)
    )


def told(submission: Submission, *, on: date) -> tuple[Told, ...]:
    """Return what everybody was told about an output, the file first, then the oldest first."""
    making = making_of(submission)
    if not making.lines:
        return ()
    answers = Prefetch("answers", DisclosureAnswer.objects.order_by("answered_at", "recorded_at", "id"))
    rows = list(
        Disclosure.objects.filter(submission=submission)
        .prefetch_related(answers)
        .order_by("sent_at", "recorded_at", "id")
    )
    latest = {(row.recipient, row.profile): row.pk for row in rows}
    return (
        *_in_file(submission, making, on),
        *(_compared(row, making, on, is_latest=latest[row.recipient, row.profile] == row.pk) for row in rows),
    )


def _compared(row: Disclosure, making: Making, on: date, *, is_latest: bool) -> Told:
    asked = disclosures.profile(row.profile, row.profile_version)
    return Told(
        recipient=row.recipient,
        profile=asked,
        statement_digest=row.statement_digest,
        at=row.sent_at,
        differences=disclosures.compare(bytes(row.statement), disclosures.derive(asked, making)),
        newer=_newer(asked, on),
        is_latest=is_latest,
        disclosure=row,
        answer=list(row.answers.all())[-1] if row.answers.all() else None,
    )


def _in_file(submission: Submission, making: Making, on: date) -> Iterator[Told]:
    """What was signed follows from the record as it was known to the decision, which it does not follow any more."""
    manifest = Manifest.objects.filter(decision__in=decisions.standing().filter(submission=submission)).first()
    if manifest is None:
        return
    before = making_of(submission, known_at=manifest.decision.known_at)
    if not before.lines:
        return
    asked = disclosures.in_force_of(C2PA, on)
    signed = disclosures.derive(asked, before)
    yield Told(
        recipient=SIGNED_FILE,
        profile=asked,
        statement_digest=signed.digest,
        at=manifest.signed_at,
        differences=disclosures.compare(signed.document, disclosures.derive(asked, making)),
        newer=None,
        is_latest=True,
        disclosure=None,
    )


def _newer(asked: Profile, on: date) -> Profile | None:
    newest = disclosures.in_force_of(asked.name, on)
    return None if newest.version == asked.version else newest


def outdated(sight: Sight = EVERYTHING, *, on: date) -> tuple[tuple[Submission, tuple[Told, ...]], ...]:
    """Return the outputs of which somebody was told what is not on record any more, the newest correction first."""
    corrected = (
        seen(ContributionRecord.objects.all(), sight)
        .order_by("-recorded_at", "-position")
        .values_list("submission", flat=True)
    )
    ids = list(dict.fromkeys(corrected[:MOST_LOOKED_AT]))
    found = Submission.objects.in_bulk(ids)
    return tuple(
        (submission, wrong)
        for submission in (found[id_] for id_ in ids)
        if (sight.parties is None or submission.submitter_id in sight.parties)
        and (wrong := disagreeing(told(submission, on=on)))
    )


def disagreeing(found: Sequence[Told]) -> tuple[Told, ...]:
    """Return those that are not so any more."""
    return tuple(one for one in found if not one.agrees)
