"""What was submitted, and what was decided about it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from rights.models.assets import ModelVersion, Recording
from rights.models.choices import one_of
from rights.models.parties import Party
from rights.vocabulary import AiLevel, Component, HumanAct, MakingEvidenceKind, Outcome

PROTECT = models.PROTECT


class Submission(models.Model):
    """An output that a distributor wants to release, and what they declare about it."""

    id = models.UUIDField(primary_key=True)
    submitter = models.ForeignKey(Party, on_delete=PROTECT, related_name="submissions")
    title = models.CharField(max_length=300)
    audio = models.ForeignKey("fingerprint.Audio", on_delete=PROTECT, related_name="submissions")
    uses = ArrayField(models.CharField(max_length=24))
    purposes = ArrayField(models.CharField(max_length=24), default=list, db_default=[])
    model_version = models.ForeignKey(
        ModelVersion, on_delete=PROTECT, null=True, blank=True, related_name="submissions"
    )
    territories = ArrayField(models.CharField(max_length=6))
    release_on = models.DateField()
    submitted_at = models.DateTimeField()
    # What the submitter expects it to earn: says how many people look before it is refused, and nothing else.
    expected_minor = models.BigIntegerField(null=True, blank=True)
    expected_currency = models.CharField(max_length=3, blank=True, db_default="")
    # Written into the file before it is signed, where they are given.
    isrc = models.CharField("ISRC", max_length=12, blank=True, db_default="")  # of the output itself
    cover_digest = models.CharField(max_length=64, blank=True, db_default="")  # SHA-256 of a JPEG or PNG
    # HMAC-SHA256 of what was asked of the model, under a salt that the submitter keeps: the text stays theirs.
    prompt_commitment = models.CharField(max_length=64, blank=True, db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expected_minor__isnull=True, expected_currency="")
                | Q(expected_minor__gte=0, expected_currency__regex="^[A-Z]{3}$"),
                name="expected_amount_has_its_currency",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Ingredient(models.Model):
    """A recording that the submitter declares to be in the output."""

    id = models.UUIDField(primary_key=True)
    submission = models.ForeignKey(Submission, on_delete=PROTECT, related_name="ingredients")
    recording = models.ForeignKey(Recording, on_delete=PROTECT, related_name="ingredients")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "recording"], name="ingredient_is_declared_once")]

    def __str__(self) -> str:
        return str(self.recording)


class ContributionRecord(models.Model):
    """
    That who or what made an output is stated anew, in place of what was stated before; the last one counts.

    What was submitted has no such row. What was decided, signed and divided before stays as it was.
    """

    id = models.UUIDField(primary_key=True)
    submission = models.ForeignKey(Submission, on_delete=PROTECT, related_name="contribution_records")
    position = models.PositiveSmallIntegerField()
    author = models.ForeignKey(Party, on_delete=PROTECT, related_name="contribution_records")
    reason = models.CharField(max_length=600)  # without names
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission", "position"], name="contribution_record_has_its_own_place"),
        ]

    def __str__(self) -> str:
        return f"record {self.position}"


class Contribution(models.Model):
    """Who or what made one component of the output: acts, never a percentage."""

    id = models.UUIDField(primary_key=True)
    submission = models.ForeignKey(Submission, on_delete=PROTECT, related_name="contributions")
    position = models.PositiveSmallIntegerField()
    component = models.CharField(max_length=24, choices=one_of(Component))
    ai_level = models.CharField(max_length=8, choices=one_of(AiLevel))
    tool = models.CharField(max_length=120, blank=True)
    # A person of whom it was not asked what they did; those of whom it was are in the acts.
    actor = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="contributions")
    record = models.ForeignKey(
        ContributionRecord, on_delete=PROTECT, null=True, blank=True, related_name="contributions"
    )  # empty: as submitted
    tool_version = models.CharField(max_length=60, blank=True, db_default="")
    is_generative = models.BooleanField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "record", "position"],
                name="contribution_has_its_own_position",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(ai_level="none") | ~Q(tool=""), name="machine_contribution_names_its_tool"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component}: {self.ai_level}"


class ContributionAct(models.Model):
    """What a person did to one component, in the same record as its contribution."""

    id = models.UUIDField(primary_key=True)
    submission = models.ForeignKey(Submission, on_delete=PROTECT, related_name="contribution_acts")
    record = models.ForeignKey(ContributionRecord, on_delete=PROTECT, null=True, blank=True, related_name="acts")
    component = models.CharField(max_length=24, choices=one_of(Component))
    party = models.ForeignKey(Party, on_delete=PROTECT, related_name="contribution_acts")
    act = models.CharField(max_length=32, choices=one_of(HumanAct))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "record", "component", "party", "act"],
                name="act_is_stated_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component}: {self.act}"


class ContributionEvidence(models.Model):
    """A file that shows how one component was made; the file itself stays with whoever has it."""

    id = models.UUIDField(primary_key=True)
    submission = models.ForeignKey(Submission, on_delete=PROTECT, related_name="contribution_evidence")
    record = models.ForeignKey(ContributionRecord, on_delete=PROTECT, null=True, blank=True, related_name="evidence")
    component = models.CharField(max_length=24, choices=one_of(Component))
    kind = models.CharField(max_length=16, choices=one_of(MakingEvidenceKind))
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "record", "component", "digest"],
                name="making_evidence_is_named_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.component}"


class Decision(models.Model):
    """
    What was decided about a submission, on which evidence, and as known when. Final.

    A review or an appeal that is upheld leaves it as it is: another decision supersedes it, and the last one counts.
    """

    id = models.UUIDField(primary_key=True)
    submission = models.ForeignKey(Submission, on_delete=PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=8, choices=one_of(Outcome))
    examination = models.ForeignKey(
        "fingerprint.Examination", on_delete=PROTECT, null=True, blank=True, related_name="decisions"
    )  # empty: the audio broke off while it was decoded, which refuses it
    policy_version = models.CharField(max_length=32)
    licenses = ArrayField(models.UUIDField())  # what a clearance rests on
    known_at = models.DateTimeField()  # which facts were known: those recorded up to here
    decided_at = models.DateTimeField()
    supersedes = models.OneToOneField("self", on_delete=PROTECT, null=True, blank=True, related_name="successor")
    bands_id = models.UUIDField(null=True, blank=True)  # what it was judged by; empty: before there were any

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission"], condition=Q(supersedes__isnull=True), name="one_decision_per_submission"
            ),
            models.CheckConstraint(
                condition=Q(examination__isnull=False) | Q(outcome="refused"),
                name="only_a_refusal_is_without_evidence",
            ),
        ]
        indexes = [GinIndex(fields=["licenses"], name="decision_rests_on_licenses")]

    def __str__(self) -> str:
        return self.outcome


class Finding(models.Model):
    """One obligation that did not hold, in words, with the ids that it rests on."""

    id = models.UUIDField(primary_key=True)
    decision = models.ForeignKey(Decision, on_delete=PROTECT, related_name="findings")
    position = models.PositiveSmallIntegerField()
    rule = models.CharField(max_length=48)
    effect = models.CharField(max_length=8)
    sentence = models.CharField(max_length=600)  # titles and ids, never a person's name
    rests_on = ArrayField(models.UUIDField())
    matches = ArrayField(models.PositiveSmallIntegerField())  # positions in the evidence's matches

    class Meta:
        constraints = [models.UniqueConstraint(fields=["decision", "position"], name="finding_has_its_own_position")]

    def __str__(self) -> str:
        return self.sentence
