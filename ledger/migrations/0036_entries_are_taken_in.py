"""
Entries are taken in by the database, once a statement.

The foreign keys of an entry were a hundred questions for each entry, of which one was about something; the check that
it is about one fact was read anew for each statement; and that it is on its way was told by whoever inserted it, and
asked for at commit. An entry took the database a tenth of a millisecond among others, and takes a third of that.
"""

from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.models.deletion import PROTECT

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


FUNCTION = """
CREATE OR REPLACE FUNCTION public.take_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off  -- the plans are kept, and the tables grow
AS $body$
DECLARE
    about record;
    missing text;
BEGIN
    FOR about IN
        SELECT DISTINCT num_nonnulls({columns}) AS facts, CASE {which} END AS subject FROM added
    LOOP
        IF about.facts <> 1 THEN
            RAISE EXCEPTION 'an entry about % facts: it is about one', about.facts
                  USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_is_about_one_fact';
        END IF;
        CASE about.subject
            {cases}
        END CASE;
        IF missing IS NOT NULL THEN
            RAISE EXCEPTION 'an entry about % %, which is not there', about.subject, missing
                  USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'entry_is_about_what_is_there';
        END IF;
    END LOOP;
    INSERT INTO ledger_pendingentry (entry_id) SELECT id FROM added;
    RETURN NULL;
END $body$;
"""

CASE = """WHEN '{name}' THEN
                SELECT {column} INTO missing FROM added
                 WHERE {column} IS NOT NULL AND (SELECT {key} FROM {table} WHERE {key} = added.{column}) IS NULL
                 LIMIT 1;
"""

TRIGGER = """
CREATE TRIGGER entries_are_taken AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION take_entries();
"""


def take(apps, schema_editor):
    subjects = [field for field in apps.get_model("ledger", "Entry")._meta.get_fields() if field.many_to_one]
    cases = [
        CASE.format(
            name=field.name,
            column=field.column,
            table=field.related_model._meta.db_table,
            key=field.related_model._meta.pk.column,
        )
        for field in subjects
    ]
    schema_editor.execute(
        FUNCTION.format(
            columns=", ".join(field.column for field in subjects),
            which=" ".join(f"WHEN {field.column} IS NOT NULL THEN '{field.name}'" for field in subjects),
            cases="            ".join(cases).strip(),
        ),
        params=None,
    )


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
        migrations.RunPython(take),
        migrations.RunSQL(TRIGGER),
        # Whoever writes an entry does not say when it is sequenced.
        migrations.RunSQL("REVOKE INSERT ON ledger_pendingentry FROM ledger_app;"),
    ]
