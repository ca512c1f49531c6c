"""A certificate chain …"""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from provenance import certificates
from provenance.certificates import (
    CLAIM_SIGNING,
    DOCUMENT_SIGNING,
    CertificateRefused,
    Identity,
    identity_of,
    load_identity,
    load_or_create_development_identity,
    renew,
)
from provenance.signing import Define, Signer, State, sign, verify
from tests.provenance import pki
from tests.provenance.pki import NOW

DAY = timedelta(days=1)


def identity(chain: pki.Chain, *, chain_pem: str | None = None, roots_pem: str | None = None) -> Identity:
    return identity_of(
        chain_pem=chain_pem or chain.chain_pem,
        roots_pem=roots_pem or chain.roots_pem,
        sign=pki.unchecked(chain).sign,
        at=NOW,
    )


MISTAKES: Mapping[str, tuple[type[CertificateRefused], dict[str, Any]]] = {
    # The SDK accepts these.
    "time stamping only": (certificates.WrongPurpose, {"purposes": [Purpose.TIME_STAMPING]}),
    "server beside e-mail": (
        certificates.WrongPurpose,
        {"purposes": [Purpose.EMAIL_PROTECTION, Purpose.SERVER_AUTH]},
    ),
    "an expired root": (
        certificates.CertificateExpired,
        {"root": {"expires_at": NOW - timedelta(minutes=1)}},
    ),
    "non-repudiation only": (certificates.WrongKeyUsage, {"usage": pki.key_usage(commits=True)}),
    "no basic constraints": (certificates.LeafIsAuthority, {"constraints": False}),
    "no organization": (certificates.NamelessSigner, {"subject": pki.name("Leaf", None)}),
    "no key identifier of its own": (certificates.NoKeyIdentifier, {"without": [x509.SubjectKeyIdentifier]}),
    # The SDK signs with these, and the file is not trusted.
    "an expired issuer": (
        certificates.CertificateExpired,
        {"issuing": {"expires_at": NOW - timedelta(minutes=1)}},
    ),
    "too many below the root": (certificates.IssuerIsNoAuthority, {"root": {"path_length": 0}}),
    "an issuer that is no authority": (
        certificates.IssuerIsNoAuthority,
        {"issuing": {"is_authority": False, "usage": pki.key_usage(certifies=True)}},
    ),
    # The SDK refuses these, most of them in the same words.
    "no purpose": (certificates.WrongPurpose, {"purposes": None}),
    "server only": (certificates.WrongPurpose, {"purposes": [Purpose.SERVER_AUTH]}),
    "code signing": (certificates.WrongPurpose, {"purposes": [Purpose.CODE_SIGNING]}),
    "any purpose": (certificates.WrongPurpose, {"purposes": [Purpose.ANY_EXTENDED_KEY_USAGE]}),
    "e-mail and time stamping": (
        certificates.WrongPurpose,
        {"purposes": [Purpose.EMAIL_PROTECTION, Purpose.TIME_STAMPING]},
    ),
    "no key usage": (certificates.WrongKeyUsage, {"without": [x509.KeyUsage]}),
    "key usage that is not critical": (certificates.WrongKeyUsage, {"usage_is_critical": False}),
    "a leaf that signs certificates": (
        certificates.WrongKeyUsage,
        {"usage": pki.key_usage(signs=True, certifies=True)},
    ),
    "a leaf that is an authority": (
        certificates.LeafIsAuthority,
        {"is_authority": True, "usage": pki.key_usage(signs=True)},
    ),
    "no key identifier of the issuer": (
        certificates.NoKeyIdentifier,
        {"without": [x509.AuthorityKeyIdentifier]},
    ),
    "an unknown critical extension": (
        certificates.UnknownCriticalExtension,
        {"extra": [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True)]},
    ),
    "expired": (certificates.CertificateExpired, {"active_from": NOW - 9 * DAY, "expires_at": NOW - DAY}),
    "not yet valid": (certificates.CertificateNotYetValid, {"active_from": NOW + DAY}),
    "RSA of 1024 bits": (certificates.WeakKey, {"key": rsa.generate_private_key(65537, 1024)}),
    "a curve C2PA does not know": (certificates.WeakKey, {"key": ec.generate_private_key(ec.SECP256K1())}),
    "Ed448": (certificates.WeakKey, {"key": ed448.Ed448PrivateKey.generate()}),
    # The profile asks for more than the SDK.
    "more than 366 days": (certificates.LivesTooLong, {"expires_at": NOW + 367 * DAY}),
    "SHA-224": (certificates.WeakSignature, {"digest": hashes.SHA224()}),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_is_refused_with_the_mistake_by_name(mistake: str) -> None:
    refusal, changes = MISTAKES[mistake]
    with pytest.raises(refusal) as caught:
        identity(pki.chain(**changes))
    assert type(caught.value) is refusal
    assert str(refusal.__doc__) in str(caught.value)


