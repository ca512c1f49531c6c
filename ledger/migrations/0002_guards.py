"""What the database itself refuses: changing facts, committing a fact without its entry, splits that are not whole.

And who may do what: the runtime role owns nothing and has SELECT and INSERT on what is append-only.
"""

from django.db import migrations

APPEND_ONLY = [
    "rights_party", "rights_work", "rights_recording", "rights_recordingwork", "rights_share", "rights_consent",
    "rights_consentevent", "rights_license", "rights_licenseasset", "rights_submission", "rights_ingredient",
    "rights_contribution", "rights_decision", "rights_finding",
    "fingerprint_audio", "fingerprint_reference", "fingerprint_fingerprint", "fingerprint_examination",
    "provenance_manifest",
    "royalties_plan", "royalties_split",
    "ledger_entry",
]
SEQUENCED = ["ledger_leaf", "ledger_tile", "ledger_checkpoint"]  # inserted by the sequencer, read by all
ERASABLE = ["rights_partyidentity"]
WORKING = [
    "ledger_job", "ledger_apiclient",
    "auth_user", "auth_group", "auth_permission", "auth_user_groups", "auth_user_user_permissions",
    "auth_group_permissions",
    "django_session", "django_admin_log", "django_content_type",
    "oauth2_provider_application", "oauth2_provider_accesstoken", "oauth2_provider_refreshtoken",
    "oauth2_provider_grant", "oauth2_provider_idtoken", "oauth2_provider_devicegrant",
]

# Table → the entry's column, and the row's column that it must equal. Checked at commit.
ENTERED = {
    "rights_party": ("party_id", "id"),
    "rights_work": ("work_id", "id"),
    "rights_recording": ("recording_id", "id"),
    "rights_recordingwork": ("recording_id", "recording_id"),
    "rights_share": ("share_id", "id"),
    "rights_consent": ("consent_id", "id"),
    "rights_license": ("license_id", "id"),
    "rights_licenseasset": ("license_id", "license_id"),
    "rights_submission": ("submission_id", "id"),
    "rights_ingredient": ("submission_id", "submission_id"),
    "rights_contribution": ("submission_id", "submission_id"),
    "rights_decision": ("decision_id", "id"),
    "rights_finding": ("decision_id", "decision_id"),
    "provenance_manifest": ("decision_id", "decision_id"),
    "royalties_plan": ("license_id", "license_id"),
    "royalties_split": ("decision_id", "decision_id"),
}

# The search path is fixed: a temporary table called like one of ours must not stand in for it.
FUNCTIONS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION require_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE found boolean;
BEGIN
    -- Of this very transaction: nothing is added later to a fact that is in the log. (The entry is written in the
    -- outermost transaction; inside a savepoint it would have another number.)
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM ledger_entry WHERE %I = ($1).%I AND xmin = pg_current_xact_id()::xid)',
                   TG_ARGV[0], TG_ARGV[1])
       INTO found USING NEW;
    IF NOT found THEN
        RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
              USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION require_consent_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM ledger_entry
                    WHERE CASE WHEN NEW.act = 'granted' THEN consent_id = NEW.consent_id
                               ELSE consent_event_id = NEW.id END
                      AND xmin = pg_current_xact_id()::xid) THEN
        RAISE EXCEPTION 'a consent event without an entry: a fact commits with its entry or not at all'
              USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION require_pending() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM ledger_pendingentry WHERE entry_id = NEW.id) THEN
        RAISE EXCEPTION 'an entry that the sequencer would never find: insert it through the log'
              USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'entry_is_on_its_way';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION require_whole_zone() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    part record;
    n numeric := 0;
    d numeric := 1;
    common numeric;
BEGIN
    -- Once a zone, not once a row: of the rows of this transaction the one with the last leaf is asked.
    IF EXISTS (SELECT 1 FROM royalties_split
                WHERE decision_id = NEW.decision_id AND zone = NEW.zone AND leaf > NEW.leaf
                  AND xmin = pg_current_xact_id()::xid) THEN
        RETURN NULL;
    END IF;
    -- Exact: fractions are added in numeric, never in floating point.
    FOR part IN SELECT numerator::numeric AS n, denominator::numeric AS d FROM royalties_split
                 WHERE decision_id = NEW.decision_id AND zone = NEW.zone LOOP
        n := n * part.d + part.n * d;
        d := d * part.d;
        common := gcd(n, d);
        n := div(n, common);
        d := div(d, common);
    END LOOP;
    IF n <> d THEN
        RAISE EXCEPTION 'the splits of zone % add up to %/%, not to the whole', NEW.zone, n, d
              USING ERRCODE = 'check_violation', CONSTRAINT = 'zone_is_split_whole';
    END IF;
    RETURN NULL;
