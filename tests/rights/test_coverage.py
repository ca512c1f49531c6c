"""Coverage is counted by what holders say: unknown is a group, small groups of people are none, few cases no rate."""

from __future__ import annotations

from uuid import uuid4

import pytest

from rights import coverage
from rights.coverage import Coverage, Dimension, Flagged, Unit
from rights.describing import (
    Description,
    NotAGenre,
    NotALanguage,
    NotARegion,
    NotAYear,
    TooManyWords,
    description,
    genre,
    language,
    region,
)
from rights.vocabulary import LeadVoice


def unit(*said: Description, ms: int | None = 60_000, lyrics: tuple[str, ...] = ()) -> Unit:
    return Unit(uuid4(), ms, said, lyrics)


def counted(*units: Unit) -> Coverage:
    found = Coverage()
    for one in units:
        found.add(one)
    return found


def shown(of: Coverage, by: Dimension, beside: Coverage | None = None) -> list[tuple[str | None, int, int | None]]:
    return [(row.group, row.count, row.compared) for row in coverage.rows(of, by, beside=beside)]


# --- words


@pytest.mark.parametrize(
    ("given", "kept"), [("Hip  Hop", "hip hop"), (" R&B ", "r&b"), ("CAFE\u0301", "café"), ("x" * 60, "x" * 60)]
)
def test_a_genre_is_written_in_one_way(given: str, kept: str) -> None:
    assert genre(given) == kept


@pytest.mark.parametrize("given", ["", "  ", "x" * 61, "a\u0000b", "a\u202eb"])
def test_a_genre_is_a_word_or_a_few(given: str) -> None:
    with pytest.raises(NotAGenre):
        genre(given)


@pytest.mark.parametrize(("given", "kept"), [("PT-br", "pt-BR"), ("zh-hant", "zh-Hant"), ("zxx", "zxx")])
def test_a_language_is_written_as_its_standard_does(given: str, kept: str) -> None:
    assert language(given) == kept


@pytest.mark.parametrize("given", ["", "e", "english", "en_US", "en-", "en-toolongasubtag", "en\n", "é"])
def test_what_is_no_tag_is_no_language(given: str) -> None:
    with pytest.raises(NotALanguage):
        language(given)


def test_a_region_is_a_country_or_a_group_of_them() -> None:
    assert region("br ") == "BR"
    assert region("2136") == "2136"
    for wrong in ("", "XX", "-BR", "99999", "brazil", "9999"):
        with pytest.raises(NotARegion):
            region(wrong)


def test_a_description_is_bounded() -> None:
    assert description(genres=["b", "a", "B"]).genres == ("a", "b")
    with pytest.raises(TooManyWords):
        description(genres=[f"g{number}" for number in range(13)])
    for year in (1856, 2200):
        with pytest.raises(NotAYear):
            description(recorded_year=year)
    assert description(recorded_year=1857).recorded_year == 1857


# --- counting


def test_what_nobody_described_is_a_group_and_the_last_one() -> None:
    found = counted(unit(description(genres=["pop"])), unit(), unit())
    assert shown(found, Dimension.GENRE) == [("pop", 1, None), ("", 2, None)]
    assert (found.recordings, found.described) == (3, 1)


def test_a_recording_of_two_genres_counts_in_both_and_once_in_the_whole() -> None:
    found = counted(unit(description(genres=["pop", "folk"])), unit(description(genres=["pop"])))
    rows = coverage.rows(found, Dimension.GENRE)
    assert [(row.group, row.count, row.whole, row.duration_ms) for row in rows] == [
        ("pop", 2, 2, 120_000),
        ("folk", 1, 2, 60_000),
    ]


def test_two_holders_may_both_be_right_about_a_genre_and_not_about_a_year() -> None:
    both = unit(description(genres=["pop"], recorded_year=1989), description(genres=["soul"], recorded_year=1990))
    assert both.groups(Dimension.GENRE) == {"pop", "soul"}
    assert both.groups(Dimension.ERA) == {coverage.DIFFERENTLY}
    same_decade = unit(description(recorded_year=1981), description(recorded_year=1989))
    assert same_decade.groups(Dimension.ERA) == {"1980"}
    assert coverage.label(Dimension.ERA, "1980") == "1980s"


