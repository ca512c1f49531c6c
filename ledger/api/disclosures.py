"""What recipients are told about how an output was made: derived, recorded once sent, and compared afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import disclosing, report
from ledger.access import Verb
from ledger.api.access import caller_of, party_of, seen_by
from ledger.api.fields import DigestField, digest
from ledger.api.once import once
from ledger.clearance import NoSuchSubmission
from ledger.disclosing import Told
from provenance import disclosures, ern
from provenance.disclosures import XML, Profile, Statement
from provenance.models import Disclosure, DisclosureAnswer
from rights import terms
from rights.models import Submission

SCOPES = {"GET": "submissions:read", "POST": "submissions:write"}


class XmlRenderer(BaseRenderer):
    """Says that XML may be asked for; the bytes come as they are."""

    media_type = XML
    format = "xml"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """Write a refusal as JSON does: only refusals come here."""
        return JSONRenderer().render(data, accepted_media_type, renderer_context)


class XmlParser(BaseParser):
    """Takes XML as the bytes that it is."""

    media_type = XML

    def parse(self, stream: Any, *_unused: Any, **_also: Any) -> Any:
        """Read at most a byte more than is taken."""
        return bytes(stream.read(ern.LIMITS.max_bytes + 1))


@extend_schema_serializer(component_name="BrokenRule")
class ProblemOutput(serializers.Serializer[Any]):
    """A rule that a statement breaks."""

    code = serializers.CharField(help_text="ai_v1 to ai_v6, or schema")
    sentence = serializers.CharField()
    is_warning = serializers.BooleanField()


@extend_schema_serializer(component_name="StatementAnswer")
class AnswerOutput(serializers.Serializer[Any]):
    """One field of a statement."""

    key = serializers.CharField()
    title = serializers.CharField()
    value = serializers.JSONField(help_text="Words, a list of them, or yes or no")


@extend_schema_serializer(component_name="RecipientStatement")
class StatementOutput(serializers.Serializer[Any]):
    """What one recipient is told."""

    profile = serializers.CharField()
    version = serializers.CharField()
    recipient = serializers.CharField()
    title = serializers.CharField()
    rules = serializers.CharField(help_text="Where the rules were read, and when")
    answers = AnswerOutput(many=True)
    notes = serializers.ListField(child=serializers.CharField())
    problems = ProblemOutput(many=True)
    digest = serializers.CharField(help_text="sha256:… of the statement, to be given back once it is sent")
    media_type = serializers.CharField(help_text="In which it is had for machines at `fragment`")
    fragment = serializers.CharField()


class DifferenceOutput(serializers.Serializer[Any]):
    """A field in which what was sent is not what the record says today."""

    key = serializers.CharField()
    title = serializers.CharField()
    sent = serializers.JSONField(allow_null=True)
    now = serializers.JSONField(allow_null=True)


class DisclosureAnswerOutput(serializers.Serializer[Any]):
    """What a recipient answered."""

    id = serializers.UUIDField()
    answer = serializers.ChoiceField(DisclosureAnswer.ANSWERS)
    code = serializers.CharField(help_text="The recipient's own word for why; may be empty")
    document = serializers.SerializerMethodField()
    answered_at = serializers.DateTimeField()

    def get_document(self, row: DisclosureAnswer) -> str | None:
        """Return the digest of the recipient's message."""
        return digest(row.document_digest) if row.document_digest else None


class ToldOutput(serializers.Serializer[Any]):
    """That somebody was told, and whether it is still so."""

    id = serializers.UUIDField(allow_null=True, help_text="null: it is in the signed file")
    recipient = serializers.CharField()
    profile = serializers.CharField()
    version = serializers.CharField()
    newer_version = serializers.CharField(allow_null=True, help_text="What the recipient asks for by now")
    record = serializers.UUIDField(allow_null=True, help_text="What it was derived from; null: as submitted")
    statement = serializers.CharField()
    message = serializers.CharField()
    sent_at = serializers.DateTimeField()
    is_latest = serializers.BooleanField(help_text="An earlier one was corrected by it")
    agrees = serializers.BooleanField()
    differences = DifferenceOutput(many=True)
    answer = DisclosureAnswerOutput(allow_null=True, help_text="The recipient's last; null: none is recorded")


