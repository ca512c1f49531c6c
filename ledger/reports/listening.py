"""Both sides of a match, to be heard and seen: cut and drawn from stored audio, and kept for a while."""

from __future__ import annotations

import hashlib
import io
import wave
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import UUID

from django.core.cache import caches

from fingerprint import audio, pictures, store
from fingerprint.evidence import Match, Segment
from fingerprint.models import Audio, Reference
from fingerprint.pictures import Floats, Samples
from ledger.report import Dossier

Side = Literal["output", "reference"]
SIDES: tuple[Side, ...] = ("output", "reference")

LONGEST_PART_MS = 60_000  # what fingerprint.audio.excerpt gives at once
BINS = 1_000  # of the outline of a whole recording
PART_BINS = 600  # of the outline of a part
COLUMNS = 800  # of a spectrogram
MOST_FRAMES = 600  # of a similarity matrix
FRAME_MS = 250
NOTE_MS = 100
MOST_NOTES = 400
LONGEST_MAP_MS = 600_000  # of longer audio, the matrix shows what is around the match
AROUND_MS = 60_000
MOST_CENTS = 2_400
CHROMA_RATE_HZ = 11_025


class NoSuchMatch(Exception):
    """There is no such match in this output, or none that is seen, or this side of it cannot be heard."""


@dataclass(frozen=True)
class Pair:
    """Both sides of one match; there is no ``reference`` where nothing of it is kept to be heard, as of a voice."""

    match: Match
    output: Audio
    reference: Audio | None

    def source(self, side: Side) -> Audio:
        """
        Return the whole audio of a side.

        :raises NoSuchMatch: nothing of it is kept
        """
        found = self.output if side == "output" else self.reference
        if found is None:
            raise NoSuchMatch
        return found

    def part(self, side: Side, part: int) -> Segment:
        """
        Return one part of a side.

        :raises NoSuchMatch: there are not so many
        """
        parts = parts_of(self.match)
        if not 0 <= part < parts:
            raise NoSuchMatch
        return part_of(self.match.output if side == "output" else self.match.reference, part, parts)


def pair(found: Dossier, position: int) -> Pair:
    """
    Return both sides of a match of an output, as far as they are seen.

    :raises NoSuchMatch: there is no such match
    """
    match = next((heard.match for heard in found.heard if heard.position == position), None)
    if match is None:
        raise NoSuchMatch
    reference = Reference.objects.select_related("audio").filter(pk=match.reference_id).first()
    return Pair(match, found.submission.audio, reference.audio if reference else None)


