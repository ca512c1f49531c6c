"""The bands: which side of a threshold a match is on, and what is no bands at all."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights import bands
from rights.bands import NEVER, SHIPPED, Band, Bands, Effect, Measure, ReferenceClass, Thresholds
from rights.vocabulary import MatchKind

EXACT, VERSION, VOICE = MatchKind
ANY, OWN, THIRD = ReferenceClass


def row(kind: MatchKind = EXACT, of: ReferenceClass = ANY, review: int = 400_000, block: int = 900_000) -> Band:
    return Band(kind, of, Thresholds(review, block), Thresholds(0, NEVER))


def whole(*more: Band) -> Bands:
    return Bands((*(row(kind) for kind in MatchKind), *more))


@pytest.mark.parametrize(
    ("value", "effect", "reached"),
    [
        (0, Effect.PASS, None),
        (399_999, Effect.PASS, None),
        (400_000, Effect.REVIEW, 400_000),
        (899_999, Effect.REVIEW, 400_000),
        (900_000, Effect.BLOCK, 900_000),
        (1_000_000, Effect.BLOCK, 900_000),
    ],
)
def test_a_threshold_belongs_to_the_stricter_side(value: int, effect: Effect, reached: int | None) -> None:
    found = whole().measure(EXACT, ANY, probability=value, score=0)
    assert (found.effect, found.measure, found.value, found.reached) == (effect, Measure.PROBABILITY, value, reached)


def test_the_score_counts_only_where_nobody_calibrated() -> None:
    assert whole().measure(EXACT, ANY, probability=0, score=1_000_000).effect is Effect.PASS
    found = whole().measure(EXACT, ANY, probability=None, score=1_000_000)
    assert (found.measure, found.effect) == (Measure.SCORE, Effect.REVIEW)


def test_a_class_of_its_own_goes_before_any() -> None:
    found = whole(row(EXACT, OWN, review=NEVER, block=NEVER))
    assert found.measure(EXACT, OWN, probability=1_000_000, score=0).effect is Effect.PASS
    assert found.measure(EXACT, THIRD, probability=1_000_000, score=0).effect is Effect.BLOCK
    assert found.measure(VERSION, OWN, probability=1_000_000, score=0).effect is Effect.BLOCK


@pytest.mark.parametrize("value", [0, 399_999, 400_000, 900_000, 1_000_000])
def test_no_bands_refuse_what_rests_on_common_material(value: int) -> None:
    usual = whole().measure(EXACT, ANY, probability=value, score=0)
    found = whole().measure(EXACT, ANY, probability=value, score=0, is_common=True)
    if usual.effect is Effect.BLOCK:
        assert (found.effect, found.value, found.reached) == (Effect.REVIEW, value, 400_000)
    else:
        assert found == usual


@pytest.mark.parametrize("kind", MatchKind)
def test_what_is_shipped_refuses_alone_only_where_one_in_a_thousand_is_wrong(kind: MatchKind) -> None:
    assert SHIPPED.measure(kind, ANY, probability=998_999, score=0).effect is Effect.REVIEW
    assert SHIPPED.measure(kind, ANY, probability=999_000, score=0).effect is Effect.BLOCK
    assert SHIPPED.measure(kind, ANY, probability=499_999, score=0).effect is Effect.PASS
    uncalibrated = SHIPPED.measure(kind, ANY, probability=None, score=1_000_000).effect
    assert uncalibrated is (Effect.BLOCK if kind is EXACT else Effect.REVIEW)


def test_the_shipped_ones_are_frozen() -> None:
    # A decision names them by this id: a change is another version, and the old one stays in KNOWN.
    assert str(SHIPPED.id) == "ddd2eecd-312a-5411-ae50-b74e88d69f78"
    assert str(bands.BEFORE.id) == "5d9837b9-b487-50d4-926b-045ed9aca4c4"
    assert bands.KNOWN[SHIPPED.id] == SHIPPED


@given(
    st.lists(
        st.builds(
            lambda kind, of, pair: row(kind, of, min(pair), max(pair)),
            st.sampled_from(MatchKind),
            st.sampled_from([OWN, THIRD]),
            st.tuples(st.integers(0, NEVER), st.integers(0, NEVER)),
        ),
        unique_by=lambda one: (one.kind, one.reference_class),
        max_size=6,
    )
)
def test_what_is_written_is_read_back_with_the_same_name(rows: list[Band]) -> None:
    given_ = whole(*rows)
    read = bands.read(given_.document)
    assert (read.id, read.document, set(read.rows)) == (given_.id, given_.document, set(given_.rows))
    assert Bands(tuple(reversed(given_.rows))).id == given_.id  # the order of rows says nothing


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[:-1], "no band of voice_match"),
        (lambda rows: [*rows, rows[0]], "two bands"),
        (lambda rows: [], "Give a list"),
        (lambda rows: "rows", "Give a list"),
        (lambda rows: rows * 10, "Give a list"),
        (lambda rows: [{**rows[0], "kind": "influence"}, *rows[1:]], "Row 1: 'influence'"),
        (lambda rows: [{**rows[0], "more": 1}, *rows[1:]], "Row 1 has these names"),
        (lambda rows: [rows[0], {**rows[1], "score": {"review_from": 1}}, *rows[2:]], "Row 2: thresholds are"),
        (lambda rows: [{**rows[0], "score": {"review_from": 0.5, "block_from": 1}}, *rows[1:]], "whole millionths"),
        (lambda rows: [{**rows[0], "score": {"review_from": True, "block_from": 1}}, *rows[1:]], "whole millionths"),
        (lambda rows: [{**rows[0], "score": {"review_from": 2, "block_from": 1}}, *rows[1:]], "at most block_from"),
        (lambda rows: [{**rows[0], "score": {"review_from": -1, "block_from": 1}}, *rows[1:]], "millionths"),
        (lambda rows: [{**rows[0], "score": {"review_from": 0, "block_from": NEVER + 1}}, *rows[1:]], "millionths"),
    ],
)
def test_what_is_no_bands_is_refused_with_a_sentence(change: Any, said: str) -> None:
    rows = json.loads(whole().document)["rows"]
    rows.sort(key=lambda one: list(MatchKind).index(MatchKind(one["kind"])))
    with pytest.raises(bands.BadBands, match=said):
        bands.of_rows(change(rows))


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"format":"bands/2","rows":[]}', '{"rows":[]}', "nonsense"])
def test_a_document_of_another_format_is_refused(document: str) -> None:
    with pytest.raises(bands.BadBands):
        bands.read(document)


def test_a_changed_threshold_has_another_name() -> None:
    other = whole().rows
    assert Bands((replace(other[0], score=Thresholds(1, NEVER)), *other[1:])).id != whole().id
