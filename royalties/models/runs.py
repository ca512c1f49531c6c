"""Runs over a period's receipts, what is agreed with payees, the books in double entry, and statements."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

PROTECT = models.PROTECT


def _is_a_rate(prefix: str, name: str) -> models.CheckConstraint:
    """Return the constraint that a fraction of two columns lies in [0, 1]."""
    return models.CheckConstraint(
        condition=Q(
            **{
                f"{prefix}numerator__gte": 0,
                f"{prefix}denominator__gt": 0,
                f"{prefix}numerator__lte": F(f"{prefix}denominator"),
            }
        ),
        name=name,
    )


class RoyaltyRun(models.Model):
    """A payer's run over the receipts of a period [from, to), in one currency. Of a payer's runs one is in work."""

    id = models.UUIDField(primary_key=True)
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="royalty_runs")
    number = models.PositiveIntegerField()  # of this payer in this currency, from 1
    period_from = models.DateField()
    period_to = models.DateField()
    timezone = models.CharField(max_length=64)  # IANA's name: in which the days of the period begin
    currency = models.CharField(max_length=3)
    pay_on = models.DateField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+")
    started_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payer", "currency", "number"], name="runs_of_a_payer_follow_each_other"),
            models.UniqueConstraint(fields=["id", "started_by"], name="run_is_started_by_one"),
            models.CheckConstraint(condition=Q(period_to__gt=F("period_from")), name="run_ends_after_it_begins"),
            models.CheckConstraint(condition=Q(pay_on__gte=F("period_to")), name="run_is_paid_after_its_period"),
        ]

    def __str__(self) -> str:
        return f"Run {self.number}, {self.period_from} to {self.period_to}"


class RunEvent(models.Model):
    """What became of a run: one fact a step, none twice."""

    class Act(models.TextChoices):
        """The step."""

        FROZEN = "frozen"  # the inputs are fixed under a digest
        RECONCILED = "reconciled"  # everything adds up
        STOPPED = "stopped"  # something does not; the run is over
        APPROVED = "approved"
        REJECTED = "rejected"
        PUBLISHED = "published"

    id = models.UUIDField(primary_key=True)
    run = models.ForeignKey(RoyaltyRun, on_delete=PROTECT, related_name="events")
    act = models.CharField(max_length=16, choices=Act.choices)
    position = models.PositiveSmallIntegerField()  # 0 for the first
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+")  # the run's
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    document = models.TextField()  # RFC 8785 JSON: ids, digests and sums
    digest = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "act"], name="run_takes_a_step_once"),
            models.UniqueConstraint(fields=["run", "position"], name="run_takes_one_step_at_a_time"),
            models.CheckConstraint(
                condition=~Q(act="approved") | ~Q(by=F("started_by")), name="run_takes_a_second_person"
            ),
            models.CheckConstraint(
                condition=~Q(act__in=["approved", "rejected", "published"]) | Q(by__isnull=False),
                name="run_is_decided_by_a_person",
            ),
        ]

    def __str__(self) -> str:
        return self.get_act_display()


class RunPart(models.Model):
    """What a run divides of one period: its own, or an earlier run's anew under what is known now (ROY-8)."""

    id = models.UUIDField(primary_key=True)
    run = models.ForeignKey(RoyaltyRun, on_delete=PROTECT, related_name="parts")
    of_run = models.ForeignKey(RoyaltyRun, on_delete=PROTECT, related_name="parts_later")
    partitions = models.PositiveSmallIntegerField()
    inputs_digest = models.CharField(max_length=64)  # of what was put in: reports, matches, rates, divisions
    manifest_digest = models.CharField(max_length=64)  # of the frozen bytes
    document = models.TextField()  # JSON: the reports, the frozen files by digest, what was left out and why
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "of_run"], name="run_divides_a_period_once")]

    def __str__(self) -> str:
        return f"{self.run}: {self.partitions} partitions"


class RunPartition(models.Model):
    """What one worker made of one partition of the frozen bytes: the same whoever does it, and however often."""

    id = models.UUIDField(primary_key=True)
    part = models.ForeignKey(RunPart, on_delete=PROTECT, related_name="results")
    number = models.PositiveSmallIntegerField()
    allocations_digest = models.CharField(max_length=64)
    result_digest = models.CharField(max_length=64)
    document = models.TextField()  # JSON: counts, sums and the root
    divided_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["part", "number"], name="partition_is_divided_once")]

    def __str__(self) -> str:
        return f"partition {self.number}"


class ExchangeRate(models.Model):
    """What one unit of a currency was worth in another on a day, and who said so (ROY-5)."""

    class Direction(models.TextChoices):
        """How the source quotes it."""

        QUOTE_PER_BASE = "quote_per_base", "Units of the quote currency for one of the base"
        BASE_PER_QUOTE = "base_per_quote", "Units of the base currency for one of the quote"

    id = models.UUIDField(primary_key=True)
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="exchange_rates")
    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()
    direction = models.CharField(max_length=16, choices=Direction.choices)
    source = models.CharField(max_length=120)
    on = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(numerator__gt=0, denominator__gt=0), name="rate_is_more_than_nothing"),
            models.CheckConstraint(condition=~Q(base=F("quote")), name="rate_is_between_two_currencies"),
        ]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} on {self.on}"


