"""
Bytes by their SHA-256, in whatever Django's storage alias ``audio`` is: a folder here, an object store
elsewhere. Other bytes lie in the same way under an alias of their own.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

CHUNK = 1024 * 1024
AUDIO = "audio"  # the alias of what this package examines
_INCOMING = ".incoming-"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class NoSuchAudio(Exception):
    """The store holds no bytes with this digest."""


class BytesChanged(Exception):
    """The stored bytes are not those of their digest: restore them from a backup."""


def _storage(alias: str = AUDIO) -> Storage:
    return storages[alias]


def _name(digest: str) -> str:
    # Two levels of folders: a million files in one would be slow to list.
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read in pieces."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def put(path: Path, *, alias: str = AUDIO) -> str:
    """Store a file's bytes and return their digest; the same bytes again change nothing."""
    digest, storage = digest_of(path), _storage(alias)
    if storage.exists(_name(digest)):
        return digest
    if isinstance(storage, FileSystemStorage):
        target = Path(storage.path(_name(digest)))
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=_INCOMING)
        try:
            with os.fdopen(handle, "wb") as written, path.open("rb") as source:
                shutil.copyfileobj(source, written, CHUNK)
                written.flush()
                os.fsync(written.fileno())
            Path(temporary).replace(target)  # never a half-written file under a digest
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    else:
        with path.open("rb") as source:
            storage.save(_name(digest), File(source))
    return digest


def open(digest: str, *, alias: str = AUDIO) -> IO[Any]:
    """
    Open the bytes for reading.

    :raises NoSuchAudio: the store has none with this digest
    """
    try:
        return _storage(alias).open(_name(digest), "rb")
    except FileNotFoundError as error:
        raise NoSuchAudio(digest) from error


@contextmanager
def local(digest: str, *, alias: str = AUDIO) -> Iterator[Path]:
    """
    Give a path to the bytes for as long as the body runs: the file itself, or a copy of what lies elsewhere.

    :raises NoSuchAudio: the store has none with this digest
    """
    storage = _storage(alias)
    if isinstance(storage, FileSystemStorage):
        path = Path(storage.path(_name(digest)))
        if not path.exists():
            raise NoSuchAudio(digest)
        yield path
        return
    with tempfile.NamedTemporaryFile() as copy, open(digest, alias=alias) as source:
        shutil.copyfileobj(source, copy, CHUNK)
        copy.flush()
        yield Path(copy.name)


def check(digest: str) -> None:
    """
    Read the stored bytes and compare them with their digest.

    :raises NoSuchAudio: the store has none with this digest
    :raises BytesChanged: they are others than were stored
    """
    with local(digest) as path:
        if digest_of(path) != digest:
            raise BytesChanged(digest)


def holds(digest: str, *, alias: str = AUDIO) -> bool:
    """Whether the store has bytes with this digest."""
    return _storage(alias).exists(_name(digest))


def discard(digest: str, *, alias: str = AUDIO) -> bool:
    """Remove the bytes with this digest; return whether there were some. Whether anybody needs them is the caller's."""
    storage = _storage(alias)
    if not storage.exists(_name(digest)):
        return False
    storage.delete(_name(digest))
    return True


def digests(*, stored_before: datetime, alias: str = AUDIO) -> Iterator[str]:
    """Go through the digests of everything that was stored before a moment."""
    storage = _storage(alias)
    for first in _folders(storage, ""):
        for second in _folders(storage, first):
            for name in storage.listdir(f"{first}/{second}")[1]:
                if _DIGEST.fullmatch(name) and storage.get_modified_time(_name(name)) < stored_before:
                    yield name


def discard_unfinished(*, stored_before: datetime, alias: str = AUDIO) -> int:
    """Remove what a process that died had begun to store before a moment; return how many files."""
    storage = _storage(alias)
    if not isinstance(storage, FileSystemStorage):
        return 0  # elsewhere an upload is whole or not there
    unfinished = [
        path
        for path in Path(storage.location).rglob(f"{_INCOMING}*")
        if path.stat().st_mtime < stored_before.timestamp()
    ]
    for path in unfinished:
        path.unlink(missing_ok=True)
    return len(unfinished)


def _folders(storage: Storage, under: str) -> list[str]:
    try:
        return sorted(storage.listdir(under)[0])
    except FileNotFoundError:
        return []
