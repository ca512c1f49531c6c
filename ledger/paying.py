"""
What payers and payees agreed on, what a run owes to whom, and what is booked between two runs.

Rates, terms, tax certificates and advances are facts: a newer one counts from when it is recorded. What a payee is owed
is worked out from the books and these (``dues``); nothing of it is stored before the run is published.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction
from django.db.models import Q, QuerySet, Sum

from fingerprint import store
from ledger import log
from ledger.models import Entry
from rights.models import Recording, Work
from royalties import allocation, books, money, results, settlement
from royalties.account import Certificate, Settled, Withholding
from royalties.books import Key, Kind
from royalties.models import (
    Account,
    Advance,
    Declaration,
    ExchangeRate,
    PayeeTerms,
    Posting,
    RoyaltyRun,
    RunEvent,
    RunPart,
    Statement,
    TaxCertificate,
    Transaction,
)
from royalties.results import Outcome
from royalties.runs import files, keeping, termed
from royalties.settlement import Agreed, Balance, Outstanding, Payout, Settlement
from royalties.vocabulary import MoneyTerm

NO_TERMS, NO_RATE = "terms_missing", "payout_rate_missing"
_BOOKED_TERMS = "booked-terms.json"


class NotAFraction(Exception):
    """A rate is an exact fraction from 0 to 1, of whole numbers of at most 18 digits."""


class NotAPeriod(Exception):
    """A certificate is valid from its first day until the day after its last, which lies behind the first."""


class NotAnAmount(Exception):
    """An amount is in whole minor units, more than nothing and at most what can be booked."""


class GroupWithoutAssets(Exception):
    """A recoupment group has a name and the assets it is recouped from; without a group leave both out."""


class NoSuchHold(Exception):
    """There is no such account of money on hold."""


class NothingOnHold(Exception):
    """Nothing is on hold there of the period of this run."""


class MoreThanHeld(Exception):
    """A release is of whole units, more than nothing and at most what is on hold of this period."""


class NobodyToRelease(Exception):
    """A release names each party once with its part, and the parts add up to exactly 1."""


class NotPublished(Exception):
    """The run is not published, so nothing rests on it yet."""


class NoSuchStatement(Exception):
    """There is no such statement."""


class NothingToRefund(Exception):
    """No certificate on record was valid on the day of payment with a lower rate than was withheld at."""


class NotDeclared(Exception):
    """Net revenue has a currency and no license; a count of generations has a license and no currency."""


class NotADeclaredPeriod(Exception):
    """A period is declared from its first day until the day after its last; declared anew, it is the same days."""


class NotTheNewest(Exception):
    """A newer version of this statement was issued; refer to that one."""


class NoShortfall(Exception):
    """What was earned is no less than the guarantee, or nobody earned anything on that side to divide it by."""


# --- What is agreed


def record_rate(
    *,
    id: UUID,
    payer_id: UUID,
    base: str,
    quote: str,
    value: Fraction,
    direction: str,
    source: str,
    on: date,
    at: datetime,
) -> ExchangeRate:
    """
    Record an exchange rate as its source quotes it.

    :raises UnknownCurrency: see ``royalties.money``
    :raises NotARate: not more than nothing, without a source, or of a currency to itself
    """
    for currency in (base, quote):
        money.exponent(currency)
    if base == quote or value <= 0 or not source.strip() or max(value.numerator, value.denominator) > money.LARGEST:
        raise money.NotARate
    with transaction.atomic(durable=True):
        row = ExchangeRate.objects.create(
            id=id,
            payer_id=payer_id,
            base=base,
            quote=quote,
            numerator=value.numerator,
            denominator=value.denominator,
            direction=direction,
            source=source,
            on=on,
            recorded_at=at,
        )
        log.append(
            Entry.Kind.RATE_RECORDED,
            row,
            {"payer": str(payer_id), "base": base, "quote": quote, "value": _written(value), "on": on.isoformat()},
            at=at,
        )
    return row


def agree(
    *,
    id: UUID,
    payer_id: UUID,
    payee_id: UUID,
    currency: str,
    reserve: Fraction,
    reserve_periods: int,
    threshold: int,
    payout_currency: str,
    income_type: str,
    withholding: Fraction,
    at: datetime,
) -> PayeeTerms:
    """
    Record how a payee is paid by a payer, in one settlement currency: in force for runs published from now on.

    :raises UnknownCurrency: see ``royalties.money``
    :raises NotAFraction: a rate is none
    :raises NotAnAmount: the threshold is less than nothing
    """
    for given in (currency, payout_currency):
        money.exponent(given)
    for rate in (reserve, withholding):
        _check_rate(rate)
    if not 0 <= threshold <= money.LARGEST:
        raise NotAnAmount("A threshold is in whole minor units, and not negative.")
    with transaction.atomic(durable=True):
        row = PayeeTerms.objects.create(
            id=id,
            payer_id=payer_id,
            payee_id=payee_id,
            currency=currency,
            reserve_numerator=reserve.numerator,
            reserve_denominator=reserve.denominator,
            reserve_periods=reserve_periods,
            threshold_units=threshold,
            payout_currency=payout_currency,
            income_type=income_type,
            withholding_numerator=withholding.numerator,
            withholding_denominator=withholding.denominator,
            recorded_at=at,
        )
        log.append(
            Entry.Kind.PAYEE_TERMS_AGREED,
            row,
            {"payer": str(payer_id), "payee": str(payee_id), "currency": currency},
            at=at,
        )
    return row


def certify(
    *,
    id: UUID,
    payer_id: UUID,
    payee_id: UUID,
    income_type: str,
    rate: Fraction,
    valid_from: date,
    valid_to: date,
    document_digest: str,
    at: datetime,
) -> TaxCertificate:
    """
    Record a certificate of tax residence that a payer holds, and the rate it gives.

    :raises NotAFraction: the rate is none
    :raises NotAPeriod: it ends before it begins
    """
    _check_rate(rate)
    if valid_to <= valid_from:
        raise NotAPeriod
    with transaction.atomic(durable=True):
        row = TaxCertificate.objects.create(
            id=id,
            payer_id=payer_id,
            payee_id=payee_id,
            income_type=income_type,
            numerator=rate.numerator,
            denominator=rate.denominator,
            valid_from=valid_from,
            valid_to=valid_to,
            document_digest=document_digest,
            recorded_at=at,
        )
        log.append(
            Entry.Kind.TAX_CERTIFIED,
            row,
            {"payer": str(payer_id), "payee": str(payee_id), "document": f"sha256:{document_digest}"},
            at=at,
        )
    return row


def declare(
    *,
    id: UUID,
    payer_id: UUID,
    kind: str,
    license_id: UUID | None,
    period_from: date,
    period_to: date,
    currency: str,
    amount: int,
    source: str,
    document_digest: str,
    at: datetime,
) -> Declaration:
    """
    Record what a payer says of a period that no report of usage does; said again of the same days, the newest counts.

    A run takes what lies whole within its period. What comes later is posted by the next run, as the difference.

    :raises UnknownCurrency: see ``royalties.money``
    :raises NotDeclared: something is missing for its kind, or too much
    :raises NotAnAmount: less than nothing, or more than can be booked
    :raises NotADeclaredPeriod: it ends before it begins, or shares some days with what was declared for others
    """
    is_revenue = kind == Declaration.Kind.SUBSCRIPTION_REVENUE
    if is_revenue != bool(currency) or is_revenue != (license_id is None):
        raise NotDeclared
    if currency:
        money.exponent(currency)
    if not 0 <= amount <= money.LARGEST:
        raise NotAnAmount("What is declared is a whole number, not negative and of at most 18 digits.")
    if period_to <= period_from:
        raise NotADeclaredPeriod
    with transaction.atomic(durable=True):
        one_at_a_time(payer_id)
        before = Declaration.objects.filter(payer=payer_id, kind=kind, license=license_id, currency=currency)
        overlapping = before.filter(period_from__lt=period_to, period_to__gt=period_from)
        if overlapping.exclude(period_from=period_from, period_to=period_to).exists():
            raise NotADeclaredPeriod
        row = Declaration.objects.create(
            id=id,
            payer_id=payer_id,
            kind=kind,
            license_id=license_id,
            period_from=period_from,
            period_to=period_to,
            currency=currency,
            amount=amount,
            source=source,
            document_digest=document_digest,
            recorded_at=at,
        )
        log.append(
            Entry.Kind.DECLARED,
            row,
            {
                "payer": str(payer_id),
                "kind": kind,
                "license": str(license_id) if license_id else None,
                "period_from": period_from.isoformat(),
                "period_to": period_to.isoformat(),
                "currency": currency,
                "amount": str(amount),
            },
            at=at,
        )
    return row


def pay_in_advance(
    *,
    id: UUID,
    payer_id: UUID,
    payee_id: UUID,
    kind: str,
    currency: str,
    units: int,
    group: str,
    assets: Sequence[UUID],
    priority: int,
    rate: Fraction,
    paid_on: date,
    at: datetime,
) -> Advance:
    """
    Record an advance that was paid, or a charge: later earnings go to it first (ROY-9).

    An advance is booked as paid out; a charge is booked as it is taken.

    :raises UnknownCurrency: see ``royalties.money``
    :raises NotAnAmount: not more than nothing
    :raises NotAFraction: the rate of recoupment is none
    :raises GroupWithoutAssets: a group without what it is recouped from, or the other way round
    """
    money.exponent(currency)
    _check_rate(rate)
    if not 0 < units <= money.LARGEST:
        raise NotAnAmount
    if bool(group) != bool(assets):
        raise GroupWithoutAssets
    with transaction.atomic(durable=True):
        return _record_advance(
            id=id,
            payer_id=payer_id,
            payee_id=payee_id,
            kind=kind,
            currency=currency,
            units=units,
            group=group,
            assets=assets,
            priority=priority,
            rate=rate,
            paid_on=paid_on,
            is_paid=kind == Advance.Kind.ADVANCE,
            at=at,
        )


def _record_advance(
    *,
    id: UUID,
    payer_id: UUID,
    payee_id: UUID,
    kind: str,
    currency: str,
    units: int,
    group: str = "",
    assets: Sequence[UUID] = (),
    priority: int = 0,
    rate: Fraction = Fraction(1),
    paid_on: date,
    is_paid: bool,
    at: datetime,
) -> Advance:
    row = Advance.objects.create(
        id=id,
        payer_id=payer_id,
        payee_id=payee_id,
        kind=kind,
        currency=currency,
        units=units,
        group=group,
        assets=sorted(set(assets), key=str),
        priority=priority,
        numerator=rate.numerator,
        denominator=rate.denominator,
        paid_on=paid_on,
        recorded_at=at,
    )
    log.append(
        Entry.Kind.ADVANCE_RECORDED,
        row,
        {"payer": str(payer_id), "payee": str(payee_id), "kind": kind, "currency": currency, "units": str(units)},
        at=at,
    )
    if is_paid:
        booked = books.post(
            [
                (Key(Kind.ADVANCE, currency, payee_id, str(id)), -units),
                (Key(Kind.BANK, currency, payee_id), units),
            ],
            id=uuid5(id, "paid"),
            payer_id=payer_id,
            kind=Transaction.Kind.ADVANCED,
            value_on=paid_on,
            at=at,
        )
        enter(booked, at=at)
    return row


def _check_rate(rate: Fraction) -> None:
    if not 0 <= rate <= 1 or rate.denominator > money.LARGEST:
        raise NotAFraction


def enter(booked: Transaction, *, at: datetime) -> None:
    """Write the entry of a transaction, after its last posting."""
    said = {"payer": str(booked.payer_id), "kind": booked.kind, "value_on": booked.value_on.isoformat()}
    if booked.run_id:
        said["run"] = str(booked.run_id)
    if booked.of_run_id:
        said["of_run"] = str(booked.of_run_id)
    if booked.term is not None:
        said["term"], said["plan"] = str(booked.term_id), str(booked.term.plan_id)
    log.append(Entry.Kind.BOOKED, booked, said, at=at)


def rate_between(
    payer_id: UUID, base: str, quote: str, *, on: date, until: int | None = None
) -> tuple[ExchangeRate, Fraction] | None:
    """
    Return the newest rate that a payer recorded for a day or before it, and units of quote for one of base.

    A rate the other way round is another rate: what is bought and what is sold has its own.
    """
    rows = ExchangeRate.objects.filter(known(until), payer=payer_id, on__lte=on, base=base, quote=quote)
    row = rows.order_by("-on", "-recorded_at", "-id").first()
    return None if row is None else (row, value_of(row))


def value_of(row: ExchangeRate) -> Fraction:
    """Return the units of the quote currency that one of the base is worth, whichever way the source quotes it."""
    quoted = Fraction(row.numerator, row.denominator)
    return quoted if row.direction == ExchangeRate.Direction.QUOTE_PER_BASE else 1 / quoted


# --- What a run owes


def known(until: int | None, path: str = "") -> Q:
    """
    Return the condition that a fact stood in the log before an entry; without one, that it is on record.

    Whoever works out again what a run came to then asks for it: moments lie before their commits, places do not.
    """
    return Q() if until is None else Q(**{f"{path}entries__leaf__index__lt": until})


@dataclass(frozen=True)
class Adjustment:
    """An earlier period, divided anew: what to post so that the books say what is known now (ROY-8)."""

    of_run: RoyaltyRun
    part: RunPart
    old: Outcome
    new: Outcome
    lines: tuple[tuple[Key, int], ...]

    @property
    def units(self) -> int:
        """Return by how much the period's pools changed."""
        return self.new.units - self.old.units

    @property
    def unrecouped(self) -> int:
        """Return what was recouped of released advances that are taken back with their releases: it is owed again."""
        return -sum(
            units
            for key, units in self.lines
            if key.kind is Kind.ADVANCE or (key.kind is Kind.RECEIPTS and key.reference)
        )


