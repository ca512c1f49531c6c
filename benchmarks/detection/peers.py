"""Others that are asked the same in the same run."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fingerprint import extract
from fingerprint.postings import Index

Samples = NDArray[np.int16]  # mono at 11,025 Hz


class Material(Protocol):
    """A song to take in."""

    @property
    def chromaprint(self) -> NDArray[np.uint32]:
        """Its plain Chromaprint fingerprint."""

    @property
    def samples(self) -> Samples:
        """Its samples, decoded each time."""


class Peer(Protocol):
    """Something that names one song."""

    name: str

    def learn(self, number: int, song: Material) -> None:
        """Take a song in."""

    def ask(self, samples: Samples) -> int | None:
        """Name the song that this is from; None if it has none to name."""


class PlainChromaprint:
    """Chromaprint as AcoustID's own clients use it: one fingerprint, items that are equal, the place most agree on."""

    name = "Chromaprint, one fingerprint"

    def __init__(self) -> None:
        self._items: list[NDArray[np.uint32]] = []
        self._index: Index | None = None

    def learn(self, number: int, song: Material) -> None:
        """Take a song in."""
        assert number == len(self._items)
        self._items.append(song.chromaprint)

    def ask(self, samples: Samples) -> int | None:
        """Name the song with the most equal items in step."""
        if self._index is None:
            from uuid import UUID

            self._index = Index(
                ((UUID(int=number), items) for number, items in enumerate(self._items)), algorithm=extract.FAMILY
            )
        items = extract.reference([samples])
        votes = list(self._index.votes(items, np.arange(items.size), most=2_000))
        if not votes:
            return None
        at, place = (np.concatenate(parts) for parts in zip(*votes, strict=True))
        if not at.size:
            return None
        diagonals, counts = np.unique((place - at) // 2, return_counts=True)
        middle = int(diagonals[int(counts.argmax())]) * 2 + items.size // 2
        number = int(np.searchsorted(self._index.starts, middle, side="right")) - 1
        return self._index.reference(min(max(number, 0), len(self._items) - 1)).int


class Audfprint:
    """Dan Ellis's landmarks (`pip install audfprint2==0.1.2`), at its defaults, with a query at four shifts."""

    name = "audfprint"

    def __init__(self) -> None:
        package: Any = importlib.import_module("audfprint2")
        core: Any = importlib.import_module("audfprint2.core.analyzer")
        self._pairs = core.landmarks2hashes
        self._analyzer = package.Analyzer()
        self._table = package.HashTable()
        self._matcher = package.Matcher()

    def learn(self, number: int, song: Material) -> None:
        """Take a song in."""
        self._table.store(str(number), self._hashes(song.samples, 1))

    def ask(self, samples: Samples) -> int | None:
        """Name the song it ranks first."""
        hashes = self._hashes(samples, 4)
        if not len(hashes):
            return None
        found = self._matcher.match_hashes(self._table, hashes)
        return int(self._table.names[int(found[0][0])]) if len(found) else None

    def _hashes(self, samples: Samples, shifts: int) -> Any:
        sound = samples.astype(np.float32) / 32_768
        made: list[Any] = []
        for shift in range(shifts):
            peaks = self._analyzer.find_peaks(sound[shift * self._analyzer.n_hop // shifts :], 11_025)
            if len(peaks):
                made.append(self._pairs(self._analyzer.peaks2landmarks(peaks)))
        return np.unique(np.concatenate(made), axis=0) if made else np.zeros((0, 2), np.int32)


def available() -> Sequence[Peer]:
    """Make every peer that is installed."""
    peers: list[Peer] = [PlainChromaprint()]
    if importlib.util.find_spec("audfprint2"):
        peers.append(Audfprint())
    return peers
