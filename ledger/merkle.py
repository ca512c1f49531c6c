"""
The log's tree: RFC 6962 hashes, kept as C2SP tiles, with the proofs of RFC 9162.

Leaves are numbered from 0. A tile is 256 hashes side by side, 8,192 bytes: at level 0 of leaves, at level 1
of full tiles of level 0, and so on; only full tiles are hashed into the level above. The tiles that are not
full yet are the tree's right edge, at most 255 hashes a level, and all that has to be read to make the tree
grow.

Proofs read tiles through a callable, `tiles(level, n)`, so that it does not matter where they are kept. It
answers with the whole tile, or with as much of it as there is; never with None.

Source: RFC 6962 §2.1, RFC 9162 §2.1.3.2 and §2.1.4.2, c2sp.org/tlog-tiles.
"""

import functools
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES
EMPTY_ROOT: Final = sha256(b"").digest()

Tiles = Callable[[int, int], bytes]


class NotWholeHashes(Exception):
    """Hashes are appended as a multiple of 32 bytes."""


class EdgeDoesNotFit(Exception):
    """The right edge that was kept is not that of a tree of this size."""


class TileTooShort(Exception):
    """A tile has fewer hashes than a tree of this size needs."""


class NoSuchLeaf(Exception):
    """The tree has no leaf with this index."""


class NoSuchSize(Exception):
    """A consistency proof leads from a tree to one that is at least as large."""


class ProofFails(Exception):
    """The proof does not lead to the root."""


class NotIncluded(ProofFails):
    """The proof does not show that this leaf is in the tree."""


class NotConsistent(ProofFails):
    """The proof does not show that the larger tree begins with the smaller one."""


class EntryTooLong(Exception):
    """An entry bundle gives the length of an entry in 16 bits."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf, RFC 6962 §2.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node, RFC 6962 §2.1."""
    return sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: bytes | bytearray) -> bytes:
    """Return the root over hashes side by side. It does not check that there are 1, 2, 4, … of them."""
    while len(hashes) > HASH_BYTES:
        hashes = b"".join(
            sha256(b"\x01" + hashes[start : start + 2 * HASH_BYTES]).digest()
            for start in range(0, len(hashes), 2 * HASH_BYTES)
        )
    return bytes(hashes)


@dataclass(frozen=True)
class Tile:
    """A tile, full or partial, by its place in the tree."""

    level: int
    n: int
    data: bytes

    @property
    def width(self) -> int:
        """Return how many hashes it holds, 1 to 256."""
        return len(self.data) // HASH_BYTES

    @property
    def path(self) -> str:
        """Return the path it is served at, `tile/<L>/<N>[.p/<W>]`."""
        return tile_path(str(self.level), self.n, self.width)


