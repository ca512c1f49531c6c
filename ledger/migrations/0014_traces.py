"""What was heard in examined audio is kept as it was heard."""

from django.db import migrations

RECORDED = ["fingerprint_trace"]


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
    yield "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ledger_app;", migrations.RunSQL.noop


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0013_guards_of_melodies"),
        ("fingerprint", "0004_traces"),
    ]

    operations = [migrations.RunSQL(forward, backward) for forward, backward in guards()]
