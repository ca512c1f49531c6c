"""Marking what a machine made: with the configured watermark before it is signed, or with the manifest alone."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from fingerprint import audio, examine, extract
from fingerprint.audio import AudioFacts
from fingerprint.extract import Items
from provenance.contributions import ContributionFact, is_generative
from provenance.watermarks import NotMarked, WatermarkProvider

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ToSign:
    """A file that is about to be signed, what was done to it last, and what it sounds like."""

    path: Path
    finishing: tuple[str, ...]
    harmony: Items


@lru_cache(maxsize=2)
def _made(name: str) -> WatermarkProvider | None:
    found: WatermarkProvider | None = import_string(name)() if name else None
    return found


def provider() -> WatermarkProvider | None:
    """Return the watermark that is configured, None where none is."""
    return _made(settings.LEDGER_WATERMARK)


@contextmanager
def marked(source: Path, facts: AudioFacts, contributions: Sequence[ContributionFact]) -> Iterator[ToSign]:
    """
    Give the file to sign for as long as the body runs: with a watermark where a machine made part of it and one is had.

    Where none is configured, or this file cannot be marked, it is the file itself, and its manifest states one layer.
    """
    watermark = provider()
    if watermark is not None and is_generative(contributions) and watermark.takes(facts.media_type):
        with tempfile.TemporaryDirectory(prefix="marked-") as folder:
            target = Path(folder, "marked")
            try:
                watermark.mark(source, target)
            except NotMarked as error:
                why = str(error) or NotMarked.__doc__
                log.warning("%s goes out with one layer of marking: %s", facts.digest[:12], why)
            else:
                harmony = extract.reference(audio.decode(target, facts.media_type))
                yield ToSign(target, (watermark.action,), harmony)
                return
    yield ToSign(source, (), examine.harmony(facts))
