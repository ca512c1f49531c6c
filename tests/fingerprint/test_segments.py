"""An index in files …"""

from __future__ import annotations

import hashlib
import mmap
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fingerprint import segments
from fingerprint.postings import Content, Family, Index, NoItems, Postings, runs
from fingerprint.segments import Damaged, Enrolled, Folder, Segment


def _timed(data: bytes) -> Content:
    """Pairs of a hash and a time; several hashes may have one time."""
    pairs = np.frombuffer(data, "<u4").reshape(-1, 2)
    last = int(pairs[:, 1].max()) + 1 if pairs.size else 0
    return Content(pairs[:, 0].astype(np.uint32), pairs[:, 1].astype(np.int64), last)


ITEMS = Family("items/", lambda data: runs(np.frombuffer(data, "<u4").astype(np.uint32)), has_items=True)
TIMED = Family("timed/", _timed, has_items=False)
Stored = dict[UUID, bytes]


def stored(chance: np.random.Generator, count: int, *, family: Family = ITEMS, alphabet: int = 40) -> Stored:
    """References whose hashes are few, so that they meet."""
    found: Stored = {}
    spread = chance.integers(0, 1 << 32, alphabet, dtype=np.uint32)
    for _ in range(count):
        length = int(chance.integers(0, 60))
        values = spread[chance.integers(0, alphabet, length)]
        if not family.has_items:
            values = np.stack([values, np.sort(chance.integers(0, 50, length)).astype(np.uint32)], axis=1)
        found[UUID(bytes=chance.bytes(16))] = values.astype("<u4").tobytes()
    return found


def enrolled(given: Stored, family: Family, *, first_row: int = 1) -> list[Enrolled]:
    return [
        Enrolled(id, row, row * 1000, hashlib.sha256(data).digest(), family.read(data))
        for row, (id, data) in enumerate(given.items(), first_row)
    ]


def write(folder: Folder, given: Sequence[Enrolled]) -> None:
    with folder.writing():
        manifest, _ = folder.read()
        rows = [one.row for one in given]
        grown = manifest.with_rows(
            count=len(rows), sum=sum(rows), last=max([manifest.last, *rows]), ending="", passed=[], dead={}
        )
        folder.commit(grown.with_segment(segments.build(folder.path, folder.family, given)))


Answer = tuple[list[int], list[tuple[int, UUID, int]]]


def answers(index: Postings, hashes: np.ndarray, *, most: int) -> Answer:
    """What a search would get, without numbers and places, which differ."""
    positions = np.arange(hashes.size, dtype=np.int64)
    votes = []
    for at, places in index.votes(hashes, positions, most=most):
        numbers = np.searchsorted(index.starts, places, side="right") - 1
        votes += [
            (query, index.reference(number), place - int(index.starts[number]))
            for query, number, place in zip(at.tolist(), numbers.tolist(), places.tolist(), strict=True)
        ]
    return index.count(hashes).tolist(), sorted(votes)


def asked(given: Stored, chance: np.random.Generator) -> np.ndarray:
    everything = np.concatenate([np.frombuffer(data, "<u4") for data in given.values()] or [np.zeros(0, np.uint32)])
    some = chance.choice(everything, 30) if everything.size else np.zeros(0, np.uint32)
    return np.concatenate([some, chance.integers(0, 1 << 32, 10, dtype=np.uint32)]).astype(np.uint32)


