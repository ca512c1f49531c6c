"""
The certificates that sign manifests: reading a real chain, and issuing a development one.

A chain is checked before it signs anything, because the C2PA SDK accepts several certificates that it
should not (a time-stamping certificate, an expired root) and answers most mistakes with the same sentence.

The profile is the one of the C2PA conformance program for claim-signing certificates (assurance level 1):
an end entity with digitalSignature, the claim-signing or e-mail or document-signing purpose and no other,
both key identifiers, at most 366 days. A development chain follows it except for what only a member of the
program can state: the policy, the assurance level and the address of a revocation service.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

CLAIM_SIGNING = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")  # c2pa-kp-claimSigning
DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
CLAIM_PURPOSES = frozenset({CLAIM_SIGNING, DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION})

# What reading a certificate that is none can raise; it is read lazily, so any access may.
MALFORMED = (
    ValueError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)

LONGEST_LIFE = timedelta(days=366)
RENEW_BEFORE = timedelta(days=30)

_Kind = TypeVar("_Kind", bound=x509.ExtensionType)

_DEVELOPMENT_ORGANIZATION = "AI Music Ledger (development)"
_ROOTS_FILE = "roots.pem"
_POSSESSION = b"AI Music Ledger asks: does this key belong to this certificate?"


class CertificateRefused(Exception):
    """The certificate chain or its key cannot sign claims."""

    code: ClassVar[str] = "certificate_refused"


class NoCertificate(CertificateRefused):
    """The file holds no certificate in PEM; it needs the leaf first, then its issuers."""

    code = "no_certificate"


class MalformedCertificate(CertificateRefused):
    """A certificate cannot be read."""

    code = "malformed_certificate"


class LeafIsAuthority(CertificateRefused):
    """The first certificate does not say that it is no authority; the leaf comes first, with CA=false."""

    code = "leaf_is_authority"


class WrongKeyUsage(CertificateRefused):
    """The leaf's key usage must be critical and hold digitalSignature, and no right to sign certificates."""

    code = "wrong_key_usage"


class WrongPurpose(CertificateRefused):
    """The leaf's purposes must be claim signing, e-mail protection or document signing, and nothing else."""

    code = "wrong_purpose"


class WeakKey(CertificateRefused):
    """The leaf's key must be RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519."""

    code = "weak_key"


class WeakSignature(CertificateRefused):
    """A certificate is signed with an algorithm that C2PA does not allow; it needs SHA-2 or Ed25519."""

    code = "weak_signature"


class NoKeyIdentifier(CertificateRefused):
    """The leaf lacks its own or its issuer's key identifier."""

    code = "no_key_identifier"


class UnknownCriticalExtension(CertificateRefused):
    """A certificate holds a critical extension that validators do not know, so they refuse it."""

    code = "unknown_critical_extension"


class NamelessSigner(CertificateRefused):
    """The leaf's subject needs an organization and a common name: readers show them as the signer."""

    code = "nameless_signer"


class LivesTooLong(CertificateRefused):
    """The leaf is valid for more than 366 days."""

    code = "lives_too_long"


class CertificateExpired(CertificateRefused):
    """A certificate of the chain has expired."""

    code = "certificate_expired"


class CertificateNotYetValid(CertificateRefused):
    """A certificate of the chain is not valid yet."""

    code = "certificate_not_yet_valid"


class ChainBroken(CertificateRefused):
    """Each certificate must be issued by the one after it: leaf first, then its issuers."""

    code = "chain_broken"


class IssuerIsNoAuthority(CertificateRefused):
    """An issuer in the chain may not issue certificates, or not that many below it."""

    code = "issuer_is_no_authority"


class RootUnknown(CertificateRefused):
    """The chain does not end at one of the roots given; an issuing certificate may be missing."""

    code = "root_unknown"


class KeyUnreadable(CertificateRefused):
    """The private key must be PKCS#8 in PEM, not encrypted ("BEGIN PRIVATE KEY")."""

    code = "key_unreadable"


class KeyMismatch(CertificateRefused):
    """The private key is not the one that the leaf certificate names."""

    code = "key_mismatch"


