"""Voices are enrolled under a consent, and an enrollment ends."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rights", "0003_decisions_are_found_by_license"),
    ]

    operations = [
        migrations.CreateModel(
            name="VoiceEnrollment",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("algorithm", models.CharField(max_length=48)),
                (
                    "clip_digests",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None),
                ),
                ("voiced_ms", models.PositiveIntegerField()),
                ("sealed_digest", models.CharField(max_length=64)),
                ("enrolled_at", models.DateTimeField()),
                (
                    "consent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="voice_enrollments",
                        to="rights.consent",
                    ),
                ),
                (
                    "registrar",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="rights.party",
                    ),
                ),
                (
                    "voice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="enrollments", to="rights.voice"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="VoiceTemplate",
            fields=[
                (
                    "enrollment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="template",
                        serialize=False,
                        to="rights.voiceenrollment",
                    ),
                ),
                ("sealed", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="VoiceEnrollmentEnd",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("withdrawal", "Withdrawal"), ("erasure", "Erasure"), ("replaced", "Replaced")],
                        max_length=16,
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                (
                    "enrollment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="end", to="rights.voiceenrollment"
                    ),
                ),
                (
                    "successor",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="predecessor",
                        to="rights.voiceenrollment",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "replaced"), ("successor__isnull", False)),
                            models.Q(models.Q(("kind", "replaced"), _negated=True), ("successor__isnull", True)),
                            _connector="OR",
                        ),
                        name="enrollment_is_replaced_by_another",
                    )
                ],
            },
        ),
    ]
