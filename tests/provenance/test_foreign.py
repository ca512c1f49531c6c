"""What others claim …"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provenance import foreign, guards, signing
from provenance.assertions import ManifestFacts, definition
from provenance.certificates import Identity
from provenance.contributions import ContributionFact
from provenance.foreign import Claims, NotClaims, claims_about, read_claims
from provenance.signing import Signed, Signer, State, Verification, sign
from tests.provenance import pki
from tests.provenance.conftest import CONTAINERS, EMBEDDED, LABEL
from tests.provenance.test_signing import _sign_with_sdk

Files = Mapping[str, tuple[Path, Signed]]
GENERATED = (ContributionFact("lead_vocal", "all", "Voice Model 2"), ContributionFact("instruments", "all", "Band 1"))


@pytest.fixture(scope="module")
def stranger() -> Signer:
    """A generator's maker that is on no list of ours, and whose certificate names a person too."""
    return Signer(pki.unchecked(pki.chain(subject=pki.name("Jane Doe", "Generator Inc"))), "3.1")


@pytest.fixture(scope="module")
def generated(
    clips: Mapping[str, Path], facts: ManifestFacts, stranger: Signer, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Path]:
    """Files as a generator delivers them."""
    folder = tmp_path_factory.mktemp("generated")
    made = replace(facts, title="A Generated Tone", contributions=GENERATED)
    for media_type in EMBEDDED:

        def define(*, keeps_parent: bool, media_type: str = media_type) -> Mapping[str, Any]:
            return definition(made, LABEL, media_type=media_type, version="3.1", keeps_parent=keeps_parent)

        sign(clips[media_type], folder / CONTAINERS[media_type][0], media_type, define, signer=stranger)
    return {media_type: folder / CONTAINERS[media_type][0] for media_type in EMBEDDED}


def claimed(path: Path, media_type: str, identity: Identity, **limits: Any) -> Claims:
    claims = claims_about(path, media_type, roots_pem=identity.roots_pem, **limits)
    assert claims is not None
    return claims


@pytest.mark.parametrize("media_type", EMBEDDED)
def test_are_read_with_whether_they_hold(
    generated: Mapping[str, Path], identity: Identity, stranger: Signer, media_type: str
) -> None:
    claims = claimed(generated[media_type], media_type, identity)
    assert (claims.state, claims.is_broken, claims.broken_parts) == ("valid", False, ())
    assert claims.machines == ("trainedAlgorithmicMedia",)
    said = claims.said
    assert said["sentence"] == "Intact, but signed by “Generator Inc”, who is not on our list of signers."
    assert said["signer"] == {
        "organization": "Generator Inc",
        "certificate": stranger.identity.certificate_digest,
    }
    [manifest] = said["manifests"]
    assert (manifest["title"], manifest["as"], manifest["depth"]) == ("A Generated Tone", "active", 0)
    assert manifest["generator"] == "AI Music Ledger 3.1"
    assert manifest["discloses_machine"]
    assert manifest["training"]["cawg.ai_generative_training"] == "notAllowed"
    assert [one["action"] for one in manifest["actions"]][:2] == ["c2pa.created", "c2pa.placed"]
    assert [(one["title"], one["as"]) for one in manifest["ingredients"]][:2] == [
        ("The Sampled Tone", "componentOf"),
        ("A prompt", "inputTo"),
    ]
    assert b"Jane Doe" not in claims.document


def test_are_none_where_there_is_no_manifest(clips: Mapping[str, Path], identity: Identity) -> None:
    for media_type, clip in clips.items():
        assert claims_about(clip, media_type, roots_pem=identity.roots_pem) is None


def test_are_none_where_there_is_only_the_word(clips: Mapping[str, Path], identity: Identity, tmp_path: Path) -> None:
    """Bytes that look like a mark cost a process, and nothing is claimed."""
    content = clips["audio/wav"].read_bytes() + b"note\x04\0\0\0jumb"
    path = tmp_path / "word.wav"
    path.write_bytes(content[:4] + (len(content) - 8).to_bytes(4, "little") + content[8:])
    assert claims_about(path, "audio/wav", roots_pem=identity.roots_pem) is None


