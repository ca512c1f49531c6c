"""
A search in an index that is divided: each shard is asked the same, and the answers make what one index would say.

A search depends on the whole index in two places: a hash that is everywhere says nothing, and of all that is voted
for only the heaviest is looked at. So the shards are asked in steps. First each counts the query's hashes; the sums go
back to all. Chromaprint needs no more: lines of one reference depend on no other. Spectra need only be told how many
references there are. For landmarks each shard names its heaviest cells, and is told which of them are among the
heaviest of all; then it confirms those. What is transposed is asked for in the same way, where no shard heard anything
at its own pitch.

What counts is cut once, by rows of the table, before the first question: shards that are asked a moment later leave out
what was enrolled since. So all answers are about one content, and its name is the sum of the shards'.

A question is complete: a shard remembers nothing between two of them, and whoever of its workers may answer.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from fingerprint import index, landmark_matching, landmarks, matching, snapshots, spectra, spectra_matching, traces
from fingerprint.evidence import Match
from fingerprint.index import Cut, Moved
from fingerprint.landmark_matching import PITCHES_CENTS, Cell, Line, Search, Window
from fingerprint.landmarks import Peaks
from fingerprint.postings import Family, Hashes, Place, Positions
from fingerprint.segments import View
from fingerprint.shards import Shard

TRIES = 3
_OPEN, _COUNT, _MATCHES, _CELLS, _LINES, _ALIKE = "open", "count", "matches", "cells", "lines", "alike"

Rows = Sequence[NDArray[np.generic]]
_Lines = list[list[Any]]


class NotAMessage(Exception):
    """The bytes are no question or answer that this release can read."""


class OtherRelease(Exception):
    """The shard's worker is of another release than who asks it: install the same on all machines."""


class Asks(Protocol):
    """The way to the shards."""

    def __call__(self, questions: Sequence[bytes]) -> Sequence[bytes]:
        """Ask each shard its question, in the order of the shards, and return what all of them answer."""


