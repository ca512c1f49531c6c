"""What two listeners hear …"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from fingerprint.agreement import told_once
from fingerprint.evidence import Match, Segment

SONG = UUID("6f1d7ac2-5c0d-4d27-9d0c-8c8f9b9f3d11")
HARMONY = Match(
    kind="exact_match",
    algorithm="chromaprint-2/1.5.1",
    reference_id=SONG,
    output=Segment(10_000, 30_000),
    reference=Segment(50_000, 70_000),
    time_ratio_millionths=1_000_000,
    pitch_shift_cents=0,
    score_millionths=900_000,
    measures=(("bit_error_millionths", 50_000),),
)
MARKS = replace(
    HARMONY,
    algorithm="landmarks/1",
    output=Segment(10_400, 29_800),
    reference=Segment(50_400, 69_800),
    score_millionths=700_000,
    probability_millionths=990_000,
    measures=(("peaks_found", 90),),
)


def test_is_told_once_by_chromaprint() -> None:
    (kept,) = told_once([MARKS, HARMONY])
    # Chromaprint's own word on how sure it is stays what it was.
    assert kept == replace(
        HARMONY, measures=(("bit_error_millionths", 50_000), ("landmarks_score_millionths", 700_000))
    )


def test_never_leaves_out_what_chromaprint_hears() -> None:
    longer = replace(MARKS, output=Segment(0, 60_000), reference=Segment(40_000, 100_000))
    assert set(told_once([HARMONY, longer])) == {HARMONY, longer}


def test_says_the_same_in_any_order() -> None:
    piece = replace(MARKS, output=Segment(40_000, 42_000), reference=Segment(80_000, 82_000))
    assert set(told_once([HARMONY, MARKS, piece])) == set(told_once([piece, MARKS, HARMONY]))
    assert len(told_once([HARMONY, MARKS, piece])) == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(MARKS, reference_id=UUID(int=1)),
        replace(MARKS, reference=Segment(20_000, 39_400)),  # another place
        replace(MARKS, pitch_shift_cents=100),
        replace(MARKS, kind="version_match"),
        replace(MARKS, algorithm=HARMONY.algorithm),  # one detector's own matches are its own affair
        replace(MARKS, algorithm="other/1"),
        replace(MARKS, output=Segment(25_000, 40_000), reference=Segment(65_000, 80_000)),  # a third of it
    ],
)
def test_is_told_twice_where_it_differs(other: Match) -> None:
    assert set(told_once([HARMONY, other])) == {HARMONY, other}


def test_tells_of_many_pieces_in_a_long_match() -> None:
    pieces = [
        replace(MARKS, output=Segment(at, at + 2_000), reference=Segment(at + 40_000, at + 42_000))
        for at in range(11_000, 27_000, 4_000)
    ]
    (kept,) = told_once([*pieces, HARMONY])
    assert kept.output == HARMONY.output


def test_follows_a_match_that_plays_faster() -> None:
    slow = replace(HARMONY, time_ratio_millionths=1_100_000, reference=Segment(50_000, 72_000))
    end = replace(MARKS, output=Segment(26_000, 30_000), reference=Segment(67_600, 72_000))
    assert len(told_once([slow, end])) == 1
    assert len(told_once([HARMONY, end])) == 2
