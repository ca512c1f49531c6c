"""What an audit leaves on record: notes, samples with their exceptions, and questions that are asked again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fingerprint import store
from ledger.api.access import caller_of, person_of, seen_by
from ledger.api.once import once
from ledger.api.paging import Page, page_of, page_of_own
from ledger.auditing import acting, drawing, noting, sampling, saving
from ledger.auditing.asking import settled
from ledger.auditing.drawing import Method, Terms
from ledger.models import (
    AuditException,
    AuditNote,
    AuditSample,
    AuditSampleItem,
    Entry,
    KeptAnswer,
    SavedQuestion,
)
from rights.models import Party, Submission
from royalties.models import Statement

READ = {"GET": "catalogue:read"}
WITHOUT_NAMES = "Without names: it cannot be taken back"


def _auditing(request: Request) -> acting.Acting:
    person_of(request)
    return acting.auditor(request.user, caller_of(request), at=timezone.now())


class AuditNoteOutput(serializers.Serializer[AuditNote]):
    """What an auditor wrote beside one thing."""

    id = serializers.UUIDField()
    entry = serializers.UUIDField(source="entry_id", allow_null=True)
    submission = serializers.UUIDField(source="submission_id", allow_null=True)
    statement = serializers.UUIDField(source="statement_id", allow_null=True)
    text = serializers.CharField()
    noted_by = serializers.IntegerField(source="noted_by_id", help_text="The number of a login")
    recorded_at = serializers.DateTimeField()


class AuditNotes(APIView):
    """Notes of auditors."""

    scopes = READ
    auditors = ("POST",)

    @extend_schema_serializer(component_name="AuditNote")
    class Input(serializers.Serializer[Any]):
        """A note beside an entry, an output or a statement."""

        id = serializers.UUIDField(help_text="Made by the client")
        entry = serializers.UUIDField(required=False)
        submission = serializers.UUIDField(required=False)
        statement = serializers.UUIDField(required=False)
        text = serializers.CharField(max_length=noting.MOST_LETTERS, help_text=WITHOUT_NAMES)

        def validate(self, data: dict[str, Any]) -> dict[str, Any]:
            """Ask for exactly one thing that it is beside."""
            if len(data.keys() & {"entry", "submission", "statement"}) != 1:
                raise serializers.ValidationError("A note is beside one entry, or one output, or one statement.")
            return data

    @extend_schema(operation_id="list_audit_notes", responses=Page.of(AuditNoteOutput), tags=["audits"])
    def get(self, request: Request) -> Response:
        """List notes, oldest first: those of one's own audit, or about one's own house."""
        return page_of(AuditNote.objects.all(), "recorded_at", AuditNoteOutput, request)

    @extend_schema(
        operation_id="write_audit_note", request=Input, responses={201: AuditNoteOutput, 200: AuditNoteOutput},
        tags=["audits"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Put a note on record. The log has its digest, and no word of it."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        by, at = _auditing(request), timezone.now()
        beside = {name: data.get(name) for name in ("entry", "submission", "statement")}
        caller_of(request).look_up(
            **{
                name: (model, beside[name])
                for name, model in (("entry", Entry), ("submission", Submission), ("statement", Statement))
                if beside[name]
            }
        )
        found, is_new = once(
            seen_by(request, AuditNote.objects.all()),
            data["id"],
            same=lambda row: (
                row.text == data["text"].strip()
                and all(getattr(row, f"{name}_id") == id for name, id in beside.items())
            ),
            create=lambda: noting.note(
                id=data["id"],
                text=data["text"],
                entry_id=beside["entry"],
                submission_id=beside["submission"],
                statement_id=beside["statement"],
                organization_id=by.organization_id,
                engagement_id=by.engagement_id,
                by_id=by.by_id,
                at=at,
            ),
        )
        return Response(AuditNoteOutput(found).data, status=201 if is_new else 200)


class AuditSampleRow(serializers.Serializer[AuditSample]):
    """A sample in a list."""

    id = serializers.UUIDField()
    method = serializers.CharField()
    seed = serializers.CharField()
    currency = serializers.CharField()
    period_from = serializers.DateField()
    period_to = serializers.DateField()
    payee = serializers.UUIDField(source="payee_id", allow_null=True)
    known_at = serializers.DateTimeField()
    digest = serializers.SerializerMethodField(help_text="Of the document: terms, population, plan and lines")
    recorded_at = serializers.DateTimeField()

    def get_digest(self, row: AuditSample) -> str:
        """Return the digest of the document."""
        return f"sha256:{row.digest}"


class AuditSampleItemOutput(serializers.Serializer[AuditSampleItem]):
    """One line that was drawn."""

    id = serializers.UUIDField()
    position = serializers.IntegerField()
    statement = serializers.UUIDField(source="statement_id")
    line = serializers.SerializerMethodField(help_text="Partition and line, as statements have them")
    units = serializers.SerializerMethodField(help_text="As booked, minor units")
    stratum = serializers.IntegerField()
    hits = serializers.IntegerField()

    def get_line(self, row: AuditSampleItem) -> str:
        """Return where the line stands."""
        return f"{row.partition}.{row.line}"

    def get_units(self, row: AuditSampleItem) -> str:
        """Return the amount as text."""
        return str(row.units)


class AuditSampleOutput(AuditSampleRow):
    """A sample: by what it was drawn, out of what, its lines, and what their errors say about everything."""

    document = serializers.SerializerMethodField()
    items = serializers.SerializerMethodField()
    outcome = serializers.SerializerMethodField()

    def get_document(self, row: AuditSample) -> dict[str, Any]:
        """Return what was put on record."""
        found: dict[str, Any] = json.loads(row.document)  # exact: canonical, so without a float
        return found

    def get_items(self, row: AuditSample) -> list[dict[str, Any]]:
        """Return the lines in the order in which they were drawn."""
        items: Any = row.items.order_by("position")
        return list(AuditSampleItemOutput(items, many=True).data)

    def get_outcome(self, row: AuditSample) -> dict[str, Any]:
        """Return the projected misstatement and its upper limit, exact fractions as text."""
        found = drawing.evaluate(row)
        it = found.estimate
        return {
            "items": found.items,
            "exceptions": found.exceptions,
            "found": str(it.found),
            "projected": f"{it.projected.numerator}/{it.projected.denominator}",
            "precision": f"{it.precision.numerator}/{it.precision.denominator}",
            "allowance": f"{it.allowance.numerator}/{it.allowance.denominator}",
            "upper_limit": str(it.upper),
            "understated": f"{it.understated.numerator}/{it.understated.denominator}",
            "tolerable": str(found.tolerable),
            "is_borne": found.is_borne,
        }


class AuditSamples(APIView):
    """Samples of statement lines."""

    scopes = READ
    auditors = ("POST",)

    @extend_schema_serializer(component_name="AuditSample")
    class Input(serializers.Serializer[Any]):
        """By what a sample is drawn. Amounts are minor units."""

        id = serializers.UUIDField(help_text="Made by the client")
        method = serializers.ChoiceField(choices=Method.values)
        seed = serializers.RegexField(r"^[A-Za-z0-9._:+/-]{1,64}$", help_text="The same seed draws the same lines")
        currency = serializers.RegexField(r"^[A-Z]{3}$")
        period_from = serializers.DateField()
        period_to = serializers.DateField()
        payee = serializers.UUIDField(required=False, help_text="Only statements to this party")
        known_at = serializers.DateTimeField(required=False, help_text="Empty: at the newest checkpoint")
        confidence = serializers.ChoiceField(choices=sampling.CONFIDENCES, default=95)
        tolerable = serializers.IntegerField(min_value=0, default=0, help_text="Misstatement that would be borne")
        expected = serializers.IntegerField(min_value=0, default=0)
        size = serializers.IntegerField(min_value=0, max_value=sampling.MOST_ITEMS, default=0, help_text="Stratified")
        boundaries = serializers.ListField(
            child=serializers.IntegerField(min_value=1), default=list, max_length=9, help_text="Where strata begin"
        )

        def validate(self, data: dict[str, Any]) -> dict[str, Any]:
            """Ask for a period that ends after it begins."""
            if data["period_to"] <= data["period_from"]:
                raise serializers.ValidationError({"period_to": "The end lies behind the beginning."})
            return data

    @extend_schema(operation_id="list_audit_samples", responses=Page.of(AuditSampleRow), tags=["audits"])
    def get(self, request: Request) -> Response:
        """List samples, oldest first."""
        return page_of(AuditSample.objects.all(), "recorded_at", AuditSampleRow, request)

    @extend_schema(
        operation_id="draw_audit_sample", request=Input, responses={201: AuditSampleOutput, 200: AuditSampleOutput},
        tags=["audits"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Draw a sample out of the statement lines that are yours to see, and put it on record."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        by, at = _auditing(request), timezone.now()
        if payee := data.get("payee"):
            caller_of(request).look_up(payee=(Party, payee))
        known_at: datetime = data.get("known_at") or settled(at)
        if known_at > at:
            raise serializers.ValidationError({"known_at": "This moment is still to come."})
        terms = Terms(
            method=Method(data["method"]),
            seed=data["seed"],
            currency=data["currency"],
            period_from=data["period_from"],
            period_to=data["period_to"],
            payee_id=payee,
            known_at=known_at.astimezone(UTC),
            confidence=data["confidence"],
            tolerable=data["tolerable"],
            expected=data["expected"],
            size=data["size"],
            boundaries=tuple(data["boundaries"]),
        )
        found, is_new = once(
            seen_by(request, AuditSample.objects.all()),
            data["id"],
            same=lambda row: drawing.terms_of(row) == (terms if "known_at" in data else _known_as(terms, row)),
            create=lambda: drawing.draw(
                terms,
                id=data["id"],
                sight=caller_of(request).sight,
                organization_id=by.organization_id,
                engagement_id=by.engagement_id,
                by_id=by.by_id,
                at=at,
            ),
        )
        return Response(AuditSampleOutput(found).data, status=201 if is_new else 200)


def _known_as(terms: Terms, row: AuditSample) -> Terms:
    from dataclasses import replace

    return replace(terms, known_at=row.known_at)


class AuditSampleDetail(APIView):
    """One sample."""

    scopes = READ
    sees = {"id": AuditSample}

    @extend_schema(operation_id="read_audit_sample", responses=AuditSampleOutput, tags=["audits"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read a sample with its lines and what their errors say about everything."""
        return Response(AuditSampleOutput(_sample(request, id)).data)


