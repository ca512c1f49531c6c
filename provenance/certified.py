"""
The certificate of an output: one signed statement that says what was delivered, on what it rests, and where it is
logged.

It is a JWT (RFC 7519) in the compact form of JWS (RFC 7515), since JSON is what the log, the manifests and the API of
this service speak, and every language has a library for it; COSE would be the second binary format to explain. The
header has exactly three members, so nothing in it can lead a reader elsewhere:

    alg   ES256, ES384, ES512, PS256 or EdDSA: how the signer's key signs
    typ   output-certificate+jwt, so that no other token of anybody's passes for one (RFC 8725 §3.11)
    x5c   the signer's chain, leaf first, root left out: the identity that signs the C2PA manifests too

The payload is RFC 8785 canonical JSON; any other bytes of it are refused:

    v            1
    iss          the name of the log
    sub          the manifest's label, urn:c2pa:<uuid>
    jti          the certificate's id
    iat, exp     issued at, holds until: seconds since 1970; never longer than the signer's own certificate
    submission   the output's id
    decision     {"id", "outcome", "policy", "evidence", "decided_at"}
    files        [{"sha256", "media_type", "manifest_sha256", "is_embedded"}]: what was delivered, the newest first
    bindings     [{"alg", "value"}], only where the output has soft bindings: how a stripped copy is found again, each
                 as its algorithm defines it, in base64
    licenses     [ids]
    disclosure   {"source_type", "components": {component: none, partly or all}}: who or what made it
    splits       SHA-256 of the splits' document
    log          {"origin", "index", "entry", "receipt"}: the decision's entry, and its c2sp.org/tlog-proof@v1
    status_url   where it says whether this still stands

No person is in it, and nothing that could lead to one: ids, digests and the words of vocabularies. Whoever keeps one
can check it without us (``ledger-verify``), except for what became of it since, which only the status says.

What became of it can be signed too: a status (output-status+jwt) holds for an hour and may be kept beside the
certificate. Its payload has v, iss, sub, iat, exp, status, reason, since and status_url.

Pure. It reads tokens that may be hostile, and checks everything but the log's proof, which is ``ledger.verify``'s.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from provenance import certificates
from provenance.certificates import MALFORMED, Algorithm, CertificateRefused, Identity

VERSION: Final = 1
TYPE: Final = "output-certificate+jwt"
STATUS_TYPE: Final = "output-status+jwt"
MEDIA_TYPE: Final = "application/jwt"  # RFC 7519 §10.3.1
LIFE: Final = timedelta(days=180)
STATUS_LIFE: Final = timedelta(hours=1)
MAX_BYTES: Final = 256 * 1024  # an entry of the log alone may have 64 KiB, and is written twice over
MAX_CHAIN: Final = 6
LATEST: Final = 253_402_300_800  # the year 10000, beyond which there is no date to speak of

_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_LABEL: Final = re.compile(r"urn:c2pa:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class NotCertified(Exception):
    """This certificate does not hold."""

    code: ClassVar[str] = "not_certified"


class TooLarge(NotCertified):
    """A certificate has at most 256 KiB."""

    code = "too_large"


class NotACertificate(NotCertified):
    """This is not a certificate: three parts in base64url with dots between them, header and payload in JSON."""

    code = "not_a_certificate"


class WrongAlgorithm(NotCertified):
    """A certificate is signed with ES256, ES384, ES512, PS256 or EdDSA, and never with none or a shared secret."""

    code = "wrong_algorithm"


class WrongType(NotCertified):
    """The token says that it is something else than a certificate of an output."""

    code = "wrong_type"


class UnknownHeader(NotCertified):
    """The header of a certificate has alg, typ and x5c, and nothing else."""

    code = "unknown_header"


class NoChain(NotCertified):
    """The header names no chain of certificates that can be read."""

    code = "no_chain"


class SignatureFails(NotCertified):
    """The signature does not fit: the certificate was changed, or somebody else signed it."""

    code = "signature_fails"


class NotAStatement(NotCertified):
    """The payload is not what a certificate of version 1 says, in the only bytes that it can have."""

    code = "not_a_statement"


class SignerRefused(NotCertified):
    """The signer's chain does not lead to the roots that you trust, or was not valid when it signed."""

    code = "signer_refused"


