"""Health, readiness and metrics: for whatever watches the machine."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from ledger import measuring, watching


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Say that this process lives; nothing else is looked at, so that a database that is away restarts nobody."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether this process can serve: 200 or 503; which part fails and why is told to who has the token."""
    found = watching.readiness(at=timezone.now())
    is_ready = not any(one.is_urgent for one in found)
    answer: dict[str, object] = {"status": "ready" if is_ready else "not ready"}
    if _is_trusted(request):
        answer["parts"] = [{"part": one.part, "state": one.state.value, "sentence": one.sentence} for one in found]
    return JsonResponse(answer, status=200 if is_ready else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return everything that is counted and measured, in Prometheus's text; without the token there is nothing here."""
    if not _is_trusted(request):
        raise Http404
    return HttpResponse(measuring.exposition(at=timezone.now()), content_type=CONTENT_TYPE_LATEST)


def _is_trusted(request: HttpRequest) -> bool:
    token = settings.LEDGER_METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
