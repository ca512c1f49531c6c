"""
The tree over all allocations of a run, and from it what shows a payee that its lines are among them.

A Merkle-sum tree (``royalties.sumtree``) over each partition, and one over their roots. A leaf's line is RFC 8785 JSON:

    {"country", "leaf", "leftover", "output", "party", "pool", "units", "weight"}

with ``pool`` and ``units`` in minor units and ``weight`` as fraction, all of them text. Salts are HMAC-SHA256 by the
run's secret of the partition's number in 4 bytes and the line's in 8. A partition is filled up to a power of two with
empty lines whose salts go on where those of the lines end; so are the partitions, with empty ones.

A partition's tree is kept without its lowest levels, which are worked out again for whoever asks: 20 bytes a line, not
128. What a payee learns of others: the sums of the subtrees beside its own lines, so amounts without payee or output,
and of their number the next power of two in each partition that it has lines in; from the tree over statements, which
is small and kept nowhere, in the same way payouts without their payee.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import rfc8785
from numpy.typing import NDArray

from royalties import sumtree
from royalties.kernel import Integers
from royalties.money import LARGEST, BeyondMoney
from royalties.runs import engine, files
from royalties.runs.engine import PartitionResult
from royalties.runs.frozen import Frozen, Manifest
from royalties.sumtree import Leaf, Node

SECRET_BYTES = 32
KEPT_FROM = 3  # levels below are worked out again: eight lines at most for each of a payee's
ROOTS = 0xFFFFFFFF  # the number of what lies above the partitions
VERSION = 1
VERSION_OF_LATER = 2  # of a bundle of a later version of a statement
WITH_TERMS = 2  # more than that: with each term of money, see ``itemized``
BUNDLE = "ai-music-ledger.statement"

_NODE_BYTES = 64
_WORDS = ("output", "country", "leaf", "party")


class NotASecret(Exception):
    """The secret of a run has 32 bytes."""


class NothingToShow(Exception):
    """This party has no line in the run."""


@dataclass(frozen=True, slots=True)
class Planted:
    """The tree of a partition."""

    number: int
    lines: int
    height: int
    root: Node
    file: str
    digest: str

    @property
    def document(self) -> dict[str, Any]:
        """Return it as a document, as a job keeps it."""
        return {
            "number": self.number,
            "lines": self.lines,
            "height": self.height,
            "root": node_document(self.root),
            "file": self.file,
            "sha256": self.digest,
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Planted:
        """Read back what ``document`` wrote."""
        root = document["root"]
        return cls(
            number=int(document["number"]),
            lines=int(document["lines"]),
            height=int(document["height"]),
            root=Node(bytes.fromhex(root["sha256"]), int(root["credit"]), int(root["debit"])),
            file=str(document["file"]),
            digest=str(document["sha256"]),
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """
    What a payee's statement says, as much of it as is proven: amounts by name, in minor units.

    ``came`` has at least ``earned``, which the payee's lines add up to, and ``went`` has ``payable``; both are as much.
    """

    run_id: UUID
    party_id: UUID
    version: int
    currency: str
    came: Mapping[str, int]
    went: Mapping[str, int]
    document_digest: str = ""  # SHA-256 of the paper, in hexadecimal

    @property
    def document(self) -> dict[str, Any]:
        """Return it as it is hashed and handed out."""
        return {
            "run": str(self.run_id),
            "party": str(self.party_id),
            "version": self.version,
            "currency": self.currency,
            "came": {name: str(units) for name, units in self.came.items()},
            "went": {name: str(units) for name, units in self.went.items()},
            "document": self.document_digest,
        }

    def leaf(self, secret: bytes) -> Leaf:
        """Return it as a line of the tree over all statements, which adds up what is paid."""
        _refuse_short(secret)
        salt = hmac.digest(secret, b"statement" + self.party_id.bytes + self.version.to_bytes(4, "big"), "sha256")
        return Leaf(rfc8785.dumps(self.document), max(0, self.went["payable"]), max(0, -self.went["payable"]), salt)


@dataclass(frozen=True, slots=True)
class Issued:
    """That a later version of a statement was issued: its figures, the bytes of its entry, and their receipt."""

    document: bytes
    entry: bytes
    receipt: str


# --- What is logged -----------------------------------------------------------------------------------------


def reconciled(
    frozen: Frozen | Manifest, results: Sequence[PartitionResult], trees: Sequence[Planted]
) -> dict[str, Any]:
    """
    Return what the entry of a reconciled run says: what went in, and the root of all that came out.

    :raises DoesNotReconcile: a partition is missing, or its tree has another sum than its pools
    """
    if [one.number for one in results] != list(range(frozen.partitions)) or [one.number for one in trees] != [
        one.number for one in results
    ]:
        raise engine.DoesNotReconcile(f"{engine.DoesNotReconcile.__doc__} A partition is missing.")
    for result, tree in zip(results, trees, strict=True):
        if (tree.root.credit, tree.root.debit, tree.lines) != (result.credit, result.debit, result.allocations):
            raise engine.DoesNotReconcile(f"{engine.DoesNotReconcile.__doc__} The tree of partition {tree.number}.")
    kinds = dict.fromkeys((engine.COMMISSION, engine.HOLD, engine.PAYABLE), 0)
    for result in results:
        for account in result.accounts:
            kinds[account.kind] += account.units
    if sum(kinds.values()) != sum(result.units for result in results) or frozen.lines != sum(
        result.lines for result in results
    ):
        raise engine.DoesNotReconcile(engine.DoesNotReconcile.__doc__)
    return {
        "v": VERSION,
        "currency": frozen.currency,
        "frozen": frozen.digest,
        "rates": frozen.files["rates.json"],
        "left_out": frozen.files["left-out.json"],
        "divisions": _together(frozen.files, "divisions-"),
        "allocations": sha256(files.canonical([result.files for result in results])).hexdigest(),
        "counts": {
            "partitions": frozen.partitions,
            "lines": frozen.lines,
            "pools": sum(result.pools for result in results),
            "allocations": sum(result.allocations for result in results),
        },
        "units": {kind: str(units) for kind, units in kinds.items()},
        "root": node_document(root_of(trees)),
    }


def published(reconciled_data: Mapping[str, Any], statements: Node) -> dict[str, Any]:
    """
    Return what the entry of a published run says: what was reconciled, and the root over all statements.

    :param statements: see ``tree_of_statements``; what it adds is all that is paid
    """
    return {**reconciled_data, "statements": node_document(statements)}


def node_document(node: Node) -> dict[str, str]:
    """Return a node as it is written down."""
    return {"sha256": node.digest.hex(), "credit": str(node.credit), "debit": str(node.debit)}


def _together(digests: Mapping[str, str], beginning: str) -> str:
    return sha256(
        files.canonical({name: digest for name, digest in digests.items() if name.startswith(beginning)})
    ).hexdigest()


# --- Trees --------------------------------------------------------------------------------------------------


def tree_name(partition: int) -> str:
    """Return what a partition's tree is called."""
    return f"tree-{partition:04}.bin"


