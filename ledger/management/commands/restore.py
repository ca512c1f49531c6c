"""Put a backup where nothing is, and check it."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import backups


class Command(BaseCommand):
    """The keys go back first (`backup_keys` says how); then this; then `serve`."""

    help = (
        "Put a backup of DIR into an empty data folder and database, verify the log, and refuse to go on with a fork."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take which, what opens it, and what it must follow from."""
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--at", default="", metavar="STAMP", help="the backup of a moment; default: the newest")
        parser.add_argument("--identity", type=Path, help="a file of age identities that open an encrypted backup")
        parser.add_argument(
            "--witness",
            type=Path,
            action="append",
            default=[],
            help="a checkpoint or receipt of this log that somebody kept: what is put back must lead to it",
        )
        parser.add_argument(
            "--drill", action="store_true", help="compare with nothing newer: `restore_drill` does that"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Put it back and say what holds; exits with 1 where something does not, with 2 where it is a fork."""
        try:
            found = backups.restore(
                options["folder"],
                stamp=options["at"],
                identities=backups.read_identities(options["identity"]),
                witnesses=[file.read_text() for file in options["witness"]],
                is_drill=options["drill"],
            )
        except backups.WouldFork as error:
            raise CommandError(str(error), returncode=2) from error
        except (
            backups.NotABackup,
            backups.Damaged,
            backups.NotEmpty,
            backups.KeysMissing,
            backups.Locked,
            backups.NotAnIdentity,
            backups.NotAWitness,
            backups.NotWritten,
            OSError,
        ) as error:
            raise CommandError(str(error) or error.__doc__, returncode=3) from error
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "stamp": found.stamp,
                        "people_stamp": found.people_stamp,
                        "entries": found.entries,
                        "files": found.files,
                        "erased_again": found.erased_again,
                        "faults": found.faults,
                    }
                )
            )
        else:
            self.stdout.write(
                f"{found.stamp}, people of {found.people_stamp or 'none'}: {found.entries} entries,"
                f" {found.files} files; {found.erased_again} parties were erased again."
            )
            for sentence in found.faults:
                self.stdout.write(f"✗ {sentence}")
            if not found.faults:
                self.stdout.write("✓ Every row, every hash and every signature holds.")
        if found.faults:
            raise CommandError(f"{len(found.faults)} do not hold", returncode=1)
