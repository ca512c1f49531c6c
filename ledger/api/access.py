"""Who is asking, for which party, whether their scopes allow it, and whether what they ask for is theirs to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    # REST framework imports this module while it builds its views, before the models are loaded.
    from rest_framework.views import APIView

    from ledger.access import Caller, Verb
    from ledger.models import ApiClient

SEES_ALL = "catalogue:all"  # the operator's scope


class NoParty(Exception):
    """This login speaks for no party; use an API client that does."""


class NoPerson(Exception):
    """This is for a person who signed in at the desk, and not for an API client."""


class Client:
    """An authenticated API client: what DRF wants of a user, and no more."""

    is_authenticated = True
    is_staff = False

    def __init__(self, client: ApiClient) -> None:
        """Speak for the client's party."""
        self.client = client
        self.pk = f"client-{client.pk}"  # the throttle's key


class BearerAuthentication(BaseAuthentication):
    """OAuth2 bearer tokens, checked before a byte of the body is read: an upload by a stranger costs nothing."""

    def authenticate(self, request: Request) -> tuple[Client, Any] | None:
        """Return the client whose token this is; None leaves it to the next scheme."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header.lower().startswith("bearer "):
            return None
        from oauth2_provider.oauth2_backends import get_oauthlib_core

        from ledger.models import ApiClient

        bare = HttpRequest()
        bare.method = request.method
        bare.path = request.path
        bare.META = {"HTTP_AUTHORIZATION": header, "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
        valid, found = get_oauthlib_core().verify_request(bare, scopes=[])
        if not valid:
            return None
        client = ApiClient.objects.select_related("party").filter(application=found.client).first()
        return (Client(client), found.access_token) if client else None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """Return what a 401 asks for."""
        return 'Bearer realm="api"'


class HasScopeOrStaff(BasePermission):
    """
    A client needs the view's scope for the method; staff who signed in to the admin may read, and do what the view
    names in ``people``: a method, and the verbs of which one is theirs. The operator's people may do that always.

    And an id in the address must be of something that the caller sees. A view says in ``sees`` of which table each one
    is, and in ``absent`` what it raises for one that does not exist, so that both get the same answer. What is no id
    but a word that says nothing of anybody stands in ``words``.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Check the view's ``scopes``, a mapping of method to scope; a view without one is closed."""
        if not self._has_scope(request, view) and not self._is_for_people(request, view):
            return False
        caller = caller_of(request)
        sees: Mapping[str, type[Model]] = getattr(view, "sees", {})
        if not caller.is_operator:
            from ledger.visibility import finds

            words: Sequence[str] = getattr(view, "words", ())
            for name, id in view.kwargs.items():
                if name in words:
                    continue
                if name not in sees or not finds(sees[name], id, caller.sight):
                    raise getattr(view, "absent", Http404)
        return True

    def _has_scope(self, request: Request, view: APIView) -> bool:
        wanted = getattr(view, "scopes", {}).get("GET" if request.method in {"HEAD", "OPTIONS"} else request.method)
        if wanted is None:
            return False
        if client_of(request) is not None:
            token: Any = request.auth
            return bool(token.allow_scopes([wanted]))
        is_staff = getattr(request.user, "is_staff", False)
        return bool(is_staff and request.method in {"GET", "HEAD", "OPTIONS"})

    def _is_for_people(self, request: Request, view: APIView) -> bool:
        # What two people must do cannot be done by a machine that speaks for both: it takes somebody who signed in.
        if request.method in {*getattr(view, "auditors", ()), *getattr(view, "owners", ())}:
            # What an audit leaves on record, and what is answered to it: whether they audit, or whether it is theirs to
            # see to, is the view's to ask.
            return client_of(request) is None and bool(getattr(request.user, "is_staff", False))
        people: Mapping[str, Sequence[Verb]] = getattr(view, "people", {})
        verbs = people.get(request.method or "")
        if verbs is None or client_of(request) is not None or not getattr(request.user, "is_staff", False):
            return False
        caller = caller_of(request)
        return caller.is_operator or any(caller.may(verb) for verb in verbs)


def caller_of(request: Request | HttpRequest) -> Caller:
    """Return who asks, as they may today: what they see, and for whom they may do what."""
    from ledger.access import NOBODY, caller_kept, caller_of_client

    bare: Any = getattr(request, "_request", request)
    if (known := getattr(bare, "caller", None)) is not None:
        found: Caller = known
        return found
    asking: Any = request.user
    if isinstance(asking, Client):
        token: Any = getattr(request, "auth", None)
        sees_all = bool(token is not None and token.allow_scopes([SEES_ALL]))
        found = caller_of_client(asking.client, sees_all=sees_all, at=timezone.now())
    else:
        found = NOBODY if asking is None else caller_kept(asking, at=timezone.now())
    bare.caller = found
    return found


def seen_by(request: Request | HttpRequest, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Return those rows that the caller sees."""
    from ledger.visibility import seen

    return seen(rows, caller_of(request).sight)


def client_of(request: Request) -> Client | None:
    """Return the API client that asks, or None where a person does who signed in to the admin."""
    asking: object = request.user
    return asking if isinstance(asking, Client) else None


def person_of(request: Request) -> int:
    """
    Return the login of the person who asks.

    :raises NoPerson: an API client asks, which is nobody's ears
    """
    if client_of(request) is not None or (key := getattr(request.user, "pk", None)) is None:
        raise NoPerson
    return int(key)


def party_of(request: Request) -> UUID:
    """
    Return the party that the caller speaks for.

    :raises NoParty: a person who signed in to the admin speaks for nobody here
    """
    client = client_of(request)
    if client is None:
        raise NoParty
    party_id: UUID = client.client.party_id
    return party_id
