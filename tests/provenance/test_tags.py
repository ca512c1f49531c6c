"""Title, ISRC and cover …"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import av
import pytest

from fingerprint.audio import pcm_digest, probe
from fingerprint.containers import Limits
from provenance import signing, tags
from provenance.signing import Define, Original, Signer, State, sign
from provenance.tags import NotACover, Tags, TagsNotWritable, write
from tests.provenance.conftest import CONTAINERS

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)
GIVEN = Tags("Nachtzug – Ж", "QZES72600001", PNG)
WRITTEN = [media_type for media_type in CONTAINERS if tags.writes(media_type)]
LIMITS = Limits(max_bytes=1 << 30, max_duration_ms=600_000, max_tag_bytes=1 << 23)


def read(path: Path) -> tuple[dict[str, str], list[bytes]]:
    """Return what FFmpeg finds, which shares no code with what is tested."""
    with av.open(str(path)) as container:
        said = {name.lower(): value for name, value in container.metadata.items()}
        for stream in container.streams.audio:
            said |= {name.lower(): value for name, value in stream.metadata.items()}
        pictures = [
            bytes(packet) for stream in container.streams.video for packet in container.demux(stream) if packet.size
        ]
        return said, pictures


def isrc_of(said: dict[str, str]) -> str | None:
    return said.get("isrc") or said.get("tsrc")


@pytest.mark.parametrize("media_type", WRITTEN)
def test_are_in_the_file_and_the_audio_stays_the_same(
    clips: Mapping[str, Path], tmp_path: Path, media_type: str
) -> None:
    path = tmp_path / "tagged"
    write(clips[media_type], path, media_type, GIVEN)
    said, pictures = read(path)
    assert (said["title"], isrc_of(said)) == (GIVEN.title, GIVEN.isrc)
    assert pictures == [PNG]
    assert pcm_digest(path, media_type) == pcm_digest(clips[media_type], media_type)
    assert probe(path, declared_media_type=media_type, limits=LIMITS).media_type == media_type


@pytest.mark.parametrize("media_type", WRITTEN)
def test_take_the_place_of_earlier_ones_and_of_nothing_else(
    clips: Mapping[str, Path], tmp_path: Path, media_type: str
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write(clips[media_type], first, media_type, Tags("Before", "QZES72600009", PNG))
    write(first, second, media_type, GIVEN)
    said, pictures = read(second)
    assert (said["title"], isrc_of(said), pictures) == (GIVEN.title, GIVEN.isrc, [PNG])
    kept = tmp_path / "kept"
    write(second, kept, media_type, Tags("After"))
    said, pictures = read(kept)
    assert (said["title"], pictures) == ("After", [PNG])  # no cover was given, so that which is there stays
    assert pcm_digest(kept, media_type) == pcm_digest(clips[media_type], media_type)


@pytest.mark.parametrize("version", [3, 4])
def test_leave_other_frames_of_an_mp3_alone(clips: Mapping[str, Path], tmp_path: Path, version: int) -> None:
    audio = clips["audio/mpeg"].read_bytes()
    audio = audio[tags._id3_length(audio[:10]) :]
    artist = tags._frame(b"TPE1", b"\0Somebody", version)
    source, path = tmp_path / "source.mp3", tmp_path / "tagged.mp3"
    source.write_bytes(b"ID3" + bytes([version, 0, 0]) + tags._synchsafe(len(artist) + 20) + artist + bytes(20) + audio)
    write(source, path, "audio/mpeg", GIVEN)
    said, pictures = read(path)
    assert (said["title"], said["artist"], isrc_of(said), pictures) == (GIVEN.title, "Somebody", GIVEN.isrc, [PNG])
    assert path.read_bytes()[3] == version
    assert path.read_bytes().endswith(audio)


def test_leave_every_chunk_of_a_wave_alone(clips: Mapping[str, Path], tmp_path: Path) -> None:
    content = clips["audio/wav"].read_bytes() + b"bext" + struct.pack("<I", 3) + b"abc\0"
    source, path = tmp_path / "source.wav", tmp_path / "tagged.wav"
    source.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    write(source, path, "audio/wav", GIVEN)
    assert path.read_bytes()[8:].startswith(content[8:])
    assert int.from_bytes(path.read_bytes()[4:8], "little") == path.stat().st_size - 8


@pytest.mark.parametrize("media_type", WRITTEN)
def test_are_written_before_signing_and_an_earlier_manifest_is_kept(
    *, clips: Mapping[str, Path], signer: Signer, define: Define, tmp_path: Path, media_type: str
) -> None:
    tagged, output = tmp_path / "tagged", tmp_path / "signed"
    write(clips[media_type], tagged, media_type, GIVEN)
    result = sign(tagged, output, media_type, define, signer=signer, original=Original(clips[media_type], media_type))
    beside = None if result.is_embedded else result.manifest
    found = signing.verify(output, media_type, roots_pem=signer.identity.roots_pem, manifest=beside)
    assert found.state is State.TRUSTED
    said, pictures = read(output)
    assert (said["title"], isrc_of(said), pictures) == (GIVEN.title, GIVEN.isrc, [PNG])


@pytest.mark.parametrize("image", [b"", b"GIF89a", b"<svg/>", b"\xff\xd8\xff" + bytes(tags.LARGEST_COVER)])
def test_take_no_cover_that_is_none(image: bytes) -> None:
    with pytest.raises(NotACover):
        tags.cover_type(image)


@pytest.mark.parametrize("media_type", WRITTEN)
def test_refuse_what_is_cut_or_changed_or_leave_it_whole(
    clips: Mapping[str, Path], tmp_path: Path, media_type: str
) -> None:
    """Where the structure is broken there is a refusal, never another error and never endless work."""
    content = clips[media_type].read_bytes()
    source, path = tmp_path / "source", tmp_path / "tagged"
    for position in [*range(0, 200, 3), *range(200, len(content), max(1, len(content) // 40))]:
        source.write_bytes(content[:position])
        with suppress(TagsNotWritable):
            write(source, path, media_type, GIVEN)
        source.write_bytes(content[:position] + b"\xff\xff\xff\xff" + content[position + 4 :])
        with suppress(TagsNotWritable):
            write(source, path, media_type, GIVEN)


@pytest.mark.parametrize(
    "head", [b"ID3\x02\0\0", b"ID3\x04\0\x80", b"ID3\x04\0\x40"], ids=["2.2", "unsynchronized", "ext"]
)
def test_refuse_tags_of_other_kinds(clips: Mapping[str, Path], tmp_path: Path, head: bytes) -> None:
    source = tmp_path / "source.mp3"
    source.write_bytes(head + tags._synchsafe(20) + bytes(20) + clips["audio/mpeg"].read_bytes())
    with pytest.raises(TagsNotWritable):
        write(source, tmp_path / "tagged.mp3", "audio/mpeg", GIVEN)