def test_refusals_have_codes_of_their_own() -> None:
    codes = [refusal.code for refusal in CertificateRefused.__subclasses__()]
    assert len(set(codes)) == len(codes)
    assert "certificate_refused" not in codes


@pytest.mark.parametrize(
    "purposes",
    [
        [CLAIM_SIGNING],
        [Purpose.EMAIL_PROTECTION],
        [DOCUMENT_SIGNING],
        [CLAIM_SIGNING, Purpose.EMAIL_PROTECTION],
        [CLAIM_SIGNING, DOCUMENT_SIGNING],
    ],
)
def test_may_sign_claims_by_each_of_three_purposes(purposes: list[x509.ObjectIdentifier]) -> None:
    assert identity(pki.chain(purposes=purposes)).algorithm == "ES256"


def test_in_the_wrong_order_is_refused() -> None:
    chain = pki.chain()
    with pytest.raises(certificates.LeafIsAuthority):
        identity(chain, chain_pem=pki.pem(chain.issuing, chain.leaf))
    with pytest.raises(certificates.ChainBroken):
        identity(chain, chain_pem=pki.pem(chain.leaf, chain.root, chain.issuing))


def test_without_its_issuer_is_refused() -> None:
    chain = pki.chain()
    with pytest.raises(certificates.RootUnknown):
        identity(chain, chain_pem=pki.pem(chain.leaf))


def test_under_another_root_is_refused() -> None:
    with pytest.raises(certificates.RootUnknown):
        identity(pki.chain(), roots_pem=pki.chain().roots_pem)


def test_of_one_certificate_signed_by_itself_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = pki.name("Self")
    leaf = pki.certificate(name, key.public_key(), name, key)
    chain = pki.Chain(key, leaf, leaf, leaf)
    with pytest.raises(certificates.RootUnknown):
        identity(chain, chain_pem=pki.pem(leaf))


def test_may_end_with_its_root() -> None:
    chain = pki.chain()
    whole = identity(chain, chain_pem=pki.pem(chain.leaf, chain.issuing, chain.root))
    assert whole == identity(chain)
    assert whole.chain_pem == chain.chain_pem


@pytest.mark.parametrize("content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n"])
def test_that_is_no_certificate_is_refused(content: str) -> None:
    with pytest.raises((certificates.NoCertificate, certificates.MalformedCertificate)):
        identity(pki.chain(), roots_pem=content or " ")


@pytest.mark.filterwarnings("ignore::UserWarning")  # the library warns of what it will refuse one day
def test_with_any_bit_changed_is_refused_and_never_an_error() -> None:
    chain = pki.chain()
    content = chain.leaf.public_bytes(serialization.Encoding.DER)
    signed_part = len(chain.leaf.tbs_certificate_bytes)
    for position in range(0, signed_part, 5):
        changed = bytearray(content)
        changed[position + 4] ^= 0x11
        armored = ssl.DER_cert_to_PEM_cert(bytes(changed))
        with pytest.raises(CertificateRefused):
            identity(chain, chain_pem=armored + pki.pem(chain.issuing))


# --- Keys ---


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (ec.generate_private_key(ec.SECP521R1()), "ES512"),
        (rsa.generate_private_key(65537, 2048), "PS256"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    ],
)
def test_signs_with_every_kind_of_key(
    *, clips: Mapping[str, Path], define: Define, tmp_path: Path, key: Any, algorithm: str
) -> None:
    who = identity(pki.chain(key=key))
    assert who.algorithm == algorithm
    sign(clips["audio/mpeg"], tmp_path / "out", "audio/mpeg", define, signer=Signer(who, "0.1.0"))
    assert verify(tmp_path / "out", "audio/mpeg", roots_pem=who.roots_pem).state is State.TRUSTED


def write(folder: Path, chain: pki.Chain, key: bytes) -> tuple[Path, Path, Path]:
    paths = folder / "chain.pem", folder / "key.pem", folder / "roots.pem"
    for path, content in zip(paths, (chain.chain_pem.encode(), key, chain.roots_pem.encode()), strict=True):
        path.write_bytes(content)
    return paths


def test_is_read_from_files(tmp_path: Path) -> None:
    chain = pki.chain()
    assert load_identity(*write(tmp_path, chain, chain.key_pem), at=NOW) == identity(chain)


def test_with_the_key_of_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(certificates.KeyMismatch):
        load_identity(*write(tmp_path, pki.chain(), pki.chain().key_pem), at=NOW)


