"""Give a distributor or a label access to the API."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import clients
from rights.models import Party

OWN = ["submissions:read", "submissions:write", "clearances:read", "clearances:write"]


class Command(BaseCommand):
    """Prints the client's id and, once, its secret."""

    help = "Create an API client that speaks for a party."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whom it speaks for, and what it may."""
        parser.add_argument("--party", required=True, type=UUID, help="id of the party")
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--scope",
            action="append",
            choices=sorted(settings.API_SCOPES),
            help="once for each; default: to submit outputs and to ask what may be done",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Create it."""
        if not Party.objects.filter(pk=options["party"]).exists():
            raise CommandError(f"no party has the id {options['party']}")
        made = clients.create(
            name=options["name"],
            party_id=options["party"],
            scopes=options["scope"] or OWN,
        )
        self.stdout.write(f"client_id={made.client_id}\nclient_secret={made.secret}\n")
        self.stdout.write("The secret is not shown again. Ask for a token at /oauth/token (client_credentials).")
