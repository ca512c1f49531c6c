"""
What the facts come to: who holds, who agrees and what is licensed, in ranges of time and of knowledge.

Derived from the facts in the transaction that writes them and never edited by hand: each row says that something was
so in ``valid`` (days), as the service believed in ``known`` (moments). A correction ends ``known`` and adds rows, so
"as at E, as known at D" is two containments (LED-3). ``rights.standing`` folds facts into these rows; the audit folds
again and compares.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField
from django.db import models

from rights.models.consents import Consent, Reservation
from rights.models.fields import CountriesField, UuidRangeField
from rights.models.licenses import License
from rights.models.parties import Party
from rights.models.shares import Share

PROTECT = models.PROTECT


class ShareStanding(models.Model):
    """Who holds how much of a right in an asset, in ``units`` of ``rights.standing.UNITS``; null if not exact."""

    id = models.BigAutoField(primary_key=True)
    share = models.ForeignKey(Share, on_delete=PROTECT, related_name="standing")
    asset_id = models.UUIDField()
    holder = models.ForeignKey(Party, on_delete=PROTECT, related_name="+", db_index=False)  # after merges
    right_type = models.CharField(max_length=24)
    basis = models.CharField(max_length=12)
    units = models.BigIntegerField(null=True)
    countries = CountriesField()
    valid = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        indexes = [models.Index(fields=["asset_id", "right_type"], name="share_stands_for_asset")]

    def __str__(self) -> str:
        return f"{self.share_id} in {self.valid}"


class PermissionStanding(models.Model):
    """Who allows or forbids what: a consent while it is granted or after it was withdrawn, or a reservation."""

    id = models.BigAutoField(primary_key=True)
    consent = models.ForeignKey(Consent, on_delete=PROTECT, null=True, related_name="standing")
    reservation = models.ForeignKey(Reservation, on_delete=PROTECT, null=True, related_name="standing")
    stance = models.SmallIntegerField()  # rights.standing.Stance
    holder = models.ForeignKey(Party, on_delete=PROTECT, related_name="+", db_index=False)  # after merges
    asset_id = models.UUIDField(null=True)  # null: every asset of the holder …
    assets_from = models.DateTimeField(null=True)  # … registered at this moment or later; null: whenever
    licensee = models.ForeignKey(Party, on_delete=PROTECT, null=True, related_name="+", db_index=False)  # null: any …
    licensee_role = models.CharField(max_length=16, db_default="")  # … in this role, empty: of whatever role
    model_id = models.UUIDField(null=True)
    model_version_id = models.UUIDField(null=True)
    uses = models.IntegerField()  # rights.vocabulary.use_mask
    barred = models.IntegerField(db_default=0)  # rights.vocabulary.purpose_mask
    approval = models.BooleanField(db_default=False)  # somebody must be asked each time
    overrides = ArrayField(models.UUIDField(), db_default=[])  # reservations that it names
    countries = CountriesField()
    valid = DateRangeField()
    known = DateTimeRangeField()

    class Meta:
        indexes = [models.Index(fields=["holder", "asset_id"], name="permission_stands_for_asset")]

    def __str__(self) -> str:
        return f"{self.consent_id or self.reservation_id} in {self.valid}"


class LicenseStanding(models.Model):
    """What a license allows while it is in force, or that it ended by an act."""

    id = models.BigAutoField(primary_key=True)
    license = models.ForeignKey(License, on_delete=PROTECT, related_name="standing")
    stance = models.SmallIntegerField()  # rights.standing.Stance
    licensee = models.ForeignKey(Party, on_delete=PROTECT, related_name="+")  # after merges
    uses = models.IntegerField()
    barred = models.IntegerField(db_default=0)
    model_versions = ArrayField(models.UUIDField(), db_default=[])  # empty: bound to none
    countries = CountriesField()
    valid = DateRangeField()
    known = DateTimeRangeField()

    def __str__(self) -> str:
        return f"{self.license_id} in {self.valid}"


class ExclusiveRight(models.Model):
    """One asset and use that one license has to itself somewhere, for a time: two that overlap are refused (LIC-3)."""

    id = models.BigAutoField(primary_key=True)
    license = models.ForeignKey(License, on_delete=PROTECT, related_name="exclusive_rights")
    asset = UuidRangeField()
    use = models.IntegerField()  # position in rights.vocabulary.Use
    countries = CountriesField()
    valid = DateRangeField()

    def __str__(self) -> str:
        return f"{self.license_id} in {self.valid}"
