"""Sounds in every container, made once for the whole folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.fingerprint import sounds
from tests.fingerprint.sounds import FORMS, Sound


@cache
def _music(name: str, rate: int) -> Sound:
    return sounds.music(name, rate=rate)


@pytest.fixture(scope="session")
def music() -> Callable[..., Sound]:
    """A song of the demo by its file's name, as mono samples."""

    def named(name: str, *, rate: int = 44_100) -> Sound:
        return _music(name, rate)

    return named


@pytest.fixture(scope="session")
def files() -> dict[str, bytes]:
    """Three seconds of noise over a tone in every form we accept."""
    sound = sounds.noise(3, level=0.02) + sounds.tone(3) // 2
    return {
        **{name: sounds.encoded(sound, form) for name, form in FORMS.items()},
        "ogg-vorbis": (sounds.MUSIC / "hungarian-dance-5.ogg").read_bytes(),
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    """Put bytes into a file."""

    def written(content: bytes) -> Path:
        path = tmp_path / "audio"
        path.write_bytes(content)
        return path

    return written
