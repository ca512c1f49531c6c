"""
Listening for songs rather than recordings: the same music played again, in another key, tempo and arrangement.

Candidates first: every forty-five seconds of what is heard become vectors (`embedding`), and the references with the
nearest vectors are looked at. Then each candidate is aligned with what was heard (`alignment`), which says whether
it is there, and where on both sides. A vector never accuses anybody: only an alignment does.

Long audio is compared in parts of five minutes, so that memory stays bounded and a score means the same in every
length.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint import alignment, embedding, melody, snapshots
from fingerprint.alignment import Path, Tune
from fingerprint.embedding import SIDES, Side, Window
from fingerprint.evidence import VERSION_MATCH, Detection, Detector, Match, Segment
from fingerprint.melody import Ear, Melody

ALGORITHM: Final = f"versions-1/{embedding.ALGORITHM}+{alignment.ALGORITHM}"
CANDIDATES: Final = 100
NEAREST_WINDOWS: Final = 60  # that are asked for each window and side

# What has to be scored beyond chance, by how many items the shorter side has: a minute's, and a minute and a half's.
# Songs that share their chords and their form agree the longer, the longer both are, as versions do, so longer sides
# need more; what is longer still was not measured. One in a thousand outputs that hold no version passes them by the
# tail of what the tuning songs score, in a catalogue of 600 (`python -m benchmarks.detection.versions --tune`).
LIMITS: Final = ((112, 620), (172, 760))

# What chance alone scores grows with the logarithm of how many places there are to begin, as in all local alignment.
# Measured on the tuning songs: among the highest hundredth, so many points more are e times rarer.
CHANCE_POINTS: Final = 29
_CHANCE_PLACES = 172 * 172  # of the pairs that was measured on

_PART_FRAMES = 1_200
_PART_HOP_FRAMES = 900
_MILLION = 1_000_000
_SEMITONE_CENTS = 100

PARAMETERS: Final = (
    ("candidates", str(CANDIDATES)),
    ("chance_points", str(CHANCE_POINTS)),
    ("features", melody.ALGORITHM),
    ("keys", str(alignment.KEYS)),
    ("lead_counts", str(alignment.LEAD_COUNTS)),
    ("nearest_per_mille", str(alignment.NEAREST_PER_MILLE)),
    ("nearest_windows", str(NEAREST_WINDOWS)),
    ("stacked", str(alignment.STACKED)),
    ("threshold", " ".join(f"{items}:{score}" for items, score in LIMITS)),
    ("weights_sha256", embedding.WEIGHTS_SHA256),
)


@dataclass(frozen=True)
class Near:
    """A reference that has a window near the one asked about, and the inner product of the two vectors."""

    reference_id: UUID
    likeness: int


class Songs(Protocol):
    """References as songs: what candidates are taken from and aligned with."""

    @property
    def snapshot(self) -> str:
        """The SHA-256 in hex that names their content (see `snapshots`)."""

    def __len__(self) -> int:
        """How many references there are."""

    def nearest(self, side: Side, vectors: NDArray[np.int16], count: int) -> list[list[Near]]:
        """
        Return for each vector the nearest windows of that side, nearest first, equal ones by their reference.

        A reference may be named more than once.
        """

    def melodies(self, ids: Sequence[UUID]) -> Mapping[UUID, Melody]:
        """Return what references play."""


class HeldSongs:
    """A few songs in memory."""

    def __init__(self, songs: Mapping[UUID, Melody], windows: Mapping[UUID, Sequence[Window]]) -> None:
        self._songs = dict(songs)
        self._owners: dict[Side, list[UUID]] = {side: [] for side in SIDES}
        vectors: dict[Side, list[NDArray[np.int16]]] = {side: [] for side in SIDES}
        for id in sorted(songs):
            for window in windows[id]:
                self._owners[window.side].append(id)
                vectors[window.side].append(window.vector)
        empty = np.zeros((0, embedding.DIMENSIONS), np.int16)
        self._vectors = {side: np.stack(some) if some else empty for side, some in vectors.items()}

    @property
    def snapshot(self) -> str:
        """Name the content."""
        contents = ((id, melody.digest_of(song.to_bytes())) for id, song in self._songs.items())
        return snapshots.name(snapshots.of_references(contents, melody.ALGORITHM), len(self))

    def __len__(self) -> int:
        return len(self._songs)

    def nearest(self, side: Side, vectors: NDArray[np.int16], count: int) -> list[list[Near]]:
        """Return the nearest windows of each vector."""
        owners, held = self._owners[side], self._vectors[side].astype(np.float32)
        found: list[list[Near]] = []
        for products in vectors.astype(np.float32) @ held.T:  # whole numbers below 2^24
            order = np.argsort(-products, kind="stable")[:count]
            found.append([Near(owners[index], int(products[index])) for index in order])
        return found

    def melodies(self, ids: Sequence[UUID]) -> Mapping[UUID, Melody]:
        """Return what references play."""
        return {id: self._songs[id] for id in ids}


class VersionsListener:
    """Listens for songs."""

    rate_hz = melody.RATE_HZ

    def __init__(self, known: Songs) -> None:
        self._known = known
        self._ear = Ear()

    def feed(self, block: NDArray[np.int16]) -> None:
        """Take the next block."""
        self._ear.feed(block)

    def search(self) -> Detection:
        """
        Say which registered songs were heard, and where.

        :raises WeightsChanged: the network's weights are not those of this release
        """
        return Detection(
            Detector(
                kind=VERSION_MATCH,
                algorithm=ALGORITHM,
                parameters=PARAMETERS,
                index_snapshot=self._known.snapshot,
                index_size=len(self._known),
            ),
            search(self._known, self._ear.melody()),
        )


def search(known: Songs, heard: Melody) -> tuple[Match, ...]:
    """
    Find the songs that a melody plays.

    :raises WeightsChanged: the network's weights are not those of this release
    """
    found: list[Match] = []
    if len(known):
        for first, part in parts(heard):
            ids = candidates(known, embedding.windows(part))
            found += _confirmed(Tune(part), known.melodies(ids), first)
    return tuple(_apart(found))


def candidates(known: Songs, windows: Sequence[Window], *, count: int = CANDIDATES) -> list[UUID]:
    """
    Name the references worth aligning, best first: half of them by their harmony, half by their lead.

    A reference's standing is the sum, over the windows, of how much nearer its nearest window is than the last that
    was looked at.
    """
    standings: list[list[UUID]] = []
    for side in SIDES:
        mine = [window.vector for window in windows if window.side == side]
        if not mine:
            continue
        sums: dict[UUID, int] = {}
        for near in known.nearest(side, np.stack(mine), NEAREST_WINDOWS):
            least = near[-1].likeness if len(near) == NEAREST_WINDOWS else -_MILLION
            best: dict[UUID, int] = {}
            for one in near:
                best.setdefault(one.reference_id, one.likeness - least)
            for id, above in best.items():
                sums[id] = sums.get(id, 0) + above
        standings.append(sorted(sums, key=partial(_standing, sums)))
    return _interleaved(standings, count)


def _standing(sums: Mapping[UUID, int], id: UUID) -> tuple[int, str]:
    return -sums[id], str(id)


def _interleaved(standings: Iterable[Sequence[UUID]], count: int) -> list[UUID]:
    chosen: dict[UUID, None] = {}
    lists = [list(standing) for standing in standings]
    for rank in range(max((len(standing) for standing in lists), default=0)):
        for standing in lists:
            if rank < len(standing) and len(chosen) < count:
                chosen.setdefault(standing[rank])
    return list(chosen)


def parts(whole: Melody) -> Iterator[tuple[int, Melody]]:
    """Cut a melody into parts of five minutes that overlap by a quarter, each with its first frame."""
    first = 0
    while True:
        yield first, whole.part(first, first + _PART_FRAMES)
        if first + _PART_FRAMES >= whole.frames:
            return
        first += _PART_HOP_FRAMES


def by_chance(heard: Tune, song: Tune) -> int:
    """Say how much of a score is owed to the length of the two sides."""
    places = max(1, len(heard.audible)) * max(1, len(song.audible))
    return round(CHANCE_POINTS * math.log(places / _CHANCE_PLACES))


def _confirmed(heard: Tune, songs: Mapping[UUID, Melody], first: int) -> Iterator[Match]:
    pieces = [(id, begin, Tune(piece)) for id, song in songs.items() for begin, piece in parts(song)]
    scores = alignment.scores(heard, [tune for _, _, tune in pieces])
    for (id, begin, tune), score in zip(pieces, scores, strict=True):
        chance = by_chance(heard, tune)
        enough = enough_of(heard, tune)
        if score - chance >= enough:
            for path in alignment.paths(heard, tune, enough=enough + chance):
                strength = score_millionths(path.score - chance, enough)
                yield _match(path, path.score - chance, strength, id, heard.melody, tune.melody, first, begin)


def _match(
    path: Path, score: int, strength: int, id: UUID, heard: Melody, song: Melody, first: int, begin: int
) -> Match:
    up = -path.key % melody.CLASSES  # semitones that the output sounds higher, octaves aside
    up -= melody.CLASSES if up > melody.CLASSES // 2 else 0
    return Match(
        kind=VERSION_MATCH,
        algorithm=ALGORITHM,
        reference_id=id,
        output=_segment(path.output, first),
        reference=_segment(path.reference, begin),
        time_ratio_millionths=path.time_ratio_millionths,
        pitch_shift_cents=up * _SEMITONE_CENTS + heard.tuning_cents - song.tuning_cents,
        score_millionths=strength,
        measures=(
            ("alignment_score", score),
            ("alike_millionths", path.alike * _MILLION // path.length),
            ("harmony_score", path.harmony),
            ("lead_score", path.lead),
        ),
    )


def enough_of(heard: Tune, song: Tune) -> int:
    """Say what has to be scored beyond chance, to be reported."""
    items = min(len(heard.audible), len(song.audible))
    (short, least), (long, most) = LIMITS
    return least + (most - least) * min(max(0, items - short), long - short) // (long - short)


def score_millionths(score: int, enough: int) -> int:
    """Say how strong a score is: half a million at the least that is reported."""
    return score * _MILLION // (score + enough)


def _segment(frames: tuple[int, int], first: int) -> Segment:
    return Segment(melody.ms_of(first + frames[0]), melody.ms_of(first + frames[1]))


def _apart(matches: Sequence[Match]) -> list[Match]:
    """Of matches of one reference that overlap on the output, as parts do, the better one."""
    kept: list[Match] = []
    for match in sorted(matches, key=_best_first):
        if not any(other.reference_id == match.reference_id and _overlap(match.output, other.output) for other in kept):
            kept.append(match)
    return sorted(kept, key=lambda match: (match.output.start_ms, match.output.end_ms, str(match.reference_id)))


def _best_first(match: Match) -> tuple[int, str, int]:
    return -match.score_millionths, str(match.reference_id), match.output.start_ms


def _overlap(one: Segment, other: Segment) -> bool:
    shared = min(one.end_ms, other.end_ms) - max(one.start_ms, other.start_ms)
    return 2 * shared > min(one.end_ms - one.start_ms, other.end_ms - other.start_ms)
