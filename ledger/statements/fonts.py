"""The typefaces that paper is set in: DejaVu, which comes with Matplotlib."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def folder() -> Path:
    """Say where they lie, without loading Matplotlib: who writes paper need not draw."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("matplotlib is not installed, and has the typefaces", name="matplotlib")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
