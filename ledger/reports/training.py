"""What models were trained on, as pages to read and to print: the report of a version, its public summary, coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from rest_framework.exceptions import ValidationError

from ledger import rendering, tasks, transparency
from ledger.api.access import caller_of, seen_by
from ledger.api.training import asked_of, handed_out
from ledger.reports.access import staff_only
from ledger.reports.views import attachment, page
from ledger.statements import plots, summary, summary_paper
from ledger.statements.summary import MemberLine, Summary
from ledger.transparency import Asked, IndexCoverage
from rights import coverage, training
from rights.coverage import Dimension, Flags, Row
from rights.models import ModelVersion, TrainingStatement
from rights.permission import Code
from rights.training import Said
from rights.vocabulary import Answer

PER_PAGE = 50
MEMBERS_A_PAGE = 100
ASK_AGAIN_S = 5
MOST_ROWS = 25  # groups of a dimension on the page; all are in the CSV


def _summed_up(asked: Asked) -> Summary:
    return transparency.summed_up(asked, order=tasks.sum_up_training.delay)


def _waits(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Show that a worker is at it, on a page that asks again by itself, in place of what is not there yet."""

    @wraps(view)
    def waiting(request: HttpRequest, **which: UUID) -> HttpResponse:
        try:
            return view(request, **which)
        except transparency.BeingSummedUp:
            context: dict[str, object] = {"seconds": ASK_AGAIN_S, "is_index": not which}
            answer = page(request, "ledger/reports/training_waiting.html", context)
            answer.status_code = 202
            answer["Refresh"] = str(ASK_AGAIN_S)
            return answer

    return waiting


@require_safe
@staff_only
def versions(request: HttpRequest) -> HttpResponse:
    """List the versions of models, newest first, with what is declared of each."""
    pages: Any = Paginator(transparency.versions(caller_of(request).sight), PER_PAGE)
    pages = pages.get_page(request.GET.get("page"))
    rows = list(pages.object_list)
    declared = Counter(TrainingStatement.objects.filter(model_version__in=rows).values_list("model_version", flat=True))
    pages.object_list = [
        {
            "version": row,
            "provider": str(row.model.provider),
            "trained": f"{row.trained_from} to {row.trained_to}" if row.trained_from else "not said",
            "dataset": row.dataset.name if row.dataset else "",
            "members": row.dataset.member_count if row.dataset else None,
            "declared": declared[row.pk],
        }
        for row in rows
    ]
    return page(request, "ledger/reports/training_list.html", {"page": pages})


