"""What follows a published run: statements to read and print, objections, payment orders, what the bank confirms."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from lxml import etree

from ledger import clients, opening, rendering, replaying, sequencer
from ledger.models import Entry, Membership
from ledger.replaying import Result
from royalties import books
from royalties.books import Key, Kind
from royalties.models import Statement, StatementObjection
from tests.flows import runs, worked
from tests.flows.conftest import Api, Sounds, admitted, changed, key
from tests.flows.runs import Payer
from tests.flows.test_reviews import Person, assert_whole, code
from tests.flows.test_runs import RECEIPTS, STATEMENTS, agree, quote

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

EUR = {"A": 16547, "C": 32775, "D": 17929, "HC": 46402}
RUN = f"/v1/royalty-runs/{key('run 1')}"
IBAN = "DE89370400440532013000"


@pytest.fixture
def payer(transactional_db: None, sounds: Sounds, tmp_path: Path) -> Payer:
    worked.build(sounds)
    found = runs.payer()
    agree(found)
    quote(found)
    found.report(tmp_path, "january", RECEIPTS)
    found.published("run 1", "2026-01-01", "2026-02-01", pay_on="2026-02-20")
    return found


def test_statements_are_read_objected_to_and_paid(payer: Payer) -> None:
    statements = {name: payer.statements("run 1")[key(name)] for name in STATEMENTS}
    read_by_its_payee(payer, statements["D"])
    read_a_piece_at_a_time(payer, statements.values())
    objected_to(payer, statements["C"])
    ordered_and_confirmed(payer, statements)
    opened_by_link(payer, statements)
    assert_whole()


def read_by_its_payee(payer: Payer, statement: dict[str, Any]) -> None:
    path = f"/reports/statements/{statement['id']}"
    payee, stranger = (Client() for _ in range(2))
    payee.force_login(admitted("of D", "D", Membership.Role.ARTIST))
    stranger.force_login(admitted("of C", "C", Membership.Role.FINANCE))
    for kind in ("", ".pdf", ".csv", "/proof.json", "/lines/0.0"):
        assert stranger.get(f"{path}{kind}").status_code == 404
        assert Client().get(f"{path}{kind}").status_code == 302

    shown = payee.get(path).content.decode()
    assert "179.29 EUR" in shown
    assert "15.825 % of the base" in shown
    assert statement["id"] in payee.get("/reports/statements").content.decode()
    assert payee.get(f"{path}.pdf").content.startswith(b"%PDF-")
    sheet = payee.get(f"{path}.csv").getvalue().decode()
    lines = [row for row in csv.DictReader(io.StringIO(sheet)) if row["output"]]
    assert sum(int(row["minor"]) for row in lines) == statement["allocated"] == 21300
    assert payer.one.get(f"/v1/statements/{statement['id']}/pdf").content.startswith(b"%PDF-")

    # Every cent of it, down to the receipt, the plan, the share and the consent.
    for row in payer.one.get(f"/v1/statements/{statement['id']}/lines").json()["results"]:
        drilled = payee.get(f"{path}/lines/{row['line']}").content.decode()
        assert "january" in drilled
        assert row["weight"] in drilled
        assert "plan version 1" in drilled
        assert "does not add up" not in drilled
    assert payee.get(f"{path}/lines/0.999").status_code == 404


def read_a_piece_at_a_time(payer: Payer, statements: Iterable[dict[str, Any]]) -> None:
    for statement in statements:
        found = rendering.document(Statement.objects.get(pk=statement["id"]))
        listed = payer.one.get(f"/v1/statements/{statement['id']}/lines?limit=1000").json()["results"]
        lines = list(found.lines)
        assert [f"{one.partition}.{one.number}" for one in lines] == [one["line"] for one in listed]
        assert len(found.lines) == statement["lines"] == len(lines)
        assert list(found.lines[1:3]) == lines[1:3]
        assert found.lines[-1] == lines[-1]
        by_country = Counter({one.country_name: 0 for one in lines})
        for one in lines:
            by_country[one.country_name] += one.units
        assert Counter(dict(found.sums("country"))) == by_country
        assert {sum(units for _, units in found.sums(by)) for by in ("country", "output", "asset")} == {
            statement["allocated"]
        }


def objected_to(payer: Payer, statement: dict[str, Any]) -> None:
    path = f"/v1/statements/{statement['id']}/objections"
    own = Api(clients.create(name="C objects", party_id=UUID(key("C")), scopes=["runs:read", "runs:write"]))
    other = Api(clients.create(name="A objects", party_id=UUID(key("A")), scopes=["runs:read", "runs:write"]))
    document = {"id": key("objection"), "reason": "Our share of W2 in the US is three fifths."}
    assert code(other.post(path, document)) == (404, "no_such_statement")
    assert code(payer.one.post(path, document)) == (403, "not_your_party")
    assert code(own.post(path, {"id": key("empty"), "reason": " "}))[0] == 400
    first = own.post(path, document)
    assert first.status_code == 201, first.content
    assert own.post(path, document).status_code == 200
    assert code(own.post(path, {**document, "id": key("objection 2")})) == (409, "objected_before")

    answers = f"/v1/objections/{document['id']}/answers"
    answer = {"id": key("answer"), "outcome": "upheld", "reason": "It is released once both agree."}
    assert own.post(answers, answer).status_code == 403  # nobody answers their own
    said = payer.one.post(answers, answer)
    assert (said.status_code, said.json()["outcome"]) == (201, "upheld")
    assert code(payer.one.post(answers, {**answer, "id": key("answer 2")})) == (409, "answered_before")
    assert "three fifths" in payer.one.get(f"/reports/statements/{statement['id']}").content.decode()


def ordered_and_confirmed(payer: Payer, statements: dict[str, dict[str, Any]]) -> None:
    order = {"id": key("file"), "currency": "EUR", "pay_on": "2026-02-20"}
    assert code(payer.one.post(f"{RUN}/payment-files", order)) == (409, "no_payers_account")
    assert code(account(payer, "A", iban="DE89370400440532013001")) == (422, "not_an_account")
    for name in (*EUR, "B", "distributor"):
        assert account(payer, name).status_code == 204
    made = payer.one.post(f"{RUN}/payment-files", order)
    assert made.status_code == 201, made.content
    assert {row["statement"]: row["units"] for row in made.json()["orders"]} == {
        statements[name]["id"]: units for name, units in EUR.items()
    }
    left = {row["statement"]: row["reason"] for row in made.json()["left"]}
    assert set(left) == {statements["B"]["id"], statements["E"]["id"]}
    assert "USD" in left[statements["B"]["id"]]
    assert payer.other.post(f"{RUN}/payment-files", order).status_code == 200
    assert code(payer.one.post(f"{RUN}/payment-files", {**order, "id": key("file 2")})) == (409, "nothing_to_pay")

    file = f"/v1/payment-files/{order['id']}/file"
    raw = payer.one.get(file)
    assert raw.status_code == 200, raw.content
    assert etree.fromstring(raw.content).xpath("//*[local-name()='GrpHdr']/*[local-name()='CtrlSum']/text()") == [
        "1136.53"
    ]
    account(payer, "C", iban="FR1420041010050500013M02606")
    assert code(payer.one.get(file)) == (409, "account_changed")
    account(payer, "C")
    assert payer.one.get(file).content == raw.content

    before = books.of_payer(UUID(payer.id), Kind.BANK)
    paid = f"{UUID(statements['A']['id']).hex},165.47,EUR,2026-02-20\n"
    wrong = f"{UUID(statements['C']['id']).hex},327.00,EUR,2026-02-20\n"
    said = remit(payer, paid + wrong).json()
    assert (said["paid"], said["returned"], said["known"]) == (1, 0, 0)
    assert [row["place"] for row in said["refused"]] == [2]
    assert remit(payer, paid).json()["known"] == 1
    after = books.of_payer(UUID(payer.id), Kind.BANK)
    bank = Key(Kind.BANK, "EUR", UUID(key("A")))
    assert (before[bank], after.get(bank, 0)) == (16547, 0)
    assert "2026-02-20" in payer.one.get("/reports/statements").content.decode()

    # It came back: the statement is owed again, and ordered a second time.
    back = f"{UUID(statements['A']['id']).hex},-165.47,EUR,2026-02-24\n"
    assert remit(payer, back).json()["returned"] == 1
    assert books.of_payer(UUID(payer.id), Kind.BANK)[bank] == 16547
    again = payer.one.post(f"{RUN}/payment-files", {**order, "id": key("file 3")}).json()
    assert [(row["statement"], row["attempt"]) for row in again["orders"]] == [(statements["A"]["id"], 2)]
    assert code(remit(payer, "", name="x.csv", raw=b"<a/>")) == (422, "not_a_remittance")
    confirmed_again(paid + wrong, back)


def confirmed_again(paid: str, back: str) -> None:
    """What the bank confirmed is looked up again, and read again by whoever has its file."""
    sequencer.drain(at=timezone.now())
    kinds = ("payment_confirmed", "booked")
    rows = Entry.objects.filter(kind__in=kinds, at__gte=Entry.objects.filter(kind=kinds[0]).earliest("at").at)
    entries = list(rows.select_related("leaf").order_by("leaf__index"))
    found = [replaying.replay(one) for one in entries]
    assert [(one.entry.kind, one.result) for one in found] == [(kind, Result.SAME) for kind in kinds] * 2
    assert "give it with --file" in found[0].kept[0]
    out, returned = entries[0], entries[2]
    whole = replaying.replay(out, file=bank(paid))
    assert (whole.result, whole.kept) == (Result.SAME, ())
    assert replaying.replay(returned, file=bank(back)).result is Result.SAME
    other = replaying.replay(out, file=bank(back))
    assert (other.result, "SHA-256 is another" in other.sentence) == (Result.LOST, True)
    with changed("UPDATE royalties_payment SET booked_on = '2026-01-01' WHERE NOT is_return", "royalties_payment"):
        day = replaying.replay(out, file=bank(paid))
        booked = replaying.replay(entries[1])
    assert day.result is Result.SAME  # the file says the day that was logged
    assert [one.where.rpartition(" ")[2] for one in booked.differences] == ["data.value_on", "value_on"]
    with changed("UPDATE royalties_paymentorder SET units = units + 1", "royalties_paymentorder"):
        amount = replaying.replay(out, file=bank(paid))
    assert [one.now for one in amount.differences] == ["The bank's file says no such payment."]
    with changed("UPDATE royalties_payment SET recorded_at = now() WHERE NOT is_return", "royalties_payment"):
        early = replaying.replay(returned)
    assert [one.now for one in early.differences] == ["It came back before it was paid."]


def account(payer: Payer, name: str, *, iban: str = IBAN) -> Any:
    document = {"payer": payer.id, "party": key(name), "name": f"Holder of {name}", "iban": iban}
    return payer.one.post("/v1/bank-accounts", document)


def remit(payer: Payer, rows: str, *, name: str = "bank.csv", raw: bytes | None = None) -> Any:
    given = {"payer": payer.id, "file": SimpleUploadedFile(name, bank(rows) if raw is None else raw)}
    person: Person = payer.one
    return person.client.post("/v1/remittances", given)


def bank(rows: str) -> bytes:
    return f"end_to_end_id,amount,currency,booked_on\n{rows}".encode()


def opened_by_link(payer: Payer, statements: dict[str, dict[str, Any]]) -> None:
    document = {"id": key("link of C"), "payer": payer.id, "payee": key("C"), "days": 30}
    assert code(payer.one.post("/v1/payee-links", {**document, "days": 400}))[0] == 400
    assert payer.one.post("/v1/payee-links", {**document, "payee": key("singer")}).status_code == 422  # a stranger
    payee = Person(admitted("of C too", "C", Membership.Role.ARTIST))
    assert payee.post("/v1/payee-links", document).status_code == 403  # a link is the payer's to give
    made = payer.one.post("/v1/payee-links", document)
    assert made.status_code == 201, made.content
    assert payer.one.post("/v1/payee-links", document).json()["link"] == made.json()["link"]
    assert code(payer.one.post("/v1/payee-links", {**document, "days": 31})) == (409, "id_taken")
    listed = payer.one.get("/v1/payee-links").json()["results"]
    assert [row["id"] for row in listed] == [document["id"]]
    assert "link" not in listed[0]

    address = "/payee/" + made.json()["link"].rsplit("/", 1)[1]
    visitor = Client()
    home = visitor.get(address)
    assert home.status_code == 200
    shown = home.content.decode()
    assert (home["Cache-Control"], home["Referrer-Policy"]) == ("private, no-store", "no-referrer")
    assert not visitor.cookies
    assert statements["C"]["id"] in shown
    assert all(found["id"] not in shown for name, found in statements.items() if name != "C")

    path = f"{address}/statements/{statements['C']['id']}"
    assert "327.75 EUR" in visitor.get(path).content.decode()
    assert visitor.get(f"{path}.pdf").content.startswith(b"%PDF-")
    assert statements["C"]["id"] in visitor.get(f"{path}.csv").getvalue().decode()
    assert visitor.get(f"{path}/proof.json").json()["statement"]
    line = payer.one.get(f"/v1/statements/{statements['C']['id']}/lines").json()["results"][0]["line"]
    drilled = visitor.get(f"{path}/lines/{line}").content.decode()
    assert "plan version 1" in drilled
    assert "/reports/" not in drilled + visitor.get(path).content.decode()  # nothing that asks for a login

    # Whatever does not open looks alike: guessed, another's statement, no statement.
    guessed = address[:-1] + ("A" if address[-1] != "A" else "B")
    for wrong in (
        guessed,
        f"{address}x",
        "/payee/" + "é" * 9000,
        f"{address}/statements/{statements['A']['id']}",
        f"{guessed}/statements/{statements['C']['id']}",
        f"{path}/lines/0.999",
    ):
        answer = visitor.get(wrong)
        assert (answer.status_code, "There is nothing here" in answer.content.decode()) == (404, True), wrong

    # What cannot be taken is said on the page, beside what was written; what can is known to have come by the link.
    refused = visitor.post(f"{path}/objection", {"reason": "Once more."})
    assert (refused.status_code, "was objected to before" in refused.content.decode()) == (422, True)
    other = {"id": key("link of D"), "payer": payer.id, "payee": key("D"), "days": 1}
    of_d = "/payee/" + payer.one.post("/v1/payee-links", other).json()["link"].rsplit("/", 1)[1]
    path_of_d = f"{of_d}/statements/{statements['D']['id']}"
    long = visitor.post(f"{path_of_d}/objection", {"reason": "too long " * 99})
    assert (long.status_code, ">too long too long" in long.content.decode()) == (422, True)
    taken = visitor.post(f"{path_of_d}/objection", {"reason": "The reserve is a tenth, not a fifth."})
    assert (taken.status_code, taken["Location"]) == (303, f"{path_of_d}#objections")
    assert "Waits for an answer" in visitor.get(path_of_d).content.decode()
    row = StatementObjection.objects.get(statement=statements["D"]["id"])
    assert (str(row.link_id), row.objected_by_id) == (other["id"], None)

    # Taken back, and over.
    ends = f"/v1/payee-links/{document['id']}/ends"
    assert payee.post(ends).status_code == 403
    assert payer.one.post(ends).json()["ended_at"]
    assert code(payer.one.post(ends)) == (409, "link_ended_before")
    assert visitor.get(address).status_code == 404
    with pytest.raises(opening.NoSuchLink):
        opening.opened(of_d.rsplit("/", 1)[1], at=timezone.now() + timedelta(days=1, minutes=1))
