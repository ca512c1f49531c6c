"""
One vector for forty-five seconds of music that barely changes with its key, tempo and instruments.

The network is small and ours (`fingerprint/training`, its card is beside it). It runs on one thread; what comes
out is rounded to whole numbers before anything is compared, so that the same audio gives the same candidates.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

FRAMES_A_SECOND = 4
WINDOW_FRAMES = 180
DIMENSIONS = 128
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
