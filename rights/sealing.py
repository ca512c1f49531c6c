"""
Sealing what is personal: each subject's data under a key of its own, so that destroying the key erases the data. Pure.

A sealed value and a wrapped key are bytes that say how to read them:

    sealed    version (1 byte) | nonce (12) | AES-256-GCM of the plaintext, with its tag (16)
    wrapped   version (1 byte) | id of the key-encryption key (8) | what that key makes of the subject's key

A sealed value is bound to its place (table, column, row): moved to another row it does not open. A wrapped key is
bound to its header. That is why keys are wrapped with AES-GCM and not with AES-KW (RFC 3394), which has no room for
associated data: the id that rotation goes by would not be protected.

Names that are sealed can still be found: `tokens` gives keyed digests of the beginnings of their words. Whoever reads
the tokens without the key learns which names begin alike, and no name; whoever has the key too can guess names. So the
tokens of a subject are deleted together with its key.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import rfc8785
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
KEK_ID_BYTES: Final = 8
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
TOKEN_BYTES: Final = 8
LONGEST_PREFIX: Final = 10

VERSION: Final = b"\x01"


class NotADataKey(Exception):
    """A key of a subject, of the index or for wrapping is exactly 32 bytes."""


class Unreadable(Exception):
    """This does not open: it was changed, moved to another place, or sealed under another key."""


class UnknownKek(Exception):
    """This key was wrapped under a key-encryption key that is not configured; add it after the current one."""


class NoKek(Exception):
    """No key-encryption key is given, so no key can be wrapped or unwrapped."""


class NowhereInParticular(Exception):
    """A sealed value needs the place it belongs to: a table, a column and a row."""


class Unsealable(Exception):
    """Sealed JSON holds objects, arrays, strings, finite numbers, booleans and null."""


class NothingToSearch(Exception):
    """A search for a name needs at least one letter or digit."""


# --- Keys ---------------------------------------------------------------------------------------------------


class Kek(Protocol):
    """A key-encryption key, wherever it is kept."""

    @property
    def id(self) -> bytes:
        """Eight bytes that stay the same as long as the key does."""

    def encrypt(self, key: bytes, header: bytes) -> bytes:
        """Encrypt a subject's key, bound to the header."""

    def decrypt(self, body: bytes, header: bytes) -> bytes:
        """Return what `encrypt` was given; raise `Unreadable` for anything else."""


@dataclass(frozen=True)
class SecretKek:
    """A key-encryption key that this process holds."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Check the length."""
        _expect_key(self.secret)

    @property
    def id(self) -> bytes:
        """The id follows from the secret, so nobody has to give keys names, and it says nothing about it."""
        return _derived(self.secret, b"id", KEK_ID_BYTES)

    def encrypt(self, key: bytes, header: bytes) -> bytes:
        """Encrypt a subject's key, bound to the header."""
        return _encrypt(_derived(self.secret, b"wrap", KEY_BYTES), key, header)

    def decrypt(self, body: bytes, header: bytes) -> bytes:
        """
        Return what `encrypt` was given.

        :raises Unreadable: another key, or not what `encrypt` made
        """
        return _decrypt(_derived(self.secret, b"wrap", KEY_BYTES), body, header)


def fresh_key() -> bytes:
    """Return a new key for a subject."""
    return secrets.token_bytes(KEY_BYTES)


def wrap(key: bytes, kek: Kek) -> bytes:
    """
    Return a subject's key as it may be stored: unreadable without the key-encryption key, whose id it carries.

    :raises NotADataKey: not 32 bytes
    """
    _expect_key(key)
    header = VERSION + kek.id
    return header + kek.encrypt(key, header)


def unwrap(blob: bytes, keks: Sequence[Kek]) -> bytes:
    """
    Return the subject's key.

    :raises UnknownKek: it was wrapped under none of these
    :raises Unreadable: it was changed, or is no wrapped key
    """
    id_ = kek_id(blob)
    for kek in keks:
        if kek.id == id_:
            header = VERSION + id_
            key = kek.decrypt(blob[len(header) :], header)
            if len(key) != KEY_BYTES:
                raise Unreadable
            return key
    raise UnknownKek(f"no key-encryption key {id_.hex()} is configured; add it after the current one")


def rewrap(blob: bytes, keks: Sequence[Kek]) -> bytes:
    """
    Return the same subject's key under the first, current, key-encryption key; unchanged if it is under that already.

    :raises NoKek: none is given
    :raises UnknownKek: it was wrapped under none of these
    :raises Unreadable: it was changed, or is no wrapped key
    """
    if not keks:
        raise NoKek
    if kek_id(blob) == keks[0].id:
        return blob
    return wrap(unwrap(blob, keks), keks[0])


def kek_id(blob: bytes) -> bytes:
    """
    Return the id of the key-encryption key that a key was wrapped under.

    :raises Unreadable: this is no wrapped key
    """
    header = len(VERSION) + KEK_ID_BYTES
    if not blob.startswith(VERSION) or len(blob) <= header:
        raise Unreadable
    return blob[len(VERSION) : header]


# --- Values -------------------------------------------------------------------------------------------------


def place(*, table: str, column: str, id: object) -> str:
    """Return the context of the value in one column of one row."""
    return f"{table}.{column}:{id}"


def seal(key: bytes, plaintext: bytes, *, context: str) -> bytes:
    """
    Return the plaintext sealed under a subject's key, for this place only.

    :raises NotADataKey: the key is not 32 bytes
    :raises NowhereInParticular: the context is empty
    """
    _expect_key(key)
    return VERSION + _encrypt(key, plaintext, _bound_to(context))


