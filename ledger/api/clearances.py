""" "May I?": one question about one asset or a hundred thousand, answered and recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import IO, Any
from uuid import UUID

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import asking
from ledger.access import Verb
from ledger.api.access import caller_of, client_of, seen_by
from ledger.api.fields import choices, digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.api.parsing import BoundedJSONParser
from ledger.asking import Asking, Named
from rights.models import Clearance, Lyrics, Recording, Stem, Voice, Work
from rights.vocabulary import Answer, AssetKind, Purpose, Use

SCOPES = {"GET": "clearances:read", "POST": "clearances:write"}
NDJSON = "application/x-ndjson"
MOST_IN_ONE_BODY = 1_000
LONGEST_LINE = 20_000
BLOCK = 64 * 1024

MODELS = {
    AssetKind.RECORDING: Recording,
    AssetKind.WORK: Work,
    AssetKind.VOICE: Voice,
    AssetKind.STEM: Stem,
    AssetKind.LYRICS: Lyrics,
}

EXAMPLE = {
    "id": "0d9f4f0e-9a3b-4f6e-8a3e-2f0f6b1c7d10",
    "uses": ["infer.input", "distribute.outside"],
    "territories": ["DE", "FR"],
    "at": "2027-03-01",
    "assets": [{"isrc": "GBUV71200495"}, {"work": "7b0c8f1e-3f43-4c4e-9d55-0f8a7f3c2a10"}],
}


class Lines:
    """A body of lines of JSON, read as they are asked for: the question, then an asset each."""

    def __init__(self, stream: IO[bytes], length: int) -> None:
        """Read no further than the announced length."""
        self.stream = stream
        self.left = length

    def read(self) -> Iterator[Any]:
        """
        Yield each line's document.

        :raises ParseError: a line is too long, is no JSON, or the body ends before its length
        """
        for number, line in enumerate(self._lines(), start=1):
            if len(line) > LONGEST_LINE:
                raise ParseError(f"line {number} is longer than {LONGEST_LINE} bytes")
            if line.strip():
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise ParseError(f"line {number} is not JSON") from error

    def _lines(self) -> Iterator[bytes]:
        # In blocks: what a server's own readline makes of a size differs from server to server.
        rest = b""
        while self.left > 0:
            block = self.stream.read(min(self.left, BLOCK))
            if not block:
                raise ParseError("the body ends before its announced length: send it again")
            self.left -= len(block)
            *whole, rest = (rest + block).split(b"\n")
            yield from whole
            if len(rest) > LONGEST_LINE:
                break
        if rest:
            yield rest


class LinesParser(BaseParser):
    """Lines of JSON (application/x-ndjson), left in the stream until they are read."""

    media_type = NDJSON

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002 - the framework's signature
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the lines, unread."""
        request = (parser_context or {})["request"]
        return Lines(stream, int(request.META.get("CONTENT_LENGTH") or 0))


class LinesRenderer(BaseRenderer):
    """Names the format, so that a client may ask for it; the view streams by itself."""

    media_type = NDJSON
    format = "ndjson"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,  # noqa: ARG002 - the framework's signature
        renderer_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> bytes:
        """Write what is not streamed, such as a problem, as one line."""
        return json.dumps(data, default=str).encode() + b"\n"


