"""The sixteen questions of an audit: a page that lists them, a page for each, and its answer to take away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ledger import rendering
from ledger.api.access import caller_of
from ledger.api.auditing import csv_of, parquet_of
from ledger.auditing import registry, writing
from ledger.auditing.asking import Answer, Column, Is, Question, Row, ask
from ledger.auditing.parameters import PERIODS, BadParameter, Kind
from ledger.auditing.writing import look, said
from ledger.models import SavedQuestion
from ledger.reports import audits
from ledger.reports.access import staff_only
from ledger.reports.views import attachment, page
from ledger.statements import plots
from ledger.visibility import Sight, seen
from rights.models import Party

PER_PAGE = 50
MOST_READ = 10_000  # rows that a page goes through to say what they come to
_INPUTS = {Kind.DAY: "date", Kind.COUNT: "number"}


@require_safe
@staff_only
def questions(request: HttpRequest) -> HttpResponse:
    """List the questions in plain words, each with what it needs."""
    rows = [{"question": one, "needs": _needs(one)} for one in registry.QUESTIONS]
    return page(request, "ledger/reports/questions.html", {"rows": rows, "saved": audits.saved(request)})


def _needs(question: Question) -> str:
    needed = [one.label.lower() for one in question.parameters if one.is_required and one.name != "period_to"]
    named = ["a period" if name == "from" else name for name in needed]
    return ", ".join(named) or "nothing"


@dataclass(frozen=True)
class _Cell:
    """A cell as it is shown."""

    label: str
    text: str
    link: str
    title: str
    is_number: bool
    chip: str


@require_safe
@staff_only
def question(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a question's form and, once it is asked, its answer."""
    found = _question(slug)
    given = _given(request)
    context: dict[str, Any] = {"question": found, "fields": _fields(found, given), "periods": _periods(found, given)}
    if not given:
        return page(request, "ledger/reports/question.html", context)
    try:
        answer = ask(found, given, sight=caller_of(request).sight, now=timezone.now())
        found_here = answer.page(request.GET.get("after"), most=PER_PAGE, reads=MOST_READ)
    except BadParameter as error:
        context["fault"] = {"field": error.field, "sentence": str(error)}
        context["fields"] = _fields(found, given, fault=error)
        response = page(request, "ledger/reports/question.html", context)
        response.status_code = 422
        return response
    rows, summary, following = found_here.rows, found_here.summary, found_here.following
    exactly = urlencode({name: value for name, value in answer.head["parameters"].items() if value})
    context |= {
        "summary": summary,
        "is_asked": True,
        "is_too_much": summary is None,
        "most": f"{MOST_READ:,}",
        "first": found_here.before + 1,
        "last": found_here.before + len(rows),
        "look": look(summary.conclusion) if summary else "review",
        "columns": [column for column in found.columns if _has(column, rows)],
        "rows": _shown(rows, [column for column in found.columns if _has(column, rows)], caller_of(request).sight),
        "plots": [
            {
                "title": title,
                "picture": rendering.drawn(plots.columns if is_over_time else plots.bars, named, currency, title=title),
                "said": ", ".join(f"{name} {units}" for name, units in named[:12]),
            }
            for title, currency, named, is_over_time in (summary.pictures() if summary else ())
        ],
        "stated": [(name.replace("_", " "), value) for name, value in writing.stated(summary)] if summary else [],
        "exactly": exactly,
        "next": f"{exactly}&{urlencode({'after': following})}" if following else "",
        "is_later": "after" in request.GET,
        "given": given,
        "everies": SavedQuestion.Every.choices,
    }
    return page(request, "ledger/reports/question.html", context)


def _question(slug: str) -> Question:
    try:
        return registry.question(slug)
    except registry.NoSuchQuestion as error:
        raise Http404(error.__doc__) from error


def _given(request: HttpRequest) -> dict[str, str]:
    return {name: str(value)[:200] for name, value in request.GET.items() if value and name != "after"}


def _fields(found: Question, given: Mapping[str, str], *, fault: BadParameter | None = None) -> list[dict[str, Any]]:
    names = {one.name for one in found.parameters}
    return [
        {
            "parameter": one,
            "input": _INPUTS.get(one.kind, "text"),
            "value": given.get(one.name, one.default),
            "fault": str(fault) if fault and fault.field == one.name else "",
            # A period may be said in words instead, so the browser must not insist on its days.
            "is_required": one.is_required and one.name not in {"period_from", "period_to"},
        }
        for one in found.parameters
        if one.name in names
    ]


