"""
The C2PA Soft Binding Resolution API: from audio whose manifest was stripped back to that manifest.

Paths and bodies are those of C2PA 2.4. Everybody may ask; only what this house signed and let go is answered. What a
ledger does not do is refused: it deletes nothing (405), takes in no manifests or bindings of others (405), and fetches
no address that somebody names (405 on ``matches/byReference``): send the bytes to ``matches/byContent``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import _TemporaryFileWrapper
from typing import IO, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from fingerprint.audio import EmptyFile
from ledger import recognizing
from ledger.api.uploads import TakesUploads, UploadTooLarge
from ledger.recognizing import Match
from provenance.assertions import SPEC_VERSION
from provenance.bindings import ALGORITHMS, CHROMAPRINT, ISCC
from provenance.lookup import MOST_RESULTS

LONGEST_IN_AN_ADDRESS = 4_096
CAPABILITIES = ["queryByContent"]  # of those that C2PA calls optional
CHUNK = 1 << 20

EXAMPLE_ID = "urn:c2pa:8f0f9f8e-3c36-4b7a-9a0c-6f5d1a2b3c4d"
EXAMPLE_VALUE = "IgcBI0VniavN7wEjRWeJq83vASNFZ4mrze8BI0VniavN7wEjRWeJq83v"
EXAMPLE_FOUND = {"matches": [{"manifestId": EXAMPLE_ID, "similarityScore": 97}]}


class QueryTooLong(Exception):
    """The value is too long for an address: send it by POST."""


class Public(APIView):
    """A view for everybody, from any page."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "resolve"

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Let any page read it: there is nothing here that a login would open."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Access-Control-Allow-Origin"] = "*"
        return response


class MostResults(serializers.Serializer[Any]):
    """How many answers are wanted."""

    maxResults = serializers.IntegerField(min_value=1, max_value=10_000, default=10)  # noqa: N815 - C2PA's name

    @classmethod
    def of(cls, request: Request) -> int:
        """Return how many a request wants, and no more than are given."""
        given = cls(data=request.query_params)
        given.is_valid(raise_exception=True)
        return min(int(given.validated_data["maxResults"]), MOST_RESULTS)


class BindingQuery(serializers.Serializer[Any]):
    """A soft binding."""

    alg = serializers.CharField(max_length=200, help_text="One of /v1/services/supportedAlgorithms")
    value = serializers.CharField(
        max_length=1 << 19,
        trim_whitespace=False,
        help_text="The binding's value in base64, as its algorithm defines it",
    )


class MatchOutput(serializers.Serializer[Any]):
    """A manifest that was found."""

    manifestId = serializers.CharField()  # noqa: N815 - C2PA's name
    similarityScore = serializers.IntegerField(min_value=0, max_value=100)  # noqa: N815


class MatchesOutput(serializers.Serializer[Any]):
    """The manifests that were found, the likeliest first; none is an answer too."""

    matches = MatchOutput(many=True)


_MOST = OpenApiParameter("maxResults", OpenApiTypes.INT, description=f"At most {MOST_RESULTS} are given", default=10)
_FOUND = OpenApiExample("found", EXAMPLE_FOUND, response_only=True)


def _answer(matches: tuple[Match, ...]) -> Response:
    found = [{"manifestId": one.manifest.label, "similarityScore": one.score} for one in matches]
    return Response({"matches": found})


class ByBinding(Public):
    """Manifests by the value of a soft binding."""

    @extend_schema(
        operation_id="query_by_binding",
        parameters=[
            OpenApiParameter("alg", OpenApiTypes.STR, required=True, enum=list(ALGORITHMS)),
            OpenApiParameter("value", OpenApiTypes.STR, required=True, description="Base64, percent-encoded"),
            _MOST,
        ],
        responses=MatchesOutput,
        examples=[_FOUND],
        auth=[],
        tags=["resolution"],
    )
    def get(self, request: Request) -> Response:
        """
        Find manifests by a soft binding.

        For ``io.iscc.v0`` the value is an ISCC-SEQ (IEP-0020): Instance-Codes must be equal, Audio-Codes may differ in
        a few bits. For our Chromaprint binding it is a fingerprint as ``fpcalc`` prints it, of a piece as well.
        """
        given = BindingQuery(data=request.query_params)
        if len(request.query_params.get("value", "")) > LONGEST_IN_AN_ADDRESS:
            raise QueryTooLong
        given.is_valid(raise_exception=True)
        return _by_binding(given.validated_data, request)

    @extend_schema(
        operation_id="query_by_large_binding",
        request=BindingQuery,
        parameters=[_MOST],
        responses=MatchesOutput,
        examples=[OpenApiExample("iscc", {"alg": ISCC, "value": EXAMPLE_VALUE}, request_only=True), _FOUND],
        auth=[],
        tags=["resolution"],
    )
    def post(self, request: Request) -> Response:
        """Find manifests by a soft binding whose value is too long for an address."""
        given = BindingQuery(data=request.data)
        given.is_valid(raise_exception=True)
        return _by_binding(given.validated_data, request)


