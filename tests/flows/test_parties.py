"""Parties: names and codes, who acts for whom, who is protected, which are one; as known at any moment."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from ledger import approvals, audit, clients, people, sequencer
from ledger.models import Entry, Proposal
from rights import codes, keys, parties
from rights.identifiers import CodeStatus
from rights.models import (
    Identifier,
    NameToken,
    Party,
    PartyContact,
    PartyIdentity,
    PartyMerge,
    PartyMergeUndo,
    ShareStanding,
)
from rights.sealing import Unreadable
from rights.vocabulary import NameKind, PartyKind
from tests.flows.conftest import CATALOGUE, DOCUMENT, SINCE, WORLD, Api, World, key, row_counts, superuser
from tests.remembering import remembered

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

IPI = "00132688075"
OTHER_IPI = "00199700140"
SCOPES = [*CATALOGUE, "parties:merge", "parties:erase", "rights:export"]


@pytest.fixture
@remembered
def desk(trade: World) -> Api:
    """A client with every scope about parties."""
    return Api(clients.create(name="people", party_id=UUID(key("label")), scopes=SCOPES))


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make calls at the same time, each on its own connection; return what each answered or raised."""
    answers: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(place: int) -> None:
        start.wait(20)
        try:
            answers[place] = calls[place]()
        except Exception as error:  # noqa: BLE001 - handed to the test
            answers[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def clean() -> bool:
    while sequencer.step(at=timezone.now(), batch=250):
        pass
    return audit.audit().faults == ()


# --- names


def test_no_name_stands_in_the_open(desk: Api) -> None:
    desk.post("/v1/parties", {"id": key("p"), "kind": "person", "name": "Planted Namesake"})
    desk.post(f"/v1/parties/{key('p')}/names", {"id": key("n"), "kind": "pseudonym", "name": "Planted Pseudonym"})
    for table in ("rights_partyidentity", "rights_partyname", "rights_nametoken", "ledger_entry"):
        with superuser() as login:
            for row in login.execute(f"SELECT t::text FROM {table} AS t").fetchall():
                assert "Planted" not in row[0]
                assert b"Planted".hex() not in row[0]
    assert desk.get(f"/v1/parties/{key('p')}").json()["name"] == "Planted Namesake"


def test_a_name_is_added_once_and_read_back(desk: Api) -> None:
    name = {"id": key("n"), "kind": "pseudonym", "name": "Writer A, otherwise"}
    first = desk.post(f"/v1/parties/{key('writer')}/names", name)
    assert (first.status_code, first.json()["name"]) == (201, "Writer A, otherwise")
    assert desk.post(f"/v1/parties/{key('writer')}/names", name).status_code == 200
    other = desk.post(f"/v1/parties/{key('writer')}/names", name | {"name": "Other"})
    assert code_of(other) == (409, "id_taken")
    listed = desk.get(f"/v1/parties/{key('writer')}/names").json()["results"]
    assert [one["name"] for one in listed] == ["Writer A, otherwise"]
    entry = Entry.objects.get(kind="party_named")
    assert b"otherwise" not in bytes(entry.body)
    assert clean()


def test_a_name_of_nobody_is_refused(desk: Api) -> None:
    before = row_counts()
    answer = desk.post(f"/v1/parties/{uuid4()}/names", {"id": key("n"), "kind": "credit", "name": "X"})
    assert code_of(answer) == (404, "no_such_party")
    assert row_counts() == before


@pytest.mark.parametrize(
    ("text", "found"),
    [("sing", True), ("SINGER", True), ("inger", False), ("aka", True), ("singer aka", True), ("label", False)],
)
def test_a_party_is_found_by_the_beginnings_of_its_names(desk: Api, text: str, *, found: bool) -> None:
    people.add_name(id=uuid4(), party_id=UUID(key("singer")), kind=NameKind.PSEUDONYM, name="A.K.A.", at=timezone.now())
    assert parties.named(text).filter(pk=key("singer")).exists() is found


def test_names_of_older_releases_are_sealed(desk: Api) -> None:
    committed = bytes(Party.objects.get(pk=key("writer")).commitment)
    identity = PartyIdentity.objects.get(party=UUID(key("writer")))
    salt = identity.salt
    with superuser() as login:
        login.execute(
            "UPDATE rights_partyidentity SET sealed = NULL, wrapped = NULL, name = 'Writer', salt = %s"
            " WHERE party_id = %s",
            (salt, key("writer")),
        )
        login.execute("DELETE FROM rights_nametoken WHERE party_id = %s", (key("writer"),))
    assert desk.get(f"/v1/parties/{key('writer')}").json()["name"] == "Writer"
    refused = desk.post(f"/v1/parties/{key('writer')}/names", {"id": key("n"), "kind": "credit", "name": "X"})
    assert code_of(refused) == (409, "not_sealed_yet")
    assert clean()
    assert people.seal_names() == 1
    assert people.seal_names() == 0
    now = PartyIdentity.objects.get(party=UUID(key("writer")))
    assert (now.plain_name, now.plain_salt, now.name) == (None, None, "Writer")
    assert parties.commitment(kind="person", name="Writer", salt=now.salt) == committed
    assert parties.named("writer").get().pk == UUID(key("writer"))
    assert clean()


def test_keys_are_wrapped_anew_and_the_old_one_may_go(desk: Api, settings: Any, tmp_path: Any) -> None:
    record(desk, "writer", IPI)
    before = {row.party_id: bytes(row.sealed or b"") for row in PartyIdentity.objects.all()}
    old = keys.keks()
    settings.LEDGER_KEK = base64.b64encode(bytes(range(32))).decode()
    assert people.rewrap_keys() == len(before)
    assert people.rewrap_keys() == 0
    assert {row.party_id: bytes(row.sealed or b"") for row in PartyIdentity.objects.all()} == before
    settings.KEYS_DIR = tmp_path  # without the file of the old key
    assert keys.keks()[0].id not in {kek.id for kek in old}
    assert PartyIdentity.objects.get(party=UUID(key("writer"))).name == "Writer"
    settings.LEDGER_KEK = base64.b64encode(bytes(32)).decode()  # and without the new one
    [said] = [fault.sentence for fault in audit.audit().faults]
    assert said.startswith("The names could not be checked")


def test_what_is_sealed_for_a_party_opens_in_its_place_only(desk: Api) -> None:
    sealed = parties.seal_for(UUID(key("writer")), "a message", context="here:1")
    assert parties.open_for(UUID(key("writer")), sealed, context="here:1") == "a message"
    with pytest.raises(Unreadable):
        parties.open_for(UUID(key("writer")), sealed, context="here:2")
    with pytest.raises(Unreadable):
        parties.open_for(UUID(key("singer")), sealed, context="here:1")
    parties.erase_names([UUID(key("writer"))])
    assert parties.open_for(UUID(key("writer")), sealed, context="here:1") is None
    with pytest.raises(parties.Erased):
        parties.seal_for(UUID(key("writer")), "more", context="here:1")


def test_a_contact_is_replaced(desk: Api) -> None:
    for address in ("first@example.org", "second@example.org"):
        parties.put_contact(id=uuid4(), party_id=UUID(key("writer")), kind="email", address=address, at=timezone.now())
    assert parties.contact_of(UUID(key("writer")), "email") == "second@example.org"
    assert parties.contact_of(UUID(key("writer")), "post") is None
    assert PartyContact.objects.count() == 1


# --- codes


def record(desk: Api, party: str, raw: str, name: str = "") -> Any:
    document = {"id": key(f"code {party} {name or raw}"), "scheme": "ipi_name", "raw": raw}
    return desk.post(f"/v1/parties/{key(party)}/identifiers", document)


def status_of(desk: Api, party: str) -> list[str]:
    return [one["status"] for one in desk.get(f"/v1/parties/{key(party)}/identifiers").json()["results"]]


def test_a_code_is_stored_in_one_form_beside_what_was_written(desk: Api) -> None:
    answer = record(desk, "writer", "132.688.075")
    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in ("scheme", "value", "raw", "status")} == {
        "scheme": "ipi_name",
        "value": IPI,
        "raw": "132.688.075",
        "status": "check_ok",
    }
    assert record(desk, "writer", "132.688.075").status_code == 200
    assert code_of(record(desk, "writer", IPI)) == (409, "code_is_recorded")
    assert clean()


