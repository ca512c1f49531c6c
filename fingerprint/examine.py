"""
Examining audio: one decode, four fingerprints, every match with both its places; and keeping what was found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from math import isqrt
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint import audio, extract, index, matching, store
from fingerprint.audio import AudioFacts, CorruptAudio
from fingerprint.evidence import Evidence, NotEvidence
from fingerprint.matching import Index
from fingerprint.models import Examination

FULL_SCALE = 32_768


class _Level:
    """Measures loudness in passing, so that the audio is decoded once."""

    def __init__(self, blocks: Iterator[NDArray[np.int16]]) -> None:
        self.blocks = blocks
        self.peak = 0
        self.energy = 0  # an exact sum of squares
        self.samples = 0

    def __iter__(self) -> Iterator[NDArray[np.int16]]:
        for block in self.blocks:
            if block.size:
                wide = block.astype(np.int64)
                self.peak = max(self.peak, int(np.abs(wide).max()))
                self.energy += int(np.dot(wide, wide))
                self.samples += block.size
            yield block

    @property
    def peak_millionths(self) -> int:
        return min(1_000_000, self.peak * 1_000_000 // FULL_SCALE)

    @property
    def rms_millionths(self) -> int:
        if not self.samples:
            return 0
        # A whole root of whole numbers: the same on every machine.
        return min(1_000_000, isqrt(self.energy * 10**12 // self.samples) // FULL_SCALE)


def fingerprint(facts: AudioFacts) -> bytes:
    """
    Take the fingerprint that a reference is kept with, from stored bytes.

    :raises CorruptAudio: the audio breaks off or cannot be decoded
    """
    with store.local(facts.digest) as path:
        level = _Level(audio.decode(path, facts.media_type))
        items = extract.reference(level)
    _whole(facts, level.samples)
    return items.astype("<u4").tobytes()


def examine(facts: AudioFacts, *, against: Index | None = None) -> Evidence:
    """
    Measure which registered recordings are heard in stored audio, and where.

    It finds recorded material, not melodies and not voices, and says nothing about whether it may be there.

    :raises CorruptAudio: the audio breaks off or cannot be decoded
    """
    known = index.current() if against is None else against
    with store.local(facts.digest) as path:
        level = _Level(audio.decode(path, facts.media_type))
        shifted = extract.query(level)
    _whole(facts, level.samples)
    return Evidence(
        audio_digest=facts.digest,
        duration_ms=facts.duration_ms,
        algorithm=extract.algorithm(),
        parameters=matching.PARAMETERS,
        index_snapshot=known.snapshot,
        index_size=len(known),
        matches=matching.search(known, shifted),
        peak_millionths=level.peak_millionths,
        rms_millionths=level.rms_millionths,
    )


def _whole(facts: AudioFacts, samples: int) -> None:
    # What was not decoded was not examined: a decoder that stops early must not clear the rest. Encoders pad
    # the ends, and a tenth is more than any of them does.
    decoded_ms = samples * 1000 // extract.SAMPLE_RATE_HZ
    if decoded_ms < facts.duration_ms * 9 // 10 - 1_000:
        raise CorruptAudio(
            f"Only {decoded_ms // 1000:,} of {facts.duration_ms // 1000:,} seconds could be decoded; "
            "export it again from its source."
        )


def record(
    evidence: Evidence,
    *,
    id: UUID,
    audio_digest: str,
    at: datetime,
) -> Examination:
    """Insert an examination: the evidence as the exact bytes whose digest the log will name."""
    document = evidence.to_bytes()
    return Examination.objects.create(
        id=id,
        audio_id=audio_digest,
        document=document,
        digest=hashlib.sha256(document).hexdigest(),
        measured_at=at,
    )


def read(examination: Examination) -> Evidence:
    """
    Return the evidence of an examination.

    :raises NotEvidence: the stored bytes are no evidence that this release can read
    """
    try:
        document = json.loads(bytes(examination.document))
    except ValueError as error:
        raise NotEvidence(f"The evidence is not JSON: {error}.") from error
    return Evidence.from_document(document)
