"""Consents: offer, grant, answer, amend, withdraw, and what a withdrawal makes others do; and public reservations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import consenting, stating
from ledger.access import NotYourParty, Verb
from ledger.api.access import caller_of, seen_by
from ledger.api.fields import AnyAssetInput, DigestField, FractionField, asset_named, asset_of, choices, digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from rights import consents, effects
from rights.consents import AssetQuery, ConsentTerms, Evidence, EvidenceKind, FrozenList
from rights.effects import Impact
from rights.models import (
    Consent,
    ConsentEvent,
    Model,
    ModelVersion,
    Party,
    Reservation,
    ReservationEnd,
    TermsVersion,
    WithdrawalTask,
    WithdrawalTaskDone,
)
from rights.registry import AssetRef, NotOneAsset
from rights.reservations import Channel
from rights.standing import Stance
from rights.visibility import ASSETS
from rights.vocabulary import ApprovalMode, AssetKind, ConsentAct, PartyRole, Purpose, Use

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}
MOST_SHOWN = 1000  # ids of one kind in a preview; the counts are of all
ANSWERS = (ConsentAct.VIEWED, ConsentAct.GRANTED, ConsentAct.DECLINED, ConsentAct.EXPIRED)
USES = choices(Use)
ROLES = choices(PartyRole)
PURPOSES = choices(Purpose)


def _territories() -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=6), min_length=1, max_length=300)


# --- What is answered.


class EvidenceField(serializers.Serializer[Any]):
    """A document behind an act: what it is, and the SHA-256 of its bytes."""

    kind = serializers.ChoiceField(choices(EvidenceKind))
    digest = DigestField(help_text="SHA-256 of the document")


class EventOutput(serializers.Serializer[ConsentEvent]):
    """Something that happened to a consent."""

    id = serializers.UUIDField()
    act = serializers.CharField()
    effective_on = serializers.DateField()
    recorded_at = serializers.DateTimeField()
    position = serializers.IntegerField()
    actor = serializers.UUIDField(source="actor_id")
    authority = serializers.UUIDField(source="authority_id", allow_null=True, help_text="The actor's representation")
    successor = serializers.UUIDField(source="successor_id", allow_null=True)
    reason = serializers.CharField()
    channel = serializers.CharField()
    evidence = serializers.SerializerMethodField()

    def get_evidence(self, event: ConsentEvent) -> list[dict[str, str | None]]:
        """Return the documents behind it."""
        rows = sorted(event.evidence.all(), key=lambda row: (row.kind, row.digest))
        return [{"kind": row.kind, "digest": digest(row.digest)} for row in rows]


class ConsentOutput(serializers.Serializer[Consent]):
    """A consent with what became of it."""

    id = serializers.UUIDField()
    grantor = serializers.UUIDField(source="grantor_id")
    actor = serializers.UUIDField(source="actor_id")
    authority = serializers.UUIDField(source="authority_id", allow_null=True, help_text="The actor's representation")
    recording = serializers.UUIDField(source="recording_id", allow_null=True)
    work = serializers.UUIDField(source="work_id", allow_null=True)
    voice = serializers.UUIDField(source="voice_id", allow_null=True)
    stem = serializers.UUIDField(source="stem_id", allow_null=True)
    lyrics = serializers.UUIDField(source="lyrics_id", allow_null=True)
    is_list = serializers.BooleanField(help_text="Of a frozen list of assets, which the consent itself shows")
    covers_future = serializers.BooleanField(help_text="And of what the grantor comes to hold later")
    query = serializers.CharField(help_text="What the list was frozen from")
    licensee = serializers.UUIDField(source="licensee_id", allow_null=True)
    licensee_role = serializers.CharField()
    model = serializers.UUIDField(source="model_id", allow_null=True)
    model_version = serializers.UUIDField(source="model_version_id", allow_null=True)
    uses = serializers.ListField(child=serializers.CharField())
    barred = serializers.ListField(child=serializers.CharField())
    territories = serializers.ListField(child=serializers.CharField())
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True)
    approval_mode = serializers.CharField()
    influence_cap = serializers.SerializerMethodField()
    notice_days = serializers.IntegerField()
    description = serializers.CharField()
    compensation = serializers.CharField()
    language = serializers.CharField()
    terms = serializers.UUIDField(source="terms_id", allow_null=True)
    overrides = serializers.SerializerMethodField()
    document = serializers.SerializerMethodField()
    events = serializers.SerializerMethodField()

    def get_influence_cap(self, consent: Consent) -> str | None:
        """Return the most that one output may owe to it."""
        cap = consent.influence_numerator
        return f"{cap}/{consent.influence_denominator}" if cap else None

    def get_overrides(self, consent: Consent) -> list[UUID]:
        """Return the reservations that it names."""
        return sorted((row.reservation_id for row in consent.overrides.all()), key=str)

    def get_document(self, consent: Consent) -> str | None:
        """Return the digest of the text that was agreed to."""
        return digest(consent.document_digest)

    def get_events(self, consent: Consent) -> list[dict[str, Any]]:
        """Return its events, oldest first."""
        return [EventOutput(event).data for event in course_of(consent)]


class AssetOutput(serializers.Serializer[Any]):
    """One asset of a list."""

    recording = serializers.UUIDField(required=False)
    work = serializers.UUIDField(required=False)
    voice = serializers.UUIDField(required=False)
    stem = serializers.UUIDField(required=False)
    lyrics = serializers.UUIDField(required=False)


@extend_schema_serializer(component_name="ConsentDetail")
class ConsentDetailOutput(ConsentOutput):
    """A consent, its list, and what it had come to on a day, as it was known at a moment."""

    assets = serializers.SerializerMethodField()
    on = serializers.SerializerMethodField()
    known_at = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    is_in_force = serializers.SerializerMethodField()

    def get_assets(self, consent: Consent) -> list[dict[str, str]]:
        """Return its frozen list."""
        return [asset_named(row) for row in sorted(consent.assets.all(), key=lambda row: str(row.pk))]

    def get_on(self, consent: Consent) -> date:  # noqa: ARG002 - the serializer's signature
        """Return the day that is asked about."""
        day: date = self.context["on"]
        return day

    def get_known_at(self, consent: Consent) -> datetime:  # noqa: ARG002 - the serializer's signature
        """Return the moment up to which facts count."""
        at: datetime = self.context["known_at"]
        return at

    def get_events(self, consent: Consent) -> list[dict[str, Any]]:
        """Return its events that were known, oldest first."""
        return [EventOutput(event).data for event in course_of(consent, known_at=self.context["known_at"])]

    def get_state(self, consent: Consent) -> str | None:
        """Return what it has come to; None where it was not known yet."""
        found = self._state(consent)
        return found.value if found else None

    def get_is_in_force(self, consent: Consent) -> bool:
        """Return whether it allows what it names on that day."""
        on: date = self.context["on"]
        state = self._state(consent)
        granted = {consents.State.GRANTED, consents.State.AMENDING, consents.State.WITHDRAWAL_NOTICED}
        return (
            state in granted
            and consent.active_from <= on
            and (consent.active_to is None or on < consent.active_to)
            and any(
                event.act == ConsentAct.GRANTED and event.effective_on <= on
                for event in course_of(consent, known_at=self.context["known_at"])
            )
        )

    def _state(self, consent: Consent) -> consents.State | None:
        course = course_of(consent, known_at=self.context["known_at"])
        return consents.state_of([(event.act, event.effective_on) for event in course], on=self.context["on"])


def course_of(consent: Consent, *, known_at: datetime | None = None) -> list[ConsentEvent]:
    """Return the events of a consent in their order, all or those that were known at a moment."""
    events = [event for event in consent.events.all() if known_at is None or event.recorded_at <= known_at]
    return sorted(events, key=lambda event: event.position or 0)


def _consents() -> QuerySet[Consent]:
    events = ConsentEvent.objects.prefetch_related("evidence")
    return Consent.objects.prefetch_related(Prefetch("events", events), "overrides")


# --- What is given.


class QueryInput(serializers.Serializer[Any]):
    """Assets by what they are; frozen to a list when the consent is made."""

    holder = serializers.UUIDField(help_text="Who has a share of them")
    kinds = serializers.ListField(child=serializers.ChoiceField(choices(AssetKind)), required=False, min_length=1)
    registered_before = serializers.DateTimeField(required=False, allow_null=True, default=None)
    title_contains = serializers.CharField(required=False, allow_blank=True, max_length=100, default="")


class TermsInput(AnyAssetInput):
    """What a holder is asked to agree to. What is not named is not allowed."""

    grantor = serializers.UUIDField(help_text="Who holds the right")
    actor = serializers.UUIDField(help_text="Who signs, for the grantor or as the grantor")
    assets = AnyAssetInput(many=True, required=False, help_text="A list instead of one asset; it is frozen")
    find = QueryInput(required=False, help_text="A query instead of one asset or a list")
    covers_future = serializers.BooleanField(
        required=False, default=False, help_text="With a list or query: also what the grantor comes to hold later"
    )
    licensee = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="None: any licensee")
    licensee_role = serializers.ChoiceField(
        ROLES, required=False, allow_blank=True, default="", help_text="Instead: every licensee in this role"
    )
    model = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="For this model only")
    model_version = serializers.UUIDField(required=False, allow_null=True, default=None)
    uses = serializers.ListField(child=serializers.ChoiceField(USES), min_length=1)
    barred = serializers.ListField(
        child=serializers.ChoiceField(PURPOSES), required=False, default=list, help_text="Purposes it bars"
    )
    territories = _territories()
    active_from = serializers.DateField()
    active_to = serializers.DateField(required=False, allow_null=True, default=None)
    approval_mode = serializers.ChoiceField(
        choices(ApprovalMode), required=False, default=ApprovalMode.BLANKET.value, help_text="Who is asked again"
    )
    influence_cap = FractionField(required=False, allow_null=True, default=None)
    notice_days = serializers.IntegerField(required=False, default=0, min_value=0, max_value=3650)
    description = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=2000, help_text="The uses meant, reasonably specific"
    )
    compensation = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)
    language = serializers.RegexField(
        r"^[A-Za-z0-9]{2,8}(-[A-Za-z0-9]{1,8})*$", required=False, allow_blank=True, default="", max_length=35
    )
    terms = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="A version of terms")
    overrides = serializers.ListField(child=serializers.UUIDField(), required=False, default=list, max_length=100)
    document = DigestField(help_text="SHA-256 of the text that was shown and agreed to")
    evidence = EvidenceField(many=True, required=False)
    channel = serializers.CharField(required=False, allow_blank=True, default="api", max_length=16)


def terms_of(given: Mapping[str, Any]) -> ConsentTerms:
    """
    Return the terms that were sent.

    :raises NotOneAsset: neither one asset nor a list nor a query is named, or several of them
    """
    return ConsentTerms(
        grantor_id=given["grantor"],
        actor_id=given["actor"],
        scope=_scope(given),
        uses=tuple(sorted(set(given["uses"]))),
        territories=tuple(given["territories"]),
        active_from=given["active_from"],
        active_to=given["active_to"],
        document_digest=given["document"],
        licensee_id=given["licensee"],
        licensee_role=given["licensee_role"],
        model_id=given["model"],
        model_version_id=given["model_version"],
        barred=tuple(sorted(set(given["barred"]))),
        approval_mode=ApprovalMode(given["approval_mode"]),
        influence_cap=given["influence_cap"],
        notice_days=given["notice_days"],
        description=given["description"],
        compensation=given["compensation"],
        language=given["language"],
        terms_id=given["terms"],
        overrides=tuple(given["overrides"]),
        evidence=_evidence(given),
    )


def _scope(given: Mapping[str, Any]) -> AssetRef | FrozenList | AssetQuery:
    named = any(kind.value in given for kind in AssetKind)
    if "find" not in given and "assets" not in given:
        if given["covers_future"] and not named:
            return FrozenList((), covers_future=True)
        return asset_of(given)
    if named or ("find" in given and "assets" in given):
        raise NotOneAsset("Name one asset, or a list, or a query; one of the three")
    if "assets" in given:
        return FrozenList(tuple(asset_of(one) for one in given["assets"]), covers_future=given["covers_future"])
    found = given["find"]
    return AssetQuery(
        holder_id=found["holder"],
        kinds=frozenset(AssetKind(kind) for kind in found.get("kinds", AssetKind)),
        registered_before=found["registered_before"],
        title_contains=found["title_contains"],
        covers_future=given["covers_future"],
    )


def _evidence(given: Mapping[str, Any]) -> tuple[Evidence, ...]:
    return tuple(Evidence(EvidenceKind(one["kind"]), one["digest"]) for one in given.get("evidence", ()))


def is_same(found: Consent, terms: ConsentTerms) -> bool:
    """Whether a consent sent again under the same id says what the first one said."""
    stored = consents.terms_of(found)
    return _unordered(stored, stored) == _unordered(terms, stored)


def _unordered(terms: ConsentTerms, stored: ConsentTerms) -> tuple[object, ...]:
    # A query found what it found when it was frozen; sent again it is the same query, whatever it would find today.
    listed: object = frozenset(terms.assets)
    if isinstance(stored.scope, FrozenList) and stored.scope.query:
        listed = None
    scope = terms.scope
    query = (
        scope.in_words() if isinstance(scope, AssetQuery) else scope.query if isinstance(scope, FrozenList) else None
    )
    future = False if isinstance(scope, AssetRef) else scope.covers_future
    bare = replace(terms, scope=FrozenList(()), overrides=(), evidence=())
    return (bare, listed, query, future, frozenset(terms.overrides), frozenset(terms.evidence))


def _registrar(request: Request, party_id: UUID) -> UUID | None:
    return caller_of(request).registrar(Verb.CONSENT, party_id=party_id)


def _look_up(request: Request, terms: ConsentTerms) -> None:
    """
    Check that whatever terms name, besides their grantor, is the caller's to see.

    :raises NotYours: something is not, or does not exist
    :raises NotYourParty: a query is about the holdings of a party that the caller does not speak for
    """
    caller = caller_of(request)
    scope = terms.scope
    if isinstance(scope, AssetQuery):
        caller.answer_for(scope.holder_id, Verb.CONSENT)  # the frozen list tells what that party holds
    caller.look_up(
        actor=(Party, terms.actor_id),
        licensee=(Party, terms.licensee_id),
        model=(Model, terms.model_id),
        model_version=(ModelVersion, terms.model_version_id),
        terms=(TermsVersion, terms.terms_id),
        overrides=(Reservation, terms.overrides),
    )
    if isinstance(scope, AssetRef):
        _look_up_asset(request, scope)
    elif isinstance(scope, FrozenList):
        for kind, table in ASSETS.items():
            caller.look_up(assets=(table, [asset.columns[f"{kind}_id"] for asset in scope.assets]))


def _look_up_asset(request: Request, asset: AssetRef) -> None:
    caller_of(request).look_up(**{kind: (table, asset.columns[f"{kind}_id"]) for kind, table in ASSETS.items()})


def _answer_for_grantor(request: Request, consent_id: UUID) -> None:
    """
    Check that the caller speaks for whoever gave a consent: its licensee sees it too, and decides nothing.

    :raises NoSuchConsent: there is none
    :raises NotYourParty: they do not
    """
    caller_of(request).answer_for(_grantor(consent_id), Verb.CONSENT)


def _grantor(consent_id: UUID) -> UUID:
    found = Consent.objects.filter(pk=consent_id).values_list("grantor_id", flat=True).first()
    if found is None:
        raise consenting.NoSuchConsent
    return found


# --- Consents.


class Moment(serializers.Serializer[Any]):
    """As at which day, and as known at which moment."""

    on = serializers.DateField(required=False)
    known_at = serializers.DateTimeField(required=False)


class Consents(APIView):
    """What holders agreed to."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Consent")
    class Input(TermsInput):
        """A consent to record."""

        id = serializers.UUIDField()

    class Filter(serializers.Serializer[Any]):
        """Which consents to list."""

        grantor = serializers.UUIDField(required=False)
        licensee = serializers.UUIDField(required=False)
        asset = serializers.UUIDField(required=False)
        in_force_on = serializers.DateField(required=False)
        known_at = serializers.DateTimeField(required=False)

    @extend_schema(operation_id="grant_consent", request=Input, responses={201: ConsentOutput}, tags=["licensing"])
    def post(self, request: Request) -> Response:
        """Record that a holder agreed to uses of assets. What is not named is not allowed."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        terms = terms_of(data)
        caller_of(request).answer_for(terms.grantor_id, Verb.CONSENT)
        _look_up(request, terms)
        consent, created = once(
            seen_by(request, _consents()),
            data["id"],
            same=lambda found: is_same(found, terms),
            create=lambda: consenting.grant(
                id=data["id"],
                terms=terms,
                channel=data["channel"],
                registrar_id=_registrar(request, terms.grantor_id),
                at=timezone.now(),
            ),
        )
        return Response(ConsentOutput(consent).data, status=201 if created else 200)

    @extend_schema(
        operation_id="list_consents", parameters=[Filter], responses=Page.of(ConsentOutput), tags=["licensing"]
    )
    def get(self, request: Request) -> Response:
        """List consents, oldest first; those of a grantor, of an asset, in force on a day, as known at a moment."""
        asked = self.Filter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        rows = _consents()
        wanted = asked.validated_data
        if "grantor" in wanted:
            rows = rows.filter(grantor=wanted["grantor"])
        if "licensee" in wanted:
            rows = rows.filter(licensee=wanted["licensee"])
        if "asset" in wanted:
            named = Consent.objects.filter(assets__asset_id=wanted["asset"]).values("pk")
            rows = rows.filter(asset_id=wanted["asset"]) | rows.filter(pk__in=named)
        if "in_force_on" in wanted:
            standing = Consent.objects.filter(
                standing__stance=Stance.ALLOW,
                standing__valid__contains=wanted["in_force_on"],
                standing__known__contains=wanted.get("known_at", timezone.now()),
            )
            rows = rows.filter(pk__in=standing.values("pk"))
        elif "known_at" in wanted:
            rows = rows.filter(recorded_at__lte=wanted["known_at"])
        return page_of(rows, "recorded_at", ConsentOutput, request)


class ConsentDetail(APIView):
    """One consent."""

    scopes = SCOPES
    sees = {"id": Consent}
    absent = consenting.NoSuchConsent

    @extend_schema(operation_id="get_consent", parameters=[Moment], responses=ConsentDetailOutput, tags=["licensing"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read a consent, its list, its course and what it had come to: on a day, as known at a moment."""
        asked = Moment(data=request.query_params)
        asked.is_valid(raise_exception=True)
        now = timezone.now()
        known_at = asked.validated_data.get("known_at", now)
        consent = _consents().filter(pk=id, recorded_at__lte=known_at).first()
        if consent is None:
            raise consenting.NoSuchConsent
        context = {"on": asked.validated_data.get("on", now.date()), "known_at": known_at}
        return Response(ConsentDetailOutput(consent, context=context).data)


