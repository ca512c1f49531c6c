"""Do the main job once, in this process, without servers."""

import sys
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone


class Command(BaseCommand):
    """Exits with 1 if any link of the chain does not hold."""

    help = "Load a catalogue of real audio, submit four outputs, and check every link from consent to proof."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the answer."""
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, run the story, tell it."""
        from ledger.demo import doors, model, month, story

        call_command("migrate", verbosity=0)

        def say(text: str) -> None:
            if not options["json"]:
                sys.stderr.write(f"  {text}\n")

        told = story.run(doors.Inside(), say, settle=story.settle_inside)
        earned = month.of(told, say, work=month.work_inside)
        trained = model.of(doors.Inside(), say)
        words = story.in_words(told) + month.in_words(earned) + trained
        self.stdout.write(story.as_json(told, earned, at=timezone.now()) if options["json"] else words)
        faults = sum(len(one.faults) for one in told) + (len(earned.faults) if earned else 0)
        if faults:
            raise CommandError(f"{faults} link(s) of the chain do not hold", returncode=1)
