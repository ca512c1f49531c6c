"""Bring what stands in line with the facts."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ledger import restating


class Command(BaseCommand):
    """What ``serve`` runs after an upgrade from a release without it; there is nothing to do the second time."""

    help = "State anew what follows from shares, consents, reservations and licenses."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """State them and say how many were looked at."""
        self.stdout.write(f"{restating.restate_all(at=timezone.now())} facts stand as they should.")
