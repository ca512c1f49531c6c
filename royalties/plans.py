"""
Terms of money that are no splits, and what each comes to: exact, in minor units, by one rounding a pool. Pure.

A fee or a rate makes a *pool*: so many minor units, divided among leaves by exact weights (``allocation``). Which
leaves those are is for the caller: assets of a schedule for a training fee, payees for a guarantee.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from rights.case import Side
from royalties import allocation, money
from royalties.allocation import Line
from royalties.vocabulary import MoneyTerm
from royalties.weighing import NOTHING_KNOWN, Blend, Known, weigh

MOST_TERMS = 40


class NotATerm(Exception):
    """A term of money says what its kind needs, and nothing that another kind needs."""


class NotTiers(Exception):
    """Fees per generation begin with a tier from the first on; each further tier begins later, in one currency."""


class NotAShare(Exception):
    """A share of usage is a count that is not negative and not above the total."""


@dataclass(frozen=True)
class Term:
    """One term of money."""

    kind: MoneyTerm
    side: Side | None = None  # None: both
    party_id: UUID | None = None
    amount_minor: int | None = None
    currency: str = ""
    rate: Fraction | None = None
    from_count: int | None = None
    is_recoupable: bool | None = None
    group: str = ""
    priority: int | None = None
    period_from: date | None = None
    period_to: date | None = None
    source: str = ""


@dataclass(frozen=True)
class Pool:
    """What is to be divided, and how."""

    units: int
    currency: str
    lines: tuple[Line, ...]


_NEEDS: dict[MoneyTerm, frozenset[str]] = {
    MoneyTerm.MINIMUM: frozenset({"amount_minor", "is_recoupable", "period_from", "period_to"}),
    MoneyTerm.ADVANCE: frozenset({"amount_minor", "rate"}),
    MoneyTerm.BUYOUT: frozenset({"amount_minor"}),
    MoneyTerm.TRAINING_FEE: frozenset({"amount_minor"}),
    MoneyTerm.PER_GENERATION: frozenset({"amount_minor", "from_count"}),
    MoneyTerm.SUB_SHARE: frozenset({"rate"}),
    MoneyTerm.DOWNSTREAM: frozenset({"rate"}),
    MoneyTerm.STATUTORY: frozenset({"rate", "source"}),
}
_MAY: dict[MoneyTerm, frozenset[str]] = {
    MoneyTerm.ADVANCE: frozenset({"group", "priority"}),
    MoneyTerm.MINIMUM: frozenset({"group", "priority"}),
    MoneyTerm.SUB_SHARE: frozenset({"source"}),
    MoneyTerm.DOWNSTREAM: frozenset({"source"}),
}
_NAMES = (
    "amount_minor", "rate", "from_count", "is_recoupable", "group", "priority", "period_from", "period_to", "source",
)  # fmt: skip


def check(terms: Sequence[Term]) -> None:
    """
    Refuse terms that do not say what their kinds need.

    :raises NotATerm: something is missing, too much, or out of range
    :raises NotTiers: the fees per generation
    :raises UnknownCurrency: see ``royalties.money``
    """
    if len(terms) > MOST_TERMS:
        raise NotATerm(f"A plan has at most {MOST_TERMS} terms of money.")
    for term in terms:
        said = {name for name in _NAMES if getattr(term, name) not in {None, ""}}
        if missing := _NEEDS[term.kind] - said:
            raise NotATerm(f"{term.kind} needs {', '.join(sorted(missing))}.")
        if more := said - _NEEDS[term.kind] - _MAY.get(term.kind, frozenset()):
            raise NotATerm(f"{term.kind} does not take {', '.join(sorted(more))}.")
        if (term.amount_minor is None) != (not term.currency):
            raise NotATerm("An amount has its currency, and a rate has none.")
        if term.currency:
            money.exponent(term.currency)
        if term.amount_minor is not None and not 0 <= term.amount_minor <= money.LARGEST:
            raise NotATerm("An amount is not negative, and has at most 18 digits of the minor unit.")
        if term.rate is not None and (not 0 <= term.rate <= 1 or term.rate.denominator > money.LARGEST):
            raise NotATerm("A rate is a part from 0 to 1.")
        if term.period_from and term.period_to and term.period_to <= term.period_from:
            raise NotATerm("A period ends after it begins.")
    for side in {term.side for term in terms if term.kind is MoneyTerm.PER_GENERATION}:
        _tiers([term for term in terms if term.kind is MoneyTerm.PER_GENERATION and term.side is side])


# --- What each comes to


def per_generation(count: int, tiers: Iterable[Term]) -> int:
    """
    Return the fee for so many generations: each at the fee of the tier that it falls into, from the first one on.

    :raises NotTiers: no tier begins with the first, two begin with the same, or they are in several currencies
    :raises NotAShare: the count is negative
    :raises BeyondMoney: the fee is more than any column holds
    """
    if count < 0:
        raise NotAShare(NotAShare.__doc__)
    steps = _tiers(list(tiers))
    total = 0
    for place, (begins, fee) in enumerate(steps):
        ends = steps[place + 1][0] - 1 if place + 1 < len(steps) else count
        total += max(0, min(count, ends) - begins + 1) * fee
    return _booked(total)


def _tiers(tiers: Sequence[Term]) -> list[tuple[int, int]]:
    steps = sorted((term.from_count or 0, term.amount_minor or 0) for term in tiers)
    begins = [first for first, _ in steps]
    if not steps or begins[0] != 1 or len(set(begins)) != len(begins) or len({one.currency for one in tiers}) != 1:
        raise NotTiers(NotTiers.__doc__)
    return steps


def sub_share(net_revenue: Fraction, rate: Fraction, *, used: int, total: int, currency: str) -> int:
    """
    Return the pool of one licensor of a subscription: net revenue × rate × their part of all usage.

    :param net_revenue: in the major unit; rounded once, half to even
    :raises NotAShare: the usage is negative or more than all of it; without any usage there is nothing to share
    :raises BeyondMoney: more than any column holds
    """
    if not 0 <= used <= total:
        raise NotAShare(NotAShare.__doc__)
    if not total:
        return 0
    return money.minor(net_revenue * rate * Fraction(used, total), currency)


def of_receipts(net_receipts: Fraction, rate: Fraction, *, currency: str) -> int:
    """
    Return the pool of a rate of receipts: of what the output earns downstream, or by a statutory license.

    :param net_receipts: in the major unit; rounded once, half to even
    :raises BeyondMoney: more than any column holds
    """
    return money.minor(net_receipts * rate, currency)


def training_fee(term: Term, assets: Sequence[UUID], blend: Blend, known: Known = NOTHING_KNOWN) -> Pool:
    """
    Divide one fee for training among the assets of a schedule, by the models of their side.

    :param assets: at least one, of one side
    :raises NotATerm: it has no amount
    """
    weighed = weigh(assets, blend, known)
    return pool(_amount(term), term.currency, {str(asset): weighed.weights[asset] for asset in assets})


def pool(units: int, currency: str, weights: Mapping[str, Fraction]) -> Pool:
    """
    Divide minor units among leaves.

    :raises NotTheWhole, NotAKey: see ``allocation.allocate``
    """
    return Pool(units, currency, allocation.allocate(units, weights))


def shortfall(term: Term, earned: Mapping[str, int]) -> Pool:
    """
    Return what a minimum guarantee tops up, divided by what its payees have earned already (ROY-11).

    Where nobody has earned anything there is nothing to divide by: the lines are empty, and the units are due.

    :param earned: by payee, in minor units; a hold among them
    :raises NotATerm: it has no amount
    """
    missing = max(0, _amount(term) - sum(earned.values()))
    if not missing or not sum(earned.values()):
        return Pool(missing, term.currency, ())
    return Pool(missing, term.currency, allocation.by_amounts(missing, earned))


def recouped(earned: int, balance: int, rate: Fraction) -> int:
    """
    Return what of earnings goes into an advance: at most its balance, and at most its rate of what was earned.

    :param rate: 1 where all of it does
    """
    return max(0, min(balance, int(earned * rate)))


def _amount(term: Term) -> int:
    if term.amount_minor is None:
        raise NotATerm(NotATerm.__doc__)
    return term.amount_minor


def _booked(units: int) -> int:
    if units > money.LARGEST:
        raise money.BeyondMoney(money.BeyondMoney.__doc__)
    return units
