"""What leads from stripped audio back to its manifest; needs pgvector, which `fingerprint.0003` asked for."""

import django.db.models.deletion
import pgvector.django
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("provenance", "0002_certificates_and_statuses"),
        ("rights", "0006_reviews"),
        ("fingerprint", "0003_melodies_and_embeddings"),
    ]

    operations = [
        migrations.CreateModel(
            name="SoftBinding",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("algorithm", models.CharField(max_length=48)),
                ("value", models.BinaryField()),
                ("is_stated", models.BooleanField()),
                ("bound_at", models.DateTimeField()),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="soft_bindings",
                        to="rights.decision",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("decision", "algorithm"), name="one_soft_binding_per_output_and_algorithm"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("value", b""), _negated=True), name="soft_binding_has_a_value"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutputFingerprint",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("items", models.BinaryField()),
                ("audio_code", pgvector.django.BitField(length=256)),
                ("instance_code", models.BinaryField()),
                ("bound_at", models.DateTimeField()),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fingerprint",
                        to="rights.decision",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["instance_code"], name="output_by_instance_code")],
            },
        ),
    ]
