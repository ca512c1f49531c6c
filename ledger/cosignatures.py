"""
Cosignatures: what a witness signs when it has seen that a log's tree begins with the one that it saw before.

A cosignature is a signature line of a note, with the time in front of the signature (8 bytes, big-endian). Two types
are known: Ed25519 (type 4), over two lines of its own and the whole text of the checkpoint, and ML-DSA-44 (type 6),
over a structure with the witness's name, the time, and the log's origin, size and root.

Source: c2sp.org/tlog-cosignature, c2sp.org/signed-note.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from ledger import notes

ED25519: Final = b"\x04"
ML_DSA_44: Final = b"\x06"
PUBLIC_BYTES: Final = {ED25519: 32, ML_DSA_44: 1312}
SIGNATURE_BYTES: Final = {ED25519: 64, ML_DSA_44: 2420}
SEED_BYTES: Final = 32
LABEL: Final = b"subtree/v1\n\0"
LATEST: Final = 253_402_300_799  # the end of the year 9999: what a datetime can still say


class NotACosigner(Exception):
    """This is not the text of a witness's key: Ed25519 (type 4) or ML-DSA-44 (type 6)."""


class CosignatureFails(Exception):
    """The signature of a known witness does not fit the checkpoint."""


@dataclass(frozen=True)
class Cosigner:
    """A witness's public key with its name."""

    name: str
    kind: bytes
    public: bytes

    def __post_init__(self) -> None:
        """
        Refuse what could not stand in a signature line.

        :raises NotAKeyName: an empty name, or one with a space, a plus sign or a control character
        :raises NotACosigner: another type of key, or not as many bytes as it has
        """
        notes.check_key_name(self.name)
        if PUBLIC_BYTES.get(self.kind) != len(self.public) or len(self.name.encode()) > 255:
            raise NotACosigner(NotACosigner.__doc__)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """
        Read a `vkey`; a newline may follow.

        :raises NotACosigner: another text, another type of key, or an id that is not the key's
        :raises NotAKeyName: the name cannot stand in a signature line
        """
        try:
            name, key_id, kind, public = notes.split_key(text)
        except notes.NotAKey as error:
            raise NotACosigner(str(error)) from error
        cosigner = cls(name, kind, public)
        if key_id != cosigner.key_id.hex():
            raise NotACosigner(f"The key's id is {cosigner.key_id.hex()}, not {key_id}.")
        return cosigner

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that tell a name's keys apart."""
        return notes.key_id_of(self.name, self.kind, self.public)

    @property
    def text(self) -> str:
        """Return the `vkey`."""
        return f"{self.name}+{self.key_id.hex()}+{notes.to_base64(self.kind + self.public)}"

    def check(self, note_text: str, value: bytes) -> datetime:
        """
        Return when a checkpoint was cosigned, by the witness's clock.

        :raises CosignatureFails: another text or another key was signed with, or the time is none
        """
        if len(value) != 8 + SIGNATURE_BYTES[self.kind]:
            raise CosignatureFails(f"A cosignature of {self.name} has another length than its type.")
        seconds = int.from_bytes(value[:8])
        if not 1 <= seconds <= LATEST:  # zero would say nothing about the tree being the largest seen
            raise CosignatureFails(f"A cosignature of {self.name} does not say when it was made.")
        key = Ed25519PublicKey if self.kind == ED25519 else MLDSA44PublicKey
        try:
            key.from_public_bytes(self.public).verify(value[8:], _signed(self.kind, self.name, seconds, note_text))
        except InvalidSignature as error:
            raise CosignatureFails(
                f"The cosignature of {self.name} (key {self.key_id.hex()}) does not fit the checkpoint."
            ) from error
        return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True)
