"""What the database refuses about the rights in depth, and who may do what with them."""

from django.db import migrations

APPEND_ONLY = [
    "rights_partyname", "rights_partyinrole", "rights_representation", "rights_representationend", "rights_partymerge",
    "rights_partymergeundo", "rights_protection", "rights_identifier", "rights_identifierfinding",
    "rights_release", "rights_releaserecording", "rights_voice", "rights_recordingvoice", "rights_stem",
    "rights_lyrics", "rights_model", "rights_dataset", "rights_datasetmember", "rights_modelversion",
    "rights_traininglicense", "rights_modelversionretirement",
    "rights_shareevent", "rights_conflict", "rights_conflictclaim", "rights_conflictevent",
    "rights_termsversion", "rights_consentasset", "rights_consentevidence", "rights_reservation",
    "rights_reservationend", "rights_consentoverride", "rights_withdrawaltask", "rights_withdrawaltaskdone",
    "rights_outputflag", "rights_campaign", "rights_campaigninvitation",
    "rights_licensemodelversion", "rights_licenseevent", "rights_mfnclause",
    "rights_clearance", "rights_clearanceanswers",
    "ledger_membership", "ledger_membershipend", "ledger_importbatch", "ledger_importoutcome", "ledger_importreversal",
    "ledger_proposal", "ledger_approval", "ledger_erasurerequest", "ledger_erasure",
]
# Written once too, but not vouched for line by line: the digest of them stands in the import's outcome.
RECORDED = ["ledger_importedfact", "ledger_importproblem"]
ERASABLE = ["rights_nametoken", "rights_partycontact"]
WORKING = ["ledger_savedmapping", "ledger_importprogress"]
STANDING = ["rights_sharestanding", "rights_permissionstanding", "rights_licensestanding"]
EXCLUSIVE = ["rights_exclusiveright"]

# Table → the entry's column, and the row's column that it must equal. Checked at commit.
ENTERED = {
    "rights_partyname": ("party_name_id", "id"),
    "rights_partyinrole": ("party_in_role_id", "id"),
    "rights_representation": ("representation_id", "id"),
    "rights_representationend": ("representation_end_id", "id"),
    "rights_partymerge": ("party_merge_id", "id"),
    "rights_partymergeundo": ("party_merge_undo_id", "id"),
    "rights_protection": ("protection_id", "id"),
    "rights_identifier": ("identifier_id", "id"),
    "rights_identifierfinding": ("identifier_finding_id", "id"),
    "rights_release": ("release_id", "id"),
    "rights_releaserecording": ("release_id", "release_id"),
    "rights_voice": ("voice_id", "id"),
    "rights_recordingvoice": ("recording_voice_id", "id"),
    "rights_stem": ("stem_id", "id"),
    "rights_lyrics": ("lyrics_id", "id"),
    "rights_model": ("model_id", "id"),
    "rights_dataset": ("dataset_id", "id"),
    "rights_datasetmember": ("dataset_id", "dataset_id"),
    "rights_modelversion": ("model_version_id", "id"),
    "rights_traininglicense": ("model_version_id", "model_version_id"),
    "rights_modelversionretirement": ("model_version_retirement_id", "id"),
    "rights_shareevent": ("share_event_id", "id"),
    "rights_conflict": ("conflict_id", "id"),
    "rights_conflictclaim": ("conflict_id", "conflict_id"),
    "rights_conflictevent": ("conflict_event_id", "id"),
    "rights_termsversion": ("terms_id", "id"),
    "rights_consentasset": ("consent_id", "consent_id"),
    "rights_reservation": ("reservation_id", "id"),
    "rights_reservationend": ("reservation_end_id", "id"),
    "rights_consentoverride": ("consent_id", "consent_id"),
    "rights_withdrawaltask": ("consent_event_id", "event_id"),
    "rights_withdrawaltaskdone": ("withdrawal_task_done_id", "id"),
    "rights_outputflag": ("consent_event_id", "event_id"),
    "rights_campaign": ("campaign_id", "id"),
    "rights_campaigninvitation": ("campaign_id", "campaign_id"),
    "rights_licensemodelversion": ("license_id", "license_id"),
    "rights_licenseevent": ("license_event_id", "id"),
    "rights_mfnclause": ("license_id", "license_id"),
    "rights_clearance": ("clearance_id", "id"),
    "rights_clearanceanswers": ("clearance_id", "clearance_id"),
    "ledger_membership": ("membership_id", "id"),
    "ledger_membershipend": ("membership_end_id", "id"),
    "ledger_importbatch": ("import_batch_id", "id"),
    "ledger_importoutcome": ("import_outcome_id", "id"),
    "ledger_importreversal": ("import_reversal_id", "id"),
    "ledger_proposal": ("proposal_id", "id"),
    "ledger_approval": ("approval_id", "id"),
    "ledger_erasurerequest": ("erasure_request_id", "id"),
    "ledger_erasure": ("erasure_id", "id"),
}
# Table → two ways to be entered: with the fact that it came with, or by an entry of its own.
ENTERED_EITHER_WAY = {
    "rights_recordingwork": ("recording_id", "recording_id", "recording_work_id", "id"),
    "rights_consentevent": ("consent_id", "consent_id", "consent_event_id", "id"),
    "rights_consentevidence": ("consent_id", "consent_id", "consent_event_id", "event_id"),
}

