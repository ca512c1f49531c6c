"""
Signed notes and checkpoints: what the log signs, and how anyone reads it.

A note is text, an empty line, and one signature line for each key that signed it:

    — <key name> base64(4 bytes of key id, then the signature)

A checkpoint is a note whose text is the log's origin, the tree's size and its root in base64, a line each.
Our log signs with one Ed25519 key (signature type 1) whose name is the log's origin. Signatures of other
keys, witnesses for instance, may stand beside it and are carried along; a reader who does not know them
ignores them.

Source: c2sp.org/signed-note, c2sp.org/tlog-checkpoint; the key encodings are those of
golang.org/x/mod/sumdb/note.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519: Final = b"\x01"
KEY_BYTES: Final = 32
ROOT_BYTES: Final = 32
MAX_NOTE_BYTES: Final = 1_000_000
MAX_SIGNATURES: Final = 100
MAX_SIZE: Final = 2**63 - 1
PRIVATE_PREFIX: Final = "PRIVATE+KEY+"

DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
KEY_ID: Final = re.compile(r"[0-9a-f]{8}")


class NotAKeyName(Exception):
    """The name of a key is not empty and has no space, no plus sign and no control character."""


class NotAKey(Exception):
    """This is not the text of an Ed25519 note key."""


class NotANote(Exception):
    """This is not a signed note."""


class NotACheckpoint(Exception):
    """This note's text is not a checkpoint."""


class SignatureFails(Exception):
    """A signature of a known key does not fit the note."""


class NotSigned(Exception):
    """None of the known keys signed the note."""


class AmbiguousKey(Exception):
    """Two different keys have the same name and the same id."""


class WrongOrigin(Exception):
    """The checkpoint is another log's."""


# --- Keys ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verifier:
    """A public key with its name, as it is handed to whoever checks notes."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        """
        Refuse what could not stand in a signature line.

        :raises NotAKeyName: an empty name, or one with a space, a plus sign or a control character
        :raises NotAKey: not 32 bytes
        """
        check_key_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise NotAKey(f"An Ed25519 public key has {KEY_BYTES} bytes, not {len(self.public)}.")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """
        Read a `vkey`, `<name>+<8 hex digits of id>+<base64 of type and key>`; a newline may follow.

        :raises NotAKey: another text, another type of key, or an id that is not the key's
        :raises NotAKeyName: the name cannot stand in a signature line
        """
        name, key_id, public = _ed25519_key(text)
        verifier = cls(name, public)
        if key_id != verifier.key_id.hex():
            raise NotAKey(f"The key's id is {verifier.key_id.hex()}, not {key_id}.")
        return verifier

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that tell a name's keys apart. They identify; they are not a fingerprint."""
        return key_id_of(self.name, ED25519, self.public)

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the public key in hex, to be compared by people over another channel."""
        return sha256(self.public).hexdigest()

    @property
    def text(self) -> str:
        """Return the `vkey`."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(ED25519 + self.public)}"

    def check(self, text: str, signature: bytes) -> None:
        """
        Check an Ed25519 signature over a note's text.

        :raises SignatureFails: another text or another key was signed with
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature as error:
            raise SignatureFails(
                f"The signature of {self.name} (key {self.key_id.hex()}) does not fit the note."
            ) from error


@dataclass(frozen=True)
class LogKeys:
    """The public keys of one log: the one that signs, and those that did or will; each one's signature counts."""

    signing: Verifier
    others: tuple[Verifier, ...] = ()

    def __post_init__(self) -> None:
        """
        Refuse keys of several logs.

        :raises NotAKey: a key is called otherwise than the one that signs
        """
        for other in self.others:
            if other.name != self.signing.name:
                raise NotAKey(f"The keys are of {self.signing.name} and of {other.name}: those of one log are wanted.")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """
        Read a `vkey` a line, the one that signs first. Empty lines are skipped.

        :raises NotAKey: a line is none, there is none, or they are of several logs
        :raises NotAKeyName: a name cannot stand in a signature line
        """
        found = [Verifier.from_text(line) for line in text.split("\n") if line]
        if not found:
            raise NotAKey("There is no key in this text.")
        return cls(found[0], tuple(found[1:]))

    @classmethod
    def of(cls, key: "Verifier | LogKeys | None") -> "LogKeys | None":
        """Return the keys of a log that has, as far as is known, only this one."""
        return cls(key) if isinstance(key, Verifier) else key

    def __iter__(self) -> Iterator[Verifier]:
        """Return each key."""
        return iter((self.signing, *self.others))

    @property
    def name(self) -> str:
        """Return the log's origin."""
        return self.signing.name

    @property
    def fingerprint(self) -> str:
        """Return that of the key that signs."""
        return self.signing.fingerprint

    @property
    def text(self) -> str:
        """Return the keys, a line each."""
        return "".join(f"{key.text}\n" for key in self)


