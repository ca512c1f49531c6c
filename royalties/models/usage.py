"""What outputs earned: reports that were handed in, what they were read to, and which key is which output."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

PROTECT = models.PROTECT


class UsageMapping(models.Model):
    """How one sender's sheets of usage are read. No fact: it is changed in place, and reports keep what they had."""

    id = models.UUIDField(primary_key=True)
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="usage_mappings")
    name = models.CharField(max_length=120)
    document = models.JSONField()  # royalties.usage.mapping.UsageMapping
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payer", "name"], name="one_usage_mapping_of_a_name")]

    def __str__(self) -> str:
        return self.name


class UsageReport(models.Model):
    """That a report of usage was handed in: by whom, from whom, in which files, and how it is to be read."""

    class Format(models.TextChoices):
        """What kind of files they are."""

        SHEET = "sheet", "Sheet"
        DSR = "dsr", "DDEX DSR"

    id = models.UUIDField(primary_key=True)
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="usage_reports")
    format = models.CharField(max_length=8, choices=Format.choices)
    sender = models.CharField(max_length=64)  # who made the report, by the code that they go by
    message = models.CharField(max_length=160)  # the sender's id of it, for ever
    content_digest = models.CharField(max_length=64)  # SHA-256 over the files' digests and what they are read with
    reading = models.TextField()  # RFC 8785 JSON: mapping, and what holds where a cell says nothing
    replaces = models.ForeignKey("self", on_delete=PROTECT, null=True, blank=True, related_name="replacements")
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["payer", "content_digest"], name="usage_report_by_content")]

    def __str__(self) -> str:
        return f"{self.sender} {self.message}"


class UsageFile(models.Model):
    """One file of a report, as it was sent."""

    id = models.UUIDField(primary_key=True)
    report = models.ForeignKey(UsageReport, on_delete=PROTECT, related_name="files")
    number = models.PositiveSmallIntegerField()  # in the order of the report, from 1
    name = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="usage_file_has_its_number")]

    def __str__(self) -> str:
        return self.name or self.digest[:8]


class UsageProgress(models.Model):
    """How far the reading of a report has come, and what the last reading found: working state."""

    class Stage(models.TextChoices):
        """What is being done with it."""

        WAITING = "waiting"
        READING = "reading"
        READ = "read"  # and not booked: a dry run
        DONE = "done"

    report = models.OneToOneField(UsageReport, on_delete=PROTECT, primary_key=True, related_name="progress")
    stage = models.CharField(max_length=8, choices=Stage.choices, db_default=Stage.WAITING.value)
    is_wanted = models.BooleanField()  # booked once it is read; otherwise it is a dry run
    lines_read = models.BigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    bytes_in_all = models.BigIntegerField(default=0)
    problems = models.BigIntegerField(default=0)
    document = models.JSONField(null=True)  # of the last reading: totals, counts, what would be matched
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.lines_read} lines"


class UsageProblem(models.Model):
    """Why a report cannot be booked, line by line, as of its last reading: working state."""

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(UsageReport, on_delete=PROTECT, related_name="problems")
    file = models.PositiveSmallIntegerField()  # number of the file in the report; 0: the report as a whole
    line = models.BigIntegerField()  # in that file, from 1; 0: the file as a whole
    field = models.CharField(max_length=40)
    code = models.CharField(max_length=48)
    sentence = models.CharField(max_length=600)
    raw = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.line}: {self.sentence}"


