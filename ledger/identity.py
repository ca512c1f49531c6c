"""
Who signs the files, and whom we believe: signers, and authorities for time stamps.

A real claim signer comes from the settings or was imported into the data folder, or several were; which of them signs
from when is a fact in the log. Without any, a development certificate signs that this installation made for itself.
Whoever signed here before stays on our own list.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from cryptography import x509
from django.conf import settings
from django.db.models import QuerySet

from ledger import __version__
from provenance import certificates, tokens
from provenance.certificates import Identity
from provenance.models import SignerChange
from provenance.signing import Signer
from provenance.time_authority import TimeAuthority

_CHAIN, _ROOTS, _KEY, _KEY_ELSEWHERE = "chain.pem", "roots.pem", "key.pem", "key.uri"
_MOST_CHANGES = 20  # of the past that are looked through for a certificate whose key is here


class SignerHalfConfigured(Exception):
    """A claim signer needs all three of LEDGER_SIGNER_CHAIN, LEDGER_SIGNER_KEY and LEDGER_SIGNER_ROOTS."""


class AuthorityHalfConfigured(Exception):
    """An authority for time stamps needs both LEDGER_TSA_URL and LEDGER_TSA_ROOTS."""


@dataclass(frozen=True)
class Held:
    """A real signer whose certificate and key are here: where they lie, unread."""

    chain: Path
    roots: Path
    key: str  # the path of a file, or a PKCS#11 URI (RFC 7512)
    is_imported: bool

    @property
    def leaf(self) -> x509.Certificate:
        """Return the certificate that signs."""
        return certificates.read_pem(self.chain.read_text())[0]

    @property
    def certificate_digest(self) -> str:
        """Return its digest."""
        return certificates.certificate_digest(self.leaf)


@dataclass(frozen=True)
class Trust:
    """Roots in PEM, list by list; an empty list trusts nobody."""

    own: str  # of whoever signs or signed here
    signers: str  # those, and of strangers whose files come in
    authorities: str  # whose time stamps count


# --- Who signs ---


def signer(*, at: datetime) -> Signer:
    """
    Return who signs at a moment.

    :raises SignerHalfConfigured: some of the three settings are missing
    :raises certificates.CertificateRefused: the chain cannot sign claims, or has expired
    :raises tokens.TokenRefused: the key is in a token that does not give it
    """
    changes = tuple(in_force(at=at).values_list("certificate_digest", flat=True)[:_MOST_CHANGES])
    # Of one process: what was opened before a fork, a token's session for example, is dead in the child.
    key = (at.date(), settings.KEYS_DIR, os.getpid(), changes[:1])
    if key not in _READ:
        _READ.clear()
        _READ[key] = Signer(identity=_read(changes, at), version=__version__)
    return _READ[key]


_READ: dict[tuple[date, Path, int, tuple[str, ...]], Signer] = {}  # read anew each day, so that expiry is noticed


def in_force(*, at: datetime) -> QuerySet[SignerChange]:
    """Return the changes of who signs that have come to pass, the newest first."""
    return SignerChange.objects.filter(active_from__lte=at).order_by("-active_from", "-recorded_at")


def _read(changes: Iterable[str], at: datetime) -> Identity:
    here = {one.certificate_digest: one for one in held()}
    if not here:
        return certificates.load_or_create_development_identity(development_folder(), at=at)
    # What the log says comes first. It may name one whose files were replaced since: then what is there signs.
    chosen = next((here[digest] for digest in changes if digest in here), None)
    return load(chosen or next(iter(here.values())), at=at)


def held() -> tuple[Held, ...]:
    """
    Return every real signer that is here: the one of the settings first, then those imported, the newest first.

    :raises SignerHalfConfigured: some of the three settings are missing
    """
    chain, key, roots = settings.LEDGER_SIGNER_CHAIN, settings.LEDGER_SIGNER_KEY, settings.LEDGER_SIGNER_ROOTS
    configured = []
    if chain and key and roots:
        configured.append(Held(Path(chain), Path(roots), key, is_imported=False))
    elif chain or key or roots:
        raise SignerHalfConfigured
    imported = [
        _imported(folder)
        for folder in (signers_folder().iterdir() if signers_folder().is_dir() else ())
        if not folder.name.startswith(".")  # of an import that died
    ]
    return (*configured, *sorted(imported, key=lambda one: one.leaf.not_valid_before_utc, reverse=True))


def _imported(folder: Path) -> Held:
    elsewhere = folder / _KEY_ELSEWHERE
    key = elsewhere.read_text().strip() if elsewhere.exists() else str(folder / _KEY)
    return Held(folder / _CHAIN, folder / _ROOTS, key, is_imported=True)


def load(one: Held, *, at: datetime) -> Identity:
    """
    Read a signer and let its key prove that it is the certificate's.

    :raises certificates.CertificateRefused: the chain cannot sign claims, or the key is another's
    :raises tokens.TokenRefused: the key is in a token that does not give it
    """
    return certificates.identity_of(
        chain_pem=one.chain.read_text(), roots_pem=one.roots.read_text(), sign=key_of(one.key), at=at
    )


def key_of(where: str) -> Callable[[bytes], bytes]:
    """
    Return how a key signs that lies in a file or, under a PKCS#11 URI, in a token.

    :raises certificates.KeyUnreadable: the file holds no key of the right form
    :raises tokens.TokenRefused: the URI is not understood, or the token does not give the key
    """
    if where.startswith(tokens.SCHEME):
        return tokens.key(where, pin=_pin)
    return certificates.signing_with(certificates.read_key(Path(where).read_bytes()))


def _pin() -> str | None:
    """Return the PIN of the token: from a file or the environment, and never from a row, a URI or the log."""
    if settings.LEDGER_PKCS11_PIN_FILE:
        return Path(settings.LEDGER_PKCS11_PIN_FILE).read_text().rstrip("\r\n")
    return settings.LEDGER_PKCS11_PIN or None


def is_development() -> bool:
    """Whether files are signed by this installation's own certificate authority."""
    return not held()


