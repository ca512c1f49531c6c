"""Royalty statements to read, to print, to compute with and to check; and what a payee says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from ledger import drilling, objecting, paying, proving, rendering, report
from ledger.access import Verb
from ledger.api.access import caller_of, seen_by
from ledger.api.statements import statement_of
from ledger.reports.access import staff_only
from ledger.reports.beside import notes_beside
from ledger.reports.views import attachment, page
from ledger.statements import paper, plots, table
from ledger.statements.document import PARTS, By, Document, Line, TermLine, country_name, decimals, fraction, grouped
from royalties import money
from royalties.apportion import Source
from royalties.models import ObjectionAnswer, Statement, StatementObjection

PER_PAGE = 50
LINES_A_PAGE = 100
_STEPS = {
    "allocated": "Earned in this period",
    "adjusted": "Earlier periods, divided anew",
    "granted": "Out of holds and guarantees",
    "termed": "By terms of plans",
    "earned": "Earned, held and all",
    "held": "On hold",
    "reserved": "Kept in reserve",
    "released": "Released from reserve",
    "carried_in": "Carried over from before",
    "recouped": "Recouped against advances",
    "deducted": "Other deductions",
    "base": "Base of withholding tax",
    "withheld": "Withholding tax",
    "carried_out": "Carried to the next statement",
    "payable": "Payable",
}
_PLOTS: tuple[tuple[str, By, Callable[..., bytes]], ...] = (
    ("By country", "country", plots.bars),
    ("By source", "asset", plots.bars),
    ("By output", "output", plots.bars),
)


@dataclass(frozen=True)
class Addresses:
    """Where a statement's page leads: to the same things from the reports and from a payee's link."""

    all: str
    pdf: str
    csv: str
    proof: str
    objection: str
    version: Callable[[UUID], str]
    line: Callable[[int, int], str]


def _addresses(id: UUID) -> Addresses:
    return Addresses(
        all=reverse("reports:statements"),
        pdf=reverse("reports:statement-pdf", args=[id]),
        csv=reverse("reports:statement-csv", args=[id]),
        proof=reverse("reports:statement-proof", args=[id]),
        objection=reverse("reports:statement-object", args=[id]),
        version=lambda other: reverse("reports:statement", args=[other]),
        line=lambda partition, number: reverse("reports:statement-line", args=[id, partition, number]),
    )


@require_safe
@staff_only
def statements(request: HttpRequest) -> HttpResponse:
    """List statements, newest first: one's own, and of one's own runs everybody's."""
    rows = seen_by(request, Statement.objects.select_related("run__payer__identity", "payee__identity"))
    pages = listed(rows, request.GET.get("page"), to=lambda one: reverse("reports:statement", args=[one]))
    return page(request, "ledger/reports/statements.html", {"page": pages})


def listed(rows: QuerySet[Statement], number: str | None, *, to: Callable[[UUID], str]) -> Any:
    """Return a page of statements in words, the newest first."""
    pages: Any = Paginator(rows.order_by("-issued_at", "pk"), PER_PAGE).get_page(number)
    shown = list(pages.object_list)
    paid = rendering.paid_on(shown)
    pages.object_list = [
        {
            "statement": row,
            "address": to(row.pk),
            "payee": str(row.payee),
            "payer": str(row.run.payer),
            "earned": f"{grouped(row.earned, row.currency)} {row.currency}",
            "payable": f"{grouped(row.payable, row.currency)} {row.currency}",
            "is_newest": rendering.successor_of(row) is None,
            "paid": paid.get(row.pk),
        }
        for row in shown
    ]
    return pages


