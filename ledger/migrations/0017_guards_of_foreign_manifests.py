"""Claims by others are kept as they were read, and committed with the entry of the decision that they came before."""

from django.db import migrations

APPEND_ONLY = ["provenance_foreignmanifest"]

# Table → the entry's column, and the row's column that it must equal. Checked at commit.
ENTERED = {"provenance_foreignmanifest": ("decision_id", "decision_id")}


def guards():
    for table in APPEND_ONLY:
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
    for table, (column, key) in ENTERED.items():
        yield (
            f"CREATE CONSTRAINT TRIGGER {table}_has_its_entry AFTER INSERT ON {table}"
            f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_entry('{column}', '{key}');",
            f"DROP TRIGGER {table}_has_its_entry ON {table};",
        )


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0016_soft_bindings"),
        ("provenance", "0004_foreign_manifests"),
    ]

    operations = [migrations.RunSQL(forward, backward) for forward, backward in guards()]
