"""The manifests of outputs that were cleared, signed and delivered: what leads back to each, and what became of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from pgvector.django import BitField

from provenance.statuses import STATED, WORDS, Status


class Manifest(models.Model):
    """
    A signed statement of how an output was made, and under which digests its bytes are stored.

    What it says is in the bytes, which verify without this row; the row says which decision they belong to.
    """

    id = models.UUIDField(primary_key=True)  # the UUID of its label
    decision = models.OneToOneField("rights.Decision", on_delete=models.PROTECT, related_name="manifest")
    label = models.CharField(max_length=45)  # "urn:c2pa:<uuid>"
    media_type = models.CharField(max_length=32)
    is_embedded = models.BooleanField()  # in the output's bytes; else beside them, under its own digest
    output_digest = models.CharField(max_length=64)
    manifest_digest = models.CharField(max_length=64)
    certificate_digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["label"], name="manifest_has_its_own_label")]

    def __str__(self) -> str:
        return self.label

    @property
    def newest(self) -> Manifest | Timestamp:
        """Return under which digests the bytes to deliver are stored: the stamped ones, once there are any."""
        stamped: Timestamp | None = getattr(self, "timestamp", None)
        return stamped or self


class Certificate(models.Model):
    """
    A signed statement about a cleared output that can be kept and checked without us (PRV-5).

    One follows another when it runs out, or when the files did change; the newest one holds.
    """

    id = models.UUIDField(primary_key=True)
    manifest = models.ForeignKey(Manifest, on_delete=models.PROTECT, related_name="certificates")
    number = models.PositiveSmallIntegerField()  # 1 for the first
    token = models.TextField()  # JWT in compact form: provenance.certified
    digest = models.CharField(max_length=64)  # SHA-256 of the token
    signer_digest = models.CharField(max_length=64)  # SHA-256 of the signer's leaf in DER
    issued_at = models.DateTimeField()  # to the microsecond; the token says it in whole seconds
    expires_at = models.DateTimeField()
    rests_on = models.PositiveIntegerField(db_default=0)  # how many facts beside the decision were known: certifying

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["manifest", "number"], name="certificate_has_its_own_number"),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("issued_at")), name="certificate_holds_for_a_while"
            ),
        ]

    def __str__(self) -> str:
        return f"certificate {self.number} of {self.manifest_id}"


class ManifestStatus(models.Model):
    """
    That somebody stated what a manifest stands for from now on, and why (PRV-7).

    What follows from the end of a consent is not stated: see ``ledger.stating``. The delivered file is not touched.
    """

    id = models.UUIDField(primary_key=True)
    manifest = models.ForeignKey(Manifest, on_delete=models.PROTECT, related_name="statuses")
    number = models.PositiveSmallIntegerField()  # 1 for the first that was stated
    status = models.CharField(max_length=16, choices=[(one.value, one.value) for one in Status])
    reason = models.CharField(max_length=24, choices=[(one.value, WORDS[one]) for one in STATED])
    successor = models.ForeignKey(Manifest, on_delete=models.PROTECT, null=True, blank=True, related_name="replaces")
    evidence_digest = models.CharField(max_length=64, blank=True)  # of a document that whoever states it holds
    note = models.CharField(max_length=600, blank=True)  # without names; never shown in public
    stated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # empty: an API client did
    party = models.ForeignKey(
        "rights.Party", on_delete=models.PROTECT, null=True, blank=True, related_name="stated_statuses"
    )  # as whom; empty: the operator
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["manifest", "number"], name="status_has_its_own_number"),
            models.CheckConstraint(
                condition=models.Q(status="superseded", successor__isnull=False)
                | (~models.Q(status="superseded") & models.Q(successor__isnull=True)),
                name="only_what_is_superseded_has_a_successor",
            ),
            models.CheckConstraint(
                condition=~models.Q(successor=models.F("manifest")), name="nothing_is_its_own_successor"
            ),
            models.CheckConstraint(
                condition=models.Q(stated_by__isnull=False) | models.Q(party__isnull=False),
                name="status_is_stated_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status}: {self.reason}"


class SoftBinding(models.Model):
    """
    A value that leads from audio whose manifest was stripped back to it (`provenance.bindings`).

    It came with the decision, and then the manifest states it; or it was taken later, of an output that was signed
    before there were any.
    """

    id = models.UUIDField(primary_key=True)
    decision = models.ForeignKey("rights.Decision", on_delete=models.PROTECT, related_name="soft_bindings")
    algorithm = models.CharField(max_length=48)
    value = models.BinaryField()
    is_stated = models.BooleanField()  # by the manifest
    bound_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "algorithm"], name="one_soft_binding_per_output_and_algorithm"),
            models.CheckConstraint(condition=~Q(value=b""), name="soft_binding_has_a_value"),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} of {self.decision_id}"


class OutputFingerprint(models.Model):
    """What is looked up of an output's soft bindings, laid out to be found: it follows from them."""

    id = models.BigAutoField(primary_key=True)
    decision = models.OneToOneField("rights.Decision", on_delete=models.PROTECT, related_name="fingerprint")
    items = models.BinaryField()  # Chromaprint of the whole: 32 bits each, little-endian
    audio_code = BitField(length=256)  # the body of the ISCC Audio-Code
    instance_code = models.BinaryField()  # the body of the ISCC Instance-Code
    bound_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["instance_code"], name="output_by_instance_code")]

    def __str__(self) -> str:
        return f"fingerprint of {self.decision_id}"