def test_languages_of_lyrics_count_too_and_by_the_language_alone() -> None:
    assert unit(description(languages=["pt-BR"]), lyrics=("pt-PT", "en")).groups(Dimension.LANGUAGE) == {"pt", "en"}
    assert coverage.label(Dimension.LANGUAGE, "pt") == "Portuguese"
    assert coverage.label(Dimension.LANGUAGE, "zxx") == "No words"
    words = Unit(uuid4(), lyrics=("de",), is_recording=False)
    found = counted(unit(description(languages=["en"])), words)
    assert (found.recordings, found.others, found.whole(Dimension.LANGUAGE), found.whole(Dimension.GENRE)) == (
        1,
        1,
        2,
        1,
    )


def test_audio_that_is_not_here_is_no_hour() -> None:
    found = counted(unit(ms=None), unit(ms=1000))
    assert (found.timed, found.duration_ms) == (1, 1000)


def test_groups_that_only_the_other_has_are_shown_as_nothing() -> None:
    mine, all_ = counted(unit(description(genres=["pop"]))), counted(unit(description(genres=["fado"])))
    assert shown(mine, Dimension.GENRE, all_) == [("pop", 1, 0), ("fado", 0, 1)]


def voices(**numbers: int) -> Coverage:
    return counted(
        *(unit(description(lead_voice=LeadVoice(name))) for name, number in numbers.items() for _ in range(number))
    )


@pytest.mark.parametrize(
    ("numbers", "rows"),
    [
        ({"female": 5, "male": 6}, [("male", 6), ("female", 5)]),
        # One small group would follow from the whole: the next larger one goes with it.
        ({"female": 4, "male": 6, "none": 7}, [("none", 7), (None, 10)]),
        ({"female": 3, "other": 2, "male": 6}, [("male", 6), (None, 5)]),
        ({"female": 1, "other": 1, "male": 6}, [(None, 8)]),
        ({"female": 1}, [(None, 1)]),
    ],
)
def test_a_small_group_of_people_is_not_shown_apart(
    numbers: dict[str, int], rows: list[tuple[str | None, int]]
) -> None:
    found = voices(**numbers)
    assert [(row.group, row.count) for row in coverage.rows(found, Dimension.LEAD_VOICE)] == rows
    assert sum(count for _, count in rows) == found.recordings


def test_what_is_small_in_the_catalogue_is_not_shown_apart_either() -> None:
    rows = coverage.rows(voices(female=9, male=9), Dimension.LEAD_VOICE, beside=voices(female=9, male=9, other=1))
    assert {row.group for row in rows} == {None, "male"} or {row.group for row in rows} == {None, "female"}


# --- rates


def flagged(wrong: int, right: int, open_: int, *genres: str) -> list[Flagged]:
    said = description(genres=genres)
    of = [True] * wrong + [False] * right + [None] * open_
    return [Flagged(unit(said), is_wrong) for is_wrong in of]


def test_a_rate_is_of_what_people_judged_with_its_interval() -> None:
    (row,) = coverage.flags(flagged(2, 8, 5, "pop"))[Dimension.GENRE]
    assert (row.matches, row.judged, row.wrong) == (15, 10, 2)
    assert row.interval is not None
    # Wilson's interval of 2 of 10, as tables have it.
    assert row.interval == pytest.approx((0.0567, 0.5098), abs=1e-4)


def test_nine_cases_say_nothing() -> None:
    (row,) = coverage.flags(flagged(9, 0, 100, "pop"))[Dimension.GENRE]
    assert (row.judged, row.interval) == (9, None)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634)]
)
def test_an_interval_stays_within_what_can_be(hits: int, of: int, low: float, high: float) -> None:
    assert coverage.wilson(hits, of) == pytest.approx((low, high), abs=1e-4)
