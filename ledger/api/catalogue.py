"""Parties: register them, read them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import people
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from rights.models import Party
from rights.vocabulary import PartyKind

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}


def _choices(enum: Any) -> list[tuple[str, str]]:
    return [(member.value, member.value) for member in enum]


class PartyOutput(serializers.Serializer[Party]):
    """A party."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    name = serializers.SerializerMethodField()
    registered_at = serializers.DateTimeField()

    def get_name(self, party: Party) -> str | None:
        """Return the name, or None once it was erased."""
        identity = getattr(party, "identity", None)
        return identity.name if identity else None


class Parties(APIView):
    """Who is in the trade."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Party")
    class Input(serializers.Serializer[Any]):
        """A party to register."""

        id = serializers.UUIDField()
        kind = serializers.ChoiceField(_choices(PartyKind))
        name = serializers.CharField(max_length=300)

    @extend_schema(operation_id="register_party", request=Input, responses={201: PartyOutput}, tags=["catalogue"])
    def post(self, request: Request) -> Response:
        """Register a party. Its name is kept where it can be erased; the log gets a commitment to it."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        party, created = once(
            Party.objects.select_related("identity"),
            data["id"],
            same=lambda found: found.kind == data["kind"] and str(found) == data["name"],
            create=lambda: people.register_party(**data, at=timezone.now()),
        )
        return Response(PartyOutput(party).data, status=201 if created else 200)

    @extend_schema(operation_id="list_parties", responses=Page.of(PartyOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List parties, oldest first."""
        return page_of(Party.objects.select_related("identity"), "registered_at", PartyOutput, request)
