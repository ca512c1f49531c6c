"""
The index of fingerprints at three sizes: bytes, build, latency and memory, beside bare lookups in the same postings.

Recordings are synthetic, four minutes each: the halves of their items come from different places of real songs, so
that hashes are spread, held and repeated as real ones are, and meet as rarely; each begins and ends in the silence
that many share. What is looked up is real: excerpts of a song that is among them, and a whole track.

Of Chromaprint everything is measured at every size. Landmarks are measured up to `--landmarks` recordings: a hundred
thousand take 17 GB.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np

from fingerprint import audio, extract, matching, segments
from fingerprint.index import CHROMAPRINT
from fingerprint.postings import Family, Hashes, Index, Postings
from fingerprint.segments import Enrolled, Folder, View

TRACK_S = 240
ITEMS = TRACK_S * extract.SAMPLE_RATE_HZ // extract.HOP_SAMPLES
SIZES = (10_000, 100_000, 1_000_000)
AT_ONCE = 2_000  # tracks that are put in together
QUERIES = 50
QUERY_S = 10
LOOKED_UP = "country.mp3"  # of which nothing is made
SONGS = (LOOKED_UP, "creepy-piano.ogg", "hungarian-dance-5.ogg", "spring-on-the-horizon.ogg", "vibe-ace.ogg")


@dataclass(frozen=True)
class Line:
    """One figure beside its bound."""

    what: str
    figure: str
    peer: str
    ratio: float


def songs(folder: Path) -> dict[str, Hashes]:
    """Fingerprint the songs of the repository."""
    types = {".mp3": "audio/mpeg", ".ogg": "audio/ogg"}
    return {
        name: extract.reference(audio.decode(folder / name, types[Path(name).suffix])).astype(np.uint32)
        for name in SONGS
    }


def _pool(real: dict[str, Hashes]) -> list[Hashes]:
    return [items for name, items in real.items() if name != LOOKED_UP]


def tracks(count: int, first: int, real: Sequence[Hashes]) -> Iterator[tuple[UUID, bytes]]:
    """Make synthetic recordings, the same ones every time."""
    pool = np.concatenate(real).view(np.uint16).reshape(-1, 2)
    silence = np.full(10, 627_964_279, np.uint32)  # what Chromaprint makes of silence
    for number in range(first, first + count):
        chance = np.random.default_rng(number)
        made = np.empty((ITEMS, 2), np.uint16)
        for half in range(2):
            at = 0
            while at < ITEMS:
                length = min(ITEMS - at, int(chance.integers(40, 160)))
                begin = int(chance.integers(0, len(pool) - length))
                made[at : at + length, half] = pool[begin : begin + length, half]
                at += length
        items = made.reshape(-1).view(np.uint32).copy()
        items[:10] = items[-10:] = silence
        yield UUID(int=number + 1), items.astype("<u4").tobytes()


def grow(folder: Folder, family: Family, given: Iterator[tuple[UUID, bytes]], first: int, count: int) -> float:
    """Put recordings in as the service does, merges included; return the seconds it took, without making them."""
    taken = 0.0
    at = first
    while at < first + count:
        portion = [next(given) for _ in range(min(AT_ONCE, first + count - at))]
        since = time.perf_counter()
        rows = [
            Enrolled(id, at + row + 1, 0, hashlib.sha256(data).digest(), family.read(data))
            for row, (id, data) in enumerate(portion)
        ]
        with folder.writing():
            manifest, _ = folder.read()
            total = sum(one.row for one in rows)
            manifest = manifest.with_rows(
                count=len(rows), sum=total, last=rows[-1].row, ending="", passed=[], dead={}
            ).with_segment(segments.build(folder.path, family.name, rows))
            folder.commit(manifest)
        while folder.tidy():
            pass
        taken += time.perf_counter() - since
        at += len(portion)
    return taken


def flat(view: View, folder: Path) -> list[tuple[Hashes, Hashes]]:
    """Write the same postings as plain sorted columns, the bare thing that a lookup can be compared with."""
    columns: list[tuple[Hashes, Hashes]] = []
    for segment in view.segments:
        paths = [folder / f"{segment.name}.{column}" for column in ("keys", "places")]
        with paths[0].open("wb") as keys_file, paths[1].open("wb") as places_file:
            for first_byte in range(256):
                keys, places = segment.keys_between(first_byte, first_byte + 1)
                keys_file.write(keys.astype("<u4").tobytes())
                places_file.write(places.astype("<u4").tobytes())
        columns.append((np.memmap(paths[0], np.uint32, "r"), np.memmap(paths[1], np.uint32, "r")))
    return columns


def bare(columns: list[tuple[Hashes, Hashes]], probes: Hashes, most: int) -> int:
    """Find every place of the probes in plain columns; return how many."""
    keys = np.unique(segments.keys_of(probes))
    bounds = [(np.searchsorted(column, keys, "left"), np.searchsorted(column, keys, "right")) for column, _ in columns]
    total = sum(((end - begin) for begin, end in bounds), np.zeros(keys.size, np.int64))
    known = (total > 0) & (total <= most)
    found = 0
    for (_, places), (begin, end) in zip(columns, bounds, strict=True):
        counts = (end - begin)[known]
        at = np.repeat(begin[known] - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))
        found += places[at].size
    return found


def probes_of(query: Hashes) -> Hashes:
    """The hashes that a search of Chromaprint asks for."""
    return (query ^ matching.ONE_BIT_AWAY[:, None]).reshape(-1)


def votes(index: Postings, probes: Hashes, most: int) -> int:
    """Find every place of the probes in an index; return how many."""
    keys = np.unique(probes)
    return sum(at.size for at, _ in index.votes(keys, np.arange(keys.size), most=most))


def memory_mib(kind: str) -> float:
    """What the kernel says of this process's memory: RssAnon is ours, RssFile is page cache that is mapped."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{kind}:"))


