"""Stores that lie elsewhere than in the data folder, such as in an object store, as a file of the operator says."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

MOST_BYTES: Final = 1024 * 1024
_MEMBERS: Final = {"BACKEND", "OPTIONS"}


def read(file: Path, *, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """
    Return what a file says of some stores, as Django's ``STORAGES`` has it.

    It is JSON: ``{"audio": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"bucket_name": "…"}}}``.

    :raises ImproperlyConfigured: it cannot be read, names a store that there is none of, or says something else of one
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise _wrong(file, f"it has more than {MOST_BYTES:,} bytes")
        found = json.loads(file.read_text())
    except OSError as error:
        raise _wrong(file, error.strerror or "it cannot be read") from error
    except ValueError as error:
        raise _wrong(file, f"it is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise _wrong(file, "it is no object of stores by their names")
    for name, said in found.items():
        if name not in names:
            raise _wrong(file, f"there is no store {name}; stores are {', '.join(sorted(names))}")
        if not isinstance(said, dict) or not isinstance(said.get("BACKEND"), str) or not set(said) <= _MEMBERS:
            raise _wrong(file, f"{name} has a BACKEND, the dotted path of a class, and OPTIONS, and nothing else")
        if not isinstance(said.get("OPTIONS", {}), dict):
            raise _wrong(file, f"OPTIONS of {name} are an object")
    return found


def _wrong(file: Path, why: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"LEDGER_STORES, {file}: {why}.")
