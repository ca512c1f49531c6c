"""
Statements as documents: from the figures and the files of a run to what people read, print, compute with and check.

Names and titles are looked up when a document is made, so that what was erased is in none that is made later.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any, overload
from uuid import UUID

from django.core.cache import caches

from ledger import objecting, paying
from ledger.models import Leaf
from ledger.statements import plots
from ledger.statements.document import PARTS, Document, Line, Part, Payout, TermLine, country_name, grouped, percent
from rights.models import Decision, Recording, Work
from royalties import breakdowns, results
from royalties.account import Settled
from royalties.breakdowns import Breakdown
from royalties.models import Payment, RoyaltyRun, RunEvent, RunPart, Statement
from royalties.results import Allocation, Ranked, Tally
from royalties.runs import termed

LINES_AT_ONCE = 1_000  # whose titles are looked up together


def document(statement: Statement) -> Document:
    """Return a statement as it is shown; its lines are read when they are asked for, as many as are asked for."""
    run = statement.run
    part = run.parts.get(of_run=run)
    tally = _tally(statement, part)
    published = _published(run.pk)
    leaf = Leaf.objects.filter(entry__run_event=published).first()
    said = results.read(published.document.encode())["parts"][str(run.pk)]
    return Document(
        id=statement.pk,
        run_id=run.pk,
        version=statement.version,
        payer=str(run.payer),
        payee=str(statement.payee),
        currency=statement.currency,
        period_from=run.period_from,
        period_to=run.period_to,
        issued_at=statement.issued_at,
        pay_on=run.pay_on,
        object_until=objecting.until(statement).date(),
        allocated=statement.allocated,
        adjusted=statement.adjusted,
        granted=statement.granted,
        figures=_figures(statement),
        payout=_payout(statement),
        lines=_Lines(part, statement.payee_id, tally.counts),
        frozen_digest=said["frozen"],
        root_digest=said["root"]["sha256"],
        entry_index=leaf.index if leaf else None,
        terms=_terms(statement),
        summed={
            "country": _named(tally.countries, {code: country_name(code) for code, _ in tally.countries.largest}),
            "output": _named(tally.outputs, _output_titles(tally.outputs)),
            "asset": _named(tally.assets, _asset_names(tally.assets)),
        },
    )


def _tally(statement: Statement, part: RunPart) -> Tally:
    """Return what a statement's lines add up to; worked out once, since it never changes. It has ids and no names."""
    key = f"tally-{TALLIED}-{statement.pk}-{part.manifest_digest}"
    shelf = caches["pictures"]
    found: Tally | None = shelf.get(key)
    if found is None:
        found = results.tally(part.results.order_by("number"), party_id=statement.payee_id, most=MOST_OUTPUTS)
        shelf.set(key, found, timeout=None)
    return found