class SignedCopy(models.Model):
    """
    The same output in another container: the same samples, signed for itself from the same record.

    Its bytes verify without this row, like those of the ``Manifest`` of its decision.
    """

    id = models.UUIDField(primary_key=True)
    decision = models.ForeignKey("rights.Decision", on_delete=models.PROTECT, related_name="copies")
    label = models.CharField(max_length=45)
    media_type = models.CharField(max_length=32)
    is_embedded = models.BooleanField()
    output_digest = models.CharField(max_length=64)
    manifest_digest = models.CharField(max_length=64)
    certificate_digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "signed copies"
        constraints = [
            models.UniqueConstraint(fields=["label"], name="copy_has_its_own_label"),
            models.UniqueConstraint(fields=["decision", "media_type"], name="one_copy_per_container"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def newest(self) -> SignedCopy | Timestamp:
        """Return under which digests the bytes to deliver are stored: the stamped ones, once there are any."""
        stamped: Timestamp | None = getattr(self, "timestamp", None)
        return stamped or self


class ForeignManifest(models.Model):
    """
    What the manifest that a submitted file came with says: claims by others, as they were read before the decision.

    The manifest itself is in the submitted file, and kept as parent in the signed one.
    """

    id = models.UUIDField(primary_key=True)
    decision = models.OneToOneField("rights.Decision", on_delete=models.PROTECT, related_name="foreign_manifest")
    state = models.CharField(max_length=12)  # provenance.signing.State, on the day it was read
    store_digest = models.CharField(max_length=64, blank=True)  # of the manifest store; empty: there was none to read
    document = models.BinaryField()  # provenance.foreign.Claims
    digest = models.CharField(max_length=64)  # of the document
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.state


class Disclosure(models.Model):
    """
    That a recipient was told how an output was made: the statement, byte for byte, and what it was derived from.

    It stays when the record is corrected; that it does not agree with the record any more is found by comparing.
    """

    id = models.UUIDField(primary_key=True)
    submission = models.ForeignKey("rights.Submission", on_delete=models.PROTECT, related_name="disclosures")
    sender = models.ForeignKey("rights.Party", on_delete=models.PROTECT, related_name="disclosures")
    recipient = models.CharField(max_length=60)
    profile = models.CharField(max_length=40)
    profile_version = models.CharField(max_length=32)
    record = models.ForeignKey(
        "rights.ContributionRecord", on_delete=models.PROTECT, null=True, blank=True, related_name="disclosures"
    )  # empty: as submitted
    statement = models.BinaryField()
    statement_digest = models.CharField(max_length=64)
    message = models.CharField(max_length=120, blank=True)  # the sender's own number of what it went in
    sent_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sent_at__lte=models.F("recorded_at")), name="disclosure_is_recorded_once_it_is_sent"
            )
        ]

    def __str__(self) -> str:
        return f"{self.recipient}, {self.profile} {self.profile_version}"


