"""Who holds which part of which right, what that comes to, and what is contested about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import holding
from ledger.access import Verb
from ledger.api.access import caller_of, seen_by
from ledger.api.fields import AnyAssetInput, DigestField, FractionField, asset_named, asset_of, choices, digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.holding import Change, Ending, Retraction
from rights import conflicts, shares
from rights.claims import Hold, Zone
from rights.models import Conflict, ConflictEvent, Share, ShareEvent
from rights.registry import AssetRef
from rights.shares import Field, GivenShare
from rights.territories import phrase
from rights.visibility import ASSETS
from rights.vocabulary import AssetKind, Basis, ConflictAct, RightType, ShareAct

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}


# --- shares


class ShareEventOutput(serializers.Serializer[ShareEvent]):
    """What became of a share."""

    id = serializers.UUIDField()
    act = serializers.CharField()
    effective_on = serializers.DateField(allow_null=True)
    successor = serializers.UUIDField(source="successor_id", allow_null=True)
    reason = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class ShareOutput(serializers.Serializer[Share]):
    """A share."""

    id = serializers.UUIDField()
    recording = serializers.UUIDField(source="recording_id", allow_null=True)
    work = serializers.UUIDField(source="work_id", allow_null=True)
    voice = serializers.UUIDField(source="voice_id", allow_null=True)
    stem = serializers.UUIDField(source="stem_id", allow_null=True)
    lyrics = serializers.UUIDField(source="lyrics_id", allow_null=True)
    party = serializers.UUIDField(source="party_id")
    right_type = serializers.CharField()
    basis = serializers.CharField()
    role = serializers.CharField()
    part = serializers.SerializerMethodField()
    written = serializers.CharField(help_text="The decimal percentage that the part came from, if it came from one")
    territories = serializers.ListField(child=serializers.CharField())
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True)
    events = ShareEventOutput(many=True)

    def get_part(self, share: Share) -> str:
        """Return the exact fraction."""
        return f"{share.numerator}/{share.denominator}"


class ShareInput(serializers.Serializer[Any]):
    """What a share says, apart from what it is of."""

    id = serializers.UUIDField()
    party = serializers.UUIDField()
    part = FractionField()
    written = serializers.RegexField(
        r"^[0-9]{1,3}(\.[0-9]{1,18})?$",
        required=False,
        default="",
        allow_blank=True,
        help_text="The decimal percentage that the part came from, such as 33.33; differs by rounding only",
    )
    role = serializers.CharField(
        max_length=8, required=False, default="", allow_blank=True, help_text="CWR's role, such as CA, E or SE"
    )
    territories = serializers.ListField(child=serializers.CharField(max_length=6), min_length=1, max_length=300)
    active_from = serializers.DateField()
    active_to = serializers.DateField(required=False, allow_null=True, default=None)


def _given(data: Mapping[str, Any], field: Field, registrar_id: UUID | None) -> GivenShare:
    return GivenShare(
        id=data["id"],
        asset=field.asset,
        party_id=data["party"],
        right_type=field.right_type,
        part=data["part"],
        territories=tuple(data["territories"]),
        active_from=data["active_from"],
        active_to=data["active_to"],
        basis=field.basis,
        role=data["role"],
        written=data["written"],
        registrar_id=registrar_id,
    )


def _is(share: Share, given: GivenShare) -> bool:
    return shares.field_of(share) == Field(given.asset, given.right_type, given.basis) and (
        share.party_id,
        Fraction(share.numerator, share.denominator),
        tuple(share.territories),
        share.active_from,
        share.active_to,
        share.role,
        share.written,
    ) == (
        given.party_id,
        given.part,
        given.territories,
        given.active_from,
        given.active_to,
        given.role,
        given.written,
    )


class Shares(APIView):
    """Who holds which part of which right."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Share")
    class Input(AnyAssetInput, ShareInput):
        """A share to register."""

        right_type = serializers.ChoiceField(choices(RightType), default=RightType.AI_OUTPUT.value)
        basis = serializers.ChoiceField(choices(Basis), default=Basis.OWNERSHIP.value)

    @extend_schema(operation_id="register_share", request=Input, responses={201: ShareOutput}, tags=["catalogue"])
    def post(self, request: Request) -> Response:
        """
        Register a share: an exact fraction of a right in one asset, for territories and a period.

        Where the shares come to more than the whole, a conflict is opened with it.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        field = Field(asset_of(data), RightType(data["right_type"]), Basis(data["basis"]))
        caller = caller_of(request)
        caller.answer_for(data["party"], Verb.REGISTER)
        caller.look_up(**{kind: (model, field.asset.columns[f"{kind}_id"]) for kind, model in ASSETS.items()})
        wanted = _given(data, field, caller.registrar(Verb.REGISTER, party_id=data["party"]))
        share, created = once(
            seen_by(request, Share.objects.prefetch_related("events")),
            data["id"],
            same=lambda found: _is(found, wanted),
            create=lambda: holding.register_share(wanted, at=timezone.now()),
        )
        return Response(ShareOutput(share).data, status=201 if created else 200)

    @extend_schema(operation_id="list_shares", responses=Page.of(ShareOutput), tags=["catalogue"])
    def get(self, request: Request) -> Response:
        """List shares, oldest first."""
        return page_of(Share.objects.prefetch_related("events"), "recorded_at", ShareOutput, request)


class ShareDetail(APIView):
    """One share."""

    scopes = SCOPES
    sees = {"id": Share}

    @extend_schema(operation_id="read_share", responses=ShareOutput, tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """Read a share with what became of it."""
        return Response(ShareOutput(get_object_or_404(Share, pk=id)).data)


class ShareEvents(APIView):
    """What becomes of a share."""

    scopes = SCOPES
    sees = {"id": Share}

    @extend_schema_serializer(component_name="ShareEvent")
    class Input(serializers.Serializer[Any]):
        """That a share ended on a day, or never was; and what stands in its place."""

        id = serializers.UUIDField()
        act = serializers.ChoiceField(choices(ShareAct), help_text="ended: it was so until a day; retracted: never")
        effective_on = serializers.DateField(
            required=False, allow_null=True, default=None, help_text="Of an end: the first day without it"
        )
        reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
        successor = ShareInput(
            required=False, allow_null=True, default=None, help_text="What stands in its place, of the same right"
        )

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            """Check that an end has its day, and a retraction none."""
            if (attrs["act"] == ShareAct.ENDED) != (attrs["effective_on"] is not None):
                raise serializers.ValidationError(
                    {"effective_on": "An end has its first day without the share; a retraction has none."}
                )
            return attrs

    @extend_schema(operation_id="change_share", request=Input, responses={201: ShareEventOutput}, tags=["catalogue"])
    def post(self, request: Request, id: UUID) -> Response:
        """End a share, retract it, or replace it: its successor is registered with the same call, or neither is."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        share = get_object_or_404(Share, pk=id)
        caller, successor = caller_of(request), None
        caller.answer_for(share.party_id, Verb.REGISTER)
        if after := data["successor"]:
            caller.answer_for(after["party"], Verb.REGISTER)
            by = caller.registrar(Verb.REGISTER, party_id=after["party"])
            successor = _given(after, shares.field_of(share), by)
        change: Change = (
            Ending(data["id"], id, data["effective_on"], data["reason"], successor)
            if data["act"] == ShareAct.ENDED
            else Retraction(data["id"], id, data["reason"], successor)
        )

        def same(found: ShareEvent) -> bool:
            mine = (found.share_id, found.act, found.effective_on, found.reason)
            if mine != (id, data["act"], data["effective_on"], data["reason"]):
                return False
            if found.successor is None or successor is None:
                return found.successor is None and successor is None
            return found.successor_id == successor.id and _is(found.successor, successor)

        event, created = once(
            seen_by(request, ShareEvent.objects.select_related("successor")),
            data["id"],
            same=same,
            create=lambda: holding.change_share(change, at=timezone.now()),
        )
        return Response(ShareEventOutput(event).data, status=201 if created else 200)


