"""Shares of a right are added up per country and day; what is too much is held, and no more than that."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights.claims import (
    TOLERANCE,
    ClaimSize,
    ClaimStatus,
    Hold,
    Holding,
    NotReadAsPart,
    OverClaim,
    Sum,
    contains,
    meets,
    minimums,
    normalize,
    over_claims,
    position,
    read_part,
    size_of,
)
from rights.territories import countries, covered

F = Fraction
DAY = date(2026, 6, 1)
SINCE = date(2026, 1, 1)
A, B, C, D, E = (UUID(int=number) for number in range(1, 6))


def holding(
    party: UUID,
    part: str | Fraction,
    *codes: str,
    since: date = SINCE,
    until: date | None = None,
    id: int | None = None,
) -> Holding:
    number = id if id is not None else 100 + party.int
    return Holding(UUID(int=number), party, F(part), codes or ("2136",), since, until)


def zone_of(holdings: Iterable[Holding], country: str, on: date = DAY):  # type: ignore[no-untyped-def]
    return next(zone for zone in position(holdings, on) if country in zone.countries)


# --- The worked example of the requirements (§6.1): work W2.

W2 = [
    holding(C, "3/5", "2123", id=1),
    holding(E, "2/5", "2123", id=2),
    holding(C, "3/5", "US", id=3),
    holding(E, "1/2", "US", id=4),
    holding(E, "1", "JP", id=5),
]


def test_pays_the_undisputed_minimum_of_w2_and_holds_a_tenth() -> None:
    zone = zone_of(W2, "US")
    assert (zone.total, zone.sum, zone.excess, zone.remainder) == (F(11, 10), Sum.OVER_CLAIM, F(1, 10), 0)
    assert [(one.party_id, one.claimed, one.payable) for one in zone.claimants()] == [
        (C, F(3, 5), F(1, 2)),
        (E, F(1, 2), F(2, 5)),
    ]
    assert zone.held() == F(1, 10)
    assert {zone.status_of(one) for one in zone.holdings} == {ClaimStatus.CONFLICT}


def test_the_rest_of_w2_is_complete_or_unclaimed() -> None:
    for country, total in (("DE", 1), ("JP", 1), ("BR", 0)):
        zone = zone_of(W2, country)
        assert (zone.total, zone.held(), zone.remainder) == (total, 0, 1 - total)
    assert "FR" in zone_of(W2, "DE").countries
    assert "GB" in zone_of(W2, "BR").countries


def test_lists_every_country_once_with_over_claims_first() -> None:
    zones = position(W2, DAY)
    listed = [country for zone in zones for country in zone.countries]
    assert sorted(listed) == sorted(countries(DAY))
    assert [zone.sum for zone in zones] == [Sum.OVER_CLAIM, Sum.UNDER_CLAIM, Sum.COMPLETE, Sum.COMPLETE]
    assert [zone.sum for zone in position([], DAY)] == [Sum.UNDER_CLAIM]


@pytest.mark.parametrize(
    ("claimed", "payable", "held"),
    [
        (["3/5", "1/2"], ["1/2", "2/5"], "1/10"),
        (["1", "1"], ["0", "0"], "1"),
        (["1", "1", "1"], ["0", "0", "0"], "1"),
        (["1", "1/100"], ["99/100", "0"], "1/100"),
        (["3/5", "1/2", "1/20"], ["9/20", "7/20", "0"], "1/5"),  # more is held than the excess of 3/20
        (["1/3", "1/3", "1/3"], ["1/3", "1/3", "1/3"], "0"),
        (["1/2", "1/4"], ["1/2", "1/4"], "0"),  # what is unclaimed is not held
        (["1"], ["1"], "0"),
    ],
)
def test_holds_what_the_claims_of_others_touch(claimed: list[str], payable: list[str], held: str) -> None:
    zone = zone_of([holding(UUID(int=n), part) for n, part in enumerate(claimed, start=1)], "US")
    assert [one.payable for one in zone.claimants()] == [F(one) for one in payable]
    assert zone.held() == F(held)


def test_holds_everything_where_the_policy_says_so_and_only_under_an_over_claim() -> None:
    over, complete = zone_of(W2, "US"), zone_of(W2, "DE")
    assert ({one.payable for one in over.claimants(Hold.EVERYTHING)}, over.held(Hold.EVERYTHING)) == ({F(0)}, 1)
    assert complete.held(Hold.EVERYTHING) == 0


def test_claims_of_one_party_count_as_one_and_contradict_only_themselves() -> None:
    zone = zone_of([holding(A, "3/4", id=1), holding(A, "1/2", id=2)], "US")
    assert [(one.claimed, one.payable) for one in zone.claimants()] == [(F(5, 4), F(1))]
    assert {zone.status_of(one) for one in zone.holdings} == {ClaimStatus.DATA_INCONSISTENT}


@given(st.lists(st.fractions(min_value=F(1, 1000), max_value=1, max_denominator=1000), min_size=1, max_size=8))
def test_pays_nobody_more_than_claimed_and_never_more_than_the_whole(parts: list[Fraction]) -> None:
    claimed = {UUID(int=number): part for number, part in enumerate(parts)}
    paid = minimums(claimed)
    total = sum(parts)
    assert all(0 <= paid[party] <= claimed[party] for party in claimed)
    assert sum(paid.values()) <= 1
    if total <= 1:
        assert paid == claimed
    for party, own in claimed.items():
        assert paid[party] == max(0, min(own, 1 - (total - own)))


# --- Against a brute force: country by country, day by day.

SETS = [("2136",), ("2136", "-US"), ("2123",), ("US",), ("2120", "-DE"), ("DE", "FR"), ("2100", "ZA"), ("2124",)]
SAMPLE = ["US", "DE", "FR", "GB", "ZA", "JP", "AT"]
DAYS = [date(2018, 1, 1) + timedelta(days=91 * step) for step in range(40)]


@st.composite
def some_holdings(draw: st.DrawFn) -> list[Holding]:
    found = []
    for number in range(draw(st.integers(0, 6))):
        since = draw(st.sampled_from(DAYS))
        until = draw(st.sampled_from([None, *(day for day in DAYS if day > since)]))
        part = draw(st.sampled_from([F(1, 3), F(1, 2), F(2, 5), F(1), F(1, 7)]))
        codes = draw(st.sampled_from(SETS))
        found.append(Holding(UUID(int=number), UUID(int=draw(st.integers(1, 3))), part, codes, since, until))
    return found


def held_there(holdings: list[Holding], country: str, day: date) -> list[Holding]:
    return [
        one
        for one in holdings
        if one.active_from <= day
        and (one.active_to is None or day < one.active_to)
        and country in covered(one.territories, day)
    ]


@settings(max_examples=150, deadline=None)
@given(some_holdings(), st.sampled_from(DAYS))
def test_every_zone_is_what_each_of_its_countries_says(holdings: list[Holding], day: date) -> None:
    zones = position(holdings, day)
    for country in SAMPLE:
        (zone,) = (zone for zone in zones if country in zone.countries)
        assert list(zone.holdings) == held_there(holdings, country, day)
        assert zone.total == sum((one.part for one in held_there(holdings, country, day)), F(0))


@settings(max_examples=150, deadline=None)
@given(some_holdings(), st.sampled_from(DAYS))
def test_finds_an_over_claim_exactly_where_a_country_has_one(holdings: list[Holding], day: date) -> None:
    found = over_claims(holdings)
    for country in SAMPLE:
        here = held_there(holdings, country, day)
        named = [
            one
            for one in found
            if one.active_from <= day
            and (one.active_to is None or day < one.active_to)
            and country in covered(one.territories, day)
        ]
        if sum((one.part for one in here), F(0)) > 1:
            assert [set(one.holdings) for one in named] == [set(here)]
        else:
            assert named == []
    for one in holdings:
        about = over_claims(holdings, about=one.share_id)
        assert set(about) == {over for over in found if one in over.holdings}


def test_names_an_over_claim_once_although_the_map_changes_meanwhile() -> None:
    # South Sudan begins in 2011: the world of 2000 is not that of 2026.
    found = over_claims([holding(A, "1", since=date(2000, 1, 1)), holding(B, "1", "2136", "-US", since=SINCE)])
    assert [(one.territories, one.active_from, one.active_to) for one in found] == [(("2136", "-US"), SINCE, None)]
    since = date(2005, 1, 1)
    (one,) = over_claims([holding(A, "1", since=since), holding(B, "1", since=since)])
    assert (one.territories, one.active_from, one.active_to) == (("2136",), since, None)


def test_tells_over_claims_apart_by_their_shares_and_their_time() -> None:
    a, b = holding(A, "1"), holding(B, "1/2", "DE", "US", until=date(2027, 1, 1))
    c = holding(C, "1/2", "US", since=date(2026, 7, 1), until=date(2026, 9, 1))
    found = {(one.territories, one.active_from, one.active_to): len(one.holdings) for one in over_claims([a, b, c])}
    assert found == {
        (("DE", "US"), SINCE, date(2026, 7, 1)): 2,
        (("DE",), date(2026, 7, 1), date(2026, 9, 1)): 2,
        (("US",), date(2026, 7, 1), date(2026, 9, 1)): 3,
        (("DE", "US"), date(2026, 9, 1), date(2027, 1, 1)): 2,
    }


def test_knows_which_over_claim_is_about_all_of_another() -> None:
    a, b, c = holding(A, "1"), holding(B, "1"), holding(C, "1", "US")
    wide = OverClaim(("2136",), SINCE, None, (a, b))
    narrow = OverClaim(("US",), SINCE, date(2027, 1, 1), (a, b))
    three = OverClaim(("US",), SINCE, None, (a, b, c))
    assert contains(wide, narrow)
    assert not contains(narrow, wide)
    assert contains(three, narrow)
    assert not contains(wide, three)
    assert not contains(three, wide)
    assert meets(wide, three)
    assert not meets(three, OverClaim(("DE",), SINCE, None, (a, b)))
    assert not meets(narrow, OverClaim(("US",), date(2027, 1, 1), None, (a, b)))  # the last day is not in it


# --- Decimals at the border.


@pytest.mark.parametrize(
    ("percentages", "parts", "missed_by"),
    [
        (["33.33", "33.33", "33.33"], ["1/3", "1/3", "1/3"], "-1/10000"),
        (["66.66", "33.33"], ["2/3", "1/3"], "-1/10000"),
        (["33.34", "33.33", "33.33"], ["3334/10000", "3333/10000", "3333/10000"], None),  # it adds up: left alone
        (["50", "49.94"], ["2500/4997", "2497/4997"], "-6/10000"),  # the tolerance itself
        (["50", "50.06"], ["2500/5003", "2503/5003"], "6/10000"),
        (["50", "49.93"], ["50/100", "4993/10000"], None),  # one beyond it
        (["50", "50.07"], ["50/100", "5007/10000"], None),
        (["60", "50"], ["60/100", "50/100"], None),
        ([], [], None),
    ],
)
def test_takes_rounding_for_rounding(percentages: list[str], parts: list[str], missed_by: str | None) -> None:
    found = normalize([F(one) for one in percentages])
    assert found.parts == tuple(F(one) for one in parts)
    assert found.missed_by == (None if missed_by is None else F(missed_by))


def test_normalizes_a_side_that_may_hold_half() -> None:
    found = normalize([F("16.66"), F("16.66"), F("16.66")], whole=F(1, 2))
    assert (found.parts, found.missed_by) == ((F(1, 6),) * 3, F(-2, 10_000))


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=12))
def test_changes_nothing_beyond_the_tolerance_and_adds_up_within(hundredths: list[int]) -> None:
    given_ = [F(one, 100) for one in hundredths]
    found = normalize(given_)
    if found.missed_by is None:
        assert found.parts == tuple(one / 100 for one in given_)
    else:
        assert sum(found.parts) == 1
        assert 0 < abs(found.missed_by) <= TOLERANCE


@pytest.mark.parametrize(
    ("text", "part", "written"),
    [
        ("1/3", "1/3", ""),
        (" 2 / 6 ", "1/3", ""),
        ("1", "1", ""),
        ("33.33%", "3333/10000", "33.33"),
        ("33,33 %", "3333/10000", "33.33"),
        ("50", "1/2", "50"),
        ("1.01", "101/10000", "1.01"),
        ("0.5 %", "1/200", "0.5"),
        ("1%", "1/100", "1"),
        ("100", "1", "100"),
    ],
)
def test_reads_a_part_as_people_write_it(text: str, part: str, written: str) -> None:
    assert read_part(text) == (F(part), written)


@pytest.mark.parametrize(
    "text", ["", "0.5", "1.0", "0", "-1/2", "1/0", "1/2/3", "half", "1e2", "٣٣", "33.33.33", "9" * 60, "%", "1/", "½"]
)
def test_refuses_what_may_mean_two_things_or_none(text: str) -> None:
    with pytest.raises(NotReadAsPart, match="write 1/"):
        read_part(text)


@pytest.mark.parametrize(
    ("total", "size"),
    [
        ("0", ClaimSize.UNDER),
        ("9999/10000", ClaimSize.UNDER),
        ("1", ClaimSize.COMPLETE),
        ("10006/10000", ClaimSize.MINOR_OVER),
        ("100061/100000", ClaimSize.MAJOR_OVER),
        ("2", ClaimSize.MAJOR_OVER),
    ],
)
def test_says_the_size_in_the_words_of_ddex(total: str, size: ClaimSize) -> None:
    assert size_of(F(total)) is size
