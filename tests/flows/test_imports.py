"""Files of catalogues, shares, consents and works: handed in, rehearsed, taken, given back, taken back."""

from __future__ import annotations

import csv
import io
import json
import resource
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connections
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fingerprint import store
from ledger import (
    as_known,
    audit,
    clients,
    holding,
    importing,
    incoming,
    people,
    replaying,
    rereading,
    reversing,
    sequencer,
)
from ledger.holding import Retraction
from ledger.incoming import Reading
from ledger.models import (
    Entry,
    ImportBatch,
    ImportedFact,
    ImportNote,
    ImportOutcome,
    ImportProblem,
    ImportReversal,
    Job,
    Membership,
    Operation,
    SocietyAnswer,
)
from ledger.replaying import Replay, Result
from rights.exchange.mapping import Mapping
from rights.models import (
    Conflict,
    Consent,
    ConsentEvent,
    Identifier,
    Party,
    Recording,
    RecordingDescription,
    RecordingWork,
    Release,
    Share,
    ShareEvent,
    Work,
)
from rights.vocabulary import PartyKind
from tests.flows.conftest import CATALOGUE as SCOPES
from tests.flows.conftest import DOCUMENT, SINCE, USES, WORLD, Api, World, admitted, body, changed, key, row_counts
from tests.rights.exchange import cwr_files
from tests.rights.exchange import test_ern as ern
from tests.rights.exchange.cwr_files import Said, lines_of, nwr, packed, sound
from tests.rights.exchange.test_ack import _ack, _msg

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

CATALOGUE = {
    "kind": "catalogue",
    "columns": {
        "title": "Title",
        "isrc": "ISRC",
        "artist": "Artist",
        "artist_ipi": "IPI",
        "work_title": "Work",
        "iswc": "ISWC",
        "release_title": "Album",
        "release_code": "UPC",
        "track": "No",
    },
}
CATALOGUE_ROWS = """Title,ISRC,Artist,IPI,Work,ISWC,Album,UPC,No
First,GBUV71200495,Singer A,00132688075,First,T-034.524.680-1,Album A,4006381333931,1
Second,GBUV71200496,Singer A,00132688075,Second,,Album A,4006381333931,2
Third,GBUV71200497,Band B,,,,,,
"""
SHARES = {
    "kind": "shares",
    "columns": {"isrc": "ISRC", "party": "Owner", "share": "Share", "right": "Right", "territories": "Where"},
    "defaults": {"right": "ai_output", "territories": "2136"},
}
CONSENTS = {
    "kind": "consents",
    "columns": {
        "isrc": "ISRC",
        "grantor": "Holder",
        "uses": "Uses",
        "territories": "Where",
        "from": "From",
        "document_digest": "Document",
    },
}
IPI = "00132688075"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path) -> Iterator[None]:
    folder = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path / "imports")},
    }
    with override_settings(STORAGES={**configured.STORAGES, "imports": folder}):
        yield


def hand_in(api: Api, name: str, format: str, content: str | bytes, **fields: Any) -> Any:
    raw = content.encode() if isinstance(content, str) else content
    data = {"id": key(name), "format": format, "file": SimpleUploadedFile("file", raw), **fields}
    if isinstance(data.get("mapping"), dict):
        data["mapping"] = json.dumps(data["mapping"])
    return api.client.post("/v1/imports", data, headers=api.headers)


def taken(api: Api, name: str, format: str, content: str | bytes, **fields: Any) -> Any:
    """Hand a file in, have a worker take it, and read what came of it."""
    answer = hand_in(api, name, format, content, **fields)
    assert answer.status_code == 202, answer.content
    importing.take(batch_id=UUID(answer.json()["id"]), at=timezone.now())
    return api.get(f"/v1/imports/{answer.json()['id']}").json()


def rehearsed(api: Api, name: str, format: str, content: str | bytes, **fields: Any) -> Any:
    answer = hand_in(api, name, format, content, dry_run="true", **fields)
    assert answer.status_code == 202, answer.content
    importing.rehearse(batch_id=UUID(answer.json()["id"]), at=timezone.now())
    return api.get(f"/v1/imports/{answer.json()['id']}").json()


def known_to(organization: str, id: str, *, name: str) -> None:
    """A person whom an organization registered."""
    people.register_party(
        id=UUID(key(id)),
        kind=PartyKind.PERSON,
        name=name,
        registrar_id=UUID(key(organization)),
        at=timezone.now(),
    )


def problems(api: Api, batch: Any) -> list[tuple[int, str]]:
    found = api.get(f"/v1/imports/{batch['id']}/problems").json()["results"]
    return [(one["line"], one["code"]) for one in found]


def sound_log() -> None:
    """Give every entry its place and find nothing wrong; what was read from files is read again to the same."""
    sequencer.drain(at=timezone.now())
    assert audit.audit().faults == ()
    for entry in entries("import_received", "import_finished", "import_reversed"):
        again = replaying.replay(entry)
        assert (again.result, again.differences) == (Result.SAME, ()), (entry.kind, again)


def entries(*kinds: str) -> list[Entry]:
    return list(Entry.objects.filter(kind__in=kinds).select_related("leaf").order_by("leaf__index"))


def read_again(batch: Any) -> Replay:
    """Read an import again, and say what comes of it."""
    sequencer.drain(at=timezone.now())
    return replaying.replay(Entry.objects.select_related("leaf").get(import_outcome__batch=UUID(batch["id"])))


# --- Catalogues


def test_a_catalogue_is_rehearsed_and_then_taken(trade: World) -> None:
    before = {name: count for name, count in row_counts().items() if name.startswith("rights_")}
    batch = rehearsed(trade.label, "catalogue", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE)
    assert batch["state"] == "rehearsed"
    assert batch["rehearsal"]["would_be_taken"]
    assert batch["rehearsal"]["new"] == {
        "rights_identifier": 1,
        "rights_party": 2,
        "rights_recording": 3,
        "rights_release": 1,
        "rights_work": 2,
    }
    assert {name: count for name, count in row_counts().items() if name.startswith("rights_")} == before

    assert trade.label.post(f"/v1/imports/{batch['id']}/taking", {}).status_code == 202
    importing.take(batch_id=UUID(batch["id"]), at=timezone.now())
    batch = trade.label.get(f"/v1/imports/{batch['id']}").json()
    assert batch["state"] == "taken"
    assert batch["outcome"]["facts"] == 9
    release = Release.objects.get()
    assert [track.recording.title for track in release.tracks.order_by("position")] == ["First", "Second"]
    assert Work.objects.get(title="First").iswc == "T0345246801"
    assert Recording.objects.get(title="First").registrar_id == UUID(key("label"))
    assert RecordingWork.objects.count() == 2
    facts = trade.label.get(f"/v1/imports/{batch['id']}/facts").json()["results"]
    assert Counter(fact["line"] for fact in facts) == {2: 5, 3: 2, 4: 2}
    sound_log()


