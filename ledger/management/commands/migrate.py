"""Migrate as the owner of the tables: the runtime role may not."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections

from ledger.postgresql import snapshot

ASKED_FOR_LESS = ("app_label", "migration_name", "fake", "fake_initial", "plan", "check_unapplied", "prune", "each")


class Command(migrate.Command):
    """Django's own command, with the owner's login as its default, and a quicker way for a new database."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Default to the owner."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")
        parser.add_argument(
            "--each", action="store_true", help="go through all migrations, also where the kept schema stands for them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate."""
        if not any(options[one] for one in ASKED_FOR_LESS):
            count = snapshot.take(connections[options["database"]])
            if count and options["verbosity"]:
                self.stdout.write(f"The kept schema stands for {count} migrations.")
        super().handle(*args, **options)
