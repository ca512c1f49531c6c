"""Which keys a file has had, and on which line: exact enough to find duplicates, small enough for millions. Pure."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from zlib import crc32


def _digest(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little") or 1


class Seen:
    """
    An open hash of digests: 16 bytes a slot, about 25 a key, where a set of strings takes a hundred and more.

    Two keys of one file are taken for one with a chance of n² / 2⁶⁵, under one in ten thousand for 20 million.
    """

    def __init__(self) -> None:
        self._count = 0
        self._make(1 << 10)

    def _make(self, slots: int) -> None:
        self._mask = slots - 1
        self._digests = array("Q", bytes(8 * slots))  # 0 is an empty slot
        self._lines = array("I", bytes(4 * slots))
        self._checks = array("I", bytes(4 * slots))

    def had(self, key: str, content: str = "") -> tuple[int, bool] | None:
        """Return the line that had the key, and whether with the same content; ``None`` if none had."""
        slot = self._slot(_digest(key))
        if not self._digests[slot]:
            return None
        return self._lines[slot], self._checks[slot] == crc32(content.encode())

    def keep(self, key: str, line: int, content: str = "") -> None:
        """Remember a key, unless a line before had it."""
        digest = _digest(key)
        slot = self._slot(digest)
        if self._digests[slot]:
            return
        self._digests[slot], self._lines[slot], self._checks[slot] = digest, line, crc32(content.encode())
        self._count += 1
        if self._count * 5 > (self._mask + 1) * 4:
            self._grow()

    def _slot(self, digest: int) -> int:
        digests, mask = self._digests, self._mask
        slot = digest & mask
        while digests[slot] and digests[slot] != digest:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        digests, lines, checks = self._digests, self._lines, self._checks
        self._make(2 * len(digests))
        for old, digest in enumerate(digests):
            if digest:
                slot = self._slot(digest)
                self._digests[slot], self._lines[slot], self._checks[slot] = digest, lines[old], checks[old]
