"""Check the whole log against the whole database."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import audit


class Command(BaseCommand):
    """Names every entry that does not hold; exits with 1 if there is one."""

    help = "Recompute the log and compare every row that it vouches for."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the answer."""
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Audit and report."""
        found = audit.audit()
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "entries": found.entries,
                        "pending": found.pending,
                        "checkpoints": found.checkpoints,
                        "faults": [{"index": fault.index, "sentence": fault.sentence} for fault in found.faults],
                    }
                )
            )
        else:
            self.stdout.write(
                f"{found.entries} entries in the tree, {found.pending} on their way, {found.checkpoints} checkpoints."
            )
            for fault in found.faults:
                self.stdout.write(f"✗ {fault.sentence}")
            if not found.faults:
                self.stdout.write("✓ Every row, every hash and every signature holds.")
        if found.faults:
            raise CommandError(f"{len(found.faults)} do not hold", returncode=1)
