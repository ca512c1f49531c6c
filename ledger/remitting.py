"""
From a published run to the bank and back: payment orders for statements, and what the bank says of them.

The file for the bank holds names and accounts, so it is written when asked for and not kept; its digest is. The same
orders give the same bytes. A statement is ordered again only after its payment came back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery

from ledger import log, paying, running
from ledger.constraints import violated
from ledger.models import Entry
from ledger.statements import remittances, transfers
from ledger.statements.transfers import Account, Order, Unpayable
from rights import parties
from rights.models import PartyContact
from royalties import books
from royalties.models import Payment, PaymentFile, PaymentOrder, Posting, RoyaltyRun, Statement, Transaction


class NoPayersAccount(Exception):
    """The payer's own bank account is not on record: record it first."""


class OrderedBefore(Exception):
    """Somebody ordered one of these payments at the same moment; look at the run's payment files."""


class AccountChanged(Exception):
    """An account on record changed since the file was made, so the same file cannot be written again."""


class NoSuchFile(Exception):
    """There is no payment file with this id."""


@dataclass(frozen=True, slots=True)
class Made:
    """A payment file with its bytes, and the statements that it leaves out."""

    file: PaymentFile
    raw: bytes
    left: tuple[Unpayable, ...]


@dataclass(frozen=True, slots=True)
class Booked:
    """What came of a bank's file."""

    paid: int
    returned: int
    known: int  # booked before
    refused: tuple[remittances.Refused, ...]


def record_account(*, payer_id: UUID, party_id: UUID, account: Account, at: datetime) -> None:
    """
    Keep the bank account of a party for this payer, sealed under the party's key, in place of the one before.

    Each payer keeps its own: nobody can turn another's payments. It is erased with the party.

    :raises rights.parties.NoSuchParty, Erased, NotSealedYet: nothing can be sealed for it
    """
    kind = _kind(payer_id)
    with transaction.atomic(durable=True):
        parties.put_contact(
            id=uuid5(party_id, f"{kind}/{at.isoformat()}"),
            party_id=party_id,
            kind=kind,
            address=json.dumps({"name": account.name, "iban": account.iban, "bic": account.bic}),
            at=at,
        )


def account_of(*, payer_id: UUID, party_id: UUID) -> Account | None:
    """Return the account of a party that this payer keeps, or None."""
    found = parties.contact_of(party_id, _kind(payer_id))
    return Account(**json.loads(found, parse_float=str)) if found else None


def last_digits(*, payer_id: UUID, party_id: UUID) -> str:
    """Return what may be shown of an account to whoever recorded it: its country and last digits; empty without one."""
    found = account_of(payer_id=payer_id, party_id=party_id)
    if found is None:
        return ""
    plain = "".join(found.iban.split())
    return f"{plain[:2]} … {plain[-4:]}"


