"""The Celery application: which broker, and that Django is set up."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ledger.settings")

app = Celery("ledger")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["ledger"])


@worker_init.connect
def _listen_before_forking(**_: Any) -> None:
    """Load what listens once, in the worker, so that its children share the memory; nothing else loads it."""
    from fingerprint import embedding, voice_network  # noqa: F401

    embedding.network()
