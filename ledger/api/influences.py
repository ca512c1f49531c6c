"""What attribution providers say went into an output, who objects, and whether anybody says a machine made it."""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import advising, influencing, report
from ledger.access import NotYourParty, Verb
from ledger.api.access import caller_of, party_of, seen_by
from ledger.api.fields import AnyAssetInput, DigestField, FractionField, asset_named, asset_of, digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.clearance import NoSuchSubmission
from ledger.influencing import Report, Weight
from rights.models import Influence, InfluenceObjection, InfluenceWeight, Party, Submission
from royalties import attributions

SCOPES = {"GET": "influences:read", "POST": "influences:write"}


class WeightInput(AnyAssetInput):
    """One asset, and which part of its side it is said to have."""

    part = FractionField(
        help_text="Of the masters (recordings, stems), of the publishing (works, lyrics), or of voices"
    )


class ObjectionOutput(serializers.Serializer[InfluenceObjection]):
    """That somebody says the report is wrong."""

    id = serializers.UUIDField()
    party = serializers.UUIDField(source="party_id")
    reason = serializers.CharField()
    evidence = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    def get_evidence(self, row: InfluenceObjection) -> str | None:
        """Return the digest."""
        return digest(row.evidence_digest)


class InfluenceOutput(serializers.Serializer[Any]):
    """One provider's report, beside which others may stand."""

    id = serializers.UUIDField()
    submission = serializers.UUIDField(source="submission_id")
    provider = serializers.UUIDField(source="provider_id")
    stated_by = serializers.UUIDField(source="stated_by_id")
    method = serializers.CharField()
    version = serializers.CharField()
    confidence = serializers.SerializerMethodField(help_text="An exact fraction, as the provider says")
    report = serializers.SerializerMethodField(help_text="sha256:… of the provider's own document")
    weights = serializers.SerializerMethodField(help_text="Those of your assets, or all of them of your own outputs")
    objections = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    def get_confidence(self, row: Influence) -> str:
        """Return the fraction."""
        return _written(row.confidence_numerator, row.confidence_denominator)

    def get_report(self, row: Influence) -> str | None:
        """Return the digest."""
        return digest(row.report_digest)

    def get_weights(self, row: Influence) -> list[dict[str, str]]:
        """Return what is weighed, as far as it is seen."""
        weights = seen_by(self.context["request"], InfluenceWeight.objects.filter(influence=row)).order_by("id")
        return [asset_named(one) | {"part": _written(one.numerator, one.denominator)} for one in weights]

    def get_objections(self, row: Influence) -> list[dict[str, Any]]:
        """Return who objects."""
        return [dict(ObjectionOutput(one).data) for one in row.objections.order_by("recorded_at", "id")]


def _written(numerator: int, denominator: int) -> str:
    part = Fraction(numerator, denominator)
    return f"{part.numerator}/{part.denominator}"


class SubmissionInfluences(APIView):
    """Reports about one output."""

    scopes = SCOPES
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema_serializer(component_name="Influence")
    class Input(serializers.Serializer[Any]):
        """What a provider says went into an output."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        provider = serializers.UUIDField(help_text="Party id of the attribution provider")
        method = serializers.CharField(max_length=120)
        version = serializers.CharField(max_length=60)
        confidence = FractionField(help_text="How sure the provider is of the report, from 0 to 1")
        report = DigestField(help_text="SHA-256 of the provider's own document")
        weights = WeightInput(many=True, help_text="On each side that the report speaks of they add up to exactly 1")

    @extend_schema(
        operation_id="state_influence",
        request=Input,
        responses={201: InfluenceOutput},
        examples=[
            OpenApiExample(
                "report",
                {
                    "id": "6a7f3c2a-100d-4f4e-8a3e-2f0f6b1c7d10",
                    "provider": "c3d1c2de-5b0e-4bd5-8a86-6c2f5a5f8b11",
                    "method": "output-boundary attribution",
                    "version": "3.1",
                    "confidence": "9/10",
                    "report": f"sha256:{'cd' * 32}",
                    "weights": [
                        {"recording": "7b0c8f1e-3f43-4c4e-9d55-0f8a7f3c2a10", "part": "309/500"},
                        {"recording": "0d9f4f0e-9a3b-4f6e-8a3e-2f0f6b1c7d10", "part": "191/500"},
                        {"work": "5b3f0b0e-70f1-4f0e-9d2c-6a2f3c1d8e11", "part": "1"},
                    ],
                },
                request_only=True,
            )
        ],
        tags=["influences"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        State what a provider says went into an output: the provider itself, or whoever submitted it.

        It is a claim beside those of other providers. Where a license's plan names the provider, its newest report
        weighs a side of the output, and the splits are derived again.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        given_report = Report(
            provider_id=data["provider"],
            method=data["method"],
            version=data["version"],
            confidence=data["confidence"],
            digest=data["report"],
            weights=tuple(Weight(asset_of(row), row["part"]) for row in data["weights"]),
        )
        return _stated(request, id, data["id"], given_report)

    @extend_schema(operation_id="list_influences", responses=InfluenceOutput(many=True), tags=["influences"])
    def get(self, request: Request, id: UUID) -> Response:
        """List what providers say about an output, side by side, oldest first; with the weights that concern you."""
        rows = seen_by(request, Influence.objects.filter(submission=id)).order_by("recorded_at", "id")
        return Response(InfluenceOutput(rows, many=True, context={"request": request}).data)


def _stated(request: Request, submission_id: UUID, influence_id: UUID, given: Report) -> Response:
    party_id, caller = party_of(request), caller_of(request)
    submitter_id = Submission.objects.values_list("submitter_id", flat=True).get(pk=submission_id)
    if not caller.acts_for(submitter_id, Verb.SUBMIT) and party_id != given.provider_id:
        raise NotYourParty
    caller.look_up(provider=(Party, given.provider_id))
    row, created = once(
        seen_by(request, Influence.objects.all()),
        influence_id,
        same=lambda found: (
            (found.submission_id, found.provider_id, found.report_digest, found.method, found.version)
            == (submission_id, given.provider_id, given.digest, given.method, given.version)
        ),
        create=lambda: influencing.state(
            id=influence_id, submission_id=submission_id, report=given, stated_by_id=party_id, at=timezone.now()
        ),
    )
    said = InfluenceOutput(row, context={"request": request}).data
    return Response(said, status=201 if created else 200)


class _ReportParser(BaseParser):
    """Takes a provider's file as the bytes that it is."""

    def parse(self, stream: Any, *_unused: Any, **_also: Any) -> Any:
        """Read at most a byte more than is taken."""
        return bytes(stream.read(attributions.MOST_BYTES + 1))