def plant(folder: Path, result: PartitionResult, *, secret: bytes, into: Path | None = None) -> Planted:
    """
    Build the tree over a partition's allocations, and keep its upper levels in a file.

    :param folder: what came out of the partition
    :param secret: of the run
    :raises FileChanged: the allocations are not as they came out
    :raises BeyondMoney: all that the partition adds, or takes, is more than can be booked
    """
    _refuse_short(secret)
    path = _checked(folder, result)
    if max(result.credit, result.debit) > LARGEST:
        raise BeyondMoney(BeyondMoney.__doc__)
    size = sumtree.padding(result.allocations)
    salts, order = _salts(secret, result.number, size)
    digests = np.empty((size, 32), dtype=np.uint8)
    units = np.zeros(size, dtype=np.int64)
    at = 0
    for lines, some in _lines(path):
        end = at + len(lines)
        digests[at:end] = _hashes(salts[at:end], lines, some)
        units[at:end] = some
        at = end
    if at != result.allocations:
        raise files.FileChanged(f"{files.FileChanged.__doc__} {path.name} has other lines.")
    for begin in range(at, size, files.ROWS):
        end = min(begin + files.ROWS, size)
        digests[begin:end] = _hashes(salts[begin:end], [b""] * (end - begin), units[begin:end])
    del salts
    units = units[order]
    nodes = _nodes(digests, np.maximum(units, 0), -np.minimum(units, 0), order)
    del digests, units
    height = size.bit_length() - 1
    target = (into or folder) / tree_name(result.number)
    with target.open("wb") as file:
        file.write(order.astype("<i4").tobytes())
        for level in range(height + 1):
            if level >= min(KEPT_FROM, height):
                file.write(nodes.tobytes())
            if level < height:
                nodes = _level_above(nodes)
    return Planted(result.number, result.allocations, height, _node(nodes[0]), target.name, files.sha256_of(target))


def root_of(trees: Sequence[Planted]) -> Node:
    """Return the root above all partitions: what is published. It does not depend on the secret but by theirs."""
    return _above_partitions(trees)[-1][0]


