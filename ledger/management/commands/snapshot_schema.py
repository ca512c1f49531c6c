"""Keep the tables of this database as the schema that new databases begin with."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from psycopg.conninfo import make_conninfo

from ledger import embedded
from ledger.postgresql import snapshot


def dumped(connection: Any) -> str:
    """
    Return what makes a database's tables, as SQL.

    :raises subprocess.CalledProcessError: pg_dump or pg_restore failed
    """
    connection.ensure_connection()
    at = connection.connection.info
    where = make_conninfo(host=at.host, port=at.port, user=at.user, dbname=at.dbname)
    environment = {"PGPASSWORD": at.password} if at.password else {}
    with tempfile.TemporaryDirectory() as name:
        archive, contents = Path(name) / "archive", Path(name) / "contents"
        _told("pg_dump", f"--dbname={where}", f"--file={archive}", *snapshot.DUMP, **environment)
        contents.write_text(snapshot.in_order_of_making(_told("pg_restore", "--list", str(archive))))
        return _told("pg_restore", f"--use-list={contents}", "--no-owner", "--file=-", str(archive))


def _told(program: str, *arguments: str, **environment: str) -> str:
    command = [str(embedded.binaries() / program), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


class Command(BaseCommand):
    """For whoever adds a migration: the database must have been migrated to the newest, by ``migrate --each``."""

    help = "Write ledger/postgresql/schema.sql from a database that was made by 'migrate --each'."

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
