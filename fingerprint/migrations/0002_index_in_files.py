"""What an index held when an examination named it; and what the files of the index are compared with."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fingerprint", "0001_audio_and_fingerprints")]

    operations = [
        migrations.CreateModel(
            name="IndexSnapshot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("snapshot", models.CharField(max_length=64)),
                ("family", models.CharField(max_length=48)),
                ("size", models.PositiveIntegerField()),
                ("last_row", models.BigIntegerField()),
                (
                    "absent_rows",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("snapshot", "family"), name="one_index_snapshot_of_a_name")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="fingerprint",
            index=models.Index(
                fields=["algorithm", "id"],
                name="fingerprints_of_a_family",
                opclasses=["varchar_pattern_ops", "int8_ops"],
            ),
        ),
    ]
