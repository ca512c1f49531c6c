"""Works sent out to societies."""

from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import exporting
from ledger.api import access
from ledger.exporting import Export, Letterhead

SCOPES = {"GET": "catalogue:read"}


class CwrQuery(serializers.Serializer[Any]):
    """Which works, and who sends them to whom."""

    version = serializers.ChoiceField([("2.2", "2.2"), ("3.1", "3.1")], default="2.2")
    since = serializers.DateField(required=False, help_text="Only works registered on this day or later")
    sender_code = serializers.CharField(max_length=4, help_text="The code by which societies know the sender")
    sender = serializers.CharField(max_length=11, default="", help_text="IPI name number; else the organization's")
    recipient = serializers.CharField(max_length=4, default="", help_text="A society's number; without it, all")
    number = serializers.IntegerField(min_value=1, max_value=9999, help_text="Which file of the year it is")


def _export(request: Request) -> Export:
    party_id = access.party_of(request)
    given = CwrQuery(data=request.query_params)
    given.is_valid(raise_exception=True)
    data = given.validated_data
    return exporting.cwr(
        organization_id=party_id,
        letterhead=Letterhead(
            sender_code=data["sender_code"],
            file_number=data["number"],
            recipient=data["recipient"],
            sender=data["sender"],
        ),
        version=data["version"],
        registered_since=data.get("since"),
        at=timezone.now(),
    )


class CwrFile(APIView):
    """A file of CWR."""

    scopes = SCOPES

    @extend_schema(
        operation_id="export_cwr",
        parameters=[CwrQuery],
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["imports"],
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Download the organization's works; how many the format cannot say stands in ``X-Refused-Works``."""
        export = _export(request)
        answer = StreamingHttpResponse(export.lines, content_type="application/octet-stream")
        answer["Content-Disposition"] = f'attachment; filename="{export.name}"'
        answer["X-Refused-Works"] = str(len(export.refused))
        return answer


class CwrReport(APIView):
    """What a file of CWR would hold, and what not."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="CwrReport")
    class Output(serializers.Serializer[Any]):
        """A file, and the works that are not in it."""

        @extend_schema_serializer(component_name="RefusedWork")
        class RefusedOutput(serializers.Serializer[Any]):
            """A work that the format cannot say, and why."""

            work = serializers.UUIDField(source="work_id")
            sentence = serializers.CharField()

        name = serializers.CharField()
        works = serializers.IntegerField()
        refused = RefusedOutput(many=True)

    @extend_schema(operation_id="report_cwr", parameters=[CwrQuery], responses=Output, tags=["imports"])
    def get(self, request: Request) -> Response:
        """List the works that the file would leave out, with the reasons."""
        return Response(self.Output(_export(request)).data)
