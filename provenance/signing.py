"""
Signs audio with C2PA and reads manifests back. The only module that knows the C2PA SDK.

Three habits of the SDK shape it. A context with default settings fetches addresses that an uploaded file
names, so every context here is closed to the network. Handles made before ``fork()`` are dead in the child,
so none is kept: a context and a signer take 0.2 ms to make, and each call makes its own. And the validation
state alone does not say what people take it to say, so ``verify`` looks behind it before it repeats the
word "trusted".
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

from c2pa import Builder, C2paError, C2paSigningAlg, Context, Reader
from c2pa import Signer as SdkSigner
from cryptography import x509

from provenance import guards, strictness, timestamps
from provenance.assertions import PARENT
from provenance.certificates import (
    CLAIM_PURPOSES,
    MALFORMED,
    Algorithm,
    Identity,
    certificate_digest,
    is_for_claims,
    read_pem,
)
from provenance.guards import SignRefused, normalized
from provenance.jumbf import NoSignerFound, signer_certificates

# Our own list of signers. The SDK reports under which list it trusted one, and does not keep lists of
# time-stamping or identity authorities apart from it, so anything trusted under another name was not
# trusted to sign.
SIGNERS_LIST: Final = "urn:ai-music-ledger:trust:signers"
AUTHORITIES_LIST: Final = "urn:ai-music-ledger:trust:time-stamps"

# Failures that this module adds to the SDK's.
NOT_FOR_CLAIMS: Final = "org.ai-music-ledger.signer.notForClaims"
SIGNER_UNKNOWN: Final = "org.ai-music-ledger.signer.unknown"
OTHER_TRUST_LIST: Final = "org.ai-music-ledger.signer.otherTrustList"
TIME_NOT_SHOWN: Final = "org.ai-music-ledger.timeStamp.notOnList"
STAMP_BROKEN: Final = "org.ai-music-ledger.timeStamp.broken"
NOT_STRICT: Final = "org.ai-music-ledger.notCovered."  # and what of it: provenance.strictness
LEFT_OUT: Final = NOT_STRICT + strictness.MoreLeftOut.code
MANIFEST_ELSEWHERE: Final = "org.ai-music-ledger.manifest.elsewhere"

_ALGORITHMS: Final = {
    Algorithm.ES256: C2paSigningAlg.ES256,
    Algorithm.ES384: C2paSigningAlg.ES384,
    Algorithm.ES512: C2paSigningAlg.ES512,
    Algorithm.PS256: C2paSigningAlg.PS256,
    Algorithm.EDDSA: C2paSigningAlg.ED25519,
}
# With a native type the SDK rewrites tags even when it embeds nothing.
_BESIDE: Final = "application/octet-stream"


class SdkRefused(SignRefused):
    """The C2PA SDK would not sign this file."""

    code: ClassVar[str] = "sdk_refused"


class SourceManifestUnreadable(SignRefused):
    """The file carries a manifest that cannot be read, so not be kept as parent; remove or repair it."""

    code: ClassVar[str] = "source_manifest_unreadable"


class SourceManifestElsewhere(SignRefused):
    """The file only names an address for its manifest, and none is fetched; send it with its manifest."""

    code: ClassVar[str] = "source_manifest_elsewhere"


class State(StrEnum):
    """What reading a file's manifest comes to."""

    TRUSTED = "trusted"  # intact, and signed by someone on the list
    VALID = "valid"  # intact, and signed by someone else
    INVALID = "invalid"  # something does not match
    ABSENT = "absent"  # there is no manifest with the file
    UNREADABLE = "unreadable"  # there is one, or the file itself, and it cannot be read


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose identity signs, and the version of the software that does."""

    identity: Identity
    version: str


@dataclass(frozen=True, slots=True)
class Signed:
    """What signing a file gave; the file itself lies at the destination."""

    media_type: str
    is_embedded: bool
    manifest: bytes  # the whole manifest store, as in the file or, if not embedded, the only copy
    keeps_parent: bool


@dataclass(frozen=True, slots=True)
class SignerFacts:
    """Who signed, as the certificate says; whether to believe it is the verification's state."""

    organization: str
    common_name: str
    issuer: str
    serial_number: str
    algorithm: str
    active_from: datetime
    expires_at: datetime
    certificate_digest: str  # SHA-256 of the leaf's DER, hex


