"""What the SDK lets through …

The ten traps that were measured, and where each is closed:

1. a WAV with a streaming header: ``test_signing.test_refuses_a_streaming_wave_header``;
2. addresses in files: ``test_signing.test_an_address_in_a_file_is_never_fetched`` and here, of everything that reads;
3. lists of other kinds: ``test_verify.test_takes_trust_back_from_a_root_that_is_listed_for_something_else``;
4. claim signing named at the top: ``test_verify.test_the_sdk_still_wants_claim_signing_named_at_the_top`` and here;
5. update manifests: here, and ``test_signing.test_an_earlier_manifest_is_kept_as_parent_…``;
6. an earlier manifest that is dropped: ``test_signing.test_refuses_to_replace_an_earlier_manifest`` and here;
7. ingredients that do not hold: ``test_signing.test_a_tampered_parent_leaves_the_state_but_is_named`` and here;
8. lists of numbers and 9. labels that end in a version: ``test_guards.test_refuses`` and
   ``test_signing.test_the_sdk_still_corrupts_lists_of_numbers_and_cuts_labels``;
10. what is only gathered: ``test_guards.test_refuses`` and
    ``test_signing.test_every_assertion_of_ours_is_attributed_to_the_signer``.

Mistakes in certificates are in ``test_certificates.MISTAKES``; here are those that the table has beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import c2pa
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from benchmarks import mutations
from benchmarks import signing as bench
from benchmarks.mutations import Mutant
from fingerprint.audio import pcm_digest
from provenance import certificates, foreign, signing
from provenance.certificates import DOCUMENT_SIGNING, Algorithm, Identity, identity_of
from provenance.signing import Define, Original, Signed, Signer, State, sign, verify
from tests.provenance import pki
from tests.provenance.conftest import CONTAINERS, EMBEDDED, LABEL
from tests.provenance.test_signing import _sign_with_sdk

Files = Mapping[str, tuple[Path, Signed]]
CLOSED = {"verify": {"remote_manifest_fetch": False}, "core": {"allowed_network_hosts": []}}


# --- 2. the network


def test_nothing_that_reads_or_signs_calls_anybody(
    clips: Mapping[str, Path], signer: Signer, define: Define, tmp_path: Path
) -> None:
    with bench.listener() as (address, requests):
        for media_type in EMBEDDED:
            lure = tmp_path / CONTAINERS[media_type][0]
            made = define(keeps_parent=False)
            _sign_with_sdk(clips[media_type], lure, media_type, made, signer.identity, address=address)
            found = verify(lure, media_type, roots_pem=signer.identity.roots_pem)
            assert found.failures == (signing.MANIFEST_ELSEWHERE,)
            claims = foreign.claims_about(lure, media_type, roots_pem=signer.identity.roots_pem)
            assert claims is not None
            assert claims.state == "absent"
            with pytest.raises(signing.SourceManifestElsewhere):
                sign(lure, tmp_path / "out", media_type, define, signer=signer)
    assert requests == []


# --- 4. purposes


def test_the_sdk_still_wants_document_signing_named_at_the_top(
    clips: Mapping[str, Path], define: Define, tmp_path: Path
) -> None:
    who = pki.unchecked(pki.chain(purposes=[DOCUMENT_SIGNING]))
    path = tmp_path / "out.wav"
    sign(clips["audio/wav"], path, "audio/wav", define, signer=Signer(who, "1"))
    assert verify(path, "audio/wav", roots_pem=who.roots_pem).state is State.TRUSTED
    anchors = [{"trust_anchors": who.roots_pem, "trust_kind": "manifest", "trust_uri": "urn:example:list"}]
    with (
        c2pa.Context.from_dict({**CLOSED, "trust": {"anchors": anchors}}) as context,
        path.open("rb") as file,
        c2pa.Reader("audio/wav", file, context=context) as reader,
    ):
        assert json.loads(reader.json())["validation_state"] == "Invalid"


# --- 5. update manifests


@pytest.mark.parametrize("media_type", EMBEDDED)
def test_the_sdk_still_breaks_files_by_update_manifests(
    signed: Files, identity: Identity, tmp_path: Path, media_type: str
) -> None:
    """All but M4A. When this fails, the SDK was repaired; here an earlier manifest is opened, never updated."""
    source, _ = signed[media_type]
    output = tmp_path / "updated"
    update = {
        "claim_generator_info": [{"name": "a", "version": "1"}],
        "assertions": [{"label": "org.example.note", "created": True, "data": {"a": "1"}}],
    }
    with (
        c2pa.Context.from_dict(CLOSED) as context,
        c2pa.Builder(json.dumps(update), context=context) as builder,
        c2pa.Signer.from_callback(identity.sign, c2pa.C2paSigningAlg.ES256, identity.chain_pem) as signer,
        source.open("rb") as before,
        output.open("w+b") as after,
    ):
        builder.set_intent(c2pa.C2paBuilderIntent.UPDATE)
        builder.sign(signer, media_type, before, after)
    found = verify(output, media_type, roots_pem=identity.roots_pem)
    assert found.state is (State.TRUSTED if media_type == "audio/mp4" else State.INVALID)


# --- 6 and 7. what was there before


def test_the_sdk_still_drops_an_earlier_manifest(
    signed: Files, identity: Identity, define: Define, tmp_path: Path
) -> None:
    output = tmp_path / "again.wav"
    made = {**define(keeps_parent=False), "label": LABEL[:-1] + "2"}
    _sign_with_sdk(signed["audio/wav"][0], output, "audio/wav", made, identity)
    claims = foreign.read_claims(output, "audio/wav", roots_pem=identity.roots_pem)
    assert claims is not None
    assert [one["label"] for one in claims.said["manifests"]] == [LABEL[:-1] + "2"]


@pytest.mark.parametrize("media_type", CONTAINERS)
def test_the_manifest_of_an_original_is_kept_in_whatever_was_made_from_it(
    *, clips: Mapping[str, Path], signed: Files, signer: Signer, define: Define, tmp_path: Path, media_type: str
) -> None:
    """A copy in another container carries no manifest; that of the file it was made from is its parent."""
    output = tmp_path / "copy"
    result = sign(
        clips[media_type],
        output,
        media_type,
        lambda keeps_parent: {**define(keeps_parent=keeps_parent), "label": LABEL[:-1] + "2"},
        signer=signer,
        original=Original(signed["audio/flac"][0], "audio/flac"),
    )
    assert result.keeps_parent
    beside = None if result.is_embedded else result.manifest
    reading = signing.read(output, media_type, roots_pem=signer.identity.roots_pem, manifest=beside)
    assert reading.report is not None
    assert (reading.verification.state, reading.verification.ingredient_failures) == (State.TRUSTED, ())
    [parent] = [
        one for one in reading.report["manifests"][LABEL[:-1] + "2"]["ingredients"] if one["relationship"] == "parentOf"
    ]
    assert parent["active_manifest"] == LABEL
    assert pcm_digest(output, media_type) == pcm_digest(clips[media_type], media_type)


def test_an_untrusted_parent_leaves_the_state_but_is_named(
    clips: Mapping[str, Path], signer: Signer, define: Define, tmp_path: Path
) -> None:
    source, output = tmp_path / "theirs.mp3", tmp_path / "ours.mp3"
    sign(clips["audio/mpeg"], source, "audio/mpeg", define, signer=Signer(pki.unchecked(pki.chain()), "1"))
    sign(
        source,
        output,
        "audio/mpeg",
        lambda keeps_parent: {**define(keeps_parent=keeps_parent), "label": LABEL[:-1] + "2"},
        signer=signer,
    )
    found = verify(output, "audio/mpeg", roots_pem=signer.identity.roots_pem)
    assert found.state is State.TRUSTED
    assert [one.codes for one in found.ingredient_failures] == [("signingCredential.untrusted",)]
    assert found.sentence.endswith("by somebody who is not on our list of signers: “A Signed Tone”.")


# --- certificates and keys


def test_a_client_certificate_is_refused() -> None:
    chain = pki.chain(purposes=[Purpose.CLIENT_AUTH])
    with pytest.raises(certificates.WrongPurpose):
        identity_of(chain_pem=chain.chain_pem, roots_pem=chain.roots_pem, sign=pki.unchecked(chain).sign, at=pki.NOW)


def test_the_sdk_still_signs_with_another_key_where_it_does_not_check_itself(
    clips: Mapping[str, Path], define: Define, tmp_path: Path
) -> None:
    mixed = pki.unchecked(pki.chain(), sign=pki.unchecked(pki.chain()).sign)
    output = tmp_path / "out.wav"
    with (
        c2pa.Context.from_dict({**CLOSED, "verify": {"verify_after_sign": False}}) as context,
        c2pa.Builder(json.dumps(dict(define(keeps_parent=False))), context=context) as builder,
        c2pa.Signer.from_callback(mixed.sign, c2pa.C2paSigningAlg.ES256, mixed.chain_pem) as signer,
        clips["audio/wav"].open("rb") as before,
        output.open("w+b") as after,
    ):
        builder.sign(signer, "audio/wav", before, after)
    found = verify(output, "audio/wav", roots_pem=mixed.roots_pem)
    assert (found.state, "claimSignature.mismatch" in found.failures) == (State.INVALID, True)


def test_an_algorithm_that_is_not_the_keys_is_refused(
    clips: Mapping[str, Path], define: Define, tmp_path: Path
) -> None:
    confused = replace(pki.unchecked(pki.chain()), algorithm=Algorithm.PS256)
    with pytest.raises(signing.SdkRefused):
        sign(clips["audio/wav"], tmp_path / "out", "audio/wav", define, signer=Signer(confused, "1"))
    assert list(tmp_path.iterdir()) == []


# --- many, and at random


@pytest.mark.slow
def test_forked_workers_sign_with_flat_memory_and_no_file_left_open() -> None:
    """Bounded here; ``python -m benchmarks signing`` does five hundred."""
    for each in bench.soak(40):
        assert each.files_after == each.files_before
        assert each.after_mib - each.before_mib < 8


Changing = tuple[Mapping[str, mutations.Signed], mutations.Lists, list[str]]


@pytest.fixture(scope="module")
def to_change(tmp_path_factory: pytest.TempPathFactory) -> Changing:
    folder = tmp_path_factory.mktemp("to change")
    with bench.listener() as (address, requests):
        lists = bench.corpus(folder, lure=address)
    return mutations.read(folder), lists, requests


def test_no_file_changed_at_random_is_trusted(to_change: Changing) -> None:
    """A few hundred here; ``python -m benchmarks fuzz`` does ten thousand."""
    files, lists, requests = to_change
    states = mutations.run(files, lists, seed=2026, count=300)
    assert sum(states.values()) == 300
    assert set(states) <= {"invalid", "absent", "unreadable", mutations.SAME}
    assert states["invalid"] > 100
    assert requests == []


@pytest.mark.parametrize("name", ["ipod-stamped", "wav"])
def test_no_bit_that_no_signature_covers_can_be_changed(to_change: Changing, tmp_path: Path, name: str) -> None:
    """One bit in some bytes of the manifest, and in every byte before and behind it that is not the sound."""
    files, lists, _ = to_change
    one = files[name]
    begin, end = one.content.find(one.store), one.content.find(one.store) + len(one.store)
    places = {*range(begin, end, 61), *range(max(0, begin - 76), begin), *range(end, min(end + 16, len(one.content)))}
    for place in places:
        changed = bytearray(one.content)
        changed[place] ^= 1 << place % 8
        mutant = Mutant(f"bit {place % 8} of byte {place}", one, bytes(changed), None)
        assert mutations.check(mutant, tmp_path / "changed", lists) is not State.TRUSTED


def test_the_check_for_being_fooled_can_fail(to_change: Changing, tmp_path: Path) -> None:
    files, lists, _ = to_change
    one = files["wav"]
    whole = Mutant("nothing", one, one.content, None)
    assert mutations.check(whole, tmp_path / "whole", lists) is State.TRUSTED
    other = replace(one, content=one.content + b"\0")  # as if this were what was signed
    with pytest.raises(mutations.Fooled, match="nothing in audio/wav"):
        mutations.check(Mutant("nothing", other, one.content, None), tmp_path / "whole", lists)
