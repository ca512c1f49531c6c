"""Reports of usage through the door: tried, booked or refused as a whole, matched, replaced; seen by the payer."""

from __future__ import annotations

import csv
import gzip
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client, override_settings
from django.utils import timezone

from fingerprint import store
from ledger import audit, clients, jobs, replaying, sequencer, usages
from ledger.models import Entry, Job, Membership
from ledger.replaying import Result
from rights.models import Decision
from royalties import usages as counted
from royalties.models import UsageKey, UsageMatch, UsageOutcome, UsageReport
from royalties.usage import reading
from tests.flows.conftest import SUBMISSIONS, Api, World, admitted, body, key
from tests.royalties.usage import dsr_files

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

OUTPUT_ISRC = "DEA812600001"
MAPPING = {
    "columns": {
        "submission": "Output",
        "isrc": "ISRC",
        "proprietary": "Track",
        "title": "Title",
        "amount": "Net",
        "currency": "Currency",
        "country": "Country",
        "usages": "Plays",
        "kind": "Kind",
        "day": "Day",
    }
}
HEADER = "Output,ISRC,Track,Title,Net,Currency,Country,Plays,Kind,Day"


def sheet(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


ROWS = (
    f",{OUTPUT_ISRC},,Country sung,1.25,EUR,DE,3,,2026-03-01",
    ",,X-1,Country sung,100.5,EUR,FR,40,,2026-02-27",
    ",,,Contry Sung,7,USD,US,1,,2026-03-31",
)


@pytest.fixture
def payer(world: World) -> Api:
    """The distributor's finance: its output is cleared, and has an ISRC of its own."""
    submitted = world.submit("output", world.sounds.sung("flac"), key("country"), isrc=OUTPUT_ISRC)
    assert world.settle(submitted["id"])["state"] == "cleared"
    return finance("distributor")


def finance(party: str) -> Api:
    return Api(
        clients.create(name="usage", party_id=UUID(key(party)), scopes=[*SUBMISSIONS, "usage:read", "usage:write"])
    )


def hand_in(api: Api, *files: bytes, name: str = "usage.csv", **fields: Any) -> Any:
    data: dict[str, Any] = {"id": str(uuid4()), "format": "sheet", "sender": "shop", "mapping": _json(MAPPING)}
    data |= fields
    data = {key_: value for key_, value in data.items() if value is not None}
    data["file"] = [SimpleUploadedFile(name, content) for content in files]
    return api.client.post("/v1/usage-reports", data, headers=api.headers)


def _json(value: Any) -> str:
    return json.dumps(value)


def taken(api: Api, *files: bytes, **fields: Any) -> dict[str, Any]:
    """Hand a report in and let it be read."""
    answer = hand_in(api, *files, **fields)
    assert answer.status_code == 202, answer.content
    usages.read(report_id=UUID(answer.json()["id"]), at=timezone.now())
    found: dict[str, Any] = api.get(f"/v1/usage-reports/{answer.json()['id']}").json()
    return found


def keys(api: Api, state: str = "") -> dict[str, dict[str, Any]]:
    answer = api.get(f"/v1/usage-keys?state={state}" if state else "/v1/usage-keys")
    assert answer.status_code == 200, answer.content
    return {row["key"]: row for row in answer.json()["results"]}


def of_output() -> UUID:
    return Decision.objects.get(submission=UUID(key("output"))).pk


def payer_id() -> UUID:
    return UUID(key("distributor"))


class Watched(FileSystemStorage):
    """A folder that remembers whether a transaction stood when a file was asked for."""

    stood: ClassVar[list[bool]] = []

    def path(self, name: str) -> str:
        self.stood.append(connection.in_atomic_block)
        return str(super().path(name))


def read_again() -> list[tuple[str, Result]]:
    """Read what was handed in and read once more, in the order of the log."""
    sequencer.drain(at=timezone.now())
    entries = Entry.objects.filter(kind__in=("usage_received", "usage_finished")).select_related("leaf")
    return [(one.kind, replaying.replay(one).result) for one in entries.order_by("leaf__index")]


# --- Booking


def test_a_report_is_tried_booked_and_matched(payer: Api) -> None:
    tried = taken(payer, gzip.compress(sheet(*ROWS)), dry_run=True, message="2026-03")
    assert (tried["state"], tried["outcome"]) == ("read", None)
    assert tried["found"]["matching"]["keys"] == {"matched": 1, "suspense": 0, "unmatched": 2}
    assert tried["found"]["matching"]["amounts"] == [
        {"what": "matched", "currency": "EUR", "amount": "1.25"},
        {"what": "unmatched", "currency": "EUR", "amount": "100.5"},
        {"what": "unmatched", "currency": "USD", "amount": "7"},
    ]
    assert not UsageOutcome.objects.exists()
    assert not UsageKey.objects.exists()
    assert counted.booked(payer_id(), known_at=timezone.now()) == ()

    assert payer.post(f"/v1/usage-reports/{tried['id']}/booking", {}).status_code == 202
    usages.read(report_id=UUID(tried["id"]), at=timezone.now())
    found = payer.get(f"/v1/usage-reports/{tried['id']}").json()
    assert found["state"] == "booked"
    assert (found["outcome"]["lines"], found["outcome"]["keys"], found["outcome"]["problems"]) == (3, 3, 0)
    assert [row["month"] for row in found["found"]["by_month"]] == [
        "2026-02",
        "2026-03",
        "2026-03",
    ]  # late usage keeps its day
    assert payer.post(f"/v1/usage-reports/{tried['id']}/booking", {}).json()["code"] == "already_finished"

    booked = counted.booked(payer_id(), known_at=timezone.now())
    assert [str(one.report_id) for one in booked] == [tried["id"]]
    assert f"sha256:{booked[0].usage_digest}" == found["outcome"]["usage"]
    with store.local(booked[0].usage_digest, alias=counted.STORE) as path:
        assert pq.read_table(path).column("line").to_pylist() == [2, 3, 4]
    assert counted.matches(payer_id(), known_at=timezone.now()) == {f"isrc:{OUTPUT_ISRC}": of_output()}
    assert set(keys(payer)) == {"proprietary:shop:X-1", "title:contry sung|"}
    assert set(keys(payer, "matched")) == {f"isrc:{OUTPUT_ISRC}"}
    sequencer.drain(at=timezone.now())
    assert {"usage_received", "usage_finished", "usage_matched"} <= set(Entry.objects.values_list("kind", flat=True))
    assert audit.audit().faults == ()


def test_one_problem_and_nothing_is_booked(payer: Api) -> None:
    found = taken(payer, sheet(*ROWS, ",,,=1+1,-3,EUX,XX,1,,2026-03-01"))
    assert found["state"] == "refused"
    assert not UsageKey.objects.exists()
    assert not UsageMatch.objects.exists()
    assert counted.booked(payer_id(), known_at=timezone.now()) == ()
    problems = payer.get(f"/v1/usage-reports/{found['id']}/problems").json()["results"]
    assert {(row["file"], row["line"], row["code"]) for row in problems} == {
        (1, 5, "unknown_country"),
        (1, 5, "unknown_currency"),
        (1, 5, "negative_usage"),
    }
    rows = list(csv.DictReader(io.StringIO(body(payer.get(f"/v1/usage-reports/{found['id']}/problems.csv")).decode())))
    assert {row["line"] for row in rows} == {"5"}
    assert all(not value.startswith(("=", "+", "@", "-")) for row in rows for value in row.values())
    # Corrected, it is another report of the same message.
    again = taken(payer, sheet(*ROWS), message=found["message"][:20])
    assert again["state"] == "booked"
    assert read_again() == [("usage_received", Result.SAME), ("usage_finished", Result.SAME)] * 2


def test_the_same_report_is_booked_once(payer: Api) -> None:
    first = taken(payer, sheet(*ROWS), message="M-1")
    again = hand_in(payer, sheet(*ROWS), message="M-1")
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    other = hand_in(payer, sheet(ROWS[0]), message="M-1")
    assert (other.status_code, other.json()["code"]) == (409, "message_twice")
    taken_id = hand_in(payer, sheet(ROWS[1]), id=first["id"], message="M-2")
    assert (taken_id.status_code, taken_id.json()["code"]) == (409, "id_taken")


def test_of_two_reports_of_a_message_one_is_booked(payer: Api) -> None:
    ids = [UUID(hand_in(payer, sheet(row), message="M-1").json()["id"]) for row in ROWS[:2]]
    for id_ in ids:
        usages.read(report_id=id_, at=timezone.now())
    states = [payer.get(f"/v1/usage-reports/{id_}").json()["state"] for id_ in ids]
    assert states == ["booked", "refused"]
    assert payer.get(f"/v1/usage-reports/{ids[1]}/problems").json()["results"][0]["code"] == "message_twice"
    # Read again, the first was still free to be booked, and the second was not.
    assert [result for _, result in read_again()] == [Result.SAME] * 4


def test_what_was_read_is_read_again_from_the_files_as_they_are_kept(payer: Api) -> None:
    report = dsr_files.written([*(rows := dsr_files.basic(footer=False)), dsr_files.foot(rows)])
    taken(payer, report, format="dsr", sender=None, mapping=None, name="april.tsv")
    found = taken(payer, gzip.compress(sheet(ROWS[0])), sheet(*ROWS[1:]))
    assert read_again() == [("usage_received", Result.SAME), ("usage_finished", Result.SAME)] * 2
    received, finished = (
        Entry.objects.select_related("leaf").get(**{name: UUID(found["id"])})
        for name in ("usage_report", "usage_outcome__report")
    )

    # A newer library may write the same lines in other bytes.
    outcome = UsageOutcome.objects.get(report=found["id"])
    with store.local(outcome.usage_digest, alias=counted.STORE) as path:
        pq.write_table(pq.read_table(path), other := path.with_suffix(".other"), compression="gzip")
    outcome.usage_digest = store.put(other, alias=counted.STORE)
    again = usages.finished_again(outcome, reader=reading.VERSION, was_there=lambda rows_: rows_.exists())
    assert (again.is_rewritten, again.outcome.usage_digest) == (True, outcome.usage_digest)
    with pytest.raises(usages.ReadOtherwise):
        usages.finished_again(outcome, reader="usage/0", was_there=lambda rows_: rows_.exists())

    # However long a file is, no transaction stands while it is read.
    stores: dict[str, Any] = settings.STORAGES
    watched = stores[usages.FILES] | {"BACKEND": f"{__name__}.Watched"}
    with override_settings(STORAGES=stores | {usages.FILES: watched}):
        assert [replaying.replay(one).result for one in (received, finished)] == [Result.SAME] * 2
    assert Watched.stood == [False] * len(Watched.stood) != []

    second = UsageReport.objects.get(pk=found["id"]).files.get(number=2)
    with store.local(second.digest, alias=usages.FILES) as path:
        kept = path.read_bytes()
        path.write_bytes(kept.replace(b"100.5", b"100.4"))
        changed = [replaying.replay(one) for one in (received, finished)]
        path.unlink()
        gone = [replaying.replay(one) for one in (received, finished)]
        path.write_bytes(kept)
    assert [one.result for one in changed] == [Result.DIFFERENT] * 2
    assert "data.content" in {one.where for one in changed[0].differences}
    assert {"data.usage", "data.keys_digest"} <= {one.where for one in changed[1].differences}
    assert [one.result for one in gone] == [Result.LOST] * 2
    assert "not kept any more" in gone[1].sentence
    assert [replaying.replay(one).result for one in (received, finished)] == [Result.SAME] * 2


def test_a_dsr_report_says_itself_whose_it_is(payer: Api) -> None:
    rows = dsr_files.basic(footer=False)
    rows[5][4] = OUTPUT_ISRC
    report = dsr_files.written([*rows, dsr_files.foot(rows)])
    found = taken(payer, report, format="dsr", sender=None, mapping=None, name="april.tsv")
    assert (found["state"], found["sender"], found["message"]) == ("booked", dsr_files.SENDER, "M-1")
    assert found["found"]["totals"] == [{"currency": "EUR", "lines": 2, "usages": "300", "amount": "4.2"}]
    assert set(keys(payer, "matched")) == {f"isrc:{OUTPUT_ISRC}"}
    cut = hand_in(payer, b"nonsense", format="dsr", sender=None, mapping=None)
    assert (cut.status_code, cut.json()["code"]) == (422, "not_a_dsr_file")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"mapping": None}, 422, "mapping_missing"),
        ({"mapping": _json({"columns": {}})}, 422, "bad_mapping"),
        ({"mapping": "[" * 2000}, 400, "malformed"),
        ({"sender": None}, 422, "sender_missing"),
        ({"sender": "two words"}, 400, "malformed"),
        ({"format": "dsr"}, 422, "mapping_not_needed"),
        ({"format": "xml"}, 400, "malformed"),
        ({"replaces": str(uuid4())}, 409, "not_replaceable"),
        ({"saved_mapping": str(uuid4()), "mapping": None}, 404, "not_found"),
    ],
)
def test_what_cannot_be_read_is_refused_at_the_door(
    fields: dict[str, Any], status: int, code: str, trade: World
) -> None:
    answer = hand_in(finance("distributor"), sheet(*ROWS), **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not UsageReport.objects.exists()


# --- Matching


def test_people_match_what_ids_do_not(payer: Api) -> None:
    taken(payer, sheet(*ROWS), message="1")
    by_title = keys(payer)["title:contry sung|"]
    candidates = payer.get(f"/v1/usage-keys/{by_title['id']}/candidates").json()
    assert candidates[0]["submission"] == key("output")
    assert 80 <= candidates[0]["likeness"] < 100
    said = {"id": str(uuid4()), "submission": key("output"), "reason": "same title"}
    answer = payer.post(f"/v1/usage-keys/{by_title['id']}/match", said)
    assert (answer.status_code, answer.json()["key"]) == (201, "title:contry sung|")
    assert payer.post(f"/v1/usage-keys/{by_title['id']}/match", said).status_code == 200
    assert payer.post(f"/v1/usage-keys/{by_title['id']}/match", said | {"reason": "x"}).json()["code"] == "id_taken"
    known_before = timezone.now()
    assert counted.matches(payer_id(), known_at=known_before)["title:contry sung|"] == of_output()
    # Left in suspense instead: the newer one counts, and what was known before stays as it was known.
    left = {"id": str(uuid4()), "submission": None, "reason": "asked the shop"}
    assert payer.post(f"/v1/usage-keys/{by_title['id']}/match", left).status_code == 201
    assert "title:contry sung|" not in counted.matches(payer_id(), known_at=timezone.now())
    assert "title:contry sung|" in counted.matches(payer_id(), known_at=known_before)
    assert set(keys(payer, "suspense")) == {"title:contry sung|"}
    assert set(keys(payer, "unmatched")) == {"proprietary:shop:X-1"}
    rows = list(csv.DictReader(io.StringIO(body(payer.get("/v1/usage-keys/unmatched.csv")).decode())))
    assert [(row["currency"], row["amount"], row["state"]) for row in rows] == [
        ("EUR", "100.5", "unmatched"),
        ("USD", "7", "suspense"),
    ]


def test_a_code_that_was_registered_leads_to_its_output(payer: Api) -> None:
    body_ = {"id": str(uuid4()), "sender": "shop", "code": "X-1", "submission": key("output")}
    assert payer.post("/v1/usage-matches", body_).status_code == 201
    taken(payer, sheet(*ROWS))
    assert set(keys(payer)) == {"title:contry sung|"}
    assert counted.matches(payer_id(), known_at=timezone.now())["proprietary:shop:X-1"] == of_output()
    formula = payer.post("/v1/usage-matches", body_ | {"id": str(uuid4()), "code": "=1"})
    assert formula.json()["code"] == "not_a_code"


def test_nobody_matches_what_is_not_the_payers(payer: Api, world: World) -> None:
    taken(payer, sheet(*ROWS))
    id_ = keys(payer)["title:contry sung|"]["id"]
    waiting = world.submit("waiting", world.sounds.own())
    answer = payer.post(f"/v1/usage-keys/{id_}/match", {"id": str(uuid4()), "submission": waiting["id"]})
    assert answer.json()["code"] == "not_an_output_of_the_payer"
    answer = payer.post(f"/v1/usage-keys/{id_}/match", {"id": str(uuid4()), "submission": str(uuid4())})
    assert answer.json()["code"] == "unknown_reference"


# --- What replaces what


def test_a_report_replaces_another(payer: Api) -> None:
    first = taken(payer, sheet(*ROWS), message="1")
    known_before = timezone.now()
    other = hand_in(payer, sheet(ROWS[0]), message="2", sender="another", replaces=first["id"])
    assert other.json()["code"] == "not_replaceable"  # another sender's
    second = taken(payer, sheet(ROWS[0]), message="2", replaces=first["id"])
    assert second["state"] == "booked"
    found = payer.get(f"/v1/usage-reports/{first['id']}").json()
    assert (found["state"], found["superseded_by"]) == ("replaced", second["id"])
    assert [str(one.report_id) for one in counted.booked(payer_id(), known_at=timezone.now())] == [second["id"]]
    assert [str(one.report_id) for one in counted.booked(payer_id(), known_at=known_before)] == [first["id"]]
    assert keys(payer) == {}  # what only the first one said waits for nobody any more
    third = hand_in(payer, sheet(ROWS[1]), message="3", replaces=first["id"])
    assert third.json()["code"] == "not_replaceable"
    gone = payer.post(f"/v1/usage-reports/{second['id']}/withdrawals", {"reason": "sent by mistake"})
    assert (gone.status_code, gone.json()["state"]) == (201, "withdrawn")
    assert payer.post(f"/v1/usage-reports/{second['id']}/withdrawals", {"reason": "x"}).json()["code"] == "not_booked"
    assert counted.booked(payer_id(), known_at=timezone.now()) == ()


def test_a_correction_takes_away(payer: Api) -> None:
    taken(payer, sheet(ROWS[0]), message="1")
    back = taken(payer, sheet(ROWS[0].replace("1.25", "-0.75").replace(",3,,", ",-1,adjustment,")), message="2")
    assert back["found"]["by_kind"] == [
        {"kind": "adjustment", "currency": "EUR", "lines": 1, "usages": "-1", "amount": "-0.75"}
    ]
    amounts = [row.amount for one in UsageKey.objects.all() for row in one.sums.all()]
    assert sum(amounts) == Decimal("0.5")


# --- Whoever was killed is followed by another


class Killed(BaseException):
    """Stands for the end of a process."""


def test_what_was_cut_off_leaves_nothing_and_is_made_again_to_the_byte(payer: Api, monkeypatch: Any) -> None:
    id_ = UUID(hand_in(payer, sheet(*ROWS)).json()["id"])
    put: list[str] = []
    kept = store.put

    def remembering(path: Path, *, alias: str = "audio") -> str:
        digest = kept(path, alias=alias)
        put.append(digest)
        return digest

    monkeypatch.setattr(store, "put", remembering)
    with monkeypatch.context() as held:

        def end(*_args: Any, **_kwargs: Any) -> None:
            raise Killed

        held.setattr(counted, "record_matching", end)
        with pytest.raises(Killed):
            usages.read(report_id=id_, at=timezone.now())
    for model in (UsageOutcome, UsageKey, UsageMatch):
        assert not model.objects.exists()
    assert usages.read(report_id=id_, at=timezone.now()) is None  # its lease still runs
    later = timezone.now() + jobs.LEASE + timedelta(seconds=1)
    outcome = usages.read(report_id=id_, at=later)
    assert outcome is not None
    assert outcome.is_booked
    assert put == [outcome.usage_digest] * 2


def test_two_workers_book_a_report_once(payer: Api) -> None:
    id_ = UUID(hand_in(payer, sheet(*ROWS)).json()["id"])

    def work(_number: int) -> str:
        try:
            return str(usages.read(report_id=id_, at=timezone.now()))
        except usages.AlreadyFinished:
            return "finished"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(work, range(2)))
    assert answers.count("booked") == 1
    assert UsageOutcome.objects.count() == 1


