"""Certificates: issued once a decision is logged, checked by anybody offline, renewed before they run out."""

from __future__ import annotations

import base64
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from fingerprint import store
from ledger import (
    certifying,
    checkpoints,
    clearance,
    clients,
    contributing,
    copying,
    identity,
    notes,
    packs,
    report,
    sequencer,
    verify,
)
from ledger.models import Entry
from provenance import certified
from provenance.models import Certificate, Manifest, SignedCopy
from rights.case import DeclaredContribution
from tests.flows.conftest import SUBMISSIONS, Api, World, body, key


@dataclass(frozen=True)
class Story:
    """A cleared output that has its certificate, and another one."""

    world: World
    output: UUID
    other: UUID

    @property
    def manifest(self) -> Manifest:
        return Manifest.objects.get(decision__submission=self.output)

    @property
    def token(self) -> str:
        return body(self.world.distributor.get(f"/v1/outputs/{self.output}/certificate")).decode()


@pytest.fixture(scope="module")
def story(standing: World) -> Story:
    output = UUID(standing.cleared()["id"])
    early = standing.distributor.get(f"/v1/outputs/{output}/certificate")
    assert (early.status_code, early.json()["code"]) == (404, "not_certified_yet")
    other = UUID(standing.cleared("other", suffix="wav")["id"])
    assert certifying.sweep(at=timezone.now()) == 2
    assert certifying.sweep(at=timezone.now()) == 0
    sequencer.drain(at=timezone.now())
    return Story(standing, output, other)


def roots() -> str:
    return identity.signer(at=timezone.now()).identity.roots_pem


