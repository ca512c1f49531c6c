"""Write a backup: facts and files in one part, people in another that is not kept for long."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger import backups


class Command(BaseCommand):
    """Run it each night, onto another disk or machine; `restore_drill` tries what it wrote."""

    help = "Write a backup into DIR, beside those that are there, and remove people older than LEDGER_BACKUP_DAYS."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where to, and for whom it is encrypted."""
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument(
            "--recipient",
            action="append",
            default=[],
            metavar="age1…",
            help="encrypt for a public key of age; may be given several times (default: LEDGER_BACKUP_RECIPIENTS)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it and say what is in it, and what is not."""
        recipients = options["recipient"] or list(settings.LEDGER_BACKUP_RECIPIENTS)
        try:
            made = backups.back_up(options["folder"], recipients=recipients, at=timezone.now(), clock=timezone.now)
        except (backups.NotARecipient, backups.NotWritten, backups.Damaged) as error:
            raise CommandError(str(error) or error.__doc__) from error
        count = sum(len(digests) for digests in made.said["files"].values())
        self.stdout.write(f"{made.stamp}: {sum(made.said['counts'].values())} rows, {count} files in {made.folder}")
        if not recipients:
            self.stdout.write("It is not encrypted: --recipient, or LEDGER_BACKUP_RECIPIENTS, would do that.")
        self.stdout.write(
            "Not in it: the keys of this installation (`manage.py backup_keys`), what organizations keep in the"
            " catalogue store, messages of the queue, and what is made again (index, pictures)."
        )