class AuditSampleAgain(APIView):
    """A sample, drawn again."""

    scopes = READ
    sees = {"id": AuditSample}

    @extend_schema(operation_id="draw_audit_sample_again", responses={200: OpenApiTypes.OBJECT}, tags=["audits"])
    def get(self, request: Request, id: UUID) -> Response:
        """Draw it again from the records as they were known then, and say whether it is the same to the byte."""
        row = _sample(request, id)
        is_same = drawing.drawn_again(row, sight=caller_of(request).sight)
        return Response({"digest": f"sha256:{row.digest}", "is_same": is_same})


def _sample(request: Request, id: UUID) -> AuditSample:
    row: AuditSample | None = seen_by(request, AuditSample.objects.filter(pk=id)).first()
    if row is None:
        raise Http404
    return row


class AuditExceptionOutput(serializers.Serializer[AuditException]):
    """What was said about a sampled line; the last word counts."""

    id = serializers.UUIDField()
    item = serializers.UUIDField(source="item_id")
    sample = serializers.UUIDField(source="item.sample_id")
    statement = serializers.UUIDField(source="item.statement_id")
    line = serializers.SerializerMethodField(help_text="Partition and line, as statements have them")
    position = serializers.IntegerField()
    owner = serializers.IntegerField(source="owner_id", help_text="The number of a login")
    root_cause = serializers.CharField()
    booked_units = serializers.CharField(source="item.units")
    audited_units = serializers.CharField()
    status = serializers.CharField()
    note = serializers.CharField()
    recorded_by = serializers.IntegerField(source="recorded_by_id")
    recorded_at = serializers.DateTimeField()

    def get_line(self, row: AuditException) -> str:
        """Return where the line stands."""
        return f"{row.item.partition}.{row.item.line}"


