"""Say how every part of the service is, and what somebody should do about it."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger import watching
from ledger.watching import State


class Command(BaseCommand):
    """Exits with 1 if something should be done soon, with 2 if it cannot wait: for whatever watches the machine."""

    help = (
        "Look at every part: database, queue, stores, sequencer, backups; the exit status is 0, 1 (soon) or 2 (urgent)."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the answer."""
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look and report."""
        found = watching.watch(at=timezone.now())
        if options["json"]:
            parts = [{"part": one.part, "state": one.state.value, "sentence": one.sentence} for one in found.parts]
            self.stdout.write(json.dumps({"parts": parts}, indent=2, ensure_ascii=False))
        else:
            marks = {State.WELL: " ", State.SOON: "!", State.URGENT: "!!"}
            for one in found.parts:
                self.stdout.write(f"{marks[one.state]:>2} {one.part}: {one.sentence}")
        if found.concerns:
            raise CommandError(
                f"{len(found.concerns)} to see to" + (", and it cannot wait" if found.is_urgent else ""),
                returncode=2 if found.is_urgent else 1,
            )
