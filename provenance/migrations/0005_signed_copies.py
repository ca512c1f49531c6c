"""Copies of cleared outputs in other containers, each signed for itself."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("provenance", "0004_foreign_manifests")]

    operations = [
        migrations.CreateModel(
            name="SignedCopy",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("label", models.CharField(max_length=45)),
                ("media_type", models.CharField(max_length=32)),
                ("is_embedded", models.BooleanField()),
                ("output_digest", models.CharField(max_length=64)),
                ("manifest_digest", models.CharField(max_length=64)),
                ("certificate_digest", models.CharField(max_length=64)),
                ("signed_at", models.DateTimeField()),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="copies", to="rights.decision"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "signed copies",
                "constraints": [
                    models.UniqueConstraint(fields=("label",), name="copy_has_its_own_label"),
                    models.UniqueConstraint(fields=("decision", "media_type"), name="one_copy_per_container"),
                ],
            },
        ),
    ]
