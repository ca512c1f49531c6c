"""
The songs that the network learns from, as notes: POP909 beyond the songs that are held out, and OpenEWLD.

POP909 (github.com/music-x-lab/POP909-Dataset) and OpenEWLD (github.com/00sapo/OpenEWLD) are both under the MIT
license; the scores of the second are in the public domain.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from fingerprint.training import midi
from fingerprint.training.splits import TRAINING_SONGS

# One row a note: pitch, second it begins, second it ends, loudness up to one. The first track is the melody.
Notes = NDArray[np.float32]
Song = tuple[Notes, ...]

MIN_SECONDS = 30.0
_QUARTER_SECONDS = 0.5
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_CHORDS = {
    "minor": (0, 3, 7),
    "diminished": (0, 3, 6),
    "augmented": (0, 4, 8),
    "dominant": (0, 4, 7, 10),
    "major-seventh": (0, 4, 7, 11),
    "minor-seventh": (0, 3, 7, 10),
    "diminished-seventh": (0, 3, 6, 9),
    "half-diminished": (0, 3, 6, 10),
    "major-sixth": (0, 4, 7, 9),
    "minor-sixth": (0, 3, 7, 9),
    "dominant-ninth": (0, 4, 7, 10, 2),
    "suspended-fourth": (0, 5, 7),
    "power": (0, 7),
}


def load(pop909: Path, openewld: Path) -> list[Song]:
    """Read all training songs, in an order that is the same everywhere."""
    songs = [song for number in TRAINING_SONGS for song in _pop909(pop909 / f"{number:03d}" / f"{number:03d}.mid")]
    for path in sorted(openewld.rglob("*.mxl")):
        songs += _lead_sheet(path)
    return songs


def _pop909(path: Path) -> Iterator[Song]:
    tracks = sorted(midi.read(path.read_bytes()), key=lambda track: not track.name.upper().startswith("MELODY"))
    song = tuple(
        _notes([(note.pitch, note.start_s, note.end_s, note.velocity / 127) for note in track.notes])
        for track in tracks
    )
    if _seconds(song) >= MIN_SECONDS:
        yield song


def _lead_sheet(path: Path) -> Iterator[Song]:
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".xml") and not name.startswith("META-INF"))
        root = ElementTree.fromstring(archive.read(name))  # noqa: S314  a data set that whoever trains has chosen
    part = root.find("part")
    if part is None:
        return
    melody: list[tuple[float, ...]] = []
    chords: list[tuple[float, ...]] = []
    now, divisions = 0.0, 1.0
    sounding: tuple[float, tuple[int, ...]] | None = None
    tied = False
    for item in part.iter():
        if item.tag == "divisions":
            divisions = float(item.text or 1)
        elif item.tag == "harmony":
            chords += _held(sounding, now)
            sounding = (now, _chord(item))
        elif item.tag == "note" and item.find("grace") is None and item.find("chord") is None:
            length = float(item.findtext("duration") or 0) / divisions * _QUARTER_SECONDS
            pitch = item.find("pitch")
            if pitch is not None:
                key = _key(pitch)
                if tied and melody and melody[-1][0] == key:
                    melody[-1] = (key, melody[-1][1], now + length, 0.8)
                else:
                    melody.append((key, now, now + length, 0.8))
            tied = any(tie.get("type") == "start" for tie in item.findall("tie"))
            now += length
    chords += _held(sounding, now)
    if not melody or now <= 0:
        return
    # A sheet is played more than once.
    times = int(max(1, -(-60 // now)))
    song = [_repeated(melody, now, times)] + ([_repeated(chords, now, times)] if chords else [])
    if _seconds(song) >= MIN_SECONDS:
        yield tuple(song)


def _key(pitch: ElementTree.Element) -> int:
    step, alter = pitch.findtext("step") or "C", float(pitch.findtext("alter") or 0)
    return 12 * (int(pitch.findtext("octave") or 4) + 1) + _STEPS[step] + round(alter)


def _chord(harmony: ElementTree.Element) -> tuple[int, ...]:
    root = harmony.find("root")
    if root is None:
        return ()
    base = _STEPS[root.findtext("root-step") or "C"] + round(float(root.findtext("root-alter") or 0))
    return tuple(48 + (base + above) % 12 for above in _CHORDS.get(harmony.findtext("kind") or "", (0, 4, 7)))


def _held(sounding: tuple[float, tuple[int, ...]] | None, until: float) -> list[tuple[float, ...]]:
    """A chord struck again every two quarters, with its root in the bass."""
    if sounding is None or not sounding[1]:
        return []
    begin, keys = sounding
    notes: list[tuple[float, ...]] = []
    while begin < until - 0.01:
        end = min(until, begin + 2 * _QUARTER_SECONDS)
        notes += [(key, begin, end, 0.5) for key in (keys[0] - 12, *keys)]
        begin = end
    return notes


def _repeated(notes: Sequence[tuple[float, ...]], seconds: float, times: int) -> Notes:
    return _notes(
        [
            (pitch, begin + seconds * time, end + seconds * time, loud)
            for time in range(times)
            for pitch, begin, end, loud in notes
        ]
    )


def _notes(rows: Sequence[tuple[float, ...]]) -> Notes:
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


def _seconds(song: Sequence[Notes]) -> float:
    return max((float(track[:, 2].max()) for track in song if track.size), default=0.0)
