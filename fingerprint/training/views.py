"""
Views of a song: the pitch classes that two recordings of it might show, made from its notes.

A view is what `melody.py` would hear of some arrangement: another key and tempo, other instruments (how many
overtones, how fast a note dies), parts left out, notes missed, noise, drums. Two views of one stretch of a song
are what the network learns to place together.
"""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from fingerprint.training.songs import Notes, Song

FRAMES_A_SECOND = 2
Chroma = NDArray[np.float32]

# Where the overtones of a pitch class lie: the second to the eighth partial.
_PARTIALS = (0, 7, 0, 4, 7, 10, 0)
_LONGEST_NOTE_FRAMES = 32


def pair(song: Song, rng: random.Random, frames: int) -> tuple[Chroma, Chroma]:
    """Make two views of one random stretch of a song."""
    seconds = max(float(track[:, 2].max()) for track in song if track.size)
    begin = rng.uniform(0, max(0.01, seconds - frames / FRAMES_A_SECOND + 10))
    if rng.random() < 0.35:
        # The melody on its own, beside what is taken for the melody of a whole band.
        return view(song, begin, rng, frames, part="melody"), view(song, begin, rng, frames, part="top")
    return view(song, begin, rng, frames, part="any"), view(song, begin, rng, frames, part="any")


def view(song: Song, begin_s: float, rng: random.Random, frames: int, *, part: str) -> Chroma:
    """Make one view of the stretch that begins there: of the `melody`, of the `top` voice, or of `any` parts."""
    ratio = rng.uniform(0.75, 1.33)
    begin = begin_s + rng.uniform(-4, 4)
    chroma = np.zeros((12, frames), dtype=np.float32)
    for index, track in _parts(song, rng, part):
        heard = _missed(_within(track, begin, frames * ratio / FRAMES_A_SECOND), rng)
        loudness = rng.uniform(0.3, 1.0) * (1.3 if index == 0 else 0.8)
        chroma += loudness * _rolled(heard, begin, ratio, frames, rng)
    return _weathered(chroma, rng)


def _parts(song: Song, rng: random.Random, part: str) -> list[tuple[int, Notes]]:
    parts = list(enumerate(song))
    if part == "melody":
        return parts[:1]
    if part == "top":
        kept = [parts[0], *(other for other in parts[1:] if rng.random() < 0.7)]
        return [(0, top_voice(np.concatenate([track for _, track in kept])))]
    chance = rng.random()
    if chance < 0.1:
        return parts[:1]
    if chance < 0.25 and len(parts) > 1:
        return parts[1:]
    if len(parts) > 2 and rng.random() < 0.4:
        parts.pop(rng.randrange(1, len(parts)))
    return parts


def top_voice(notes: Notes) -> Notes:
    """Keep the notes that no higher one covers while they begin."""
    ordered = notes[np.lexsort((-notes[:, 0], np.round(notes[:, 1], 2)))]
    kept: list[int] = []
    for index in range(len(ordered)):
        pitch, begin = ordered[index, 0], ordered[index, 1]
        if kept:
            last = ordered[kept[-1]]
            if begin - last[1] < 0.03 or (begin < last[2] - 0.06 and pitch < last[0]):
                continue
        kept.append(index)
    top = ordered[kept].copy()
    if len(top) > 1:
        top[:-1, 2] = np.minimum(top[:-1, 2], top[1:, 1])
    return top


def _within(track: Notes, begin: float, seconds: float) -> Notes:
    return track[(track[:, 2] > begin) & (track[:, 1] < begin + seconds)]


def _missed(track: Notes, rng: random.Random) -> Notes:
    share = rng.choice([0.0, 0.1, 0.25])
    if not share or not len(track):
        return track
    draw = np.random.default_rng(rng.randrange(1 << 30))
    return track[draw.random(len(track)) >= share]


def _rolled(notes: Notes, begin: float, ratio: float, frames: int, rng: random.Random) -> Chroma:
    overtones, decay = rng.uniform(0.0, 0.6), rng.choice([0.0, 0.1, 0.3, 0.8])
    shaped = np.zeros((12, frames), dtype=np.float64)
    if len(notes):
        first = (notes[:, 1] - begin) / ratio * FRAMES_A_SECOND
        last = np.minimum((notes[:, 2] - begin) / ratio * FRAMES_A_SECOND, first + _LONGEST_NOTE_FRAMES)
        start = np.maximum(0, np.floor(first)).astype(np.int64)
        end = np.minimum(frames, np.floor(last).astype(np.int64) + 1)
        count = np.maximum(0, end - start)
        which = np.repeat(np.arange(len(notes)), count)
        at = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + start[which]
        # The share of the frame in which the note sounds, dying away from where it began.
        share = np.minimum(at + 1, last[which]) - np.maximum(at, first[which])
        loud = notes[which, 3] * np.clip(share, 0, 1) * np.exp(-decay * np.maximum(0, at - first[which]))
        place = notes[which, 0].astype(np.int64) % 12 * frames + at
        shaped += np.bincount(place, loud, minlength=12 * frames).reshape(12, frames)
    heard, weight = shaped.copy(), 1.0
    for interval in _PARTIALS:
        weight *= overtones
        heard += weight * np.roll(shaped, interval, axis=0)
    return heard.astype(np.float32)


def _weathered(chroma: Chroma, rng: random.Random) -> Chroma:
    draw = np.random.default_rng(rng.randrange(1 << 30))
    if rng.random() < 0.4:
        tail = rng.uniform(0.05, 0.5)
        for frame in range(1, chroma.shape[1]):
            chroma[:, frame] += tail * chroma[:, frame - 1]
    chroma = np.log1p(rng.choice([1, 5, 20]) * chroma)
    chroma /= chroma.max() + 1e-6
    if rng.random() < 0.4:
        every, strength = rng.choice([2, 3, 4]), rng.uniform(0.05, 0.4)
        chroma[:, rng.randrange(4) :: every] += strength * draw.random((12, 1)).astype(np.float32)
    chroma += rng.uniform(0, 0.15) * np.abs(draw.standard_normal(chroma.shape)).astype(np.float32)
    chroma *= np.exp(0.25 * draw.standard_normal((12, 1))).astype(np.float32)
    chroma /= chroma.max(axis=0, keepdims=True) + 1e-6
    return np.roll(chroma, rng.randrange(12), axis=0)
