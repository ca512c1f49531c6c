"""Everything is in the log: tables beside entries, and streams between two checkpoints that others can check."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from ledger import canonical, checkpoints, clients, coverage, merkle, notes, rows, sequencer, streamed, streams, verify
from ledger.models import Checkpoint, Entry, Leaf
from ledger.visibility import EVERYTHING
from rights.visibility import Sight
from tests.flows.conftest import Api, World, body, changed, key, tampering
from tests.flows.facts import one_of_each


@pytest.fixture(scope="module")
def house(standing: World) -> World:
    """A world with everything on record, signed at three moments."""
    standing.cleared()
    sequencer.drain(at=timezone.now())
    one_of_each(standing)
    sequencer.drain(at=timezone.now())
    standing.submit("second", standing.sounds.own())
    sequencer.drain(at=timezone.now())
    return standing


@pytest.fixture(scope="module")
def staff(house: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("counts"))
    return client


@pytest.fixture(scope="module")
def distributor(house: World) -> Api:
    return Api(clients.create(name="reads", party_id=UUID(key("distributor")), scopes=["catalogue:read"]))


def log_key() -> notes.Verifier:
    return notes.Verifier.from_text(checkpoints.verifier_key())


# --- coverage


def test_no_table_is_forgotten(house: World) -> None:
    """Of every table that the database has, it asks for an entry itself, or a reason why not is written down."""
    asked, there = coverage.asked(), coverage.tables()
    facts = {model._meta.db_table for model in rows.COLUMNS}
    assert there - asked - coverage.UNASKED.keys() == set(), "a new table: give it a trigger, or say why not"
    assert coverage.UNASKED.keys() - there == set()
    assert asked & coverage.UNASKED.keys() == set()
    assert asked <= facts  # what is asked for is counted
    assert facts - asked == coverage.SHARED  # the rest has the reason that several facts bring it


def test_a_trigger_that_is_switched_off_is_not_taken_for_one(house: World) -> None:
    with tampering("rights_share") as cursor:
        cursor.execute("ALTER TABLE rights_share DISABLE TRIGGER rights_share_has_its_entry")
        assert "rights_share" not in coverage.asked()
        cursor.execute("ALTER TABLE rights_share ENABLE TRIGGER rights_share_has_its_entry")
    assert "rights_share" in coverage.asked()


def test_rows_and_entries_stand_side_by_side(house: World) -> None:
    found = coverage.coverage()
    assert found.is_whole
    assert found.differences == ()
    assert found.entries == found.checkpoint == Entry.objects.count()
    assert sum(kind.entries for kind in found.kinds) == found.entries
    assert set(Entry.Kind.values) - {kind.kind for kind in found.kinds} <= {"consent_withdrawn"}
    assert {table.table for table in found.tables if not table.rows} <= {"rights_finding", "rights_withdrawaltask"}
    for table in found.tables:
        assert table.logged == table.rows or table.table in coverage.SHARED, table
        assert sum(count for _, count in table.kinds) == table.logged


def test_what_was_put_in_behind_its_back_is_named(house: World, staff: Client) -> None:
    share = "INSERT INTO rights_work (id, title, registered_at) VALUES (%s, 'Smuggled', now())"
    smuggled = UUID(key("smuggled"))
    with changed(share, "rights_work", values=(smuggled,)):
        found = coverage.coverage()
        shown = staff.get("/reports/coverage").content.decode()
        said = house.label.get("/v1/log/coverage")
    assert not found.is_whole
    (difference,) = found.differences
    assert (difference.table, difference.id) == ("rights_work", str(smuggled))
    assert str(smuggled) in shown
    assert "behind the log’s back" in shown
    assert said.status_code == 403 or not said.json()["is_whole"]


def test_what_was_taken_out_is_named(house: World) -> None:
    withdrawn = Entry.objects.filter(identifier__isnull=False).values_list("identifier", flat=True).first()
    finding = (
        Entry.objects.filter(identifier_finding__isnull=False).values_list("identifier_finding", flat=True).first()
    )
    assert withdrawn
    with tampering("rights_identifierfinding") as cursor:
        cursor.execute("DELETE FROM rights_identifierfinding WHERE id = %s", (finding,))
        found = coverage.coverage()
    assert [(one.table, one.id) for one in found.differences] == [("rights_identifierfinding", str(finding))]


def test_a_part_of_a_fact_that_was_taken_out_is_counted(house: World) -> None:
    with tampering("royalties_posting") as cursor:
        cursor.execute("DELETE FROM royalties_posting WHERE id = (SELECT min(id::text)::uuid FROM royalties_posting)")
        found = coverage.coverage()
    (difference,) = found.differences
    assert (difference.table, "1 rows that entries vouch for" in difference.sentence) == ("royalties_posting", True)


def test_an_entry_of_junk_does_not_hide_the_rest(house: World) -> None:
    entry = Entry.objects.filter(submission__isnull=False).first()
    assert entry is not None
    with changed("UPDATE ledger_entry SET body = %s WHERE id = %s", "ledger_entry", values=(b"\xff{", entry.id)):
        found = coverage.coverage()
    assert not found.is_whole
    assert "verify_ledger" in found.fault


def test_the_page_the_sheet_and_the_api_say_the_same(house: World, staff: Client, distributor: Api) -> None:
    found = coverage.coverage()
    shown = staff.get("/reports/coverage").content.decode()
    assert "Is everything in the log?" in shown
    sheet = list(csv.DictReader(io.StringIO(body(staff.get("/reports/coverage.csv")).decode())))
    assert {row["table"] for row in sheet} == {table.table for table in found.tables} | {
        name for name, _ in found.without
    }
    share = next(row for row in sheet if row["table"] == "rights_share")
    (counted,) = (table for table in found.tables if table.table == "rights_share")
    assert (int(share["rows"]), share["asked by the database"]) == (counted.rows, "yes")
    said = staff.get("/v1/log/coverage").json()
    assert said["is_whole"]
    assert {table["table"]: table["rows"] for table in said["tables"]} == {one.table: one.rows for one in found.tables}
    assert body(staff.get("/v1/log/coverage.csv")) == coverage.sheet(found).encode()
    assert distributor.get("/v1/log/coverage").json()["code"] == "not_the_whole"
    member = Client()
    member.force_login(User.objects.create_user("member", is_staff=True))
    assert member.get("/reports/coverage").status_code == 403


# --- streams


def statement(earlier: int | None = None, later: int | None = None, sight: Sight = EVERYTHING) -> bytes:
    return streams.between(earlier, later, sight=sight).written()


def sizes() -> list[int]:
    return list(Checkpoint.objects.order_by("size").values_list("size", flat=True))


def test_every_entry_is_in_one_stream_and_numbers_go_on(house: World) -> None:
    first, *_, last = sizes()
    assert first < last
    whole = streamed.read(statement())
    assert sorted(place for one in whole.streams for place in one.places) == list(range(last))
    earlier, later = streamed.read(statement(None, first)), streamed.read(statement(first, last))
    came = {(one.stream, one.of): one.count for one in earlier.streams}
    for one in later.streams:
        assert one.before == came.get((one.stream, one.of), 0)
    totals = {(one.stream, one.of): one for one in whole.streams}
    submissions = totals["submissions", key("distributor")]
    assert submissions.count == Entry.objects.filter(submission__submitter=UUID(key("distributor"))).count() == 2
    assert submissions.numbers == "1–2"
    assert submissions.counts["milliseconds"] > 0
    assert any(one.amounts for one in whole.streams if one.stream == "statements")


def test_a_statement_is_checked_with_the_key_and_the_tiles_alone(house: World) -> None:
    first, *_, last = sizes()
    for earlier, later in ((None, None), (first, last), (last, last), (None, first)):
        found = streamed.check(statement(earlier, later), key=log_key(), tiles=streams.leaves)
        assert found.fails == ()
        assert len(found.holds) == 4


def forged(document: dict[str, Any], what: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(document))
    some = found["streams"][0]
    first = int(some["places"].replace("-", ",").split(",")[0])
    match what:
        case "a stream is left out":
            del found["streams"][0]
        case "a place is left out":
            kept = [place for place in streamed._places(some["places"], 10**6) if place != first]
            some.update(places=streamed.ranges(kept), count=len(kept))
        case "a place is in two streams":
            found["streams"][1].update(
                places=streamed.ranges(sorted({first, *streamed._places(found["streams"][1]["places"], 10**6)})),
                count=found["streams"][1]["count"] + 1,
            )
        case "another leaf":
            some["leaves"] = "0" * 64
        case "another later checkpoint":
            found["to"] = found["to"].replace("\n\n", "\nmore\n\n", 1)
        case "another earlier checkpoint":
            found["from"] = found["to"]
        case "another proof":
            found["consistency"] = found["consistency"][1:]
    return found


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("a stream is left out", "place_missing"),
        ("a place is left out", "place_missing"),
        ("a place is in two streams", "place_twice"),
        ("another leaf", "other_leaves"),
        ("another later checkpoint", "not_a_checkpoint"),
        ("another earlier checkpoint", "place_outside"),
        ("another proof", "not_consistent"),
    ],
)
def test_whatever_is_left_out_of_a_statement_is_named(what: str, code: str, house: World) -> None:
    first, *_, last = sizes()
    document = json.loads(statement(first, last))
    data = canonical.encode_document(forged(document, what))
    found = streamed.check(data, key=log_key(), tiles=streams.leaves)
    assert [fault for fault in found.fails if fault.startswith(code)], found


@pytest.mark.parametrize("junk", [b"", b"{}", b"[1]", b"\xff", b'{"type":"ai-music-ledger.streams","v":1}'], ids=len)
def test_what_is_no_statement_is_refused(junk: bytes) -> None:
    with pytest.raises(streamed.NotAStatement):
        streamed.read(junk)


@pytest.mark.parametrize("places", ["3-2", "5,4", "4,4", "1-", "-1", "99999999", "1,,2", "01x"])
def test_places_that_do_not_ascend_are_refused(places: str, house: World) -> None:
    document = json.loads(statement())
    document["streams"][0]["places"] = places
    with pytest.raises(streamed.NotAStatement):
        streamed.read(canonical.encode_document(document), most=10_000_000)


def test_a_leaf_that_was_removed_shows_in_the_tiles(house: World) -> None:
    data = statement()
    with changed("UPDATE ledger_leaf SET hash = sha256('x') WHERE index = 3", "ledger_leaf"):
        found = streamed.check(data, key=log_key(), tiles=streams.leaves)
    assert [fault for fault in found.fails if fault.startswith("other_tiles")]


def test_the_command_checks_it_over_a_folder_of_tiles(house: World, tmp_path: Path, capsys: Any) -> None:
    file, vkey, tiles = tmp_path / "streams.json", tmp_path / "log.vkey", tmp_path / "published"
    file.write_bytes(statement(sizes()[0], None))
    vkey.write_text(checkpoints.verifier_key())
    count = Leaf.objects.count()
    for number in range((count + 255) // 256):
        data = streams.leaves(number)
        path = tiles / merkle.tile_path("0", number, len(data) // 32)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    assert verify.main([str(file), "--key", str(vkey), "--tiles", str(tiles)]) == 0
    assert "none is left out" in capsys.readouterr().out
    assert verify.main([str(file), "--key", str(vkey)]) == 0  # and says that the leaves were not compared
    assert "--tiles" in capsys.readouterr().out
    assert verify.main([str(file), "--key", str(vkey), "--tiles", str(tmp_path)]) == 1
    assert verify.main([str(file)]) == 1


def test_everybody_gets_their_own_streams(house: World, staff: Client, distributor: Api) -> None:
    own = streamed.read(body(distributor.get("/v1/log/streams")))
    assert own.covers == "own"
    assert ("submissions", key("distributor")) in {(one.stream, one.of) for one in own.streams}
    whole = streamed.read(body(staff.get("/reports/streams.json")))
    assert {place for one in own.streams for place in one.places} < {
        place for one in whole.streams for place in one.places
    }
    assert streamed.check(own.written(), key=log_key(), tiles=streams.leaves).fails == ()
    shown = staff.get("/reports/streams").content.decode()
    assert "none left out" in shown
    sheet = list(csv.DictReader(io.StringIO(body(staff.get("/reports/streams.csv")).decode())))
    assert sum(int(row["count"]) for row in sheet) == sizes()[-1]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?earlier=999999", 404, "no_such_checkpoint"),
        ("?later=999999", 404, "no_such_checkpoint"),
        ("?later=0", 400, "malformed"),
        ("?earlier=x", 400, "malformed"),
    ],
)
def test_checkpoints_that_are_none_are_refused(query: str, status: int, code: str, distributor: Api) -> None:
    answer = distributor.get(f"/v1/log/streams{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_checkpoints_the_wrong_way_round_are_refused(staff: Client, distributor: Api) -> None:
    first, *_, last = sizes()
    answer = distributor.get(f"/v1/log/streams?earlier={last}&later={first}")
    assert (answer.status_code, answer.json()["code"]) == (422, "backwards")
    assert staff.get(f"/reports/streams?from={last}&to={first}").status_code == 404
    assert staff.get("/reports/streams?from=-1").status_code == 404
