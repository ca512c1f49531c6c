"""
Time stamps (RFC 3161) of manifests: asking for one, checking the answer, and writing it into the signed bytes.

A signature proves who signed, not when. Without a time stamp a file stops being trusted on the day the signer's
certificate ends; with one it stays trusted, since an authority vouches that the signature was there before.

The C2PA SDK can only ask while it signs, and then an authority that is away fails the signing. So we sign first. The
SDK leaves room in the signature's unprotected header, which no hash covers; the token goes there afterwards, in the
form that C2PA calls ``sigTst2``, and no length changes.

An answer comes from outside. It is checked here from its first byte to the root of the authority, before the SDK,
which trusts a time by whatever list is configured, sees it. Not checked: whether the authority's certificate was
revoked.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from provenance import certificates
from provenance.certificates import MALFORMED, CertificateRefused
from provenance.jumbf import NoSignerFound, Signature, signature_of

MEDIA_TYPE_OF_QUERY: Final = "application/timestamp-query"
MEDIA_TYPE_OF_REPLY: Final = "application/timestamp-reply"
MAX_ANSWER_BYTES: Final = 64 * 1024  # a manifest has room for some nine thousand
CLOCKS_DIFFER: Final = timedelta(minutes=5)
_LONGEST_CHAIN: Final = 6
_KEPT: Final = frozenset({"pad", "pad2"})  # what the SDK puts into the unprotected header: room

# What reading bytes that are no DER of these types can raise.
_MALFORMED: Final = (*MALFORMED, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)

_HASHES: Final[dict[str, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


class Response(core.Sequence):  # type: ignore[misc] # the library has no types
    """What an authority answers (RFC 3161 §2.4.2); the library's own cannot be without a token, as a refusal is."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


class TimestampRefused(Exception):
    """The time stamp does not prove what it should."""

    code: ClassVar[str] = "timestamp_refused"


class AnswerTooLarge(TimestampRefused):
    """The authority's answer is larger than any time stamp."""

    code = "answer_too_large"


class AnswerUnreadable(TimestampRefused):
    """The authority's answer is not a time stamp response (RFC 3161)."""

    code = "answer_unreadable"


class NotGranted(TimestampRefused):
    """The authority did not grant a time stamp."""

    code = "not_granted"


class OtherMessage(TimestampRefused):
    """The time stamp is of other bytes than those that were asked about."""

    code = "other_message"


class OtherNonce(TimestampRefused):
    """The time stamp does not answer this question: its nonce is another's, or missing."""

    code = "other_nonce"


class OtherPolicy(TimestampRefused):
    """The time stamp was made under another policy than the one that was asked for."""

    code = "other_policy"


class NoCertificates(TimestampRefused):
    """The time stamp does not carry the authority's certificate, although it was asked for; nobody could check it."""

    code = "no_certificates"


class StampForged(TimestampRefused):
    """The time stamp's signature does not hold, or covers something else."""

    code = "stamp_forged"


class NotForStamping(TimestampRefused):
    """The authority's certificate must be critically for time stamping and for nothing else."""

    code = "not_for_stamping"


class AuthorityNotInForce(TimestampRefused):
    """The time of the stamp lies outside the validity of the certificates that vouch for it."""

    code = "authority_not_in_force"


class AuthorityUnknown(TimestampRefused):
    """The time stamp does not lead to a root on our list of authorities."""

    code = "authority_unknown"
    stamp: Stamp | None = None  # what it says all the same, which nobody should rely on


class WrongTime(TimestampRefused):
    """The time of the stamp is not between the signing and now; compare the clocks."""

    code = "wrong_time"


class NoRoom(TimestampRefused):
    """The time stamp does not fit into the room that was left for it; ask an authority with a shorter chain."""

    code = "no_room"


class NoStamp(TimestampRefused):
    """There is no time stamp in this manifest."""

    code = "no_stamp"


class AlreadyStamped(TimestampRefused):
    """This manifest has its time stamp."""

    code = "already_stamped"


