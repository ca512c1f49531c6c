"""Erasure: two people carry it out, nothing personal is found afterwards, and the log holds as before."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from ledger import approvals, audit, clients, erasure, people, sequencer
from ledger.models import Approval, Entry, Erasure, ErasureRequest, Proposal
from rights import parties
from rights.models import NameToken, PartyContact, PartyIdentity, PartyName
from rights.vocabulary import NameKind
from tests.flows.conftest import Api, World, key, superuser
from tests.flows.test_parties import SCOPES, at_once, code_of, merge
from tests.remembering import remembered

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

PLANTED = ("Plantedlegalname", "Plantedpseudonym", "planted@example.org")


@pytest.fixture
@remembered
def desk(trade: World) -> Api:
    """A client with every scope about parties."""
    return Api(clients.create(name="people", party_id=UUID(key("label")), scopes=SCOPES))


@pytest.fixture
def team(transactional_db: None) -> list[User]:
    """Three people at the desk."""
    return [User.objects.create_user(name, is_staff=True) for name in ("one", "two", "three")]


def plant(desk: Api, party: str) -> UUID:
    """Register a person with everything that is personal about them."""
    id = UUID(key(party))
    desk.post("/v1/parties", {"id": str(id), "kind": "person", "name": PLANTED[0]})
    desk.post(f"/v1/parties/{id}/names", {"id": key(f"{party} name"), "kind": "pseudonym", "name": PLANTED[1]})
    parties.put_contact(id=uuid4(), party_id=id, kind="email", address=PLANTED[2], at=timezone.now())
    return id


def ask(desk: Api, party: str) -> dict[str, Any]:
    document = {"id": key(f"erase {party}"), "party": key(party), "channel": "letter"}
    answer = desk.post("/v1/erasure-requests", document)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def propose(party: str, by: User) -> Proposal:
    return erasure.propose(
        id=uuid4(), party_id=UUID(key(party)), reason="asked by letter", proposed_by_id=by.pk, at=timezone.now()
    )


def answer(proposal: Proposal, by: User, *, is_agreed: bool = True) -> Approval:
    return erasure.answer(
        id=uuid4(), proposal_id=proposal.pk, answered_by_id=by.pk, is_agreed=is_agreed, reason="", at=timezone.now()
    )


def everything() -> bytes:
    """Every value of every table, one after the other."""
    found: list[bytes] = []
    with superuser() as login, connections["owner"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        for (table,) in cursor.fetchall():
            for row in login.execute(f"SELECT * FROM {table}").fetchall():
                found += (bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode() for one in row)
    return b"\n".join(found)


def clean() -> bool:
    while sequencer.step(at=timezone.now(), batch=250):
        pass
    return audit.audit().faults == ()


def test_what_was_planted_is_found_nowhere_afterwards(desk: Api, team: list[User]) -> None:
    id = plant(desk, "subject")
    wrapped = bytes(PartyIdentity.objects.get(party=id).wrapped or b"")
    tokens = [bytes(token) for token in NameToken.objects.filter(party=id).values_list("token", flat=True)]
    contact = bytes(PartyContact.objects.get(party=id).sealed)
    sealed = bytes(PartyName.objects.get(party=id).sealed)
    before = everything()
    assert all(secret in before for secret in (wrapped, contact, sealed, *tokens))  # the scan sees them
    assert clean()
    ask(desk, "subject")
    answer(propose("subject", team[0]), team[1])
    after = everything()
    for planted in PLANTED:
        assert planted.encode() not in after
        assert planted.encode().hex().encode() not in after
    for secret in (wrapped, contact, *tokens):
        assert secret not in after
    assert sealed in after  # it stays, and nothing opens it
    assert PartyName.objects.get(party=id).name is None
    assert parties.named(PLANTED[0]).count() == 0
    assert desk.get(f"/v1/parties/{id}").json()["name"] is None
    assert clean()


def test_the_answer_says_what_is_gone_and_what_stays(desk: Api, trade: World, team: list[User]) -> None:
    trade.register("country", audio=False)
    asked = ask(desk, "writer")
    assert (asked["answer"], asked["answer_by"]) == (None, erasure.a_month_after(timezone.now().date()).isoformat())
    answer(propose("writer", team[0]), team[1])
    told = desk.get(f"/v1/erasure-requests/{asked['id']}").json()["answer"]
    assert told["erased_on"] == timezone.now().date().isoformat()
    assert told["erased"][0] == "1 record: the name and the key under which everything personal is sealed"
    stays = "\n".join(told["stays"])
    assert "1 record: shares in recordings and works; kept under a legal obligation" in stays
    assert "consents, given or signed for somebody; needed to establish" in stays
    until = timezone.now().date() + timedelta(days=settings.LEDGER_BACKUP_DAYS)
    assert until.isoformat() in told["closing"]
    document = json.loads(Erasure.objects.get().document)
    assert {line["what"]: line["count"] for line in document["stays"]}["shares in recordings and works"] == 1
    assert "Writer" not in Erasure.objects.get().document
    assert [one["id"] for one in desk.get("/v1/erasure-requests").json()["results"]] == [asked["id"]]


def test_the_person_is_erased_under_every_party_that_is_one(desk: Api, team: list[User]) -> None:
    merge(desk, "m", "writer", "singer")
    ask(desk, "writer")
    answer(propose("writer", team[0]), team[1])
    erased = {UUID(key("writer")), UUID(key("singer"))}
    assert not PartyIdentity.objects.filter(party__in=erased).exists()
    assert not NameToken.objects.filter(party__in=erased).exists()
    assert not PartyContact.objects.filter(party__in=erased).exists()
    assert PartyIdentity.objects.filter(party=UUID(key("label"))).exists()
    assert clean()


def test_it_is_asked_for_once_and_by_somebody_who_is_there(desk: Api, team: list[User]) -> None:
    asked = ask(desk, "writer")
    same = {"id": asked["id"], "party": key("writer"), "channel": "letter"}
    assert desk.post("/v1/erasure-requests", same).status_code == 200
    again = {"id": key("again"), "party": key("writer"), "channel": "email"}
    assert code_of(desk.post("/v1/erasure-requests", again)) == (409, "already_asked")
    nobody = again | {"party": str(uuid4())}
    assert code_of(desk.post("/v1/erasure-requests", nobody)) == (404, "no_such_party")
    assert code_of(desk.get(f"/v1/erasure-requests/{uuid4()}")) == (404, "no_such_request")
    answer(propose("writer", team[0]), team[1])
    assert code_of(desk.post("/v1/erasure-requests", again)) == (409, "erased")
    with pytest.raises(erasure.NotAskedFor):
        propose("writer", team[0])
    with pytest.raises(erasure.NotAskedFor):
        propose("singer", team[0])


def test_of_two_requests_at_once_one_is_recorded(desk: Api) -> None:
    both = at_once(
        *(
            lambda name=name: desk.post(
                "/v1/erasure-requests", {"id": key(name), "party": key("writer"), "channel": "email"}
            )
            for name in ("a", "b")
        )
    )
    assert sorted(one.status_code for one in both) == [201, 409]
    assert ErasureRequest.objects.count() == 1


def test_one_person_alone_erases_nobody(desk: Api, team: list[User]) -> None:
    ask(desk, "writer")
    proposal = propose("writer", team[0])
    with pytest.raises(approvals.NeedsASecondPerson):
        answer(proposal, team[0])
    # Nor does the database let them, whatever the code above it does.
    with pytest.raises(IntegrityError, match="approval_takes_a_second_person"), transaction.atomic():
        Approval.objects.create(
            id=uuid4(),
            proposal=proposal,
            proposed_by=team[0],
            approved_by=team[0],
            is_agreed=True,
            approved_at=timezone.now(),
        )
    assert PartyIdentity.objects.filter(party=UUID(key("writer"))).exists()


def test_whoever_refuses_leaves_everything_as_it_was(desk: Api, team: list[User]) -> None:
    ask(desk, "writer")
    answer(propose("writer", team[0]), team[1], is_agreed=False)
    assert PartyIdentity.objects.filter(party=UUID(key("writer"))).exists()
    answer(propose("writer", team[0]), team[2])  # another proposal, another answer
    assert not PartyIdentity.objects.filter(party=UUID(key("writer"))).exists()
    assert clean()


def test_of_two_approvals_at_once_one_counts(desk: Api, team: list[User]) -> None:
    ask(desk, "writer")
    proposal = propose("writer", team[0])
    both = at_once(lambda: answer(proposal, team[1]), lambda: answer(proposal, team[2]))
    assert sorted(type(one).__name__ for one in both) == ["AlreadyAnswered", "Approval"]
    assert (Approval.objects.count(), Erasure.objects.count()) == (1, 1)
    assert clean()


def test_of_two_proposals_agreed_to_at_once_one_erases(desk: Api, team: list[User]) -> None:
    ask(desk, "writer")
    first, second = propose("writer", team[0]), propose("writer", team[1])
    both = at_once(lambda: answer(first, team[2]), lambda: answer(second, team[0]))
    assert sorted(type(one).__name__ for one in both) == ["Approval", "NotAskedFor"]
    assert (Approval.objects.count(), Erasure.objects.count()) == (1, 1)
    assert clean()


def test_nothing_personal_is_added_behind_an_erasure(desk: Api, team: list[User]) -> None:
    ask(desk, "writer")
    proposal = propose("writer", team[0])
    staged = parties.stage_name(id=uuid4(), party_id=UUID(key("writer")), kind=NameKind.CREDIT, name="Too late")
    answer(proposal, team[1])
    with pytest.raises(parties.Erased), transaction.atomic():
        parties.add_name(staged, at=timezone.now())
    with pytest.raises(parties.Erased):
        people.add_name(
            id=uuid4(), party_id=UUID(key("writer")), kind=NameKind.CREDIT, name="Too late", at=timezone.now()
        )
    late = desk.post(f"/v1/parties/{key('writer')}/names", {"id": key("late"), "kind": "credit", "name": "Too late"})
    assert code_of(late) == (409, "erased")
    assert not NameToken.objects.filter(party=UUID(key("writer"))).exists()


def test_an_export_after_the_erasure_has_no_names(desk: Api, team: list[User]) -> None:
    id = plant(desk, "subject")
    ask(desk, "subject")
    answer(propose("subject", team[0]), team[1])
    found = desk.get(f"/v1/parties/{id}/export").json()
    assert [one["name"] for one in found["parties"] + found["names"]] == [None, None]
    assert found["contacts"] == []
    assert {"erasure_requested", "erased"} <= {one["kind"] for one in found["entries"]}
    assert len(found["erasures"]) == 1


def test_entries_about_an_erasure_name_nobody(desk: Api, team: list[User]) -> None:
    plant(desk, "subject")
    ask(desk, "subject")
    answer(propose("subject", team[0]), team[1])
    for entry in Entry.objects.all():
        assert b"lanted" not in bytes(entry.body)


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (date(2026, 1, 15), date(2026, 2, 15)),
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2027, 1, 31)),
    ],
)
def test_the_answer_is_due_in_a_month(asked: date, due: date) -> None:
    assert erasure.a_month_after(asked) == due
