"""No secret of a link in the log files: paths of artists' pages are cut before a line is written."""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(r"(/artist/)[^/\s\"'?]+")


def without_secrets(text: str) -> str:
    """Return a text in which the secrets of links are cut."""
    return _SECRET.sub(r"\1…", text)


class NoSecrets(logging.Filter):
    """Cuts the secrets of links out of every line, whoever writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Cut, and let the line pass."""
        message = record.getMessage()
        if "/artist/" in message:
            record.msg, record.args = without_secrets(message), ()
        return True
