"""Questions to the shards of the index, and the job that answers each."""

from django.db import migrations, models

WORKING = ["ledger_shardquestion"]


class Migration(migrations.Migration):
    dependencies = [("ledger", "0019_contributions_and_disclosures")]

    operations = [
        migrations.CreateModel(
            name="ShardQuestion",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("shard", models.CharField(max_length=20)),
                ("question", models.BinaryField()),
                ("answer", models.BinaryField(null=True)),
                ("asked_at", models.DateTimeField()),
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
                    ("copy", "Copy"),
                    ("search", "Search"),
                ],
                max_length=16,
            ),
        ),
        migrations.RunSQL(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ledger_shardquestion TO ledger_app;",
            "REVOKE ALL ON ledger_shardquestion FROM ledger_app;",
        ),
    ]
