"""How recordings are described, what providers declare of training, and what is said about a version altogether."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import canonical, registration, tasks, transparency
from ledger.access import Verb
from ledger.api.access import caller_of, seen_by
from ledger.api.assets import SCOPES, keep
from ledger.api.fields import choices, digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.statements import summary, summary_paper
from ledger.transparency import Asked
from rights import describing, descriptions, training
from rights.models import Model, ModelVersion, Recording, RecordingDescription, TrainingStatement
from rights.vocabulary import LeadVoice

VERSION = {"id": Model, "version_id": ModelVersion}


class DescriptionOutput(serializers.Serializer[RecordingDescription]):
    """How somebody describes a recording."""

    id = serializers.UUIDField()
    recording = serializers.UUIDField(source="recording_id")
    describer = serializers.UUIDField(source="describer_id")
    genres = serializers.ListField(child=serializers.CharField())
    languages = serializers.ListField(child=serializers.CharField())
    regions = serializers.ListField(child=serializers.CharField())
    recorded_year = serializers.IntegerField(allow_null=True)
    lead_voice = serializers.CharField(help_text="Empty: not said")
    recorded_at = serializers.DateTimeField()


class RecordingDescriptions(APIView):
    """How a recording is described: what coverage is counted by."""

    scopes = SCOPES
    sees = {"id": Recording}

    @extend_schema_serializer(
        component_name="RecordingDescription",
        examples=[
            OpenApiExample(
                "A song",
                value={
                    "id": "0d3b1a54-3c54-4b8e-9a37-0f0b6f1d9a11",
                    "describer": "7f0c2e8e-6f0e-4a6e-8d53-0a1d3b3f5c22",
                    "genres": ["country", "folk"],
                    "languages": ["en"],
                    "regions": ["US"],
                    "recorded_year": 1998,
                    "lead_voice": "female",
                },
                request_only=True,
            )
        ],
    )
    class Input(serializers.Serializer[Any]):
        """What a holder says of a recording; whatever is left out is not known."""

        id = serializers.UUIDField()
        describer = serializers.UUIDField(help_text="Whoever registered the recording or holds a share in it")
        genres = serializers.ListField(
            child=serializers.CharField(max_length=60), required=False, default=list, max_length=describing.MOST
        )
        languages = serializers.ListField(
            child=serializers.CharField(max_length=35),
            required=False,
            default=list,
            max_length=describing.MOST,
            help_text="BCP 47, of what is sung; zxx where no words are",
        )
        regions = serializers.ListField(
            child=serializers.CharField(max_length=6),
            required=False,
            default=list,
            max_length=describing.MOST,
            help_text="Countries (ISO 3166-1) or TIS territories",
        )
        recorded_year = serializers.IntegerField(
            required=False, allow_null=True, default=None, min_value=describing.YEARS[0], max_value=describing.YEARS[1]
        )
        lead_voice = serializers.ChoiceField(
            choices=choices(LeadVoice),
            required=False,
            allow_null=True,
            default=None,
            help_text="As the holder describes it, and never heard out of audio; none where it is instrumental",
        )

    @extend_schema(
        operation_id="describe_recording", request=Input, responses={201: DescriptionOutput}, tags=["catalogue"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Register how a holder describes a recording. It takes the place of what the same holder said before."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller = caller_of(request)
        caller.answer_for(data["describer"], Verb.REGISTER)
        said = describing.description(
            genres=data["genres"],
            languages=data["languages"],
            regions=data["regions"],
            recorded_year=data["recorded_year"],
            lead_voice=LeadVoice(data["lead_voice"]) if data["lead_voice"] else None,
        )

        def same(found: RecordingDescription) -> bool:
            known = (found.recording_id, found.describer_id, descriptions.said_in(found))
            return known == (id, data["describer"], said)

        row, created = once(
            seen_by(request, RecordingDescription.objects.all()),
            data["id"],
            same=same,
            create=lambda: registration.describe_recording(
                id=data["id"],
                recording_id=id,
                describer_id=data["describer"],
                said=said,
                registrar_id=caller.registrar(Verb.REGISTER, party_id=data["describer"]),
                at=timezone.now(),
            ),
        )
        return Response(DescriptionOutput(row).data, status=201 if created else 200)

    @extend_schema(operation_id="list_recording_descriptions", responses=Page.of(DescriptionOutput), tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:
        """List how a recording was described, oldest first; the newest of each describer stands."""
        rows = RecordingDescription.objects.filter(recording=id)
        return page_of(rows, "recorded_at", DescriptionOutput, request)


class TrainingStatementOutput(serializers.Serializer[TrainingStatement]):
    """What a provider declares of the training of a version."""

    id = serializers.UUIDField()
    model_version = serializers.UUIDField(source="model_version_id")
    stated_by = serializers.UUIDField(source="stated_by_id")
    number = serializers.IntegerField(help_text="The version of the summary; the highest stands")
    digest = serializers.SerializerMethodField()
    document = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    def get_digest(self, row: TrainingStatement) -> str | None:
        """Return the digest of the canonical document."""
        return digest(row.digest)

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "object"}})
    def get_document(self, row: TrainingStatement) -> Any:
        """Return every question with its answer."""
        return json.loads(row.document)


class TrainingStatements(APIView):
    """What a provider declares of the training of a version: the template's questions that the record cannot answer."""

    scopes = SCOPES
    sees = VERSION

    @extend_schema_serializer(
        component_name="TrainingStatement",
        examples=[
            OpenApiExample(
                "A model trained on what labels licensed",
                value={"id": "5b0f6f0e-52a5-44d4-9df4-0b6d7f8a9c33", "document": training.EXAMPLE},
                request_only=True,
            )
        ],
    )
    class Input(serializers.Serializer[Any]):
        """The answers, section by section."""

        id = serializers.UUIDField()
        document = serializers.JSONField(
            help_text="Section → question → answer: "
            + "; ".join(f"{one.key} ({one.kind})" for one in training.QUESTIONS)
        )

    @extend_schema(
        operation_id="state_training", request=Input, responses={201: TrainingStatementOutput}, tags=["catalogue"]
    )
    def post(self, request: Request, id: UUID, version_id: UUID) -> Response:
        """
        Register what the provider declares about a version, for the public summary of its training content.

        It answers the Commission's template of 24 July 2025 (AI Act art. 53(1)(d)). A later one takes its place.
        """
        version = get_object_or_404(ModelVersion.objects.select_related("model"), pk=version_id, model=id)
        keep(caller_of(request), version.model)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        document = training.read(given.validated_data["document"])
        body = canonical.encode(document).decode()
        row, created = once(
            seen_by(request, TrainingStatement.objects.all()),
            given.validated_data["id"],
            same=lambda found: (found.model_version_id, found.document) == (version_id, body),
            create=lambda: registration.state_training(
                id=given.validated_data["id"],
                model_version_id=version_id,
                stated_by_id=version.model.provider_id,
                document=document,
                at=timezone.now(),
            ),
        )
        return Response(TrainingStatementOutput(row).data, status=201 if created else 200)

    @extend_schema(
        operation_id="list_training_statements", responses=Page.of(TrainingStatementOutput), tags=["catalogue"]
    )
    def get(self, request: Request, id: UUID, version_id: UUID) -> Response:
        """List what was declared of a version, oldest first; the last one stands."""
        get_object_or_404(ModelVersion, pk=version_id, model=id)
        rows = TrainingStatement.objects.filter(model_version=version_id)
        return page_of(rows, "recorded_at", TrainingStatementOutput, request)