def spread(work: Sequence[Callable[[], object]]) -> tuple[float, float]:
    """Return the median and the 99th percentile of the seconds that some work takes."""
    taken = []
    for one in work:
        since = time.perf_counter()
        one()
        taken.append(time.perf_counter() - since)
    return float(np.percentile(taken, 50)), float(np.percentile(taken, 99))


def measure(sizes: Sequence[int], demo: Path, scratch: Path) -> Iterator[Line]:
    """Grow one index through the sizes and measure it at each."""
    real = songs(demo)
    blocks = list(audio.decode(demo / LOOKED_UP, "audio/mpeg"))
    song = np.concatenate(blocks)
    whole = np.tile(song, TRACK_S * extract.SAMPLE_RATE_HZ // song.size + 1)[: TRACK_S * extract.SAMPLE_RATE_HZ]
    length = QUERY_S * extract.SAMPLE_RATE_HZ
    begins = np.linspace(0, song.size - length - 1, QUERIES).astype(int).tolist()
    excerpts = [extract.query([song[begin : begin + length]]) for begin in begins]
    track = extract.query([whole])
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = Folder(Path(name) / "index", CHROMAPRINT.name)
        registered = UUID(int=1 << 100)
        given = tracks(sizes[-1], 0, _pool(real))
        grow(folder, CHROMAPRINT, iter([(registered, real[LOOKED_UP].astype("<u4").tobytes())]), -1, 1)
        done = 0
        for size in sizes:
            seconds = grow(folder, CHROMAPRINT, given, done, size - done)
            rate = (size - done) / seconds
            done = size
            _, view = folder.read()
            yield from _measured(view, size, rate, excerpts, track, registered, Path(name))
            if size == SIZES[0]:
                yield from _in_memory(view, size, excerpts, track, real)


def _measured(
    view: View,
    size: int,
    rate: float,
    excerpts: Sequence[tuple[Hashes, ...]],
    track: tuple[Hashes, ...],
    registered: UUID,
    scratch: Path,
) -> Iterator[Line]:
    postings = sum(segment.postings for segment in view.segments)
    written = sum((scratch / "index" / segment.name).stat().st_size for segment in view.segments)
    stored = 4 * ITEMS
    yield Line(
        f"{size:,}: bytes a recording, of {len(view.segments)} files",
        f"{written / size:,.0f}",
        f"its row {stored:,}",
        written / size / stored,
    )
    since = time.perf_counter()
    columns = flat(view, scratch)
    copied = time.perf_counter() - since
    yield Line(
        f"{size:,}: put in, recordings a second",
        f"{rate:,.0f}",
        f"copying its postings out of the files {size / copied:,.0f}",
        rate * copied / size,
    )
    most = matching.MAX_POSTINGS
    queries = [probes_of(matching.interleaved(query)) for query in (*excerpts, track)]
    assert votes(view, queries[-1], most) == bare(columns, queries[-1], most)
    for title, some in ((f"{QUERY_S} s", queries[:-1]), (f"{TRACK_S} s", queries[-1:] * 5)):
        ours = spread([partial(votes, view, one, most) for one in some])
        theirs = spread([partial(bare, columns, one, most) for one in some])
        yield Line(
            f"{size:,}: lookups of {title}, ms p50 / p99",
            f"{ours[0] * 1000:,.0f} / {ours[1] * 1000:,.0f}",
            f"binary search in plain columns {theirs[0] * 1000:,.0f} / {theirs[1] * 1000:,.0f}",
            ours[0] / theirs[0],
        )
    del columns
    for path in scratch.glob("*.seg.*"):
        path.unlink()
    view.release()
    found = 0
    for title, looked_up, bound in ((f"{QUERY_S} s", excerpts, 1.0), (f"{TRACK_S} s", [track] * 5, 30.0)):
        search = spread([partial(matching.search, view, one, algorithm="bench") for one in looked_up])
        found = sum(
            any(match.reference_id == registered for match in matching.search(view, one, algorithm="bench"))
            for one in looked_up
        )
        yield Line(
            f"{size:,}: search for {title}, ms p50 / p99",
            f"{search[0] * 1000:,.0f} / {search[1] * 1000:,.0f}",
            f"wanted {bound * 1000:,.0f}; found {found} of {len(looked_up)}",
            search[0] / bound,
        )
    own, mapped = memory_mib("RssAnon"), memory_mib("RssFile")
    yield Line(
        f"{size:,}: memory, MiB (mapped page cache {mapped:,.0f})",
        f"{own:,.0f}",
        f"the index has {written / 2**20:,.0f}, {postings:,} postings",
        own / (written / 2**20),
    )


def _in_memory(
    view: View, size: int, excerpts: Sequence[tuple[Hashes, ...]], track: tuple[Hashes, ...], real: dict[str, Hashes]
) -> Iterator[Line]:
    index = Index.of(
        [(UUID(int=1 << 100), real[LOOKED_UP].astype("<u4").tobytes()), *tracks(size, 0, _pool(real))],
        CHROMAPRINT,
    )
    assert index.snapshot == view.snapshot
    for title, some in ((f"{QUERY_S} s", excerpts), (f"{TRACK_S} s", [track] * 5)):
        memory = spread([partial(matching.search, index, one, algorithm="bench") for one in some])
        disk = spread([partial(matching.search, view, one, algorithm="bench") for one in some])
        yield Line(
            f"{size:,}: search for {title} on disk, ms p50 / p99",
            f"{disk[0] * 1000:,.0f} / {disk[1] * 1000:,.0f}",
            f"in memory {memory[0] * 1000:,.0f} / {memory[1] * 1000:,.0f}",
            disk[0] / memory[0],
        )
