"""What the benchmark of detection says …"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from benchmarks.detection import distortions, exact, lyra, report, songs
from benchmarks.detection.exact import Answer, Found
from fingerprint import agreement, coherence, landmarks
from fingerprint.calibration import Calibration

ON = date(2026, 11, 29)


def found(*, is_right: bool, score: int = 800_000) -> Found:
    return Found(landmarks.ALGORITHM, "song", is_right, score, None, 0, 2_000, {"peaks_found": 40})


def answer(*matches: Found, distortion: str = "clean", length: float = 2, genre: str = "game") -> Answer:
    return Answer("held-out", distortion, length, "song", genre, True, 0, list(matches), {"landmarks-1": bool(matches)})


RIGHT, WRONG = found(is_right=True), found(is_right=False, score=510_000)
INNOCENT = [((), "game"), ((WRONG,), "game"), ((), "folk")]
ANSWERS = [*[answer(RIGHT)] * 97, answer(RIGHT, WRONG), answer(WRONG, RIGHT), answer()]


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 100, 0, 0.0370), (100, 100, 0.9630, 1), (50, 100, 0.4038, 0.5962), (1, 3, 0.0615, 0.7923)],
)
def test_is_given_with_wilsons_interval(hits: int, n: int, low: float, high: float) -> None:
    assert report.interval(hits, n) == pytest.approx((low, high), abs=1e-4)


def test_counts_what_is_named_first(tmp_path: Path) -> None:
    row = report.table(ANSWERS).splitlines()[1]
    assert row.split()[:4] == ["clean", "2", "100", "98%"]
    assert "98 met" in row
    path = tmp_path / "data" / "error_rates.json"
    whole = [answer(*found, distortion=exact.WHOLE, length=120, genre=genre) for found, genre in INNOCENT]
    # Stretches are printed, and counted nowhere else: each lies in a song that was examined whole.
    whole.append(answer(WRONG, distortion=exact.WINDOW, length=10))
    report.write_error_rates(ANSWERS, whole, on=ON, corpus="songs", path=path)
    document = json.loads(path.read_text())
    (line,) = document["rows"]
    assert (line["n"], line["hits"], line["wrong"], line["kind"]) == (100, 98, 1, "exact_match")
    assert line["low"] < 0.98 < line["high"]
    assert [(row["genre"], row["n"], row["stopped"]) for row in document["negatives"]] == [
        ("folk", 1, 0),
        ("game", 2, 1),
    ]
    said = [line.split()[-4:-1] for line in report.innocents(whole).splitlines()]
    assert ["1", "1", "10,000"] in said  # of the stretches
    assert ["3", "1", "3,333"] in said


def test_leaves_what_others_measured(tmp_path: Path) -> None:
    path = tmp_path / "error_rates.json"
    other = {"kind": "voice_match", "distortion": "clean", "length_s": 5, "n": 9, "hits": 9, "wrong": 0}
    path.write_text(json.dumps({"rows": [other, {**other, "kind": "exact_match"}], "negatives": [other]}))
    report.write_error_rates(ANSWERS, [answer(distortion=exact.WHOLE)], on=ON, corpus="songs", path=path)
    document = json.loads(path.read_text())
    assert [row["kind"] for row in document["rows"]] == ["exact_match", "voice_match"]
    assert [row["kind"] for row in document["negatives"]] == ["exact_match", "voice_match"]


def test_takes_probabilities_from_right_and_wrong(tmp_path: Path) -> None:
    coherent = replace(RIGHT, algorithm=coherence.ALGORITHM)
    answers = [replace(one, by_landmarks=one.found) for one in ANSWERS] + [answer(coherent)] * 3
    marks, waveform = report.calibrate(answers, on=ON, source="songs", folder=tmp_path)
    other = Calibration.from_document(json.loads(waveform.read_text()))
    assert (other.parameters, other.right, other.wrong) == (agreement.PARAMETERS_OF_COHERENCE, 3, 0)
    table = Calibration.from_document(json.loads(marks.read_text()))
    assert table.parameters == agreement.PARAMETERS_OF_LANDMARKS
    assert (table.right, table.wrong) == (99, 2)
    assert table.probability_millionths(510_000) < 500_000
    assert table.probability_millionths(800_000) > 950_000
    assert report.calibrate([answer()], on=ON, source="songs", folder=tmp_path) == []


def test_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in ANSWERS))
    assert exact.read(path) == ANSWERS
    assert exact.read(tmp_path / "none.jsonl") == []


def test_says_kept_answers_by_the_tables_there_are_now() -> None:
    kept = answer(replace(WRONG, probability=999_999), RIGHT)
    (now,) = exact.by_todays_tables([kept])
    assert [found.is_right for found in now.found] == [True, False]  # by the score: higher is no less likely
    assert now.found[0].probability != 999_999
    assert replace(now, found=[]) == replace(kept, found=[])


def test_asks_for_no_song_of_the_other_half() -> None:
    tuning, held_out = ({song.group for song in songs.songs() if song.half == half} for half in ("tuning", "held-out"))
    assert tuning
    assert held_out
    assert not tuning & held_out
    assert {song.half for song, _ in exact.asked_for("held-out", 30)} == {"held-out"}
    voices, drums = ([set(songs.layers(kind, half)) for half in ("tuning", "held-out")] for kind in ("vocal", "drums"))
    assert not voices[0] & voices[1]
    assert not drums[0] & drums[1]


def test_examines_no_innocent_of_the_other_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folk").mkdir()
    for number in range(8):
        (tmp_path / "folk" / f"song {number}.mp3").touch()
    (tmp_path / "folk" / "LICENSE.txt").touch()
    monkeypatch.setenv("DETECTION_INNOCENT", str(tmp_path))
    halves = [songs.innocents(half, 3) for half in ("tuning", "held-out")]
    names = [{song.name for song in half} for half in halves]
    assert not names[0] & names[1]
    mine = [song for half in halves for song in half if song.genre == "folk, further"]
    assert len(mine) == 8
    # Nothing of the catalogue is left out for them.
    assert not {song.group for song in mine} & {song.group for song in songs.songs()}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "DETECTION_LYRA names no folder; copy soundstream_encoder.tflite"),
        ({"quantizer.tflite": b"x"}, "DETECTION_LYRA has no soundstream_encoder.tflite"),
        ({"soundstream_encoder.tflite": b"of another release"}, "soundstream_encoder.tflite in DETECTION_LYRA is not"),
    ],
)
def test_says_what_a_codec_lacks(
    given: dict[str, bytes], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DETECTION_LYRA", raising=False)
    for name, data in given.items():
        (tmp_path / name).write_bytes(data)
        monkeypatch.setenv("DETECTION_LYRA", str(tmp_path))
    assert str(lyra.missing()).startswith(said)
    with pytest.raises(lyra.NoLyra, match=said):
        lyra.through(np.zeros(lyra.FRAME_SAMPLES, np.int16), 6_000)


# What needs weights that are in no package is tried where they are.
_HERE = {name for name in distortions.DISTORTIONS if name != distortions.NEURAL or lyra.missing() is None}


@pytest.mark.parametrize("name", [name for name in distortions.DISTORTIONS if "under" not in name and name in _HERE])
def test_distorts_the_same_way_twice(name: str) -> None:
    sound = (np.random.default_rng(3).standard_normal(3 * songs.RATE_HZ) * 0.1).astype(np.float32)
    one, two = (distortions.DISTORTIONS[name](sound, np.random.default_rng(5), "held-out") for _ in range(2))
    assert np.array_equal(one, two)
    expected = {"tempo +10 %": 1 / 1.1, "tempo -10 %": 1 / 0.9}.get(name, 1)
    assert one.size == pytest.approx(sound.size * expected, rel=0.05)
    assert np.isfinite(one).all()
    assert (name == "clean") is np.array_equal(one, sound)
