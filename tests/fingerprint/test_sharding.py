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
    spectra,
    store,
)
from fingerprint.audio import AudioFacts, probe
from fingerprint.models import Audio, Fingerprint, Reference
from fingerprint.shards import BadShards, Shard
from tests.fingerprint.sounds import LIMITS, Sound, noise, wav

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
                spectra.ALGORITHM: spectra.reference([part]).tobytes(),
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
    limits: str,
    catalogue: list[UUID],
    output: AudioFacts,
    music: Callable[..., Sound],
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if limits == "low":
        # In a small catalogue neither is ever reached; in a large one both are, all the time.
        monkeypatch.setattr(landmark_matching, "_CANDIDATES", 2)
        monkeypatch.setattr(landmark_matching, "_CANDIDATES_TRANSPOSED", 1)
        monkeypatch.setattr(landmark_matching, "MAX_POSTINGS", 5)
        monkeypatch.setattr(matching, "MAX_POSTINGS", 4)
    one = examine.examine(output, against=whole())
    assert len({match.reference_id for match in one.matches}) > 3
    short = taken_in(write(wav(music(NAMES[0])[: 3 * 44_100])))
    waveform = examine.examine(short, against=whole())
    assert limits == "low" or "coherence/1" in {match.algorithm for match in waveform.matches}
    noisy = music(NAMES[0])[22 * 44_100 : 28 * 44_100] + noise(6, level=0.3).astype(float)
    masked = taken_in(write(wav(np.clip(noisy, -32_768, 32_767).astype(np.int16))))
    under_noise = examine.examine(masked, against=whole())
    assert sum("spectra_score_millionths" in dict(match.measures) for match in under_noise.matches) >= 3
    for parts in (shards.read("all=00-ff"), THREE):
        divided = sharded(parts)
        assert {known.size for known in divided.values()} == {len(catalogue)}
        assert examine.examine(output, against=divided).to_bytes() == one.to_bytes()
        assert examine.examine(short, against=divided).to_bytes() == waveform.to_bytes()
        assert examine.examine(masked, against=divided).to_bytes() == under_noise.to_bytes()
        pointed = landmark_matching.places(whole()["landmarks/"], _peaks(output))
        assert landmark_matching.places(divided["landmarks/"], _peaks(output)) == pointed != ()
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


# --- what is enrolled while it is asked


def stored(id: UUID, *, release: str = "1.5.1", seed: int = 0) -> None:
    """Enroll chance, or give a reference another fingerprint."""
    if not Reference.objects.filter(pk=id).exists():
        audio = Audio.objects.get_or_create(
            digest="0" * 64,
            defaults={
                "media_type": "audio/wav",
                "codec": "pcm_s16le",
                "size_bytes": 1,
                "duration_ms": 1,
                "sample_rate_hz": 8_000,
                "channels": 1,
                "received_at": AT,
            },
        )[0]
        Reference.objects.create(id=id, audio=audio, enrolled_at=AT)
    items = np.random.default_rng([seed, id.int % 1000]).integers(0, 1 << 32, 50, dtype=np.uint32)
    Fingerprint.objects.create(reference_id=id, algorithm=extract.FAMILY + release, data=items.astype("<u4").tobytes())


def ids(count: int) -> list[UUID]:
    return [uuid5(UUID(int=8), str(number)) for number in range(count)]


@pytest.mark.django_db
def test_is_about_one_moment_whenever_its_shards_are_asked() -> None:
    *first, late = ids(9)
    for id in first:
        stored(id)
    one = index.current()
    divided = sharding.current(
        index.CHROMAPRINT, asking(THREE, before=lambda number: stored(late) if number == 1 else None), count=3
    )
    assert (divided.snapshot, divided.size) == (one.snapshot, len(first))
    heard = [index.items_of(bytes(Fingerprint.objects.get(reference=late).data))] * extract.SHIFTS
    assert divided.items_heard(heard, algorithm=extract.algorithm()) == ()
    # It is there for whoever asks now; and what was noted is put together again, in shards and in one.
    assert sharding.current(index.CHROMAPRINT, asking(THREE), count=3).snapshot == index.current().snapshot
    assert sharding.as_at(one.snapshot, index.CHROMAPRINT, asking(THREE), count=3).size == len(first)
    assert len(index.as_at(divided.snapshot)) == len(first)


