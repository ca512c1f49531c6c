"""The append-only log, the queue of work, and who may speak to the API for whom."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.expressions import Func
from django.db.models.lookups import Exact

PROTECT = models.PROTECT

SUBJECTS = (
    "party",
    "work",
    "recording",
    "share",
    "consent",
    "consent_event",
    "license",
    "submission",
    "decision",
)


class NonNulls(Func):
    """PostgreSQL's ``num_nonnulls``: how many of the given columns have a value."""

    function = "num_nonnulls"
    output_field = models.IntegerField()


class Entry(models.Model):
    """
    One record of the log: the exact bytes that are hashed, and the fact that they are about.

    Inserted in the transaction of that fact, without a number; ``Leaf`` gives it its place in the tree.
    """

    class Kind(models.TextChoices):
        """What happened."""

        PARTY_REGISTERED = "party_registered"
        WORK_REGISTERED = "work_registered"
        RECORDING_REGISTERED = "recording_registered"
        SHARE_REGISTERED = "share_registered"
        CONSENT_GRANTED = "consent_granted"
        CONSENT_WITHDRAWN = "consent_withdrawn"
        LICENSE_SIGNED = "license_signed"
        SUBMITTED = "submitted"
        DECIDED = "decided"

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=32, choices=Kind.choices)
    body = models.BinaryField()
    at = models.DateTimeField()
    party = models.ForeignKey("rights.Party", on_delete=PROTECT, null=True, related_name="entries")
    work = models.ForeignKey("rights.Work", on_delete=PROTECT, null=True, related_name="entries")
    recording = models.ForeignKey("rights.Recording", on_delete=PROTECT, null=True, related_name="entries")
    share = models.ForeignKey("rights.Share", on_delete=PROTECT, null=True, related_name="entries")
    consent = models.ForeignKey("rights.Consent", on_delete=PROTECT, null=True, related_name="entries")
    consent_event = models.ForeignKey("rights.ConsentEvent", on_delete=PROTECT, null=True, related_name="entries")
    license = models.ForeignKey("rights.License", on_delete=PROTECT, null=True, related_name="entries")
    submission = models.ForeignKey("rights.Submission", on_delete=PROTECT, null=True, related_name="entries")
    decision = models.ForeignKey("rights.Decision", on_delete=PROTECT, null=True, related_name="entries")

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.CheckConstraint(condition=Exact(NonNulls(*SUBJECTS), 1), name="entry_is_about_one_fact"),
            *(models.UniqueConstraint(fields=[subject], name=f"{subject}_is_entered_once") for subject in SUBJECTS),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class PendingEntry(models.Model):
    """An entry that has no place in the tree yet; the sequencer deletes the row when it gives one."""

    # A sequence counts inserts, not commits; what it keeps is cause before effect: whoever writes after a commit was
    # seen gets a higher number.
    id = models.BigAutoField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=PROTECT, related_name="pending")

    class Meta:
        verbose_name_plural = "pending entries"

    def __str__(self) -> str:
        return str(self.entry_id)


class Leaf(models.Model):
    """The place of an entry in the tree: gap-free from 0, with the RFC 6962 leaf hash of its bytes."""

    index = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=PROTECT, related_name="leaf")
    hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name_plural = "leaves"

    def __str__(self) -> str:
        return str(self.index)


class Tile(models.Model):
    """A full tile of 256 hashes (c2sp.org/tlog-tiles)."""

    id = models.BigAutoField(primary_key=True)
    level = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    data = models.BinaryField(max_length=8192)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "number"], name="tile_is_written_once")]

    def __str__(self) -> str:
        return f"{self.level}/{self.number}"


class Edge(models.Model):
    """The unfinished right edge of one level of the tree: working state of the sequencer, derivable from the leaves."""

    level = models.PositiveSmallIntegerField(primary_key=True)
    data = models.BinaryField()

    def __str__(self) -> str:
        return str(self.level)


class Checkpoint(models.Model):
    """A signed tree head (c2sp.org/tlog-checkpoint): size, root and the signed note."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"size {self.size}"


class Job(models.Model):
    """
    Work that must happen once: this row is the truth, a Celery message only rings the bell.

    Waiting while ``done_at`` and ``given_up_at`` are empty; running while ``lease_until`` lies ahead.
    """

    class Kind(models.TextChoices):
        """What is to be done."""

        CLEAR = "clear"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    subject_id = models.UUIDField()
    attempts = models.PositiveSmallIntegerField(default=0)
    run_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    rung_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject_id"], name="one_job_per_kind_and_subject")]
        indexes = [
            models.Index(
                fields=["run_at"],
                name="job_waits",
                condition=Q(done_at__isnull=True, given_up_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"


class ApiClient(models.Model):
    """Which party an OAuth2 application speaks for."""

    application = models.OneToOneField("oauth2_provider.Application", on_delete=PROTECT, related_name="api_client")
    party = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="api_clients")
    scopes = ArrayField(models.CharField(max_length=40))

    def __str__(self) -> str:
        return str(self.application)
