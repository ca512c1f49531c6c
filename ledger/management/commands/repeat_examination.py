"""Measure again what a decision rests on, and say whether it is the same to the byte (CHK-2)."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import rechecking


class Command(BaseCommand):
    """Ends with status 1 where anything differs."""

    help = "Examine the audio of a decision again, against the indexes of then, and judge it as it was judged."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the decision."""
        parser.add_argument("decision", type=UUID)

    def handle(self, *args: Any, **options: Any) -> None:
        """Repeat and compare."""
        try:
            found = rechecking.repeat(decision_id=options["decision"])
        except (rechecking.NoSuchDecision, rechecking.NothingToRepeat) as error:
            raise CommandError(type(error).__doc__) from error
        self.stdout.write(f"evidence: {'the same to the byte' if found.is_same_evidence else 'differs'}")
        verdict = {True: "the same", False: "differs", None: "people decided it"}[found.is_same_verdict]
        self.stdout.write(f"verdict: {verdict}")
        for difference in found.differences:
            self.stdout.write(f"  {difference}")
        if not found.is_same_evidence or found.is_same_verdict is False:
            raise CommandError("it does not repeat")
