"""What the service says on the terminal is its own."""

from __future__ import annotations

import os
import subprocess
import sys

SAYS = """
from django.conf import settings
settings.configured or settings.DEBUG
from pgmq.logger import LoggingManager
LoggingManager.get_logger("pgmq").debug("Reading messages")
"""


def said(**environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "LOGURU_AUTOINIT"}
    run = [sys.executable, "-c", SAYS]
    return subprocess.run(run, capture_output=True, text=True, check=True, env={**kept, **environment}).stderr


def test_the_queue_does_not_tell_the_terminal_of_every_message() -> None:
    assert "Reading messages" in said(LOGURU_AUTOINIT="true")  # what it would do
    assert said() == ""
