"""Payment orders fit the bank's schema, carry what they can, and name what they cannot."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from lxml import etree

from ledger.statements import transfers
from ledger.statements.transfers import Account, NotAnAccount, NothingToPay, Order

PAYER = Account("Example Service", "DE89 3704 0044 0532 0130 00", "COBADEFFXXX")
PAYEE = Account("Dóra & Söhne <x>", "FR14 2004 1010 0505 0001 3M02 606")
HOW: dict[str, Any] = {
    "payer": PAYER,
    "currency": "EUR",
    "on": date(2026, 10, 31),
    "message_id": "0123456789abcdef0123456789abcdef",
    "created_at": datetime(2026, 10, 12, 9, 30, tzinfo=UTC),
}


def order(number: int = 1, units: int = 16_547, currency: str = "EUR", to: Account | None = PAYEE) -> Order:
    return Order(UUID(int=number), to, units, currency, "Royalties 2026-09")


def test_pays_each_statement_to_the_unit() -> None:
    tree = etree.fromstring(transfers.written([order(1, 16_547), order(2, 1)], **HOW))
    assert tree.xpath("//*[local-name()='InstdAmt']/text()") == ["165.47", "0.01"]
    assert tree.xpath("//*[local-name()='GrpHdr']/*[local-name()='CtrlSum']/text()") == ["165.48"]
    assert tree.xpath("//*[local-name()='EndToEndId']/text()") == [UUID(int=1).hex, UUID(int=2).hex]
    assert tree.xpath("//*[local-name()='ReqdExctnDt']/*/text()") == ["2026-10-31"]


def test_is_the_same_file_each_time_and_in_whatever_order() -> None:
    assert transfers.written([order(1), order(2)], **HOW) == transfers.written([order(2), order(1)], **HOW)


def test_says_sepa_of_euros_only() -> None:
    assert b"<Cd>SEPA</Cd>" in transfers.written([order()], **HOW)
    assert b"SEPA" not in transfers.written([order(currency="GBP")], **{**HOW, "currency": "GBP"})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (order(units=0), "Nothing is payable"),
        (order(units=-1), "Nothing is payable"),
        (order(to=None), "No bank account"),
        (order(currency="USD"), "paid in USD"),
    ],
)
def test_names_what_it_cannot_carry(given: Order, why: str) -> None:
    carried, left = transfers.sorted_out([given], currency="EUR")
    assert not carried
    assert why in left[0].reason
    with pytest.raises(NothingToPay):
        transfers.written([given], **HOW)


def test_leaves_currencies_without_cents_to_another_way() -> None:
    _, left = transfers.sorted_out([order(currency="JPY")], currency="JPY")
    assert "other digits" in left[0].reason


@pytest.mark.parametrize(
    ("name", "iban", "bic"),
    [("A", "DE89370400440532013001", ""), ("A", "", ""), (" ", "DE89370400440532013000", ""), ("A", PAYER.iban, "X")],
)
def test_refuses_an_account_with_wrong_digits(name: str, iban: str, bic: str) -> None:
    with pytest.raises(NotAnAccount):
        Account(name, iban, bic)
