"""Cosignatures and policies: who vouches that a log only grew, and how many of them are enough."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger import cosignatures, notes, policies
from ledger.cosignatures import ED25519, ML_DSA_44, Cosigner, Cosigning
from tests.ledger.test_notes import ORIGIN, checkpoint, signer

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
KINDS = pytest.mark.parametrize("kind", [ED25519, ML_DSA_44], ids=["Ed25519", "ML-DSA-44"])
FROZEN = json.loads((Path(__file__).parents[1] / "vectors" / "cosignatures.json").read_text())


def cosigning(kind: bytes = ED25519, seed: int = 7, name: str = "witness.example/w1") -> Cosigning:
    raw = bytes([seed]) * 32
    private = Ed25519PrivateKey.from_private_bytes(raw) if kind == ED25519 else MLDSA44PrivateKey.from_seed_bytes(raw)
    return Cosigning(name, private)


def cosigned(*keys: Cosigning, size: int = 5) -> notes.Note:
    signed = notes.sign_checkpoint(checkpoint(size), signer())
    return notes.Note(signed.text, (*signed.signatures, *(key.cosign(signed.text, at=AT) for key in keys)))


# --- Vectors ---


@pytest.mark.parametrize("vector", FROZEN["notes"], ids=lambda vector: vector["why"])
def test_verifies_what_others_cosigned(vector: dict) -> None:
    cosigners = [Cosigner.from_text(text) for text in vector["cosigners"]]
    assert [one.text for one in cosigners] == vector["cosigners"]
    found = cosignatures.verify(notes.parse(vector["note"]), cosigners)
    assert [(one.cosigner.text, int(one.at.timestamp())) for one in found] == [tuple(each) for each in vector["found"]]


# --- Signing and checking ---


@KINDS
def test_what_is_cosigned_is_checked(kind: bytes) -> None:
    key = cosigning(kind)
    (found,) = cosignatures.verify(notes.parse(str(cosigned(key))), [key.public])
    assert (found.cosigner, found.at) == (key.public, AT)


@KINDS
def test_keys_read_back(kind: bytes) -> None:
    key = cosigning(kind)
    again = Cosigning.from_text(key.secret_text + "\n")
    assert again.secret_text == key.secret_text
    assert Cosigner.from_text(key.public.text + "\n") == key.public == again.public
    assert key.secret_text not in repr(key)
    fresh = Cosigning.generate("witness.example/new", kind)
    assert Cosigner.from_text(fresh.public.text) == fresh.public


def test_the_signed_message_is_that_of_the_specification() -> None:
    """Byte for byte as c2sp.org/tlog-cosignature lays it out, and by hand."""
    text, seconds = checkpoint().text, int(AT.timestamp())
    old = cosigning(ED25519)
    old.public.check(
        text,
        struct.pack(">Q", seconds) + old.private.sign(f"cosignature/v1\ntime {seconds}\n".encode() + text.encode()),
    )
    new = cosigning(ML_DSA_44)
    message = (
        b"subtree/v1\n\0"
        + bytes([len(new.name)])
        + new.name.encode()
        + seconds.to_bytes(8)
        + bytes([len(ORIGIN)])
        + ORIGIN.encode()
        + (0).to_bytes(8)
        + (5).to_bytes(8)
        + bytes(range(32))
    )
    new.public.check(text, struct.pack(">Q", seconds) + new.private.sign(message))


@KINDS
@given(data=st.data())
def test_no_changed_bit_goes_unnoticed(kind: bytes, data: st.DataObject) -> None:
    key = cosigning(kind)
    value = bytearray(key.cosign(checkpoint().text, at=AT).value)
    at = data.draw(st.integers(0, len(value) * 8 - 1))
    value[at // 8] ^= 1 << at % 8
    with pytest.raises(cosignatures.CosignatureFails):
        key.public.check(checkpoint().text, bytes(value))


@KINDS
def test_another_checkpoint_or_another_key_does_not_fit(kind: bytes) -> None:
    key = cosigning(kind)
    value = key.cosign(checkpoint().text, at=AT).value
    for public, text in ((key.public, checkpoint(6).text), (cosigning(kind, 8).public, checkpoint().text)):
        with pytest.raises(cosignatures.CosignatureFails):
            public.check(text, value)
    for cut in (b"", value[:8], value[:-1], value + b"x"):
        with pytest.raises(cosignatures.CosignatureFails, match="length"):
            key.public.check(checkpoint().text, cut)


@pytest.mark.parametrize("seconds", [0, 2**63, 2**64 - 1])
def test_a_time_that_is_none_is_refused(seconds: int) -> None:
    key = cosigning()
    signed = key.private.sign(f"cosignature/v1\ntime {seconds}\n{checkpoint().text}".encode())
    with pytest.raises(cosignatures.CosignatureFails, match="when"):
        key.public.check(checkpoint().text, struct.pack(">Q", seconds) + signed)


def test_ml_dsa_commits_to_the_witnesss_name() -> None:
    key = cosigning(ML_DSA_44)
    value = key.cosign(checkpoint().text, at=AT).value
    with pytest.raises(cosignatures.CosignatureFails):
        Cosigner("witness.example/w2", ML_DSA_44, key.public.public).check(checkpoint().text, value)


def test_lines_of_strangers_are_ignored_and_a_known_one_that_fails_is_not() -> None:
    known, stranger = cosigning(seed=7), cosigning(seed=9, name="stranger.example")
    note = cosigned(stranger, known, known)
    assert [one.cosigner for one in cosignatures.verify(note, [known.public])] == [known.public]
    assert cosignatures.verify(cosigned(stranger), [known.public]) == ()
    wrong = known.cosign(checkpoint(9).text, at=AT)
    with pytest.raises(cosignatures.CosignatureFails):
        cosignatures.verify(notes.Note(note.text, (*note.signatures[:1], wrong)), [known.public])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        signer().verifier.text,  # a log's key is no witness's
        cosigning().public.text.replace("+", "-", 1),
        cosigning().public.text.replace("witness", "witnesz"),  # the id is of the name too
        cosigning().public.text[:-5],
        cosigning(ML_DSA_44).public.text[:-8],
        "a b+00000000+" + notes.to_base64(ED25519 + bytes(32)),
    ],
)
def test_refuses_what_is_no_witnesss_key(text: str) -> None:
    with pytest.raises((cosignatures.NotACosigner, notes.NotAKeyName)):
        Cosigner.from_text(text)
    with pytest.raises((cosignatures.NotACosigner, notes.NotAKeyName)):
        Cosigning.from_text(text)


# --- Policies ---

W = [cosigning(seed=seed, name=f"w{seed}.example").public for seed in range(1, 7)]
NAMED = "".join(f"witness w{number} {key.text}\n" for number, key in enumerate(W, 1))
TWO_HOUSES = f"""# as in c2sp.org/tlog-policy
log {signer().verifier.text} https://log.example/

