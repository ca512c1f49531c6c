"""Keep the tables of this database as the schema that new databases begin with."""

import subprocess
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from ledger import embedded
from ledger.postgresql import snapshot


def dumped(connection: Any) -> str:
    """
    Return what pg_dump says of a database's tables.

    :raises subprocess.CalledProcessError: it failed
    """
    connection.ensure_connection()
    where = connection.connection.info
    command = [str(embedded.binaries() / "pg_dump"), *snapshot.DUMP]
    to = ["--host", where.host, "--port", str(where.port), "--username", where.user, "--dbname", where.dbname]
    environment = {"PGPASSWORD": where.password} if where.password else {}
    return subprocess.run([*command, *to], check=True, capture_output=True, text=True, env=environment).stdout


class Command(BaseCommand):
    """For whoever adds a migration: the database must have been migrated to the newest, by ``migrate --each``."""

    help = "Write ledger/postgresql/schema.sql from a database that was made by 'migrate --each'."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take nothing."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file."""
        connection: Any = connections["owner"]
        executor = MigrationExecutor(connection)
        if waiting := executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError(f"{len(waiting)} migrations are not applied here: migrate first.")
        of = snapshot.stands_for(executor.loader)
        text = snapshot.written(dumped(connection), of=of, release=connection.pg_version // 10_000)
        snapshot.FILE.write_text(text)
        self.stdout.write(f"{snapshot.FILE.name} stands for {len(of)} migrations.")