@pytest.mark.parametrize(
    ("address", "document", "problem"),
    [
        ("parties", {"scheme": "ipi_name", "raw": "00132688076"}, "bad_code"),
        ("parties", {"scheme": "ipi_name", "raw": "0" * 11}, "bad_code"),
        ("parties", {"scheme": "isrc", "raw": "GBAYE0500001"}, "wrong_thing"),
        ("parties", {"scheme": "ipi_name", "namespace": "X", "raw": IPI}, "bad_code"),
        ("parties", {"scheme": "proprietary", "raw": "CAT-1"}, "bad_code"),
        ("parties", {"scheme": "proprietary", "namespace": "N" * 81, "raw": "CAT-1"}, "malformed"),
        ("parties", {"scheme": "proprietary", "namespace": "N", "raw": "C" * 121}, "malformed"),
        ("works", {"scheme": "iswc", "raw": "T-034.524.680-2"}, "bad_iswc"),
        ("recordings", {"scheme": "isrc", "raw": "GBAYE05"}, "bad_isrc"),
        ("recordings", {"scheme": "isrc", "raw": "GBAYE0500001"}, "unknown_reference"),
        ("releases", {"scheme": "gtin", "raw": "4006381333932"}, "bad_code"),
    ],
)
def test_a_code_that_is_none_is_refused(desk: Api, address: str, document: dict[str, str], problem: str) -> None:
    before = row_counts()
    thing = key("writer") if address == "parties" else str(uuid4())
    answer = desk.post(f"/v1/{address}/{thing}/identifiers", {"id": key("c")} | document)
    assert answer.json()["code"] == problem, answer.content
    assert row_counts() == before