def parts_of(match: Match) -> int:
    """Return in how many pieces a match is played, so that neither side's piece is longer than a minute."""
    longest = max(match.output.end_ms - match.output.start_ms, match.reference.end_ms - match.reference.start_ms)
    return max(1, -(-longest // LONGEST_PART_MS))


def part_of(segment: Segment, part: int, parts: int) -> Segment:
    """Return one piece of a segment: the same piece of both sides begins and ends at the same place of the match."""
    length = segment.end_ms - segment.start_ms
    return Segment(segment.start_ms + length * part // parts, segment.start_ms + length * (part + 1) // parts)


def window(segment: Segment, whole_ms: int) -> Segment:
    """Return what a matrix shows of one side: all of it, or ten minutes at most from somewhat before the match."""
    if whole_ms <= LONGEST_MAP_MS:
        return Segment(0, max(whole_ms, segment.end_ms))
    start = max(0, segment.start_ms - AROUND_MS)
    return Segment(start, min(whole_ms, start + LONGEST_MAP_MS))


def ingredient(found: Dossier, recording_id: UUID) -> Audio:
    """
    Return the registered audio of a declared ingredient.

    :raises NoSuchMatch: it was not declared, is not seen, or no audio of it is registered
    """
    declared = {row.recording_id: row.recording for row in found.submission.ingredients.all()}
    recording = declared.get(recording_id)
    if recording is None or recording.reference_id is None:
        raise NoSuchMatch
    reference = Reference.objects.select_related("audio").get(pk=recording.reference_id)
    return reference.audio


def minutes_of(source: Audio) -> int:
    """Return in how many pieces all of some audio is played."""
    return max(1, -(-source.duration_ms // LONGEST_PART_MS))


# --- To be heard ---------------------------------------------------------------------------------------------------


def excerpt(given: Pair, side: Side, part: int, *, cents: int = 0) -> bytes:
    """
    Return one part of a side as a WAV, so many cents higher.

    It is made higher as a tape is: played faster. A player that knows how long it should take slows it down again.

    :raises NoSuchMatch: there is no such part
    :raises AudioRefused: the stored audio cannot be cut
    """
    segment = given.part(side, part)
    content = _cut(given.source(side), segment)
    return _retuned(content, cents) if cents else content


def minute(source: Audio, number: int) -> bytes:
    """
    Return one minute of some audio as a WAV.

    :raises NoSuchMatch: it is shorter
    :raises AudioRefused: the stored audio cannot be cut
    """
    if not 0 <= number < minutes_of(source):
        raise NoSuchMatch
    end = min(source.duration_ms, (number + 1) * LONGEST_PART_MS)
    return _cut(source, Segment(number * LONGEST_PART_MS, end))


def _cut(source: Audio, segment: Segment) -> bytes:
    with store.local(source.digest) as path:
        return audio.excerpt(path, source.media_type, segment.start_ms, segment.end_ms)


def _retuned(content: bytes, cents: int) -> bytes:
    ratio = 2 ** (max(-MOST_CENTS, min(MOST_CENTS, cents)) / 1200)
    out = io.BytesIO()
    with wave.open(io.BytesIO(content)) as read, closing(wave.open(out, "wb")) as written:
        written.setparams(read.getparams())
        written.setframerate(round(read.getframerate() * ratio))
        written.writeframes(read.readframes(read.getnframes()))
    return out.getvalue()


# --- To be seen ----------------------------------------------------------------------------------------------------


def _kept(make: Callable[[], Any], *name: object) -> Any:
    """Return what was drawn before, else draw it: the same name is the same picture, since audio never changes."""
    text = ":".join(str(part) for part in (pictures.VERSION, *name))
    key = hashlib.sha256(text.encode()).hexdigest()
    shelf = caches["pictures"]
    found = shelf.get(key)
    if found is None:
        found = make()
        shelf.set(key, found)
    return found


def outline(source: Audio) -> dict[str, object]:
    """
    Return the waveform of a whole recording, in equal parts.

    :raises AudioRefused: the stored audio cannot be decoded
    """

    def make() -> dict[str, object]:
        samples = source.duration_ms * CHROMA_RATE_HZ // 1000
        found = pictures.waveform(_decoded(source, Segment(0, source.duration_ms)), samples=samples, bins=BINS)
        return {"low": found.low, "high": found.high}

    return cast("dict[str, object]", _kept(make, "outline", source.digest))


def part_outline(given: Pair, side: Side, part: int) -> dict[str, object]:
    """
    Return the waveform of one part of a side, and how loud it is in hundredths of LUFS.

    :raises NoSuchMatch: there is no such part
    :raises AudioRefused: the stored audio cannot be cut
    """
    source, segment = given.source(side), given.part(side, part)

    def make() -> dict[str, object]:
        sound = pictures.sound(_cut(source, segment))
        found = pictures.waveform([sound.samples], samples=sound.samples.size, bins=PART_BINS)
        return {"low": found.low, "high": found.high, "loudness": pictures.loudness(sound)}

    return cast("dict[str, object]", _kept(make, "part", source.digest, segment))


def spectrogram(given: Pair, side: Side, part: int) -> bytes:
    """
    Draw the spectrogram of one part of a side.

    :raises NoSuchMatch: there is no such part
    :raises AudioRefused: the stored audio cannot be cut
    :raises NothingToDraw: it is too short
    """
    source, segment = given.source(side), given.part(side, part)
    return cast(
        "bytes",
        _kept(
            lambda: pictures.spectrogram(pictures.sound(_cut(source, segment)), columns=COLUMNS),
            "spectrogram",
            source.digest,
            segment,
        ),
    )


def similarity(given: Pair) -> bytes:
    """
    Draw where the output and the reference are alike, the reference transposed as the match says.

    :raises NoSuchMatch: nothing of the reference is kept
    :raises AudioRefused: the stored audio cannot be decoded
    :raises NothingToDraw: one of them is too short
    """
    output, reference = given.output, given.source("reference")
    across = window(given.match.output, output.duration_ms)
    down = window(given.match.reference, reference.duration_ms)
    return _similarity(output, across, reference, down, given.match.pitch_shift_cents)


def likeness(output: Audio, reference: Audio) -> bytes:
    """
    Draw where an output and a recording are alike, though nothing was found: their first ten minutes.

    :raises AudioRefused: the stored audio cannot be decoded
    :raises NothingToDraw: one of them is too short
    """
    across, down = (Segment(0, min(one.duration_ms, LONGEST_MAP_MS)) for one in (output, reference))
    return _similarity(output, across, reference, down, 0)


def _similarity(output: Audio, across: Segment, reference: Audio, down: Segment, cents: int) -> bytes:
    def make() -> bytes:
        mine = _chroma(output, across, _frames(across, FRAME_MS, MOST_FRAMES))
        theirs = _chroma(reference, down, _frames(down, FRAME_MS, MOST_FRAMES))
        return pictures.similarity(mine, pictures.transposed(theirs, cents))

    return cast("bytes", _kept(make, "similarity", output.digest, across, reference.digest, down, round(cents / 100)))


def notes(given: Pair, part: int) -> bytes:
    """
    Draw the notes of both sides of one part over each other, the reference transposed and stretched to the output.

    :raises NoSuchMatch: there is no such part, or nothing of the reference is kept
    :raises AudioRefused: the stored audio cannot be decoded
    :raises NothingToDraw: it is too short
    """
    output, reference = given.output, given.source("reference")
    mine, theirs = given.part("output", part), given.part("reference", part)
    cents, frames = given.match.pitch_shift_cents, _frames(mine, NOTE_MS, MOST_NOTES)

    def make() -> bytes:
        found = pictures.transposed(_chroma(reference, theirs, frames), cents)
        return pictures.overlay(_chroma(output, mine, frames), found)

    return cast("bytes", _kept(make, "notes", output.digest, mine, reference.digest, theirs, round(cents / 100)))


def melodies(given: Pair, part: int) -> dict[str, object]:
    """
    Return the melodies of both sides of one part, in thirds of a semitone above E2, the reference's transposed.

    :raises NoSuchMatch: there is no such part, or nothing of the reference is kept
    :raises AudioRefused: the stored audio cannot be cut
    :raises NothingToDraw: it is too short
    """
    steps = round(given.match.pitch_shift_cents * pictures.STEPS_PER_SEMITONE / 100)
    found: dict[str, object] = {"steps": pictures.STEPS}
    for side in SIDES:
        source, segment = given.source(side), given.part(side, part)

        def make(source: Audio = source, segment: Segment = segment) -> tuple[int | None, ...]:
            return pictures.contour(pictures.sound(_cut(source, segment)), points=MOST_NOTES)

        line = cast("tuple[int | None, ...]", _kept(make, "melody", source.digest, segment))
        found[side] = line if side == "output" else tuple(None if at is None else at + steps for at in line)
    return found


def _frames(segment: Segment, each_ms: int, most: int) -> int:
    return max(8, min(most, (segment.end_ms - segment.start_ms) // each_ms))


def _chroma(source: Audio, segment: Segment, frames: int) -> Floats:
    samples = (segment.end_ms - segment.start_ms) * CHROMA_RATE_HZ // 1000
    return pictures.chroma(_decoded(source, segment), rate_hz=CHROMA_RATE_HZ, samples=samples, frames=frames)


def _decoded(source: Audio, segment: Segment) -> Iterator[Samples]:
    """Give the samples of a stretch as they are decoded; what comes after it is not."""
    first, last = (at * CHROMA_RATE_HZ // 1000 for at in (segment.start_ms, segment.end_ms))
    done = 0
    with store.local(source.digest) as path:
        for block in audio.decode(path, source.media_type, CHROMA_RATE_HZ):
            piece = block[max(0, first - done) : max(0, last - done)]
            if piece.size:
                yield piece
            done += block.size
            if done >= last:
                return
