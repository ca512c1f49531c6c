"""What a fixture puts on record is made once by its use cases, and put back as it was when the next test begins so."""

from __future__ import annotations

import copy
import copyreg
import functools
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from http.cookies import SimpleCookie
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connections
from django.test import Client
from django.utils import timezone

from fingerprint import index
from tests import database
from tests.database import Rows

Made = TypeVar("Made", bound=Callable[..., Any])

GOOD_FOR_S = 1_200  # tokens are good for an hour, and a test may take a while


@dataclass(frozen=True)
class _State:
    """Everything that a fixture left, in the database and beside it."""

    rows: Rows
    files: dict[str, bytes]  # of the audio store
    checkpoint: bytes | None
    on: date
    since: float
    given: tuple[Any, ...]
    value: Any

    def is_good(self) -> bool:
        """Whether it is as good as made now: it says today, and its tokens are valid for long."""
        return self.on == timezone.now().date() and time.monotonic() - self.since < GOOD_FOR_S


# The fixtures one after the other, since the database was emptied → what was there then.
_states: dict[tuple[str, ...], _State] = {}


def _signed_in(cookies: SimpleCookie, defaults: dict[str, Any]) -> Client:
    client = Client()
    client.cookies, client.defaults = cookies, defaults
    return client


# A browser is copied with its cookies; what it sends its requests through is made anew.
copyreg.pickle(Client, lambda client: (_signed_in, (client.cookies, client.defaults)))


def remembered(make: Made) -> Made:
    """
    Let a fixture's work be done once in a process, and be put back for every other test that begins in the same way.

    Only where nothing but such fixtures has written since the database was emptied, which is asked of the database;
    else, and the first time, the fixture runs. It may write to the database and to the audio store, and may return
    what can be copied; it must not change what it is given.
    """
    name = f"{make.__module__}.{make.__qualname__}"
    parameters = inspect.signature(make).parameters

    @functools.wraps(make)
    def remember(*args: Any, **kwargs: Any) -> Any:
        given = tuple({**dict(zip(parameters, args, strict=False)), **kwargs}.values())
        before = database.story.so_far()
        if before is None:
            return make(*args, **kwargs)
        story = (*before, name)
        state = _states.get(story)
        if state is None or not state.is_good():
            value = make(*args, **kwargs)
            for later in [one for one in _states if one[: len(story)] == story]:
                del _states[later]  # they go on from what is made anew here
            _states[story] = _keep(given, value, since=_states[before].since if before else time.monotonic())
        else:
            value = _put_back(state, given, is_empty=not before)
        database.story.goes_on(story)
        return value

    return cast("Made", remember)


def _keep(given: tuple[Any, ...], value: Any, *, since: float) -> _State:
    """Keep what is there. It is as old as what it rests on: the tokens of that are in it, too."""
    file = settings.LEDGER_CHECKPOINT_FILE
    return _State(
        rows=database.rows(),
        files={name: _read(name) for name in _stored()},
        checkpoint=file.read_bytes() if file.exists() else None,
        on=timezone.now().date(),
        since=since,
        given=given,
        value=copy.deepcopy(value, {id(each): each for each in given}),
    )


def _put_back(state: _State, given: tuple[Any, ...], *, is_empty: bool) -> Any:
    database.put_back(state.rows, is_empty=is_empty)
    index.forget()
    storage = storages["audio"]
    for name, content in state.files.items():
        if not storage.exists(name):
            storage.save(name, ContentFile(content))
    if state.checkpoint is not None:
        settings.LEDGER_CHECKPOINT_FILE.parent.mkdir(parents=True, exist_ok=True)
        settings.LEDGER_CHECKPOINT_FILE.write_bytes(state.checkpoint)
    # What it was given then is now what it is given now.
    same = {id(then): now for then, now in zip(state.given, given, strict=True)}
    return copy.deepcopy(state.value, same)


def _stored() -> list[str]:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT digest FROM fingerprint_audio ORDER BY digest")
        return [f"{digest[:2]}/{digest[2:4]}/{digest}" for (digest,) in cursor.fetchall()]


def _read(name: str) -> bytes:
    with storages["audio"].open(name) as stored:
        return bytes(stored.read())