# --- Who sees it


def test_what_an_output_earned_is_seen_by_its_payer(payer: Api, world: World) -> None:
    report = taken(payer, sheet(*ROWS))
    key_id = keys(payer)["title:contry sung|"]["id"]
    other = finance("rival")
    missing = other.get(f"/v1/usage-reports/{uuid4()}")
    for address in ("", "/problems", "/problems.csv"):
        assert other.get(f"/v1/usage-reports/{report['id']}{address}").json() == missing.json()
    assert other.post(f"/v1/usage-reports/{report['id']}/booking", {}).status_code == 404
    assert other.get(f"/v1/usage-keys/{key_id}/candidates").status_code == 404
    match = {"id": str(uuid4()), "submission": key("output")}
    assert other.post(f"/v1/usage-keys/{key_id}/match", match).status_code == 404
    for address in ("usage-reports", "usage-keys", "usage-matches", "usage-mappings"):
        assert other.get(f"/v1/{address}").json()["results"] == []
    assert len(body(other.get("/v1/usage-keys/unmatched.csv")).splitlines()) == 1
    assert world.label.get("/v1/usage-reports").status_code == 403  # its scopes are others
    same = hand_in(other, sheet(*ROWS), id=report["id"])
    assert same.json()["code"] == "id_taken"
    assert Job.objects.filter(kind=Job.Kind.USAGE).count() == 1


