"""Terms and licenses: publish, sign, suspend, resume, terminate, read; and where a better license triggers an MFN."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import licensing, planning
from ledger.access import Verb
from ledger.api import plans
from ledger.api.access import caller_of, seen_by
from ledger.api.fields import AnyAssetInput, DigestField, FractionField, asset_named, asset_of, choices, digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.api.plans import PlanInput
from rights import wording
from rights.mfn import LICENSOR, Favor, Measure, Trigger, check_class
from rights.models import License, LicenseEvent, MfnClause, ModelVersion, Party, TermsVersion
from rights.visibility import ASSETS
from rights.vocabulary import LicenseAct, Purpose, Use
from royalties.models import Plan

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}
MOST_NAMED = 100  # licenses and model versions that one license names


def _look_up_favors(request: Request, reference_classes: Iterable[str]) -> None:
    """
    Check that the parties whose licenses a clause compares with are the caller's to see.

    :raises NotYours: one is not, or does not exist
    """
    named = [
        given.removeprefix(LICENSOR) for given in map(check_class, reference_classes) if given.startswith(LICENSOR)
    ]
    caller_of(request).look_up(mfn=(Party, [UUID(id) for id in named]))


# --- terms


@extend_schema_field({"type": "object", "additionalProperties": True, "description": "See ``rights/wording.py``"})
class TermsField(serializers.Field):  # type: ignore[type-arg]
    """Terms as a JSON object."""

    def to_internal_value(self, data: Any) -> wording.Wording:
        """Read the object; what is wrong with it is said with its field."""
        return wording.read(data)

    def to_representation(self, value: str) -> Any:
        """Write the object as it stands in its data."""
        return wording.document(value)


class TermsOutput(serializers.Serializer[TermsVersion]):
    """A version of terms: the text that people agree to, and the same as data. The text prevails."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    number = serializers.IntegerField()
    language = serializers.CharField()
    terms = TermsField(source="data")
    text = serializers.CharField()
    data_digest = serializers.SerializerMethodField()
    text_digest = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    def get_data_digest(self, version: TermsVersion) -> str:
        """Return the SHA-256 of the data, written as RFC 8785 says."""
        return f"sha256:{version.data_digest}"

    def get_text_digest(self, version: TermsVersion) -> str:
        """Return the SHA-256 of the text in UTF-8."""
        return f"sha256:{version.text_digest}"


class Terms(APIView):
    """What licenses are signed under."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="Terms")
    class Input(serializers.Serializer[Any]):
        """A version of terms to publish."""

        id = serializers.UUIDField()
        name = serializers.CharField(max_length=200, help_text="Versions of one name are numbered from 1")
        language = serializers.ChoiceField([(code, code) for code in wording.LANGUAGES])
        terms = TermsField()

    @extend_schema(operation_id="publish_terms", request=Input, responses={201: TermsOutput}, tags=["licensing"])
    def post(self, request: Request) -> Response:
        """Publish the next version of terms. The text is rendered from the data; both are kept with their digests."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller = caller_of(request)
        agreed: wording.Wording = data["terms"]
        caller.look_up(terms=(ModelVersion, [id for id, _ in agreed.model_versions]))
        _look_up_favors(request, [favor.reference_class for favor in agreed.mfn])
        version, created = once(
            seen_by(request, TermsVersion.objects.all()),
            data["id"],
            same=lambda found: (
                (found.name, found.language, found.data)
                == (data["name"], data["language"], wording.data(data["terms"]))
            ),
            create=lambda: licensing.publish_terms(
                **data, registrar_id=caller.registrar(Verb.LICENSE), at=timezone.now()
            ),
        )
        return Response(TermsOutput(version).data, status=201 if created else 200)

    @extend_schema(operation_id="list_terms", responses=Page.of(TermsOutput), tags=["licensing"])
    def get(self, request: Request) -> Response:
        """List versions of terms, oldest first."""
        return page_of(TermsVersion.objects.all(), "recorded_at", TermsOutput, request)