class When(serializers.Serializer[Any]):
    """As at which day, and as known when."""

    at = serializers.DateField(required=False, help_text="As at which day; without it, today")
    known_at = serializers.DateTimeField(required=False, help_text="As known at which moment; without it, now")


IN_MEMORY = 4 * 1024 * 1024  # of a table that is written before it is handed out; what is more lies on the disk


def asked_of(request: Request | HttpRequest, version: ModelVersion, given: Any) -> Asked:
    """
    Return what is asked about a version.

    :raises AsksTheFuture: the moment lies ahead
    :raises NotKnownThen: the version was registered later
    """
    when = When(data={name: given[name] for name in ("at", "known_at") if given.get(name)})
    when.is_valid(raise_exception=True)
    valid_at: date | None = when.validated_data.get("at")
    known_at: datetime | None = when.validated_data.get("known_at")
    return transparency.ask(version, caller_of(request).sight, valid_at=valid_at, known_at=known_at, at=timezone.now())


def _version(request: Request, id: UUID, version_id: UUID) -> Asked:
    rows = ModelVersion.objects.select_related("model__provider__identity", "dataset__keeper__identity", "retirement")
    return asked_of(request, get_object_or_404(rows, pk=version_id, model=id), request.query_params)


def _summed_up(request: Request, id: UUID, version_id: UUID) -> summary.Summary:
    asked = _version(request, id, version_id)
    return transparency.summed_up(asked, order=tasks.sum_up_training.delay)