@pytest.mark.parametrize("kind", ["SEC1", "encrypted", "no key", "damaged"])
def test_with_a_key_that_cannot_be_read_is_refused(tmp_path: Path, kind: str) -> None:
    chain = pki.chain()
    keys = {
        "SEC1": chain.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ),
        "encrypted": chain.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"word"),
        ),
        "no key": b"no key",
        "damaged": chain.key_pem.replace(b"M", b"Q", 1),
    }
    with pytest.raises(certificates.KeyUnreadable, match="PKCS#8"):
        load_identity(*write(tmp_path, chain, keys[kind]), at=NOW)


def test_shows_no_key_when_printed() -> None:
    assert "sign" not in repr(identity(pki.chain())).replace("signer", "").replace("Signer", "")


# --- The development identity ---


def test_of_development_signs_and_is_trusted_by_its_own_roots_only(
    clips: Mapping[str, Path], define: Define, tmp_path: Path
) -> None:
    who = load_or_create_development_identity(tmp_path / "keys", at=NOW)
    assert who.expires_at - who.active_from <= certificates.LONGEST_LIFE
    path = tmp_path / "out"
    sign(clips["audio/flac"], path, "audio/flac", define, signer=Signer(who, "0.1.0"))
    found = verify(path, "audio/flac", roots_pem=who.roots_pem)
    assert found.state is State.TRUSTED
    assert found.signer
    assert found.signer.organization == "AI Music Ledger (development)"
    assert verify(path, "audio/flac", roots_pem=pki.chain().roots_pem).state is State.VALID


def test_of_development_is_kept_closed_to_others_and_without_the_authorities_keys(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o755)
    load_or_create_development_identity(folder, at=NOW)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "roots.pem", "signing.pem"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert "".join(path.read_text() for path in folder.iterdir()).count("PRIVATE KEY-----") == 2  # begin and end


def test_of_development_stays_the_same_until_thirty_days_before_its_end(tmp_path: Path) -> None:
    first = load_or_create_development_identity(tmp_path, at=NOW)
    last_day = first.expires_at - certificates.RENEW_BEFORE
    assert load_or_create_development_identity(tmp_path, at=last_day) == first
    assert load_or_create_development_identity(tmp_path, at=last_day + timedelta(seconds=1)) != first


@pytest.mark.parametrize("at", [NOW + 400 * DAY, NOW - 400 * DAY], ids=["expired", "not yet valid"])
def test_of_development_is_issued_again_when_it_is_not_in_force(tmp_path: Path, at: Any) -> None:
    load_or_create_development_identity(tmp_path, at=NOW)
    second = load_or_create_development_identity(tmp_path, at=at)
    assert second.active_from <= at <= second.expires_at


def test_of_development_once_renewed_still_trusts_what_was_signed_before(
    clips: Mapping[str, Path], define: Define, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    first = load_or_create_development_identity(keys, at=NOW)
    sign(clips["audio/mpeg"], tmp_path / "before", "audio/mpeg", define, signer=Signer(first, "0.1.0"))
    second = renew(keys, at=NOW)
    sign(clips["audio/mpeg"], tmp_path / "after", "audio/mpeg", define, signer=Signer(second, "0.1.0"))
    assert second.certificate_digest != first.certificate_digest
    for name in ("before", "after"):
        assert verify(tmp_path / name, "audio/mpeg", roots_pem=second.roots_pem).state is State.TRUSTED
    assert load_or_create_development_identity(keys, at=NOW) == second


def test_of_development_survives_a_crash_between_its_two_files(tmp_path: Path) -> None:
    first = load_or_create_development_identity(tmp_path, at=NOW)
    stray = pki.chain().roots_pem  # the root of a renewal that never wrote its leaf
    (tmp_path / "roots.pem").write_text(first.roots_pem + stray)
    assert load_or_create_development_identity(tmp_path, at=NOW).certificate_digest == first.certificate_digest
    (tmp_path / "signing.pem").unlink()
    assert load_or_create_development_identity(tmp_path, at=NOW).roots_pem.count("BEGIN") == 3


def test_of_development_is_refused_when_damaged(tmp_path: Path) -> None:
    load_or_create_development_identity(tmp_path, at=NOW)
    (tmp_path / "roots.pem").write_text(pki.chain().roots_pem)
    with pytest.raises(certificates.RootUnknown):
        load_or_create_development_identity(tmp_path, at=NOW)


@pytest.mark.slow
def test_of_development_is_one_for_processes_that_begin_together(tmp_path: Path) -> None:
    code = (
        "import sys, datetime, pathlib; from provenance import certificates;"
        "folder, at = pathlib.Path(sys.argv[1]), datetime.datetime.now(datetime.UTC);"
        "print(certificates.load_or_create_development_identity(folder, at=at).certificate_digest)"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) for _ in range(4)]
    assert len({process.communicate()[0] for process in started}) == 1
    assert {process.returncode for process in started} == {0}
