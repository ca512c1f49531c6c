"""Write the installation's own keys into an encrypted archive, apart from every backup."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import backups


class Command(BaseCommand):
    """Without them a backup has no names and cannot go on; with them and a backup one can do everything."""

    help = "Write the keys of the data folder into FILE, encrypted for a public key of age."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where to, and for whom."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--recipient", action="append", default=[], metavar="age1…")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write and warn."""
        recipients = options["recipient"] or list(settings.LEDGER_BACKUP_RECIPIENTS)
        try:
            digest = backups.write_keys(options["file"], recipients=recipients)
        except (backups.NotARecipient, backups.NotEmpty) as error:
            raise CommandError(str(error) or error.__doc__) from error
        self.stdout.write(f"{options['file']}: sha256:{digest}")
        self.stdout.write(
            "Whoever opens this and has a backup reads every name, signs as this log and in its name. Keep it where no"
            " backup lies, with few people. Keys in the environment, in LEDGER_KEK_FILE, in a token or a key service"
            " are not in it. To put them back: age -d -i IDENTITY FILE | tar -x -C $LEDGER_DATA"
        )
