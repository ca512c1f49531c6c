"""A stripped copy …"""

from __future__ import annotations

import base64
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.utils import timezone
from rest_framework.throttling import ScopedRateThrottle

from fingerprint import store
from ledger import identity, recognizing, report
from ledger.api.resolution import ByContent
from ledger.demo import material
from ledger.models import Entry
from ledger.verifying.views import VerifyThrottle
from provenance import jumbf, signing
from provenance.bindings import CHROMAPRINT, ISCC, LABEL
from provenance.models import Manifest, SoftBinding
from tests.flows.conftest import Api, Sounds, World, body, today
from tests.flows.test_bad_input import leaves_nothing

__all__ = ["leaves_nothing"]  # the fixture

pytestmark = pytest.mark.usefixtures("leaves_nothing")

CONTENT = "/v1/matches/byContent"
PRIVATE = ("Distributor", "Label", "Writer", "Singer", "Publisher")


@pytest.fixture(scope="module")
def output(standing: World) -> dict[str, Any]:
    return standing.cleared("stripped output", release_on=today().isoformat())


@pytest.fixture(scope="module")
def label(output: dict[str, Any]) -> str:
    return Manifest.objects.get(decision__submission=output["id"]).label


@pytest.fixture(scope="module")
def copies(sounds: Sounds, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The output without its manifest, after what happens to files; and a song that is in no output."""
    folder = tmp_path_factory.mktemp("copies")
    sung = material.load(sounds.sung("flac"))
    return {
        "mp3": material.write(material.recompressed(sung, folder, bit_rate=64_000), folder / "copy.mp3"),
        "faster": material.write(material.faster(sung, "1.05"), folder / "faster.wav"),
        "cut": material.write(material.cut(sung, 3, 9), folder / "cut.flac"),
        "stranger": sounds.song("piano"),
        "voice": sounds.own("wav"),
    }


def send(path: Path | bytes, *, content_type: str = "audio/flac", query: str = "") -> Any:
    data = path if isinstance(path, bytes) else path.read_bytes()
    return Client().generic("POST", f"{CONTENT}{query}", data, content_type=content_type)


def drop(path: Path | bytes, *, name: str = "copy") -> Any:
    data = path if isinstance(path, bytes) else path.read_bytes()
    file = SimpleUploadedFile(name, data, content_type="application/octet-stream")
    return Client().post("/verify", {"audio": file})


def found(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [match["manifestId"] for match in answer.json()["matches"]]


def values(label: str) -> dict[str, str]:
    rows = SoftBinding.objects.filter(decision__manifest__label=label)
    return {row.algorithm: base64.b64encode(bytes(row.value)).decode() for row in rows}


# --- what is bound


def test_every_output_is_bound_in_its_manifest_and_in_the_log(
    standing: World, output: dict[str, Any], label: str, tmp_path: Path
) -> None:
    signed = body(standing.distributor.get(output["links"]["file"]))
    path = tmp_path / "signed.flac"
    path.write_bytes(signed)
    roots = identity.signer(at=timezone.now()).identity.roots_pem
    read = signing.verify(path, "audio/flac", roots_pem=roots)
    assert read.state is signing.State.TRUSTED
    stated = {
        data["alg"]: base64.b64encode(bytes(data["blocks"][0]["value"])).decode()
        for name, data in (read.assertions or {}).items()
        if name.startswith(LABEL)
    }
    assert set(stated) == {ISCC, CHROMAPRINT}
    assert stated == values(label)
    entry = Entry.objects.get(decision__submission=output["id"])
    assert b"provenance_softbinding" in bytes(entry.body)


# --- look-up


@pytest.mark.parametrize("kind", ["mp3", "faster", "cut"])
def test_is_found_by_its_sound(kind: str, copies: dict[str, Path], label: str) -> None:
    answer = send(copies[kind], content_type="application/octet-stream")
    assert found(answer) == [label]
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer.json()["matches"][0]["similarityScore"] >= 80


@pytest.mark.parametrize("kind", ["stranger", "voice"])
def test_a_file_that_is_in_no_output_leads_nowhere(kind: str, copies: dict[str, Path], label: str) -> None:
    """The piano is in the catalogue of nobody, the voice is in the output: seconds of it, under other things."""
    assert found(send(copies[kind], content_type="application/octet-stream")) == []


def test_a_recording_of_the_catalogue_is_not_an_output(standing: World, label: str) -> None:
    """Country is a reference; what comes of it is the output that follows most of it, and never the reference."""
    matches = found(send(standing.sounds.song("country")))
    assert set(matches) <= {label}


def test_is_found_by_the_value_of_a_binding(label: str) -> None:
    for alg, value in values(label).items():
        if len(value) < 4_000:
            assert found(Client().get(f"/v1/matches/byBinding?{urlencode({'alg': alg, 'value': value})}")) == [label]
        answer = Api().post("/v1/matches/byBinding?maxResults=3", {"alg": alg, "value": value})
        assert answer.json() == {"matches": [{"manifestId": label, "similarityScore": 100}]}
    # Near is enough for the sound, and only equal for the bytes.
    iscc = bytearray(base64.b64decode(values(label)[ISCC]))
    iscc[5] ^= 0x0F
    near = base64.b64encode(bytes(iscc[:34])).decode()
    answer = Api().post("/v1/matches/byBinding", {"alg": ISCC, "value": near})
    assert answer.json() == {"matches": [{"manifestId": label, "similarityScore": 98}]}
    iscc[40] ^= 0x01
    other = base64.b64encode(bytes(iscc[34:])).decode()
    assert Api().post("/v1/matches/byBinding", {"alg": ISCC, "value": other}).json() == {"matches": []}


def test_a_hint_is_looked_up_with_the_file(copies: dict[str, Path], label: str) -> None:
    hint = urlencode({"hintAlg": ISCC, "hintValue": values(label)[ISCC]})
    assert found(send(copies["stranger"], query=f"?{hint}")) == [label]
    assert send(copies["stranger"], query="?hintAlg=io.iscc.v0").json()["fields"] == {
        "hintValue": ["Give hintAlg and hintValue together."]
    }
    assert found(send(copies["cut"], query=f"?alg={ISCC}")) == []  # an Audio-Code is of the whole


# --- the manifest and its receipt


def test_the_manifest_is_served_whole_and_alone(output: dict[str, Any], label: str, tmp_path: Path) -> None:
    answer = Client().get(f"/v1/manifests/{label}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/c2pa")
    manifest = Manifest.objects.get(label=label)
    with store.open(manifest.manifest_digest) as stored:
        assert answer.content == stored.read()
    assert jumbf.signer_certificates(answer.content, label)
    alone = Client().get(f"/v1/manifests/{label}?returnActiveManifest=true")
    assert jumbf.signer_certificates(alone.content, label) == jumbf.signer_certificates(answer.content, label)
    assert not any(name.encode() in answer.content for name in PRIVATE)
    assert Client().get(f"/v1/manifests/urn:c2pa:{uuid4()}").json()["code"] == "no_such_manifest"
    assert Client().get("/v1/manifests/nonsense").json()["code"] == "not_a_manifest_id"


def test_its_receipt_proves_that_it_is_in_the_log(label: str) -> None:
    address = f"/v1/manifests/{label}/receipts"
    receipt = Client().get(address).json()
    assert receipt["@type"] == "org.c2pa.manifest-receipt"
    assert receipt["repository"]["manifestId"] == label
    assert not any(name in json.dumps(receipt) for name in PRIVATE)
    checked = Api().post(address, receipt).json()
    assert checked == {**receipt, "verified": True}
    proof = receipt["anchor"]["proof"]
    entry = base64.b64decode(proof["entry"])
    assert f'"manifest":"{proof["manifest"]}"'.encode() in entry
    for change, said in (
        ({"entry": base64.b64encode(entry.replace(b"cleared", b"refused")).decode()}, "does not hold"),
        ({"receipt": proof["receipt"].replace("index ", "index 1")}, "does not hold"),
        ({"receipt": "nonsense"}, "does not hold"),
        ({"entry": 7}, "lacks"),
        ({"format": "other"}, "no proof of the kind"),
    ):
        forged = {**receipt, "anchor": {**receipt["anchor"], "proof": proof | change}}
        answer = Api().post(address, forged).json()
        assert answer["verified"] is False
        assert said in answer["error"]
    # A proof of this log, and of another fact.
    other = Entry.objects.get(kind=Entry.Kind.SUBMITTED)
    told = {"entry": base64.b64encode(bytes(other.body)).decode(), "receipt": report.receipt(other)}
    answer = Api().post(address, {**receipt, "anchor": {**receipt["anchor"], "proof": proof | told}}).json()
    assert "another entry" in answer["error"]


# --- what a service of this kind says of itself, and what it refuses


def test_says_what_it_offers(label: str) -> None:
    known = Client().get("/.well-known/c2pa-soft-binding-resolution").json()
    assert known["apiEndpoint"] == "http://testserver/v1"
    assert Client().get("/v1/services/capabilities").json() == {
        "c2paSpecificationVersion": known["c2paSpecificationVersion"],
        "supportedCapabilities": ["queryByContent"],
    }
    assert Client().get("/v1/services/supportedAlgorithms").json() == {
        "watermarks": [],
        "fingerprints": [{"alg": ISCC}, {"alg": CHROMAPRINT}],
    }
    assert Client().get("/v1/services/status").json()["status"] == "ok"
    with recognizing._turn(), recognizing._turn():
        assert Client().get("/v1/services/status").json()["status"] == "degraded"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/v1/manifests/{label}"),
        ("POST", "/v1/manifests/{label}"),
        ("POST", "/v1/manifests"),
        ("POST", "/v1/bindings"),
        ("PUT", "/v1/bindings"),
        ("POST", "/v1/matches/byReference"),
    ],
)
def test_a_ledger_stores_and_deletes_nothing_and_fetches_no_address(method: str, path: str, label: str) -> None:
    document = json.dumps({"referenceUrl": "https://127.0.0.1/", "assetLength": 1})
    answer = Client().generic(method, path.format(label=label), document, content_type="application/json")
    assert answer.status_code == 405, answer.content
    assert Manifest.objects.filter(label=label).exists()


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "malformed"),
        ("alg=io.iscc.v0", 400, "malformed"),
        ("alg=nobody.knows&value=AAAA", 400, "unknown_algorithm"),
        ("alg=io.iscc.v0&value=%00", 400, "malformed"),
        ("alg=io.iscc.v0&value=AAAA", 400, "bad_value"),
        (f"alg={CHROMAPRINT}&value=AQAAAA", 400, "bad_value"),
        (f"alg={CHROMAPRINT}&value={'A' * 5000}", 414, "query_too_long"),
        ("alg=io.iscc.v0&value=AAAA&maxResults=0", 400, "malformed"),
        ("alg=io.iscc.v0&value=AAAA&maxResults=x", 400, "bad_value"),
    ],
)
def test_refuses_a_query_that_is_none(query: str, status: int, code: str, standing: World) -> None:
    answer = Client().get(f"/v1/matches/byBinding?{query}")
    assert answer.status_code == status, answer.content
    assert answer.json()["code"] in {code, "malformed"}


def hostile(sounds: Sounds) -> dict[str, tuple[bytes, int]]:
    whole = sounds.sung("flac").read_bytes()
    return {
        "empty": (b"", 422),
        "text": (b"#EXTM3U\nfile:///etc/passwd\n", 415),
        "picture": (b"\x89PNG\r\n\x1a\n" + bytes(64), 415),
        "cut": (whole[:200], 422),
        "garbage behind a head": (whole[:64] + b"\xff" * 4000, 422),
    }


@pytest.mark.parametrize("kind", ["empty", "text", "picture", "cut", "garbage behind a head"])
def test_refuses_what_is_no_audio_and_keeps_nothing(kind: str, standing: World) -> None:
    data, _ = hostile(standing.sounds)[kind]
    answer = send(data, content_type="application/octet-stream")
    assert 400 <= answer.status_code < 500, answer.content
    assert answer.json()["code"] not in {"not_found", "parse_error"}
    page = drop(data)
    assert 400 <= page.status_code < 500
    assert "was not looked at" in page.content.decode()


def test_refuses_other_types_and_what_is_too_large(standing: World, copies: dict[str, Path]) -> None:
    assert send(copies["cut"], content_type="text/html").status_code == 415
    assert send(copies["cut"], content_type="multipart/form-data; boundary=x").status_code == 415
    with override_settings(LEDGER_MAX_PUBLIC_BYTES=20_000, DATA_UPLOAD_MAX_MEMORY_SIZE=0):
        assert send(copies["cut"]).json()["code"] == "upload_too_large"
        page = drop(copies["cut"])
        assert page.status_code == 413
        assert "larger than" in page.content.decode()
    lie = Api().raw(CONTENT, io.BytesIO(copies["cut"].read_bytes()), length="30", content_type="audio/flac")
    assert lie.status_code == 422  # no more is read than was announced


# --- the page for people


def test_the_page_shows_a_signed_file_as_it_is(standing: World, output: dict[str, Any], label: str) -> None:
    signed = body(standing.distributor.get(output["links"]["file"]))
    answer = drop(signed)
    text = answer.content.decode()
    assert "This is the file that was signed" in text
    for said in (
        "Country, sung",
        "Lead vocal: people",
        "Arrangement: people and AI (Arranger 1)",
        label,
        "One layer only",
    ):
        assert said in text, said
    assert not any(name in text for name in PRIVATE)
    assert "Set-Cookie" not in answer.headers
    assert answer["Cache-Control"] == "no-store"
    at = signed.index(b"fLaC") + 30  # in the digest of the samples, which no player looks at
    changed = signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :]
    text = drop(changed).content.decode()
    assert "does not hold for this file" in text
    assert "was changed after" in text


def test_the_page_leads_from_a_stripped_copy_to_the_output(copies: dict[str, Path], label: str) -> None:
    text = drop(copies["faster"], name="<b>copy</b>.wav").content.decode()
    assert "No manifest, but the sound is known here" in text
    assert "5 % higher tempo" in text
    assert f"/v1/manifests/{label}/receipts" in text
    assert "<b>copy</b>" not in text
    text = drop(copies["stranger"]).content.decode()
    assert "the sound is not known here" in text
    assert label not in text


def test_the_page_asks_for_a_file_and_says_how_to(standing: World) -> None:
    page = Client().get("/verify")
    assert page.status_code == 200
    assert "script-src 'sha256-" in page["Content-Security-Policy"]
    assert 'enctype="multipart/form-data"' in page.content.decode()
    assert "no file came" in Client().post("/verify", {}).content.decode()
    assert Client().put("/verify").status_code == 405


def test_too_many_files_are_refused_for_a_minute(standing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VerifyThrottle, "THROTTLE_RATES", {"recognize": "1/min"})
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"recognize": "1/min", "resolve": "1/min"})
    assert ByContent.throttle_scope == "recognize"
    somebody = Client(REMOTE_ADDR=f"198.51.100.{uuid4().int % 200}")
    pages = [somebody.post("/verify", {}).status_code for _ in range(2)]
    assert pages == [400, 429]
    answers = [somebody.get("/v1/services/status").status_code for _ in range(2)]
    assert answers == [200, 429]


# --- before it is released


@pytest.fixture(scope="module")
def coming(standing: World) -> dict[str, Any]:
    return standing.cleared("coming output", suffix="wav", release_on=(today() + timedelta(days=1)).isoformat())


def test_nothing_is_told_of_an_output_before_its_release_day(
    standing: World, output: dict[str, Any], coming: dict[str, Any]
) -> None:
    """Only what the file says itself, and that its signature holds; the one that is released is told as before."""
    manifest = Manifest.objects.get(decision__submission=coming["id"])
    signed = body(standing.distributor.get(coming["links"]["file"]))
    page = drop(signed).content.decode()
    assert "Signed with our certificate" in page
    assert "This is the file that was signed" not in page
    assert "Intact since it was signed" in page
    assert manifest.label not in found(send(signed, content_type="audio/wav"))
    for algorithm, value in values(manifest.label).items():
        answer = Client().post(
            "/v1/matches/byBinding", {"alg": algorithm, "value": value}, content_type="application/json"
        )
        assert manifest.label not in found(answer)
    for address in (f"/v1/manifests/{manifest.label}", f"/v1/manifests/{manifest.label}/receipts"):
        assert Client().get(address).status_code == 404
    # Whoever has the file or its certificate may ask whether something stands against it, also before the release.
    assert Client().get(f"/status/{manifest.pk}").json()["status"] == "active"
    assert (
        "This is the file that was signed"
        in drop(body(standing.distributor.get(output["links"]["file"]))).content.decode()
    )
