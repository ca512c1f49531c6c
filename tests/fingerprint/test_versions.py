"""Listening for songs …"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import torch

from fingerprint import calibration, embedding, melody, versions
from fingerprint.alignment import Tune
from fingerprint.embedding import WeightsChanged
from fingerprint.evidence import VERSION_MATCH, Detection, Evidence
from fingerprint.melody import RATE_HZ, Melody
from fingerprint.song_network import Network
from fingerprint.training import train_embedding, views
from fingerprint.training.songs import Song
from fingerprint.versions import HeldSongs, VersionsListener
from tests.fingerprint.sounds import noise, tone
from tests.fingerprint.tunes import composed, played

SONGS = 8
BARS = 40


def id_of(number: int) -> UUID:
    return UUID(int=number)


@pytest.fixture(scope="module")
def melodies() -> Mapping[UUID, Melody]:
    return {id_of(number): melody.of(played(composed(number, bars=BARS))) for number in range(SONGS)}


@pytest.fixture(scope="module")
def known(melodies: Mapping[UUID, Melody]) -> HeldSongs:
    return HeldSongs(melodies, {id: embedding.windows(one) for id, one in melodies.items()})


def listened(known: HeldSongs, sound: np.ndarray, *, pieces: int = 7) -> Detection:
    listener = VersionsListener(known)
    for block in np.array_split(sound, pieces):
        listener.feed(block)
    return listener.search()


def test_the_service_runs_without_torch_until_it_listens() -> None:
    program = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.offline'; import django; django.setup();"
        "import ledger.tasks; assert not {'ledger.admin', 'ledger.urls', 'matplotlib'} & {*sys.modules};"  # workers
        "import ledger.urls; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_names_the_song_and_both_places(known: HeldSongs) -> None:
    other = noise(30, rate=RATE_HZ, level=0.1)
    song = played(composed(3, bars=BARS), up=2.2, beats_a_minute=132, overtones=0.3)
    detection = listened(known, np.concatenate([other, song, other]))
    (match,) = detection.matches
    assert match.kind == VERSION_MATCH
    assert match.reference_id == id_of(3)
    assert match.output.start_ms == pytest.approx(30_000, abs=4_000)
    assert match.output.end_ms == pytest.approx(30_000 + 1_000 * song.size / RATE_HZ, abs=4_000)
    assert match.reference.start_ms == pytest.approx(0, abs=4_000)
    assert match.reference.end_ms == pytest.approx(80_000, abs=4_000)
    assert match.time_ratio_millionths == pytest.approx(1_100_000, rel=0.03)
    assert match.pitch_shift_cents == pytest.approx(220, abs=15)
    assert 500_000 <= match.score_millionths < 1_000_000
    harmony, lead, score = (match.measure(f"{name}_score") for name in ("harmony", "lead", "alignment"))
    assert harmony is not None
    assert lead is not None
    assert score is not None
    assert abs(harmony + 2 * lead - score) < 40  # what is owed to the lengths


def test_says_what_it_was_made_with(known: HeldSongs) -> None:
    detector = listened(known, noise(1, rate=RATE_HZ)).detector
    assert (detector.kind, detector.algorithm) == (VERSION_MATCH, "versions-1/net-1+qmax-1")
    assert detector.index_size == SONGS
    assert detector.index_snapshot == known.snapshot
    assert dict(detector.parameters)["weights_sha256"] == embedding.WEIGHTS_SHA256
    assert dict(detector.parameters)["threshold"] == "112:620 172:760"


def test_is_the_same_evidence_every_time(known: HeldSongs, melodies: Mapping[UUID, Melody]) -> None:
    sound = played(composed(5, bars=BARS), up=-3, beats_a_minute=110)
    once = listened(known, sound)
    backwards = dict(reversed(list(melodies.items())))
    again = listened(
        HeldSongs(backwards, {id: embedding.windows(one) for id, one in backwards.items()}), sound, pieces=50
    )
    assert once.matches
    assert once == again
    documents = [
        Evidence("0" * 64, 1, (one.detector,), one.matches, 1, 1, 0, 0, 0, 0).to_bytes() for one in (once, again)
    ]
    assert documents[0] == documents[1]


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, np.int16),
        np.zeros(1, np.int16),
        np.zeros(90 * RATE_HZ, np.int16),
        np.full(90 * RATE_HZ, -7, np.int16),
        noise(90, rate=RATE_HZ),
        tone(90, rate=RATE_HZ),
        played(composed(77, bars=BARS)),
        played(composed(3, bars=BARS))[: 9 * RATE_HZ],
    ],
    ids=["nothing", "one sample", "silence", "a constant", "noise", "a tone", "another song", "too little of a song"],
)
def test_accuses_nobody_of_what_is_not_there(known: HeldSongs, sound: np.ndarray) -> None:
    assert listened(known, sound).matches == ()


def test_an_empty_catalogue_has_a_name_and_no_song() -> None:
    detection = listened(HeldSongs({}, {}), played(composed(1, bars=8)))
    assert detection.matches == ()
    assert detection.detector.index_size == 0


def test_names_of_catalogues_differ_with_what_is_in_them(melodies: Mapping[UUID, Melody]) -> None:
    some = dict(list(melodies.items())[:4])
    swapped = {**some, id_of(0): melodies[id_of(1)]}
    names = {HeldSongs(songs, dict.fromkeys(songs, ())).snapshot for songs in (some, melodies, swapped)}
    assert len(names) == 3


def test_finds_a_song_far_into_long_audio(known: HeldSongs) -> None:
    gap = noise(400, rate=RATE_HZ, level=0.1)
    (match,) = listened(known, np.concatenate([gap, played(composed(6, bars=BARS), up=1)])).matches
    assert match.reference_id == id_of(6)
    assert match.output.start_ms == pytest.approx(400_000, abs=4_000)


def test_longer_sides_must_score_more() -> None:
    short, long = (Tune(melody.of(noise(seconds, rate=RATE_HZ))) for seconds in (90, 290))
    assert versions.by_chance(short, short) == pytest.approx(0, abs=2)
    assert 20 < versions.by_chance(short, long) == versions.by_chance(long, short) < versions.by_chance(long, long)


def test_has_a_probability_in_an_examination(known: HeldSongs) -> None:
    detection = listened(known, played(composed(3, bars=BARS), up=1))
    assert [match.probability_millionths for match in detection.matches] == [None]
    (match,) = calibration.calibrated(detection).matches
    assert 980_000 < (match.probability_millionths or 0) < 990_000  # more than was seen is not claimed
    table = calibration.of(detection.detector)
    assert table is not None
    assert table.points[0][0] == versions.score_millionths(760, 760) == 500_000


@pytest.mark.parametrize(
    ("heard", "song", "enough"),
    [(5, 90, 620), (60, 90, 620), (90, 60, 620), (75, 90, 690), (90, 90, 760), (90, 290, 760), (290, 290, 760)],
)
def test_longer_sides_must_agree_for_longer(heard: int, song: int, enough: int) -> None:
    one, other = (Tune(melody.of(tone(seconds, rate=RATE_HZ))) for seconds in (heard, song))
    assert versions.enough_of(one, other) == pytest.approx(enough, abs=3)


# --- the network


def test_vectors_hardly_change_with_the_key(melodies: Mapping[UUID, Melody]) -> None:
    one = melodies[id_of(2)]
    turned = Melody(np.roll(one.harmony, 5, axis=1), np.roll(one.lead, 5, axis=1), 0)
    for mine, other in zip(embedding.windows(one), embedding.windows(turned), strict=True):
        assert (mine.side, mine.start_ms, mine.end_ms) == (other.side, other.start_ms, other.end_ms)
        assert np.abs(mine.vector - other.vector).max() <= 1


def test_windows_cover_all_of_it(melodies: Mapping[UUID, Melody]) -> None:
    one = melodies[id_of(2)]
    found = [window for window in embedding.windows(one) if window.side == "lead"]
    assert found[0].start_ms == 0
    assert found[-1].end_ms == pytest.approx(one.duration_ms, abs=600)
    assert all(45_000 <= window.end_ms - window.start_ms <= 45_100 for window in found)
    assert all(later.start_ms - window.start_ms <= 22_600 for window, later in pairwise(found))
    assert all(np.abs(window.vector).max() <= 127 for window in found)


def test_refuses_changed_weights(tmp_path: Path) -> None:
    content = bytearray(embedding.WEIGHTS.read_bytes())
    assert embedding.read(embedding.WEIGHTS, embedding.WEIGHTS_SHA256)
    content[len(content) // 2] ^= 1
    changed = tmp_path / "weights.npz"
    changed.write_bytes(bytes(content))
    with pytest.raises(WeightsChanged):
        embedding.read(changed, embedding.WEIGHTS_SHA256)


def test_weights_are_small_enough_to_ship_and_hold_no_code() -> None:
    assert embedding.WEIGHTS.stat().st_size < 1_000_000
    with np.load(embedding.WEIGHTS, allow_pickle=False) as arrays:
        assert {arrays[name].dtype for name in arrays.files} == {np.dtype(np.float32)}


def made_up(seed: int) -> Song:
    score = composed(seed)
    return tuple(
        np.array([(key, beat / 2, (beat + length) / 2, 0.8) for key, beat, length in notes], dtype=np.float32)
        for notes in (score.tune, score.chords)
    )


def _noted(losses: list[float], _step: int, loss: float, _network: Network) -> None:
    losses.append(loss)


def test_training_is_repeatable(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    losses: list[list[float]] = [[], []]
    material = [made_up(seed) for seed in range(6)]
    network, _ = (
        train_embedding.train(material, steps=2, batch=4, seed=5, report=partial(_noted, kept)) for kept in losses
    )
    assert losses[0] == losses[1]
    assert len(losses[0]) == 2
    path = tmp_path / "weights.npz"
    train_embedding.save(network, path)
    with np.load(path, allow_pickle=False) as arrays:
        assert set(arrays.files) == set(np.load(embedding.WEIGHTS, allow_pickle=False).files)


def test_no_song_is_judged_that_was_learned_from() -> None:
    from fingerprint.training import splits

    lists = [set(splits.CATALOGUE_SONGS), set(splits.TUNING_SONGS), set(splits.TRAINING_SONGS)]
    assert sum(map(len, lists)) == len(set().union(*lists)) == 909
    assert set(splits.QUERY_SONGS) <= lists[0]
    assert set(splits.TUNING_QUERY_SONGS) <= lists[1]


def test_two_views_are_of_one_song() -> None:
    import random

    one, other = views.pair(made_up(1), random.Random(3), 90)
    assert one.shape == other.shape == (12, 90)
    assert one.dtype == other.dtype == np.float32
    assert min(one.min(), other.min()) >= 0
    assert max(one.max(), other.max()) <= 1