@dataclass(frozen=True)
class Termed:
    """What a term of money of a plan comes to in a period, and how it is posted."""

    id: UUID  # of its transaction
    booking: termed.Booking
    of_run: RoyaltyRun
    lines: tuple[tuple[Key, int], ...]

    @property
    def document(self) -> dict[str, Any]:
        """Return it as it is kept and shown."""
        return {"transaction": str(self.id), **self.booking.document}

    @property
    def payable(self) -> dict[UUID, int]:
        """Return what each payee gets of it."""
        return {key.party_id: units for key, units in self.lines if key.kind is Kind.PAYABLE and key.party_id}

    @property
    def is_fixed(self) -> bool:
        """Whether it is owed by agreement and not by use."""
        return self.booking.clause.kind in termed.ONCE | {MoneyTerm.MINIMUM, MoneyTerm.PER_GENERATION}

    @property
    def is_advance(self) -> bool:
        """Whether it is paid before it is earned."""
        return self.booking.clause.kind is MoneyTerm.ADVANCE


@dataclass(frozen=True)
class Due:
    """What one payee is owed by a run, before it is published."""

    payee_id: UUID
    lines: int
    allocated: int
    adjusted: int
    granted: int
    termed: int
    settled: Settlement
    payout: Payout
    rate: ExchangeRate | None
    income_type: str
    problem: str = ""

    @property
    def figures(self) -> Settled:
        """Return the steps from earned to payable."""
        return self.settled.figures


