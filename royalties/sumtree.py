"""
A tree over the lines of a run whose root says what they add up to: each payee checks its own line against it. Pure.

A Merkle-sum tree, with the repair that both children's sums are hashed and none may be negative (Chalkias, Lewi et al.,
"Distributed Auditing Proofs of Liabilities", 2020): whoever published the root cannot leave out a line, or hide one
below nothing, without a payee seeing it. What a line adds and what it takes are summed apart, since corrections are
negative and sums that may fall would hide what was taken.

    leaf   SHA-256(0x00 ‖ salt ‖ credit ‖ debit ‖ line)
    node   SHA-256(0x01 ‖ left hash ‖ left credit ‖ left debit ‖ right hash ‖ right credit ‖ right debit)

Salts have 32 bytes, sums 16 bytes big-endian. Lines lie in the order of their salts' hashes, which is no order that
anybody knows, and are filled up with empty ones to a power of two.

What a proof gives away: the sums of the subtrees beside its path, so one other line's amount without its payee, then
of two lines, of four. Not whose they are, not what they are for, and of their number only the next power of two.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

SALT_BYTES = 32
_SUM_BYTES = 16
_LARGEST = 2 ** (8 * _SUM_BYTES) - 1
MOST_LEVELS = 40  # a trillion lines


class NotASum(Exception):
    """What a line adds and what it takes are whole units, none of them negative."""


class NotASalt(Exception):
    """A salt has 32 bytes, and no two lines have the same."""


class NotAProof(Exception):
    """The nodes beside a line lead from its place to the root, and there are no others."""


@dataclass(frozen=True, slots=True)
class Node:
    """A hash with what everything below it adds and takes, in minor units."""

    digest: bytes
    credit: int
    debit: int

    @property
    def bytes(self) -> bytes:
        """What the node above hashes."""
        return self.digest + _sums(self.credit, self.debit)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A line of a run: bytes that its payee knows, and what it adds or takes."""

    line: bytes
    credit: int
    debit: int
    salt: bytes

    @property
    def node(self) -> Node:
        """Its hash with its sums."""
        if len(self.salt) != SALT_BYTES:
            raise NotASalt(NotASalt.__doc__)
        digest = sha256(b"\x00" + self.salt + _sums(self.credit, self.debit) + self.line).digest()
        return Node(digest, self.credit, self.debit)


@dataclass(frozen=True, slots=True)
class Proof:
    """The place of a line and the nodes beside its path, from the leaves up."""

    place: int
    beside: tuple[Node, ...]


class SumTree:
    """All lines of a run."""

    def __init__(self, leaves: Sequence[Leaf], *, filling: bytes) -> None:
        """
        Build the tree.

        :param filling: a secret of the run that the salts of empty lines are made from
        :raises NotASum: a line adds or takes less than nothing
        :raises NotASalt: a salt of another length, or twice
        """
        if len({leaf.salt for leaf in leaves}) != len(leaves):
            raise NotASalt(NotASalt.__doc__)
        size = padding(len(leaves))
        salts = (hmac.digest(filling, number.to_bytes(8, "big"), "sha256") for number in range(len(leaves), size))
        everyone = sorted(
            [*leaves, *(Leaf(b"", 0, 0, salt) for salt in salts)], key=lambda leaf: sha256(leaf.salt).digest()
        )
        self._places = {leaf.salt: place for place, leaf in enumerate(everyone)}
        self._levels = [[leaf.node for leaf in everyone]]
        while len(level := self._levels[-1]) > 1:
            self._levels.append([_above(level[n], level[n + 1]) for n in range(0, len(level), 2)])

    @property
    def root(self) -> Node:
        """What is published: the hash, and what all lines add and take."""
        return self._levels[-1][0]

    def proof(self, leaf: Leaf) -> Proof:
        """
        Show that a line is in the tree.

        :raises KeyError: it is not
        """
        place = at = self._places[leaf.salt]
        beside = []
        for level in self._levels[:-1]:
            beside.append(level[at ^ 1])
            at //= 2
        return Proof(place, tuple(beside))

    def together(self, leaves: Iterable[Leaf]) -> tuple[Node, ...]:
        """
        Show that several lines are in the tree, with the nodes that they share given once; see ``root_of``.

        :raises KeyError: one is not
        """
        return beside(self._levels, [self._places[leaf.salt] for leaf in leaves])


def holds(root: Node, leaf: Leaf, proof: Proof) -> bool:
    """
    Check that a line is in the tree of this root, and that nothing beside its path adds or takes less than nothing.

    What it does not show: that the lines of others are right, which those have to check.
    """
    if len(proof.beside) > MOST_LEVELS or not 0 <= proof.place < 1 << len(proof.beside):
        return False
    try:
        node, at = leaf.node, proof.place
        for other in proof.beside:
            node = _above(other, node) if at & 1 else _above(node, other)
            at //= 2
    except (NotASum, NotASalt):
        return False
    return node == root


def padding(count: int) -> int:
    """Return how many lines a tree has room for that holds so many: the next power of two."""
    return 1 << max(0, count - 1).bit_length()


def joined(left: Node, right: Node) -> Node:
    """Return the node above two."""
    return _above(left, right)


def beside(levels: Sequence[Sequence[Node]], places: Iterable[int]) -> tuple[Node, ...]:
    """
    Return the nodes that lead from several lines to the root: those that cannot be worked out from the lines.

    :param levels: of a tree, the lines' nodes first and the root last
    :return: level by level from below, in the order of their places
    """
    found, known = [], sorted(set(places))
    for level in levels[:-1]:
        here = set(known)
        found += [level[place ^ 1] for place in known if place ^ 1 not in here]
        known = sorted({place >> 1 for place in known})
    return tuple(found)


def root_of(height: int, known: Mapping[int, Node], others: Sequence[Node]) -> Node:
    """
    Work out the root from several lines' nodes by place, and from what ``beside`` gave.

    :raises NotAProof: there are too few nodes beside them, or too many, or a place that the tree has not
    :raises NotASum: a node adds or takes less than nothing
    """
    if not 0 <= height <= MOST_LEVELS or not known or any(not 0 <= place < 1 << height for place in known):
        raise NotAProof(NotAProof.__doc__)
    waiting, level = iter(others), dict(known)
    for _ in range(height):
        above: dict[int, Node] = {}
        for place in sorted(level):
            if place >> 1 in above:
                continue  # the right one of two that are both known
            other = level.get(place ^ 1) or next(waiting, None)
            if other is None:
                raise NotAProof(f"{NotAProof.__doc__} Nodes are missing.")
            above[place >> 1] = _above(other, level[place]) if place & 1 else _above(level[place], other)
        level = above
    if next(waiting, None) is not None:
        raise NotAProof(f"{NotAProof.__doc__} There are more nodes than lead to the root.")
    return level[0]


def _above(left: Node, right: Node) -> Node:
    return Node(
        sha256(b"\x01" + left.bytes + right.bytes).digest(), left.credit + right.credit, left.debit + right.debit
    )


def _sums(credit: int, debit: int) -> bytes:
    if not (0 <= credit <= _LARGEST and 0 <= debit <= _LARGEST):
        raise NotASum(NotASum.__doc__)
    return credit.to_bytes(_SUM_BYTES, "big") + debit.to_bytes(_SUM_BYTES, "big")
