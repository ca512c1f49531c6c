"""
The public page: drop a file, and read what its manifest says, whether that holds, and what the file may come from.

There is no account and no cookie here, so there is nothing that a forged request could do. The file lies in a temporary
place while it is looked at, and is gone with the answer.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from rest_framework.throttling import SimpleRateThrottle

from fingerprint.audio import AudioRefused
from ledger import recognizing
from ledger.api.uploads import BoundedUpload, UploadTooLarge
from ledger.verifying import page

STATIC = Path(__file__).resolve().parent.parent / "static" / "ledger"
FIELD = "audio"


class PublicUpload(BoundedUpload):
    """Uploads without a login, which have a limit of their own."""

    instead = "send a compressed format such as FLAC, M4A or MP3, or a part of it"

    @property
    def limit(self) -> int:
        """How many bytes are taken."""
        return int(settings.LEDGER_MAX_PUBLIC_BYTES)


class VerifyThrottle(SimpleRateThrottle):
    """So many files a minute for one network address."""

    scope = "recognize"

    def get_cache_key(self, request: Any, view: Any) -> str:  # noqa: ARG002 - DRF's signature
        """Return the key to count under: a digest, so that no address is kept."""
        return f"verify-{hashlib.sha256(self.get_ident(request).encode()).hexdigest()}"


@lru_cache(maxsize=1)
def _dress() -> tuple[SafeString, SafeString, str]:
    """Return the page's style sheet and script, to stand in it, and the policy that allows them and nothing else."""
    style = (STATIC / "artist.css").read_text() + (STATIC / "verify.css").read_text()
    script = (STATIC / "verify.js").read_text()
    digests = [b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    policy = (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}';"
        " connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return mark_safe(style), mark_safe(script), policy  # noqa: S308 - our own files


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Show the page, and with a file what it is."""
    if request.method != "POST":
        return _show(request, {})
    if not VerifyThrottle().allow_request(request, None):  # type: ignore[arg-type] # it reads META, which both have
        response = _refuse(request, 429, "Too many files came from your network in the last minute. Wait one.")
        response["Retry-After"] = "60"
        return response
    try:
        return _looked_at(request)
    except AudioRefused as error:
        return _refuse(request, error.status, page.sentence(error))
    except UploadTooLarge as error:
        return _refuse(request, 413, page.sentence(error))
    except TooManyFilesSent:
        return _refuse(request, 400, "Send one file at a time.")
    except (MultiPartParserError, page.NoFile) as error:
        return _refuse(request, 400, page.sentence(error))
    except recognizing.TooBusy as error:
        response = _refuse(request, 503, page.sentence(error))
        response["Retry-After"] = "30"
        return response


def _looked_at(request: HttpRequest) -> HttpResponse:
    if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
        return _refuse(
            request, 411, "The upload does not say how long it is: send it from a browser, or with its length."
        )
    request.upload_handlers = [PublicUpload(request)]
    upload = request.FILES.get(FIELD)
    if not isinstance(upload, TemporaryUploadedFile):
        raise page.NoFile
    found = recognizing.look_at(Path(upload.temporary_file_path()), upload.content_type)
    return _show(request, {"found": page.of(found, name=upload.name or "", at=timezone.now())})


def _refuse(request: HttpRequest, status: int, said: str) -> HttpResponse:
    return _show(request, {"refused": said}, status=status)


def _show(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    style, script, policy = _dress()
    limit = settings.LEDGER_MAX_PUBLIC_BYTES
    given = {
        "style": style,
        "script": script,
        "most_bytes": limit,
        "most_said": f"{limit // 2**20} MB",
        "endpoint": recognizing.endpoint(),
        **context,
    }
    response = render(request, "ledger/verifying/verify.html", given, status=status)
    response["Content-Security-Policy"] = policy
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response