@pytest.mark.django_db
def test_is_asked_again_when_a_reference_got_another_fingerprint_meanwhile() -> None:
    some = ids(9)
    for id in some:
        stored(id)

    def upgrade(number: int) -> None:
        if number == 1:
            stored(some[0], release="1.6.0", seed=1)

    divided = sharding.current(index.CHROMAPRINT, asking(THREE, before=upgrade), count=3)
    assert (divided.snapshot, divided.size) == (index.current().snapshot, len(some))
    stored(some[1], release="1.6.0", seed=1)
    with pytest.raises(index.Moved):
        divided.items_heard([np.arange(50, dtype=np.uint32)] * extract.SHIFTS, algorithm=extract.algorithm())
    with pytest.raises(index.SnapshotLost):
        sharding.as_at(divided.snapshot, index.CHROMAPRINT, asking(THREE), count=3)


# --- messages


@pytest.mark.django_db
def test_refuses_what_is_no_question() -> None:
    asked: list[bytes] = []

    def ask(questions: Sequence[bytes]) -> list[bytes]:
        asked.extend(questions)
        return [sharding.answer(*pair) for pair in zip(questions, THREE, strict=True)]

    sharding.current(index.CHROMAPRINT, ask, count=3)
    whole = asked[0]
    assert sharding.answer(whole, THREE[0])
    for broken in (b"", b"\x00", whole[:3], whole[:20], whole[:-1], b"\xff" * 4 + whole[4:], whole + b"\x00"):
        with pytest.raises(sharding.NotAMessage):
            sharding.answer(broken, THREE[0])


@pytest.mark.django_db
def test_refuses_another_release(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = asking(THREE)

    def later(questions: Sequence[bytes]) -> Sequence[bytes]:
        monkeypatch.setattr(matching, "PARAMETERS", (("matching", "of tomorrow"),))
        return ask(questions)

    with pytest.raises(sharding.OtherRelease):
        sharding.current(index.CHROMAPRINT, later, count=3)


# --- how it is divided


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", []),
        ("all=00-ff", [("all", "00", "ff", "index_all")]),
        (" b=80-ff@second , a=00-7f", [("a", "00", "7f", "index_a"), ("b", "80", "ff", "second")]),
        ("a=0000-0fff,b=1000-ffff", [("a", "0000", "0fff", "index_a"), ("b", "1000", "ffff", "index_b")]),
    ],
)
def test_is_divided_as_configured(given: str, expected: list[tuple[str, str, str, str]]) -> None:
    found = shards.read(given)
    assert [(one.name, one.queue) for one in found] == [(name, queue) for name, _, _, queue in expected]
    assert [(one.first.hex, one.last.hex) for one in found] == [(f"{a:0<32}", f"{b:f<32}") for _, a, b, _ in expected]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("a", "is no shard"),
        ("A=00-ff", "is no shard"),
        ("a=00-ff@", "is no shard"),
        ("a=00-fff", "no range"),
        ("a=0-f", "no range"),
        ("a=ff-00", "no range"),
        ("a=01-ff", "leaves out"),
        ("a=00-fe", "does not end at ff"),
        ("a=00-7f,b=81-ff", "b leaves out"),
        ("a=00-80,b=80-ff", "b claims"),
        ("a=00-7f,a=80-ff", "the same name"),
        ("a=00-7f@q,b=80-ff@q", "the same queue"),
    ],
)
def test_is_not_divided_with_gaps_or_twice(given: str, why: str) -> None:
    with pytest.raises(BadShards, match=why):
        shards.read(given)


def test_names_what_it_has() -> None:
    assert shards.named(THREE, "b") == THREE[1]
    with pytest.raises(BadShards, match="configured are a, b, c"):
        shards.named(THREE, "d")
