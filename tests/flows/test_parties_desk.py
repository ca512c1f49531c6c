"""Parties at the desk …"""

from __future__ import annotations

import json
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from ledger import audit, people, sequencer
from ledger.models import Approval, Erasure, ErasureRequest, Membership, Proposal
from rights import merges
from rights.models import Identifier, Party, PartyIdentity, PartyMerge, PartyName, Protection, Representation
from rights.vocabulary import PartyKind
from tests.flows.conftest import DOCUMENT, WORLD, World, admitted, key, row_counts, superuser

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def signed_in(name: str) -> Client:
    """Somebody who may do everything at the desk."""
    client = Client()
    client.force_login(User.objects.create_superuser(name))
    return client


@pytest.fixture
def first(trade: World) -> Client:
    return signed_in("first")


@pytest.fixture
def second(trade: World) -> Client:
    return signed_in("second")


@pytest.fixture
def reader(trade: World) -> Client:
    """Somebody of the writer's own who may read and nothing more."""
    client = Client()
    client.force_login(admitted("reader", "writer", Membership.Role.AUDITOR))
    return client


def text(answer: Any) -> str:
    """What a page says, without its markup's escapes."""
    return unescape(answer.content.decode())


def add(client: Client, model: str, fields: dict[str, Any]) -> Any:
    return client.post(f"/admin/{model}/add/", {"id": str(uuid4())} | fields)


def act(client: Client, page: str, fields: dict[str, Any]) -> Any:
    return client.post(f"/admin/{page}/", {"id": str(uuid4())} | fields)


def party_page(client: Client, party: str, query: str = "") -> str:
    return text(client.get(f"/admin/rights/party/{key(party)}/change/{query}"))


def clean() -> bool:
    while sequencer.step(at=timezone.now(), batch=250):
        pass
    return audit.audit().faults == ()


FORMS: list[tuple[str, dict[str, Any], str]] = [
    ("rights/partyname", {"party": key("writer"), "kind": "pseudonym", "name": "Writer A, otherwise"}, "otherwise"),
    ("rights/partyinrole", {"party": key("writer"), "role": "writer", "active_from": "2026-01-01"}, "Writer"),
    ("rights/identifier", {"party": key("writer"), "scheme": "ipi_name", "raw": "132688075"}, "00132688075"),
    (
        "rights/representation",
        {
            "principal": key("writer"),
            "agent": key("publisher"),
            "authority": "mandate",
            "territories": WORLD,
            "active_from": "2026-01-01",
            "digest": DOCUMENT,
        },
        "Mandate",
    ),
    (
        "rights/protection",
        {
            "party": key("writer"),
            "kind": "minor",
            "jurisdiction": "de",
            "active_from": "2010-05-01",
            "active_to": "2028-05-01",
            "digest": DOCUMENT,
        },
        "Minor",
    ),
]


@pytest.mark.parametrize(("model", "fields", "shown"), FORMS, ids=[form[0] for form in FORMS])
def test_adds_a_fact_and_goes_back_to_the_party(first: Client, model: str, fields: Any, shown: str) -> None:
    assert first.get(f"/admin/{model}/add/?party={key('writer')}&principal={key('writer')}").status_code == 200
    answer = add(first, model, fields)
    assert answer.status_code == 302, text(answer)
    assert answer["Location"] == f"/admin/rights/party/{key('writer')}/change/"
    assert shown in party_page(first, "writer")
    assert shown in text(first.get(f"/admin/{model}/"))
    assert clean()