@require_safe
@staff_only
@_waits
def version(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show what a version was trained on, under what, what was left out, and what does not agree."""
    asked, fault = _asked(request, id)
    it = _summed_up(asked)
    pages = max(1, -(-it.tally.members // MEMBERS_A_PAGE))
    number = _number(request, pages)
    lines = transparency.members(asked, start=(number - 1) * MEMBERS_A_PAGE, most=MEMBERS_A_PAGE)
    when = _when(request)
    context = {
        "it": it,
        "fault": fault,
        "known_at": it.known_at.strftime("%Y-%m-%dT%H:%M:%S"),
        "query": f"?{when}" if when else "",
        "same": _same(it),
        "when": f"{when}&" if when else "",
        "moments": [_moment(it, one) for one in it.moments],
        "flagged": [_member(one) for one in it.flagged],
        "licenses": [_license(it, one) for one in it.licenses],
        "members": [_member(one) for one in lines],
        "page": number,
        "pages": pages,
        "before": number - 1,
        "after": number + 1,
        **_covered(
            {by: it.rows(by) for by in Dimension},
            ("The dataset", it.compared_with),
            f"Of {summary.counted(it.coverage.recordings, 'recording')} in the dataset, {it.coverage.described:,} "
            f"{'is' if it.coverage.described == 1 else 'are'} described by a holder. A recording may be in several "
            f"groups. Compared with {it.compared_with}: {summary.counted(it.compared.recordings, 'recording')}.",
        ),
    }
    return page(request, "ledger/reports/training.html", context)


@require_safe
@staff_only
@_waits
def template(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show the public summary in the sections and the numbering of the Commission's template."""
    asked, _ = _asked(request, id)
    it = _summed_up(asked)
    when = _when(request)
    context = {
        "it": it,
        "sections": summary.sections(it),
        "template": training.TEMPLATE,
        "query": f"?{when}" if when else "",
        "same": _same(it),
    }
    return page(request, "ledger/reports/training_template.html", context)


@require_safe
@staff_only
@_waits
def pdf(request: HttpRequest, id: UUID) -> HttpResponse:
    """Hand out the public summary as PDF."""
    asked, _ = _asked(request, id)
    written = summary_paper.pdf(_summed_up(asked))
    return attachment(written, "application/pdf", f"training-{id}.pdf")


@require_safe
@staff_only
def members(request: HttpRequest, id: UUID) -> HttpResponseBase:
    """Hand out the members with their licenses as CSV."""
    asked, _ = _asked(request, id)
    return handed_out(summary.table(transparency.members(asked)), "text/csv; charset=utf-8", f"training-{id}.csv")


@require_safe
@staff_only
@_waits
def covered(request: HttpRequest, id: UUID) -> HttpResponse:
    """Hand out the coverage of a version's dataset as CSV."""
    asked, _ = _asked(request, id)
    it = _summed_up(asked)
    text = "".join(summary.coverage_table({by: it.rows(by) for by in Dimension}))
    return attachment(text.encode(), "text/csv; charset=utf-8", f"coverage-{id}.csv")


def _index(request: HttpRequest) -> IndexCoverage:
    sight, order = caller_of(request).sight, tasks.count_index.delay
    return transparency.index_summed_up(sight, known_at=None, at=timezone.now(), order=order)


@require_safe
@staff_only
@_waits
def index(request: HttpRequest) -> HttpResponse:
    """Show what the index of references covers, and how often its flags were wrong, by group (CHK-7)."""
    it = _index(request)
    context = {
        "known_at": it.known_at,
        "flagged": it.flagged,
        "judged": it.judged,
        "wrong": it.wrong,
        "fewest": coverage.FEWEST_JUDGED,
        "flags": [_flags(by, rows) for by, rows in it.flags.items() if rows],
        **_covered(
            {by: coverage.rows(it.index, by, beside=it.catalogue) for by in Dimension},
            ("The index", it.compared_with),
            f"{summary.counted(it.index.recordings, 'recording')} with audio, {summary.hours(it.index.duration_ms)}, "
            f"of {it.catalogue.recordings:,} in the catalogue; {it.index.described:,} "
            f"{'is' if it.index.described == 1 else 'are'} described by a holder. A recording may be in several "
            "groups.",
        ),
    }
    return page(request, "ledger/reports/index.html", context)


@require_safe
@staff_only
@_waits
def index_csv(request: HttpRequest) -> HttpResponse:
    """Hand out the coverage of the index as CSV."""
    it = _index(request)
    rows = {by: coverage.rows(it.index, by, beside=it.catalogue) for by in Dimension}
    return attachment("".join(summary.coverage_table(rows)).encode(), "text/csv; charset=utf-8", "index.csv")


def _asked(request: HttpRequest, id: UUID) -> tuple[Asked, str]:
    """Return what is asked about a version, and what is wrong with the day or the moment, for which now is taken."""
    rows = ModelVersion.objects.select_related("model__provider__identity", "dataset__keeper__identity", "retirement")
    row = seen_by(request, rows.filter(pk=id)).first()
    if row is None:
        raise Http404
    try:
        return asked_of(request, row, request.GET), ""
    except ValidationError:
        fault = "A day is written as 2026-03-31, a moment as 2026-03-31T12:00. What follows is as of now."
    except (transparency.AsksTheFuture, transparency.NotKnownThen) as error:
        fault = f"{' '.join((error.__doc__ or '').split())} What follows is as of now."
    return asked_of(request, row, {}), fault


def _when(request: HttpRequest) -> str:
    return urlencode({name: value for name in ("at", "known_at") if (value := request.GET.get(name, ""))})


def _same(it: Summary) -> str:
    """Return the query that leads to what the page shows, whenever it is asked."""
    return "?" + urlencode({"at": it.valid_at.isoformat(), "known_at": summary_paper.moment(it)})


def _number(request: HttpRequest, pages: int) -> int:
    asked = request.GET.get("page", "1")
    return min(pages, max(1, int(asked))) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1


def _moment(it: Summary, moment: summary.Moment) -> dict[str, Any]:
    answers = it.tally.answers.get(moment.key, Counter())
    codes = it.tally.codes.get(moment.key, Counter())
    return {
        "name": moment.name,
        "on": moment.on,
        **{answer.value: answers[answer] for answer in Answer},
        "why": ", ".join(f"{summary.CODES[code]} {number:,}" for code, number in codes.most_common(6)),
    }


def _member(line: MemberLine) -> dict[str, str]:
    return {
        "title": line.title,
        "kind": summary.KINDS[line.kind][0],
        "code": line.code,
        "license": str(line.license_id)[:8] if line.license_id else "",
        **{key: _said(line.said.get(key)) for key in ("began", "ended", "now")},
    }


def _said(said: Said | None) -> str:
    if said is None:
        return "–"
    because = [summary.CODES[code] for code in said.codes if code not in {Code.CONSENTED, Code.LICENSED}]
    return summary.ANSWERS[said.answer] + (f": {', '.join(because[:2])}" if because else "")


def _license(it: Summary, one: summary.LicenseLine) -> dict[str, Any]:
    return {
        "link": reverse("admin:rights_license_change", args=[one.id]),
        "short": str(one.id)[:8],
        "licensor": one.licensor,
        "members": f"{one.members:,}",
        "period": f"{one.active_from} – {one.active_to or 'open'}",
        "states": [{"name": moment.name, "holds": one.in_force.get(moment.key)} for moment in it.moments],
    }


def _covered(found: Mapping[Dimension, tuple[Row, ...]], names: tuple[str, str], note: str) -> dict[str, Any]:
    return {
        "compared_with": names[1],
        "coverage_note": note,
        "dimensions": [
            {
                "title": coverage.NAMES[by],
                "picture": rendering.drawn(plots.shares, summary_paper.shares(rows), names, title=coverage.NAMES[by]),
                "rows": [
                    {
                        "name": row.name,
                        "count": f"{row.count:,}",
                        "share": summary.percent(row.count, row.whole),
                        "hours": summary.hours(row.duration_ms),
                        "compared": "–" if row.compared is None else summary.percent(row.compared, row.compared_whole),
                    }
                    for row in rows[:MOST_ROWS]
                ],
                "more": max(0, len(rows) - MOST_ROWS),
            }
            for by, rows in found.items()
            if rows
        ],
    }


def _flags(by: Dimension, rows: tuple[Flags, ...]) -> dict[str, Any]:
    drawn = [
        (row.name, *(round(end * 1_000_000) for end in (low, row.wrong / row.judged, high)), _rate(row))
        for row in rows
        if row.interval
        for low, high in [row.interval]
    ]
    return {
        "title": coverage.NAMES[by],
        "picture": rendering.drawn(plots.ranges, drawn, title=coverage.NAMES[by]) if drawn else None,
        "rows": [
            {
                "name": row.name,
                "matches": f"{row.matches:,}",
                "judged": f"{row.judged:,}",
                "wrong": f"{row.wrong:,}",
                "said": _rate(row),
            }
            for row in rows[:MOST_ROWS]
        ],
    }


def _rate(row: Flags) -> str:
    if row.interval is None:
        return "too few"
    low, high = row.interval
    return f"{summary.percent(row.wrong, row.judged)} ({low * 100:.1f}–{high * 100:.1f})"
