"""What was done to keep the service; and rows of imports that repeat what a file says can be erased."""

from django.db import migrations, models

RECORDED = ["ledger_operation"]
# They were append-only before. No entry vouches for them, and what they quote may be about a person.
ERASABLE = ["ledger_importproblem", "ledger_importnote"]


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
    for table in ERASABLE:
        # Deleted, and still never changed.
        yield (
            f"DROP TRIGGER {table}_is_append_only ON {table};"
            f"CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_never_changed;"
            f"GRANT DELETE ON {table} TO ledger_app; REVOKE SELECT ON {table} FROM ledger_auditor;",
            f"DROP TRIGGER {table}_is_never_changed ON {table};"
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_append_only;"
            f"REVOKE DELETE ON {table} FROM ledger_app; GRANT SELECT ON {table} TO ledger_auditor;",
        )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0027_training")]

    operations = [
        migrations.CreateModel(
            name="Operation",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("backup", "Backup"), ("drill", "Drill"), ("sweep", "Sweep")], max_length=12
                    ),
                ),
                ("has_passed", models.BooleanField()),
                ("document", models.TextField()),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["kind", "ended_at"], name="operation_is_the_last")]},
        ),
        *(migrations.RunSQL(forward, backward) for forward, backward in guards()),
    ]