@dataclass(frozen=True)
class Dues:
    """What a run comes to: its own period, earlier ones anew, and what everybody is owed."""

    run: RoyaltyRun
    own: Outcome
    adjustments: tuple[Adjustment, ...]
    payees: tuple[Due, ...]
    terms: tuple[Termed, ...] = ()
    conservation: Mapping[str, Any] = field(default_factory=dict)

    @property
    def terms_document(self) -> bytes:
        """Return what is kept of terms of money, as RFC 8785 JSON."""
        return files.canonical([one.document for one in self.terms])

    @property
    def terms_digest(self) -> str:
        """Return the digest of that; empty where no term comes to anything."""
        return sha256(self.terms_document).hexdigest() if self.terms else ""


def is_published(run_id: UUID) -> bool:
    """Whether a run is published."""
    return RunEvent.objects.filter(run=run_id, act=RunEvent.Act.PUBLISHED).exists()


def published(payer_id: UUID, currency: str, *, until: int | None = None) -> list[RoyaltyRun]:
    """Return a payer's published runs in a currency, oldest first."""
    done = RunEvent.objects.filter(known(until), act=RunEvent.Act.PUBLISHED).values("run")
    return list(RoyaltyRun.objects.filter(payer=payer_id, currency=currency, pk__in=done).order_by("number"))


def basis_of(run: RoyaltyRun, *, until: int | None = None) -> RunPart:
    """
    Return by what the period of a published run was divided last: in the run itself, or in a later one anew.

    :raises NotPublished: it is not published
    """
    done = RunEvent.objects.filter(known(until), act=RunEvent.Act.PUBLISHED).values("run")
    part = RunPart.objects.filter(of_run=run, run__in=done).order_by("-run__number").first()
    if part is None:
        raise NotPublished
    return part


def dues(run: RoyaltyRun, *, until: int | None = None) -> Dues:
    """
    Work out what a reconciled run owes to whom, from what it divided and from the books as they stand.

    :param until: or as they stood before this entry of the log
    :raises DoesNotReconcile: a partition is missing
    :raises NotConserved: something got lost on the way, which is a defect of ours
    """
    parts = {part.of_run_id: part for part in run.parts.select_related("of_run")}
    outcomes = {of_run: results.outcome(part, run.currency) for of_run, part in parts.items()}
    own, terms = outcomes[run.pk], _termed(run, parts, outcomes, until)
    adjustments = tuple(
        _adjustment(run, part, outcomes[of_run], terms, until)
        for of_run, part in sorted(parts.items(), key=lambda one: str(one[0]))
        if of_run != run.pk
    )
    payees = _payees(run, own, adjustments, terms, until)
    found = Dues(run, own, adjustments, payees, terms)
    return replace(found, conservation=conserved(found))


def _termed(
    run: RoyaltyRun, parts: Mapping[UUID, RunPart], outcomes: Mapping[UUID, Outcome], until: int | None
) -> tuple[Termed, ...]:
    """Work out the terms of money that were frozen with each period, from what the period came to."""
    found = []
    for of_run, part in sorted(parts.items(), key=lambda one: (one[0] != run.pk, str(one[0]))):
        terms = results.terms(part)
        wanted = {id for clause in terms.clauses for id in clause.runs} - {of_run}
        others = {
            earlier.pk: (
                outcomes.get(earlier.pk) or results.outcome(basis_of(earlier, until=until), run.currency)
            ).period
            for earlier in RoyaltyRun.objects.filter(pk__in=wanted)
        }
        for booking in termed.worked_out(terms, of_run=of_run, period=outcomes[of_run].period, others=others):
            id = uuid5(run.pk, _name_of_term(of_run, booking.clause.term_id))
            found.append(Termed(id, booking, part.of_run, _term_lines(id, booking)))
    return tuple(found)


def _term_lines(id: UUID, booking: termed.Booking) -> tuple[tuple[Key, int], ...]:
    """Return the postings of a booking: to whom it is due, from the payer's own or against what is recouped later."""
    clause = booking.clause
    lines = []
    for account, units in booking.posted.items():
        asset, is_hold = account.removesuffix(results.HOLD), account.endswith(results.HOLD)
        party = None if is_hold else UUID(account)
        lines.append(
            (
                Key(Kind.HOLD, clause.currency, None, asset)
                if party is None
                else Key(Kind.PAYABLE, clause.currency, party),
                units,
            )
        )
        source = Key(Kind.RECEIPTS, clause.currency, None, clause.kind.value)
        if party is not None and (clause.kind is MoneyTerm.ADVANCE or clause.is_recoupable):
            source = Key(Kind.ADVANCE, clause.currency, party, str(_advance_id(id, party)))
        lines.append((source, -units))
    return tuple(lines)


def _name_of_term(of_run: UUID, term_id: UUID) -> str:
    return f"term/{of_run}/{term_id}"


def _advance_id(transaction_id: UUID, party_id: UUID) -> UUID:
    return uuid5(transaction_id, f"advance/{party_id}")


def keep_terms(found: Dues) -> None:
    """Put what terms of money come to into the store."""
    with TemporaryDirectory(prefix="terms-") as name:
        (Path(name) / _BOOKED_TERMS).write_bytes(found.terms_document)
        keeping.keep(Path(name), {_BOOKED_TERMS: found.terms_digest})


