"""
What a manifest or a certificate stands for today, at the address that the certificate itself names (PRV-7).

For everybody: whoever has the file has the manifest's label. People get a page, programs the same as JSON, or
signed (``?format=jwt``) for where no network is. Nothing of
it is private: no title, no name, no license.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe
from rest_framework.throttling import SimpleRateThrottle

from ledger import certifying, identity, stating
from ledger.api import outputs
from ledger.reports.presentation import STATUSES
from provenance import certified, deliveries, statuses
from provenance.models import Certificate, Manifest
from provenance.statuses import Status

STATIC = Path(__file__).resolve().parent.parent / "static" / "ledger"


class StatusThrottle(SimpleRateThrottle):
    """So many statuses a minute for one network address."""

    scope = "status"

    def get_cache_key(self, request: Any, view: Any) -> str:  # noqa: ARG002 - DRF's signature
        """Return the key to count under: a digest, so that no address is kept."""
        return f"status-{hashlib.sha256(self.get_ident(request).encode()).hexdigest()}"


@require_safe
def status(request: HttpRequest, id: UUID) -> HttpResponse:
    """Say what the manifest of this id, or of the certificate of this id, stands for."""
    response: HttpResponse
    if not StatusThrottle().allow_request(request, None):  # type: ignore[arg-type] # it reads META, which both have
        response = _problem(request, 429, "throttled", "Too many at once: ask again in a minute.")
        response["Retry-After"] = "60"
        return response
    now = timezone.now()
    try:
        manifest = stating.manifest_of(id)
        at = outputs.moment_of(request.GET.get("at", ""), now=now)
    except stating.NoSuchManifest:
        return _problem(request, 404, "no_such_manifest", "Nothing that was signed here has this id.")
    except outputs.BadMoment as error:
        return _problem(request, 422, "bad_moment", " ".join((error.__doc__ or "").split()))
    if _wants_a_token(request):
        response = HttpResponse(_token(manifest, now), content_type=certified.MEDIA_TYPE)
    elif not _wants_a_page(request):
        said = outputs.StatusOutput(outputs.describe_status(manifest, at=at)).data
        response = JsonResponse(said)
    else:
        response = _page(request, "ledger/status/status.html", _shown(manifest, id, at, is_now=at == now))
    outputs.expose(response)
    patch_vary_headers(response, ["Accept"])
    return response


def _wants_a_page(request: HttpRequest) -> bool:
    return request.GET.get("format") != "json" and "text/html" in request.headers.get("Accept", "")


def _wants_a_token(request: HttpRequest) -> bool:
    return request.GET.get("format") == "jwt" or request.headers.get("Accept", "") == certified.MEDIA_TYPE


def _token(manifest: Manifest, now: datetime) -> str:
    """Return what it stands for now, signed; the same token for a minute, since a key service signs slowly."""
    name = f"status-{manifest.pk}"
    if (kept := cache.get(name)) is not None:
        return str(kept)
    found = stating.standing_of(manifest, at=now)
    signer = identity.signer(at=now).identity
    said = certified.StatusStatement(
        origin=settings.LEDGER_ORIGIN,
        label=manifest.label,
        status=found.status.value,
        reason=found.reason.value if found.reason else "",
        since=found.since.replace(microsecond=0) if found.since else None,
        issued_at=now.replace(microsecond=0),
        expires_at=min(now + certified.STATUS_LIFE, signer.expires_at).replace(microsecond=0),
        status_url=certifying.status_url(manifest.pk),
    )
    token = certified.sign_status(said, signer)
    cache.set(name, token, outputs.CACHED_S)
    return token


def _shown(manifest: Manifest, id: UUID, at: Any, *, is_now: bool) -> dict[str, Any]:
    found = stating.standing_of(manifest, at=at)
    successor = stating.successor_of(manifest, at=at) if found.status is Status.SUPERSEDED else None
    certificates = list(manifest.certificates.filter(issued_at__lte=at).order_by("-number"))
    asked = next((one for one in certificates if one.pk == id), None)
    return {
        "manifest": manifest,
        "files": deliveries.of(manifest, at=at),
        "at": at,
        "is_now": is_now,
        "chip": STATUSES[found.status],
        "sentence": statuses.SENTENCES[found.status],
        "reason": statuses.WORDS[found.reason] if found.reason else "",
        "since": found.since,
        "steps": [
            (STATUSES[step.status], step.change.since, statuses.WORDS[step.change.reason])
            for step in reversed(found.steps)
        ],
        "coming": [(STATUSES[one.status], one.since, statuses.WORDS[one.reason]) for one in found.coming],
        "successor": successor,
        "successor_url": certifying.status_url(successor.pk) if successor else "",
        "certificate": _certificate(asked, certificates, at) if asked else "",
        "id": id,
    }


def _certificate(asked: Certificate, certificates: list[Certificate], at: Any) -> str:
    if asked.pk != certificates[0].pk:
        return (
            f"This certificate was followed by another one on {certificates[0].issued_at:%Y-%m-%d}: ask for that one."
        )
    if asked.expires_at <= at:
        return f"This certificate ran out on {asked.expires_at:%Y-%m-%d}."
    return f"This is the newest certificate of the file; it holds until {asked.expires_at:%Y-%m-%d}."


@lru_cache(maxsize=1)
def _style() -> tuple[SafeString, str]:
    """Return the page's one style sheet, to stand in it, and the policy that allows it and nothing else."""
    text = (STATIC / "dossier.css").read_text() + (STATIC / "report.css").read_text()
    digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; base-uri 'none'"
    return mark_safe(text), f"{policy}; frame-ancestors 'none'"  # noqa: S308 - our own file


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    style, policy = _style()
    response = render(request, template, {**context, "style": style}, status=status)
    response["Content-Security-Policy"] = policy
    return response


def _problem(request: HttpRequest, code: int, name: str, sentence: str) -> HttpResponse:
    if _wants_a_page(request):
        return _page(request, "ledger/status/nothing.html", {"sentence": sentence}, status=code)
    body = {"status": code, "code": name, "detail": sentence}
    return JsonResponse(body, status=code, content_type="application/problem+json")