class Cosigning:
    """A witness's private key with its name. It is not shown by `repr`; `secret_text` writes it down."""

    name: str
    private: Ed25519PrivateKey | MLDSA44PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, name: str, kind: bytes = ML_DSA_44) -> Self:
        """
        Make a new key.

        :raises NotAKeyName: an empty name, or one with a space, a plus sign or a control character
        """
        made = cls(name, Ed25519PrivateKey.generate() if kind == ED25519 else MLDSA44PrivateKey.generate())
        _ = made.public
        return made

    @classmethod
    def from_text(cls, text: str) -> Self:
        """
        Read a private key, `PRIVATE+KEY+<name>+<id>+<base64 of type and seed>`; a newline may follow.

        :raises NotACosigner: another text, another type of key, or an id that is not the key's
        :raises NotAKeyName: the name cannot stand in a signature line
        """
        try:
            name, key_id, kind, seed = notes.split_key(text.removeprefix(notes.PRIVATE_PREFIX))
        except notes.NotAKey as error:
            raise NotACosigner(str(error)) from error
        if not text.startswith(notes.PRIVATE_PREFIX) or kind not in PUBLIC_BYTES or len(seed) != SEED_BYTES:
            raise NotACosigner(NotACosigner.__doc__)
        from_seed = Ed25519PrivateKey.from_private_bytes if kind == ED25519 else MLDSA44PrivateKey.from_seed_bytes
        signing = cls(name, from_seed(seed))
        if key_id != signing.public.key_id.hex():
            raise NotACosigner(f"The key's id is {signing.public.key_id.hex()}, not {key_id}.")
        return signing

    @property
    def kind(self) -> bytes:
        """Return the byte of its type."""
        return ED25519 if isinstance(self.private, Ed25519PrivateKey) else ML_DSA_44

    @property
    def secret_text(self) -> str:
        """Return the private key as text, for a file that only the witness reads."""
        seed = notes.to_base64(self.kind + self.private.private_bytes_raw())
        return f"{notes.PRIVATE_PREFIX}{self.name}+{self.public.key_id.hex()}+{seed}"

    @property
    def public(self) -> Cosigner:
        """Return the public key."""
        return Cosigner(self.name, self.kind, self.private.public_key().public_bytes_raw())

    def cosign(self, note_text: str, *, at: datetime) -> notes.Signature:
        """Sign a checkpoint's text. It does not check that the tree extends anything; a witness does."""
        seconds = int(at.timestamp())
        value = self.private.sign(_signed(self.kind, self.name, seconds, note_text))
        return notes.Signature(self.name, self.public.key_id, struct.pack(">Q", seconds) + value)


@dataclass(frozen=True)
class Cosigned:
    """A cosignature that was checked."""

    cosigner: Cosigner
    at: datetime
    signature: notes.Signature


def verify(note: notes.Note, cosigners: Iterable[Cosigner]) -> tuple[Cosigned, ...]:
    """
    Return the cosignatures of known witnesses under a checkpoint, in the order of their lines.

    Lines of other keys are ignored, and a second line of the same key too. There may be none: how many are enough is a
    policy's to say.

    :raises CosignatureFails: a known witness's line does not fit: the whole note is refused
    """
    known = {(one.name, one.key_id): one for one in cosigners}
    found: dict[tuple[str, bytes], Cosigned] = {}
    for signature in note.signatures:
        line = (signature.name, signature.key_id)
        if line in known and line not in found:
            at = known[line].check(note.text, signature.value)
            found[line] = Cosigned(known[line], at, signature)
    return tuple(found.values())


def _signed(kind: bytes, name: str, seconds: int, note_text: str) -> bytes:
    if kind == ED25519:
        return f"cosignature/v1\ntime {seconds}\n{note_text}".encode()
    try:
        checkpoint = notes.Checkpoint.from_text(note_text)
        origin, cosigner = checkpoint.origin.encode(), name.encode()
        lengths = bytes([len(cosigner)]), bytes([len(origin)])
    except (notes.NotACheckpoint, ValueError) as error:
        raise CosignatureFails("What was cosigned is not a checkpoint.") from error
    return b"".join(
        (
            LABEL,
            lengths[0],
            cosigner,
            struct.pack(">Q", seconds),
            lengths[1],
            origin,
            struct.pack(">QQ", 0, checkpoint.size),
            checkpoint.root,
        )
    )
