"""
Rendered songs: one song as several recordings that share its notes and nothing else.

The notes are POP909's (MIT), the instruments those of free sound fonts played by FluidSynth. Every random
choice is drawn from the song and the kind of version, so that two machines make the same recordings:

    python -m benchmarks.detection.corpus --pop909 POP909 --into FOLDER

Songs that the network learned from are no part of the corpus. As they are what an alignment, which learns nothing, may
be tuned on, `--further` renders them, into a folder of their own.
"""

from __future__ import annotations

import argparse
import io
import random
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection import wav
from fingerprint.training import midi
from fingerprint.training.midi import Note, Track
from fingerprint.training.splits import (
    CATALOGUE_SONGS,
    QUERY_SONGS,
    TRAINING_SONGS,
    TUNING_QUERY_SONGS,
    TUNING_SONGS,
)

RATE_HZ = 22_050
SECONDS = 90
FONTS = {
    "fluid": Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    "tim": Path("/usr/share/sounds/sf2/TimGM6mb.sf2"),
    "opl": Path("/usr/share/sounds/sf2/OPL-3_FM_128M.sf2"),
}
# `ref` is enrolled. `inst`: other instruments, key and tempo. `ver`: another arrangement of it, likewise.
# `mel`: the melody alone.
Version = Literal["ref", "inst", "ver", "mel"]
QUERIES: tuple[Version, ...] = ("inst", "ver", "mel")

_LEADS = (52, 53, 54, 40, 56, 65, 68, 71, 73, 80, 81, 22, 26, 11)
_CHORDS = (0, 1, 4, 5, 6, 24, 25, 26, 27, 48, 50, 19, 88, 89, 46, 12)
_BASSES = (32, 33, 35, 38, 39)
_KICK, _SNARE, _HAT = 36, 38, 42
Samples = NDArray[np.int16]


class NoSynthesizer(Exception):
    """
    FluidSynth or a sound font is missing: `apt-get install fluidsynth fluid-soundfont-gm timgm6mb-soundfont
    opl3-soundfont`.
    """


@dataclass(frozen=True)
class Recording:
    """One recording of a song, and where its samples lie."""

    song: int
    version: Version

    def path(self, folder: Path) -> Path:
        """Say where in the folder it lies."""
        return folder / f"{self.version}_{self.song:03d}.wav"


def recordings() -> Iterator[Recording]:
    """All recordings: first those of tuning, then the catalogue, then what is asked, song by song."""
    for catalogue, queries in ((TUNING_SONGS, TUNING_QUERY_SONGS), (CATALOGUE_SONGS, QUERY_SONGS)):
        yield from (Recording(song, "ref") for song in catalogue)
        yield from (Recording(song, version) for song in queries for version in QUERIES)


def further() -> Iterator[Recording]:
    """The catalogue's recordings of songs that the network learned from."""
    yield from (Recording(song, "ref") for song in TRAINING_SONGS)


def make(recording: Recording, pop909: Path, folder: Path) -> None:
    """Render a recording into the folder, unless it is there."""
    path = recording.path(folder)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = random.Random(f"{recording.version} {recording.song}")
    name = f"{recording.song:03d}"
    source = pop909 / name / f"{name}.mid"
    other = pop909 / name / "versions" / f"{name}-v1.mid"
    tracks = midi.read((other if recording.version == "ver" and other.exists() else source).read_bytes())
    transpose, tempo, font = 0, 1.0, "fluid"
    if recording.version != "ref":
        transpose = rng.choice([by for by in range(-6, 7) if by])
        tempo = rng.uniform(0.8, 1.25)
        font = rng.choice(["tim", "opl", "fluid"])
    beats = _beats(pop909 / name / "beat_midi.txt")
    samples = render(arrange(tracks, beats, rng, recording.version, transpose, tempo), font, SECONDS)
    if recording.version != "ref":
        samples = degrade(samples, rng)
    temporary = path.with_suffix(".part")
    temporary.write_bytes(wav.encode(samples, RATE_HZ))
    temporary.replace(path)


def arrange(
    tracks: Sequence[Track],
    beats: Sequence[float],
    rng: random.Random,
    version: Version,
    transpose: int,
    tempo: float,
) -> list[Track]:
    """Give the notes of a song other instruments, a key and a tempo, as one kind of version asks."""
    leads = [track for track in tracks if track.name.upper().startswith("MELODY")] or list(tracks[:1])
    others = [track for track in tracks if track not in leads]
    arranged: list[Track] = []

    def add(notes: Sequence[Note], program: int, loudness: float, *, octave: int = 0, is_drum: bool = False) -> None:
        shift = 0 if is_drum else transpose + 12 * octave
        arranged.append(
            Track(
                "",
                program,
                is_drum,
                [
                    Note(
                        _on_keys(note.pitch + shift),
                        note.start_s / tempo,
                        note.end_s / tempo,
                        min(127, max(20, round(note.velocity * loudness))),
                    )
                    for note in notes
                ],
            )
        )

    for lead in leads:
        program = rng.choice(_LEADS)
        add(lead.notes, program, 1.0, octave=0 if version == "ref" else rng.choice([0, 0, 0, 1, -1]))
    if version != "mel":
        for other, program in zip(others, rng.sample(_CHORDS, len(others)), strict=True):
            add(other.notes, program, rng.uniform(0.55, 0.9))
        bass = _bass(others)
        if rng.random() < 0.6:
            add(bass, rng.choice(_BASSES), 0.9)
    if rng.random() < 0.7:
        add(_drums(beats), 0, 1.0, is_drum=True)
    return arranged


