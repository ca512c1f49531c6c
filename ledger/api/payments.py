"""What follows a statement: its paper and its proof, objections, payment orders, and what the bank confirms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import objecting, opening, paying, remitting, rendering
from ledger.access import NotYourParty, Verb
from ledger.api.access import caller_of, person_of, seen_by
from ledger.api.fields import digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.api.runs import PEOPLE, READ, REASON, CurrencyField
from ledger.api.statements import statement_of
from ledger.running import NoSuchRun
from ledger.statements import paper, remittances
from ledger.statements.transfers import Account
from rights.models import Party
from royalties.models import (
    ObjectionAnswer,
    PayeeLink,
    PaymentFile,
    PaymentOrder,
    RoyaltyRun,
    Statement,
    StatementObjection,
)


def _handed_out(content: bytes, content_type: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class StatementPaper(APIView):
    """A statement as PDF."""

    scopes = READ
    sees = {"id": Statement}
    absent = paying.NoSuchStatement

    @extend_schema(
        operation_id="download_statement_pdf",
        responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["royalties"],
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        """Download a statement as PDF/A: steps, plots, and two thousand lines; beyond 100,000, totals alone."""
        row = statement_of(request, id)
        return _handed_out(paper.pdf(rendering.document(row)), "application/pdf", f"statement-{row.pk}.pdf")


class StatementObjectionOutput(serializers.Serializer[StatementObjection]):
    """An objection, and what was said to it."""

    id = serializers.UUIDField()
    statement = serializers.UUIDField(source="statement_id")
    reason = serializers.CharField()
    evidence_digest = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()
    outcome = serializers.SerializerMethodField(help_text="upheld, dismissed, or null while it waits")
    answer = serializers.SerializerMethodField()

    def get_evidence_digest(self, row: StatementObjection) -> str | None:
        """Return the digest."""
        return digest(row.evidence_digest) if row.evidence_digest else None

    def get_outcome(self, row: StatementObjection) -> str | None:
        """Return what came of it."""
        found = getattr(row, "answer", None)
        return found.outcome if found else None

    def get_answer(self, row: StatementObjection) -> str | None:
        """Return what was said to it."""
        found = getattr(row, "answer", None)
        return found.reason if found else None


class StatementObjections(APIView):
    """Objections to a statement."""

    scopes = {**READ, "POST": "runs:write"}
    people = {"POST": (Verb.SETTLE, Verb.REGISTER, Verb.CONSENT)}
    sees = {"id": Statement}
    absent = paying.NoSuchStatement

    @extend_schema_serializer(component_name="StatementObjection")
    class Input(serializers.Serializer[Any]):
        """What is wrong."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        reason = serializers.CharField(max_length=600, help_text=REASON)
        evidence_digest = serializers.RegexField(r"^[0-9a-f]{64}$", required=False, default="")

    @extend_schema(
        operation_id="object_to_statement",
        request=Input,
        responses={201: StatementObjectionOutput},
        examples=[
            OpenApiExample(
                "share",
                {
                    "id": "0b7a6a52-5c3e-4df1-8f5f-6f2d8f0a9d11",
                    "reason": "Our share of the second work is one half since July, not two fifths.",
                },
                request_only=True,
            )
        ],
        tags=["royalties"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Object to a statement as its payee, until the day that it names. No figure changes by that."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        row = statement_of(request, id)
        if not any(row.payee_id in duty.parties and duty.verbs for duty in caller_of(request).duties):
            raise NotYourParty
        found, created = once(
            seen_by(request, StatementObjection.objects.all()),
            data["id"],
            same=lambda found: found.statement_id == row.pk and found.reason == data["reason"].strip(),
            create=lambda: objecting.object_to(statement_id=row.pk, by_id=_person(request), at=timezone.now(), **data),
        )
        return Response(StatementObjectionOutput(found).data, status=201 if created else 200)

    @extend_schema(operation_id="list_objections", responses=Page.of(StatementObjectionOutput), tags=["royalties"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the objections to a statement, with their answers."""
        rows = StatementObjection.objects.filter(statement=statement_of(request, id)).select_related("answer")
        return page_of(rows, "recorded_at", StatementObjectionOutput, request)


def _person(request: Request) -> int | None:
    return getattr(request.user, "pk", None) if isinstance(getattr(request.user, "pk", None), int) else None


class ObjectionAnswers(APIView):
    """Answers to objections."""

    scopes: dict[str, str] = {}
    people = PEOPLE
    sees = {"id": StatementObjection}
    absent = objecting.NoSuchObjection

    @extend_schema_serializer(component_name="ObjectionAnswer")
    class Input(serializers.Serializer[Any]):
        """What the payer says."""

        id = serializers.UUIDField(help_text="Made by the client")
        outcome = serializers.ChoiceField(choices=ObjectionAnswer.Outcome.values)
        reason = serializers.CharField(max_length=600, help_text=REASON)

    @extend_schema(
        operation_id="answer_objection", request=Input, responses={201: StatementObjectionOutput}, tags=["royalties"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Answer an objection for the payer. Upheld, a later version or the next run mends what was wrong."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        rows = StatementObjection.objects.select_related("statement__run")
        row = seen_by(request, rows.filter(pk=id)).first()
        if row is None:
            raise objecting.NoSuchObjection
        caller_of(request).answer_for(row.statement.run.payer_id, Verb.SETTLE)
        data: dict[str, Any] = dict(given.validated_data)
        outcome = objecting.Outcome(data.pop("outcome"))
        objecting.answer(objection_id=id, outcome=outcome, by_id=person_of(request), at=timezone.now(), **data)
        row = StatementObjection.objects.select_related("answer").get(pk=id)
        return Response(StatementObjectionOutput(row).data, status=201)


class PayeeLinkOutput(serializers.Serializer[PayeeLink]):
    """A link by which a payee opens its statements; what opens by it is said once, where it was made."""

    id = serializers.UUIDField()
    payer = serializers.UUIDField(source="payer_id")
    payee = serializers.UUIDField(source="payee_id")
    opens_until = serializers.DateTimeField()
    ended_at = serializers.SerializerMethodField(help_text="When it was taken back, or null")
    recorded_at = serializers.DateTimeField()

    @extend_schema_field({"type": ["string", "null"], "format": "date-time"})
    def get_ended_at(self, row: PayeeLink) -> str | None:
        """Return when it was taken back."""
        end = getattr(row, "end", None)
        return end.recorded_at.isoformat() if end else None


class PayeeLinkMade(PayeeLinkOutput):
    """A link as it was made, with its address."""

    link = serializers.SerializerMethodField(help_text="To be sent to the payee and to nobody else, and kept nowhere")

    def get_link(self, row: PayeeLink) -> str:
        """Return the address."""
        return opening.address_of(row)


class PayeeLinks(APIView):
    """Links to statements."""

    scopes = {"GET": "runs:read", "POST": "runs:write"}
    people = PEOPLE

    @extend_schema_serializer(component_name="PayeeLink")
    class Input(serializers.Serializer[Any]):
        """Whose statements are opened, and for how long."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        payer = serializers.UUIDField()
        payee = serializers.UUIDField()
        days = serializers.IntegerField(min_value=1, max_value=opening.MOST_DAYS, default=90)

    @extend_schema(
        operation_id="hand_out_payee_link",
        request=Input,
        responses={201: PayeeLinkMade},
        examples=[
            OpenApiExample(
                "a quarter of a year",
                {
                    "id": "5d3a8a52-6a43-4a5e-8f8e-2f0f6b1c7d10",
                    "payer": "7b0c8f1e-3f43-4c4e-9d55-0f8a7f3c2a10",
                    "payee": "0d9f4f0e-9a3b-4f6e-8a3e-2f0f6b1c7d10",
                    "days": 90,
                },
                request_only=True,
            )
        ],
        tags=["royalties"],
    )
    def post(self, request: Request) -> Response:
        """Make a link by which a payee reads its statements of a payer without a login, and can object to them."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        caller = caller_of(request)
        caller.answer_for(data["payer"], Verb.SETTLE)
        if not _is_paid_by(data["payer"], data["payee"]):
            caller.look_up(payee=(Party, data["payee"]))
        row, created = once(
            seen_by(request, PayeeLink.objects.all()),
            data["id"],
            same=lambda found: (
                (found.payer_id, found.payee_id, (found.opens_until - found.recorded_at).days)
                == (data["payer"], data["payee"], data["days"])
            ),
            create=lambda: opening.hand_out(
                id=data["id"],
                payer_id=data["payer"],
                payee_id=data["payee"],
                days=data["days"],
                by_id=_person(request),
                at=timezone.now(),
            ),
        )
        return Response(PayeeLinkMade(row).data, status=201 if created else 200)

    @extend_schema(operation_id="list_payee_links", responses=Page.of(PayeeLinkOutput), tags=["royalties"])
    def get(self, request: Request) -> Response:
        """List the links that were made, without what opens them."""
        rows = seen_by(request, PayeeLink.objects.select_related("end"))
        return page_of(rows, "recorded_at", PayeeLinkOutput, request)


class PayeeLinkEnds(APIView):
    """Taking links back."""

    scopes = {"POST": "runs:write"}
    people = PEOPLE
    sees = {"id": PayeeLink}
    absent = opening.NoSuchLink

    @extend_schema(
        operation_id="take_payee_link_back", request=None, responses={201: PayeeLinkOutput}, tags=["royalties"]
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Close a link before its time: it does not open any more."""
        row = seen_by(request, PayeeLink.objects.filter(pk=id)).first()
        if row is None:
            raise opening.NoSuchLink
        caller_of(request).answer_for(row.payer_id, Verb.SETTLE)
        opening.take_back(link_id=row.pk, by_id=_person(request), at=timezone.now())
        return Response(PayeeLinkOutput(PayeeLink.objects.select_related("end").get(pk=id)).data, status=201)


class BankAccounts(APIView):
    """Bank accounts of those who are paid, and of those who pay."""

    scopes = {"POST": "runs:write"}
    people = PEOPLE

    @extend_schema_serializer(component_name="BankAccount")
    class Input(serializers.Serializer[Any]):
        """Where a party is paid, or pays from. Sealed under the party's key, and erased with it."""

        payer = serializers.UUIDField(help_text="Party id of who pays; each keeps its own accounts")
        party = serializers.UUIDField(help_text="Whose account it is: a payee's, or the payer's own")
        name = serializers.CharField(max_length=140)
        iban = serializers.CharField(max_length=42)
        bic = serializers.CharField(max_length=11, required=False, allow_blank=True, default="")

    @extend_schema(operation_id="record_bank_account", request=Input, responses={204: None}, tags=["royalties"])
    def post(self, request: Request) -> Response:
        """Record the bank account of a party for a payer, in place of the one before. It is never shown again."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        caller = caller_of(request)
        caller.answer_for(data["payer"], Verb.SETTLE)
        if data["party"] != data["payer"] and not _is_paid_by(data["payer"], data["party"]):
            caller.look_up(party=(Party, data["party"]))
        remitting.record_account(
            payer_id=data["payer"],
            party_id=data["party"],
            account=Account(data["name"], data["iban"], data["bic"]),
            at=timezone.now(),
        )
        return Response(status=204)


def _is_paid_by(payer_id: UUID, party_id: UUID) -> bool:
    return Statement.objects.filter(run__payer=payer_id, payee=party_id).exists()


class OrderValue(serializers.Serializer[PaymentOrder]):
    """One payment of a file."""

    statement = serializers.UUIDField(source="statement_id")
    attempt = serializers.IntegerField()
    units = serializers.IntegerField(help_text="Minor units of the file's currency")


class UnpayableValue(serializers.Serializer[Any]):
    """A statement that the file leaves out."""

    statement = serializers.UUIDField(source="statement_id")
    reason = serializers.CharField()


class PaymentFileOutput(serializers.Serializer[PaymentFile]):
    """A payment file: what it orders, without names and accounts."""

    id = serializers.UUIDField()
    run = serializers.UUIDField(source="run_id")
    currency = serializers.CharField()
    pay_on = serializers.DateField()
    digest = serializers.SerializerMethodField(help_text="SHA-256 of the file")
    orders = OrderValue(source="orders.all", many=True)
    recorded_at = serializers.DateTimeField()

    def get_digest(self, row: PaymentFile) -> str | None:
        """Return the digest."""
        return digest(row.digest)


class PaymentFileMade(PaymentFileOutput):
    """A payment file as it was made, with what it leaves out."""

    left = serializers.SerializerMethodField(help_text="Statements that it leaves out, and why")

    def get_left(self, row: PaymentFile) -> list[dict[str, Any]]:  # noqa: ARG002 - the serializer's signature
        """Return them."""
        return list(UnpayableValue(self.context["left"], many=True).data)


class PaymentFiles(APIView):
    """Payment files of a run."""

    scopes = READ
    people = PEOPLE
    sees = {"id": RoyaltyRun}
    absent = NoSuchRun

    @extend_schema_serializer(component_name="PaymentFileOrder")
    class Input(serializers.Serializer[Any]):
        """What is to be paid."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        currency = CurrencyField(help_text="Payments of one currency; another has a file of its own")
        pay_on = serializers.DateField(help_text="The day that the bank is to pay on")

    @extend_schema(operation_id="order_payments", request=Input, responses={201: PaymentFileMade}, tags=["royalties"])
    def post(self, request: Request, id: UUID) -> Response:
        """Order what a published run's statements say is payable, as ISO 20022 pain.001; each statement once."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        run = seen_by(request, RoyaltyRun.objects.filter(pk=id)).first()
        if run is None:
            raise NoSuchRun
        caller_of(request).answer_for(run.payer_id, Verb.SETTLE)
        left: list[Any] = []

        def create() -> PaymentFile:
            made = remitting.order(run_id=id, by_id=person_of(request), at=timezone.now(), **data)
            left.extend(made.left)
            return made.file

        row, created = once(
            seen_by(request, PaymentFile.objects.all()),
            data["id"],
            same=lambda found: (found.run_id, found.currency, found.pay_on) == (id, data["currency"], data["pay_on"]),
            create=create,
        )
        return Response(PaymentFileMade(row, context={"left": left}).data, status=201 if created else 200)

    @extend_schema(operation_id="list_payment_files", responses=Page.of(PaymentFileOutput), tags=["royalties"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the payment files of a run."""
        rows = PaymentFile.objects.filter(run=id).prefetch_related("orders")
        return page_of(rows, "recorded_at", PaymentFileOutput, request)


class PaymentFileBytes(APIView):
    """The file for the bank."""

    scopes: dict[str, str] = {}
    people = {"GET": (Verb.SETTLE,)}
    sees = {"id": PaymentFile}
    absent = remitting.NoSuchFile

    @extend_schema(
        operation_id="download_payment_file",
        responses={(200, "application/xml"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=["royalties"],
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        """Download a payment file: the same bytes each time, while the accounts on record are the same."""
        row = seen_by(request, PaymentFile.objects.select_related("run").filter(pk=id)).first()
        if row is None:
            raise remitting.NoSuchFile
        caller_of(request).answer_for(row.run.payer_id, Verb.SETTLE)
        return _handed_out(remitting.again(row.pk), "application/xml", f"payments-{row.pk}.xml")


class RefusedValue(serializers.Serializer[remittances.Refused]):
    """A payment of the bank's file that was not booked."""

    place = serializers.IntegerField(help_text="Its number in the file, from 1")
    reason = serializers.CharField()


class RemittanceOutput(serializers.Serializer[remitting.Booked]):
    """What came of a bank's file."""

    paid = serializers.IntegerField()
    returned = serializers.IntegerField()
    known = serializers.IntegerField(help_text="Booked before")
    refused = RefusedValue(many=True)


class Remittances(APIView):
    """What the bank says."""

    scopes: dict[str, str] = {}
    people = PEOPLE
    parser_classes = [MultiPartParser]

    @extend_schema_serializer(component_name="Remittance")
    class Input(serializers.Serializer[Any]):
        """A file of the bank."""

        payer = serializers.UUIDField(help_text="Party id of whose account it is about")
        file = serializers.FileField(help_text="camt.053, camt.054, or CSV; at most 16 MiB")

    @extend_schema(
        operation_id="confirm_payments",
        request={"multipart/form-data": Input},
        responses={200: RemittanceOutput},
        tags=["royalties"],
    )
    def post(self, request: Request) -> Response:
        """Book what the bank says was paid or came back. What it says twice counts once."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data: dict[str, Any] = dict(given.validated_data)
        caller_of(request).answer_for(data["payer"], Verb.SETTLE)
        if data["file"].size > remittances.LARGEST_BYTES:
            raise remittances.TooLarge
        found = remitting.confirm(raw=data["file"].read(), payer_id=data["payer"], at=timezone.now())
        return Response(RemittanceOutput(found).data)
