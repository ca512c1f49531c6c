"""
Terms of money of plans, gathered for a run: which of them count in a period, whom they pay, what was booked of them.

Of a license each scope has plans of its own, one after the other; a later version says all there is to say. A fee that
is paid once is known again in it by its kind, side, party and group: what is more is topped up, what is less stays
paid. What fell due before a payer's first period here was settled elsewhere. Another currency's terms wait for its run.

A count of generations, or a service's net revenue, is declared: lines of usage count plays of what came out, and what
they earn is a store's money. How much of all usage fell on a license's outputs is in the lines, and taken from there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from django.db.models import Q

from ledger import dividing
from rights import terms as rights_terms
from rights.case import Asset, ShareTerm, Side
from rights.models import License, LicenseAsset, RecordingWork, ReleaseRecording
from rights.territories import NoSuchTerritory, NoTerritory, expand
from rights.vocabulary import RightType
from royalties import apportion, splits
from royalties.books import Kind
from royalties.models import Declaration, Plan, PlanTerm, Posting, RoyaltyRun, Transaction
from royalties.plans import Term
from royalties.runs.termed import EACH_PERIOD, HOLD, ONCE, Clause, Lane, Payee, Terms
from royalties.vocabulary import MoneyTerm, Scope
from royalties.weighing import EQUALLY, Known, weigh

Identity = tuple[str, MoneyTerm, Side | None, UUID | None, str, str, date | None, date | None, int]


@dataclass(frozen=True)
class Asked:
    """For which period terms are gathered, of whose run, and as known when."""

    run: RoyaltyRun
    of_run: RoyaltyRun
    earlier: Sequence[RoyaltyRun]  # published, oldest first
    changed: frozenset[UUID]  # those of them that this run divides anew
    known_at: datetime
    until: int | None = None  # and by the books as they stood before this entry of the log

    @property
    def last(self) -> date:
        """Return the last day of the period."""
        return self.of_run.period_to - timedelta(days=1)

    @property
    def since(self) -> date:
        """Return the first day that is settled here."""
        return min(one.period_from for one in (*self.earlier, self.run))


@dataclass(frozen=True)
class _Stated:
    """A term of a version of a plan, as it is known again in other versions."""

    plan: Plan
    row: PlanTerm
    term: Term
    identity: Identity


@dataclass
class _Lane:
    """The versions of a license's plans for one scope."""

    name: str
    license: License
    plans: list[Plan] = field(default_factory=list)

    def in_force(self, day: date) -> Plan | None:
        """Return the version that counts on a day."""
        if day < self.license.active_from:
            return None
        found = [one for one in self.plans if one.valid_from is None or one.valid_from <= day]
        return found[-1] if found else None

    def begin(self, plan: Plan) -> date:
        """Return the first day on which a version could count."""
        return max(self.license.active_from, plan.valid_from or self.license.active_from)


def gather(asked: Asked, plans_of_outputs: Mapping[UUID, frozenset[UUID]]) -> Terms:
    """
    Return the terms of money that count in a period.

    :param plans_of_outputs: of the outputs that are used in the period, the plans that their splits rest on
    """
    is_own = asked.of_run.pk == asked.run.pk
    lanes = _lanes(asked)
    booked = _booked(asked, lanes)
    found: list[tuple[_Lane, _Stated, tuple[_Stated, ...]]] = []
    for lane in lanes:
        found += [(lane, one, tiers) for one, tiers in _each_period(lane, asked)]
        if is_own:
            found += [(lane, one, ()) for one, _ in _once(lane, asked) if one.term.currency == asked.run.currency]
            found += [(lane, one, ()) for one in _minimums(lane, asked, booked)]
    reading = _Reading(asked)
    clauses = [
        clause for lane, stated, tiers in found if (clause := reading.clause(lane, stated, tiers, booked)) is not None
    ]
    grouped = _grouped(clauses, reading.together(lanes))
    wanted = {one.lane for one in clauses}
    names = {plan.pk: lane.name for lane in lanes for plan in lane.plans}
    outputs: defaultdict[str, set[UUID]] = defaultdict(set)
    for output, plans in plans_of_outputs.items():
        for name in {names[plan] for plan in plans if plan in names} & wanted:
            outputs[name].add(output)
    return Terms(
        tuple(Lane(name, frozenset(outputs[name])) for name in sorted(wanted)),
        tuple(sorted(grouped, key=lambda one: (one.lane, one.kind.value, str(one.term_id)))),
    )


# --- What waits


