"""Imports: hand a file in, see what it would do, take it, follow it, get its problems back, take it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import batches, importing, reversing, tasks
from ledger.access import Caller, Verb
from ledger.api import access
from ledger.api.access import caller_of, seen_by
from ledger.api.fields import BoundedJSONField, digest
from ledger.api.once import OtherContent, once
from ledger.api.paging import Page, page_of
from ledger.api.uploads import ImportUpload, TakesUploads
from ledger.incoming import Reading
from ledger.models import ImportBatch, ImportedFact, ImportReversal, Job, SavedMapping, SocietyAnswer
from rights.exchange.mapping import Mapping
from rights.vocabulary import PartyKind

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}
PARTY_KINDS = [(kind.value, kind.value) for kind in PartyKind]
_JSON = {"type": "object", "additionalProperties": True}


def _batches() -> QuerySet[ImportBatch]:
    return ImportBatch.objects.select_related("progress", "outcome", "reversal", "rehearsal")


def _batch(request: Request, id: UUID) -> ImportBatch:
    found: ImportBatch = get_object_or_404(seen_by(request, _batches()), pk=id)
    return found


def _kept(request: Request, id: UUID, *, by: Caller) -> ImportBatch:
    """
    Return an import that the caller may do something with.

    :raises NotYourParty: it is seen, and of an organization for which the caller does not import
    """
    batch = _batch(request, id)
    by.answer_for(batch.organization_id, Verb.IMPORT)
    return batch


class OutcomeOutput(serializers.Serializer[Any]):
    """What came of an import."""

    is_taken = serializers.BooleanField()
    lines = serializers.IntegerField()
    facts = serializers.IntegerField(help_text="New facts, each with an entry in the log")
    known_before = serializers.IntegerField(help_text="What lines named that was there already")
    problems = serializers.IntegerField()
    facts_digest = serializers.SerializerMethodField(help_text="SHA-256 over line, table and id of each new fact")
    finished_at = serializers.DateTimeField()

    def get_facts_digest(self, outcome: Any) -> str:
        """Return it as the API writes digests."""
        return f"sha256:{outcome.facts_digest}"


class ProgressOutput(serializers.Serializer[batches.Status]):
    """How far an import has come."""

    percent = serializers.IntegerField(help_text="Of the reading under way; taking a file reads it twice")
    lines = serializers.IntegerField()
    bytes = serializers.IntegerField()
    facts = serializers.IntegerField()
    problems = serializers.IntegerField()
    error = serializers.CharField(help_text="Why a job was given up, as a class of errors")


class RehearsalOutput(serializers.Serializer[Any]):
    """What an import would do."""

    rehearsed_at = serializers.DateTimeField()
    lines = serializers.IntegerField(source="document.lines")
    would_be_taken = serializers.BooleanField(source="document.would_be_taken")
    new = serializers.DictField(child=serializers.IntegerField(), source="document.new")
    known_before = serializers.DictField(child=serializers.IntegerField(), source="document.known_before")
    conflicts = serializers.IntegerField(source="document.conflicts", help_text="Over-claims that it would open")
    notes = serializers.IntegerField(source="document.notes")
    problems = serializers.IntegerField(source="document.problems")
    problems_by_code = serializers.DictField(child=serializers.IntegerField(), source="document.problems_by_code")


class ReversalOutput(serializers.Serializer[Any]):
    """That an import is taken back, how far that has come, and what stays."""

    id = serializers.UUIDField()
    reason = serializers.CharField()
    reversed_at = serializers.DateTimeField()
    shares = serializers.IntegerField()
    shares_retracted = serializers.IntegerField()
    consents = serializers.IntegerField()
    consents_ended = serializers.IntegerField()
    stays = serializers.DictField(child=serializers.IntegerField())


def _reversal(batch: ImportBatch) -> dict[str, Any] | None:
    reversal: ImportReversal | None = getattr(batch, "reversal", None)
    if reversal is None:
        return None
    back = reversing.taken_back(batch)
    said = {"id": reversal.pk, "reason": reversal.reason, "reversed_at": reversal.reversed_at}
    return dict(ReversalOutput({**said, **vars(back)}).data)


class ImportOutput(serializers.Serializer[ImportBatch]):
    """An import."""

    id = serializers.UUIDField()
    format = serializers.CharField()
    file = serializers.SerializerMethodField()
    size_bytes = serializers.IntegerField()
    is_partial = serializers.BooleanField()
    read_with = serializers.SerializerMethodField()
    received_at = serializers.DateTimeField()
    state = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    rehearsal = serializers.SerializerMethodField()
    outcome = serializers.SerializerMethodField()
    reversal = serializers.SerializerMethodField()

    def get_file(self, batch: ImportBatch) -> str | None:
        """Return the digest of the file."""
        return digest(batch.file_digest)

    @extend_schema_field(_JSON)
    def get_read_with(self, batch: ImportBatch) -> dict[str, Any]:
        """Return mapping and options."""
        return dict(json.loads(batch.mapping or "{}"))

    @extend_schema_field(serializers.ChoiceField([(state.value, state.value) for state in batches.State]))
    def get_state(self, batch: ImportBatch) -> str:
        """Return what it has come to."""
        return batches.status_of(batch).state.value

    @extend_schema_field(ProgressOutput)
    def get_progress(self, batch: ImportBatch) -> dict[str, Any]:
        """Return how far it has come."""
        return dict(ProgressOutput(batches.status_of(batch)).data)

    @extend_schema_field(RehearsalOutput(allow_null=True))
    def get_rehearsal(self, batch: ImportBatch) -> dict[str, Any] | None:
        """Return what it would do."""
        found = getattr(batch, "rehearsal", None)
        return dict(RehearsalOutput(found).data) if found else None

    @extend_schema_field(OutcomeOutput(allow_null=True))
    def get_outcome(self, batch: ImportBatch) -> dict[str, Any] | None:
        """Return what came of it."""
        found = getattr(batch, "outcome", None)
        return dict(OutcomeOutput(found).data) if found else None

    @extend_schema_field(ReversalOutput(allow_null=True))
    def get_reversal(self, batch: ImportBatch) -> dict[str, Any] | None:
        """Return whether it was taken back."""
        return _reversal(batch)


class ImportRow(serializers.Serializer[ImportBatch]):
    """An import in a list."""

    id = serializers.UUIDField()
    format = serializers.CharField()
    size_bytes = serializers.IntegerField()
    is_partial = serializers.BooleanField()
    received_at = serializers.DateTimeField()
    state = serializers.SerializerMethodField()

    def get_state(self, batch: ImportBatch) -> str:
        """Return what it has come to."""
        return batches.status_of(batch).state.value


class Imports(TakesUploads):
    """Files of catalogues, shares, consents and works."""

    scopes = SCOPES
    parser_classes = [MultiPartParser]
    upload_handler = ImportUpload

    @extend_schema_serializer(component_name="Import")
    class Input(serializers.Serializer[Any]):
        """A file to take over."""

        id = serializers.UUIDField()
        format = serializers.ChoiceField(ImportBatch.Format.choices)
        file = serializers.FileField(allow_empty_file=True)
        mapping = BoundedJSONField(required=False, help_text="Of a sheet: which column holds what")
        saved_mapping = serializers.UUIDField(required=False, help_text="Or one that was saved")
        is_partial = serializers.BooleanField(
            default=False, help_text="Take the lines without a problem even where others have one"
        )
        dry_run = serializers.BooleanField(default=False, help_text="Look up what it would do; write nothing")
        holds_from = serializers.DateField(
            required=False, help_text="From when shares hold that say no day; without it, the day of receipt"
        )
        party_kind = serializers.ChoiceField(
            PARTY_KINDS,
            default=PartyKind.PERSON.value,
            help_text="What parties are whose kind the file does not say",
        )
        again = serializers.UUIDField(
            required=False, help_text="The refused or reversed import of the same file that this one follows"
        )

    @extend_schema(operation_id="import_file", request=Input, responses={202: ImportOutput}, tags=["imports"])
    def post(self, request: Request) -> Response:
        """
        Hand a file in, to be taken or first to be rehearsed. The answer comes at once; follow it by its id.

        The same file read with the same mapping is the same import: the first one is returned, under its own id.
        """
        party_id = access.party_of(request)
        caller_of(request).answer_for(party_id, Verb.IMPORT)
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        reading = Reading(
            mapping=_mapping(data, party_id),
            holds_from=data.get("holds_from"),
            kind=PartyKind(data["party_kind"]),
            again=data.get("again"),
        )
        if ImportBatch.objects.filter(pk=data["id"]).exclude(organization=party_id).exists():
            raise OtherContent
        found = importing.hand_in(
            id=data["id"],
            organization_id=party_id,
            format=ImportBatch.Format(data["format"]),
            path=Path(data["file"].temporary_file_path()),
            reading=reading,
            is_partial=data["is_partial"],
            is_rehearsal=data["dry_run"],
            at=timezone.now(),
        )
        if found.is_new:
            # Committed: hand_in() is durable. The message is a hint; a sweep finds what it misses.
            tasks.ring_for(Job.Kind.REHEARSE if data["dry_run"] else Job.Kind.IMPORT, found.batch.pk)
        return Response(ImportOutput(_batch(request, found.batch.pk)).data, status=202 if found.is_new else 200)

    @extend_schema(operation_id="list_imports", responses=Page.of(ImportRow), tags=["imports"])
    def get(self, request: Request) -> Response:
        """List imports, oldest first."""
        return page_of(_batches(), "received_at", ImportRow, request)


def _mapping(data: dict[str, Any], party_id: UUID) -> Mapping | None:
    if "saved_mapping" in data:
        saved = get_object_or_404(SavedMapping.objects.filter(organization=party_id), pk=data["saved_mapping"])
        return Mapping.from_dict(saved.document)
    return Mapping.from_dict(data["mapping"]) if "mapping" in data else None


class ImportDetail(APIView):
    """One import."""

    scopes = SCOPES
    sees = {"id": ImportBatch}

    @extend_schema(operation_id="read_import", responses=ImportOutput, tags=["imports"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read how far an import has come, what it would do, and what came of it."""
        return Response(ImportOutput(_batch(request, id)).data)


