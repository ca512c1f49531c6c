"""Sets of territories as contracts write them: read from left to right, asked of a day, never empty."""

from __future__ import annotations

import itertools
import json
import time
from datetime import date, timedelta
from pathlib import Path

import pycountry
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights import territories
from rights.territories import (
    BadTerritoryRows,
    NoSuchTerritory,
    NoTerritory,
    Stretch,
    check,
    countries,
    covered,
    expand,
    from_cwr,
    number,
    numbers,
    phrase,
    stretches,
)

TODAY = date(2026, 11, 23)
TABLE = json.loads(Path(territories.__file__).with_name("data").joinpath("territories.json").read_text("utf-8"))
CHANGES = sorted(
    {
        date.fromisoformat(row[key])
        for row in [*TABLE["countries"], *(member for group in TABLE["groups"] for member in group.get("members", ()))]
        for key in ("since", "until")
        if key in row
    }
)
DAYS = sorted({day + timedelta(days=step) for day in CHANGES for step in (-1, 0, 1)} | {date(1900, 1, 1), TODAY})
EVERY_CODE = sorted(
    {code for row in TABLE["countries"] for code in (row["alpha_2"], str(row["number"]))}
    | {code for group in TABLE["groups"] for code in (str(group["number"]), *group["codes"])}
)
GROUPS = [str(group["number"]) for group in TABLE["groups"]]


def said(codes: str) -> set[str]:
    return set(codes.split())


def on(year: int, month: int = 1, day: int = 1) -> date:
    return date(year, month, day)


# --- Reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["DE"], {"DE"}),
        (["DE", "FR"], {"DE", "FR"}),
        (["DE", "DE"], {"DE"}),
        (["DE", "FR", "-FR"], {"DE"}),
        (["-FR", "FR"], {"FR"}),  # from left to right: the later word counts
        (["2136", "-2136", "JP"], {"JP"}),
        (["DE", "-US"], {"DE"}),
        (["276"], {"DE"}),
        (["276", "-DE", "FR"], {"FR"}),  # letters and number are the same country
        (["4"], {"AF"}),
        (["004"], {"AF"}),  # as ISO 3166 writes it
        (["0004"], {"AF"}),  # as CWR writes it
        (["0840", "-840", "8"], {"AL"}),
        (["2131", "-NO"], {"DK", "SE"}),
        (["2SC", "-2127", "IS"], {"IS"}),
        (["2127", "-2131"], {"FI", "IS"}),
    ],
)
def test_are_read_from_left_to_right(codes: list[str], expected: set[str]) -> None:
    assert expand(codes, TODAY) == expected


def test_are_the_world_less_what_is_excluded() -> None:
    world = countries(TODAY)
    assert expand(["2136"], TODAY) == expand(["2WL"], TODAY) == world
    assert expand(["2136", "-US"], TODAY) == world - {"US"}
    assert expand(["2136", "-US", "-CA"], TODAY) == world - {"US", "CA"}
    assert expand(["2136", "-US", "US"], TODAY) == world
    assert len(world) > 240


@pytest.mark.parametrize("codes", [[], ["-DE"], ["DE", "-DE"], ["2136", "-2136"], ["DE", "-2136"], ["2131", "-2127"]])
def test_are_never_empty(codes: list[str]) -> None:
    with pytest.raises(NoTerritory):
        expand(codes, TODAY)
    with pytest.raises(NoTerritory):
        check(codes)
    with pytest.raises(NoTerritory):
        stretches(codes, TODAY, None)
    assert covered(codes, TODAY) == frozenset()


UNKNOWN = ["XX", "de", "DEU", "", "-", "--DE", "UK", "EU", " DE", "DE ", "2135", "2137", "2WX", "2wl", "WORLD", "+DE"]
HOSTILE = ["٢٧٦", "27６", "D\x00", "276\n", "-276 ", "1", "999", "00276", "-1", "1e2", "DE" * 500_000, "9" * 1_000_000]


