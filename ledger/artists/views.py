"""
The page behind a personal link: what an artist is asked, what they allow, and the two clicks to change either.

There is no account and no cookie: whoever has the address acts for the artist. So no token against forged requests is
needed, which nobody can send without the address; and the address goes nowhere, by the headers that each page carries.
"""

from __future__ import annotations

import hashlib
import ipaddress
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.throttling import SimpleRateThrottle

from ledger import campaigning
from ledger.artists import page
from rights.authority import UnauthorizedAct
from rights.models import CampaignInvitation
from rights.phrases import Words, language_asked, languages
from rights.term_limits import EvidenceMissing

STATIC = Path(__file__).resolve().parent.parent / "static" / "ledger"
View = Callable[..., HttpResponse]

REFUSED: dict[type[Exception], str] = {
    campaigning.CampaignClosed: "refused.closed",
    campaigning.AnsweredAlready: "refused.answered",
    campaigning.NothingToWithdraw: "refused.ended",
    UnauthorizedAct: "refused.alone",
    EvidenceMissing: "refused.evidence",
}


class ArtistThrottle(SimpleRateThrottle):
    """So many pages a minute for one network address, whether its links are right or guessed."""

    scope = "artist"

    def get_cache_key(self, request: Any, view: Any) -> str:  # noqa: ARG002 - DRF's signature
        """Return the key to count under: a digest, so that no address is kept."""
        return f"artist-{hashlib.sha256(self.get_ident(request).encode()).hexdigest()}"


@lru_cache(maxsize=1)
def _style() -> tuple[SafeString, str]:
    """Return the page's one style sheet, to stand in it, and the policy that allows it and nothing else."""
    text = (STATIC / "artist.css").read_text()
    digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'"
    return mark_safe(text), f"{policy}; frame-ancestors 'none'"  # noqa: S308 - our own file


def _show(request: HttpRequest, template: str, words: Words, context: dict[str, Any], status: int = 200) -> Any:
    style, _ = _style()
    choices = [(code, Words(code)("language"), code == words.language) for code in languages()]
    given = {"style": style, "say": page.Say(words), "language": words.language, "languages": choices, **context}
    return render(request, f"ledger/artists/{template}", given, status=status)


