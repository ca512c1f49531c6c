"""What the database does with entries that come in, written out for the kinds of facts that there are."""

from __future__ import annotations

from typing import Any

from ledger.models import SUBJECTS

FUNCTION = """
CREATE OR REPLACE FUNCTION public.take_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off  -- the plans are kept, and the tables grow
AS $body$
DECLARE
    about record;
    missing uuid;
BEGIN
    FOR about IN SELECT DISTINCT subject FROM added LOOP
        CASE about.subject
            {cases}
            ELSE
                RAISE EXCEPTION 'an entry about %, which is no kind of fact', about.subject
                      USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_is_about_a_kind_of_fact';
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

CASE = """WHEN '{subject}' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = '{subject}' AND (SELECT {key} FROM {table} WHERE {key} = added.fact) IS NULL
                 LIMIT 1;
"""


def take(apps: Any, schema_editor: Any) -> None:
    """
    Let entries be taken in as they are inserted, once a statement: for ``RunPython``, after each new kind of subject.

    Each entry is about a fact of a kind that there is, and that fact is there; and the entry is on its way into the
    tree. Kinds whose table comes in a later migration are left to that one.
    """
    cases = []
    for subject, label in SUBJECTS.items():
        try:
            model = apps.get_model(label)
        except LookupError:
            continue
        cases.append(CASE.format(subject=subject, table=model._meta.db_table, key=model._meta.pk.column))
    schema_editor.execute(FUNCTION.format(cases="            ".join(cases).strip()), params=None)
