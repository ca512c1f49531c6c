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


ACTS: dict[str, Callable[..., None]] = {"prepare": prepare, "submit": submit, "write": write, "hand-in": hand_in}

if __name__ == "__main__":
    django.setup()
    ACTS[sys.argv[1]](*sys.argv[2:])
