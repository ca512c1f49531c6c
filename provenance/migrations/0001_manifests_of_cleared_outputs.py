"""The signed manifests, one for each decision that cleared an output."""

import django.db.models.deletion
from django.db import migrations, models

class Migration(migrations.Migration):
    initial = True

    dependencies = [("rights", "0001_rights_enough_for_the_path")]

    operations = [
        migrations.CreateModel(
            name="Manifest",
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
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="manifest",
                        to="rights.decision",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("label",), name="manifest_has_its_own_label"),
                ],
            },
        ),
    ]
