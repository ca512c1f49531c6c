"""Whether everything is in the log, and what came between two checkpoints."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import coverage, streams
from ledger.api.access import caller_of

SCOPES = {"GET": "catalogue:read"}


class CoverageDifferenceOutput(serializers.Serializer[coverage.Difference]):
    """A row without its entry, or an entry whose row is gone."""

    table = serializers.CharField()
    id = serializers.CharField(help_text="Of the row; empty where only their number is known")
    sentence = serializers.CharField()


class TableOutput(serializers.Serializer[coverage.TableCoverage]):
    """A table with facts."""

    table = serializers.CharField()
    is_asked = serializers.BooleanField(help_text="The database refuses to commit a row without its entry")
    reason = serializers.CharField(help_text="Why it does not; empty where it does")
    rows = serializers.IntegerField()
    logged = serializers.IntegerField(help_text="Rows that entries vouch for")
    kinds = serializers.SerializerMethodField(help_text="Kind of entry → rows of this table in entries of it")
    unlogged = serializers.IntegerField(help_text="Rows without an entry")
    gone = serializers.IntegerField(help_text="Rows that entries vouch for, and that are not there")

    def get_kinds(self, row: coverage.TableCoverage) -> dict[str, int]:
        """Return them as an object."""
        return dict(row.kinds)


class KindOutput(serializers.Serializer[coverage.KindCoverage]):
    """A kind of entry."""

    kind = serializers.CharField()
    table = serializers.CharField()
    entries = serializers.IntegerField()
    pending = serializers.IntegerField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Whole",
            value={
                "checkpoint": 3120,
                "entries": 3120,
                "is_whole": True,
                "fault": "",
                "tables": [
                    {
                        "table": "rights_share",
                        "is_asked": True,
                        "reason": "",
                        "rows": 412,
                        "logged": 412,
                        "kinds": {"share_registered": 412},
                        "unlogged": 0,
                        "gone": 0,
                    }
                ],
                "kinds": [{"kind": "share_registered", "table": "rights_share", "entries": 412, "pending": 0}],
                "differences": [],
                "without": {"ledger_job": "working state: what waits for a worker, or how far it has come"},
            },
        )
    ]
)
class CoverageOutput(serializers.Serializer[coverage.Coverage]):
    """Tables, rows and entries of one moment."""

    checkpoint = serializers.IntegerField(help_text="Entries of the newest checkpoint")
    entries = serializers.IntegerField()
    is_whole = serializers.BooleanField(help_text="Every fact has its entry, and every entry its fact")
    fault = serializers.CharField(help_text="Why nothing was counted; empty where it was")
    tables = TableOutput(many=True)
    kinds = KindOutput(many=True)
    differences = CoverageDifferenceOutput(many=True, help_text="At most twenty of a table are named")
    without = serializers.SerializerMethodField(help_text="Table without legal weight → why")

    def get_without(self, row: coverage.Coverage) -> dict[str, str]:
        """Return them as an object."""
        return dict(row.without)


def _counted(request: Request) -> coverage.Coverage:
    if not caller_of(request).sight.is_whole:
        raise coverage.NotTheWhole
    return coverage.coverage()


class LogCoverage(APIView):
    """Tables beside entries."""

    scopes = SCOPES

    @extend_schema(operation_id="read_log_coverage", responses=CoverageOutput, tags=["log"])
    def get(self, request: Request) -> Response:
        """Count tables, rows and entries side by side, and name what has no counterpart. For who sees everything."""
        return Response(CoverageOutput(_counted(request)).data)


class LogCoverageSheet(APIView):
    """The same as a table."""

    scopes = SCOPES

    @extend_schema(
        operation_id="download_log_coverage",
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
        tags=["log"],
    )
    def get(self, request: Request) -> HttpResponse:
        """Download tables, rows and entries side by side as CSV, a line each. For who sees everything."""
        answer = HttpResponse(coverage.sheet(_counted(request)), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="coverage.csv"'
        return answer


class StreamsQuery(serializers.Serializer[Any]):
    """Between which checkpoints."""

    earlier = serializers.IntegerField(
        min_value=0, max_value=2**53, required=False, help_text="Size of the first checkpoint; nothing: the beginning"
    )
    later = serializers.IntegerField(
        min_value=1, max_value=2**53, required=False, help_text="Size of the second one; nothing: the newest"
    )


class LogStreams(APIView):
    """What came between two checkpoints."""

    scopes = SCOPES

    @extend_schema(
        operation_id="read_log_streams",
        parameters=[StreamsQuery],
        responses={(200, "application/json"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["log"],
    )
    def get(self, request: Request) -> HttpResponse:
        """
        Read what came between two checkpoints, stream by stream: numbered without a gap, with counts and totals.

        The statement is canonical JSON (RFC 8785). With the log's public key and its published tiles,
        ``ledger-verify streams.json --key log.vkey --tiles FOLDER`` checks that no entry between the two is missing,
        named twice or another one. Whoever does not see everything gets the streams that concern them.
        """
        query = StreamsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        said = query.validated_data
        found = streams.between(said.get("earlier"), said.get("later"), sight=caller_of(request).sight)
        answer = HttpResponse(found.written(), content_type="application/json")
        answer["Content-Disposition"] = 'attachment; filename="streams.json"'
        return answer
