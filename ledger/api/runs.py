"""Royalty runs: start one, follow it, preview and approve it, publish it; and what is agreed with payees."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import paying, running, tasks, terming
from ledger.access import Verb
from ledger.api.access import caller_of, person_of, seen_by
from ledger.api.fields import DigestField, FractionField, digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.models import Job
from rights.models import License, Party
from royalties import books, money
from royalties.books import Kind
from royalties.models import (
    Account,
    Advance,
    Declaration,
    ExchangeRate,
    PayeeTerms,
    Posting,
    RoyaltyRun,
    RunEvent,
    TaxCertificate,
    Transaction,
)

SCOPES = {"GET": "runs:read", "POST": "runs:write"}
READ = {"GET": "runs:read"}
PEOPLE: dict[str, tuple[Verb, ...]] = {"POST": (Verb.SETTLE,)}
REASON = "Without names"


@extend_schema_field({"type": "string", "pattern": "^[0-9]+([./][0-9]+)?$", "example": "0.92"})
class RateField(serializers.Field):  # type: ignore[type-arg]
    """An exact number as text: a decimal, or a fraction."""

    default_error_messages = {"invalid": "Write an exact number such as 0.92 or 23/25, at most 18 digits each."}

    def to_internal_value(self, data: Any) -> Fraction:
        """Read it exactly."""
        if not isinstance(data, str):
            self.fail("invalid")
        if "/" in data:
            value: Fraction = FractionField().to_internal_value(data)
            return value
        try:
            return money.read(data)
        except money.NotAnAmount:
            self.fail("invalid")

    def to_representation(self, value: Fraction) -> str:
        """Write it in lowest terms."""
        return f"{value.numerator}/{value.denominator}"


class CurrencyField(serializers.RegexField):
    """A currency of ISO 4217."""

    def __init__(self, **kwargs: Any) -> None:
        """Accept three capital letters."""
        super().__init__(r"^[A-Z]{3}$", **kwargs)


def _fraction(numerator: int, denominator: int) -> str:
    part = Fraction(numerator, denominator)
    return f"{part.numerator}/{part.denominator}"


# --- Runs


class RunOutput(serializers.Serializer[Any]):
    """A run, and how far it has come."""

    id = serializers.UUIDField()
    payer = serializers.UUIDField(source="payer_id")
    number = serializers.IntegerField()
    period_from = serializers.DateField()
    period_to = serializers.DateField(help_text="The first day after the period")
    timezone = serializers.CharField()
    currency = serializers.CharField()
    pay_on = serializers.DateField()
    started_at = serializers.DateTimeField()
    state = serializers.SerializerMethodField(
        help_text="freezing, dividing, reconciling, reconciled, stopped, approved, rejected, published or failed"
    )

    def get_state(self, row: RoyaltyRun) -> str:
        """Return how far it has come."""
        return running.standing(row).state


class RunEventOutput(serializers.Serializer[RunEvent]):
    """A step of a run."""

    act = serializers.CharField()
    reason = serializers.CharField()
    document = serializers.SerializerMethodField(help_text="sha256:… of what the step says")
    recorded_at = serializers.DateTimeField()

    def get_document(self, row: RunEvent) -> str | None:
        """Return the digest."""
        return digest(row.digest)


class WaitingOutput(serializers.Serializer[terming.Waiting]):
    """A term of money of a plan that counts in the run's period, and that no run booked."""

    term = serializers.UUIDField(source="term_id")
    kind = serializers.CharField(source="term.kind")
    license = serializers.UUIDField(source="license.pk")
    plan = serializers.UUIDField(source="plan.pk")
    plan_number = serializers.IntegerField(source="plan.number", help_text="The version of the license's plan")
    side = serializers.CharField(source="term.side", allow_null=True)
    currency = serializers.CharField(help_text="That it is owed in")
    why = serializers.ChoiceField(
        choices=[one.value for one in terming.Why],
        help_text="not_declared: see /v1/declarations; other_currency: a run in its currency books it; "
        "began_before: people top it up",
    )
    todo = serializers.CharField(help_text="What it waits for, and what ends that, in words")


