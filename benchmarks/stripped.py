"""
Is an output found again once its manifest is gone? Hit rates of the look-up after what happens to files on their way.

Every song of a folder is an output, bound as a cleared one is, in a transaction that is rolled back at the end. Copies
of it are made as files, by the encoders people use, and each is looked up as a stranger's file is. An output is *found*
if it is the first answer. Whatever else is answered is a *false answer*: for that the song counts as in no output,
since what others are answered does not depend on its own entry. Speech and singing of another folder are asked too,
of which there is no output at all. Recordings of one song, and stems of one, count as one.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import cast
from uuid import UUID, uuid5

import av
import numpy as np
from av.audio.stream import AudioStream
from django.db import transaction
from django.utils import timezone

from fingerprint import audio, extract
from fingerprint.audio import AudioFacts, AudioRefused
from ledger import recognizing
from provenance import bindings, lookup
from provenance.bindings import CHROMAPRINT, ISCC

NAMESPACE = UUID("2b1f0c52-2c6c-4f6b-9d1c-1f6a2f1f7c10")
LEAST_S = 40.0  # of a song that is an output
ENDINGS = {".mp3", ".ogg", ".flac", ".wav", ".m4a", ".aiff"}
# Recordings of one song, and stems of one: the beginning of their names.
TOGETHER = (("bassguitar", "clav", "drums", "horns", "leadguitar"), ("JRPG_battle_", "JRPG_battleBoss"))
Filters = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Copy:
    """What is done to a file on its way."""

    name: str
    ending: str
    encoder: str
    kbits: int | None = None
    rate_hz: int | None = None
    filters: Callable[[float], Filters] = lambda _: ()


def _cut(seconds: float) -> Filters:
    begin = max(0.0, seconds / 2 - 15)
    return (("atrim", f"{begin}:{begin + 30}"), ("asetpts", "PTS-STARTPTS"))


COPIES = (
    Copy("manifest removed, as WAV", ".wav", "pcm_s16le"),
    Copy("MP3, 64 kbit/s", ".mp3", "libmp3lame", 64),
    Copy("AAC, 96 kbit/s", ".m4a", "aac", 96),
    Copy("resampled to 22,050 Hz", ".wav", "pcm_s16le", rate_hz=22_050),
    Copy("30 s from the middle", ".flac", "flac", filters=_cut),
    Copy("tempo +5 %", ".flac", "flac", filters=lambda _: (("atempo", "1.05"),)),
    Copy("tempo -5 %", ".flac", "flac", filters=lambda _: (("atempo", "0.95"),)),
    Copy("30 s, tempo +5 %, MP3 64 kbit/s", ".mp3", "libmp3lame", 64, filters=lambda s: (*_cut(s), ("atempo", "1.05"))),
)


@dataclass
class Counted:
    """How a kind of copies fared."""

    name: str
    asked: int = 0
    found: int = 0
    by_iscc: int = 0
    by_chromaprint: int = 0
    wrong: int = 0
    distances: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        """Return a line of the table."""
        return (
            f"{self.name:<34} {self.found:>4} of {self.asked:<4} {self.by_chromaprint:>11} {self.by_iscc:>8}"
            f" {self.wrong:>14}"
        )


@dataclass(frozen=True)
class Song:
    """A file that is an output."""

    path: Path
    facts: AudioFacts
    id: UUID
    group: str


def measure(folder: Path, strangers: Path | None) -> Iterator[str]:
    """Yield the lines of the report."""
    with transaction.atomic(), tempfile.TemporaryDirectory() as name:
        songs = list(_songs(folder))
        if not songs:
            raise SystemExit(f"there are no songs of {LEAST_S:.0f} seconds or more in {folder}")
        for song in songs:
            items = extract.reference(audio.decode(song.path, song.facts.media_type))
            lookup.bind(bindings.of(items, song.path), decision_id=song.id, is_stated=True, at=timezone.now())
        group_of = {song.id: song.group for song in songs}
        yield f"{len(songs)} outputs; found as the first answer, by each binding alone, and other outputs answered:"
        yield f"{'after':<34} {'found':>12} {'Chromaprint':>11} {'ISCC':>8} {'false answers':>14}"
        for copy in COPIES:
            yield str(_asked(copy, songs, group_of, Path(name)))
        if strangers is not None:
            paths = [path for path in sorted(strangers.rglob("*")) if path.suffix in ENDINGS]
            answered = [path.name for path in paths if _answers(path)]
            yield f"{len(paths)} files of speech and singing, in no output: {len(answered)} answered {answered[:5]}"
        transaction.set_rollback(True)


def _songs(folder: Path) -> Iterator[Song]:
    for path in sorted(folder.iterdir()):
        if path.suffix in ENDINGS:
            facts = probe(path)
            if facts.duration_ms >= LEAST_S * 1000:
                group = next((names[0] for names in TOGETHER if path.name.startswith(names)), path.name)
                yield Song(path, facts, uuid5(NAMESPACE, path.name), group)


def probe(path: Path) -> AudioFacts:
    """Return what a file is."""
    return audio.probe(path, declared_media_type=None, limits=recognizing.limits())


def _asked(copy: Copy, songs: Sequence[Song], group_of: dict[UUID, str], folder: Path) -> Counted:
    counted = Counted(copy.name)
    for song in songs:
        target = folder / f"{hashlib.sha256(f'{copy.name}{song.path.name}'.encode()).hexdigest()[:16]}{copy.ending}"
        write(song.path, target, copy, song.facts.duration_ms / 1000)
        facts = probe(target)
        heard = recognizing.hear(target, facts)
        answers = {name: recognizing.candidates(heard, target, algorithm=name, most=50) for name in (CHROMAPRINT, ISCC)}
        both = [*answers[CHROMAPRINT], *answers[ISCC]]
        target.unlink()
        counted.asked += 1
        best = max(both, key=lambda one: one.score, default=None)
        counted.found += best is not None and best.decision_id == song.id
        counted.by_chromaprint += song.id in {one.decision_id for one in answers[CHROMAPRINT]}
        counted.by_iscc += song.id in {one.decision_id for one in answers[ISCC]}
        counted.wrong += any(group_of[one.decision_id] != song.group for one in both)
    return counted


def _answers(path: Path) -> bool:
    try:
        facts = probe(path)
    except AudioRefused:
        return False
    return bool(recognizing.candidates(recognizing.hear(path, facts), path, most=50))


def write(source: Path, target: Path, copy: Copy, seconds: float) -> None:
    """Make a copy of a file, as a converter does: decoded, filtered, encoded."""
    container = {".m4a": "ipod"}.get(target.suffix, target.suffix[1:])
    with av.open(str(source)) as reader, av.open(str(target), "w", format=container) as writer:
        stream = reader.streams.audio[0]
        rate = copy.rate_hz or stream.rate
        layout = "mono" if stream.channels == 1 else "stereo"
        encoded = cast("AudioStream", writer.add_stream(copy.encoder, rate=rate, layout=layout))
        if copy.kbits:
            encoded.bit_rate = copy.kbits * 1000
        sample_format = encoded.codec_context.format.name
        graph = av.filter.Graph()
        chain = [
            graph.add_abuffer(template=stream, time_base=Fraction(1, stream.rate)),
            *(graph.add(name, given) for name, given in copy.filters(seconds)),
            graph.add("aresample", str(rate)),
            graph.add("aformat", f"sample_fmts={sample_format}:channel_layouts={layout}:sample_rates={rate}"),
            graph.add("abuffersink"),
        ]
        for one, following in pairwise(chain):
            one.link_to(following)
        graph.configure()
        fitted = av.AudioResampler(sample_format, layout, rate, frame_size=encoded.codec_context.frame_size or 1024)
        position = 0
        for frame in reader.decode(audio=0):
            frame.pts, frame.time_base = position, Fraction(1, stream.rate)
            position += frame.samples
            try:
                chain[0].push(frame)
            except av.EOFError:  # what was to be cut out is behind us
                break
            _drain(chain[-1], fitted, encoded, writer)
        with suppress(av.EOFError):
            chain[0].push(None)
        _drain(chain[-1], fitted, encoded, writer)
        for frame in fitted.resample(None):
            writer.mux(encoded.encode(frame))
        writer.mux(encoded.encode(None))


def _drain(
    sink: av.filter.context.FilterContext,
    fitted: av.AudioResampler,
    encoded: AudioStream,
    writer: av.container.OutputContainer,
) -> None:
    while True:
        try:
            frame = cast("av.AudioFrame", sink.pull())
        except (av.BlockingIOError, av.EOFError):
            return
        for part in fitted.resample(frame):
            writer.mux(encoded.encode(part))


def distances(folder: Path) -> Iterator[str]:
    """Yield how far Audio-Codes lie apart: in the half of the songs where the limit was chosen, and in the other."""
    with tempfile.TemporaryDirectory() as name:
        songs = list(_songs(folder))
        codes = {song.id: _code(song.path, song.facts) for song in songs}
        for half in (0, 1):
            of_half = [song for song in songs if song.id.int % 2 == half]
            own: list[int] = []
            for song in of_half:
                for copy in COPIES[1:4]:
                    target = Path(name) / f"copy{copy.ending}"
                    write(song.path, target, copy, song.facts.duration_ms / 1000)
                    own.append(_away(_code(target, probe(target)), codes[song.id]))
            others = [
                _away(codes[one.id], codes[other.id]) for one in of_half for other in songs if one.group != other.group
            ]
            yield (
                f"{['limit chosen here', 'limit judged here'][half]}: {len(of_half)} songs; bits apart, own copies"
                f" at most {max(own)} (median {sorted(own)[len(own) // 2]}), other songs at least {min(others)}"
                f" (median {sorted(others)[len(others) // 2]})"
            )


def _code(path: Path, facts: AudioFacts) -> bytes:
    items = extract.reference(audio.decode(path, facts.media_type))
    return bindings.iscc_units(bindings.iscc_of(items, path)).audio_codes[0]


def _away(one: bytes, other: bytes) -> int:
    return int(np.bitwise_count(np.frombuffer(one, np.uint8) ^ np.frombuffer(other, np.uint8)).sum())