# --- positions


class NotYourPosition(Exception):
    """Who holds how much of an asset is told to whoever holds a part of it, and to whoever registered it."""


class ClaimantOutput(serializers.Serializer[Any]):
    """What a party claims in a zone, and what of it is payable now."""

    party = serializers.UUIDField()
    claimed = serializers.CharField()
    payable = serializers.CharField(help_text="Under an over-claim, the undisputed minimum")


class ClaimOutput(serializers.Serializer[Any]):
    """One share in a zone."""

    share = serializers.UUIDField()
    party = serializers.UUIDField(help_text="After merges of parties")
    part = serializers.CharField()
    status = serializers.CharField(help_text="DDEX claim status")


class ClaimZoneOutput(serializers.Serializer[Any]):
    """Countries in which the same shares hold, and what they come to."""

    countries = serializers.ListField(child=serializers.CharField())
    in_words = serializers.CharField()
    sum = serializers.CharField(help_text="complete, under_claim or over_claim")
    size = serializers.CharField(help_text="DDEX claim size")
    total = serializers.CharField()
    remainder = serializers.CharField(help_text="What nobody claims")
    excess = serializers.CharField(help_text="What is claimed beyond the whole")
    held = serializers.CharField(help_text="What is kept back until the claimants agree")
    claimants = ClaimantOutput(many=True)
    claims = ClaimOutput(many=True)


