"""Questions 7, 8, 9 and 11: whether pools come to what was given out, what is held, where a line comes from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from hashlib import sha256
from heapq import heappush, heappushpop
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from ledger import drilling
from ledger.auditing.asking import Column, Conclusion, Is, Items, Part, Plot, Question, Row, Rows, Tally, each
from ledger.auditing.outputs import Shown
from ledger.auditing.parameters import AS_AT, KNOWN_AT, PARTY, PERIOD, TERRITORY, Asked, Kind, Parameter
from ledger.visibility import EVERYTHING, Sight, seen
from rights import parties
from rights.models import Conflict, Consent, Share
from rights.vocabulary import ConflictAct
from royalties import money, results
from royalties.models import (
    Account,
    Plan,
    Posting,
    RoyaltyRun,
    RunEvent,
    Statement,
    Transaction,
    UsageMatch,
    UsageReport,
    UsageSum,
)
from royalties.results import COMMISSION, Allocation

PUBLISHED = RunEvent.Act.PUBLISHED
Books = Account.Kind


def published(asked: Asked, sight: Sight) -> QuerySet[RoyaltyRun]:
    """Return the runs over receipts of the period that were published by then."""
    done = RunEvent.objects.filter(run=OuterRef("pk"), act=PUBLISHED, recorded_at__lte=asked.known_at)
    rows = RoyaltyRun.objects.filter(Exists(done), period_from__lt=asked.period_to, period_to__gt=asked.period_from)
    return seen(rows, sight)


def newest(asked: Asked) -> QuerySet[Statement]:
    """Return the statements that counted by then: of each payee's the last version."""
    later = Statement.objects.filter(
        run=OuterRef("run"), payee=OuterRef("payee"), version__gt=OuterRef("version"), issued_at__lte=asked.known_at
    )
    return Statement.objects.filter(~Exists(later), issued_at__lte=asked.known_at)


# --- 7


def _sums(run: RoyaltyRun, kind: Transaction.Kind, asked: Asked) -> dict[tuple[str, str], int]:
    """Return what a run's transactions of a kind posted: kind of account and currency → minor units."""
    rows = (
        Posting.objects.filter(
            transaction__run=run, transaction__kind=kind, transaction__recorded_at__lte=asked.known_at
        )
        .values_list("account__kind", "account__currency")
        .annotate(sum=Sum("units"))
        .order_by()
    )
    return {(kind, currency): int(units) for kind, currency, units in rows}


def _pools(run: RoyaltyRun) -> dict[str, int]:
    """Return what a run's pools come to, as its partitions say; in other currencies, what is in no pool."""
    part = run.parts.get(of_run=run)
    found: defaultdict[str, int] = defaultdict(int)
    for document in part.results.values_list("document", flat=True):
        found[run.currency] += int(results.read(document)["result"]["units"])
    for currency, units in results.read(part.document)["left_out_units"].items():
        found[currency] += int(units)
    return dict(found)


def _balanced(asked: Asked, sight: Sight) -> Sequence[Part]:
    rows = published(asked, sight)
    if asked.party is not None:
        rows = rows.filter(payer__in=parties.same_as(asked.party, asked.known_at))

    def of(run: Any) -> Iterable[Row]:
        about = {
            "run": run.pk,
            "payer": run.payer_id,
            "period_from": run.period_from,
            "period_to": run.period_to,
        }
        allocated = newest(asked).filter(run=run).aggregate(own=Sum("allocated"), earlier=Sum("adjusted"))
        earned, pools = _sums(run, Transaction.Kind.EARNED, asked), _pools(run)
        for currency in sorted({run.currency, *pools, *(currency for _, currency in earned)}):
            own = int(allocated["own"] or 0) if currency == run.currency else 0
            yield {**about, "of": "this period", **_line(currency, pools.get(currency, 0), own, earned)}
        changed = _sums(run, Transaction.Kind.ADJUSTED, asked)
        for currency in sorted({currency for _, currency in changed}):
            earlier = int(allocated["earlier"] or 0) if currency == run.currency else 0
            receipts = -changed.get((Books.RECEIPTS, currency), 0)
            yield {**about, "of": "earlier periods", **_line(currency, receipts, earlier, changed)}

    return [Rows(rows, ("period_from", "pk"), each(of))]


