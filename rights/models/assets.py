"""What rights are in: works, recordings, releases, voices, stems, lyrics; and the models and datasets made of them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from fingerprint.models import Reference
from rights.models.choices import one_of
from rights.models.conditions import asset_id, is_of_one_asset
from rights.models.parties import Party
from rights.vocabulary import Component

PROTECT = models.PROTECT


def _registrar() -> models.ForeignKey:  # type: ignore[type-arg]
    return models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="+")


class Work(models.Model):
    """A composition: the publishing side."""

    id = models.UUIDField(primary_key=True)
    title = models.CharField(max_length=300)
    iswc = models.CharField("ISWC", max_length=11, null=True, blank=True)  # noqa: DJ001 - absent is not empty
    registered_at = models.DateTimeField()
    registrar = _registrar()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["iswc"], name="one_work_per_iswc")]
        # Questions ask of many works whether they are there and since when: without their rows being fetched.
        indexes = [models.Index(fields=["id"], include=["registered_at"], name="work_is_known_since")]

    def __str__(self) -> str:
        return self.title


class Recording(models.Model):
    """A fixed performance: the master side. ``reference`` is the audio that it was registered with."""

    id = models.UUIDField(primary_key=True)
    title = models.CharField(max_length=300)
    isrc = models.CharField("ISRC", max_length=12, null=True, blank=True)  # noqa: DJ001 - absent is not empty
    reference = models.ForeignKey(
        "fingerprint.Reference", on_delete=PROTECT, null=True, blank=True, related_name="recordings"
    )
    registered_at = models.DateTimeField()
    registrar = _registrar()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["isrc"], name="one_recording_per_isrc"),
            models.UniqueConstraint(fields=["reference"], name="one_recording_per_reference"),
        ]
        indexes = [models.Index(fields=["id"], include=["registered_at"], name="recording_is_known_since")]

    def __str__(self) -> str:
        return self.title

    @property
    def sound(self) -> Reference | None:
        """What outputs are compared with: the audio it was registered with, else what was delivered later."""
        if self.reference is not None:
            return self.reference
        return next((delivery.reference for delivery in self.deliveries.all()), None)


def heard_as(references: Iterable[UUID]) -> Q:
    """Return which recordings are those of some references."""
    wanted = set(references)
    return Q(reference__in=wanted) | Q(deliveries__reference__in=wanted)


class RecordingAudio(models.Model):
    """That audio was delivered of a recording that was registered without any: outputs are compared with it since."""

    id = models.UUIDField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=PROTECT, related_name="deliveries")
    reference = models.ForeignKey("fingerprint.Reference", on_delete=PROTECT, related_name="deliveries")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recording"], name="audio_is_delivered_once"),
            models.UniqueConstraint(fields=["reference"], name="one_delivery_per_reference"),
        ]

    def __str__(self) -> str:
        return f"audio of {self.recording}"


class RecordingWork(models.Model):
    """That a work is performed in a recording: which portion of the recording it is, and when (AST-2)."""

    id = models.UUIDField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=PROTECT, related_name="work_links", db_index=False)
    work = models.ForeignKey(Work, on_delete=PROTECT, related_name="recording_links")
    portion_numerator = models.BigIntegerField(null=True, blank=True)  # empty: not stated
    portion_denominator = models.BigIntegerField(null=True, blank=True)
    start_ms = models.PositiveIntegerField(null=True, blank=True)
    end_ms = models.PositiveIntegerField(null=True, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recording", "work"], name="work_is_linked_once"),
            models.CheckConstraint(
                condition=Q(portion_numerator__isnull=True, portion_denominator__isnull=True)
                | Q(
                    portion_numerator__gt=0,
                    portion_denominator__gt=0,
                    portion_numerator__lte=F("portion_denominator"),
                ),
                name="portion_is_a_part_of_the_recording",
            ),
            models.CheckConstraint(
                condition=Q(start_ms__isnull=True, end_ms__isnull=True) | Q(end_ms__gt=F("start_ms")),
                name="portion_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(fields=["recording"], include=["work", "recorded_at"], name="works_are_found_by_recording")
        ]

    def __str__(self) -> str:
        return f"{self.work} in {self.recording}"


class Release(models.Model):
    """What is sold: recordings under one product code."""

    id = models.UUIDField(primary_key=True)
    title = models.CharField(max_length=300)
    icpn = models.CharField("ICPN", max_length=14, null=True, blank=True)  # noqa: DJ001 - GTIN-14, padded on the left
    grid = models.CharField("GRid", max_length=18, null=True, blank=True)  # noqa: DJ001 - absent is not empty
    registered_at = models.DateTimeField()
    registrar = _registrar()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["icpn"], name="one_release_per_icpn"),
            models.UniqueConstraint(fields=["grid"], name="one_release_per_grid"),
        ]

    def __str__(self) -> str:
        return self.title


class ReleaseRecording(models.Model):
    """One track of a release."""

    id = models.UUIDField(primary_key=True)
    release = models.ForeignKey(Release, on_delete=PROTECT, related_name="tracks")
    recording = models.ForeignKey(Recording, on_delete=PROTECT, related_name="releases")
    position = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "position"], name="track_has_its_own_position")]

    def __str__(self) -> str:
        return f"{self.position}. {self.recording}"


class Voice(models.Model):
    """The voice of one natural person: nobody else's to own, and cleared apart from master and publishing."""

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Party, on_delete=PROTECT, related_name="voices")
    label = models.CharField(max_length=120)  # which voice of the person: singing, speaking
    registered_at = models.DateTimeField()
    registrar = _registrar()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "label"], name="voice_is_registered_once")]

    def __str__(self) -> str:
        return f"{self.label} of {self.person}"


