"""Consents and licenses: grant, withdraw, sign, read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import licensing
from ledger.api.fields import AssetInput, DigestField, FractionField, asset_of, digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from rights.models import Consent, ConsentEvent, License
from rights.vocabulary import ConsentAct, Use
from royalties import splits

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}
USES = [(use.value, use.value) for use in Use]


class EventOutput(serializers.Serializer[ConsentEvent]):
    """Something that happened to a consent."""

    id = serializers.UUIDField()
    act = serializers.CharField()
    effective_on = serializers.DateField()
    recorded_at = serializers.DateTimeField()


class ConsentOutput(serializers.Serializer[Consent]):
    """A consent with what became of it."""

    id = serializers.UUIDField()
    grantor = serializers.UUIDField(source="grantor_id")
    actor = serializers.UUIDField(source="actor_id")
    recording = serializers.UUIDField(source="recording_id", allow_null=True)
    work = serializers.UUIDField(source="work_id", allow_null=True)
    licensee = serializers.UUIDField(source="licensee_id", allow_null=True)
    uses = serializers.ListField(child=serializers.CharField())
    territories = serializers.ListField(child=serializers.CharField())
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True)
    document = serializers.SerializerMethodField()
    events = serializers.SerializerMethodField()

    def get_document(self, consent: Consent) -> str | None:
        """Return the digest of the text that was agreed to."""
        return digest(consent.document_digest)

    def get_events(self, consent: Consent) -> list[dict[str, Any]]:
        """Return its events, oldest first."""
        return [EventOutput(event).data for event in sorted(consent.events.all(), key=lambda event: event.recorded_at)]


class Consents(APIView):
    """What holders agreed to."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Consent")
    class Input(AssetInput):
        """A consent to record."""

        id = serializers.UUIDField()
        grantor = serializers.UUIDField(help_text="Who holds the right")
        actor = serializers.UUIDField(help_text="Who signed, for the grantor or as the grantor")
        licensee = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="None: any licensee")
        uses = serializers.ListField(child=serializers.ChoiceField(USES), min_length=1)
        territories = serializers.ListField(child=serializers.CharField(max_length=6), min_length=1, max_length=300)
        active_from = serializers.DateField()
        active_to = serializers.DateField(required=False, allow_null=True, default=None)
        document = DigestField(help_text="SHA-256 of the text that was shown and agreed to")

    @extend_schema(operation_id="grant_consent", request=Input, responses={201: ConsentOutput}, tags=["licensing"])
    def post(self, request: Request) -> Response:
        """Record that a holder agreed to uses of a recording or work. What is not named is not allowed."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        asset = asset_of(data)
        facts = {
            "grantor_id": data["grantor"],
            "actor_id": data["actor"],
            "licensee_id": data["licensee"],
            "uses": sorted(set(data["uses"])),
            "territories": data["territories"],
            "active_from": data["active_from"],
            "active_to": data["active_to"],
            "document_digest": data["document"],
        }
        consent, created = once(
            Consent.objects.prefetch_related("events"),
            data["id"],
            same=lambda found: (
                (found.recording_id, found.work_id) == (asset.recording_id, asset.work_id)
                and all(getattr(found, name) == value for name, value in facts.items())
            ),
            create=lambda: licensing.grant_consent(id=data["id"], asset=asset, at=timezone.now(), **facts),
        )
        return Response(ConsentOutput(consent).data, status=201 if created else 200)

    @extend_schema(operation_id="list_consents", responses=Page.of(ConsentOutput), tags=["licensing"])
    def get(self, request: Request) -> Response:
        """List consents, oldest first."""
        return page_of(Consent.objects.prefetch_related("events"), "recorded_at", ConsentOutput, request)


class Withdrawals(APIView):
    """The end of a consent."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Withdrawal")
    class Input(serializers.Serializer[Any]):
        """A withdrawal to record."""

        id = serializers.UUIDField()
        actor = serializers.UUIDField(help_text="Who withdraws, as the grantor or for them")
        effective_on = serializers.DateField(help_text="From this day on; never before today")

    @extend_schema(operation_id="withdraw_consent", request=Input, responses={201: EventOutput}, tags=["licensing"])
    def post(self, request: Request, id: UUID) -> Response:
        """Withdraw a consent, from a day on. What was released before stays licensed; nothing new is cleared."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        event, created = once(
            ConsentEvent.objects.filter(act=ConsentAct.WITHDRAWN),
            data["id"],
            same=lambda found: (
                (found.consent_id, found.actor_id, found.effective_on) == (id, data["actor"], data["effective_on"])
            ),
            create=lambda: licensing.withdraw_consent(
                id=data["id"],
                consent_id=id,
                actor_id=data["actor"],
                effective_on=data["effective_on"],
                at=timezone.now(),
            ),
        )
        return Response(EventOutput(event).data, status=201 if created else 200)


class PlanInput(serializers.Serializer[Any]):
    """How a license divides what an output earns; each part is of what the one before leaves."""

    commission = FractionField(help_text="The operator's part of net receipts")
    creators = FractionField(help_text="The human creators' part of what the commission leaves")
    masters = FractionField(help_text="The masters' part of what the creators leave; publishing has the rest")


class LicenseOutput(serializers.Serializer[License]):
    """A license."""

    id = serializers.UUIDField()
    licensor = serializers.UUIDField(source="licensor_id")
    licensee = serializers.UUIDField(source="licensee_id")
    schedule = serializers.SerializerMethodField()
    uses = serializers.ListField(child=serializers.CharField())
    territories = serializers.ListField(child=serializers.CharField())
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True)
    document = serializers.SerializerMethodField()

    def get_schedule(self, license_: License) -> list[dict[str, UUID]]:
        """Return the assets on it."""
        lines = sorted(license_.schedule.all(), key=lambda line: str(line.id))
        return [
            {"recording": line.recording_id} if line.recording_id else {"work": line.work_id}  # type: ignore[dict-item]
            for line in lines
        ]

    def get_document(self, license_: License) -> str | None:
        """Return the digest of the signed text."""
        return digest(license_.document_digest)


class Licenses(APIView):
    """What licensees may do."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="License")
    class Input(serializers.Serializer[Any]):
        """A license to record."""

        id = serializers.UUIDField()
        licensor = serializers.UUIDField()
        licensee = serializers.UUIDField()
        schedule = AssetInput(many=True)
        uses = serializers.ListField(child=serializers.ChoiceField(USES), min_length=1)
        territories = serializers.ListField(child=serializers.CharField(max_length=6), min_length=1, max_length=300)
        active_from = serializers.DateField()
        active_to = serializers.DateField(required=False, allow_null=True, default=None)
        document = DigestField(help_text="SHA-256 of the signed text")
        plan = PlanInput()

    @extend_schema(operation_id="sign_license", request=Input, responses={201: LicenseOutput}, tags=["licensing"])
    def post(self, request: Request) -> Response:
        """Record a license: its schedule is frozen, its plan says how what is earned is divided."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        schedule = [asset_of(line) for line in data["schedule"]]
        facts = {
            "licensor_id": data["licensor"],
            "licensee_id": data["licensee"],
            "uses": sorted(set(data["uses"])),
            "territories": data["territories"],
            "active_from": data["active_from"],
            "active_to": data["active_to"],
            "document_digest": data["document"],
        }

        plan = licensing.GivenPlan(**data["plan"])

        def same(found: License) -> bool:
            known = splits.plans_of([found.id]).get(found.id)
            if known is None or (known.commission, known.creators, known.masters) != (
                plan.commission,
                plan.creators,
                plan.masters,
            ):
                return False
            lines = {(line.recording_id, line.work_id) for line in found.schedule.all()}
            return lines == {(asset.recording_id, asset.work_id) for asset in schedule} and all(
                getattr(found, name) == value for name, value in facts.items()
            )

        license_, created = once(
            License.objects.prefetch_related("schedule"),
            data["id"],
            same=same,
            create=lambda: licensing.sign_license(
                id=data["id"],
                schedule=schedule,
                plan=plan,
                at=timezone.now(),
                **facts,
            ),
        )
        return Response(LicenseOutput(license_).data, status=201 if created else 200)

    @extend_schema(operation_id="list_licenses", responses=Page.of(LicenseOutput), tags=["licensing"])
    def get(self, request: Request) -> Response:
        """List licenses, oldest first."""
        return page_of(License.objects.prefetch_related("schedule"), "recorded_at", LicenseOutput, request)
