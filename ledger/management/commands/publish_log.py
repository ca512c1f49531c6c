"""Write the log as static files, for any server or mirror."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import checkpoints, publishing


class Command(BaseCommand):
    """Safe to stop and to run again: the checkpoint is replaced last."""

    help = "Write tiles and the checkpoint (c2sp.org/tlog-tiles) into a folder, as far as they are not there yet."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where to."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--entries", action="store_true", help="the entries too, not only hashes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish what is new."""
        entries = options["entries"] or settings.LEDGER_PUBLISH_ENTRIES
        try:
            done = publishing.publish(options["folder"], entries=entries)
        except (publishing.PublishedFork, checkpoints.NoCheckpoint) as error:
            raise CommandError(str(error) or str(error.__doc__)) from error
        self.stdout.write(f"{done.old_size:,} entries were there, {done.size:,} are now; {done.files:,} files.")
