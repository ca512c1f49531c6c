"""Enroll the audio of a folder of this machine, or of a store, and follow it."""

import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger import enrolling, tasks
from ledger.models import Enrollment, Job
from rights.models import Party


class Command(BaseCommand):
    """What ``POST /v1/enrollments`` does, also for folders that only the operator can name."""

    help = "Enroll a folder of audio: workers take it part by part, and a sheet says what failed and why."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the folder, whose it is, and what says which file is what."""
        parser.add_argument("folder", help="absolute path that every worker sees; with --store, a folder in that")
        parser.add_argument("--store", default="", help="one of LEDGER_CATALOGUE_STORES, such as an object store")
        parser.add_argument("--map", type=Path, help="CSV: file, and recording, isrc, or register with title and isrc")
        parser.add_argument("--only-named", action="store_true", help="leave alone what the mapping does not name")
        parser.add_argument("--party", type=UUID, help="whose recordings they are; without it, anybody's")
        parser.add_argument("--id", type=UUID, help="of one that was begun: retry what was given up, and follow it")
        parser.add_argument("--problems", type=Path, help="where the sheet of what failed is written")
        parser.add_argument("--no-wait", action="store_true", help="ask for it, and leave it to the workers")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for it and follow it."""
        if options["party"] and not Party.objects.filter(pk=options["party"]).exists():
            raise CommandError(f"no party has the id {options['party']}")
        try:
            opened = enrolling.enroll_folder(
                id=options["id"] or uuid4(),
                organization_id=options["party"],
                store_alias=options["store"],
                folder=options["folder"],
                mapping=options["map"],
                is_only_named=options["only_named"],
                at=timezone.now(),
            )
        except (enrolling.BadMapping, enrolling.NoSuchFolder, enrolling.NoSuchStore, enrolling.NotYourFolder) as error:
            raise CommandError(error.__doc__ or "") from error
        except OSError as error:
            raise CommandError(str(error)) from error
        enrollment = opened.enrollment
        self.stdout.write(f"Enrollment {enrollment.pk}")
        if opened.is_new:
            tasks.ring_for(Job.Kind.LIST, enrollment.pk)
        else:
            for kind, subject_id in enrolling.ask_again(enrollment_id=enrollment.pk, at=timezone.now()):
                tasks.ring_for(kind, subject_id)
        if not options["no_wait"]:
            self._follow(enrollment)
        if options["problems"]:
            options["problems"].write_text("".join(enrolling.problems_csv(enrollment)), "utf-8", newline="")

    def _follow(self, enrollment: Enrollment) -> None:
        said = ""
        while True:
            enrollment.progress.refresh_from_db()
            status = enrolling.status_of(enrollment)
            line = (
                f"{status.state}: {status.files:,} files, {status.enrolled:,} enrolled, {status.known:,} known,"
                f" {status.failed:,} failed, {status.waiting:,} waiting"
            )
            if line != said:
                self.stdout.write(line)
                said = line
            if not status.is_moving:
                if status.state == "failed":
                    raise CommandError(f"given up: {status.error}; run it again with --id {enrollment.pk}")
                return
            time.sleep(1)
