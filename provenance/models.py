"""The manifests that were signed and delivered, one for each decision that cleared an output."""

from __future__ import annotations

from django.db import models


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
