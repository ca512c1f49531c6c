"""Certificates of cleared outputs, and what people state about a manifest that went out."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("provenance", "0001_manifests_of_cleared_outputs"),
        ("rights", "0008_assets_are_known_since"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Certificate",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField()),
                ("token", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("signer_digest", models.CharField(max_length=64)),
                ("issued_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "manifest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="certificates",
                        to="provenance.manifest",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("manifest", "number"), name="certificate_has_its_own_number"),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("issued_at"))),
                        name="certificate_holds_for_a_while",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ManifestStatus",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "active"),
                            ("source_withdrawn", "source_withdrawn"),
                            ("superseded", "superseded"),
                            ("quarantined", "quarantined"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("source_ended", "A license or another right to a source ended"),
                            ("replaced", "Another file replaces it"),
                            ("rights_disputed", "Rights in it are disputed"),
                            ("found_later", "Something that was registered later is in it"),
                            ("clears_no_more", "It would not be cleared any more"),
                            ("wrong_file", "It is not the file that was meant"),
                            ("signer_compromised", "The key that signed it is not safe any more"),
                            ("ordered", "A court or an authority ordered it"),
                            ("resolved", "What stood against it is settled"),
                            ("cleared_again", "It was cleared anew"),
                            ("stated_in_error", "What was stated before was an error"),
                        ],
                        max_length=24,
                    ),
                ),
                ("evidence_digest", models.CharField(blank=True, max_length=64)),
                ("note", models.CharField(blank=True, max_length=600)),
                ("recorded_at", models.DateTimeField()),
                (
                    "manifest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statuses",
                        to="provenance.manifest",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stated_statuses",
                        to="rights.party",
                    ),
                ),
                (
                    "stated_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "successor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaces",
                        to="provenance.manifest",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("manifest", "number"), name="status_has_its_own_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "superseded"), ("successor__isnull", False)),
                            models.Q(models.Q(("status", "superseded"), _negated=True), ("successor__isnull", True)),
                            _connector="OR",
                        ),
                        name="only_what_is_superseded_has_a_successor",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("successor", models.F("manifest")), _negated=True),
                        name="nothing_is_its_own_successor",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stated_by__isnull", False), ("party__isnull", False), _connector="OR"),
                        name="status_is_stated_by_somebody",
                    ),
                ],
            },
        ),
    ]