def test_say_that_the_file_was_changed(generated: Mapping[str, Path], identity: Identity, tmp_path: Path) -> None:
    content = bytearray(generated["audio/wav"].read_bytes())
    content[content.index(b"data") + 5000] ^= 1
    path = tmp_path / "changed.wav"
    path.write_bytes(content)
    claims = claimed(path, "audio/wav", identity)
    assert (claims.state, claims.is_broken) == ("invalid", True)
    assert claims.said["failures"] == ["assertion.dataHash.mismatch", "signingCredential.untrusted"]


def test_name_a_parent_that_was_changed_though_the_rest_holds(
    generated: Mapping[str, Path], identity: Identity, facts: ManifestFacts, signer: Signer, tmp_path: Path
) -> None:
    content = bytearray(generated["audio/wav"].read_bytes())
    content[content.index(b"data") + 5000] ^= 1
    source, output = tmp_path / "changed.wav", tmp_path / "kept.wav"
    source.write_bytes(content)
    sign(
        source,
        output,
        "audio/wav",
        lambda keeps_parent: definition(
            facts, LABEL[:-1] + "2", media_type="audio/wav", version="1", keeps_parent=keeps_parent
        ),
        signer=signer,
    )
    claims = claimed(output, "audio/wav", identity)
    assert (claims.state, claims.is_broken) == ("trusted", False)
    assert claims.broken_parts == ("A Signed Tone",)
    assert [(one["as"], one["depth"]) for one in claims.said["manifests"]] == [("active", 0), ("parentOf", 1)]
    assert claims.machines == ("trainedAlgorithmicMedia",)  # what the parent says is said


def test_of_an_address_are_not_fetched(
    clips: Mapping[str, Path], facts: ManifestFacts, identity: Identity, tmp_path: Path
) -> None:
    lure = tmp_path / "lure.wav"
    made = definition(facts, LABEL, media_type="audio/wav", version="1", keeps_parent=False)
    _sign_with_sdk(clips["audio/wav"], lure, "audio/wav", made, identity, address="http://127.0.0.1:9/m.c2pa")
    claims = claimed(lure, "audio/wav", identity)
    assert (claims.state, claims.store_digest) == ("absent", "")
    assert claims.said["failures"] == [signing.MANIFEST_ELSEWHERE]


@pytest.mark.parametrize("media_type", EMBEDDED)
def test_that_cannot_be_read_are_claimed_all_the_same(
    generated: Mapping[str, Path], identity: Identity, tmp_path: Path, media_type: str
) -> None:
    content = generated[media_type].read_bytes()
    at = content.index(b"c2pa.claim")
    path = tmp_path / "garbage"
    path.write_bytes(content[: at - 200] + b"\x07" * 400 + content[at + 200 :])
    claims = claimed(path, media_type, identity)
    assert claims.state in {"unreadable", "invalid"}
    assert claims.said["sentence"].endswith(".")


def test_that_take_too_long_are_not_waited_for(generated: Mapping[str, Path], identity: Identity) -> None:
    since = time.monotonic()
    claims = claimed(generated["audio/wav"], "audio/wav", identity, seconds=0.01)
    assert time.monotonic() - since < 5
    assert (claims.state, claims.store_digest) == ("unreadable", "")
    assert claims.said["sentence"] == "The manifest could not be read within 0.01 seconds."