class PayeeTerms(models.Model):
    """What a payer and a payee agreed on how it is paid, in one settlement currency; the newest holds."""

    id = models.UUIDField(primary_key=True)
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="+")
    payee = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="payee_terms")
    currency = models.CharField(max_length=3)
    reserve_numerator = models.BigIntegerField()
    reserve_denominator = models.BigIntegerField()
    reserve_periods = models.PositiveSmallIntegerField()  # over how many later runs it is released, in equal parts
    threshold_units = models.BigIntegerField()
    payout_currency = models.CharField(max_length=3)
    income_type = models.CharField(max_length=32)
    withholding_numerator = models.BigIntegerField()  # the full rate, without a certificate
    withholding_denominator = models.BigIntegerField()
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = "payee's terms"
        verbose_name_plural = "payees' terms"
        constraints = [
            _is_a_rate("reserve_", "reserve_is_a_part_of_the_whole"),
            _is_a_rate("withholding_", "withholding_is_a_part_of_the_whole"),
            models.CheckConstraint(
                condition=Q(threshold_units__gte=0, reserve_periods__gte=1), name="terms_are_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"terms in {self.currency}"


class Declaration(models.Model):
    """What a payer says of a period that no report of usage does; of the same period the newest counts."""

    class Kind(models.TextChoices):
        """What is said."""

        SUBSCRIPTION_REVENUE = "subscription_revenue", "Net revenue of the service's subscriptions"
        GENERATIONS = "generations", "Generations under a license"

    id = models.UUIDField(primary_key=True)
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="declarations")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    license = models.ForeignKey("rights.License", on_delete=PROTECT, null=True, blank=True, related_name="declarations")
    period_from = models.DateField()
    period_to = models.DateField()  # exclusive
    currency = models.CharField(max_length=3, blank=True)
    amount = models.BigIntegerField()  # minor units, or a count
    source = models.CharField(max_length=200)  # where it is from, without names
    document_digest = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(period_to__gt=F("period_from")), name="declared_period_ends_after_it_begins"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="declared_amount_is_not_negative"),
            models.CheckConstraint(
                condition=Q(kind="subscription_revenue", license=None) & ~Q(currency="")
                | Q(kind="generations", license__isnull=False, currency=""),
                name="declaration_says_what_its_kind_needs",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.period_from} to {self.period_to}"


class TaxCertificate(models.Model):
    """A payee's tax residence certificate as the payer holds it, and the rate it gives in [from, to) (ROY-13)."""

    id = models.UUIDField(primary_key=True)
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="+")
    payee = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="tax_certificates")
    income_type = models.CharField(max_length=32)
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()
    valid_from = models.DateField()
    valid_to = models.DateField()
    document_digest = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            _is_a_rate("", "certified_rate_is_a_part_of_the_whole"),
            models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")), name="certificate_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return f"{self.income_type} until {self.valid_to}"


class Advance(models.Model):
    """What was paid to a payee before it was earned, or is charged to it: taken from later earnings (ROY-9)."""

    class Kind(models.TextChoices):
        """Which."""

        ADVANCE = "advance", "Recoupable advance"
        CHARGE = "charge", "Charge"  # another deduction

    id = models.UUIDField(primary_key=True)
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="+")
    payee = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="advances")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    currency = models.CharField(max_length=3)
    units = models.BigIntegerField()
    group = models.CharField(max_length=60, blank=True)  # within which it is recouped; empty: from everything
    assets = ArrayField(models.UUIDField())  # of the group; none where there is no group
    priority = models.PositiveSmallIntegerField()  # the lowest is recouped first
    numerator = models.BigIntegerField()  # which part of what is earned goes to it
    denominator = models.BigIntegerField()
    paid_on = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="advance_is_more_than_nothing"),
            _is_a_rate("", "recoupment_is_a_part_of_the_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.paid_on}"


class Account(models.Model):
    """One account of a payer's books: what kind of money, of whom, for what, in which currency."""

    class Kind(models.TextChoices):
        """What the money in it is. A balance above zero is owed or kept; receipts are below it."""

        RECEIPTS = "receipts"
        PAYABLE = "payable"
        COMMISSION = "commission"
        HOLD = "hold"
        RESERVE = "reserve"
        ADVANCE = "advance"
        DEDUCTION = "deduction"
        TAX = "tax"
        FX = "fx"
        SUSPENSE = "suspense"
        BANK = "bank"

    id = models.UUIDField(primary_key=True)  # follows from the other columns
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="accounts")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    party = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, related_name="+")
    reference = models.CharField(max_length=200, blank=True)  # a hold's leaf, output and country; an advance's id
    currency = models.CharField(max_length=3)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payer", "kind", "party", "reference", "currency"],
                name="account_is_opened_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}".strip()