def test_mappings_are_saved_changed_and_used(payer: Api) -> None:
    id_ = str(uuid4())
    saved = payer.post("/v1/usage-mappings", {"id": id_, "name": "Shop", "mapping": MAPPING})
    assert saved.status_code == 201
    found = taken(payer, sheet(*ROWS), mapping=None, saved_mapping=id_)
    assert found["state"] == "booked"
    twice = payer.post("/v1/usage-mappings", {"id": str(uuid4()), "name": "Shop", "mapping": MAPPING})
    assert twice.json()["code"] == "name_taken"
    changed = payer.post(f"/v1/usage-mappings/{id_}", {"name": "Old shop", "mapping": MAPPING | {"decimal": ","}})
    assert changed.json()["mapping"]["decimal"] == ","
    assert payer.get(f"/v1/usage-reports/{found['id']}").json()["read_with"]["mapping"]["decimal"] == "."
    assert payer.post(f"/v1/usage-mappings/{id_}/removal", {}).status_code == 204
    assert payer.get("/v1/usage-mappings").json()["results"] == []


@pytest.fixture
def clerk(payer: Api) -> Client:
    """A person of the distributor's finance at the desk."""
    client = Client()
    client.force_login(admitted("clerk", "distributor", Membership.Role.FINANCE))
    return client
