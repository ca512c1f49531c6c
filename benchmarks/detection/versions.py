"""
Versions of songs: who is found, how often somebody is accused wrongly, and what it costs.

    python -m benchmarks.detection.versions --corpus FOLDER [--music FOLDER] [--queries N] [--bound N]

The corpus is what `benchmarks.detection.corpus` rendered. Each query is asked of the whole catalogue, in four ways:

* `ours`: candidates by their embeddings, then alignment, as in an examination;
* `vectors`: the first of our candidates, without alignment;
* `2DFTM`: a published fingerprint of songs (Ellis and Bertin-Mahieux 2012), at seven tempos;
* `all pairs`: our alignment with every song, which no candidate can beat; for the first N queries of a kind.

Without the song itself, the rest of the catalogue is one that a query is in no part of: whatever is found then is
false. So are rendered songs found in real music, and the other way round. Songs that are one song under two titles
(`splits.SAME_SONGS`) count as that song. Limits come from the tuning songs, which `--tune` shows; none of them is in
the catalogue. Among them, with `--further`, are songs that the network learned from and the alignment did not.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection import corpus, wav
from benchmarks.detection.corpus import QUERIES, Recording, Version
from fingerprint import alignment, audio, calibration, embedding, melody, versions
from fingerprint.alignment import Tune
from fingerprint.calibration import Calibration
from fingerprint.embedding import Window
from fingerprint.melody import RATE_HZ, Melody
from fingerprint.training.splits import (
    CATALOGUE_SONGS,
    QUERY_SONGS,
    TRAINING_SONGS,
    TUNING_QUERY_SONGS,
    TUNING_SONGS,
    same_as,
)
from fingerprint.versions import HeldSongs

Samples = NDArray[np.int16]
_RANKS = (1, 10, 50, 100)
_MEDIA_TYPES = {".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".flac": "audio/flac", ".wav": "audio/wav"}
_LEAST_S = 40
_MINUTE_FRAMES = 240
_SCALES = (0.8, 0.86, 0.93, 1.0, 1.08, 1.16, 1.25)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share."""
    if of == 0:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def said(hits: int, of: int) -> str:
    """Write a share with its interval."""
    low, high = wilson(hits, of)
    return f"{100 * hits / max(1, of):5.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


# --- material


