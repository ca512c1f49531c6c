"""What came out otherwise when something was looked at again: some of it, and how much."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

MOST_KEPT: Final = 50  # of one thing


@dataclass
class Differing:
    """Where something is otherwise, what it was then, and what it is now; and how often."""

    some: list[tuple[str, Any, Any]] = field(default_factory=list)
    count: int = 0

    def add(self, where: str, then: Any, now: Any) -> None:
        """Keep one more, as long as there are not too many."""
        self.count += 1
        if len(self.some) < MOST_KEPT:
            self.some.append((where, then, now))
