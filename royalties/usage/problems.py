"""What is wrong with a report of usage, and where: a report with a problem is not booked at all. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 10_000  # that are kept; a report with more is not what it is said to be
_RAW = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line cannot be booked, in words that name the way out."""

    line: int  # in its file, from 1; 0: the file as a whole
    field: str
    code: str
    sentence: str
    raw: str = ""
    file: int = 0  # number in the report, from 1; 0: the report as a whole


class Unreadable(Exception):
    """A file ends here: what follows cannot be trusted to be where it seems."""

    def __init__(self, problem: Problem) -> None:
        """Keep the problem."""
        super().__init__(problem.sentence)
        self.problem = problem


class BadCell(Exception):
    """A cell does not hold what its column should; the message says what would."""

    def __init__(self, code: str, sentence: str) -> None:
        """Keep the code."""
        super().__init__(sentence)
        self.code = code


@dataclass
class Problems:
    """The problems that were found, the first ones kept, all of them counted."""

    kept: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, problem: Problem) -> None:
        """Keep one, if there are not too many."""
        self.count += 1
        if len(self.kept) < MOST:
            self.kept.append(problem)

    @property
    def is_full(self) -> bool:
        """Whether reading on tells nobody anything."""
        return self.count >= MOST


def shown(raw: str) -> str:
    """Return a cell as it is shown to people: short, and without what no database keeps."""
    return raw[:_RAW].replace("\0", "␀").encode("utf-8", "replace").decode()