def _by_binding(given: Mapping[str, str], request: Request) -> Response:
    return _answer(recognizing.by_binding(given["alg"], given["value"], most=MostResults.of(request)))


class AudioParser(BaseParser):
    """A body that is a file: to disk, in pieces, and no further than the limit."""

    media_type = "audio/*"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:  # noqa: ARG002
        """
        Write the body to a temporary file, which is gone when it is closed.

        :raises LengthRequired: its length is not announced
        :raises UploadTooLarge: it is beyond the limit
        """
        announced = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
        limit = settings.LEDGER_MAX_PUBLIC_BYTES
        if announced > limit:
            raise UploadTooLarge(
                f"the file is larger than {limit // 2**20} MiB: send a compressed format, or a part of it"
            )
        taken = tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - the view closes it
        left = announced
        while left and (piece := stream.read(min(CHUNK, left))):
            taken.write(piece)
            left -= len(piece)
        taken.flush()
        return taken


class OggParser(AudioParser):
    """The same, of what some call an application."""

    media_type = "application/ogg"


class Mp4Parser(AudioParser):
    """The same, of what some browsers call a video; a video track is refused by its bytes."""

    media_type = "video/mp4"


class BytesParser(AudioParser):
    """The same, of what nobody named: the bytes say what it is."""

    media_type = "application/octet-stream"


