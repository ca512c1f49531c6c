"""Be a witness of logs, others' or our own (c2sp.org/tlog-witness)."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import cosignatures, notes, witness_service


class Command(BaseCommand):
    """Needs no database: it has keys and a folder of its own, which must not be restored from a backup."""

    help = "Cosign checkpoints of logs whose trees only grow."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take which logs, and where to listen."""
        parser.add_argument("--log", action="append", type=Path, required=True, help="a file with a log's public keys")
        parser.add_argument("--name", help="names the keys at first use, such as witness.example/w1")
        parser.add_argument("--folder", type=Path, default=settings.DATA_DIR / "witness")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8090)

    def handle(self, *args: Any, **options: Any) -> None:
        """Say who it is, and serve until a signal comes."""
        try:
            keys = witness_service.keys_in(options["folder"], name=options["name"])
            logs = witness_service.logs_in(options["log"])
        except (
            witness_service.NoName,
            cosignatures.NotACosigner,
            notes.NotAKey,
            notes.NotAKeyName,
            OSError,
            UnicodeDecodeError,
        ) as error:
            raise CommandError(str(error) or str(error.__doc__)) from error
        self.stdout.write("For the policy of whoever asks or checks:")
        address = f"http://{options['host']}:{options['port']}"
        for number, key in enumerate(keys, 1):
            self.stdout.write(f"witness w{number} {key.public.text} {address}")
        self.stdout.write(f"It knows {', '.join(logs)}.")
        self.stdout.flush()
        os.environ[witness_service.FOLDER] = str(options["folder"].absolute())
        os.environ[witness_service.LOGS] = os.pathsep.join(str(path.absolute()) for path in options["log"])
        from granian import Granian
        from granian.constants import Interfaces
        from granian.log import LogLevels

        server = Granian(
            "ledger.witness_service:application",
            address=options["host"],
            port=options["port"],
            interface=Interfaces.WSGI,
            factory=True,
            workers=1,
            log_level=LogLevels.warning,
        )
        server.serve()
