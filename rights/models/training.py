"""What recordings are like as holders describe them, what a dataset leaves out, and what a provider declares."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.lookups import Exact

from rights.models.assets import Dataset, Lyrics, ModelVersion, Recording, Stem, Voice, Work
from rights.models.choices import one_of
from rights.models.conditions import ASSETS, NonNulls, asset_id
from rights.models.consents import ConsentEvent, Reservation
from rights.models.parties import Party
from rights.vocabulary import ExclusionReason, LeadVoice

PROTECT = models.PROTECT


class RecordingDescription(models.Model):
    """
    How a party describes a recording: what coverage is counted by (CHK-7). Its newest one stands, whoever else says so.

    Nothing here is ever inferred from audio. What is empty is not known, which is not the same as "none".
    """

    id = models.UUIDField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=PROTECT, related_name="descriptions")
    describer = models.ForeignKey(Party, on_delete=PROTECT, related_name="descriptions")
    genres = ArrayField(models.CharField(max_length=60), blank=True, default=list)
    languages = ArrayField(models.CharField(max_length=35), blank=True, default=list)  # BCP 47, of what is sung
    regions = ArrayField(models.CharField(max_length=6), blank=True, default=list)  # ISO 3166-1 or TIS
    recorded_year = models.PositiveSmallIntegerField(null=True, blank=True)
    lead_voice = models.CharField(max_length=8, blank=True, choices=one_of(LeadVoice))
    registrar = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(recorded_year__isnull=True) | Q(recorded_year__range=(1857, 2199)),  # the first recording
                name="recording_was_made_since_1857",
            )
        ]
        indexes = [
            models.Index(fields=["recording", "describer", "-recorded_at", "id"], name="description_newest_first")
        ]

    def __str__(self) -> str:
        return f"description of {self.recording}"


class DatasetExclusion(models.Model):
    """What was left out of a dataset when it was frozen, and why: one asset, or a number of others in words."""

    id = models.UUIDField(primary_key=True)
    dataset = models.ForeignKey(Dataset, on_delete=PROTECT, related_name="exclusions")
    recording = models.ForeignKey(Recording, on_delete=PROTECT, null=True, blank=True, related_name="+")
    work = models.ForeignKey(Work, on_delete=PROTECT, null=True, blank=True, related_name="+")
    voice = models.ForeignKey(Voice, on_delete=PROTECT, null=True, blank=True, related_name="+")
    stem = models.ForeignKey(Stem, on_delete=PROTECT, null=True, blank=True, related_name="+")
    lyrics = models.ForeignKey(Lyrics, on_delete=PROTECT, null=True, blank=True, related_name="+")
    quantity = models.PositiveIntegerField()  # of what is not registered here; 1 for an asset
    reason = models.CharField(max_length=16, choices=one_of(ExclusionReason))
    reservation = models.ForeignKey(Reservation, on_delete=PROTECT, null=True, blank=True, related_name="exclusions")
    event = models.ForeignKey(ConsentEvent, on_delete=PROTECT, null=True, blank=True, related_name="exclusions")
    note = models.CharField(max_length=300, blank=True)  # without names
    asset_id = asset_id()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(Exact(NonNulls(*ASSETS), 1), quantity=1)
                | Q(Exact(NonNulls(*ASSETS), 0), ~Q(note=""), quantity__gt=0),
                name="exclusion_is_of_an_asset_or_in_words",
            ),
            models.UniqueConstraint(fields=["dataset", "asset_id"], name="asset_is_left_out_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.asset_id or self.quantity}"


class TrainingStatement(models.Model):
    """
    What a provider declares about the training of a version that the record cannot know (AI Act, art. 53(1)(d)).

    A later one takes the place of those before it; all stay on record.
    """

    id = models.UUIDField(primary_key=True)
    model_version = models.ForeignKey(ModelVersion, on_delete=PROTECT, related_name="statements")
    stated_by = models.ForeignKey(Party, on_delete=PROTECT, related_name="training_statements")
    number = models.PositiveIntegerField()  # the version of the summary, from 1
    document = models.TextField()  # RFC 8785 JSON, as rights.training reads it
    digest = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model_version", "number"], name="training_statement_has_its_own_number")
        ]

    def __str__(self) -> str:
        return f"statement {self.number} on {self.model_version}"
