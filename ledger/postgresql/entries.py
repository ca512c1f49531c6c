"""What the database does with entries that come in, written out for the kinds of facts that there are."""

from __future__ import annotations

from typing import Any

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


def take(apps: Any, schema_editor: Any) -> None:
    """
    Let entries be taken in as they are inserted, once a statement: for ``RunPython``, after each new kind of subject.

    Each entry is about exactly one fact, and that fact is there; and the entry is on its way into the tree. A foreign
    key for each of the hundred kinds of subjects would ask each of them, for each entry, about nothing.
    """
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
