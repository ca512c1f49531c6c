"""Who may use the API: an OAuth2 application that speaks for one party, with its scopes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from oauth2_provider.models import Application

from ledger.models import ApiClient


class NoSuchScope(Exception):
    """This is not a scope; the API's docs list them."""


@dataclass(frozen=True)
class Credentials:
    """What the client needs; the secret is shown once and stored as a hash."""

    client_id: str
    secret: str


def create(*, name: str, party_id: UUID, scopes: Sequence[str]) -> Credentials:
    """
    Create an API client, in place of one with the same name for the same party.

    :raises NoSuchScope: a scope is not known
    """
    for scope in scopes:
        if scope not in settings.API_SCOPES:
            raise NoSuchScope(f"{scope!r} is not a scope: {', '.join(settings.API_SCOPES)}")
    secret = secrets.token_urlsafe(32)
    with transaction.atomic(durable=True):
        former = ApiClient.objects.filter(party=party_id, application__name=name).select_related("application")
        for client in former:
            application = client.application
            client.delete()
            application.delete()
        application = Application.objects.create(
            name=name,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
            client_secret=secret,
        )
        ApiClient.objects.create(application=application, party_id=party_id, scopes=list(scopes))
    return Credentials(client_id=application.client_id, secret=secret)
