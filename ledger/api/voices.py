"""What voices are recognized by: enrolling, listing, ending. What a template holds is never answered."""

from __future__ import annotations

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
from fingerprint.voices import CURRENT, MOST_CLIPS
from ledger import voices
from ledger.access import Caller, NotYourParty, Verb, may_keep
from ledger.api.access import caller_of, seen_by
from ledger.api.fields import digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.api.uploads import ClipsUpload, TakesUploads
from ledger.voices import Clip
from rights.models import Voice, VoiceEnrollment, VoiceEnrollmentEnd

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}


class EnrollmentEndOutput(serializers.Serializer[VoiceEnrollmentEnd]):
    """That a voice is recognized by an enrollment no longer; its template is destroyed."""

    id = serializers.UUIDField()
    enrollment = serializers.UUIDField(source="enrollment_id")
    kind = serializers.CharField(help_text="withdrawal, erasure or replaced")
    successor = serializers.UUIDField(source="successor_id", allow_null=True)
    recorded_at = serializers.DateTimeField()


class VoiceEnrollmentOutput(serializers.Serializer[VoiceEnrollment]):
    """That a voice is recognized from now on, and the consent that allows it."""

    id = serializers.UUIDField()
    voice = serializers.UUIDField(source="voice_id")
    consent = serializers.UUIDField(source="consent_id")
    algorithm = serializers.CharField(
        help_text=f"The encoder. One older than `{CURRENT.encoder}` finds fewer clones: then enroll the voice anew"
    )
    clips = serializers.SerializerMethodField(help_text="sha256:… of the files that it was made from; none is kept")
    voiced_ms = serializers.IntegerField(help_text="How much voice it rests on")
    enrolled_at = serializers.DateTimeField()
    end = EnrollmentEndOutput(allow_null=True, default=None)

    def get_clips(self, row: VoiceEnrollment) -> list[str | None]:
        """Return the digests of the clips."""
        return [digest(one) for one in row.clip_digests]


def owns(caller: Caller, voice: Voice) -> None:
    """
    Check that the caller may say what a voice is recognized by: its person, or whoever registered it.

    :raises NotYourParty: it is neither
    """
    if not may_keep(caller, voice):
        raise NotYourParty


class VoiceEnrollments(TakesUploads):
    """What a voice is recognized by."""

    scopes = SCOPES
    sees = {"id": Voice}
    parser_classes = [MultiPartParser]
    upload_handler = ClipsUpload

    @extend_schema_serializer(component_name="VoiceEnrollment")
    class Input(serializers.Serializer[Any]):
        """Clips of the voice alone, together five seconds of it or more; thirty from several days are better."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        clips = serializers.ListField(
            child=serializers.FileField(allow_empty_file=True),
            min_length=1,
            max_length=MOST_CLIPS,
            help_text="WAV, AIFF, MP3, FLAC, M4A or OGG; listened to and not kept",
        )
        replaces = serializers.UUIDField(
            required=False, allow_null=True, default=None, help_text="An enrollment that ends with this one"
        )

    @extend_schema(
        operation_id="enroll_voice", request=Input, responses={201: VoiceEnrollmentOutput}, tags=["catalogue"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Enroll a voice, so that it is recognized in what is submitted from now on.

        Only under a consent of the person to the use ``identify`` of this voice, in force today. The answer comes when
        the clips were listened to.
        """
        caller = caller_of(request)
        owns(caller, get_object_or_404(Voice, pk=id))
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        clips = [Clip(Path(one.temporary_file_path()), one.content_type) for one in data["clips"]]
        wanted = (id, [store.digest_of(clip.path) for clip in clips], data["replaces"])

        def same(found: VoiceEnrollment) -> bool:
            replaced = getattr(found, "predecessor", None)
            return (found.voice_id, found.clip_digests, replaced.enrollment_id if replaced else None) == wanted

        enrollment, created = once(
            seen_by(request, VoiceEnrollment.objects.select_related("end", "predecessor")),
            data["id"],
            same=same,
            create=lambda: voices.enroll(
                id=data["id"],
                voice_id=id,
                clips=clips,
                replaces_id=data["replaces"],
                registrar_id=caller.registrar(Verb.REGISTER),
                at=timezone.now(),
            ),
        )
        return Response(VoiceEnrollmentOutput(enrollment).data, status=201 if created else 200)

    @extend_schema(operation_id="list_voice_enrollments", responses=Page.of(VoiceEnrollmentOutput), tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:
        """List what a voice is and was recognized by, oldest first."""
        rows = VoiceEnrollment.objects.filter(voice=id).select_related("end")
        return page_of(rows, "enrolled_at", VoiceEnrollmentOutput, request)


class VoiceEnrollmentEnds(APIView):
    """Ends of enrollments."""

    scopes = SCOPES
    sees = {"id": VoiceEnrollment}
    absent = voices.NoSuchEnrollment

    @extend_schema_serializer(component_name="EnrollmentEnding")
    class Input(serializers.Serializer[Any]):
        """The end of an enrollment."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")

    @extend_schema(
        operation_id="end_enrollment", request=Input, responses={201: EnrollmentEndOutput}, tags=["catalogue"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        End an enrollment: its template is destroyed at once, and the voice is not recognized by it any more.

        Whoever may enroll the voice may end it, and its person always.
        """
        caller = caller_of(request)
        enrollment = VoiceEnrollment.objects.filter(pk=id).select_related("voice").first()
        if enrollment is None:
            raise voices.NoSuchEnrollment
        if not caller.acts_for(enrollment.voice.person_id, Verb.CONSENT):
            owns(caller, enrollment.voice)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        ended, created = once(
            seen_by(request, VoiceEnrollmentEnd.objects.all()),
            given.validated_data["id"],
            same=lambda found: found.enrollment_id == id,
            create=lambda: voices.end(id=given.validated_data["id"], enrollment_id=id, at=timezone.now()),
        )
        return Response(EnrollmentEndOutput(ended).data, status=201 if created else 200)
