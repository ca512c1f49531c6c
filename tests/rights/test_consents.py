"""What a course of acts comes to on a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rights.consents import AssetQuery, State, state_of
from rights.vocabulary import AssetKind

DAY = date(2026, 6, 1)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        ([], None),
        ([("offered", BEFORE)], State.OFFERED),
        ([("offered", BEFORE), ("viewed", BEFORE)], State.VIEWED),
        ([("offered", BEFORE), ("viewed", BEFORE), ("declined", DAY)], State.DECLINED),
        ([("offered", BEFORE), ("expired", DAY)], State.EXPIRED),
        ([("offered", BEFORE), ("declined", BEFORE), ("granted", DAY)], State.GRANTED),
        ([("granted", BEFORE)], State.GRANTED),
        ([("granted", BEFORE), ("withdrawn", AFTER)], State.WITHDRAWAL_NOTICED),
        ([("granted", BEFORE), ("withdrawn", DAY)], State.WITHDRAWN),
        ([("granted", BEFORE), ("withdrawn", BEFORE)], State.WITHDRAWN),
        ([("granted", BEFORE), ("amended", AFTER)], State.AMENDING),
        ([("granted", BEFORE), ("amended", DAY)], State.SUPERSEDED),
        ([("granted", BEFORE), ("amended", BEFORE), ("withdrawn", DAY)], State.SUPERSEDED),
        ([("granted", BEFORE), ("amended", AFTER), ("withdrawn", DAY)], State.WITHDRAWN),
        ([("granted", BEFORE), ("annulled", BEFORE)], State.ANNULLED),
        ([("granted", BEFORE), ("withdrawn", BEFORE), ("annulled", BEFORE)], State.ANNULLED),
    ],
)
def test_comes_to(course: list[tuple[str, date]], expected: State | None) -> None:
    assert state_of(course, on=DAY) is expected


def test_a_query_is_kept_in_words() -> None:
    from uuid import UUID

    holder = UUID(int=7)
    query = AssetQuery(holder, frozenset({AssetKind.WORK, AssetKind.RECORDING}), title_contains="Song")
    assert query.in_words() == f"recording, work held by {holder}, title with “Song”"
