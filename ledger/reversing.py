"""
Taking back what an import brought, by facts of its own: shares are retracted, consents withdrawn.

Works, recordings, releases, parties and codes stay: others may rest on them by now, and nobody holds or allows anything
by them alone. A consent is withdrawn for the future, as soon as its notice allows; that it never was is for two people
to say, consent by consent (LED-6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from ledger import as_known, consenting, holding, importing, jobs, log
from ledger.constraints import violated
from ledger.differing import Differing
from ledger.holding import Retraction
from ledger.models import Entry, ImportBatch, ImportedFact, ImportProgress, ImportReversal, Job
from rights.authority import UnauthorizedAct
from rights.models import Consent, Share, ShareEvent
from rights.vocabulary import ConsentAct, ShareAct

SHARES_AT_ONCE = 200
FACTS_AT_ONCE = 1000  # that are looked at again


class NothingTaken(Exception):
    """Only an import that was taken can be reversed."""


class AlreadyReversed(Exception):
    """This import was reversed before; once is enough."""


@dataclass(frozen=True)
class TakenBack:
    """How much of what an import brought is taken back, and what stays."""

    shares: int
    shares_retracted: int
    consents: int
    consents_ended: int
    stays: dict[str, int]  # table → facts


def ask_to_reverse(*, id: UUID, batch_id: UUID, reason: str, at: datetime) -> ImportReversal:
    """
    Record that what an import brought is to be taken back, and ask for it to be done.

    :raises NoSuchImport: nothing was handed in under this id
    :raises NothingTaken: it was refused, or is not over
    :raises AlreadyReversed: it was reversed before
    """
    batch = ImportBatch.objects.select_related("outcome").filter(pk=batch_id).first()
    if batch is None:
        raise importing.NoSuchImport
    if not hasattr(batch, "outcome") or not batch.outcome.is_taken:
        raise NothingTaken
    try:
        with transaction.atomic(durable=True):
            reversal = ImportReversal.objects.create(id=id, batch=batch, reason=reason, reversed_at=at)
            ImportProgress.objects.filter(batch=batch).update(stage=ImportProgress.Stage.REVERSING, changed_at=at)
            log.append(Entry.Kind.IMPORT_REVERSED, reversal, {"import": str(batch.id)}, at=at)
            jobs.enqueue(Job.Kind.REVERSE, batch.id, at=at)
    except IntegrityError as error:
        if violated(error) == "ledger_importreversal_batch_id_key":
            raise AlreadyReversed from error
        raise
    return reversal


def reverse(*, batch_id: UUID, at: datetime) -> TakenBack | None:
    """
    Take back what a reversed import brought; None where another worker is at it. Called again, it does what is left.

    :raises LostLease: another worker took the job over
    """
    reversal = ImportReversal.objects.filter(batch=batch_id).select_related("batch").get()
    job = jobs.claim(Job.Kind.REVERSE, batch_id, at=at)
    if job is None:
        return None
    try:
        with jobs.held(job):
            _retract_shares(reversal, at=at)
            _withdraw_consents(reversal, at=at)
            with transaction.atomic(durable=True):
                jobs.finish(job, at=at)
                ImportProgress.objects.filter(batch=batch_id).update(stage=ImportProgress.Stage.DONE, changed_at=at)
    except jobs.LostLease:
        raise
    except Exception as error:
        jobs.fail(job, error=type(error).__name__, at=at)
        raise
    return taken_back(reversal.batch)


def _brought(batch: ImportBatch, table: str) -> list[UUID]:
    rows = ImportedFact.objects.filter(batch=batch, table=table, is_new=True).order_by("line", "fact_id")
    return list(rows.values_list("fact_id", flat=True))


def _retracts(reversal: ImportReversal, share_id: UUID) -> UUID:
    return uuid5(reversal.id, f"retracted {share_id}")


def _withdraws(reversal: ImportReversal, consent_id: UUID) -> UUID:
    return uuid5(reversal.id, f"withdrawn {consent_id}")


def _retract_shares(reversal: ImportReversal, *, at: datetime) -> None:
    ids = _brought(reversal.batch, Share._meta.db_table)
    for begin in range(0, len(ids), SHARES_AT_ONCE):
        some = ids[begin : begin + SHARES_AT_ONCE]
        done = ShareEvent.objects.filter(share__in=some, act=ShareAct.RETRACTED).values_list("share", flat=True)
        left = [id for id in some if id not in set(done)]
        if left:
            holding.save_shares(
                (),
                [Retraction(id=_retracts(reversal, id), share_id=id, reason=reversal.reason) for id in left],
                at=at,
            )


def _withdraw_consents(reversal: ImportReversal, *, at: datetime) -> None:
    for id in _brought(reversal.batch, Consent._meta.db_table):
        consent = Consent.objects.get(pk=id)
        last = consent.events.order_by("-position").first()
        if last is None or last.act != ConsentAct.GRANTED:
            continue  # somebody ended or replaced it
        try:
            consenting.withdraw(
                id=_withdraws(reversal, id),
                consent_id=id,
                actor_id=consent.actor_id,
                effective_on=at.date() + timedelta(days=consent.notice_days),
                channel="import",
                at=at,
            )
        except (consenting.AlreadyWithdrawn, consenting.OutOfCourse, UnauthorizedAct):
            continue  # the holder was faster, or has another agent by now, whose it is to say


def taken_back(batch: ImportBatch) -> TakenBack:
    """Return how far the reversal of an import has come, and what of it stays."""
    new = ImportedFact.objects.filter(batch=batch, is_new=True)
    shares = new.filter(table=Share._meta.db_table).values("fact_id")
    consents = new.filter(table=Consent._meta.db_table).values("fact_id")
    others: dict[str, int] = {}
    for table in new.order_by().values_list("table", flat=True).distinct():
        if table not in {Share._meta.db_table, Consent._meta.db_table}:
            others[table] = new.filter(table=table).count()
    ends = [ConsentAct.WITHDRAWN, ConsentAct.ANNULLED]
    return TakenBack(
        shares=shares.count(),
        shares_retracted=ShareEvent.objects.filter(share__in=shares, act=ShareAct.RETRACTED).count(),
        consents=consents.count(),
        consents_ended=Consent.objects.filter(pk__in=consents, events__act__in=ends).distinct().count(),
        stays=dict(sorted(others.items())),
    )


# --- Looking again at what was taken back


class NotDoneYet(Exception):
    """A worker is still taking back what the import brought."""


@dataclass(frozen=True)
class ReversedAgain:
    """What a reversal comes to once more: what would be said of it, and what was not taken back as it should have."""

    said: dict[str, Any]
    differing: Differing
    left: int  # consents that were ended otherwise, or that nobody could withdraw any more


def reversed_again(reversal: ImportReversal) -> ReversedAgain:
    """
    Look at everything that an import brought, and say what its reversal should have taken back and did not.

    :raises NotDoneYet: it is not over
    """
    progress = ImportProgress.objects.get(batch=reversal.batch_id)
    if progress.stage != ImportProgress.Stage.DONE:
        raise NotDoneYet
    done_at = progress.changed_at
    differing, left = Differing(), 0
    for ids in _brought_some(reversal.batch, Share._meta.db_table):
        events = ShareEvent.objects.filter(share__in=ids, act=ShareAct.RETRACTED).values_list("share", "pk", "reason")
        retracted = {share_id: (event_id, reason) for share_id, event_id, reason in events}
        for id in ids:
            if id not in retracted:
                differing.add(f"share {id}", "stands", "retracted")
            elif retracted[id][0] == _retracts(reversal, id) and retracted[id][1] != reversal.reason:
                differing.add(f"share {id} reason", retracted[id][1], reversal.reason)
    over = as_known.Moment(done_at + timedelta(microseconds=1))  # what it withdrew has that very time
    with as_known.looking_back():
        for ids in _brought_some(reversal.batch, Consent._meta.db_table):
            with as_known.known(over):
                for consent in Consent.objects.filter(pk__in=ids).order_by("pk"):
                    ended = consent.events.filter(pk=_withdraws(reversal, consent.pk)).first()
                    if ended is not None:
                        due = ended.recorded_at.date() + timedelta(days=consent.notice_days)
                        if ended.effective_on != due:
                            differing.add(f"consent {consent.pk} effective_on", str(ended.effective_on), str(due))
                        continue
                    last = consent.events.order_by("-position").first()
                    if last is None or last.act != ConsentAct.GRANTED or not _may_withdraw(consent, done_at):
                        left += 1
                    else:
                        differing.add(f"consent {consent.pk}", "granted", "withdrawn")
    return ReversedAgain({"import": str(reversal.batch_id)}, differing, left)


def _brought_some(batch: ImportBatch, table: str) -> Iterator[list[UUID]]:
    rows = ImportedFact.objects.filter(batch=batch, table=table, is_new=True).order_by("pk")
    after = 0
    while some := list(rows.filter(pk__gt=after).values_list("pk", "fact_id")[:FACTS_AT_ONCE]):
        yield [id for _, id in some]
        after = some[-1][0]


def _may_withdraw(consent: Consent, at: datetime) -> bool:
    try:
        consenting.authorize(consent, consent.actor_id, at.date())
    except UnauthorizedAct:
        return False
    return True
