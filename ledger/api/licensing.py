"""Licenses: sign, read."""

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
from rights.models import License
from rights.vocabulary import Use
from royalties import splits

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}
USES = [(use.value, use.value) for use in Use]


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