def faults(
    token: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    audio: Path | None = None,
    at: datetime | None = None,
    key_text: str | None = None,
    roots_pem: str | None = None,
    status: str | None = None,
) -> list[str]:
    """What ``ledger-verify`` finds wrong with a certificate, by the names it gives."""
    files = {
        "certificate.jwt": token,
        "log.vkey": key_text or checkpoints.verifier_key(),
        "roots.pem": roots_pem or roots(),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    asked = [str(tmp_path / "certificate.jwt"), "--key", str(tmp_path / "log.vkey")]
    asked += ["--roots", str(tmp_path / "roots.pem"), "--json"]
    if audio is not None:
        asked += ["--audio", str(audio)]
    if at is not None:
        asked += ["--at", at.isoformat()]
    if status is not None:
        (tmp_path / "status.jwt").write_text(status)
        asked += ["--status", str(tmp_path / "status.jwt")]
    capsys.readouterr()
    code = verify.main(asked)
    checks = json.loads(capsys.readouterr().out)["checks"]
    wrong = [check["sentence"].partition(":")[0] for check in checks if check["state"] == "fails"]
    assert code == (1 if wrong else 0)
    return wrong


def with_log(token: str, **changes: Any) -> str:
    """The same certificate with something else about the log in it, signed by the same key: what a thief could do."""
    statement = certified.unchecked(token)
    return certified.sign(
        replace(statement, log=replace(statement.log, **changes)), identity.signer(at=timezone.now()).identity
    )


# --- issuing


def test_it_says_what_is_on_record_and_names_nobody(story: Story) -> None:
    answer = story.world.distributor.get(f"/v1/outputs/{story.output}/certificate")
    assert answer["Content-Type"] == "application/jwt"
    said = certified.read(story.token, roots_pem=roots(), at=timezone.now()).statement
    manifest, decision = story.manifest, story.manifest.decision
    assert said.label == manifest.label
    assert [(one.digest, one.manifest_digest) for one in said.files] == [
        (manifest.output_digest, manifest.manifest_digest)
    ]
    assert (said.decision.id, said.decision.outcome) == (decision.pk, "cleared")
    assert said.licenses == tuple(sorted(decision.licenses, key=str))
    assert said.licenses
    assert said.source_type.endswith("/digitalsourcetype/compositeSynthetic")
    assert dict(said.components)["arrangement"] == "partly"
    [iscc] = manifest.decision.soft_bindings.filter(algorithm="io.iscc.v0")
    assert [(one.algorithm, base64.b64decode(one.value)) for one in said.bindings] == [("io.iscc.v0", iscc.value)]
    assert said.status_url.endswith(f"/status/{said.id}")
    written = json.dumps(certified.claims(said)).lower()
    assert decision.submission.title.lower() not in written
    for name in ("label", "singer", "distributor", "writer"):
        assert str(key(name)) not in written, name


def test_it_is_a_fact_with_an_entry_of_its_own(story: Story) -> None:
    certificate = Certificate.objects.get(manifest=story.manifest)
    entry = Entry.objects.get(certificate=certificate)
    assert json.loads(bytes(entry.body))["data"]["certificate"] == f"sha256:{certificate.digest}"
    kinds = [one["kind"] for one in story.world.distributor.get(f"/v1/submissions/{story.output}/entries").json()]
    assert kinds == ["submitted", "decided", "certified"]


def test_only_whoever_submitted_it_gets_it(story: Story) -> None:
    rival = Api(clients.create(name="rival", party_id=UUID(key("rival")), scopes=SUBMISSIONS))
    assert rival.get(f"/v1/outputs/{story.output}/certificate").status_code == 404
    assert story.world.label.get(f"/v1/outputs/{story.output}/certificate").status_code in {403, 404}


def test_what_was_not_cleared_has_none(story: Story) -> None:
    waiting = story.world.submit("uncleared", story.world.sounds.own("flac"))
    assert certifying.sweep(at=timezone.now()) == 0
    answer = story.world.distributor.get(f"/v1/outputs/{waiting['id']}/certificate")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_signed")


def test_it_waits_for_the_log(story: Story) -> None:
    late = story.world.submit("late", story.world.sounds.sung("mp3"), key("country"))
    clearance.clear(submission_id=UUID(late["id"]), at=timezone.now())
    manifest = Manifest.objects.get(decision__submission=UUID(late["id"]))
    assert certifying.sweep(at=timezone.now()) == 0
    with pytest.raises(certifying.NotLogged):
        certifying.issue(manifest_id=manifest.pk, at=timezone.now())
    sequencer.drain(at=timezone.now())

    def issue(_: int) -> UUID:
        try:
            return certifying.issue(manifest_id=manifest.pk, at=timezone.now()).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:  # two workers at once issue one certificate, or one follows the other
        issued = set(pool.map(issue, range(2)))
    assert {one.pk for one in manifest.certificates.all()} == issued
    assert sorted(manifest.certificates.values_list("number", flat=True)) == list(range(1, len(issued) + 1))
    sequencer.drain(at=timezone.now())


# --- checking


def test_anybody_can_check_it_offline(story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with store.local(story.manifest.output_digest) as audio:
        assert faults(story.token, tmp_path, capsys, audio=audio) == []
    assert faults(story.token, tmp_path, capsys, audio=story.world.sounds.song("country")) == ["other_file"]


def test_what_is_wrong_has_a_name(story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    token = story.token
    other = certified.unchecked(
        body(story.world.distributor.get(f"/v1/outputs/{story.other}/certificate")).decode()
    ).log
    said = certified.unchecked(token)
    stranger = notes.Signer.generate("another.example/log")
    twin = notes.Signer.generate(said.log.origin)
    assert faults(token, tmp_path, capsys, key_text=stranger.verifier.text) == ["other_log"]
    assert faults(token, tmp_path, capsys, key_text=twin.verifier.text) == ["not_a_checkpoint"]
    assert faults(with_log(token, receipt=other.receipt), tmp_path, capsys) == ["not_included"]
    assert faults(with_log(token, index=other.index), tmp_path, capsys) == ["other_index"]
    assert faults(with_log(token, receipt="nonsense"), tmp_path, capsys) == ["not_a_receipt"]
    assert faults(with_log(token, entry=other.entry), tmp_path, capsys) == ["not_included", "other_facts"]
    swapped = with_log(token, entry=other.entry, receipt=other.receipt, index=other.index)
    assert faults(swapped, tmp_path, capsys) == ["other_facts"]
    assert faults(with_log(token, entry="{}"), tmp_path, capsys) == ["not_included", "not_an_entry"]
    assert faults(token, tmp_path, capsys, at=said.expires_at) == ["expired"]
    assert faults(token, tmp_path, capsys, at=said.issued_at - timedelta(seconds=1)) == ["not_yet_valid"]
    assert faults(token[:-2], tmp_path, capsys)[0] in {"signature_fails", "not_a_certificate"}
    assert faults("ey.A.A", tmp_path, capsys) == ["not_a_certificate"]


def test_a_signed_status_is_checked_with_it(story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = Client().get(f"/status/{story.manifest.pk}", headers={"Accept": "application/jwt"})
    assert answer["Content-Type"] == "application/jwt"
    status = answer.content.decode()
    assert Client().get(f"/status/{story.manifest.pk}?format=jwt").content.decode() == status  # for a minute
    other = Client().get(f"/status/{Manifest.objects.get(decision__submission=story.other).pk}?format=jwt")
    assert faults(story.token, tmp_path, capsys, status=status) == []
    assert faults(story.token, tmp_path, capsys, status=other.content.decode()) == ["status_of_another"]
    assert faults(story.token, tmp_path, capsys, status=story.token) == ["status_wrong_type"]
    tomorrow = timezone.now() + timedelta(days=1)
    assert faults(story.token, tmp_path, capsys, status=status, at=tomorrow) == ["status_expired"]
    signer = identity.signer(at=timezone.now()).identity
    said = certified.read_status(status, roots_pem=signer.roots_pem, at=timezone.now())
    bad = certified.sign_status(replace(said, status="quarantined", reason="ordered"), signer)
    assert faults(story.token, tmp_path, capsys, status=bad) == ["quarantined"]


def test_it_takes_a_key_and_roots_to_say_anything(
    story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "certificate.jwt"
    file.write_text(story.token)
    assert verify.main([str(file)]) == 1
    assert "--roots" in capsys.readouterr().out
    (tmp_path / "roots.pem").write_text("no certificates")
    assert verify.main([str(file), "--roots", str(tmp_path / "roots.pem")]) == 1
    assert "roots cannot be read" in capsys.readouterr().out
    (tmp_path / "roots.pem").write_text(roots())
    assert verify.main([str(file), "--roots", str(tmp_path / "roots.pem")]) == 1
    assert "--key" in capsys.readouterr().out
    file.write_bytes(b"PK" + b"\0" * 100)
    assert verify.main([str(file), "--audio", str(file)]) == 2


def test_the_pack_brings_it(story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack, log_key = tmp_path / "pack.zip", tmp_path / "log.vkey"
    log_key.write_text(checkpoints.verifier_key())
    report.pack(story.output, pack)
    with zipfile.ZipFile(pack) as archive:
        assert archive.read(packs.CERTIFICATE).decode() == story.token
    assert verify.main([str(pack), "--key", str(log_key), "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert [check["state"] for check in checks if check["number"] == 13] == ["holds"]


def test_a_pack_with_the_certificate_of_another_output_fails(
    story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report.pack(story.output, tmp_path / "pack.zip")
    other = body(story.world.distributor.get(f"/v1/outputs/{story.other}/certificate"))
    with packs.open_pack(tmp_path / "pack.zip") as opened:
        found = report.dossier(story.output)
        assert found.manifest is not None
        assert found.decision is not None
        entries = tuple(report._logged(entry) for entry in report.entries_behind(found.submission, found.decision))
        with store.local(found.manifest.output_digest) as source:
            packs.write(
                tmp_path / "forged.zip",
                packs.Pack(
                    subject=opened.contents.subject,
                    output=packs.Output("x.flac", "audio/flac", found.manifest.output_digest, source),
                    entries=entries,
                    splits=opened.read(packs.SPLITS),
                    log_key=opened.read(packs.LOG_KEY).decode(),
                    c2pa_roots=opened.read(packs.C2PA_ROOTS),
                    certificate=other.decode(),
                ),
            )
    assert verify.main([str(tmp_path / "forged.zip"), "--json"]) == 1
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert [check["number"] for check in checks if check["state"] == "fails"] == [13]


# --- reading it at the desk


def test_the_page_of_a_certificate_prints(story: Story, admin_desk: Client) -> None:
    page = admin_desk.get(f"/reports/submissions/{story.output}/certificate").content.decode()
    manifest = story.manifest
    for shown in (manifest.output_digest, manifest.label, "ledger-verify", "/status/"):
        assert shown in page
    assert "<script" not in page
    assert "does not hold" not in page
    desk = admin_desk.get(f"/admin/rights/submission/{story.output}/change/").content.decode()
    assert f"/reports/submissions/{story.output}/certificate" in desk
    assert ">Active</span>" in desk


def test_the_dossier_has_everything_in_one_place(story: Story) -> None:
    found = story.world.distributor.get(f"/v1/outputs/{story.output}").json()
    assert found["submitter"] == key("distributor")
    assert [one["recording"] for one in found["ingredients"]] == [key("country")]
    assert {one["component"] for one in found["contributions"]} >= {"arrangement"}
    assert found["manifest"]["urn"] == story.manifest.label
    assert found["status"]["status"] == "active"
    assert [one["number"] for one in found["certificates"]] == [1]
    assert len(found["entries"]) == 3
    assert found["links"]["certificate"].endswith("/certificate")
    assert [one["file"] for one in found["files"]] == [f"sha256:{story.manifest.output_digest}"]
    assert found["deliveries"] == []
    holder = story.world.label.get(f"/v1/outputs/{story.output}")
    assert holder.status_code in {200, 403}


# --- last, since it moves on


def test_a_corrected_record_is_certified_anew(story: Story) -> None:
    certifying.sweep(at=timezone.now())  # whichever tests came before: what was due is done
    contributing.correct(
        id=uuid4(),
        submission_id=story.other,
        author_id=UUID(key("distributor")),
        contributions=[DeclaredContribution("lead_vocal", "all", "Singer 2", None)],
        reason="The singer was a machine",
        at=timezone.now(),
    )
    later = timezone.now()
    assert certifying.sweep(at=later) == 1
    assert certifying.sweep(at=later + timedelta(microseconds=1)) == 0  # in the same second
    token = body(story.world.distributor.get(f"/v1/outputs/{story.other}/certificate")).decode()
    said = certified.read(token, roots_pem=roots(), at=later).statement
    assert (said.components, said.source_type.rpartition("/")[2]) == (
        (("lead_vocal", "all"),),
        "trainedAlgorithmicMedia",
    )


def test_a_copy_in_another_container_is_certified_too(
    story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certifying.sweep(at=timezone.now())  # whichever tests came before: what was due is done
    order = uuid4()
    begun = timezone.now() - timedelta(minutes=1)  # before the certificate was issued, and recorded after it
    copying.order(id=order, submission_id=story.output, media_type="audio/wav", at=begun)
    copying.make(order_id=order, at=begun)
    copy = SignedCopy.objects.get(pk=order)
    later = timezone.now()
    assert certifying.sweep(at=later) == 1
    assert certifying.sweep(at=later) == 0
    token = story.token
    said = certified.unchecked(token)
    assert [one.digest for one in said.files] == [copy.output_digest, story.manifest.output_digest]
    with store.local(copy.output_digest) as audio:
        assert faults(token, tmp_path, capsys, audio=audio, at=later) == []
    found = Client().get(f"/status/{copy.label.removeprefix('urn:c2pa:')}").json()
    assert found["manifest"] == story.manifest.label
    assert f"sha256:{copy.output_digest}" in found["files"]


def test_it_is_renewed_before_it_runs_out(story: Story) -> None:
    manifest = Manifest.objects.get(decision__submission=story.other)
    first = certifying.newest(manifest)
    assert first is not None
    before = first.expires_at - certifying.RENEW_BEFORE
    certifying.sweep(at=before - timedelta(seconds=1))  # others may have been issued seconds before it
    assert certifying.newest(manifest) == first
    assert certifying.sweep(at=before + timedelta(seconds=1)) >= 1
    second = certifying.newest(manifest)
    assert second is not None
    assert (second.number, second.expires_at > first.expires_at) == (first.number + 1, True)
    page = Client().get(f"/status/{first.pk}", headers={"Accept": "text/html"}).content.decode()
    assert "active" in page.lower()
    sequencer.drain(at=timezone.now())


@pytest.fixture
def admin_desk(story: Story) -> Client:
    from django.contrib.auth.models import User

    user, _ = User.objects.get_or_create(username="certifier", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    return client