def terms_of(run: RoyaltyRun) -> list[dict[str, Any]]:
    """Return what a run's terms of money came to, as they were reconciled; none where it is not reconciled."""
    event = run.events.filter(act=RunEvent.Act.RECONCILED).first()
    digest = results.read(event.document).get("terms") if event else None
    if not digest:
        return []
    with store.open(digest, alias=keeping.ALIAS) as file:
        rows: list[dict[str, Any]] = results.read(file.read())
    return rows


def earned_lines(own: Outcome) -> list[tuple[Key, int]]:
    """Return the postings of a period's receipts: to everybody who has a part, and what is in no pool to suspense."""
    lines = [(Key(Kind.RECEIPTS, own.currency), -own.units), *own.accounts.items()]
    for currency, units in own.left_out.items():
        lines += [(Key(Kind.RECEIPTS, currency), -units), (Key(Kind.SUSPENSE, currency), units)]
    return lines


def _adjustment(run: RoyaltyRun, part: RunPart, new: Outcome, terms: Iterable[Termed], until: int | None) -> Adjustment:
    of_run = part.of_run
    among = known(until, "transaction__")
    old = results.outcome(basis_of(of_run, until=until), run.currency)
    by_terms = Counter[Key]()
    for term in terms:
        by_terms.update(dict(term.lines) if term.of_run.pk == of_run.pk else {})
    sums: defaultdict[Key, int] = defaultdict(int)
    for key, units in earned_lines(new):
        sums[key] += units
    for key, units in earned_lines(old):
        sums[key] -= units
    for key in [key for key in {*old.accounts, *new.accounts} if key.kind is Kind.HOLD]:
        # The dispute is settled in the shares now, and its money was released before: whoever got it is paid by the
        # shares, so the release is taken back.
        held = books.held_of(key.id_in(run.payer_id), of_run.pk, among=among)
        if not new.accounts.get(key) and held + sums[key] + by_terms[key] < 0:
            for back, units in _released(run.payer_id, key, of_run, until).items():
                sums[back] -= units
    return Adjustment(of_run, part, old, new, tuple((key, units) for key, units in sums.items() if units))


def _released(payer_id: UUID, hold: Key, of_run: RoyaltyRun, until: int | None) -> dict[Key, int]:
    """Return what to take back of a hold's releases; what was recouped of an advance among it stays with its payee."""
    releases = _releases(hold.id_in(payer_id), of_run.pk).filter(known(until))
    found = books.balances(Posting.objects.filter(transaction__in=releases.values("pk")))
    for key in [key for key in found if key.kind is Kind.ADVANCE]:
        standing = books.balances(Posting.objects.filter(known(until, "transaction__"), account=key.id_in(payer_id)))
        recouped = standing.get(key, 0) - found[key]
        found[key] += recouped
        owner = Key(Kind.PAYABLE, key.currency, key.party_id)
        found[owner] = found.get(owner, 0) - recouped
    return found


def _releases(hold_id: UUID, of_run_id: UUID) -> QuerySet[Transaction]:
    return Transaction.objects.filter(kind=Transaction.Kind.RELEASED, of_run=of_run_id, postings__account=hold_id)


def terms_for(statement: Statement) -> list[dict[str, Any]]:
    """Return the terms of money that a statement has something of; of their lines only the payee's own."""
    payee = str(statement.payee_id)
    return [
        {
            **one,
            "lines": [line for line in one["lines"] if line["party"] == payee],
            "before": {name: units for name, units in one["before"].items() if name == payee},
            "posted": {payee: one["posted"][payee]},
        }
        for one in (terms_of(statement.run) if statement.termed else ())
        if payee in one["posted"]
    ]


def _payees(
    run: RoyaltyRun, own: Outcome, adjustments: Iterable[Adjustment], terms: Iterable[Termed], until: int | None
) -> tuple[Due, ...]:
    payer, currency = run.payer_id, run.currency
    allocated = own.allocated()
    adjusted: defaultdict[UUID, int] = defaultdict(int)
    for one in adjustments:
        for key, units in one.lines:
            if key.kind is Kind.PAYABLE and key.party_id is not None:
                adjusted[key.party_id] += units
    agreed_sums, fixed, advanced = Counter[UUID](), Counter[UUID](), Counter[UUID]()
    for term in terms:
        agreed_sums.update(term.payable)
        fixed.update(term.payable if term.is_fixed else {})
        advanced.update(term.payable if term.is_advance else {})
    fronted = _fronted(payer, currency, until)
    by_asset = _by_asset(own, adjustments)
    among = known(until, "transaction__")
    kinds = (Kind.PAYABLE, Kind.RESERVE, Kind.ADVANCE, Kind.DEDUCTION)
    standing = books.of_payer(payer, *kinds, currency=currency, among=among)
    opening = {key.party_id: units for key, units in standing.items() if key.kind is Kind.PAYABLE}
    runs = published(payer, currency, until=until)
    statements = _newest_statements(runs, until)
    carried = {payee: rows[-1].carried_out for payee, rows in statements.items()}
    agreed = _terms(payer, currency, until)
    released = _due_of_reserves(runs, statements, payer, currency)
    certificates = _certificates(payer, until)
    open_ = _open_advances(payer, currency, standing, until)
    everybody = {*allocated, *adjusted, *agreed_sums, *(party for party in opening if party is not None)} | {
        payee for payee, units in released.items() if units
    }
    found = []
    for payee in sorted(everybody, key=str):
        units, lines = allocated.get(payee, (0, 0))
        carried_in = carried.get(payee, 0)
        granted = opening.get(payee, 0) - carried_in
        ahead = max(0, min(granted, fronted[payee]))
        terms_of_payee = agreed.get(payee)
        settled = settlement.settled(
            Balance(
                earned=units + adjusted[payee] + granted + agreed_sums[payee],
                carried=carried_in,
                released=released.get(payee, 0),
                by_asset=by_asset.get(payee, {}),
                fixed=fixed[payee] + ahead,
                advanced=advanced[payee] + ahead,
            ),
            _agreed(terms_of_payee, certificates.get(payee, ())),
            advances=open_[Advance.Kind.ADVANCE].get(payee, ()),
            charges=open_[Advance.Kind.CHARGE].get(payee, ()),
            on=run.pay_on,
        )
        sums = units, adjusted[payee], granted, agreed_sums[payee]
        found.append(_due(run, payee, lines, sums, settled, terms_of_payee, until))
    return tuple(found)


def _fronted(payer_id: UUID, currency: str, until: int | None) -> Counter[UUID]:
    """Return what payees were granted since the last run and is recouped later, though not from itself."""
    runs = published(payer_id, currency, until=until)
    rows = Posting.objects.filter(
        known(until, "transaction__"),
        account__payer=payer_id,
        account__kind=Kind.ADVANCE,
        account__currency=currency,
        transaction__kind__in=[Transaction.Kind.RELEASED, Transaction.Kind.GUARANTEED],
    )
    if runs:
        last = RunEvent.objects.get(run=runs[-1], act=RunEvent.Act.PUBLISHED)
        rows = rows.filter(transaction__recorded_at__gt=last.recorded_at)
    found = Counter[UUID]()
    for key, units in books.balances(rows).items():
        if key.party_id is not None:
            found[key.party_id] -= units
    return found


