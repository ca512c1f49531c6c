"""Imports: how far they have come, what a rehearsal found, notes and the answers of societies."""

import django.db.models.deletion
from django.db import migrations, models

RECORDED = ["ledger_importnote", "ledger_societyanswer"]
WORKING = ["ledger_importrehearsal", "ledger_rehearsedproblem"]


def guards():
    for table in RECORDED:
        yield (
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_append_only;",
            f"DROP TRIGGER {table}_is_append_only ON {table};",
        )
        yield (
            f"GRANT SELECT, INSERT ON {table} TO ledger_app; GRANT SELECT ON {table} TO ledger_auditor;",
            f"REVOKE ALL ON {table} FROM ledger_app, ledger_auditor;",
        )
    for table in WORKING:
        yield (
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ledger_app;",
            f"REVOKE ALL ON {table} FROM ledger_app;",
        )
    yield "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ledger_app;", migrations.RunSQL.noop


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0005_campaigns"),
        ("rights", "0002_rights_in_depth"),
    ]

    operations = [
        migrations.AlterModelOptions(name="importbatch", options={"verbose_name": "import"}),
        migrations.AlterField(
            model_name="job",
            name="kind",
            field=models.CharField(
                choices=[("clear", "Clear"), ("import", "Import"), ("campaign", "Campaign"), ("mailing", "Mailing"), ("closing", "Closing"), ("rehearse", "Rehearse"), ("reverse", "Reverse")],
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="importprogress",
            name="stage",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("rehearsing", "Rehearsing"),
                    ("checking", "Checking"),
                    ("writing", "Writing"),
                    ("reversing", "Reversing"),
                    ("done", "Done"),
                ],
                db_default="waiting",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="ImportRehearsal",
            fields=[
                (
                    "batch",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="rehearsal",
                        serialize=False,
                        to="ledger.importbatch",
                    ),
                ),
                ("document", models.JSONField()),
                ("rehearsed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="RehearsedProblem",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("line", models.BigIntegerField()),
                ("field", models.CharField(max_length=80)),
                ("code", models.CharField(max_length=48)),
                ("sentence", models.CharField(max_length=600)),
                ("raw", models.CharField(blank=True, max_length=200)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rehearsed_problems",
                        to="ledger.importbatch",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImportNote",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("line", models.BigIntegerField()),
                ("kind", models.CharField(max_length=24)),
                ("table", models.CharField(max_length=40)),
                ("fact_id", models.UUIDField()),
                ("text", models.CharField(max_length=300)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="ledger.importbatch"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("batch", "line", "kind", "fact_id", "text"), name="line_is_noted_once"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="SocietyAnswer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("line", models.BigIntegerField()),
                ("society", models.CharField(max_length=20)),
                ("status", models.CharField(max_length=2)),
                ("is_accepted", models.BooleanField()),
                ("work_number", models.CharField(max_length=20)),
                ("recipient_number", models.CharField(blank=True, max_length=20)),
                ("answered_file", models.CharField(max_length=20)),
                ("answered_group", models.PositiveIntegerField()),
                ("answered_transaction", models.PositiveIntegerField()),
                ("processed_on", models.DateField(null=True)),
                ("messages", models.CharField(blank=True, max_length=2000)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="ledger.importbatch"
                    ),
                ),
                (
                    "work",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="society_answers", to="rights.work"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("batch", "line"), name="answer_is_read_once")]
            },
        ),
        *(migrations.RunSQL(forward, backward) for forward, backward in guards()),
    ]