def tree_of_statements(statements: Sequence[Statement], *, secret: bytes) -> sumtree.SumTree:
    """Build the tree over all statements of a run; the sum of its root is what is paid."""
    return sumtree.SumTree([one.leaf(secret) for one in statements], filling=b"statements" + secret)


def _above_partitions(trees: Sequence[Planted]) -> list[list[Node]]:
    empty = Leaf(b"", 0, 0, sha256(b"no partition").digest()).node
    roots = [tree.root for tree in trees]
    levels = [roots + [empty] * (sumtree.padding(len(roots)) - len(roots))]
    while len(level := levels[-1]) > 1:
        levels.append([sumtree.joined(level[n], level[n + 1]) for n in range(0, len(level), 2)])
    return levels


def salt_of(secret: bytes, partition: int, line: int) -> bytes:
    """Return the salt of a line."""
    return hmac.digest(secret, partition.to_bytes(4, "big") + line.to_bytes(8, "big"), "sha256")


def _salts(secret: bytes, partition: int, size: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return all salts of a partition, and the line of each place: lines lie in the order of their salts' hashes."""
    # HMAC by its definition, from two hashes that have taken the key already: more than twice as fast a salt.
    inner = sha256(bytes(byte ^ 0x36 for byte in secret.ljust(64, b"\0"))).copy
    outer = sha256(bytes(byte ^ 0x5C for byte in secret.ljust(64, b"\0"))).copy
    prefix = partition.to_bytes(4, "big")
    salts = np.empty((size, 32), dtype=np.uint8)
    first = np.empty(size, dtype=np.uint64)
    for begin in range(0, size, files.ROWS):
        some = []
        for number in range(begin, min(begin + files.ROWS, size)):
            within, whole = inner(), outer()
            within.update(prefix + number.to_bytes(8, "big"))
            whole.update(within.digest())
            some.append(whole.digest())
        end = begin + len(some)
        salts[begin:end] = np.frombuffer(b"".join(some), dtype=np.uint8).reshape(-1, 32)
        first[begin:end] = np.frombuffer(b"".join([sha256(salt).digest()[:8] for salt in some]), dtype=">u8")
    order = np.argsort(first, kind="stable")
    in_order = first[order]
    if (in_order[1:] == in_order[:-1]).any():  # once in many trillion runs
        order = np.array(sorted(range(size), key=lambda line: sha256(salts[line].tobytes()).digest()))
    return salts, order.astype(np.int64)


def _lines(path: Path, wanted: Integers | None = None) -> Iterator[tuple[list[bytes], Integers]]:
    """Go through the lines of a partition, or through those that are wanted, as the bytes that are hashed."""
    begin = 0
    for batch in engine.open_allocations(path):
        count, here = batch.num_rows, None
        if wanted is not None:
            here = wanted[(wanted >= begin) & (wanted < begin + count)] - begin
        begin += count
        if here is None or here.size:
            some = batch if here is None else batch.take(pa.array(here))
            yield _texts(some), some.column("units").to_numpy()


def _texts(batch: pa.RecordBatch) -> list[bytes]:
    columns = {}
    for name in _WORDS:
        column = batch.column(name)
        words = [json.dumps(word).encode() for word in column.dictionary.to_pylist()]
        # What nobody is paid yet has no party.
        columns[name] = [*words, b"null"], column.indices.fill_null(len(words)).to_pylist()
    (outputs, output), (countries, country), (leaves, leaf), (parties, party) = (columns[name] for name in _WORDS)
    numbers = (
        batch.column(name).to_pylist() for name in ("pool_units", "units", "numerator", "denominator", "has_leftover")
    )
    flags = (b"false", b"true")
    return [
        b'{"country":%b,"leaf":%b,"leftover":%b,"output":%b,"party":%b,"pool":"%d","units":"%d","weight":"%d/%d"}'
        % (countries[c], leaves[k], flags[lucky], outputs[o], parties[p], pool, units, numerator, denominator)
        for c, k, o, p, pool, units, numerator, denominator, lucky in zip(
            country, leaf, output, party, *numbers, strict=True
        )
    ]


def _hashes(salts: NDArray[np.uint8], lines: list[bytes], units: Integers) -> NDArray[np.uint8]:
    zero, salt = bytes(16), salts.tobytes()
    data = b"".join(
        [
            sha256(
                b"\x00"
                + salt[at : at + 32]
                + (one.to_bytes(16, "big") + zero if one >= 0 else zero + (-one).to_bytes(16, "big"))
                + line
            ).digest()
            for at, line, one in zip(range(0, len(salt), 32), lines, units.tolist(), strict=True)
        ]
    )
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, 32)


