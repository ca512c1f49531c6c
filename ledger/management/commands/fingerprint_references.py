"""Fingerprint what an older release enrolled: landmarks and spectra, where they are missing or of an older version."""

import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledger import catching_up
from ledger.catching_up import Step

EVERY_S = 10


class Command(BaseCommand):
    """Says how far it has come every ten seconds, which could not be fingerprinted, and why."""

    help = (
        "Add fingerprints of this release to references that lack them; may be stopped, repeated, and run by several."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Catch up with all."""
        began = said = time.monotonic()

        def report(step: Step) -> None:
            nonlocal said
            if step.reason is not None:
                self.stderr.write(f"{step.reference_id}: {step.reason}")
            now = time.monotonic()
            if now - said >= EVERY_S:
                said = now
                left = timedelta(seconds=round((now - began) / step.done * (step.total - step.done)))
                self.stdout.write(f"{step.done:,} of {step.total:,}, about {left} left")
                self.stdout.flush()

        caught = catching_up.fingerprint_references(report=report, at=timezone.now())
        self.stdout.write(f"{caught.made:,} fingerprinted, {caught.outputs:,} outputs are looked at again")
        if caught.failed:
            raise CommandError(f"{caught.failed:,} could not be fingerprinted; the lines above say why.")