@dataclass(frozen=True)
class Sharded:
    """The index of one family, in shards, as it was when it was cut."""

    family: str
    cut: Cut
    parts: tuple[str, ...]  # the names of the shards' contents
    snapshot: str
    size: int
    count: int  # of shards
    ask: Asks

    def __len__(self) -> int:
        return self.size

    def items_heard(self, shifted: Sequence[Hashes], *, algorithm: str) -> tuple[Match, ...]:
        """
        Find where a query follows any reference; see `matching.search`.

        :raises Moved: what was cut is there no more
        """
        if not matching.interleaved(shifted).size:
            return ()
        counts = self._counted(shifted)
        answers = self._asked(_MATCHES, [({"algorithm": algorithm}, [*shifted, counts])] * self.count)
        return tuple(sorted((match for said, _ in answers for match in _matches(said)), key=matching.order))

    def peaks_heard(self, heard: Sequence[Peaks], *, algorithm: str) -> tuple[Match, ...]:
        """
        Find where a query follows any reference; see `landmark_matching.search`.

        :raises Moved: what was cut is there no more
        """
        asked = Search(heard)
        if not asked.frames or not self.size:
            return ()
        rows = [row for peaks in heard for row in (peaks.frames, peaks.pitches)]
        counts = self._counted(rows)
        explained = np.zeros(asked.frames, bool)
        lines: list[_Lines] = [[] for _ in range(self.count)]
        answers: list[tuple[dict[str, Any], Rows]] = []
        for pitches in ((0,), PITCHES_CENTS):
            if explained.all():
                break
            question = {"cents": pitches}, [*rows, np.flatnonzero(explained), counts]
            voted = [said["windows"] for said, _ in self._asked(_CELLS, [question] * self.count)]
            questions: list[tuple[Mapping[str, Any], Rows]] = [
                ({"algorithm": algorithm, "cents": pitches, "windows": chosen, "lines": before}, rows)
                for chosen, before in zip(_heaviest(voted), lines, strict=True)
            ]
            answers = self._asked(_LINES, questions)
            lines = [said["lines"] for said, _ in answers]
            for _, (on_lines,) in answers:
                explained[on_lines.astype(np.int64)] = True
        return tuple(sorted((match for said, _ in answers for match in _matches(said)), key=landmark_matching.order))

    def places_heard(self, heard: Sequence[Peaks]) -> tuple[Place, ...]:
        """
        Say where any reference may be; see `landmark_matching.places`.

        :raises Moved: what was cut is there no more
        """
        if not Search(heard).frames or not self.size:
            return ()
        rows = [row for peaks in heard for row in (peaks.frames, peaks.pitches)]
        question = {"cents": (0,)}, [*rows, np.zeros(0, np.int64), self._counted(rows)]
        voted = [said["windows"] for said, _ in self._asked(_CELLS, [question] * self.count)]
        by_stretch: dict[int, list[Cell]] = {}
        for windows in _heaviest(voted):
            for _, begin, _, cells in windows:
                by_stretch.setdefault(begin, []).extend(
                    Cell(width, weight, UUID(id), middle, ()) for width, weight, id, middle, _ in cells
                )
        return landmark_matching.pointed_at(sorted(by_stretch.items()))

    def spectra_heard(self, asked: spectra.Vectors) -> tuple[Match, ...]:
        """
        Find which references a query is like; see `spectra_matching.search`.

        :raises Moved: what was cut is there no more
        """
        if not len(asked) or not self.size:
            return ()
        answers = self._asked(
            _ALIKE, [({"among": self.size}, [np.ascontiguousarray(asked).view("<u4").reshape(-1)])] * self.count
        )
        return tuple(sorted((match for said, _ in answers for match in _matches(said)), key=spectra_matching.order))

    def _counted(self, rows: Rows) -> Positions:
        """How many places each hash of a query has in all shards, in the order of the hashes."""
        answers = self._asked(_COUNT, [({}, rows)] * self.count)
        total: Positions = np.sum([counts.astype(np.int64) for _, (counts,) in answers], axis=0)
        return total

    def _asked(
        self, step: str, questions: Sequence[tuple[Mapping[str, Any], Rows]]
    ) -> list[tuple[dict[str, Any], Rows]]:
        made = [
            _question(step, self.family, self.cut, {**document, "part": part}, rows)
            for (document, rows), part in zip(questions, self.parts, strict=True)
        ]
        answers = [_unpacked(answer) for answer in self.ask(made)]
        if any(said.get("moved") for said, _ in answers):
            raise Moved
        return answers