class PositionOutput(serializers.Serializer[Any]):
    """What the shares of a right come to on a day, as known at a moment."""

    asset = serializers.DictField(child=serializers.CharField())
    right = serializers.CharField()
    basis = serializers.CharField()
    on = serializers.DateField()
    known_at = serializers.DateTimeField()
    zones = ClaimZoneOutput(many=True)


def zone_document(zone: Zone, hold: Hold) -> dict[str, Any]:
    """Write a zone: every part exact."""
    return {
        "countries": sorted(zone.countries),
        "in_words": phrase(zone.countries),
        "sum": zone.sum.value,
        "size": zone.size.value,
        "total": str(zone.total),
        "remainder": str(zone.remainder),
        "excess": str(zone.excess),
        "held": str(zone.held(hold)),
        "claimants": [
            {"party": one.party_id, "claimed": str(one.claimed), "payable": str(one.payable)}
            for one in zone.claimants(hold)
        ],
        "claims": [
            {
                "share": one.share_id,
                "party": one.party_id,
                "part": str(one.part),
                "status": zone.status_of(one).value,
            }
            for one in zone.holdings
        ],
    }


class Position(APIView):
    """What the shares of a right in one asset come to."""

    scopes = SCOPES
    kind: AssetKind
    sees: Mapping[str, type[Model]]

    class Query(serializers.Serializer[Any]):
        """Which right, when, and as known when."""

        right = serializers.ChoiceField(choices(RightType), default=RightType.AI_OUTPUT.value)
        basis = serializers.ChoiceField(choices(Basis), default=Basis.OWNERSHIP.value)
        on = serializers.DateField(required=False)
        known_at = serializers.DateTimeField(required=False)

    def answer(self, request: Request, id: UUID) -> Response:
        """Add the shares up."""
        get_object_or_404(self.sees["id"], pk=id)
        query = self.Query(data=request.query_params)
        query.is_valid(raise_exception=True)
        now = timezone.now()
        on: date = query.validated_data.get("on") or now.date()
        known_at: datetime = query.validated_data.get("known_at") or now
        field = Field(
            AssetRef(**{f"{self.kind.value}_id": id}),
            RightType(query.validated_data["right"]),
            Basis(query.validated_data["basis"]),
        )
        claimed = Share.objects.filter(**field.columns)
        if claimed.exclude(pk__in=seen_by(request, claimed).values("pk")).exists():
            raise NotYourPosition
        zones = shares.position(field, on=on, known_at=known_at)
        document = {
            "asset": {self.kind.value: str(id)},
            "right": field.right_type,
            "basis": field.basis,
            "on": on,
            "known_at": known_at,
            "zones": [zone_document(zone, holding.hold_of(self.kind)) for zone in zones],
        }
        return Response(PositionOutput(document).data)


