"""Who owns what, who agreed to what, what was submitted and what was decided: facts, inserted and never changed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from rights.vocabulary import AiLevel, Component, ConsentAct, Outcome, PartyKind, RightType

PROTECT = models.PROTECT


def _one_of(enum: type) -> list[tuple[str, str]]:
    return [(member.value, member.name.replace("_", " ").capitalize()) for member in enum]  # type: ignore[attr-defined]


class Party(models.Model):
    """Somebody in the trade. The name stands in ``PartyIdentity``, which may be erased; here only its commitment."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=16, choices=_one_of(PartyKind))
    commitment = models.BinaryField(max_length=32)  # HMAC-SHA256(salt, canonical identity)
    registered_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "parties"

    def __str__(self) -> str:
        identity = getattr(self, "identity", None)
        return identity.name if identity else f"erased party {str(self.id)[:8]}"


class PartyIdentity(models.Model):
    """What a party is called: personal data, erasable. Without the salt the commitment says nothing."""

    party = models.OneToOneField(Party, on_delete=PROTECT, primary_key=True, related_name="identity")
    name = models.CharField(max_length=300)
    salt = models.BinaryField(max_length=32)

    class Meta:
        verbose_name_plural = "party identities"

    def __str__(self) -> str:
        return self.name


class Work(models.Model):
    """A composition: the publishing side."""

    id = models.UUIDField(primary_key=True)
    title = models.CharField(max_length=300)
    iswc = models.CharField("ISWC", max_length=11, null=True, blank=True)  # noqa: DJ001 - absent is not empty
    registered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["iswc"], name="one_work_per_iswc")]

    def __str__(self) -> str:
        return self.title


class Recording(models.Model):
    """A fixed performance: the master side. ``reference`` is its audio, once somebody delivered it."""

    id = models.UUIDField(primary_key=True)
    title = models.CharField(max_length=300)
    isrc = models.CharField("ISRC", max_length=12, null=True, blank=True)  # noqa: DJ001 - absent is not empty
    reference = models.ForeignKey(
        "fingerprint.Reference", on_delete=PROTECT, null=True, blank=True, related_name="recordings"
    )
    registered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["isrc"], name="one_recording_per_isrc"),
            models.UniqueConstraint(fields=["reference"], name="one_recording_per_reference"),
        ]

    def __str__(self) -> str:
        return self.title


class RecordingWork(models.Model):
    """That a work is performed in a recording."""

    id = models.UUIDField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=PROTECT, related_name="work_links")
    work = models.ForeignKey(Work, on_delete=PROTECT, related_name="recording_links")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recording", "work"], name="work_is_linked_once")]

    def __str__(self) -> str:
        return f"{self.work} in {self.recording}"


def _is_of_one_asset(name: str) -> models.CheckConstraint:
    one = Q(recording__isnull=False, work__isnull=True) | Q(recording__isnull=True, work__isnull=False)
    return models.CheckConstraint(condition=one, name=name)


class Share(models.Model):
    """An exact part of a right in an asset, in a set of territories, for a period [from, to)."""

    id = models.UUIDField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=PROTECT, null=True, blank=True, related_name="shares")
    work = models.ForeignKey(Work, on_delete=PROTECT, null=True, blank=True, related_name="shares")
    party = models.ForeignKey(Party, on_delete=PROTECT, related_name="shares")
    right_type = models.CharField(max_length=24, choices=_one_of(RightType))
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()
    territories = ArrayField(models.CharField(max_length=6))
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            _is_of_one_asset("share_is_of_one_asset"),
            models.CheckConstraint(
                condition=Q(numerator__gt=0, denominator__gt=0, numerator__lte=F("denominator")),
                name="share_is_a_part_of_the_whole",
            ),
            models.CheckConstraint(
                condition=Q(active_to__isnull=True) | Q(active_to__gt=F("active_from")),
                name="share_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator} of {self.recording or self.work}"


class Consent(models.Model):
    """What a holder agreed to: uses of one asset, where, from when, by whom. What became of it are its events."""

    id = models.UUIDField(primary_key=True)
    grantor = models.ForeignKey(Party, on_delete=PROTECT, related_name="consents")
    actor = models.ForeignKey(Party, on_delete=PROTECT, related_name="consents_acted")  # who signed for the grantor
    recording = models.ForeignKey(Recording, on_delete=PROTECT, null=True, blank=True, related_name="consents")
    work = models.ForeignKey(Work, on_delete=PROTECT, null=True, blank=True, related_name="consents")
    licensee = models.ForeignKey(
        Party,
        on_delete=PROTECT,
        null=True,
        blank=True,
        related_name="consents_enjoyed",
        help_text="Empty: any licensee",
    )
    uses = ArrayField(models.CharField(max_length=24))
    territories = ArrayField(models.CharField(max_length=6))
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    document_digest = models.CharField(max_length=64)  # SHA-256 of the text that was shown and agreed to
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            _is_of_one_asset("consent_is_of_one_asset"),
            models.CheckConstraint(
                condition=Q(active_to__isnull=True) | Q(active_to__gt=F("active_from")),
                name="consent_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"Consent to {self.recording or self.work}"


class ConsentEvent(models.Model):
    """Something that happened to a consent; a withdrawal acts from ``effective_on`` and never reaches back."""

    id = models.UUIDField(primary_key=True)
    consent = models.ForeignKey(Consent, on_delete=PROTECT, related_name="events")
    act = models.CharField(max_length=16, choices=_one_of(ConsentAct))
    actor = models.ForeignKey(Party, on_delete=PROTECT, related_name="consent_events")
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["consent", "act"], name="consent_is_granted_and_withdrawn_once")]

    def __str__(self) -> str:
        return f"{self.act} on {self.effective_on}"