def discreet(view: View) -> Callable[..., HttpResponseBase]:
    """Throttle a page, keep its address from caches, search engines and other sites, and let it load nothing."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, secret: str, **kwargs: Any) -> HttpResponseBase:
        if ArtistThrottle().allow_request(request, None):  # type: ignore[arg-type] # it reads META, which both have
            response = _opened(view, request, secret, **kwargs)
        else:
            response = _show(request, "nothing.html", _words(request, ""), {"what": "busy"}, status=429)
            response["Retry-After"] = "60"
        response["Content-Security-Policy"] = _style()[1]
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Cache-Control"] = "private, no-store"
        return response

    return guarded


def _opened(view: View, request: HttpRequest, secret: str, **kwargs: Any) -> HttpResponse:
    try:
        invitation = campaigning.invited(secret)
        words = _words(request, invitation.campaign.terms.language)
        try:
            return view(request, secret, invitation, words, **kwargs)
        except tuple(REFUSED) as error:
            return _refuse(request, secret, invitation, words, error)
    except (campaigning.NoSuchInvitation, campaigning.NotTheirs):
        missing: HttpResponse = _show(request, "nothing.html", _words(request, ""), {"what": "missing"}, status=404)
        return missing


def _words(request: HttpRequest, language: str) -> Words:
    chosen = request.GET.get("lang", "")
    if chosen in languages():
        return Words(chosen)
    if language:
        return Words(language)
    return Words(language_asked(request.headers.get("Accept-Language", "")))


@discreet
@require_safe
def home(request: HttpRequest, secret: str, invitation: CampaignInvitation, words: Words) -> HttpResponse:
    """Show the question, what is allowed, where it was used and what happened."""
    now = timezone.now()
    # A page that is fetched ahead was not opened by anybody.
    if request.method == "GET" and "prefetch" not in request.headers.get("Sec-Purpose", ""):
        campaigning.note_viewed(secret=secret, circumstances=_circumstances(request, words), at=now)
        invitation = campaigning.invited(secret)
    context = {
        "page": page.of(invitation, secret, words, at=now),
        "done": _done(request, words),
        **_addresses(secret, words),
    }
    response: HttpResponse = _show(request, "home.html", words, context)
    return response


def _done(request: HttpRequest, words: Words) -> str:
    done = request.GET.get("done", "")
    return words(f"done.{done}") if done in {"granted", "declined", "withdrawn"} else ""


@discreet
@require_http_methods(["GET", "HEAD", "POST"])
def grant(request: HttpRequest, secret: str, invitation: CampaignInvitation, words: Words) -> HttpResponse:
    """Say what begins and what does not, and agree."""
    now = timezone.now()
    if request.method == "POST":
        return _act(request, secret, words, "granted", campaigning.grant, {})
    context = {"ask": page.granting(invitation, secret, words, at=now), **_addresses(secret, words)}
    response: HttpResponse = _show(request, "confirm.html", words, context)
    return response


@discreet
@require_http_methods(["POST"])
def decline(
    request: HttpRequest,
    secret: str,
    invitation: CampaignInvitation,  # noqa: ARG001 - what every page is given
    words: Words,
) -> HttpResponse:
    """Say no; that takes one click, since it is what holds anyway."""
    return _act(request, secret, words, "declined", campaigning.decline, {})


@discreet
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(
    request: HttpRequest, secret: str, invitation: CampaignInvitation, words: Words, consent_id: UUID
) -> HttpResponse:
    """Say what stops and what goes on, and withdraw: as many clicks as to agree."""
    if request.method == "POST":
        more = {"consent_id": consent_id}
        return _act(request, secret, words, "withdrawn", campaigning.withdraw, more)
    ask = page.withdrawing(invitation, consent_id, secret, words, at=timezone.now())
    response: HttpResponse = _show(request, "confirm.html", words, {"ask": ask, **_addresses(secret, words)})
    return response


def _act(
    request: HttpRequest,
    secret: str,
    words: Words,
    done: str,
    act: Callable[..., object],
    more: dict[str, Any],
) -> HttpResponse:
    act(secret=secret, circumstances=_circumstances(request, words), at=timezone.now(), **more)
    answer = HttpResponseRedirect(f"{_addresses(secret, words)['home']}&done={done}")
    answer.status_code = 303  # a page that is reloaded asks again, and does not act again
    return answer


def _refuse(
    request: HttpRequest, secret: str, invitation: CampaignInvitation, words: Words, error: Exception
) -> HttpResponse:
    key = next(key for kind, key in REFUSED.items() if isinstance(error, kind))
    said = words(key, organization=invitation.campaign.organization)
    context = {"what": "refused", "said": said, **_addresses(secret, words)}
    response: HttpResponse = _show(request, "nothing.html", words, context, status=409)
    return response


def _addresses(secret: str, words: Words) -> dict[str, str]:
    def address(name: str) -> str:
        return f"{reverse(f'artists:{name}', args=[secret])}?lang={words.language}"

    bare = reverse("artists:home", args=[secret])
    return {"bare": bare, "home": address("home"), "grant": address("grant"), "decline": address("decline")}


def _circumstances(request: HttpRequest, words: Words) -> dict[str, str]:
    """Return what is kept as evidence of how something was done: what kind of network, and never its address."""
    address = request.META.get("REMOTE_ADDR", "")
    return {"channel": "link", "network": network_class(address), "language": words.language}


def network_class(address: str) -> str:
    """Return what kind of network an address is of; the address itself is personal, and is not kept."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return f"ipv{found.version}-{'public' if found.is_global else 'private'}"
