"""Receipts: text that shows an entry to be in the log, and nothing else."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle, notes, receipts
from tests.ledger.test_merkle import Store
from tests.ledger.test_notes import ORIGIN, signer

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "receipts.json").read_text())
ENTRIES = [f'{{"n":{number}}}'.encode() for number in range(300)]


def receipt_for(index: int, size: int = 300, extra: bytes | None = None) -> receipts.Receipt:
    store = Store()
    store.append([merkle.leaf_hash(entry) for entry in ENTRIES[:size]])
    head = notes.Checkpoint(ORIGIN, size, store.edge.root())
    proof = merkle.inclusion_proof(index, size, store.tiles())
    return receipts.Receipt(index, proof, str(notes.sign_checkpoint(head, signer())), extra)


@pytest.mark.parametrize("vector", VECTORS["receipts"], ids=lambda vector: vector["why"])
def test_verifies_the_frozen_receipts(vector: dict) -> None:
    receipt = receipts.Receipt.from_text(vector["receipt"])
    log = notes.Verifier.from_text(VECTORS["vkey"])
    checkpoint = receipts.verify(receipt, vector["entry"].encode(), log)
    assert (receipt.index, checkpoint.size) == (vector["index"], vector["size"])
    assert str(receipt) == vector["receipt"]


@pytest.mark.parametrize("vector", VECTORS["receipts"], ids=lambda vector: vector["why"])
def test_writes_the_frozen_receipts(vector: dict) -> None:
    extra = None if vector["extra"] is None else vector["extra"].encode()
    assert str(receipt_for(vector["index"], vector["size"], extra)) == vector["receipt"]


@given(st.integers(1, 300), st.data())
def test_shows_any_entry_to_be_in_the_log(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    receipt = receipts.Receipt.from_text(str(receipt_for(index, size, data.draw(st.none() | st.binary()))))
    assert receipts.verify(receipt, ENTRIES[index], signer().verifier).size == size


def test_does_not_show_another_entry() -> None:
    with pytest.raises(merkle.NotIncluded):
        receipts.verify(receipt_for(7), ENTRIES[8], signer().verifier)
    with pytest.raises(merkle.NotIncluded):
        receipts.verify(receipt_for(7), ENTRIES[7] + b" ", signer().verifier)


def test_does_not_convince_with_another_key() -> None:
    with pytest.raises(notes.NotSigned):
        receipts.verify(receipt_for(7), ENTRIES[7], signer(2).verifier)


def test_does_not_show_an_index_beyond_the_tree() -> None:
    receipt = receipt_for(7, 8)
    with pytest.raises(merkle.NotIncluded):
        receipts.verify(receipts.Receipt(8, receipt.proof, receipt.checkpoint), ENTRIES[7], signer().verifier)


def test_takes_a_checkpoint_with_cosignatures() -> None:
    receipt = receipt_for(7)
    note = notes.parse(receipt.checkpoint)
    witnessed = notes.Note(note.text, (*note.signatures, signer(2, "witness.example").sign(note.text)))
    longer = receipts.Receipt(7, receipt.proof, str(witnessed))
    assert receipts.verify(receipts.Receipt.from_text(str(longer)), ENTRIES[7], signer().verifier).size == 300


@given(st.data())
def test_no_changed_character_goes_unnoticed(data: st.DataObject) -> None:
    text = str(receipt_for(7, 12))
    at = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.characters(blacklist_categories=["Cs"]).filter(lambda other: other != text[at]))
    with pytest.raises(
        (receipts.NotAReceipt, notes.NotANote, notes.SignatureFails, notes.NotSigned, merkle.NotIncluded)
    ):
        receipts.verify(
            receipts.Receipt.from_text(text[:at] + character + text[at + 1 :]), ENTRIES[7], signer().verifier
        )


TEXT = str(receipt_for(7, 12, b"extra"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT.replace("@v1", "@v2"),
        TEXT.replace("index 7", "index 07"),
        TEXT.replace("index 7", "index -7"),
        TEXT.replace("index 7", "index"),
        TEXT.replace("index 7", "Index 7"),
        TEXT.replace("index 7", "index " + "9" * 19),
        TEXT.replace("index 7\n", ""),
        TEXT.replace("index 7", "index 7\nindex 7"),
        TEXT.replace("extra ", "extra  "),
        TEXT.replace("extra ", "extra !"),
        TEXT.replace("index 7", "index 7\nAAAA"),  # not a hash
        TEXT.replace("index 7", "index 7\n" + ("A" * 43 + "=\n") * 63 + "A" * 43 + "="),
        TEXT.replace("\n\n", "\n"),
        TEXT.replace("\n", "\r\n"),
        " " + TEXT,
    ],
)
def test_refuses_what_is_not_a_receipt(text: str) -> None:
    with pytest.raises(receipts.NotAReceipt):
        receipts.Receipt.from_text(text)


@pytest.mark.parametrize(("index", "proof"), [(-1, ()), (2**63, ()), (0, (b"short",)), (0, (bytes(32),) * 64)])
def test_does_not_write_what_could_not_be_read(index: int, proof: tuple[bytes, ...]) -> None:
    with pytest.raises(receipts.NotAReceipt):
        receipts.Receipt(index, proof, "")