def _due(
    run: RoyaltyRun,
    payee: UUID,
    lines: int,
    sums: tuple[int, int, int, int],
    settled: Settlement,
    terms: PayeeTerms | None,
    until: int | None,
) -> Due:
    payable, into = settled.figures.payable, terms.payout_currency if terms else run.currency
    problem, row, value = "" if terms else NO_TERMS, None, Fraction(1)
    if into != run.currency and payable:
        if (rate := rate_between(run.payer_id, run.currency, into, on=run.pay_on, until=until)) is None:
            problem, into = NO_RATE, run.currency
        else:
            row, value = rate
    payout = settlement.paid_out(payable, run.currency, into=into, rate=value)
    income = terms.income_type if terms else ""
    return Due(payee, lines, *sums, settled, payout, row, income, problem)


def _agreed(terms: PayeeTerms | None, certificates: Iterable[TaxCertificate]) -> Agreed:
    if terms is None:
        return Agreed(threshold=settlement.NOT_YET)
    return Agreed(
        reserve_rate=Fraction(terms.reserve_numerator, terms.reserve_denominator),
        withholding=_withholding(terms, certificates),
        threshold=terms.threshold_units,
    )


def _withholding(terms: PayeeTerms, certificates: Iterable[TaxCertificate]) -> Withholding:
    return Withholding(
        Fraction(terms.withholding_numerator, terms.withholding_denominator),
        tuple(
            Certificate(Fraction(one.numerator, one.denominator), one.valid_from, one.valid_to)
            for one in certificates
            if one.income_type == terms.income_type
        ),
    )


def _terms(payer_id: UUID, currency: str, until: int | None) -> dict[UUID, PayeeTerms]:
    rows = PayeeTerms.objects.filter(known(until), payer=payer_id, currency=currency).order_by("recorded_at", "id")
    return {row.payee_id: row for row in rows}  # the newest of each stays


def _certificates(payer_id: UUID, until: int | None) -> dict[UUID, list[TaxCertificate]]:
    found: defaultdict[UUID, list[TaxCertificate]] = defaultdict(list)
    for row in TaxCertificate.objects.filter(known(until), payer=payer_id):
        found[row.payee_id].append(row)
    return found


def _open_advances(
    payer_id: UUID, currency: str, standing: Mapping[Key, int], until: int | None
) -> dict[str, dict[UUID, list[Outstanding]]]:
    found: dict[str, dict[UUID, list[Outstanding]]] = {kind: defaultdict(list) for kind in Advance.Kind.values}
    for row in Advance.objects.filter(known(until), payer=payer_id, currency=currency):
        is_advance = row.kind == Advance.Kind.ADVANCE
        account = Key(Kind.ADVANCE if is_advance else Kind.DEDUCTION, currency, row.payee_id, str(row.pk))
        left = -standing.get(account, 0) if is_advance else row.units - standing.get(account, 0)
        if left > 0:
            found[row.kind][row.payee_id].append(
                Outstanding(
                    row.pk,
                    left,
                    Fraction(row.numerator, row.denominator),
                    row.priority,
                    row.paid_on,
                    frozenset(row.assets) if row.group else None,
                )
            )
    return found


def _newest_statements(runs: Sequence[RoyaltyRun], until: int | None) -> dict[UUID, list[Statement]]:
    """Return of each payee the statements that hold, in the order of their runs."""
    found: defaultdict[UUID, dict[UUID, Statement]] = defaultdict(dict)
    for row in Statement.objects.filter(known(until), run__in=runs).order_by("run__number", "version"):
        found[row.payee_id][row.run_id] = row
    return {payee: list(rows.values()) for payee, rows in found.items()}


def _due_of_reserves(
    runs: Sequence[RoyaltyRun], statements: Mapping[UUID, Sequence[Statement]], payer_id: UUID, currency: str
) -> dict[UUID, int]:
    place = {run.pk: number for number, run in enumerate(runs)}
    terms: defaultdict[UUID, list[PayeeTerms]] = defaultdict(list)
    for row in PayeeTerms.objects.filter(payer=payer_id, currency=currency).order_by("recorded_at", "id"):
        terms[row.payee_id].append(row)
    found: dict[UUID, int] = {}
    for payee, rows in statements.items():
        for statement in rows:
            if statement.reserved:
                then = [row for row in terms[payee] if row.recorded_at <= statement.issued_at]
                nth = len(runs) - place[statement.run_id]
                due = settlement.due_of_reserve(statement.reserved, parts=then[-1].reserve_periods, nth=nth)
                found[payee] = found.get(payee, 0) + due
    return found


def _by_asset(own: Outcome, adjustments: Iterable[Adjustment]) -> dict[UUID, dict[UUID, int]]:
    found: defaultdict[UUID, defaultdict[UUID, int]] = defaultdict(lambda: defaultdict(int))
    signed = [(own, 1), *((one.new, 1) for one in adjustments), *((one.old, -1) for one in adjustments)]
    for outcome, sign in signed:
        for one in outcome.sums:
            if one.party_id is not None and (asset := one.asset_id) is not None:
                found[one.party_id][asset] += sign * one.units
    return {payee: dict(assets) for payee, assets in found.items()}


class NotConserved(Exception):
    """What came in is not what was given out, kept and carried; nothing of it may be booked."""


def conserved(found: Dues) -> dict[str, Any]:
    """
    Show that nothing is lost: what came in is what goes out, is kept, taken and carried, in minor units.

    :raises NotConserved: it is not
    """
    own = found.own
    sums: defaultdict[str, int] = defaultdict(int)
    by_terms = [line for one in found.terms for line in one.lines]
    for key, units in [*own.accounts.items(), *(line for one in found.adjustments for line in one.lines), *by_terms]:
        if key.currency == own.currency and key.kind in {Kind.COMMISSION, Kind.HOLD, Kind.PAYABLE}:
            sums[key.kind.value] += units
    came = {
        "pools": own.units,
        "adjusted": sum(one.units + one.unrecouped for one in found.adjustments),
        "granted": sum(one.granted for one in found.payees),
        **({"terms": sum(one.booking.total for one in found.terms)} if found.terms else {}),
        "released": sum(one.figures.released for one in found.payees),
        "carried_in": sum(one.figures.carried_in for one in found.payees),
    }
    went = {
        "commission": sums["commission"],
        "hold": sums["hold"],
        "reserved": sum(one.figures.reserved for one in found.payees),
        "recouped": sum(one.figures.recouped for one in found.payees),
        "deducted": sum(one.figures.deducted for one in found.payees),
        "withheld": sum(one.figures.withheld for one in found.payees),
        "carried_out": sum(one.figures.carried_out for one in found.payees),
        "payable": sum(one.figures.payable for one in found.payees),
    }
    owed = sum(one.allocated + one.adjusted + one.termed for one in found.payees)
    if sum(came.values()) != sum(went.values()) or owed != sums["payable"]:
        raise NotConserved(f"{NotConserved.__doc__} In: {came}. Out: {went}.")
    return {
        "currency": own.currency,
        "came": {name: str(units) for name, units in came.items()},
        "went": {name: str(units) for name, units in went.items()},
        "total": str(sum(came.values())),
        "suspense": {currency: str(units) for currency, units in own.left_out.items()},
    }


