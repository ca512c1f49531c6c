"""
What people read while the key service or the database is away: what is missing and when to come again, in the language
that their browser asks for, in place of a broken page.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.defaults import server_error

from ledger.api.errors import RETRY_SECONDS
from ledger.embedded import EmbeddedPostgresError
from rights.keys import KeyServiceAway
from rights.phrases import Words, language_asked, languages

log = logging.getLogger(__name__)

# PostgreSQL does not take us, or let go of us: too many are there, it stops, it crashed, it starts.
_GONE = frozenset({"53300", "57P01", "57P02", "57P03"})
_DOORS_OF_THE_HOUSE = ("/admin/", "/reports/")


class DatabaseAway(Exception):
    """The database does not answer, and what is asked for is made of what is in it; try again in half a minute."""


class Away:
    """
    Answer 503 wherever a page needed what is out of reach.

    What it had begun to write is undone, unless the connection went at the very end: whoever sends the same again, with
    its id, gets the answer that there is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Stand before what comes after."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let the request on: it is looked at only where its page fails."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer in the way that was asked for; every other fault stays what it is."""
        return _answered(request, error)


def failed(request: HttpRequest) -> HttpResponseBase:
    """Answer what failed before or after its page, as where it is asked who somebody is."""
    error = sys.exc_info()[1]
    return (_answered(request, error) if error is not None else None) or server_error(request)


def _answered(request: HttpRequest, error: BaseException) -> HttpResponse | None:
    if isinstance(error, KeyServiceAway):
        what, code, said = "keys", "key_service_away", KeyServiceAway.__doc__
    elif _is_of_the_connection(error):
        what, code, said = "database", "database_away", DatabaseAway.__doc__
    else:
        return None
    log.warning("a page was answered with 503: %s", code)
    if "text/html" in request.headers.get("Accept", ""):
        answer = _page(request, what)
    else:
        body = {"status": 503, "code": code, "detail": " ".join((said or "").split())}
        answer = JsonResponse(body, status=503, content_type="application/problem+json")
    answer["Retry-After"] = str(RETRY_SECONDS)
    answer["Cache-Control"] = "no-store"
    # The address may hold a secret, as those of artists and payees do.
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer


def _is_of_the_connection(error: BaseException) -> bool:
    if isinstance(error, EmbeddedPostgresError):
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)  # none, where nobody is there to say one
    return state is None or state.startswith("08") or state in _GONE


def _page(request: HttpRequest, what: str) -> HttpResponse:
    """Return the page; it is made of nothing but words, for neither names nor the database can be asked."""
    from ledger.reports.views import page_of_words

    chosen = request.GET.get("lang", "")
    say = Words(chosen if chosen in languages() else language_asked(request.headers.get("Accept-Language", "")))
    context: dict[str, object] = {
        "language": say.language,
        "eyebrow": say("away.eyebrow"),
        "title": say(f"away.{what}"),
        "why": say(f"away.{what}.why"),
        "do": say("away.do"),
        "again": say("away.again" if request.method in {"GET", "HEAD"} else "away.send"),
        "safe": say(f"away.{what}.safe"),
        "house": say(f"away.{what}.house") if request.path.startswith(_DOORS_OF_THE_HOUSE) else "",
    }
    return page_of_words("ledger/reports/away.html", context, status=503)
