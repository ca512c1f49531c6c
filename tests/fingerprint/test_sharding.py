"""An index in shards …"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import pytest
from django.conf import settings as django_settings

from fingerprint import (
    examine,
    extract,
    index,
    landmark_matching,
    landmarks,
    matching,
    references,
    sharding,
    shards,
    store,
)
from fingerprint.audio import AudioFacts, probe
from fingerprint.shards import Shard
from tests.fingerprint.sounds import LIMITS, Sound, wav

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = ("country.mp3", "creepy-piano.ogg", "hungarian-dance-5.ogg", "vibe-ace.ogg")
THREE = shards.read("a=00-55, b=56-aa, c=ab-ff")
Write = Callable[[bytes], Path]


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.FINGERPRINT_INDEX = tmp_path / "index"
    storage = "django.core.files.storage.FileSystemStorage"
    own = {"BACKEND": storage, "OPTIONS": {"location": str(tmp_path / "store")}}
    settings.STORAGES = {**settings.STORAGES, "audio": own}
    yield
    index.forget()


def taken_in(path: Path) -> AudioFacts:
    facts = probe(path, declared_media_type=None, limits=LIMITS)
    store.put(path)
    return facts


def asking(parts: Sequence[Shard], *, before: Callable[[int], None] = lambda number: None) -> sharding.Asks:
    """Ask shards that are all here, the last one first."""
    asked = 0

    def ask(questions: Sequence[bytes]) -> list[bytes]:
        nonlocal asked
        asked += 1
        before(asked)
        pairs = list(zip(questions, parts, strict=True))
        return [sharding.answer(*pair) for pair in reversed(pairs)][::-1]

    return ask


def sharded(parts: Sequence[Shard]) -> dict[str, sharding.Sharded]:
    return {family.name: sharding.current(family, asking(parts), count=len(parts)) for family in index.FAMILIES}


def whole() -> dict[str, Any]:
    return {family.name: index.current(family) for family in index.FAMILIES}


@pytest.fixture
def catalogue(music: Callable[..., Sound], write: Write) -> list[UUID]:
    """Pieces of four songs that overlap, so that many references compete for the same seconds, in every shard."""
    facts = taken_in(write(wav(music(NAMES[0])[: 3 * 44_100])))
    made = []
    for name in NAMES:
        song = music(name, rate=11_025)
        for begin in range(0, 40, 5):
            part = song[begin * 11_025 : (begin + 20) * 11_025]
            harmony = extract.Fingerprints((0,))
            harmony.feed(part)
            id = uuid5(UUID(int=7), f"{name} {begin}")
            prints = {
                extract.algorithm(): harmony.finish()[0].astype("<u4").tobytes(),
                landmarks.ALGORITHM: landmarks.written(landmarks.reference([part])),
            }
            references.enroll(reference_id=id, facts=facts, fingerprint=prints, at=AT)
            made.append(id)
    assert all(any(shard.first <= id <= shard.last for id in made) for shard in THREE)
    return made


@pytest.fixture
def output(music: Callable[..., Sound], write: Write) -> AudioFacts:
    """Something of two songs, one of them two semitones higher, within one that is not registered."""
    host = music("two-hour-delay.ogg")
    higher = music(NAMES[2])[10 * 44_100 : 26 * 44_100]
    higher = np.interp(np.arange(0, higher.size - 1, 2 ** (2 / 12)), np.arange(higher.size), higher).astype(np.int16)
    parts = [host[: 8 * 44_100], music(NAMES[0])[12 * 44_100 : 24 * 44_100], higher, host[50 * 44_100 : 56 * 44_100]]
    return taken_in(write(wav(np.concatenate(parts))))


@pytest.mark.django_db
@pytest.mark.parametrize("limits", ["as they are", "low"])
def test_says_to_the_byte_what_one_index_says(
    limits: str, catalogue: list[UUID], output: AudioFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    if limits == "low":
        # In a small catalogue neither is ever reached; in a large one both are, all the time.
        monkeypatch.setattr(landmark_matching, "_CANDIDATES", 2)
        monkeypatch.setattr(landmark_matching, "_CANDIDATES_TRANSPOSED", 1)
        monkeypatch.setattr(landmark_matching, "MAX_POSTINGS", 5)
        monkeypatch.setattr(matching, "MAX_POSTINGS", 4)
    one = examine.examine(output, against=whole())
    assert len({match.reference_id for match in one.matches}) > 3
    for parts in (shards.read("all=00-ff"), THREE):
        divided = sharded(parts)
        assert {known.size for known in divided.values()} == {len(catalogue)}
        assert examine.examine(output, against=divided).to_bytes() == one.to_bytes()
    assert len(list((Path(django_settings.FINGERPRINT_INDEX) / "shards").iterdir())) == 4
    if limits == "low":
        # Each shard alone would have said more: what it left out it left out because of the others.
        alone = [
            landmark_matching.search(index.current(sharding.family_of("landmarks/", shard)), heard)
            for shard in THREE
            for heard in [_peaks(output)]
        ]
        together = landmark_matching.search(index.current(index.LANDMARKS), _peaks(output))
        assert sum(map(len, alone)) > len(together)


def _peaks(facts: AudioFacts) -> tuple[landmarks.Peaks, ...]:
    from fingerprint import audio

    with store.local(facts.digest) as path:
        return landmarks.query(list(audio.decode(path, facts.media_type)))