@pytest.mark.parametrize("code", [*UNKNOWN, *HOSTILE])
def test_are_refused_where_the_tables_do_not_know_them(code: str) -> None:
    began = time.process_time()
    for refuse in (
        lambda: expand(["DE", code], TODAY),
        lambda: covered(["DE", code], TODAY),
        lambda: check(["DE", f"-{code}"]),
        lambda: stretches(["DE", code], TODAY, None),
        lambda: from_cwr([("I", "276"), ("E", code)]),
        lambda: number(code),
    ):
        with pytest.raises(NoSuchTerritory, match="use an ISO 3166-1 code such as DE, or 2136 for the world") as no:
            refuse()
        assert len(str(no.value)) < 200
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("code", "day", "sentence"),
    [
        ("CS", TODAY, "'CS' is not a territory on 2026-11-23: it ended on 2006-06-03; use CZ, ME, RS, SK from then on"),
        ("200", TODAY, "'200' is not a territory on 2026-11-23: it ended on 1993-01-01; use CZ, SK from then on"),
        ("280", TODAY, "'280' is not a territory on 2026-11-23: it ended on 1990-10-03; use DE from then on"),
        ("DD", TODAY, "'DD' is not a territory on 2026-11-23: it ended on 1990-10-03; use DE from then on"),
        ("810", on(1992), "it ended on 1992-01-01; use AM, AZ, BY, EE, GE, KG, KZ, LT, LV, MD, RU, TJ, TM, UA, UZ"),
        ("890", on(1999), "it ended on 1992-01-01; use BA, HR, MK, SI, YU from then on"),
        ("890", TODAY, "it ended on 1992-01-01; use BA, HR, ME, MK, RS, SI from then on"),
        ("276", on(1985), "'276' is not a territory on 1985-01-01: it begins on 1990-10-03; use DD, DE before"),
        ("UA", on(1985), "'UA' is not a territory on 1985-01-01: it begins on 1992-01-01; use SU before"),
        ("SK", on(1992, 12, 31), "it begins on 1993-01-01; use CS before"),
        ("CS", on(1999), "it begins on 2003-02-04; use YU before"),
        ("2123", on(1957, 12, 31), "'2123' is not a territory on 1957-12-31: it begins on 1958-01-01"),
        ("2121", on(1993, 12, 31), "'2121' is not a territory on 1993-12-31: it begins on 1994-01-01"),
        ("2118", on(1991, 12, 31), "'2118' is not a territory on 1991-12-31: it begins on 1992-01-01"),
        ("2126", on(1993, 12, 31), "'2126' is not a territory on 1993-12-31: it begins on 1994-01-01"),
    ],
)
def test_name_the_way_out_where_a_code_is_not_in_force(code: str, day: date, sentence: str) -> None:
    for codes in (["FR", code], ["2136", f"-{code}"]):
        with pytest.raises(NoSuchTerritory) as refused:
            expand(codes, day)
        assert sentence in str(refused.value)
    check([code])  # it may stand in a contract all the same


def test_leave_out_what_is_not_in_force_where_they_were_agreed_on_another_day() -> None:
    assert covered(["FR", "200"], TODAY) == {"FR"}
    assert covered(["200"], TODAY) == frozenset()
    assert covered(["200"], on(1992)) == {"CS"}
    assert covered(["276"], on(1985)) == frozenset()


def test_keep_back_what_became_of_a_country_that_was_kept_back() -> None:
    assert covered(["2136", "-200"], TODAY) == countries(TODAY) - {"CZ", "SK"}
    assert covered(["2136", "-810"], TODAY) == countries(TODAY) - said("AM AZ BY EE GE KG KZ LT LV MD RU TJ TM UA UZ")
    assert covered(["2136", "-890"], TODAY) == countries(TODAY) - said("BA HR ME MK RS SI")  # through two more states
    assert covered(["2136", "-890"], on(1999)) == countries(on(1999)) - said("BA HR MK SI YU")
    assert covered(["2136", "-278"], TODAY) == countries(TODAY) - {"DE"}
    assert covered(["2136", "-2123"], on(1950)) == countries(on(1950))  # a union that there was not yet


# --- The table -------------------------------------------------------------------------------------------------------


def test_are_the_iso_list_of_today() -> None:
    assert countries(TODAY) == {country.alpha_2 for country in pycountry.countries}
    for country in pycountry.countries:
        assert number(country.alpha_2) == int(country.numeric)
        assert expand([country.numeric], TODAY) == expand([country.alpha_2], TODAY) == {country.alpha_2}


def test_come_from_a_table_that_says_where_it_is_from() -> None:
    assert territories.VERSION == TABLE["version"] == "2026.11"
    assert "It is no copy of the CISAC database" in TABLE["source"]


def test_have_a_number_of_their_own_on_every_day() -> None:
    for day in DAYS:
        world = countries(day)
        assert len({number(country) for country in world}) == len(world), day