class Algorithm(StrEnum):
    """How the leaf's key signs, in the names of COSE (RFC 9053)."""

    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    PS256 = "PS256"
    EDDSA = "EdDSA"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs: a chain that passed every check, its roots, and a way to sign that may be a KMS or HSM."""

    chain_pem: str  # leaf first, roots left out
    roots_pem: str  # every root whose signatures count, the chain's own among them
    algorithm: Algorithm
    certificate_digest: str  # SHA-256 of the leaf's DER, hex
    subject: str  # organization, common name
    active_from: datetime
    expires_at: datetime
    sign: Callable[[bytes], bytes] = field(repr=False, compare=False)


# --- Reading a chain ---


def load_identity(chain_pem_path: Path, key_pem_path: Path, roots_pem_path: Path, *, at: datetime) -> Identity:
    """
    Read a chain and its private key from files and check both.

    :raises CertificateRefused: a subclass names the mistake
    """
    key = read_key(key_pem_path.read_bytes())
    return identity_of(
        chain_pem=chain_pem_path.read_text(),
        roots_pem=roots_pem_path.read_text(),
        sign=signing_with(key),
        at=at,
    )


def identity_of(*, chain_pem: str, roots_pem: str, sign: Callable[[bytes], bytes], at: datetime) -> Identity:
    """
    Check a chain whose private key is held elsewhere, and ask that key for one signature as proof.

    ``sign`` gets the bytes to be signed and returns the signature: ECDSA as r||s or DER, RSA as PSS with
    SHA-256 and a salt of 32 bytes, Ed25519 as it is. Not checked: revocation, names constrained by an
    issuer, policies.

    :raises CertificateRefused: a subclass names the mistake
    """
    chain, roots = read_pem(chain_pem), read_pem(roots_pem)
    check_chain(chain, roots, at=at)
    leaf = chain[0]
    if not _verifies(leaf.public_key(), sign(_POSSESSION), _POSSESSION):
        raise KeyMismatch(f"{KeyMismatch.__doc__} The certificate is {called(leaf)}.")
    return Identity(
        chain_pem=pem_of(c for c in chain if c not in roots),
        roots_pem=pem_of(roots),
        algorithm=_algorithm(leaf),
        certificate_digest=certificate_digest(leaf),
        subject=called(leaf),
        active_from=leaf.not_valid_before_utc,
        expires_at=leaf.not_valid_after_utc,
        sign=sign,
    )


def certificate_digest(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of the certificate's DER, as hex."""
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def check_chain(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], *, at: datetime) -> None:
    """
    Check a chain against the profile for claim signing, in this order.

    1. Every certificate can be read to its last extension, and no critical one is unknown.
    2. The leaf is an end entity, for signing, for claims and nothing else.
    3. Its key is strong, and both key identifiers are there.
    4. It names who signs, and lives no longer than 366 days.
    5. Every certificate is valid at ``at``; so is the root, which the SDK does not look at.
    6. Each is issued by the next, and each issuer may issue.
    7. The last is one of ``roots`` or issued by one of them.

    :raises CertificateRefused: a subclass names the mistake
    """
    for certificate in (*chain, *roots):
        check_readable(certificate)
    _check_leaf(chain[0])
    check_path(chain, roots, at=at)


def check_path(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], *, at: datetime) -> None:
    """
    Check that a chain, leaf first, leads to a root: steps 5 to 7 of ``check_chain``, for a leaf of any purpose.

    :raises CertificateRefused: a subclass names the mistake
    """
    for certificate in chain:
        _check_valid(certificate, at=at)
    issuers = chain[1:]
    for certificate, issuer in zip(chain, issuers, strict=False):
        if not issued(certificate, by=issuer):
            raise ChainBroken(f"{ChainBroken.__doc__} {called(issuer)} did not issue {called(certificate)}.")
    root = next((r for r in roots if r == chain[-1] or issued(chain[-1], by=r)), None)
    if root is None or root == chain[0]:
        raise RootUnknown(f"{RootUnknown.__doc__} It ends at {called(chain[-1])}.")
    _check_valid(root, at=at)
    authorities = [*issuers, root] if root != chain[-1] else issuers
    for below, authority in enumerate(authorities):
        _check_authority(authority, below=below)


def is_for_claims(certificate: x509.Certificate) -> bool:
    """Tell whether the certificate may sign claims by its purposes; a time-stamping certificate may not."""
    try:
        purposes = set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except (x509.ExtensionNotFound, *MALFORMED):
        return False
    return bool(purposes & CLAIM_PURPOSES) and ExtendedKeyUsageOID.TIME_STAMPING not in purposes


def check_readable(certificate: x509.Certificate) -> None:
    """
    Read a certificate to its last extension; a critical one that nobody knows refuses it.

    :raises MalformedCertificate, UnknownCriticalExtension: it cannot be read, or must not be relied on
    """
    try:
        extensions = list(certificate.extensions)
        certificate.public_key()
        called(certificate)
    except MALFORMED as error:
        raise MalformedCertificate(f"{MalformedCertificate.__doc__} {error}") from error
    for extension in extensions:
        if extension.critical and isinstance(extension.value, x509.UnrecognizedExtension):
            oid = extension.oid.dotted_string
            raise UnknownCriticalExtension(f"{UnknownCriticalExtension.__doc__} It is {oid}.")


