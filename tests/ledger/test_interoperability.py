"""
Our tiles, proofs, notes, cosignatures and receipts, by implementations that are not ours.

What Go's checksum database computes (golang.org/x/mod/sumdb) is frozen in ``tests/vectors/tlog.json``, and what
transparency-dev cosigns in ``cosignatures.json``; the exchange with a witness of Filippo Valsorda's is in
``witness.json``. Where a program built of them is at hand (``tests/interoperability/verify.go``), it reads what we
write.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from ledger import cosignatures, merkle, notes, receipts
from tests.ledger.test_cosignatures import cosigning
from tests.ledger.test_merkle import Store
from tests.ledger.test_monitor import Mirror, body
from tests.ledger.test_notes import signer

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "tlog.json").read_text())
LEAVES = [merkle.leaf_hash(str(number).encode()) for number in range(1000)]
VERIFIER = os.environ.get("LEDGER_TLOG_VERIFIER")


@pytest.fixture(scope="module")
def store() -> Store:
    made = Store()
    made.append(LEAVES)
    return made


def root(size: int) -> bytes:
    return notes.from_base64(VECTORS["roots"][str(size)])


def test_the_roots_are_those_of_gos_tlog(store: Store) -> None:
    for size in map(int, VECTORS["roots"]):
        assert merkle.root(size, store.tiles()) == root(size)


def test_inclusion_proofs_are_those_of_gos_tlog(store: Store) -> None:
    for vector in VECTORS["inclusion"]:
        proof = tuple(notes.from_base64(sibling) for sibling in vector["Proof"])
        index, size = vector["Index"], vector["Size"]
        assert merkle.inclusion_proof(index, size, store.tiles()) == proof
        merkle.verify_inclusion(LEAVES[index], index=index, size=size, proof=proof, root=root(size))


def test_consistency_proofs_are_those_of_gos_tlog(store: Store) -> None:
    for vector in VECTORS["consistency"]:
        proof = tuple(notes.from_base64(node) for node in vector["Proof"])
        old, size = vector["Old"], vector["Size"]
        assert merkle.consistency_proof(old, size, store.tiles()) == proof
        merkle.verify_consistency(
            old_size=old, size=size, proof=proof, old_root=merkle.root(old, store.tiles()), root=root(size)
        )


def test_tiles_are_those_of_gos_tlog(store: Store) -> None:
    assert len(VECTORS["tiles"]) >= 2
    for place, data in VECTORS["tiles"].items():
        level, n, width = map(int, place.split("/"))
        assert store.tiles()(level, n)[: 32 * width].hex() == data


@pytest.mark.skipif(not VERIFIER, reason="LEDGER_TLOG_VERIFIER names no program: see tests/interoperability/verify.go")
def test_go_reads_what_we_publish(tmp_path: Path) -> None:
    size = 1300
    keys = (cosigning(cosignatures.ML_DSA_44), cosigning(cosignatures.ED25519, seed=9, name="witness.example/w2"))
    mirror = Mirror(tmp_path / "log").write(size, witnesses=keys)
    store = Store()
    store.append([merkle.leaf_hash(body(number)) for number in range(size)])
    note = (mirror.folder / "checkpoint").read_text()
    for index in (0, 255, 256, size - 1):
        proof = merkle.inclusion_proof(index, size, store.tiles())
        mirror.put(f"receipts/{index}.tlog-proof", str(receipts.Receipt(index, proof, note)).encode())
        mirror.put(f"receipts/{index}", body(index))
    command = [str(VERIFIER), str(mirror.folder), signer().verifier.text, *(key.public.text for key in keys)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (said.stderr, said.returncode) == ("", 0)
    assert said.stdout.startswith(f"3 signatures, {size} entries, ")
    assert said.stdout.endswith("4 receipts\n")
    mirror.put("receipts/255", body(254))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
