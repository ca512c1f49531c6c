"""Statements: what a payee earned in a run, every step to what is paid, and the lines that it comes from."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import paying, proving, running
from ledger.access import Verb
from ledger.api.access import caller_of, person_of, seen_by
from ledger.api.fields import digest
from ledger.api.paging import Page, page_of
from ledger.api.runs import PEOPLE, READ, REASON
from royalties import money, results
from royalties.models import RoyaltyRun, Statement
from royalties.results import Allocation

MOST_LINES = 1000


class RoyaltyStatementRow(serializers.Serializer[Statement]):
    """A statement in a list."""

    id = serializers.UUIDField()
    run = serializers.UUIDField(source="run_id")
    payee = serializers.UUIDField(source="payee_id")
    version = serializers.IntegerField()
    currency = serializers.CharField()
    earned = serializers.IntegerField(help_text="Minor units")
    payable = serializers.IntegerField()
    payout_currency = serializers.CharField()
    payout_units = serializers.IntegerField()
    issued_at = serializers.DateTimeField()


class PayeeStatementOutput(RoyaltyStatementRow):
    """Every figure of a statement, in minor units of its currency."""

    period_from = serializers.DateField(source="run.period_from")
    period_to = serializers.DateField(source="run.period_to")
    pay_on = serializers.DateField(source="run.pay_on")
    lines = serializers.IntegerField()
    allocated = serializers.IntegerField(help_text="What the lines of this period add up to")
    adjusted = serializers.IntegerField(help_text="Of earlier periods, divided anew: new less old, leaf by leaf")
    granted = serializers.IntegerField(help_text="Out of holds and guarantees since the last statement")
    termed = serializers.IntegerField(help_text="By terms of plans: fees, guarantees, advances, rates")
    held = serializers.IntegerField()
    reserved = serializers.IntegerField()
    released = serializers.IntegerField()
    carried_in = serializers.IntegerField()
    recouped = serializers.IntegerField()
    deducted = serializers.IntegerField()
    base = serializers.IntegerField(help_text="What withholding is a part of")
    withholding_rate = serializers.SerializerMethodField()
    withholding_exact = serializers.CharField(help_text="A fraction of minor units")
    withheld = serializers.IntegerField()
    carried_out = serializers.IntegerField()
    payout_rate = serializers.UUIDField(source="payout_rate_id", allow_null=True, help_text="Id of the exchange rate")
    payout_exact = serializers.CharField(help_text="A fraction of minor units of the payout currency")
    rounding = serializers.SerializerMethodField(help_text="What rounding took of the payout; explained, never posted")
    reason = serializers.CharField(help_text="Of a later version")
    digest = serializers.SerializerMethodField(help_text="Of the canonical document of these figures")
    versions = serializers.SerializerMethodField(help_text="All versions of it, oldest first; the last holds")
    changes = serializers.SerializerMethodField(help_text="What is other than in the version before")

    def get_withholding_rate(self, row: Statement) -> str:
        """Return the fraction."""
        rate = Fraction(row.withholding_numerator, row.withholding_denominator)
        return f"{rate.numerator}/{rate.denominator}"

    def get_rounding(self, row: Statement) -> str:
        """Return the remainder as a fraction of minor units."""
        numerator, _, denominator = row.payout_exact.partition("/")
        rest = Fraction(int(numerator), int(denominator)) - row.payout_units
        return f"{rest.numerator}/{rest.denominator}"

    def get_digest(self, row: Statement) -> str | None:
        """Return the digest."""
        return digest(row.digest)

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_versions(self, row: Statement) -> list[str]:
        """Return their ids."""
        rows = Statement.objects.filter(run=row.run_id, payee=row.payee_id).order_by("version")
        return [str(id) for id in rows.values_list("id", flat=True)]

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "array", "items": {}}})
    def get_changes(self, row: Statement) -> dict[str, list[Any]]:
        """Return name → before and now."""
        before = Statement.objects.filter(run=row.run_id, payee=row.payee_id, version=row.version - 1).first()
        if before is None:
            return {}
        names = (*paying.FIGURES, "withholding_exact", "payout_units")
        return {
            name: [getattr(before, name), getattr(row, name)]
            for name in names
            if getattr(before, name) != getattr(row, name)
        }


def statement_of(request: Request | HttpRequest, id: UUID) -> Statement:
    """
    Return a statement that the caller sees.

    :raises NoSuchStatement: there is none, or it is not theirs to see; nobody can tell which
    """
    rows = Statement.objects.select_related("run__payer__identity", "payee__identity", "payout_rate")
    row = seen_by(request, rows.filter(pk=id)).first()
    if row is None:
        raise paying.NoSuchStatement
    found: Statement = row
    return found


class Statements(APIView):
    """All statements."""

    scopes = READ

    @extend_schema(operation_id="list_statements", responses=Page.of(RoyaltyStatementRow), tags=["royalties"])
    def get(self, request: Request) -> Response:
        """List statements: your own, and of your own runs everybody's. Oldest first; a later version follows."""
        return page_of(Statement.objects.all(), "issued_at", RoyaltyStatementRow, request)