class Edge:
    """
    The right edge of a growing tree: what a writer keeps between two batches.

    `levels` are the hashes of each level's unfinished tile, lowest first, each 0 to 255 hashes long.
    """

    def __init__(self, size: int = 0, levels: Iterable[bytes] = ()) -> None:
        """
        Take up a tree where it was left.

        :raises EdgeDoesNotFit: a level has not `size // 256^level % 256` hashes
        """
        self.size = size
        self._levels = [bytearray(level) for level in levels]
        while size >> TILE_HEIGHT * len(self._levels):
            self._levels.append(bytearray())
        for level, hashes in enumerate(self._levels):
            expected = (size >> TILE_HEIGHT * level) % TILE_WIDTH
            if len(hashes) != expected * HASH_BYTES:
                raise EdgeDoesNotFit(
                    f"Level {level} of a tree of {size:,} leaves has {expected} hashes at its edge, "
                    f"that is {expected * HASH_BYTES:,} bytes, not {len(hashes):,}."
                )

    @property
    def levels(self) -> tuple[bytes, ...]:
        """Return the unfinished tile of each level, lowest first; an empty one is `b""`."""
        return tuple(bytes(level) for level in self._levels)

    def append(self, hashes: bytes) -> tuple[Tile, ...]:
        """
        Add leaf hashes, side by side, and return the tiles that are now full: those of a level in their
        order, lower levels first.

        :raises NotWholeHashes: not a multiple of 32 bytes
        """
        if len(hashes) % HASH_BYTES:
            raise NotWholeHashes(f"{len(hashes)} bytes are not a whole number of hashes.")
        finished: list[Tile] = []
        before, level, upward = self.size, 0, bytes(hashes)
        self.size += len(hashes) // HASH_BYTES
        while upward:
            if level == len(self._levels):
                self._levels.append(bytearray())
            edge = self._levels[level]
            edge += upward
            first = (before >> TILE_HEIGHT * level) // TILE_WIDTH
            full = [
                Tile(level, first + position, bytes(edge[position * TILE_BYTES : (position + 1) * TILE_BYTES]))
                for position in range(len(edge) // TILE_BYTES)
            ]
            del edge[: len(full) * TILE_BYTES]
            finished += full
            upward = b"".join(perfect_root(tile.data) for tile in full)
            level += 1
        return tuple(finished)

    def partial_tiles(self) -> tuple[Tile, ...]:
        """Return the tiles that are begun and not full, as they are published beside a checkpoint."""
        return tuple(
            Tile(level, self.size >> TILE_HEIGHT * (level + 1), bytes(hashes))
            for level, hashes in enumerate(self._levels)
            if hashes
        )

    def root(self) -> bytes:
        """Return the root of the tree, from the edge alone."""
        peaks: list[bytes] = []
        for hashes in reversed(self._levels):
            offset = 0
            for bit in reversed(range(TILE_HEIGHT)):
                if len(hashes) // HASH_BYTES >> bit & 1:
                    peaks.append(perfect_root(hashes[offset : offset + (HASH_BYTES << bit)]))
                    offset += HASH_BYTES << bit
        if not peaks:
            return EMPTY_ROOT
        return functools.reduce(lambda right, left: node_hash(left, right), reversed(peaks))

    def over(self, full: Tiles) -> Tiles:
        """Return a reader of the whole tree: full tiles come from the callable, the others from this edge."""
        unfinished = {(tile.level, tile.n): tile.data for tile in self.partial_tiles()}

        def tiles(level: int, n: int) -> bytes:
            return unfinished[level, n] if (level, n) in unfinished else full(level, n)

        return tiles


def root(size: int, tiles: Tiles) -> bytes:
    """
    Return the root of the tree over the first `size` leaves.

    :raises TileTooShort: the tiles are those of a smaller tree
    """
    return _subtree(0, size, functools.cache(tiles)) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, tiles: Tiles) -> tuple[bytes, ...]:
    """
    Return the hashes that lead from a leaf to the root of the tree over the first `size` leaves, the leaf's
    sibling first (RFC 6962 §2.1.1).

    :raises NoSuchLeaf: the tree of that size has no such leaf
    :raises TileTooShort: the tiles are those of a smaller tree
    """
    if not 0 <= index < size:
        raise NoSuchLeaf(f"A tree of {size:,} leaves has no leaf {index:,}.")
    tiles = functools.cache(tiles)
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(middle, end, tiles))
            end = middle
        else:
            path.append(_subtree(start, middle, tiles))
            start = middle
    return tuple(reversed(path))


def consistency_proof(old_size: int, size: int, tiles: Tiles) -> tuple[bytes, ...]:
    """
    Return the hashes that show that the tree over `size` leaves begins with the tree over `old_size` (RFC
    6962 §2.1.2). It is empty when nothing has to be shown: for an empty tree, and for two trees of the same
    size.

    :raises NoSuchSize: the older tree is larger
    :raises TileTooShort: the tiles are those of a smaller tree
    """
    if not 0 <= old_size <= size:
        raise NoSuchSize(f"A tree of {size:,} leaves does not begin with one of {old_size:,}.")
    if old_size in {0, size}:
        return ()
    tiles = functools.cache(tiles)
    path: list[bytes] = []
    start, end, is_old_tree = 0, size, True
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(_subtree(middle, end, tiles))
            end = middle
        else:
            path.append(_subtree(start, middle, tiles))
            start, is_old_tree = middle, False
    if not is_old_tree:
        # Otherwise the verifier has this hash already: it is the older root.
        path.append(_subtree(start, end, tiles))
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """
    Check that a leaf hash stands at an index of the tree with this size and root (RFC 9162 §2.1.3.2). It
    does not check that anyone signed that root.

    :raises NotIncluded: it does not, or the proof is for something else
    """
    if not 0 <= index < size:
        raise NotIncluded(f"A tree of {size:,} leaves has no leaf {index:,}.")
    if any(len(sibling) != HASH_BYTES for sibling in (leaf, *proof)):
        raise NotIncluded("A hash in the proof has not 32 bytes.")
    position, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise NotIncluded("The proof is longer than the tree is high.")
        if position & 1 or position == last:
            result = node_hash(sibling, result)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise NotIncluded("The proof is shorter than the tree is high.")
    if result != root:
        raise NotIncluded("The proof leads to another root.")


