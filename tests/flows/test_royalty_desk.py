"""What finance does at the desk once a run is published: the API's use cases, in forms that say what is wrong."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ledger import opening, remitting
from rights.models import Recording
from royalties import books, breakdowns
from royalties.books import Kind
from royalties.models import (
    Account,
    Advance,
    PayeeLink,
    PaymentFile,
    RoyaltyRun,
    Statement,
    TaxCertificate,
    Transaction,
)
from tests.flows import runs, worked
from tests.flows.conftest import Sounds, key
from tests.flows.runs import Payer
from tests.flows.test_reviews import assert_whole
from tests.flows.test_runs import RECEIPTS, agree, quote

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

IBAN = "DE89370400440532013000"
DESK = "/admin/royalties"


@pytest.fixture
def payer(transactional_db: None, sounds: Sounds, tmp_path: Path) -> Payer:
    worked.build(sounds)
    found = runs.payer()
    agree(found)
    quote(found)
    half = len(RECEIPTS) // 2
    found.report(tmp_path, "january", RECEIPTS[:half])
    found.report(tmp_path, "late", RECEIPTS[half:], first=date(2025, 12, 1), last=date(2025, 12, 31))
    found.published("run 1", "2026-01-01", "2026-02-01", pay_on="2026-02-20")
    return found


def test_finance_settles_at_the_desk(payer: Payer) -> None:
    run = RoyaltyRun.objects.get(pk=key("run 1"))
    where_it_came_from(payer, run)
    accounts_are_sealed(payer)
    paid_and_confirmed(payer, run)
    hold_is_released(payer)
    topped_up(payer, run)
    recouped_from_a_group(payer)
    refunded(payer, run)
    handed_out_and_taken_back(payer)
    assert_whole()


def get(payer: Payer, path: str) -> str:
    answer = payer.one.client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return str(answer.content.decode())


def send(who: Payer, path: str, /, **given: Any) -> Any:
    found: Any = who.one.client.post(path, {"id": uuid4(), **given})
    return found


def where_it_came_from(payer: Payer, run: RoyaltyRun) -> None:
    found = breakdowns.of(run.parts.get(of_run=run), currency="EUR", most=2)
    assert [month for month, _ in found.months] == ["2025-12", "2026-01"]
    everything = breakdowns.of(run.parts.get(of_run=run), currency="EUR", most=1000)
    assert sum(units for _, units in found.months) == sum(units for _, units in everything.outputs) == found.units
    assert found.outputs == everything.outputs[:2]
    assert found.others == len(everything.outputs) - len(found.outputs)
    assert found.others_units == sum(units for _, units in everything.outputs[2:])

    shown = get(payer, f"{DESK}/royaltyrun/{run.pk}/change/")
    for title in ("By territory", "By source", "By output", "By month of use"):
        assert f"<figcaption>{title}" in shown
    assert "2025-12" in shown
    assert "is not counted yet" not in shown


def accounts_are_sealed(payer: Payer) -> None:
    path = f"{DESK}/payeeterms/account/"
    given = {"payer": payer.id, "party": key("A"), "name": "Holder of A", "bic": ""}
    wrong = send(payer, path, **given, iban="DE89370400440532013001")
    assert (wrong.status_code, b"right check digits" in wrong.content) == (422, True)
    assert send(payer, path, **given, iban=IBAN).status_code == 302
    shown = get(payer, f"{path}?payer={payer.id}&party={key('A')}")
    assert "On record is DE … 3000." in shown
    assert IBAN[2:18] not in shown
    assert "Holder of A" not in shown
    # Not in the name of a payer for whom this person does not settle.
    assert send(payer, path, **given | {"payer": key("label")}, iban=IBAN).status_code == 422


def paid_and_confirmed(payer: Payer, run: RoyaltyRun) -> None:
    path = f"{DESK}/royaltyrun/{run.pk}/payments/"
    assert "no account of" in get(payer, path)
    order = {"currency": "EUR", "pay_on": "2026-02-20"}
    refused = send(payer, path, **order)
    assert (refused.status_code, b"record it first" in refused.content) == (422, True)
    assert send(
        payer, f"{DESK}/payeeterms/account/", payer=payer.id, party=payer.id, name="The payer", iban=IBAN
    ).status_code == 302  # fmt: skip
    shown = get(payer, path)
    assert "1 payment in EUR" in shown
    assert "No bank account of the payee is on record." in shown
    assert send(payer, path, **order).status_code == 302
    file = PaymentFile.objects.get(run=run)
    raw = payer.one.client.get(f"{path}{file.pk}.xml")
    assert (raw.status_code, raw["Content-Type"]) == (200, "application/xml")
    assert raw.content == remitting.again(file.pk)
    again = send(payer, path, **order)
    assert again.status_code == 422

    statement = Statement.objects.get(run=run, payee=UUID(key("A")))
    bank = f"{DESK}/royaltyrun/from-the-bank/"
    rows = [f"{statement.pk.hex},165.47,EUR,2026-02-20", f"{UUID(int=7).hex},1.00,EUR,2026-02-20"]
    sheet = "\n".join(["end_to_end_id,amount,currency,booked_on", *rows]) + "\n"
    result = send(payer, bank, payer=payer.id, file=SimpleUploadedFile("bank.csv", sheet.encode()))
    said = re.findall(r"<li><span>([^<]+)</span><b>(\d+)</b>", result.content.decode())
    assert dict(said) == {"Paid": "1", "Came back": "0", "Booked before": "0", "Not booked": "1"}
    assert "No payment of this statement was ordered." in result.content.decode()
    for wrong in (b"", b"<a/>", b"end_to_end_id,amount\n1,2\n"):
        refused = send(payer, bank, payer=payer.id, file=SimpleUploadedFile("bank.csv", wrong))
        assert (refused.status_code, "The bank’s file is camt" in refused.content.decode().replace("&#x27;", "’")) == (
            422,
            True,
        )
    assert send(payer, bank, payer=key("label"), file=SimpleUploadedFile("b.csv", sheet.encode())).status_code == 422
    assert '<td class="l-num" data-label="Paid">1</td>' in get(payer, path)


def hold_is_released(payer: Payer) -> None:
    account = next(one for one in Account.objects.filter(kind=Kind.HOLD) if books.held_of(one.pk, UUID(key("run 1"))))
    held = books.held_of(account.pk, UUID(key("run 1")))
    page = f"{DESK}/account/{account.pk}"
    assert "Release" in get(payer, f"{page}/change/")
    get(payer, f"{page}/release/")
    given = {"run": key("run 1"), "reason": "They agreed on 2 : 1.", "party_1": key("C"), "part_1": "2/3"}
    for wrong in (
        {},  # the parts come to less than 1
        {"party_2": key("C"), "part_2": "1/3"},  # named twice
        {"part_2": "1/3"},  # nobody's
        {"party_2": key("D"), "part_2": "1/3", "units": "99999.00"},  # more than there is
        {"party_2": key("D"), "part_2": "1/3", "units": "0.001"},  # less than a cent
    ):
        assert send(payer, f"{page}/release/", **given | wrong).status_code == 422, wrong
    released = send(payer, f"{page}/release/", **given, party_2=key("D"), part_2="1/3")
    assert released.status_code == 302, released.content
    booked = Transaction.objects.get(kind=Transaction.Kind.RELEASED)
    assert sum(one.units for one in booked.postings.exclude(account=account)) == held
    assert payer.one.client.get(f"{page}/release/").status_code == 403  # there is nothing left


def topped_up(payer: Payer, run: RoyaltyRun) -> None:
    path = f"{DESK}/royaltyrun/{run.pk}/guarantee/"
    assert "masters earned" in get(payer, path)
    given = {"side": "publishing", "minimum": "0.01", "reason": "License 7"}
    small = send(payer, path, **given)
    assert (small.status_code, b"no less than the guarantee" in small.content) == (422, True)
    assert send(payer, path, **given | {"minimum": "700.00"}).status_code == 302
    assert Transaction.objects.filter(kind=Transaction.Kind.GUARANTEED, of_run=run).count() == 1


def recouped_from_a_group(payer: Payer) -> None:
    path = f"{DESK}/advance/add/"
    given = {
        "payer": payer.id, "payee": key("A"), "kind": "advance", "amount": "200.00", "currency": "EUR",
        "rate": "50 %", "priority": "1", "paid_on": "2026-02-01", "group": "Album 2",
    }  # fmt: skip
    alone = send(payer, path, **given)
    assert (alone.status_code, b"without a group leave both out" in alone.content) == (422, True)
    recording = str(Recording.objects.order_by("pk")[:1].get().pk)
    made = send(payer, path, **given, recordings=[recording])
    assert made.status_code == 302, made.content
    row = Advance.objects.get(group="Album 2")
    assert [str(one) for one in row.assets] == [recording]
    assert "In the group" in get(payer, f"{DESK}/advance/{row.pk}/change/")


def refunded(payer: Payer, run: RoyaltyRun) -> None:
    statement = Statement.objects.filter(run=run, withheld__gt=0).order_by("pk").first()
    assert statement is not None
    path = f"{DESK}/royaltyrun/statements/{statement.pk}/refund/"
    early = send(payer, path, reason="The certificate came late.")
    assert (early.status_code, b"lower rate than was withheld" in early.content) == (422, True)
    certificate = send(
        payer, f"{DESK}/taxcertificate/add/", payer=payer.id, payee=statement.payee_id, rate="0 %",
        income_type="royalty", valid_from="2026-01-01", valid_to="2027-01-01", digest="ab" * 32,
    )  # fmt: skip
    assert certificate.status_code == 302, certificate.content
    row = TaxCertificate.objects.get(document_digest="ab" * 32)
    assert path in get(payer, f"{DESK}/taxcertificate/{row.pk}/change/")
    assert send(payer, path, reason="The certificate came late.").status_code == 302
    newest = Statement.objects.get(run=run, payee=statement.payee_id, version=2)
    assert newest.payable == statement.payable + statement.withheld
    assert path not in get(payer, f"{DESK}/taxcertificate/{row.pk}/change/")


def handed_out_and_taken_back(payer: Payer) -> None:
    path = f"{DESK}/payeelink/add/"
    given: dict[str, Any] = {"id": uuid4(), "payer": payer.id, "payee": key("D"), "days": 30}
    shown = payer.one.client.post(path, given)
    link = opening.address_of(PayeeLink.objects.get(pk=given["id"]))
    assert (shown.status_code, link in shown.content.decode()) == (200, True)
    sheet = f"{DESK}/payeelink/{given['id']}"
    assert link.rsplit("/", 1)[1] not in get(payer, f"{sheet}/change/") + get(payer, f"{DESK}/payeelink/")
    assert payer.one.client.post(path, given).status_code == 302  # sent again, it is not shown again
    assert payer.other.client.post(f"{sheet}/end/").status_code == 302
    assert "Taken back" in get(payer, f"{sheet}/change/")