def test_the_next_file_of_a_sender_finds_what_is_there(trade: World) -> None:
    taken(trade.label, "first", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE)
    more = CATALOGUE_ROWS + "Fourth,GBUV71200498,Singer A,00132688075,,,,,\n"
    batch = taken(trade.label, "second", "catalogue", more, mapping=CATALOGUE)
    new = ImportedFact.objects.filter(batch=batch["id"], is_new=True)
    assert [(fact.line, fact.table) for fact in new] == [(5, "rights_recording")]
    assert (Party.objects.filter(registrar=UUID(key("label"))).count(), Recording.objects.count()) == (2, 4)


DESCRIBED = {
    "kind": "catalogue",
    "columns": {
        "title": "Title",
        "isrc": "ISRC",
        "genre": "Genre",
        "language": "Language",
        "region": "Region",
        "recorded_year": "Year",
        "lead_voice": "Voice",
    },
}
DESCRIBED_ROWS = """Title,ISRC,Genre,Language,Region,Year,Voice
First,GBUV71200495,"Country; Folk",EN,US,1998,female
Second,GBUV71200496,,,,,
Bad,GBUV71200497,Jazz,not a language!,US,1998,female
Worse,GBUV71200498,Jazz,en,US,98,tenor
,,Jazz,,,,
"""


def test_recordings_are_described_by_a_sheet(trade: World) -> None:
    found = taken(trade.label, "described", "catalogue", DESCRIBED_ROWS, mapping=DESCRIBED, is_partial="true")
    (row,) = RecordingDescription.objects.all()
    assert (row.recording.isrc, row.genres, row.languages) == ("GBUV71200495", ["country", "folk"], ["en"])
    assert (row.recorded_year, row.lead_voice, row.describer_id) == (1998, "female", UUID(key("label")))
    assert len(row.regions) == 1
    assert Entry.objects.filter(kind="recording_described", recording_description=row).count() == 1
    wrong = {(one.line, one.field) for one in ImportProblem.objects.all()}
    assert {(4, "language"), (5, "recorded_year"), (5, "lead_voice"), (6, "title")} <= wrong, found
    # Sent again under another name nothing comes twice; what is said anew stands beside what was said, and counts.
    again = DESCRIBED_ROWS.replace("1998,female\nSecond", "1999,female\nSecond")
    taken(trade.label, "described anew", "catalogue", again, mapping=DESCRIBED, is_partial="true")
    taken(trade.label, "the same again", "catalogue", again + "\n", mapping=DESCRIBED, is_partial="true")
    years = RecordingDescription.objects.order_by("recorded_at").values_list("recorded_year", flat=True)
    assert list(years) == [1998, 1999]
    # Somebody else's recording is not theirs to describe.
    rival = Api(clients.create(name="rival", party_id=UUID(key("rival")), scopes=["catalogue:read", "catalogue:write"]))
    other = "\n".join(DESCRIBED_ROWS.split("\n")[:2]) + "\n"
    taken(rival, "of others", "catalogue", other, mapping=DESCRIBED, is_partial="true")
    assert RecordingDescription.objects.filter(recording=row.recording).count() == 2