def test_a_code_of_two_parties_is_contradicted_until_one_of_them_loses_it(desk: Api) -> None:
    record(desk, "writer", IPI)
    before = timezone.now()
    record(desk, "singer", IPI)
    assert (status_of(desk, "writer"), status_of(desk, "singer")) == (["contradicted"], ["contradicted"])
    known = desk.get(f"/v1/parties/{key('writer')}?known_at={quote(before.isoformat())}").json()
    assert [one["status"] for one in known["identifiers"]] == ["check_ok"]
    theirs = key(f"code singer {IPI}")
    finding = {"id": key("finding"), "result": "contradicted", "source": "The society's directory"}
    answer = desk.post(f"/v1/identifiers/{theirs}/findings", finding)
    assert (answer.status_code, answer.json()["result"]) == (201, "contradicted")
    assert (status_of(desk, "writer"), status_of(desk, "singer")) == (["check_ok"], ["contradicted"])
    mine = {"id": key("mine"), "result": "resolved", "source": "The society's directory", "evidence": DOCUMENT}
    desk.post(f"/v1/identifiers/{key(f'code writer {IPI}')}/findings", mine)
    assert status_of(desk, "writer") == ["resolved"]
    nothing = desk.post(f"/v1/identifiers/{uuid4()}/findings", mine | {"id": key("none")})
    assert code_of(nothing) == (404, "no_such_code")
    assert clean()


def test_two_parties_that_are_one_do_not_contradict_each_other(desk: Api) -> None:
    record(desk, "writer", IPI)
    record(desk, "singer", IPI)
    merge(desk, "m", "singer", "writer")
    assert status_of(desk, "writer") == ["check_ok"]
    desk.post(f"/v1/party-merges/{key('m')}/undos", {"id": key("u"), "reason": "two people"})
    assert status_of(desk, "writer") == ["contradicted"]


