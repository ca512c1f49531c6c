"""Wrap the subjects' keys anew: after a new key-encryption key was put before the old one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ledger import people
from rights import keys


class Command(BaseCommand):
    """Once it has run, the old key may leave the settings or the file."""

    help = "Wrap every subject's key under the current key-encryption key."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to make a new one."""
        parser.add_argument("--renew", action="store_true", help="first put a new key before those in the data folder")

    def handle(self, *args: Any, **options: Any) -> None:
        """Wrap them and say how many."""
        if options["renew"]:
            keys.renew()
        self.stdout.write(f"{people.rewrap_keys()} keys were wrapped anew.")
