"""Sets of territories as contracts write them: read from left to right, never empty."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights import territories
from rights.territories import NoSuchTerritory, NoTerritory, countries, expand, phrase


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
    ],
)
def test_are_read_from_left_to_right(codes: list[str], expected: set[str]) -> None:
    assert expand(codes) == expected


def test_are_the_world_less_what_is_excluded() -> None:
    assert expand(["2136"]) == countries()
    assert expand(["2136", "-US"]) == countries() - {"US"}
    assert expand(["2136", "-US", "-CA"]) == countries() - {"US", "CA"}
    assert expand(["2136", "-US", "US"]) == countries()
    assert len(countries()) > 240


@pytest.mark.parametrize("codes", [[], ["-DE"], ["DE", "-DE"], ["2136", "-2136"], ["DE", "-2136"]])
def test_are_never_empty(codes: list[str]) -> None:
    with pytest.raises(NoTerritory):
        expand(codes)


@pytest.mark.parametrize("code", ["XX", "de", "DEU", "276", "", "-", "--DE", "UK", "EU", " DE", "2137", "WORLD"])
def test_are_refused_where_the_tables_do_not_know_them(code: str) -> None:
    with pytest.raises(NoSuchTerritory):
        expand(["DE", code])


def test_name_the_way_out() -> None:
    with pytest.raises(NoSuchTerritory, match="use an ISO 3166-1 code such as DE, or 2136 for the world"):
        expand(["UK"])


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (["DE"], "Germany"),
        (["FR", "DE"], "Germany, France"),
        (["US", "DE", "FR"], "Germany, France, United States"),
        (["US", "DE", "FR", "JP"], "Germany and 3 more territories"),
        (["2136"], "the world"),
    ],
)
def test_are_said_in_a_short_phrase(codes: list[str], said: str) -> None:
    assert phrase(expand(codes)) == said


def test_have_names_people_know() -> None:
    assert territories.name("2136") == "the world"
    assert territories.name("JP") == "Japan"
    assert territories.name("QQ") == "QQ"


@given(st.lists(st.sampled_from(["2136", "-2136", "DE", "-DE", "FR", "-FR", "US", "-US"]), max_size=8))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_hold_a_country_exactly_if_the_last_word_about_it_includes_it(codes: list[str]) -> None:
    try:
        found = expand(codes)
    except NoTerritory:
        found = frozenset()
    for country in ("DE", "FR", "US", "JP"):
        words = [code for code in codes if code.removeprefix("-") in {country, "2136"}]
        assert (country in found) == (bool(words) and not words[-1].startswith("-"))
