"""Authorities for time stamps: honest ones, and one for each way of answering wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from provenance.certificates import Stamper
from provenance.time_authority import TimeAuthority
from provenance.timestamps import Response
from tests.provenance import pki

DER = serialization.Encoding.DER
Answer = Callable[[bytes], bytes]


def stamper(**leaf: Any) -> Stamper:
    """An authority under a root of its own, with whatever mistakes are asked for."""
    key, root_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = pki.name("Time Root", "Example Time")
    stamping: dict[str, Any] = {
        "purposes": [ExtendedKeyUsageOID.TIME_STAMPING],
        "purposes_are_critical": True,
        "usage": pki.key_usage(signs=True),
    }
    subject = pki.name("Time Stamps", "Example Time")
    root = pki.certificate(
        root_name,
        root_key.public_key(),
        root_name,
        root_key,
        is_authority=True,
        active_from=pki.NOW - timedelta(30),
        expires_at=pki.NOW + timedelta(3650),
    )
    certificate = pki.certificate(subject, key.public_key(), root_name, root_key, **(stamping | leaf))
    return Stamper(certificate, pki.pem(root), key)


@dataclass(frozen=True)
class Authority:
    """Answers queries, each of its answers changed in one way."""

    stamper: Stamper
    at: datetime | None = None  # what its clock says, if not the time
    inside: Callable[[dict[str, Any]], None] | None = None  # changes what is signed
    around: Callable[[Any], None] | None = None  # changes the signed data, after it was signed
    has_certificate: bool = True

    def __call__(self, query: bytes) -> bytes:
        at = (self.at or datetime.now(UTC)).replace(microsecond=0)
        asked = tsp.TimeStampReq.load(query)
        info: dict[str, Any] = {
            "version": "v1",
            "policy": asked["req_policy"].native or "1.2.3.4.1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": asked["message_imprint"]["hashed_message"].native,
            },
            "serial_number": 7,
            "gen_time": at,
            "nonce": asked["nonce"].native,
        }
        if self.inside:
            self.inside(info)
        honest = TimeAuthority(self.stamper)
        token = honest.token(tsp.TSTInfo(info).dump(), at=at, has_certificate=self.has_certificate)
        if self.around:
            self.around(token["content"])
        response = {"status": {"status": "granted"}, "time_stamp_token": token}
        return bytes(Response(response).dump(force=self.around is not None))


def forged(signed: Any) -> None:
    """Change one bit of the signature."""
    signature = bytearray(signed["signer_infos"][0]["signature"].native)
    signature[-1] ^= 1
    signed["signer_infos"][0]["signature"] = bytes(signature)


def other_contents(signed: Any) -> None:
    """Put other contents under the signature: another serial number."""
    info = tsp.TSTInfo.load(bytes(signed["encap_content_info"]["content"]))
    info["serial_number"] = 8
    signed["encap_content_info"]["content"] = cms.ParsableOctetString(info.dump(force=True))


def resigned(change: Callable[[Any], None], by: Stamper) -> Callable[[Any], None]:
    """Change what is signed over beside the contents, and sign again."""
    from cryptography.hazmat.primitives import hashes

    def around(signed: Any) -> None:
        signer = signed["signer_infos"][0]
        attributes = cms.CMSAttributes(list(signer["signed_attrs"]))
        change(attributes)
        attributes = cms.CMSAttributes(list(attributes))
        signer["signed_attrs"] = attributes
        signer["signature"] = by.key.sign(attributes.dump(force=True), ec.ECDSA(hashes.SHA256()))

    return around


def without(kind: str) -> Callable[[Any], None]:
    def change(attributes: Any) -> None:
        del attributes[next(place for place, one in enumerate(attributes) if one["type"].native == kind)]

    return change


def naming(certificate: x509.Certificate) -> Callable[[Any], None]:
    """Name another certificate as the signer's."""

    def change(attributes: Any) -> None:
        for one in attributes:
            if one["type"].native == "signing_certificate_v2":
                der = certificate.public_bytes(DER)
                one["values"][0]["certs"][0]["cert_hash"] = hashlib.sha256(der).digest()

    return change


def with_certificates(*certificates: x509.Certificate) -> Callable[[Any], None]:
    def around(signed: Any) -> None:
        signed["certificates"] = [
            cms.CertificateChoices("certificate", asn1_x509.Certificate.load(one.public_bytes(DER)))
            for one in certificates
        ]

    return around


@contextmanager
def served(answer: Callable[[BaseHTTPRequestHandler, bytes], None]) -> Iterator[str]:
    """Serve an authority on this machine and give its address; ``answer`` gets the request and the query."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def replies(make: Answer) -> Callable[[BaseHTTPRequestHandler, bytes], None]:
    """Answer as an authority does."""

    def answer(request: BaseHTTPRequestHandler, query: bytes) -> None:
        body = make(query)
        request.send_response(200)
        request.send_header("Content-Type", "application/timestamp-reply")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer
