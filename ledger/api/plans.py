"""Plans of licenses: what they say, their versions, and what a change would have paid."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import licensing, planning, previewing
from ledger.access import NotYourParty, Verb
from ledger.api.access import caller_of, seen_by
from ledger.api.fields import FractionField, choices
from ledger.api.once import once
from ledger.planning import GivenPlan
from ledger.previewing import MOST_POOLS, GivenPool
from rights.case import Side
from rights.models import License, MfnClause, Party, Recording, Release, Work
from royalties import splits
from royalties.models import Plan
from royalties.plans import MOST_TERMS, Term
from royalties.splits import Aimed, Quantity
from royalties.vocabulary import Basis, MoneyTerm, Scope, WeighingModel
from royalties.weighing import MOST_MODELS, Blend, Model

SCOPES = {"GET": "catalogue:read", "POST": "catalogue:write"}
BASES = choices(Basis)
SIDES = {"masters": Side.MASTER, "publishing": Side.PUBLISHING}
_OF_SIDE = {side: name for name, side in SIDES.items()}
MOST_QUANTITIES = 5_000


class ModelInput(serializers.Serializer[Any]):
    """One model of a blend."""

    model = serializers.ChoiceField(
        choices(WeighingModel),
        help_text="own_similarity is what we heard of an asset in the output: similarity, not influence",
    )
    part = FractionField(default=Fraction(1), help_text="Which part of the side it weighs; together they are 1")
    basis = serializers.ChoiceField(BASES, required=False, allow_null=True, default=None, help_text="For train_prorata")
    provider = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="For output_influence: the attribution provider"
    )
    confidence = FractionField(
        required=False, allow_null=True, default=None, help_text="For output_influence: the least that counts"
    )


class BlendInput(serializers.Serializer[Any]):
    """By what the assets of a side are weighed, and by what where that has no answer."""

    models = serializers.ListField(child=ModelInput(), min_length=1, max_length=MOST_MODELS)
    fallback = serializers.ListField(child=ModelInput(), required=False, default=list, max_length=MOST_MODELS)


class QuantityInput(serializers.Serializer[Any]):
    """How much of an asset was trained on, as agreed."""

    basis = serializers.ChoiceField(BASES)
    recording = serializers.UUIDField(required=False, allow_null=True, default=None)
    work = serializers.UUIDField(required=False, allow_null=True, default=None)
    amount = serializers.IntegerField(min_value=0, max_value=2**63 - 1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that it is of one asset."""
        if (attrs["recording"] is None) == (attrs["work"] is None):
            raise serializers.ValidationError({"recording": "Name a recording or a work, and one of them."})
        return attrs


class TermInput(serializers.Serializer[Any]):
    """A term of money that is no split; which fields it takes follows from its kind."""

    kind = serializers.ChoiceField(
        choices(MoneyTerm),
        help_text="minimum: amount, recoupable, period. advance: amount, rate of recoupment, group, priority. buyout"
        " and training_fee: amount. per_generation: amount of each, from which count on. sub_share and downstream:"
        " rate. statutory: rate and who set it",
    )
    side = serializers.ChoiceField(list(SIDES), required=False, allow_null=True, default=None)
    party = serializers.UUIDField(required=False, allow_null=True, default=None)
    minor = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=2**63 - 1, help_text="Minor units"
    )
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False, allow_blank=True, default="")
    rate = FractionField(required=False, allow_null=True, default=None)
    from_count = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**63 - 1
    )
    recoupable = serializers.BooleanField(required=False, allow_null=True, default=None)
    group = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    priority = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=32767)
    period_from = serializers.DateField(required=False, allow_null=True, default=None)
    period_to = serializers.DateField(required=False, allow_null=True, default=None)
    set_by = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default="", help_text="Who set the rate, and where it says so"
    )


class PlanInput(serializers.Serializer[Any]):
    """How a license divides what an output earns; each part is of what the one before leaves."""

    commission = FractionField(help_text="The operator's part of net receipts")
    creators = FractionField(help_text="The human creators' part of what the commission leaves")
    masters = FractionField(help_text="The masters' part of what the creators leave; publishing has the rest")
    masters_by = BlendInput(required=False, allow_null=True, default=None, help_text="Null: all assets alike")
    publishing_by = BlendInput(required=False, allow_null=True, default=None, help_text="Null: all assets alike")
    quantities = serializers.ListField(child=QuantityInput(), required=False, default=list, max_length=MOST_QUANTITIES)
    terms = serializers.ListField(child=TermInput(), required=False, default=list, max_length=MOST_TERMS)


