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