@pytest.mark.parametrize(
    ("model", "fields", "said"),
    [
        ("rights/partyname", {"party": key("writer"), "kind": "credit", "name": ""}, "required"),
        ("rights/partyinrole", {"party": key("writer"), "role": "king", "active_from": "2026-01-01"}, "valid choice"),
        (
            "rights/partyinrole",
            {"party": key("writer"), "role": "writer", "active_from": "2026-01-01", "active_to": "2025-01-01"},
            "The end lies behind the beginning",
        ),
        ("rights/identifier", {"party": key("writer"), "scheme": "ipi_name", "raw": "1"}, "wrong check digit"),
        ("rights/identifier", {"scheme": "ipi_name", "raw": "132688075"}, "name one of them"),
        ("rights/identifier", {"party": key("writer"), "scheme": "isrc", "raw": "GBAYE0500001"}, "code of a recording"),
        (
            "rights/protection",
            {
                "party": key("label"),
                "kind": "minor",
                "jurisdiction": "DE",
                "active_from": "2010-05-01",
                "digest": DOCUMENT,
            },
            "Only a person",
        ),
        (
            "rights/protection",
            {
                "party": key("writer"),
                "kind": "minor",
                "jurisdiction": "XX",
                "active_from": "2010-05-01",
                "digest": DOCUMENT,
            },
            "ISO 3166-1",
        ),
        (
            "rights/representation",
            {
                "principal": key("writer"),
                "agent": key("writer"),
                "authority": "mandate",
                "territories": WORLD,
                "active_from": "2026-01-01",
                "digest": DOCUMENT,
            },
            "act for themselves",
        ),
        (
            "rights/representation",
            {
                "principal": key("writer"),
                "agent": key("label"),
                "authority": "mandate",
                "territories": "XX",
                "active_from": "2026-01-01",
                "digest": DOCUMENT,
            },
            "XX",
        ),
    ],
)
def test_says_at_the_field_what_is_wrong(first: Client, model: str, fields: Any, said: str) -> None:
    before = row_counts()
    answer = add(first, model, fields)
    assert (answer.status_code, said in text(answer)) == (422, True), text(answer)
    assert row_counts() == before


def test_staff_without_permission_reads_and_does_nothing(reader: Client, first: Client) -> None:
    add(first, "ledger/erasurerequest", {"party": key("writer"), "channel": "letter"})
    asked = ErasureRequest.objects.get()
    before = row_counts()
    pages = [
        "rights/partyname/add",
        "rights/identifier/add",
        "rights/representation/add",
        "ledger/erasurerequest/add",
        f"rights/party/{key('writer')}/merge",
        f"rights/party/{key('writer')}/export",
        f"ledger/erasurerequest/{asked.pk}/propose",
    ]
    for page in pages:
        assert reader.get(f"/admin/{page}/").status_code == 403, page
        assert reader.post(f"/admin/{page}/", {"id": str(uuid4())}).status_code == 403, page
    assert reader.post("/admin/rights/identifier/check/", {"scheme": "isrc", "raw": "x"}).status_code == 403
    shown = party_page(reader, "writer")
    assert "Writer" in shown
    assert "Is a duplicate" not in shown
    assert "Export everything" not in shown
    assert row_counts() == before


# --- what is known on a day


def test_shows_a_party_as_it_was_known_on_a_day(first: Client) -> None:
    for model, fields, _ in FORMS:
        add(first, model, fields)
    merged = people.merge(
        id=uuid4(),
        duplicate_id=UUID(key("singer")),
        survivor_id=UUID(key("writer")),
        reason="same",
        at=timezone.now(),
    )
    yesterday = timezone.now() - timedelta(days=1)
    tables = {
        "rights_party": "registered_at",
        "rights_partyname": "recorded_at",
        "rights_identifier": "recorded_at",
        "rights_partyinrole": "recorded_at",
    }
    with superuser() as login:  # as if these four were recorded two days ago, and the others today
        login.execute("SET session_replication_role = replica")
        for table, column in tables.items():
            login.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_is_append_only")
            login.execute(f"UPDATE {table} SET {column} = %s", (yesterday - timedelta(days=1),))
            login.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_append_only")
    now = party_page(first, "writer")
    then = party_page(first, "writer", f"?known_on={yesterday.date()}")
    for known in ("Writer A, otherwise", "00132688075"):
        assert known in now
        assert known in then
    for later in ("Mandate", "Minor", str(merged.duplicate)):
        assert later in now
        assert later not in then
    assert "Add name" in now
    assert "Add name" not in then
    before = party_page(first, "writer", "?known_on=2020-01-01")
    assert "not registered on that day" in before
    assert "Mandate" in party_page(first, "writer", "?known_on=nonsense")


