"""
The page behind a payee's link: its statements as the reports show them, to keep, to check and to object to.

There is no account and no cookie: whoever has the address reads for the payee. So no token against forged requests is
needed, which nobody can send without the address; and the address goes nowhere, by the headers that each page carries.
What is wrong with a link that does not open is not said, and neither is whether there is a statement that is not its.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.throttling import SimpleRateThrottle

from ledger import drilling, objecting, opening, rendering
from ledger.reports import statements
from ledger.reports.statements import Addresses
from ledger.reports.views import page
from ledger.statements import paper, plots
from ledger.visibility import Sight
from royalties.models import PayeeLink, Statement

View = Callable[..., HttpResponseBase]


class PayeeThrottle(SimpleRateThrottle):
    """So many pages a minute for one network address, whether its links are right or guessed."""

    scope = "payee"

    def get_cache_key(self, request: Any, view: Any) -> str:  # noqa: ARG002 - DRF's signature
        """Return the key to count under: a digest, so that no address is kept."""
        return f"payee-{hashlib.sha256(self.get_ident(request).encode()).hexdigest()}"


def discreet(view: View) -> Callable[..., HttpResponseBase]:
    """Throttle a page, open its link, and keep its address from caches, search engines and other sites."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, secret: str, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase
        if not PayeeThrottle().allow_request(request, None):  # type: ignore[arg-type] # it reads META, which both have
            response = _nothing(request, "busy", 429)
            response["Retry-After"] = "60"
        else:
            response = _opened(view, request, secret, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Cache-Control"] = "private, no-store"
        return response

    return guarded


def _opened(view: View, request: HttpRequest, secret: str, **kwargs: Any) -> HttpResponseBase:
    try:
        return view(request, opening.opened(secret, at=timezone.now()), secret, **kwargs)
    except (opening.NoSuchLink, Http404):
        return _nothing(request, "missing", 404)
    except paper.NotWritten:
        return _nothing(request, "unwritten", 503)


def _nothing(request: HttpRequest, what: str, status: int) -> HttpResponse:
    response = page(request, "ledger/payees/nothing.html", {"what": what})
    response.status_code = status
    return response


def _statement(link: PayeeLink, id: UUID) -> Statement:
    row = opening.statements_of(link).filter(pk=id).first()
    if row is None:
        raise Http404
    return row


def _addresses(secret: str, id: UUID) -> Addresses:
    def to(name: str, *args: object) -> str:
        return reverse(f"payees:{name}", args=[secret, id, *args])

    return Addresses(
        all=reverse("payees:home", args=[secret]),
        pdf=to("pdf"),
        csv=to("csv"),
        proof=to("proof"),
        objection=to("objection"),
        version=lambda other: reverse("payees:statement", args=[secret, other]),
        line=lambda partition, number: to("line", partition, number),
    )


@discreet
@require_safe
def home(request: HttpRequest, link: PayeeLink, secret: str) -> HttpResponse:
    """List the payee's statements of the payer that handed the link out."""
    rows = opening.statements_of(link)
    pages = statements.listed(
        rows, request.GET.get("page"), to=lambda one: reverse("payees:statement", args=[secret, one])
    )
    newest = rows.order_by("-run__period_to", "-issued_at").first()
    earned = rendering.history(newest) if newest else ()
    title = "Earned, period by period"
    context = {
        "link": link,
        "payee": str(link.payee),
        "payer": str(link.payer),
        "page": pages,
        "currency": newest.currency if newest else "",
        "plot": rendering.drawn(plots.columns, earned, newest.currency, title=title)
        if newest and len(earned) > 1
        else None,
    }
    return page(request, "ledger/payees/home.html", context)


@discreet
@require_safe
def statement(request: HttpRequest, link: PayeeLink, secret: str, id: UUID) -> HttpResponse:
    """Show a statement."""
    return _shown(request, _statement(link, id), secret)


def _shown(request: HttpRequest, row: Statement, secret: str, *, refused: str = "", written: str = "") -> HttpResponse:
    found = rendering.document(row)
    context = statements.in_words(row, found, _addresses(secret, row.pk), number=request.GET.get("page"))
    said = {"is_portal": True, "messages": [refused] if refused else [], "written": written}
    response = page(request, "ledger/reports/statement.html", context | said)
    if refused:
        response.status_code = 422
    return response


@discreet
@require_safe
def line(
    request: HttpRequest, link: PayeeLink, secret: str, id: UUID, partition: int, number: int
) -> HttpResponse:  # fmt: skip
    """Show what a line of a statement follows from, as far as it is the payee's to see."""
    row = _statement(link, id)
    try:
        found = drilling.drill(row, partition=partition, line=number, sight=Sight(frozenset({link.payee_id})))
    except drilling.NoSuchLine as error:
        raise Http404 from error
    context = statements.drilled_in_words(row, found)
    context["statement_address"] = reverse("payees:statement", args=[secret, row.pk])
    return page(request, "ledger/reports/statement_line.html", context)


@discreet
@require_safe
def pdf(request: HttpRequest, link: PayeeLink, secret: str, id: UUID) -> HttpResponse:  # noqa: ARG001 - as every page
    """Hand out a statement as PDF."""
    row = _statement(link, id)
    return statements.on_paper(row, rendering.document(row))


@discreet
@require_safe
def sheet(request: HttpRequest, link: PayeeLink, secret: str, id: UUID) -> HttpResponseBase:  # noqa: ARG001
    """Hand out a statement as CSV."""
    row = _statement(link, id)
    return statements.as_table(row, rendering.document(row))


@discreet
@require_safe
def proof(request: HttpRequest, link: PayeeLink, secret: str, id: UUID) -> HttpResponse:  # noqa: ARG001
    """Hand out what ``ledger-verify`` checks a statement with."""
    return statements.proven(_statement(link, id))


@discreet
@require_http_methods(["POST"])
def objection(request: HttpRequest, link: PayeeLink, secret: str, id: UUID) -> HttpResponse:
    """Take the payee's objection; what cannot be taken is said beside what was written."""
    row = _statement(link, id)
    reason = request.POST.get("reason", "")
    try:
        objecting.object_to(
            id=uuid4(), statement_id=row.pk, reason=reason, by_id=None, link_id=link.pk, at=timezone.now()
        )
    except (objecting.NoReason, objecting.TooLate, objecting.ObjectedBefore) as error:
        return _shown(request, row, secret, refused=str(error) or str(error.__doc__), written=reason[:2000])
    answer = HttpResponseRedirect(f"{reverse('payees:statement', args=[secret, row.pk])}#objections")
    answer.status_code = 303  # a page that is reloaded asks again, and does not object again
    return answer
