"""
The index of fingerprints at three sizes: bytes, build, latency and memory, beside bare lookups in the same postings.

Recordings are synthetic, four minutes each: the halves of their items come from different places of real songs, so
that hashes are spread, held and repeated as real ones are, and meet as rarely; each begins and ends in the silence
that many share. What is looked up is real: excerpts of a song that is among them, and a whole track.

Spectra have no postings. They are compared with every vector, so beside them stands the bare product of the excerpt's
vectors with all of them; a whole track is not looked up by them.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint import (
    audio,
    extract,
    landmark_matching,
    landmarks,
    matching,
    segments,
    sharding,
    spectra,
    spectra_matching,
)
from fingerprint.evidence import Match
from fingerprint.index import CHROMAPRINT, LANDMARKS, SPECTRA, Cut
from fingerprint.postings import Family, Hashes, Index, Known, Postings
from fingerprint.segments import Enrolled, Folder, View

TRACK_S = 240
ITEMS = TRACK_S * extract.SAMPLE_RATE_HZ // extract.HOP_SAMPLES
SIZES = (10_000, 100_000, 1_000_000)
LANDMARK_RECORDINGS = 10_000  # a hundred thousand take 17 GB; of spectra too, of which each search reads all
VECTORS = (  # of a recording
    (TRACK_S * spectra.SAMPLE_RATE_HZ - spectra.FRAME_SAMPLES) // spectra.HOP_SAMPLES + 1 - spectra.VECTOR_FRAMES
) // spectra.STRIDE_FRAMES + 1
REGISTERED = UUID(int=1 << 100)
AT_ONCE = 2_000  # tracks that are put in together
QUERIES = 50
SHARDS = 4
QUERY_S = 10
LOOKED_UP = "country.mp3"  # of which nothing is made
BANDS_UP = range(-8, 9)  # by which pictures of spectra are moved
CHANGED = 6  # what a number of a vector is changed by at most: a fifth of what it usually is
SONGS = (LOOKED_UP, "creepy-piano.ogg", "hungarian-dance-5.ogg", "spring-on-the-horizon.ogg", "vibe-ace.ogg")


@dataclass(frozen=True)
class Line:
    """One figure beside its bound."""

    what: str
    figure: str
    peer: str
    ratio: float


@dataclass(frozen=True)
class Material:
    """What one family of fingerprints is measured with."""

    family: Family
    pool: tuple[bytes, ...]  # fingerprints of songs, of which recordings are made
    registered: bytes  # of the song that is looked up
    excerpts: tuple[Any, ...]  # queries
    track: Any  # None where so much is not looked up
    make: Callable[[np.random.Generator, tuple[bytes, ...]], bytes]
    search: Callable[[Known, Any], tuple[Match, ...]]
    hashes: Callable[[Any], Hashes]  # of a query, that a search asks for
    most: int  # places of a hash that is asked for; none where nothing is found by hashes

    @property
    def asked(self) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        """Return what is looked up, by how long it is."""
        short = (f"{QUERY_S} s", self.excerpts)
        return (short,) if self.track is None else (short, (f"{TRACK_S} s", (self.track,) * 5))

    def tracks(self, count: int, first: int = 0) -> Iterator[tuple[UUID, bytes]]:
        """Make synthetic recordings, the same ones every time."""
        for number in range(first, first + count):
            yield UUID(int=number + 1), self.make(np.random.default_rng(number), self.pool)


def materials(demo: Path) -> tuple[Material, Material, Material]:
    """Fingerprint the songs of the repository, and cut queries out of the one of which no recording is made."""
    types = {".mp3": "audio/mpeg", ".ogg": "audio/ogg"}
    sounds = {name: np.concatenate(list(audio.decode(demo / name, types[Path(name).suffix]))) for name in SONGS}
    song = sounds.pop(LOOKED_UP)
    rate = extract.SAMPLE_RATE_HZ
    whole = np.tile(song, TRACK_S * rate // song.size + 1)[: TRACK_S * rate]
    begins = np.linspace(0, song.size - QUERY_S * rate - 1, QUERIES).astype(int).tolist()
    excerpts = [song[begin : begin + QUERY_S * rate] for begin in begins]

    def items(sound: NDArray[np.int16]) -> bytes:
        return extract.reference([sound]).astype("<u4").tobytes()

    def peaks(sound: NDArray[np.int16]) -> bytes:
        return landmarks.written(landmarks.reference([sound]))

    return (
        Material(
            family=CHROMAPRINT,
            pool=tuple(map(items, sounds.values())),
            registered=items(song),
            excerpts=tuple(extract.query([excerpt]) for excerpt in excerpts),
            track=extract.query([whole]),
            make=_made_of_items,
            search=partial(_search_items),
            hashes=lambda query: (matching.interleaved(query) ^ matching.ONE_BIT_AWAY[:, None]).reshape(-1),
            most=matching.MAX_POSTINGS,
        ),
        Material(
            family=LANDMARKS,
            pool=tuple(map(peaks, sounds.values())),
            registered=peaks(song),
            excerpts=tuple(landmarks.query([excerpt]) for excerpt in excerpts),
            track=landmarks.query([whole]),
            make=_made_of_peaks,
            search=landmark_matching.search,
            hashes=_hashes_of_peaks,
            most=500,
        ),
        Material(
            family=SPECTRA,
            pool=tuple(moved for sound in sounds.values() for moved in _moved_in_pitch(sound)),
            registered=spectra.reference([song]).tobytes(),
            excerpts=tuple(map(spectra.query, excerpts)),
            track=None,
            make=_made_of_vectors,
            search=spectra_matching.search,
            hashes=lambda _: np.zeros(0, np.uint32),
            most=0,
        ),
    )


def _moved_in_pitch(sound: NDArray[np.int16]) -> Iterator[bytes]:
    """Give the vectors of every frame of a song, moved up and down by whole bands."""
    shown = spectra.pictures(spectra.powers(sound))
    for up in BANDS_UP:
        moved = shown[:, np.clip(np.arange(spectra.BANDS) - up, 0, spectra.BANDS - 1)]
        pieces = (moved[at : at + AT_ONCE + spectra.VECTOR_FRAMES - 1] for at in range(0, len(moved), AT_ONCE))
        cuts = (spectra.cut(piece, 1) @ spectra.weights().projection for piece in pieces)
        yield np.concatenate([spectra.rounded(vectors) for vectors in cuts]).tobytes()


def _search_items(index: Known, query: Any) -> tuple[Match, ...]:
    return matching.search(index, query, algorithm="bench")


def _hashes_of_peaks(query: tuple[landmarks.Peaks, ...]) -> Hashes:
    fan = landmarks.FINE_FAN if landmarks.is_fine(query) else landmarks.QUERY_FAN
    made = [landmarks.hashes(one.frames, one.bins, fan=fan)[0] for one in query]
    return np.unique(np.concatenate(made))


def _made_of_items(chance: np.random.Generator, pool: tuple[bytes, ...]) -> bytes:
    """The halves of items from different places; silence, which many share, at both ends."""
    halves = np.frombuffer(b"".join(pool), "<u2").reshape(-1, 2)
    made = np.empty((ITEMS, 2), "<u2")
    for half in range(2):
        at = 0
        while at < ITEMS:
            length = min(ITEMS - at, int(chance.integers(40, 160)))
            begin = int(chance.integers(0, len(halves) - length))
            made[at : at + length, half] = halves[begin : begin + length, half]
            at += length
    items = made.reshape(-1).view("<u4")
    items[:10] = items[-10:] = 627_964_279  # what Chromaprint makes of silence
    return items.tobytes()


def _made_of_peaks(chance: np.random.Generator, pool: tuple[bytes, ...]) -> bytes:
    """Stretches of some seconds from different songs, each moved in pitch, with every peak moved a little in time."""
    frames: list[NDArray[np.int64]] = []
    bins: list[NDArray[np.int64]] = []
    at, end = 0, TRACK_S * landmarks.SAMPLE_RATE_HZ // landmarks.HOP_SAMPLES
    while at < end:
        packed = np.frombuffer(pool[int(chance.integers(0, len(pool)))], "<u4").astype(np.int64)
        begin = int(chance.integers(0, packed.size - 400))
        some = packed[begin : begin + int(chance.integers(100, 400))]
        when = (some >> 9) - (some[0] >> 9) + chance.integers(0, 2, some.size)
        frames.append(at + when)
        bins.append(np.clip((some & 511) + int(chance.integers(-20, 21)), landmarks.FIRST_BIN, landmarks.LAST_BIN))
        at += int(when.max()) + 1
    frame, bin_ = np.concatenate(frames), np.concatenate(bins)
    order = np.lexsort((bin_, frame))
    return landmarks.written(landmarks.Peaks(frame[order], bin_[order] * landmarks.FRACTIONS))


def _made_of_vectors(chance: np.random.Generator, pool: tuple[bytes, ...]) -> bytes:
    """Stretches of 6 to 25 seconds from different songs and pitches, every number of them changed a little."""
    made = np.empty((VECTORS, spectra.DIMENSIONS), np.int16)
    at = 0
    while at < VECTORS:
        some = np.frombuffer(pool[int(chance.integers(0, len(pool)))], np.int8).reshape(-1, spectra.DIMENSIONS)
        length = min(VECTORS - at, int(chance.integers(6, 26)))
        begin = int(chance.integers(0, len(some) - length * spectra.STRIDE_FRAMES))
        made[at : at + length] = some[begin :: spectra.STRIDE_FRAMES][:length]
        at += length
    made += chance.integers(-CHANGED, CHANGED + 1, made.shape, dtype=np.int8)
    return np.clip(made, -127, 127).astype(np.int8).tobytes()


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
    """Grow an index of each family through the sizes, as far as is asked for, and measure it at each."""
    scratch.mkdir(parents=True, exist_ok=True)
    for material in materials(demo):
        most = recordings if material.family is CHROMAPRINT else min(recordings, LANDMARK_RECORDINGS)
        with tempfile.TemporaryDirectory(dir=scratch) as name:
            yield from _family(material, [size for size in SIZES if size < most] + [most], Path(name))


def _family(material: Material, sizes: Sequence[int], scratch: Path) -> Iterator[Line]:
    folder = Folder(scratch / "index", material.family.name)
    given = material.tracks(sizes[-1])
    grow(folder, material.family, iter([(REGISTERED, material.registered)]), -1, 1)
    done = 0
    for size in sizes:
        seconds = grow(folder, material.family, given, done, size - done)
        rate = (size - done) / seconds
        done = size
        _, view = folder.read()
        yield from _measured(material, view, size, rate, scratch)
        if size <= SIZES[0]:
            yield from _in_memory(material, view, size)
            yield from _in_shards(material, view, size, scratch)


def _measured(material: Material, view: View, size: int, rate: float, scratch: Path) -> Iterator[Line]:
    name = f"{material.family.name.strip('/')} {size:,}"
    postings = sum(segment.postings for segment in view.segments)
    written = sum((scratch / "index" / segment.name).stat().st_size for segment in view.segments)
    stored = sum(len(data) for _, data in material.tracks(20)) / 20
    yield Line(
        f"{name}: bytes a recording, in {len(view.segments)} files",
        f"{written / size:,.0f}",
        f"its row {stored:,.0f}",
        written / size / stored,
    )
    if material.most:
        yield from _looked_up(material, view, name, size, rate, scratch)
    else:
        yield from _compared(material, view, name, size, rate)
    view.release()
    for (title, queries), bound in zip(material.asked, (1.0, 30.0), strict=False):
        searches = [partial(material.search, view, one) for one in queries]
        found = sum(any(match.reference_id == REGISTERED for match in search()) for search in searches)
        search = took(searches)
        yield Line(
            f"{name}: search for {title}, ms p50 / p99",
            str(search),
            f"CPU {search.cpu:,.0f}; wanted {bound * 1000:,.0f}; found {found} of {len(queries)}",
            search.median / (bound * 1000),
        )
    own, mapped = memory_mib("RssAnon"), memory_mib("RssFile")
    yield Line(
        f"{name}: memory, MiB (mapped page cache {mapped:,.0f})",
        f"{own:,.0f}",
        f"the index has {written / 2**20:,.0f}, {postings:,} postings",
        own / (written / 2**20),
    )


def _looked_up(material: Material, view: View, name: str, size: int, rate: float, scratch: Path) -> Iterator[Line]:
    """Measure lookups of hashes beside the same in plain columns."""
    since = time.perf_counter()
    columns = flat(view, scratch)
    copied = time.perf_counter() - since
    yield Line(
        f"{name}: put in, recordings a second",
        f"{rate:,.0f}",
        f"copying its postings out of the files {size / copied:,.0f}",
        rate * copied / size,
    )
    for title, queries in material.asked:
        asked = [material.hashes(query) for query in queries]
        assert votes(view, asked[-1], material.most) == bare(columns, asked[-1], material.most)
        ours = took([partial(votes, view, one, material.most) for one in asked])
        theirs = took([partial(bare, columns, one, material.most) for one in asked])
        yield Line(
            f"{name}: lookups of {title}, ms p50 / p99",
            str(ours),
            f"binary search in plain columns {theirs}",
            ours.median / theirs.median,
        )
    del columns
    for path in scratch.glob("*.seg.*"):
        path.unlink()


def _compared(material: Material, view: View, name: str, size: int, rate: float) -> Iterator[Line]:
    """Measure comparing with every vector beside the bare product with all of them, in memory."""
    since = time.perf_counter()
    rows = np.concatenate([spectra.vectors_of(np.array(segment.items)) for segment in view.segments])
    copied = time.perf_counter() - since
    yield Line(
        f"{name}: put in, recordings a second",
        f"{rate:,.0f}",
        f"copying its vectors out of the files {size / copied:,.0f}",
        rate * copied / size,
    )
    ours = took([partial(material.search, view, query) for query in material.excerpts])
    theirs = took([partial(products, rows, query) for query in material.excerpts])
    yield Line(
        f"{name}: compared with {QUERY_S} s, ms p50 / p99",
        str(ours),
        f"the bare product {theirs}",
        ours.median / theirs.median,
    )


def products(rows: spectra.Vectors, query: spectra.Vectors) -> float:
    """Multiply every vector with those of a query that are tried; return the largest product."""
    tried = query[:: spectra_matching.PHASE_FRAMES].astype(np.float32)
    portions = (rows[at : at + AT_ONCE].astype(np.float32) for at in range(0, len(rows), AT_ONCE))
    return max(float((tried @ some.T).max()) for some in portions)


def _in_memory(material: Material, view: View, size: int) -> Iterator[Line]:
    index = Index.of([(REGISTERED, material.registered), *material.tracks(size)], material.family)
    assert index.snapshot == view.snapshot
    for title, queries in material.asked:
        memory = took([partial(material.search, index, one) for one in queries])
        disk = took([partial(material.search, view, one) for one in queries])
        yield Line(
            f"{material.family.name.strip('/')} {size:,}: search for {title} on disk, ms p50 / p99",
            str(disk),
            f"in memory {memory}",
            disk.median / memory.median,
        )


def _in_shards(material: Material, view: View, size: int, scratch: Path) -> Iterator[Line]:
    """What the same index takes in shards: each step as long as its slowest shard, without the way between them."""
    shards: list[View] = []
    for shard in range(SHARDS):
        folder = Folder(scratch / f"shard-{shard}", material.family.name)
        if shard == 0:
            grow(folder, material.family, iter([(REGISTERED, material.registered)]), -1, 1)
        mine = (one for number, one in enumerate(material.tracks(size)) if number % SHARDS == shard)
        grow(folder, material.family, mine, shard * size, len(range(shard, size, SHARDS)))
        shards.append(folder.read()[1])
    slowest = carried = 0.0

    def ask(questions: Sequence[bytes]) -> list[bytes]:
        nonlocal slowest, carried
        answers, taken = [], []
        for question, part in zip(questions, shards, strict=True):
            since = time.perf_counter()
            answers.append(sharding.answer_from(part, question))
            taken.append(time.perf_counter() - since)
            carried += len(question) + len(answers[-1])
        slowest += max(taken)
        return answers

    divided = sharding.opened(material.family, Cut(size, ()), ask, count=SHARDS)
    assert divided.snapshot == view.snapshot
    for title, queries in material.asked:
        apart, whole = [], []
        carried, few = 0.0, queries[: 10 if queries is material.excerpts else 3]
        for query in few:
            since = time.perf_counter()
            expected = material.search(view, query)
            whole.append(1000 * (time.perf_counter() - since))
            slowest = 0.0
            found = material.search(divided, query)
            assert found == expected
            apart.append(1000 * slowest)
        yield Line(
            f"{material.family.name.strip('/')} {size:,}: search for {title} in {SHARDS} shards, ms p50",
            f"{np.median(apart):,.0f}",
            f"in one {np.median(whole):,.0f}; {carried / len(few) / 2**10:,.0f} KiB of messages",
            float(np.median(apart) / np.median(whole)),
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