def has_account(*, payer_id: UUID, party_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Return for which of these parties this payer keeps an account."""
    rows = PartyContact.objects.filter(kind=_kind(payer_id), party__in=list(party_ids))
    return frozenset(rows.values_list("party_id", flat=True))


def _kind(payer_id: UUID) -> str:
    return f"bank:{payer_id.hex[:11]}"  # sixteen characters, all that a kind may have


def newest_of(run_id: UUID) -> Sequence[Statement]:
    """Return the statements of a run that are in force: of each payee the last version."""
    last = Statement.objects.filter(run=OuterRef("run"), payee=OuterRef("payee")).order_by("-version")
    rows = Statement.objects.filter(run=run_id, pk=Subquery(last.values("pk")[:1]))
    return list(rows.select_related("run", "payee__identity").order_by("payee_id"))


def order(*, id: UUID, run_id: UUID, currency: str, pay_on: date, by_id: int | None, at: datetime) -> Made:
    """
    Order the payments of a published run that are due in a currency and not ordered yet.

    :raises NoSuchRun: there is none
    :raises NotPublished: its statements are not in force
    :raises NoPayersAccount: nobody said where the money comes from
    :raises transfers.NothingToPay: nothing is left to order
    :raises OrderedBefore: somebody else was faster
    """
    run = RoyaltyRun.objects.filter(pk=run_id).first()
    if run is None:
        raise running.NoSuchRun
    if not paying.is_published(run.pk):
        raise paying.NotPublished
    payer = account_of(payer_id=run.payer_id, party_id=run.payer_id)
    if payer is None:
        raise NoPayersAccount
    due, attempts, ordered_before = _due(run.pk)
    carried, left = transfers.sorted_out(due, currency=currency)
    raw = _written(carried, payer, currency=currency, pay_on=pay_on, id=id, at=at)
    try:
        with transaction.atomic(durable=True):
            file = PaymentFile.objects.create(
                id=id,
                run=run,
                currency=currency,
                pay_on=pay_on,
                digest=sha256(raw).hexdigest(),
                made_by_id=by_id,
                recorded_at=at,
            )
            PaymentOrder.objects.bulk_create(
                PaymentOrder(
                    id=uuid5(id, f"order/{one.statement_id}"),
                    file=file,
                    statement_id=one.statement_id,
                    attempt=attempts[one.statement_id],
                    units=one.units,
                )
                for one in carried
            )
            log.append(
                Entry.Kind.PAYMENTS_ORDERED,
                file,
                {
                    "run": str(run.pk),
                    "currency": currency,
                    "minor": str(sum(one.units for one in carried)),
                    "orders": len(carried),
                    "file": f"sha256:{file.digest}",
                },
                at=at,
            )
    except IntegrityError as error:
        if violated(error) == "statement_is_ordered_once_an_attempt":
            raise OrderedBefore from error
        raise
    return Made(file, raw, (*left, *ordered_before))


def _due(run_id: UUID) -> tuple[list[Order], dict[UUID, int], list[Unpayable]]:
    due, attempts, ordered_before = [], {}, []
    for statement in newest_of(run_id):
        last = PaymentOrder.objects.filter(statement=statement).order_by("-attempt").first()
        if last and not last.payments.filter(is_return=True).exists():
            ordered_before.append(Unpayable(statement.pk, "It is ordered already."))
            continue
        attempts[statement.pk] = last.attempt + 1 if last else 1
        due.append(_order_of(statement))
    return due, attempts, ordered_before


def outlook(run_id: UUID) -> tuple[dict[str, tuple[Order, ...]], tuple[Unpayable, ...]]:
    """Return what a file in each currency would order now, and what no file would carry with the reason."""
    due = [one for one in _due(run_id)[0] if one.units > 0]
    carried: dict[str, tuple[Order, ...]] = {}
    left: list[Unpayable] = []
    for currency in sorted({one.currency for one in due}):
        carried[currency], out = transfers.sorted_out(
            (one for one in due if one.currency == currency), currency=currency
        )
        left += out
    return {currency: orders for currency, orders in carried.items() if orders}, tuple(left)


def again(file_id: UUID) -> bytes:
    """
    Write a payment file again, to the same bytes.

    :raises NoSuchFile: there is none
    :raises AccountChanged: somebody's account is another now
    """
    file = PaymentFile.objects.select_related("run").filter(pk=file_id).first()
    if file is None:
        raise NoSuchFile
    payer = account_of(payer_id=file.run.payer_id, party_id=file.run.payer_id)
    rows = PaymentOrder.objects.filter(file=file).select_related("statement__run")
    orders = [_order_of(row.statement) for row in rows]
    if payer is None or any(one.to is None for one in orders):
        raise AccountChanged
    raw = _written(orders, payer, currency=file.currency, pay_on=file.pay_on, id=file.pk, at=file.recorded_at)
    if sha256(raw).hexdigest() != file.digest:
        raise AccountChanged
    return raw


def _order_of(statement: Statement) -> Order:
    run = statement.run
    return Order(
        statement_id=statement.pk,
        to=account_of(payer_id=run.payer_id, party_id=statement.payee_id),
        units=statement.payout_units,
        currency=statement.payout_currency,
        remittance=f"Royalties {run.period_from} to {run.period_to} {statement.pk}",
    )


def _written(orders: Sequence[Order], payer: Account, *, currency: str, pay_on: date, id: UUID, at: datetime) -> bytes:
    return transfers.written(orders, payer=payer, currency=currency, on=pay_on, message_id=id.hex, created_at=at)


def confirm(*, raw: bytes, payer_id: UUID, at: datetime) -> Booked:
    """
    Book what a bank says was paid or came back; what it says twice is booked once, and all of it or nothing.

    :raises remittances.NotARemittance, remittances.TooLarge: it is no file of a bank
    """
    confirmed, refused = remittances.read(raw)
    digest = sha256(raw).hexdigest()
    counts = {True: 0, False: 0}
    known = 0
    refusals = list(refused)
    with transaction.atomic(durable=True):
        paying.one_at_a_time(payer_id)
        for one in confirmed:
            row = _ordered(one, payer_id)
            if isinstance(row, str):
                refusals.append(remittances.Refused(one.place, row))
                continue
            if Payment.objects.filter(order=row, is_return=one.is_return).exists():
                known += 1
                continue
            _book(row, one, digest=digest, at=at)
            counts[one.is_return] += 1
    return Booked(counts[False], counts[True], known, tuple(sorted(refusals, key=lambda one: one.place)))


def _ordered(one: remittances.Confirmed, payer_id: UUID) -> PaymentOrder | str:
    """Return the order that a payment is of; or why there is none."""
    rows = PaymentOrder.objects.filter(statement=one.statement_id, file__run__payer=payer_id)
    row = rows.select_related("file", "statement__run").order_by("-attempt").first()
    if row is None:
        return "No payment of this statement was ordered."
    if (row.units, row.file.currency) != (one.units, one.currency):
        return "It is another amount than was ordered; nothing of it is booked."
    if one.is_return and not Payment.objects.filter(order=row, is_return=False).exists():
        return "It came back before it was paid; hand in the file that says it was paid."
    return row


def _book(row: PaymentOrder, one: remittances.Confirmed, *, digest: str, at: datetime) -> None:
    payment = _payment(row, is_return=one.is_return, booked_on=one.booked_on, digest=digest, at=at)
    payment.save(force_insert=True)
    log.append(Entry.Kind.PAYMENT_CONFIRMED, payment, _said_of(payment) | {"reader": remittances.VERSION}, at=at)
    statement = row.statement
    booked = books.post(
        _lines_of(payment),
        id=_booking_of(payment),
        payer_id=statement.run.payer_id,
        kind=_kind_of(payment),
        value_on=payment.booked_on,
        of_run=statement.run,
        at=at,
    )
    paying.enter(booked, at=at)


def _payment(row: PaymentOrder, *, is_return: bool, booked_on: date, digest: str, at: datetime) -> Payment:
    return Payment(
        id=uuid5(row.pk, "returned" if is_return else "paid"),
        order=row,
        is_return=is_return,
        booked_on=booked_on,
        source_digest=digest,
        recorded_at=at,
    )


def _said_of(payment: Payment) -> dict[str, Any]:
    order = payment.order
    return {"order": str(order.pk), "statement": str(order.statement_id), "is_return": payment.is_return}


def _lines_of(payment: Payment) -> list[tuple[books.Key, int]]:
    # What was ordered is no longer to be paid, and no longer among what came in; a return turns that back.
    statement, sign = payment.order.statement, -1 if payment.is_return else 1
    units = sign * statement.payable
    return [
        (books.Key(books.Kind.BANK, statement.currency, statement.payee_id), -units),
        (books.Key(books.Kind.RECEIPTS, statement.currency), units),
    ]


def _booking_of(payment: Payment) -> UUID:
    return uuid5(payment.pk, "booked")


def _kind_of(payment: Payment) -> Transaction.Kind:
    return Transaction.Kind.RETURNED if payment.is_return else Transaction.Kind.PAID


# --- Reading again what was booked before


class ReadOtherwise(Exception):
    """This release reads a bank's files in another way than the one that read this one."""


class AnotherFile(Exception):
    """This is not the bank's file that the payment was confirmed by: its SHA-256 is another."""


@dataclass(frozen=True, slots=True)
class ConfirmedAgain:
    """What a payment comes to once more: what would be said of it, its row, and what speaks against it."""

    said: dict[str, Any]
    payment: Payment
    against: tuple[str, ...]


def confirmed_again(then: Payment, *, reader: str, raw: bytes | None) -> ConfirmedAgain:
    """
    Look up again which order a payment was of, as orders were known then; nothing is written.

    :param raw: the bank's file, which is not kept, where somebody has it: then the payment is read from it again
    :raises ReadOtherwise: this release reads in another way
    :raises AnotherFile: it is not the file that the payment was confirmed by
    :raises remittances.NotARemittance, remittances.TooLarge: it is no file of a bank
    """
    order, against = then.order, []
    payer_id = order.file.run.payer_id
    rows = PaymentOrder.objects.filter(
        statement=order.statement_id, file__run__payer=payer_id, file__recorded_at__lte=then.recorded_at
    )
    if rows.order_by("-attempt").first() != order:
        against.append("Another attempt to pay this statement was the last one.")
    paid = Payment.objects.filter(order=order, is_return=False, recorded_at__lte=then.recorded_at)
    if then.is_return and not paid.exists():
        against.append("It came back before it was paid.")
    booked_on, digest = then.booked_on, then.source_digest
    if raw is not None:
        if reader != remittances.VERSION:
            raise ReadOtherwise
        if sha256(raw).hexdigest() != digest:
            raise AnotherFile
        confirmed, _ = remittances.read(raw)
        wanted = (order.statement_id, then.is_return, order.units, order.file.currency)
        days = [
            one.booked_on for one in confirmed if (one.statement_id, one.is_return, one.units, one.currency) == wanted
        ]
        if days:
            booked_on = days[0]  # what it says once more is not booked
        else:
            against.append("The bank's file says no such payment.")
    again = _payment(order, is_return=then.is_return, booked_on=booked_on, digest=digest, at=then.recorded_at)
    return ConfirmedAgain(_said_of(again), again, tuple(against))


@dataclass(frozen=True, slots=True)
class BookedAgain:
    """What a payment books: the transaction's kind and day, and its postings."""

    kind: Transaction.Kind
    value_on: date
    postings: list[Posting]


def booked_again(then: Transaction) -> BookedAgain | None:
    """Return what the payment that a transaction is of books; None where no payment books it."""
    payments = Payment.objects.filter(order__statement__run=then.of_run_id, recorded_at=then.recorded_at)
    for payment in payments.select_related("order__statement__run"):
        if _booking_of(payment) == then.pk:
            payer_id = payment.order.statement.run.payer_id
            lines = books.together(_lines_of(payment))
            postings = books.postings_of(lines, id=then.pk, payer_id=payer_id)
            return BookedAgain(_kind_of(payment), payment.booked_on, postings)
    return None
