"""How long what is kept: the page that says so to the operator, with what the last sweep removed."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ledger import retention, watching
from ledger.api.access import caller_of
from ledger.models import Operation
from ledger.reports.access import staff_only
from ledger.reports.views import page


@require_safe
@staff_only
def retained(request: HttpRequest) -> HttpResponse:
    """Show each class of records with its time, its ground, how many there are, and what goes next."""
    if not caller_of(request).is_operator:
        raise PermissionDenied
    last = watching.last(Operation.Kind.SWEEP)
    document = watching.document_of(last) if last else {}
    context = {
        "due": retention.due(at=timezone.now()),
        "swept": retention.SWEPT,
        "last": last,
        "removed": document.get("removed", {}),
        "failed": document.get("failed", {}),
        "rewritten": document.get("rewritten", ""),
    }
    return page(request, "ledger/reports/retention.html", context)