def _on_keys(pitch: int) -> int:
    while pitch > 108:
        pitch -= 12
    while pitch < 21:
        pitch += 12
    return pitch


def _bass(tracks: Sequence[Track]) -> list[Note]:
    bass: list[Note] = []
    last = -1.0
    for note in sorted((note for track in tracks for note in track.notes), key=lambda note: note.start_s):
        if note.start_s - last > 0.45 and note.pitch < 60:
            bass.append(Note(note.pitch if note.pitch < 48 else note.pitch - 12, note.start_s, note.start_s + 0.4))
            last = note.start_s
    return bass


def _drums(beats: Sequence[float]) -> list[Note]:
    drums: list[Note] = []
    for count, beat in enumerate(beats):
        drums.append(Note(_SNARE if count % 2 else _KICK, beat, beat + 0.1, 98))
        drums.append(Note(_HAT, beat, beat + 0.05, 60))
        if count + 1 < len(beats):
            half = (beat + beats[count + 1]) / 2
            drums.append(Note(_HAT, half, half + 0.05, 55))
    return drums


def _beats(path: Path) -> list[float]:
    return [float(line.split()[0]) for line in path.read_text().splitlines() if line.strip()]


def render(tracks: Sequence[Track], font: str, seconds: int) -> Samples:
    """
    Play tracks to mono samples at 22,050 Hz.

    :raises NoSynthesizer: FluidSynth or the sound font is missing
    """
    cut = [Track(t.name, t.program, t.is_drum, [note for note in t.notes if note.start_s < seconds]) for t in tracks]
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder) / "score.mid", Path(folder) / "sound.raw"
        score.write_bytes(midi.write(cut))
        command = ["fluidsynth", "-ni", "-q", "-g", "0.6", "-R", "0", "-C", "0"]
        command += ["-o", "synth.dynamic-sample-loading=1", "-r", str(RATE_HZ), "-O", "s16", "-T", "raw"]
        try:
            subprocess.run(
                [*command, "-F", str(sound), str(FONTS[font]), str(score)],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=600,
            )
        except FileNotFoundError as error:
            raise NoSynthesizer from error
        if not sound.exists() or not FONTS[font].exists():
            raise NoSynthesizer
        stereo = np.fromfile(sound, "<i2").reshape(-1, 2)[: seconds * RATE_HZ]
    mono = stereo.astype(np.float32).mean(axis=1)
    peak = float(np.abs(mono).max(initial=0)) or 1.0
    return np.asarray(np.rint(mono * (29_000 / peak)), dtype=np.int16)


def degrade(samples: Samples, rng: random.Random) -> Samples:
    """Add noise, take the treble away, or code as a poor MP3; or leave it as it is."""
    kind = rng.choice(["none", "noise", "treble", "mp3"])
    if kind == "noise":
        wide = samples.astype(np.float32)
        level = float(np.sqrt(np.mean(wide**2))) * 10 ** (-rng.uniform(10, 20) / 20)
        noise = np.random.default_rng(rng.randrange(1 << 30)).standard_normal(wide.size).astype(np.float32)
        return np.clip(wide + level * noise, -32_768, 32_767).astype(np.int16)
    if kind == "treble":
        spectrum = np.fft.rfft(samples)
        spectrum[int(spectrum.size * rng.uniform(3_000, 5_000) / (RATE_HZ / 2)) :] = 0
        return np.clip(np.fft.irfft(spectrum, samples.size), -32_768, 32_767).astype(np.int16)
    return through_mp3(samples, 32_000) if kind == "mp3" else samples


def through_mp3(samples: Samples, bits_a_second: int) -> Samples:
    """Code and decode once."""
    coded = io.BytesIO()
    with av.open(coded, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE_HZ, layout="mono")
        stream.bit_rate = bits_a_second
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=RATE_HZ)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        for ready in resampler.resample(frame):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    coded.seek(0)
    back = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    with av.open(coded, "r", format="mp3") as container:
        parts = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in back.resample(frame)]
    return np.concatenate(parts)


def main() -> None:
    """Render all recordings, or the share of them that one of several processes makes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pop909", type=Path, required=True, help="the folder POP909 of music-x-lab/POP909-Dataset")
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--further", action="store_true", help="songs that the network learned from, and no others")
    parser.add_argument("--part", default="0/1", help="which of how many processes this is: 1/2 is the second of two")
    given = parser.parse_args()
    part, parts = (int(number) for number in given.part.split("/"))
    for count, recording in enumerate(further() if given.further else recordings()):
        if count % parts == part:
            make(recording, given.pop909, given.into)


if __name__ == "__main__":
    main()