def test_a_code_that_something_was_registered_with_counts_too(desk: Api, trade: World) -> None:
    trade.state("/v1/works", {"id": key("w1"), "title": "One", "iswc": "T-034.524.680-1"})
    trade.state("/v1/works", {"id": key("w2"), "title": "Two"})
    code = {"id": key("c"), "scheme": "iswc", "raw": "T0345246801"}
    assert desk.post(f"/v1/works/{key('w1')}/identifiers", code).json()["status"] == "check_ok"
    answer = desk.post(f"/v1/works/{key('w2')}/identifiers", code | {"id": key("c2")})
    assert answer.json()["status"] == "contradicted"
    assert codes.statuses(Identifier.objects.all()) == {
        UUID(key("c")): CodeStatus.CONTRADICTED,
        UUID(key("c2")): CodeStatus.CONTRADICTED,
    }


# --- roles, representation, protection


def test_what_is_recorded_is_read_back_and_once_only(desk: Api) -> None:
    party = f"/v1/parties/{key('writer')}"
    facts: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("roles", {"role": "writer", "active_from": SINCE}, {"role": "artist"}),
        (
            "representations",
            {
                "agent": key("publisher"),
                "authority": "mandate",
                "uses": ["infer.input", "tdm"],
                "territories": [WORLD, "-US"],
                "active_from": SINCE,
                "active_to": "2030-01-01",
                "document": f"sha256:{DOCUMENT}",
            },
            {"authority": "court"},
        ),
        (
            "protections",
            {
                "kind": "minor",
                "jurisdiction": "DE",
                "active_from": "2010-05-01",
                "active_to": "2028-05-01",
                "evidence": f"sha256:{DOCUMENT}",
            },
            {"kind": "guardianship"},
        ),
    ]
    for name, document, change in facts:
        stated = {"id": key(name)} | document
        answer = desk.post(f"{party}/{name}", stated)
        assert answer.status_code == 201, answer.content
        assert {field: answer.json()[field] for field in document} == document
        assert desk.post(f"{party}/{name}", stated).status_code == 200
        assert code_of(desk.post(f"{party}/{name}", stated | change)) == (409, "id_taken")
        assert desk.get(f"{party}/{name}").json()["results"] == [answer.json()]
    profile = desk.get(party).json()
    assert [len(profile[name]) for name in ("roles", "represented_by", "represents", "protections")] == [1, 1, 0, 1]
    agent = desk.get(f"/v1/parties/{key('publisher')}").json()
    assert [one["principal"] for one in agent["represents"]] == [key("writer")]
    assert clean()


REFUSED: list[tuple[str, dict[str, Any], tuple[int, str]]] = [
    ("writer/roles", {"role": "writer", "active_to": "2025-01-01"}, (422, "ends_before_it_begins")),
    ("writer/roles", {"role": "king"}, (400, "malformed")),
    ("writer/representations", {"agent": key("writer")}, (422, "represents_itself")),
    ("writer/representations", {"agent": key("nobody")}, (422, "unknown_reference")),
    ("writer/representations", {"territories": ["XX"]}, (422, "no_such_territory")),
    ("writer/representations", {"uses": ["everything"]}, (400, "malformed")),
    ("writer/representations", {"document": "d0"}, (400, "malformed")),
    ("writer/protections", {"jurisdiction": "XX"}, (422, "not_a_country")),
    ("writer/protections", {"jurisdiction": "2136"}, (400, "malformed")),
    ("label/protections", {}, (422, "not_a_person")),
    ("nobody/protections", {}, (404, "no_such_party")),
    ("nobody/roles", {"role": "writer"}, (404, "no_such_party")),
]


