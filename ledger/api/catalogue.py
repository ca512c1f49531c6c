"""Works, recordings and shares: register them, read them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fingerprint import store
from ledger import registration
from ledger.api.fields import AssetInput, FractionField, asset_of, digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.api.parsing import BoundedJSONParser
from ledger.api.uploads import TakesUploads
from rights.identifiers import isrc as canonical_isrc
from rights.identifiers import iswc as canonical_iswc
from rights.models import Recording, Share, Work
from rights.vocabulary import RightType

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}


def _choices(enum: Any) -> list[tuple[str, str]]:
    return [(member.value, member.value) for member in enum]


class WorkOutput(serializers.Serializer[Work]):
    """A work."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    iswc = serializers.CharField(allow_null=True)
    registered_at = serializers.DateTimeField()


class Works(APIView):
    """Compositions: the publishing side."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Work")
    class Input(serializers.Serializer[Any]):
        """A work to register."""

        id = serializers.UUIDField()
        title = serializers.CharField(max_length=300)
        iswc = serializers.CharField(max_length=20, required=False, allow_null=True, default=None)

    @extend_schema(operation_id="register_work", request=Input, responses={201: WorkOutput}, tags=["catalogue"])
    def post(self, request: Request) -> Response:
        """Register a composition."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        iswc = canonical_iswc(data["iswc"]) if data["iswc"] else None
        work, created = once(
            Work.objects.all(),
            data["id"],
            same=lambda found: (found.title, found.iswc) == (data["title"], iswc),
            create=lambda: registration.register_work(**data, at=timezone.now()),
        )
        return Response(WorkOutput(work).data, status=201 if created else 200)

    @extend_schema(operation_id="list_works", responses=Page.of(WorkOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List works, oldest first."""
        return page_of(Work.objects.all(), "registered_at", WorkOutput, request)


class RecordingOutput(serializers.Serializer[Recording]):
    """A recording."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    isrc = serializers.CharField(allow_null=True)
    works = serializers.SerializerMethodField()
    audio = serializers.SerializerMethodField(help_text="Digest of the registered audio, if there is some")
    registered_at = serializers.DateTimeField()

    def get_works(self, recording: Recording) -> list[UUID]:
        """Return the ids of the works in it."""
        return sorted((link.work_id for link in recording.work_links.all()), key=str)

    def get_audio(self, recording: Recording) -> str | None:
        """Return the digest of its audio."""
        return digest(recording.reference.audio_id) if recording.reference else None


class Recordings(TakesUploads):
    """Recordings: the master side, and what outputs are compared with."""

    scopes = SCOPES
    parser_classes = [MultiPartParser, BoundedJSONParser]

    @extend_schema_serializer(component_name="Recording")
    class Input(serializers.Serializer[Any]):
        """A recording to register; with ``audio`` it is compared with from then on."""

        id = serializers.UUIDField()
        title = serializers.CharField(max_length=300)
        isrc = serializers.CharField(max_length=20, required=False, allow_null=True, default=None)
        works = serializers.ListField(child=serializers.UUIDField(), required=False, default=list, max_length=100)
        audio = serializers.FileField(required=False, allow_empty_file=True)

    @extend_schema(
        operation_id="register_recording", request=Input, responses={201: RecordingOutput}, tags=["catalogue"]
    )
    def post(self, request: Request) -> Response:
        """Register a recording with the works that are in it and, if at hand, its audio (WAV, MP3, FLAC, M4A, OGG)."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        isrc = canonical_isrc(data["isrc"]) if data["isrc"] else None
        upload = data.get("audio")
        path = Path(upload.temporary_file_path()) if upload else None
        audio_digest = store.digest_of(path) if path else None

        def same(found: Recording) -> bool:
            known = found.reference.audio_id if found.reference else None
            works = {link.work_id for link in found.work_links.all()}
            wanted = (data["title"], isrc, set(data["works"]), audio_digest)
            return (found.title, found.isrc, works, known) == wanted

        recording, created = once(
            Recording.objects.select_related("reference").prefetch_related("work_links"),
            data["id"],
            same=same,
            create=lambda: registration.register_recording(
                id=data["id"],
                title=data["title"],
                isrc=data["isrc"],
                work_ids=data["works"],
                audio_path=path,
                media_type=upload.content_type if upload else None,
                at=timezone.now(),
            ),
        )
        return Response(RecordingOutput(recording).data, status=201 if created else 200)

    @extend_schema(operation_id="list_recordings", responses=Page.of(RecordingOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List recordings, oldest first."""
        recordings = Recording.objects.select_related("reference").prefetch_related("work_links")
        return page_of(recordings, "registered_at", RecordingOutput, request)


class RecordingDetail(APIView):
    """One recording."""

    scopes = SCOPES

    @extend_schema(operation_id="read_recording", responses=RecordingOutput, tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """Read a recording."""
        return Response(RecordingOutput(get_object_or_404(Recording, pk=id)).data)


class ShareOutput(serializers.Serializer[Share]):
    """A share."""

    id = serializers.UUIDField()
    recording = serializers.UUIDField(source="recording_id", allow_null=True)
    work = serializers.UUIDField(source="work_id", allow_null=True)
    party = serializers.UUIDField(source="party_id")
    right_type = serializers.CharField()
    part = serializers.SerializerMethodField()
    territories = serializers.ListField(child=serializers.CharField())
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True)

    def get_part(self, share: Share) -> str:
        """Return the exact fraction."""
        return f"{share.numerator}/{share.denominator}"


class Shares(APIView):
    """Who holds which part of which right."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Share")
    class Input(AssetInput):
        """A share to register."""

        id = serializers.UUIDField()
        party = serializers.UUIDField()
        right_type = serializers.ChoiceField(_choices(RightType), default=RightType.AI_OUTPUT.value)
        part = FractionField()
        territories = serializers.ListField(child=serializers.CharField(max_length=6), min_length=1, max_length=300)
        active_from = serializers.DateField()
        active_to = serializers.DateField(required=False, allow_null=True, default=None)

    @extend_schema(operation_id="register_share", request=Input, responses={201: ShareOutput}, tags=["catalogue"])
    def post(self, request: Request) -> Response:
        """Register a share: an exact fraction of a right in one recording or work, for territories and a period."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        asset = asset_of(data)
        facts = {
            "party_id": data["party"],
            "right_type": data["right_type"],
            "territories": data["territories"],
            "active_from": data["active_from"],
            "active_to": data["active_to"],
        }

        def same(found: Share) -> bool:
            part = Fraction(found.numerator, found.denominator)
            mine = (found.recording_id, found.work_id, part)
            return mine == (asset.recording_id, asset.work_id, data["part"]) and all(
                getattr(found, name) == value for name, value in facts.items()
            )

        share, created = once(
            Share.objects.all(),
            data["id"],
            same=same,
            create=lambda: registration.register_share(
                id=data["id"], asset=asset, part=data["part"], at=timezone.now(), **facts
            ),
        )
        return Response(ShareOutput(share).data, status=201 if created else 200)

    @extend_schema(operation_id="list_shares", responses=Page.of(ShareOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List shares, oldest first."""
        return page_of(Share.objects.all(), "recorded_at", ShareOutput, request)