def test_begin_where_what_they_were_ends() -> None:
    for row in TABLE["countries"]:
        if "became" not in row:
            assert "until" not in row
            continue
        ended = date.fromisoformat(row["until"])
        assert set(row["became"]) <= countries(ended), row["number"]
        assert row["alpha_2"] in countries(ended - timedelta(days=1))


def test_are_in_one_continent_each() -> None:
    continents = ["2100", "2101", "2106", "2120", "2130"]
    for day in DAYS:
        parts = [expand([continent], day) for continent in continents]
        assert frozenset().union(*parts) == countries(day) - {"AQ"}, day
        assert sum(map(len, parts)) == len(countries(day)) - 1, day


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("2128", "2100"), ("2115", "2100"), ("2115", "2114"), ("2102", "2101"), ("2129", "2102"), ("2113", "2102"),
        ("2132", "2102"), ("2134", "2101"), ("2103", "2134"), ("2112", "2134"), ("2126", "2101"), ("2125", "2106"),
        ("2133", "2106"), ("2105", "2106"), ("2116", "2106"), ("2116", "2114"), ("2107", "2130"), ("2117", "2107"),
        ("2117", "2114"), ("2108", "2120"), ("2109", "2119"), ("2110", "2122"), ("2111", "2120"), ("2119", "2122"),
        ("2122", "2120"), ("2124", "2122"), ("2127", "2120"), ("2131", "2127"), ("2109", "2123"), ("2110", "2123"),
    ],
)  # fmt: skip
def test_are_within_each_other_today(part: str, whole: str) -> None:
    assert expand([part], TODAY) < expand([whole], TODAY)


@pytest.mark.parametrize(
    ("code", "day", "members"),
    [
        ("2131", TODAY, "DK NO SE"),
        ("2127", TODAY, "DK FI IS NO SE"),
        ("2110", TODAY, "BE LU NL"),
        ("2124", TODAY, "AT CH DE"),
        ("2124", on(1985), "AT CH DE"),  # the Germany of then
        ("2109", TODAY, "EE LT LV"),
        ("2128", TODAY, "DZ EG LY MA TN"),
        ("2126", on(1994), "CA MX PR US"),
        ("2113", TODAY, "BZ CR GT HN NI PA SV"),
        ("2118", on(1992), "AM AZ BY KG KZ RU TJ TM UA UZ"),
        ("2118", on(2009, 8, 17), "AM AZ BY GE KG KZ MD RU TJ TM UA UZ"),
        ("2118", on(2009, 8, 18), "AM AZ BY KG KZ MD RU TJ TM UA UZ"),
        ("2108", on(1985), "AL BG GR RO YU"),
        ("2108", on(1995), "AL BA BG GR HR MK RO SI YU"),
        ("2108", on(2004), "AL BA BG CS GR HR MK RO SI"),
        ("2108", TODAY, "AL BA BG GR HR ME MK RO RS SI"),
        ("2119", on(1985), "AL BG CS DD HU PL RO SU"),
        ("2119", on(2004), "AL BG BY CZ EE HU LT LV MD PL RO RU SK UA"),  # CS is another country by then
    ],
)
def test_of_a_group_are_its_members_of_the_day(code: str, day: date, members: str) -> None:
    assert expand([code], day) == said(members)


@pytest.mark.parametrize(
    ("day", "joined", "left"),
    [
        (on(1958), "BE DE FR IT LU NL", ""),  # as the Economic Community, under the same number
        (on(1973), "DK GB IE", ""),
        (on(1981), "GR", ""),
        (on(1986), "ES PT", ""),
        (on(1995), "AT FI SE", ""),
        (on(2004, 5, 1), "CY CZ EE HU LT LV MT PL SI SK", ""),
        (on(2007), "BG RO", ""),
        (on(2013, 7, 1), "HR", ""),
        (on(2020, 2, 1), "", "GB"),
    ],
)
def test_of_the_european_union_change_on_the_day(day: date, joined: str, left: str) -> None:
    eve = covered(["2123"], day - timedelta(days=1))
    assert expand(["2123"], day) == expand(["2EN"], day) == expand(["2EY"], day) == (eve | said(joined)) - said(left)
    assert not said(joined) & eve
    assert said(left) <= eve
    assert day in CHANGES


def test_of_the_european_union_are_counted_right() -> None:
    assert len(expand(["2123"], on(1992))) == 12
    assert len(expand(["2123"], on(2015))) == 28
    assert len(expand(["2123"], TODAY)) == 27
    assert expand(["2121"], TODAY) == expand(["2123"], TODAY) | {"IS", "LI", "NO"}


