"""How far a cleared output was compared; looking again is no job of its own."""

import django.db.models.deletion
from django.db import migrations, models

WORKING = ["ledger_outputwatch"]


class Migration(migrations.Migration):
    dependencies = [("ledger", "0011_enrollments")]

    operations = [
        migrations.CreateModel(
            name="OutputWatch",
            fields=[
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="watch",
                        serialize=False,
                        to="rights.decision",
                    ),
                ),
                ("looked_at", models.DateTimeField()),
                ("snapshots", models.JSONField()),
            ],
        ),
        migrations.AlterField(
            model_name="job",
            name="kind",
            field=models.CharField(
                choices=[
                    ("clear", "Clear"),
                    ("import", "Import"),
                    ("campaign", "Campaign"),
                    ("mailing", "Mailing"),
                    ("closing", "Closing"),
                    ("rehearse", "Rehearse"),
                    ("reverse", "Reverse"),
                    ("list", "List"),
                    ("enroll", "Enroll"),
                ],
                max_length=16,
            ),
        ),
        migrations.RunSQL(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ledger_outputwatch TO ledger_app;",
            "REVOKE ALL ON ledger_outputwatch FROM ledger_app;",
        ),
    ]
