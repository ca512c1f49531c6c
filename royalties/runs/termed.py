"""
Terms of money of plans in a run: what is frozen of them, and what each comes to. Pure.

``terms.json`` lies beside the other frozen files of a period. It has the *lanes* of plans (a license and a scope in it)
with the outputs that rest on them, and the *clauses*: terms that count in this period, each with whom it pays, what was
declared for it, and what was booked of it before. Together with what the period's partitions came to it is all that a
booking follows from, so whoever works one out comes to the same.

A clause is worked out to its full amount, divided once (ROY-3), and posted as the difference to what was booked before:
worked out again it posts nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow.parquet as pq

from rights.case import Side
from royalties import allocation, money, plans
from royalties.allocation import Line
from royalties.plans import Term
from royalties.runs import engine, files, frozen
from royalties.runs.engine import PartitionResult
from royalties.runs.exchange import Integers
from royalties.runs.frozen import Manifest
from royalties.vocabulary import MoneyTerm

FILE = "terms.json"
HOLD = "/HOLD"
VERSION = 1
#: Paid one time; a later version of a plan that says more is topped up.
ONCE = frozenset({MoneyTerm.ADVANCE, MoneyTerm.BUYOUT, MoneyTerm.TRAINING_FEE})
#: Worked out for each period, and anew where something of it changed.
EACH_PERIOD = frozenset({MoneyTerm.PER_GENERATION, MoneyTerm.SUB_SHARE, MoneyTerm.DOWNSTREAM, MoneyTerm.STATUTORY})


class NotTerms(Exception):
    """This is not what was frozen of a run's terms of money."""


@dataclass(frozen=True, slots=True)
class Payee:
    """Who gets which part of a fee: an owner of an asset, or what is on hold of it."""

    leaf: str  # ROY-4: "<asset>/<party>", "<asset>/HOLD"; or a party alone
    party_id: UUID | None
    asset_id: UUID | None
    part: Fraction


@dataclass(frozen=True, slots=True)
class Lane:
    """The plans of a license with one scope: each counts until the next."""

    name: str
    outputs: frozenset[UUID]  # by their decisions: those that rest on it in this period


@dataclass(frozen=True, slots=True)
class Clause:
    """A term of money in a period, with everything but the period's earnings that it is worked out from."""

    term_id: UUID
    plan_id: UUID
    plan_number: int
    license_id: UUID
    lane: str
    kind: MoneyTerm
    currency: str
    side: Side | None = None  # None: both
    party_id: UUID | None = None  # who alone is paid; None: whoever owns the assets
    amount: int | None = None  # minor units: of a fee, an advance, a guarantee
    rate: Fraction | None = None
    tiers: tuple[tuple[int, int], ...] = ()  # first generation and fee
    is_recoupable: bool = False
    group: str = ""
    priority: int = 0
    source: str = ""
    period_from: date | None = None  # of a guarantee
    period_to: date | None = None
    payees: tuple[Payee, ...] = ()  # who gets it where no earnings say so; they add up to 1
    assets: frozenset[UUID] = frozenset()  # of its side: whose earnings count
    recouped_from: tuple[UUID, ...] = ()  # assets; nothing else goes to what is paid in advance
    declared: int | None = None  # minor units of revenue, or a count
    declarations: tuple[UUID, ...] = ()
    booked: Mapping[str, int] = field(default_factory=dict)  # account → minor units, before
    runs: tuple[UUID, ...] = ()  # of a guarantee: in whose periods its payees earned

    @property
    def document(self) -> dict[str, Any]:
        """Return it as it is written down: text, and whole numbers of places."""
        return {
            "term": str(self.term_id),
            "plan": str(self.plan_id),
            "plan_number": self.plan_number,
            "license": str(self.license_id),
            "lane": self.lane,
            "kind": self.kind.value,
            "currency": self.currency,
            "side": self.side.value if self.side else None,
            "party": _text(self.party_id),
            "amount": _text(self.amount),
            "rate": None if self.rate is None else _fraction(self.rate),
            "tiers": [[str(first), str(fee)] for first, fee in self.tiers],
            "is_recoupable": self.is_recoupable,
            "group": self.group,
            "priority": self.priority,
            "source": self.source,
            "period_from": self.period_from.isoformat() if self.period_from else None,
            "period_to": self.period_to.isoformat() if self.period_to else None,
            "payees": [
                [one.leaf, _text(one.party_id), _text(one.asset_id), _fraction(one.part)] for one in self.payees
            ],
            "assets": sorted(map(str, self.assets)),
            "recouped_from": [str(one) for one in self.recouped_from],
            "declared": _text(self.declared),
            "declarations": [str(one) for one in self.declarations],
            "booked": {name: str(units) for name, units in sorted(self.booked.items())},
            "runs": [str(one) for one in self.runs],
        }


