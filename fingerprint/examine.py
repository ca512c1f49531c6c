"""Examining audio: one decode, every detector, every match with both its places; and keeping what was found."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint import (
    agreement,
    audio,
    calibration,
    extract,
    index,
    landmarks,
    songs,
    spectra,
    store,
    traces,
)
from fingerprint.agreement import told_once
from fingerprint.audio import AudioFacts, CorruptAudio
from fingerprint.evidence import Detection, Evidence, Match, NotEvidence
from fingerprint.levels import Meter
from fingerprint.models import Audio, Examination, Fingerprint, Trace
from fingerprint.postings import Known
from fingerprint.traces import NotATrace
from fingerprint.versions import Songs, VersionsListener
from fingerprint.voices import VoiceTemplate
from fingerprint.voices import listeners as voice_listeners

# Stands behind the peaks of a trace: that short audio was heard as `landmarks.Query` does, not as coarsely as long.
_HEARS_SHORT_FINELY = 2


class NoTrace(Exception):
    """Nothing is kept of what was heard in this audio: examine it again from its bytes."""


class Fed(Protocol):
    """What is fed mono blocks at its own rate, and keeps features and never the samples."""

    @property
    def rate_hz(self) -> int:
        """The sample rate that it wants to hear."""

    def feed(self, block: NDArray[np.int16]) -> None:
        """Take the next block, which may be empty."""


class Listener(Fed, Protocol):
    """A detector while it listens to one piece of audio; it answers once, at the end."""

    def search(self) -> Detection:
        """Say what was heard; nothing may be fed afterwards."""


class CopiesListener:
    """
    Listens for recorded material: with Chromaprint, and with landmarks under other sounds, in short pieces, transposed.

    It takes both fingerprints of what it hears, whichever index is asked: landmarks confirm what Chromaprint finds.
    """

    rate_hz = extract.SAMPLE_RATE_HZ

    def __init__(self) -> None:
        self._fingerprints = extract.Fingerprints()
        self._landmarks = landmarks.Query()
        self._waveform = Waveform()

    def feed(self, block: NDArray[np.int16]) -> None:
        """Take the next block."""
        self._fingerprints.feed(block)
        self._landmarks.feed(block)
        self._waveform.feed(block)

    def heard(self) -> Heard:
        """Return what was heard; nothing may be fed afterwards."""
        prints = self._fingerprints.finish(), self._landmarks.finish()
        return Heard(extract.algorithm(), *prints, samples=self._waveform.finish())


class Waveform:
    """Mono samples at 11,025 Hz, kept for as long as they are few enough to be compared: a third of a megabyte."""

    def __init__(self) -> None:
        self._blocks: list[NDArray[np.int16]] | None = []
        self._size = 0

    def feed(self, block: NDArray[np.int16]) -> None:
        """Take the next block."""
        self._size += block.size
        if self._size > landmarks.FINE_S * landmarks.SAMPLE_RATE_HZ:
            self._blocks = None
        if self._blocks is not None:
            self._blocks.append(block)

    def finish(self) -> NDArray[np.int16] | None:
        """Return them, or None where there were more."""
        return None if self._blocks is None else np.concatenate([np.zeros(0, np.int16), *self._blocks])


@dataclass(frozen=True)
class Heard:
    """What a piece of audio is looked up by: items and peaks at every shift."""

    algorithm: str  # of the items
    items: tuple[NDArray[np.uint32], ...]
    peaks: tuple[landmarks.Peaks, ...]
    samples: NDArray[np.int16] | None = None  # of short audio, and None where that cannot be had

    def traces(self) -> dict[str, bytes]:
        """Pack it, by algorithm."""
        rows = [row for peaks in self.peaks for row in (peaks.frames, peaks.pitches)]
        rows.append(np.array([_HEARS_SHORT_FINELY]))
        return {self.algorithm: traces.written(self.items), landmarks.ALGORITHM: traces.written(rows)}

    @classmethod
    def kept(cls, audio_digest: str) -> Heard:
        """
        Read what was heard when audio was examined, without its waveform, which is not kept.

        :raises NoTrace: the audio was not examined by a release that keeps what it heard
        """
        newest = {
            family.name: Trace.objects.filter(audio_digest=audio_digest, algorithm__startswith=family.name)
            .order_by("-id")
            .first()
            for family in (index.CHROMAPRINT, index.LANDMARKS)
        }
        harmony, marks = newest[index.CHROMAPRINT.name], newest[index.LANDMARKS.name]
        if harmony is None or marks is None or marks.algorithm != landmarks.ALGORITHM:
            raise NoTrace
        try:
            items = traces.read(bytes(harmony.data))
            rows = [row.astype(np.int64) for row in traces.read(bytes(marks.data))]
        except NotATrace as error:
            raise NoTrace from error
        hearing, rows = rows[2 * landmarks.SHIFTS :], rows[: 2 * landmarks.SHIFTS]
        if len(items) != extract.SHIFTS or len(rows) != 2 * landmarks.SHIFTS or len(hearing) > 1:
            raise NoTrace
        peaks = tuple(landmarks.Peaks(*pair) for pair in zip(rows[::2], rows[1::2], strict=True))
        if landmarks.is_fine(peaks) and [row.tolist() for row in hearing] != [[_HEARS_SHORT_FINELY]]:
            # What this release would find in the same audio, it could not find in what an earlier one heard of it.
            raise NoTrace
        return cls(harmony.algorithm, items, peaks)

    def found_in(self, family: str, known: Known) -> tuple[Detection, ...]:
        """Say which recordings of an index were heard, and where, each with its probability, by all that ask it."""
        found: list[Detection] = []
        if family == index.CHROMAPRINT.name:
            found.append(agreement.by_harmony(known, self.items, self.peaks, _peaks_of, algorithm=self.algorithm))
        elif family == index.LANDMARKS.name:
            found.append(agreement.by_landmarks(known, self.peaks, _peaks_of))
            if self.samples is not None:
                found.append(agreement.by_coherence(known, self.peaks, self.samples, _waves, _peaks_of))
        elif self.samples is not None:
            found.append(agreement.by_spectra(known, spectra.query(self.samples), _peaks_of))
        return tuple(calibration.calibrated(detection) for detection in found)


def _peaks_of(reference: UUID) -> NDArray[np.uint32] | None:
    """Read the peaks of a reference as an index keeps them. They came with its other fingerprint, and stay."""
    kept = Fingerprint.objects.filter(reference_id=reference, algorithm=landmarks.ALGORITHM).first()
    return None if kept is None else landmarks.read(bytes(kept.data)).items


def _waveform_of(audio_digest: str) -> NDArray[np.int16] | None:
    """The waveform of audio that is short and in the store still; None of any other."""
    kept = Audio.objects.filter(digest=audio_digest).first()
    if kept is None or kept.duration_ms > landmarks.FINE_S * 1000:
        return None
    waveform = Waveform()
    try:
        with store.local(audio_digest) as path:
            for block in audio.decode(path, kept.media_type):
                waveform.feed(block)
    except (store.NoSuchAudio, audio.AudioRefused):
        return None
    return waveform.finish()


def _waves(reference: UUID, starts: Sequence[int], size: int) -> list[NDArray[np.int16]] | None:
    """Cut stretches of mono samples at 11,025 Hz out of the audio of a reference; None where it is not in the store."""
    kept = Audio.objects.filter(references=reference).first()
    if kept is None:
        return None
    try:
        with store.local(kept.digest) as path:
            return [audio.stretch(path, kept.media_type, start, size, landmarks.SAMPLE_RATE_HZ) for start in starts]
    except (store.NoSuchAudio, audio.AudioRefused):
        return None


def fingerprint(facts: AudioFacts) -> dict[str, bytes]:
    """
    Take the fingerprints that a reference is kept with, from stored bytes: one for each algorithm, by its name.

    :raises CorruptAudio: the audio breaks off or cannot be decoded
    """
    samples = 0
    harmony = extract.Fingerprints((0,))
    marks = landmarks.of_reference()
    moves = spectra.Spectra()
    with store.local(facts.digest) as path:
        for block in audio.decode(path, facts.media_type):
            harmony.feed(block)
            marks.feed(block)
            moves.feed(block)
            samples += block.size
    _whole(facts, samples)
    return {
        extract.algorithm(): harmony.finish()[0].astype("<u4").tobytes(),
        landmarks.ALGORITHM: landmarks.written(marks.finish()[0]),
        spectra.ALGORITHM: moves.finish().tobytes(),
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

    Short audio is compared with the audio of references too. One whose bytes are not in the store any more is looked
    for by its fingerprints alone, so what a waveform said is not said again after they were erased.

    It says nothing about whether what is heard may be there. `against` gives the indexes to compare with by the names
    of their families and `known` the songs, instead of everything that is enrolled now; what is left out beside
    `against` is not listened for.

    :raises CorruptAudio: the audio breaks off or cannot be decoded
    :raises WeightsChanged: the weights of a network are not those of this release
    :raises UnknownEncoder: a voice was enrolled with an encoder that is not in this release
    """
    if against is None:
        against = {family.name: index.current(family) for family in index.FAMILIES}
        known = songs.current() if known is None else known
    listeners: list[Listener] = []
    copies = CopiesListener() if against else None
    if known is not None:
        listeners.append(VersionsListener(known))
    listeners += voice_listeners(voices)
    meter = Meter()
    fed: list[Fed] = [*listeners, *([copies] if copies else [])]
    rates = {extract.SAMPLE_RATE_HZ, *(listener.rate_hz for listener in fed)}
    with store.local(facts.digest) as path:
        decoding = audio.decode_at(path, facts.media_type, sorted(rates), with_loudness=True)
        for blocks in decoding:
            meter.feed(blocks[extract.SAMPLE_RATE_HZ])
            for listener in fed:
                listener.feed(blocks[listener.rate_hz])
    _whole(facts, meter.samples)
    detections: list[Detection] = []
    if copies is not None:
        heard = copies.heard()
        detections += [found for name, postings in against.items() for found in heard.found_in(name, postings)]
        _keep(facts.digest, heard.traces())
    detections += [calibration.calibrated(listener.search()) for listener in listeners]
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
    Compare what was heard in audio when it was examined with other references.

    Nothing is decoded but what is short: its waveform is compared too where the store has it and theirs. Where it has
    not, what only the waveform would have said is not found, and no detector says that it looked.

    `against` gives indexes by the names of their families, such as each of `index.delta`: of what came since. Says
    nothing of voices. What several detectors heard of one reference is said by each: see `agreement.told_once`.

    :raises NoTrace: the audio was not examined by a release that keeps what it heard: examine it again
    """
    heard = Heard.kept(audio_digest)
    if {index.LANDMARKS.name, index.SPECTRA.name} & against.keys():
        heard = replace(heard, samples=_waveform_of(audio_digest))
    return tuple(found for name, postings in against.items() for found in heard.found_in(name, postings))


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
