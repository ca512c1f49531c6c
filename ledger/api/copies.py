"""Copies of a cleared output in other containers: ask for one, and fetch it once it is signed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fingerprint import copies, store
from ledger import copying, report, tasks
from ledger.access import Verb
from ledger.api.access import caller_of
from ledger.api.fields import digest
from ledger.api.once import once
from ledger.clearance import NoSuchSubmission
from ledger.copying import Ordered
from ledger.models import CopyOrder, Job
from provenance.models import SignedCopy
from rights.models import Submission

SCOPES = {"GET": "submissions:read", "POST": "submissions:write"}
EXAMPLE = {"id": "5d2c9d3e-0a8b-4f1e-9a66-1b7c3d5e8f20", "media_type": "audio/flac"}


class CopyOutput(serializers.Serializer[Any]):
    """A copy that was asked for, and what came of it."""

    id = serializers.UUIDField()
    media_type = serializers.CharField()
    ordered_at = serializers.DateTimeField()
    state = serializers.CharField(help_text="waiting, signed or failed")
    problem = serializers.CharField(help_text="Why it failed; empty unless it did")
    output = serializers.CharField(allow_null=True, help_text="sha256:… of the signed copy")
    manifest = serializers.CharField(allow_null=True, help_text="sha256:… of its manifest store")
    is_embedded = serializers.BooleanField(allow_null=True, help_text="Whether the manifest is inside the copy")
    links = serializers.DictField(child=serializers.CharField())


def describe(found: Ordered, submission_id: UUID) -> dict[str, Any]:
    """Return a copy as the API shows it."""
    order, copy = found.order, found.copy
    root = f"/v1/submissions/{submission_id}/copies/{order.pk}"
    return {
        "id": order.pk,
        "media_type": order.media_type,
        "ordered_at": order.ordered_at,
        "state": found.state,
        "problem": found.error if found.state == "failed" else "",
        "output": digest(copy.newest.output_digest) if copy else None,
        "manifest": digest(copy.newest.manifest_digest) if copy else None,
        "is_embedded": copy.is_embedded if copy else None,
        "links": {"self": root, **({"file": f"{root}/file", "manifest": f"{root}/manifest"} if copy else {})},
    }


def _own(request: Request, id: UUID) -> report.Dossier:
    return report.own(id, caller_of(request).sight)


def _one(request: Request, id: UUID, copy_id: UUID) -> Ordered:
    _own(request, id)
    found = next((one for one in copying.ordered(id) if one.order.pk == copy_id), None)
    if found is None:
        raise copying.NoSuchCopy
    return found


def _made(request: Request, id: UUID, copy_id: UUID) -> SignedCopy:
    copy = _one(request, id, copy_id).copy
    if copy is None:
        raise copying.CopyNotMade
    return copy


class SubmissionCopies(APIView):
    """Copies of one output."""

    scopes = SCOPES
    sees = {"id": Submission}
    absent = NoSuchSubmission

    class Input(serializers.Serializer[Any]):
        """A container."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        media_type = serializers.ChoiceField([(one, one) for one in copies.TARGETS])

    @extend_schema(
        operation_id="order_copy",
        request=Input,
        responses={202: CopyOutput},
        examples=[OpenApiExample("copy", EXAMPLE, request_only=True)],
        tags=["submissions"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Ask for a copy of a cleared output in another container, by lossless copy only: follow ``Location``.

        PCM, FLAC and ALAC are copied to the last bit, and the copy is signed for itself. What a lossy codec made is
        delivered in the container that it came in, and is never encoded again.
        """
        found = _own(request, id)
        caller_of(request).answer_for(found.submission.submitter_id, Verb.SUBMIT)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        ordered, created = once(
            CopyOrder.objects.all(),
            wanted["id"],
            same=lambda row: row.decision.submission_id == id and row.media_type == wanted["media_type"],
            create=lambda: copying.order(
                id=wanted["id"], submission_id=id, media_type=wanted["media_type"], at=timezone.now()
            ),
        )
        if created:
            # Committed; the message is a hint, and a sweep finds what it misses.
            tasks.ring_for(Job.Kind.COPY, ordered.pk)
        answer = Response(CopyOutput(describe(_one(request, id, ordered.pk), id)).data, status=202)
        answer["Location"] = f"/v1/submissions/{id}/copies/{ordered.pk}"
        return answer

    @extend_schema(operation_id="list_copies", responses=CopyOutput(many=True), tags=["submissions"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the copies that were asked for; oldest first, at most one for each container."""
        _own(request, id)
        return Response([CopyOutput(describe(one, id)).data for one in copying.ordered(id)])


class SubmissionCopy(APIView):
    """One copy."""

    scopes = SCOPES
    sees = {"id": Submission, "copy_id": CopyOrder}
    absent = copying.NoSuchCopy

    @extend_schema(operation_id="read_copy", responses=CopyOutput, tags=["submissions"])
    def get(self, request: Request, id: UUID, copy_id: UUID) -> Response:
        """Read what came of a copy that was asked for."""
        return Response(CopyOutput(describe(_one(request, id, copy_id), id)).data)


class SubmissionCopyFile(APIView):
    """The file of a copy."""

    scopes = SCOPES
    sees = {"id": Submission, "copy_id": CopyOrder}
    absent = copying.NoSuchCopy

    @extend_schema(
        operation_id="read_copy_file", responses={(200, "audio/*"): OpenApiTypes.BINARY}, tags=["submissions"]
    )
    def get(self, request: Request, id: UUID, copy_id: UUID) -> FileResponse:
        """Download the signed copy. Any later change to it, tags included, breaks the signature."""
        copy = _made(request, id, copy_id)
        return FileResponse(
            store.open(copy.newest.output_digest),
            content_type=copy.media_type,
            filename=f"{id}.{report.EXTENSIONS[copy.media_type]}",
            as_attachment=True,
        )


class SubmissionCopyManifest(APIView):
    """The manifest of a copy."""

    scopes = SCOPES
    sees = {"id": Submission, "copy_id": CopyOrder}
    absent = copying.NoSuchCopy

    @extend_schema(
        operation_id="read_copy_manifest",
        responses={(200, "application/c2pa"): OpenApiTypes.BINARY},
        tags=["submissions"],
    )
    def get(self, request: Request, id: UUID, copy_id: UUID) -> FileResponse:
        """Download the manifest store of a copy; beside an AIFF it is the only one."""
        copy = _made(request, id, copy_id)
        return FileResponse(
            store.open(copy.newest.manifest_digest),
            content_type="application/c2pa",
            filename=f"{id}.c2pa",
            as_attachment=True,
        )
