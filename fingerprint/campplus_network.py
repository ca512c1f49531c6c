"""
The layers of CAM++, in torch; nothing else imports it until something is listened to.

Context-aware masking over a densely connected time delay network (Wang and others, 2023, arXiv 2303.00332): small
convolutions over bands and time, then 52 layers that each add 32 channels to what all before them found, masked by what
is heard in the seconds around. Written anew for one chunk at a time and for answers only: normalization is folded into
the weights (`training.campplus`), time runs down the rows, and the channels of a block lie in one array.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

BLOCKS: Final = ((12, 1), (24, 2), (16, 2))  # how many layers, and how many frames lie between those that one sees
GROWTH: Final = 32
_AROUND: Final = 100  # frames that share a mask: two seconds


class Network:
    """The weights as the layers take them, under the names that they have in the file."""

    def __init__(self, arrays: dict[str, NDArray[np.float32]]) -> None:
        """Lay the weights out: those of the first part as they are fastest, all others as matrices."""
        self._of: dict[str, torch.Tensor] = {}
        for name, array in arrays.items():
            given = torch.from_numpy(array)
            if given.ndim == 4:
                given = given.contiguous(memory_format=torch.channels_last)
            elif given.ndim == 3 and name != "first.weight":  # (out, in, time) as (time x in, out)
                given = given.permute(2, 1, 0).reshape(-1, len(given)).contiguous()
            self._of[name] = given

    def hear(self, bands: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what is heard in each second frame of `bands`, (frames, 80), as (frames / 2, 512)."""
        with torch.inference_mode():
            found = self._begin(torch.from_numpy(bands))
            for number, (layers, apart) in enumerate(BLOCKS, 1):
                found = self._block(f"block{number}", found, layers, apart)
            return self._scaled("out", found).numpy()

    def _begin(self, bands: torch.Tensor) -> torch.Tensor:
        found = bands.T[None, None].contiguous(memory_format=torch.channels_last)
        found = functional.relu_(self._seen("head.first", found))
        for number in range(4):
            stride = (2, 1) if number % 2 == 0 else (1, 1)
            added = functional.relu_(self._seen(f"head.{number}.one", found, stride))
            past = self._seen(f"head.{number}.past", found, stride, around=0) if number % 2 == 0 else found
            found = functional.relu_(self._seen(f"head.{number}.two", added).add_(past))
        found = functional.relu_(self._seen("head.last", found, (2, 1)))
        of = self._of
        found = functional.conv1d(found.flatten(1, 2), of["first.weight"], of["first.bias"], stride=2, padding=2)
        return functional.relu_(found)[0].T

    def _seen(
        self, name: str, given: torch.Tensor, stride: tuple[int, int] = (1, 1), *, around: int = 1
    ) -> torch.Tensor:
        return functional.conv2d(
            given, self._of[f"{name}.weight"], self._of[f"{name}.bias"], stride=stride, padding=around
        )

    def _block(self, name: str, given: torch.Tensor, layers: int, apart: int) -> torch.Tensor:
        frames, channels = given.shape
        everything = given.new_empty(frames, channels + GROWTH * layers)
        everything[:, :channels] = given
        parts = [slice(at, min(frames, at + _AROUND)) for at in range(0, frames, _AROUND)]
        for number in range(1, layers + 1):
            layer = f"{name}.{number}"
            narrow = functional.relu_(
                self._summed(f"{layer}.narrow", self._scaled(f"{layer}.enter", everything[:, :channels]))
            )
            context = torch.stack([narrow[part].mean(0) for part in parts]) + narrow.mean(0)
            masks = torch.sigmoid(
                self._summed(f"{layer}.mask", functional.relu_(self._summed(f"{layer}.squeeze", context)))
            )
            padded = functional.pad(narrow, (0, 0, apart, apart))
            seen = torch.cat([padded[at * apart : at * apart + frames] for at in range(3)], dim=1)
            found = seen @ self._of[f"{layer}.local.weight"]
            for part, mask in zip(parts, masks, strict=True):
                torch.mul(found[part], mask, out=everything[part, channels : channels + GROWTH])
            channels += GROWTH
        return self._scaled(f"{name}.leave", everything) @ self._of[f"{name}.halve.weight"]

    def _summed(self, name: str, given: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self._of[f"{name}.bias"], given, self._of[f"{name}.weight"])

    def _scaled(self, name: str, given: torch.Tensor) -> torch.Tensor:
        return functional.relu_(torch.addcmul(self._of[f"{name}.shift"], given, self._of[f"{name}.scale"]))