class OutlivesItsSigner(NotCertified):
    """The certificate says that it holds for longer than its signer's own."""

    code = "outlives_its_signer"


class NotYetValid(NotCertified):
    """The certificate was issued at a moment that lies ahead."""

    code = "not_yet_valid"


class Expired(NotCertified):
    """The certificate has expired; its status address leads to the one that followed."""

    code = "expired"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was delivered: its bytes and its manifest's by their digests."""

    digest: str  # SHA-256, hex
    media_type: str
    manifest_digest: str
    is_embedded: bool


@dataclass(frozen=True, slots=True)
class Binding:
    """A soft binding: what a copy without its manifest still has."""

    algorithm: str  # of C2PA's list, or ours
    value: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about the output, by which policy, on which evidence."""

    id: UUID
    outcome: str
    policy: str
    evidence_digest: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """The entry of the decision, byte for byte, and the text that shows it to be in the log."""

    origin: str
    index: int
    entry: str
    receipt: str


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything that a certificate says."""

    id: UUID
    label: str
    issued_at: datetime
    expires_at: datetime
    submission_id: UUID
    decision: Decided
    files: tuple[File, ...]
    bindings: tuple[Binding, ...]
    licenses: tuple[UUID, ...]
    source_type: str
    components: tuple[tuple[str, str], ...]
    splits_digest: str
    log: Proof
    status_url: str

    @property
    def manifest_id(self) -> UUID:
        """The UUID of the manifest's label."""
        return UUID(self.label.removeprefix("urn:c2pa:"))


@dataclass(frozen=True, slots=True)
class StatusStatement:
    """What a manifest stood for at a moment, as it is signed."""

    origin: str
    label: str
    status: str
    reason: str  # empty: from the beginning
    since: datetime | None
    issued_at: datetime
    expires_at: datetime
    status_url: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A certificate that holds: what it says, and who signed it."""

    statement: Statement
    signer: str
    algorithm: str


# --- Writing ---


def lasts_until(identity: Identity, *, issued_at: datetime) -> datetime:
    """Return until when a certificate holds that is issued now: half a year, but not beyond its signer's own."""
    return min(issued_at + LIFE, identity.expires_at).replace(microsecond=0)


def sign(statement: Statement, identity: Identity) -> str:
    """
    Return the certificate.

    The key may be a KMS's or an HSM's: it gets the bytes to be signed and nothing else.

    :raises NotCertified: the signed certificate does not hold when it is read back; nothing was issued
    """
    token = _sealed(claims(statement), TYPE, identity)
    if read(token, roots_pem=identity.roots_pem, at=statement.issued_at).statement != statement:
        raise NotAStatement(NotAStatement.__doc__)
    return token


def sign_status(said: StatusStatement, identity: Identity) -> str:
    """Return a signed status: good for an hour, and for whoever asks about a certificate where no network is."""
    document = {
        "v": VERSION,
        "iss": said.origin,
        "sub": said.label,
        "iat": int(said.issued_at.timestamp()),
        "exp": int(said.expires_at.timestamp()),
        "status": said.status,
        "reason": said.reason,
        "since": None if said.since is None else int(said.since.timestamp()),
        "status_url": said.status_url,
    }
    return _sealed(document, STATUS_TYPE, identity)


def _sealed(document: Mapping[str, Any], kind: str, identity: Identity) -> str:
    chain = x509.load_pem_x509_certificates(identity.chain_pem.encode())
    header = {
        "alg": identity.algorithm.value,
        "typ": kind,
        "x5c": [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in chain],
    }
    said = f"{_encoded(rfc8785.dumps(header))}.{_encoded(rfc8785.dumps(dict(document)))}"
    return f"{said}.{_encoded(_raw(identity.sign(said.encode()), chain[0]))}"


