"""
Signs with a key that never leaves its token: a hardware security module, or a service that speaks PKCS#11.

A key is named by a URI (RFC 7512): ``pkcs11:token=ledger;object=claims?module-path=/usr/lib/…/module.so``. The PIN is
not part of it: a URI stands in settings, in files and in messages, and a PIN must be in none of them.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import unquote

SCHEME: Final = "pkcs11:"

_OF_PATH: Final = frozenset({"token", "serial", "object", "id", "type", "slot-id"})
_HASHES: Final = {256: "sha256", 384: "sha384", 521: "sha512"}


class TokenRefused(Exception):
    """The token does not sign."""

    code: ClassVar[str] = "token_refused"


class UriRefused(TokenRefused):
    """The key's URI is not understood; write pkcs11:token=NAME;object=NAME?module-path=/path/to/module.so."""

    code = "uri_refused"


class PinInUri(TokenRefused):
    """A PIN does not belong into the key's URI; give it in LEDGER_PKCS11_PIN_FILE or LEDGER_PKCS11_PIN."""

    code = "pin_in_uri"


class NoPkcs11(TokenRefused):
    """Keys in tokens need the library python-pkcs11: install ai-music-ledger[hsm]."""

    code = "no_pkcs11"


class ModuleMissing(TokenRefused):
    """The PKCS#11 module cannot be loaded; check module-path."""

    code = "module_missing"


class NoSuchToken(TokenRefused):
    """There is no such token; check its name, and that it is connected."""

    code = "no_such_token"


class PinRefused(TokenRefused):
    """The token refuses the PIN; check LEDGER_PKCS11_PIN_FILE or LEDGER_PKCS11_PIN before it locks itself."""

    code = "pin_refused"


class NoSuchKey(TokenRefused):
    """The token holds no private key of this name, or several."""

    code = "no_such_key"


class KeyUnfit(TokenRefused):
    """The key in the token must be RSA, P-256, P-384, P-521 or Ed25519."""

    code = "key_unfit"


class TokenFailed(TokenRefused):
    """The token did not sign; it may have been taken away, or its session ended."""

    code = "token_failed"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key is."""

    module: Path
    token: str | None
    serial: bytes | None
    label: str | None
    id: bytes | None


def place_of(uri: str) -> Place:
    """
    Read a key's URI.

    :raises UriRefused: it lacks the module, the token or the key, or names what is not known here
    :raises PinInUri: it holds a PIN
    """
    if not uri.startswith(SCHEME):
        raise UriRefused(UriRefused.__doc__)
    path, _, query = uri.removeprefix(SCHEME).partition("?")
    named = _attributes(path, ";")
    asked = _attributes(query, "&")
    if "pin-value" in asked or "pin-source" in asked:
        raise PinInUri(PinInUri.__doc__)
    unknown = (set(named) - _OF_PATH) | (set(asked) - {"module-path"})
    if unknown or named.get("type", "private") != "private" or "slot-id" in named:
        raise UriRefused(f"{UriRefused.__doc__} Not known here: {', '.join(sorted(unknown)) or 'type or slot-id'}.")
    if (
        not asked.get("module-path")
        or not (named.keys() & {"token", "serial"})
        or not (named.keys() & {"object", "id"})
    ):
        raise UriRefused(UriRefused.__doc__)
    return Place(
        module=Path(unquote(asked["module-path"])),
        token=unquote(named["token"]) if "token" in named else None,
        serial=unquote(named["serial"]).encode() if "serial" in named else None,
        label=unquote(named["object"]) if "object" in named else None,
        id=unquote(named["id"], encoding="latin-1").encode("latin-1") if "id" in named else None,
    )


def _attributes(text: str, separator: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, is_pair, value = part.partition("=")
        if not is_pair or name in found:
            raise UriRefused(f"{UriRefused.__doc__} Not a pair, or there twice: {name[:40]!r}.")
        found[name] = value
    return found


def key(uri: str, *, pin: Callable[[], str | None]) -> Callable[[bytes], bytes]:
    """
    Return how the key behind a URI signs, in the forms of COSE.

    One session is opened when it is first needed, and again after a fork or when it broke; threads take turns. The PIN
    is asked for then, and not kept.

    :raises TokenRefused: a subclass names what is wrong with the URI
    """
    return _Key(place_of(uri), pin).sign


class _Key:
    """A key in a token, and this process's session with it."""

    def __init__(self, place: Place, pin: Callable[[], str | None]) -> None:
        self.place, self.pin = place, pin
        self.lock = threading.Lock()
        self.opened: tuple[int, Any] | None = None

    def sign(self, data: bytes) -> bytes:
        with self.lock:
            if self.opened is not None and self.opened[0] == os.getpid():
                try:
                    return _sign(self.opened[1], data)
                except TokenFailed:
                    self.opened = None  # a session that ended: once more with a new one
            self.opened = (os.getpid(), _open(self.place, self.pin()))
            return _sign(self.opened[1], data)