class Why(StrEnum):
    """What a term of money waits for."""

    NOT_DECLARED = "not_declared"  # how often was generated, or a service's revenue
    OTHER_CURRENCY = "other_currency"  # a run in the currency that it is owed in
    BEGAN_BEFORE = "began_before"  # people: part of what it guarantees was earned before anything was settled here


@dataclass(frozen=True)
class Waiting:
    """A term of money that counts in the period of a run, and that neither this run nor another one booked."""

    run: RoyaltyRun
    license: License
    plan: Plan
    term_id: UUID
    term: Term
    why: Why
    currency: str

    @property
    def todo(self) -> str:
        """Say what it waits for, and what ends that."""
        run = self.run
        days = f"from {run.period_from} until before {run.period_to}"
        if self.why is Why.OTHER_CURRENCY:
            return (
                f"It is owed in {self.currency}, and no run in {self.currency} that reaches these days is published."
                f" Start a run in {self.currency}: it books what is owed in that currency."
            )
        if self.why is Why.BEGAN_BEFORE:
            return (
                f"It is guaranteed since {self.term.period_from}, before the first period that is settled here, so what"
                " it was earned with is not all known. Top the side up from the page of its last run."
            )
        if self.term.kind is MoneyTerm.PER_GENERATION:
            return (
                f"How often was generated under the license {days} is not declared. Declare it: the next run books it."
            )
        return (
            f"The net revenue of subscriptions in {self.currency} {days} is not declared. Declare it in"
            f" {self.currency}: the next run books its share."
        )


def waiting(asked: Asked, elsewhere: Mapping[str, Sequence[RoyaltyRun]], *, is_topped_up: bool) -> tuple[Waiting, ...]:
    """
    Return the terms of money of a run's period that wait for a declaration, for a run in their currency, or for people.

    :param elsewhere: by currency, the payer's published runs, oldest first
    :param is_topped_up: whether people topped a side up of this run's period
    """
    reading, run = _Reading(asked), asked.run
    found: dict[Identity | tuple[object, ...], Waiting] = {}

    def waits(lane: _Lane, one: _Stated, why: Why) -> None:
        # Tiers are one fee.
        is_tier = one.term.kind is MoneyTerm.PER_GENERATION
        key = (lane.name, one.term.side, one.term.party_id, one.term.currency) if is_tier else one.identity
        currency = one.term.currency or run.currency
        found.setdefault(key, Waiting(run, lane.license, one.plan, one.row.pk, one.term, why, currency))

    def is_settled(term: Term, since: date, until: date) -> bool:
        others = elsewhere.get(term.currency, ())
        return bool(others) and others[0].period_from <= since and others[-1].period_to >= until

    for lane in _lanes(asked):
        for one, _ in _each_period(lane, asked):
            if reading.declared_for(lane, one.term) is None:
                waits(lane, one, Why.NOT_DECLARED)
        plan = lane.in_force(asked.last)
        for one in _stated(lane, plan) if plan else ():
            is_others = one.term.kind is MoneyTerm.PER_GENERATION and one.term.currency != run.currency
            if is_others and not is_settled(one.term, run.period_from, run.period_to):
                waits(lane, one, Why.OTHER_CURRENCY)
        for one, begin in _once(lane, asked):
            if one.term.currency != run.currency and not is_settled(one.term, begin, begin + timedelta(days=1)):
                waits(lane, one, Why.OTHER_CURRENCY)
        for one in _ended(lane, run):
            begins, ends = one.term.period_from or run.period_from, one.term.period_to or run.period_to
            if one.term.currency != run.currency:
                if not is_settled(one.term, begins, ends):
                    waits(lane, one, Why.OTHER_CURRENCY)
            elif begins < asked.since and not is_topped_up:
                waits(lane, one, Why.BEGAN_BEFORE)
    return tuple(found.values())


def _ended(lane: _Lane, run: RoyaltyRun) -> list[_Stated]:
    """Return the guarantees whose period is over with a run's."""
    return [
        one
        for plan in lane.plans
        for one in _stated(lane, plan)
        if one.term.kind is MoneyTerm.MINIMUM
        and (ends := one.term.period_to) is not None
        and run.period_from < ends <= run.period_to
        and lane.in_force(ends - timedelta(days=1)) == plan
    ]


# --- Lanes and what they state


def _lanes(asked: Asked) -> list[_Lane]:
    payers = rights_terms.duplicates_of(asked.run.payer_id, asked.known_at)
    licenses = License.objects.filter(
        licensee__in=payers, recorded_at__lte=asked.known_at, plans__terms__isnull=False
    ).distinct()
    by_id = {one.pk: one for one in licenses}
    found: dict[str, _Lane] = {}
    for plan in splits.versions_of(by_id, known_at=asked.known_at):
        name = lane_name(plan.license_id, plan.scope, plan.party_id or plan.release_id or plan.recording_id)
        lane = found.setdefault(name, _Lane(name, by_id[plan.license_id]))
        lane.plans.append(plan)
    return [found[name] for name in sorted(found)]


