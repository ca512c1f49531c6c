"""What a rights team looks at first: what waits for somebody, what came of the rest, and what ends soon. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db.models import Count, Q, QuerySet

from ledger import appealing, checkpoints, disclosing, identity, report, reviewing, running, signers, watching
from ledger.disclosing import Told
from ledger.models import Checkpoint, Job, PendingEntry, ReplayedEntry, ReplayRound
from ledger.terming import Waiting
from ledger.visibility import EVERYTHING, Sight, seen
from rights import conflicts, decisions
from rights.conflicts import State
from rights.models import Conflict, Consent, ConsentEvent, Decision, License, OutputFlag, Submission
from rights.vocabulary import ConflictAct, ConsentAct, Outcome
from royalties.models import RoyaltyRun, RunEvent

WAITING = "waiting"
FAILED = "failed"
STATES = (WAITING, FAILED, Outcome.REVIEW.value, Outcome.REFUSED.value, Outcome.CLEARED.value)

SOON = timedelta(days=30)
LATELY = timedelta(days=30)
WEEK = timedelta(days=7)
NEWEST = 5
MOST_ROWS = 20
A_YEAR = timedelta(days=400)
MOST_RUNS = 24  # whose fees are looked at


@dataclass(frozen=True)
class Pile:
    """The outputs in one state: how many, and the newest of them."""

    state: str
    count: int
    newest: tuple[Submission, ...]


@dataclass(frozen=True)
class Today:
    """What there is to look at, at one moment."""

    at: datetime
    piles: tuple[Pile, ...]
    withdrawn: tuple[ConsentEvent, ...]
    ending: tuple[Consent | License, ...]
    contested: tuple[Conflict, ...]  # with a day that has passed, or comes within a week
    given_up: tuple[tuple[Job, Submission | None], ...]
    reviews: tuple[tuple[Decision, datetime], ...]  # those that wait longest, with by when they are due
    reviews_waiting: int
    reviews_overdue: int
    appeals_waiting: int
    marked: tuple[tuple[OutputFlag, str], ...]  # cleared outputs, lately
    outdated: tuple[tuple[Submission, tuple[Told, ...]], ...]  # told what is not on record any more
    fees: tuple[Waiting, ...]  # terms of money of plans that no run booked
    checkpoint: Checkpoint | None
    pending_entries: int
    is_development: bool
    keys: signers.Watch | None  # for those who keep the house
    keeping: watching.Watch | None  # and so is this
    replayed: ReplayRound | None  # the last sample of decisions that were made again
    unlike: tuple[ReplayedEntry, ...]  # of it, those that came to something else, or could not be made again

    @property
    def to_keep(self) -> tuple[watching.Part, ...]:
        """Return what there is to see to in the machine; certificates have a place of their own."""
        return tuple(one for one in self.keeping.concerns if one.part != "signers") if self.keeping else ()

    @property
    def root(self) -> str:
        """Return the beginning of the newest root hash, in hexadecimal."""
        return bytes(self.checkpoint.root).hex()[:16] if self.checkpoint else ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever submitted."""
        return not any(pile.count for pile in self.piles)


def outputs(sight: Sight = EVERYTHING) -> QuerySet[Any]:
    """Return the submissions that are seen with their ``state``: waiting, failed, or the decision's outcome."""
    return report.with_state(seen(Submission.objects.select_related("submitter__identity"), sight))


def counts(sight: Sight = EVERYTHING) -> dict[str, int]:
    """Return how many outputs are in each state, without looking at each of them."""
    decided = dict(seen(decisions.standing(), sight).values_list("outcome").annotate(Count("pk")))
    given_up = Job.objects.filter(kind=Job.Kind.CLEAR, given_up_at__isnull=False, done_at__isnull=True)
    submissions = seen(Submission.objects.all(), sight)
    failed = (
        given_up.filter(subject_id__in=submissions.values("pk")).count() if not sight.is_whole else given_up.count()
    )
    waiting = submissions.count() - sum(decided.values()) - failed
    # Counted one after the other, so a decision in between could make it negative.
    return {WAITING: max(0, waiting), FAILED: failed} | {outcome: decided.get(outcome, 0) for outcome in STATES[2:]}


