"""Evidence packs to order, to wait for and to take home."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from ledger import checkpoints, packing, report, tasks
from ledger.api.access import caller_of, seen_by
from ledger.api.packs import part_response
from ledger.models import Job, PackOrder
from ledger.reports.access import staff_only
from ledger.reports.views import page

MOST = 50


@require_safe
@staff_only
def packs(request: HttpRequest) -> HttpResponse:
    """List the packs that were ordered, and take an order."""
    rows = list(seen_by(request, PackOrder.objects.all()).order_by("-ordered_at", "pk")[:MOST])
    context: dict[str, Any] = {
        "rows": [_shown(row) for row in rows],
        "about": request.GET.get("about", ""),
        "id": request.GET.get("id", ""),
        "kinds": PackOrder.About.choices,
        "errors": messages.get_messages(request),
        "at": timezone.now(),
    }
    return page(request, "ledger/reports/packs.html", context)


def _shown(row: PackOrder) -> dict[str, Any]:
    found = packing.standing(row)
    percent = 100 * found.done // found.entries if found.entries else 0
    return {"row": row, "title": packing.title_of(row), "found": found, "percent": percent}


@require_safe
@staff_only
def pack(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show how far a pack has come, and its parts to download."""
    row = _order(request, id)
    context = {
        **_shown(row),
        "checks": [(part, packing.name_of(row, part.number)) for part in row.parts.order_by("number")],
        "log_key": checkpoints.verifier_key(),
        "at": timezone.now(),
    }
    return page(request, "ledger/reports/pack.html", context)


@require_POST
@staff_only
def order(request: HttpRequest) -> HttpResponseBase:
    """Take an order, and show how it comes along."""
    given = request.POST
    about = given.get("about", "")
    try:
        id = UUID(given["id"].strip()) if given.get("id", "").strip() else None
        first, last = (date.fromisoformat(given[name]) if given.get(name) else None for name in ("from", "to"))
    except ValueError:
        messages.error(request, "Give an id as it stands on the page of what the pack is about, and days.")
        return redirect("reports:packs")
    is_period = about == PackOrder.About.PERIOD
    wanted = packing.Wanted(
        about,
        submission_id=id if about == PackOrder.About.OUTPUT else None,
        party_id=id if about == PackOrder.About.PARTY else None,
        run_id=id if about == PackOrder.About.RUN else None,
        active_from=first if is_period else None,
        active_to=last if is_period else None,
    )
    try:
        row = packing.order(
            id=uuid4(),
            wanted=wanted,
            sight=caller_of(request).sight,
            against=given.get("against", "").replace("\r\n", "\n"),
            ordered_by_id=request.user.pk,
            at=timezone.now(),
        )
    except (packing.NotAnAbout, packing.NotYours, packing.NotACheckpointOfOurs, report.NotYourOutput) as error:
        messages.error(request, str(error) or " ".join((type(error).__doc__ or "").split()))
        return redirect("reports:packs")
    tasks.ring_for(Job.Kind.PACK, row.pk)
    return redirect("reports:pack-order", id=row.pk)


@require_safe
@staff_only
def part(request: HttpRequest, id: UUID, part_id: UUID) -> HttpResponseBase:
    """Hand out a part of a pack."""
    with suppress(packing.PackNotMade, packing.PackExpired):
        return part_response(_order(request, id), part_id)
    raise Http404


def _order(request: HttpRequest, id: UUID) -> PackOrder:
    row: PackOrder | None = seen_by(request, PackOrder.objects.filter(pk=id)).first()
    if row is None:
        raise Http404
    return row
