"""A declaration answers the template; and what it says is held against what is on record."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from rights import training
from rights.training import Recorded, StatementUnclear, contradictions, read


def document(**more: Any) -> dict[str, Any]:
    found: dict[str, Any] = deepcopy({name: dict(section) for name, section in training.EXAMPLE.items()})
    for name, value in more.items():
        section, _, question = name.partition("__")
        found.setdefault(section, {})[question] = value
    return found


NOTHING = Recorded(0, 0, 0, 0, 0, 0, 0, 0, date(2026, 3, 1), date(2026, 5, 31))
LICENSED = replace(NOTHING, licensed_by_others=2, audio_members=2, duration_ms=3_600_000)


def codes(recorded: Recorded, **more: Any) -> list[str]:
    return [one.code for one in contradictions(read(document(**more)), recorded)]


def test_every_section_of_the_template_has_its_number_and_its_questions() -> None:
    asked = {question.number for question in training.QUESTIONS}
    chapters = {
        number for number in training.SECTIONS if any(other.startswith(f"{number}.") for other in training.SECTIONS)
    }
    assert asked == set(training.SECTIONS) - chapters
    keys = [question.key for question in training.QUESTIONS]
    assert len(keys) == len(set(keys))
    for question in training.QUESTIONS:
        assert not question.only_if or question.only_if in keys


def test_what_is_not_said_is_kept_as_not_said() -> None:
    found = read(document())
    assert found["general"]["representative"] == ""
    assert found["general"]["names"] == []
    assert set(found) == {question.key.partition(".")[0] for question in training.QUESTIONS}
    assert read(found) == found


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"nonsense__x": 1}, "nonsense"),
        ({"general__nonsense": 1}, "general.nonsense"),
        ({"general__contact": ""}, "general.contact"),
        ({"general__contact": "x" * 4001}, "general.contact"),
        ({"general__contact": 7}, "general.contact"),
        ({"general__contact": "a\u0000b"}, "general.contact"),
        ({"general__contact": "\ud800"}, "general.contact"),
        ({"general__placed_on": "2026-13-01"}, "general.placed_on"),
        ({"general__placed_on": "2026-02-30"}, "general.placed_on"),
        ({"general__placed_on": "٢٠٢٦-01-01"}, "general.placed_on"),
        ({"general__latest_acquisition": "2026-00"}, "general.latest_acquisition"),
        ({"general__sizes": []}, "general.sizes"),
        ({"general__sizes": [{"modality": "audio"}]}, "general.sizes.range"),
        ({"general__sizes": [{"modality": "smell", "range": "small"}]}, "general.sizes"),
        ({"general__sizes": [{"modality": "other", "range": "small"}]}, "general.sizes.range"),
        ({"general__sizes": [{"modality": "audio", "range": "small", "x": 1}]}, "general.sizes.x"),
        ({"general__sizes": [{"modality": "audio", "range": "huge"}]}, "general.sizes.range"),
        ({"general__sizes": [{"modality": "audio", "range": "small"}] * 2}, "general.sizes"),
        ({"general__names": ["x"] * 101}, "general.names"),
        ({"general__names": [{}]}, "general.names"),
        ({"public__used": "yes"}, "public.used"),
        ({"public__used": 1}, "public.used"),
        ({"public__used": True}, "public.large"),
        ({"public__large": ["A set"]}, "public.large"),
        ({"crawled__used": True, "crawled__purposes": "training"}, "crawled.crawlers"),
        ({"licensed__modalities": ["audio", "smell"]}, "licensed.modalities"),
        ({"licensed__modalities": [["audio"]]}, "licensed.modalities"),
        ({"reservations__measures": "  "}, "reservations.measures"),
        ({"general__sizes": [{"modality": ["audio"], "range": "small"}]}, "general.sizes"),
        ({"general__sizes": [{"modality": "audio", "range": ["small"]}]}, "general.sizes.range"),
    ],
)
def test_what_is_unclear_is_named_by_its_field(more: dict[str, Any], field: str) -> None:
    with pytest.raises(StatementUnclear) as caught:
        read(document(**more))
    assert caught.value.field == field
    assert caught.value.sentence


@pytest.mark.parametrize("given", [None, [], "x", 1, {"general": None}, {"general": []}, {7: {}}])
def test_what_is_no_document_is_refused(given: Any) -> None:
    with pytest.raises(StatementUnclear):
        read(given)


# --- against the record


def test_nothing_is_contradicted_where_the_two_agree() -> None:
    assert codes(LICENSED) == []


@pytest.mark.parametrize(
    ("recorded", "more", "found"),
    [
        ({}, {"licensed__concluded": False, "licensed__modalities": []}, ["licenses_denied"]),
        ({"licensed_by_others": 0}, {}, ["licenses_missing"]),
        ({"licensed_by_others": 0, "is_whole": False}, {}, []),
        ({"unlicensed_of_others": 1}, {}, ["third_parties_denied"]),
        ({"unlicensed_of_others": 1}, {"others__used": True, "others__description": "x"}, []),
        ({"licenses_lapsed_in_training": 1}, {}, ["license_lapsed"]),
        ({"refused_in_training": 1}, {}, ["trained_against_a_no"]),
        ({"duration_ms": 10_000 * 3_600_000}, {}, ["more_hours_than_declared"]),
        ({"duration_ms": 10_000 * 3_600_000 - 1}, {}, []),
        ({}, {"general__sizes": [{"modality": "audio", "range": "medium"}]}, ["fewer_hours_than_declared"]),
        # Of what is not here nobody knows the hours; and other sources may have them.
        ({"untimed": 1}, {"general__sizes": [{"modality": "audio", "range": "medium"}]}, []),
        (
            {},
            {
                "general__sizes": [{"modality": "audio", "range": "medium"}],
                "public__used": True,
                "public__large": ["Open Set"],
            },
            [],
        ),
        ({}, {"general__sizes": [{"modality": "text", "range": "small"}]}, ["audio_not_declared"]),
        ({"text_members": 3}, {}, ["text_not_declared"]),
        ({}, {"general__latest_acquisition": "2026-06"}, ["acquired_after_training"]),
        ({}, {"general__latest_acquisition": "2026-05"}, []),
        ({}, {"general__placed_on": "2026-05-30"}, ["placed_before_trained"]),
        ({}, {"general__placed_on": "2026-05-31"}, []),
    ],
)
def test_what_does_not_agree_is_said(recorded: dict[str, Any], more: dict[str, Any], found: list[str]) -> None:
    assert codes(replace(LICENSED, **recorded), **more) == found


def test_silence_is_said_as_what_it_is_and_the_record_speaks_all_the_same() -> None:
    said = [one.code for one in contradictions(None, replace(LICENSED, refused_in_training=2))]
    assert said == ["nothing_declared", "trained_against_a_no"]
    assert all(not one.lines for number in training.SECTIONS for one in training.answered(None, number))


def test_what_follows_from_a_yes_is_left_out_after_a_no() -> None:
    keys = [one.question.key for one in training.answered(read(document()), "2.3")]
    assert keys == ["crawled.used"]
    (size,) = [one.lines for one in training.answered(read(document()), "1.3") if one.question.key == "general.sizes"]
    assert size == ("Audio: Less than 10,000 hours – Musical compositions: recordings with vocals",)
