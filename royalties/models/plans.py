"""How money is divided: the plans of a license with their terms, and the splits of an output in their versions."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from rights.models.choices import one_of
from royalties.vocabulary import Basis, DivisionReason, MoneyTerm, Scope, WeighingModel

PROTECT = models.PROTECT
SIDES = [("master", "masters"), ("publishing", "publishing")]


def _part(name: str) -> dict[str, object]:
    return {
        f"{name}_numerator__gte": 0,
        f"{name}_denominator__gt": 0,
        f"{name}_numerator__lte": F(f"{name}_denominator"),
    }


class Plan(models.Model):
    """
    A version of the compensation plan of a license: parts of net receipts, each an exact fraction.

    The operator keeps the commission; of the rest the human creators get theirs; what remains is divided between
    masters and publishing, within a side as its models say, within an asset by ownership. Version 1 is signed with the
    license; a later one says why. Within a license the plan of the narrowest scope counts.
    """

    id = models.UUIDField(primary_key=True)
    license = models.ForeignKey("rights.License", on_delete=PROTECT, related_name="plans")
    number = models.PositiveSmallIntegerField(default=1)
    valid_from = models.DateField(null=True, blank=True)  # empty: from the license's first day
    reason = models.CharField(max_length=300, blank=True)  # without names; empty for what was signed
    scope = models.CharField(max_length=8, choices=one_of(Scope), default=Scope.ACCOUNT.value)
    party = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="plans")
    release = models.ForeignKey("rights.Release", on_delete=PROTECT, null=True, blank=True, related_name="plans")
    recording = models.ForeignKey("rights.Recording", on_delete=PROTECT, null=True, blank=True, related_name="plans")
    commission_numerator = models.BigIntegerField()
    commission_denominator = models.BigIntegerField()
    creator_numerator = models.BigIntegerField()  # of what the commission leaves
    creator_denominator = models.BigIntegerField()
    masters_numerator = models.BigIntegerField()  # of what the creators leave; publishing has the rest
    masters_denominator = models.BigIntegerField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["license", "number"], name="plan_has_its_own_number"),
            *(
                models.CheckConstraint(condition=Q(**_part(part)), name=f"{part}_is_a_part_of_the_whole")
                for part in ("commission", "creator", "masters")
            ),
            models.CheckConstraint(
                condition=Q(scope="account", party=None, release=None, recording=None)
                | Q(scope="party", party__isnull=False, release=None, recording=None)
                | Q(scope="release", party=None, release__isnull=False, recording=None)
                | Q(scope="track", party=None, release=None, recording__isnull=False),
                name="plan_names_what_it_is_for",
            ),
            models.CheckConstraint(
                condition=Q(number=1, scope="account", valid_from=None) | Q(number__gt=1, valid_from__isnull=False),
                name="first_plan_is_for_all_of_the_license",
            ),
        ]

    def __str__(self) -> str:
        return f"Plan {self.number} of {self.license}"


class PlanModel(models.Model):
    """One model by which a side of a plan is weighed, and which part of the side it weighs; or of its fallback."""

    id = models.UUIDField(primary_key=True)
    plan = models.ForeignKey(Plan, on_delete=PROTECT, related_name="models")
    side = models.CharField(max_length=10, choices=SIDES)
    is_fallback = models.BooleanField()
    position = models.PositiveSmallIntegerField()
    model = models.CharField(max_length=16, choices=one_of(WeighingModel))
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()
    basis = models.CharField(max_length=8, choices=one_of(Basis), blank=True)
    provider = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="+")
    threshold_numerator = models.BigIntegerField(null=True, blank=True)  # the confidence that it takes
    threshold_denominator = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "side", "is_fallback", "position"], name="plan_model_has_its_own_position"
            ),
            models.CheckConstraint(
                condition=Q(numerator__gt=0, denominator__gt=0, numerator__lte=F("denominator")),
                name="plan_model_weighs_a_part_of_its_side",
            ),
            models.CheckConstraint(
                condition=Q(
                    model="output_influence",
                    is_fallback=False,
                    basis="",
                    provider__isnull=False,
                    threshold_numerator__gte=0,
                    threshold_denominator__gt=0,
                    threshold_numerator__lte=F("threshold_denominator"),
                )
                | Q(model="train_prorata", provider=None, threshold_numerator=None, threshold_denominator=None)
                & ~Q(basis="")
                | Q(
                    model__in=["train_equal", "own_similarity"],
                    basis="",
                    provider=None,
                    threshold_numerator=None,
                    threshold_denominator=None,
                ),
                name="plan_model_names_what_it_needs",
            ),
            models.CheckConstraint(
                condition=~Q(model="own_similarity", is_fallback=True), name="fallback_always_has_an_answer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_model_display()} {self.numerator}/{self.denominator}"


class PlanQuantity(models.Model):
    """How much of an asset was trained on, as agreed: what a plan prorates by."""

    id = models.UUIDField(primary_key=True)
    plan = models.ForeignKey(Plan, on_delete=PROTECT, related_name="quantities")
    basis = models.CharField(max_length=8, choices=one_of(Basis))
    recording = models.ForeignKey("rights.Recording", on_delete=PROTECT, null=True, blank=True, related_name="+")
    work = models.ForeignKey("rights.Work", on_delete=PROTECT, null=True, blank=True, related_name="+")
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(recording__isnull=False, work=None) | Q(recording=None, work__isnull=False),
                name="plan_quantity_is_of_one_asset",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="plan_quantity_is_not_negative"),
            models.UniqueConstraint(
                fields=["plan", "basis", "recording", "work"],
                name="asset_has_one_quantity_a_basis",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.basis}"


class PlanTerm(models.Model):
    """What a plan says of money beside splits: a guarantee, an advance, a fee, a rate; with what each kind needs."""

    id = models.UUIDField(primary_key=True)
    plan = models.ForeignKey(Plan, on_delete=PROTECT, related_name="terms")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=14, choices=one_of(MoneyTerm))
    side = models.CharField(max_length=10, choices=SIDES, blank=True)  # empty: both
    party = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="plan_terms")
    amount_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    rate_numerator = models.BigIntegerField(null=True, blank=True)
    rate_denominator = models.BigIntegerField(null=True, blank=True)
    from_count = models.BigIntegerField(null=True, blank=True)  # the first of a tier, from 1
    is_recoupable = models.BooleanField(null=True, blank=True)
    group = models.CharField(max_length=40, blank=True)  # of recoupment
    priority = models.PositiveSmallIntegerField(null=True, blank=True)
    period_from = models.DateField(null=True, blank=True)
    period_to = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=200, blank=True)  # of a rate that others set

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "position"], name="plan_term_has_its_own_position"),
            models.CheckConstraint(
                condition=Q(period_from=None, period_to=None) | Q(period_to__gt=F("period_from")),
                name="plan_term_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(rate_numerator=None, rate_denominator=None)
                | Q(rate_numerator__gte=0, rate_denominator__gt=0, rate_numerator__lte=F("rate_denominator")),
                name="plan_rate_is_a_part_of_the_whole",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor=None, currency="") | (Q(amount_minor__gte=0) & ~Q(currency="")),
                name="plan_amount_has_its_currency",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind="minimum",
                    amount_minor__isnull=False,
                    rate_numerator=None,
                    is_recoupable__isnull=False,
                    period_from__isnull=False,
                    period_to__isnull=False,
                )
                | Q(kind="advance", amount_minor__isnull=False, rate_numerator__isnull=False)
                | Q(kind__in=["buyout", "training_fee"], amount_minor__isnull=False, rate_numerator=None)
                | Q(kind="per_generation", amount_minor__isnull=False, from_count__gt=0, rate_numerator=None)
                | Q(kind__in=["sub_share", "downstream"], amount_minor=None, rate_numerator__isnull=False)
                | (Q(kind="statutory", amount_minor=None, rate_numerator__isnull=False) & ~Q(source="")),
                name="plan_term_says_what_its_kind_needs",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class Division(models.Model):
    """
    A later version of the splits of an output: why it was derived again, and by the rights of which day.

    Version 1 is what was attached at the decision; from 2 on each version is one of these.
    """

    id = models.UUIDField(primary_key=True)
    decision = models.ForeignKey("rights.Decision", on_delete=PROTECT, related_name="divisions")
    number = models.PositiveIntegerField()
    reason = models.CharField(max_length=16, choices=one_of(DivisionReason))
    note = models.CharField(max_length=300, blank=True)  # without names
    effective_on = models.DateField()  # whose rights it shows
    known_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "number"], name="division_has_its_own_number"),
            models.CheckConstraint(condition=Q(number__gte=2), name="first_splits_come_with_the_decision"),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"


class Split(models.Model):
    """One leaf of an output's splits, in the territories where ownership is the same; each such group sums to one."""

    id = models.UUIDField(primary_key=True)
    decision = models.ForeignKey("rights.Decision", on_delete=PROTECT, related_name="splits")
    division = models.ForeignKey(Division, on_delete=PROTECT, null=True, blank=True, related_name="splits")
    zone = models.PositiveSmallIntegerField()  # which group of territories, from 0
    territories = ArrayField(models.CharField(max_length=6))
    leaf = models.CharField(max_length=96)  # ROY-4: "COMM", "HC/<party>", "<asset>/<party>", "<asset>/HOLD"
    party = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, blank=True, related_name="splits")
    recording = models.ForeignKey("rights.Recording", on_delete=PROTECT, null=True, related_name="splits")
    work = models.ForeignKey("rights.Work", on_delete=PROTECT, null=True, related_name="splits")
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "division", "zone", "leaf"],
                name="leaf_is_split_once_a_version",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(numerator__gt=0, denominator__gt=0, numerator__lte=F("denominator")),
                name="split_is_a_part_of_the_whole",
            ),
            models.CheckConstraint(
                condition=Q(party__isnull=False) & ~Q(leaf__endswith="/HOLD")
                | Q(party=None, leaf__endswith="/HOLD", division__isnull=False),
                name="only_what_is_held_is_nobodys",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.leaf}: {self.numerator}/{self.denominator}"


