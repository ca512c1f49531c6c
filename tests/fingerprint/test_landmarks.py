"""Landmarks …"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
import pytest

from fingerprint import landmark_matching, landmarks, segments
from fingerprint.evidence import Match
from fingerprint.landmarks import FAMILY, Peaks, peaks_of, query, read, reference, written
from fingerprint.postings import Index
from fingerprint.segments import Enrolled, Folder
from tests.fingerprint import sounds
from tests.fingerprint.sounds import Sound, noise, tone

RATE = 11_025
NAMES = ("country.mp3", "creepy-piano.ogg", "hungarian-dance-5.ogg", "vibe-ace.ogg")
HOST = "two-hour-delay.ogg"
OTHER = UUID("44444444-4444-4444-8444-444444444444")
Music = Callable[..., Sound]


def id_of(name: str) -> UUID:
    return uuid5(UUID(int=0), name)


@pytest.fixture(scope="module")
def songs(music: Music) -> dict[str, Sound]:
    return {name: music(name, rate=RATE)[: 45 * RATE] for name in (*NAMES, HOST)}


@pytest.fixture(scope="module")
def index(songs: dict[str, Sound]) -> Index:
    return Index.of(((id_of(name), written(reference([songs[name]]))) for name in NAMES), FAMILY)


@cache
def _found(index: Index, sound: bytes) -> tuple[Match, ...]:
    return landmark_matching.search(index, query([np.frombuffer(sound, np.int16)]))


def found(index: Index, *parts: Sound) -> tuple[Match, ...]:
    return _found(index, np.concatenate(parts).astype(np.int16).tobytes())


def part(sound: Sound, begin: float, end: float) -> Sound:
    return sound[int(begin * RATE) : int(end * RATE)]


def mixed(sound: Sound, other: Sound, *, decibels: float) -> Sound:
    """Another sound over this one, louder by so much."""
    size = min(sound.size, other.size)
    one, two = sound[:size].astype(float), other[:size].astype(float)
    two *= np.sqrt(np.mean(one**2) / np.mean(two**2)) * 10 ** (decibels / 20)
    both = one + two
    mix: Sound = (both * min(1, 30_000 / np.abs(both).max())).astype(np.int16)
    return mix


# --- extraction


@pytest.mark.parametrize("size", [1, 1_000, 44_100, 10**9])
def test_depend_on_no_block_size(size: int, songs: dict[str, Sound]) -> None:
    sound = part(songs[NAMES[0]], 10, 11 if size == 1 else 25)
    whole = query([sound])
    blocks = query([sound[start : start + size] for start in range(0, sound.size, size)])
    for one, other in zip(whole, blocks, strict=True):
        assert np.array_equal(one.frames, other.frames)
        assert np.array_equal(one.pitches, other.pitches)


def test_are_where_notes_begin() -> None:
    silence = np.zeros(RATE // 2, np.int16)
    sound = np.concatenate([silence, *(tone(0.4, hertz=hertz, rate=RATE) for hertz in (440, 660, 990)), silence])
    peaks = reference([noise(0.2, rate=RATE, level=0.0001), sound])
    for number, hertz in enumerate((440, 660, 990)):
        frame = (0.7 + 0.4 * number) * RATE / landmarks.HOP_SAMPLES
        near = np.abs(peaks.frames - frame) < 5
        assert np.abs(peaks.bins[near] - hertz * landmarks.FRAME_SAMPLES / RATE).min() <= 1


def test_of_a_shift_are_those_of_the_shifted(songs: dict[str, Sound]) -> None:
    sound = part(songs[NAMES[0]], 10, 25)
    later = query([sound])[2]
    alone = query([sound[2 * landmarks.SHIFT_SAMPLES :]])[0]
    # The second of which the strongest are kept is another second for a few of them. What the beginning backwards has
    # left is gone after five.
    pairs = {pair for pair in zip(later.frames.tolist(), later.pitches.tolist(), strict=True) if pair[0] > 215}
    same = pairs & set(zip(alone.frames.tolist(), alone.pitches.tolist(), strict=True))
    assert len(same) > 0.97 * len(pairs)


@pytest.mark.parametrize("name", NAMES)
def test_of_a_piece_are_those_of_the_whole(name: str, songs: dict[str, Sound]) -> None:
    """Though a piece has no past; two seconds of it that are played backwards stand for one."""
    first = 20 * RATE // landmarks.HOP_SAMPLES
    whole, size = reference([songs[name]]), 2 * RATE // landmarks.HOP_SAMPLES
    inside = (whole.frames >= first + 4) & (whole.frames < first + size - 4)
    sought = list(zip((whole.frames[inside] - first).tolist(), whole.bins[inside].tolist(), strict=True))
    piece = songs[name][first * landmarks.HOP_SAMPLES :][: 2 * RATE]

    def met(peaks: tuple[Peaks, ...]) -> float:
        known = {
            (at + late, bin_ + up)
            for one in peaks
            for at, bin_ in zip(one.frames.tolist(), one.bins.tolist(), strict=True)
            for late in (-1, 0, 1)
            for up in (-1, 0, 1)
        }
        return sum(peak in known for peak in sought) / len(sought)

    cold = landmarks.Landmarks(warm_frames=0)
    cold.feed(piece)
    as_it_begins, warmed = met(cold.finish()), met(query([piece]))
    assert warmed > 0.65
    assert warmed > as_it_begins


def test_keep_no_more_than_they_may(songs: dict[str, Sound]) -> None:
    sound = songs[NAMES[0]]
    short = sound[: landmarks.FINE_S * RATE]
    for peaks, most in ((reference([sound]), 30), (query([sound])[3], 70), (query([short])[3], 120)):
        seconds = peaks.frames * landmarks.HOP_SAMPLES // RATE
        assert np.bincount(seconds).max() <= most
    assert reference([sound]).frames.size > 15 * sound.size / RATE
    # What is short is heard more finely; a sample more, and it is long.
    finely, coarsely = query([short])[0], query([sound[: short.size + 1]])[0]
    assert finely.frames.size > 1.2 * coarsely.frames.size
    assert landmarks.is_fine([finely])
    assert not landmarks.is_fine(query([sound[: short.size + RATE]]))


def test_come_back_as_they_were_written(songs: dict[str, Sound]) -> None:
    peaks = reference([songs[NAMES[0]]])
    data = written(peaks)
    content = read(data)
    assert len(data) == 4 * peaks.frames.size
    assert content.length == int(peaks.frames[-1]) + 1
    assert content.items is not None
    assert content.items.size == content.length
    kept = peaks_of(content.items)
    frames, slots = np.nonzero(kept)
    known = set(zip(peaks.frames.tolist(), peaks.bins.tolist(), strict=True))
    assert set(zip(frames.tolist(), kept[frames, slots].tolist(), strict=True)) <= known
    assert frames.size > 0.7 * peaks.frames.size
    made, positions = landmarks.hashes(peaks.frames, peaks.bins, fan=landmarks.REFERENCE_FAN)
    assert np.array_equal(content.hashes, made)
    assert np.array_equal(content.positions, positions)
    assert int(positions.max()) < content.length


@pytest.mark.parametrize("size", [0, 1, 1_023, 1_024, 2_000])
def test_of_hardly_anything_are_hardly_any(size: int) -> None:
    for peaks in query([noise(1, rate=RATE)[:size]]):
        assert peaks.frames.size < 30
    content = read(written(reference([noise(1, rate=RATE)[:size]])))
    assert content.items is not None
    assert content.items.size == content.length


def test_of_nothing_can_be_kept() -> None:
    content = read(written(Peaks(np.zeros(0, np.int64), np.zeros(0, np.int64))))
    assert (content.length, content.hashes.size) == (0, 0)
    assert content.items is not None
    assert content.items.size == 0


# --- matching


@pytest.mark.parametrize("seconds", [2, 5])
@pytest.mark.parametrize("name", NAMES)
def test_find_a_piece_inside_another_song(name: str, seconds: int, index: Index, songs: dict[str, Sound]) -> None:
    host = songs[HOST]
    matches = found(index, part(host, 0, 12), part(songs[name], 20, 20 + seconds), part(host, 12, 20))
    best = max(matches, key=lambda match: match.score_millionths)
    assert {match.reference_id for match in matches} == {id_of(name)}
    middle = (best.output.start_ms + best.output.end_ms) / 2
    assert 12_000 < middle < 12_000 + 1_000 * seconds
    assert best.reference.start_ms - best.output.start_ms == pytest.approx(8_000, abs=120)
    assert best.time_ratio_millionths == pytest.approx(1_000_000, abs=40_000)
    assert best.pitch_shift_cents == 0
    assert best.output.start_ms > 11_800
    assert best.output.end_ms < 12_400 + 1_000 * seconds


def test_find_every_song_and_every_place(index: Index, songs: dict[str, Sound]) -> None:
    one, two = songs[NAMES[0]], songs[NAMES[3]]
    parts = [part(one, 5, 11), part(songs[HOST], 0, 8), part(two, 8, 13), part(one, 30, 36), part(two, 25, 30)]
    matches = found(index, *parts)
    heard = [
        (match.reference_id, round((match.reference.start_ms - match.output.start_ms) / 1000)) for match in matches
    ]
    assert heard == [(id_of(NAMES[0]), 5), (id_of(NAMES[3]), -6), (id_of(NAMES[0]), 11), (id_of(NAMES[3]), 0)]


@pytest.mark.parametrize("decibels", [0, 6])
@pytest.mark.parametrize("name", [NAMES[0], NAMES[3]])
def test_find_a_song_under_a_voice(
    name: str, decibels: float, index: Index, songs: dict[str, Sound], music: Music
) -> None:
    voice = np.tile(music("vocal.flac", rate=RATE), 3)
    matches = found(index, mixed(part(songs[name], 10, 20), voice, decibels=decibels))
    assert {match.reference_id for match in matches} == {id_of(name)}
    best = max(matches, key=lambda match: match.score_millionths)
    assert best.reference.start_ms - best.output.start_ms == pytest.approx(10_000, abs=120)


@pytest.mark.parametrize("cents", landmark_matching.PITCHES_CENTS)
def test_find_a_song_transposed(cents: int, index: Index, music: Music) -> None:
    # Played faster, and so higher, then slowed down again by leaving out and repeating what lies between two beats.
    ratio = 2 ** (cents / 1200)
    higher = _resampled(part(music("country.mp3", rate=RATE), 15, 27), ratio)
    matches = found(index, _stretched(higher, 1 / ratio))
    best = max(matches, key=lambda match: match.score_millionths)
    assert {match.reference_id for match in matches} == {id_of("country.mp3")}
    assert best.pitch_shift_cents == cents
    assert best.time_ratio_millionths == pytest.approx(1_000_000, abs=15_000)


@pytest.mark.parametrize("percent", [-10, -4, 4, 10])
def test_find_a_song_played_faster_or_slower(percent: int, index: Index, songs: dict[str, Sound]) -> None:
    matches = found(index, _stretched(part(songs[NAMES[0]], 10, 22), 1 + percent / 100))
    best = max(matches, key=lambda match: match.score_millionths)
    assert {match.reference_id for match in matches} == {id_of(NAMES[0])}
    assert best.time_ratio_millionths == pytest.approx(1_000_000 + 10_000 * percent, abs=15_000)


def _resampled(sound: Sound, ratio: float) -> Sound:
    at = np.arange(int(sound.size / ratio)) * ratio
    higher: Sound = np.interp(at, np.arange(sound.size), sound).astype(np.int16)
    return higher


def _stretched(sound: Sound, faster: float) -> Sound:
    """Overlap and add: frames of an eighth of a second, each moved to where it fits what is there already."""
    size, reach = RATE // 8, RATE // 80
    hop = size // 2
    fade = np.hanning(size)
    out = np.zeros(int(sound.size / faster) + 2 * size)
    count = int((sound.size / faster - size - reach) / hop)
    for number in range(count):
        at, place = int(number * hop * faster), number * hop
        best = 0
        if number:
            tail = out[place : place + hop]
            fits = [float(np.dot(tail, sound[at + move : at + move + hop])) for move in range(reach)]
            best = int(np.argmax(fits))
        out[place : place + size] += fade * sound[at + best : at + best + size]
    stretched: Sound = np.clip(out[: count * hop], -32_768, 32_767).astype(np.int16)
    return stretched


def test_find_a_loop_that_is_registered_alone(songs: dict[str, Sound]) -> None:
    loop = part(songs[NAMES[0]], 20, 22.5)
    index = Index.of([(id_of("loop"), written(reference([np.zeros(RATE, np.int16), loop])))], FAMILY)
    matches = found(index, part(songs[HOST], 0, 6), np.tile(loop, 4), part(songs[HOST], 6, 10))
    assert {match.reference_id for match in matches} == {id_of("loop")}
    assert len(matches) >= 2


# --- what is not there


def test_find_nothing_in_other_music(index: Index, songs: dict[str, Sound]) -> None:
    assert found(index, songs[HOST]) == ()


@pytest.mark.parametrize("name", NAMES)
def test_tell_songs_apart(name: str, index: Index, songs: dict[str, Sound]) -> None:
    assert {match.reference_id for match in found(index, songs[name])} == {id_of(name)}


NOTHING: dict[str, Sound] = {
    "silence": np.zeros(20 * RATE, np.int16),
    "standing still": np.full(20 * RATE, 9_000, np.int16),
    "one sample": np.ones(1, np.int16),
    "a tone": tone(20, rate=RATE),
    "tones in turn": np.concatenate([tone(0.5, hertz=220 * 2 ** (step / 12), rate=RATE) for step in range(24)]),
    "noise": noise(20, rate=RATE),
    "clicks": (np.arange(20 * RATE) % (RATE // 4) == 0).astype(np.int16) * 20_000,
    "noise switched on and off": noise(20, rate=RATE) * (np.arange(20 * RATE) // (RATE // 4) % 2).astype(np.int16),
    "full scale back and forth": np.tile(np.array([32_767, -32_768], np.int16), 10 * RATE),
    "a sweep": (np.sin(np.arange(20 * RATE) ** 2 * 1e-6) * 20_000).astype(np.int16),
}


@pytest.mark.parametrize("kind", NOTHING)
def test_find_nothing_where_nothing_is_played(kind: str, index: Index) -> None:
    assert found(index, NOTHING[kind]) == ()


@pytest.mark.parametrize("kind", NOTHING)
def test_of_nothing_find_no_music(kind: str, songs: dict[str, Sound]) -> None:
    index = Index.of([(id_of(kind), written(reference([NOTHING[kind]])))], FAMILY)
    assert found(index, songs[NAMES[0]]) == ()
    assert found(index, songs[HOST]) == ()


def test_take_no_drum_fill_out_of_the_same_box_for_a_copy(
    songs: dict[str, Sound], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill = np.zeros(int(1.6 * RATE))
    for number, at in enumerate((0, 0.22, 0.4, 0.62, 0.8, 1.02, 1.2)):
        hit = noise(0.3, rate=RATE, seed=10 + number % 4) * np.exp(-np.arange(int(0.3 * RATE)) / (0.06 * RATE))
        first = int(at * RATE)
        fill[first : first + hit.size] += hit
    fill *= 25_000 / np.abs(fill).max()
    one, other = (
        np.concatenate([part(songs[name], 0, 10), fill.astype(np.int16), part(songs[name], 10, 20)])
        for name in (NAMES[0], HOST)
    )
    index = Index.of([(id_of("one"), written(reference([one])))], FAMILY)
    assert landmark_matching.search(index, query([other])) == ()
    # It is what so short a line has to have that keeps it out.
    monkeypatch.setattr(landmark_matching, "MIN_MASS_BY_MOMENTS", ())
    for name in ("MIN_MASS", "MIN_MASS_IF_SHORT"):
        monkeypatch.setattr(landmark_matching, name, 900)
    for name in ("MASS_PER_DOUBLING", "MASS_PER_DOUBLING_IF_SHORT"):
        monkeypatch.setattr(landmark_matching, name, 0)
    assert len(landmark_matching.search(index, query([other]))) == 1


def test_ask_for_more_in_a_longer_output(index: Index, songs: dict[str, Sound]) -> None:
    piece, host = part(songs[NAMES[0]], 20, 24), songs[HOST]
    alone, inside = (
        max(match.score_millionths for match in found(index, *parts))
        for parts in ((part(host, 0, 4), piece), (part(host, 0, 20), piece, part(host, 0, 20)))
    )
    assert inside < alone


def test_find_no_noise_in_other_noise() -> None:
    index = Index.of([(id_of("noise"), written(reference([noise(30, rate=RATE, seed=1)])))], FAMILY)
    assert found(index, noise(30, rate=RATE, seed=2)) == ()


def test_find_nothing_in_an_empty_index(songs: dict[str, Sound]) -> None:
    assert found(Index.of((), FAMILY), part(songs[NAMES[0]], 0, 5)) == ()


def test_say_the_same_in_any_order(index: Index, songs: dict[str, Sound]) -> None:
    sound = np.concatenate([part(songs[NAMES[0]], 5, 11), part(songs[NAMES[2]], 5, 11)])
    other = Index.of(((id_of(name), written(reference([songs[name]]))) for name in reversed(NAMES)), FAMILY)
    assert found(index, sound) == found(other, sound)


def test_report_within_their_own_limits(index: Index, songs: dict[str, Sound]) -> None:
    for match in found(index, part(songs[NAMES[0]], 5, 11), part(songs[HOST], 0, 8), part(songs[NAMES[2]], 20, 24)):
        assert match.algorithm == landmarks.ALGORITHM
        assert 0 <= match.output.start_ms < match.output.end_ms
        assert 0 <= match.reference.start_ms < match.reference.end_ms
        assert 0 < match.score_millionths < 1_000_000
        assert (match.measure("peaks_found") or 0) >= landmark_matching.MIN_FOUND
        assert (match.measure("evidence_centinats") or 0) >= landmark_matching.MIN_EVIDENCE


def test_ask_for_no_more_than_a_window_may(songs: dict[str, Sound], monkeypatch: pytest.MonkeyPatch) -> None:
    # In a large catalogue every hash has many places; then only the rarest are asked for, and they are enough.
    index = Index.of(((id_of(name), written(reference([songs[name]]))) for name in NAMES), FAMILY)
    monkeypatch.setattr(landmark_matching, "_VOTES_PER_WINDOW", 400)
    (match,) = landmark_matching.search(index, query([part(songs[NAMES[0]], 10, 20)]))
    assert match.reference_id == id_of(NAMES[0])


def test_vote_for_the_same_wherever_the_index_keeps_a_reference(songs: dict[str, Sound], tmp_path: Path) -> None:
    stored = {id_of(name): written(reference([songs[name]])) for name in NAMES}
    heard = query([np.concatenate([part(songs[NAMES[1]], 5, 25), part(songs[HOST], 20, 40)])])
    asked = landmark_matching.Search(heard)
    seen = []
    for order in (sorted(stored), sorted(stored, reverse=True)):
        folder = Folder(tmp_path / str(order[0]), FAMILY.name)
        # Something of another length lies before them, so that they begin elsewhere.
        for row, id in enumerate([OTHER, *order] if order[0] > order[1] else [*order, OTHER], start=1):
            data = stored.get(id) or written(reference([part(songs[HOST], 0, 7.77)]))
            one = Enrolled(id, row, 0, sha256(data).digest(), read(data))
            manifest, _ = folder.read()
            with folder.writing():
                folder.commit(manifest.with_segment(segments.build(folder.path, FAMILY.name, [one])))
        _, view = folder.read()
        windows = asked.windows(view, 0, np.zeros(asked.frames, bool), view.count)
        seen.append(
            [
                (cell.rank, [(votes, seed.ratio, seed.offset) for votes, seed in cell.seeds])
                for window in windows
                for cell in window.cells
            ]
        )
    assert seen[0] == seen[1]
    assert len({rank[1] for rank, _ in seen[0]}) > 2
    assert any(len(seeds) for _, seeds in seen[0])


def _scattered(seed: int, frames: int, count: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    return np.stack([chance.integers(0, frames, count), chance.integers(20, 180, count)], axis=1)


def _drummed(frames: int) -> np.ndarray:
    return np.array([(at, bin_) for at in range(5, frames, 22) for bin_ in (205, 240, 290, 345, 400, 460)])


def _peaks(*parts: np.ndarray) -> Peaks:
    both = np.concatenate(parts)
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    return Peaks(both[:, 0], landmarks.FRACTIONS * both[:, 1])


@pytest.mark.parametrize(("tones_of", "told"), [("it", [1]), ("another", [])])
def test_tell_by_tones_what_drums_say_of_anybody(tones_of: str, told: list[int]) -> None:
    """Over drums that agree on every beat, a third of the tones is enough; as many tones of another are not."""
    frames, first = 300, 440
    whole = _scattered(1, 1_200, 320)
    known = Index.of([(OTHER, written(_peaks(whole, _drummed(1_200))))], FAMILY)
    part = whole[(whole[:, 0] >= first) & (whole[:, 0] < first + frames)] - [first, 0]
    left = part[np.random.default_rng(3).random(len(part)) < 0.3]
    tones = left if tones_of == "it" else _scattered(9, frames, len(left))
    heard = _peaks(tones, _scattered(4, frames, 200), _drummed(frames))
    matches = landmark_matching.search(known, [heard] * landmarks.SHIFTS, pitches_cents=())
    assert [match.measure("tones_alone") for match in matches] == told
    for match in matches:
        apart_ms = match.reference.start_ms - match.output.start_ms
        assert abs(apart_ms - first * landmarks.HOP_SAMPLES * 1000 / RATE) < 100


@pytest.mark.parametrize("reach", [1, 50, 70_000, 1 << 33, 1 << 50])
def test_are_put_in_order_and_equal_ones_stay(reach: int) -> None:
    numbers = np.random.default_rng(2).integers(-reach, reach, 3_000)
    numbers[1_000:2_000] = numbers[:1_000]
    assert np.array_equal(landmark_matching._order_of(numbers), np.argsort(numbers, kind="stable"))


@pytest.mark.parametrize("spread", [1, 40, 900, 6_000, 400_000])
def test_leave_out_votes_that_are_alone(spread: int) -> None:
    along = np.sort(np.random.default_rng(8).integers(-spread, spread, 600))
    kept = set(landmark_matching._in_company(along).tolist())
    for vote, place in enumerate(along.tolist()):
        away = np.abs(np.delete(along, vote) - place)
        others = np.delete(along, vote)[away <= 64]
        in_three = any(
            max(place, one, two) - min(place, one, two) <= 64 for one, two in combinations(others.tolist(), 2)
        )
        assert (vote in kept) == (in_three or bool((away <= 3).any()))


def test_sounds_are_what_the_demo_has() -> None:
    assert all((sounds.MUSIC / name).exists() for name in (*NAMES, HOST))


@pytest.mark.parametrize(("reach", "apart"), [(0, 1), (1, 40), (3, 7), (5, 80), (12, 1), (7, 1)])
def test_know_the_highest_around(reach: int, apart: int) -> None:
    values = np.random.default_rng(5).standard_normal(17 * 2 * 40).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(values, 2 * reach * apart + 1)[:, ::apart]
    highest = landmarks._highest(values, reach, np.empty_like(values), np.empty_like(values), apart=apart)
    assert np.array_equal(highest[: len(windows)], windows.max(axis=-1))


@pytest.mark.parametrize(
    ("seconds", "reach", "most"), [(0.5, (3, 8), 120), (1.5, (3, 8), 120), (3.9, (5, 12), 70), (9, (3, 8), 120)]
)
def test_are_where_it_rises_higher_than_around(
    seconds: float, reach: tuple[int, int], most: int, songs: dict[str, Sound]
) -> None:
    """As it is said, all at once, with none of what makes it quick."""
    sound = part(songs[NAMES[1]], 7, 7 + seconds)
    warm = min(landmarks.WARM_FRAMES, sound.size // landmarks.HOP_SAMPLES)
    samples = np.concatenate([sound[: warm * landmarks.HOP_SAMPLES][::-1], sound, np.zeros(1024, np.int16)])
    frames = warm + (sound.size - landmarks.FRAME_SAMPLES) // landmarks.HOP_SAMPLES + 1
    listener = landmarks.Query() if reach == landmarks.FINE_REACH else landmarks.Landmarks()
    listener.feed(sound)
    for shift, peaks in enumerate(listener.finish()):
        began = [landmarks.HOP_SAMPLES * frame + landmarks.SHIFT_SAMPLES * shift for frame in range(frames)]
        window = np.hanning(landmarks.FRAME_SAMPLES)
        heard = np.array([np.abs(np.fft.rfft(samples[at : at + landmarks.FRAME_SAMPLES] * window)) for at in began])
        logs = np.log(np.maximum(heard[:, :512], 32))
        loudest = -np.inf
        risen, rises = np.zeros(512), []
        for frame, log in enumerate(logs):
            loudest = max(loudest - 0.01, log.max())
            logs[frame] = np.maximum(log, loudest + np.log(1e-3))
            risen = 0.98 * risen + logs[frame] - logs[max(0, frame - 1)]
            rises.append(risen)
        rise = np.array(rises)
        found = []
        for frame, bin_ in zip(*np.nonzero(rise > 0.2), strict=True):
            times, pitches = (slice(max(0, at - by), at + by + 1) for at, by in zip((frame, bin_), reach, strict=True))
            around = rise[times, pitches]
            if landmarks.FIRST_BIN <= bin_ <= landmarks.LAST_BIN and rise[frame, bin_] == around.max():
                at = int(frame) - warm
                found.append((at * landmarks.HOP_SAMPLES // RATE, -rise[frame, bin_], at, int(bin_)))
        by_second = [sorted(one for one in found if one[0] == second)[:most] for second in range(-3, 10)]
        wanted = {(at, bin_) for some in by_second for _, _, at, bin_ in some if at >= 0}
        mine = set(zip(peaks.frames.tolist(), peaks.bins.tolist(), strict=True))
        # In 32 bits two bins may be as high as each other that are not, and the last that is kept another.
        assert len(wanted ^ mine) <= 0.01 * len(mine)
        assert mine
