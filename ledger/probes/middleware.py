"""Each request told once: which route, how it ended, how long it took, and for whom, by a pseudonym."""

from __future__ import annotations

import hmac
import logging
import re
import time
from collections.abc import Callable
from datetime import date
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from ledger import gauges, journal

log = logging.getLogger(__name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "(unmatched)"
# A proxy's id for the request is taken over where it can be nothing but an id.
_REQUEST_ID = re.compile(r"[0-9a-f]{16,32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Told:
    """Stands first of all, so that what the others refuse is told too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let the request through and tell of it."""
        given = request.headers.get("X-Request-ID", "").lower()
        id = given if _REQUEST_ID.fullmatch(given) else str(uuid4())
        journal.forget()  # the thread served another before
        journal.about(request=id)
        since = time.perf_counter()
        try:
            response = self.get_response(request)
        finally:
            took = time.perf_counter() - since
        route, method = route_of(request), request.method if request.method in METHODS else "OTHER"
        gauges.REQUESTS.labels(method, route, str(response.status_code)).inc()
        gauges.REQUEST_SECONDS.labels(method, route).observe(took)
        told = {
            "method": method,
            "route": route,
            "status": response.status_code,
            "ms": round(took * 1000, 1),
            "client": client_of(request, on=timezone.now().date()),
        }
        data = getattr(response, "data", None)
        if isinstance(data, dict) and response.status_code >= 400 and isinstance(data.get("code"), str):
            told["code"] = data["code"]
        log.info("answered", extra=journal.told(told))
        response["X-Request-ID"] = id
        return response


def route_of(request: HttpRequest) -> str:
    """Return the pattern that the address matched: never the address, which may hold a secret or anything at all."""
    match = request.resolver_match
    return f"/{match.route}" if match else UNMATCHED


def client_of(request: HttpRequest, *, on: date) -> str:
    """
    Return who asked, by a pseudonym that only this installation can make: of a client or a login for good, of a network
    address for a day.
    """
    token = getattr(request, "auth", None)
    if (application := getattr(token, "application_id", None)) is not None:
        return _pseudonym("client", application)
    # Only where somebody has looked already: to look here would ask the database once more for each request.
    user = getattr(request, "_cached_user", None)
    if user is not None and user.is_authenticated:
        return _pseudonym("login", user.pk)
    return _pseudonym("address", f"{on.isoformat()} {_address(request)}")


def _address(request: HttpRequest) -> str:
    # As the throttles count: the address that the outermost of our own proxies saw.
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    proxies = int(str(settings.REST_FRAMEWORK["NUM_PROXIES"]))
    if proxies and hops:
        return str(hops[-min(proxies, len(hops))])
    return str(request.META.get("REMOTE_ADDR", ""))


def _pseudonym(kind: str, of: object) -> str:
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"journal {kind} {of}".encode(), "sha256")
    return f"{kind}:{digest.hex()[:12]}"
