"""What was measured about errors …"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fingerprint import error_rates
from fingerprint.error_rates import Innocent, NotErrorRates

HIT = {"kind": "exact_match", "distortion": "clean", "length_s": 2, "n": 100, "hits": 98, "wrong": 1,
       "low": 0.93, "high": 0.995}  # fmt: skip
INNOCENT = {"genre": "rock", "n": 1_000, "stopped": 1, "low": 0.0002, "high": 0.006}
DOCUMENT: dict[str, Any] = {"algorithm": "marks/1", "date": "2026-11-29", "corpus": "songs", "rows": [HIT],
                            "negatives": [INNOCENT]}  # fmt: skip


@pytest.mark.parametrize(("hits", "n"), [(0, 1_000), (1, 1_000), (98, 100), (100, 100), (1, 2), (500, 1_000)])
def test_says_how_sure_a_share_is(hits: int, n: int) -> None:
    low, high = error_rates.interval(hits, n)
    share = hits / n
    assert low <= share <= high
    # What Wilson's interval is: the ends are the shares from which the one that was seen is 1.96 deviations away.
    for end in ({low} if hits else set()) | ({high} if hits < n else set()):
        assert abs(share - end) == pytest.approx(1.959964 * (end * (1 - end) / n) ** 0.5)
    assert (low == 0) == (hits == 0)
    assert (high == 1) == (hits == n)


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (2, 1), (-1, 5)])
def test_says_nothing_about_nothing(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        error_rates.interval(hits, n)


def test_reads_what_the_benchmarks_write(tmp_path: Path) -> None:
    file = tmp_path / "error_rates.json"
    assert error_rates.read(file) is None
    file.write_text(json.dumps(DOCUMENT))
    found = error_rates.read(file)
    assert found is not None
    assert found.hits[0].rate == 0.98
    assert found.innocent == (Innocent("exact_match", "rock", 1_000, 1, 0.0002, 0.006),)
    assert found.innocent_of("voice_match") == ()
    file.write_text("{")
    with pytest.raises(NotErrorRates):
        error_rates.read(file)


def test_tells_what_rests_on_common_material() -> None:
    row = INNOCENT | {"stopped": 2, "high": 0.01, "strongest": [[None, 700_000, "common_material"], [5, 600_000]]}
    (found,) = error_rates.of_document(DOCUMENT | {"negatives": [row]}).innocent
    assert found.strongest == ((None, 700_000, True), (5, 600_000, False))


def test_adds_genres_up_and_measures_the_sum() -> None:
    rows = [Innocent("exact_match", "rock", 600, 1, 0, 1), Innocent("exact_match", "folk", 400, 0, 0, 1)]
    whole = error_rates.together(rows)
    assert whole is not None
    assert (whole.n, whole.stopped) == (1_000, 1)
    assert (whole.low, whole.high) == error_rates.interval(1, 1_000)
    assert error_rates.together([]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"date": "yesterday"},
        {"algorithm": ""},
        {"rows": {}},
        {"rows": [3]},
        {"negatives": None},
        {"rows": [HIT | {"kind": "hunch"}]},
        {"rows": [HIT | {"n": 0}]},
        {"rows": [HIT | {"n": True}]},
        {"rows": [HIT | {"hits": 100}]},  # and one wrong are more than there were
        {"rows": [HIT | {"hits": -1}]},
        {"rows": [HIT | {"low": 0.99}]},
        {"rows": [HIT | {"high": 1.5}]},
        {"rows": [HIT | {"high": "1"}]},
        {"rows": [HIT | {"length_s": "2"}]},
        {"negatives": [INNOCENT | {"stopped": 1_001}]},
        {"negatives": [INNOCENT | {"genre": 7}]},
        {"negatives": [INNOCENT | {"strongest": []}]},  # one was stopped
        {"negatives": [INNOCENT | {"strongest": [[None, None]]}]},
        {"negatives": [INNOCENT | {"strongest": [[None, 1_000_001]]}]},
        {"negatives": [INNOCENT | {"strongest": [[0.5, 1]]}]},
        {"negatives": [INNOCENT | {"strongest": [[1]]}]},
        {"negatives": [INNOCENT | {"strongest": [[None, 1, "piano"]]}]},
        {"negatives": [INNOCENT | {"strongest": [[None, "common_material"]]}]},
        {"negatives": [{name: value for name, value in INNOCENT.items() if name != "low"}]},
    ],
)
def test_does_not_believe_what_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(NotErrorRates):
        error_rates.of_document(DOCUMENT | changes)
    with pytest.raises(NotErrorRates):
        error_rates.of_document([DOCUMENT])


def test_reads_what_this_release_ships() -> None:
    error_rates.read()
