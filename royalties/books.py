"""
The books of a payer, in double entry: accounts are opened as they are needed, postings are inserted, nothing changes.

A balance is a sum of postings. Above zero stands what is owed, kept or ordered to be paid; receipts are below it. Each
transaction adds up to nothing in every currency: checked here, and by the database at the commit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID, uuid5

from django.db.models import Q, QuerySet, Sum

from royalties.models import Account, Posting, RoyaltyRun, Transaction
from royalties.money import LARGEST, BeyondMoney

_NAMESPACE = UUID("6a0f5c53-7f0c-5b8f-9d6b-3c6b5d2f7a41")
Kind = Account.Kind
EVERYTHING = Q()


class NotBalanced(Exception):
    """The postings of a transaction add up to nothing in every currency; nothing was booked."""


class NothingToBook(Exception):
    """A transaction has postings."""


@dataclass(frozen=True, slots=True)
class Key:
    """Which account of a payer's books."""

    kind: Kind
    currency: str
    party_id: UUID | None = None
    reference: str = ""

    def id_in(self, payer_id: UUID) -> UUID:
        """Return the account's id, which follows from what it is."""
        return uuid5(_NAMESPACE, f"{payer_id}/{self.kind.value}/{self.currency}/{self.party_id or ''}/{self.reference}")


def post(
    lines: Iterable[tuple[Key, int]],
    *,
    id: UUID,
    payer_id: UUID,
    kind: Transaction.Kind,
    value_on: date,
    run: RoyaltyRun | None = None,
    of_run: RoyaltyRun | None = None,
    term_id: UUID | None = None,
    reason: str = "",
    booked_by_id: int | None = None,
    at: datetime,
) -> Transaction:
    """
    Insert a transaction with its postings, those to one account as one; its entry is the caller's.

    :raises NotBalanced: they do not add up to nothing
    :raises NothingToBook: nothing is left of them
    :raises BeyondMoney: one of them has more units than can be booked
    """
    found = together(lines)
    Account.objects.bulk_create(
        [
            Account(
                id=key.id_in(payer_id),
                payer_id=payer_id,
                kind=key.kind,
                party_id=key.party_id,
                reference=key.reference,
                currency=key.currency,
                recorded_at=at,
            )
            for key in found
        ],
        ignore_conflicts=True,  # opened before
    )
    transaction = Transaction.objects.create(
        id=id,
        payer_id=payer_id,
        kind=kind,
        run=run,
        of_run=of_run,
        term_id=term_id,
        value_on=value_on,
        reason=reason,
        booked_by_id=booked_by_id,
        recorded_at=at,
    )
    Posting.objects.bulk_create(postings_of(found, id=id, payer_id=payer_id))
    return transaction


def together(lines: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    """
    Return what a transaction posts to each account, those to one account as one.

    :raises NotBalanced, NothingToBook, BeyondMoney: see ``post``
    """
    sums: defaultdict[Key, int] = defaultdict(int)
    by_currency: defaultdict[str, int] = defaultdict(int)
    for key, units in lines:
        sums[key] += units
        by_currency[key.currency] += units
    if wrong := {currency: units for currency, units in by_currency.items() if units}:
        raise NotBalanced(f"{NotBalanced.__doc__} They add up to {wrong}.")
    found = {key: units for key, units in sums.items() if units}
    if not found:
        raise NothingToBook(NothingToBook.__doc__)
    if any(abs(units) > LARGEST for units in found.values()):
        raise BeyondMoney(BeyondMoney.__doc__)
    return found


def postings_of(found: Mapping[Key, int], *, id: UUID, payer_id: UUID) -> list[Posting]:
    """Return the postings of a transaction, not inserted yet."""
    accounts = {key.id_in(payer_id): units for key, units in found.items()}
    return [
        Posting(id=uuid5(id, str(account)), transaction_id=id, account_id=account, units=units)
        for account, units in accounts.items()
    ]


def balances(postings: QuerySet[Posting]) -> dict[Key, int]:
    """Return what these postings add up to, account by account, but for those that are empty."""
    rows = (
        postings.values("account__kind", "account__currency", "account__party", "account__reference")
        .annotate(sum=Sum("units"))
        .order_by()
    )
    return {
        Key(
            Kind(row["account__kind"]), row["account__currency"], row["account__party"], row["account__reference"]
        ): int(row["sum"])
        for row in rows
        if row["sum"]
    }


def of_payer(payer_id: UUID, *kinds: Kind, currency: str | None = None, among: Q = EVERYTHING) -> dict[Key, int]:
    """Return the balances of a payer's accounts; of some postings only, where a condition says which."""
    rows = Posting.objects.filter(among, account__payer=payer_id)
    if kinds:
        rows = rows.filter(account__kind__in=kinds)
    if currency is not None:
        rows = rows.filter(account__currency=currency)
    return balances(rows)


def held_of(account_id: UUID, run_id: UUID, *, among: Q = EVERYTHING) -> int:
    """Return what is on hold in an account of the period of a run."""
    rows = Posting.objects.filter(among, account=account_id, transaction__of_run=run_id)
    return cast("int", rows.aggregate(sum=Sum("units"))["sum"] or 0)


def totals(found: Mapping[Key, int], currency: str) -> dict[str, int]:
    """Return balances of a currency by the kind of account."""
    sums: defaultdict[str, int] = defaultdict(int)
    for key, units in found.items():
        if key.currency == currency:
            sums[key.kind.value] += units
    return dict(sorted(sums.items()))