def claims(statement: Statement) -> dict[str, Any]:
    """Return the payload of a certificate as it is written."""
    bindings = [{"alg": one.algorithm, "value": one.value} for one in statement.bindings]
    return {
        "v": VERSION,
        "iss": statement.log.origin,
        "sub": statement.label,
        "jti": str(statement.id),
        "iat": int(statement.issued_at.timestamp()),
        "exp": int(statement.expires_at.timestamp()),
        "submission": str(statement.submission_id),
        "decision": {
            "id": str(statement.decision.id),
            "outcome": statement.decision.outcome,
            "policy": statement.decision.policy,
            "evidence": statement.decision.evidence_digest,
            "decided_at": int(statement.decision.decided_at.timestamp()),
        },
        "files": [
            {
                "sha256": one.digest,
                "media_type": one.media_type,
                "manifest_sha256": one.manifest_digest,
                "is_embedded": one.is_embedded,
            }
            for one in statement.files
        ],
        **({"bindings": bindings} if bindings else {}),
        "licenses": [str(one) for one in statement.licenses],
        "disclosure": {"source_type": statement.source_type, "components": dict(statement.components)},
        "splits": statement.splits_digest,
        "log": {
            "origin": statement.log.origin,
            "index": statement.log.index,
            "entry": statement.log.entry,
            "receipt": statement.log.receipt,
        },
        "status_url": statement.status_url,
    }


def _raw(signature: bytes, leaf: x509.Certificate) -> bytes:
    """Return a signature as JWS wants it: ECDSA as r||s (RFC 7518 §3.4), where a KMS may give DER."""
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return signature
    width = (key.curve.key_size + 7) // 8
    if len(signature) == 2 * width:
        return signature
    r, s = utils.decode_dss_signature(signature)
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# --- Reading ---


def looks_like_one(data: bytes) -> bool:
    """Whether these bytes are a compact JWS at all, good or bad; to tell files apart."""
    return data[:2] == b"ey" and data.count(b".") == 2


def read(token: str, *, roots_pem: str, at: datetime) -> Opened:
    """
    Return what a certificate says, if it holds at a moment. It checks, in this order:

    1. It is a compact JWS of a bearable size, and its parts are the only way to write what they say.
    2. The header says that it is a certificate, signed with an algorithm of ours, and brings a chain.
    3. The signature fits the chain's leaf.
    4. The payload is a statement of version 1.
    5. The chain leads to one of the roots, may sign claims, and was valid when the statement was issued.
    6. The statement does not outlive the signer; it was issued before ``at``, and holds at ``at``.

    Not checked: that the entry is in the log and says the same, that a file is the one, revocation, and what became of
    it since. The first two are checked by ``ledger.verify``; the last is the status's.

    :raises NotCertified: a subclass names what does not hold
    :raises CertificateRefused: the roots are no certificates
    """
    roots = _roots(roots_pem)
    algorithm, chain, said = _unsealed(token, TYPE)
    statement = _statement(said)
    _check_chain_and_time(chain, roots, statement.issued_at, statement.expires_at, at=at)
    return Opened(statement, _called(chain[0]), algorithm)


def read_status(token: str, *, roots_pem: str, at: datetime) -> StatusStatement:
    """
    Return what a signed status says, if it holds at a moment: the same checks, in the same order, as of a certificate.

    :raises NotCertified: a subclass names what does not hold
    :raises CertificateRefused: the roots are no certificates
    """
    roots = _roots(roots_pem)
    _, chain, said = _unsealed(token, STATUS_TYPE)
    document = _members(said, "v iss sub iat exp status reason since status_url")
    if _whole(document["v"]) != VERSION or not isinstance(document["reason"], str):
        raise NotAStatement(NotAStatement.__doc__)
    statement = StatusStatement(
        origin=_text(document["iss"]),
        label=_matching(_LABEL, document["sub"]),
        status=_text(document["status"]),
        reason=document["reason"],
        since=None if document["since"] is None else _moment(document["since"]),
        issued_at=_moment(document["iat"]),
        expires_at=_moment(document["exp"]),
        status_url=_text(document["status_url"]),
    )
    _check_chain_and_time(chain, roots, statement.issued_at, statement.expires_at, at=at)
    return statement


