"""What the manifests that submitted files came with say: claims by others."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("provenance", "0003_soft_bindings")]

    operations = [
        migrations.CreateModel(
            name="ForeignManifest",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("state", models.CharField(max_length=12)),
                ("store_digest", models.CharField(blank=True, max_length=64)),
                ("document", models.BinaryField()),
                ("digest", models.CharField(max_length=64)),
                ("read_at", models.DateTimeField()),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="foreign_manifest",
                        to="rights.decision",
                    ),
                ),
            ],
        ),
    ]
