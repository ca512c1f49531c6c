"""
Train the network that finds candidates for versions.

    python -m fingerprint.training.train_embedding --pop909 POP909 --openewld dataset --into weights.npz

Two views of one stretch of a song are to be nearer to each other than to the views of 63 other songs.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from fingerprint.embedding import WINDOW_FRAMES
from fingerprint.song_network import Network
from fingerprint.training import songs, views
from fingerprint.training.songs import Song

STEPS = 1_000
SONGS_A_STEP = 64
SEED = 20_261_129
_TEMPERATURE = 0.1


def train(
    material: Sequence[Song],
    *,
    steps: int = STEPS,
    batch: int = SONGS_A_STEP,
    seed: int = SEED,
    report: Callable[[int, float, Network], None] | None = None,
) -> Network:
    """Train a network from nothing; the same material, steps, batch, seed and thread count give the same weights."""
    rng = random.Random(seed)  # noqa: S311  to be repeated, not to be secret
    torch.manual_seed(seed)
    network = Network().train()
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    partner = torch.arange(2 * batch) ^ 1
    for step in range(1, steps + 1):
        shown = [view for song in rng.sample(material, batch) for view in views.pair(song, rng, WINDOW_FRAMES)]
        vectors = network(torch.from_numpy(np.stack(shown)))
        likeness = vectors @ vectors.T / _TEMPERATURE
        likeness.fill_diagonal_(-1e9)
        loss = functional.cross_entropy(likeness, partner)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not say
        optimizer.step()
        schedule.step()
        if report is not None:
            report(step, float(loss.detach()), network)
    return network.eval()


def save(network: Network, path: Path) -> None:
    """Write the weights as plain arrays."""
    with path.open("wb") as file:
        np.savez(file, **{name: value.numpy() for name, value in network.state_dict().items() if value.dim()})


def main() -> None:
    """Read the songs, train, and write the weights every hundred steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pop909", type=Path, required=True, help="the folder POP909 of music-x-lab/POP909-Dataset")
    parser.add_argument("--openewld", type=Path, required=True, help="the folder dataset of 00sapo/OpenEWLD")
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    material = songs.load(given.pop909, given.openewld)
    print(f"{len(material)} songs")  # noqa: T201  a command
    begun = time.monotonic()
    losses: list[float] = []

    def report(step: int, loss: float, network: Network) -> None:
        losses.append(loss)
        if step % 50 == 0:
            mean = sum(losses[-50:]) / 50
            print(f"step {step} loss {mean:.3f} after {time.monotonic() - begun:.0f} s", flush=True)  # noqa: T201
            save(network, given.into)

    save(train(material, steps=given.steps, report=report), given.into)


if __name__ == "__main__":
    main()