def _called(leaf: x509.Certificate) -> str:
    """Return organization and name of a signer; the chain's check has seen that both are there."""
    wanted = (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    return ", ".join(str(one.value) for oid in wanted for one in leaf.subject.get_attributes_for_oid(oid))


def _unsealed(token: str, kind: str) -> tuple[str, list[x509.Certificate], Mapping[str, Any]]:
    head, body, signature = _parts(token)
    algorithm, chain = _checked_header(_object(head, NotACertificate), kind)
    _check_signature(token, chain[0], algorithm)
    if not signature:
        raise SignatureFails(SignatureFails.__doc__)
    return algorithm, chain, _object(body, NotAStatement)


def _check_chain_and_time(
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    issued_at: datetime,
    expires_at: datetime,
    *,
    at: datetime,
) -> None:
    try:
        certificates.check_chain(chain, roots, at=issued_at)
    except CertificateRefused as error:
        raise SignerRefused(f"{SignerRefused.__doc__} {error}") from error
    if expires_at > chain[0].not_valid_after_utc:
        raise OutlivesItsSigner(OutlivesItsSigner.__doc__)
    if issued_at > at:
        raise NotYetValid(f"{NotYetValid.__doc__} It is {issued_at:%Y-%m-%d %H:%M} UTC.")
    if expires_at <= at:
        raise Expired(f"{Expired.__doc__} It held until {expires_at:%Y-%m-%d %H:%M} UTC.")


def unchecked(token: str) -> Statement:
    """
    Return what a token of our own store says. It checks no signature: never call it with what came from outside.

    :raises NotCertified: it is not written as a certificate
    """
    return _statement(_object(_parts(token)[1], NotAStatement))


def _roots(pem: str) -> list[x509.Certificate]:
    if "BEGIN CERTIFICATE" not in pem:
        raise certificates.NoCertificate(certificates.NoCertificate.__doc__)
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except MALFORMED as error:
        raise certificates.MalformedCertificate(f"{certificates.MalformedCertificate.__doc__} {error}") from error


def _parts(token: str) -> tuple[bytes, bytes, bytes]:
    if len(token) > MAX_BYTES:
        raise TooLarge(TooLarge.__doc__)
    found = _COMPACT.fullmatch(token)
    if found is None:
        raise NotACertificate(NotACertificate.__doc__)
    head, body, signature = (_decoded(part) for part in found.groups())
    return head, body, signature


def _decoded(part: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError) as error:
        raise NotACertificate(NotACertificate.__doc__) from error
    if _encoded(data) != part:  # other spare bits: a second way to write the same bytes
        raise NotACertificate(NotACertificate.__doc__)
    return data


def _object(data: bytes, refusal: type[NotCertified]) -> Mapping[str, Any]:
    """Parse JSON that must be in its canonical form, so that two readers cannot read two things."""
    try:
        document = json.loads(data.decode())
        canonical = rfc8785.dumps(document)
    except (ValueError, RecursionError, rfc8785.CanonicalizationError) as error:
        raise refusal(refusal.__doc__) from error
    if canonical != data or not isinstance(document, dict):
        raise refusal(refusal.__doc__)
    return document


def _checked_header(header: Mapping[str, Any], kind: str) -> tuple[str, list[x509.Certificate]]:
    algorithm = header.get("alg")
    if algorithm not in [one.value for one in Algorithm]:
        raise WrongAlgorithm(f"{WrongAlgorithm.__doc__} It says {str(algorithm)[:20]!r}.")
    if header.get("typ") != kind:
        raise WrongType(f"{WrongType.__doc__} It says {str(header.get('typ'))[:40]!r}.")
    if header.keys() - {"alg", "typ", "x5c"}:
        raise UnknownHeader(UnknownHeader.__doc__)
    chain = header.get("x5c")
    if not isinstance(chain, list) or not 1 <= len(chain) <= MAX_CHAIN:
        raise NoChain(NoChain.__doc__)
    try:
        return str(algorithm), [x509.load_der_x509_certificate(base64.b64decode(one, validate=True)) for one in chain]
    except (TypeError, binascii.Error, *MALFORMED) as error:
        raise NoChain(f"{NoChain.__doc__} {error}") from error


def _check_signature(token: str, leaf: x509.Certificate, algorithm: str) -> None:
    signed = JWS()
    signed.allowed_algs = [algorithm]
    try:
        signed.deserialize(token, key=JWK.from_pyca(leaf.public_key()), alg=algorithm)
    except (JWException, *MALFORMED) as error:
        raise SignatureFails(SignatureFails.__doc__) from error


# --- The statement, member by member ---

_MEMBERS: Final = {
    *("v", "iss", "sub", "jti", "iat", "exp"),
    *("submission", "decision", "files", "licenses", "disclosure", "splits", "log", "status_url"),
}
_LEVELS: Final = frozenset({"none", "partly", "all"})


def _statement(said: Mapping[str, Any]) -> Statement:
    if said.keys() - {"bindings"} != _MEMBERS or _whole(said["v"]) != VERSION:
        raise NotAStatement(NotAStatement.__doc__)
    decision = _members(said["decision"], "id outcome policy evidence decided_at")
    disclosure = _members(said["disclosure"], "source_type components")
    log = _members(said["log"], "origin index entry receipt")
    components = _mapping(disclosure["components"])
    if not set(map(_text, components.values())) <= _LEVELS or said["iss"] != log["origin"]:
        raise NotAStatement(NotAStatement.__doc__)
    files = [_members(one, "sha256 media_type manifest_sha256 is_embedded") for one in _list(said["files"], least=1)]
    bindings = [_members(one, "alg value") for one in _list(said["bindings"], least=1)] if "bindings" in said else []
    return Statement(
        id=_uuid(said["jti"]),
        label=_matching(_LABEL, said["sub"]),
        issued_at=_moment(said["iat"]),
        expires_at=_moment(said["exp"]),
        submission_id=_uuid(said["submission"]),
        decision=Decided(
            id=_uuid(decision["id"]),
            outcome=_text(decision["outcome"]),
            policy=_text(decision["policy"]),
            evidence_digest=_matching(_HEX, decision["evidence"]),
            decided_at=_moment(decision["decided_at"]),
        ),
        files=tuple(
            File(
                digest=_matching(_HEX, one["sha256"]),
                media_type=_text(one["media_type"]),
                manifest_digest=_matching(_HEX, one["manifest_sha256"]),
                is_embedded=_boolean(one["is_embedded"]),
            )
            for one in files
        ),
        bindings=tuple(Binding(_text(one["alg"]), _text(one["value"])) for one in bindings),
        licenses=tuple(_uuid(one) for one in _list(said["licenses"])),
        source_type=_text(disclosure["source_type"]),
        components=tuple(sorted((_text(name), _text(level)) for name, level in components.items())),
        splits_digest=_matching(_HEX, said["splits"]),
        log=Proof(
            origin=_text(log["origin"]),
            index=_whole(log["index"]),
            entry=_text(log["entry"]),
            receipt=_text(log["receipt"]),
        ),
        status_url=_text(said["status_url"]),
    )


def _checked(holds: Callable[[Any], bool], value: Any) -> Any:
    if not holds(value):
        raise NotAStatement(NotAStatement.__doc__)
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return dict(_checked(lambda one: isinstance(one, dict), value))


def _members(value: Any, names: str) -> Mapping[str, Any]:
    return dict(_checked(lambda one: isinstance(one, dict) and one.keys() == set(names.split()), value))


def _list(value: Any, *, least: int = 0) -> Sequence[Any]:
    return list(_checked(lambda one: isinstance(one, list) and len(one) >= least, value))


def _text(value: Any) -> str:
    return str(_checked(lambda one: isinstance(one, str) and one != "", value))


def _boolean(value: Any) -> bool:
    return bool(_checked(lambda one: isinstance(one, bool), value))


def _whole(value: Any) -> int:
    return int(_checked(lambda one: isinstance(one, int) and not isinstance(one, bool) and one >= 0, value))


def _moment(value: Any) -> datetime:
    return datetime.fromtimestamp(_checked(lambda one: _whole(one) < LATEST, value), tz=UTC)


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    return str(_checked(lambda one: pattern.fullmatch(one) is not None, _text(value)))


def _uuid(value: Any) -> UUID:
    try:
        found = UUID(_text(value))
    except ValueError as error:
        raise NotAStatement(NotAStatement.__doc__) from error
    return UUID(str(_checked(lambda one: str(found) == one, value)))