class Offers(APIView):
    """What holders are asked to agree to."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="ConsentOffer")
    class Input(TermsInput):
        """A consent to offer."""

        id = serializers.UUIDField()

    @extend_schema(operation_id="offer_consent", request=Input, responses={201: ConsentOutput}, tags=["licensing"])
    def post(self, request: Request) -> Response:
        """Ask a holder to agree. An offer allows nothing; silence is no."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        terms = terms_of(data)
        # Whoever sees a holder may ask: nothing follows until somebody answers who speaks for the holder.
        caller_of(request).look_up(grantor=(Party, terms.grantor_id))
        _look_up(request, terms)
        consent, created = once(
            seen_by(request, _consents()),
            data["id"],
            same=lambda found: is_same(found, terms),
            create=lambda: consenting.offer(
                id=data["id"],
                terms=terms,
                channel=data["channel"],
                registrar_id=_registrar(request, terms.grantor_id),
                at=timezone.now(),
            ),
        )
        return Response(ConsentOutput(consent).data, status=201 if created else 200)


class Events(APIView):
    """The course of a consent."""

    scopes = SCOPES
    sees = {"id": Consent}
    absent = consenting.NoSuchConsent

    @extend_schema_serializer(component_name="ConsentAnswer")
    class Input(serializers.Serializer[Any]):
        """What became of an offer."""

        id = serializers.UUIDField()
        act = serializers.ChoiceField([(act.value, act.value) for act in ANSWERS])
        actor = serializers.UUIDField(help_text="Who answers, as the grantor or for them")
        reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)
        channel = serializers.CharField(required=False, allow_blank=True, default="api", max_length=16)
        evidence = EvidenceField(many=True, required=False)

    @extend_schema(operation_id="answer_offer", request=Input, responses={201: EventOutput}, tags=["licensing"])
    def post(self, request: Request, id: UUID) -> Response:
        """Record that an offer was viewed, granted, declined, or expired in silence."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        self._check(request, id, ConsentAct(data["act"]), actor_id=data["actor"])
        event, created = once(
            seen_by(request, ConsentEvent.objects.prefetch_related("evidence")),
            data["id"],
            same=lambda found: (
                (found.consent_id, found.act, found.actor_id, found.reason, found.channel)
                == (id, data["act"], data["actor"], data["reason"], data["channel"])
            ),
            create=lambda: consenting.answer(
                id=data["id"],
                consent_id=id,
                act=ConsentAct(data["act"]),
                actor_id=data["actor"],
                reason=data["reason"],
                channel=data["channel"],
                evidence=_evidence(data),
                at=timezone.now(),
            ),
        )
        return Response(EventOutput(event).data, status=201 if created else 200)

    def _check(self, request: Request, id: UUID, act: ConsentAct, *, actor_id: UUID) -> None:
        # The holder answers; that nobody did, whoever asked may say as well.
        caller = caller_of(request)
        asker = Consent.objects.filter(pk=id).values_list("registrar_id", flat=True).first()
        if not (act is ConsentAct.EXPIRED and caller.acts_for(asker, Verb.CONSENT)):
            _answer_for_grantor(request, id)
        caller.look_up(actor=(Party, actor_id))

    @extend_schema(operation_id="list_consent_events", responses=EventOutput(many=True), tags=["licensing"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """List what happened to a consent, in order."""
        consent = _consents().filter(pk=id).first()
        if consent is None:
            raise consenting.NoSuchConsent
        return Response([EventOutput(event).data for event in course_of(consent)])


class Amendments(APIView):
    """Other terms in the place of a consent."""

    scopes = SCOPES
    sees = {"id": Consent}
    absent = consenting.NoSuchConsent

    @extend_schema_serializer(component_name="Amendment")
    class Input(serializers.Serializer[Any]):
        """An amendment: the consent that takes the place of this one, whole."""

        id = serializers.UUIDField()
        successor = Consents.Input(help_text="All of the new terms; they begin where the old ones end")
        reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)

    @extend_schema(operation_id="amend_consent", request=Input, responses={201: EventOutput}, tags=["licensing"])
    def post(self, request: Request, id: UUID) -> Response:
        """Put other terms in the place of a granted consent, from their first day on."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        terms = terms_of(data["successor"])
        successor_id = data["successor"]["id"]
        _answer_for_grantor(request, id)
        caller_of(request).answer_for(terms.grantor_id, Verb.CONSENT)
        _look_up(request, terms)
        event, created = once(
            seen_by(request, ConsentEvent.objects.select_related("successor").prefetch_related("evidence")),
            data["id"],
            same=lambda found: (
                (found.consent_id, found.successor_id, found.reason) == (id, successor_id, data["reason"])
                and found.successor is not None
                and is_same(found.successor, terms)
            ),
            create=lambda: consenting.amend(
                id=data["id"],
                consent_id=id,
                successor_id=successor_id,
                terms=terms,
                reason=data["reason"],
                channel=data["successor"]["channel"],
                registrar_id=_registrar(request, terms.grantor_id),
                at=timezone.now(),
            ),
        )
        return Response(EventOutput(event).data, status=201 if created else 200)