class RecordingVoice(models.Model):
    """That a voice is heard in a recording."""

    id = models.UUIDField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=PROTECT, related_name="voice_links")
    voice = models.ForeignKey(Voice, on_delete=PROTECT, related_name="recording_links")
    component = models.CharField(max_length=24, choices=one_of(Component))
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recording", "voice"], name="voice_is_linked_once")]

    def __str__(self) -> str:
        return f"{self.voice} in {self.recording}"


class Stem(models.Model):
    """A part of a recording that exists by itself: a vocal take, a drum track, a sample."""

    id = models.UUIDField(primary_key=True)
    recording = models.ForeignKey(Recording, on_delete=PROTECT, related_name="stems")
    title = models.CharField(max_length=300)
    component = models.CharField(max_length=24, choices=one_of(Component))
    audio_digest = models.CharField(max_length=64, blank=True)  # SHA-256, where the bytes are known
    registered_at = models.DateTimeField()
    registrar = _registrar()

    def __str__(self) -> str:
        return self.title


class Lyrics(models.Model):
    """The text of a work in one language; the words themselves are not kept."""

    id = models.UUIDField(primary_key=True)
    work = models.ForeignKey(Work, on_delete=PROTECT, related_name="lyrics")
    language = models.CharField(max_length=35)  # BCP 47
    text_digest = models.CharField(max_length=64)  # SHA-256 of the text in UTF-8, NFC
    registered_at = models.DateTimeField()
    registrar = _registrar()

    class Meta:
        verbose_name_plural = "lyrics"
        constraints = [models.UniqueConstraint(fields=["work", "language"], name="one_text_per_work_and_language")]

    def __str__(self) -> str:
        return f"Lyrics of {self.work} ({self.language})"


class Model(models.Model):
    """A family of generative models of one provider."""

    id = models.UUIDField(primary_key=True)
    provider = models.ForeignKey(Party, on_delete=PROTECT, related_name="models")
    name = models.CharField(max_length=200)
    registered_at = models.DateTimeField()
    registrar = _registrar()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "name"], name="one_model_per_provider_and_name")]

    def __str__(self) -> str:
        return self.name


class Dataset(models.Model):
    """What a model is trained on, with its members frozen: their digest is over the sorted ids."""

    id = models.UUIDField(primary_key=True)
    keeper = models.ForeignKey(Party, on_delete=PROTECT, related_name="datasets")
    name = models.CharField(max_length=200)
    members_digest = models.CharField(max_length=64)  # SHA-256 over the members' ids, sorted, a line each
    member_count = models.PositiveIntegerField()
    despite = models.CharField(max_length=300, blank=True, db_default="")  # on which ground the keeper holds members
    # against which something stood: the keeper's assertion, and no permission of ours
    frozen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class DatasetMember(models.Model):
    """One member of a dataset, and under which license it came in."""

    id = models.UUIDField(primary_key=True)
    dataset = models.ForeignKey(Dataset, on_delete=PROTECT, related_name="members")
    recording = models.ForeignKey(Recording, on_delete=PROTECT, null=True, blank=True, related_name="dataset_members")
    work = models.ForeignKey(Work, on_delete=PROTECT, null=True, blank=True, related_name="dataset_members")
    voice = models.ForeignKey(Voice, on_delete=PROTECT, null=True, blank=True, related_name="dataset_members")
    stem = models.ForeignKey(Stem, on_delete=PROTECT, null=True, blank=True, related_name="dataset_members")
    lyrics = models.ForeignKey(Lyrics, on_delete=PROTECT, null=True, blank=True, related_name="dataset_members")
    license = models.ForeignKey(
        "rights.License", on_delete=PROTECT, null=True, blank=True, related_name="dataset_members"
    )
    asset_id = asset_id()

    class Meta:
        constraints = [
            is_of_one_asset("dataset_member_is_of_one_asset"),
            models.UniqueConstraint(fields=["dataset", "asset_id"], name="asset_is_a_member_once"),
        ]

    def __str__(self) -> str:
        return str(self.asset_id)