def _line(currency: str, pools: int, statements: int, posted: dict[tuple[str, str], int]) -> dict[str, Any]:
    receipts = -posted.get((Books.RECEIPTS, currency), 0)
    holds = posted.get((Books.HOLD, currency), 0)
    retained = posted.get((Books.COMMISSION, currency), 0) + posted.get((Books.SUSPENSE, currency), 0)
    return {
        "currency": currency,
        "pools": pools,
        "booked": receipts,
        "statements": statements,
        "holds": holds,
        "retained": retained,
        "difference": pools - statements - holds - retained,
        "unbooked": pools - receipts,
    }


def _concluded_balance(tally: Tally) -> Conclusion:
    if not tally.rows:
        return Conclusion(None, "No run over this period was published by then.")
    off = tally.marks["off"]
    if off:
        return Conclusion(False, f"{off} of {tally.rows} sums do not come to nothing.")
    return Conclusion(True, "Each difference is nothing, to the smallest unit.")


BALANCE = Question(
    7,
    "balance",
    "Whether pools are what was given out, held and kept",
    "For each run over a period and each currency: what its pools came to, what statements, holds and what was retained"
    " came to, and the difference, which is nothing. Pools are read from the run’s own files, the rest from statements"
    " and the books.",
    (*PERIOD, replace(PARTY, label="Payer"), KNOWN_AT),
    (
        Column("run", "Run", Is.ID, "run"),
        Column("payer", "Payer", Is.ID, "party"),
        Column("period_from", "From", Is.DAY),
        Column("period_to", "To before", Is.DAY),
        Column("of", "Receipts of"),
        Column("currency", "Currency", Is.CURRENCY),
        Column("pools", "Pools", Is.MINOR),
        Column("statements", "Statements", Is.MINOR),
        Column("holds", "Holds", Is.MINOR),
        Column("retained", "Retained", Is.MINOR),
        Column("difference", "Difference", Is.MINOR),
        Column("booked", "Booked as received", Is.MINOR),
        Column("unbooked", "Pools less booked", Is.MINOR),
    ),
    _balanced,
    _concluded_balance,
    marks=lambda row: ("off",) if row["difference"] or row["unbooked"] else (),
    plots=(
        Plot(
            "Pools by period",
            lambda row: str(row["period_from"])[:7],
            money=lambda row: (str(row["currency"]), _units(row["pools"])),
            is_over_time=True,
        ),
    ),
    note="Retained is the commission, and what no output or no rate was known for. A run is shown to whoever pays it.",
)


def _units(cell: object) -> int:
    return cell if isinstance(cell, int) else 0


# --- 8

_NO_RUN = UUID(int=0)


def _held(asked: Asked, sight: Sight) -> Sequence[Part]:
    postings = seen(Posting.objects.all(), sight).filter(
        account__kind=Books.HOLD,
        transaction__recorded_at__lte=asked.known_at,
        transaction__value_on__lte=asked.as_at,
    )
    if asked.party is not None:
        postings = postings.filter(account__payer__in=parties.same_as(asked.party, asked.known_at))
    rows = (
        postings.values("account", "account__payer", "account__reference", "account__currency")
        .annotate(
            of_run=Coalesce("transaction__of_run", Value(_NO_RUN)),
            held=Sum("units"),
            since=Min("transaction__value_on"),
        )
        .filter(held__gt=0, since__lte=asked.as_at - timedelta(days=asked.days))
    )

    def of(some: list[Any]) -> Iterable[Sequence[Row]]:
        assets = {results.asset_of(row["account__reference"]) for row in some} - {None}
        known = Q(asset_id__in=assets, opened_at__lte=asked.known_at)
        conflicts: defaultdict[UUID, list[Conflict]] = defaultdict(list)
        for one in seen(Conflict.objects.filter(known), sight).prefetch_related("events").order_by("opened_at", "pk"):
            conflicts[one.asset_id].append(one)
        for row in some:
            asset = results.asset_of(row["account__reference"])
            about = conflicts.get(asset, []) if asset else []
            yield [
                {
                    "account": row["account"],
                    "payer": row["account__payer"],
                    "asset": asset,
                    "run": row["of_run"] if row["of_run"] != _NO_RUN else None,
                    "currency": row["account__currency"],
                    "held": int(row["held"]),
                    "since": row["since"],
                    "days": (asked.as_at - row["since"]).days,
                    "why": _why(about, asked),
                    "conflict": about[-1].pk if about else None,
                }
            ]

    return [Rows(rows, ("since", "account", "of_run"), of)]


