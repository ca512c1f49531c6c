"""
What the bank says it paid: ISO 20022 ``camt.053``/``camt.054``, or a CSV where a bank sends none. Pure.

Only the payments that carry an end-to-end id are told, since only those are ours to know; a return is told as one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from lxml import etree

from royalties import money

VERSION = "bank/1"  # another one reads the same file to other payments: an entry names what read its file
LARGEST_BYTES = 16 * 1024 * 1024
MOST_PAYMENTS = 100_000
_CAMT = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.05[34]\.001\.\d\d\}Document\Z")
_COLUMNS = ("end_to_end_id", "amount", "currency", "booked_on")
_STATEMENT = re.compile(r"[0-9a-fA-F]{32}\Z")


class NotARemittance(Exception):
    """The bank's file is camt.053 or camt.054, or a CSV with end_to_end_id, amount, currency and booked_on."""


class TooLarge(Exception):
    """A bank's file has at most 16 MiB and 100,000 payments; hand in one day's at a time."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A payment that left the account, or one that came back."""

    place: int  # its number in the file, from 1
    statement_id: UUID
    units: int
    currency: str
    booked_on: date
    is_return: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A payment in the file that cannot be booked, and why."""

    place: int
    reason: str


def read(raw: bytes) -> tuple[tuple[Confirmed, ...], tuple[Refused, ...]]:
    """
    Read a bank's file; payments of others are neither told nor refused.

    :raises NotARemittance: neither of the forms, or broken
    :raises TooLarge: more than anybody sends
    """
    if len(raw) > LARGEST_BYTES:
        raise TooLarge
    rows = _camt(raw) if raw.lstrip()[:1] == b"<" else _csv(raw)
    confirmed, refused = [], []
    for place, row in enumerate(rows, 1):
        if place > MOST_PAYMENTS:
            raise TooLarge
        if not _STATEMENT.match(row["end_to_end_id"]):
            continue
        try:
            confirmed.append(_payment(place, row))
        except (ValueError, money.NotAnAmount, money.UnknownCurrency, money.BeyondMoney) as error:
            refused.append(Refused(place, str(error) or type(error).__name__))
    return tuple(confirmed), tuple(refused)


def _payment(place: int, row: dict[str, str]) -> Confirmed:
    amount = money.read(row["amount"])
    units = money.minor(abs(amount), row["currency"])
    if units != abs(amount) * 10 ** money.exponent(row["currency"]):
        raise ValueError(f"The amount has more digits than {row['currency']}.")
    if not units:
        raise ValueError("Nothing was paid.")
    return Confirmed(
        place=place,
        statement_id=UUID(row["end_to_end_id"]),
        units=units,
        currency=row["currency"],
        booked_on=date.fromisoformat(row["booked_on"][:10]),
        is_return=row.get("is_return") == "yes" or amount < 0,
    )


def _csv(raw: bytes) -> Iterator[dict[str, str]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotARemittance(f"{NotARemittance.__doc__} It is not UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if not set(_COLUMNS) <= set(reader.fieldnames or ()):
            raise NotARemittance
        for row in reader:
            if None in row or None in row.values():
                raise NotARemittance(f"{NotARemittance.__doc__} Line {reader.line_num} has other cells.")
            yield {key: value.strip() for key, value in row.items()}
    except csv.Error as error:
        raise NotARemittance(f"{NotARemittance.__doc__} {error}") from error


def _camt(raw: bytes) -> Iterator[dict[str, str]]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise NotARemittance(f"{NotARemittance.__doc__} {error}") from error
    if root.getroottree().docinfo.doctype or not _CAMT.match(root.tag):
        raise NotARemittance
    for entry in root.iterfind(".//{*}Ntry"):
        debit = _text(entry, "CdtDbtInd") == "DBIT"
        reversed_ = _text(entry, "RvslInd") in {"true", "1"}
        on = _text(entry, "BookgDt/{*}Dt") or _text(entry, "BookgDt/{*}DtTm")
        for found in entry.iterfind("{*}NtryDtls/{*}TxDtls"):
            amount = found.find("{*}Amt")
            if amount is None:
                amount = found.find("{*}AmtDtls/{*}TxAmt/{*}Amt")
            if amount is None and len(entry.findall("{*}NtryDtls/{*}TxDtls")) == 1:
                amount = entry.find("{*}Amt")
            yield {
                "end_to_end_id": _text(found, "Refs/{*}EndToEndId"),
                "amount": (amount.text or "").strip() if amount is not None else "",
                "currency": amount.get("Ccy", "") if amount is not None else "",
                "booked_on": on,
                # Money that came in with our own id is a payment that came back.
                "is_return": "yes" if reversed_ or not debit else "no",
            }


def _text(node: etree._Element, path: str) -> str:
    found = node.find("{*}" + path)
    return (found.text or "").strip() if found is not None else ""
