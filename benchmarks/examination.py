"""
What a whole examination takes in a large catalogue, by part: of a track that is in no catalogue, and of one that is.

Examined are four minutes, and their first 15 and 5 seconds, which are compared in two more ways.

The examination is the service's own, in a process of its own that begins with it, and once more in the same process.
The catalogue is synthetic, four minutes a recording: Chromaprint's items as in ``benchmarks.index``; landmarks in
stretches of real songs, each moved in pitch, with every peak moved a little in time; melodies of real songs in other
keys, and vectors that lie as theirs do; spectra in stretches of the same songs, moved in pitch, each of their numbers
changed a little. Files are written as the service would have them, rows of the database too,
but for the fingerprints' bytes, which no search reads. The track is looked up as it is, and again once it is
registered by the service itself.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

SIZES = (1_000, 10_000)
SHORT_S = (15, 5)
SEED = 11


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each size in a process of its own, with a database and files of its own that are removed afterwards."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks examination", description=__doc__)
    parser.add_argument("--recordings", type=int, nargs="+", default=list(SIZES), help="sizes; 100000 takes 22 GB")
    parser.add_argument("--track", type=Path, help="what is examined, four minutes of it; else a song of the demo")
    parser.add_argument("--folder", type=Path, default=Path("var/bench-examination"), help="where all of it goes")
    parser.add_argument("--keep", action="store_true", help="leave the data folder, to look again with the same call")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--examine", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ledger.settings")
    if given.examine:
        _examine(given.examine)
    elif given.one:
        _one(given.recordings[0], given.track, given.folder)
    else:
        for size in given.recordings:
            folder = (given.folder / str(size)).absolute()
            environment = {**os.environ, "LEDGER_DATA": str(folder)}
            for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEQUENCER_URL", "LEDGER_INDEX"):
                environment.pop(name, None)  # a server of yours is left alone
            command = [sys.executable, "-m", "benchmarks", "examination", "--one", "--recordings", str(size)]
            command += ["--folder", str(folder), *(["--track", str(given.track)] if given.track else [])]
            try:
                subprocess.run(command, check=True, env=environment)
            finally:
                if not given.keep:
                    shutil.rmtree(folder, ignore_errors=True)


def _one(size: int, track: Path | None, folder: Path) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from benchmarks import catalogues
    from benchmarks.index import LOOKED_UP, TRACK_S
    from fingerprint.models import Reference
    from ledger import embedded
    from ledger.demo import material
    from ledger.demo.catalogue import FOLDER

    folder.mkdir(parents=True, exist_ok=True)
    try:
        call_command("migrate", verbosity=0)
        whole = material.load(track or FOLDER / LOOKED_UP)
        sound = material.cut(material.joined(whole, whole, whole), 0, TRACK_S)
        if not (folder / "made").exists():
            since = time.perf_counter()
            catalogues.Catalogue(size, FOLDER).make()
            (folder / "made").touch()
            print(f"{size:,} recordings were made in {time.perf_counter() - since:,.0f} s.")
        _sizes(size)
        facts = _received(material.write(sound, folder / "track.mp3"))
        examined = {f"{TRACK_S} s": facts}
        for seconds in SHORT_S:
            short = material.write(material.cut(sound, 0, seconds), folder / f"short-{seconds}.wav")
            examined[f"{seconds} s"] = _received(short)
        is_registered = Reference.objects.filter(audio_id=facts.digest).exists()  # in a folder that was kept
        for title in ("registered",) if is_registered else ("in no catalogue", "registered"):
            if title == "registered" and not is_registered:
                since = time.perf_counter()
                _register(facts)
                print(f"  registered by the service in {time.perf_counter() - since:.1f} s")
            for length, one in examined.items():
                command = [sys.executable, "-m", "benchmarks", "examination", "--examine", one.digest]
                made = subprocess.run(command, check=True, env=os.environ, stdout=subprocess.PIPE, text=True)
                _told(size, f"{length}, {title}", json.loads(made.stdout.splitlines()[-1]))
        if size <= catalogues.LIKE_PGVECTOR:
            _beside_pgvector()
        print(f"  load average at the end: {', '.join(f'{one:.1f}' for one in os.getloadavg())}", flush=True)
    finally:
        connections.close_all()
        embedded.stop(settings.EMBEDDED_POSTGRES)  # nobody else's: it is in a folder of its own, which goes


def _told(size: int, title: str, said: dict[str, Any]) -> None:
    for turn, one in zip(("first in its process", "again"), said["examinations"], strict=True):
        wall, cpu = one["parts"]["all"]
        print(f"{size:,}, {title}, {turn}: {wall:.1f} s, {cpu:.1f} of a processor; {one['matches']} matches")
        for part, (seconds, processor) in one["parts"].items():
            if part != "all":
                print(f"    {part:<34} {seconds:6.2f} {processor:6.2f}")
    print(
        f"  memory: {said['own_mib']:,.0f} MiB of its own at most, {said['peak_mib']:,.0f} with mapped pages",
        flush=True,
    )


def _sizes(size: int) -> None:
    from django.conf import settings

    for folder in sorted(Path(settings.FINGERPRINT_INDEX).iterdir()):
        written = sum(path.stat().st_size for path in folder.glob("*.seg"))
        count = len(list(folder.glob("*.seg")))
        print(f"  {folder.name}: {written / size:,.0f} bytes a recording, {written / 2**30:.2f} GiB in {count} files")


# --- What is examined


def _received(path: Path) -> Any:
    from django.utils import timezone

    from fingerprint import audio, references, store
    from ledger import intake

    facts = audio.probe(path, declared_media_type=None, limits=intake.limits())
    store.put(path)
    references.receive(facts=facts, at=timezone.now())
    return facts


def _register(facts: Any) -> None:
    from django.db import transaction
    from django.utils import timezone

    from fingerprint import examine, index, references, songs

    with transaction.atomic():
        references.enroll(
            reference_id=uuid4(),
            facts=facts,
            fingerprint=examine.fingerprint(facts),
            song=songs.hear(facts),
            at=timezone.now(),
        )
    for family in index.FAMILIES:
        index.current(family)
    songs.current()


def _examine(digest: str) -> None:
    """Examine in this process, which has done nothing else, twice; print what each part took."""
    import django

    django.setup()
    from fingerprint import agreement, embedding, examine, index, references, songs, vectors, versions
    from fingerprint.models import Audio

    facts = references.facts_of(Audio.objects.get(digest=digest))
    clock = _Clock()
    clock.watch(index, "current", "the index in step with the table")
    clock.watch(agreement, "by_harmony", "Chromaprint")
    clock.watch(agreement, "by_landmarks", "landmarks")
    clock.watch(agreement, "by_coherence", "the waveform, where landmarks point")
    clock.watch(agreement, "by_spectra", "spectra")
    clock.watch(embedding, "windows", "versions: the network")
    clock.watch(vectors, "nearest", "versions: nearest vectors")
    clock.watch(versions, "search", "versions: alignment")
    clock.watch(songs.Catalogue, "melodies", "versions: melodies read")
    clock.watch(examine, "examine", "decoding, hearing, the rest")
    memory = _Memory()
    examinations = []
    for _ in range(2):
        clock.parts = {}
        since = time.perf_counter(), time.process_time()
        evidence = examine.examine(facts)
        whole = time.perf_counter() - since[0], time.process_time() - since[1]
        examinations.append({"parts": {**clock.parts, "all": whole}, "matches": len(evidence.matches)})
    own, peak = memory.stop()
    print(json.dumps({"examinations": examinations, "own_mib": own, "peak_mib": peak}))


class _Clock:
    """Tells what functions take, without what those take that they call and that are watched too."""

    def __init__(self) -> None:
        self.parts: dict[str, tuple[float, float]] = {}
        self._inside: list[list[float]] = []

    def watch(self, where: Any, name: str, title: str) -> None:
        """Watch a function from now on."""
        watched: Callable[..., Any] = getattr(where, name)

        @wraps(watched)
        def timed(*given: Any, **named: Any) -> Any:
            since = time.perf_counter(), time.process_time()
            self._inside.append([0.0, 0.0])
            try:
                return watched(*given, **named)
            finally:
                took = time.perf_counter() - since[0], time.process_time() - since[1]
                inside = self._inside.pop()
                before = self.parts.get(title, (0.0, 0.0))
                mine = (before[0] + took[0] - inside[0], before[1] + took[1] - inside[1])
                self.parts[title] = mine
                if self._inside:
                    self._inside[-1][0] += took[0]
                    self._inside[-1][1] += took[1]

        setattr(where, name, timed)


class _Memory:
    """Looks twenty times a second at how much memory this process has."""

    def __init__(self) -> None:
        self._own = 0.0
        self._ended = threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)
        self._looking.start()

    def _look(self) -> None:
        from benchmarks.index import memory_mib

        while not self._ended.wait(0.05):
            self._own = max(self._own, memory_mib("RssAnon"))

    def stop(self) -> tuple[float, float]:
        """Return the most of its own, and the most with mapped pages, in MiB."""
        from benchmarks.index import memory_mib

        self._ended.set()
        self._looking.join()
        return self._own, memory_mib("VmHWM")


def _beside_pgvector() -> None:
    """Ask PostgreSQL for the nearest vectors too, and see that it says the same."""
    from django.db import connection
    from pgvector import HalfVector

    from fingerprint import embedding, songs, versions
    from fingerprint.embedding import SIDES
    from fingerprint.versions import Near

    known = songs.current()
    chance = np.random.default_rng(SEED)
    ours = theirs = 0.0
    for side in SIDES:
        asked = np.rint(chance.normal(0, 11, (21, 128))).clip(-127, 127).astype(np.int16)
        since = time.perf_counter()
        found = known.nearest(side, asked, versions.NEAREST_WINDOWS)
        ours += time.perf_counter() - since
        since = time.perf_counter()
        with connection.cursor() as cursor:
            for vector, near in zip(asked, found, strict=True):
                cursor.execute(
                    "SELECT reference_id, -(vector <#> %s::halfvec)::bigint AS likeness FROM fingerprint_embedding"
                    " WHERE algorithm = %s ORDER BY likeness DESC, reference_id, start_ms LIMIT %s",
                    [HalfVector(vector.tolist()).to_text(), embedding.algorithm(side), versions.NEAREST_WINDOWS],
                )
                assert [Near(*row) for row in cursor.fetchall()] == near
        theirs += time.perf_counter() - since
    print(f"  nearest to 42 vectors: {ours:.2f} s; pgvector says the same in {theirs:.2f} s ×{ours / theirs:.2f}")
