"""
A statement of streams: which entries came between two checkpoints, each once and none left out, with control totals.

RFC 8785 JSON:

    type, v       "ai-music-ledger.streams", 1
    covers        "all", or "own" where only some parties' streams are in it
    from, to      the two checkpoints as signed notes; from is null for the empty log
    consistency   the proof that the later tree begins with the earlier one (RFC 6962), hashes in hex
    streams       each with
        stream, of   what kind of stream, and whose
        before       how many entries it had at the earlier checkpoint: the first here has the next number
        count        how many came
        places       their indexes in the log, ascending: "3-5,9"
        leaves       SHA-256 over their leaf hashes, side by side
        counts       what is counted of them, by name
        amounts      exact sums by currency, in minor units (usage: in the currency itself), as text

Numbers come from the order of the entries: no counter is kept that could be locked, lost or reset. ``check`` needs the
log's public key and the tiles that it publishes, and nothing else of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ledger import canonical, merkle, notes

TYPE: Final = "ai-music-ledger.streams"
VERSION: Final = 1
ENDING: Final = b'"type":"ai-music-ledger.streams","v":1}'
HEX: Final = re.compile(r"[0-9a-f]{64}")
PLACES: Final = re.compile(r"[0-9]{1,15}(-[0-9]{1,15})?(,[0-9]{1,15}(-[0-9]{1,15})?)*|")
MOST_ENTRIES: Final = 50_000_000  # of a tree that is recomputed

_MEMBERS: Final = {"type", "v", "covers", "from", "to", "consistency", "streams"}
_STREAM: Final = {"stream", "of", "before", "count", "places", "leaves", "counts", "amounts"}

Leaves = Callable[[int], bytes]
"""Returns the hashes of a tile of level 0, by its number: 8,192 bytes, or fewer at the end of the log."""


class NotAStatement(Exception):
    """This is not a statement of streams, version 1."""


@dataclass(frozen=True)
class Stream:
    """A stream between two checkpoints."""

    stream: str
    of: str
    before: int
    places: tuple[int, ...]
    leaves: str
    counts: dict[str, int]
    amounts: dict[str, str]

    @property
    def count(self) -> int:
        """Return how many entries came."""
        return len(self.places)

    @property
    def numbers(self) -> str:
        """Return the numbers that they have in the stream."""
        return f"{self.before + 1}–{self.before + self.count}" if self.count else "none"

    @property
    def document(self) -> dict[str, Any]:
        """Return it as it is written."""
        return {
            "stream": self.stream,
            "of": self.of,
            "before": self.before,
            "count": self.count,
            "places": ranges(self.places),
            "leaves": self.leaves,
            "counts": self.counts,
            "amounts": self.amounts,
        }


@dataclass(frozen=True)
class Statement:
    """Two checkpoints and what came between them."""

    covers: str
    earlier: str | None
    later: str
    consistency: tuple[bytes, ...]
    streams: tuple[Stream, ...]

    def written(self) -> bytes:
        """Return the statement's bytes."""
        return canonical.encode_document(
            {
                "type": TYPE,
                "v": VERSION,
                "covers": self.covers,
                "from": self.earlier,
                "to": self.later,
                "consistency": [one.hex() for one in self.consistency],
                "streams": [one.document for one in self.streams],
            }
        )


def digest_of(hashes: Iterable[bytes]) -> str:
    """Return the SHA-256 over leaf hashes, side by side."""
    found = sha256()
    for one in hashes:
        found.update(one)
    return found.hexdigest()


def ranges(places: Sequence[int]) -> str:
    """Write ascending places, neighbors together: 3-5,9."""
    parts: list[list[int]] = []
    for place in places:
        if parts and place == parts[-1][1] + 1:
            parts[-1][1] = place
        else:
            parts.append([place, place])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def _places(text: str, most: int) -> tuple[int, ...]:
    if not PLACES.fullmatch(text):
        raise NotAStatement(f"{NotAStatement.__doc__} Places are written like 3-5,9.")
    found: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        begin, end = int(first), int(last or first)
        if end < begin or (found and begin <= found[-1]) or end >= most:
            raise NotAStatement(f"{NotAStatement.__doc__} Places ascend, and lie below the later checkpoint.")
        found.extend(range(begin, end + 1))
    return tuple(found)