@pytest.mark.parametrize(("address", "change", "problem"), REFUSED, ids=lambda value: str(value)[:40])
def test_refuses(desk: Api, address: str, change: dict[str, Any], problem: tuple[int, str]) -> None:
    party, name = address.split("/")
    wholes: dict[str, dict[str, Any]] = {
        "roles": {"role": "writer"},
        "representations": {
            "agent": key("publisher"),
            "authority": "agency",
            "territories": [WORLD],
            "document": DOCUMENT,
        },
        "protections": {"kind": "deceased", "jurisdiction": "DE", "evidence": DOCUMENT},
    }
    before = row_counts()
    document = {"id": key("refused"), "active_from": SINCE} | wholes[name] | change
    assert code_of(desk.post(f"/v1/parties/{key(party)}/{name}", document)) == problem
    assert row_counts() == before


def test_a_representation_ends_once(desk: Api) -> None:
    stated = {
        "id": key("r"),
        "agent": key("publisher"),
        "authority": "agency",
        "territories": [WORLD],
        "active_from": SINCE,
        "document": DOCUMENT,
    }
    desk.post(f"/v1/parties/{key('writer')}/representations", stated)
    before = timezone.now()
    ends = f"/v1/representations/{key('r')}/ends"
    early = desk.post(ends, {"id": key("e"), "effective_on": "2025-12-31"})
    assert code_of(early) == (422, "ends_before_it_begins")
    ended = {"id": key("e"), "effective_on": "2026-02-01", "reason": "notice"}
    assert desk.post(ends, ended).status_code == 201
    assert desk.post(ends, ended).status_code == 200
    assert code_of(desk.post(ends, ended | {"id": key("e2")})) == (409, "already_ended")
    gone = desk.post(f"/v1/representations/{uuid4()}/ends", ended | {"id": key("e3")})
    assert code_of(gone) == (404, "no_such_representation")
    now = desk.get(f"/v1/parties/{key('writer')}").json()["represented_by"]
    then = desk.get(f"/v1/parties/{key('writer')}?known_at={quote(before.isoformat())}").json()["represented_by"]
    assert [one["ended_on"] for one in now + then] == ["2026-02-01", None]
    assert clean()


def test_a_party_is_not_known_before_it_was_registered(desk: Api) -> None:
    answer = desk.get(f"/v1/parties/{key('writer')}?known_at=2020-01-01T00:00:00Z")
    assert code_of(answer) == (404, "no_such_party")
    assert code_of(desk.get(f"/v1/parties/{key('writer')}?known_at=yesterday")) == (400, "malformed")


# --- which parties are one


def merge(desk: Api, id: str, duplicate: str, survivor: str) -> Any:
    document = {"id": key(id), "duplicate": key(duplicate), "survivor": key(survivor), "reason": "same person"}
    return desk.post("/v1/party-merges", document)


def counts_as(desk: Api, party: str, known_at: datetime | None = None) -> str:
    query = f"?known_at={quote(known_at.isoformat())}" if known_at else ""
    found: str = desk.get(f"/v1/parties/{key(party)}{query}").json()["counts_as"]
    return found


def test_a_merge_keeps_history_and_can_be_undone(desk: Api, trade: World) -> None:
    trade.register("country", audio=False)
    assert {"what": "shares", "count": 1} in desk.get(f"/v1/parties/{key('writer')}/merge-preview").json()
    moments = [timezone.now()]
    assert merge(desk, "m", "writer", "singer").status_code == 201
    assert merge(desk, "m", "writer", "singer").status_code == 200
    moments.append(timezone.now())
    standing = ShareStanding.objects.filter(share__party=UUID(key("writer")), known__upper_inf=True)
    assert set(standing.values_list("holder_id", flat=True)) == {UUID(key("singer"))}
    undo = {"id": key("u"), "reason": "two people"}
    assert desk.post(f"/v1/party-merges/{key('m')}/undos", undo).status_code == 201
    moments.append(timezone.now())
    assert set(standing.all().values_list("holder_id", flat=True)) == {UUID(key("writer"))}
    known = [counts_as(desk, "writer", moment) for moment in moments]
    assert known == [key("writer"), key("singer"), key("writer")]
    assert counts_as(desk, "writer") == key("writer")
    again = desk.post(f"/v1/party-merges/{key('m')}/undos", undo | {"id": key("u2")})
    assert code_of(again) == (409, "already_undone")
    assert code_of(desk.post(f"/v1/party-merges/{uuid4()}/undos", undo | {"id": key("u3")})) == (404, "no_such_merge")
    assert merge(desk, "m2", "writer", "singer").status_code == 201
    assert clean()


