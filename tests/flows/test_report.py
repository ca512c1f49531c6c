"""The report of an output …"""

from __future__ import annotations

import hashlib
import io
import re
import wave
import zipfile
from base64 import b64encode
from datetime import timedelta
from html import unescape
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone

from fingerprint.evidence import Match, Segment
from ledger import checkpoints, merkle, notes, receipts
from ledger import today as desk
from ledger.models import Entry, Leaf
from ledger.reports import listening, presentation, ranges
from tests.flows.conftest import World, body, key, today
from tests.remembering import remembered

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def staff(transactional_db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("reader"))
    return client


@pytest.fixture
@remembered
def refused(world: World) -> dict[str, Any]:
    """An output with ten seconds of a recording that nobody declared."""
    world.register("piano", licensed=False, consenting=())
    return world.settle(world.submit("patched", world.sounds.patched(), key("country"), title="Patched")["id"])


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


# --- who may


@pytest.mark.parametrize(
    "path",
    [
        "/reports/",
        f"/reports/submissions/{key('nothing')}",
        f"/reports/submissions/{key('nothing')}/pack",
        f"/reports/submissions/{key('nothing')}/matches/0/output.wav",
        f"/reports/entries/{key('nothing')}/receipt.txt",
        f"/reports/entries/{key('nothing')}/entry.json",
    ],
)
def test_is_for_staff(path: str, transactional_db: None) -> None:
    client = Client()
    assert client.get(path)["Location"] == f"/admin/login/?next={path}"
    client.force_login(User.objects.create_user("visitor"))
    assert client.get(path).status_code == 403
    client.force_login(User.objects.create_user("reader", is_staff=True))
    assert client.get(path).status_code == (200 if path == "/reports/" else 404)
    assert client.post(path).status_code == 405


# --- what it says


def test_says_everything_about_a_cleared_output(world: World, staff: Client) -> None:
    found = world.cleared()
    page = staff.get(f"/reports/submissions/{found['id']}")
    said = text(page)
    assert "Cleared for release on" in said
    assert "every obligation holds" in said
    assert "119/400" in said
    assert "1/1" in said
    assert "Intact since it was signed" in said
    assert "Development certificate." in said
    assert key("license of country") in said
    for leaf in Leaf.objects.filter(entry__submission=found["id"]):
        assert bytes(leaf.hash).hex() in said
    assert checkpoints.verifier_key() in said
    assert f"ledger-verify {found['id']}.pack.zip --key log.vkey" in said


def test_says_why_an_output_was_refused(refused: dict[str, Any], staff: Client) -> None:
    said = text(staff.get(f"/reports/submissions/{refused['id']}"))
    assert refused["decision"]["findings"][0]["sentence"] in said
    assert "Refused: “Piano” is in the output" in said
    assert "Only a cleared output has splits" in said


def test_says_that_an_output_waits(world: World, staff: Client) -> None:
    id = world.submit("waiting", world.sounds.own())["id"]
    said = text(staff.get(f"/reports/submissions/{id}"))
    assert "Waiting to be examined." in said
    assert f"/reports/submissions/{id}/pack" not in said
    assert staff.get(f"/reports/submissions/{id}/pack").status_code == 404


