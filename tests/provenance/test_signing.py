"""Signing …"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any

import c2pa
import encypher_c2pa
import psutil
import pytest

from fingerprint.audio import pcm_digest
from provenance import guards, signing
from provenance.certificates import Identity
from provenance.signing import Define, Signed, Signer, State, sign, verify
from tests.provenance import pki
from tests.provenance.conftest import CONTAINERS, EMBEDDED, LABEL, beside

Files = Mapping[str, tuple[Path, Signed]]


@pytest.mark.parametrize("media_type", CONTAINERS)
def test_every_container_reads_back_as_trusted(signed: Files, identity: Identity, media_type: str) -> None:
    path, result = signed[media_type]
    found = verify(path, media_type, roots_pem=identity.roots_pem, manifest=beside(result))
    assert (found.state, found.failures, found.label) == (State.TRUSTED, (), LABEL)
    assert found.sentence == "Intact since it was signed by “Example Signer”, who is on our list of signers."
    assert found.is_embedded is result.is_embedded is (media_type in EMBEDDED)
    assert found.manifest_digest == hashlib.sha256(result.manifest).hexdigest()
    assert found.signer
    assert found.signer.certificate_digest == identity.certificate_digest
    assert found.ingredient_failures == ()


@pytest.mark.parametrize("media_type", [name for name in CONTAINERS if name != "audio/aiff"])  # it knows no AIFF
def test_an_independent_validator_agrees(signed: Files, identity: Identity, media_type: str) -> None:
    path, result = signed[media_type]
    report = encypher_c2pa.verify(
        path,
        media_type,
        manifest_store=beside(result),
        no_default_trust=True,
        trust_pem=identity.roots_pem,
        telemetry=False,
        online=False,
    )
    assert report["validation_results"]["failure"] == []
    assert (report["validation_state"], report["hard_binding"]) == ("Trusted", "match")


@pytest.mark.parametrize("media_type", CONTAINERS)
def test_the_audio_stays_the_same(clips: Mapping[str, Path], signed: Files, media_type: str) -> None:
    path, result = signed[media_type]
    assert pcm_digest(path, media_type) == pcm_digest(clips[media_type], media_type)
    assert (path.read_bytes() == clips[media_type].read_bytes()) is (not result.is_embedded)


def test_the_assertions_come_back_as_given(signed: Files, identity: Identity, define: Define) -> None:
    path, _ = signed["audio/wav"]
    found = verify(path, "audio/wav", roots_pem=identity.roots_pem)
    assert found.assertions
    for assertion in define(keeps_parent=False)["assertions"]:
        if assertion["label"] != "c2pa.actions.v2":
            assert found.assertions[assertion["label"]] == assertion["data"]
    assert [s["share"] for s in found.assertions["org.ai-music-ledger.splits"]["splits"]] == [
        "3/20",
        "119/400",
        "221/400",
    ]
    ingredient = found.assertions["c2pa.ingredient.v3"]
    assert ingredient["metadata"]["org.ai-music-ledger.sha256"] == "ab" * 32


def test_every_assertion_of_ours_is_attributed_to_the_signer(signed: Files, identity: Identity) -> None:
    path, _ = signed["audio/wav"]
    _, facts = _read_with_sdk(path, "audio/wav", signing._context(identity.roots_pem))
    claim = facts["manifests"][0]["claim.v2"]
    created = {entry["url"].rpartition("/")[2] for entry in claim["created_assertions"]}
    gathered = {entry["url"].rpartition("/")[2] for entry in claim["gathered_assertions"]}
    assert {label.partition("__")[0] for label in gathered} == {"c2pa.ingredient.v3"}
    assert {"c2pa.actions.v2", "org.ai-music-ledger.splits", "c2pa.hash.data"} <= created
    assert claim["claim_generator_info"]["specVersion"] == "2.4.0"


@pytest.mark.parametrize("media_type", EMBEDDED)
def test_an_earlier_manifest_is_kept_as_parent_and_no_update_manifest_is_written(
    signed: Files, signer: Signer, define: Define, tmp_path: Path, media_type: str
) -> None:
    source, first = signed[media_type]
    output = tmp_path / "again"
    seen = []

    def again(*, keeps_parent: bool) -> Mapping[str, Any]:
        seen.append(keeps_parent)
        return {**define(keeps_parent=keeps_parent), "label": LABEL[:-1] + "2"}

    result = sign(source, output, media_type, again, signer=signer)
    assert seen == [True]
    assert result.keeps_parent
    found = verify(output, media_type, roots_pem=signer.identity.roots_pem)
    assert (found.state, found.label) == (State.TRUSTED, LABEL[:-1] + "2")
    report, facts = _read_with_sdk(output, media_type, signing._context(signer.identity.roots_pem))
    assert set(report["manifests"]) == {LABEL, LABEL[:-1] + "2"}
    assert not any(manifest["isUpdateManifest"] for manifest in facts["manifests"])
    actions = report["manifests"][LABEL[:-1] + "2"]["assertions"][0]["data"]["actions"]
    assert [action["action"] for action in actions] == ["c2pa.opened", "c2pa.placed"]
    checked = encypher_c2pa.verify(
        output,
        media_type,
        no_default_trust=True,
        trust_pem=signer.identity.roots_pem,
        telemetry=False,
        online=False,
    )
    assert checked["validation_results"]["failure"] == []
    assert pcm_digest(output, media_type) == pcm_digest(source, media_type)
    assert first.manifest not in result.manifest or len(result.manifest) > len(first.manifest)


def test_refuses_to_replace_an_earlier_manifest(signed: Files, signer: Signer, define: Define, tmp_path: Path) -> None:
    source, _ = signed["audio/wav"]
    with pytest.raises(guards.ManifestWouldBeLost):
        sign(
            source,
            tmp_path / "out",
            "audio/wav",
            lambda keeps_parent: define(keeps_parent=False),
            signer=signer,
        )
    assert list(tmp_path.iterdir()) == []


def test_refuses_to_open_a_parent_that_is_not_there(
    clips: Mapping[str, Path], signer: Signer, define: Define, tmp_path: Path
) -> None:
    with pytest.raises(guards.NothingToOpen):
        sign(
            clips["audio/wav"],
            tmp_path / "out",
            "audio/wav",
            lambda keeps_parent: define(keeps_parent=True),
            signer=signer,
        )


def test_a_tampered_parent_leaves_the_state_but_is_named(
    signed: Files, signer: Signer, define: Define, tmp_path: Path
) -> None:
    source = tmp_path / "tampered.wav"
    content = bytearray(signed["audio/wav"][0].read_bytes())
    content[5000] ^= 1
    source.write_bytes(content)
    output = tmp_path / "out.wav"
    sign(
        source,
        output,
        "audio/wav",
        lambda keeps_parent: {**define(keeps_parent=keeps_parent), "label": LABEL[:-1] + "2"},
        signer=signer,
    )
    found = verify(output, "audio/wav", roots_pem=signer.identity.roots_pem)
    assert found.state is State.TRUSTED
    assert [i.codes for i in found.ingredient_failures] == [("assertion.dataHash.mismatch",)]
    assert found.sentence.endswith("The manifest of what went into it does not check out: “A Signed Tone”.")


def test_refuses_a_source_whose_manifest_is_garbage(
    signed: Files, signer: Signer, define: Define, tmp_path: Path
) -> None:
    source = tmp_path / "garbage.wav"
    path, result = signed["audio/wav"]
    source.write_bytes(path.read_bytes().replace(result.manifest, b"\x07" * len(result.manifest)))
    with pytest.raises(signing.SourceManifestUnreadable):
        sign(source, tmp_path / "out", "audio/wav", define, signer=signer)


@pytest.mark.parametrize(
    ("riff", "data"),
    [(0, None), (0xFFFFFFFF, 0xFFFFFFFF), (None, 0xFFFFFFFF), (0, 0), (None, 0)],
    ids=["riff 0", "both unknown", "data unknown", "both 0", "data 0"],
)
def test_refuses_a_streaming_wave_header(
    *,
    clips: Mapping[str, Path],
    signer: Signer,
    define: Define,
    tmp_path: Path,
    riff: int | None,
    data: int | None,
) -> None:
    source = tmp_path / "streamed.wav"
    content = bytearray(clips["audio/wav"].read_bytes())
    at = content.index(b"data") + 4
    for position, value in ((4, riff), (at, data)):
        if value is not None:
            content[position : position + 4] = struct.pack("<I", value)
    source.write_bytes(content)
    with pytest.raises(guards.BrokenWave):
        sign(source, tmp_path / "out", "audio/wav", define, signer=signer)
    assert not (tmp_path / "out").exists()


def test_the_sdk_still_signs_a_streaming_wave_header_and_loses_the_audio(
    clips: Mapping[str, Path], signer: Signer, define: Define, tmp_path: Path
) -> None:
    """When this fails, the SDK was repaired; the guard may stay."""
    source, output = tmp_path / "streamed.wav", tmp_path / "out.wav"
    content = bytearray(clips["audio/wav"].read_bytes())
    content[4:8] = struct.pack("<I", 0)
    source.write_bytes(content)
    _sign_with_sdk(source, output, "audio/wav", define(keeps_parent=False), signer.identity)
    assert output.stat().st_size < len(content) / 2
    assert verify(output, "audio/wav", roots_pem=signer.identity.roots_pem).state is State.TRUSTED


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda b: b"RF64" + b[4:], guards.NotPlainWave),
        (lambda b: b"FORM" + b[4:8] + b"AIFF" + b[12:], guards.NotPlainWave),
        (lambda b: b[:8], guards.NotPlainWave),
        (lambda b: b + b"more bytes", guards.TrailingBytes),
        (lambda b: b[:-100], guards.BrokenWave),
        (lambda b: b"", guards.EmptySource),
    ],
    ids=["RF64", "AIFF", "a stub", "trailing bytes", "cut", "empty"],
)
def test_refuses_a_wave_that_is_not_whole(
    *,
    clips: Mapping[str, Path],
    signer: Signer,
    define: Define,
    tmp_path: Path,
    change: Any,
    refusal: type[Exception],
) -> None:
    source = tmp_path / "source.wav"
    source.write_bytes(change(clips["audio/wav"].read_bytes()))
    with pytest.raises(refusal):
        sign(source, tmp_path / "out", "audio/wav", define, signer=signer)


@pytest.mark.parametrize(
    ("padding", "counted"),
    [(b"", 0), (b"\0", 1), (b"\0", 0)],
    ids=["no padding byte", "padding byte", "padding byte that is not counted"],
)
def test_signs_a_wave_whose_last_chunk_is_odd(
    *,
    clips: Mapping[str, Path],
    signer: Signer,
    define: Define,
    tmp_path: Path,
    padding: bytes,
    counted: int,
) -> None:
    source, output = tmp_path / "odd.wav", tmp_path / "out.wav"
    content = clips["audio/wav"].read_bytes() + b"note" + struct.pack("<I", 3) + b"abc" + padding
    size = len(content) - 8 - len(padding) + counted
    source.write_bytes(content[:4] + struct.pack("<I", size) + content[8:])
    sign(source, output, "audio/wav", define, signer=signer)
    assert verify(output, "audio/wav", roots_pem=signer.identity.roots_pem).state is State.TRUSTED
    assert pcm_digest(output, "audio/wav") == pcm_digest(clips["audio/wav"], "audio/wav")


def test_refuses_two_gibibytes(signer: Signer, define: Define, tmp_path: Path) -> None:
    source = tmp_path / "large.flac"
    with source.open("wb") as file:
        file.truncate(2**31)  # a hole, which takes no space
    with pytest.raises(guards.TooLargeToSign):
        sign(source, tmp_path / "out", "audio/flac", define, signer=signer)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("audio/wav", "audio/wav"),
        ("audio/x-wav", "audio/wav"),
        ("Audio/WAVE", "audio/wav"),
        ("audio/vnd.wave; codec=1", "audio/wav"),
        ("audio/mp3", "audio/mpeg"),
        ("audio/x-flac", "audio/flac"),
        ("audio/x-m4a", "audio/mp4"),
        ("audio/ogg; codecs=opus", "audio/ogg"),
        ("audio/x-aiff", "audio/aiff"),
    ],
)
def test_normalizes_media_types(given: str, expected: str) -> None:
    assert guards.normalized(given) == expected


@pytest.mark.parametrize("given", ["audio/aac", "audio/x-ms-wma", "image/jpeg", "", "audio"])
def test_refuses_media_types_that_cannot_be_signed(given: str) -> None:
    with pytest.raises(guards.MediaTypeNotSignable):
        guards.normalized(given)


def test_refuses_audio_of_another_type_than_said(
    clips: Mapping[str, Path], signer: Signer, define: Define, tmp_path: Path
) -> None:
    with pytest.raises(guards.SignRefused):
        sign(clips["audio/wav"], tmp_path / "out", "audio/mpeg", define, signer=signer)
    assert list(tmp_path.iterdir()) == []


class HsmGone(Exception):
    """The hardware that holds the key does not answer."""


def test_what_the_key_raises_is_raised_here_and_leaves_no_file(
    clips: Mapping[str, Path], define: Define, tmp_path: Path
) -> None:
    def gone(data: bytes) -> bytes:
        raise HsmGone("slot 3")

    signer = Signer(pki.unchecked(pki.chain(), sign=gone), "0.1.0")
    with pytest.raises(HsmGone, match="slot 3"):
        sign(clips["audio/wav"], tmp_path / "out", "audio/wav", define, signer=signer)
    assert list(tmp_path.iterdir()) == []


def test_a_key_of_another_certificate_is_refused(clips: Mapping[str, Path], define: Define, tmp_path: Path) -> None:
    signer = Signer(pki.unchecked(pki.chain(), sign=pki.unchecked(pki.chain()).sign), "0.1.0")
    with pytest.raises(signing.SdkRefused):
        sign(clips["audio/wav"], tmp_path / "out", "audio/wav", define, signer=signer)
    assert list(tmp_path.iterdir()) == []


# --- The network ---


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            requests.append(self.rfile.readline().decode())

        def log_message(self, *args: Any) -> None:
            """Say nothing; the list is the record."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/manifest.c2pa", requests
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_in_a_file_is_never_fetched(
    clips: Mapping[str, Path],
    signer: Signer,
    define: Define,
    tmp_path: Path,
    listener: tuple[str, list[str]],
) -> None:
    address, requests = listener
    lure = tmp_path / "lure.wav"
    _sign_with_sdk(clips["audio/wav"], lure, "audio/wav", define(keeps_parent=False), signer.identity, address=address)
    found = verify(lure, "audio/wav", roots_pem=signer.identity.roots_pem)
    assert (found.state, found.failures) == (State.ABSENT, (signing.MANIFEST_ELSEWHERE,))
    with pytest.raises(signing.SourceManifestElsewhere):
        sign(lure, tmp_path / "out", "audio/wav", define, signer=signer)
    assert requests == []

    # The lure works: with the SDK's own settings the same file makes it call.
    with lure.open("rb") as file, pytest.raises(c2pa.C2paError):
        c2pa.Reader("audio/wav", file)
    assert requests


