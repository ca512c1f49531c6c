"""A signed file …"""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from fingerprint import store
from ledger import checkpoints, copying, identity, recognizing, sequencer, signers, tasks, timestamping, verify
from ledger.models import Entry, Job
from provenance import signing
from provenance.models import Manifest, SignedCopy, Timestamp
from tests.flows.conftest import World, body, today
from tests.provenance import tsa

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "sequencer"])


def pack_holds(world: World, links: dict[str, str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What ``ledger-verify`` says of the pack; it must hold."""
    pack, log_key = folder / "pack.zip", folder / "log.vkey"
    pack.write_bytes(body(world.distributor.get(links["pack"])))
    log_key.write_text(checkpoints.verifier_key())
    capsys.readouterr()
    status = verify.main([str(pack), "--key", str(log_key)])
    said = capsys.readouterr().out
    assert status == 0, said
    return said


@pytest.mark.parametrize("suffix", ["mp3", "ogg"], ids=["inside", "beside"])
def test_gets_its_time_stamp_from_the_queue_and_is_delivered_with_it(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    found = world.cleared(suffix=suffix)
    manifest, job = Manifest.objects.get(), Job.objects.get(kind=Job.Kind.STAMP)
    assert (job.subject_id, job.done_at) == (manifest.id, None)
    before = body(world.distributor.get(found["links"]["file"]))
    assert "time stamp" not in pack_holds(world, found["links"], tmp_path, capsys)

    tasks.stamp_manifest(manifest_id=str(manifest.id))
    fact = Timestamp.objects.get()
    # Until its entry has a place in the log the pack shows what can be proved.
    assert "with its time stamp" not in pack_holds(world, found["links"], tmp_path, capsys)
    sequencer.drain(at=timezone.now())
    file = tmp_path / f"signed.{suffix}"
    file.write_bytes(body(world.distributor.get(found["links"]["file"])))
    assert len(file.read_bytes()) == len(before)
    assert store.digest_of(file) == fact.output_digest
    beside = None
    if suffix == "ogg":
        beside = body(world.distributor.get(found["links"]["manifest"]))
        assert file.read_bytes() == before
    else:
        assert fact.output_digest != manifest.output_digest
    trust = identity.trust()
    read = signing.verify(
        file, manifest.media_type, roots_pem=trust.own, authorities_pem=trust.authorities, manifest=beside
    )
    assert (read.state, read.manifest_digest) == (signing.State.TRUSTED, fact.manifest_digest)
    assert read.stamp is not None
    assert (read.stamp.is_trusted, read.stamp.at) == (True, fact.stamped_at)

    entries = world.distributor.get(found["links"]["entries"]).json()
    assert [entry["kind"] for entry in entries] == ["submitted", "decided", "timestamped"]
    said = pack_holds(world, found["links"], tmp_path, capsys)
    assert "with its time stamp" in said
    assert "Time-stamped" in said

    job.refresh_from_db()
    assert job.done_at is not None
    assert timestamping.stamp(manifest_id=manifest.id, at=timezone.now()) is None  # done once
    assert timestamping.ask_for_missing(at=timezone.now()) == 0


def test_a_copy_in_another_container_is_stamped_and_found_too(world: World, tmp_path: Path) -> None:
    found = world.cleared(suffix="flac", release_on=today().isoformat())
    order, at = uuid4(), timezone.now()
    copying.order(id=order, submission_id=UUID(found["id"]), media_type="audio/wav", at=at)
    copying.make(order_id=order, at=at)
    copy = SignedCopy.objects.get()
    assert Job.objects.get(kind=Job.Kind.STAMP, subject_id=copy.id).done_at is None
    tasks.stamp_manifest(manifest_id=str(copy.id))
    assert timestamping.ask_for_missing(at=timezone.now()) == 0
    sequencer.drain(at=timezone.now())

    said = world.distributor.get(f"/v1/submissions/{found['id']}/copies").json()
    [one] = said["copies"] if isinstance(said, dict) else said
    file = tmp_path / "copy.wav"
    file.write_bytes(body(world.distributor.get(one["links"]["file"])))
    fact = Timestamp.objects.get(copy=copy)
    assert one["output"] == f"sha256:{fact.output_digest}" == f"sha256:{store.digest_of(file)}"
    trust = identity.trust()
    read = signing.verify(file, "audio/wav", roots_pem=trust.own, authorities_pem=trust.authorities)
    assert read.stamp is not None
    assert (read.state, read.stamp.is_trusted) == (signing.State.TRUSTED, True)
    own = recognizing.look_at(file, "audio/wav").own
    assert own is not None
    assert own.label == copy.label
    # By its content and by its label, its own manifest is what is answered, with the stamp in it.
    matches = recognizing.by_content(file, "audio/wav", most=5)
    assert matches[0].manifest.label == copy.label
    answer = Client().get(f"/v1/manifests/{copy.label}")
    assert hashlib.sha256(body(answer)).hexdigest() == fact.manifest_digest == read.manifest_digest
    files = Client().get(f"/status/{copy.label[9:]}").json()["files"]
    assert one["output"] in files


def test_waits_while_the_authority_fails_and_one_job_asks_for_all(world: World, settings: Any, tmp_path: Path) -> None:
    """Nothing that an authority does fails a signing, and one that fails is not asked by everybody."""
    by, stranger = tsa.stamper(), tsa.stamper()
    (tmp_path / "roots.pem").write_text(by.roots_pem)
    settings.LEDGER_TSA_ROOTS = str(tmp_path / "roots.pem")
    asked: Counter[str] = Counter()
    answers: dict[str, Any] = {"now": lambda request, query: request.send_error(503)}

    def answer(request: BaseHTTPRequestHandler, query: bytes) -> None:
        asked["times"] += 1
        answers["now"](request, query)

    with tsa.served(answer) as url:
        settings.LEDGER_TSA_URL = url
        for name, suffix in (("one", "mp3"), ("two", "flac")):
            found = world.cleared(name, suffix=suffix)
            assert body(world.distributor.get(found["links"]["file"]))
        one, two = Manifest.objects.order_by("signed_at")
        at = timezone.now()
        assert timestamping.stamp(manifest_id=one.id, at=at) is None
        assert waiting(one) == at + timedelta(seconds=10)
        assert timestamping.stamp(manifest_id=two.id, at=at + timedelta(seconds=1)) is None
        assert (asked["times"], waiting(two)) == (1, waiting(one))

        answers["now"] = tsa.replies(tsa.Authority(stranger))
        at = waiting(one)
        assert timestamping.stamp(manifest_id=one.id, at=at) is None
        assert waiting(one) == at + timedelta(seconds=20)
        assert "authority_unknown" in Job.objects.get(subject_id=one.id).error
        assert timestamping.stamp(manifest_id=two.id, at=at) is None
        assert asked["times"] == 2
        [concern] = signers.watch(at=at).concerns
        assert "2 signed files wait for their time stamp" in concern.sentence
        assert not Timestamp.objects.exists()

        answers["now"] = tsa.replies(tsa.Authority(by))
        at = waiting(one)
        for manifest in (two, one):
            assert timestamping.stamp(manifest_id=manifest.id, at=at) is not None
        assert asked["times"] == 4
    assert Timestamp.objects.count() == Entry.objects.filter(kind=Entry.Kind.TIMESTAMPED).count() == 2
    assert signers.watch(at=at).concerns == ()
    settings.LEDGER_TSA_URL = settings.LEDGER_TSA_ROOTS = None


def waiting(manifest: Manifest) -> Any:
    return Job.objects.get(kind=Job.Kind.STAMP, subject_id=manifest.id).run_at


def test_is_stamped_later_where_nobody_stamped_when_it_was_signed(world: World, settings: Any, tmp_path: Path) -> None:
    world.cleared()
    manifest = Manifest.objects.get()
    Job.objects.filter(kind=Job.Kind.STAMP).delete()  # as a release before, or a house without an authority
    assert timestamping.ask_for_missing(at=timezone.now()) == 1
    assert timestamping.ask_for_missing(at=timezone.now()) == 0
    assert timestamping.ask_for_missing(at=timezone.now() + timedelta(days=400)) == 0
    assert timestamping.stamp(manifest_id=manifest.id, at=timezone.now()) is not None


def test_that_is_none_is_not_stamped(trade: World) -> None:
    with pytest.raises(timestamping.NoSuchManifest):
        timestamping.stamp(manifest_id=UUID(int=1), at=timezone.now())
