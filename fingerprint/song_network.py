"""The layers of the network that embeds songs, in torch; nothing else imports it until something is embedded."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from fingerprint.embedding import DIMENSIONS

_CHANNELS = (1, 24, 32, 48, 64)
_KERNELS = ((12, 7), (5, 5), (5, 3), (5, 3))
_STRIDES = (2, 2, 2, 1)


class _Layer(nn.Module):
    """A convolution whose pitch axis is a circle: another key is a turn of it."""

    def __init__(self, inputs: int, outputs: int, kernel: tuple[int, int], stride: int) -> None:
        super().__init__()
        self.turn = kernel[0] - 1
        self.convolution = nn.Conv2d(
            inputs, outputs, kernel, stride=(1, stride), padding=(0, kernel[1] // 2), bias=False
        )
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        turned = functional.pad(x, (0, 0, 0, self.turn), mode="circular")
        return functional.relu(self.norm(self.convolution(turned)))


class Network(nn.Module):
    """Chroma in, a vector of length one out."""

    def __init__(self) -> None:
        super().__init__()
        sizes = zip(pairwise(_CHANNELS), _KERNELS, _STRIDES, strict=True)
        self.layers = nn.Sequential(*(_Layer(*channels, kernel, stride) for channels, kernel, stride in sizes))
        self.attention = nn.Linear(_CHANNELS[-1], 1)
        self.out = nn.Linear(2 * _CHANNELS[-1], DIMENSIONS)

    def forward(self, chroma: Tensor) -> Tensor:
        # The highest over all twelve turns is the same in every key.
        seen = self.layers(chroma[:, None]).amax(dim=2).transpose(1, 2)
        weight = torch.softmax(self.attention(seen), dim=1)
        pooled = torch.cat([(weight * seen).sum(dim=1), seen.amax(dim=1)], dim=1)
        return functional.normalize(self.out(pooled), dim=1)

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.float32]]) -> Network:
        """
        Return a network with these weights that only answers.

        :raises KeyError: they are not the weights of these layers
        """
        made = cls()
        # How many batches it saw is nothing it computes with, and is not kept.
        missing, unknown = made.load_state_dict(
            {name: torch.from_numpy(one) for name, one in arrays.items()}, strict=False
        )
        if unknown or any(not name.endswith("num_batches_tracked") for name in missing):
            raise KeyError(*unknown, *missing)
        return made.eval()

    def answer(self, chroma: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a vector of length 1 for each window: (windows, 12, frames) in, (windows, 128) out."""
        with torch.inference_mode():
            return np.asarray(self(torch.from_numpy(chroma)).numpy(), dtype=np.float32)
