"""What a file came with and what it leaves as …"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from fingerprint.audio import pcm_digest
from ledger import copying, identity, report, sequencer, verify
from ledger.checkpoints import verifier_key
from ledger.models import CopyOrder, Entry, Job
from provenance import signing
from provenance.assertions import ManifestFacts, SplitFact, definition
from provenance.contributions import ContributionFact
from provenance.models import ForeignManifest, SignedCopy
from provenance.signing import Signer, sign
from tests.flows.conftest import World, body, key
from tests.provenance import pki
from tests.provenance.test_tags import PNG
from tests.provenance.test_tags import read as tags_in

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

PEOPLE_ONLY = [{"component": "lead_vocal", "ai_level": "none", "actor": key("singer")}]


def generated(source: Path, target: Path, media_type: str) -> Path:
    """Sign a file as a generator's maker does, who says that a machine made all of it."""
    facts = ManifestFacts(
        submission_id=uuid4(),
        decision_id=uuid4(),
        title="Generated",
        log_origin="generator.example",
        ingredients=(),
        contributions=(ContributionFact("lead_vocal", "all", "Voice Model 2"),),
        licenses=(),
        splits=(SplitFact("HC", 1, 1),),
        splits_digest="0" * 64,
    )

    def define(*, keeps_parent: bool) -> Mapping[str, Any]:
        return definition(facts, f"urn:c2pa:{uuid4()}", media_type=media_type, version="2", keeps_parent=keeps_parent)

    maker = pki.unchecked(pki.chain(subject=pki.name("Jane Doe", "Generator Inc")))
    sign(source, target, media_type, define, signer=Signer(maker, "2"))
    return target


def read(path: Path, media_type: str, beside: bytes | None = None) -> signing.Reading:
    roots = identity.signer(at=timezone.now()).identity.roots_pem
    return signing.read(path, media_type, roots_pem=roots, manifest=beside)


def test_compares_what_others_claim_with_what_is_declared_and_keeps_it(world: World, tmp_path: Path) -> None:
    api = world.distributor
    file = generated(world.sounds.sung("flac"), tmp_path / "generated.flac", "audio/flac")

    # Nothing of a machine is declared, and whoever made the file says there was one: somebody must look.
    doubted = world.settle(world.submit("doubted", file, key("country"), contributions=PEOPLE_ONLY)["id"])
    assert doubted["state"] == "review"
    [finding] = doubted["decision"]["findings"]
    assert finding["rule"] == "claims_by_others_agree"
    assert "a machine made some of it (trainedAlgorithmicMedia)" in finding["sentence"]
    kept = ForeignManifest.objects.get(decision__submission=doubted["id"])
    assert finding["rests_on"] == [str(kept.pk)]

    answer = api.get(doubted["links"]["claims_by_others"])
    assert body(answer) == bytes(kept.document)
    said = json.loads(body(answer))
    assert (said["state"], said["signer"]["organization"]) == ("valid", "Generator Inc")
    assert [one["as"] for one in said["manifests"]] == ["active"]
    assert b"Jane Doe" not in body(answer)
    decided = Entry.objects.get(decision__submission=doubted["id"])
    assert json.loads(bytes(decided.body))["data"]["claims_by_others"] == f"sha256:{kept.digest}"

    # Declared as it was made, it is cleared; what it came with stays its parent, and others see what that says.
    cleared = world.cleared_file("as it was made", file)
    assert cleared["state"] == "cleared", cleared["decision"]
    path = tmp_path / "signed.flac"
    path.write_bytes(body(api.get(cleared["links"]["file"])))
    reading = read(path, "audio/flac")
    assert reading.verification.state is signing.State.TRUSTED
    assert [one.codes for one in reading.verification.ingredient_failures] == [("signingCredential.untrusted",)]
    record = (reading.verification.assertions or {})["org.ai-music-ledger.record"]
    submitted = Entry.objects.select_related("leaf").get(submission=cleared["id"])
    assert record["submitted"] == {"entry": str(submitted.pk), "leafHash": bytes(submitted.leaf.hash).hex()}
    assert record["decided"] == {"entry": str(Entry.objects.get(decision__submission=cleared["id"]).pk)}

    # The pack vouches for the claims, and a file without a manifest claims nothing.
    pack, log_key = tmp_path / "pack.zip", tmp_path / "log.vkey"
    log_key.write_text(verifier_key())
    report.pack(UUID(cleared["id"]), pack)
    assert verify.main([str(pack), "--key", str(log_key), "--json"]) == 0
    plain = world.settle(world.submit("plain", world.sounds.sung("flac"), key("country"))["id"])
    assert "claims_by_others" not in plain["links"]
    nothing = api.get(f"/v1/submissions/{plain['id']}/claims-by-others")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "nothing_claimed")


