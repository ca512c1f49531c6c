"""
Which songs of POP909 are one song: recorded twice, covered, or sung to other words.

    python -m benchmarks.detection.twins --pop909 POP909

It compares melodies as notes, in any key, and hears nothing; what it prints is written down by hand in
`fingerprint.training.splits.SAME_SONGS`. A benchmark that did not know would call it wrong to find one in the other.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from pathlib import Path

from fingerprint.training import midi

SHARED = 24  # steps in a row that two melodies share, from which on they are one
_SEED = 12
_VARIED = 4  # different steps in a seed: a note that is repeated is no melody
_COMMON = 50  # places of a seed, beyond which it says nothing

Steps = Sequence[int]


def steps(path: Path) -> Steps:
    """Read the steps of a melody, in semitones."""
    tracks = midi.read(path.read_bytes())
    leads = [track for track in tracks if track.name.upper().startswith("MELODY")] or tracks[:1]
    notes = sorted((note for track in leads for note in track.notes), key=lambda note: note.start_s)
    return [other.pitch - one.pitch for one, other in pairwise(notes)]


def shared(melodies: Mapping[int, Steps]) -> dict[tuple[int, int], int]:
    """Return how many steps in a row two melodies share, where it is a dozen or more."""
    places: dict[tuple[int, ...], list[tuple[int, int]]] = defaultdict(list)
    for song, melody in melodies.items():
        for at in range(len(melody) - _SEED + 1):
            seed = tuple(melody[at : at + _SEED])
            if len(set(seed)) >= _VARIED:
                places[seed].append((song, at))
    found: dict[tuple[int, int], int] = {}
    for held in places.values():
        for (one, at), (other, there) in combinations(held, 2) if len(held) <= _COMMON else ():
            if one != other:
                length = _run(melodies[one][at:], melodies[other][there:])
                found[one, other] = max(length, found.get((one, other), 0))
    return found


def _run(one: Steps, other: Steps) -> int:
    for count, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine != theirs:
            return count
    return min(len(one), len(other))


def main() -> None:
    """Print the songs that are one, and the nearest that are not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pop909", type=Path, required=True, help="the folder POP909 of music-x-lab/POP909-Dataset")
    given = parser.parse_args()
    melodies = {
        int(path.name): steps(path / f"{path.name}.mid") for path in sorted(given.pop909.iterdir()) if path.is_dir()
    }
    found = sorted(shared(melodies).items(), key=lambda pair: -pair[1])
    for (one, other), length in [pair for pair in found if pair[1] >= SHARED]:
        print(f"{one:03d} and {other:03d} share {length} steps in a row")
    print(f"no other two share more than {max((length for _, length in found if length < SHARED), default=0)}")


if __name__ == "__main__":
    main()