@dataclass(frozen=True, slots=True)
class StampFacts:
    """When an authority says that a signature was there, and whether to believe it."""

    at: datetime
    authority: str
    authority_digest: str  # SHA-256 of the authority's certificate in DER, hex
    is_trusted: bool  # it leads to a root on our list of authorities, by our own reading and by the SDK's


@dataclass(frozen=True, slots=True)
class IngredientFailure:
    """An ingredient whose own manifest does not check out, which leaves the outer state as it is."""

    title: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """What a manifest proves about a file, and one sentence that says so."""

    state: State
    sentence: str
    failures: tuple[str, ...] = ()
    informational: tuple[str, ...] = ()
    label: str | None = None
    title: str | None = None
    is_embedded: bool | None = None
    manifest_digest: str | None = None  # SHA-256 of the manifest store, hex
    signer: SignerFacts | None = None
    signed_at: str | None = None  # from a time stamp; without one nobody but the signer knows
    stamp: StampFacts | None = None  # None without one, and where it proves nothing that can be read
    assertions: Mapping[str, Any] | None = None
    ingredient_failures: tuple[IngredientFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a manifest proves, and all that it says in the SDK's own words; those are a stranger's, and of any size."""

    verification: Verification
    report: Mapping[str, Any] | None = None  # None where there is nothing to read
    store_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Original:
    """The file that a source was made from, with the manifest that it may carry."""

    path: Path
    media_type: str


class Define(Protocol):
    """Gives the manifest definition, for a source whose own manifest becomes the parent or that has none."""

    def __call__(self, *, keeps_parent: bool) -> Mapping[str, Any]: ...


# --- Signing ---


def sign(
    source: Path,
    destination: Path,
    media_type: str,
    define: Define,
    *,
    signer: Signer,
    original: Original | None = None,
) -> Signed:
    """
    Sign a copy of ``source`` into ``destination``, or beside it where the container holds no manifest.

    The audio is not decoded; that it stayed the same is for the caller to compare, and that the manifest is bound to
    the file for ``verify`` to say: the SDK would read all of it again for that, and then it is read anyway. The
    destination appears
    whole or not at all. What ``signer.identity.sign`` raises is raised here as it is.

    :param original: whose manifest becomes the parent, where the source was made from it and has none that still fits
    :raises SignRefused: a subclass names the reason
    """
    media_type = normalized(media_type)
    guards.check_source(source, media_type)
    is_embedded = guards.embeds(media_type)
    original = original or Original(source, media_type)
    original = Original(original.path, normalized(original.media_type))
    carries_manifest = guards.embeds(original.media_type) and _carries_manifest(original.path, original.media_type)
    definition = _with_container(define(keeps_parent=carries_manifest), source, media_type)
    guards.check_definition(definition, carries_manifest=carries_manifest)

    descriptor, name = tempfile.mkstemp(dir=destination.parent, prefix=f".{destination.name}.")
    temporary = Path(name)
    try:
        with source.open("rb") as before, os.fdopen(descriptor, "w+b") as after:
            manifest = _sign(
                before,
                after,
                media_type,
                definition=definition,
                parent=original if carries_manifest else None,
                identity=signer.identity,
            )
        # Only now: a signing that failed leaves some bytes behind, which must never have the name.
        temporary.replace(destination)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return Signed(media_type, is_embedded, manifest, carries_manifest)


def _with_container(definition: Mapping[str, Any], source: Path, media_type: str) -> Mapping[str, Any]:
    """Add to what is stated the boxes that the hash of an M4A leaves out, so that nothing can be put there."""
    if media_type != "audio/mp4":
        return definition
    try:
        with source.open("rb") as file:
            digest = strictness.digest_of_left_out(file)
    except (ValueError, struct.error) as error:
        raise guards.BrokenBoxes(guards.BrokenBoxes.__doc__) from error
    said = {"label": strictness.CONTAINER, "kind": "Json", "created": True, "data": {"version": "1", "digest": digest}}
    return {**definition, "assertions": [*definition.get("assertions", ()), said]}


def _sign(
    before: io.BufferedReader,
    after: Any,
    media_type: str,
    *,
    definition: Mapping[str, Any],
    parent: Original | None,
    identity: Identity,
) -> bytes:
    raised: list[BaseException] = []

    def call_key(data: bytes) -> bytes:
        try:
            return identity.sign(data)
        except BaseException as error:  # also a worker that is told to stop: that is no fault of the file
            raised.append(error)  # the SDK only logs it and goes on to complain of the signature
            raise

    try:
        with (
            # With the roots the manifest says what a parent was worth. Without a parent only the SDK's look at its own
            # signature asks for them, which takes a fifth of the time of a small file: ``verify`` follows.
            _context(identity.roots_pem if parent else "", checks_binding=False) as context,
            Builder(json.dumps(definition), context=context) as builder,
            SdkSigner.from_callback(call_key, _ALGORITHMS[identity.algorithm], identity.chain_pem) as sdk_signer,
        ):
            if not guards.embeds(media_type):
                builder.set_no_embed()
                media_type = _BESIDE
            if parent is not None:
                said = {"title": definition["title"], "relationship": "parentOf", "label": PARENT}
                with parent.path.open("rb") as opened:
                    builder.add_ingredient(json.dumps(said), parent.media_type, opened)
            manifest = builder.sign(sdk_signer, media_type, before, after)
    except C2paError as error:
        if raised:
            raise raised[0] from None
        raise SdkRefused(f"{SdkRefused.__doc__} It says: {error}") from error
    return bytes(manifest)


def _carries_manifest(source: Path, media_type: str) -> bool:
    try:
        with _context("") as context, source.open("rb") as file, Reader(media_type, file, context=context):
            return True
    except C2paError.ManifestNotFound:
        return False
    except C2paError as error:
        if _is_elsewhere(error):
            raise SourceManifestElsewhere(SourceManifestElsewhere.__doc__) from error
        if _is_about_manifest(error):
            raise SourceManifestUnreadable(f"{SourceManifestUnreadable.__doc__} {error}") from error
        raise SdkRefused(f"{SdkRefused.__doc__} It says: {error}") from error


def _is_elsewhere(error: C2paError) -> bool:
    return str(error).startswith("Remote")


def _is_about_manifest(error: C2paError) -> bool:
    return not isinstance(error, C2paError.NotSupported | C2paError.Io | C2paError.Other)


def _context(roots_pem: str, authorities_pem: str = "", *, checks_binding: bool = True) -> Context:
    """Return a context closed to the network, with one list of signers and one of authorities for time stamps."""
    trust: dict[str, Any] = {
        # At the top: the purposes inside a list are ignored, and without them claim signing is no purpose
        # at all.
        "trust_config": "".join(f"{purpose.dotted_string}\n" for purpose in sorted(CLAIM_PURPOSES, key=str)),
    }
    lists = ((roots_pem, "manifest", SIGNERS_LIST), (authorities_pem, "tsa", AUTHORITIES_LIST))
    anchors = [{"trust_anchors": pem, "trust_kind": kind, "trust_uri": uri} for pem, kind, uri in lists if pem]
    if anchors:
        trust["anchors"] = anchors
    return Context.from_dict(
        {
            "trust": trust,
            "verify": {
                "verify_after_sign": True,
                # Off by default, and then a broken binding goes unnoticed unless the file is verified after.
                "verify_after_sign_hash": checks_binding,
                "remote_manifest_fetch": False,
                "ocsp_fetch": False,
            },
            "core": {"allowed_network_hosts": [], "allow_redirects": False},
            "builder": {"thumbnail": {"enabled": False}},
        }
    )


# --- Reading ---


def verify(
    path: Path, media_type: str, *, roots_pem: str, authorities_pem: str = "", manifest: bytes | None = None
) -> Verification:
    """
    Read the manifest in a file, or the one given beside it, and say what it proves.

    The file may come from anybody. Nothing is fetched. Not checked: revocation, and whether what the
    manifest states is true. Whether certificates are valid is judged by the machine's clock, since the SDK
    takes no other.

    :param roots_pem: the roots whose signers are trusted; empty trusts nobody
    :param authorities_pem: the roots whose time stamps are trusted; empty trusts none
    :param manifest: the manifest store of a file that cannot hold it
    :raises MediaTypeNotSignable: the media type is none that can carry a manifest
    """
    return read(path, media_type, roots_pem=roots_pem, authorities_pem=authorities_pem, manifest=manifest).verification


def read(
    path: Path, media_type: str, *, roots_pem: str, authorities_pem: str = "", manifest: bytes | None = None
) -> Reading:
    """
    Read the manifest in a file as ``verify`` does, and return with what it proves all that it says.

    :raises MediaTypeNotSignable: the media type is none that can carry a manifest
    """
    media_type = normalized(media_type)
    if manifest is None and not guards.embeds(media_type):
        return Reading(
            Verification(
                State.ABSENT,
                "Files of this type hold no manifest inside; it has to be given beside the file.",
            )
        )
    try:
        with (
            _context(roots_pem, authorities_pem) as context,
            path.open("rb") as file,
            Reader(media_type, file, manifest, context=context) as reader,
        ):
            report, facts = json.loads(reader.json()), json.loads(reader.crjson())
            label = report["active_manifest"]
            store = manifest
            if store is None:
                copy = io.BytesIO()
                reader.resource_to_stream(f"self#jumbf=/c2pa/{label}/c2pa.signature", copy)
                store = copy.getvalue()
            is_embedded = reader.is_embedded()
            found = _verification(report, facts, store, authorities_pem, is_embedded=is_embedded)
        if found.state in {State.TRUSTED, State.VALID}:
            found = _held_to_its_form(found, path, store)
        return Reading(found, report, len(store))
    except C2paError.ManifestNotFound:
        found = Verification(
            State.ABSENT,
            "There is no manifest in this file: it was never signed, or the manifest was removed.",
        )
    except C2paError as error:
        if _is_elsewhere(error):
            found = Verification(
                State.ABSENT,
                "This file holds no manifest, only an address for one, and no address in a file is followed.",
                failures=(MANIFEST_ELSEWHERE,),
            )
        else:
            what = "The manifest" if _is_about_manifest(error) else "This file, or the manifest in it,"
            found = Verification(
                State.UNREADABLE, f"{what} cannot be read: it is damaged, cut short or of another type."
            )
    except (KeyError, ValueError, RecursionError):  # a report without its usual parts, or a bottomless one
        found = Verification(State.UNREADABLE, "The manifest cannot be read: it does not say which part of it counts.")
    return Reading(found)


def _verification(
    report: Mapping[str, Any], facts: Mapping[str, Any], store: bytes, authorities_pem: str = "", *, is_embedded: bool
) -> Verification:
    label: str = report["active_manifest"]
    results = report.get("validation_results", {})
    active = results.get("activeManifest", {})
    failures = [str(entry["code"]) for entry in active.get("failure", ())]
    state = State(str(report["validation_state"]).lower())
    signer = _signer_facts(store, label, algorithm=report["manifests"][label].get("signature_info", {}).get("alg", ""))

    codes = {str(entry["code"]) for kind in ("success", "informational") for entry in active.get(kind, ())}
    stamp, is_stamp_broken = _stamp_facts(store, label, authorities_pem, codes=codes)

    # The SDK's "trusted" is taken back where it does not mean that a signer of claims is on our list.
    if state is State.TRUSTED:
        if results.get("trustListUri") != SIGNERS_LIST:
            failures.append(OTHER_TRUST_LIST)
        if signer is None:
            failures.append(SIGNER_UNKNOWN)
        elif not signer[1]:
            failures.append(NOT_FOR_CLAIMS)
        if failures:
            state = State.VALID
        # It also believes a time by the list of signers, and then a certificate that has ended since.
        elif signer and signer[0].expires_at < datetime.now(UTC) and not (stamp and stamp.is_trusted):
            failures.append(TIME_NOT_SHOWN)
            state = State.INVALID

    # For the SDK a time stamp that was changed is only as if there were none.
    if is_stamp_broken and state in {State.TRUSTED, State.VALID}:
        failures.append(STAMP_BROKEN)
        state = State.INVALID

    ingredient_failures = _ingredient_failures(report)
    changed = [str(e.get("url", "")) for e in active.get("failure", ()) if e["code"] == "assertion.hashedURI.mismatch"]
    return Verification(
        state=state,
        sentence=_sentence(
            state,
            failures,
            signer=signer[0] if signer else None,
            changed=[_quotable(url.rpartition("/")[2]) for url in changed],
            is_embedded=is_embedded,
            ingredients=ingredient_failures,
            stamp=stamp,
        ),
        failures=tuple(failures),
        informational=tuple(str(entry["code"]) for entry in active.get("informational", ())),
        label=label,
        title=report["manifests"][label].get("title"),
        is_embedded=is_embedded,
        manifest_digest=hashlib.sha256(store).hexdigest(),
        signer=signer[0] if signer else None,
        signed_at=report["manifests"][label].get("signature_info", {}).get("time"),
        stamp=stamp,
        # From crjson: the other report turns lists of numbers into text.
        assertions=next((m["assertions"] for m in facts["manifests"] if m["label"] == label), {}),
        ingredient_failures=ingredient_failures,
    )


def _held_to_its_form(found: Verification, path: Path, store: bytes) -> Verification:
    """Take back what was found of a file in which bytes that no signature covers are not as they should be."""
    try:
        strictness.check(path, str(found.label), store, is_embedded=bool(found.is_embedded))
    except strictness.MoreLeftOut as error:
        sentence = f"Intact as far as its signature reaches, which is not enough to trust it. {error}"
        return replace(found, state=State.VALID, sentence=sentence, failures=(*found.failures, LEFT_OUT))
    except strictness.NotStrict as error:
        return replace(
            found,
            state=State.INVALID,
            sentence=f"The file was changed where no signature reaches, or carries what nobody signed. {error}",
            failures=(*found.failures, NOT_STRICT + error.code),
        )
    return found


def _signer_facts(store: bytes, label: str, *, algorithm: str) -> tuple[SignerFacts, bool] | None:
    """Return who signed, and whether that certificate may sign claims."""
    try:
        leaf = x509.load_der_x509_certificate(signer_certificates(store, label)[0])
        return (
            SignerFacts(
                organization=_shown(leaf.subject, x509.NameOID.ORGANIZATION_NAME),
                common_name=_shown(leaf.subject, x509.NameOID.COMMON_NAME),
                issuer=_shown(leaf.issuer, x509.NameOID.COMMON_NAME),
                serial_number=f"{leaf.serial_number:x}",
                algorithm=algorithm,
                active_from=leaf.not_valid_before_utc,
                expires_at=leaf.not_valid_after_utc,
                certificate_digest=certificate_digest(leaf),
            ),
            is_for_claims(leaf),
        )
    except (NoSignerFound, *MALFORMED):
        return None


def _stamp_facts(store: bytes, label: str, authorities_pem: str, *, codes: set[str]) -> tuple[StampFacts | None, bool]:
    """
    Return the time stamp in a manifest, trusted, or what it says where it leads to nobody on the list.

    And whether there is one that is broken: of another signature, or changed since it was made.
    """
    roots = read_pem(authorities_pem) if authorities_pem else []
    is_broken = not codes.isdisjoint({"timeStamp.malformed", "timeStamp.mismatch"})
    try:
        found = timestamps.read(store, label, roots=roots)
        is_trusted = "timeStamp.trusted" in codes
    except timestamps.AuthorityUnknown as unknown:
        if unknown.stamp is None:
            return None, is_broken
        found, is_trusted = unknown.stamp, False
    except timestamps.NoStamp:
        return None, is_broken
    except (timestamps.NotForStamping, timestamps.AuthorityNotInForce):
        return None, is_broken  # it is as it was made, and proves nothing
    except timestamps.TimestampRefused:
        return None, timestamps.is_stamped(store, label)
    return StampFacts(found.at, _quotable(found.authority), found.authority_digest, is_trusted), is_broken


def _shown(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    return _quotable(", ".join(str(attribute.value) for attribute in name.get_attributes_for_oid(oid)))


def _quotable(text: object) -> str:
    """Return a stranger's words so that they stay within a sentence's quotation marks, and short."""
    return "".join(c if c.isprintable() and c not in "“”" else " " for c in str(text)[:80])


def _ingredient_failures(report: Mapping[str, Any]) -> tuple[IngredientFailure, ...]:
    """Gather what does not check out below the active manifest; none of it lowers the SDK's state."""
    found = []
    for manifest in report["manifests"].values():
        for ingredient in manifest.get("ingredients", ()):
            results = ingredient.get("validation_results", {}).get("activeManifest", {})
            if codes := tuple(str(entry["code"]) for entry in results.get("failure", ())):
                found.append(IngredientFailure(_quotable(ingredient.get("title", "")), codes))
    for delta in report.get("validation_results", {}).get("ingredientDeltas") or ():
        failures = delta.get("validationDeltas", {}).get("failure", ())
        uri = str(delta.get("ingredientAssertionURI", ""))
        if codes := tuple(str(entry["code"]) for entry in failures):
            found.append(IngredientFailure(_quotable(uri.rpartition("/")[2]), codes))
    return tuple(found)


def _sentence(
    state: State,
    failures: Sequence[str],
    *,
    signer: SignerFacts | None,
    changed: Sequence[str],
    is_embedded: bool,
    ingredients: Sequence[IngredientFailure],
    stamp: StampFacts | None,
) -> str:
    who = f"“{signer.organization or signer.common_name}”" if signer else "an unnamed signer"
    if state is State.TRUSTED:
        sentence = f"Intact since it was signed by {who}, who is on our list of signers."
        if stamp and stamp.is_trusted:
            sentence += f" Time-stamped {stamp.at:%Y-%m-%d %H:%M} UTC by “{stamp.authority}”."
    elif state is State.VALID:
        sentence = _sentence_for_valid(failures, who)
    else:
        sentence = _sentence_for_invalid(failures, who, changed=changed, is_embedded=is_embedded)
    broken = [i for i in ingredients if not _NOT_ON_A_LIST.issuperset(i.codes)]
    if broken:
        sentence += f" The manifest of what went into it does not check out: {_titles(broken)}."
    elif ingredients:
        sentence += (
            f" What went into it was signed by somebody who is not on our list of signers: {_titles(ingredients)}."
        )
    return sentence


# The certificate may be good, and nobody here put it, or who stamped the time, on a list.
_NOT_ON_A_LIST: Final = frozenset({"signingCredential.untrusted", "timeStamp.untrusted"})


def _titles(ingredients: Sequence[IngredientFailure]) -> str:
    return ", ".join(f"“{i.title}”" for i in ingredients[:3])


def _sentence_for_valid(failures: Sequence[str], who: str) -> str:
    if NOT_FOR_CLAIMS in failures:
        return f"Intact, but signed by {who} with a certificate that is not for signing claims."
    if SIGNER_UNKNOWN in failures:
        return "Intact, but the signer's certificate could not be found in the manifest."
    return f"Intact, but signed by {who}, who is not on our list of signers."


def _sentence_for_invalid(failures: Sequence[str], who: str, *, changed: Sequence[str], is_embedded: bool) -> str:
    """Name the first cause that holds; the later ones are often only its consequences."""
    bindings = [f for f in failures if f in {"assertion.dataHash.mismatch", "assertion.bmffHash.mismatch"}]
    is_signature_wrong, is_credential_wrong, is_unknown = (
        f in failures for f in ("claimSignature.mismatch", "signingCredential.invalid", "signingCredential.untrusted")
    )
    causes = (
        (
            is_signature_wrong and is_credential_wrong,
            "The signer's certificate inside the manifest was changed.",
        ),
        (
            is_signature_wrong and is_unknown,
            "The manifest's claim, its signature or the signer's certificate was changed after signing.",
        ),
        (is_signature_wrong, "The manifest's claim or its signature was changed after signing."),
        (changed, f"A statement in the manifest was changed after signing: {', '.join(changed)[:200]}."),
        (
            len(bindings) > 1,
            "This manifest was made for another file, or this one was cut or extended since.",
        ),
        (bindings and is_embedded, f"The file was changed after {who} signed it."),
        (bindings, f"This is not the file that {who} signed: it was changed, or the manifest is another's."),
        (
            "signingCredential.expired" in failures or TIME_NOT_SHOWN in failures,
            f"The certificate of {who} has expired, and no time stamp shows that it was valid at signing.",
        ),
        (STAMP_BROKEN in failures, "The time stamp beside the signature was changed, or is another signature's."),
        (is_credential_wrong, f"The certificate of {who} is not one that may sign claims."),
    )
    rest = f"The manifest breaks the rules of C2PA: {', '.join(sorted(set(failures)))[:200]}."
    return next((sentence for holds, sentence in causes if holds), rest)
