"""
A watermark of the network PerthNet (Resemble AI, MIT), whose weights come with the package ``resemble-perth``.

It raises and lowers the spectrum below 2 kHz by a pattern that a second network hears. It carries no message: it says
that a machine had a hand in the sound, and nothing leads from it to a manifest. The networks are written down here,
since the package asks for libraries that nothing else here needs; only its file of weights is read, as numbers.

The networks were taught on speech at 32 kHz, mono. So the pattern is made of the mix of the channels, as the difference
to what came in, and added to every channel at the file's own rate: what lies above 2 kHz stays as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from fingerprint import audio
from provenance.watermarks import UNBOUND, Action, NotMarked

RATE_HZ: Final = 32_000
THRESHOLD: Final = 0.5  # of what the second network answers, between 0 and 1
WINDOW_S: Final = 20
OVERLAP_S: Final = 1

_FFT, _HOP, _HIDDEN = 2048, 320, 256
_BAND = 128  # of 1,025 bins: up to 2 kHz
_FLOOR_DB, _HEADROOM_DB = -180.0, 15.0
_WEIGHTS = "perth_net/pretrained/implicit/perth_net_250000.pth.tar"
_PCM = {16: "<i2", 24: "", 32: "<i4"}
_EXTENSIBLE = 0xFFFE

Sound = NDArray[np.float32]


class PerthMissing(Exception):
    """The package with the weights is not installed: `pip install resemble-perth==1.0.1 --no-deps`."""

    def __str__(self) -> str:
        return self.__doc__ or ""


def _layers(out: int) -> nn.Sequential:
    sizes = [(_BAND, _HIDDEN, 1), *[(_HIDDEN, _HIDDEN, 7)] * 5]
    return nn.Sequential(*(_Conv(*size, acts=True) for size in sizes), _Conv(_HIDDEN, out, 1, acts=False))


class _Conv(nn.Module):
    def __init__(self, before: int, after: int, width: int, *, acts: bool) -> None:
        super().__init__()
        self.conv = nn.Conv1d(before, after, width, padding=(width - 1) // 2)
        self.acts = acts

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.conv(x)
        return F.leaky_relu(found) if self.acts else found


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = _layers(_BAND)


class _Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.slow_layers, self.normal_layers, self.fast_layers = _layers(2), _layers(2), _layers(2)


class _Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = _Encoder(), _Decoder()


@lru_cache(maxsize=1)
def _net() -> _Net:
    spec = find_spec("perth")
    path = Path(spec.origin).parent / _WEIGHTS if spec and spec.origin else None
    if path is None or not path.exists():
        raise PerthMissing
    state = torch.load(path, map_location="cpu", weights_only=True)["model"]
    net = _Net()
    net.load_state_dict({name: value for name, value in state.items() if not name.startswith("ap.")})
    return net.eval()


def _spectrum(sound: Sound) -> tuple[Tensor, Tensor]:
    window = torch.hann_window(_FFT)
    found = torch.stft(torch.from_numpy(sound), _FFT, _HOP, _FFT, window, return_complex=True)
    decibels = 20 * torch.log10(found.abs().clip(10 ** (_FLOOR_DB / 20)))
    return ((decibels - _FLOOR_DB) / (_HEADROOM_DB - _FLOOR_DB))[None], torch.angle(found)


def _mask(magnitude: Tensor) -> Tensor:
    loudness = magnitude.sum(dim=1)
    return (loudness > loudness.max(dim=1).values * 0.05).float()[:, None]


@torch.inference_mode()
def _difference(sound: Sound) -> Sound:
    """Return what is to be added to mono sound at 32 kHz."""
    magnitude, phase = _spectrum(sound)
    changed = magnitude.clone()
    changed[:, :_BAND] += _net().encoder.layers(magnitude[:, :_BAND]) * _mask(magnitude)
    level = 10 ** ((changed[0] * (_HEADROOM_DB - _FLOOR_DB) + _FLOOR_DB) / 20)
    window = torch.hann_window(_FFT)
    marked = torch.istft(torch.polar(level, phase), _FFT, _HOP, _FFT, window, length=sound.size)
    found: Sound = marked.numpy() - sound
    return found


@torch.inference_mode()
def _heard(sound: Sound) -> float:
    """Return how sure the second network is that mono sound at 32 kHz is marked."""
    magnitude, _ = _spectrum(sound)
    mask, band = _mask(magnitude), magnitude[:, :_BAND]
    said, weights = [], []
    decoder = _net().decoder
    for layers, ratio in ((decoder.slow_layers, 1.25), (decoder.normal_layers, 1.0), (decoder.fast_layers, 0.75)):
        size = int(band.shape[2] * ratio)
        given = band if ratio == 1 else F.interpolate(band, size=size, mode="linear", align_corners=True)
        answer = layers(given)
        here = F.interpolate(mask, size=answer.shape[2], mode="nearest")
        means = (answer * here).sum(dim=2) / here.sum(dim=2)
        weights.append(means[:, :1])
        said.append(means[:, 1:])
    shares = F.softmax(torch.cat(weights, dim=1), dim=1)
    return float((torch.cat(said, dim=1) * shares).sum())


def _resized(sound: Sound, size: int) -> Sound:
    """Bring a stretch of sound to another number of samples: the spectrum, cut or filled up."""
    if size == sound.size:
        return sound
    return (np.fft.irfft(np.fft.rfft(sound), size) * (size / sound.size)).astype(np.float32)


class Perth:
    """
    The provider. It marks WAV of 16, 24 or 32 bits, in place: any other container would have to be coded anew.

    :raises PerthMissing: the weights are not installed
    """

    action: ClassVar[Action] = UNBOUND

    def __init__(self) -> None:
        _net()

    def takes(self, media_type: str) -> bool:
        """Whether files of this type can be marked without being coded anew."""
        return media_type == "audio/wav"

    def mark(self, source: Path, target: Path) -> None:
        """
        Write a copy of a WAV with the watermark in its samples, and every other byte as it was.

        :raises NotMarked: it is no plain PCM, or the watermark is not heard in the copy
        """
        whole = bytearray(source.read_bytes())
        form = form_of(whole)
        samples = read_samples(whole, form)
        mix = samples.mean(axis=1, dtype=np.float32)
        added = _added(mix, form.rate_hz)
        write_samples(whole, form, samples + added[:, None])
        target.write_bytes(whole)
        if not self.is_marked(target, "audio/wav"):
            raise NotMarked

    def is_marked(self, path: Path, media_type: str) -> bool:
        """Whether most of a file's stretches of twenty seconds are heard to be marked."""
        answers = [_heard(stretch) for stretch in _stretches(path, media_type)]
        return bool(answers) and float(np.median(answers)) >= THRESHOLD


