"""Making the demo's four outputs out of real recordings: mixing, cutting, changing tempo, encoding."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio import AudioStream
from av.filter import Graph
from numpy.typing import NDArray

RATE = 44_100
Sound = NDArray[np.float32]  # two channels × samples, full scale ±1

ENCODERS = {
    "wav": ("wav", "pcm_s16le", "s16", None),
    "flac": ("flac", "flac", "s16", None),
    "mp3": ("mp3", "libmp3lame", "s16p", 192_000),
    "m4a": ("ipod", "aac", "fltp", 192_000),
    "ogg": ("ogg", "libopus", "flt", 128_000),
}


def load(path: Path) -> Sound:
    """Decode a file of our own to stereo at 44.1 kHz."""
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
    parts = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            parts += [piece.to_ndarray() for piece in resampler.resample(frame)]
        parts += [piece.to_ndarray() for piece in resampler.resample(None)]
    return np.concatenate(parts, axis=1).astype(np.float32)


def cut(sound: Sound, start_s: float, seconds: float) -> Sound:
    """Take a part of a sound, with 10 ms of fade at both ends so that nothing clicks."""
    part = sound[:, int(start_s * RATE) : int((start_s + seconds) * RATE)].copy()
    ramp = np.linspace(0, 1, RATE // 100, dtype=np.float32)
    part[:, : ramp.size] *= ramp
    part[:, -ramp.size :] *= ramp[::-1]
    return part


def over(base: Sound, layer: Sound, *, at_s: float, gain: float) -> Sound:
    """Lay one sound over another from a moment on; ``gain`` is the layer's loudness beside the base's."""
    mixed = base.copy()
    start = int(at_s * RATE)
    layer = layer[:, : mixed.shape[1] - start]
    loudness = _rms(base) / max(_rms(layer), 1e-6)
    mixed[:, start : start + layer.shape[1]] += layer * loudness * gain
    return mixed / max(1.0, float(np.abs(mixed).max()) / 0.95)


def joined(*parts: Sound) -> Sound:
    """Put sounds one after the other."""
    return np.concatenate(parts, axis=1)


def faster(sound: Sound, ratio: str) -> Sound:
    """Change the tempo and keep the pitch (FFmpeg's ``atempo``)."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="fltp", layout="stereo", time_base=Fraction(1, RATE))
    tempo, sink = graph.add("atempo", ratio), graph.add("abuffersink")
    planar = graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo")
    source.link_to(tempo)
    tempo.link_to(planar)
    planar.link_to(sink)
    graph.configure()
    parts = []
    for frame in [*_frames(sound, "fltp"), None]:
        graph.push(frame)
        while True:
            try:
                parts.append(graph.pull().to_ndarray())
            except (av.BlockingIOError, av.EOFError):
                break
    return np.concatenate(parts, axis=1).astype(np.float32)


def write(sound: Sound, path: Path, *, bit_rate: int | None = None) -> Path:
    """Encode a sound; the name's ending says how."""
    container_format, codec, sample_format, default_rate = ENCODERS[path.suffix[1:]]
    rate = 48_000 if codec == "libopus" else RATE  # Opus knows no 44.1 kHz
    with av.open(str(path), "w", format=container_format) as container:
        stream = cast("AudioStream", container.add_stream(codec, rate=rate, layout="stereo"))
        stream.format = av.AudioFormat(sample_format)
        if chosen := bit_rate or default_rate:
            stream.bit_rate = chosen
        resampler = av.AudioResampler(format=sample_format, layout="stereo", rate=rate, frame_size=0)
        fifo = av.AudioFifo()
        for frame in [*_frames(sound, "fltp"), None]:
            for resampled in resampler.resample(frame):
                fifo.write(resampled)
        size = stream.codec_context.frame_size or 4096
        while (piece := fifo.read(size, partial=True)) is not None:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def recompressed(sound: Sound, folder: Path, *, bit_rate: int) -> Sound:
    """Send a sound through MP3 and back, as it would come from a download."""
    passed = write(sound, folder / "passed.mp3", bit_rate=bit_rate)
    again = load(passed)
    passed.unlink()
    return again


def _frames(sound: Sound, sample_format: str) -> Iterator[av.AudioFrame]:
    for start in range(0, sound.shape[1], 4096):
        piece = np.ascontiguousarray(sound[:, start : start + 4096])
        frame = av.AudioFrame.from_ndarray(piece, format=sample_format, layout="stereo")
        frame.sample_rate = RATE
        frame.pts = start
        frame.time_base = Fraction(1, RATE)
        yield frame


def _rms(sound: Sound) -> float:
    return float(np.sqrt(np.mean(np.square(sound))))
