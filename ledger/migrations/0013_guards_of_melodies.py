"""What references play is inserted only, like their fingerprints; it has no entry, since it can be made again."""

from django.db import migrations

RECORDED = ["fingerprint_melody", "fingerprint_embedding"]


def guards():
    for table in RECORDED:
        yield (
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_append_only;",
            f"DROP TRIGGER {table}_is_append_only ON {table};",
        )
        yield f"GRANT SELECT, INSERT ON {table} TO ledger_app;", f"REVOKE ALL ON {table} FROM ledger_app;"
        yield f"GRANT SELECT ON {table} TO ledger_auditor;", f"REVOKE ALL ON {table} FROM ledger_auditor;"
    yield "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ledger_app;", migrations.RunSQL.noop


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0012_output_watch"),
        ("fingerprint", "0003_melodies_and_embeddings"),
    ]

    operations = [migrations.RunSQL(forward, backward) for forward, backward in guards()]
