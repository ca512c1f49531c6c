"""Usage as rows: inserts of what reports came to, and reads of what counts. ``royalties.usage`` reads the files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar
from uuid import UUID, uuid5

from django.db import connection
from django.db.models import QuerySet

from rights import decisions
from rights.models import Decision, Submission
from royalties.models import (
    UsageKey,
    UsageMatch,
    UsageMatching,
    UsageOutcome,
    UsageReport,
    UsageSum,
    UsageSupersession,
)
from royalties.usage.lines import Keys

STORE = "royalties"  # alias of where usage files lie, under their digests
MATCHED_TOGETHER = 2_000  # keys of one matching: its entry in the log covers them
_AT_ONCE = 5_000
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Booked:
    """A report that counts, and the file of its lines."""

    report_id: UUID
    usage_digest: str
    lines: int


def booked(payer_id: UUID, *, known_at: datetime) -> tuple[Booked, ...]:
    """Return the reports of a payer that counted at a moment: booked, and not replaced or withdrawn by then."""
    rows = (
        UsageOutcome.objects.filter(payer=payer_id, is_booked=True, finished_at__lte=known_at)
        .exclude(report__supersession__recorded_at__lte=known_at)
        .order_by("finished_at", "report_id")
    )
    return tuple(Booked(row.report_id, row.usage_digest, row.lines) for row in rows)


def matches(payer_id: UUID, *, known_at: datetime) -> dict[str, UUID]:
    """
    Return which decision each of a payer's keys leads to, as known at a moment.

    A key in suspense, or of an output that is not cleared any more, is not among them.
    """
    rows = (
        UsageMatch.objects.filter(payer=payer_id, submission__isnull=False, matching__recorded_at__lte=known_at)
        .exclude(successor__matching__recorded_at__lte=known_at)
        .values_list("key", "submission_id")
    )
    of_key = dict(rows)
    cleared = cleared_of(set(of_key.values()), known_at=known_at)
    return {key: cleared[submission] for key, submission in of_key.items() if submission in cleared}


def cleared_of(submission_ids: Iterable[UUID], *, known_at: datetime) -> dict[UUID, UUID]:
    """Return for outputs the decision that cleared them, of those where it was the last one at a moment."""
    found: dict[UUID, UUID] = {}
    for some in _batched(submission_ids):
        rows = Decision.objects.filter(submission__in=some, outcome="cleared", decided_at__lte=known_at).exclude(
            successor__decided_at__lte=known_at
        )
        found.update(rows.values_list("submission_id", "id"))
    return found


# --- Writing what a report came to


def record_keys(report: UsageReport, keys: Keys) -> None:
    """Insert the keys of a report with their sums."""
    with connection.cursor() as cursor:
        for some in _batched(keys):
            cursor.executemany(
                f"INSERT INTO {UsageKey._meta.db_table}"  # noqa: S608 - a table of ours
                " (id, report_id, payer_id, key, title, artist, first_line, lines, usages)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (
                        uuid5(report.pk, one.key),
                        report.pk,
                        report.payer_id,
                        one.key,
                        one.title,
                        one.artist,
                        one.first_line,
                        one.lines,
                        one.usages,
                    )
                    for one in some
                ],
            )
            cursor.executemany(
                f"INSERT INTO {UsageSum._meta.db_table} (key_id, currency, amount, lines)"  # noqa: S608
                " VALUES (%s, %s, %s, %s)",
                [
                    (uuid5(report.pk, one.key), currency, amount, lines)
                    for one in some
                    for currency, amount, lines in one.sums
                ],
            )


@dataclass(frozen=True, slots=True)
class Means:
    """That a key means an output, or, without one, that it is left in suspense."""

    key: str
    submission_id: UUID | None
    supersedes_id: UUID | None = None


def record_matching(
    *,
    id: UUID,
    payer_id: UUID,
    method: UsageMatching.Method,
    means: Sequence[Means],
    matched_by_id: int | None = None,
    reason: str = "",
    at: datetime,
) -> UsageMatching:
    """Insert which outputs keys mean, together."""
    matching = UsageMatching.objects.create(
        id=id, payer_id=payer_id, method=method, matched_by_id=matched_by_id, reason=reason, recorded_at=at
    )
    UsageMatch.objects.bulk_create(
        [
            UsageMatch(
                id=uuid5(id, one.key),
                matching=matching,
                payer_id=payer_id,
                key=one.key,
                submission_id=one.submission_id,
                supersedes_id=one.supersedes_id,
            )
            for one in means
        ],
        batch_size=1000,
    )
    return matching


def newest_match(payer_id: UUID, key: str) -> UsageMatch | None:
    """Return what a key means now, or None where nobody said so."""
    return UsageMatch.objects.filter(payer=payer_id, key=key, successor__isnull=True).first()


# --- What ids lead to


@dataclass
class Led:
    """What keys lead to by themselves."""

    known: dict[str, UUID | None]  # said before: by ids, by a person, or left in suspense
    found: dict[str, UUID]  # led to by their ids, and not said before


def lead(payer_id: UUID, keys: Sequence[str], *, known_at: datetime) -> Led:
    """
    Look up which of a payer's outputs keys mean: what was said before, our own ids, and the ISRC of an output.

    Only cleared outputs of this payer are found; an ISRC of several of them leads nowhere.
    """
    known: dict[str, UUID | None] = dict(
        UsageMatch.objects.filter(payer=payer_id, key__in=keys, successor__isnull=True).values_list(
            "key", "submission_id"
        )
    )
    return Led(known, led_by_ids(payer_id, [key for key in keys if key not in known], known_at=known_at))


def led_by_ids(payer_id: UUID, keys: Sequence[str], *, known_at: datetime) -> dict[str, UUID]:
    """Look that up by ids alone, whatever was said of these keys."""
    by_id: dict[UUID, list[str]] = defaultdict(list)
    by_isrc: dict[str, str] = {}
    for key in keys:
        kind, _, value = key.partition(":")
        if kind == "submission":
            by_id[UUID(value)].append(key)
        elif kind == "isrc":
            by_isrc[value] = key
    candidates: dict[str, list[UUID]] = defaultdict(list)
    own = Submission.objects.filter(submitter=payer_id)
    for id_ in own.filter(pk__in=by_id).values_list("id", flat=True):
        for key in by_id[id_]:
            candidates[key].append(id_)
    for id_, isrc in own.filter(isrc__in=by_isrc).values_list("id", "isrc"):
        candidates[by_isrc[isrc]].append(id_)
    cleared = cleared_of({id_ for ids in candidates.values() for id_ in ids}, known_at=known_at)
    found = {}
    for key, ids in candidates.items():
        standing = [id_ for id_ in ids if id_ in cleared]
        if len(standing) == 1:
            found[key] = standing[0]
    return found


def unmatched(payer_id: UUID) -> QuerySet[UsageKey]:
    """Return the keys of counting reports that lead to no output: nobody said anything, or left them in suspense."""
    return counting(payer_id).exclude(
        key__in=UsageMatch.objects.filter(payer=payer_id, successor__isnull=True, submission__isnull=False).values(
            "key"
        )
    )


def counting(payer_id: UUID) -> QuerySet[UsageKey]:
    """Return the keys of reports that count."""
    return UsageKey.objects.filter(payer=payer_id, report__outcome__is_booked=True, report__supersession__isnull=True)


def is_superseded(report: UsageReport) -> bool:
    """Whether a report counts no more."""
    return UsageSupersession.objects.filter(report=report).exists()


def cleared(payer_id: UUID) -> QuerySet[Submission]:
    """Return the cleared outputs of a payer: what a person may mean by a key."""
    standing = decisions.standing().filter(outcome="cleared").values("submission")
    return Submission.objects.filter(pk__in=standing, submitter=payer_id)


def _batched(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    going = iter(items)
    while some := list(islice(going, _AT_ONCE)):
        yield some