def test_merges_are_flat(desk: Api) -> None:
    merge(desk, "m", "writer", "singer")
    assert code_of(merge(desk, "m2", "writer", "label")) == (409, "party_is_merged_once")
    assert code_of(merge(desk, "m3", "label", "writer")) == (409, "merges_are_flat")
    assert code_of(merge(desk, "m4", "singer", "label")) == (409, "merges_are_flat")
    assert code_of(merge(desk, "m5", "label", "label")) == (422, "merged_into_itself")
    assert parties.same_as(UUID(key("writer"))) == (UUID(key("singer")), UUID(key("writer")))


@pytest.mark.parametrize(
    ("other", "code"),
    [(("writer", "label"), "party_is_merged_once"), (("singer", "writer"), "merges_are_flat")],
)
def test_of_two_merges_at_once_one_stands(desk: Api, other: tuple[str, str], code: str) -> None:
    both = at_once(lambda: merge(desk, "a", "writer", "singer"), lambda: merge(desk, "b", *other))
    assert sorted(answer.status_code for answer in both) == [201, 409]
    [lost] = [answer for answer in both if answer.status_code == 409]
    assert lost.json()["code"] == code
    assert len(lost.json()["detail"]) > 40
    assert PartyMerge.objects.count() == 1
    assert clean()


def test_of_two_undos_at_once_one_stands(desk: Api) -> None:
    merge(desk, "m", "writer", "singer")
    path = f"/v1/party-merges/{key('m')}/undos"
    both = at_once(*(lambda name=name: desk.post(path, {"id": key(name), "reason": "two"}) for name in ("u1", "u2")))
    assert sorted(answer.status_code for answer in both) == [201, 409]
    assert PartyMergeUndo.objects.count() == 1


def test_a_merge_at_the_desk_takes_two_people(trade: World) -> None:
    first, second, third = (User.objects.create_user(name, is_staff=True) for name in ("one", "two", "three"))
    proposal = people.propose_merge(
        id=uuid4(),
        duplicate_id=UUID(key("writer")),
        survivor_id=UUID(key("singer")),
        reason="same",
        proposed_by_id=first.pk,
        at=timezone.now(),
    )
    assert PartyMerge.objects.count() == 0

    def agree(user: User) -> Any:
        return people.answer_merge(
            id=uuid4(),
            proposal_id=proposal.pk,
            answered_by_id=user.pk,
            is_agreed=True,
            reason="",
            at=timezone.now(),
        )

    with pytest.raises(approvals.NeedsASecondPerson):
        agree(first)
    both = at_once(lambda: agree(second), lambda: agree(third))
    assert sorted(type(answer).__name__ for answer in both) == ["AlreadyAnswered", "Approval"]
    assert PartyMerge.objects.get().reason == "same"
    with pytest.raises(approvals.AlreadyAnswered):
        agree(second)
    assert {entry.kind for entry in Entry.objects.filter(kind__in=["proposed", "approved", "parties_merged"])} == {
        "proposed",
        "approved",
        "parties_merged",
    }
    assert clean()


def test_a_refused_merge_does_not_happen(trade: World) -> None:
    first, second = (User.objects.create_user(name, is_staff=True) for name in ("one", "two"))
    proposal = people.propose_merge(
        id=uuid4(),
        duplicate_id=UUID(key("writer")),
        survivor_id=UUID(key("singer")),
        reason="same",
        proposed_by_id=first.pk,
        at=timezone.now(),
    )
    people.answer_merge(
        id=uuid4(), proposal_id=proposal.pk, answered_by_id=second.pk, is_agreed=False, reason="no", at=timezone.now()
    )
    assert PartyMerge.objects.count() == 0
    with pytest.raises(approvals.NoSuchProposal):
        people.answer_merge(
            id=uuid4(), proposal_id=uuid4(), answered_by_id=second.pk, is_agreed=True, reason="", at=timezone.now()
        )
    assert Proposal.objects.get().approval.is_agreed is False
    assert clean()


