"""What people read while the key service is away: what is missing and when to come again, in place of a broken page."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from ledger.api.errors import RETRY_SECONDS
from rights.keys import KeyServiceAway

log = logging.getLogger(__name__)


class KeysAway:
    """Answer 503 wherever a page needed a name that nobody can open now; what it had begun to write is undone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Stand before what comes after."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let the request on: it is looked at only where its page fails."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer in the way that was asked for; every other fault stays what it is."""
        if not isinstance(error, KeyServiceAway):
            return None
        log.warning("a page was answered with 503: the key service is away")
        answer = _page(request) if "text/html" in request.headers.get("Accept", "") else _problem()
        answer["Retry-After"] = str(RETRY_SECONDS)
        answer["Cache-Control"] = "no-store"
        return answer


def _page(request: HttpRequest) -> HttpResponse:
    from ledger.reports.views import page

    answer = page(request, "ledger/reports/away.html", {"seconds": RETRY_SECONDS, "is_read": request.method == "GET"})
    answer.status_code = 503
    return answer


def _problem() -> HttpResponse:
    detail = " ".join((KeyServiceAway.__doc__ or "").split())
    body = {"status": 503, "code": "key_service_away", "detail": detail}
    return JsonResponse(body, status=503, content_type="application/problem+json")
