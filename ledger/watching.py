"""
What somebody should see to: the parts that the service stands on, how far behind they are, and what is overdue.

The same is said on the Today page, by `manage.py check_operations`, at `/readyz` and in the metrics. Reads only, but
for a file that is written into each store and removed again.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import uuid4

import psycopg
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import KombuError
from psycopg_pool import PoolTimeout

from ledger import checkpoints, notes, signers
from ledger.models import Checkpoint, ErasureRequest, Job, Operation, PendingEntry, ReplayRound

STORES = ("audio", "imports", "usage", "royalties")
DATABASE_IS_AWAY = (DatabaseError, InterfaceError, OSError)
_BROKER_IS_AWAY = (KombuError, OSError, psycopg.Error, PoolTimeout)  # pgmq's driver is psycopg


class State(StrEnum):
    """How a part is."""

    WELL = "well"
    SOON = "soon"  # somebody should see to it
    URGENT = "urgent"  # it cannot wait


@dataclass(frozen=True)
class Part:
    """One part, how it is, and what there is to do."""

    part: str
    state: State
    sentence: str

    @property
    def is_urgent(self) -> bool:
        """Whether it cannot wait."""
        return self.state is State.URGENT

    @property
    def pieces(self) -> tuple[tuple[str, bool], ...]:
        """Return the sentence cut at its backticks: words, and what somebody types, which a page shows as such."""
        return tuple((text, place % 2 == 1) for place, text in enumerate(self.sentence.split("`")) if text)


@dataclass(frozen=True)
class Watch:
    """Every part at one moment."""

    parts: tuple[Part, ...]

    @property
    def concerns(self) -> tuple[Part, ...]:
        """Return what there is to see to, the urgent first."""
        return tuple(
            sorted((one for one in self.parts if one.state is not State.WELL), key=lambda one: not one.is_urgent)
        )

    @property
    def is_urgent(self) -> bool:
        """Whether something cannot wait."""
        return any(one.is_urgent for one in self.parts)


def readiness(*, at: datetime) -> tuple[Part, ...]:
    """Return the parts without which nobody can be served; where one is urgent, the process should get no requests."""
    found = [_answering("database", _database, at)]
    if not found[0].is_urgent:
        found += [_answering(part, look, at) for part, look in (("migrations", _migrations), ("sequencer", _sequencer))]
    found += [_queue(), *(_store(name) for name in STORES), _disk()]
    return tuple(found)


def watch(*, at: datetime, is_brief: bool = False) -> Watch:
    """Return how every part is; a brief look, for a page, asks neither the broker nor the stores."""
    ready = _briefly(at) if is_brief else readiness(at=at)
    if ready[0].is_urgent:
        return Watch(ready)
    looks: tuple[tuple[str, Callable[[datetime], Part]], ...] = (
        ("checkpoint", _checkpoint),
        ("copy outside", _outside),
        ("jobs", _jobs),
        ("erasures", _erasures),
        ("backup", _backup),
        ("restore drill", _drill),
        ("retention", _retention),
        ("replays", _replays),
    )
    return Watch((*ready, *(_answering(part, look, at) for part, look in looks), *_signers(at)))


def _briefly(at: datetime) -> tuple[Part, ...]:
    return (_answering("sequencer", _sequencer, at), _disk())


def _answering(part: str, look: Callable[[datetime], Part], at: datetime) -> Part:
    try:
        return look(at)
    except DATABASE_IS_AWAY as error:
        return Part(part, State.URGENT, f"The database does not answer ({type(error).__name__}).")


def _graded(part: str, value: float, limits: tuple[float, float], well: str, otherwise: str) -> Part:
    soon, urgent = limits
    if value < soon:
        return Part(part, State.WELL, well)
    return Part(part, State.URGENT if value >= urgent else State.SOON, otherwise)


# --- What a request needs ------------------------------------------------------------------------------------


def _database(at: datetime) -> Part:  # noqa: ARG001
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Part("database", State.WELL, "The database answers.")


def _migrations(at: datetime) -> Part:  # noqa: ARG001
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return Part("migrations", State.URGENT, f"{len(missing)} migrations are not applied: run `manage.py migrate`.")
    return Part("migrations", State.WELL, "Every migration is applied.")


def _queue() -> Part:
    from ledger.celery import app

    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except _BROKER_IS_AWAY as error:
        # Jobs are rows: what is submitted meanwhile is not lost, but waits.
        return Part("queue", State.URGENT, f"The broker does not answer ({type(error).__name__}); jobs wait.")
    return Part("queue", State.WELL, "The broker answers.")


def _store(name: str) -> Part:
    part = f"store of {name}"
    storage = storages[name]
    try:
        if isinstance(storage, FileSystemStorage):
            folder = Path(storage.location)
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"\0")
        else:
            storage.delete(storage.save(f".probe-{uuid4()}", ContentFile(b"\0")))
    except Exception as error:  # noqa: BLE001 - each store raises its own
        return Part(part, State.URGENT, f"The {part} cannot be written to ({type(error).__name__}).")
    return Part(part, State.WELL, f"The {part} can be written to.")


def free_bytes() -> int:
    """Return how much room there is where the data lies."""
    return shutil.disk_usage(settings.DATA_DIR).free


def _disk() -> Part:
    free, least = free_bytes(), settings.LEDGER_DISK_FREE_BYTES
    said = f"{free / 1e9:.1f} GB are free in {settings.DATA_DIR}"
    if free < least:
        return Part("disk", State.URGENT, f"{said}; fewer than {least / 1e9:.1f}.")
    return Part("disk", State.SOON if free < 5 * least else State.WELL, f"{said}.")


@dataclass(frozen=True)
class Lag:
    """How far the tree is behind what is committed."""

    pending: int
    oldest_s: float  # since the oldest of them was written; 0 where there is none


def lag(*, at: datetime) -> Lag:
    """Return how many entries wait for their place in the tree, and for how long."""
    oldest = PendingEntry.objects.order_by("id").values_list("entry__at", flat=True).first()
    seconds = max(0.0, (at - oldest).total_seconds()) if oldest else 0.0
    return Lag(PendingEntry.objects.count(), seconds)


def _sequencer(at: datetime) -> Part:
    found = lag(at=at)
    return _graded(
        "sequencer",
        found.oldest_s,
        settings.LEDGER_SEQUENCER_LAG_SECONDS,
        "Entries get their place in the tree as they come.",
        f"{found.pending} entries wait for their place in the tree, the oldest for {_time(found.oldest_s)}:"
        " is a sequencer running (`manage.py sequence`), and does it find a fork?",
    )


# --- What else there is to see to ------------------------------------------------------------------------------


def checkpoint_age_s(*, at: datetime) -> float | None:
    """Return how old the newest signed tree head is; None where there is none."""
    newest = Checkpoint.objects.order_by("-size").values_list("at", flat=True).first()
    return max(0.0, (at - newest).total_seconds()) if newest else None


def _checkpoint(at: datetime) -> Part:
    age = checkpoint_age_s(at=at)
    if age is None:
        return Part("checkpoint", State.WELL, "Nothing was logged yet.")
    return _graded(
        "checkpoint",
        age,
        settings.LEDGER_CHECKPOINT_AGE_SECONDS,
        f"The newest checkpoint was signed {_time(age)} ago.",
        f"The newest checkpoint was signed {_time(age)} ago: has nothing happened since, or is nothing recorded?",
    )


def _outside(at: datetime) -> Part:  # noqa: ARG001
    part = "copy outside"
    try:
        checkpoints.guard_against_fork(using="default")
    except checkpoints.Forked as error:
        return Part(part, State.URGENT, f"Nothing is signed any more: {error}.")
    except (notes.NotANote, notes.SignatureFails, notes.NotSigned, notes.NotACheckpoint, notes.WrongOrigin) as error:
        return Part(
            part,
            State.URGENT,
            f"{settings.LEDGER_CHECKPOINT_FILE} is no checkpoint of this log ({type(error).__name__}).",
        )
    if checkpoints.outside() is None and Checkpoint.objects.exists():
        return Part(
            part, State.SOON, f"There is no checkpoint in {settings.LEDGER_CHECKPOINT_FILE}: a fork would not show."
        )
    return Part(part, State.WELL, "The checkpoint outside the database is one of the database's.")


def _jobs(at: datetime) -> Part:
    waiting = Job.objects.filter(done_at=None, given_up_at=None, run_at__lte=at)
    oldest = waiting.filter(lease_until=None).order_by("run_at").values_list("run_at", flat=True).first()
    age = max(0.0, (at - oldest).total_seconds()) if oldest else 0.0
    late = _graded(
        "jobs",
        age,
        settings.LEDGER_JOB_AGE_SECONDS,
        "No job waits for long.",
        f"A job waits for {_time(age)}: is a worker running?",
    )
    given_up = Job.objects.filter(done_at=None, given_up_at__isnull=False).count()
    if late.state is State.WELL and given_up:
        return Part("jobs", State.SOON, f"{given_up} jobs were given up and wait for somebody to try them again.")
    return late


def _erasures(at: datetime) -> Part:
    waiting = ErasureRequest.objects.filter(erasure=None)
    overdue = waiting.filter(answer_by__lt=at.date()).count()
    soon = waiting.filter(answer_by__lt=at.date() + timedelta(days=7)).count()
    if overdue:
        return Part("erasures", State.URGENT, f"{overdue} requests for erasure are past the day of their answer.")
    if soon:
        return Part("erasures", State.SOON, f"{soon} requests for erasure are to be answered within a week.")
    return Part("erasures", State.WELL, "No request for erasure is due.")


def last(kind: Operation.Kind) -> Operation | None:
    """Return what was done last of a kind."""
    return Operation.objects.filter(kind=kind).order_by("-ended_at").first()


def _done(part: str, kind: Operation.Kind, command: str, days: tuple[float, float], at: datetime) -> Part:
    found = last(kind)
    if found is None:
        # An installation that was never backed up is young, or has its own ways: said, and no alarm in the night.
        return Part(part, State.SOON, f"There was never one: `manage.py {command}`.")
    age = (at - found.ended_at) / timedelta(days=1)
    if not found.has_passed:
        return Part(part, State.URGENT, f"The last one, at {found.ended_at:%Y-%m-%d %H:%M} UTC, did not pass.")
    said = f"The last one passed at {found.ended_at:%Y-%m-%d %H:%M} UTC"
    return _graded(part, age, days, f"{said}.", f"{said}, {age:.0f} days ago: `manage.py {command}`.")


def _backup(at: datetime) -> Part:
    return _done("backup", Operation.Kind.BACKUP, "backup DIR", settings.LEDGER_BACKUP_AGE_DAYS, at)


def _drill(at: datetime) -> Part:
    return _done("restore drill", Operation.Kind.DRILL, "restore_drill DIR", settings.LEDGER_DRILL_AGE_DAYS, at)


def _retention(at: datetime) -> Part:
    found = last(Operation.Kind.SWEEP)
    if found is None:
        return Part("retention", State.WELL, "Nothing was swept yet; it happens each night.")
    return _done("retention", Operation.Kind.SWEEP, "retain", (3, 14), at)


def _replays(at: datetime) -> Part:  # noqa: ARG001
    found = ReplayRound.objects.order_by("-finished_at").first()
    if found is None:
        return Part("replays", State.WELL, "No entry was decided again yet.")
    said = f"Of {found.drawn} entries that were decided again, {found.same} came to the same bytes"
    if found.different:
        # Code or a record behind a decision is another than it was: nothing stops, and a person must look.
        return Part("replays", State.SOON, f"{said} and {found.different} did not.")
    return Part("replays", State.WELL, f"{said}.")


def _signers(at: datetime) -> Iterator[Part]:
    found = signers.watch(at=at)
    for one in found.concerns:
        state = State.URGENT if one.urgency is signers.Urgency.URGENT else State.SOON
        yield Part("signers", state, one.sentence)
    if not found.concerns:
        yield Part("signers", State.WELL, "Certificates and time stamps are in order.")


def _time(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def document_of(operation: Operation) -> dict[str, object]:
    """Return what an operation came to."""
    found: dict[str, object] = json.loads(operation.document)
    return found
