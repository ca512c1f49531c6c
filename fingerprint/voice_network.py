"""The layers of the voice encoder, in torch; nothing else imports it until something is listened to."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from fingerprint.voice_encoder import DIMENSIONS, MELS


class Network(nn.Module):
    """The layers, under the names that the weights have."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(MELS, 256, 3, batch_first=True)
        self.linear = nn.Linear(256, DIMENSIONS)

    def hear(self, given: torch.Tensor) -> torch.Tensor:
        """Return what the last layer remembers at the end of each window."""
        _, (hidden, _) = self.lstm(given)
        last: torch.Tensor = hidden[-1]
        return last

    def point(self, heard: torch.Tensor) -> torch.Tensor:
        """Return one vector of length 1 for each window."""
        found = torch.relu(self.linear(heard)) + 1e-6  # all zeros would have no direction
        return nn.functional.normalize(found, dim=1)

    @classmethod
    def of(cls, arrays: dict[str, NDArray[np.float32]]) -> Network:
        """Return the network with these weights, to be asked and not to be taught."""
        network = cls()
        network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
        network.eval()
        return network

    def answer(self, given: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return vectors and states without remembering how they came about."""
        with torch.inference_mode():
            state = self.hear(torch.from_numpy(given))
            return self.point(state).numpy(), state.numpy()