def _named(ranked: Ranked, names: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    shown = [(names.get(key, ""), units) for key, units in ranked.largest]
    if ranked.others:
        shown.append((f"{ranked.others} others", ranked.others_units))
    return tuple(shown)


def _output_titles(ranked: Ranked) -> dict[str, str]:
    decisions = Decision.objects.filter(pk__in=[UUID(id) for id, _ in ranked.largest]).select_related("submission")
    return {str(one.pk): one.submission.title for one in decisions}


def _asset_names(ranked: Ranked) -> dict[str, str]:
    titles = titles_of(UUID(id) for id, _ in ranked.largest if id)
    return {str(id or ""): title or PARTS["creator"] for id, title in titles.items()}


class _Lines(Sequence[Line]):
    """The lines of a payee in a period, read from the store as they are asked for, a few at a time."""

    def __init__(self, part: RunPart, party_id: UUID, counts: tuple[int, ...]) -> None:
        self._part, self._party_id, self._counts = part, party_id, counts

    def __len__(self) -> int:
        return sum(self._counts)

    def __iter__(self) -> Iterator[Line]:
        return self._between(0, len(self))

    @overload
    def __getitem__(self, key: int) -> Line: ...

    @overload
    def __getitem__(self, key: slice) -> Sequence[Line]: ...

    def __getitem__(self, key: int | slice) -> Line | Sequence[Line]:
        if isinstance(key, slice):
            begin, end, step = key.indices(len(self))
            return tuple(self._between(begin, end))[::step]
        at = range(len(self))[key]  # which refuses what there is not
        return next(self._between(at, at + 1))

    def _between(self, begin: int, end: int) -> Iterator[Line]:
        partitions = self._part.results.order_by("number")
        rows = results.lines_of(partitions, party_id=self._party_id, counts=self._counts, begin=begin, end=end)
        while some := list(islice(rows, LINES_AT_ONCE)):
            yield from _lines(some)


def _terms(statement: Statement) -> tuple[TermLine, ...]:
    rows = paying.terms_for(statement)
    runs = RoyaltyRun.objects.in_bulk({UUID(row["of_run"]) for row in rows})
    titles = titles_of(UUID(line["asset"]) for row in rows for line in row["lines"] if line["asset"])
    payee = str(statement.payee_id)
    return tuple(
        TermLine(
            term_id=UUID(row["term"]),
            license_id=UUID(row["license"]),
            plan_number=row["plan_number"],
            kind=row["kind"],
            side=row["side"] or "",
            basis=_basis(row),
            period_from=runs[UUID(row["of_run"])].period_from,
            period_to=runs[UUID(row["of_run"])].period_to,
            asset_titles=tuple(titles.get(UUID(line["asset"]), "") for line in row["lines"] if line["asset"]),
            weight=sum((Fraction(line["weight"]) for line in row["lines"]), Fraction(0)),
            exact=sum((Fraction(line["exact"]) for line in row["lines"]), Fraction(0)),
            before=int(row["before"].get(payee, 0)) if row["kind"] not in _ONCE else 0,
            units=int(row["posted"][payee]),
        )
        for row in rows
    )


_ONCE = {one.value for one in termed.ONCE}


def _basis(row: Mapping[str, Any]) -> str:
    """Say in words what a term was worked out from."""
    currency, basis = row["currency"], row["basis"]

    def said(name: str) -> str:
        return f"{grouped(int(basis[name]), currency)} {currency}"

    rate = percent(Fraction(row["rate"])) if row["rate"] else ""
    match row["kind"]:
        case "minimum":
            return f"{said('guaranteed')} guaranteed, {said('earned')} earned"
        case "per_generation":
            return f"{int(basis['count']):,} generations".replace(",", "\u202f")
        case "sub_share":
            return f"{rate} of {said('revenue')}, {basis['used']} of {basis['usages']} usages"
        case "downstream":
            return f"{rate} of {said('receipts')}"
        case "statutory":
            return f"{rate} of {said('receipts')}, {row['source']}"
        case _:
            before = int(basis["booked_before"])
            return f"{said('agreed')} agreed" + (f", {said('booked_before')} paid before" if before else "")


def _published(run_id: UUID) -> RunEvent:
    return RunEvent.objects.get(run=run_id, act=RunEvent.Act.PUBLISHED)


def _figures(row: Statement) -> Settled:
    numerator, _, denominator = row.withholding_exact.partition("/")
    return Settled(
        earned=row.earned,
        held=row.held,
        reserved=row.reserved,
        released=row.released,
        carried_in=row.carried_in,
        recouped=row.recouped,
        deducted=row.deducted,
        base=row.base,
        withholding_rate=Fraction(row.withholding_numerator, row.withholding_denominator),
        withholding_exact=Fraction(int(numerator), int(denominator or 1)),
        withheld=row.withheld,
        carried_out=row.carried_out,
        payable=row.payable,
    )


def _payout(row: Statement) -> Payout | None:
    rate = row.payout_rate
    if rate is None or row.payout_currency == row.currency:
        return None
    numerator, _, denominator = row.payout_exact.partition("/")
    exact = Fraction(int(numerator), int(denominator or 1))
    value = paying.value_of(rate)
    return Payout(
        currency=row.payout_currency,
        units=row.payout_units,
        rate=value if rate.base == row.currency else Fraction(1) / value,
        source=rate.source,
        on=rate.on,
        remainder=exact - row.payout_units,
    )


def _lines(rows: Sequence[Allocation]) -> list[Line]:
    decisions = Decision.objects.filter(pk__in={row.output for row in rows}).select_related("submission")
    outputs = {decision.pk: decision.submission for decision in decisions}
    assets = {asset for row in rows if (asset := results.asset_of(row.leaf)) is not None}
    titles: dict[UUID, tuple[Part, str]] = {}
    for found in Recording.objects.filter(pk__in=assets):
        titles[found.pk] = ("master", found.title)
    for work in Work.objects.filter(pk__in=assets):
        titles[work.pk] = ("publishing", work.title)
    return [_line(row, outputs[row.output].pk, outputs[row.output].title, titles) for row in rows]


def _line(row: Allocation, output_id: UUID, title: str, titles: dict[UUID, tuple[Part, str]]) -> Line:
    asset_id = results.asset_of(row.leaf)
    part, name = titles.get(asset_id, ("creator", "")) if asset_id else ("creator", "")
    return Line(
        output_id=output_id,
        output_title=title,
        country=row.country,
        part=part,
        asset_id=asset_id,
        asset_title=name,
        pool_units=row.pool_units,
        weight=row.weight,
        units=row.units,
        has_leftover=row.has_leftover,
        partition=row.partition,
        number=row.line,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that is another one in a later version."""

    name: str
    before: int
    now: int


def changes(statement: Statement) -> tuple[Statement, tuple[Change, ...]] | None:
    """Return the version before and which figures are others since; None where this is the first."""
    rows = Statement.objects.filter(run=statement.run_id, payee=statement.payee_id)
    before = rows.filter(version=statement.version - 1).first()
    if before is None:
        return None
    found = tuple(
        Change(name, getattr(before, name), getattr(statement, name))
        for name in paying.FIGURES
        if getattr(before, name) != getattr(statement, name)
    )
    return before, found


TALLIED = 1  # the version of what is summed up of a statement's lines: what is kept of an older one is done anew
MOST_OUTPUTS = 11  # that are told apart, of a run of a hundred thousand; the others are one more
COUNTED_AT_ONCE = 2_000_000  # lines of usage, while somebody waits: a second for each million and more


def breakdown(part: RunPart, *, currency: str, lines: int, waits: bool) -> Breakdown | None:
    """
    Return what a part of a run was earned with by output and by month; worked out once, since it never changes.

    :param waits: whether somebody asked for it, however long it takes; else it is None where that is long
    """
    key = f"breakdown-{breakdowns.VERSION}-{part.pk}-{part.manifest_digest}"
    shelf = caches["pictures"]
    found: Breakdown | None = shelf.get(key)
    if found is None and (waits or lines <= COUNTED_AT_ONCE):
        found = breakdowns.of(part, currency=currency, most=MOST_OUTPUTS)
        shelf.set(key, found, timeout=None)
    return found


def titles_of(asset_ids: Iterable[UUID]) -> dict[UUID | None, str]:
    """Return what recordings and works are called."""
    ids = set(asset_ids)
    recordings = Recording.objects.filter(pk__in=ids).values_list("pk", "title")
    return {None: "", **dict(recordings), **dict(Work.objects.filter(pk__in=ids).values_list("pk", "title"))}


def drawn(draw: Callable[..., bytes], *given: Any, title: str) -> dict[str, str]:
    """Return a picture as addresses of itself, for a wide and for a narrow page."""
    return {
        name: f"data:image/svg+xml;base64,{b64encode(draw(*given, title=title, inches=inches)).decode()}"
        for name, inches in (("wide", plots.WIDE), ("narrow", plots.NARROW))
    }


def history(statement: Statement) -> tuple[tuple[str, int], ...]:
    """Return what the payee earned by this payer in this currency, period by period; of each the last version."""
    run = statement.run
    rows = Statement.objects.filter(
        run__payer=run.payer_id,
        payee=statement.payee_id,
        currency=statement.currency,
        run__period_to__lte=run.period_to,
    ).select_related("run")
    found = {row.run.period_from: row.earned for row in rows.order_by("run__period_from", "version")}
    return tuple((f"{day:%Y-%m}", units) for day, units in found.items())


def successor_of(statement: Statement) -> Statement | None:
    """Return the version that came after, or None where this one holds."""
    rows = Statement.objects.filter(run=statement.run_id, payee=statement.payee_id)
    return rows.filter(version=statement.version + 1).first()


def paid_on(statements: Iterable[Statement]) -> dict[UUID, str]:
    """Return when statements were paid, by the bank; those that came back are not among them."""
    rows = Payment.objects.filter(order__statement__in=list(statements)).select_related("order").order_by("recorded_at")
    found: dict[UUID, str] = {}
    for row in rows:
        if row.is_return:
            found.pop(row.order.statement_id, None)
        else:
            found[row.order.statement_id] = row.booked_on.isoformat()
    return found
