"""The log for everyone: its keys, its checkpoint, its tiles, its proofs; and its entries for those they concern."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from ledger import checkpoints, merkle, notes, publishing, sequencer
from ledger.api.access import caller_of
from ledger.api.submissions import EntryOutput, describe_entry
from ledger.models import Leaf

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
FOR_EVER = "public, max-age=31536000, immutable"
NOT_YET = "no-store"
HASH = r"^[0-9a-f]{64}$"


class NoSuchTree(Exception):
    """The log has no tree of this size yet, or the older one is the larger."""


class NoSuchLeaf(Exception):
    """The tree has no such leaf. An entry is in it within a second of its commit."""


class LogKey(APIView):
    """Who signs checkpoints, and who did."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []

    @extend_schema(operation_id="read_log_key", responses={(200, "text/plain"): OpenApiTypes.STR}, tags=["log"])
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        """
        Read the log's public keys, in the encoding of signed notes, a line each: the one that signs, then during a
        handover the one that will, then those that did. Keep them: they are what you check everything with.
        """
        return HttpResponse(checkpoints.public_keys().text, content_type=TEXT)


class LogCheckpoint(APIView):
    """The signed tree head."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []

    @extend_schema(operation_id="read_checkpoint", responses={(200, "text/plain"): OpenApiTypes.STR}, tags=["log"])
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        """
        Read the checkpoint (c2sp.org/tlog-checkpoint): the newest that enough witnesses cosigned, with their lines
        under it; the newest of all where none are asked, or where they are far behind.
        """
        return _checkpoint()


class LogEntry(APIView):
    """One entry by its place."""

    scopes = {"GET": "catalogue:read"}
    sees = {"index": Leaf}

    @extend_schema(operation_id="read_log_entry", responses=EntryOutput, tags=["log"])
    def get(self, request: Request, index: int) -> Response:  # noqa: ARG002
        """Read an entry of the log with its inclusion proof. It holds ids, digests and outcomes, and no names."""
        leaf = get_object_or_404(Leaf.objects.select_related("entry"), pk=index)
        return Response(EntryOutput(describe_entry(leaf.entry)).data)


class InclusionProof(APIView):
    """That a leaf is in the tree. Hashes alone, so that nobody signs in."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "log"

    @extend_schema_serializer(component_name="InclusionProofQuery")
    class Input(serializers.Serializer[Any]):
        """Which leaf, and in which tree."""

        index = serializers.IntegerField(required=False, min_value=0, max_value=notes.MAX_SIZE)
        hash = serializers.RegexField(HASH, required=False)
        size = serializers.IntegerField(required=False, min_value=1, max_value=notes.MAX_SIZE)

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            """Want one of the two that say which leaf."""
            if ("index" in attrs) == ("hash" in attrs):
                raise serializers.ValidationError({"index": ["Say which leaf: by its index or by its hash."]})
            return attrs

    @extend_schema_serializer(
        component_name="InclusionProof",
        examples=[
            OpenApiExample(
                "The first of two",
                {
                    "index": 0,
                    "hash": "b6" * 32,
                    "size": 2,
                    "proof": ["bXNpYmxpbmdzaWJsaW5nc2libGluZ3NpYmxpbmdzaWI="],
                    "checkpoint": None,
                },
            )
        ],
    )
    class Output(serializers.Serializer[Any]):
        """A proof as RFC 6962 has it."""

        index = serializers.IntegerField()
        hash = serializers.CharField(help_text="Of the leaf, in hex")
        size = serializers.IntegerField(help_text="Of the tree that the proof leads to the root of")
        proof = serializers.ListField(child=serializers.CharField(), help_text="Base64, the leaf's sibling first")
        checkpoint = serializers.CharField(
            allow_null=True, help_text="The signed note of that tree, where a size was not asked for"
        )

    @extend_schema(
        operation_id="read_inclusion_proof",
        parameters=[
            OpenApiParameter("index", OpenApiTypes.INT64, description="The leaf's place, from 0"),
            OpenApiParameter("hash", OpenApiTypes.STR, description="Or its hash (RFC 6962), 64 hex digits"),
            OpenApiParameter("size", OpenApiTypes.INT64, description="Of the tree; the one that is shown without"),
        ],
        responses=Output,
        auth=[],
        tags=["log"],
    )
    def get(self, request: Request) -> Response:
        """Read the proof that a leaf is in the log, by its index or by the hash of the entry's bytes."""
        given = self.Input(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        leaves = Leaf.objects.filter(hash=bytes.fromhex(asked["hash"])) if "hash" in asked else None
        leaf = (
            leaves.order_by("index").first()
            if leaves is not None
            else Leaf.objects.filter(index=asked["index"]).first()
        )
        if leaf is None:
            raise NoSuchLeaf
        size = asked.get("size")
        if size is None:
            proved = sequencer.prove(leaf)
            size, proof, note = proved.checkpoint.size, proved.proof, proved.note
        else:
            newest, tiles = sequencer.tree()
            if size > newest.size:
                raise NoSuchTree
            try:
                proof, note = merkle.inclusion_proof(leaf.index, size, tiles), None
            except merkle.NoSuchLeaf as error:
                raise NoSuchLeaf from error
        said = {
            "index": leaf.index,
            "hash": bytes(leaf.hash).hex(),
            "size": size,
            "proof": [notes.to_base64(sibling) for sibling in proof],
            "checkpoint": note,
        }
        return Response(self.Output(said).data)


class ConsistencyProof(APIView):
    """That a tree begins with an older one."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "log"

    @extend_schema_serializer(component_name="ConsistencyProofQuery")
    class Input(serializers.Serializer[Any]):
        """From which tree to which."""

        old_size = serializers.IntegerField(min_value=0, max_value=notes.MAX_SIZE)
        size = serializers.IntegerField(required=False, min_value=0, max_value=notes.MAX_SIZE)

    @extend_schema_serializer(
        component_name="ConsistencyProof",
        examples=[
            OpenApiExample(
                "From one leaf to two",
                {
                    "old_size": 1,
                    "size": 2,
                    "proof": ["bXNpYmxpbmdzaWJsaW5nc2libGluZ3NpYmxpbmdzaWI="],
                    "checkpoint": None,
                },
            )
        ],
    )
    class Output(serializers.Serializer[Any]):
        """A proof as RFC 6962 has it."""

        old_size = serializers.IntegerField()
        size = serializers.IntegerField()
        proof = serializers.ListField(child=serializers.CharField(), help_text="Base64")
        checkpoint = serializers.CharField(
            allow_null=True, help_text="The signed note of the larger tree, where a size was not asked for"
        )

    @extend_schema(
        operation_id="read_consistency_proof",
        parameters=[
            OpenApiParameter("old_size", OpenApiTypes.INT64, required=True, description="Of the checkpoint you kept"),
            OpenApiParameter("size", OpenApiTypes.INT64, description="Of the larger tree; the one shown without"),
        ],
        responses=Output,
        auth=[],
        tags=["log"],
    )
    def get(self, request: Request) -> Response:
        """Read the proof that the log of today begins with the one whose checkpoint you kept."""
        given = self.Input(data=request.query_params)
        given.is_valid(raise_exception=True)
        old_size, size = given.validated_data["old_size"], given.validated_data.get("size")
        shown = checkpoints.shown()
        newest, tiles = sequencer.tree()
        note = None
        if size is None:
            head = shown if old_size <= shown.size else newest
            size, note = head.size, checkpoints.note_of(head)
        if not old_size <= size <= newest.size:
            raise NoSuchTree
        said = {
            "old_size": old_size,
            "size": size,
            "proof": [notes.to_base64(node) for node in merkle.consistency_proof(old_size, size, tiles)],
            "checkpoint": note,
        }
        return Response(self.Output(said).data)


# --- The log as static files, at ``/log/``: what is under the prefix that a mirror follows (c2sp.org/tlog-tiles). -----


@require_safe
def static_checkpoint(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Serve ``/log/checkpoint``."""
    try:
        return _checkpoint()
    except checkpoints.NoCheckpoint as error:
        return _nothing(str(error.__doc__))


@require_safe
def static_tile(request: HttpRequest, path: str) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Serve ``/log/tile/<L>/<N>[.p/<W>]``: hashes, which are public."""
    try:
        place = publishing.Place.from_path(path)
        if place.level is None:
            return _nothing(str(publishing.NoSuchTile.__doc__))
        return _for_ever(publishing.read(place))
    except (publishing.NoSuchTile, checkpoints.NoCheckpoint) as error:
        return _nothing(str(error) or str(error.__doc__))


@extend_schema(exclude=True)
class StaticEntries(APIView):
    """``/log/tile/entries/<N>[.p/<W>]``: where entries are public; else for those who see all of them."""

    permission_classes = [AllowAny]

    def get(self, request: Request, path: str) -> HttpResponse:
        """Serve a bundle of entries."""
        if not settings.LEDGER_PUBLISH_ENTRIES and not caller_of(request).sight.is_whole:
            return _nothing("Entries are given to those whom they concern: see /v1/log/entries.")
        try:
            data = publishing.read(publishing.Place.from_path(f"entries/{path}"))
        except (publishing.NoSuchTile, checkpoints.NoCheckpoint) as error:
            return _nothing(str(error) or str(error.__doc__))
        response = _for_ever(data)
        if not settings.LEDGER_PUBLISH_ENTRIES:
            response["Cache-Control"] = "private, max-age=31536000, immutable"
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.content = compress_string(data)
            response["Content-Encoding"] = "gzip"
            response["Content-Length"] = str(len(response.content))
        patch_vary_headers(response, ("Accept-Encoding",))
        return response


def _checkpoint() -> HttpResponse:
    head = checkpoints.shown()
    response = HttpResponse(checkpoints.note_of(head), content_type=TEXT)
    response["Cache-Control"] = "no-cache"
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _for_ever(data: bytes) -> HttpResponse:
    response = HttpResponse(data, content_type=BYTES)
    response["Cache-Control"] = FOR_EVER
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _nothing(sentence: str) -> HttpResponse:
    # Not to be kept: a tile that is not there yet will be.
    response = HttpResponse(f"{sentence}\n", status=404, content_type=TEXT)
    response["Cache-Control"] = NOT_YET
    return response
