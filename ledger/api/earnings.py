"""What receipts for an output would come to, leaf by leaf; nothing is booked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import report
from ledger.api.access import caller_of
from ledger.clearance import NoSuchSubmission
from rights.models import Submission
from royalties import earnings, money
from royalties.earnings import Earnings, Receipt
from royalties.money import Rate

MOST_RECEIPTS = 1_000
_DECIMAL = "A plain decimal as text, such as 1000.01: no grouping, no exponent"


class RateInput(serializers.Serializer[Any]):
    """From the receipt's currency to the settlement's."""

    value = serializers.CharField(max_length=50, help_text=_DECIMAL)
    quoted_by = serializers.CharField(max_length=120, help_text="Who quoted it")
    on = serializers.DateField()


class ReceiptInput(serializers.Serializer[Any]):
    """What came in from a country, net."""

    country = serializers.RegexField(r"^[A-Z]{2}$", help_text="ISO 3166-1 alpha-2")
    amount = serializers.CharField(max_length=50, help_text=_DECIMAL)
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217")
    rate = RateInput(required=False, allow_null=True, default=None)


class EarningsLineOutput(serializers.Serializer[Any]):
    """One leaf's part of a pool."""

    leaf = serializers.CharField()
    party = serializers.UUIDField(allow_null=True, help_text="Null where it is held until its claimants agree")
    recording = serializers.UUIDField(allow_null=True)
    work = serializers.UUIDField(allow_null=True)
    weight = serializers.CharField(help_text="Exact part of the pool")
    exact = serializers.CharField(help_text="Minor units before rounding, as a fraction")
    minor = serializers.IntegerField(help_text="Minor units")
    has_leftover = serializers.BooleanField(help_text="Whether it got one of the units that rounding down left over")


class EarningsPoolOutput(serializers.Serializer[Any]):
    """One country's receipts, divided once."""

    country = serializers.CharField()
    minor = serializers.IntegerField()
    lines = EarningsLineOutput(many=True)


class EarningsPartyOutput(serializers.Serializer[Any]):
    """What one party gets of all pools."""

    party = serializers.UUIDField(allow_null=True, help_text="Null: what is held")
    minor = serializers.IntegerField()


@extend_schema_serializer(component_name="EarningsPreview")
class EarningsOutput(serializers.Serializer[Any]):
    """Every pool with all its lines, and the sum of each party; both add up to what came in."""

    currency = serializers.CharField()
    exponent = serializers.IntegerField(help_text="Decimal digits of the minor unit")
    minor = serializers.IntegerField(help_text="All pools together")
    pools = EarningsPoolOutput(many=True)
    parties = EarningsPartyOutput(many=True)


class EarningsPreview(APIView):
    """What receipts would pay whom."""

    scopes = {"POST": "submissions:read"}  # it writes nothing
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema_serializer(component_name="EarningsPreviewInput")
    class Input(serializers.Serializer[Any]):
        """Net receipts of one output, and what they are settled in."""

        settlement = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217")
        receipts = serializers.ListField(child=ReceiptInput(), min_length=1, max_length=MOST_RECEIPTS)

    @extend_schema(
        operation_id="preview_earnings",
        request=Input,
        responses=EarningsOutput,
        tags=["submissions"],
        examples=[
            OpenApiExample(
                "Two countries",
                request_only=True,
                value={
                    "settlement": "EUR",
                    "receipts": [
                        {"country": "DE", "amount": "1000.01", "currency": "EUR"},
                        {
                            "country": "US",
                            "amount": "812.37",
                            "currency": "USD",
                            "rate": {"value": "0.92", "quoted_by": "contract", "on": "2026-07-31"},
                        },
                    ],
                },
            )
        ],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Divide receipts by the output's newest splits, to the unit, and show every step. Nothing is booked.

        A receipt is converted once, half to even; a country is one pool; a pool is rounded once, and what is left
        over goes to the largest remainders.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        found = report.own(id, caller_of(request).sight)
        if found.current is None:
            raise report.NotDivided
        settlement = given.validated_data["settlement"]
        receipts = [_receipt(one, settlement) for one in given.validated_data["receipts"]]
        return Response(EarningsOutput(_shown(earnings.earned(found.current, receipts, currency=settlement))).data)


def _receipt(given: dict[str, Any], settlement: str) -> Receipt:
    rate = given["rate"]
    return Receipt(
        country=given["country"],
        amount=money.read(given["amount"]),
        currency=given["currency"],
        rate=Rate(given["currency"], settlement, money.read(rate["value"]), rate["quoted_by"], rate["on"])
        if rate
        else None,
    )


def _shown(found: Earnings) -> dict[str, Any]:
    return {
        "currency": found.currency,
        "exponent": money.exponent(found.currency),
        "minor": found.units,
        "pools": [
            {
                "country": pool.country,
                "minor": pool.units,
                "lines": [
                    {
                        "leaf": line.leaf,
                        "party": part.party_id,
                        "recording": part.recording_id,
                        "work": part.work_id,
                        "weight": str(line.weight),
                        "exact": str(line.exact),
                        "minor": line.units,
                        "has_leftover": line.has_leftover,
                    }
                    for part, line in pool.lines
                ],
            }
            for pool in found.pools
        ],
        "parties": [{"party": party, "minor": units} for party, units in found.by_party.items()],
    }