# --- Processes ---


def test_handles_and_memory_stay_flat(
    clips: Mapping[str, Path], signer: Signer, define: Define, tmp_path: Path
) -> None:
    me = psutil.Process()

    def once() -> None:
        sign(clips["audio/mpeg"], tmp_path / "out", "audio/mpeg", define, signer=signer)
        found = verify(tmp_path / "out", "audio/mpeg", roots_pem=signer.identity.roots_pem)
        assert found.state is State.TRUSTED

    for _ in range(5):
        once()
    files, resident = me.num_fds(), me.memory_info().rss
    for _ in range(50):
        once()
    assert me.num_fds() == files
    assert me.memory_info().rss - resident < 8 << 20


@pytest.mark.slow
def test_signs_in_the_parent_and_then_in_a_forked_child(
    clips: Mapping[str, Path], signer: Signer, define: Define, tmp_path: Path
) -> None:
    def works(name: str) -> bool:
        output = tmp_path / name
        sign(clips["audio/wav"], output, "audio/wav", define, signer=signer)
        return verify(output, "audio/wav", roots_pem=signer.identity.roots_pem).state is State.TRUSTED

    assert works("parent")
    if (child := os.fork()) == 0:
        outcome = 1
        try:
            outcome = 0 if works("child") else 2
        finally:
            os._exit(outcome)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert works("parent, afterwards")


