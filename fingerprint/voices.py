"""
Whose voice is heard, of those that are enrolled, and where; and what a voice is enrolled with.

Of each 1.6 seconds of sound a small network (`voice_encoder`) says how likely there is a voice in them, and music. What
has a voice in it becomes a vector of that and one of a larger network (`campplus`), and both are compared with every
template: the larger one's by the cosine; the small one's after the mean of a cohort of other people was taken from
both, in directions in which people differ, and less how alike the nearest of the cohort are to either, so that a score
means the same for every voice. What they say counts by fixed weights. Neighboring windows are taken together, since one
alone says little; a stretch that stays alike is a match. A clone that sounds like a person is meant to match, as the
person does. The cohort, the directions and the rules that tell voice and music come from `training.voice`.

Voices were enrolled with either network alone before, and the clips are not kept. Whoever is not enrolled anew is
compared as ever, by vectors of the one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint import audio, calibration, campplus, voice_encoder
from fingerprint.calibration import Calibration
from fingerprint.evidence import VOICE_MATCH, Detection, Detector, Match, Segment
from fingerprint.voice_encoder import FRAMES, HOP, MELS, RATE_HZ

COHORT: Final = Path(__file__).parent / "data" / "voice-cohort-2.npz"
COHORT_DIGEST: Final = "3491873e07c9005fcad9361a72a6a9ff1c6e5761b1bcf855f92f49183e760dd4"

STEP: Final = 80  # frames between two windows: 0.8 s
STEP_MS: Final = STEP * HOP * 1000 // RATE_HZ
WINDOW_MS: Final = FRAMES * HOP * 1000 // RATE_HZ
LEAST_VOICE_MS: Final = 5_000  # that an enrollment rests on
MOST_CLIPS: Final = 10
_AT_ONCE: Final = 4 * campplus.WINDOWS  # windows that are listened to at a time
_LOUD: Final = 0.3  # the power of a window at -50 dB of full scale; what is softer has no voice in it
_VOICE: Final = 0.5  # from here on a window counts as having a voice in it
_MUSIC: Final = 0.5  # from here on a stretch counts as over a band
# From here on a clip does: a song without accompaniment is at 0.2 to 0.7, since held notes are what music is made of.
_BAND_IN_CLIP: Final = 0.85
_AROUND: Final = 2  # windows on each side that are taken together with one
_GAP: Final = 3  # windows without the voice that do not end a stretch
_LEAST_WINDOWS: Final = 3  # of a stretch: 3.2 s
_NEAREST: Final = 50  # of the cohort, by which a score is measured
_UNIT: Final = 0.1  # of cosine that a score counts in
_STUDENT: Final = 0.3  # of a score is what the student says, the rest is what CAM++ says
_MOST_PER_PLACE: Final = 5  # enrollments that are named for one place

ALONE: Final = 0
BAND: Final = 1


@dataclass(frozen=True)
class Comparison:
    """
    How vectors of one encoder are compared. Enrollments name the encoder, evidence the comparison too.

    From `near` on a window, with its neighbors, may belong to a stretch; one at its edge has `edge` by itself.
    """

    encoder: str
    version: str
    dimensions: int
    near: float
    edge: float
    further: tuple[tuple[str, str], ...]
    digests: tuple[tuple[str, str], ...]
    calibrations: Mapping[int, str]  # by condition

    @property
    def algorithm(self) -> str:
        """What evidence names."""
        return f"{self.encoder} {self.version}"

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """What a calibration holds for."""
        return (
            ("window_ms", str(WINDOW_MS)),
            ("step_ms", str(STEP_MS)),
            ("near", str(self.near)),
            ("edge", str(self.edge)),
            *self.further,
            ("least_windows", str(_LEAST_WINDOWS)),
        )


# Each network by itself is what was, until somebody is enrolled anew, and what evidence of then is measured again by.
BY_STUDENT: Final = Comparison(
    encoder=voice_encoder.ALGORITHM,
    version="compared/2",
    dimensions=voice_encoder.DIMENSIONS,
    near=2.0,
    edge=1.0,
    further=(("nearest", str(_NEAREST)),),
    digests=(("weights", voice_encoder.WEIGHTS_DIGEST), ("cohort", COHORT_DIGEST)),
    calibrations={ALONE: "voice-alone.json", BAND: "voice-band.json"},
)
BY_CAMPPLUS: Final = Comparison(
    encoder=campplus.ALGORITHM,
    version="cosine/1",
    dimensions=campplus.DIMENSIONS,
    near=4.0,
    edge=3.0,
    further=(("windows_at_once", str(campplus.WINDOWS)),),
    digests=(
        ("weights", campplus.WEIGHTS_DIGEST),
        ("weights_of_presence", voice_encoder.WEIGHTS_DIGEST),
        ("presence", COHORT_DIGEST),
    ),
    calibrations={ALONE: "voice-campplus-alone.json", BAND: "voice-campplus-band.json"},
)
# A vector is one of CAM++ and, behind it, the student's.
BY_BOTH: Final = Comparison(
    encoder="voice-campplus+ge2e/1",
    version="weighed/1",
    dimensions=campplus.DIMENSIONS + voice_encoder.DIMENSIONS,
    near=3.2,
    edge=2.2,
    further=(
        ("windows_at_once", str(campplus.WINDOWS)),
        ("nearest", str(_NEAREST)),
        ("weight_of_student", str(_STUDENT)),
    ),
    digests=(
        ("weights", campplus.WEIGHTS_DIGEST),
        ("weights_of_student", voice_encoder.WEIGHTS_DIGEST),
        ("cohort", COHORT_DIGEST),
    ),
    calibrations={ALONE: "voice-campplus-ge2e-alone.json", BAND: "voice-campplus-ge2e-band.json"},
)
COMPARISONS: Final = {one.encoder: one for one in (BY_BOTH, BY_CAMPPLUS, BY_STUDENT)}
CURRENT: Final = BY_BOTH  # what is enrolled now


class UnknownEncoder(Exception):
    """A voice was enrolled with an encoder that is not in this release: install a newer one, or end the enrollment."""


class TooLittleVoice(Exception):
    """There is too little voice in these clips to enroll it."""


class TooManyClips(Exception):
    """An enrollment takes 1 to 10 clips."""


@dataclass(frozen=True)
class VoiceTemplate:
    """What a voice is recognized by: one vector for each clip that it was enrolled with, of the encoder it names."""

    id: UUID
    encoder: str
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class Enrolled:
    """What came of enrolling: the vectors, and how much voice they rest on."""

    vectors: NDArray[np.float32]
    voiced_ms: int


@dataclass(frozen=True)
class Cohort:
    """
    Other people, alone and over a band: whoever is compared is compared with them too.

    ``means`` is (2, 256), ``people`` (2, people, 256) with the means taken off, ``presence`` (2, 257) weighs a state of
    the encoder, and 1, to tell whether there is a voice in a window, and music, and ``apart`` (256, directions) are the
    directions in which people differ.
    """

    means: NDArray[np.float32]
    people: NDArray[np.float32]
    presence: NDArray[np.float32]
    apart: NDArray[np.float32]

    @cached_property
    def others(self) -> NDArray[np.float32]:
        """The people, in the directions in which people are compared."""
        return unit(self.people @ self.apart)

    def centered(self, vectors: NDArray[np.float32], condition: int) -> NDArray[np.float32]:
        """Take the mean of a condition from vectors and turn them to where people differ; of length 1."""
        return unit(unit(vectors - self.means[condition]) @ self.apart)


@lru_cache(maxsize=1)
def cohort() -> Cohort:
    """
    Return the cohort of this release, read once.

    :raises WeightsMissing: the file is not there
    :raises WeightsChanged: it is another file
    """
    arrays = voice_encoder.read(COHORT, digest=COHORT_DIGEST)
    return Cohort(arrays["means"], arrays["people"], arrays["presence"], arrays["apart"])


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring vectors to length 1."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-6), dtype=np.float32)


# --- Hearing -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heard:
    """A piece of audio, window by window: where each begins, its vector, and how likely a voice and music are in it."""

    windows: NDArray[np.intp]
    vectors: NDArray[np.float32]
    voice: NDArray[np.float32]
    music: NDArray[np.float32]

    def of_voice(self) -> Heard:
        """Return the windows with a voice in them."""
        kept = self.voice >= _VOICE
        return Heard(self.windows[kept], self.vectors[kept], self.voice[kept], self.music[kept])


class Ear:
    """Turns a stream of samples into vectors: it keeps those, and of the sound no more than the last forty seconds."""

    def __init__(self, by: Comparison) -> None:
        """Listen with the encoder of a comparison, where there is a voice."""
        self._by = by
        self._encoder = voice_encoder.released()
        self._presence = cohort().presence
        self._voices = None if by is BY_STUDENT else campplus.released()
        self._samples = np.zeros(0, dtype=np.int16)
        self._bands = np.zeros((0, MELS + 1), dtype=np.float32)
        self._finer = np.zeros((0, campplus.MELS), dtype=np.float32)
        self._passed = 0  # windows that were cut
        self._heard: list[tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]] = []

    def feed(self, block: NDArray[np.int16]) -> None:
        """Take the next block."""
        for at in range(0, block.size, RATE_HZ * 8):  # so that a long block needs no more memory than a short one
            self._take(block[at : at + RATE_HZ * 8])

    def _take(self, block: NDArray[np.int16]) -> None:
        samples = np.concatenate([self._samples, block])
        bands = voice_encoder.mel(voice_encoder.power(samples))
        self._bands = np.concatenate([self._bands, bands])
        if self._voices is not None:
            self._finer = np.concatenate([self._finer, campplus.bands(samples)])
        self._samples = samples[len(bands) * HOP :]
        while len(self._bands) >= (_AT_ONCE - 1) * STEP + FRAMES:
            self._listen(_AT_ONCE)

    def _listen(self, count: int) -> None:
        """Listen to the next windows: always the same together, in whatever blocks they came."""
        starts = np.arange(count) * STEP
        power = self._bands[starts[:, None] + np.arange(FRAMES), MELS].mean(axis=1)
        windows = np.flatnonzero(power >= _LOUD)
        vectors, states = self._encoder.listen(voice_encoder.windows(self._bands, starts[windows]))
        sums = states @ self._presence[:, :-1].T + self._presence[:, -1]
        # Half precision is what a template has too, and ten hours of it are no burden.
        present = (1.0 / (1.0 + np.exp(-np.clip(sums, -30.0, 30.0)))).astype(np.float16)
        if self._voices is not None:
            windows, present, smaller = (kept[present[:, 0] >= _VOICE] for kept in (windows, present, vectors))
            vectors = self._in_chunks(self._voices, windows, count)
            if self._by is BY_BOTH:
                vectors = np.concatenate([vectors, smaller], axis=1)
        if windows.size:
            self._heard.append((windows + self._passed, vectors.astype(np.float16), present))
        self._passed += count
        self._bands, self._finer = self._bands[count * STEP :], self._finer[count * STEP :]

    def _in_chunks(self, encoder: campplus.Encoder, windows: NDArray[np.intp], count: int) -> NDArray[np.float32]:
        """Return the vectors of some windows; where in a chunk there is none of them, nothing is heard of it."""
        found = [np.zeros((0, campplus.DIMENSIONS), dtype=np.float32)]
        for first in range(0, count, campplus.WINDOWS):
            last = min(first + campplus.WINDOWS, count) - 1
            chosen = windows[(windows >= first) & (windows <= last)] - first
            if chosen.size:
                found.append(encoder.listen(self._finer[first * STEP : last * STEP + FRAMES], STEP)[chosen])
        return np.concatenate(found)

    def finish(self) -> Heard:
        """Return everything that was heard."""
        if len(self._bands) >= FRAMES:
            self._listen((len(self._bands) - FRAMES) // STEP + 1)
        if not self._heard:
            nothing = np.zeros(0, dtype=np.float32)
            return Heard(np.zeros(0, np.intp), np.zeros((0, self._by.dimensions), np.float32), nothing, nothing)
        windows, vectors, present = (np.concatenate(parts) for parts in zip(*self._heard, strict=True))
        likely = present.astype(np.float32)
        return Heard(windows, vectors.astype(np.float32), likely[:, 0], likely[:, 1])


def enroll(clips: Sequence[tuple[Path, str]]) -> Enrolled:
    """
    Return what a voice is enrolled with, out of stored clips: path and media type of each, probed before.

    A clip with music under the voice does not count: what it is recognized by would be the band, too.

    :raises TooManyClips: none, or more than 10
    :raises TooLittleVoice: less than five seconds of voice are in all of them
    :raises CorruptAudio: a clip breaks off or cannot be decoded
    """
    if not 1 <= len(clips) <= MOST_CLIPS:
        raise TooManyClips
    vectors, windows, over_music = [], 0, 0
    for path, media_type in clips:
        ear = Ear(CURRENT)
        for block in audio.decode(path, media_type, RATE_HZ):
            ear.feed(block)
        heard = ear.finish().of_voice()
        if not heard.windows.size:
            continue
        if heard.music.mean() >= _BAND_IN_CLIP:
            over_music += 1
            continue
        vectors.append(unit(heard.vectors.mean(axis=0)))
        windows += heard.windows.size
    voiced_ms = windows * STEP_MS
    if voiced_ms < LEAST_VOICE_MS:
        over = " In some of them music plays along: those do not count." if over_music else ""
        raise TooLittleVoice(
            f"{voiced_ms / 1000:.1f} seconds of voice alone are in these clips, and"
            f" {LEAST_VOICE_MS // 1000} are needed: send longer ones.{over}"
        )
    return Enrolled(np.stack(vectors), voiced_ms)


# --- Comparing -----------------------------------------------------------------------------------------------------


def compared(
    heard: NDArray[np.float32], templates: NDArray[np.float32], condition: int, by: Comparison
) -> NDArray[np.float32]:
    """Return how alike vectors and templates are, as (vectors, templates); see `middles` for those."""
    if by is BY_STUDENT:
        return scores(heard, templates, condition, cohort())
    if by is BY_CAMPPLUS:
        return np.asarray(unit(heard) @ templates.T / _UNIT, dtype=np.float32)
    (larger, smaller), (of_larger, of_smaller) = _apart(heard), _apart(templates)
    said = compared(unit(smaller), of_smaller, condition, BY_STUDENT)
    return np.asarray((1 - _STUDENT) * compared(larger, of_larger, condition, BY_CAMPPLUS) + _STUDENT * said)


def middles(templates: Sequence[VoiceTemplate], by: Comparison) -> NDArray[np.float32]:
    """Return one vector for each template, as `compared` takes them."""
    return _middles([template.vectors for template in templates], by)


def _middles(people: Sequence[NDArray[np.float32]], by: Comparison) -> NDArray[np.float32]:
    if by is BY_BOTH:
        larger, smaller = zip(*(_apart(vectors) for vectors in people), strict=True)
        return np.concatenate([_middles(larger, BY_CAMPPLUS), _middles(smaller, BY_STUDENT)], axis=1)
    means = np.stack([unit(vectors).mean(axis=0) for vectors in people])
    return cohort().centered(means, ALONE) if by is BY_STUDENT else unit(means)


def _apart(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what is CAM++'s of vectors, and what is the student's."""
    return vectors[:, : campplus.DIMENSIONS], vectors[:, campplus.DIMENSIONS :]


