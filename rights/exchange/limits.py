"""How much of a file is read before it is refused. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of one file; what lies beyond them is refused with a sentence, not read into memory."""

    max_bytes: int = 2_000_000_000
    max_line_characters: int = 10_000  # of one row, or of one element's text
    max_lines: int = 20_000_000
