"""
Payment orders for a bank: ISO 20022 ``pain.001.001.09``, written and held to its schema by sepaxml. Pure.

The same orders give the same bytes, so that a file handed out twice is one file. What such a file cannot carry
is named, to be paid another way, and never left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from lxml import etree
from sepaxml import SepaTransfer
from sepaxml.validation import ValidationError
from stdnum import bic as bics
from stdnum import iban as ibans
from stdnum.exceptions import ValidationError as BadNumber

from royalties import money

SCHEMA = "pain.001.001.09"
_NAMESPACE = {"p": f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"}
_DIGITS = 2  # the library writes amounts with two decimals


class NotAnAccount(Exception):
    """A bank account is an IBAN with right check digits, and its BIC where one is given."""


class NothingToPay(Exception):
    """No statement of the run can be paid in this file."""


class NotAFile(Exception):
    """The payment file does not fit its schema, so no bank would take it."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where money goes or comes from. Personal data: never in a log, an address or a message."""

    name: str
    iban: str
    bic: str = ""

    def __post_init__(self) -> None:
        """Check the digits."""
        try:
            ibans.validate(self.iban)
            if self.bic:
                bics.validate(self.bic)
        except BadNumber as error:
            raise NotAnAccount(NotAnAccount.__doc__) from error
        if not self.name.strip():
            raise NotAnAccount(f"{NotAnAccount.__doc__} It is held by somebody with a name.")


@dataclass(frozen=True, slots=True)
class Order:
    """One payment of a statement."""

    statement_id: UUID
    to: Account | None  # None where no account is on record
    units: int
    currency: str
    remittance: str  # what the payee reads on its bank statement

    @property
    def end_to_end_id(self) -> str:
        """What the payment is told apart by until the bank confirms it: 32 characters of its 35."""
        return self.statement_id.hex


@dataclass(frozen=True, slots=True)
class Unpayable:
    """A statement that the file leaves out, and why."""

    statement_id: UUID
    reason: str


def sorted_out(orders: Iterable[Order], *, currency: str) -> tuple[tuple[Order, ...], tuple[Unpayable, ...]]:
    """Return what a file in this currency can carry, and what it cannot with the reason."""
    carried, left = [], []
    for order in sorted(orders, key=lambda order: order.statement_id.hex):
        if order.units <= 0:
            left.append(Unpayable(order.statement_id, "Nothing is payable."))
        elif order.to is None:
            left.append(Unpayable(order.statement_id, "No bank account of the payee is on record."))
        elif order.currency != currency:
            left.append(Unpayable(order.statement_id, f"It is paid in {order.currency}, which has a file of its own."))
        elif money.exponent(order.currency) != _DIGITS:
            left.append(
                Unpayable(order.statement_id, f"Amounts of {order.currency} have other digits than such a file.")
            )
        else:
            carried.append(order)
    return tuple(carried), tuple(left)


def written(
    orders: Iterable[Order], *, payer: Account, currency: str, on: date, message_id: str, created_at: datetime
) -> bytes:
    """
    Write payment orders of one currency, to be carried out on a day.

    :param message_id: at most 35 characters, and the payer's own for ever
    :raises NothingToPay: there is no order
    :raises NotAFile: the schema refuses what was written
    """
    carried, left = sorted_out(orders, currency=currency)
    if not carried or left:
        raise NothingToPay
    config: dict[str, Any] = {"name": payer.name, "IBAN": _plain(payer.iban), "currency": currency, "batch": True}
    if payer.bic:
        config["BIC"] = payer.bic
    if currency != "EUR":
        config["domestic"] = True  # the SEPA service level is the euro's
    file = SepaTransfer(config, schema=SCHEMA, clean=True)
    file.msg_id = message_id
    for order in carried:
        to = order.to
        if to is None:
            raise NothingToPay
        payment = {
            "name": to.name,
            "IBAN": _plain(to.iban),
            "amount": order.units,
            "currency": currency,
            "description": order.remittance,
            "execution_date": on,
            "endtoend_id": order.end_to_end_id,
        }
        file.add_payment({**payment, "BIC": to.bic} if to.bic else payment)
    try:
        raw = file.export(validate=True)
    except ValidationError as error:
        raise NotAFile(NotAFile.__doc__) from error
    return _settled(raw, message_id, created_at)


def _settled(raw: bytes, message_id: str, created_at: datetime) -> bytes:
    """Put our own ids and time where the library puts random ones."""
    tree = etree.fromstring(raw)
    for path, text in (
        ("//p:GrpHdr/p:MsgId", message_id),
        ("//p:GrpHdr/p:CreDtTm", created_at.strftime("%Y-%m-%dT%H:%M:%S")),
    ):
        for node in tree.xpath(path, namespaces=_NAMESPACE):
            node.text = text
    for number, node in enumerate(tree.xpath("//p:PmtInf/p:PmtInfId", namespaces=_NAMESPACE), 1):
        node.text = f"{message_id[:31]}-{number}"
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8"))


def _plain(iban: str) -> str:
    return str(ibans.compact(iban))
