"""Who holds which part of which right, and what is contested about it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from rights.models.assets import Lyrics, Recording, Stem, Voice, Work
from rights.models.choices import one_of
from rights.models.conditions import asset_id, ends_after_it_begins, is_a_part, is_of_one_asset
from rights.models.parties import Party
from rights.vocabulary import Basis, ConflictAct, RightType, ShareAct

PROTECT = models.PROTECT


class Share(models.Model):
    """An exact part of a right in an asset, in a set of territories, for a period [from, to)."""

    id = models.UUIDField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=PROTECT, null=True, blank=True, related_name="shares")
    work = models.ForeignKey(Work, on_delete=PROTECT, null=True, blank=True, related_name="shares")
    voice = models.ForeignKey(Voice, on_delete=PROTECT, null=True, blank=True, related_name="shares")
    stem = models.ForeignKey(Stem, on_delete=PROTECT, null=True, blank=True, related_name="shares")
    lyrics = models.ForeignKey(Lyrics, on_delete=PROTECT, null=True, blank=True, related_name="shares")
    party = models.ForeignKey(Party, on_delete=PROTECT, related_name="shares")
    right_type = models.CharField(max_length=24, choices=one_of(RightType))
    basis = models.CharField(max_length=12, choices=one_of(Basis), db_default=Basis.OWNERSHIP.value)
    role = models.CharField(max_length=8, blank=True, db_default="")  # CWR's role of a writer or publisher
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()
    written = models.CharField(max_length=40, blank=True, db_default="")  # the decimal that the exact part came from
    territories = ArrayField(models.CharField(max_length=6))
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    registrar = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()
    asset_id = asset_id()

    class Meta:
        constraints = [
            is_of_one_asset("share_is_of_one_asset"),
            is_a_part("share_is_a_part_of_the_whole"),
            ends_after_it_begins("share_ends_after_it_begins"),
        ]
        indexes = [models.Index(fields=["asset_id"], name="share_of_asset")]

    def __str__(self) -> str:
        asset = self.recording or self.work or self.voice or self.stem or self.lyrics
        return f"{self.numerator}/{self.denominator} of {asset}"


class ShareEvent(models.Model):
    """What became of a share: it ended on a day, or it turned out never to have been."""

    id = models.UUIDField(primary_key=True)
    share = models.ForeignKey(Share, on_delete=PROTECT, related_name="events")
    act = models.CharField(max_length=12, choices=one_of(ShareAct))
    effective_on = models.DateField(null=True, blank=True)  # of an end: the first day without it
    successor = models.ForeignKey(Share, on_delete=PROTECT, null=True, blank=True, related_name="replaces")
    reason = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["share", "act"], name="share_ends_and_is_retracted_once"),
            models.CheckConstraint(
                condition=Q(act="ended", effective_on__isnull=False) | Q(act="retracted", effective_on__isnull=True),
                name="end_of_share_has_its_day",
            ),
        ]

    def __str__(self) -> str:
        return self.act


class Conflict(models.Model):
    """That more than the whole of a right is claimed somewhere: what is held until the claimants agree (SHR-3)."""

    id = models.UUIDField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=PROTECT, null=True, blank=True, related_name="conflicts")
    work = models.ForeignKey(Work, on_delete=PROTECT, null=True, blank=True, related_name="conflicts")
    voice = models.ForeignKey(Voice, on_delete=PROTECT, null=True, blank=True, related_name="conflicts")
    stem = models.ForeignKey(Stem, on_delete=PROTECT, null=True, blank=True, related_name="conflicts")
    lyrics = models.ForeignKey(Lyrics, on_delete=PROTECT, null=True, blank=True, related_name="conflicts")
    right_type = models.CharField(max_length=24, choices=one_of(RightType))
    basis = models.CharField(max_length=12, choices=one_of(Basis))
    territories = ArrayField(models.CharField(max_length=6))  # where more than the whole is claimed
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    answer_by = models.DateField()  # the first clock: every claimant answers
    escalate_on = models.DateField()
    close_by = models.DateField()
    opened_at = models.DateTimeField()
    asset_id = asset_id()

    class Meta:
        constraints = [is_of_one_asset("conflict_is_about_one_asset")]
        indexes = [models.Index(fields=["asset_id"], name="conflict_about_asset")]

    def __str__(self) -> str:
        return f"Conflict about {self.recording or self.work or self.voice or self.stem or self.lyrics}"


class ConflictClaim(models.Model):
    """One of the shares that together are more than the whole."""

    id = models.UUIDField(primary_key=True)
    conflict = models.ForeignKey(Conflict, on_delete=PROTECT, related_name="claims")
    share = models.ForeignKey(Share, on_delete=PROTECT, related_name="conflict_claims")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conflict", "share"], name="claim_is_in_a_conflict_once")]

    def __str__(self) -> str:
        return str(self.share)


class ConflictEvent(models.Model):
    """What somebody said or did about a conflict; words are sealed under the author's key."""

    id = models.UUIDField(primary_key=True)
    conflict = models.ForeignKey(Conflict, on_delete=PROTECT, related_name="events")
    position = models.PositiveIntegerField()
    act = models.CharField(max_length=16, choices=one_of(ConflictAct))
    author = models.ForeignKey(Party, on_delete=PROTECT, related_name="conflict_events")
    sealed = models.BinaryField(null=True, blank=True)
    commitment = models.BinaryField(max_length=32, null=True, blank=True)
    evidence_digest = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conflict", "position"], name="conflict_event_has_its_own_position")
        ]

    def __str__(self) -> str:
        return self.act