# --- who may


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/v1/party-merges"),
        ("post", f"/v1/party-merges/{key('m')}/undos"),
        ("get", f"/v1/parties/{key('label')}/export"),
        ("post", "/v1/erasure-requests"),
        ("get", "/v1/erasure-requests"),
    ],
)
def test_needs_a_scope_of_its_own(trade: World, method: str, path: str) -> None:
    answer = trade.label.get(path) if method == "get" else trade.label.post(path, {})
    assert answer.status_code == 403


# --- whose it is


@pytest.fixture
@remembered
def rival(trade: World) -> Api:
    """A label with every scope but the operator's: it sees and says what is its own."""
    scopes = [scope for scope in SCOPES if scope != "catalogue:all"]
    return Api(clients.create(name="own", party_id=UUID(key("rival")), scopes=scopes))


def test_a_stranger_is_nobody(desk: Api, rival: Api) -> None:
    record(desk, "writer", IPI)
    stated = {"id": key("r"), "agent": key("publisher"), "authority": "agency", "territories": [WORLD]}
    desk.post(f"/v1/parties/{key('writer')}/representations", stated | {"active_from": SINCE, "document": DOCUMENT})
    merge(desk, "m", "writer", "singer")
    asked = {"id": key("asked"), "party": key("writer"), "channel": "letter"}
    desk.post("/v1/erasure-requests", asked)
    before = row_counts()
    party = f"/v1/parties/{key('writer')}"
    name = {"id": key("n"), "kind": "credit", "name": "Foisted"}
    for path in (
        "",
        "/names",
        "/roles",
        "/identifiers",
        "/representations",
        "/protections",
        "/merge-preview",
        "/export",
    ):
        assert code_of(rival.get(f"{party}{path}")) == (404, "no_such_party"), path
    for path, document, problem in (
        (f"{party}/names", name, "no_such_party"),
        (f"{party}/identifiers", {"id": key("c"), "scheme": "ipi_name", "raw": OTHER_IPI}, "no_such_party"),
        (f"/v1/identifiers/{key(f'code writer {IPI}')}/findings", {"id": key("f")}, "no_such_code"),
        (f"/v1/representations/{key('r')}/ends", {"id": key("e")}, "no_such_representation"),
        (f"/v1/party-merges/{key('m')}/undos", {"id": key("u"), "reason": "x"}, "no_such_merge"),
    ):
        assert code_of(rival.post(path, document)) == (404, problem), path
    assert code_of(rival.get(f"/v1/erasure-requests/{key('asked')}")) == (404, "no_such_request")
    assert code_of(merge(rival, "mine", "rival", "label")) == (422, "unknown_reference")
    assert code_of(rival.post("/v1/erasure-requests", asked | {"id": key("o")})) == (403, "not_your_party")
    for path in ("party-merges", "erasure-requests"):
        assert rival.get(f"/v1/{path}").json()["results"] == []
    assert row_counts() == before