class RunDetailOutput(RunOutput):
    """The same with its progress and steps."""

    partitions = serializers.SerializerMethodField()
    divided = serializers.SerializerMethodField(help_text="Partitions that are done")
    error = serializers.SerializerMethodField(help_text="Why it stopped or failed; empty otherwise")
    events = serializers.SerializerMethodField()
    frozen = serializers.SerializerMethodField(help_text="What went in: manifests by digest, counts, what was left out")
    waiting = serializers.SerializerMethodField(help_text="Terms of money of its period that no run booked, as of now")

    @extend_schema_field(WaitingOutput(many=True))
    def get_waiting(self, row: RoyaltyRun) -> list[dict[str, Any]]:
        """Return the fees that wait."""
        return [dict(WaitingOutput(one).data) for one in running.waiting(row, at=timezone.now())]

    def get_partitions(self, row: RoyaltyRun) -> int:
        """Return how many there are."""
        return running.standing(row).partitions

    def get_divided(self, row: RoyaltyRun) -> int:
        """Return how many are done."""
        return running.standing(row).divided

    def get_error(self, row: RoyaltyRun) -> str:
        """Return why it is not going on."""
        return running.standing(row).error

    @extend_schema_field(RunEventOutput(many=True))
    def get_events(self, row: RoyaltyRun) -> list[dict[str, Any]]:
        """Return the steps."""
        return [dict(RunEventOutput(event).data) for event in running.standing(row).events]

    @extend_schema_field({"type": "object", "additionalProperties": True, "nullable": True})
    def get_frozen(self, row: RoyaltyRun) -> dict[str, Any] | None:
        """Return what was frozen."""
        return running.standing(row).document(RunEvent.Act.FROZEN)


RUN = {
    "id": "6f1d3a8e-4e0c-4a33-9c0c-0a5b7c1e9d10",
    "payer": "c3d1c2de-5b0e-4bd5-8a86-6c2f5a5f8b11",
    "period_from": "2026-10-01",
    "period_to": "2026-11-01",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "pay_on": "2026-11-30",
}


class Runs(APIView):
    """All runs."""

    scopes = READ
    people = PEOPLE

    @extend_schema_serializer(component_name="Run")
    class Input(serializers.Serializer[Any]):
        """What is to be run."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        payer = serializers.UUIDField(help_text="Party id of the service whose outputs earned")
        period_from = serializers.DateField()
        period_to = serializers.DateField(help_text="The first day after the period; it must be over")
        timezone = serializers.CharField(max_length=64, help_text="In which the days begin, such as Europe/Berlin")
        currency = CurrencyField(help_text="What is settled in")
        pay_on = serializers.DateField(help_text="The day on which tax certificates must be valid")

    @extend_schema(
        operation_id="start_run",
        request=Input,
        responses={202: RunDetailOutput},
        examples=[OpenApiExample("month", RUN, request_only=True)],
        tags=["royalties"],
    )
    def post(self, request: Request) -> Response:
        """
        Start a run over a period: a person who settles for the payer. It is frozen, divided and reconciled by jobs.

        Of a payer's runs in one currency, one is in work. What was reported late comes with its true dates, and what
        changed in periods that are published already is divided anew and posted by its differences.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        caller, person = caller_of(request), person_of(request)
        caller.answer_for(data["payer"], Verb.SETTLE)
        caller.look_up(payer=(Party, data["payer"]))
        payer = data.pop("payer")
        row, created = once(
            seen_by(request, RoyaltyRun.objects.all()),
            data["id"],
            same=lambda found: (
                found.payer_id == payer and all(getattr(found, name) == data[name] for name in data if name != "id")
            ),
            create=lambda: running.start(payer_id=payer, started_by_id=person, at=timezone.now(), **data),
        )
        if created:
            tasks.ring_for(Job.Kind.FREEZE, row.pk)
        return Response(RunDetailOutput(row).data, status=202 if created else 200)

    @extend_schema(operation_id="list_runs", responses=Page.of(RunOutput), tags=["royalties"])
    def get(self, request: Request) -> Response:
        """List the runs of the payers you belong to, oldest first."""
        return page_of(RoyaltyRun.objects.all(), "started_at", RunOutput, request)


def _run(request: Request, id: UUID, *, settles: bool = False) -> RoyaltyRun:
    row: RoyaltyRun | None = seen_by(request, RoyaltyRun.objects.filter(pk=id)).first()
    if row is None:
        raise running.NoSuchRun
    if settles:
        caller_of(request).answer_for(row.payer_id, Verb.SETTLE)
    return row


