"""Who or what made an output: declared with it, and corrected afterwards, each record beside the one before."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import contributing, report
from ledger.access import Verb
from ledger.api.access import caller_of, party_of, seen_by
from ledger.api.fields import DigestField, digest
from ledger.api.once import once
from ledger.clearance import NoSuchSubmission
from ledger.report import Dossier
from rights import making, terms
from rights.case import DeclaredAct, DeclaredContribution, DeclaredEvidence
from rights.models import ContributionRecord, Submission
from rights.vocabulary import AiLevel, Component, HumanAct, MakingEvidenceKind

SCOPES = {"GET": "submissions:read", "POST": "submissions:write"}

EXAMPLE: list[dict[str, Any]] = [
    {
        "component": "lyrics",
        "ai_level": "partly",
        "tool": "Example Writer",
        "tool_version": "2.1",
        "actors": [{"party": "c3d1c2de-5b0e-4bd5-8a86-6c2f5a5f8b11", "acts": ["perceptible_input", "modification"]}],
        "evidence": [{"kind": "sketch", "digest": f"sha256:{'ab' * 32}"}],
    },
    {"component": "lead_vocal", "ai_level": "none", "actor": "c3d1c2de-5b0e-4bd5-8a86-6c2f5a5f8b11"},
    {
        "component": "instruments",
        "ai_level": "all",
        "tool": "Example Model",
        "tool_version": "3",
        "actors": [{"party": "c3d1c2de-5b0e-4bd5-8a86-6c2f5a5f8b11", "acts": ["prompt_only"]}],
    },
    {"component": "mastering", "ai_level": "all", "tool": "Example Master", "is_generative": False},
]


class ActorInput(serializers.Serializer[Any]):
    """A person, and what they did."""

    party = serializers.UUIDField(help_text="Party id of the person")
    acts = serializers.ListField(
        child=serializers.ChoiceField([(act.value, act.value) for act in HumanAct]),
        min_length=1,
        max_length=len(HumanAct),
        help_text="prompt_only stands alone: who did more than prompting did not prompt only",
    )


class MakingEvidenceInput(serializers.Serializer[Any]):
    """A file that shows how it was made; keep the file, only its digest is recorded."""

    kind = serializers.ChoiceField([(kind.value, kind.value) for kind in MakingEvidenceKind])
    digest = DigestField()


class ContributionInput(serializers.Serializer[Any]):
    """Who or what made one component."""

    component = serializers.ChoiceField([(member.value, member.value) for member in Component])
    ai_level = serializers.ChoiceField(
        [(member.value, member.value) for member in AiLevel],
        help_text="How much of it a machine made; never a percentage",
    )
    tool = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    tool_version = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    is_generative = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Whether the machine generated material. Unless said it did, except in production and mastering.",
    )
    actor = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Party id of the person, without what they did"
    )
    actors = ActorInput(many=True, required=False, default=list, help_text="People, with what each did")
    evidence = MakingEvidenceInput(many=True, required=False, default=list)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that the line does not contradict itself."""
        wrong: dict[str, list[str]] = {}
        for field, sentence in making.wrong_with(declared(attrs)):
            wrong.setdefault(field, []).append(sentence)
        if wrong:
            raise serializers.ValidationError(wrong)
        return attrs


def declared(row: dict[str, Any]) -> DeclaredContribution:
    """Return a line of a body as a value."""
    return DeclaredContribution(
        row["component"],
        row["ai_level"],
        row["tool"],
        row["actor"],
        tool_version=row["tool_version"],
        is_generative=row["is_generative"],
        acts=tuple(sorted(DeclaredAct(actor["party"], act) for actor in row["actors"] for act in actor["acts"])),
        evidence=tuple(sorted(DeclaredEvidence(one["kind"], one["digest"]) for one in row["evidence"])),
    )