def _why(conflicts: Sequence[Conflict], asked: Asked) -> str:
    if not conflicts:
        return "no conflict on record"
    last = conflicts[-1]
    settled = [
        event.recorded_at
        for event in last.events.all()
        if event.act == ConflictAct.SETTLED and event.recorded_at <= asked.known_at
    ]
    if settled:
        return f"conflict settled {min(settled).date()}, hold not released"
    late = ", past its last day" if last.close_by < asked.as_at else ""
    return f"conflict open since {last.opened_at.date()}{late}"


def _concluded_held(tally: Tally) -> Conclusion:
    if not tally.rows:
        return Conclusion(True, "Nothing was held for that long.")
    bare = tally.marks["bare"]
    if bare:
        return Conclusion(False, f"{tally.rows} holds; of {bare} no open conflict says why.")
    return Conclusion(None, f"{tally.rows} holds, each because of a conflict that is open.")


HELD = Question(
    8,
    "held",
    "Money held for long, and why",
    "What stood in hold accounts on a day for more than so many days, of which period’s receipts, and the conflict that"
    " it waits for.",
    (
        Parameter("days", "Longer than, days", Kind.COUNT, "0: everything that is held", most=36_500, default="90"),
        AS_AT,
        replace(PARTY, label="Payer"),
        KNOWN_AT,
    ),
    (
        Column("account", "Account", Is.ID),
        Column("payer", "Payer", Is.ID, "party"),
        Column("asset", "Asset", Is.ID),
        Column("run", "Receipts of run", Is.ID, "run"),
        Column("currency", "Currency", Is.CURRENCY),
        Column("held", "Held", Is.MINOR),
        Column("since", "Since", Is.DAY),
        Column("days", "Days", Is.COUNT),
        Column("why", "Why"),
        Column("conflict", "Conflict", Is.ID, "conflict"),
    ),
    _held,
    _concluded_held,
    marks=lambda row: () if str(row["why"]).startswith("conflict open") else ("bare",),
    plots=(
        Plot(
            "Held by month since when",
            lambda row: str(row["since"])[:7],
            money=lambda row: (str(row["currency"]), _units(row["held"])),
            is_over_time=True,
        ),
    ),
    note="A hold counts from the last day of the period whose receipts are in it.",
)