END $$;
"""

DROP_FUNCTIONS = """
DROP FUNCTION require_whole_zone();
DROP FUNCTION require_pending();
DROP FUNCTION require_consent_entry();
DROP FUNCTION require_entry();
DROP FUNCTION refuse_change();
"""


def guards():
    for table in APPEND_ONLY + SEQUENCED:
        # ALWAYS: also under session_replication_role = replica, where ordinary triggers sleep.
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
    yield (
        "CREATE CONSTRAINT TRIGGER rights_consentevent_has_its_entry AFTER INSERT ON rights_consentevent"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_consent_entry();",
        "DROP TRIGGER rights_consentevent_has_its_entry ON rights_consentevent;",
    )
    yield (
        "CREATE CONSTRAINT TRIGGER entry_is_on_its_way AFTER INSERT ON ledger_entry"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_pending();",
        "DROP TRIGGER entry_is_on_its_way ON ledger_entry;",
    )
    yield (
        "CREATE CONSTRAINT TRIGGER zone_is_split_whole AFTER INSERT ON royalties_split"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_whole_zone();",
        "DROP TRIGGER zone_is_split_whole ON royalties_split;",
    )


def grants():
    app = "ledger_app"
    for table in APPEND_ONLY:
        yield f"GRANT SELECT, INSERT ON {table} TO {app};", f"REVOKE ALL ON {table} FROM {app};"
    for table in [*SEQUENCED, "ledger_edge"]:
        yield f"GRANT SELECT ON {table} TO {app};", f"REVOKE ALL ON {table} FROM {app};"
    yield f"GRANT SELECT, INSERT ON ledger_pendingentry TO {app};", f"REVOKE ALL ON ledger_pendingentry FROM {app};"
    for table in ERASABLE:  # a name is erased, and never rewritten: its commitment is in the log
        yield f"GRANT SELECT, INSERT, DELETE ON {table} TO {app};", f"REVOKE ALL ON {table} FROM {app};"
    for table in WORKING:
        yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {app};", f"REVOKE ALL ON {table} FROM {app};"
    sequencer = "ledger_sequencer"
    for rights, table in (
        ("SELECT", "ledger_entry"), ("SELECT, DELETE", "ledger_pendingentry"), ("SELECT, INSERT", "ledger_leaf"),
        ("SELECT, INSERT", "ledger_tile"), ("SELECT, INSERT", "ledger_checkpoint"),
        ("SELECT, INSERT, UPDATE", "ledger_edge"),
    ):
        yield f"GRANT {rights} ON {table} TO {sequencer};", f"REVOKE ALL ON {table} FROM {sequencer};"
    auditor = "ledger_auditor"
    for table in APPEND_ONLY + SEQUENCED + ["ledger_pendingentry", "ledger_edge", "django_migrations"]:
        yield f"GRANT SELECT ON {table} TO {auditor};", f"REVOKE ALL ON {table} FROM {auditor};"
    yield f"GRANT SELECT ON django_migrations TO {app};", f"REVOKE ALL ON django_migrations FROM {app};"
    for role in (app, sequencer):
        yield (
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};",
            f"REVOKE USAGE ON ALL SEQUENCES IN SCHEMA public FROM {role};",
        )


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0001_log_and_queue"),
        ("fingerprint", "0001_audio_and_fingerprints"),
        ("provenance", "0001_manifests_of_cleared_outputs"),
        ("rights", "0001_rights_enough_for_the_path"),
        ("royalties", "0001_plans_and_splits"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("sessions", "0001_initial"),
        ("oauth2_provider", "0022_refreshtoken_token_family_index"),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        *(migrations.RunSQL(forward, backward) for forward, backward in guards()),
        *(migrations.RunSQL(forward, backward) for forward, backward in grants()),
    ]