AuditExceptionPage = Page.of(AuditExceptionOutput)


class AuditExceptions(APIView):
    """The register of exceptions."""

    scopes = READ
    auditors = ("POST",)

    @extend_schema_serializer(component_name="AuditException")
    class Input(serializers.Serializer[Any]):
        """What is wrong with a sampled line, or how that stands now."""

        id = serializers.UUIDField(help_text="Made by the client")
        item = serializers.UUIDField()
        owner = serializers.IntegerField(min_value=1, help_text="Who must see to it: the number of a login")
        root_cause = serializers.ChoiceField(choices=drawing.Cause.choices)
        audited_units = serializers.IntegerField(help_text="What the line should come to, minor units")
        status = serializers.RegexField(
            rf"^({'|'.join(drawing.Status.values)})$",
            default=drawing.Status.OPEN.value,
            help_text=f"One of {', '.join(drawing.Status.values)}; the first word about a line opens it",
        )
        note = serializers.CharField(max_length=600, default="", allow_blank=True, help_text=WITHOUT_NAMES)

    @extend_schema(operation_id="list_audit_exceptions", responses=AuditExceptionPage, tags=["audits"])
    def get(self, request: Request) -> Response:
        """List what was said about sampled lines, oldest first."""
        rows = AuditException.objects.select_related("item")
        return page_of(rows, "recorded_at", AuditExceptionOutput, request)

    @extend_schema(
        operation_id="record_audit_exception",
        request=Input,
        responses={201: AuditExceptionOutput, 200: AuditExceptionOutput},
        tags=["audits"],
    )
    def post(self, request: Request) -> Response:
        """Record an exception, or the next word about it."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        by, at = _auditing(request), timezone.now()
        item = drawing.find(data["item"], sight=caller_of(request).sight, by_id=None)
        drawing.check_owner(data["owner"], item, on=at.date())
        found, is_new = once(
            seen_by(request, AuditException.objects.all()),
            data["id"],
            same=lambda row: (
                (row.item_id, row.audited_units, row.status) == (item.pk, data["audited_units"], data["status"])
            ),
            create=lambda: drawing.record(
                id=data["id"],
                item=item,
                owner_id=data["owner"],
                root_cause=drawing.Cause(data["root_cause"]),
                audited_units=data["audited_units"],
                status=drawing.Status(data["status"]),
                note=data["note"],
                by_id=by.by_id,
                at=at,
            ),
        )
        return Response(AuditExceptionOutput(found).data, status=201 if is_new else 200)


class AuditExceptionsWaiting(APIView):
    """Exceptions that wait for the answer of whoever asks."""

    scopes = READ

    @extend_schema(operation_id="list_audit_exceptions_waiting", responses=AuditExceptionPage, tags=["audits"])
    def get(self, request: Request) -> Response:
        """List what you must see to and have not answered, oldest first: the last word about each. For people only."""
        rows = drawing.waiting_for(person_of(request))
        return page_of_own(rows, "recorded_at", AuditExceptionOutput, request)


class AuditExceptionAnswers(APIView):
    """What whoever must see to an exception says to it."""

    owners = ("POST",)

    @extend_schema_serializer(component_name="AuditExceptionAnswer")
    class Input(serializers.Serializer[Any]):
        """An answer; what was found stays as it is, and the auditor ends it."""

        id = serializers.UUIDField(help_text="Made by the client")
        item = serializers.UUIDField(help_text="The sampled line, as the exception names it")
        status = serializers.RegexField(
            rf"^({'|'.join(drawing.ANSWERS)})$", help_text=f"One of {', '.join(drawing.ANSWERS)}"
        )
        note = serializers.CharField(max_length=600, help_text=f"Why. {WITHOUT_NAMES}")

    @extend_schema(
        operation_id="answer_audit_exception",
        request=Input,
        responses={201: AuditExceptionOutput, 200: AuditExceptionOutput},
        tags=["audits"],
        examples=[
            OpenApiExample(
                "An exception is disputed",
                value={
                    "id": "8d3c7c1e-4f6a-4f0e-9b42-6f8f2f6f1a10",
                    "item": "0b1f5a52-8f0f-4c53-9a0e-0a6f3c9d2e77",
                    "status": "disputed",
                    "note": "The share was right: it changed on 1 January, and the line is of February.",
                },
                request_only=True,
                media_type="application/json",
            ),
            OpenApiExample(
                "The answer on record",
                value={
                    "id": "8d3c7c1e-4f6a-4f0e-9b42-6f8f2f6f1a10",
                    "item": "0b1f5a52-8f0f-4c53-9a0e-0a6f3c9d2e77",
                    "sample": "5e0c0d0a-2b0e-4d0c-8c55-1f4f1a1f7f01",
                    "statement": "c1f1f7a6-58a0-4a8e-8a5c-9a4ad3a5d9be",
                    "line": "0.17",
                    "position": 1,
                    "owner": 12,
                    "root_cause": "share",
                    "booked_units": "8306",
                    "audited_units": "4153",
                    "status": "disputed",
                    "note": "The share was right: it changed on 1 January, and the line is of February.",
                    "recorded_by": 12,
                    "recorded_at": "2026-03-02T09:30:00Z",
                },
                response_only=True,
                media_type="application/json",
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Answer an exception that is yours to see to: accepted, disputed or corrected, and why."""
        by_id = person_of(request)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        item = drawing.find(data["item"], sight=caller_of(request).sight, by_id=by_id)
        found, is_new = once(
            AuditException.objects.filter(recorded_by=by_id),
            data["id"],
            same=lambda row: (row.item_id, row.status, row.note) == (item.pk, data["status"], data["note"].strip()),
            create=lambda: drawing.answer(
                id=data["id"],
                item=item,
                status=drawing.Status(data["status"]),
                note=data["note"],
                by_id=by_id,
                at=timezone.now(),
            ),
        )
        return Response(AuditExceptionOutput(found).data, status=201 if is_new else 200)


