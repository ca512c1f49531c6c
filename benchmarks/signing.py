"""
Signing and reading back, against c2pa-python called bare in the same run; and five hundred of it under two workers.

Times are of the processor: cores that others use too make every clock on the wall go on.

Bare means: the same definition, the same key, one ``Builder.sign`` from file to file, and nothing checked before or
after. Ours refuses what the SDK would lose, keeps earlier manifests, lets the SDK check its own binding, and writes the
file whole or not at all.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import c2pa
import numpy as np
import psutil

from benchmarks.mutations import Lists
from provenance import certificates, timestamps
from provenance.assertions import ManifestFacts, SplitFact, definition
from provenance.certificates import Identity, load_or_create_development_identity
from provenance.contributions import ContributionFact
from provenance.signing import Signer, State, sign, verify
from provenance.time_authority import TimeAuthority

CONTAINERS = {
    "audio/wav": ("wav", "pcm_s16le"),
    "audio/mpeg": ("mp3", "libmp3lame"),
    "audio/flac": ("flac", "flac"),
    "audio/mp4": ("ipod", "aac"),
    "audio/ogg": ("ogg", "libopus"),
    "audio/aiff": ("aiff", "pcm_s16be"),
}
EMBEDDED = ("audio/wav", "audio/mpeg", "audio/flac", "audio/mp4")
SECONDS = (60, 240, 600)
RATE_HZ = 48_000


@dataclass(frozen=True)
class Line:
    """A figure beside the one that it is measured against."""

    what: str
    figure: str
    peer: str
    ratio: float


class NotTrusted(Exception):
    """A file that was signed here does not read back, so its figures would mean nothing."""


def facts() -> ManifestFacts:
    """Return what is signed: nobody's output, divided between two leaves."""
    return ManifestFacts(
        submission_id=uuid4(),
        decision_id=uuid4(),
        title="Benchmark",
        log_origin="localhost/bench",
        ingredients=(),
        contributions=(ContributionFact("lead_vocal", "none", ""), ContributionFact("instruments", "all", "Model 3")),
        licenses=(),
        splits=(SplitFact("COMM", 1, 5), SplitFact("HC", 4, 5)),
        splits_digest="0" * 64,
    )


def defining(media_type: str) -> Callable[..., Mapping[str, Any]]:
    """Return what gives the definition of a manifest for a file."""
    return lambda keeps_parent: definition(
        facts(), f"urn:c2pa:{uuid4()}", media_type=media_type, version="1", keeps_parent=keeps_parent
    )