def _check_leaf(leaf: x509.Certificate) -> None:
    constraints = extension(leaf, x509.BasicConstraints)
    if constraints is None or constraints.value.ca:
        raise LeafIsAuthority(f"{LeafIsAuthority.__doc__} It is {called(leaf)}.")
    usage = extension(leaf, x509.KeyUsage)
    if usage is None or not usage.critical or not usage.value.digital_signature or usage.value.key_cert_sign:
        raise WrongKeyUsage(WrongKeyUsage.__doc__)
    purposes = extension(leaf, x509.ExtendedKeyUsage)
    if purposes is None or not set(purposes.value) <= CLAIM_PURPOSES:
        found = ", ".join(oid.dotted_string for oid in purposes.value) if purposes else "none"
        raise WrongPurpose(f"{WrongPurpose.__doc__} Found: {found}.")
    _algorithm(leaf)
    if extension(leaf, x509.SubjectKeyIdentifier) is None or extension(leaf, x509.AuthorityKeyIdentifier) is None:
        raise NoKeyIdentifier(NoKeyIdentifier.__doc__)
    if not all(leaf.subject.get_attributes_for_oid(oid) for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)):
        raise NamelessSigner(NamelessSigner.__doc__)
    if leaf.not_valid_after_utc - leaf.not_valid_before_utc > LONGEST_LIFE:
        raise LivesTooLong(LivesTooLong.__doc__)


def _check_valid(certificate: x509.Certificate, *, at: datetime) -> None:
    if at > certificate.not_valid_after_utc:
        until = certificate.not_valid_after_utc.isoformat()
        raise CertificateExpired(f"{CertificateExpired.__doc__} {called(certificate)} ended at {until}.")
    if at < certificate.not_valid_before_utc:
        since = certificate.not_valid_before_utc.isoformat()
        raise CertificateNotYetValid(f"{CertificateNotYetValid.__doc__} {called(certificate)} begins at {since}.")
    allowed = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
    try:
        digest = certificate.signature_hash_algorithm  # None for Ed25519
    except UnsupportedAlgorithm as error:
        raise WeakSignature(f"{WeakSignature.__doc__} It is {called(certificate)}.") from error
    if digest is not None and not isinstance(digest, allowed):
        raise WeakSignature(f"{WeakSignature.__doc__} {called(certificate)} uses {digest.name}.")


def _check_authority(authority: x509.Certificate, *, below: int) -> None:
    constraints, usage = extension(authority, x509.BasicConstraints), extension(authority, x509.KeyUsage)
    if constraints is None or not constraints.value.ca:
        raise IssuerIsNoAuthority(f"{IssuerIsNoAuthority.__doc__} {called(authority)} is no authority.")
    if usage is not None and not usage.value.key_cert_sign:
        raise IssuerIsNoAuthority(f"{IssuerIsNoAuthority.__doc__} {called(authority)} may not sign certificates.")
    if constraints.value.path_length is not None and constraints.value.path_length < below:
        raise IssuerIsNoAuthority(f"{IssuerIsNoAuthority.__doc__} {called(authority)} has too many below it.")