def verify_consistency(  # noqa: PLR0912  the steps of RFC 9162, in its order
    *, old_size: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes
) -> None:
    """
    Check that the tree with this size and root begins with the older tree (RFC 9162 §2.1.4.2). Trees of the
    same size are consistent when their roots are equal; every tree begins with the empty one.

    :raises NotConsistent: it does not, or the proof is for something else
    """
    if not 0 <= old_size <= size:
        raise NotConsistent(f"A tree of {size:,} leaves cannot begin with one of {old_size:,}.")
    if any(len(node) != HASH_BYTES for node in proof):
        raise NotConsistent("A hash in the proof has not 32 bytes.")
    if old_size in {0, size}:
        if proof:
            raise NotConsistent("There is nothing to prove between these sizes, yet there is a proof.")
        if old_root != (EMPTY_ROOT if old_size == 0 else root):
            raise NotConsistent("The older root is not that of a tree of its size.")
        return
    if not proof:
        raise NotConsistent("The proof is empty.")
    # A perfect older tree is a node of the larger one, so its root is left out of the proof.
    first, *path = proof if old_size & (old_size - 1) else (old_root, *proof)
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_result = result = first
    for node in path:
        if last == 0:
            raise NotConsistent("The proof is longer than the tree is high.")
        if position & 1 or position == last:
            old_result, result = node_hash(node, old_result), node_hash(node, result)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            result = node_hash(result, node)
        position, last = position >> 1, last >> 1
    if last:
        raise NotConsistent("The proof is shorter than the tree is high.")
    if old_result != old_root:
        raise NotConsistent("The proof leads to another older root.")
    if result != root:
        raise NotConsistent("The proof leads to another root.")


def tile_path(level: str, n: int, width: int = TILE_WIDTH) -> str:
    """
    Return the path of a tile, or with the level `entries` of an entry bundle: `tile/<L>/<N>[.p/<W>]`, where
    1234067 is `x001/x234/067`.
    """
    thousands, groups = n // 1000, [f"{n % 1000:03}"]
    while thousands:
        groups.insert(0, f"x{thousands % 1000:03}")
        thousands //= 1000
    return f"tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < TILE_WIDTH else "")


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """
    Return up to 256 entries as they are published: each behind its length, 16 bits, big-endian.

    :raises EntryTooLong: an entry has more than 65,535 bytes
    """
    bundle = bytearray()
    for entry in entries:
        if len(entry) >= 1 << 16:
            raise EntryTooLong(f"An entry of {len(entry):,} bytes does not fit into a bundle.")
        bundle += struct.pack(">H", len(entry)) + entry
    return bytes(bundle)


def _split(leaves: int) -> int:
    """Return the largest power of two below a number of leaves, from 2 on: the leaves of the left subtree."""
    return 1 << (leaves - 1).bit_length() - 1


def _subtree(start: int, end: int, tiles: Tiles) -> bytes:
    """Return the root over the leaves from start to end, RFC 6962's MTH(D[start:end])."""
    leaves = end - start
    height = leaves.bit_length() - 1
    if leaves == 1 << height:
        # Such a subtree always begins at a multiple of its size here, so it lies within one tile.
        return _perfect(height, start >> height, tiles)
    middle = start + _split(leaves)
    return node_hash(_subtree(start, middle, tiles), _subtree(middle, end, tiles))


def _perfect(height: int, index: int, tiles: Tiles) -> bytes:
    level, above = divmod(height, TILE_HEIGHT)
    n, offset = divmod(index << above, TILE_WIDTH)
    hashes = tiles(level, n)[offset * HASH_BYTES : (offset + (1 << above)) * HASH_BYTES]
    if len(hashes) != HASH_BYTES << above:
        raise TileTooShort(f"Tile {n} of level {level} has no hashes {offset} to {offset + (1 << above) - 1}.")
    return perfect_root(hashes)