_ASKED = [
    OpenApiParameter("right", enum=[right.value for right in RightType], default=RightType.AI_OUTPUT.value),
    OpenApiParameter("basis", enum=[basis.value for basis in Basis], default=Basis.OWNERSHIP.value),
    OpenApiParameter("on", {"type": "string", "format": "date"}, description="Today, if left out"),
    OpenApiParameter("known_at", {"type": "string", "format": "date-time"}, description="Now, if left out"),
]


def position_of(kind: AssetKind) -> type[Position]:
    """Return the view for one kind of asset, with an operation of its own in the schema."""

    class Of(Position):
        @extend_schema(
            operation_id=f"read_{kind.value}_position",
            parameters=_ASKED,
            responses=PositionOutput,
            tags=["catalogue"],
            description=f"Read who holds how much of a right in a {kind.value}, country by country: complete, "
            "under-claimed or over-claimed, with what is payable and what is held.",
        )
        def get(self, request: Request, id: UUID) -> Response:
            return self.answer(request, id)

    Of.kind, Of.sees = kind, {"id": ASSETS[kind]}
    return Of


# --- conflicts


class ConflictEventOutput(serializers.Serializer[ConflictEvent]):
    """What somebody said or did."""

    id = serializers.UUIDField()
    position = serializers.IntegerField()
    act = serializers.CharField()
    author = serializers.UUIDField(source="author_id")
    text = serializers.SerializerMethodField(help_text="Null where nothing was said, or it was erased")
    evidence = serializers.SerializerMethodField(help_text="Digest of a document")
    recorded_at = serializers.DateTimeField()

    def get_text(self, event: ConflictEvent) -> str | None:
        """Return what was said."""
        return conflicts.words_of(event)

    def get_evidence(self, event: ConflictEvent) -> str | None:
        """Return the digest of the document."""
        return digest(event.evidence_digest)


class ConflictOutput(serializers.Serializer[Conflict]):
    """A conflict, without how it stands."""

    id = serializers.UUIDField()
    asset = serializers.SerializerMethodField(help_text="Its kind and its id")
    right_type = serializers.CharField()
    basis = serializers.CharField()
    territories = serializers.ListField(child=serializers.CharField())
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True)
    state = serializers.SerializerMethodField(help_text="open, escalated, superseded or settled")
    opened_at = serializers.DateTimeField()
    answer_by = serializers.DateField()
    escalate_on = serializers.DateField()
    close_by = serializers.DateField()

    def get_asset(self, conflict: Conflict) -> dict[str, str]:
        """Return which asset it is about."""
        return asset_named(conflict)

    def get_state(self, conflict: Conflict) -> str:
        """Return what it has become by today."""
        return conflicts.state_of(conflict, on=timezone.now().date()).value


class ConflictInFullOutput(ConflictOutput):
    """A conflict with its claims, what is payable and held, and what was said."""

    claims = serializers.SerializerMethodField(help_text="The shares that together are more than the whole")
    zones = serializers.SerializerMethodField(help_text="Where it is so now, with minimum and held parts")
    must_answer = serializers.SerializerMethodField(help_text="Claimants who have said nothing yet")
    superseded_by = serializers.SerializerMethodField()
    events = serializers.SerializerMethodField()

    def to_representation(self, instance: Conflict) -> dict[str, Any]:
        """Find out once how it stands."""
        self.standing = conflicts.standing_of(instance, on=timezone.now().date())
        return dict(super().to_representation(instance))

    def get_state(self, conflict: Conflict) -> str:  # noqa: ARG002
        """Return what it has become by today."""
        return self.standing.state.value

    def get_claims(self, conflict: Conflict) -> list[UUID]:
        """Return the ids of its shares."""
        return sorted((claim.share_id for claim in conflict.claims.all()), key=str)

    @extend_schema_field(ClaimZoneOutput(many=True))
    def get_zones(self, conflict: Conflict) -> list[dict[str, Any]]:
        """Return what is payable and held, where."""
        hold = holding.hold_of(AssetKind(next(iter(asset_named(conflict)))))
        return [dict(ClaimZoneOutput(zone_document(zone, hold)).data) for zone in self.standing.zones]

    def get_must_answer(self, conflict: Conflict) -> list[UUID]:  # noqa: ARG002
        """Return who must still answer."""
        return list(self.standing.unanswered)

    def get_superseded_by(self, conflict: Conflict) -> UUID | None:  # noqa: ARG002
        """Return the conflict that goes on in place of this one."""
        return self.standing.superseded_by

    @extend_schema_field(ConflictEventOutput(many=True))
    def get_events(self, conflict: Conflict) -> list[dict[str, Any]]:
        """Return what was said and done, oldest first."""
        events = sorted(conflict.events.all(), key=lambda event: event.position)
        return [dict(ConflictEventOutput(event).data) for event in events]