class DisclosuresOutput(serializers.Serializer[Any]):
    """What every recipient is told today, and what was sent."""

    record = serializers.UUIDField(allow_null=True, help_text="The record that it follows from; null: as submitted")
    agrees = serializers.BooleanField(help_text="Nobody was told what is not on record any more")
    statements = StatementOutput(many=True)
    sent = ToldOutput(many=True)


def described(statement: Statement, submission_id: UUID) -> dict[str, Any]:
    """Return a statement as the API shows it."""
    profile = statement.profile
    asked = {"profile": profile.name, "version": profile.version}
    return {
        "profile": profile.name,
        "version": profile.version,
        "recipient": profile.recipient,
        "title": profile.title,
        "rules": f"{profile.source.what} ({profile.source.kind}, read {profile.source.read_on})",
        "answers": statement.answers,
        "notes": statement.notes,
        "problems": [*statement.problems, *_of_schema(disclosing.against_schema(statement))],
        "digest": digest(statement.digest),
        "media_type": statement.media_type,
        "fragment": f"/v1/submissions/{submission_id}/disclosures/statement?{urlencode(asked)}",
    }


def _of_schema(errors: tuple[str, ...] | None) -> list[ern.Problem]:
    return [ern.Problem("schema", sentence) for sentence in errors or ()]


def shown(told: Told) -> dict[str, Any]:
    """Return what was told as the API shows it."""
    row = told.disclosure
    return {
        "id": row.pk if row else None,
        "recipient": told.recipient,
        "profile": told.profile.name,
        "version": told.profile.version,
        "newer_version": told.newer.version if told.newer else None,
        "record": row.record_id if row else None,
        "statement": digest(told.statement_digest),
        "message": row.message if row else "",
        "sent_at": told.at,
        "is_latest": told.is_latest,
        "agrees": told.agrees,
        "differences": told.differences,
        "answer": told.answer,
    }


def _own(request: Request, id: UUID) -> Submission:
    return report.own(id, caller_of(request).sight).submission


def _profile(name: str, version: str, at: datetime) -> Profile:
    return disclosures.profile(name, version) if version else disclosures.in_force_of(name, at.date())


