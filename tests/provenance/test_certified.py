"""The certificate of an output: it reads back as it was signed, and whatever is wrong with one has a name."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from hypothesis import given, settings
from hypothesis import strategies as st
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from provenance import certified
from provenance.certificates import Identity, identity_of
from provenance.certified import Binding, Decided, File, NotCertified, Proof, Statement, StatusStatement
from tests.provenance import pki

AT = pki.NOW
LABEL = "urn:c2pa:6f1f0c6a-5a5b-4c52-9a3e-0d8f5f4f2a11"
STATEMENT = Statement(
    id=UUID("0a4b1c5d-1111-4222-8333-444455556666"),
    label=LABEL,
    issued_at=AT,
    expires_at=AT + timedelta(days=180),
    submission_id=UUID("0a4b1c5d-2222-4222-8333-444455556666"),
    decision=Decided(UUID("0a4b1c5d-3333-4222-8333-444455556666"), "cleared", "2027-01", "ab" * 32, AT),
    files=(File("cd" * 32, "audio/flac", "ef" * 32, is_embedded=True),),
    bindings=(Binding("io.iscc.v0", "ISCC:EAAQ"),),
    licenses=(UUID("3b0c0a1e-9f5e-4c1a-8a55-0f7f0e1d2c3b"),),
    source_type="http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic",
    components=(("instruments", "all"), ("lead_vocal", "none")),
    splits_digest="12" * 32,
    log=Proof("ledger.example/log", 7, '{"kind":"decided"}', "c2sp.org/tlog-proof@v1\nindex 7\n\nnote"),
    status_url="https://ledger.example/status/0a4b1c5d-1111-4222-8333-444455556666",
)


@pytest.fixture(scope="module")
def identity() -> Identity:
    chain = pki.chain()
    return identity_of(chain_pem=chain.chain_pem, roots_pem=chain.roots_pem, sign=pki.unchecked(chain).sign, at=AT)


@pytest.fixture(scope="module")
def token(identity: Identity) -> str:
    return certified.sign(STATEMENT, identity)


def code_of(token: str, identity: Identity, *, at: Any = AT, roots: str | None = None) -> str:
    """The name of what is wrong; empty where nothing is."""
    try:
        certified.read(token, roots_pem=roots or identity.roots_pem, at=at)
    except NotCertified as error:
        return error.code if str(error) else "without a sentence"
    return ""


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=="))


def resigned(
    token: str,
    identity: Identity,
    *,
    head: Callable[[dict[str, Any]], Any] = lambda one: one,
    body: Callable[[dict[str, Any]], Any] = lambda one: one,
) -> str:
    """The same certificate with another header or payload, signed again by the same key."""
    header, payload, _ = token.split(".")
    said = ".".join(
        part if isinstance(part, str) else encoded(rfc8785.dumps(part))
        for part in (head(decoded(header)), body(decoded(payload)))
    )
    return f"{said}.{encoded(identity.sign(said.encode()))}"


# --- what holds


def test_it_reads_back_as_it_was_signed(token: str, identity: Identity) -> None:
    opened = certified.read(token, roots_pem=identity.roots_pem, at=AT + timedelta(days=100))
    assert opened.statement == STATEMENT
    assert opened.algorithm == "ES256"
    assert "Example Signer" in opened.signer
    assert certified.unchecked(token) == STATEMENT
    assert certified.looks_like_one(token.encode())


def test_without_soft_bindings_it_says_nothing_of_them(identity: Identity) -> None:
    bare = replace(STATEMENT, bindings=())
    assert "bindings" not in certified.claims(bare)
    assert certified.read(certified.sign(bare, identity), roots_pem=identity.roots_pem, at=AT).statement == bare


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["ES384", "EdDSA", "PS256"],
)
def test_every_algorithm_signs(key: Any) -> None:
    chain = pki.chain(key=key)
    one = identity_of(chain_pem=chain.chain_pem, roots_pem=chain.roots_pem, sign=pki.unchecked(chain).sign, at=AT)
    assert certified.read(certified.sign(STATEMENT, one), roots_pem=one.roots_pem, at=AT).statement == STATEMENT


def test_a_key_service_may_answer_in_der() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    chain = pki.chain(key=key)
    one = identity_of(
        chain_pem=chain.chain_pem,
        roots_pem=chain.roots_pem,
        sign=lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())),
        at=AT,
    )
    signature = base64.urlsafe_b64decode(certified.sign(STATEMENT, one).split(".")[2] + "==")
    assert len(signature) == 64
    utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))


def test_any_jose_library_reads_it(token: str, identity: Identity) -> None:
    signed = JWS()
    signed.deserialize(token)
    from cryptography import x509

    leaf = x509.load_pem_x509_certificates(identity.chain_pem.encode())[0]
    signed.verify(JWK.from_pyca(leaf.public_key()))
    assert json.loads(signed.payload)["sub"] == LABEL


def test_it_never_outlives_its_signer(identity: Identity) -> None:
    assert certified.lasts_until(identity, issued_at=AT) == AT + certified.LIFE
    late = identity.expires_at - timedelta(days=3)
    assert certified.lasts_until(identity, issued_at=late) == identity.expires_at


# --- the status


STATUS = StatusStatement(
    "ledger.example/log", LABEL, "quarantined", "ordered", AT, AT, AT + certified.STATUS_LIFE, STATEMENT.status_url
)


def test_a_status_is_no_certificate_and_a_certificate_no_status(token: str, identity: Identity) -> None:
    signed = certified.sign_status(STATUS, identity)
    assert certified.read_status(signed, roots_pem=identity.roots_pem, at=AT) == STATUS
    fresh = replace(STATUS, status="active", reason="", since=None)
    again = certified.sign_status(fresh, identity)
    assert certified.read_status(again, roots_pem=identity.roots_pem, at=AT) == fresh
    assert code_of(signed, identity) == "wrong_type"
    with pytest.raises(certified.WrongType):
        certified.read_status(token, roots_pem=identity.roots_pem, at=AT)
    with pytest.raises(certified.Expired):
        certified.read_status(signed, roots_pem=identity.roots_pem, at=AT + certified.STATUS_LIFE)
    for change in ({"status": ""}, {"since": True}, {"v": 2}, {"more": 1}, {"reason": None}):
        wrong = resigned(signed, identity, body=lambda said, change=change: said | change)  # type: ignore[misc]
        with pytest.raises(certified.NotAStatement):
            certified.read_status(wrong, roots_pem=identity.roots_pem, at=AT)


# --- what does not


def test_a_changed_byte_anywhere_is_noticed(token: str, identity: Identity) -> None:
    for place in range(0, len(token), max(1, len(token) // 200)):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        assert code_of(changed, identity), place


def test_a_certificate_cut_anywhere_is_none(token: str, identity: Identity) -> None:
    for length in range(0, len(token), max(1, len(token) // 100)):
        assert code_of(token[:length], identity), length


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS256", "ES256K", "", None, 5, ["ES256"]])
def test_refuses_other_algorithms(alg: Any, token: str, identity: Identity) -> None:
    wrong = resigned(token, identity, head=lambda header: header | {"alg": alg})
    assert code_of(wrong, identity) == "wrong_algorithm"


def test_refuses_no_signature_at_all(token: str, identity: Identity) -> None:
    header, payload, _ = token.split(".")
    assert code_of(f"{header}.{payload}.", identity) == "signature_fails"


def test_refuses_an_algorithm_that_is_not_the_keys(token: str, identity: Identity) -> None:
    wrong = resigned(token, identity, head=lambda header: header | {"alg": "EdDSA"})
    assert code_of(wrong, identity) == "signature_fails"


def test_a_public_key_is_no_shared_secret(token: str, identity: Identity) -> None:
    """The old trick: sign with HMAC, the secret being the public key that everybody has."""
    from cryptography import x509

    leaf = x509.load_pem_x509_certificates(identity.chain_pem.encode())[0]
    secret = JWK(kty="oct", k=encoded(JWK.from_pyca(leaf.public_key()).export_to_pem()))
    header, payload, _ = token.split(".")
    forged = JWS(base64.urlsafe_b64decode(payload + "=="))
    forged.add_signature(secret, "HS256", json.dumps(decoded(header) | {"alg": "HS256"}))
    assert code_of(forged.serialize(compact=True), identity) in {"wrong_algorithm", "not_a_certificate"}


@pytest.mark.parametrize("typ", ["JWT", "application/output-certificate+jwt", None, 1])
def test_refuses_tokens_of_another_type(typ: Any, token: str, identity: Identity) -> None:
    assert code_of(resigned(token, identity, head=lambda header: header | {"typ": typ}), identity) == "wrong_type"


@pytest.mark.parametrize(
    "more", [{"jku": "https://evil.example"}, {"jwk": {}}, {"crit": ["exp"]}, {"b64": False}, {"kid": "1"}]
)
def test_refuses_headers_that_lead_elsewhere(more: dict[str, Any], token: str, identity: Identity) -> None:
    assert code_of(resigned(token, identity, head=lambda header: header | more), identity) == "unknown_header"


@pytest.mark.parametrize("chain", [None, [], "x", [1], ["!"], ["AAAA"], ["AAAA"] * 7, [""]])
def test_refuses_a_chain_that_is_none(chain: Any, token: str, identity: Identity) -> None:
    assert code_of(resigned(token, identity, head=lambda header: header | {"x5c": chain}), identity) == "no_chain"


def test_refuses_a_signer_that_nobody_trusts(token: str, identity: Identity) -> None:
    assert code_of(token, identity, roots=pki.chain().roots_pem) == "signer_refused"


def test_refuses_a_chain_of_another_signer(token: str, identity: Identity) -> None:
    other = pki.chain()
    stranger = identity_of(chain_pem=other.chain_pem, roots_pem=other.roots_pem, sign=pki.unchecked(other).sign, at=AT)
    header = certified.sign(STATEMENT, stranger).split(".")[0]
    assert code_of(".".join([header, *token.split(".")[1:]]), identity) == "signature_fails"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"v": 2}, "not_a_statement"),
        ({"v": True}, "not_a_statement"),
        ({"iat": -1}, "not_a_statement"),
        ({"iat": 10**12}, "not_a_statement"),
        ({"iat": True}, "not_a_statement"),
        ({"iat": 1.5}, "not_a_statement"),
        ({"exp": "2027"}, "not_a_statement"),
        ({"sub": "urn:c2pa:x"}, "not_a_statement"),
        ({"jti": "0A4B1C5D-1111-4222-8333-444455556666"}, "not_a_statement"),
        ({"files": []}, "not_a_statement"),
        ({"files": [{"sha256": "cd" * 32}]}, "not_a_statement"),
        ({"files": "x"}, "not_a_statement"),
        ({"licenses": [1]}, "not_a_statement"),
        ({"bindings": []}, "not_a_statement"),
        ({"splits": "CD" * 32}, "not_a_statement"),
        ({"iss": "another.example/log"}, "not_a_statement"),
        ({"log": None}, "not_a_statement"),
        ({"status_url": ""}, "not_a_statement"),
        ({"more": 1}, "not_a_statement"),
        ({"disclosure": {"source_type": "x", "components": {"lead_vocal": "mostly"}}}, "not_a_statement"),
        pytest.param(
            {"exp": int((AT + timedelta(days=4000)).timestamp())}, "outlives_its_signer", id="longer than its signer"
        ),  # tests that run side by side need names that no clock is in
    ],
    ids=str,
)
def test_refuses_another_statement_though_it_is_signed(
    change: dict[str, Any], expected: str, token: str, identity: Identity
) -> None:
    assert code_of(resigned(token, identity, body=lambda said: said | change), identity) == expected


@pytest.mark.parametrize("missing", sorted(certified.claims(STATEMENT)))
def test_refuses_a_statement_with_a_member_missing(missing: str, token: str, identity: Identity) -> None:
    wrong = resigned(token, identity, body=lambda said: {name: said[name] for name in said if name != missing})
    assert code_of(wrong, identity) == ("" if missing == "bindings" else "not_a_statement")


@pytest.mark.parametrize(
    "payload",
    [b'{"v":1,"v":1}', b'{ "v":1}', b"[]", b"1", b"", b"\xff", b'{"v":NaN}', b"[" * 100_000, b'{"a":' * 30_000],
    ids=lambda data: repr(data[:12]),
)
def test_refuses_payloads_that_can_be_read_in_two_ways(payload: bytes, token: str, identity: Identity) -> None:
    wrong = resigned(token, identity, body=lambda _: encoded(payload))
    assert code_of(wrong, identity) in {"not_a_statement", "not_a_certificate"}


def test_refuses_what_is_too_large_before_it_reads_it(identity: Identity) -> None:
    assert code_of("ey" + "A" * certified.MAX_BYTES + ".A.A", identity) == "too_large"


def test_refuses_a_second_way_to_write_the_same_bytes(token: str, identity: Identity) -> None:
    for padded in (token + "=", f" {token}", f"{token}\n", token.replace(".", "..", 1)):
        assert code_of(padded, identity) == "not_a_certificate"
    head, body, signature = token.split(".")
    last = signature[-1]  # of 64 bytes the last character has four spare bits
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(last) ^ 1]
    assert code_of(f"{head}.{body}.{signature[:-1]}{other}", identity) == "not_a_certificate"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(seconds=-1), "not_yet_valid"),
        (timedelta(0), ""),
        (timedelta(days=180, seconds=-1), ""),
        (timedelta(days=180), "expired"),
    ],
)
def test_holds_from_its_issue_until_it_ends(after: timedelta, expected: str, token: str, identity: Identity) -> None:
    assert code_of(token, identity, at=AT + after) == expected


_ROOTS = pki.chain().roots_pem


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ABeyJ0-_.=", max_size=300))
def test_any_text_is_answered_with_a_name(text: str) -> None:
    with pytest.raises(NotCertified):
        certified.read(text, roots_pem=_ROOTS, at=AT)
