"""Write an organization's works as a file of CWR."""

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from ledger import exporting


class Command(BaseCommand):
    """What ``GET /v1/exports/cwr`` answers, into a folder; works that cannot be written are named on the way."""

    help = "Write the works that an organization registered as a CWR file."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Name whose works, who sends, and where to."""
        parser.add_argument("organization", type=UUID, help="id of the party that registered the works")
        parser.add_argument("folder", type=Path, help="where the file is written")
        parser.add_argument("--cwr", dest="cwr_version", choices=["2.2", "3.1"], default="2.2", help="version of CWR")
        parser.add_argument("--since", type=date.fromisoformat, help="only works registered on this day or later")
        parser.add_argument("--sender-code", required=True, help="the code by which societies know the sender")
        parser.add_argument("--sender", default="", help="IPI name number; without it, the organization's")
        parser.add_argument("--recipient", default="", help="a society's number; without it, all")
        parser.add_argument("--number", type=int, required=True, help="which file of the year it is")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and say what is not in it."""
        letterhead = exporting.Letterhead(
            sender_code=options["sender_code"],
            file_number=options["number"],
            recipient=options["recipient"],
            sender=options["sender"],
        )
        export = exporting.cwr(
            organization_id=options["organization"],
            letterhead=letterhead,
            version=options["cwr_version"],
            registered_since=options["since"],
            at=timezone.now(),
        )
        with (options["folder"] / export.name).open("wb") as written:
            written.writelines(export.lines)
        for refused in export.refused:
            self.stderr.write(f"{refused.work_id}: {refused.sentence}")
        self.stdout.write(f"{export.name}: {export.works} works, {len(export.refused)} left out.")