def handed_out(body: bytes | Iterable[str], media_type: str, name: str) -> HttpResponse | StreamingHttpResponse:
    """Return a file to keep. What comes line by line is written whole first: names in it may turn out not to open."""
    answer: HttpResponse | StreamingHttpResponse
    if isinstance(body, bytes):
        answer = HttpResponse(body, content_type=media_type)
    else:
        written = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by the response
        try:
            for line in body:
                written.write(line.encode())
        except BaseException:
            written.close()
            raise
        written.seek(0)
        answer = FileResponse(written, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class TrainingSummaryOutput(serializers.Serializer[Any]):
    """What is said about the training of a version: declared, on record, and where the two do not agree."""

    model_version = serializers.UUIDField()
    model = serializers.UUIDField()
    name = serializers.CharField()
    provider = serializers.CharField()
    valid_at = serializers.DateField()
    known_at = serializers.DateTimeField()
    template = serializers.CharField()
    trained_from = serializers.DateField(allow_null=True)
    trained_to = serializers.DateField(allow_null=True)
    retired_on = serializers.DateField(allow_null=True)
    dataset = serializers.JSONField(help_text="Its digest, its members as far as they are seen; null without one")
    moments = serializers.ListField(
        child=serializers.JSONField(), help_text="When it was frozen, when training began and ended, and now: answers"
    )
    withdrawn_since = serializers.IntegerField(help_text="Members that could be trained on, and cannot any more")
    refused_in_training = serializers.IntegerField()
    licenses = serializers.ListField(child=serializers.JSONField())
    exclusions = serializers.ListField(child=serializers.JSONField())
    statement = serializers.JSONField(help_text="What the provider declares; null where nothing is")
    contradictions = serializers.ListField(child=serializers.JSONField())
    sections = serializers.ListField(child=serializers.JSONField(), help_text="In the template's numbering")
    coverage = serializers.JSONField(help_text="Counts, durations and what they are compared with, by dimension")
    entries = serializers.ListField(child=serializers.JSONField())
    checkpoint = serializers.JSONField()


WHEN = [
    OpenApiParameter("at", OpenApiTypes.DATE, description="As at which day; without it, today"),
    OpenApiParameter("known_at", OpenApiTypes.DATETIME, description="As known at which moment; without it, now"),
]


class TrainingSummary(APIView):
    """The public summary of a version's training content."""

    scopes = SCOPES
    sees = VERSION

    @extend_schema(
        operation_id="read_training_summary", parameters=WHEN, responses=TrainingSummaryOutput, tags=["catalogue"]
    )
    def get(self, request: Request, id: UUID, version_id: UUID) -> Response:
        """
        Read what a version was trained on, under what, what was left out, and what its provider declares.

        Figures are of the members that are yours to see.
        """
        return Response(summary.data(_summed_up(request, id, version_id)))


class TrainingSummaryPaper(APIView):
    """The summary on paper."""

    scopes = SCOPES
    sees = VERSION

    @extend_schema(
        operation_id="read_training_summary_pdf",
        parameters=WHEN,
        responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["catalogue"],
    )
    def get(self, request: Request, id: UUID, version_id: UUID) -> HttpResponse | StreamingHttpResponse:
        """Read the summary as PDF, in the sections and the numbering of the Commission's template."""
        found = _summed_up(request, id, version_id)
        return handed_out(summary_paper.pdf(found), "application/pdf", f"training-{version_id}.pdf")


class TrainingSummaryMembers(APIView):
    """The members of a version's dataset with their licenses."""

    scopes = SCOPES
    sees = VERSION

    @extend_schema(
        operation_id="read_training_members_csv",
        parameters=WHEN,
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
        tags=["catalogue"],
    )
    def get(self, request: Request, id: UUID, version_id: UUID) -> HttpResponse | StreamingHttpResponse:
        """Read each member as a line of CSV: its license, and what was answered at each moment."""
        lines = transparency.members(_version(request, id, version_id))
        return handed_out(summary.table(lines), "text/csv; charset=utf-8", f"training-{version_id}.csv")


class IndexCoverageOutput(serializers.Serializer[Any]):
    """What the index of references covers of the catalogue, and how often it stopped what it should not have."""

    known_at = serializers.DateTimeField()
    coverage = serializers.JSONField()
    flagged = serializers.IntegerField(help_text="Recordings that outputs were stopped or held for, once an output")
    judged = serializers.IntegerField()
    wrong = serializers.IntegerField()
    flags = serializers.JSONField(help_text="By dimension and group; no interval where fewer than ten were judged")


class IndexCoverage(APIView):
    """What is compared with (CHK-7)."""

    scopes = SCOPES

    @extend_schema(
        operation_id="read_index_coverage", parameters=WHEN[1:], responses=IndexCoverageOutput, tags=["catalogue"]
    )
    def get(self, request: Request) -> Response:
        """Read the coverage of the index of references by genre, language, region, era and lead voice."""
        when = When(data={"known_at": given} if (given := request.query_params.get("known_at")) else {})
        when.is_valid(raise_exception=True)
        found = transparency.index_summed_up(
            caller_of(request).sight,
            known_at=when.validated_data.get("known_at"),
            at=timezone.now(),
            order=tasks.count_index.delay,
        )
        return Response(
            {
                "known_at": found.known_at,
                "coverage": summary.coverage_data(found.index, found.catalogue, found.compared_with),
                "flagged": found.flagged,
                "judged": found.judged,
                "wrong": found.wrong,
                "flags": summary.flags_data(found.flags),
            }
        )