def _periods(found: Question, given: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    if not any(one.name == "period_from" for one in found.parameters):
        return []
    chosen = given.get("period", "")
    return [(code.value, words, code.value == chosen) for code, words in PERIODS.items()]


def _has(column: Column, rows: Sequence[Row]) -> bool:
    return any(row.get(column.name) not in {None, ""} for row in rows)


# --- What is shown of a row


def _shown(rows: Sequence[Row], columns: Sequence[Column], sight: Sight) -> list[list[_Cell]]:
    names = _names(rows, columns, sight)
    return [[_cell(row, column, names) for column in columns] for row in rows]


def _names(rows: Sequence[Row], columns: Sequence[Column], sight: Sight) -> dict[UUID, str]:
    """Return what the parties on a page are called: looked up for people, and in no answer that is kept."""
    cells = (row.get(column.name) for row in rows for column in columns if column.of == "party")
    ids = {cell for cell in cells if isinstance(cell, UUID)}
    found = seen(Party.objects.filter(pk__in=ids), sight).select_related("identity")
    return {one.pk: str(one) for one in found}


_CHIPS = {
    "licensed": "cleared",
    "consented": "cleared",
    "done in time": "cleared",
    "overdue": "refused",
    "done late": "refused",
    "still there": "refused",
    "withdrawn": "refused",
    "not_consented": "refused",
    "not_licensed": "refused",
    "approval_needed": "review",
}


def _cell(row: Row, column: Column, names: Mapping[UUID, str]) -> _Cell:
    cell = row.get(column.name)
    text = said(row, column)
    title = ""
    if column.kind is Is.ID and cell is not None:
        title = str(cell)
        if column.of == "party" and isinstance(cell, UUID):
            text = names.get(cell, text)
    elif isinstance(cell, str):
        text = text.replace("_", " ") if (column.kind is Is.TEXT and cell in _CHIPS) or cell.islower() else text
    return _Cell(
        label=column.label,
        text=text,
        link=_link(row, column),
        title=title,
        is_number=column.kind in {Is.COUNT, Is.MINOR, Is.AMOUNT},
        chip=_CHIPS.get(str(cell), "") if column.kind is Is.TEXT else "",
    )


_PAGES = {
    "output": "reports:submission",
    "statement": "reports:statement",
    "party": "admin:rights_party_change",
    "consent": "admin:rights_consent_change",
    "license": "admin:rights_license_change",
    "conflict": "admin:rights_conflict_change",
    "run": "admin:royalties_royaltyrun_change",
}


def _link(row: Row, column: Column) -> str:
    cell = row.get(column.name)
    if cell in {None, ""}:
        return ""
    if column.of == "entry":
        return f"/v1/log/entries/{cell}"
    if column.of == "line":
        partition, _, number = str(cell).partition(".")
        return reverse("reports:statement-line", args=[row["statement"], partition, number])
    return reverse(_PAGES[column.of], args=[cell]) if column.of in _PAGES else ""


# --- To take away


def _answer(request: HttpRequest, slug: str) -> Answer | HttpResponse:
    try:
        return ask(_question(slug), _given(request), sight=caller_of(request).sight, now=timezone.now())
    except BadParameter as error:
        return HttpResponse(f"{error.field}: {error}\n", status=422, content_type="text/plain; charset=utf-8")


@require_safe
@staff_only
def csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Hand out an answer as CSV, row by row."""
    answer = _answer(request, slug)
    return answer if isinstance(answer, HttpResponse) else csv_of(answer)


@require_safe
@staff_only
def parquet(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Hand out an answer as Parquet."""
    answer = _answer(request, slug)
    return answer if isinstance(answer, HttpResponse) else parquet_of(answer)


@require_safe
@staff_only
def pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand out an answer as PDF."""
    answer = _answer(request, slug)
    if isinstance(answer, HttpResponse):
        return answer
    return attachment(writing.pdf(answer), "application/pdf", f"{answer.question.slug}.pdf")
