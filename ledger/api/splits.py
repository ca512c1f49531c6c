"""The splits of an output in their versions, what changed from one to the next, and deriving them again."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import dividing, report
from ledger.access import Verb
from ledger.api.access import caller_of
from ledger.clearance import NoSuchSubmission
from rights.models import Submission
from royalties import splits
from royalties.splits import Version
from royalties.vocabulary import DivisionReason


class SplitSourceOutput(serializers.Serializer[Any]):
    """Where some of a part comes from."""

    plan = serializers.UUIDField(help_text="The version of the license's plan")
    share = serializers.UUIDField(allow_null=True, help_text="Null for commission, creators and what is held")
    model = serializers.CharField(help_text="By what its side was weighed, joined by +; empty for what no side has")
    is_fallback = serializers.BooleanField(help_text="Whether the plan's fallback counted instead of its models")
    influence = serializers.UUIDField(allow_null=True, help_text="The attribution report that was used")
    part = serializers.CharField()


class SplitPartOutput(serializers.Serializer[Any]):
    """One leaf."""

    leaf = serializers.CharField()
    party = serializers.UUIDField(allow_null=True, help_text="Null where it is held until its claimants agree")
    recording = serializers.UUIDField(allow_null=True)
    work = serializers.UUIDField(allow_null=True)
    part = serializers.CharField(help_text="An exact fraction")
    sources = SplitSourceOutput(many=True, help_text="They add up to the part; empty where they were not kept yet")


class SplitsZoneOutput(serializers.Serializer[Any]):
    """Territories with the same ownership; its parts sum to one."""

    territories = serializers.ListField(child=serializers.CharField())
    parts = SplitPartOutput(many=True)


class SplitChangeOutput(serializers.Serializer[Any]):
    """A part that differs from the version before."""

    territories = serializers.ListField(child=serializers.CharField())
    leaf = serializers.CharField()
    old = serializers.CharField(allow_null=True, help_text="Null: it was not there")
    new = serializers.CharField(allow_null=True, help_text="Null: it is not there any more")


class SplitsVersionOutput(serializers.Serializer[Any]):
    """One version of an output's splits."""

    number = serializers.IntegerField(help_text="1 was attached at the decision; the highest counts")
    reason = serializers.CharField(allow_null=True, help_text="rights, influence, plan, creators or asked; null for 1")
    note = serializers.CharField()
    effective_on = serializers.DateField(allow_null=True, help_text="By the rights of which day; null: the release's")
    known_at = serializers.DateTimeField(allow_null=True)
    digest = serializers.CharField(help_text="sha256:… over the RFC 8785 form of zones, leaves and parts")
    recorded_at = serializers.DateTimeField(allow_null=True)
    changes = SplitChangeOutput(many=True, help_text="From the version before")
    zones = SplitsZoneOutput(many=True)


class SubmissionSplits(APIView):
    """How an output is divided, version by version."""

    scopes = {"GET": "submissions:read", "POST": "submissions:write"}
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema_serializer(component_name="SplitsAgain")
    class Input(serializers.Serializer[Any]):
        """Why they are to be derived again, and by the rights of which day."""

        note = serializers.CharField(max_length=300, allow_blank=True, default="", help_text="Without names")
        on = serializers.DateField(
            required=False, allow_null=True, default=None, help_text="Null: today, or the release if that is later"
        )

    @extend_schema(operation_id="list_splits", responses=SplitsVersionOutput(many=True), tags=["submissions"])
    def get(self, request: Request, id: UUID) -> Response:
        """List the versions of the splits, the first one first, each with what changed and where parts come from."""
        return Response(SplitsVersionOutput(_versions(request, id), many=True).data)

    @extend_schema(
        operation_id="derive_splits",
        request=Input,
        responses={200: SplitsVersionOutput, 201: SplitsVersionOutput},
        examples=[
            OpenApiExample("again", {"note": "The publishers agreed.", "on": "2026-08-01"}, request_only=True),
        ],
        tags=["submissions"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Derive the splits again under the rights, plans and reports that are known now.

        What comes out otherwise is a new version (201); otherwise the newest one is answered (200). The service does
        this by itself where shares, plans, contributions or attribution reports change.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        found = report.own(id, caller_of(request).sight)
        caller_of(request).answer_for(found.submission.submitter_id, Verb.SUBMIT)
        made = dividing.redivide(
            submission_id=id, reason=DivisionReason.ASKED, at=timezone.now(), **given.validated_data
        )
        newest = _versions(request, id)[-1]
        return Response(SplitsVersionOutput(newest).data, status=201 if made else 200)


def _versions(request: Request, id: UUID) -> list[dict[str, Any]]:
    found = report.own(id, caller_of(request).sight)
    if found.decision is None or found.splits is None:
        raise report.NotDivided
    known = splits.versions(found.decision.id)
    return [_shown(after, before) for before, after in zip((None, *known), known, strict=False)]


def _shown(version: Version, before: Version | None) -> dict[str, Any]:
    changed = splits.changes(before.splits, version.splits) if before else ()
    return {
        "number": version.number,
        "reason": version.reason,
        "note": version.note,
        "effective_on": version.effective_on,
        "known_at": version.known_at,
        "digest": f"sha256:{version.digest}",
        "recorded_at": version.recorded_at,
        "changes": [
            {
                "territories": one.territories,
                "leaf": one.leaf,
                "old": written(one.old) if one.old is not None else None,
                "new": written(one.new) if one.new is not None else None,
            }
            for one in changed
        ],
        "zones": [
            {
                "territories": zone.territories,
                "parts": [
                    {
                        "leaf": part.leaf,
                        "party": part.party_id,
                        "recording": part.recording_id,
                        "work": part.work_id,
                        "part": written(part.part),
                        "sources": [
                            {
                                "plan": source.plan_id,
                                "share": source.share_id,
                                "model": source.model,
                                "is_fallback": source.is_fallback,
                                "influence": source.influence_id,
                                "part": written(source.part),
                            }
                            for source in part.sources
                        ],
                    }
                    for part in zone.parts
                ],
            }
            for zone in version.splits.zones
        ],
    }


def written(part: Fraction) -> str:
    """Return a fraction as the API writes it."""
    return f"{part.numerator}/{part.denominator}"
