"""
The log files: one JSON object a line, and nothing personal or secret in it, whoever writes.

A line says what happened in words that stand in the code, with numbers, ids and names of programs put in. Texts that
come from outside (paths, names, what an exception quotes) are withheld, so an error is told by its class, the
constraint it met and the lines of code that it came through. Nothing here is the log of entries (`ledger.log`).
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor

OURS = frozenset({"ledger", "royalties", "provenance", "rights", "fingerprint"})
# Programs that are told of here, and whose sentences without gaps were written by programmers.
TRUSTED = frozenset({"celery", "kombu", "amqp", "_granian", "granian", "multiprocessing"})
WITHHELD = "(withheld)"
MOST_CAUSES = 5
MOST_FRAMES = 12

_PLAIN = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"  # an id
    r"|[0-9a-f]{12,64}"  # a digest
    r"|(?:ledger|royalties|provenance|rights|fingerprint)(?:\.[A-Za-z_]+)+"  # a task
)
_WORD = re.compile(r"[A-Za-z_][\w.:-]{0,79}")  # a class, a kind, a queue: what our own modules put in
_HEAD = re.compile(r"[:\n\"']")
_ROOT = Path(__file__).resolve().parent.parent


class Lines(logging.Formatter):
    """Turns records into lines: JSON for machines, or words for somebody at a terminal."""

    def __init__(self, *, is_text: bool = False) -> None:
        super().__init__()
        end: Processor = (
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
            if is_text
            else structlog.processors.JSONRenderer(ensure_ascii=False)
        )
        self._steps: tuple[Processor, ...] = (
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.contextvars.merge_contextvars,
            end,
        )

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: Any = _line(record)
        for step in self._steps:
            line = step(None, "", line)
        return str(line)


def about(**what: Any) -> None:
    """Say with each line from here on what it belongs to: a request, a task. `forget` ends it."""
    structlog.contextvars.bind_contextvars(**what)


def forget() -> None:
    """Say no longer what lines belong to."""
    structlog.contextvars.clear_contextvars()


def told(what: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a line says beside its sentence, for ``extra`` of one of our own loggers."""
    return {"told": dict(what)}


def _line(record: logging.LogRecord) -> EventDict:
    """Return what a line says: the sentence with what may be put in, and an error without its words."""
    line: EventDict = {"level": record.levelname.lower(), "logger": record.name, "event": _sentence(record)}
    if _is_ours(record.name):
        line.update(getattr(record, "told", {}))
    if record.exc_info and record.exc_info[1] is not None:
        line["error"] = error_of(record.exc_info[1], record.exc_info[2])
    return line


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in OURS


def _sentence(record: logging.LogRecord) -> str:
    ours = _is_ours(record.name)
    if not record.args:
        # Without gaps to fill, the sentence may be anything at all: an exception's own words, a warning about a value.
        if not isinstance(record.msg, str):
            return WITHHELD
        if record.name.partition(".")[0] in TRUSTED:
            return _HEAD.split(record.msg, maxsplit=1)[0]  # what follows may be put in, such as an exception's words
        return record.msg if ours else WITHHELD
    template = str(record.msg)
    given: Any = record.args
    shown: Any
    if isinstance(given, Mapping):
        shown = {key: _shown(value, ours=ours) for key, value in given.items()}
    else:
        shown = tuple(_shown(value, ours=ours) for value in given)
    try:
        return str(template % shown)
    except (TypeError, ValueError, KeyError):  # a gap for a number, and no number to show
        return template


def _shown(value: object, *, ours: bool) -> object:
    match value:
        case None | bool() | int() | float() | UUID() | datetime() | date() | timedelta():
            return value
        case Enum():
            return _shown(value.value, ours=ours)
        case BaseException():
            return _name(type(value))
        case str() if _PLAIN.fullmatch(value) or (ours and _WORD.fullmatch(value)):
            return value
    return WITHHELD


# --- Errors without their words -----------------------------------------------------------------------------


def error_of(error: BaseException, traceback: TracebackType | None) -> dict[str, Any]:
    """
    Return what may be told of an error: its class, where it was raised, what caused it.

    Not its message: that of a database quotes the row, that of a parser the file.
    """
    chain: list[dict[str, Any]] = []
    here: BaseException | None = error
    lines = traceback
    while here is not None and len(chain) < MOST_CAUSES:
        one: dict[str, Any] = {"class": _name(type(here)), "lines": _lines(lines)}
        if met := _met(here):
            one["database"] = met
        chain.append(one)
        here = here.__cause__ or (None if here.__suppress_context__ else here.__context__)
        lines = here.__traceback__ if here else None
    first, *causes = chain
    return first | ({"causes": causes} if causes else {})


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _lines(traceback: TracebackType | None) -> list[str]:
    found = []
    for frame, number in walk_tb(traceback):
        file = Path(frame.f_code.co_filename)
        inside = file.relative_to(_ROOT) if file.is_relative_to(_ROOT) else Path(*file.parts[-3:])
        found.append(f"{inside}:{number} {frame.f_code.co_name}")
    return found[-MOST_FRAMES:]


def _met(error: BaseException) -> dict[str, str]:
    """Return the names of the schema that a database's error is about: they are ours."""
    diagnosis = getattr(error, "diag", None)
    return {
        name: str(found)
        for name in ("sqlstate", "constraint_name", "table_name", "column_name")
        if (found := getattr(diagnosis, name, None))
    }


def at_a_terminal() -> bool:
    """Whether somebody sits before the lines."""
    return sys.stderr.isatty()