def extension(certificate: x509.Certificate, kind: type[_Kind]) -> x509.Extension[_Kind] | None:
    """Return an extension of a certificate, None where it has none of this kind."""
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def issued(certificate: x509.Certificate, *, by: x509.Certificate) -> bool:
    """Whether one certificate issued another, by name and signature."""
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def called(certificate: x509.Certificate) -> str:
    """Return the organization and the common name of a certificate's subject."""
    wanted = (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    parts = [str(a.value) for oid in wanted for a in certificate.subject.get_attributes_for_oid(oid)]
    return ", ".join(parts) or "a certificate without a name"


def read_pem(pem: str) -> list[x509.Certificate]:
    """
    Return the certificates in a text, in their order.

    :raises NoCertificate, MalformedCertificate: there is none, or one that cannot be read
    """
    if "BEGIN CERTIFICATE" not in pem:
        raise NoCertificate(NoCertificate.__doc__)
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except MALFORMED as error:
        raise MalformedCertificate(f"{MalformedCertificate.__doc__} {error}") from error


def pem_of(certificates: Iterable[x509.Certificate]) -> str:
    """Return certificates in PEM, one after the other."""
    return "".join(c.public_bytes(serialization.Encoding.PEM).decode() for c in certificates)


# --- Keys ---


def read_key(pem: bytes) -> PrivateKeyTypes:
    """
    Return the private key in a file's content.

    :raises KeyUnreadable: it is not PKCS#8, or encrypted
    """
    if b"BEGIN PRIVATE KEY" not in pem:
        label = next((line for line in pem.decode("ascii", "replace").splitlines() if "BEGIN" in line), "no PEM")
        raise KeyUnreadable(f"{KeyUnreadable.__doc__} Found: {label[:60]}.")
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnreadable(KeyUnreadable.__doc__) from error


def _algorithm(leaf: x509.Certificate) -> Algorithm:
    key = leaf.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        curves = {"secp256r1": Algorithm.ES256, "secp384r1": Algorithm.ES384, "secp521r1": Algorithm.ES512}
        if key.curve.name in curves:
            return curves[key.curve.name]
    elif isinstance(key, rsa.RSAPublicKey):
        if key.key_size >= 2048:
            return Algorithm.PS256
    elif isinstance(key, ed25519.Ed25519PublicKey):
        return Algorithm.EDDSA
    raise WeakKey(WeakKey.__doc__)


_HASHES: dict[int, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    256: hashes.SHA256,
    384: hashes.SHA384,
    521: hashes.SHA512,
}
_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)  # COSE fixes the salt at the digest's length (RFC 8230 §2)


def signing_with(key: PrivateKeyTypes) -> Callable[[bytes], bytes]:
    """Return how a private key in memory signs, in the forms of COSE."""

    def sign(data: bytes) -> bytes:
        if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size in _HASHES:
            r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(_HASHES[key.curve.key_size]())))
            width = (key.curve.key_size + 7) // 8
            return r.to_bytes(width, "big") + s.to_bytes(width, "big")  # COSE wants r||s (RFC 9053 §2.1)
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(data, _PSS, hashes.SHA256())
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(data)
        raise WeakKey(WeakKey.__doc__)

    return sign


def _verifies(key: CertificatePublicKeyTypes, signature: bytes, data: bytes) -> bool:
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            width = (key.curve.key_size + 7) // 8
            if len(signature) == 2 * width:
                r, s = (int.from_bytes(half, "big") for half in (signature[:width], signature[width:]))
                signature = utils.encode_dss_signature(r, s)
            key.verify(signature, data, ec.ECDSA(_HASHES[key.curve.key_size]()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, _PSS, hashes.SHA256())
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True


# --- Development ---


@dataclass(frozen=True, slots=True)
class _Profile:
    """What a development authority issues: for what, and for how long. A leaf stands under an issuer or the root."""

    role: str
    purposes: tuple[ObjectIdentifier, ...]
    is_critical: bool
    days: int
    file: str  # private key and chain in one file, so that one rename replaces both
    has_issuer: bool


_SIGNER = _Profile(
    "signer", (CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION), False, 365, "signing.pem", has_issuer=True
)
# Ten years: a time stamp is worth what its certificate is, and nobody else relies on this one. No issuer between, so
# that the token is short.
_STAMPER = _Profile("time stamps", (ExtendedKeyUsageOID.TIME_STAMPING,), True, 3650, "stamping.pem", has_issuer=False)


@dataclass(frozen=True, slots=True)
class Stamper:
    """What an authority for time stamps signs with."""

    certificate: x509.Certificate
    roots_pem: str
    key: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)


def load_or_create_development_identity(folder: Path, *, at: datetime) -> Identity:
    """
    Return this folder's development identity; issue one if there is none, or if it ends within 30 days.

    Files signed with it are trusted only by those who were given this folder's roots: that is what "trusted"
    means for a development identity, and all it means.

    :raises CertificateRefused: the folder's files are damaged; remove the folder to begin again
    """
    with _locked(folder):
        if not (folder / _SIGNER.file).exists():
            return _issue_identity(folder, at=at)
        try:
            identity = _read(folder, at=at)
        except (CertificateExpired, CertificateNotYetValid):
            return _issue_identity(folder, at=at)
        return _issue_identity(folder, at=at) if identity.expires_at - at < RENEW_BEFORE else identity


def renew(folder: Path, *, at: datetime) -> Identity:
    """
    Issue a new development identity in this folder now, and keep trusting the earlier ones.

    A process that holds the earlier identity signs with it until that ends or the process starts again.
    """
    with _locked(folder):
        return _issue_identity(folder, at=at)