def test_who_sees_a_party_does_not_speak_for_it(desk: Api, rival: Api, trade: World) -> None:
    trade.register("country", audio=False, licensed=False)
    trade.consent("for rival", grantor="writer", licensee=key("rival"), work=key("work of country"))
    party = f"/v1/parties/{key('writer')}"
    desk.post(
        f"{party}/protections",
        {"id": key("p"), "kind": "minor", "jurisdiction": "DE", "active_from": SINCE, "evidence": DOCUMENT},
    )
    merge(desk, "m", "writer", "singer")
    assert rival.get(party).json()["name"] == "Writer"  # it is a licensee of theirs
    assert rival.get(party).json()["protections"] == []
    assert (rival.get(party).json()["counts_as"], rival.get(party).json()["same_as"]) == (
        key("writer"),
        [key("writer")],
    )
    before = row_counts()
    period = {"active_from": SINCE}
    for path, document in (
        ("names", {"kind": "credit", "name": "Foisted"}),
        ("roles", {"role": "artist"} | period),
        ("identifiers", {"scheme": "ipi_name", "raw": IPI}),
        ("protections", {"kind": "deceased", "jurisdiction": "DE", "evidence": DOCUMENT} | period),
        (
            "representations",
            {"agent": key("rival"), "authority": "agency", "territories": [WORLD], "document": DOCUMENT} | period,
        ),
    ):
        answer = rival.post(f"{party}/{path}", {"id": key("foisted")} | document)
        assert code_of(answer) == (403, "not_your_party"), path
    for path in ("export", "merge-preview"):
        assert code_of(rival.get(f"{party}/{path}")) == (403, "not_your_party")
    assert code_of(merge(rival, "mine", "writer", "rival")) == (403, "not_your_party")
    assert row_counts() == before


def test_a_party_speaks_for_itself_and_for_whom_it_registered(rival: Api) -> None:
    rival.post("/v1/parties", {"id": key("own"), "kind": "person", "name": "Their artist"})
    for party in ("rival", "own"):
        name = {"id": key(f"name {party}"), "kind": "credit", "name": "As credited"}
        assert rival.post(f"/v1/parties/{key(party)}/names", name).status_code == 201
        assert record(rival, party, IPI if party == "own" else OTHER_IPI).status_code == 201
    assert rival.get(f"/v1/parties/{key('rival')}/export").json()["subject"] == [key("rival")]
    assert code_of(rival.get(f"/v1/parties/{key('own')}/export")) == (403, "not_your_party")
    asked = {"id": key("asked"), "party": key("rival"), "channel": "program"}
    assert rival.post("/v1/erasure-requests", asked).status_code == 201
    assert [one["id"] for one in rival.get("/v1/erasure-requests").json()["results"]] == [key("asked")]
    assert clean()


# --- export


def test_exports_everything_about_a_subject(desk: Api, trade: World) -> None:
    trade.register("country", audio=False)
    desk.post(f"/v1/parties/{key('writer')}/names", {"id": key("n"), "kind": "credit", "name": "As credited"})
    record(desk, "writer", IPI)
    merge(desk, "m", "writer", "singer")
    parties.put_contact(
        id=uuid4(), party_id=UUID(key("writer")), kind="email", address="writer@example.org", at=timezone.now()
    )
    clean()
    for party in ("writer", "singer"):  # the same subject
        found = desk.get(f"/v1/parties/{key(party)}/export").json()
        assert found["subject"] == [key("singer"), key("writer")]
        assert {one["name"] for one in found["parties"]} == {"Writer", "Singer"}
        assert [one["name"] for one in found["names"]] == ["As credited"]
        assert [one["status"] for one in found["identifiers"]] == ["check_ok"]
        assert found["contacts"] == [{"kind": "email", "address": "writer@example.org"}]
        assert [len(found[name]) for name in ("shares", "consents", "consent_events", "merges")] == [1, 1, 1, 1]
        kinds = {one["kind"] for one in found["entries"]}
        assert kinds == {
            "party_registered",
            "party_named",
            "identifier_recorded",
            "parties_merged",
            "share_registered",
            "consent_granted",
        }
        assert all(one["index"] is not None for one in found["entries"])
    assert code_of(desk.get(f"/v1/parties/{uuid4()}/export")) == (404, "no_such_party")


def test_another_kind_of_party_is_exported_too(desk: Api) -> None:
    found = desk.get(f"/v1/parties/{key('label')}/export").json()
    assert [one["kind"] for one in found["parties"]] == [PartyKind.COMPANY]
    assert NameToken.objects.filter(party=UUID(key("label"))).exists()