def test_of_a_reader_that_breaks_off_are_unreadable(
    generated: Mapping[str, Path], identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    claims = claimed(generated["audio/wav"], "audio/wav", identity)
    assert claims.said["sentence"] == "The manifest could not be read: whoever read it broke off."


# --- What is read of a stranger's, and no more


def reading(report: Mapping[str, Any], *, store_bytes: int = 1000) -> signing.Reading:
    found = Verification(State.VALID, "Intact.", label="a", manifest_digest="ab" * 32)
    return signing.Reading(found, report, store_bytes)


def chain(count: int) -> dict[str, Any]:
    """Manifests that each have the next one as parent."""
    return {
        "manifests": {
            ("a" if n == 0 else f"m{n}"): {
                "title": f"{n}",
                "ingredients": [{"title": "next", "relationship": "parentOf", "active_manifest": f"m{n + 1}"}],
            }
            for n in range(count)
        }
    }


TOO_MUCH: dict[str, tuple[signing.Reading, str]] = {
    "bytes": (reading(chain(1), store_bytes=foreign.MOST_STORE_BYTES + 1), "it has 16,777,217 bytes"),
    "manifests": (reading(chain(foreign.MOST_MANIFESTS + 1)), "there are 65 manifests in it"),
    "depth": (reading(chain(foreign.DEEPEST + 2)), "more than 16 deep"),
    "ingredients": (
        reading({"manifests": {"a": {"ingredients": [{}] * (foreign.MOST_INGREDIENTS + 1)}}}),
        "there are 501 ingredients in it",
    ),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_beyond_a_limit_are_unreadable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str) -> None:
    given, words = TOO_MUCH[what]
    monkeypatch.setattr(foreign, "read", lambda *args, **rest: given)
    claims = read_claims(tmp_path, "audio/wav", roots_pem="")
    assert claims is not None
    assert (claims.state, claims.store_digest) == ("unreadable", "ab" * 32)
    assert words in claims.said["sentence"]


HOSTILE: dict[str, Any] = {
    "nothing": {},
    "manifests that are none": {"manifests": []},
    "a manifest that is none": {"manifests": {"a": "text"}},
    "parts of other kinds": {
        "manifests": {
            "a": {
                "title": ["a", 1],
                "claim_generator_info": [17],
                "signature_info": "x",
                "ingredients": ["a", {"active_manifest": {"b": 1}, "title": 5}],
                "assertions": [
                    7,
                    {"label": 7, "data": 8},
                    {"label": "c2pa.actions", "data": {"actions": {"a": 1}}},
                    {"label": "c2pa.actions.v2", "data": {"actions": ["x", {"softwareAgent": 3, "action": {}}]}},
                    {"label": "cawg.training-mining", "data": {"entries": {"k": 5, "": {"use": ["a"]}}}},
                ],
            }
        }
    },
    "a circle": {
        "manifests": {
            "a": {"ingredients": [{"active_manifest": "b"}]},
            "b": {"ingredients": [{"active_manifest": "a"}, {"active_manifest": "b"}]},
        }
    },
    "endless words": {"manifests": {"a": {"title": "\u202e\x00\ud800" + "x" * 10**6}}},
}


@pytest.mark.parametrize("what", HOSTILE)
def test_of_any_shape_become_a_document(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str) -> None:
    monkeypatch.setattr(foreign, "read", lambda *args, **rest: reading(HOSTILE[what]))
    claims = read_claims(tmp_path, "audio/wav", roots_pem="")
    assert claims is not None
    assert len(claims.document) < 10_000
    assert Claims(claims.document).said == json.loads(claims.document)
    assert claims.machines == ()
    for manifest in claims.said["manifests"]:
        assert manifest["title"].isprintable()


@pytest.mark.parametrize("document", [b"", b"{}", b"[1]", b"\xff", b'{"format": "claims-by-others/9"}'])
def test_are_not_taken_from_another_document(document: bytes) -> None:
    with pytest.raises(NotClaims):
        _ = Claims(document).state


def test_are_not_looked_for_where_no_manifest_can_be(tmp_path: Path) -> None:
    assert claims_about(tmp_path / "none.ogg", "audio/ogg", roots_pem="") is None
    (tmp_path / "empty.wav").touch()
    assert claims_about(tmp_path / "empty.wav", "audio/wav", roots_pem="") is None
    with pytest.raises(guards.MediaTypeNotSignable):
        claims_about(tmp_path / "none.txt", "text/plain", roots_pem="")


def test_are_read_without_django() -> None:
    code = "import sys, provenance.foreign; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
