"""Is everything in the log, and is nothing gone? Tables beside entries, and streams between two checkpoints."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ledger import checkpoints, replaying
from ledger import coverage as counting
from ledger import streams as streaming
from ledger.api.access import caller_of
from ledger.reports.access import staff_only
from ledger.reports.views import attachment, page
from ledger.streamed import Statement

MOST_CHECKPOINTS = 200
MOST_PLACES = 60  # characters of places that a page shows


def _whole(request: HttpRequest) -> None:
    """Let those in who see everything: of less, rows and entries would not be all there are."""
    if not caller_of(request).sight.is_whole:
        raise PermissionDenied(counting.NotTheWhole.__doc__)


@require_safe
@staff_only
def coverage(request: HttpRequest) -> HttpResponse:
    """Show tables, rows and entries side by side, and name what has not its counterpart."""
    _whole(request)
    found = counting.coverage()
    context = {
        "found": found,
        "asked": sum(table.is_asked for table in found.tables),
        "rows": sum(table.rows for table in found.tables),
        "replayed": replaying.newest_round(),
        "at": timezone.now(),
    }
    return page(request, "ledger/reports/coverage.html", context)


@require_safe
@staff_only
def coverage_csv(request: HttpRequest) -> HttpResponse:
    """Hand out the same as a table."""
    _whole(request)
    return attachment(counting.sheet(counting.coverage()).encode(), "text/csv; charset=utf-8", "coverage.csv")


def _between(request: HttpRequest) -> Statement:
    sizes: list[int | None] = []
    for name in ("from", "to"):
        given = request.GET.get(name, "")
        if given and not (given.isascii() and given.isdigit() and len(given) < 16):
            raise Http404("A checkpoint is named by its size, a whole number.")
        sizes.append(int(given) if given else None)
    try:
        return streaming.between(*sizes, sight=caller_of(request).sight)
    except (
        streaming.NoSuchCheckpoint,
        streaming.Backwards,
        streaming.TooLong,
        checkpoints.NoCheckpoint,
    ) as error:
        raise Http404(str(type(error).__doc__)) from error


@require_safe
@staff_only
def streams(request: HttpRequest) -> HttpResponse:
    """Show what came between two checkpoints, stream by stream, with counts and control totals."""
    known = streaming.checkpoints_of(most=MOST_CHECKPOINTS)
    context: dict[str, Any] = {"checkpoints": known, "at": timezone.now(), "statement": None}
    if known:
        found = _between(request)
        given = {name: request.GET.get(name, "") for name in ("from", "to")}
        context |= {
            "statement": found,
            "earlier": given["from"] or "0",
            "later": given["to"] or str(known[0].size),
            "entries": sum(one.count for one in found.streams),
            "query": f"from={given['from']}&to={given['to'] or known[0].size}",
            "streams": [
                {
                    "one": one,
                    "name": one.stream.replace("_", " "),
                    "places": _short(one.document["places"]),
                    "totals": [*((_named(name, n), f"{n:,}") for name, n in one.counts.items()), *one.amounts.items()],
                }
                for one in found.streams
            ],
        }
    return page(request, "ledger/reports/streams.html", context)


def _named(counted: str, n: int) -> str:
    """Name what is counted: files of several, a file of one; what is not in the plural stays (allowed, returned)."""
    return counted.removesuffix("s") if n == 1 else counted


def _short(places: str) -> str:
    return places if len(places) <= MOST_PLACES else places[: MOST_PLACES - 1].rsplit(",", 1)[0] + ", …"


@require_safe
@staff_only
def streams_json(request: HttpRequest) -> HttpResponse:
    """Hand out the statement that can be checked against the published tiles."""
    return attachment(_between(request).written(), "application/json", "streams.json")


@require_safe
@staff_only
def streams_csv(request: HttpRequest) -> HttpResponse:
    """Hand out the same as a table, a line for each stream."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["stream", "of", "first number", "last number", "count", "places", "leaves", "counts", "amounts"])
    for one in _between(request).streams:
        numbers = (one.before + 1, one.before + one.count) if one.count else ("", "")
        counts = " ".join(f"{name}={n}" for name, n in one.counts.items())
        amounts = " ".join(f"{currency}={units}" for currency, units in one.amounts.items())
        places = one.document["places"]
        writer.writerow([one.stream, one.of, *numbers, one.count, places, f"sha256:{one.leaves}", counts, amounts])
    return attachment(written.getvalue().encode(), "text/csv; charset=utf-8", "streams.csv")
