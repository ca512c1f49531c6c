"""
References as songs: what they play, kept beside them, and where candidates for versions are looked up.

The tables are the truth. Vectors are looked up in files made of them, as fingerprints are (`fingerprint.index`): every
vector is looked at, so that an examination can be repeated.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db.models import BinaryField, Exists, F, Func, OuterRef, QuerySet
from numpy.typing import NDArray

from fingerprint import audio, embedding, index, melody, snapshots, store, vectors
from fingerprint.audio import AudioFacts
from fingerprint.embedding import SIDES, Side, Window
from fingerprint.melody import Ear, Melody
from fingerprint.models import Embedding, Reference
from fingerprint.models import Melody as Kept
from fingerprint.postings import Family
from fingerprint.segments import Damaged, View
from fingerprint.versions import Near

_REPAIRS: Final = 8  # before a disk is given up

# What PostgreSQL sends of a reference: the digest of its melody, and the vectors that are committed with it.
_SENT: Final = Func(
    Func(F("data"), function="sha256", output_field=BinaryField()),
    Func(
        F("reference_id"),
        template=(
            "(SELECT int4send(count(*) FILTER (WHERE algorithm = '%(first)s')::integer)"
            " || coalesce(string_agg(halfvec_send(vector), '' ORDER BY algorithm = '%(second)s', start_ms), '')"
            " FROM fingerprint_embedding"
            " WHERE reference_id = %(expressions)s AND algorithm IN ('%(first)s', '%(second)s'))"
        ),
        first=embedding.algorithm(SIDES[0]),
        second=embedding.algorithm(SIDES[1]),
        output_field=BinaryField(),
    ),
    template="(%(expressions)s)",
    arg_joiner=" || ",
    output_field=BinaryField(),
)

# Its names are those of the melodies, by which examinations call what they were made against.
FAMILY: Final = Family(
    melody.ALGORITHM,
    vectors.read,
    has_items=True,
    digest=vectors.digest,
    folder=f"songs-{melody.ALGORITHM}-{embedding.ALGORITHM}",
)


def _known() -> QuerySet[Kept]:
    return Kept.objects.filter(algorithm=melody.ALGORITHM)


index.keep(FAMILY, index.Source(_known, "reference_id", "reference__enrolled_at", _SENT))


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
    """Insert what a reference plays; the caller holds the transaction, since the index takes all of it or nothing."""
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

    def __init__(self, view: View) -> None:
        self._view = view

    @property
    def snapshot(self) -> str:
        """Name the content."""
        return self._view.snapshot

    def __len__(self) -> int:
        return len(self._view)

    def nearest(self, side: Side, asked: NDArray[np.int16], count: int) -> list[list[Near]]:
        """Return the nearest windows of each vector: of the rows that make up this catalogue, whatever came since."""
        return vectors.nearest(self._view, side, asked, count)

    def melodies(self, ids: Sequence[UUID]) -> Mapping[UUID, Melody]:
        """
        Return what references play.

        :raises NotAMelody: what is stored cannot be read
        """
        rows = _known().filter(reference__in=ids).values_list("reference_id", "data")
        songs = {id: Melody.from_bytes(bytes(data)) for id, data in rows}
        return {id: songs[id] for id in ids if id in songs}


def current() -> Catalogue:
    """
    Return the catalogue that is committed now.

    :raises NotWhole: a vector in the database is none of ours
    """
    return Catalogue(_whole())


def as_at(snapshot: str) -> Catalogue:
    """
    Return the catalogue as it was when it had this name: an examination is repeated against what it was made against.

    :raises SnapshotLost: it never had, or rows have come since under older numbers
    :raises NotWhole: a vector in the database is none of ours
    """
    view = _whole()
    total = view.sum()
    # From the newest, whose examinations are repeated most.
    rows = view.enrolled()
    for size in range(len(rows), -1, -1):
        if snapshots.name(total, size) == snapshot:
            return Catalogue(view.only(partial(_up_to, rows[size - 1][0] if size else 0)))
        if size:
            total -= snapshots.of_references([rows[size - 1][1:]], melody.ALGORITHM)
    raise SnapshotLost


def _up_to(last_row: int, table: NDArray[Any]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = table["row"] <= last_row
    return found


def _whole() -> View:
    """
    Return everything, proven to be what was written: a vector that was changed on the disk would be believed.

    :raises Damaged: it is damaged again and again
    """
    for _ in range(_REPAIRS):
        view = index.current(FAMILY)
        with contextlib.suppress(Damaged):  # it is set aside when the index is asked again
            for segment in view.segments:
                segment.prove()
            return view
    raise Damaged(FAMILY.folder, "it is damaged again and again: look at the disk")