# --- 9


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement, with the statement."""

    statement: Statement
    allocation: Allocation


def statement_lines(asked: Asked, sight: Sight, *, currency: str = "") -> Iterator[Line]:
    """Go through the lines of all statements of the period that counted by then, in a fixed order."""
    statements = seen(newest(asked), sight).select_related("run")
    if asked.party is not None:
        statements = statements.filter(payee__in=parties.same_as(asked.party, asked.known_at))
    if currency:
        statements = statements.filter(currency=currency)
    done = RunEvent.objects.filter(act=PUBLISHED, recorded_at__lte=asked.known_at).values("run")
    runs = RoyaltyRun.objects.filter(
        pk__in=statements.filter(run__in=done).values("run"),
        period_from__lt=asked.period_to,
        period_to__gt=asked.period_from,
    )
    for run in runs.order_by("period_from", "pk").iterator():
        of = {one.payee_id: one for one in statements.filter(run=run)}
        only = next(iter(of)) if len(of) == 1 else None
        for one in results.allocations(run.parts.get(of_run=run), party_id=only):
            if one.party_id in of and one.leaf != COMMISSION and one.units:
                if asked.territory and one.country != asked.territory:
                    continue
                yield Line(of[one.party_id], one)


def _chosen(asked: Asked, sight: Sight) -> list[Line]:
    """Return so many lines as a seed chooses them: those whose digests with it are the smallest."""
    kept: list[tuple[bytes, int, Line]] = []
    for number, one in enumerate(statement_lines(asked, sight)):
        name = f"{asked.seed}|{one.statement.pk}|{one.allocation.partition}|{one.allocation.line}"
        digest = bytes(255 - byte for byte in sha256(name.encode()).digest())  # the heap gives up its smallest
        if len(kept) < asked.size:
            heappush(kept, (digest, -number, one))
        else:
            heappushpop(kept, (digest, -number, one))
    return [one for _, _, one in sorted(kept, key=lambda item: -item[1])]


def traced(one: Line, sight: Sight) -> Iterator[dict[str, Any]]:
    """Yield what a line of a statement follows from, ground by ground, and where the way breaks off."""
    statement, it = one.statement, one.allocation
    about: dict[str, Any] = {
        "statement": statement.pk,
        "payee": statement.payee_id,
        "line": f"{it.partition}.{it.line}",
        "country": it.country,
        "currency": statement.currency,
        "amount": it.units,
        "pool": it.pool_units,
        "weight": f"{it.weight.numerator}/{it.weight.denominator}",
    }
    try:
        found = drilling.drill(statement, partition=it.partition, line=it.line, sight=EVERYTHING)
    except drilling.NoSuchLine:
        yield {**about, "broken": "the run has no such line"}
        return
    used = found.used[0] if found.used else None
    shown = Shown(sight)
    consents = [consent.pk for consent in found.consents]
    named = shown.among(Consent, consents)
    about |= {
        "output": found.decision.submission_id,
        "report": used.report_id if used and shown.among(UsageReport, [used.report_id]) else None,
        "report_line": used.line if used else None,
        "report_lines": found.lines,
    }
    broken = [] if found.lines else ["no line of usage"]
    if found.used_units != it.pool_units:
        broken.append("usage does not come to the pool")
    elif not found.adds_up:
        broken.append("grounds do not come to the weight")
    for ground in found.grounds or (None,):
        missing = list(broken)
        if ground is None:
            missing.append("no split on record")
        elif ground.plan is None:
            missing.append("no contract term")
        if results.asset_of(it.leaf) is not None and not consents:
            missing.append("no consent")
        plan = ground.plan if ground else None
        share = ground.share if ground else None
        yield {
            **about,
            "plan": plan.pk if plan and shown.among(Plan, [plan.pk]) else None,
            "license": plan.license_id if plan and shown.among(Plan, [plan.pk]) else None,
            "share": share.pk if share and shown.among(Share, [share.pk]) else None,
            "consent": next((consent for consent in consents if consent in named), None),
            "consents": len(consents),
            "broken": "; ".join(missing),
        }


def _lines(asked: Asked, sight: Sight) -> Sequence[Part]:
    return [Items(lambda: _chosen(asked, sight), lambda one: tuple(traced(one, sight)))]


def _concluded_lines(tally: Tally) -> Conclusion:
    lines = tally.marks["line:"]
    if not lines:
        return Conclusion(None, "There is no line to draw: no statement of this period was issued by then.")
    broken = tally.marks["broken"]
    if broken:
        return Conclusion(False, f"{lines} lines drawn; {broken} grounds do not lead all the way.")
    return Conclusion(True, f"{lines} lines drawn; each leads to usage, contract term and consent.")


LINES = Question(
    9,
    "lines",
    "Statement lines, traced to receipt, contract term and consent",
    "A sample of statement lines, chosen by a seed, each led back to the reported usage it comes from, the plan and the"
    " share that gave its weight, and the consents that were on record.",
    (
        *PERIOD,
        replace(PARTY, label="Payee"),
        TERRITORY,
        Parameter("seed", "Seed", Kind.WORD, "Any word: the same word draws the same lines", default="1"),
        Parameter("size", "Lines", Kind.COUNT, "How many are drawn", least=1, most=500, default="25"),
        KNOWN_AT,
    ),
    (
        Column("statement", "Statement", Is.ID, "statement"),
        Column("line", "Line", Is.TEXT, "line"),
        Column("payee", "Payee", Is.ID, "party"),
        Column("output", "Output", Is.ID, "output"),
        Column("country", "Country"),
        Column("currency", "Currency", Is.CURRENCY),
        Column("amount", "Amount", Is.MINOR),
        Column("pool", "Pool", Is.MINOR),
        Column("weight", "Weight"),
        Column("report", "Usage report", Is.ID),
        Column("report_line", "First line in it", Is.COUNT),
        Column("report_lines", "Lines of usage", Is.COUNT),
        Column("plan", "Plan", Is.ID),
        Column("license", "License", Is.ID, "license"),
        Column("share", "Share", Is.ID),
        Column("consent", "Consent", Is.ID, "consent"),
        Column("consents", "Consents on record", Is.COUNT),
        Column("broken", "Where it breaks off"),
    ),
    _lines,
    _concluded_lines,
    marks=lambda row: (f"line:{row['statement']} {row['line']}", *(["broken"] if row["broken"] else [])),
    plots=(Plot("Whether they lead all the way", lambda row: str(row["broken"]) or "all the way"),),
    note="A human creator’s part and the commission rest on the plan alone, and on no consent.",
)


# --- 11


def _unmatched(asked: Asked, sight: Sight) -> Sequence[Part]:
    by_then = {"matching__recorded_at__lte": asked.known_at}
    last = (
        UsageMatch.objects.filter(payer=OuterRef("key__payer"), key=OuterRef("key__key"), **by_then)
        .filter(~Exists(UsageMatch.objects.filter(supersedes=OuterRef("pk"), **by_then)))
        .values("submission")[:1]
    )
    sums = UsageSum.objects.filter(
        key__report__outcome__is_booked=True,
        key__report__outcome__finished_at__lte=asked.known_at,
        key__report__received_at__date__gte=asked.period_from,
        key__report__received_at__date__lt=asked.period_to,
    ).exclude(key__report__supersession__recorded_at__lte=asked.known_at)
    if asked.party is not None:
        sums = sums.filter(key__payer__in=parties.same_as(asked.party, asked.known_at))
    rows = (
        seen(sums, sight)
        .alias(matched=Subquery(last))
        .filter(matched__isnull=True)
        .values("key__payer", "key__key", "currency")
        .annotate(
            total=Sum("amount"),
            all_lines=Sum("lines"),
            reports=Count("key__report", distinct=True),
            title=Max("key__title"),
            first=Min("key__report__received_at"),
        )
    )

    def of(row: Any) -> Iterable[Row]:
        yield {
            "payer": row["key__payer"],
            "key": row["key__key"],
            "title": row["title"],
            "currency": row["currency"],
            "amount": f"{row['total'].normalize():f}",  # exact: the digits of a decimal
            "lines": row["all_lines"],
            "reports": row["reports"],
            "since": row["first"],
        }

    return [Rows(rows, ("-total", "currency", "key__payer", "key__key"), each(of))]


def _concluded_unmatched(tally: Tally) -> Conclusion:
    if not tally.rows:
        return Conclusion(True, "Everything that was reported is matched with an output.")
    return Conclusion(None, f"{tally.rows} names in reports mean no output; their money is in suspense.")


UNMATCHED = Question(
    11,
    "unmatched",
    "Usage that means no output, by value",
    "What services reported under names that were matched with no output by then, the largest amounts first.",
    (*PERIOD, replace(PARTY, label="Payer"), KNOWN_AT),
    (
        Column("payer", "Payer", Is.ID, "party"),
        Column("key", "Named as"),
        Column("title", "Title"),
        Column("currency", "Currency", Is.CURRENCY),
        Column("amount", "Amount", Is.AMOUNT),
        Column("lines", "Lines", Is.COUNT),
        Column("reports", "Reports", Is.COUNT),
        Column("since", "First received", Is.MOMENT),
    ),
    _unmatched,
    _concluded_unmatched,
    plots=(
        Plot(
            "Unmatched by kind of name",
            lambda row: str(row["key"]).partition(":")[0],
            money=lambda row: (str(row["currency"]), _minor(row)),
        ),
    ),
    note="Amounts of different currencies stand beside each other by their figures: nothing is converted here.",
)


def _minor(row: Row) -> int:
    return money.minor(Fraction(str(row["amount"])), str(row["currency"]))
