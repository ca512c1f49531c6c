"""Measure the main job and print every figure beside a bound that was measured in the same run: ``make bench``.

1. Seconds from submission to decision for a 4-minute track, cleared and signed, over the bare parts of it: one decode
   with one Chromaprint pass, and one signing by the C2PA SDK alone.
2. Audio-seconds per CPU-second for decode and four fingerprints, over the same with one fingerprint.
3. Peak memory of examining and signing, each in a process of its own, over what importing costs.

``python -m benchmarks clearances`` measures answers to "may I?" over a large catalogue, one and in bulk, over the bare
statement on the same rows; ``--recordings 1000000`` is the full size.

``python -m benchmarks index`` measures the index of fingerprints at 10,000 recordings, 100,000 and a million, as far as
``--recordings`` goes: bytes, building, looking up, searching, memory, and how long asking takes whether it is in step.

``python -m benchmarks examination`` measures a whole examination of four minutes, and of 15 and 5 seconds, by part,
against catalogues of the sizes in ``--recordings``.

``python -m benchmarks hearing`` measures how quickly audio is decoded and fingerprinted, by container and by part.

``python -m benchmarks stripped`` measures whether an output is found again once its manifest is gone: by default on the
demo's songs, with ``--folder`` on others, and ``--strangers`` names a folder of audio that is in no output.
``python -m benchmarks watermark`` measures on the same whether the second layer of marking is heard again.

``python -m benchmarks signing`` measures signing and verifying by container and length, seconds and peak memory, over
c2pa-python called bare, and then five hundred of it under two workers; ``--rounds`` and ``--signings`` say how often.

``python -m benchmarks fuzz`` reads ``--mutations`` of signed files that were changed at random.

``python -m benchmarks detection`` measures what is found of registered recordings after what happened to it, and whom
that accuses wrongly: see ``benchmarks.detection``.

``python -m benchmarks usage`` reads reports of usage, over reading the same files without understanding them.

``python -m benchmarks log`` measures the log: facts a second with and without it, from commit to checkpoint, proofs,
audits and bytes at the ``--sizes`` named. ``python -m benchmarks chaos`` kills writers, sequencers and the database,
``--kills`` times, and checks that nothing is lost.

``python -m benchmarks royalties`` takes ten million usage lines through a run, over the bare kernel on the same lines.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

ROUNDS = 5
TRACK_S = 240
RECORDINGS = 20_000
APART = {  # with arguments of their own
    "usage": "benchmarks.usage",
    "royalties": "benchmarks.royalties",
    "detection": "benchmarks.detection.__main__",
    "hearing": "benchmarks.hearing",
    "examination": "benchmarks.examination",
    "log": "benchmarks.log",
    "chaos": "benchmarks.chaos",
}


def main() -> None:
    """Run everything in a data folder of its own."""
    if sys.argv[1:2] and sys.argv[1] in APART:
        import_module(APART[sys.argv[1]]).main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument(
        "what",
        nargs="?",
        choices=["job", "clearances", "index", "stripped", "signing", "fuzz", "watermark"],
        default="job",
    )
    parser.add_argument("--recordings", type=int, default=RECORDINGS, help="size of the catalogue")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--folder", type=Path, help="songs that are outputs")
    parser.add_argument("--strangers", type=Path, help="audio that is in no output")
    parser.add_argument("--signings", type=int, default=500)
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--peak", choices=["import", "examine", "sign"], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.what in {"signing", "fuzz"}:  # of files alone: no database
        _signing(given.rounds, given.signings) if given.what == "signing" else _fuzz(given.mutations)
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ledger.settings")
    if given.peak:
        _peak(given.peak, given.file)
        return
    folder = Path({"job": "var/bench"}.get(given.what, f"var/bench-{given.what}")).absolute()
    os.environ["LEDGER_DATA"] = str(folder)
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEQUENCER_URL"):
        os.environ.pop(name, None)  # a server of yours is left alone
    import django

    django.setup()
    import kombu.pools
    from django.db import connections

    from ledger import embedded

    try:
        if given.what == "clearances":
            _clearances(given.recordings)
        elif given.what == "index":
            _index(given.recordings, folder)
        elif given.what == "watermark":
            _watermark(given.folder, given.strangers)
        elif given.what == "stripped":
            _stripped(given.folder, given.strangers)
        else:
            _measure(given.rounds)
    finally:
        connections.close_all()
        kombu.pools.reset()
        embedded.stop_what_we_started()


def _median(work: Callable[[], Any], rounds: int, clock: Callable[[], float] = time.perf_counter) -> float:
    taken = []
    for _ in range(rounds):
        since = clock()
        work()
        taken.append(clock() - since)
    return statistics.median(taken)


def _line(what: str, figure: str, bound: str, ratio: float) -> None:
    print(f"{what:<58} {figure:>12}   {bound:<52} ×{ratio:.2f}")


def _measure(rounds: int) -> None:
    from django.core.management import call_command

    from fingerprint import extract
    from ledger.demo import doors, material, story
    from ledger.demo.catalogue import FOLDER

    call_command("migrate", verbosity=0)
    print(f"Median of {rounds} rounds; a track of {TRACK_S} s; {os.cpu_count()} cores.\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = material.load(FOLDER / "country.mp3")
        sound = material.cut(material.joined(whole, whole, whole), 0, TRACK_S)
        label, distributor = story.prepare(doors.Inside())
        story.register(label, lambda _: None)
        for ending, media_type in (("mp3", "audio/mpeg"), ("flac", "audio/flac"), ("wav", "audio/wav")):
            track = material.write(sound, folder / f"track.{ending}")

            four = _median(partial(_decode, track, media_type, extract.query), rounds, time.process_time)
            one = _median(partial(_decode, track, media_type, extract.reference), rounds, time.process_time)
            _line(
                f"{ending}: decode + 4 fingerprints, audio-s per CPU-s",
                f"{TRACK_S / four:,.0f}",
                f"with 1 fingerprint {TRACK_S / one:,.0f}",
                four / one,
            )
            wall_one = _median(partial(_decode, track, media_type, extract.reference), rounds)
            bare = _median(partial(_bare_sign, track, media_type, folder), rounds)
            total = statistics.median(_decide(distributor, track, media_type) for _ in range(rounds))
            _line(
                f"{ending}: submission to decision and entry, s",
                f"{total:.2f}",
                f"decode {wall_one:.2f} + SDK's bare signing {bare:.2f}",
                total / (wall_one + bare),
            )
            idle = _peak_of("import", track)
            for act in ("examine", "sign"):
                peak = _peak_of(act, track)
                _line(
                    f"{ending}: peak memory to {act}, MiB",
                    f"{peak:,.0f}",
                    f"the process before it {idle:,.0f}, the file {track.stat().st_size / 2**20:,.0f}",
                    peak / idle,
                )


def _clearances(recordings: int) -> None:
    from benchmarks import clearances

    for one in clearances.measure(recordings):
        processor = "" if one.processor is None else f"  (processor ×{one.processor:.2f})"
        print(f"{one.what:<58} {one.figure:>12}   {one.peer:<44} ×{one.ratio:.2f}{processor}", flush=True)
    print(f"Load average at the end: {clearances.load_average()}.")


def _index(recordings: int, folder: Path) -> None:
    from benchmarks import index
    from ledger.demo.catalogue import FOLDER

    for one in chain(index.measure(recordings, FOLDER, folder), index.in_step(recordings)):
        _line(one.what, one.figure, one.peer, one.ratio)


def _watermark(folder: Path | None, strangers: Path | None) -> None:
    from benchmarks import watermark
    from ledger.demo.catalogue import FOLDER

    for line in watermark.measure(folder or FOLDER, strangers):
        print(line, flush=True)


def _stripped(folder: Path | None, strangers: Path | None) -> None:
    from django.core.management import call_command

    from benchmarks import stripped
    from ledger.demo.catalogue import FOLDER

    call_command("migrate", verbosity=0)
    for line in chain(stripped.distances(folder or FOLDER), stripped.measure(folder or FOLDER, strangers)):
        print(line, flush=True)


def _signing(rounds: int, signings: int) -> None:
    from benchmarks import signing

    print(f"Median of {rounds} rounds, in turn; {os.cpu_count()} cores. Memory is above the process before it.\n")
    for one in signing.measure(rounds):
        _line(one.what, one.figure, one.peer, one.ratio)
    for each in signing.soak(signings):
        print(
            f"{each.signings} signings and verifications in a worker: {each.seconds:.0f} s,"
            f" resident {each.before_mib:.1f} → {each.after_mib:.1f} MiB,"
            f" open files {each.files_before} → {each.files_after}"
        )


def _fuzz(count: int) -> None:
    from benchmarks import mutations

    for line in mutations.measure(count):
        print(line)


def _decode(track: Path, media_type: str, fingerprints: Callable[[Any], Any]) -> None:
    from fingerprint import audio

    fingerprints(audio.decode(track, media_type))


def _decide(api: Any, track: Path, media_type: str) -> float:
    from datetime import timedelta
    from uuid import UUID, uuid4

    from django.utils import timezone

    from ledger import clearance, sequencer
    from ledger.demo.catalogue import TRACK, USES, WORLD, key

    id = str(uuid4())
    declaration = {
        "title": "Benchmark",
        "release_on": (timezone.now().date() + timedelta(days=1)).isoformat(),
        "uses": USES,
        "territories": [WORLD],
        "ingredients": [TRACK["country"].recording_id],
        "contributions": [{"component": "lead_vocal", "ai_level": "none", "actor": key("singer")}],
    }
    since = time.perf_counter()
    api.upload("/v1/submissions", {"id": id, "declaration": json.dumps(declaration)}, file=track, media_type=media_type)
    clearance.clear(submission_id=UUID(id), at=timezone.now())
    sequencer.drain(at=timezone.now())
    taken = time.perf_counter() - since
    state = api.get(f"/v1/submissions/{id}").json()["state"]
    if state != "cleared":
        raise SystemExit(f"the track was to be cleared, and is {state}: the figures would mean nothing")
    return taken


def _identity() -> Any:
    from django.utils import timezone

    from ledger import identity

    return identity.signer(at=timezone.now()).identity


def _bare_sign(track: Path, media_type: str, folder: Path) -> None:
    import c2pa

    identity = _identity()
    algorithm = getattr(c2pa.C2paSigningAlg, identity.algorithm.value)
    signer = c2pa.Signer.from_callback(identity.sign, algorithm, identity.chain_pem, None)
    context = c2pa.Context.from_dict(
        {"verify": {"remote_manifest_fetch": False}, "core": {"allowed_network_hosts": []}}
    )
    manifest = {
        "claim_generator_info": [{"name": "bare"}],
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation"}]},
            }
        ],
    }  # fmt: skip
    target = folder / f"bare{track.suffix}"
    with track.open("rb") as source, target.open("w+b") as signed:
        c2pa.Builder(json.dumps(manifest), context=context).sign(signer, media_type, source, signed)


def _peak_of(act: str, file: Path) -> float:
    command = [sys.executable, "-m", "benchmarks", "--peak", act, "--file", str(file)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout)


def _own_peak_mib() -> float:
    # Linux's ru_maxrss keeps the parent's peak across fork and exec; VmHWM begins anew with the program.
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes


def _peak(act: str, file: Path) -> None:
    import django

    django.setup()
    from uuid import uuid4

    from fingerprint import audio, extract
    from provenance import manifests
    from provenance.assertions import ManifestFacts, SplitFact
    from provenance.contributions import ContributionFact

    media_type = {".mp3": "audio/mpeg", ".flac": "audio/flac", ".wav": "audio/wav"}[file.suffix]
    if act == "examine":
        extract.query(audio.decode(file, media_type))
    elif act == "sign":
        from django.utils import timezone

        from fingerprint import store
        from ledger import identity

        facts = ManifestFacts(
            submission_id=uuid4(),
            decision_id=uuid4(),
            title="Benchmark",
            log_origin="localhost/bench",
            ingredients=(),
            contributions=(ContributionFact("lead_vocal", "none", ""),),
            licenses=(),
            splits=(SplitFact("COMM", 1, 1),),
            splits_digest="0" * 64,
        )
        signer = identity.signer(at=timezone.now())
        manifests.stage(facts, source=file, media_type=media_type, signer=signer, put=store.digest_of)
    print(_own_peak_mib())


if __name__ == "__main__":
    main()
