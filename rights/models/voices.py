"""What a voice is recognized by: enrolled under a consent, sealed under its person's key, and ended for good."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from rights.models.assets import Voice
from rights.models.choices import one_of
from rights.models.consents import Consent
from rights.models.parties import Party
from rights.vocabulary import EnrollmentEndKind

PROTECT = models.PROTECT


class VoiceEnrollment(models.Model):
    """
    That a voice can be recognized from now on, and the consent that allows it.

    The template stands apart, in ``VoiceTemplate``, because it is destroyed when the enrollment ends. Clips are not
    kept; their digests say what it was made from.
    """

    id = models.UUIDField(primary_key=True)
    voice = models.ForeignKey(Voice, on_delete=PROTECT, related_name="enrollments")
    consent = models.ForeignKey(Consent, on_delete=PROTECT, related_name="voice_enrollments")
    algorithm = models.CharField(max_length=48)
    clip_digests = ArrayField(models.CharField(max_length=64))  # SHA-256 of the files, in the order they were given
    voiced_ms = models.PositiveIntegerField()  # how much voice the template rests on
    sealed_digest = models.CharField(max_length=64)  # SHA-256 of the sealed template, not of what is in it
    registrar = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="+")
    enrolled_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Enrollment of {self.voice}"


class VoiceTemplate(models.Model):
    """The vectors of an enrollment, sealed under the key of the voice's person: biometric, so deleted at its end."""

    enrollment = models.OneToOneField(VoiceEnrollment, on_delete=PROTECT, primary_key=True, related_name="template")
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return str(self.enrollment_id)


class VoiceEnrollmentEnd(models.Model):
    """That a voice is recognized by an enrollment no longer, and why. Its template is destroyed with it."""

    id = models.UUIDField(primary_key=True)
    enrollment = models.OneToOneField(VoiceEnrollment, on_delete=PROTECT, related_name="end")
    kind = models.CharField(max_length=16, choices=one_of(EnrollmentEndKind))
    successor = models.OneToOneField(
        VoiceEnrollment, on_delete=PROTECT, null=True, blank=True, related_name="predecessor"
    )
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="replaced", successor__isnull=False)
                | (~Q(kind="replaced") & Q(successor__isnull=True)),
                name="enrollment_is_replaced_by_another",
            )
        ]

    def __str__(self) -> str:
        return self.kind
