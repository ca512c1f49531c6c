"""Find versions of what was registered before this release: listen to every reference that it has not heard."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from ledger import registration


class Command(BaseCommand):
    """Says which references could not be heard, and why."""

    help = "Add what references play where it is missing, so that versions of them are found; may be repeated."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Hear them all."""
        heard: list[UUID] = []
        failed: list[UUID] = []

        def report(reference_id: UUID, reason: str | None) -> None:
            (heard if reason is None else failed).append(reference_id)
            if reason is not None:
                self.stderr.write(f"{reference_id}: {reason}")

        registration.hear_references(report=report)
        self.stdout.write(f"{len(heard)} heard")
        if failed:
            raise CommandError(f"{len(failed)} could not be heard; the lines above say why.")
