"""How a run's files are written: the same content gives the same bytes. Pure but for the files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 131_072  # of a row group, and how many lines are in hand at once


class FileChanged(Exception):
    """A file of the run is not the one that was frozen: take it from a backup, or start the run again."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def checked(folder: Path, name: str, digests: Mapping[str, str]) -> Path:
    """
    Return the path of a file that is as it was frozen.

    :raises FileChanged: it is missing, or has other bytes
    """
    path = folder / name
    if name not in digests:
        raise FileChanged(f"{FileChanged.__doc__} Nothing called {name} was frozen.")
    if not path.is_file():
        raise FileChanged(f"{FileChanged.__doc__} {name} is missing.")
    if sha256_of(path) != digests[name]:
        raise FileChanged(f"{FileChanged.__doc__} {name} has other bytes.")
    return path


def canonical(document: object) -> bytes:
    """Return RFC 8785 bytes of a document of strings and small whole numbers with ASCII keys, as a run's are."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


@contextmanager
def writer(
    path: Path, schema: pa.Schema, *, plain: Sequence[str] = (), packed: Sequence[str] = ()
) -> Iterator[pq.ParquetWriter]:
    """
    Open a Parquet file for writing: every setting that its bytes depend on is said here.

    :param plain: columns whose values hardly repeat, so that a dictionary of them would be as long as they are
    :param packed: such columns of whole numbers near each other, which are written as their differences
    """
    settings: dict[str, Any] = {
        "version": "2.6",
        "data_page_version": "2.0",
        "compression": {name: "none" if name in packed else "zstd" for name in schema.names},
        "compression_level": {name: 1 for name in schema.names if name not in packed},
        "use_dictionary": [name for name in schema.names if name not in {*plain, *packed}],
        "column_encoding": dict.fromkeys(packed, "DELTA_BINARY_PACKED"),
        "write_statistics": True,
        "store_schema": False,  # what Arrow would add changes with its release
        "data_page_size": 1 << 20,
        "write_batch_size": 1 << 16,
    }
    with pq.ParquetWriter(path, schema, **settings) as opened:
        yield opened