def _nodes(
    digests: NDArray[np.uint8], credit: Integers, debit: Integers, order: Integers | None = None
) -> NDArray[np.uint8]:
    nodes = np.zeros((len(digests), _NODE_BYTES), dtype=np.uint8)
    if order is None:
        nodes[:, :32] = digests
    else:
        for begin in range(0, len(order), files.ROWS):
            nodes[begin : begin + files.ROWS, :32] = digests[order[begin : begin + files.ROWS]]
    nodes[:, 40:48] = credit.astype(">i8").view(np.uint8).reshape(-1, 8)
    nodes[:, 56:64] = debit.astype(">i8").view(np.uint8).reshape(-1, 8)
    return nodes


def _level_above(nodes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    count = len(nodes) // 2
    digests = np.empty((count, 32), dtype=np.uint8)
    step = 2 * _NODE_BYTES + 1
    for begin in range(0, count, files.ROWS):
        some = nodes[2 * begin : 2 * (begin + files.ROWS)].reshape(-1, 2 * _NODE_BYTES)
        data = np.concatenate([np.ones((len(some), 1), np.uint8), some], axis=1).tobytes()
        hashed = b"".join([sha256(data[at : at + step]).digest() for at in range(0, len(data), step)])
        digests[begin : begin + len(some)] = np.frombuffer(hashed, dtype=np.uint8).reshape(-1, 32)
    credit, debit = _sums(nodes)
    return _nodes(digests, credit.reshape(-1, 2).sum(axis=1), debit.reshape(-1, 2).sum(axis=1))


def _sums(nodes: NDArray[np.uint8]) -> tuple[Integers, Integers]:
    credit = np.ascontiguousarray(nodes[:, 40:48]).view(">i8").reshape(-1).astype(np.int64)
    debit = np.ascontiguousarray(nodes[:, 56:64]).view(">i8").reshape(-1).astype(np.int64)
    return credit, debit


def _node(row: NDArray[np.uint8]) -> Node:
    data = row.tobytes()
    return Node(data[:32], int.from_bytes(data[32:48], "big"), int.from_bytes(data[48:], "big"))


# --- What a payee is given ----------------------------------------------------------------------------------


def lines_of(
    folder: Path, results: Sequence[PartitionResult], trees: Sequence[Planted], *, party_id: UUID, secret: bytes
) -> dict[str, Any]:
    """
    Return a payee's lines with their salts, and the nodes that lead from them to the run's root.

    What a payer keeps as commission is on no statement, and not among them. Partition by partition, so that of one at a
    time the tree and the lines are in hand.

    :param folder: what came out, and the trees
    :raises FileChanged: something in it is not as it came out
    :raises NothingToShow: the party has no line
    """
    _refuse_short(secret)
    found = []
    for result, tree in zip(results, trees, strict=True):
        own = _own(_checked(folder, result), party_id)
        if own.size:
            found.append(_shown(folder, result, tree, own, secret))
    if not found:
        raise NothingToShow(NothingToShow.__doc__)
    levels = _above_partitions(trees)
    nodes = sumtree.beside(levels, [one["number"] for one in found])
    return {"height": len(levels) - 1, "partitions": found, "beside": [_short(node) for node in nodes]}


def bundle(
    lines: Mapping[str, Any],
    statement: Statement,
    statements: sumtree.SumTree,
    *,
    secret: bytes,
    entry: bytes,
    receipt: str,
    terms: Mapping[str, Any] | None = None,
) -> bytes:
    """
    Return the file that a payee checks with ``ledger-verify``, as RFC 8785 JSON.

    :param lines: see ``lines_of``
    :param terms: see ``itemized.shown``; None where the run's entry names no root of them
    :param statements: the tree over all statements of the run
    :param entry: the bytes of the entry of the published run
    :param receipt: which shows that entry to be in the log
    """
    leaf = statement.leaf(secret)
    proof = statements.proof(leaf)
    return files.canonical(
        {
            **_versioned(VERSION, terms),
            "type": BUNDLE,
            "statement": statement.document,
            "statement_proof": {
                "salt": leaf.salt.hex(),
                "place": proof.place,
                "beside": [_short(node) for node in proof.beside],
            },
            "lines": dict(lines),
            "entry": entry.decode(),
            "receipt": receipt,
        }
    )


def bundle_of_later(
    lines: Mapping[str, Any],
    statement: Statement,
    issued: Issued,
    *,
    entry: bytes,
    receipt: str,
    terms: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the file that a payee checks a later version of its statement with; see ``bundle``."""
    return files.canonical(
        {
            **_versioned(VERSION_OF_LATER, terms),
            "type": BUNDLE,
            "statement": statement.document,
            "issued": {
                "document": issued.document.decode(),
                "entry": issued.entry.decode(),
                "receipt": issued.receipt,
            },
            "lines": dict(lines),
            "entry": entry.decode(),
            "receipt": receipt,
        }
    )


def _versioned(version: int, terms: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"v": version} if terms is None else {"v": version + WITH_TERMS, "terms": dict(terms)}


def _checked(folder: Path, result: PartitionResult) -> Path:
    """Return the path of a partition's allocations, which are as they came out, and so are its pools."""
    for name in result.files:
        files.checked(folder, name, result.files)
    return folder / engine.result_names(result.number)[1]


def _own(path: Path, party_id: UUID) -> Integers:
    found = [np.zeros(0, np.int64)]
    for batch in engine.open_allocations(path, party_id=party_id):
        is_own = pc.not_equal(batch.column("leaf").cast(pa.string()), engine.COMMISSION_LEAF)
        found.append(batch.column("line").filter(is_own).to_numpy())
    return np.concatenate(found)


def _shown(folder: Path, result: PartitionResult, tree: Planted, own: Integers, secret: bytes) -> dict[str, Any]:
    size = 1 << tree.height
    path = files.checked(folder, tree.file, {tree.file: tree.digest})
    order = np.memmap(path, dtype="<i4", mode="r", shape=(size,))
    place_of = np.empty(size, dtype=np.int64)
    place_of[order] = np.arange(size)
    places = np.sort(place_of[own])
    kept = min(KEPT_FROM, tree.height)
    # Of the levels that were not kept, all that lies below the same nodes as the payee's lines.
    groups = np.unique(places >> kept)
    around = (groups[:, None] << kept) + np.arange(1 << kept)
    numbers = np.asarray(order[around.reshape(-1)], dtype=np.int64)
    nodes, texts = _worked_out(folder, result, numbers, secret)
    below: dict[int, Node] = dict(zip(around.reshape(-1).tolist(), nodes, strict=True))
    lines = dict(zip(around.reshape(-1).tolist(), texts, strict=True))
    stored = np.memmap(path, dtype=np.uint8, mode="r", offset=4 * size)
    beside: list[Node] = []
    known = places.tolist()
    offset = 0
    for level in range(tree.height):
        here = set(known)
        missing = [place ^ 1 for place in known if place ^ 1 not in here]
        if level < kept:
            beside += [below[place] for place in missing]
            pairs = {place >> 1 for place in below}
            below = {pair: sumtree.joined(below[2 * pair], below[2 * pair + 1]) for pair in pairs}
        else:
            for place in missing:
                begin = offset + place * _NODE_BYTES
                beside.append(_node(stored[begin : begin + _NODE_BYTES]))
            offset += _NODE_BYTES << (tree.height - level)
        known = sorted({place >> 1 for place in known})
    return {
        "number": result.number,
        "height": tree.height,
        "lines": [
            {
                "place": place,
                "salt": salt_of(secret, result.number, int(order[place])).hex(),
                "line": json.loads(lines[place], parse_float=_no_fraction),
            }
            for place in places.tolist()
        ],
        "beside": [_short(node) for node in beside],
    }


def _worked_out(
    folder: Path, result: PartitionResult, numbers: Integers, secret: bytes
) -> tuple[list[Node], list[bytes]]:
    """Return the nodes of lines by number, in the order asked for, with the bytes of each."""
    real = np.sort(numbers[numbers < result.allocations])
    texts: dict[int, bytes] = {}
    units: dict[int, int] = {}
    at = 0
    for lines, some in _lines(folder / engine.result_names(result.number)[1], real):
        for text, one in zip(lines, some.tolist(), strict=True):
            texts[int(real[at])], units[int(real[at])] = text, one
            at += 1
    nodes, found = [], []
    for number in numbers.tolist():
        text, one = texts.get(number, b""), units.get(number, 0)
        nodes.append(Leaf(text, max(0, one), max(0, -one), salt_of(secret, result.number, number)).node)
        found.append(text)
    return nodes, found


def _short(node: Node) -> str:
    """Return a node in a line: hash, what it adds, what it takes."""
    return f"{node.digest.hex()} {node.credit} {node.debit}"


def _refuse_short(secret: bytes) -> None:
    if len(secret) != SECRET_BYTES:
        raise NotASecret(NotASecret.__doc__)


def _no_fraction(text: str) -> None:
    raise ValueError(f"{text[:40]} is not a whole number")
