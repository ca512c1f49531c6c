"""What people decided about an output, what its submitter said against it, and what was found when it was out."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from rights.models.choices import one_of
from rights.models.conditions import ASSETS, is_a_part, is_of_one_asset
from rights.models.consents import ConsentEvent
from rights.models.outputs import Decision, Submission
from rights.models.parties import Party
from rights.vocabulary import (
    AppealEvidenceKind,
    AppealGround,
    Outcome,
    RecheckCause,
    ReviewReason,
)

PROTECT = models.PROTECT


class Review(models.Model):
    """
    What one person found about a decision: cleared or refused, and why (CHK-5).

    Where it takes two, the first one's review waits for a second person's; of three, two agree.
    """

    id = models.UUIDField(primary_key=True)
    decision = models.ForeignKey(Decision, on_delete=PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="reviews")
    position = models.PositiveSmallIntegerField()  # 0 for the first
    outcome = models.CharField(max_length=8, choices=one_of(Outcome))
    reason = models.CharField(max_length=24, choices=one_of(ReviewReason))
    note = models.CharField(max_length=600, blank=True)  # without names
    evidence_digest = models.CharField(max_length=64, blank=True)  # of a document that the reviewer holds
    reviewed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "position"], name="review_has_its_own_position"),
            models.UniqueConstraint(fields=["decision", "reviewer"], name="nobody_reviews_twice"),
            models.CheckConstraint(condition=~Q(outcome="review"), name="review_comes_to_an_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.get_reason_display()}"


class Appeal(models.Model):
    """That a submitter says a refusal was wrong, and on what ground (CHK-6). Once a decision."""

    id = models.UUIDField(primary_key=True)
    decision = models.OneToOneField(Decision, on_delete=PROTECT, related_name="appeal")
    appellant = models.ForeignKey(Party, on_delete=PROTECT, related_name="appeals")
    ground = models.CharField(max_length=24, choices=one_of(AppealGround))
    statement = models.CharField(max_length=1000)  # without names
    appealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.get_ground_display()


class AppealEvidence(models.Model):
    """One document that the appellant holds and hands in, by its digest; or the ISRC it was out under before."""

    id = models.UUIDField(primary_key=True)
    appeal = models.ForeignKey(Appeal, on_delete=PROTECT, related_name="evidence")
    kind = models.CharField(max_length=16, choices=one_of(AppealEvidenceKind))
    digest = models.CharField(max_length=64, blank=True)
    isrc = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="prior_isrc", isrc__regex="^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$")
                | (~Q(kind="prior_isrc") & Q(isrc="", digest__regex="^[0-9a-f]{64}$")),
                name="appeal_evidence_is_a_document_or_an_isrc",
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class AppealAnswer(models.Model):
    """What another reviewer than the first answered. What was upheld is judged again, and that decision counts."""

    id = models.UUIDField(primary_key=True)
    appeal = models.OneToOneField(Appeal, on_delete=PROTECT, related_name="answer")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="appeals_answered")
    is_upheld = models.BooleanField()
    reason = models.CharField(max_length=24, choices=one_of(ReviewReason))
    note = models.CharField(max_length=600, blank=True)  # without names
    answered_at = models.DateTimeField()

    def __str__(self) -> str:
        return "upheld" if self.is_upheld else "dismissed"


class Allowance(models.Model):
    """
    What an upheld appeal teaches: this reference is no reason to stop this submitter, until a day (CHK-6).

    Only of recordings and versions. A voice is never allowed in advance (CHK-4).
    """

    id = models.UUIDField(primary_key=True)
    answer = models.ForeignKey(AppealAnswer, on_delete=PROTECT, related_name="allowances")
    reference = models.ForeignKey("fingerprint.Reference", on_delete=PROTECT, related_name="allowances")
    submitter = models.ForeignKey(Party, on_delete=PROTECT, related_name="allowances")
    expires_on = models.DateField()  # the first day without it
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["answer", "reference"], name="pair_is_allowed_once_an_answer")]

    def __str__(self) -> str:
        return f"until {self.expires_on}"


class Recheck(models.Model):
    """That a cleared output was looked at again for what is new, and what would be decided now (CHK-8)."""

    id = models.UUIDField(primary_key=True)
    decision = models.ForeignKey(Decision, on_delete=PROTECT, related_name="rechecks")
    cause = models.CharField(max_length=16, choices=one_of(RecheckCause))
    event = models.ForeignKey(ConsentEvent, on_delete=PROTECT, null=True, blank=True, related_name="rechecks")
    examination = models.ForeignKey(
        "fingerprint.Examination", on_delete=PROTECT, null=True, blank=True, related_name="rechecks"
    )  # what was found among what is new; empty: nothing new was compared
    outcome = models.CharField(max_length=8, choices=one_of(Outcome))
    policy_version = models.CharField(max_length=32)
    bands_id = models.UUIDField()
    known_at = models.DateTimeField()
    rechecked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(cause="consent_ended", event__isnull=False) | Q(cause="index_grew", event__isnull=True),
                name="recheck_names_what_ended",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()}: {self.outcome}"


class RecheckFinding(models.Model):
    """One obligation that did not hold any more."""

    id = models.UUIDField(primary_key=True)
    recheck = models.ForeignKey(Recheck, on_delete=PROTECT, related_name="findings")
    position = models.PositiveSmallIntegerField()
    rule = models.CharField(max_length=48)
    effect = models.CharField(max_length=8)
    sentence = models.CharField(max_length=600)  # titles and ids, never a person's name
    rests_on = ArrayField(models.UUIDField())
    matches = ArrayField(models.PositiveSmallIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recheck", "position"], name="recheck_finding_has_its_own_position")
        ]

    def __str__(self) -> str:
        return self.sentence


class Influence(models.Model):
    """
    What an attribution provider says about what went into an output: a claim, beside those of others.

    Weights of one report add up to one on each side that it speaks of. No money follows from it here.
    """

    id = models.UUIDField(primary_key=True)
    submission = models.ForeignKey(Submission, on_delete=PROTECT, related_name="influences")
    provider = models.ForeignKey(Party, on_delete=PROTECT, related_name="influences")
    stated_by = models.ForeignKey(Party, on_delete=PROTECT, related_name="+")  # who handed it in
    method = models.CharField(max_length=120)
    version = models.CharField(max_length=60)
    confidence_numerator = models.BigIntegerField()
    confidence_denominator = models.BigIntegerField()
    report_digest = models.CharField(max_length=64)  # of the provider's report as it came
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    confidence_numerator__gte=0,
                    confidence_denominator__gt=0,
                    confidence_numerator__lte=F("confidence_denominator"),
                ),
                name="confidence_is_a_part_of_the_whole",
            ),
            models.UniqueConstraint(
                fields=["submission", "provider", "report_digest"], name="report_is_received_once_an_output"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.version}"


class InfluenceWeight(models.Model):
    """Which part of the masters' or the works' side an asset is said to have."""

    id = models.UUIDField(primary_key=True)
    influence = models.ForeignKey(Influence, on_delete=PROTECT, related_name="weights")
    recording = models.ForeignKey("rights.Recording", on_delete=PROTECT, null=True, blank=True, related_name="+")
    work = models.ForeignKey("rights.Work", on_delete=PROTECT, null=True, blank=True, related_name="+")
    voice = models.ForeignKey("rights.Voice", on_delete=PROTECT, null=True, blank=True, related_name="+")
    stem = models.ForeignKey("rights.Stem", on_delete=PROTECT, null=True, blank=True, related_name="+")
    lyrics = models.ForeignKey("rights.Lyrics", on_delete=PROTECT, null=True, blank=True, related_name="+")
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()

    class Meta:
        constraints = [
            is_of_one_asset("influence_weight_is_of_one_asset"),
            is_a_part("influence_weight_is_a_part_of_its_side"),
            models.UniqueConstraint(
                fields=["influence", *ASSETS], name="asset_has_one_weight_a_report", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


class InfluenceObjection(models.Model):
    """That somebody who is weighed, or left out, says that a report is wrong; both are shown."""

    id = models.UUIDField(primary_key=True)
    influence = models.ForeignKey(Influence, on_delete=PROTECT, related_name="objections")
    party = models.ForeignKey(Party, on_delete=PROTECT, related_name="influence_objections")
    reason = models.CharField(max_length=600)  # without names
    evidence_digest = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["influence", "party"], name="party_objects_once_to_a_report")]

    def __str__(self) -> str:
        return "objected"
