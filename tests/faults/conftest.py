"""A trade in a database of its own, and the sounds for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests.faults import world
from tests.faults.world import Sounds
from tests.remembering import remembered

DATABASES = ["default", "owner", "sequencer"]


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Sounds:
    """The files, made once."""
    return world.sounds(tmp_path_factory.mktemp("sounds"))


@pytest.fixture
@remembered
def registered(transactional_db: None, sounds: Sounds) -> None:
    """A trade in which the output clears."""
    world.register(sounds.song)


@pytest.fixture
def trade(registered: None, sounds: Sounds) -> Iterator[Sounds]:
    """The sounds of the trade, and no connection that is open after it."""
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
