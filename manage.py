#!/usr/bin/env python
"""Django's command line, for this service."""

import os
import sys

import django.apps
import django.db
import kombu.pools


def main() -> None:
    """Run the command that was typed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ledger.settings")
    from django.core.management import execute_from_command_line

    from ledger import embedded

    try:
        execute_from_command_line(sys.argv)
    finally:
        # A command that had to start the embedded database stops it, so nothing is left behind.
        if django.apps.apps.ready:
            django.db.connections.close_all()
            kombu.pools.reset()
        embedded.stop_what_we_started()


if __name__ == "__main__":
    main()