class ManifestNotStampable(TimestampRefused):
    """The manifest's signature is not of the form that takes a time stamp."""

    code = "manifest_not_stampable"


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of an authority, and what its answer is checked against."""

    imprint: bytes  # SHA-256 of the bytes to be stamped
    nonce: int
    policy: str | None  # the authority's own, where none is asked for
    der: bytes


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp that was checked."""

    token: bytes  # DER, as it goes into the manifest
    at: datetime
    policy: str
    authority: str  # organization, common name
    authority_digest: str  # SHA-256 of the authority's certificate in DER, hex

    @property
    def token_digest(self) -> str:
        """Return the SHA-256 of the token, as hex."""
        return hashlib.sha256(self.token).hexdigest()


# --- Asking ---


def ask(manifest: bytes, label: str, *, policy: str | None = None) -> Query:
    """
    Return what to ask an authority so that it stamps the signature of a manifest.

    :raises ManifestNotStampable: the manifest is not formed as it should be
    """
    return ask_for(hashlib.sha256(_message(_signature(manifest, label))).digest(), policy=policy)


def ask_for(imprint: bytes, *, policy: str | None = None) -> Query:
    """Return what to ask an authority about bytes of which this is the SHA-256; each query has a nonce of its own."""
    nonce = secrets.randbits(64) | 1 << 63  # of full length: some authorities drop leading zeros
    fields: dict[str, Any] = {
        "version": "v1",
        "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": imprint},
        "nonce": nonce,
        "cert_req": True,
    }
    if policy is not None:
        fields["req_policy"] = policy
    return Query(imprint, nonce, policy, bytes(tsp.TimeStampReq(fields).dump()))


def _signature(manifest: bytes, label: str) -> Signature:
    try:
        return signature_of(manifest, label)
    except NoSignerFound as error:
        raise ManifestNotStampable(ManifestNotStampable.__doc__) from error


def _message(signed: Signature) -> bytes:
    """Return the bytes that a ``sigTst2`` is over: a countersignature's structure around the signature as CBOR."""
    parts = (_text("CounterSignature"), _bytes(signed.protected), _bytes(b""), _bytes(_bytes(signed.signature)))
    return b"\x84" + b"".join(parts)


# --- Checking ---


def check_answer(
    answer: bytes, query: Query, *, roots: Sequence[x509.Certificate], signed_at: datetime, at: datetime
) -> Stamp:
    """
    Check an authority's answer, in this order, and return its time stamp.

    1. It is not larger than an answer can be, can be read to its last byte, and grants what was asked.
    2. The token is about our bytes, answers this very question, and under the policy that was asked for.
    3. It carries the authority's certificate, whose key made its signature, over these very contents.
    4. That certificate is critically for time stamping and nothing else, and leads to one of ``roots``; all of
       them were in force at the time of the stamp.
    5. That time is not before the signing, nor after now, but for what clocks may differ.

    :raises TimestampRefused: a subclass names what does not hold
    """
    if len(answer) > MAX_ANSWER_BYTES:
        raise AnswerTooLarge(f"{AnswerTooLarge.__doc__} It has {len(answer):,} bytes or more.")
    try:
        response = Response.load(answer, strict=True)
        status = str(response["status"]["status"].native)
        said = _said(response["status"])
        token = response["time_stamp_token"]
        der = None if isinstance(token, core.Void) else bytes(token.dump())
    except _MALFORMED as error:
        raise AnswerUnreadable(AnswerUnreadable.__doc__) from error
    if status not in {"granted", "granted_with_mods"}:
        raise NotGranted(f"{NotGranted.__doc__} It says: {said or status}.")
    if der is None:
        raise AnswerUnreadable(f"{AnswerUnreadable.__doc__} It grants a time stamp and holds none.")
    stamp, info = _check_token(der, {"sha256": query.imprint}, roots=roots)
    if info.nonce != query.nonce:
        raise OtherNonce(OtherNonce.__doc__)
    if query.policy is not None and stamp.policy != query.policy:
        raise OtherPolicy(f"{OtherPolicy.__doc__} It says {stamp.policy}, and not {query.policy}.")
    if not signed_at - CLOCKS_DIFFER <= stamp.at <= at + CLOCKS_DIFFER:
        raise WrongTime(f"{WrongTime.__doc__} It says {stamp.at.isoformat()}.")
    return stamp


