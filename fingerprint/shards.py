"""
An index in parts: which references belong to which, by the first bytes of their ids.

Ids are drawn by chance, so ranges of equal width have about equally many references. Every id belongs to one shard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

_ONE = re.compile(
    r"(?P<name>[a-z][a-z0-9_]{0,19})=(?P<first>[0-9a-f]+)-(?P<last>[0-9a-f]+)(@(?P<queue>[a-z][a-z0-9_]{0,39}))?"
)


class BadShards(ValueError):
    """The shards do not divide the index."""


@dataclass(frozen=True)
class Shard:
    """A part of the index: the ids of its references from the first to the last, and the queue of whoever serves it."""

    name: str
    first: UUID
    last: UUID
    queue: str

    @property
    def ids(self) -> tuple[UUID, UUID]:
        """The first and the last id."""
        return self.first, self.last


def read(text: str) -> tuple[Shard, ...]:
    """
    Read shards as they are configured, such as ``a=00-7f, b=80-ff@index_b``: name, range and queue.

    Without one the queue is ``index_`` and the name. Nothing means that the index is not divided.

    :raises BadShards: one cannot be read, or they leave ids out or claim them twice
    """
    shards = [_read(part.strip()) for part in text.split(",") if part.strip()]
    if len({shard.name for shard in shards}) != len(shards) or len({shard.queue for shard in shards}) != len(shards):
        raise BadShards("Two shards have the same name or the same queue; give each its own.")
    expected = 0
    for shard in sorted(shards, key=lambda shard: shard.first):
        if shard.first.int != expected:
            what = "claims ids that another has" if shard.first.int < expected else "leaves out ids before it"
            raise BadShards(f"Shard {shard.name} {what}; ranges follow each other from 00 to ff.")
        expected = shard.last.int + 1
    if shards and expected != 1 << 128:
        raise BadShards("The last shard does not end at ff; ranges follow each other from 00 to ff.")
    return tuple(sorted(shards, key=lambda shard: shard.first))


def _read(part: str) -> Shard:
    given = _ONE.fullmatch(part)
    if given is None:
        raise BadShards(f"{part!r} is no shard; write name=00-7f, or name=00-7f@queue.")
    first, last = given["first"], given["last"]
    if len(first) != len(last) or len(first) not in {2, 4} or first > last:
        raise BadShards(f"{first}-{last} is no range of first bytes; write two or four hexadecimal digits each.")
    return Shard(given["name"], UUID(f"{first:0<32}"), UUID(f"{last:f<32}"), given["queue"] or f"index_{given['name']}")


def named(shards: Sequence[Shard], name: str) -> Shard:
    """
    Return the shard of a name.

    :raises BadShards: there is none
    """
    for shard in shards:
        if shard.name == name:
            return shard
    raise BadShards(f"There is no shard {name}; configured are {', '.join(one.name for one in shards) or 'none'}.")
