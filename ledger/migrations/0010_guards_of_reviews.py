"""What the database refuses about reviews, appeals, bands, rechecks and influences; and who may do what with them."""

from django.db import migrations

APPEND_ONLY = [
    "rights_review", "rights_appeal", "rights_appealevidence", "rights_appealanswer", "rights_allowance",
    "rights_recheck", "rights_recheckfinding",
    "rights_influence", "rights_influenceweight", "rights_influenceobjection",
    "ledger_bandsversion", "ledger_bandsactivation",
]
WORKING = ["ledger_reviewclaim"]

# Table → the entry's column, and the row's column that it must equal. Checked at commit.
ENTERED = {
    "rights_review": ("review_id", "id"),
    "rights_appeal": ("appeal_id", "id"),
    "rights_appealevidence": ("appeal_id", "appeal_id"),
    "rights_appealanswer": ("appeal_answer_id", "id"),
    "rights_allowance": ("appeal_answer_id", "answer_id"),
    "rights_recheck": ("recheck_id", "id"),
    "rights_recheckfinding": ("recheck_id", "recheck_id"),
    "rights_influence": ("influence_id", "id"),
    "rights_influenceweight": ("influence_id", "influence_id"),
    "rights_influenceobjection": ("influence_objection_id", "id"),
    "ledger_bandsversion": ("bands_id", "id"),
    "ledger_bandsactivation": ("bands_activation_id", "id"),
}
# Table → two ways to be entered: a flag comes with the end of a consent, or with a recheck.
ENTERED_EITHER_WAY = {"rights_outputflag": ("consent_event_id", "event_id", "recheck_id", "recheck_id")}

FUNCTIONS = """
-- A decision is followed by one about the same output; one that cleared it stands, since the file is out.
CREATE FUNCTION keep_decisions_in_a_row() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE before record;
BEGIN
    IF NEW.supersedes_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT submission_id, outcome INTO before FROM rights_decision WHERE id = NEW.supersedes_id;
    IF before.submission_id IS DISTINCT FROM NEW.submission_id THEN
        RAISE EXCEPTION 'a decision is superseded by one about the same output'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'decision_is_superseded_by_its_own_kind';
    END IF;
    IF before.outcome = 'cleared' THEN
        RAISE EXCEPTION 'an output that was cleared is not decided again: it is flagged'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'cleared_decision_stands';
    END IF;
    RETURN NEW;
END $$;

-- Whoever reviewed an output does not answer an appeal about it.
CREATE FUNCTION keep_appeals_apart() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM rights_review AS r
                 JOIN rights_decision AS reviewed ON reviewed.id = r.decision_id
                 JOIN rights_decision AS appealed ON appealed.submission_id = reviewed.submission_id
                 JOIN rights_appeal AS a ON a.decision_id = appealed.id
                WHERE a.id = NEW.appeal_id AND r.reviewer_id = NEW.reviewer_id) THEN
        RAISE EXCEPTION 'an appeal goes to somebody who did not review the output before'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_goes_to_another_reviewer';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION require_whole_sides() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    part record;
    n numeric := 0;
    d numeric := 1;
    common numeric;
    of_side integer;
BEGIN
    of_side := CASE WHEN num_nonnulls(NEW.recording_id, NEW.stem_id) > 0 THEN 1
                    WHEN num_nonnulls(NEW.work_id, NEW.lyrics_id) > 0 THEN 2 ELSE 3 END;
    -- Exact: fractions are added in numeric, never in floating point.
    FOR part IN SELECT numerator::numeric AS n, denominator::numeric AS d FROM rights_influenceweight AS w
                 WHERE w.influence_id = NEW.influence_id
                   AND CASE WHEN num_nonnulls(w.recording_id, w.stem_id) > 0 THEN 1
                            WHEN num_nonnulls(w.work_id, w.lyrics_id) > 0 THEN 2 ELSE 3 END = of_side LOOP
        n := n * part.d + part.n * d;
        d := d * part.d;
        common := gcd(n, d);
        n := div(n, common);
        d := div(d, common);
    END LOOP;
    IF n <> d THEN
        RAISE EXCEPTION 'the weights of a side add up to %/%, not to the whole', n, d
              USING ERRCODE = 'check_violation', CONSTRAINT = 'side_is_weighed_whole';
    END IF;
    RETURN NULL;
END $$;
"""

DROP_FUNCTIONS = """
DROP FUNCTION require_whole_sides();
DROP FUNCTION keep_appeals_apart();
DROP FUNCTION keep_decisions_in_a_row();
"""

BEFORE = {
    "decisions_stand_in_a_row": ("rights_decision", "keep_decisions_in_a_row"),
    "appeal_goes_to_another_reviewer": ("rights_appealanswer", "keep_appeals_apart"),
}


def guards():
    for table in APPEND_ONLY:
        yield (
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_is_append_only;",
            f"DROP TRIGGER {table}_is_append_only ON {table};",
        )
    for table, (column, key) in ENTERED.items():
        yield (
            f"CREATE CONSTRAINT TRIGGER {table}_has_its_entry AFTER INSERT ON {table}"
            f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_entry('{column}', '{key}');",
            f"DROP TRIGGER {table}_has_its_entry ON {table};",
        )
    for table, arguments in ENTERED_EITHER_WAY.items():
        drop = f"DROP TRIGGER {table}_has_its_entry ON {table};"
        make = (
            f"CREATE CONSTRAINT TRIGGER {table}_has_its_entry AFTER INSERT ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "
        )
        quoted = ", ".join(f"'{argument}'" for argument in arguments)
        yield (
            f"{drop}{make}require_either_entry({quoted});",
            f"{drop}{make}require_entry('consent_event_id', 'event_id');",
        )
    for name, (table, function) in BEFORE.items():
        yield (
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();",
            f"DROP TRIGGER {name} ON {table};",
        )
    yield (
        "CREATE CONSTRAINT TRIGGER side_is_weighed_whole AFTER INSERT ON rights_influenceweight"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_whole_sides();",
        "DROP TRIGGER side_is_weighed_whole ON rights_influenceweight;",
    )


def grants():
    app, auditor = "ledger_app", "ledger_auditor"
    for table in APPEND_ONLY:
        yield f"GRANT SELECT, INSERT ON {table} TO {app};", f"REVOKE ALL ON {table} FROM {app};"
        yield f"GRANT SELECT ON {table} TO {auditor};", f"REVOKE ALL ON {table} FROM {auditor};"
    for table in WORKING:
        yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {app};", f"REVOKE ALL ON {table} FROM {app};"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0009_reviews")]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        *(migrations.RunSQL(forward, backward) for forward, backward in guards()),
        *(migrations.RunSQL(forward, backward) for forward, backward in grants()),
    ]
