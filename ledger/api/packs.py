"""Evidence packs of records: ordered, made by a worker, and downloaded in parts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fingerprint import store
from ledger import packing, tasks
from ledger.access import Verb
from ledger.api.access import caller_of, client_of, seen_by
from ledger.api.fields import digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.models import Job, PackOrder, PackPart

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:read"}  # it shows what is there, and states nothing
EXAMPLE = {
    "id": "0192b7a0-0000-7000-8000-0000000000aa",
    "about": "run",
    "run": "0192b7a0-0000-7000-8000-0000000000ab",
}


class PackPartOutput(serializers.Serializer[PackPart]):
    """One archive."""

    number = serializers.IntegerField()
    digest = serializers.SerializerMethodField()
    size_bytes = serializers.IntegerField()
    entries = serializers.IntegerField()
    file = serializers.SerializerMethodField()

    def get_digest(self, row: PackPart) -> str:
        """Return the digest."""
        return str(digest(row.digest))

    def get_file(self, row: PackPart) -> str:
        """Return where it is."""
        return f"/v1/packs/{row.order_id}/parts/{row.pk}"


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Made",
            value={
                **EXAMPLE,
                "submission": None,
                "party": None,
                "from": None,
                "to": None,
                "state": "made",
                "ordered_at": "2026-03-01T12:00:00Z",
                "progress": {"entries": 214, "done": 214, "size_bytes": 1843200},
                "error": "",
                "parts": [
                    {
                        "number": 1,
                        "digest": f"sha256:{'0' * 64}",
                        "size_bytes": 1843200,
                        "entries": 214,
                        "file": f"/v1/packs/{EXAMPLE['id']}/parts/0192b7a0-0000-7000-8000-0000000000ac",
                    }
                ],
            },
        )
    ]
)
class PackOutput(serializers.Serializer[PackOrder]):
    """A pack that was ordered, and how far it has come."""

    id = serializers.UUIDField()
    about = serializers.ChoiceField(PackOrder.About.choices)
    submission = serializers.UUIDField(source="submission_id", allow_null=True)
    party = serializers.UUIDField(source="party_id", allow_null=True)
    run = serializers.UUIDField(source="run_id", allow_null=True)
    ordered_at = serializers.DateTimeField()

    def to_representation(self, instance: PackOrder) -> dict[str, Any]:
        """Add the period, whose fields are words of the language, and how it stands."""
        found = packing.standing(instance)
        return {
            **super().to_representation(instance),
            "from": instance.active_from and instance.active_from.isoformat(),
            "to": instance.active_to and instance.active_to.isoformat(),
            "state": found.state,
            "progress": {"entries": found.entries, "done": found.done, "size_bytes": found.size_bytes},
            "error": found.error,
            "parts": [PackPartOutput(part).data for part in found.parts],
        }


class PackOrderInput(serializers.Serializer[Any]):
    """What a pack is to be about: one of these."""

    id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
    about = serializers.ChoiceField(PackOrder.About.choices)
    submission = serializers.UUIDField(required=False)
    party = serializers.UUIDField(required=False)
    run = serializers.UUIDField(required=False)
    active_from = serializers.DateField(required=False, help_text="First day of a period, in UTC")
    active_to = serializers.DateField(required=False, help_text="The day after its last")
    against = serializers.CharField(
        required=False,
        max_length=20_000,
        trim_whitespace=False,
        help_text="An older checkpoint, as a signed note: the pack shows that the log extends it",
    )


class Packs(APIView):
    """Evidence packs."""

    scopes = SCOPES
    people = {"POST": tuple(Verb)}

    @extend_schema(
        operation_id="order_pack",
        request=PackOrderInput,
        responses={202: PackOutput},
        examples=[OpenApiExample("run", EXAMPLE, request_only=True)],
        tags=["log"],
    )
    def post(self, request: Request) -> Response:
        """
        Order an evidence pack about an output, a party, a royalty run or a period: follow ``Location``.

        It holds entries, the records they vouch for, proofs and a verifier of one file, and shows what the caller
        sees. At most 10,000 files and 1.5 GB lie in an archive; what is larger comes in parts, each of which can be
        checked by itself. Packs are kept for some days.
        """
        given = PackOrderInput(data=request.data)
        given.is_valid(raise_exception=True)
        said = given.validated_data
        wanted = packing.Wanted(
            said["about"],
            said.get("submission"),
            said.get("party"),
            said.get("run"),
            said.get("active_from"),
            said.get("active_to"),
        )
        against = said.get("against", "")
        row, created = once(
            PackOrder.objects.all(),
            said["id"],
            same=lambda row: (
                packing.wanted_of(row) == wanted
                and row.against == against
                and seen_by(request, PackOrder.objects.filter(pk=row.pk)).exists()
            ),
            create=lambda: packing.order(
                id=said["id"],
                wanted=wanted,
                sight=caller_of(request).sight,
                against=against,
                ordered_by_id=request.user.pk if client_of(request) is None else None,
                at=timezone.now(),
            ),
        )
        if created:
            # Committed; the message is a hint, and a sweep finds what it misses.
            tasks.ring_for(Job.Kind.PACK, row.pk)
        answer = Response(PackOutput(row).data, status=202)
        answer["Location"] = f"/v1/packs/{row.pk}"
        return answer

    @extend_schema(operation_id="list_packs", responses=Page.of(PackOutput), tags=["log"])
    def get(self, request: Request) -> Response:
        """List the packs that were ordered, of those that the caller sees all of; oldest first."""
        return page_of(PackOrder.objects.all(), "ordered_at", PackOutput, request)


class PackDetail(APIView):
    """One pack."""

    scopes = {"GET": "catalogue:read"}
    sees = {"id": PackOrder}
    absent = packing.NoSuchPack

    @extend_schema(operation_id="read_pack_order", responses=PackOutput, tags=["log"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read how far a pack has come, and where its parts are."""
        return Response(PackOutput(_order(request, id)).data)


class PackPartFile(APIView):
    """One archive of a pack."""

    scopes = {"GET": "catalogue:read"}
    sees = {"id": PackOrder, "part_id": PackPart}
    absent = packing.NoSuchPack

    @extend_schema(
        operation_id="download_pack_part",
        responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["log"],
    )
    def get(self, request: Request, id: UUID, part_id: UUID) -> FileResponse:
        """Download a part; ``verify.py`` in it, and ``ledger-verify``, check it offline."""
        return part_response(_order(request, id), part_id)


def part_response(row: PackOrder, part_id: UUID) -> FileResponse:
    """Answer with a part of a pack."""
    part = packing.part_of(row, part_id)
    return FileResponse(
        store.open(part.digest, alias=packing.ALIAS),
        content_type="application/zip",
        filename=packing.name_of(row, part.number),
        as_attachment=True,
    )


def _order(request: Request, id: UUID) -> PackOrder:
    row = seen_by(request, PackOrder.objects.filter(pk=id)).first()
    if row is None:
        raise packing.NoSuchPack
    found: PackOrder = row
    return found
