"""Taking in audio, and enrolling what is registered so that outputs are compared with it. Inserts only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from fingerprint import extract, landmarks, songs, spectra
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


def lacking() -> QuerySet[Reference]:
    """
    Return the references that this release cannot look for by all it listens with, oldest first.

    Chromaprints of all releases are compared with each other, so any will do; landmarks and spectra have to be of this
    version.
    """
    mine = Fingerprint.objects.filter(reference=OuterRef("pk"))
    needed = (
        mine.filter(algorithm__startswith=extract.FAMILY),
        mine.filter(algorithm=landmarks.ALGORITHM),
        mine.filter(algorithm=spectra.ALGORITHM),
    )
    lacks_one = reduce(or_, (~Q(Exists(fingerprint)) for fingerprint in needed))
    return Reference.objects.filter(lacks_one).order_by("enrolled_at", "id")


def complete(*, reference_id: UUID, fingerprint: Mapping[str, bytes], at: datetime) -> None:
    """Insert what a reference lacks of its fingerprints, which ``examine.fingerprint`` took from the stored bytes."""
    there = set(Fingerprint.objects.filter(reference=reference_id).values_list("algorithm", flat=True))
    has_harmony = any(algorithm.startswith(extract.FAMILY) for algorithm in there)
    for algorithm, data in sorted(fingerprint.items()):
        if algorithm not in there and not (has_harmony and algorithm.startswith(extract.FAMILY)):
            Fingerprint.objects.create(reference_id=reference_id, algorithm=algorithm, data=data, added_at=at)