def test_the_same_file_is_the_same_import(trade: World) -> None:
    first = hand_in(trade.label, "first", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE)
    again = hand_in(trade.label, "again", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["id"] == first.json()["id"]
    other = hand_in(trade.label, "other", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE | {"decimal": ","})
    assert other.status_code == 202  # read otherwise, it may say something else


def test_of_two_hand_ins_at_once_one_is_the_import(trade: World) -> None:
    def attempt(name: str) -> tuple[int, str]:
        try:
            answer = hand_in(trade.label, name, "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE)
            return answer.status_code, answer.json()["id"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(attempt, ["one", "two"]))
    assert sorted(status for status, _ in answers) == [200, 202]
    assert len({id for _, id in answers}) == 1
    assert ImportBatch.objects.count() == 1


def test_a_party_of_a_common_name_is_asked_back(trade: World) -> None:
    for number in range(2):
        known_to("label", f"twin {number}", name="Band B")
    batch = taken(trade.label, "catalogue", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE)
    assert batch["state"] == "refused"
    assert problems(trade.label, batch) == [(4, "ambiguous_party")]
    assert not Recording.objects.exists()  # nothing of it, since it was not to be taken in parts
    sound_log()


def test_rows_that_were_not_taken_come_back_to_be_corrected(trade: World) -> None:
    for number in range(2):
        known_to("label", f"twin {number}", name="Band B")
    bad = CATALOGUE_ROWS + '"=1+1",NOTANISRC,Singer A,00132688075,,,,,\n'
    batch = taken(trade.label, "catalogue", "catalogue", bad, mapping=CATALOGUE, is_partial="true")
    assert batch["state"] == "taken"
    assert problems(trade.label, batch) == [(4, "ambiguous_party"), (5, "bad_isrc")]
    assert Recording.objects.count() == 2
    sheet = body(trade.label.get(f"/v1/imports/{batch['id']}/problems.csv")).decode()
    rows = list(csv.reader(io.StringIO(sheet)))
    assert rows[0][:3] == ["Title", "ISRC", "Artist"]
    assert rows[0][-4:] == ["line", "field", "code", "sentence"]
    assert [row[:3] for row in rows[1:]] == [["Third", "GBUV71200497", "Band B"], ["'=1+1", "NOTANISRC", "Singer A"]]
    corrected = sheet.replace("Band B", "Band B of the North").replace("NOTANISRC", "GBUV71200499")
    batch = taken(trade.label, "corrected", "catalogue", corrected, mapping=CATALOGUE)
    assert batch["state"] == "taken"
    assert sorted(Recording.objects.values_list("title", flat=True)) == ["=1+1", "First", "Second", "Third"]


def test_an_artist_without_a_number_is_one_throughout_the_file(trade: World) -> None:
    rows = "Title,ISRC,Artist,IPI,Work,ISWC,Album,UPC,No\n"
    rows += "".join(f"Song {number},GBUV712{number:05d},Band B,,,,,,\n" for number in range(600))
    batch = taken(trade.label, "many", "catalogue", rows, mapping=CATALOGUE)
    assert batch["outcome"]["facts"] == 601
    assert Party.objects.filter(registrar=UUID(key("label"))).count() == 1


# --- Shares


def shares_of(*rows: str) -> str:
    return "\n".join(["ISRC,Owner,Share,Right,Where", *rows]) + "\n"


@pytest.fixture
def stocked(trade: World) -> World:
    """The trade with three recordings that came from a catalogue."""
    taken(trade.label, "catalogue", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE)
    return trade


def test_shares_are_exact_and_found_again(stocked: World) -> None:
    rows = shares_of(
        "GBUV71200495,Label,33.33,,",
        "GBUV71200495,Publisher,33.33,,",
        "GBUV71200495,North House,33.33,,",
        "GBUV71200496,Label,100,,DE AT",
    )
    batch = taken(
        stocked.label, "shares", "shares", rows, mapping=SHARES, holds_from="2026-01-01", party_kind="company"
    )
    assert batch["outcome"]["facts"] == 6
    share = Share.objects.filter(recording__title="First").first()
    assert share is not None
    assert (share.numerator, share.denominator, share.written) == (1, 3, "33.33")
    assert share.registrar_id == UUID(key("label"))
    assert {str(row.party) for row in Share.objects.all()} == {"Label", "Publisher", "North House"}
    # The label finds itself by its name; the publisher that the operator registered is none of its business.
    new = Party.objects.filter(registrar=UUID(key("label")), kind="company")
    assert {str(party) for party in new} == {"Publisher", "North House"}
    assert Share.objects.get(recording__title="Second").territories == ["DE", "AT"]
    longer = taken(
        stocked.label, "more", "shares", rows + "GBUV71200497,Label,50,,\n", mapping=SHARES, party_kind="company"
    )
    assert (longer["outcome"]["facts"], longer["outcome"]["known_before"]) == (
        1,
        7,
    )  # holders too, and though no day was given
    sound_log()


def test_a_rehearsal_says_which_claims_are_too_much(stocked: World) -> None:
    stocked.label.post(
        "/v1/shares",
        {
            "id": key("held"),
            "party": key("rival"),
            "recording": str(Recording.objects.get(title="First").pk),
            "part": "1/2",
            "territories": ["2136"],
            "active_from": "2026-01-01",
        },
    )
    rows = shares_of("GBUV71200495,Label,60,,", "GBUV71200496,Label,100,,", "GBUV71200497,Label,101,,")
    batch = rehearsed(stocked.label, "shares", "shares", rows, mapping=SHARES, is_partial="true")
    assert batch["rehearsal"]["conflicts"] == 1
    assert batch["rehearsal"]["problems"] == 1
    assert not Conflict.objects.exists()
    stocked.label.post(f"/v1/imports/{batch['id']}/taking", {})
    importing.take(batch_id=UUID(batch["id"]), at=timezone.now())
    assert Conflict.objects.count() == 1
    sound_log()


def test_shares_of_what_nobody_registered_are_refused(stocked: World) -> None:
    rows = shares_of("GBUV79999999,Label,50,,")
    batch = taken(stocked.label, "shares", "shares", rows, mapping=SHARES)
    assert batch["state"] == "refused"
    assert problems(stocked.label, batch) == [(2, "unknown_recording")]


# --- Consents


def test_consents_are_written_down_and_taken_back(stocked: World) -> None:
    rows = "ISRC,Holder,Uses,Where,From,Document\n" + "".join(
        f"{isrc},Label,infer.input;distribute.outside,2136,2026-01-01,{'d0' * 32}\n"
        for isrc in ("GBUV71200495", "GBUV71200496")
    )
    batch = taken(stocked.label, "consents", "consents", rows, mapping=CONSENTS)
    assert batch["outcome"]["facts"] == 2, problems(stocked.label, batch)
    assert {consent.grantor_id for consent in Consent.objects.all()} == {UUID(key("label"))}
    answer = stocked.label.post(f"/v1/imports/{batch['id']}/reversals", {"id": key("back"), "reason": "wrong file"})
    assert answer.status_code == 202, answer.content
    reversing.reverse(batch_id=UUID(batch["id"]), at=timezone.now())
    assert ConsentEvent.objects.filter(act="withdrawn").count() == 2
    batch = stocked.label.get(f"/v1/imports/{batch['id']}").json()
    assert batch["state"] == "reversed"
    assert batch["reversal"]["consents_ended"] == 2
    sound_log()


def test_nobody_is_registered_because_somebody_says_that_they_agreed(stocked: World) -> None:
    rows = "ISRC,Holder,Uses,Where,From,Document\n"
    rows += f"GBUV71200495,Nobody Known,infer.input,2136,2026-01-01,{'d0' * 32}\n"
    batch = taken(stocked.label, "consents", "consents", rows, mapping=CONSENTS)
    assert problems(stocked.label, batch) == [(2, "unknown_party")]


# --- Taking back


def test_an_import_that_was_cut_short_goes_on_with_the_same_facts(trade: World) -> None:
    rows = "Title,ISRC,Artist,IPI,Work,ISWC,Album,UPC,No\n"
    rows += "".join(f"Song {number},GBUV712{number:05d},Band {number},,,,,,\n" for number in range(20))
    batch = UUID(hand_in(trade.label, "many", "catalogue", rows, mapping=CATALOGUE).json()["id"])
    with pytest.raises(ZeroDivisionError), connections["default"].execute_wrapper(_breaks_at("rights_recording", 12)):
        importing.take(batch_id=batch, at=timezone.now())
    assert not ImportOutcome.objects.exists()
    assert Recording.objects.count() == ImportedFact.objects.filter(table="rights_recording").count()
    importing.take(batch_id=batch, at=timezone.now() + timedelta(minutes=1))
    assert (Recording.objects.count(), Party.objects.filter(registrar=UUID(key("label"))).count()) == (20, 20)
    outcome = ImportOutcome.objects.get()
    assert (outcome.facts, outcome.known_before, outcome.facts_digest) == (
        40,
        0,
        importing.facts_digest(outcome.batch),
    )
    sound_log()


def _breaks_at(table: str, count: int) -> Callable[..., Any]:
    seen = 0

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's
        nonlocal seen
        seen += sql.startswith(f'INSERT INTO "{table}"')
        if seen == count:
            raise ZeroDivisionError
        return execute(sql, params, many, context)

    return wrapper


def test_what_an_import_brought_is_taken_back_once(stocked: World) -> None:
    rows = shares_of("GBUV71200495,Label,60,,", "GBUV71200495,North House,60,,")
    batch = taken(stocked.label, "shares", "shares", rows, mapping=SHARES)
    assert Conflict.objects.count() == 1
    path = f"/v1/imports/{batch['id']}/reversals"
    said = {"id": key("back"), "reason": "wrong file"}
    assert [stocked.label.post(path, said).status_code for _ in range(2)] == [202, 200]
    other = stocked.label.post(path, {"id": key("other"), "reason": "again"})
    assert (other.status_code, other.json()["code"]) == (409, "already_reversed")
    reversing.reverse(batch_id=UUID(batch["id"]), at=timezone.now())
    assert ShareEvent.objects.filter(act="retracted").count() == 2
    back = stocked.label.get(f"/v1/imports/{batch['id']}").json()["reversal"]
    assert (back["shares"], back["shares_retracted"], back["stays"]) == (2, 2, {"rights_party": 1})
    sound_log()

    # The file may come again, as an import of its own that follows the first.
    again = hand_in(stocked.label, "again", "shares", rows, mapping=SHARES)
    assert again.json()["id"] == batch["id"]
    second = taken(stocked.label, "second", "shares", rows, mapping=SHARES, again=batch["id"])
    assert second["outcome"]["facts"] == 2
    assert Share.objects.count() == 4
    sound_log()


def test_a_reversal_that_was_cut_short_goes_on(stocked: World) -> None:
    rows = shares_of(*(f"GBUV7120049{number},Label,60,," for number in (5, 6, 7)))
    batch = UUID(taken(stocked.label, "shares", "shares", rows, mapping=SHARES)["id"])
    reversal = reversing.ask_to_reverse(id=UUID(key("back")), batch_id=batch, reason="wrong file", at=timezone.now())
    first = Share.objects.order_by("pk")[0]
    # What a worker had written before it died.
    done = Retraction(id=uuid5(reversal.pk, f"retracted {first.pk}"), share_id=first.pk, reason=reversal.reason)
    holding.save_shares((), [done], at=timezone.now())
    reversing.reverse(batch_id=batch, at=timezone.now())
    assert sorted(ShareEvent.objects.values_list("share", flat=True)) == sorted(
        Share.objects.values_list("pk", flat=True)
    )
    sound_log()


def test_only_what_was_taken_is_taken_back(stocked: World) -> None:
    batch = taken(stocked.label, "shares", "shares", shares_of("GBUV79999999,Label,50,,"), mapping=SHARES)
    path = f"/v1/imports/{batch['id']}/reversals"
    answer = stocked.label.post(path, {"id": key("back"), "reason": "wrong file"})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_taken")


# --- Reading again what was taken


def test_an_import_is_read_again_as_it_was_known_then(stocked: World, other: Api) -> None:
    rows = shares_of("GBUV71200495,Label,60,,", "GBUV71200495,North House,60,,")
    shares = taken(stocked.label, "shares", "shares", rows, mapping=SHARES)
    new = "Title,ISRC,Artist,IPI,Work,ISWC,Album,UPC,No\nFourth,GBUV71200498,Band B,,,,,,\n"
    fourth = taken(stocked.label, "fourth", "catalogue", new, mapping=CATALOGUE)
    assert fourth["outcome"]["known_before"] == 1
    # What was registered, claimed and taken back since would make something else of the same files today.
    known_to("label", "namesake", name="Band B")
    known_to("label", "second house", name="North House")
    taken(stocked.label, "third", "catalogue", new.replace("Band B", "Band Q"), mapping=CATALOGUE)
    reversing.ask_to_reverse(id=UUID(key("back")), batch_id=UUID(shares["id"]), reason="wrong", at=timezone.now())
    assert read_again(shares).result is Result.SAME
    reversed_ = entries("import_reversed")[0]
    assert replaying.replay(reversed_).result is Result.NOTHING  # no worker was there yet
    reversing.reverse(batch_id=UUID(shares["id"]), at=timezone.now())
    sound_log()

    with changed(
        "UPDATE rights_party SET registered_at = '2026-01-01' WHERE id = %s", "rights_party", values=[key("namesake")]
    ):
        found = read_again(fourth)  # as if there had been two of that name
    assert found.result is Result.DIFFERENT
    assert found.differences[0].where == "problem of line 2"
    assert found.differences[0].now == "party ambiguous_party"  # and not the name: differences are kept
    assert "Band B" not in str(found.differences)
    with changed("DELETE FROM rights_partyidentity", "rights_partyidentity"):
        found = read_again(fourth)  # nobody can say any more whom "Band B" meant
    assert (found.result, "were erased since" in found.sentence) == (Result.LOST, True)


@pytest.mark.parametrize(
    ("table", "change", "where"),
    [
        ("rights_work", "title = 'Taken' WHERE title = 'Second'", "line 3: rights_work"),
        ("rights_recording", "isrc = 'GBUV79900499' WHERE isrc = 'GBUV71200497'", "line 4: rights_recording"),
        ("rights_recordingwork", "work_id = (SELECT max(id::text)::uuid FROM rights_work)", "line 2: rights_recording"),
        ("rights_releaserecording", "position = position + 10 WHERE position = 1", "line 2: rights_release"),
        ("rights_identifier", "value = '00000000199' WHERE scheme = 'ipi_name'", "line 2: rights_identifier"),
        ("ledger_importedfact", "line = line + 1 WHERE \"table\" = 'rights_release'", "line 2: rights_release"),
        ("rights_identifier", "id = gen_random_uuid() WHERE scheme = 'ipi_name'", "line 2: rights_identifier"),
        ("ledger_importedfact", "is_new = false WHERE line = 4", "line 4: rights_party"),
    ],
)
def test_what_an_import_brought_and_was_changed_since_is_named(
    table: str, change: str, where: str, stocked: World
) -> None:
    sequencer.drain(at=timezone.now())
    with changed(f"UPDATE {table} SET {change}", table):
        found = replaying.replay(entries("import_finished")[0])
    assert found.result is Result.DIFFERENT
    assert [one for one in found.differences if one.where.startswith(where)], found.differences


def test_what_others_recorded_meanwhile_is_no_difference(trade: World) -> None:
    batch = UUID(hand_in(trade.label, "slow", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE).json()["id"])
    began = timezone.now()
    known_to("label", "band", name="Band B")
    importing.take(batch_id=batch, at=began)  # found it, though it began before
    assert ImportOutcome.objects.get().known_before == 1
    sequencer.drain(at=timezone.now())
    again = replaying.replay(entries("import_finished")[0])
    assert (again.result, again.kept) == (Result.SAME, ("what others recorded while it was taken",))


def test_what_was_wrong_until_others_were_faster_is_no_difference(stocked: World) -> None:
    # One reading finds nobody of this name, the other, a moment later, somebody.
    rows = "ISRC,Holder,Uses,Where,From,Document\n"
    rows += f"GBUV71200495,Late Comer,infer.input,2136,2026-01-01,{'d0' * 32}\n"
    batch = UUID(hand_in(stocked.label, "consents", "consents", rows, mapping=CONSENTS).json()["id"])
    began = timezone.now()
    known_to("label", "late", name="Late Comer")
    importing.take(batch_id=batch, at=began)
    (problem,) = ImportProblem.objects.filter(batch=batch)
    assert problem.code == "not_your_party"  # and not that nobody has this name
    sequencer.drain(at=timezone.now())
    again = replaying.replay(Entry.objects.select_related("leaf").get(import_outcome__batch=batch))
    assert (again.result, len(again.kept)) == (Result.SAME, 1)


def test_where_an_import_cannot_be_read_again_the_reason_is_told(
    stocked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequencer.drain(at=timezone.now())
    received, finished = entries("import_received", "import_finished")
    with monkeypatch.context() as patched:
        patched.setattr(incoming, "VERSION", "import/2")
        found = replaying.replay(finished)
    assert (found.result, "That was import/1" in found.sentence) == (Result.LOST, True)
    with override_settings(LEDGER_MAX_IMPORT_BYTES=10):
        found = replaying.replay(finished)
    assert (found.result, "another limit" in found.sentence) == (Result.LOST, True)
    with changed(
        "DELETE FROM rights_partyidentity WHERE party_id IN (SELECT fact_id FROM ledger_importedfact)",
        "rights_partyidentity",
    ):
        assert replaying.replay(finished).result is Result.SAME  # nobody needs those names to plan it again
    with store.local(ImportBatch.objects.get().file_digest, alias=incoming.ALIAS) as path:
        kept = path.read_bytes()
        path.write_bytes(kept.replace(b"Third", b"Forth"))
        altered = [replaying.replay(one) for one in (received, finished)]
        path.unlink()
        gone = [replaying.replay(one) for one in (received, finished)]
        swept = timezone.now() + timedelta(days=400)
        Operation.objects.create(
            id=uuid4(), kind="sweep", has_passed=True, document="{}", began_at=swept, ended_at=swept
        )
        by_rights = [replaying.replay(one) for one in (received, finished)]
        path.write_bytes(kept)
    assert [one.result for one in altered] == [Result.DIFFERENT, Result.LOST]
    assert altered[0].differences[0].where == "data.file"
    assert [one.result for one in gone] == [Result.LOST] * 2
    assert "not kept any more" in gone[1].sentence
    assert [one.result for one in by_rights] == [Result.NOTHING] * 2
    assert "when its time was over" in by_rights[1].sentence
    assert replaying.replay(finished).result is Result.SAME  # another import may need the file longer


def test_lines_that_were_removed_as_their_time_was_over_are_no_difference(stocked: World) -> None:
    rows = shares_of("GBUV79999999,Label,50,,", "GBUV71200495,Label,50,,")
    batch = taken(stocked.label, "shares", "shares", rows, mapping=SHARES, is_partial="true")
    assert (batch["outcome"]["problems"], batch["outcome"]["facts"]) == (1, 1)
    assert (read_again(batch).result, read_again(batch).kept) == (Result.SAME, ())
    ImportProblem.objects.all().delete()
    assert read_again(batch).result is Result.DIFFERENT
    swept = timezone.now() + timedelta(days=400)
    Operation.objects.create(id=uuid4(), kind="sweep", has_passed=True, document="{}", began_at=swept, ended_at=swept)
    again = read_again(batch)
    assert (again.result, again.kept) == (Result.SAME, ("what was wrong, line by line: that was removed",))


def test_no_transaction_stands_while_a_file_is_read_again(trade: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "Title,ISRC,Artist,IPI,Work,ISWC,Album,UPC,No\n"
    rows += "".join(f"Song {number},GBUV712{number:05d},Band B,,,,,,\n" for number in range(1200))
    batch = taken(trade.label, "many", "catalogue", rows, mapping=CATALOGUE)
    sequencer.drain(at=timezone.now())
    monkeypatch.setattr(rereading, "PIECES_AT_ONCE", 1)
    began: list[str] = []

    def watched(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's
        if params == [as_known._THEN]:
            execute("SELECT xact_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()", (), False, context)
            began.append(context["cursor"].fetchone()[0])
        return execute(sql, params, many, context)

    with connections["default"].execute_wrapper(watched):
        assert read_again(batch).result is Result.SAME
    assert len(set(began)) >= 2 * 3  # twice through three parts, each in a transaction of its own


# --- CWR


def cwr_file(*more: tuple[Said, ...]) -> bytes:
    return packed(lines_of("2.2", (nwr(iswc="T0345246801"), *sound()[1:]), *more))


def test_works_come_in_by_cwr(trade: World) -> None:
    batch = taken(trade.label, "works", "cwr", cwr_file(), holds_from="2026-01-01")
    assert batch["state"] == "taken", problems(trade.label, batch)
    work = Work.objects.get()
    assert work.iswc == "T0345246801"
    assert {(share.basis, str(share.right_type)) for share in work.shares.all()} >= {
        ("ownership", "performing"),
        ("collection", "performing"),
    }
    assert not Conflict.objects.exists()
    own = taken(trade.label, "again", "cwr", cwr_file((nwr(work_number="W2", title="WORK TWO"), *sound()[1:])))
    assert own["outcome"]["known_before"] > 0
    assert Work.objects.count() == 2
    sound_log()


def test_a_society_answers_about_works(trade: World) -> None:
    taken(trade.label, "works", "cwr", cwr_file())
    number = Identifier.objects.get(scheme="proprietary", work__isnull=False).value
    answers = lines_of(
        "2.2",
        (_ack(work_number=number), _msg(), nwr(iswc="T0345246801"), *sound()[1:]),
        (_ack(work_number="NOBODYS", status="RJ"), nwr(), *sound()[1:]),
        sender_type="SO",
        sender="000000052",
    )
    batch = taken(trade.label, "answers", "cwr_ack", packed(answers), is_partial="true")
    assert [code for _, code in problems(trade.label, batch)] == ["unknown_work"]
    answer = SocietyAnswer.objects.get()
    assert (answer.status, answer.is_accepted, answer.recipient_number) == ("AS", True, "SOC-77")
    assert Identifier.objects.get(namespace="000000052").value == "SOC-77"
    found = trade.label.get(f"/v1/imports/{batch['id']}/answers").json()["results"]
    assert (found[0]["society"], found[0]["messages"]) == ("000000052", "SOCIETY IS NOT KNOWN")
    sound_log()


# --- ERN


def test_a_release_comes_in_by_ern(trade: World) -> None:
    resources = ern.recording("A1", contains="Partly") + ern.recording("A2", isrc="GBUV71200496")
    content = ern.message(resources, ern.release(ern.item("A2", "1") + ern.item("A1", "2")))
    batch = taken(trade.label, "message", "ern", content)
    assert batch["state"] == "taken", problems(trade.label, batch)
    release = Release.objects.get()
    assert [track.recording.isrc for track in release.tracks.order_by("position")] == ["GBUV71200496", "GBUV71200495"]
    assert "ContainsAI: Partly" in set(ImportNote.objects.values_list("text", flat=True))
    sound_log()


# --- What is no such file


@pytest.mark.parametrize(
    ("format", "content", "code"),
    [
        ("catalogue", b"", "empty"),
        ("catalogue", b"Title,ISRC\n", "missing_column"),
        ("catalogue", CATALOGUE_ROWS.encode("utf-16-le")[:-1], None),
        ("catalogue", CATALOGUE_ROWS.encode()[:-30] + b'"open', None),
        ("cwr", b"", None),
        ("cwr", b"HDRxx", None),
        ("cwr_ack", b"\x00" * 1000, None),
        ("ern", b"<a>", None),
        ("ern", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", None),
        ("ern", b"\xff\xfe\x00", None),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    trade: World, format: str, content: bytes, code: str | None
) -> None:
    given = {"mapping": CATALOGUE} if format == "catalogue" else {}
    batch = taken(trade.label, "bad", format, content, **given)
    assert batch["state"] == "refused"
    found = trade.label.get(f"/v1/imports/{batch['id']}/problems").json()["results"]
    assert found
    assert all(problem["sentence"] for problem in found)
    assert code is None or found[0]["code"] == code
    assert not ImportedFact.objects.exists()
    assert ImportOutcome.objects.get().facts == 0
    assert Entry.objects.filter(kind="import_finished").count() == 1
    body(trade.label.get(f"/v1/imports/{batch['id']}/problems.csv"))


def test_a_truncated_cwr_file_brings_nothing(trade: World) -> None:
    raw = cwr_file()
    batch = taken(trade.label, "cut", "cwr", raw[: len(raw) // 2])
    assert batch["state"] == "refused"
    assert not Work.objects.exists()


def test_a_cwr_file_whose_counts_are_wrong_brings_nothing(trade: World) -> None:
    raw = cwr_file().replace(b"TRL00001", b"TRL00009")
    batch = taken(trade.label, "counts", "cwr", raw, is_partial="true")
    assert not Work.objects.exists(), batch


def test_a_number_twice_in_a_file_is_one_thing_or_a_problem(trade: World) -> None:
    twice = CATALOGUE_ROWS + "Another,GBUV71200495,Singer A,00132688075,,,,,\n"
    batch = taken(trade.label, "twice", "catalogue", twice, mapping=CATALOGUE)
    assert problems(trade.label, batch) == [(5, "contradicts")]
    assert not Recording.objects.exists()


def test_a_file_beyond_the_limit_is_refused_unread(trade: World) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size

    payload = Endless()
    with override_settings(LEDGER_MAX_IMPORT_BYTES=10**9):
        answer = trade.label.raw(
            "/v1/imports",
            payload,  # type: ignore[arg-type]
            length=str(5 * 10**9),
            content_type="multipart/form-data; boundary=b",
        )
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")
    assert payload.given < 10**6


@pytest.mark.slow
def test_a_gigabyte_is_read_no_further_than_the_limit(trade: World, tmp_path: Path) -> None:
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as written:
        written.write(CATALOGUE_ROWS.encode())
        written.truncate(10**9)  # sparse: a single line of NUL
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    batch = importing.hand_in(
        id=UUID(key("huge")),
        organization_id=UUID(key("label")),
        format=ImportBatch.Format.CATALOGUE_SHEET,
        path=huge,
        reading=Reading(mapping=Mapping.from_dict(CATALOGUE)),
        is_partial=True,
        is_rehearsal=False,
        at=timezone.now(),
    ).batch
    with override_settings(LEDGER_MAX_IMPORT_BYTES=50 * 10**6):
        importing.take(batch_id=batch.pk, at=timezone.now())
    found = trade.label.get(f"/v1/imports/{batch.pk}").json()
    assert found["state"] == "refused"
    assert "too_large" in {code for _, code in problems(trade.label, found)}
    assert not Recording.objects.exists()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # KiB


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=40), at=st.floats(0, 1), format=st.sampled_from(["catalogue", "cwr", "ern"]))
def test_a_damaged_file_is_refused_whole_or_read(trade: World, noise: bytes, at: float, format: str) -> None:
    raw = {
        "catalogue": CATALOGUE_ROWS.encode(),
        "cwr": cwr_file(),
        "ern": ern.message(ern.recording("A1"), ern.release(ern.item("A1"))),
    }[format]
    place = int(at * len(raw))
    content = raw[:place] + noise + raw[place + len(noise) :]
    answer = hand_in(
        trade.label,
        str(uuid4()),
        format,
        content,
        dry_run="true",
        **({"mapping": CATALOGUE} if format == "catalogue" else {}),
    )
    assert answer.status_code in {200, 202}
    batch = UUID(answer.json()["id"])
    importing.rehearse(batch_id=batch, at=timezone.now())
    would = trade.label.get(f"/v1/imports/{batch}").json()["rehearsal"]
    assert would["would_be_taken"] or problems(trade.label, {"id": batch})
    assert not Recording.objects.exists()


# --- Who sees what


@pytest.fixture
def other(trade: World) -> Api:
    """Another organization, which sees what is its own."""
    return Api(clients.create(name="own", party_id=UUID(key("publisher")), scopes=SCOPES[:2]))


def test_imports_of_others_are_not_there(trade: World, other: Api) -> None:
    batch = taken(trade.label, "catalogue", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE)
    nothing = str(uuid4())
    for path in ("", "/problems", "/facts", "/problems.csv", "/answers"):
        given, missing = (other.get(f"/v1/imports/{id}{path}") for id in (batch["id"], nothing))
        assert (given.status_code, given.json()) == (404, missing.json()), path
    for path in ("/dry-run", "/taking", "/reversals"):
        said = {"id": str(uuid4()), "reason": "mine now"}
        given, missing = (other.post(f"/v1/imports/{id}{path}", said) for id in (batch["id"], nothing))
        assert (given.status_code, given.json()) == (404, missing.json()), path
    assert other.get("/v1/imports").json()["results"] == []
    assert not ImportReversal.objects.exists()
    assert Job.objects.count() == 1


def test_mappings_of_others_are_not_there(trade: World, other: Api) -> None:
    trade.label.post("/v1/mappings", {"id": key("mapping"), "name": "North", "mapping": CATALOGUE})
    assert other.get("/v1/mappings").json()["results"] == []
    assert other.get(f"/v1/mappings/{key('mapping')}").status_code == 404
    assert other.post(f"/v1/mappings/{key('mapping')}", {"name": "Mine", "mapping": SHARES}).status_code == 404
    assert other.post(f"/v1/mappings/{key('mapping')}/removal", {}).status_code == 404
    answer = hand_in(other, "file", "catalogue", CATALOGUE_ROWS, saved_mapping=key("mapping"))
    assert answer.status_code == 404
    assert len(trade.label.get("/v1/mappings").json()["results"]) == 1


def test_a_code_that_another_registered_is_for_the_operator_to_say(stocked: World, other: Api) -> None:
    batch = taken(other, "theirs", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE, is_partial="true")
    assert batch["outcome"]["facts"] == 0
    found = other.get(f"/v1/imports/{batch['id']}/problems").json()["results"]
    assert {problem["code"] for problem in found} == {"registered_elsewhere"}
    assert {problem["line"] for problem in found} == {2, 3, 4}
    hidden = [str(id) for model in (Party, Work, Recording) for id in model.objects.values_list("pk", flat=True)]
    hidden += ["Singer A", "Band B", "Label"]
    said = " ".join(problem["sentence"] for problem in found)
    assert "ask the operator" in said
    assert not any(text in said for text in hidden)
    assert other.get(f"/v1/imports/{batch['id']}/facts").json()["results"] == []  # nor is any of it named as known
    shares = taken(other, "shares", "shares", shares_of("GBUV71200495,Publisher,50,,"), mapping=SHARES)
    assert problems(other, shares) == [(2, "registered_elsewhere")]


def test_names_and_titles_of_others_are_not_found(stocked: World, other: Api) -> None:
    rows = "Title,ISRC,Artist,IPI,Work,ISWC,Album,UPC,No\nFirst,,Band B,,,,,,\n"
    batch = taken(other, "theirs", "catalogue", rows, mapping=CATALOGUE)
    assert (batch["outcome"]["facts"], batch["outcome"]["known_before"]) == (2, 0)
    assert Recording.objects.filter(title="First").count() == 2
    by_title = {**SHARES, "columns": {"recording": "Title", "party": "Owner", "share": "Share"}}
    rows = "Title,Owner,Share\nSecond,Publisher,50\n"
    batch = taken(other, "shares", "shares", rows, mapping=by_title)
    assert problems(other, batch) == [(2, "unknown_recording")]
    sound_log()


def test_claims_for_others_are_of_what_one_has_a_part_in(stocked: World, other: Api) -> None:
    first, second = (str(Recording.objects.get(title=title).pk) for title in ("First", "Second"))
    for asset in (first, second):  # the publisher sees both, and holds nothing of either
        stocked.consent(f"of {asset}", grantor="label", recording=asset, licensee=key("publisher"))
    rows = shares_of("GBUV71200495,Label,50,,", "GBUV71200496,Publisher,50,,", "GBUV71200496,Label,50,,")
    batch = taken(other, "shares", "shares", rows, mapping=SHARES, is_partial="true")
    assert problems(other, batch) == [(2, "not_your_party")]
    claimed = {(str(share.party_id), str(share.recording_id)) for share in Share.objects.all()}
    assert claimed == {(key("publisher"), second), (key("label"), second)}
    assert {share.registrar_id for share in Share.objects.all()} == {UUID(key("publisher"))}
    sound_log()


def test_what_another_registered_gets_no_more_codes(stocked: World, other: Api) -> None:
    first = str(Recording.objects.get(title="First").pk)
    stocked.consent("seen", grantor="label", recording=first, licensee=key("publisher"))
    rows = "Title,ISRC,Artist,IPI,Work,ISWC,Album,UPC,No\nFirst,GBUV71200495,Writer N,,Own,,,,\n"
    batch = taken(other, "theirs", "catalogue", rows, mapping=CATALOGUE)
    assert batch["state"] == "taken"
    assert problems(other, batch) == [(2, "not_your_party")]
    assert RecordingWork.objects.filter(recording_id=first).count() == 1  # the label's
    sound_log()


def test_consents_of_others_are_not_written_down(stocked: World, other: Api) -> None:
    first = str(Recording.objects.get(title="First").pk)
    stocked.consent("seen", grantor="label", recording=first, licensee=key("publisher"))
    rows = "ISRC,Holder,Uses,Where,From,Document\n"
    rows += f"GBUV71200495,Label,{';'.join(USES)},{WORLD},{SINCE},{DOCUMENT}\n"
    batch = taken(other, "consents", "consents", rows, mapping=CONSENTS)
    assert problems(other, batch) == [(2, "not_your_party")]
    assert Consent.objects.count() == 1


def test_a_member_imports_for_ones_own_organization(trade: World, client: Client) -> None:
    theirs = taken(trade.label, "catalogue", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE)
    client.force_login(admitted("manager", "publisher", Membership.Role.RIGHTS_MANAGER))
    page = f"/admin/ledger/importbatch/{theirs['id']}/"
    assert theirs["id"] not in client.get("/admin/ledger/importbatch/").content.decode()
    for path in ("change/", "progress/", "problems.csv"):
        assert client.get(page + path).status_code == 404, path
    for path in ("take/", "rehearse/", "reverse/"):
        assert client.post(page + path, {"id": str(uuid4()), "reason": "x"}).status_code == 404, path
    form = client.get("/admin/ledger/importbatch/add/").context["form"]
    assert [str(party) for party in form.fields["organization"].queryset] == ["Publisher"]

    given = {"id": key("by hand"), "format": "catalogue", "kind": "person"}

    def post(**more: Any) -> Any:
        file = SimpleUploadedFile("catalogue.csv", CATALOGUE_ROWS.encode())
        return client.post("/admin/ledger/importbatch/add/", given | {"file": file} | more)

    for wrong in ({"organization": key("label")}, {}):
        assert post(**wrong).status_code == 422
    answer = post(organization=key("publisher"))
    assert answer.status_code == 302
    assert client.get(answer["Location"]).status_code == 200
    assert client.get(answer["Location"].replace(key("publisher"), key("label"))).status_code == 403
    stranger = Client()
    stranger.force_login(admitted("manager too", "label", Membership.Role.RIGHTS_MANAGER))
    assert stranger.get(answer["Location"]).status_code == 404  # the file is whoever's handed it in


def test_a_mapping_is_saved_changed_and_used(trade: World) -> None:
    said = {"id": key("mapping"), "name": "North", "mapping": CATALOGUE}
    assert [trade.label.post("/v1/mappings", said).status_code for _ in range(2)] == [201, 200]
    other = trade.label.post("/v1/mappings", said | {"id": key("other")})
    assert (other.status_code, other.json()["code"]) == (409, "name_taken")
    bad = trade.label.post("/v1/mappings", said | {"id": key("bad"), "mapping": {"kind": "songs"}})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_mapping")
    batch = taken(trade.label, "catalogue", "catalogue", CATALOGUE_ROWS, saved_mapping=key("mapping"))
    assert batch["read_with"]["mapping"]["columns"] == CATALOGUE["columns"]
    path = f"/v1/mappings/{key('mapping')}"
    changed = trade.label.post(path, {"name": "South", "mapping": SHARES})
    assert (changed.status_code, changed.json()["format"]) == (200, "shares")
    assert trade.label.post(f"{path}/removal", {}).status_code == 204
    assert trade.label.get(path).status_code == 404


@pytest.mark.parametrize(
    ("format", "fields", "code"),
    [
        ("catalogue", {}, "mapping_missing"),
        ("shares", {"mapping": CATALOGUE}, "mapping_of_another_format"),
        ("cwr", {"mapping": CATALOGUE}, "mapping_of_another_format"),
        ("catalogue", {"mapping": {"kind": "catalogue"}}, "bad_mapping"),
        ("cwr", {"again": key("nothing")}, "not_over"),
    ],
)
def test_what_a_file_is_read_with_must_fit(trade: World, format: str, fields: dict[str, Any], code: str) -> None:
    answer = hand_in(trade.label, "file", format, b"x", **fields)
    assert (answer.status_code, answer.json()["code"]) == (422 if code != "not_over" else 409, code)
    assert not ImportBatch.objects.exists()


# --- Works out


def test_works_go_out_by_cwr_as_they_came_in(trade: World) -> None:
    taken(trade.label, "works", "cwr", cwr_file(), holds_from="2026-01-01")
    trade.state("/v1/works", {"id": key("bare"), "title": "Bare"})
    for version in ("2.2", "3.1"):
        query = f"version={version}&sender_code=NPX&sender=00000000199&recipient=052&number=7"
        answer = trade.label.get(f"/v1/exports/cwr?{query}")
        raw = body(answer)
        assert answer.status_code == 200, raw
        name = {"2.2": "NPX_052.V22", "3.1": "NPX_052_V3-1-0.SUB"}[version]
        assert name in answer["Content-Disposition"]
        _, lines = cwr_files.read(raw)
        assert cwr_files.codes(lines) == []
        (work,) = cwr_files.works(lines)
        assert work.title == "WORK ONE"
        assert {share.right_type for share in cwr_files.shares(lines, basis="collection")} >= {"performing"}
        report = trade.label.get(f"/v1/exports/cwr/report?{query}").json()
        assert report["works"] == 1
        assert [refused["work"] for refused in report["refused"]] == [key("bare")]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("sender_code=NPX&number=7", "no_sender_number"),
        ("sender_code=NPX&number=7&sender=199", "nothing_to_write"),
        ("sender_code=x&number=7&sender=199", "bad_heading"),
        ("number=7", "malformed"),
    ],
)
def test_what_cannot_be_written_is_refused(trade: World, query: str, code: str) -> None:
    assert trade.label.get(f"/v1/exports/cwr?{query}").json()["code"] == code


def test_the_command_writes_the_same_file(trade: World, tmp_path: Path) -> None:
    taken(trade.label, "works", "cwr", cwr_file(), holds_from="2026-01-01")
    said = io.StringIO()
    arguments = [key("label"), str(tmp_path), "--sender-code", "NPX", "--sender", "00000000199", "--number", "7"]
    call_command("export_cwr", *arguments, stdout=said)
    (file,) = tmp_path.glob("CW*.V22")
    assert "1 works, 0 left out" in said.getvalue()
    _, lines = cwr_files.read(file.read_bytes())
    assert cwr_files.codes(lines) == []


# --- At the desk


@pytest.fixture
def desk(trade: World, client: Client) -> Client:
    """Somebody of the label who may read and not import."""
    client.force_login(admitted("reader", "label", Membership.Role.AUDITOR))
    return client


def test_staff_who_may_not_import_only_look(trade: World, desk: Client) -> None:
    batch = taken(trade.label, "catalogue", "catalogue", CATALOGUE_ROWS, mapping=CATALOGUE)
    page = f"/admin/ledger/importbatch/{batch['id']}/"
    assert desk.get(f"{page}change/").status_code == 200
    assert "Take back" not in desk.get(f"{page}change/").content.decode()
    assert desk.get("/admin/ledger/importbatch/").status_code == 200
    assert desk.get(f"{page}progress/").json()["state"] == "taken"
    for path in ("take/", "rehearse/", "reverse/"):
        assert desk.post(page + path).status_code == 403
    assert desk.get("/admin/ledger/importbatch/add/").status_code == 403


def test_the_desk_refuses_what_is_too_large_and_what_is_gone(trade: World, client: Client) -> None:
    client.force_login(User.objects.create_superuser("rights"))
    with override_settings(LEDGER_MAX_IMPORT_BYTES=10, DATA_UPLOAD_MAX_MEMORY_SIZE=10):
        file = SimpleUploadedFile("catalogue.csv", CATALOGUE_ROWS.encode())
        answer = client.post("/admin/ledger/importbatch/add/", {"id": key("a"), "format": "cwr", "file": file})
    assert answer.status_code == 413
    gone = f"/admin/ledger/importbatch/map/{'0' * 64}/?id={key('a')}&format=catalogue&kind=person"
    assert client.get(gone).status_code == 404
    assert client.get(gone.replace("format=catalogue", "format=song")).status_code == 404
    assert not ImportBatch.objects.exists()


def test_answers_of_a_society_stand_on_the_page(trade: World, client: Client) -> None:
    taken(trade.label, "works", "cwr", cwr_file())
    number = Identifier.objects.get(scheme="proprietary", work__isnull=False).value
    said = (_ack(work_number=number), _msg(), nwr(iswc="T0345246801"), *sound()[1:])
    file = SimpleUploadedFile("answers", packed(lines_of("2.2", said, sender_type="SO", sender="000000052")))
    client.force_login(User.objects.create_superuser("rights"))
    given = {"id": key("answers"), "format": "cwr_ack", "file": file, "kind": "person", "organization": key("label")}
    answer = client.post("/admin/ledger/importbatch/add/", given)
    assert answer.status_code == 302, answer.content
    batch = ImportBatch.objects.get(format="cwr_ack")
    importing.rehearse(batch_id=batch.pk, at=timezone.now())
    assert client.post(f"/admin/ledger/importbatch/{batch.pk}/take/").status_code == 302
    importing.take(batch_id=batch.pk, at=timezone.now())
    page = client.get(answer["Location"]).content.decode()
    assert "What the society answered" in page
    assert "SOC-77" in page
    file.seek(0)
    again = client.post("/admin/ledger/importbatch/add/", given | {"id": key("again")})
    assert again["Location"] == answer["Location"]