def read(manifest: bytes, label: str, *, roots: Sequence[x509.Certificate]) -> Stamp:
    """
    Return the time stamp inside a manifest, which may come from anybody.

    :raises NoStamp: there is none
    :raises TimestampRefused: another subclass names what does not hold; of a stranger's, most often the root
    """
    signed = _signature(manifest, label)
    match signed.unprotected.get("sigTst2"):
        case {"tstTokens": [{"val": bytes() as der}]}:
            if len(der) > MAX_ANSWER_BYTES:
                raise AnswerTooLarge(AnswerTooLarge.__doc__)
            message = _message(signed)
            return _check_token(der, {name: hashlib.new(name, message).digest() for name in _HASHES}, roots=roots)[0]
    raise NoStamp(NoStamp.__doc__)


def is_stamped(manifest: bytes, label: str) -> bool:
    """Whether there is something beside a manifest's signature that is called a time stamp, whatever it proves."""
    try:
        return not {"sigTst", "sigTst2"}.isdisjoint(signature_of(manifest, label).unprotected)
    except NoSignerFound:
        return False


@dataclass(frozen=True, slots=True)
class _Info:
    nonce: int | None


def _said(status: Any) -> str:
    """Return the authority's own words, short and printable."""
    words = " ".join(str(line) for line in status["status_string"].native or ())
    failure = ", ".join(sorted(status["fail_info"].native or ()))
    return "".join(c if c.isprintable() else " " for c in (words or failure))[:120]


def _check_token(
    der: bytes, imprints: Mapping[str, bytes], *, roots: Sequence[x509.Certificate]
) -> tuple[Stamp, _Info]:
    try:
        content = cms.ContentInfo.load(der, strict=True)
        if content["content_type"].native != "signed_data":
            raise AnswerUnreadable(AnswerUnreadable.__doc__)
        signed = content["content"]
        encapsulated = signed["encap_content_info"]
        if encapsulated["content_type"].native != "tst_info":
            raise AnswerUnreadable(AnswerUnreadable.__doc__)
        contents = bytes(encapsulated["content"])
        info = tsp.TSTInfo.load(contents, strict=True)
        algorithm = info["message_imprint"]["hash_algorithm"]["algorithm"].native
        hashed = info["message_imprint"]["hashed_message"].native
        nonce, policy, at = info["nonce"].native, str(info["policy"].dotted), info["gen_time"].native
        has_unknown = any(e["critical"].native for e in info["extensions"] or ())
        embedded = [bytes(c.chosen.dump()) for c in signed["certificates"] or () if c.name == "certificate"]
        [signer] = signed["signer_infos"]
        is_signer = _names(signer["sid"])
        _check_frame(signed, signer)
    except TimestampRefused:
        raise
    except _MALFORMED as error:
        raise AnswerUnreadable(AnswerUnreadable.__doc__) from error
    if algorithm not in imprints or hashed != imprints[algorithm]:
        raise OtherMessage(OtherMessage.__doc__)
    if has_unknown or not isinstance(at, datetime):
        raise AnswerUnreadable(f"{AnswerUnreadable.__doc__} It has a critical extension or no time.")
    try:
        chain = [x509.load_der_x509_certificate(one) for one in embedded[: 2 * _LONGEST_CHAIN]]
        leaf = next((one for one in chain if is_signer(one)), None)
    except MALFORMED as error:
        raise AnswerUnreadable(f"{AnswerUnreadable.__doc__} A certificate cannot be read.") from error
    if leaf is None:
        raise NoCertificates(NoCertificates.__doc__)
    try:
        _check_signature(signer, contents, leaf)
    except _MALFORMED as error:
        raise StampForged(StampForged.__doc__) from error
    if not all(one == leaf or any(certificates.issued(other, by=one) for other in chain) for one in chain):
        raise AnswerUnreadable(f"{AnswerUnreadable.__doc__} It carries a certificate that its signer does not rest on.")
    stamp = Stamp(der, at, policy, certificates.called(leaf), certificates.certificate_digest(leaf))
    try:
        _check_authority(leaf, chain, roots, at=at)
    except AuthorityUnknown as unknown:
        unknown.stamp = stamp
        raise
    return stamp, _Info(nonce)


