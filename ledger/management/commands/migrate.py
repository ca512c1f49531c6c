"""Migrate as the owner of the tables: the runtime role may not."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate


class Command(migrate.Command):
    """Django's own command, with the owner's login as its default."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Default to the owner."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate."""
        super().handle(*args, **options)
