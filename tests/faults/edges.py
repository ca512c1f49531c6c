"""The outer edges, with a fault at one call: before it happened, or after it had in truth happened."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import av
import psycopg
import pytest
from django.core.files.storage import FileSystemStorage, Storage
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from ledger import identity


class Killed(BaseException):
    """Ends a worker without a word, as a signal would: nothing below catches it."""


@dataclass
class Fault:
    """What goes wrong, once: at which call, and whether the call had in truth happened."""

    happened: bool
    at_call: int = 1
    error: BaseException | None = None
    calls: int = 0

    def raises(self) -> BaseException:
        """Return what is raised."""
        return self.error or OSError(errno.EIO, "the edge is away")

    def is_due(self) -> bool:
        """Count a call, and say whether it is the one that fails."""
        self.calls += 1
        return self.calls == self.at_call

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Return the call with its fault."""

        def call(*args: Any, **kwargs: Any) -> Any:
            if not self.is_due():
                return real(*args, **kwargs)
            if self.happened:
                real(*args, **kwargs)
            raise self.raises()

        return call


# --- the decoder


class _Container:
    """A container whose packets all come, and then the read fails."""

    def __init__(self, real: Any, fault: Fault) -> None:
        self.real, self.fault = real, fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def __enter__(self) -> Self:
        self.real.__enter__()
        return self

    def __exit__(self, *why: object) -> None:
        self.real.__exit__(*why)

    def demux(self, *streams: Any) -> Iterator[Any]:
        yield from self.real.demux(*streams)
        raise self.fault.raises()


def decoder(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    """Let the decoder fail as it opens, or after its last packet."""
    real = av.open

    def opened(*args: Any, **kwargs: Any) -> Any:
        if not fault.is_due():
            return real(*args, **kwargs)
        if fault.happened:
            return _Container(real(*args, **kwargs), fault)
        raise fault.raises()

    monkeypatch.setattr(av, "open", opened)


def holding(monkeypatch: pytest.MonkeyPatch, meet: Callable[[], None]) -> None:
    """Hold whoever decodes for the first time in its thread."""
    real = av.open

    def opened(*args: Any, **kwargs: Any) -> Any:
        meet()
        return real(*args, **kwargs)

    monkeypatch.setattr(av, "open", opened)


# --- the signer


def signer(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    """Let the key refuse, or its answer be lost."""
    at = timezone.now()
    whole = identity.signer(at=at)
    broken = replace(whole, identity=replace(whole.identity, sign=fault.around(whole.identity.sign)))
    monkeypatch.setattr(identity, "_READ", dict.fromkeys(identity._READ, broken))


# --- the store


class ObjectStore(Storage):
    """A store that is no folder of ours: each call may fail, or its answer be lost."""

    fault: ClassVar[Fault | None] = None

    def __init__(self, location: str) -> None:
        self.folder = FileSystemStorage(location=location)

    def exists(self, name: str) -> bool:
        return self.folder.exists(name)

    def size(self, name: str) -> int:
        return self.folder.size(name)

    def listdir(self, path: str) -> Any:
        return self.folder.listdir(path)

    def delete(self, name: str) -> None:
        self.folder.delete(name)

    def _open(self, name: str, mode: str = "rb") -> Any:
        return self.folder.open(name, mode)

    def _save(self, name: str, content: Any) -> str:
        save = self.folder.save if ObjectStore.fault is None else ObjectStore.fault.around(self.folder.save)
        return str(save(name, content))


def object_store(settings: Any, folder: Path) -> None:
    """Keep audio in an object store."""
    settings.STORAGES = {
        **settings.STORAGES,
        "audio": {"BACKEND": "tests.faults.edges.ObjectStore", "OPTIONS": {"location": str(folder)}},
    }


def store(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    """Let a write to the object store fail."""
    monkeypatch.setattr(ObjectStore, "fault", fault)


# --- the database


def commit(monkeypatch: pytest.MonkeyPatch, fault: Fault, *, using: str = "default") -> None:
    """Lose the connection just before a commit, or just after it, before the answer is heard."""
    real = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def committed(self: BaseDatabaseWrapper) -> None:
        if self.alias != using or not fault.is_due():
            real(self)
            return
        if fault.happened:
            real(self)
            raise OperationalError("server closed the connection unexpectedly")
        terminate(self)
        real(self)

    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", committed)


def terminate(wrapper: BaseDatabaseWrapper) -> None:
    """End a connection from the other side, as a failing server would."""
    parameters = connections["owner"].get_connection_params()
    where = {name: str(parameters[name]) for name in ("host", "port", "user", "dbname") if parameters.get(name)}
    with psycopg.connect(make_conninfo(**where), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (wrapper.connection.info.backend_pid,))
