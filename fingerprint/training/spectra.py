"""
Making the directions of `fingerprint.spectra` anew, on one core in a minute or two:

    python -m fingerprint.training.spectra PAIRS OUT.npz

PAIRS is what `benchmarks.detection.pairs` writes: recordings, clean and distorted. The directions are those in which
clean pictures vary the most for how much their distorted ones differ: the generalized eigenvectors of both covariances.
What all bands have in common counts as a distortion too: when something begins is the same in all music of one tempo,
and on one drum machine. Each direction is weighted by how much it is worth, and scaled to fill a byte. The distorted
recording begins up to three frames beside the clean one, as what is looked up lies beside a reference's vectors.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fingerprint import spectra
from fingerprint.spectra import BANDS, DIMENSIONS, HOP_SAMPLES, STRIDE_FRAMES, VECTOR_FRAMES

EVERY_FRAMES = 5
BESIDE_SAMPLES = 3 * HOP_SAMPLES
EVENED = 0.05  # of the mean variance is added to every direction that distortions change
RHYTHM = 3.0  # times what all bands have in common counts as if a distortion had changed it
WORTH = 0.3  # the power of a direction's worth that it is weighted by
_SPREAD = 26.0  # of a byte, the mean deviation of a direction: what is five times as far is cut off

Floats = NDArray[np.float64]


def covariances(folder: Path) -> tuple[Floats, Floats]:
    """Return how clean pictures vary, and how distorted ones differ from them, each (32 x 48, 32 x 48)."""
    size = VECTOR_FRAMES * BANDS
    vary, differ, count = np.zeros((size, size)), np.zeros((size, size)), 0
    number = 0
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as kept:
            pairs = kept["pairs"]
        for clean, distorted in pairs:
            beside = int(np.random.default_rng(number).integers(BESIDE_SAMPLES))
            number += 1
            both = [
                spectra.cut(spectra.pictures(spectra.powers(samples[first:])), EVERY_FRAMES)
                for samples, first in ((clean, BESIDE_SAMPLES // 2), (distorted, beside))
            ]
            least = min(map(len, both))
            shown, changed = (one[:least] for one in both)
            vary += shown.T @ shown
            differ += (changed - shown).T @ (changed - shown)
            count += least
    return vary / count, differ / count


def directions(vary: Floats, differ: Floats) -> Floats:
    """Return the directions, the most worth first, each weighted: (32 x 48, 96)."""
    alike = np.kron(np.full((BANDS, BANDS), 1 / BANDS), np.eye(VECTOR_FRAMES))  # band by band, as pictures are laid out
    differ = differ + RHYTHM * alike @ vary @ alike
    differ += EVENED * np.trace(vary) / len(vary) * np.eye(len(vary))
    values, vectors = np.linalg.eigh(differ)
    even = vectors / np.sqrt(values)
    worth, turned = np.linalg.eigh(even.T @ vary @ even)
    best = np.argsort(-worth)[:DIMENSIONS]
    found: Floats = np.asarray(even @ turned[:, best])
    # Whose sign is chance: the largest part of each is positive.
    found *= np.sign(found[np.abs(found).argmax(axis=0), np.arange(DIMENSIONS)])
    found *= worth[best] ** WORTH / np.sqrt(worth[best] + 1)
    return np.asarray(found * (_SPREAD / np.sqrt(np.einsum("id,ij,jd->d", found, vary, found).mean())))


def learned(folder: Path) -> dict[str, NDArray[np.generic]]:
    """Learn everything that `spectra.Weights` holds."""
    projection = directions(*covariances(folder)).astype(np.float16)
    wide = projection.astype(np.float32)
    together, following, energy, count, pairs_in_a_row = (
        np.zeros((DIMENSIONS, DIMENSIONS)),
        np.zeros((DIMENSIONS, DIMENSIONS)),
        0.0,
        0,
        0,
    )
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as kept:
            clean = kept["pairs"][:, 0]
        for samples in clean:
            shown = spectra.cut(spectra.pictures(spectra.powers(samples)), STRIDE_FRAMES)
            vectors = spectra.rounded(shown @ wide).astype(np.float64)
            together += vectors.T @ vectors
            following += vectors[:-1].T @ vectors[1:]
            energy += float((vectors**2).sum())
            count += len(vectors)
            pairs_in_a_row += len(vectors) - 1
    return {
        "projection": projection,
        "together": (together / count).astype(np.float32),
        "following": (following / pairs_in_a_row).astype(np.float32),
        "energy": np.array(energy / count, np.float32),
    }


def main() -> None:
    """Learn, write, and say the digest that the release is to name."""
    folder, out = map(Path, sys.argv[1:3])
    np.savez(out, **learned(folder))  # type: ignore[arg-type]  # arrays by name
    sys.stdout.write(hashlib.sha256(out.read_bytes()).hexdigest() + "\n")


if __name__ == "__main__":
    main()
