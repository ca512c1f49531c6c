"""
An authority for time stamps (RFC 3161) of our own, for installations that have none, and for tests.

It answers as any other does, and what it says is checked as anybody's is. What it proves is another matter: its
clock is this machine's. A file that it stamped stays trusted, after the signer's certificate ended, by whoever takes
this installation's roots, and by nobody else.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provenance.certificates import Stamper
from provenance.timestamps import Response

# An arc for documentation (RFC 5612's sense): the policy is that there is none.
POLICY: Final = "2.999.1"
MAX_QUERY_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class TimeAuthority:
    """Answers queries for time stamps with a key in memory."""

    stamper: Stamper
    policy: str = POLICY

    def answer(self, query: bytes, *, at: datetime) -> bytes:
        """Return the response to a query; what is no query, or asks for what is not offered, is rejected in one."""
        if len(query) > MAX_QUERY_BYTES:
            return _rejected("bad_data_format")
        try:
            asked = tsp.TimeStampReq.load(query, strict=True)
            imprint, nonce = asked["message_imprint"], asked["nonce"].native
            algorithm, hashed = imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native
            policy, wants_certificate = asked["req_policy"].native, bool(asked["cert_req"].native)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError):
            return _rejected("bad_data_format")
        if algorithm != "sha256" or len(hashed) != hashlib.sha256().digest_size:
            return _rejected("bad_alg")
        if policy not in {None, self.policy}:
            return _rejected("unaccepted_policy")
        info: dict[str, Any] = {
            "version": "v1",
            "policy": self.policy,
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashed},
            "serial_number": secrets.randbits(63),
            "gen_time": at.replace(microsecond=0),
            "accuracy": {"seconds": 1},
        }
        if nonce is not None:
            info["nonce"] = nonce
        token = self.token(tsp.TSTInfo(info).dump(), at=at, has_certificate=wants_certificate)
        response = {"status": {"status": "granted"}, "time_stamp_token": token}
        return bytes(Response(response).dump())

    def token(self, contents: bytes, *, at: datetime, has_certificate: bool = True) -> cms.ContentInfo:
        """Return these contents signed, whatever they say."""
        der = self.stamper.certificate.public_bytes(serialization.Encoding.DER)
        certificate = asn1_x509.Certificate.load(der)
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "signing_time", "values": [cms.Time({"utc_time": at.replace(microsecond=0)})]},
                {"type": "message_digest", "values": [hashlib.sha256(contents).digest()]},
                {
                    "type": "signing_certificate_v2",
                    "values": [
                        tsp.SigningCertificateV2(
                            {
                                "certs": [
                                    {
                                        "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                                        "cert_hash": hashlib.sha256(der).digest(),
                                    }
                                ]
                            }
                        )
                    ],
                },
            ]
        )
        signature = self.stamper.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {"issuer_and_serial_number": {"issuer": certificate.issuer, "serial_number": certificate.serial_number}}
            ),
            "digest_algorithm": {"algorithm": "sha256"},
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": signature,
        }
        signed: dict[str, Any] = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(contents)},
            "signer_infos": [signer],
        }
        if has_certificate:
            signed["certificates"] = [cms.CertificateChoices("certificate", certificate)]
        return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})


def _rejected(why: str) -> bytes:
    return bytes(Response({"status": {"status": "rejection", "fail_info": {why}}}).dump())
