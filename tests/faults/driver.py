"""What the process tests run on a data folder of their own: `python -m tests.faults.driver ACT …`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import django


def prepare(song: str) -> None:
    """Register the trade."""
    from tests.faults import world

    world.register(Path(song))


def submit(*files: str) -> None:
    """Submit files, whose media type their suffix says; ring for each, and print its id."""
    from ledger import tasks
    from tests.faults import world

    media_types = {".flac": "audio/flac", ".mp3": "audio/mpeg"}
    for file in files:
        id_ = world.submit(Path(file), media_type=media_types[Path(file).suffix])
        tasks.ring(id_)
        print(id_, flush=True)  # noqa: T201 - acknowledged


def write(writer: str) -> None:
    """Register parties one after the other, until killed; print each that was acknowledged."""
    from django.db import IntegrityError, InterfaceError, OperationalError, connections
    from django.utils import timezone

    from ledger import people
    from rights.models import Party
    from rights.vocabulary import PartyKind
    from tests.faults import world

    number = 0
    while True:
        id_: UUID = world.key(f"{writer} {number}")
        try:
            people.register_party(id=id_, kind=PartyKind.COMPANY, name=f"{writer} {number}", at=timezone.now())
            said = "acknowledged"
        except IntegrityError:
            Party.objects.get(pk=id_)
            said = "had in truth happened"
        except (OperationalError, InterfaceError):
            connections.close_all()
            print(f"{id_} lost", flush=True)  # noqa: T201
            time.sleep(0.02)
            continue
        print(f"{id_} {said}", flush=True)  # noqa: T201
        number += 1


def hand_in(sheet: str) -> None:
    """Hand a sheet of recordings in; ring for it, and print the import's id."""
    from django.utils import timezone

    from ledger import importing, tasks
    from ledger.incoming import Reading
    from ledger.models import ImportBatch, Job
    from rights.exchange.mapping import Mapping
    from tests.faults import world

    columns = {"title": "Title", "isrc": "ISRC", "artist": "Artist", "work_title": "Work"}
    batch = importing.hand_in(
        id=world.key("import"),
        organization_id=None,
        format=ImportBatch.Format.CATALOGUE_SHEET,
        path=Path(sheet),
        reading=Reading(mapping=Mapping(kind="catalogue", columns=columns)),
        is_partial=False,
        is_rehearsal=False,
        at=timezone.now(),
    ).batch
    tasks.ring_for(Job.Kind.IMPORT, batch.pk)
    print(batch.pk, flush=True)  # noqa: T201 - acknowledged


def clear(*files: str) -> None:
    """Submit files and decide on each here; print the ids of the submissions."""
    from django.utils import timezone

    from ledger import clearance
    from rights.models import Decision
    from tests.faults import world

    for number, file in enumerate(files):
        id_ = world.submit(Path(file), id=world.key(f"output {number}"))
        clearance.clear(submission_id=id_, at=timezone.now())
        if Decision.objects.get(submission=id_).outcome != "cleared":
            raise SystemExit(f"{id_} was not cleared")
        print(id_, flush=True)  # noqa: T201


def usage(sheet: str) -> None:
    """Hand in what the distributor earned, and book it."""
    from django.utils import timezone

    from ledger import usages
    from royalties.models import UsageReport
    from royalties.usage.mapping import UsageMapping
    from tests.faults import world

    columns = {"submission": "output", "country": "country", "amount": "amount", "currency": "currency"}
    handed = usages.hand_in(
        id=world.key("usage"),
        payer_id=world.key("distributor"),
        files=[usages.Given(Path(sheet), Path(sheet).name)],
        reading=usages.Reading(
            UsageReport.Format.SHEET,
            sender="service",
            message="January",
            mapping=UsageMapping(columns=columns | {"first_day": "from", "last_day": "to"}),
        ),
        replaces_id=None,
        is_dry_run=False,
        at=timezone.now(),
    )
    outcome = usages.read(report_id=handed.report.pk, at=timezone.now())
    if outcome is None or not outcome.is_booked:
        raise SystemExit(f"it was not booked: {list(handed.report.problems.values())}")


def run(name: str) -> None:
    """Start a run over what the distributor earned; ring for it, and print its id."""
    from datetime import date

    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from ledger import running, tasks
    from ledger.models import Job
    from tests.faults import world

    starter, _ = get_user_model().objects.get_or_create(username="starter")
    started = running.start(
        id=world.key(f"run {name}"),
        payer_id=world.key("distributor"),
        period_from=date(2026, 1, 1),
        period_to=date(2026, 2, 1),
        timezone="Europe/Berlin",
        currency="EUR",
        pay_on=date(2026, 3, 1),
        started_by_id=starter.pk,
        at=timezone.now(),
    )
    tasks.ring_for(Job.Kind.FREEZE, started.pk)
    print(started.pk, flush=True)  # noqa: T201 - acknowledged


def reject(run_id: str) -> None:
    """Refuse a run, as somebody else."""
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from ledger import running

    other, _ = get_user_model().objects.get_or_create(username="other")
    running.reject(run_id=UUID(run_id), by_id=other.pk, reason="done again by more workers", at=timezone.now())


ACTS: dict[str, Callable[..., None]] = {
    "prepare": prepare,
    "submit": submit,
    "write": write,
    "hand-in": hand_in,
    "clear": clear,
    "usage": usage,
    "run": run,
    "reject": reject,
}

if __name__ == "__main__":
    django.setup()
    ACTS[sys.argv[1]](*sys.argv[2:])
