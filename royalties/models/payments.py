"""What follows a statement: links to it, objections and their answers, payment orders, and what the bank confirms."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

PROTECT = models.PROTECT


class PayeeLink(models.Model):
    """That a payee opens its statements of one payer by a link, without a login, until a moment."""

    id = models.UUIDField(primary_key=True)
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="+")
    payee = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="payee_links")
    token_digest = models.CharField(max_length=64)  # SHA-256 of the secret in the link
    opens_until = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token_digest"], name="payee_link_has_its_own_secret"),
            models.CheckConstraint(condition=Q(opens_until__gt=F("recorded_at")), name="payee_link_opens_for_a_time"),
        ]

    def __str__(self) -> str:
        return f"link until {self.opens_until:%Y-%m-%d}"


class PayeeLinkEnd(models.Model):
    """That a link was taken back before its time."""

    id = models.UUIDField(primary_key=True)
    link = models.OneToOneField(PayeeLink, on_delete=PROTECT, related_name="end")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return "taken back"


class StatementObjection(models.Model):
    """That a payee says that its statement is wrong; once a version, until its day."""

    id = models.UUIDField(primary_key=True)
    statement = models.ForeignKey("royalties.Statement", on_delete=PROTECT, related_name="objections")
    reason = models.CharField(max_length=600)  # without names
    evidence_digest = models.CharField(max_length=64, blank=True)
    object_until = models.DateField()  # as it stood on the statement
    objected_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, related_name="+")
    link = models.ForeignKey(PayeeLink, on_delete=PROTECT, null=True, related_name="objections")  # by which it came
    recorded_on = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement"], name="statement_is_objected_to_once"),
            models.CheckConstraint(condition=Q(recorded_on__lte=F("object_until")), name="objection_is_in_time"),
            models.CheckConstraint(condition=Q(link=None) | Q(objected_by=None), name="objection_comes_one_way"),
        ]

    def __str__(self) -> str:
        return f"objection to {self.statement}"


class ObjectionAnswer(models.Model):
    """What the payer says to an objection. Upheld, a later version or a booking of the next run mends it."""

    class Outcome(models.TextChoices):
        """Whether it was right."""

        UPHELD = "upheld"
        DISMISSED = "dismissed"

    id = models.UUIDField(primary_key=True)
    objection = models.OneToOneField(StatementObjection, on_delete=PROTECT, related_name="answer")
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    reason = models.CharField(max_length=600)  # without names
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.get_outcome_display()


class PaymentFile(models.Model):
    """Payment orders of one run in one currency, as they were handed to the bank."""

    id = models.UUIDField(primary_key=True)
    run = models.ForeignKey("royalties.RoyaltyRun", on_delete=PROTECT, related_name="payment_files")
    currency = models.CharField(max_length=3)
    pay_on = models.DateField()
    digest = models.CharField(max_length=64)  # of the file, which holds names and accounts and is not kept
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.currency} on {self.pay_on}"


class PaymentOrder(models.Model):
    """That a statement is to be paid through a file: again only after a payment came back."""

    id = models.UUIDField(primary_key=True)
    file = models.ForeignKey(PaymentFile, on_delete=PROTECT, related_name="orders")
    statement = models.ForeignKey("royalties.Statement", on_delete=PROTECT, related_name="payment_orders")
    attempt = models.PositiveSmallIntegerField()  # from 1
    units = models.BigIntegerField()  # of the file's currency

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement", "attempt"], name="statement_is_ordered_once_an_attempt"),
            models.CheckConstraint(condition=Q(units__gt=0), name="order_is_of_something"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.attempt}"


class Payment(models.Model):
    """What the bank says of an order: it was paid, or it came back. Once each an order."""

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(PaymentOrder, on_delete=PROTECT, related_name="payments")
    is_return = models.BooleanField()
    booked_on = models.DateField()
    source_digest = models.CharField(max_length=64)  # of the bank's file
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "is_return"], name="order_is_confirmed_once"),
        ]

    def __str__(self) -> str:
        return "came back" if self.is_return else "paid"
