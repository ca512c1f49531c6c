"""References as songs: what they play, kept beside them, and where candidates for versions are looked up."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import BinaryField, Exists, F, Func, OuterRef, QuerySet
from numpy.typing import NDArray
from pgvector import HalfVector

from fingerprint import audio, embedding, melody, snapshots, store
from fingerprint.audio import AudioFacts
from fingerprint.embedding import Side, Window
from fingerprint.melody import Ear, Melody
from fingerprint.models import Embedding, Reference
from fingerprint.models import Melody as Kept
from fingerprint.versions import Near

# Exact: every vector is looked at, so that an examination can be replayed. See the report for what it costs.
_NEAREST: Final = (
    (
        "SELECT reference_id, -(vector <#> %s::halfvec)::bigint AS likeness FROM fingerprint_embedding"
        " WHERE algorithm = %s"
    ),
    " ORDER BY likeness DESC, reference_id, start_ms LIMIT %s",
)
_AS_AT: Final = " AND reference_id IN (SELECT reference_id FROM fingerprint_melody WHERE algorithm = %s AND id <= %s)"

_lock = threading.Lock()
_held: tuple[int, int, snapshots.Sum] | None = None  # highest row, rows, sum


class SnapshotLost(Exception):
    """There are no songs of this name: rows came late, or the database is another one."""

    def __str__(self) -> str:
        return self.__doc__ or ""


@dataclass(frozen=True)
class Song:
    """What a reference is kept with, so that versions of it are found."""

    melody: Melody
    windows: tuple[Window, ...]


def hear(facts: AudioFacts) -> Song:
    """
    Listen to stored audio as to a song.

    :raises CorruptAudio: the audio breaks off or cannot be decoded
    :raises WeightsChanged: the network's weights are not those of this release
    """
    ear = Ear()
    with store.local(facts.digest) as path:
        for block in audio.decode(path, facts.media_type, melody.RATE_HZ):
            ear.feed(block)
    return of(ear.melody())


def of(heard: Melody) -> Song:
    """
    Embed what was heard.

    :raises WeightsChanged: the network's weights are not those of this release
    """
    return Song(heard, tuple(embedding.windows(heard)))


def keep(reference_id: UUID, song: Song) -> None:
    """Insert what a reference plays."""
    Kept.objects.create(reference_id=reference_id, algorithm=melody.ALGORITHM, data=song.melody.to_bytes())
    Embedding.objects.bulk_create(
        Embedding(
            reference_id=reference_id,
            algorithm=window.algorithm,
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            vector=window.vector.tolist(),
        )
        for window in song.windows
    )


def unheard() -> QuerySet[Reference]:
    """Return the references of which this release does not know what they play, oldest first."""
    heard = Kept.objects.filter(reference=OuterRef("pk"), algorithm=melody.ALGORITHM)
    return Reference.objects.filter(~Exists(heard)).order_by("enrolled_at", "id")


class Catalogue:
    """All references that were heard with this release's features, or those up to a row."""

    def __init__(self, snapshot: str, size: int, last_row: int | None = None) -> None:
        self._snapshot, self._size, self._last_row = snapshot, size, last_row

    @property
    def snapshot(self) -> str:
        """Name the content."""
        return self._snapshot

    def __len__(self) -> int:
        return self._size

    def nearest(self, side: Side, vectors: NDArray[np.int16], count: int) -> list[list[Near]]:
        """Return the nearest windows of each vector."""
        found: list[list[Near]] = []
        limits: list[str | int] = [] if self._last_row is None else [melody.ALGORITHM, self._last_row]
        statement = (_AS_AT if limits else "").join(_NEAREST)
        with connection.cursor() as cursor:
            for vector in vectors:
                asked = HalfVector(vector.tolist()).to_text()
                cursor.execute(statement, [asked, embedding.algorithm(side), *limits, count])
                found.append([Near(reference_id, likeness) for reference_id, likeness in cursor.fetchall()])
        return found

    def melodies(self, ids: Sequence[UUID]) -> Mapping[UUID, Melody]:
        """
        Return what references play.

        :raises NotAMelody: what is stored cannot be read
        """
        rows = Kept.objects.filter(algorithm=melody.ALGORITHM, reference__in=ids).values_list("reference_id", "data")
        songs = {id: Melody.from_bytes(bytes(data)) for id, data in rows}
        return {id: songs[id] for id in ids if id in songs}


def current() -> Catalogue:
    """
    Return the catalogue that is committed now.

    Its name is kept up per process: only what came since the last call is read, unless rows are missing (another
    database, an emptied one) or came late under an older number.
    """
    global _held  # noqa: PLW0603 - one sum per process is the point
    rows = Kept.objects.filter(algorithm=melody.ALGORITHM).order_by("id")
    with _lock:
        count = rows.count()
        highest, held, total = _held or (0, 0, snapshots.nothing())
        fresh = _contents(rows.filter(id__gt=highest))
        if held + len(fresh) != count or (highest and not rows.filter(id=highest).exists()):
            total, fresh = snapshots.nothing(), _contents(rows)
            highest = 0
        total = total + snapshots.of_references(((id, content) for _, id, content in fresh), melody.ALGORITHM)
        _held = (fresh[-1][0] if fresh else highest, count, total)
        return Catalogue(snapshots.name(total, count), count)


def as_at(snapshot: str) -> Catalogue:
    """
    Return the catalogue as it was when it had this name: an examination is repeated against what it was made against.

    :raises SnapshotLost: it never had, or rows have come since under older numbers
    """
    now = current()
    if now.snapshot == snapshot:
        return now
    total = snapshots.nothing()
    if snapshots.name(total, 0) == snapshot:
        return Catalogue(snapshot, 0, 0)
    rows = Kept.objects.filter(algorithm=melody.ALGORITHM).order_by("id")
    for size, (row, id, content) in enumerate(_contents(rows), start=1):
        total = total + snapshots.of_references([(id, content)], melody.ALGORITHM)
        if snapshots.name(total, size) == snapshot:
            return Catalogue(snapshot, size, row)
    raise SnapshotLost


def _contents(rows: QuerySet[Kept]) -> list[tuple[int, UUID, bytes]]:
    found = rows.annotate(content=Func(F("data"), function="sha256", output_field=BinaryField())).values_list(
        "id", "reference_id", "content"
    )
    return [(row, id, bytes(content)) for row, id, content in found]


def forget() -> None:
    """Drop what this process holds: after rows were taken away, which only a restore or a test does."""
    global _held  # noqa: PLW0603 - see above
    with _lock:
        _held = None
