"""The verifier of one file, piece by piece: certificates and witnesses, as the packs' own tests do not reach them."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ledger import cosignatures, notes
from ledger.cosignatures import Cosigning
from ledger.verifying import standalone
from provenance import certified
from provenance.certificates import identity_of
from tests.provenance import pki
from tests.provenance.test_certified import AT, STATEMENT

ALONE: Any = standalone

# --- Certificates


def signed_with(key: Any) -> str:
    chain = pki.chain(key=key)
    one = identity_of(chain_pem=chain.chain_pem, roots_pem=chain.roots_pem, sign=pki.unchecked(chain).sign, at=AT)
    return certified.sign(STATEMENT, one)


def judged(token: str, vouched: Sequence[str] | None = None) -> str:
    """What the verifier says about a certificate that is in a pack; an entry vouches for it unless told otherwise."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("certificate.jwt", token)
    report = ALONE.Report()
    known = {token} if vouched is None else set(vouched)
    report.check(11, "it", ALONE.check_certificate, zipfile.ZipFile(written), "certificate.jwt", known, well="holds")
    (line,) = report.lines
    assert report.failed == line.startswith("FAILS")
    return str(line)


KEYS = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "PS256": rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_certificate_is_signed_by_the_chain_that_it_brings(algorithm: str) -> None:
    token = signed_with(KEYS[algorithm])
    assert judged(token).endswith("holds")
    assert "no entry in this pack" in judged(token, [])
    head, body, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    other = base64.urlsafe_b64encode(json.dumps({**said, "submission": said["jti"]}).encode()).rstrip(b"=").decode()
    assert "does not fit" in judged(f"{head}.{other}.{signature}")  # whatever an entry vouches for
    flipped = ("A" if signature[4] != "A" else "B").join((signature[:4], signature[5:]))
    assert "does not fit" in judged(f"{head}.{body}.{flipped}")


def test_a_certificate_is_refused_that_is_something_else() -> None:
    token, stranger = signed_with(KEYS["ES256"]), signed_with(ec.generate_private_key(ec.SECP256R1()))
    head, body, signature = token.split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))

    def with_head(**changes: Any) -> str:
        text = json.dumps({**header, **changes}).encode()
        return f"{base64.urlsafe_b64encode(text).rstrip(b'=').decode()}.{body}.{signature}"

    chain = json.loads(base64.urlsafe_b64decode(stranger.split(".")[0] + "=="))["x5c"]
    for wrong in (
        with_head(typ="output-status+jwt"),
        with_head(x5c=chain),  # of somebody else
        with_head(x5c=[header["x5c"][0], *chain]),  # a leaf under an authority that never signed it
        with_head(x5c=[]),
        with_head(alg="none"),
        with_head(alg="HS256"),
        f"{head}.{body}.",
        f"{head}.{body}",
        "",
        "....",
        "\x00",
    ):
        assert judged(wrong).startswith("FAILS"), wrong[:60]


# --- Witnesses

ROOT = b"\x11" * 32
LOG = notes.Signer.generate("log.example/ours")
OTHER = notes.Signer.generate("log.example/theirs")
ED = [Cosigning.generate(f"witness.example/{n}", cosignatures.ED25519) for n in range(2)]
ML = Cosigning.generate("witness.example/ml", cosignatures.ML_DSA_44)
WHEN = datetime(2027, 3, 1, tzinfo=UTC)


def cosigned(*by: Cosigning, log: notes.Signer = LOG, size: int = 7) -> str:
    text = notes.Checkpoint(log.name, size, ROOT).text
    return str(notes.Note(text, (log.sign(text), *(one.cosign(text, at=WHEN) for one in by))))


def policy(quorum: str, *witnesses: Cosigning, groups: Sequence[str] = ()) -> str:
    lines = [f"witness w{n} {one.public.text}" for n, one in enumerate(witnesses)]
    return "\n".join(["# whom we trust", *lines, *groups, f"quorum {quorum}", ""])


def witnessed(note: str, text: str) -> bool:
    report = ALONE.Report()
    report.check(13, "Witnesses", ALONE.enough_witnesses, note, text, well="enough")
    return not report.failed


TWO = ["group g 2 w0 w1 w2"]


def test_enough_witnesses_are_enough() -> None:
    three = (*ED, ML)
    assert witnessed(cosigned(ED[0]), policy("w0", ED[0]))
    assert witnessed(cosigned(ML), policy("w0", ML))
    assert witnessed(cosigned(ED[1], ML), policy("g", *three, groups=TWO))
    assert witnessed(cosigned(*three), policy("g", *three, groups=["group g all w0 w1 w2"]))
    assert witnessed(cosigned(), policy("none", *three))
    assert witnessed(cosigned(ED[0]), policy("h", *three, groups=["group g any w0 w1", "group h any g w2"]))


def test_too_few_witnesses_are_too_few() -> None:
    three = (*ED, ML)
    assert not witnessed(cosigned(), policy("w0", ED[0]))
    assert not witnessed(cosigned(ED[1]), policy("g", *three, groups=TWO))
    assert not witnessed(cosigned(ED[1], ED[1]), policy("g", *three, groups=TWO))  # twice the same is one
    assert not witnessed(cosigned(*ED), policy("g", *three, groups=["group g all w0 w1 w2"]))
    assert not witnessed(cosigned(*three), "\n".join(policy("w0", *three).split("\n")[:-2]))  # no quorum is said


def test_a_witness_of_another_key_is_another_witness() -> None:
    for kind in (cosignatures.ED25519, cosignatures.ML_DSA_44):
        real, posing = (Cosigning.generate("witness.example/same", kind) for _ in range(2))
        assert not witnessed(cosigned(posing), policy("w0", real))
        # Not even where the line claims the key's id.
        text = notes.Checkpoint(LOG.name, 7, ROOT).text
        claimed = notes.Signature(real.public.name, real.public.key_id, posing.cosign(text, at=WHEN).value)
        assert not witnessed(str(notes.Note(text, (LOG.sign(text), claimed))), policy("w0", real))


def test_what_was_cosigned_of_another_log_or_tree_says_nothing_of_this_one() -> None:
    for one in (ED[0], ML):
        for elsewhere in (cosigned(one, log=OTHER), cosigned(one, size=6)):
            line = elsewhere.rstrip("\n").split("\n")[-1]
            assert witnessed(cosigned(), policy("none", one))
            assert not witnessed(f"{cosigned()}{line}\n", policy("w0", one))


@pytest.mark.parametrize(
    "text", ["", "nonsense", "quorum w0", "witness w0 x\nquorum w0", "group g 3 a b\nquorum g", "group g x\nquorum g"]
)
def test_what_is_no_policy_is_met_by_nobody(text: str) -> None:
    assert not witnessed(cosigned(*ED), text)