class TermsDetail(APIView):
    """One version of terms."""

    scopes = SCOPES
    sees = {"id": TermsVersion}

    @extend_schema(operation_id="get_terms", responses=TermsOutput, tags=["licensing"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """Return a version of terms as text and as data."""
        version = TermsVersion.objects.filter(pk=id).first()
        if version is None:
            raise Http404
        return Response(TermsOutput(version).data)


# --- licenses


class FavorInput(serializers.Serializer[Any]):
    """A most-favored-nation clause."""

    reference_class = serializers.CharField(
        max_length=80, help_text="same_licensee, same_licensee_same_uses, or licensor: and the id of a party"
    )
    measure = serializers.ChoiceField(choices(Measure))
    looks_back_to = serializers.DateField()


class LicenseEventOutput(serializers.Serializer[LicenseEvent]):
    """What became of a license."""

    id = serializers.UUIDField()
    act = serializers.CharField()
    actor = serializers.UUIDField(source="actor_id")
    effective_on = serializers.DateField()
    successor = serializers.UUIDField(source="successor_id", allow_null=True)
    reason = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class LicenseOutput(serializers.Serializer[License]):
    """A license."""

    id = serializers.UUIDField()
    licensor = serializers.UUIDField(source="licensor_id")
    licensee = serializers.UUIDField(source="licensee_id")
    schedule = serializers.SerializerMethodField()
    uses = serializers.ListField(child=serializers.CharField())
    barred = serializers.ListField(child=serializers.CharField())
    territories = serializers.ListField(child=serializers.CharField())
    active_from = serializers.DateField()
    active_to = serializers.DateField(allow_null=True)
    exclusive = serializers.BooleanField(source="is_exclusive")
    max_outputs = serializers.IntegerField(allow_null=True)
    influence = serializers.SerializerMethodField()
    release_from = serializers.DateField(allow_null=True)
    release_to = serializers.DateField(allow_null=True)
    terms = serializers.UUIDField(source="terms_id", allow_null=True)
    model_versions = serializers.SerializerMethodField()
    mfn = serializers.SerializerMethodField()
    document = serializers.SerializerMethodField()

    @staticmethod
    def rows() -> QuerySet[License]:
        """Return licenses with what is written of them."""
        return License.objects.prefetch_related("schedule", "model_versions", "mfn_clauses", "events")

    def get_schedule(self, license_: License) -> list[dict[str, str]]:
        """Return the assets on it."""
        return [asset_named(line) for line in sorted(license_.schedule.all(), key=lambda line: str(line.id))]

    @extend_schema_field({"type": ["string", "null"], "example": "1/4"})
    def get_influence(self, license_: License) -> str | None:
        """Return the most that one output may owe to one asset."""
        if license_.influence_numerator is None:
            return None
        return f"{license_.influence_numerator}/{license_.influence_denominator}"

    def get_model_versions(self, license_: License) -> list[UUID]:
        """Return the model versions that it is bound to."""
        return sorted((line.model_version_id for line in license_.model_versions.all()), key=str)

    def get_mfn(self, license_: License) -> list[dict[str, str]]:
        """Return its most-favored-nation clauses."""
        return [
            {
                "id": str(clause.id),
                "reference_class": clause.reference_class,
                "measure": clause.measure,
                "looks_back_to": clause.looks_back_to.isoformat(),
            }
            for clause in sorted(license_.mfn_clauses.all(), key=lambda clause: str(clause.id))
        ]

    def get_document(self, license_: License) -> str | None:
        """Return the digest of the signed text."""
        return digest(license_.document_digest)


class LicenseHistoryOutput(LicenseOutput):
    """A license with what became of it, as known at a moment."""

    plan = serializers.SerializerMethodField()
    amends = serializers.SerializerMethodField()
    beside = serializers.SerializerMethodField()
    events = serializers.SerializerMethodField()

    @extend_schema_field(PlanInput)
    def get_plan(self, license_: License) -> dict[str, Any] | None:
        """Return how receipts are divided, by the newest version of the plan for all of the license."""
        plan = planning.newest(license_.id)
        return plans.described(plan) if plan else None

    def get_amends(self, license_: License) -> UUID | None:
        """Return the license in whose place it stands."""
        return license_.predecessors.values_list("license_id", flat=True).first()

    def get_beside(self, license_: License) -> list[UUID]:
        """Return the licenses that an exclusive one lets stand."""
        return list(licensing.known_beside(license_, sight=self.context["sight"]))

    @extend_schema_field(LicenseEventOutput(many=True))
    def get_events(self, license_: License) -> Any:
        """Return what became of it, oldest first."""
        known_at: datetime = self.context["known_at"]
        events = [event for event in license_.events.all() if event.recorded_at <= known_at]
        return [LicenseEventOutput(event).data for event in sorted(events, key=lambda event: event.position)]


class Licenses(APIView):
    """What licensees may do."""

    scopes = SCOPES

    @extend_schema_serializer(component_name="License")
    class Input(serializers.Serializer[Any]):
        """A license to record."""

        id = serializers.UUIDField()
        licensor = serializers.UUIDField()
        licensee = serializers.UUIDField()
        schedule = AnyAssetInput(many=True)
        uses = serializers.ListField(child=serializers.ChoiceField(choices(Use)), min_length=1)
        barred = serializers.ListField(
            child=serializers.ChoiceField(choices(Purpose)), default=list, help_text="Purposes it does not allow"
        )
        territories = serializers.ListField(child=serializers.CharField(max_length=6), min_length=1, max_length=300)
        active_from = serializers.DateField()
        active_to = serializers.DateField(required=False, allow_null=True, default=None)
        exclusive = serializers.BooleanField(default=False, help_text="Nobody else is licensed the same")
        beside = serializers.ListField(
            child=serializers.UUIDField(),
            default=list,
            max_length=MOST_NAMED,
            help_text="Licenses that an exclusive one knows of and lets stand",
        )
        max_outputs = serializers.IntegerField(
            required=False,
            allow_null=True,
            default=None,
            min_value=1,
            max_value=2**31 - 1,
            help_text="None: any number",
        )
        influence = FractionField(
            required=False, allow_null=True, default=None, help_text="The most that one output may owe to one asset"
        )
        release_from = serializers.DateField(required=False, allow_null=True, default=None)
        release_to = serializers.DateField(required=False, allow_null=True, default=None)
        terms = serializers.UUIDField(
            required=False, allow_null=True, default=None, help_text="The version of terms that it stays within"
        )
        model_versions = serializers.ListField(
            child=serializers.UUIDField(), default=list, max_length=MOST_NAMED, help_text="Empty: bound to none"
        )
        mfn = FavorInput(many=True, required=False, default=list)
        amends = serializers.UUIDField(
            required=False, allow_null=True, default=None, help_text="The license that ends where this one begins"
        )
        document = DigestField(
            required=False,
            allow_null=True,
            default=None,
            help_text="SHA-256 of the signed text; else that of the terms",
        )
        plan = PlanInput()

    @extend_schema(operation_id="sign_license", request=Input, responses={201: LicenseOutput}, tags=["licensing"])
    def post(self, request: Request) -> Response:
        """
        Record a license: its schedule is frozen, its plan says how what is earned is divided.

        An exclusive license that meets another one is refused, and so is any license that meets an exclusive one of
        somebody else.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        schedule = [asset_of(line) for line in data["schedule"]]
        facts = {
            "licensor_id": data["licensor"],
            "licensee_id": data["licensee"],
            "uses": sorted(set(data["uses"])),
            "barred": sorted(set(data["barred"])),
            "territories": data["territories"],
            "active_from": data["active_from"],
            "active_to": data["active_to"],
            "is_exclusive": data["exclusive"],
            "max_outputs": data["max_outputs"],
            "release_from": data["release_from"],
            "release_to": data["release_to"],
            "terms_id": data["terms"],
        }
        plan = plans.read(data["plan"])
        favors = [Favor(row["reference_class"], Measure(row["measure"]), row["looks_back_to"]) for row in data["mfn"]]

        caller = caller_of(request)
        caller.answer_for(data["licensor"], Verb.LICENSE)
        caller.look_up(
            licensee=(Party, data["licensee"]),
            terms=(TermsVersion, data["terms"]),
            model_versions=(ModelVersion, data["model_versions"]),
            beside=(License, data["beside"]),
            amends=(License, data["amends"]),
        )
        _look_up_favors(request, [favor.reference_class for favor in favors])
        plans.look_up(request, plan)
        for kind, table in ASSETS.items():
            caller.look_up(schedule=(table, [asset.columns[f"{kind}_id"] for asset in schedule]))

        def same(found: License) -> bool:
            known = Plan.objects.filter(license=found, number=1).first()
            if known is None or not planning.is_same(planning.given(known), plan):
                return False
            said = found.terms.text_digest if found.terms else None
            return (
                all(getattr(found, name) == value for name, value in facts.items())
                and found.document_digest == (data["document"] or said)
                and _influence(found) == data["influence"]
                and {line.asset_id for line in found.schedule.all()} == {asset.id for asset in schedule}
                and {line.model_version_id for line in found.model_versions.all()} == set(data["model_versions"])
                and sorted(map(_favor, found.mfn_clauses.all())) == sorted(map(_favor, favors))
                and found.predecessors.values_list("license_id", flat=True).first() == data["amends"]
                and set(licensing.known_beside(found)) == set(data["beside"])
            )

        license_, created = once(
            seen_by(request, LicenseOutput.rows().select_related("terms")),
            data["id"],
            same=same,
            create=lambda: licensing.sign_license(
                id=data["id"],
                schedule=schedule,
                plan=plan,
                document_digest=data["document"],
                influence=data["influence"],
                model_version_ids=data["model_versions"],
                favors=favors,
                beside=data["beside"],
                amends=data["amends"],
                registrar_id=caller.registrar(Verb.LICENSE, party_id=data["licensor"]),
                sight=caller.sight,
                at=timezone.now(),
                **facts,
            ),
        )
        return Response(LicenseOutput(license_).data, status=201 if created else 200)

    @extend_schema(operation_id="list_licenses", responses=Page.of(LicenseOutput), tags=["licensing"])
    def get(self, request: Request) -> Response:
        """List licenses, oldest first."""
        return page_of(LicenseOutput.rows(), "recorded_at", LicenseOutput, request)


def _influence(license_: License) -> Fraction | None:
    if license_.influence_numerator is None or license_.influence_denominator is None:
        return None
    return Fraction(license_.influence_numerator, license_.influence_denominator)


def _favor(clause: Favor | MfnClause) -> tuple[str, str, str]:
    return clause.reference_class, str(clause.measure), clause.looks_back_to.isoformat()


class LicenseDetail(APIView):
    """One license with its history."""

    scopes = SCOPES
    sees = {"id": License}

    class Query(serializers.Serializer[Any]):
        """Which history."""

        known_at = serializers.DateTimeField(required=False)

    @extend_schema(
        operation_id="get_license",
        responses=LicenseHistoryOutput,
        parameters=[OpenApiParameter("known_at", datetime, description="As known at this moment; now, if left out")],
        tags=["licensing"],
    )
    def get(self, request: Request, id: UUID) -> Response:
        """Return a license with what became of it, as known at a moment."""
        query = self.Query(data=request.query_params)
        query.is_valid(raise_exception=True)
        known_at = query.validated_data.get("known_at", timezone.now())
        license_ = LicenseOutput.rows().filter(pk=id, recorded_at__lte=known_at).first()
        if license_ is None:
            raise Http404
        context = {"known_at": known_at, "sight": caller_of(request).sight}
        return Response(LicenseHistoryOutput(license_, context=context).data)


class LicenseEvents(APIView):
    """What becomes of a license."""

    scopes = SCOPES
    sees = {"id": License}
    absent = licensing.NoSuchLicense

    @extend_schema_serializer(component_name="LicenseEvent")
    class Input(serializers.Serializer[Any]):
        """Something that becomes of a license."""

        id = serializers.UUIDField()
        act = serializers.ChoiceField(choices(LicenseAct), help_text="suspended, resumed or terminated")
        actor = serializers.UUIDField(help_text="Who declared it")
        effective_on = serializers.DateField(help_text="From this day on; a day of the license's period")
        reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)

    @extend_schema(
        operation_id="change_license", request=Input, responses={201: LicenseEventOutput}, tags=["licensing"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Suspend, resume or terminate a license. An amendment is another license, signed with ``amends``."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        facts = {
            "act": LicenseAct(data["act"]),
            "actor_id": data["actor"],
            "effective_on": data["effective_on"],
            "reason": data["reason"],
        }
        licensor_id = License.objects.filter(pk=id).values_list("licensor_id", flat=True).first()
        if licensor_id is None:
            raise licensing.NoSuchLicense
        caller_of(request).answer_for(licensor_id, Verb.LICENSE)  # its licensee sees it too
        caller_of(request).look_up(actor=(Party, data["actor"]))
        event, created = once(
            seen_by(request, LicenseEvent.objects.all()),
            data["id"],
            same=lambda found: (
                found.license_id == id and all(getattr(found, name) == value for name, value in facts.items())
            ),
            create=lambda: licensing.change_license(id=data["id"], license_id=id, at=timezone.now(), **facts),
        )
        return Response(LicenseEventOutput(event).data, status=201 if created else 200)


# --- most favored nation


class ProposalOutput(serializers.Serializer[Any]):
    """What would make the favored license as good; what is null stays as it is."""

    plan = serializers.SerializerMethodField()
    max_outputs = serializers.IntegerField(allow_null=True)
    active_to = serializers.DateField(allow_null=True)

    @extend_schema_field(PlanInput)
    def get_plan(self, amendment: Any) -> dict[str, str] | None:
        """Return how receipts would be divided."""
        if amendment.plan is None:
            return None
        return {name: str(getattr(amendment.plan, name)) for name in ("commission", "creators", "masters")}


class TriggerOutput(serializers.Serializer[Trigger]):
    """That a newer license is better than one whose licensor is favored."""

    clause = serializers.UUIDField(source="clause.id")
    license = serializers.UUIDField(source="favored.license_id")
    better = serializers.UUIDField(source="better.license_id")
    reference_class = serializers.CharField(source="clause.reference_class")
    measure = serializers.CharField(source="clause.measure")
    ours = serializers.SerializerMethodField()
    theirs = serializers.SerializerMethodField()
    reaches_back_to = serializers.DateField()
    proposal = ProposalOutput(allow_null=True)

    @extend_schema_field({"type": ["string", "null"], "example": "119/400"})
    def get_ours(self, trigger: Trigger) -> str | None:
        """Return what the favored license has; null for no limit or no end."""
        return None if trigger.ours is None else str(trigger.ours)

    def get_theirs(self, trigger: Trigger) -> str:
        """Return what the newer license has."""
        return str(trigger.theirs)


class MfnTriggers(APIView):
    """Where a better license triggers an MFN clause."""

    scopes = {"GET": "catalogue:read"}

    class Query(serializers.Serializer[Any]):
        """Which register."""

        known_at = serializers.DateTimeField(required=False)

    @extend_schema(
        operation_id="list_mfn_triggers",
        responses=TriggerOutput(many=True),
        parameters=[OpenApiParameter("known_at", datetime, description="As known at this moment; now, if left out")],
        tags=["licensing"],
    )
    def get(self, request: Request) -> Response:
        """
        List where a newer license is better than one whose licensor is favored. Nothing follows by itself.

        Only where the caller sees both licenses, as their licensee does.
        """
        query = self.Query(data=request.query_params)
        query.is_valid(raise_exception=True)
        known_at = query.validated_data.get("known_at", timezone.now())
        found = licensing.mfn_register(known_at=known_at, sight=caller_of(request).sight)
        return Response([TriggerOutput(trigger).data for trigger in found])
