"""
Whether a stretch of a recording is a drum machine and nothing else.

Two records made with the same box have the same four bars in them, to the last sample, and neither was copied from the
other. Such a stretch is found rightly and proves nothing. Its peaks give it away: a struck sound has most of its peaks
above two kilohertz, where tones have few; and it is one of a few sounds that come again and again, peak for peak. What
was played on drums is not like that: no stroke is the last one again, and a break that somebody sampled stays a break.

How the limits were chosen. On the tuning half of `benchmarks.detection`: the stretches that were told of an innocent
song had 80 to 86 per cent of their peaks above two kilohertz, and three sounds made 92 to 100 per cent of their 12 to
14 strokes. Of 4,226 stretches of 1.5 to 10 seconds of that half, which are music, 25 are taken for a drum machine; of
560 of five seconds of real recordings none. Three loops of real drums are not, at 2, 5 and 10 seconds.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from fingerprint.landmarks import Positions

HIGH_FROM_BIN: Final = 190  # two kilohertz
HIGH_SHARE: Final = 750_000  # millionths of the peaks
FEW_SOUNDS: Final = 6
STROKES_A_SOUND: Final = 3
LEAST_STROKES: Final = 8
REPEATED: Final = 900_000  # millionths of the strokes that are one of these sounds
_STROKE_FRAMES = 4  # a tenth of a second, in which all peaks belong to one stroke
_LEAST_PEAKS = 6

PARAMETERS: Final = (
    ("drums_few_sounds", str(FEW_SOUNDS)),
    ("drums_high_share", str(HIGH_SHARE)),
    ("drums_least_strokes", str(LEAST_STROKES)),
    ("drums_repeated", str(REPEATED)),
    ("drums_strokes_a_sound", str(STROKES_A_SOUND)),
)


def is_machine(frames: Positions, bins: Positions) -> bool:
    """Whether peaks, in the order of time, are those of a drum machine; of too few peaks nothing is said."""
    if bins.size < _LEAST_PEAKS:
        return False
    if 1_000_000 * int((bins >= HIGH_FROM_BIN).sum()) >= HIGH_SHARE * bins.size:
        return True
    strokes = _strokes(frames, bins)
    repeated = [count for count in _sounds(strokes) if count > 1]
    return (
        0 < len(repeated) <= FEW_SOUNDS
        and len(strokes) >= max(LEAST_STROKES, STROKES_A_SOUND * len(repeated))
        and 1_000_000 * sum(repeated) >= REPEATED * len(strokes)
    )


def _strokes(frames: Positions, bins: Positions) -> list[Positions]:
    """Part peaks by when they come."""
    firsts = [0]
    for place, frame in enumerate(frames.tolist()):
        if frame - frames[firsts[-1]] > _STROKE_FRAMES:
            firsts.append(place)
    return np.split(bins, firsts[1:])


def _sounds(strokes: Sequence[Positions]) -> list[int]:
    """Count the strokes of each sound: two are one where at least half the peaks of the later one were there before."""
    sounds: list[Positions] = []
    counts: list[int] = []
    for stroke in strokes:
        alike = [int((np.abs(stroke[:, None] - sound) <= 1).any(axis=1).sum()) for sound in sounds]
        best = max(range(len(sounds)), key=lambda number: alike[number], default=None)
        if best is None or 2 * alike[best] < stroke.size:
            sounds.append(stroke)
            counts.append(1)
        else:
            sounds[best] = np.union1d(sounds[best], stroke)
            counts[best] += 1
    return counts