class ImportRehearsals(APIView):
    """Looking up what an import would do."""

    scopes = SCOPES
    sees = {"id": ImportBatch}

    @extend_schema(operation_id="rehearse_import", request=None, responses={202: ImportOutput}, tags=["imports"])
    def post(self, request: Request, id: UUID) -> Response:
        """Look up again what an import would do; nothing is written."""
        batch = importing.ask_to_rehearse(batch_id=_kept(request, id, by=caller_of(request)).pk, at=timezone.now())
        tasks.ring_for(Job.Kind.REHEARSE, batch.pk)
        return Response(ImportOutput(_batch(request, id)).data, status=202)


class ImportTakings(APIView):
    """Taking an import that was rehearsed, or whose job was given up."""

    scopes = SCOPES
    sees = {"id": ImportBatch}

    @extend_schema(operation_id="take_import", request=None, responses={202: ImportOutput}, tags=["imports"])
    def post(self, request: Request, id: UUID) -> Response:
        """Take an import over. Asking twice takes it once."""
        batch = importing.ask_to_take(batch_id=_kept(request, id, by=caller_of(request)).pk, at=timezone.now())
        tasks.ring_for(Job.Kind.IMPORT, batch.pk)
        return Response(ImportOutput(_batch(request, id)).data, status=202)