class NamedInput(serializers.Serializer[Any]):
    """An asset: by one id, or by one public code."""

    recording = serializers.UUIDField(required=False)
    work = serializers.UUIDField(required=False)
    voice = serializers.UUIDField(required=False)
    stem = serializers.UUIDField(required=False)
    lyrics = serializers.UUIDField(required=False)
    isrc = serializers.CharField(required=False, max_length=30)
    iswc = serializers.CharField(required=False, max_length=30)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that one thing is named."""
        if len(attrs) != 1:
            raise serializers.ValidationError("Name one asset: by one id, or by one code.")
        return attrs


class QuestionInput(serializers.Serializer[Any]):
    """Who wants to do what, where and when."""

    id = serializers.UUIDField(help_text="Made by the client: the same question again gets the first answer")
    licensee = serializers.UUIDField(required=False, help_text="Who wants to; without it, the caller's own party")
    uses = serializers.ListField(child=serializers.ChoiceField(choices(Use)), min_length=1)
    territories = serializers.ListField(child=serializers.CharField(max_length=6), min_length=1, max_length=300)
    at = serializers.DateField(required=False, help_text="As at which day; without it, today (UTC)")
    known_at = serializers.DateTimeField(required=False, help_text="As known at which moment; without it, now")
    purposes = serializers.ListField(child=serializers.ChoiceField(choices(Purpose)), required=False, default=list)
    model_version = serializers.UUIDField(required=False, allow_null=True, default=None)


@extend_schema_serializer(component_name="ClearanceQuestion")
class WholeInput(QuestionInput):
    """A question with the assets it is about."""

    assets = serializers.ListField(child=NamedInput(), min_length=1, max_length=MOST_IN_ONE_BODY)


class ReasonOutput(serializers.Serializer[Any]):
    """One thing that an answer rests on."""

    code = serializers.CharField(help_text="A promise to programs, such as not_consented")
    side = serializers.CharField(allow_null=True, help_text="master, publishing or voice")
    asset = serializers.UUIDField(allow_null=True, help_text="The asset on that side")
    rests_on = serializers.ListField(child=serializers.UUIDField(), help_text="Ids of shares, consents, licenses …")


@extend_schema_serializer(component_name="ClearanceAnswer")
class AnswerOutput(serializers.Serializer[Any]):
    """The answer about one asset."""

    asset = serializers.DictField(child=serializers.CharField(), help_text="As the question named it")
    answer = serializers.ChoiceField(choices(Answer), help_text="Only allow is a yes")
    missing = serializers.ListField(child=serializers.CharField(), help_text="The sides that stand against a yes")
    reasons = ReasonOutput(many=True)
    valid_until = serializers.DateField(allow_null=True, help_text="The first day on which a yes may end")


class ClearanceOutput(serializers.Serializer[Clearance]):
    """A question that was answered, and the answers in numbers."""

    id = serializers.UUIDField()
    licensee = serializers.UUIDField(source="licensee_id")
    uses = serializers.ListField(child=serializers.CharField())
    purposes = serializers.ListField(child=serializers.CharField())
    territories = serializers.ListField(child=serializers.CharField())
    at = serializers.DateField(source="valid_at")
    known_at = serializers.DateTimeField()
    model_version = serializers.UUIDField(source="model_version_id", allow_null=True)
    policy = serializers.CharField(source="policy_version")
    assets = serializers.IntegerField()
    allowed = serializers.IntegerField()
    denied = serializers.IntegerField()
    needing_approval = serializers.IntegerField()
    unknown = serializers.IntegerField()
    valid_until = serializers.DateField(allow_null=True)
    answers_digest = serializers.SerializerMethodField()
    answered_at = serializers.DateTimeField()

    def get_answers_digest(self, clearance: Clearance) -> str | None:
        """Return the SHA-256 over the lines of the answers."""
        return digest(clearance.answers_digest)


class AnsweredOutput(ClearanceOutput):
    """A question with its answers, in the order of the assets."""

    answers = AnswerOutput(many=True)


class Clearances(APIView):
    """Questions and their answers."""

    scopes = SCOPES
    parser_classes = [BoundedJSONParser, LinesParser]
    renderer_classes = [JSONRenderer, LinesRenderer]

    @extend_schema(
        operation_id="ask_clearance",
        request={"application/json": WholeInput, NDJSON: OpenApiTypes.BINARY},
        responses={201: AnsweredOutput},
        tags=["clearances"],
        examples=[OpenApiExample("Two assets", value=EXAMPLE, request_only=True, media_type="application/json")],
    )
    def post(self, request: Request) -> Response | StreamingHttpResponse:
        """
        May this licensee make these uses of these assets, there, on that day?

        Denied unless granted: only `allow` is a yes. Every answer names its reasons, the records they rest on and the
        missing side; the whole is recorded in the log. For up to 100,000 assets send `application/x-ndjson`: the
        question on the first line, an asset on each of the others; what comes back is the summary on the first line and
        an answer on each of the others.
        """
        body = request.data
        if isinstance(body, Lines):
            lines = body.read()
            given = QuestionInput(data=next(lines, {}))
            given.is_valid(raise_exception=True)
            assets: Iterator[Named] = _named(lines)
        else:
            given = WholeInput(data=body)
            given.is_valid(raise_exception=True)
            assets = iter([_one(asset) for asset in given.validated_data["assets"]])
        clearance, created = self._answer(request, given.validated_data, assets)
        status = 201 if created else 200
        if isinstance(body, Lines):
            return _stream(clearance, status)
        answers = [json.loads(line) for line in asking.lines_of(clearance)]
        return Response({**ClearanceOutput(clearance).data, "answers": answers}, status=status)

    def _answer(self, request: Request, data: dict[str, Any], assets: Iterator[Named]) -> tuple[Clearance, bool]:
        at = timezone.now()
        client, caller = client_of(request), caller_of(request)
        own = client.client.party_id if client else None
        licensee_id = data.get("licensee") or own
        if licensee_id is None:
            raise serializers.ValidationError({"licensee": ["Say who wants to: this login speaks for no party."]})
        question = Asking(
            licensee_id=licensee_id,
            uses=data["uses"],
            territories=data["territories"],
            valid_at=data.get("at") or at.date(),
            known_at=data.get("known_at") or at,
            purposes=data["purposes"],
            model_version_id=data["model_version"],
        )
        asks_for_itself = caller.acts_for(licensee_id, Verb.ASK)
        if not asks_for_itself:
            # Whoever keeps a catalogue may ask what others may do with it, and with nothing else.
            caller.answer_for(own, Verb.ASK)

        def seen(kind: AssetKind, ids: Any) -> set[UUID]:
            rows: Any = MODELS[kind].objects.filter(pk__in=ids)  # type: ignore[attr-defined]
            return set(seen_by(request, rows).values_list("id", flat=True))

        return once(
            seen_by(request, Clearance.objects.select_related("answers")),
            data["id"],
            same=lambda found: asking.is_same(
                found, asking=question, assets=assets, has_moment=data.get("known_at") is not None
            ),
            create=lambda: asking.ask(
                id=data["id"],
                asking=question,
                assets=assets,
                asker_id=own,
                at=at,
                seen=None if asks_for_itself else seen,
            ),
        )

    @extend_schema(operation_id="list_clearances", responses=Page.of(ClearanceOutput), tags=["clearances"])
    def get(self, request: Request) -> Response:
        """List questions that were answered, oldest first."""
        return page_of(Clearance.objects.all(), "answered_at", ClearanceOutput, request)


class ClearanceDetail(APIView):
    """One question that was answered."""

    scopes = SCOPES
    sees = {"id": Clearance}

    @extend_schema(operation_id="read_clearance", responses=ClearanceOutput, tags=["clearances"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """Read a question and its answers in numbers."""
        return Response(ClearanceOutput(get_object_or_404(Clearance, pk=id)).data)


class ClearanceAnswerLines(APIView):
    """The answers of one question."""

    scopes = SCOPES
    sees = {"id": Clearance}
    renderer_classes = [JSONRenderer, LinesRenderer]

    @extend_schema(
        operation_id="read_clearance_answers",
        responses={(200, NDJSON): OpenApiTypes.BINARY},
        parameters=[OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        tags=["clearances"],
    )
    def get(self, request: Request, id: UUID) -> StreamingHttpResponse:  # noqa: ARG002
        """Read the answers as they were given: the summary on the first line, an answer on each of the others."""
        return _stream(get_object_or_404(Clearance.objects.select_related("answers"), pk=id), 200)


def _stream(clearance: Clearance, status: int) -> StreamingHttpResponse:
    def lines() -> Iterator[bytes]:
        yield json.dumps(ClearanceOutput(clearance).data, default=_plain).encode() + b"\n"
        yield from asking.lines_of(clearance)

    return StreamingHttpResponse(lines(), status=status, content_type=NDJSON)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _named(lines: Iterator[Any]) -> Iterator[Named]:
    for number, line in enumerate(lines, start=2):
        yield _one(_checked(line, number))


_KEYS = {kind.value: kind for kind in AssetKind} | {"isrc": AssetKind.RECORDING, "iswc": AssetKind.WORK}


def _checked(line: Any, number: int) -> dict[str, Any]:
    # By hand: a serializer for each of a hundred thousand lines would take longer than their answers.
    if isinstance(line, dict) and len(line) == 1:
        [(key, value)] = line.items()
        if key in {"isrc", "iswc"} and isinstance(value, str) and 0 < len(value) <= 30:
            return line
        if key in _KEYS and isinstance(value, str):
            try:
                return {key: UUID(value)}
            except ValueError:
                pass
    raise ParseError(f'line {number} names no asset: write one id or one code, such as {{"isrc": "GBUV71200495"}}')


def _one(given: Mapping[str, Any]) -> Named:
    [(key, value)] = given.items()
    if key in {"isrc", "iswc"}:
        return Named(_KEYS[key], code=value)
    return Named(_KEYS[key], id=value)
