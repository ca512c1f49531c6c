"""Which cells the records of DDEX DSR flat files have, by profile and version: data, with its source. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent.parent / "data" / "dsr_records.json"


class UnknownProfile(Exception):
    """A report is of a profile, in a version, whose records are known here."""


@dataclass(frozen=True)
class Layout:
    """The cells of one record type in one version."""

    type: str
    cells: tuple[str, ...]
    needed: tuple[int, ...]  # positions that may not be empty

    positions: dict[str, int]  # of cells by their names
    roles: dict[str, int]  # of cells by what they are for, whatever this version calls them

    def at(self, name: str, other: str = "") -> int:
        """Return the position of a cell, or of another one where there is none; -1 where there is neither."""
        found = self.positions.get(name, -1)
        return found if found >= 0 or not other else self.positions.get(other, -1)

    def of(self, role: str) -> int:
        """Return the position of the cell that plays a role; -1 where none does."""
        return self.roles[role]


@dataclass(frozen=True)
class Profile:
    """The record types of one profile in one version."""

    name: str
    version: str
    confidence: str  # in the positions of its cells
    layouts: dict[str, Layout]


@cache
def profile(name: str, version: str) -> Profile:
    """
    Return a profile.

    :raises UnknownProfile: there is none of this name and version
    """
    table = _table()
    versions = table["profiles"].get(name)
    if versions is None:
        raise UnknownProfile(f"The profile {name[:60]!r} is not read: {', '.join(sorted(table['profiles']))} are.")
    if version not in versions:
        known = ", ".join(sorted(versions))
        raise UnknownProfile(f"Version {version[:20]!r} of {name} is not read: {known} are. Ask the sender for one.")
    found = versions[version]
    layouts = {}
    for type_, listed in found["records"].items():
        names = listed.split()
        positions = {name.removesuffix("?"): at for at, name in enumerate(names)}
        layouts[type_] = Layout(
            type_,
            cells=tuple(name.removesuffix("?") for name in names),
            needed=tuple(at for at, name in enumerate(names) if not name.endswith("?")),
            positions=positions,
            roles={
                role: next((positions[name] for name in called if name in positions), -1)
                for role, called in table["roles"].items()
            },
        )
    return Profile(name, version, table["sources"][found["source"]]["confidence"], layouts)


@cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"), parse_float=str)
    return found
