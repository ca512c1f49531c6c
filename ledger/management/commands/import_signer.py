"""Take in a certificate chain that signs claims: the first real one, or the one that follows."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger import identity, signers
from provenance.certificates import CertificateRefused
from provenance.tokens import TokenRefused

REFUSED = (
    CertificateRefused,
    TokenRefused,
    identity.SignerHalfConfigured,
    signers.AlreadyImported,
    signers.HandsOverInThePast,
    signers.HandsOverTooLate,
    signers.NoSuchSigner,
    signers.NothingToIssue,
)


def moment(text: str) -> datetime:
    """Read a moment in ISO 8601; without an offset it is UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Command(BaseCommand):
    """Refuses a chain that cannot sign claims, and names the mistake."""

    help = "Check a claim signer's chain and key, keep them, and say from when it signs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the chain, its key, its roots, and from when."""
        parser.add_argument("--chain", required=True, type=Path, help="PEM: the leaf first, then its issuers")
        parser.add_argument("--key", required=True, help="PKCS#8 PEM file, or a PKCS#11 URI (pkcs11:token=…)")
        parser.add_argument("--roots", required=True, type=Path, help="PEM: the root that the chain leads to")
        parser.add_argument("--active-from", type=moment, help="ISO 8601, UTC without an offset; default: now")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import it and say what follows."""
        try:
            change = signers.import_chain(
                chain=options["chain"],
                key=options["key"],
                roots=options["roots"],
                active_from=options["active_from"],
                at=timezone.now(),
            )
        except (*REFUSED, OSError, UnicodeDecodeError) as error:
            raise CommandError(f"Nothing was imported. {str(error) or error.__doc__}") from error
        self.stdout.write(
            f"Certificate sha256:{change.certificate_digest}\nsigns from {change.active_from.isoformat()} "
            f"until {change.expires_at.isoformat()}, and the log says so.\n"
            "Whoever signed before stays on our list. The files given are copied and not needed any more."
        )