class Transaction(models.Model):
    """One change of a payer's books, whose postings add up to nothing in every currency."""

    class Kind(models.TextChoices):
        """What happened."""

        EARNED = "earned"  # the period's receipts, divided
        ADJUSTED = "adjusted"  # an earlier period divided anew: leaf by leaf, new less old (ROY-8)
        SETTLED = "settled"  # what became of a payee's balance
        RELEASED = "released"  # a hold, to whom it was due
        REFUNDED = "refunded"  # tax withheld before a certificate came
        ADVANCED = "advanced"
        GUARANTEED = "guaranteed"  # the shortfall of a minimum guarantee
        TERM = "term"  # what a plan says of money beside splits
        PAID = "paid"  # the bank says so
        RETURNED = "returned"  # it came back

    id = models.UUIDField(primary_key=True)
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="transactions")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    run = models.ForeignKey(RoyaltyRun, on_delete=PROTECT, null=True, related_name="transactions")
    # Of whose period it is: the run's own, or an earlier one's.
    of_run = models.ForeignKey(RoyaltyRun, on_delete=PROTECT, null=True, related_name="+")
    # The term that it rests on, and with it the version of its plan.
    term = models.ForeignKey("royalties.PlanTerm", on_delete=PROTECT, null=True, related_name="transactions")
    value_on = models.DateField()
    reason = models.CharField(max_length=300, blank=True)
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "of_run", "term"],
                condition=Q(term__isnull=False),
                name="term_is_booked_once_a_run_and_period",
            ),
            models.CheckConstraint(
                condition=Q(kind="term", term__isnull=False, run__isnull=False, of_run__isnull=False)
                | ~Q(kind="term") & Q(term=None),
                name="booked_term_names_its_run",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.value_on}"


class Posting(models.Model):
    """One line of a transaction: so many minor units of its account's currency."""

    id = models.UUIDField(primary_key=True)
    transaction = models.ForeignKey(Transaction, on_delete=PROTECT, related_name="postings")
    account = models.ForeignKey(Account, on_delete=PROTECT, related_name="postings")
    units = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transaction", "account"], name="account_is_posted_to_once"),
            models.CheckConstraint(condition=~Q(units=0), name="posting_is_of_something"),
        ]

    def __str__(self) -> str:
        return str(self.units)


class Statement(models.Model):
    """What a payee earned in a run and what became of it, step by step (ROY-6); of its versions the last holds."""

    id = models.UUIDField(primary_key=True)
    run = models.ForeignKey(RoyaltyRun, on_delete=PROTECT, related_name="statements")
    payee = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="statements")
    version = models.PositiveSmallIntegerField()  # 1 for the first
    currency = models.CharField(max_length=3)
    lines = models.BigIntegerField()  # allocations of this run's own period
    allocated = models.BigIntegerField()  # what they add up to, holds not among them
    adjusted = models.BigIntegerField()  # of earlier periods, divided anew
    granted = models.BigIntegerField()  # out of holds and guarantees since the statement before
    termed = models.BigIntegerField(db_default=0)  # by terms of plans: fees, guarantees, advances, rates
    earned = models.BigIntegerField()  # the four together, and what is held
    held = models.BigIntegerField()
    reserved = models.BigIntegerField()
    released = models.BigIntegerField()
    carried_in = models.BigIntegerField()
    recouped = models.BigIntegerField()
    deducted = models.BigIntegerField()
    base = models.BigIntegerField()  # what withholding is a part of
    withholding_numerator = models.BigIntegerField()  # the rate
    withholding_denominator = models.BigIntegerField()
    withholding_exact = models.CharField(max_length=80)  # a fraction of minor units
    withheld = models.BigIntegerField()
    carried_out = models.BigIntegerField()
    payable = models.BigIntegerField()
    payout_currency = models.CharField(max_length=3)
    payout_rate = models.ForeignKey(ExchangeRate, on_delete=PROTECT, null=True, related_name="+")
    payout_units = models.BigIntegerField()
    payout_exact = models.CharField(max_length=80)  # a fraction of minor units: less the units it is what rounding took
    reason = models.CharField(max_length=300, blank=True)  # of a later version
    digest = models.CharField(max_length=64)  # of the canonical document that these figures are in
    issued_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "payee", "version"], name="statement_has_its_own_version"),
            models.CheckConstraint(
                condition=Q(
                    earned=F("held")
                    + F("reserved")
                    - F("released")
                    - F("carried_in")
                    + F("recouped")
                    + F("deducted")
                    + F("withheld")
                    + F("carried_out")
                    + F("payable")
                ),
                name="statement_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"Statement {self.version} of {self.run}"