def development_folder() -> Path:
    """Return where the development identity lies."""
    return settings.KEYS_DIR / "signing"


def signers_folder() -> Path:
    """Return where imported signers lie, a folder each."""
    return settings.KEYS_DIR / "signers"


def keep(digest: str, *, chain_pem: str, roots_pem: str, key: str) -> None:
    """Put a signer's files where imported ones lie, whole or not at all; a key in a file is copied, and closed."""
    files = {_CHAIN: chain_pem.encode(), _ROOTS: roots_pem.encode()}
    if key.startswith(tokens.SCHEME):
        files[_KEY_ELSEWHERE] = f"{key}\n".encode()
    else:
        files[_KEY] = Path(key).read_bytes()
    certificates.write_folder(signers_folder() / digest[:16], files)


# --- Whom we believe ---


def trust() -> Trust:
    """
    Return the lists that files are verified with; they hold whether or not anybody can sign now.

    :raises SignerHalfConfigured, AuthorityHalfConfigured: settings that belong together are missing
    """
    own = [certificates.development_roots(development_folder()), *(one.roots.read_text() for one in held())]
    stampers = [certificates.development_roots(stamping_folder())]
    if has_authority():
        stampers += _texts(settings.LEDGER_TSA_ROOTS)
    return Trust(
        own=_joined(own),
        signers=_joined([*own, *_texts(settings.LEDGER_TRUSTED_SIGNERS)]),
        authorities=_joined([*stampers, *_texts(settings.LEDGER_TRUSTED_AUTHORITIES)]),
    )


def _texts(path: str | None) -> list[str]:
    return [Path(path).read_text()] if path else []


def _joined(texts: Iterable[str]) -> str:
    found = dict.fromkeys(one for text in texts if text for one in certificates.read_pem(text))
    return certificates.pem_of(found)


# --- Who stamps ---


def has_authority() -> bool:
    """
    Whether an authority for time stamps is configured.

    :raises AuthorityHalfConfigured: only its address or only its roots are
    """
    given = (settings.LEDGER_TSA_URL, settings.LEDGER_TSA_ROOTS)
    if any(given) and not all(given):
        raise AuthorityHalfConfigured
    return all(given)


def stamps() -> bool:
    """Whether signed files get a time stamp: by the authority configured, else on development by one of our own."""
    return has_authority() or is_development()


def development_authority(*, at: datetime) -> TimeAuthority:
    """Return the authority for time stamps that this installation made for itself; its clock is this machine's."""
    return TimeAuthority(certificates.load_or_create_development_stamper(stamping_folder(), at=at))


def stamping_folder() -> Path:
    """Return where the development authority for time stamps lies."""
    return settings.KEYS_DIR / "stamping"
