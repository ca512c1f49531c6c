"""Questions of an audit over the API: what can be asked, and the answers as JSON, CSV, Parquet and PDF."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger.api.access import caller_of
from ledger.auditing import registry, writing
from ledger.auditing.asking import Answer, ask
from ledger.auditing.parameters import BadParameter

READ = {"GET": "catalogue:read"}
MOST = 500


class AuditParameter(serializers.Serializer[Any]):
    """What a question may be asked with."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # of a field of a form, in its base
    kind = serializers.CharField()
    help = serializers.CharField()
    is_required = serializers.BooleanField()
    default = serializers.CharField()


class AuditColumn(serializers.Serializer[Any]):
    """A column of an answer; money in the smallest unit (`minor`) is text, and its currency stands beside it."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # of a field of a form, in its base
    kind = serializers.CharField()


class AuditQuestion(serializers.Serializer[Any]):
    """One of the sixteen questions."""

    number = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    lead = serializers.CharField()
    note = serializers.CharField()
    parameters = AuditParameter(many=True)
    columns = AuditColumn(many=True)


class AuditAnswer(serializers.Serializer[Any]):
    """An answer: what was asked, at which checkpoint of the log, what it comes to, and a page of its rows."""

    question = serializers.CharField()
    parameters = serializers.DictField(child=serializers.CharField())
    seen_by = serializers.CharField(help_text="`everything`, or a digest of whose eyes it was seen with")
    checkpoint = serializers.DictField(child=serializers.CharField(), allow_null=True)
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.IntegerField(help_text="All of them, not those of the page")
    digest = serializers.CharField(help_text="Over the head and every row; the same question gives the same")
    holds = serializers.BooleanField(allow_null=True, help_text="Null where it is for a person to say")
    conclusion = serializers.CharField()
    results = serializers.ListField(child=serializers.ListField())
    next = serializers.CharField(allow_null=True, help_text="Goes into `after` for the next page")


def _answer(request: Request, slug: str, *beside: str) -> Answer:
    given = {name: str(value)[:200] for name, value in request.query_params.items() if name not in beside}
    return ask(registry.question(slug), given, sight=caller_of(request).sight, now=timezone.now())


def csv_of(answer: Answer) -> HttpResponseBase:
    """Hand out an answer as CSV, row by row."""
    response = StreamingHttpResponse(writing.csv(answer), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{answer.question.slug}.csv"'
    return response


def parquet_of(answer: Answer) -> HttpResponseBase:
    """Hand out an answer as Parquet, from a file that goes with the response."""
    handle = tempfile.NamedTemporaryFile(suffix=".parquet")  # noqa: SIM115 - closed by the response
    try:
        writing.parquet(answer, Path(handle.name))
    except BaseException:
        handle.close()
        raise
    return FileResponse(
        handle,
        content_type="application/vnd.apache.parquet",
        filename=f"{answer.question.slug}.parquet",
        as_attachment=True,
    )


_ASKED = [
    OpenApiParameter("period_from", OpenApiTypes.DATE, description="And the others that the question has"),
    OpenApiParameter("period_to", OpenApiTypes.DATE),
    OpenApiParameter("period", OpenApiTypes.STR, description="In words instead: `last_month`, `last_quarter` …"),
    OpenApiParameter("known_at", OpenApiTypes.DATETIME, description="Only what was on record by then"),
]


class AuditQuestions(APIView):
    """What auditors can ask."""

    scopes = READ

    @extend_schema(operation_id="list_audit_questions", responses=AuditQuestion(many=True), tags=["audits"])
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List the questions, with their parameters and the columns of their answers."""
        return Response(AuditQuestion(registry.QUESTIONS, many=True).data)


class AuditQuestionAnswer(APIView):
    """The answer to one question."""

    scopes = READ
    words = ("slug",)

    @extend_schema(
        operation_id="ask_audit_question",
        parameters=[
            *_ASKED,
            OpenApiParameter("limit", OpenApiTypes.INT, description=f"Rows of the page, at most {MOST}"),
            OpenApiParameter("after", OpenApiTypes.STR, description="Where to go on: `next` of the page before"),
        ],
        responses=AuditAnswer,
        tags=["audits"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Ask a question; rows come a page at a time, in the order of the columns."""
        answer = _answer(request, slug, "limit", "after")
        limit = request.query_params.get("limit", "50")
        if not limit.isdecimal() or not 1 <= int(limit) <= MOST:
            raise BadParameter("limit", f"limit: a whole number from 1 to {MOST}.")
        page = answer.page(request.query_params.get("after"), most=int(limit))
        summary, head = page.summary, answer.head
        if summary is None:  # a place out of a page that stopped counting; here everything is counted
            summary = answer.summed_up()
        return Response(
            AuditAnswer(
                {
                    **{name: head[name] for name in ("question", "parameters", "seen_by", "checkpoint", "columns")},
                    "rows": summary.tally.rows,
                    "digest": f"sha256:{summary.digest}",
                    "holds": summary.conclusion.holds,
                    "conclusion": summary.conclusion.sentence,
                    "results": [answer.question.write(row) for row in page.rows],
                    "next": page.following,
                }
            ).data
        )


class AuditQuestionCsv(APIView):
    """The answer as a table."""

    scopes = READ
    words = ("slug",)

    @extend_schema(
        operation_id="ask_audit_question_csv",
        parameters=_ASKED,
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
        tags=["audits"],
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """Download all rows as CSV; below an empty line stands what was asked, and the digest."""
        return csv_of(_answer(request, slug))


class AuditQuestionParquet(APIView):
    """The answer for programs that compute."""

    scopes = READ
    words = ("slug",)

    @extend_schema(
        operation_id="ask_audit_question_parquet",
        parameters=_ASKED,
        responses={(200, "application/vnd.apache.parquet"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["audits"],
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """Download all rows as Parquet; what was asked, and the digest, are in the file's metadata under `answer`."""
        return parquet_of(_answer(request, slug))


class AuditQuestionPaper(APIView):
    """The answer to read and to print."""

    scopes = READ
    words = ("slug",)

    @extend_schema(
        operation_id="ask_audit_question_pdf",
        parameters=_ASKED,
        responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["audits"],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Download the answer as PDF, with its pictures and its first thousand rows."""
        response = HttpResponse(writing.pdf(_answer(request, slug)), content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="{slug}.pdf"'
        return response
