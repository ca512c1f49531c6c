"""Usage: hand reports in, see what they would come to, have them booked, say which output their keys mean."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import TooManyFilesSent
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
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
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import tasks, usages
from ledger.access import Caller, Verb
from ledger.api import access
from ledger.api.access import caller_of, seen_by
from ledger.api.fields import BoundedJSONField, digest
from ledger.api.once import OtherContent, once
from ledger.api.paging import Page, page_of
from ledger.api.uploads import ImportUpload, TakesUploads
from ledger.models import Job
from ledger.usages import Given, Reading
from rights.exchange.cells import safe_cell
from rights.models import Submission
from royalties.models import (
    UsageKey,
    UsageMapping,
    UsageMatch,
    UsageMatching,
    UsageOutcome,
    UsageProblem,
    UsageReport,
    UsageSupersession,
)
from royalties.usage.lines import plain
from royalties.usage.mapping import UsageMapping as Mapping

SCOPES = {"GET": "usage:read", "POST": "usage:write"}
PEOPLE = {"POST": [Verb.SETTLE]}
_JSON = {"type": "object", "additionalProperties": True}
_MAPPING = {
    "columns": {
        "isrc": "ISRC",
        "title": "Track",
        "artist": "Artist",
        "amount": "Net revenue",
        "currency": "Currency",
        "country": "Territory",
        "usages": "Streams",
        "month": "Sales month",
    },
    "defaults": {"currency": "EUR"},
    "delimiter": ";",
    "encoding": "utf-8",
    "decimal": ",",
    "grouping": ".",
}


class UsageUpload(ImportUpload):
    """Files of one report: all of its parts in one request."""

    most_files = usages.MOST_FILES
    one_too_many = TooManyFilesSent(f"Send at most {usages.MOST_FILES} files of a report in a request.")
    instead = "send it packed with gzip, or split the report"


def _reports() -> QuerySet[UsageReport]:
    return UsageReport.objects.select_related("progress", "outcome", "supersession")


def _report(request: Request, id: UUID) -> UsageReport:
    found: UsageReport = get_object_or_404(seen_by(request, _reports()), pk=id)
    return found


def _own(request: Request, id: UUID) -> UsageReport:
    """
    Return a report that the caller may do something with.

    :raises NotYourParty: it is seen, and of a payer for whom the caller does not settle
    """
    report = _report(request, id)
    caller_of(request).answer_for(report.payer_id, Verb.SETTLE)
    return report


# --- What is shown


class UsageTotalOutput(serializers.Serializer[Any]):
    """Control totals of a currency."""

    currency = serializers.CharField()
    lines = serializers.IntegerField()
    usages = serializers.CharField(help_text="A whole number of any size, as text")
    amount = serializers.CharField(help_text="Exactly, in the major unit")


class UsageProgressOutput(serializers.Serializer[Any]):
    """How far the reading has come."""

    percent = serializers.IntegerField()
    lines = serializers.IntegerField()
    bytes = serializers.IntegerField()
    problems = serializers.IntegerField()
    error = serializers.CharField(help_text="Why reading was given up, as a class of errors")


class UsageOutcomeOutput(serializers.Serializer[UsageOutcome]):
    """What came of a report."""

    is_booked = serializers.BooleanField()
    lines = serializers.IntegerField()
    keys = serializers.IntegerField()
    problems = serializers.IntegerField()
    usage = serializers.SerializerMethodField(help_text="Digest of the file of exact lines that runs are made of")
    keys_digest = serializers.SerializerMethodField()
    finished_at = serializers.DateTimeField()

    def get_usage(self, outcome: UsageOutcome) -> str | None:
        """Return it as the API writes digests."""
        return digest(outcome.usage_digest)

    def get_keys_digest(self, outcome: UsageOutcome) -> str | None:
        """Return it as the API writes digests."""
        return digest(outcome.keys_digest)


class UsageFileOutput(serializers.Serializer[Any]):
    """One file as it was sent."""

    number = serializers.IntegerField()
    name = serializers.CharField()
    digest = serializers.SerializerMethodField()
    size_bytes = serializers.IntegerField()

    def get_digest(self, file: Any) -> str | None:
        """Return it as the API writes digests."""
        return digest(file.digest)


class UsageReportOutput(serializers.Serializer[UsageReport]):
    """A report of usage."""

    id = serializers.UUIDField()
    payer = serializers.UUIDField(source="payer_id")
    format = serializers.CharField()
    sender = serializers.CharField()
    message = serializers.CharField()
    files = serializers.SerializerMethodField()
    read_with = serializers.SerializerMethodField()
    replaces = serializers.UUIDField(source="replaces_id", allow_null=True)
    received_at = serializers.DateTimeField()
    state = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    found = serializers.SerializerMethodField(help_text="What the last reading came to; totals are exact decimals")
    outcome = serializers.SerializerMethodField()
    superseded_by = serializers.SerializerMethodField(help_text="The report that counts in its place")

    @extend_schema_field(UsageFileOutput(many=True))
    def get_files(self, report: UsageReport) -> list[dict[str, Any]]:
        """Return its files in their order."""
        return list(UsageFileOutput(report.files.order_by("number"), many=True).data)

    @extend_schema_field(_JSON)
    def get_read_with(self, report: UsageReport) -> dict[str, Any]:
        """Return mapping and options."""
        return dict(json.loads(report.reading, parse_float=str))

    @extend_schema_field(serializers.ChoiceField([(state.value, state.value) for state in usages.State]))
    def get_state(self, report: UsageReport) -> str:
        """Return what it has come to."""
        return usages.status_of(report).state.value

    @extend_schema_field(UsageProgressOutput)
    def get_progress(self, report: UsageReport) -> dict[str, Any]:
        """Return how far the reading has come."""
        return dict(UsageProgressOutput(usages.status_of(report)).data)

    @extend_schema_field(_JSON | {"nullable": True})
    def get_found(self, report: UsageReport) -> dict[str, Any] | None:
        """Return what the last reading came to."""
        found: dict[str, Any] | None = report.progress.document
        return found

    @extend_schema_field(UsageOutcomeOutput(allow_null=True))
    def get_outcome(self, report: UsageReport) -> dict[str, Any] | None:
        """Return what came of it."""
        found = getattr(report, "outcome", None)
        return dict(UsageOutcomeOutput(found).data) if found else None

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_superseded_by(self, report: UsageReport) -> str | None:
        """Return which report counts in its place."""
        found = getattr(report, "supersession", None)
        return str(found.successor_id) if found and found.successor_id else None


class UsageReportRow(serializers.Serializer[UsageReport]):
    """A report in a list."""

    id = serializers.UUIDField()
    format = serializers.CharField()
    sender = serializers.CharField()
    message = serializers.CharField()
    received_at = serializers.DateTimeField()
    state = serializers.SerializerMethodField()

    def get_state(self, report: UsageReport) -> str:
        """Return what it has come to."""
        return usages.status_of(report).state.value


# --- Reports


class UsageReports(TakesUploads):
    """Reports of what outputs earned."""

    scopes = SCOPES
    parser_classes = [MultiPartParser]
    upload_handler = UsageUpload

    @extend_schema_serializer(component_name="UsageReportInput")
    class Input(serializers.Serializer[Any]):
        """The files of a report."""

        id = serializers.UUIDField()
        format = serializers.ChoiceField(UsageReport.Format.choices)
        file = serializers.ListField(
            child=serializers.FileField(allow_empty_file=True),
            min_length=1,
            max_length=usages.MOST_FILES,
            help_text="All files of the report, in their order; each may be packed with gzip",
        )
        sender = serializers.RegexField(
            r"^[!-~]{1,64}$", required=False, help_text="Of a sheet: who made it, by a code. A DSR file says so itself"
        )
        message = serializers.RegexField(
            r"^[!-~][ -~]{0,159}$", required=False, help_text="Of a sheet: the sender's id of the report, if it has one"
        )
        mapping = BoundedJSONField(required=False, help_text="Of a sheet: which column holds what")
        saved_mapping = serializers.UUIDField(required=False, help_text="Or one that was saved")
        is_correction = serializers.BooleanField(
            default=False, help_text="Of DSR files: every line adjusts what was reported before, and may be negative"
        )
        replaces = serializers.UUIDField(
            required=False, help_text="The booked report of the same sender that this one takes the place of"
        )
        dry_run = serializers.BooleanField(default=False, help_text="Read and match it; book nothing")

    @extend_schema(
        operation_id="hand_in_usage",
        request=Input,
        responses={202: UsageReportOutput},
        tags=["usage"],
        examples=[
            OpenApiExample(
                "A sheet",
                request_only=True,
                value={
                    "id": "5b0f6e0a-62a5-4d0e-9b8f-0d8f3c1f2a11",
                    "format": "sheet",
                    "sender": "streamshop",
                    "message": "2026-03",
                    "mapping": _MAPPING,
                    "dry_run": True,
                    "file": ["(the file)"],
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """
        Hand in a report, to be booked or first to be tried. The answer comes at once; follow it by its id.

        With one problem nothing of it is booked. The same files read in the same way are the same report: the first one
        is returned, under its own id. A message of a sender is booked once.
        """
        payer_id = access.party_of(request)
        caller_of(request).answer_for(payer_id, Verb.SETTLE)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        if UsageReport.objects.filter(pk=data["id"]).exclude(payer=payer_id).exists():
            raise OtherContent
        found = usages.hand_in(
            id=data["id"],
            payer_id=payer_id,
            files=[Given(Path(file.temporary_file_path()), str(file.name or "")) for file in data["file"]],
            reading=Reading(
                format=UsageReport.Format(data["format"]),
                sender=data.get("sender", ""),
                message=data.get("message", ""),
                mapping=_mapping(data, payer_id),
                is_correction=data["is_correction"],
            ),
            replaces_id=data.get("replaces"),
            is_dry_run=data["dry_run"],
            at=timezone.now(),
        )
        if found.is_new:
            # Committed: hand_in() is durable. The message is a hint; a sweep finds what it misses.
            tasks.ring_for(Job.Kind.USAGE, found.report.pk)
        return Response(UsageReportOutput(_report(request, found.report.pk)).data, status=202 if found.is_new else 200)

    @extend_schema(operation_id="list_usage_reports", responses=Page.of(UsageReportRow), tags=["usage"])
    def get(self, request: Request) -> Response:
        """List reports of usage, oldest first."""
        return page_of(_reports(), "received_at", UsageReportRow, request)


def _mapping(data: dict[str, Any], payer_id: UUID) -> Mapping | None:
    if "saved_mapping" in data:
        saved = get_object_or_404(UsageMapping.objects.filter(payer=payer_id), pk=data["saved_mapping"])
        return Mapping.from_dict(saved.document)
    return Mapping.from_dict(data["mapping"]) if "mapping" in data else None


class UsageReportDetail(APIView):
    """One report of usage."""

    scopes = SCOPES
    sees = {"id": UsageReport}

    @extend_schema(operation_id="read_usage_report", responses=UsageReportOutput, tags=["usage"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read how far a report has come, what it comes to, and what became of it."""
        return Response(UsageReportOutput(_report(request, id)).data)


