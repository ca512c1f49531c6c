"""Create the roles and databases on a PostgreSQL server of your own; the embedded one does it by itself."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ledger import embedded


class Command(BaseCommand):
    """Run once with a login that may create roles and databases, then ``migrate``."""

    help = "Create the roles and databases that are missing (DATABASE_OWNER_URL, else DATABASE_URL, says where)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Provision the configured server."""
        import os

        from psycopg.conninfo import conninfo_to_dict

        url = os.environ.get("DATABASE_OWNER_URL") or settings.DATABASE_URL
        if not url:
            embedded.ensure(settings.EMBEDDED_POSTGRES)
            self.stdout.write("The embedded PostgreSQL is running and provisioned.")
            return
        given = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
        database = given.get("dbname")
        if not database:
            raise CommandError("DATABASE_URL names no database")
        try:
            embedded.provision({**given, "dbname": "postgres"}, database=database)
        except embedded.MayNotExtend as error:
            raise CommandError(f"Roles and databases are there: {', '.join(embedded.ROLES)}. {error}") from error
        self.stdout.write(f"Roles and databases are there: {', '.join(embedded.ROLES)}.")