# --- What is booked by a published run


@dataclass(frozen=True)
class Planned:
    """A transaction that a published run books: its id follows from the run and its name."""

    id: UUID
    kind: Transaction.Kind
    of_run: RoyaltyRun
    value_on: date
    lines: tuple[tuple[Key, int], ...]
    term_id: UUID | None = None  # of a plan, that it rests on


def planned(found: Dues) -> tuple[Planned, ...]:
    """Return the transactions that a run books, in their order; those without a posting are left out."""
    run = found.run
    last = timedelta(days=1)
    given = [("earned", Transaction.Kind.EARNED, run, run.period_to - last, earned_lines(found.own))]
    for one in found.adjustments:
        name, value_on = f"adjusted/{one.of_run.pk}", one.of_run.period_to - last
        given.append((name, Transaction.Kind.ADJUSTED, one.of_run, value_on, list(one.lines)))
    terms = {}
    for term in found.terms:
        name = _name_of_term(term.of_run.pk, term.booking.clause.term_id)
        terms[name] = term.booking.clause.term_id
        given.append((name, Transaction.Kind.TERM, term.of_run, term.of_run.period_to - last, list(term.lines)))
    settled = [line for due in found.payees for line in settled_lines(due, run.currency)]
    given.append(("settled", Transaction.Kind.SETTLED, run, run.pay_on, settled))
    return tuple(
        Planned(uuid5(run.pk, name), kind, of_run, value_on, posted, terms.get(name))
        for name, kind, of_run, value_on, lines in given
        if (posted := tuple((key, units) for key, units in lines if units))
    )


def book(found: Dues, *, at: datetime) -> list[Statement]:
    """Insert a run's transactions and statements with their entries, in the transaction of its publication."""
    run = found.run
    for one in planned(found):
        booked = books.post(
            one.lines,
            id=one.id,
            payer_id=run.payer_id,
            kind=one.kind,
            value_on=one.value_on,
            run=run,
            of_run=one.of_run,
            term_id=one.term_id,
            at=at,
        )
        enter(booked, at=at)
    for term in found.terms:
        _record_advances(run, term, at=at)
    return [_issue(statement(run, due), at=at) for due in found.payees]


def _record_advances(run: RoyaltyRun, term: Termed, *, at: datetime) -> None:
    """Record what of a term that was booked is recouped later."""
    clause = term.booking.clause
    for key, units in term.lines:
        if key.kind is Kind.ADVANCE and key.party_id is not None:
            _record_advance(
                id=_advance_id(term.id, key.party_id),
                payer_id=run.payer_id,
                payee_id=key.party_id,
                kind=Advance.Kind.ADVANCE,
                currency=clause.currency,
                units=-units,
                paid_on=run.pay_on,
                is_paid=False,
                at=at,
                **_recouped_as(clause),
            )


def settled_lines(due: Due, currency: str) -> list[tuple[Key, int]]:
    """Return the postings of a statement: from what is payable to where it goes."""
    it, payee = due.figures, due.payee_id
    to = [
        (Key(Kind.RESERVE, currency, payee), it.reserved - it.released),
        *((Key(Kind.ADVANCE, currency, payee, str(id)), units) for id, units in due.settled.recouped.items()),
        *((Key(Kind.DEDUCTION, currency, payee, str(id)), units) for id, units in due.settled.deducted.items()),
        (Key(Kind.TAX, currency, payee, due.income_type), it.withheld),
        (Key(Kind.BANK, currency, payee), it.payable),
    ]
    return [*to, (Key(Kind.PAYABLE, currency, payee), -sum(units for _, units in to))]


def statement(run: RoyaltyRun, due: Due, *, version: int = 1) -> Statement:
    """Return the statement of what a payee is owed, not issued yet."""
    it = due.figures
    return Statement(
        id=uuid5(run.pk, f"statement/{due.payee_id}/{version}"),
        run=run,
        payee_id=due.payee_id,
        version=version,
        currency=run.currency,
        lines=due.lines,
        allocated=due.allocated,
        adjusted=due.adjusted,
        granted=due.granted,
        termed=due.termed,
        earned=it.earned,
        held=it.held,
        reserved=it.reserved,
        released=it.released,
        carried_in=it.carried_in,
        recouped=it.recouped,
        deducted=it.deducted,
        base=it.base,
        withholding_numerator=it.withholding_rate.numerator,
        withholding_denominator=it.withholding_rate.denominator,
        withholding_exact=_written(it.withholding_exact),
        withheld=it.withheld,
        carried_out=it.carried_out,
        payable=it.payable,
        payout_currency=due.payout.currency,
        payout_rate=due.rate,
        payout_units=due.payout.units,
        payout_exact=_written(due.payout.exact),
    )


def _issue(row: Statement, *, at: datetime) -> Statement:
    row.digest, row.issued_at = sha256(document_of(row)).hexdigest(), at
    row.save(force_insert=True)
    log.append(Entry.Kind.STATEMENT_ISSUED, row, said_of(row), at=at)
    return row


def said_of(row: Statement) -> dict[str, Any]:
    """Return what the entry of a statement says beside its row."""
    return {
        "run": str(row.run_id),
        "payee": str(row.payee_id),
        "version": row.version,
        "currency": row.currency,
        "payable": str(row.payable),
        "document": f"sha256:{row.digest}",
    }


FIGURES = (
    "allocated", "adjusted", "granted", "termed", "earned", "held", "reserved", "released", "carried_in", "recouped",
    "deducted", "base", "withheld", "carried_out", "payable",
)  # fmt: skip


def document_of(row: Statement) -> bytes:
    """Return the canonical document that a statement's digest is of: its figures, in minor units as text."""
    return files.canonical(
        {
            "v": 1,
            "run": str(row.run_id),
            "payee": str(row.payee_id),
            "version": row.version,
            "currency": row.currency,
            "lines": row.lines,
            # Statements without terms say what they said before there were any.
            "figures": {name: str(getattr(row, name)) for name in FIGURES if name != "termed" or row.termed},
            "withholding_rate": f"{row.withholding_numerator}/{row.withholding_denominator}",
            "withholding_exact": row.withholding_exact,
            "payout": {
                "currency": row.payout_currency,
                "units": str(row.payout_units),
                "exact": row.payout_exact,
                "rate": str(row.payout_rate_id) if row.payout_rate_id else None,
            },
        }
    )