def read(data: Mapping[str, Any]) -> GivenPlan:
    """Return a plan as it was given."""
    return GivenPlan(
        commission=data["commission"],
        creators=data["creators"],
        masters=data["masters"],
        blends={
            side: Blend(
                tuple(map(_model, data[f"{name}_by"]["models"])), tuple(map(_model, data[f"{name}_by"]["fallback"]))
            )
            for name, side in SIDES.items()
            if data[f"{name}_by"] is not None
        },
        quantities=tuple(
            Quantity(
                Basis(row["basis"]),
                Side.MASTER if row["recording"] else Side.PUBLISHING,
                row["recording"] or row["work"],
                row["amount"],
            )
            for row in data["quantities"]
        ),
        terms=tuple(
            Term(
                kind=MoneyTerm(row["kind"]),
                side=SIDES[row["side"]] if row["side"] else None,
                party_id=row["party"],
                amount_minor=row["minor"],
                currency=row["currency"],
                rate=row["rate"],
                from_count=row["from_count"],
                is_recoupable=row["recoupable"],
                group=row["group"],
                priority=row["priority"],
                period_from=row["period_from"],
                period_to=row["period_to"],
                source=row["set_by"],
            )
            for row in data["terms"]
        ),
    )


def look_up(request: Request, plan: GivenPlan) -> None:
    """
    Check that whom and what a plan names is the caller's to see.

    :raises NotYours: something is not, or does not exist
    """
    caller = caller_of(request)
    models = [model for blend in plan.blends.values() for model in (*blend.models, *blend.fallback)]
    caller.look_up(
        provider=(Party, [model.provider_id for model in models if model.provider_id]),
        party=(Party, [term.party_id for term in plan.terms if term.party_id]),
    )
    for side, table in ((Side.MASTER, Recording), (Side.PUBLISHING, Work)):
        caller.look_up(quantities=(table, [one.asset_id for one in plan.quantities if one.side is side]))


def _model(row: Mapping[str, Any]) -> Model:
    return Model(
        WeighingModel(row["model"]),
        row["part"],
        Basis(row["basis"]) if row["basis"] else None,
        row["provider"],
        row["confidence"],
    )


def described(plan: Plan) -> dict[str, Any]:
    """Return a version of a plan as the API shows it."""
    said = planning.given(plan)
    return {
        "commission": str(said.commission),
        "creators": str(said.creators),
        "masters": str(said.masters),
        **{
            f"{name}_by": {
                "models": [_described_model(model) for model in blend.models],
                "fallback": [_described_model(model) for model in blend.fallback],
            }
            if (blend := said.blends.get(side))
            else None
            for name, side in SIDES.items()
        },
        "quantities": [
            {
                "basis": one.basis,
                "recording": one.asset_id if one.side is Side.MASTER else None,
                "work": one.asset_id if one.side is Side.PUBLISHING else None,
                "amount": one.amount,
            }
            for one in said.quantities
        ],
        "terms": [
            {
                "kind": term.kind,
                "side": _OF_SIDE[term.side] if term.side else None,
                "party": term.party_id,
                "minor": term.amount_minor,
                "currency": term.currency,
                "rate": str(term.rate) if term.rate is not None else None,
                "from_count": term.from_count,
                "recoupable": term.is_recoupable,
                "group": term.group,
                "priority": term.priority,
                "period_from": term.period_from,
                "period_to": term.period_to,
                "set_by": term.source,
            }
            for term in said.terms
        ],
    }


def _described_model(model: Model) -> dict[str, Any]:
    return {
        "model": model.model,
        "part": str(model.part),
        "basis": model.basis,
        "provider": model.provider_id,
        "confidence": str(model.threshold) if model.threshold is not None else None,
    }


class PlanOutput(PlanInput):
    """A version of a license's plan."""

    id = serializers.UUIDField()
    license = serializers.UUIDField()
    number = serializers.IntegerField(help_text="1 was signed with the license")
    valid_from = serializers.DateField(allow_null=True, help_text="Null: from the license's first day")
    reason = serializers.CharField()
    scope = serializers.CharField()
    scope_id = serializers.UUIDField(allow_null=True)
    recorded_at = serializers.DateTimeField()


def shown(plan: Plan) -> dict[str, Any]:
    """Return a version of a plan with what is said about it."""
    return {
        "id": plan.id,
        "license": plan.license_id,
        "number": plan.number,
        "valid_from": plan.valid_from,
        "reason": plan.reason,
        "scope": plan.scope,
        "scope_id": plan.party_id or plan.release_id or plan.recording_id,
        "recorded_at": plan.recorded_at,
        **described(plan),
    }


AIMED = {Scope.PARTY: Party, Scope.RELEASE: Release, Scope.TRACK: Recording}


