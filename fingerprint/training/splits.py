"""
Which songs of POP909 are for what. No song is in two of these lists, so nothing is judged that was learned from.

The benchmark enrolls the catalogue and asks for versions of the query songs. Thresholds and probabilities are
taken from the tuning songs alone. The network learns from the training songs, and from other collections.
"""

from __future__ import annotations

from typing import Final

CATALOGUE_SONGS: Final = range(1, 601)
QUERY_SONGS: Final = range(1, 301)
TUNING_SONGS: Final = range(601, 701)
TUNING_QUERY_SONGS: Final = range(601, 641)
TRAINING_SONGS: Final = range(701, 910)

# Songs that are one song: recorded twice, covered, or the same tune under other words. A version of one is a version of
# the other, so to name it accuses nobody. Their melodies share 30 to 223 steps in a row; no other two songs share more
# than 17. `python -m benchmarks.detection.twins` finds them, from the notes alone. Two pairs lie in two lists, which is
# harmless in the catalogue and for limits: nothing that is asked for is aligned with a song of another list.
SAME_SONGS: Final = ((17, 18), (101, 103), (262, 805), (492, 666))


def same_as(song: int) -> frozenset[int]:
    """Return the songs that are this one, itself among them."""
    return frozenset({song}.union(*(pair for pair in SAME_SONGS if song in pair)))
