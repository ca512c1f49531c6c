"""Let another key sign the log: announce it, and later retire the one before."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger import log_keys


class Command(BaseCommand):
    """What the old key signed holds for ever: its public half stays at ``/v1/log/key``."""

    help = "Announce a new key for the log, which signs beside the old one; with --retire, end the old one."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take which step."""
        parser.add_argument("--retire", action="store_true", help="let the new key sign alone")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the step."""
        try:
            if options["retire"]:
                change = log_keys.retire(at=timezone.now())
                self.stdout.write(f"From now on the log is signed with {change.verifier} alone.")
                self.stdout.write("What the key before it signed still holds.")
                return
            change = log_keys.announce(at=timezone.now())
        except (log_keys.HandoverUnderWay, log_keys.NoHandover, log_keys.NotSealed) as error:
            raise CommandError(f"Nothing was handed over. {error.__doc__}") from error
        self.stdout.write(f"The log is signed with two keys now; the new one is\n{change.verifier}")
        self.stdout.write(
            "and the log says so. Back up the folder of keys, give the new key to whoever checks, and in some weeks "
            "run this again with --retire."
        )