def test_answer_the_questions_of_the_domain_notes() -> None:
    # Appendix A.5.
    assert "GB" in expand(["2123"], on(2019, 6, 1))
    assert "GB" not in expand(["2123"], on(2021, 6, 1))
    europe_less_germany = expand(["2120", "-276"], TODAY)
    assert "FR" in europe_less_germany
    assert "DE" not in europe_less_germany
    world_less_union = expand(["2136", "-2123"], TODAY)
    assert {"US", "GB"} < world_less_union
    assert "FR" not in world_less_union
    assert expand(["2EU"], TODAY) == expand(["2120"], TODAY)  # the letters EU are Europe, not the Union


@pytest.mark.parametrize(
    ("code", "last", "what"),
    [
        ("200", on(1992, 12, 31), "CS"),
        ("278", on(1990, 10, 2), "DD"),
        ("280", on(1990, 10, 2), "DE"),
        ("890", on(1991, 12, 31), "YU"),
        ("810", on(1991, 12, 31), "SU"),
        ("886", on(1990, 5, 21), "YE"),
        ("891", on(2003, 2, 3), "YU"),
        ("891", on(2006, 6, 2), "CS"),
    ],
)
def test_that_have_ended_are_what_they_were_to_their_last_day(code: str, last: date, what: str) -> None:
    assert expand([code], last) == {what}
    if code != "891" or what == "CS":
        with pytest.raises(NoSuchTerritory, match=f"it ended on {last + timedelta(days=1)}"):
            expand([code], last + timedelta(days=1))


@pytest.mark.parametrize("code", EVERY_CODE)
def test_are_all_in_force_on_some_day(code: str) -> None:
    check([code])
    spans = stretches([code], date.min, None)
    assert expand([code], spans[-1].active_from) == spans[-1].countries
    assert territories.name(code) != code
    assert len(f"-{code}") <= 6  # what the columns hold


# --- Stretches -------------------------------------------------------------------------------------------------------


def test_stretch_over_the_time_in_which_they_mean_the_same() -> None:
    before_croatia = expand(["2123"], on(2010))
    assert stretches(["2123"], on(2010), on(2021)) == (
        Stretch(on(2010), on(2013, 7, 1), before_croatia),
        Stretch(on(2013, 7, 1), on(2020, 2, 1), before_croatia | {"HR"}),
        Stretch(on(2020, 2, 1), on(2021), (before_croatia | {"HR"}) - {"GB"}),
    )
    assert stretches(["2123", "-GB"], on(2014), None) == (Stretch(on(2014), None, (before_croatia | {"HR"}) - {"GB"}),)
    assert stretches(["DE"], on(1980), None) == (Stretch(on(1980), None, frozenset({"DE"})),)
    assert stretches(["280"], on(1980), None) == (Stretch(on(1980), on(1990, 10, 3), frozenset({"DE"})),)
    assert stretches(["276"], on(1980), on(2000)) == (Stretch(on(1990, 10, 3), on(2000), frozenset({"DE"})),)
    assert stretches(["CS"], on(1980), None) == (  # with ten years between them
        Stretch(on(1980), on(1993), frozenset({"CS"})),
        Stretch(on(2003, 2, 4), on(2006, 6, 3), frozenset({"CS"})),
    )


@pytest.mark.parametrize(
    ("codes", "active_from", "active_to"),
    [
        (["280"], on(1990, 10, 3), None),
        (["276"], on(1980), on(1990, 10, 3)),
        (["FR"], on(2026), on(2026)),
        (["FR"], on(2026), on(2025)),
    ],
)
def test_stretch_over_no_time_only_with_a_refusal(codes: list[str], active_from: date, active_to: date | None) -> None:
    with pytest.raises(NoTerritory, match="leave no country from"):
        stretches(codes, active_from, active_to)


some_codes = st.lists(
    st.tuples(
        st.sampled_from(["", "", "-"]), st.sampled_from([*GROUPS, "DE", "280", "276", "CS", "YU", "SU", "GB", "US"])
    ).map("".join),
    min_size=1,
    max_size=5,
)
some_day = st.sampled_from(DAYS)