def open_sealed(key: bytes, blob: bytes, *, context: str) -> bytes:
    """
    Return the plaintext.

    :raises NotADataKey: the key is not 32 bytes
    :raises NowhereInParticular: the context is empty
    :raises Unreadable: another key, another place, or changed
    """
    _expect_key(key)
    bound = _bound_to(context)
    if not blob.startswith(VERSION):
        raise Unreadable
    return _decrypt(key, blob[len(VERSION) :], bound)


def seal_json(key: bytes, value: object, *, context: str) -> bytes:
    """
    Return a JSON value sealed in canonical form (RFC 8785).

    :raises Unsealable: it cannot be written as canonical JSON
    :raises NotADataKey: the key is not 32 bytes
    :raises NowhereInParticular: the context is empty
    """
    try:
        plaintext = rfc8785.dumps(value)  # type: ignore[arg-type]  # it refuses what its type does not allow
    except rfc8785.CanonicalizationError as error:
        # Without its cause: the library's message quotes the value, and a traceback is not the place for it.
        raise Unsealable(f"a {type(value).__name__} holds what canonical JSON cannot: {type(error).__name__}") from None
    return seal(key, plaintext, context=context)


def open_json(key: bytes, blob: bytes, *, context: str) -> Any:
    """
    Return the JSON value.

    :raises NotADataKey: the key is not 32 bytes
    :raises NowhereInParticular: the context is empty
    :raises Unreadable: another key, another place, changed, or not sealed as JSON
    """
    plaintext = open_sealed(key, blob, context=context)
    try:
        return json.loads(plaintext)
    except ValueError:  # without its cause, which quotes the plaintext
        raise Unreadable("This was not sealed as JSON.") from None


def _expect_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise NotADataKey(f"a key has {KEY_BYTES} bytes, not {len(key)}")


def _derived(secret: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=b"ai-music-ledger kek " + purpose).derive(secret)


def _bound_to(context: str) -> bytes:
    if not context:
        raise NowhereInParticular
    return VERSION + context.encode()


def _encrypt(key: bytes, plaintext: bytes, bound: bytes) -> bytes:
    # Random nonces are safe for 2^32 values under one key: a subject has a handful, an installation fewer subjects.
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound)


def _decrypt(key: bytes, body: bytes, bound: bytes) -> bytes:
    if len(body) < NONCE_BYTES + TAG_BYTES:
        raise Unreadable
    try:
        return AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], bound)
    except InvalidTag as error:
        raise Unreadable from error


# --- Finding names ------------------------------------------------------------------------------------------

# Letters that people type without their stroke or ligature, and that Unicode does not take apart.
_PLAIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_VIRAMA: Final = 9  # the combining class of the sign that joins consonants in Indic scripts: a letter, not an accent
# Scripts whose names stand without spaces: Han, kana, Hangul. A name is found by any character or pair in it.
_UNSPACED: Final = re.compile(
    "[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)


def tokens(name: str, index_key: bytes) -> tuple[bytes, ...]:
    """
    Return what a name is found by: keyed digests of the beginnings, of 2 to 10 letters, of its words.

    A word of one letter counts whole. Parts joined by a hyphen, an apostrophe or a dot count one by one and as one
    word. Han, kana and Hangul count by characters and by pairs of neighbors.

    :raises NotADataKey: the index key is not 32 bytes
    """
    found: set[str] = set()
    for chunk in _plain(name).split():
        words, unspaced = _parts(chunk)
        if len(words) > 1 and not unspaced:
            words.append("".join(words))
        for word in words:
            found.update(word[:length] for length in range(2, min(len(word), LONGEST_PREFIX) + 1))
            if len(word) == 1:
                found.add(word)
        for run in unspaced:
            found.update(run)
            found.update(_pairs(run))
    return _digests(found, index_key)


def query_tokens(text: str, index_key: bytes) -> tuple[bytes, ...]:
    """
    Return the tokens that a name must have, all of them, to be found by a text; its words may be beginnings.

    Longer words than ten letters find whatever begins with the same ten.

    :raises NothingToSearch: the text has no letter and no digit, and must not find everybody
    :raises NotADataKey: the index key is not 32 bytes
    """
    wanted: set[str] = set()
    for chunk in _plain(text).split():
        words, unspaced = _parts(chunk)
        wanted.update(word[:LONGEST_PREFIX] for word in words)
        for run in unspaced:
            wanted.update(_pairs(run) if len(run) > 1 else run)
    if not wanted:
        raise NothingToSearch
    return _digests(wanted, index_key)


def _plain(text: str) -> str:
    """Return a text without case, accents and the differences of typing."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(sign for sign in folded if unicodedata.combining(sign) in {0, _VIRAMA})
    return unicodedata.normalize("NFC", bare.translate(_PLAIN))


def _parts(chunk: str) -> tuple[list[str], list[str]]:
    """Return the words of a text without spaces, and its runs of scripts that use none."""
    letters = "".join(sign if unicodedata.category(sign)[0] in "LNM" else " " for sign in chunk)
    return _UNSPACED.sub(" ", letters).split(), _UNSPACED.findall(letters)


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run) - 1))


def _digests(texts: set[str], index_key: bytes) -> tuple[bytes, ...]:
    _expect_key(index_key)
    return tuple(sorted(hmac.digest(index_key, b"name\x00" + text.encode(), "sha256")[:TOKEN_BYTES] for text in texts))
