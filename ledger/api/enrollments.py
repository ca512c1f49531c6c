"""Enrollments: name a folder of audio, follow it, get back what failed and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import enrolling, tasks
from ledger.access import Verb
from ledger.api import access
from ledger.api.access import caller_of, seen_by
from ledger.api.fields import digest
from ledger.api.once import OtherContent
from ledger.api.paging import Page, page_of
from ledger.api.parsing import BoundedJSONParser
from ledger.api.uploads import ImportUpload, TakesUploads
from ledger.models import Enrollment, EnrollmentFile, Job

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}
STATES = [(state, state) for state in ("listing", "enrolling", "done", "failed")]
RESULTS = [("", "waiting"), *EnrollmentFile.Result.choices]


def _enrollments() -> QuerySet[Enrollment]:
    return Enrollment.objects.select_related("progress")


def _enrollment(request: Request, id: UUID) -> Enrollment:
    found: Enrollment = get_object_or_404(seen_by(request, _enrollments()), pk=id)
    return found


class EnrollmentProgressOutput(serializers.Serializer[enrolling.Status]):
    """How far an enrollment has come."""

    percent = serializers.IntegerField()
    files = serializers.IntegerField()
    waiting = serializers.IntegerField()
    enrolled = serializers.IntegerField(help_text="Became references, each with an entry in the log")
    known = serializers.IntegerField(help_text="The same bytes were the recording's before")
    failed = serializers.IntegerField()
    passed_over = serializers.IntegerField(help_text="Files that are no audio by their names")
    error = serializers.CharField(help_text="Why a job was given up, as a class of errors")


class EnrollmentOutput(serializers.Serializer[Enrollment]):
    """An enrollment."""

    id = serializers.UUIDField()
    store = serializers.CharField()
    folder = serializers.CharField()
    mapping = serializers.SerializerMethodField()
    only_named = serializers.BooleanField(source="is_only_named")
    received_at = serializers.DateTimeField()
    state = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()

    def get_mapping(self, enrollment: Enrollment) -> str | None:
        """Return the digest of the mapping."""
        return digest(enrollment.mapping_digest) if enrollment.mapping_digest else None

    @extend_schema_field(serializers.ChoiceField(STATES))
    def get_state(self, enrollment: Enrollment) -> str:
        """Return what it has come to."""
        return enrolling.status_of(enrollment).state

    @extend_schema_field(EnrollmentProgressOutput)
    def get_progress(self, enrollment: Enrollment) -> dict[str, Any]:
        """Return how far it has come."""
        return dict(EnrollmentProgressOutput(enrolling.status_of(enrollment)).data)


class EnrollmentRow(serializers.Serializer[Enrollment]):
    """An enrollment in a list."""

    id = serializers.UUIDField()
    store = serializers.CharField()
    folder = serializers.CharField()
    received_at = serializers.DateTimeField()


class Enrollments(TakesUploads):
    """Folders of audio."""

    scopes = SCOPES
    parser_classes = [MultiPartParser, BoundedJSONParser]
    upload_handler = ImportUpload

    @extend_schema_serializer(component_name="Enrollment")
    class Input(serializers.Serializer[Any]):
        """A folder to enroll, in one of the stores that the operator set up."""

        id = serializers.UUIDField()
        store = serializers.CharField(max_length=48, default="catalogue")
        folder = serializers.CharField(max_length=1000, help_text="Begins with the id of your organization")
        mapping = serializers.FileField(
            required=False, help_text="CSV: file, and recording, isrc, or register with title and isrc"
        )
        only_named = serializers.BooleanField(default=False, help_text="Leave alone what the mapping does not name")

    @extend_schema(operation_id="enroll_folder", request=Input, responses={202: EnrollmentOutput}, tags=["imports"])
    def post(self, request: Request) -> Response:
        """
        Enroll a folder of audio. Which recording a file is of is said by the mapping, or by the one ISRC in its name
        or tags; whatever is not told is not enrolled, and stands in the problems.
        """
        party_id = access.party_of(request)
        caller_of(request).answer_for(party_id, Verb.IMPORT)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        if not data["store"]:  # a folder of the machine is named at the machine
            raise enrolling.NoSuchStore
        if Enrollment.objects.filter(pk=data["id"]).exclude(organization=party_id).exists():
            raise OtherContent
        opened = enrolling.enroll_folder(
            id=data["id"],
            organization_id=party_id,
            store_alias=data["store"],
            folder=data["folder"],
            mapping=Path(data["mapping"].temporary_file_path()) if "mapping" in data else None,
            is_only_named=data["only_named"],
            at=timezone.now(),
        )
        if opened.is_new:
            tasks.ring_for(Job.Kind.LIST, opened.enrollment.pk)
        elif (opened.enrollment.store, opened.enrollment.folder) != (data["store"], data["folder"].strip("/")):
            raise OtherContent
        output = EnrollmentOutput(_enrollment(request, opened.enrollment.pk))
        return Response(output.data, status=202 if opened.is_new else 200)

    @extend_schema(operation_id="list_enrollments", responses=Page.of(EnrollmentRow), tags=["imports"])
    def get(self, request: Request) -> Response:
        """List enrollments, oldest first."""
        return page_of(_enrollments(), "received_at", EnrollmentRow, request)


class EnrollmentDetail(APIView):
    """One enrollment."""

    scopes = SCOPES
    sees = {"id": Enrollment}

    @extend_schema(operation_id="read_enrollment", responses=EnrollmentOutput, tags=["imports"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read how far an enrollment has come."""
        return Response(EnrollmentOutput(_enrollment(request, id)).data)


