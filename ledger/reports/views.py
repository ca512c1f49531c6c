"""Reports to read and to print, the audio behind them, and the proofs to take away."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from base64 import b64encode
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from fingerprint import error_rates
from ledger import banding, checkpoints, identity, packing, report, today
from ledger.api.access import caller_of
from ledger.clearance import NoSuchSubmission
from ledger.models import Entry
from ledger.reports import presentation, wrong
from ledger.reports.access import staff_only
from ledger.reports.beside import notes_beside
from ledger.today import STATES
from ledger.visibility import finds
from provenance import certified
from rights.identifiers import BadIsrc
from rights.identifiers import isrc as canonical_isrc

PER_PAGE = 50
STATIC = Path(__file__).resolve().parent.parent / "static" / "ledger"


@lru_cache(maxsize=1)
def _style() -> tuple[SafeString, str]:
    """Return the report's one style sheet, to stand in the page, and the policy that allows it and nothing else."""
    text = (STATIC / "dossier.css").read_text() + (STATIC / "report.css").read_text()
    digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; base-uri 'none'"
    return mark_safe(text), f"{policy}; frame-ancestors 'none'"  # noqa: S308 - our own file


def page(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    style, policy = _style()
    response = render(request, template, {**context, "style": style})
    response["Content-Security-Policy"] = policy
    return response


def page_of_words(template: str, context: dict[str, object], *, status: int) -> HttpResponse:
    """Return a page for which nothing is asked, neither who reads it nor what waits for them: no database is needed."""
    style, policy = _style()
    response = HttpResponse(render_to_string(template, {**context, "style": style}), status=status)
    response["Content-Security-Policy"] = policy
    return response


@require_safe
@staff_only
def outputs(request: HttpRequest) -> HttpResponse:
    """List every output with its outcome, newest first."""
    sight = caller_of(request).sight
    states = today.counts(sight)
    state, sought = request.GET.get("state", ""), request.GET.get("q", "").strip()
    found = _matching(today.outputs(sight), sought)
    if state in STATES:
        found = found.filter(state=state)
    pages = Paginator(found.order_by("-submitted_at", "pk"), PER_PAGE)
    context = {
        "page": pages.get_page(request.GET.get("page")),
        "q": sought,
        "state": state,
        "states": states,
        "total": sum(states.values()),
    }
    return page(request, "ledger/reports/outputs.html", context)


def _matching(found: QuerySet[Any], sought: str) -> QuerySet[Any]:
    """Search by title, ISRC of an ingredient, or id. Not by name: what is sought stands in the address."""
    if not sought:
        return found
    by = Q(title__icontains=sought)
    with contextlib.suppress(BadIsrc):
        by |= Q(ingredients__recording__isrc=canonical_isrc(sought))
    with contextlib.suppress(ValueError):
        by |= Q(pk=UUID(sought))
    return found.filter(by).distinct()


@require_safe
@staff_only
def how_often_wrong(request: HttpRequest) -> HttpResponse:
    """Show how many innocent tracks are stopped, and how much of what is there is found, as it was measured."""
    now = timezone.now()
    return page(request, "ledger/reports/wrong.html", {"page": wrong.page(banding.in_force(at=now)), "at": now})


@require_safe
@staff_only
def how_often_wrong_csv(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - the same for everybody
    """Hand out the same as a table."""
    try:
        rates = error_rates.read()
    except error_rates.NotErrorRates as error:
        raise Http404 from error
    if rates is None:
        raise Http404
    return attachment(wrong.table(rates).encode(), "text/csv; charset=utf-8", "error-rates.csv")


@require_safe
@staff_only
def submission(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show everything that is on record about one output, as one page that can be kept and printed."""
    found = _dossier(request, id)
    context = {
        "page": presentation.page(found, at=timezone.now()),
        "rights": presentation.rights(found),
        "at": timezone.now(),
        "log_key": checkpoints.verifier_key(),
        "pack_name": f"{id}.pack.zip",
        **notes_beside(request, submission=id),
    }
    return page(request, "ledger/reports/submission.html", context)


def _dossier(request: HttpRequest, id: UUID) -> report.Dossier:
    try:
        return report.dossier(id, caller_of(request).sight)
    except NoSuchSubmission as error:
        raise Http404 from error


@require_safe
@staff_only
def pack(request: HttpRequest, id: UUID) -> HttpResponseBase:
    """Hand out the evidence pack, to whoever submitted the output."""
    if not _dossier(request, id).is_own:
        raise PermissionDenied
    archive = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the response
    try:
        packing.output(id, archive)
    except (NoSuchSubmission, report.NotDecided, report.NotSequenced) as error:
        archive.close()
        raise Http404 from error
    except BaseException:
        archive.close()
        raise
    archive.seek(0)
    return FileResponse(archive, content_type="application/zip", filename=f"{id}.pack.zip", as_attachment=True)


@require_safe
@staff_only
def certificate(request: HttpRequest, id: UUID) -> HttpResponse:
    """Show the newest certificate of an output in words, as a page to read and to print."""
    found, now = _dossier(request, id), timezone.now()
    if not found.certificates:
        raise Http404
    row = found.certificates[0]
    said = certified.unchecked(row.token)
    signer, fault = "", ""
    try:
        signer = certified.read(row.token, roots_pem=identity.trust().own, at=now).signer
    except certified.NotCertified as error:
        fault = str(error)
    context = {
        "page": presentation.page(found, at=now),
        "row": row,
        "said": said,
        "signer": signer,
        "fault": fault,
        "made": [(name.replace("_", " ").capitalize(), presentation.LEVELS[level]) for name, level in said.components],
    }
    return page(request, "ledger/reports/certificate.html", context)


@require_safe
@staff_only
def receipt(request: HttpRequest, id: UUID) -> HttpResponse:
    """Hand out the inclusion proof of an entry (c2sp.org/tlog-proof)."""
    found = _entry(request, id)
    try:
        text = report.receipt(found)
    except report.NotSequenced as error:
        raise Http404 from error
    return attachment(text.encode(), "text/plain; charset=utf-8", f"{id}.tlog-proof")


@require_safe
@staff_only
def entry(request: HttpRequest, id: UUID) -> HttpResponse:
    """Hand out the exact bytes of an entry: what its leaf hash covers."""
    found = _entry(request, id)
    return attachment(bytes(found.body), "application/json", f"{id}.entry.json")


def _entry(request: HttpRequest, id: UUID) -> Entry:
    if not finds(Entry, id, caller_of(request).sight):
        raise Http404
    return Entry.objects.get(pk=id)


def attachment(content: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
