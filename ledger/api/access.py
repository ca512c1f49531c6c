"""Who is asking, for which party, and whether their scopes allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    # REST framework imports this module while it builds its views, before the models are loaded.
    from rest_framework.views import APIView

    from ledger.models import ApiClient


class NoParty(Exception):
    """This login speaks for no party; use an API client that does."""


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
    """A client needs the view's scope for the method; staff who signed in to the admin may read."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Check the view's ``scopes``, a mapping of method to scope; a view without one is closed."""
        wanted = getattr(view, "scopes", {}).get("GET" if request.method in {"HEAD", "OPTIONS"} else request.method)
        if wanted is None:
            return False
        if client_of(request) is not None:
            token: Any = request.auth
            return bool(token.allow_scopes([wanted]))
        is_staff = getattr(request.user, "is_staff", False)
        return bool(is_staff and request.method in {"GET", "HEAD", "OPTIONS"})


def client_of(request: Request) -> Client | None:
    """Return the API client that asks, or None where a person does who signed in to the admin."""
    asking: object = request.user
    return asking if isinstance(asking, Client) else None


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