class SavedQuestionOutput(serializers.Serializer[SavedQuestion]):
    """A question that is kept, and the answers that were made."""

    id = serializers.UUIDField()
    question = serializers.CharField()
    name = serializers.CharField()
    parameters = serializers.DictField(child=serializers.CharField())
    every = serializers.CharField(help_text="Empty: only when somebody asks")
    keep_days = serializers.IntegerField()
    next_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    answers = serializers.SerializerMethodField()

    def get_answers(self, row: SavedQuestion) -> list[dict[str, Any]]:
        """Return the answers that are kept, the newest first."""
        return [
            {
                "id": str(one.pk),
                "due_at": one.due_at,
                "made_at": one.made_at,
                "digest": f"sha256:{one.answer_digest}" if one.answer_digest else None,
                "conclusion": (one.document or {}).get("stated", {}).get("conclusion", ""),
                "holds": (one.document or {}).get("holds"),
                "problem": one.problem,
                "keep_until": one.keep_until,
            }
            for one in row.answers.order_by("-due_at")[:50]
        ]


class SavedQuestions(APIView):
    """Questions that are kept."""

    scopes = READ
    auditors = ("POST",)

    @extend_schema_serializer(component_name="SavedQuestion")
    class Input(serializers.Serializer[Any]):
        """A question with what it is asked with; a period may be in words, as `last_month`."""

        id = serializers.UUIDField(help_text="Made by the client")
        question = serializers.SlugField(max_length=40)
        name = serializers.CharField(max_length=120)
        parameters = serializers.DictField(child=serializers.CharField(max_length=200, allow_blank=True))
        every = serializers.ChoiceField(choices=SavedQuestion.Every.choices, default="", allow_blank=True)
        keep_days = serializers.IntegerField(min_value=1, max_value=saving.MOST_DAYS, default=365)

    @extend_schema(operation_id="list_saved_questions", responses=Page.of(SavedQuestionOutput), tags=["audits"])
    def get(self, request: Request) -> Response:
        """List questions that are kept, oldest first, with their answers."""
        return page_of(SavedQuestion.objects.all(), "saved_at", SavedQuestionOutput, request)

    @extend_schema(
        operation_id="save_question", request=Input, responses={201: SavedQuestionOutput, 200: SavedQuestionOutput},
        tags=["audits"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Keep a question, for an auditor's engagement or for one's organization: everybody of it sees the answers."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        person_of(request)
        at = timezone.now()
        by = acting.asker(request.user, caller_of(request), at=at)
        found, is_new = once(
            seen_by(request, SavedQuestion.objects.all()),
            data["id"],
            same=lambda row: (
                (row.question, row.name, row.every) == (data["question"], data["name"].strip(), data["every"])
            ),
            create=lambda: saving.save(
                id=data["id"],
                slug=data["question"],
                name=data["name"],
                parameters=data["parameters"],
                every=saving.Every(data["every"]),
                keep_days=data["keep_days"],
                acting=by,
                at=at,
            ),
        )
        return Response(SavedQuestionOutput(found).data, status=201 if is_new else 200)


class SavedQuestionEnds(APIView):
    """The end of a question."""

    sees = {"id": SavedQuestion}
    auditors = ("POST",)

    @extend_schema(
        operation_id="end_saved_question", request=None, responses={201: SavedQuestionOutput}, tags=["audits"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Ask it no more; what was answered stays for its time."""
        person_of(request)
        at = timezone.now()
        acting.asker(request.user, caller_of(request), at=at)
        row: SavedQuestion | None = seen_by(request, SavedQuestion.objects.filter(pk=id)).first()
        if row is None:
            raise saving.NoSuchSaved
        saving.end(row, at=at)
        row.refresh_from_db()
        return Response(SavedQuestionOutput(row).data, status=201)


class KeptAnswerFile(APIView):
    """The file of an answer."""

    scopes = READ
    sees = {"id": KeptAnswer}

    @extend_schema(
        operation_id="read_kept_answer",
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
        tags=["audits"],
    )
    def get(self, request: Request, id: UUID) -> HttpResponseBase:
        """Download an answer that was kept, as CSV."""
        row: KeptAnswer | None = seen_by(request, KeptAnswer.objects.filter(pk=id)).first()
        if row is None:
            raise Http404
        return kept_file(row)


def kept_file(row: KeptAnswer) -> HttpResponseBase:
    """
    Hand out the file of an answer.

    :raises Http404: it was not made, or its time is over
    """
    if not row.file_digest:
        raise Http404
    try:
        opened = store.open(row.file_digest, alias=saving.STORE)
    except store.NoSuchAudio as error:
        raise Http404 from error
    return FileResponse(opened, content_type="text/csv; charset=utf-8", filename=f"{row.pk}.csv", as_attachment=True)
