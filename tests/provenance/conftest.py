"""Short clips in the five containers, an identity to sign them with, and facts to sign about them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import numpy as np
import pytest

from provenance.assertions import EntryFact, IngredientFact, InputFact, ManifestFacts, SplitFact, definition
from provenance.certificates import Identity, identity_of
from provenance.contributions import ContributionFact
from provenance.signing import Define, Signed, Signer, sign
from rights.preferences import Preference
from tests.provenance import pki

# Before the validator is imported anywhere: it reports nothing and fetches nothing.
os.environ["ENCYPHER_C2PA_TELEMETRY"] = "off"
os.environ["ENCYPHER_C2PA_ONLINE"] = "off"

LABEL = "urn:c2pa:6f1f0c6a-5a5b-4c52-9a3e-0d8f5f4f2a11"
CONTAINERS = {
    "audio/wav": ("wav", "pcm_s16le"),
    "audio/mpeg": ("mp3", "libmp3lame"),
    "audio/flac": ("flac", "flac"),
    "audio/mp4": ("ipod", "aac"),
    "audio/ogg": ("ogg", "libopus"),
    "audio/aiff": ("aiff", "pcm_s16be"),
}
EMBEDDED = ("audio/wav", "audio/mpeg", "audio/flac", "audio/mp4")
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def make_clip(path: Path, media_type: str, *, pitch_hz: float = 440.0, duration_ms: int = 1500) -> Path:
    """Write a noisy tone, so that no codec can drop it as silence."""
    container, codec = CONTAINERS[media_type]
    rate = 48000
    count = rate * duration_ms // 1000
    tone = np.sin(2 * np.pi * pitch_hz * np.arange(count) / rate) * 0.3
    noise = np.random.default_rng(7).normal(0, 0.02, count)
    samples = ((tone + noise) * 32000).astype(np.int16)
    with av.open(str(path), "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate)
        stream.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(np.repeat(samples, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            format=stream.codec_context.format,
            layout="stereo",
            rate=rate,
            frame_size=stream.codec_context.frame_size,
        )
        for ready in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(ready))
        output.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    return {kind: make_clip(folder / CONTAINERS[kind][0], kind) for kind in CONTAINERS}


@pytest.fixture(scope="session")
def identity() -> Identity:
    chain = pki.chain()
    return identity_of(chain_pem=chain.chain_pem, roots_pem=chain.roots_pem, sign=pki.unchecked(chain).sign, at=pki.NOW)


@pytest.fixture(scope="session")
def signer(identity: Identity) -> Signer:
    return Signer(identity, "0.1.0")


@pytest.fixture(scope="session")
def facts() -> ManifestFacts:
    license_id = UUID("3b0c0a1e-9f5e-4c1a-8a55-0f7f0e1d2c3b")
    return ManifestFacts(
        submission_id=UUID("0a4b1c5d-1111-4222-8333-444455556666"),
        decision_id=UUID("0a4b1c5d-7777-4888-9999-aaaabbbbcccc"),
        title="A Signed Tone",
        log_origin="ledger.example/log",
        ingredients=(
            IngredientFact(
                UUID("5e4d3c2b-0000-4000-8000-000000000001"),
                "The Sampled Tone",
                "QZES72600001",
                "ab" * 32,
                license_id,
            ),
        ),
        contributions=(
            ContributionFact("lead_vocal", "none", ""),
            ContributionFact("instruments", "all", "Tone Model 3"),
        ),
        licenses=(license_id,),
        splits=(SplitFact("COMM", 3, 20), SplitFact("HC", 119, 400), SplitFact("QZES72600001/P1", 221, 400)),
        splits_digest="cd" * 32,
        inputs=(
            InputFact("prompt", "prompt", "A prompt", (("commitment", "ef" * 32),)),
            InputFact("model", str(UUID(int=7)), "Tone Model 3", (("weights", "aa" * 32),)),
            InputFact("dataset", str(UUID(int=8)), "Tones", (("members", "bb" * 32),)),
            InputFact("voice", str(UUID(int=9)), "A registered voice"),
        ),
        training=(Preference("tdm", "allowed"), Preference("train.nongen", "constrained", "Ask first")),
        submitted=EntryFact(UUID(int=10), "0a" * 32),
        decided_entry_id=UUID(int=11),
    )


@pytest.fixture(scope="session")
def define(facts: ManifestFacts) -> Define:
    return lambda keeps_parent: definition(
        facts, LABEL, media_type="audio/wav", version="0.1.0", keeps_parent=keeps_parent
    )


@pytest.fixture(scope="session")
def signed(
    clips: Mapping[str, Path], signer: Signer, facts: ManifestFacts, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, tuple[Path, Signed]]:
    """Every container, signed once; tests copy before they change."""
    folder = tmp_path_factory.mktemp("signed")
    made = {}
    for media_type, source in clips.items():

        def define(*, keeps_parent: bool, media_type: str = media_type) -> Mapping[str, Any]:
            return definition(facts, LABEL, media_type=media_type, version="0.1.0", keeps_parent=keeps_parent)

        output = folder / CONTAINERS[media_type][0]
        made[media_type] = (output, sign(source, output, media_type, define, signer=signer))
    return made


def beside(signed: Signed) -> bytes | None:
    """Return the manifest that has to be given with the file, if it is not inside."""
    return None if signed.is_embedded else signed.manifest