# --- What is booked between runs


def release_hold(
    *,
    id: UUID,
    account_id: UUID,
    run_id: UUID,
    to: Mapping[UUID, Fraction],
    units: int | None,
    reason: str,
    by_id: int,
    at: datetime,
) -> Transaction:
    """
    Give out what was on hold, once a dispute is settled: value date is the original period (ROY-7).

    What a plan paid in advance is no advance while it is on hold, since nobody has it. Released, it is one of whoever
    gets it: later earnings go to it as to the others' parts of the same advance (ROY-9).

    :param run_id: of whose period it is
    :param to: who gets which part of it; leftover units go as everywhere (ROY-3)
    :param units: how much of it; all, where nothing is said
    :raises NoSuchHold, NothingOnHold, MoreThanHeld, NobodyToRelease: it cannot be released like that
    """
    account = Account.objects.filter(pk=account_id, kind=Kind.HOLD).first()
    run = RoyaltyRun.objects.filter(pk=run_id).first()
    if account is None or run is None or run.payer_id != account.payer_id:
        raise NoSuchHold
    if not to or sum(to.values(), Fraction(0)) != 1 or min(to.values()) <= 0:
        raise NobodyToRelease
    with transaction.atomic(durable=True):
        one_at_a_time(account.payer_id)
        held = books.held_of(account.pk, run.pk)
        if held == 0:
            raise NothingOnHold
        given = held if units is None else units
        if given == 0 or abs(given) > abs(held) or (given > 0) != (held > 0):
            raise MoreThanHeld(f"{MoreThanHeld.__doc__} That is {money.written(held, account.currency)}.")
        parts = allocation.allocate(given, {str(party): part for party, part in to.items()})
        lines = [
            (Key(Kind.HOLD, account.currency, None, account.reference), -given),
            *((Key(Kind.PAYABLE, account.currency, UUID(line.leaf)), line.units) for line in parts),
        ]
        for one in _fronting(id, account, run, held=held, given=given, parts=parts):
            lines += _record_fronted(one, account, run, at=at)
        booked = books.post(
            lines,
            id=id,
            payer_id=account.payer_id,
            kind=Transaction.Kind.RELEASED,
            value_on=run.period_to - timedelta(days=1),
            of_run=run,
            reason=reason,
            booked_by_id=by_id,
            at=at,
        )
        enter(booked, at=at)
    return booked


@dataclass(frozen=True)
class _Fronted:
    """What a party gets out of a hold that is recouped later, and of which term of a plan it is."""

    id: UUID  # of the advance
    party_id: UUID
    units: int
    clause: termed.Clause


def _fronting(
    id: UUID, account: Account, run: RoyaltyRun, *, held: int, given: int, parts: Sequence[allocation.Line]
) -> list[_Fronted]:
    """
    Say how much of a release each party gets of which advance: of a part of what is held, the same part of each.

    Together they are what is released of each advance, to the unit; and no party has more of them than it gets.
    """
    advanced = _advanced_on_hold(account, run) if held > 0 else {}
    if not advanced:
        return []
    clauses = {str(term): clause for term, (clause, _) in advanced.items()}
    open_: dict[str, int] = {}
    for term, (_, units) in advanced.items():
        if left := min(units, held - sum(open_.values())):
            open_[str(term)] = left
    rest = held - sum(open_.values())
    released = allocation.by_amounts(given, open_ | ({"earned": rest} if rest else {}))
    room = {line.leaf: line.units for line in parts}
    found = []
    for one in sorted(released, key=lambda line: line.leaf):
        if one.leaf not in clauses or not one.units:
            continue
        clause = clauses[one.leaf]
        wanted = allocation.by_amounts(one.units, {party: units for party, units in room.items() if units})
        for line in wanted:
            room[line.leaf] -= line.units
            if line.units:
                party = UUID(line.leaf)
                found.append(_Fronted(_fronted_id(id, clause.term_id, party), party, line.units, clause))
    return found


def _fronted_id(release_id: UUID, term_id: UUID, party_id: UUID) -> UUID:
    return uuid5(release_id, f"advance/{term_id}/{party_id}")


def _record_fronted(one: _Fronted, account: Account, run: RoyaltyRun, *, at: datetime) -> list[tuple[Key, int]]:
    """Record an advance that comes out of a hold; return the postings that make it one, and no cost of the payer's."""
    clause = one.clause
    _record_advance(
        id=one.id,
        payer_id=account.payer_id,
        payee_id=one.party_id,
        kind=Advance.Kind.ADVANCE,
        currency=account.currency,
        units=one.units,
        paid_on=run.pay_on,
        is_paid=False,
        at=at,
        **_recouped_as(clause),
    )
    return [
        (Key(Kind.RECEIPTS, account.currency, None, clause.kind.value), one.units),
        (Key(Kind.ADVANCE, account.currency, one.party_id, str(one.id)), -one.units),
    ]


def _recouped_as(clause: termed.Clause) -> dict[str, Any]:
    """Return of a term what says how it is recouped."""
    return {
        "group": (clause.group or f"license {clause.license_id}") if clause.recouped_from else "",
        "assets": clause.recouped_from,
        "priority": clause.priority,
        "rate": clause.rate if clause.rate is not None else Fraction(1),
    }


def _advanced_on_hold(account: Account, run: RoyaltyRun) -> dict[UUID, tuple[termed.Clause, int]]:
    """Return by term what is on hold of advances, less what was released of it and not taken back."""
    rows = Transaction.objects.filter(
        Q(term__kind=MoneyTerm.ADVANCE) | Q(term__is_recoupable=True),
        kind=Transaction.Kind.TERM,
        of_run=run,
        postings__account=account,
    ).select_related("run")
    releases = list(_releases(account.pk, run.pk))
    found: dict[UUID, tuple[termed.Clause, int]] = {}
    for row in rows:
        if row.run is None or row.term_id is None:
            continue
        frozen = results.terms(row.run.parts.get(of_run=run))
        clause = next(one for one in frozen.clauses if one.term_id == row.term_id)
        units = int(row.postings.filter(account=account).aggregate(sum=Sum("units"))["sum"] or 0)
        given = sum(_fronted_by(one, row.term_id, account) for one in releases)
        if units > given:
            found[row.term_id] = (clause, units - given)
    return found


def _fronted_by(release: Transaction, term_id: UUID, account: Account) -> int:
    """Return what a release gave out of a term's advance; nothing where that was taken back."""
    payees = release.postings.filter(account__kind=Kind.PAYABLE).values_list("account__party", flat=True)
    accounts = {
        Key(Kind.ADVANCE, account.currency, party, str(_fronted_id(release.pk, term_id, party))).id_in(account.payer_id)
        for party in payees
    }
    taken_back = Posting.objects.filter(account__in=accounts, transaction__kind=Transaction.Kind.ADJUSTED)
    back = set(taken_back.values_list("account", flat=True))
    rows = release.postings.filter(account__in=accounts - back)
    return -int(rows.aggregate(sum=Sum("units"))["sum"] or 0)