class Conflicts(APIView):
    """Where more than the whole of a right is claimed."""

    scopes = SCOPES

    @extend_schema(
        operation_id="list_conflicts",
        responses=Page.of(ConflictOutput),
        tags=["catalogue"],
        parameters=[OpenApiParameter("unsettled", bool, description="Only those that are not settled")],
    )
    def get(self, request: Request) -> Response:
        """List conflicts, oldest first."""
        found = Conflict.objects.prefetch_related("events", "claims__share")
        if request.query_params.get("unsettled", "").lower() in {"1", "true"}:
            found = found.exclude(events__act=ConflictAct.SETTLED)
        return page_of(found, "opened_at", ConflictOutput, request)


class ConflictDetail(APIView):
    """One conflict."""

    scopes = SCOPES
    sees = {"id": Conflict}

    @extend_schema(operation_id="read_conflict", responses=ConflictInFullOutput, tags=["catalogue"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """Read a conflict: claims, clocks, what is payable and held, who must answer, and what was said."""
        found = get_object_or_404(Conflict.objects.prefetch_related("events", "claims__share"), pk=id)
        return Response(ConflictInFullOutput(found).data)


class ConflictEvents(APIView):
    """What is said and done about a conflict."""

    scopes = SCOPES
    sees = {"id": Conflict}
    absent = conflicts.NoSuchConflict

    @extend_schema_serializer(component_name="ConflictEvent")
    class Input(serializers.Serializer[Any]):
        """What a claimant says or does."""

        id = serializers.UUIDField()
        act = serializers.ChoiceField(choices(ConflictAct))
        author = serializers.UUIDField(help_text="The claimant who says it")
        text = serializers.CharField(max_length=conflicts.LONGEST_MESSAGE, required=False, default="", allow_blank=True)
        evidence = DigestField(required=False, default="", help_text="SHA-256 of a document")

    @extend_schema(
        operation_id="act_on_conflict", request=Input, responses={201: ConflictEventOutput}, tags=["catalogue"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Say or do something about a conflict. Words are sealed under the author's key; the log gets a commitment.

        A conflict is settled by ending, retracting or replacing shares; the settlement is then recorded by itself.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller_of(request).answer_for(data["author"], Verb.REGISTER)

        def same(found: ConflictEvent) -> bool:
            mine = (found.conflict_id, found.act, found.author_id, found.evidence_digest)
            wanted = (id, data["act"], data["author"], data["evidence"])
            return mine == wanted and (conflicts.words_of(found) or "") == data["text"]

        event, created = once(
            seen_by(request, ConflictEvent.objects.all()),
            data["id"],
            same=same,
            create=lambda: holding.act_on_conflict(
                id=data["id"],
                conflict_id=id,
                act=ConflictAct(data["act"]),
                author_id=data["author"],
                text=data["text"],
                evidence_digest=data["evidence"],
                at=timezone.now(),
            ),
        )
        return Response(ConflictEventOutput(event).data, status=201 if created else 200)