def _check_frame(signed: Any, signer: Any) -> None:
    """Check what stands around the signature and is not signed: versions, and the one algorithm (RFC 5652 §5)."""
    [listed] = signed["digest_algorithms"]
    named, version = signer["digest_algorithm"], {"issuer_and_serial_number": "v1", "subject_key_identifier": "v3"}
    is_formed = (
        listed["algorithm"].native == named["algorithm"].native
        and listed["parameters"].native is None
        and signer["version"].native == version[signer["sid"].name]
    )
    if not is_formed:
        raise AnswerUnreadable(AnswerUnreadable.__doc__)


def _names(sid: Any) -> Callable[[x509.Certificate], bool]:
    """Return what tells whether a certificate is the one that a signer's identifier names."""
    if sid.name == "issuer_and_serial_number":
        issuer, serial = bytes(sid.chosen["issuer"].dump()), int(sid.chosen["serial_number"].native)
        return lambda one: one.issuer.public_bytes() == issuer and one.serial_number == serial
    wanted = bytes(sid.chosen.native)

    def has_key_identifier(one: x509.Certificate) -> bool:
        found = certificates.extension(one, x509.SubjectKeyIdentifier)
        return found is not None and found.value.digest == wanted

    return has_key_identifier


def _check_signature(signer: Any, contents: bytes, leaf: x509.Certificate) -> None:
    """Check that the leaf's key signed these contents, and says that it is this certificate's (RFC 5035)."""
    digest_name = str(signer["digest_algorithm"]["algorithm"].native)
    if digest_name not in _HASHES:
        raise StampForged(f"{StampForged.__doc__} It is hashed with {digest_name}.")
    # The bytes that came, before anything looks inside: what was read may be written otherwise. Tagged as the SET that
    # was signed (RFC 5652 §5.4).
    signed = b"\x31" + bytes(signer["signed_attrs"].dump())[1:]
    attributes: dict[str, Any] = {}
    for attribute in signer["signed_attrs"]:
        if attribute["type"].native in attributes or len(attribute["values"]) != 1:
            raise StampForged(StampForged.__doc__)  # said twice, two readers may take different ones
        attributes[attribute["type"].native] = attribute["values"][0]
    if (
        attributes["content_type"].native != "tst_info"
        or attributes["message_digest"].native != hashlib.new(digest_name, contents).digest()
        or not _is_named(leaf, attributes)
    ):
        raise StampForged(StampForged.__doc__)
    signature, algorithm = bytes(signer["signature"].native), signer["signature_algorithm"]
    if not _verifies(leaf, signature, signed, algorithm, digest_name):
        raise StampForged(StampForged.__doc__)


def _is_named(leaf: x509.Certificate, attributes: dict[str, Any]) -> bool:
    """Whether the signed attributes name this certificate as the signer's; the first of a list is the signer's."""
    der = leaf.public_bytes(serialization.Encoding.DER)
    named: list[tuple[str, bytes]] = []
    if "signing_certificate_v2" in attributes:
        first = attributes["signing_certificate_v2"]["certs"][0]
        named.append((str(first["hash_algorithm"]["algorithm"].native), bytes(first["cert_hash"].native)))
    if "signing_certificate" in attributes:
        named.append(("sha1", bytes(attributes["signing_certificate"]["certs"][0]["cert_hash"].native)))
    return bool(named) and all(hashlib.new(name, der).digest() == value for name, value in named)