@extend_schema_serializer(component_name="PlanAmendment")
class AmendmentInput(PlanInput):
    """Another version of a license's plan, whole: nothing is taken over from the one before."""

    id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
    valid_from = serializers.DateField(help_text="May lie back, within the license's period")
    reason = serializers.CharField(max_length=300, help_text="Without names")
    scope = serializers.ChoiceField(
        choices(Scope),
        default=Scope.ACCOUNT,
        help_text="For which outputs: of all plans that reach one, the narrowest counts, and of those the newest",
    )
    scope_id = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The party, release or recording of the scope"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that the scope is of something."""
        if (attrs["scope"] == Scope.ACCOUNT) != (attrs["scope_id"] is None):
            raise serializers.ValidationError(
                {"scope_id": "Name what the scope is of, or leave it empty for the whole account."}
            )
        return attrs


class LicensePlans(APIView):
    """Versions of a license's plan."""

    scopes = SCOPES
    sees = {"id": License}
    absent = licensing.NoSuchLicense

    @extend_schema(operation_id="list_plans", responses=PlanOutput(many=True), tags=["licensing"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the versions of a license's plan, the first one first."""
        rows = seen_by(request, splits.versions_of([id]))
        return Response([shown(row) for row in rows])

    @extend_schema(
        operation_id="amend_plan",
        request=AmendmentInput,
        responses={201: PlanOutput},
        examples=[
            OpenApiExample(
                "influence, else pro rata",
                {
                    "id": "6a7f3c2a-100d-4f4e-8a3e-2f0f6b1c7d10",
                    "commission": "3/20",
                    "creators": "3/10",
                    "masters": "1/2",
                    "masters_by": {
                        "models": [
                            {
                                "model": "output_influence",
                                "part": "1/2",
                                "provider": "c3d1c2de-5b0e-4bd5-8a86-6c2f5a5f8b11",
                                "confidence": "4/5",
                            },
                            {"model": "train_equal", "part": "1/2"},
                        ],
                        "fallback": [{"model": "train_prorata", "basis": "seconds"}],
                    },
                    "terms": [
                        {
                            "kind": "minimum",
                            "side": "publishing",
                            "minor": 70000,
                            "currency": "EUR",
                            "recoupable": False,
                            "period_from": "2026-07-01",
                            "period_to": "2026-10-01",
                        }
                    ],
                    "valid_from": "2026-07-01",
                    "reason": "Amendment of July 2026",
                },
                request_only=True,
            )
        ],
        tags=["licensing"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """State another version of a plan. What rests on the license is divided again; what was paid is adjusted."""
        given = AmendmentInput(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller = caller_of(request)
        caller.answer_for(License.objects.values_list("licensor_id", flat=True).get(pk=id), Verb.LICENSE)
        plan, aimed = read(data), Aimed(Scope(data["scope"]), data["scope_id"])
        look_up(request, plan)
        if aimed.id is not None:
            caller.look_up(scope_id=(AIMED[aimed.scope], aimed.id))
        row, created = once(
            seen_by(request, Plan.objects.all()),
            data["id"],
            same=lambda found: (
                (found.license_id, found.valid_from, found.reason, found.scope)
                == (id, data["valid_from"], data["reason"].strip(), data["scope"])
                and planning.is_same(planning.given(found), plan)
            ),
            create=lambda: planning.amend(
                id=data["id"],
                license_id=id,
                plan=plan,
                valid_from=data["valid_from"],
                reason=data["reason"],
                aimed=aimed,
                at=timezone.now(),
            ),
        )
        return Response(shown(row), status=201 if created else 200)


class PoolInput(serializers.Serializer[Any]):
    """What an output earned in a country."""

    submission = serializers.UUIDField()
    country = serializers.RegexField(r"^[A-Z]{2}$", help_text="ISO 3166-1 alpha-2")
    minor = serializers.IntegerField(min_value=-(2**63 - 1), max_value=2**63 - 1, help_text="Minor units")


class PayeeDifferenceOutput(serializers.Serializer[Any]):
    """What a payee has, and would have."""

    party = serializers.UUIDField(source="party_id", allow_null=True, help_text="Null: what is held")
    old = serializers.IntegerField(help_text="Minor units by the plan as it stands")
    new = serializers.IntegerField(help_text="And by the other one")
    difference = serializers.IntegerField(source="units")


class ComeOutput(serializers.Serializer[Any]):
    """What a term of money comes to."""

    minor = serializers.IntegerField(source="units", allow_null=True, help_text="Null: not known yet; see basis")
    at_most = serializers.BooleanField(source="is_at_most")
    basis = serializers.CharField(help_text="What it is worked out from, or what is missing")


class TermDifferenceOutput(serializers.Serializer[Any]):
    """A term of money of the plan as it stands and of the other one."""

    kind = serializers.CharField(source="kind.value")
    side = serializers.CharField(allow_null=True)
    party = serializers.UUIDField(source="party_id", allow_null=True, help_text="Null: the owners of the assets")
    currency = serializers.CharField()
    old = ComeOutput(allow_null=True, help_text="Null: the plan as it stands has no such term")
    new = ComeOutput(allow_null=True)


class PlanPreviewOutput(serializers.Serializer[Any]):
    """Payee by payee, those of whom it changes most first; the differences add up to nothing."""

    currency = serializers.CharField()
    run = serializers.UUIDField(source="run.id", allow_null=True, help_text="Whose pools they are; null: your own")
    pools = serializers.IntegerField()
    minor = serializers.IntegerField(source="units")
    payees = PayeeDifferenceOutput(many=True)
    terms = TermDifferenceOutput(
        many=True, help_text="Terms of money beside the division: what is fixed, and what follows from declared counts"
    )


class PlanPreviews(APIView):
    """What another plan would have paid."""

    scopes = {"POST": "submissions:read"}  # it writes nothing
    sees = {"id": License}
    absent = licensing.NoSuchLicense

    @extend_schema_serializer(component_name="PlanPreviewInput")
    class Input(PlanInput):
        """A plan, and what it would divide."""

        currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217")
        pools = serializers.ListField(
            child=PoolInput(),
            required=False,
            default=list,
            max_length=MOST_POOLS,
            help_text="Empty: those of your last published run in this currency",
        )

    @extend_schema(
        operation_id="preview_plan",
        request=Input,
        responses=PlanPreviewOutput,
        examples=[
            OpenApiExample(
                "a larger part for publishing",
                {
                    "commission": "3/20",
                    "creators": "3/10",
                    "masters": "2/5",
                    "currency": "EUR",
                    "pools": [{"submission": "6a7f3c2a-100d-4f4e-8a3e-2f0f6b1c7d10", "country": "DE", "minor": 100001}],
                },
                request_only=True,
            )
        ],
        tags=["licensing"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Divide pools by the plan as it stands and by another one, on the rights of today. Nothing is recorded.

        Beside it stand both plans' terms of money: what is fixed, and what follows from counts that were declared.

        For the licensee, whose receipts they are.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        license_ = License.objects.get(pk=id)
        caller = caller_of(request)
        if not any(caller.acts_for(license_.licensee_id, verb) for verb in (Verb.SUBMIT, Verb.SETTLE)):
            raise NotYourParty
        plan = read(data)
        look_up(request, plan)
        found = previewing.preview(
            license_=license_,
            plan=plan,
            currency=data["currency"],
            pools=[GivenPool(row["submission"], row["country"], row["minor"]) for row in data["pools"]],
            at=timezone.now(),
        )
        return Response(PlanPreviewOutput(found).data)


class MfnLiftOutput(serializers.Serializer[Any]):
    """The version of the plan that lifts, and the outputs that rest on the license."""

    plan = PlanOutput()
    outputs = serializers.ListField(child=serializers.UUIDField(), help_text="Their splits are derived again")


class MfnLifts(APIView):
    """Lifting a favored license to what another one gives."""

    scopes = {"POST": "catalogue:write"}

    @extend_schema_serializer(component_name="MfnLift")
    class Input(serializers.Serializer[Any]):
        """The clause, and the license that is better."""

        id = serializers.UUIDField(help_text="Of the version of the plan that it makes")
        clause = serializers.UUIDField()
        better = serializers.UUIDField(help_text="The license that triggers it, as the register shows")

    @extend_schema(operation_id="lift_mfn", request=Input, responses={201: MfnLiftOutput}, tags=["licensing"])
    def post(self, request: Request) -> Response:
        """
        State the plan that the MFN register proposes, back to the day from which it holds.

        The splits of the outputs under the license are derived again; the next run posts what that changes.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        caller = caller_of(request)
        caller.look_up(clause=(MfnClause, data["clause"]), better=(License, data["better"]))
        favored = License.objects.filter(mfn_clauses=data["clause"]).get()
        caller.answer_for(favored.licensor_id, Verb.LICENSE)
        row, created = once(
            seen_by(request, Plan.objects.filter(license=favored)),
            data["id"],
            same=lambda found: str(data["better"]) in found.reason,
            create=lambda: licensing.lift(
                id=data["id"],
                clause_id=data["clause"],
                better_id=data["better"],
                sight=caller.sight,
                at=timezone.now(),
            )[0],
        )
        said = {"plan": shown(row), "outputs": planning.outputs_of(favored.id)}
        return Response(said, status=201 if created else 200)
