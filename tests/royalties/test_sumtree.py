"""A payee checks its line against a root that says what all lines add up to; who published it cannot cheat."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from royalties import sumtree
from royalties.sumtree import Leaf, Node, NotAProof, NotASalt, NotASum, Proof, SumTree, holds

FILLING = b"secret of a run"


def line(number: int, units: int) -> Leaf:
    salt = sha256(f"salt {number}".encode()).digest()
    return Leaf(f"line {number}".encode(), max(0, units), max(0, -units), salt)


runs = st.lists(st.integers(-(10**12), 10**12), max_size=33).map(
    lambda units: [line(number, amount) for number, amount in enumerate(units)]
)


@given(runs)
def test_every_line_is_shown_to_be_in_what_all_add_up_to(lines: list[Leaf]) -> None:
    tree = SumTree(lines, filling=FILLING)
    assert tree.root.credit == sum(leaf.credit for leaf in lines)
    assert tree.root.debit == sum(leaf.debit for leaf in lines)
    assert all(holds(tree.root, leaf, tree.proof(leaf)) for leaf in lines)


@given(runs.filter(lambda lines: len(lines) > 1), st.data())
def test_no_other_line_amount_place_or_root_passes(lines: list[Leaf], data: st.DataObject) -> None:
    tree = SumTree(lines, filling=FILLING)
    leaf = data.draw(st.sampled_from(lines))
    proof = tree.proof(leaf)
    beside = data.draw(st.integers(0, len(proof.beside) - 1))
    lower = replace(proof.beside[beside], credit=proof.beside[beside].credit + 1)
    for other, shown, root in (
        (replace(leaf, credit=leaf.credit + 1), proof, tree.root),
        (replace(leaf, debit=leaf.debit + 1), proof, tree.root),
        (replace(leaf, line=b"another"), proof, tree.root),
        (replace(leaf, salt=bytes(32)), proof, tree.root),
        (leaf, replace(proof, place=proof.place ^ 1), tree.root),
        (leaf, Proof(proof.place, proof.beside[:-1]), tree.root),
        (leaf, replace(proof, beside=(*proof.beside[:beside], lower, *proof.beside[beside + 1 :])), tree.root),
        (leaf, proof, replace(tree.root, credit=tree.root.credit + 1)),
        (leaf, proof, replace(tree.root, debit=tree.root.debit + 1)),
        (leaf, proof, replace(tree.root, digest=bytes(32))),
    ):
        assert not holds(root, other, shown)


def test_a_line_left_out_or_hidden_below_nothing_is_seen() -> None:
    lines = [line(1, 500), line(2, 300)]
    one = SumTree(lines[:1], filling=FILLING)
    assert not holds(one.root, lines[1], Proof(0, ()))
    # Somebody who owes 500 and 300 says that it is 500, by a made-up neighbor that takes 300 away again.
    hiding = Node(bytes(32), -300, 0)
    assert not holds(Node(bytes(32), 200, 0), lines[0], Proof(0, (hiding,)))
    with pytest.raises(NotASum):
        SumTree([replace(lines[0], credit=-1)], filling=FILLING)


def test_two_lines_of_one_salt_are_refused() -> None:
    twice = [line(1, 5), replace(line(2, 5), salt=line(1, 5).salt)]
    for lines in (twice, [replace(line(1, 5), salt=b"short")]):
        with pytest.raises(NotASalt):
            SumTree(lines, filling=FILLING)


def test_a_proof_names_nobody_and_hides_how_many_lines_there_are() -> None:
    proofs = [SumTree([line(n, 1) for n in range(count)], filling=FILLING).proof(line(0, 1)) for count in (17, 25, 32)]
    assert {len(proof.beside) for proof in proofs} == {5}


def test_its_hashes_are_those_that_are_written_down() -> None:
    (leaf,) = lines = [Leaf(b"line", 7, 0, bytes(range(32)))]
    of_leaf = sha256(b"\x00" + bytes(range(32)) + (7).to_bytes(16, "big") + bytes(16) + b"line").digest()
    assert SumTree(lines, filling=FILLING).root == Node(of_leaf, 7, 0)
    other = Leaf(b"other", 0, 2, bytes(32))
    of_other = sha256(b"\x00" + bytes(32) + bytes(16) + (2).to_bytes(16, "big") + b"other").digest()
    nodes = [
        of_leaf + (7).to_bytes(16, "big") + bytes(16),
        of_other + bytes(16) + (2).to_bytes(16, "big"),
    ]
    if sha256(bytes(32)).digest() < sha256(leaf.salt).digest():
        nodes.reverse()
    both = SumTree([leaf, other], filling=FILLING).root
    assert both == Node(sha256(b"\x01" + nodes[0] + nodes[1]).digest(), 7, 2)


@given(runs.filter(bool), st.data())
def test_several_lines_together_lead_to_the_root(lines: list[Leaf], data: st.DataObject) -> None:
    tree = SumTree(lines, filling=FILLING)
    some = data.draw(st.lists(st.sampled_from(lines), min_size=1, unique=True))
    known = {tree.proof(leaf).place: leaf.node for leaf in some}
    beside = tree.together(some)
    height = len(tree.proof(lines[0]).beside)
    assert sumtree.root_of(height, known, beside) == tree.root
    assert len(beside) <= height * len(some)
    place = data.draw(st.sampled_from(sorted(known)))
    raised = {**known, place: replace(known[place], credit=known[place].credit + 1)}
    assert sumtree.root_of(height, raised, beside) != tree.root
    for wrong in ((height, known, (*beside, tree.root)), (height, known, beside[:-1]), (height, {}, beside)):
        if beside or wrong[2]:
            with pytest.raises(NotAProof):
                sumtree.root_of(*wrong)
    with pytest.raises(NotAProof):
        sumtree.root_of(height, {1 << height: lines[0].node}, beside)
    with pytest.raises(NotAProof):
        sumtree.root_of(41, known, beside)
