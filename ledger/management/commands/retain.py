"""Remove what may go, and say how long what is kept."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger import retention, watching


class Command(BaseCommand):
    """What the scheduler does each night; with `--list` nothing is removed."""

    help = "Remove what may go (old import files, sessions, uploads that nothing speaks of), or list the classes."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to list only."""
        parser.add_argument(
            "--list", action="store_true", help="say how long what is kept, on which ground, and how much"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep or list."""
        if options["list"]:
            for row in retention.due(at=timezone.now()):
                length = "for good" if row.of.days is None else row.of.years
                first = f"; the first from {row.next_due:%Y-%m-%d}" if row.next_due else ""
                self.stdout.write(
                    f"{row.of.name}: {row.count} records, {length} {row.of.runs.value}{first}. {row.of.ground}."
                )
            for one in retention.SWEPT:
                self.stdout.write(f"{one.name}: removed each night after {one.days} days ({one.ground}).")
            return
        done = retention.sweep(at=timezone.now(), ended=timezone.now)
        found: Any = watching.document_of(done)
        for name, count in found["removed"].items():
            self.stdout.write(f"{count:>8} {name}")
        self.stdout.write(f"Tables of who was erased: {found['rewritten']}")
        if not done.has_passed:
            raise CommandError(", ".join(f"{name}: {kind}" for name, kind in found["failed"].items()), returncode=1)
