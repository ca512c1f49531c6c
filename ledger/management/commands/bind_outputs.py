"""Take soft bindings of outputs that were signed before there were any."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ledger import binding


class Command(BaseCommand):
    """There is nothing to do the second time."""

    help = "Take soft bindings of outputs that were signed by an older release, so that stripped copies are found."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Take them and say of how many."""
        self.stdout.write(f"{binding.bind_older(at=timezone.now())} outputs were bound.")