@dataclass(frozen=True)
class Signer:
    """A private key with its name. It is not shown by `repr`; `secret_text` writes it down."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> Self:
        """
        Make a new key.

        :raises NotAKeyName: an empty name, or one with a space, a plus sign or a control character
        """
        signer = cls(name, Ed25519PrivateKey.generate())
        _ = signer.verifier
        return signer

    @classmethod
    def from_text(cls, text: str) -> Self:
        """
        Read a private key, `PRIVATE+KEY+<name>+<id>+<base64 of type and seed>`; a newline may follow.

        :raises NotAKey: another text, another type of key, or an id that is not the key's
        :raises NotAKeyName: the name cannot stand in a signature line
        """
        if not text.startswith(PRIVATE_PREFIX):
            raise NotAKey(f"A private note key begins with {PRIVATE_PREFIX}.")
        name, key_id, seed = _ed25519_key(text.removeprefix(PRIVATE_PREFIX))
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(seed))
        if key_id != signer.verifier.key_id.hex():
            raise NotAKey(f"The key's id is {signer.verifier.key_id.hex()}, not {key_id}.")
        return signer

    @property
    def secret_text(self) -> str:
        """Return the private key as text, for a file that only the log's sequencer reads."""
        key = to_base64(ED25519 + self.private.private_bytes_raw())
        return f"{PRIVATE_PREFIX}{self.name}+{self.verifier.key_id.hex()}+{key}"

    @property
    def verifier(self) -> Verifier:
        """Return the public key."""
        return Verifier(self.name, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> "Signature":
        """Sign a note's text. It does not check that the text can be one; `Note` does."""
        return Signature(self.name, self.verifier.key_id, self.private.sign(text.encode()))


def split_key(text: str) -> tuple[str, str, bytes, bytes]:
    """
    Return the parts of a key's text: its name, its id in hex, the byte of its type, and the key. Whether the id is the
    key's, and the key one of its type, is not checked here.

    :raises NotAKey: another text
    """
    name, plus, rest = text.removesuffix("\n").partition("+")
    key_id, second_plus, encoded = rest.partition("+")
    if not plus or not second_plus or not KEY_ID.fullmatch(key_id):
        raise NotAKey("A note key is a name, an id of eight hex digits and a key in base64, with plus signs between.")
    try:
        key = from_base64(encoded)
    except ValueError as error:
        raise NotAKey("The key is not in base64.") from error
    return name, key_id, key[:1], key[1:]


def key_id_of(name: str, kind: bytes, public: bytes) -> bytes:
    """Return the four bytes that tell a name's keys apart. They identify; they are not a fingerprint."""
    return sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def check_key_name(name: str) -> None:
    """
    Refuse what could not stand in a signature line.

    :raises NotAKeyName: an empty name, or one with a space, a plus sign or a control character
    """
    if not _is_key_name(name):
        raise NotAKeyName(f"{name[:80]!r} cannot name a key.")


def _ed25519_key(text: str) -> tuple[str, str, bytes]:
    name, key_id, kind, key = split_key(text)
    if kind != ED25519:
        raise NotAKey("This key is not of signature type 1, Ed25519.")
    if len(key) != KEY_BYTES:
        raise NotAKey(f"An Ed25519 key has {KEY_BYTES} bytes, not {len(key)}.")
    return name, key_id, key


# --- Notes --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signature:
    """One signature line: a key's name and id, and its signature. Not checked until `verify` has done so."""

    name: str
    key_id: bytes
    value: bytes

    def __str__(self) -> str:
        """Return the line, without its newline."""
        return f"— {self.name} {to_base64(self.key_id + self.value)}"


@dataclass(frozen=True)
class Note:
    """
    A text with signature lines under it; `str()` is the note as it is stored and sent.

    The text ends in a newline. It means nothing before `verify` has found a known key under it.
    """

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        """
        Refuse what would not read back as the same note.

        :raises NotANote: no final newline, a control character, half of a surrogate pair, no signature,
            or too many
        """
        if not self.text.endswith("\n") or any(character < " " and character != "\n" for character in self.text):
            raise NotANote("A note's text ends in a newline and has no other control character.")
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise NotANote(f"A note has 1 to {MAX_SIGNATURES} signatures, not {len(self.signatures)}.")
        for signature in self.signatures:
            if not _is_key_name(signature.name) or len(signature.key_id) != 4 or not signature.value:
                raise NotANote("A signature is a key's name, the four bytes of its id, and some bytes.")
        _refuse_unwritable(str(self))

    def __str__(self) -> str:
        """Return the whole note."""
        return self.text + "\n" + "".join(f"{signature}\n" for signature in self.signatures)


def sign(text: str, *signers: Signer) -> Note:
    """
    Return a note of this text, signed with each key in turn.

    :raises NotANote: no final newline, a control character, or no key
    """
    return Note(text, tuple(signer.sign(text) for signer in signers))


def parse(note: str) -> Note:
    """
    Take a note apart. It does not check any signature.

    :raises NotANote: anything that would not read back as exactly this note
    """
    _refuse_unwritable(note)
    head, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise NotANote("A note is text, an empty line, and signature lines that end in a newline.")
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NotANote(f"A note has 1 to {MAX_SIGNATURES} signatures, not {len(lines)}.")
    return Note(head + "\n", tuple(_signature(line) for line in lines))


def verify(note: Note, verifiers: Iterable[Verifier]) -> tuple[Verifier, ...]:
    """
    Return the known keys that signed a note, in the order of their lines.

    Lines of other keys are ignored, also if they share either a name or an id with a known one. A second
    line of the same key is ignored too.

    :raises SignatureFails: a known key's signature does not fit: the whole note is refused
    :raises NotSigned: no line is of a known key
    :raises AmbiguousKey: two known keys cannot be told apart
    """
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        if known.setdefault((verifier.name, verifier.key_id), verifier) != verifier:
            raise AmbiguousKey(f"Two keys are called {verifier.name} and have the id {verifier.key_id.hex()}.")
    found: dict[tuple[str, bytes], Verifier] = {}
    for signature in note.signatures:
        line = (signature.name, signature.key_id)
        if line in known and line not in found:
            known[line].check(note.text, signature.value)
            found[line] = known[line]
    if not found:
        names = ", ".join(f"{name} (key {key_id.hex()})" for name, key_id in known) or "no key at all"
        raise NotSigned(f"The note is not signed by {names}.")
    return tuple(found.values())


def _signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    try:
        value = from_base64(encoded)
    except ValueError as error:
        raise NotANote("A signature is not in base64.") from error
    if dash != "—" or len(value) < 5:
        raise NotANote("A signature line is a dash (U+2014), a key's name, and an id with a signature in base64.")
    return Signature(name, value[:4], value[4:])


def _refuse_unwritable(note: str) -> None:
    try:
        size = len(note.encode())
    except UnicodeEncodeError as error:
        raise NotANote(f"Character {error.start} is half of a surrogate pair.") from error
    if size > MAX_NOTE_BYTES:
        raise NotANote(f"A note has at most {MAX_NOTE_BYTES:,} bytes, not {size:,}.")


# --- Checkpoints --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log's tree: whose it is, how many leaves it has, and its root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """
        Refuse what would not read back as the same checkpoint.

        :raises NotACheckpoint: an empty or broken line, a size that is none, or a root that has not 32 bytes
        """
        if any(not line or any(character < " " for character in line) for line in (self.origin, *self.extensions)):
            raise NotACheckpoint("Each line of a checkpoint has something in it, and no control character.")
        if not 0 <= self.size <= MAX_SIZE:
            raise NotACheckpoint(f"{self.size} is not the size of a tree.")
        if len(self.root) != ROOT_BYTES:
            raise NotACheckpoint(f"A root has {ROOT_BYTES} bytes, not {len(self.root)}.")

    @property
    def text(self) -> str:
        """Return the note text: origin, size and root, and any extension lines."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, to_base64(self.root), *self.extensions))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """
        Read a note's text.

        :raises NotACheckpoint: fewer than three lines, a size with leading zeros, a root that is not 32
            bytes in base64
        """
        lines = text.removesuffix("\n").split("\n")
        if not text.endswith("\n") or len(lines) < 3:
            raise NotACheckpoint("A checkpoint is an origin, a size and a root, a line each.")
        origin, size, root, *extensions = lines
        if not DECIMAL.fullmatch(size):
            raise NotACheckpoint(f"{size[:40]!r} is not the size of a tree.")
        try:
            return cls(origin, int(size), from_base64(root), tuple(extensions))
        except ValueError as error:
            raise NotACheckpoint("The root is not in base64.") from error


def sign_checkpoint(checkpoint: Checkpoint, *signers: Signer) -> Note:
    """
    Return the checkpoint as a note signed by its log: with one key, or with two while one hands over to the other.

    :raises WrongOrigin: a key is called otherwise than the log
    """
    for signer in signers:
        if signer.name != checkpoint.origin:
            raise WrongOrigin(f"The key of {signer.name} does not sign for {checkpoint.origin}.")
    return sign(checkpoint.text, *signers)


def open_checkpoint(note: str, *keys: Verifier) -> Checkpoint:
    """
    Return the checkpoint in a note that this log signed, with any of the keys that it has or had. The log's origin is
    the name of its keys.

    :raises NotANote: not a signed note
    :raises SignatureFails: the log's signature does not fit
    :raises NotSigned: the log did not sign it
    :raises NotACheckpoint: signed, but not a checkpoint
    :raises WrongOrigin: the log signed another log's checkpoint
    """
    opened = parse(note)
    signed_by = verify(opened, keys)
    checkpoint = Checkpoint.from_text(opened.text)
    for key in signed_by:
        if checkpoint.origin != key.name:
            raise WrongOrigin(f"The checkpoint is of {checkpoint.origin}, not of {key.name}.")
    return checkpoint


# --- Spelling -----------------------------------------------------------------------------------------------


def _is_key_name(name: str) -> bool:
    return bool(name) and not any(character.isspace() or character < " " or character == "+" for character in name)


def to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """Return the bytes; raise ValueError for any spelling but the one that RFC 4648 §4 gives these bytes."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
    if to_base64(data) != text:
        raise ValueError("bits are left over")
    return data