def at_rate(samples: Samples, rate_hz: int) -> Samples:
    """Change the sample rate to that of the features."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="s16", layout="mono")
    frame.sample_rate = rate_hz
    return np.concatenate([part.to_ndarray()[0] for part in [*resampler.resample(frame), *resampler.resample(None)]])


def filtered(samples: Samples, chain: Sequence[tuple[str, str]]) -> Samples:
    """Send samples at the features' rate through FFmpeg's filters."""
    graph = av.filter.Graph()
    nodes = [graph.add_abuffer(sample_rate=RATE_HZ, format="s16", layout="mono")]
    nodes += [graph.add(name, arguments) for name, arguments in chain]
    nodes += [graph.add("aformat", f"sample_fmts=s16:sample_rates={RATE_HZ}:channel_layouts=mono")]
    nodes += [graph.add("abuffersink")]
    for one, other in pairwise(nodes):
        one.link_to(other)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="s16", layout="mono")
    frame.sample_rate, frame.pts = RATE_HZ, 0
    graph.push(frame)
    graph.push(None)
    parts: list[Samples] = []
    while True:
        try:
            parts.append(graph.pull().to_ndarray()[0])
        except (av.BlockingIOError, av.EOFError):
            return np.concatenate(parts)


def shifted(samples: Samples, semitones: float, tempo: float) -> Samples:
    """Change pitch and tempo apart from each other."""
    ratio = 2 ** (semitones / 12)
    return filtered(
        samples,
        [("asetrate", str(round(RATE_HZ * ratio))), ("aresample", str(RATE_HZ)), ("atempo", f"{tempo / ratio:.5f}")],
    )


def heard(recording: Recording, folder: Path) -> Melody | None:
    """Return what a rendered recording plays; None where it was not rendered."""
    path = recording.path(folder)
    kept = folder / "melodies" / f"{path.stem}.{melody.ALGORITHM}"
    if kept.exists():
        return Melody.from_bytes(kept.read_bytes())
    if not path.exists():
        return None
    found = melody.of(at_rate(wav.load(path), corpus.RATE_HZ))
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(found.to_bytes())
    return found


def all_of(songs: Iterable[int], version: Version, folder: Path) -> dict[int, Melody]:
    """Return what was rendered of some songs in one version."""
    return {song: found for song in songs if (found := heard(Recording(song, version), folder)) is not None}


def real_music(folder: Path) -> dict[str, Samples]:
    """Decode the real recordings that are long enough."""
    found: dict[str, Samples] = {}
    for path in sorted(folder.iterdir()):
        if media_type := _MEDIA_TYPES.get(path.suffix):
            samples = np.concatenate(list(audio.decode(path, media_type, RATE_HZ)))
            if samples.size >= _LEAST_S * RATE_HZ:
                found[path.stem] = samples
    return found


# --- the peer


def ftm(rows: NDArray[np.uint8], scale: float = 1.0, patch: int = 75) -> NDArray[np.float32]:
    """Return the median magnitude of the two-dimensional Fourier transform of patches: blind to key and place."""
    half = rows[: len(rows) // 2 * 2].reshape(-1, 2, melody.CLASSES).mean(axis=1)
    at = np.arange(0, max(1, len(half) - 1), scale)
    before = at.astype(int)
    part = (at - before)[:, None]
    chroma = half[before] * (1 - part) + half[np.minimum(before + 1, len(half) - 1)] * part
    if len(chroma) < patch:
        chroma = np.pad(chroma, ((0, patch - len(chroma)), (0, 0)))
    patches = [
        np.abs(np.fft.fft2(chroma[start : start + patch] ** 1.96)).ravel()
        for start in range(0, len(chroma) - patch + 1, patch // 4)
    ]
    median = np.median(patches, axis=0)
    return np.asarray(median / max(1e-9, float(np.linalg.norm(median))), dtype=np.float32)


# --- asking


@dataclass
class Cell:
    """What came of the queries of one kind."""

    asked: int = 0
    candidates_within: dict[int, int] = field(default_factory=lambda: dict.fromkeys(_RANKS, 0))
    first: int = 0
    found: int = 0
    false: int = 0
    highest_false: list[int] = field(default_factory=list)
    peer_first: int = 0
    bound_asked: int = 0
    bound_first: int = 0
    ours_of_bound: int = 0


class Catalogue:
    """Songs by number, as they are enrolled."""

    def __init__(self, songs: Mapping[int, Melody]) -> None:
        self.melodies = {UUID(int=song): found for song, found in songs.items()}
        self.windows: dict[UUID, list[Window]] = {id: embedding.windows(one) for id, one in self.melodies.items()}
        self.tunes = {id: Tune(one) for id, one in self.melodies.items()}
        self.held = HeldSongs(self.melodies, self.windows)
        self.ids = list(self.melodies)
        self.peers = np.stack([ftm(one.harmony) for one in self.melodies.values()])

    def scores(self, asked: Tune, ids: Sequence[UUID]) -> dict[UUID, int]:
        """Align with some of them; what chance alone would score is taken off, as an examination does."""
        tunes = [self.tunes[id] for id in ids]
        aligned = alignment.scores(asked, tunes)
        return {
            id: score - versions.by_chance(asked, tune) for id, score, tune in zip(ids, aligned, tunes, strict=True)
        }

    def ask(self, song: int, asked: Melody, cell: Cell, *, bound: bool) -> None:
        """Ask for the song in every way."""
        right, tune = {UUID(int=one) for one in same_as(song)}, Tune(asked)
        ids = versions.candidates(self.held, embedding.windows(asked))
        for rank in _RANKS:
            cell.candidates_within[rank] += not right.isdisjoint(ids[:rank])
        scores = self.scores(tune, ids)
        others = max((score for id, score in scores.items() if id not in right), default=0)
        mine = max((score for id, score in scores.items() if id in right), default=-1)
        cell.asked += 1
        cell.first += mine > others
        enough = {id: versions.enough_of(tune, self.tunes[id]) for id in scores}
        cell.found += mine > others and any(scores[id] >= enough[id] for id in right & scores.keys())
        cell.false += any(score >= enough[id] for id, score in scores.items() if id not in right)
        cell.highest_false.append(others)
        near = np.max([self.peers @ ftm(asked.harmony, scale) for scale in _SCALES], axis=0)
        cell.peer_first += self.ids[int(np.argmax(near))] in right
        if bound:
            everyone = self.scores(tune, self.ids)
            cell.bound_asked += 1
            best = max(everyone, key=everyone.__getitem__)
            cell.bound_first += best in right
            cell.ours_of_bound += mine > others


def rendered(folder: Path, queries: int, bound: int) -> None:
    """Ask for the queries of the rendered songs, and print what came of it."""
    begun = time.process_time()
    songs = all_of(CATALOGUE_SONGS, "ref", folder)
    catalogue = Catalogue(songs)
    print(f"\nRendered songs: a catalogue of {len(songs)}, {time.process_time() - begun:.0f} CPU seconds to build")
    for version in QUERIES:
        cell = Cell()
        asked = all_of(list(QUERY_SONGS)[:queries], version, folder)
        begun = time.process_time()
        for count, (song, found) in enumerate(asked.items()):
            if song in songs:
                catalogue.ask(song, found, cell, bound=count < bound)
        spent = (time.process_time() - begun) / max(1, cell.asked)
        within = ", ".join(
            f"{rank}: {100 * hits / max(1, cell.asked):.0f} %" for rank, hits in cell.candidates_within.items()
        )
        print(f"\n{version}: {cell.asked} queries, {spent:.2f} CPU seconds each with all its rivals")
        print(f"  ours       hit@1 {said(cell.first, cell.asked)}; above the limit {said(cell.found, cell.asked)}")
        print(f"  vectors    candidates within {within}")
        print(f"  2DFTM      hit@1 {said(cell.peer_first, cell.asked)}")
        if cell.bound_asked:
            print(
                f"  all pairs  hit@1 {said(cell.bound_first, cell.bound_asked)} of the first {cell.bound_asked}, "
                f"of which ours {said(cell.ours_of_bound, cell.bound_asked)}"
            )
        print(f"  without the song: {cell.false} of {cell.asked} accused, {_false_rate(cell)}", flush=True)


def _false_rate(cell: Cell) -> str:
    """Say how often the limit is passed by chance: counted, and from how fast the highest scores thin out."""
    low, high = wilson(cell.false, cell.asked)
    scores = np.array(cell.highest_false, dtype=np.float64)
    if scores.size < 20:
        return f"[{10_000 * low:.0f}, {10_000 * high:.0f}] in 10,000"
    # Maxima of many alignments: Gumbel's law by its moments.
    scale = float(scores.std()) * math.sqrt(6) / math.pi
    middle = float(scores.mean()) - 0.5772 * scale
    expected = 1 - math.exp(-math.exp(-(versions.LIMITS[-1][1] - middle) / scale))
    return f"[{10_000 * low:.0f}, {10_000 * high:.0f}] in 10,000; by the law of maxima {10_000 * expected:.1f}"


def real(folder: Path, catalogue: Catalogue) -> None:
    """Ask for real recordings changed in pitch and tempo, among themselves and among the rendered songs."""
    music = real_music(folder)
    if not music:
        print(f"\nNo real music in {folder}")
        return
    numbers = {name: 1_000 + index for index, name in enumerate(music)}
    songs = {numbers[name]: melody.of(samples) for name, samples in music.items()}
    everyone = Catalogue({**{id.int: one for id, one in catalogue.melodies.items()}, **songs})
    print(f"\nReal recordings: {len(songs)} among {len(everyone.ids)} songs; a minute of each from its middle")
    for semitones, tempo in ((0, 1.0), (2, 1.0), (-3, 1.0), (0, 1.12), (3, 0.88)):
        cell, too_short = Cell(), 0
        for name, samples in music.items():
            middle = max(0, samples.size // 2 - 30 * RATE_HZ)
            asked = melody.of(shifted(samples[middle : middle + 60 * RATE_HZ], semitones, tempo))
            too_short += asked.duration_ms < 50_000
            everyone.ask(numbers[name], asked, cell, bound=False)
        print(
            f"  {semitones:+d} semitones, tempo {tempo:.2f}: ours hit@1 {said(cell.first, cell.asked)}, above the "
            f"limit {said(cell.found, cell.asked)}; 2DFTM {said(cell.peer_first, cell.asked)}; {too_short} are shorter "
            "than 50 s"
        )
    false = [
        (name, found) for name in music for found in [versions.search(catalogue.held, songs[numbers[name]])] if found
    ]
    print(
        f"  whole tracks among the rendered songs: {len(false)} of {len(music)} accused {[name for name, _ in false]}"
    )


def tuning(folder: Path, beside: Path | None, on: date | None) -> None:
    """Show what the limits are taken from, and with a date write what scores are worth."""
    songs = all_of(TUNING_SONGS, "ref", folder)
    if beside is not None:
        songs |= all_of(TRAINING_SONGS, "ref", beside)
    catalogue = Catalogue(songs)
    right: list[int] = []
    wrong: list[int] = []
    for frames, name in ((_MINUTE_FRAMES, "a minute"), (None, "whole")):
        limits: list[float] = []
        right, wrong = [], []
        for version in QUERIES:
            highest: list[int] = []
            for song, asked in all_of(TUNING_QUERY_SONGS, version, folder).items():
                scores = catalogue.scores(Tune(asked.part(0, frames or asked.frames)), catalogue.ids)
                right.append(scores[UUID(int=song)])
                highest.append(max(score for id, score in scores.items() if id.int not in same_as(song)))
            limits.append(limit_of(highest, of=len(songs)))
            wrong += highest
            print(
                f"{name}, {version}: {len(highest)} queries in {len(songs)} songs, the highest wrong score is"
                f" {max(highest)}, and one in a thousand passes {limits[-1]:.0f} in {len(CATALOGUE_SONGS)} songs"
            )
        print(f"{name}: limit {10 * math.ceil(max(limits) / 10)}")
    slope, at = logistic(right, wrong)
    print(f"probability: 1 / (1 + exp(-{slope:.6f} (score - {at:.1f})))")
    if on is not None:
        path = calibration.FOLDER / "versions.json"
        above = sum(score >= versions.LIMITS[-1][1] for score in right)
        table = calibrated(slope, at, right=len(right), wrong=len(wrong), above=above, of=len(songs), on=on)
        path.write_text(json.dumps(table.to_document(), indent=1) + "\n")
        print(f"{path} written")


def limit_of(highest: Sequence[int], *, of: int) -> float:
    """
    Return the score that one in a thousand queries passes by chance, in a catalogue as large as that of the benchmark.

    The highest wrong scores of queries follow Gumbel's law, whose parameters are taken by moments; in a catalogue of
    some times as many songs it is moved up by the logarithm of that.
    """
    scores = np.array(highest, dtype=np.float64)
    scale = float(scores.std()) * math.sqrt(6) / math.pi
    middle = float(scores.mean()) - 0.5772 * scale + scale * math.log(len(CATALOGUE_SONGS) / of)
    return middle - scale * math.log(-math.log(1 - 1 / 1000))


def calibrated(slope: float, at: float, *, right: int, wrong: int, above: int, of: int, on: date) -> Calibration:
    """Say in a table what a score is worth where as many outputs hold a version of something as do not."""
    limit = versions.LIMITS[-1][1]
    # Laplace's rule: so many right ones, and none wrong, are no certainty.
    most = (above + 1) * 1_000_000 // (above + 2)
    points = [
        (versions.score_millionths(score, limit), min(most, int(1_000_000 / (1 + math.exp(-slope * (score - at))))))
        for score in range(limit, limit + 260, 20)
    ]
    return Calibration(
        algorithm=versions.ALGORITHM,
        parameters=versions.PARAMETERS,
        points=tuple(points),
        source=(
            f"{right} versions of rendered POP909 songs that are for tuning, each aligned with its song and {of - 1}"
            " others; a logistic curve over the right scores and the highest wrong one of each, both as often."
            f" {above} right ones and no wrong one lie above the limit: no more than {most / 10_000:.1f} % is claimed."
        ),
        measured_on=on.isoformat(),
        right=right,
        wrong=wrong,
    )


def logistic(right: Sequence[int], wrong: Sequence[int]) -> tuple[float, float]:
    """Fit the probability that a score is right, each of both as often as the other: its slope and its middle."""
    x = np.array([*right, *wrong], dtype=np.float64) / 100
    y = np.array([1.0] * len(right) + [0.0] * len(wrong))
    weight = np.where(y == 1, 1 / max(1, len(right)), 1 / max(1, len(wrong))) * len(y) / 2
    design = np.stack([np.ones_like(x), x], axis=1)
    found = np.zeros(2)
    for _ in range(60):
        p = 1 / (1 + np.exp(-design @ found))
        gradient = design.T @ (weight * (y - p)) - 1e-3 * found
        curve = (design * (weight * p * (1 - p))[:, None]).T @ design + 1e-3 * np.eye(2)
        found += np.linalg.solve(curve, gradient)
    return float(found[1]) / 100, float(-100 * found[0] / found[1])


def cost(music: Mapping[str, Samples]) -> None:
    """Say what four minutes cost to hear, to embed, and to align."""
    whole = np.concatenate(list(music.values()))[: 240 * RATE_HZ]
    begun = time.process_time()
    found = melody.of(whole)
    hearing, begun = time.process_time() - begun, time.process_time()
    windows = embedding.windows(found)
    embedded, begun = time.process_time() - begun, time.process_time()
    tunes = [Tune(Melody(np.roll(found.harmony, n, axis=0), np.roll(found.lead, n, axis=0), 0)) for n in range(20)]
    alignment.scores(Tune(found), tunes)
    aligned = (time.process_time() - begun) / 20
    print(
        f"\nFour minutes: {hearing:.2f} CPU seconds to hear, {embedded:.2f} to embed ({len(windows)} vectors), "
        f"{1000 * aligned:.0f} ms to align with one of four minutes, so {versions.CANDIDATES * aligned:.1f} with "
        f"{versions.CANDIDATES} candidates; {len(found.to_bytes())} bytes kept"
    )


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True, help="where benchmarks.detection.corpus rendered to")
    parser.add_argument("--music", type=Path, default=Path("../shared/audio/music"))
    parser.add_argument("--queries", type=int, default=len(QUERY_SONGS), help="of a kind")
    parser.add_argument("--bound", type=int, default=50, help="how many queries of a kind are aligned with all songs")
    parser.add_argument("--part", choices=["rendered", "real", "cost"], help="only this part")
    parser.add_argument("--tune", action="store_true", help="only show what the limits were taken from")
    parser.add_argument("--further", type=Path, help="with --tune: where corpus --further rendered to")
    parser.add_argument("--on", type=date.fromisoformat, help="with --tune: write what scores are worth, of this day")
    given = parser.parse_args()
    if given.tune:
        tuning(given.corpus, given.further, given.on)
        return
    if given.part in (None, "rendered"):
        rendered(given.corpus, given.queries, given.bound)
    if given.part in (None, "real"):
        real(given.music, Catalogue(all_of(CATALOGUE_SONGS, "ref", given.corpus)))
    if given.part in (None, "cost"):
        cost(real_music(given.music))


if __name__ == "__main__":
    main()