def test_runs_nothing_and_loads_nothing(world: World, staff: Client) -> None:
    page = staff.get(f"/reports/submissions/{world.cleared()['id']}")
    said = text(page)
    [style] = re.findall(r"<style>(.*?)</style>", page.content.decode(), re.DOTALL)
    digest = b64encode(hashlib.sha256(unescape(style).encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page["Content-Security-Policy"]
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert not re.search(r"<script|<link rel=.stylesheet|style=|\son\w+=|https?://", said)
    assert page["Cache-Control"] == "private, no-store"


# --- lists


def test_lists_and_searches_outputs(world: World, refused: dict[str, Any], staff: Client) -> None:
    world.cleared()

    def titles(query: str) -> list[str]:
        return [row.title for row in staff.get(f"/reports/?{query}").context["page"].object_list]

    assert titles("") == ["Country, sung", "Patched"]
    assert titles("q=patch") == ["Patched"]
    assert titles(f"q={refused['id']}") == ["Patched"]
    assert titles("state=cleared") == ["Country, sung"]
    assert titles("state=nonsense") == ["Country, sung", "Patched"]
    assert titles("q=nothing-of-the-sort") == []
    assert titles("page=nonsense") == ["Country, sung", "Patched"]
    assert "No output matches" in text(staff.get("/reports/?q=nothing-of-the-sort"))


def test_says_how_to_begin_where_nothing_was_submitted(staff: Client) -> None:
    assert "POST /v1/submissions" in text(staff.get("/reports/"))


# --- what to take away


def test_hands_out_the_pack(world: World, staff: Client) -> None:
    found = world.cleared()
    answer = staff.get(f"/reports/submissions/{found['id']}/pack")
    assert answer["Content-Disposition"] == f'attachment; filename="{found["id"]}.pack.zip"'
    assert zipfile.ZipFile(io.BytesIO(body(answer))).testzip() is None


def test_hands_out_proofs_that_hold(world: World, staff: Client) -> None:
    found = world.cleared()
    entry = Entry.objects.get(decision__submission=found["id"])
    exact = staff.get(f"/reports/entries/{entry.pk}/entry.json").content
    receipt = receipts.Receipt.from_text(staff.get(f"/reports/entries/{entry.pk}/receipt.txt").content.decode())
    assert exact == bytes(entry.body)
    signed = receipts.verify(receipt, exact, notes.Verifier.from_text(checkpoints.verifier_key()))
    assert signed.size == Leaf.objects.count()
    assert merkle.leaf_hash(exact) == bytes(entry.leaf.hash)


def test_has_no_proof_of_a_pending_entry(trade: World, staff: Client) -> None:
    entry = Entry.objects.filter(leaf__isnull=True).first()
    assert entry is not None
    assert staff.get(f"/reports/entries/{entry.pk}/receipt.txt").status_code == 404


# --- the sound


@pytest.mark.parametrize("side", ["output", "reference"])
def test_plays_one_side_of_a_match(side: str, refused: dict[str, Any], world: World, staff: Client) -> None:
    [position] = refused["decision"]["findings"][0]["matches"]
    match = world.distributor.get(refused["links"]["evidence"]).json()["matches"][position]
    answer = staff.get(f"/reports/submissions/{refused['id']}/matches/{position}/{side}.wav")
    assert (answer.status_code, answer["Content-Type"]) == (200, "audio/wav")
    assert answer["Cache-Control"].startswith("private")
    with wave.open(io.BytesIO(answer.content)) as sound:
        milliseconds = sound.getnframes() * 1000 // sound.getframerate()
    assert abs(milliseconds - (match[side]["end_ms"] - match[side]["start_ms"])) < 50


def test_plays_a_part_of_it(refused: dict[str, Any], staff: Client) -> None:
    path = f"/reports/submissions/{refused['id']}/matches/0/output.wav"
    whole = staff.get(path).content
    part = staff.get(path, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part["Content-Range"]) == (206, f"bytes 100-199/{len(whole)}")
    assert part.content == whole[100:200]


def test_plays_no_other_side_match_or_part(refused: dict[str, Any], staff: Client) -> None:
    root = f"/reports/submissions/{refused['id']}/matches"
    for path in ("99/output.wav", "0/both.wav", "0/output.wav?part=1", "0/output.wav?part=-1", "0/output.wav?part=x"):
        assert staff.get(f"{root}/{path}").status_code == 404


@pytest.mark.parametrize(
    ("header", "status", "content"),
    [
        ("", 200, b"0123456789"),
        ("bytes=0-", 206, b"0123456789"),
        ("bytes=3-5", 206, b"345"),
        ("bytes=9-9", 206, b"9"),
        ("bytes=7-99", 206, b"789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=-99", 206, b"0123456789"),
        ("bytes=10-", 416, b""),
        ("bytes=5-4", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=0-1,3-4", 200, b"0123456789"),
        ("items=0-1", 200, b"0123456789"),
    ],
)
def test_answers_with_the_range_that_was_asked_for(header: str, status: int, content: bytes) -> None:
    request = RequestFactory().get("/", headers={"Range": header} if header else {})
    answer = ranges.answer(request, b"0123456789", content_type="audio/wav")
    assert (answer.status_code, answer.content) == (status, content)


def _match(output_ms: int, reference_ms: int) -> Match:
    return Match(
        "exact_match",
        "test/1",
        uuid4(),
        Segment(1000, 1000 + output_ms),
        Segment(0, reference_ms),
        1_000_000,
        0,
        900_000,
    )


@pytest.mark.parametrize(
    ("output_ms", "reference_ms", "parts"),
    [(1, 1, 1), (60_000, 60_000, 1), (60_001, 60_000, 2), (50_000, 61_000, 2), (180_000, 171_000, 3)],
)
def test_cuts_a_long_match_into_pieces_of_a_minute(output_ms: int, reference_ms: int, parts: int) -> None:
    match = _match(output_ms, reference_ms)
    assert listening.parts_of(match) == parts
    for segment in (match.output, match.reference):
        pieces = [listening.part_of(segment, part, parts) for part in range(parts)]
        assert (pieces[0].start_ms, pieces[-1].end_ms) == (segment.start_ms, segment.end_ms)
        assert all(one.end_ms == next_.start_ms for one, next_ in pairwise(pieces))
        assert all(piece.end_ms - piece.start_ms <= 60_000 for piece in pieces)


# --- words


@pytest.mark.parametrize(
    ("milliseconds", "said"), [(0, "0:00.0"), (59_949, "0:59.9"), (59_950, "1:00.0"), (3_600_000, "1:00:00.0")]
)
def test_writes_times_as_players_do(milliseconds: int, said: str) -> None:
    assert presentation.clock(milliseconds) == said


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (1_000_000, "same tempo"),
        (1_000_400, "same tempo"),
        (1_040_000, "4.0 % faster than the recording"),
        (945_000, "5.5 % slower than the recording"),
    ],
)
def test_says_how_the_tempo_differs(ratio: int, said: str) -> None:
    assert presentation.tempo(ratio) == said


def test_warns_of_what_ends_soon_and_of_nothing_else(world: World) -> None:
    for days, name in ((0, "ended"), (1, "tomorrow"), (30, "in a month"), (31, "later")):
        last = (today() + timedelta(days=days)).isoformat()
        world.consent(name, grantor="singer", recording=key("country"), active_to=last)
    ending = [str(fact.pk) for fact in desk.today(at=timezone.now()).ending]
    assert ending == [key("consent tomorrow"), key("consent in a month")]
