"""Run a sequencer: several may run, one works at a time."""

import logging
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections, connections
from django.utils import timezone

from ledger import checkpoints, gauges, journal, sequencer

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Moves committed entries into the tree and signs, a few times a second, until it is told to stop."""

    help = "Sequence pending entries and sign checkpoints."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the pace."""
        parser.add_argument("--once", action="store_true", help="drain what is pending and stop")
        parser.add_argument("--every-ms", type=int, default=100, help="from one look or signature to the next")

    def handle(self, *args: Any, **options: Any) -> None:
        """Step until a signal comes; a database that is away is waited for, a fork is not."""
        if options["once"]:
            sequencer.drain(at=timezone.now())
            return
        going, resumed, size = True, False, 0

        def stop(number: int, frame: Any) -> None:  # noqa: ARG001
            nonlocal going
            going = False

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        while going:
            try:
                if not resumed:
                    sequencer.resume()
                    resumed = True
                since = time.perf_counter()
                before, signed = size, sequencer.step(at=timezone.now())
                if signed is not None:
                    size = signed.size
                    gauges.SEQUENCED.labels("signed").inc()
                    took = round((time.perf_counter() - since) * 1000, 1)
                    log.info("signed a checkpoint", extra=journal.told({"size": size, "ms": took}))
                    if size - before >= sequencer.BATCH:
                        continue  # there is more than a step takes
                # What comes meanwhile shares a signature, which costs as much for one entry as for hundreds.
                time.sleep(max(0.0, options["every_ms"] / 1000 - (time.perf_counter() - since)))
            except OperationalError as error:
                gauges.SEQUENCED.labels("away").inc()
                log.warning("the database is away: %s", error)
                for connection in connections.all():
                    connection.close()
                close_old_connections()
                time.sleep(1)
            except checkpoints.Forked as error:
                gauges.SEQUENCED.labels("forked").inc()
                log.error("stopped signing: %s", error)  # noqa: TRY400 - where it came through says nothing
                time.sleep(10)