class ContentQuery(serializers.Serializer[Any]):
    """What is known beside the file."""

    alg = serializers.CharField(max_length=200, required=False)
    hintAlg = serializers.CharField(max_length=200, required=False)  # noqa: N815 - C2PA's name
    hintValue = serializers.CharField(max_length=LONGEST_IN_AN_ADDRESS, required=False)  # noqa: N815

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that a hint is whole."""
        if ("hintAlg" in attrs) != ("hintValue" in attrs):
            raise serializers.ValidationError({"hintValue": "Give hintAlg and hintValue together."})
        return attrs


class ByContent(TakesUploads, Public):
    """Manifests by a file."""

    throttle_scope = "recognize"
    parser_classes = [AudioParser, OggParser, Mp4Parser, BytesParser]

    @extend_schema(
        operation_id="query_by_content",
        request={"audio/*": OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter("alg", OpenApiTypes.STR, description="Look it up by this one only", enum=list(ALGORITHMS)),
            OpenApiParameter("hintAlg", OpenApiTypes.STR, description="An algorithm whose value the sender has found"),
            OpenApiParameter("hintValue", OpenApiTypes.STR, description="That value, in base64"),
            _MOST,
        ],
        responses=MatchesOutput,
        examples=[_FOUND],
        auth=[],
        tags=["resolution"],
    )
    def post(self, request: Request) -> Response:
        """
        Find the manifest of a file that lost it: the file is the body, and nothing of it is kept.

        Found are copies that were transcoded, resampled, sped up or slowed down by up to twelve per cent, and pieces of
        five seconds or more. The first six minutes are looked up. The score is how much of the file follows the output.
        """
        given = ContentQuery(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked, most = given.validated_data, MostResults.of(request)
        if not isinstance(request.data, _TemporaryFileWrapper):
            raise EmptyFile  # a body of no length reaches no parser
        with request.data as file:
            matches = recognizing.by_content(
                Path(file.name),
                request.content_type,
                most=most,
                algorithm=asked.get("alg"),
                hint=(asked["hintAlg"], asked["hintValue"]) if "hintAlg" in asked else None,
            )
        return _answer(matches)


class NotOffered(Public):
    """What C2PA leaves to each service, and a ledger does not do."""

    http_method_names = ["options"]
    instead = ""

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """
        Refuse, and say what to do instead.

        :raises MethodNotAllowed: always
        """
        raise MethodNotAllowed(request.method or "", detail=self.instead)


class ByReference(NotOffered):
    """Manifests by an address."""

    instead = "No address is fetched here: send the file itself to /v1/matches/byContent."


class Storing(NotOffered):
    """Manifests and bindings of others."""

    instead = "Only what is decided here is on record: nothing is stored from outside."


class ManifestDetail(Public):
    """One manifest."""

    @extend_schema(
        operation_id="fetch_manifest",
        parameters=[
            OpenApiParameter(
                "returnActiveManifest", OpenApiTypes.BOOL, description="Only this manifest, without its ingredients'"
            )
        ],
        responses={(200, "application/c2pa"): OpenApiTypes.BINARY},
        auth=[],
        tags=["resolution"],
    )
    def get(self, request: Request, label: str) -> HttpResponse:
        """
        Fetch a C2PA manifest store by its identifier, ``urn:c2pa:…``.

        A stripped file that is read with it does not hold: its bytes are not those that were signed. What the manifest
        says, and who signed that, can be read all the same.
        """
        wanted = ManifestQuery(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        only_active = wanted.validated_data["returnActiveManifest"]
        content = recognizing.manifest_store(label, only_active=only_active)
        return HttpResponse(content, content_type="application/c2pa")


class ManifestQuery(serializers.Serializer[Any]):
    """How much of a manifest store is wanted."""

    returnActiveManifest = serializers.BooleanField(default=False)  # noqa: N815 - C2PA's name


class Receipt(serializers.Serializer[Any]):
    """A receipt of a manifest repository (C2PA 2.4)."""

    repository = serializers.DictField()
    anchor = serializers.DictField(help_text="Its proof holds the log's entry and a c2sp.org/tlog-proof@v1")


class CheckedReceipt(Receipt):
    """The same receipt, and whether it holds."""

    verified = serializers.BooleanField()
    error = serializers.CharField(required=False)


class ManifestReceipts(Public):
    """What shows that a manifest is in the log."""

    @extend_schema(operation_id="fetch_receipt", responses=Receipt, auth=[], tags=["resolution"])
    def get(self, request: Request, label: str) -> Response:  # noqa: ARG002 - DRF's signature
        """
        Fetch a receipt: the log's entry about the decision that signed this manifest, and its inclusion proof.

        The entry holds ids, digests and outcomes, and no names. It can be checked offline with the log's public key.
        """
        return Response(recognizing.receipt(label))

    @extend_schema(
        operation_id="check_receipt",
        request=Receipt,
        responses=CheckedReceipt,
        auth=[],
        tags=["resolution"],
    )
    def post(self, request: Request, label: str) -> Response:
        """Check a receipt of this log for this manifest; it is not kept."""
        given = Receipt(data=request.data)
        given.is_valid(raise_exception=True)
        fault = recognizing.check_receipt(label, given.validated_data)
        return Response({**dict(request.data), "verified": not fault, **({"error": fault} if fault else {})})


class AlgorithmOutput(serializers.Serializer[Any]):
    """One algorithm."""

    alg = serializers.CharField()


class AlgorithmsOutput(serializers.Serializer[Any]):
    """The algorithms by which manifests are found."""

    watermarks = AlgorithmOutput(many=True)
    fingerprints = AlgorithmOutput(many=True)


class SupportedAlgorithms(Public):
    """By what manifests are found."""

    @extend_schema(operation_id="read_algorithms", responses=AlgorithmsOutput, auth=[], tags=["resolution"])
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """List the soft bindings by which manifests are found. No watermark leads back to a manifest here."""
        return Response({"watermarks": [], "fingerprints": [{"alg": ISCC}, {"alg": CHROMAPRINT}]})


class CapabilitiesOutput(serializers.Serializer[Any]):
    """What of the API is offered."""

    c2paSpecificationVersion = serializers.CharField()  # noqa: N815 - C2PA's name
    supportedCapabilities = serializers.ListField(child=serializers.CharField())  # noqa: N815


class Capabilities(Public):
    """What is offered."""

    @extend_schema(operation_id="read_capabilities", responses=CapabilitiesOutput, auth=[], tags=["resolution"])
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """List what of the API is offered: queries; storing is not, since only what is decided here is on record."""
        return Response({"c2paSpecificationVersion": SPEC_VERSION, "supportedCapabilities": CAPABILITIES})


class ServiceStatusOutput(serializers.Serializer[Any]):
    """Whether the service works."""

    status = serializers.CharField(help_text="ok, degraded or down")
    timestamp = serializers.DateTimeField()


class ServiceStatus(Public):
    """Whether it works."""

    @extend_schema(operation_id="read_service_status", responses=ServiceStatusOutput, auth=[], tags=["resolution"])
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Say whether queries are answered: ``degraded`` while a file would have to wait for others."""
        status = "degraded" if recognizing.is_busy() else "ok"
        return Response(ServiceStatusOutput({"status": status, "timestamp": timezone.now()}).data)


@require_safe
def well_known(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """Serve ``/.well-known/c2pa-soft-binding-resolution``."""
    endpoint = recognizing.endpoint()
    response = JsonResponse(
        {
            "apiEndpoint": endpoint,
            "c2paSpecificationVersion": SPEC_VERSION,
            "capabilitiesEndpoint": f"{endpoint}/services/capabilities",
            "statusEndpoint": f"{endpoint}/services/status",
        }
    )
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "public, max-age=300"
    return response