def test_threads_sign_at_once(clips: Mapping[str, Path], signer: Signer, define: Define, tmp_path: Path) -> None:
    states: list[State] = []

    def work(number: int) -> None:
        for _ in range(5):
            output = tmp_path / str(number)
            sign(clips["audio/flac"], output, "audio/flac", define, signer=signer)
            states.append(verify(output, "audio/flac", roots_pem=signer.identity.roots_pem).state)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == [State.TRUSTED] * 20


@pytest.mark.parametrize("module", ["signing", "certificates", "assertions", "guards", "jumbf"])
def test_reaches_no_django(module: str) -> None:
    code = f"import sys, provenance.{module}; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- The SDK ---


def test_the_sdk_is_the_one_that_was_measured() -> None:
    """Every guard here was measured on this release: on another, run this folder and read what it says."""
    assert (version("c2pa-python"), c2pa.sdk_version()) == ("0.38.1", "0.91.3")


def test_the_sdk_still_corrupts_lists_of_numbers_and_cuts_labels(
    clips: Mapping[str, Path], signer: Signer, define: Define, tmp_path: Path
) -> None:
    given = dict(define(keeps_parent=False))
    given["assertions"] = [
        *given["assertions"],
        {"label": "org.example.numbers", "created": True, "data": {"list": [5000, 5000]}},
        {"label": "org.example.label.v2", "created": True, "data": {"a": "1"}},
    ]
    output = tmp_path / "out.wav"
    _sign_with_sdk(clips["audio/wav"], output, "audio/wav", given, signer.identity)
    report, facts = _read_with_sdk(output, "audio/wav", signing._context(signer.identity.roots_pem))
    plain = {a["label"]: a["data"] for a in report["manifests"][LABEL]["assertions"]}
    assert plain["org.example.numbers"]["list"] != [5000, 5000]
    assert facts["manifests"][0]["assertions"]["org.example.numbers"]["list"] == [5000, 5000]
    assert "org.example.label.v2" not in plain


def _read_with_sdk(path: Path, media_type: str, context: c2pa.Context) -> tuple[dict[str, Any], dict[str, Any]]:
    with context, path.open("rb") as file, c2pa.Reader(media_type, file, context=context) as reader:
        return json.loads(reader.json()), json.loads(reader.crjson())


def _sign_with_sdk(
    source: Path,
    output: Path,
    media_type: str,
    definition: Mapping[str, Any],
    identity: Identity,
    *,
    address: str | None = None,
) -> None:
    """Sign past our guards, as a stranger would."""
    with (
        signing._context(identity.roots_pem) as context,
        c2pa.Builder(json.dumps(definition), context=context) as builder,
        c2pa.Signer.from_callback(identity.sign, c2pa.C2paSigningAlg.ES256, identity.chain_pem) as signer,
        source.open("rb") as before,
        output.open("w+b") as after,
    ):
        if address:
            builder.set_no_embed()
            builder.set_remote_url(address)
        builder.sign(signer, media_type, before, after)