{NAMED}
\tgroup X-witnesses  2 w1 w2 w3
group Y-witnesses any w4 w5 w6
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


@pytest.mark.parametrize(
    ("cosigners", "is_enough"),
    [
        ([], False),
        ([1, 2], False),
        ([4, 5, 6], False),
        ([1, 4, 5, 6], False),
        ([1, 2, 4], True),
        ([2, 3, 6], True),
        ([1, 2, 3, 4, 5, 6], True),
    ],
)
def test_a_quorum_over_groups(cosigners: list[int], is_enough: bool) -> None:  # noqa: FBT001 - a table
    policy = policies.read(TWO_HOUSES)
    assert policy.is_met_by([W[number - 1] for number in cosigners]) is is_enough
    note = cosigned(*(cosigning(seed=number, name=f"w{number}.example") for number in cosigners))
    if is_enough:
        assert len(policy.check(note)) == len(cosigners)
    else:
        with pytest.raises(policies.NotEnoughWitnesses, match="X-and-Y"):
            policy.check(note)


def test_a_policy_says_where() -> None:
    policy = policies.read(f"log {signer().verifier.text}\nwitness w {W[0].text} http://w.example:1/x\nquorum none\n")
    assert [(log.key, log.url) for log in policy.logs] == [(signer().verifier, None)]
    assert [(one.name, one.key, one.url) for one in policy.witnesses] == [("w", W[0], "http://w.example:1/x")]
    assert policy.is_met_by([])
    assert policies.read(f"witness w {W[0].text}\nquorum w").is_met_by([W[0]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not say what its quorum is"),
        ("quorum none\nquorum none", "Line 2.*already"),
        ("quorum w1", "not defined"),
        (f"{NAMED}group g all w1 w2", "quorum"),
        (f"{NAMED}group g 3 w1 w2\nquorum g", "Line 7.*2 members"),
        (f"{NAMED}group g 0 w1\nquorum g", "Line 7"),
        (f"{NAMED}group g 01 w1\nquorum g", "Line 7"),
        (f"{NAMED}group g all\nquorum g", "Line 7"),
        (f"{NAMED}group g all w1 w1\nquorum g", "member of a group already"),
        (f"{NAMED}group g all w1\ngroup h all w1\nquorum h", "Line 8.*already"),
        (f"{NAMED}group g all none\nquorum g", "not defined"),
        (f"{NAMED}group g all h\ngroup h all w1\nquorum g", "h is not defined"),
        (f"{NAMED}group g all g\nquorum g", "g is not defined"),
        (f"{NAMED}group w1 all w2\nquorum w1", "defined already"),
        (f"witness none {W[0].text}\nquorum none", "defined already"),
        (f"{NAMED}witness again {W[0].text}\nquorum w1", "Line 7.*key is there"),
        (f"log {W[0].text}\nquorum none", "Line 1"),
        (f"witness w {signer().verifier.text}\nquorum none", "Line 1"),
        ("witness w\nquorum none", "Line 1"),
        ("witnesses w x\nquorum none", "Line 1.*neither"),
        ("quorum none \x00", "control"),
        ("quorum none\r\n", "control"),
        ("#\n" * 2000, "lines"),
    ],
)
def test_refuses_what_is_no_policy(text: str, said: str) -> None:
    with pytest.raises(policies.NotAPolicy, match=said):
        policies.read(text)


def test_names_may_be_bytes_of_any_kind() -> None:
    name = b"\xff\xfe".decode(errors="surrogateescape")
    assert policies.read(f"witness {name} {W[0].text}\nquorum {name}").quorum == name
