"""Parties: who they are, by which names and codes, who acts for them, which are one, and how they are forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import erasure, people, subjects
from ledger.api.access import client_of
from ledger.api.fields import DigestField, digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.models import ErasureRequest
from rights import codes, profiles
from rights.identifiers import Scheme
from rights.models import (
    Identifier,
    IdentifierFinding,
    Party,
    PartyInRole,
    PartyMerge,
    PartyMergeUndo,
    PartyName,
    Protection,
    Representation,
    RepresentationEnd,
)
from rights.parties import NoSuchParty
from rights.profiles import Profile
from rights.vocabulary import Authority, CodeFinding, NameKind, PartyKind, PartyRole, ProtectionKind, Use

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}
MERGING = {"GET": "catalogue:read", "POST": "parties:merge"}
ERASING = {"GET": "parties:erase", "POST": "parties:erase"}

Row = TypeVar("Row", bound=Model)


def _choices(enum: Any) -> list[tuple[str, str]]:
    return [(member.value, member.value) for member in enum]


def _registrar(request: Request) -> UUID | None:
    """Return the party that the client speaks for: it registers; empty for the operator."""
    client = client_of(request)
    return client.client.party_id if client else None


def _state(
    given: serializers.Serializer[Any],
    rows: QuerySet[Row],
    output: type[serializers.Serializer[Any]],
    *,
    facts: Callable[[dict[str, Any]], dict[str, Any]],
    create: Callable[..., Row],
) -> Response:
    """Answer a fact that is stated: created, or there already with the same content."""
    given.is_valid(raise_exception=True)
    wanted = facts(given.validated_data)
    row, created = once(
        rows,
        given.validated_data["id"],
        same=lambda found: all(getattr(found, name) == value for name, value in wanted.items()),
        create=lambda: create(given.validated_data["id"], wanted),
    )
    return Response(output(row).data, status=201 if created else 200)


def _existing(id: UUID) -> UUID:
    if not Party.objects.filter(pk=id).exists():
        raise NoSuchParty
    return id


# --- Parties ---


class PartyOutput(serializers.Serializer[Party]):
    """A party."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    name = serializers.SerializerMethodField()
    registered_at = serializers.DateTimeField()

    def get_name(self, party: Party) -> str | None:
        """Return the name, or None once it was erased."""
        identity = getattr(party, "identity", None)
        return identity.name if identity else None


