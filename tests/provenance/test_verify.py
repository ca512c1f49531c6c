"""Reading a manifest …"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import c2pa
import encypher_c2pa
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from provenance import signing, strictness
from provenance.certificates import CLAIM_PURPOSES, CLAIM_SIGNING, Identity
from provenance.jumbf import NoSignerFound, signer_certificates
from provenance.signing import Define, Signed, Signer, State, Verification, sign, verify
from tests.provenance import pki, tsa
from tests.provenance.conftest import CONTAINERS, EMBEDDED, LABEL, beside, make_clip

Files = Mapping[str, tuple[Path, Signed]]
Change = Callable[[bytes], bytes]
PURPOSES = "".join(f"{oid.dotted_string}\n" for oid in CLAIM_PURPOSES)


def flip(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


def flip_after(mark: bytes, distance: int = 0) -> Change:
    """Change one bit some way behind the first appearance of a mark."""
    return lambda content: flip(content, content.index(mark) + distance)


def flip_certificate(mark: bytes) -> Change:
    """Change one bit of the leaf, at the last byte of a mark in its DER."""

    def change(manifest: bytes) -> bytes:
        leaf = signer_certificates(manifest, LABEL)[0]
        return flip(manifest, manifest.index(leaf) + leaf.index(mark) + len(mark) - 1)

    return change


def independently(path: Path, media_type: str, roots_pem: str, manifest: bytes | None) -> Any:
    return encypher_c2pa.verify(
        path,
        media_type,
        manifest_store=manifest,
        no_default_trust=True,
        trust_pem=roots_pem,
        telemetry=False,
        online=False,
    )


AUDIO_AT: Mapping[str, Callable[[bytes], int]] = {
    "audio/wav": lambda content: content.index(b"data") + 5000,
    "audio/mpeg": lambda content: len(content) - 2000,
    "audio/flac": lambda content: len(content) - 2000,
    "audio/mp4": lambda content: content.index(b"mdat") + 2000,
    "audio/ogg": lambda content: len(content) - 2000,
    "audio/aiff": lambda content: content.index(b"SSND") + 5000,
}


@pytest.mark.parametrize("media_type", CONTAINERS)
def test_finds_one_changed_bit_of_audio(signed: Files, identity: Identity, tmp_path: Path, media_type: str) -> None:
    source, result = signed[media_type]
    content = source.read_bytes()
    path = tmp_path / source.name
    path.write_bytes(flip(content, AUDIO_AT[media_type](content)))
    found = verify(path, media_type, roots_pem=identity.roots_pem, manifest=beside(result))
    binding = "assertion.bmffHash.mismatch" if media_type == "audio/mp4" else "assertion.dataHash.mismatch"
    assert (found.state, found.failures) == (State.INVALID, (binding,))
    if result.is_embedded:
        assert found.sentence == "The file was changed after “Example Signer” signed it."
    else:
        assert found.sentence.startswith("This is not the file that “Example Signer” signed: it was changed, or")
    if media_type != "audio/aiff":  # the other validator knows no AIFF
        report = independently(path, media_type, identity.roots_pem, beside(result))
        assert report["validation_state"] == "Invalid"


CHANGES = [
    pytest.param(
        flip_after(b"A Signed Tone"),
        {"claimSignature.mismatch"},
        "The manifest's claim or its signature was changed after signing.",
        id="the claim",
    ),
    pytest.param(
        lambda manifest: manifest.replace(b'"119/400"', b'"219/400"'),
        {"assertion.hashedURI.mismatch"},
        "A statement in the manifest was changed after signing: org.ai-music-ledger.splits.",
        id="an assertion",
    ),
    pytest.param(
        lambda manifest: flip(manifest, len(manifest) - 10),
        {"claimSignature.mismatch"},
        "The manifest's claim or its signature was changed after signing.",
        id="the signature",
    ),
    pytest.param(
        flip_certificate(b"\xa0\x03\x02\x01\x02"),  # its version, so that it is no certificate any more
        {"signingCredential.untrusted", "signingCredential.invalid", "claimSignature.mismatch"},
        "The signer's certificate inside the manifest was changed.",
        id="the certificate's form",
    ),
    pytest.param(
        flip_certificate(b"Example Leaf"),
        {"signingCredential.untrusted", "claimSignature.mismatch"},
        "The manifest's claim, its signature or the signer's certificate was changed after signing.",
        id="the certificate's name",
    ),
]


@pytest.mark.parametrize("media_type", CONTAINERS)
@pytest.mark.parametrize(("change", "codes", "sentence"), CHANGES)
def test_finds_a_changed_manifest(
    *,
    signed: Files,
    identity: Identity,
    tmp_path: Path,
    media_type: str,
    change: Change,
    codes: set[str],
    sentence: str,
) -> None:
    source, result = signed[media_type]
    changed = change(result.manifest)
    assert changed != result.manifest
    assert len(changed) == len(result.manifest)
    path = tmp_path / source.name
    content = source.read_bytes()
    if result.is_embedded:
        assert content.count(result.manifest) == 1
    path.write_bytes(content.replace(result.manifest, changed))
    manifest = None if result.is_embedded else changed
    found = verify(path, media_type, roots_pem=identity.roots_pem, manifest=manifest)
    assert found.state is State.INVALID
    assert codes <= set(found.failures)
    assert found.sentence == sentence
    if media_type != "audio/aiff":  # the other validator knows no AIFF
        assert independently(path, media_type, identity.roots_pem, manifest)["validation_state"] != "Trusted"


@pytest.mark.parametrize("media_type", EMBEDDED)
def test_says_that_a_stripped_file_carries_nothing(
    clips: Mapping[str, Path], identity: Identity, media_type: str
) -> None:
    found = verify(clips[media_type], media_type, roots_pem=identity.roots_pem)
    assert found == Verification(
        State.ABSENT, "There is no manifest in this file: it was never signed, or the manifest was removed."
    )


def test_says_that_ogg_needs_its_manifest_beside_it(signed: Files, identity: Identity) -> None:
    found = verify(signed["audio/ogg"][0], "audio/ogg", roots_pem=identity.roots_pem)
    assert found.state is State.ABSENT
    assert found.sentence == "Files of this type hold no manifest inside; it has to be given beside the file."


@pytest.mark.parametrize("media_type", CONTAINERS)
def test_knows_a_manifest_of_another_file(signed: Files, identity: Identity, tmp_path: Path, media_type: str) -> None:
    other = make_clip(tmp_path / "other", media_type, pitch_hz=523.25, duration_ms=900)
    found = verify(other, media_type, roots_pem=identity.roots_pem, manifest=signed[media_type][1].manifest)
    assert found.state is State.INVALID
    assert "Example Signer" in found.sentence or "another file" in found.sentence
    assert found.label == LABEL


def test_knows_a_manifest_moved_into_another_file(signed: Files, identity: Identity, tmp_path: Path) -> None:
    other = make_clip(tmp_path / "other.wav", "audio/wav", duration_ms=900).read_bytes()
    store = signed["audio/wav"][1].manifest
    chunk = b"C2PA" + len(store).to_bytes(4, "little") + store + b"\0" * (len(store) & 1)
    moved = tmp_path / "moved.wav"
    moved.write_bytes(other[:4] + (len(other) + len(chunk) - 8).to_bytes(4, "little") + other[8:] + chunk)
    found = verify(moved, "audio/wav", roots_pem=identity.roots_pem)
    assert (found.state, found.failures) == (State.INVALID, ("assertion.dataHash.mismatch",) * 2)
    assert found.sentence == "This manifest was made for another file, or this one was cut or extended since."


@pytest.mark.parametrize("media_type", CONTAINERS)
def test_does_not_trust_a_file_signed_again_by_somebody_else(
    clips: Mapping[str, Path],
    identity: Identity,
    define: Define,
    tmp_path: Path,
    media_type: str,
) -> None:
    somebody = pki.unchecked(pki.chain(subject=pki.name("Leaf", "Somebody\nElse”")))
    path = tmp_path / "again"
    result = sign(clips[media_type], path, media_type, define, signer=Signer(somebody, "0.1.0"))
    found = verify(path, media_type, roots_pem=identity.roots_pem, manifest=beside(result))
    assert (found.state, found.failures) == (State.VALID, ("signingCredential.untrusted",))
    assert found.sentence == "Intact, but signed by “Somebody Else ”, who is not on our list of signers."
    if media_type != "audio/aiff":  # the other validator knows no AIFF
        assert independently(path, media_type, identity.roots_pem, beside(result))["validation_state"] != "Trusted"


@pytest.mark.parametrize("roots", ["", pki.chain().roots_pem], ids=["no root", "another root"])
def test_trusts_only_the_roots_it_is_given(signed: Files, roots: str) -> None:
    found = verify(signed["audio/wav"][0], "audio/wav", roots_pem=roots)
    assert (found.state, found.failures) == (State.VALID, ("signingCredential.untrusted",))


@pytest.mark.slow
def test_says_that_a_certificate_has_expired(clips: Mapping[str, Path], define: Define, tmp_path: Path) -> None:
    ends_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=6)
    chain = pki.chain(expires_at=ends_at)
    path = tmp_path / "brief.wav"
    sign(clips["audio/wav"], path, "audio/wav", define, signer=Signer(pki.unchecked(chain), "0.1.0"))
    assert verify(path, "audio/wav", roots_pem=chain.roots_pem).state is State.TRUSTED
    # Validity ends with the second, not at its start.
    time.sleep(max(0.0, (ends_at + timedelta(seconds=1.1) - datetime.now(UTC)).total_seconds()))
    found = verify(path, "audio/wav", roots_pem=chain.roots_pem)
    assert found.state is State.INVALID
    assert "signingCredential.expired" in found.failures
    assert found.sentence == (
        "The certificate of “Example Signer” has expired, and no time stamp shows that it was valid at signing."
    )


def test_takes_trust_back_from_a_time_stamping_certificate(
    clips: Mapping[str, Path], define: Define, tmp_path: Path
) -> None:
    """The SDK calls it trusted, when its root is on the list."""
    chain = pki.chain(purposes=[ExtendedKeyUsageOID.TIME_STAMPING])
    path = tmp_path / "stamped.wav"
    sign(clips["audio/wav"], path, "audio/wav", define, signer=Signer(pki.unchecked(chain), "0.1.0"))
    assert _report(path, chain.roots_pem, "manifest")[0]["validation_state"] == "Trusted"
    found = verify(path, "audio/wav", roots_pem=chain.roots_pem)
    assert (found.state, found.failures) == (State.VALID, (signing.NOT_FOR_CLAIMS,))
    assert "with a certificate that is not for signing claims" in found.sentence


@pytest.mark.parametrize("kind", ["tsa", "cawg"])
def test_takes_trust_back_from_a_root_that_is_listed_for_something_else(
    signed: Files, identity: Identity, kind: str
) -> None:
    """The SDK does not keep its lists apart (``trust_kind``); only the name of the list tells."""
    path, result = signed["audio/wav"]
    report, facts = _report(path, identity.roots_pem, kind)
    assert report["validation_state"] == "Trusted"
    found = signing._verification(report, facts, result.manifest, is_embedded=True)
    assert (found.state, found.failures) == (State.VALID, (signing.OTHER_TRUST_LIST,))
    assert found.sentence == "Intact, but signed by “Example Signer”, who is not on our list of signers."


def test_the_sdk_still_wants_claim_signing_named_at_the_top(
    clips: Mapping[str, Path], define: Define, tmp_path: Path
) -> None:
    """A certificate with the official purpose alone is trusted only through our ``trust_config``."""
    chain = pki.chain(purposes=[CLAIM_SIGNING])
    path = tmp_path / "official.wav"
    sign(clips["audio/wav"], path, "audio/wav", define, signer=Signer(pki.unchecked(chain), "0.1.0"))
    assert verify(path, "audio/wav", roots_pem=chain.roots_pem).state is State.TRUSTED
    report, _ = _report(path, chain.roots_pem, "manifest", trust_config=None)
    assert report["validation_state"] == "Invalid"


def test_finds_no_signer_where_there_is_none(signed: Files, identity: Identity) -> None:
    path, _ = signed["audio/wav"]
    report, facts = _report(path, identity.roots_pem, "manifest", uri=signing.SIGNERS_LIST)
    found = signing._verification(report, facts, b"no boxes", is_embedded=True)
    assert (found.state, found.failures, found.signer) == (State.VALID, (signing.SIGNER_UNKNOWN,), None)


@pytest.mark.parametrize(
    "change",
    [
        lambda content, store: content.replace(store, b"\x07" * len(store)),
        lambda content, store: content.replace(store, b"\0" * len(store)),
        lambda content, store: content[: content.index(store) + 500],
        lambda content, store: content[:40],
        lambda content, store: b"no audio at all" * 50,
        lambda content, store: b"",
    ],
    ids=["garbage", "zeros", "cut in the manifest", "cut in the header", "no audio", "empty"],
)
@pytest.mark.parametrize("media_type", EMBEDDED)
def test_a_file_that_cannot_be_read_is_never_an_error(
    *,
    signed: Files,
    identity: Identity,
    tmp_path: Path,
    media_type: str,
    change: Callable[[bytes, bytes], bytes],
) -> None:
    source, result = signed[media_type]
    path = tmp_path / "broken"
    path.write_bytes(change(source.read_bytes(), result.manifest))
    found = verify(path, media_type, roots_pem=identity.roots_pem)
    assert found.state in {State.UNREADABLE, State.ABSENT, State.INVALID}
    assert found.sentence.endswith(".")


@pytest.mark.parametrize("manifest", [b"", b"\0" * 64, b"garbage", b"\0\0\0\x08jumb"])
def test_a_manifest_beside_the_file_that_cannot_be_read_is_never_an_error(
    signed: Files, identity: Identity, manifest: bytes
) -> None:
    found = verify(signed["audio/ogg"][0], "audio/ogg", roots_pem=identity.roots_pem, manifest=manifest)
    assert found.state in {State.UNREADABLE, State.ABSENT}


def test_no_change_at_random_is_an_error(signed: Files, identity: Identity, tmp_path: Path) -> None:
    path, result = signed["audio/ogg"]
    draw = random.Random(2026)
    for _ in range(300):
        changed = bytearray(result.manifest)
        for _ in range(draw.choice((1, 1, 4))):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        if draw.random() < 0.2:
            del changed[draw.randrange(len(changed)) :]
        found = verify(path, "audio/ogg", roots_pem=identity.roots_pem, manifest=bytes(changed))
        assert found.sentence
        try:
            signer_certificates(bytes(changed), LABEL)
        except NoSignerFound:
            continue


def _report(
    path: Path,
    roots_pem: str,
    kind: str,
    *,
    uri: str = "urn:example:other",
    trust_config: str | None = PURPOSES,
) -> tuple[dict[str, Any], dict[str, Any]]:
    trust: dict[str, Any] = {"anchors": [{"trust_anchors": roots_pem, "trust_kind": kind, "trust_uri": uri}]}
    if trust_config:
        trust["trust_config"] = trust_config
    settings = {
        "trust": trust,
        "verify": {"remote_manifest_fetch": False},
        "core": {"allowed_network_hosts": []},
    }
    with (
        c2pa.Context.from_dict(settings) as context,
        path.open("rb") as file,
        c2pa.Reader("audio/wav", file, context=context) as reader,
    ):
        return json.loads(reader.json()), json.loads(reader.crjson())


# --- held to its form


@pytest.mark.parametrize("media_type", EMBEDDED)
@pytest.mark.parametrize("claim_version", [1, 2])
def test_what_others_sign_in_their_own_forms_holds(
    *,
    clips: Mapping[str, Path],
    identity: Identity,
    define: Define,
    tmp_path: Path,
    media_type: str,
    claim_version: int,
) -> None:
    """By the SDK alone: a time stamp that it asked for itself, earlier claims, no word about the boxes of an M4A."""
    output, stamper = tmp_path / "theirs", tsa.stamper()
    made = {**define(keeps_parent=False), "claim_version": claim_version}
    if claim_version == 1:
        del made["label"]  # of another form, and chosen by the SDK
    with (
        tsa.served(tsa.replies(tsa.Authority(stamper))) as address,
        c2pa.Context.from_dict({"verify": {"verify_after_sign": False}}) as context,
        c2pa.Builder(json.dumps(made), context=context) as builder,
        c2pa.Signer.from_callback(identity.sign, c2pa.C2paSigningAlg.ES256, identity.chain_pem, address) as signer,
        clips[media_type].open("rb") as before,
        output.open("w+b") as after,
    ):
        builder.sign(signer, media_type, before, after)
    found = verify(output, media_type, roots_pem=identity.roots_pem, authorities_pem=stamper.roots_pem)
    assert (found.state, found.failures) == (State.TRUSTED, ())


def test_what_older_rules_leave_out_is_never_trusted(
    signed: Files, identity: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of C2PA 1: the SDK cannot sign so any more, so the list of what may be left out is made shorter here."""
    monkeypatch.setattr(strictness, "_XPATHS", frozenset({"/uuid", "/ftyp"}))
    found = verify(signed["audio/mp4"][0], "audio/mp4", roots_pem=identity.roots_pem)
    assert (found.state, found.failures) == (State.VALID, (f"{signing.NOT_STRICT}moreLeftOut",))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda whole: whole + b"\0\0\0\x10free" + b"anything", "container"),
        (lambda whole: whole.replace(b"ftypM4A ", b"ftypM4B "), "container"),
        (lambda whole: whole.replace(b"manifest\0" + bytes(8), b"manifest\0" + bytes(7) + b"\1"), "place"),
    ],
    ids=["room at the end", "the brand", "beside the manifest"],
)
def test_nothing_can_be_put_where_the_hash_of_boxes_does_not_reach(
    signed: Files, identity: Identity, tmp_path: Path, change: Change, code: str
) -> None:
    content = signed["audio/mp4"][0].read_bytes()
    path = tmp_path / "changed.m4a"
    path.write_bytes(change(content))
    assert path.read_bytes() != content
    found = verify(path, "audio/mp4", roots_pem=identity.roots_pem)
    assert (found.state, found.failures) == (State.INVALID, (signing.NOT_STRICT + code,))
    assert found.sentence.startswith("The file was changed where no signature reaches")
