"""The log for everyone: its key, its newest checkpoint, its entries."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import checkpoints
from ledger.api.submissions import EntryOutput, describe_entry
from ledger.models import Leaf

TEXT = "text/plain; charset=utf-8"


class LogKey(APIView):
    """Who signs checkpoints."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []

    @extend_schema(operation_id="read_log_key", responses={(200, "text/plain"): OpenApiTypes.STR}, tags=["log"])
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        """Read the log's public key, in the encoding of signed notes. Keep it: it is what you check everything with."""
        return HttpResponse(checkpoints.verifier_key() + "\n", content_type=TEXT)


class LogCheckpoint(APIView):
    """The newest signed tree head."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []

    @extend_schema(operation_id="read_checkpoint", responses={(200, "text/plain"): OpenApiTypes.STR}, tags=["log"])
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        """Read the newest checkpoint (c2sp.org/tlog-checkpoint)."""
        return HttpResponse(checkpoints.newest().note, content_type=TEXT)


class LogEntry(APIView):
    """One entry by its place."""

    scopes = {"GET": "catalogue:read"}
    sees = {"index": Leaf}

    @extend_schema(operation_id="read_log_entry", responses=EntryOutput, tags=["log"])
    def get(self, request: Request, index: int) -> Response:  # noqa: ARG002
        """Read an entry of the log with its inclusion proof. It holds ids, digests and outcomes, and no names."""
        leaf = get_object_or_404(Leaf.objects.select_related("entry"), pk=index)
        return Response(EntryOutput(describe_entry(leaf.entry)).data)
