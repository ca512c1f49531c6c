"""
The index of fingerprints at three sizes: bytes, build, latency and memory, beside bare lookups in the same postings.

Recordings are synthetic, four minutes each: the halves of their items come from different places of real songs, so
that hashes are spread, held and repeated as real ones are, and meet as rarely; each begins and ends in the silence
that many share. What is looked up is real: excerpts of a song that is among them, and a whole track.
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


@dataclass(frozen=True)
class Took:
    """Milliseconds of some work: the median and the 99th percentile on the clock, and the median of this process."""

    median: float
    late: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.median:,.0f} / {self.late:,.0f}"


def took(work: Sequence[Callable[[], object]]) -> Took:
    """Time some work."""
    taken: list[tuple[float, float]] = []
    for one in work:
        since = time.perf_counter(), time.process_time()
        one()
        taken.append((time.perf_counter() - since[0], time.process_time() - since[1]))
    wall, cpu = 1000 * np.array(taken).T
    return Took(float(np.percentile(wall, 50)), float(np.percentile(wall, 99)), float(np.percentile(cpu, 50)))


def measure(recordings: int, demo: Path, scratch: Path) -> Iterator[Line]:
    """Grow one index through the sizes, as far as is asked for, and measure it at each."""
    sizes = [size for size in SIZES if size < recordings] + [recordings]
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
        ours = took([partial(votes, view, one, most) for one in some])
        theirs = took([partial(bare, columns, one, most) for one in some])
        yield Line(
            f"{size:,}: lookups of {title}, ms p50 / p99",
            str(ours),
            f"binary search in plain columns {theirs}",
            ours.median / theirs.median,
        )
    del columns
    for path in scratch.glob("*.seg.*"):
        path.unlink()
    view.release()
    for title, looked_up, bound in ((f"{QUERY_S} s", excerpts, 1.0), (f"{TRACK_S} s", [track] * 5, 30.0)):
        searches = [partial(matching.search, view, one, algorithm="bench") for one in looked_up]
        found = sum(any(match.reference_id == registered for match in search()) for search in searches)
        search = took(searches)
        yield Line(
            f"{size:,}: search for {title}, ms p50 / p99",
            str(search),
            f"CPU {search.cpu:,.0f}; wanted {bound * 1000:,.0f}; found {found} of {len(looked_up)}",
            search.median / (bound * 1000),
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
        memory = took([partial(matching.search, index, one, algorithm="bench") for one in some])
        disk = took([partial(matching.search, view, one, algorithm="bench") for one in some])
        yield Line(
            f"{size:,}: search for {title} on disk, ms p50 / p99",
            str(disk),
            f"in memory {memory}",
            disk.median / memory.median,
        )


def in_step(recordings: int) -> Iterator[Line]:
    """How long it takes to ask a table of so many fingerprints whether the index is in step with it."""
    from django.core.management import call_command
    from django.db import connections

    from fingerprint.index import _counted

    call_command("migrate", verbosity=0)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM fingerprint_fingerprint")
        if cursor.fetchone()[0] < recordings:
            cursor.execute(_FILL, {"rows": recordings})
            cursor.execute("VACUUM ANALYZE fingerprint_fingerprint")
        asked = took([partial(_counted, CHROMAPRINT)] * 5)

        def bare() -> None:
            cursor.execute("SELECT count(*) FROM fingerprint_fingerprint")

        counted = took([bare] * 5)
    yield Line(
        f"{recordings:,}: asking whether it is in step, ms p50 / p99",
        str(asked),
        f"counting the rows of the table {counted}",
        asked.median / counted.median,
    )


_FILL = """
WITH audio AS (
    INSERT INTO fingerprint_audio VALUES (repeat('0', 64), 'audio/wav', 'pcm', 1, 1, 1, 1, now())
    ON CONFLICT DO NOTHING RETURNING digest
), made AS (
    INSERT INTO fingerprint_reference (id, audio_id, enrolled_at)
    SELECT gen_random_uuid(), repeat('0', 64), now() FROM generate_series(1, %(rows)s) RETURNING id
)
INSERT INTO fingerprint_fingerprint (reference_id, algorithm, data) SELECT id, 'chromaprint-2/1.5.1', '' FROM made
"""
