"""Large catalogues that are made: rows and files as the service would have them, quickly and the same every time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import numpy as np
from django.db import connections
from numpy.typing import NDArray

from benchmarks.index import LOOKED_UP, SONGS, TRACK_S, VECTORS, grow, materials
from fingerprint import audio, embedding, extract, landmarks, melody, segments, songs, spectra
from fingerprint.embedding import DIMENSIONS, SIDES
from fingerprint.index import CHROMAPRINT, LANDMARKS, SPECTRA, _ending, _folder, _source
from fingerprint.landmarks import FIRST_BIN, FRACTIONS, HOP_SAMPLES, LAST_BIN, SAMPLE_RATE_HZ, Peaks
from fingerprint.melody import Melody
from fingerprint.postings import Content, Family, Hashes, Positions, ranges
from fingerprint.segments import _TABLE, Enrolled, Folder, Segment, _write_segment, keys_of

LIKE_PGVECTOR = 10_000  # recordings up to which the table of vectors is filled, to ask PostgreSQL the same
WINDOWS = 10  # of each side, in four minutes
IN_A_FILE = 34_000  # recordings whose landmarks are about what the service keeps in one file
JITTERS = 3
FRAMES = 960  # of a melody
AT_ONCE = 2_000
SEED = 11

_TYPES = {".mp3": "audio/mpeg", ".ogg": "audio/ogg"}


@dataclass(frozen=True)
class _Tape:
    """Many variants of real songs, end to end: postings in the order of their frames, and an item for each frame."""

    frames: Positions
    keys: Hashes
    items: Hashes
    pieces: Positions  # where each variant begins, and the end


class Catalogue:
    """A catalogue that is made."""

    def __init__(self, size: int, demo: Path) -> None:

        self.size, self.demo = size, demo
        self.harmony, self.marks, self.moves = materials(demo)
        self.chance = np.random.default_rng(SEED)

    def make(self) -> None:
        """Write its rows and its files."""
        melodies = self._melodies()
        self._rows(melodies)
        self._chromaprint()
        self._landmarks()
        self._spectra()
        self._songs(melodies)

    @staticmethod
    def ids(first: int, last: int) -> list[UUID]:
        return [UUID(int=number + 1) for number in range(first, last)]

    def _sounds(self) -> Iterator[NDArray[np.int16]]:
        """Decode the songs that recordings are made of."""

        for name in SONGS:
            if name != LOOKED_UP:
                yield np.concatenate(list(audio.decode(self.demo / name, _TYPES[Path(name).suffix])))

    def _melodies(self) -> list[bytes]:

        made: list[bytes] = []
        for sound in self._sounds():
            heard = melody.of(sound)
            for up in range(melody.CLASSES):
                for begin in self.chance.integers(0, heard.frames, 4).tolist():
                    rows = [
                        np.resize(np.roll(np.roll(one, up, axis=1), -begin, axis=0), (FRAMES, melody.CLASSES))
                        for one in (heard.harmony, heard.lead)
                    ]
                    made.append(Melody(rows[0], rows[1], heard.tuning_cents).to_bytes())
        return made

    def _rows(self, melodies: Sequence[bytes]) -> None:

        with connections["owner"].cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE pool (number integer PRIMARY KEY, data bytea)")
            cursor.executemany("INSERT INTO pool VALUES (%s, %s)", list(enumerate(melodies)))
            for statement in _ROWS:
                cursor.execute(
                    statement,
                    {
                        "size": self.size,
                        "harmony": extract.algorithm(),
                        "marks": landmarks.ALGORITHM,
                        "spectra": spectra.ALGORITHM,
                        "melody": melody.ALGORITHM,
                        "pool": len(melodies),
                    },
                )
            for table in ("reference", "fingerprint", "melody"):
                cursor.execute(f"VACUUM ANALYZE fingerprint_{table}")

    def _finished(self, folder: Folder, family: Family, last: int) -> None:
        """Let the manifest say which row of the table is its last, as it says it."""

        source = _source(family)
        reference_id, data = source.rows().filter(id=last).values_list(source.found, source.data).get()
        manifest, _ = folder.read()
        with folder.writing():
            folder.commit(replace(manifest, ending=_ending(reference_id, bytes(data))))

    def _chromaprint(self) -> None:

        folder = _folder(CHROMAPRINT).folder
        grow(folder, CHROMAPRINT, self.harmony.tracks(self.size), 0, self.size)
        self._finished(folder, CHROMAPRINT, self.size)

    def _landmarks(self) -> None:

        folder = _folder(LANDMARKS).folder
        tape = self._tape()
        for first in range(0, self.size, IN_A_FILE):
            last = min(self.size, first + IN_A_FILE)
            table = self._table(last - first, [hashlib.sha256(b"").digest()] * (last - first), first, self.size)
            starts, lengths, places, table["start"], end = self._stretches(tape, last - first)
            postings = int(
                (np.searchsorted(tape.frames, starts + lengths) - np.searchsorted(tape.frames, starts)).sum()
            )
            name = _write_segment(
                folder.path,
                LANDMARKS.name,
                table,
                end,
                postings,
                _items(tape, starts, lengths),
                _blocks(tape, starts, lengths, places),
            )
            self._commit(folder, name, table)
        self._finished(folder, LANDMARKS, 2 * self.size)

    def _commit(self, folder: Folder, name: str, table: NDArray[np.void]) -> None:
        rows = table["row"]
        with folder.writing():
            manifest, _ = folder.read()
            folder.commit(
                manifest.with_rows(
                    count=rows.size, sum=int(rows.sum()), last=int(rows[-1]), ending="", passed=[], dead={}
                ).with_segment(name)
            )

    def _table(self, count: int, contents: Sequence[bytes], first: int, before: int) -> NDArray[np.void]:

        table = np.zeros(count, _TABLE)
        ids = b"".join(id.bytes for id in self.ids(first, first + count))
        table["id"] = np.frombuffer(ids, "u1").reshape(-1, 16)
        table["content"] = np.frombuffer(b"".join(contents), "u1").reshape(-1, 32)
        table["row"] = before + first + 1 + np.arange(count)
        return table

    def _tape(self) -> _Tape:

        frames, keys, items, ends = [], [], [], [0]
        for packed in self.marks.pool:
            peaks = np.frombuffer(packed, "<u4").astype(np.int64)
            for up in range(-20, 21):
                for _ in range(JITTERS):
                    at = (peaks >> 9) + self.chance.integers(0, 2, peaks.size)
                    bins = np.clip((peaks & 511) + up, FIRST_BIN, LAST_BIN)
                    order = np.lexsort((bins, at))
                    written = landmarks.written(Peaks(at[order], bins[order] * FRACTIONS))
                    content = landmarks.read(written)
                    assert content.items is not None
                    order = np.argsort(content.positions, kind="stable")
                    frames.append(content.positions[order] + ends[-1])
                    keys.append(keys_of(content.hashes[order]))
                    items.append(content.items)
                    ends.append(ends[-1] + content.length)
        return _Tape(np.concatenate(frames), np.concatenate(keys), np.concatenate(items), np.array(ends))

    def _stretches(self, tape: _Tape, count: int) -> tuple[Positions, Positions, Positions, Positions, int]:
        """Choose what recordings are made of: begin on the tape, length, and place; where each begins, and the end."""

        whole = TRACK_S * SAMPLE_RATE_HZ // HOP_SAMPLES
        lengths = self.chance.integers(140, 570, (count, whole // 140 + 1))
        ends = np.minimum(np.cumsum(lengths, axis=1), whole)
        lengths = np.diff(ends, axis=1, prepend=0)
        pieces = self.chance.integers(0, tape.pieces.size - 1, lengths.shape)
        room = np.diff(tape.pieces)[pieces] - lengths
        starts = tape.pieces[pieces] + (self.chance.random(lengths.shape) * room).astype(np.int64)
        begins = np.arange(count) * whole
        places = begins[:, None] + ends - lengths
        there = lengths > 0
        return starts[there], lengths[there], places[there], begins, count * whole

    def _spectra(self) -> None:

        folder = _folder(SPECTRA).folder
        table = self._table(self.size, [hashlib.sha256(b"").digest()] * self.size, 0, 2 * self.size)
        words = VECTORS * spectra.DIMENSIONS // 4
        table["start"] = words * np.arange(self.size)
        parts = (np.frombuffer(data, "<u4") for _, data in self.moves.tracks(self.size))
        # All in one file, as the service keeps so many once it has tidied up.
        name = _write_segment(folder.path, SPECTRA.name, table, words * self.size, 0, parts, [])
        self._commit(folder, name, table)
        self._finished(folder, SPECTRA, 3 * self.size)

    def _songs(self, melodies: Sequence[bytes]) -> None:

        folder = _folder(songs.FAMILY).folder
        near = self._vectors(melodies)
        digests = [hashlib.sha256(one).digest() for one in melodies]
        for first in range(0, self.size, AT_ONCE):
            count = min(AT_ONCE, self.size - first)
            rows = np.zeros((count, 1 + len(SIDES) * WINDOWS, DIMENSIONS), np.int8)
            for side, some in enumerate(near):
                like = some[self.chance.integers(0, len(some), (count, WINDOWS))]
                mixed = like + self.chance.normal(0, 8, like.shape)
                mixed *= 127 / np.linalg.norm(mixed, axis=2, keepdims=True)
                rows[:, 1 + side * WINDOWS : 1 + (side + 1) * WINDOWS] = np.rint(mixed)
            if self.size <= LIKE_PGVECTOR:
                _copy(self.ids(first, first + count), rows[:, 1:])
            items = rows.view("<u4").astype(np.uint32)
            items[:, 0, 0] = WINDOWS
            empty = np.zeros(0, np.uint32), np.zeros(0, np.int64)
            enrolled = [
                Enrolled(
                    id,
                    first + number + 1,
                    0,
                    digests[(first + number + 1) % len(melodies)],
                    Content(*empty, items[number].size, items[number].reshape(-1)),
                )
                for number, id in enumerate(self.ids(first, first + count))
            ]
            name = segments.build(folder.path, songs.FAMILY.name, enrolled)
            self._commit(folder, name, folder_table(folder, name))
            while folder.tidy():
                pass
        self._finished(folder, songs.FAMILY, self.size)

    def _vectors(self, melodies: Sequence[bytes]) -> list[NDArray[np.float64]]:

        made = [window for one in melodies[::4] for window in embedding.windows(Melody.from_bytes(one))]
        return [np.stack([one.vector for one in made if one.side == side]).astype(np.float64) for side in SIDES]


def folder_table(folder: Folder, name: str) -> NDArray[np.void]:
    """Return the table of a segment that no manifest names yet."""

    return Segment(folder.path / name).table.copy()


def _items(tape: _Tape, starts: Positions, lengths: Positions) -> Iterator[Hashes]:

    for begin in range(0, starts.size, 1 << 14):
        some = slice(begin, begin + (1 << 14))
        yield tape.items[ranges(starts[some], lengths[some])]


def _blocks(tape: _Tape, starts: Positions, lengths: Positions, places: Positions) -> Iterator[tuple[Hashes, Hashes]]:
    """Give all postings sorted by key, a first byte at a time: what each stretch has of that byte."""

    order = np.argsort(starts)
    starts, lengths, moved = starts[order], lengths[order], (places - starts)[order]
    for byte in range(256):
        mine = np.flatnonzero(tape.keys >> np.uint32(24) == byte)
        frames, keys = tape.frames[mine], tape.keys[mine]
        first = np.searchsorted(frames, starts)
        counts = np.searchsorted(frames, starts + lengths) - first
        which = ranges(first, counts)
        found = frames[which] + np.repeat(moved, counts)
        both = keys[which].astype(np.uint64) << np.uint64(32) | found.astype(np.uint64)
        both.sort()
        yield (both >> np.uint64(32)).astype(np.uint32), both.astype(np.uint32)


def _copy(ids: Sequence[UUID], rows: NDArray[np.int8]) -> None:

    with (
        connections["owner"].cursor() as cursor,
        cursor.copy(
            "COPY fingerprint_embedding (reference_id, algorithm, start_ms, end_ms, vector) FROM STDIN"
        ) as copy,
    ):
        for id, vectors in zip(ids, rows, strict=True):
            for number, vector in enumerate(vectors.tolist()):
                side, window = SIDES[number // WINDOWS], number % WINDOWS
                copy.write_row(
                    (str(id), embedding.algorithm(side), window * 22_500, window * 22_500 + 45_000, str(vector))
                )


_ROWS = (
    "INSERT INTO fingerprint_audio VALUES (repeat('0', 64), 'audio/wav', 'pcm', 1, 240000, 44100, 2, now())",
    (
        "INSERT INTO fingerprint_reference (id, audio_id, enrolled_at)"
        " SELECT lpad(to_hex(n), 32, '0')::uuid, repeat('0', 64), now() FROM generate_series(1, %(size)s) n"
    ),
    (
        "INSERT INTO fingerprint_fingerprint (reference_id, algorithm, data)"
        " SELECT lpad(to_hex(n), 32, '0')::uuid, %(harmony)s, '' FROM generate_series(1, %(size)s) n ORDER BY n"
    ),
    (
        "INSERT INTO fingerprint_fingerprint (reference_id, algorithm, data)"
        " SELECT lpad(to_hex(n), 32, '0')::uuid, %(marks)s, '' FROM generate_series(1, %(size)s) n ORDER BY n"
    ),
    (
        "INSERT INTO fingerprint_fingerprint (reference_id, algorithm, data)"
        " SELECT lpad(to_hex(n), 32, '0')::uuid, %(spectra)s, '' FROM generate_series(1, %(size)s) n ORDER BY n"
    ),
    (
        "INSERT INTO fingerprint_melody (reference_id, algorithm, data)"
        " SELECT lpad(to_hex(n), 32, '0')::uuid, %(melody)s, data"
        " FROM generate_series(1, %(size)s) n JOIN pool ON number = n %% %(pool)s ORDER BY n"
    ),
)
