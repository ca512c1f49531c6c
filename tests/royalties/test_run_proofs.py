"""A payee sees that its lines are in the run, and that all lines add up to what the run declares."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from royalties import sumtree
from royalties.runs import engine, proofs
from royalties.runs.engine import DoesNotReconcile, PartitionResult
from royalties.runs.files import FileChanged
from royalties.runs.frozen import Frozen
from royalties.runs.proofs import Planted, Statement
from royalties.sumtree import Leaf, Node, SumTree
from tests.royalties import worked_example as example
from tests.royalties.test_runs import World, joined, named, worked, worlds
from tests.royalties.usage_files import UsageLine

SECRET = bytes(range(32))


def planted(folder: Path, found: Frozen) -> tuple[list[PartitionResult], list[Planted]]:
    results = [engine.divide_partition(folder, number, digest=found.digest) for number in range(found.partitions)]
    return results, [proofs.plant(folder, result, secret=SECRET) for result in results]


def node(text: str) -> Node:
    digest, credit, debit = text.split(" ")
    return Node(bytes.fromhex(digest), int(credit), int(debit))


def root_from(shown: Mapping[str, Any]) -> Node:
    """Work the root out as a payee would, from nothing but what it was given."""
    roots = {}
    for part in shown["partitions"]:
        known = {}
        for one in part["lines"]:
            units = int(one["line"]["units"])
            leaf = Leaf(rfc8785.dumps(one["line"]), max(0, units), max(0, -units), bytes.fromhex(one["salt"]))
            known[one["place"]] = leaf.node
        roots[part["number"]] = sumtree.root_of(part["height"], known, [node(text) for text in part["beside"]])
    return sumtree.root_of(shown["height"], roots, [node(text) for text in shown["beside"]])


@given(worlds(), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_every_payee_of_any_run_gets_to_its_root_from_its_lines(world: World, partitions: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name) / "run"
        found = world.freeze(folder, partitions=partitions)
        results, trees = planted(folder, found)
        root = proofs.root_of(trees)
        assert (root.credit, root.debit) == (sum(one.credit for one in results), sum(one.debit for one in results))
        parties: defaultdict[UUID, int] = defaultdict(int)
        for result in results:
            for row in joined(folder, result.number):
                if row["leaf"] != "COMM":
                    parties[UUID(row["party"])] += row["units"]
        for party, units in parties.items():
            shown = proofs.lines_of(folder, results, trees, party_id=party, secret=SECRET)
            lines = [one["line"] for part in shown["partitions"] for one in part["lines"]]
            assert {line["party"] for line in lines} == {str(party)}
            assert sum(int(line["units"]) for line in lines) == units
            assert root_from(shown) == root


def many(count: int) -> World:
    world = worked()
    (output,) = world.divisions
    for number in range(count):
        other = named(f"output {number}")
        world.matches[f"isrc:{number}"] = other
        world.divisions[other] = world.divisions[output]
        world.lines.append(UsageLine(f"isrc:{number}", ("DE", "JP", "US")[number % 3], 1_000 * number - 3_000))
    return world


def test_a_partition_is_the_tree_that_is_written_down(tmp_path: Path) -> None:
    """Its leaves, salts and padding go by the words of the module; ``SumTree`` builds the rest."""
    found = many(40).freeze(tmp_path / "run", partitions=1)
    (result,), (tree,) = planted(tmp_path / "run", found)
    rows = joined(tmp_path / "run", 0)
    leaves = [
        Leaf(
            rfc8785.dumps(
                {
                    "country": row["country"],
                    "leaf": row["leaf"],
                    "leftover": row["has_leftover"],
                    "output": row["output"],
                    "party": row["party"],
                    "pool": str(row["pool_units"]),
                    "units": str(row["units"]),
                    "weight": f"{row['numerator']}/{row['denominator']}",
                }
            ),
            max(0, row["units"]),
            max(0, -row["units"]),
            proofs.salt_of(SECRET, 0, row["line"]),
        )
        for row in rows
    ]
    empty = [Leaf(b"", 0, 0, proofs.salt_of(SECRET, 0, number)) for number in range(len(rows), 1 << tree.height)]
    assert len(leaves) == result.allocations == tree.lines
    assert tree.root == SumTree([*leaves, *empty], filling=b"").root


def test_salts_and_with_them_the_root_are_the_secret_s(tmp_path: Path) -> None:
    found = worked().freeze(tmp_path / "run")
    (result,), (tree,) = planted(tmp_path / "run", found)
    again = proofs.plant(tmp_path / "run", result, secret=SECRET)
    other = proofs.plant(tmp_path / "run", result, secret=bytes(32))
    assert again == tree
    assert other.root.digest != tree.root.digest
    assert (other.root.credit, other.root.debit) == (tree.root.credit, tree.root.debit)
    assert Planted.read(json.loads(json.dumps(tree.document))) == tree
    with pytest.raises(proofs.NotASecret):
        proofs.plant(tmp_path / "run", result, secret=b"short")


def test_what_came_out_is_shown_only_as_it_came_out(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    results, trees = planted(folder, many(5).freeze(folder, partitions=2))
    with pytest.raises(proofs.NothingToShow):
        proofs.lines_of(folder, results, trees, party_id=named("stranger"), secret=SECRET)
    for name in ("allocations-0000.parquet", "pooled-0000.parquet", "tree-0000.bin"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[:-1])
        with pytest.raises(FileChanged, match=name):
            proofs.lines_of(folder, results, trees, party_id=named("C"), secret=SECRET)
        (folder / name).write_bytes(whole)
    assert proofs.lines_of(folder, results, trees, party_id=named("C"), secret=SECRET)


def test_a_payee_is_shown_no_line_of_others(tmp_path: Path) -> None:
    results, trees = planted(tmp_path / "run", many(60).freeze(tmp_path / "run", partitions=2))
    text = json.dumps(proofs.lines_of(tmp_path / "run", results, trees, party_id=named("C"), secret=SECRET))
    for payee in ("A", "B", "D", "E", "HC", "COMM"):
        assert str(named(payee)) not in text
    # Nodes are shared: many lines of one payee need fewer of them than each alone.
    shown = json.loads(text)
    alone = sum(part["height"] * len(part["lines"]) for part in shown["partitions"])
    assert sum(len(part["beside"]) for part in shown["partitions"]) < alone / 2


def test_the_entry_says_what_went_in_and_what_all_adds_up_to(tmp_path: Path) -> None:
    world = many(7)
    world.lines.append(UsageLine("isrc:NOBODY", "DE", 1))
    found = world.freeze(tmp_path / "run", partitions=3)
    results, trees = planted(tmp_path / "run", found)
    data = proofs.reconciled(found, results, trees)
    total = sum(line.mantissa for line in world.lines) - 1
    assert int(data["root"]["credit"]) - int(data["root"]["debit"]) == total
    assert sum(int(units) for units in data["units"].values()) == total
    assert (data["frozen"], data["counts"]["lines"], data["counts"]["partitions"]) == (found.digest, 10, 3)
    rfc8785.dumps(data)
    with pytest.raises(DoesNotReconcile):
        proofs.reconciled(found, results[:-1], trees[:-1])
    with pytest.raises(DoesNotReconcile):
        proofs.reconciled(found, results, [trees[0], trees[1], replace(trees[2], root=Node(bytes(32), 1, 0))])
    account = replace(results[0].accounts[0], units=results[0].accounts[0].units + 1)
    with pytest.raises(DoesNotReconcile):
        proofs.reconciled(found, [replace(results[0], accounts=(account,)), *results[1:]], trees)
    with pytest.raises(DoesNotReconcile):
        proofs.reconciled(replace(found, lines=found.lines + 1), results, trees)


def test_statements_have_a_tree_that_adds_up_what_is_paid() -> None:
    statements = [
        Statement(named("run"), named(payee), 1, "EUR", {"earned": example.TOTALS[payee]}, {"payable": paid})
        for payee, paid in (("A", 18_386), ("B", 0), ("C", 32_775))
    ]
    tree = proofs.tree_of_statements(statements, secret=SECRET)
    assert (tree.root.credit, tree.root.debit) == (51_161, 0)
    for one in statements:
        assert sumtree.holds(tree.root, one.leaf(SECRET), tree.proof(one.leaf(SECRET)))
        assert not sumtree.holds(tree.root, replace(one, version=2).leaf(SECRET), tree.proof(one.leaf(SECRET)))