def _verifies(leaf: x509.Certificate, signature: bytes, data: bytes, algorithm: Any, digest_name: str) -> bool:
    key, name = leaf.public_key(), str(algorithm["algorithm"].native)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            chosen = name.removesuffix("_ecdsa") if name != "ecdsa" else digest_name
            if not name.endswith("ecdsa") or chosen not in _HASHES:
                return False
            key.verify(signature, data, ec.ECDSA(_HASHES[chosen]()))
        elif isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
            if name == "rsassa_pss":
                given = algorithm["parameters"]
                pss = padding.PSS(
                    padding.MGF1(_HASHES[given["mask_gen_algorithm"]["parameters"]["algorithm"].native]()),
                    int(given["salt_length"].native),
                )
                key.verify(signature, data, pss, _HASHES[given["hash_algorithm"]["algorithm"].native]())
            else:
                chosen = digest_name if name == "rsassa_pkcs1v15" else name.removesuffix("_rsa")
                if chosen not in _HASHES:
                    return False
                key.verify(signature, data, padding.PKCS1v15(), _HASHES[chosen]())
        else:
            return False  # C2PA knows no Ed25519 for time stamps
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _check_authority(
    leaf: x509.Certificate, embedded: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], *, at: datetime
) -> None:
    try:
        certificates.check_readable(leaf)
        purposes = certificates.extension(leaf, x509.ExtendedKeyUsage)
        constraints = certificates.extension(leaf, x509.BasicConstraints)
    except CertificateRefused as error:
        raise NotForStamping(f"{NotForStamping.__doc__} {error}") from error
    only = [x509.oid.ExtendedKeyUsageOID.TIME_STAMPING]
    if purposes is None or not purposes.critical or list(purposes.value) != only:
        raise NotForStamping(f"{NotForStamping.__doc__} It is {certificates.called(leaf)}.")
    if constraints is not None and constraints.value.ca:
        raise NotForStamping(f"{NotForStamping.__doc__} {certificates.called(leaf)} is an authority.")
    chain = [leaf]
    while len(chain) < _LONGEST_CHAIN:
        above = next((one for one in embedded if one not in chain and certificates.issued(chain[-1], by=one)), None)
        if above is None:
            break
        chain.append(above)
    try:
        certificates.check_path(_up_to_a_root(chain, roots), roots, at=at)
    except (certificates.CertificateExpired, certificates.CertificateNotYetValid) as error:
        raise AuthorityNotInForce(f"{AuthorityNotInForce.__doc__} {error}") from error
    except CertificateRefused as error:
        raise AuthorityUnknown(f"{AuthorityUnknown.__doc__} {error}") from error


def _up_to_a_root(chain: list[x509.Certificate], roots: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Cut a chain where it first reaches a root: what strangers put above it is nothing to us."""
    for place, one in enumerate(chain):
        if one in roots or any(certificates.issued(one, by=root) for root in roots):
            return chain[: place + 1]
    return chain


# --- Writing it into the manifest ---


def insert(manifest: bytes, label: str, token: bytes) -> bytes:
    """
    Return the manifest with the token in the room that was left for it; its length stays the same.

    :raises ManifestNotStampable: the signature is not of the form that takes one
    :raises AlreadyStamped: there is one
    :raises NoRoom: it does not fit
    """
    signed = _signature(manifest, label)
    if "sigTst2" in signed.unprotected or "sigTst" in signed.unprotected:
        raise AlreadyStamped(AlreadyStamped.__doc__)
    if not set(signed.unprotected) <= _KEPT:
        raise ManifestNotStampable(ManifestNotStampable.__doc__)
    length = signed.end - signed.start
    for more in range(4):  # beside one field of padding, some lengths cannot be reached
        room = length - len(_with_token(signed, token, 0, more))
        for size in range(max(0, room - 5), room + 1):
            whole = _with_token(signed, token, size, more)
            if len(whole) == length:
                return manifest[: signed.start] + whole + manifest[signed.end :]
    raise NoRoom(f"{NoRoom.__doc__} It has {len(token):,} bytes.")


def _with_token(signed: Signature, token: bytes, pad: int, more: int) -> bytes:
    stamp = b"\xa1" + _text("tstTokens") + b"\x81\xa1" + _text("val") + _bytes(token)
    fields = [(_text("sigTst2"), stamp), (_text("pad"), _bytes(bytes(pad)))]
    if more:
        fields.append((_text("pad2"), _bytes(bytes(more))))
    unprotected = _head(5, len(fields)) + b"".join(name + value for name, value in fields)
    # Tag 18, four parts: the payload is the claim, which is elsewhere (RFC 9052 §4.2).
    return b"\xd2\x84" + _bytes(signed.protected) + unprotected + b"\xf6" + _bytes(signed.signature)


def _bytes(value: bytes) -> bytes:
    return _head(2, len(value)) + value


def _text(value: str) -> bytes:
    return _head(3, len(value)) + value.encode()


def _head(major: int, count: int) -> bytes:
    """Return the head of a CBOR item in its shortest form (RFC 8949 §3)."""
    if count < 24:
        return bytes([major << 5 | count])
    width = next(width for width in (1, 2, 4, 8) if count < 1 << 8 * width)
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[width]]) + count.to_bytes(width, "big")
