"""The Celery application: which broker, that Django is set up, and that each task is told once."""

from __future__ import annotations

import logging
import os
import time
from typing import Any

from celery import Celery, Task
from celery.signals import setup_logging, worker_init

from ledger import journal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ledger.settings")

log = logging.getLogger(__name__)


class Told(Task):  # type: ignore[type-arg]
    """A task whose end is told and counted: which, how it ended, how long it took; never what it was given."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it."""
        from ledger import gauges  # once the settings say where to count

        journal.forget()
        journal.about(task_id=self.request.id)
        since, outcome = time.perf_counter(), "failed"
        try:
            answer = super().__call__(*args, **kwargs)
            outcome = "done"
            return answer
        finally:
            took = time.perf_counter() - since
            gauges.TASK_SECONDS.labels(self.name, outcome).observe(took)
            told = {"task": self.name, "outcome": outcome, "ms": round(took * 1000, 1)}
            # The sweep, each two seconds, says nothing while it is well.
            level = logging.DEBUG if outcome == "done" and self.name == "ledger.tasks.sweep" else logging.INFO
            log.log(level, "worked", extra=journal.told(told))
            journal.forget()


@setup_logging.connect
def _keep_ours(**_: object) -> None:
    """Leave the log files as Django's settings have them: with somebody connected here, Celery sets up none."""


app = Celery("ledger", task_cls=Told)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["ledger"])


@worker_init.connect
def _listen_before_forking(**_: Any) -> None:
    """
    Load what listens once, in the worker, so that its children share the memory; nothing else loads it.

    Nothing is computed with it here: threads that torch starts for that are not there in a child, which waits for them.
    """
    from fingerprint import campplus_network, song_network, voice_network  # noqa: F401
