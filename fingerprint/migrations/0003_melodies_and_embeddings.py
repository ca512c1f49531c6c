"""What references play, and vectors of it; needs pgvector, which an administrator installs once."""

import django.db.models.deletion
import pgvector.django
from django.db import migrations, models


class NoVectors(Exception):
    """
    The database has no pgvector 0.7 or newer, in which candidates for versions are looked up. Install it on the
    server (Debian: `apt-get install postgresql-18-pgvector`, with your release's number), then as a superuser of this
    database `CREATE EXTENSION vector`, or `ALTER EXTENSION vector UPDATE` where it is older, and migrate again.
    """

    def __str__(self):
        return " ".join(self.__doc__.split())


def need_vectors(apps, schema_editor):
    # Creating it takes a superuser on most servers, and the owner of our tables is none.
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        found = cursor.fetchone()
    if found is None or tuple(int(part) for part in found[0].split(".")[:2]) < (0, 7):
        raise NoVectors


class Migration(migrations.Migration):
    dependencies = [("fingerprint", "0002_index_in_files")]

    operations = [
        migrations.RunPython(need_vectors, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Melody",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("algorithm", models.CharField(max_length=48)),
                ("data", models.BinaryField()),
                (
                    "reference",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="melodies",
                        to="fingerprint.reference",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "melodies",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reference", "algorithm"), name="one_melody_per_reference_and_algorithm"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Embedding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("algorithm", models.CharField(max_length=48)),
                ("start_ms", models.BigIntegerField()),
                ("end_ms", models.BigIntegerField()),
                ("vector", pgvector.django.HalfVectorField(dimensions=128)),
                (
                    "reference",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="embeddings",
                        to="fingerprint.reference",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["algorithm"], name="embedding_by_algorithm")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reference", "algorithm", "start_ms"),
                        name="one_embedding_per_reference_algorithm_and_window",
                    )
                ],
            },
        ),
    ]