def _stretches(path: Path, media_type: str) -> Iterator[Sound]:
    left = np.zeros(0, np.float32)
    for block in audio.decode(path, media_type, RATE_HZ):
        left = np.concatenate([left, block.astype(np.float32) / 32_768])
        while left.size >= WINDOW_S * RATE_HZ:
            yield left[: WINDOW_S * RATE_HZ]
            left = left[WINDOW_S * RATE_HZ :]
    if left.size >= RATE_HZ and np.any(left):
        yield left


def _added(mix: Sound, rate_hz: int) -> Sound:
    """Return what is added to each channel: made stretch by stretch, one faded into the next."""
    added = np.zeros(mix.size, np.float32)
    window, overlap = WINDOW_S * rate_hz, OVERLAP_S * rate_hz
    for begin in range(0, max(1, mix.size - overlap), window - overlap):
        stretch = mix[begin : begin + window]
        if stretch.size < overlap or not np.any(stretch):
            continue
        found = _resized(_difference(_resized(stretch, stretch.size * RATE_HZ // rate_hz)), stretch.size)
        if begin:
            found[:overlap] *= np.linspace(0, 1, overlap, dtype=np.float32)
        if begin + window < mix.size:
            found[-overlap:] *= np.linspace(1, 0, overlap, dtype=np.float32)
        added[begin : begin + window] += found
    return added


class Form:
    """Where the samples of a WAV lie, and how they are written."""

    def __init__(self, *, rate_hz: int, channels: int, bits: int, begin: int, size: int) -> None:
        self.rate_hz, self.channels, self.bits, self.begin, self.size = rate_hz, channels, bits, begin, size


def form_of(whole: bytearray) -> Form:
    """
    Read the head of a WAV.

    :raises NotMarked: it holds no plain PCM of 16, 24 or 32 bits
    """
    rate = channels = bits = begin = size = 0
    position = 12
    while position + 8 <= len(whole):
        chunk, length = struct.unpack_from("<4sI", whole, position)
        if chunk == b"fmt " and length >= 16:
            tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", whole, position + 8)
            if tag == _EXTENSIBLE and length >= 26:
                (tag,) = struct.unpack_from("<H", whole, position + 32)
            if tag != 1:
                raise NotMarked("Only plain PCM can be marked in place.")
        elif chunk == b"data":
            begin, size = position + 8, min(length, len(whole) - position - 8)
        position += 8 + length + (length & 1)
    if bits not in _PCM or not channels or not rate or not size:
        raise NotMarked("Only WAV of 16, 24 or 32 bits can be marked in place.")
    return Form(rate_hz=rate, channels=channels, bits=bits, begin=begin, size=size - size % (channels * bits // 8))


def read_samples(whole: bytearray, form: Form) -> Sound:
    """Return the samples, a column for each channel, between -1 and 1."""
    data = memoryview(whole)[form.begin : form.begin + form.size]
    if form.bits == 24:
        parts = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int32)
        numbers = (parts[:, 0] | parts[:, 1] << 8 | parts[:, 2] << 16) << 8 >> 8
    else:
        numbers = np.frombuffer(data, _PCM[form.bits]).astype(np.int64)
    samples: Sound = (numbers / 2 ** (form.bits - 1)).astype(np.float32).reshape(-1, form.channels)
    return samples


def write_samples(whole: bytearray, form: Form, samples: Sound) -> None:
    """Put samples in the place of those that are there; every other byte stays."""
    top = 2 ** (form.bits - 1)
    numbers = np.clip(np.rint(samples.astype(np.float64) * top), -top, top - 1).astype(np.int64).reshape(-1)
    if form.bits == 24:
        parts = np.stack([numbers & 0xFF, numbers >> 8 & 0xFF, numbers >> 16 & 0xFF], axis=1)
        data: Any = parts.astype(np.uint8).tobytes()
    else:
        data = numbers.astype(_PCM[form.bits]).tobytes()
    whole[form.begin : form.begin + form.size] = data
