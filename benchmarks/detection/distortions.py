"""What happens to music before somebody is asked about it: seeded, so that two runs ask the same."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from benchmarks.detection import lyra
from benchmarks.detection.songs import RATE_HZ, Half, Sound, layers, load

Distort = Callable[[Sound, np.random.Generator, Half], Sound]
NEURAL = "neural speech codec 6 kbit/s"  # which needs what `lyra` says
_LEVEL = np.float32(0.1)
_loaded: dict[Path, Sound] = {}


def rms(sound: Sound) -> np.float32:
    """Return the root mean square."""
    return np.float32(np.sqrt(np.mean(sound.astype(np.float64) ** 2)) + 1e-9)


def coded(sound: Sound, container: str, encoder: str, bits_per_second: int) -> Sound:
    """Encode and decode once, as mono at the rate the codec knows."""
    out = io.BytesIO()
    rate = 24_000 if encoder == "libopus" else RATE_HZ
    with av.open(out, "w", format=container) as writer:
        stream = cast("AudioStream", writer.add_stream(encoder, rate=rate, layout="mono"))
        stream.bit_rate = bits_per_second
        resampler = av.AudioResampler(
            stream.codec_context.format.name, "mono", rate, frame_size=stream.codec_context.frame_size or None
        )
        for frame in [*resampler.resample(_frame(sound)), *resampler.resample(None)]:
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    out.seek(0)
    back = av.AudioResampler("flt", "mono", RATE_HZ)
    parts = []
    with av.open(out, "r", format="mov" if container == "ipod" else container) as reader:
        for frame in reader.decode(audio=0):
            parts += [part.to_ndarray()[0] for part in back.resample(frame)]
    parts += [part.to_ndarray()[0] for part in back.resample(None)]
    return np.concatenate(parts).astype(np.float32)


def filtered(sound: Sound, *filters: tuple[str, str]) -> Sound:
    """Run a sound through filters of FFmpeg."""
    graph = av.filter.Graph()
    contexts = [
        graph.add_abuffer(format="flt", sample_rate=RATE_HZ, layout="mono", time_base=Fraction(1, RATE_HZ)),
        *(graph.add(name, given) for name, given in filters),
        graph.add("aformat", f"sample_fmts=flt:channel_layouts=mono:sample_rates={RATE_HZ}"),
        graph.add("abuffersink"),
    ]
    for one, following in pairwise(contexts):
        one.link_to(following)
    graph.configure()
    contexts[0].push(_frame(sound))
    contexts[0].push(None)
    parts = []
    while True:
        try:
            parts.append(cast("AudioFrame", contexts[-1].pull()).to_ndarray()[0])
        except (av.BlockingIOError, av.EOFError):
            return np.concatenate(parts).astype(np.float32)


def _frame(sound: Sound, rate_hz: int = RATE_HZ) -> AudioFrame:
    frame = AudioFrame.from_ndarray(sound.reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
    return frame


def resampled(sound: Sound, rate_hz: int, *, from_hz: int = RATE_HZ) -> NDArray[np.int16]:
    """Bring a sound to another rate, as 16 bits."""
    resampler = av.AudioResampler("s16", "mono", rate_hz)
    frames = [*resampler.resample(_frame(sound, from_hz)), *resampler.resample(None)]
    return np.concatenate([np.zeros(0, np.int16), *(frame.to_ndarray()[0] for frame in frames)]).astype(np.int16)


def pink(size: int, chance: np.random.Generator) -> Sound:
    """Make pink noise of unit power."""
    spectrum = np.fft.rfft(chance.standard_normal(size))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.size), 1))
    noise = np.fft.irfft(spectrum, size).astype(np.float32)
    return noise / rms(noise)


def noise(decibels: float) -> Distort:
    """Add pink noise, so many decibels below the music."""

    def distort(sound: Sound, chance: np.random.Generator, _half: Half) -> Sound:
        return sound / rms(sound) * _LEVEL + pink(sound.size, chance) * _LEVEL * np.float32(10 ** (-decibels / 20))

    return distort


def _under(kind: str, decibels: float) -> Distort:
    """The music `decibels` above what is laid over it."""

    def distort(sound: Sound, chance: np.random.Generator, half: Half) -> Sound:
        paths = layers(kind, half)
        path = paths[int(chance.integers(len(paths)))]
        if path not in _loaded:
            _loaded[path] = load(path)
        layer = _loaded[path]
        layer = np.tile(layer, sound.size // layer.size + 2)
        begin = int(chance.integers(layer.size - sound.size))
        layer = layer[begin : begin + sound.size]
        return sound / rms(sound) * _LEVEL * np.float32(10 ** (decibels / 20)) + layer / rms(layer) * _LEVEL

    return distort


def _tempo(ratio: float) -> Distort:
    return lambda sound, _chance, _half: filtered(sound, ("atempo", f"{ratio:.6f}"))


def _pitch(semitones: float) -> Distort:
    ratio = 2 ** (semitones / 12)
    chain = (("asetrate", str(round(RATE_HZ * ratio))), ("aresample", str(RATE_HZ)), ("atempo", f"{1 / ratio:.6f}"))
    return lambda sound, _chance, _half: filtered(sound, *chain)


def _code(container: str, encoder: str, kbits: int) -> Distort:
    return lambda sound, _chance, _half: coded(sound, container, encoder, kbits * 1_000)


def through_lyra(bits_per_second: int) -> Distort:
    """Speech at 16 kHz is what this codec was made for; what it is given is made no louder than it takes."""

    def distort(sound: Sound, _chance: np.random.Generator, _half: Half) -> Sound:
        loudest = np.float32(max(1.0, float(np.abs(sound).max(initial=0)) / 0.89))
        decoded = lyra.through(resampled(sound / loudest, lyra.RATE_HZ), bits_per_second)
        to_one = np.float32(1 / 32_768)
        back = resampled(decoded.astype(np.float32) * to_one, RATE_HZ, from_hz=lyra.RATE_HZ)
        return back.astype(np.float32) * to_one

    return distort


DISTORTIONS: dict[str, Distort] = {
    "clean": lambda sound, _chance, _half: sound,
    "MP3 64 kbit/s": _code("mp3", "libmp3lame", 64),
    "AAC 64 kbit/s": _code("ipod", "aac", 64),
    "Opus 16 kbit/s": _code("ogg", "libopus", 16),
    NEURAL: through_lyra(6_000),
    "noise 10 dB": noise(10),
    "noise 0 dB": noise(0),
    "tempo +10 %": _tempo(1.10),
    "tempo -10 %": _tempo(0.90),
    "pitch +1": _pitch(1),
    "pitch -1": _pitch(-1),
    "pitch +2": _pitch(2),
    "pitch -2": _pitch(-2),
    "under vocal 0 dB": _under("vocal", 0),
    "under vocal -6 dB": _under("vocal", -6),
    "under drums 0 dB": _under("drums", 0),
    "under drums -6 dB": _under("drums", -6),
}
