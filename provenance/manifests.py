"""From a cleared output to a signed file whose bytes are stored, and the row that says so."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from fingerprint import audio
from fingerprint.extract import Items
from provenance import bindings, lookup, tags
from provenance.assertions import ACTIONS, ManifestFacts, definition
from provenance.bindings import SoftBindingFact
from provenance.foreign import Claims
from provenance.guards import normalized
from provenance.models import ForeignManifest, Manifest, SignedCopy
from provenance.signing import Original, Signed, Signer, State, Verification, sign, verify
from provenance.tags import Tags

_PREFIX = "urn:c2pa:"


class AudioChanged(Exception):
    """Signing changed what the file sounds like, so nothing was stored."""


class ReadBackFailed(Exception):
    """The signed file does not read back as what was asked for, so nothing was stored."""


class StoredElsewhere(Exception):
    """The store kept the bytes under another digest than they have."""


class NoSuchManifest(Exception):
    """There is no manifest for this decision."""


@dataclass(frozen=True, slots=True)
class StagedManifest:
    """A signed output whose bytes are stored, and which no row speaks of yet."""

    label: str  # "urn:c2pa:<uuid>"
    media_type: str
    is_embedded: bool
    output_digest: str  # SHA-256 of the bytes delivered, hex
    manifest_digest: str  # SHA-256 of the manifest store, hex
    certificate_digest: str  # SHA-256 of the signer's leaf in DER, hex
    certificate_expires_at: datetime
    soft_bindings: tuple[SoftBindingFact, ...] = ()


def stage(
    facts: ManifestFacts,
    *,
    source: Path,
    media_type: str,
    signer: Signer,
    put: Callable[[Path], str],
    pcm_digest: Callable[[Path, str], str] = audio.pcm_digest,
    harmony: Items | None = None,
    original: Original | None = None,
    finishing: Sequence[str] = (),
    tagged: Tags | None = None,
) -> StagedManifest:
    """
    Sign the output, make sure that it is still the same audio and reads back as asked, and store its bytes.

    Slow, and may run again: every run signs anew under a label of its own, and what an earlier run stored
    is left for the store to collect. Touches no database.

    :param put: stores a file and returns the SHA-256 it is kept under, as hex
    :param pcm_digest: hashes the decoded audio of a file of the given media type
    :param harmony: its Chromaprint fingerprint; without it the output is bound to nothing that outlives the manifest
    :param original: what the source was made from, where it is not itself what was submitted
    :param finishing: the actions by which it was made from that
    :param tagged: what is written into a copy of the source first, where its container takes tags
    :raises SignRefused: a subclass names what is wrong with the file or the definition
    :raises UnknownContribution, SplitsNotWhole, IngredientWithoutLicense: the facts make no manifest
    :raises AudioChanged: the decoded audio is not the same after signing
    :raises ReadBackFailed: the signed file does not verify, or says something else than asked
    """
    media_type = normalized(media_type)
    label = f"{_PREFIX}{uuid4()}"
    asked: dict[str, Any] = {}
    if harmony is not None:
        facts = replace(facts, soft_bindings=bindings.of(harmony, source))

    def define(*, keeps_parent: bool) -> Mapping[str, Any]:
        asked.update(
            definition(
                facts,
                label,
                media_type=media_type,
                version=signer.version,
                keeps_parent=keeps_parent,
                finishing=finishing,
            )
        )
        return asked

    with tempfile.TemporaryDirectory(prefix="manifest-") as folder:
        output, store = Path(folder, "output"), Path(folder, "manifest")
        if tagged is not None and tags.writes(media_type):
            original = original or Original(source, media_type)
            untagged, source = source, Path(folder, "tagged")
            tags.write(untagged, source, media_type, tagged)
            if pcm_digest(source, media_type) != pcm_digest(untagged, media_type):
                raise AudioChanged(AudioChanged.__doc__)
            finishing = (*finishing, "c2pa.edited.metadata")
        signed = sign(source, output, media_type, define, signer=signer, original=original)
        output_digest = _digest(output)
        # Beside the audio, a manifest leaves its bytes alone, and equal bytes sound the same.
        if output_digest != _digest(source) and pcm_digest(output, media_type) != pcm_digest(source, media_type):
            raise AudioChanged(AudioChanged.__doc__)
        found = verify(
            output,
            media_type,
            roots_pem=signer.identity.roots_pem,
            manifest=None if signed.is_embedded else signed.manifest,
        )
        _check_read_back(found, signed, signer, asked)
        store.write_bytes(signed.manifest)
        manifest_digest = hashlib.sha256(signed.manifest).hexdigest()
        for path, digest in ((output, output_digest), (store, manifest_digest)):
            if put(path) != digest:
                raise StoredElsewhere(StoredElsewhere.__doc__)
    return StagedManifest(
        label=label,
        media_type=media_type,
        is_embedded=signed.is_embedded,
        output_digest=output_digest,
        manifest_digest=manifest_digest,
        certificate_digest=signer.identity.certificate_digest,
        soft_bindings=facts.soft_bindings,
        certificate_expires_at=signer.identity.expires_at,
    )


def attach(staged: StagedManifest, *, decision_id: UUID, at: datetime) -> Manifest:
    """Insert the rows that tie a staged manifest to its decision; the caller holds the transaction."""
    lookup.bind(staged.soft_bindings, decision_id=decision_id, is_stated=True, at=at)
    return Manifest.objects.create(
        id=UUID(staged.label.removeprefix(_PREFIX)),
        decision_id=decision_id,
        label=staged.label,
        media_type=staged.media_type,
        is_embedded=staged.is_embedded,
        output_digest=staged.output_digest,
        manifest_digest=staged.manifest_digest,
        certificate_digest=staged.certificate_digest,
        signed_at=at,
    )


def attach_copy(staged: StagedManifest, *, id: UUID, decision_id: UUID, at: datetime) -> SignedCopy:
    """Insert the row that ties a staged copy to its decision; the caller holds the transaction."""
    return SignedCopy.objects.create(
        id=id,
        decision_id=decision_id,
        label=staged.label,
        media_type=staged.media_type,
        is_embedded=staged.is_embedded,
        output_digest=staged.output_digest,
        manifest_digest=staged.manifest_digest,
        certificate_digest=staged.certificate_digest,
        signed_at=at,
    )


def keep_claims(claims: Claims, *, decision_id: UUID, at: datetime) -> ForeignManifest:
    """Insert what others claim about a submitted file; the caller holds the transaction."""
    return ForeignManifest.objects.create(
        id=claims_id(decision_id),
        decision_id=decision_id,
        state=claims.state,
        store_digest=claims.store_digest,
        document=claims.document,
        digest=claims.digest,
        read_at=at,
    )


def claims_id(decision_id: UUID) -> UUID:
    """Return the id that the claims have or will have that came with what this decision was the first about."""
    return uuid5(decision_id, "claims by others")


def claims_of(submission_id: UUID) -> ForeignManifest | None:
    """Return what others claimed about a submitted file, or None where it came with no manifest."""
    return ForeignManifest.objects.filter(decision__submission=submission_id).first()


def read(*, decision_id: UUID) -> Manifest:
    """
    Return the manifest of a decision.

    :raises NoSuchManifest: the decision is unknown or cleared nothing
    """
    try:
        return Manifest.objects.get(decision_id=decision_id)
    except Manifest.DoesNotExist as error:
        raise NoSuchManifest(NoSuchManifest.__doc__) from error


def _check_read_back(found: Verification, signed: Signed, signer: Signer, asked: Mapping[str, Any]) -> None:
    """
    Check what a reader of the signed file will find, in this order.

    1. It is trusted: intact, and signed by somebody on our own list.
    2. It is this manifest: the label, the bytes, the certificate.
    3. It says what was asked, to the last value.
    """
    if found.state is not State.TRUSTED:
        raise ReadBackFailed(f"{ReadBackFailed.__doc__} {found.sentence}")
    is_this_one = (
        found.label == asked["label"]
        and found.manifest_digest == hashlib.sha256(signed.manifest).hexdigest()
        and found.signer is not None
        and found.signer.certificate_digest == signer.identity.certificate_digest
    )
    if not is_this_one:
        raise ReadBackFailed(f"{ReadBackFailed.__doc__} It is another manifest.")
    seen: Counter[str] = Counter()
    for assertion in asked["assertions"]:
        # The SDK writes the actions' ingredients as links of its own; all else comes back as it was given.
        label, is_ours = assertion["label"], assertion["label"] != ACTIONS
        instance = f"{label}__{seen[label]}" if seen[label] else label  # a second one of a kind is numbered
        seen[label] += 1
        read = (found.assertions or {}).get(instance)
        if label == bindings.LABEL and isinstance(read, dict):
            read = {**read, "pad": []}  # the report writes an empty one as text
        if is_ours and read != assertion["data"]:
            raise ReadBackFailed(f"{ReadBackFailed.__doc__} {instance} differs.")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
