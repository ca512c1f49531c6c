"""A bank's file is read for our own payments; whatever else it is, it is refused or passed over."""

from datetime import date
from uuid import UUID

import pytest

from ledger.statements import remittances
from ledger.statements.remittances import NotARemittance, TooLarge

ID = UUID(int=0xABC)
CAMT = """<?xml version="1.0"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><BookgDt><Dt>2026-10-31</Dt></BookgDt>
<NtryDtls><TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs>{inner}</TxDtls></NtryDtls></Ntry>
</Stmt></BkToCstmrStmt></Document>"""


def camt(amount: str = "165.47", way: str = "DBIT", id: str = ID.hex, inner: str = "") -> bytes:
    return CAMT.format(amount=amount, way=way, id=id, inner=inner).encode()


def test_reads_what_was_paid() -> None:
    (found,), refused = remittances.read(camt())
    assert (found.statement_id, found.units, found.currency, found.is_return) == (ID, 16_547, "EUR", False)
    assert found.booked_on == date(2026, 10, 31)
    assert not refused


def test_prefers_the_amount_of_the_payment_to_that_of_the_batch() -> None:
    (found,), _ = remittances.read(camt(amount="999.00", inner='<Amt Ccy="EUR">1.00</Amt>'))
    assert found.units == 100


def test_tells_what_came_back_as_a_return() -> None:
    (found,), _ = remittances.read(camt(way="CRDT"))
    assert found.is_return


def test_passes_over_payments_of_others() -> None:
    assert remittances.read(camt(id="NOTPROVIDED")) == ((), ())


def test_reads_a_table_where_a_bank_sends_no_camt() -> None:
    raw = f"end_to_end_id,amount,currency,booked_on\r\n{ID.hex},1.5,EUR,2026-10-31\r\n{ID.hex},-1.5,EUR,2026-11-02\r\n"
    (paid, back), _ = remittances.read(raw.encode())
    assert (paid.units, paid.is_return) == (150, False)
    assert (back.units, back.is_return) == (150, True)


@pytest.mark.parametrize("amount", ["1e3", "1,000.00", "", "1.005", "0", "9" * 24])
def test_refuses_an_amount_by_its_place(amount: str) -> None:
    found, (refused,) = remittances.read(camt(amount=amount))
    assert not found
    assert refused.place == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<",
        b"<Document/>",
        camt()[:200],
        camt().replace(b"camt.053", b"pain.001"),
        b"a,b\r\n1,2\r\n",
        b"end_to_end_id,amount,currency,booked_on\r\n1\r\n",
        b"\xff\xfe\x00",
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + camt(id="&a;").split(b"?>", 1)[1],
    ],
)
def test_refuses_what_is_neither(raw: bytes) -> None:
    with pytest.raises(NotARemittance):
        remittances.read(raw)


def test_reads_no_file_through_an_entity() -> None:
    raw = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + camt(id="&a;").split(b"?>", 1)[1]
    with pytest.raises(NotARemittance):
        remittances.read(raw)


def test_refuses_more_than_anybody_sends() -> None:
    with pytest.raises(TooLarge):
        remittances.read(b" " * (remittances.LARGEST_BYTES + 1))
