"""Say who signs until when, who stamps, whom we trust, and what somebody should do about it."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger import signers


class Command(BaseCommand):
    """Exits with 1 if something should be done soon, with 2 if it cannot wait: for whatever watches the machine."""

    help = "List certificates, trust lists and waiting time stamps; the exit status is 0, 1 (soon) or 2 (urgent)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form of the answer."""
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look and report."""
        found = signers.watch(at=timezone.now())
        self.stdout.write(_as_json(found) if options["json"] else _as_text(found))
        if found.concerns:
            raise CommandError(
                f"{len(found.concerns)} to see to" + (", and it cannot wait" if found.is_urgent else ""),
                returncode=2 if found.is_urgent else 1,
            )


def _as_json(found: signers.Watch) -> str:
    document = {
        "signers": [
            {
                "certificate": f"sha256:{one.certificate_digest}",
                "subject": one.subject,
                "active_from": one.active_from.isoformat() if one.active_from else None,
                "expires_at": one.expires_at.isoformat(),
                "signs_now": one.signs_now,
                "is_development": one.is_development,
            }
            for one in found.listed
        ],
        "trusted_signers": found.trusted_signers,
        "trusted_authorities": found.trusted_authorities,
        "time_stamps_by": found.authority,
        "waiting_for_time_stamps": found.waiting,
        "concerns": [{"urgency": one.urgency.value, "sentence": one.sentence} for one in found.concerns],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _as_text(found: signers.Watch) -> str:
    lines = []
    for one in found.listed:
        since = f"from {one.active_from:%Y-%m-%d %H:%M} UTC" if one.active_from else "has signed nothing yet"
        lines += [
            f"{'→' if one.signs_now else ' '} {one.subject}{' (development)' if one.is_development else ''}",
            f"    sha256:{one.certificate_digest}",
            f"    {since}; ends {one.expires_at:%Y-%m-%d %H:%M} UTC",
        ]
    lines += [
        f"Roots of signers: {'; '.join(found.trusted_signers) or 'none'}",
        f"Roots of time stamps: {'; '.join(found.trusted_authorities) or 'none'}",
        f"Time stamps by {found.authority}; {found.waiting} files wait for theirs",
        *(f"{'!!' if one.urgency is signers.Urgency.URGENT else '!'} {one.sentence}" for one in found.concerns),
    ]
    return "\n".join(lines)