# --- Withdrawals.


class Withdrawals(APIView):
    """The end of a consent."""

    scopes = SCOPES
    sees = {"id": Consent}
    absent = consenting.NoSuchConsent

    @extend_schema_serializer(component_name="Withdrawal")
    class Input(serializers.Serializer[Any]):
        """A withdrawal to record."""

        id = serializers.UUIDField()
        actor = serializers.UUIDField(help_text="Who withdraws, as the grantor or for them")
        effective_on = serializers.DateField(help_text="From this day on; never before today, nor before the notice")
        reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)
        channel = serializers.CharField(required=False, allow_blank=True, default="api", max_length=16)
        evidence = EvidenceField(many=True, required=False)

    @extend_schema(operation_id="withdraw_consent", request=Input, responses={201: EventOutput}, tags=["licensing"])
    def post(self, request: Request, id: UUID) -> Response:
        """Withdraw a consent, from a day on. What was released before stays licensed; nothing new is cleared."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        _answer_for_grantor(request, id)
        caller_of(request).look_up(actor=(Party, data["actor"]))
        event, created = once(
            seen_by(request, ConsentEvent.objects.filter(act=ConsentAct.WITHDRAWN).prefetch_related("evidence")),
            data["id"],
            same=lambda found: (
                (found.consent_id, found.actor_id, found.effective_on) == (id, data["actor"], data["effective_on"])
            ),
            create=lambda: consenting.withdraw(
                id=data["id"],
                consent_id=id,
                actor_id=data["actor"],
                effective_on=data["effective_on"],
                reason=data["reason"],
                channel=data["channel"],
                evidence=_evidence(data),
                at=timezone.now(),
            ),
        )
        return Response(EventOutput(event).data, status=201 if created else 200)


class PlannedTaskOutput(serializers.Serializer[Any]):
    """Something that would have to be done."""

    kind = serializers.CharField()
    due_on = serializers.DateField()
    is_automatic = serializers.BooleanField()
    party = serializers.UUIDField(source="party_id", allow_null=True)
    license = serializers.UUIDField(source="license_id", allow_null=True)
    submission = serializers.UUIDField(source="submission_id", allow_null=True)
    dataset = serializers.UUIDField(source="dataset_id", allow_null=True)
    model_version = serializers.UUIDField(source="model_version_id", allow_null=True)


class EffectOutput(serializers.Serializer[Any]):
    """One row of the matrix: what becomes of a thing."""

    thing = serializers.CharField()
    what = serializers.CharField()
    count = serializers.IntegerField(allow_null=True, help_text="None where nobody counts it here")
    effect = serializers.CharField()
    reason = serializers.CharField()
    tasks = serializers.ListField(child=serializers.CharField())


class StatusChangeOutput(serializers.Serializer[Any]):
    """That the status of a signed file becomes another; the file itself is not touched."""

    output = serializers.UUIDField()
    manifest = serializers.CharField()
    now = serializers.CharField()
    then = serializers.CharField()
    since = serializers.DateTimeField()


@extend_schema_serializer(component_name="WithdrawalPreview")
class PreviewOutput(serializers.Serializer[Any]):
    """What a withdrawal or an annulment would do."""

    consent = serializers.UUIDField()
    act = serializers.CharField()
    effective_on = serializers.DateField()
    notice_days = serializers.IntegerField()
    earliest_on = serializers.DateField(help_text="The first day on which a withdrawal made today takes effect")
    counts = serializers.DictField(child=serializers.IntegerField())
    outputs = serializers.ListField(child=serializers.UUIDField(), help_text=f"The first {MOST_SHOWN}")
    models = serializers.ListField(child=serializers.UUIDField())
    datasets = serializers.ListField(child=serializers.UUIDField())
    licenses = serializers.ListField(child=serializers.UUIDField())
    territories = serializers.ListField(child=serializers.CharField())
    payees = serializers.ListField(child=serializers.UUIDField())
    effects = EffectOutput(many=True)
    tasks = PlannedTaskOutput(many=True)
    statuses = StatusChangeOutput(many=True, help_text="Of which signed files the public status changes")


class WithdrawalPreview(APIView):
    """What a withdrawal would touch, before anyone confirms it (CON-7)."""

    scopes = SCOPES
    sees = {"id": Consent}
    absent = consenting.NoSuchConsent

    class Filter(serializers.Serializer[Any]):
        """Which act, from when on."""

        act = serializers.ChoiceField(
            [("withdrawn", "withdrawn"), ("annulled", "annulled")], required=False, default="withdrawn"
        )
        effective_on = serializers.DateField(required=False)

    @extend_schema(operation_id="preview_withdrawal", parameters=[Filter], responses=PreviewOutput, tags=["licensing"])
    def get(self, request: Request, id: UUID) -> Response:
        """
        Count and name what a withdrawal or an annulment would touch, and what would stop when.

        The holder is told how many there are of everything; ids, and counts for others, are of what the caller sees.
        """
        asked = self.Filter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = consenting.preview(
            consent_id=id,
            act=ConsentAct(asked.validated_data["act"]),
            effective_on=asked.validated_data.get("effective_on"),
            today=timezone.now().date(),
            sight=caller_of(request).sight,
        )
        return Response(PreviewOutput(_shown(found)).data)


def _shown(found: consenting.Preview) -> dict[str, Any]:
    counted = found.impact
    return {
        "consent": found.consent.pk,
        "act": counted.act.value,
        "effective_on": counted.effective_on,
        "notice_days": found.consent.notice_days,
        "earliest_on": found.earliest_on,
        "counts": {name: len(ids) for name, ids in _ids(counted).items()} | {"territories": len(counted.territories)},
        **{name: ids[:MOST_SHOWN] for name, ids in _ids(found.named).items()},
        "territories": sorted(counted.territories),
        "effects": [
            {
                "thing": row.thing.value,
                "what": row.what,
                "count": effects.count(row.thing, counted),
                "effect": row.effect(counted.act),
                "reason": row.reason,
                "tasks": [kind.value for kind in row.tasks(counted.act)],
            }
            for row in effects.MATRIX
        ],
        "tasks": found.tasks[:MOST_SHOWN],
        "statuses": _status_changes(found)[:MOST_SHOWN],
    }


def _status_changes(found: consenting.Preview) -> list[dict[str, Any]]:
    changes = stating.would_change(found.named, at=timezone.now())
    return [
        {
            "output": one.manifest.decision.submission_id,
            "manifest": one.manifest.label,
            "now": one.now.value,
            "then": one.then.value,
            "since": one.since,
        }
        for one in changes
    ]


def _ids(impact: Impact) -> dict[str, list[UUID]]:
    return {
        "outputs": [one.submission_id for one in impact.outputs],
        "models": [one.model_version_id for one in impact.versions],
        "datasets": [one.dataset_id for one in impact.datasets],
        "licenses": [one.license_id for one in impact.licenses],
        "payees": sorted(impact.payees, key=str),
    }


class DoneOutput(serializers.Serializer[WithdrawalTaskDone]):
    """That a task was carried out."""

    id = serializers.UUIDField()
    by = serializers.UUIDField(source="by_id", allow_null=True, help_text="None: the service itself")
    note = serializers.CharField()
    evidence = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    def get_evidence(self, done: WithdrawalTaskDone) -> str | None:
        """Return the digest of the proof."""
        return digest(done.evidence_digest)


class TaskOutput(serializers.Serializer[WithdrawalTask]):
    """Something that a withdrawal made somebody do."""

    id = serializers.UUIDField()
    consent = serializers.UUIDField(source="event.consent_id")
    event = serializers.UUIDField(source="event_id")
    kind = serializers.CharField()
    due_on = serializers.DateField()
    party = serializers.UUIDField(source="party_id", allow_null=True)
    license = serializers.UUIDField(source="license_id", allow_null=True)
    submission = serializers.UUIDField(source="submission_id", allow_null=True)
    dataset = serializers.UUIDField(source="dataset_id", allow_null=True)
    model_version = serializers.UUIDField(source="model_version_id", allow_null=True)
    recorded_at = serializers.DateTimeField()
    done = serializers.SerializerMethodField()

    def get_done(self, task: WithdrawalTask) -> dict[str, Any] | None:
        """Return how it was carried out."""
        done = getattr(task, "done", None)
        return DoneOutput(done).data if done else None


class WithdrawalTasks(APIView):
    """What withdrawals made others do."""

    scopes = SCOPES

    class Filter(serializers.Serializer[Any]):
        """Which tasks to list."""

        consent = serializers.UUIDField(required=False)
        event = serializers.UUIDField(required=False)
        party = serializers.UUIDField(required=False)
        is_open = serializers.BooleanField(required=False, allow_null=True, default=None)

    @extend_schema(
        operation_id="list_withdrawal_tasks", parameters=[Filter], responses=Page.of(TaskOutput), tags=["licensing"]
    )
    def get(self, request: Request) -> Response:
        """List tasks, oldest first; those of one withdrawal, of a party, or still open."""
        asked = self.Filter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        rows = WithdrawalTask.objects.select_related("event", "done")
        for name, column in (("consent", "event__consent"), ("event", "event"), ("party", "party")):
            if name in wanted:
                rows = rows.filter(**{column: wanted[name]})
        if wanted["is_open"] is not None:
            rows = rows.filter(done__isnull=wanted["is_open"])
        return page_of(rows, "recorded_at", TaskOutput, request)


class Completions(APIView):
    """That a task was carried out."""

    scopes = SCOPES
    sees = {"id": WithdrawalTask}
    absent = consenting.NoSuchTask

    @extend_schema_serializer(component_name="TaskCompletion")
    class Input(serializers.Serializer[Any]):
        """How a task was carried out."""

        id = serializers.UUIDField()
        evidence = DigestField(help_text="SHA-256 of the proof: a deletion log, a notice, an acknowledgement")
        note = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)

    @extend_schema(operation_id="complete_task", request=Input, responses={201: DoneOutput}, tags=["licensing"])
    def post(self, request: Request, id: UUID) -> Response:
        """Record that a task was carried out, with the digest of the proof."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        by_id = self._by(request, id)
        done, created = once(
            seen_by(request, WithdrawalTaskDone.objects.all()),
            data["id"],
            same=lambda found: (
                (found.task_id, found.evidence_digest, found.note) == (id, data["evidence"], data["note"])
            ),
            create=lambda: consenting.complete_task(
                id=data["id"],
                task_id=id,
                by_id=by_id,
                note=data["note"],
                evidence_digest=data["evidence"],
                at=timezone.now(),
            ),
        )
        return Response(DoneOutput(done).data, status=201 if created else 200)

    def _by(self, request: Request, id: UUID) -> UUID | None:
        """Return in whose name it is closed: by whoever has to do it, or by the holder who withdrew."""
        task = WithdrawalTask.objects.select_related("event__consent").filter(pk=id).first()
        if task is None:
            raise consenting.NoSuchTask
        acting = consenting.closes(caller_of(request), task)
        if acting is None:
            raise NotYourParty
        return _registrar(request, acting)


