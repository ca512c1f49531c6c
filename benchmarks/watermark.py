"""
Is the watermark heard again, and only where it is? On the songs of a folder, each as a file before and after.

How loud what is added is, against the music, is told beside it. Whether people hear it is not measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.stripped import COPIES, ENDINGS, Copy, probe, write
from provenance import perth
from provenance.watermarks import NotMarked


def measure(folder: Path, strangers: Path | None) -> Iterator[str]:
    """Yield the lines of the report."""
    provider = perth.Perth()
    plain = Copy("", ".wav", "pcm_s16le")
    heard = dict.fromkeys((copy.name for copy in COPIES), 0)
    marked = refused = wrong = songs = 0
    ratios: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name, "source.wav"), Path(name, "marked.wav")
        for path in sorted(path for path in folder.iterdir() if path.suffix in ENDINGS):
            facts = probe(path)
            songs += 1
            write(path, source, plain, facts.duration_ms / 1000)
            wrong += provider.is_marked(source, "audio/wav")
            try:
                provider.mark(source, target)
            except NotMarked:
                refused += 1
                continue
            marked += 1
            ratios.append(_ratio(source, target))
            for copy in COPIES:
                made = Path(name, f"copy{copy.ending}")
                write(target, made, copy, facts.duration_ms / 1000)
                heard[copy.name] += provider.is_marked(made, probe(made).media_type)
        paths = [path for path in sorted(strangers.rglob("*")) if path.suffix in ENDINGS] if strangers else []
        others = sum(provider.is_marked(path, probe(path).media_type) for path in paths)
    yield f"{songs} songs: {marked} marked, {refused} left as they were since it was not heard in them afterwards"
    yield f"heard where there is none: in {wrong} of {songs} songs, in {others} of {len(paths)} others"
    if ratios:
        yield f"the music is {np.median(ratios):.1f} dB above what was added (median; {min(ratios):.1f} at least)"
    for what, count in heard.items():
        yield f"{what:<34} heard in {count} of {marked}"


def _ratio(source: Path, target: Path) -> float:
    before, after = (bytearray(path.read_bytes()) for path in (source, target))
    x, y = (perth.read_samples(whole, perth.form_of(whole)) for whole in (before, after))
    return float(10 * np.log10(np.sum(x**2) / np.sum((y - x) ** 2)))