# --- names


def test_finds_a_party_by_the_beginnings_of_any_name(first: Client) -> None:
    add(first, "rights/partyname", {"party": key("writer"), "kind": "pseudonym", "name": "Quentin Ostrich"})

    def found(words: str) -> list[str]:
        answer = first.post("/admin/rights/party/pick/", {"q": words})
        return [one["text"] for one in json.loads(answer.content)["found"]]

    assert found("ostr") == ["Writer"]
    assert found("QUENTIN os") == ["Writer"]
    assert found("trich") == []
    assert found("—") == []
    assert len(found("")) == Party.objects.count()
    listed = text(first.post("/admin/rights/party/", {"name": "ostr"}))
    assert "Writer" in listed
    assert "Distributor" not in listed


# --- codes


@pytest.mark.parametrize(
    ("fields", "fits", "said"),
    [
        ({"scheme": "ipi_name", "raw": "132.688.075"}, True, "The check digit fits; stored as 00132688075."),
        ({"scheme": "ipi_name", "raw": "132.688.076"}, False, "wrong check digit"),
        ({"scheme": "isrc", "raw": "gbaye0500001"}, True, "It is well formed; stored as GB-AYE-05-00001."),
        ({"scheme": "proprietary", "raw": "CAT-1"}, False, "namespace"),
        ({"scheme": "none", "raw": "CAT-1"}, False, "Choose"),
        ({"scheme": "isni", "raw": "x" * 5000}, False, "characters"),
    ],
)
def test_a_code_is_checked_while_it_is_typed(first: Client, fields: dict[str, str], fits: bool, said: str) -> None:  # noqa: FBT001 - a column of the table
    answer = json.loads(first.post("/admin/rights/identifier/check/", fields).content)
    assert answer["fits"] is fits
    assert said in answer["said"]


def test_a_finding_shows_at_the_code(first: Client) -> None:
    add(first, "rights/identifier", {"party": key("writer"), "scheme": "ipi_name", "raw": "132688075"})
    code = Identifier.objects.get()
    page = f"rights/identifier/{code.pk}"
    assert "Check digit fits" in text(first.get(f"/admin/{page}/change/"))
    assert act(first, f"{page}/finding", {"result": "resolved", "source": "A directory"}).status_code == 302
    assert "Confirmed" in text(first.get(f"/admin/{page}/change/"))
    assert act(first, f"{page}/finding", {"result": "resolved", "source": ""}).status_code == 422
    assert clean()


# --- mandates


def test_a_representation_is_ended(first: Client) -> None:
    add(first, "rights/representation", FORMS[3][1])
    page = f"rights/representation/{Representation.objects.get().pk}"
    assert "does not count" in text(first.get(f"/admin/{page}/end/"))
    assert "the day it began" in text(act(first, f"{page}/end", {"effective_on": "2025-01-01"}))
    assert act(first, f"{page}/end", {"effective_on": "2026-02-01", "reason": "notice"}).status_code == 302
    assert "Ended from 2026-02-01" in text(first.get(f"/admin/{page}/change/"))
    assert "has ended" in text(act(first, f"{page}/end", {"effective_on": "2026-03-01"}))
    assert "ended from 2026-02-01" in party_page(first, "writer")
    assert clean()


# --- duplicates


