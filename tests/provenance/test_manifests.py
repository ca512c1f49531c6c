"""Staging a manifest …"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from fingerprint.audio import pcm_digest
from provenance import assertions, guards, manifests
from provenance.assertions import ManifestFacts
from provenance.manifests import StagedManifest, stage
from provenance.signing import Signer, State, verify
from tests.provenance import pki
from tests.provenance.conftest import CONTAINERS, EMBEDDED

DEMO = Path(__file__).parents[2] / "ledger" / "demo" / "audio"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


@pytest.fixture
def put(kept: Path) -> Callable[[Path], str]:
    def put(path: Path) -> str:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        shutil.copy(path, kept / digest)
        return digest

    return put


@pytest.mark.parametrize("media_type", CONTAINERS)
def test_keeps_the_output_and_its_manifest_under_their_digests(
    *,
    clips: Mapping[str, Path],
    facts: ManifestFacts,
    signer: Signer,
    put: Callable[[Path], str],
    kept: Path,
    media_type: str,
) -> None:
    staged = stage(facts, source=clips[media_type], media_type=media_type, signer=signer, put=put)
    assert {path.name for path in kept.iterdir()} == {staged.output_digest, staged.manifest_digest}
    assert (staged.media_type, staged.is_embedded) == (media_type, media_type in EMBEDDED)
    assert staged.certificate_digest == signer.identity.certificate_digest
    assert UUID(staged.label.removeprefix("urn:c2pa:")).version == 4
    output, store = kept / staged.output_digest, (kept / staged.manifest_digest).read_bytes()
    found = verify(
        output,
        media_type,
        roots_pem=signer.identity.roots_pem,
        manifest=None if staged.is_embedded else store,
    )
    assert (found.state, found.label) == (State.TRUSTED, staged.label)
    assert found.manifest_digest == staged.manifest_digest
    assert pcm_digest(output, media_type) == pcm_digest(clips[media_type], media_type)
    assert (output.read_bytes() == clips[media_type].read_bytes()) is not staged.is_embedded
    assert (store in output.read_bytes()) is staged.is_embedded


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("country.mp3", "audio/mpeg"), ("vocal.flac", "audio/flac"), ("vibe-ace.ogg", "audio/ogg")],
)
def test_works_on_real_recordings(
    *, facts: ManifestFacts, signer: Signer, put: Callable[[Path], str], name: str, media_type: str
) -> None:
    staged = stage(facts, source=DEMO / name, media_type=media_type, signer=signer, put=put)
    assert staged.media_type == media_type


def test_may_run_again_under_another_label(
    clips: Mapping[str, Path], facts: ManifestFacts, signer: Signer, put: Callable[[Path], str]
) -> None:
    def once() -> StagedManifest:
        return stage(facts, source=clips["audio/wav"], media_type="audio/x-wav", signer=signer, put=put)

    first, second = once(), once()
    assert first.label != second.label
    assert first.output_digest != second.output_digest


def test_stores_nothing_when_the_audio_changed(
    *, clips: Mapping[str, Path], facts: ManifestFacts, signer: Signer, put: Callable[[Path], str], kept: Path
) -> None:
    def other_each_time(path: Path, media_type: str) -> str:
        return str(path)

    with pytest.raises(manifests.AudioChanged):
        stage(
            facts,
            source=clips["audio/wav"],
            media_type="audio/wav",
            signer=signer,
            put=put,
            pcm_digest=other_each_time,
        )
    assert list(kept.iterdir()) == []


def test_stores_nothing_when_the_result_is_not_trusted(
    *, clips: Mapping[str, Path], facts: ManifestFacts, put: Callable[[Path], str], kept: Path
) -> None:
    stranger = replace(pki.unchecked(pki.chain()), roots_pem=pki.chain().roots_pem)
    with pytest.raises(manifests.ReadBackFailed, match="who is not on our list of signers"):
        stage(facts, source=clips["audio/mpeg"], media_type="audio/mpeg", signer=Signer(stranger, "1"), put=put)
    stamping = pki.unchecked(pki.chain(purposes=[ExtendedKeyUsageOID.TIME_STAMPING]))
    with pytest.raises(manifests.ReadBackFailed, match="not for signing claims"):
        stage(facts, source=clips["audio/mpeg"], media_type="audio/mpeg", signer=Signer(stamping, "1"), put=put)
    assert list(kept.iterdir()) == []


def test_stores_nothing_when_the_certificate_is_another_than_said(
    *, clips: Mapping[str, Path], facts: ManifestFacts, signer: Signer, put: Callable[[Path], str], kept: Path
) -> None:
    other = Signer(replace(signer.identity, certificate_digest="00" * 32), "0.1.0")
    with pytest.raises(manifests.ReadBackFailed, match="another manifest"):
        stage(facts, source=clips["audio/mpeg"], media_type="audio/mpeg", signer=other, put=put)
    assert list(kept.iterdir()) == []


def test_stores_nothing_for_facts_or_files_that_are_refused(
    *, clips: Mapping[str, Path], facts: ManifestFacts, signer: Signer, put: Callable[[Path], str], kept: Path
) -> None:
    with pytest.raises(assertions.SplitsNotWhole):
        stage(
            replace(facts, splits=facts.splits[1:]),
            source=clips["audio/wav"],
            media_type="audio/wav",
            signer=signer,
            put=put,
        )
    with pytest.raises(guards.MediaTypeNotSignable):
        stage(facts, source=clips["audio/wav"], media_type="audio/x-ms-wma", signer=signer, put=put)
    assert list(kept.iterdir()) == []


def test_refuses_a_store_that_keeps_other_bytes(
    clips: Mapping[str, Path], facts: ManifestFacts, signer: Signer
) -> None:
    with pytest.raises(manifests.StoredElsewhere):
        stage(
            facts,
            source=clips["audio/mpeg"],
            media_type="audio/mpeg",
            signer=signer,
            put=lambda path: "00" * 32,
        )