class ProblemOutput(serializers.Serializer[Any]):
    """Why a line was not taken."""

    line = serializers.IntegerField()
    field = serializers.CharField()
    code = serializers.CharField()
    sentence = serializers.CharField()
    raw = serializers.CharField()


class ImportProblems(APIView):
    """What is wrong with which line."""

    scopes = SCOPES
    sees = {"id": ImportBatch}

    @extend_schema(operation_id="list_import_problems", responses=Page.of(ProblemOutput), tags=["imports"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the problems of an import, line by line."""
        return page_of(batches.problems_of(_batch(request, id)), "line", ProblemOutput, request)


class ImportProblemsSheet(APIView):
    """The rows that were not taken."""

    scopes = SCOPES
    sees = {"id": ImportBatch}

    @extend_schema(
        operation_id="download_import_problems",
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["imports"],
    )
    def get(self, request: Request, id: UUID) -> StreamingHttpResponse:
        """Download the rows that were not taken, with the reasons: correct them and hand them in as they are."""
        return csv_of(_batch(request, id))


def csv_of(batch: ImportBatch) -> StreamingHttpResponse:
    """Return the rows of an import that were not taken, as a download."""
    answer = StreamingHttpResponse(batches.errors_csv(batch), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="problems-{batch.pk}.csv"'
    return answer


class ImportedFactOutput(serializers.Serializer[ImportedFact]):
    """Which fact a line became, or named."""

    line = serializers.IntegerField()
    table = serializers.CharField()
    fact = serializers.UUIDField(source="fact_id")
    is_new = serializers.BooleanField()


class ImportFacts(APIView):
    """What the lines of an import became."""

    scopes = SCOPES
    sees = {"id": ImportBatch}

    @extend_schema(operation_id="list_import_facts", responses=Page.of(ImportedFactOutput), tags=["imports"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the facts of an import, line by line."""
        rows = ImportedFact.objects.filter(batch=_batch(request, id))
        return page_of(rows, "line", ImportedFactOutput, request)


class AnswerOutput(serializers.Serializer[SocietyAnswer]):
    """What a society answered about a work."""

    line = serializers.IntegerField()
    work = serializers.UUIDField(source="work_id")
    society = serializers.CharField()
    status = serializers.CharField()
    is_accepted = serializers.BooleanField()
    work_number = serializers.CharField()
    recipient_number = serializers.CharField()
    processed_on = serializers.DateField(allow_null=True)
    messages = serializers.CharField()


class ImportAnswers(APIView):
    """The answers of a society that a file of acknowledgements holds."""

    scopes = SCOPES
    sees = {"id": ImportBatch}

    @extend_schema(operation_id="list_import_answers", responses=Page.of(AnswerOutput), tags=["imports"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the answers, line by line."""
        rows = SocietyAnswer.objects.filter(batch=_batch(request, id))
        return page_of(rows, "line", AnswerOutput, request)


class ImportReversals(APIView):
    """Taking an import back."""

    scopes = SCOPES
    sees = {"id": ImportBatch}

    @extend_schema_serializer(component_name="ImportReversal")
    class Input(serializers.Serializer[Any]):
        """Why it is taken back."""

        id = serializers.UUIDField()
        reason = serializers.CharField(max_length=300)

    @extend_schema(operation_id="reverse_import", request=Input, responses={202: ImportOutput}, tags=["imports"])
    def post(self, request: Request, id: UUID) -> Response:
        """
        Take back what an import brought: its shares are retracted and its consents withdrawn.

        Parties, works, recordings, releases and codes stay, since others may rest on them.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        batch = _kept(request, id, by=caller_of(request))
        _, created = once(
            seen_by(request, ImportReversal.objects.all()),
            data["id"],
            same=lambda found: (found.batch_id, found.reason) == (batch.pk, data["reason"]),
            create=lambda: reversing.ask_to_reverse(
                id=data["id"], batch_id=batch.pk, reason=data["reason"], at=timezone.now()
            ),
        )
        if created:
            tasks.ring_for(Job.Kind.REVERSE, batch.pk)
        return Response(ImportOutput(_batch(request, id)).data, status=202 if created else 200)


# --- Saved mappings: no facts, so they may be changed and deleted


class MappingOutput(serializers.Serializer[SavedMapping]):
    """How one sender's sheets are read."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    format = serializers.CharField()
    mapping = serializers.DictField(source="document")
    changed_at = serializers.DateTimeField()


class MappingInput(serializers.Serializer[Any]):
    """A mapping to save."""

    id = serializers.UUIDField()
    name = serializers.CharField(max_length=120)
    mapping = serializers.JSONField()


class Mappings(APIView):
    """Saved mappings."""

    scopes = SCOPES

    @extend_schema(operation_id="save_mapping", request=MappingInput, responses={201: MappingOutput}, tags=["imports"])
    def post(self, request: Request) -> Response:
        """Save how one sender's sheets are read."""
        party_id = access.party_of(request)
        caller_of(request).answer_for(party_id, Verb.IMPORT)
        given = MappingInput(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        mapping = Mapping.from_dict(data["mapping"])
        saved, created = once(
            SavedMapping.objects.filter(organization=party_id),
            data["id"],
            same=lambda found: (found.name, found.document) == (data["name"], mapping.to_dict()),
            create=lambda: importing.save_mapping(
                id=data["id"], organization_id=party_id, name=data["name"], mapping=mapping, at=timezone.now()
            ),
        )
        return Response(MappingOutput(saved).data, status=201 if created else 200)

    @extend_schema(operation_id="list_mappings", responses=Page.of(MappingOutput), tags=["imports"])
    def get(self, request: Request) -> Response:
        """List the saved mappings."""
        return page_of(SavedMapping.objects.all(), "changed_at", MappingOutput, request)


def _saved(request: Request, id: UUID, *, by: Caller) -> SavedMapping:
    """
    Return a mapping that the caller may change.

    :raises NotYourParty: it is seen, and of an organization for which the caller does not import
    """
    saved: SavedMapping = get_object_or_404(seen_by(request, SavedMapping.objects.all()), pk=id)
    by.answer_for(saved.organization_id, Verb.IMPORT)
    return saved


class MappingDetail(APIView):
    """One saved mapping."""

    scopes = SCOPES
    sees = {"id": SavedMapping}

    @extend_schema_serializer(component_name="MappingChange")
    class Input(serializers.Serializer[Any]):
        """What it becomes."""

        name = serializers.CharField(max_length=120)
        mapping = serializers.JSONField()

    @extend_schema(operation_id="read_mapping", responses=MappingOutput, tags=["imports"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read a saved mapping."""
        found = get_object_or_404(seen_by(request, SavedMapping.objects.all()), pk=id)
        return Response(MappingOutput(found).data)

    @extend_schema(operation_id="change_mapping", request=Input, responses=MappingOutput, tags=["imports"])
    def post(self, request: Request, id: UUID) -> Response:
        """Change a saved mapping. Imports keep the one that they were read with."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        changed = importing.change_mapping(
            _saved(request, id, by=caller_of(request)),
            name=data["name"],
            mapping=Mapping.from_dict(data["mapping"]),
            at=timezone.now(),
        )
        return Response(MappingOutput(changed).data)


class MappingRemoval(APIView):
    """Forgetting a saved mapping."""

    scopes = SCOPES
    sees = {"id": SavedMapping}

    @extend_schema(operation_id="delete_mapping", request=None, responses={204: None}, tags=["imports"])
    def post(self, request: Request, id: UUID) -> Response:
        """Delete a saved mapping. Imports keep the one that they were read with."""
        importing.delete_mapping(_saved(request, id, by=caller_of(request)))
        return Response(status=204)
