"""
The log as static files (c2sp.org/tlog-tiles): what a server answers with, and what a folder that is mirrored holds.

    checkpoint
    tile/<L>/<N>[.p/<W>]          hashes
    tile/entries/<N>[.p/<W>]      the entries themselves, where they are public

Hashes are public. Entries hold no personal data, but who decided what, and what was earned, is between those whom it
concerns: they are published only where the operator says so (``LEDGER_PUBLISH_ENTRIES``), and given to whoever sees
everything.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger import checkpoints, merkle, notes, sequencer
from ledger.models import Leaf, Tile

MAX_LEVEL: Final = 63
ENTRIES: Final = "entries"
PATH: Final = re.compile(
    r"(?P<level>0|[1-9][0-9]?|entries)/(?P<n>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)
TILES_AT_ONCE: Final = 64


class NoSuchTile(Exception):
    """There is no such tile, or not yet."""


class PublishedFork(Exception):
    """The folder holds a checkpoint that this log does not extend: nothing was written."""


@dataclass(frozen=True)
class Place:
    """Which tile, or which bundle of entries, is meant by a path."""

    level: int | None  # None: entries
    n: int
    width: int

    @classmethod
    def from_path(cls, path: str) -> Place:
        """
        Read `<L>/<N>[.p/<W>]`.

        :raises NoSuchTile: another path, also one that only spells a right one otherwise
        """
        found = PATH.fullmatch(path)
        if found is None:
            raise NoSuchTile(NoSuchTile.__doc__)
        level = None if found["level"] == ENTRIES else int(found["level"])
        n = int(found["n"].replace("x", "").replace("/", ""))
        width = merkle.TILE_WIDTH if found["width"] is None else int(found["width"])
        place = cls(level, n, width)
        if (level or 0) > MAX_LEVEL or place.path != path or (found["width"] and width >= merkle.TILE_WIDTH):
            raise NoSuchTile(NoSuchTile.__doc__)
        return place

    @property
    def path(self) -> str:
        """Return the path below `tile/`."""
        level = ENTRIES if self.level is None else str(self.level)
        return merkle.tile_path(level, self.n, self.width).removeprefix("tile/")


def read(place: Place) -> bytes:
    """
    Return what is published at a place.

    :raises NoSuchTile: the tree has none there, or none as wide
    """
    size, tiles = _tree()
    if place.n * merkle.TILE_WIDTH + place.width > size >> merkle.TILE_HEIGHT * (place.level or 0):
        raise NoSuchTile(NoSuchTile.__doc__)
    return _bundle(place.n, place.width) if place.level is None else _tile(place, tiles)


def places(old_size: int, size: int, *, entries: bool) -> Iterator[Place]:
    """Return what has to be written for a tree to grow: full tiles that were not there, and what is partial now."""
    levels: list[int | None] = [*range(MAX_LEVEL + 1), *([None] if entries else [])]
    for level in levels:
        before, now = (one >> merkle.TILE_HEIGHT * (level or 0) for one in (old_size, size))
        if not now:
            continue
        for n in range(before // merkle.TILE_WIDTH, now // merkle.TILE_WIDTH):
            yield Place(level, n, merkle.TILE_WIDTH)
        if rest := now % merkle.TILE_WIDTH:
            yield Place(level, now // merkle.TILE_WIDTH, rest)


@dataclass(frozen=True)
class Published:
    """What came of publishing: from which size to which, and how many files that took."""

    old_size: int
    size: int
    files: int


def publish(folder: Path, *, entries: bool) -> Published:
    """
    Write the log into a folder, as far as it is not there yet, and its checkpoint last.

    It may be stopped at any moment and run again: until the checkpoint is replaced, readers see the tree as it was.

    :raises NoCheckpoint: nothing was sequenced yet
    :raises PublishedFork: the folder holds a checkpoint that this log does not extend
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        head = checkpoints.shown()
        note = checkpoints.note_of(head)
        _, tiles = _tree()
        kept = _kept(folder, tiles)
        old_size = kept.size if kept else 0
        if old_size > head.size:  # cosigned ones come late: the folder never goes back
            return Published(old_size, old_size, 0)
        if kept and not entries and (folder / "tile" / ENTRIES).exists():
            raise PublishedFork("The folder holds entries, and they are not to be published: empty it first.")
        if kept and entries and not (folder / "tile" / ENTRIES).exists():
            old_size = 0  # as if nothing was there: what is written anew is the same
        files = 0
        for place in places(old_size, head.size, entries=entries):
            data = _bundle(place.n, place.width) if place.level is None else _tile(place, tiles)
            _write(folder / "tile" / place.path, data)
            files += 1
        _write(folder / "checkpoint", note.encode())
        _drop_partial(folder, old_size, head.size, entries=entries)
        return Published(kept.size if kept else 0, head.size, files)


def _kept(folder: Path, tiles: merkle.Tiles) -> notes.Checkpoint | None:
    file = folder / "checkpoint"
    if not file.exists():
        return None
    try:
        kept = notes.open_checkpoint(file.read_text(), *checkpoints.public_keys())
    except (
        UnicodeDecodeError,
        notes.NotANote,
        notes.SignatureFails,
        notes.NotSigned,
        notes.NotACheckpoint,
        notes.WrongOrigin,
    ) as error:
        raise PublishedFork(f"{file} is not a checkpoint of this log: {error}") from error
    try:
        is_ours = merkle.root(kept.size, tiles) == kept.root
    except (merkle.TileTooShort, NoSuchTile):
        is_ours = False
    if not is_ours:
        raise PublishedFork(f"{PublishedFork.__doc__} It names {kept.size:,} entries.")
    return kept


def _tree() -> tuple[int, merkle.Tiles]:
    newest, tiles = sequencer.tree()
    return newest.size, tiles


def _tile(place: Place, tiles: merkle.Tiles) -> bytes:
    try:
        data = tiles(place.level or 0, place.n)[: place.width * merkle.HASH_BYTES]
    except Tile.DoesNotExist as error:
        raise NoSuchTile(NoSuchTile.__doc__) from error
    if len(data) != place.width * merkle.HASH_BYTES:
        raise NoSuchTile(NoSuchTile.__doc__)
    return data


def _bundle(n: int, width: int) -> bytes:
    first = n * merkle.TILE_WIDTH
    rows = Leaf.objects.filter(index__gte=first, index__lt=first + width).order_by("index")
    bodies = [bytes(body) for body in rows.values_list("entry__body", flat=True)]
    if len(bodies) != width:
        raise NoSuchTile(NoSuchTile.__doc__)
    return merkle.entry_bundle(bodies)


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(file.name + ".new")
    with temporary.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    temporary.replace(file)


def _drop_partial(folder: Path, old_size: int, size: int, *, entries: bool) -> None:
    """Remove partial tiles whose full tile is there now."""
    for place in places(old_size, size, entries=entries):
        if place.width == merkle.TILE_WIDTH:
            file = folder / "tile" / place.path
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(file.with_name(file.name + ".p"))
