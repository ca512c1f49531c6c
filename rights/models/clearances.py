"""Questions that were answered: "may this licensee make this use of these assets there on that day?"."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from rights.models.assets import ModelVersion
from rights.models.parties import Party

PROTECT = models.PROTECT


class Clearance(models.Model):
    """One question about one asset or many, and what the answers were: as at a day, as known at a moment."""

    id = models.UUIDField(primary_key=True)
    licensee = models.ForeignKey(Party, on_delete=PROTECT, related_name="clearances")
    asker = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="clearances_asked")
    model_version = models.ForeignKey(ModelVersion, on_delete=PROTECT, null=True, blank=True, related_name="+")
    uses = ArrayField(models.CharField(max_length=24))
    purposes = ArrayField(models.CharField(max_length=24))
    territories = ArrayField(models.CharField(max_length=6))
    valid_at = models.DateField()  # as at E
    known_at = models.DateTimeField()  # as known at D
    policy_version = models.CharField(max_length=32)
    assets = models.PositiveIntegerField()
    allowed = models.PositiveIntegerField()
    denied = models.PositiveIntegerField()
    needing_approval = models.PositiveIntegerField()
    unknown = models.PositiveIntegerField()
    valid_until = models.DateField(null=True, blank=True)  # the first day on which a yes may be another answer
    answers_digest = models.CharField(max_length=64)  # SHA-256 of the answers, a line of RFC 8785 JSON each
    answered_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Clearance {str(self.id)[:8]}"


class ClearanceAnswers(models.Model):
    """The answers of a clearance as they were given, compressed (zlib, RFC 1950)."""

    clearance = models.OneToOneField(Clearance, on_delete=PROTECT, primary_key=True, related_name="answers")
    body = models.BinaryField()

    class Meta:
        verbose_name_plural = "clearance answers"

    def __str__(self) -> str:
        return str(self.clearance_id)