class Parties(APIView):
    """Who is in the trade."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Party")
    class Input(serializers.Serializer[Any]):
        """A party to register."""

        id = serializers.UUIDField()
        kind = serializers.ChoiceField(_choices(PartyKind))
        name = serializers.CharField(max_length=300)

    @extend_schema(operation_id="register_party", request=Input, responses={201: PartyOutput}, tags=["catalogue"])
    def post(self, request: Request) -> Response:
        """Register a party. Its name is sealed where it can be erased; the log gets a commitment to it."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        party, created = once(
            Party.objects.select_related("identity"),
            data["id"],
            same=lambda found: found.kind == data["kind"] and str(found) == data["name"],
            create=lambda: people.register_party(**data, registrar_id=_registrar(request), at=timezone.now()),
        )
        return Response(PartyOutput(party).data, status=201 if created else 200)

    @extend_schema(operation_id="list_parties", responses=Page.of(PartyOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List parties, oldest first."""
        return page_of(Party.objects.select_related("identity"), "registered_at", PartyOutput, request)


# --- Names, roles ---


class PartyNameOutput(serializers.Serializer[PartyName]):
    """One more name of a party."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    name = serializers.CharField(allow_null=True, help_text="None once it was erased")
    recorded_at = serializers.DateTimeField()


class PartyNames(APIView):
    """Further names: a pseudonym is a name, not a party."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="PartyName")
    class Input(serializers.Serializer[Any]):
        """A name to add."""

        id = serializers.UUIDField()
        kind = serializers.ChoiceField(_choices(NameKind))
        name = serializers.CharField(max_length=300)

    @extend_schema(operation_id="add_party_name", request=Input, responses={201: PartyNameOutput}, tags=["parties"])
    def post(self, request: Request, id: UUID) -> Response:
        """Add a legal name, a pseudonym, a name for credits or a former name, sealed as the first one is."""
        return _state(
            self.Input(data=request.data),
            PartyName.objects.select_related("party__identity"),
            PartyNameOutput,
            facts=lambda data: {"party_id": id, "kind": data["kind"], "name": data["name"]},
            create=lambda key, facts: people.add_name(id=key, at=timezone.now(), **facts),
        )

    @extend_schema(operation_id="list_party_names", responses=Page.of(PartyNameOutput), tags=["parties"])
    def get(self, request: Request, id: UUID) -> Response:
        """List further names, oldest first."""
        rows = PartyName.objects.select_related("party__identity").filter(party=_existing(id))
        return page_of(rows, "recorded_at", PartyNameOutput, request)


class PartyRoleOutput(serializers.Serializer[PartyInRole]):
    """What a party is in the trade, for a period."""

    id = serializers.UUIDField()
    role = serializers.CharField()
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True)
    recorded_at = serializers.DateTimeField()


class PartyRoles(APIView):
    """Roles: relationships with dates."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="PartyRole")
    class Input(serializers.Serializer[Any]):
        """A role to record."""

        id = serializers.UUIDField()
        role = serializers.ChoiceField(_choices(PartyRole))
        active_from = serializers.DateField()
        active_to = serializers.DateField(required=False, allow_null=True, default=None)

    @extend_schema(operation_id="take_party_role", request=Input, responses={201: PartyRoleOutput}, tags=["parties"])
    def post(self, request: Request, id: UUID) -> Response:
        """Record what a party is in the trade, such as a label or a publisher, for a period."""
        return _state(
            self.Input(data=request.data),
            PartyInRole.objects.all(),
            PartyRoleOutput,
            facts=lambda data: {"party_id": _existing(id)} | _without_id(data),
            create=lambda key, facts: people.take_role(id=key, at=timezone.now(), **facts),
        )

    @extend_schema(operation_id="list_party_roles", responses=Page.of(PartyRoleOutput), tags=["parties"])
    def get(self, request: Request, id: UUID) -> Response:
        """List roles, oldest first."""
        rows = PartyInRole.objects.filter(party=_existing(id))
        return page_of(rows, "recorded_at", PartyRoleOutput, request)


def _without_id(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "id"}


# --- Codes ---


class IdentifierOutput(serializers.Serializer[Identifier]):
    """A code, with what is known about it."""

    id = serializers.UUIDField()
    scheme = serializers.CharField()
    namespace = serializers.CharField()
    value = serializers.CharField(help_text="As it is stored and compared")
    raw = serializers.CharField(help_text="As it was written")
    status = serializers.SerializerMethodField(
        help_text="well_formed, check_ok, resolved (an outside source says so) or contradicted"
    )
    recorded_at = serializers.DateTimeField()

    def get_status(self, row: Identifier) -> str:
        """Return what is known about the code now."""
        return str(codes.statuses([row])[row.pk])


IDENTIFIER_PAGE = Page.of(IdentifierOutput)  # one component for four addresses


class _Identifiers(APIView):
    """Codes of one kind of thing."""

    scopes = SCOPES
    thing: str

    def _record(self, request: Request, id: UUID) -> Response:
        """Record a code as it was written and as it is stored."""
        given = IdentifierInput(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        scheme = Scheme(data["scheme"])
        of = codes.Named(**{f"{self.thing}_id": id})
        code = codes.read(thing=of.what, scheme=scheme, raw=data["raw"], namespace=data["namespace"])
        return _state(
            given,
            Identifier.objects.all(),
            IdentifierOutput,
            facts=lambda _: {"scheme": code.scheme, "namespace": code.namespace, "raw": code.raw, **vars(of)},
            create=lambda key, facts: people.record_code(
                id=key, of=of, scheme=scheme, raw=facts["raw"], namespace=facts["namespace"], at=timezone.now()
            ),
        )

    def _list(self, request: Request, id: UUID) -> Response:
        rows = Identifier.objects.filter(**{f"{self.thing}_id": id})
        return page_of(rows, "recorded_at", IdentifierOutput, request)


@extend_schema_serializer(component_name="Identifier")
class IdentifierInput(serializers.Serializer[Any]):
    """A code to record."""

    id = serializers.UUIDField()
    scheme = serializers.ChoiceField(_choices(Scheme))
    namespace = serializers.CharField(
        max_length=codes.LONGEST_NAMESPACE, required=False, default="", allow_blank=True,
        help_text="Whose own code it is; for proprietary codes only",
    )  # fmt: skip
    raw = serializers.CharField(max_length=codes.LONGEST_VALUE, help_text="The code, with or without its separators")


class PartyIdentifiers(_Identifiers):
    """Codes of parties: IPI name and base numbers, ISNI, DPID, somebody's own."""

    thing = "party"

    @extend_schema(
        operation_id="record_party_identifier",
        request=IdentifierInput,
        responses={201: IdentifierOutput},
        tags=["parties"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Record a code of a party; its check digit is proven, whether it is theirs is found out elsewhere."""
        return self._record(request, _existing(id))

    @extend_schema(operation_id="list_party_identifiers", responses=IDENTIFIER_PAGE, tags=["parties"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the codes of a party, oldest first."""
        return self._list(request, _existing(id))


class WorkIdentifiers(_Identifiers):
    """Codes of works: ISWC, somebody's own."""

    thing = "work"

    @extend_schema(
        operation_id="record_work_identifier",
        request=IdentifierInput,
        responses={201: IdentifierOutput},
        tags=["parties"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Record a code of a work."""
        return self._record(request, id)

    @extend_schema(operation_id="list_work_identifiers", responses=IDENTIFIER_PAGE, tags=["parties"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the codes of a work, oldest first."""
        return self._list(request, id)


class RecordingIdentifiers(_Identifiers):
    """Codes of recordings: ISRC, somebody's own."""

    thing = "recording"

    @extend_schema(
        operation_id="record_recording_identifier",
        request=IdentifierInput,
        responses={201: IdentifierOutput},
        tags=["parties"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Record a code of a recording."""
        return self._record(request, id)

    @extend_schema(operation_id="list_recording_identifiers", responses=IDENTIFIER_PAGE, tags=["parties"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the codes of a recording, oldest first."""
        return self._list(request, id)


class ReleaseIdentifiers(_Identifiers):
    """Codes of releases: GTIN (ICPN, UPC, EAN), GRid, somebody's own."""

    thing = "release"

    @extend_schema(
        operation_id="record_release_identifier",
        request=IdentifierInput,
        responses={201: IdentifierOutput},
        tags=["parties"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Record a code of a release."""
        return self._record(request, id)

    @extend_schema(operation_id="list_release_identifiers", responses=IDENTIFIER_PAGE, tags=["parties"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the codes of a release, oldest first."""
        return self._list(request, id)


class IdentifierFindingOutput(serializers.Serializer[IdentifierFinding]):
    """What a source outside said about a code."""

    id = serializers.UUIDField()
    identifier = serializers.UUIDField(source="identifier_id")
    result = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # the metaclass takes declared fields away
    evidence = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    def get_evidence(self, row: IdentifierFinding) -> str | None:
        """Return the digest of what the source said."""
        return digest(row.evidence_digest)


class IdentifierFindings(APIView):
    """What sources outside say about codes."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="IdentifierFinding")
    class Input(serializers.Serializer[Any]):
        """A finding to record."""

        id = serializers.UUIDField()
        result = serializers.ChoiceField(_choices(CodeFinding))
        source = serializers.CharField(  # type: ignore[assignment]  # as above
            max_length=200, help_text="Which register said so"
        )
        evidence = DigestField(required=False, default="", help_text="SHA-256 of its answer")

    @extend_schema(
        operation_id="check_identifier", request=Input, responses={201: IdentifierFindingOutput}, tags=["parties"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Record that a register says the code is of this thing, or of another."""
        return _state(
            self.Input(data=request.data),
            IdentifierFinding.objects.all(),
            IdentifierFindingOutput,
            facts=lambda data: {
                "identifier_id": id,
                "result": data["result"],
                "source": data["source"],
                "evidence_digest": data["evidence"],
            },
            create=lambda key, facts: people.check_code(id=key, at=timezone.now(), **facts),
        )


# --- Who acts for whom, and who is protected ---


class RepresentationOutput(serializers.Serializer[Representation]):
    """That one party acts for another."""

    id = serializers.UUIDField()
    principal = serializers.UUIDField(source="principal_id")
    agent = serializers.UUIDField(source="agent_id")
    authority = serializers.CharField()
    uses = serializers.ListField(child=serializers.CharField(), help_text="Empty: every use")
    territories = serializers.ListField(child=serializers.CharField())
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True)
    ended_on = serializers.SerializerMethodField(help_text="When it ended before its time")
    document = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    @extend_schema_field(OpenApiTypes.DATE)
    def get_ended_on(self, row: Representation) -> str | None:
        """Return the day from which it holds no longer, or None."""
        end = getattr(row, "end", None)
        return end.effective_on.isoformat() if end else None

    def get_document(self, row: Representation) -> str | None:
        """Return the digest of the document that it rests on."""
        return digest(row.document_digest)


class Representations(APIView):
    """Who acts for a party."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Representation")
    class Input(serializers.Serializer[Any]):
        """A representation to record."""

        id = serializers.UUIDField()
        agent = serializers.UUIDField(help_text="Who acts")
        authority = serializers.ChoiceField(_choices(Authority))
        uses = serializers.ListField(
            child=serializers.ChoiceField(_choices(Use)), required=False, default=list, help_text="Empty: every use"
        )
        territories = serializers.ListField(child=serializers.CharField(max_length=6), min_length=1, max_length=300)
        active_from = serializers.DateField()
        active_to = serializers.DateField(required=False, allow_null=True, default=None)
        document = DigestField(help_text="SHA-256 of the mandate, contract or court order")

    @extend_schema(operation_id="represent", request=Input, responses={201: RepresentationOutput}, tags=["parties"])
    def post(self, request: Request, id: UUID) -> Response:
        """Record that somebody acts for this party: by which authority, for which uses, where and from when."""
        registrar = _registrar(request)
        return _state(
            self.Input(data=request.data),
            Representation.objects.select_related("end"),
            RepresentationOutput,
            facts=lambda data: {
                "principal_id": _existing(id),
                "agent_id": data["agent"],
                "authority": data["authority"],
                "uses": sorted(set(data["uses"])),
                "territories": data["territories"],
                "active_from": data["active_from"],
                "active_to": data["active_to"],
                "document_digest": data["document"],
            },
            create=lambda key, facts: people.represent(id=key, registrar_id=registrar, at=timezone.now(), **facts),
        )

    @extend_schema(operation_id="list_representations", responses=Page.of(RepresentationOutput), tags=["parties"])
    def get(self, request: Request, id: UUID) -> Response:
        """List who acts or acted for this party, oldest first."""
        rows = Representation.objects.select_related("end").filter(principal=_existing(id))
        return page_of(rows, "recorded_at", RepresentationOutput, request)


class RepresentationEndOutput(serializers.Serializer[RepresentationEnd]):
    """The end of a representation."""

    id = serializers.UUIDField()
    representation = serializers.UUIDField(source="representation_id")
    effective_on = serializers.DateField()
    reason = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class RepresentationEnds(APIView):
    """The end of a representation."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="RepresentationEnd")
    class Input(serializers.Serializer[Any]):
        """The end of a representation."""

        id = serializers.UUIDField()
        effective_on = serializers.DateField(help_text="The first day on which it does not hold; may lie in the past")
        reason = serializers.CharField(
            max_length=300, required=False, default="", allow_blank=True, help_text="No names: it cannot be erased"
        )

    @extend_schema(
        operation_id="end_representation", request=Input, responses={201: RepresentationEndOutput}, tags=["parties"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Record that somebody acts for somebody no longer."""
        return _state(
            self.Input(data=request.data),
            RepresentationEnd.objects.all(),
            RepresentationEndOutput,
            facts=lambda data: {"representation_id": id} | _without_id(data),
            create=lambda key, facts: people.end_representation(id=key, at=timezone.now(), **facts),
        )


class ProtectionOutput(serializers.Serializer[Protection]):
    """That a person cannot consent alone, or at all."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    jurisdiction = serializers.CharField()
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True)
    evidence = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    def get_evidence(self, row: Protection) -> str | None:
        """Return the digest of the evidence."""
        return digest(row.evidence_digest)


class Protections(APIView):
    """Minors, wards and the dead."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Protection")
    class Input(serializers.Serializer[Any]):
        """A protection to record."""

        id = serializers.UUIDField()
        kind = serializers.ChoiceField(_choices(ProtectionKind))
        jurisdiction = serializers.RegexField(r"^[A-Z]{2}$", help_text="ISO 3166-1: whose law limits the term")
        active_from = serializers.DateField()
        active_to = serializers.DateField(required=False, allow_null=True, default=None)
        evidence = DigestField(help_text="SHA-256 of the birth, court or death record")

    @extend_schema(operation_id="protect_party", request=Input, responses={201: ProtectionOutput}, tags=["parties"])
    def post(self, request: Request, id: UUID) -> Response:
        """Record that a person is a minor, has a guardian, or died: consents of their own do not count then."""
        return _state(
            self.Input(data=request.data),
            Protection.objects.all(),
            ProtectionOutput,
            facts=lambda data: {
                "party_id": id,
                "kind": data["kind"],
                "jurisdiction": data["jurisdiction"],
                "active_from": data["active_from"],
                "active_to": data["active_to"],
                "evidence_digest": data["evidence"],
            },
            create=lambda key, facts: people.protect(id=key, at=timezone.now(), **facts),
        )

    @extend_schema(operation_id="list_protections", responses=Page.of(ProtectionOutput), tags=["parties"])
    def get(self, request: Request, id: UUID) -> Response:
        """List protections of a person, oldest first."""
        rows = Protection.objects.filter(party=_existing(id))
        return page_of(rows, "recorded_at", ProtectionOutput, request)


# --- Which parties are one ---


class PartyMergeOutput(serializers.Serializer[PartyMerge]):
    """That two parties are one."""

    id = serializers.UUIDField()
    duplicate = serializers.UUIDField(source="duplicate_id")
    survivor = serializers.UUIDField(source="survivor_id")
    reason = serializers.CharField()
    undone_at = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_undone_at(self, row: PartyMerge) -> str | None:
        """Return when it was undone, or None while it stands."""
        undo = getattr(row, "undo", None)
        return serializers.DateTimeField().to_representation(undo.recorded_at) if undo else None


class PartyMerges(APIView):
    """Duplicates that were merged. Nothing is rewritten: the duplicate's facts count as the survivor's."""

    scopes = MERGING

    @extend_schema_serializer(component_name="PartyMerge")
    class Input(serializers.Serializer[Any]):
        """A merge to record."""

        id = serializers.UUIDField()
        duplicate = serializers.UUIDField()
        survivor = serializers.UUIDField(help_text="What is the duplicate's counts as theirs")
        reason = serializers.CharField(max_length=300, help_text="No names: it cannot be erased")

    @extend_schema(operation_id="merge_parties", request=Input, responses={201: PartyMergeOutput}, tags=["parties"])
    def post(self, request: Request) -> Response:
        """Record that two parties are one. A party is merged once, and merges make no chains."""
        return _state(
            self.Input(data=request.data),
            PartyMerge.objects.select_related("undo"),
            PartyMergeOutput,
            facts=lambda data: {
                "duplicate_id": data["duplicate"],
                "survivor_id": data["survivor"],
                "reason": data["reason"],
            },
            create=lambda key, facts: people.merge(id=key, at=timezone.now(), **facts),
        )

    @extend_schema(operation_id="list_party_merges", responses=Page.of(PartyMergeOutput), tags=["parties"])
    def get(self, request: Request) -> Response:
        """List merges, also those undone, oldest first."""
        return page_of(PartyMerge.objects.select_related("undo"), "recorded_at", PartyMergeOutput, request)


class PartyMergeUndoOutput(serializers.Serializer[PartyMergeUndo]):
    """That a merge was a mistake."""

    id = serializers.UUIDField()
    merge = serializers.UUIDField(source="merge_id")
    reason = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class PartyMergeUndos(APIView):
    """Merges that were a mistake."""

    scopes = MERGING

    @extend_schema_serializer(component_name="PartyMergeUndo")
    class Input(serializers.Serializer[Any]):
        """An undo to record."""

        id = serializers.UUIDField()
        reason = serializers.CharField(max_length=300, help_text="No names: it cannot be erased")

    @extend_schema(
        operation_id="undo_party_merge", request=Input, responses={201: PartyMergeUndoOutput}, tags=["parties"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Record that a merge was a mistake: each party's facts count as its own again."""
        return _state(
            self.Input(data=request.data),
            PartyMergeUndo.objects.all(),
            PartyMergeUndoOutput,
            facts=lambda data: {"merge_id": id, "reason": data["reason"]},
            create=lambda key, facts: people.undo_merge(id=key, at=timezone.now(), **facts),
        )


class MovedOutput(serializers.Serializer[Any]):
    """How many facts of a kind a merge would have count as the survivor's."""

    what = serializers.CharField()
    count = serializers.IntegerField()


class MergePreview(APIView):
    """What a merge would move."""

    scopes = SCOPES

    @extend_schema(operation_id="preview_party_merge", responses=MovedOutput(many=True), tags=["parties"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """Count what would count as the survivor's, were this party a duplicate."""
        moved = people.moved_by(_existing(id))
        return Response([{"what": what, "count": count} for what, count in moved])


# --- Reading one party ---


class ProfileOutput(serializers.Serializer[Profile]):
    """What is known about a party, now or as known at a moment."""

    id = serializers.UUIDField(source="party.pk")
    kind = serializers.CharField(source="party.kind")
    name = serializers.CharField(allow_null=True, help_text="None once it was erased")
    registered_at = serializers.DateTimeField(source="party.registered_at")
    known_at = serializers.DateTimeField(allow_null=True)
    counts_as = serializers.UUIDField(help_text="The party it is merged into, else itself")
    same_as = serializers.ListField(child=serializers.UUIDField(), help_text="Every party that is this one")
    names = PartyNameOutput(many=True)
    roles = PartyRoleOutput(many=True)
    identifiers = serializers.SerializerMethodField()
    represented_by = serializers.SerializerMethodField()
    represents = serializers.SerializerMethodField()
    protections = ProtectionOutput(many=True)

    @extend_schema_field(IdentifierOutput(many=True))
    def get_identifiers(self, found: Profile) -> list[dict[str, Any]]:
        """Return its codes with what was known about each."""
        rows = [IdentifierOutput(row).data for row in found.identifiers]
        return [{**row, "status": str(found.statuses[UUID(row["id"])])} for row in rows]

    @extend_schema_field(RepresentationOutput(many=True))
    def get_represented_by(self, found: Profile) -> list[dict[str, Any]]:
        """Return who acts for it."""
        return self._with_ends(found, found.represented_by)

    @extend_schema_field(RepresentationOutput(many=True))
    def get_represents(self, found: Profile) -> list[dict[str, Any]]:
        """Return whom it acts for."""
        return self._with_ends(found, found.represents)

    def _with_ends(self, found: Profile, rows: Any) -> list[dict[str, Any]]:
        written = RepresentationOutput(rows, many=True).data
        ends = {str(id): end.effective_on.isoformat() for id, end in found.ends.items()}
        return [{**row, "ended_on": ends.get(row["id"])} for row in written]


class PartyDetail(APIView):
    """One party."""

    scopes = SCOPES

    class Query(serializers.Serializer[Any]):
        """As known when."""

        known_at = serializers.DateTimeField(required=False, default=None)

    @extend_schema(
        operation_id="read_party",
        parameters=[OpenApiParameter("known_at", OpenApiTypes.DATETIME, description="Without what came after it")],
        responses=ProfileOutput,
        tags=["parties"],
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Read a party with names, roles, codes, representations and protections, as known now or at a moment."""
        asked = self.Query(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(ProfileOutput(profiles.profile(id, asked.validated_data["known_at"])).data)


class PartyExport(APIView):
    """Everything about a subject."""

    scopes = {"GET": "rights:export"}

    @extend_schema(operation_id="export_party", responses=OpenApiTypes.OBJECT, tags=["parties"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """Export everything that is kept about a subject, under all parties that are one with it."""
        return Response(subjects.export(party_id=id, at=timezone.now()))


# --- Erasure ---


class LetterOutput(serializers.Serializer[erasure.Letter]):
    """The answer to the person."""

    erased_on = serializers.DateField()
    erased = serializers.ListField(child=serializers.CharField())
    stays = serializers.ListField(child=serializers.CharField(), help_text="What stays, and on which ground")
    closing = serializers.CharField()


class ErasureRequestOutput(serializers.Serializer[ErasureRequest]):
    """A request for erasure, with the answer once it was carried out."""

    id = serializers.UUIDField()
    party = serializers.UUIDField(source="party_id")
    channel = serializers.CharField()
    requested_at = serializers.DateTimeField()
    answer_by = serializers.DateField()
    answer = serializers.SerializerMethodField()

    @extend_schema_field(LetterOutput(allow_null=True))
    def get_answer(self, row: ErasureRequest) -> dict[str, Any] | None:
        """Return what the person is told, or None while nothing is carried out."""
        carried_out = getattr(row, "erasure", None)
        return dict(LetterOutput(erasure.letter(carried_out)).data) if carried_out else None


class ErasureRequests(APIView):
    """Requests for erasure. Carrying one out takes two people at the desk."""

    scopes = ERASING

    @extend_schema_serializer(component_name="ErasureRequest")
    class Input(serializers.Serializer[Any]):
        """A request to record."""

        id = serializers.UUIDField()
        party = serializers.UUIDField()
        channel = serializers.ChoiceField(_choices(erasure.Channel), default=erasure.Channel.PROGRAM.value)

    @extend_schema(
        operation_id="request_erasure", request=Input, responses={201: ErasureRequestOutput}, tags=["parties"]
    )
    def post(self, request: Request) -> Response:
        """Record that a person asked to be erased; the answer is due within a month."""
        return _state(
            self.Input(data=request.data),
            ErasureRequest.objects.select_related("erasure"),
            ErasureRequestOutput,
            facts=lambda data: {"party_id": data["party"], "channel": data["channel"]},
            create=lambda key, facts: erasure.request(id=key, at=timezone.now(), **facts),
        )

    @extend_schema(operation_id="list_erasure_requests", responses=Page.of(ErasureRequestOutput), tags=["parties"])
    def get(self, request: Request) -> Response:
        """List requests for erasure, oldest first."""
        rows = ErasureRequest.objects.select_related("erasure")
        return page_of(rows, "requested_at", ErasureRequestOutput, request)


class ErasureRequestDetail(APIView):
    """One request for erasure."""

    scopes = ERASING

    @extend_schema(operation_id="read_erasure_request", responses=ErasureRequestOutput, tags=["parties"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """Read a request and, once it was carried out, the answer to the person."""
        found = ErasureRequest.objects.select_related("erasure").filter(pk=id).first()
        if found is None:
            raise erasure.NoSuchRequest
        return Response(ErasureRequestOutput(found).data)
