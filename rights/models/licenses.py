"""What licensees may do: a license is immutable terms, a frozen schedule, a plan and a history."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from rights.models.assets import Lyrics, ModelVersion, Recording, Stem, Voice, Work
from rights.models.choices import one_of
from rights.models.conditions import asset_id, ends_after_it_begins, is_of_one_asset
from rights.models.consents import TermsVersion
from rights.models.parties import Party
from rights.vocabulary import LicenseAct

PROTECT = models.PROTECT


class License(models.Model):
    """What a licensee may do with the assets on a schedule, which is frozen at signing."""

    id = models.UUIDField(primary_key=True)
    licensor = models.ForeignKey(Party, on_delete=PROTECT, related_name="licenses_given")
    licensee = models.ForeignKey(Party, on_delete=PROTECT, related_name="licenses_held")
    uses = ArrayField(models.CharField(max_length=24))
    barred = ArrayField(models.CharField(max_length=24), default=list, db_default=[])  # purposes it does not allow
    territories = ArrayField(models.CharField(max_length=6))
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    is_exclusive = models.BooleanField(db_default=False)
    max_outputs = models.PositiveIntegerField(null=True, blank=True)  # how many outputs may be cleared under it
    influence_numerator = models.BigIntegerField(null=True, blank=True)  # the most that one output may owe to one asset
    influence_denominator = models.BigIntegerField(null=True, blank=True)
    release_from = models.DateField(null=True, blank=True)  # the window in which outputs may be released
    release_to = models.DateField(null=True, blank=True)
    terms = models.ForeignKey(TermsVersion, on_delete=PROTECT, null=True, blank=True, related_name="licenses")
    document_digest = models.CharField(max_length=64)  # SHA-256 of the signed text
    registrar = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            ends_after_it_begins("license_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(influence_numerator__isnull=True, influence_denominator__isnull=True)
                | Q(
                    influence_numerator__gt=0,
                    influence_denominator__gt=0,
                    influence_numerator__lte=F("influence_denominator"),
                ),
                name="licensed_influence_is_a_part_of_an_output",
            ),
            models.CheckConstraint(
                condition=Q(release_from__isnull=True)
                | Q(release_to__isnull=True)
                | Q(release_to__gt=F("release_from")),
                name="release_window_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"License {str(self.id)[:8]} to {self.licensee}"


class LicenseAsset(models.Model):
    """One line of a license's schedule."""

    id = models.UUIDField(primary_key=True)
    license = models.ForeignKey(License, on_delete=PROTECT, related_name="schedule")
    recording = models.ForeignKey(Recording, on_delete=PROTECT, null=True, blank=True, related_name="schedule_lines")
    work = models.ForeignKey(Work, on_delete=PROTECT, null=True, blank=True, related_name="schedule_lines")
    voice = models.ForeignKey(Voice, on_delete=PROTECT, null=True, blank=True, related_name="schedule_lines")
    stem = models.ForeignKey(Stem, on_delete=PROTECT, null=True, blank=True, related_name="schedule_lines")
    lyrics = models.ForeignKey(Lyrics, on_delete=PROTECT, null=True, blank=True, related_name="schedule_lines")
    asset_id = asset_id()

    class Meta:
        constraints = [
            is_of_one_asset("schedule_line_is_of_one_asset"),
            models.UniqueConstraint(fields=["license", "recording"], name="recording_is_scheduled_once"),
            models.UniqueConstraint(fields=["license", "work"], name="work_is_scheduled_once"),
            models.UniqueConstraint(fields=["asset_id", "license"], name="asset_is_scheduled_once"),
        ]

    def __str__(self) -> str:
        return str(self.recording or self.work or self.voice or self.stem or self.lyrics)


class LicenseModelVersion(models.Model):
    """A model version that a license is bound to; a license without any is bound to none (LIC-2)."""

    id = models.UUIDField(primary_key=True)
    license = models.ForeignKey(License, on_delete=PROTECT, related_name="model_versions")
    model_version = models.ForeignKey(ModelVersion, on_delete=PROTECT, related_name="licenses")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["license", "model_version"], name="license_names_a_model_version_once")
        ]

    def __str__(self) -> str:
        return str(self.model_version)


class LicenseEvent(models.Model):
    """What became of a license."""

    id = models.UUIDField(primary_key=True)
    license = models.ForeignKey(License, on_delete=PROTECT, related_name="events")
    position = models.PositiveIntegerField()
    act = models.CharField(max_length=12, choices=one_of(LicenseAct))
    actor = models.ForeignKey(Party, on_delete=PROTECT, related_name="license_events")
    effective_on = models.DateField()
    successor = models.ForeignKey(License, on_delete=PROTECT, null=True, blank=True, related_name="predecessors")
    reason = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["license", "position"], name="license_event_has_its_own_position")
        ]

    def __str__(self) -> str:
        return f"{self.act} on {self.effective_on}"


class MfnClause(models.Model):
    """Most favored nation: whoever of a class gets better terms, this license's licensor gets them too (LIC-5)."""

    id = models.UUIDField(primary_key=True)
    license = models.ForeignKey(License, on_delete=PROTECT, related_name="mfn_clauses")
    reference_class = models.CharField(max_length=80)  # whose terms are compared
    measure = models.CharField(max_length=24)  # what is compared: rights.mfn.Measure
    looks_back_to = models.DateField()

    class Meta:
        verbose_name = "MFN clause"

    def __str__(self) -> str:
        return self.reference_class