class SubmissionDisclosures(APIView):
    """What is said about how one output was made."""

    scopes = SCOPES
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema_serializer(component_name="DisclosureSent")
    class Input(serializers.Serializer[Any]):
        """That a recipient was told."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        profile = serializers.CharField(max_length=40)
        version = serializers.CharField(
            max_length=32, required=False, default="", help_text="Unless given the one in force today"
        )
        recipient = serializers.RegexField(
            r"^[a-z0-9][a-z0-9.-]*$",
            max_length=60,
            required=False,
            default="",
            help_text="Who was told, where several take the same: lower-case letters, digits, dots and dashes",
        )
        statement = DigestField(
            required=False, allow_blank=True, default="", help_text="Digest of what was sent; unless given today's"
        )
        message = serializers.CharField(
            max_length=120, required=False, default="", help_text="Your own number of the message that it went in"
        )
        sent_at = serializers.DateTimeField(required=False, allow_null=True, default=None)

    @extend_schema(
        operation_id="record_disclosure",
        request=Input,
        responses={201: ToldOutput},
        examples=[
            OpenApiExample(
                "sent",
                {
                    "id": "3e1c9d52-6f0a-4b5e-8d4e-0c7a2f1b9e40",
                    "profile": "ddex-ern",
                    "version": "4.3.2",
                    "recipient": "example-store",
                    "statement": f"sha256:{'ab' * 32}",
                    "message": "MSG-2027-000123",
                    "sent_at": "2027-03-01T12:00:00Z",
                },
                request_only=True,
            )
        ],
        tags=["disclosures"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Record that you told a recipient how your output was made.

        The statement is derived here and not taken from you; ``statement`` says which of them you sent, also where the
        record was corrected since.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data, at = given.validated_data, timezone.now()
        submission = _own(request, id)
        caller_of(request).answer_for(submission.submitter_id, Verb.SUBMIT)
        profile = _profile(data["profile"], data["version"], at)
        recipient, sender_id = data["recipient"] or profile.name, party_of(request)
        row, created = once(
            seen_by(request, Disclosure.objects.all()),
            data["id"],
            same=lambda found: (
                (found.submission_id, found.recipient, found.profile, found.message)
                == (id, recipient, profile.name, data["message"])
                and data["version"] in {"", found.profile_version}
                and data["statement"] in {"", found.statement_digest}
                and data["sent_at"] in {None, found.sent_at}
            ),
            create=lambda: disclosing.send(
                id=data["id"],
                submission_id=id,
                sender_id=sender_id,
                profile=profile,
                recipient=recipient,
                statement_digest=data["statement"],
                message=data["message"],
                sent_at=data["sent_at"] or at,
                at=at,
            ),
        )
        told = disclosing.told(submission, on=at.date())
        said = shown(next(one for one in told if one.disclosure == row))
        return Response(ToldOutput(said).data, status=201 if created else 200)

    @extend_schema(operation_id="list_disclosures", responses=DisclosuresOutput, tags=["disclosures"])
    def get(self, request: Request, id: UUID) -> Response:
        """
        Read what every recipient is told about how your output was made, and what they were told.

        Everything follows from the record of contributions. Where somebody was told what is not on record any more,
        ``agrees`` is false and the differences are listed, also for the signed file.
        """
        submission, on = _own(request, id), timezone.now().date()
        record, told = terms.record_of(submission), disclosing.told(submission, on=on)
        said = {
            "record": record.pk if record else None,
            "agrees": not disclosing.disagreeing(told),
            "statements": [described(one, id) for one in disclosing.statements(submission, on=on)],
            "sent": [shown(one) for one in told],
        }
        return Response(DisclosuresOutput(said).data)


class DisclosureAnswers(APIView):
    """What a recipient answered."""

    scopes = {"POST": "submissions:write"}
    sees = {"id": Submission, "disclosure_id": Disclosure}
    absent = NoSuchSubmission

    @extend_schema_serializer(component_name="RecipientAnswer")
    class Input(serializers.Serializer[Any]):
        """What a recipient answered to what it was told."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        answer = serializers.ChoiceField(
            DisclosureAnswer.ANSWERS, help_text="It took it, refused it, or took it with something changed"
        )
        code = serializers.RegexField(
            r"^[A-Za-z0-9][A-Za-z0-9 ._:/-]*$",
            max_length=60,
            required=False,
            allow_blank=True,
            default="",
            help_text="The recipient's own word for why, such as a code; no names",
        )
        document = DigestField(
            required=False, allow_blank=True, default="", help_text="Of the recipient's message, which you keep"
        )
        answered_at = serializers.DateTimeField(required=False, allow_null=True, default=None)

    @extend_schema(
        operation_id="record_disclosure_answer",
        request=Input,
        responses={201: DisclosureAnswerOutput},
        examples=[
            OpenApiExample(
                "rejected",
                {
                    "id": "8a4c1e3a-0d51-4a27-9c06-5b8f2d9e7c13",
                    "answer": "rejected",
                    "code": "AI_CONTRIBUTION_MISSING",
                    "document": f"sha256:{'cd' * 32}",
                    "answered_at": "2027-03-02T08:30:00Z",
                },
                request_only=True,
            )
        ],
        tags=["disclosures"],
    )
    def post(self, request: Request, id: UUID, disclosure_id: UUID) -> Response:
        """Record what a recipient answered to what you told it; a later answer supersedes an earlier one."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data, at = given.validated_data, timezone.now()
        submission = _own(request, id)
        caller_of(request).answer_for(submission.submitter_id, Verb.SUBMIT)
        told = seen_by(request, Disclosure.objects.filter(submission=submission)).filter(pk=disclosure_id).first()
        if told is None:
            raise NoSuchSubmission
        row, created = once(
            seen_by(request, DisclosureAnswer.objects.all()),
            data["id"],
            same=lambda found: (
                (found.disclosure_id, found.answer, found.code, found.document_digest)
                == (disclosure_id, data["answer"], data["code"], data["document"])
                and data["answered_at"] in {None, found.answered_at}
            ),
            create=lambda: disclosing.answer(
                id=data["id"],
                disclosure_id=disclosure_id,
                answer=data["answer"],
                code=data["code"],
                document_digest=data["document"],
                answered_at=data["answered_at"] or at,
                at=at,
            ),
        )
        return Response(DisclosureAnswerOutput(row).data, status=201 if created else 200)


class SubmissionDisclosure(APIView):
    """What one recipient is told."""

    scopes = {"GET": "submissions:read"}
    sees = {"id": Submission}
    absent = NoSuchSubmission
    renderer_classes = [JSONRenderer, XmlRenderer]
    content_negotiation_class = DefaultContentNegotiation

    @extend_schema(
        operation_id="read_disclosure",
        parameters=[
            OpenApiParameter("profile", str, required=True, description="Of whom: `ddex-ern`, `apple-music` and so on"),
            OpenApiParameter("version", str, description="Unless given the one in force today"),
        ],
        responses={
            (200, "application/json"): StatementOutput,
            (200, "application/xml"): OpenApiTypes.STR,
        },
        examples=[
            OpenApiExample(
                "fragment",
                ern.fragment(
                    ern.Said(
                        (ern.Resource(ern.SOUND, "Partly", (ern.By("", "GenerativeAI", "Musician", "All"),)),),
                        ("Partly",),
                    )
                ).decode(),
                response_only=True,
                media_type=XML,
            )
        ],
        tags=["disclosures"],
    )
    def get(self, request: Request, id: UUID) -> HttpResponse | Response:
        """Read one statement as a table, or as XML to put into your message where the recipient takes that."""
        submission = _own(request, id)
        given = request.query_params
        asked = _profile(given.get("profile", ""), given.get("version", ""), timezone.now())
        statement = disclosures.derive(asked, disclosing.making_of(submission))
        if not request.accepted_media_type.startswith(XML):
            return Response(StatementOutput(described(statement, id)).data)
        if statement.fragment is None:
            raise NotAcceptable(f"{asked.recipient} takes no XML: ask for application/json.")
        return HttpResponse(statement.fragment, content_type=XML)


class DisclosureChecks(APIView):
    """Checking what somebody else wrote."""

    scopes = {"POST": "submissions:read"}
    parser_classes = [XmlParser]

    @extend_schema_serializer(component_name="DisclosureCheck")
    class Output(serializers.Serializer[Any]):
        """What is wrong with a message."""

        problems = ProblemOutput(many=True)
        is_held_to_schema = serializers.BooleanField(help_text="The official schema is configured here, and was asked")

    @extend_schema(
        operation_id="check_disclosure",
        request={"application/xml": OpenApiTypes.STR},
        responses={200: Output},
        tags=["disclosures"],
    )
    def post(self, request: Request) -> Response:
        """
        Check what a DDEX ERN 4.3.2 message, or a fragment of one, says about AI; nothing is kept.

        The rules V1 to V4 and V6 are those that its schema cannot hold anybody to.
        """
        given: Any = request.data
        document = given if isinstance(given, bytes) else b""  # no body at all
        problems = list(ern.check(ern.read(document), is_recorded=False))
        schema = disclosing.schema()
        if schema is not None:
            problems += _of_schema(ern.validate(document, schema))
        return Response(self.Output({"problems": problems, "is_held_to_schema": schema is not None}).data)
