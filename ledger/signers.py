"""Changing who signs: importing a chain, handing over to it before the old one ends, and what to watch meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID, uuid5

from django.db import connection, transaction
from django.db.models import QuerySet

from ledger import identity, jobs, log
from ledger.models import Entry, Job
from provenance import certificates
from provenance.certificates import CertificateRefused, Identity
from provenance.models import SignerChange

_NAMESPACE = UUID("0f4b0a52-2b5a-5d53-8f0c-6d4b1f0f7a10")
_ONE_AT_A_TIME = 0x7369676E  # an advisory lock: two who note a change at once write it once

SOON = timedelta(days=60)  # a new certificate of the C2PA program takes weeks
URGENT = timedelta(days=14)


class HandsOverTooLate(Exception):
    """The certificate that signs now ends before the new one begins to sign; choose an earlier moment."""


class HandsOverInThePast(Exception):
    """The new certificate cannot begin to sign in the past: the log would tell otherwise."""


class AlreadyImported(Exception):
    """This certificate was imported; `rotate_signer --to` lets it sign."""


class NoSuchSigner(Exception):
    """No certificate of this digest was imported, or several begin like this; `check_signers` lists them."""


class NothingToIssue(Exception):
    """A real certificate signs here, and only its authority issues the next: `import_signer` takes it in."""


# --- Changing ---


def import_chain(
    *, chain: Path, key: str, roots: Path, active_from: datetime | None = None, at: datetime
) -> SignerChange:
    """
    Take in a real chain and say from when it signs; until then, whoever signs now goes on.

    :param key: the path of a private key, or a PKCS#11 URI
    :param active_from: now, where none is given
    :raises certificates.CertificateRefused: the chain cannot sign claims; a subclass names the mistake
    :raises tokens.TokenRefused: the token does not give the key
    :raises HandsOverInThePast, HandsOverTooLate: the moment leaves a gap, or is past
    :raises AlreadyImported: it is here
    """
    begins = active_from or at
    found = certificates.identity_of(
        chain_pem=chain.read_text(), roots_pem=roots.read_text(), sign=identity.key_of(key), at=max(begins, at)
    )
    if any(one.certificate_digest == found.certificate_digest for one in identity.held() if one.is_imported):
        raise AlreadyImported(AlreadyImported.__doc__)
    _check_moment(begins, at)
    identity.keep(found.certificate_digest, chain_pem=found.chain_pem, roots_pem=found.roots_pem, key=key)
    return _hand_over(found, active_from=begins, is_development=False, at=at)


def rotate(*, to: str | None = None, active_from: datetime | None = None, at: datetime) -> SignerChange:
    """
    Let another certificate sign: one that was imported, named by the beginning of its digest, or a new development one.

    :raises NoSuchSigner: no imported certificate is called so
    :raises NothingToIssue: none is named, and real ones are not issued here
    :raises HandsOverInThePast, HandsOverTooLate: the moment leaves a gap, or is past
    """
    begins = active_from or at
    if to is None:
        if not identity.is_development() or active_from is not None:
            raise NothingToIssue(NothingToIssue.__doc__)
        renewed = certificates.renew(identity.development_folder(), at=at)
        return _hand_over(renewed, active_from=at, is_development=True, at=at)
    named = [one for one in identity.held() if one.certificate_digest.startswith(to)]
    if len(named) != 1:
        raise NoSuchSigner(NoSuchSigner.__doc__)
    _check_moment(begins, at)
    found = identity.load(named[0], at=max(begins, at))
    return _hand_over(found, active_from=begins, is_development=False, at=at)


def _check_moment(begins: datetime, at: datetime) -> None:
    if begins < at:
        raise HandsOverInThePast(HandsOverInThePast.__doc__)
    now = identity.in_force(at=at).first()
    # Of a development certificate nobody waits for the end, and an end that has come leaves no gap to widen.
    if now and not now.is_development and at < now.expires_at < begins:
        raise HandsOverTooLate(f"{HandsOverTooLate.__doc__} It ends at {now.expires_at.isoformat()}.")


def _hand_over(found: Identity, *, active_from: datetime, is_development: bool, at: datetime) -> SignerChange:
    with transaction.atomic(durable=True):
        return _record(
            found.certificate_digest,
            active_from=active_from,
            expires_at=found.expires_at,
            is_development=is_development,
            at=at,
        )


def note(certificate_digest: str, *, expires_at: datetime, at: datetime) -> SignerChange | None:
    """
    Record that a certificate signs, in the transaction of what it signed, unless the log has it as the one that does.

    A certificate may change without a command: the settings name another file, or the development one was renewed.
    """
    if _signs(certificate_digest, at=at):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
    if _signs(certificate_digest, at=at):  # somebody noted it meanwhile
        return None
    is_development = identity.is_development()
    return _record(certificate_digest, active_from=at, expires_at=expires_at, is_development=is_development, at=at)


def _signs(digest: str, *, at: datetime) -> bool:
    return identity.in_force(at=at).values_list("certificate_digest", flat=True).first() == digest


def _record(
    digest: str, *, active_from: datetime, expires_at: datetime, is_development: bool, at: datetime
) -> SignerChange:
    before = identity.in_force(at=active_from).first()
    change = SignerChange.objects.create(
        id=uuid5(_NAMESPACE, f"{digest} {active_from.isoformat()}"),
        certificate_digest=digest,
        replaces=before.certificate_digest if before else "",
        is_development=is_development,
        active_from=active_from,
        expires_at=expires_at,
        recorded_at=at,
    )
    said = {
        "certificate": f"sha256:{digest}",
        "replaces": f"sha256:{change.replaces}" if change.replaces else None,
        "is_development": is_development,
    }
    log.append(Entry.Kind.SIGNER_CHANGED, change, said, at=at)
    return change


# --- Watching ---


class Urgency(StrEnum):
    """How much of a hurry there is."""

    SOON = "soon"
    URGENT = "urgent"


@dataclass(frozen=True)
class Concern:
    """Something about keys and time that somebody should do something about, and what."""

    urgency: Urgency
    sentence: str


@dataclass(frozen=True)
class Listed:
    """A certificate that signs, signed or will sign."""

    subject: str
    certificate_digest: str
    active_from: datetime | None  # None where the log has nothing of it yet
    expires_at: datetime
    signs_now: bool
    signs_later: bool
    is_development: bool


@dataclass(frozen=True)
class Watch:
    """Who signs, who stamps, what waits, and what to do."""

    listed: tuple[Listed, ...]
    trusted_signers: tuple[str, ...]  # roots by name
    trusted_authorities: tuple[str, ...]
    authority: str  # in words
    waiting: int  # signed files without their time stamp
    concerns: tuple[Concern, ...]

    @property
    def is_urgent(self) -> bool:
        """Whether something cannot wait."""
        return any(one.urgency is Urgency.URGENT for one in self.concerns)


def watch(*, at: datetime) -> Watch:
    """Return what there is to know about keys and time stamps; it reads, and no key is asked to sign."""
    concerns: list[Concern] = []
    listed: tuple[Listed, ...] = ()
    try:
        listed = _listed(at)
        concerns += _ends(listed, at)
        trust = identity.trust()
    except (
        identity.SignerHalfConfigured,
        identity.AuthorityHalfConfigured,
        CertificateRefused,
        OSError,
        UnicodeDecodeError,
    ) as error:
        concerns.append(Concern(Urgency.URGENT, f"Nothing can be signed or verified: {str(error) or error.__doc__}"))
        trust = identity.Trust("", "", "")
    waiting = _open().count()
    concerns += _delays(waiting)
    return Watch(
        listed=listed,
        trusted_signers=_names(trust.signers),
        trusted_authorities=_names(trust.authorities),
        authority=_authority(),
        waiting=waiting,
        concerns=tuple(concerns),
    )


def _listed(at: datetime) -> tuple[Listed, ...]:
    changes = {one.certificate_digest: one for one in SignerChange.objects.order_by("active_from", "recorded_at")}
    held = identity.held()
    leaves = [(one.leaf, False) for one in held] or [
        (leaf, True) for leaf in certificates.development_leaf(identity.development_folder())
    ]
    here = {certificates.certificate_digest(leaf) for leaf, _ in leaves}
    in_force = identity.in_force(at=at).values_list("certificate_digest", flat=True)
    signing = next((digest for digest in in_force if digest in here), None)
    if signing is None and leaves:
        signing = certificates.certificate_digest(leaves[0][0])
    return tuple(
        Listed(
            subject=certificates.called(leaf),
            certificate_digest=digest,
            active_from=changes[digest].active_from if digest in changes else None,
            expires_at=leaf.not_valid_after_utc,
            signs_now=digest == signing,
            signs_later=digest in changes and changes[digest].active_from > at,
            is_development=is_development,
        )
        for leaf, is_development in leaves
        for digest in (certificates.certificate_digest(leaf),)
    )


def _ends(listed: tuple[Listed, ...], at: datetime) -> list[Concern]:
    """Tell of a certificate that ends and has no successor. A development one is renewed by itself."""
    now = next((one for one in listed if one.signs_now), None)
    if now is None or now.is_development:
        return []
    left = now.expires_at - at
    day = f"{now.expires_at:%Y-%m-%d %H:%M} UTC"
    if left <= timedelta(0):
        sentence = f"The certificate that signs ended on {day}: nothing is signed. Import its successor: import_signer."
        return [Concern(Urgency.URGENT, sentence)]
    successor = any(
        one.active_from and at < one.active_from <= now.expires_at < one.expires_at for one in listed if one is not now
    )
    if left > SOON or successor:
        return []
    sentence = (
        f"The certificate that signs ends in {left.days} days, on {day}, and none follows. "
        "Get its successor and take it in before that day: import_signer."
    )
    return [Concern(Urgency.URGENT if left <= URGENT else Urgency.SOON, sentence)]


def _open() -> QuerySet[Job]:
    return Job.objects.filter(kind=Job.Kind.STAMP, done_at=None)


def _delays(count: int) -> list[Concern]:
    concerns = []
    failing = _open().filter(given_up_at=None, error__startswith=jobs.AUTHORITY_FAILED).order_by("run_at").first()
    if failing:
        sentence = (
            f"{count} signed files wait for their time stamp; the authority is asked again at "
            f"{failing.run_at:%H:%M} UTC. Last: {failing.error}"
        )
        concerns.append(Concern(Urgency.SOON, sentence))
    given_up = _open().filter(given_up_at__isnull=False).count()
    if given_up:
        sentence = f"{given_up} signed files get no time stamp: it was tried five times. See the errors of their jobs."
        concerns.append(Concern(Urgency.SOON, sentence))
    if not _has_authority():
        sentence = (
            "Signed files get no time stamp, so they stop being trusted when the certificate that signed them ends. "
            "Set LEDGER_TSA_URL and LEDGER_TSA_ROOTS."
        )
        concerns.append(Concern(Urgency.SOON, sentence))
    return concerns


def _has_authority() -> bool:
    try:
        return identity.stamps()
    except (identity.SignerHalfConfigured, identity.AuthorityHalfConfigured, CertificateRefused, OSError):
        return True  # which is said elsewhere


def _authority() -> str:
    try:
        if identity.has_authority():
            return "the authority of LEDGER_TSA_URL"
        return "a development authority of this installation's own making" if identity.is_development() else "nobody"
    except (identity.SignerHalfConfigured, identity.AuthorityHalfConfigured, CertificateRefused, OSError):
        return "not configured whole"


def _names(pem: str) -> tuple[str, ...]:
    return tuple(certificates.called(one) for one in certificates.read_pem(pem)) if pem else ()
