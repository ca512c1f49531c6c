"""
The same samples in another container: a copy that is not the same to the last bit is refused, never approximated.

Only what was stored without loss is copied: PCM, FLAC and ALAC. What a lossy codec made stays as it is, since another
codec would hear it anew.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import av
from av.audio.frame import AudioFrame
from av.error import FFmpegError

from fingerprint import audio

# Container → FFmpeg's name of it, and the encoder for each number of bits that a sample has.
_TARGETS: dict[str, tuple[str, dict[int, str]]] = {
    "audio/wav": ("wav", {16: "pcm_s16le", 24: "pcm_s24le", 32: "pcm_s32le"}),
    "audio/aiff": ("aiff", {16: "pcm_s16be", 24: "pcm_s24be", 32: "pcm_s32be"}),
    "audio/flac": ("flac", {16: "flac", 24: "flac"}),
    "audio/mp4": ("ipod", {16: "alac", 24: "alac"}),
}
_FORMS = {"flac": {"s16": "s16", "s32": "s32"}, "alac": {"s16": "s16p", "s32": "s32p"}}
_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
TARGETS = tuple(_TARGETS)
_LOSSLESS = frozenset({"flac", "alac"})
_NAMES = {"audio/wav": "WAV", "audio/aiff": "AIFF", "audio/flac": "FLAC", "audio/mp4": "M4A", "audio/ogg": "Ogg"}


class NoLosslessCopy(Exception):
    """There is no copy of this audio in that container that is the same to the last bit."""

    code: ClassVar[str] = "no_lossless_copy"


def check(codec: str, media_type: str) -> None:
    """
    Check that audio of this codec may be copied into a container at all; the samples are compared by ``copy``.

    :raises NoLosslessCopy: the codec loses, or the container cannot hold its samples
    """
    if media_type not in _TARGETS:
        names = ", ".join(_NAMES[one] for one in TARGETS)
        raise NoLosslessCopy(f"Copies are made as {names}; ask for one of them.")
    if codec not in _LOSSLESS and not codec.startswith("pcm_"):
        raise NoLosslessCopy(
            f"The audio is {codec}, which lost something when it was encoded; encoding it again would lose more. "
            "It is delivered in the container that it came in."
        )
    if codec.startswith(("pcm_f", "pcm_u8", "pcm_s8")):
        raise NoLosslessCopy(
            f"The samples are {codec.removeprefix('pcm_')}, which no other container holds alike; "
            "submit it as 16, 24 or 32 bit to have copies."
        )
    if _bits(codec, "s32") not in _TARGETS[media_type][1] and _bits(codec, "s16") not in _TARGETS[media_type][1]:
        raise NoLosslessCopy(f"{_NAMES[media_type]} holds at most 24 bits a sample, and the audio has 32.")


def copy(source: Path, media_type: str, destination: Path, wanted: str) -> None:
    """
    Write the samples of a probed lossless file into another container, and compare all of them with the source's.

    Tags are not copied. The destination is only to be used when this returns.

    :raises NoLosslessCopy: it cannot hold them, or they came out otherwise
    :raises AudioRefused: the source is not what it was when it was probed
    """
    with source.open("rb") as file:
        codec = audio.codec_of(file, media_type)
    check(codec, wanted)
    name, encoders = _TARGETS[wanted]
    stream: Any = None
    try:
        # Without "bitexact" FFmpeg writes its own name and version into the file.
        with av.open(str(destination), "w", format=name, container_options={"fflags": "+bitexact"}) as output:
            samples = 0
            for frame in audio.frames(source, media_type):
                if stream is None:
                    encoder = encoders.get(_bits(codec, frame.format.packed.name))
                    if encoder is None:
                        raise NoLosslessCopy(f"{_NAMES[wanted]} cannot hold {frame.format.packed.name} samples.")
                    stream = output.add_stream(encoder, rate=frame.sample_rate)
                    # Plain WAV and AIFF count their channels and name none; encoders want names.
                    named = not frame.layout.name.endswith("channels")
                    stream.layout = frame.layout.name if named else _LAYOUTS[len(frame.layout.channels)]
                    if (form := _FORMS.get(encoder)) is not None:
                        # Else these two take their first one, of 16 bits and of 32.
                        stream.codec_context.format = form["s16" if frame.format.packed.name == "s16" else "s32"]
                samples = _stamped(frame, samples)
                output.mux(stream.encode(frame))
            if stream is not None:
                output.mux(stream.encode(None))
    except (FFmpegError, ValueError) as error:
        raise NoLosslessCopy(f"The audio cannot be written as {_NAMES[wanted]}: {error}") from error
    if audio.pcm_digest(destination, wanted) != audio.pcm_digest(source, media_type):
        raise NoLosslessCopy(f"The samples came out otherwise in {_NAMES[wanted]}, so there is no copy.")


def _stamped(frame: AudioFrame, samples: int) -> int:
    # Samples follow each other; nothing may fill a gap in the times of a source.
    frame.time_base, frame.pts = Fraction(1, frame.sample_rate), samples
    return samples + frame.samples


def _bits(codec: str, form: str) -> int:
    """Return how many bits a sample has, from its codec and from what it decodes to."""
    if codec.startswith("pcm_s"):
        return int(codec.removeprefix("pcm_s")[:2])
    return 16 if form.startswith("s16") else 24
