"""Let another certificate sign: one that was imported, or a new development one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger import signers
from ledger.management.commands.import_signer import REFUSED, moment


class Command(BaseCommand):
    """What was signed before stays trusted: the old roots stay on the list."""

    help = "Let an imported certificate sign from a moment on; without --to, issue a new development certificate."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take which one, and from when."""
        parser.add_argument("--to", metavar="DIGEST", help="beginning of the certificate's SHA-256: see check_signers")
        parser.add_argument("--active-from", type=moment, help="ISO 8601, UTC without an offset; default: now")

    def handle(self, *args: Any, **options: Any) -> None:
        """Hand over."""
        try:
            change = signers.rotate(to=options["to"], active_from=options["active_from"], at=timezone.now())
        except (*REFUSED, OSError) as error:
            raise CommandError(f"Nothing was changed. {str(error) or error.__doc__}") from error
        self.stdout.write(
            f"Certificate sha256:{change.certificate_digest}\nsigns from {change.active_from.isoformat()} "
            f"until {change.expires_at.isoformat()}, and the log says so."
        )
        if change.is_development:
            self.stdout.write(
                "It is a development certificate of this installation's own making: “trusted” means signed here and "
                "not altered since, and no other reader knows it."
            )