class StatementDetail(APIView):
    """One statement."""

    scopes = READ
    sees = {"id": Statement}
    absent = paying.NoSuchStatement

    @extend_schema(operation_id="read_statement", responses=PayeeStatementOutput, tags=["royalties"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read every figure of a statement, from what was earned to what is paid, in the order of ROY-6."""
        return Response(PayeeStatementOutput(statement_of(request, id)).data)


class LineOutput(serializers.Serializer[Allocation]):
    """What one leaf of one pool came to (ROY-15)."""

    line = serializers.SerializerMethodField(help_text="Its place in the run: partition and line")
    output = serializers.UUIDField(help_text="Decision of the output")
    country = serializers.CharField()
    leaf = serializers.CharField()
    pool_units = serializers.IntegerField()
    weight = serializers.SerializerMethodField()
    exact = serializers.SerializerMethodField(help_text="A fraction of minor units, before the one rounding")
    units = serializers.IntegerField()
    has_leftover = serializers.BooleanField(help_text="Whether it got a unit that the floors left over (ROY-3)")

    def get_line(self, row: Allocation) -> str:
        """Return its place."""
        return f"{row.partition}.{row.line}"

    def get_weight(self, row: Allocation) -> str:
        """Return the fraction."""
        return f"{row.weight.numerator}/{row.weight.denominator}"

    def get_exact(self, row: Allocation) -> str:
        """Return the fraction."""
        return f"{row.exact.numerator}/{row.exact.denominator}"


class LinesOutput(serializers.Serializer[Any]):
    """A page of lines."""

    results = LineOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="What to give as after for the next page")


class StatementLines(APIView):
    """The lines of a statement."""

    scopes = READ
    sees = {"id": Statement}
    absent = paying.NoSuchStatement

    class Query(serializers.Serializer[Any]):
        """Which page."""

        after = serializers.RegexField(r"^[0-9]{1,5}\.[0-9]{1,18}$", required=False)
        limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=MOST_LINES)

    @extend_schema(
        operation_id="list_statement_lines",
        parameters=[
            OpenApiParameter("after", str, description="The place of the last line of the page before"),
            OpenApiParameter("limit", int),
        ],
        responses=LinesOutput,
        tags=["royalties"],
    )
    def get(self, request: Request, id: UUID) -> Response:
        """List the lines that a statement's period comes from, in the order of the run, a page at a time."""
        row = statement_of(request, id)
        return _page(request, lambda after: _lines(row, after=after))


class RunLines(APIView):
    """The lines of a run."""

    scopes = READ
    sees = {"id": RoyaltyRun}
    absent = running.NoSuchRun

    @extend_schema(
        operation_id="list_run_lines",
        parameters=[
            OpenApiParameter("after", str, description="The place of the last line of the page before"),
            OpenApiParameter("limit", int),
        ],
        responses=LinesOutput,
        tags=["royalties"],
    )
    def get(self, request: Request, id: UUID) -> Response:
        """List every leaf of every pool of a run's period, commission and holds among them, a page at a time."""
        run = seen_by(request, RoyaltyRun.objects.filter(pk=id)).first()
        part = None if run is None else run.parts.filter(of_run=run).first()
        if part is None or part.results.count() != part.partitions:
            raise running.OutOfCourse
        return _page(request, lambda after: results.allocations(part, after=after))


class TermLineOutput(serializers.Serializer[Any]):
    """What one leaf gets of a term of money."""

    leaf = serializers.CharField()
    party = serializers.UUIDField(allow_null=True, help_text="Nobody's: on hold")
    asset = serializers.UUIDField(allow_null=True)
    weight = serializers.CharField()
    exact = serializers.CharField(help_text="A fraction of minor units, before the one rounding")
    units = serializers.CharField()
    has_leftover = serializers.BooleanField()


class TermBookingOutput(serializers.Serializer[Any]):
    """A term of money of a plan, as a run booked it: the version of the plan, what it was worked out from, whose."""

    transaction = serializers.UUIDField()
    of_run = serializers.UUIDField(help_text="Of whose period: the run's own, or an earlier one's divided anew")
    term = serializers.UUIDField()
    kind = serializers.CharField()
    plan = serializers.UUIDField()
    plan_number = serializers.IntegerField(help_text="The version of the license's plan")
    license = serializers.UUIDField()
    side = serializers.CharField(allow_null=True)
    currency = serializers.CharField()
    amount = serializers.CharField(allow_null=True)
    rate = serializers.CharField(allow_null=True)
    is_recoupable = serializers.BooleanField()
    source = serializers.CharField()  # type: ignore[assignment]  # the metaclass takes it for a field, as it is
    period_from = serializers.CharField(allow_null=True, help_text="Of a guarantee")
    period_to = serializers.CharField(allow_null=True)
    declarations = serializers.ListField(child=serializers.UUIDField())
    units = serializers.CharField(help_text="The whole of it, in minor units")
    basis = serializers.DictField(child=serializers.CharField(), help_text="What it was worked out from")
    lines = TermLineOutput(many=True)
    before = serializers.DictField(child=serializers.CharField(), help_text="What was booked of it before, by account")
    posted = serializers.DictField(child=serializers.CharField(), help_text="What was booked now: the difference")


class RunTerms(APIView):
    """Terms of money of a run."""

    scopes = READ
    sees = {"id": RoyaltyRun}
    absent = running.NoSuchRun

    @extend_schema(operation_id="list_run_terms", responses=TermBookingOutput(many=True), tags=["royalties"])
    def get(self, request: Request, id: UUID) -> Response:
        """List what terms of plans come to in a reconciled run: guarantees, advances, fees, rates."""
        run = seen_by(request, RoyaltyRun.objects.filter(pk=id)).first()
        if run is None:
            raise running.NoSuchRun
        return Response(TermBookingOutput(paying.terms_of(run), many=True).data)


class StatementTerms(APIView):
    """Terms of money on a statement."""

    scopes = READ
    sees = {"id": Statement}
    absent = paying.NoSuchStatement

    @extend_schema(operation_id="list_statement_terms", responses=TermBookingOutput(many=True), tags=["royalties"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the payee's own lines of each term of a plan, with the version of the plan and what it rests on."""
        row = statement_of(request, id)
        return Response(TermBookingOutput(paying.terms_for(row), many=True).data)


def _page(request: Request, lines: Callable[[tuple[int, int]], Iterator[Allocation]]) -> Response:
    given = StatementLines.Query(data=request.query_params)
    given.is_valid(raise_exception=True)
    limit = given.validated_data["limit"]
    partition, _, line = given.validated_data.get("after", "0.-1").partition(".")
    found = list(islice(lines((int(partition), int(line))), limit + 1))
    last = found[limit - 1] if len(found) > limit else None
    said = {"results": found[:limit], "next": f"{last.partition}.{last.line}" if last else None}
    return Response(LinesOutput(said).data)


def _lines(row: Statement, *, after: tuple[int, int] = (0, -1)) -> Iterator[Allocation]:
    part = row.run.parts.get(of_run=row.run_id)
    found = results.allocations(part, party_id=row.payee_id, after=after)
    return (one for one in found if one.leaf != results.COMMISSION)


class StatementSheet(APIView):
    """The lines as CSV."""

    scopes = READ
    sees = {"id": Statement}
    absent = paying.NoSuchStatement

    @extend_schema(
        operation_id="download_statement_lines",
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
        tags=["royalties"],
    )
    def get(self, request: Request, id: UUID) -> StreamingHttpResponse:
        """Download all lines of a statement as CSV."""
        row = statement_of(request, id)
        answer = StreamingHttpResponse(_rows(row), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="statement-{row.pk}.csv"'
        return answer


def _rows(row: Statement) -> Iterator[str]:
    names = ("line", "output", "country", "leaf", "pool_units", "weight", "exact", "units", "has_leftover")
    yield _csv([*names, "amount", "currency"])
    for one in _lines(row):
        said = LineOutput(one).data
        yield _csv([*(said[name] for name in names), money.written(one.units, row.currency), row.currency])
    for term in paying.terms_for(row):
        units = term["posted"][str(row.payee_id)]
        cells = (f"term {term['term']}", "", "", f"{term['kind']}, plan {term['plan_number']}", term["units"], "", "")
        yield _csv([*cells, units, "", money.written(int(units), row.currency), row.currency])


def _csv(cells: list[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


class StatementRefunds(APIView):
    """Giving back tax."""

    scopes: dict[str, str] = {}
    people = PEOPLE
    sees = {"id": Statement}
    absent = paying.NoSuchStatement

    @extend_schema_serializer(component_name="Refund")
    class Input(serializers.Serializer[Any]):
        """Why."""

        reason = serializers.CharField(max_length=300, help_text=REASON)

    @extend_schema(
        operation_id="refund_withholding", request=Input, responses={201: PayeeStatementOutput}, tags=["royalties"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Give back tax that was withheld before a certificate came that was valid on the day of payment (ROY-13).

        The answer is the statement's next version; the difference is ordered to be paid.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        row = statement_of(request, id)
        caller_of(request).answer_for(row.run.payer_id, Verb.SETTLE)
        made = paying.refund(statement_id=row.pk, by_id=person_of(request), at=timezone.now(), **given.validated_data)
        return Response(PayeeStatementOutput(made).data, status=201)


class StatementProof(APIView):
    """What a payee checks it with."""

    scopes = READ
    sees = {"id": Statement}
    absent = paying.NoSuchStatement

    @extend_schema(
        operation_id="download_statement_proof",
        responses={(200, "application/json"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["royalties"],
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        """
        Download the proof of a statement, for ``ledger-verify``: no other payee's lines are in it.

        It shows that the statement is one of those the run paid by, that its lines are in the run, and what all lines
        of the run add up to.
        """
        answer = HttpResponse(proving.bundle(statement_of(request, id).pk), content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="statement-{id}.proof.json"'
        return answer


class StatementDocument(APIView):
    """The figures as they are hashed."""

    scopes = READ
    sees = {"id": Statement}
    absent = paying.NoSuchStatement

    @extend_schema(
        operation_id="read_statement_document",
        responses={200: {"type": "object", "additionalProperties": True}},
        tags=["royalties"],
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Read the canonical document of a statement's figures: its RFC 8785 bytes have the digest in the log."""
        return Response(results.read(paying.document_of(statement_of(request, id))))
