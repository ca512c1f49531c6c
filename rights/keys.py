"""
Where the keys are kept that other keys and names are sealed with: this installation's own, or an outside key service.

The key-encryption keys come in order: a key service (``LEDGER_KEK_CALLBACK``), the environment (``LEDGER_KEK``), a file
(``LEDGER_KEK_FILE``), and the file in the data folder, which is made when nothing else is configured. The first wraps,
and all of them unwrap: to move to another key, put it first, and wrap the subjects' keys anew (`sealing.rewrap`).

Whoever loses the last of them has erased everybody, so they are backed up, and apart from the database.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from pkgutil import resolve_name
from queue import Empty, SimpleQueue
from typing import Literal, Protocol, cast

from django.conf import settings

from rights.sealing import KEK_ID_BYTES, KEY_BYTES, Kek, SecretKek, Unreadable

Operation = Literal["name", "wrap", "unwrap"]
Callback = Callable[[Operation, bytes], object]


class KeyMalformed(Exception):
    """A key is 32 random bytes in base64; `openssl rand -base64 32` makes one."""


class NoSuchKeyFile(Exception):
    """The file of LEDGER_KEK_FILE is not there or cannot be read."""


class NoSuchCallback(Exception):
    """LEDGER_KEK_CALLBACK names a class or a function, as package.module:Class, that this installation can import."""


class CallbackBroken(Exception):
    """What LEDGER_KEK_CALLBACK names answers each operation with bytes."""


class KeyServiceAway(Exception):
    """The key service that unwraps the keys of names does not answer in time, or refuses; try again later."""


class KeptElsewhere(Exception):
    """The key-encryption key is configured, so it is renewed where it is kept, and put first in the settings."""


class KeyService(Protocol):
    """
    What LEDGER_KEK_CALLBACK may name: a class, made without arguments, before a key service outside.

    The context goes to the service with each key, as what most of them call an encryption context: it must answer
    `unwrap` only where the context is the one that the key was wrapped with.
    """

    def name(self) -> bytes:
        """Return the service's name for the key, the same for as long as it can unwrap."""

    def wrap(self, key: bytes, context: Mapping[str, str]) -> bytes:
        """Encrypt a key, with authentication."""

    def unwrap(self, blob: bytes, context: Mapping[str, str]) -> bytes:
        """Return what `wrap` was given; raise `sealing.Unreadable` for bytes or a context that it was not given."""


@dataclass(frozen=True)
class ServiceKek:
    """A key-encryption key in an outside key service that knows contexts, behind a class."""

    service: KeyService

    @property
    def id(self) -> bytes:
        """The id follows from the service's name for the key."""
        name = _in_time(self.service.name, what="name")
        return sha256(b"ai-music-ledger kek service\x00" + name).digest()[:KEK_ID_BYTES]

    def encrypt(self, key: bytes, header: bytes) -> bytes:
        """Encrypt a subject's key, bound to the header."""
        return _in_time(lambda: self.service.wrap(key, _context(header)), what="wrap")

    def decrypt(self, body: bytes, header: bytes) -> bytes:
        """
        Return what `encrypt` was given.

        :raises Unreadable: the service says so
        :raises KeyServiceAway: it does not answer
        """
        return _in_time(lambda: self.service.unwrap(body, _context(header)), what="unwrap")


def _context(header: bytes) -> dict[str, str]:
    return {"purpose": "ai-music-ledger subject key", "header": header.hex()}


def _in_time(ask: Callable[[], object], *, what: str) -> bytes:
    """
    Return the service's answer.

    A service that hangs is left to itself in its thread: whoever waits for a name must not hang with it.

    :raises KeyServiceAway: there is none within LEDGER_KEK_SECONDS, or the service failed
    :raises Unreadable: the service says that this does not open
    :raises CallbackBroken: the answer is no bytes
    """
    answers: SimpleQueue[object] = SimpleQueue()

    def work() -> None:
        try:
            answers.put(ask())
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            answers.put(error)

    threading.Thread(target=work, name=f"key service {what}", daemon=True).start()
    try:
        answer = answers.get(timeout=settings.LEDGER_KEK_SECONDS)
    except Empty:
        raise KeyServiceAway(f"the key service did not answer {what!r} in time") from None
    if isinstance(answer, Unreadable):
        raise answer
    if isinstance(answer, Exception):  # without its words, which may quote what it was given
        raise KeyServiceAway(f"the key service failed at {what!r}: {type(answer).__name__}") from None
    if not isinstance(answer, bytes) or not answer:
        raise CallbackBroken(f"the class of LEDGER_KEK_CALLBACK answered {what!r} with no bytes")
    return answer


@dataclass(frozen=True)
class CallbackKek:
    """
    A key-encryption key in an outside key service, behind a function of an operation and bytes:

    - ``name``, with nothing: answers the service's name for the key, the same for as long as it can unwrap;
    - ``wrap``: encrypts the bytes, with authentication;
    - ``unwrap``: answers what ``wrap`` was given, and raises `sealing.Unreadable` for bytes that it did not make.

    It may be slow: not in a transaction. Where it fails or takes too long, that is `KeyServiceAway`.
    """

    ask: Callback

    @property
    def id(self) -> bytes:
        """The id follows from the service's name for the key."""
        return sha256(b"ai-music-ledger kek callback\x00" + self._answer("name", b"")).digest()[:KEK_ID_BYTES]

    def encrypt(self, key: bytes, header: bytes) -> bytes:
        """Encrypt a subject's key, with the header before it: a service may have no room for associated data."""
        return self._answer("wrap", header + key)

    def decrypt(self, body: bytes, header: bytes) -> bytes:
        """
        Return what `encrypt` was given.

        :raises Unreadable: the service says so, or the header is another
        """
        plaintext = self._answer("unwrap", body)
        if not plaintext.startswith(header):
            raise Unreadable
        return plaintext[len(header) :]

    def _answer(self, operation: Operation, blob: bytes) -> bytes:
        return _in_time(lambda: self.ask(operation, blob), what=operation)