def test_a_merge_takes_a_second_person_and_can_be_undone(first: Client, second: Client, trade: World) -> None:
    trade.register("country", audio=False)
    page = f"rights/party/{key('writer')}/merge"
    assert "shares (1)" in text(first.get(f"/admin/{page}/"))
    answer = act(first, page, {"survivor": key("singer"), "reason": "same code"})
    proposal = Proposal.objects.get()
    assert act(second, f"ledger/proposal/{proposal.pk}/answer", {"answer": ""}).status_code == 422
    assert answer["Location"] == f"/admin/ledger/proposal/{proposal.pk}/change/"
    assert "somebody else has to agree" in text(first.get(answer["Location"]))
    own = act(first, f"ledger/proposal/{proposal.pk}/answer", {"answer": "agree"})
    assert own.status_code == 403
    assert PartyMerge.objects.count() == 0
    asked = text(second.get(f"/admin/ledger/proposal/{proposal.pk}/answer/"))
    assert "Writer would count as Singer, with shares (1)" in asked
    assert act(second, f"ledger/proposal/{proposal.pk}/answer", {"answer": "agree"}).status_code == 302
    merge = PartyMerge.objects.get()
    assert "Carried out" in text(second.get(f"/admin/ledger/proposal/{proposal.pk}/change/"))
    assert "Merged" in party_page(first, "writer")
    again = act(second, f"ledger/proposal/{proposal.pk}/answer", {"answer": "agree"})
    assert "Somebody has answered" in text(again)
    for duplicate, survivor, said in (
        ("writer", "label", "merged already"),
        ("label", "writer", "itself merged"),
        ("singer", "label", "merge this way round"),
        ("label", "label", "not a duplicate of itself"),
    ):
        refused = act(first, f"rights/party/{key(duplicate)}/merge", {"survivor": key(survivor), "reason": "x"})
        assert (refused.status_code, said in text(refused)) == (422, True), said
    assert act(first, f"rights/partymerge/{merge.pk}/undo", {"reason": "two people"}).status_code == 302
    assert merges.survivor(UUID(key("writer"))) == UUID(key("writer"))
    assert "was undone" in text(act(first, f"rights/partymerge/{merge.pk}/undo", {"reason": "again"}))
    assert clean()


def test_of_two_proposed_merges_the_second_is_told_when_it_is_agreed_to(first: Client, second: Client) -> None:
    for survivor in ("singer", "label"):
        act(first, f"rights/party/{key('writer')}/merge", {"survivor": key(survivor), "reason": "same"})
    one, other = Proposal.objects.order_by("proposed_at")
    assert act(second, f"ledger/proposal/{one.pk}/answer", {"answer": "agree"}).status_code == 302
    lost = act(second, f"ledger/proposal/{other.pk}/answer", {"answer": "agree"})
    assert (lost.status_code, "The duplicate is merged already" in text(lost)) == (422, True)
    assert not Approval.objects.filter(proposal=other).exists()
    assert act(second, f"ledger/proposal/{other.pk}/answer", {"answer": "refuse"}).status_code == 302
    assert clean()


# --- erasure


def test_an_erasure_goes_through_two_people_to_its_answer(first: Client, second: Client) -> None:
    answer = add(first, "ledger/erasurerequest", {"party": key("writer"), "channel": "letter"})
    asked = ErasureRequest.objects.get()
    assert answer["Location"] == f"/admin/ledger/erasurerequest/{asked.pk}/change/"
    twice = add(first, "ledger/erasurerequest", {"party": key("writer"), "channel": "letter"})
    assert (twice.status_code, "asked for already" in text(twice)) == (422, True)
    page = f"ledger/erasurerequest/{asked.pk}/propose"
    assert "Destroyed for good" in text(first.get(f"/admin/{page}/"))
    assert act(first, page, {"reason": "letter with a copy of the passport"}).status_code == 302
    proposal = Proposal.objects.get()
    assert act(first, f"ledger/proposal/{proposal.pk}/answer", {"answer": "agree"}).status_code == 403
    assert PartyIdentity.objects.filter(party=UUID(key("writer"))).exists()
    assert "Waits for a second person" in text(second.get("/admin/ledger/erasurerequest/"))
    assert act(second, f"ledger/proposal/{proposal.pk}/answer", {"answer": "agree"}).status_code == 302
    assert not PartyIdentity.objects.filter(party=UUID(key("writer"))).exists()
    shown = text(first.get(f"/admin/ledger/erasurerequest/{asked.pk}/change/"))
    assert "Answer to the person" in shown
    assert "the name and the key" in shown
    assert "Writer" not in party_page(first, "writer").replace("writer", "")
    assert Erasure.objects.count() == 1
    assert clean()