class EnrolledFileOutput(serializers.Serializer[EnrollmentFile]):
    """A file of an enrollment, and what came of it."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    result = serializers.ChoiceField(RESULTS)
    recording = serializers.UUIDField(source="recording_id", allow_null=True)
    audio = serializers.SerializerMethodField()
    field = serializers.CharField()
    code = serializers.CharField()
    problem = serializers.CharField(source="sentence")

    def get_audio(self, file: EnrollmentFile) -> str | None:
        """Return the digest of its bytes."""
        return digest(file.audio_digest) if file.audio_digest else None


class EnrollmentFiles(APIView):
    """The files of an enrollment."""

    scopes = SCOPES
    sees = {"id": Enrollment}

    @extend_schema(operation_id="list_enrolled_files", responses=Page.of(EnrolledFileOutput), tags=["imports"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the files of an enrollment with what came of each."""
        return page_of(_enrollment(request, id).files.all(), "id", EnrolledFileOutput, request)


class EnrollmentProblemsSheet(APIView):
    """The files that were not enrolled."""

    scopes = SCOPES
    sees = {"id": Enrollment}

    @extend_schema(
        operation_id="download_enrollment_problems",
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["imports"],
    )
    def get(self, request: Request, id: UUID) -> StreamingHttpResponse:
        """Download the files that were not enrolled, with the reasons: corrected, it is the next mapping."""
        return csv_of(_enrollment(request, id))


def csv_of(enrollment: Enrollment) -> StreamingHttpResponse:
    """Return what failed, as a download."""
    answer = StreamingHttpResponse(enrolling.problems_csv(enrollment), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="problems-{enrollment.pk}.csv"'
    return answer


class EnrollmentRetryings(APIView):
    """Trying again what was given up."""

    scopes = SCOPES
    sees = {"id": Enrollment}

    @extend_schema(operation_id="retry_enrollment", request=None, responses={202: EnrollmentOutput}, tags=["imports"])
    def post(self, request: Request, id: UUID) -> Response:
        """Put what was given up back into the queue: the store or the database was away. Files that failed stay so."""
        enrollment = _enrollment(request, id)
        caller_of(request).answer_for(enrollment.organization_id, Verb.IMPORT)
        for kind, subject_id in enrolling.ask_again(enrollment_id=enrollment.pk, at=timezone.now()):
            tasks.ring_for(kind, subject_id)
        return Response(EnrollmentOutput(_enrollment(request, id)).data, status=202)
