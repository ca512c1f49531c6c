"""
Entries are taken in by the database, once a statement: see ``ledger.postgresql.entries``.

The foreign keys of an entry were a hundred questions for each entry, of which one was about something; the check that
it is about one fact was read anew for each statement; and that it is on its way was told by whoever inserted it, and
asked for at commit. An entry took the database a tenth of a millisecond among others, and takes a third of that.
"""

from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.models.deletion import PROTECT

from ledger.postgresql import entries

# And the indexes that came with the oldest nine: whoever looks for an entry finds it by those that make it the only one.
DROP_FOREIGN_KEYS = """
DO $do$
DECLARE
    key record;
BEGIN
    FOR key IN SELECT indexrelid::regclass AS name FROM pg_index
                WHERE indrelid = 'ledger_entry'::regclass AND NOT indisunique AND indpred IS NULL LOOP
        EXECUTE format('DROP INDEX %s', key.name);
    END LOOP;
    FOR key IN SELECT conname, conrelid::regclass AS on_table FROM pg_constraint
                WHERE contype = 'f' AND conrelid IN ('ledger_entry'::regclass, 'ledger_pendingentry'::regclass) LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', key.on_table, key.conname);
    END LOOP;
END
$do$
"""


class WithoutForeignKeys(Operation):
    """Leave what an entry is about to ``entries_are_taken``, all of its columns at once."""

    reduces_to_sql = True
    reversible = False

    def state_forwards(self, app_label, state):
        fields = state.models[app_label, "entry"].fields
        for name, field in fields.items():
            if field.is_relation:
                fields[name] = field.clone()
                fields[name].db_constraint = fields[name].db_index = False
        state.reload_model(app_label, "entry", delay=True)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        schema_editor.execute(DROP_FOREIGN_KEYS, params=None)

    def describe(self):
        return "Entries have no foreign keys: what they are about is asked for once a statement"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0035_entries_are_asked_for_quickly")]

    operations = [
        WithoutForeignKeys(),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "pendingentry",
                    "entry",
                    models.OneToOneField(
                        db_constraint=False, on_delete=PROTECT, related_name="pending", to="ledger.entry"
                    ),
                ),
            ]
        ),
        migrations.RemoveConstraint("entry", "entry_is_about_one_fact"),
        migrations.RunSQL("DROP TRIGGER entry_is_on_its_way ON ledger_entry; DROP FUNCTION require_pending();"),
        migrations.RunPython(entries.take),
        migrations.RunSQL(entries.TRIGGER),
        # Whoever writes an entry does not say when it is sequenced.
        migrations.RunSQL("REVOKE INSERT ON ledger_pendingentry FROM ledger_app;"),
    ]