def lane_name(license_id: UUID, scope: str, aimed_id: UUID | None) -> str:
    """Return what the plans of a license with one scope are called among what is frozen."""
    return f"{license_id}/{scope}/{aimed_id or ''}"


def _stated(lane: _Lane, plan: Plan) -> list[_Stated]:
    seen: Counter[tuple[object, ...]] = Counter()
    found = []
    rows = sorted(plan.terms.all(), key=lambda one: one.position)
    for row, term in zip(rows, splits.money_of(plan), strict=True):
        key = (
            lane.name,
            term.kind,
            term.side,
            term.party_id,
            term.group,
            term.currency,
            term.period_from,
            term.period_to,
        )
        seen[key] += 1
        found.append(_Stated(plan, row, term, (*key, seen[key])))
    return found


def _each_period(lane: _Lane, asked: Asked) -> list[tuple[_Stated, tuple[_Stated, ...]]]:
    plan = lane.in_force(asked.last)
    found: list[tuple[_Stated, tuple[_Stated, ...]]] = []
    tiers: defaultdict[tuple[Side | None, UUID | None], list[_Stated]] = defaultdict(list)
    for one in _stated(lane, plan) if plan else ():
        if one.term.kind is MoneyTerm.PER_GENERATION:
            if one.term.currency == asked.run.currency:
                tiers[one.term.side, one.term.party_id].append(one)
        elif one.term.kind in EACH_PERIOD:
            found.append((one, ()))
    for some in tiers.values():
        steps = sorted(some, key=lambda one: one.term.from_count or 0)
        found.append((steps[0], tuple(steps)))
    return found


def _once(lane: _Lane, asked: Asked) -> list[tuple[_Stated, date]]:
    """Return what is paid once and fell due since the first period here, as the last version says, with the day."""
    due: dict[Identity, date] = {}
    said: dict[Identity, _Stated] = {}
    for plan in lane.plans:
        begin = lane.begin(plan)
        if begin > asked.last or lane.in_force(begin) != plan:
            continue
        for one in _stated(lane, plan):
            if one.term.kind in ONCE:
                due.setdefault(one.identity, begin)
                said[one.identity] = one
    return [(said[identity], begin) for identity, begin in due.items() if begin >= asked.since]


def _minimums(
    lane: _Lane, asked: Asked, booked: Mapping[tuple[Identity, UUID | None], Mapping[str, int]]
) -> list[_Stated]:
    """Return guarantees whose period is over: those that were not topped up yet, or whose earnings changed since."""
    found = []
    for plan in lane.plans:
        for one in _stated(lane, plan):
            begins, ends = one.term.period_from, one.term.period_to
            if one.term.kind is not MoneyTerm.MINIMUM or one.term.currency != asked.run.currency:
                continue
            # One that began before the first period here was earned elsewhere in part: people see to it.
            if begins is None or ends is None or not asked.since <= begins < ends <= asked.run.period_to:
                continue
            if lane.in_force(ends - timedelta(days=1)) != plan:
                continue
            is_new = ends > asked.run.period_from or (one.identity, None) not in booked
            changed = any(run.pk in asked.changed and _is_in(run, begins, ends) for run in asked.earlier)
            # What was paid in advance is recouped from what came later: it is not paid back as well.
            if (is_new or changed) and not (one.term.is_recoupable and (one.identity, None) in booked):
                found.append(one)
    return found


def _is_in(run: RoyaltyRun, begins: date, ends: date) -> bool:
    """Whether a run's period counts for a guarantee: it ends in the guarantee's."""
    return begins < run.period_to <= ends


def _booked(asked: Asked, lanes: Sequence[_Lane]) -> dict[tuple[Identity, UUID | None], dict[str, int]]:
    """Return by term, and for what each period anew by its run, what was booked to each account."""
    stated = {one.row.pk: one for lane in lanes for plan in lane.plans for one in _stated(lane, plan)}
    of_transaction = {
        id: (stated[term].identity, of_run if stated[term].term.kind in EACH_PERIOD else None)
        for id, term, of_run in Transaction.objects.filter(
            Q() if asked.until is None else Q(entries__leaf__index__lt=asked.until),
            payer=asked.run.payer_id,
            kind=Transaction.Kind.TERM,
            term__in=stated,
        ).values_list("id", "term_id", "of_run_id")
    }
    found: defaultdict[tuple[Identity, UUID | None], Counter[str]] = defaultdict(Counter)
    postings = Posting.objects.filter(
        transaction__in=of_transaction, account__kind__in=[Kind.PAYABLE, Kind.HOLD]
    ).values_list("transaction_id", "account__kind", "account__party_id", "account__reference", "units")
    for id, kind, party, reference, units in postings:
        found[of_transaction[id]][f"{reference}{HOLD}" if kind == Kind.HOLD else str(party)] += units
    return {key: {name: units for name, units in sums.items() if units} for key, sums in found.items()}


