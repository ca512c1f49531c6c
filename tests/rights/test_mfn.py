"""The MFN register …"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest

from rights.mfn import (
    Amendment,
    Clause,
    Deal,
    Measure,
    NoSuchMeasure,
    NoSuchReferenceClass,
    Plan,
    check_class,
    check_measure,
    triggers,
)

F = Fraction
OURS, THEIRS, LICENSEE, LICENSOR, RIVAL = (UUID(int=number) for number in range(1, 6))
PLAN = Plan(commission=F(3, 20), creators=F(3, 10), masters=F(1, 2))  # masters 119/400 of net, publishing as much
FIRST, SECOND = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)

FAVORED = Deal(
    license_id=OURS,
    licensor_id=LICENSOR,
    licensee_id=LICENSEE,
    uses=frozenset({"infer.input", "tdm"}),
    active_from=date(2026, 1, 1),
    active_to=date(2027, 1, 1),
    max_outputs=500,
    plan=PLAN,
    recorded_at=FIRST,
)
NEWER = replace(FAVORED, license_id=THEIRS, licensor_id=RIVAL, recorded_at=SECOND, active_from=date(2026, 3, 1))


def clause(measure: Measure, *, reference_class: str = "same_licensee", back: date = date(2026, 2, 1)) -> Clause:
    return Clause(UUID(int=9), OURS, reference_class, measure, back)


def paying(**parts: Fraction) -> dict[str, Any]:
    return {"plan": replace(PLAN, **parts)}


@pytest.mark.parametrize(
    ("measure", "theirs", "is_better"),
    [
        (Measure.MASTERS_SHARE, paying(masters=F(51, 100)), True),
        (Measure.MASTERS_SHARE, paying(masters=F(1, 2)), False),
        (Measure.MASTERS_SHARE, paying(masters=F(49, 100)), False),
        (Measure.MASTERS_SHARE, paying(commission=F(14, 100)), True),  # the same half, of more
        (Measure.MASTERS_SHARE, {"plan": None}, False),
        (Measure.PUBLISHING_SHARE, paying(masters=F(49, 100)), True),
        (Measure.PUBLISHING_SHARE, paying(masters=F(1, 2)), False),
        (Measure.PUBLISHING_SHARE, paying(masters=F(51, 100)), False),
        (Measure.COMMISSION, paying(commission=F(149, 1000)), True),
        (Measure.COMMISSION, paying(commission=F(150, 1000)), False),
        (Measure.COMMISSION, paying(commission=F(151, 1000)), False),
        (Measure.MAX_OUTPUTS, {"max_outputs": 499}, True),
        (Measure.MAX_OUTPUTS, {"max_outputs": 500}, False),
        (Measure.MAX_OUTPUTS, {"max_outputs": 501}, False),
        (Measure.MAX_OUTPUTS, {"max_outputs": None}, False),  # any number is never better for who gives
        (Measure.TERM, {"active_to": date(2027, 2, 28)}, True),  # 364 days from March on
        (Measure.TERM, {"active_to": date(2027, 3, 1)}, False),  # 365
        (Measure.TERM, {"active_to": date(2027, 3, 2)}, False),
        (Measure.TERM, {"active_to": None}, False),
    ],
)
def test_compares_from_the_licensors_side(measure: Measure, theirs: dict[str, Any], *, is_better: bool) -> None:
    assert bool(triggers([clause(measure)], [FAVORED, replace(NEWER, **theirs)])) is is_better


@pytest.mark.parametrize("measure", [Measure.MAX_OUTPUTS, Measure.TERM])
def test_finds_any_limit_better_than_none(measure: Measure) -> None:
    unlimited = replace(FAVORED, max_outputs=None, active_to=None)
    [trigger] = triggers([clause(measure)], [unlimited, NEWER])
    assert (trigger.ours, trigger.theirs) == (None, 500 if measure is Measure.MAX_OUTPUTS else 306)


BETTER = replace(NEWER, max_outputs=1)
QUOTA = clause(Measure.MAX_OUTPUTS)


@pytest.mark.parametrize(
    ("reference_class", "change", "is_compared"),
    [
        ("same_licensee", {}, True),
        ("same_licensee", {"licensee_id": RIVAL}, False),
        ("same_licensee", {"licensor_id": LICENSOR}, False),  # its own, which nobody else was favored with
        ("same_licensee", {"uses": frozenset({"identify"})}, True),
        ("same_licensee_same_uses", {}, True),
        ("same_licensee_same_uses", {"uses": frozenset({"identify", "tdm"})}, True),
        ("same_licensee_same_uses", {"uses": frozenset({"identify"})}, False),
        ("same_licensee_same_uses", {"licensee_id": RIVAL}, False),
        (f"licensor:{RIVAL}", {}, True),
        (f"licensor:{RIVAL}", {"licensee_id": RIVAL}, True),
        (f"licensor:{RIVAL}", {"licensor_id": LICENSOR}, False),
        ("same_licensee", {"recorded_at": FIRST}, True),  # of one moment: the order is that of the ids
        ("same_licensee", {"recorded_at": datetime(2025, 12, 31, tzinfo=UTC)}, False),  # not newer
        ("same_licensee", {"active_from": date(2027, 1, 1), "active_to": None}, False),  # begins when ours has ended
        ("same_licensee", {"active_from": date(2026, 12, 31), "active_to": None}, True),
        ("same_licensee", {"active_from": date(2025, 1, 1), "active_to": date(2026, 2, 1)}, False),  # before we look
        ("same_licensee", {"active_to": date(2026, 3, 1)}, False),  # ended on its first day
        ("same_licensee", {"active_from": date(2025, 1, 1), "active_to": date(2026, 2, 2)}, True),
    ],
)
def test_compares_within_the_class(reference_class: str, change: dict[str, Any], *, is_compared: bool) -> None:
    found = triggers([replace(QUOTA, reference_class=reference_class)], [replace(BETTER, **change), FAVORED])
    assert bool(found) is is_compared


@pytest.mark.parametrize(
    ("back", "ours", "theirs", "expected"),
    [
        (date(2026, 2, 1), date(2026, 1, 1), date(2026, 3, 1), date(2026, 3, 1)),
        (date(2026, 4, 1), date(2026, 1, 1), date(2026, 3, 1), date(2026, 4, 1)),
        (date(2026, 2, 1), date(2026, 5, 1), date(2026, 3, 1), date(2026, 5, 1)),
    ],
)
def test_reaches_back_to_the_latest_of_three_days(back: date, ours: date, theirs: date, expected: date) -> None:
    deals = [replace(FAVORED, active_from=ours), replace(BETTER, active_from=theirs)]
    [trigger] = triggers([replace(QUOTA, looks_back_to=back)], deals)
    assert trigger.reaches_back_to == expected


def test_proposes_what_would_be_as_good() -> None:
    def proposal(measure: Measure, **change: Any) -> Amendment | None:
        [trigger] = triggers([clause(measure)], [FAVORED, replace(NEWER, **change)])
        return trigger.proposal

    assert proposal(Measure.MAX_OUTPUTS, max_outputs=7) == Amendment(max_outputs=7)
    assert proposal(Measure.TERM, active_to=date(2026, 3, 31)) == Amendment(active_to=date(2026, 1, 31))
    assert proposal(Measure.COMMISSION, **paying(commission=F(1, 10))) == Amendment(
        plan=replace(PLAN, commission=F(1, 10))
    )


def test_lifts_one_side_and_lets_the_commission_pay() -> None:
    # Two lifts to 32 % of net, one after the other: creators keep 51/200, the commission becomes 21/200.
    better = replace(NEWER, plan=Plan(F(0), F(9, 25), F(1, 2)))
    assert better.plan is not None
    assert better.plan.masters_share == better.plan.publishing_share == F(32, 100)
    [first] = triggers([clause(Measure.MASTERS_SHARE)], [FAVORED, better])
    assert first.proposal is not None
    plan = first.proposal.plan
    assert plan is not None
    assert (plan.creators_share, plan.masters_share, plan.publishing_share) == (F(51, 200), F(8, 25), F(119, 400))
    [second] = triggers([clause(Measure.PUBLISHING_SHARE)], [replace(FAVORED, plan=plan), better])
    assert second.proposal is not None
    plan = second.proposal.plan
    assert plan is not None
    assert (plan.creators_share, plan.masters_share, plan.publishing_share) == (F(51, 200), F(8, 25), F(8, 25))
    assert plan.commission == F(21, 200)


def test_proposes_nothing_that_the_commission_cannot_pay() -> None:
    [trigger] = triggers([clause(Measure.MASTERS_SHARE)], [FAVORED, replace(NEWER, plan=Plan(F(0), F(0), F(1)))])
    assert (trigger.theirs, trigger.proposal) == (F(1), None)


def test_says_nothing_of_a_license_that_is_not_compared() -> None:
    assert triggers([QUOTA], [BETTER]) == ()
    assert triggers([], [FAVORED, BETTER]) == ()


def test_knows_its_words() -> None:
    assert check_measure("term") is Measure.TERM
    assert check_class("same_licensee") == "same_licensee"
    assert check_class(f"licensor:{RIVAL}") == f"licensor:{RIVAL}"
    with pytest.raises(NoSuchMeasure, match="'fame' is not a measure"):
        check_measure("fame")
    for other in ("", "everybody", "licensor:", f"licensor:{RIVAL} ", "licensor:00000000000000000000000000000005"):
        with pytest.raises(NoSuchReferenceClass):
            check_class(other)
