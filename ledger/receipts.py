"""
A receipt: one text file that shows an entry to be in the log, to someone who has the entry and the log's
public key.

    c2sp.org/tlog-proof@v1
    index <the entry's index, from 0>
    <one hash of the inclusion proof in base64 a line, the leaf's sibling first>

    <the signed checkpoint>

A line `extra <base64>` may stand after the first one. Nobody signs it, so nothing here relies on it; it is
carried along.

Source: c2sp.org/tlog-proof.
"""

from dataclasses import dataclass
from typing import Final, Self

from ledger import merkle, notes

HEADER: Final = "c2sp.org/tlog-proof@v1"
MAX_HASHES: Final = 63


class NotAReceipt(Exception):
    """This is not a receipt, a c2sp.org/tlog-proof of version 1."""


@dataclass(frozen=True)
class Receipt:
    """An entry's index, its inclusion proof, and the signed checkpoint it leads to; `str()` is the file."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def __post_init__(self) -> None:
        """
        Refuse what would not read back as the same receipt.

        :raises NotAReceipt: an index that is none, a hash that has not 32 bytes, or more of them than a
            tree is high
        """
        if not 0 <= self.index < notes.MAX_SIZE:
            raise NotAReceipt(f"{self.index} is not the index of an entry.")
        if len(self.proof) > MAX_HASHES or any(len(sibling) != merkle.HASH_BYTES for sibling in self.proof):
            raise NotAReceipt(f"An inclusion proof has at most {MAX_HASHES} hashes, each of {merkle.HASH_BYTES} bytes.")

    def __str__(self) -> str:
        """Return the text of the file."""
        extra = [] if self.extra is None else [f"extra {notes.to_base64(self.extra)}"]
        return "\n".join(
            [
                HEADER,
                *extra,
                f"index {self.index}",
                *(notes.to_base64(sibling) for sibling in self.proof),
                "",
                self.checkpoint,
            ]
        )

    @classmethod
    def from_text(cls, text: str) -> Self:
        """
        Read a receipt. It does not check anything that the receipt claims.

        :raises NotAReceipt: anything that would not be written as exactly this text
        """
        head, blank, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines.pop(0) != HEADER:
            raise NotAReceipt(f"A receipt begins with the line {HEADER} and has an empty line before its checkpoint.")
        try:
            extra = None
            if lines and lines[0].startswith("extra "):
                extra = notes.from_base64(lines.pop(0).removeprefix("extra "))
            index = lines.pop(0).removeprefix("index ") if lines and lines[0].startswith("index ") else ""
            if not notes.DECIMAL.fullmatch(index):
                raise NotAReceipt("A receipt has a line with the index of its entry.")
            if len(lines) > MAX_HASHES:
                raise NotAReceipt(f"An inclusion proof has at most {MAX_HASHES} hashes.")
            return cls(int(index), tuple(notes.from_base64(line) for line in lines), checkpoint, extra)
        except ValueError as error:
            raise NotAReceipt("A line of the receipt is not in base64.") from error


def verify(receipt: Receipt, entry: bytes, *keys: notes.Verifier) -> notes.Checkpoint:
    """
    Return the checkpoint that shows these bytes of an entry to be in the log of these keys, at the receipt's index.

    :raises NotANote: the checkpoint is not a signed note
    :raises SignatureFails: the log's signature does not fit the checkpoint
    :raises NotSigned: the log did not sign the checkpoint
    :raises NotACheckpoint: the log signed something else
    :raises WrongOrigin: the checkpoint is another log's
    :raises NotIncluded: the proof does not lead from this entry to the checkpoint's root
    """
    checkpoint = notes.open_checkpoint(receipt.checkpoint, *keys)
    merkle.verify_inclusion(
        merkle.leaf_hash(entry),
        index=receipt.index,
        size=checkpoint.size,
        proof=receipt.proof,
        root=checkpoint.root,
    )
    return checkpoint
