"""What a manifest stands for: it follows from what was recorded, and from what people stated with evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from provenance.statuses import SENTENCES, SPEAK_FOR, WORDS, Change, Reason, Status, standing

T0 = datetime(2027, 1, 1, tzinfo=UTC)
A, W, S, Q = Status.ACTIVE, Status.SOURCE_WITHDRAWN, Status.SUPERSEDED, Status.QUARANTINED


def day(number: int) -> datetime:
    return T0 + timedelta(days=number)


def withdrawn(recorded: int, *, since: int | None = None) -> Change:
    return Change(W, Reason.CONSENT_WITHDRAWN, day(recorded if since is None else since), day(recorded))


def annulled(recorded: int) -> Change:
    return Change(Q, Reason.CONSENT_ANNULLED, day(recorded), day(recorded))


def stated(status: Status, recorded: int, *, shown: bool = False) -> Change:
    reason = min(SPEAK_FOR[status])
    return Change(status, reason, day(recorded), day(recorded), is_stated=True, lifts=shown)


@pytest.mark.parametrize(
    ("changes", "at", "expected"),
    [
        ([], 9, A),
        ([withdrawn(1)], 1, W),
        ([withdrawn(1)], 0, A),  # not known yet
        ([withdrawn(1, since=5)], 4, A),  # known, and not in effect
        ([withdrawn(1, since=5)], 5, W),
        ([withdrawn(1), annulled(2)], 2, Q),
        ([annulled(1), withdrawn(2)], 2, Q),  # the gravest
        ([stated(Q, 1)], 1, Q),
        ([annulled(1), stated(S, 2)], 2, Q),  # without evidence nothing is lifted
        ([annulled(1), stated(A, 2)], 2, Q),
        ([annulled(1), stated(A, 2, shown=True)], 2, A),
        ([annulled(1), stated(A, 2, shown=True), withdrawn(3)], 3, W),  # what comes after counts
        ([withdrawn(1, since=5), stated(A, 3, shown=True)], 5, W),  # also what was only announced
        ([withdrawn(1), stated(S, 2)], 2, S),
        ([stated(S, 2), stated(Q, 3), stated(A, 4, shown=True)], 3, Q),
        ([stated(S, 2), stated(Q, 3), stated(A, 4, shown=True)], 4, A),
    ],
)
def test_the_gravest_of_what_holds_counts(changes: list[Change], at: int, expected: Status) -> None:
    for order in (changes, changes[::-1]):
        assert standing(order, at=day(at)).status is expected


def test_history_names_each_turn_and_what_is_announced() -> None:
    found = standing([withdrawn(1), withdrawn(2), annulled(3), withdrawn(4, since=9)], at=day(5))
    assert [(step.before, step.status, step.change.reason) for step in found.steps] == [
        (A, W, Reason.CONSENT_WITHDRAWN),  # the second withdrawal changes nothing
        (W, Q, Reason.CONSENT_ANNULLED),
    ]
    assert (found.since, found.reason) == (day(3), Reason.CONSENT_ANNULLED)
    assert [change.since for change in found.coming] == [day(9)]


def test_the_past_is_what_was_known_then() -> None:
    changes = [withdrawn(1), annulled(3), stated(A, 6, shown=True)]
    assert [standing(changes, at=day(number)).status for number in range(8)] == [A, W, W, Q, Q, Q, A, A]


def test_every_status_and_reason_has_words_and_every_reason_speaks_for_one_status() -> None:
    assert SENTENCES.keys() == set(Status)
    assert WORDS.keys() == set(Reason)
    assert SPEAK_FOR.keys() == set(Status)
    spoken = [reason for reasons in SPEAK_FOR.values() for reason in reasons]
    assert len(spoken) == len(set(spoken))
    assert set(Reason) - set(spoken) == {Reason.CONSENT_WITHDRAWN, Reason.CONSENT_ANNULLED}
