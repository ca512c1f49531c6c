"""What was heard in examined audio is kept, to be compared with what is enrolled later."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fingerprint", "0003_melodies_and_embeddings")]

    operations = [
        migrations.CreateModel(
            name="Trace",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("audio_digest", models.CharField(max_length=64)),
                ("algorithm", models.CharField(max_length=48)),
                ("data", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("audio_digest", "algorithm"), name="one_trace_per_audio_and_algorithm"
                    )
                ],
            },
        ),
    ]