@require_safe
@staff_only
def statement(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show a statement: every step from what was earned to what is paid, and the lines that it comes from."""
    row, found = _document(request, id)
    context = in_words(row, found, _addresses(row.pk), number=request.GET.get("page"))
    if not _is_payee(request, row):
        context["may_object"] = False
    context["may_answer"] = caller_of(request).acts_for(row.run.payer_id, Verb.SETTLE)
    context |= notes_beside(request, statement=row.pk)
    return page(request, "ledger/reports/statement.html", context)


def in_words(row: Statement, found: Document, to: Addresses, *, number: str | None) -> dict[str, Any]:
    """Return what a statement's page shows to its payee."""
    later = rendering.successor_of(row)
    lines: Any = Paginator(found.lines, LINES_A_PAGE).get_page(number)
    lines.object_list = [_said(one, row, to) for one in lines.object_list]
    objections = StatementObjection.objects.filter(statement=row).select_related("answer")
    return {
        "document": found,
        "to": to,
        "newest": later is None,
        "superseded_by": to.version(later.pk) if later else None,
        "payable": found.said(found.figures.payable),
        "payable_note": _payable_note(found),
        "steps": [
            {"name": one.name, "note": one.note, "amount": found.said(one.units), "is_sum": one.is_sum}
            for one in found.steps
        ],
        "waterfall": rendering.drawn(plots.waterfall, found.steps, found.currency, title="From earned to payable"),
        "has_steps": any(not one.is_sum for one in found.steps),
        "plots": [
            *(_plot(found, title, by, draw) for title, by, draw in _PLOTS if len(found.sums(by)) > 1),
            *_over_time(row),
        ],
        "page": lines,
        "terms": [_term(one, row.currency) for one in found.terms],
        "changes": _changes(row),
        "reason": row.reason,
        "objections": [_objection(one) for one in objections],
        "may_object": not objections and timezone.now() <= objecting.until(row),
        "may_answer": False,
    }


def _statement(request: HttpRequest, id: UUID) -> Statement:
    try:
        return statement_of(request, id)
    except paying.NoSuchStatement as error:
        raise Http404 from error


def _is_payee(request: HttpRequest, row: Statement) -> bool:
    """Whether they belong to the payee or stand for it; whoever keeps the house is nobody's payee."""
    return any(row.payee_id in duty.parties and duty.verbs for duty in caller_of(request).duties)


def _document(request: HttpRequest, id: UUID) -> tuple[Statement, Document]:
    row = _statement(request, id)
    return row, rendering.document(row)


def _payable_note(found: Document) -> str:
    note = f"To be paid on {found.pay_on:%-d %B %Y}"
    payout = found.payout
    if payout is None:
        return note
    rest = f"What rounding left, {decimals(payout.remainder, 6)} minor units, is in no account."
    return (
        f"{note}: {grouped(payout.units, payout.currency)} {payout.currency} at {decimals(payout.rate, 6)} "
        f"({payout.source}, {payout.on}). {rest}"
    )


def _said(line: Line, row: Statement, to: Addresses) -> dict[str, str]:
    currency = row.currency
    return {
        "link": to.line(line.partition, line.number),
        "output": line.output_title,
        "asset": f"{line.asset_title}, {PARTS[line.part].lower()}" if line.asset_title else PARTS[line.part],
        "country": line.country_name,
        "pool": grouped(line.pool_units, currency),
        "weight": fraction(line.weight),
        "exact": decimals(line.exact, 4),
        "amount": grouped(line.units, currency) + ("*" if line.has_leftover else ""),
    }


def _term(line: TermLine, currency: str) -> dict[str, object]:
    return {
        "line": line,
        "weight": fraction(line.weight),
        "exact": decimals(line.exact, 4),
        "before": grouped(line.before, currency) if line.before else "",
        "amount": grouped(line.units, currency),
    }


def _plot(found: Document, title: str, by: By, draw: Callable[..., bytes]) -> dict[str, Any]:
    sums = found.sums(by)
    said = ", ".join(f"{name} {grouped(units, found.currency)}" for name, units in sums[: plots.MOST_BARS])
    return {"title": title, "picture": rendering.drawn(draw, sums, found.currency, title=title), "said": said}


def _over_time(row: Statement) -> list[dict[str, Any]]:
    """Return what the payee earned period by period, if there are several."""
    earned = rendering.history(row)
    if len(earned) < 2:
        return []
    title = "Period by period"
    said = ", ".join(f"{name} {grouped(units, row.currency)}" for name, units in earned)
    return [
        {"title": title, "picture": rendering.drawn(plots.columns, earned, row.currency, title=title), "said": said}
    ]


def _changes(row: Statement) -> dict[str, Any] | None:
    found = rendering.changes(row)
    if found is None:
        return None
    before, changes = found
    return {
        "version": before.version,
        "rows": [
            {
                "name": _STEPS[one.name],
                "before": grouped(one.before, row.currency),
                "now": grouped(one.now, row.currency),
                "difference": grouped(one.now - one.before, row.currency),
            }
            for one in changes
        ],
    }


def _objection(row: StatementObjection) -> dict[str, Any]:
    answer = getattr(row, "answer", None)
    is_upheld = answer is not None and answer.outcome == ObjectionAnswer.Outcome.UPHELD
    return {
        "pk": row.pk,
        "reason": row.reason,
        "recorded_at": row.recorded_at,
        "answer": answer,
        "outcome": answer.get_outcome_display() if answer else "",
        "look": "cleared" if is_upheld else "refused",
    }


@require_safe
@staff_only
def line(request: HttpRequest, id: UUID, partition: int, number: int) -> HttpResponse:
    """Show what a line of a statement follows from: usage, conversion, plan, share, influence, consent."""
    row = _statement(request, id)
    try:
        found = drilling.drill(row, partition=partition, line=number, sight=caller_of(request).sight)
    except drilling.NoSuchLine as error:
        raise Http404(error.__doc__) from error
    context = drilled_in_words(row, found)
    context["statement_address"] = reverse("reports:statement", args=[row.pk])
    context["output_address"] = reverse("reports:submission", args=[found.decision.submission_id])
    return page(request, "ledger/reports/statement_line.html", context)


def drilled_in_words(row: Statement, found: drilling.Drilled) -> dict[str, Any]:
    """Return what the page of a line shows."""
    one, currency = found.allocation, row.currency
    return {
        "drilled": found,
        "output": found.decision.submission.title,
        "country": country_name(one.country),
        "amount": f"{grouped(one.units, currency)} {currency}",
        "pool": grouped(one.pool_units, currency),
        "weight": fraction(one.weight),
        "exact": decimals(one.exact, 6),
        "currency": currency,
        "used_sum": grouped(found.used_units, currency),
        "used": [
            {
                "report": used,
                "amount": f"{decimals(used.amount, money.exponent(used.currency))} {used.currency}",
                "rate": f"{decimals(used.rate.value, 6)} ({used.rate.source}, {used.rate.on})" if used.rate else "1",
                "units": grouped(used.units, currency),
                "usages": used.usages or "not said",
            }
            for used in found.used
        ],
        "grounds": [
            {"ground": ground, "part": fraction(ground.part), "model": _model(ground.source)}
            for ground in found.grounds
        ],
    }


_MODELS = {
    "train_equal": "equal parts",
    "train_prorata": "how much was trained on",
    "output_influence": "an influence report",
    "own_similarity": "similarity that we heard, which is no influence",
}


def _model(source: Source) -> str:
    if not source.model:
        return "the plan alone"
    model = " and ".join(_MODELS.get(code, code) for code in source.model.split("+"))
    return f"{model}, the plan’s fallback" if source.is_fallback else model


@require_safe
@staff_only
def pdf(request: HttpRequest, id: UUID) -> HttpResponse:
    """Hand out a statement as PDF."""
    row, found = _document(request, id)
    return on_paper(row, found)


def on_paper(row: Statement, found: Document) -> HttpResponse:
    """Return a statement as a file of PDF."""
    return attachment(paper.pdf(found), "application/pdf", f"statement-{row.pk}.pdf")


@require_safe
@staff_only
def sheet(request: HttpRequest, id: UUID) -> HttpResponseBase:
    """Hand out a statement as CSV."""
    row, found = _document(request, id)
    return as_table(row, found)


def as_table(row: Statement, found: Document) -> HttpResponseBase:
    """Return a statement as a file of CSV."""
    answer = StreamingHttpResponse(table.rows(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="statement-{row.pk}.csv"'
    return answer


@require_safe
@staff_only
def proof(request: HttpRequest, id: UUID) -> HttpResponse:
    """Hand out what ``ledger-verify`` checks a statement with."""
    return proven(_statement(request, id))


def proven(row: Statement) -> HttpResponse:
    """
    Return the file that a statement is checked with.

    :raises Http404: there is none, of this version or so far
    """
    try:
        found = proving.bundle(row.pk)
    except report.NotSequenced as error:
        raise Http404(str(error) or error.__doc__) from error
    return attachment(found, "application/json", f"statement-{row.pk}.json")


@require_POST
@staff_only
def object_to(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take a payee's objection to its statement."""
    row = _statement(request, id)
    if not _is_payee(request, row):
        raise PermissionDenied
    try:
        objecting.object_to(
            id=uuid4(),
            statement_id=row.pk,
            reason=request.POST.get("reason", ""),
            by_id=request.user.pk,
            at=timezone.now(),
        )
    except (objecting.NoReason, objecting.TooLate, objecting.ObjectedBefore) as error:
        messages.error(request, str(error) or str(error.__doc__))
    return redirect("reports:statement", id=row.pk)


@require_POST
@staff_only
def answer(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take the payer's answer to an objection."""
    rows = StatementObjection.objects.select_related("statement__run")
    row = seen_by(request, rows.filter(pk=id)).first()
    if row is None:
        raise Http404
    if not caller_of(request).acts_for(row.statement.run.payer_id, Verb.SETTLE):
        raise PermissionDenied
    try:
        objecting.answer(
            id=uuid4(),
            objection_id=row.pk,
            outcome=objecting.Outcome(request.POST.get("outcome", "")),
            reason=request.POST.get("reason", ""),
            by_id=request.user.pk,
            at=timezone.now(),
        )
    except ValueError as error:
        raise Http404 from error
    except (objecting.NoReason, objecting.AnsweredBefore) as error:
        messages.error(request, str(error) or str(error.__doc__))
    return redirect("reports:statement", id=row.statement_id)