class RunDetail(APIView):
    """One run."""

    scopes = READ
    sees = {"id": RoyaltyRun}
    absent = running.NoSuchRun

    @extend_schema(operation_id="read_run", responses=RunDetailOutput, tags=["royalties"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read how far a run has come: its partitions, steps, and what stopped it if something did."""
        return Response(RunDetailOutput(_run(request, id)).data)


class VarianceValue(serializers.Serializer[running.Variance]):
    """One payee, asset, territory or service, beside the run before."""

    of = serializers.CharField()
    before = serializers.IntegerField()
    now = serializers.IntegerField()
    change = serializers.IntegerField()


class DueValue(serializers.Serializer[paying.Due]):
    """What one payee would get, in minor units."""

    payee = serializers.UUIDField(source="payee_id")
    lines = serializers.IntegerField()
    allocated = serializers.IntegerField()
    adjusted = serializers.IntegerField(help_text="Of earlier periods, divided anew")
    granted = serializers.IntegerField(help_text="Out of holds and guarantees since the last statement")
    termed = serializers.IntegerField(help_text="By terms of plans: fees, guarantees, advances, rates")
    earned = serializers.IntegerField(source="figures.earned")
    held = serializers.IntegerField(source="figures.held")
    reserved = serializers.IntegerField(source="figures.reserved")
    released = serializers.IntegerField(source="figures.released")
    carried_in = serializers.IntegerField(source="figures.carried_in")
    recouped = serializers.IntegerField(source="figures.recouped")
    deducted = serializers.IntegerField(source="figures.deducted")
    base = serializers.IntegerField(source="figures.base")
    withheld = serializers.IntegerField(source="figures.withheld")
    carried_out = serializers.IntegerField(source="figures.carried_out")
    payable = serializers.IntegerField(source="figures.payable")
    payout_currency = serializers.CharField(source="payout.currency")
    payout_units = serializers.IntegerField(source="payout.units")
    problem = serializers.CharField(
        help_text="terms_missing: carried until there are; payout_rate_missing: not published"
    )


class AdjustmentValue(serializers.Serializer[paying.Adjustment]):
    """An earlier period, divided anew."""

    of_run = serializers.UUIDField(source="of_run.pk")
    old = serializers.IntegerField(source="old.units")
    new = serializers.IntegerField(source="new.units")
    posted = serializers.IntegerField(source="units")


class PreviewOutput(serializers.Serializer[Any]):
    """What a run would come to."""

    pools = serializers.IntegerField(source="dues.own.units", help_text="In minor units of the settlement currency")
    payees = DueValue(source="dues.payees", many=True)
    adjustments = AdjustmentValue(source="dues.adjustments", many=True)
    conservation = serializers.DictField(source="dues.conservation")
    compared_with = serializers.SerializerMethodField()
    by_payee = VarianceValue(many=True)
    by_asset = VarianceValue(many=True)
    by_territory = VarianceValue(many=True)
    by_service = VarianceValue(many=True)

    def get_compared_with(self, found: running.Preview) -> str | None:
        """Return the run before."""
        return str(found.compared_with.pk) if found.compared_with else None


class RunPreview(APIView):
    """Before it is approved."""

    scopes = READ
    sees = {"id": RoyaltyRun}
    absent = running.NoSuchRun

    @extend_schema(operation_id="preview_run", responses=PreviewOutput, tags=["royalties"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read what a reconciled run would come to, payee by payee, and what differs from the last published run."""
        return Response(PreviewOutput(running.preview(_run(request, id).pk)).data)


class ConservationOutput(serializers.Serializer[Any]):
    """That nothing is lost, in minor units as text."""

    currency = serializers.CharField()
    came = serializers.DictField(help_text="pools, adjusted, granted, terms, released, carried_in")
    went = serializers.DictField(
        help_text="commission, hold, reserved, recouped, deducted, withheld, carried_out, payable"
    )
    total = serializers.CharField(help_text="Both add up to this")
    suspense = serializers.DictField(help_text="Not matched or not convertible, by currency")


class RunConservation(APIView):
    """Conservation."""

    scopes = READ
    sees = {"id": RoyaltyRun}
    absent = running.NoSuchRun

    @extend_schema(operation_id="read_conservation", responses=ConservationOutput, tags=["royalties"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read what came in and where it went, as it was booked, or as it was reconciled before that."""
        found = running.standing(_run(request, id))
        said = found.document(RunEvent.Act.PUBLISHED) or found.document(RunEvent.Act.RECONCILED)
        if said is None:
            raise running.OutOfCourse
        return Response(ConservationOutput(said["conservation"]).data)


class LeafChange(serializers.Serializer[Any]):
    """One leaf of one pool."""

    output = serializers.UUIDField(help_text="Decision of the output")
    country = serializers.CharField()
    leaf = serializers.CharField()
    old = serializers.IntegerField()
    new = serializers.IntegerField()
    posted = serializers.IntegerField()


class RunAdjustment(APIView):
    """Leaf by leaf."""

    scopes = READ
    sees = {"id": RoyaltyRun, "of_run": RoyaltyRun}
    absent = running.NoSuchRun

    @extend_schema(operation_id="read_adjustment", responses=LeafChange(many=True), tags=["royalties"])
    def get(self, request: Request, id: UUID, of_run: UUID) -> Response:
        """Read what a run changed of an earlier period, leaf by leaf: old, new, and the difference that is posted."""
        return Response(LeafChange(running.leaves_changed(_run(request, id), _run(request, of_run)), many=True).data)


class ReasonInput(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=300, help_text=REASON)


class RunApproval(APIView):
    """The second person."""

    scopes: dict[str, str] = {}
    people = PEOPLE
    sees = {"id": RoyaltyRun}
    absent = running.NoSuchRun

    @extend_schema(
        operation_id="approve_run", request=ReasonInput, responses={201: RunDetailOutput}, tags=["royalties"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Approve a reconciled run, as another person than who started it."""
        given = ReasonInput(data=request.data)
        given.is_valid(raise_exception=True)
        row = _run(request, id, settles=True)
        running.approve(run_id=row.pk, by_id=person_of(request), at=timezone.now(), **given.validated_data)
        return Response(RunDetailOutput(row).data, status=201)


class RunRejection(APIView):
    """Refusing."""

    scopes: dict[str, str] = {}
    people = PEOPLE
    sees = {"id": RoyaltyRun}
    absent = running.NoSuchRun

    @extend_schema_serializer(component_name="RunRejection")
    class Input(serializers.Serializer[Any]):
        """Why not."""

        reason = serializers.CharField(max_length=300, help_text=REASON)

    @extend_schema(operation_id="reject_run", request=Input, responses={201: RunDetailOutput}, tags=["royalties"])
    def post(self, request: Request, id: UUID) -> Response:
        """Reject a run before it is published: nothing of it is booked, and the period can be run again."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        row = _run(request, id, settles=True)
        running.reject(run_id=row.pk, by_id=person_of(request), at=timezone.now(), **given.validated_data)
        return Response(RunDetailOutput(row).data, status=201)


class RunPublication(APIView):
    """Publishing."""

    scopes: dict[str, str] = {}
    people = PEOPLE
    sees = {"id": RoyaltyRun}
    absent = running.NoSuchRun

    @extend_schema(operation_id="publish_run", request=None, responses={201: RunDetailOutput}, tags=["royalties"])
    def post(self, request: Request, id: UUID) -> Response:
        """Publish a run that a second person approved: it is booked, and its statements are issued."""
        row = _run(request, id, settles=True)
        running.publish(run_id=row.pk, by_id=person_of(request), at=timezone.now())
        return Response(RunDetailOutput(row).data, status=201)


class TransactionOutput(serializers.Serializer[Transaction]):
    """What was booked."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    of_run = serializers.UUIDField(source="of_run_id", allow_null=True, help_text="Of whose period it is")
    value_on = serializers.DateField()
    reason = serializers.CharField()
    postings = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    @extend_schema_field({"type": "array", "items": {"type": "object", "additionalProperties": True}})
    def get_postings(self, row: Transaction) -> list[dict[str, Any]]:
        """Return the postings."""
        rows = row.postings.select_related("account").order_by("account__kind", "account__reference", "account__party")
        return [AccountOutput.named(one.account) | {"units": one.units} for one in rows]


class RunGuarantees(APIView):
    """Minimum guarantees."""

    scopes: dict[str, str] = {}
    people = PEOPLE
    sees = {"id": RoyaltyRun}
    absent = running.NoSuchRun

    @extend_schema_serializer(component_name="Guarantee")
    class Input(serializers.Serializer[Any]):
        """A side's minimum in the period of the run."""

        id = serializers.UUIDField()
        side = serializers.ChoiceField(choices=[("master", "master"), ("publishing", "publishing")])
        minimum = serializers.IntegerField(min_value=1, max_value=money.LARGEST, help_text="Minor units")
        is_recoupable = serializers.BooleanField(help_text="As the plan says: later earnings go to the shortfall first")
        reason = serializers.CharField(max_length=300, help_text=f"The license that says so. {REASON}")

    @extend_schema(
        operation_id="top_up_guarantee", request=Input, responses={201: TransactionOutput}, tags=["royalties"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Top up what one side earned in the period of a published run to its minimum guarantee (ROY-11).

        The shortfall is divided among the same payees by what they earned, and comes with their next statements.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        row = _run(request, id, settles=True)
        person = person_of(request)
        made, created = once(
            Transaction.objects.filter(payer=row.payer_id),
            data["id"],
            same=lambda found: (found.kind, found.of_run_id) == (Transaction.Kind.GUARANTEED, row.pk),
            create=lambda: paying.guarantee(
                id=data["id"],
                run_id=row.pk,
                side=data["side"],
                units=data["minimum"],
                is_recoupable=data["is_recoupable"],
                reason=data["reason"],
                by_id=person,
                at=timezone.now(),
            ),
        )
        return Response(TransactionOutput(made).data, status=201 if created else 200)


# --- Accounts and holds


class AccountOutput(serializers.Serializer[Any]):
    """One account, and what is in it."""

    id = serializers.UUIDField()
    payer = serializers.UUIDField(source="payer_id")
    kind = serializers.CharField()
    party = serializers.UUIDField(source="party_id", allow_null=True)
    reference = serializers.CharField(help_text="The asset of what is on hold, the id of an advance, a type of income")
    currency = serializers.CharField()
    balance = serializers.SerializerMethodField(help_text="Minor units; above zero is owed, kept or ordered to be paid")
    recorded_at = serializers.DateTimeField()

    def get_balance(self, row: Account) -> int:
        """Return the sum of the postings."""
        return sum(books.balances(Posting.objects.filter(account=row)).values())

    @staticmethod
    def named(row: Account) -> dict[str, Any]:
        """Return which account it is."""
        return {
            "account": str(row.pk),
            "kind": row.kind,
            "party": str(row.party_id) if row.party_id else None,
            "reference": row.reference,
            "currency": row.currency,
        }


class Accounts(APIView):
    """All accounts."""

    scopes = READ

    @extend_schema(operation_id="list_accounts", responses=Page.of(AccountOutput), tags=["royalties"])
    def get(self, request: Request) -> Response:
        """List the accounts of your own books, and of others' those that are yours, with their balances."""
        return page_of(Account.objects.all(), "recorded_at", AccountOutput, request)


class PartInput(serializers.Serializer[Any]):
    """Who gets which part."""

    party = serializers.UUIDField()
    part = FractionField()


class HoldReleases(APIView):
    """Giving out what was on hold."""

    scopes: dict[str, str] = {}
    people = PEOPLE
    sees = {"id": Account}
    absent = paying.NoSuchHold

    @extend_schema_serializer(component_name="HoldRelease")
    class Input(serializers.Serializer[Any]):
        """To whom."""

        id = serializers.UUIDField()
        run = serializers.UUIDField(help_text="Of whose period the money is: its last day is the value date")
        to = PartInput(many=True, help_text="The parts add up to exactly 1")
        units = serializers.IntegerField(required=False, help_text="Minor units; all that is on hold if not said")
        reason = serializers.CharField(max_length=300, help_text=f"How the dispute was settled. {REASON}")

    @extend_schema(
        operation_id="release_hold",
        request=Input,
        responses={201: TransactionOutput},
        examples=[
            OpenApiExample(
                "shared 2 : 1",
                {
                    "id": "0c3f8a52-6a43-4a5e-8f8e-2f0f6b1c7d10",
                    "run": RUN["id"],
                    "to": [
                        {"party": "7b0c8f1e-3f43-4c4e-9d55-0f8a7f3c2a10", "part": "2/3"},
                        {"party": "0d9f4f0e-9a3b-4f6e-8a3e-2f0f6b1c7d10", "part": "1/3"},
                    ],
                    "reason": "The claimants agreed on 2 : 1.",
                },
                request_only=True,
            )
        ],
        tags=["royalties"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Give out what was on hold in an account, once the dispute is settled; it comes with the next statements."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        caller, person = caller_of(request), person_of(request)
        account = seen_by(request, Account.objects.filter(pk=id, kind=Kind.HOLD)).first()
        if account is None:
            raise paying.NoSuchHold
        caller.answer_for(account.payer_id, Verb.SETTLE)
        to: Mapping[UUID, Fraction] = {one["party"]: one["part"] for one in data["to"]}
        if len(to) != len(data["to"]):
            raise paying.NobodyToRelease
        row, created = once(
            Transaction.objects.filter(payer=account.payer_id),
            data["id"],
            same=lambda found: (
                (found.kind, found.of_run_id, found.reason) == (Transaction.Kind.RELEASED, data["run"], data["reason"])
            ),
            create=lambda: paying.release_hold(
                id=data["id"],
                account_id=account.pk,
                run_id=data["run"],
                to=to,
                units=data.get("units"),
                reason=data["reason"],
                by_id=person,
                at=timezone.now(),
            ),
        )
        return Response(TransactionOutput(row).data, status=201 if created else 200)


# --- What is agreed


class RateOutput(serializers.Serializer[ExchangeRate]):
    """An exchange rate."""

    id = serializers.UUIDField()
    payer = serializers.UUIDField(source="payer_id")
    base = serializers.CharField()
    quote = serializers.CharField()
    value = serializers.SerializerMethodField(method_name="get_rate", help_text="An exact fraction")
    direction = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # the metaclass takes it for a field, as it is
    on = serializers.DateField()
    recorded_at = serializers.DateTimeField()

    def get_rate(self, row: ExchangeRate) -> str:
        """Return the fraction."""
        return _fraction(row.numerator, row.denominator)


class ExchangeRates(APIView):
    """All rates."""

    scopes = SCOPES
    people = PEOPLE

    @extend_schema_serializer(component_name="ExchangeRate")
    class Input(serializers.Serializer[Any]):
        """A rate as its source quotes it."""

        id = serializers.UUIDField()
        payer = serializers.UUIDField()
        base = CurrencyField()
        quote = CurrencyField()
        value = RateField()
        direction = serializers.ChoiceField(
            choices=ExchangeRate.Direction.choices, default=ExchangeRate.Direction.QUOTE_PER_BASE.value
        )
        source = serializers.CharField(max_length=120)  # type: ignore[assignment]  # as above
        on = serializers.DateField()

    @extend_schema(
        operation_id="record_exchange_rate",
        request=Input,
        responses={201: RateOutput},
        examples=[
            OpenApiExample(
                "dollar",
                {
                    "id": "1d4f8a52-6a43-4a5e-8f8e-2f0f6b1c7d10",
                    "payer": RUN["payer"],
                    "base": "USD",
                    "quote": "EUR",
                    "value": "0.92",
                    "source": "ECB reference rate",
                    "on": "2026-10-30",
                },
                request_only=True,
            )
        ],
        tags=["royalties"],
    )
    def post(self, request: Request) -> Response:
        """
        Record an exchange rate with its source and day.

        Runs take the newest from one currency to another that is of the day of payment or before it. A rate the other
        way round is another rate; ``direction`` says how the source quotes this one.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        payer = _payer(request, data)
        row, created = once(
            seen_by(request, ExchangeRate.objects.all()),
            data["id"],
            same=lambda found: (
                (found.payer_id, found.base, found.quote, Fraction(found.numerator, found.denominator), found.on)
                == (payer, data["base"], data["quote"], data["value"], data["on"])
            ),
            create=lambda: paying.record_rate(payer_id=payer, at=timezone.now(), **data),
        )
        return Response(RateOutput(row).data, status=201 if created else 200)

    @extend_schema(operation_id="list_exchange_rates", responses=Page.of(RateOutput), tags=["royalties"])
    def get(self, request: Request) -> Response:
        """List the rates of your payers, and those by which you were paid."""
        return page_of(ExchangeRate.objects.all(), "recorded_at", RateOutput, request)


def _payer(request: Request, data: dict[str, Any], *others: str) -> UUID:
    """Take the payer out of what was given, once it is known that the caller settles for it."""
    caller = caller_of(request)
    payer: UUID = data.pop("payer")
    caller.answer_for(payer, Verb.SETTLE)
    caller.look_up(payer=(Party, payer), **{name: (Party, data[name]) for name in others})
    return payer


class PayeeTermsOutput(serializers.Serializer[PayeeTerms]):
    """How a payee is paid."""

    id = serializers.UUIDField()
    payer = serializers.UUIDField(source="payer_id")
    payee = serializers.UUIDField(source="payee_id")
    currency = serializers.CharField()
    reserve = serializers.SerializerMethodField()
    reserve_periods = serializers.IntegerField()
    threshold = serializers.IntegerField(source="threshold_units")
    payout_currency = serializers.CharField()
    income_type = serializers.CharField()
    withholding = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    def get_reserve(self, row: PayeeTerms) -> str:
        """Return the fraction."""
        return _fraction(row.reserve_numerator, row.reserve_denominator)

    def get_withholding(self, row: PayeeTerms) -> str:
        """Return the fraction."""
        return _fraction(row.withholding_numerator, row.withholding_denominator)


class AllPayeeTerms(APIView):
    """What is agreed with payees."""

    scopes = SCOPES
    people = PEOPLE

    @extend_schema_serializer(component_name="PayeeTerms")
    class Input(serializers.Serializer[Any]):
        """How a payee is paid."""

        id = serializers.UUIDField()
        payer = serializers.UUIDField()
        payee = serializers.UUIDField()
        currency = CurrencyField(help_text="Of settlement; the threshold is in it")
        reserve = FractionField(default=Fraction(0), help_text="Part of what is earned that is kept back")
        reserve_periods = serializers.IntegerField(
            default=2, min_value=1, max_value=60, help_text="In how many later runs it is released, in equal parts"
        )
        threshold = serializers.IntegerField(
            default=0, min_value=0, max_value=money.LARGEST, help_text="Below it nothing is paid, and carried forward"
        )
        payout_currency = CurrencyField()
        income_type = serializers.CharField(max_length=32, default="royalty")
        withholding = FractionField(help_text="The full rate, which counts without a valid certificate")

    @extend_schema(
        operation_id="agree_payee_terms",
        request=Input,
        responses={201: PayeeTermsOutput},
        examples=[
            OpenApiExample(
                "reserve of a tenth",
                {
                    "id": "2e4f8a52-6a43-4a5e-8f8e-2f0f6b1c7d10",
                    "payer": RUN["payer"],
                    "payee": "7b0c8f1e-3f43-4c4e-9d55-0f8a7f3c2a10",
                    "currency": "EUR",
                    "reserve": "1/10",
                    "payout_currency": "EUR",
                    "withholding": "633/4000",
                },
                request_only=True,
            )
        ],
        tags=["royalties"],
    )
    def post(self, request: Request) -> Response:
        """Record how a payee is paid; newer terms supersede. Without any, what a payee earns is carried forward."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        payer = _payer(request, data, "payee")
        payee = data.pop("payee")
        row, created = once(
            seen_by(request, PayeeTerms.objects.all()),
            data["id"],
            same=lambda found: (found.payer_id, found.payee_id, found.currency) == (payer, payee, data["currency"]),
            create=lambda: paying.agree(payer_id=payer, payee_id=payee, at=timezone.now(), **data),
        )
        return Response(PayeeTermsOutput(row).data, status=201 if created else 200)

    @extend_schema(operation_id="list_payee_terms", responses=Page.of(PayeeTermsOutput), tags=["royalties"])
    def get(self, request: Request) -> Response:
        """List terms, your own and those of whom you pay; the newest of a payee and currency counts."""
        return page_of(PayeeTerms.objects.all(), "recorded_at", PayeeTermsOutput, request)


class TaxCertificateOutput(serializers.Serializer[TaxCertificate]):
    """A certificate of tax residence."""

    id = serializers.UUIDField()
    payer = serializers.UUIDField(source="payer_id")
    payee = serializers.UUIDField(source="payee_id")
    income_type = serializers.CharField()
    rate = serializers.SerializerMethodField()
    valid_from = serializers.DateField()
    valid_to = serializers.DateField()
    document = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    def get_rate(self, row: TaxCertificate) -> str:
        """Return the fraction."""
        return _fraction(row.numerator, row.denominator)

    def get_document(self, row: TaxCertificate) -> str | None:
        """Return the digest."""
        return digest(row.document_digest)


class TaxCertificates(APIView):
    """All certificates of tax residence."""

    scopes = SCOPES
    people = PEOPLE

    @extend_schema_serializer(component_name="TaxCertificate")
    class Input(serializers.Serializer[Any]):
        """A certificate that the payer holds."""

        id = serializers.UUIDField()
        payer = serializers.UUIDField()
        payee = serializers.UUIDField()
        income_type = serializers.CharField(max_length=32, default="royalty")
        rate = FractionField(help_text="What the treaty gives: 0, or 1/10")
        valid_from = serializers.DateField()
        valid_to = serializers.DateField(help_text="The first day it is not valid")
        document = DigestField(help_text="SHA-256 of the certificate")

    @extend_schema(
        operation_id="record_tax_certificate", request=Input, responses={201: TaxCertificateOutput}, tags=["royalties"]
    )
    def post(self, request: Request) -> Response:
        """Record a payee's certificate: its rate counts for payments on days on which it is valid."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        payer = _payer(request, data, "payee")
        payee, document = data.pop("payee"), data.pop("document")
        row, created = once(
            seen_by(request, TaxCertificate.objects.all()),
            data["id"],
            same=lambda found: (
                (found.payer_id, found.payee_id, found.document_digest, found.valid_from)
                == (payer, payee, document, data["valid_from"])
            ),
            create=lambda: paying.certify(
                payer_id=payer, payee_id=payee, document_digest=document, at=timezone.now(), **data
            ),
        )
        return Response(TaxCertificateOutput(row).data, status=201 if created else 200)

    @extend_schema(operation_id="list_tax_certificates", responses=Page.of(TaxCertificateOutput), tags=["royalties"])
    def get(self, request: Request) -> Response:
        """List certificates, your own and those of whom you pay."""
        return page_of(TaxCertificate.objects.all(), "recorded_at", TaxCertificateOutput, request)


class DeclarationOutput(serializers.Serializer[Declaration]):
    """What a payer said of a period."""

    id = serializers.UUIDField()
    payer = serializers.UUIDField(source="payer_id")
    kind = serializers.CharField()
    license = serializers.UUIDField(source="license_id", allow_null=True)
    period_from = serializers.DateField()
    period_to = serializers.DateField()
    currency = serializers.CharField()
    amount = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]  # as above
    document = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    def get_document(self, row: Declaration) -> str | None:
        """Return the digest."""
        return digest(row.document_digest)


class Declarations(APIView):
    """What no report of usage says."""

    scopes = SCOPES
    people = PEOPLE

    @extend_schema_serializer(component_name="Declaration")
    class Input(serializers.Serializer[Any]):
        """Net revenue of subscriptions, or how often was generated under a license."""

        id = serializers.UUIDField()
        payer = serializers.UUIDField()
        kind = serializers.ChoiceField(choices=Declaration.Kind.choices)
        license = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="Of a count")
        period_from = serializers.DateField()
        period_to = serializers.DateField(help_text="The first day after the period")
        currency = CurrencyField(required=False, allow_blank=True, default="", help_text="Of revenue")
        amount = serializers.IntegerField(
            min_value=0, max_value=money.LARGEST, help_text="Minor units of net revenue, or the count"
        )
        source = serializers.CharField(  # type: ignore[assignment]  # as above
            max_length=200, help_text="Where it is from, without names"
        )
        document = DigestField(required=False, allow_null=True, default=None, help_text="SHA-256 of what shows it")

    @extend_schema(
        operation_id="declare",
        request=Input,
        responses={201: DeclarationOutput},
        examples=[
            OpenApiExample(
                "generations",
                {
                    "id": "7b8f2a54-0f0e-4a5e-9c2e-2f0f6b1c7d10",
                    "payer": RUN["payer"],
                    "kind": "generations",
                    "license": "1c9d7f0e-2a3b-4f6e-8a3e-2f0f6b1c7d10",
                    "period_from": "2026-10-01",
                    "period_to": "2026-11-01",
                    "amount": 1200,
                    "source": "counter of the service",
                },
                request_only=True,
            )
        ],
        tags=["royalties"],
    )
    def post(self, request: Request) -> Response:
        """
        Declare of a period what terms of plans are worked out from: net revenue of subscriptions, or generations.

        Said again of the same days, the newest counts; what a run was worked out from before is posted as a difference.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        caller = caller_of(request)
        payer = _payer(request, data)
        caller.look_up(license=(License, data["license"]))
        license_id, document = data.pop("license"), data.pop("document") or ""
        row, created = once(
            seen_by(request, Declaration.objects.all()),
            data["id"],
            same=lambda found: (
                (found.payer_id, found.license_id, found.document_digest) == (payer, license_id, document)
                and all(getattr(found, name) == data[name] for name in data if name != "id")
            ),
            create=lambda: paying.declare(
                payer_id=payer, license_id=license_id, document_digest=document, at=timezone.now(), **data
            ),
        )
        return Response(DeclarationOutput(row).data, status=201 if created else 200)

    @extend_schema(operation_id="list_declarations", responses=Page.of(DeclarationOutput), tags=["royalties"])
    def get(self, request: Request) -> Response:
        """List what was declared, oldest first."""
        return page_of(Declaration.objects.all(), "recorded_at", DeclarationOutput, request)


class AdvanceOutput(serializers.Serializer[Advance]):
    """An advance or a charge."""

    id = serializers.UUIDField()
    payer = serializers.UUIDField(source="payer_id")
    payee = serializers.UUIDField(source="payee_id")
    kind = serializers.CharField()
    currency = serializers.CharField()
    units = serializers.IntegerField()
    group = serializers.CharField()
    assets = serializers.ListField(child=serializers.UUIDField())
    priority = serializers.IntegerField()
    rate = serializers.SerializerMethodField()
    paid_on = serializers.DateField()
    recorded_at = serializers.DateTimeField()

    def get_rate(self, row: Advance) -> str:
        """Return the fraction."""
        return _fraction(row.numerator, row.denominator)


class Advances(APIView):
    """Advances and charges."""

    scopes = SCOPES
    people = PEOPLE

    @extend_schema_serializer(component_name="Advance")
    class Input(serializers.Serializer[Any]):
        """What was paid before it was earned, or is charged."""

        id = serializers.UUIDField()
        payer = serializers.UUIDField()
        payee = serializers.UUIDField()
        kind = serializers.ChoiceField(choices=Advance.Kind.choices, default=Advance.Kind.ADVANCE.value)
        currency = CurrencyField()
        units = serializers.IntegerField(min_value=1, max_value=money.LARGEST, help_text="Minor units")
        group = serializers.CharField(
            max_length=60, required=False, allow_blank=True, default="", help_text="Recouped within it only"
        )
        assets = serializers.ListField(
            child=serializers.UUIDField(), required=False, default=list, max_length=500, help_text="Of the group"
        )
        priority = serializers.IntegerField(default=0, min_value=0, max_value=1000, help_text="The lowest first")
        rate = FractionField(default=Fraction(1), help_text="Which part of what is earned goes to it")
        paid_on = serializers.DateField()

    @extend_schema(
        operation_id="record_advance",
        request=Input,
        responses={201: AdvanceOutput},
        examples=[
            OpenApiExample(
                "200.00",
                {
                    "id": "3e4f8a52-6a43-4a5e-8f8e-2f0f6b1c7d10",
                    "payer": RUN["payer"],
                    "payee": "0d9f4f0e-9a3b-4f6e-8a3e-2f0f6b1c7d10",
                    "currency": "EUR",
                    "units": 20000,
                    "paid_on": "2026-01-15",
                },
                request_only=True,
            )
        ],
        tags=["royalties"],
    )
    def post(self, request: Request) -> Response:
        """Record an advance, or a charge: later earnings of the payee go to it first, within its group (ROY-9)."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        payer = _payer(request, data, "payee")
        payee = data.pop("payee")
        row, created = once(
            seen_by(request, Advance.objects.all()),
            data["id"],
            same=lambda found: (
                (found.payer_id, found.payee_id, found.currency, found.units)
                == (payer, payee, data["currency"], data["units"])
            ),
            create=lambda: paying.pay_in_advance(payer_id=payer, payee_id=payee, at=timezone.now(), **data),
        )
        return Response(AdvanceOutput(row).data, status=201 if created else 200)

    @extend_schema(operation_id="list_advances", responses=Page.of(AdvanceOutput), tags=["royalties"])
    def get(self, request: Request) -> Response:
        """List advances and charges, your own and those of whom you pay."""
        return page_of(Advance.objects.all(), "recorded_at", AdvanceOutput, request)