class SplitSource(models.Model):
    """Where a part of a leaf comes from (ROY-15): license, plan, share, and by which model it was weighed (ROY-14)."""

    id = models.UUIDField(primary_key=True)
    decision = models.ForeignKey("rights.Decision", on_delete=PROTECT, related_name="split_sources")
    division = models.ForeignKey(Division, on_delete=PROTECT, null=True, blank=True, related_name="sources")
    zone = models.PositiveSmallIntegerField()
    leaf = models.CharField(max_length=96)
    position = models.PositiveSmallIntegerField()
    plan = models.ForeignKey(Plan, on_delete=PROTECT, related_name="split_sources")
    share = models.ForeignKey("rights.Share", on_delete=PROTECT, null=True, blank=True, related_name="split_sources")
    influence = models.ForeignKey(
        "rights.Influence", on_delete=PROTECT, null=True, blank=True, related_name="split_sources"
    )
    model = models.CharField(max_length=80, blank=True)  # codes, joined by +; empty: no side is weighed
    is_fallback = models.BooleanField()
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "division", "zone", "leaf", "position"],
                name="split_source_has_its_own_position",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(numerator__gt=0, denominator__gt=0, numerator__lte=F("denominator")),
                name="split_source_is_a_part_of_the_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.leaf}: {self.numerator}/{self.denominator} by {self.model or 'the plan'}"