def load_or_create_development_stamper(folder: Path, *, at: datetime) -> Stamper:
    """
    Return this folder's development authority for time stamps; issue one if there is none, or if it ends soon.

    It proves nothing to anybody else: its clock is this machine's, and whoever runs this machine sets it.

    :raises CertificateRefused: the folder's files are damaged; remove the folder to begin again
    """
    with _locked(folder):
        if (folder / _STAMPER.file).exists():
            found = _read_stamper(folder)
            if found.certificate.not_valid_before_utc <= at < found.certificate.not_valid_after_utc - RENEW_BEFORE:
                return found
        _issue(folder, _STAMPER, at=at)
        return _read_stamper(folder)


def development_roots(folder: Path) -> str:
    """Return the roots of every identity that was ever issued in a folder, in PEM; empty if there was none."""
    roots = folder / _ROOTS_FILE
    return roots.read_text() if roots.exists() else ""


def development_leaf(folder: Path) -> list[x509.Certificate]:
    """Return the certificate that signs in a folder of a development identity; none before it was first issued."""
    signing = folder / _SIGNER.file
    return read_pem(signing.read_text())[:1] if signing.exists() else []


def _read_stamper(folder: Path) -> Stamper:
    content = (folder / _STAMPER.file).read_bytes()
    key, certificate = read_key(content), read_pem(content.decode())[0]
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise KeyMismatch(KeyMismatch.__doc__)
    return Stamper(certificate, (folder / _ROOTS_FILE).read_text(), key)


def _read(folder: Path, *, at: datetime) -> Identity:
    signing = (folder / _SIGNER.file).read_bytes()
    return identity_of(
        chain_pem=signing.decode(),
        roots_pem=(folder / _ROOTS_FILE).read_text(),
        sign=signing_with(read_key(signing)),
        at=at,
    )


def _issue_identity(folder: Path, *, at: datetime) -> Identity:
    _issue(folder, _SIGNER, at=at)
    return _read(folder, at=at)


def _issue(folder: Path, profile: _Profile, *, at: datetime) -> None:
    """
    Issue root, issuing authority and leaf, and write what has to stay.

    The authorities' private keys are never written and end with this call: nothing here needs a second leaf
    from them, and whoever stole them could sign as anybody this root is trusted for. A renewal therefore
    has a new root, and the earlier roots stay on the list for the files they already signed.
    """
    root_key, issuing_key = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    # "ZZ" belongs to no country (ISO 3166, user-assigned): a development identity must not claim one.
    root_name, issuing_name, leaf_name = (
        x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "ZZ"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, _DEVELOPMENT_ORGANIZATION),
                x509.NameAttribute(NameOID.COMMON_NAME, f"AI Music Ledger development {role}"),
            ]
        )
        for role in (f"{profile.role} root" if profile is _STAMPER else "root", "issuing authority", profile.role)
    )
    life = max(3650, 2 * profile.days)
    root = _certificate(root_name, root_key.public_key(), root_name, root_key, at=at, days=life, path_length=1)
    above, above_name, above_key = [], root_name, root_key
    if profile.has_issuer:
        above = [
            _certificate(issuing_name, issuing_key.public_key(), root_name, root_key, at=at, days=1825, path_length=0)
        ]
        above_name, above_key = issuing_name, issuing_key
    leaf = _certificate(leaf_name, leaf_key.public_key(), above_name, above_key, at=at, profile=profile)

    private = leaf_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Roots first: after a crash between the two writes there is a root without a leaf, which harms nobody.
    # The other way round there would be a leaf that its own folder does not trust.
    write_closed(folder / _ROOTS_FILE, (development_roots(folder) + pem_of([root])).encode())
    write_closed(folder / profile.file, private + pem_of([leaf, *above]).encode())


def _certificate(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    at: datetime,
    days: int = 0,
    path_length: int | None = None,
    profile: _Profile | None = None,
) -> x509.Certificate:
    is_authority = profile is None
    days = days if profile is None else profile.days
    begins = at.replace(microsecond=0) - timedelta(minutes=5)  # another machine's clock may be behind ours
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=path_length), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_authority,
                content_commitment=not is_authority,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=is_authority,
                crl_sign=is_authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if profile is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(profile.purposes), critical=profile.is_critical)
    return builder.sign(issuer_key, hashes.SHA256())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder alone, over processes; the kernel lets go of the lock when its holder dies."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)  # the folder may be older, or the umask wider
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files into a new folder that is closed to others, and is there whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix="."))  # 0700 by contract
    try:
        for name, content in files.items():
            write_closed(temporary / name, content)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def write_closed(path: Path, content: bytes) -> None:
    """Replace a file in one step: closed to others from its first byte, on disk before it has its name."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 by contract
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