def test_the_export_is_a_download_for_whoever_may_everything(first: Client) -> None:
    answer = first.get(f"/admin/rights/party/{key('writer')}/export/")
    assert answer["Content-Disposition"] == f'attachment; filename="subject-{key("writer")}.json"'
    assert [one["name"] for one in json.loads(answer.content)["parties"]] == ["Writer"]


# --- every page


def test_every_list_and_every_sheet_is_there(first: Client, second: Client) -> None:
    for model, fields, _ in FORMS:
        add(first, model, fields)
    act(first, f"rights/party/{key('singer')}/merge", {"survivor": key("writer"), "reason": "same"})
    act(second, f"ledger/proposal/{Proposal.objects.get().pk}/answer", {"answer": "agree"})
    add(first, "ledger/erasurerequest", {"party": key("writer"), "channel": "email"})
    pages: tuple[type[Any], ...] = (
        PartyName,
        Identifier,
        Representation,
        Protection,
        PartyMerge,
        Proposal,
        ErasureRequest,
    )
    for page in pages:
        base = f"/admin/{page._meta.app_label}/{page._meta.model_name}/"
        assert first.get(base).status_code == 200
        assert first.get(f"{base}{page.objects.get().pk}/change/").status_code == 200
        assert first.get(f"{base}{uuid4()}/change/").status_code in {302, 404}


# --- whose it is


def test_a_label_keeps_its_own_people_and_nobody_elses(first: Client, trade: World) -> None:
    manager = Client()
    manager.force_login(admitted("manager", "label", Membership.Role.RIGHTS_MANAGER))
    people.register_party(
        id=UUID(key("own")), kind=PartyKind.PERSON, name="Own", registrar_id=UUID(key("label")), at=timezone.now()
    )
    trade.register("country", audio=False)
    trade.consent("for label", grantor="writer", licensee=key("label"), work=key("work of country"))
    name = {"kind": "credit", "name": "As credited"}
    assert add(manager, "rights/partyname", name | {"party": key("own")}).status_code == 302
    seen = add(manager, "rights/partyname", name | {"party": key("writer")})  # their licensee, who sees them
    assert (seen.status_code, "this party is neither" in text(seen)) == (422, True)
    assert add(manager, "rights/partyname", name | {"party": key("singer")}).status_code == 422  # not even seen
    assert manager.get(f"/admin/rights/party/{key('singer')}/change/").status_code in {302, 404}
    shown = party_page(manager, "writer")
    assert "Is a duplicate" not in shown
    assert "Asks for erasure" not in shown
    assert manager.get(f"/admin/rights/party/{key('writer')}/merge/").status_code == 403
    assert "Is a duplicate" in party_page(manager, "own")
    page = f"rights/party/{key('own')}/merge"
    assert "neither yours" in text(act(manager, page, {"survivor": key("writer"), "reason": "same"}))
    assert act(manager, page, {"survivor": key("label"), "reason": "same"}).status_code == 302
    proposal = Proposal.objects.get()
    answered = f"ledger/proposal/{proposal.pk}/answer"
    outsider = Client()
    outsider.force_login(admitted("outsider", "writer", Membership.Role.RIGHTS_MANAGER))
    assert outsider.get(f"/admin/{answered}/").status_code in {302, 403, 404}
    colleague = Client()
    colleague.force_login(admitted("colleague", "label", Membership.Role.RIGHTS_MANAGER))
    assert act(colleague, answered, {"answer": "agree"}).status_code == 302
    assert PartyMerge.objects.get().survivor_id == UUID(key("label"))
    assert clean()