@dataclass(frozen=True, slots=True)
class Terms:
    """What was frozen of a period's terms of money."""

    lanes: tuple[Lane, ...] = ()
    clauses: tuple[Clause, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """Return it as it is written down."""
        return {
            "v": VERSION,
            "lanes": {one.name: sorted(map(str, one.outputs)) for one in self.lanes},
            "clauses": [one.document for one in self.clauses],
        }

    @property
    def digest(self) -> str:
        """
        Return the digest of what each period anew is worked out from, empty where that is nothing.

        What was booked is no part of it: that changes with each run, and is no reason to divide a period again.
        """
        each = [{**one.document, "booked": None} for one in self.clauses if one.kind in EACH_PERIOD]
        if not each:
            return ""
        lanes = {str(one["lane"]) for one in each}
        outputs = {one.name: sorted(map(str, one.outputs)) for one in self.lanes if one.name in lanes}
        return sha256(files.canonical({"clauses": each, "lanes": outputs})).hexdigest()


def read(path: Path) -> Terms:
    """
    Read back what was frozen.

    :raises NotTerms: it is something else
    """
    try:
        document = json.loads(path.read_bytes(), parse_float=_no_fraction)
        if document["v"] != VERSION:
            raise NotTerms(f"{NotTerms.__doc__} Its version is {document['v']!r}.")
        return Terms(
            tuple(Lane(name, frozenset(map(UUID, outputs))) for name, outputs in document["lanes"].items()),
            tuple(_clause(one) for one in document["clauses"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError, RecursionError) as error:
        raise NotTerms(NotTerms.__doc__) from error


def _clause(row: Mapping[str, Any]) -> Clause:
    return Clause(
        term_id=UUID(row["term"]),
        plan_id=UUID(row["plan"]),
        plan_number=int(row["plan_number"]),
        license_id=UUID(row["license"]),
        lane=row["lane"],
        kind=MoneyTerm(row["kind"]),
        currency=row["currency"],
        side=Side(row["side"]) if row["side"] else None,
        party_id=_id(row["party"]),
        amount=None if row["amount"] is None else int(row["amount"]),
        rate=None if row["rate"] is None else _read_fraction(row["rate"]),
        tiers=tuple((int(first), int(fee)) for first, fee in row["tiers"]),
        is_recoupable=bool(row["is_recoupable"]),
        group=row["group"],
        priority=int(row["priority"]),
        source=row["source"],
        period_from=date.fromisoformat(row["period_from"]) if row["period_from"] else None,
        period_to=date.fromisoformat(row["period_to"]) if row["period_to"] else None,
        payees=tuple(
            Payee(leaf, _id(party), _id(asset), _read_fraction(part)) for leaf, party, asset, part in row["payees"]
        ),
        assets=frozenset(map(UUID, row["assets"])),
        recouped_from=tuple(map(UUID, row["recouped_from"])),
        declared=None if row["declared"] is None else int(row["declared"]),
        declarations=tuple(map(UUID, row["declarations"])),
        booked={name: int(units) for name, units in row["booked"].items()},
        runs=tuple(map(UUID, row["runs"])),
    )


# --- What a partition says of lanes


def sums_name(number: int) -> str:
    """Return what the sums of a partition's lanes are called."""
    return f"terms-{number:04}.json"


def sum_up(folder: Path, manifest: Manifest, result: PartitionResult) -> str:
    """
    Add up what outputs of each lane received and how often they were used, write it down, and return its SHA-256.

    :raises FileChanged: a file is not as it was frozen, or as it came out
    :raises NotTerms: what was frozen of terms is something else
    """
    terms = read(files.checked(folder, FILE, manifest.files))
    lines_name, pools_name, _ = frozen.names(result.number)
    pools = files.checked(folder, pools_name, manifest.files)
    outputs = pq.read_table(pools, columns=["output"]).column("output").cast("string").to_pylist()
    pooled = files.checked(folder, engine.result_names(result.number)[0], result.files)
    units = pq.read_table(pooled).column("units").to_pylist()
    usages = [0] * len(units)
    lines = pq.ParquetFile(files.checked(folder, lines_name, manifest.files))
    for batch in lines.iter_batches(files.ROWS, columns=["pool", "usages"]):
        if batch.num_rows:
            for at, count in _by_pool(batch.column("pool").to_numpy(), batch.column("usages").to_numpy()):
                usages[at] += count
    receipts_of: defaultdict[UUID, int] = defaultdict(int)
    usages_of: defaultdict[UUID, int] = defaultdict(int)
    for output, earned, used in zip(outputs, units, usages, strict=True):
        receipts_of[UUID(output)] += earned
        usages_of[UUID(output)] += used
    document = {
        "usages": str(sum(usages_of.values())),
        "lanes": {
            lane.name: [
                str(sum(receipts_of.get(one, 0) for one in lane.outputs)),
                str(sum(usages_of.get(one, 0) for one in lane.outputs)),
            ]
            for lane in terms.lanes
        },
    }
    data = files.canonical(document)
    (folder / sums_name(result.number)).write_bytes(data)
    return sha256(data).hexdigest()


def _by_pool(pool: Integers, usages: Integers) -> Iterator[tuple[int, int]]:
    """Add usages up by pool; lines of a pool lie together."""
    first = np.flatnonzero(np.diff(pool, prepend=-1))
    is_small = int(np.abs(usages).max()) <= money.LARGEST // len(usages)
    sums = np.add.reduceat(usages if is_small else usages.astype(object), first)
    return zip(pool[first].tolist(), map(int, sums), strict=True)


# --- What they come to


@dataclass(frozen=True, slots=True)
class Period:
    """What a period came to, as much of it as terms ask for."""

    sums: Sequence[tuple[UUID | None, str, int]] = ()  # party, leaf, minor units
    receipts: Mapping[str, int] = field(default_factory=dict)  # of a lane's outputs, in minor units
    usages: Mapping[str, int] = field(default_factory=dict)
    all_usages: int = 0  # of every line that was reported, matched or not

    def earned(self, clause: Clause) -> dict[str, int]:
        """Return by account what the assets of a clause earned."""
        found: defaultdict[str, int] = defaultdict(int)
        for party, leaf, units in self.sums:
            asset = _asset_of(leaf)
            if asset in clause.assets and (clause.party_id is None or party == clause.party_id):
                found[str(party) if party else f"{asset}{HOLD}"] += units
        return dict(found)


@dataclass(frozen=True, slots=True)
class Share:
    """What one payee gets of a booking before it is compared with what was booked."""

    account: str
    party_id: UUID | None
    asset_id: UUID | None
    line: Line


@dataclass(frozen=True, slots=True)
class Booking:
    """What a clause comes to in a period, and what is posted of it now."""

    clause: Clause
    of_run: UUID
    units: int  # the whole of it, in minor units
    basis: Mapping[str, str]  # what it was worked out from
    shares: tuple[Share, ...]
    posted: Mapping[str, int]  # account → minor units

    @property
    def total(self) -> int:
        """Return what is posted to all together."""
        return sum(self.posted.values())

    @property
    def document(self) -> dict[str, Any]:
        """Return it as it is kept and shown."""
        clause = self.clause
        return {
            "of_run": str(self.of_run),
            "term": str(clause.term_id),
            "kind": clause.kind.value,
            "plan": str(clause.plan_id),
            "plan_number": clause.plan_number,
            "license": str(clause.license_id),
            "side": clause.side.value if clause.side else None,
            "currency": clause.currency,
            "amount": _text(clause.amount),
            "rate": None if clause.rate is None else _fraction(clause.rate),
            "is_recoupable": clause.is_recoupable,
            "source": clause.source,
            "period_from": clause.period_from.isoformat() if clause.period_from else None,
            "period_to": clause.period_to.isoformat() if clause.period_to else None,
            "declarations": [str(one) for one in clause.declarations],
            "units": str(self.units),
            "basis": dict(self.basis),
            "lines": [
                {
                    "leaf": one.line.leaf,
                    "party": _text(one.party_id),
                    "asset": _text(one.asset_id),
                    "weight": _fraction(one.line.weight),
                    "exact": _fraction(one.line.exact),
                    "units": str(one.line.units),
                    "has_leftover": one.line.has_leftover,
                }
                for one in self.shares
            ],
            "before": {name: str(units) for name, units in sorted(clause.booked.items())},
            "posted": {name: str(units) for name, units in sorted(self.posted.items())},
        }


def worked_out(
    terms: Terms, *, of_run: UUID, period: Period, others: Mapping[UUID, Period] | None = None
) -> tuple[Booking, ...]:
    """
    Return what each clause comes to, of those that post anything.

    :param others: what other periods came to that guarantees ask for, by run
    :raises BeyondMoney: more than can be booked
    """
    found = [_booking(one, of_run, period, others or {}) for one in terms.clauses]
    return tuple(one for one in found if any(one.posted.values()))


def _booking(clause: Clause, of_run: UUID, period: Period, others: Mapping[UUID, Period]) -> Booking:
    earned: dict[str, int] = {}
    if clause.kind not in ONCE and clause.kind is not MoneyTerm.PER_GENERATION:
        every = {**others, of_run: period}
        for run in clause.runs if clause.kind is MoneyTerm.MINIMUM else (of_run,):
            for account, some in every[run].earned(clause).items():
                earned[account] = earned.get(account, 0) + some
    units, basis = _units(clause, period, earned)
    shares = _shares(clause, units, earned)
    target: defaultdict[str, int] = defaultdict(int)
    for share in shares:
        target[share.account] += share.line.units
    # What was paid once was worked out from the rest that was open; everything else is compared in full (ROY-8).
    before = {} if clause.kind in ONCE else clause.booked
    posted = {account: target.get(account, 0) - before.get(account, 0) for account in sorted({*target, *before})}
    return Booking(clause, of_run, units, basis, shares, {name: one for name, one in posted.items() if one})


def _units(clause: Clause, period: Period, earned: Mapping[str, int]) -> tuple[int, dict[str, str]]:
    amount, rate, exponent = clause.amount or 0, clause.rate or Fraction(0), 10 ** money.exponent(clause.currency)
    match clause.kind:
        case MoneyTerm.ADVANCE | MoneyTerm.BUYOUT | MoneyTerm.TRAINING_FEE:
            before = sum(clause.booked.values())
            return max(0, amount - before), {"agreed": str(amount), "booked_before": str(before)}
        case MoneyTerm.MINIMUM:
            total = sum(earned.values())
            return max(0, amount - total), {"guaranteed": str(amount), "earned": str(total)}
        case MoneyTerm.PER_GENERATION:
            count = clause.declared or 0
            tiers = [
                Term(MoneyTerm.PER_GENERATION, amount_minor=fee, currency=clause.currency, from_count=first)
                for first, fee in clause.tiers
            ]
            return plans.per_generation(count, tiers), {"count": str(count)}
        case MoneyTerm.SUB_SHARE:
            total = max(0, period.all_usages)
            # A correction may take back more than a period had: nothing is shared then, and never more than all.
            used = min(max(0, period.usages.get(clause.lane, 0)), total)
            revenue = Fraction(clause.declared or 0, exponent)
            units = plans.sub_share(revenue, rate, used=used, total=total, currency=clause.currency)
            return units, {"revenue": str(clause.declared or 0), "used": str(used), "usages": str(total)}
        case MoneyTerm.DOWNSTREAM | MoneyTerm.STATUTORY:
            receipts = period.receipts.get(clause.lane, 0)
            units = plans.of_receipts(Fraction(receipts, exponent), rate, currency=clause.currency)
            return units, {"receipts": str(receipts)}


def _shares(clause: Clause, units: int, earned: Mapping[str, int]) -> tuple[Share, ...]:
    """Divide what a clause comes to: by what its payees earned; where that says nothing, as agreed."""
    if not units:
        return ()
    earners = {account: one for account, one in earned.items() if one > 0}
    if earners and clause.party_id is None:
        return tuple(
            Share(line.leaf, *_owner(line.leaf), line) for line in allocation.by_amounts(units, earners) if line.units
        )
    by_leaf = {one.leaf: one for one in clause.payees}
    lines = allocation.allocate(units, {leaf: one.part for leaf, one in by_leaf.items()})
    return tuple(
        Share(_account(by_leaf[line.leaf]), by_leaf[line.leaf].party_id, by_leaf[line.leaf].asset_id, line)
        for line in lines
        if line.weight
    )


def _owner(account: str) -> tuple[UUID | None, UUID | None]:
    return (None, _asset_of(account)) if account.endswith(HOLD) else (UUID(account), None)


def _account(payee: Payee) -> str:
    return f"{payee.asset_id}{HOLD}" if payee.party_id is None else str(payee.party_id)


def _asset_of(leaf: str) -> UUID | None:
    try:
        return UUID(leaf.partition("/")[0])
    except ValueError:
        return None


def documents(bookings: Iterable[Booking]) -> bytes:
    """Return bookings as they are kept, as RFC 8785 JSON."""
    return files.canonical([one.document for one in bookings])


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _fraction(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def _read_fraction(text: str) -> Fraction:
    numerator, _, denominator = text.partition("/")
    return Fraction(int(numerator), int(denominator))


def _no_fraction(text: str) -> None:
    raise ValueError(f"{text[:40]} is not a whole number")