def _logged_in(token: Any, errors: Any, pin: str | None) -> Any:
    """Open a session. A process logs in once for all that it has: another key of the same token finds it done."""
    try:
        return token.open(user_pin=pin)
    except errors.UserAlreadyLoggedIn:
        return token.open()


_LIBRARIES: dict[Path, tuple[int, Any]] = {}  # a module is initialized once in each process


def _open(place: Place, pin: str | None) -> Any:
    """Log in and return the private key."""
    try:
        pkcs11 = import_module("pkcs11")
    except ImportError as error:
        raise NoPkcs11(NoPkcs11.__doc__) from error
    errors = import_module("pkcs11.exceptions")
    library = _library(pkcs11, errors, place.module)
    try:
        token = library.get_token(token_label=place.token, token_serial=place.serial)
    except (errors.NoSuchToken, errors.MultipleTokensReturned) as error:
        raise NoSuchToken(NoSuchToken.__doc__) from error
    except errors.PKCS11Error as error:
        raise TokenFailed(_said(error)) from error
    try:
        session = _logged_in(token, errors, pin)
    except (errors.PinIncorrect, errors.PinInvalid, errors.PinLenRange, errors.PinLocked, errors.PinExpired) as error:
        raise PinRefused(PinRefused.__doc__) from error
    except errors.PKCS11Error as error:
        raise TokenFailed(_said(error)) from error
    try:
        return session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=place.label, id=place.id)
    except (errors.NoSuchKey, errors.MultipleObjectsReturned) as error:
        raise NoSuchKey(NoSuchKey.__doc__) from error
    except errors.PKCS11Error as error:
        raise TokenFailed(_said(error)) from error


def _library(pkcs11: Any, errors: Any, module: Path) -> Any:
    pid, library = _LIBRARIES.get(module, (0, None))
    try:
        if library is None:
            library = pkcs11.lib(str(module))
        elif pid != os.getpid():
            library.reinitialize()  # after a fork the module knows nothing of us
    except (errors.PKCS11Error, RuntimeError, OSError) as error:
        raise ModuleMissing(f"{ModuleMissing.__doc__} It is {module}.") from error
    _LIBRARIES[module] = (os.getpid(), library)
    return library


def _sign(private: Any, data: bytes) -> bytes:
    pkcs11 = import_module("pkcs11")
    errors = import_module("pkcs11.exceptions")
    kind = private.key_type
    try:
        if kind == pkcs11.KeyType.EC:
            digest = hashlib.new(_HASHES[_curve_bits(private)], data).digest()
            return bytes(private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))  # r||s, as COSE wants it
        if kind == pkcs11.KeyType.RSA:
            parameters = (pkcs11.Mechanism.SHA256, pkcs11.MGF.SHA256, 32)
            mechanism = pkcs11.Mechanism.SHA256_RSA_PKCS_PSS
            return bytes(private.sign(data, mechanism=mechanism, mechanism_param=parameters))
        if kind == pkcs11.KeyType.EC_EDWARDS:
            return bytes(private.sign(data, mechanism=pkcs11.Mechanism.EDDSA))
    except errors.PKCS11Error as error:
        raise TokenFailed(_said(error)) from error
    raise KeyUnfit(KeyUnfit.__doc__)


def _curve_bits(private: Any) -> int:
    """Return the size of the curve that the token says the key is on."""
    pkcs11 = import_module("pkcs11")
    curves = {  # DER of the curve's object identifier (RFC 5480)
        "06082a8648ce3d030107": 256,
        "06052b81040022": 384,
        "06052b81040023": 521,
    }
    found = curves.get(bytes(private[pkcs11.Attribute.EC_PARAMS]).hex())
    if found is None:
        raise KeyUnfit(KeyUnfit.__doc__)
    return found


def _said(error: Exception) -> str:
    """Return what failed by the name of the token's error: its text might repeat what it was given."""
    return f"{TokenFailed.__doc__} It says {type(error).__name__}."