def same(disk: Postings, memory: Postings, hashes: np.ndarray) -> None:
    assert disk.snapshot == memory.snapshot
    assert len(disk) == len(memory)
    assert set(disk.ids()) == set(memory.ids())
    for most in (1, 3, 1000):
        assert answers(disk, hashes, most=most) == answers(memory, hashes, most=most)
    # What was counted is remembered, and is of the same content: asked for in part, and for more than was counted.
    for counted in (hashes[: hashes.size // 2], hashes):
        assert disk.count(counted).tolist() == memory.count(counted).tolist()
        for some in (hashes[::3], hashes):
            assert answers(disk, some, most=1000) == answers(memory, some, most=1000)


def in_portions(index: Postings, at_once: int) -> Iterator[tuple[UUID, bytes]]:
    for first, starts, items in index.portions(at_once):
        assert len(starts) == 2 or items.size <= at_once
        for number, (begin, end) in enumerate(pairwise(starts.tolist())):
            yield index.reference(first + number), items[begin:end].tobytes()


# --- the same as in memory


@pytest.mark.parametrize("family", [ITEMS, TIMED], ids=["items", "timed"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    parts=st.lists(st.integers(1, 6), max_size=7),
    tidied=st.sampled_from(["tidied", "as written"]),
)
def test_answers_as_the_one_in_memory(
    family: Family, seed: int, parts: list[int], tidied: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = np.random.default_rng(seed)
    folder = Folder(tmp_path_factory.mktemp("index"), family.name)
    everything: Stored = {}
    for part in parts:
        more = stored(np.random.default_rng(seed // 3), part, family=family)  # of one alphabet: they meet
        more = {UUID(bytes=chance.bytes(16)): data for data in more.values()}
        write(folder, enrolled(more, family, first_row=len(everything) + 1))
        everything |= more
    if tidied == "tidied":
        while folder.tidy():
            pass
    _, view = folder.read()
    memory = Index.of(everything.items(), family)
    same(view, memory, asked(everything, chance))
    if family.has_items:
        for index in (view, memory):
            found = {index.reference(number): index.items(number).tobytes() for number in range(index.starts.size - 1)}
            assert found == everything
            every = index.at(np.arange(int(index.starts[-1])).reshape(1, -1))
            assert every.tobytes() == b"".join(index.items(number).tobytes() for number in range(len(index)))
            for at_once in (1, 9, 1 << 20):
                assert dict(in_portions(index, at_once)) == everything
    elif everything:
        for index in (view, memory):
            with pytest.raises(NoItems):
                index.items(0)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), cut=st.integers(0, 20), tidied=st.sampled_from(["tidied", "as written"]))
def test_answers_for_some_of_its_references_as_if_there_were_no_others(
    seed: int, cut: int, tidied: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = np.random.default_rng(seed)
    given = stored(chance, 20)
    all_of_them = enrolled(given, ITEMS)
    folder = Folder(tmp_path_factory.mktemp("index"), ITEMS.name)
    for begin in range(0, 20, 3):
        write(folder, all_of_them[begin : begin + 3])
    if tidied == "tidied":
        while folder.tidy():
            pass
    before = {one.id: given[one.id] for one in all_of_them[:cut]}
    _, view = folder.read()
    some = view.only(lambda table: table["row"] <= cut)
    same(some, Index.of(before.items(), ITEMS), asked(given, chance))
    for at_once in (1, 9, 1 << 20):
        assert dict(in_portions(some, at_once)) == before


def test_counts_hashes_in_every_size_of_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [segments._bits(1 << bits) for bits in (0, 13, 14, 25, 26, 30)] == [8, 8, 16, 16, 24, 24]
    monkeypatch.setattr(segments, "_bits", lambda postings: {100: 8, 1 << 15: 16}.get(postings, 24))
    for number, length in enumerate((100, 1 << 15, (1 << 17) + 1)):
        items = np.arange(length, dtype=np.uint32) * np.uint32(2_654_435) + np.uint32(7)
        folder = Folder(tmp_path / str(number), ITEMS.name)
        write(folder, enrolled({UUID(int=1): items.astype("<u4").tobytes()}, ITEMS))
        _, view = folder.read()
        assert view.segments[0].bits == (8, 16, 24)[number]
        probe = items[:: length // 50]
        assert view.count(probe).tolist() == [1] * probe.size
        ((at, places),) = view.votes(probe, np.arange(probe.size), most=1)
        assert dict(zip(at.tolist(), places.tolist(), strict=True)) == dict(enumerate(range(0, length, length // 50)))
        assert view.count(probe + np.uint32(1)).tolist() == [0] * probe.size


def test_leaves_out_what_a_later_fingerprint_replaced(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    given = stored(chance, 12)
    folder = Folder(tmp_path, ITEMS.name)
    everything = enrolled(given, ITEMS)
    for begin in range(0, 12, 3):
        write(folder, everything[begin : begin + 3])
    manifest, view = folder.read()
    first, last = view.segments[0], view.segments[-1]
    with folder.writing():
        dead = {first.name: [0, 2], last.name: [0, 1, 2]}
        folder.commit(manifest.with_rows(count=0, sum=0, last=12, ending="", passed=[], dead=dead))
    _, view = folder.read()
    left = {one.id: given[one.id] for one in [everything[1], *everything[3:9]]}
    memory = Index.of(left.items(), ITEMS)
    same(view, memory, asked(given, chance))
    while folder.tidy():
        pass
    merged, view = folder.read()
    same(view, memory, asked(given, chance))
    assert merged.dead == ()
    assert set(merged.passed) == {1, 3, 10, 11, 12}


def test_keeps_what_died_while_it_was_tidied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = stored(np.random.default_rng(2), 8)
    everything = enrolled(given, ITEMS)
    folder = Folder(tmp_path, ITEMS.name)
    for begin in range(0, 8, 2):
        write(folder, everything[begin : begin + 2])
    merge = segments.merge

    def meanwhile(*arguments: object) -> str:
        other = Folder(tmp_path, ITEMS.name)
        with other.writing():
            manifest, view = other.read()
            dead = {view.segments[2].name: [1]}
            other.commit(manifest.with_rows(count=0, sum=0, last=8, ending="", passed=[], dead=dead))
        return merge(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(segments, "merge", meanwhile)
    assert folder.tidy()
    _, view = folder.read()
    assert len(view.segments) == 1
    assert set(view.ids()) == set(given) - {everything[5].id}


# --- damage


def spoil(path: Path, at: int, *, cut: bool = False) -> None:
    with path.open("r+b") as opened:
        if cut:
            opened.truncate(at)
        else:
            opened.seek(at)
            byte = opened.read(1)
            opened.seek(at)
            opened.write(bytes([byte[0] ^ 0x41]))


@pytest.fixture
def one(tmp_path: Path) -> Path:
    folder = Folder(tmp_path, ITEMS.name)
    write(folder, enrolled(stored(np.random.default_rng(3), 30), ITEMS))
    (path,) = tmp_path.glob("*.seg")
    return path


def test_is_refused_where_it_was_cut_short_anywhere(one: Path) -> None:
    whole = one.read_bytes()
    for size in [0, 1, 100, 4095, 4096, 5000, *range(6000, len(whole), 3000), len(whole) - 1]:
        one.write_bytes(whole[:size])
        with pytest.raises(Damaged):
            Segment(one)
    one.write_bytes(whole + b"\0")
    with pytest.raises(Damaged):
        Segment(one)


def test_is_refused_where_a_byte_of_its_head_was_changed(one: Path) -> None:
    opened = Segment(one)
    header = (0, 20, 60, 4090)
    head = [opened._where[name][0] + 5 for name in ("sum", "table", "directory")]
    for at in (*header, *head):
        spoil(one, at)
        with pytest.raises(Damaged):
            Segment(one)
        spoil(one, at)
    Segment(one).verify()


@pytest.mark.parametrize("section", ["items", "postings"])
def test_says_that_a_byte_of_its_body_was_changed(one: Path, section: str) -> None:
    spoil(one, Segment(one)._where[section][0] + 7)
    with pytest.raises(Damaged, match=section):
        Segment(one).verify()


def test_never_follows_a_place_outside(one: Path, tmp_path: Path) -> None:
    opened = Segment(one)
    begin, size = opened._where["postings"]
    with one.open("r+b") as file:
        file.seek(begin)
        file.write(b"\xff" * size)
    folder = Folder(tmp_path, ITEMS.name)
    _, view = folder.read()
    with pytest.raises(Damaged):
        view.segments[0].places_at(np.arange(view.segments[0].postings))
    with pytest.raises(Damaged, match="came upon"):
        folder.read()


def test_begins_anew_where_the_manifest_is_not_one(one: Path, tmp_path: Path) -> None:
    for spoiled in (b"", b"{}", b"0" * 64 + b"\n{}"):
        (tmp_path / "manifest").write_bytes(spoiled)
        folder = Folder(tmp_path, ITEMS.name)
        with pytest.raises(Damaged, match="manifest"):
            folder.read()
    folder.set_aside("manifest")
    manifest, view = folder.read()
    assert len(view) == manifest.count == 0
    assert (tmp_path / "damaged" / "manifest").exists()


def test_misses_what_a_damaged_file_held(one: Path, tmp_path: Path) -> None:
    folder = Folder(tmp_path, ITEMS.name)
    write(folder, enrolled(stored(np.random.default_rng(4), 5), ITEMS, first_row=31))
    spoil(one, 5)
    folder = Folder(tmp_path, ITEMS.name)
    with pytest.raises(Damaged) as caught:
        folder.read()
    folder.set_aside(caught.value.name)
    manifest, view = folder.read()
    assert len(view) == 5
    assert manifest.count == -1  # as many as no table has: it is looked through
    assert (tmp_path / "damaged" / one.name).exists()


def test_misses_a_file_that_is_not_there(one: Path, tmp_path: Path) -> None:
    one.unlink()
    with pytest.raises(Damaged, match="not there"):
        Folder(tmp_path, ITEMS.name).read()


# --- several at once, and killed


def test_is_read_while_it_is_merged_away(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    given = stored(chance, 40)
    everything = enrolled(given, ITEMS)
    writer, reader = Folder(tmp_path, ITEMS.name), Folder(tmp_path, ITEMS.name)
    hashes = asked(given, chance)
    before = None
    for begin in range(0, 40, 4):
        write(writer, everything[begin : begin + 4])
        if begin == 20:
            _, before = reader.read()
        while writer.tidy():
            pass
    assert before is not None
    then = Index.of([(one.id, given[one.id]) for one in everything[:24]], ITEMS)
    same(before, then, hashes)  # its files are gone, and it goes on
    _, now = reader.read()
    same(now, Index.of(given.items(), ITEMS), hashes)


def _grow(path: Path, seed: int, first_row: int, times: int) -> None:
    folder = Folder(path, ITEMS.name)
    for turn in range(times):
        write(folder, enrolled(stored(np.random.default_rng([seed, turn]), 2), ITEMS, first_row=first_row + 2 * turn))
        folder.tidy()


@pytest.mark.slow
def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    start = multiprocessing.get_context("fork")
    writers = [start.Process(target=_grow, args=(tmp_path, seed, 1 + 1000 * seed, 25)) for seed in (1, 2)]
    for writer in writers:
        writer.start()
    reader = Folder(tmp_path, ITEMS.name)
    sizes = [0]
    while any(writer.is_alive() for writer in writers):
        sizes.append(len(reader.read()[1]))
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert sizes == sorted(sizes)  # it only grows
    expected: Stored = {}
    for seed in (1, 2):
        for turn in range(25):
            expected |= stored(np.random.default_rng([seed, turn]), 2)
    _, view = reader.read()
    same(view, Index.of(expected.items(), ITEMS), asked(expected, np.random.default_rng(6)))


@pytest.mark.slow
def test_is_whole_however_often_its_writer_is_killed(tmp_path: Path) -> None:
    """Whatever was committed is there, and nothing else; what a dead writer left is removed by the next one."""
    chance = np.random.default_rng(7)
    start = multiprocessing.get_context("fork")
    seen = 0
    for turn in range(12):
        writer = start.Process(target=_grow, args=(tmp_path, turn + 10, 1 + 10_000 * turn, 1000))
        writer.start()
        time.sleep(float(chance.uniform(0.02, 0.25)))
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        folder = Folder(tmp_path, ITEMS.name)
        manifest, view = folder.read()
        for segment in view.segments:
            segment.verify()
        rows = view.rows()
        assert len(view) == manifest.count == rows.size >= seen
        assert manifest.sum == rows.sum()
        # Of each writer a beginning is there: two references at a time, none left out.
        for killed in range(turn + 1):
            mine = np.sort(rows[(rows > 10_000 * killed) & (rows <= 10_000 * (killed + 1))]) - 10_000 * killed
            assert mine.tolist() == list(range(1, mine.size + 1))
            assert mine.size % 2 == 0
        seen = len(view)
    assert seen > 20
    with folder.writing():
        folder.sweep()
    assert {path.name for path in tmp_path.glob("*.seg")} == set(folder.read()[0].segments)
    assert not list(tmp_path.glob(".incoming-*"))


def test_is_not_tidied_by_two_at_once(tmp_path: Path) -> None:
    folder = Folder(tmp_path, ITEMS.name)
    for row in range(1, 6):
        write(folder, enrolled(stored(np.random.default_rng(row), 1), ITEMS, first_row=row))
    with folder._locked("merge.lock", wait=False) as is_mine:
        assert is_mine
        assert not Folder(tmp_path, ITEMS.name).tidy()
        with folder.writing():
            assert folder.sweep() == 0  # what a merge is writing is not what a dead one left
    assert folder.tidy()


def test_writes_again_what_is_mostly_dead(tmp_path: Path) -> None:
    folder = Folder(tmp_path, ITEMS.name)
    write(folder, enrolled(stored(np.random.default_rng(8), 10), ITEMS))
    manifest, view = folder.read()
    with folder.writing():
        dead = {view.segments[0].name: [1, 2, 3]}
        folder.commit(manifest.with_rows(count=0, sum=0, last=10, ending="", passed=[], dead=dead))
    assert folder.tidy()
    manifest, view = folder.read()
    assert (len(view), manifest.dead, manifest.passed) == (7, (), (2, 3, 4))
    assert not folder.tidy()


def test_manifest_is_read_as_it_was_written() -> None:
    manifest = segments.Manifest("f/", 3, ("a", "b"), (("a", (1, 2)),), (7,), 5, 15, 6, "e" * 64)
    assert segments.Manifest.from_bytes(manifest.to_bytes()) == manifest
    assert replace(manifest, count=6).to_bytes() != manifest.to_bytes()


def test_asks_the_disk_at_once_for_what_a_question_leads_to_and_for_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path, ITEMS.name)
    write(folder, enrolled(stored(np.random.default_rng(5), 2_000, alphabet=50_000), ITEMS))
    _, view = folder.read()
    (segment,) = view.segments
    path, number = tmp_path / segment.name, int(np.argmax(np.diff(segment.starts)))
    asked: list[int] = []

    def advise(file: int, begin: int, length: int, advice: int) -> None:
        assert (os.fstat(file).st_ino, advice) == (path.stat().st_ino, os.POSIX_FADV_WILLNEED)
        asked.extend(range(begin // mmap.PAGESIZE, (begin + length) // mmap.PAGESIZE))

    def pages(array: np.ndarray, numbers: np.ndarray) -> list[int]:
        begins = array.ctypes.data - np.frombuffer(segment._map, np.uint8).ctypes.data + numbers * array.itemsize
        return sorted({*(begins // mmap.PAGESIZE).tolist(), *((begins + array.itemsize - 1) // mmap.PAGESIZE).tolist()})

    monkeypatch.setattr(os, "posix_fadvise", advise)
    hashes = view.items(number)
    view.count(hashes[1:])
    assert not asked  # it was written just now, and is in memory
    monkeypatch.setattr(Segment, "_is_cached", lambda *_: False)
    view.items(number)
    assert segment.items is not None
    assert asked == pages(segment.items, np.arange(*segment.starts[number : number + 2]))
    asked.clear()
    view.count(hashes)
    buckets = np.repeat(np.arange(segment.directory.size - 1), np.diff(segment.directory))
    wanted = np.flatnonzero(np.isin(buckets, segments.keys_of(hashes) >> np.uint32(32 - segment.bits)))
    assert asked == pages(segment.entries, wanted)
    assert len(asked) * 2 < path.stat().st_size // mmap.PAGESIZE


# --- all of it, in portions


@pytest.mark.parametrize("at_once", [1, 100, 100_000])
@pytest.mark.parametrize("ahead", [1, 64, 1 << 22])
def test_portions_have_every_item_that_is_to_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, ahead: int
) -> None:
    monkeypatch.setattr(segments, "_AHEAD", ahead)
    chance = np.random.default_rng(6)
    folder = Folder(tmp_path / "index", ITEMS.name)
    first, second = stored(chance, 30), stored(chance, 12)
    write(folder, enrolled(first, ITEMS))
    write(folder, enrolled(second, ITEMS, first_row=31))
    _, view = folder.read()

    for some in (view, view.only(lambda table: table["row"] % 3 > 0), view.only(lambda table: table["row"] > 99)):
        found = {}
        for number, starts, items in some.portions(at_once):
            for at, (begin, end) in enumerate(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)):
                found[some.reference(number + at)] = items[begin:end].tobytes()
        assert found == {id: (first | second)[id] for id in some.ids()}


def test_the_disk_is_asked_for_each_item_once_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "_AHEAD", 100)
    folder = Folder(tmp_path / "index", ITEMS.name)
    write(folder, enrolled(stored(np.random.default_rng(6), 40), ITEMS))
    _, view = folder.read()
    asked: list[tuple[int, int]] = []

    def expect(_: Segment, section: str, begins: np.ndarray, ends: np.ndarray, width: int) -> None:
        assert (section, width) == ("items", 4)
        asked.append((int(begins[0]), int(ends[0])))

    monkeypatch.setattr(Segment, "expect", expect)
    read = 0
    for _, starts, _ in view.portions(50):
        read += int(starts[-1])
        assert read <= asked[-1][1] <= read + 200

    assert read == asked[-1][1] == view.segments[0].places
    assert [begin for begin, _ in asked] == [0, *(end for _, end in asked[:-1])]
