"""Certificates with one mistake each, and identities that hold them although they would be refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provenance.certificates import (
    CLAIM_SIGNING,
    Algorithm,
    Identity,
    certificate_digest,
    signing_with,
)

NOW = datetime.now(UTC).replace(microsecond=0)
LEAF_PURPOSES = (CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION)


def name(common_name: str, organization: str | None = "Example Signer") -> x509.Name:
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "ZZ"),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ]
    if organization:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def key_usage(*, signs: bool = False, certifies: bool = False, commits: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=commits,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def certificate(
    subject: x509.Name,
    public_key: Any,
    issuer: x509.Name,
    issuer_key: Any,
    *,
    is_authority: bool = False,
    path_length: int | None = None,
    constraints: bool = True,
    usage: x509.KeyUsage | None = None,
    usage_is_critical: bool = True,
    purposes: Sequence[x509.ObjectIdentifier] | None = LEAF_PURPOSES,
    purposes_are_critical: bool = False,
    active_from: datetime = NOW - timedelta(minutes=5),
    expires_at: datetime = NOW + timedelta(days=300),
    without: Sequence[type] = (),
    extra: Sequence[tuple[x509.ExtensionType, bool]] = (),
    digest: Any = None,
) -> x509.Certificate:
    usage = usage or key_usage(signs=not is_authority, commits=not is_authority, certifies=is_authority)
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (usage, usage_is_critical),
        (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
        *extra,
    ]
    if constraints:
        extensions.append((x509.BasicConstraints(is_authority, path_length if is_authority else None), True))
    if purposes and not is_authority:
        extensions.append((x509.ExtendedKeyUsage(purposes), purposes_are_critical))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(active_from)
        .not_valid_after(expires_at)
    )
    for value, is_critical in extensions:
        if not isinstance(value, tuple(without)):
            builder = builder.add_extension(value, is_critical)
    is_edwards = "Ed25519" in type(issuer_key).__name__
    return builder.sign(issuer_key, None if is_edwards else digest or hashes.SHA256())


@dataclass(frozen=True)
class Chain:
    key: Any
    leaf: x509.Certificate
    issuing: x509.Certificate
    root: x509.Certificate

    @property
    def chain_pem(self) -> str:
        return pem(self.leaf, self.issuing)

    @property
    def roots_pem(self) -> str:
        return pem(self.root)

    @property
    def key_pem(self) -> bytes:
        pem: bytes = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return pem


def chain(
    *,
    key: Any = None,
    subject: x509.Name | None = None,
    root: dict[str, Any] | None = None,
    issuing: dict[str, Any] | None = None,
    **leaf: Any,
) -> Chain:
    """Make root, issuing authority and leaf, each with whatever mistakes are asked for."""
    root_key, issuing_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    key = key or ec.generate_private_key(ec.SECP256R1())
    above: dict[str, Any] = {"is_authority": True, "expires_at": NOW + timedelta(days=1000)}
    root_name, issuing_name = name("Example Root"), name("Example Issuing")
    return Chain(
        key,
        certificate(subject or name("Example Leaf"), key.public_key(), issuing_name, issuing_key, **leaf),
        certificate(
            issuing_name,
            issuing_key.public_key(),
            root_name,
            root_key,
            **{**above, "path_length": 0, **(issuing or {})},
        ),
        certificate(
            root_name,
            root_key.public_key(),
            root_name,
            root_key,
            **{**above, "path_length": 1, **(root or {})},
        ),
    )


def pem(*certificates: x509.Certificate) -> str:
    return "".join(c.public_bytes(serialization.Encoding.PEM).decode() for c in certificates)


def unchecked(chain: Chain, *, sign: Callable[[bytes], bytes] | None = None) -> Identity:
    """Return an identity that no check has seen, as an attacker or another product would hold."""
    return Identity(
        chain_pem=chain.chain_pem,
        roots_pem=chain.roots_pem,
        algorithm=Algorithm.ES256,
        certificate_digest=certificate_digest(chain.leaf),
        subject="unchecked",
        active_from=chain.leaf.not_valid_before_utc,
        expires_at=chain.leaf.not_valid_after_utc,
        sign=sign or signing_with(chain.key),
    )
