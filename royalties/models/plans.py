"""How money is divided: the plan of a license, and the splits of an output."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

PROTECT = models.PROTECT


class Plan(models.Model):
    """
    The compensation plan of a license: parts of net receipts, each an exact fraction.

    The operator keeps the commission; of the rest the human creators get theirs; what remains is divided between
    masters and publishing, within a side equally over its assets, within an asset by ownership.
    """

    id = models.UUIDField(primary_key=True)
    license = models.ForeignKey("rights.License", on_delete=PROTECT, related_name="plans")
    commission_numerator = models.BigIntegerField()
    commission_denominator = models.BigIntegerField()
    creator_numerator = models.BigIntegerField()  # of what the commission leaves
    creator_denominator = models.BigIntegerField()
    masters_numerator = models.BigIntegerField()  # of what the creators leave; publishing has the rest
    masters_denominator = models.BigIntegerField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["license"], name="one_plan_per_license"),
            *(
                models.CheckConstraint(
                    condition=Q(
                        **{
                            f"{part}_numerator__gte": 0,
                            f"{part}_denominator__gt": 0,
                            f"{part}_numerator__lte": F(f"{part}_denominator"),
                        }
                    ),
                    name=f"{part}_is_a_part_of_the_whole",
                )
                for part in ("commission", "creator", "masters")
            ),
        ]

    def __str__(self) -> str:
        return f"Plan of {self.license}"


class Split(models.Model):
    """One leaf of an output's splits, in the territories where ownership is the same; each such group sums to one."""

    id = models.UUIDField(primary_key=True)
    decision = models.ForeignKey("rights.Decision", on_delete=PROTECT, related_name="splits")
    zone = models.PositiveSmallIntegerField()  # which group of territories, from 0
    territories = ArrayField(models.CharField(max_length=6))
    leaf = models.CharField(max_length=96)  # ROY-4: "COMM", "HC/<party>", "<asset>/<party>"
    party = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="splits")
    recording = models.ForeignKey("rights.Recording", on_delete=PROTECT, null=True, related_name="splits")
    work = models.ForeignKey("rights.Work", on_delete=PROTECT, null=True, related_name="splits")
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "zone", "leaf"], name="leaf_is_split_once"),
            models.CheckConstraint(
                condition=Q(numerator__gt=0, denominator__gt=0, numerator__lte=F("denominator")),
                name="split_is_a_part_of_the_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.leaf}: {self.numerator}/{self.denominator}"
