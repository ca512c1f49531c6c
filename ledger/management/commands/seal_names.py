"""Seal the names that are kept as they were before names were sealed."""

from typing import Any

from django.core.management.base import BaseCommand

from ledger import people


class Command(BaseCommand):
    """What ``serve`` runs at its start; there is nothing to do the second time."""

    help = "Seal names that older releases kept in the open."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal them and say how many."""
        self.stdout.write(f"{people.seal_names()} names were sealed.")