# --- Reservations.


class ReservationOutput(serializers.Serializer[Reservation]):
    """A right reserved in public."""

    id = serializers.UUIDField()
    holder = serializers.UUIDField(source="holder_id")
    recording = serializers.UUIDField(source="recording_id", allow_null=True)
    work = serializers.UUIDField(source="work_id", allow_null=True)
    voice = serializers.UUIDField(source="voice_id", allow_null=True)
    stem = serializers.UUIDField(source="stem_id", allow_null=True)
    lyrics = serializers.UUIDField(source="lyrics_id", allow_null=True)
    uses = serializers.ListField(child=serializers.CharField())
    territories = serializers.ListField(child=serializers.CharField())
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True)
    channel = serializers.CharField()
    wording = serializers.CharField()
    snapshot = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()
    lifted_on = serializers.SerializerMethodField()

    def get_snapshot(self, reservation: Reservation) -> str | None:
        """Return the digest of the page or file as it was seen."""
        return digest(reservation.snapshot_digest)

    def get_lifted_on(self, reservation: Reservation) -> date | None:
        """Return the first day without it."""
        end = getattr(reservation, "end", None)
        return end.effective_on if end else None


class Reservations(APIView):
    """Rights reserved in public: a standing no."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Reservation")
    class Input(AnyAssetInput):
        """A reservation to record; without an asset it is of all that the holder has."""

        id = serializers.UUIDField()
        holder = serializers.UUIDField()
        uses = serializers.ListField(child=serializers.ChoiceField(USES), min_length=1)
        territories = _territories()
        active_from = serializers.DateField(help_text="When it was first published")
        active_to = serializers.DateField(required=False, allow_null=True, default=None)
        channel = serializers.ChoiceField(choices(Channel))
        wording = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
        snapshot = DigestField(required=False, default="", help_text="SHA-256 of the page or file as it was seen")

    @extend_schema(operation_id="reserve_rights", request=Input, responses={201: ReservationOutput}, tags=["licensing"])
    def post(self, request: Request) -> Response:
        """Record that rights were reserved in public. It is a no until it is lifted, or a consent names it."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        asset = asset_of(data) if any(kind.value in data for kind in AssetKind) else None
        caller_of(request).answer_for(data["holder"], Verb.CONSENT)
        if asset is not None:
            _look_up_asset(request, asset)
        facts: dict[str, Any] = {
            "holder_id": data["holder"],
            "uses": sorted(set(data["uses"])),
            "territories": data["territories"],
            "active_from": data["active_from"],
            "active_to": data["active_to"],
            "channel": data["channel"],
            "wording": data["wording"],
            "snapshot_digest": data["snapshot"],
        }
        columns = asset.columns if asset else {f"{kind.value}_id": None for kind in AssetKind}
        reservation, created = once(
            seen_by(request, Reservation.objects.select_related("end")),
            data["id"],
            same=lambda found: all(getattr(found, name) == value for name, value in (facts | columns).items()),
            create=lambda: consenting.reserve(
                id=data["id"],
                asset=asset,
                registrar_id=_registrar(request, data["holder"]),
                at=timezone.now(),
                **facts | {"channel": Channel(data["channel"])},
            ),
        )
        return Response(ReservationOutput(reservation).data, status=201 if created else 200)

    @extend_schema(
        operation_id="list_reservations",
        parameters=[OpenApiParameter("holder", UUID, required=False)],
        responses=Page.of(ReservationOutput),
        tags=["licensing"],
    )
    def get(self, request: Request) -> Response:
        """List reservations, oldest first."""
        rows = Reservation.objects.select_related("end")
        asked = HolderFilter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        if "holder" in asked.validated_data:
            rows = rows.filter(holder=asked.validated_data["holder"])
        return page_of(rows, "recorded_at", ReservationOutput, request)