def test_a_file_that_was_changed_after_somebody_signed_it_is_looked_at(world: World, tmp_path: Path) -> None:
    file = generated(world.sounds.sung("wav"), tmp_path / "generated.wav", "audio/wav")
    content = bytearray(file.read_bytes())
    content[content.index(b"data") + 9000] ^= 1
    file.write_bytes(content)
    found = world.cleared_file("changed", file)
    assert found["state"] == "review"
    assert ["was changed after signing" in one["sentence"] for one in found["decision"]["findings"]] == [True]
    assert ForeignManifest.objects.get(decision__submission=found["id"]).state == "invalid"


def test_copies_are_signed_for_themselves_from_the_one_record(world: World, tmp_path: Path) -> None:
    api = world.distributor
    source = generated(world.sounds.sung("wav"), tmp_path / "generated.wav", "audio/wav")
    cleared = world.cleared_file("output", source)
    assert cleared["state"] == "cleared", cleared["decision"]
    root = cleared["links"]["copies"]
    first = read_first(api, cleared, tmp_path)
    for name, media_type, suffix in (("flac", "audio/flac", "flac"), ("aiff", "audio/aiff", "aiff")):
        order = {"id": key(name), "media_type": media_type}
        answer = api.post(root, order)
        assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
        assert api.post(root, order).status_code == 202  # the same again changes nothing
        early = api.get(f"{root}/{key(name)}/file")
        assert (early.status_code, early.json()["code"]) == (404, "copy_not_made")
        entry = copying.make(order_id=UUID(key(name)), at=timezone.now())
        assert entry is not None
        assert copying.make(order_id=UUID(key(name)), at=timezone.now()) is None  # once
        sequencer.drain(at=timezone.now())
        found = api.get(answer["Location"]).json()
        assert (found["state"], found["is_embedded"]) == ("signed", media_type == "audio/flac")
        path = tmp_path / f"copy.{suffix}"
        path.write_bytes(body(api.get(found["links"]["file"])))
        beside = None if found["is_embedded"] else body(api.get(found["links"]["manifest"]))
        reading = read(path, media_type, beside)
        assert reading.verification.state is signing.State.TRUSTED
        assert reading.report is not None
        manifest = reading.report["manifests"][reading.verification.label]
        assert [one["relationship"] for one in manifest["ingredients"]].count("parentOf") == 1
        actions = next(one["data"]["actions"] for one in manifest["assertions"] if one["label"] == "c2pa.actions.v2")
        assert actions[-1]["action"] == ("c2pa.transcoded" if suffix == "flac" else "c2pa.repackaged")
        for label in ("licenses", "splits", "record"):  # the one record
            whole = f"org.ai-music-ledger.{label}"
            assert (reading.verification.assertions or {})[whole] == (first.assertions or {})[whole]
        assert pcm_digest(path, media_type) == pcm_digest(source, "audio/wav")
    assert [one["media_type"] for one in api.get(root).json()] == ["audio/flac", "audio/aiff"]
    assert Entry.objects.filter(kind="copy_signed").count() == SignedCopy.objects.count() == 2

    refusals = [
        ({"id": key("again"), "media_type": "audio/flac"}, 409, "already_ordered"),
        ({"id": key("flac"), "media_type": "audio/aiff"}, 409, "id_taken"),
        ({"id": key("own"), "media_type": "audio/wav"}, 422, "same_container"),
        ({"id": key("lossy"), "media_type": "audio/mpeg"}, 400, "malformed"),
    ]
    for document, status, code in refusals:
        answer = api.post(root, document)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    missing = api.get(f"{root}/{uuid4()}")
    assert (missing.status_code, missing.json()["code"]) == (404, "no_such_copy")
    assert CopyOrder.objects.count() == 2


