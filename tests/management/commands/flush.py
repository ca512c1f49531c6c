"""Empty the test database as its owner: TRUNCATE is not for the runtime role."""

from typing import Any

from django.core.management.base import BaseCommand

from fingerprint import index
from tests import database


class Command(BaseCommand):
    """Stands in for Django's own, which would truncate as the runtime role and be refused."""

    help = "Empty every table but those that migrations fill."
    requires_system_checks: list[str] = []
    stealth_options = ("reset_sequences", "allow_cascade", "inhibit_post_migrate")  # what Django's test case passes

    def add_arguments(self, parser: Any) -> None:
        """Take what Django's test case passes."""
        parser.add_argument("--database", default="default")
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive")

    def handle(self, *args: Any, **options: Any) -> None:
        """Empty it once, whatever its logins are."""
        if options["database"] != "default":
            return  # the same database under another login
        database.empty()
        index.forget()  # rows are never taken away in life, so the index does not expect it
