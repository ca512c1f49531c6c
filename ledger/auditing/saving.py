"""
Questions that are kept, with a period in words, and answered by the queue each day, week or month.

An answer is a file in the store under its digest, until its time is over. It is made with the eyes of whoever saved the
question, as they are then: whose access ended gets no further one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from django.db import transaction

from fingerprint import store
from ledger import jobs
from ledger.auditing import registry, writing
from ledger.auditing.acting import Acting, eyes
from ledger.auditing.asking import Going, ask
from ledger.auditing.parameters import BadParameter
from ledger.models import DossierRead, Job, KeptAnswer, SavedQuestion

STORE = "answers"
MOST_DAYS = 3_653  # ten years
MOST_AT_ONCE = 200
Every = SavedQuestion.Every


class NoSuchSaved(Exception):
    """No question of this id is saved, or it is not yours."""


class AlreadyEnded(Exception):
    """This question is asked no more; save it again if it should be."""


class NotAName(Exception):
    """A saved question has a name of 1 to 120 letters, and its answers are kept for 1 day to ten years."""


def save(
    *,
    id: UUID,
    slug: str,
    name: str,
    parameters: Mapping[str, str],
    every: Every,
    keep_days: int,
    acting: Acting,
    at: datetime,
) -> SavedQuestion:
    """
    Keep a question with what it is asked with.

    :raises NoSuchQuestion, BadParameter: it could not be asked so
    :raises NotAName: it has no name, or its answers would be kept for no time or for ever
    """
    given = {key: value.strip() for key, value in parameters.items() if value.strip()}
    registry.question(slug).read(given, now=at)
    if every and "known_at" in given:
        raise BadParameter("known_at", "What is asked again and again is asked as known then: leave this empty.")
    if not 1 <= len(name.strip()) <= 120 or not 1 <= keep_days <= MOST_DAYS:
        raise NotAName
    return SavedQuestion.objects.create(
        id=id,
        organization_id=acting.organization_id,
        engagement_id=acting.engagement_id,
        question=slug,
        name=name.strip(),
        parameters=given,
        every=every,
        keep_days=keep_days,
        asked_by_id=acting.by_id,
        saved_at=at,
        next_at=following(every, at),
    )


def end(saved: SavedQuestion, *, at: datetime) -> None:
    """
    Ask a question no more; answers that were made stay for their time.

    :raises AlreadyEnded: it is over
    """
    if not SavedQuestion.objects.filter(pk=saved.pk, ended_at=None).update(ended_at=at, next_at=None):
        raise AlreadyEnded


def following(every: str, at: datetime) -> datetime | None:
    """Return when a question is answered next: as a day, a Monday or a month begins, in UTC."""
    day = at.astimezone(UTC).date()
    match every:
        case Every.DAY:
            following = day + timedelta(days=1)
        case Every.WEEK:
            following = day + timedelta(days=7 - day.weekday())
        case Every.MONTH:
            following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        case _:
            return None
    return datetime.combine(following, time(), UTC)


def order(saved: SavedQuestion, *, due_at: datetime, at: datetime) -> KeptAnswer:
    """Put the answer that is due at a moment into the queue; once."""
    kept, is_new = KeptAnswer.objects.get_or_create(
        saved=saved,
        due_at=due_at,
        defaults={
            "id": uuid5(saved.pk, due_at.isoformat()),
            "keep_until": at.date() + timedelta(days=saved.keep_days),
        },
    )
    if is_new:
        jobs.enqueue(Job.Kind.ANSWER, kept.pk, at=at)
    return kept


def order_due(*, at: datetime) -> list[UUID]:
    """Put into the queue whatever is due by now; a question that was missed is answered once, and not for each time."""
    ordered = []
    with transaction.atomic(durable=True):
        due = SavedQuestion.objects.select_for_update(skip_locked=True).filter(next_at__lte=at, ended_at=None)
        for saved in due.order_by("next_at")[:MOST_AT_ONCE]:
            assert saved.next_at is not None  # noqa: S101 - the filter says so
            ordered.append(order(saved, due_at=saved.next_at, at=at).pk)
            saved.next_at = following(saved.every, at)
            saved.save(update_fields=["next_at"])
    return ordered


def answer(*, id: UUID, at: datetime) -> None:
    """
    Answer what was put into the queue; what cannot be answered any more says why, and is asked no more.

    :raises LostLease: another worker took the job over
    """
    job = jobs.claim(Job.Kind.ANSWER, id, at=at)
    if job is None:
        return
    kept = KeptAnswer.objects.select_related("saved__asked_by").get(pk=id)
    saved = kept.saved
    try:
        with jobs.held(job):
            sight = eyes(Acting(saved.organization_id, saved.engagement_id, saved.asked_by_id), saved.asked_by, at=at)
            if sight is None:
                _give_up(kept, job, "Whoever saved this question has no access any more.", at=at)
                return
            try:
                found = ask(registry.question(saved.question), saved.parameters, sight=sight, now=at)
                summary_of = Going(found)
                with tempfile.NamedTemporaryFile(suffix=".csv") as file:
                    path = Path(file.name)
                    with path.open("w", newline="", encoding="utf-8") as written:
                        written.writelines(writing.csv_of(found, summary_of))
                    digest = store.put(path, alias=STORE)
            except (registry.NoSuchQuestion, BadParameter) as error:
                _give_up(kept, job, str(error) or str(error.__doc__), at=at)
                return
            summary = summary_of.summary()
            with transaction.atomic(durable=True):
                jobs.finish(job, at=at)
                KeptAnswer.objects.filter(pk=id).update(
                    made_at=at,
                    answer_digest=summary.digest,
                    file_digest=digest,
                    document={
                        "stated": dict(writing.stated(summary)),
                        "holds": summary.conclusion.holds,
                        "rows": summary.tally.rows,
                    },
                )
    except jobs.LostLease:
        raise
    except Exception as error:
        jobs.fail(job, error=f"{type(error).__name__}: {error}", at=at)
        raise


def _give_up(kept: KeptAnswer, job: jobs.Claimed, problem: str, *, at: datetime) -> None:
    with transaction.atomic(durable=True):
        jobs.finish(job, at=at)
        KeptAnswer.objects.filter(pk=kept.pk).update(made_at=at, problem=problem[:300])
        SavedQuestion.objects.filter(pk=kept.saved_id, ended_at=None).update(ended_at=at, next_at=None)


def forget(*, on: date) -> int:
    """Remove answers whose time is over, with files that no other answer is in; return how many."""
    over = list(KeptAnswer.objects.filter(keep_until__lt=on).values_list("pk", "file_digest")[:MOST_AT_ONCE])
    for pk, digest in over:
        KeptAnswer.objects.filter(pk=pk).delete()
        if digest and not KeptAnswer.objects.filter(file_digest=digest).exists():
            store.discard(digest, alias=STORE)
    return len(over)


def order_now(saved: SavedQuestion, *, at: datetime) -> KeptAnswer:
    """Answer a question beside its own times, once a second at most."""
    with transaction.atomic(durable=True):
        return order(saved, due_at=at.replace(microsecond=0), at=at)


def forget_reads(*, at: datetime) -> int:
    """Remove reads of dossiers that were kept for two years; the database lets no younger one go."""
    year = at.year - 2
    before = at.replace(year=year, day=28 if (at.month, at.day) == (2, 29) else at.day) - timedelta(days=1)
    found, _ = DossierRead.objects.filter(read_at__lt=before).delete()
    return found