def _grouped(clauses: Iterable[Clause], together: Mapping[str, frozenset[UUID]]) -> list[Clause]:
    """Let what is paid in advance within a named group be recouped from the assets of all of it (ROY-9)."""
    return [
        replace(one, recouped_from=tuple(sorted(one.assets | together.get(one.group, frozenset()), key=str)))
        if one.kind is MoneyTerm.ADVANCE or one.is_recoupable
        else one
        for one in clauses
    ]


class _Reading:
    """What clauses are made of, each read once."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._assets: dict[str, dict[Side, tuple[UUID, ...]]] = {}
        self._shares: dict[UUID, tuple[ShareTerm, ...]] = {}
        self._declared = list(
            Declaration.objects.filter(payer=asked.run.payer_id, recorded_at__lte=asked.known_at).order_by(
                "recorded_at", "id"
            )
        )

    def together(self, lanes: Iterable[_Lane]) -> dict[str, frozenset[UUID]]:
        """Return of each group of recoupment the assets of all terms that name it, in whichever license."""
        found: defaultdict[str, set[UUID]] = defaultdict(set)
        for lane in lanes:
            plan = lane.in_force(self._asked.last)
            for one in _stated(lane, plan) if plan else ():
                if one.term.group:
                    found[one.term.group].update(*self._sides(lane, one.term.side).values())
        return {group: frozenset(assets) for group, assets in found.items()}

    def clause(
        self,
        lane: _Lane,
        stated: _Stated,
        tiers: Sequence[_Stated],
        booked: Mapping[tuple[Identity, UUID | None], Mapping[str, int]],
    ) -> Clause | None:
        """Return a term as it counts in the period, or None where what it takes was not declared."""
        term, asked = stated.term, self._asked
        declared = self.declared_for(lane, term)
        if declared is None:
            return None
        amount, declarations = declared
        of_run = asked.of_run.pk if term.kind in EACH_PERIOD else None
        sides = self._sides(lane, term.side)
        party = term.party_id or stated.plan.party_id
        runs: tuple[UUID, ...] = ()
        if term.kind is MoneyTerm.MINIMUM and term.period_from and term.period_to:
            every = (*asked.earlier, asked.run)
            runs = tuple(run.pk for run in every if _is_in(run, term.period_from, term.period_to))
        return Clause(
            term_id=stated.row.pk,
            plan_id=stated.plan.pk,
            plan_number=stated.plan.number,
            license_id=lane.license.pk,
            lane=lane.name,
            kind=term.kind,
            currency=term.currency or asked.run.currency,
            side=term.side,
            party_id=party,
            amount=term.amount_minor if term.kind is not MoneyTerm.PER_GENERATION else None,
            rate=term.rate,
            tiers=tuple((one.term.from_count or 1, one.term.amount_minor or 0) for one in tiers),
            is_recoupable=bool(term.is_recoupable),
            group=term.group,
            priority=term.priority or 0,
            source=term.source,
            period_from=term.period_from,
            period_to=term.period_to,
            payees=self._payees(lane, stated.plan, term, sides, party),
            assets=frozenset(asset for assets in sides.values() for asset in assets),
            declared=amount,
            declarations=declarations,
            booked=booked.get((stated.identity, of_run), {}),
            runs=runs,
        )

    def declared_for(self, lane: _Lane, term: Term) -> tuple[int | None, tuple[UUID, ...]] | None:
        """Return what was declared of the period for a term, and by what; None where it is needed and missing."""
        of_run, currency = self._asked.of_run, self._asked.run.currency
        if term.kind is MoneyTerm.PER_GENERATION:
            said = [one for one in self._declared if one.license_id == lane.license.pk]
        elif term.kind is MoneyTerm.SUB_SHARE:
            kind = Declaration.Kind.SUBSCRIPTION_REVENUE
            said = [one for one in self._declared if one.kind == kind and one.currency == currency]
        else:
            return None, ()
        newest = {
            (one.period_from, one.period_to): one
            for one in said
            if of_run.period_from <= one.period_from and one.period_to <= of_run.period_to
        }
        if not newest:
            return None
        rows = sorted(newest.values(), key=lambda one: (one.period_from, str(one.pk)))
        return sum(one.amount for one in rows), tuple(one.pk for one in rows)

    def _sides(self, lane: _Lane, side: Side | None) -> dict[Side, tuple[UUID, ...]]:
        """Return the assets of a lane by side: those of the schedule that its scope leaves."""
        if lane.name not in self._assets:
            rows = LicenseAsset.objects.filter(license=lane.license)
            masters = set(rows.exclude(recording=None).values_list("recording_id", flat=True))
            works = set(rows.exclude(work=None).values_list("work_id", flat=True))
            plan = lane.plans[-1]
            if plan.scope in {Scope.TRACK, Scope.RELEASE}:
                on = {plan.recording_id}
                if plan.scope == Scope.RELEASE:
                    listed = ReleaseRecording.objects.filter(release=plan.release_id)
                    on = set(listed.values_list("recording_id", flat=True))
                masters &= on
                inside = RecordingWork.objects.filter(recording__in=on, recorded_at__lte=self._asked.known_at)
                works &= set(inside.values_list("work_id", flat=True))
            found = {Side.MASTER: masters, Side.PUBLISHING: works}
            self._assets[lane.name] = {one: tuple(sorted(ids, key=str)) for one, ids in found.items() if ids}
        return {one: ids for one, ids in self._assets[lane.name].items() if side in {None, one}}

    def _payees(
        self, lane: _Lane, plan: Plan, term: Term, sides: Mapping[Side, tuple[UUID, ...]], party: UUID | None
    ) -> tuple[Payee, ...]:
        """
        Return who gets a fee: the party that the term names, or the owners of the assets by the plan's models.

        A fee is paid for no use in one country, so those of the license in which anybody owns an asset count alike. A
        schedule of neither recordings nor works (voices, say) is paid to its licensor.
        """
        if party is None and not sides:
            party = lane.license.licensor_id
        if party is not None:
            return (Payee(str(party), party, None, Fraction(1)),)
        said = splits.terms_of(plan)
        parts = {side: Fraction(1) for side in sides}
        if len(sides) == 2:
            parts = {Side.MASTER: said.masters, Side.PUBLISHING: 1 - said.masters}
        found: defaultdict[tuple[str, UUID | None, UUID], Fraction] = defaultdict(Fraction)
        for side, ids in sides.items():
            weights = weigh(ids, said.blends.get(side, EQUALLY), Known(quantities=said.quantities)).weights
            for asset in ids:
                for leaf, owner, part in self._owners(lane, asset, side, term):
                    found[leaf, owner, asset] += parts[side] * weights[asset] * part
        return tuple(
            Payee(leaf, owner, asset, part)
            for (leaf, owner, asset), part in sorted(found.items(), key=lambda one: one[0][0].encode())
            if part
        )

    def _owners(self, lane: _Lane, asset_id: UUID, side: Side, term: Term) -> list[tuple[str, UUID | None, Fraction]]:
        day = self._asked.last
        if asset_id not in self._shares:
            every = [one for ids in self._assets[lane.name].values() for one in ids]
            held = rights_terms.about(
                every, on=day, licensee_id=self._asked.run.payer_id, known_at=self._asked.known_at
            )
            by_asset: defaultdict[UUID, list[ShareTerm]] = defaultdict(list)
            for share in held.shares:
                by_asset[share.asset_id].append(share)
            self._shares |= {one: tuple(by_asset[one]) for one in every}
        shares = self._shares[asset_id]
        right = RightType.AI_OUTPUT
        if term.kind is MoneyTerm.TRAINING_FEE and any(one.right_type == RightType.AI_TRAINING for one in shares):
            right = RightType.AI_TRAINING
        try:
            countries = expand(lane.license.territories, day)
        except (NoTerritory, NoSuchTerritory):
            countries = expand(lane.license.territories, lane.license.active_from)
        alike: Counter[tuple[ShareTerm, ...]] = Counter()
        for country in countries:
            alike[tuple(one for one in shares if one.right_type == right and country in one.territories)] += 1
        if len(alike) > 1:
            alike.pop((), None)  # where nobody owns it, nobody is paid for less of it
        found = []
        asset = Asset(asset_id, side, "", self._asked.known_at)
        for owned, count in alike.items():
            for leaf, owner, _, part in apportion.payable(asset, owned, dividing.holds()):
                if part:
                    found.append((leaf, owner, part * Fraction(count, alike.total())))
        return found
