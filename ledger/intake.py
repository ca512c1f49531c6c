"""The limits of what is taken in at the door."""

from __future__ import annotations

from django.conf import settings

from fingerprint.audio import Limits


def limits() -> Limits:
    """Return the configured limits for audio."""
    return Limits(
        max_bytes=settings.LEDGER_MAX_UPLOAD_BYTES,
        max_duration_ms=settings.LEDGER_MAX_AUDIO_MS,
        max_tag_bytes=settings.LEDGER_MAX_TAG_BYTES,
    )