FUNCTIONS = """
CREATE FUNCTION require_either_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE found boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM ledger_entry WHERE %I = ($1).%I AND xmin = pg_current_xact_id()::xid)'
                   ' OR EXISTS (SELECT 1 FROM ledger_entry WHERE %I = ($1).%I AND xmin = pg_current_xact_id()::xid)',
                   TG_ARGV[0], TG_ARGV[1], TG_ARGV[2], TG_ARGV[3])
       INTO found USING NEW;
    IF NOT found THEN
        RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
              USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
    END IF;
    RETURN NULL;
END $$;

-- What became of a consent follows from what it was: two who act at once are put in a row by the lock, and the second
-- is told.
CREATE FUNCTION keep_consent_course() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    before record;
    allowed text[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('consent ' || NEW.consent_id::text, 0));
    SELECT act, position INTO before FROM rights_consentevent
     WHERE consent_id = NEW.consent_id ORDER BY position DESC NULLS LAST LIMIT 1;
    allowed := CASE before.act
        WHEN 'offered' THEN ARRAY['viewed', 'granted', 'declined', 'expired']
        WHEN 'viewed' THEN ARRAY['viewed', 'granted', 'declined', 'expired']
        WHEN 'declined' THEN ARRAY['granted', 'expired']
        WHEN 'granted' THEN ARRAY['amended', 'withdrawn', 'annulled']
        WHEN 'amended' THEN ARRAY['withdrawn', 'annulled']
        WHEN 'withdrawn' THEN ARRAY['annulled']
        WHEN 'expired' THEN ARRAY[]::text[]
        WHEN 'annulled' THEN ARRAY[]::text[]
        ELSE ARRAY['offered', 'granted']
    END;
    IF NOT NEW.act = ANY (allowed) THEN
        RAISE EXCEPTION 'a consent that was % cannot be %', coalesce(before.act, 'neither offered nor granted'), NEW.act
              USING ERRCODE = 'check_violation', CONSTRAINT = 'consent_follows_its_course';
    END IF;
    IF NEW.position IS DISTINCT FROM coalesce(before.position + 1, 0) THEN
        RAISE EXCEPTION 'the course of this consent went on meanwhile'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'consent_event_has_its_own_position';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION keep_license_course() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    before record;
    allowed text[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('license ' || NEW.license_id::text, 0));
    SELECT act, position INTO before FROM rights_licenseevent
     WHERE license_id = NEW.license_id ORDER BY position DESC LIMIT 1;
    allowed := CASE before.act
        WHEN 'suspended' THEN ARRAY['resumed', 'terminated']
        WHEN 'terminated' THEN ARRAY[]::text[]
        WHEN 'amended' THEN ARRAY[]::text[]
        ELSE ARRAY['suspended', 'terminated', 'amended']
    END;
    IF NOT NEW.act = ANY (allowed) THEN
        RAISE EXCEPTION 'a license that was % cannot be %', coalesce(before.act, 'signed'), NEW.act
              USING ERRCODE = 'check_violation', CONSTRAINT = 'license_follows_its_course';
    END IF;
    IF NEW.position IS DISTINCT FROM coalesce(before.position + 1, 0) THEN
        RAISE EXCEPTION 'the course of this license went on meanwhile'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'license_event_has_its_own_position';
    END IF;
    RETURN NEW;
END $$;

-- One merge at a time: whoever is merged has one survivor, who is nobody's duplicate; so no chain and no circle.
CREATE FUNCTION keep_merges_flat() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('merge of parties', 0));
    IF EXISTS (SELECT 1 FROM rights_partymerge AS m WHERE m.duplicate_id = NEW.duplicate_id
                AND NOT EXISTS (SELECT 1 FROM rights_partymergeundo AS u WHERE u.merge_id = m.id)) THEN
        RAISE EXCEPTION 'the duplicate is merged already'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'party_is_merged_once';
    END IF;
    IF EXISTS (SELECT 1 FROM rights_partymerge AS m WHERE (m.duplicate_id = NEW.survivor_id
                                                           OR m.survivor_id = NEW.duplicate_id)
                AND NOT EXISTS (SELECT 1 FROM rights_partymergeundo AS u WHERE u.merge_id = m.id)) THEN
        RAISE EXCEPTION 'the survivor is itself merged, or others were merged into the duplicate'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'merges_are_flat';
    END IF;
    RETURN NEW;
END $$;

-- What was believed may end; it is never rewritten.
CREATE FUNCTION end_knowledge_only() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NOT upper_inf(OLD.known) OR (upper_inf(NEW.known) AND NOT isempty(NEW.known))
       OR NOT (isempty(NEW.known) OR lower(NEW.known) = lower(OLD.known))
       OR to_jsonb(OLD) - 'known' IS DISTINCT FROM to_jsonb(NEW) - 'known' THEN
        RAISE EXCEPTION 'what stood is not rewritten: end its knowledge and add what stands now'
              USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""

DROP_FUNCTIONS = """
DROP FUNCTION end_knowledge_only();
DROP FUNCTION keep_merges_flat();
DROP FUNCTION keep_license_course();
DROP FUNCTION keep_consent_course();
DROP FUNCTION require_either_entry();
"""

# Columns that rows from before have to get, under the guards that are there already.
BACKFILL = """
ALTER TABLE rights_recordingwork DISABLE TRIGGER rights_recordingwork_is_append_only;
UPDATE rights_recordingwork AS l SET recorded_at = r.registered_at FROM rights_recording AS r WHERE r.id = l.recording_id;
ALTER TABLE rights_recordingwork ENABLE ALWAYS TRIGGER rights_recordingwork_is_append_only;
ALTER TABLE rights_consentevent DISABLE TRIGGER rights_consentevent_is_append_only;
UPDATE rights_consentevent SET position = CASE act WHEN 'granted' THEN 0 ELSE 1 END;
ALTER TABLE rights_consentevent ENABLE ALWAYS TRIGGER rights_consentevent_is_append_only;
"""

BEFORE = {
    "consent_follows_its_course": ("rights_consentevent", "keep_consent_course"),
    "license_follows_its_course": ("rights_licenseevent", "keep_license_course"),
    "merges_are_flat": ("rights_partymerge", "keep_merges_flat"),
}


def guards():
    for table in APPEND_ONLY + RECORDED:
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
    old = {
        "rights_recordingwork": "require_entry('recording_id', 'recording_id')",
        "rights_consentevent": "require_consent_entry()",
    }
    for table, arguments in ENTERED_EITHER_WAY.items():
        drop = f"DROP TRIGGER {table}_has_its_entry ON {table};"
        make = (
            f"CREATE CONSTRAINT TRIGGER {table}_has_its_entry AFTER INSERT ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "
        )
        quoted = ", ".join(f"'{argument}'" for argument in arguments)
        yield (
            (drop if table in old else "") + f"{make}require_either_entry({quoted});",
            drop + (f"{make}{old[table]};" if table in old else ""),
        )
    for name, (table, function) in BEFORE.items():
        yield (
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();",
            f"DROP TRIGGER {name} ON {table};",
        )
    for table in STANDING:
        yield (
            f"CREATE TRIGGER {table}_only_ends BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION end_knowledge_only();"
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_only_ends;",
            f"DROP TRIGGER {table}_only_ends ON {table};",
        )


def grants():
    app = "ledger_app"
    for rights, tables in (
        ("SELECT, INSERT", APPEND_ONLY + RECORDED),
        ("SELECT, INSERT, DELETE", ERASABLE + EXCLUSIVE),
        ("SELECT, INSERT, UPDATE, DELETE", WORKING),
        ("SELECT, INSERT, UPDATE (known)", STANDING),
    ):
        for table in tables:
            yield f"GRANT {rights} ON {table} TO {app};", f"REVOKE ALL ON {table} FROM {app};"
    auditor = "ledger_auditor"
    for table in APPEND_ONLY + RECORDED + STANDING + EXCLUSIVE:
        yield f"GRANT SELECT ON {table} TO {auditor};", f"REVOKE ALL ON {table} FROM {auditor};"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {app};", migrations.RunSQL.noop


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_rights_in_depth"),
        ("rights", "0002_rights_in_depth"),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
        *(migrations.RunSQL(forward, backward) for forward, backward in guards()),
        *(migrations.RunSQL(forward, backward) for forward, backward in grants()),
    ]
