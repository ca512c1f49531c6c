"""Examining audio: one decode, every detector, every match with both its places; and keeping what was found."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint import (
    audio,
    calibration,
    extract,
    index,
    landmark_matching,
    landmarks,
    matching,
    songs,
    store,
    traces,
)
from fingerprint.agreement import told_once
from fingerprint.audio import AudioFacts, CorruptAudio
from fingerprint.evidence import EXACT_MATCH, Detection, Detector, Evidence, Match, NotEvidence
from fingerprint.levels import Meter
from fingerprint.models import Examination, Trace
from fingerprint.postings import Known
from fingerprint.traces import NotATrace
from fingerprint.versions import Songs, VersionsListener
from fingerprint.voices import Listener as VoiceListener
from fingerprint.voices import VoiceTemplate


class NoTrace(Exception):
    """Nothing is kept of what was heard in this audio: examine it again from its bytes."""


class Listener(Protocol):
    """
    A detector while it listens to one piece of audio.

    It is fed mono blocks at its own rate, keeps features and never the samples, and answers once, at the end.
    """

    @property
    def rate_hz(self) -> int:
        """The sample rate that it wants to hear."""

    def feed(self, block: NDArray[np.int16]) -> None:
        """Take the next block, which may be empty."""

    def search(self) -> Detection:
        """Say what was heard; nothing may be fed afterwards."""


class CopiesListener:
    """Listens for recorded material with Chromaprint."""

    rate_hz = extract.SAMPLE_RATE_HZ

    def __init__(self, known: Known) -> None:
        self._known = known
        self._fingerprints = extract.Fingerprints()
        self.trace = b""

    def feed(self, block: NDArray[np.int16]) -> None:
        """Take the next block."""
        self._fingerprints.feed(block)

    def search(self) -> Detection:
        """Say which registered recordings were heard, and where."""
        heard = self._fingerprints.finish()
        self.trace = traces.written(heard)
        return self._found(self._known, heard, extract.algorithm())

    @classmethod
    def again(cls, known: Known, trace: bytes, algorithm: str) -> Detection:
        """
        Say the same of what was heard before, against another index.

        :raises NotATrace: it is no trace of this detector
        """
        heard = traces.read(trace)
        if len(heard) != extract.SHIFTS:
            raise NotATrace
        return cls._found(known, heard, algorithm)

    @staticmethod
    def _found(known: Known, heard: Sequence[NDArray[np.uint32]], algorithm: str) -> Detection:
        return Detection(
            Detector(
                kind=EXACT_MATCH,
                algorithm=algorithm,
                parameters=matching.PARAMETERS,
                index_snapshot=known.snapshot,
                index_size=len(known),
            ),
            matching.search(known, heard, algorithm=algorithm),
        )


class LandmarksListener:
    """Listens for recorded material under other sounds, in short pieces, and transposed."""

    rate_hz = landmarks.SAMPLE_RATE_HZ

    def __init__(self, known: Known) -> None:
        self._known = known
        self._landmarks = landmarks.Landmarks()
        self.trace = b""

    def feed(self, block: NDArray[np.int16]) -> None:
        """Take the next block."""
        self._landmarks.feed(block)

    def search(self) -> Detection:
        """Say which registered recordings were heard, and where."""
        heard = self._landmarks.finish()
        self.trace = traces.written([row for peaks in heard for row in (peaks.frames, peaks.pitches)])
        return self._found(self._known, heard)

    @classmethod
    def again(cls, known: Known, trace: bytes, algorithm: str) -> Detection:
        """
        Say the same of what was heard before, against another index.

        :raises NotATrace: it is no trace of this detector
        """
        rows = [row.astype(np.int64) for row in traces.read(trace)]
        if len(rows) != 2 * landmarks.SHIFTS or algorithm != landmarks.ALGORITHM:
            raise NotATrace
        return cls._found(known, tuple(landmarks.Peaks(*pair) for pair in zip(rows[::2], rows[1::2], strict=True)))

    @staticmethod
    def _found(known: Known, heard: tuple[landmarks.Peaks, ...]) -> Detection:
        return Detection(
            Detector(
                kind=EXACT_MATCH,
                algorithm=landmarks.ALGORITHM,
                parameters=landmark_matching.PARAMETERS,
                index_snapshot=known.snapshot,
                index_size=len(known),
            ),
            landmark_matching.search(known, heard),
        )


_LISTENERS: dict[str, type[CopiesListener | LandmarksListener]] = {
    index.CHROMAPRINT.name: CopiesListener,
    index.LANDMARKS.name: LandmarksListener,
}


def fingerprint(facts: AudioFacts) -> dict[str, bytes]:
    """
    Take the fingerprints that a reference is kept with, from stored bytes: one for each algorithm, by its name.

    :raises CorruptAudio: the audio breaks off or cannot be decoded
    """
    samples = 0
    harmony = extract.Fingerprints((0,))
    marks = landmarks.Landmarks(1, peaks_per_second=landmarks.REFERENCE_PEAKS_PER_SECOND)
    with store.local(facts.digest) as path:
        for block in audio.decode(path, facts.media_type):
            harmony.feed(block)
            marks.feed(block)
            samples += block.size
    _whole(facts, samples)
    return {
        extract.algorithm(): harmony.finish()[0].astype("<u4").tobytes(),
        landmarks.ALGORITHM: landmarks.written(marks.finish()[0]),
    }


def harmony(facts: AudioFacts) -> extract.Items:
    """
    Return the Chromaprint fingerprint of stored audio: as it was heard in its examination, else from its bytes.

    :raises CorruptAudio: it was not examined, and breaks off or cannot be decoded
    """
    kept = Trace.objects.filter(audio_digest=facts.digest, algorithm=extract.algorithm()).first()
    if kept is not None:
        with contextlib.suppress(NotATrace):
            return traces.read(bytes(kept.data))[0]
    with store.local(facts.digest) as path:
        return extract.reference(audio.decode(path, facts.media_type))


def examine(
    facts: AudioFacts,
    *,
    against: Mapping[str, Known] | None = None,
    known: Songs | None = None,
    voices: Sequence[VoiceTemplate] = (),
) -> Evidence:
    """
    Measure which registered recordings and songs, and which enrolled voices, are heard in stored audio, and where.

    It says nothing about whether what is heard may be there. `against` gives the indexes to compare with by the names
    of their families and `known` the songs, instead of everything that is enrolled now; what is left out beside
    `against` is not listened for.

    :raises CorruptAudio: the audio breaks off or cannot be decoded
    :raises WeightsChanged: the weights of a network are not those of this release
    """
    if against is None:
        against = {family.name: index.current(family) for family in index.FAMILIES}
        known = songs.current() if known is None else known
    copies = [_LISTENERS[name](postings) for name, postings in against.items()]
    listeners: list[Listener] = [*copies]
    if known is not None:
        listeners.append(VersionsListener(known))
    if voices:
        listeners.append(VoiceListener(voices))
    meter = Meter()
    rates = {extract.SAMPLE_RATE_HZ, *(listener.rate_hz for listener in listeners)}
    with store.local(facts.digest) as path:
        decoding = audio.decode_at(path, facts.media_type, sorted(rates), with_loudness=True)
        for blocks in decoding:
            meter.feed(blocks[extract.SAMPLE_RATE_HZ])
            for listener in listeners:
                listener.feed(blocks[listener.rate_hz])
    _whole(facts, meter.samples)
    detections = [calibration.calibrated(listener.search()) for listener in listeners]
    _keep(facts.digest, {one.detector.algorithm: copy.trace for one, copy in zip(detections, copies, strict=False)})
    return Evidence(
        audio_digest=facts.digest,
        duration_ms=facts.duration_ms,
        detectors=tuple(detection.detector for detection in detections),
        matches=tuple(sorted(told_once(match for one in detections for match in one.matches), key=_order)),
        peak_millionths=meter.peak_millionths,
        rms_millionths=meter.rms_millionths,
        loudness_centi_lufs=decoding.loudness_centi_lufs,
        silence_ms=meter.silence_ms,
        leading_silence_ms=meter.leading_silence_ms,
        trailing_silence_ms=meter.trailing_silence_ms,
    )


def _keep(audio_digest: str, heard: Mapping[str, bytes]) -> None:
    """Keep what was heard, once: it follows from the audio and the algorithm."""
    Trace.objects.bulk_create(
        [Trace(audio_digest=audio_digest, algorithm=algorithm, data=data) for algorithm, data in heard.items()],
        ignore_conflicts=True,
    )


def again(audio_digest: str, *, against: Mapping[str, Known]) -> tuple[Detection, ...]:
    """
    Compare what was heard in audio when it was examined with other references; nothing is decoded.

    `against` gives indexes by the names of their families, such as each of `index.delta`: of what came since. Says
    nothing of voices. What several detectors heard of one reference is said by each: see `agreement.told_once`.

    :raises NoTrace: the audio was not examined by a release that keeps what it heard: examine it again
    """
    detections: list[Detection] = []
    for name, postings in against.items():
        kept = Trace.objects.filter(audio_digest=audio_digest, algorithm__startswith=name).order_by("-id").first()
        if kept is None:
            raise NoTrace
        try:
            found = _LISTENERS[name].again(postings, bytes(kept.data), kept.algorithm)
        except NotATrace as error:
            raise NoTrace from error
        detections.append(calibration.calibrated(found))
    return tuple(detections)


def _order(match: Match) -> tuple[int, int, str, str, str, int]:
    """Order matches by their place in the output; which of two equal ones comes first is settled too."""
    output, reference = match.output, match.reference
    return output.start_ms, output.end_ms, match.kind, str(match.reference_id), match.algorithm, reference.start_ms


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