class DisclosureAnswer(models.Model):
    """
    What a recipient answered to what it was told: it took it, refused it, or took it with something changed.

    A later answer supersedes an earlier one. What was changed is in the recipient's own message, of which the sender
    keeps the document and this row the digest.
    """

    ANSWERS = ("accepted", "rejected", "changed")

    id = models.UUIDField(primary_key=True)
    disclosure = models.ForeignKey(Disclosure, on_delete=models.PROTECT, related_name="answers")
    answer = models.CharField(max_length=16, choices=[(one, one.capitalize()) for one in ANSWERS])
    code = models.CharField(max_length=60, blank=True)  # the recipient's own word for why
    document_digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the recipient's message
    answered_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__lte=models.F("recorded_at")), name="answer_is_recorded_once_it_is_given"
            ),
            models.CheckConstraint(
                condition=Q(answer__in=("accepted", "rejected", "changed")), name="answer_is_one_of_three"
            ),
        ]

    def __str__(self) -> str:
        return self.answer


class Timestamp(models.Model):
    """
    That an authority vouched for when a manifest was there, in a token that is inside the manifest since.

    The token changes no statement and no length, but bytes: so the file, and the manifest, have digests of their own.
    """

    id = models.UUIDField(primary_key=True)
    manifest = models.OneToOneField(Manifest, on_delete=models.PROTECT, null=True, related_name="timestamp")
    copy = models.OneToOneField(SignedCopy, on_delete=models.PROTECT, null=True, related_name="timestamp")
    token_digest = models.CharField(max_length=64)
    authority_digest = models.CharField(max_length=64)  # SHA-256 of the authority's certificate in DER, hex
    policy = models.CharField(max_length=100)  # the authority's, as an object identifier
    stamped_at = models.DateTimeField()  # as the authority says
    output_digest = models.CharField(max_length=64)
    manifest_digest = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(manifest__isnull=True) ^ Q(copy__isnull=True), name="timestamp_is_of_one_file"
            )
        ]

    def __str__(self) -> str:
        return f"stamped {self.stamped_at:%Y-%m-%d %H:%M} UTC"

    @property
    def signed(self) -> Manifest | SignedCopy:
        """Return what was stamped, as it was signed."""
        signed = self.manifest or self.copy
        if signed is None:
            raise ValueError("a constraint of the table holds that one is there")
        return signed

    @property
    def decision(self) -> Any:
        """Return the decision of what was stamped."""
        return self.signed.decision

    @property
    def label(self) -> str:
        """Return the manifest's name, which the stamp leaves as it was."""
        return self.signed.label

    @property
    def media_type(self) -> str:
        """Return of which type the file is."""
        return self.signed.media_type


class SignerChange(models.Model):
    """That from a moment on another certificate signs. Its private key is nobody's row."""

    id = models.UUIDField(primary_key=True)
    certificate_digest = models.CharField(max_length=64)  # SHA-256 of the leaf's DER, hex
    replaces = models.CharField(max_length=64, blank=True)  # the certificate that signed until then
    is_development = models.BooleanField()  # of an authority that this installation made for itself
    active_from = models.DateTimeField()
    expires_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certificate_digest", "active_from"], name="signer_changes_once_at_a_time"),
            models.CheckConstraint(
                condition=models.Q(active_from__lt=models.F("expires_at")), name="signer_changes_to_one_in_force"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.certificate_digest[:16]} from {self.active_from:%Y-%m-%d %H:%M} UTC"
