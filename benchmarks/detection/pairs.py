"""
Pairs of a clean and a distorted recording, from which `fingerprint.training.spectra` learns what distortions change:

    python -m benchmarks.detection.pairs --songs FOLDER --into PAIRS

FOLDER holds what `benchmarks.detection.corpus --further` renders: songs that nothing is measured on. Every choice is
drawn from the song, so that two machines make the same pairs. DETECTION_LYRA names the weights of the neural codec.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.detection import distortions, lyra
from benchmarks.detection.exact import at_11025
from benchmarks.detection.songs import RATE_HZ, Sound, load

Distort = Callable[[Sound, np.random.Generator], Sound]
PAIRS_A_SONG = 8
SECONDS = 15
_LEVEL = np.float32(0.1)


def _pink(quietest: float, loudest: float) -> Distort:
    return lambda sound, chance: distortions.noise(float(chance.uniform(quietest, loudest)))(sound, chance, "tuning")


def _white(sound: Sound, chance: np.random.Generator) -> Sound:
    level = np.float32(10 ** (-chance.uniform(0, 15) / 20))
    return (
        sound / distortions.rms(sound) * _LEVEL + chance.standard_normal(sound.size).astype(np.float32) * _LEVEL * level
    )


def _codec(container: str, encoder: str, *kbits: int) -> Distort:
    return lambda sound, chance: distortions.coded(sound, container, encoder, int(chance.choice(kbits)) * 1_000)


def _neural(*bits_per_second: int) -> Distort:
    return lambda sound, chance: distortions.through_lyra(int(chance.choice(bits_per_second)))(sound, chance, "tuning")


def _narrow(sound: Sound, chance: np.random.Generator) -> Sound:
    high, low = int(chance.integers(1_500, 5_000)), int(chance.integers(60, 300))
    return distortions.filtered(sound, ("lowpass", f"f={high}"), ("highpass", f"f={low}"))


def _compressed(sound: Sound, chance: np.random.Generator) -> Sound:
    ratio = int(chance.integers(3, 12))
    return distortions.filtered(sound, ("acompressor", f"threshold=0.05:ratio={ratio}:attack=5:release=80:makeup=4"))


KINDS: tuple[tuple[str, Distort], ...] = (
    ("pink noise", _pink(-3, 10)),
    ("pink noise, loud", _pink(-3, 3)),
    ("white noise", _white),
    ("neural codec", _neural(3_200, 6_000, 9_200)),
    ("neural codec, again", _neural(6_000)),
    ("Opus", _codec("ogg", "libopus", 8, 12, 16)),
    ("MP3", _codec("mp3", "libmp3lame", 24, 32, 48)),
    ("narrow band", _narrow),
    ("compressor", _compressed),
)


def make(song: Path, into: Path) -> None:
    """
    Write the pairs of a song, each as 16 bits at 11,025 Hz, unless they are there.

    :raises NoLyra: the neural codec's weights or LiteRT are missing
    """
    path = into / f"{song.stem}.npz"
    if path.exists():
        return
    chance = np.random.default_rng(int(song.stem.rpartition("_")[2]))
    sound = load(song)
    pairs = []
    for _ in range(PAIRS_A_SONG):
        begin = int(chance.integers(max(1, sound.size - SECONDS * RATE_HZ)))
        piece = sound[begin : begin + SECONDS * RATE_HZ]
        _, distort = KINDS[int(chance.integers(len(KINDS)))]
        if distortions.rms(piece) > 1e-3:
            both = [at_11025(piece), at_11025(distort(piece, chance))]
            pairs.append(np.stack([one[: min(map(len, both))] for one in both]))
    size = min((pair.shape[1] for pair in pairs), default=0)
    into.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part.npz")
    np.savez(temporary, pairs=np.array([pair[:, :size] for pair in pairs], np.int16))
    temporary.replace(path)


def main() -> None:
    """Make all pairs, or the share of them that one of several processes makes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path, required=True)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--part", default="0/1", help="which of how many processes this is: 1/2 is the second of two")
    given = parser.parse_args()
    lacking = lyra.missing()
    if lacking is not None:
        parser.error(lacking)
    part, parts = (int(number) for number in given.part.split("/"))
    for song in sorted(given.songs.glob("ref_*.wav"))[part::parts]:
        make(song, given.into)


if __name__ == "__main__":
    main()