def refund(*, statement_id: UUID, reason: str, by_id: int, at: datetime) -> Statement:
    """
    Give back tax that was withheld before a certificate came which was valid on the day of payment (ROY-13).

    A new version of the statement says so; the difference is ordered to be paid.

    :raises NoSuchStatement, NotTheNewest, NothingToRefund: there is nothing to give back by it
    """
    old = Statement.objects.select_related("run").filter(pk=statement_id).first()
    if old is None:
        raise NoSuchStatement
    run = old.run
    with transaction.atomic(durable=True):
        one_at_a_time(run.payer_id)
        if Statement.objects.filter(run=run, payee=old.payee_id, version__gt=old.version).exists():
            raise NotTheNewest
        terms = _terms_then(old)
        row, back = refunded(old, reason=reason)
        if terms is None or back <= 0:
            raise NothingToRefund
        booked = books.post(
            [
                (Key(Kind.TAX, old.currency, old.payee_id, terms.income_type), -back),
                (Key(Kind.BANK, old.currency, old.payee_id), back),
            ],
            id=uuid5(old.pk, "refund"),
            payer_id=run.payer_id,
            kind=Transaction.Kind.REFUNDED,
            value_on=run.pay_on,
            of_run=run,
            reason=reason,
            booked_by_id=by_id,
            at=at,
        )
        enter(booked, at=at)
        return _issue(row, at=at)


def refunded(old: Statement, *, reason: str, until: int | None = None) -> tuple[Statement, int]:
    """
    Return the version of a statement that gives back tax, not issued yet, and how much that is.

    :param until: by the certificates that stood in the log before this entry
    :raises NothingToRefund: nothing was withheld by terms on record
    """
    run, terms = old.run, _terms_then(old)
    if terms is None or not old.payable:
        raise NothingToRefund
    certificates = TaxCertificate.objects.filter(known(until), payer=run.payer_id, payee=old.payee_id)
    rate = _withholding(terms, certificates).rate_on(run.pay_on)
    exact = old.base * rate
    back = old.withheld - money.half_up(exact)
    return _refunded(old, rate, exact, back, reason), back


def _refunded(old: Statement, rate: Fraction, exact: Fraction, back: int, reason: str) -> Statement:
    version = old.version + 1
    values = {item.attname: getattr(old, item.attname) for item in Statement._meta.concrete_fields}
    payable = old.payable + back
    into = Fraction(1)
    if old.payout_rate is not None:
        into = value_of(old.payout_rate)
    payout = settlement.paid_out(payable, old.currency, into=old.payout_currency, rate=into)
    return Statement(
        **values
        | {
            "id": uuid5(old.run_id, f"statement/{old.payee_id}/{version}"),
            "version": version,
            "withholding_numerator": rate.numerator,
            "withholding_denominator": rate.denominator,
            "withholding_exact": _written(exact),
            "withheld": old.withheld - back,
            "payable": payable,
            "payout_units": payout.units,
            "payout_exact": _written(payout.exact),
            "reason": reason,
        }
    )


def _terms_then(statement: Statement) -> PayeeTerms | None:
    first = Statement.objects.get(run=statement.run_id, payee=statement.payee_id, version=1)
    rows = PayeeTerms.objects.filter(
        payer=statement.run.payer_id,
        payee=statement.payee_id,
        currency=statement.currency,
        recorded_at__lte=first.issued_at,
    )
    return rows.order_by("-recorded_at", "-id").first()


def guarantee(
    *,
    id: UUID,
    run_id: UUID,
    side: str,
    units: int,
    is_recoupable: bool,
    reason: str,
    by_id: int,
    at: datetime,
) -> Transaction:
    """
    Top up what one side earned in the period of a run to its minimum guarantee (ROY-11).

    The shortfall goes to the same payees, holds among them, by what they earned. Where it is recoupable, later earnings
    go to it first.

    :param side: master or publishing
    :raises NotPublished: the run is not published
    :raises NoShortfall: nothing is missing, or nobody earned anything
    """
    run = RoyaltyRun.objects.filter(pk=run_id).first()
    if run is None or not is_published(run.pk):
        raise NotPublished
    earned = earned_of_side(run, side)
    missing = units - sum(earned.values())
    if missing <= 0 or not earned or min(earned.values()) < 0:
        raise NoShortfall
    names = {_name(key): key for key in earned}
    parts = allocation.by_amounts(missing, {name: earned[key] for name, key in names.items()})
    with transaction.atomic(durable=True):
        lines: list[tuple[Key, int]] = []
        for part in parts:
            key = names[part.leaf]
            lines.append((key, part.units))
            source = Key(Kind.RECEIPTS, run.currency, None, "guarantee")
            if is_recoupable and key.party_id is not None and part.units:
                advance_id = uuid5(id, part.leaf)
                _record_advance(
                    id=advance_id,
                    payer_id=run.payer_id,
                    payee_id=key.party_id,
                    kind=Advance.Kind.ADVANCE,
                    currency=run.currency,
                    units=part.units,
                    paid_on=run.pay_on,
                    is_paid=False,
                    at=at,
                )
                source = Key(Kind.ADVANCE, run.currency, key.party_id, str(advance_id))
            lines.append((source, -part.units))
        booked = books.post(
            lines,
            id=id,
            payer_id=run.payer_id,
            kind=Transaction.Kind.GUARANTEED,
            value_on=run.period_to - timedelta(days=1),
            of_run=run,
            reason=reason,
            booked_by_id=by_id,
            at=at,
        )
        enter(booked, at=at)
    return booked


def earned_of_side(run: RoyaltyRun, side: str) -> dict[Key, int]:
    """Return what each payee, and what is on hold of each asset, earned in a run's period on one side."""
    outcome = results.outcome(basis_of(run), run.currency)
    assets = {one.asset_id for one in outcome.sums if one.asset_id is not None}
    model: Any = Recording if side == "master" else Work
    of_side = set(model.objects.filter(pk__in=assets).values_list("pk", flat=True))
    found: defaultdict[Key, int] = defaultdict(int)
    for one in outcome.sums:
        if one.asset_id in of_side:
            is_held = one.party_id is None
            key = (
                Key(Kind.HOLD, run.currency, None, str(one.asset_id))
                if is_held
                else Key(Kind.PAYABLE, run.currency, one.party_id)
            )
            found[key] += one.units
    return {key: units for key, units in found.items() if units}


def _name(key: Key) -> str:
    return str(key.party_id) if key.party_id else f"{key.reference}{results.HOLD}"


def one_at_a_time(payer_id: UUID) -> None:
    """Let one at a time change a payer's balances, until the transaction is over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"books of {payer_id}",))


def _written(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