@given(some_codes, some_day, st.none() | some_day)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_stretch_as_each_day_says(codes: list[str], active_from: date, active_to: date | None) -> None:
    try:
        found = stretches(codes, active_from, active_to)
    except NoTerritory:
        found = ()
    for day in DAYS:
        if active_from <= day and (active_to is None or day < active_to):
            held = [one for one in found if one.active_from <= day and (one.active_to is None or day < one.active_to)]
            assert frozenset().union(*(one.countries for one in held)) == covered(codes, day)
            assert len(held) <= 1
            try:
                assert expand(codes, day) == held[0].countries
            except NoTerritory:
                assert not held
            except NoSuchTerritory:
                assert any(not covered([code.removeprefix("-")], day) for code in codes)
    for one in found:
        assert one.active_from >= active_from
        assert one.countries
        assert one.active_to is None or one.active_from < one.active_to
    for before, after in itertools.pairwise(found):
        assert before.active_to is not None
        assert before.active_to < after.active_from or before.countries != after.countries
    if found and active_to is not None:
        assert found[-1].active_to is not None
        assert found[-1].active_to <= active_to


@given(st.lists(st.sampled_from(["2136", "-2136", "DE", "-DE", "FR", "-FR", "US", "-US"]), max_size=8))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_hold_a_country_exactly_if_the_last_word_about_it_includes_it(codes: list[str]) -> None:
    found = covered(codes, TODAY)
    for country in ("DE", "FR", "US", "JP"):
        words = [code for code in codes if code.removeprefix("-") in {country, "2136"}]
        assert (country in found) == (bool(words) and not words[-1].startswith("-"))


# --- Numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["2136"], ((1, 1000),)),
        (["2136", "-US"], ((1, 840), (841, 1000))),
        (["2136", "-AF"], ((1, 4), (5, 1000))),
        (["2136", "-US", "-AF"], ((1, 4), (5, 840), (841, 1000))),
        (["DE"], ((276, 277),)),
        (["DE", "FR"], ((250, 251), (276, 277))),
        (["2109"], ((233, 234), (428, 429), (440, 441))),
        (["GF", "PF", "FK", "GS"], ((238, 240), (254, 255), (258, 259))),  # neighbors make one range
    ],
)
def test_are_ranges_of_numbers(codes: list[str], expected: tuple[tuple[int, int], ...]) -> None:
    assert numbers(expand(codes, TODAY)) == expected


def test_are_no_range_where_there_is_no_country() -> None:
    assert numbers(frozenset()) == ()


@pytest.mark.parametrize(("code", "expected"), [("CS", 200), ("YU", 890), ("DE", 276), ("SU", 810), ("YE", 887)])
def test_have_the_number_of_today_or_their_first(code: str, expected: int) -> None:
    assert number(code) == expected


def hold(ranges: tuple[tuple[int, int], ...], one: int) -> bool:
    return any(first <= one < end for first, end in ranges)


@given(some_day, st.data())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_say_the_same_as_numbers_on_every_day(day: date, data: st.DataObject) -> None:
    world = sorted(countries(day))
    few = frozenset(data.draw(st.lists(st.sampled_from(world), max_size=12)))
    for chosen in (few, frozenset(world) - few):
        ranges = numbers(chosen)
        assert {country for country in world if hold(ranges, number(country))} == chosen
        assert all(1 <= first < end <= 1000 for first, end in ranges)
        assert all(before[1] < after[0] for before, after in itertools.pairwise(ranges))


@given(some_day, some_codes, some_codes)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_meet_as_numbers_where_they_meet_as_countries(day: date, these: list[str], those: list[str]) -> None:
    left, right = covered(these, day), covered(those, day)
    meet = any(a < d and c < b for a, b in numbers(left) for c, d in numbers(right))
    assert meet == bool(left & right)  # else an exclusion constraint would refuse two honest shares


# --- CWR -------------------------------------------------------------------------------------------------------------


