"""Start or stop the embedded PostgreSQL by hand."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from ledger import embedded


class Command(BaseCommand):
    """For looking around with psql while nothing else runs."""

    help = "Start or stop the embedded PostgreSQL of this data folder."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to do."""
        parser.add_argument("act", choices=["start", "stop"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        if options["act"] == "start":
            server = embedded.ensure(settings.EMBEDDED_POSTGRES)
            embedded.keep()
            self.stdout.write(f"psql -h {server.socket_folder} -p {server.port} -U ledger_auditor ledger")
        else:
            embedded.stop(settings.EMBEDDED_POSTGRES)
            self.stdout.write("Stopped.")
