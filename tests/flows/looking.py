"""Looking at pages as they are seen: at a desk and in a hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

WIDTHS = ((1440, 1000), (390, 844))


def fits(page: Any, name: str) -> None:
    """Nothing is wider than the screen, at either width; keep pictures where somebody asked for them."""
    page.wait_for_load_state()
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"), full_page=True)
        # By a locator, which waits for the page that a click led to: between two pages there is no element.
        assert page.locator("html").evaluate("html => html.scrollWidth") <= width, (name, width)
    page.set_viewport_size({"width": 1440, "height": 1000})
