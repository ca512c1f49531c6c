"""
Audio-seconds per processor second to decode a track and take its fingerprints, beside FFmpeg's bare decoding.

By container: as audio is looked up (Chromaprint and landmarks at four shifts each) and as a reference is kept (one
shift). Processor time of this process, the best of some rounds in turn; one core.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from fingerprint import audio, extract, landmarks
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
    print(
        f"{'':6}{'look up':>9}{'enroll':>9}   {'bare decoding':>13}   ms a second: decode, Chromaprint ×4, landmarks ×4"
    )
    with tempfile.TemporaryDirectory() as name:
        whole = material.load(FOLDER / "country.mp3")
        sound = material.cut(material.joined(whole, whole, whole), 0, TRACK_S)
        for ending, media_type in KINDS.items():
            track = material.write(sound, Path(name) / f"track.{ending}")
            blocks = list(audio.decode(track, media_type))
            looked_up, enrolled, bare, decoding, harmony, marks = _best(
                rounds,
                partial(_looked_up, track, media_type),
                partial(_enrolled, track, media_type),
                partial(_bare, track),
                partial(_fed, track, media_type),
                partial(extract.query, blocks),
                partial(landmarks.query, blocks),
            )
            parts = ", ".join(f"{1000 * part / TRACK_S:.2f}" for part in (decoding, harmony, marks))
            print(
                f"{ending:6}{TRACK_S / looked_up:9,.0f}{TRACK_S / enrolled:9,.0f}   {TRACK_S / bare:13,.0f}   {parts}",
                flush=True,
            )


def _best(rounds: int, *work: Callable[[], object]) -> list[float]:
    """The least processor time of each, taken in turn, so that a busy moment is nobody's alone."""
    taken = [[_once(one) for one in work] for _ in range(rounds)]
    return [min(column) for column in zip(*taken, strict=True)]


def _once(work: Callable[[], object]) -> float:
    since = time.process_time()
    work()
    return time.process_time() - since


def _fed(track: Path, media_type: str, *listeners: Callable[[NDArray[np.int16]], None]) -> None:
    for block in audio.decode(track, media_type):
        for feed in listeners:
            feed(block)


def _looked_up(track: Path, media_type: str) -> None:
    harmony, marks = extract.Fingerprints(), landmarks.Landmarks()
    _fed(track, media_type, harmony.feed, marks.feed)
    harmony.finish()
    marks.finish()


def _enrolled(track: Path, media_type: str) -> None:
    harmony, marks = extract.Fingerprints((0,)), landmarks.of_reference()
    _fed(track, media_type, harmony.feed, marks.feed)
    harmony.finish()
    marks.finish()


def _bare(track: Path) -> None:
    """Decode into one channel at the same rate, with nothing between FFmpeg and what comes out."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=extract.SAMPLE_RATE_HZ)
    with av.open(str(track)) as container:
        for frame in container.decode(audio=0):
            resampler.resample(frame)
        resampler.resample(None)


if __name__ == "__main__":
    main()