def make(path: Path, media_type: str, seconds: int) -> Path:
    """Write noise over a tone, which no codec drops, without holding all of it."""
    container, codec = CONTAINERS[media_type]
    noise = np.random.default_rng(7)
    with av.open(str(path), "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=RATE_HZ)
        stream.layout = "stereo"
        for second in range(seconds):
            at = (second * RATE_HZ + np.arange(RATE_HZ)) / RATE_HZ
            block = (np.sin(2 * np.pi * 440 * at) * 9000 + noise.normal(0, 600, RATE_HZ)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(np.repeat(block, 2).reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate = RATE_HZ
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def bare(source: Path, target: Path, media_type: str, identity: Identity, *, verifies: bool = False) -> None:
    """Sign as the SDK's own example does."""
    settings: dict[str, Any] = {"verify": {"remote_manifest_fetch": False}, "core": {"allowed_network_hosts": []}}
    if verifies:
        settings["verify"] |= {"verify_after_sign": True, "verify_after_sign_hash": True}
    with (
        c2pa.Context.from_dict(settings) as context,
        c2pa.Builder(json.dumps(defining(media_type)(keeps_parent=False)), context=context) as builder,
        c2pa.Signer.from_callback(
            identity.sign, getattr(c2pa.C2paSigningAlg, identity.algorithm.value), identity.chain_pem
        ) as signer,
        source.open("rb") as before,
        target.open("w+b") as after,
    ):
        builder.sign(signer, media_type, before, after)


def bare_read(path: Path, media_type: str, *, roots_pem: str = "") -> None:
    """Read as the SDK's own example does; with roots, it also finds out whether the signer is on a list."""
    settings: dict[str, Any] = {"verify": {"remote_manifest_fetch": False}, "core": {"allowed_network_hosts": []}}
    if roots_pem:
        anchors = [{"trust_anchors": roots_pem, "trust_kind": "manifest", "trust_uri": "urn:example:list"}]
        settings["trust"] = {"anchors": anchors}
    with (
        c2pa.Context.from_dict(settings) as context,
        path.open("rb") as file,
        c2pa.Reader(media_type, file, context=context) as reader,
    ):
        reader.json()


def measure(rounds: int, *, longest_s: int = SECONDS[-1]) -> Iterator[Line]:
    """Yield seconds a file and peak memory, by container and length, each beside the SDK's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        signer = Signer(_identity(folder), "1")
        for seconds in [one for one in SECONDS if one <= longest_s]:
            for media_type in EMBEDDED:
                source = make(folder / "source", media_type, seconds)
                what = f"{media_type.removeprefix('audio/')}, {seconds // 60} min"
                yield from _measure(source, media_type, what, signer, rounds)


def _measure(source: Path, media_type: str, what: str, signer: Signer, rounds: int) -> Iterator[Line]:
    identity, folder = signer.identity, source.parent
    ours, theirs = folder / "ours", folder / "theirs"

    def clear() -> None:
        # As in the service, where each is signed into a file of its own: to replace a file costs the file system more.
        for path in (ours, theirs):
            path.unlink(missing_ok=True)

    taken = _beside(
        rounds,
        lambda: sign(source, ours, media_type, defining(media_type), signer=signer),
        lambda: bare(source, theirs, media_type, identity),
        lambda: bare(source, theirs, media_type, identity, verifies=True),
        before=clear,
    )
    sign(source, ours, media_type, defining(media_type), signer=signer)
    peer = f"bare {taken[1]:.3f}; bare, checking itself {taken[2]:.3f}"
    yield Line(f"{what}: to sign, s", f"{taken[0]:.3f}", peer, taken[0] / taken[1])
    if verify(ours, media_type, roots_pem=identity.roots_pem).state is not State.TRUSTED:
        raise NotTrusted(what)
    read = _beside(
        rounds,
        lambda: verify(ours, media_type, roots_pem=identity.roots_pem),
        lambda: bare_read(ours, media_type, roots_pem=identity.roots_pem),
        lambda: bare_read(ours, media_type),
    )
    peer = f"bare, with the same list {read[1]:.3f}; without a list {read[2]:.3f}"
    yield Line(f"{what}: to verify, s", f"{read[0]:.3f}", peer, read[0] / read[1])
    peaks = {act: _peak_of(act, source, media_type, folder) for act in ("idle", "sign", "bare")}
    above = {act: peaks[act] - peaks["idle"] for act in ("sign", "bare")}
    size = source.stat().st_size / 2**20
    yield Line(
        f"{what}: peak memory to sign, MiB",
        f"{above['sign']:,.0f}",
        f"bare {above['bare']:,.0f}; the file {size:,.0f}",
        above["sign"] / max(1.0, above["bare"]),
    )


def _nothing() -> None:
    """Read what is there."""


def _beside(rounds: int, *works: Callable[[], object], before: Callable[[], object] = _nothing) -> list[float]:
    """
    Take processor time of several ways in turn, round by round, so that what the machine does meets all of them.

    Each round begins with another one: whoever follows the one that gave back most memory has to ask for it again.
    """
    taken: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for number in range(rounds):
        for place in range(len(works)):
            turn = (number + place) % len(works)
            before()
            since = time.process_time()
            works[turn]()
            taken[turn].append(time.process_time() - since)
    return [statistics.median(times) for times in taken]


def _identity(folder: Path) -> Identity:
    return load_or_create_development_identity(folder / "identity", at=datetime.now(UTC))


def _peak_of(act: str, source: Path, media_type: str, folder: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.signing", act, str(source), media_type, str(folder)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


# --- five hundred under two workers


@dataclass(frozen=True)
class Soaked:
    """What one worker held before and after its share: resident memory in MiB, and open files."""

    signings: int
    seconds: float
    before_mib: float
    after_mib: float
    files_before: int
    files_after: int


def soak(signings: int, workers: int = 2) -> Iterator[Soaked]:
    """
    Sign and verify in workers that are forked after this process has signed itself, as a pool of them is.

    :raises NotTrusted: a file does not read back
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _work(folder, 4, 0)
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            yield from pool.map(partial(_work, folder, signings // workers), range(1, workers + 1), chunksize=1)


def _work(folder: Path, signings: int, number: int) -> Soaked:
    me = psutil.Process()
    signer = Signer(_identity(folder), "1")
    own = folder / str(number)
    own.mkdir(exist_ok=True)
    clips = {media_type: make(own / CONTAINERS[media_type][0], media_type, 2) for media_type in EMBEDDED}

    def once(media_type: str) -> None:
        sign(clips[media_type], own / "signed", media_type, defining(media_type), signer=signer)
        found = verify(own / "signed", media_type, roots_pem=signer.identity.roots_pem)
        if found.state is not State.TRUSTED:
            raise NotTrusted(found.sentence)

    for _ in range(5):  # what is loaded once is not what leaks
        for media_type in EMBEDDED:
            once(media_type)
    before, files = me.memory_info().rss, me.num_fds()
    since = time.monotonic()
    for turn in range(signings):
        once(EMBEDDED[turn % len(EMBEDDED)])
    return Soaked(signings, time.monotonic() - since, before / 2**20, me.memory_info().rss / 2**20, files, me.num_fds())


# --- files to change


def corpus(folder: Path, *, lure: str) -> Lists:
    """
    Sign a file of each kind into a folder, each naming an address that must never be called, and stamp a second one.

    The address stands in the title and in a statement, where a reader that follows addresses might.
    """
    signer = Signer(_identity(folder), "1")
    stamper = certificates.load_or_create_development_stamper(folder / "stamper", at=datetime.now(UTC))
    for media_type, (container, _) in CONTAINERS.items():
        source = make(folder / "source", media_type, 1)
        label = f"urn:c2pa:{uuid4()}"

        def define(*, keeps_parent: bool, media_type: str = media_type, label: str = label) -> Mapping[str, Any]:
            made = dict(definition(facts(), label, media_type=media_type, version="1", keeps_parent=keeps_parent))
            said = {"label": "org.example.lure", "created": True, "data": {"url": lure, "provenance": lure}}
            return {**made, "title": lure, "assertions": [*made["assertions"], said]}

        target = folder / f"{container}.signed"
        signed = sign(source, target, media_type, define, signer=signer)
        said = {"media_type": media_type, "is_embedded": signed.is_embedded, "label": label}
        stamped = _stamped(signed.manifest, label, stamper)
        content = target.read_bytes()
        _keep(target, content, signed.manifest, said)
        _keep(target.with_stem(f"{container}-stamped"), content.replace(signed.manifest, stamped), stamped, said)
    return Lists(signer.identity.roots_pem, stamper.roots_pem)


def _stamped(store: bytes, label: str, stamper: certificates.Stamper) -> bytes:
    now, query = datetime.now(UTC), timestamps.ask(store, label)
    answer = TimeAuthority(stamper).answer(query.der, at=now)
    roots = certificates.read_pem(stamper.roots_pem)
    stamp = timestamps.check_answer(answer, query, roots=roots, signed_at=now, at=now)
    return timestamps.insert(store, label, stamp.token)


def _keep(path: Path, content: bytes, store: bytes, said: Mapping[str, Any]) -> None:
    path.write_bytes(content)
    path.with_suffix(".c2pa").write_bytes(store)
    path.with_suffix(".json").write_text(json.dumps(said))


@contextmanager
def listener() -> Iterator[tuple[str, list[str]]]:
    """Give an address on this machine, and the list of whoever calls it."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            requests.append(self.rfile.readline().decode("latin-1"))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/manifest.c2pa", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> None:
    """Print the peak of one act in a process of its own."""
    from benchmarks.__main__ import _own_peak_mib

    act, source, media_type, folder = sys.argv[1], Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    identity = _identity(folder)
    if act == "sign":
        sign(source, folder / "peak", media_type, defining(media_type), signer=Signer(identity, "1"))
    elif act == "bare":
        bare(source, folder / "peak", media_type, identity)
    print(_own_peak_mib())


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