def looks_like_one(ending: bytes) -> bool:
    """Whether a file that ends like this is a statement of streams."""
    return ending.rstrip().endswith(ENDING)


def read(data: bytes, *, most: int = MOST_ENTRIES) -> Statement:
    """
    Read a statement. Whether anything that it says is so is not looked at.

    :raises NotAStatement: anything that a statement does not have
    """
    try:
        document = canonical.decode_document(data)
    except (canonical.NotCanonical, canonical.Unrepresentable, canonical.TooDeep, canonical.DocumentTooLarge) as error:
        raise NotAStatement(f"{NotAStatement.__doc__} {error}") from error
    if not isinstance(document, dict) or set(document) != _MEMBERS:
        raise NotAStatement(NotAStatement.__doc__)
    match document:
        case {
            "type": "ai-music-ledger.streams",
            "v": 1,
            "covers": ("all" | "own") as covers,
            "from": None | str() as earlier,
            "to": str(later),
            "consistency": list(proof),
            "streams": list(streams),
        } if document["v"] is not True and all(isinstance(one, str) and HEX.fullmatch(one) for one in proof):
            return Statement(
                covers,
                earlier,
                later,
                tuple(bytes.fromhex(str(one)) for one in proof),
                tuple(_stream(one, most) for one in streams),
            )
    raise NotAStatement(NotAStatement.__doc__)


def _stream(value: canonical.Json, most: int) -> Stream:
    match value:
        case {
            "stream": str(name),
            "of": str(of),
            "before": int(before),
            "count": int(count),
            "places": str(places),
            "leaves": str(leaves),
            "counts": dict(counts),
            "amounts": dict(amounts),
            **others,
        } if not others and HEX.fullmatch(leaves) and before >= 0 and isinstance(before, int):
            found = _places(places, most)
            if len(found) != count or isinstance(count, bool) or isinstance(before, bool):
                raise NotAStatement(f"{NotAStatement.__doc__} A stream of {count} entries names {len(found)} places.")
            if not all(isinstance(one, int) for one in counts.values()):
                raise NotAStatement(f"{NotAStatement.__doc__} Counts are whole numbers.")
            if not all(isinstance(one, str) for one in amounts.values()):
                raise NotAStatement(f"{NotAStatement.__doc__} Amounts are text.")
            return Stream(
                name,
                of,
                before,
                found,
                leaves,
                {key: int(str(one)) for key, one in counts.items()},
                {key: str(one) for key, one in amounts.items()},
            )
    raise NotAStatement(f"{NotAStatement.__doc__} A stream has the members {', '.join(sorted(_STREAM))}.")


@dataclass(frozen=True)
class Checked:
    """What was checked of a statement: sentences of what holds, and of what does not."""

    holds: tuple[str, ...]
    fails: tuple[str, ...]


NOT_OURS: Final = (
    notes.NotANote,
    notes.SignatureFails,
    notes.NotSigned,
    notes.NotACheckpoint,
    notes.WrongOrigin,
)


def check(data: bytes, *, key: notes.Verifier | notes.LogKeys, tiles: Leaves | None) -> Checked:
    """
    Check a statement: both checkpoints, that the later extends the earlier, that no place is missing or named twice,
    and, with the log's tiles, that the leaves are those of the log.

    :raises NotAStatement: it is none
    """
    statement = read(data)
    keys = (key,) if isinstance(key, notes.Verifier) else tuple(key)
    holds: list[str] = []
    fails: list[str] = []
    try:
        later = notes.open_checkpoint(statement.later, *keys)
        earlier = notes.open_checkpoint(statement.earlier, *keys) if statement.earlier else None
    except NOT_OURS as error:
        return Checked((), (f"not_a_checkpoint: a checkpoint in it is not one of {key.name}: {error}",))
    begin = earlier.size if earlier else 0
    if begin > later.size:
        return Checked((), (f"backwards: its checkpoints have {begin} and then {later.size} entries.",))
    holds.append(f"Both checkpoints are signed by {key.name}: {begin:,} entries, and then {later.size:,}.")
    try:
        if earlier is not None:
            merkle.verify_consistency(
                old_size=begin,
                size=later.size,
                proof=statement.consistency,
                old_root=earlier.root,
                root=later.root,
            )
        holds.append("The later log begins with the earlier one: nothing was deleted or changed before it.")
    except (merkle.NotConsistent, merkle.NoSuchSize) as error:
        fails.append(f"not_consistent: the later log does not begin with the earlier one: {error}")
    _check_places(statement, begin, later.size, holds, fails)
    if tiles is not None:
        _check_leaves(statement, earlier, later, tiles, holds, fails)
    return Checked(tuple(holds), tuple(fails))


