"""The tree: against published vectors, against a naive tree, and against whoever changes a proof."""

import functools
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import merkle

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "merkle.json").read_text())
LEAVES = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in VECTORS["leaves"]]
MANY = [merkle.leaf_hash(str(number).encode()) for number in range(70_000)]


class Store:
    """A tree that keeps its full tiles in a dictionary, as the database does in a table."""

    def __init__(self) -> None:
        self.edge = merkle.Edge()
        self.full: dict[tuple[int, int], bytes] = {}

    def append(self, hashes: list[bytes]) -> None:
        for tile in self.edge.append(b"".join(hashes)):
            assert (tile.level, tile.n) not in self.full
            self.full[tile.level, tile.n] = tile.data

    def tiles(self) -> merkle.Tiles:
        return self.edge.over(lambda level, n: self.full[level, n])


def store_of(leaves: list[bytes]) -> Store:
    store = Store()
    store.append(leaves)
    return store


# RFC 6962 §2.1, word for word and slow: it shares nothing with the module but SHA-256.


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = naive_split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = naive_split(len(leaves))
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_proof(old_size: int, leaves: list[bytes], *, is_complete: bool = True) -> list[bytes]:
    if old_size == len(leaves):
        return [] if is_complete else [naive_root(leaves)]
    k = naive_split(len(leaves))
    if old_size <= k:
        return [*naive_proof(old_size, leaves[:k], is_complete=is_complete), naive_root(leaves[k:])]
    return [*naive_proof(old_size - k, leaves[k:], is_complete=False), naive_root(leaves[:k])]


@functools.cache
def many_root(size: int) -> bytes:
    return naive_root(MANY[:size])


# --- Published vectors ---


@pytest.mark.parametrize(("size", "expected"), list(enumerate(VECTORS["roots"])))
def test_has_the_published_roots(size: int, expected: str) -> None:
    store = store_of(LEAVES[:size])
    assert store.edge.root().hex() == expected
    assert merkle.root(size, store.tiles()).hex() == expected


@pytest.mark.parametrize("vector", VECTORS["inclusion"])
def test_has_the_published_inclusion_proofs(vector: dict) -> None:
    store = store_of(LEAVES)
    proof = merkle.inclusion_proof(vector["index"], vector["size"], store.tiles())
    assert [sibling.hex() for sibling in proof] == vector["proof"]


@pytest.mark.parametrize("vector", VECTORS["consistency"])
def test_has_the_published_consistency_proofs(vector: dict) -> None:
    store = store_of(LEAVES)
    proof = merkle.consistency_proof(vector["old_size"], vector["size"], store.tiles())
    assert [node.hex() for node in proof] == vector["proof"]


def test_has_the_tiles_of_the_specification_example() -> None:
    example = VECTORS["tiles"]
    store = store_of(MANY)
    full = [level for level, _ in store.full]
    assert {str(level): full.count(level) for level in set(full)} == example["full"]
    assert {str(tile.level): tile.width for tile in store.edge.partial_tiles()} == example["partial"]
    assert [tile.path for tile in store.edge.partial_tiles()] == example["partial_paths"]
    assert store.edge.root().hex() == example["root"]
    for (level, n), data in store.full.items():
        width = 256**level
        start = n * 256 * width
        assert data[:32] == merkle.root(width, store_of(MANY[start : start + width]).tiles()), (level, n)


# --- The edge ---


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537])
def test_grows_the_same_however_it_is_batched(size: int) -> None:
    whole, batched = store_of(MANY[:size]), Store()
    for start in range(0, size, 999):
        batched.append(MANY[start : min(size, start + 999)])
        batched.edge = merkle.Edge(batched.edge.size, batched.edge.levels)  # as after a restart
    assert batched.full == whole.full
    assert batched.edge.levels == whole.edge.levels
    assert batched.edge.root() == whole.edge.root()


def test_returns_the_finished_tiles_of_a_batch() -> None:
    edge = merkle.Edge()
    assert edge.append(b"".join(MANY[:255])) == ()
    [first] = edge.append(MANY[255])
    assert (first.level, first.n, first.width, first.path) == (0, 0, 256, "tile/0/000")
    assert edge.levels == (b"", merkle.perfect_root(first.data))


def test_publishes_the_edge_of_a_tree_of_256_as_one_hash() -> None:
    store = store_of(MANY[:256])
    assert [(tile.level, tile.n, tile.width) for tile in store.edge.partial_tiles()] == [(1, 0, 1)]


@pytest.mark.parametrize(
    ("size", "levels"),
    [
        (1, []),  # the leaf is missing
        (0, [b"\0" * 32]),  # a leaf too many
        (256, [b"", b""]),  # the finished tile's hash is missing
        (1, [b"\0" * 31]),
        (256, [b"\0" * 8192]),  # a full tile is no edge
    ],
)
def test_refuses_an_edge_that_does_not_fit(size: int, levels: list[bytes]) -> None:
    with pytest.raises(merkle.EdgeDoesNotFit):
        merkle.Edge(size, levels)