class ModelVersion(models.Model):
    """One trained version of a model: a retrained one is another version, and needs its own license (LIC-2)."""

    id = models.UUIDField(primary_key=True)
    model = models.ForeignKey(Model, on_delete=PROTECT, related_name="versions")
    label = models.CharField(max_length=80)
    dataset = models.ForeignKey(Dataset, on_delete=PROTECT, null=True, blank=True, related_name="model_versions")
    code_digest = models.CharField(max_length=64, blank=True)
    weights_digest = models.CharField(max_length=64, blank=True)
    trained_from = models.DateField(null=True, blank=True)
    trained_to = models.DateField(null=True, blank=True)
    has_identity_features = models.BooleanField()  # generates a voice, a name or a likeness of a person
    registered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "label"], name="one_version_per_model_and_label")]

    def __str__(self) -> str:
        return f"{self.model} {self.label}"


class TrainingLicense(models.Model):
    """A license that a training run rested on: valid when the run began and when it ended."""

    id = models.UUIDField(primary_key=True)
    model_version = models.ForeignKey(ModelVersion, on_delete=PROTECT, related_name="training_licenses")
    license = models.ForeignKey("rights.License", on_delete=PROTECT, related_name="training_licenses")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model_version", "license"], name="training_names_a_license_once")
        ]

    def __str__(self) -> str:
        return str(self.license_id)


class ModelVersionRetirement(models.Model):
    """That a version no longer runs."""

    id = models.UUIDField(primary_key=True)
    model_version = models.OneToOneField(ModelVersion, on_delete=PROTECT, related_name="retirement")
    effective_on = models.DateField()
    reason = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"retired on {self.effective_on}"


class Identifier(models.Model):
    """A code of a party or an asset: the canonical form beside what was written."""

    id = models.UUIDField(primary_key=True)
    scheme = models.CharField(max_length=16)  # rights.identifiers.Scheme
    namespace = models.CharField(max_length=80, blank=True)  # of a proprietary code
    value = models.CharField(max_length=120)  # canonical
    raw = models.CharField(max_length=200)
    checked = models.CharField(max_length=16)  # well_formed or check_ok, at entry
    party = models.ForeignKey(Party, on_delete=PROTECT, null=True, blank=True, related_name="identifiers")
    work = models.ForeignKey(Work, on_delete=PROTECT, null=True, blank=True, related_name="identifiers")
    recording = models.ForeignKey(Recording, on_delete=PROTECT, null=True, blank=True, related_name="identifiers")
    release = models.ForeignKey(Release, on_delete=PROTECT, null=True, blank=True, related_name="identifiers")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(party__isnull=False, work__isnull=True, recording__isnull=True, release__isnull=True)
                | Q(party__isnull=True, work__isnull=False, recording__isnull=True, release__isnull=True)
                | Q(party__isnull=True, work__isnull=True, recording__isnull=False, release__isnull=True)
                | Q(party__isnull=True, work__isnull=True, recording__isnull=True, release__isnull=False),
                name="identifier_is_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["scheme", "namespace", "value", "party", "work", "recording", "release"],
                name="identifier_is_recorded_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.value}"


class IdentifierFinding(models.Model):
    """What a source outside said about a code: that it is theirs, or somebody else's."""

    id = models.UUIDField(primary_key=True)
    identifier = models.ForeignKey(Identifier, on_delete=PROTECT, related_name="findings")
    result = models.CharField(max_length=16)  # rights.vocabulary.CodeFinding
    source = models.CharField(max_length=200)
    evidence_digest = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.result