class CsvReportParser(_ReportParser):
    """A table."""

    media_type = attributions.CSV


class JsonReportParser(_ReportParser):
    """A document; kept as bytes, since the digest is over those."""

    media_type = attributions.JSON


class SubmissionInfluenceFiles(APIView):
    """A provider's report as its own file."""

    scopes = {"POST": "influences:write"}
    parser_classes = [CsvReportParser, JsonReportParser]
    sees = {"id": Submission}
    absent = NoSuchSubmission

    class Query(serializers.Serializer[Any]):
        """What the file does not say: a table says none of it, and in JSON it may be left out here."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        provider = serializers.UUIDField(help_text="Party id of the attribution provider")
        method = serializers.CharField(max_length=120, required=False, default="")
        version = serializers.CharField(max_length=60, required=False, default="")
        confidence = FractionField(required=False, allow_null=True, default=None)

    @extend_schema(
        operation_id="upload_influence",
        request={attributions.CSV: OpenApiTypes.STR, attributions.JSON: OpenApiTypes.OBJECT},
        parameters=[Query],
        responses={201: InfluenceOutput},
        examples=[
            OpenApiExample(
                "a document",
                {
                    "method": "output-boundary attribution",
                    "version": "3.1",
                    "confidence": "9/10",
                    "weights": [{"isrc": "DEA620500001", "part": "309/500"}, {"isrc": "DEA620500002", "part": "0.382"}],
                },
                request_only=True,
                media_type=attributions.JSON,
            ),
            OpenApiExample(
                "a table",
                "asset,part\nisrc:DEA620500001,309/500\nisrc:DEA620500002,0.382\n",
                request_only=True,
                media_type=attributions.CSV,
            ),
        ],
        tags=["influences"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Hand a provider's report in as the file that it wrote: a table or a document, at most 1 MiB.

        It is kept by its SHA-256. Parts are fractions or decimals, which are read exactly.
        """
        query = self.Query(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        body: Any = request.data
        data = body if isinstance(body, bytes) else b""  # no body at all
        media_type = attributions.CSV if str(request.content_type).startswith(attributions.CSV) else attributions.JSON
        written = attributions.read(data, media_type)
        confidence = written.confidence if asked["confidence"] is None else asked["confidence"]
        method, version = asked["method"] or written.method, asked["version"] or written.version
        if confidence is None or not method or not version:
            raise influencing.NotSaid
        given = Report(
            provider_id=asked["provider"],
            method=method,
            version=version,
            confidence=confidence,
            digest=sha256(data).hexdigest(),
            weights=influencing.named_in(written, sight=caller_of(request).sight),
        )
        return _stated(request, id, asked["id"], given)


class WeighedOutput(serializers.Serializer[Any]):
    """What one source says of an asset."""

    asset = serializers.UUIDField()
    part = serializers.CharField()


class WeighingOutput(serializers.Serializer[Any]):
    """Whose weights they are."""

    name = serializers.CharField(help_text="A report's id, or own_similarity: what we heard, which is no influence")
    provider = serializers.UUIDField(allow_null=True)
    confidence = serializers.CharField(allow_null=True)
    weights = WeighedOutput(many=True)


class DistanceOutput(serializers.Serializer[Any]):
    """Two sources."""

    one = serializers.CharField()
    other = serializers.CharField()
    distance = serializers.CharField(help_text="Total variation: 0 where they say the same, 1 where nothing agrees")


class ComparisonOutput(serializers.Serializer[Any]):
    """One side."""

    side = serializers.CharField()
    sources = WeighingOutput(many=True)
    disagreements = DistanceOutput(many=True, help_text="Each two, those that differ most first")


class InfluenceComparison(APIView):
    """How far sources disagree."""

    scopes = {"GET": "influences:read"}
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema(operation_id="compare_influences", responses=ComparisonOutput(many=True), tags=["influences"])
    def get(self, request: Request, id: UUID) -> Response:
        """
        Compare each provider's newest report with the others, and with what we heard ourselves, side by side.

        For whoever submitted the output. Our own weights are similarity and not influence: the part of the output that
        is like an asset. No plan uses them that does not name them.
        """
        report.own(id, caller_of(request).sight)
        found = influencing.compare(id, at=timezone.now())
        return Response(ComparisonOutput([_compared(one) for one in found], many=True).data)


def _compared(found: influencing.Comparison) -> dict[str, Any]:
    return {
        "side": found.side,
        "sources": [
            {
                "name": one.name,
                "provider": one.influence.provider_id if one.influence else None,
                "confidence": _written(one.influence.confidence_numerator, one.influence.confidence_denominator)
                if one.influence
                else None,
                "weights": [
                    {"asset": asset_id, "part": f"{part.numerator}/{part.denominator}"}
                    for asset_id, part in sorted(one.weights[found.side].items(), key=lambda item: str(item[0]))
                ],
            }
            for one in found.sources
        ],
        "disagreements": [
            {
                "one": one.one,
                "other": one.other,
                "distance": f"{one.distance.numerator}/{one.distance.denominator}",
            }
            for one in found.disagreements
        ],
    }


class InfluenceRow(serializers.Serializer[Influence]):
    """A line of the list."""

    id = serializers.UUIDField()
    submission = serializers.UUIDField(source="submission_id")
    provider = serializers.UUIDField(source="provider_id")
    method = serializers.CharField()
    version = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class Influences(APIView):
    """All reports."""

    scopes = {"GET": "influences:read"}

    @extend_schema(operation_id="list_all_influences", responses=Page.of(InfluenceRow), tags=["influences"])
    def get(self, request: Request) -> Response:
        """List reports about your outputs, of your own making, or that weigh what you hold; oldest first."""
        return page_of(Influence.objects.all(), "recorded_at", InfluenceRow, request)


class InfluenceObjections(APIView):
    """Objecting."""

    scopes = {"POST": "influences:write"}
    sees = {"id": Influence}
    absent = influencing.NoSuchInfluence

    @extend_schema_serializer(component_name="InfluenceObjection")
    class Input(serializers.Serializer[Any]):
        """Why the report is wrong."""

        id = serializers.UUIDField()
        reason = serializers.CharField(max_length=600, help_text="Without names")
        evidence = DigestField(required=False, allow_blank=True, default="", help_text="SHA-256 of a document")

    @extend_schema(
        operation_id="object_to_influence", request=Input, responses={201: ObjectionOutput}, tags=["influences"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Say that a report is wrong that weighs what you hold, or is about your output. Both are shown from now on."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        party_id = party_of(request)
        row, created = once(
            InfluenceObjection.objects.filter(party=party_id),
            data["id"],
            same=lambda found: (found.influence_id, found.reason) == (id, data["reason"]),
            create=lambda: influencing.object_to(
                id=data["id"],
                influence_id=id,
                party_id=party_id,
                reason=data["reason"],
                evidence_digest=data["evidence"],
                at=timezone.now(),
            ),
        )
        return Response(ObjectionOutput(row).data, status=201 if created else 200)


class AdviceValue(serializers.Serializer[Any]):
    """What one detector says, and how often it is wrong."""

    provider = serializers.CharField()
    version = serializers.CharField()
    probability_millionths = serializers.IntegerField()
    false_positive_millionths = serializers.IntegerField(help_text="How often it takes people for machines")
    measured_on = serializers.CharField()


class AdviceOutput(serializers.Serializer[Any]):
    """Whether anybody says a machine made it."""

    is_part_of_the_verdict = serializers.BooleanField()
    advice = AdviceValue(allow_null=True)
    sentence = serializers.CharField()


class SubmissionAdvice(APIView):
    """Advice about AI."""

    scopes = {"GET": "submissions:read"}
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema(operation_id="read_advice", responses=AdviceOutput, tags=["influences"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read what an AI detector says about your output: nothing, since none is shipped. No verdict rests on it."""
        report.own(id, caller_of(request).sight)
        found = advising.of(id)
        said = {
            "is_part_of_the_verdict": False,
            "advice": found,
            "sentence": advising.NONE_SHIPPED if found is None else "Advice, of the error rate that is given with it.",
        }
        return Response(AdviceOutput(said).data)