class UsageOutcome(models.Model):
    """That a report was read to its end: booked, with the file of its lines, or refused as a whole."""

    id = models.UUIDField(primary_key=True)
    report = models.OneToOneField(UsageReport, on_delete=PROTECT, related_name="outcome")
    is_booked = models.BooleanField()
    # The report's, so that the constraints below can name them.
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="+")
    sender = models.CharField(max_length=64)
    message = models.CharField(max_length=160)
    content_digest = models.CharField(max_length=64)
    lines = models.BigIntegerField()  # with usage, of all files
    keys = models.BigIntegerField()
    problems = models.BigIntegerField()
    usage_digest = models.CharField(max_length=64, blank=True)  # of the Parquet file of its lines; empty: refused
    keys_digest = models.CharField(max_length=64, blank=True)  # SHA-256 over its keys with their sums
    document = models.TextField()  # RFC 8785 JSON: control totals
    finished_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payer", "sender", "message"], condition=Q(is_booked=True), name="message_is_booked_once"
            ),
            models.UniqueConstraint(
                fields=["payer", "content_digest"], condition=Q(is_booked=True), name="usage_is_booked_once"
            ),
            models.CheckConstraint(
                condition=Q(is_booked=True, problems=0) & ~Q(usage_digest="") | Q(is_booked=False, usage_digest=""),
                name="usage_is_booked_without_a_problem",
            ),
        ]

    def __str__(self) -> str:
        return "booked" if self.is_booked else "refused"


class UsageKey(models.Model):
    """What a report calls an output, with how often it did."""

    id = models.UUIDField(primary_key=True)
    report = models.ForeignKey(UsageReport, on_delete=PROTECT, related_name="keys")
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="+")
    key = models.CharField(max_length=300)  # "isrc:…", "submission:…", "proprietary:<sender>:…", "title:…", "unknown:…"
    title = models.CharField(max_length=300, blank=True)
    artist = models.CharField(max_length=300, blank=True)
    first_line = models.BigIntegerField()
    lines = models.BigIntegerField()
    usages = models.DecimalField(max_digits=40, decimal_places=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "key"], name="key_is_counted_once")]
        indexes = [models.Index(fields=["payer", "key"], name="usage_keys_of_a_payer")]

    def __str__(self) -> str:
        return self.title or self.key.partition(":")[2]


class UsageSum(models.Model):
    """What a key earned in one currency, exactly, in its major unit."""

    id = models.BigAutoField(primary_key=True)
    key = models.ForeignKey(UsageKey, on_delete=PROTECT, related_name="sums")
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=50, decimal_places=12)
    lines = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "currency"], name="key_has_a_sum_in_a_currency")]

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.currency}"  # exact: a decimal's own digits


class UsageMatching(models.Model):
    """That keys were matched together: by ids as a report was booked, by what was registered, or by a person."""

    class Method(models.TextChoices):
        """How."""

        IDS = "ids", "By ids"
        REGISTERED = "registered", "Registered by the payer"
        PERSON = "person", "By a person"

    id = models.UUIDField(primary_key=True)
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="usage_matchings")
    method = models.CharField(max_length=12, choices=Method.choices)
    matched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=PROTECT, null=True, blank=True, related_name="+"
    )  # empty: ids were equal, or an API client said so
    reason = models.CharField(max_length=300, blank=True)  # without names
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.get_method_display()


class UsageMatch(models.Model):
    """Which output a payer's key means from now on; a later one supersedes. Without an output: left in suspense."""

    id = models.UUIDField(primary_key=True)
    matching = models.ForeignKey(UsageMatching, on_delete=PROTECT, related_name="matches")
    payer = models.ForeignKey("rights.Party", on_delete=PROTECT, related_name="usage_matches")
    key = models.CharField(max_length=300)
    submission = models.ForeignKey(
        "rights.Submission", on_delete=PROTECT, null=True, blank=True, related_name="usage_matches"
    )
    supersedes = models.OneToOneField("self", on_delete=PROTECT, null=True, blank=True, related_name="successor")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payer", "key"], condition=Q(supersedes__isnull=True), name="key_is_matched_first_once"
            ),
            models.CheckConstraint(condition=~Q(supersedes=F("id")), name="match_supersedes_another"),
        ]

    def __str__(self) -> str:
        return self.key


class UsageSupersession(models.Model):
    """That a booked report counts no more: another replaced it, or it was withdrawn."""

    id = models.UUIDField(primary_key=True)
    report = models.OneToOneField(UsageReport, on_delete=PROTECT, related_name="supersession")
    successor = models.ForeignKey(
        UsageReport, on_delete=PROTECT, null=True, blank=True, related_name="supersessions"
    )  # empty: withdrawn
    reason = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(report=F("successor")), name="report_is_superseded_by_another")
        ]

    def __str__(self) -> str:
        return "replaced" if self.successor_id else "withdrawn"