class License(models.Model):
    """What a licensee may do with the assets on a schedule, which is frozen at signing."""

    id = models.UUIDField(primary_key=True)
    licensor = models.ForeignKey(Party, on_delete=PROTECT, related_name="licenses_given")
    licensee = models.ForeignKey(Party, on_delete=PROTECT, related_name="licenses_held")
    uses = ArrayField(models.CharField(max_length=24))
    territories = ArrayField(models.CharField(max_length=6))
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)
    document_digest = models.CharField(max_length=64)  # SHA-256 of the signed text
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(active_to__isnull=True) | Q(active_to__gt=F("active_from")),
                name="license_ends_after_it_begins",
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

    class Meta:
        constraints = [
            _is_of_one_asset("schedule_line_is_of_one_asset"),
            models.UniqueConstraint(fields=["license", "recording"], name="recording_is_scheduled_once"),
            models.UniqueConstraint(fields=["license", "work"], name="work_is_scheduled_once"),
        ]

    def __str__(self) -> str:
        return str(self.recording or self.work)


class Submission(models.Model):
    """An output that a distributor wants to release, and what they declare about it."""

    id = models.UUIDField(primary_key=True)
    submitter = models.ForeignKey(Party, on_delete=PROTECT, related_name="submissions")
    title = models.CharField(max_length=300)
    audio = models.ForeignKey("fingerprint.Audio", on_delete=PROTECT, related_name="submissions")
    uses = ArrayField(models.CharField(max_length=24))
    territories = ArrayField(models.CharField(max_length=6))
    release_on = models.DateField()
    submitted_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.title


class Ingredient(models.Model):
    """A recording that the submitter declares to be in the output."""

    id = models.UUIDField(primary_key=True)
    submission = models.ForeignKey(Submission, on_delete=PROTECT, related_name="ingredients")
    recording = models.ForeignKey(Recording, on_delete=PROTECT, related_name="ingredients")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "recording"], name="ingredient_is_declared_once")]

    def __str__(self) -> str:
        return str(self.recording)


class Contribution(models.Model):
    """Who or what made one component of the output: acts, never a percentage."""

    id = models.UUIDField(primary_key=True)
    submission = models.ForeignKey(Submission, on_delete=PROTECT, related_name="contributions")
    position = models.PositiveSmallIntegerField()
    component = models.CharField(max_length=24, choices=_one_of(Component))
    ai_level = models.CharField(max_length=8, choices=_one_of(AiLevel))
    tool = models.CharField(max_length=120, blank=True)
    actor = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="contributions")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission", "position"], name="contribution_has_its_own_position"),
            models.CheckConstraint(
                condition=Q(ai_level="none") | ~Q(tool=""), name="machine_contribution_names_its_tool"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component}: {self.ai_level}"


class Decision(models.Model):
    """What was decided about a submission, on which evidence, and as known when. Final."""

    id = models.UUIDField(primary_key=True)
    submission = models.ForeignKey(Submission, on_delete=PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=8, choices=_one_of(Outcome))
    examination = models.ForeignKey(
        "fingerprint.Examination", on_delete=PROTECT, null=True, blank=True, related_name="decisions"
    )  # empty: the audio broke off while it was decoded, which refuses it
    policy_version = models.CharField(max_length=32)
    licenses = ArrayField(models.UUIDField())  # what a clearance rests on
    known_at = models.DateTimeField()  # which facts were known: those recorded up to here
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission"], name="one_decision_per_submission"),
            models.CheckConstraint(
                condition=Q(examination__isnull=False) | Q(outcome="refused"),
                name="only_a_refusal_is_without_evidence",
            ),
        ]

    def __str__(self) -> str:
        return self.outcome


class Finding(models.Model):
    """One obligation that did not hold, in words, with the ids that it rests on."""

    id = models.UUIDField(primary_key=True)
    decision = models.ForeignKey(Decision, on_delete=PROTECT, related_name="findings")
    position = models.PositiveSmallIntegerField()
    rule = models.CharField(max_length=48)
    effect = models.CharField(max_length=8)
    sentence = models.CharField(max_length=600)  # titles and ids, never a person's name
    rests_on = ArrayField(models.UUIDField())
    matches = ArrayField(models.PositiveSmallIntegerField())  # positions in the evidence's matches

    class Meta:
        constraints = [models.UniqueConstraint(fields=["decision", "position"], name="finding_has_its_own_position")]

    def __str__(self) -> str:
        return self.sentence
