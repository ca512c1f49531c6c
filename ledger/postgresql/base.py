"""Django's PostgreSQL backend, which starts the embedded server when a connection is first wanted.

So a command that needs no database starts none, and a server that died comes back with the next connection.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base

from ledger import embedded


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, embedded where ``OPTIONS["embedded_data"]`` names a folder."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return psycopg's parameters; an embedded server is running when this returns."""
        folder = self.settings_dict["OPTIONS"].get("embedded_data")
        if folder:
            server = embedded.ensure(Path(folder))
            self.settings_dict["HOST"], self.settings_dict["PORT"] = server.socket_folder, str(server.port)
        parameters: dict[str, Any] = super().get_connection_params()
        parameters.pop("embedded_data", None)
        return parameters
