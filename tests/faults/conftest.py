"""A trade in a database of its own, and the sounds for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests.faults import world
from tests.faults.world import Sounds

DATABASES = ["default", "owner", "sequencer"]


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Sounds:
    """The files, made once."""
    return world.sounds(tmp_path_factory.mktemp("sounds"))


@pytest.fixture
def trade(transactional_db: None, sounds: Sounds) -> Iterator[Sounds]:
    """A trade in which the output clears."""
    world.register(sounds.song)
    yield sounds
    for connection in connections.all():
        connection.close()


@pytest.fixture
def submitted(trade: Sounds) -> Any:
    """The id of a submission that would be cleared."""
    return world.submit(trade.output)


@pytest.fixture
def store(settings: Any, tmp_path: Path) -> Path:
    """An empty store of audio for this test alone."""
    folder = tmp_path / "audio"
    settings.STORAGES = {
        **settings.STORAGES,
        "audio": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(folder)}},
    }
    return folder