class HolderFilter(serializers.Serializer[Any]):
    """Whose reservations to list."""

    holder = serializers.UUIDField(required=False)


class LiftOutput(serializers.Serializer[ReservationEnd]):
    """That a reservation was lifted."""

    id = serializers.UUIDField()
    effective_on = serializers.DateField()
    recorded_at = serializers.DateTimeField()


class Lifts(APIView):
    """The end of a reservation."""

    scopes = SCOPES
    sees = {"id": Reservation}
    absent = consenting.NoSuchReservation

    @extend_schema_serializer(component_name="Lift")
    class Input(serializers.Serializer[Any]):
        """The lifting of a reservation."""

        id = serializers.UUIDField()
        effective_on = serializers.DateField(help_text="The first day without it; today or later")

    @extend_schema(operation_id="lift_reservation", request=Input, responses={201: LiftOutput}, tags=["licensing"])
    def post(self, request: Request, id: UUID) -> Response:
        """Lift a reservation, from a day on."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        holder_id = Reservation.objects.filter(pk=id).values_list("holder_id", flat=True).first()
        if holder_id is None:
            raise consenting.NoSuchReservation
        caller_of(request).answer_for(holder_id, Verb.CONSENT)
        end, created = once(
            seen_by(request, ReservationEnd.objects.all()),
            data["id"],
            same=lambda found: (found.reservation_id, found.effective_on) == (id, data["effective_on"]),
            create=lambda: consenting.lift(
                id=data["id"], reservation_id=id, effective_on=data["effective_on"], at=timezone.now()
            ),
        )
        return Response(LiftOutput(end).data, status=201 if created else 200)
