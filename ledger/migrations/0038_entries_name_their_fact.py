"""
An entry names its fact by a kind and an id, in two columns for all kinds: see ``ledger.about``.

It had a column for each of the ninety-four kinds, with an index for each; of these an insert asked each one whether it
had anything to do with it, which took a quarter of the time that the database had for a fact with its entry.
"""

from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from ledger.postgresql import entries

# One rewrite of the table, and not an update of its rows: what is in the log is not changed, nor is any row of it.
TWO_COLUMNS = r"""
DO $do$
DECLARE
    key record;
    kinds text;
    ids text;
    gone text;
BEGIN
    SELECT string_agg(format('WHEN %I IS NOT NULL THEN %L', attname, left(attname, -3)), ' ' ORDER BY attnum),
           string_agg(format('%I', attname), ', ' ORDER BY attnum),
           string_agg(format('DROP COLUMN %I', attname), ', ' ORDER BY attnum)
      INTO kinds, ids, gone
      FROM pg_attribute
     WHERE attrelid = 'ledger_entry'::regclass AND attnum > 0 AND NOT attisdropped AND attname LIKE '%\_id';
    FOR key IN SELECT indexrelid::regclass AS name FROM pg_index
                WHERE indrelid = 'ledger_entry'::regclass AND indpred IS NOT NULL LOOP
        EXECUTE format('DROP INDEX %s', key.name);
    END LOOP;
    ALTER TABLE ledger_entry ADD COLUMN subject varchar(32), ADD COLUMN fact uuid;
    EXECUTE format('ALTER TABLE ledger_entry ALTER COLUMN subject TYPE varchar(32) USING CASE %s END,'
                   ' ALTER COLUMN fact TYPE uuid USING coalesce(%s)', kinds, ids);
    EXECUTE format('ALTER TABLE ledger_entry %s', gone);
    ALTER TABLE ledger_entry ALTER COLUMN subject SET NOT NULL, ALTER COLUMN fact SET NOT NULL,
          ADD CONSTRAINT fact_is_entered_once UNIQUE (subject, fact);
END
$do$
"""

# Each trigger is told the kind of the fact whose entry it looks for and the column with its id; most have it written in
# a function of their own as well.
ASKED_FOR = r"""
DO $do$
DECLARE
    one record;
    told text[];
    replaced text;
BEGIN
    FOR one IN
        SELECT p.oid, pg_get_functiondef(p.oid) AS definition FROM pg_proc AS p
         WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE '%\_has\_its\_entry'
    LOOP
        replaced := regexp_replace(
            one.definition, 'WHERE (\w+)_id = NEW\.(\w+) AND xmin', $with$WHERE subject = '\1' AND fact = NEW.\2 AND xmin$with$
        );
        IF replaced = one.definition THEN
            RAISE EXCEPTION 'not understood: %', one.definition;
        END IF;
        EXECUTE replaced;
    END LOOP;
    FOR one IN
        SELECT t.tgname, t.tgargs, c.relname, pg_get_triggerdef(t.oid) AS definition
          FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
         WHERE t.tgname LIKE '%\_has\_its\_entry'
    LOOP
        told := string_to_array(encode(one.tgargs, 'escape'), '\000');
        EXECUTE format('DROP TRIGGER %I ON public.%I', one.tgname, one.relname);
        EXECUTE regexp_replace(
            one.definition, '\(''.*\)$',
            '(' || (SELECT string_agg(quote_literal(CASE WHEN n % 2 = 1 THEN left(word, -3) ELSE word END), ', ' ORDER BY n)
                      FROM unnest(told) WITH ORDINALITY AS said (word, n) WHERE word <> '') || ')'
        );
    END LOOP;
END
$do$;
CREATE OR REPLACE FUNCTION public.require_entry() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $body$
DECLARE found boolean;
BEGIN
    -- Of this very transaction: nothing is added later to a fact that is in the log. (The entry is written in the
    -- outermost transaction; inside a savepoint it would have another number.)
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM ledger_entry WHERE subject = %L AND fact = ($1).%I'
                   ' AND xmin = pg_current_xact_id()::xid)',
                   TG_ARGV[0], TG_ARGV[1])
       INTO found USING NEW;
    IF NOT found THEN
        RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
              USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
    END IF;
    RETURN NULL;
END $body$;
CREATE OR REPLACE FUNCTION public.require_either_entry() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $body$
DECLARE found boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM ledger_entry WHERE subject = %L AND fact = ($1).%I'
                   ' AND xmin = pg_current_xact_id()::xid)'
                   ' OR EXISTS (SELECT 1 FROM ledger_entry WHERE subject = %L AND fact = ($1).%I'
                   ' AND xmin = pg_current_xact_id()::xid)',
                   TG_ARGV[0], TG_ARGV[1], TG_ARGV[2], TG_ARGV[3])
       INTO found USING NEW;
    IF NOT found THEN
        RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
              USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
    END IF;
    RETURN NULL;
END $body$;
DROP FUNCTION public.require_consent_entry();
"""


class TwoColumns(Operation):
    """Put the kind and the id of the fact in the place of a column for each kind, all at once."""

    reduces_to_sql = True
    reversible = False

    def state_forwards(self, app_label, state):
        model = state.models[app_label, "entry"]
        for name in [name for name, field in model.fields.items() if field.is_relation]:
            del model.fields[name]
        model.fields["subject"] = models.CharField(max_length=32)
        model.fields["fact"] = models.UUIDField()
        once = models.UniqueConstraint(fields=["subject", "fact"], name="fact_is_entered_once")
        model.options["constraints"] = [once]
        state._relations = None  # read anew, as the models are
        state.__dict__.pop("apps", None)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        schema_editor.execute(TWO_COLUMNS, params=None)

    def describe(self):
        return "An entry names its fact by a kind and an id"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0037_leaves_are_asked_for_once")]

    operations = [
        TwoColumns(),
        migrations.RunSQL(ASKED_FOR),
        migrations.RunPython(entries.take),
    ]