def today(*, at: datetime, sight: Sight = EVERYTHING) -> Today:
    """Return what there is to look at, of what is seen."""
    numbers = counts(sight)
    return Today(
        at=at,
        piles=tuple(
            Pile(state, numbers[state], tuple(outputs(sight).filter(state=state).order_by("-submitted_at")[:NEWEST]))
            if numbers[state]
            else Pile(state, 0, ())
            for state in STATES
        ),
        withdrawn=tuple(
            seen(ConsentEvent.objects.select_related("consent__recording", "consent__work"), sight)
            .filter(act=ConsentAct.WITHDRAWN, recorded_at__gte=at - LATELY)
            .order_by("-recorded_at")[:MOST_ROWS]
        ),
        ending=_ending(at, sight),
        contested=_contested(at, sight),
        given_up=_given_up(sight),
        reviews=tuple(
            (one, reviewing.due_at(one))
            for one in reviewing.waiting(sight).select_related("submission__submitter__identity")[:NEWEST]
        ),
        reviews_waiting=reviewing.waiting(sight).count(),
        reviews_overdue=reviewing.overdue(sight, at=at).count(),
        appeals_waiting=appealing.waiting(sight).count(),
        marked=tuple(
            (flag, report.MARKS.get(flag.kind, flag.kind))
            for flag in seen(OutputFlag.objects.select_related("submission"), sight)
            .filter(recorded_at__gte=at - LATELY)
            .order_by("-recorded_at", "id")[:MOST_ROWS]
        ),
        outdated=disclosing.outdated(sight, on=at.date())[:MOST_ROWS],
        fees=_fees(at, sight)[:MOST_ROWS],
        checkpoint=_checkpoint(),
        pending_entries=PendingEntry.objects.count(),
        is_development=_is_development(),
        keys=signers.watch(at=at) if sight.is_whole else None,
        keeping=watching.watch(at=at, is_brief=True) if sight.is_whole else None,
        replayed=(replayed := ReplayRound.objects.order_by("-size").first()),
        unlike=_unlike(replayed, sight),
    )


def _ending(at: datetime, sight: Sight) -> tuple[Consent | License, ...]:
    soon = Q(active_to__gt=at.date(), active_to__lte=at.date() + SOON)
    consents = (
        seen(Consent.objects.select_related("recording", "work"), sight)
        .filter(soon)
        .exclude(events__act=ConsentAct.WITHDRAWN, events__effective_on__lte=at.date())
        .order_by("active_to")[:MOST_ROWS]
    )
    licenses = (
        seen(License.objects.select_related("licensee__identity"), sight).filter(soon).order_by("active_to")[:MOST_ROWS]
    )
    return tuple(sorted(chain(consents, licenses), key=lambda row: (row.active_to or at.date(), str(row.pk))))


def _fees(at: datetime, sight: Sight) -> tuple[Waiting, ...]:
    over = [RunEvent.Act.STOPPED, RunEvent.Act.REJECTED]
    rows = (
        seen(RoyaltyRun.objects.select_related("payer__identity"), sight)
        .filter(started_at__gte=at - A_YEAR)
        .exclude(events__act__in=over)
        .order_by("-period_to", "-started_at", "id")[:MOST_RUNS]
    )
    return running.waiting_of(rows, at=at)


def _contested(at: datetime, sight: Sight) -> tuple[Conflict, ...]:
    rows = (
        seen(Conflict.objects.select_related("recording", "work", "voice__person__identity", "stem", "lyrics"), sight)
        .filter(answer_by__lte=at.date() + WEEK)
        .exclude(events__act=ConflictAct.SETTLED)
        .prefetch_related("events", "claims__share")
        .order_by("close_by", "id")[:MOST_ROWS]
    )
    # One that a later claim joined goes on in the other's name.
    return tuple(row for row in rows if conflicts.state_of(row, on=at.date()) is not State.SUPERSEDED)


def _given_up(sight: Sight) -> tuple[tuple[Job, Submission | None], ...]:
    jobs = list(
        seen(Job.objects.filter(given_up_at__isnull=False, done_at__isnull=True), sight).order_by("-given_up_at")[
            :MOST_ROWS
        ]
    )
    known = seen(Submission.objects.all(), sight).in_bulk([job.subject_id for job in jobs])
    return tuple((job, known.get(job.subject_id)) for job in jobs)


def _unlike(replayed: ReplayRound | None, sight: Sight) -> tuple[ReplayedEntry, ...]:
    if replayed is None or replayed.same == replayed.drawn:
        return ()
    rows = seen(ReplayedEntry.objects.select_related("entry__leaf"), sight).filter(round=replayed)
    return tuple(rows.exclude(result=ReplayedEntry.Result.SAME).order_by("entry__leaf__index")[:MOST_ROWS])


def _is_development() -> bool:
    try:
        return identity.is_development()
    except identity.SignerHalfConfigured:  # said under “Keys and time”: the page itself must open
        return False


def _checkpoint() -> Checkpoint | None:
    try:
        return checkpoints.newest()
    except checkpoints.NoCheckpoint:
        return None
