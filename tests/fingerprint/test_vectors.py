"""Vectors in files …"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count
from numpy.typing import NDArray
from pgvector import HalfVector

from fingerprint import embedding, index, melody, segments, songs, vectors
from fingerprint.embedding import Side
from fingerprint.models import Audio, Embedding, Melody, Reference
from fingerprint.versions import Near
from tests.flows.conftest import tampering

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINES = [-127, -126, -1, 0, 1, 126, 127]

Vectors = NDArray[np.int16]


@pytest.fixture(autouse=True)
def _own_index(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.FINGERPRINT_INDEX = tmp_path / "index"
    index.forget()
    yield
    index.forget()


def folder() -> Path:
    (found,) = Path(settings.FINGERPRINT_INDEX).iterdir()
    return found


def enrolled(first: int, count: int, chance: np.random.Generator) -> list[int]:
    """Insert references with vectors at random, of which many are equal or as far out as they can be; their rows."""
    digest = hashlib.sha256(bytes([first % 256])).hexdigest()
    Audio.objects.get_or_create(
        digest=digest,
        defaults={
            "media_type": "audio/wav",
            "codec": "pcm",
            "size_bytes": 1,
            "duration_ms": 1,
            "sample_rate_hz": 1,
            "channels": 1,
            "received_at": AT,
        },
    )
    # Ids in no order of the rows, some that differ in their last bytes alone, and those against it.
    drawn = chance.random(count) < 0.7
    ids = [
        UUID(bytes=chance.bytes(16)) if is_far else UUID(int=(7 << 100) - first - number)
        for number, is_far in enumerate(drawn)
    ]
    Reference.objects.bulk_create(Reference(id=id, audio_id=digest, enrolled_at=AT) for id in ids)
    kept = Melody.objects.bulk_create(Melody(reference_id=id, algorithm=melody.ALGORITHM, data=id.bytes) for id in ids)
    few = [np.full(128, one) for one in LINES] + [chance.integers(-127, 128, 128) for _ in range(3)]
    made = []
    for id in ids:
        for side in embedding.SIDES:
            for number in range(int(chance.integers(0, 12))):
                kind = int(chance.integers(0, 4))
                vector = (
                    few[int(chance.integers(0, len(few)))]
                    if kind == 0
                    else chance.choice(LINES, 128)
                    if kind == 1
                    else np.rint(chance.normal(0, 11, 128)).clip(-127, 127)
                )
                made.append((id, side, number, vector))
    chance.shuffle(made)
    Embedding.objects.bulk_create(
        Embedding(
            reference_id=id,
            algorithm=embedding.algorithm(side),
            start_ms=number * 22_500,
            end_ms=number * 22_500 + 45_000,
            vector=vector.tolist(),
        )
        for id, side, number, vector in made
    )
    return [one.id for one in kept]


def asked_of_postgresql(side: Side, asked: Vectors, count: int, last_row: int) -> list[list[Near]]:
    """Return the nearest windows as pgvector finds them."""
    found = []
    with connection.cursor() as cursor:
        for vector in asked:
            cursor.execute(
                "SELECT reference_id, -(vector <#> %s::halfvec)::bigint AS likeness FROM fingerprint_embedding"
                " WHERE algorithm = %s AND reference_id IN"
                " (SELECT reference_id FROM fingerprint_melody WHERE algorithm = %s AND id <= %s)"
                " ORDER BY likeness DESC, reference_id, start_ms LIMIT %s",
                [HalfVector(vector.tolist()).to_text(), embedding.algorithm(side), melody.ALGORITHM, last_row, count],
            )
            found.append([Near(*row) for row in cursor.fetchall()])
    return found


def asked(chance: np.random.Generator) -> Vectors:
    every = [np.full(128, one) for one in LINES]
    every += [chance.choice(LINES, 128) for _ in range(4)]
    every += [np.rint(chance.normal(0, 11, 128)).clip(-127, 127) for _ in range(8)]
    return np.stack(every).astype(np.int16)


@pytest.mark.django_db
def test_give_the_answers_of_pgvector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_ROWS_AT_ONCE", 700)  # many portions
    monkeypatch.setattr(vectors, "_RELEASED_AFTER", 1_500)
    chance = np.random.default_rng(4)
    catalogues, last = [], []
    for first in range(0, 600, 100):  # each into a file of its own, until they are made one
        rows = enrolled(first, 100, chance)
        catalogues.append(songs.current())
        last.append(rows[-1])
    assert Embedding.objects.count() > 5_000
    questions = asked(chance)
    for side in embedding.SIDES:
        for count in (1, 60, 20_000):
            expected = asked_of_postgresql(side, questions, count, last[-1])
            assert songs.current().nearest(side, questions, count) == expected
            then = asked_of_postgresql(side, questions, count, last[1])
            assert catalogues[1].nearest(side, questions, count) == then
            assert songs.as_at(catalogues[1].snapshot).nearest(side, questions, count) == then
    assert songs.as_at(catalogues[-1].snapshot).snapshot == catalogues[-1].snapshot
    index.rebuild(songs.FAMILY)
    assert songs.as_at(catalogues[1].snapshot).nearest("lead", questions, 60) == asked_of_postgresql(
        "lead", questions, 60, last[1]
    )


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def _turned(file: Path) -> None:
    content = bytearray(file.read_bytes())
    (at,) = [at for at in (content.find(bytes([127] * 128)),) if at >= 0]
    content[at] ^= 1  # one bit of one vector
    file.write_bytes(bytes(content))


def _exchanged(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content.replace(b"chroma-1", b"chroma-0"))


@pytest.mark.django_db
@pytest.mark.parametrize("harm", [_cut, _turned, _exchanged, Path.unlink])
def test_are_made_again_where_a_file_is_not_what_was_written(harm: Any) -> None:
    chance = np.random.default_rng(5)
    enrolled(0, 40, chance)
    questions = asked(chance)
    before = songs.current()
    found = before.nearest("harmony", questions, 60)
    for file in folder().glob("*.seg"):
        harm(file)
    index.forget()  # as a process that starts
    now = songs.current()
    assert now.snapshot == before.snapshot
    assert now.nearest("harmony", questions, 60) == found


def _forged(file: Path, vector: bytes) -> None:
    """Change one bit of one vector, and make its digest fit again."""
    content = file.read_bytes()
    header = content[: segments.HEADER_BYTES - 32]
    begin, size = json.loads(header[len(segments.MAGIC) + 4 :].rstrip(b"\0"))["sections"]["items"]
    at = content.index(vector, begin, begin + size)
    changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    before, after = (sha256(one[begin : begin + size]).hexdigest().encode() for one in (content, changed))
    assert before in header
    header = header.replace(before, after)
    file.write_bytes(header + sha256(header).digest() + changed[segments.HEADER_BYTES :])


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_are_compared_with_their_tables() -> None:
    enrolled(0, 30, np.random.default_rng(8))
    songs.current()
    assert (index.verify(songs.FAMILY), list(index.compare(songs.FAMILY))) == ([], [])
    by_reference = Embedding.objects.values("reference").annotate(count=Count("pk")).filter(count__gt=3)
    first, second, third = (row["reference"] for row in by_reference.order_by("reference")[:3])

    # A byte of a table, a row of it that is gone, and a whole reference that is.
    changed = Embedding.objects.filter(reference=first)[0]
    vector = np.array(changed.vector).astype(int).tolist()
    with tampering("fingerprint_embedding", "fingerprint_melody"):
        Embedding.objects.filter(pk=changed.pk).update(vector=[vector[0] + (1 if vector[0] < 127 else -1), *vector[1:]])
        Embedding.objects.filter(pk=Embedding.objects.filter(reference=second)[0].pk).delete()
        Melody.objects.filter(reference=third).delete()
        found = {one.reference: str(one) for one in index.compare(songs.FAMILY)}
    assert set(found) == {first, second, third}
    assert str(first) in found[first]
    assert "bytes in the file are not the" in found[first]
    assert "bytes in the file are not the" in found[second]
    assert found[third].endswith("the table has no such row")


@pytest.mark.django_db
def test_that_were_forged_with_their_digest_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    enrolled(0, 10, np.random.default_rng(9))
    songs.current()
    one = Embedding.objects.order_by("pk")[0]
    (file,) = folder().glob("*.seg")
    _forged(file, np.array(one.vector).astype(np.int8).tobytes())
    index.forget()
    with pytest.raises(CommandError, match="1 rows of the files"):
        call_command("fingerprint_index", "--verify")
    assert f"{file.name}: row" in (said := capsys.readouterr().out)
    assert "bytes in the file are not the" in said
    call_command("fingerprint_index", "--rebuild")
    call_command("fingerprint_index", "--verify")


@pytest.mark.django_db
def test_are_in_no_file_once_their_rows_are_gone() -> None:
    chance = np.random.default_rng(6)
    enrolled(0, 5, chance)
    before = songs.current().snapshot
    with transaction.atomic():
        enrolled(5, 5, chance)
        id = Melody.objects.order_by("-id").values_list("reference_id", flat=True)[0]
        assert len(songs.current()) == 10
        assert any(id.bytes in file.read_bytes() for file in folder().iterdir() if file.is_file())
        transaction.set_rollback(True)
    assert songs.current().snapshot == before
    assert not any(id.bytes in file.read_bytes() for file in folder().rglob("*") if file.is_file())


@pytest.mark.django_db
def test_of_what_plays_nothing_are_none() -> None:
    assert songs.current().nearest("lead", asked(np.random.default_rng(7)), 3) == [[]] * 19


def _sent(*values: Any, first: int = 0, dimensions: int = 128) -> bytes:
    some = b"".join(struct.pack(">HH", dimensions, 0) + np.full(128, value, ">f2").tobytes() for value in values)
    return b"\0" * 32 + struct.pack(">I", first) + some


@pytest.mark.parametrize(
    "data",
    [
        b"",
        _sent(1)[:-1],
        _sent(1) + b"\0",
        _sent(1, first=2),
        _sent(1, dimensions=127),
        _sent(0.5),
        _sent(128),
        _sent(-128),
        _sent(float("nan")),
        _sent(float("inf")),
    ],
)
def test_are_refused_if_they_are_none_of_ours(data: bytes) -> None:
    with pytest.raises(vectors.NotWhole, match="128 whole numbers"):
        vectors.read(data)


def test_are_kept_as_they_were_sent() -> None:
    content = vectors.read(_sent(-127, 0, 127, first=1))
    assert content.items is not None
    rows = content.items.view(np.int8).reshape(-1, 128)
    assert rows[1:, 0].tolist() == [-127, 0, 127]
    assert (content.length, content.hashes.size) == (4 * 32, 0)