def scores(
    heard: NDArray[np.float32], templates: NDArray[np.float32], condition: int, people: Cohort
) -> NDArray[np.float32]:
    """
    Return how alike vectors and templates are, as (vectors, templates): more than people who are not they.

    Both are cosines, less the mean of those to the nearest of the cohort, once from either side. `templates` are
    centered among voices alone; `heard` are as the encoder gave them, all in one condition.
    """
    given = people.centered(heard, condition)
    of_heard = _nearest(given @ people.others[ALONE].T)
    of_templates = _nearest(templates @ people.others[condition].T)
    return np.asarray((given @ templates.T - (of_heard[:, None] + of_templates[None, :]) / 2) / _UNIT, dtype=np.float32)


def _nearest(others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of the nearest of the cohort, for each row."""
    return np.asarray(np.sort(others, axis=1)[:, -_NEAREST:].mean(axis=1), dtype=np.float32)


@dataclass(frozen=True)
class Stretch:
    """Windows in a row, by their positions among those with a voice, in which one template is heard."""

    template: int
    first: int
    last: int
    score: float
    windows: int
    condition: int


def stretches(heard: Heard, templates: NDArray[np.float32], by: Comparison) -> list[Stretch]:
    """Return where each template is heard, in what `Heard.of_voice` left, with the score of the whole stretch."""
    if not heard.windows.size or not len(templates):
        return []
    together, music = _together(heard)
    near = np.zeros((heard.windows.size, len(templates)), dtype=np.float32)
    alike = np.zeros_like(near)
    for condition in (ALONE, BAND):
        of = (music >= _MUSIC) == (condition == BAND)
        if of.any():
            near[of] = compared(together[of], templates, condition, by)
            alike[of] = compared(heard.vectors[of], templates, condition, by)
    found = []
    for template in np.flatnonzero((near >= by.near).any(axis=0)):
        edge = alike[:, template] >= by.edge
        for first, last in _runs(np.flatnonzero(near[:, template] >= by.near), heard.windows):
            inside = first + np.flatnonzero(edge[first : last + 1])  # neighbors made the ends look nearer than they are
            if not inside.size or inside[-1] - inside[0] + 1 < _LEAST_WINDOWS:
                continue
            whole = slice(int(inside[0]), int(inside[-1]) + 1)
            condition = BAND if heard.music[whole].mean() >= _MUSIC else ALONE
            vector = unit(heard.vectors[whole].mean(axis=0))[None]
            score = float(compared(vector, templates[template : template + 1], condition, by)[0, 0])
            found.append(
                Stretch(int(template), whole.start, whole.stop - 1, score, whole.stop - whole.start, condition)
            )
    return found


def _together(heard: Heard) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return each window with its neighbors in time: the mean of their vectors, and of how likely there is music."""
    low = np.searchsorted(heard.windows, heard.windows - _AROUND, side="left")
    high = np.searchsorted(heard.windows, heard.windows + _AROUND, side="right")
    count = (high - low).astype(np.float64)
    sums = np.concatenate([np.zeros((1, heard.vectors.shape[1])), np.cumsum(heard.vectors, axis=0, dtype=np.float64)])
    music = np.concatenate([[0.0], np.cumsum(heard.music, dtype=np.float64)])
    vectors = (sums[high] - sums[low]) / count[:, None]
    return unit(vectors.astype(np.float32)), np.asarray((music[high] - music[low]) / count, dtype=np.float32)


def _runs(positions: NDArray[np.intp], windows: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Yield the first and last position of each run whose windows stand no further apart than a gap."""
    if not positions.size:
        return
    breaks = np.flatnonzero(np.diff(windows[positions]) > _GAP + 1)
    begins = np.concatenate([[0], breaks + 1])
    ends = np.concatenate([breaks, [positions.size - 1]])
    for begin, end in zip(begins, ends, strict=True):
        yield int(positions[begin]), int(positions[end])


# --- Listening -----------------------------------------------------------------------------------------------------

_WORTH_SAYING: Final = 20_000  # a match less likely than this is not reported


# How many of a million such stretches are of the one voice that they are compared with, where as many are as are not:
# one table for each condition, by `training.voice calibrate`. What was sung had no part in them.
@cache
def _calibration(name: str) -> Calibration:
    return Calibration.from_document(json.loads((calibration.FOLDER / name).read_bytes()))


def score_millionths(score: float) -> int:
    """Return a score in whole numbers, to hundredths: what differs between two machines lies far behind them."""
    return min(1_000_000, max(0, round(score * 100) * 1_000))


def alone_probability(score: float, condition: int, by: Comparison) -> int:
    """Return how likely a stretch is of a voice, in millionths, as if no other were enrolled and half of them were."""
    return _calibration(by.calibrations[condition]).probability_millionths(score_millionths(score))


def probability(own: int, others: Sequence[int], enrolled: int) -> int:
    """
    Return how likely a stretch is of one of the enrolled voices, in millionths.

    `own` is its `alone_probability`, `others` are those of other voices in the same place. Half of all stretches are
    taken to be of somebody enrolled, anybody of them as likely as another: so the more are enrolled, the more it takes,
    and voices that are alike share. Whole numbers throughout, so that every machine says the same.
    """
    odds = [1_000_000 * likely // (1_000_000 - likely) for likely in (own, *others)]
    return 1_000_000 * odds[0] // (1_000_000 * enrolled + sum(odds))


def listeners(templates: Iterable[VoiceTemplate]) -> list[Listener]:
    """
    Return whoever listens for enrolled voices: one for each encoder that they were enrolled with.

    :raises UnknownEncoder: there is one that this release does not have
    """
    groups: dict[str, list[VoiceTemplate]] = {}
    for template in templates:
        groups.setdefault(template.encoder, []).append(template)
    if unknown := sorted(groups.keys() - COMPARISONS.keys()):
        raise UnknownEncoder(f"{UnknownEncoder.__doc__} ({', '.join(unknown)})")
    return [Listener(groups[encoder], by) for encoder, by in COMPARISONS.items() if encoder in groups]


class Listener:
    """Listens for enrolled voices. Without any, it does not even turn the sound into vectors."""

    rate_hz = RATE_HZ

    def __init__(self, templates: Sequence[VoiceTemplate], by: Comparison = CURRENT) -> None:
        """Compare with these, all of one encoder, in the order of their ids."""
        self._by = by
        self._templates = tuple(sorted(templates, key=lambda template: str(template.id)))
        self._ear = Ear(by) if self._templates else None

    def feed(self, block: NDArray[np.int16]) -> None:
        """Take the next block."""
        if self._ear is not None:
            self._ear.feed(block)

    def search(self) -> Detection:
        """Say which enrolled voices were heard, and where."""
        detector = Detector(
            kind=VOICE_MATCH,
            algorithm=self._by.algorithm,
            parameters=(*self._by.parameters, *self._by.digests),
            index_snapshot=_snapshot(self._templates, self._by),
            index_size=len(self._templates),
        )
        if self._ear is None:
            return Detection(detector, ())
        heard = self._ear.finish().of_voice()
        found = stretches(heard, middles(self._templates, self._by), self._by)
        matches = [self._match(one, found, heard) for one in _best(found)]
        return Detection(detector, tuple(match for match in matches if _is_worth_saying(match)))

    def _match(self, found: Stretch, among: Sequence[Stretch], heard: Heard) -> Match:
        others: dict[int, int] = {}
        for other in among:
            if other.template != found.template and other.first <= found.last and found.first <= other.last:
                likely = alone_probability(other.score, other.condition, self._by)
                others[other.template] = max(others.get(other.template, 0), likely)
        own = alone_probability(found.score, found.condition, self._by)
        whole = slice(found.first, found.last + 1)
        start = int(heard.windows[found.first]) * STEP_MS
        end = int(heard.windows[found.last]) * STEP_MS + WINDOW_MS
        return Match(
            kind=VOICE_MATCH,
            algorithm=self._by.algorithm,
            reference_id=self._templates[found.template].id,
            output=Segment(start, end),
            reference=Segment(0, 0),  # a voice has no place in what it was enrolled with
            time_ratio_millionths=1_000_000,
            pitch_shift_cents=0,
            score_millionths=score_millionths(found.score),
            probability_millionths=probability(own, tuple(others.values()), len(self._templates)),
            measures=(
                ("alone_probability_millionths", own),
                ("music_millionths", round(float(heard.music[whole].mean()) * 100) * 10_000),
                ("over_band", int(found.condition == BAND)),
                ("voice_millionths", round(float(heard.voice[whole].mean()) * 100) * 10_000),
                ("windows", found.windows),
            ),
        )


def _is_worth_saying(match: Match) -> bool:
    return match.probability_millionths is not None and match.probability_millionths >= _WORTH_SAYING


def _best(found: Sequence[Stretch]) -> list[Stretch]:
    """Return stretches without those in whose place enough others are more alike."""
    kept: list[Stretch] = []
    for one in sorted(found, key=lambda one: (-round(one.score * 100), one.first, one.template)):
        over = sum(1 for other in kept if other.first <= one.last and one.first <= other.last)
        if over < _MOST_PER_PLACE:
            kept.append(one)
    return sorted(kept, key=lambda one: (one.first, one.last, one.template))


def _snapshot(templates: Sequence[VoiceTemplate], by: Comparison) -> str:
    """Return a digest of everything that a piece of audio is compared with."""
    digest = hashlib.sha256(by.encoder.encode())
    for template in templates:
        vectors = np.ascontiguousarray(template.vectors, dtype="<f2")
        digest.update(template.id.bytes + len(vectors).to_bytes(4, "big") + vectors.tobytes())
    return digest.hexdigest()