class UsageDryRuns(APIView):
    """Reading a report without booking it."""

    scopes = SCOPES
    people = PEOPLE
    sees = {"id": UsageReport}

    @extend_schema(operation_id="try_usage", request=None, responses={202: UsageReportOutput}, tags=["usage"])
    def post(self, request: Request, id: UUID) -> Response:
        """Read and match a report again; nothing is booked."""
        return _read_again(request, id, is_dry_run=True)


class UsageBookings(APIView):
    """Booking a report that was tried, or whose reading was given up."""

    scopes = SCOPES
    people = PEOPLE
    sees = {"id": UsageReport}

    @extend_schema(operation_id="book_usage", request=None, responses={202: UsageReportOutput}, tags=["usage"])
    def post(self, request: Request, id: UUID) -> Response:
        """Book a report. Asking twice books it once."""
        return _read_again(request, id, is_dry_run=False)


def _read_again(request: Request, id: UUID, *, is_dry_run: bool) -> Response:
    report = usages.ask_to_read(report_id=_own(request, id).pk, is_dry_run=is_dry_run, at=timezone.now())
    tasks.ring_for(Job.Kind.USAGE, report.pk)
    return Response(UsageReportOutput(_report(request, id)).data, status=202)


class UsageWithdrawals(APIView):
    """Taking a booked report out."""

    scopes = SCOPES
    people = PEOPLE
    sees = {"id": UsageReport}

    @extend_schema_serializer(component_name="UsageWithdrawal")
    class Input(serializers.Serializer[Any]):
        """Why it counts no more."""

        reason = serializers.CharField(max_length=300, help_text="Without names: it stands in the record")

    @extend_schema(operation_id="withdraw_usage", request=Input, responses={201: UsageReportOutput}, tags=["usage"])
    def post(self, request: Request, id: UUID) -> Response:
        """
        Say that a booked report counts no more, without another in its place.

        Runs that were made with it stay; the next one settles the difference.
        """
        report = _own(request, id)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        reason = given.validated_data["reason"]
        known = UsageSupersession.objects.filter(report=report, successor__isnull=True, reason=reason).exists()
        if not known:
            usages.withdraw(report_id=report.pk, reason=reason, at=timezone.now())
        return Response(UsageReportOutput(_report(request, id)).data, status=200 if known else 201)