def test_refuses_half_a_hash() -> None:
    edge = merkle.Edge()
    with pytest.raises(merkle.NotWholeHashes):
        edge.append(b"\0" * 33)
    assert edge.size == 0


# --- Every small size, any larger one ---


def test_proves_everything_about_every_small_tree() -> None:
    tiles = store_of(MANY[:40]).tiles()
    for size in range(1, 41):
        for number in range(size):
            proof = merkle.inclusion_proof(number, size, tiles)
            assert list(proof) == naive_path(number, MANY[:size])
            merkle.verify_inclusion(MANY[number], index=number, size=size, proof=proof, root=many_root(size))
            grown = merkle.consistency_proof(number + 1, size, tiles)
            assert list(grown) == naive_proof(number + 1, MANY[:size])
            merkle.verify_consistency(
                old_size=number + 1,
                size=size,
                proof=grown,
                old_root=many_root(number + 1),
                root=many_root(size),
            )


sizes = st.one_of(st.integers(1, 600), st.sampled_from([255, 256, 257, 511, 512, 513, 767, 768, 1023, 1024]))


@settings(max_examples=60, deadline=None)
@given(st.data(), sizes)
def test_proves_every_leaf(data: st.DataObject, size: int) -> None:
    later = size + data.draw(st.integers(0, 300))
    index = data.draw(st.integers(0, size - 1))
    tiles = store_of(MANY[:later]).tiles()  # a proof for an older size, out of the newer tree's tiles
    proof = merkle.inclusion_proof(index, size, tiles)
    assert list(proof) == naive_path(index, MANY[:size])
    merkle.verify_inclusion(MANY[index], index=index, size=size, proof=proof, root=many_root(size))


@settings(max_examples=60, deadline=None)
@given(st.data(), sizes)
def test_proves_that_a_tree_only_grew(data: st.DataObject, size: int) -> None:
    old_size = data.draw(st.integers(1, size))
    proof = merkle.consistency_proof(old_size, size, store_of(MANY[:size]).tiles())
    assert list(proof) == naive_proof(old_size, MANY[:size])
    merkle.verify_consistency(
        old_size=old_size, size=size, proof=proof, old_root=many_root(old_size), root=many_root(size)
    )


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(2, 300))
def test_refuses_any_changed_inclusion_proof(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = list(merkle.inclusion_proof(index, size, store_of(MANY[:size]).tiles()))
    leaf, root = MANY[index], many_root(size)
    match data.draw(st.sampled_from(["byte", "leaf", "shorter", "longer", "index", "size", "root"])):
        case "byte":
            at = data.draw(st.integers(0, len(proof) - 1))
            proof[at] = flipped(proof[at], data.draw(st.integers(0, 255)))
        case "leaf":
            leaf = flipped(leaf, data.draw(st.integers(0, 255)))
        case "root":
            root = flipped(root, data.draw(st.integers(0, 255)))
        case "shorter":
            del proof[data.draw(st.integers(0, len(proof) - 1))]
        case "longer":
            proof.insert(data.draw(st.integers(0, len(proof))), data.draw(st.sampled_from([leaf, root, *proof])))
        case "index":
            index = data.draw(st.integers(0, size + 1).filter(lambda other: other != index))
        case "size":
            # Far enough for another height: RFC 9162 leaves sizes of one height to the signature.
            size *= 4
    with pytest.raises(merkle.NotIncluded):
        merkle.verify_inclusion(leaf, index=index, size=size, proof=proof, root=root)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(3, 300))
def test_refuses_any_changed_consistency_proof(data: st.DataObject, size: int) -> None:
    old_size = data.draw(st.integers(1, size - 1))
    proof = list(merkle.consistency_proof(old_size, size, store_of(MANY[:size]).tiles()))
    old_root, root = many_root(old_size), many_root(size)
    match data.draw(st.sampled_from(["byte", "old root", "shorter", "longer", "root"])):
        case "byte":
            at = data.draw(st.integers(0, len(proof) - 1))
            proof[at] = flipped(proof[at], data.draw(st.integers(0, 255)))
        case "old root":
            old_root = flipped(old_root, data.draw(st.integers(0, 255)))
        case "root":
            root = flipped(root, data.draw(st.integers(0, 255)))
        case "shorter":
            del proof[data.draw(st.integers(0, len(proof) - 1))]
        case "longer":
            proof.append(data.draw(st.sampled_from([old_root, root, *proof])))
    with pytest.raises(merkle.NotConsistent):
        merkle.verify_consistency(old_size=old_size, size=size, proof=proof, old_root=old_root, root=root)


def flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# --- The limits ---


def test_every_tree_begins_with_the_empty_one() -> None:
    tiles = store_of(MANY[:5]).tiles()
    assert merkle.consistency_proof(0, 5, tiles) == ()
    merkle.verify_consistency(old_size=0, size=5, proof=(), old_root=merkle.EMPTY_ROOT, root=many_root(5))
    with pytest.raises(merkle.NotConsistent, match="older root"):
        merkle.verify_consistency(old_size=0, size=5, proof=(), old_root=b"\0" * 32, root=many_root(5))


def test_trees_of_one_size_are_consistent_when_their_roots_are_equal() -> None:
    merkle.verify_consistency(old_size=5, size=5, proof=(), old_root=many_root(5), root=many_root(5))
    with pytest.raises(merkle.NotConsistent, match="older root"):
        merkle.verify_consistency(old_size=5, size=5, proof=(), old_root=many_root(4), root=many_root(5))
    with pytest.raises(merkle.NotConsistent, match="nothing to prove"):
        merkle.verify_consistency(old_size=5, size=5, proof=[MANY[0]], old_root=many_root(5), root=many_root(5))


def test_does_not_prove_backwards() -> None:
    with pytest.raises(merkle.NotConsistent, match="cannot begin"):
        merkle.verify_consistency(old_size=6, size=5, proof=(), old_root=many_root(6), root=many_root(5))
    with pytest.raises(merkle.NoSuchSize):
        merkle.consistency_proof(6, 5, store_of(MANY[:6]).tiles())


@pytest.mark.parametrize("index", [-1, 5, 6])
def test_has_no_proof_for_a_leaf_outside_the_tree(index: int) -> None:
    with pytest.raises(merkle.NoSuchLeaf):
        merkle.inclusion_proof(index, 5, store_of(MANY[:5]).tiles())
    with pytest.raises(merkle.NotIncluded):
        merkle.verify_inclusion(MANY[0], index=index, size=5, proof=(), root=many_root(5))


@pytest.mark.parametrize(("size", "claimed"), [(1, 2), (2, 1), (2, 3), (2, 8), (5, 4), (8, 4), (8, 16), (8, 17)])
def test_does_not_show_a_leaf_in_a_tree_of_another_height(size: int, claimed: int) -> None:
    # The hashes lead to the root all the same: only the length of the proof tells.
    proof = merkle.inclusion_proof(0, size, store_of(MANY[:size]).tiles())
    merkle.verify_inclusion(MANY[0], index=0, size=size, proof=proof, root=many_root(size))
    with pytest.raises(merkle.NotIncluded, match="than the tree is high"):
        merkle.verify_inclusion(MANY[0], index=0, size=claimed, proof=proof, root=many_root(size))


@pytest.mark.parametrize(("size", "claimed"), [(4, 5), (4, 16), (8, 4), (8, 16)])
def test_does_not_show_that_a_tree_of_another_height_grew(size: int, claimed: int) -> None:
    proof = merkle.consistency_proof(2, size, store_of(MANY[:size]).tiles())
    with pytest.raises(merkle.NotConsistent, match="than the tree is high"):
        merkle.verify_consistency(old_size=2, size=claimed, proof=proof, old_root=many_root(2), root=many_root(size))


def test_says_when_the_tiles_are_those_of_a_smaller_tree() -> None:
    with pytest.raises(merkle.TileTooShort):
        merkle.root(6, store_of(MANY[:5]).tiles())


def test_reads_few_tiles_for_a_proof() -> None:
    store = store_of(MANY)
    read: list[tuple[int, int]] = []
    tiles = store.tiles()

    def counted(level: int, n: int) -> bytes:
        read.append((level, n))
        return tiles(level, n)

    merkle.inclusion_proof(33_333, 70_000, counted)
    assert len(read) == len(set(read)) <= 5


# --- Spelling ---


@pytest.mark.parametrize(
    ("level", "n", "width", "expected"),
    [
        ("0", 0, 256, "tile/0/000"),
        ("2", 999, 256, "tile/2/999"),
        ("0", 1000, 256, "tile/0/x001/000"),
        ("0", 1234067, 256, "tile/0/x001/x234/067"),  # the specification's example
        ("0", 273, 112, "tile/0/273.p/112"),
        ("entries", 5, 1, "tile/entries/005.p/1"),
    ],
)
def test_spells_the_path_of_a_tile(level: str, n: int, width: int, expected: str) -> None:
    assert merkle.tile_path(level, n, width) == expected


def test_bundles_entries_behind_their_lengths() -> None:
    assert merkle.entry_bundle([b"", b"ab", b"x" * 65_535])[:8] == b"\0\0\0\x02ab\xff\xff"
    with pytest.raises(merkle.EntryTooLong):
        merkle.entry_bundle([b"x" * 65_536])