def keks() -> tuple[Kek, ...]:
    """
    Return the key-encryption keys, the current one first. At the first call ever it makes the data folder's own.

    Nothing is kept in memory between calls, so a changed file counts at once.

    :raises KeyMalformed: a line is not a key
    :raises NoSuchKeyFile: the configured file cannot be read
    :raises NoSuchCallback: the configured function cannot be imported
    """
    found: list[Kek] = []
    if settings.LEDGER_KEK_CALLBACK:
        found.append(_callback(settings.LEDGER_KEK_CALLBACK))
    if settings.LEDGER_KEK:
        found.extend(_read(settings.LEDGER_KEK.replace(",", "\n"), "LEDGER_KEK"))
    if settings.LEDGER_KEK_FILE:
        file = Path(settings.LEDGER_KEK_FILE)
        try:
            text = file.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise NoSuchKeyFile(f"LEDGER_KEK_FILE: {file} cannot be read: {type(error).__name__}") from error
        found.extend(_read(text, f"LEDGER_KEK_FILE ({file})"))
    own = _own_file()
    if not found:
        _make_once(own)
    if own.exists():  # also beside a configured key: what was wrapped before the move stays readable
        found.extend(_read(own.read_text(), str(own)))
    return tuple(found)


def index_key() -> bytes:
    """
    Return the key of the index over sealed names: from the environment, else a file of the data folder, made once.

    It does not follow from a key-encryption key: renewing that one would make every name impossible to find.

    :raises KeyMalformed: it is not a key
    """
    if settings.LEDGER_INDEX_KEY:
        return _key(settings.LEDGER_INDEX_KEY, "LEDGER_INDEX_KEY")
    file = Path(settings.KEYS_DIR) / "name-index-key"
    _make_once(file)
    return _key(file.read_text(), str(file))


def link_key() -> bytes:
    """
    Return the key that personal links are made with: from the environment, else a file of the data folder, made once.

    With another key old links still open, but no reminder can carry them.

    :raises KeyMalformed: it is not a key
    """
    if settings.LEDGER_LINK_KEY:
        return _key(settings.LEDGER_LINK_KEY, "LEDGER_LINK_KEY")
    file = Path(settings.KEYS_DIR) / "link-key"
    _make_once(file)
    return _key(file.read_text(), str(file))


def renew() -> None:
    """
    Put a new key-encryption key before the others in the data folder's own file.

    The subjects' keys are still wrapped under the old one; it may leave the file when all of them were wrapped anew.

    :raises KeptElsewhere: the current key is configured, and not this file's
    """
    if settings.LEDGER_KEK_CALLBACK or settings.LEDGER_KEK or settings.LEDGER_KEK_FILE:
        raise KeptElsewhere
    file = _own_file()
    with _alone(file.parent):
        _replace(file, _fresh() + (file.read_text() if file.exists() else ""))


def _own_file() -> Path:
    return Path(settings.KEYS_DIR) / "key-encryption-keys"


def _callback(path: str) -> Kek:
    try:
        function = resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise NoSuchCallback(f"LEDGER_KEK_CALLBACK: {path!r} cannot be imported") from error
    if ":" not in path or not callable(function):
        raise NoSuchCallback(
            f"LEDGER_KEK_CALLBACK: {path!r} is neither package.module:Class nor package.module:function"
        )
    if isinstance(function, type):
        if missing := [name for name in ("name", "wrap", "unwrap") if not callable(getattr(function, name, None))]:
            raise NoSuchCallback(f"LEDGER_KEK_CALLBACK: {path!r} has no {' and no '.join(missing)}")
        return ServiceKek(cast("KeyService", function()))
    return CallbackKek(cast("Callback", function))


def _read(text: str, where: str) -> Iterator[Kek]:
    lines = [line for raw in text.splitlines() if (line := raw.strip()) and not line.startswith("#")]
    if not lines:
        raise KeyMalformed(f"{where} holds no key; `openssl rand -base64 32` makes one")
    return (SecretKek(_key(line, where)) for line in lines)


def _key(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):  # without its cause: a traceback must not show the key
        raise KeyMalformed(f"{where}: a key is not in base64; `openssl rand -base64 32` makes one") from None
    if len(key) != KEY_BYTES:
        raise KeyMalformed(f"{where}: a key has {KEY_BYTES} bytes, not {len(key)}; `openssl rand -base64 32` makes one")
    return key


# --- Files ---


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; whoever dies in it lets go."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".sealing.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fresh() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n"


def _make_once(file: Path) -> None:
    """Write a fresh key unless there is one; of two processes at once, one writes and both read the same."""
    if file.exists():
        return
    with _alone(file.parent):
        if not file.exists():
            _replace(file, _fresh())


def _replace(file: Path, text: str) -> None:
    temporary = file.with_name(file.name + ".new")
    temporary.unlink(missing_ok=True)  # left by a process that died; its mode is not to be trusted
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    temporary.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # a key that wrapped something must not vanish with the power
    finally:
        os.close(folder)
