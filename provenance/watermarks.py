"""
The second layer of marking: a watermark in the sound, beside the signed manifest (PRV-6). Pure.

The EU's Code of Practice asks for at least two layers that machines can read. A manifest is one; it is lost with the
container. A provider puts another into the samples, before anything is signed, and the manifest says so by the action
that C2PA has for it: ``c2pa.watermarked.bound`` where the watermark leads back to the manifest, ``.unbound`` where it
only says that a machine made the sound. Whoever reads a manifest is told how many layers it states, and never more.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from provenance.assertions import ACTIONS

Action = Literal["c2pa.watermarked.bound", "c2pa.watermarked.unbound"]
BOUND: Action = "c2pa.watermarked.bound"
UNBOUND: Action = "c2pa.watermarked.unbound"

ONE_LAYER = "One layer only: a signed manifest. No watermark is in the sound, as far as the manifest says."
TWO_LAYERS = "Two layers: a signed manifest, and a watermark that the manifest says is in the sound."


class NotMarked(Exception):
    """The watermark cannot be found again in what was marked, so the sound is left as it was."""


class WatermarkProvider(Protocol):
    """What puts a watermark into samples, and finds it again."""

    action: Action

    def takes(self, media_type: str) -> bool:
        """Whether files of this type can be marked without being coded anew."""

    def mark(self, source: Path, target: Path) -> None:
        """
        Write a copy of a file with the watermark in its samples, and everything else as it was.

        :raises NotMarked: it cannot be found again in the copy, or the file is not of a kind that can be marked
        """

    def is_marked(self, path: Path, media_type: str) -> bool:
        """Whether the watermark is heard in a file of any type, as far as this can be told."""


def layers(assertions: Mapping[str, Any] | None) -> str:
    """Say how many layers of marking a manifest states; nothing where there is no manifest to ask."""
    if assertions is None:
        return ""
    said = assertions.get(ACTIONS)
    actions = said.get("actions") if isinstance(said, Mapping) else None
    names = {one.get("action") for one in actions if isinstance(one, Mapping)} if isinstance(actions, list) else set()
    return TWO_LAYERS if names & {BOUND, UNBOUND} else ONE_LAYER