def _heaviest(voted: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Keep of what each shard voted for what is among the heaviest of all."""
    ranks: dict[tuple[int, int, int], list[tuple[int, str, int]]] = {}
    for windows in voted:
        for cents, begin, _, cells in windows:
            for width, weight, reference, middle, _ in cells:
                ranks.setdefault((cents, begin, width), []).append((-weight, reference, middle))
    last = {key: sorted(some)[: landmark_matching.most_cells(key[0])][-1] for key, some in ranks.items()}
    return [
        [
            [
                cents,
                begin,
                end,
                [cell for cell in cells if (-cell[1], cell[2], cell[3]) <= last[cents, begin, cell[0]]],
            ]
            for cents, begin, end, cells in windows
        ]
        for windows in voted
    ]


# --- Opening


def current(family: Family, ask: Asks, *, count: int) -> Sharded:
    """
    Return the index over every reference that is committed now.

    :raises Moved: references get other fingerprints all the time
    """
    for attempt in range(TRIES):
        cut = index.cut_now(family)
        try:
            now = opened(family, cut, ask, count=count)
        except Moved:
            if attempt == TRIES - 1:
                raise
            continue
        index.note(now.snapshot, now.size, family.name, cut)
        return now
    raise AssertionError


def as_at(snapshot: str, family: Family, ask: Asks, *, count: int) -> Sharded:
    """
    Return the index as it was when it had this name.

    :raises SnapshotLost: there was no such index, or a reference's fingerprint was replaced since
    """
    try:
        then = opened(family, index.cut_of(snapshot, family), ask, count=count)
    except Moved as error:
        raise index.SnapshotLost(index.SnapshotLost.__doc__) from error
    if then.snapshot != snapshot:
        raise index.SnapshotLost(index.SnapshotLost.__doc__)
    return then


def opened(family: Family, cut: Cut, ask: Asks, *, count: int) -> Sharded:
    """
    Return what counts of a family, as its shards say it is called.

    :raises Moved: a reference of it has another fingerprint by now
    """
    answers = [_unpacked(answer) for answer in ask([_question(_OPEN, family.name, cut, {}, [])] * count)]
    if any(said.get("moved") for said, _ in answers):
        raise Moved
    total, size = snapshots.nothing(), 0
    for said, (lanes,) in answers:
        total = total + lanes.astype(np.uint16)
        size += said["size"]
    parts = tuple(said["part"] for said, _ in answers)
    return Sharded(family.name, cut, parts, snapshots.name(total, size), size, count, ask)


# --- Answering


def answer(question: bytes, shard: Shard) -> bytes:
    """
    Answer a question from a shard's files, which are put in step with the table first.

    :raises NotAMessage: it is no question
    :raises OtherRelease: it was asked by a release that searches in another way
    """
    asked, _ = _unpacked(question)
    if asked["release"] != _release():
        raise OtherRelease
    family = family_of(asked["family"], shard)
    try:
        view = index.at_cut(family, Cut(asked["last"], tuple(asked["absent"])))
    except Moved:
        return _packed({"moved": True}, [])
    return answer_from(view, question)


def answer_from(view: View, question: bytes) -> bytes:
    """
    Answer a question from what counts of a shard.

    :raises NotAMessage: it is no question
    """
    asked, rows = _unpacked(question)
    if asked["step"] == _OPEN:
        return _packed({"size": len(view), "part": view.snapshot}, [view.sum()])
    if asked["part"] != view.snapshot:
        return _packed({"moved": True}, [])
    return _STEPS[asked["step"]](view, asked, rows)


def family_of(name: str, shard: Shard) -> Family:
    """
    Return a family of fingerprints as a shard has it.

    :raises NotAMessage: there is no such family
    """
    for family in index.FAMILIES:
        if family.name == name:
            return Family(family.name, family.read, family.has_items, shard.ids)
    raise NotAMessage(f"There are no fingerprints {name!r}.")


def families_of(shard: Shard) -> tuple[Family, ...]:
    """Return every family as a shard has it."""
    return tuple(family_of(family.name, shard) for family in index.FAMILIES)


def _count(view: View, asked: Mapping[str, Any], rows: Rows) -> bytes:
    if asked["family"] == index.LANDMARKS.name:
        made, most = Search(_peaks(rows)).hashes(), landmark_matching.MAX_POSTINGS
    else:
        made, most = matching.hashes(_items(rows)), matching.MAX_POSTINGS
    # One more than is ever asked for says that it is too many, whatever the others have.
    return _packed({}, [np.minimum(view.count(made), most + 1)])


def _copies(view: View, asked: Mapping[str, Any], rows: Rows) -> bytes:
    *shifted, counts = rows
    items = _items(shifted)
    count = _looked_up(matching.hashes(items), counts)
    found = matching.search(view, items, algorithm=asked["algorithm"], count=count)
    return _packed({"matches": [match.to_document() for match in found]}, [])


def _cells(view: View, asked: Mapping[str, Any], rows: Rows) -> bytes:
    *heard, explained_at, counts = rows
    search = Search(_peaks(heard))
    count = _looked_up(search.hashes(), counts)
    explained = np.zeros(search.frames, bool)
    explained[explained_at.astype(np.int64)] = True
    windows = [
        [cents, window.begin, window.end, [_of_cell(cell) for cell in window.cells]]
        for cents in asked["cents"]
        for window in search.windows(view, cents, explained, count)
    ]
    return _packed({"windows": windows}, [])


def _of_cell(cell: Cell) -> list[Any]:
    seeds = [[votes, seed.ratio, seed.offset] for votes, seed in cell.seeds]
    return [cell.width, cell.weight, str(cell.reference), cell.middle, seeds]


def _confirmed(view: View, asked: Mapping[str, Any], rows: Rows) -> bytes:
    search = Search(_peaks(rows))
    named = {cell[2] for *_, cells in asked["windows"] for cell in cells} | {line[0] for line in asked["lines"]}
    numbers = view.numbers(UUID(id) for id in named)
    lines = [Line(numbers[UUID(id)], *rest) for id, *rest in asked["lines"]]
    for cents in asked["cents"]:
        windows = [
            Window(begin, end, tuple(_cell(cell, numbers, cents) for cell in cells))
            for at, begin, end, cells in asked["windows"]
            if at == cents
        ]
        lines += search.lines(view, cents, windows)
    found = search.matches(view, lines, asked["algorithm"])
    said = [
        [
            str(view.reference(line.number)),
            line.ratio,
            line.offset,
            line.cents,
            line.first,
            line.last,
            line.evidence,
            line.mass,
            line.least,
            line.found,
            line.sought,
        ]
        for line in lines
    ]
    return _packed(
        {"lines": said, "matches": [match.to_document() for match in found]},
        [np.flatnonzero(search.explained(lines))],
    )


def _cell(said: Sequence[Any], numbers: Mapping[UUID, int], cents: int) -> Cell:
    width, weight, id, middle, seeds = said
    number = numbers[UUID(id)]
    lines = tuple((votes, Line(number, ratio, offset, cents)) for votes, ratio, offset in seeds)
    return Cell(width, weight, UUID(id), middle, lines)


def _alike(view: View, asked: Mapping[str, Any], rows: Rows) -> bytes:
    (heard,) = rows
    found = spectra_matching.search(view, spectra.vectors_of(heard.astype(np.uint32)), among=asked["among"])
    return _packed({"matches": [match.to_document() for match in found]}, [])


_STEPS: dict[str, Callable[[View, Mapping[str, Any], Rows], bytes]] = {
    _COUNT: _count,
    _MATCHES: _copies,
    _CELLS: _cells,
    _LINES: _confirmed,
    _ALIKE: _alike,
}


def _items(rows: Rows) -> list[Hashes]:
    return [row.astype(np.uint32) for row in rows]


def _peaks(rows: Rows) -> list[Peaks]:
    whole = [row.astype(np.int64) for row in rows]
    return [Peaks(frames, pitches) for frames, pitches in zip(whole[::2], whole[1::2], strict=True)]


def _looked_up(made: Hashes, counts: NDArray[np.generic]) -> Callable[[Hashes], Positions]:
    known = counts.astype(np.int64)

    def count(hashes: Hashes) -> Positions:
        found: Positions = known[np.searchsorted(made, hashes)]
        return found

    return count


def _matches(said: Mapping[str, Any]) -> Iterable[Match]:
    return (Match.from_document(match) for match in said["matches"])


# --- Messages


def _release() -> str:
    """Name how this release searches: others would find something else."""
    said = json.dumps(
        [matching.PARAMETERS, landmark_matching.PARAMETERS, landmarks.ALGORITHM, spectra_matching.PARAMETERS]
    )
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _question(step: str, family: str, cut: Cut, document: Mapping[str, Any], rows: Rows) -> bytes:
    asked = {"step": step, "family": family, "last": cut.last, "absent": cut.absent, "release": _release()}
    return _packed({**asked, **document}, rows)


def _packed(document: Mapping[str, Any], rows: Rows) -> bytes:
    # Numbers as Python writes them are read back as they were, to the last bit.
    said = zlib.compress(json.dumps(document, separators=(",", ":")).encode(), 6)
    return struct.pack("<I", len(said)) + said + traces.written(rows)


def _unpacked(message: bytes) -> tuple[dict[str, Any], Rows]:
    """
    Read a message.

    :raises NotAMessage: it is none
    """
    try:
        (size,) = struct.unpack_from("<I", message)
        document = json.loads(zlib.decompress(message[4 : 4 + size]))
        rows = traces.read(message[4 + size :])
    except (struct.error, zlib.error, ValueError, traces.NotATrace) as error:
        raise NotAMessage(NotAMessage.__doc__) from error
    if not isinstance(document, dict):
        raise NotAMessage(NotAMessage.__doc__)
    return document, rows
