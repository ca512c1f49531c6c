"""Try a backup: put it into a server of its own, look whether everything is there and holds, and remove it again."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger import backups


class Command(BaseCommand):
    """What came of it is recorded; the Today page says when the last one passed."""

    help = "Restore the newest backup of DIR beside the living service, and prove that the log was not forked since."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take which and what opens it."""
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--at", default="", metavar="STAMP")
        parser.add_argument("--identity", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Try it and say what was seen."""
        try:
            found = backups.drill(
                options["folder"],
                stamp=options["at"],
                identity=options["identity"],
                at=timezone.now(),
                clock=timezone.now,
            )
        except (backups.NotABackup, backups.Damaged) as error:
            raise CommandError(str(error) or error.__doc__) from error
        self.stdout.write(f"{found.stamp}: {found.entries} entries and {found.files} files were put back.")
        self.stdout.write(f"Its tree has {found.size} entries, the living one {found.living_size}.")
        if found.refused_to_sign:
            self.stdout.write("Put back as it is, it refuses to sign: something newer was signed since.")
        for sentence in found.findings:
            self.stdout.write(f"✗ {sentence}")
        if found.findings:
            raise CommandError(f"{len(found.findings)} do not hold", returncode=1)
        self.stdout.write("✓ All of it is there and holds, and the living log goes on from it.")
