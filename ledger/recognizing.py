"""
What a file that anybody may send turns out to be: what its manifest says, and which output it comes from.

The file is a stranger's: its structure is read before it is decoded, no more than six minutes of it are decoded, no
address in it is followed, only a few are looked at at once, and nothing of it is kept. What is answered is about
signed outputs alone, from the day of their release on: their manifests, which left with the files, and never a
reference, a submission or a party.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now, TruncDate

from fingerprint import audio, extract, store
from fingerprint.audio import AudioFacts, CorruptAudio, Limits
from fingerprint.extract import Items
from ledger import canonical, checkpoints, identity, merkle, notes, receipts, report
from ledger.models import Entry, Leaf
from provenance import bindings, jumbf, lookup
from provenance.lookup import Candidate
from provenance.models import Manifest, SignedCopy
from provenance.signing import State, Verification, verify
from rights.vocabulary import Outcome

AT_ONCE = 2  # files that one process looks at: each takes up to its own size in memory
WAIT_S = 20.0
SHOWN = 5  # outputs on the page


class TooBusy(Exception):
    """Too many files are being looked at; try again in a minute."""


class NoSuchManifest(Exception):
    """This ledger signed no manifest with this identifier."""


class NotAManifestId(Exception):
    """An identifier of a manifest is urn:c2pa: and a UUID in lower case."""


Delivered = Manifest | SignedCopy  # what left this house: an output, or the same in another container


@dataclass(frozen=True)
class Match:
    """A manifest that something leads to."""

    manifest: Delivered
    score: int  # 0 to 100
    matched_ms: int | None
    tempo_millionths: int | None


@dataclass(frozen=True)
class Recognized:
    """What a file turned out to be."""

    facts: AudioFacts
    verification: Verification
    own: Delivered | None  # of a released output: the manifest that it carries, or whose file it is to the byte
    matches: tuple[Match, ...]
    heard_ms: int  # of its beginning, that was looked up


def limits() -> Limits:
    """Return the limits for files of strangers."""
    return Limits(
        max_bytes=settings.LEDGER_MAX_PUBLIC_BYTES,
        max_duration_ms=settings.LEDGER_MAX_AUDIO_MS,
        max_tag_bytes=settings.LEDGER_MAX_TAG_BYTES,
    )


_turns = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=WAIT_S):
        raise TooBusy
    try:
        yield
    finally:
        _turns.release()


def is_busy() -> bool:
    """Whether another file would have to wait."""
    if _turns.acquire(blocking=False):
        _turns.release()
        return False
    return True


# --- Looking up


def by_binding(algorithm: str, value: str, *, most: int) -> tuple[Match, ...]:
    """
    Return the manifests that a soft binding leads to, the likeliest first.

    :raises UnknownAlgorithm: it is none of ours
    :raises BadValue: the value is not one of it, in base64
    """
    return _matches(lookup.by_value(algorithm, bindings.decoded(value), most=most), most)


def by_content(
    path: Path,
    media_type: str | None,
    *,
    most: int,
    algorithm: str | None = None,
    hint: tuple[str, str] | None = None,
) -> tuple[Match, ...]:
    """
    Return the manifests that a file leads to, the likeliest first.

    :param algorithm: look it up by this one only
    :param hint: an algorithm and a value that the sender found elsewhere
    :raises UnknownAlgorithm: an algorithm is none of ours
    :raises BadValue: the hint is no value of it
    :raises AudioRefused: the file is not audio that can be looked at
    :raises TooBusy: others are being looked at
    """
    if algorithm not in {None, *bindings.ALGORITHMS}:
        raise bindings.UnknownAlgorithm
    hinted = lookup.by_value(hint[0], bindings.decoded(hint[1]), most=most) if hint else ()
    with _turn():
        facts = audio.probe(path, declared_media_type=media_type, limits=limits())
        found = candidates(hear(path, facts), path, algorithm=algorithm, most=most)
    exact = _to_the_byte(facts)
    if not isinstance(exact, SignedCopy):
        return _matches((*([Candidate(exact.decision_id, 100)] if exact else []), *hinted, *found), most)
    # A copy in another container has a manifest of its own, which is this file's.
    return (Match(exact, 100, None, None), *_matches((*hinted, *found), most))[:most]


def look_at(path: Path, media_type: str | None) -> Recognized:
    """
    Say what a file is: what its manifest proves today, and, unless that holds, what it leads to.

    :raises AudioRefused: the file is not audio that can be looked at
    :raises TooBusy: others are being looked at
    """
    with _turn():
        facts = audio.probe(path, declared_media_type=media_type, limits=limits())
        trust = identity.trust()
        delivered = _to_the_byte(facts)
        beside = _beside(delivered)
        verification = verify(
            path,
            facts.media_type,
            roots_pem=trust.signers,
            authorities_pem=trust.authorities,
            manifest=beside,
        )
        own = delivered or _own(verification)
        if verification.state is State.TRUSTED:
            return Recognized(facts, verification, own, (), 0)
        try:
            heard = hear(path, facts)
            found, heard_ms = candidates(heard, path, most=SHOWN), heard.heard_ms
        except CorruptAudio:
            if verification.state in {State.ABSENT, State.UNREADABLE}:
                raise
            found, heard_ms = [], 0  # what the manifest proves can be said all the same
    return Recognized(facts, verification, own, _matches(found, SHOWN), heard_ms)


@dataclass(frozen=True)
class Heard:
    """What the beginning of a file sounds like."""

    shifted: tuple[Items, ...]
    heard_ms: int
    is_whole: bool


def hear(path: Path, facts: AudioFacts) -> Heard:
    """
    Listen to the first six minutes of a file.

    :raises CorruptAudio: it cannot be decoded
    """
    most_samples = lookup.MOST_ITEMS * extract.HOP_SAMPLES + extract.ITEM_SAMPLES
    fingerprints, samples = extract.Fingerprints(), 0
    for block in audio.decode(path, facts.media_type):
        fingerprints.feed(block)
        samples += block.size
        if samples >= most_samples:
            break
    heard_ms = min(facts.duration_ms, samples * 1000 // extract.SAMPLE_RATE_HZ)
    return Heard(fingerprints.finish(), heard_ms, samples < most_samples)


def candidates(heard: Heard, path: Path, *, algorithm: str | None = None, most: int = 10) -> list[Candidate]:
    """Return what a file leads to by its sound, by one algorithm or by all."""
    if not bindings.says_something(heard.shifted[0]):
        return []
    found: list[Candidate] = []
    if algorithm in {None, bindings.CHROMAPRINT}:
        found += lookup.by_sound(heard.shifted, most=most)
    if algorithm in {None, bindings.ISCC}:
        # An Audio-Code stands for the whole, so what was not heard to its end has none.
        items = heard.shifted[0] if heard.is_whole else None
        found += lookup.by_value(bindings.ISCC, bindings.iscc_of(items, path), most=most)
    return found


def _to_the_byte(facts: AudioFacts) -> Delivered | None:
    return _delivered(Q(output_digest=facts.digest) | Q(timestamp__output_digest=facts.digest))


def _beside(found: Delivered | None) -> bytes | None:
    if found is None or found.is_embedded:
        return None
    with store.local(found.newest.manifest_digest) as path:
        return path.read_bytes()


def _own(verification: Verification) -> Delivered | None:
    if verification.label is None or verification.manifest_digest is None:
        return None
    digest = verification.manifest_digest
    return _delivered(Q(label=verification.label) & (Q(manifest_digest=digest) | Q(timestamp__manifest_digest=digest)))


def _delivered(which: Q) -> Delivered | None:
    output: Manifest | None = _public(Manifest).filter(which).order_by("-signed_at").first()
    return output or _public(SignedCopy).filter(which).order_by("-signed_at").first()


def _public(signed: type[Delivered]) -> Any:
    """
    Return the manifests that anybody may be led to: those of outputs that were cleared, from their release day on.

    Until then a stranger learns of a file only what it says itself, and that its signature holds. The day is that of
    the database's clock, in UTC.
    """
    is_released = Q(decision__submission__release_on__lte=TruncDate(Now(), tzinfo=UTC))
    return signed.objects.filter(is_released, decision__outcome=Outcome.CLEARED)


def _matches(found: Sequence[Candidate], most: int) -> tuple[Match, ...]:
    best: dict[Any, Candidate] = {}
    for one in found:
        known = best.setdefault(one.decision_id, one)
        if known is not one:
            told = known if known.matched_ms is not None else one
            best[one.decision_id] = replace(told, score=max(known.score, one.score))
    rows = _public(Manifest).filter(decision__in=best).select_related("decision__submission")
    matches = [Match(row, (one := best[row.decision_id]).score, one.matched_ms, one.tempo_millionths) for row in rows]
    return tuple(sorted(matches, key=lambda one: (-one.score, -one.manifest.signed_at.timestamp()))[:most])


# --- Manifests and their receipts


def manifest(label: str) -> Delivered:
    """
    Return a manifest that left this house.

    :raises NotAManifestId: the label is none
    :raises NoSuchManifest: it is not one of ours
    """
    if not bindings.MANIFEST_ID.fullmatch(label):
        raise NotAManifestId
    found = _delivered(Q(label=label))
    if found is None:
        raise NoSuchManifest
    return found


def _entry(found: Delivered) -> Entry:
    """Return the entry that names a manifest by its digest."""
    if isinstance(found, SignedCopy):
        return Entry.objects.get(kind=Entry.Kind.COPY_SIGNED, signed_copy=found)
    return Entry.objects.get(kind=Entry.Kind.DECIDED, decision=found.decision_id)


def manifest_store(label: str, *, only_active: bool = False) -> bytes:
    """
    Return the bytes of a manifest store, or of the one manifest in it that is asked for.

    :raises NotAManifestId, NoSuchManifest: see ``manifest``
    """
    with store.local(manifest(label).newest.manifest_digest) as path:
        whole = path.read_bytes()
    return jumbf.only(whole, label) if only_active else whole


RECEIPT_CONTEXT = {"c2pa": "https://c2pa.org/ns/", "receipt": "https://c2pa.org/ns/manifest-receipt#"}
RECEIPT_TYPE = "org.c2pa.manifest-receipt"
PROOF = receipts.HEADER


def endpoint() -> str:
    """Return the address of the resolution API."""
    return f"{settings.LEDGER_PUBLIC_URL.rstrip('/')}/v1"


def receipt(label: str) -> dict[str, Any]:
    """
    Return the receipt of a manifest: the entry of what signed it, and the proof that this is in the log.

    :raises NotAManifestId, NoSuchManifest: see ``manifest``
    :raises NotSequenced: the entry has no place in the log yet
    """
    found = manifest(label)
    entry = _entry(found)
    if not Leaf.objects.filter(entry=entry).exists():
        raise report.NotSequenced
    return {
        "@context": RECEIPT_CONTEXT,
        "@type": RECEIPT_TYPE,
        "repository": {"uri": endpoint(), "manifestId": label},
        "anchor": {
            "uri": f"{endpoint()}/log/checkpoint",
            "parameters": {"origin": settings.LEDGER_ORIGIN, "key": checkpoints.verifier_key()},
            "proof": {
                "format": PROOF,
                "manifest": f"sha256:{found.manifest_digest}",
                "entry": base64.b64encode(bytes(entry.body)).decode(),
                "receipt": report.receipt(entry),
            },
        },
    }


def check_receipt(label: str, given: Mapping[str, Any]) -> str:
    """
    Check a receipt of a manifest, and return what does not hold; nothing where all of it does.

    1. The proof is of the kind that this log gives.
    2. The log signed the checkpoint, and the proof leads from the entry to it.
    3. The entry says that this manifest was signed, by its digest.

    :raises NotAManifestId, NoSuchManifest: see ``manifest``
    """
    found = manifest(label)
    anchor = given.get("anchor")
    proof = anchor.get("proof") if isinstance(anchor, Mapping) else None
    if not isinstance(proof, Mapping) or proof.get("format") != PROOF:
        return f"The receipt holds no proof of the kind {PROOF}."
    text, encoded = proof.get("receipt"), proof.get("entry")
    if not isinstance(text, str) or not isinstance(encoded, str):
        return "The proof lacks its entry or its receipt."
    try:
        entry = base64.b64decode(encoded, validate=True)
        receipts.verify(receipts.Receipt.from_text(text), entry, *checkpoints.public_keys())
        said = canonical.read(entry)
    except NOT_PROVED as error:
        return f"The proof does not hold: {str(error) or (type(error).__doc__ or '').strip()}"
    if said.id != _entry(found).id or said.data.get("manifest") != f"sha256:{found.manifest_digest}":
        return "The proof is of another entry than the one that says this manifest was signed."
    return ""


NOT_PROVED = (
    ValueError,
    receipts.NotAReceipt,
    notes.NotANote,
    notes.SignatureFails,
    notes.NotSigned,
    notes.NotACheckpoint,
    notes.WrongOrigin,
    merkle.ProofFails,
    canonical.NotCanonical,
    canonical.NotAnEntry,
    canonical.Unrepresentable,
    canonical.TooDeep,
    canonical.DocumentTooLarge,
)
