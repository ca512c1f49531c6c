"""Time stamps of signed files, and who signs from when."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("provenance", "0006_disclosures")]

    operations = [
        migrations.CreateModel(
            name="SignerChange",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("certificate_digest", models.CharField(max_length=64)),
                ("replaces", models.CharField(blank=True, max_length=64)),
                ("is_development", models.BooleanField()),
                ("active_from", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("certificate_digest", "active_from"), name="signer_changes_once_at_a_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("active_from__lt", models.F("expires_at"))),
                        name="signer_changes_to_one_in_force",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Timestamp",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("token_digest", models.CharField(max_length=64)),
                ("authority_digest", models.CharField(max_length=64)),
                ("policy", models.CharField(max_length=100)),
                ("stamped_at", models.DateTimeField()),
                ("output_digest", models.CharField(max_length=64)),
                ("manifest_digest", models.CharField(max_length=64)),
                ("recorded_at", models.DateTimeField()),
                (
                    "manifest",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="timestamp",
                        to="provenance.manifest",
                    ),
                ),
            ],
        ),
    ]