def read_first(api: Any, found: dict[str, Any], folder: Path) -> signing.Verification:
    path = folder / "first"
    path.write_bytes(body(api.get(found["links"]["file"])))
    return read(path, "audio/wav").verification


def test_isrc_cover_and_prompt_are_in_the_file_before_it_is_signed(world: World, tmp_path: Path) -> None:
    api = world.distributor
    source = generated(world.sounds.sung("flac"), tmp_path / "generated.flac", "audio/flac")
    declared = world.declaration(key("country"), isrc="QZ-ES7-26-00001", prompt_commitment="ef" * 32)
    fields = {"id": key("output"), "declaration": json.dumps(declared)}
    for changes, cover, status, code in (
        ({}, b"GIF89a", 422, "not_a_cover"),
        ({}, b"\xff\xd8\xff" + bytes(3 << 20), 422, "not_a_cover"),
        ({"isrc": "QZ-ES7-26-1"}, PNG, 422, "bad_isrc"),
        ({"prompt_commitment": "a sad song about trains"}, PNG, 400, "malformed"),
    ):
        wrong = fields | {"declaration": json.dumps(declared | changes)}
        answer = api.upload("/v1/submissions", wrong, file=source, cover=cover)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    sent = api.upload("/v1/submissions", fields, file=source, cover=PNG)
    assert sent.status_code == 202, sent.content
    assert (sent.json()["isrc"], sent.json()["prompt_commitment"]) == ("QZES72600001", "ef" * 32)
    assert api.upload("/v1/submissions", fields, file=source, cover=PNG).json()["id"] == key("output")
    assert api.upload("/v1/submissions", fields, file=source).status_code == 409  # without its cover it is another
    other = fields | {"declaration": json.dumps(declared | {"prompt_commitment": "00" * 32})}
    assert api.upload("/v1/submissions", other, file=source, cover=PNG).status_code == 409

    found = world.settle(key("output"))
    assert found["state"] == "cleared", found["decision"]
    path = tmp_path / "signed.flac"
    path.write_bytes(body(api.get(found["links"]["file"])))
    reading = read(path, "audio/flac")
    assert reading.verification.state is signing.State.TRUSTED
    record = (reading.verification.assertions or {})["org.ai-music-ledger.record"]
    assert (record["isrc"], record["cover"]) == ("QZES72600001", found["cover"])
    assert reading.report is not None
    manifest = reading.report["manifests"][reading.verification.label]
    (prompt,) = [one for one in manifest["ingredients"] if one["title"] == "A prompt"]
    assert prompt["relationship"] == "inputTo"
    assert prompt["metadata"]["org.ai-music-ledger.sha256.commitment"] == "ef" * 32
    actions = next(one["data"]["actions"] for one in manifest["assertions"] if one["label"] == "c2pa.actions.v2")
    assert [one["action"] for one in actions][0 :: len(actions) - 1] == ["c2pa.opened", "c2pa.edited.metadata"]
    # The parent is what was submitted, and still holds: the tags went into a copy.
    assert [one.codes for one in reading.verification.ingredient_failures] == [("signingCredential.untrusted",)]
    said, pictures = tags_in(path)
    assert (said["title"], said["isrc"], pictures) == ("Country, sung", "QZES72600001", [PNG])
    assert pcm_digest(path, "audio/flac") == pcm_digest(source, "audio/flac")


def test_what_lost_something_is_not_encoded_again(world: World) -> None:
    cleared = world.cleared(suffix="mp3")
    answer = world.distributor.post(cleared["links"]["copies"], {"id": key("flac"), "media_type": "audio/flac"})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_lossless_copy")
    assert "encoding it again would lose more" in answer.json()["detail"]
    assert not Job.objects.filter(kind=Job.Kind.COPY).exists()
    waiting = world.submit("waiting", world.sounds.own())
    answer = world.distributor.post(
        f"/v1/submissions/{waiting['id']}/copies", {"id": key("none"), "media_type": "audio/wav"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_copy")
