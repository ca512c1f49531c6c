"""Taking in audio, and enrolling what is registered so that outputs are compared with it. Inserts only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from fingerprint import songs
from fingerprint.audio import AudioFacts
from fingerprint.models import Audio, Fingerprint, Reference
from fingerprint.songs import Song


def receive(*, facts: AudioFacts, at: datetime) -> Audio:
    """Insert what is known about some bytes, unless they are known; the bytes are in the store by now."""
    audio, _ = Audio.objects.get_or_create(
        digest=facts.digest,
        defaults={
            "media_type": facts.media_type,
            "codec": facts.codec,
            "size_bytes": facts.size_bytes,
            "duration_ms": facts.duration_ms,
            "sample_rate_hz": facts.sample_rate_hz,
            "channels": facts.channels,
            "received_at": at,
        },
    )
    return audio


def facts_of(audio: Audio) -> AudioFacts:
    """Return what was found out about audio when it came in."""
    return AudioFacts(
        digest=audio.digest,
        media_type=audio.media_type,
        codec=audio.codec,
        size_bytes=audio.size_bytes,
        duration_ms=audio.duration_ms,
        sample_rate_hz=audio.sample_rate_hz,
        channels=audio.channels,
    )


def enroll(
    *, reference_id: UUID, facts: AudioFacts, fingerprint: Mapping[str, bytes], song: Song | None = None, at: datetime
) -> Reference:
    """
    Insert a reference with its fingerprints, which ``examine.fingerprint`` took from the stored bytes.

    Without its song, from ``songs.hear``, versions of it are not found until that is added.
    """
    audio = receive(facts=facts, at=at)
    reference = Reference.objects.create(id=reference_id, audio=audio, enrolled_at=at)
    for algorithm, data in sorted(fingerprint.items()):
        Fingerprint.objects.create(reference=reference, algorithm=algorithm, data=data)
    if song is not None:
        songs.keep(reference_id, song)
    return reference
