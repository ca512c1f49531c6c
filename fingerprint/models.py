"""Audio by its digest, what is registered to compare with, and what was measured: facts, never changed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField

PROTECT = models.PROTECT


class Audio(models.Model):
    """Bytes of sound, known by their SHA-256; the bytes themselves are in the store."""

    digest = models.CharField(max_length=64, primary_key=True)  # hex
    media_type = models.CharField(max_length=32)
    codec = models.CharField(max_length=32)
    size_bytes = models.BigIntegerField()
    duration_ms = models.BigIntegerField()
    sample_rate_hz = models.PositiveIntegerField()
    channels = models.PositiveSmallIntegerField()
    received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "audio"
        constraints = [
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="audio_digest_is_sha256_hex"),
        ]

    def __str__(self) -> str:
        return self.digest[:12]


class Reference(models.Model):
    """Audio of something that is registered: what outputs are compared with."""

    id = models.UUIDField(primary_key=True)
    audio = models.ForeignKey(Audio, on_delete=PROTECT, related_name="references")
    enrolled_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)


class Fingerprint(models.Model):
    """
    What one algorithm extracted from a reference: raw 32-bit items, little-endian.

    The entry of the recording vouches for those that it came with. One that was added later, by a release that listens
    otherwise, can be made again from the audio that the entry names.
    """

    reference = models.ForeignKey(Reference, on_delete=PROTECT, related_name="fingerprints")
    algorithm = models.CharField(max_length=48)
    data = models.BinaryField()
    added_at = models.DateTimeField(null=True)  # None: with the reference

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reference", "algorithm"], name="one_fingerprint_per_reference_and_algorithm"
            )
        ]
        indexes = [
            # What the index is compared with, each time somebody asks for it.
            models.Index(
                fields=["algorithm", "id"],
                name="fingerprints_of_a_family",
                opclasses=["varchar_pattern_ops", "int8_ops"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} of {self.reference_id}"


class IndexSnapshot(models.Model):
    """
    What an index held when its content had a name: rows of fingerprints up to one, without those that came late.
    """

    id = models.BigAutoField(primary_key=True)
    snapshot = models.CharField(max_length=64)  # hex
    family = models.CharField(max_length=48)
    size = models.PositiveIntegerField()
    last_row = models.BigIntegerField()
    absent_rows = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "family"], name="one_index_snapshot_of_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.snapshot[:12]} of {self.size} references"


class Melody(models.Model):
    """
    What one algorithm heard a reference play, as rows that versions are aligned with.

    Like its embeddings it can be made again from the reference's audio, so it may be added later: by an algorithm
    that did not exist when the reference was enrolled.
    """

    reference = models.ForeignKey(Reference, on_delete=PROTECT, related_name="melodies")
    algorithm = models.CharField(max_length=48)
    data = models.BinaryField()

    class Meta:
        verbose_name_plural = "melodies"
        constraints = [
            models.UniqueConstraint(fields=["reference", "algorithm"], name="one_melody_per_reference_and_algorithm")
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} of {self.reference_id}"


class Embedding(models.Model):
    """One window of a reference as a vector near those of other recordings of the same song."""

    reference = models.ForeignKey(Reference, on_delete=PROTECT, related_name="embeddings")
    algorithm = models.CharField(max_length=48)
    start_ms = models.BigIntegerField()
    end_ms = models.BigIntegerField()
    vector = HalfVectorField(dimensions=128)  # whole numbers from -127 to 127, which half precision holds

    class Meta:
        indexes = [models.Index(fields=["algorithm"], name="embedding_by_algorithm")]
        constraints = [
            models.UniqueConstraint(
                fields=["reference", "algorithm", "start_ms"], name="one_embedding_per_reference_algorithm_and_window"
            )
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} of {self.reference_id} from {self.start_ms} ms"


class Trace(models.Model):
    """What one algorithm heard in audio that was examined, so that what is enrolled later is compared with it."""

    id = models.BigAutoField(primary_key=True)
    audio_digest = models.CharField(max_length=64)  # hex; of audio that is examined and need not be received
    algorithm = models.CharField(max_length=48)
    data = models.BinaryField()  # fingerprint.traces

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["audio_digest", "algorithm"], name="one_trace_per_audio_and_algorithm")
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} of {self.audio_digest[:12]}"


class Examination(models.Model):
    """The evidence that was measured in some audio, as the exact bytes whose digest is logged."""

    id = models.UUIDField(primary_key=True)
    audio = models.ForeignKey(Audio, on_delete=PROTECT, related_name="examinations")
    document = models.BinaryField()  # RFC 8785 JSON
    digest = models.CharField(max_length=64)  # SHA-256 of the document, hex
    measured_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:12]