def _check_places(statement: Statement, begin: int, end: int, holds: list[str], fails: list[str]) -> None:
    seen: set[int] = set()
    names: set[tuple[str, str]] = set()
    for one in statement.streams:
        if (one.stream, one.of) in names:
            fails.append(f"stream_twice: {one.stream} of {one.of} comes twice.")
        names.add((one.stream, one.of))
        twice = seen.intersection(one.places)
        if twice:
            fails.append(f"place_twice: entry {min(twice)} is in two streams.")
        seen.update(one.places)
    outside = sorted(place for place in seen if not begin <= place < end)
    if outside:
        fails.append(f"place_outside: entry {outside[0]} did not come between the checkpoints.")
    if statement.covers != "all":
        holds.append(f"It shows {len(seen):,} of the {end - begin:,} entries: those of some parties.")
    elif len(seen) != end - begin or outside:
        missing = next((place for place in range(begin, end) if place not in seen), None)
        fails.append(f"place_missing: entry {missing} is in no stream.")
    else:
        holds.append(f"Each of the {end - begin:,} entries between them is in one stream: none is left out.")


def _check_leaves(
    statement: Statement,
    earlier: notes.Checkpoint | None,
    later: notes.Checkpoint,
    tiles: Leaves,
    holds: list[str],
    fails: list[str],
) -> None:
    wanted: dict[int, bytes] = {place: b"" for one in statement.streams for place in one.places}
    edge = merkle.Edge()
    number = 0
    while edge.size < later.size:
        try:
            data = tiles(number)[: (later.size - edge.size) * merkle.HASH_BYTES]
        except (OSError, KeyError, merkle.TileTooShort) as error:
            fails.append(f"no_tile: tile {number} of level 0 cannot be read: {error}")
            return
        if not data or len(data) % merkle.HASH_BYTES:
            fails.append(f"no_tile: tile {number} of level 0 is not whole.")
            return
        first = edge.size
        if earlier is not None and first < earlier.size <= first + len(data) // merkle.HASH_BYTES:
            edge.append(data[: (earlier.size - first) * merkle.HASH_BYTES])
            if edge.root() != earlier.root:
                fails.append("other_tiles: the tiles do not lead to the earlier checkpoint.")
            data_left = data[(earlier.size - first) * merkle.HASH_BYTES :]
        else:
            data_left = data
        for offset in range(0, len(data), merkle.HASH_BYTES):
            place = first + offset // merkle.HASH_BYTES
            if place in wanted:
                wanted[place] = data[offset : offset + merkle.HASH_BYTES]
        edge.append(data_left)
        if (edge.size - first) != merkle.TILE_WIDTH and edge.size < later.size:
            fails.append(f"no_tile: tile {number} of level 0 is not full.")
            return
        number += 1
    if edge.root() != later.root:
        fails.append("other_tiles: the tiles do not lead to the later checkpoint.")
    wrong = [
        one for one in statement.streams if digest_of(wanted.get(place, b"") for place in one.places) != one.leaves
    ]
    fails += [f"other_leaves: {one.stream} of {one.of}: its entries are not those of the log." for one in wrong]
    if not fails:
        holds.append(f"The {later.size:,} leaves of the log’s tiles lead to both checkpoints and to every stream.")