class UsageProblemOutput(serializers.Serializer[UsageProblem]):
    """Why a line cannot be booked."""

    file = serializers.IntegerField(help_text="Number of the file in the report; 0: the report as a whole")
    line = serializers.IntegerField(help_text="Line of that file, from 1; 0: the file as a whole")
    field = serializers.CharField()
    code = serializers.CharField()
    sentence = serializers.CharField()
    raw = serializers.CharField()


class UsageProblems(APIView):
    """What is wrong with which line."""

    scopes = SCOPES
    sees = {"id": UsageReport}

    @extend_schema(operation_id="list_usage_problems", responses=Page.of(UsageProblemOutput), tags=["usage"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the problems of a report, file by file and line by line."""
        return page_of(UsageProblem.objects.filter(report=_report(request, id)), "file", UsageProblemOutput, request)


class UsageProblemsSheet(APIView):
    """The same as a sheet."""

    scopes = SCOPES
    sees = {"id": UsageReport}

    @extend_schema(
        operation_id="download_usage_problems",
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["usage"],
    )
    def get(self, request: Request, id: UUID) -> StreamingHttpResponse:
        """Download the problems of a report."""
        return problems_csv(_report(request, id))


def problems_csv(report: UsageReport) -> StreamingHttpResponse:
    """Return the problems of a report as a download."""
    rows = UsageProblem.objects.filter(report=report).order_by("file", "line", "pk").iterator(chunk_size=1000)
    header = ("file", "line", "field", "code", "what to do", "it says")
    lines = ((row.file, row.line, row.field, row.code, row.sentence, row.raw) for row in rows)
    return _csv(f"usage-problems-{report.pk}.csv", header, lines)


def _csv(name: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    def written() -> Iterator[str]:
        yield _line(header)
        for row in rows:
            yield _line(row)

    answer = StreamingHttpResponse(written(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _line(row: Iterable[object]) -> str:
    # What stands in a report may begin like a formula, and a spreadsheet would run it.
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue()


# --- Keys, and what they mean


class UsageSumOutput(serializers.Serializer[Any]):
    """What a key earned in a currency."""

    currency = serializers.CharField()
    amount = serializers.SerializerMethodField(help_text="Exactly, in the major unit")
    lines = serializers.IntegerField()

    def get_amount(self, row: Any) -> str:
        """Write it as a decimal."""
        return plain(row.amount)


class UsageKeyOutput(serializers.Serializer[UsageKey]):
    """What a report calls an output."""

    id = serializers.UUIDField()
    report = serializers.UUIDField(source="report_id")
    key = serializers.CharField()
    title = serializers.CharField()
    artist = serializers.CharField()
    first_line = serializers.IntegerField()
    lines = serializers.IntegerField()
    usages = serializers.SerializerMethodField()
    sums = serializers.SerializerMethodField()

    def get_usages(self, key: UsageKey) -> str:
        """Return how often it was used, as text: it may be larger than programs count."""
        return plain(key.usages)

    @extend_schema_field(UsageSumOutput(many=True))
    def get_sums(self, key: UsageKey) -> list[dict[str, Any]]:
        """Return what it earned."""
        return list(UsageSumOutput(key.sums.order_by("currency"), many=True).data)


class UsageKeys(APIView):
    """What reports call outputs."""

    scopes = SCOPES

    @extend_schema(
        operation_id="list_usage_keys",
        responses=Page.of(UsageKeyOutput),
        tags=["usage"],
        parameters=[
            OpenApiParameter(
                "state",
                enum=["unmatched", "suspense", "matched", "all"],
                description="Of which nobody said what they mean; left in suspense; matched. Without it: the first two",
            ),
            OpenApiParameter("report", OpenApiTypes.UUID, description="Of one report"),
        ],
    )
    def get(self, request: Request) -> Response:
        """List the keys of reports that count: those that are not matched, or as asked."""
        rows = _keys(request, request.query_params.get("state", ""))
        if report := request.query_params.get("report"):
            rows = rows.filter(report=_uuid(report))
        return page_of(rows.prefetch_related("sums"), "first_line", UsageKeyOutput, request)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise serializers.ValidationError({"report": ["This is no id."]}) from error


def _keys(request: Request, state: str) -> QuerySet[UsageKey]:
    if state not in {"", "unmatched", "suspense", "matched", "all"}:
        raise serializers.ValidationError({"state": ["One of unmatched, suspense, matched, all."]})
    return usages.keys(seen_by(request, UsageKey.objects.all()), usages.KeyState(state or "open"))


class UnmatchedSheet(APIView):
    """What is not matched, as a sheet."""

    scopes = SCOPES

    @extend_schema(
        operation_id="download_unmatched_usage",
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["usage"],
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Download what is not matched or left in suspense, in each currency the largest sums first."""
        return unmatched_csv(seen_by(request, UsageKey.objects.all()))


def unmatched_csv(seen: QuerySet[UsageKey]) -> StreamingHttpResponse:
    """Return what is not matched as a download."""
    header = ("currency", "amount", "state", "key", "title", "artist", "lines", "usages", "sender", "message", "id")
    return _csv("usage-unmatched.csv", header, usages.open_rows(seen))


class UsageCandidateOutput(serializers.Serializer[Any]):
    """An output that a key may mean."""

    submission = serializers.UUIDField()
    title = serializers.CharField()
    isrc = serializers.CharField()
    likeness = serializers.IntegerField(help_text="Of titles and codes, 0 to 100: to sort by, and no proof")


class UsageCandidates(APIView):
    """Which outputs a key may mean."""

    scopes = SCOPES
    sees = {"id": UsageKey}

    @extend_schema(operation_id="list_usage_candidates", responses=UsageCandidateOutput(many=True), tags=["usage"])
    def get(self, request: Request, id: UUID) -> Response:
        """List cleared outputs of the payer whose title or ISRC is like what the report says, the likeliest first."""
        key: UsageKey = get_object_or_404(seen_by(request, UsageKey.objects.all()), pk=id)
        return Response(UsageCandidateOutput(usages.candidates(key), many=True).data)


class UsageMatchOutput(serializers.Serializer[UsageMatch]):
    """Which output a key means."""

    id = serializers.UUIDField(source="matching_id")
    key = serializers.CharField()
    submission = serializers.UUIDField(source="submission_id", allow_null=True)
    method = serializers.CharField(source="matching.method")
    reason = serializers.CharField(source="matching.reason")
    recorded_at = serializers.DateTimeField(source="matching.recorded_at")


class UsageKeyMatch(APIView):
    """Saying which output a key means."""

    scopes = SCOPES
    people = PEOPLE
    sees = {"id": UsageKey}

    @extend_schema_serializer(component_name="UsageKeyMatch")
    class Input(serializers.Serializer[Any]):
        """An output, or nothing: then it is left in suspense."""

        id = serializers.UUIDField()
        submission = serializers.UUIDField(allow_null=True)
        reason = serializers.CharField(max_length=300, default="", allow_blank=True, help_text="Without names")

    @extend_schema(
        operation_id="match_usage_key",
        request=Input,
        responses={201: UsageMatchOutput},
        tags=["usage"],
        examples=[
            OpenApiExample(
                "It is this output",
                request_only=True,
                value={
                    "id": "0a3b8f63-0a76-4f0f-8a5a-3c5f0e4b7d10",
                    "submission": "c3d3a7f8-7b0e-4c3f-8f0e-0f9f5a1b2c3d",
                    "reason": "Same title, same day of release",
                },
            )
        ],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Say which output a key means, or leave it in suspense. It holds for every report of the payer.

        What was said before is superseded; runs that were made with it stay.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        key: UsageKey = get_object_or_404(seen_by(request, UsageKey.objects.all()), pk=id)
        caller = caller_of(request)
        caller.answer_for(key.payer_id, Verb.SETTLE)
        is_person = access.client_of(request) is None
        return _match(
            request,
            payer_id=key.payer_id,
            key=key.key,
            method=UsageMatching.Method.PERSON if is_person else UsageMatching.Method.REGISTERED,
            matched_by_id=access.person_of(request) if is_person else None,
            data=given.validated_data,
            caller=caller,
        )


def _match(
    request: Request,
    *,
    payer_id: UUID,
    key: str,
    method: UsageMatching.Method,
    matched_by_id: int | None,
    data: dict[str, Any],
    caller: Caller,
) -> Response:
    caller.look_up(submission=(Submission, data["submission"]))
    matching, created = once(
        seen_by(request, UsageMatching.objects.all()),
        data["id"],
        same=lambda found: _is_same(found, key, data),
        create=lambda: usages.match(
            id=data["id"],
            payer_id=payer_id,
            key=key,
            submission_id=data["submission"],
            method=method,
            matched_by_id=matched_by_id,
            reason=data["reason"],
            at=timezone.now(),
        ),
    )
    found = UsageMatch.objects.select_related("matching").get(matching=matching, key=key)
    return Response(UsageMatchOutput(found).data, status=201 if created else 200)


def _is_same(matching: UsageMatching, key: str, data: dict[str, Any]) -> bool:
    before = matching.matches.first()
    said = (key, data["submission"], data["reason"])
    return before is not None and said == (before.key, before.submission_id, matching.reason)


class UsageMatches(APIView):
    """Which outputs keys mean."""

    scopes = SCOPES
    people = PEOPLE

    @extend_schema_serializer(component_name="UsageRegistration")
    class Input(serializers.Serializer[Any]):
        """A sender's own id of an output, before or after it is reported."""

        id = serializers.UUIDField()
        sender = serializers.RegexField(r"^[!-~]{1,64}$", help_text="The sender, as its reports name it")
        code = serializers.CharField(max_length=200, help_text="The sender's id")
        submission = serializers.UUIDField()
        reason = serializers.CharField(max_length=300, default="", allow_blank=True, help_text="Without names")

    @extend_schema(operation_id="register_usage_code", request=Input, responses={201: UsageMatchOutput}, tags=["usage"])
    def post(self, request: Request) -> Response:
        """Say which of your outputs a sender's own id means, in reports that come and that came."""
        payer_id = access.party_of(request)
        caller = caller_of(request)
        caller.answer_for(payer_id, Verb.SETTLE)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        return _match(
            request,
            payer_id=payer_id,
            key=usages.own_key(data["code"], data["sender"]),
            method=UsageMatching.Method.REGISTERED,
            matched_by_id=None,
            data=data,
            caller=caller,
        )

    @extend_schema(operation_id="list_usage_matches", responses=Page.of(UsageMatchOutput), tags=["usage"])
    def get(self, request: Request) -> Response:
        """List which outputs keys mean now."""
        rows = UsageMatch.objects.filter(successor__isnull=True).select_related("matching")
        return page_of(rows, "key", UsageMatchOutput, request)


class UsageRematches(APIView):
    """Matching again by ids."""

    scopes = {"POST": SCOPES["POST"]}

    @extend_schema(
        operation_id="match_usage_again",
        request=None,
        responses={200: {"type": "object", "properties": {"matched": {"type": "integer"}}}},
        tags=["usage"],
    )
    def post(self, request: Request) -> Response:
        """Look up again what unmatched keys mean by their ids: outputs may have been cleared since."""
        payer_id = access.party_of(request)
        caller_of(request).answer_for(payer_id, Verb.SETTLE)
        return Response({"matched": usages.match_again(payer_id=payer_id, at=timezone.now())})


# --- Saved mappings: no facts, so they may be changed and deleted


class UsageMappingOutput(serializers.Serializer[UsageMapping]):
    """How one sender's sheets are read."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    mapping = serializers.DictField(source="document")
    changed_at = serializers.DateTimeField()


class UsageMappings(APIView):
    """Saved mappings of sheets of usage."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="UsageMappingInput")
    class Input(serializers.Serializer[Any]):
        """A mapping to save."""

        id = serializers.UUIDField()
        name = serializers.CharField(max_length=120)
        mapping = BoundedJSONField()

    @extend_schema(
        operation_id="save_usage_mapping",
        request=Input,
        responses={201: UsageMappingOutput},
        tags=["usage"],
        examples=[
            OpenApiExample(
                "A shop that writes 1.234,56",
                request_only=True,
                value={"id": "7c0e5b1e-51c4-4f0c-8f5e-4a4c9d1f7b22", "name": "Streamshop", "mapping": _MAPPING},
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Save how one sender's sheets are read."""
        payer_id = access.party_of(request)
        caller_of(request).answer_for(payer_id, Verb.SETTLE)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        mapping = Mapping.from_dict(data["mapping"])
        saved, created = once(
            UsageMapping.objects.filter(payer=payer_id),
            data["id"],
            same=lambda found: (found.name, found.document) == (data["name"], mapping.to_dict()),
            create=lambda: usages.save_mapping(
                id=data["id"], payer_id=payer_id, name=data["name"], mapping=mapping, at=timezone.now()
            ),
        )
        return Response(UsageMappingOutput(saved).data, status=201 if created else 200)

    @extend_schema(operation_id="list_usage_mappings", responses=Page.of(UsageMappingOutput), tags=["usage"])
    def get(self, request: Request) -> Response:
        """List the saved mappings of sheets of usage."""
        return page_of(UsageMapping.objects.all(), "changed_at", UsageMappingOutput, request)


def _saved(request: Request, id: UUID) -> UsageMapping:
    saved: UsageMapping = get_object_or_404(seen_by(request, UsageMapping.objects.all()), pk=id)
    caller_of(request).answer_for(saved.payer_id, Verb.SETTLE)
    return saved


class UsageMappingDetail(APIView):
    """One saved mapping."""

    scopes = SCOPES
    people = PEOPLE
    sees = {"id": UsageMapping}

    @extend_schema_serializer(component_name="UsageMappingChange")
    class Input(serializers.Serializer[Any]):
        """What it becomes."""

        name = serializers.CharField(max_length=120)
        mapping = BoundedJSONField()

    @extend_schema(operation_id="read_usage_mapping", responses=UsageMappingOutput, tags=["usage"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read a saved mapping."""
        found = get_object_or_404(seen_by(request, UsageMapping.objects.all()), pk=id)
        return Response(UsageMappingOutput(found).data)

    @extend_schema(operation_id="change_usage_mapping", request=Input, responses=UsageMappingOutput, tags=["usage"])
    def post(self, request: Request, id: UUID) -> Response:
        """Change a saved mapping. Reports keep the one that they were read with."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        changed = usages.change_mapping(
            _saved(request, id), name=data["name"], mapping=Mapping.from_dict(data["mapping"]), at=timezone.now()
        )
        return Response(UsageMappingOutput(changed).data)


class UsageMappingRemoval(APIView):
    """Forgetting a saved mapping."""

    scopes = SCOPES
    people = PEOPLE
    sees = {"id": UsageMapping}

    @extend_schema(operation_id="delete_usage_mapping", request=None, responses={204: None}, tags=["usage"])
    def post(self, request: Request, id: UUID) -> Response:
        """Delete a saved mapping. Reports keep the one that they were read with."""
        usages.delete_mapping(_saved(request, id))
        return Response(status=204)
