"""
Whether a machine made the audio: advice by an outside detector, where somebody installs one. None is shipped. Pure.

Detectors of generated music that can be had are trained on a few generators of one year, and publish no rate at which
they accuse people of being machines. So there is none here. What a provider would have to bring is this value: what it
says, and how often it is wrong, measured by whom on what. It is shown beside an output and is part of no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class ErrorRateMissing(Exception):
    """A detector says how often it takes people for machines, and on what that was measured; this one does not."""


@dataclass(frozen=True)
class Advice:
    """What a detector says about one piece of audio, with its published error rate. Millionths."""

    provider: str
    version: str
    probability_millionths: int  # that a machine made it, as the detector says
    false_positive_millionths: int  # how often it says so of what people made
    measured_on: str  # the material, and where the figure is published

    def __post_init__(self) -> None:
        """Check that it says how often it is wrong."""
        if not self.measured_on.strip() or not 0 < self.false_positive_millionths <= 1_000_000:
            raise ErrorRateMissing
        if not 0 <= self.probability_millionths <= 1_000_000:
            raise ValueError("a probability is from 0 to a million millionths")


class Detector(Protocol):
    """An outside detector: ``LEDGER_AI_DETECTOR`` names a function without arguments that returns one."""

    def advise(self, path: Path, media_type: str) -> Advice:
        """Listen to a file."""
