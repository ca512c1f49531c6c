"""What people decide: cases that wait for a reviewer, appeals, and the bands that decide what waits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger import access, activating, appealing, banding, rechecking, report, reviewing, simulating
from ledger.access import Verb
from ledger.api.access import caller_of, party_of, person_of, seen_by
from ledger.api.fields import DigestField, choices, digest
from ledger.api.once import once
from ledger.api.paging import Page, page_of
from ledger.models import BandsVersion, Proposal
from rights import bands as bands_
from rights.models import Appeal, AppealAnswer, Decision, Finding, OutputFlag, Recheck, Review, Submission
from rights.vocabulary import AppealEvidenceKind, AppealGround, MatchKind, Outcome, ReviewReason

READ = {"GET": "submissions:read"}
REVIEWERS = (Verb.REVIEW, Verb.VOUCH)
OUTCOMES = [(outcome.value, outcome.value) for outcome in (Outcome.CLEARED, Outcome.REFUSED)]
REASONS = choices(ReviewReason)
NOTE = "For those who read it later; without names"


# --- cases ---


class ReviewOutput(serializers.Serializer[Review]):
    """What one person found."""

    id = serializers.UUIDField()
    position = serializers.IntegerField(help_text="0 for the first reviewer")
    outcome = serializers.CharField()
    reason = serializers.CharField()
    note = serializers.CharField()
    evidence = serializers.SerializerMethodField(help_text="sha256:… of a document that the reviewer holds")
    reviewed_at = serializers.DateTimeField()

    def get_evidence(self, row: Review) -> str | None:
        """Return the digest."""
        return digest(row.evidence_digest)


class CaseRow(serializers.Serializer[Decision]):
    """A decision that waits for people."""

    id = serializers.UUIDField(help_text="Of the decision")
    submission = serializers.UUIDField(source="submission_id")
    title = serializers.CharField(source="submission.title")
    outcome = serializers.CharField()
    decided_at = serializers.DateTimeField()
    due_at = serializers.SerializerMethodField()

    def get_due_at(self, row: Decision) -> str:
        """Return by when it should be reviewed."""
        return reviewing.due_at(row).isoformat()


class CaseFinding(serializers.Serializer[Finding]):
    """Why it waits."""

    rule = serializers.CharField()
    effect = serializers.CharField(help_text="refuse, review, or pass: said for the record")
    sentence = serializers.CharField()
    rests_on = serializers.ListField(child=serializers.UUIDField())
    matches = serializers.ListField(child=serializers.IntegerField())


class EarlierCase(serializers.Serializer[Any]):
    """An earlier decision about the same pair."""

    submission = serializers.UUIDField()
    title = serializers.CharField()
    outcome = serializers.CharField()
    decided_at = serializers.DateTimeField()
    pair = serializers.CharField()


class CaseClaimOutput(serializers.Serializer[Any]):
    """Who is at it, and until when it is theirs."""

    is_yours = serializers.BooleanField()
    until = serializers.DateTimeField()


class CaseOutput(serializers.Serializer[Any]):
    """One case as a reviewer has it on the desk."""

    id = serializers.UUIDField()
    submission = serializers.UUIDField()
    title = serializers.CharField()
    outcome = serializers.CharField()
    bands = serializers.UUIDField(allow_null=True)
    decided_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    is_overdue = serializers.BooleanField()
    claim = CaseClaimOutput(allow_null=True)
    reviews = ReviewOutput(many=True)
    takes_two = serializers.BooleanField(help_text="Whether one of the outcomes takes two people")
    needs = serializers.ListField(
        child=serializers.CharField(), help_text="What it takes to clear it: judgment, evidence, vouching, never"
    )
    findings = CaseFinding(many=True)
    earlier = EarlierCase(many=True)
    links = serializers.DictField(child=serializers.CharField())


class Cases(APIView):
    """The queue."""

    scopes = READ

    @extend_schema(operation_id="list_review_cases", responses=Page.of(CaseRow), tags=["reviews"])
    def get(self, request: Request) -> Response:
        """List decisions that wait for a reviewer, of those that you see; the one that waits longest comes first."""
        return page_of(reviewing.waiting(caller_of(request).sight), "decided_at", CaseRow, request)


def describe_case(desk: reviewing.Desk, request: Request) -> dict[str, Any]:
    """Return a case as the API shows it, as far as the caller sees it."""
    decision = desk.decision
    visible = set(
        seen_by(request, Submission.objects.filter(pk__in=[one.decision.submission_id for one in desk.earlier]))
        .values_list("pk", flat=True)
    )  # fmt: skip
    me = getattr(request.user, "pk", None)
    return {
        "id": decision.id,
        "submission": decision.submission_id,
        "title": decision.submission.title,
        "outcome": decision.outcome,
        "bands": decision.bands_id,
        "decided_at": decision.decided_at,
        "due_at": desk.due_at,
        "is_overdue": desk.is_overdue,
        "claim": {"is_yours": desk.claim.reviewer_id == me, "until": desk.claim.until} if desk.claim else None,
        "reviews": seen_by(request, Review.objects.filter(decision=decision)).order_by("position"),
        "takes_two": desk.takes_two,
        "needs": sorted(waiver.value for waiver in desk.needs),
        "findings": seen_by(request, Finding.objects.filter(decision=decision)).order_by("position"),
        "earlier": [
            {
                "submission": one.decision.submission_id,
                "title": one.decision.submission.title,
                "outcome": one.decision.outcome,
                "decided_at": one.decision.decided_at,
                "pair": one.pair,
            }
            for one in desk.earlier
            if one.decision.submission_id in visible
        ],
        "links": {
            "self": f"/v1/review-cases/{decision.id}",
            "submission": f"/v1/submissions/{decision.submission_id}",
            "evidence": f"/v1/submissions/{decision.submission_id}/evidence",
        },
    }


class CaseDetail(APIView):
    """One case."""

    scopes = READ
    sees = {"id": Decision}
    absent = reviewing.NoSuchDecision

    @extend_schema(operation_id="read_review_case", responses=CaseOutput, tags=["reviews"])
    def get(self, request: Request, id: UUID) -> Response:
        """Read one case: findings, reviews so far, who is at it, what clearing takes, earlier decisions on the pair."""
        return Response(CaseOutput(describe_case(reviewing.desk(id, at=timezone.now()), request)).data)


class Claims(APIView):
    """Being at a case."""

    scopes: dict[str, str] = {}
    people = {"POST": REVIEWERS}
    sees = {"id": Decision}
    absent = reviewing.NoSuchDecision

    @extend_schema(operation_id="claim_review_case", request=None, responses={200: CaseOutput}, tags=["reviews"])
    def post(self, request: Request, id: UUID) -> Response:
        """Take a case for half an hour, or keep it, so that nobody does the same work. For people who signed in."""
        reviewing.check_part(caller_of(request), id)
        at = timezone.now()
        reviewing.claim(decision_id=id, reviewer_id=person_of(request), at=at)
        return Response(CaseOutput(describe_case(reviewing.desk(id, at=at), request)).data)


class Releases(APIView):
    """Giving a case back."""

    scopes: dict[str, str] = {}
    people = {"POST": REVIEWERS}
    sees = {"id": Decision}
    absent = reviewing.NoSuchDecision

    @extend_schema(operation_id="release_review_case", request=None, responses={200: CaseOutput}, tags=["reviews"])
    def post(self, request: Request, id: UUID) -> Response:
        """Give a case back to whoever comes next. For people who signed in."""
        reviewing.release(decision_id=id, reviewer_id=person_of(request))
        return Response(CaseOutput(describe_case(reviewing.desk(id, at=timezone.now()), request)).data)


class Assignments(APIView):
    """Giving a case to somebody."""

    scopes: dict[str, str] = {}
    people: dict[str, tuple[Verb, ...]] = {"POST": ()}  # the operator's
    sees = {"id": Decision}
    absent = reviewing.NoSuchDecision

    @extend_schema_serializer(component_name="Assignment")
    class Input(serializers.Serializer[Any]):
        """To whom."""

        username = serializers.CharField(max_length=150)

    @extend_schema(
        operation_id="assign_review_case",
        request=Input,
        responses={200: CaseOutput},
        examples=[OpenApiExample("assignment", {"username": "reviewer-2"}, request_only=True)],
        tags=["reviews"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Give a case to somebody who may review it, whoever has it now. For the operator's people who signed in."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        at = timezone.now()
        user = get_user_model().objects.filter(username=given.validated_data["username"]).first()
        if user is None:
            raise access.NotYours("username")
        reviewing.check_part(access.caller_of_user(user, at=at), id)
        reviewing.assign(decision_id=id, to_id=user.pk, by_id=person_of(request), at=at)
        return Response(CaseOutput(describe_case(reviewing.desk(id, at=at), request)).data)


class ReviewedOutput(serializers.Serializer[Any]):
    """A review, and what followed."""

    review = ReviewOutput()
    decision = serializers.UUIDField(allow_null=True, help_text="The decision that followed; null: it takes two")
    outcome = serializers.CharField(allow_null=True)


class Reviews(APIView):
    """Reviewing."""

    scopes: dict[str, str] = {}
    people = {"POST": REVIEWERS}
    sees = {"id": Decision}
    absent = reviewing.NoSuchDecision

    @extend_schema_serializer(component_name="Review")
    class Input(serializers.Serializer[Any]):
        """What a person found."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        outcome = serializers.ChoiceField(OUTCOMES)
        reason = serializers.ChoiceField(REASONS)
        note = serializers.CharField(required=False, allow_blank=True, default="", max_length=600, help_text=NOTE)
        evidence = DigestField(
            required=False, allow_blank=True, default="", help_text="SHA-256 of a document that you hold"
        )

    @extend_schema(
        operation_id="review",
        request=Input,
        responses={201: ReviewedOutput},
        examples=[
            OpenApiExample(
                "review",
                {
                    "id": "0d9f4f0e-9a3b-4f6e-8a3e-2f0f6b1c7d10",
                    "outcome": "cleared",
                    "reason": "not_the_same",
                    "note": "The same drum machine; the pattern is another one.",
                },
                request_only=True,
            )
        ],
        tags=["reviews"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Clear or refuse what no rule could settle. For people who signed in.

        What is cleared is judged anew on what holds now, signed, split and entered in the log. Where it takes two
        people the decision follows with the second; of three who disagree, two agree.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        reviewer = person_of(request)
        part = reviewing.check_part(caller_of(request), id)
        row, created = once(
            Review.objects.all(),
            data["id"],
            same=lambda found: (
                (found.decision_id, found.reviewer_id, found.outcome, found.reason, found.note, found.evidence_digest)
                == (id, reviewer, data["outcome"], data["reason"], data["note"], data["evidence"])
            ),
            create=lambda: (
                reviewing.review(
                    id=data["id"],
                    decision_id=id,
                    reviewer_id=reviewer,
                    outcome=Outcome(data["outcome"]),
                    reason=ReviewReason(data["reason"]),
                    note=data["note"],
                    evidence_digest=data["evidence"],
                    may_vouch=part.may_vouch,
                    at=timezone.now(),
                ).review
            ),
        )
        following = Decision.objects.filter(supersedes=id).first()
        said = {
            "review": row,
            "decision": following.pk if following else None,
            "outcome": following.outcome if following else None,
        }
        return Response(ReviewedOutput(said).data, status=201 if created else 200)


class RepeatedOutput(serializers.Serializer[Any]):
    """What came of measuring and judging again."""

    is_same_evidence = serializers.BooleanField(help_text="To the byte")
    is_same_verdict = serializers.BooleanField(allow_null=True, help_text="null: people decided it")
    differences = serializers.ListField(child=serializers.CharField())


class Repetitions(APIView):
    """Measuring again."""

    scopes: dict[str, str] = {}
    people = {"POST": REVIEWERS}
    sees = {"id": Decision}
    absent = reviewing.NoSuchDecision

    @extend_schema(operation_id="repeat_examination", request=None, responses={200: RepeatedOutput}, tags=["reviews"])
    def post(self, request: Request, id: UUID) -> Response:
        """
        Measure again what a decision rests on, against the indexes of then, and compare it byte for byte.

        Nothing is written. For people who signed in; it takes as long as the first examination.
        """
        reviewing.check_part(caller_of(request), id)
        return Response(RepeatedOutput(rechecking.repeat(decision_id=id)).data)


class RecheckOutput(serializers.Serializer[Any]):
    """That a cleared output was looked at again, and what would be decided now."""

    id = serializers.UUIDField()
    decision = serializers.UUIDField(source="decision_id")
    cause = serializers.CharField(help_text="index_grew or consent_ended")
    event = serializers.UUIDField(source="event_id", allow_null=True, help_text="What became of the consent")
    outcome = serializers.CharField()
    policy = serializers.CharField(source="policy_version")
    bands = serializers.UUIDField(source="bands_id")
    flag = serializers.SerializerMethodField(help_text="What the output is marked with; null: it clears still")
    findings = serializers.SerializerMethodField()
    rechecked_at = serializers.DateTimeField()

    def get_flag(self, row: Recheck) -> str | None:
        """Return the mark."""
        return OutputFlag.objects.filter(recheck=row).values_list("kind", flat=True).first()

    def get_findings(self, row: Recheck) -> list[dict[str, Any]]:
        """Return what would stand against it."""
        return [
            {"rule": one.rule, "effect": one.effect, "sentence": one.sentence}
            for one in row.findings.order_by("position")
        ]


class SubmissionRechecks(APIView):
    """Looking again."""

    scopes = READ
    sees = {"id": Submission}

    @extend_schema(operation_id="list_rechecks", responses=RecheckOutput(many=True), tags=["reviews"])
    def get(self, request: Request, id: UUID) -> Response:
        """List when your cleared output was found wanting since: a newer reference in it, or a consent that ended."""
        report.own(id, caller_of(request).sight)
        rows = Recheck.objects.filter(decision__submission=id).order_by("rechecked_at", "id")
        return Response(RecheckOutput(rows, many=True).data)


# --- appeals ---


class EvidenceInput(serializers.Serializer[Any]):
    """One piece of evidence: a document by its digest, or the ISRC of a prior release."""

    kind = serializers.ChoiceField(choices(AppealEvidenceKind))
    digest = DigestField(required=False, allow_blank=True, default="")
    isrc = serializers.CharField(required=False, allow_blank=True, default="", max_length=20)


class AnswerOutput(serializers.Serializer[AppealAnswer]):
    """What was answered."""

    id = serializers.UUIDField()
    is_upheld = serializers.BooleanField()
    reason = serializers.CharField()
    note = serializers.CharField()
    answered_at = serializers.DateTimeField()
    allowances = serializers.SerializerMethodField(help_text="Which references stop you no longer, and until when")
    decision = serializers.SerializerMethodField(help_text="The decision that followed")

    def get_allowances(self, row: AppealAnswer) -> list[dict[str, str]]:
        """Return what was taught."""
        return [
            {"reference": str(one.reference_id), "expires_on": one.expires_on.isoformat()}
            for one in row.allowances.order_by("id")
        ]

    def get_decision(self, row: AppealAnswer) -> str | None:
        """Return what followed."""
        following = Decision.objects.filter(supersedes=row.appeal.decision_id).first() if row.is_upheld else None
        return str(following.pk) if following else None


class AppealOutput(serializers.Serializer[Appeal]):
    """An appeal, and what came of it."""

    id = serializers.UUIDField()
    decision = serializers.UUIDField(source="decision_id")
    submission = serializers.UUIDField(source="decision.submission_id")
    ground = serializers.CharField()
    statement = serializers.CharField()
    evidence = serializers.SerializerMethodField()
    appealed_at = serializers.DateTimeField()
    due_at = serializers.SerializerMethodField()
    answer = serializers.SerializerMethodField()

    def get_evidence(self, row: Appeal) -> list[dict[str, str | None]]:
        """Return what was handed in."""
        return [
            {"kind": one.kind, "digest": digest(one.digest), "isrc": one.isrc or None}
            for one in row.evidence.order_by("id")
        ]

    def get_due_at(self, row: Appeal) -> str:
        """Return by when it should be answered."""
        return appealing.due_at(row).isoformat()

    def get_answer(self, row: Appeal) -> dict[str, Any] | None:
        """Return the answer."""
        found = AppealAnswer.objects.select_related("appeal").filter(appeal=row).first()
        return dict(AnswerOutput(found).data) if found else None


class SubmissionAppeals(APIView):
    """Appealing."""

    scopes = {"POST": "submissions:write"}
    sees = {"id": Submission}

    @extend_schema_serializer(component_name="Appeal")
    class Input(serializers.Serializer[Any]):
        """What you say against a refusal."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        ground = serializers.ChoiceField(choices(AppealGround))
        statement = serializers.CharField(max_length=1000, help_text=NOTE)
        evidence = EvidenceInput(many=True, required=False)

    @extend_schema(
        operation_id="appeal",
        request=Input,
        responses={201: AppealOutput},
        examples=[
            OpenApiExample(
                "appeal",
                {
                    "id": "5b3f0b0e-70f1-4f0e-9d2c-6a2f3c1d8e11",
                    "ground": "not_the_same",
                    "statement": "We programmed the drums; the session shows it.",
                    "evidence": [{"kind": "session_file", "digest": f"sha256:{'ab' * 32}"}],
                },
                request_only=True,
            )
        ],
        tags=["reviews"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """
        Appeal against the refusal of your own output, once, with what shows that it was wrong.

        Somebody else than the first reviewer answers. An appeal that is upheld is remembered for the pair of reference
        and submitter, and the output is judged again.
        """
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        party_id = party_of(request)
        pieces = [
            appealing.Piece(AppealEvidenceKind(one["kind"]), one["digest"], one["isrc"])
            for one in data.get("evidence", [])
        ]
        said = Decision.objects.filter(submission=id, outcome=Outcome.REFUSED, successor__isnull=True).first()

        def create() -> Appeal:
            if said is None:
                raise appealing.NothingToAppeal
            return appealing.appeal(
                id=data["id"],
                decision_id=said.pk,
                appellant_id=party_id,
                ground=AppealGround(data["ground"]),
                statement=data["statement"],
                evidence=pieces,
                at=timezone.now(),
            )

        row, created = once(
            seen_by(request, Appeal.objects.all()),
            data["id"],
            same=lambda found: (
                (found.decision.submission_id, found.ground, found.statement, found.evidence.count())
                == (id, data["ground"], data["statement"], len(pieces))
            ),
            create=create,
        )
        return Response(AppealOutput(row).data, status=201 if created else 200)


class Appeals(APIView):
    """All of them."""

    scopes = READ

    @extend_schema(operation_id="list_appeals", responses=Page.of(AppealOutput), tags=["reviews"])
    def get(self, request: Request) -> Response:
        """List appeals, oldest first: your own, and those about what you hold."""
        return page_of(Appeal.objects.select_related("decision"), "appealed_at", AppealOutput, request)


class AppealDetail(APIView):
    """One appeal."""

    scopes = READ
    sees = {"id": Appeal}
    absent = appealing.NoSuchAppeal

    @extend_schema(operation_id="read_appeal", responses=AppealOutput, tags=["reviews"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """Read an appeal: its evidence, by when it is answered, and the answer."""
        row = Appeal.objects.select_related("decision").filter(pk=id).first()
        if row is None:
            raise appealing.NoSuchAppeal
        return Response(AppealOutput(row).data)


class AppealAnswers(APIView):
    """Answering."""

    scopes: dict[str, str] = {}
    people = {"POST": (Verb.REVIEW,)}
    sees = {"id": Appeal}
    absent = appealing.NoSuchAppeal

    @extend_schema_serializer(component_name="AppealAnswer")
    class Input(serializers.Serializer[Any]):
        """What is answered."""

        id = serializers.UUIDField(help_text="Made by the client; the same id again gets the same answer")
        is_upheld = serializers.BooleanField()
        reason = serializers.ChoiceField(REASONS)
        note = serializers.CharField(required=False, allow_blank=True, default="", max_length=600, help_text=NOTE)
        expires_on = serializers.DateField(
            required=False, allow_null=True, default=None, help_text="Until when it is remembered; a year if not said"
        )

    @extend_schema(
        operation_id="answer_appeal",
        request=Input,
        responses={201: AppealOutput},
        examples=[
            OpenApiExample(
                "answer",
                {
                    "id": "9a0c2b7e-1d1f-4f55-8e0a-7f3c2a100d9f",
                    "is_upheld": True,
                    "reason": "not_the_same",
                    "expires_on": "2028-03-01",
                },
                request_only=True,
            )
        ],
        tags=["reviews"],
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Answer an appeal about an output that you did not review. For people who signed in."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        reviewer = person_of(request)
        about = Appeal.objects.select_related("decision").filter(pk=id).first()
        if about is None:
            raise appealing.NoSuchAppeal
        reviewing.check_part(caller_of(request), about.decision_id)
        _, created = once(
            AppealAnswer.objects.all(),
            data["id"],
            same=lambda found: (
                (found.appeal_id, found.reviewer_id, found.is_upheld, found.reason, found.note)
                == (id, reviewer, data["is_upheld"], data["reason"], data["note"])
            ),
            create=lambda: (
                appealing.answer(
                    id=data["id"],
                    appeal_id=id,
                    reviewer_id=reviewer,
                    is_upheld=data["is_upheld"],
                    reason=ReviewReason(data["reason"]),
                    note=data["note"],
                    expires_on=data["expires_on"],
                    at=timezone.now(),
                ).answer
            ),
        )
        return Response(AppealOutput(about).data, status=201 if created else 200)


# --- bands ---


class ThresholdsField(serializers.Serializer[Any]):
    """From which value on, in millionths; 1000001 is reached by nothing."""

    review_from = serializers.IntegerField(min_value=0, max_value=bands_.NEVER)
    block_from = serializers.IntegerField(min_value=0, max_value=bands_.NEVER)


class BandInput(serializers.Serializer[Any]):
    """One kind of match against one class of references."""

    kind = serializers.ChoiceField(choices(MatchKind))
    reference_class = serializers.ChoiceField(choices(bands_.ReferenceClass))
    probability = ThresholdsField(help_text="On the calibrated probability, where the detector has one")
    score = ThresholdsField(help_text="On the detector's own score, where nobody measured how often it is right")


class BandsOutput(serializers.Serializer[Any]):
    """One version of bands."""

    id = serializers.UUIDField(help_text="Follows from what they say; a decision names it")
    number = serializers.IntegerField(allow_null=True, help_text="null: shipped with the release")
    digest = serializers.CharField()
    note = serializers.CharField()
    is_in_force = serializers.BooleanField()
    activations = serializers.ListField(child=serializers.DateTimeField())
    rows = BandInput(many=True)


def _bands(given: bands_.Bands, row: BandsVersion | None, in_force: bands_.Bands) -> dict[str, Any]:
    rows = sorted(given.rows, key=lambda one: (one.kind.value, one.reference_class.value))
    return {
        "id": given.id,
        "number": row.number if row else None,
        "digest": digest(given.digest),
        "note": row.note if row else "Shipped with the release.",
        "is_in_force": given.id == in_force.id,
        "activations": [one.effective_from for one in row.activations.order_by("effective_from")] if row else [],
        "rows": [
            {
                "kind": one.kind.value,
                "reference_class": one.reference_class.value,
                "probability": one.probability,
                "score": one.score,
            }
            for one in rows
        ],
    }


class BandsList(APIView):
    """All versions."""

    scopes = READ
    people: dict[str, tuple[Verb, ...]] = {"POST": ()}  # the operator's

    @extend_schema_serializer(component_name="Bands")
    class Input(serializers.Serializer[Any]):
        """Bands to be proposed."""

        rows = BandInput(many=True, help_text="Each kind for any reference; and where it differs, for a class")
        note = serializers.CharField(required=False, allow_blank=True, default="", max_length=300, help_text=NOTE)

    @extend_schema(operation_id="list_bands", responses=BandsOutput(many=True), tags=["reviews"])
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List the versions of bands, the shipped first: from which strength on a match is looked at, or refused."""
        current = banding.in_force(at=timezone.now())
        found = [_bands(bands_.SHIPPED, None, current)]
        rows = BandsVersion.objects.prefetch_related("activations").order_by("number")
        found += [_bands(bands_.read(row.document), row, current) for row in rows]
        return Response(BandsOutput(found, many=True).data)

    @extend_schema(
        operation_id="draft_bands",
        request=Input,
        responses={201: BandsOutput},
        examples=[
            OpenApiExample(
                "bands",
                {
                    "rows": [
                        {
                            "kind": kind,
                            "reference_class": "any",
                            "probability": {"review_from": 400_000, "block_from": 999_500},
                            "score": {"review_from": 0, "block_from": bands_.NEVER},
                        }
                        for kind in ("exact_match", "version_match", "voice_match")
                    ],
                    "note": "After the figures of June.",
                },
                request_only=True,
            )
        ],
        tags=["reviews"],
    )
    def post(self, request: Request) -> Response:
        """Draft bands. They decide nothing before two people put them in force. For the operator's people."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        bands = bands_.of_rows([{**row, **_plain(row)} for row in data["rows"]])
        at = timezone.now()
        row = banding.draft(bands=bands, note=data["note"], drafted_by_id=person_of(request), at=at)
        return Response(BandsOutput(_bands(bands, row, banding.in_force(at=at))).data, status=201)


def _plain(row: dict[str, Any]) -> dict[str, dict[str, int]]:
    return {name: dict(row[name]) for name in ("probability", "score")}


class ChangeOutput(serializers.Serializer[Any]):
    """One past output that would come out otherwise."""

    submission = serializers.UUIDField(source="submission_id")
    title = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    sentences = serializers.ListField(child=serializers.CharField())


class InnocentOutput(serializers.Serializer[Any]):
    """Tracks that are in no catalogue: how many of them are stopped, as the detectors were measured."""

    kind = serializers.CharField()
    tracks = serializers.IntegerField()
    refused_before = serializers.IntegerField()
    refused_after = serializers.IntegerField()
    review_before = serializers.IntegerField()
    review_after = serializers.IntegerField()


class SimulationOutput(serializers.Serializer[Any]):
    """What bands would have done to past outputs."""

    bands = serializers.UUIDField(source="bands_id")
    against = serializers.UUIDField(source="against_id", help_text="The bands in force")
    outputs = serializers.IntegerField(help_text="How many past outputs were judged again")
    unreadable = serializers.IntegerField()
    before = serializers.DictField(child=serializers.IntegerField(), help_text="Outcomes by the bands in force")
    after = serializers.DictField(child=serializers.IntegerField(), help_text="Outcomes by these bands")
    changed = serializers.IntegerField()
    changes = ChangeOutput(many=True, help_text="The newest 200 of them")
    innocent = InnocentOutput(many=True, help_text="Of the published error rates; empty where none tells")


class BandsSimulation(APIView):
    """What bands would change."""

    scopes: dict[str, str] = {}
    people: dict[str, tuple[Verb, ...]] = {"GET": ()}
    sees = {"id": BandsVersion}
    absent = banding.NoSuchBands

    @extend_schema(operation_id="simulate_bands", responses=SimulationOutput, tags=["reviews"])
    def get(self, request: Request, id: UUID) -> Response:  # noqa: ARG002
        """Judge the newest 500 outputs again by these bands, and list which come out otherwise. For the operator."""
        found = simulating.simulate(banding.of(id), at=timezone.now())
        return Response(SimulationOutput(found).data)


class BandsProposalOutput(serializers.Serializer[Any]):
    """A proposal that waits for a second person."""

    id = serializers.UUIDField()
    bands = serializers.UUIDField(source="bands_id")
    reason = serializers.CharField()
    proposed_at = serializers.DateTimeField()


class BandsProposals(APIView):
    """Proposing."""

    scopes: dict[str, str] = {}
    people: dict[str, tuple[Verb, ...]] = {"POST": ()}
    sees = {"id": BandsVersion}
    absent = banding.NoSuchBands

    @extend_schema_serializer(component_name="BandsProposal")
    class Input(serializers.Serializer[Any]):
        """Why they should be in force."""

        id = serializers.UUIDField()
        reason = serializers.CharField(max_length=300, help_text=NOTE)

    @extend_schema(operation_id="propose_bands", request=Input, responses={201: BandsProposalOutput}, tags=["reviews"])
    def post(self, request: Request, id: UUID) -> Response:
        """Propose to put bands in force; a second person agrees. For the operator's people."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        proposer = person_of(request)
        row, created = once(
            Proposal.objects.all(),
            given.validated_data["id"],
            same=lambda found: (found.bands_id, found.proposed_by_id) == (id, proposer),
            create=lambda: activating.propose(
                bands_id=id, proposed_by_id=proposer, at=timezone.now(), **given.validated_data
            ),
        )
        return Response(BandsProposalOutput(row).data, status=201 if created else 200)


class BandsAnswers(APIView):
    """The second person."""

    scopes: dict[str, str] = {}
    people: dict[str, tuple[Verb, ...]] = {"POST": ()}
    sees = {"id": Proposal}

    @extend_schema_serializer(component_name="BandsAnswer")
    class Input(serializers.Serializer[Any]):
        """Whether the second person agrees."""

        id = serializers.UUIDField()
        is_agreed = serializers.BooleanField()
        reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=300, help_text=NOTE)
        effective_from = serializers.DateTimeField(
            required=False, allow_null=True, default=None, help_text="From when on; at once if not said"
        )

    @extend_schema(operation_id="answer_bands", request=Input, responses={201: BandsOutput}, tags=["reviews"])
    def post(self, request: Request, id: UUID) -> Response:
        """Agree to bands that somebody else proposed, which puts them in force; or refuse. For the operator."""
        given = self.Input(data=request.data)
        given.is_valid(raise_exception=True)
        at = timezone.now()
        approval = activating.answer(proposal_id=id, answered_by_id=person_of(request), at=at, **given.validated_data)
        bands_id = approval.proposal.bands_id
        if bands_id is None:
            raise banding.NoSuchBands
        row = BandsVersion.objects.get(pk=bands_id)
        found = _bands(bands_.read(row.document), row, banding.in_force(at=at))
        return Response(BandsOutput(found).data, status=201)
