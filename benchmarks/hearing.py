"""
Audio-seconds per processor second to decode a track and take its fingerprints, beside FFmpeg's bare decoding.

By container: as audio is looked up (Chromaprint and landmarks at four shifts each) and as a reference is kept (one
shift, and spectra). What is short is looked up by its spectra too, which is the last line. Processor time of this
process, the best of some rounds in turn; one core.

A line is a track of four minutes that is encoded here. Ogg has a second line, of songs as libvorbis encoded them for
those who published them: what FFmpeg's own encoder of Vorbis writes takes twice as long to decode.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from fingerprint import audio, extract, landmarks, spectra
from ledger.demo import material

TRACK_S = 240
KINDS = {
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
    "flac": "audio/flac",
    "wav": "audio/wav",
}
FOLDER = Path(material.__file__).parent / "audio"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure each container and print a line for it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks hearing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(arguments).rounds
    print(f"Audio-seconds per processor second, best of {rounds}; a track of {TRACK_S} s at 44.1 kHz, stereo.\n")
    head = "bare decoding   ms a second: decode, Chromaprint ×4, landmarks ×4, a reference's spectra"
    print(f"{'':18}{'look up':>9}{'enroll':>9}   {head}")
    with tempfile.TemporaryDirectory() as name:
        whole = material.load(FOLDER / "country.mp3")
        sound = material.cut(material.joined(whole, whole, whole), 0, TRACK_S)
        for ending, media_type in KINDS.items():
            track = material.write(sound, Path(name) / f"track.{ending}")
            _measure(ending, [track], media_type, rounds)
    _measure("ogg as published", sorted(FOLDER.glob("*.ogg")), KINDS["ogg"], rounds)
    _short(whole, rounds)


def _measure(title: str, tracks: Sequence[Path], media_type: str, rounds: int) -> None:
    heard = [list(audio.decode(track, media_type)) for track in tracks]
    seconds = sum(block.size for blocks in heard for block in blocks) / extract.SAMPLE_RATE_HZ
    looked_up, enrolled, bare, decoding, harmony, marks, moves = _best(
        rounds,
        *(
            partial(_each, work, given)
            for work, given in (
                (partial(_looked_up, media_type=media_type), tracks),
                (partial(_enrolled, media_type=media_type), tracks),
                (_bare, tracks),
                (partial(_fed, media_type=media_type), tracks),
                (extract.query, heard),
                (landmarks.query, heard),
                (spectra.reference, heard),
            )
        ),
    )
    parts = ", ".join(f"{1000 * part / seconds:.2f}" for part in (decoding, harmony, marks, moves))
    print(
        f"{title:18}{seconds / looked_up:9,.0f}{seconds / enrolled:9,.0f}   {seconds / bare:13,.0f}   {parts}",
        flush=True,
    )


def _short(whole: material.Sound, rounds: int) -> None:
    """What short audio costs, which is heard more finely: its landmarks, and a vector for every frame."""
    with tempfile.TemporaryDirectory() as name:
        track = material.write(material.cut(whole, 20, landmarks.FINE_S), Path(name) / "short.wav")
        heard = list(audio.decode(track, KINDS["wav"]))
    samples = np.concatenate(heard)
    harmony, marks, moves = _best(
        rounds, partial(extract.query, heard), partial(landmarks.query, heard), partial(spectra.query, samples)
    )
    parts = ", ".join(f"{1000 * part / landmarks.FINE_S:.2f}" for part in (harmony, marks, moves))
    print(f"{landmarks.FINE_S} s, ms a second: Chromaprint ×4, landmarks ×4, a query's spectra: {parts}", flush=True)


def _each(work: Callable[[Any], object], given: Sequence[Any]) -> None:
    for one in given:
        work(one)


def _best(rounds: int, *work: Callable[[], object]) -> list[float]:
    """The least processor time of each, taken in turn, so that a busy moment is nobody's alone."""
    taken = [[_once(one) for one in work] for _ in range(rounds)]
    return [min(column) for column in zip(*taken, strict=True)]


def _once(work: Callable[[], object]) -> float:
    since = time.process_time()
    work()
    return time.process_time() - since


def _fed(track: Path, *listeners: Callable[[NDArray[np.int16]], None], media_type: str) -> None:
    for block in audio.decode(track, media_type):
        for feed in listeners:
            feed(block)


def _looked_up(track: Path, media_type: str) -> None:
    harmony, marks = extract.Fingerprints(), landmarks.Landmarks()
    _fed(track, harmony.feed, marks.feed, media_type=media_type)
    harmony.finish()
    marks.finish()


def _enrolled(track: Path, media_type: str) -> None:
    harmony, marks, moves = extract.Fingerprints((0,)), landmarks.of_reference(), spectra.Spectra()
    _fed(track, harmony.feed, marks.feed, moves.feed, media_type=media_type)
    harmony.finish()
    marks.finish()
    moves.finish()


def _bare(track: Path) -> None:
    """Decode into one channel at the same rate, with nothing between FFmpeg and what comes out."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=extract.SAMPLE_RATE_HZ)
    with av.open(str(track)) as container:
        for frame in container.decode(audio=0):
            resampler.resample(frame)
        resampler.resample(None)


if __name__ == "__main__":
    main()