def checked(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """
    Pass lines that make a record.

    :raises serializers.ValidationError: there is none, or a component is declared twice
    """
    if found := list(making.contradictions([declared(row) for row in given])):
        raise serializers.ValidationError([one.sentence for one in found])
    return given


class ActorOutput(serializers.Serializer[Any]):
    """A person, and what they did."""

    party = serializers.UUIDField()
    acts = serializers.ListField(child=serializers.CharField())


class MakingEvidenceOutput(serializers.Serializer[Any]):
    """A file that shows how it was made."""

    kind = serializers.CharField()
    digest = serializers.CharField()


class ContributionOutput(serializers.Serializer[Any]):
    """Who or what made one component."""

    component = serializers.CharField()
    ai_level = serializers.CharField()
    tool = serializers.CharField()
    tool_version = serializers.CharField()
    is_generative = serializers.BooleanField(allow_null=True)
    actor = serializers.UUIDField(allow_null=True)
    actors = ActorOutput(many=True)
    evidence = MakingEvidenceOutput(many=True)


class RecordOutput(serializers.Serializer[Any]):
    """One record; the last counts."""

    id = serializers.UUIDField(allow_null=True, help_text="null: as submitted")
    position = serializers.IntegerField(help_text="0: as submitted")
    author = serializers.UUIDField()
    reason = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    contributions = ContributionOutput(many=True)


def written(line: DeclaredContribution) -> dict[str, Any]:
    """Return a line as the API shows it."""
    people: dict[UUID, list[str]] = {}
    for act in line.acts:
        people.setdefault(act.party_id, []).append(act.act)
    return {
        "component": line.component,
        "ai_level": line.ai_level,
        "tool": line.tool,
        "tool_version": line.tool_version,
        "is_generative": line.is_generative,
        "actor": line.actor_id,
        "actors": [{"party": party, "acts": acts} for party, acts in people.items()],
        "evidence": [{"kind": one.kind, "digest": digest(one.digest)} for one in line.evidence],
    }


def of_dossier(found: Dossier) -> list[dict[str, Any]]:
    """Return today's record as the API shows it, as far as it is seen."""
    if found.making is None:
        return []
    acts: dict[str, list[DeclaredAct]] = {}
    for act in found.making.acts:
        acts.setdefault(act.component, []).append(DeclaredAct(act.party_id, act.act))
    evidence: dict[str, list[DeclaredEvidence]] = {}
    for shown in found.making.evidence:
        evidence.setdefault(shown.component, []).append(DeclaredEvidence(shown.kind, shown.digest))
    return [
        written(
            DeclaredContribution(
                row.component,
                row.ai_level,
                row.tool,
                row.actor_id,
                tool_version=row.tool_version,
                is_generative=row.is_generative,
                acts=tuple(acts.get(row.component, ())),
                evidence=tuple(evidence.get(row.component, ())),
            )
        )
        for row in found.making.contributions
    ]


def described(submission: Submission, record: ContributionRecord | None) -> dict[str, Any]:
    """Return a record as the API shows it."""
    return {
        "id": record.pk if record else None,
        "position": record.position if record else 0,
        "author": record.author_id if record else submission.submitter_id,
        "reason": record.reason if record else "",
        "recorded_at": record.recorded_at if record else submission.submitted_at,
        "contributions": [written(line) for line in terms.stated_in(submission, record)],
    }


class SubmissionContributions(APIView):
    """Who or what made one output."""

    scopes = SCOPES
    sees = {"id": Submission}
    absent = NoSuchSubmission

    @extend_schema_serializer(component_name="Correction")
    class Input(serializers.Serializer[Any]):
        """The whole record anew."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        reason = serializers.CharField(max_length=600, help_text="Why, without names")
        contributions = ContributionInput(
            many=True, help_text="Each component that the output has; what is not listed is taken not to be in it"
        )

        def validate_contributions(self, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
            """Check that it is a record."""
            return checked(given)

    @extend_schema(
        operation_id="correct_contributions",
        request=Input,
        responses={201: RecordOutput},
        examples=[
            OpenApiExample(
                "correction",
                {
                    "id": "0d9f4f0e-9a3b-4f6e-8a3e-2f0f6b1c7d10",
                    "reason": "The bass was generated, as the session shows",
                    "contributions": EXAMPLE,
                },
                request_only=True,
            )
        ],
        tags=["submissions"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        State anew who or what made your output.

        The record before stays, and so do the decision, the signed file and the splits; ``disclosures`` says which
        recipients were told something else.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        submission = report.own(id, caller_of(request).sight).submission
        caller_of(request).answer_for(submission.submitter_id, Verb.SUBMIT)
        lines = tuple(declared(row) for row in data["contributions"])
        author_id = party_of(request)
        record, created = once(
            seen_by(request, ContributionRecord.objects.all()),
            data["id"],
            same=lambda found: (
                (found.submission_id, found.reason, terms.stated_in(submission, found)) == (id, data["reason"], lines)
            ),
            create=lambda: contributing.correct(
                id=data["id"],
                submission_id=id,
                author_id=author_id,
                contributions=lines,
                reason=data["reason"],
                at=timezone.now(),
            ),
        )
        return Response(RecordOutput(described(submission, record)).data, status=201 if created else 200)

    @extend_schema(operation_id="list_contributions", responses=RecordOutput(many=True), tags=["submissions"])
    def get(self, request: Request, id: UUID) -> Response:
        """List what was stated about who or what made your output, oldest first; the last counts."""
        submission = report.own(id, caller_of(request).sight).submission
        records = seen_by(request, ContributionRecord.objects.filter(submission=submission)).order_by("position")
        return Response(RecordOutput([described(submission, one) for one in (None, *records)], many=True).data)