def meant(rows: list[tuple[str, str]], day: date) -> frozenset[str]:
    """Return what CWR's rows mean on a day, by its own rule."""
    found: frozenset[str] = frozenset()
    for position, (indicator, code) in enumerate(rows):
        if indicator == "I":
            taken = itertools.takewhile(lambda row: row[0] == "E", rows[position + 1 :])
            found |= covered([code, *(f"-{out}" for _, out in taken)], day)
    return found


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ([("I", "2136")], ("2136",)),
        ([("I", "2136"), ("E", "0840")], ("2136", "-840")),
        ([("I", "2136"), ("E", "0840"), ("E", "0124")], ("2136", "-840", "-124")),
        ([("I", "0276"), ("I", "0250")], ("276", "250")),
        ([("I", "0276"), ("I", "2120"), ("E", "0276")], ("2120", "-276", "276")),  # Germany stays in
        ([("I", "2120"), ("E", "0276"), ("I", "0276")], ("2120", "-276", "276")),
        ([("I", "2120"), ("E", "0250"), ("I", "2136"), ("E", "0756")], ("2120", "-250", "2136", "-756", "CH")),
        ([("I", "0276"), ("E", "0840")], ("276", "-840")),
        ([("I", "2131"), ("E", "0578"), ("I", "2110"), ("E", "0056")], ("2131", "-578", "2110", "-56")),
    ],
)
def test_of_cwr_are_put_in_an_order_that_means_the_same(rows: list[tuple[str, str]], codes: tuple[str, ...]) -> None:
    assert from_cwr(rows) == codes
    for day in DAYS:
        assert covered(codes, day) == meant(rows, day)


@pytest.mark.parametrize(
    ("rows", "refusal", "why"),
    [
        ([("E", "0840")], BadTerritoryRows, "E 0840: write I, or E after the I that it takes away from"),
        ([("E", "0840"), ("I", "2136")], BadTerritoryRows, "E 0840"),
        ([("X", "0840")], BadTerritoryRows, "X 0840"),
        ([("", "0840")], BadTerritoryRows, "write I"),
        ([("I", "2135")], NoSuchTerritory, "'2135' is not a territory"),
        ([("I", "2136"), ("E", "9999")], NoSuchTerritory, "'9999' is not a territory"),
        ([("I", "0276"), ("E", "0276")], NoTerritory, "leave no country"),
        ([], NoTerritory, "leave no country"),
        # The Union less Scandinavia, and Europe less the Union: Denmark is meant before 1973 only.
        (
            [("I", "2123"), ("E", "2131"), ("I", "2120"), ("E", "2123")],
            BadTerritoryRows,
            "exclude countries one by one",
        ),
    ],
)
def test_of_cwr_are_refused_where_they_say_nothing(
    rows: list[tuple[str, str]], refusal: type[Exception], why: str
) -> None:
    with pytest.raises(refusal, match=why):
        from_cwr(rows)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["2136", "2120", "2123", "2131", "2127", "2101", "0276", "0840", "0208"]),
            st.lists(st.sampled_from(["2120", "2131", "0276", "0840", "0208", "2110"]), max_size=2),
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_of_cwr_mean_the_same_or_are_refused(blocks: list[tuple[str, list[str]]]) -> None:
    rows = [row for code, outs in blocks for row in (("I", code), *(("E", out) for out in outs))]
    try:
        codes = from_cwr(rows)
    except BadTerritoryRows:
        assert sum(bool(outs) for _, outs in blocks) > 1  # with one block that takes away there is always an order
        return
    except NoTerritory:
        assert not any(meant(rows, day) for day in DAYS)
        return
    for day in DAYS:
        assert covered(codes, day) == meant(rows, day)


# --- Words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "sentence"),
    [
        (["DE"], "Germany"),
        (["FR", "DE"], "Germany, France"),
        (["US", "DE", "FR"], "Germany, France, United States"),
        (["US", "DE", "FR", "JP"], "Germany and 3 more territories"),
        (["2136"], "the world"),
    ],
)
def test_are_said_in_a_short_phrase(codes: list[str], sentence: str) -> None:
    assert phrase(expand(codes, TODAY)) == sentence


def test_are_the_world_of_any_day() -> None:
    assert {phrase(countries(day)) for day in DAYS} == {"the world"}
    assert phrase(countries(TODAY) - {"US"}) == "Andorra and 247 more territories"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("2136", "the world"),
        ("2WL", "the world"),
        ("2123", "European Union"),
        ("JP", "Japan"),
        ("392", "Japan"),
        ("0392", "Japan"),
        ("CS", "Czechoslovakia"),
        ("SU", "Soviet Union"),
        ("TW", "Taiwan"),
        ("KR", "South Korea"),
        ("QQ", "QQ"),
    ],
)
def test_have_names_people_know(code: str, name: str) -> None:
    assert territories.name(code) == name


def test_are_looked_up_fast() -> None:
    codes = ["2136", "-US", "-2123"]
    expand(codes, TODAY)
    began = time.process_time()
    for _ in range(10_000):
        expand(codes, TODAY)
    assert time.process_time() - began < 0.5  # 50 µs of the processor each; measured 0.4 µs
