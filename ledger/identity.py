"""Who signs the files: a configured C2PA claim signer, else a development one that this installation made."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from ledger import __version__
from provenance import certificates
from provenance.signing import Signer


class SignerHalfConfigured(Exception):
    """A claim signer needs all three of LEDGER_SIGNER_CHAIN, LEDGER_SIGNER_KEY and LEDGER_SIGNER_ROOTS."""


def signer(*, at: datetime) -> Signer:
    """
    Return who signs today.

    :raises SignerHalfConfigured: some of the three settings are missing
    :raises certificates.CertificateRefused: the configured chain cannot sign claims, or has expired
    """
    key = (at.date(), settings.KEYS_DIR)
    if key not in _READ:
        _READ.clear()
        _READ[key] = _read(at)
    return _READ[key]


_READ: dict[tuple[date, Path], Signer] = {}  # read anew each day, so that expiry is noticed


def _read(at: datetime) -> Signer:
    given = (settings.LEDGER_SIGNER_CHAIN, settings.LEDGER_SIGNER_KEY, settings.LEDGER_SIGNER_ROOTS)
    if all(given):
        chain, key, roots = (Path(str(path)) for path in given)
        identity = certificates.load_identity(chain, key, roots, at=at)
    elif any(given):
        raise SignerHalfConfigured
    else:
        identity = certificates.load_or_create_development_identity(settings.KEYS_DIR / "signing", at=at)
    return Signer(identity=identity, version=__version__)


def is_development() -> bool:
    """Whether files are signed by this installation's own certificate authority."""
    return not settings.LEDGER_SIGNER_CHAIN
